//! How much each user has of what is measured.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use foldhash::{HashSet, HashSetExt};
use mocha_schema::UserId;

use super::{Leaderboard, Measure, VoiceDetails, VoiceTotals};
use crate::{
    Error, Window,
    active_months::{self, ActiveMonth, ActiveMonths},
    channel_filter::Resolved,
    daily_activity::DailyActivity,
    database::Source,
    message_scan::{Column, MessageScan},
    per_user::PerUser,
    rollup::{Counted, Horizon, Sources, Span},
    statement::Statement,
    voice::{PartOf, VoiceBoard, VoiceFilter, VoicePart, VoiceScan, VoiceStateFilter, VoiceTime},
};

/// How much each user has; nobody has nothing.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// In order of user id.
    pub(super) values: Vec<(UserId, u64)>,
    /// Where the data starts, if the window begins before it.
    pub(super) data_since: Option<DateTime<Utc>>,
    pub(super) rounded_to_days: bool,
    /// If the question wants it.
    pub(super) voice: Option<Voice>,
}

/// Voice of all users on a board, and of each.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) totals: VoiceTotals,
    /// In order of user id.
    users: Vec<(UserId, VoiceDetails)>,
}

impl Totals {
    /// Returns voice time and sessions of a user, if the question wants them.
    pub(super) fn voice_of(&self, user: UserId) -> Option<VoiceDetails> {
        let users = &self.voice.as_ref()?.users;
        users.binary_search_by_key(&user, |row| row.0).ok().and_then(|place| users.get(place)).map(|row| row.1)
    }

    /// To be called in a transaction.
    pub(super) fn load(conn: &mut dyn Source, question: &Leaderboard, window: Window) -> Result<Self, Error> {
        let mut channels = question.channels.resolve(conn, question.guild)?;
        let mut reader = Reader {
            board: None,
            data_since: None,
            question,
            values: PerUser::of_numbers(),
            rounded_to_days: false,
            window,
        };
        match question.measure {
            Measure::ActiveDays => reader.active_days(conn, &mut channels)?,
            Measure::Attachments => reader.messages(conn, &mut channels, Column::Attachments)?,
            Measure::Characters => reader.messages(conn, &mut channels, Column::Characters)?,
            Measure::Messages => reader.messages(conn, &mut channels, Column::Messages)?,
            Measure::Score(weights) => reader.score(conn, &mut channels, weights)?,
            Measure::VoiceSessions => reader.voice_sessions(conn)?,
            Measure::VoiceTime => reader.voice_time(conn, &mut channels)?,
            Measure::Words => reader.messages(conn, &mut channels, Column::Words)?,
        }
        let Reader { board, data_since, values, rounded_to_days, .. } = reader;
        let mut values = values.finish();
        let members = if question.current_members { Some(present(conn, question)?) } else { None };
        let roles = question.roles.resolve(conn, question.guild)?;
        let counts = |user: UserId| {
            question.counts_user(user)
                && members.as_ref().is_none_or(|members| members.contains(&user))
                && roles.counts(user)
        };
        let voice = board.filter(|_| question.voice_details).map(|board| Voice::of(board, counts));
        // A voice board lists finished sessions without time too.
        let least = question.min_value.max(1);
        let finished =
            |user: UserId| least == 1 && voice.as_ref().is_some_and(|voice: &Voice| voice.sessions_of(user) > 0);
        values.retain(|&(user, value)| counts(user) && (value >= least || finished(user)));
        Ok(Self { values, data_since, rounded_to_days, voice })
    }
}

impl Voice {
    fn of(board: VoiceBoard, counts: impl Fn(UserId) -> bool) -> Self {
        let mut all = VoiceTime::default();
        let mut users = Vec::with_capacity(board.users.len());
        for (user, voice) in board.users.into_iter().filter(|(user, _)| counts(*user)) {
            all.add(voice.time);
            let (observed, assumed) = (voice.time.observed(), voice.time.assumed());
            users.push((user, VoiceDetails { observed, assumed, sessions: voice.sessions }));
        }
        let (observed, assumed) = (all.observed(), all.assumed());
        Self { totals: VoiceTotals { observed, assumed, open_sessions: board.open_sessions }, users }
    }

    fn sessions_of(&self, user: UserId) -> u64 {
        let place = self.users.binary_search_by_key(&user, |row| row.0).ok();
        place.and_then(|place| self.users.get(place)).map_or(0, |row| row.1.sessions)
    }
}

/// The current members.
fn present(conn: &mut dyn Source, question: &Leaderboard) -> Result<HashSet<UserId>, Error> {
    let mut statement = Statement::new(conn.dialect());
    statement.select([conn.dialect().user()]).push(" FROM members WHERE ").is_id("guild_id", question.guild.get());
    statement.are_ids(["user_id"]);
    let mut members = HashSet::new();
    conn.rows(&statement, &mut |row| {
        members.insert(row.id(0)?);
        Ok(())
    })?;
    Ok(members)
}

