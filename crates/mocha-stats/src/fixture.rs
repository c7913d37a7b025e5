// A migrated file in memory and rows for it. The unit tests use it as a module, and the examples of the docs include it.

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_schema::{ChannelId, MemberEventType, VoiceEventType, VoiceInterval, VoiceState};

/// Monday, 19 October 2026, midnight UTC; the Sunday after it has 25 hours in Berlin.
pub(crate) const MONDAY: i64 = 1_792_368_000;

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A value as SQL of either database has it.
pub(crate) fn value(value: Option<impl std::fmt::Display>) -> String {
    value.map_or("NULL".to_owned(), |value| value.to_string())
}

/// A message; `content` is its characters and words, if they are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) guild: u64,
    pub(crate) channel: u64,
    pub(crate) user: u64,
    pub(crate) kind: Option<i32>,
    pub(crate) content: Option<(i32, i32)>,
    pub(crate) has_attachment: Option<bool>,
    pub(crate) second: i64,
}

/// Rows go in through here; ids of events are made up.
#[derive(Default)]
pub(crate) struct Rows(u32);

impl Rows {
    fn next_id(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }

    pub(crate) fn message(&mut self, conn: &mut impl SimpleConnection, message: Message) -> TestResult {
        let Message { guild, channel, user, kind, content, has_attachment, second } = message;
        let (id, kind, has_attachment) = (self.next_id(), value(kind), value(has_attachment));
        let (characters, words) = (value(content.map(|content| content.0)), value(content.map(|content| content.1)));
        insert_guild(conn, guild)?;
        insert_channel(conn, guild, channel, 0, None)?;
        conn.batch_execute(&format!(
            "INSERT INTO message_events (id, guild_id, channel_id, user_id, message_type, has_attachment, has_embed, \
                    character_count, word_count, created_at) \
                VALUES ('{id}', '{guild}', '{channel}', '{user}', {kind}, {has_attachment}, NULL, {characters}, {words}, \
                    {second})"
        ))?;
        Ok(())
    }

    pub(crate) fn member_event(
        &mut self,
        conn: &mut impl SimpleConnection,
        guild: u64,
        user: u64,
        event_type: MemberEventType,
        second: i64,
    ) -> TestResult {
        let (id, event_type) = (self.next_id(), event_type.as_str());
        insert_member_event(conn, &id.to_string(), guild, user, event_type, None, second)
    }

    pub(crate) fn voice_event(
        &mut self,
        conn: &mut impl SimpleConnection,
        guild: u64,
        user: u64,
        event_type: VoiceEventType,
        duration: Option<i64>,
        second: i64,
    ) -> TestResult {
        let (id, event_type, duration) = (self.next_id(), event_type.as_str(), value(duration));
        conn.batch_execute(&format!(
            "INSERT INTO voice_events (id, guild_id, user_id, event_type, duration, created_at) \
            VALUES ('{id}', '{guild}', '{user}', '{event_type}', {duration}, {second})"
        ))?;
        Ok(())
    }
}

pub(crate) fn insert_member_event(
    conn: &mut impl SimpleConnection,
    id: &str,
    guild: u64,
    user: u64,
    event_type: &str,
    member_count: Option<i32>,
    second: i64,
) -> TestResult {
    let member_count = value(member_count);
    conn.batch_execute(&format!(
        "INSERT INTO member_events (id, guild_id, user_id, event_type, member_count, created_at) \
        VALUES ('{id}', '{guild}', '{user}', '{event_type}', {member_count}, {second})"
    ))?;
    Ok(())
}

/// Does nothing if the guild is there.
pub(crate) fn insert_guild(conn: &mut impl SimpleConnection, id: u64) -> TestResult {
    conn.batch_execute(&format!(
        "INSERT INTO guilds (id, created_at, updated_at) VALUES ('{id}', {MONDAY}, {MONDAY}) ON CONFLICT DO NOTHING"
    ))?;
    Ok(())
}

