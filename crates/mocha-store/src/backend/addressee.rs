//! The users whom messages address.

use diesel::prelude::*;
use mocha_recorder::backend::AddresseeTable;
use mocha_schema::{NewMessageAddressee, schema::message_addressees};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl AddresseeTable for SqliteTables<'_> {
    fn insert_addressee(&mut self, addressee: &NewMessageAddressee) -> Result<bool, Error> {
        let insert = diesel::insert_into(message_addressees::table).values(addressee).on_conflict_do_nothing();
        Ok(insert.execute(self.conn).executed()? > 0)
    }
}
