//! Memberships: from a join to what ended it.

use std::{collections::HashMap, ops::Range};

use mocha_schema::{GuildId, UserId};

use super::log::{Entry, entries};
use crate::{Bots, Error, database::Source};

/// The days after which somebody who joined counts as having stayed, in seconds.
pub(super) const WEEK: i64 = 7 * 86_400;

/// A membership, according to the log of some time. A user who comes back has another one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Membership {
    pub(super) user_id: UserId,
    /// The second of its join; `None` if that is not in the log.
    pub(super) joined: Option<i64>,
    /// The second of its end; `None` while it goes on.
    pub(super) ended: Option<i64>,
    /// Whether its end was seen: a join that follows a join ends the former one too, at the latest
    /// then.
    pub(super) left: bool,
}

impl Membership {
    /// How many seconds it lasted; `None` while it goes on, or if nobody knows.
    pub(super) fn seconds(self) -> Option<i64> {
        Some(self.ended?.saturating_sub(self.joined?))
    }

    /// The second after its first week, or of its end if that is earlier.
    pub(super) fn first_week_ends(self, joined: i64) -> i64 {
        let week = joined.saturating_add(WEEK);
        self.ended.map_or(week, |ended| ended.min(week))
    }
}

/// The memberships that the log of these seconds tells of, in no order.
pub(super) fn memberships(
    conn: &mut dyn Source,
    guild: GuildId,
    bots: Bots,
    seconds: Range<i64>,
) -> Result<Vec<Membership>, Error> {
    let (mut ended, mut open) = (Vec::new(), HashMap::<UserId, i64>::new());
    entries(conn, guild, seconds, |Entry { user_id, bot, joined, second, .. }| {
        if !bots.counts(bot) {
            return;
        }
        // A leave without a join belongs to a member from before the log, or to a join that was not recorded.
        let began = if joined { open.insert(user_id, second) } else { open.remove(&user_id) };
        if began.is_some() || !joined {
            ended.push(Membership { user_id, joined: began, ended: Some(second), left: !joined });
        }
    })?;
    let open = open.into_iter();
    ended.extend(open.map(|(user_id, joined)| Membership { user_id, joined: Some(joined), ended: None, left: false }));
    Ok(ended)
}
