//! A plane with an axis of values and an axis of time.

use chrono::DateTime;
use chrono_tz::Tz;
use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    axis::{time_ticks, value_ticks},
    header::SMALL,
    number::{pixels, real},
    scene::{Area, Scene},
    trace::{Knot, knots},
    unit::Unit,
};

/// The height of a line of dates.
pub(crate) const DATES: f64 = 20.0;
/// The height that a plane needs above its highest tick for the label of a point.
pub(crate) const HEADROOM: f64 = 18.0;

/// The position of values and periods on a plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    pub(crate) area: Area,
    high: f64,
    low: f64,
    periods: usize,
}

/// The ticks of an axis of values, and their labels.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    labels: Vec<String>,
    ticks: Vec<f64>,
    /// The width of the labels.
    pub(crate) width: f64,
}

impl Axis {
    /// Chooses ticks for values between `range.0` and `range.1` on an area of this height.
    pub(crate) fn of(scene: &Scene<'_>, range: (f64, f64), unit: Unit, area: Area) -> Self {
        let ticks = value_ticks(range, unit, pixels((area.height() - HEADROOM) / 42.0).clamp(1, 6));
        let step = ticks.iter().skip(1).zip(&ticks).map(|(next, one)| next - one).next().unwrap_or(1.0);
        let labels: Vec<String> = ticks.iter().map(|tick| unit.tick(*tick, step, scene.texts)).collect();
        let widest = scene.widest(labels.iter().map(String::as_str), SMALL);
        Self { labels, ticks, width: widest.min(area.width() / 3.0) + 8.0 }
    }
}

impl Plane {
    /// Draws the grid and its labels, for which `width` is reserved on the left.
    pub(crate) fn draw(scene: &mut Scene<'_>, area: Area, axis: &Axis, width: f64, periods: usize) -> Self {
        let area = Area { left: area.left + width, top: area.top + HEADROOM, ..area };
        let (low, high) = (axis.ticks.first().copied().unwrap_or(0.0), axis.ticks.last().copied().unwrap_or(1.0));
        let plane = Self { area, high, low, periods };
        let (grid, muted) = (scene.palette.grid, scene.palette.muted);
        // A label that would overlap the one below it is left out.
        let mut free = f64::INFINITY;
        for (tick, label) in axis.ticks.iter().zip(&axis.labels) {
            let y = plane.y(*tick);
            scene.line(vec![(area.left, y), (area.right, y)], 0.5, grid);
            if y + SMALL.size / 2.0 > free {
                continue;
            }
            free = y - SMALL.size / 2.0;
            scene.text(label, (area.left - 8.0, y), HPos::Right, (SMALL, width), muted);
        }
        plane
    }

    /// Writes dates or hours below the plane.
    pub(crate) fn times(&self, scene: &mut Scene<'_>, starts: &[DateTime<Tz>]) {
        let muted = scene.palette.muted;
        let mut free = self.area.left - 30.0;
        for (index, label) in time_ticks(starts, self.area.width(), 64.0, scene.texts) {
            let half = scene.measure(&label, SMALL) / 2.0;
            // No label may cross the right edge.
            let x = self.x(index).min(scene.width - half - 4.0);
            if x - half >= free {
                scene.text(&label, (x, self.area.bottom + 15.0), HPos::Center, (SMALL, f64::INFINITY), muted);
                free = x + half + 10.0;
            }
        }
    }

    /// Returns the width of a period.
    pub(crate) fn step(&self) -> f64 {
        self.area.width() / real(self.periods.max(1))
    }

    /// Returns the middle of a period.
    pub(crate) fn x(&self, index: usize) -> f64 {
        self.x_at(real(index))
    }

    fn x_at(&self, index: f64) -> f64 {
        self.area.left + (index + 0.5) * self.step()
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        self.area.bottom - (value - self.low) / (self.high - self.low) * self.area.height()
    }

    /// Draws a column from `from` to `to` for each period, hatched if the period is partial. If columns would be too narrow, draws
    /// an area.
    pub(crate) fn columns(
        &self,
        scene: &mut Scene<'_>,
        (from, to): (&[f64], &[f64]),
        partial: &[bool],
        color: BackendColor,
    ) {
        if !self.has_columns() {
            self.fill(scene, (0, from), to, color);
            return self.peaks(scene, to, color);
        }
        let half = (self.step() * 0.36).min(24.0);
        for (index, (from, to)) in from.iter().zip(to).enumerate() {
            let (x, from, to) = (self.x(index), self.y(*from), self.y(*to));
            let column = Area { left: x - half, top: from.min(to), right: x + half, bottom: from.max(to) };
            if partial.get(index).copied().unwrap_or_default() {
                scene.hatch(column, color);
            } else {
                scene.rect(column, color);
            }
        }
    }

    /// Whether there is room for a column for each period.
    pub(crate) fn has_columns(&self) -> bool {
        self.step() >= 3.0
    }

    /// Fills the area between two lines, of which the second begins in period `first`.
    pub(crate) fn fill(&self, scene: &mut Scene<'_>, (first, from): (usize, &[f64]), to: &[f64], color: BackendColor) {
        let mut points = self.line(first, to);
        points.extend(self.line(first, from).into_iter().rev());
        scene.polygon(points, color);
    }

    /// If points stand for several values, shades the range from the smallest to the greatest of them.
    pub(crate) fn peaks(&self, scene: &mut Scene<'_>, values: &[f64], color: BackendColor) {
        let knots = self.knots(values);
        if knots.len() < values.len() {
            let point = |knot: &Knot, value: f64| (self.x_at(knot.at), self.y(value));
            let mut points: Vec<_> = knots.iter().map(|knot| point(knot, knot.greatest)).collect();
            points.extend(knots.iter().rev().map(|knot| point(knot, knot.least)));
            scene.polygon(points, color.mix(0.35));
        }
    }

    /// Returns the points of a line that begins in period `first`. If there are too many values, each point is a mean.
    pub(crate) fn line(&self, first: usize, values: &[f64]) -> Vec<(f64, f64)> {
        self.knots(values).iter().map(|knot| (self.x_at(knot.at + real(first)), self.y(knot.mean))).collect()
    }

    fn knots(&self, values: &[f64]) -> Vec<Knot> {
        knots(values, pixels(self.area.width()))
    }
}
