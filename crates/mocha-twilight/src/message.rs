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
            // The channel has events of its own.
            channel_type: _,
            message:
                Message {
                    attachments: _, // Counted by `measure`.
                    author,
                    channel_id,
                    content: _, // Counted by `measure`, and not stored.
                    embeds: _,  // Counted by `measure`.
                    guild_id,
                    id,
                    interaction: _, // Used by `invoker`.
                    interaction_metadata: _,
                    kind,
                    member,
                    mentions: _, // Used by `is_readable`.
                    timestamp,
                    webhook_id,
                    // Texts of other messages.
                    message_snapshots: _,
                    reference: _,
                    referenced_message: _,
                    // Mentions, calls and subscriptions, which Mocha does not use.
                    call: _,
                    mention_channels: _,
                    mention_everyone: _,
                    mention_roles: _,
                    role_subscription_data: _,
                    // Appearance and data of the application, which Mocha does not use.
                    activity: _,
                    application: _,
                    application_id: _,
                    components: _,
                    flags: _,
                    poll: _,
                    sticker_items: _,
                    tts: _,
                    // A new message does not have them yet.
                    edited_timestamp: _,
                    pinned: _,
                    reactions: _,
                    thread: _,
                },
        } = self;
        // Direct messages are not recorded.
        let Some(guild_id) = guild_id else { return };
        let guild_id = convert::id(*guild_id);
        let author_id = convert::id(author.id);
        let invoker = invoker(&self.message);
        let is_webhook = webhook_id.is_some();

        if context.wants(ResourceType::USER) {
            let seen = user::seen(author, context);
            // The author has the webhook's id, and Discord does not mark it as a bot.
            events.push(UserSeen { bot: seen.bot || is_webhook, ..seen }.into());
        }
        // The greeting may arrive before the GUILD_MEMBER_ADD, which records the join.
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
                // The content of an answer is the app's, not the user's.
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

/// Records embeds that Discord adds later, after it fetched the page behind a link.
impl Translate for MessageUpdate {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self(message) = self;
        let Some(guild_id) = message.guild_id else { return };
        // The embeds of an answer to a command are the app's.
        if context.wants(ResourceType::MESSAGE) && !message.embeds.is_empty() && invoker(message).is_none() {
            let (guild_id, message_id) = (convert::id(guild_id), convert::id(message.id));
            events.push(MessageEmbedded { at: context.at, guild_id, message_id }.into());
        }
    }
}

/// Returns the user whose command the message answers, if it is the first answer. Discord gives the app as the author.
fn invoker(message: &Message) -> Option<&User> {
    if !matches!(message.kind, MessageType::ChatInputCommand | MessageType::ContextMenuCommand) {
        return None;
    }
    #[expect(deprecated, reason = "Discord sends it too, and old recorded traffic has only this field")]
    let interaction = message.interaction.as_ref().map(|interaction| &interaction.user);
    match &message.interaction_metadata {
        Some(metadata) if metadata.original_response_message_id.is_some() => None,
        Some(metadata) => Some(&metadata.user),
        None => interaction,
    }
}

/// Returns `true` if Discord sent the content.
///
/// Without the intent Discord sends the content only of the bot's own messages and of those that mention the bot.
fn is_readable(message: &Message, context: &Context) -> bool {
    let own = |id| Some(convert::id(id)) == context.current_user;
    context.intents.contains(Intents::MESSAGE_CONTENT)
        || own(message.author.id)
        || message.mentions.iter().any(|mention| own(mention.id))
}

fn measure(message: &Message) -> MessageContent {
    // Discord allows at most 4,000 characters, so this never saturates.
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

    /// Returns the message, which is the last event.
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
    fn without_the_intent_content_is_known_only_of_own_messages_and_mentions() -> frames::TestResult {
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
        // Discord does not send a member with a webhook's message. If it did, no member would be recorded.
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

    /// Returns the events of an app's message with these fields.
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
    fn a_command_counts_as_a_message_of_the_user_who_used_it() -> frames::TestResult {
        let anna = json!({ "id": frames::ANNA.to_string(), "username": "anna", "discriminator": "0", "avatar": null });
        let metadata = json!({ "id": "5", "type": 2, "user": anna.clone(), "authorizing_integration_owners": {} });
        let mut follow_up = metadata.clone();
        follow_up["original_response_message_id"] = "6".into();
        let old = json!({ "id": "5", "type": 2, "name": "roll", "user": anna });
        let [metadata, follow_up] = [metadata, follow_up].map(|metadata| ("interaction_metadata", metadata));
        let old = ("interaction", old);
        for kind in [20, 23] {
            for fields in [vec![metadata.clone()], vec![old.clone()], vec![metadata.clone(), old.clone()]] {
                let events = answer(kind, &fields)?;
                let [Event::UserSeen(app), Event::UserSeen(anna), Event::MessageSent(sent)] = events.as_slice() else {
                    return Err(format!("{events:?}").into());
                };
                assert_eq!((app.bot, anna.bot, anna.name.as_str()), (true, false, "anna"));
                assert_eq!((sent.user_id.get(), sent.kind, sent.content), (frames::ANNA, kind, None));
            }
            for fields in [Vec::new(), vec![follow_up.clone()], vec![follow_up.clone(), old.clone()]] {
                let events = answer(kind, &fields)?;
                assert_ne!(message(&events)?.user_id.get(), frames::ANNA, "{kind} {fields:?}");
                assert!(message(&events)?.content.is_some());
            }
        }
        // An answer to a button is not an answer to a command.
        assert_ne!(message(&answer(0, &[metadata])?)?.user_id.get(), frames::ANNA);
        Ok(())
    }

    #[test]
    fn an_update_records_only_embeds() -> frames::TestResult {
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
    fn the_greeting_of_a_new_member_does_not_record_the_member() -> frames::TestResult {
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
    fn each_resource_can_be_excluded() -> frames::TestResult {
        for (resource, left) in
            [(ResourceType::USER, 2), (ResourceType::MEMBER, 2), (ResourceType::MESSAGE, 2), (ResourceType::all(), 0)]
        {
            let events = frames::translate_with("message_create", frames::context().without(resource))?;
            assert_eq!(events.len(), left, "{resource:?}: {events:?}");
        }
        Ok(())
    }

    #[test]
    fn every_message_type_keeps_its_number() -> frames::TestResult {
        for kind in 0..=u8::MAX {
            let event = frames::parse_changed("message_create", |frame| frame["d"]["type"] = kind.into())?;
            assert_eq!(message(&translate(&event, &frames::context()))?.kind, kind);
        }
        Ok(())
    }
}
