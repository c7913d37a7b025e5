//! Names of users and channels, as people see them in Discord.

use std::collections::{BTreeMap, BTreeSet};

use mocha_schema::{ChannelId, GuildId, UserId};

use crate::{
    Database, Error,
    database::{Dialect, Source, snapshot},
    statement::Statement,
};

/// A question about the names of users, channels and a guild.
///
/// Discord shows the nickname that a member has in the guild. Without one it shows the name that
/// the user chose for all servers, and without that the user name. This question does the same with
/// the names that Mocha knows. Users who left have no nickname.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Names {
    channels: BTreeSet<ChannelId>,
    guild: GuildId,
    users: BTreeSet<UserId>,
}

/// The names that a database knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NamesAnswer {
    /// The channels, by id. Channels without a known name are left out.
    pub channels: BTreeMap<ChannelId, String>,
    /// The guild. `None` if its name is unknown.
    pub guild: Option<String>,
    /// The users, by id. Users without a known name are left out.
    pub users: BTreeMap<UserId, String>,
}

impl Names {
    /// Asks for the name of this guild, and of no user or channel.
    pub const fn of(guild: GuildId) -> Self {
        Self { channels: BTreeSet::new(), guild, users: BTreeSet::new() }
    }

    /// Adds users. Each is looked up once.
    pub fn users(mut self, ids: impl IntoIterator<Item = UserId>) -> Self {
        self.users.extend(ids);
        self
    }

    /// Adds channels and threads of the guild. Each is looked up once.
    pub fn channels(mut self, ids: impl IntoIterator<Item = ChannelId>) -> Self {
        self.channels.extend(ids);
        self
    }

    /// Runs the query.
    ///
    /// Looks up each user in three tables and each channel in one, through their keys.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use diesel::connection::SimpleConnection;
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::{Leaderboard, Names};
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let guild = GuildId::try_from(1)?;
    /// let board = Leaderboard::messages(guild).limit(3).load(&mut conn)?;
    /// let first = board.entries.first().ok_or("nobody wrote")?.user_id;
    /// conn.batch_execute(&format!("INSERT INTO user_names VALUES ('{first}', 'Ferris', 0)"))?;
    ///
    /// let listed = board.entries.iter().map(|entry| entry.user_id);
    /// let names = Names::of(guild).users(listed).load(&mut conn)?;
    /// assert_eq!(names.user(first), Some("Ferris"));
    /// // Nobody knows this user.
    /// assert_eq!(names.user_or_id(UserId::try_from(404)?), "404");
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<NamesAnswer, Error> {
        snapshot(conn, |conn| {
            Ok(NamesAnswer {
                channels: self.named_channels(conn)?,
                guild: self.named_guild(conn)?,
                users: self.named_users(conn)?,
            })
        })
    }

    fn named_users(&self, conn: &mut dyn Source) -> Result<BTreeMap<UserId, String>, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement
            .push("SELECT coalesce(nullif(nickname, ''), nullif(global_name, ''), nullif(username, '')), ")
            .either("CAST(wanted.id AS INTEGER)", "wanted.id")
            .push(" FROM ");
        wanted(&mut statement, self.users.iter().map(|id| id.get()));
        statement
            .push(" LEFT JOIN users ON users.id = wanted.id LEFT JOIN user_names ON user_names.id = wanted.id")
            .push(" LEFT JOIN members ON members.user_id = wanted.id AND ")
            .is_id("members.guild_id", self.guild.get())
            // A file of another program may have a member twice. The row that changed last counts.
            .push(" ORDER BY members.updated_at, members.id");
        named(conn, &statement, self.users.is_empty())
    }

    fn named_channels(&self, conn: &mut dyn Source) -> Result<BTreeMap<ChannelId, String>, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.push("SELECT nullif(name, ''), ").either("CAST(wanted.id AS INTEGER)", "wanted.id").push(" FROM ");
        wanted(&mut statement, self.channels.iter().map(|id| id.get()));
        statement.push(" JOIN channels ON channels.id = wanted.id WHERE ").is_id("guild_id", self.guild.get());
        named(conn, &statement, self.channels.is_empty())
    }

    fn named_guild(&self, conn: &mut dyn Source) -> Result<Option<String>, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.push("SELECT nullif(name, '') FROM guilds WHERE ").is_id("id", self.guild.get());
        let mut found = None;
        conn.named_rows(&statement, &mut |name, _| {
            found = name;
            Ok(())
        })?;
        Ok(found)
    }
}

/// Adds a table `wanted` with these ids.
fn wanted(statement: &mut Statement, ids: impl Iterator<Item = u64>) {
    // An id above this is in no table.
    let ids: Vec<String> = ids.filter(|id| i64::try_from(*id).is_ok()).map(|id| id.to_string()).collect();
    let list = match statement.dialect() {
        Dialect::Postgres => format!("{{{}}}", ids.join(",")),
        Dialect::Sqlite if ids.is_empty() => "[]".to_owned(),
        Dialect::Sqlite => format!("[\"{}\"]", ids.join("\",\"")),
    };
    statement
        .either("(SELECT value AS id FROM json_each(?)) AS wanted", "unnest(CAST(? AS BIGINT[])) AS wanted (id)")
        .bind_text(list);
}

