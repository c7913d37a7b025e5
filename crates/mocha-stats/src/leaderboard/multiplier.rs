//! Multipliers of points by channel, role and day of the week.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Weekday;
use foldhash::{HashMap, HashMapExt};
use mocha_schema::{ChannelId, RoleId, UserId};

use super::Leaderboard;
use crate::{
    Error,
    channel_filter::{ChannelFilter, Resolved},
    database::Source,
    role_filter,
};

/// The factor that changes nothing, in hundredths.
const HUNDRED: u32 = 100;

impl Leaderboard {
    /// Multiplies the points that users get in these channels by so many hundredths: 150 is half as
    /// much again, and 0 takes the points away. A channel stands for its threads too, and a category
    /// for all that is in it now.
    ///
    /// It applies to points for awards, messages and their content on boards by
    /// [`score`](Self::score), and not to minutes in voice. If several calls name a channel, the last
    /// one counts. The hundredths of each user are added up first, and whole points count.
    ///
    /// Multipliers of channels, [roles](Self::multiply_roles) and [days](Self::multiply_weekdays)
    /// multiply each other.
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
        self.factors.channels.push((places, percent));
        self
    }

    /// Multiplies the points of current members with one of these roles by so many hundredths: 150
    /// is half as much again.
    ///
    /// It applies to all points on boards by [`score`](Self::score), minutes in voice too, but not to
    /// those that the bot set itself ([`Weights::balances`](crate::Weights::balances)). A member with
    /// several such roles gets the highest multiplier of them. If several calls name a role, the last
    /// one counts. To leave out members with a role whatever other roles they have, use
    /// [`exclude_roles`](Self::exclude_roles).
    ///
    /// The roles of a member are those of now, not of then: with a role, all points in the window are
    /// multiplied, and without it none. Mocha knows roles only if the bot records them.
    ///
    /// ```
    /// use mocha_schema::{GuildId, RoleId};
    /// use mocha_stats::{Leaderboard, Weights};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let [everybody, supporter] = [RoleId::try_from(70)?, RoleId::try_from(71)?];
    /// let board = Leaderboard::score(GuildId::try_from(1)?, Weights::new().messages(10));
    /// let board = board.multiply_roles(&[everybody], 110).multiply_roles(&[supporter], 200).load(&mut conn)?;
    /// let values: Vec<_> = board.entries.iter().map(|entry| (entry.user_id.get(), entry.value)).collect();
    /// // Two messages, three messages, and one of a user who left.
    /// assert_eq!(values, [(30, 40), (20, 33), (100, 10)]);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("boost", "multiplier"))]
    pub fn multiply_roles(mut self, roles: &[RoleId], percent: u32) -> Self {
        self.factors.roles.extend(roles.iter().map(|role| (*role, percent)));
        self
    }

    /// Multiplies the points that users get on these days of the week, in UTC, by so many hundredths:
    /// 200 makes weekends worth twice as much.
    ///
    /// It applies to points for awards, messages and their content on boards by
    /// [`score`](Self::score), and to minutes in voice, but not to those points that the bot set
    /// itself. If several calls name a day, the last one counts.
    ///
    /// The query then reads days instead of months and totals, which takes about ten times as long for
    /// a year.
    ///
    /// ```
    /// use chrono::Weekday;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, Weights};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let board = Leaderboard::score(GuildId::try_from(1)?, Weights::new().messages(10).voice_minutes(1));
    /// let board = board.multiply_weekdays(&[Weekday::Sat, Weekday::Sun], 200).multiply_weekdays(&[Weekday::Mon], 150);
    /// // Three messages and an hour in voice, on a Monday.
    /// assert_eq!(board.load(&mut conn)?.entries[0].value, (30 + 60) * 3 / 2);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("boost", "multiplier", "weekend"))]
    pub fn multiply_weekdays(mut self, days: &[Weekday], percent: u32) -> Self {
        let weekdays = self.factors.weekdays.get_or_insert([HUNDRED; 7]);
        for (number, own) in (0..).zip(weekdays) {
            if days.iter().any(|day| day.num_days_from_monday() == number) {
                *own = percent;
            }
        }
        self
    }
}

