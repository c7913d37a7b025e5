//! The queries whose time is measured, and the documented statements to compare them with.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use mocha_schema::{ChannelId, GuildId, UserId};
use mocha_stats::{
    ActiveMembers, AnyConnection, Bots, Channels, GuildOverview, GuildReport, HeatMap, Leaderboard, MemberCard,
    MemberReturn, MemberSegments, MemberStatistics, MembersSince, VoiceHeatMap, Window, chrono_tz::Europe::Berlin,
    documented::UserStatistics,
};

use crate::{Failure, File};

/// The number of users on a leaderboard.
const TOP: usize = 10;

const LEADERBOARD: &str = include_str!("../../crates/mocha-stats/src/documented/documented_leaderboard.sql");
const USER_STATISTICS: &str = include_str!("../../crates/mocha-stats/src/documented/documented_user.sql");
const VOICE_ACTIVITY: &str = include_str!("../../crates/mocha-stats/src/documented/documented_voice.sql");

/// A checksum of an answer, to compare it with another answer.
pub type Sum = i64;

/// A query with all its arguments.
pub type Ask<'a> = Box<dyn FnMut(&mut AnyConnection<'_>) -> Result<Sum, Failure> + 'a>;

/// A query with its name and the documented statement to compare it with.
pub type Question<'a> = (String, Ask<'a>, Option<Sql>);

/// A documented statement with all its arguments.
#[derive(Clone, Debug)]
pub struct Sql {
    ids: Vec<u64>,
    numbers: Vec<i64>,
    sum_of: fn([i64; 3]) -> Sum,
    text: &'static str,
}

impl Sql {
    fn leaderboard(guild: GuildId, since: i64) -> Self {
        let numbers = vec![since, i64::try_from(TOP).unwrap_or(i64::MAX)];
        Self { ids: vec![guild.get()], numbers, sum_of: |[_, messages, rank]| messages * rank, text: LEADERBOARD }
    }

    fn user_statistics(guild: GuildId, user: UserId, since: i64) -> Self {
        let (ids, sum_of): (_, fn([i64; 3]) -> Sum) = (vec![guild.get(), user.get()], |row| row.iter().sum());
        Self { ids, numbers: vec![since], sum_of, text: USER_STATISTICS }
    }

    fn voice_activity(guild: GuildId, since: i64) -> Self {
        let sum_of: fn([i64; 3]) -> Sum = |[_, _, sessions]| sessions;
        Self { ids: vec![guild.get()], numbers: vec![since], sum_of, text: VOICE_ACTIVITY }
    }

    /// Returns the ids that it takes first.
    #[must_use]
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// Returns the numbers that it takes after the ids.
    #[must_use]
    pub fn numbers(&self) -> &[i64] {
        &self.numbers
    }

    /// Returns what a row of its answer adds to the checksum.
    #[must_use]
    pub fn sum_of(&self, row: [Option<i64>; 3]) -> Sum {
        (self.sum_of)(row.map(|number| number.unwrap_or(0)))
    }

    /// Returns the statement, whose answer has three columns.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }
}

/// The start of the windows.
#[derive(Clone, Copy, Debug)]
pub enum Edges {
    /// At a midnight in UTC.
    Days,
    /// At an instant within a day. The query reads all messages from it to midnight.
    Instants,
}

impl Edges {
    fn start(self, file: &File, days: i64) -> DateTime<Utc> {
        let start = file.now - TimeDelta::days(days);
        match self {
            Self::Days => start.date_naive().and_time(NaiveTime::MIN).and_utc(),
            Self::Instants => start,
        }
    }
}

