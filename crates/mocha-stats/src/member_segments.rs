//! Members by how long they have been silent.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{GuildId, UserId, check_time};

use crate::{
    Bots, Database, Error, Window,
    active_months::ActiveMonths,
    daily_activity::{DailyActivity, LocalDays, ReadActivity},
    database::{Source, snapshot},
    statement::Statement,
};

/// A question about how many of a guild's current members are new, active, at risk of leaving, or
/// dormant.
///
/// Members are active if they wrote a message, a reply or a command
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)) in any channel, or were in
/// voice. Each member is in one segment, the first of these that fits:
///
/// | segment | members |
/// |---|---|
/// | new | joined in the last `silent_after` days |
/// | active | active in the last `silent_after` days |
/// | at risk | active in the last `dormant_after` days, and silent since |
/// | dormant | all others |
///
/// The last days are days of a [`zone`](Self::zone), and end with that of the present instant. A
/// member without a known time of joining is not new. Without the intent `GUILD_MEMBERS` Mocha does
/// not know all members, nor which members left.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("churn", "inactive", "at risk"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct MemberSegments {
    bots: Bots,
    dormant_after: u32,
    guild: GuildId,
    limit: usize,
    now: DateTime<Utc>,
    silent_after: u32,
    zone: Tz,
}

/// How many members there are in each segment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberSegmentsAnswer {
    /// Members who joined in the last [`silent_after`](MemberSegments::silent_after) days.
    pub new: u64,
    /// How many of the new members were active since.
    pub new_active: u64,
    /// Older members who were active in the last [`silent_after`](MemberSegments::silent_after)
    /// days.
    pub active: u64,
    /// Older members who were not active then, but in the last
    /// [`dormant_after`](MemberSegments::dormant_after) days.
    pub at_risk: u64,
    /// All other members.
    pub dormant: u64,
    /// The members at risk: by the number of days on which they were active, most first, then the
    /// one who was active last, then by user id.
    pub members_at_risk: Vec<SilentMember>,
    /// Where the data starts, if the days that were asked about begin before it. `None` if the data
    /// covers all of them.
    pub data_since: Option<DateTime<Utc>>,
}

/// A member at risk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SilentMember {
    /// The member.
    pub user_id: UserId,
    /// The last day with a message or time in voice.
    pub last_day: NaiveDate,
    /// On how many of the last [`dormant_after`](MemberSegments::dormant_after) days the member was
    /// active.
    pub active_days: u64,
}

impl MemberSegments {
    /// Asks about this guild at this instant. Defaults: silent after 14 days, dormant after 60, in
    /// UTC, humans only, ten members at risk.
    pub const fn of(guild: GuildId, now: DateTime<Utc>) -> Self {
        Self { bots: Bots::Exclude, dormant_after: 60, guild, limit: 10, now, silent_after: 14, zone: Tz::UTC }
    }

    /// Sets after how many days without activity a member is silent. The default is 14.
    pub const fn silent_after(mut self, days: u32) -> Self {
        self.silent_after = days;
        self
    }

    /// Sets after how many days without activity a member is dormant. The default is 60.
    pub const fn dormant_after(mut self, days: u32) -> Self {
        self.dormant_after = days;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the time zone of the days. The default is UTC.
    ///
    /// Roll-ups of members are by day in UTC. In another zone the query reads every message of the
    /// last [`dormant_after`](Self::dormant_after) days. Deleted messages do not count: see
    /// [`data_since`](MemberSegmentsAnswer::data_since).
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Lists this many members at risk. The default is 10.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = n;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's members, and the roll-ups of members by day of the last
    /// [`dormant_after`](Self::dormant_after) days, through indexes and keys, in one transaction.
    /// In another zone than UTC it reads single events, see [`zone`](Self::zone). Memory grows with
    /// people.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `now`: before 1970 or after 9999; of
    /// `silent_after`: zero; of `dormant_after`: less than `silent_after`, or reaching back before
    /// 1970.
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use diesel::connection::SimpleConnection;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::MemberSegments;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # for user in [20, 30] { fixture::insert_member(&mut conn, 1, user)?; }
    /// # fixture::insert_user(&mut conn, 40, None)?;
    /// # fixture::insert_member(&mut conn, 1, 40)?;
    /// // Members 20 and 30 wrote on Monday. Member 40 never did.
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let segments = |days| MemberSegments::of(GuildId::try_from(1).unwrap(), monday + TimeDelta::days(days));
    /// let answer = segments(1).load(&mut conn)?;
    /// assert_eq!((answer.active, answer.at_risk, answer.dormant), (2, 0, 1));
    ///
    /// let answer = segments(20).load(&mut conn)?;
    /// assert_eq!((answer.active, answer.at_risk, answer.dormant), (0, 2, 1));
    /// assert_eq!(answer.members_at_risk[0].last_day, monday.date_naive());
    ///
    /// let answer = segments(100).load(&mut conn)?;
    /// assert_eq!((answer.active, answer.at_risk, answer.dormant), (0, 0, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<MemberSegmentsAnswer, Error> {
        let Self { dormant_after, now, silent_after, zone, .. } = self;
        check_time(now).map_err(|_| Error::invalid("now", "must lie between 1970 and 9999"))?;
        if silent_after == 0 {
            return Err(Error::invalid("silent_after", "must not be zero"));
        }
        let local = LocalDays(zone);
        let start =
            local.start(local.of(now) - i64::from(dormant_after) + 1).filter(|start| check_time(*start).is_ok());
        let start = start.filter(|_| dormant_after >= silent_after);
        let problem = "must not be less than `silent_after`, and not reach back before 1970";
        let window = Window::between(start.ok_or(Error::invalid("dormant_after", problem))?, now)?;
        snapshot(conn, |conn| self.read(conn, window))
    }

