//! The horizons: the times from which a database is complete. They only ever move forward.

use chrono::{DateTime, Utc};
use mocha_schema::catalogue::Horizon;

use super::{BoxedError, DAY, RetentionPolicy, RetentionTables};

/// The row of the table `horizons`: midnights, UTC, in unix seconds, before which rows are deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct Horizons {
    /// The horizon of `member_events`.
    pub members: i64,
    /// The horizon of `message_events`.
    pub messages: i64,
    /// The horizon of `presence_events`.
    pub presences: i64,
    /// The horizon of the roll-ups.
    pub rollups: i64,
    /// The horizon of `voice_events` and `voice_intervals`.
    pub voice: i64,
}

impl Horizons {
    pub(super) const fn of(&self, horizon: Horizon) -> i64 {
        match horizon {
            Horizon::Members => self.members,
            Horizon::Messages => self.messages,
            Horizon::Presences => self.presences,
            Horizon::Voice => self.voice,
        }
    }

    /// Moves the horizons of the database to where they should be now; returns where they are.
    ///
    /// The horizon of the roll-ups stays behind those of the events, because events that are counted have sums.
    pub(super) fn advance<R: RetentionTables>(
        conn: &mut R::Connection,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
    ) -> Result<Self, BoxedError> {
        let old = R::horizons(conn)?;
        let voice = before_open::<R>(conn, retention.voice.from(now))?.max(old.voice);
        // `RetentionPolicy::check` has them kept as long as any events, of which only voice is held back.
        let rollups = floor(retention.rollups.from(now).min(voice));
        let new = Self {
            members: retention.members.from(now).max(old.members),
            messages: retention.messages.from(now).max(old.messages),
            presences: retention.presences.from(now).max(old.presences),
            rollups: rollups.max(old.rollups),
            voice,
        };
        if new != old {
            R::set_horizons(conn, &new)?;
        }
        Ok(new)
    }
}

/// Returns the time before which whole months can go, if everything before `from` should. All other periods are parts of
/// months, so the remaining sums agree.
const fn floor(from: i64) -> i64 {
    from - from.rem_euclid(30 * DAY)
}

/// Returns a horizon of voice that is not later than the start of an interval that still goes on: the interval will count
/// where it began, once it is closed. An interval that was last confirmed before `from` is not waited for.
fn before_open<R: RetentionTables>(conn: &mut R::Connection, from: i64) -> Result<i64, BoxedError> {
    let began = R::first_open_interval(conn, from.saturating_mul(1000))?;
    let began = began.map_or(from, |at_ms| at_ms.div_euclid(DAY * 1000) * DAY);
    Ok(from.min(began))
}
