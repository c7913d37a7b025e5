//! Messages.

use mocha_adapter::{Interaction, Message as RecordedMessage, MessageEdit, Translation};
use mocha_recorder::event::RepliedTo;
use twilight_model::{
    channel::Message,
    gateway::payload::incoming::{MessageCreate, MessageUpdate},
};

use crate::{convert, member, translate::Translate, user};

impl Translate for MessageCreate {
    fn translate(&self, out: &mut Translation) {
        #[expect(deprecated, reason = "all fields are named, so that a new one is noticed")]
        let Self {
            // The channel has events of its own.
            channel_type: _,
            message:
                Message {
                    attachments,
                    author,
                    channel_id,
                    content,
                    embeds,
                    guild_id,
                    id,
                    interaction: _, // Read by `interaction`.
                    interaction_metadata: _,
                    kind,
                    member: membership,
                    mentions,
                    timestamp,
                    webhook_id,
                    referenced_message,
                    // The text of a forwarded message.
                    message_snapshots: _,
                    // The referenced message names its own id.
                    reference: _,
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
        out.message(&RecordedMessage {
            author: user::user(author),
            channel_id: convert::id(*channel_id),
            content,
            guild_id: convert::id(*guild_id),
            has_attachment: !attachments.is_empty(),
            has_embed: !embeds.is_empty(),
            interaction: interaction(&self.message),
            is_webhook: webhook_id.is_some(),
            kind: (*kind).into(),
            membership: membership.as_ref().map(member::partial),
            mentions: mentions.iter().map(|mention| convert::id(mention.id)).collect(),
            message_id: convert::id(*id),
            reply: referenced_message.as_deref().map(|replied| RepliedTo {
                message_id: convert::id(replied.id),
                user_id: convert::id(replied.author.id),
            }),
            sent_at: convert::time(*timestamp),
        });
    }
}

impl Translate for MessageUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(message) = self;
        let Some(guild_id) = message.guild_id else { return };
        out.message_edited(&MessageEdit {
            guild_id: convert::id(guild_id),
            has_embed: !message.embeds.is_empty(),
            interaction: interaction(message),
            kind: Some(message.kind.into()),
            message_id: convert::id(message.id),
        });
    }
}

/// Returns the use of a command or component that the message answers.
fn interaction(message: &Message) -> Option<Interaction<'_>> {
    #[expect(deprecated, reason = "Discord sends it too, and old recorded traffic has only this field")]
    let old = message.interaction.as_ref().map(|interaction| (&interaction.user, false));
    let new = message.interaction_metadata.as_ref();
    let new = new.map(|metadata| (&metadata.user, metadata.original_response_message_id.is_some()));
    new.or(old).map(|(user, is_follow_up)| Interaction { is_follow_up, user: user::user(user) })
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{
        Event,
        event::{MessageAddressed, MessageContent, MessageEmbedded, MessageSent, RepliedTo},
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
    fn a_reply_and_mentions_are_recorded_if_the_bot_asks() -> frames::TestResult {
        let changed = |kind: u8, has_reply: bool| {
            frames::parse_changed("message_reply", |frame| {
                frame["d"]["type"] = kind.into();
                if !has_reply {
                    frame["d"]["referenced_message"] = json!(null);
                }
            })
        };
        let context = frames::context().with(ResourceType::CONVERSATION);
        let addressed = |event: &_| {
            translate(event, &context).into_iter().find_map(|event| match event {
                Event::MessageAddressed(event) => Some(event),
                _ => None,
            })
        };
        let reply =
            Some(RepliedTo { message_id: 1_440_000_000_000_000_000.try_into()?, user_id: frames::BERT.try_into()? });
        let expected = MessageAddressed {
            at: "2026-11-22T09:59:59.5Z".parse()?,
            channel_id: frames::TEXT.try_into()?,
            guild_id: frames::GUILD.try_into()?,
            mentions: vec![frames::BERT.try_into()?],
            message_id: 1_441_000_000_000_000_000.try_into()?,
            reply,
            user_id: frames::ANNA.try_into()?,
        };
        let event = changed(19, true)?;
        assert_eq!(addressed(&event), Some(expected.clone()));
        assert_eq!(translate(&event, &frames::context()).len(), 3);
        // The answered message may be deleted. Messages of other types refer to messages too.
        let mention = Some(MessageAddressed { reply: None, ..expected });
        assert_eq!(addressed(&changed(19, false)?), mention);
        assert_eq!(addressed(&changed(0, true)?), mention);
        assert_eq!(addressed(&frames::parse("message_create")?), None);
        for kind in [6, 7, 18, 20, 21] {
            assert_eq!(addressed(&changed(kind, true)?), None, "{kind}");
        }
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
