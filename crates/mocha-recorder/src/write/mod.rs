//! Decides what each event changes in the tables. Each noun has a file.

mod addressee;
mod boost;
mod channel;
mod command;
mod guild;
mod hidden;
mod history;
mod invite;
mod joined;
mod known;
mod listed;
mod member;
mod member_count;
mod member_log;
mod message;
mod parent;
mod positions;
mod presence;
mod reaction;
mod recent;
mod role;
mod seen;
mod user;
mod voice;
mod watermark;
mod withheld;

use mocha_schema::{GuildId, UserId};

use self::{
    hidden::Hidden, known::KnownMembers, listed::MemberLists, parent::Parents, positions::Positions,
    presence::Presences, recent::Recent, watermark::Watermark,
};
use crate::{
    Error, Event, Person,
    backend::Tables,
    event::{ShardStatus, VoiceScope},
    recorder::{Queued, ShardClaim, StoredSession},
    tombstones::Tombstones,
    voice::{Arrival, Mark, Shard, Tracker, load_open, stamp, store_unheard},
};

/// The result of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It belongs to a shard that another recorder has taken over.
    Dropped,
    /// It contained nothing new.
    Duplicate,
    /// It is only the place of a frame without events.
    Placed,
    /// It is about a user who was erased or opted out.
    Withheld,
    Written,
}

impl Outcome {
    /// Returns the result of an event that changed something, or nothing.
    fn of(changed: bool) -> Self {
        if changed { Self::Written } else { Self::Duplicate }
    }
}

/// The memory of the writer. All of it except the tracker can be forgotten at any time.
#[derive(Debug)]
pub(crate) struct State {
    /// The number by which the tables show that others changed them.
    generation: Option<i64>,
    hidden: Hidden,
    known: KnownMembers,
    lists: MemberLists,
    members: Recent<Person>,
    parents: Parents,
    positions: Positions,
    /// The positions as they were at the mark, for a transaction that is undone.
    positions_before: Positions,
    presences: Presences,
    started_at_ms: Option<i64>,
    tombstones: Tombstones,
    tracker: Tracker,
    users: Recent<mocha_schema::UserId>,
    watermark: Watermark,
}

impl State {
    pub(crate) fn new(bridge_limit_ms: i64) -> Self {
        Self {
            generation: None,
            hidden: Hidden::default(),
            known: KnownMembers::default(),
            lists: MemberLists::default(),
            members: Recent::default(),
            parents: Parents::default(),
            positions: Positions::default(),
            positions_before: Positions::default(),
            presences: Presences::default(),
            started_at_ms: None,
            tombstones: Tombstones::default(),
            tracker: Tracker::new(bridge_limit_ms),
            users: Recent::default(),
            watermark: Watermark::default(),
        }
    }

    /// Loads what is stored.
    pub(crate) fn start(&mut self, tables: &mut impl Tables, now_ms: Option<i64>) -> Result<(), Error> {
        load_open(tables, &mut self.tracker, |_| true)?;
        self.positions = Positions::load(tables)?;
        if now_ms.is_none() {
            // Only a replay contains history. A bot whose clock was set back does not.
            let seen_at_ms = tables.recorder_state()?.map_or(i64::MIN, |state| state.seen_at_ms);
            self.tracker.replay_after(seen_at_ms);
        }
        self.started_at_ms = now_ms;
        Ok(())
    }

    /// Returns the bot whose shards are recorded, if one is known.
    pub(crate) fn bot(&self) -> Option<UserId> {
        self.positions.bot()
    }

    /// Takes a shard over, and returns the session to resume, if there is one.
    pub(crate) fn claim(
        &mut self,
        tables: &mut impl Tables,
        claim: &ShardClaim,
    ) -> Result<Option<StoredSession>, Error> {
        let session = self.positions.claim(tables, claim)?;
        self.take_over(tables, |guild_id| claim.serves(guild_id))?;
        if session.is_some() {
            self.tracker.resume_expected((claim.shard_id, claim.shard_count));
        }
        Ok(session)
    }

    /// Returns whether the shard still belongs to this recorder.
    pub(crate) fn holds(&self, shard: Shard) -> bool {
        self.positions.holds(shard)
    }

    /// Loads what another recorder wrote about these guilds.
    fn take_over(&mut self, tables: &mut impl Tables, serves: impl Fn(GuildId) -> bool) -> Result<(), Error> {
        self.tracker.forget_people(|person| serves(person.guild_id));
        load_open(tables, &mut self.tracker, serves)
    }

    /// Confirms everybody who is connected and not lost, up to this time.
    pub(crate) fn confirm(&mut self, at_ms: i64) {
        self.started_at_ms.get_or_insert(at_ms);
        self.tracker.confirm(at_ms);
    }

