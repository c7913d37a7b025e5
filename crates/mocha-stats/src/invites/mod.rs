//! The users who joined by invites, out of `invited_members`.

mod fold;

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use self::fold::Fold;
use crate::{
    Bots, Database, Error, Window,
    database::{Source, snapshot},
    rollup::Horizon,
    statement::Statement,
};

/// A question about the invites that joins in a guild used: who invited how many users, and how many of them stayed.
///
/// The bot has to list the invites of the guild, which is off by default. Joins from before the first list are not counted.
/// Discord does not say which invite a join used. Mocha concludes it if the uses of a single invite explain all joins between two
/// lists. Two errors that cancel each other out are not seen, such as a join that the bot missed and a join without an invite.
///
/// A user *stayed* if the user is a member now and did not join again later. Otherwise the user left after that join. A user who
/// joins twice counts twice.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Invites {
    bots: Bots,
    guild: GuildId,
    invited: Option<UserId>,
    limit: Option<usize>,
    window: Window,
}

/// The invites that joins in a guild used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InvitesAnswer {
    /// The users who created the invites, by the number of joins, most first. Ties are ordered by user id as a number.
    pub inviters: Vec<InviterJoins>,
    /// The invites by the number of joins, most first. Ties are ordered by code as text. The vanity link is one of them.
    pub codes: Vec<CodeJoins>,
    /// The joins by the vanity link of the guild.
    pub vanity: InvitedJoins,
    /// The joins whose invite is unknown.
    pub unknown: InvitedJoins,
    /// All joins, with those beyond the limit of the lists.
    pub all: InvitedJoins,
    /// Where the data starts, if the window begins before it. Earlier joins are deleted and not counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// How many joins there were, and how many of these users stayed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InvitedJoins {
    /// How many joins.
    pub joined: u64,
    /// How many of these users are members now and did not join again later.
    pub stayed: u64,
    /// How many of these users left after that join.
    pub left: u64,
}

/// The joins that used the invites of a user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InviterJoins {
    /// The user who created the invites.
    pub user_id: UserId,
    /// The joins.
    pub joins: InvitedJoins,
}

/// The joins that used an invite.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CodeJoins {
    /// The code, which is the end of the invite's link.
    pub code: String,
    /// The user who created it. `None` if nobody did, or if it is unknown.
    pub inviter_id: Option<UserId>,
    /// Whether it was the guild's vanity link.
    pub is_vanity: bool,
    /// The joins.
    pub joins: InvitedJoins,
}

impl Invites {
    /// Asks about this guild. Defaults: all time, humans only, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, invited: None, limit: None, window: Window::all() }
    }

    /// Counts only joins in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count among those who joined. The default is [`Bots::Exclude`]. Bots join without an invite.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Counts only the joins of this user, so that the answer shows who invited the user.
    pub const fn invited(mut self, user: UserId) -> Self {
        self.invited = Some(user);
        self
    }

    /// Lists at most `n` inviters and `n` invites. The default is no limit.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Runs the query.
    ///
    /// Reads each join in the window, through an index of guild and time or of user and guild.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::Invites;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let guild = GuildId::try_from(1)?;
    /// let answer = Invites::of(guild).load(&mut conn)?;
    /// let inviter = answer.inviters[0];
    /// assert_eq!((inviter.user_id.get(), inviter.joins.joined), (20, 2));
    /// assert_eq!((answer.vanity.joined, answer.unknown.joined, answer.all.joined), (1, 1, 4));
    /// let of_user = Invites::of(guild).invited(UserId::try_from(30)?).load(&mut conn)?;
    /// assert_eq!(of_user.codes[0].code, "tea");
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<InvitesAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(&self, conn: &mut dyn Source) -> Result<InvitesAnswer, Error> {
        let from = Horizon::load(conn)?.members_from;
        let kept = self.window.not_before(from);
        let is_member = conn.dialect().either(
            "EXISTS (SELECT 1 FROM members WHERE id = joined.guild_id || ':' || joined.user_id)",
            "EXISTS (SELECT 1 FROM members WHERE guild_id = joined.guild_id AND user_id = joined.user_id)",
        );
        let mut statement = Statement::new(conn.dialect());
        statement
            .select(["code", "user_id", "inviter_id", "is_vanity", is_member])
            .push(", EXISTS (SELECT 1 FROM invited_members later WHERE later.guild_id = joined.guild_id")
            .push(" AND later.user_id = joined.user_id AND later.joined_at_ms > joined.joined_at_ms)")
            .push(" FROM invited_members joined");
        // One user has few joins.
        if self.invited.is_none() {
            statement.indexed_by("idx_invited_members_guild_time");
        }
        statement
            .push(" WHERE guild_id = ?")
            .bind_id(self.guild.get())
            .push(" AND joined_at_ms >= ? AND joined_at_ms < ?")
            .bind(kept.start_ms())
            .bind(kept.end_ms().unwrap_or(i64::MAX));
        if let Some(user) = self.invited {
            statement.push(" AND user_id = ?").bind_id(user.get());
        }
        statement.of_bots(self.bots);
        let mut fold = Fold::default();
        conn.named_rows(&statement, &mut |code, row| fold.add(code, row))?;
        Ok(fold.answer(self, Horizon::data_since(self.window, from)))
    }
}

#[cfg(test)]
mod tests;
