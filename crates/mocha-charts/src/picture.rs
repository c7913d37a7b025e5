//! An avatar or an icon, from a PNG file.

use std::{fmt, io::Cursor, sync::Arc};

use crate::{
    Error,
    number::{pixel, real},
};

/// More pixels of a side than any card shows.
const MAX_SIDE: u32 = 1_024;
/// The bytes of a pixel with an alpha channel.
pub(crate) const RGBA: usize = 4;

/// A square picture with an alpha channel.
#[derive(Clone)]
pub(crate) struct Picture {
    pixels: Arc<[[u8; RGBA]]>,
    side: usize,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("side", &self.side).finish_non_exhaustive()
    }
}

impl Picture {
    /// Decodes a file. It uses the middle of a picture that is not square, and the first frame of an animation.
    pub(crate) fn decode(file: &[u8]) -> Result<Self, Error> {
        let refused = |source| Error::invalid_because("picture", "must be a PNG file", source);
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: 16 << 20 });
        decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().map_err(refused)?;
        let too_large = Error::invalid("picture", "must be at most 1,024 by 1,024 pixels");
        let (width, height) = (reader.info().width, reader.info().height);
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(too_large);
        }
        let mut bytes = vec![0; reader.output_buffer_size().ok_or(too_large)?];
        let frame = reader.next_frame(&mut bytes).map_err(refused)?;
        let pixels: Vec<[u8; RGBA]> = match frame.color_type.samples() {
            2 => bytes.as_chunks().0.iter().map(|[gray, alpha]| [*gray, *gray, *gray, *alpha]).collect(),
            _ => bytes.as_chunks().0.to_vec(),
        };
        let size = |side: u32| usize::try_from(side).unwrap_or_default();
        let (width, height) = (size(frame.width), size(frame.height));
        let side = width.min(height);
        let rows = pixels.chunks_exact(width.max(1)).skip((height - side) / 2).take(side);
        let square = rows.flat_map(|row| row.iter().skip((width - side) / 2).take(side).copied());
        Ok(Self { pixels: square.collect(), side })
    }

    /// Returns the picture as a disc of this diameter, row by row: the corners are transparent.
    pub(crate) fn disc(&self, diameter: usize) -> Vec<[u8; RGBA]> {
        let (radius, scale) = (real(diameter) / 2.0, real(self.side) / real(diameter.max(1)));
        let at = |index: usize| {
            let from = crate::number::pixels(real(index) * scale);
            let to = crate::number::pixels((real(index + 1) * scale).ceil());
            from..to.clamp(from + 1, self.side.max(from + 1))
        };
        let mut disc = Vec::with_capacity(diameter * diameter);
        for y in 0..diameter {
            for x in 0..diameter {
                let (dx, dy) = (real(x) + 0.5 - radius, real(y) + 0.5 - radius);
                let covered = (radius - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0.0, 1.0);
                let [red, green, blue, alpha] = self.mean(at(x), at(y));
                let alpha = u8::try_from(pixel((f64::from(alpha) * covered).round())).unwrap_or_default();
                disc.push([red, green, blue, alpha]);
            }
        }
        disc
    }

    /// Returns the mean colour of a rectangle. Transparent pixels have no colour.
    fn mean(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> [u8; RGBA] {
        let (mut sums, mut weight, mut count) = ([0_u64; 3], 0_u64, 0_u64);
        for row in rows {
            for column in columns.clone() {
                let [red, green, blue, alpha] = self.pixels.get(row * self.side + column).copied().unwrap_or_default();
                for (sum, channel) in sums.iter_mut().zip([red, green, blue]) {
                    *sum += u64::from(channel) * u64::from(alpha);
                }
                weight += u64::from(alpha);
                count += 1;
            }
        }
        let byte = |value: u64| u8::try_from(value).unwrap_or(u8::MAX);
        let [red, green, blue] = sums.map(|sum| byte(sum.checked_div(weight).unwrap_or_default()));
        [red, green, blue, byte(weight.checked_div(count).unwrap_or_default())]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ErrorKind, fixture::TestResult};

    /// Encodes rows of pixels.
    fn file(color: png::ColorType, (width, height): (u32, u32), bytes: &[u8]) -> TestResult<Vec<u8>> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        encoder.write_header()?.write_image_data(bytes)?;
        Ok(file)
    }

    #[test]
    fn each_kind_of_pixel_is_read() -> TestResult {
        for (color, bytes, expected) in [
            (png::ColorType::Rgb, &[1, 2, 3][..], [1, 2, 3, 255]),
            (png::ColorType::Rgba, &[1, 2, 3, 4], [1, 2, 3, 4]),
            (png::ColorType::Grayscale, &[9], [9, 9, 9, 255]),
            (png::ColorType::GrayscaleAlpha, &[9, 8], [9, 9, 9, 8]),
        ] {
            let picture = Picture::decode(&file(color, (1, 1), bytes)?)?;
            assert_eq!(&picture.pixels[..], [expected], "{color:?}");
        }
        // The middle of three by one.
        let wide = Picture::decode(&file(png::ColorType::Grayscale, (3, 1), &[1, 2, 3])?)?;
        assert_eq!(&wide.pixels[..], [[2, 2, 2, 255]]);
        Ok(())
    }

    #[test]
    fn what_is_no_picture_is_refused() -> TestResult {
        let whole = file(png::ColorType::Rgb, (8, 8), &[7; 192])?;
        let large = file(png::ColorType::Grayscale, (1_025, 1), &[7; 1_025])?;
        for bytes in [&b""[..], b"GIF89a", b"\xff\xd8\xff\xe0", &whole[..whole.len() / 2], &large] {
            let error = Picture::decode(bytes).expect_err("it is refused");
            assert_eq!(error.kind(), &ErrorKind::InvalidInput { field: "picture" });
        }
        Ok(())
    }

    #[test]
    fn a_disc_has_the_mean_colours_and_no_corners() -> TestResult {
        // Two halves, which four pixels in a row divide evenly.
        let rows: Vec<u8> = (0..64).map(|index| if index % 8 < 4 { 0 } else { 200 }).collect();
        let picture = Picture::decode(&file(png::ColorType::Grayscale, (8, 8), &rows)?)?;
        let disc = picture.disc(4);
        assert_eq!(disc[4..8], [[0, 0, 0, 234], [0, 0, 0, 255], [200, 200, 200, 255], [200, 200, 200, 234]]);
        assert!(disc[0][3] < 128 && disc[15][3] < 128, "{disc:?}");
        // A larger disc than the picture.
        assert_eq!(picture.disc(40).iter().filter(|pixel| pixel[3] == 255).count(), 1_184);
        Ok(())
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..200_usize, at in 0..200_usize, to in any::<u8>()) {
            let _ = Picture::decode(&bytes);
            let mut whole = file(png::ColorType::Rgba, (5, 3), &[7; 60]).unwrap();
            if let Some(byte) = whole.get_mut(at) {
                *byte = to;
            }
            whole.truncate(cut.max(20));
            bytes.splice(0..0, whole.clone());
            if let Ok(picture) = Picture::decode(&whole) {
                prop_assert_eq!(picture.disc(9).len(), 81);
            }
            let _ = Picture::decode(&bytes);
        }
    }
}
