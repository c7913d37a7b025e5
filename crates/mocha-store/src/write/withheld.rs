//! Events of people who were forgotten or opted out.

use std::borrow::Cow;

use diesel::prelude::*;
use mocha_schema::{GuildId, UserId, schema::users};

use super::State;
use crate::{Event, privacy::Verdict};

/// What an event says of a person.
enum Told {
    /// The person does something in a guild.
    Does(UserId, GuildId),
    /// The person is seen in a guild, if only on leaving it.
    Seen(UserId, GuildId),
    /// The person is seen, no matter where.
    Exists(UserId),
    /// Nothing, or of several.
    Other,
}

fn told(event: &Event) -> Told {
    match event {
        Event::MemberJoined(event) => Told::Does(event.user_id, event.guild_id),
        Event::MemberLeft(event) => Told::Seen(event.user_id, event.guild_id),
        Event::MemberSeen(event) => Told::Seen(event.user_id, event.guild_id),
        Event::MessageSent(event) => Told::Does(event.user_id, event.guild_id),
        // Discord tells of everybody's when a guild begins.
        Event::PresenceChanged(event) => Told::Seen(event.user_id, event.guild_id),
        Event::UserSeen(event) => Told::Exists(event.user_id),
        Event::VoiceStateChanged(event) if event.channel_id.is_some() => Told::Does(event.user_id, event.guild_id),
        Event::VoiceStateChanged(event) => Told::Seen(event.user_id, event.guild_id),
        Event::ChannelRemoved(_)
        | Event::ChannelSeen(_)
        | Event::GuildAvailable(_)
        | Event::GuildRemoved(_)
        | Event::GuildOutage(_)
        | Event::GuildSeen(_)
        | Event::MembersListed(_)
        // The author's row is erased with the author.
        | Event::MessageEmbedded(_)
        | Event::PresencesListed(_)
        | Event::ShardChanged(_)
        | Event::VoiceSnapshot(_) => Told::Other,
    }
}

/// What of the event is to be recorded, if anything. Notes who is back by it.
pub(super) fn allowed<'a>(
    conn: &mut SqliteConnection,
    state: &mut State,
    event: &'a Event,
) -> QueryResult<Option<Cow<'a, Event>>> {
    let at_ms = event.at().timestamp_millis();
    let tombstones = &mut state.tombstones;
    let withheld = match told(event) {
        Told::Does(user_id, guild_id) => match tombstones.judge(user_id, Some(guild_id), at_ms) {
            Verdict::Returns => {
                tombstones.returned(conn, user_id, Some(guild_id))?;
                false
            }
            Verdict::Takes => false,
            Verdict::Withholds => true,
        },
        Told::Seen(user_id, guild_id) => tombstones.hides(user_id, Some(guild_id), at_ms),
        // Who is forgotten in one guild may be known by another.
        Told::Exists(user_id) => {
            tombstones.hides(user_id, None, at_ms) || (tombstones.hides_somewhere(user_id) && !is_known(conn, user_id)?)
        }
        Told::Other => false,
    };
    if withheld {
        return Ok(None);
    }
    if let Event::VoiceSnapshot(event) = event {
        let hidden = |user_id| tombstones.hides(user_id, Some(event.guild_id), at_ms);
        if event.voices.iter().any(|voice| hidden(voice.user_id)) {
            let mut event = event.clone();
            event.voices.retain(|voice| !hidden(voice.user_id));
            return Ok(Some(Cow::Owned(event.into())));
        }
    }
    Ok(Some(Cow::Borrowed(event)))
}

fn is_known(conn: &mut SqliteConnection, user_id: UserId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(users::table.find(user_id))).get_result(conn)
}
