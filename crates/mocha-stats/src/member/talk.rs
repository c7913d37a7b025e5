//! When one user was in voice.

use std::collections::BTreeSet;

use mocha_schema::{GuildId, UserId};

use crate::{
    Bots, Error, Window, active_months,
    database::Source,
    rollup::{DAY, Sources, Span},
    statement::{Statement, rollup_of},
    voice::ASSUMED_TAIL_MS,
};

const DAY_MS: i64 = DAY * 1000;

/// Time in voice from one unix millisecond to another.
pub(super) type Stay = (i64, i64);

/// Reads when one user was in voice, which sums do not have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    pub(super) guild: GuildId,
    /// The counted part of the window.
    pub(super) span: Span,
    pub(super) user: UserId,
    pub(super) window: Window,
}

impl Talk {
    /// The days in UTC with time in voice, and what is open. Months have the days before
    /// `filled_to`.
    pub(super) fn days(self, conn: &mut dyn Source, filled_to: i64) -> Result<(BTreeSet<i64>, Option<Stay>), Error> {
        let mut days: BTreeSet<i64> = BTreeSet::new();
        let mut sources = Sources::by_month(self.span, filled_to);
        for months in std::mem::take(&mut sources.months) {
            let (guild, user) = (self.guild, Some(self.user));
            active_months::talked(conn, guild, Bots::Include, user, &months, |_, month| {
                days.extend(month.days().map(|active| active.day));
            })?;
        }
        let mut statement = Statement::new(conn.dialect());
        for range in &sources.days {
            statement.select(["day"]).push(" FROM ");
            let periods = Some(("day", range));
            rollup_of(&mut statement, "voice_days", self.guild, Some(self.user), Bots::Include, periods);
            statement.push(" AND voice_ms > 0");
        }
        for edge in &sources.events {
            self.closed(&mut statement, ["DISTINCT started_at_ms / 86400000"], (edge.start, edge.end));
        }
        if sources != Sources::default() {
            conn.rows(&statement, &mut |row| {
                days.insert(row.number(0)?);
                Ok(())
            })?;
        }
        let open = self.open(conn)?;
        if let Some((from_ms, to_ms)) = open {
            days.extend(from_ms.div_euclid(DAY_MS)..=to_ms.saturating_sub(1).div_euclid(DAY_MS));
        }
        Ok((days, open))
    }

    /// Returns all closed stays of a day, clipped to the window. The day must not lie before the
    /// horizon.
    pub(super) fn stays(self, conn: &mut dyn Source, day: i64) -> Result<Vec<Stay>, Error> {
        let clip = self.clip((day.saturating_mul(DAY_MS), day.saturating_add(1).saturating_mul(DAY_MS)));
        let Some((from_ms, to_ms)) = clip else { return Ok(Vec::new()) };
        let mut statement = Statement::new(conn.dialect());
        self.closed(&mut statement, ["started_at_ms", "ended_at_ms"], (from_ms, to_ms));
        let mut stays = Vec::new();
        conn.rows(&statement, &mut |row| {
            stays.extend(self.clip((row.number(0)?, row.number(1)?)));
            Ok(())
        })?;
        Ok(stays)
    }

    /// Closed intervals that have time in a part of a day. None goes beyond midnight, so that those
    /// of the day are all.
    fn closed<const N: usize>(self, statement: &mut Statement, columns: [&'static str; N], (from_ms, to_ms): Stay) {
        statement
            .select(columns)
            .push(" FROM voice_intervals WHERE ")
            .is_id("guild_id", self.guild.get())
            .push(" AND ")
            .is_id("user_id", self.user.get())
            .push(" AND started_at_ms >= ? AND started_at_ms < ? AND ended_at_ms > ?")
            .bind(from_ms - from_ms.rem_euclid(DAY_MS))
            .bind(to_ms)
            .bind(from_ms);
    }

    /// The stay that goes on, if one does, as far as it counts in the window.
    fn open(self, conn: &mut dyn Source) -> Result<Option<Stay>, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement
            .select(["started_at_ms", "seen_at_ms"])
            .push(" FROM voice_intervals")
            .indexed_by("idx_voice_intervals_open")
            .push(" WHERE ")
            .is_id("guild_id", self.guild.get())
            .push(" AND ")
            .is_id("user_id", self.user.get())
            .push(" AND ended_at_ms IS NULL");
        let Some(row) = conn.first(&statement)? else { return Ok(None) };
        let (started_at_ms, seen_at_ms) = (row.number(0)?, row.number(1)?);
        // Not into what has not passed.
        let tail_to_ms = seen_at_ms.saturating_add(ASSUMED_TAIL_MS).min(self.window.passed_ms().unwrap_or(i64::MIN));
        Ok(self.clip((started_at_ms, seen_at_ms.max(tail_to_ms))))
    }

    fn clip(self, (from_ms, to_ms): Stay) -> Option<Stay> {
        let from_ms = from_ms.max(self.window.start_ms());
        let to_ms = to_ms.min(self.window.counted_until_ms());
        (from_ms < to_ms).then_some((from_ms, to_ms))
    }
}