    fn read(self, conn: &mut dyn Source, window: Window) -> Result<MemberSegmentsAnswer, Error> {
        let Self { bots, guild, now, silent_after, zone, .. } = self;
        let daily = DailyActivity { bots, guild, user: None, voice: true, window, zone };
        let mut active = HashMap::<UserId, Active>::new();
        let mut months = ActiveMonths::default();
        let ReadActivity { data_since, .. } = daily.each(conn, |user, month| months.add(user, month))?;
        for (user, month) in months.finish() {
            let own = active.entry(user).or_default();
            own.days = own.days.saturating_add(month.count());
            own.last = month.last().max(own.last);
        }
        let local = LocalDays(zone);
        let recent = local.of(now).saturating_sub(i64::from(silent_after));
        let mut answer = MemberSegmentsAnswer {
            new: 0,
            new_active: 0,
            active: 0,
            at_risk: 0,
            dormant: 0,
            members_at_risk: Vec::new(),
            data_since,
        };
        let mut statement = Statement::new(conn.dialect());
        statement.select([conn.dialect().user(), "joined_at"]).push(" FROM members WHERE ");
        statement.is_id("guild_id", guild.get()).are_ids(["user_id"]).of_bots(bots);
        conn.rows(&statement, &mut |row| {
            let user_id = row.id(0)?;
            let joined = row.optional(1).and_then(|second| DateTime::from_timestamp(second, 0));
            // Another program may have written any time.
            let joined = joined.filter(|at| check_time(*at).is_ok()).map(|at| local.of(at));
            let Active { days, last } = active.get(&user_id).copied().unwrap_or_default();
            if joined.is_some_and(|day| day > recent) {
                answer.new += 1;
                answer.new_active += u64::from(last > joined.map(|day| day - 1));
            } else if let Some(last) = last.filter(|last| *last <= recent) {
                answer.at_risk += 1;
                let last_day = LocalDays::date(last).unwrap_or_default();
                answer.members_at_risk.push(SilentMember { user_id, last_day, active_days: days });
            } else if last.is_some() {
                answer.active += 1;
            } else {
                answer.dormant += 1;
            }
            Ok(())
        })?;
        let order = |member: &SilentMember| (Reverse(member.active_days), Reverse(member.last_day), member.user_id);
        answer.members_at_risk.sort_unstable_by_key(order);
        answer.members_at_risk.truncate(self.limit);
        Ok(answer)
    }
}

