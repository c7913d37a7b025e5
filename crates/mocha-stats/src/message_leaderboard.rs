//! Who wrote most.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};
use mocha_schema::{GuildId, UserId};

use crate::{
    Bots, Error, Window,
    leaderboard::ranked,
    scan::{self, Unsigned},
};

/// The question who wrote most messages; made by [`Leaderboard::messages`](crate::Leaderboard::messages).
///
/// Counted are messages, replies and commands ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)); joins,
/// pins, boosts and the like are not, nor is a message of unknown type.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct MessageLeaderboard {
    bots: Bots,
    guild: GuildId,
    limit: Option<usize>,
    window: Window,
}

/// Who wrote most.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessageLeaderboardAnswer {
    /// By messages, most first; equals by user id as a number.
    pub entries: Vec<MessageRank>,
    /// All messages that count, also of those whom the limit leaves out.
    pub messages: u64,
    /// The window that was asked about.
    pub window: Window,
}

/// Somebody's place on a [`MessageLeaderboardAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MessageRank {
    /// `RANK()`: equal counts share a rank, and the next rank skips as many.
    pub rank: u64,
    /// The user.
    pub user_id: UserId,
    /// How many messages.
    pub messages: u64,
    /// Characters of the messages whose content is known.
    pub characters: u64,
    /// Words of the messages whose content is known.
    pub words: u64,
}

impl MessageLeaderboard {
    pub(crate) const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, limit: None, window: Window::all() }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether bots count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Lists only the first `n`. Ranks and the total stay what they are without it. The default is everybody.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's messages of the window through an index, in one statement; memory grows with people.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused, or a row holds what is no id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Leaderboard;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let board = Leaderboard::messages(GuildId::try_from(1)?).limit(2).load(&mut conn)?;
    /// let [first, second] = board.entries[..] else { return Err("two are listed".into()) };
    /// assert_eq!((first.rank, first.user_id.get(), first.messages, first.words), (1, 20, 3, 30));
    /// assert_eq!((second.rank, second.user_id.get(), second.messages), (2, 30, 2));
    /// assert_eq!(board.messages, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut SqliteConnection) -> Result<MessageLeaderboardAnswer, Error> {
        let rows = scan::counted_messages(SQL, self.guild, self.window).load(conn).map_err(Error::database)?;
        Ok(self.fold(rows))
    }

    fn fold(self, mut rows: Vec<Row>) -> MessageLeaderboardAnswer {
        rows.retain(|row| self.bots.counts(row.bot));
        let messages = rows.iter().map(|row| row.messages).sum();
        let entries = ranked(rows, |row| row.messages, |row| row.user_id)
            .into_iter()
            .take(self.limit.unwrap_or(usize::MAX))
            .map(|(rank, Row { user_id, bot: _, messages, characters, words })| MessageRank {
                rank,
                user_id,
                messages,
                characters,
                words,
            })
            .collect();
        MessageLeaderboardAnswer { entries, messages, window: self.window }
    }
}

const SQL: &str = "\
    SELECT user_id, user_id IN (SELECT id FROM users WHERE bot = 1) AS bot, COUNT(*) AS messages, \
        COALESCE(SUM(character_count), 0) AS characters, COALESCE(SUM(word_count), 0) AS words \
    FROM message_events INDEXED BY idx_message_events_guild_time \
    WHERE guild_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND message_type IN (?4, ?5, ?6, ?7) \
    GROUP BY user_id";

#[derive(Clone, Copy, Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    user_id: UserId,
    #[diesel(sql_type = Bool)]
    bot: bool,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    messages: u64,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    characters: u64,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    words: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Leaderboard,
        fixture::{MONDAY, Message, TestResult, empty},
        random,
    };

    /// The same in plain Rust, over all messages there are.
    fn expected(question: MessageLeaderboard, messages: &[Message]) -> TestResult<MessageLeaderboardAnswer> {
        let counted: Vec<&Message> = messages
            .iter()
            .filter(|message| message.guild == random::GUILD && random::counts(question.bots, message.user))
            .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
            .filter(|message| random::holds(question.window, message.second * 1000))
            .collect();
        let mut entries = Vec::new();
        for user in counted.iter().map(|message| message.user).collect::<BTreeSet<u64>>() {
            let own = || counted.iter().filter(move |message| message.user == user);
            let content = || own().filter_map(|message| message.content);
            entries.push(MessageRank {
                rank: 0,
                user_id: user.try_into()?,
                messages: own().count().try_into()?,
                characters: content().map(|content| i64::from(content.0)).sum::<i64>().try_into()?,
                words: content().map(|content| i64::from(content.1)).sum::<i64>().try_into()?,
            });
        }
        let counts: Vec<u64> = entries.iter().map(|entry| entry.messages).collect();
        for entry in &mut entries {
            let better = counts.iter().filter(|count| **count > entry.messages).count();
            entry.rank = u64::try_from(better)? + 1;
        }
        // Stable: those of one rank stay in order of their ids.
        entries.sort_by_key(|entry| entry.rank);
        entries.truncate(question.limit.unwrap_or(usize::MAX));
        Ok(MessageLeaderboardAnswer { entries, messages: counted.len().try_into()?, window: question.window })
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            messages in random::messages(20), window in random::window(20), bots in random::bots(), limit in random::limit()
        ) {
            let mut conn = empty().unwrap();
            random::insert_messages(&mut conn, &messages).unwrap();
            let question = Leaderboard::messages(random::GUILD.try_into().unwrap()).within(window).bots(bots);
            let question = limit.map_or(question, |limit| question.limit(limit));
            prop_assert_eq!(question.load(&mut conn).unwrap(), expected(question, &messages).unwrap());
        }
    }

    #[test]
    fn a_negative_sum_is_an_error() -> TestResult {
        let mut conn = empty()?;
        let message = Message {
            guild: 1,
            channel: 2,
            user: 2,
            kind: Some(0),
            content: Some((-5, 1)),
            has_attachment: None,
            second: MONDAY,
        };
        random::insert_messages(&mut conn, &[message])?;
        let error = Leaderboard::messages(1.try_into()?).load(&mut conn).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert!(source.is_some_and(|source| source.contains("-5 is negative")), "{error:?}");
        Ok(())
    }

    #[cfg(feature = "serde")]
    #[test]
    fn an_answer_is_json_with_ids_as_texts() -> TestResult {
        let mut conn = crate::fixture::seeded()?;
        let start = chrono::DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
        let question = Leaderboard::messages(1.try_into()?).within(Window::since(start)?).limit(1);
        let expected = serde_json::json!({
            "entries": [{ "rank": 1, "user_id": "20", "messages": 3, "characters": 150, "words": 30 }],
            "messages": 6,
            "window": { "start": "2026-10-19T00:00:00Z", "end": null },
        });
        assert_eq!(serde_json::to_value(question.load(&mut conn)?)?, expected);
        Ok(())
    }
}
