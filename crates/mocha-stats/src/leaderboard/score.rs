//! Points of each user.

use mocha_schema::{ChannelId, UserId};

use super::{Weights, multiplier::Multipliers, total::Reader};
use crate::{
    Error, Leaderboard,
    awards::{AwardScan, Awards},
    channel_filter::Resolved,
    database::Source,
    message_counts::MessageCounts,
    message_scan::Column,
    per_user::PerUser,
    rollup::{Counted, Sources},
    statement::Statement,
    voice::each_voice_day,
};

const MINUTE_MS: u64 = 60_000;

impl Reader<'_> {
    pub(super) fn score(
        &mut self,
        conn: &mut dyn Source,
        channels: &mut Resolved<'_>,
        weights: Weights,
    ) -> Result<(), Error> {
        let mut multipliers = Multipliers::load(conn, self.question)?;
        let by_day = multipliers.needs_days();
        let mut points = PerUser::of_numbers();
        if weights.voice_minutes > 0 {
            for (user, ms) in self.voice_ms(conn, channels, &multipliers)? {
                let points_of_user = (ms / MINUTE_MS).saturating_mul(weights.voice_minutes.into());
                points.add(user, multipliers.in_any_channel(points_of_user));
            }
        }
        if weights.awards > 0 {
            self.awards(conn, by_day, |Awards { channel, count, day, user }| {
                if channels.counts(Some(channel)) {
                    let points_of_one = u64::from(weights.awards).saturating_mul(multipliers.of(channel, day));
                    points.add(user, count.saturating_mul(points_of_one));
                }
            })?;
        }
        if weights.of_messages() {
            self.content(conn, by_day, |user, channel, day, counts| {
                if channels.counts(Some(channel)) {
                    points.add(user, weights.points(counts).saturating_mul(multipliers.of(channel, day)));
                }
            })?;
        }
        for (user, points) in points.finish() {
            self.values.add(user, multipliers.whole(user, points));
        }
        if weights.balances > 0 {
            self.balances(conn, weights.balances)?;
        }
        Ok(())
    }

    /// Returns the milliseconds in voice, with the factors of their days.
    fn voice_ms(
        &mut self,
        conn: &mut dyn Source,
        channels: &mut Resolved<'_>,
        multipliers: &Multipliers<'_>,
    ) -> Result<Vec<(UserId, u64)>, Error> {
        if !multipliers.needs_days() {
            self.voice_time(conn, channels)?;
            return Ok(std::mem::replace(&mut self.values, PerUser::of_numbers()).finish());
        }
        let Leaderboard { bots, guild, ref voice_filter, .. } = *self.question;
        let mut times = PerUser::of_numbers();
        let read = each_voice_day(conn, (guild, bots), voice_filter, channels, self.window, |user, day, ms| {
            times.add(user, ms.saturating_mul(multipliers.of_day(day)));
        })?;
        self.note(read.data_since, read.rounded_to_days);
        Ok(times.finish())
    }

    /// Calls `f` with what each user wrote in each channel, and on which day if anybody needs to know.
    fn content(
        &mut self,
        conn: &mut dyn Source,
        by_day: bool,
        mut f: impl FnMut(UserId, ChannelId, i64, MessageCounts),
    ) -> Result<(), Error> {
        let [messages, characters, words, attachments, embeds] = MessageCounts::COLUMNS;
        let mut columns = vec![Column::User, Column::Channel, messages, characters, words, attachments, embeds];
        let (scan, span, filled_to) = self.scan(conn)?;
        let sources = if by_day {
            columns.push(Column::Day);
            Sources::by_day(span)
        } else {
            Sources::summed(span, filled_to)
        };
        let statement = scan.read(conn.dialect(), &columns, &sources);
        conn.rows(&statement, &mut |row| {
            let day = if by_day { row.number(7)? } else { 0 };
            f(row.id(0)?, row.id(1)?, day, MessageCounts::of(row, 2)?);
            Ok(())
        })
    }

    fn awards(&mut self, conn: &mut dyn Source, by_day: bool, f: impl FnMut(Awards)) -> Result<(), Error> {
        let Leaderboard { bots, guild, .. } = *self.question;
        let scan = AwardScan { bots, by_day, guild, window: self.window };
        let Counted { data_since, rounded_to_days, .. } = scan.each(conn, f)?;
        self.note(data_since, rounded_to_days);
        Ok(())
    }

    /// Adds the points that a bot set itself.
    fn balances(&mut self, conn: &mut dyn Source, points: u32) -> Result<(), Error> {
        let Leaderboard { bots, guild, .. } = *self.question;
        let mut statement = Statement::new(conn.dialect());
        statement.select(["user_id", "points"]).push(" FROM point_balances WHERE guild_id = ?").bind_id(guild.get());
        statement.of_bots(bots);
        conn.rows(&statement, &mut |row| {
            self.values.add(row.id(0)?, row.count(1)?.saturating_mul(points.into()));
            Ok(())
        })
    }
}
