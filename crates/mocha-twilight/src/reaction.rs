//! Reactions to messages.

use mocha_adapter::{Reaction, Translation};
use mocha_schema::Emoji;
use twilight_model::{
    channel::message::EmojiReactionType,
    gateway::{
        GatewayReaction,
        payload::incoming::{ReactionAdd, ReactionRemove, ReactionRemoveAll, ReactionRemoveEmoji},
    },
};

use crate::{convert, member, translate::Translate};

impl Translate for ReactionAdd {
    fn translate(&self, out: &mut Translation) {
        let Self(GatewayReaction {
            channel_id,
            emoji: seen,
            guild_id,
            member: reacting,
            message_author_id,
            message_id,
            user_id,
            // A super reaction counts as any other.
            burst: _,
            burst_colors: _,
        }) = self;
        // Reactions in direct messages are not recorded.
        let Some(guild_id) = guild_id else { return };
        out.reaction_added(&Reaction {
            author_id: message_author_id.map(convert::id),
            channel_id: convert::id(*channel_id),
            emoji: emoji(seen),
            guild_id: convert::id(*guild_id),
            member: reacting.as_ref().map(member::member),
            message_id: convert::id(*message_id),
            user_id: convert::id(*user_id),
        });
    }
}

impl Translate for ReactionRemove {
    fn translate(&self, out: &mut Translation) {
        let Self(reaction) = self;
        let Some(guild_id) = reaction.guild_id else { return };
        let (message_id, user_id) = (convert::id(reaction.message_id), convert::id(reaction.user_id));
        out.reaction_removed(convert::id(guild_id), message_id, user_id, &emoji(&reaction.emoji));
    }
}

impl Translate for ReactionRemoveAll {
    fn translate(&self, out: &mut Translation) {
        // The message names its channel.
        let Self { channel_id: _, guild_id, message_id } = self;
        let Some(guild_id) = guild_id else { return };
        out.reactions_cleared(convert::id(*guild_id), convert::id(*message_id), None);
    }
}

impl Translate for ReactionRemoveEmoji {
    fn translate(&self, out: &mut Translation) {
        // The message names its channel.
        let Self { channel_id: _, emoji: removed, guild_id, message_id } = self;
        out.reactions_cleared(convert::id(*guild_id), convert::id(*message_id), Some(&emoji(removed)));
    }
}

fn emoji(emoji: &EmojiReactionType) -> Emoji {
    match emoji {
        EmojiReactionType::Custom { animated: _, id, name } => {
            Emoji::Custom { id: convert::id(*id), name: name.clone() }
        }
        EmojiReactionType::Unicode { name } => Emoji::Unicode(name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{
        Event,
        event::{ReactionAdded, ReactionRemoved, ReactionsCleared},
    };
    use mocha_schema::Emoji;
    use serde_json::json;

    use crate::{ResourceType, frames, translate::translate};

    fn events(frame: &str) -> Result<Vec<Event>, Box<dyn std::error::Error>> {
        frames::translate_with(frame, frames::context().with(ResourceType::REACTION))
    }

    fn party() -> Result<Emoji, Box<dyn std::error::Error>> {
        Ok(Emoji::Custom { id: 77_000_000_000_000_001.try_into()?, name: Some("party".to_owned()) })
    }

    #[test]
    fn a_reaction_is_recorded_with_its_user_and_the_author_of_the_message() -> frames::TestResult {
        let events = events("reaction_add")?;
        let [Event::UserSeen(user), Event::MemberSeen(member), Event::ReactionAdded(reaction)] = events.as_slice()
        else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), user.bot, member.user_id.get()), (frames::ANNA, false, frames::ANNA));
        let expected = ReactionAdded {
            at: frames::arrival(),
            author_id: Some(frames::BERT.try_into()?),
            channel_id: frames::TEXT.try_into()?,
            emoji: party()?,
            guild_id: frames::GUILD.try_into()?,
            message_id: 1_441_000_000_000_000_000.try_into()?,
            user_id: frames::ANNA.try_into()?,
        };
        assert_eq!(*reaction, expected);
        Ok(())
    }

    #[test]
    fn removals_are_recorded() -> frames::TestResult {
        let (at, guild_id) = (frames::arrival(), frames::GUILD.try_into()?);
        let (message_id, user_id) = (1_441_000_000_000_000_000.try_into()?, frames::ANNA.try_into()?);
        let emoji = Emoji::Unicode("\u{1f44d}".to_owned());
        let removed = ReactionRemoved { at, emoji, guild_id, message_id, user_id };
        assert_eq!(events("reaction_remove")?, [Event::from(removed)]);
        let cleared = ReactionsCleared { at, emoji: None, guild_id, message_id };
        assert_eq!(events("reaction_remove_all")?, [Event::from(cleared.clone())]);
        // Discord does not name an emoji that was deleted.
        let Emoji::Custom { id, .. } = party()? else { return Err("a custom emoji".into()) };
        let emoji = Some(Emoji::Custom { id, name: None });
        assert_eq!(events("reaction_remove_emoji")?, [Event::from(ReactionsCleared { emoji, ..cleared })]);
        Ok(())
    }

    #[test]
    fn reactions_are_recorded_only_in_guilds_and_if_the_bot_asks() -> frames::TestResult {
        for frame in ["reaction_add", "reaction_remove", "reaction_remove_all", "reaction_remove_emoji"] {
            assert_eq!(frames::translate(frame)?, [], "{frame}");
            if frame != "reaction_remove_emoji" {
                let direct = frames::parse_changed(frame, |frame| frame["d"]["guild_id"] = json!(null))?;
                let all = frames::context().with(ResourceType::all());
                assert_eq!(translate(&direct, &all), [], "{frame}");
            }
        }
        Ok(())
    }
}
