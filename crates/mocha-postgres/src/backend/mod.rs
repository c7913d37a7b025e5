//! The server as the recorder's backend: one connection, and its tables during a transaction. One file a noun.
//!
//! # Locks
//!
//! Recorders never wait for each other in a circle, because each transaction locks in this order:
//!
//! 1. the row in `generations`, FOR SHARE, or FOR UPDATE if a user turns out to be a bot;
//! 2. the rows of the batch's guilds, in the order of their ids;
//! 3. rows of these guilds, in any order: nobody else has them;
//! 4. users, which belong to no guild, at the end and in the order of their ids.
//!
//! Anything else that writes in bulk, such as an erasure, takes the first lock FOR UPDATE.

mod addressee;
mod boost;
mod channel;
mod command;
mod guild;
mod history;
mod invite;
mod look_ahead;
mod member;
mod message;
mod presence;
mod reaction;
mod role;
mod state;
mod tombstone;
mod user;
mod voice;

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_query,
    sql_types::{BigInt, Binary},
};
use mocha_recorder::{
    Error, Event,
    backend::{Backend, Tables, WriteError},
};

use self::{
    look_ahead::LookAhead, message::HeldMessages, presence::HeldPresences, role::HeldRoles, user::HeldUsers,
    voice::HeldVoice,
};
pub(crate) use self::{look_ahead::lock_generation, tombstone::load as load_tombstones};
use crate::{error::classify, link::Link};

/// The connection that the recorder writes through.
pub(crate) struct PgBackend {
    /// `None` before the first transaction, and after a failure, because a failed transaction may leave the connection
    /// in any state.
    conn: Option<PgConnection>,
    /// The identity of this recorder: 16 random bytes, once the server has made them.
    recorder: Option<Vec<u8>>,
    link: Link,
}

impl PgBackend {
    pub(crate) const fn new(link: Link) -> Self {
        Self { conn: None, recorder: None, link }
    }

    fn connect(&mut self) -> Result<(PgConnection, Vec<u8>), Error> {
        #[derive(QueryableByName)]
        struct Random {
            #[diesel(sql_type = Binary)]
            bytes: Vec<u8>,
        }
        let mut conn = self.link.connect()?;
        let recorder = if let Some(recorder) = &self.recorder {
            recorder.clone()
        } else {
            let Random { bytes } = sql_query("SELECT uuid_send(gen_random_uuid()) AS bytes")
                .get_result(&mut conn)
                .map_err(|error| self.failed(error))?;
            self.recorder.insert(bytes).clone()
        };
        Ok((conn, recorder))
    }

    fn failed(&self, error: DieselError) -> Error {
        classify(format!("cannot write to {}", self.link), error)
    }
}

impl Backend for PgBackend {
    type Tables<'t> = PgTables<'t>;

