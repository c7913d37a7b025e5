//! Members in voice now.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};

use super::{VoiceFilter, interval::Interval, scope::CountedChannels};
use crate::{
    Bots, Database, Error,
    database::{Dialect, snapshot},
    error::instant,
    statement::Statement,
};

/// A question about who is in voice now, and since when.
///
/// Now is when the file was last written. A running recorder confirms every connection each half
/// minute. After a crash the file still lists members who may have left:
/// [`seen_at`](InVoice::seen_at) says when each was last confirmed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceNow {
    filter: VoiceFilter,
    guild: GuildId,
}

/// Members in voice now.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceNowAnswer {
    /// By the beginning of the session, longest first; equals by user id as a number.
    pub users: Vec<InVoice>,
}

/// Somebody of a [`VoiceNowAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InVoice {
    /// The user.
    pub user_id: UserId,
    /// The channel; `None` for what was adopted from a log that does not tell.
    pub channel_id: Option<ChannelId>,
    /// When the session began.
    pub session_started_at: DateTime<Utc>,
    /// Since when the user is in this channel.
    pub channel_since: DateTime<Utc>,
    /// Muted, deafened, streaming and the like.
    #[cfg_attr(feature = "serde", serde(with = "StateFields"))]
    pub state: VoiceState,
    /// Since when the user is in this channel and state.
    pub state_since: DateTime<Utc>,
    /// The last instant at which the user was surely there.
    pub seen_at: DateTime<Utc>,
}

/// How a [`VoiceState`] is written.
#[cfg(feature = "serde")]
#[derive(serde::Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are those of the state")]
#[serde(remote = "VoiceState")]
struct StateFields {
    server_mute: bool,
    server_deaf: bool,
    self_mute: bool,
    self_deaf: bool,
    stream: bool,
    video: bool,
    suppress: bool,
}

impl VoiceNow {
    /// Asks about this guild. The default is humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { filter: VoiceFilter::new(), guild }
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.filter.bots = bots;
        self
    }

    /// Lists only those whose time this filter counts now. Time is not asked for, so what it says
    /// of assumed time does not matter. The default is all people.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.filter = filter.bots(self.filter.bots);
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's open intervals through their own index, and those of their sessions
    /// through the primary key, in one transaction; memory grows with people who are in voice.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or time.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{VoiceFilter, VoiceNow};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let now = VoiceNow::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [one] = now.users[..] else { return Err("one is in voice".into()) };
    /// assert_eq!((one.user_id.get(), one.channel_id.map(|channel| channel.get())), (30, Some(3000)));
    /// assert_eq!((one.seen_at - one.session_started_at).num_minutes(), 30);
    ///
    /// let with_company = VoiceNow::of(GuildId::try_from(1)?).filter(VoiceFilter::new().exclude_alone());
    /// assert_eq!(with_company.load(&mut conn)?.users, []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<VoiceNowAnswer, Error> {
        let mut people = HashMap::new();
        let channels = snapshot(conn, |conn| {
            let statement = self.sessions(conn.dialect());
            conn.rows(&statement, &mut |row| {
                add(&mut people, Interval::of(row)?);
                Ok(())
            })?;
            self.filter.channels(conn, self.guild)
        })?;
        self.answer(&people, channels)
    }

    /// The parts of the sessions that are not over, of each user the last one first.
    fn sessions(&self, dialect: Dialect) -> Statement {
        let mut statement = Interval::statement(dialect);
        statement
            .push(" JOIN (SELECT guild_id AS guild, user_id AS person, session_started_at_ms AS since FROM voice_intervals")
            .indexed_by("idx_voice_intervals_open")
            .push(" WHERE ")
            .is_id("guild_id", self.guild.get())
            .push(" AND ended_at_ms IS NULL) AS open ON guild_id = guild AND user_id = person AND session_started_at_ms = since")
            // This is true of any such interval, and keeps SQLite from reading all that the user ever was in voice.
            .push(" AND started_at_ms >= since ORDER BY person, started_at_ms DESC");
        statement
    }

    fn answer(
        &self,
        people: &HashMap<UserId, Person>,
        mut channels: CountedChannels<'_>,
    ) -> Result<VoiceNowAnswer, Error> {
        let mut in_channel = HashMap::<ChannelId, usize>::new();
        for Person { open, .. } in people.values().filter(|person| !person.open.bot) {
            if let Some(channel) = open.channel_id {
                *in_channel.entry(channel).or_default() += 1;
            }
        }
        let alone = |open: &Interval| {
            let people = open.channel_id.and_then(|channel| in_channel.get(&channel)).copied().unwrap_or(0);
            people <= usize::from(!open.bot)
        };
        let counts = |Person { open, .. }: &&Person| {
            let Interval { bot, channel_id, state, .. } = *open;
            let counts = self.filter.bots.counts(bot) && self.filter.state.counts(state);
            counts
                && channels.counts(channel_id)
                && !(self.filter.exclude_alone && (channel_id.is_none() || alone(open)))
        };
        let users = people.values().filter(counts).map(Person::answer);
        let mut users: Vec<InVoice> = users.collect::<Result<_, _>>()?;
        users.sort_unstable_by_key(|user| (user.session_started_at, user.user_id));
        Ok(VoiceNowAnswer { users })
    }
}

