//! The state machine of voice: state, event and time in, state and rows out. No clock and no database inside.
//!
//! The tracker trusts the new state that an event carries and does not require a matching previous one. It
//! [learns](Tracker::learn) what the file has of a person before the first event about that person.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceEventType, VoiceState};

use super::{
    DAY_MS,
    connections::Connections,
    open::Open,
    people::{Known, People},
    recent::Recent,
    rows::Row,
};
use crate::{
    Person,
    event::{ShardChanged, SnapshotVoice},
};

/// How an event arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// In full precision, because Discord may send several changes within one millisecond.
    pub(crate) at: DateTime<Utc>,
    /// Whether its place in the gateway session shows that it was not delivered before.
    pub(crate) is_new: bool,
}

/// Follows who is connected to which channel.
#[derive(Debug)]
pub(crate) struct Tracker {
    bridge_limit_ms: i64,
    connections: Connections,
    /// The connections as they were at the mark, for a transaction that is undone.
    connections_before: Option<Connections>,
    /// When the process went on after it did not run, if somebody may be lost because of that.
    pub(super) frozen_until_ms: Option<i64>,
    /// In a replay, the file has everything up to this time. Events up to then that are out of order are history.
    history_until_ms: i64,
    pub(super) people: People,
    /// Until when everybody who is connected and not lost is confirmed.
    pub(super) confirmed_ms: i64,
    /// Recent changes.
    recent: Recent,
    /// Whether time passes with the events. Then an event that is much older than what is known is history, and not a step
    /// of the clock.
    replay: bool,
    /// Guilds in which voice is no longer heard completely (`true`) or is again. The file has yet to get them.
    unheard_changes: BTreeMap<GuildId, bool>,
}

impl Tracker {
    pub(crate) fn new(bridge_limit_ms: i64) -> Self {
        Self {
            bridge_limit_ms,
            confirmed_ms: i64::MIN,
            connections: Connections::default(),
            connections_before: None,
            frozen_until_ms: None,
            history_until_ms: i64::MIN,
            people: People::default(),
            recent: Recent::default(),
            replay: false,
            unheard_changes: BTreeMap::new(),
        }
    }

    pub(crate) fn knows(&self, person: Person) -> bool {
        self.people.contains(person)
    }

    /// Takes over what the file has of a person: an open session, or the time when the last one ended, or neither.
    pub(crate) fn learn(&mut self, person: Person, open: Option<Open>, away_since_ms: Option<i64>) {
        let since_ms = away_since_ms.unwrap_or(i64::MIN);
        self.people.put(person, open.map_or(Known::Away { since_ms }, Known::Open));
    }

    /// Lets time pass with the events. The file has everything up to this time.
    pub(crate) fn replay_after(&mut self, at_ms: i64) {
        self.replay = true;
        self.history_until_ms = at_ms;
    }

    /// Returns up to when the file had the events of a replay when it began. For a live bot it is the smallest time.
    pub(crate) const fn history_until_ms(&self) -> i64 {
        self.history_until_ms
    }

    /// Forgets people who are away, if there are many. The file still knows them.
    pub(crate) fn forget_some(&mut self) {
        self.people.forget_some();
    }

    /// Forgets people for good. Their rows are gone or will be, and nothing of them is written again.
    pub(crate) fn forget_people(&mut self, who: impl FnMut(Person) -> bool) {
        self.people.forget(who);
    }

    /// Returns the point that an undo may go back to.
    pub(crate) fn mark(&mut self) -> Mark {
        self.connections_before = None;
        Mark { changes: self.people.changes(), confirmed_ms: self.confirmed_ms, recent: self.recent.added() }
    }

