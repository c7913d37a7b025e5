//! Finds frames that a RESUME delivered again.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Remembers the frames of a gateway session, to find those that are delivered again.
///
/// A frame contains its sequence number, so all frames of a session have different texts. Without this check a voice join and
/// leave that are delivered again later would look like a second session.
#[derive(Debug, Default)]
pub(super) struct Deliveries(HashSet<u64>);

impl Deliveries {
    /// Returns `true` if the text is new. A new READY begins a session, whose sequence numbers start again.
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
    fn a_text_is_new_once_in_each_session() {
        let mut deliveries = Deliveries::default();
        for (text, is_ready, is_new) in [
            ("ready 1", true, true),
            ("join", false, true),
            ("leave", false, true),
            // A RESUME.
            ("join", false, false),
            ("leave", false, false),
            // All frames from the start, but not a new session.
            ("ready 1", true, false),
            ("join", false, false),
            // A new session, in which the same frames may occur again.
            ("ready 2", true, true),
            ("join", false, true),
            ("join", false, false),
        ] {
            assert_eq!(deliveries.is_new(text, is_ready), is_new, "{text}");
        }
    }
}
