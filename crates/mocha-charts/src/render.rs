//! Draws a scene with plotters' backends.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use plotters_backend::{BackendColor, BackendStyle, DrawingBackend};
use plotters_bitmap::BitMapBackend;
use plotters_svg::SVGBackend;

use crate::{
    Error,
    bitmap::Smooth,
    number::{pixel, pixels},
    picture::RGBA,
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
        for disc in self.discs(scale) {
            disc.blend(&mut buffer, pixels(f64::from(width)));
        }
        // Plain areas and letters compress best without a filter.
        encode((width, height), png::ColorType::Rgb, png::Filter::NoFilter, &buffer)
    }

    pub(crate) fn svg(&self, scale: u32) -> Result<String, Error> {
        let mut file = String::new();
        self.draw(&mut SVGBackend::with_string(&mut file, self.size(scale)), scale)?;
        if let Some(end) = file.rfind("</svg>") {
            let discs: Result<String, Error> = self.discs(scale).map(|disc| disc.element()).collect();
            file.insert_str(end, &discs?);
        }
        Ok(file)
    }

    /// Returns the discs of pictures in pixels.
    fn discs(&self, scale: u32) -> impl Iterator<Item = Disc> {
        let scale = f64::from(scale);
        self.shapes.iter().filter_map(move |shape| {
            let Shape::Disc { at, picture, radius } = shape else { return None };
            let place = |middle: f64| pixels(((middle - radius) * scale).round());
            let diameter = pixels((2.0 * radius * scale).round());
            Some(Disc { diameter, left: place(at.0), pixels: picture.disc(diameter), top: place(at.1) })
        })
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
                // They are drawn last, and not by a backend.
                Shape::Disc { .. } => Ok(()),
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

fn encode(
    (width, height): (u32, u32),
    color: png::ColorType,
    filter: png::Filter,
    bytes: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(filter);
    let mut writer = encoder.write_header().map_err(Error::drawing)?;
    writer.write_image_data(bytes).map_err(Error::drawing)?;
    writer.finish().map_err(Error::drawing)?;
    Ok(file)
}

/// The pixels of a picture, row by row.
struct Disc {
    diameter: usize,
    left: usize,
    pixels: Vec<[u8; RGBA]>,
    top: usize,
}

impl Disc {
    /// Draws it onto a picture in RGB of this width.
    fn blend(&self, buffer: &mut [u8], width: usize) {
        for (row, pixels) in self.pixels.chunks_exact(self.diameter.max(1)).enumerate() {
            let start = ((self.top + row) * width + self.left) * RGB;
            let own = buffer.get_mut(start..start + self.diameter * RGB).unwrap_or_default();
            for (below, [red, green, blue, alpha]) in own.chunks_exact_mut(RGB).zip(pixels) {
                let alpha = u32::from(*alpha);
                for (below, above) in below.iter_mut().zip([red, green, blue]) {
                    let mixed = (u32::from(*above) * alpha + u32::from(*below) * (255 - alpha) + 127) / 255;
                    *below = u8::try_from(mixed).unwrap_or(u8::MAX);
                }
            }
        }
    }

    /// Returns it as an element of an SVG document.
    fn element(&self) -> Result<String, Error> {
        let Self { diameter, left, pixels, top } = self;
        let side = u32::try_from(*diameter).unwrap_or_default();
        let file = encode((side, side), png::ColorType::Rgba, png::Filter::Adaptive, pixels.as_flattened())?;
        let data = BASE64_STANDARD.encode(&file);
        Ok(format!(
            r#"<image x="{left}" y="{top}" width="{diameter}" height="{diameter}" href="data:image/png;base64,{data}"/>"#
        ) + "\n")
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
