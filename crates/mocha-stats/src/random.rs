//! Random rows and windows for the property tests.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_schema::{ChannelId, VoiceEventType};
use proptest::prelude::*;

use crate::{
    Bots, Window,
    channel_filter::ChannelFilter,
    database::{Dialect, Source},
    fixture::{MONDAY, Message, Rows, TestResult, insert_channel, insert_guild, insert_user},
    test_file::File,
    world,
};

/// The guild of the questions. Rows of [`OTHER_GUILD`] must not count.
pub(crate) const GUILD: u64 = 1;
pub(crate) const OTHER_GUILD: u64 = 11;

/// Ids that are ordered differently as texts and as numbers, and whether each is a bot.
pub(crate) const USERS: [(u64, Option<bool>); 5] =
    [(2, None), (10, Some(false)), (9, Some(true)), (100, Some(false)), (1_000, Some(true))];

/// A user without a row in `users`, so it is unknown whether it is a bot.
pub(crate) const UNKNOWN_USER: u64 = 77;

pub(crate) fn is_bot(user: u64) -> bool {
    USERS.contains(&(user, Some(true)))
}

pub(crate) fn counts(bots: Bots, user: u64) -> bool {
    match bots {
        Bots::Exclude => !is_bot(user),
        Bots::Include => true,
        Bots::Only => is_bot(user),
    }
}

pub(crate) fn insert_users(conn: &mut File) -> TestResult<Rows> {
    for (user, bot) in USERS {
        insert_user(conn, user, bot)?;
    }
    Ok(Rows::default())
}

pub(crate) fn guild() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(GUILD), 1 => Just(OTHER_GUILD)]
}

pub(crate) fn user() -> impl Strategy<Value = u64> {
    prop::sample::select(USERS.as_slice()).prop_map(|user| user.0)
}

pub(crate) fn any_user() -> impl Strategy<Value = u64> {
    prop_oneof![5 => user(), 1 => Just(UNKNOWN_USER)]
}

pub(crate) fn bots() -> impl Strategy<Value = Bots> {
    prop::sample::select([Bots::Exclude, Bots::Include, Bots::Only].as_slice())
}

pub(crate) fn limit() -> impl Strategy<Value = Option<usize>> {
    prop::option::of(0..6_usize)
}

/// Generates messages within this many seconds from [`MONDAY`] on.
pub(crate) fn messages(seconds: i64) -> impl Strategy<Value = Vec<Message>> {
    let kind =
        prop::sample::select([Some(0), Some(0), Some(19), Some(20), Some(23), Some(7), Some(21), None].as_slice());
    let content = prop::option::weighted(0.8, (0..50_i32, 0..10_i32));
    let attachment = prop::option::of(any::<bool>());
    // A channel belongs to one guild.
    let message = (guild(), 0..3_u64, user(), kind, content, attachment, 0..seconds).prop_map(
        |(guild, channel, user, kind, content, has_attachment, second)| Message {
            guild,
            channel: guild * 1_000 + [2, 10, 100].get(usize::try_from(channel).unwrap()).unwrap(),
            user,
            kind,
            content,
            has_attachment,
            second: MONDAY + second,
        },
    );
    prop::collection::vec(message, 0..40)
}

pub(crate) fn insert_messages(conn: &mut File, messages: &[Message]) -> TestResult {
    let mut rows = insert_users(conn)?;
    messages.iter().try_for_each(|message| rows.message(conn, *message))
}

/// Generates a filter of channels, which usually lets all count.
pub(crate) fn channels() -> impl Strategy<Value = ChannelFilter> {
    let place = || prop::sample::select([1_002_u64, 1_010, 1_100, 5_000].as_slice());
    let places = || prop::option::weighted(0.25, prop::collection::vec(place(), 1..3));
    (places(), places()).prop_map(|(only, without)| {
        let ids = |ids: Vec<u64>| ids.into_iter().map(|id| id.try_into().unwrap()).collect::<BTreeSet<ChannelId>>();
        ChannelFilter { only: only.map(ids), without: without.map(ids).unwrap_or_default() }
    })
}

/// Returns whether a filter lets a channel count, from the channel's parents.
pub(crate) fn counts_channel(filter: &ChannelFilter, channel: u64) -> bool {
    let chain = [Some(channel), world::parent(channel), world::parent(channel).and_then(world::parent)];
    let among = |set: &BTreeSet<ChannelId>| chain.iter().flatten().any(|place| set.iter().any(|id| id.get() == *place));
    filter.only.as_ref().is_none_or(among) && !among(&filter.without)
}

/// The channels of [`messages`] in the guild, a thread in a channel in a category.
pub(crate) fn insert_places(conn: &mut File) -> TestResult {
    insert_guild(conn, GUILD)?;
    world::PLACES.iter().try_for_each(|(id, parent)| insert_channel(conn, GUILD, *id, 0, *parent))
}