fn named<Id: Ord + TryFrom<u64>>(
    conn: &mut dyn Source,
    statement: &Statement,
    is_empty: bool,
) -> Result<BTreeMap<Id, String>, Error> {
    let mut found = BTreeMap::new();
    if is_empty {
        return Ok(found);
    }
    conn.named_rows(statement, &mut |name, row| {
        if let Some(name) = name {
            found.insert(row.id(0)?, name);
        }
        Ok(())
    })?;
    Ok(found)
}

impl NamesAnswer {
    /// Returns the name of a channel, if it is known.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&str> {
        self.channels.get(&id).map(String::as_str)
    }

    /// Returns the name of a channel, or its id if the name is unknown.
    #[must_use]
    pub fn channel_or_id(&self, id: ChannelId) -> String {
        self.channel(id).map_or_else(|| id.to_string(), str::to_owned)
    }

    /// Returns the name of a user, if it is known.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&str> {
        self.users.get(&id).map(String::as_str)
    }

    /// Returns the name of a user, or its id if the name is unknown.
    #[must_use]
    pub fn user_or_id(&self, id: UserId) -> String {
        self.user(id).map_or_else(|| id.to_string(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, TestResult, insert_channel, insert_guild},
        test_file::{File, empty},
    };

    const GUILD: u64 = 1;

    fn text(value: Option<&String>) -> String {
        value.map_or("NULL".into(), |value| format!("'{value}'"))
    }

    /// The names of a user in two guilds, for all servers, and the user name.
    type Known = (Option<Option<String>>, Option<Option<String>>, Option<Option<String>>, Option<Option<String>>);

    fn insert_user(file: &mut File, id: u64, known: &Known) -> TestResult {
        let (own, other, global, username) = known;
        // A member has a row in `users`.
        if username.is_some() || own.is_some() || other.is_some() {
            let username = text(username.as_ref().and_then(Option::as_ref));
            file.execute(format!(
                "INSERT INTO users (id, username, created_at, updated_at) VALUES ('{id}', {username}, {MONDAY}, {MONDAY})"
            ))?;
        }
        for (guild, nickname) in [(GUILD, own), (GUILD + 1, other)] {
            if let Some(nickname) = nickname {
                let nickname = text(nickname.as_ref());
                file.execute(format!(
                    "INSERT INTO members (id, guild_id, user_id, nickname, created_at, updated_at) \
                        VALUES ('{guild}:{id}', '{guild}', '{id}', {nickname}, {MONDAY}, {MONDAY})"
                ))?;
            }
        }
        if let Some(global) = global {
            file.execute(format!("INSERT INTO user_names VALUES ('{id}', {}, {MONDAY})", text(global.as_ref())))?;
        }
        Ok(())
    }

    /// A name that may be missing, unknown, empty or in any script.
    fn name() -> impl Strategy<Value = Option<Option<String>>> {
        prop::option::of(prop::option::of("|[a-z]{1,3}|[à-ü\u{1f980}]{1,2}".prop_map(String::from)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_user_has_the_nickname_or_the_global_name_or_the_user_name(
            users in prop::collection::vec((name(), name(), name(), name()), 0..6),
        ) {
            let mut file = empty().unwrap();
            insert_guild(&mut file, GUILD).unwrap();
            insert_guild(&mut file, GUILD + 1).unwrap();
            let mut expected = BTreeMap::new();
            for (id, known) in (10..).zip(&users) {
                insert_user(&mut file, id, known).unwrap();
                let (own, _, global, username) = known;
                let first = [own, global, username].into_iter().flatten().flatten().find(|name| !name.is_empty());
                expected.extend(first.map(|name| (UserId::try_from(id).unwrap(), name.clone())));
            }
            let asked = (8..18).chain([10, u64::MAX]).map(|id| id.try_into().unwrap());
            let answer = Names::of(GUILD.try_into().unwrap()).users(asked).load(&mut file).unwrap();
            prop_assert_eq!(answer.users, expected);
        }
    }

    #[test]
    fn channels_of_the_guild_and_the_guild_have_their_names() -> TestResult {
        let mut file = empty()?;
        let guild = GuildId::try_from(GUILD)?;
        assert_eq!(Names::of(guild).load(&mut file)?, NamesAnswer::default());
        insert_guild(&mut file, GUILD)?;
        insert_guild(&mut file, GUILD + 1)?;
        insert_channel(&mut file, GUILD, 100, 0, None)?;
        insert_channel(&mut file, GUILD, 101, 0, None)?;
        insert_channel(&mut file, GUILD + 1, 102, 0, None)?;
        file.execute("UPDATE channels SET name = 'general' WHERE id <> '101'; UPDATE guilds SET name = 'Rust'")?;
        let [general, unnamed, of_other] = [100, 101, 102].map(ChannelId::try_from);
        let answer = Names::of(guild).channels([general?, unnamed?, of_other?]).load(&mut file)?;
        assert_eq!(answer.guild.as_deref(), Some("Rust"));
        assert_eq!(answer.channels, BTreeMap::from([(general?, "general".to_owned())]));
        assert_eq!((answer.channel_or_id(general?), answer.channel_or_id(unnamed?)), ("general".into(), "101".into()));
        Ok(())
    }
}
