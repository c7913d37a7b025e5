//! The history of channels.

use mocha_schema::{ChannelHistory, MessageId};

use super::Outcome;
use crate::{Error, backend::Tables, event::HistoryRead};

pub(super) fn read(tables: &mut impl Tables, event: &HistoryRead) -> Result<Outcome, Error> {
    let HistoryRead { at: _, before, channel_id, from, guild_id } = *event;
    let number = |id: MessageId| i64::try_from(id.get()).unwrap_or(i64::MAX);
    let (before_id, from_id) = (number(before), from.map_or(0, number));
    tables.put_history(&ChannelHistory { guild_id, channel_id, before_id, from_id })?;
    Ok(Outcome::Written)
}
