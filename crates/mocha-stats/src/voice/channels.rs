//! Where people were in voice.

use std::{cmp::Reverse, time::Duration};

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{ChannelId, GuildId};

use super::{Assumed, PartOf, VoiceFilter, interval::VoiceTime, scope::Scope, total::VoiceRead};
use crate::{Bots, Database, Error, Window, database::snapshot};

/// A question about how long people were in each voice channel of a guild.
///
/// Each person's time counts: two people in a channel for an hour are two hours.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceChannels(Scope);

/// Where people were in voice.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceChannelsAnswer {
    /// The channels with any voice time, longest first. Ties are ordered by channel id as a number,
    /// the unknown channel last.
    pub channels: Vec<ChannelVoice>,
    /// Time in all channels: observed, assumed or both, as the filter's [`Assumed`] says.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
    /// The observed part of it.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// The assumed part of it: time that bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. With [`exclude_alone`](VoiceFilter::exclude_alone) the question reads single
    /// intervals, which may be deleted earlier. `None` if the data covers the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    /// Always `false` with [`exclude_alone`](VoiceFilter::exclude_alone), which no roll-up knows.
    pub rounded_to_days: bool,
}

/// A channel of a [`VoiceChannelsAnswer`] or a [`GuildVoiceAnswer`](crate::GuildVoiceAnswer).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChannelVoice {
    /// The channel. `None` for time that was adopted from a log without channels.
    pub channel_id: Option<ChannelId>,
    /// Time in it: observed, assumed or both, as the filter's [`Assumed`] says.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
    /// The observed part of it.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// The assumed part of it: time that bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
}

impl VoiceChannels {
    /// Asks about this guild. Defaults: all time, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self(Scope::of(guild))
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// A member who is still in voice counts up to the window's end, for at most
    /// [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) after Mocha last confirmed the connection. If
    /// the window has no end, the time counts up to that confirmation.
    pub const fn within(mut self, window: Window) -> Self {
        self.0.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.0.filter.bots = bots;
        self
    }

    /// Counts only the voice time that this filter lets through. The default is all time.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.0.filter = filter.bots(self.0.filter.bots);
        self
    }

    /// Runs the query.
    ///
    /// Reads roll-ups of months and days, and single intervals of at most a day at each edge of the
    /// window. With [`exclude_alone`](VoiceFilter::exclude_alone) it reads all intervals of the
    /// window. All reads use keys and indexes, in one transaction. Memory grows with channels, and
    /// with `exclude_alone` also with the people who are in voice at once.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::GuildId;
    /// use mocha_stats::VoiceChannels;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = VoiceChannels::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [lounge] = answer.channels[..] else { return Err("one channel was used".into()) };
    /// assert_eq!((lounge.voice_time, lounge.assumed), (Duration::from_mins(90), Duration::ZERO));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<VoiceChannelsAnswer, Error> {
        let Scope { ref filter, window, .. } = self.0;
        let (mut channels, mut all) = (HashMap::<_, VoiceTime>::new(), VoiceTime::default());
        let VoiceRead { horizon, rounded_to_days, .. } = snapshot(conn, |conn| {
            self.0.each_part(conn, PartOf::Anything, true, |part| {
                channels.entry(part.channel).or_default().add(part.time);
                all.add(part.time);
            })
        })?;
        Ok(VoiceChannelsAnswer {
            channels: by_time(channels, filter.assumed),
            voice_time: all.counted(filter.assumed),
            observed: all.observed(),
            assumed: all.assumed(),
            data_since: self.0.data_since(horizon),
            window,
            rounded_to_days: rounded_to_days && !filter.exclude_alone,
        })
    }
}

/// Returns the channels with any voice time, longest first, ties by channel id, the unknown channel
/// last.
pub(crate) fn by_time(channels: HashMap<Option<ChannelId>, VoiceTime>, assumed: Assumed) -> Vec<ChannelVoice> {
    let channels = channels.into_iter().map(|(channel_id, time)| ChannelVoice {
        channel_id,
        voice_time: time.counted(assumed),
        observed: time.observed(),
        assumed: time.assumed(),
    });
    let mut channels: Vec<ChannelVoice> = channels.filter(|channel| !channel.voice_time.is_zero()).collect();
    channels.sort_unstable_by_key(|channel| {
        (Reverse(channel.voice_time), channel.channel_id.is_none(), channel.channel_id)
    });
    channels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{random, test_file::empty, voice::truth};

    proptest! {
        #[test]
        fn the_answer_matches_plain_rust((voice, window) in truth::voice(), filter in truth::filter()) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let question = VoiceChannels::of(random::GUILD.try_into().unwrap()).within(window).bots(filter.bots).filter(filter.clone());
            let answer = question.load(&mut conn).unwrap();
            let there: Vec<_> = voice.ticks(window).flat_map(|tick| voice.counted(window, &filter, tick)).collect();
            let (observed, assumed) = voice.time(&there);
            prop_assert_eq!((answer.observed, answer.assumed), (observed, assumed));
            prop_assert_eq!(answer.voice_time, truth::by_policy(filter.assumed, observed, assumed));
            prop_assert_eq!(answer.channels, voice.by_channel(filter.assumed, &there));
            prop_assert_eq!(answer.window, window);
        }
    }
}
