//! Boosts of servers. A boost that goes on is in the row of the member, and one that ended has a row of its own.

use chrono::{DateTime, Utc};
use mocha_schema::NewEndedBoost;

use crate::{Error, Person, backend::Tables};

/// Records the end of a member's boost, or that it goes on.
///
/// Discord says when a boost began, and not when it ended. So it ends when the member is seen without it.
pub(super) fn changed(
    tables: &mut impl Tables,
    person: Person,
    before: Option<DateTime<Utc>>,
    now: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let second = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp());
    if second(before) == second(now) {
        return Ok(());
    }
    if let Some(started_at) = before {
        let ended_at = at.max(started_at).into();
        let Person { guild_id, user_id } = person;
        tables.put_ended_boost(&NewEndedBoost { guild_id, user_id, started_at: started_at.into(), ended_at })?;
    }
    if let Some(started_at) = now {
        tables.delete_ended_boost(person, started_at)?;
    }
    Ok(())
}
