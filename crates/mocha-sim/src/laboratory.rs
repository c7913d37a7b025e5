//! Applies faults between the servers and the bot.

use chrono::{DateTime, TimeDelta, Utc};
use mocha_store::{
    Event, Frame,
    event::{GuildOutage, ShardChanged, ShardStatus},
};

use crate::{
    Faults, Order, Step,
    delivery::{is_frame, set_time, user_of},
    dice::Dice,
    link::{Echo, Freeze, Link, Shard},
    traffic::time,
};

#[derive(Debug)]
pub(crate) struct Laboratory {
    /// Whether a heartbeat was acknowledged.
    acknowledged: bool,
    /// The time of the last arrival. Later events never arrive before it.
    arrived_ms: i64,
    /// How far the machine's clock is ahead.
    clock_ms: i64,
    /// The time at which a dead process starts again.
    dead_until_ms: Option<i64>,
    dice: Dice,
    faults: Faults,
    frozen: Option<Freeze>,
    /// For how many more frames another connection holds the lock.
    locked: u64,
    /// How many events arrived within the last millisecond.
    micros: i64,
    /// The time up to which the steps let time pass.
    passed_ms: i64,
    shards: Vec<Shard>,
    steps: Vec<Step>,
}

/// How long Discord lets a connection resume.
const RESUME_MS: i64 = 9 * 60_000;

/// Discord closes a connection after this time without a heartbeat.
const DEAF_MS: i64 = 60_000;

const HEARTBEAT_MS: i64 = 41_250;

impl Laboratory {
    pub(crate) fn new(faults: Faults, seed: u64, guilds: usize) -> Self {
        Self {
            acknowledged: false,
            arrived_ms: i64::MIN,
            clock_ms: 0,
            dead_until_ms: None,
            dice: Dice::new(seed),
            faults,
            frozen: None,
            locked: 0,
            micros: 0,
            passed_ms: i64::MIN,
            shards: std::iter::repeat_with(Shard::default).take(guilds).collect(),
            steps: vec![Step::Start],
        }
    }

    /// Handles the next event in a guild.
    pub(crate) fn happen(&mut self, guild: usize, event: &Event) {
        let now_ms = event.at().timestamp_millis();
        self.come_back(now_ms);
        let unheard = matches!(event, Event::MemberLeft(_)) && self.hits(self.faults.unheard_leaves);
        let dropped = unheard || (is_frame(event) && self.hits(self.faults.drops));
        let (dead, frozen) = (self.dead_until_ms.is_some(), self.frozen);
        let Some(shard) = self.shards.get_mut(guild) else { return };
        shard.world.observe(event);
        match (&mut shard.link, frozen) {
            _ if dead => {}
            // The event waits in the socket.
            (Link::Up, Some(_)) if !dropped => shard.echoes.push_back(Echo::buffered(event)),
            (Link::Up, None) if !dropped => self.hear(guild, event),
            (Link::Resumable { missed, .. }, _) if !unheard => missed.push(event.clone()),
            _ => {}
        }
        if frozen.is_none() && self.locked == 0 {
            self.trouble(guild, now_ms);
        }
    }

    /// Delivers an event over a working connection.
    fn hear(&mut self, guild: usize, event: &Event) {
        let now_ms = event.at().timestamp_millis();
        if let Event::ShardChanged(change) = event {
            return self.shard(guild, change.status, now_ms);
        }
        let is_locked = self.locked > 0;
        let (frame, event) = self.arrive(guild, event.clone(), now_ms);
        let Some(shard) = self.shards.get_mut(guild) else { return };
        for echo in &mut shard.echoes {
            echo.after = echo.after.saturating_sub(1);
        }
        while let Some(echo) =
            self.shards.get_mut(guild).and_then(|shard| shard.echoes.pop_front_if(|echo| echo.after == 0))
        {
            self.echo(guild, echo, now_ms);
        }
        // A frame is not delivered again if the recorder may have refused it.
        if is_locked || self.locked > 0 {
            return;
        }
        let again = self.hits(self.faults.duplicates);
        let is_late =
            frame.is_none() && !again && matches!(event, Event::MemberLeft(_)) && self.hits(self.faults.second_leaves);
        // Without frames a list is not repeated, because an old list would look like the current state.
        let is_list = matches!(event, Event::MembersListed(_) | Event::PresencesListed(_) | Event::VoiceSnapshot(_));
        let after = self.dice.below(20);
        let Some(shard) = self.shards.get_mut(guild) else { return };
        if let Some(frame) = &frame {
            shard.sent.push_back((frame.clone(), event.clone()));
            if shard.sent.len() > 20 {
                shard.sent.pop_front();
            }
        }
        if (again || is_late) && (frame.is_some() || !is_list) {
            shard.echoes.push_back(Echo { after, event, frame, is_late });
        }
    }

