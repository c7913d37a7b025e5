//! How much each user has of what is measured.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{connection::DefaultLoadingMode, prelude::*, sql_types::BigInt};
use foldhash::{HashMap, fast::RandomState};
use mocha_schema::{ChannelId, UserId, schema::members};

use super::{Leaderboard, Measure};
use crate::{
    Window,
    channel_filter::Resolved,
    message_scan::{Column, MessageScan},
    rollup::{Counted, Horizon, Sources, Span},
    scan::Unsigned,
    voice::{PartOf, VoicePart, VoiceScan, VoiceStateFilter},
};

const MINUTE_MS: u64 = 60_000;

/// How much each user has; nobody has nothing.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// With a hash that takes half as long as that of the standard library: a board of years is tens of thousands of sums.
    pub(super) values: HashMap<UserId, u64>,
    /// From when on all of it is known, if the window starts earlier.
    pub(super) known_from: Option<DateTime<Utc>>,
    pub(super) widened: bool,
}

impl Totals {
    /// To be called in a transaction.
    pub(super) fn load(conn: &mut SqliteConnection, question: &Leaderboard, window: Window) -> QueryResult<Self> {
        let mut channels = question.channels.resolve(conn, question.guild)?;
        let mut reader = Reader { question, totals: Self::default(), window };
        match question.measure {
            Measure::ActiveDays => reader.active_days(conn, &mut channels)?,
            Measure::Score(weights) => {
                reader.messages(conn, &mut channels, &weights.of_messages())?;
                reader.voice_minutes(conn, &mut channels, weights.voice_minutes.into())?;
            }
            Measure::VoiceSessions => reader.voice(conn, |totals, part| totals.add(part.user, part.sessions))?,
            Measure::VoiceTime => reader.voice_ms(conn, &mut channels)?,
            measure => {
                let columns: Vec<_> = measure.column().into_iter().map(|column| (column, 1)).collect();
                reader.messages(conn, &mut channels, &columns)?;
            }
        }
        let mut totals = reader.totals;
        let members = if question.only_members { Some(present(conn, question)?) } else { None };
        totals.values.retain(|user, value| {
            *value >= question.at_least.max(1)
                && question.counts_user(*user)
                && members.as_ref().is_none_or(|members| members.contains(user))
        });
        Ok(totals)
    }

    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    fn add(&mut self, user: UserId, value: u64) {
        let sum = self.values.entry(user).or_default();
        *sum = sum.saturating_add(value);
    }
}

/// Who is a member now.
fn present(conn: &mut SqliteConnection, question: &Leaderboard) -> QueryResult<HashSet<UserId>> {
    let users: Vec<UserId> =
        members::table.filter(members::guild_id.eq(question.guild)).select(members::user_id).load(conn)?;
    Ok(users.into_iter().collect())
}

#[derive(Debug)]
struct Reader<'a> {
    question: &'a Leaderboard,
    totals: Totals,
    window: Window,
}

impl Reader<'_> {
    /// Adds up columns of messages, each so many times.
    fn messages(
        &mut self,
        conn: &mut SqliteConnection,
        channels: &mut Resolved<'_>,
        columns: &[(Column, u64)],
    ) -> QueryResult<()> {
        for &(column, weight) in columns {
            let (scan, sources) = self.scan(conn, Sources::summed)?;
            if channels.is_open() {
                let statement = scan.read::<(BigInt, BigInt)>(&[Column::User, column], &sources);
                for row in statement.load_iter::<(UserId, Unsigned), DefaultLoadingMode>(conn)? {
                    let (user, value) = row?;
                    self.totals.add(user, u64::from(value).saturating_mul(weight));
                }
            } else {
                let columns = [Column::User, Column::Channel, column];
                let statement = scan.read::<(BigInt, BigInt, BigInt)>(&columns, &sources);
                for row in statement.load_iter::<(UserId, ChannelId, Unsigned), DefaultLoadingMode>(conn)? {
                    let (user, channel, value) = row?;
                    if channels.counts(Some(channel)) {
                        self.totals.add(user, u64::from(value).saturating_mul(weight));
                    }
                }
            }
        }
        Ok(())
    }

    fn scan(
        &mut self,
        conn: &mut SqliteConnection,
        sources: impl Fn(Span, i64) -> Sources,
    ) -> QueryResult<(MessageScan, Sources)> {
        let horizon = Horizon::load(conn)?;
        let Counted { known_from, span, widened } = horizon.messages(self.window);
        self.totals.known_from = known_from;
        self.totals.widened |= widened;
        let Leaderboard { bots, guild, .. } = *self.question;
        Ok((MessageScan { bots, guild, user: None }, sources(span, horizon.messages_to)))
    }

    fn voice(&mut self, conn: &mut SqliteConnection, mut f: impl FnMut(&mut Totals, VoicePart)) -> QueryResult<()> {
        self.voice_by(conn, PartOf::Anything, false, &mut f)
    }

    fn voice_by(
        &mut self,
        conn: &mut SqliteConnection,
        part_of: PartOf,
        channels: bool,
        f: &mut impl FnMut(&mut Totals, VoicePart),
    ) -> QueryResult<()> {
        let Leaderboard { bots, guild, .. } = *self.question;
        let scan = VoiceScan { bots, channels, guild, state: VoiceStateFilter::All, user: None, window: self.window };
        let totals = &mut self.totals;
        let read = scan.each(conn, part_of, |part| f(totals, part))?;
        self.totals.known_from = read.known_from;
        self.totals.widened |= read.widened;
        Ok(())
    }

    fn voice_ms(&mut self, conn: &mut SqliteConnection, channels: &mut Resolved<'_>) -> QueryResult<()> {
        self.voice_by(conn, PartOf::Anything, !channels.is_open(), &mut |totals, part| {
            if channels.counts(part.channel) {
                totals.add(part.user, part.time.all_ms());
            }
        })
    }

    fn voice_minutes(
        &mut self,
        conn: &mut SqliteConnection,
        channels: &mut Resolved<'_>,
        weight: u64,
    ) -> QueryResult<()> {
        if weight == 0 {
            return Ok(());
        }
        let messages = std::mem::take(&mut self.totals.values);
        self.voice_ms(conn, channels)?;
        let voice = std::mem::replace(&mut self.totals.values, messages);
        for (user, ms) in voice {
            self.totals.add(user, (ms / MINUTE_MS).saturating_mul(weight));
        }
        Ok(())
    }

    fn active_days(&mut self, conn: &mut SqliteConnection, channels: &mut Resolved<'_>) -> QueryResult<()> {
        let mut days: HashSet<(UserId, i64), RandomState> = HashSet::default();
        let (scan, sources) = self.scan(conn, |span, _| Sources::by_day(span))?;
        let columns = [Column::User, Column::Channel, Column::Day];
        let statement = scan.read::<(BigInt, BigInt, BigInt)>(&columns, &sources);
        for row in statement.load_iter::<(UserId, ChannelId, i64), DefaultLoadingMode>(conn)? {
            let (user, channel, day) = row?;
            if channels.counts(Some(channel)) {
                days.insert((user, day));
            }
        }
        self.voice_by(conn, PartOf::Day, !channels.is_open(), &mut |_, part| {
            if part.time.all_ms() > 0 && channels.counts(part.channel) {
                days.insert((part.user, part.day));
            }
        })?;
        for (user, _) in days {
            self.totals.add(user, 1);
        }
        Ok(())
    }
}
