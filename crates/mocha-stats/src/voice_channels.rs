//! Where people talked.

use std::{cmp::Reverse, collections::HashMap};

use diesel::prelude::*;
use mocha_schema::{ChannelId, GuildId};

use crate::{
    Bots, Error, Window,
    voice_interval::{self, Interval, VoiceTime},
};

/// The question how long people were in each voice channel of a guild.
///
/// Each person's time counts: two people in a channel for an hour are two hours. Muted or alone, it counts too.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceChannels {
    bots: Bots,
    guild: GuildId,
    window: Window,
}

/// Where people talked.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceChannelsAnswer {
    /// The channels that anybody was in, by voice time, longest first; equals by channel id as a number, the unknown
    /// channel last.
    pub channels: Vec<ChannelVoice>,
    /// Milliseconds in all channels.
    pub voice_ms: u64,
    /// How many of them are assumed.
    pub assumed_ms: u64,
    /// The window that was asked about.
    pub window: Window,
}

/// A channel of a [`VoiceChannelsAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelVoice {
    /// The channel; `None` for what was adopted from a log that does not tell.
    pub channel_id: Option<ChannelId>,
    /// Milliseconds that people were in it.
    pub voice_ms: u64,
    /// How many of them are assumed: they bridge a gap, or come after the last proof.
    pub assumed_ms: u64,
}

impl VoiceChannels {
    /// Asks about this guild; of all time and without bots, until told otherwise.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, window: Window::all() }
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// Who is still in voice counts to the window's end, so it should not lie in the future; without an end, to the last
    /// instant they were seen.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether bots count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's intervals up to the window's end through an index, in one statement; memory grows with channels.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused, or a row holds what is no id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::VoiceChannels;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = VoiceChannels::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [lounge] = answer.channels[..] else { return Err("one channel was used".into()) };
    /// assert_eq!(lounge.voice_ms, 90 * 60 * 1000);
    /// assert_eq!(lounge.assumed_ms, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut SqliteConnection) -> Result<VoiceChannelsAnswer, Error> {
        let mut fold = Fold::default();
        voice_interval::scan(conn, self.guild, self.window, |interval| fold.add(&self, &interval))
            .map_err(Error::database)?;
        Ok(fold.finish(self.window))
    }
}

#[derive(Debug, Default)]
struct Fold(HashMap<Option<ChannelId>, VoiceTime>);

impl Fold {
    fn add(&mut self, question: &VoiceChannels, interval: &Interval) {
        let time = interval.clip(question.window);
        if question.bots.counts(interval.bot) && time.voice_ms > 0 {
            self.0.entry(interval.channel_id).or_default().add(time);
        }
    }

    fn finish(self, window: Window) -> VoiceChannelsAnswer {
        let mut all = VoiceTime::default();
        let mut channels = Vec::with_capacity(self.0.len());
        for (channel_id, time) in self.0 {
            all.add(time);
            let VoiceTime { voice_ms, assumed_ms } = time;
            channels.push(ChannelVoice { channel_id, voice_ms, assumed_ms });
        }
        channels.sort_unstable_by_key(|channel| {
            (Reverse(channel.voice_ms), channel.channel_id.is_none(), channel.channel_id)
        });
        let VoiceTime { voice_ms, assumed_ms } = all;
        VoiceChannelsAnswer { channels, voice_ms, assumed_ms, window }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{TestResult, empty},
        random::{self, Talk},
    };

    /// The same in plain Rust: time millisecond by millisecond.
    fn expected(question: VoiceChannels, voice: &random::Voice) -> TestResult<VoiceChannelsAnswer> {
        let counts = |talk: &&Talk| talk.guild == random::GUILD && random::counts(question.bots, talk.user);
        let talks: Vec<&Talk> = voice.talks.iter().filter(counts).collect();
        let mut channels = Vec::new();
        // The unknown channel, which orders first here, goes last.
        let mut ids: Vec<_> = talks.iter().map(|talk| talk.channel).collect::<BTreeSet<_>>().into_iter().collect();
        ids.sort_by_key(Option::is_none);
        for channel in ids {
            let own = talks.iter().filter(|talk| talk.channel == channel);
            let (voice_ms, assumed_ms) = random::milliseconds(question.window, own.copied());
            let channel_id = channel.map(ChannelId::try_from).transpose()?;
            channels.push(ChannelVoice { channel_id, voice_ms, assumed_ms });
        }
        channels.retain(|channel| channel.voice_ms > 0);
        channels.sort_by_key(|channel| u64::MAX - channel.voice_ms);
        let voice_ms = channels.iter().map(|channel| channel.voice_ms).sum();
        let assumed_ms = channels.iter().map(|channel| channel.assumed_ms).sum();
        Ok(VoiceChannelsAnswer { channels, voice_ms, assumed_ms, window: question.window })
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            voice in random::voice(3), window in random::window(3), bots in random::bots()
        ) {
            let mut conn = empty().unwrap();
            random::insert_voice(&mut conn, &voice).unwrap();
            let question = VoiceChannels::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &voice).unwrap());
        }
    }
}
