//! Awards: one for each span of time in which a user wrote.

use foldhash::{HashMap, HashMapExt};
use mocha_schema::{ChannelId, GuildId, UserId};

use crate::{
    Bots, Error, Window,
    database::Source,
    message_scan::{Column, MessageScan},
    rollup::{Counted, DAY, Horizon, Sources, Span},
    statement::{Statement, rollup_of},
};

/// The users whose awards are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AwardScan {
    pub(crate) bots: Bots,
    /// Whether anybody needs to know the days, which takes longer.
    pub(crate) by_day: bool,
    pub(crate) guild: GuildId,
    pub(crate) window: Window,
}

/// Awards of a user in a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awards {
    pub(crate) channel: ChannelId,
    pub(crate) count: u64,
    /// In UTC; 0 if nobody needs to know.
    pub(crate) day: i64,
    pub(crate) user: UserId,
}

impl AwardScan {
    /// Reads the awards whose first message lies in the window, in no order; none if the guild does not count awards.
    /// Returns the part of the window that is counted.
    pub(crate) fn each(self, conn: &mut dyn Source, mut f: impl FnMut(Awards)) -> Result<Counted, Error> {
        let Self { bots, by_day, guild, window } = self;
        let counted = Horizon::load(conn)?.messages(window);
        let (sources, day) =
            if by_day { (Sources::by_day(counted.span), "day") } else { (Sources::summed_awards(counted.span), "0") };
        let mut statement = Statement::new(conn.dialect());
        let totals = sources.totals.then_some(("award_totals", None));
        let days = sources.days.iter().map(|days| ("award_days", Some(("day", days))));
        for (table, periods) in totals.into_iter().chain(days) {
            statement.select(["user_id", "channel_id", "awards", day]).push(" FROM ");
            rollup_of(&mut statement, table, guild, None, bots, periods);
        }
        if !statement.is_empty() {
            conn.rows(&statement, &mut |row| {
                f(Awards { user: row.id(0)?, channel: row.id(1)?, count: row.count(2)?, day: row.number(3)? });
                Ok(())
            })?;
        }
        for award in self.at_edges(conn, counted.span, sources)? {
            f(award);
        }
        Ok(counted)
    }

    /// Counts single messages, at most a day at each edge of the window.
    fn at_edges(self, conn: &mut dyn Source, counted: Span, sources: Sources) -> Result<Vec<Awards>, Error> {
        let Self { bots, guild, .. } = self;
        let seconds = if sources.events.is_empty() { None } else { span_of(conn, guild)? };
        let Some(seconds) = seconds else { return Ok(Vec::new()) };
        // The first message of a span may lie before the window. A span lies in one day, so an edge reads no whole day.
        let events = sources.events.into_iter();
        let events = events.map(|edge| edge.starting_at(edge.start - edge.start.rem_euclid(seconds))).collect();
        let columns = [Column::User, Column::Channel, Column::Second, Column::Id];
        let sources = Sources { events, ..Sources::default() };
        let statement = MessageScan { bots, guild, user: None }.read(conn.dialect(), &columns, &sources);
        let mut firsts: HashMap<(UserId, i64), (i64, i64, ChannelId)> = HashMap::new();
        conn.rows(&statement, &mut |row| {
            let (second, message) = (row.number(2)?, (row.number(2)?, row.number(3)?, row.id(1)?));
            let first = firsts.entry((row.id(0)?, second.div_euclid(seconds))).or_insert(message);
            *first = message.min(*first);
            Ok(())
        })?;
        let in_window = firsts.into_iter().filter(|(_, (second, ..))| *second >= counted.start);
        let award = |((user, _), (second, _, channel)): (_, (i64, _, _))| Awards {
            channel,
            count: 1,
            day: second.div_euclid(DAY),
            user,
        };
        Ok(in_window.map(award).collect())
    }
}

/// Returns the length of a span in seconds, if the guild counts awards.
fn span_of(conn: &mut dyn Source, guild: GuildId) -> Result<Option<i64>, Error> {
    let mut statement = Statement::new(conn.dialect());
    statement.select(["seconds"]).push(" FROM award_spans WHERE ").is_id("guild_id", guild.get());
    let mut seconds = None;
    conn.rows(&statement, &mut |row| {
        seconds = Some(row.number(0)?);
        Ok(())
    })?;
    Ok(seconds)
}
