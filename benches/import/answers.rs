//! Compares Mocha's answers about messages with those of the oracle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use mocha_benches::Failure;
use mocha_schema::{ChannelId, GuildId, UserId};
use mocha_stats::{
    ActiveMembers, AnyConnection, Bots, COMMUNICATOR_MESSAGES, ChannelGroup, Channels, GuildOverview, HeatMap,
    Leaderboard, MemberStatistics, MessageCounts, MessageSeries, Period, Window,
    chrono_tz::{Europe::Berlin, Tz},
};

use crate::{
    calendar::{self, day, local},
    oracle::{Cell, Oracle, Sums, ranked, runs},
    traffic::CATEGORY,
};

/// Zones whose clocks differ from UTC by whole hours, as the cells of the oracle do.
const ZONES: [Tz; 2] = [Tz::UTC, Berlin];

/// The comparison of one window.
pub(crate) struct Comparison<'a, 'c> {
    pub(crate) conn: &'a mut AnyConnection<'c>,
    /// How many answers were equal.
    pub(crate) equal: usize,
    pub(crate) guild: GuildId,
    pub(crate) now: DateTime<Utc>,
    pub(crate) oracle: &'a Oracle,
    /// The channel of each thread.
    pub(crate) parents: &'a BTreeMap<u64, u64>,
    pub(crate) window: Window,
}

