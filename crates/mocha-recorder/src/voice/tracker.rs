//! The state machine of voice: state, event and time in, state and rows out. No clock and no database inside.
//!
//! Only the new state that an event carries is believed, never what it would follow from. What is in the file of
//! a person reaches the tracker ([`learn`](Tracker::learn)) before the first event about that person.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceEventType, VoiceInterval, VoiceState};

use super::{DAY_MS, connections::Connections, days, recent::Recent};
use crate::{
    Person,
    event::{ShardChanged, SnapshotVoice},
};

/// When something was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// In full precision: Discord may tell several changes within one millisecond.
    pub(crate) at: DateTime<Utc>,
    /// Whether its place in the gateway session says that it was never told before.
    pub(crate) is_new: bool,
}

/// Somebody who is connected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Open {
    pub(crate) channel_id: Option<ChannelId>,
    /// Whether this program was told that it hears of the guild; else another one may record it into the same file.
    pub(crate) claimed: bool,
    /// Lost because the process did not run: the connection may have survived that, and then nothing was missed.
    pub(crate) frozen: bool,
    /// The last proof, once what follows may have been missed; `None` while every proof of the tracker is one of this.
    pub(crate) lost_since_ms: Option<i64>,
    pub(crate) session_started_at_ms: i64,
    pub(crate) started_at_ms: i64,
    pub(crate) state: VoiceState,
    /// Lost with the whole guild: that a connection is resumed says nothing of it.
    pub(crate) unreachable: bool,
}

/// What a guild's events are no longer heard for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Loss {
    /// The connection ended. It may be resumed.
    Connection,
    /// Discord cannot reach the guild. That the connection is resumed says nothing of it.
    Guild,
    /// Another session began. Each guild's snapshot says who is there, and resuming the session before says nothing of that.
    Session,
}

/// What is known of a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// In no channel, and nothing older than this is news.
    Away {
        since_ms: i64,
    },
    Open(Open),
}

/// What the file is to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Row {
    /// The open interval of the person ends; it vanishes if that leaves nothing of it.
    Ended { person: Person, started_at_ms: i64, ended_at_ms: i64 },
    /// An interval, open or not.
    Interval(VoiceInterval),
    /// An entry of the log.
    Logged(Entry),
}

/// An entry of the log; times in unix milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) at_ms: i64,
    pub(crate) channel_id: Option<ChannelId>,
    pub(crate) kind: VoiceEventType,
    pub(crate) person: Person,
    pub(crate) session_started_at_ms: i64,
    pub(crate) state: VoiceState,
}

/// Who is connected where.
#[derive(Debug)]
pub(crate) struct Tracker {
    bridge_limit_ms: i64,
    connections: Connections,
    /// The connections as they were at the mark, for a transaction that is undone.
    connections_before: Option<Connections>,
    /// When the process went on after it did not run, if somebody may be lost because of that.
    frozen_until_ms: Option<i64>,
    people: HashMap<Person, Known>,
    /// The connected people of each guild: a snapshot needs those who are not in it.
    open: BTreeMap<GuildId, BTreeSet<UserId>>,
    /// The last instant at which everybody who is connected and not lost was surely still there.
    proof_ms: i64,
    /// What was told lately.
    recent: Recent,
    /// Whether time is that of the events: then what is much older than what is known is history, and no step of a clock.
    replay: bool,
    /// Until when the file was told everything before: what is not later than this and out of order is history.
    told_until_ms: i64,
    /// The guilds in which voice is not heard completely any longer, and those in which it is again. The file has yet to
    /// learn of them.
    unheard_changes: BTreeMap<GuildId, bool>,
    /// What was known before, for a transaction that is undone.
    undo: Vec<(Person, Option<Known>)>,
}