    /// Delivers an event for the second time.
    fn echo(&mut self, guild: usize, echo: Echo, now_ms: i64) {
        let Echo { event, frame, is_late, .. } = echo;
        if let Some(frame) = frame {
            return self.receive(Some(frame), vec![event], now_ms);
        }
        let is_member = |user_id| self.shards.get(guild).is_some_and(|shard| shard.world.is_member(user_id));
        match event {
            // Skips the leave if the member came back meanwhile.
            Event::MemberLeft(left) if is_late && is_member(left.user_id) => {}
            event if is_late => self.receive(None, vec![event], now_ms),
            event => self.steps.push(Step::Deliver(event)),
        }
    }

    /// Draws a fault at this time.
    fn trouble(&mut self, guild: usize, now_ms: i64) {
        if self.dead_until_ms.is_none() {
            if self.hits(self.faults.flushes) {
                self.steps.push(Step::Flush);
            }
            for (rate, step) in [(self.faults.crashes, Step::Crash), (self.faults.stops, Step::Stop)] {
                if self.hits(rate) {
                    self.pass(now_ms);
                    self.steps.push(step);
                    self.dead_until_ms = Some(now_ms + self.gap_ms());
                    for guild in 0..self.shards.len() {
                        self.lose(guild, Link::Up);
                    }
                    return;
                }
            }
            if self.hits(self.faults.erasures) {
                let people: Vec<_> =
                    self.shards.get(guild).map(|shard| shard.world.members().collect()).unwrap_or_default();
                self.steps.extend(self.dice.pick(&people).map(Step::Forget));
            }
        }
        if self.hits(self.faults.clock_steps) {
            let longest = self.dice.pick(&[10_000, 120_000, 1_800_000, 3 * 3_600_000]).unwrap_or(0);
            let step_ms = self.dice.ms_between(-longest, longest + 1);
            self.clock_ms += step_ms;
            self.pass(now_ms);
            self.steps.push(Step::ClockSet(step_ms));
        }
        if self.dead_until_ms.is_some() {
            return;
        }
        let link = self.shards.get(guild).map(|shard| &shard.link);
        let (is_up, is_outage) = (matches!(link, Some(Link::Up)), matches!(link, Some(Link::Outage { .. })));
        if is_up {
            self.disconnect(guild, now_ms);
        } else if is_outage && self.hits(self.faults.resumes) {
            // The guild is still unavailable after the resume.
            self.shard(guild, ShardStatus::Lost, now_ms);
            self.shard(guild, ShardStatus::Resumed, now_ms);
        }
    }