#[derive(Debug)]
pub(super) struct Reader<'a> {
    /// Voice of each, if the question has a filter or wants details.
    board: Option<VoiceBoard>,
    data_since: Option<DateTime<Utc>>,
    pub(super) question: &'a Leaderboard,
    pub(super) values: PerUser<u64>,
    rounded_to_days: bool,
    pub(super) window: Window,
}

impl Reader<'_> {
    /// Notes where data starts. A value that several parts are added up for is known from the latest of them on.
    pub(super) fn note(&mut self, data_since: Option<DateTime<Utc>>, rounded_to_days: bool) {
        self.data_since = self.data_since.max(data_since);
        self.rounded_to_days |= rounded_to_days;
    }

    /// Adds up a column of messages.
    fn messages(&mut self, conn: &mut dyn Source, channels: &mut Resolved<'_>, column: Column) -> Result<(), Error> {
        let (scan, span, filled_to) = self.scan(conn)?;
        let sources = Sources::summed(span, filled_to);
        if channels.is_open() {
            let statement = scan.read(conn.dialect(), &[Column::User, column], &sources);
            return conn.rows(&statement, &mut |row| {
                self.values.add(row.id(0)?, row.count(1)?);
                Ok(())
            });
        }
        let statement = scan.read(conn.dialect(), &[Column::User, Column::Channel, column], &sources);
        conn.rows(&statement, &mut |row| {
            if channels.counts(Some(row.id(1)?)) {
                self.values.add(row.id(0)?, row.count(2)?);
            }
            Ok(())
        })
    }

    /// Returns the messages to scan, their time span, and the day up to which they are aggregated.
    pub(super) fn scan(&mut self, conn: &mut dyn Source) -> Result<(MessageScan, Span, i64), Error> {
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.messages(self.window);
        self.note(data_since, rounded_to_days);
        let Leaderboard { bots, guild, .. } = *self.question;
        Ok((MessageScan { bots, guild, user: None }, span, horizon.messages_to))
    }

    fn voice_scan(&self, channels: bool) -> VoiceScan {
        let Leaderboard { bots, guild, .. } = *self.question;
        VoiceScan { bots, channels, guild, state: VoiceStateFilter::All, user: None, window: self.window }
    }

    fn voice(
        &mut self,
        conn: &mut dyn Source,
        part_of: PartOf,
        channels: bool,
        mut f: impl FnMut(&mut PerUser<u64>, VoicePart),
    ) -> Result<(), Error> {
        let read = self.voice_scan(channels).each(conn, part_of, |part| f(&mut self.values, part))?;
        self.note(read.data_since, read.rounded_to_days);
        Ok(())
    }

    fn voice_sessions(&mut self, conn: &mut dyn Source) -> Result<(), Error> {
        self.voice(conn, PartOf::Anything, false, |values, part| values.add(part.user, part.sessions))
    }

    pub(super) fn voice_time(&mut self, conn: &mut dyn Source, channels: &mut Resolved<'_>) -> Result<(), Error> {
        let Leaderboard { bots, guild, ref voice_filter, voice_details, .. } = *self.question;
        if voice_details || *voice_filter != VoiceFilter::new() {
            let board = VoiceBoard::load(conn, guild, bots, voice_filter, channels, self.window)?;
            self.note(board.data_since, board.rounded_to_days);
            for (user, voice) in &board.users {
                self.values.add(*user, voice_filter.counted_ms(voice.time));
            }
            self.board = Some(board);
            return Ok(());
        }
        self.voice(conn, PartOf::Time, !channels.is_open(), |values, part| {
            if channels.counts(part.channel) {
                values.add(part.user, part.time.all_ms());
            }
        })
    }

    fn active_days(&mut self, conn: &mut dyn Source, channels: &mut Resolved<'_>) -> Result<(), Error> {
        let Leaderboard { bots, guild, zone, .. } = *self.question;
        if zone != Tz::UTC {
            let local = DailyActivity { bots, guild, user: None, voice: true, window: self.window, zone };
            let (months, data_since) = local.local(conn, |channel| channels.counts(channel))?;
            self.note(data_since, false);
            for (user, month) in months {
                self.values.add(user, month.count());
            }
            return Ok(());
        }
        let mut months = ActiveMonths::default();
        let (scan, span, filled_to) = self.scan(conn)?;
        if channels.is_open() {
            active_months::written(conn, scan, span, filled_to, |user, month| months.add(user, month))?;
        } else {
            let columns = [Column::User, Column::Channel, Column::Day];
            let statement = scan.read(conn.dialect(), &columns, &Sources::by_day(span));
            conn.rows(&statement, &mut |row| {
                if channels.counts(Some(row.id(1)?)) {
                    months.add(row.id(0)?, ActiveMonth::of_day(row.number(2)?, 0));
                }
                Ok(())
            })?;
        }
        let read = self.voice_scan(!channels.is_open()).active(conn, |user, channel, month| {
            if channels.counts(channel) {
                months.add(user, month);
            }
        })?;
        self.note(read.data_since, read.rounded_to_days);
        for (user, month) in months.finish() {
            self.values.add(user, month.count());
        }
        Ok(())
    }
}
