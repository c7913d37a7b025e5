//! Answers about any time are exact from an archive and a store together.

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::SqliteConnection;
use mocha_archive::{Archive, Month};
use mocha_schema::GuildId;
use mocha_stats::{
    Activation, ActiveMembers, Activities, Bots, Channels, Error, Growth, GuildOverview, GuildVoice, HeatMap,
    Leaderboard, MemberStatistics, MessageSeries, OnlineSeries, Period, PresenceTime, VoiceChannels, VoiceFilter,
    VoiceOccupancy, VoiceSeries, Window,
};
use mocha_store::{Keep, RetentionPolicy, Store};
use support::*;

/// The subject of a question: a guild, a window, and a member.
type Asked = (GuildId, Window, mocha_schema::UserId);

type Load = fn(&mut SqliteConnection, Asked) -> Result<String, Error>;

fn show<T: std::fmt::Debug>(answer: Result<T, Error>) -> Result<String, Error> {
    answer.map(|answer| format!("{answer:?}"))
}

fn in_company() -> VoiceFilter {
    VoiceFilter::new().exclude_alone()
}

const QUESTIONS: [(&str, Load); 22] = [
    ("messages", |conn, (guild, window, _)| show(Leaderboard::messages(guild).within(window).load(conn))),
    ("with bots", |conn, (guild, window, _)| {
        show(Leaderboard::words(guild).bots(Bots::Include).within(window).load(conn))
    }),
    ("compared", |conn, (guild, window, _)| show(Leaderboard::messages(guild).compare().within(window).load(conn))),
    ("active days", |conn, (guild, window, _)| show(Leaderboard::active_days(guild).within(window).load(conn))),
    ("channels", |conn, (guild, window, _)| show(Channels::of(guild).within(window).load(conn))),
    ("active members", |conn, (guild, window, _)| show(ActiveMembers::of(guild).within(window).load(conn))),
    ("heat map", |conn, (guild, window, _)| show(HeatMap::of(guild).within(window).load(conn))),
    ("series", |conn, (guild, window, _)| show(MessageSeries::of(guild).within(window).load(conn))),
    ("hours of a member", |conn, (guild, window, user)| {
        show(MessageSeries::of(guild).user(user).by(Period::Hour).within(window).load(conn))
    }),
    ("member", |conn, (guild, window, user)| {
        show(MemberStatistics::of(guild, user).now(server(31).end()).within(window).load(conn))
    }),
    ("overview", |conn, (guild, window, _)| show(GuildOverview::of(guild).within(window).load(conn))),
    ("growth", |conn, (guild, window, _)| show(Growth::of(guild).within(window).load(conn))),
    ("activation", |conn, (guild, window, _)| {
        show(Activation::of(guild).now(server(31).end()).within(window).load(conn))
    }),
    ("presence", |conn, (guild, window, _)| show(PresenceTime::of(guild).within(window).load(conn))),
    ("online", |conn, (guild, window, _)| show(OnlineSeries::of(guild).within(window).load(conn))),
    ("activities", |conn, (guild, window, _)| show(Activities::of(guild).within(window).load(conn))),
    ("voice", |conn, (guild, window, _)| show(Leaderboard::voice(guild).within(window).load(conn))),
    ("voice in company", |conn, (guild, window, _)| {
        show(GuildVoice::of(guild).filter(in_company()).within(window).load(conn))
    }),
    ("voice channels", |conn, (guild, window, _)| show(VoiceChannels::of(guild).within(window).load(conn))),
    ("occupancy", |conn, (guild, window, _)| show(VoiceOccupancy::of(guild).within(window).load(conn))),
    ("voice series", |conn, (guild, window, _)| show(VoiceSeries::of(guild).within(window).load(conn))),
    ("voice sessions", |conn, (guild, window, _)| show(Leaderboard::voice_sessions(guild).within(window).load(conn))),
];

/// The answers of every question about a window that begins and ends within a day, as text.
fn answers(store: &Store, from: DateTime<Utc>) -> TestResult<Vec<(&'static str, String)>> {
    let window = Window::between(from, from + TimeDelta::minutes(20_011))?;
    let most = "SELECT user_id AS line FROM message_days GROUP BY 1 ORDER BY sum(messages) DESC, 1 LIMIT 1";
    let most = most.replace("user_id AS line", "CAST(user_id AS TEXT) AS line");
    let user = lines(store, &most)?.remove(0).parse()?;
    let asked = (server(31).guild_id(), window, user);
    QUESTIONS.into_iter().map(|(name, load)| Ok((name, store.read(|conn| load(conn, asked))?))).collect()
}

#[test]
fn ragged_windows_from_before_the_horizon_are_answered_as_if_nothing_was_deleted() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 31)?;
    let end = server(31).end();
    // One window is before the horizon, and one around it.
    let windows = [end - TimeDelta::minutes(60 * 24 * 50 + 77), end - TimeDelta::minutes(60 * 24 * 35 + 131)];
    let mut expected = Vec::new();
    for from in windows {
        expected.push(answers(&store, from)?);
    }
    let archive = Archive::open(folder.path().join("archive"))?;
    let keep = Keep::Days(30);
    let retention = RetentionPolicy::default().messages(keep).members(keep).presences(keep).voice(keep);
    archive.apply_retention_at(&store, &retention, end).run()?;
    for (from, expected) in windows.into_iter().zip(&expected) {
        let alone = answers(&store, from)?;
        let same: Vec<_> =
            alone.iter().zip(expected).filter(|(one, other)| one == other).map(|(one, _)| one.0).collect();
        assert!(same.len() < QUESTIONS.len() / 4, "the store alone knows {same:?}");
    }
    let exact = Store::builder().open_in_memory()?;
    let months = |from: &str, to: &str| TestResult::Ok(from.parse::<Month>()?..=to.parse::<Month>()?);
    archive.gather(&store, server(31).guild_id(), months("2024-01", "2024-03")?, &exact)?;
    for (from, expected) in windows.into_iter().zip(expected) {
        for (found, expected) in answers(&exact, from)?.into_iter().zip(expected) {
            assert_eq!(found, expected);
        }
    }
    Ok(())
}

#[test]
fn an_erased_user_is_not_gathered() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 32)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    let user = lines(&store, "SELECT user_id AS line FROM message_events LIMIT 1")?.remove(0);
    // The erasure did not reach the archive.
    let receipt = store.forget_user(user.parse()?).run()?;
    assert!(receipt.is_complete());
    let exact = Store::builder().open_in_memory()?;
    let gathered = archive.gather(&store, server(32).guild_id(), "2024-01".parse()?..="2024-03".parse()?, &exact)?;
    assert!(gathered.withheld > 0);
    assert!(!events(&exact)?.iter().any(|row| row.contains(&format!("'{user}'"))));
    assert_eq!(events(&exact)?, events(&store)?);
    Ok(())
}