    /// Draws a fault of a working connection.
    fn disconnect(&mut self, guild: usize, now_ms: i64) {
        if self.hits(self.faults.guild_creates) {
            self.guild_create(guild, now_ms);
        } else if self.hits(self.faults.outages) {
            let Some(guild_id) = self.shards.get(guild).and_then(|shard| shard.world.guild_id()) else { return };
            let until_ms = now_ms + self.gap_ms();
            self.arrive(guild, GuildOutage { at: time(now_ms), guild_id }.into(), now_ms);
            self.lose(guild, Link::Outage { until_ms });
        } else if self.hits(self.faults.resumes) {
            let until_ms = now_ms + self.gap_ms().min(RESUME_MS);
            self.shard(guild, ShardStatus::Lost, now_ms);
            self.lose(guild, Link::Resumable { missed: Vec::new(), until_ms });
        } else if self.hits(self.faults.sessions) {
            let until_ms = now_ms + self.gap_ms();
            self.shard(guild, ShardStatus::Lost, now_ms);
            self.lose(guild, Link::Gone { until_ms });
        } else if self.faults.frames && self.shows_silence() && self.hits(self.faults.holes) {
            let until_ms = now_ms + self.gap_ms();
            self.lose(guild, Link::Gone { until_ms });
        } else if self.faults.frames && self.hits(self.faults.locks) {
            self.locked = 1 + self.dice.below(60);
            self.steps.push(Step::Lock);
        } else if self.shards.iter().all(|shard| shard.session > 0) && self.hits(self.faults.freezes) {
            let ms = self.dice.pick(&[5_000, 55_000, 400_000, 2_400_000]).unwrap_or(0);
            let ms = self.dice.ms_between(1, ms);
            // Avoids durations at which it is uncertain whether the connection survives.
            let ms = if (DEAF_MS - 5_000..DEAF_MS + 20_000).contains(&ms) { DEAF_MS + 20_000 } else { ms };
            self.pass(now_ms);
            self.frozen = Some(Freeze { asleep: self.dice.percent(50), since_ms: now_ms, until_ms: now_ms + ms });
            for shard in &mut self.shards {
                shard.echoes.clear();
            }
        }
    }

    /// Returns whether silence shows a bot that its connection is dead: after the first acknowledged heartbeat.
    fn shows_silence(&self) -> bool {
        self.acknowledged || !self.faults.passing
    }

    fn lose(&mut self, guild: usize, link: Link) {
        if let Some(shard) = self.shards.get_mut(guild) {
            shard.echoes.clear();
            shard.link = link;
        }
    }

    /// Ends every fault whose time is over.
    fn come_back(&mut self, now_ms: i64) {
        if let Some(freeze) = self.frozen {
            if freeze.until_ms > now_ms {
                return;
            }
            self.wake(freeze);
        }
        if let Some(until_ms) = self.dead_until_ms {
            if until_ms > now_ms {
                return;
            }
            self.dead_until_ms = None;
            self.pass(until_ms);
            self.steps.push(Step::Start);
            for guild in 0..self.shards.len() {
                self.begin_session(guild, until_ms);
            }
        }
        let ends = |shard: &Shard| shard.link.until_ms().filter(|until_ms| *until_ms <= now_ms);
        let mut back: Vec<_> =
            (0..).zip(&self.shards).filter_map(|(guild, shard)| Some((ends(shard)?, guild))).collect();
        back.sort_unstable();
        for (until_ms, guild) in back {
            self.beat(until_ms);
            self.reconnect(guild, until_ms);
        }
        self.beat(now_ms);
    }

    fn reconnect(&mut self, guild: usize, now_ms: i64) {
        let Some(shard) = self.shards.get_mut(guild) else { return };
        match std::mem::take(&mut shard.link) {
            Link::Up => {}
            Link::Gone { .. } => self.begin_session(guild, now_ms),
            Link::Outage { .. } => self.guild_create(guild, now_ms),
            Link::Resumable { missed, .. } => self.resume(guild, missed, now_ms),
        }
    }

    fn begin_session(&mut self, guild: usize, now_ms: i64) {
        self.shard(guild, ShardStatus::Ready, now_ms);
        self.guild_create(guild, now_ms);
    }

    fn resume(&mut self, guild: usize, mut missed: Vec<Event>, now_ms: i64) {
        if !self.faults.frames {
            self.disorder(&mut missed);
        }
        let again = usize::try_from(self.dice.below(6)).unwrap_or(0);
        let again: Vec<_> = match self.shards.get(guild) {
            Some(shard) if self.faults.frames => shard.sent.iter().rev().take(again).rev().cloned().collect(),
            _ => Vec::new(),
        };
        for (frame, event) in again {
            self.receive(Some(frame), vec![event], now_ms);
        }
        for event in missed {
            let later_ms = if self.faults.bursts { 0 } else { self.dice.ms_between(0, 3) };
            self.arrive(guild, event, now_ms.max(self.arrived_ms.saturating_add(later_ms)));
        }
        self.shard(guild, ShardStatus::Resumed, now_ms);
    }

