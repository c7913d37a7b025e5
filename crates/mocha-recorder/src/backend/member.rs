//! The operations on `members` and `member_events`.

use std::ops::Range;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, Member, MemberChange, MemberEventType, NewMember, NewMemberEvent, UserId};

use crate::{Error, Person};

/// Looks up and changes current members, and adds to the log of joins and leaves.
pub trait MemberTable {
    /// Returns the row of a current member.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn member(&mut self, person: Person) -> Result<Option<Member>, Error>;

    /// Returns all current members of a guild, in the order of the column `user_id`.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn members(&mut self, guild_id: GuildId) -> Result<Vec<ListedMember>, Error>;

    /// Adds a current member. The guild and the user have rows, and the recorder found none for the member.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_member(&mut self, member: &NewMember<'_>) -> Result<(), Error>;

    /// Changes the row of a current member.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn update_member(&mut self, person: Person, change: &MemberChange<'_>) -> Result<(), Error>;

    /// Deletes the row of a former member, and the roles.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_member(&mut self, person: Person) -> Result<(), Error>;

    /// Returns the time of the user's last join or leave of this kind in the half-open range, in unix milliseconds.
    ///
    /// The entry's id contains the time. [`member_event_id`] makes ids, which are ordered by time, and [`member_event_ms`] reads
    /// the time from them. Entries with other ids, which older programs made, do not count.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn last_member_event(
        &mut self,
        kind: MemberEventType,
        person: Person,
        range_ms: Range<i64>,
    ) -> Result<Option<i64>, Error>;

    /// Adds a join or a leave to the log. The guild and the user have rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_member_event(&mut self, event: &NewMemberEvent<'_>) -> Result<(), Error>;
}

/// A stored member, which the recorder compares with a list of members.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListedMember {
    /// The user.
    pub user_id: UserId,
    /// When the membership began.
    pub joined_at: Option<DateTime<Utc>>,
    /// When the member last changed.
    pub updated_at: DateTime<Utc>,
}

/// Returns the id of an entry in the log of joins and leaves. Inferred leaves have a suffix in addition.
///
/// Ids of one user and kind are ordered by time.
///
/// ```
/// use mocha_recorder::{Person, backend};
/// use mocha_schema::MemberEventType;
///
/// let person = Person { guild_id: 10.try_into()?, user_id: 40.try_into()? };
/// let id = backend::member_event_id(MemberEventType::Join, person, 1_700_000_000_123);
/// assert_eq!(id, "join:10:40:0000001700000000123");
/// assert_eq!(backend::member_event_ms(&id), Some(1_700_000_000_123));
/// # Ok::<(), mocha_schema::IdError>(())
/// ```
#[must_use]
pub fn member_event_id(kind: MemberEventType, Person { guild_id, user_id }: Person, at_ms: i64) -> String {
    format!("{kind}:{guild_id}:{user_id}:{at_ms:019}")
}

/// Returns the instant in the id of an entry in the log of joins and leaves, in unix milliseconds.
#[must_use]
pub fn member_event_ms(id: &str) -> Option<i64> {
    id.split(':').nth(3)?.parse().ok()
}
