//! A model of the roll-ups in plain Rust.

mod change;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::change::{Change, change};
use self::change::{Conflict, Entry, Interval, MOST, Message, Turn, within_day};

type Sums = BTreeMap<Key, Vec<i64>>;

/// The key of a row. The order of the fields is that of the rows.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key {
    guild: i64,
    period: Option<i64>,
    user: Option<i64>,
    channel: Option<i64>,
    /// For quarters of an hour, joins and leaves: whether the row counts bots. For voice: whether the time is assumed.
    flag: Option<i64>,
}

/// The contents of the file.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The length of the span of an award in each guild.
    award_spans: BTreeMap<i64, i64>,
    /// The guild of each channel.
    channels: BTreeMap<i64, i64>,
    entries: BTreeMap<i64, Entry>,
    guilds: BTreeSet<i64>,
    intervals: BTreeMap<(i64, i64, i64), Interval>,
    members_from: i64,
    messages: BTreeMap<i64, Message>,
    messages_from: i64,
    messages_to: i64,
    /// The totals from before the horizon.
    old_awards: Sums,
    old_members: Sums,
    old_messages: Sums,
    old_quarters: Sums,
    old_voice: Sums,
    old_voice_channels: Sums,
    turns: BTreeMap<i64, Turn>,
    /// Whether each user is a bot.
    users: BTreeMap<i64, bool>,
    voice_from: i64,
    voice_to: i64,
}