    /// Lets a frozen process continue. It reads the events in the socket, then the end of the connection.
    fn wake(&mut self, Freeze { asleep, since_ms, until_ms }: Freeze) {
        self.frozen = None;
        let ms = until_ms - since_ms;
        self.steps.push(Step::Freeze { asleep, ms });
        self.passed_ms = until_ms;
        for guild in 0..self.shards.len() {
            let Some(shard) = self.shards.get_mut(guild).filter(|shard| matches!(shard.link, Link::Up)) else {
                continue;
            };
            shard.beat_ms = until_ms;
            let waiting: Vec<Event> = shard.echoes.drain(..).map(|echo| echo.event).collect();
            let is_sent = |event: &Event| ms < DEAF_MS || event.at().timestamp_millis() < since_ms + DEAF_MS;
            let (sent, missed): (Vec<Event>, Vec<Event>) = waiting.into_iter().partition(is_sent);
            for event in sent {
                self.arrive(guild, event, until_ms);
            }
            if ms >= DEAF_MS {
                self.shard(guild, ShardStatus::Lost, until_ms);
                if ms < RESUME_MS && self.dice.percent(50) {
                    self.resume(guild, missed, until_ms);
                } else {
                    self.begin_session(guild, until_ms);
                }
            }
        }
    }

