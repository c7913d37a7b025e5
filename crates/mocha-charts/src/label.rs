//! Labels of single values on a plane: the peak and the last.

use plotters_backend::text_anchor::HPos;

use crate::{
    header::STRONG,
    number::float,
    plane::Plane,
    scene::{Area, Scene},
    unit::Unit,
};

/// The distance from a value to the middle of its label.
const AWAY: f64 = 12.0;

/// The shapes that represent the values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Columns,
    Line,
}

/// Labels the greatest value and the last one. The values begin in period `first`.
///
/// The last value has no label if it is the peak, or if its label would overlap that of the peak or the columns beside it.
pub(crate) fn label_peak_and_last(
    scene: &mut Scene<'_>,
    plane: &Plane,
    (first, values): (usize, &[u64]),
    (form, unit): (Form, Unit),
) {
    // The most recent of equal peaks.
    let Some((peak, greatest)) = values.iter().copied().enumerate().max_by_key(|(_, value)| *value) else { return };
    let last = values.len().saturating_sub(1);
    let mut taken: Option<Area> = None;
    let mut label = |scene: &mut Scene<'_>, index: usize, value: u64| {
        let text = unit.exact(value, scene.texts);
        let half = scene.measure(&text, STRONG) / 2.0;
        let edge = plane.area;
        if 2.0 * half > edge.width() {
            return;
        }
        let x = plane.x(first + index).clamp(edge.left + half, edge.right - half);
        let before = index.checked_sub(1).and_then(|before| values.get(before));
        let (y, below) = (plane.y(float(value)), plane.y(float(value)) + AWAY);
        // A line that falls to this value comes from above.
        let falls = form == Form::Line && before.is_some_and(|before| *before > value);
        let is_low = falls && below + STRONG.size < edge.bottom;
        let y = if is_low { below } else { y - AWAY };
        let size = STRONG.size / 2.0;
        let area = Area { left: x - half, top: y - size, right: x + half, bottom: y + size };
        let covers = |column: usize, height: u64| {
            (plane.x(first + column) - x).abs() < half + plane.step() / 2.0 && plane.y(float(height)) < area.bottom
        };
        // A label in front of other columns would seem to be theirs.
        let hides = || (0..).zip(values).any(|(column, height)| column != index && covers(column, *height));
        if taken.is_some_and(|taken| overlaps(taken, area)) || form == Form::Columns && hides() {
            return;
        }
        scene.rect(area, scene.palette.background.mix(0.7));
        scene.text(&text, (x, y), HPos::Center, (STRONG, f64::INFINITY), scene.palette.text);
        taken = Some(area);
    };
    if greatest > 0 {
        label(scene, peak, greatest);
    }
    // A column of zero is invisible, so a label would stand alone.
    if let Some(value) = values.last().filter(|value| last != peak && (form == Form::Line || **value > 0)) {
        label(scene, last, *value);
    }
}

fn overlaps(one: Area, other: Area) -> bool {
    const SPACE: f64 = 4.0;
    one.left < other.right + SPACE
        && other.left < one.right + SPACE
        && one.top < other.bottom + 1.0
        && other.top < one.bottom + 1.0
}