pub(crate) fn insert_channel(
    conn: &mut impl SimpleConnection,
    guild: u64,
    id: u64,
    kind: i32,
    parent: Option<u64>,
) -> TestResult {
    let parent = value(parent.map(|parent| format!("'{parent}'")));
    conn.batch_execute(&format!(
        "INSERT INTO channels (id, guild_id, type, parent_id, created_at, updated_at) \
            VALUES ('{id}', '{guild}', {kind}, {parent}, {MONDAY}, {MONDAY}) ON CONFLICT DO NOTHING"
    ))?;
    Ok(())
}

pub(crate) fn insert_member(conn: &mut impl SimpleConnection, guild: u64, user: u64) -> TestResult {
    conn.batch_execute(&format!(
        "INSERT INTO members (id, guild_id, user_id, created_at, updated_at) \
            VALUES ('{guild}:{user}', '{guild}', '{user}', {MONDAY}, {MONDAY})"
    ))?;
    Ok(())
}

pub(crate) fn insert_role(conn: &mut impl SimpleConnection, guild: u64, role: u64, user: u64) -> TestResult {
    conn.batch_execute(&format!(
        "INSERT INTO member_roles (guild_id, role_id, user_id) VALUES ({guild}, {role}, {user})"
    ))?;
    Ok(())
}

pub(crate) fn insert_command_use(
    conn: &mut impl SimpleConnection,
    guild: u64,
    number: u64,
    user: u64,
    name: &str,
    second: i64,
) -> TestResult {
    conn.batch_execute(&format!(
        "INSERT INTO command_uses (guild_id, interaction_id, channel_id, user_id, name, created_at) \
            VALUES ({guild}, {number}, 1000, {user}, '{name}', {second})"
    ))?;
    Ok(())
}

/// A reaction to a message: guild, channel and id, with its author. The emoji is its column and its name.
pub(crate) fn insert_reaction(
    conn: &mut impl SimpleConnection,
    (guild, channel, message): (u64, u64, u64),
    author: Option<u64>,
    user: u64,
    (emoji, name): (&str, Option<&str>),
    second: i64,
) -> TestResult {
    let (author, name) = (value(author), value(name.map(|name| format!("'{name}'"))));
    conn.batch_execute(&format!(
        "INSERT INTO reactions (guild_id, message_id, user_id, emoji, emoji_name, channel_id, author_id, created_at) \
            VALUES ({guild}, {message}, {user}, '{emoji}', {name}, {channel}, {author}, {second})"
    ))?;
    Ok(())
}

/// The id of a message that is sent at this unix millisecond.
pub(crate) fn message_id(ms: i64) -> u64 {
    u64::try_from(ms - 1_420_070_400_000).unwrap_or(0) << 22
}

/// A message that addresses someone: guild, channel and author, the addressee, when it is sent, and when the message was that it
/// answers, in unix milliseconds.
pub(crate) fn insert_addressee(
    conn: &mut impl SimpleConnection,
    (guild, channel, user): (u64, u64, u64),
    addressee: u64,
    ms: i64,
    replied_ms: Option<i64>,
) -> TestResult {
    let (id, replied, second) = (message_id(ms), value(replied_ms.map(message_id)), ms.div_euclid(1000));
    conn.batch_execute(&format!(
        "INSERT INTO message_addressees \
            (guild_id, message_id, addressee_id, user_id, channel_id, replied_message_id, created_at) \
            VALUES ({guild}, {id}, {addressee}, {user}, {channel}, {replied}, {second})"
    ))?;
    Ok(())
}

