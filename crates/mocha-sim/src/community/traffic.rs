//! The events of a community, one after the other.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    iter,
    ops::Range,
};

use mocha_schema::VoiceState;
use mocha_store::{
    Event,
    event::{GuildSeen, MemberLeft, ShardChanged, ShardStatus, VoiceSnapshot, VoiceStateChanged},
};

use super::{BOTS, Community, Guild, LARGE, START_MS, Size, Talks, starts};
use crate::{dice::Dice, member, rhythm, traffic::time};

const DAY_MS: i64 = 86_400_000;

/// The number of users among whom guilds get their initial members. A user may be in several guilds.
const FOUNDERS: u64 = 20_000;

/// The number of messages for each voice session, and for each join.
const MESSAGES_A_VOICE_SESSION: u32 = 25;
const MESSAGES_A_JOIN: u32 = 333;

/// The longest voice session.
const MAX_VOICE_MINUTES: u64 = 8 * 60;

/// The longest stay of a member who does not stay for good.
const MAX_STAY_MINUTES: u64 = 60 * 24 * 60;

/// A planned action in a guild.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Action {
    Join,
    /// A member leaves, if the membership is still the n-th. Without a member, a random one leaves.
    Leave(Option<(usize, u32)>),
    /// A conversation of this many messages begins.
    Talk(u32),
    /// A member in voice mutes or unmutes, if the session is still this one.
    VoiceChange(usize, u32, bool),
    VoiceEnd(usize, u32),
    VoiceStart,
}

/// The events of a [`Community`], in order of time. See [`Community::events`].
#[derive(Clone, Debug)]
pub struct CommunityTraffic {
    dice: Dice,
    end_ms: i64,
    guilds: Vec<Guild>,
    next_user: u64,
    now_ms: i64,
    /// The guilds whose initial state was sent.
    opened: usize,
    /// The planned actions, in order of time, then of planning.
    plan: BinaryHeap<Reverse<(i64, u64, usize, Action)>>,
    planned: u64,
    ready: VecDeque<Event>,
    talks: Talks,
}

impl CommunityTraffic {
    pub(super) fn new(community: &Community) -> Self {
        let mut traffic = Self {
            dice: Dice::new(community.seed),
            end_ms: community.end().timestamp_millis(),
            guilds: Vec::new(),
            next_user: BOTS + FOUNDERS,
            now_ms: START_MS,
            opened: 0,
            plan: BinaryHeap::new(),
            planned: 0,
            ready: VecDeque::new(),
            talks: Talks::default(),
        };
        let at = time(START_MS);
        traffic.ready.push_back(ShardChanged { at, shard_count: 1, shard_id: 0, status: ShardStatus::Ready }.into());
        for (index, settings) in (0..).zip(community.guilds()) {
            let size = if index == 0 { LARGE } else { small(settings.messages) };
            traffic.found(Guild::new(settings.guild_id, size), size.members);
            traffic.plan_guild(index, settings.messages, if index == 0 { 100..101 } else { 4..60 });
        }
        traffic
    }

    /// Adds the initial members of a guild.
    fn found(&mut self, mut guild: Guild, members: u64) {
        let first = self.dice.below(FOUNDERS);
        for member in 0..members.min(FOUNDERS) {
            guild.enter(&mut self.dice, BOTS + (first + member) % FOUNDERS);
        }
        self.guilds.push(guild);
    }

    /// Plans the conversations, joins and voice sessions of a guild that lives for a percentage of all days.
    fn plan_guild(&mut self, guild: usize, messages: u32, percent: Range<i64>) {
        // The last conversations need time to end.
        let all_ms = (self.end_ms - START_MS - 60_000).max(0);
        let length_ms = all_ms / 100 * self.dice.ms_between(percent.start, percent.end);
        let from_ms = START_MS + self.dice.ms_between(0, all_ms - length_ms + 1);
        let span_ms = from_ms..from_ms + length_ms;
        for (at_ms, messages) in starts(&mut self.dice, messages, span_ms.clone()) {
            self.plan(at_ms, guild, Action::Talk(messages));
        }
        let joins = messages / MESSAGES_A_JOIN;
        let times = [
            (messages / MESSAGES_A_VOICE_SESSION, Action::VoiceStart),
            (joins, Action::Join),
            // Other members leave soon after they joined.
            (joins * 2 / 5, Action::Leave(None)),
        ];
        for (count, action) in times {
            for _ in 0..count {
                let at_ms = rhythm::instant(&mut self.dice, &span_ms);
                self.plan(at_ms, guild, action);
            }
        }
    }

