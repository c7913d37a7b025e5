//! What all charts have: a title, a line below it, a legend, and for most a plane with axes.

use chrono::DateTime;
use chrono_tz::Tz;
use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    axis::{time_ticks, value_ticks},
    number::{Unit, pixels, real},
    scene::{Area, Scene},
    trace::{Knot, knots},
};

const MARGIN: f64 = 20.0;
const TITLE: f64 = 20.0;
/// The size of text of lesser weight.
pub(crate) const SMALL: f64 = 12.0;

/// A colour and what it stands for.
pub(crate) type Key<'a> = (BackendColor, &'a str);

/// Draws title, subtitle and legend; what is left is for the chart.
pub(crate) fn frame(scene: &mut Scene<'_>, title: &str, subtitle: &str, legend: &[Key<'_>]) -> Area {
    let (left, right) = (MARGIN, scene.width - MARGIN);
    let (text, muted) = (scene.palette.text, scene.palette.muted);
    scene.text(title, (left, MARGIN + 8.0), HPos::Left, (TITLE, right - left), text);
    // The legend takes at most half of the line, from the right.
    let mut free = right;
    for (color, name) in legend.iter().rev() {
        let room = (right - left) / 2.0 / real(legend.len()) - 24.0;
        let width = scene.text(name, (free, MARGIN + 34.0), HPos::Right, (SMALL, room), muted);
        if width > 0.0 {
            scene.circle((free - width - 9.0, MARGIN + 34.0), 4.0, *color);
            free -= width + 28.0;
        }
    }
    scene.text(subtitle, (left, MARGIN + 34.0), HPos::Left, (SMALL, free - left), muted);
    Area { left, top: MARGIN + 54.0, right, bottom: scene.height - MARGIN + 6.0 }
}

/// Where values lie on a plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    pub(crate) area: Area,
    high: f64,
    low: f64,
    periods: usize,
}

/// How high a line of dates is.
pub(crate) const DATES: f64 = 22.0;

/// The ticks of values, and what is written beside them.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    labels: Vec<String>,
    ticks: Vec<f64>,
    /// The width of the labels.
    pub(crate) width: f64,
}

impl Axis {
    /// Ticks for values from one to another on an area of this height.
    pub(crate) fn of(scene: &Scene<'_>, range: (f64, f64), unit: Unit, area: Area) -> Self {
        let ticks = value_ticks(range, unit, pixels(area.height() / 45.0).clamp(1, 6));
        let step = ticks.iter().skip(1).zip(&ticks).map(|(next, one)| next - one).next().unwrap_or(1.0);
        let labels: Vec<String> = ticks.iter().map(|tick| unit.short(*tick, step)).collect();
        let widest = labels.iter().map(|label| scene.measure(label, SMALL)).fold(0.0, f64::max);
        Self { labels, ticks, width: widest.min(area.width() / 3.0) + 8.0 }
    }
}

impl Plane {
    /// Draws the lines of values to the right of their labels, for which `width` is left.
    pub(crate) fn draw(scene: &mut Scene<'_>, area: Area, axis: &Axis, width: f64, periods: usize) -> Self {
        let area = Area { left: area.left + width, top: area.top + 8.0, ..area };
        let (low, high) = (axis.ticks.first().copied().unwrap_or(0.0), axis.ticks.last().copied().unwrap_or(1.0));
        let plane = Self { area, high, low, periods };
        let (grid, muted) = (scene.palette.grid, scene.palette.muted);
        // Upwards; in a low picture labels may lie on each other.
        let mut free = f64::INFINITY;
        for (tick, label) in axis.ticks.iter().zip(&axis.labels) {
            let y = plane.y(*tick);
            scene.line(vec![(area.left, y), (area.right, y)], 0.5, grid);
            if y + SMALL / 2.0 > free {
                continue;
            }
            free = y - SMALL / 2.0;
            scene.text(label, (area.left - 8.0, y), HPos::Right, (SMALL, width), muted);
        }
        plane
    }

    /// Writes dates or hours below.
    pub(crate) fn times(&self, scene: &mut Scene<'_>, starts: &[DateTime<Tz>]) {
        let muted = scene.palette.muted;
        let mut free = self.area.left - 30.0;
        for (index, label) in time_ticks(starts, self.area.width(), 64.0) {
            let half = scene.measure(&label, SMALL) / 2.0;
            // The first and the last may not hang over the edge.
            let x = self.x(index).min(scene.width - half - 4.0);
            if x - half >= free {
                scene.text(&label, (x, self.area.bottom + 16.0), HPos::Center, (SMALL, f64::INFINITY), muted);
                free = x + half + 10.0;
            }
        }
    }

    /// The width of a period.
    pub(crate) fn step(&self) -> f64 {
        self.area.width() / real(self.periods.max(1))
    }

    /// The middle of a period.
    pub(crate) fn x(&self, index: usize) -> f64 {
        self.x_at(real(index))
    }

    fn x_at(&self, index: f64) -> f64 {
        self.area.left + (index + 0.5) * self.step()
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        self.area.bottom - (value - self.low) / (self.high - self.low) * self.area.height()
    }

    /// Columns of periods from one value to another, or, where they would be too narrow, an area.
    pub(crate) fn columns(&self, scene: &mut Scene<'_>, from: &[f64], to: &[f64], color: BackendColor) {
        let step = self.step();
        if step < 3.0 {
            self.fill(scene, from, to, color);
            return self.peaks(scene, to, color);
        }
        let half = (step * 0.36).min(24.0);
        for (index, (from, to)) in from.iter().zip(to).enumerate() {
            let (x, from, to) = (self.x(index), self.y(*from), self.y(*to));
            scene.rect(Area { left: x - half, top: from.min(to), right: x + half, bottom: from.max(to) }, color);
        }
    }

    /// The area between two lines.
    pub(crate) fn fill(&self, scene: &mut Scene<'_>, from: &[f64], to: &[f64], color: BackendColor) {
        let mut points = self.line(0, to);
        points.extend(self.line(0, from).into_iter().rev());
        scene.polygon(points, color);
    }

    /// Where there are several values to a point of the line, a veil from the least of them to the greatest.
    pub(crate) fn peaks(&self, scene: &mut Scene<'_>, values: &[f64], color: BackendColor) {
        let knots = self.knots(values);
        if knots.len() < values.len() {
            let point = |knot: &Knot, value: f64| (self.x_at(knot.at), self.y(value));
            let mut points: Vec<_> = knots.iter().map(|knot| point(knot, knot.greatest)).collect();
            points.extend(knots.iter().rev().map(|knot| point(knot, knot.least)));
            scene.polygon(points, color.mix(0.35));
        }
    }

    /// The points of a line that starts in this period, few enough to draw: where there are too many values, their means.
    pub(crate) fn line(&self, first: usize, values: &[f64]) -> Vec<(f64, f64)> {
        self.knots(values).iter().map(|knot| (self.x_at(knot.at + real(first)), self.y(knot.mean))).collect()
    }

    fn knots(&self, values: &[f64]) -> Vec<Knot> {
        knots(values, pixels(self.area.width()))
    }
}