/// Somebody who is in voice.
#[derive(Clone, Copy, Debug)]
struct Person {
    open: Interval,
    channel_since_ms: i64,
    state_since_ms: i64,
}

/// Adds a part of a session; those of one user must come last one first.
fn add(people: &mut HashMap<UserId, Person>, part: Interval) {
    let new = Person { open: part, channel_since_ms: part.started_at_ms, state_since_ms: part.started_at_ms };
    let person = people.entry(part.user_id).or_insert(new);
    // Midnight cuts intervals too. If the next one follows with the same channel and state, it did
    // not begin there.
    if part.channel_id != person.open.channel_id || part.ended_at_ms != Some(person.channel_since_ms) {
        return;
    }
    if part.state == person.open.state && person.state_since_ms == person.channel_since_ms {
        person.state_since_ms = part.started_at_ms;
    }
    person.channel_since_ms = part.started_at_ms;
}

impl Person {
    fn answer(&self) -> Result<InVoice, Error> {
        let Interval { user_id, channel_id, seen_at_ms, session_started_at_ms, state, .. } = self.open;
        Ok(InVoice {
            user_id,
            channel_id,
            session_started_at: instant(session_started_at_ms)?,
            channel_since: instant(self.channel_since_ms)?,
            state,
            state_since: instant(self.state_since_ms)?,
            seen_at: instant(seen_at_ms)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use mocha_schema::VoiceInterval;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Bots, Leaderboard,
        fixture::{MONDAY, TestResult, insert_interval, interval},
        random,
        test_file::{empty, seeded},
        voice::truth,
    };

    /// The same in plain Rust: millisecond by millisecond back from the last interval of each.
    fn expected(history: &[VoiceInterval], filter: &VoiceFilter) -> TestResult<VoiceNowAnswer> {
        let open: Vec<&VoiceInterval> = history.iter().filter(|part| part.ended_at_ms.is_none()).collect();
        let company = |one: &VoiceInterval| {
            let others =
                open.iter().filter(|other| other.user_id != one.user_id && !random::is_bot(other.user_id.get()));
            others.filter(|other| other.channel_id == one.channel_id).count() > 0
        };
        let mut users = Vec::new();
        for last in &open {
            let there = |ms: i64| {
                let mut session = history.iter().filter(|part| {
                    (part.user_id, part.session_started_at_ms) == (last.user_id, last.session_started_at_ms)
                });
                session.find(|part| part.started_at_ms <= ms && part.ended_at_ms.is_none_or(|end| ms < end))
            };
            let first = |same: &dyn Fn(&VoiceInterval) -> bool| {
                let back = (MONDAY * 1000..=last.started_at_ms).rev();
                back.take_while(|ms| there(*ms).is_some_and(same)).last().ok_or("at least the last one")
            };
            let same_channel = |part: &VoiceInterval| part.channel_id == last.channel_id;
            let same_state = |part: &VoiceInterval| same_channel(part) && part.state == last.state;
            let at = |ms| DateTime::from_timestamp_millis(ms).ok_or("no such time");
            let talking = !last.state.self_mute || filter.state == crate::VoiceStateFilter::All;
            if random::counts(filter.bots, last.user_id.get()) && talking && (!filter.exclude_alone || company(last)) {
                users.push(InVoice {
                    user_id: last.user_id,
                    channel_id: last.channel_id,
                    session_started_at: at(last.session_started_at_ms)?,
                    channel_since: at(first(&same_channel)?)?,
                    state: last.state,
                    state_since: at(first(&same_state)?)?,
                    seen_at: at(last.seen_at_ms)?,
                });
            }
        }
        users.sort_by_key(|user| user.user_id.get());
        users.sort_by_key(|user| user.session_started_at);
        Ok(VoiceNowAnswer { users })
    }

    proptest! {
        #[test]
        fn the_answer_matches_plain_rust(
            (history, _) in truth::history(), bots in random::bots(), exclude_alone in any::<bool>(), talking in any::<bool>()
        ) {
            let mut conn = empty().unwrap();
            truth::insert_history(&mut conn, &history).unwrap();
            let mut filter = VoiceFilter::new().bots(bots);
            if exclude_alone {
                filter = filter.exclude_alone();
            }
            if talking {
                filter = filter.state(crate::VoiceStateFilter::Talking);
            }
            let answer = VoiceNow::of(random::GUILD.try_into().unwrap()).bots(bots).filter(filter.clone()).load(&mut conn);
            prop_assert_eq!(answer.unwrap(), expected(&history, &filter).unwrap());
        }
    }

    #[test]
    fn channels_can_be_left_out_and_other_guilds_are() -> TestResult {
        let mut conn = seeded()?;
        let now = VoiceNow::of(1.try_into()?).bots(Bots::Include);
        insert_interval(&mut conn, interval(11, 20, Some(4000), MONDAY * 1000, None)?)?;
        assert_eq!(now.load(&mut conn)?.users.len(), 1);
        let exclude_afk = now.clone().filter(VoiceFilter::new().exclude_afk());
        assert_eq!(exclude_afk.load(&mut conn)?.users.len(), 1);
        conn.execute("INSERT INTO guild_states VALUES ('1', '3000', NULL)")?;
        assert_eq!(exclude_afk.load(&mut conn)?.users.len(), 0);
        let without = VoiceFilter::new().exclude_channels(&[3000.try_into()?]);
        assert_eq!(now.clone().filter(without).load(&mut conn)?.users.len(), 0);
        // A category stands for all in it.
        let channel = "INSERT INTO channels (id, guild_id, parent_id, type, created_at, updated_at) VALUES ('3000', '1', '5', 2, 0, 0)";
        conn.execute(channel)?;
        for (filter, counted) in [
            (VoiceFilter::new().exclude_channels(&[5.try_into()?]), 0),
            (VoiceFilter::new().only_channels(&[5.try_into()?]), 1),
            (VoiceFilter::new().only_channels(&[1000.try_into()?]), 0),
        ] {
            assert_eq!(now.clone().filter(filter.clone()).load(&mut conn)?.users.len(), counted);
            let board = Leaderboard::voice(1.try_into()?).filter(filter).load(&mut conn)?;
            assert_eq!(board.entries.iter().filter(|entry| entry.value > 0).count(), 2 * counted);
        }
        Ok(())
    }
}
