//! Messages.

use mocha_store::{
    Event,
    event::{MessageContent, MessageEmbedded, MessageSent, UserSeen},
};
use twilight_model::{
    channel::{Message, message::MessageType},
    gateway::{
        Intents,
        payload::incoming::{MessageCreate, MessageUpdate},
    },
    user::User,
};

use crate::{
    ResourceType, convert, member,
    translate::{Context, Translate},
    user,
};

impl Translate for MessageCreate {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        #[expect(deprecated, reason = "all fields are named, so that a new one is noticed")]
        let Self {
            // The channel has events of its own, which tell more.
            channel_type: _,
            message:
                Message {
                    attachments: _, // Counted with the content.
                    author,
                    channel_id,
                    content: _, // Measured with what is attached, and not kept.
                    embeds: _,  // Counted with the content.
                    guild_id,
                    id,
                    interaction: _, // They tell whose command it answers.
                    interaction_metadata: _,
                    kind,
                    member,
                    mentions: _, // They tell whether the content is there.
                    timestamp,
                    webhook_id,
                    // What was written by others, or by the author elsewhere.
                    message_snapshots: _,
                    reference: _,
                    referenced_message: _,
                    // Whom and what it speaks of; nothing is counted by it.
                    call: _,
                    mention_channels: _,
                    mention_everyone: _,
                    mention_roles: _,
                    role_subscription_data: _,
                    // Looks, and the application's own.
                    activity: _,
                    application: _,
                    application_id: _,
                    components: _,
                    flags: _,
                    poll: _,
                    sticker_items: _,
                    tts: _,
                    // Cannot be yet when a message is new.
                    edited_timestamp: _,
                    pinned: _,
                    reactions: _,
                    thread: _,
                },
        } = self;
        // Not in a guild: a direct message, which is nobody's statistics.
        let Some(guild_id) = guild_id else { return };
        let guild_id = convert::id(*guild_id);
        let author_id = convert::id(author.id);
        let invoker = invoker(&self.message);
        let is_webhook = webhook_id.is_some();

        if context.wants(ResourceType::USER) {
            let seen = user::seen(author, context);
            // A webhook's author has its id, and Discord does not call it a bot.
            events.push(UserSeen { bot: seen.bot || is_webhook, ..seen }.into());
        }
        // The greeting may come before the GUILD_MEMBER_ADD, which is the one to tell that somebody came.
        if let Some(member) = member
            && !is_webhook
            && *kind != MessageType::UserJoin
        {
            member::push_partial(member, guild_id, author_id, context, events);
        }
        if let Some(invoker) = invoker {
            user::push(invoker, context, events);
        }
        if context.wants(ResourceType::MESSAGE) {
            let sent = MessageSent {
                at: convert::time(*timestamp),
                channel_id: convert::id(*channel_id),
                // The answer is what the app says, and what it measures is not what the person wrote.
                content: (invoker.is_none() && is_readable(&self.message, context)).then(|| measure(&self.message)),
                guild_id,
                kind: (*kind).into(),
                message_id: convert::id(*id),
                user_id: invoker.map_or(author_id, |invoker| convert::id(invoker.id)),
            };
            events.push(sent.into());
        }
    }
}

/// Discord tells of every change of a message, and also when it has fetched what a link shows.
impl Translate for MessageUpdate {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self(message) = self;
        let Some(guild_id) = message.guild_id else { return };
        // The embeds of a command's answer are the app's.
        if context.wants(ResourceType::MESSAGE) && !message.embeds.is_empty() && invoker(message).is_none() {
            let (guild_id, message_id) = (convert::id(guild_id), convert::id(message.id));
            events.push(MessageEmbedded { at: context.at, guild_id, message_id }.into());
        }
    }
}

/// Who used the command that the message answers. Discord calls the app its author. What the app says after its first answer
/// is nobody's command.
fn invoker(message: &Message) -> Option<&User> {
    if !matches!(message.kind, MessageType::ChatInputCommand | MessageType::ContextMenuCommand) {
        return None;
    }
    #[expect(deprecated, reason = "Discord sends it too, and recorded traffic may have nothing else")]
    let interaction = message.interaction.as_ref().map(|interaction| &interaction.user);
    match &message.interaction_metadata {
        Some(metadata) if metadata.original_response_message_id.is_some() => None,
        Some(metadata) => Some(&metadata.user),
        None => interaction,
    }
}

