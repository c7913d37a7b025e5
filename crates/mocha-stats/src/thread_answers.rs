//! How long threads wait for their first answer.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashSet};
use mocha_schema::{ChannelId, GuildId, MessageId, UserId};

use crate::{
    Bots, Database, Error, Window,
    channel_filter::ChannelFilter,
    database::{Dialect, Source, snapshot},
    message_scan::{Column, MessageScan},
    rollup::{Horizon, Sources, Span},
    statement::Statement,
    waiting::{sent_ms, waited_ms, within},
};

/// A question about how long threads waited for their first answer, such as the posts of a help forum, and who gave it.
///
/// The starter of a thread is the author of the message that it was started from: the first post in a forum, or the message in the
/// channel above. If Mocha does not have that message, it is the author of the first message in the thread. The first answer is the
/// earliest message in the thread by another user. It need not be a reply. The time runs from the moment at which the thread was
/// created to the moment at which that message was sent, in milliseconds, as the ids of both say.
///
/// System messages are not answers. Threads without a message that Mocha has are not counted. The question needs only channels and
/// messages.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct ThreadAnswers {
    bots: Bots,
    channels: ChannelFilter,
    guild: GuildId,
    limit: Option<usize>,
    window: Window,
}

/// How long threads waited for their first answer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThreadAnswersAnswer {
    /// How many threads were started.
    pub threads: u64,
    /// How many of them got an answer.
    pub answered: u64,
    /// The time within which half of the answered threads got it: the shortest for which that is true. `None` if none did.
    pub median: Option<Duration>,
    /// The time within which nine of ten answered threads got it: the shortest for which that is true. `None` if none did.
    pub ninetieth_percentile: Option<Duration>,
    /// The threads without an answer, oldest first.
    pub unanswered: Vec<ChannelId>,
    /// The users by the number of threads in which they gave the first answer, most first. Ties are ordered by user id as a number.
    pub users: Vec<ThreadAnswerer>,
    /// Where the data starts, if the window begins before it. Earlier threads are not counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How long threads waited to which a user gave the first answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThreadAnswerer {
    /// The user.
    pub user_id: UserId,
    /// How many first answers the user gave.
    pub first_answers: u64,
    /// The shortest time within which half of them were given.
    pub median: Duration,
}

/// Messages of a thread with their authors, oldest first.
type Posts = BTreeSet<(MessageId, UserId)>;

