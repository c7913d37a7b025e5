//! Messages.

use mocha_adapter::{Interaction, Message as RecordedMessage, MessageEdit, Translation};
use mocha_recorder::event::RepliedTo;
use serenity::model::{
    application::{MessageInteraction, MessageInteractionMetadata},
    channel::Message,
    event::MessageUpdateEvent,
    id::MessageId,
    user::User,
};

use crate::{convert, member, user};

/// Adds a new message. Direct messages are not recorded.
pub(crate) fn push(message: &Message, out: &mut Translation) {
    let Some(guild_id) = message.guild_id else { return };
    #[expect(deprecated, reason = "Discord sends it too, and old recorded traffic has only this field")]
    let old = message.interaction.as_deref();
    out.message(&RecordedMessage {
        author: user::user(&message.author),
        channel_id: convert::id(message.channel_id),
        content: &message.content,
        guild_id: convert::id(guild_id),
        has_attachment: !message.attachments.is_empty(),
        has_embed: !message.embeds.is_empty(),
        interaction: interaction(message.interaction_metadata.as_deref(), old),
        is_webhook: message.webhook_id.is_some(),
        kind: message.kind.into(),
        membership: message.member.as_deref().map(member::partial),
        mentions: message.mentions.iter().map(|mention| convert::id(mention.id)).collect(),
        message_id: convert::id(message.id),
        reply: message
            .referenced_message
            .as_deref()
            .map(|replied| RepliedTo { message_id: convert::id(replied.id), user_id: convert::id(replied.author.id) }),
        sent_at: convert::time(message.timestamp),
    });
}

/// Adds an edited message.
pub(crate) fn push_edit(message: &MessageUpdateEvent, out: &mut Translation) {
    let Some(guild_id) = message.guild_id else { return };
    #[expect(deprecated, reason = "Discord sends it too, and old recorded traffic has only this field")]
    let old = message.interaction.as_ref().and_then(Option::as_deref);
    out.message_edited(&MessageEdit {
        guild_id: convert::id(guild_id),
        has_embed: message.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty()),
        interaction: interaction(message.interaction_metadata.as_ref().and_then(Option::as_deref), old),
        kind: message.kind.map(Into::into),
        message_id: convert::id(message.id),
    });
}

/// Returns the use of a command or component that the message answers.
fn interaction<'a>(
    metadata: Option<&'a MessageInteractionMetadata>,
    old: Option<&'a MessageInteraction>,
) -> Option<Interaction<'a>> {
    let (used_by, original) = match metadata.and_then(user_of) {
        Some(found) => found,
        None => (&old?.user, None),
    };
    Some(Interaction { is_follow_up: original.is_some(), user: user::user(used_by) })
}

/// Returns who used the command or component, and the first answer if this is a later one.
fn user_of(metadata: &MessageInteractionMetadata) -> Option<(&User, Option<MessageId>)> {
    Some(match metadata {
        MessageInteractionMetadata::Command(command) => (&command.user, command.original_response_message_id),
        MessageInteractionMetadata::Component(component) => (&component.user, component.original_response_message_id),
        MessageInteractionMetadata::ModalSubmit(modal) => (&modal.user, modal.original_response_message_id),
        // serenity does not say who used an interaction of a kind that it does not know.
        _ => return None,
    })
}