    /// Acknowledges the heartbeats up to this time.
    fn beat(&mut self, now_ms: i64) {
        if !(self.faults.heartbeats && self.faults.frames) || self.dead_until_ms.is_some() {
            return;
        }
        loop {
            let due = |shard: &Shard| {
                matches!(shard.link, Link::Up | Link::Outage { .. }).then_some(shard.beat_ms + HEARTBEAT_MS)
            };
            let next = (0..).zip(&self.shards).filter(|(_, shard)| shard.session > 0);
            let next = next.filter_map(|(guild, shard)| Some((due(shard)?, guild))).min();
            let Some((at_ms, guild)) = next.filter(|(at_ms, _)| *at_ms <= now_ms) else { return };
            self.acknowledged = true;
            self.shard(guild, ShardStatus::Heard, at_ms);
            if let Some(shard) = self.shards.get_mut(guild) {
                shard.beat_ms = at_ms;
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

    /// Picks two neighbouring events.
    fn neighbours<'a>(&mut self, events: &'a mut [Event]) -> Option<&'a mut [Event]> {
        let first = usize::try_from(self.dice.below(u64::try_from(events.len()).ok()?.saturating_sub(1))).ok()?;
        events.get_mut(first..first.checked_add(2)?)
    }

    /// Ends all faults and sends each guild at the end.
    pub(crate) fn finish(mut self, end: DateTime<Utc>) -> Vec<Step> {
        let end_ms = end.timestamp_millis();
        self.frozen = self.frozen.map(|freeze| Freeze { until_ms: freeze.until_ms.min(end_ms), ..freeze });
        self.dead_until_ms = self.dead_until_ms.map(|until_ms| until_ms.min(end_ms));
        for shard in &mut self.shards {
            match &mut shard.link {
                Link::Gone { until_ms } | Link::Outage { until_ms } | Link::Resumable { until_ms, .. } => {
                    *until_ms = (*until_ms).min(end_ms);
                }
                Link::Up => {}
            }
        }
        self.come_back(end_ms);
        if self.locked > 0 {
            self.steps.push(Step::Unlock);
            self.locked = 0;
        }
        for guild in 0..self.shards.len() {
            let seen = self.shards.get(guild).and_then(|shard| shard.world.guild_create(end).into_iter().next());
            if let Some(seen) = seen {
                self.arrive(guild, seen, end_ms);
            }
        }
        self.steps.push(Step::Flush);
        self.steps
    }

    fn guild_create(&mut self, guild: usize, now_ms: i64) {
        let Some(shard) = self.shards.get(guild) else { return };
        let events = shard.world.guild_create(time(now_ms));
        if self.faults.frames {
            let frame = self.next_frame(guild);
            return self.receive(Some(frame), events, now_ms);
        }
        for event in events {
            self.receive(None, vec![event], now_ms);
        }
    }

    fn shard(&mut self, guild: usize, status: ShardStatus, now_ms: i64) {
        let shard_count = u32::try_from(self.shards.len()).unwrap_or(u32::MAX);
        let shard_id = u32::try_from(guild).unwrap_or(0);
        let event = ShardChanged { at: time(now_ms), shard_count, shard_id, status }.into();
        if status == ShardStatus::Ready
            && let Some(shard) = self.shards.get_mut(guild)
        {
            (shard.session, shard.sequence, shard.beat_ms) = (shard.session + 1, 0, now_ms);
            shard.sent.clear();
        }
        let frame = self.faults.frames.then(|| match status {
            ShardStatus::Ready | ShardStatus::Resumed => self.next_frame(guild),
            _ => Frame::new().of_shard(shard_id, shard_count),
        });
        self.receive(frame, vec![event], now_ms);
    }

    fn next_frame(&mut self, guild: usize) -> Frame {
        let shard_count = u32::try_from(self.shards.len()).unwrap_or(u32::MAX);
        let frame = Frame::new().of_shard(u32::try_from(guild).unwrap_or(0), shard_count);
        let Some(shard) = self.shards.get_mut(guild) else { return frame };
        shard.sequence += 1;
        frame.in_session(format!("{guild} {}", shard.session), shard.sequence)
    }

    /// Delivers an event for the first time. Returns its frame, and the event as it was delivered.
    fn arrive(&mut self, guild: usize, mut event: Event, now_ms: i64) -> (Option<Frame>, Event) {
        let frame = self.faults.frames.then(|| self.next_frame(guild));
        self.receive(frame.clone(), vec![event.clone()], now_ms);
        if let Some(Step::Deliver(shown)) = self.steps.last() {
            event = shown.clone();
        }
        (frame, event)
    }

    /// Delivers events with the time of the machine's clock. Only messages keep the time at which they were sent.
    fn receive(&mut self, frame: Option<Frame>, mut events: Vec<Event>, now_ms: i64) {
        self.micros = if now_ms > self.arrived_ms { 0 } else { (self.micros + 1).min(999) };
        self.arrived_ms = self.arrived_ms.max(now_ms);
        self.pass(self.arrived_ms);
        let shown = time(self.arrived_ms + self.clock_ms) + TimeDelta::microseconds(self.micros);
        for event in &mut events {
            set_time(event, shown);
        }
        match frame {
            Some(frame) => self.steps.push(Step::Receive(frame, events)),
            None => self.steps.extend(events.into_iter().map(Step::Deliver)),
        }
        if self.locked > 0 {
            self.locked -= 1;
            if self.locked == 0 {
                self.steps.push(Step::Unlock);
            }
        }
    }

    /// Lets time pass until then.
    fn pass(&mut self, now_ms: i64) {
        if self.faults.passing && self.passed_ms != i64::MIN && now_ms > self.passed_ms {
            self.steps.push(Step::Pass(now_ms - self.passed_ms));
        }
        self.passed_ms = self.passed_ms.max(now_ms);
    }

    fn hits(&mut self, rate: u64) -> bool {
        rate > 0 && self.dice.below(1_000) < rate
    }

    /// Picks a duration: often seconds, sometimes longer than any bridge limit.
    fn gap_ms(&mut self) -> i64 {
        let longest = self.dice.pick(&[1_000, 60_000, 60_000, 360_000, 360_000, 2_400_000]).unwrap_or(0);
        self.dice.ms_between(1, longest + 1)
    }
}
