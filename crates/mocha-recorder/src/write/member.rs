//! Members who are seen. The table `members` has the current members.

use mocha_schema::{MemberChange, NewMember, member_id};

use super::{Outcome, State, member_log};
use crate::{Error, Person, backend::Tables, event::MemberSeen};

pub(super) fn seen(tables: &mut impl Tables, state: &mut State, event: &MemberSeen) -> Result<Outcome, Error> {
    let MemberSeen { at, guild_id, joined_at, nickname, premium_since, user_id } = event;
    let person = Person { guild_id: *guild_id, user_id: *user_id };
    let profile = (joined_at, nickname, premium_since);
    if state.members.has(&person, &profile) {
        return Ok(Outcome::Duplicate);
    }
    state.parents.guild(tables, *guild_id, *at)?;
    state.parents.user(tables, *user_id, *at)?;
    let nickname = nickname.as_deref();
    // Rows have whole seconds.
    let seconds = |time: &Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.timestamp());
    let outcome = match tables.member(person)? {
        None if member_log::left_after(tables, person, *at)? => return Ok(Outcome::Duplicate),
        None => {
            let (created_at, updated_at) = ((*at).into(), (*at).into());
            tables.insert_member(&NewMember {
                id: &member_id(*guild_id, *user_id),
                guild_id: *guild_id,
                user_id: *user_id,
                nickname,
                joined_at: joined_at.map(Into::into),
                premium_since: premium_since.map(Into::into),
                created_at,
                updated_at,
            })?;
            Outcome::Written
        }
        Some(known) if *at < known.updated_at => return Ok(Outcome::Duplicate),
        Some(known)
            if (known.nickname.as_deref(), seconds(&known.joined_at), seconds(&known.premium_since))
                == (nickname, seconds(joined_at), seconds(premium_since)) =>
        {
            Outcome::Duplicate
        }
        Some(_) => {
            let change = MemberChange {
                nickname: Some(nickname),
                joined_at: Some(joined_at.map(Into::into)),
                premium_since: Some(premium_since.map(Into::into)),
                updated_at: Some((*at).into()),
            };
            tables.update_member(person, &change)?;
            Outcome::Written
        }
    };
    state.members.put(person, &profile);
    Ok(outcome)
}