impl ThreadAnswers {
    /// Asks about this guild. Defaults: all time, humans only, all threads, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, channels: ChannelFilter::new(), guild, limit: None, window: Window::all() }
    }

    /// Counts only threads that were created in this window, whenever the answer came. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. A thread counts if its starter is such an account, and an answer if its author is. The default
    /// is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Counts only these threads and those in these channels, forums and categories, as they are now. Several calls add up.
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Leaves out these threads and those in these channels, forums and categories, as they are now.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Lists at most `n` entries in each list. The default is no limit.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Runs the query.
    ///
    /// Reads each message of the threads through an index of channel and time, and the list of all bots.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::ThreadAnswers;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # diesel::RunQueryDsl::execute(diesel::sql_query("UPDATE channels SET type = 11 WHERE id = '2000'"), &mut conn)?;
    /// // A bot, user 30 and user 100 wrote in the only thread. User 30 was first of the two.
    /// let answer = ThreadAnswers::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((answer.threads, answer.answered), (1, 1));
    /// assert_eq!(answer.users[0].user_id.get(), 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<ThreadAnswersAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<ThreadAnswersAnswer, Error> {
        let from = Horizon::load(conn)?.messages_from;
        let threads = self.threads(conn, self.window.not_before(from))?;
        let (starters, posts, bots) = if threads.is_empty() {
            Default::default()
        } else {
            (self.starters(conn, &threads)?, self.posts(conn, &threads)?, bots(conn)?)
        };
        Ok(self.answer(&threads, &starters, &posts, &bots, Horizon::data_since(self.window, from)))
    }

    /// Returns the threads that were created in the window, oldest first.
    fn threads(&self, conn: &mut dyn Source, kept: Window) -> Result<Vec<ChannelId>, Error> {
        let mut channels = self.channels.resolve(conn, self.guild)?;
        let mut statement = Statement::new(conn.dialect());
        statement
            .push("SELECT ")
            .either("CAST(id AS INTEGER)", "id")
            .push(" FROM channels WHERE ")
            .is_id("guild_id", self.guild.get())
            // Discord's types of threads.
            .push(" AND type IN (10, 11, 12)")
            .are_ids(["id"]);
        let mut threads = Vec::new();
        conn.rows(&statement, &mut |row| {
            let thread: ChannelId = row.id(0)?;
            let created_ms = sent_ms(thread.get());
            let is_in = kept.start_ms() <= created_ms && kept.end_ms().is_none_or(|end| created_ms < end);
            if is_in && channels.counts(Some(thread)) {
                threads.push(thread);
            }
            Ok(())
        })?;
        threads.sort_unstable();
        Ok(threads)
    }

    /// Returns the authors of the messages with the ids of the threads: those that the threads were started from.
    fn starters(&self, conn: &mut dyn Source, threads: &[ChannelId]) -> Result<HashMap<u64, UserId>, Error> {
        let ids: Vec<String> = threads.iter().map(|thread| format!("\"{thread}\"")).collect();
        let mut statement = Statement::new(conn.dialect());
        statement.push("SELECT ").either("CAST(id AS INTEGER), CAST(user_id AS INTEGER)", "id, user_id");
        // Left to itself, SQLite reads a small table whole.
        statement.push(" FROM message_events").indexed_by("sqlite_autoindex_message_events_1").push(" WHERE ");
        match conn.dialect() {
            Dialect::Postgres => statement.is_id("guild_id", self.guild.get()).push(" AND id IN "),
            // The key is the id alone, and a condition on the guild would let SQLite read all of the guild.
            Dialect::Sqlite => statement.push("id IN "),
        };
        statement
            .either("(SELECT value FROM json_each(?))", "(SELECT value::bigint FROM json_array_elements_text(?::json))")
            .bind_text(format!("[{}]", ids.join(",")))
            .are_ids(["user_id"]);
        let mut starters = HashMap::default();
        conn.rows(&statement, &mut |row| {
            starters.insert(row.count(0)?, row.id(1)?);
            Ok(())
        })?;
        Ok(starters)
    }

    /// Returns the messages in the threads.
    fn posts(&self, conn: &mut dyn Source, threads: &[ChannelId]) -> Result<HashMap<ChannelId, Posts>, Error> {
        let scan = MessageScan { bots: Bots::Include, guild: self.guild, user: None };
        let events = vec![Span::seconds(Window::all(), 0)];
        let sources = Sources { events, in_channels: Some(threads.to_vec()), ..Sources::default() };
        let statement = scan.read(conn.dialect(), &[Column::Id, Column::Channel, Column::User], &sources);
        let mut posts = HashMap::<ChannelId, Posts>::default();
        conn.rows(&statement, &mut |row| {
            // Another program may have written a message whose id is no number.
            if let Ok(id) = row.id(0) {
                posts.entry(row.id(1)?).or_default().insert((id, row.id(2)?));
            }
            Ok(())
        })?;
        Ok(posts)
    }

    fn answer(
        &self,
        threads: &[ChannelId],
        starters: &HashMap<u64, UserId>,
        posts: &HashMap<ChannelId, Posts>,
        bots: &HashSet<UserId>,
        data_since: Option<DateTime<Utc>>,
    ) -> ThreadAnswersAnswer {
        let counts = |user_id: &UserId| self.bots.counts(bots.contains(user_id));
        let none = Posts::new();
        let (mut started, mut all, mut unanswered) = (0, Vec::new(), Vec::new());
        let mut users = BTreeMap::<UserId, Vec<u64>>::new();
        for thread in threads {
            let posts = posts.get(thread).unwrap_or(&none);
            let starter = starters.get(&thread.get()).or_else(|| posts.first().map(|(_, user_id)| user_id));
            let Some(starter) = starter.filter(|starter| counts(starter)) else { continue };
            started += 1;
            if let Some((message_id, user_id)) = posts.iter().find(|(_, user_id)| user_id != starter && counts(user_id))
            {
                let waited = waited_ms(thread.get(), message_id.get());
                all.push(waited);
                users.entry(*user_id).or_default().push(waited);
            } else {
                unanswered.push(*thread);
            }
        }
        let count = |times: &[u64]| u64::try_from(times.len()).unwrap_or(u64::MAX);
        let users = users.into_iter().filter_map(|(user_id, mut times)| {
            Some(ThreadAnswerer { user_id, first_answers: count(&times), median: within(&mut times, 50)? })
        });
        // Stable: equals stay in order of user id.
        let mut users: Vec<ThreadAnswerer> = users.collect();
        users.sort_by_key(|user| Reverse(user.first_answers));
        users.truncate(self.limit.unwrap_or(usize::MAX));
        unanswered.truncate(self.limit.unwrap_or(usize::MAX));
        ThreadAnswersAnswer {
            threads: started,
            answered: count(&all),
            median: within(&mut all, 50),
            ninetieth_percentile: within(&mut all, 90),
            unanswered,
            users,
            data_since,
            window: self.window,
        }
    }
}

