//! Members who took part after joining.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use mocha_schema::{COUNTED_MESSAGE_TYPES, GuildId};

use super::{
    membership::{Membership, WEEK, memberships},
    retention::{joined_in, known_until},
};
use crate::{
    Bots, Database, Error, Window,
    database::{Dialect, snapshot},
    rollup::Horizon,
    statement::Statement,
};

/// A question about how many of those who joined a guild took part in their first week.
///
/// Each membership counts of which the first week has passed; of somebody who left earlier, what
/// they did until then. Messages count in any channel if they are of a type that leaderboards
/// count; voice counts in any channel and state, however short. Who joined at a time of which only
/// roll-ups are left does not count: nobody knows any more what they did.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Activation {
    bots: Bots,
    guild: GuildId,
    now: Option<DateTime<Utc>>,
    window: Window,
}

/// How many of those who joined took part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActivationAnswer {
    /// How many members joined at least seven days before the present instant.
    pub joined: u64,
    /// How many of them wrote three messages or more or were in voice in the first week.
    pub activated: u64,
    /// How many of them wrote three messages or more in the first week.
    pub wrote: u64,
    /// How many of them were in voice in the first week.
    pub talked: u64,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

impl Activation {
    /// Asks about this guild. Defaults: joins of all time, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, now: None, window: Window::all() }
    }

    /// Sets the present instant. Mocha counts nothing that happened later. The default is the
    /// instant from which the window was made ([`Window::last_days`] and its siblings), and the
    /// system clock for any other window.
    pub const fn now(mut self, now: DateTime<Utc>) -> Self {
        self.now = Some(now);
        self
    }

    /// Counts only who joined in this window; their first week may end after it. The default is all
    /// time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's joins and leaves from the window's start until what is known ends, and of
    /// each who joined up to three messages of the first week and one time in voice, through
    /// indexes, in one transaction. Messages are looked for by user: those in other guilds are
    /// passed over. Memory grows with memberships.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `now`: before 1970 or after 9999.
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Activation;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // Of three who joined one wrote three messages and was in voice, and another was in voice.
    /// let answer = Activation::of(GuildId::try_from(1)?).now(monday + TimeDelta::weeks(2)).load(&mut conn)?;
    /// assert_eq!((answer.joined, answer.activated, answer.wrote, answer.talked), (3, 2, 1, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<ActivationAnswer, Error> {
        let Self { bots, guild, window, .. } = self;
        let now = window.asked_at(self.now);
        let until = known_until(now)?;
        let mut answer = ActivationAnswer { joined: 0, activated: 0, wrote: 0, talked: 0, data_since: None, window };
        snapshot(conn, |conn| {
            let Horizon { members_from, messages_from, voice_from, .. } = Horizon::load(conn)?;
            let from = members_from.max(messages_from).max(voice_from);
            answer.data_since = Horizon::data_since(window, from);
            let memberships = memberships(conn, guild, bots, window.not_before(from).start_second()..until)?;
            let statement = self.first_acts(conn.dialect(), self.first_weeks(now, &memberships, from));
            conn.rows(&statement, &mut |row| {
                let (wrote, talked) = (row.flag(0)?, row.flag(1)?);
                answer.joined += 1;
                answer.activated += u64::from(wrote || talked);
                answer.wrote += u64::from(wrote);
                answer.talked += u64::from(talked);
                Ok(())
            })
        })?;
        Ok(answer)
    }

    /// The first weeks that began at this second or later and have passed, as JSON: lists of a user
    /// id, the first second and the one after the last.
    fn first_weeks(self, now: DateTime<Utc>, memberships: &[Membership], from: i64) -> String {
        let until = now.timestamp();
        let passed = joined_in(self.window, memberships)
            .filter(|(joined, _)| *joined >= from && until.saturating_sub(*joined) >= WEEK);
        let mut json = String::from("[");
        for (joined, membership) in passed {
            let (user_id, end) = (membership.user_id, membership.first_week_ends(joined));
            let comma = if json.len() > 1 { "," } else { "" };
            // Writing into a string never fails.
            let _ = write!(json, r#"{comma}["{user_id}",{joined},{end}]"#);
        }
        json.push(']');
        json
    }

    /// Whether each wrote three messages in the first week, and whether each talked.
    fn first_acts(self, dialect: Dialect, first_weeks: String) -> Statement {
        let mut statement = Statement::new(dialect);
        let (user, start, end) = (
            dialect.either("week.value ->> 0", "(week.value ->> 0)::bigint"),
            dialect.either("week.value ->> 1", "(week.value ->> 1)::bigint"),
            dialect.either("week.value ->> 2", "(week.value ->> 2)::bigint"),
        );
        statement
            .push("SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM message_events")
            .indexed_by("idx_message_events_user_time")
            .push(&format!(" WHERE user_id = {user} AND created_at >= {start} AND created_at < {end} AND "))
            .is_id("guild_id", self.guild.get())
            .push(" AND message_type IN (?, ?, ?, ?)");
        for kind in COUNTED_MESSAGE_TYPES {
            statement.bind(kind.into());
        }
        statement
            .are_ids(["channel_id"])
            .push(" LIMIT 3) AS message) = 3, EXISTS (SELECT 1 FROM voice_intervals WHERE ")
            .is_id("guild_id", self.guild.get())
            .push(&format!(" AND user_id = {user}"))
            .push(&format!(" AND started_at_ms >= ({start}) * 1000 AND started_at_ms < ({end}) * 1000)"))
            .either(" FROM json_each(?) AS week", " FROM json_array_elements(?::json) AS week")
            .bind_text(first_weeks);
        statement
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use mocha_schema::VoiceInterval;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, Message, insert_interval, interval},
        growth::truth::{self, Event},
        random,
        rollup::DAY,
    };

    const THREE_WEEKS: i64 = 3 * WEEK;

    /// Guild, user, and seconds of the beginning and the end of time in voice.
    type Talk = (u64, u64, i64, i64);

    /// The same in plain Rust.
    fn expected(question: Activation, events: &[Event], messages: &[Message], talks: &[Talk]) -> ActivationAnswer {
        let Activation { bots, now, window, .. } = question;
        let until = now.unwrap();
        let known = |second: i64| DateTime::from_timestamp(second, 0).unwrap() < until;
        let log: Vec<Event> = truth::log(events, i64::MAX).into_iter().filter(|event| known(event.second)).collect();
        let mut answer = ActivationAnswer { joined: 0, activated: 0, wrote: 0, talked: 0, data_since: None, window };
        for stay in truth::stays(bots, &log) {
            let passed = DateTime::from_timestamp(stay.joined, 0).unwrap() + TimeDelta::weeks(1) <= until;
            if !passed || !random::holds(window, stay.joined * 1000) {
                continue;
            }
            let in_week = |second: i64| {
                (stay.joined..stay.joined + WEEK).contains(&second) && stay.ended.is_none_or(|ended| second < ended)
            };
            let messages = messages.iter().filter(|message| {
                (message.guild, message.user) == (random::GUILD, stay.user)
                    && message.kind.is_some_and(|kind| COUNTED_MESSAGE_TYPES.contains(&kind))
                    && in_week(message.second)
            });
            let wrote = messages.count() >= 3;
            let talked = talks
                .iter()
                .any(|(guild, user, from, _)| (*guild, *user) == (random::GUILD, stay.user) && in_week(*from));
            answer.joined += 1;
            answer.activated += u64::from(wrote || talked);
            answer.wrote += u64::from(wrote);
            answer.talked += u64::from(talked);
        }
        answer
    }

    fn messages() -> impl Strategy<Value = Vec<Message>> {
        (random::messages(THREE_WEEKS), random::messages(THREE_WEEKS)).prop_map(|(mut some, more)| {
            some.extend(more);
            some
        })
    }

    fn talks() -> impl Strategy<Value = Vec<Talk>> {
        let talk = (random::guild(), random::any_user(), 0..THREE_WEEKS, 1..3600_i64);
        let midnight = |from: i64| from - from.rem_euclid(DAY) + DAY;
        let talk = talk.prop_map(move |(guild, user, from, length)| {
            (guild, user, MONDAY + from, MONDAY + midnight(from).min(from + length))
        });
        prop::collection::vec(talk, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_answer_matches_plain_rust(
            (events, window) in truth::events_and_window(THREE_WEEKS), bots in random::bots(),
            messages in messages(), talks in talks(), until in prop_oneof![-WEEK..2 * THREE_WEEKS, WEEK..WEEK + 25]
        ) {
            let mut conn = crate::test_file::empty().unwrap();
            random::insert_messages(&mut conn, &messages).unwrap();
            truth::insert(&mut conn, &events).unwrap();
            for (guild, user, from, to) in &talks {
                let talk: VoiceInterval = interval(*guild, *user, None, from * 1000, Some(to * 1000)).unwrap();
                insert_interval(&mut conn, talk).unwrap();
            }
            let until = DateTime::from_timestamp(MONDAY + until, 0).unwrap();
            let question = Activation::of(random::GUILD.try_into().unwrap()).now(until).within(window).bots(bots);
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &events, &messages, &talks));
        }
    }

    #[test]
    fn voice_counts_that_begins_in_the_first_week() -> crate::fixture::TestResult {
        let join = Event { guild: 1, user: 2, join: true, count: None, second: MONDAY };
        let until = DateTime::from_timestamp(MONDAY + THREE_WEEKS, 0).ok_or("no such time")?;
        for (after_ms, expected) in [(-1, 0), (0, 1), (WEEK * 1000 - 1, 1), (WEEK * 1000, 0)] {
            let mut conn = truth::file(&[join])?;
            let from_ms = MONDAY * 1000 + after_ms;
            insert_interval(&mut conn, interval(1, 2, None, from_ms, Some(from_ms + 1))?)?;
            let answer = Activation::of(1.try_into()?).now(until).load(&mut conn)?;
            assert_eq!((answer.activated, answer.wrote, answer.talked), (expected, 0, expected), "{after_ms}");
        }
        Ok(())
    }

    #[test]
    fn members_who_joined_before_the_horizon_do_not_count() -> crate::fixture::TestResult {
        let join = Event { guild: 1, user: 2, join: true, count: None, second: MONDAY };
        let until = DateTime::from_timestamp(MONDAY + THREE_WEEKS, 0).ok_or("no such time")?;
        let mut conn = truth::file(&[join])?;
        for (messages_from, voice_from, expected) in
            [(MONDAY, 0, 1), (0, MONDAY, 1), (MONDAY + 86_400, 0, 0), (0, MONDAY + 86_400, 0)]
        {
            conn.execute(format!("UPDATE horizons SET messages_from = {messages_from}, voice_from = {voice_from}"))?;
            assert_eq!(Activation::of(1.try_into()?).now(until).load(&mut conn)?.joined, expected, "{messages_from}");
        }
        Ok(())
    }

    #[test]
    fn the_third_message_is_the_one_that_counts() -> crate::fixture::TestResult {
        let join = Event { guild: 1, user: 2, join: true, count: None, second: MONDAY };
        let message = |second| Message {
            guild: 1,
            channel: 1000,
            user: 2,
            kind: Some(19),
            content: None,
            has_attachment: None,
            second: MONDAY + second,
        };
        let until = DateTime::from_timestamp(MONDAY + THREE_WEEKS, 0).ok_or("no such time")?;
        for (third, expected) in [(0, 1), (WEEK - 1, 1), (WEEK, 0), (-1, 0)] {
            let mut conn = crate::test_file::empty()?;
            random::insert_messages(&mut conn, &[message(0), message(5), message(third)])?;
            truth::insert(&mut conn, &[join])?;
            assert_eq!(Activation::of(1.try_into()?).now(until).load(&mut conn)?.wrote, expected, "{third}");
        }
        Ok(())
    }
}
