//! Which time in voice counts.

use mocha_schema::{ChannelId, VoiceState};

use super::interval::VoiceTime;
use crate::{Bots, channel_filter::ChannelFilter};

/// Which time in voice counts. Every question about voice takes a filter. A new filter lets all
/// time count, in any channel and state, alone or in company.
///
/// # Examples
///
/// ```
/// use mocha_schema::{ChannelId, GuildId};
/// use mocha_stats::{Leaderboard, VoiceFilter, VoiceStateFilter};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let board = Leaderboard::voice(GuildId::try_from(1)?);
/// assert_eq!(board.load(&mut conn)?.total, 90 * 60 * 1000);
///
/// // Two were in the same channel for half an hour; then one was alone.
/// let in_company = VoiceFilter::new().exclude_alone().state(VoiceStateFilter::Talking);
/// assert_eq!(board.clone().filter(in_company).load(&mut conn)?.total, 60 * 60 * 1000);
///
/// let elsewhere = VoiceFilter::new().exclude_channels(&[ChannelId::try_from(3000)?]);
/// assert_eq!(board.filter(elsewhere).load(&mut conn)?.total, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[must_use = "a filter does nothing until a question takes it"]
pub struct VoiceFilter {
    pub(super) assumed: Assumed,
    /// Set by the question that takes the filter.
    pub(super) bots: Bots,
    pub(super) channels: ChannelFilter,
    pub(super) exclude_alone: bool,
    pub(super) state: VoiceStateFilter,
    pub(super) exclude_afk: bool,
}

impl VoiceFilter {
    /// Returns a filter that lets all time count.
    pub const fn new() -> Self {
        Self {
            assumed: Assumed::Include,
            bots: Bots::Exclude,
            channels: ChannelFilter::new(),
            exclude_alone: false,
            state: VoiceStateFilter::All,
            exclude_afk: false,
        }
    }

    /// Sets whether assumed time counts. The default is [`Assumed::Include`].
    pub fn assumed(mut self, assumed: Assumed) -> Self {
        self.assumed = assumed;
        self
    }

    /// Returns the milliseconds that count by [`assumed`](Self::assumed).
    pub(crate) fn counted_ms(&self, time: VoiceTime) -> u64 {
        time.voice_ms(self.assumed)
    }

    /// Returns the filter for a question about these accounts.
    pub(crate) fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Excludes time alone, when no other human was connected to the same channel.
    ///
    /// Muted and deafened members are company, and so are members who are only assumed to be
    /// connected. Bots are not. Time in an unknown channel counts as alone.
    #[doc(alias = "alone")]
    #[doc(alias = "company")]
    pub fn exclude_alone(mut self) -> Self {
        self.exclude_alone = true;
        self
    }

    /// Counts only time in this state. The default is [`VoiceStateFilter::All`].
    pub fn state(mut self, state: VoiceStateFilter) -> Self {
        self.state = state;
        self
    }

    /// Excludes the guild's present AFK channel, to which Discord moves idle members, even for the
    /// time before it was set.
    #[doc(alias = "idle")]
    pub fn exclude_afk(mut self) -> Self {
        self.exclude_afk = true;
        self
    }

    /// Counts only time in these channels and in those of earlier calls. A category stands for all
    /// its channels. Time in an unknown channel is excluded.
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Excludes these channels and those of earlier calls. A category stands for all its channels.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }
}

/// Whether assumed time counts. Time is assumed if it bridges a gap between two confirmations of a
/// connection, or follows the last one.
///
/// Answers always report observed and assumed time separately. This decides which of them is in
/// `voice_time`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use mocha_schema::GuildId;
/// use mocha_stats::{Assumed, GuildVoice, VoiceFilter, Window};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// # let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
/// // Somebody was last seen at half past nine.
/// let until_ten = Window::between(monday, monday + chrono::TimeDelta::hours(10))?;
/// let voice = GuildVoice::of(GuildId::try_from(1)?).within(until_ten);
/// for (assumed, minutes) in [(Assumed::Include, 95), (Assumed::Exclude, 90), (Assumed::Only, 5)] {
///     let answer = voice.clone().filter(VoiceFilter::new().assumed(assumed)).load(&mut conn)?;
///     assert_eq!(answer.voice_time, Duration::from_mins(minutes));
///     assert_eq!((answer.observed, answer.assumed), (Duration::from_mins(90), Duration::from_mins(5)));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Assumed {
    /// Observed and assumed time. The default.
    #[default]
    Include,
    /// Observed time only.
    Exclude,
    /// Assumed time only.
    Only,
}

/// The state in which time counts. States overlap: a member may be muted and streaming.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use mocha_schema::GuildId;
/// use mocha_stats::{GuildVoice, VoiceFilter, VoiceStateFilter};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let muted = VoiceFilter::new().state(VoiceStateFilter::Muted);
/// assert_eq!(GuildVoice::of(GuildId::try_from(1)?).filter(muted).load(&mut conn)?.voice_time, Duration::ZERO);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum VoiceStateFilter {
    /// Any state. The default.
    #[default]
    All,
    /// Deafened, by oneself or by the server.
    Deafened,
    /// Able to hear: not deafened, by oneself or by the server. Points for voice time usually
    /// require it.
    Hearing,
    /// Muted, by oneself or by the server.
    Muted,
    /// Sharing the screen.
    Streaming,
    /// Able to speak: neither muted nor deafened, by oneself or by the server, nor in the audience
    /// of a stage.
    Talking,
    /// Camera on.
    Video,
}

impl VoiceStateFilter {
    /// Returns whether time in this state counts.
    pub(super) const fn counts(self, state: VoiceState) -> bool {
        match self {
            Self::All => true,
            Self::Deafened => state.is_deafened(),
            Self::Hearing => !state.is_deafened(),
            Self::Muted => state.is_muted(),
            Self::Streaming => state.stream,
            Self::Talking => !state.is_muted() && !state.is_deafened() && !state.suppress,
            Self::Video => state.video,
        }
    }

    /// Returns the column of the roll-ups that sums it.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::All => "voice_ms",
            Self::Deafened => "deafened_ms",
            Self::Hearing => "voice_ms - deafened_ms",
            Self::Muted => "muted_ms",
            Self::Streaming => "streaming_ms",
            Self::Talking => "talking_ms",
            Self::Video => "video_ms",
        }
    }

    /// Returns the condition that an interval is in this state.
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::All => "true",
            Self::Deafened => "(server_deaf OR self_deaf)",
            Self::Hearing => "NOT (server_deaf OR self_deaf)",
            Self::Muted => "(server_mute OR self_mute)",
            Self::Streaming => "stream",
            Self::Talking => "NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress)",
            Self::Video => "video",
        }
    }
}
