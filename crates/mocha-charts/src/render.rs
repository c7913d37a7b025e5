//! Draws a scene with plotters' backends.

use plotters_backend::{BackendColor, BackendStyle, DrawingBackend};
use plotters_bitmap::BitMapBackend;
use plotters_svg::SVGBackend;

use crate::{
    Error,
    bitmap::Smooth,
    number::{pixel, pixels},
    scene::{Scene, Shape, Text},
    text::TextStyle,
};

/// The number of bytes of a pixel.
const RGB: usize = 3;

impl Scene<'_> {
    pub(crate) fn png(&self, scale: u32) -> Result<Vec<u8>, Error> {
        let (width, height) = self.size(scale);
        let bytes = pixels(f64::from(width)) * pixels(f64::from(height)) * RGB;
        let mut buffer = vec![0; bytes];
        self.draw(&mut Smooth(BitMapBackend::with_buffer(&mut buffer, (width, height))), scale)?;
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Balanced);
        // Plain areas and letters compress best without a filter.
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(Error::drawing)?;
        writer.write_image_data(&buffer).map_err(Error::drawing)?;
        writer.finish().map_err(Error::drawing)?;
        Ok(file)
    }

    pub(crate) fn svg(&self, scale: u32) -> Result<String, Error> {
        let mut file = String::new();
        self.draw(&mut SVGBackend::with_string(&mut file, self.size(scale)), scale)?;
        Ok(file)
    }

    fn size(&self, scale: u32) -> (u32, u32) {
        let size = |length: f64| u32::try_from(pixel(length * f64::from(scale))).unwrap_or_default();
        (size(self.width), size(self.height))
    }

    fn draw<DB: DrawingBackend<ErrorType: 'static>>(&self, backend: &mut DB, scale: u32) -> Result<(), Error> {
        let (scale, size) = (f64::from(scale), backend.get_size());
        let corner = (i32::try_from(size.0).unwrap_or(i32::MAX), i32::try_from(size.1).unwrap_or(i32::MAX));
        let length = |length: f64| pixel((length * scale).round());
        let point = |(x, y): (f64, f64)| (length(x), length(y));
        let thickness = |width: f64| u32::try_from(length(width)).unwrap_or_default().max(1);
        backend.draw_rect((0, 0), corner, &self.palette.background, true).map_err(Error::drawing)?;
        for shape in &self.shapes {
            match shape {
                Shape::Circle { at, color, radius } => backend.draw_circle(point(*at), thickness(*radius), color, true),
                Shape::Line { color, points, width } => backend
                    .draw_path(points.iter().map(|at| point(*at)), &Stroke { color: *color, width: thickness(*width) }),
                Shape::Polygon { color, points } => backend.fill_polygon(points.iter().map(|at| point(*at)), color),
                Shape::Rect { area, color } => {
                    backend.draw_rect(point((area.left, area.top)), point((area.right, area.bottom)), color, true)
                }
                Shape::Text(Text { align, at, color, style, words }) => {
                    let (size, weight) = (style.size * scale, style.weight);
                    let style = TextStyle { align: *align, color: *color, fonts: self.fonts, size, weight };
                    backend.draw_text(words, &style, point(*at))
                }
            }
            .map_err(Error::drawing)?;
        }
        backend.present().map_err(Error::drawing)
    }
}

struct Stroke {
    color: BackendColor,
    width: u32,
}

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}
