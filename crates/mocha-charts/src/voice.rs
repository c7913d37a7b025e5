//! Columns of voice time.

use chrono::DateTime;
use chrono_tz::Tz;
use mocha_stats::{VoicePeriod, VoiceSeriesAnswer};

use crate::{
    frame::{Axis, DATES, Plane, frame},
    number::{Unit, float},
    scene::{Area, Scene},
};

#[derive(Clone, Debug)]
pub(crate) struct Voice {
    observed: Vec<f64>,
    starts: Vec<DateTime<Tz>>,
    subtitle: String,
    /// Observed and assumed.
    total: Vec<f64>,
}

impl Voice {
    pub(crate) fn of(answer: &VoiceSeriesAnswer) -> Self {
        // Both are always told apart; of the two, what the filter left out is not in the sum.
        let all = answer.observed_ms.saturating_add(answer.assumed_ms) == answer.voice_ms;
        let observed = |period: &VoicePeriod| match answer.voice_ms {
            _ if all => period.observed_ms,
            voice_ms if voice_ms == answer.observed_ms => period.voice_ms,
            _ => 0,
        };
        Self {
            observed: answer.periods.iter().map(|period| float(observed(period).min(period.voice_ms))).collect(),
            starts: answer.periods.iter().map(|period| period.start).collect(),
            subtitle: format!("{} in voice", Unit::Time.exact(answer.voice_ms)),
            total: answer.periods.iter().map(|period| float(period.voice_ms)).collect(),
        }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, title: &str, subtitle: Option<&str>) {
        let palette = scene.palette;
        let legend = [(palette.accent, "observed"), (palette.weak, "assumed")];
        let assumed = self.observed.iter().zip(&self.total).any(|(observed, total)| observed < total);
        let legend = if assumed { &legend[..] } else { &[] };
        let area = frame(scene, title, subtitle.unwrap_or(&self.subtitle), legend);
        if self.starts.is_empty() {
            return scene.nothing(area, "Nobody was in voice yet");
        }
        let max = self.total.iter().copied().fold(0.0, f64::max);
        let area = Area { bottom: area.bottom - DATES, ..area };
        let axis = Axis::of(scene, (0.0, max), Unit::Time, area);
        let plane = Plane::draw(scene, area, &axis, axis.width, self.starts.len());
        plane.times(scene, &self.starts);
        let base = vec![0.0; self.starts.len()];
        plane.columns(scene, &base, &self.observed, palette.accent);
        plane.columns(scene, &self.observed, &self.total, palette.weak);
    }
}
