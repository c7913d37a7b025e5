//! The connection to the gateway.

use mocha_adapter::{Shard, Translation};
use mocha_recorder::event::ShardStatus;
use twilight_model::gateway::{CloseFrame, ShardId, payload::incoming::Ready};

use crate::{translate::Translate, user};

impl Translate for Ready {
    fn translate(&self, out: &mut Translation) {
        let Self {
            shard: own,
            user,
            // Mocha uses only the bot's user.
            application: _,
            // A GUILD_CREATE follows for each.
            guilds: _,
            // twilight manages the connection.
            resume_gateway_url: _,
            session_id: _,
            version: _,
        } = self;
        out.ready(own.map(shard), &user::current(user));
    }
}

/// Converts the id of a shard.
pub(crate) const fn shard(shard: ShardId) -> Shard {
    Shard { count: shard.total(), id: shard.number() }
}

/// Returns the status after a connection ended: closed if Discord sent a close frame, else lost.
pub(crate) fn closed(frame: Option<&CloseFrame<'_>>) -> ShardStatus {
    /// The code that clients report for a connection that ended without a close frame.
    const ABNORMAL: u16 = 1006;
    if frame.is_some_and(|frame| frame.code != ABNORMAL) { ShardStatus::Closed } else { ShardStatus::Lost }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{
        Event,
        event::{ShardChanged, ShardStatus},
    };
    use twilight_model::gateway::{CloseFrame, ShardId, event::Event as GatewayEvent};

    use crate::{ResourceType, frames, translate::translate};

    fn shard(shard_id: u32, shard_count: u32, status: ShardStatus) -> ShardChanged {
        ShardChanged { at: frames::arrival(), shard_count, shard_id, status }
    }

    #[test]
    fn ready_records_the_bot_and_the_shard() -> frames::TestResult {
        let events = frames::translate("ready")?;
        let [Event::ShardChanged(changed), Event::UserSeen(user)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), user.bot), (frames::BOT, true));
        assert_eq!(*changed, shard(2, 4, ShardStatus::Ready));
        Ok(())
    }

    #[test]
    fn a_bot_without_shards_has_shard_0_of_1() -> frames::TestResult {
        let context = frames::context().without(ResourceType::all());
        let ready = shard(0, 1, ShardStatus::Ready);
        assert_eq!(frames::translate_with("ready_without_shard", context)?, [Event::ShardChanged(ready)]);
        Ok(())
    }

    #[test]
    fn ends_and_resumptions_are_recorded_if_the_shard_is_known() {
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
