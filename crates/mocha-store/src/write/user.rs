//! Users.

use diesel::prelude::*;
use mocha_schema::{NewUser, User, UserChange, schema::users};

use super::{Outcome, State};
use crate::event::UserSeen;

pub(super) fn seen(conn: &mut SqliteConnection, state: &mut State, event: &UserSeen) -> QueryResult<Outcome> {
    let UserSeen { at, avatar, bot, discriminator, name, user_id } = event;
    let profile = (name, discriminator, avatar, bot);
    if state.users.has(user_id, &profile) {
        return Ok(Outcome::Duplicate);
    }
    let (username, discriminator, avatar) = (Some(name.as_str()), discriminator.as_deref(), avatar.as_deref());
    let known: Option<User> = users::table.find(user_id).select(User::as_select()).get_result(conn).optional()?;
    let written = match known {
        None => {
            let (created_at, updated_at) = ((*at).into(), (*at).into());
            let user =
                NewUser { id: *user_id, username, discriminator, avatar, bot: Some(*bot), created_at, updated_at };
            diesel::insert_into(users::table).values(user).execute(conn)?
        }
        // An older event than the row knows, as in a replay; but a stub has yet to learn anything.
        Some(known) if *at < known.updated_at && known.username.is_some() => return Ok(Outcome::Duplicate),
        Some(known)
            if (known.username.as_deref(), known.discriminator.as_deref(), known.avatar.as_deref(), known.bot)
                == (username, discriminator, avatar, Some(*bot)) =>
        {
            0
        }
        Some(known) => diesel::update(users::table.find(user_id))
            .set(UserChange {
                username: Some(username),
                discriminator: Some(discriminator),
                avatar: Some(avatar),
                bot: Some(Some(*bot)),
                updated_at: Some((*at).max(known.updated_at).into()),
            })
            .execute(conn)?,
    };
    state.users.put(*user_id, &profile);
    Ok(Outcome::of(written > 0))
}