    /// Confirms everybody up to the time of an event. A message has the time at which it was sent, which a damaged digit may
    /// put far off.
    pub(crate) fn confirm_by(&mut self, event: &Event) {
        const DAY_MS: i64 = 86_400_000;
        let (at_ms, confirmed_ms) = (event.at().timestamp_millis(), self.tracker.last_confirmed_ms());
        let far_off = confirmed_ms > i64::MIN && at_ms.saturating_sub(confirmed_ms) > DAY_MS;
        // READY shows nothing about the time before it.
        let is_ready = matches!(event, Event::ShardChanged(change) if change.status == ShardStatus::Ready);
        let is_evidence = !(is_ready || far_off && event.has_time_of_message());
        if is_evidence {
            self.confirm(at_ms);
        }
    }

    /// Notes that the queue refused an event about voice or members, so that it is missing.
    pub(crate) fn queue_refused(&mut self, tables: &mut impl Tables) -> Result<(), Error> {
        self.known.clear();
        self.lists.clear();
        stamp(tables, &mut self.tracker)?;
        self.tracker.lose(VoiceScope::Everybody);
        Ok(())
    }

    /// Notes that the database refused the event, which will never be stored. It is then unknown whether the people whom it
    /// may have taken out of voice are connected.
    pub(crate) fn database_refused(&mut self, event: &Event) {
        if let Some(scope) = event.voice_scope() {
            self.tracker.lose(scope);
            self.tracker.commit();
        }
    }

    /// Writes until when everybody is confirmed. `stop` says that the program ends.
    pub(crate) fn stamp(&mut self, tables: &mut impl Tables, now_ms: Option<i64>, stop: bool) -> Result<(), Error> {
        let days = if now_ms.is_none() && !stop { watermark::REPLAYED_DAYS } else { 1 };
        if let Some(now_ms) = now_ms {
            self.confirm(now_ms);
        }
        stamp(tables, &mut self.tracker)?;
        let replayed_to_ms = if now_ms.is_none() { self.watermark.replayed_to_ms() } else { i64::MIN };
        self.watermark.rise(tables, self.tracker.last_confirmed_ms().max(replayed_to_ms), days)?;
        self.note(tables, stop)
    }

    pub(crate) fn mark(&mut self) -> Mark {
        self.positions_before.clone_from(&self.positions);
        self.tracker.mark()
    }

    /// Drops the caches if others changed rows, and forgets the people whom they erased.
    pub(crate) fn notice_others(&mut self, tables: &mut impl Tables) -> Result<(), Error> {
        let generation = tables.generation()?;
        if self.generation.replace(generation) != Some(generation) {
            self.forget();
            for (shard_id, shard_count) in self.positions.notice_others(tables)? {
                tracing::warn!(shard_id, shard_count, "another recorder has taken over the shard");
                let serves = |guild_id: GuildId| serves((shard_id, shard_count), guild_id);
                self.tracker.forget_people(|person| serves(person.guild_id));
            }
            self.tombstones = tables.tombstones()?;
            if !self.tombstones.is_empty() {
                let (tombstones, tracker) = (&self.tombstones, &mut self.tracker);
                let is_hidden = |person: Person| tombstones.hides_now(person.user_id, person.guild_id);
                self.hidden.take_over(tracker, is_hidden);
                tracker.forget_people(is_hidden);
            }
        }
        self.hidden.begin();
        Ok(())
    }

