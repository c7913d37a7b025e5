//! Members who are seen: `members` holds who is a member now.

use diesel::prelude::*;
use mocha_schema::{Member, MemberChange, NewMember, member_id, schema::members};

use super::{Outcome, State, joined};
use crate::{event::MemberSeen, voice::Person};

pub(super) fn seen(conn: &mut SqliteConnection, state: &mut State, event: &MemberSeen) -> QueryResult<Outcome> {
    let MemberSeen { at, guild_id, joined_at, nickname, premium_since, user_id } = event;
    let person = Person { guild_id: *guild_id, user_id: *user_id };
    let profile = (joined_at, nickname, premium_since);
    if state.members.has(&person, &profile) {
        return Ok(Outcome::Duplicate);
    }
    state.parents.guild(conn, *guild_id, *at)?;
    state.parents.user(conn, *user_id, *at)?;
    let id = member_id(*guild_id, *user_id);
    let nickname = nickname.as_deref();
    let known: Option<Member> = members::table.find(&id).select(Member::as_select()).get_result(conn).optional()?;
    // The file has whole seconds.
    let seconds = |time: &Option<chrono::DateTime<chrono::Utc>>| time.map(|time| time.timestamp());
    let written = match known {
        None if joined::left_after(conn, person, *at)? => return Ok(Outcome::Duplicate),
        None => {
            let (created_at, updated_at) = ((*at).into(), (*at).into());
            let member = NewMember {
                id: &id,
                guild_id: *guild_id,
                user_id: *user_id,
                nickname,
                joined_at: joined_at.map(Into::into),
                premium_since: premium_since.map(Into::into),
                created_at,
                updated_at,
            };
            diesel::insert_into(members::table).values(member).execute(conn)?
        }
        Some(known) if *at < known.updated_at => return Ok(Outcome::Duplicate),
        Some(known)
            if (known.nickname.as_deref(), seconds(&known.joined_at), seconds(&known.premium_since))
                == (nickname, seconds(joined_at), seconds(premium_since)) =>
        {
            0
        }
        Some(_) => diesel::update(members::table.find(&id))
            .set(MemberChange {
                nickname: Some(nickname),
                joined_at: Some(joined_at.map(Into::into)),
                premium_since: Some(premium_since.map(Into::into)),
                updated_at: Some((*at).into()),
            })
            .execute(conn)?,
    };
    state.members.put(person, &profile);
    Ok(Outcome::of(written > 0))
}
