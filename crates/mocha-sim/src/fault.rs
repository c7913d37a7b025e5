//! Faults: a server's events, broken as Discord, networks and machines break them.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use mocha_store::{
    Event,
    event::{GuildOutage, ShardChanged, ShardStatus},
};

use crate::{World, dice::Dice, traffic::time};

/// What happens to a bot, one after the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// The machine's clock is set, by so many milliseconds. It shows in the times of what is delivered.
    ClockSet(i64),
    /// The process dies: what was not flushed is lost.
    Crash,
    /// An event arrives.
    Deliver(Event),
    /// Everything delivered so far is made sure of.
    Flush,
    /// The process starts.
    Start,
    /// The process is stopped cleanly.
    Stop,
}

/// What a resumed connection does to the order of what it delivers late.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// The order in which it happened.
    #[default]
    Kept,
    /// Events of different people change places; those of one person keep their order.
    KeptByPerson,
    /// Any order.
    Lost,
}

/// How often which fault happens; each rate in thousandths of the events, and zero unless set.
///
/// # Examples
///
/// ```
/// use mocha_sim::{Faults, Server, Step};
///
/// let server = Server::new(3).days(1).members(20);
/// let events: Vec<_> = server.events().collect();
/// let steps = Faults::default().apply(1, &events, server.end());
/// // Without faults: it starts, all is delivered, and in the end is made sure of.
/// assert_eq!(steps.len(), events.len() + 3);
/// let steps = Faults { crashes: 100, ..Faults::default() }.apply(1, &events, server.end());
/// assert!(steps.contains(&Step::Crash));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Faults {
    /// The machine's clock is set by seconds to hours, ahead or back.
    pub clock_steps: u64,
    /// The process dies and is started again later.
    pub crashes: u64,
    /// A frame is never delivered, and nobody notices.
    pub drops: u64,
    /// An event is delivered again, at once or after some others.
    pub duplicates: u64,
    /// Everything is made sure of. No fault; but what comes between two of these is lost in a crash.
    pub flushes: u64,
    /// Discord sends a guild again though nothing was wrong.
    pub guild_creates: u64,
    /// The guild cannot be reached for a while, and is then told again.
    pub outages: u64,
    /// What a resumed connection does to the order.
    pub order: Order,
    /// The connection breaks and is resumed: what was missed is delivered late.
    pub resumes: u64,
    /// The connection breaks and a new session begins: what was missed stays missed.
    pub sessions: u64,
    /// The process is stopped cleanly and started again later.
    pub stops: u64,
    /// A member leaves and no event says so; in thousandths of the leaves.
    pub unheard_leaves: u64,
}

impl Faults {
    /// Breaks the events, which are in order of time and all before the end; the same seed breaks them in the same way.
    ///
    /// The last steps are that the connection is there again, that the guild is seen at the end, and a flush.
    #[must_use]
    pub fn apply(&self, seed: u64, events: &[Event], end: DateTime<Utc>) -> Vec<Step> {
        let mut laboratory = Laboratory {
            arrived_ms: i64::MIN,
            clock_ms: 0,
            dice: Dice::new(seed),
            echoes: VecDeque::new(),
            faults: *self,
            link: Link::Up,
            steps: vec![Step::Start],
            world: World::default(),
        };
        for event in events {
            laboratory.happen(event);
        }
        laboratory.finish(end);
        laboratory.steps
    }
}

/// What is between Discord and the file.
#[derive(Debug)]
enum Link {
    /// The process is not there.
    Dead {
        until_ms: i64,
    },
    /// The connection broke and will begin a new session.
    Gone {
        until_ms: i64,
    },
    /// The guild cannot be reached. Meanwhile the connection may break and be resumed.
    Outage {
        until_ms: i64,
    },
    /// The connection broke and will be resumed.
    Resumable {
        missed: Vec<Event>,
        until_ms: i64,
    },
    Up,
}

impl Link {
    const fn until_ms(&self) -> Option<i64> {
        match self {
            Self::Dead { until_ms }
            | Self::Gone { until_ms }
            | Self::Outage { until_ms }
            | Self::Resumable { until_ms, .. } => Some(*until_ms),
            Self::Up => None,
        }
    }
}

#[derive(Debug)]
struct Laboratory {
    /// When the last event arrived: nothing arrives before it.
    arrived_ms: i64,
    /// How far the machine's clock is ahead.
    clock_ms: i64,
    dice: Dice,
    /// What will be delivered again, and after how many others.
    echoes: VecDeque<(u64, Event)>,
    faults: Faults,
    link: Link,
    steps: Vec<Step>,
    world: World,
}

