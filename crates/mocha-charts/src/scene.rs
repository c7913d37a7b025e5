//! The shapes of a chart, before they become a PNG or an SVG.

use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    picture::Picture,
    text::{Fonts, Style, clean},
    texts::Texts,
    theme::Palette,
};

/// Shapes in the order in which they are drawn, in points from the upper left corner.
pub(crate) struct Scene<'a> {
    pub(crate) fonts: &'a Fonts<'a>,
    pub(crate) height: f64,
    pub(crate) palette: Palette,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) texts: &'a Texts,
    pub(crate) width: f64,
}

#[derive(Clone)]
pub(crate) enum Shape {
    Circle {
        at: (f64, f64),
        color: BackendColor,
        radius: f64,
    },
    Line {
        color: BackendColor,
        points: Vec<(f64, f64)>,
        width: f64,
    },
    /// A picture as a disc, above all other shapes.
    Disc {
        at: (f64, f64),
        picture: Picture,
        radius: f64,
    },
    Polygon {
        color: BackendColor,
        points: Vec<(f64, f64)>,
    },
    Rect {
        area: Area,
        color: BackendColor,
    },
    Text(Text),
}

/// A line of text. It is anchored in the middle of its height.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) align: HPos,
    pub(crate) at: (f64, f64),
    pub(crate) color: BackendColor,
    pub(crate) style: Style,
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

    pub(crate) fn disc(&mut self, at: (f64, f64), radius: f64, picture: &Picture) {
        self.shapes.push(Shape::Disc { at, picture: picture.clone(), radius });
    }

    /// Draws a small circle that is empty, for a value that is not complete.
    pub(crate) fn ring(&mut self, at: (f64, f64), color: BackendColor) {
        self.circle(at, 3.5, color);
        self.circle(at, 2.0, self.palette.background);
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

    /// Draws a bar that begins on the left. Its right end is round.
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

    /// Draws a dashed line.
    pub(crate) fn dashes(&mut self, points: &[(f64, f64)], width: f64, color: BackendColor) {
        const DASH: f64 = 4.0;
        const GAP: f64 = 4.0;
        // How far along the pattern of a dash and a gap the line is.
        let mut passed = 0.0;
        for (from, to) in points.iter().zip(points.iter().skip(1)) {
            let (x, y) = (to.0 - from.0, to.1 - from.1);
            let length = (x * x + y * y).sqrt();
            let at = |part: f64| (from.0 + x * part / length, from.1 + y * part / length);
            let mut done = 0.0;
            while length - done > 1e-6 {
                let (is_dash, end) = if passed < DASH { (true, DASH) } else { (false, DASH + GAP) };
                let step = (end - passed).min(length - done);
                if is_dash {
                    self.line(vec![at(done), at(done + step)], width, color);
                }
                done += step;
                passed = if end - passed - step < 1e-6 { end % (DASH + GAP) } else { passed + step };
            }
        }
    }

    /// Draws a rectangle of diagonal lines, for a value that is not complete.
    pub(crate) fn hatch(&mut self, area: Area, color: BackendColor) {
        const DISTANCE: f64 = 5.0;
        self.rect(area, color.mix(0.3));
        let (width, height) = (area.width(), area.height());
        if width < 2.0 || height < 2.0 {
            return;
        }
        // Each line rises to the right; `start` is where it meets the bottom edge, if that were long enough.
        let mut start = -height;
        while start < width {
            let (from, to) = (start.max(0.0), (start + height).min(width));
            let at = |x: f64| (area.left + x, area.bottom - (x - start));
            if to - from > 0.5 {
                self.line(vec![at(from), at(to)], 1.0, color);
            }
            start += DISTANCE;
        }
    }

    /// Writes as much of a text as fits into `width`, and returns how wide that is.
    pub(crate) fn text(
        &mut self,
        text: &str,
        at: (f64, f64),
        align: HPos,
        (style, width): (Style, f64),
        color: BackendColor,
    ) -> f64 {
        let text = self.fonts.fit(&clean(text), style, width);
        if text.is_empty() {
            return 0.0;
        }
        let width = self.fonts.measure(&text, style);
        self.shapes.push(Shape::Text(Text { align, at, color, style, words: text }));
        width
    }

    /// Returns how wide a text is.
    pub(crate) fn measure(&self, text: &str, style: Style) -> f64 {
        self.fonts.measure(&self.fonts.fit(&clean(text), style, f64::INFINITY), style)
    }

    /// Returns the width of the widest text.
    pub(crate) fn widest<'t>(&self, texts: impl IntoIterator<Item = &'t str>, style: Style) -> f64 {
        texts.into_iter().map(|text| self.measure(text, style)).fold(0.0, f64::max)
    }

    /// Says in the middle of an area that there is nothing to show.
    pub(crate) fn nothing(&mut self, area: Area, text: &str) {
        self.text(text, area.middle(), HPos::Center, (Style::regular(16.0), area.width()), self.palette.muted);
    }
}

impl Text {
    /// Returns the area of the text, if its letters have a common height.
    #[cfg(test)]
    pub(crate) fn area(&self, fonts: &Fonts<'_>) -> Area {
        let (x, y) = self.at;
        let width = fonts.measure(&self.words, self.style);
        let left = match self.align {
            HPos::Left => x,
            HPos::Center => x - width / 2.0,
            HPos::Right => x - width,
        };
        let half = self.style.size / 2.0;
        Area { left, top: y - half, right: left + width, bottom: y + half }
    }
}
