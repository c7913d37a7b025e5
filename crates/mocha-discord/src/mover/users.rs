//! Copies users, who belong to no guild.

use std::ops::ControlFlow;

use super::{
    connection::write,
    copy::{Copy, Failure, PAGE, by_key},
    side::Page,
    table::{self, Copied, Row},
};

impl Copy<'_, '_> {
    /// Copies all users.
    pub(super) fn users(&mut self) -> Result<ControlFlow<()>, Failure> {
        let Some(plan) = self.plans.get("users") else { return Ok(ControlFlow::Continue(())) };
        let mut after = String::new();
        loop {
            let page = self.from.users(plan, &after, PAGE)?;
            let Some(last) = page.last.clone() else { return Ok(ControlFlow::Continue(())) };
            if self.put_users(plan, page)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            after = last;
        }
    }

    /// Copies the users that the rows of a guild name.
    pub(super) fn users_of(&mut self, guild: &str) -> Result<ControlFlow<()>, Failure> {
        let Some(plan) = self.plans.get("users") else { return Ok(ControlFlow::Continue(())) };
        let tables = table::with_users().filter(|table| table.person.is_some());
        let columns = tables.flat_map(|table| {
            let columns = ["user_id"].into_iter().chain(table.second_person());
            columns.map(|column| (column, table.name))
        });
        let of = columns.map(|(column, name)| {
            format!("SELECT CAST({column} AS TEXT) AS line FROM {name} WHERE guild_id = $1 AND {column} IS NOT NULL")
        });
        let ids = self.from.texts(&of.collect::<Vec<_>>().join(" UNION "), guild)?;
        let ids: Vec<String> = ids.into_iter().filter(|id| table::fits(table::Kind::Big, id)).collect();
        for ids in ids.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX)) {
            let page = self.from.users_of(plan, ids)?;
            if self.put_users(plan, page)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Writes users that the destination lacks, or has in an older version.
    fn put_users(&mut self, plan: &Copied, page: Page) -> Result<ControlFlow<()>, Failure> {
        let ids: Vec<String> = page.rows.iter().filter_map(|row| plan.value(row, "id").map(str::to_owned)).collect();
        let mut there = write(self.to, |side| Ok(by_key(plan, side.users_of(plan, &ids)?.rows)))?;
        let updated = |row: &Row| plan.number(row, "updated_at");
        let rows: Vec<Row> = (page.rows.into_iter())
            .filter(|row| {
                there.remove(&plan.key_of(row)).is_none_or(|theirs| theirs != *row && updated(&theirs) <= updated(row))
            })
            .collect();
        self.moved.add_odd("users", page.odd);
        self.write_rows(plan, &rows, &[])?;
        Ok((self.progress)(self.moved))
    }
}