    /// Goes back to the mark, because the transaction was undone.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        self.tracker.undo_to(mark);
        self.positions.clone_from(&self.positions_before);
        self.watermark.forget();
        self.hidden.undo();
        self.forget();
        // A user who was noted as active again may not be stored as such.
        self.generation = None;
    }

    fn forget(&mut self) {
        self.members.clear();
        self.parents.clear();
        self.presences.clear();
        self.users.clear();
    }

    /// Makes the changes final, because the transaction was committed.
    pub(crate) fn commit(&mut self) {
        self.tracker.commit();
        self.tracker.forget_unheard_changes();
        self.tracker.forget_some();
    }

    /// Records an event from the queue.
    pub(crate) fn apply(&mut self, tables: &mut impl Tables, queued: &Queued) -> Result<Outcome, Error> {
        let Queued { event, frame, is_last } = queued;
        let Some(frame) = frame else {
            let Some(event) = event else { return Ok(Outcome::Placed) };
            let rows = self.tracker.heard(event, None, false);
            voice::write(tables, &rows)?;
            return self.take(tables, event, false);
        };
        if self.positions.is_taken(frame) {
            let Some((shard, _)) = frame.shard().zip(frame.begins()) else { return Ok(Outcome::Dropped) };
            // The shard belongs to the recorder that began its last session.
            self.positions.take_back(frame);
            self.take_over(tables, |guild_id| serves(shard, guild_id))?;
        }
        if self.positions.has(frame) {
            return Ok(if event.is_some() { Outcome::Duplicate } else { Outcome::Placed });
        }
        if let Some(shard) = frame.shard()
            && self.positions.is_after_gap(frame)
        {
            tracing::warn!("events are missing since the session was recorded last");
            self.known.clear();
            self.lists.clear();
            self.tracker.session_lost(shard);
        }
        let outcome = match event {
            Some(event) => {
                let rows = self.tracker.heard(event, frame.shard(), true);
                voice::write(tables, &rows)?;
                self.take(tables, event, frame.place().is_some())?
            }
            None => Outcome::Placed,
        };
        if *is_last {
            self.positions.passed(frame);
        }
        Ok(outcome)
    }

    /// Writes how far each shard's session is recorded, and the guilds that a resumed session does not cover.
    pub(crate) fn store_positions(&mut self, tables: &mut impl Tables) -> Result<(), Error> {
        store_unheard(tables, &self.tracker)?;
        self.positions.store(tables)
    }

    /// Notes that the process did not run between these times.
    pub(crate) fn interrupted(&mut self, tables: &mut impl Tables, from_ms: i64, until_ms: i64) -> Result<(), Error> {
        self.known.clear();
        self.lists.clear();
        self.confirm(from_ms);
        stamp(tables, &mut self.tracker)?;
        self.tracker.interrupted(until_ms);
        Ok(())
    }

    /// Records an event unless its user is hidden. `is_new` says that its place in the gateway session shows that it was not
    /// delivered before.
    fn take(&mut self, tables: &mut impl Tables, event: &Event, is_new: bool) -> Result<Outcome, Error> {
        self.known.notice(event);
        self.lists.notice(event);
        if self.tombstones.is_empty() {
            return self.write(tables, event, is_new);
        }
        match withheld::allowed(tables, self, event)? {
            Some(event) => self.write(tables, &event, is_new),
            None => Ok(Outcome::Withheld),
        }
    }

    fn write(&mut self, tables: &mut impl Tables, event: &Event, is_new: bool) -> Result<Outcome, Error> {
        self.watermark.notice(event);
        let arrival = Arrival { at: event.at(), is_new };
        match event {
            Event::ChannelRemoved(event) => channel::gone(tables, self, event),
            Event::ChannelSeen(event) => channel::seen(tables, self, event),
            Event::CommandUsed(event) => command::used(tables, self, event),
            Event::GuildAvailable(event) => guild::available(tables, *event),
            Event::GuildRemoved(event) => guild::gone(tables, self, event),
            Event::GuildOutage(event) => {
                // The confirmation up to now must survive a crash of the program while the guild is lost.
                stamp(tables, &mut self.tracker)?;
                self.tracker.guild_unreachable(event.guild_id, arrival);
                Ok(Outcome::Written)
            }
            Event::GuildSeen(event) => guild::seen(tables, self, event),
            Event::HistoryRead(event) => history::read(tables, event),
            Event::InviteCreated(event) => invite::created(tables, event),
            Event::InvitesListed(event) => invite::listed(tables, self, event),
            Event::MemberJoined(event) => joined::joined(tables, self, event),
            Event::MemberLeft(event) => joined::left(tables, self, event),
            Event::MemberSeen(event) => member::seen(tables, self, event),
            Event::MembersListed(event) => listed::listed(tables, self, event),
            Event::MessageAddressed(event) => addressee::addressed(tables, self, event),
            Event::MessageEmbedded(event) => message::embedded(tables, event),
            Event::MessageSent(event) => message::sent(tables, self, event),
            Event::PresenceChanged(event) => presence::changed(tables, self, event, is_new),
            Event::PresencesListed(event) => presence::listed(tables, self, event),
            Event::ReactionAdded(event) => reaction::added(tables, self, event),
            Event::ReactionRemoved(event) => reaction::removed(tables, event),
            Event::ReactionsCleared(event) => reaction::cleared(tables, event),
            Event::RoleRemoved(event) => role::removed(tables, self, *event),
            Event::RolesListed(event) => role::listed(tables, self, event),
            Event::ShardChanged(event) => {
                stamp(tables, &mut self.tracker)?;
                let rows = self.tracker.shard_changed(*event, is_new);
                voice::write(tables, &rows)?;
                Ok(Outcome::Written)
            }
            Event::UserSeen(event) => user::seen(tables, self, event),
            Event::VoiceSnapshot(event) => voice::snapshot(tables, self, event, arrival),
            Event::VoiceStateChanged(event) => voice::changed(tables, self, event, arrival),
        }
    }

    /// Writes until when each shard was heard.
    fn note(&self, tables: &mut impl Tables, stop: bool) -> Result<(), Error> {
        // Before the first event of a replay there is no time to write.
        let Some(started_at_ms) = self.started_at_ms else { return Ok(()) };
        // A replay that begins again at the start does not take back what the file has.
        let known_ms = self.tracker.history_until_ms();
        let heard = self.tracker.heard_by_shard().filter(|(shard, _)| self.holds(*shard));
        seen::note(tables, started_at_ms, heard.map(|(shard, heard_ms)| (shard, heard_ms.max(known_ms))), stop)
    }
}

/// Returns whether Discord sends the guild's events to the shard.
fn serves((shard_id, shard_count): Shard, guild_id: GuildId) -> bool {
    (guild_id.get() >> 22) % u64::from(shard_count.max(1)) == u64::from(shard_id)
}
