//! Glyphs as pixels.

use std::convert::Infallible;

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use plotters_backend::{
    BackendColor, BackendCoord, BackendTextStyle, FontFamily,
    text_anchor::{HPos, Pos, VPos},
};
use rustybuzz::ttf_parser::OutlineBuilder;

use super::{Fonts, shape::Line};
use crate::number::{pixel, pixels, real, single};

/// The fonts of those who look at an SVG; the first has the widths that were measured.
const FAMILY: &str = "Noto Sans, Noto Sans CJK JP, Noto Emoji, DejaVu Sans, sans-serif";

/// A line is as high as this, in parts of the font size; what is higher is cut off.
const LINE_HEIGHT: f64 = 1.5;

/// Where the middle of a line is above its baseline, as the SVG backend has it: half the height of an x.
const MIDDLE: f64 = 0.268;

/// How text is drawn, on both backends; it is anchored in the middle of its height.
pub(crate) struct TextStyle<'a> {
    pub(crate) align: HPos,
    pub(crate) color: BackendColor,
    pub(crate) fonts: &'a Fonts<'a>,
    /// Pixels of an em.
    pub(crate) size: f64,
}

impl BackendTextStyle for TextStyle<'_> {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        self.color
    }

    fn size(&self) -> f64 {
        // The SVG backend divides by this again.
        self.size * 1.24
    }

    fn anchor(&self) -> Pos {
        Pos::new(self.align, VPos::Center)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Infallible> {
        let size = (self.fonts.line(text).width * self.size, LINE_HEIGHT * self.size);
        Ok(((0, 0), (pixel(size.0.ceil()), pixel(size.1.ceil()))))
    }

    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        (left, top): BackendCoord,
        mut draw: DrawFunc,
    ) -> Result<Result<(), E>, Infallible> {
        let line = self.fonts.line(text);
        let mut result = Ok(());
        self.outlines(&line).for_each_pixel_2d(|x, y, coverage| {
            if coverage > 0.0 && result.is_ok() {
                let (x, y) = (i32::try_from(x).unwrap_or(i32::MAX), i32::try_from(y).unwrap_or(i32::MAX));
                result =
                    draw(left.saturating_add(x), top.saturating_add(y), self.color.mix(f64::from(coverage.min(1.0))));
            }
        });
        Ok(result)
    }
}

impl TextStyle<'_> {
    fn outlines(&self, line: &Line) -> Rasterizer {
        let (width, height) = (line.width * self.size, LINE_HEIGHT * self.size);
        let mut raster = Rasterizer::new(pixels(width.ceil()), pixels(height.ceil()));
        let baseline = height / 2.0 + MIDDLE * self.size;
        for glyph in &line.glyphs {
            let Some(face) = self.fonts.get(glyph.font) else { continue };
            let origin = (glyph.x * self.size, baseline - glyph.y * self.size);
            let mut outline = Outline {
                end: (real(raster.dimensions().0), real(raster.dimensions().1)),
                first: Point::default(),
                last: Point::default(),
                origin,
                raster: &mut raster,
                scale: self.size / f64::from(face.units_per_em()),
            };
            face.outline_glyph(glyph.id, &mut outline);
        }
        raster
    }
}

/// An outline on its way into the rasterizer, kept inside of it.
struct Outline<'r> {
    end: (f64, f64),
    first: Point,
    last: Point,
    origin: (f64, f64),
    raster: &'r mut Rasterizer,
    scale: f64,
}

impl Outline<'_> {
    fn point(&self, x: f32, y: f32) -> Point {
        let x = (self.origin.0 + f64::from(x) * self.scale).clamp(0.0, self.end.0);
        let y = (self.origin.1 - f64::from(y) * self.scale).clamp(0.0, self.end.1);
        point(single(x), single(y))
    }
}

impl OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.first = self.point(x, y);
        self.last = self.first;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.raster.draw_line(self.last, to);
        self.last = to;
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (by, to) = (self.point(x1, y1), self.point(x, y));
        self.raster.draw_quad(self.last, by, to);
        self.last = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (by, and, to) = (self.point(x1, y1), self.point(x2, y2), self.point(x, y));
        self.raster.draw_cubic(self.last, by, and, to);
        self.last = to;
    }

    fn close(&mut self) {
        self.raster.draw_line(self.last, self.first);
        self.last = self.first;
    }
}
