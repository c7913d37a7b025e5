//! What is on a picture, before it is a PNG or an SVG.

use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    text::{Fonts, clean},
    theme::Palette,
};

/// Shapes in the order in which they are drawn, in points from the upper left corner.
pub(crate) struct Scene<'a> {
    pub(crate) fonts: &'a Fonts<'a>,
    pub(crate) height: f64,
    pub(crate) palette: Palette,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) width: f64,
}

#[derive(Clone)]
pub(crate) enum Shape {
    Circle { at: (f64, f64), color: BackendColor, radius: f64 },
    Line { color: BackendColor, points: Vec<(f64, f64)>, width: f64 },
    Polygon { color: BackendColor, points: Vec<(f64, f64)> },
    Rect { area: Area, color: BackendColor },
    Text(Text),
}

/// A line of text, anchored in the middle of its height.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) align: HPos,
    pub(crate) at: (f64, f64),
    pub(crate) color: BackendColor,
    pub(crate) size: f64,
    pub(crate) words: String,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) const fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) const fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) const fn middle(&self) -> (f64, f64) {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }
}

impl Scene<'_> {
    pub(crate) fn circle(&mut self, at: (f64, f64), radius: f64, color: BackendColor) {
        self.shapes.push(Shape::Circle { at, color, radius });
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, width: f64, color: BackendColor) {
        self.shapes.push(Shape::Line { color, points, width });
    }

    pub(crate) fn polygon(&mut self, points: Vec<(f64, f64)>, color: BackendColor) {
        self.shapes.push(Shape::Polygon { color, points });
    }

    pub(crate) fn rect(&mut self, area: Area, color: BackendColor) {
        if area.width() > 0.0 && area.height() > 0.0 {
            self.shapes.push(Shape::Rect { area, color });
        }
    }

    /// A bar from the left, its right end round.
    pub(crate) fn bar(&mut self, area: Area, color: BackendColor) {
        let radius = (area.height() / 2.0).min(4.0);
        if area.width() < 2.0 * radius {
            return self.rect(area, color);
        }
        self.rect(Area { right: area.right - radius, ..area }, color);
        self.rect(
            Area { left: area.right - radius, top: area.top + radius, bottom: area.bottom - radius, ..area },
            color,
        );
        for y in [area.top + radius, area.bottom - radius] {
            self.circle((area.right - radius, y), radius, color);
        }
    }

    /// Writes as much as fits into `width`, and returns how wide that is.
    pub(crate) fn text(
        &mut self,
        text: &str,
        at: (f64, f64),
        align: HPos,
        (size, width): (f64, f64),
        color: BackendColor,
    ) -> f64 {
        let text = self.fonts.fit(&clean(text), size, width);
        if text.is_empty() {
            return 0.0;
        }
        let width = self.measure(&text, size);
        self.shapes.push(Shape::Text(Text { align, at, color, size, words: text }));
        width
    }

    /// How wide a text is that has nothing to clean.
    pub(crate) fn measure(&self, text: &str, size: f64) -> f64 {
        self.fonts.line(text).width * size
    }

    /// Says in the middle of an area that there is nothing.
    pub(crate) fn nothing(&mut self, area: Area, text: &str) {
        self.text(text, area.middle(), HPos::Center, (16.0, area.width()), self.palette.muted);
    }
}

impl Text {
    /// Where it is, as far as letters of common height go.
    #[cfg(test)]
    pub(crate) fn area(&self, fonts: &Fonts<'_>) -> Area {
        let (x, y) = self.at;
        let width = fonts.line(&self.words).width * self.size;
        let left = match self.align {
            HPos::Left => x,
            HPos::Center => x - width / 2.0,
            HPos::Right => x - width,
        };
        let half = self.size / 2.0;
        Area { left, top: y - half, right: left + width, bottom: y + half }
    }
}
