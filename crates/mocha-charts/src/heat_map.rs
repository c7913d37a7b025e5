//! Squares of when people write or talk.

use mocha_stats::{HeatMapAnswer, VoiceHeatMapAnswer};
use plotters_backend::text_anchor::HPos;

use crate::{
    header::{Header, SMALL},
    number::real,
    scene::{Area, Scene},
    shades::Shades,
    texts::fill,
    unit::{Unit, counted, milliseconds},
};

/// The height of the line of hours, and of the line that explains the colours.
const LINE: f64 = 22.0;

#[derive(Clone, Debug)]
pub(crate) struct Squares {
    hours: [[u64; 24]; 7],
    total: u64,
    unit: Unit,
}

impl Squares {
    /// Reads what the chart needs from an answer.
    pub(crate) const fn of(answer: &HeatMapAnswer) -> Self {
        Self { hours: answer.hours, total: answer.messages, unit: Unit::Count }
    }

    /// Reads what the chart needs from an answer.
    pub(crate) fn of_voice(answer: &VoiceHeatMapAnswer) -> Self {
        let hours = answer.hours.map(|day| day.map(milliseconds));
        Self { hours, total: milliseconds(answer.voice_time), unit: Unit::Time }
    }

    /// Whether the values are voice time.
    pub(crate) fn is_of_voice(&self) -> bool {
        self.unit == Unit::Time
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        let shades = Shades::of(self.hours.iter().flatten().copied());
        if shades.is_empty() {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, if self.is_of_voice() { &texts.no_voice } else { &texts.no_messages });
        }
        let (summary, name) = match self.unit {
            Unit::Time => (fill(&texts.in_voice, &Unit::Time.exact(self.total, texts)), &texts.voice_unit),
            _ => (counted(self.total, &texts.messages, texts), &texts.messages_unit),
        };
        let area = header.draw(scene, &summary, &[]);
        let days = scene.widest(texts.weekdays.iter().map(String::as_str), SMALL).min(area.width() / 6.0) + 8.0;
        let grid = Area { left: area.left + days, bottom: area.bottom - 2.0 * LINE, ..area };
        let (width, height) = (grid.width() / 24.0, grid.height() / 7.0);
        // In a low picture the names of all rows would overlap.
        let named = if height < SMALL.size { 2 } else { 1 };
        for (day, (hours, name)) in self.hours.iter().zip(&texts.weekdays).enumerate() {
            let top = grid.top + real(day) * height;
            if day.is_multiple_of(named) {
                scene.text(name, (area.left, top + height / 2.0), HPos::Left, (SMALL, days), palette.muted);
            }
            for (hour, value) in hours.iter().enumerate() {
                let left = grid.left + real(hour) * width;
                let cell =
                    Area { left: left + 1.0, top: top + 1.0, right: left + width - 1.0, bottom: top + height - 1.0 };
                scene.rect(cell, shades.color(scene, *value));
            }
        }
        for hour in (0..24).step_by(3) {
            let x = grid.left + (f64::from(hour) + 0.5) * width;
            let label = format!("{hour:02}");
            scene.text(&label, (x, grid.bottom + LINE / 2.0), HPos::Center, (SMALL, 3.0 * width), palette.muted);
        }
        shades.draw_scale(scene, Area { top: grid.bottom + LINE, left: grid.left, ..area }, self.unit, name);
    }
}
