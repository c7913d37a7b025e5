//! Names of users, channels and threads.

use chrono::{DateTime, Utc};

pub(crate) const TEXT_CHANNELS: [&str; 12] = [
    "general",
    "off-topic",
    "help",
    "memes",
    "gaming",
    "music",
    "showcase",
    "pictures",
    "programming",
    "books",
    "food",
    "introductions",
];
pub(crate) const VOICE_CHANNELS: [&str; 6] = ["Lounge", "Gaming", "Music", "Study", "Quiet", "Stage"];
pub(crate) const BOTS: [&str; 4] = ["dice-bot", "music-bot", "mod-bot", "quiz-bot"];
pub(crate) const TOPICS: [&str; 8] =
    ["weekend plans", "bug hunt", "patch notes", "film night", "setup", "recipe", "tournament", "ideas"];
pub(crate) const ACTIVITIES: [(u8, &str); 6] =
    [(0, "Factorio"), (0, "Minecraft"), (0, "Chess"), (2, "Spotify"), (1, "Live coding"), (3, "A film")];

/// Returns the name of a channel. Channels after the known names are numbered.
pub(crate) fn channel(names: &[&str], index: usize) -> String {
    names.get(index).map_or_else(|| format!("room-{}", index + 1), ToString::to_string)
}

/// Returns the name of the user with this number. All names differ.
pub(crate) fn user(number: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "chi", "do", "el", "fa", "go", "ha", "is", "jo", "ka", "li", "mo", "na", "ri", "su", "ti"];
    // An odd factor permutes the 4,096 names of three syllables.
    let scattered = number.wrapping_mul(2_731) % 4_096;
    let syllable = |place: u32| usize::try_from((scattered >> (4 * place)) % 16).ok().and_then(|at| SYLLABLES.get(at));
    let name: String = [syllable(0), syllable(1), syllable(2)].into_iter().flatten().copied().collect();
    match number / 4_096 {
        0 => name,
        round => format!("{name}{round}"),
    }
}

/// Picks the name of a thread.
pub(crate) fn thread(topic: &str, at: DateTime<Utc>) -> String {
    format!("{topic} {}", at.format("%d %b"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_users_share_a_name() {
        let names: BTreeSet<_> = (0..10_000).map(user).collect();
        assert_eq!(names.len(), 10_000);
    }
}
