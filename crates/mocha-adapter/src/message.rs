//! Messages.

use chrono::{DateTime, Utc};
use mocha_recorder::event::{MessageAddressed, MessageContent, MessageEmbedded, MessageSent, RepliedTo};
use mocha_schema::{ChannelId, GuildId, MessageId, UserId};

use crate::{Intents, Membership, ResourceType, Translation, User};

/// The part of a message in a guild that Mocha uses. The text is measured and not stored.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The author. For an answer to a command, the app.
    pub author: User<'a>,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The text.
    pub content: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// Whether the message has an attachment.
    pub has_attachment: bool,
    /// Whether the message has an embed.
    pub has_embed: bool,
    /// The use of a command or component that the message answers.
    pub interaction: Option<Interaction<'a>>,
    /// Whether a webhook sent the message.
    pub is_webhook: bool,
    /// Discord's type of the message.
    pub kind: u8,
    /// The membership of the author, if Discord sent it.
    pub membership: Option<Membership<'a>>,
    /// The users whom the message mentions.
    pub mentions: Vec<UserId>,
    /// The message.
    pub message_id: MessageId,
    /// The message that Discord sent with this one, which a reply answers.
    pub reply: Option<RepliedTo>,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
}

/// The part of an edited message in a guild that Mocha uses.
#[derive(Clone, Debug)]
pub struct MessageEdit<'a> {
    /// The guild.
    pub guild_id: GuildId,
    /// Whether the message has an embed.
    pub has_embed: bool,
    /// The use of a command or component that the message answers.
    pub interaction: Option<Interaction<'a>>,
    /// Discord's type of the message, if it said so.
    pub kind: Option<u8>,
    /// The message.
    pub message_id: MessageId,
}

/// The use of a command or component.
#[derive(Clone, Debug)]
pub struct Interaction<'a> {
    /// Whether the message is a later answer than the first one.
    pub is_follow_up: bool,
    /// The user who used it.
    pub user: User<'a>,
}

/// Discord's type of a message that is no reply.
const PLAIN: u8 = 0;

/// Discord's type of a reply.
const REPLY: u8 = 19;

/// Discord's type of the greeting for a new member.
const USER_JOIN: u8 = 7;

/// Discord's types of answers to commands: a command, and one of a context menu.
const COMMANDS: [u8; 2] = [20, 23];

impl Translation {
    /// Adds a new message, its author and the author's membership.
    pub fn message(&mut self, message: &Message<'_>) {
        let Message {
            author,
            channel_id,
            content: _, // Counted by `measure`.
            guild_id,
            has_attachment: _, // Counted by `measure`.
            has_embed: _,      // Counted by `measure`.
            interaction,
            is_webhook,
            kind,
            membership,
            mentions: _, // Used by `is_readable` and `addressees`.
            message_id,
            reply: _, // Used by `addressees`.
            sent_at,
        } = message;
        let invoker = invoker(Some(*kind), interaction.as_ref());
        // The author of a webhook's message has the webhook's id, and Discord does not mark it as a bot.
        self.user(&User { bot: author.bot || *is_webhook, ..author.clone() });
        // The greeting may arrive before the GUILD_MEMBER_ADD, which records the join.
        if let Some(membership) = membership
            && !is_webhook
            && *kind != USER_JOIN
        {
            self.membership(*guild_id, author.user_id, *membership);
        }
        if let Some(invoker) = invoker {
            self.user(invoker);
        }
        if self.wants(ResourceType::MESSAGE) {
            self.push(MessageSent {
                at: *sent_at,
                channel_id: *channel_id,
                // The content of an answer is the app's, not the user's.
                content: (invoker.is_none() && self.is_readable(message)).then(|| measure(message)),
                guild_id: *guild_id,
                kind: *kind,
                message_id: *message_id,
                user_id: invoker.map_or(author.user_id, |invoker| invoker.user_id),
            });
        }
        // The answer to a command addresses people for the app, and not for the user.
        if self.wants(ResourceType::CONVERSATION) && invoker.is_none() {
            self.addressees(message);
        }
    }

    /// Adds whom a message addresses. Discord uses the same fields for other things in messages of other types.
    fn addressees(&mut self, message: &Message<'_>) {
        let reply = message.reply.filter(|_| message.kind == REPLY);
        let is_written = matches!(message.kind, PLAIN | REPLY);
        if is_written && (reply.is_some() || !message.mentions.is_empty()) {
            self.push(MessageAddressed {
                at: message.sent_at,
                channel_id: message.channel_id,
                guild_id: message.guild_id,
                mentions: message.mentions.clone(),
                message_id: message.message_id,
                reply,
                user_id: message.author.user_id,
            });
        }
    }

    /// Adds embeds that Discord adds later, after it fetched the page behind a link. Other edits are not recorded.
    pub fn message_edited(&mut self, edit: &MessageEdit<'_>) {
        let MessageEdit { guild_id, has_embed, interaction, kind, message_id } = edit;
        // The embeds of an answer to a command are the app's.
        if self.wants(ResourceType::MESSAGE) && *has_embed && invoker(*kind, interaction.as_ref()).is_none() {
            self.push(MessageEmbedded { at: self.at(), guild_id: *guild_id, message_id: *message_id });
        }
    }

    /// Returns `true` if Discord sent the content.
    ///
    /// Without the intent Discord sends the content only of the bot's own messages and of those that mention the bot.
    fn is_readable(&self, message: &Message<'_>) -> bool {
        let own = |id: UserId| Some(id) == self.context().current_user;
        self.context().intents.contains(Intents::MESSAGE_CONTENT)
            || own(message.author.user_id)
            || message.mentions.iter().copied().any(own)
    }
}

/// Returns the user whose command the message answers, if it is the first answer. Discord gives the app as the author.
fn invoker<'a>(kind: Option<u8>, interaction: Option<&'a Interaction<'a>>) -> Option<&'a User<'a>> {
    let is_answer = kind.is_some_and(|kind| COMMANDS.contains(&kind));
    interaction.filter(|interaction| is_answer && !interaction.is_follow_up).map(|interaction| &interaction.user)
}

fn measure(message: &Message<'_>) -> MessageContent {
    // Discord allows at most 4,000 characters, so this never saturates.
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    MessageContent {
        characters: count(message.content.chars().count()),
        has_attachment: message.has_attachment,
        has_embed: message.has_embed,
        words: count(message.content.split_whitespace().count()),
    }
}
