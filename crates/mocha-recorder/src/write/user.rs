//! Users.

use mocha_schema::{NewUser, NewUserName, UserChange};

use super::{Outcome, State};
use crate::{
    Error,
    backend::Tables,
    event::{GlobalName, UserSeen},
};

pub(super) fn seen(tables: &mut impl Tables, state: &mut State, event: &UserSeen) -> Result<Outcome, Error> {
    let UserSeen { at, avatar, bot, discriminator, global_name, name, user_id } = event;
    let profile = (name, discriminator, avatar, bot, global_name);
    if state.users.has(user_id, &profile) {
        return Ok(Outcome::Duplicate);
    }
    let named = put_name(tables, event)?;
    let (username, discriminator, avatar) = (Some(name.as_str()), discriminator.as_deref(), avatar.as_deref());
    let outcome = match tables.user(*user_id)? {
        None => {
            let (created_at, updated_at) = ((*at).into(), (*at).into());
            let user =
                NewUser { id: *user_id, username, discriminator, avatar, bot: Some(*bot), created_at, updated_at };
            tables.insert_user(&user)?;
            Outcome::Written
        }
        // The event is older than the row, as in a replay. A row without a name still takes its
        // values.
        Some(known) if *at < known.updated_at && known.username.is_some() => return Ok(named),
        Some(known)
            if (known.username.as_deref(), known.discriminator.as_deref(), known.avatar.as_deref(), known.bot)
                == (username, discriminator, avatar, Some(*bot)) =>
        {
            Outcome::Duplicate
        }
        Some(known) => {
            let change = UserChange {
                username: Some(username),
                discriminator: Some(discriminator),
                avatar: Some(avatar),
                bot: Some(Some(*bot)),
                updated_at: Some((*at).max(known.updated_at).into()),
            };
            tables.update_user(*user_id, &change)?;
            Outcome::Written
        }
    };
    state.users.put(*user_id, &profile);
    Ok(if outcome == Outcome::Duplicate { named } else { outcome })
}

/// Records the name for all servers, if the source knows it and no newer one is recorded.
fn put_name(tables: &mut impl Tables, event: &UserSeen) -> Result<Outcome, Error> {
    let global_name = match &event.global_name {
        GlobalName::Named(name) => Some(name.as_str()),
        GlobalName::None => None,
        GlobalName::Unknown => return Ok(Outcome::Duplicate),
    };
    match tables.user_name(event.user_id)? {
        Some(known) if event.at < known.updated_at || known.global_name.as_deref() == global_name => {
            Ok(Outcome::Duplicate)
        }
        _ => {
            tables.put_user_name(&NewUserName { id: event.user_id, global_name, updated_at: event.at.into() })?;
            Ok(Outcome::Written)
        }
    }
}
