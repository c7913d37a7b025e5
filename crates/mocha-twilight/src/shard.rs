//! The connection to the gateway.

use mocha_store::{
    Event,
    event::{ShardChanged, ShardStatus},
};
use twilight_model::gateway::{CloseFrame, ShardId, payload::incoming::Ready};

use crate::{
    translate::{Context, Translate},
    user,
};

impl Translate for Ready {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self {
            shard,
            user,
            // The bot's own user is all that is kept of it.
            application: _,
            // Each follows with a GUILD_CREATE of its own.
            guilds: _,
            // The connection is twilight's.
            resume_gateway_url: _,
            session_id: _,
            version: _,
        } = self;
        let shard = shard.unwrap_or(ShardId::ONE);
        push(shard, ShardStatus::Ready, context, events);
        user::push_current(user, context, events);
    }
}

/// A connection that broke or resumed. Only `READY` says which one it is; of the others the adapter has to know.
pub(crate) fn push_own(status: ShardStatus, context: &Context, events: &mut Vec<Event>) {
    if let Some(shard) = context.shard {
        push(shard, status, context, events);
    }
}

/// What the end of a connection says: nothing, if Discord had no part in it.
pub(crate) fn closed(frame: Option<&CloseFrame<'_>>) -> ShardStatus {
    /// What a client reports for a connection that ended without a close frame.
    const ABNORMAL: u16 = 1006;
    if frame.is_some_and(|frame| frame.code != ABNORMAL) { ShardStatus::Closed } else { ShardStatus::Lost }
}

fn push(shard: ShardId, status: ShardStatus, context: &Context, events: &mut Vec<Event>) {
    let event = ShardChanged { at: context.at, shard_count: shard.total(), shard_id: shard.number(), status };
    events.push(event.into());
}

#[cfg(test)]
mod tests {
    use mocha_store::{
        Event,
        event::{ShardChanged, ShardStatus},
    };
    use twilight_model::gateway::{CloseFrame, ShardId, event::Event as GatewayEvent};

    use crate::{ResourceType, frames, translate::translate};

    fn shard(shard_id: u32, shard_count: u32, status: ShardStatus) -> ShardChanged {
        ShardChanged { at: frames::arrival(), shard_count, shard_id, status }
    }

    #[test]
    fn a_new_connection_tells_the_bot_and_the_shard() -> frames::TestResult {
        let events = frames::translate("ready")?;
        let [Event::ShardChanged(told), Event::UserSeen(user)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), user.bot), (frames::BOT, true));
        assert_eq!(*told, shard(2, 4, ShardStatus::Ready));
        Ok(())
    }

    #[test]
    fn a_bot_without_shards_is_the_first_of_one() -> frames::TestResult {
        let context = frames::context().without(ResourceType::all());
        let ready = shard(0, 1, ShardStatus::Ready);
        assert_eq!(frames::translate_with("ready_without_shard", context)?, [Event::ShardChanged(ready)]);
        Ok(())
    }

    #[test]
    fn a_connection_breaks_and_resumes_if_it_is_known_which() {
        for (event, status) in [
            (GatewayEvent::GatewayClose(None), ShardStatus::Lost),
            (GatewayEvent::GatewayClose(Some(CloseFrame::new(1006, ""))), ShardStatus::Lost),
            (GatewayEvent::GatewayClose(Some(CloseFrame::RESUME)), ShardStatus::Closed),
            (GatewayEvent::GatewayHeartbeatAck, ShardStatus::Heard),
            (GatewayEvent::GatewayInvalidateSession(true), ShardStatus::Closed),
            (GatewayEvent::GatewayReconnect, ShardStatus::Closed),
            (GatewayEvent::Resumed, ShardStatus::Resumed),
        ] {
            let mut context = frames::context();
            context.shard = Some(ShardId::new(1, 3));
            assert_eq!(translate(&event, &context), [Event::ShardChanged(shard(1, 3, status))]);
            context.shard = None;
            assert_eq!(translate(&event, &context), []);
        }
    }
}