fn add(sums: &mut Sums, key: Key, values: &[i64]) {
    let sum = sums.entry(key).or_insert_with(|| vec![0; values.len()]);
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

impl Model {
    pub(crate) fn apply(&mut self, change: &Change) {
        match *change {
            Change::Message(conflict, message, first) => {
                if first {
                    self.parents(&message);
                }
                match conflict {
                    Conflict::Ignore => drop(self.messages.entry(message.id).or_insert(message)),
                    Conflict::Replace | Conflict::Upsert => drop(self.messages.insert(message.id, message)),
                }
                self.parents(&message);
            }
            Change::Edit(message) => {
                self.parents(&message);
                self.messages.entry(message.id).and_modify(|found| *found = message);
            }
            Change::DeleteMessage(id) => drop(self.messages.remove(&id)),
            Change::DeleteMessagesOf(user) => self.messages.retain(|_, message| message.user != user),
            Change::DeleteGuild(guild) => {
                if self.guilds.remove(&guild) {
                    self.messages.retain(|_, message| message.guild != guild);
                    let gone: Vec<i64> =
                        self.channels.iter().filter(|(_, of)| **of == guild).map(|(id, _)| *id).collect();
                    for channel in gone {
                        self.delete_channel(channel);
                    }
                }
            }
            Change::DeleteChannel(channel) => self.delete_channel(channel),
            Change::DeleteUser(user) => self.delete_user(user),
            Change::User(conflict, user, bot) => {
                if matches!(conflict, Conflict::Replace) {
                    self.delete_user(user);
                }
                let bot = bot.unwrap_or(false);
                match conflict {
                    Conflict::Ignore => drop(self.users.entry(user).or_insert(bot)),
                    Conflict::Replace | Conflict::Upsert => drop(self.users.insert(user, bot)),
                }
            }
            Change::RenameUser(from, to) => {
                // Otherwise the file refuses the change.
                if from != to && !self.users.contains_key(&to) && self.messages.values().all(|m| m.user != from) {
                    let bot = self.users.remove(&from);
                    self.users.extend(bot.map(|bot| (to, bot)));
                }
            }
            Change::Interval(conflict, interval) => self.interval(conflict, interval),
            Change::Close(guild, user, length) => self.close(guild, user, length),
            Change::DeleteIntervals(guild, user) => self.intervals.retain(|key, _| (key.0, key.1) != (guild, user)),
            Change::Entry(conflict, entry) => match conflict {
                Conflict::Ignore => drop(self.entries.entry(entry.id).or_insert(entry)),
                Conflict::Replace | Conflict::Upsert => drop(self.entries.insert(entry.id, entry)),
            },
            Change::DeleteEntry(id) => drop(self.entries.remove(&id)),
            Change::Turn(conflict, turn) => match conflict {
                Conflict::Ignore => drop(self.turns.entry(turn.id).or_insert(turn)),
                Conflict::Replace | Conflict::Upsert => drop(self.turns.insert(turn.id, turn)),
            },
            Change::DeleteTurn(id) => drop(self.turns.remove(&id)),
            Change::Awards(_, guild, None) => drop(self.award_spans.remove(&guild)),
            Change::Awards(Conflict::Ignore, guild, Some(seconds)) => {
                self.award_spans.entry(guild).or_insert(seconds);
            }
            Change::Awards(_, guild, Some(seconds)) => drop(self.award_spans.insert(guild, seconds)),
            Change::MembersFrom(at) => {
                let at = at.max(self.members_from);
                self.old_members = self.member_days();
                self.old_members.retain(|key, _| key.period < Some(at / 86_400));
                self.turns.retain(|_, turn| turn.at >= at);
                self.members_from = at;
            }
            Change::MessagesFrom(at) => {
                let at = at.max(self.messages_from);
                self.old_awards = self.award_days();
                self.old_awards.retain(|key, _| key.period < Some(at / 86_400));
                self.old_messages = self.message_days();
                self.old_messages.retain(|key, _| key.period < Some(at / 86_400));
                self.old_quarters = self.message_quarters();
                self.old_quarters.retain(|key, _| key.period < Some(at / 900));
                self.messages.retain(|_, message| message.at >= at);
                self.messages_from = at;
            }
            Change::VoiceFrom(at) => {
                let at = at.max(self.voice_from);
                self.old_voice = self.voice_days();
                self.old_voice.retain(|key, _| key.period < Some(at / 86_400));
                self.old_voice_channels = self.voice_channel_days();
                self.old_voice_channels.retain(|key, _| key.period < Some(at / 86_400));
                self.entries.retain(|_, entry| entry.at >= at);
                self.intervals.retain(|key, _| key.2 >= at * 1000);
                self.voice_from = at;
            }
            Change::MessagesTo(day) => self.messages_to = day.max(self.messages_to),
            Change::VoiceTo(day) => self.voice_to = day.max(self.voice_to),
        }
    }

    fn parents(&mut self, message: &Message) {
        self.guilds.insert(message.guild);
        self.channels.entry(message.channel).or_insert(message.guild);
        self.users.entry(message.user).or_insert(false);
    }

    fn delete_channel(&mut self, channel: i64) {
        if self.channels.remove(&channel).is_some() {
            self.messages.retain(|_, message| message.channel != channel);
        }
    }

    fn delete_user(&mut self, user: i64) {
        if self.users.remove(&user).is_some() {
            self.messages.retain(|_, message| message.user != user);
        }
    }

    /// Adds an interval. A member has at most one open interval in a guild.
    fn interval(&mut self, conflict: Conflict, interval: Interval) {
        let key = (interval.guild, interval.user, interval.start_ms);
        let is_open = |key: &(i64, i64, i64), found: &Interval| {
            found.end_ms.is_none() && (key.0, key.1) == (interval.guild, interval.user)
        };
        let others_open = self.intervals.iter().any(|(other, found)| *other != key && is_open(other, found));
        match conflict {
            Conflict::Ignore if self.intervals.contains_key(&key) => {}
            Conflict::Ignore | Conflict::Upsert if interval.end_ms.is_none() && others_open => {}
            Conflict::Replace => {
                if interval.end_ms.is_none() {
                    self.intervals.retain(|key, found| !is_open(key, found));
                }
                self.intervals.insert(key, interval);
            }
            Conflict::Ignore | Conflict::Upsert => drop(self.intervals.insert(key, interval)),
        }
    }

    fn close(&mut self, guild: i64, user: i64, length: Option<i64>) {
        let mut own = self.intervals.range_mut((guild, user, i64::MIN)..=(guild, user, i64::MAX));
        if let Some(length) = length {
            for (_, interval) in own.filter(|(_, interval)| interval.end_ms.is_none()) {
                interval.end_ms = Some(within_day(interval.start_ms, length));
            }
        } else if own.all(|(_, interval)| interval.end_ms.is_some()) {
            let mut own = self.intervals.range_mut((guild, user, i64::MIN)..=(guild, user, i64::MAX));
            if let Some((_, last)) = own.next_back() {
                last.end_ms = None;
            }
        }
    }

    fn is_bot(&self, user: i64) -> i64 {
        i64::from(self.users.get(&user).copied().unwrap_or(false))
    }

    fn member_days(&self) -> Sums {
        let mut sums = self.old_members.clone();
        for Turn { guild, user, kind, at, .. } in self.turns.values().copied() {
            if kind != "update" && (self.members_from..=253_402_300_799).contains(&at) {
                let flag = Some(self.is_bot(user));
                let came = [i64::from(kind == "join"), i64::from(kind == "leave")];
                add(&mut sums, Key { guild, period: Some(at / 86_400), user: None, channel: None, flag }, &came);
            }
        }
        sums
    }

    /// Returns the counted messages from the horizon on, with their totals.
    fn counted(&self) -> impl Iterator<Item = (&Message, [i64; 5])> {
        let counted = self.messages.values().filter(|message| {
            matches!(message.kind, Some(0 | 19 | 20 | 23))
                && (self.messages_from..=253_402_300_799).contains(&message.at)
        });
        counted.map(|message| {
            let flag = |flag: Option<bool>| i64::from(flag == Some(true));
            let count = |count: Option<i64>| count.filter(|count| (0..=MOST).contains(count)).unwrap_or(0);
            let (characters, words) = (count(message.characters), count(message.words));
            (message, [1, characters, words, flag(message.attachment), flag(message.embed)])
        })
    }

    /// Returns the spans with a message by the place of their first one.
    fn award_days(&self) -> Sums {
        let mut firsts = BTreeMap::<_, (i64, i64, i64)>::new();
        for (message, _) in self.counted().filter(|(message, _)| message.at < 3_599_942_400) {
            let Message { id, guild, channel, user, at, .. } = *message;
            if let Some(seconds) = self.award_spans.get(&guild) {
                let first = firsts.entry((guild, user, at / seconds)).or_insert((at, id, channel));
                *first = (at, id, channel).min(*first);
            }
        }
        let mut sums = self.old_awards.clone();
        for ((guild, user, _), (at, _, channel)) in firsts {
            let key = Key { guild, period: Some(at / 86_400), user: Some(user), channel: Some(channel), flag: None };
            add(&mut sums, key, &[1]);
        }
        sums
    }

    fn message_days(&self) -> Sums {
        let mut sums = self.old_messages.clone();
        for (message, values) in self.counted() {
            let Message { guild, channel, user, at, .. } = *message;
            let (period, channel) = (Some(at / 86_400), Some(channel));
            add(&mut sums, Key { guild, period, user: Some(user), channel, flag: None }, &values);
        }
        sums
    }

    fn message_quarters(&self) -> Sums {
        let mut sums = self.old_quarters.clone();
        for (message, values) in self.counted() {
            let Message { guild, user, at, .. } = *message;
            let flag = Some(self.is_bot(user));
            add(&mut sums, Key { guild, period: Some(at / 900), user: None, channel: None, flag }, &values);
        }
        sums
    }

    /// Returns the quarters of an hour of whole months before the watermark, with the number of messages alone.
    fn packed_quarters(&self) -> Sums {
        let mut sums = self.message_quarters();
        sums.retain(|key, _| key.period < Some(self.messages_to / 30 * 2880));
        for values in sums.values_mut() {
            values.truncate(1);
        }
        sums
    }

    /// Returns the active days before the watermark by user and month: 1 or 2 messages, or 3 for more.
    fn active_months(&self) -> Vec<String> {
        let mut days = BTreeMap::<_, i64>::new();
        for (Key { guild, period, user, .. }, values) in self.message_days() {
            if let Some((day, user)) = period.zip(user).filter(|(day, _)| *day < self.messages_to) {
                *days.entry((guild, day, user)).or_default() += values.first().expect("messages");
            }
        }
        let mut months = BTreeMap::<_, i64>::new();
        for ((guild, day, user), messages) in days {
            *months.entry((guild, day / 30, user)).or_default() += messages.min(3) << (day % 30 * 2);
        }
        let row =
            |((guild, month, user), days)| format!("active_months {guild} {month} {user} {} {days}", self.is_bot(user));
        months.into_iter().map(row).collect()
    }

    /// Returns the closed intervals from the horizon on, each as a row of its day, with its totals.
    fn intervals(&self) -> impl Iterator<Item = (Key, [i64; 7])> {
        self.intervals.values().filter_map(|interval| {
            let (end_ms, start_ms) = (interval.end_ms?, interval.start_ms);
            if !(self.voice_from * 1000..=253_402_300_799_999).contains(&start_ms) {
                return None;
            }
            let [server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress, assumed] = interval.flags;
            let (muted, deafened) = (server_mute || self_mute, server_deaf || self_deaf);
            let ms = |flag: bool| if flag { end_ms - start_ms } else { 0 };
            let talking = ms(!muted && !deafened && !suppress);
            let key = Key {
                guild: interval.guild,
                period: Some(start_ms / 86_400_000),
                user: Some(interval.user),
                channel: Some(interval.channel.unwrap_or(0)),
                flag: Some(assumed.into()),
            };
            Some((key, [1, ms(true), ms(deafened), ms(muted), ms(stream), talking, ms(video)]))
        })
    }

    fn voice_channel_days(&self) -> Sums {
        let mut sums = self.old_voice_channels.clone();
        for (key, values) in self.intervals() {
            add(&mut sums, key, &values);
        }
        sums
    }

    fn voice_days(&self) -> Sums {
        let mut sums = self.old_voice.clone();
        for (key, values) in self.intervals() {
            add(&mut sums, Key { channel: None, ..key }, &[&[0][..], &values].concat());
        }
        for entry in self.entries.values() {
            if entry.leave && (self.voice_from..=253_402_300_799).contains(&entry.at) {
                let Entry { guild, user, at, .. } = *entry;
                let key = Key { guild, period: Some(at / 86_400), user: Some(user), channel: None, flag: Some(0) };
                add(&mut sums, key, &[1, 0, 0, 0, 0, 0, 0, 0]);
            }
        }
        sums
    }

    /// Adds the days with voice time to the months.
    fn voice_months(&self, mut months: Sums) -> Sums {
        for values in months.values_mut() {
            values.push(0);
        }
        for (key, values) in self.voice_days() {
            if let Some(day) = key.period.filter(|day| *day < self.voice_to && values.get(2) > Some(&0)) {
                let month = months.get_mut(&Key { period: Some(day / 30), ..key });
                *month.expect("the month has the day").last_mut().expect("it was added") += 1 << (day % 30 * 2);
            }
        }
        months
    }

    /// Returns every row of every roll-up, in order.
    pub(crate) fn rows(&self) -> Vec<String> {
        // The totals of the days before the watermark, by a longer period.
        let filled = |days: &Sums, to: i64, period: fn(i64) -> Option<i64>| {
            let mut sums = Sums::new();
            for (key, values) in days {
                if let Some(day) = key.period.filter(|day| *day < to) {
                    add(&mut sums, Key { period: period(day), ..*key }, values);
                }
            }
            sums
        };
        let (month, total) = (|day| Some(day / 30), |_| None);
        let (messages, voice, channels) = (self.message_days(), self.voice_days(), self.voice_channel_days());
        let awards = self.award_days();
        let tables = [
            ("award_totals", filled(&awards, i64::MAX, total)),
            ("award_days", awards),
            ("message_thirds", filled(&messages, self.messages_to, |day| Some(day / 10))),
            ("message_months", filled(&messages, self.messages_to, month)),
            ("message_totals", filled(&messages, self.messages_to, total)),
            ("member_days", self.member_days()),
            ("message_days", messages),
            ("message_quarters", self.message_quarters()),
            ("packed_quarters", self.packed_quarters()),
            ("voice_months", self.voice_months(filled(&voice, self.voice_to, month))),
            ("voice_totals", filled(&voice, self.voice_to, total)),
            ("voice_days", voice),
            ("voice_channel_months", filled(&channels, self.voice_to, month)),
            ("voice_channel_days", channels),
        ];
        let mut rows = self.active_months();
        for (table, sums) in tables {
            for (Key { guild, period, user, channel, flag }, values) in sums {
                let bot = user.map(|user| self.is_bot(user));
                let key = [Some(guild), period, user, channel, flag, bot];
                let row: Vec<String> = key.into_iter().flatten().chain(values).map(|n| n.to_string()).collect();
                rows.push(format!("{table} {}", row.join(" ")));
            }
        }
        rows.sort_unstable();
        rows
    }
}
