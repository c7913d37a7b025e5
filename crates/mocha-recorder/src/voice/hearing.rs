//! Signs of life of the connections to the gateway, and what follows from them.

use mocha_schema::GuildId;

use super::{
    DAY_MS,
    connections::{Link, Shard},
    gap::{Loss, RESUME_WINDOW_MS},
    open::Open,
    rows::Row,
    tracker::Tracker,
};
use crate::{
    Event, Person,
    event::{ShardChanged, ShardStatus},
};

/// Frames that arrive so soon after the process went on may have waited for it. They do not show that the connection is
/// alive.
const DRAIN_MS: i64 = 10_000;

impl Tracker {
    /// Notes that an event arrived over the connection of a shard, or about a guild.
    ///
    /// `is_frame` says that an adapter took it from a gateway frame. After a connection ended, the next session begins
    /// with READY. Any other frame comes from the session that goes on. Then Discord delivers everything that was missed,
    /// and nobody's session has a gap. An event without a frame may be out of order.
    pub(crate) fn heard(&mut self, event: &Event, shard: Option<Shard>, is_frame: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        let guild_id = event.guild_id();
        let shard = shard.or_else(|| self.connections().of_guild(guild_id?));
        if !(is_frame || is_of_gateway(event)) || matches!(event, Event::ShardChanged(_)) {
            return rows;
        }
        let at_ms = event.at().timestamp_millis();
        match (shard, guild_id) {
            (Some(shard), _) => {
                let heard_ms = if self.tells_arrival(event) { at_ms } else { i64::MIN };
                if is_frame {
                    self.connections_mut().has_frames(shard);
                }
                match self.connections_mut().heard(shard, heard_ms) {
                    Link::Lost if is_frame => self.resumed(shard, at_ms, &mut rows),
                    Link::Lost => {}
                    Link::Fresh | Link::Up => self.survived(self.guilds_of(shard), at_ms, &mut rows),
                }
            }
            (None, Some(guild_id)) => self.survived(vec![guild_id], at_ms, &mut rows),
            (None, None) => {}
        }
        rows
    }

    /// Returns whether the event's time is that of its arrival. A message has Discord's time. A replay has no other, but a
    /// damaged digit may put it far off.
    fn tells_arrival(&self, event: &Event) -> bool {
        let is_message = event.has_time_of_message();
        let ahead_ms = event.at().timestamp_millis().saturating_sub(self.last_confirmed_ms());
        !is_message || (self.is_replay() && (self.last_confirmed_ms() == i64::MIN || ahead_ms <= DAY_MS))
    }

    /// Applies a new state of a shard's connection.
    pub(crate) fn shard_changed(&mut self, change: ShardChanged, is_new: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        if !is_new && !self.is_new_shard_change(change) {
            return rows;
        }
        let ShardChanged { at, shard_count, shard_id, status } = change;
        let (shard, at_ms) = ((shard_id, shard_count), at.timestamp_millis());
        match status {
            ShardStatus::Heard => {
                self.connections_mut().acknowledged();
                if self.connections_mut().heard(shard, at_ms) != Link::Lost {
                    self.survived(self.guilds_of(shard), at_ms, &mut rows);
                }
            }
            ShardStatus::Closed | ShardStatus::Lost => {
                // In a replay silence is no gap.
                if status == ShardStatus::Closed || self.is_replay() {
                    self.connections_mut().heard(shard, at_ms);
                }
                self.lose_shard(shard, at_ms, Link::Lost);
            }
            ShardStatus::Ready => {
                self.lose_shard(shard, at_ms, Link::Fresh);
                self.end_intervals_of_lost(shard, at_ms, &mut rows);
                self.connections_mut().heard(shard, at_ms);
            }
            ShardStatus::Resumed => {
                self.connections_mut().heard(shard, at_ms);
                self.resumed(shard, at_ms, &mut rows);
            }
        }
        rows
    }

    fn lose_shard(&mut self, shard: Shard, at_ms: i64, link: Link) {
        let heard_ms = self.connections().last_heard(shard);
        let loss = if link == Link::Lost { Loss::Connection } else { Loss::Session };
        for guild_id in self.guilds_of(shard) {
            self.guild_lost(guild_id, at_ms, heard_ms, loss);
        }
        self.connections_mut().set_link(shard, link);
    }

    /// Ends the intervals of the shard's lost people, and begins others at the same time. In a replay other shards go on while
    /// this one is silent, so the file may confirm its people for longer. READY shows that it is wrong, and the file must not
    /// keep that if the process ends now.
    fn end_intervals_of_lost(&mut self, shard: Shard, at_ms: i64, rows: &mut Vec<Row>) {
        if !self.is_replay() {
            return;
        }
        for guild_id in self.guilds_of(shard) {
            for (person, open) in self.open_until(guild_id, at_ms) {
                let Some(since_ms) = open.lost_since_ms.filter(|since_ms| *since_ms < self.last_confirmed_ms()) else {
                    continue;
                };
                open.close(person, since_ms, rows);
                self.open(person, Open { started_at_ms: since_ms, ..open }, rows);
            }
        }
    }

