//! The guilds, channels and users that restored rows refer to.

use std::collections::HashSet;

use diesel::QueryResult;

use crate::{
    batch::Row,
    database::{Connection, Dialect, Statement},
};

/// Those that have a row in the database, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    /// With their guilds: PostgreSQL has a row for each pair.
    channels: HashSet<(i64, i64)>,
    guilds: HashSet<i64>,
    users: HashSet<(i64, Option<bool>)>,
}

/// Some tens of megabytes. Beyond that they are looked up again.
const LIMIT: usize = 1_000_000;

/// Discord's types of channels, as which unknown channels are taken.
const TEXT: i64 = 0;
const VOICE: i64 = 2;

impl Parents {
    /// Gives what the row refers to a row in the database, unless it has one.
    pub(crate) fn add(&mut self, conn: &mut impl Connection, row: Row<'_>) -> QueryResult<()> {
        let (dialect, second) = (conn.dialect(), row.time().div_euclid(1000));
        let mut run =
            |sql: String, numbers: &[i64]| conn.execute(&Statement::new(&sql, numbers.iter().copied())).map(drop);
        let id = |number: u8| dialect.id(&format!("?{number}"));
        let Some(guild_id) = row.named("guild_id") else { return Ok(()) };
        if self.is_full() {
            self.clear();
        }
        if self.guilds.insert(guild_id) {
            let insert = "INSERT INTO guilds (id, created_at, updated_at) VALUES";
            run(format!("{insert} ({}, ?2, ?2) ON CONFLICT DO NOTHING", id(1)), &[guild_id, second])?;
        }
        let bot = row.named("bot").map(|bot| bot != 0);
        if let Some(user_id) = row.named("user_id")
            && self.users.insert((user_id, bot))
        {
            let (value, is_other) = match bot {
                None => ("NULL", "false"),
                // A user who was never seen counts as human, and nobody stops being a bot.
                Some(false) => ("false", "bot IS NULL"),
                Some(true) => ("true", "(bot IS NULL OR bot = false)"),
            };
            let insert = "INSERT INTO users (id, bot, created_at, updated_at) VALUES";
            run(format!("{insert} ({}, {value}, ?2, ?2) ON CONFLICT DO NOTHING", id(1)), &[user_id, second])?;
            run(format!("UPDATE users SET bot = {value} WHERE id = {} AND {is_other}", id(1)), &[user_id])?;
            if bot == Some(true) && dialect == Dialect::Postgres {
                // Citus has no trigger of users. Elsewhere it has done this.
                run("SELECT note_bots(ARRAY[?1])".to_owned(), &[user_id])?;
            }
        }
        if let Some(channel_id) = row.named("channel_id")
            && self.channels.insert((guild_id, channel_id))
        {
            let kind = if row.batch.layout().folder == "messages" { TEXT } else { VOICE };
            let insert = "INSERT INTO channels (id, guild_id, type, created_at, updated_at) VALUES";
            let sql = format!("{insert} ({}, {}, ?3, ?4, ?4) ON CONFLICT DO NOTHING", id(1), id(2));
            run(sql, &[channel_id, guild_id, kind, second])?;
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        let Self { channels, guilds, users } = self;
        channels.clear();
        guilds.clear();
        users.clear();
    }

    fn is_full(&self) -> bool {
        self.channels.len().max(self.guilds.len()).max(self.users.len()) >= LIMIT
    }
}
