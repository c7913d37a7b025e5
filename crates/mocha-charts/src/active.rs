//! Lines of active members, and their stickiness.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use mocha_stats::{ActiveDay, ActiveMembersAnswer};
use plotters_backend::text_anchor::HPos;

use crate::{
    header::{Header, Key, Mark, STRONG},
    label::{Form, label_peak_and_last},
    number::{float, whole},
    plane::{Axis, DATES, Plane},
    scene::{Area, Scene},
    unit::{Unit, counted},
};

/// The height of the title of a panel.
const PANEL_TITLE: f64 = 24.0;

#[derive(Clone, Debug)]
pub(crate) struct Active {
    daily: Vec<u64>,
    monthly: Vec<u64>,
    /// In percent.
    stickiness: Vec<u64>,
    starts: Vec<DateTime<Tz>>,
    user_count: u64,
    weekly: Vec<u64>,
}

impl Active {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &ActiveMembersAnswer) -> Self {
        let all = |value: fn(&ActiveDay) -> u64| answer.days.iter().map(value).collect();
        Self {
            daily: all(|day| day.daily),
            monthly: all(|day| day.monthly),
            stickiness: all(|day| whole((day.stickiness() * 100.0).round())),
            starts: answer.days.iter().map(|day| date(day.day)).collect(),
            user_count: answer.user_count,
            weekly: all(|day| day.weekly),
        }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        if self.monthly.iter().all(|value| *value == 0) {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_active);
        }
        let legend = [
            Key::new(Mark::Dot, palette.accent, &texts.daily),
            Key::new(Mark::Dot, palette.good, &texts.weekly),
            Key::new(Mark::Dot, palette.muted, &texts.monthly),
        ];
        let area = header.draw(scene, &counted(self.user_count, &texts.active_people, texts), &legend);
        let area = Area { bottom: area.bottom - DATES, ..area };
        let middle = area.top + area.height() * 0.58;
        let above = Area { bottom: middle, ..area };
        let below = Area { top: middle + 8.0 + PANEL_TITLE - 2.0, ..area };
        scene.text(
            &texts.stickiness_panel,
            (area.left, middle + 8.0 + PANEL_TITLE / 2.0),
            HPos::Left,
            (STRONG, area.width()),
            palette.text,
        );
        let greatest = |values: &[u64]| values.iter().copied().map(float).fold(0.0, f64::max);
        let most =
            [&self.daily, &self.weekly, &self.monthly].map(|values| greatest(values)).into_iter().fold(0.0, f64::max);
        let counts = Axis::of(scene, (0.0, most), Unit::Count, above);
        let shares = Axis::of(scene, (0.0, greatest(&self.stickiness)), Unit::Percent, below);
        // Both planes begin at the same place.
        let width = counts.width.max(shares.width);
        let plane = Plane::draw(scene, above, &counts, width, self.starts.len());
        for (values, color, thickness) in
            [(&self.monthly, palette.muted, 1.5), (&self.weekly, palette.good, 1.5), (&self.daily, palette.accent, 2.0)]
        {
            draw_line(scene, &plane, values, (color, thickness));
        }
        let plane = Plane::draw(scene, below, &shares, width, self.starts.len());
        plane.times(scene, &self.starts);
        draw_line(scene, &plane, &self.stickiness, (palette.accent, 2.0));
        label_peak_and_last(scene, &plane, (0, &self.stickiness), (Form::Line, Unit::Percent));
    }
}

fn draw_line(
    scene: &mut Scene<'_>,
    plane: &Plane,
    values: &[u64],
    (color, thickness): (plotters_backend::BackendColor, f64),
) {
    let values: Vec<f64> = values.iter().copied().map(float).collect();
    let line = plane.line(0, &values);
    plane.peaks(scene, &values, color);
    // A line of one value would be invisible, and the last value is the present one.
    if let Some(at) = line.last() {
        scene.circle(*at, 3.0, color);
    }
    scene.line(line, thickness, color);
}

/// A day without its time zone, which the axis does not write.
fn date(day: NaiveDate) -> DateTime<Tz> {
    Tz::UTC.from_utc_datetime(&day.and_time(NaiveTime::MIN))
}
