//! The answers of the bot.

use twilight_model::{
    channel::message::{
        AllowedMentions, Component, MessageFlags,
        component::{ActionRow, Button, ButtonStyle},
    },
    http::{attachment::Attachment, interaction::InteractionResponseData},
};

/// An answer to a command.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    attachments: Vec<Attachment>,
    buttons: Vec<(String, &'static str)>,
    is_private: bool,
    text: String,
}

impl Reply {
    /// Creates an answer that all members in the channel see.
    pub(crate) fn public(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Creates an answer that only the user of the command sees.
    pub(crate) fn private(text: impl Into<String>) -> Self {
        Self { is_private: true, ..Self::public(text) }
    }

    /// Attaches a file.
    pub(crate) fn file(mut self, name: &str, bytes: Vec<u8>) -> Self {
        let id = u64::try_from(self.attachments.len()).unwrap_or(u64::MAX);
        self.attachments.push(Attachment::from_bytes(name.to_owned(), bytes, id));
        self
    }

    /// Adds a button. Its id identifies it when a user presses it.
    pub(crate) fn button(mut self, id: String, label: &'static str) -> Self {
        self.buttons.push((id, label));
        self
    }

    pub(crate) fn into_data(self) -> InteractionResponseData {
        let Self { attachments, buttons, is_private, text } = self;
        InteractionResponseData {
            // A leaderboard must not ping everybody on it.
            allowed_mentions: Some(AllowedMentions::default()),
            attachments: Some(attachments),
            components: Some(row(buttons)),
            content: Some(text),
            flags: is_private.then_some(MessageFlags::EPHEMERAL),
            ..InteractionResponseData::default()
        }
    }
}

fn row(buttons: Vec<(String, &'static str)>) -> Vec<Component> {
    let button = |(id, label): (String, &str)| {
        Component::Button(Button {
            custom_id: Some(id),
            disabled: false,
            emoji: None,
            id: None,
            label: Some(label.to_owned()),
            sku_id: None,
            style: ButtonStyle::Secondary,
            url: None,
        })
    };
    let components: Vec<Component> = buttons.into_iter().map(button).collect();
    if components.is_empty() { Vec::new() } else { vec![Component::ActionRow(ActionRow { components, id: None })] }
}