/// A join at this unix millisecond. The invite is its code, its inviter, and whether it is the vanity link.
pub(crate) fn insert_invited_member(
    conn: &mut impl SimpleConnection,
    guild: u64,
    user: u64,
    ms: i64,
    invite: Option<(&str, Option<u64>, bool)>,
) -> TestResult {
    let code = value(invite.map(|(code, ..)| format!("'{code}'")));
    let inviter = value(invite.and_then(|(_, inviter, _)| inviter));
    // The databases have different truth values.
    let is_vanity = if invite.is_some_and(|(.., is_vanity)| is_vanity) { "(1 = 1)" } else { "(1 = 0)" };
    conn.batch_execute(&format!(
        "INSERT INTO invited_members (guild_id, user_id, joined_at_ms, code, inviter_id, is_vanity) \
            VALUES ({guild}, {user}, {ms}, {code}, {inviter}, {is_vanity})"
    ))?;
    Ok(())
}

pub(crate) fn insert_user(conn: &mut impl SimpleConnection, id: u64, bot: Option<bool>) -> TestResult {
    let bot = value(bot);
    conn.batch_execute(&format!(
        "INSERT INTO users (id, bot, created_at, updated_at) VALUES ('{id}', {bot}, {MONDAY}, {MONDAY})"
    ))?;
    Ok(())
}

/// Somebody in a voice channel; `seen_at_ms` of an interval that ended is its end.
pub(crate) fn interval(
    guild: u64,
    user: u64,
    channel: Option<u64>,
    started_at_ms: i64,
    ended_at_ms: Option<i64>,
) -> TestResult<VoiceInterval> {
    Ok(VoiceInterval {
        guild_id: guild.try_into()?,
        user_id: user.try_into()?,
        started_at_ms,
        ended_at_ms,
        seen_at_ms: ended_at_ms.unwrap_or(started_at_ms),
        session_started_at_ms: started_at_ms,
        channel_id: channel.map(ChannelId::try_from).transpose()?,
        state: VoiceState::default(),
        assumed: false,
    })
}

pub(crate) fn insert_interval(conn: &mut impl SimpleConnection, interval: VoiceInterval) -> TestResult {
    let VoiceInterval { guild_id, user_id, started_at_ms, seen_at_ms, session_started_at_ms, assumed, .. } = interval;
    let (ended_at_ms, channel_id) = (value(interval.ended_at_ms), interval.channel_id.map(|id| format!("'{id}'")));
    let channel_id = value(channel_id);
    let VoiceState { server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress } = interval.state;
    conn.batch_execute(&format!(
        "INSERT INTO voice_intervals (guild_id, user_id, started_at_ms, ended_at_ms, seen_at_ms, session_started_at_ms, \
            channel_id, server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress, assumed) \
        VALUES ('{guild_id}', '{user_id}', {started_at_ms}, {ended_at_ms}, {seen_at_ms}, {session_started_at_ms}, \
            {channel_id}, {server_mute}, {server_deaf}, {self_mute}, {self_deaf}, {stream}, {video}, {suppress}, {assumed})"
    ))?;
    Ok(())
}

/// Months and totals are filled up to the twentieth day after [`MONDAY`], in the middle of a month.
/// They do not have later events.
pub(crate) fn empty() -> TestResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    mocha_schema::migrate(&mut conn)?;
    let filled_to = MONDAY / 86_400 + 20;
    conn.batch_execute(&format!("UPDATE watermarks SET messages_to = {filled_to}, voice_to = {filled_to}"))?;
    Ok(conn)
}

pub(crate) fn seeded() -> TestResult<SqliteConnection> {
    let mut conn = empty()?;
    seed(&mut conn)?;
    Ok(conn)
}

