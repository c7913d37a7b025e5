//! Users.

use mocha_schema::{NewUser, UserChange};

use super::{Outcome, State};
use crate::{Error, backend::Tables, event::UserSeen};

pub(super) fn seen(tables: &mut impl Tables, state: &mut State, event: &UserSeen) -> Result<Outcome, Error> {
    let UserSeen { at, avatar, bot, discriminator, name, user_id } = event;
    let profile = (name, discriminator, avatar, bot);
    if state.users.has(user_id, &profile) {
        return Ok(Outcome::Duplicate);
    }
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
        Some(known) if *at < known.updated_at && known.username.is_some() => return Ok(Outcome::Duplicate),
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
    Ok(outcome)
}
