//! A row of each model is the same after a round trip through the database, with every value known and with none known.

use chrono::{DateTime, Utc};
use diesel::{insert_into, prelude::*};
use mocha_schema::{
    Channel, ChannelId, GoneChannel, Guild, GuildId, GuildState, Member, MemberEvent, MemberEventType, MessageEvent,
    MessageId, NewChannel, NewGuild, NewMember, NewMemberEvent, NewMessageEvent, NewPresenceEvent, NewUser,
    NewVoiceEvent, PresenceEvent, PresenceStatus, RecorderState, UnixTime, User, UserId, VoiceEvent, VoiceEventType,
    VoiceInterval, VoiceState, member_id,
    schema::{
        channels, gone_channels, guild_states, guilds, member_events, members, message_events, presence_events,
        recorder_states, users, voice_events, voice_intervals,
    },
};

use crate::{Conn, Failure, migrated};

/// Returns five different seconds.
fn times() -> Result<[DateTime<Utc>; 5], Failure> {
    let mut times = [DateTime::UNIX_EPOCH; 5];
    for (seconds, time) in (1_700_000_000..).zip(&mut times) {
        *time = DateTime::from_timestamp(seconds, 0).ok_or("no such time")?;
    }
    Ok(times)
}

fn ids() -> Result<(GuildId, UserId, ChannelId, ChannelId), Failure> {
    Ok((GuildId::try_from(1)?, UserId::try_from(2)?, ChannelId::try_from(3)?, ChannelId::try_from(u64::MAX >> 1)?))
}

#[test]
fn guilds_users_and_channels_survive_a_round_trip() -> Result<(), Failure> {
    let Some(mut database) = migrated()? else { return Ok(()) };
    let conn = &mut database.conn;
    let ([created_at, updated_at, ..], (guild_id, user_id, channel_id, parent_id)) = (times()?, ids()?);

    for known in [true, false] {
        diesel::delete(guilds::table).execute(conn)?;
        diesel::delete(users::table).execute(conn)?;
        let guild = Guild {
            id: guild_id,
            name: known.then(|| "Rüst".to_owned()),
            icon: known.then(|| "a_1".to_owned()),
            member_count: known.then_some(7),
            created_at,
            updated_at,
        };
        let Guild { id, name, icon, member_count, .. } = &guild;
        let (name, icon, created, updated) = (name.as_deref(), icon.as_deref(), created_at.into(), updated_at.into());
        let new =
            NewGuild { id: *id, name, icon, member_count: *member_count, created_at: created, updated_at: updated };
        insert_into(guilds::table).values(&new).execute(conn)?;
        assert_eq!(guilds::table.select(Guild::as_select()).get_result(conn)?, guild);

        let user = User {
            id: user_id,
            username: known.then(|| "mira".to_owned()),
            discriminator: known.then(|| "0042".to_owned()),
            avatar: known.then(|| "a_2".to_owned()),
            bot: known.then_some(true),
            created_at,
            updated_at,
        };
        let new = NewUser {
            id: user.id,
            username: user.username.as_deref(),
            discriminator: user.discriminator.as_deref(),
            avatar: user.avatar.as_deref(),
            bot: user.bot,
            created_at: created,
            updated_at: updated,
        };
        insert_into(users::table).values(&new).execute(conn)?;
        assert_eq!(users::table.select(User::as_select()).get_result(conn)?, user);

        let channel = Channel {
            id: channel_id,
            guild_id,
            name: known.then(|| "general".to_owned()),
            kind: 11,
            parent_id: known.then_some(parent_id),
            position: known.then_some(-1),
            created_at,
            updated_at,
        };
        let new = NewChannel {
            id: channel.id,
            guild_id,
            name: channel.name.as_deref(),
            kind: channel.kind,
            parent_id: channel.parent_id,
            position: channel.position,
            created_at: created,
            updated_at: updated,
        };
        insert_into(channels::table).values(&new).execute(conn)?;
        assert_eq!(channels::table.select(Channel::as_select()).get_result(conn)?, channel);
    }
    Ok(())
}

