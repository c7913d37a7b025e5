//! The operations on `presence_events`.

use mocha_schema::{GuildId, NewPresenceEvent, UserId};

use crate::{Error, Person};

/// Looks up and adds changes of status and activity.
pub trait PresenceTable {
    /// Returns the newest row of the user in this guild: by `created_at`, then by `id`.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn last_presence(&mut self, person: Person) -> Result<Option<LastPresence>, Error>;

    /// Returns all users with a row in the guild who are members, or whose row a recorder wrote, in any order. The ids of a
    /// recorder's rows begin with `presence:`, the guild's id and a colon.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn people_with_presence(&mut self, guild_id: GuildId) -> Result<Vec<UserId>, Error>;

    /// Adds a row. The guild and the user have rows. Returns `true` if no row had this id. The recorder looked up the user's last
    /// row before, so only that row can have the id.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_presence(&mut self, presence: &NewPresenceEvent<'_>) -> Result<bool, Error>;
}

/// The last recorded presence of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastPresence {
    /// Discord's activity type, and the activity's name.
    pub activity: Option<(i32, String)>,
    /// The time in unix milliseconds: from the id if [`presence_ms`] finds it there, otherwise from `created_at`.
    pub at_ms: i64,
    /// The status as stored. Older programs may have written a status that Discord does not have.
    pub status: Option<String>,
}

/// Returns the id of a row.
#[must_use]
pub fn presence_id(Person { guild_id, user_id }: Person, at_ms: i64) -> String {
    format!("presence:{guild_id}:{user_id}:{at_ms}")
}

/// Returns the instant in the id of a row, in unix milliseconds; `None` if an older program made the id.
///
/// ```
/// use mocha_recorder::{Person, backend};
///
/// let person = Person { guild_id: 10.try_into()?, user_id: 40.try_into()? };
/// assert_eq!(backend::presence_ms(&backend::presence_id(person, 1_700_000_000_123)), Some(1_700_000_000_123));
/// assert_eq!(backend::presence_ms("01HF7YAT00TQ1ZKBW0A2Q7Y3ZK"), None);
/// # Ok::<(), mocha_schema::IdError>(())
/// ```
#[must_use]
pub fn presence_ms(id: &str) -> Option<i64> {
    id.strip_prefix("presence:")?.rsplit(':').next()?.parse().ok()
}