/// Returns questions that read single events.
fn of_single_events<'a>(
    name: &str,
    guild: GuildId,
    user: UserId,
    channel: ChannelId,
    now: DateTime<Utc>,
    window: Window,
) -> [Question<'a>; 4] {
    let member: Ask<'a> = Box::new(move |conn| {
        let member = MemberStatistics::of(guild, user).now(now).within(window).zone(Berlin).load(conn)?;
        Ok(i64::try_from(member.active_days)?)
    });
    let active: Ask<'a> = Box::new(move |conn| {
        let active = ActiveMembers::of(guild).within(window).zone(Berlin).load(conn)?;
        Ok(i64::try_from(active.user_count)?)
    });
    let written: Ask<'a> = Box::new(move |conn| {
        let answer = HeatMap::of(guild).only_channels(&[channel]).within(window).load(conn)?;
        Ok(i64::try_from(answer.messages)?)
    });
    let talked: Ask<'a> = Box::new(move |conn| {
        Ok(i64::try_from(VoiceHeatMap::of(guild).within(window).load(conn)?.voice_time.as_millis())?)
    });
    [
        (format!("member in a zone, {name}"), member, None),
        (format!("active members in a zone, {name}"), active, None),
        (format!("heat map of a channel, {name}"), written, None),
        (format!("voice heat map, {name}"), talked, None),
    ]
}

