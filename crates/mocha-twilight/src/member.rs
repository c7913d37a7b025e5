//! Members, joins and leaves.

use mocha_adapter::{Chunk, Member as RecordedMember, Membership, Translation};
use twilight_model::{
    gateway::payload::incoming::{MemberAdd, MemberChunk, MemberRemove, MemberUpdate},
    guild::{Member, PartialMember},
    id::{Id, marker::RoleMarker},
    util::Timestamp,
};

use crate::{convert, presence, translate::Translate, user};

impl Translate for MemberAdd {
    fn translate(&self, out: &mut Translation) {
        let Self { guild_id, member: seen } = self;
        out.member_joined(convert::id(*guild_id), &member(seen));
    }
}

impl Translate for MemberUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self {
            guild_id,
            joined_at,
            nick,
            premium_since,
            user: seen,
            roles,
            // Images and permissions, which Mocha does not use.
            avatar: _,
            flags: _,
            pending: _,
            communication_disabled_until: _,
            // For members in voice a VOICE_STATE_UPDATE has them too.
            deaf: _,
            mute: _,
        } = self;
        let membership = membership(nick.as_deref(), *joined_at, *premium_since, roles);
        out.member(convert::id(*guild_id), &RecordedMember { membership, user: user::user(seen) });
    }
}

impl Translate for MemberRemove {
    fn translate(&self, out: &mut Translation) {
        let Self { guild_id, user: seen } = self;
        out.member_left(convert::id(*guild_id), &user::user(seen));
    }
}

impl Translate for MemberChunk {
    fn translate(&self, out: &mut Translation) {
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
        let chunk = Chunk { count: *chunk_count, index: *chunk_index, nonce: nonce.as_deref() };
        let (members, presences) = (members.iter().map(member), presences.iter().map(presence::presence));
        out.members_chunk(convert::id(*guild_id), chunk, members, presences);
    }
}

/// Returns the part of a member that Mocha records.
pub(crate) fn member(member: &Member) -> RecordedMember<'_> {
    let Member {
        joined_at,
        nick,
        premium_since,
        roles,
        user: seen,
        // Images and permissions, which Mocha does not use.
        avatar: _,
        avatar_decoration_data: _,
        banner: _,
        communication_disabled_until: _,
        flags: _,
        pending: _,
        // Voice has events of its own.
        deaf: _,
        mute: _,
    } = member;
    let membership = membership(nick.as_deref(), *joined_at, *premium_since, roles);
    RecordedMember { membership, user: user::user(seen) }
}

/// Returns the part of an author's membership that Mocha records.
pub(crate) fn partial(member: &PartialMember) -> Membership<'_> {
    let PartialMember {
        joined_at,
        nick,
        premium_since,
        roles,
        // Images and permissions, which Mocha does not use.
        avatar: _,
        avatar_decoration_data: _,
        banner: _,
        communication_disabled_until: _,
        flags: _,
        permissions: _,
        // Voice has events of its own.
        deaf: _,
        mute: _,
        // Discord does not send it with a partial member.
        user: _,
    } = member;
    membership(nick.as_deref(), *joined_at, *premium_since, roles)
}

fn membership<'a>(
    nickname: Option<&'a str>,
    joined_at: Option<Timestamp>,
    premium_since: Option<Timestamp>,
    roles: &'a Vec<Id<RoleMarker>>,
) -> Membership<'a> {
    let (joined_at, premium_since) = (joined_at.map(convert::time), premium_since.map(convert::time));
    Membership { joined_at, nickname, premium_since, roles: Some(roles) }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{
        Event,
        event::{MemberLeft, MembersListed, RoleRemoved, RolesListed},
    };
    use mocha_schema::PresenceStatus;

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
    fn roles_are_recorded_only_if_they_are_wanted() -> frames::TestResult {
        for (context, expected) in [
            (frames::context(), None),
            (frames::context().with(ResourceType::ROLE), Some(vec![70_000_000_000_000_001, 70_000_000_000_000_002])),
        ] {
            let events = frames::translate_with("member_update", context)?;
            let [_, Event::MemberSeen(member)] = events.as_slice() else { return Err(format!("{events:?}").into()) };
            let roles = member.roles.as_ref().map(|roles| roles.iter().map(|role| role.get()).collect::<Vec<_>>());
            assert_eq!(roles, expected);
        }
        assert_eq!(frames::translate("role_delete")?, []);
        let events = frames::translate_with("role_delete", frames::context().with(ResourceType::ROLE))?;
        let guild_id = frames::GUILD.try_into()?;
        let removed = RoleRemoved { at: frames::arrival(), guild_id, role_id: 70_000_000_000_000_001.try_into()? };
        assert_eq!(events, [removed.into()]);
        let events = frames::translate_with("guild_create", frames::context().with(ResourceType::ROLE))?;
        let listed = RolesListed { at: frames::arrival(), guild_id, role_ids: vec![frames::GUILD.try_into()?] };
        assert!(events.contains(&listed.into()), "{events:?}");
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
