//! Until when people are confirmed to be connected.

use mocha_schema::{GuildId, UserId};

use super::{DAY_MS, days, open::Open, rows::Row, tracker::Tracker};
use crate::Person;

impl Tracker {
    /// Confirms everybody who is connected and not lost, up to this time.
    pub(crate) fn confirm(&mut self, at_ms: i64) {
        self.confirmed_ms = at_ms.max(self.confirmed_ms);
    }

    /// Returns until when everybody who is connected and not lost is confirmed.
    pub(crate) const fn last_confirmed_ms(&self) -> i64 {
        self.confirmed_ms
    }

    /// Confirms nobody beyond this time, because the clock was wrong or the process did not run until then.
    pub(super) fn confirm_no_longer_than(&mut self, at_ms: i64) {
        self.confirmed_ms = self.confirmed_ms.min(at_ms);
        self.frozen_until_ms = Some(at_ms);
    }

    /// Returns until when the people in the guild who are not lost are confirmed.
    pub(super) fn confirmed_ms(&self, guild_id: GuildId) -> i64 {
        match self.connections().confirmed(guild_id) {
            Some(heard_ms) if !self.is_replay() => heard_ms,
            _ => self.confirmed_ms,
        }
    }

    /// Returns the last time at which the session is confirmed.
    pub(super) fn session_confirmed_ms(&self, person: Person, open: Open) -> i64 {
        open.lost_since_ms.unwrap_or_else(|| self.confirmed_ms(person.guild_id)).max(open.started_at_ms)
    }

    /// Returns until when the guild's people may be stamped: not beyond a midnight at which their intervals are not cut.
    pub(crate) fn stamp_ms(&self, guild_id: GuildId) -> i64 {
        let confirmed_ms = self.confirmed_ms(guild_id);
        self.last_frame_ms(guild_id).map_or(confirmed_ms, |frame_ms| {
            confirmed_ms.min(frame_ms.div_euclid(DAY_MS).saturating_add(1).saturating_mul(DAY_MS))
        })
    }

    /// Cuts open intervals at each midnight before the last confirmation, and ends sessions that are lost for good.
    pub(crate) fn settle(&mut self) -> Vec<Row> {
        let mut rows = self.give_up();
        let open: Vec<(Person, Open)> = self.everybody().filter(|(_, open)| open.lost_since_ms.is_none()).collect();
        for (person, open) in open {
            let mut parts: Vec<(i64, i64)> = days(open.started_at_ms, self.settled_ms(person, open)).collect();
            let Some((started_at_ms, _)) = parts.pop().filter(|_| !parts.is_empty()) else { continue };
            open.close(person, started_at_ms, &mut rows);
            self.open(person, Open { started_at_ms, ..open }, &mut rows);
        }
        rows
    }

    /// Returns the connected people who are not lost, by guild.
    pub(crate) fn confirmed_by_guild(&self) -> impl Iterator<Item = (GuildId, Vec<UserId>)> {
        self.people.guilds().filter_map(|guild_id| {
            let confirmed = self.people.in_guild(guild_id).filter(|(_, open)| open.lost_since_ms.is_none());
            let confirmed: Vec<UserId> = confirmed.map(|(person, _)| person.user_id).collect();
            (!confirmed.is_empty()).then_some((guild_id, confirmed))
        })
    }

    /// Returns until when a later READY cannot take the session back.
    fn settled_ms(&self, person: Person, open: Open) -> i64 {
        let frame_ms = self.last_frame_ms(person.guild_id).unwrap_or(i64::MAX);
        self.session_confirmed_ms(person, open).min(frame_ms).max(open.started_at_ms)
    }

    /// Returns when the guild's shard last received a frame, in a replay of frames.
    ///
    /// While one shard is silent, others may go on. If its next frame is READY, everybody in its guilds is lost since its
    /// last frame.
    fn last_frame_ms(&self, guild_id: GuildId) -> Option<i64> {
        self.connections().last_frame(guild_id).filter(|_| self.is_replay())
    }
}
