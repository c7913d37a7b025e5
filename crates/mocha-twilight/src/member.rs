//! Members, joins and leaves.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};
use mocha_store::{
    Event,
    event::{MemberLeft, MemberSeen, MembersListed},
};
use twilight_model::{
    gateway::payload::incoming::{MemberAdd, MemberChunk, MemberRemove, MemberUpdate},
    guild::{Member, PartialMember},
    util::Timestamp,
};

use crate::{
    ResourceType, convert, presence,
    translate::{Context, Translate},
    user,
};

impl Translate for MemberAdd {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self { guild_id, member } = self;
        user::push(&member.user, context, events);
        if context.wants(ResourceType::MEMBER) {
            events.push(Event::MemberJoined(seen(member, convert::id(*guild_id), context)));
        }
    }
}

impl Translate for MemberUpdate {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self {
            guild_id,
            joined_at,
            nick,
            premium_since,
            user,
            // Images, roles and permissions, which Mocha does not use.
            avatar: _,
            flags: _,
            pending: _,
            roles: _,
            communication_disabled_until: _,
            // For members in voice a VOICE_STATE_UPDATE has them too.
            deaf: _,
            mute: _,
        } = self;
        user::push(user, context, events);
        if context.wants(ResourceType::MEMBER) {
            let (guild_id, user_id) = (convert::id(*guild_id), convert::id(user.id));
            events.push(membership(guild_id, user_id, nick.as_ref(), *joined_at, *premium_since, context.at).into());
        }
    }
}

impl Translate for MemberRemove {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self { guild_id, user } = self;
        user::push(user, context, events);
        if context.wants(ResourceType::MEMBER) {
            let left = MemberLeft { at: context.at, guild_id: convert::id(*guild_id), user_id: convert::id(user.id) };
            events.push(left.into());
        }
    }
}

impl Translate for MemberChunk {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self {
            guild_id,
            members,
            presences,
            chunk_count,
            chunk_index,
            nonce,
            // Ids that the bot asked for and that are not members. They need not have left.
            not_found: _,
        } = self;
        for member in members {
            push(member, convert::id(*guild_id), context, events);
        }
        if context.wants(ResourceType::MEMBER) {
            let listed = MembersListed {
                at: context.at,
                chunk_count: *chunk_count,
                chunk_index: *chunk_index,
                guild_id: convert::id(*guild_id),
                member_count: None,
                nonce: nonce.clone(),
                user_ids: user_ids(members),
            };
            events.push(listed.into());
        }
        for presence in presences {
            presence::push(presence, context, events);
        }
    }
}

/// Pushes the list of members in a `GUILD_CREATE`.
pub(crate) fn push_list(
    members: &[Member],
    member_count: Option<u64>,
    guild_id: GuildId,
    context: &Context,
    events: &mut Vec<Event>,
) {
    if context.wants(ResourceType::MEMBER) && member_count.is_some() {
        let (at, user_ids) = (context.at, user_ids(members));
        let nonce = None;
        events
            .push(MembersListed { at, chunk_count: 1, chunk_index: 0, guild_id, member_count, nonce, user_ids }.into());
    }
}

fn user_ids(members: &[Member]) -> Vec<UserId> {
    members.iter().map(|member| convert::id(member.user.id)).collect()
}

/// Pushes a user and the membership.
pub(crate) fn push(member: &Member, guild_id: GuildId, context: &Context, events: &mut Vec<Event>) {
    user::push(&member.user, context, events);
    if context.wants(ResourceType::MEMBER) {
        events.push(seen(member, guild_id, context).into());
    }
}

/// Pushes a membership whose user is pushed by the caller.
pub(crate) fn push_partial(
    member: &PartialMember,
    guild_id: GuildId,
    user_id: UserId,
    context: &Context,
    events: &mut Vec<Event>,
) {
    if !context.wants(ResourceType::MEMBER) {
        return;
    }
    let PartialMember {
        joined_at,
        nick,
        premium_since,
        // Images, roles and permissions, which Mocha does not use.
        avatar: _,
        avatar_decoration_data: _,
        banner: _,
        communication_disabled_until: _,
        flags: _,
        permissions: _,
        roles: _,
        // Voice has events of its own.
        deaf: _,
        mute: _,
        // Discord does not send it with a partial member.
        user: _,
    } = member;
    events.push(membership(guild_id, user_id, nick.as_ref(), *joined_at, *premium_since, context.at).into());
}

