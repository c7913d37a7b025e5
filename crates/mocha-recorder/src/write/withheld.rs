//! Events about users who were erased or opted out.

use std::borrow::Cow;

use mocha_schema::{GuildId, UserId};

use super::{State, member_count};
use crate::{Error, Event, Person, backend::Tables, event::ReactionAdded, tombstones::Verdict};

/// The role of a user in an event.
enum Told {
    /// The user does something in a guild.
    Does(UserId, GuildId),
    /// The user is only mentioned in a guild, for example on leaving it.
    Seen(UserId, GuildId),
    /// The user exists, in no particular guild.
    Exists(UserId),
    /// Nothing, or something about several users.
    Other,
}

fn told(state: &mut State, event: &Event) -> Told {
    match event {
        Event::CommandUsed(event) => Told::Does(event.user_id, event.guild_id),
        // Discord also sends it for members who never left.
        Event::MemberJoined(event) if state.known.member_before(event).is_some() => {
            Told::Seen(event.user_id, event.guild_id)
        }
        Event::MemberJoined(event) => Told::Does(event.user_id, event.guild_id),
        // A moderator may have removed the member.
        Event::MemberLeft(event) => Told::Seen(event.user_id, event.guild_id),
        // A moderator may have changed the nickname.
        Event::MemberSeen(event) => Told::Seen(event.user_id, event.guild_id),
        Event::MessageAddressed(event) => Told::Does(event.user_id, event.guild_id),
        Event::MessageSent(event) => Told::Does(event.user_id, event.guild_id),
        // Discord sends everybody's presence when a guild becomes available.
        Event::PresenceChanged(event) => Told::Seen(event.user_id, event.guild_id),
        // Someone else's reaction is also about the author.
        Event::ReactionAdded(ReactionAdded { at, author_id: Some(author_id), guild_id, user_id, .. })
            if author_id != user_id
                && state.tombstones.withholds(*author_id, Some(*guild_id), at.timestamp_millis()) =>
        {
            Told::Seen(*author_id, *guild_id)
        }
        Event::ReactionAdded(event) => Told::Does(event.user_id, event.guild_id),
        Event::UserSeen(event) => Told::Exists(event.user_id),
        Event::VoiceStateChanged(event) => {
            let at_ms = event.at.timestamp_millis();
            let is_news = match state.tombstones.judge(event.user_id, Some(event.guild_id), at_ms) {
                Verdict::Takes => {
                    state.hidden.leaves_hiding(Person { guild_id: event.guild_id, user_id: event.user_id });
                    event.channel_id.is_some()
                }
                // An event from before the erasure is not news.
                Verdict::Withholds if state.tombstones.is_past(event.user_id, event.guild_id, at_ms) => false,
                Verdict::Returns | Verdict::Withholds => state.hidden.acts(event),
            };
            if is_news {
                Told::Does(event.user_id, event.guild_id)
            } else {
                Told::Seen(event.user_id, event.guild_id)
            }
        }
        Event::ChannelRemoved(_)
        | Event::ChannelSeen(_)
        | Event::GuildAvailable(_)
        | Event::GuildRemoved(_)
        | Event::GuildOutage(_)
        | Event::GuildSeen(_)
        | Event::HistoryRead(_)
        | Event::InviteCreated(_)
        | Event::InvitesListed(_)
        | Event::MembersListed(_)
        // The row is erased together with its author.
        | Event::MessageEmbedded(_)
        | Event::PresencesListed(_)
        // They only delete.
        | Event::ReactionRemoved(_)
        | Event::ReactionsCleared(_)
        | Event::RoleRemoved(_)
        | Event::RolesListed(_)
        | Event::ShardChanged(_)
        | Event::VoiceSnapshot(_) => Told::Other,
    }
}

/// Returns the part of the event that may be recorded, if any. Notes which user is active again by
/// it.
pub(super) fn allowed<'a>(
    tables: &mut impl Tables,
    state: &mut State,
    event: &'a Event,
) -> Result<Option<Cow<'a, Event>>, Error> {
    let at_ms = event.at().timestamp_millis();
    let told = told(state, event);
    let tombstones = &mut state.tombstones;
    let withheld = match told {
        Told::Does(user_id, guild_id) => match tombstones.judge(user_id, Some(guild_id), at_ms) {
            Verdict::Returns => {
                tables.return_user(&tombstones.return_user(user_id, guild_id), guild_id)?;
                false
            }
            Verdict::Takes => false,
            Verdict::Withholds => true,
        },
        Told::Seen(user_id, guild_id) => tombstones.withholds(user_id, Some(guild_id), at_ms),
        // A user who was erased from one guild may be known in another.
        Told::Exists(user_id) => {
            tombstones.withholds(user_id, None, at_ms)
                || (tombstones.hides_somewhere(user_id) && tables.user(user_id)?.is_none())
        }
        Told::Other => false,
    };
    if withheld {
        count(tables, state, event)?;
        return Ok(None);
    }
    if let Event::InviteCreated(event) = event {
        let hidden = |user_id| tombstones.withholds(user_id, Some(event.guild_id), at_ms);
        return Ok(Some(Cow::Owned(event.without(hidden).into())));
    }
    if let Event::InvitesListed(event) = event {
        let hidden = |user_id| tombstones.withholds(user_id, Some(event.guild_id), at_ms);
        return Ok(Some(Cow::Owned(event.without(hidden).into())));
    }
    if let Event::MessageAddressed(event) = event {
        let hidden = |user_id| tombstones.withholds(user_id, Some(event.guild_id), at_ms);
        return Ok(Some(Cow::Owned(event.without(hidden).into())));
    }
    if let Event::VoiceSnapshot(event) = event {
        let hidden = |user_id| tombstones.withholds(user_id, Some(event.guild_id), at_ms);
        state.hidden.seen(event, |person| hidden(person.user_id));
        if event.voices.iter().any(|voice| hidden(voice.user_id)) {
            let mut event = event.clone();
            event.voices.retain(|voice| !hidden(voice.user_id));
            return Ok(Some(Cow::Owned(event.into())));
        }
    }
    Ok(Some(Cow::Borrowed(event)))
}

/// Changes the guild's member count, which names nobody, when an erased user joins or leaves.
fn count(tables: &mut impl Tables, state: &mut State, event: &Event) -> Result<(), Error> {
    let (person, change, began_at) = match event {
        Event::MemberJoined(event) if state.known.member_before(event).is_none() => {
            (Person { guild_id: event.guild_id, user_id: event.user_id }, 1, event.joined_at.unwrap_or(event.at))
        }
        Event::MemberLeft(event) => (Person { guild_id: event.guild_id, user_id: event.user_id }, -1, event.at),
        _ => return Ok(()),
    };
    let is_news = state.hidden.changes_membership(person, change > 0, began_at.timestamp_millis());
    if let Event::MemberJoined(event) = event {
        state.known.see(event);
    }
    let at_ms = event.at().timestamp_millis();
    // Earlier events were usually counted when they were recorded. A bot that erases members when
    // they leave may be faster than the recorder; then nothing later has been counted.
    let is_past = state.tombstones.is_past(person.user_id, person.guild_id, at_ms);
    if is_news && !(is_past && member_count::is_counted(tables, person.guild_id, event.at())?) {
        member_count::change(tables, state, person.guild_id, change, event.at())?;
    }
    Ok(())
}
