//! Squares of when people wrote.

use mocha_stats::HeatMapAnswer;
use plotters_backend::text_anchor::HPos;

use crate::{
    frame::{SMALL, frame},
    number::{Unit, counted, float, real},
    scene::{Area, Scene},
    theme::between,
};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// What an hour with any messages has of the colour at least.
const FAINTEST: f64 = 0.12;
const SCALE: f64 = 22.0;

#[derive(Clone, Debug)]
pub(crate) struct Squares {
    hours: [[u64; 24]; 7],
    subtitle: String,
}

impl Squares {
    pub(crate) fn of(answer: &HeatMapAnswer) -> Self {
        Self { hours: answer.hours, subtitle: counted(answer.messages, "message", "messages") }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, title: &str, subtitle: Option<&str>) {
        let area = frame(scene, title, subtitle.unwrap_or(&self.subtitle), &[]);
        let greatest = self.hours.iter().flatten().copied().max().unwrap_or_default();
        if greatest == 0 {
            return scene.nothing(area, "No messages yet");
        }
        let (palette, days) = (scene.palette, scene.measure("Wed", SMALL) + 8.0);
        let grid = Area { left: area.left + days, bottom: area.bottom - 2.0 * SCALE, ..area };
        let (width, height) = (grid.width() / 24.0, grid.height() / 7.0);
        // In a low picture a name for every row would lie on the next one.
        let named = if height < SMALL { 2 } else { 1 };
        for (day, (hours, name)) in self.hours.iter().zip(DAYS).enumerate() {
            let top = grid.top + real(day) * height;
            if day.is_multiple_of(named) {
                scene.text(name, (area.left, top + height / 2.0), HPos::Left, (SMALL, days), palette.muted);
            }
            for (hour, messages) in hours.iter().enumerate() {
                let left = grid.left + real(hour) * width;
                let part = float(*messages) / float(greatest);
                let part = if *messages == 0 { 0.0 } else { FAINTEST + (1.0 - FAINTEST) * part };
                let cell =
                    Area { left: left + 1.0, top: top + 1.0, right: left + width - 1.0, bottom: top + height - 1.0 };
                scene.rect(cell, between(palette.panel, palette.accent, part));
            }
        }
        for hour in (0..24).step_by(3) {
            let x = grid.left + (f64::from(hour) + 0.5) * width;
            let label = format!("{hour:02}");
            scene.text(&label, (x, grid.bottom + SCALE / 2.0), HPos::Center, (SMALL, 3.0 * width), palette.muted);
        }
        draw_scale(scene, Area { top: grid.bottom + SCALE, ..area }, greatest);
    }
}

/// What the colours stand for, to the right.
fn draw_scale(scene: &mut Scene<'_>, area: Area, greatest: u64) {
    const STEPS: u32 = 6;
    let (palette, y) = (scene.palette, area.bottom - 8.0);
    let room = area.width() / 2.0;
    let most = Unit::Count.exact(greatest);
    let width = scene.text(&most, (area.right, y), HPos::Right, (SMALL, room), palette.muted);
    let mut right = area.right - width - 8.0;
    for step in (0..STEPS).rev() {
        let part = f64::from(step) / f64::from(STEPS - 1);
        let part = if step == 0 { 0.0 } else { FAINTEST + (1.0 - FAINTEST) * part };
        let cell = Area { left: right - 12.0, top: y - 6.0, right, bottom: y + 6.0 };
        scene.rect(cell, between(palette.panel, palette.accent, part));
        right -= 14.0;
    }
    scene.text("0", (right - 6.0, y), HPos::Right, (SMALL, 20.0), palette.muted);
}
