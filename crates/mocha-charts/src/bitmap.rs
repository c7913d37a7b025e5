//! Draws smooth edges on plotters' bitmap backend, which rounds the corners of thick lines to whole pixels.

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};
use plotters_bitmap::{BitMapBackend, BitMapBackendError};

use crate::number::{pixel, pixels, single};

type Drawn = Result<(), DrawingErrorKind<BitMapBackendError>>;

/// A circle is drawn as a polygon with this number of corners.
const CORNERS: u32 = 24;
/// The cosine and the sine of the angle between two corners. The functions of the platform may differ in their last digit.
const TURN: (f64, f64) = (0.965_925_826_289_068_3, 0.258_819_045_102_520_74);

pub(crate) struct Smooth<'b>(pub(crate) BitMapBackend<'b>);

impl Smooth<'_> {
    /// Fills the union of some shapes, so that the colour is not darker where they overlap.
    fn fill(&mut self, shapes: &[Vec<(f64, f64)>], color: BackendColor) -> Drawn {
        let corners = || shapes.iter().flatten();
        let least = |axis: fn(&(f64, f64)) -> f64| corners().map(axis).fold(f64::INFINITY, f64::min).floor();
        let most = |axis: fn(&(f64, f64)) -> f64| corners().map(axis).fold(f64::NEG_INFINITY, f64::max).ceil();
        let (left, top) = (least(|at| at.0), least(|at| at.1));
        let (width, height) = (most(|at| at.0) - left + 1.0, most(|at| at.1) - top + 1.0);
        if !(width.is_finite() && height.is_finite()) {
            return Ok(());
        }
        let mut raster = Rasterizer::new(pixels(width), pixels(height));
        for shape in shapes {
            let mut corners: Vec<Point> = shape.iter().map(|(x, y)| point(single(x - left), single(y - top))).collect();
            if area(shape) < 0.0 {
                corners.reverse();
            }
            let next = corners.iter().cycle().skip(1);
            for (from, to) in corners.iter().zip(next) {
                raster.draw_line(*from, *to);
            }
        }
        self.paint(&raster, (pixel(left), pixel(top)), color)
    }

    /// Draws runs of fully covered pixels at once, because single pixels would take most of the time.
    fn paint(&mut self, raster: &Rasterizer, (left, top): BackendCoord, color: BackendColor) -> Drawn {
        let width = u32::try_from(raster.dimensions().0).unwrap_or(u32::MAX);
        let (mut drawn, mut run) = (Ok(()), 0);
        raster.for_each_pixel_2d(|x, y, coverage| {
            if drawn.is_err() {
                return;
            }
            let at = |x| (left.saturating_add_unsigned(x), top.saturating_add_unsigned(y));
            let covered = coverage > 0.998;
            run += u32::from(covered);
            let end = if covered { x + 1 } else { x };
            if run > 0 && (!covered || end == width) {
                let (right, below) = at(end);
                drawn = self.0.draw_rect(at(end - run), (right, below.saturating_add(1)), &color, true);
                run = 0;
            }
            if !covered && coverage > 0.0 && drawn.is_ok() {
                drawn = self.0.draw_pixel(at(x), color.mix(f64::from(coverage)));
            }
        });
        drawn
    }
}

/// Returns twice the area of a polygon, negative if its corners go around the other way.
fn area(shape: &[(f64, f64)]) -> f64 {
    let next = shape.iter().cycle().skip(1);
    shape.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum()
}

fn circle((x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
    let turn = |at: &(f64, f64)| Some((at.0 * TURN.0 - at.1 * TURN.1, at.0 * TURN.1 + at.1 * TURN.0));
    let corners = std::iter::successors(Some((1.0, 0.0)), turn).take(pixels(f64::from(CORNERS)));
    corners.map(|(cos, sin)| (x + radius * cos, y + radius * sin)).collect()
}

/// Moves a point to the middle of its pixel.
fn middle((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x) + 0.5, f64::from(y) + 0.5)
}

impl DrawingBackend for Smooth<'_> {
    type ErrorType = BitMapBackendError;

    fn get_size(&self) -> (u32, u32) {
        self.0.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn {
        self.0.ensure_prepared()
    }

    fn present(&mut self) -> Drawn {
        self.0.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        self.0.draw_pixel(at, color)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        self.0.draw_rect(from, to, style, fill)
    }

    /// Draws a line with round corners and ends.
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<(f64, f64)> = path.into_iter().map(middle).collect();
        let half = f64::from(style.stroke_width()) / 2.0;
        let mut shapes: Vec<Vec<(f64, f64)>> = points.iter().map(|at| circle(*at, half)).collect();
        for (from, to) in points.iter().zip(points.iter().skip(1)) {
            let (x, y) = (to.0 - from.0, to.1 - from.1);
            let length = (x * x + y * y).sqrt();
            if length > 0.0 {
                let (x, y) = (x / length * half, y / length * half);
                shapes.push(vec![
                    (from.0 - y, from.1 + x),
                    (from.0 + y, from.1 - x),
                    (to.0 + y, to.1 - x),
                    (to.0 - y, to.1 + x),
                ]);
            }
        }
        self.fill(&shapes, style.color())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, _: bool) -> Drawn {
        let at = (f64::from(at.0), f64::from(at.1));
        self.fill(&[circle(at, f64::from(radius))], style.color())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.fill(&[path.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect()], style.color())
    }
}
