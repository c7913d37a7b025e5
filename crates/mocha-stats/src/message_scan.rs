//! How messages are read: sums of whole months, days or quarters of an hour, and single messages at
//! the edges.

use std::ops::Range;

use mocha_schema::{COUNTED_MESSAGE_TYPES, ChannelId, GuildId, UserId};

use crate::{
    Bots,
    database::Dialect,
    rollup::Sources,
    statement::{Statement, rollup_of},
};

/// A column of messages or of their roll-ups.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    Attachments,
    Channel,
    Characters,
    /// The number of the day in UTC; not of months and totals.
    Day,
    Embeds,
    /// Only messages have it.
    Id,
    Messages,
    /// The number of the quarter of an hour; of quarters and messages only.
    Quarter,
    /// Only messages have it.
    Second,
    /// Not of quarters.
    User,
    Words,
}

impl Column {
    const fn of_rollup(self) -> &'static str {
        match self {
            Self::Attachments => "attachments",
            Self::Channel => "channel_id",
            Self::Characters => "characters",
            Self::Day => "day",
            Self::Embeds => "embeds",
            Self::Id => "id",
            Self::Messages => "messages",
            Self::Quarter => "quarter",
            Self::Second => "created_at",
            Self::User => "user_id",
            Self::Words => "words",
        }
    }

    /// Returns the value that the roll-ups' triggers add up.
    const fn of_message(self, dialect: Dialect) -> &'static str {
        match self {
            Self::Attachments => dialect.either("has_attachment IS TRUE", "(has_attachment IS TRUE)::int::bigint"),
            Self::Channel => dialect.either("CAST(channel_id AS INTEGER)", "channel_id"),
            Self::Characters => dialect.either(
                "CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END",
                "CASE WHEN character_count >= 0 THEN character_count::bigint ELSE 0 END",
            ),
            Self::Day => dialect.either("CAST(created_at AS INTEGER) / 86400", "created_at / 86400"),
            Self::Embeds => dialect.either("has_embed IS TRUE", "(has_embed IS TRUE)::int::bigint"),
            Self::Id => dialect.either("CAST(id AS INTEGER)", "id"),
            Self::Messages => "1",
            Self::Quarter => dialect.either("CAST(created_at AS INTEGER) / 900", "created_at / 900"),
            Self::Second => dialect.either("CAST(created_at AS INTEGER)", "created_at"),
            Self::User => dialect.user(),
            Self::Words => dialect.either(
                "CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END",
                "CASE WHEN word_count >= 0 THEN word_count::bigint ELSE 0 END",
            ),
        }
    }
}

/// The users whose messages are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageScan {
    pub(crate) bots: Bots,
    pub(crate) guild: GuildId,
    /// The only one, if there is one.
    pub(crate) user: Option<UserId>,
}

impl MessageScan {
    /// The statement that reads these columns, in this order, as integers; rows in no order.
    pub(crate) fn read(self, dialect: Dialect, columns: &[Column], sources: &Sources) -> Statement {
        let mut statement = Statement::new(dialect);
        if sources.totals {
            self.rollup(&mut statement, columns, "message_totals", None);
        }
        for (table, unit, ranges) in [
            ("message_months", "month", &sources.months),
            ("message_thirds", "third", &sources.thirds),
            ("message_days", "day", &sources.days),
            ("message_quarters", "quarter", &sources.quarters),
        ] {
            for range in ranges {
                self.rollup(&mut statement, columns, table, Some((unit, range)));
            }
        }
        for span in &sources.events {
            self.events(&mut statement, columns, span.start..span.end, sources.in_channels.as_deref());
        }
        if statement.is_empty() {
            // Nothing is asked for, and nothing is read.
            self.events(&mut statement, columns, 0..0, None);
        }
        statement
    }

    fn rollup(self, statement: &mut Statement, columns: &[Column], table: &str, periods: Option<(&str, &Range<i64>)>) {
        statement.select(columns.iter().map(|column| column.of_rollup())).push(" FROM ");
        rollup_of(statement, table, self.guild, self.user, self.bots, periods);
    }

    fn events(self, statement: &mut Statement, columns: &[Column], seconds: Range<i64>, only: Option<&[ChannelId]>) {
        let dialect = statement.dialect();
        statement.select(columns.iter().map(|column| column.of_message(dialect))).push(" FROM message_events");
        if let Some(user) = self.user {
            statement
                .indexed_by("idx_message_events_user_time")
                .push(" WHERE ")
                .is_id("user_id", user.get())
                .push(" AND ");
        } else if let Some(channels) = only {
            let ids: Vec<String> = channels.iter().map(|channel| format!("\"{channel}\"")).collect();
            statement
                .indexed_by("idx_message_events_channel_time")
                .push(" WHERE channel_id IN ")
                .either(
                    "(SELECT value FROM json_each(?))",
                    "(SELECT value::bigint FROM json_array_elements_text(?::json))",
                )
                .bind_text(format!("[{}]", ids.join(",")))
                .push(" AND ");
        } else {
            statement.indexed_by("idx_message_events_guild_time").push(" WHERE ");
        }
        statement.is_id("guild_id", self.guild.get()).push(" AND created_at >= ? AND created_at < ?");
        statement.bind(seconds.start).bind(seconds.end);
        // For an IN of more than two SQLite makes a table, and looks into it for each row.
        statement.push(" AND (message_type = ? OR message_type = ? OR message_type = ? OR message_type = ?)");
        for kind in COUNTED_MESSAGE_TYPES {
            statement.bind(kind.into());
        }
        statement.are_ids(["channel_id"]);
        if self.user.is_none() {
            statement.are_ids(["user_id"]);
        }
        statement.of_bots(self.bots);
    }
}