    fn write<T>(
        &mut self,
        batch: u64,
        work: impl FnOnce(&mut PgTables<'_>) -> Result<T, Error>,
    ) -> Result<T, WriteError> {
        let (mut conn, recorder) = match (self.conn.take(), &self.recorder) {
            (Some(conn), Some(recorder)) => (conn, recorder.clone()),
            _ => self.connect().map_err(WriteError::Undone)?,
        };
        let undone = |error| WriteError::Undone(self.failed(error));
        conn.batch_execute("BEGIN").map_err(undone)?;
        let mut tables = PgTables::new(&mut conn);
        let done = match work(&mut tables) {
            Ok(done) => done,
            Err(error) => {
                // If this fails, too, the connection is dropped and the server undoes the transaction.
                if conn.batch_execute("ROLLBACK").is_ok() {
                    self.conn = Some(conn);
                }
                return Err(WriteError::Undone(error.in_context(format!("cannot write to {}", self.link))));
            }
        };
        note_batch(&mut conn, &recorder, batch).map_err(undone)?;
        match conn.batch_execute("COMMIT") {
            Ok(()) => {
                self.conn = Some(conn);
                Ok(done)
            }
            Err(error) if was_answered(&mut conn, &error) => Err(WriteError::Undone(self.failed(error))),
            Err(error) => Err(WriteError::Unknown(self.failed(error))),
        }
    }

    /// Waits for the row of this recorder, which the transaction in doubt has locked until it ends.
    fn was_committed(&mut self, batch: u64) -> Result<bool, Error> {
        #[derive(QueryableByName)]
        struct Last {
            #[diesel(sql_type = BigInt)]
            batch: i64,
        }
        let (mut conn, recorder) = self.connect()?;
        let Last { batch: last } = sql_query(
            "INSERT INTO recorder_batches (recorder, batch) VALUES ($1, 0)
             ON CONFLICT (recorder) DO UPDATE SET batch = recorder_batches.batch RETURNING batch",
        )
        .bind::<Binary, _>(recorder)
        .get_result(&mut conn)
        .map_err(|error| self.failed(error))?;
        self.conn = Some(conn);
        Ok(last == number(batch))
    }

    /// Removes this recorder's row, and those of recorders that ended without removing theirs.
    fn finish(&mut self) {
        let (Some(conn), Some(recorder)) = (&mut self.conn, &self.recorder) else { return };
        let done =
            sql_query("DELETE FROM recorder_batches WHERE recorder = $1 OR committed_at < now() - INTERVAL '30 days'")
                .bind::<Binary, _>(recorder)
                .execute(conn);
        if let Err(error) = done {
            tracing::debug!(error = %error, "the recorder's row stays for 30 days");
        }
    }
}

fn note_batch(conn: &mut PgConnection, recorder: &[u8], batch: u64) -> QueryResult<usize> {
    sql_query(
        "INSERT INTO recorder_batches (recorder, batch) VALUES ($1, $2)
         ON CONFLICT (recorder) DO UPDATE SET batch = excluded.batch, committed_at = now()",
    )
    .bind::<Binary, _>(recorder)
    .bind::<BigInt, _>(number(batch))
    .execute(conn)
}

/// Returns whether the server itself said that the COMMIT failed. A broken connection says nothing.
fn was_answered(conn: &mut PgConnection, error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::UniqueViolation,
            _,
        ) => true,
        _ => conn.batch_execute("SELECT 1").is_ok(),
    }
}

/// With one batch in a nanosecond, the numbers last for 292 years.
fn number(batch: u64) -> i64 {
    i64::try_from(batch).unwrap_or(i64::MAX)
}

/// The tables during one transaction.
///
/// Messages, presences, roles, users and voice are held back until the flush, or until an operation reads such rows. Everything else
/// is executed at once.
pub(crate) struct PgTables<'t> {
    conn: &'t mut PgConnection,
    ahead: LookAhead,
    messages: HeldMessages,
    presences: HeldPresences,
    roles: HeldRoles,
    users: HeldUsers,
    voice: HeldVoice,
}

impl<'t> PgTables<'t> {
    fn new(conn: &'t mut PgConnection) -> Self {
        Self {
            conn,
            ahead: LookAhead::default(),
            messages: HeldMessages::default(),
            presences: HeldPresences::default(),
            roles: HeldRoles::default(),
            users: HeldUsers::default(),
            voice: HeldVoice::default(),
        }
    }
}

impl Tables for PgTables<'_> {
    /// The row was locked by the look-ahead, so nothing changes until the commit.
    fn generation(&mut self) -> Result<i64, Error> {
        match self.ahead.generation {
            Some(generation) => Ok(generation.number),
            None => Ok(lock_generation(self.conn, false).executed()?.number),
        }
    }

    fn prepare<'e>(&mut self, events: impl Iterator<Item = &'e Event>) -> Result<(), Error> {
        self.ahead = LookAhead::load(self.conn, events).executed()?;
        Ok(())
    }

    /// Users first: messages refer to them, and triggers read which of them are bots.
    fn flush(&mut self) -> Result<u64, Error> {
        self.users.flush(self.conn, self.ahead.is_distributed()).executed()?;
        self.presences.flush(self.conn).executed()?;
        self.flush_roles()?;
        self.voice.flush(self.conn, self.ahead.is_distributed()).executed()?;
        self.messages.flush(self.conn, self.ahead.is_distributed()).executed()
    }
}

/// The result of a statement.
trait Executed {
    type Value;

    /// Turns Diesel's error into Mocha's. The transaction adds which server it is.
    fn executed(self) -> Result<Self::Value, Error>;
}

impl<T> Executed for QueryResult<T> {
    type Value = T;

    fn executed(self) -> Result<T, Error> {
        self.map_err(|error| classify("a statement failed", error))
    }
}
