//! When one user was in voice.

use std::collections::BTreeSet;

use diesel::{prelude::*, sql_types::BigInt};
use mocha_schema::{GuildId, UserId};

use crate::{
    ASSUMED_TAIL_MS, Bots, Window, active_months,
    rollup::{DAY, Sources, Span},
    statement::{Statement, rollup_of},
};

const DAY_MS: i64 = DAY * 1000;

/// Time in voice from one unix millisecond to another.
pub(super) type Stay = (i64, i64);

/// When one user was in voice: what sums do not tell.
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
    pub(super) fn days(
        self,
        conn: &mut SqliteConnection,
        filled_to: i64,
    ) -> QueryResult<(BTreeSet<i64>, Option<Stay>)> {
        let mut days: BTreeSet<i64> = BTreeSet::new();
        let mut sources = Sources::by_month(self.span, filled_to);
        for months in std::mem::take(&mut sources.months) {
            let (guild, user) = (self.guild, Some(self.user));
            active_months::talked(conn, guild, Bots::Include, user, &months, |_, month| {
                days.extend(month.days().map(|active| active.day));
            })?;
        }
        let mut statement = Statement::<BigInt>::new();
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
            days.extend(statement.load::<i64>(conn)?);
        }
        let open = self.open(conn)?;
        if let Some((from_ms, to_ms)) = open {
            days.extend(from_ms.div_euclid(DAY_MS)..=to_ms.saturating_sub(1).div_euclid(DAY_MS));
        }
        Ok((days, open))
    }

    /// Returns all closed stays of a day, clipped to the window. The day must not lie before the
    /// horizon.
    pub(super) fn stays(self, conn: &mut SqliteConnection, day: i64) -> QueryResult<Vec<Stay>> {
        let clip = self.clip((day.saturating_mul(DAY_MS), day.saturating_add(1).saturating_mul(DAY_MS)));
        let Some((from_ms, to_ms)) = clip else { return Ok(Vec::new()) };
        let mut statement = Statement::<(BigInt, BigInt)>::new();
        self.closed(&mut statement, ["started_at_ms", "ended_at_ms"], (from_ms, to_ms));
        let stays: Vec<Stay> = statement.load(conn)?;
        Ok(stays.into_iter().filter_map(|stay| self.clip(stay)).collect())
    }

    /// Closed intervals that have time in a part of a day. None goes beyond midnight, so that those
    /// of the day are all.
    fn closed<R, const N: usize>(
        self,
        statement: &mut Statement<R>,
        columns: [&'static str; N],
        (from_ms, to_ms): Stay,
    ) {
        statement
            .select(columns)
            .push(" FROM voice_intervals WHERE guild_id = CAST(? AS TEXT) AND user_id = CAST(? AS TEXT)")
            .push(" AND started_at_ms >= ? AND started_at_ms < ? AND ended_at_ms > ?")
            .bind_id(self.guild.get())
            .bind_id(self.user.get())
            .bind(from_ms - from_ms.rem_euclid(DAY_MS))
            .bind(to_ms)
            .bind(from_ms);
    }

    /// The stay that goes on, if one does, as far as it counts in the window.
    fn open(self, conn: &mut SqliteConnection) -> QueryResult<Option<Stay>> {
        let mut statement = Statement::<(BigInt, BigInt)>::new();
        statement
            .select(["started_at_ms", "seen_at_ms"])
            .push(" FROM voice_intervals INDEXED BY idx_voice_intervals_open")
            .push(" WHERE guild_id = CAST(? AS TEXT) AND user_id = CAST(? AS TEXT) AND ended_at_ms IS NULL")
            .bind_id(self.guild.get())
            .bind_id(self.user.get());
        let open: Option<Stay> = statement.get_result(conn).optional()?;
        Ok(open.and_then(|(started_at_ms, seen_at_ms)| {
            // Not into what has not passed.
            let tail_to_ms =
                seen_at_ms.saturating_add(ASSUMED_TAIL_MS).min(self.window.passed_ms().unwrap_or(i64::MIN));
            self.clip((started_at_ms, seen_at_ms.max(tail_to_ms)))
        }))
    }

    fn clip(self, (from_ms, to_ms): Stay) -> Option<Stay> {
        let from_ms = from_ms.max(self.window.start_ms());
        // Without an end it is that of the calendar, so that nothing in the file makes days without number.
        let end_ms = self.window.end_ms().unwrap_or_else(|| self.window.end_second().saturating_mul(1000));
        let to_ms = to_ms.min(end_ms);
        (from_ms < to_ms).then_some((from_ms, to_ms))
    }
}
