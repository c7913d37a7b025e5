//! Text as glyphs in visual order.

use rustybuzz::{Direction, UnicodeBuffer, shape, ttf_parser::GlyphId};
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Fonts, Weight};

/// The size of letters, in points of an em, and their weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) size: f64,
    pub(crate) weight: Weight,
}

impl Style {
    pub(crate) const fn regular(size: f64) -> Self {
        Self { size, weight: Weight::Regular }
    }

    pub(crate) const fn semi_bold(size: f64) -> Self {
        Self { size, weight: Weight::SemiBold }
    }
}

/// A line of glyphs. Lengths are multiples of the font size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(super) glyphs: Vec<Glyph>,
    pub(crate) width: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) font: usize,
    /// Whether the font has no glyph of the wanted weight, so that this one has to be thickened.
    pub(super) thickened: bool,
    pub(super) id: GlyphId,
    pub(super) x: f64,
    /// Upwards from the baseline.
    pub(super) y: f64,
}

impl Fonts<'_> {
    /// Shapes text that has been [cleaned](super::clean()), in a left-to-right paragraph as SVG does.
    pub(crate) fn line(&self, text: &str, weight: Weight) -> Line {
        let mut line = Line::default();
        let bidi = BidiInfo::new(text, Some(Level::ltr()));
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let rtl = levels.get(run.start).is_some_and(Level::is_rtl);
                let mut parts = self.parts(text.get(run).unwrap_or_default(), weight);
                if rtl {
                    parts.reverse();
                }
                let direction = if rtl { Direction::RightToLeft } else { Direction::LeftToRight };
                for (font, part) in parts {
                    let thickened = weight == Weight::SemiBold && !self.is_semi_bold(font);
                    self.push(&mut line, (font, thickened), &part, direction);
                }
            }
        }
        line
    }

    /// Splits text where the font changes.
    fn parts(&self, text: &str, weight: Weight) -> Vec<(usize, String)> {
        let mut parts: Vec<(usize, String)> = Vec::new();
        for grapheme in text.graphemes(true) {
            let font = self.index_for(grapheme, weight);
            match parts.last_mut() {
                Some((last, part)) if *last == font => part.push_str(grapheme),
                _ => parts.push((font, grapheme.to_owned())),
            }
        }
        parts
    }

    fn push(&self, line: &mut Line, (font, thickened): (usize, bool), text: &str, direction: Direction) {
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
            line.glyphs.push(Glyph { font, thickened, id, x: line.width + x, y });
            line.width += f64::from(position.x_advance) / em;
        }
    }

    pub(crate) fn measure(&self, text: &str, style: Style) -> f64 {
        self.line(text, style.weight).width * style.size
    }

    /// Returns the text, or as much of its start as fits into this width with an ellipsis, or nothing if not even that fits.
    pub(crate) fn fit(&self, text: &str, style: Style, width: f64) -> String {
        let fits = |text: &str| self.measure(text, style) <= width;
        let (whole, rtl) = (with_direction(text), is_rtl(text));
        if fits(&whole) {
            return whole;
        }
        let ends: Vec<usize> = text.grapheme_indices(true).map(|(start, _)| start).collect();
        let cut = |end: usize| {
            let start = text.get(..end).unwrap_or_default().trim_end();
            // After right-to-left letters this mark moves the ellipsis to their left, where they end.
            let mark = if is_rtl_at_end(start) && !rtl { "\u{200F}" } else { "" };
            with_direction(&format!("{start}…{mark}"))
        };
        let fitting = ends.partition_point(|end| fits(&cut(*end)));
        fitting.checked_sub(1).and_then(|last| ends.get(last)).map(|end| cut(*end)).unwrap_or_default()
    }
}

/// Embeds text that begins in a right-to-left script, so that its punctuation and its ellipsis are placed as in that script.
fn with_direction(text: &str) -> String {
    let is_plain = |c| matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::NSM | BidiClass::WS);
    if is_rtl(text) && !text.chars().all(is_plain) { format!("\u{202B}{text}\u{202C}") } else { text.to_owned() }
}