/// Discord lets a connection resume for some minutes only.
const RESUME_MS: i64 = 9 * 60_000;

impl Laboratory {
    /// The next thing happens on the server.
    fn happen(&mut self, event: &Event) {
        let now_ms = event.at().timestamp_millis();
        if let Some(until_ms) = self.link.until_ms().filter(|until_ms| *until_ms <= now_ms) {
            self.come_back(until_ms);
        }
        self.world.observe(event);
        let unheard = matches!(event, Event::MemberLeft(_)) && self.hits(self.faults.unheard_leaves);
        let dropped = unheard || (is_frame(event) && self.hits(self.faults.drops));
        match &mut self.link {
            Link::Up if dropped => {}
            Link::Up => self.hear(event),
            Link::Resumable { missed, .. } if !unheard => missed.push(event.clone()),
            Link::Resumable { .. } | Link::Dead { .. } | Link::Gone { .. } | Link::Outage { .. } => {}
        }
        self.trouble(now_ms);
    }

    /// An event arrives in good order.
    fn hear(&mut self, event: &Event) {
        let now_ms = event.at().timestamp_millis();
        let event = self.arrive(event.clone(), now_ms);
        for (others, _) in &mut self.echoes {
            *others = others.saturating_sub(1);
        }
        while let Some((_, echo)) = self.echoes.pop_front_if(|(others, _)| *others == 0) {
            self.steps.push(Step::Deliver(echo));
        }
        if self.hits(self.faults.duplicates) {
            let others = self.dice.below(20);
            // A repeated snapshot says what is true then, and not with what was.
            if !matches!(event, Event::MembersListed(_) | Event::PresencesListed(_) | Event::VoiceSnapshot(_)) {
                self.echoes.push_back((others, event));
            }
        }
    }

    /// Something may go wrong now.
    fn trouble(&mut self, now_ms: i64) {
        if !matches!(self.link, Link::Dead { .. }) {
            if self.hits(self.faults.flushes) {
                self.steps.push(Step::Flush);
            }
            for (rate, step) in [(self.faults.crashes, Step::Crash), (self.faults.stops, Step::Stop)] {
                if self.hits(rate) {
                    self.steps.push(step);
                    let until_ms = now_ms + self.gap_ms();
                    return self.lose(Link::Dead { until_ms });
                }
            }
        }
        if self.hits(self.faults.clock_steps) {
            let longest = self.dice.pick(&[10_000, 120_000, 1_800_000, 3 * 3_600_000]).unwrap_or(0);
            let step_ms = self.dice.ms_between(-longest, longest + 1);
            self.clock_ms += step_ms;
            self.steps.push(Step::ClockSet(step_ms));
        }
        match self.link {
            Link::Up => self.disconnect(now_ms),
            // The guild is still out of reach after this.
            Link::Outage { .. } => {
                if self.hits(self.faults.resumes) {
                    self.shard(ShardStatus::Lost, now_ms);
                    self.shard(ShardStatus::Resumed, now_ms);
                }
            }
            Link::Dead { .. } | Link::Gone { .. } | Link::Resumable { .. } => {}
        }
    }

    /// Something may happen to a connection that is there.
    fn disconnect(&mut self, now_ms: i64) {
        if self.hits(self.faults.guild_creates) {
            self.guild_create(now_ms);
        } else if self.hits(self.faults.outages) {
            let Some(guild_id) = self.world.guild_id() else { return };
            let until_ms = now_ms + self.gap_ms();
            self.arrive(GuildOutage { at: time(now_ms), guild_id }.into(), now_ms);
            self.lose(Link::Outage { until_ms });
        } else if self.hits(self.faults.resumes) {
            let until_ms = now_ms + self.gap_ms().min(RESUME_MS);
            self.shard(ShardStatus::Lost, now_ms);
            self.lose(Link::Resumable { missed: Vec::new(), until_ms });
        } else if self.hits(self.faults.sessions) {
            let until_ms = now_ms + self.gap_ms();
            self.shard(ShardStatus::Lost, now_ms);
            self.lose(Link::Gone { until_ms });
        }
    }

    fn lose(&mut self, link: Link) {
        self.echoes.clear();
        self.link = link;
    }

