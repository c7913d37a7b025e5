//! The scope of a question about presence, and the scan that answers all of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, PresenceStatus, UserId};

use super::rows::{self, Row};
use crate::{
    Bots, Database, Error, Window,
    database::{Source, snapshot},
    growth,
    rollup::Horizon,
};

/// The scope of a question.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Scope {
    pub(super) bots: Bots,
    pub(super) guild: GuildId,
    /// Counts only this user, if there is one.
    pub(super) user: Option<UserId>,
    pub(super) window: Window,
}

/// The time in which a user had one status and one activity. Never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Spell<'a> {
    pub(super) user_id: UserId,
    /// `None` if the row has no status of Discord.
    pub(super) status: Option<PresenceStatus>,
    pub(super) activity: Option<&'a Activity>,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

impl Spell<'_> {
    /// Returns its length.
    pub(super) fn ms(self) -> u64 {
        u64::try_from(self.to_ms.saturating_sub(self.from_ms)).unwrap_or(0)
    }
}

/// An activity: Discord's activity type, if the file has it, and the name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Activity {
    pub(super) kind: Option<i32>,
    pub(super) name: String,
}

/// The time for which the file has data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Read {
    /// The start of the window, or of the data if it is later. If the window has no start, the time
    /// of the first row in it.
    pub(super) from_ms: Option<i64>,
    pub(super) known: Option<Known>,
    /// Where the data starts, if the window begins before it.
    pub(super) data_since: Option<DateTime<Utc>>,
}

/// The time whose statuses are known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Known {
    /// As [`Read::from_ms`].
    pub(super) from_ms: i64,
    /// The window's end, or the last known time of the guild if it is earlier.
    pub(super) to_ms: i64,
}

impl Scope {
    pub(super) const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, user: None, window: Window::all() }
    }

    /// Calls `each` with each spell in the window, cut at its edges, in order of their ends.
    /// Returns the time for which the file has data. Reads one row at a time, so memory grows with
    /// people.
    pub(super) fn scan(
        &self,
        conn: &mut (impl Database + ?Sized),
        mut each: impl FnMut(Spell<'_>),
    ) -> Result<Read, Error> {
        snapshot(conn, |conn| self.read(conn, &mut each))
    }

    fn read(&self, conn: &mut dyn Source, each: &mut dyn FnMut(Spell<'_>)) -> Result<Read, Error> {
        let Self { bots, guild, user, window } = *self;
        let Horizon { members_from, presences_from, .. } = Horizon::load(conn)?;
        // Without the log of leaves, it is unknown whether users with an earlier status stayed.
        let from = presences_from.max(members_from);
        let kept = window.not_before(from);
        let (start, end) = (kept.start_second(), kept.end_second());
        let to_ms = rows::known_until_ms(conn, guild)?.min(window.counted_until_ms());
        let mut log = Vec::new();
        growth::entries(conn, guild, start..end, |entry| log.push(entry))?;
        let mut people = People { each, from_ms: kept.start_ms(), last: HashMap::new(), to_ms };
        let mut log = log.into_iter().peekable();
        let mut take = |people: &mut People<'_>, row: Row| {
            // If a user has a row and leaves in the same second, the row was first.
            while let Some(entry) = log.next_if(|entry| entry.second < row.second) {
                people.came_or_went(entry);
            }
            // A bot counts if it is the user.
            if user.is_some() || bots.counts(row.bot) {
                people.changed(row);
            }
        };
        if start > from {
            let mut before = rows::before(conn, guild, user, start)?;
            before.retain(|row| row.second >= from);
            before.sort_by_key(|row| row.second);
            for row in before {
                take(&mut people, row);
            }
        }
        let mut first = None;
        rows::between(conn, guild, user, start..end, |row| {
            first.get_or_insert(row.second);
            take(&mut people, row);
        })?;
        log.for_each(|entry| people.came_or_went(entry));
        people.finish();
        let from_ms = window.start().map(|_| kept.start_ms()).or(first.map(ms));
        let known = from_ms.filter(|from_ms| *from_ms < to_ms).map(|from_ms| Known { from_ms, to_ms });
        Ok(Read { from_ms, known, data_since: Horizon::data_since(window, from) })
    }
}

const fn ms(second: i64) -> i64 {
    second.saturating_mul(1000)
}

/// The last recorded status of each user.
struct People<'a> {
    each: &'a mut dyn FnMut(Spell<'_>),
    from_ms: i64,
    last: HashMap<UserId, Person>,
    to_ms: i64,
}

#[derive(Debug)]
struct Person {
    activity: Option<Activity>,
    /// The start of the status. `None` while the user is not a member.
    since_ms: Option<i64>,
    status: Option<PresenceStatus>,
}

