//! Texts with a number of characters and words.

/// The letters of the words: plain ones, some of several bytes, and some that JSON escapes.
const LETTERS: [char; 6] = ['x', 'ü', '字', '"', '\\', '😀'];
const SPACES: [char; 3] = [' ', '\n', '\t'];

/// Returns a text with this many characters and words. `number` chooses the letters.
///
/// All words but the last have one letter. A long last word begins with `@`, as a mention does that the exporter replaced by a
/// name.
pub(crate) fn text(number: u64, characters: u32, words: u32) -> String {
    let choose = |from: &[char]| {
        let index = number % u64::try_from(from.len()).unwrap_or(1);
        from.get(usize::try_from(index).unwrap_or(0)).copied().unwrap_or('x')
    };
    let (letter, space) = (choose(&LETTERS), choose(&SPACES));
    let mut text = String::new();
    for _ in 1..words {
        text.extend([letter, space]);
    }
    let left = characters.saturating_sub(2 * words.saturating_sub(1));
    match (words, left) {
        (0, _) => text.extend((0..left).map(|_| space)),
        (_, 0..4) => text.extend((0..left).map(|_| letter)),
        _ => text.extend(std::iter::once('@').chain((1..left).map(|_| letter))),
    }
    text
}