impl Tracker {
    pub(crate) fn new(bridge_limit_ms: i64) -> Self {
        Self {
            bridge_limit_ms,
            connections: Connections::default(),
            connections_before: None,
            frozen_until_ms: None,
            people: HashMap::new(),
            open: BTreeMap::new(),
            proof_ms: i64::MIN,
            recent: Recent::default(),
            replay: false,
            told_until_ms: i64::MIN,
            unheard_changes: BTreeMap::new(),
            undo: Vec::new(),
        }
    }

    pub(crate) fn knows(&self, person: Person) -> bool {
        self.people.contains_key(&person)
    }

    /// Takes over what the file says of a person: connected, or away since, or (`None`) never heard of.
    pub(crate) fn learn(&mut self, person: Person, open: Option<Open>, away_since_ms: Option<i64>) {
        let since_ms = away_since_ms.unwrap_or(i64::MIN);
        self.put(person, open.map_or(Known::Away { since_ms }, Known::Open));
    }

    /// Time is that of the events. What comes with a time up to this one, and out of order, was told before the program was
    /// started.
    pub(crate) fn told_until(&mut self, at_ms: i64) {
        self.replay = true;
        self.told_until_ms = at_ms;
    }

    /// Returns the time up to which the file already had the events of a replay when it began; the smallest time for a live bot.
    pub(crate) const fn known_until_ms(&self) -> i64 {
        self.told_until_ms
    }

    /// Everybody who is connected and not lost is still there at this instant.
    pub(crate) fn prove(&mut self, at_ms: i64) {
        self.proof_ms = at_ms.max(self.proof_ms);
    }

    /// Forgets people who are away once there are many; the file still knows them.
    pub(crate) fn forget_some(&mut self) {
        const MANY: usize = 100_000;
        if self.people.len() > MANY {
            self.people.retain(|_, known| matches!(known, Known::Open(_)));
        }
    }

    /// Forgets people for good, whose rows are gone or will be: nothing of them is written again.
    pub(crate) fn forget_people(&mut self, mut who: impl FnMut(Person) -> bool) {
        self.people.retain(|person, known| {
            let forgotten = who(*person);
            if forgotten
                && matches!(known, Known::Open(_))
                && let Some(users) = self.open.get_mut(&person.guild_id)
            {
                users.remove(&person.user_id);
            }
            !forgotten
        });
        self.open.retain(|_, users| !users.is_empty());
    }

    /// Where an undo may go back to.
    pub(crate) fn mark(&mut self) -> Mark {
        self.connections_before = None;
        Mark { changes: self.undo.len(), proof_ms: self.proof_ms, told: self.recent.added() }
    }