fn seen(member: &Member, guild_id: GuildId, context: &Context) -> MemberSeen {
    let Member {
        joined_at,
        nick,
        premium_since,
        user,
        // Images, roles and permissions, which Mocha does not use.
        avatar: _,
        avatar_decoration_data: _,
        banner: _,
        communication_disabled_until: _,
        flags: _,
        pending: _,
        roles: _,
        // Voice has events of its own.
        deaf: _,
        mute: _,
    } = member;
    membership(guild_id, convert::id(user.id), nick.as_ref(), *joined_at, *premium_since, context.at)
}

fn membership(
    guild_id: GuildId,
    user_id: UserId,
    nickname: Option<&String>,
    joined_at: Option<Timestamp>,
    premium_since: Option<Timestamp>,
    at: DateTime<Utc>,
) -> MemberSeen {
    MemberSeen {
        at,
        guild_id,
        joined_at: joined_at.map(convert::time),
        nickname: nickname.map(|nickname| convert::text(nickname)),
        premium_since: premium_since.map(convert::time),
        user_id,
    }
}

#[cfg(test)]
mod tests {
    use mocha_schema::PresenceStatus;
    use mocha_store::{
        Event,
        event::{MemberLeft, MembersListed},
    };

    use crate::{ResourceType, frames};

    #[test]
    fn a_join_is_recorded() -> frames::TestResult {
        let events = frames::translate("member_add")?;
        let [Event::UserSeen(user), Event::MemberJoined(member)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), user.name.as_str(), user.bot), (frames::ANNA, "anna", false));
        assert_eq!(user.discriminator, None);
        assert_eq!((member.guild_id.get(), member.user_id.get()), (frames::GUILD, frames::ANNA));
        assert_eq!(member.at, frames::arrival());
        assert_eq!(member.joined_at, Some("2026-11-20T08:30:00.123Z".parse()?));
        assert_eq!((member.nickname.as_deref(), member.premium_since), (None, None));
        Ok(())
    }

    #[test]
    fn a_changed_member_is_recorded() -> frames::TestResult {
        let events = frames::translate("member_update")?;
        let [Event::UserSeen(user), Event::MemberSeen(member)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!(user.user_id, member.user_id);
        assert_eq!(member.nickname.as_deref(), Some("Änn"));
        assert_eq!(member.joined_at, Some("2026-11-20T08:30:00.123Z".parse()?));
        assert_eq!(member.premium_since, Some("2026-11-21T00:00:00Z".parse()?));
        Ok(())
    }

    #[test]
    fn a_leave_is_recorded() -> frames::TestResult {
        let events = frames::translate("member_remove")?;
        let [Event::UserSeen(_), Event::MemberLeft(left)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        let expected = MemberLeft {
            at: frames::arrival(),
            guild_id: frames::GUILD.try_into()?,
            user_id: frames::ANNA.try_into()?,
        };
        assert_eq!(*left, expected);
        Ok(())
    }

    #[test]
    fn a_chunk_has_members_and_if_requested_presences() -> frames::TestResult {
        let events = frames::translate("member_chunk")?;
        let [
            Event::UserSeen(_),
            Event::MemberSeen(anna),
            Event::UserSeen(_),
            Event::MemberSeen(bert),
            Event::MembersListed(listed),
        ] = events.as_slice()
        else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((anna.user_id.get(), bert.user_id.get()), (frames::ANNA, frames::BERT));
        let expected = MembersListed {
            at: frames::arrival(),
            chunk_count: 1,
            chunk_index: 0,
            guild_id: anna.guild_id,
            member_count: None,
            nonce: None,
            user_ids: vec![anna.user_id, bert.user_id],
        };
        assert_eq!(*listed, expected);

        let events = frames::translate_with("member_chunk", frames::context().with(ResourceType::PRESENCE))?;
        let Some(Event::PresenceChanged(presence)) = events.get(5) else { return Err(format!("{events:?}").into()) };
        assert_eq!((presence.guild_id.get(), presence.user_id.get()), (frames::GUILD, frames::BERT));
        assert_eq!(presence.status, PresenceStatus::Idle);
        assert_eq!(events.len(), 6);
        Ok(())
    }

    #[test]
    fn members_can_be_excluded() -> frames::TestResult {
        for frame in ["member_add", "member_update", "member_remove"] {
            let events = frames::translate_with(frame, frames::context().without(ResourceType::MEMBER))?;
            assert!(matches!(events.as_slice(), [Event::UserSeen(_)]), "{frame}: {events:?}");
        }
        Ok(())
    }
}
