//! Invites, and the joins that used them.

use std::ops::RangeInclusive;

use diesel::{dsl::exists, prelude::*};
use mocha_recorder::{Error, Person, backend::InviteTable};
use mocha_schema::{
    GuildId, Invite, InvitedMember, UserId,
    schema::{bots, invited_members, invites},
};

use super::{Executed as _, PgTables};

impl InviteTable for PgTables<'_> {
    fn invites(&mut self, guild_id: GuildId) -> Result<Vec<Invite>, Error> {
        let rows = invites::table.filter(invites::guild_id.eq(guild_id)).select(Invite::as_select());
        let mut rows: Vec<Invite> = rows.load(self.conn).executed()?;
        rows.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        Ok(rows)
    }

    fn put_invite(&mut self, invite: &Invite) -> Result<(), Error> {
        self.delete_invite(invite.guild_id, &invite.code)?;
        diesel::insert_into(invites::table).values(invite).execute(self.conn).executed()?;
        Ok(())
    }

    fn delete_invite(&mut self, guild_id: GuildId, code: &str) -> Result<(), Error> {
        diesel::delete(invites::table.find((guild_id, code))).execute(self.conn).executed()?;
        Ok(())
    }

    fn list_invites(&mut self, guild_id: GuildId, listed_at_ms: i64) -> Result<(), Error> {
        let is_listed = invites::created_at_ms.is_null().or(invites::created_at_ms.le(listed_at_ms));
        let listed = invites::table.filter(invites::guild_id.eq(guild_id)).filter(is_listed);
        diesel::update(listed).set(invites::listed_at_ms.eq(listed_at_ms)).execute(self.conn).executed()?;
        Ok(())
    }

    fn insert_invited_member(&mut self, person: Person, joined_at_ms: i64) -> Result<(), Error> {
        let Person { guild_id, user_id } = person;
        let has_invites = diesel::select(exists(invites::table.filter(invites::guild_id.eq(guild_id))));
        if has_invites.get_result(self.conn).executed()? {
            let row = InvitedMember { guild_id, user_id, joined_at_ms, code: None, inviter_id: None, is_vanity: false };
            let insert = diesel::insert_into(invited_members::table).values(row).on_conflict_do_nothing();
            insert.execute(self.conn).executed()?;
        }
        Ok(())
    }

    fn invited_members(
        &mut self,
        guild_id: GuildId,
        range_ms: RangeInclusive<i64>,
    ) -> Result<Vec<(UserId, i64)>, Error> {
        invited_members::table
            .filter(invited_members::guild_id.eq(guild_id))
            .filter(invited_members::joined_at_ms.ge(*range_ms.start()))
            .filter(invited_members::joined_at_ms.le(*range_ms.end()))
            .filter(invited_members::user_id.ne_all(bots::table.select(bots::id)))
            .select((invited_members::user_id, invited_members::joined_at_ms))
            .order((invited_members::user_id, invited_members::joined_at_ms))
            .load(self.conn)
            .executed()
    }

    fn update_invited_member(&mut self, member: &InvitedMember) -> Result<(), Error> {
        let InvitedMember { guild_id, user_id, joined_at_ms, ref code, inviter_id, is_vanity } = *member;
        let found = invited_members::table.find((guild_id, user_id, joined_at_ms));
        let invite = (
            invited_members::code.eq(code),
            invited_members::inviter_id.eq(inviter_id),
            invited_members::is_vanity.eq(is_vanity),
        );
        diesel::update(found).set(invite).execute(self.conn).executed()?;
        Ok(())
    }
}
