//! Makes names safe to draw.

use unicode_bidi::{BidiClass, bidi_class};
use unicode_segmentation::UnicodeSegmentation as _;

/// More than any picture has room for. It bounds the work for a name.
const MAX_GRAPHEMES: usize = 200;

/// No living script puts more marks on a letter. Names with more of them are made to overflow the line.
const MAX_MARKS: usize = 3;

/// More characters than the longest emoji has.
const MAX_CHARS: usize = 12;

/// Returns text as one line that can be drawn and that XML allows.
///
/// Control characters and noncharacters become U+FFFD, and white space becomes a space. Marks that change the direction of text
/// are removed, and so are excess marks on a letter. Mathematical letters become plain ones.
pub(crate) fn clean(text: &str) -> String {
    // A grapheme may be as long as the text.
    let text: String = text.chars().take(MAX_GRAPHEMES * MAX_CHARS).filter_map(replaced).collect();
    let mut line = String::with_capacity(text.len());
    for grapheme in text.trim().graphemes(true).take(MAX_GRAPHEMES) {
        let mut marks = 0;
        let kept = grapheme.chars().filter(|c| {
            marks += usize::from(bidi_class(*c) == BidiClass::NSM);
            marks <= MAX_MARKS || bidi_class(*c) != BidiClass::NSM
        });
        line.extend(kept.take(MAX_CHARS));
    }
    line
}

fn replaced(c: char) -> Option<char> {
    use BidiClass::{FSI, LRE, LRI, LRO, PDF, PDI, RLE, RLI, RLO};
    let nonchar = u32::from(c) & 0xFFFE == 0xFFFE || ('\u{FDD0}'..='\u{FDEF}').contains(&c);
    match bidi_class(c) {
        _ if c.is_whitespace() => Some(' '),
        LRE | LRO | RLE | RLO | PDF | LRI | RLI | FSI | PDI => None,
        _ if c.is_control() || nonchar => Some('\u{FFFD}'),
        _ => Some(plain(c)),
    }
}

/// Returns the plain form of a mathematical letter or digit. People decorate their names with them, and few fonts have them.
fn plain(c: char) -> char {
    let nth = |first: u8, number: u32| u8::try_from(number).ok().map(|number| char::from(first + number));
    let letter = match u32::from(c) {
        code @ 0x1D400..=0x1D6A3 => match (code - 0x1D400) % 52 {
            number @ ..26 => nth(b'A', number),
            number => nth(b'a', number - 26),
        },
        code @ 0x1D7CE..=0x1D7FF => nth(b'0', (code - 0x1D7CE) % 10),
        _ => None,
    };
    letter.unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_becomes_one_safe_line() {
        let cases = [
            ("Ferris", "Ferris"),
            ("  two\n\tlines\u{2028}", "two  lines"),
            ("bell\u{7}, nul\0", "bell\u{FFFD}, nul\u{FFFD}"),
            ("\u{202E}drac\u{202C} \u{2066}x\u{2069}", "drac x"),
            ("z\u{301}\u{302}\u{303}\u{304}\u{305}a", "z\u{301}\u{302}\u{303}a"),
            ("\u{FFFE}", "\u{FFFD}"),
            ("𝓕𝓪𝓷𝓬𝔂 𝟙𝟚𝟡 𝚣", "Fancy 129 z"),
            // A family of four is one emoji.
            ("👩🏽‍👩🏽‍👧🏽‍👦🏽", "👩🏽‍👩🏽‍👧🏽‍👦🏽"),
        ];
        for (name, line) in cases {
            assert_eq!(clean(name), line, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_cleaned_line_is_short_and_cleaning_it_again_changes_nothing(name in any::<String>()) {
            let line = clean(&name);
            prop_assert!(line.graphemes(true).count() <= MAX_GRAPHEMES);
            prop_assert_eq!(clean(&line), line.clone());
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