    /// Takes back everything since the mark.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        self.people.undo_to(mark.changes);
        self.confirmed_ms = mark.confirmed_ms;
        self.recent.undo_to(mark.recent);
        if let Some(connections) = self.connections_before.take() {
            self.connections = connections;
        }
    }

    /// Makes everything final, because it is in the file.
    pub(crate) fn commit(&mut self) {
        self.people.commit();
    }

    /// Applies the new connection of a person.
    ///
    /// A change that is older than the person's last one was either delivered before, or the clock stepped back and no time
    /// passed. If the clock stepped back by more than a day, it was wrong before and the new time is right. In a replay such
    /// a change is history, which the file has already.
    pub(crate) fn changed(
        &mut self,
        person: Person,
        channel_id: Option<ChannelId>,
        state: VoiceState,
        arrival: Arrival,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        if arrival.is_new || self.recent.add(&(person, channel_id, state, arrival.at)) {
            let mut at_ms = self.steady(person, arrival.at.timestamp_millis(), &mut rows);
            if arrival.is_new {
                // Discord delivers what was missed at once. Each of these changes keeps a millisecond of its own, or
                // sessions would vanish.
                at_ms = at_ms.max(self.news_from(person).saturating_add(1));
            }
            self.found(person, channel_id, state, at_ms, &mut rows);
        }
        rows
    }

    /// Returns the time of news about a person, after a clock that may have stepped back.
    fn steady(&mut self, person: Person, at_ms: i64, rows: &mut Vec<Row>) -> i64 {
        if at_ms <= self.history_until_ms {
            return at_ms;
        }
        let news_from_ms = self.news_from(person);
        if news_from_ms.saturating_sub(at_ms) <= DAY_MS {
            return at_ms.max(news_from_ms);
        }
        if !self.replay {
            self.set_back(person, at_ms, rows);
        }
        at_ms
    }

    /// Applies that exactly these people of the guild are connected.
    pub(crate) fn snapshot(&mut self, guild_id: GuildId, voices: &[SnapshotVoice], arrival: Arrival) -> Vec<Row> {
        let mut rows = Vec::new();
        if !arrival.is_new && !self.recent.add(&(guild_id, voices, arrival.at)) {
            return rows;
        }
        self.set_unheard(guild_id, false);
        let at_ms = arrival.at.timestamp_millis();
        let present: BTreeSet<UserId> = voices.iter().map(|voice| voice.user_id).collect();
        let connected = self.people.in_guild(guild_id).map(|(person, _)| person);
        let missing: Vec<Person> = connected.filter(|person| !present.contains(&person.user_id)).collect();
        for person in missing {
            let Some(open) = self.people.open(person) else { continue };
            if open.started_at_ms > self.steady(person, at_ms, &mut rows) {
                continue;
            }
            // A clock that was set back may have ended it.
            let Some(open) = self.people.open(person) else { continue };
            // The leave was missed, and it is unknown when after the last confirmation it was.
            self.end(person, open, self.session_confirmed_ms(person, open), &mut rows);
        }
        for voice in voices {
            let person = Person { guild_id, user_id: voice.user_id };
            let at_ms = self.steady(person, at_ms, &mut rows);
            self.found(person, Some(voice.channel_id), voice.state, at_ms, &mut rows);
        }
        rows
    }

    /// Ends the connections to a channel that was removed.
    pub(crate) fn channel_gone(&mut self, guild_id: GuildId, channel_id: ChannelId, at_ms: i64) -> Vec<Row> {
        self.all_leave(guild_id, at_ms, |open| open.channel_id == Some(channel_id))
    }

    /// Ends all connections in a guild that removed the bot.
    pub(crate) fn guild_gone(&mut self, guild_id: GuildId, at_ms: i64) -> Vec<Row> {
        self.set_unheard(guild_id, false);
        self.all_leave(guild_id, at_ms, |_| true)
    }

    /// Returns the guilds with people in voice.
    pub(super) fn open_guilds(&self) -> impl Iterator<Item = GuildId> {
        self.people.guilds()
    }

    /// Notes whether voice in the guild is not heard completely until its next snapshot.
    pub(super) fn set_unheard(&mut self, guild_id: GuildId, is_unheard: bool) {
        // A replay is never resumed.
        if !self.replay {
            self.unheard_changes.insert(guild_id, is_unheard);
        }
    }

    /// Returns the guilds in which voice is no longer heard completely, or is again, since the last commit.
    pub(crate) fn unheard_changes(&self) -> impl Iterator<Item = (GuildId, bool)> {
        self.unheard_changes.iter().map(|(guild_id, is_unheard)| (*guild_id, *is_unheard))
    }

    /// Forgets these changes, because the file has them.
    pub(crate) fn forget_unheard_changes(&mut self) {
        self.unheard_changes.clear();
    }

    /// Returns when the process went on after it did not run, if somebody is lost because of that.
    pub(super) fn frozen_until_ms(&mut self) -> Option<i64> {
        if self.frozen_until_ms.is_some() && !self.everybody().any(|(_, open)| open.frozen) {
            self.frozen_until_ms = None;
        }
        self.frozen_until_ms
    }

    pub(super) const fn is_replay(&self) -> bool {
        self.replay
    }

    /// Adds a change of a shard's connection to the recent ones, and returns whether it is new.
    pub(super) fn is_new_shard_change(&mut self, shard: ShardChanged) -> bool {
        self.recent.add(&(shard.shard_id, shard.shard_count, shard.status, shard.at))
    }

    /// Adds the outage of a guild to the recent ones, and returns whether it is new.
    pub(super) fn is_new_outage(&mut self, guild_id: GuildId, arrival: Arrival) -> bool {
        arrival.is_new || self.recent.add(&(guild_id, arrival.at))
    }

    pub(super) const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Returns the connections, to change them. An undone transaction takes the change back.
    pub(super) fn connections_mut(&mut self) -> &mut Connections {
        if self.connections_before.is_none() {
            self.connections_before = Some(self.connections.clone());
        }
        &mut self.connections
    }

    /// Returns the connected people of the guild about whom this time is not history.
    pub(super) fn open_until(&self, guild_id: GuildId, at_ms: i64) -> Vec<(Person, Open)> {
        let is_history = |person: Person| at_ms <= self.history_until_ms && at_ms < self.news_from(person);
        self.people.in_guild(guild_id).filter(|(person, _)| !is_history(*person)).collect()
    }

    /// Drops what is known of a person, because it has a time that will not come for long.
    fn set_back(&mut self, person: Person, at_ms: i64, rows: &mut Vec<Row>) {
        if let Some(open) = self.people.open(person) {
            self.end(person, open, open.started_at_ms, rows);
        }
        self.people.put(person, Known::Away { since_ms: at_ms });
    }

    /// Applies that a person is in a channel, or in none.
    fn found(
        &mut self,
        person: Person,
        channel_id: Option<ChannelId>,
        state: VoiceState,
        at_ms: i64,
        rows: &mut Vec<Row>,
    ) {
        let news_from_ms = self.news_from(person);
        // In repeated history, a person whose session ended at this time does not come back at the same time.
        let is_repeated = at_ms <= self.history_until_ms && at_ms == news_from_ms && self.people.open(person).is_none();
        if at_ms < news_from_ms || is_repeated {
            return;
        }
        let mut open = self.people.open(person);
        if let Some((lost, since_ms)) = open.and_then(|open| Some((open, open.lost_since_ms?))) {
            open = self.bridge(person, lost, since_ms, at_ms, rows);
        }
        match (open, channel_id) {
            (None, None) => {}
            (None, Some(_)) => self.join(person, channel_id, state, at_ms, rows),
            (Some(open), None) => self.end(person, open, at_ms, rows),
            (Some(open), Some(_)) if open.channel_id == channel_id && open.state == state => {}
            (Some(open), Some(_)) => {
                open.close(person, at_ms, rows);
                let next = Open { channel_id, started_at_ms: at_ms, state, ..open };
                self.open(person, next, rows);
                if open.channel_id != channel_id {
                    rows.push(next.log(person, VoiceEventType::Move, at_ms));
                }
            }
        }
    }

    fn all_leave(&mut self, guild_id: GuildId, at_ms: i64, which: impl Fn(&Open) -> bool) -> Vec<Row> {
        let mut rows = Vec::new();
        let leaving = |(_, open): &(Person, Open)| open.started_at_ms <= at_ms && which(open);
        let leaving: Vec<(Person, Open)> = self.people.in_guild(guild_id).filter(leaving).collect();
        for (person, open) in leaving {
            if open.lost_since_ms.is_some() {
                // Nothing shows that the person was there until now.
                self.end(person, open, self.session_confirmed_ms(person, open), &mut rows);
            } else {
                self.found(person, None, open.state, at_ms, &mut rows);
            }
        }
        rows
    }

    /// Begins a session.
    pub(super) fn join(
        &mut self,
        person: Person,
        channel_id: Option<ChannelId>,
        state: VoiceState,
        at_ms: i64,
        rows: &mut Vec<Row>,
    ) {
        let session = Open {
            channel_id,
            claimed: true,
            frozen: false,
            lost_since_ms: None,
            session_started_at_ms: at_ms,
            started_at_ms: at_ms,
            state,
            unreachable: false,
        };
        self.open(person, session, rows);
        rows.push(session.log(person, VoiceEventType::Join, at_ms));
    }

    /// Ends the session.
    pub(super) fn end(&mut self, person: Person, open: Open, at_ms: i64, rows: &mut Vec<Row>) {
        let at_ms = at_ms.max(open.started_at_ms);
        open.close(person, at_ms, rows);
        rows.push(Open { channel_id: None, ..open }.log(person, VoiceEventType::Leave, at_ms));
        self.people.put(person, Known::Away { since_ms: at_ms });
    }

    /// Begins an interval.
    pub(super) fn open(&mut self, person: Person, open: Open, rows: &mut Vec<Row>) {
        rows.push(Row::Interval(open.interval(person, open.started_at_ms, None, false)));
        self.put_open(person, open);
    }

    /// Replaces what is known of an open session.
    pub(super) fn put_open(&mut self, person: Person, open: Open) {
        self.people.put(person, Known::Open(open));
    }

    pub(super) const fn bridge_limit_ms(&self) -> i64 {
        self.bridge_limit_ms
    }

    /// Returns the first time at which the state of the person is unknown.
    fn news_from(&self, person: Person) -> i64 {
        match self.people.get(person) {
            Some(Known::Away { since_ms }) => since_ms,
            Some(Known::Open(open)) => open.started_at_ms.max(open.lost_since_ms.unwrap_or(i64::MIN)),
            None => i64::MIN,
        }
    }

    /// Returns everybody who is connected.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = (Person, Open)> {
        self.people.everybody()
    }
}

/// A point that the tracker can go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    changes: usize,
    confirmed_ms: i64,
    recent: usize,
}
