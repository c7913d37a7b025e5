//! Steps of colour for values.

use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    header::SMALL,
    number::{float, real},
    scene::{Area, Scene},
    theme::between,
    unit::Unit,
};

/// The share of the colour in the lowest step above zero.
const FAINTEST: f64 = 0.3;
/// The most steps of colour above zero.
const STEPS: usize = 5;
const SWATCH: f64 = 13.0;

/// The lowest value of each step of colour. Each step has about as many values as the others, so one great value does not make
/// the others look empty.
#[derive(Clone, Debug)]
pub(crate) struct Shades(Vec<u64>);

impl Shades {
    pub(crate) fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut values: Vec<u64> = values.filter(|value| *value > 0).collect();
        values.sort_unstable();
        let first = |step: usize| values.get(values.len() * step / STEPS).copied();
        let mut steps: Vec<u64> = (0..STEPS).filter_map(first).collect();
        steps.dedup();
        Self(steps)
    }

    /// Whether all values are zero.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn color(&self, scene: &Scene<'_>, value: u64) -> BackendColor {
        let step = self.0.partition_point(|lowest| *lowest <= value);
        step.checked_sub(1).map_or(scene.palette.panel, |step| self.shade(scene, step))
    }

    /// Returns the colour of a step; the last has the full colour.
    fn shade(&self, scene: &Scene<'_>, step: usize) -> BackendColor {
        let steps = self.0.len();
        let part = if steps < 2 { 1.0 } else { FAINTEST + (1.0 - FAINTEST) * real(step) / real(steps - 1) };
        between(scene.palette.background, scene.palette.accent, part)
    }

    /// Explains the colours at the bottom of an area: each with the lowest value that has it, and the name of the values.
    pub(crate) fn draw_scale(&self, scene: &mut Scene<'_>, area: Area, unit: Unit, name: &str) {
        const GAP: f64 = 12.0;
        const INNER: f64 = 5.0;
        let (palette, texts, y) = (scene.palette, scene.texts, area.bottom - 9.0);
        let zero = ("0".to_owned(), palette.panel);
        let shades = self.0.iter().enumerate().map(|(step, lowest)| {
            let from = unit.tick(float(*lowest), float(*lowest), texts);
            (format!("{from}+"), self.shade(scene, step))
        });
        let keys: Vec<(String, BackendColor)> = [zero].into_iter().chain(shades).collect();
        let width = |labels: bool| -> f64 {
            let label = |text: &str| if labels { scene.measure(text, SMALL) + INNER + GAP } else { 2.0 };
            keys.iter().map(|(text, _)| SWATCH + label(text)).sum()
        };
        // Without room for all numbers only the first and the last are written.
        let all = width(true) + scene.measure(name, SMALL) <= area.width();
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
        scene.text(name, (x - GAP + INNER, y), HPos::Left, (SMALL, area.right - x), palette.muted);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_great_value_does_not_make_the_others_look_empty() {
        let mut values = vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        values.push(1_000_000);
        assert_eq!(Shades::of(values.into_iter()).0, [1, 3, 5, 7, 9]);
        assert_eq!(Shades::of([7, 0, 7].into_iter()).0, [7]);
        assert!(Shades::of([0, 0].into_iter()).is_empty());
    }

    proptest! {
        #[test]
        fn every_value_has_a_step(values in prop::collection::vec(any::<u64>(), 0..168)) {
            let Shades(steps) = Shades::of(values.iter().copied());
            prop_assert!(steps.len() <= STEPS && steps.is_sorted_by(|one, next| one < next));
            let lowest = values.iter().copied().filter(|value| *value > 0).min();
            prop_assert_eq!(steps.first().copied(), lowest);
        }
    }
}
