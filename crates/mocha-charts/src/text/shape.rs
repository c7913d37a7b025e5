//! Text as glyphs in the order in which they are seen.

use rustybuzz::{Direction, UnicodeBuffer, shape, ttf_parser::GlyphId};
use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation as _;

use super::Fonts;

/// A line of glyphs; lengths are parts of the font size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(super) glyphs: Vec<Glyph>,
    pub(crate) width: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) font: usize,
    pub(super) id: GlyphId,
    pub(super) x: f64,
    /// Upwards from the baseline.
    pub(super) y: f64,
}

impl Fonts<'_> {
    /// Sets text that has been [cleaned](super::clean()), in a paragraph from left to right as SVG has it.
    pub(crate) fn line(&self, text: &str) -> Line {
        let mut line = Line::default();
        let bidi = BidiInfo::new(text, Some(Level::ltr()));
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let rtl = levels.get(run.start).is_some_and(Level::is_rtl);
                let mut parts = self.parts(text.get(run).unwrap_or_default());
                if rtl {
                    parts.reverse();
                }
                for (font, part) in parts {
                    self.push(
                        &mut line,
                        font,
                        &part,
                        if rtl { Direction::RightToLeft } else { Direction::LeftToRight },
                    );
                }
            }
        }
        line
    }

    /// Text cut where the font changes.
    fn parts(&self, text: &str) -> Vec<(usize, String)> {
        let mut parts: Vec<(usize, String)> = Vec::new();
        for grapheme in text.graphemes(true) {
            let font = self.index_for(grapheme);
            match parts.last_mut() {
                Some((last, part)) if *last == font => part.push_str(grapheme),
                _ => parts.push((font, grapheme.to_owned())),
            }
        }
        parts
    }

    fn push(&self, line: &mut Line, font: usize, text: &str, direction: Direction) {
        let Some(face) = self.get(font) else { return };
        let em = f64::from(face.units_per_em());
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(direction);
        let glyphs = shape(face, &[], buffer);
        for (info, position) in glyphs.glyph_infos().iter().zip(glyphs.glyph_positions()) {
            // Fonts have no more than 65,535 glyphs.
            let id = GlyphId(u16::try_from(info.glyph_id).unwrap_or_default());
            let (x, y) = (f64::from(position.x_offset) / em, f64::from(position.y_offset) / em);
            line.glyphs.push(Glyph { font, id, x: line.width + x, y });
            line.width += f64::from(position.x_advance) / em;
        }
    }

    /// The text, or as much of its start as fits into this width at this size, and an ellipsis; nothing if not even that fits.
    pub(crate) fn fit(&self, text: &str, size: f64, width: f64) -> String {
        let fits = |text: &str| self.line(text).width * size <= width;
        if fits(text) {
            return text.to_owned();
        }
        let ends: Vec<usize> = text.grapheme_indices(true).map(|(start, _)| start).collect();
        let cut = |end: usize| format!("{}…", text.get(..end).unwrap_or_default().trim_end());
        let fitting = ends.partition_point(|end| fits(&cut(*end)));
        fitting.checked_sub(1).and_then(|last| ends.get(last)).map(|end| cut(*end)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Error, text::clean};

    #[test]
    fn arabic_is_joined_and_runs_from_right_to_left() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        let ids = |text: &str| fonts.line(text).glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>();
        let (alone, joined) = (ids("ب"), ids("ببب"));
        assert_eq!(joined.len(), 3);
        assert!(!joined.contains(&alone[0]), "initial, medial and final forms");
        let mut hebrew = ids("אב");
        hebrew.reverse();
        assert_eq!(hebrew, [ids("א"), ids("ב")].concat());
        Ok(())
    }

    #[test]
    fn long_text_is_cut_at_a_grapheme() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        assert_eq!(fonts.fit("Ferris", 10.0, 100.0), "Ferris");
        let cut = fonts.fit(&"e\u{301}".repeat(100), 10.0, 100.0);
        assert!(cut.ends_with("e\u{301}…") && cut.chars().count() > 20, "{cut}");
        assert_eq!(fonts.fit("Ferris", 10.0, 1.0), "");
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(name in any::<String>(), size in 8.0..40.0_f64, width in 0.0..400.0_f64) {
            let fonts = Fonts::with(&[])?;
            let cut = fonts.fit(&clean(&name), size, width);
            prop_assert!(fonts.line(&cut).width * size <= width);
        }
    }
}
