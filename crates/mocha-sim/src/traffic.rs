//! The events of a server, one after the other.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_store::{
    Event,
    event::{GuildSeen, ShardChanged, ShardStatus},
};

use crate::{Server, channel::Channels, dice::Dice, member::Person, rhythm, snowflake::MessageIds};

const HOUR_MS: i64 = 3_600_000;

/// A planned action.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Action {
    /// Plans the next hour.
    Hour,
    Join,
    /// A member leaves, if the membership is still this one. Without a member, a random one leaves.
    Leave(Option<Membership>),
    Message,
    Presence,
    Thread,
    /// The voice state of a member changes, if the session is still this one.
    VoiceChange(Session),
    VoiceEnd(Session),
    VoiceStart,
}

/// The n-th membership of a member.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Membership {
    pub(crate) number: u32,
    pub(crate) person: usize,
}

/// The n-th voice session of a member.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Session {
    pub(crate) number: u32,
    pub(crate) person: usize,
}

/// The events of a [`Server`], in order of time. See [`Server::events`].
#[derive(Clone, Debug)]
pub struct Traffic {
    pub(crate) channels: Channels,
    pub(crate) dice: Dice,
    pub(crate) message_ids: MessageIds,
    pub(crate) now_ms: i64,
    pub(crate) people: Vec<Person>,
    /// The current members without bots, the most active first.
    pub(crate) present: Vec<usize>,
    pub(crate) present_bots: Vec<usize>,
    pub(crate) server: Server,
    end_ms: i64,
    /// The planned actions, in order of time, then of planning.
    plan: BinaryHeap<Reverse<(i64, u64, Action)>>,
    planned: u64,
    ready: VecDeque<Event>,
}

impl Traffic {
    pub(crate) fn new(server: &Server) -> Self {
        let mut traffic = Self {
            channels: Channels::of(server),
            dice: Dice::new(server.seed),
            end_ms: server.end().timestamp_millis(),
            message_ids: MessageIds::of(server.guild_id),
            now_ms: server.start.timestamp_millis(),
            people: Vec::new(),
            plan: BinaryHeap::new(),
            planned: 0,
            present: Vec::new(),
            present_bots: Vec::new(),
            ready: VecDeque::new(),
            server: *server,
        };
        traffic.open();
        traffic
    }

    /// Returns the first events of a connection to Discord.
    fn open(&mut self) {
        let (at, guild_id) = (self.now(), self.server.guild_id);
        self.emit(ShardChanged { at, shard_count: 1, shard_id: 0, status: ShardStatus::Ready });
        self.emit(GuildSeen {
            afk_channel_id: self.channels.afk(),
            at,
            guild_id,
            icon: None,
            member_count: Some(u64::from(self.server.members)),
            name: "The Coffee House".to_owned(),
        });
        let channels = self.channels.seen(at);
        for channel in channels {
            self.emit(channel);
        }
        self.found();
        self.see_voice();
        self.plan(self.now_ms, Action::Hour);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        time(self.now_ms)
    }

    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        self.ready.push_back(event.into());
    }

    pub(crate) fn plan(&mut self, at_ms: i64, action: Action) {
        self.planned += 1;
        self.plan.push(Reverse((at_ms, self.planned, action)));
    }

    /// Plans actions at random instants of this hour. `per_day` is their number on an average day.
    fn plan_hour(&mut self, per_day: u64, action: Action) {
        let at = self.now();
        for _ in 0..rhythm::in_hour(&mut self.dice, at, per_day) {
            let at_ms = self.dice.ms_between(self.now_ms, self.now_ms + HOUR_MS);
            self.plan(at_ms, action);
        }
    }

    fn hour(&mut self) {
        let members = u64::from(self.server.members.max(1));
        let present = u64::try_from(self.present.len() + self.present_bots.len()).unwrap_or(members);
        // A growing server becomes busier.
        let grown = |per_day: u32| u64::from(per_day) * present / members;
        self.plan_hour(grown(self.server.messages_per_day), Action::Message);
        self.plan_hour(grown(self.server.messages_per_day / 200), Action::Thread);
        self.plan_hour(grown(self.server.voice_sessions_per_day), Action::VoiceStart);
        self.plan_hour(grown(self.server.presences_per_day), Action::Presence);
        self.plan_hour(members / 60 + 1, Action::Join);
        // One member in 300 leaves each day. A small server loses one now and then.
        let leaving = present / 300 + u64::from(self.dice.below(300) < present % 300);
        self.plan_hour(leaving, Action::Leave(None));
        self.plan(self.now_ms + HOUR_MS, Action::Hour);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Hour => self.hour(),
            Action::Join => self.join(),
            Action::Leave(Some(membership)) => self.leave(membership),
            Action::Leave(None) => self.leave_somebody(),
            Action::Message => self.send(),
            Action::Presence => self.change_presence(),
            Action::Thread => self.open_thread(),
            Action::VoiceChange(session) => self.change_voice(session),
            Action::VoiceEnd(session) => self.end_voice(session),
            Action::VoiceStart => self.start_voice(),
        }
    }
}

/// Converts unix milliseconds to an instant.
pub(crate) fn time(unix_ms: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(unix_ms)
}

impl Iterator for Traffic {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let Reverse((at_ms, _, action)) = self.plan.pop()?;
            if at_ms >= self.end_ms {
                self.plan.clear();
                return None;
            }
            self.now_ms = at_ms;
            self.act(action);
        }
    }
}
