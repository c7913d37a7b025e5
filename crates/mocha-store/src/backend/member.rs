//! Current members, and the log of joins and leaves.

use std::{collections::BTreeSet, ops::Range};

use diesel::prelude::*;
use mocha_recorder::{
    Person,
    backend::{ListedMember, MemberTable, RoleTable as _, member_event_id, member_event_ms},
};
use mocha_schema::{
    GuildId, Member, MemberChange, MemberEventType, NewMember, NewMemberEvent, member_id,
    schema::{member_events, members},
};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl MemberTable for SqliteTables<'_> {
    fn member(&mut self, person: Person) -> Result<Option<Member>, Error> {
        members::table.find(key(person)).select(Member::as_select()).get_result(self.conn).optional().executed()
    }

    fn members(&mut self, guild_id: GuildId) -> Result<Vec<ListedMember>, Error> {
        let rows = members::table
            .filter(members::guild_id.eq(guild_id))
            .select((members::user_id, members::joined_at, members::updated_at))
            .order(members::user_id)
            .load(self.conn)
            .executed()?;
        let listed = |(user_id, joined_at, updated_at)| ListedMember { user_id, joined_at, updated_at };
        Ok(rows.into_iter().map(listed).collect())
    }

    fn insert_member(&mut self, member: &NewMember<'_>) -> Result<(), Error> {
        diesel::insert_into(members::table).values(member).execute(self.conn).executed()?;
        Ok(())
    }

    fn update_member(&mut self, person: Person, change: &MemberChange<'_>) -> Result<(), Error> {
        diesel::update(members::table.find(key(person))).set(change).execute(self.conn).executed()?;
        Ok(())
    }

    fn delete_member(&mut self, person: Person) -> Result<(), Error> {
        diesel::delete(members::table.find(key(person))).execute(self.conn).executed()?;
        self.put_member_roles(person, &BTreeSet::new())
    }

    /// The entry's id contains the instant, so the index of ids finds it.
    fn last_member_event(
        &mut self,
        kind: MemberEventType,
        person: Person,
        range_ms: Range<i64>,
    ) -> Result<Option<i64>, Error> {
        let last: Option<String> = member_events::table
            .filter(member_events::id.ge(member_event_id(kind, person, range_ms.start.max(0))))
            .filter(member_events::id.lt(member_event_id(kind, person, range_ms.end)))
            .select(diesel::dsl::max(member_events::id))
            .get_result(self.conn)
            .executed()?;
        Ok(last.and_then(|id| member_event_ms(&id)))
    }

    fn insert_member_event(&mut self, event: &NewMemberEvent<'_>) -> Result<(), Error> {
        diesel::insert_or_ignore_into(member_events::table).values(event).execute(self.conn).executed()?;
        Ok(())
    }
}

fn key(Person { guild_id, user_id }: Person) -> String {
    member_id(guild_id, user_id)
}