impl People<'_> {
    fn changed(&mut self, row: Row) {
        let Row { user_id, status, activity_type: kind, activity_name, second, gone, .. } = row;
        self.end(user_id, ms(second));
        let activity = activity_name.map(|name| Activity { kind, name });
        self.last.insert(user_id, Person { activity, since_ms: (!gone).then_some(ms(second)), status });
    }

    /// Notes a join or a leave. After a return the earlier status holds again, because the recorder
    /// does not write the same status twice.
    fn came_or_went(&mut self, growth::Entry { user_id, joined, second, .. }: growth::Entry) {
        if !joined {
            self.end(user_id, ms(second));
        }
        if let Some(person) = self.last.get_mut(&user_id) {
            person.since_ms = if joined { person.since_ms.or(Some(ms(second))) } else { None };
        }
    }

    fn finish(mut self) {
        let people: Vec<UserId> = self.last.keys().copied().collect();
        for user_id in people {
            self.end(user_id, self.to_ms);
        }
    }

    /// Ends a spell, and calls `each` with its part in the window.
    fn end(&mut self, user_id: UserId, at_ms: i64) {
        let Some(person) = self.last.get(&user_id) else { return };
        let Some(since_ms) = person.since_ms else { return };
        let (from_ms, to_ms) = (since_ms.max(self.from_ms), at_ms.min(self.to_ms));
        if from_ms < to_ms {
            let Person { activity, status, .. } = person;
            (self.each)(Spell { user_id, status: *status, activity: activity.as_ref(), from_ms, to_ms });
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::{
        PresenceTime,
        fixture::{MONDAY, TestResult},
        growth::truth::Event,
        presence::truth::{History, Told},
    };

    const HOUR: i64 = 3600;

    /// How many minutes somebody was online who was told to be at midnight, and then joined or left
    /// at these hours.
    fn minutes(window: Window, comings: &[(bool, i64)]) -> TestResult<u64> {
        let user = 2;
        let told = Told { guild: 1, user, status: Some("online"), activity: None, second: MONDAY };
        let log = comings.iter().map(|(join, hour)| Event {
            guild: 1,
            user,
            join: *join,
            count: None,
            second: MONDAY + hour * HOUR,
        });
        let seen_at_ms = Some((MONDAY + 10 * HOUR) * 1000);
        let mut conn = History { told: vec![told], log: log.collect(), seen_at_ms, foreign: false }.file()?;
        let recorded = PresenceTime::of(1.try_into()?).within(window).load(&mut conn)?.online.time.as_secs() / 60;
        // Written by another program, of a guild whose members are not known, it is found if the person left since.
        if comings.last().is_some_and(|(join, _)| !join) {
            conn.execute("UPDATE presence_events SET id = 'other'")?;
            let adopted = PresenceTime::of(1.try_into()?).within(window).load(&mut conn)?.online.time.as_secs() / 60;
            assert_eq!(adopted, recorded);
        }
        Ok(recorded)
    }

    #[test]
    fn a_status_holds_while_the_user_is_a_member_and_the_data_lasts() -> TestResult {
        let at = |hour| DateTime::from_timestamp(MONDAY + hour * HOUR, 0).ok_or("no such time");
        let morning = Window::between(at(1)?, at(4)?)?;
        assert_eq!(minutes(morning, &[])?, 180);
        assert_eq!(minutes(morning, &[(false, 5)])?, 180);
        assert_eq!(minutes(morning, &[(false, 2)])?, 60);
        assert_eq!(minutes(morning, &[(false, 2), (true, 3)])?, 120);
        assert_eq!(minutes(morning, &[(false, 0), (true, 3)])?, 60);
        assert_eq!(minutes(morning, &[(true, 2), (false, 3)])?, 120);
        // The recorder last noted that it ran at ten.
        let day = Window::last(TimeDelta::days(1), at(24)?)?;
        assert_eq!(minutes(day, &[])?, 600);
        assert_eq!(minutes(Window::all(), &[])?, 600);
        assert_eq!(minutes(Window::since(at(11)?)?, &[])?, 0);
        Ok(())
    }

    #[test]
    fn nothing_is_known_of_a_guild_after_it_removed_the_bot() -> TestResult {
        let told = Told { guild: 1, user: 2, status: Some("online"), activity: None, second: MONDAY };
        let seen_at_ms = Some((MONDAY + 10 * HOUR) * 1000);
        let mut conn = History { told: vec![told], log: Vec::new(), seen_at_ms, foreign: false }.file()?;
        let mut hours = |gone_at: Option<i64>| -> TestResult<u64> {
            let gone_at = gone_at.map_or("NULL".to_owned(), |hour| (MONDAY + hour * HOUR).to_string());
            conn.execute(format!(
                "INSERT INTO guild_states VALUES ('1', NULL, {gone_at}) \
                ON CONFLICT (guild_id) DO UPDATE SET gone_at = excluded.gone_at"
            ))?;
            Ok(PresenceTime::of(1.try_into()?).load(&mut conn)?.online.time.as_secs() / 3600)
        };
        assert_eq!((hours(None)?, hours(Some(4))?, hours(Some(12))?), (10, 4, 10));
        Ok(())
    }

    /// One process has shard 0 of 2 and died. Another one has shard 1 and lives.
    #[test]
    fn a_status_holds_while_the_shard_of_its_guild_is_confirmed() -> TestResult {
        let of_shard_1 = 1 << 22;
        let told = |guild| Told { guild, user: 2, status: Some("online"), activity: None, second: MONDAY };
        let history =
            History { told: vec![told(1), told(of_shard_1)], log: Vec::new(), seen_at_ms: None, foreign: false };
        let mut conn = history.file()?;
        for (shard_id, hours) in [(0, 10), (1, 40)] {
            let seen_at_ms = (MONDAY + hours * HOUR) * 1000;
            conn.execute(format!("INSERT INTO recorder_states VALUES (2, {shard_id}, 0, {seen_at_ms}, NULL)"))?;
        }
        for (guild, hours) in [(1, 10), (of_shard_1, 40)] {
            let online = PresenceTime::of(guild.try_into()?).load(&mut conn)?.online;
            assert_eq!(online.time.as_secs() / 3600, hours, "{guild}");
        }
        Ok(())
    }
}
