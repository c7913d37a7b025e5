//! The fonts, and which of them has a character.

use std::sync::LazyLock;

use rustybuzz::Face;

use crate::Error;

static BUNDLED: LazyLock<Vec<Face<'static>>> = LazyLock::new(|| {
    let files: [&[u8]; 7] = [
        include_bytes!("../../fonts/NotoSans-Regular.ttf"),
        include_bytes!("../../fonts/NotoSansThai-Regular.ttf"),
        include_bytes!("../../fonts/NotoSansDevanagari-Regular.ttf"),
        include_bytes!("../../fonts/NotoEmoji-Regular.ttf"),
        include_bytes!("../../fonts/DejaVuSans.ttf"),
        include_bytes!("../../fonts/DroidSansFallback-common.ttf"),
        include_bytes!("../../fonts/NanumSquareR.ttf"),
    ];
    files.iter().filter_map(|file| Face::from_slice(file, 0)).collect()
});

/// The caller's fonts, and the bundled ones after them.
#[derive(Clone)]
pub(crate) struct Fonts<'f> {
    faces: Vec<Face<'f>>,
}

impl<'f> Fonts<'f> {
    pub(crate) fn with(files: &[&'f [u8]]) -> Result<Self, Error> {
        let face = |file: &&'f [u8]| {
            Face::from_slice(file, 0).ok_or(Error::invalid("font", "is no TrueType or OpenType font"))
        };
        let mut faces: Vec<Face<'f>> = files.iter().map(face).collect::<Result<_, _>>()?;
        faces.extend(BUNDLED.iter().cloned());
        Ok(Self { faces })
    }

    pub(super) fn get(&self, index: usize) -> Option<&Face<'f>> {
        self.faces.get(index)
    }

    /// The font that writes this grapheme: the first that has all of it, or else the first that has its first character. If none
    /// has, the first font writes the box that it has for the unknown.
    pub(super) fn index_for(&self, grapheme: &str) -> usize {
        let all = |face: &Face<'_>| grapheme.chars().all(|c| is_invisible(c) || face.glyph_index(c).is_some());
        let first = |face: &Face<'_>| grapheme.chars().next().is_some_and(|c| face.glyph_index(c).is_some());
        let mut found = self.faces.iter().position(all);
        if found.is_none() {
            found = self.faces.iter().position(first);
        }
        found.unwrap_or_default()
    }
}

/// Joiners and selectors of a variant, for which a font needs no glyph.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_font_is_read() {
        assert_eq!(BUNDLED.len(), 7);
    }

    #[test]
    fn common_scripts_have_glyphs() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        let words = "Ferris Жук Ελλάδα العربية עברית ไทย हिन्दी 日本語 中文 한국어 ▲▼…•–😀👍🏽❤\u{FE0F}";
        for c in words.chars().filter(|c| !is_invisible(*c)) {
            assert!(fonts.faces.iter().any(|face| face.glyph_index(c).is_some()), "{c:?}");
        }
        assert_eq!(fonts.index_for("a"), 0);
        assert!(Fonts::with(&[b"no font"]).is_err());
        Ok(())
    }
}