    fn plan(&mut self, at_ms: i64, guild: usize, action: Action) {
        self.planned += 1;
        self.plan.push(Reverse((at_ms, self.planned, guild, action)));
    }

    /// Returns the initial events of the next guild, or `None` after the last one.
    fn open(&mut self) -> Option<()> {
        let guild = self.guilds.get(self.opened)?;
        self.opened += 1;
        let (at, guild_id) = (time(START_MS), guild.id);
        let members = guild.bots().len() + guild.people.len();
        let events = &mut self.ready;
        events.push_back(
            GuildSeen {
                afk_channel_id: guild.channels.afk(),
                at,
                guild_id,
                icon: None,
                member_count: u64::try_from(members).ok(),
                name: format!("Guild {}", self.opened),
            }
            .into(),
        );
        events.extend(guild.channels.seen(at).into_iter().map(Event::from));
        let people = guild.people.iter().map(|person| (person.number, false));
        for (number, bot) in guild.bots().iter().map(|bot| (*bot, true)).chain(people) {
            let joined_ms = START_MS - self.dice.ms_between(1, 365 * DAY_MS);
            let (user, member) = member::introduce(number, bot, guild_id, at, joined_ms);
            events.extend([user.into(), Event::MemberSeen(member)]);
        }
        events.push_back(VoiceSnapshot { at, guild_id, voices: Vec::new() }.into());
        Some(())
    }

    fn act(&mut self, index: usize, action: Action) {
        let Some(guild) = self.guilds.get_mut(index) else { return };
        match action {
            Action::Join => self.join(index),
            Action::Leave(Some((person, membership))) => {
                if guild.people.get(person).is_some_and(|who| who.present && who.memberships == membership) {
                    self.leave(index, person);
                }
            }
            Action::Leave(None) => {
                if let Some(person) = self.dice.pick(&guild.present) {
                    self.leave(index, person);
                }
            }
            Action::Talk(messages) => {
                self.talks.begin(&mut self.dice, (index, guild), messages, (self.now_ms, self.end_ms));
            }
            Action::VoiceChange(person, session, self_mute) => {
                if guild.people.get(person).is_some_and(|who| who.voice == Some(session)) {
                    self.emit_voice(index, person, Some(session), self_mute);
                }
            }
            Action::VoiceEnd(person, session) => {
                if guild.people.get(person).is_some_and(|who| who.voice == Some(session)) {
                    self.disconnect(index, person);
                }
            }
            Action::VoiceStart => self.connect(index),
        }
    }

    /// A new user joins. In one of twelve cases a former member returns. Half of them do not stay.
    fn join(&mut self, index: usize) {
        let Some(guild) = self.guilds.get_mut(index) else { return };
        let anybody = usize::try_from(self.dice.below(u64::try_from(guild.people.len()).unwrap_or(0))).unwrap_or(0);
        let gone = guild.people.get(anybody).is_some_and(|who| !who.present);
        let person = if gone && self.dice.below(4) == 0 {
            guild.reenter(&mut self.dice, anybody);
            anybody
        } else {
            self.next_user += 1;
            guild.enter(&mut self.dice, self.next_user)
        };
        let Some(who) = guild.people.get(person).copied() else { return };
        let (user, member) = member::introduce(who.number, false, guild.id, time(self.now_ms), self.now_ms);
        self.ready.extend([user.into(), Event::MemberJoined(member)]);
        if self.dice.percent(50) {
            let minutes = i64::try_from(self.dice.zipf(MAX_STAY_MINUTES)).unwrap_or(1);
            self.plan(self.now_ms + minutes * 60_000, index, Action::Leave(Some((person, who.memberships))));
        }
    }

