//! Measures of a leaderboard.

use crate::MessageCounts;

/// The value that a [`Leaderboard`](crate::Leaderboard) ranks by. Messages are those of the
/// [`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES): messages, replies and commands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Measure {
    /// Days in UTC with a message or voice time.
    ActiveDays,
    /// Messages with attachments, as far as their content is known.
    Attachments,
    /// Characters of the messages whose content is known.
    Characters,
    /// Messages.
    Messages,
    /// Several of these, weighted.
    Score(Weights),
    /// Voice sessions that ended, as the voice log has them.
    VoiceSessions,
    /// Milliseconds in voice, observed and assumed, in any state.
    VoiceTime,
    /// Words of the messages whose content is known.
    Words,
}

/// How many points each thing is worth; a new one has none for anything.
///
/// ```
/// use mocha_schema::GuildId;
/// use mocha_stats::{Leaderboard, Weights};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let weights = Weights::new().messages(10).voice_minutes(1);
/// let board = Leaderboard::score(GuildId::try_from(1)?, weights).load(&mut conn)?;
/// let [first, ..] = &board.entries[..] else { return Err("nobody is listed".into()) };
/// // Three messages and an hour in voice.
/// assert_eq!((first.user_id.get(), first.value), (20, 3 * 10 + 60));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use = "weights do nothing until a leaderboard takes them"]
#[non_exhaustive]
pub struct Weights {
    /// Points for each message with attachments.
    pub attachments: u32,
    /// Points for each award: each span of time in which the user wrote.
    pub awards: u32,
    /// Points for each point that the bot set itself.
    pub balances: u32,
    /// Points for each character.
    pub characters: u32,
    /// Points for each message.
    pub messages: u32,
    /// Points for each whole minute in voice.
    pub voice_minutes: u32,
    /// Points for each word.
    pub words: u32,
}

impl Weights {
    /// No points for anything.
    pub const fn new() -> Self {
        Self { attachments: 0, awards: 0, balances: 0, characters: 0, messages: 0, voice_minutes: 0, words: 0 }
    }

    /// Points for each message with attachments.
    pub const fn attachments(mut self, points: u32) -> Self {
        self.attachments = points;
        self
    }

    /// Points for each award: one for each span of time, such as a minute, in which the user wrote,
    /// so that many messages at once are worth no more than one.
    ///
    /// A store counts awards in a guild after `count_awards`, which sets the span. In other guilds
    /// nobody has any. An award belongs to the channel and the second of the first message in its
    /// span: if the window or the chosen channels leave out that message, they leave out the award.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, LevelCurve, Weights};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // `store.count_awards(guild, Duration::from_hours(1))` was called once.
    /// let board = Leaderboard::score(GuildId::try_from(1)?, Weights::new().awards(20)).load(&mut conn)?;
    /// // Three messages in one hour.
    /// assert_eq!((board.entries[0].user_id.get(), board.entries[0].value), (20, 20));
    /// assert_eq!(LevelCurve::mee6().progress(board.entries[0].value).needed, 100);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("XP", "cooldown"))]
    pub const fn awards(mut self, points: u32) -> Self {
        self.awards = points;
        self
    }

    /// Points for each point that the bot set itself, with `set_point_balances` of a store: 1 adds
    /// the XP of another bot as it is.
    ///
    /// Such a balance has no time and no channel, so it counts in any window, whatever channels the
    /// board has, and no multiplier applies to it. Users with a balance are on the board before they
    /// write.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, Weights};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // `store.set_point_balances(guild, [(user, 500)])` was called once.
    /// let weights = Weights::new().messages(10).balances(1);
    /// let board = Leaderboard::score(GuildId::try_from(1)?, weights).load(&mut conn)?;
    /// // And two messages.
    /// assert_eq!((board.entries[0].user_id.get(), board.entries[0].value), (30, 500 + 2 * 10));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("XP", "import"))]
    pub const fn balances(mut self, points: u32) -> Self {
        self.balances = points;
        self
    }

    /// Points for each character.
    pub const fn characters(mut self, points: u32) -> Self {
        self.characters = points;
        self
    }

    /// Points for each message.
    pub const fn messages(mut self, points: u32) -> Self {
        self.messages = points;
        self
    }

    /// Points for each minute in voice: what somebody has of it in the window is added up first,
    /// and whole minutes count.
    pub const fn voice_minutes(mut self, points: u32) -> Self {
        self.voice_minutes = points;
        self
    }

    /// Points for each word.
    pub const fn words(mut self, points: u32) -> Self {
        self.words = points;
        self
    }

    /// Whether anything of messages is worth something.
    pub(super) const fn of_messages(self) -> bool {
        self.attachments > 0 || self.characters > 0 || self.messages > 0 || self.words > 0
    }

    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    pub(super) fn points(self, written: MessageCounts) -> u64 {
        let all = [
            (written.attachments, self.attachments),
            (written.characters, self.characters),
            (written.messages, self.messages),
            (written.words, self.words),
        ];
        all.into_iter().fold(0, |sum: u64, (count, points)| sum.saturating_add(count.saturating_mul(points.into())))
    }
}
