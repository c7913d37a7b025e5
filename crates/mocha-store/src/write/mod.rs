//! What an event changes in the file: one file a noun.

mod channel;
mod guild;
mod hidden;
mod joined;
mod known;
mod listed;
mod member;
mod message;
mod parent;
mod positions;
mod presence;
mod recent;
mod user;
mod voice;
mod watermark;
mod withheld;

use diesel::prelude::*;
use mocha_schema::{RecorderState, schema::recorder_states};

use self::{
    hidden::Hidden, known::KnownMembers, listed::MemberLists, parent::Parents, positions::Positions,
    presence::Presences, recent::Recent, watermark::Watermark,
};
use crate::{
    Event,
    event::{ShardStatus, VoiceScope},
    privacy::Tombstones,
    recorder::Queued,
    voice::{Mark, Person, Told, Tracker, load_open, stamp},
};

/// What became of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It told nothing new.
    Duplicate,
    /// It is of somebody who was forgotten or opted out.
    Withheld,
    Written,
}

impl Outcome {
    /// By whether something changed.
    fn of(changed: bool) -> Self {
        if changed { Self::Written } else { Self::Duplicate }
    }
}

/// What the writer keeps in memory. But for the tracker all of it can be forgotten at any time.
#[derive(Debug)]
pub(crate) struct State {
    /// SQLite's number of what others wrote to the file.
    data_version: Option<i64>,
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
            data_version: None,
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

    /// Takes up what the file has, and notes the start.
    pub(crate) fn start(&mut self, conn: &mut SqliteConnection, now_ms: Option<i64>) -> QueryResult<()> {
        load_open(conn, &mut self.tracker)?;
        self.positions = Positions::load(conn)?;
        if now_ms.is_none() {
            // Only a replay tells history; a bot whose clock was set back does not.
            let seen_at_ms = recorder_states::table.select(recorder_states::seen_at_ms).get_result(conn).optional()?;
            self.tracker.told_until(seen_at_ms.unwrap_or(i64::MIN));
        }
        self.started_at_ms = now_ms;
        now_ms.map_or(Ok(()), |now_ms| self.note(conn, now_ms, false))
    }

    /// Everybody connected and not lost is still there at this instant.
    pub(crate) fn prove(&mut self, at_ms: i64) {
        self.started_at_ms.get_or_insert(at_ms);
        self.tracker.prove(at_ms);
    }

    /// An event was heard when it says. A message has Discord's time instead, which a damaged digit may put far off.
    pub(crate) fn prove_by(&mut self, event: &Event) {
        const DAY_MS: i64 = 86_400_000;
        let (at_ms, proof_ms) = (event.at().timestamp_millis(), self.tracker.proof_ms());
        let far_off = proof_ms > i64::MIN && at_ms.saturating_sub(proof_ms) > DAY_MS;
        // That a connection was made says nothing of the time before.
        let is_ready = matches!(event, Event::ShardChanged(change) if change.status == ShardStatus::Ready);
        let is_evidence = !(is_ready || far_off && matches!(event, Event::MessageSent(_)));
        if is_evidence {
            self.prove(at_ms);
        }
    }

    /// Something was told that nobody will ever hear, of voice or of a member.
    pub(crate) fn miss(&mut self, conn: &mut SqliteConnection) -> QueryResult<()> {
        self.known.clear();
        self.lists.clear();
        stamp(conn, &mut self.tracker)?;
        self.tracker.lose(VoiceScope::Everybody);
        Ok(())
    }

    /// SQLite refused the event, and it will never be in the file: whoever it may have taken out of voice is not known to be
    /// connected.
    pub(crate) fn refused(&mut self, event: &Event) {
        if let Some(scope) = event.voice_scope() {
            self.tracker.lose(scope);
            self.tracker.commit();
        }
    }

    /// Notes in the file that all goes on until now, or until it stops now.
    pub(crate) fn stamp(&mut self, conn: &mut SqliteConnection, now_ms: Option<i64>, stop: bool) -> QueryResult<()> {
        if let Some(now_ms) = now_ms {
            self.prove(now_ms);
        }
        stamp(conn, &mut self.tracker)?;
        self.watermark.rise(conn, self.tracker.proof_ms())?;
        // Without a clock and before the first event there is no time to note.
        if self.started_at_ms.is_some() { self.note(conn, self.tracker.proof_ms(), stop) } else { Ok(()) }
    }

    pub(crate) fn mark(&mut self) -> Mark {
        self.positions_before.clone_from(&self.positions);
        self.tracker.mark()
    }