    fn leave(&mut self, index: usize, person: usize) {
        self.disconnect(index, person);
        let Some(guild) = self.guilds.get_mut(index) else { return };
        let Some(user_id) = guild.user_id(person) else { return };
        guild.leave(person);
        self.ready.push_back(MemberLeft { at: time(self.now_ms), guild_id: guild.id, user_id }.into());
    }

    /// A random member who is not in voice begins a session. Does nothing if a few picks are all in voice.
    fn connect(&mut self, index: usize) {
        const TRIES: usize = 8;
        let Some(guild) = self.guilds.get_mut(index) else { return };
        let somebody = || guild.present.get(self.dice.rank(guild.present.len())?).copied();
        let silent = |person: &usize| guild.people.get(*person).is_some_and(|who| who.voice.is_none());
        let Some(person) = iter::repeat_with(somebody).take(TRIES).flatten().find(silent) else { return };
        guild.voice_sessions += 1;
        let session = guild.voice_sessions;
        if let Some(who) = guild.people.get_mut(person) {
            who.voice = Some(session);
        }
        let minutes = i64::try_from(self.dice.zipf(MAX_VOICE_MINUTES)).unwrap_or(1);
        let end_ms = self.now_ms + minutes * 60_000 + self.dice.ms_between(0, 60_000);
        if self.dice.percent(30) {
            let (mute_ms, unmute_ms) =
                (self.dice.ms_between(self.now_ms, end_ms), self.dice.ms_between(self.now_ms, end_ms));
            self.plan(mute_ms.min(unmute_ms), index, Action::VoiceChange(person, session, true));
            self.plan(mute_ms.max(unmute_ms), index, Action::VoiceChange(person, session, false));
        }
        self.plan(end_ms, index, Action::VoiceEnd(person, session));
        self.emit_voice(index, person, Some(session), false);
    }

    /// Ends the session of a member, if there is one.
    fn disconnect(&mut self, index: usize, person: usize) {
        let who = self.guilds.get_mut(index).and_then(|guild| guild.people.get_mut(person));
        if who.is_some_and(|who| who.voice.take().is_some()) {
            self.emit_voice(index, person, None, false);
        }
    }

    fn emit_voice(&mut self, index: usize, person: usize, session: Option<u32>, self_mute: bool) {
        let Some(guild) = self.guilds.get(index) else { return };
        let Some(user_id) = guild.user_id(person) else { return };
        let channel_id = session.map(|session| guild.channels.voice_of(session));
        let (at, guild_id) = (time(self.now_ms), guild.id);
        let state = VoiceState { self_mute, ..VoiceState::default() };
        self.ready.push_back(VoiceStateChanged { at, channel_id, guild_id, state, user_id }.into());
    }
}

/// Returns the size of a small guild with this many messages.
fn small(messages: u32) -> Size {
    let many = |each: u32| u16::try_from(messages / each).unwrap_or(u16::MAX);
    Size {
        members: u64::from(4 + messages / 500),
        readers_percent: 20,
        text_channels: 1 + many(1_500),
        voice_channels: 1 + many(4_000),
    }
}

impl Iterator for CommunityTraffic {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.opened < self.guilds.len() {
                self.open()?;
                continue;
            }
            let due_ms = self.plan.peek().map_or(i64::MAX, |Reverse((at_ms, ..))| *at_ms);
            if self.talks.next_ms().is_some_and(|talk_ms| talk_ms < due_ms) {
                return self.talks.next(&mut self.dice, &mut self.guilds).map(Event::from);
            }
            let Reverse((at_ms, _, guild, action)) = self.plan.pop()?;
            if at_ms >= self.end_ms {
                // All conversations are over.
                self.plan.clear();
                return None;
            }
            self.now_ms = at_ms;
            self.act(guild, action);
        }
    }
}