fn bots(conn: &mut dyn Source) -> Result<HashSet<UserId>, Error> {
    let mut statement = Statement::new(conn.dialect());
    statement.push("SELECT id FROM bots");
    let mut bots = HashSet::default();
    conn.rows(&statement, &mut |row| {
        bots.insert(row.id(0)?);
        Ok(())
    })?;
    Ok(bots)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, insert_channel, insert_guild, message_id},
        random,
        test_file::empty,
    };

    const TEN_WEEKS: i64 = 70 * 86_400;

    /// A message: the number of its thread, author, type, and milliseconds after the thread was created. With 0 it is the one
    /// that the thread was started from, and it may be in the channel above.
    type Post = (usize, u64, i32, i64, bool);

    fn posts() -> impl Strategy<Value = Vec<Post>> {
        let kind = prop::sample::select([0, 0, 0, 19, 21, 18].as_slice());
        let ms = prop_oneof![1 => Just(0), 4 => 1..TEN_WEEKS * 1000];
        let post = (0..4_usize, random::user(), kind, ms, any::<bool>());
        prop::collection::vec(post, 0..24).prop_map(|all| {
            let mut seen = BTreeSet::new();
            all.into_iter().filter(|post| seen.insert((post.0, post.3))).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn the_answer_is_what_plain_rust_finds(
            created in prop::collection::vec((0..TEN_WEEKS, any::<bool>()), 4), posts in posts(),
            window in random::window(TEN_WEEKS), bots in random::bots(), limit in random::limit(),
            horizon in prop::option::of(0..70_i64), only in any::<bool>(),
        ) {
            const FORUMS: [u64; 2] = [5_001, 5_002];
            let mut conn = empty().unwrap();
            random::insert_users(&mut conn).unwrap();
            insert_guild(&mut conn, random::GUILD).unwrap();
            for forum in FORUMS {
                insert_channel(&mut conn, random::GUILD, forum, 15, None).unwrap();
            }
            // The id, when it was created, and its forum.
            let threads: Vec<(u64, i64, u64)> = (0..).zip(&created).map(|(number, (second, first))| {
                let ms = (MONDAY + second) * 1000 + 7;
                (message_id(ms) + number, ms, FORUMS[usize::from(*first)])
            }).collect();
            for (id, _, forum) in &threads {
                insert_channel(&mut conn, random::GUILD, *id, 11, Some(*forum)).unwrap();
            }
            for (number, user, kind, ms, is_above) in &posts {
                let (thread, created_ms, forum) = threads[*number];
                let id = if *ms == 0 { thread } else { message_id(created_ms + ms) + u64::try_from(*number).unwrap() };
                let channel = if *ms == 0 && *is_above { forum } else { thread };
                conn.execute(format!(
                    "INSERT INTO message_events (id, guild_id, channel_id, user_id, message_type, created_at) \
                        VALUES ('{id}', '{}', '{channel}', '{user}', {kind}, {})",
                    random::GUILD, (created_ms + ms) / 1000
                )).unwrap();
            }
            let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
            conn.execute(format!("UPDATE horizons SET messages_from = {from}")).unwrap();
            let mut question = ThreadAnswers::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            question.limit = limit;
            if only {
                question = question.only_channels(&[FORUMS[0].try_into().unwrap()]);
            }
            let answer = question.load(&mut conn).unwrap();

            let mut expected: Vec<(u64, Option<(u64, i64)>)> = Vec::new();
            for (number, (thread, created_ms, forum)) in threads.iter().enumerate() {
                let own: Vec<&Post> = posts.iter().filter(|post| post.0 == number).collect();
                let mut written: Vec<&Post> = own.iter().copied()
                    .filter(|post| [0, 19].contains(&post.2) && !(post.3 == 0 && post.4)).collect();
                written.sort_by_key(|post| post.3);
                let starter = own.iter().find(|post| post.3 == 0).or(written.first()).map(|post| post.1);
                let Some(starter) = starter.filter(|starter| random::counts(bots, *starter)) else { continue };
                if *created_ms >= from * 1000 && random::holds(window, *created_ms) && (!only || *forum == FORUMS[0]) {
                    let first = written.iter().find(|post| post.1 != starter && random::counts(bots, post.1));
                    expected.push((*thread, first.map(|post| (post.1, post.3))));
                }
            }
            expected.sort_unstable();
            let times = |of: Option<u64>| -> Vec<u64> {
                let answers = expected.iter().filter_map(|thread| thread.1);
                let own = answers.filter(|(user, _)| of.is_none_or(|of| of == *user));
                own.map(|(_, ms)| u64::try_from(ms).unwrap()).collect()
            };
            let count = |count: usize| u64::try_from(count).unwrap();
            let whole = times(None);
            prop_assert_eq!((answer.threads, answer.answered), (count(expected.len()), count(whole.len())));
            prop_assert_eq!(answer.median, within(&mut whole.clone(), 50));
            prop_assert_eq!(answer.ninetieth_percentile, within(&mut whole.clone(), 90));
            let unanswered = expected.iter().filter(|thread| thread.1.is_none()).map(|thread| thread.0);
            let unanswered: Vec<u64> = unanswered.take(limit.unwrap_or(usize::MAX)).collect();
            prop_assert_eq!(answer.unanswered.iter().map(|thread| thread.get()).collect::<Vec<_>>(), unanswered);
            let users: BTreeSet<u64> = expected.iter().filter_map(|thread| Some(thread.1?.0)).collect();
            let mut users: Vec<_> = users.into_iter().map(|user| {
                let mut times = times(Some(user));
                (user, count(times.len()), within(&mut times, 50))
            }).collect();
            users.sort_by_key(|user| Reverse(user.1));
            users.truncate(limit.unwrap_or(usize::MAX));
            let found = answer.users.iter().map(|user| (user.user_id.get(), user.first_answers, Some(user.median)));
            prop_assert_eq!(found.collect::<Vec<_>>(), users);
        }
    }
}