/// Returns the queries about a file's largest guild. The connection may be to the file or to another database with its rows.
///
/// # Errors
///
/// Returns an error if the database cannot be read.
pub fn questions<'a>(file: &File, edges: Edges, conn: &mut AnyConnection<'_>) -> Result<Vec<Question<'a>>, Failure> {
    let guild = file.guild_id;
    let mut questions: Vec<Question<'a>> = Vec::new();
    let windows = [("30 days", Some(30)), ("365 days", Some(365)), ("all time", None)];
    for (name, days) in windows {
        let start = days.map(|days| edges.start(file, days));
        let sql = Sql::leaderboard(guild, seconds(start));
        questions.push((format!("message leaderboard, {name}"), message_leaderboard(guild, window(start)?), Some(sql)));
    }
    if matches!(edges, Edges::Instants) {
        let start = Some(Edges::Days.start(file, 30));
        let sql = Sql::leaderboard(guild, seconds(start));
        questions.push((
            "message leaderboard, 30 whole days".into(),
            message_leaderboard(guild, window(start)?),
            Some(sql),
        ));
    }
    let most = Leaderboard::messages(guild).bots(Bots::Include).limit(1).load(conn)?;
    let user = most.entries.first().ok_or("the file has no messages")?.user_id;
    let busiest = Channels::of(guild).bots(Bots::Include).limit(1).load(conn)?;
    let busiest = busiest.channels.first().ok_or("the file has no messages")?.channel_id;
    for (name, days) in windows {
        let start = days.map(|days| edges.start(file, days));
        let window = window(start)?;
        let sql = Sql::user_statistics(guild, user, seconds(start));
        let ask: Ask<'a> = Box::new(move |conn| {
            let answer = UserStatistics::of(guild, user).within(window).load(conn)?;
            Ok(i64::try_from(answer.messages + answer.attachments)? + answer.characters.unwrap_or(0))
        });
        questions.push((format!("user statistics, {name}"), ask, Some(sql)));
    }
    for (name, days) in windows {
        let start = days.map(|days| edges.start(file, days));
        let sql = Sql::voice_activity(guild, seconds(start));
        questions.push((format!("voice leaderboard, {name}"), voice_leaderboard(guild, window(start)?), Some(sql)));
    }
    for (name, days) in windows {
        let window = window(days.map(|days| edges.start(file, days)))?;
        let ask: Ask<'a> =
            Box::new(move |conn| Ok(i64::try_from(HeatMap::of(guild).within(window).load(conn)?.messages)?));
        questions.push((format!("heat map, {name}"), ask, None));
    }
    let now = file.now;
    for (name, days) in windows {
        let window = window(days.map(|days| edges.start(file, days)))?;
        let member: Ask<'a> = Box::new(move |conn| {
            let member = MemberStatistics::of(guild, user).now(now).within(window).load(conn)?;
            let written = member.written;
            Ok(i64::try_from(written.messages + written.characters + written.attachments)?)
        });
        // Mocha's answer has much more than the three numbers to compare.
        let since = seconds(days.map(|days| edges.start(file, days)));
        questions.push((format!("member, {name}"), member, Some(Sql::user_statistics(guild, user, since))));
        let active: Ask<'a> = Box::new(move |conn| {
            let active = ActiveMembers::of(guild).within(window).load(conn)?;
            Ok(i64::try_from(active.user_count)?)
        });
        questions.push((format!("active members, {name}"), active, None));
        let overview: Ask<'a> = Box::new(move |conn| {
            let overview = GuildOverview::of(guild).within(window).load(conn)?;
            Ok(i64::try_from(overview.messages.value)?)
        });
        questions.push((format!("guild overview, {name}"), overview, None));
        let returned: Ask<'a> = Box::new(move |conn| {
            let answer = MemberReturn::of(guild).within(window).now(now).load(conn)?;
            Ok(i64::try_from(answer.days.iter().map(|day| day.joined + day.returned).sum::<u64>())?)
        });
        questions.push((format!("return, {name}"), returned, None));
        let report: Ask<'a> = Box::new(move |conn| {
            let report = GuildReport::of(guild, window).load(conn)?;
            Ok(i64::try_from(report.overview.messages.value)?)
        });
        questions.push((format!("report, {name}"), report, None));
        questions.extend(of_single_events(name, guild, user, busiest, now, window));
    }
    let segments: Ask<'a> = Box::new(move |conn| {
        let answer = MemberSegments::of(guild, now).load(conn)?;
        Ok(i64::try_from(answer.new + answer.active + answer.at_risk + answer.dormant)?)
    });
    questions.push(("segments".into(), segments, None));
    let card: Ask<'a> = Box::new(move |conn| {
        let card = MemberCard::of(guild, user, now).load(conn)?;
        Ok(i64::try_from(card.statistics.written.messages)?)
    });
    questions.push(("member card".into(), card, None));
    let since: Ask<'a> = Box::new(move |conn| Ok(i64::try_from(MembersSince::of(guild).load(conn)?.members)?));
    questions.push(("members since".into(), since, None));
    if let Some(guild) = file.small_guild_id {
        let sql = Sql::leaderboard(guild, 0);
        questions.push((
            "message leaderboard, small guild".into(),
            message_leaderboard(guild, Window::all()),
            Some(sql),
        ));
        let sql = Sql::voice_activity(guild, 0);
        questions.push(("voice leaderboard, small guild".into(), voice_leaderboard(guild, Window::all()), Some(sql)));
    }
    Ok(questions)
}

fn window(start: Option<DateTime<Utc>>) -> Result<Window, Failure> {
    Ok(start.map_or(Ok(Window::all()), Window::since)?)
}

fn seconds(start: Option<DateTime<Utc>>) -> i64 {
    start.map_or(0, |start| start.timestamp())
}

fn message_leaderboard<'a>(guild: GuildId, window: Window) -> Ask<'a> {
    Box::new(move |conn| {
        let board = Leaderboard::messages(guild).within(window).bots(Bots::Include).limit(TOP).load(conn)?;
        Ok(i64::try_from(board.entries.iter().map(|entry| entry.value * entry.rank).sum::<u64>())?)
    })
}

/// The checksum includes sessions but not time. The statement adds up the whole time of sessions that ended, and Mocha adds up
/// the time within the window.
fn voice_leaderboard<'a>(guild: GuildId, window: Window) -> Ask<'a> {
    Box::new(move |conn| {
        let board = Leaderboard::voice(guild).within(window).bots(Bots::Include).load(conn)?;
        Ok(i64::try_from(
            board.entries.iter().filter_map(|entry| entry.voice).map(|voice| voice.sessions).sum::<u64>(),
        )?)
    })
}
