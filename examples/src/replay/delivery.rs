//! Frames that a RESUME delivered again.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Tells whether a frame was delivered before on the same connection.
///
/// A frame has its sequence number in it, so that no two of one session are the same text. Somebody who joins voice and leaves
/// it, delivered again with a later time, could not be told from somebody who came back.
#[derive(Debug, Default)]
pub(super) struct Deliveries(HashSet<u64>);

impl Deliveries {
    /// Whether the text is new; a new READY begins a session, with sequence numbers that begin anew.
    pub(super) fn is_new(&mut self, text: &str, is_ready: bool) -> bool {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        if is_ready && !self.0.contains(&hash) {
            self.0.clear();
        }
        self.0.insert(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_new_once_a_session() {
        let mut deliveries = Deliveries::default();
        for (text, is_ready, is_new) in [
            ("ready 1", true, true),
            ("join", false, true),
            ("leave", false, true),
            // A RESUME.
            ("join", false, false),
            ("leave", false, false),
            // All from the start, but not a new session.
            ("ready 1", true, false),
            ("join", false, false),
            // A new one, in which the same may happen again.
            ("ready 2", true, true),
            ("join", false, true),
            ("join", false, false),
        ] {
            assert_eq!(deliveries.is_new(text, is_ready), is_new, "{text}");
        }
    }
}