/// Whether the first letter is of a right-to-left script.
fn is_rtl(text: &str) -> bool {
    text.chars().find_map(direction).unwrap_or_default()
}

fn is_rtl_at_end(text: &str) -> bool {
    text.chars().rev().find_map(direction).unwrap_or_default()
}

/// Whether a letter is of a right-to-left script; `None` if the character has no direction of its own.
fn direction(c: char) -> Option<bool> {
    match bidi_class(c) {
        BidiClass::L => Some(false),
        BidiClass::R | BidiClass::AL => Some(true),
        _ => None,
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
        let ids =
            |text: &str| fonts.line(text, Weight::Regular).glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>();
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
        let (fonts, style) = (Fonts::with(&[])?, Style::regular(10.0));
        assert_eq!(fonts.fit("Ferris", style, 100.0), "Ferris");
        let cut = fonts.fit(&"e\u{301}".repeat(100), style, 100.0);
        assert!(cut.ends_with("e\u{301}…") && cut.chars().count() > 20, "{cut}");
        assert_eq!(fonts.fit("Ferris", style, 1.0), "");
        Ok(())
    }

    /// Whether the ellipsis of a name that is cut is drawn to the left of all its right-to-left letters.
    fn ellipsis_is_left(fonts: &Fonts<'_>, name: &str) -> bool {
        let cut = fonts.fit(name, Style::regular(10.0), 60.0);
        assert!(cut.contains('…') && cut.chars().count() > 5, "{name}: {cut}");
        let bidi = BidiInfo::new(&cut, Some(Level::ltr()));
        let seen = bidi.reorder_line(&bidi.paragraphs[0], 0..cut.len());
        let letter = seen.chars().position(|c| c.is_alphabetic() && direction(c) == Some(true)).unwrap();
        seen.chars().position(|c| c == '…').unwrap() < letter
    }

    #[test]
    fn a_right_to_left_name_that_is_cut_has_its_ellipsis_on_the_left() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        let names = [
            "אבגדהוזחטיכלמנסעפצקרשת",
            "الحروف العربية الطويلة جدا",
            "אבג 123456789 דהוזחטיכלמנ",
            "שלום!!! עולם גדול מאוד מאוד",
            // A name that begins from left to right.
            "Ab אבגדהוזחטיכלמנסעפצקרשת",
        ];
        for name in names {
            assert!(ellipsis_is_left(&fonts, name), "{name}");
        }
        let cut = fonts.fit("Ferris the crab of Rust", Style::regular(10.0), 60.0);
        assert!(cut.ends_with('…'), "{cut:?}");
        Ok(())
    }

    #[test]
    fn punctuation_of_a_right_to_left_name_is_where_its_script_puts_it() -> Result<(), Error> {
        let fonts = Fonts::with(&[])?;
        let ids =
            |text: &str| fonts.line(text, Weight::Regular).glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>();
        let whole = fonts.fit("אב!", Style::regular(10.0), 100.0);
        let seen: Vec<GlyphId> = ids(&whole).into_iter().filter(|id| ids("אב!").contains(id)).collect();
        assert_eq!(seen, [ids("!"), ids("ב"), ids("א")].concat());
        assert_eq!(fonts.fit("אב גד", Style::regular(10.0), 100.0), "אב גד");
        Ok(())
    }

    proptest! {
        #[test]
        fn text_that_is_cut_fits(name in any::<String>(), size in 8.0..40.0_f64, width in 0.0..400.0_f64) {
            let fonts = Fonts::with(&[])?;
            for style in [Style::regular(size), Style::semi_bold(size)] {
                let cut = fonts.fit(&clean(&name), style, width);
                prop_assert!(fonts.measure(&cut, style) <= width);
            }
        }
    }
}
