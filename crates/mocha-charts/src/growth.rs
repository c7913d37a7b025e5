//! A line of members, and columns of joins and leaves.

use chrono::DateTime;
use chrono_tz::Tz;
use mocha_stats::{GrowthAnswer, MembersSinceAnswer};
use plotters_backend::text_anchor::HPos;

use crate::{
    header::{Header, Key, Mark, STRONG, draw_legend, legend_width},
    label::{Form, label_peak_and_last},
    number::{float, real},
    plane::{Axis, DATES, Plane},
    scene::{Area, Scene},
    texts::Texts,
    unit::{Unit, counted, signed},
};

/// The height of a panel's title.
const PANEL_TITLE: f64 = 16.0;

#[derive(Clone, Debug)]
pub(crate) struct Growth {
    /// Whether only the present members are counted, so that there are no leaves.
    is_of_present: bool,
    joins: Vec<u64>,
    leaves: Vec<u64>,
    /// The number of members from the first period that has one.
    members: Vec<(usize, u64)>,
    net: i64,
    partial: Vec<bool>,
    starts: Vec<DateTime<Tz>>,
    total_joins: u64,
    total_leaves: u64,
    total_members: Option<u64>,
}

impl Growth {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &GrowthAnswer) -> Self {
        let periods = &answer.periods;
        let starts: Vec<DateTime<Tz>> = periods.iter().map(|period| period.start).collect();
        let members = periods.iter().enumerate().filter_map(|(index, period)| Some((index, period.members?)));
        Self {
            is_of_present: false,
            joins: periods.iter().map(|period| period.joins).collect(),
            leaves: periods.iter().map(|period| period.leaves).collect(),
            members: members.collect(),
            net: answer.net,
            partial: periods.iter().map(|period| period.is_partial).collect(),
            starts,
            total_joins: answer.joins,
            total_leaves: answer.leaves,
            total_members: answer.members,
        }
    }

    /// Reads what the chart needs from an answer.
    pub(crate) fn of_present(answer: &MembersSinceAnswer) -> Self {
        let periods = &answer.periods;
        let joins = periods.iter().fold(0, |sum: u64, period| sum.saturating_add(period.joined));
        Self {
            is_of_present: true,
            joins: periods.iter().map(|period| period.joined).collect(),
            leaves: vec![0; periods.len()],
            members: periods.iter().map(|period| period.members).enumerate().collect(),
            net: 0,
            partial: periods.iter().map(|period| period.is_partial).collect(),
            starts: periods.iter().map(|period| period.start).collect(),
            total_joins: joins,
            total_leaves: 0,
            total_members: Some(answer.members),
        }
    }

    pub(crate) fn title<'t>(&self, texts: &'t Texts) -> &'t str {
        if self.is_of_present { &texts.members_since_title } else { &texts.growth_title }
    }

    pub(crate) fn zone(&self) -> Option<Tz> {
        self.starts.first().map(DateTime::timezone)
    }

    fn summary(&self, texts: &Texts) -> String {
        if self.is_of_present {
            let members = counted(self.total_members.unwrap_or_default(), &texts.members, texts);
            return format!("{members} · {}", texts.lower_bound);
        }
        let net = format!("{} {}", signed(self.net, texts), texts.net);
        let moves = [(self.total_joins, &texts.joined), (self.total_leaves, &texts.left)];
        let moves = moves.map(|(value, word)| format!("{} {word}", Unit::Count.exact(value, texts)));
        let members = self.total_members.map(|members| counted(members, &texts.members, texts));
        members.into_iter().chain([net]).chain(moves).collect::<Vec<String>>().join(" · ")
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let texts = scene.texts;
        let moves = self.joins.iter().chain(&self.leaves).any(|value| *value > 0);
        if !moves && self.members.is_empty() {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_changes);
        }
        let area = header.draw(scene, &self.summary(texts), &[]);
        let area = Area { bottom: area.bottom - DATES, ..area };
        let change = (-greatest(&self.leaves), greatest(&self.joins));
        let [low, high] = self.range_of_members();
        if self.members.is_empty() {
            let below = self.draw_title(scene, area);
            let axis = Axis::of(scene, change, Unit::Count, below);
            return self.draw_moves(scene, below, &axis, axis.width);
        }
        let middle = area.top + area.height() * 0.44;
        scene.text(
            &texts.members_panel,
            (area.left, area.top + PANEL_TITLE / 2.0),
            HPos::Left,
            (STRONG, area.width()),
            scene.palette.text,
        );
        let above = Area { top: area.top + PANEL_TITLE, bottom: middle, ..area };
        let below = self.draw_title(scene, Area { top: middle + 12.0, ..area });
        let counts = Axis::of(scene, (low, high), Unit::Count, above);
        let moves = Axis::of(scene, change, Unit::Count, below);
        // Both planes begin at the same place.
        let width = counts.width.max(moves.width);
        self.draw_moves(scene, below, &moves, width);
        self.draw_members(scene, above, &counts, width);
    }

    /// Returns the range of the axis of members, which does not begin at zero.
    fn range_of_members(&self) -> [f64; 2] {
        let counts = || self.members.iter().map(|member| float(member.1));
        let (fewest, most) = (counts().fold(f64::INFINITY, f64::min), counts().fold(0.0, f64::max));
        // A line that never changes is drawn in the middle.
        if fewest < most { [fewest, most] } else { [(most - 1.0).max(0.0), most + 1.0] }
    }

    fn draw_members(&self, scene: &mut Scene<'_>, area: Area, axis: &Axis, width: f64) {
        let color = scene.palette.accent;
        let plane = Plane::draw(scene, area, axis, width, self.starts.len());
        // The first periods may have no count.
        let first = self.members.first().map_or(0, |member| member.0);
        let values: Vec<f64> = self.members.iter().map(|member| float(member.1)).collect();
        let line = plane.line(first, &values);
        plane.peaks(scene, &values, color);
        if let Some(at) = line.last() {
            scene.circle(*at, 3.5, color);
        }
        scene.line(line, 2.0, color);
        let members: Vec<u64> = self.members.iter().map(|member| member.1).collect();
        label_peak_and_last(scene, &plane, (first, &members), (Form::Line, Unit::Count));
    }

    /// Draws the title and the legend of the panel of joins and leaves, and returns the area below them.
    fn draw_title(&self, scene: &mut Scene<'_>, area: Area) -> Area {
        let (palette, texts, y) = (scene.palette, scene.texts, area.top + PANEL_TITLE / 2.0);
        let mut legend = vec![Key::new(Mark::Dot, palette.good, &texts.joined)];
        if !self.is_of_present {
            legend.push(Key::new(Mark::Dot, palette.bad, &texts.left));
        }
        if self.has_net_line(area) {
            legend.push(Key::new(Mark::Dot, palette.text, &texts.net));
        }
        if self.partial.contains(&true) {
            legend.push(Key::new(Mark::Hatch, palette.muted, &texts.incomplete));
        }
        let panel = if self.is_of_present { &texts.joins_panel } else { &texts.changes_panel };
        let title = scene.measure(panel, STRONG);
        // The legend explains the panel if there is no room for both.
        if title + legend_width(scene, &legend) <= area.width() {
            scene.text(panel, (area.left, y), HPos::Left, (STRONG, area.width()), palette.text);
        }
        draw_legend(scene, &legend, y, (area.left, area.right));
        Area { top: area.top + PANEL_TITLE - 6.0, ..area }
    }

    fn draw_moves(&self, scene: &mut Scene<'_>, area: Area, axis: &Axis, width: f64) {
        let palette = scene.palette;
        let plane = Plane::draw(scene, area, axis, width, self.starts.len());
        plane.times(scene, &self.starts);
        let base = vec![0.0; self.starts.len()];
        let joins: Vec<f64> = self.joins.iter().copied().map(float).collect();
        let leaves: Vec<f64> = self.leaves.iter().map(|leaves| -float(*leaves)).collect();
        plane.columns(scene, (&base, &joins), &self.partial, palette.good);
        plane.columns(scene, (&base, &leaves), &self.partial, palette.bad);
        scene.line(vec![(plane.area.left, plane.y(0.0)), (plane.area.right, plane.y(0.0))], 1.0, palette.muted);
        if self.has_net_line(area) {
            let net: Vec<f64> = joins.iter().zip(&leaves).map(|(joins, leaves)| joins + leaves).collect();
            let (line, radius) = (plane.line(0, &net), (plane.step() * 0.14).clamp(1.2, 2.5));
            for at in &line {
                scene.circle(*at, radius, palette.text);
            }
            scene.line(line, 1.0, palette.text);
        }
    }

    /// Whether the periods are wide enough for a line of the difference of joins and leaves.
    fn has_net_line(&self, area: Area) -> bool {
        !self.is_of_present && area.width() / real(self.starts.len()) >= 6.0
    }
}

fn greatest(values: &[u64]) -> f64 {
    values.iter().copied().map(float).fold(0.0, f64::max)
}
