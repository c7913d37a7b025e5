//! Helpers that the measurements share.

mod bare;
mod community;
mod file;
mod irc;
mod kinds;
pub mod questions;
pub mod timing;

pub use self::{
    bare::{BareRow, connect_to_write, insert_rows},
    community::community,
    file::{File, PRAGMAS, connect, single_and_double},
    irc::{EVENTS, irc, recorded_bots},
    kinds::irc_with_kinds,
};

/// The error of a measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Adds a message to a file of Mocha or of the original.
pub const INSERT_MESSAGE: &str =
    "INSERT OR IGNORE INTO message_events (id, guild_id, channel_id, user_id, message_type, has_attachment, has_embed,
         character_count, word_count, created_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// Returns `true` if a measurement runs only once, with small sizes, as a test. With `cargo bench` it measures.
#[must_use]
pub fn is_test() -> bool {
    let mut args = std::env::args();
    !args.any(|arg| arg == "--bench") || std::env::args().any(|arg| arg == "--test")
}

/// Returns the median, or `None` if there are no values.
///
/// # Examples
///
/// ```
/// assert_eq!(mocha_benches::median(vec![5, 1, 3]), Some(3));
/// assert_eq!(mocha_benches::median(Vec::<u8>::new()), None);
/// ```
#[must_use]
pub fn median<T: Copy + Ord>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