/// The factors of a board, in hundredths.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Factors {
    pub(super) channels: Vec<(ChannelFilter, u32)>,
    pub(super) roles: BTreeMap<RoleId, u32>,
    /// From Monday on.
    pub(super) weekdays: Option<[u32; 7]>,
}

impl Factors {
    pub(super) const fn new() -> Self {
        Self { channels: Vec::new(), roles: BTreeMap::new(), weekdays: None }
    }
}

/// The factors of a board in its guild as it is now.
#[derive(Debug)]
pub(super) struct Multipliers<'a> {
    channels: Vec<(Resolved<'a>, u32)>,
    /// The factors of members, unless no role has one.
    members: Option<HashMap<UserId, u32>>,
    weekdays: Option<[u32; 7]>,
}

impl<'a> Multipliers<'a> {
    pub(super) fn load(conn: &mut dyn Source, question: &'a Leaderboard) -> Result<Self, Error> {
        let Factors { channels, roles, weekdays } = &question.factors;
        let channels = channels.iter();
        let channels = channels.map(|(places, percent)| Ok((places.resolve(conn, question.guild)?, *percent)));
        let channels = channels.collect::<Result<_, Error>>()?;
        let mut members = None;
        if !roles.is_empty() {
            let mut highest = HashMap::new();
            role_filter::each_member(conn, question.guild, roles.keys(), |role, user| {
                let percent = roles.get(&role).copied().unwrap_or(HUNDRED);
                let known = highest.entry(user).or_insert(percent);
                *known = percent.max(*known);
            })?;
            members = Some(highest);
        }
        Ok(Self { channels, members, weekdays: *weekdays })
    }

    /// Whether points depend on the day.
    pub(super) const fn needs_days(&self) -> bool {
        self.weekdays.is_some()
    }

    /// How many parts of a point are one, if a channel had a factor.
    fn unit_of_channels(&self) -> u64 {
        if self.channels.is_empty() { 1 } else { HUNDRED.into() }
    }

    /// The factor of what happened in a channel on a day in UTC.
    pub(super) fn of(&mut self, channel: ChannelId, day: i64) -> u64 {
        let unit = self.unit_of_channels();
        let mut last = self.channels.iter_mut().rev();
        let found = last.find_map(|(places, percent)| places.counts(Some(channel)).then_some(u64::from(*percent)));
        found.unwrap_or(unit).saturating_mul(self.of_day(day))
    }

    /// The factor of a day in UTC.
    pub(super) fn of_day(&self, day: i64) -> u64 {
        let Some(weekdays) = &self.weekdays else { return 1 };
        // The first day of 1970 was a Thursday.
        let place = usize::try_from((day.rem_euclid(7) + 3) % 7).ok();
        place.and_then(|place| weekdays.get(place)).copied().unwrap_or(HUNDRED).into()
    }

    /// Adds the factor of any channel to what has that of its day.
    pub(super) fn in_any_channel(&self, points: u64) -> u64 {
        points.saturating_mul(self.unit_of_channels())
    }

    /// The whole points of a user, of points that have the factors of their channels and days.
    pub(super) fn whole(&self, user: UserId, points: u64) -> u64 {
        let unit_of_days = if self.needs_days() { HUNDRED.into() } else { 1 };
        let unit = u128::from(self.unit_of_channels() * unit_of_days);
        let points = match &self.members {
            None => u128::from(points) / unit,
            Some(members) => {
                let percent = members.get(&user).copied().unwrap_or(HUNDRED);
                u128::from(points) * u128::from(percent) / (unit * u128::from(HUNDRED))
            }
        };
        u64::try_from(points).unwrap_or(u64::MAX)
    }
}
