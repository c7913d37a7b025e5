//! Columns of voice time.

use std::time::Duration;

use chrono::DateTime;
use chrono_tz::Tz;
use mocha_stats::{VoicePeriod, VoiceSeriesAnswer};

use crate::{
    header::{Header, Key, Mark},
    label::{Form, label_peak_and_last},
    number::float,
    plane::{Axis, DATES, Plane},
    scene::{Area, Scene},
    texts::fill,
    unit::{Unit, milliseconds},
};

#[derive(Clone, Debug)]
pub(crate) struct Voice {
    /// In milliseconds, like the total and the values.
    observed: Vec<u64>,
    partial: Vec<bool>,
    starts: Vec<DateTime<Tz>>,
    total: u64,
    /// Observed and assumed time.
    values: Vec<u64>,
}

impl Voice {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &VoiceSeriesAnswer) -> Self {
        // The answer always has both. Its sum lacks what its filter excluded.
        let all = answer.observed.saturating_add(answer.assumed) == answer.voice_time;
        let observed = |period: &VoicePeriod| match answer.voice_time {
            _ if all => period.observed,
            voice_time if voice_time == answer.observed => period.voice_time,
            _ => Duration::ZERO,
        };
        let starts: Vec<DateTime<Tz>> = answer.periods.iter().map(|period| period.start).collect();
        Self {
            observed: answer
                .periods
                .iter()
                .map(|period| milliseconds(observed(period).min(period.voice_time)))
                .collect(),
            partial: answer.periods.iter().map(|period| period.is_partial).collect(),
            starts,
            total: milliseconds(answer.voice_time),
            values: answer.periods.iter().map(|period| milliseconds(period.voice_time)).collect(),
        }
    }

    pub(crate) fn zone(&self) -> Option<Tz> {
        self.starts.first().map(DateTime::timezone)
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        if self.values.iter().all(|value| *value == 0) {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_voice);
        }
        let mut legend = Vec::new();
        if self.observed != self.values {
            legend.push(Key::new(Mark::Dot, palette.accent, &texts.observed));
            legend.push(Key::new(Mark::Dot, palette.calm, &texts.assumed));
        }
        if self.partial.contains(&true) {
            legend.push(Key::new(Mark::Hatch, palette.accent, &texts.incomplete));
        }
        let summary = fill(&texts.in_voice, &Unit::Time.exact(self.total, texts));
        let area = header.draw(scene, &summary, &legend);
        let area = Area { bottom: area.bottom - DATES, ..area };
        let [observed, values] =
            [&self.observed, &self.values].map(|values| values.iter().copied().map(float).collect::<Vec<f64>>());
        let max = values.iter().copied().fold(0.0, f64::max);
        let axis = Axis::of(scene, (0.0, max), Unit::Time, area);
        let plane = Plane::draw(scene, area, &axis, axis.width, self.starts.len());
        plane.times(scene, &self.starts);
        let base = vec![0.0; self.starts.len()];
        plane.columns(scene, (&base, &observed), &self.partial, palette.accent);
        plane.columns(scene, (&observed, &values), &self.partial, palette.calm);
        label_peak_and_last(scene, &plane, (0, &self.values), (Form::Columns, Unit::Time));
    }
}
