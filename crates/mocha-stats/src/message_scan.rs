//! How messages are read: sums of whole months, days or quarters of an hour, and single messages at
//! the edges.

use std::ops::Range;

use mocha_schema::{COUNTED_MESSAGE_TYPES, GuildId, UserId};

use crate::{
    Bots,
    rollup::Sources,
    statement::{Statement, rollup_of},
};

/// A column of messages or of their aggregates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    Attachments,
    Channel,
    Characters,
    /// The number of the day in UTC; not of months and totals.
    Day,
    Embeds,
    Messages,
    /// The number of the quarter of an hour; of quarters and messages only.
    Quarter,
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
            Self::Messages => "messages",
            Self::Quarter => "quarter",
            Self::User => "user_id",
            Self::Words => "words",
        }
    }

    /// As the roll-ups' triggers have it.
    const fn of_message(self) -> &'static str {
        match self {
            Self::Attachments => "has_attachment IS TRUE",
            Self::Channel => "CAST(channel_id AS INTEGER)",
            Self::Characters => {
                "CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END"
            }
            Self::Day => "CAST(created_at AS INTEGER) / 86400",
            Self::Embeds => "has_embed IS TRUE",
            Self::Messages => "1",
            Self::Quarter => "CAST(created_at AS INTEGER) / 900",
            Self::User => "CAST(user_id AS INTEGER)",
            Self::Words => "CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END",
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
    pub(crate) fn read<R>(self, columns: &[Column], sources: &Sources) -> Statement<R> {
        let mut statement = Statement::new();
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
            self.events(&mut statement, columns, span.start..span.end);
        }
        if statement.is_empty() {
            // Nothing is asked for, and nothing is read.
            self.events(&mut statement, columns, 0..0);
        }
        statement
    }

    fn rollup<R>(
        self,
        statement: &mut Statement<R>,
        columns: &[Column],
        table: &str,
        periods: Option<(&str, &Range<i64>)>,
    ) {
        statement.select(columns.iter().map(|column| column.of_rollup())).push(" FROM ");
        rollup_of(statement, table, self.guild, self.user, self.bots, periods);
    }

    fn events<R>(self, statement: &mut Statement<R>, columns: &[Column], seconds: Range<i64>) {
        statement.select(columns.iter().map(|column| column.of_message())).push(" FROM message_events INDEXED BY ");
        if let Some(user) = self.user {
            statement.push("idx_message_events_user_time WHERE user_id = CAST(? AS TEXT)").bind_id(user.get());
            statement.push(" AND guild_id = CAST(? AS TEXT)");
        } else {
            statement.push("idx_message_events_guild_time WHERE guild_id = CAST(? AS TEXT)");
        }
        statement.bind_id(self.guild.get()).push(" AND created_at >= ? AND created_at < ?");
        statement.bind(seconds.start).bind(seconds.end);
        // For an IN of more than two SQLite makes a table, and looks into it for each row.
        statement.push(" AND (message_type = ? OR message_type = ? OR message_type = ? OR message_type = ?)");
        for kind in COUNTED_MESSAGE_TYPES {
            statement.bind(kind.into());
        }
        statement.push(" AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)");
        if self.user.is_none() {
            statement.push(" AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)");
        }
        statement.push(self.bots.condition_of_event());
    }
}
