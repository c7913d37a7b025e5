//! Activity of each user and channel in a window.

use std::{cmp::Reverse, time::Duration};

use chrono::{DateTime, Utc};
use foldhash::HashMap;
use mocha_schema::{ChannelId, GuildId, UserId};

use super::{Compared, ComparedChannel};
use crate::{
    Bots, Error, Rank, Window,
    database::Source,
    leaderboard::{compare, ranked},
    message_scan::{Column, MessageScan},
    per_user::PerUser,
    rollup::{Counted, Horizon, Sources},
    voice::{PartOf, VoiceScan, VoiceStateFilter},
};

/// Activity in a window. Users and channels without activity are left out.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Where the data starts, if the window begins before it.
    pub(super) data_since: Option<DateTime<Utc>>,
    written_in: HashMap<ChannelId, u64>,
    pub(super) rounded_to_days: bool,
    /// In order of user id, as the next.
    voice_ms: Vec<(UserId, u64)>,
    written_by: Vec<(UserId, u64)>,
}

impl Activity {
    /// Call it in a transaction.
    pub(super) fn load(conn: &mut dyn Source, guild: GuildId, bots: Bots, window: Window) -> Result<Self, Error> {
        let mut activity = Self::default();
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.messages(window);
        activity.data_since = data_since;
        activity.rounded_to_days = rounded_to_days;
        let (mut written_by, mut voice_ms) = (PerUser::of_numbers(), PerUser::of_numbers());
        let columns = [Column::User, Column::Channel, Column::Messages];
        let scan = MessageScan { bots, guild, user: None };
        let statement = scan.read(conn.dialect(), &columns, &Sources::summed(span, horizon.messages_to));
        conn.rows(&statement, &mut |row| {
            let messages = row.count(2)?;
            written_by.add(row.id(0)?, messages);
            let sum = activity.written_in.entry(row.id(1)?).or_default();
            *sum = sum.saturating_add(messages);
            Ok(())
        })?;
        let scan = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user: None, window };
        let read = scan.each(conn, PartOf::Time, |part| {
            if part.time.all_ms() > 0 {
                voice_ms.add(part.user, part.time.all_ms());
            }
        })?;
        activity.written_by = written_by.finish();
        activity.voice_ms = voice_ms.finish();
        activity.rounded_to_days |= read.rounded_to_days;
        Ok(activity)
    }

    pub(super) fn messages(&self) -> u64 {
        sum(&self.written_by)
    }

    pub(super) fn voice_time(&self) -> Duration {
        Duration::from_millis(sum(&self.voice_ms))
    }

    /// How many members wrote or were in voice.
    pub(super) fn active(&self) -> u64 {
        let mut writers = self.written_by.iter().map(|row| row.0).peekable();
        let silent = self.voice_ms.iter().filter(|(speaker, _)| {
            while writers.next_if(|writer| writer < speaker).is_some() {}
            writers.peek() != Some(speaker)
        });
        u64::try_from(self.written_by.len().saturating_add(silent.count())).unwrap_or(u64::MAX)
    }

    /// The first channels by messages.
    pub(super) fn channels(&self, before: Option<&Self>, limit: usize) -> Vec<ComparedChannel> {
        let mut channels: Vec<(ChannelId, u64)> =
            self.written_in.iter().map(|(channel, sum)| (*channel, *sum)).collect();
        channels.sort_unstable_by_key(|(channel, messages)| (Reverse(*messages), *channel));
        let compared = channels.into_iter().take(limit).map(|(channel_id, value)| {
            let previous = before.map(|before| before.written_in.get(&channel_id).copied().unwrap_or(0));
            ComparedChannel { channel_id, messages: Compared { value, previous } }
        });
        compared.collect()
    }

    /// The first by messages.
    pub(super) fn writers(&self, before: Option<&Self>, limit: usize) -> Vec<Rank> {
        board(&self.written_by, before.map(|before| &before.written_by[..]), limit)
    }

    /// The first by time in voice.
    pub(super) fn speakers(&self, before: Option<&Self>, limit: usize) -> Vec<Rank> {
        board(&self.voice_ms, before.map(|before| &before.voice_ms[..]), limit)
    }
}

fn sum(sums: &[(UserId, u64)]) -> u64 {
    sums.iter().fold(0, |all: u64, row| all.saturating_add(row.1))
}

fn board(now: &[(UserId, u64)], before: Option<&[(UserId, u64)]>, limit: usize) -> Vec<Rank> {
    let ranks = ranked(now, 0..limit, |row| row.1);
    let mut ranks: Vec<Rank> = ranks
        .map(|(rank, &(user_id, value))| Rank { rank, user_id, value, previous: None, level: None, voice: None })
        .collect();
    if let Some(before) = before {
        compare(&mut ranks, before);
    }
    ranks
}
