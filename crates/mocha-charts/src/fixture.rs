// Seeds a guild for examples and tests. Examples include this file.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{
    ChannelId, GuildId, MemberEventType, MessageId, NewChannel, NewGuild, NewMemberEvent, NewMessageEvent, NewUser,
    UnixTime, UserId, VoiceInterval, VoiceState, schema,
};

/// Monday, 19 October 2026, midnight UTC, in seconds.
pub(crate) const MONDAY: i64 = 1_792_368_000;

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Returns the name of a user. User 100 has none.
pub(crate) fn name(user_id: UserId) -> Option<&'static str> {
    match user_id.get() {
        20 => Some("Ferris"),
        30 => Some("<b>Жук & 日本</b>"),
        _ => None,
    }
}

/// Returns an hour of the Monday.
fn at(hour: i64) -> TestResult<DateTime<Utc>> {
    Ok(DateTime::from_timestamp(MONDAY + hour * 3_600, 0).ok_or("no such time")?)
}

/// Returns a database with guild 1 on a Monday. Users 20, 30 and 100 join at six. From nine on they write once an hour: three
/// times, twice and once. User 20 is in voice from nine to ten.
pub(crate) fn seeded() -> TestResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    mocha_schema::migrate(&mut conn)?;
    let (guild_id, channel_id) = (GuildId::try_from(1)?, ChannelId::try_from(1000)?);
    let now: UnixTime = at(0)?.into();
    let guild = NewGuild { id: guild_id, name: None, icon: None, member_count: None, created_at: now, updated_at: now };
    diesel::insert_into(schema::guilds::table).values(&guild).execute(&mut conn)?;
    let channel = NewChannel {
        id: channel_id,
        guild_id,
        name: None,
        kind: 0,
        parent_id: None,
        position: None,
        created_at: now,
        updated_at: now,
    };
    diesel::insert_into(schema::channels::table).values(&channel).execute(&mut conn)?;
    for (user, messages, members) in [(20, 3, 1), (30, 2, 2), (100, 1, 3)] {
        let user_id = UserId::try_from(user)?;
        let user = NewUser {
            id: user_id,
            username: name(user_id),
            discriminator: None,
            avatar: None,
            bot: Some(false),
            created_at: now,
            updated_at: now,
        };
        diesel::insert_into(schema::users::table).values(&user).execute(&mut conn)?;
        let joined = NewMemberEvent {
            id: &format!("join {user_id}"),
            guild_id,
            user_id,
            event_type: MemberEventType::Join,
            member_count: Some(members),
            created_at: at(6)?.into(),
        };
        diesel::insert_into(schema::member_events::table).values(&joined).execute(&mut conn)?;
        for number in 0..messages {
            let message = NewMessageEvent {
                id: MessageId::try_from(user_id.get() * 1000 + u64::try_from(number)? + 1)?,
                guild_id,
                channel_id,
                user_id,
                message_type: Some(0),
                has_attachment: None,
                has_embed: None,
                character_count: None,
                word_count: None,
                created_at: at(9 + number)?.into(),
            };
            diesel::insert_into(schema::message_events::table).values(&message).execute(&mut conn)?;
        }
    }
    let voice = VoiceInterval {
        guild_id,
        user_id: UserId::try_from(20)?,
        started_at_ms: at(9)?.timestamp_millis(),
        ended_at_ms: Some(at(10)?.timestamp_millis()),
        seen_at_ms: at(10)?.timestamp_millis(),
        session_started_at_ms: at(9)?.timestamp_millis(),
        channel_id: Some(channel_id),
        state: VoiceState::default(),
        assumed: false,
    };
    diesel::insert_into(schema::voice_intervals::table).values(voice).execute(&mut conn)?;
    Ok(conn)
}
