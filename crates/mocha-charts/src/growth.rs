//! A line of members, and columns of who came and went.

use chrono::DateTime;
use chrono_tz::Tz;
use mocha_stats::GrowthAnswer;

use crate::{
    frame::{Axis, DATES, Plane, SMALL, frame},
    number::{Unit, counted, float},
    scene::{Area, Scene},
};

#[derive(Clone, Debug)]
pub(crate) struct Growth {
    joins: Vec<f64>,
    leaves: Vec<f64>,
    /// Since when there is a count of them, and how many.
    members: Vec<(usize, f64)>,
    starts: Vec<DateTime<Tz>>,
    subtitle: String,
}

impl Growth {
    pub(crate) fn of(answer: &GrowthAnswer) -> Self {
        let periods = &answer.periods;
        let members = periods.iter().enumerate().filter_map(|(index, period)| Some((index, float(period.members?))));
        let count = answer.members.map(|members| format!(", {}", counted(members, "member", "members")));
        let (joins, leaves) = (Unit::Count.exact(answer.joins), Unit::Count.exact(answer.leaves));
        Self {
            joins: periods.iter().map(|period| float(period.joins)).collect(),
            leaves: periods.iter().map(|period| float(period.leaves)).collect(),
            members: members.collect(),
            starts: periods.iter().map(|period| period.start).collect(),
            subtitle: format!("{joins} joined, {leaves} left{}", count.unwrap_or_default()),
        }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, title: &str, subtitle: Option<&str>) {
        let palette = scene.palette;
        let legend = [(palette.accent, "members"), (palette.good, "joined"), (palette.bad, "left")];
        let legend = match (self.starts.is_empty(), self.members.is_empty()) {
            (true, _) => &[],
            (_, true) => &legend[1..],
            _ => &legend[..],
        };
        let area = frame(scene, title, subtitle.unwrap_or(&self.subtitle), legend);
        if self.starts.is_empty() {
            return scene.nothing(area, "Nobody came or went yet");
        }
        let area = Area { bottom: area.bottom - DATES, ..area };
        let change = (-greatest(&self.leaves), greatest(&self.joins));
        let members: Vec<f64> = self.members.iter().map(|member| member.1).collect();
        if members.is_empty() {
            let axis = Axis::of(scene, change, Unit::Count, area);
            return self.draw_moves(scene, area, &axis, axis.width);
        }
        let middle = area.top + area.height() * 0.45;
        let (above, below) = (Area { bottom: middle, ..area }, Area { top: middle + 2.0 * SMALL, ..area });
        let (fewest, most) = (members.iter().copied().fold(f64::INFINITY, f64::min), greatest(&members));
        // What never changes lies in the middle.
        let (low, high) = if fewest < most { (fewest, most) } else { ((fewest - 1.0).max(0.0), most + 1.0) };
        let counts = Axis::of(scene, (low, high), Unit::Count, above);
        let moves = Axis::of(scene, change, Unit::Count, below);
        // Both planes begin at the same place.
        let width = counts.width.max(moves.width);
        self.draw_moves(scene, below, &moves, width);
        let plane = Plane::draw(scene, above, &counts, width, self.starts.len());
        // The first periods may have no count.
        let line = plane.line(self.members.first().map_or(0, |member| member.0), &members);
        if let [at] = line[..] {
            scene.circle(at, 4.0, palette.accent);
        }
        scene.line(line, 2.0, palette.accent);
    }

    fn draw_moves(&self, scene: &mut Scene<'_>, area: Area, axis: &Axis, width: f64) {
        let palette = scene.palette;
        let plane = Plane::draw(scene, area, axis, width, self.starts.len());
        plane.times(scene, &self.starts);
        let base = vec![0.0; self.starts.len()];
        let leaves: Vec<f64> = self.leaves.iter().map(|leaves| -leaves).collect();
        plane.columns(scene, &base, &self.joins, palette.good);
        plane.columns(scene, &base, &leaves, palette.bad);
        scene.line(vec![(plane.area.left, plane.y(0.0)), (plane.area.right, plane.y(0.0))], 1.0, palette.muted);
    }
}

fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