/// Writes the guild, the user and the channel of [`ids`].
fn with_parents(conn: &mut Conn) -> Result<(), Failure> {
    let (guild_id, user_id, channel_id, _) = ids()?;
    let at = UnixTime::from(DateTime::UNIX_EPOCH);
    let guild = NewGuild { id: guild_id, name: None, icon: None, member_count: None, created_at: at, updated_at: at };
    insert_into(guilds::table).values(&guild).execute(conn)?;
    insert_into(users::table)
        .values((users::id.eq(user_id), users::created_at.eq(at), users::updated_at.eq(at)))
        .execute(conn)?;
    insert_into(channels::table)
        .values((
            channels::id.eq(channel_id),
            channels::guild_id.eq(guild_id),
            channels::kind.eq(0),
            channels::created_at.eq(at),
            channels::updated_at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}

#[test]
fn members_and_their_events_survive_a_round_trip() -> Result<(), Failure> {
    let Some(mut database) = migrated()? else { return Ok(()) };
    let conn = &mut database.conn;
    with_parents(conn)?;
    let ([created_at, updated_at, joined_at, premium_since, _], (guild_id, user_id, ..)) = (times()?, ids()?);

    for known in [true, false] {
        diesel::delete(members::table).execute(conn)?;
        let member = Member {
            id: member_id(guild_id, user_id),
            guild_id,
            user_id,
            nickname: known.then(|| "Mi".to_owned()),
            joined_at: known.then_some(joined_at),
            premium_since: known.then_some(premium_since),
            created_at,
            updated_at,
        };
        let new = NewMember {
            id: &member.id,
            guild_id,
            user_id,
            nickname: member.nickname.as_deref(),
            joined_at: member.joined_at.map(UnixTime::from),
            premium_since: member.premium_since.map(UnixTime::from),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        };
        insert_into(members::table).values(&new).execute(conn)?;
        assert_eq!(members::table.select(Member::as_select()).get_result(conn)?, member);
    }
    for event_type in [MemberEventType::Join, MemberEventType::Leave] {
        let member_count = (event_type == MemberEventType::Join).then_some(7);
        let event = MemberEvent { id: event_type.to_string(), guild_id, user_id, event_type, member_count, created_at };
        let new = NewMemberEvent {
            id: &event.id,
            guild_id,
            user_id,
            event_type,
            member_count,
            created_at: created_at.into(),
        };
        insert_into(member_events::table).values(&new).execute(conn)?;
        let back = member_events::table.find(&event.id).select(MemberEvent::as_select()).get_result(conn)?;
        assert_eq!(back, event);
    }
    Ok(())
}

#[test]
fn messages_and_presences_survive_a_round_trip() -> Result<(), Failure> {
    let Some(mut database) = migrated()? else { return Ok(()) };
    let conn = &mut database.conn;
    with_parents(conn)?;
    let ([created_at, ..], (guild_id, user_id, channel_id, _)) = (times()?, ids()?);

    for (known, id) in [(true, MessageId::try_from(5)?), (false, MessageId::try_from(6)?)] {
        let message = MessageEvent {
            id: id.to_string(),
            guild_id,
            channel_id,
            user_id,
            message_type: known.then_some(19),
            has_attachment: known.then_some(true),
            has_embed: known.then_some(true),
            character_count: known.then_some(40),
            word_count: known.then_some(8),
            created_at,
        };
        let new = NewMessageEvent {
            id,
            guild_id,
            channel_id,
            user_id,
            message_type: message.message_type,
            has_attachment: message.has_attachment,
            has_embed: message.has_embed,
            character_count: message.character_count,
            word_count: message.word_count,
            created_at: created_at.into(),
        };
        insert_into(message_events::table).values(&new).execute(conn)?;
        let back = message_events::table.find(id).select(MessageEvent::as_select()).get_result(conn)?;
        assert_eq!(back, message);
    }
    let statuses = [PresenceStatus::Dnd, PresenceStatus::Idle, PresenceStatus::Offline, PresenceStatus::Online];
    for status in statuses.map(Some).into_iter().chain([None]) {
        let presence = PresenceEvent {
            id: format!("{status:?}"),
            guild_id,
            user_id,
            status,
            activity_type: status.map(|_| 2),
            activity_name: status.map(|_| "a song".to_owned()),
            created_at,
        };
        let new = NewPresenceEvent {
            id: &presence.id,
            guild_id,
            user_id,
            status,
            activity_type: presence.activity_type,
            activity_name: presence.activity_name.as_deref(),
            created_at: created_at.into(),
        };
        insert_into(presence_events::table).values(&new).execute(conn)?;
        let row = presence_events::table.find(&presence.id);
        assert_eq!(row.select(PresenceEvent::as_select()).get_result(conn)?, presence);
    }
    Ok(())
}

#[test]
fn voice_survives_a_round_trip() -> Result<(), Failure> {
    let Some(mut database) = migrated()? else { return Ok(()) };
    let conn = &mut database.conn;
    with_parents(conn)?;
    let ([created_at, start, end, ..], (guild_id, user_id, channel_id, _)) = (times()?, ids()?);

    for event_type in [VoiceEventType::Join, VoiceEventType::Leave, VoiceEventType::Move] {
        let known = event_type != VoiceEventType::Leave;
        let event = VoiceEvent {
            id: event_type.to_string(),
            guild_id,
            channel_id: known.then_some(channel_id),
            user_id,
            event_type,
            session_start: known.then_some(start),
            session_end: known.then_some(end),
            duration: known.then_some(i64::MAX),
            muted: known.then_some(true),
            deafened: known.then_some(true),
            created_at,
        };
        let new = NewVoiceEvent {
            id: &event.id,
            guild_id,
            channel_id: event.channel_id,
            user_id,
            event_type,
            session_start: event.session_start.map(UnixTime::from),
            session_end: event.session_end.map(UnixTime::from),
            duration: event.duration,
            muted: event.muted,
            deafened: event.deafened,
            created_at: created_at.into(),
        };
        insert_into(voice_events::table).values(&new).execute(conn)?;
        let back = voice_events::table.find(&event.id).select(VoiceEvent::as_select()).get_result(conn)?;
        assert_eq!(back, event);
    }
    // Sets each flag alone, so that exchanged flags are found.
    for flag in 0..8 {
        let state = VoiceState {
            server_mute: flag == 0,
            server_deaf: flag == 1,
            self_mute: flag == 2,
            self_deaf: flag == 3,
            stream: flag == 4,
            video: flag == 5,
            suppress: flag == 6,
        };
        let interval = VoiceInterval {
            guild_id,
            user_id,
            started_at_ms: flag * 10 + 2,
            ended_at_ms: (flag != 7).then_some(flag * 10 + 4),
            seen_at_ms: flag * 10 + 3,
            session_started_at_ms: 1,
            channel_id: (flag != 0).then_some(channel_id),
            state,
            assumed: flag == 7,
        };
        insert_into(voice_intervals::table).values(&interval).execute(conn)?;
        let row = voice_intervals::table.find((guild_id, user_id, interval.started_at_ms));
        assert_eq!(row.select(VoiceInterval::as_select()).get_result(conn)?, interval);
    }
    Ok(())
}

#[test]
fn the_states_survive_a_round_trip() -> Result<(), Failure> {
    let Some(mut database) = migrated()? else { return Ok(()) };
    let conn = &mut database.conn;
    let ([gone_at, ..], (guild_id, _, channel_id, _)) = (times()?, ids()?);

    for known in [true, false] {
        diesel::delete(guild_states::table).execute(conn)?;
        let (afk_channel_id, gone_at) = (known.then_some(channel_id), known.then_some(gone_at));
        insert_into(guild_states::table)
            .values((
                guild_states::guild_id.eq(guild_id),
                guild_states::afk_channel_id.eq(afk_channel_id),
                guild_states::gone_at.eq(gone_at.map(UnixTime::from)),
            ))
            .execute(conn)?;
        let back = guild_states::table.select(GuildState::as_select()).get_result(conn)?;
        assert_eq!(back, GuildState { guild_id, afk_channel_id, gone_at });

        diesel::delete(recorder_states::table).execute(conn)?;
        let state = RecorderState {
            shard_count: 2,
            shard_id: 1,
            started_at_ms: 2,
            seen_at_ms: 3,
            stopped_at_ms: known.then_some(4),
        };
        insert_into(recorder_states::table).values(&state).execute(conn)?;
        let back = recorder_states::table.select(RecorderState::as_select()).get_result(conn)?;
        assert_eq!(back, state);
    }
    insert_into(gone_channels::table)
        .values((
            gone_channels::channel_id.eq(channel_id),
            gone_channels::guild_id.eq(guild_id),
            gone_channels::gone_at.eq(UnixTime::from(gone_at)),
        ))
        .execute(conn)?;
    let back = gone_channels::table.select(GoneChannel::as_select()).get_result(conn)?;
    assert_eq!(back, GoneChannel { channel_id, guild_id, gone_at });
    Ok(())
}
