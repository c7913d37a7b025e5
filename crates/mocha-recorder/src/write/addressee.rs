//! The users whom messages address.

use mocha_schema::NewMessageAddressee;

use super::{Outcome, State, parent};
use crate::{Error, backend::Tables, event::MessageAddressed};

pub(super) fn addressed(
    tables: &mut impl Tables,
    state: &mut State,
    event: &MessageAddressed,
) -> Result<Outcome, Error> {
    let MessageAddressed { at, channel_id, guild_id, mentions: _, message_id, reply: _, user_id } = *event;
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    state.parents.channel(tables, channel_id, guild_id, parent::TEXT, at)?;
    let mut is_new = false;
    for (addressee_id, replied_message_id) in event.addressees() {
        let created_at = at.into();
        is_new |= tables.insert_addressee(&NewMessageAddressee {
            guild_id,
            message_id,
            addressee_id,
            user_id,
            channel_id,
            replied_message_id,
            created_at,
        })?;
    }
    Ok(Outcome::of(is_new))
}
