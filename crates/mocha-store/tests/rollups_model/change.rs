//! Random changes that any program may make to the file, and their SQL.

use proptest::{option, prelude::*, sample::select};

pub(crate) const GUILDS: std::ops::Range<i64> = 10..12;
pub(crate) const CHANNELS: std::ops::Range<i64> = 20..23;
pub(crate) const USERS: std::ops::Range<i64> = 40..43;

/// The largest number of characters or words that counts. A larger or negative number counts as 0.
pub(crate) const MOST: i64 = 2_147_483_647;

/// The start of a month of thirty days, in 2021. Days around it lie in two months.
pub(crate) const EDGE: i64 = 627 * 30 * 86_400;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Conflict {
    Ignore,
    Replace,
    Upsert,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) guild: i64,
    pub(crate) channel: i64,
    pub(crate) user: i64,
    pub(crate) kind: Option<i64>,
    pub(crate) attachment: Option<bool>,
    pub(crate) embed: Option<bool>,
    pub(crate) characters: Option<i64>,
    pub(crate) words: Option<i64>,
    pub(crate) at: i64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Interval {
    pub(crate) guild: i64,
    pub(crate) user: i64,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: Option<i64>,
    pub(crate) channel: Option<i64>,
    /// Server mute, server deaf, self mute, self deaf, stream, video, suppress, assumed.
    pub(crate) flags: [bool; 8],
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) guild: i64,
    pub(crate) user: i64,
    pub(crate) leave: bool,
    pub(crate) at: i64,
}

/// A change to the log of joins and leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Turn {
    pub(crate) id: i64,
    pub(crate) guild: i64,
    pub(crate) user: i64,
    pub(crate) kind: &'static str,
    pub(crate) at: i64,
}

/// A change that runs in one transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// A message, and its missing parents before or after it.
    Message(Conflict, Message, bool),
    /// A change of everything but the id of a message.
    Edit(Message),
    DeleteMessage(i64),
    DeleteMessagesOf(i64),
    DeleteGuild(i64),
    DeleteChannel(i64),
    DeleteUser(i64),
    /// The known facts about a user.
    User(Conflict, i64, Option<bool>),
    RenameUser(i64, i64),
    Interval(Conflict, Interval),
    /// Closes an open interval after this time, or opens a closed one.
    Close(i64, i64, Option<i64>),
    DeleteIntervals(i64, i64),
    Entry(Conflict, Entry),
    DeleteEntry(i64),
    Turn(Conflict, Turn),
    DeleteTurn(i64),
    /// The span of awards in a guild, or none.
    Awards(Conflict, i64, Option<i64>),
    MembersFrom(i64),
    MessagesFrom(i64),
    VoiceFrom(i64),
    /// Raises the watermark of messages to this day.
    MessagesTo(i64),
    VoiceTo(i64),
}

fn time() -> impl Strategy<Value = i64> {
    let quarter = prop_oneof![3 => 0..96_i64, 1 => Just(0_i64), 1 => Just(95_i64)];
    let usual = (-3..3_i64, quarter, select(vec![0, 1, 450, 899]))
        .prop_map(|(day, quarter, second)| EDGE + day * 86_400 + quarter * 900 + second);
    // Times that Discord never sends.
    prop_oneof![30 => usual, 1 => select(vec![-1, 0, 253_402_300_799, 253_402_300_800])]
}

/// Generates a number of characters or words, valid or not.
fn count() -> impl Strategy<Value = Option<i64>> {
    let absurd = select(vec![-1, MOST, MOST + 1, i64::MIN, i64::MAX]);
    option::of(prop_oneof![30 => 0..50_i64, 1 => absurd])
}

fn message() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![4 => Just(Some(0)), 1 => option::of(select(vec![7, 18, 19, 20, 23, 24]))];
    let content = (option::of(any::<bool>()), option::of(any::<bool>()), count(), count());
    (100..112_i64, GUILDS, CHANNELS, USERS, kind, content, time()).prop_map(
        |(id, guild, channel, user, kind, (attachment, embed, characters, words), at)| Message {
            id,
            guild,
            channel,
            user,
            kind,
            attachment,
            embed,
            characters,
            words,
            at,
        },
    )
}

/// Returns the end of an interval of this length, at midnight at the latest.
pub(crate) fn within_day(start_ms: i64, length: i64) -> i64 {
    (start_ms + length).min((start_ms / 86_400_000 + 1) * 86_400_000)
}