    /// Forgets what is in the file if others wrote to it, and whom they made it forget.
    pub(crate) fn notice_others(&mut self, conn: &mut SqliteConnection) -> QueryResult<()> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            data_version: i64,
        }
        let Version { data_version } = diesel::sql_query("PRAGMA data_version").get_result(conn)?;
        if self.data_version.replace(data_version) != Some(data_version) {
            self.forget();
            self.tombstones = Tombstones::load(conn)?;
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

    /// Goes back to the mark, for the transaction was undone.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        self.tracker.undo_to(mark);
        self.positions.clone_from(&self.positions_before);
        self.watermark.forget();
        self.hidden.undo();
        self.forget();
        // Who was noted to be back may not be.
        self.data_version = None;
    }

    fn forget(&mut self) {
        self.members.clear();
        self.parents.clear();
        self.presences.clear();
        self.users.clear();
    }

    /// The transaction was committed.
    pub(crate) fn commit(&mut self) {
        self.tracker.commit();
        self.tracker.forget_some();
    }

    /// Records an event from the queue.
    pub(crate) fn apply(&mut self, conn: &mut SqliteConnection, queued: &Queued) -> QueryResult<Outcome> {
        let Queued { event, frame, is_last } = queued;
        let Some(frame) = frame else {
            let rows = self.tracker.heard(event, None, false);
            voice::write(conn, &rows)?;
            return self.take(conn, event, false);
        };
        if self.positions.has(frame) {
            return Ok(Outcome::Duplicate);
        }
        let rows = self.tracker.heard(event, frame.shard(), true);
        voice::write(conn, &rows)?;
        let outcome = self.take(conn, event, frame.place().is_some())?;
        if *is_last {
            self.positions.passed(frame);
        }
        Ok(outcome)
    }

    /// Notes how far each shard's session is in the file.
    pub(crate) fn store_positions(&mut self, conn: &mut SqliteConnection) -> QueryResult<()> {
        self.positions.store(conn)
    }

    /// The process did not run from then until then.
    pub(crate) fn interrupted(&mut self, conn: &mut SqliteConnection, from_ms: i64, until_ms: i64) -> QueryResult<()> {
        self.known.clear();
        self.lists.clear();
        self.prove(from_ms);
        stamp(conn, &mut self.tracker)?;
        self.tracker.interrupted(until_ms);
        Ok(())
    }

    /// `is_new` says that its place in the gateway session rules out that it was delivered before.
    fn take(&mut self, conn: &mut SqliteConnection, event: &Event, is_new: bool) -> QueryResult<Outcome> {
        self.known.notice(event);
        self.lists.notice(event);
        if self.tombstones.is_empty() {
            return self.write(conn, event, is_new);
        }
        match withheld::allowed(conn, self, event)? {
            Some(event) => self.write(conn, &event, is_new),
            None => Ok(Outcome::Withheld),
        }
    }

    fn write(&mut self, conn: &mut SqliteConnection, event: &Event, is_new: bool) -> QueryResult<Outcome> {
        self.watermark.notice(event);
        let told = Told { at: event.at(), is_new };
        match event {
            Event::ChannelRemoved(event) => channel::gone(conn, self, event),
            Event::ChannelSeen(event) => channel::seen(conn, self, event),
            Event::GuildAvailable(event) => guild::available(conn, *event),
            Event::GuildRemoved(event) => guild::gone(conn, self, event),
            Event::GuildOutage(event) => {
                // What is proved so far outlives a crash of the program while the guild is lost.
                stamp(conn, &mut self.tracker)?;
                self.tracker.guild_unreachable(event.guild_id, told);
                Ok(Outcome::Written)
            }
            Event::GuildSeen(event) => guild::seen(conn, self, event),
            Event::MemberJoined(event) => joined::joined(conn, self, event),
            Event::MemberLeft(event) => joined::left(conn, self, event),
            Event::MemberSeen(event) => member::seen(conn, self, event),
            Event::MembersListed(event) => listed::listed(conn, self, event),
            Event::MessageEmbedded(event) => message::embedded(conn, event),
            Event::MessageSent(event) => message::sent(conn, self, event),
            Event::PresenceChanged(event) => presence::changed(conn, self, event),
            Event::PresencesListed(event) => presence::listed(conn, self, event),
            Event::ShardChanged(event) => {
                stamp(conn, &mut self.tracker)?;
                let rows = self.tracker.shard_changed(*event, is_new);
                voice::write(conn, &rows)?;
                Ok(Outcome::Written)
            }
            Event::UserSeen(event) => user::seen(conn, self, event),
            Event::VoiceSnapshot(event) => voice::snapshot(conn, self, event, told),
            Event::VoiceStateChanged(event) => voice::changed(conn, self, event, told),
        }
    }

    fn note(&self, conn: &mut SqliteConnection, now_ms: i64, stop: bool) -> QueryResult<()> {
        let state = RecorderState {
            id: 1,
            started_at_ms: self.started_at_ms.unwrap_or(now_ms),
            seen_at_ms: now_ms,
            stopped_at_ms: stop.then_some(now_ms),
        };
        diesel::replace_into(recorder_states::table).values(state).execute(conn)?;
        Ok(())
    }
}
