//! Squares of when people write.

use mocha_stats::HeatMapAnswer;
use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    header::{Header, SMALL},
    number::real,
    scene::{Area, Scene},
    theme::between,
    unit::{compact, counted},
};

/// The share of the colour in the lowest step above zero.
const FAINTEST: f64 = 0.3;
/// The most steps of colour above zero.
const STEPS: usize = 5;
/// The height of the line of hours, and of the line that explains the colours.
const LINE: f64 = 22.0;
const SWATCH: f64 = 13.0;

#[derive(Clone, Debug)]
pub(crate) struct Squares {
    hours: [[u64; 24]; 7],
    total: u64,
}

impl Squares {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &HeatMapAnswer) -> Self {
        Self { hours: answer.hours, total: answer.messages }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        let steps = steps(self.hours.iter().flatten().copied());
        if steps.is_empty() {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_messages);
        }
        let area = header.draw(scene, &counted(self.total, &texts.messages, texts), &[]);
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
            for (hour, messages) in hours.iter().enumerate() {
                let left = grid.left + real(hour) * width;
                let cell =
                    Area { left: left + 1.0, top: top + 1.0, right: left + width - 1.0, bottom: top + height - 1.0 };
                scene.rect(cell, color(scene, &steps, *messages));
            }
        }
        for hour in (0..24).step_by(3) {
            let x = grid.left + (f64::from(hour) + 0.5) * width;
            let label = format!("{hour:02}");
            scene.text(&label, (x, grid.bottom + LINE / 2.0), HPos::Center, (SMALL, 3.0 * width), palette.muted);
        }
        draw_scale(scene, Area { top: grid.bottom + LINE, left: grid.left, ..area }, &steps);
    }
}

/// Returns the lowest value of each step of colour. Each step has about as many hours as the others.
fn steps(hours: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut values: Vec<u64> = hours.filter(|messages| *messages > 0).collect();
    values.sort_unstable();
    let first = |step: usize| values.get(values.len() * step / STEPS).copied();
    let mut steps: Vec<u64> = (0..STEPS).filter_map(first).collect();
    steps.dedup();
    steps
}

fn color(scene: &Scene<'_>, steps: &[u64], messages: u64) -> BackendColor {
    let step = steps.partition_point(|lowest| *lowest <= messages);
    match step.checked_sub(1) {
        None => scene.palette.panel,
        Some(step) => shade(scene, step, steps.len()),
    }
}

/// Returns the colour of one of some steps; the last has the full colour.
fn shade(scene: &Scene<'_>, step: usize, steps: usize) -> BackendColor {
    let part = if steps < 2 { 1.0 } else { FAINTEST + (1.0 - FAINTEST) * real(step) / real(steps - 1) };
    between(scene.palette.background, scene.palette.accent, part)
}

/// Explains the colours: each with the lowest number of messages that has it.
fn draw_scale(scene: &mut Scene<'_>, area: Area, steps: &[u64]) {
    const GAP: f64 = 12.0;
    const INNER: f64 = 5.0;
    let (palette, texts, y) = (scene.palette, scene.texts, area.bottom - 9.0);
    let zero = ("0".to_owned(), palette.panel);
    let shades = steps.iter().enumerate().map(|(step, lowest)| {
        let from = compact(crate::number::float(*lowest), texts);
        (format!("{from}+"), shade(scene, step, steps.len()))
    });
    let keys: Vec<(String, BackendColor)> = [zero].into_iter().chain(shades).collect();
    let width = |labels: bool| -> f64 {
        let label = |text: &str| if labels { scene.measure(text, SMALL) + INNER + GAP } else { 2.0 };
        keys.iter().map(|(text, _)| SWATCH + label(text)).sum()
    };
    // Without room for all numbers only the first and the last are written.
    let unit = scene.measure(&texts.messages_unit, SMALL);
    let all = width(true) + unit <= area.width();
    let mut x = area.left;
    for (index, (text, color)) in keys.iter().enumerate() {
        let is_last = index + 1 == keys.len();
        if !all && index == 0 {
            x += scene.text(text, (x, y), HPos::Left, (SMALL, area.width() / 4.0), palette.muted) + INNER;
        }
        scene.rect(Area { left: x, top: y - SWATCH / 2.0, right: x + SWATCH, bottom: y + SWATCH / 2.0 }, *color);
        x += SWATCH + if all || is_last { INNER } else { 2.0 };
        if all || is_last {
            let room = area.right - x;
            x += scene.text(text, (x, y), HPos::Left, (SMALL, room), palette.muted) + GAP;
        }
    }
    scene.text(&texts.messages_unit, (x - GAP + INNER, y), HPos::Left, (SMALL, area.right - x), palette.muted);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_busy_hour_does_not_make_the_others_look_empty() {
        let mut hours = vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        hours.push(1_000_000);
        assert_eq!(steps(hours.into_iter()), [1, 3, 5, 7, 9]);
        assert_eq!(steps([7, 0, 7].into_iter()), [7]);
        assert!(steps([0, 0].into_iter()).is_empty());
    }

    proptest! {
        #[test]
        fn every_hour_with_messages_has_a_step(hours in prop::collection::vec(any::<u64>(), 0..168)) {
            let steps = steps(hours.iter().copied());
            prop_assert!(steps.len() <= STEPS && steps.is_sorted_by(|one, next| one < next));
            let lowest = hours.iter().copied().filter(|messages| *messages > 0).min();
            prop_assert_eq!(steps.first().copied(), lowest);
        }
    }
}
