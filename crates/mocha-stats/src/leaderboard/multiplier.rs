//! Multipliers of points by channel.

use std::collections::BTreeSet;

use mocha_schema::ChannelId;

use super::Leaderboard;
use crate::{
    Error,
    channel_filter::{ChannelFilter, Resolved},
    database::Source,
};

impl Leaderboard {
    /// Multiplies the points that users get in these channels by so many hundredths: 150 is half as
    /// much again, and 0 takes the points away. A channel stands for its threads too, and a category
    /// for all that is in it now.
    ///
    /// It applies to points for awards, messages and their content on boards by
    /// [`score`](Self::score), and not to minutes in voice. If several calls name a channel, the last
    /// one counts. The hundredths of each user are added up first, and whole points count.
    ///
    /// ```
    /// use mocha_schema::{ChannelId, GuildId};
    /// use mocha_stats::{Leaderboard, Weights};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let board = Leaderboard::score(GuildId::try_from(1)?, Weights::new().messages(3));
    /// let board = board.multiply_channels(&[ChannelId::try_from(1000)?], 150).load(&mut conn)?;
    /// // Three messages there are 13 points and a half.
    /// assert_eq!((board.entries[0].user_id.get(), board.entries[0].value), (20, 13));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("boost", "multiplier"))]
    pub fn multiply_channels(mut self, channels: &[ChannelId], percent: u32) -> Self {
        let places = ChannelFilter { only: Some(channels.iter().copied().collect()), without: BTreeSet::new() };
        self.multipliers.push((places, percent));
        self
    }
}

/// The factors of a question, in hundredths.
#[derive(Debug)]
pub(super) struct Multipliers<'a>(Vec<(Resolved<'a>, u32)>);

impl<'a> Multipliers<'a> {
    pub(super) fn load(conn: &mut dyn Source, question: &'a Leaderboard) -> Result<Self, Error> {
        let resolved = question.multipliers.iter();
        let resolved = resolved.map(|(places, percent)| Ok((places.resolve(conn, question.guild)?, *percent)));
        resolved.collect::<Result<_, _>>().map(Self)
    }

    /// The factor that changes nothing.
    pub(super) const fn unit(&self) -> u64 {
        if self.0.is_empty() { 1 } else { 100 }
    }

    /// The factor of a channel.
    pub(super) fn of(&mut self, channel: ChannelId) -> u64 {
        let unit = self.unit();
        let mut last = self.0.iter_mut().rev();
        last.find_map(|(places, percent)| places.counts(Some(channel)).then_some((*percent).into())).unwrap_or(unit)
    }
}