fn interval() -> impl Strategy<Value = Interval> {
    let end = option::weighted(0.6, 1..100_000_i64);
    (GUILDS, USERS, time(), 0..3_i64, end, option::weighted(0.9, CHANNELS), any::<[bool; 8]>()).prop_map(
        |(guild, user, start, ms, length, channel, flags)| Interval {
            guild,
            user,
            start_ms: start * 1000 + ms,
            end_ms: length.map(|length| within_day(start * 1000 + ms, length)),
            channel,
            flags,
        },
    )
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let conflict = || select(vec![Conflict::Ignore, Conflict::Replace, Conflict::Upsert]);
    let entry = (200..206_i64, GUILDS, USERS, any::<bool>(), time()).prop_map(|(id, guild, user, leave, at)| Entry {
        id,
        guild,
        user,
        leave,
        at,
    });
    let turn = (300..306_i64, GUILDS, USERS, select(vec!["join", "leave", "update"]), time())
        .prop_map(|(id, guild, user, kind, at)| Turn { id, guild, user, kind, at });
    let midnight = || (-2..3_i64).prop_map(|day| EDGE + day * 86_400);
    prop_oneof![
        12 => (conflict(), message(), any::<bool>()).prop_map(|(conflict, message, first)| {
            Change::Message(conflict, message, first)
        }),
        3 => message().prop_map(Change::Edit),
        2 => (100..112_i64).prop_map(Change::DeleteMessage),
        1 => USERS.prop_map(Change::DeleteMessagesOf),
        1 => GUILDS.prop_map(Change::DeleteGuild),
        1 => CHANNELS.prop_map(Change::DeleteChannel),
        1 => USERS.prop_map(Change::DeleteUser),
        4 => (conflict(), USERS, option::of(any::<bool>())).prop_map(|(conflict, user, bot)| {
            Change::User(conflict, user, bot)
        }),
        1 => (USERS, USERS).prop_map(|(from, to)| Change::RenameUser(from, to)),
        7 => (conflict(), interval()).prop_map(|(conflict, interval)| Change::Interval(conflict, interval)),
        4 => (GUILDS, USERS, option::weighted(0.9, 1..90_000_000_i64)).prop_map(|(guild, user, length)| {
            Change::Close(guild, user, length)
        }),
        1 => (GUILDS, USERS).prop_map(|(guild, user)| Change::DeleteIntervals(guild, user)),
        4 => (conflict(), entry).prop_map(|(conflict, entry)| Change::Entry(conflict, entry)),
        1 => (200..206_i64).prop_map(Change::DeleteEntry),
        4 => (conflict(), turn).prop_map(|(conflict, turn)| Change::Turn(conflict, turn)),
        1 => (300..306_i64).prop_map(Change::DeleteTurn),
        2 => (conflict(), GUILDS, option::weighted(0.8, select(vec![1, 450, 900, 86_400]))).prop_map(|(conflict, guild, seconds)| {
            Change::Awards(conflict, guild, seconds)
        }),
        1 => midnight().prop_map(Change::MembersFrom),
        1 => midnight().prop_map(Change::MessagesFrom),
        1 => midnight().prop_map(Change::VoiceFrom),
        2 => midnight().prop_map(|at| Change::MessagesTo(at / 86_400)),
        2 => midnight().prop_map(|at| Change::VoiceTo(at / 86_400)),
    ]
}

fn null<T: ToString>(value: Option<T>) -> String {
    value.map_or("NULL".into(), |value| value.to_string())
}

/// Returns an `INSERT` of a row whose key may exist already.
fn insert(conflict: Conflict, table: &str, row: &str, key: &str, rest: &[&str]) -> String {
    match conflict {
        Conflict::Ignore => format!("INSERT OR IGNORE INTO {table} VALUES ({row});"),
        Conflict::Replace => format!("INSERT OR REPLACE INTO {table} VALUES ({row});"),
        Conflict::Upsert => {
            let rest: Vec<String> = rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
            format!("INSERT INTO {table} VALUES ({row}) ON CONFLICT ({key}) DO UPDATE SET {};", rest.join(", "))
        }
    }
}

