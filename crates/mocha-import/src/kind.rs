//! The names that the exporter gives to types of messages and channels.

/// Returns Discord's number of a type of message. The exporter writes a few types as names, and all others as numbers.
pub(crate) fn message(name: &str) -> Option<u8> {
    Some(match name {
        "Default" => 0,
        "RecipientAdd" => 1,
        "RecipientRemove" => 2,
        "Call" => 3,
        "ChannelNameChange" => 4,
        "ChannelIconChange" => 5,
        "ChannelPinnedMessage" => 6,
        "GuildMemberJoin" => 7,
        "ThreadCreated" => 18,
        "Reply" => 19,
        number => return number.parse().ok(),
    })
}

/// Returns `true` if the exporter writes a text of its own for messages of this type.
pub(crate) const fn has_invented_text(message: u8) -> bool {
    matches!(message, 1..=18)
}

/// Returns Discord's number of a type of channel.
pub(crate) fn channel(name: &str) -> Option<u8> {
    Some(match name {
        "GuildTextChat" => 0,
        "DirectTextChat" => 1,
        "GuildVoiceChat" => 2,
        "DirectGroupTextChat" => 3,
        "GuildCategory" => CATEGORY,
        "GuildNews" => 5,
        "GuildNewsThread" => 10,
        "GuildPublicThread" => 11,
        "GuildPrivateThread" => 12,
        "GuildStageVoice" => 13,
        "GuildDirectory" => 14,
        "GuildForum" => 15,
        number => return number.parse().ok(),
    })
}

/// Discord's type of a category.
pub(crate) const CATEGORY: u8 = 4;

/// Returns `true` for threads, whose parent is a channel.
pub(crate) const fn is_thread(channel: u8) -> bool {
    matches!(channel, 10..=12)
}