/// A Monday of guild 1: users 20, 30 and 100 are people, 9 is a bot; they write in channels 1000
/// and 2000 and talk in 3000. Users 20, 30 and the bot have role 70, user 30 has role 71 too. Users 20 and 30 use
/// commands and reactions, and talk to each other, and user 20 boosted the guild for a while and invited others.
/// Each hour is worth an award. User 30 has points of another bot.
pub(crate) fn seed(conn: &mut impl SimpleConnection) -> TestResult {
    conn.batch_execute("INSERT INTO award_spans VALUES ('1', 3600)")?;
    let mut rows = Rows::default();
    for (user, bot) in [(20, None), (30, Some(false)), (100, Some(false)), (9, Some(true))] {
        insert_user(conn, user, bot)?;
        rows.member_event(conn, 1, user, MemberEventType::Join, MONDAY + 6 * 3600)?;
    }
    rows.member_event(conn, 1, 100, MemberEventType::Leave, MONDAY + 2 * 86400)?;
    for (user, channel, messages) in [(20, 1000, 3), (30, 1000, 1), (30, 2000, 1), (100, 2000, 1), (9, 2000, 5)] {
        for minute in 0..messages {
            let message = Message {
                guild: 1,
                channel,
                user,
                kind: Some(0),
                content: Some((50, 10)),
                has_attachment: Some(false),
                second: MONDAY + 9 * 3600 + minute * 60,
            };
            rows.message(conn, message)?;
        }
    }
    for (role, user) in [(70, 20), (70, 30), (71, 30), (70, 9)] {
        insert_role(conn, 1, role, user)?;
    }
    for (number, user, name, day) in [(1, 20, "rank", 0), (2, 20, "stats voice", 0), (3, 30, "rank", 1)] {
        insert_command_use(conn, 1, number, user, name, MONDAY + day * 86_400 + 9 * 3600)?;
    }
    conn.batch_execute("INSERT INTO point_balances VALUES (1, 30, 500)")?;
    let (nine, minute) = ((MONDAY + 9 * 3600) * 1000, 60_000);
    for (user, addressee, sent, replied) in [
        (30, 20, nine + 2 * minute, Some(nine)),
        (30, 20, nine + 3 * minute, Some(nine)),
        (20, 30, nine + 3 * minute + 1, Some(nine + 2 * minute + 1)),
        (30, 20, nine + 86_400_000, None),
        (9, 20, nine + minute, Some(nine)),
    ] {
        insert_addressee(conn, (1, 1000, user), addressee, sent, replied)?;
    }
    // A thread that nobody wrote in.
    insert_channel(conn, 1, message_id(nine), 11, Some(1000))?;
    let (first, second, party) = ((1, 1000, 500), (1, 2000, 501), ("70", Some("party")));
    for (message, author, user, emoji, day) in [
        (first, 20, 30, party, 0),
        (first, 20, 30, ("\u{1f44d}", None), 1),
        (first, 20, 20, party, 0),
        (first, 20, 9, party, 0),
        (second, 30, 20, party, 1),
    ] {
        insert_reaction(conn, message, Some(author), user, emoji, MONDAY + day * 86_400 + 9 * 3600)?;
    }
    let tea = Some(("tea", Some(20), false));
    for (user, invite, day) in
        [(30, tea, 0), (100, tea, 1), (20, Some(("mocha", None, true)), 1), (100, None, 2), (9, None, 0)]
    {
        insert_invited_member(conn, 1, user, (MONDAY + day * 86_400 + 6 * 3600) * 1000, invite)?;
    }
    conn.batch_execute(&format!("INSERT INTO ended_boosts VALUES (1, 20, {MONDAY}, {MONDAY} + 40000)"))?;
    // User 20 was in voice for an hour; user 30 has been for half an hour, when last seen.
    let (nine, hour) = ((MONDAY + 9 * 3600) * 1000, 3_600_000);
    insert_interval(conn, interval(1, 20, Some(3000), nine, Some(nine + hour))?)?;
    rows.voice_event(conn, 1, 20, VoiceEventType::Leave, Some(hour), MONDAY + 10 * 3600)?;
    let open = interval(1, 30, Some(3000), nine, None)?;
    insert_interval(conn, VoiceInterval { seen_at_ms: nine + hour / 2, ..open })?;
    Ok(())
}