/// Generates windows around the time of the rows: with edges on full seconds and between them,
/// empty ones, and ones without edges.
pub(crate) fn window(seconds: i64) -> impl Strategy<Value = Window> {
    let monday = DateTime::from_timestamp(MONDAY, 0).unwrap();
    let instant = (-2..seconds + 2, prop_oneof![2 => Just(0), 1 => -3..3_i64, 1 => 0..1_000_i64])
        .prop_map(move |(second, ms)| monday + TimeDelta::seconds(second) + TimeDelta::milliseconds(ms))
        .boxed();
    prop_oneof![
        1 => Just(Window::all()),
        1 => instant.clone().prop_map(|start| Window::since(start).unwrap()),
        1 => instant.clone().prop_map(|end| Window::until(end).unwrap()),
        4 => (instant.clone(), instant).prop_map(|(a, b)| Window::between(a.min(b), a.max(b)).unwrap()),
    ]
}

/// Returns whether an instant lies in a window, by the window's definition.
pub(crate) fn holds(window: Window, ms: i64) -> bool {
    let instant = DateTime::from_timestamp_millis(ms).unwrap();
    window.start().is_none_or(|start| start <= instant) && window.end().is_none_or(|end| instant < end)
}

/// Returns the counted window if single rows are kept only from a day on.
pub(crate) fn rounded_to_days(window: Window, horizon: i64) -> TestResult<Window> {
    if window.start().is_some() && window.start() == window.end() {
        return Ok(window);
    }
    let horizon = DateTime::from_timestamp(horizon, 0).ok_or("no such time")?;
    let midnight = |edge: DateTime<Utc>| edge.date_naive().and_time(NaiveTime::MIN).and_utc();
    let floor = |start| if start < horizon { midnight(start) } else { start };
    let ceiling = |end| if end < horizon && midnight(end) < end { midnight(end) + TimeDelta::days(1) } else { end };
    Ok(match (window.start().map(floor), window.end().map(ceiling)) {
        (Some(start), Some(end)) => Window::between(start, end)?,
        (Some(start), None) => Window::since(start)?,
        (None, Some(end)) => Window::until(end)?,
        _ => window,
    })
}

/// Deletes as retention does.
pub(crate) fn forget_before(conn: &mut File, horizon: i64) -> TestResult {
    for sql in [
        format!("UPDATE horizons SET members_from = {horizon}, messages_from = {horizon}, voice_from = {horizon}"),
        format!("DELETE FROM member_events WHERE created_at < {horizon}"),
        format!("DELETE FROM message_events WHERE created_at < {horizon}"),
        format!("DELETE FROM voice_events WHERE created_at < {horizon}"),
        format!("DELETE FROM voice_intervals WHERE started_at_ms < {horizon}000"),
    ] {
        conn.execute(sql)?;
    }
    Ok(())
}

/// Raises the watermarks to this many days after [`MONDAY`], if they are lower.
pub(crate) fn fill_to(conn: &mut File, day: i64) -> TestResult {
    // In PostgreSQL the roll-ups are always complete.
    if conn.dialect() == Dialect::Postgres {
        return Ok(());
    }
    let day = MONDAY / 86_400 + day;
    conn.execute(format!(
        "UPDATE watermarks SET messages_to = max(messages_to, {day}), voice_to = max(voice_to, {day})"
    ))?;
    Ok(())
}

/// Zones of whole, half and quarter hours, east and west.
pub(crate) fn zone() -> impl Strategy<Value = Tz> {
    use chrono_tz::{America, Asia, Australia, Europe, Pacific};
    const ZONES: [Tz; 7] = [
        Tz::UTC,
        America::St_Johns,
        Asia::Kathmandu,
        Australia::Lord_Howe,
        Europe::Berlin,
        Pacific::Chatham,
        Pacific::Kiritimati,
    ];
    prop::sample::select(ZONES.as_slice())
}

/// An entry of the voice log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogEntry {
    pub(crate) guild: u64,
    pub(crate) user: u64,
    pub(crate) kind: VoiceEventType,
    pub(crate) duration: Option<i64>,
    pub(crate) second: i64,
}

/// Generates a voice log within this many seconds from [`MONDAY`] on.
pub(crate) fn voice_log(seconds: i64) -> impl Strategy<Value = Vec<LogEntry>> {
    let kind = prop::sample::select(
        [VoiceEventType::Join, VoiceEventType::Leave, VoiceEventType::Leave, VoiceEventType::Move].as_slice(),
    );
    let entry = (guild(), any_user(), kind, prop::option::weighted(0.8, 0..seconds * 1000), 0..seconds).prop_map(
        |(guild, user, kind, duration, second)| LogEntry { guild, user, kind, duration, second: MONDAY + second },
    );
    prop::collection::vec(entry, 0..20)
}

pub(crate) fn insert_voice_log(conn: &mut File, log: &[LogEntry]) -> TestResult {
    let mut rows = Rows::default();
    log.iter().try_for_each(|entry| {
        let LogEntry { guild, user, kind, duration, second } = *entry;
        rows.voice_event(conn, guild, user, kind, duration, second)
    })
}