    /// Undoes everything since the mark.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        while self.undo.len() > mark.changes {
            let Some((person, known)) = self.undo.pop() else { break };
            self.set(person, known);
        }
        self.proof_ms = mark.proof_ms;
        self.recent.undo_to(mark.told);
        if let Some(connections) = self.connections_before.take() {
            self.connections = connections;
        }
    }

    /// What happened so far is in the file and cannot be undone.
    pub(crate) fn commit(&mut self) {
        self.undo.clear();
    }

    /// Somebody's connection is now this.
    ///
    /// A change that is older than the person's last one was either told before, or the clock stepped back: then no time
    /// passed. If it stepped back by more than a day it was wrong before, and the new time is believed; but in a replay that is
    /// history, which the file has already.
    pub(crate) fn changed(
        &mut self,
        person: Person,
        channel_id: Option<ChannelId>,
        state: VoiceState,
        told: Told,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        if told.is_new || self.recent.add(&(person, channel_id, state, told.at)) {
            let mut at_ms = self.steady(person, told.at.timestamp_millis(), &mut rows);
            if told.is_new {
                // Discord delivers what was missed at once. Each of these changes keeps a millisecond of its own, or
                // sessions would vanish.
                at_ms = at_ms.max(self.news_from(person).saturating_add(1));
            }
            self.found(person, channel_id, state, at_ms, &mut rows);
        }
        rows
    }

    /// The time of news about a person, after a clock that may have stepped back.
    fn steady(&mut self, person: Person, at_ms: i64, rows: &mut Vec<Row>) -> i64 {
        if at_ms <= self.told_until_ms {
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

    /// Exactly these people of the guild are connected.
    pub(crate) fn snapshot(&mut self, guild_id: GuildId, voices: &[SnapshotVoice], told: Told) -> Vec<Row> {
        let mut rows = Vec::new();
        if !told.is_new && !self.recent.add(&(guild_id, voices, told.at)) {
            return rows;
        }
        self.set_unheard(guild_id, false);
        let at_ms = told.at.timestamp_millis();
        let present: BTreeSet<UserId> = voices.iter().map(|voice| voice.user_id).collect();
        let missing: Vec<UserId> = self.open_in(guild_id).filter(|user_id| !present.contains(user_id)).collect();
        for user_id in missing {
            let person = Person { guild_id, user_id };
            let Some(open) = self.open_of(person) else { continue };
            if open.started_at_ms > self.steady(person, at_ms, &mut rows) {
                continue;
            }
            // A clock that was set back may have ended it.
            let Some(open) = self.open_of(person) else { continue };
            // The leave was missed: nobody knows when after the last confirmation it was.
            self.end(person, open, self.last_proof(person, open), &mut rows);
        }
        for voice in voices {
            let person = Person { guild_id, user_id: voice.user_id };
            let at_ms = self.steady(person, at_ms, &mut rows);
            self.found(person, Some(voice.channel_id), voice.state, at_ms, &mut rows);
        }
        rows
    }

    /// Everybody in the channel is out of it.
    pub(crate) fn channel_gone(&mut self, guild_id: GuildId, channel_id: ChannelId, at_ms: i64) -> Vec<Row> {
        self.all_leave(guild_id, at_ms, |open| open.channel_id == Some(channel_id))
    }

    /// Everybody in the guild is out of voice.
    pub(crate) fn guild_gone(&mut self, guild_id: GuildId, at_ms: i64) -> Vec<Row> {
        self.set_unheard(guild_id, false);
        self.all_leave(guild_id, at_ms, |_| true)
    }

    /// Discord itself cannot reach the guild until its next snapshot.
    pub(crate) fn guild_unreachable(&mut self, guild_id: GuildId, told: Told) {
        if told.is_new || self.recent.add(&(guild_id, told.at)) {
            self.guild_lost(guild_id, told.at.timestamp_millis(), None, Loss::Guild);
        }
    }

    /// What happens in the guild from here on is not heard. The connection was last heard at `heard_ms`, if that is known.
    pub(super) fn guild_lost(&mut self, guild_id: GuildId, at_ms: i64, heard_ms: Option<i64>, loss: Loss) {
        if loss != Loss::Connection {
            self.set_unheard(guild_id, true);
        }
        let is_exact = self.replay || self.connections.confirmed(guild_id).is_some();
        for (person, open) in self.open_until(guild_id, at_ms) {
            let confirmed_ms = self.last_proof(person, open);
            let lost_since_ms = match (open.lost_since_ms, heard_ms) {
                (None, Some(heard_ms)) if is_exact => heard_ms.max(open.started_at_ms),
                (None, Some(heard_ms)) => heard_ms.max(confirmed_ms),
                _ => confirmed_ms,
            };
            let lost_since_ms = Some(lost_since_ms);
            let unreachable = loss != Loss::Connection || open.unreachable;
            let frozen = loss == Loss::Connection && open.frozen;
            self.put_open(person, Open { claimed: true, frozen, lost_since_ms, unreachable, ..open });
        }
    }

    /// The guilds with people in voice.
    pub(super) fn open_guilds(&self) -> impl Iterator<Item = GuildId> {
        self.open.keys().copied()
    }

    /// Notes whether voice in the guild is not heard completely until its next snapshot.
    pub(super) fn set_unheard(&mut self, guild_id: GuildId, is_unheard: bool) {
        // Nobody resumes a replay.
        if !self.replay {
            self.unheard_changes.insert(guild_id, is_unheard);
        }
    }

    /// Returns in which guilds voice is not heard completely any longer, or is again, since the last commit.
    pub(crate) fn unheard_changes(&self) -> impl Iterator<Item = (GuildId, bool)> {
        self.unheard_changes.iter().map(|(guild_id, is_unheard)| (*guild_id, *is_unheard))
    }

    /// The file has learnt of them.
    pub(crate) fn forget_unheard_changes(&mut self) {
        self.unheard_changes.clear();
    }

    /// When the process went on after it did not run, if somebody is lost because of that.
    pub(super) fn frozen_until_ms(&mut self) -> Option<i64> {
        if self.frozen_until_ms.is_some() && !self.everybody().any(|(_, open)| open.frozen) {
            self.frozen_until_ms = None;
        }
        self.frozen_until_ms
    }

    pub(super) const fn is_replay(&self) -> bool {
        self.replay
    }

    /// Whether a change of a shard's connection is new.
    pub(super) fn is_new(&mut self, shard: ShardChanged) -> bool {
        self.recent.add(&(shard.shard_id, shard.shard_count, shard.status, shard.at))
    }

    pub(super) const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// The connections, to change them; a transaction that is undone takes the change back.
    pub(super) fn connections_mut(&mut self) -> &mut Connections {
        if self.connections_before.is_none() {
            self.connections_before = Some(self.connections.clone());
        }
        &mut self.connections
    }

    /// The clock was wrong: nothing is confirmed beyond this instant.
    pub(super) fn confirm_no_longer_than(&mut self, at_ms: i64) {
        self.proof_ms = self.proof_ms.min(at_ms);
        self.frozen_until_ms = Some(at_ms);
    }

    /// The connected people of the guild of whom this instant is no history.
    pub(super) fn open_until(&self, guild_id: GuildId, at_ms: i64) -> Vec<(Person, Open)> {
        let people = self.open_in(guild_id).map(|user_id| Person { guild_id, user_id });
        people
            .filter(|person| at_ms > self.told_until_ms || at_ms >= self.news_from(*person))
            .filter_map(|person| Some((person, self.open_of(person)?)))
            .collect()
    }

    /// Cuts what is open at each midnight that the last proof lies after, and ends what is lost for good.
    pub(crate) fn settle(&mut self) -> Vec<Row> {
        let mut rows = self.give_up();
        let open: Vec<(Person, Open)> = self.everybody().filter(|(_, open)| open.lost_since_ms.is_none()).collect();
        for (person, open) in open {
            let mut parts: Vec<(i64, i64)> = days(open.started_at_ms, self.settled_ms(person, open)).collect();
            let Some((started_at_ms, _)) = parts.pop().filter(|_| !parts.is_empty()) else { continue };
            close(person, open, started_at_ms, &mut rows);
            self.open(person, Open { started_at_ms, ..open }, &mut rows);
        }
        rows
    }

    /// Returns by guild the connected people who are not lost: at [`proof_ms`](Self::proof_ms) they were still there.
    pub(crate) fn proved_by_guild(&self) -> impl Iterator<Item = (GuildId, Vec<UserId>)> {
        self.open.iter().filter_map(|(guild_id, users)| {
            let is_proved = |user_id: &&UserId| {
                let person = Person { guild_id: *guild_id, user_id: **user_id };
                self.open_of(person).is_some_and(|open| open.lost_since_ms.is_none())
            };
            let proved: Vec<UserId> = users.iter().filter(is_proved).copied().collect();
            (!proved.is_empty()).then_some((*guild_id, proved))
        })
    }

    pub(crate) fn proof_ms(&self) -> i64 {
        self.proof_ms
    }

    /// What is known of the person is of a time that will not come for long.
    fn set_back(&mut self, person: Person, at_ms: i64, rows: &mut Vec<Row>) {
        if let Some(open) = self.open_of(person) {
            self.end(person, open, open.started_at_ms, rows);
        }
        self.put(person, Known::Away { since_ms: at_ms });
    }

    /// One person was found in a channel, or in none.
    fn found(
        &mut self,
        person: Person,
        channel_id: Option<ChannelId>,
        state: VoiceState,
        at_ms: i64,
        rows: &mut Vec<Row>,
    ) {
        let news_from_ms = self.news_from(person);
        // Repeated history: a person who had ended a session at this instant does not come back at the same one.
        let is_again = at_ms <= self.told_until_ms && at_ms == news_from_ms && self.open_of(person).is_none();
        if at_ms < news_from_ms || is_again {
            return;
        }
        let mut open = self.open_of(person);
        if let Some((lost, since_ms)) = open.and_then(|open| Some((open, open.lost_since_ms?))) {
            open = self.bridge(person, lost, since_ms, at_ms, rows);
        }
        match (open, channel_id) {
            (None, None) => {}
            (None, Some(_)) => self.join(person, channel_id, state, at_ms, rows),
            (Some(open), None) => self.end(person, open, at_ms, rows),
            (Some(open), Some(_)) if open.channel_id == channel_id && open.state == state => {}
            (Some(open), Some(_)) => {
                close(person, open, at_ms, rows);
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
        let people: Vec<UserId> = self.open_in(guild_id).collect();
        for user_id in people {
            let person = Person { guild_id, user_id };
            match self.open_of(person).filter(|open| open.started_at_ms <= at_ms && which(open)) {
                // Nobody was heard to be there until now.
                Some(open) if open.lost_since_ms.is_some() => {
                    self.end(person, open, self.last_proof(person, open), &mut rows);
                }
                Some(open) => self.found(person, None, open.state, at_ms, &mut rows),
                None => {}
            }
        }
        rows
    }

    /// A session begins.
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

    /// The session is over.
    pub(super) fn end(&mut self, person: Person, open: Open, at_ms: i64, rows: &mut Vec<Row>) {
        let at_ms = at_ms.max(open.started_at_ms);
        close(person, open, at_ms, rows);
        rows.push(Open { channel_id: None, ..open }.log(person, VoiceEventType::Leave, at_ms));
        self.put(person, Known::Away { since_ms: at_ms });
    }

    /// An interval begins.
    pub(super) fn open(&mut self, person: Person, open: Open, rows: &mut Vec<Row>) {
        rows.push(Row::Interval(open.interval(person, open.started_at_ms, None, false)));
        self.put(person, Known::Open(open));
    }

    /// The session goes on as it is.
    pub(super) fn put_open(&mut self, person: Person, open: Open) {
        self.put(person, Known::Open(open));
    }

    pub(super) fn bridge_limit_ms(&self) -> i64 {
        self.bridge_limit_ms
    }

    /// The last instant at which the session surely went on.
    pub(super) fn last_proof(&self, person: Person, open: Open) -> i64 {
        open.lost_since_ms.unwrap_or_else(|| self.confirmed_ms(person.guild_id)).max(open.started_at_ms)
    }

    /// Returns the instant up to which nothing can be taken back.
    fn settled_ms(&self, person: Person, open: Open) -> i64 {
        let frame_ms = self.last_frame_ms(person.guild_id).unwrap_or(i64::MAX);
        self.last_proof(person, open).min(frame_ms).max(open.started_at_ms)
    }

    /// Returns until when the guild's people may be stamped: not beyond a midnight at which their intervals are not cut.
    pub(crate) fn stamp_ms(&self, guild_id: GuildId) -> i64 {
        let confirmed_ms = self.confirmed_ms(guild_id);
        self.last_frame_ms(guild_id).map_or(confirmed_ms, |frame_ms| {
            confirmed_ms.min(frame_ms.div_euclid(DAY_MS).saturating_add(1).saturating_mul(DAY_MS))
        })
    }

    /// Returns when the guild's shard last received a frame, in a replay of frames.
    ///
    /// While it is silent others may go on. If its next frame is READY, everybody in its guilds is lost since this one.
    fn last_frame_ms(&self, guild_id: GuildId) -> Option<i64> {
        self.connections.last_frame(guild_id).filter(|_| self.replay)
    }

    /// Until when the people in the guild who are not lost are confirmed.
    pub(crate) fn confirmed_ms(&self, guild_id: GuildId) -> i64 {
        match self.connections.confirmed(guild_id) {
            Some(heard_ms) if !self.replay => heard_ms,
            _ => self.proof_ms,
        }
    }

    /// The first instant of which the person's state is not known.
    fn news_from(&self, person: Person) -> i64 {
        match self.people.get(&person) {
            Some(Known::Away { since_ms }) => *since_ms,
            Some(Known::Open(open)) => open.started_at_ms.max(open.lost_since_ms.unwrap_or(i64::MIN)),
            None => i64::MIN,
        }
    }

    /// Everybody who is connected.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = (Person, Open)> {
        self.open.iter().flat_map(move |(guild_id, users)| {
            users.iter().filter_map(move |user_id| {
                let person = Person { guild_id: *guild_id, user_id: *user_id };
                Some((person, self.open_of(person)?))
            })
        })
    }

    fn open_in(&self, guild_id: GuildId) -> impl Iterator<Item = UserId> {
        self.open.get(&guild_id).into_iter().flatten().copied()
    }

    fn open_of(&self, person: Person) -> Option<Open> {
        match self.people.get(&person)? {
            Known::Open(open) => Some(*open),
            Known::Away { .. } => None,
        }
    }

    fn put(&mut self, person: Person, known: Known) {
        let before = self.set(person, Some(known));
        self.undo.push((person, before));
    }

    fn set(&mut self, person: Person, known: Option<Known>) -> Option<Known> {
        let users = self.open.entry(person.guild_id).or_default();
        if matches!(known, Some(Known::Open(_))) {
            users.insert(person.user_id);
        } else {
            users.remove(&person.user_id);
            if users.is_empty() {
                self.open.remove(&person.guild_id);
            }
        }
        match known {
            Some(known) => self.people.insert(person, known),
            None => self.people.remove(&person),
        }
    }
}

/// A point that the tracker can go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    changes: usize,
    proof_ms: i64,
    told: usize,
}

impl Open {
    /// The interval that is part of this session.
    pub(super) fn interval(self, person: Person, from: i64, to: Option<i64>, assumed: bool) -> VoiceInterval {
        VoiceInterval {
            guild_id: person.guild_id,
            user_id: person.user_id,
            started_at_ms: from,
            ended_at_ms: to,
            seen_at_ms: to.unwrap_or(from),
            session_started_at_ms: self.session_started_at_ms,
            channel_id: self.channel_id,
            state: self.state,
            assumed,
        }
    }

    fn log(self, person: Person, kind: VoiceEventType, at_ms: i64) -> Row {
        Row::Logged(Entry {
            at_ms,
            channel_id: self.channel_id,
            kind,
            person,
            session_started_at_ms: self.session_started_at_ms,
            state: self.state,
        })
    }
}

/// The open interval ends, cut at each midnight it lies across.
pub(super) fn close(person: Person, open: Open, ended_at_ms: i64, rows: &mut Vec<Row>) {
    let mut parts = days(open.started_at_ms, ended_at_ms);
    let first_end = parts.next().map_or(open.started_at_ms, |(_, end)| end);
    rows.push(Row::Ended { person, started_at_ms: open.started_at_ms, ended_at_ms: first_end });
    rows.extend(parts.map(|(from, to)| Row::Interval(open.interval(person, from, Some(to), false))));
}
