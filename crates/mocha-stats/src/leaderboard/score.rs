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
};

const MINUTE_MS: u64 = 60_000;

impl Reader<'_> {
    pub(super) fn score(
        &mut self,
        conn: &mut dyn Source,
        channels: &mut Resolved<'_>,
        weights: Weights,
    ) -> Result<(), Error> {
        if weights.voice_minutes > 0 {
            self.voice_time(conn, channels)?;
            let times = std::mem::replace(&mut self.values, PerUser::of_numbers());
            for (user, ms) in times.finish() {
                self.values.add(user, (ms / MINUTE_MS).saturating_mul(weights.voice_minutes.into()));
            }
        }
        let mut multipliers = Multipliers::load(conn, self.question)?;
        let unit = multipliers.unit();
        let mut points = PerUser::of_numbers();
        if weights.awards > 0 {
            self.awards(conn, |Awards { channel, count, user }| {
                if channels.counts(Some(channel)) {
                    let points_of_one = u64::from(weights.awards).saturating_mul(multipliers.of(channel));
                    points.add(user, count.saturating_mul(points_of_one));
                }
            })?;
        }
        if weights.of_messages() {
            self.content(conn, |user, channel, counts| {
                if channels.counts(Some(channel)) {
                    points.add(user, weights.points(counts).saturating_mul(multipliers.of(channel)));
                }
            })?;
        }
        for (user, points) in points.finish() {
            self.values.add(user, points / unit);
        }
        if weights.balances > 0 {
            self.balances(conn, weights.balances)?;
        }
        Ok(())
    }

    /// Calls `f` with what each user wrote in each channel.
    fn content(
        &mut self,
        conn: &mut dyn Source,
        mut f: impl FnMut(UserId, ChannelId, MessageCounts),
    ) -> Result<(), Error> {
        let [messages, characters, words, attachments, embeds] = MessageCounts::COLUMNS;
        let columns = [Column::User, Column::Channel, messages, characters, words, attachments, embeds];
        let (scan, span, filled_to) = self.scan(conn)?;
        let sources = Sources::summed(span, filled_to);
        let statement = scan.read(conn.dialect(), &columns, &sources);
        conn.rows(&statement, &mut |row| {
            f(row.id(0)?, row.id(1)?, MessageCounts::of(row, 2)?);
            Ok(())
        })
    }

    fn awards(&mut self, conn: &mut dyn Source, f: impl FnMut(Awards)) -> Result<(), Error> {
        let Leaderboard { bots, guild, .. } = *self.question;
        let scan = AwardScan { bots, guild, window: self.window };
        let Counted { data_since, rounded_to_days, .. } = scan.each(conn, f)?;
        self.data_since = data_since;
        self.rounded_to_days |= rounded_to_days;
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