impl Comparison<'_, '_> {
    /// Compares all answers. Fails at the first one that differs.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        self.leaderboards()?;
        self.active_days()?;
        self.channels()?;
        self.active_members()?;
        self.overview()?;
        self.over_time(None, None)?;
        let written = self.oracle.sums(|_| true, |cell| (cell.bot, cell.user));
        for bot in [false, true] {
            let users = written.iter().filter(|((is_bot, _), _)| *is_bot == bot);
            let ranks = ranked(users.map(|((_, user), [messages, ..])| (*user, *messages)));
            // Those who wrote most, somebody in the middle, and the last one.
            for index in [0, 1, 2, ranks.len() / 2, ranks.len().saturating_sub(1)] {
                if let Some((_, user, _)) = ranks.get(index) {
                    self.over_time(Some(*user), None)?;
                    self.member(*user, bot)?;
                }
            }
        }
        let channels = ranked(
            self.oracle.sums(|_| true, |cell| self.channel(cell)).into_iter().map(|(channel, [n, ..])| (channel, n)),
        );
        for index in [0, 3] {
            if let Some((_, channel, _)) = channels.get(index) {
                self.over_time(None, Some(*channel))?;
            }
        }
        Ok(())
    }

    fn same<T: Debug + PartialEq>(&mut self, name: &str, found: &T, expected: &T) -> Result<(), Failure> {
        if found == expected {
            self.equal += 1;
            return Ok(());
        }
        let short = |value: &T| format!("{value:?}").chars().take(500).collect::<String>();
        let (found, expected) = (short(found), short(expected));
        Err(format!("{name}, {:?}\n  is       {found}\n  should be {expected}", self.window).into())
    }

    /// Returns the channel of a cell, that of a thread for its messages.
    fn channel(&self, cell: &Cell) -> u64 {
        self.parents.get(&cell.channel).copied().unwrap_or(cell.channel)
    }

    fn leaderboards(&mut self) -> Result<(), Failure> {
        type Board = fn(GuildId) -> Leaderboard;
        let boards: [(&str, Board, usize); 3] = [
            ("messages", Leaderboard::messages, 0),
            ("characters", Leaderboard::characters, 1),
            ("words", Leaderboard::words, 2),
        ];
        for (name, board, index) in boards {
            for bots in [Bots::Exclude, Bots::Include, Bots::Only] {
                let sums = self.oracle.sums(|cell| includes(bots, cell.bot), |cell| cell.user);
                let expected =
                    ranked(sums.into_iter().map(|(user, sums)| (user, sums.get(index).copied().unwrap_or(0))));
                self.board(name, &board(self.guild).bots(bots), &expected)?;
            }
        }
        Ok(())
    }

    fn board(&mut self, name: &str, board: &Leaderboard, expected: &[(u64, u64, u64)]) -> Result<(), Failure> {
        let answer = board.clone().within(self.window).load(self.conn)?;
        let found: Vec<_> = answer.entries.iter().map(|entry| (entry.rank, entry.user_id.get(), entry.value)).collect();
        let name = format!("leaderboard of {name}");
        self.same(&name, &found.as_slice(), &expected)?;
        let total = expected.iter().map(|(.., value)| value).sum();
        self.same(&name, &(answer.total, answer.user_count), &(total, len(expected)))
    }

    fn active_days(&mut self) -> Result<(), Failure> {
        for zone in ZONES {
            let days =
                self.oracle.different(|cell| !cell.bot, |cell| cell.user, |cell| local(cell.hour, zone).date_naive());
            self.board("active days", &Leaderboard::active_days(self.guild).zone(zone), &ranked(days))?;
        }
        Ok(())
    }

    fn channels(&mut self) -> Result<(), Failure> {
        for group in [ChannelGroup::Thread, ChannelGroup::Channel, ChannelGroup::Category] {
            let key = |cell: &Cell| match group {
                ChannelGroup::Thread => cell.channel,
                ChannelGroup::Channel => self.channel(cell),
                _ => CATEGORY,
            };
            let sums = self.oracle.sums(|cell| !cell.bot, key);
            let users = self.oracle.different(|cell| !cell.bot, key, |cell| cell.user);
            let expected: Vec<_> = ranked(sums.into_iter().map(|(channel, [messages, ..])| (channel, messages)))
                .into_iter()
                .map(|(_, channel, messages)| (channel, messages, users.get(&channel).copied().unwrap_or(0)))
                .collect();
            let total: u64 = expected.iter().map(|(_, messages, _)| messages).sum();
            let answer = Channels::of(self.guild).by(group).within(self.window).load(self.conn)?;
            let found: Vec<_> = answer
                .channels
                .iter()
                .map(|channel| (channel.channel_id.get(), channel.messages, channel.user_count))
                .collect();
            self.same(&format!("channels by {group:?}"), &found, &expected)?;
            self.same("messages of channels", &answer.messages, &total)?;
        }
        Ok(())
    }

    fn active_members(&mut self) -> Result<(), Failure> {
        for zone in ZONES {
            let answer = ActiveMembers::of(self.guild).zone(zone).within(self.window).load(self.conn)?;
            let day = |cell: &Cell| local(cell.hour, zone).date_naive();
            let daily = self.oracle.different(|cell| !cell.bot, day, |cell| cell.user);
            let found = answer.days.iter().filter(|day| day.daily > 0).map(|day| (day.day, day.daily)).collect();
            self.same("daily active members", &found, &daily)?;
            let users = self.oracle.sums(|cell| !cell.bot, |cell| cell.user);
            let communicators = users.values().filter(|[messages, ..]| *messages >= COMMUNICATOR_MESSAGES).count();
            let expected = (len(&users), u64::try_from(communicators)?);
            self.same("active members", &(answer.user_count, answer.communicators), &expected)?;
        }
        Ok(())
    }

    fn overview(&mut self) -> Result<(), Failure> {
        let answer = GuildOverview::of(self.guild).within(self.window).load(self.conn)?;
        let users = self.oracle.sums(|cell| !cell.bot, |cell| cell.user);
        let messages = users.values().map(|[messages, ..]| messages).sum();
        let found = (answer.messages.value, answer.active_members.value);
        self.same("overview", &found, &(messages, len(&users)))
    }

    /// Compares series and heat maps of the guild, of a user or of a channel with its threads.
    fn over_time(&mut self, user: Option<u64>, channel: Option<u64>) -> Result<(), Failure> {
        let (oracle, parents) = (self.oracle, self.parents);
        let wanted = |cell: &Cell| {
            let own = parents.get(&cell.channel).copied().unwrap_or(cell.channel);
            user.map_or(!cell.bot, |user| cell.user == user) && channel.is_none_or(|channel| own == channel)
        };
        let (user, channel) = (user.map(UserId::try_from).transpose()?, channel.map(ChannelId::try_from).transpose()?);
        for zone in ZONES {
            for period in [Period::Hour, Period::Day, Period::Week, Period::Month] {
                let mut series = MessageSeries::of(self.guild).by(period).zone(zone).within(self.window);
                series = user.map_or(series.clone(), |user| series.clone().user(user));
                series = channel.map_or(series.clone(), |channel| series.only_channels(&[channel]));
                let answer = series.load(self.conn)?;
                let expected = oracle.sums(wanted, |cell| calendar::period(cell.hour, period, zone));
                let periods = answer.periods.iter().filter(|period| period.written.messages > 0);
                let found = periods.map(|found| {
                    (calendar::period(found.start.timestamp().div_euclid(3_600), period, zone), sums(found.written))
                });
                self.same(
                    &format!("series of {user:?} {channel:?} by {period:?} in {zone}"),
                    &found.collect(),
                    &expected,
                )?;
            }
            let mut map = HeatMap::of(self.guild).zone(zone).within(self.window);
            map = user.map_or(map.clone(), |user| map.clone().user(user));
            map = channel.map_or(map.clone(), |channel| map.only_channels(&[channel]));
            let answer = map.load(self.conn)?;
            let hours = oracle.sums(wanted, |cell| {
                let at = local(cell.hour, zone);
                (u64::from(at.weekday().num_days_from_monday()), u64::from(at.hour()))
            });
            let expected = hours.into_iter().map(|(hour, [messages, ..])| (hour, messages)).collect::<BTreeMap<_, _>>();
            let found = (0..)
                .zip(&answer.hours)
                .flat_map(|(day, hours)| (0..).zip(hours).map(move |(hour, n)| ((day, hour), *n)));
            let found = found.filter(|(_, messages)| *messages > 0).collect();
            self.same(&format!("heat map of {user:?} {channel:?} in {zone}"), &found, &expected)?;
        }
        Ok(())
    }

    fn member(&mut self, user: u64, bot: bool) -> Result<(), Failure> {
        let oracle = self.oracle;
        let own = |cell: &Cell| cell.user == user;
        let (wanted, limit) = (own, 1_000);
        let written = oracle.sums(own, |_| ()).into_values().next().unwrap_or_default();
        let people = oracle.sums(|cell| !cell.bot, |cell| cell.user);
        let place = ranked(people.iter().map(|(user, [messages, ..])| (*user, *messages)))
            .into_iter()
            .find(|(_, own, _)| *own == user)
            .filter(|_| !bot)
            .map(|(rank, ..)| (rank, len(&people)));
        let channels = ranked(oracle.sums(wanted, |cell| cell.channel).into_iter().map(|(id, [n, ..])| (id, n)));
        let channels: Vec<_> = channels.into_iter().map(|(_, channel, messages)| (channel, messages)).collect();
        for zone in ZONES {
            let question = MemberStatistics::of(self.guild, user.try_into()?).now(self.now).zone(zone);
            let answer = question.limit(limit).within(self.window).load(self.conn)?;
            self.same("member", &sums(answer.written), &written)?;
            self.same("place", &answer.messages_place.map(|place| (place.rank, place.total)), &place)?;
            let found: Vec<_> =
                answer.channels.iter().map(|channel| (channel.channel_id.get(), channel.messages)).collect();
            self.same("channels of a member", &found, &channels)?;
            let days: BTreeSet<_> = oracle
                .cells
                .keys()
                .filter(|cell| own(cell))
                .map(|cell| day(local(cell.hour, zone).date_naive()))
                .collect();
            let (runs, today) = (runs(&days), day(self.now.with_timezone(&zone).date_naive()));
            let longest = runs.iter().copied().max();
            let current = runs.last().copied().filter(|(_, last)| *last + 1 >= today);
            let streak = |streak: mocha_stats::Streak| (streak.days, day(streak.last));
            let found = (answer.active_days, answer.longest_streak.map(streak), answer.current_streak.map(streak));
            self.same("days of a member", &found, &(len(&days), longest, current))?;
            let at = |seen: Option<mocha_stats::Seen>| seen.and_then(|seen| seen.at).map(|at| at.timestamp());
            let seen = oracle.seen.get(&user).copied().unzip();
            self.same("first and last message", &(at(answer.first_seen), at(answer.last_seen)), &seen)?;
        }
        Ok(())
    }
}

fn includes(bots: Bots, bot: bool) -> bool {
    match bots {
        Bots::Exclude => !bot,
        Bots::Only => bot,
        Bots::Include => true,
    }
}

fn len(values: impl IntoIterator) -> u64 {
    values.into_iter().fold(0, |len, _| len + 1)
}

fn sums(written: MessageCounts) -> Sums {
    [written.messages, written.characters, written.words]
}
