//! Glyphs as pixels.

use std::convert::Infallible;

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use plotters_backend::{
    BackendColor, BackendCoord, BackendTextStyle, FontFamily, FontStyle,
    text_anchor::{HPos, Pos, VPos},
};
use rustybuzz::ttf_parser::OutlineBuilder;

use super::{Fonts, Weight, shape::Line};
use crate::number::{pixel, pixels, real, single};

/// The fonts that an SVG asks its viewer for. The widths of the first were measured.
const FAMILY: &str = "Noto Sans, Noto Sans CJK JP, Noto Emoji, DejaVu Sans, sans-serif";

/// The height of a line, as a multiple of the font size. Anything higher is cut off.
const LINE_HEIGHT: f64 = 1.5;

/// The distance from the baseline to the middle of a line, as a multiple of the font size. The SVG backend uses the same: half
/// the height of an x.
const MIDDLE: f64 = 0.268;

/// How far the second outline of a thickened glyph is moved, as a multiple of the font size.
const THICKER: f64 = 0.028;

/// How text is drawn on both backends. It is anchored in the middle of its height.
pub(crate) struct TextStyle<'a> {
    pub(crate) align: HPos,
    pub(crate) color: BackendColor,
    pub(crate) fonts: &'a Fonts<'a>,
    /// The size of an em in pixels.
    pub(crate) size: f64,
    pub(crate) weight: Weight,
}

impl BackendTextStyle for TextStyle<'_> {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        self.color
    }

    fn size(&self) -> f64 {
        // The SVG backend divides the size by this factor.
        self.size * 1.24
    }

    fn anchor(&self) -> Pos {
        Pos::new(self.align, VPos::Center)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }

    fn style(&self) -> FontStyle {
        match self.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::SemiBold => FontStyle::Bold,
        }
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Infallible> {
        let size = (self.fonts.line(text, self.weight).width * self.size, LINE_HEIGHT * self.size);
        Ok(((0, 0), (pixel(size.0.ceil()), pixel(size.1.ceil()))))
    }

    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        (left, top): BackendCoord,
        mut draw: DrawFunc,
    ) -> Result<Result<(), E>, Infallible> {
        let line = self.fonts.line(text, self.weight);
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
            let (x, y) = (glyph.x * self.size, baseline - glyph.y * self.size);
            let again = glyph.thickened.then_some(x + THICKER * self.size);
            for x in [Some(x), again].into_iter().flatten() {
                let mut outline = Outline {
                    end: (real(raster.dimensions().0), real(raster.dimensions().1)),
                    first: Point::default(),
                    last: Point::default(),
                    origin: (x, y),
                    raster: &mut raster,
                    scale: self.size / f64::from(face.units_per_em()),
                };
                face.outline_glyph(glyph.id, &mut outline);
            }
        }
        raster
    }
}

/// Draws an outline into the rasterizer and clamps it to the edges.
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
