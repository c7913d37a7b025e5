//! Reads the data of one user.

use std::{cmp::Reverse, collections::BTreeSet};

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{ChannelId, GuildId, UserId};

use super::{
    FavouriteChannel, MemberVoice,
    talk::{Stay, Talk},
};
use crate::{
    Assumed, Bots, Error, MessageCounts, Window, active_months,
    database::Source,
    message_scan::{Column, MessageScan},
    rollup::{Counted, Horizon, Sources, Span},
    voice::{PartOf, VoiceScan, VoiceStateFilter, VoiceTime, by_time},
};

/// Statistics of one user.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) horizon: Horizon,
    /// Where the data starts, if the window begins before it.
    pub(super) data_since: Option<DateTime<Utc>>,
    /// The stay in voice that is not over.
    pub(super) open: Option<Stay>,
    sessions: u64,
    pub(super) talk: Talk,
    /// Days in UTC with time in voice.
    pub(super) talked: BTreeSet<i64>,
    voice: HashMap<Option<ChannelId>, VoiceTime>,
    pub(super) rounded_to_days: bool,
    pub(super) written: MessageCounts,
    written_in: HashMap<ChannelId, u64>,
    /// Days in UTC with a message.
    pub(super) wrote: BTreeSet<i64>,
}

impl Reading {
    /// Call it in a transaction.
    pub(super) fn load(conn: &mut dyn Source, guild: GuildId, user: UserId, window: Window) -> Result<Self, Error> {
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.messages(window);
        let mut reading = Self {
            horizon,
            data_since,
            open: None,
            sessions: 0,
            talk: Talk { guild, span: horizon.voice(window).span, user, window },
            talked: BTreeSet::new(),
            voice: HashMap::new(),
            rounded_to_days,
            written: MessageCounts::default(),
            written_in: HashMap::new(),
            wrote: BTreeSet::new(),
        };
        reading.messages(conn, MessageScan { bots: Bots::Include, guild, user: Some(user) }, span)?;
        let scan = VoiceScan {
            bots: Bots::Include,
            channels: true,
            guild,
            state: VoiceStateFilter::All,
            user: Some(user),
            window,
        };
        reading.voice_time(conn, scan)?;
        Ok(reading)
    }

    /// Reads sums by month, and days separately. An index has the days alone, and looking up the
    /// sums of each day takes long.
    fn messages(&mut self, conn: &mut dyn Source, scan: MessageScan, span: Span) -> Result<(), Error> {
        let [messages, characters, words, attachments, embeds] = MessageCounts::COLUMNS;
        let columns = [Column::Channel, messages, characters, words, attachments, embeds];
        let sums = scan.read(conn.dialect(), &columns, &Sources::summed(span, self.horizon.messages_to));
        conn.rows(&sums, &mut |row| {
            let written = MessageCounts::of(row, 1)?;
            self.written.add(written);
            let messages = self.written_in.entry(row.id(0)?).or_default();
            *messages = messages.saturating_add(written.messages);
            Ok(())
        })?;
        active_months::written(conn, scan, span, self.horizon.messages_to, |_, month| {
            self.wrote.extend(month.days().map(|active| active.day));
        })?;
        Ok(())
    }

    /// Reads voice time like messages: sums by month, and days separately.
    fn voice_time(&mut self, conn: &mut dyn Source, scan: VoiceScan) -> Result<(), Error> {
        let read = scan.each(conn, PartOf::Anything, |part| {
            self.sessions = self.sessions.saturating_add(part.sessions);
            if part.time.all_ms() > 0 {
                self.voice.entry(part.channel).or_default().add(part.time);
            }
        })?;
        self.rounded_to_days |= read.rounded_to_days;
        if !self.voice.is_empty() {
            (self.talked, self.open) = self.talk.days(conn, self.horizon.voice_to)?;
        }
        Ok(())
    }

    pub(super) fn active_days(&self) -> BTreeSet<i64> {
        self.wrote.union(&self.talked).copied().collect()
    }

    /// Returns the first channels by messages.
    pub(super) fn channels(&self, limit: usize) -> Vec<FavouriteChannel> {
        let all = self.written_in.iter();
        let mut channels: Vec<_> =
            all.map(|(&channel_id, &messages)| FavouriteChannel { channel_id, messages }).collect();
        channels.sort_unstable_by_key(|channel| (Reverse(channel.messages), channel.channel_id));
        channels.truncate(limit);
        channels
    }

    /// Returns the voice time without the place.
    pub(super) fn voice(&self, limit: usize) -> MemberVoice {
        let mut all = VoiceTime::default();
        for time in self.voice.values() {
            all.add(*time);
        }
        let mut channels = by_time(self.voice.clone(), Assumed::Include);
        channels.truncate(limit);
        MemberVoice {
            voice_time: all.counted(Assumed::Include),
            observed: all.observed(),
            assumed: all.assumed(),
            sessions: self.sessions,
            place: None,
            channels,
        }
    }
}
