// A migrated file in memory and rows for it. The unit tests use it as a module, and the examples of the docs include it.

use diesel::prelude::*;
use mocha_schema::{
    ChannelId, GuildId, MemberEventType, NewChannel, NewGuild, NewMemberEvent, NewMessageEvent, NewUser, NewVoiceEvent,
    UnixTime, UserId, VoiceEventType, VoiceInterval, VoiceState, schema,
};

/// Monday, 19 October 2026, midnight UTC; the Sunday after it has 25 hours in Berlin.
pub(crate) const MONDAY: i64 = 1_792_368_000;

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

pub(crate) fn time(second: i64) -> TestResult<UnixTime> {
    Ok(chrono::DateTime::from_timestamp(second, 0).ok_or("no such time")?.into())
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
    fn next_id(&mut self) -> String {
        self.0 += 1;
        self.0.to_string()
    }

    pub(crate) fn message(&mut self, conn: &mut SqliteConnection, message: Message) -> TestResult {
        let (guild_id, channel_id) = (GuildId::try_from(message.guild)?, ChannelId::try_from(message.channel)?);
        let now = time(MONDAY)?;
        let guild =
            NewGuild { id: guild_id, name: None, icon: None, member_count: None, created_at: now, updated_at: now };
        diesel::insert_or_ignore_into(schema::guilds::table).values(&guild).execute(conn)?;
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
        diesel::insert_or_ignore_into(schema::channels::table).values(&channel).execute(conn)?;
        let event = NewMessageEvent {
            id: self.next_id().parse()?,
            guild_id,
            channel_id,
            user_id: message.user.try_into()?,
            message_type: message.kind,
            has_attachment: message.has_attachment,
            has_embed: None,
            character_count: message.content.map(|content| content.0),
            word_count: message.content.map(|content| content.1),
            created_at: time(message.second)?,
        };
        diesel::insert_into(schema::message_events::table).values(&event).execute(conn)?;
        Ok(())
    }

    pub(crate) fn member_event(
        &mut self,
        conn: &mut SqliteConnection,
        guild: u64,
        user: u64,
        event_type: MemberEventType,
        second: i64,
    ) -> TestResult {
        let event = NewMemberEvent {
            id: &self.next_id(),
            guild_id: guild.try_into()?,
            user_id: user.try_into()?,
            event_type,
            member_count: None,
            created_at: time(second)?,
        };
        diesel::insert_into(schema::member_events::table).values(&event).execute(conn)?;
        Ok(())
    }

    pub(crate) fn voice_event(
        &mut self,
        conn: &mut SqliteConnection,
        guild: u64,
        user: u64,
        event_type: VoiceEventType,
        duration: Option<i64>,
        second: i64,
    ) -> TestResult {
        let event = NewVoiceEvent {
            id: &self.next_id(),
            guild_id: guild.try_into()?,
            channel_id: None,
            user_id: user.try_into()?,
            event_type,
            session_start: None,
            session_end: None,
            duration,
            muted: None,
            deafened: None,
            created_at: time(second)?,
        };
        diesel::insert_into(schema::voice_events::table).values(&event).execute(conn)?;
        Ok(())
    }
}

pub(crate) fn insert_user(conn: &mut SqliteConnection, id: u64, bot: Option<bool>) -> TestResult {
    let (id, now) = (UserId::try_from(id)?, time(MONDAY)?);
    let user = NewUser { id, username: None, discriminator: None, avatar: None, bot, created_at: now, updated_at: now };
    diesel::insert_into(schema::users::table).values(&user).execute(conn)?;
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

pub(crate) fn insert_interval(conn: &mut SqliteConnection, interval: VoiceInterval) -> TestResult {
    diesel::insert_into(schema::voice_intervals::table).values(interval).execute(conn)?;
    Ok(())
}

/// Months and totals are filled up to the twentieth day after [`MONDAY`], in the middle of a month:
/// what comes later they do not have.
pub(crate) fn empty() -> TestResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    mocha_schema::migrate(&mut conn)?;
    let filled_to = MONDAY / 86_400 + 20;
    let filled = (schema::watermarks::messages_to.eq(filled_to), schema::watermarks::voice_to.eq(filled_to));
    diesel::update(schema::watermarks::table).set(filled).execute(&mut conn)?;
    Ok(conn)
}

/// A Monday of guild 1: users 20, 30 and 100 are people, 9 is a bot; they write in channels 1000
/// and 2000 and talk in 3000.
pub(crate) fn seeded() -> TestResult<SqliteConnection> {
    let mut conn = empty()?;
    let mut rows = Rows::default();
    for (user, bot) in [(20, None), (30, Some(false)), (100, Some(false)), (9, Some(true))] {
        insert_user(&mut conn, user, bot)?;
        rows.member_event(&mut conn, 1, user, MemberEventType::Join, MONDAY + 6 * 3600)?;
    }
    rows.member_event(&mut conn, 1, 100, MemberEventType::Leave, MONDAY + 2 * 86400)?;
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
            rows.message(&mut conn, message)?;
        }
    }
    // User 20 was in voice for an hour; user 30 has been for half an hour, when last seen.
    let (nine, hour) = ((MONDAY + 9 * 3600) * 1000, 3_600_000);
    insert_interval(&mut conn, interval(1, 20, Some(3000), nine, Some(nine + hour))?)?;
    rows.voice_event(&mut conn, 1, 20, VoiceEventType::Leave, Some(hour), MONDAY + 10 * 3600)?;
    let open = interval(1, 30, Some(3000), nine, None)?;
    insert_interval(&mut conn, VoiceInterval { seen_at_ms: nine + hour / 2, ..open })?;
    Ok(conn)
}