impl Change {
    /// Returns the change as SQL.
    pub(crate) fn sql(&self) -> String {
        match *self {
            Self::Message(conflict, message, first) => {
                let Message { id, guild, channel, user, kind, attachment, embed, characters, words, at } = message;
                let parents = parents(guild, channel, user);
                let (kind, attachment, embed) = (null(kind), null(attachment), null(embed));
                let (characters, words) = (null(characters), null(words));
                let row = format!(
                    "{id}, {guild}, {channel}, {user}, {kind}, {attachment}, {embed}, {characters}, {words}, {at}"
                );
                let rest = ["guild_id", "channel_id", "user_id", "message_type", "has_attachment", "has_embed"];
                let rest = [&rest[..], &["character_count", "word_count", "created_at"]].concat();
                let message = insert(conflict, "message_events", &row, "id", &rest);
                if first { parents + &message } else { message + &parents }
            }
            Self::Edit(message) => {
                let Message { id, guild, channel, user, kind, attachment, embed, characters, words, at } = message;
                let parents = parents(guild, channel, user);
                format!(
                    "{parents} UPDATE message_events SET guild_id = {guild}, channel_id = {channel}, user_id = {user}, \
                     message_type = {}, has_attachment = {}, has_embed = {}, character_count = {}, word_count = {}, \
                     created_at = {at} WHERE id = '{id}';",
                    null(kind),
                    null(attachment),
                    null(embed),
                    null(characters),
                    null(words)
                )
            }
            Self::DeleteMessage(id) => format!("DELETE FROM message_events WHERE id = '{id}'"),
            Self::DeleteMessagesOf(user) => format!("DELETE FROM message_events WHERE user_id = '{user}'"),
            Self::DeleteGuild(id) => format!("DELETE FROM guilds WHERE id = '{id}'"),
            Self::DeleteChannel(id) => format!("DELETE FROM channels WHERE id = '{id}'"),
            Self::DeleteUser(id) => format!("DELETE FROM users WHERE id = '{id}'"),
            Self::User(conflict, id, bot) => {
                insert(conflict, "users", &format!("{id}, NULL, NULL, NULL, {}, 0, 0", null(bot)), "id", &["bot"])
            }
            Self::RenameUser(from, to) => format!("UPDATE users SET id = '{to}' WHERE id = '{from}'"),
            Self::Interval(conflict, Interval { guild, user, start_ms, end_ms, channel, flags }) => {
                let flags = flags.map(|flag| flag.to_string()).join(", ");
                let (end, channel) = (null(end_ms), null(channel));
                let row = format!("{guild}, {user}, {start_ms}, {end}, {start_ms}, {start_ms}, {channel}, {flags}");
                let rest = ["server_mute", "server_deaf", "self_mute", "self_deaf", "stream", "video", "suppress"];
                let rest = [&rest[..], &["assumed", "channel_id", "ended_at_ms"]].concat();
                insert(conflict, "voice_intervals", &row, "guild_id, user_id, started_at_ms", &rest)
            }
            Self::Close(guild, user, Some(length)) => format!(
                "UPDATE voice_intervals \
                 SET ended_at_ms = min(started_at_ms + {length}, (started_at_ms / 86400000 + 1) * 86400000) \
                 WHERE guild_id = '{guild}' AND user_id = '{user}' AND ended_at_ms IS NULL"
            ),
            Self::Close(guild, user, None) => format!(
                "UPDATE voice_intervals SET ended_at_ms = NULL WHERE guild_id = '{guild}' AND user_id = '{user}' \
                 AND started_at_ms = (SELECT max(started_at_ms) FROM voice_intervals \
                    WHERE guild_id = '{guild}' AND user_id = '{user}')
                 AND NOT EXISTS (SELECT 1 FROM voice_intervals \
                    WHERE guild_id = '{guild}' AND user_id = '{user}' AND ended_at_ms IS NULL)"
            ),
            Self::DeleteIntervals(guild, user) => {
                format!("DELETE FROM voice_intervals WHERE guild_id = '{guild}' AND user_id = '{user}'")
            }
            Self::Entry(conflict, Entry { id, guild, user, leave, at }) => {
                let kind = if leave { "'leave'" } else { "'join'" };
                let row = format!("{id}, {guild}, NULL, {user}, {kind}, {at}, {at}, 1000, 0, 0, {at}");
                insert(conflict, "voice_events", &row, "id", &["guild_id", "user_id", "event_type", "created_at"])
            }
            Self::DeleteEntry(id) => format!("DELETE FROM voice_events WHERE id = '{id}'"),
            Self::Turn(conflict, Turn { id, guild, user, kind, at }) => {
                let row = format!("{id}, {guild}, {user}, '{kind}', NULL, {at}");
                insert(conflict, "member_events", &row, "id", &["guild_id", "user_id", "event_type", "created_at"])
            }
            Self::DeleteTurn(id) => format!("DELETE FROM member_events WHERE id = '{id}'"),
            Self::Awards(conflict, guild, Some(seconds)) => {
                insert(conflict, "award_spans", &format!("'{guild}', {seconds}"), "guild_id", &["seconds"])
            }
            Self::Awards(_, guild, None) => format!("DELETE FROM award_spans WHERE guild_id = '{guild}'"),
            Self::MembersFrom(at) => format!(
                "UPDATE horizons SET members_from = max(members_from, {at});
                 DELETE FROM member_events WHERE created_at < (SELECT members_from FROM horizons);"
            ),
            Self::MessagesFrom(at) => format!(
                "UPDATE horizons SET messages_from = max(messages_from, {at});
                 DELETE FROM message_events WHERE created_at < (SELECT messages_from FROM horizons);"
            ),
            Self::VoiceFrom(at) => format!(
                "UPDATE horizons SET voice_from = max(voice_from, {at});
                 DELETE FROM voice_events WHERE created_at < (SELECT voice_from FROM horizons);
                 DELETE FROM voice_intervals WHERE started_at_ms < (SELECT voice_from * 1000 FROM horizons);"
            ),
            // A lower watermark than the current one is refused.
            Self::MessagesTo(day) => format!("UPDATE watermarks SET messages_to = {day}"),
            Self::VoiceTo(day) => format!("UPDATE watermarks SET voice_to = {day}"),
        }
    }
}

fn parents(guild: i64, channel: i64, user: i64) -> String {
    format!(
        "INSERT OR IGNORE INTO guilds (id, created_at, updated_at) VALUES ({guild}, 0, 0);
         INSERT OR IGNORE INTO channels (id, guild_id, type, created_at, updated_at) VALUES ({channel}, {guild}, 0, 0, 0);
         INSERT OR IGNORE INTO users (id, bot, created_at, updated_at) VALUES ({user}, 0, 0, 0);"
    )
}
