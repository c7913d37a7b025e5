//! How many were there at once: columns of the average, and of the most.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_stats::{OccupancyStep, OnlinePeriod, OnlineSeriesAnswer, VoiceOccupancyAnswer};

use crate::{
    dates,
    header::{Header, Key, Mark},
    label::{Form, label_peak_and_last},
    number::float,
    plane::{Axis, DATES, Plane},
    scene::{Area, Scene},
    texts::{Texts, fill},
    unit::{Unit, counted},
};

#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    average: Vec<f64>,
    kind: Kind,
    most: Vec<u64>,
    partial: Vec<bool>,
    starts: Vec<DateTime<Utc>>,
    /// That of the answer, if it has one.
    zone: Option<Tz>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Online,
    /// When most were there.
    Voice(Option<DateTime<Utc>>),
}

impl Crowd {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of_voice(answer: &VoiceOccupancyAnswer) -> Self {
        let longest = answer.steps.iter().map(|step| step.length).max().unwrap_or_default();
        let average = |step: &OccupancyStep| average(step.voice_time, step.length, step.max_user_count);
        Self {
            average: answer.steps.iter().map(average).collect(),
            kind: Kind::Voice(answer.peak.map(|peak| peak.at)),
            most: answer.steps.iter().map(|step| step.max_user_count).collect(),
            partial: answer.steps.iter().map(|step| step.length < longest).collect(),
            starts: answer.steps.iter().map(|step| step.start).collect(),
            zone: None,
        }
    }

    /// Reads what the chart needs from an answer.
    pub(crate) fn of_online(answer: &OnlineSeriesAnswer) -> Self {
        let average = |period: &OnlinePeriod| average(period.online_time, period.length, period.max_user_count);
        Self {
            average: answer.periods.iter().map(average).collect(),
            kind: Kind::Online,
            most: answer.periods.iter().map(|period| period.max_user_count).collect(),
            partial: answer.periods.iter().map(|period| period.is_partial).collect(),
            starts: answer.periods.iter().map(|period| period.start.to_utc()).collect(),
            zone: answer.periods.first().map(|period| period.start.timezone()),
        }
    }

    pub(crate) const fn zone(&self) -> Option<Tz> {
        self.zone
    }

    pub(crate) fn title<'t>(&self, texts: &'t Texts) -> &'t str {
        match self.kind {
            Kind::Online => &texts.online_title,
            Kind::Voice(_) => &texts.occupancy_title,
        }
    }

    /// Draws the chart; times without a time zone of their own are written in this one.
    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>, zone: Tz) {
        let (palette, texts) = (scene.palette, scene.texts);
        let most = self.most.iter().copied().max().unwrap_or_default();
        if most == 0 {
            let area = header.draw(scene, "", &[]);
            let nobody = if let Kind::Online = self.kind { &texts.no_online } else { &texts.no_voice };
            return scene.nothing(area, nobody);
        }
        let mut legend =
            vec![Key::new(Mark::Dot, palette.accent, &texts.average), Key::new(Mark::Dot, palette.calm, &texts.most)];
        if self.partial.contains(&true) {
            legend.push(Key::new(Mark::Hatch, palette.calm, &texts.incomplete));
        }
        let zone = self.zone.unwrap_or(zone);
        let starts: Vec<DateTime<Tz>> = self.starts.iter().map(|start| start.with_timezone(&zone)).collect();
        let mut summary = fill(&texts.peak, &counted(most, &texts.people, texts));
        if let Kind::Voice(Some(at)) = self.kind {
            let at = at.with_timezone(&zone);
            summary = format!("{summary} · {}, {}", dates::day_month(at, texts), at.format("%H:%M"));
        }
        let area = header.draw(scene, &summary, &legend);
        let area = Area { bottom: area.bottom - DATES, ..area };
        let axis = Axis::of(scene, (0.0, float(most)), Unit::Count, area);
        let plane = Plane::draw(scene, area, &axis, axis.width, starts.len());
        plane.times(scene, &starts);
        let base = vec![0.0; starts.len()];
        let values: Vec<f64> = self.most.iter().copied().map(float).collect();
        plane.columns(scene, (&base, &self.average), &self.partial, palette.accent);
        plane.columns(scene, (&self.average, &values), &self.partial, palette.calm);
        label_peak_and_last(scene, &plane, (0, &self.most), (Form::Columns, Unit::Count));
    }
}

/// Returns how many were there on average, which is never more than the most.
fn average(all: Duration, length: Duration, most: u64) -> f64 {
    if length.is_zero() { 0.0 } else { all.div_duration_f64(length).min(float(most)) }
}