    /// Expects that the shard's earlier session is resumed. Its next frame then shows that nothing was missed, unless it is
    /// READY.
    pub(crate) fn resume_expected(&mut self, shard: Shard) {
        self.connections_mut().set_link(shard, Link::Lost);
    }

    /// Notes that the shard's session was resumed, but some of its events are missing. Who is in voice is unknown until
    /// each guild's next snapshot.
    pub(crate) fn session_lost(&mut self, shard: Shard) {
        self.lose_shard(shard, i64::MAX, Link::Fresh);
    }

    /// Returns until when each shard was heard, in unix milliseconds. Without shards it is shard 0 of 1.
    pub(crate) fn heard_by_shard(&self) -> impl Iterator<Item = (Shard, i64)> {
        let confirmed_ms = self.last_confirmed_ms();
        let is_unsharded = self.is_replay() || self.connections().is_empty();
        let unsharded = is_unsharded.then_some(((0, 1), confirmed_ms));
        let sharded = (!is_unsharded).then(|| self.connections().heard_by_shard(confirmed_ms));
        unsharded.into_iter().chain(sharded.into_iter().flatten())
    }

    /// Notes that the process did not run until this time. The connections may have survived that or not.
    pub(crate) fn interrupted(&mut self, until_ms: i64) {
        let people: Vec<_> = self.everybody().filter(|(_, open)| open.lost_since_ms.is_none()).collect();
        for (person, open) in people {
            let lost_since_ms = Some(self.session_confirmed_ms(person, open));
            self.put_open(person, Open { frozen: true, lost_since_ms, ..open });
        }
        self.confirm_no_longer_than(until_ms);
    }

    /// Notes that the shard's session goes on after there was no connection. Nothing was missed, so people without an event
    /// were there all the time. If the clock ran ahead for longer than a session lasts, it is unknown how long that was.
    fn resumed(&mut self, shard: Shard, at_ms: i64, rows: &mut Vec<Row>) {
        let frozen_until_ms = self.frozen_until_ms().unwrap_or(at_ms);
        for guild_id in self.guilds_of(shard) {
            for (person, open) in self.open_until(guild_id, at_ms) {
                let open = Open { claimed: true, ..open };
                if open.unreachable {
                    self.put_open(person, open);
                    continue;
                }
                // The time after the process went on is known.
                let frozen_ms = open.lost_since_ms.map_or(0, |since_ms| frozen_until_ms.saturating_sub(since_ms));
                if open.frozen && !(0..=RESUME_WINDOW_MS).contains(&frozen_ms) {
                    self.stayed(person, open, at_ms, rows);
                } else {
                    self.put_open(person, Open { frozen: false, lost_since_ms: None, ..open });
                }
            }
        }
        self.connections_mut().set_link(shard, Link::Up);
    }

    /// Notes that something was heard of the guilds. If that is long enough after the process went on, their session
    /// survived, and everybody is still there. The time until the process went on is a gap.
    fn survived(&mut self, guilds: Vec<GuildId>, at_ms: i64, rows: &mut Vec<Row>) {
        let Some(until_ms) = self.frozen_until_ms().filter(|until_ms| at_ms.saturating_sub(*until_ms) >= DRAIN_MS)
        else {
            return;
        };
        for guild_id in guilds {
            for (person, open) in self.open_until(guild_id, at_ms) {
                if open.frozen && !open.unreachable {
                    self.stayed(person, open, until_ms, rows);
                }
            }
        }
    }

    /// Applies that a person was there before a gap and is there after it. If the gap is too long to be bridged, or if the
    /// clock was ahead before it, another session begins.
    fn stayed(&mut self, person: Person, lost: Open, until_ms: i64, rows: &mut Vec<Row>) {
        let since_ms = self.session_confirmed_ms(person, lost);
        if lost.started_at_ms > until_ms {
            self.end(person, lost, lost.started_at_ms, rows);
        } else if self.bridge(person, lost, since_ms, until_ms, rows).is_some() {
            return;
        }
        self.join(person, lost.channel_id, lost.state, until_ms, rows);
    }

    /// Returns the guilds of the shard that have people in voice.
    fn guilds_of(&self, (shard_id, shard_count): Shard) -> Vec<GuildId> {
        let serves = |guild_id: &GuildId| (guild_id.get() >> 22) % u64::from(shard_count.max(1)) == u64::from(shard_id);
        self.open_guilds().filter(serves).collect()
    }
}

/// Returns whether only the gateway sends such events. Others may come from Discord's REST API or from an import.
const fn is_of_gateway(event: &Event) -> bool {
    matches!(
        event,
        Event::MemberJoined(_) | Event::MemberLeft(_) | Event::PresenceChanged(_) | Event::VoiceStateChanged(_)
    )
}
