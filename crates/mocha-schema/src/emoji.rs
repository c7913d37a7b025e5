//! Emoji.

use std::fmt;

use crate::EmojiId;

/// An emoji of a reaction.
///
/// [`Display`](fmt::Display) writes it as messages have it, so that Discord shows it: `<:party:5>` or `👍`.
///
/// ```
/// use mocha_schema::Emoji;
///
/// let party = Emoji::Custom { id: 5.try_into()?, name: Some("party".to_owned()) };
/// assert_eq!(party.to_string(), "<:party:5>");
/// assert_eq!(Emoji::Unicode("👍".to_owned()).to_string(), "👍");
/// # Ok::<(), mocha_schema::IdError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Emoji {
    /// An emoji of a server. It is known by its id, because its name may change.
    Custom {
        /// Its id.
        id: EmojiId,
        /// Its name; `None` if Discord does not send it, for example after the emoji was deleted.
        name: Option<String>,
    },
    /// Any other emoji, as text.
    Unicode(String),
}

impl Emoji {
    /// The length of the longest text of an emoji, and of the longest name, in bytes.
    pub const MAX_BYTES: usize = 256;

    /// Reads the values of the columns `emoji` and `emoji_name` of `reactions`.
    ///
    /// ```
    /// use mocha_schema::Emoji;
    ///
    /// assert_eq!(Emoji::from_columns("👍", None), Emoji::Unicode("👍".to_owned()));
    /// assert_eq!(Emoji::from_columns("5", None), Emoji::Custom { id: 5.try_into()?, name: None });
    /// # Ok::<(), mocha_schema::IdError>(())
    /// ```
    #[must_use]
    pub fn from_columns(emoji: &str, name: Option<&str>) -> Self {
        match emoji.parse() {
            Ok(id) => Self::Custom { id, name: name.map(str::to_owned) },
            Err(_) => Self::Unicode(emoji.to_owned()),
        }
    }

    /// Returns the value of the column `emoji`.
    #[must_use]
    pub fn column(&self) -> String {
        match self {
            Self::Custom { id, .. } => id.to_string(),
            Self::Unicode(text) => text.clone(),
        }
    }

    /// Returns the name of a custom emoji, if it is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Custom { name, .. } => name.as_deref(),
            Self::Unicode(_) => None,
        }
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Discord shows it by its id, but the name must not be empty.
            Self::Custom { id, name } => write!(f, "<:{}:{id}>", name.as_deref().unwrap_or("_")),
            Self::Unicode(text) => f.write_str(text),
        }
    }
}