    fn come_back(&mut self, now_ms: i64) {
        match std::mem::replace(&mut self.link, Link::Up) {
            Link::Up => {}
            Link::Dead { .. } => {
                self.steps.push(Step::Start);
                self.shard(ShardStatus::Ready, now_ms);
                self.guild_create(now_ms);
            }
            Link::Gone { .. } => {
                self.shard(ShardStatus::Ready, now_ms);
                self.guild_create(now_ms);
            }
            Link::Outage { .. } => self.guild_create(now_ms),
            Link::Resumable { mut missed, .. } => {
                self.disorder(&mut missed);
                for event in missed {
                    let later_ms = self.dice.ms_between(0, 3);
                    self.arrive(event, now_ms.max(self.arrived_ms.saturating_add(later_ms)));
                }
                self.shard(ShardStatus::Resumed, now_ms);
            }
        }
    }

    fn disorder(&mut self, events: &mut [Event]) {
        let order = self.faults.order;
        for _ in 0..events.len() * 2 {
            let Some(pair) = self.neighbours(events) else { return };
            let [first, second] = pair else { return };
            if order == Order::Lost || (order == Order::KeptByPerson && user_of(first) != user_of(second)) {
                std::mem::swap(first, second);
            }
        }
    }

    /// Two events in a row.
    fn neighbours<'a>(&mut self, events: &'a mut [Event]) -> Option<&'a mut [Event]> {
        let first = usize::try_from(self.dice.below(u64::try_from(events.len()).ok()?.saturating_sub(1))).ok()?;
        events.get_mut(first..first.checked_add(2)?)
    }

    fn finish(&mut self, end: DateTime<Utc>) {
        let end_ms = end.timestamp_millis();
        self.come_back(end_ms.min(self.link.until_ms().unwrap_or(end_ms)));
        if let Some(guild) = self.world.guild_create(end).into_iter().next() {
            self.arrive(guild, end_ms);
        }
        self.steps.push(Step::Flush);
    }

    fn guild_create(&mut self, now_ms: i64) {
        for event in self.world.guild_create(time(now_ms)) {
            self.arrive(event, now_ms);
        }
    }

    fn shard(&mut self, status: ShardStatus, now_ms: i64) {
        self.arrive(ShardChanged { at: time(now_ms), shard_count: 1, shard_id: 0, status }.into(), now_ms);
    }

    /// Delivers it with the time that the machine's clock shows. Messages alone tell when they were sent.
    fn arrive(&mut self, mut event: Event, now_ms: i64) -> Event {
        self.arrived_ms = self.arrived_ms.max(now_ms);
        let shown = time(self.arrived_ms + self.clock_ms);
        match &mut event {
            Event::ChannelRemoved(event) => event.at = shown,
            Event::ChannelSeen(event) => event.at = shown,
            Event::GuildOutage(event) => event.at = shown,
            Event::GuildSeen(event) => event.at = shown,
            Event::MemberJoined(event) | Event::MemberSeen(event) => event.at = shown,
            Event::MemberLeft(event) => event.at = shown,
            Event::MembersListed(event) => event.at = shown,
            Event::PresenceChanged(event) => event.at = shown,
            Event::PresencesListed(event) => event.at = shown,
            Event::ShardChanged(event) => event.at = shown,
            Event::UserSeen(event) => event.at = shown,
            Event::VoiceSnapshot(event) => event.at = shown,
            Event::VoiceStateChanged(event) => event.at = shown,
            _ => {}
        }
        self.steps.push(Step::Deliver(event.clone()));
        event
    }

    fn hits(&mut self, rate: u64) -> bool {
        rate > 0 && self.dice.below(1_000) < rate
    }

    /// How long something lasts: often seconds, at times more than anybody would bridge.
    fn gap_ms(&mut self) -> i64 {
        let longest = self.dice.pick(&[1_000, 60_000, 60_000, 360_000, 360_000, 2_400_000]).unwrap_or(0);
        self.dice.ms_between(1, longest + 1)
    }
}

/// What Discord sends by itself; a snapshot and what belongs to it comes in one piece, or the connection breaks.
const fn is_frame(event: &Event) -> bool {
    matches!(event, Event::MemberJoined(_) | Event::MemberLeft(_) | Event::MessageSent(_) | Event::VoiceStateChanged(_))
}

/// The person an event is about.
fn user_of(event: &Event) -> Option<mocha_schema::UserId> {
    match event {
        Event::MemberJoined(event) | Event::MemberSeen(event) => Some(event.user_id),
        Event::MemberLeft(event) => Some(event.user_id),
        Event::MessageSent(event) => Some(event.user_id),
        Event::PresenceChanged(event) => Some(event.user_id),
        Event::UserSeen(event) => Some(event.user_id),
        Event::VoiceStateChanged(event) => Some(event.user_id),
        _ => None,
    }
}