/// Whether Discord has sent the content: always with the intent, and without it of the bot's own messages and of those
/// that mention the bot.
fn is_readable(message: &Message, context: &Context) -> bool {
    let own = |id| Some(convert::id(id)) == context.current_user;
    context.intents.contains(Intents::MESSAGE_CONTENT)
        || own(message.author.id)
        || message.mentions.iter().any(|mention| own(mention.id))
}

fn measure(message: &Message) -> MessageContent {
    // Far above the 4,000 that Discord lets anybody write; the store refuses what cannot be.
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    MessageContent {
        characters: count(message.content.chars().count()),
        has_attachment: !message.attachments.is_empty(),
        has_embed: !message.embeds.is_empty(),
        words: count(message.content.split_whitespace().count()),
    }
}

#[cfg(test)]
mod tests {
    use mocha_store::{
        Event,
        event::{MessageContent, MessageEmbedded, MessageSent},
    };
    use serde_json::json;
    use twilight_model::gateway::Intents;

    use crate::{ResourceType, frames, translate::translate};

    /// The last of the events, which is the message.
    fn message(events: &[Event]) -> Result<MessageSent, Box<dyn std::error::Error>> {
        let Some(Event::MessageSent(message)) = events.last() else { return Err(format!("{events:?}").into()) };
        Ok(*message)
    }

