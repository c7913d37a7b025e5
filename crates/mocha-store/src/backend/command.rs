//! Uses of commands.

use diesel::prelude::*;
use mocha_recorder::{Error, backend::CommandTable};
use mocha_schema::{NewCommandUse, schema::command_uses};

use super::{Executed as _, SqliteTables};

impl CommandTable for SqliteTables<'_> {
    fn insert_command_use(&mut self, command: &NewCommandUse<'_>) -> Result<bool, Error> {
        let insert = diesel::insert_into(command_uses::table).values(command).on_conflict_do_nothing();
        Ok(insert.execute(self.conn).executed()? > 0)
    }
}