/// On how many days somebody was active, and when last.
#[derive(Clone, Copy, Debug, Default)]
struct Active {
    days: u64,
    last: Option<i64>,
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        ErrorKind,
        fixture::{MONDAY, TestResult},
        random,
        test_file::seeded,
        world::{self, SPAN, World, world},
    };

    /// The days before an instant on which somebody wrote or talked, each quarter of an hour looked at.
    fn days(question: MemberSegments, world: &World, user: u64) -> BTreeSet<NaiveDate> {
        let now_ms = question.now.timestamp_millis();
        let messages = world.messages.iter().filter(|message| {
            (message.guild, message.user) == (random::GUILD, user) && matches!(message.kind, Some(0 | 19 | 20 | 23))
        });
        let stays = world.stays.iter().filter(|stay| stay.0 == user);
        let talked = stays.flat_map(|&(.., start, length)| {
            let end = (start + length).min(now_ms);
            (start..end).step_by(900_000).chain((start < end).then_some(end - 1))
        });
        let all = messages.map(|message| message.second * 1000).filter(|ms| *ms < now_ms).chain(talked);
        let date = |ms| DateTime::from_timestamp_millis(ms).unwrap().with_timezone(&question.zone).date_naive();
        all.map(date).collect()
    }

    /// The same in plain Rust: a member at a time.
    fn expected(question: MemberSegments, world: &World, joined: &BTreeMap<u64, i64>) -> MemberSegmentsAnswer {
        let date = |at: DateTime<Utc>| at.with_timezone(&question.zone).date_naive();
        let today = date(question.now);
        let silent = today - Days::new(question.silent_after.into());
        let dormant = today - Days::new(question.dormant_after.into());
        let mut answer = MemberSegmentsAnswer {
            new: 0,
            new_active: 0,
            active: 0,
            at_risk: 0,
            dormant: 0,
            members_at_risk: Vec::new(),
            data_since: None,
        };
        for &user in world.members.iter().filter(|user| random::counts(question.bots, **user)) {
            let days = days(question, world, user);
            let of = |after: NaiveDate| days.iter().filter(|day| **day > after).count();
            let joined = joined.get(&user).map(|second| date(DateTime::from_timestamp(*second, 0).unwrap()));
            match joined.filter(|day| *day > silent) {
                Some(day) => {
                    answer.new += 1;
                    answer.new_active += u64::from(days.iter().any(|active| *active >= day));
                }
                None if of(silent) > 0 => answer.active += 1,
                None if of(dormant) > 0 => {
                    answer.at_risk += 1;
                    answer.members_at_risk.push(SilentMember {
                        user_id: user.try_into().unwrap(),
                        last_day: *days.last().unwrap(),
                        active_days: of(dormant).try_into().unwrap(),
                    });
                }
                None => answer.dormant += 1,
            }
        }
        // Stable, so that equals stay in order of their ids.
        answer.members_at_risk.sort_by_key(|member| Reverse((member.active_days, member.last_day)));
        answer.members_at_risk.truncate(question.limit);
        answer
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn it_is_what_plain_rust_counts(
            world in world(), bots in random::bots(), zone in random::zone(), second in 0..SPAN + 86_400,
            silent in 1..20_u32, more in 0..30_u32, limit in 0..4_usize, filled_to in 0..80_i64,
            joined in prop::collection::btree_map(random::user(), -86_400..SPAN, 0..4)
        ) {
            let mut conn = crate::test_file::empty().unwrap();
            world::insert(&mut conn, &world).unwrap();
            random::fill_to(&mut conn, filled_to).unwrap();
            // Nobody joins later than now.
            let joined: BTreeMap<u64, i64> = joined.into_iter().map(|(user, at)| (user, MONDAY + at.min(second))).collect();
            for (user, second) in &joined {
                conn.execute(format!("UPDATE members SET joined_at = {second} WHERE user_id = '{user}'")).unwrap();
            }
            let now = DateTime::from_timestamp(MONDAY + second, 0).unwrap();
            let question = MemberSegments::of(random::GUILD.try_into().unwrap(), now)
                .silent_after(silent).dormant_after(silent + more).bots(bots).zone(zone).limit(limit);
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &world, &joined));
        }
    }

    #[test]
    fn days_that_cannot_be_are_refused() -> TestResult {
        let (mut conn, now) = (seeded()?, DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?);
        let question = MemberSegments::of(1.try_into()?, now);
        for (question, field) in [
            (question.silent_after(0), "silent_after"),
            (question.silent_after(61), "dormant_after"),
            (question.dormant_after(u32::MAX), "dormant_after"),
            (MemberSegments::of(1.try_into()?, DateTime::<Utc>::MIN_UTC), "now"),
        ] {
            let error = question.load(&mut conn).expect_err("it is refused");
            assert_eq!(error.kind(), &ErrorKind::InvalidInput { field });
        }
        Ok(())
    }

    #[test]
    fn what_is_not_kept_is_not_known() -> TestResult {
        let (mut conn, now) = (seeded()?, DateTime::from_timestamp(MONDAY + 3 * 86_400, 0).ok_or("no such time")?);
        conn.execute(format!("UPDATE horizons SET messages_from = {}", MONDAY + 86_400))?;
        let question = MemberSegments::of(1.try_into()?, now);
        assert_eq!(question.load(&mut conn)?.data_since, None);
        let berlin = question.zone(chrono_tz::Europe::Berlin).load(&mut conn)?;
        assert_eq!(berlin.data_since, DateTime::from_timestamp(MONDAY + 86_400, 0));
        Ok(())
    }
}