    #[test]
    fn author_and_member_come_before_the_message() -> frames::TestResult {
        let events = frames::translate("message_create")?;
        let [Event::UserSeen(user), Event::MemberSeen(member), Event::MessageSent(message)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), user.bot, user.at), (frames::ANNA, false, frames::arrival()));
        assert_eq!((member.user_id.get(), member.nickname.as_deref()), (frames::ANNA, Some("Ann")));
        assert_eq!(member.joined_at, Some("2026-11-20T08:30:00.123Z".parse()?));
        let expected = MessageSent {
            at: "2026-11-22T09:59:59.5Z".parse()?,
            channel_id: frames::TEXT.try_into()?,
            // "Grüß dich,\n  Welt 🦀" and a picture.
            content: Some(MessageContent { characters: 19, has_attachment: true, has_embed: false, words: 4 }),
            guild_id: frames::GUILD.try_into()?,
            kind: 19,
            message_id: 1_441_000_000_000_000_000.try_into()?,
            user_id: frames::ANNA.try_into()?,
        };
        assert_eq!(*message, expected);
        Ok(())
    }

    #[test]
    fn without_the_intent_content_is_unknown_but_for_own_messages_and_mentions() -> frames::TestResult {
        let mut context = frames::context();
        context.intents = Intents::GUILDS | Intents::GUILD_MESSAGES;
        let known = |frame: &str, context| -> Result<bool, Box<dyn std::error::Error>> {
            Ok(message(&frames::translate_with(frame, context)?)?.content.is_some())
        };
        assert!(!known("message_create", context)?);
        assert!(known("message_own", context)?);
        assert!(known("message_mention", context)?);
        context.current_user = None;
        assert!(!known("message_own", context)?);
        assert!(!known("message_mention", context)?);
        Ok(())
    }

    #[test]
    fn a_webhook_is_a_bot_and_no_member() -> frames::TestResult {
        // With a member, which Discord does not send: nobody is one under a webhook's id.
        let event = frames::parse_changed("message_create", |frame| {
            frame["d"]["webhook_id"] = frame["d"]["author"]["id"].clone();
        })?;
        let events = translate(&event, &frames::context());
        assert!(matches!(events.as_slice(), [Event::UserSeen(_), Event::MessageSent(_)]), "{events:?}");

        let events = frames::translate("message_webhook")?;
        let [Event::UserSeen(user), Event::MessageSent(message)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert!(user.bot);
        assert_eq!(user.user_id, message.user_id);
        assert_eq!(message.content.map(|content| content.has_embed), Some(true));
        Ok(())
    }

    /// The answer of an app, with whatever tells of the command.
    fn answer(kind: u8, more: &[(&str, serde_json::Value)]) -> Result<Vec<Event>, Box<dyn std::error::Error>> {
        let event = frames::parse_changed("message_webhook", |frame| {
            frame["d"]["type"] = kind.into();
            for (field, value) in more {
                frame["d"][field] = value.clone();
            }
        })?;
        Ok(translate(&event, &frames::context()))
    }

    #[test]
    fn a_command_is_the_message_of_the_person_who_used_it() -> frames::TestResult {
        let anna = json!({ "id": frames::ANNA.to_string(), "username": "anna", "discriminator": "0", "avatar": null });
        let metadata = json!({ "id": "5", "type": 2, "user": anna.clone(), "authorizing_integration_owners": {} });
        let mut follow_up = metadata.clone();
        follow_up["original_response_message_id"] = "6".into();
        let old = json!({ "id": "5", "type": 2, "name": "roll", "user": anna });
        let [metadata, follow_up] = [metadata, follow_up].map(|metadata| ("interaction_metadata", metadata));
        let old = ("interaction", old);
        for kind in [20, 23] {
            for tells in [vec![metadata.clone()], vec![old.clone()], vec![metadata.clone(), old.clone()]] {
                let events = answer(kind, &tells)?;
                let [Event::UserSeen(app), Event::UserSeen(anna), Event::MessageSent(sent)] = events.as_slice() else {
                    return Err(format!("{events:?}").into());
                };
                assert_eq!((app.bot, anna.bot, anna.name.as_str()), (true, false, "anna"));
                assert_eq!((sent.user_id.get(), sent.kind, sent.content), (frames::ANNA, kind, None));
            }
            for tells in [Vec::new(), vec![follow_up.clone()], vec![follow_up.clone(), old.clone()]] {
                let events = answer(kind, &tells)?;
                assert_ne!(message(&events)?.user_id.get(), frames::ANNA, "{kind} {tells:?}");
                assert!(message(&events)?.content.is_some());
            }
        }
        // The answer to a button is no command.
        assert_ne!(message(&answer(0, &[metadata])?)?.user_id.get(), frames::ANNA);
        Ok(())
    }

    #[test]
    fn an_update_tells_only_of_embeds() -> frames::TestResult {
        let (guild_id, message_id) = (frames::GUILD.try_into()?, 1_441_000_000_000_000_000.try_into()?);
        let embedded = Event::MessageEmbedded(MessageEmbedded { at: frames::arrival(), guild_id, message_id });
        assert_eq!(frames::translate("message_update")?, [embedded]);
        assert_eq!(frames::translate("message_update_plain")?, []);
        let context = frames::context().without(ResourceType::MESSAGE);
        assert_eq!(frames::translate_with("message_update", context)?, []);
        let direct = frames::parse_changed("message_update", |frame| frame["d"]["guild_id"] = json!(null))?;
        assert_eq!(translate(&direct, &frames::context()), []);
        Ok(())
    }

    #[test]
    fn the_greeting_of_somebody_who_joins_does_not_make_a_member() -> frames::TestResult {
        let events = frames::translate("message_user_join")?;
        let [Event::UserSeen(_), Event::MessageSent(message)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!(message.kind, 7);
        Ok(())
    }

    #[test]
    fn direct_messages_are_not_recorded() -> frames::TestResult {
        assert_eq!(frames::translate("message_direct")?, []);
        Ok(())
    }

    #[test]
    fn each_part_can_be_left_out() -> frames::TestResult {
        for (resource, left) in
            [(ResourceType::USER, 2), (ResourceType::MEMBER, 2), (ResourceType::MESSAGE, 2), (ResourceType::all(), 0)]
        {
            let events = frames::translate_with("message_create", frames::context().without(resource))?;
            assert_eq!(events.len(), left, "{resource:?}: {events:?}");
        }
        Ok(())
    }

    #[test]
    fn every_type_of_message_keeps_its_number() -> frames::TestResult {
        for kind in 0..=u8::MAX {
            let event = frames::parse_changed("message_create", |frame| frame["d"]["type"] = kind.into())?;
            assert_eq!(message(&translate(&event, &frames::context()))?.kind, kind);
        }
        Ok(())
    }
}
