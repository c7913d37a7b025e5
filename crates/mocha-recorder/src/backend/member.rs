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
    /// Why it cannot be read.
    fn member(&mut self, person: Person) -> Result<Option<Member>, Error>;

    /// Returns all current members of a guild, in the order of the column `user_id`.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn members(&mut self, guild_id: GuildId) -> Result<Vec<ListedMember>, Error>;

    /// Adds a current member. The guild and the user have rows, and the recorder found none for the member.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn insert_member(&mut self, member: &NewMember<'_>) -> Result<(), Error>;

    /// Changes the row of a current member.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn update_member(&mut self, person: Person, change: &MemberChange<'_>) -> Result<(), Error>;

    /// Deletes the row of somebody who is not a member any longer.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn delete_member(&mut self, person: Person) -> Result<(), Error>;

    /// Returns the last instant of the half-open range at which the log has the person join or leave, in unix
    /// milliseconds.
    ///
    /// The instant is part of the entry's id. [`member_event_id`] makes it, its order is that of the times, and
    /// [`member_event_ms`] reads the instant. Entries with other ids, which older programs made, do not count.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
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
    /// Why it cannot be written.
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

/// Returns the id of an entry in the log of joins and leaves, without what follows it in inferred ones.
///
/// Ids of one person and kind are ordered as their times are.
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
