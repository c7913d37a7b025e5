//! A connection to the gateway that began anew.

use mocha_store::{Event, event::ShardReady};
use twilight_model::gateway::{ShardId, payload::incoming::Ready};

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
        user::push_current(user, context, events);
        events.push(ShardReady { at: context.at, shard_count: shard.total(), shard_id: shard.number() }.into());
    }
}

#[cfg(test)]
mod tests {
    use mocha_store::{Event, event::ShardReady};

    use crate::{ResourceType, frames};

    #[test]
    fn a_new_connection_tells_the_bot_and_the_shard() -> frames::TestResult {
        let events = frames::translate("ready")?;
        let [Event::UserSeen(user), Event::ShardReady(shard)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), user.bot), (frames::BOT, true));
        assert_eq!(*shard, ShardReady { at: frames::arrival(), shard_count: 4, shard_id: 2 });
        Ok(())
    }

    #[test]
    fn a_bot_without_shards_is_the_first_of_one() -> frames::TestResult {
        let context = frames::context().without(ResourceType::all());
        let shard = ShardReady { at: frames::arrival(), shard_count: 1, shard_id: 0 };
        assert_eq!(frames::translate_with("ready_without_shard", context)?, [Event::ShardReady(shard)]);
        Ok(())
    }
}
