//! The fonts, and the choice of one for each character.

use std::sync::LazyLock;

use rustybuzz::Face;

use crate::Error;

static BUNDLED: LazyLock<Vec<Face<'static>>> = LazyLock::new(|| {
    let files: [&[u8]; 8] = [
        include_bytes!("../../fonts/NotoSans-Regular.ttf"),
        include_bytes!("../../fonts/NotoSansThai-Regular.ttf"),
        include_bytes!("../../fonts/NotoSansDevanagari-Regular.ttf"),
        include_bytes!("../../fonts/NotoEmoji-Regular.ttf"),
        include_bytes!("../../fonts/DejaVuSans.ttf"),
        include_bytes!("../../fonts/DroidSansFallback-common.ttf"),
        include_bytes!("../../fonts/NanumSquareR.ttf"),
        include_bytes!("../../fonts/NotoSans-SemiBold-subset.ttf"),
    ];
    files.iter().filter_map(|file| Face::from_slice(file, 0)).collect()
});

/// How thick letters are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

/// The caller's fonts, then the bundled ones. The last font is the only one of weight `SemiBold`.
#[derive(Clone)]
pub(crate) struct Fonts<'f> {
    /// The number of fonts that the caller gave.
    callers: usize,
    faces: Vec<Face<'f>>,
}

impl<'f> Fonts<'f> {
    pub(crate) fn with(files: &[&'f [u8]]) -> Result<Self, Error> {
        let face = |file: &&'f [u8]| {
            Face::from_slice(file, 0).ok_or(Error::invalid("font", "must be a TrueType or OpenType font"))
        };
        let mut faces: Vec<Face<'f>> = files.iter().map(face).collect::<Result<_, _>>()?;
        let callers = faces.len();
        faces.extend(BUNDLED.iter().cloned());
        Ok(Self { callers, faces })
    }

    pub(super) fn get(&self, index: usize) -> Option<&Face<'f>> {
        self.faces.get(index)
    }

    pub(super) fn is_semi_bold(&self, index: usize) -> bool {
        index + 1 == self.faces.len()
    }

    /// The font for this grapheme: the first that has all its characters, or else the first that has its first character.
    /// If there is none, the first font draws its box for unknown characters.
    pub(super) fn index_for(&self, grapheme: &str, weight: Weight) -> usize {
        let semi_bold = self.faces.len().saturating_sub(1);
        let preferred = (weight == Weight::SemiBold).then_some(semi_bold);
        let order = || (0..self.callers).chain(preferred).chain(self.callers..semi_bold);
        let has = |index: &usize, c: char| self.get(*index).is_some_and(|face| face.glyph_index(c).is_some());
        let all = |index: &usize| grapheme.chars().all(|c| is_invisible(c) || has(index, c));
        let first = |index: &usize| grapheme.chars().next().is_some_and(|c| has(index, c));
        let mut found = order().find(all);
        if found.is_none() {
            found = order().find(first);
        }
        found.unwrap_or_default()
    }
}

/// Whether a character is a joiner, a mark of direction or a variation selector: a font needs no glyph for it.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_font_can_be_read() {
        assert_eq!(BUNDLED.len(), 8);
    }

    #[test]
    fn common_scripts_have_glyphs() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        let words = "Ferris Жук Ελλάδα العربية עברית ไทย हिन्दी 日本語 中文 한국어 ▲▼…•–·😀👍🏽❤\u{FE0F}";
        for c in words.chars().filter(|c| !is_invisible(*c)) {
            assert!(fonts.faces.iter().any(|face| face.glyph_index(c).is_some()), "{c:?}");
        }
        assert_eq!(fonts.index_for("a", Weight::Regular), 0);
        assert!(Fonts::with(&[b"no font"]).is_err());
        Ok(())
    }

    #[test]
    fn only_emphasised_text_uses_the_semi_bold_font() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        for letter in ["a", "Ж", "Ω", "…"] {
            assert!(fonts.is_semi_bold(fonts.index_for(letter, Weight::SemiBold)), "{letter}");
            assert_eq!(fonts.index_for(letter, Weight::Regular), 0);
        }
        assert_eq!(fonts.index_for("日", Weight::SemiBold), fonts.index_for("日", Weight::Regular));
        // A font of the caller comes before both.
        let file: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
        let fonts = Fonts::with(&[file])?;
        assert_eq!(fonts.index_for("a", Weight::SemiBold), 0);
        Ok(())
    }
}
