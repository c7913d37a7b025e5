//! A line of messages over time.

use chrono::DateTime;
use chrono_tz::Tz;
use mocha_stats::MessageSeriesAnswer;

use crate::{
    frame::{Axis, DATES, Plane, frame},
    number::{Unit, counted, float},
    scene::{Area, Scene},
};

/// So few values are marked one by one.
const MARKED: std::ops::RangeInclusive<usize> = 2..=45;

#[derive(Clone, Debug)]
pub(crate) struct Messages {
    previous: Option<Vec<f64>>,
    starts: Vec<DateTime<Tz>>,
    subtitle: String,
    values: Vec<f64>,
}

impl Messages {
    pub(crate) fn of(answer: &MessageSeriesAnswer, previous: Option<&MessageSeriesAnswer>) -> Self {
        let values = |answer: &MessageSeriesAnswer| -> Vec<f64> {
            answer.periods.iter().map(|period| float(period.written.messages)).collect()
        };
        let total = answer.written.messages;
        let change = previous.and_then(|previous| change(previous.written.messages, total));
        Self {
            previous: previous.map(values),
            starts: answer.periods.iter().map(|period| period.start).collect(),
            subtitle: counted(total, "message", "messages") + &change.unwrap_or_default(),
            values: values(answer),
        }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, title: &str, subtitle: Option<&str>) {
        let palette = scene.palette;
        let legend = [(palette.accent, "this time"), (palette.muted, "the time before")];
        let legend = if self.previous.is_some() && !self.values.is_empty() { &legend[..] } else { &[] };
        let area = frame(scene, title, subtitle.unwrap_or(&self.subtitle), legend);
        if self.values.is_empty() {
            return scene.nothing(area, "No messages yet");
        }
        let previous = self.previous.as_deref().unwrap_or_default();
        let max = self.values.iter().chain(previous).copied().fold(0.0, f64::max);
        let area = Area { bottom: area.bottom - DATES, ..area };
        let axis = Axis::of(scene, (0.0, max), Unit::Count, area);
        let plane = Plane::draw(scene, area, &axis, axis.width, self.values.len().max(previous.len()));
        plane.times(scene, &self.starts);
        let base = vec![0.0; self.values.len()];
        if let [_] = self.values[..] {
            // A line of one value cannot be seen.
            plane.columns(scene, &base, &self.values, palette.accent);
        }
        plane.fill(scene, &base, &self.values, palette.accent.mix(0.18));
        plane.peaks(scene, &self.values, palette.accent);
        if !previous.is_empty() {
            scene.line(plane.line(0, previous), 1.0, palette.muted);
        }
        scene.line(plane.line(0, &self.values), 2.0, palette.accent);
        if MARKED.contains(&self.values.len()) {
            for at in plane.line(0, &self.values) {
                scene.circle(at, 3.0, palette.accent);
            }
        }
    }
}

/// How much more or less it is, in percent.
fn change(before: u64, now: u64) -> Option<String> {
    let percent = ((float(now) - float(before)) / float(before) * 100.0).round();
    // A little less is not minus nothing.
    let percent = if percent == 0.0 { 0.0 } else { percent };
    (before > 0 && percent.abs() < 100_000.0).then(|| format!(", {percent:+.0} %"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_told_where_there_was_something() {
        assert_eq!(change(100, 112).as_deref(), Some(", +12 %"));
        assert_eq!(change(4, 1).as_deref(), Some(", -75 %"));
        assert_eq!(change(1000, 999).as_deref(), Some(", +0 %"));
        assert_eq!(change(0, 5), None);
    }
}
