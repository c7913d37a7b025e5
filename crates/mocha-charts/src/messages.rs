//! A line of messages over time.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_stats::MessageSeriesAnswer;

use crate::{
    dates::short_range,
    header::{Header, Key, Mark},
    label::{Form, label_peak_and_last},
    number::float,
    plane::{Axis, DATES, Plane},
    scene::{Area, Scene},
    unit::{Unit, change, counted},
};

/// The numbers of values with which each value gets a dot.
const MARKED: std::ops::RangeInclusive<usize> = 2..=45;
/// The line of the previous window is not dashed if it has more values.
const MAX_DASHED: usize = 150;

#[derive(Clone, Debug)]
pub(crate) struct Messages {
    partial: Vec<bool>,
    previous: Option<Previous>,
    starts: Vec<DateTime<Tz>>,
    total: u64,
    values: Vec<u64>,
}

/// The window that the chart compares with.
#[derive(Clone, Debug)]
struct Previous {
    end: Option<DateTime<Utc>>,
    starts: Vec<DateTime<Tz>>,
    total: u64,
    values: Vec<f64>,
}

impl Messages {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &MessageSeriesAnswer) -> Self {
        let starts: Vec<DateTime<Tz>> = answer.periods.iter().map(|period| period.start).collect();
        Self {
            partial: answer.periods.iter().map(|period| period.is_partial).collect(),
            previous: None,
            starts,
            total: answer.written.messages,
            values: answer.periods.iter().map(|period| period.written.messages).collect(),
        }
    }

    /// Adds the previous window.
    pub(crate) fn compared_with(self, answer: &MessageSeriesAnswer) -> Self {
        let previous = Previous {
            end: answer.window.end(),
            starts: answer.periods.iter().map(|period| period.start).collect(),
            total: answer.written.messages,
            values: answer.periods.iter().map(|period| float(period.written.messages)).collect(),
        };
        Self { previous: Some(previous), ..self }
    }

    pub(crate) fn zone(&self) -> Option<Tz> {
        self.starts.first().map(DateTime::timezone)
    }

    /// Whether there are no messages in either window.
    fn is_empty(&self) -> bool {
        let previous = self.previous.as_ref().map_or(&[][..], |previous| &previous.values);
        self.values.iter().all(|value| *value == 0) && previous.iter().all(|value| *value == 0.0)
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let texts = scene.texts;
        if self.is_empty() {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_messages);
        }
        let mut summary = counted(self.total, &texts.messages, texts);
        if let Some(change) = self.previous.as_ref().and_then(|before| change(before.total, self.total, texts)) {
            summary = format!("{summary} ({change})");
        }
        let area = header.draw(scene, &summary, &self.legend(scene));
        self.draw_plane(scene, area);
    }

    /// Draws the lines on an area.
    pub(crate) fn draw_plane(&self, scene: &mut Scene<'_>, area: Area) {
        let (palette, texts) = (scene.palette, scene.texts);
        let previous = self.previous.as_ref().map_or(&[][..], |previous| &previous.values);
        if self.is_empty() {
            return scene.nothing(area, &texts.no_messages);
        }
        let area = Area { bottom: area.bottom - DATES, ..area };
        let values: Vec<f64> = self.values.iter().copied().map(float).collect();
        let max = values.iter().chain(previous).copied().fold(0.0, f64::max);
        let axis = Axis::of(scene, (0.0, max), Unit::Count, area);
        let plane = Plane::draw(scene, area, &axis, axis.width, values.len().max(previous.len()));
        plane.times(scene, &self.starts);
        if let [_] = values[..] {
            // A line of one value would be invisible.
            plane.columns(scene, (&[0.0], &values), &self.partial, palette.accent);
        }
        draw_previous(scene, &plane, previous);
        self.draw_line(scene, &plane, &values);
        label_peak_and_last(scene, &plane, (0, &self.values), (Form::Line, Unit::Count));
    }

    fn legend(&self, scene: &Scene<'_>) -> Vec<Key> {
        let (palette, texts) = (scene.palette, scene.texts);
        let has_rings = MARKED.contains(&self.values.len()) && self.partial.contains(&true);
        let incomplete = has_rings.then(|| Key::new(Mark::Ring, palette.accent, &texts.incomplete));
        let previous = self.previous.as_ref().and_then(|before| {
            let mark = if before.values.len() > MAX_DASHED { Mark::Line } else { Mark::Dashes };
            Some(Key::new(mark, palette.muted, &short_range(&before.starts, before.end, texts)?))
        });
        incomplete.into_iter().chain(previous).collect()
    }

    /// Draws the line of the window, dashed where a period is partial.
    fn draw_line(&self, scene: &mut Scene<'_>, plane: &Plane, values: &[f64]) {
        let color = scene.palette.accent;
        let points = plane.line(0, values);
        let (mut first, mut end) = (0, values.len());
        if points.len() == values.len() && values.len() > 1 {
            let is_partial = |index: usize| self.partial.get(index).copied().unwrap_or_default();
            // Only periods at the edges of the window can be partial.
            first = usize::from(is_partial(0));
            end -= usize::from(is_partial(end - 1));
        }
        let complete = values.get(first..end).unwrap_or_default();
        plane.fill(scene, (first, &vec![0.0; complete.len()]), complete, color.mix(0.18));
        plane.peaks(scene, values, color);
        let dashed = [points.get(..=first).filter(|_| first > 0), points.get(end.saturating_sub(1)..)];
        for part in dashed.into_iter().flatten() {
            scene.dashes(part, 2.0, color);
        }
        scene.line(points.get(first..end.min(points.len())).unwrap_or_default().to_vec(), 2.0, color);
        if MARKED.contains(&values.len()) {
            for (index, at) in points.into_iter().enumerate() {
                if (first..end).contains(&index) {
                    scene.circle(at, 3.0, color);
                } else {
                    scene.ring(at, color);
                }
            }
        }
    }
}

fn draw_previous(scene: &mut Scene<'_>, plane: &Plane, values: &[f64]) {
    let (points, color) = (plane.line(0, values), scene.palette.muted);
    if (2..=MAX_DASHED).contains(&values.len()) {
        scene.dashes(&points, 1.5, color);
    } else if !points.is_empty() {
        scene.line(points, 1.0, color);
    }
}
