//! The parts of an export that Mocha reads. Old files lack some of them.

use std::borrow::Cow;

use serde::Deserialize;

/// The object `guild`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Guild {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) icon_url: Option<String>,
}

/// The object `channel`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Channel {
    pub(crate) id: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) category_id: Option<String>,
    #[serde(default)]
    pub(crate) category: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// One of `messages`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(crate) timestamp: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(crate) content: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) author: User<'a>,
    #[serde(default)]
    pub(crate) attachments: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    pub(crate) embeds: Vec<serde::de::IgnoredAny>,
    #[serde(default, borrow)]
    pub(crate) interaction: Option<Interaction<'a>>,
}

/// The use of a command that a message answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Interaction<'a> {
    #[serde(borrow)]
    pub(crate) user: User<'a>,
}

/// An author or the user of a command.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(crate) name: Cow<'a, str>,
    /// The name that the exporter shows: the nickname, else the name for all servers, else the user name.
    #[serde(default, borrow)]
    pub(crate) nickname: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(crate) discriminator: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) is_bot: bool,
    #[serde(default, borrow)]
    pub(crate) avatar_url: Option<Cow<'a, str>>,
}
