//! How far each shard's gateway session is recorded, and which recorder has the shard.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
};

use mocha_schema::{GatewaySession, UserId};

use crate::{
    Error,
    backend::Tables,
    recorder::{BotShard, Frame, Place, ShardClaim, StoredSession},
    voice::Shard,
};

/// The last recorded frame of each shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    /// The frame whose events are being recorded, and whether it was recorded before.
    current: Option<(Arc<Frame>, bool)>,
    /// The shards that this recorder has until another one takes them over.
    held: HashSet<BotShard>,
    /// The number of this recorder in the database.
    owner: i64,
    recorded: HashMap<BotShard, Position>,
    /// The shards that another recorder took over.
    taken: HashSet<BotShard>,
}

#[derive(Clone, Debug)]
struct Position {
    intents: Option<u64>,
    /// Whether the database does not have this session yet.
    is_new: bool,
    /// Whether the session was claimed and none of its frames has arrived since.
    is_resuming: bool,
    /// Whether the database has this position.
    is_stored: bool,
    resume_url: Option<String>,
    sequence: u64,
    session_id: Arc<str>,
}

impl Positions {
    pub(super) fn load(tables: &mut impl Tables) -> Result<Self, Error> {
        // The hasher is seeded at random.
        let owner = i64::from_ne_bytes(RandomState::new().build_hasher().finish().to_ne_bytes());
        let recorded = tables.positions()?.iter().filter_map(position).collect();
        Ok(Self { owner, recorded, ..Self::default() })
    }

    /// Returns the bot whose shards this recorder records, if one is known.
    pub(super) fn bot(&self) -> Option<UserId> {
        self.held.iter().find_map(|held| held.bot_id)
    }

    /// Takes the shard over from the recorder that has it. Returns the session to resume, if there is one.
    pub(super) fn claim(
        &mut self,
        tables: &mut impl Tables,
        claim: &ShardClaim,
    ) -> Result<Option<StoredSession>, Error> {
        let stored = tables.positions()?;
        let Some(bot_id) = claim.bot_id.or_else(|| only_bot(&stored)) else { return Ok(None) };
        let of = claim.of(bot_id);
        let position = stored
            .iter()
            .filter_map(position)
            .find_map(|(stored, position)| (stored == of).then_some(position))
            .filter(|position| position.intents == Some(claim.intents) && position.resume_url.is_some());
        tables.put_position(&self.row(of, position.as_ref()))?;
        self.end_other_counts(tables, of)?;
        self.held.insert(of);
        self.taken.remove(&of);
        self.recorded.remove(&of);
        let Some(position) = position else { return Ok(None) };
        let session = StoredSession {
            bot_id,
            resume_url: position.resume_url.clone().unwrap_or_default(),
            sequence: position.sequence,
            session_id: position.session_id.to_string(),
        };
        self.recorded.insert(of, Position { is_resuming: true, ..position });
        Ok(Some(session))
    }

    /// Returns whether this recorder may record the shard.
    pub(super) fn holds(&self, shard: Shard) -> bool {
        !self.taken.iter().any(|taken| taken.shard == shard)
    }

    /// Finds the shards that another recorder has taken over since, and returns them.
    pub(super) fn notice_others(&mut self, tables: &mut impl Tables) -> Result<Vec<Shard>, Error> {
        if self.held.is_empty() {
            return Ok(Vec::new());
        }
        let stored = tables.positions()?;
        let of_others = stored.iter().filter(|stored| stored.owner != self.owner).filter_map(bot_shard);
        let taken: Vec<BotShard> = of_others.filter(|of| self.held.contains(of) && !self.taken.contains(of)).collect();
        self.taken.extend(&taken);
        Ok(taken.into_iter().map(|of| of.shard).collect())
    }

    /// Returns whether another recorder has the frame's shard now.
    pub(super) fn is_taken(&self, frame: &Frame) -> bool {
        !self.taken.is_empty() && frame.of().is_some_and(|of| self.taken.contains(&of))
    }

    /// Takes back a shard that another recorder had taken over, because the frame begins a session of it.
    pub(super) fn take_back(&mut self, frame: &Frame) {
        if let Some(of) = frame.of() {
            self.taken.remove(&of);
        }
    }

    /// Returns whether the frame was recorded before, so that Discord delivers it again.
    pub(super) fn has(&mut self, frame: &Arc<Frame>) -> bool {
        if let Some((current, is_known)) = &self.current
            && Arc::ptr_eq(current, frame)
        {
            return *is_known;
        }
        let is_known = frame.place().is_some_and(|Place { of, sequence, session_id }| {
            let recorded = self.recorded.get(&of);
            recorded.is_some_and(|recorded| recorded.session_id == *session_id && sequence <= recorded.sequence)
        });
        self.current = Some((Arc::clone(frame), is_known));
        is_known
    }

    /// Returns whether Discord no longer had the frames before this one when the session was resumed.
    pub(super) fn is_after_gap(&mut self, frame: &Frame) -> bool {
        let Some(Place { of, sequence, session_id }) = frame.place() else { return false };
        let resumed = self.recorded.get_mut(&of).filter(|resumed| resumed.session_id == *session_id);
        resumed.is_some_and(|resumed| {
            std::mem::take(&mut resumed.is_resuming) && sequence > resumed.sequence.saturating_add(1)
        })
    }

    /// Advances the position, because all events of the frame are recorded.
    pub(super) fn passed(&mut self, frame: &Frame) {
        let Some(Place { of, sequence, session_id }) = frame.place() else { return };
        let known = self.recorded.remove(&of).filter(|known| known.session_id == *session_id);
        let is_new = known.is_none();
        let (intents, resume_url) = match frame.begins() {
            Some(start) => (Some(start.intents), Some(start.resume_url.clone())),
            None => known.map_or((None, None), |known| (known.intents, known.resume_url)),
        };
        if of.bot_id.is_some() {
            self.held.insert(of);
        }
        let session_id = Arc::clone(session_id);
        let position =
            Position { intents, is_new, is_resuming: false, is_stored: false, resume_url, sequence, session_id };
        self.recorded.insert(of, position);
    }

    /// Writes the positions that have changed.
    pub(super) fn store(&mut self, tables: &mut impl Tables) -> Result<(), Error> {
        let new: Vec<BotShard> =
            self.recorded.iter().filter(|(_, position)| !position.is_stored).map(|(of, _)| *of).collect();
        for of in new {
            let Some(position) = self.recorded.get(&of) else { continue };
            tables.put_position(&self.row(of, Some(position)))?;
            if position.is_new {
                self.end_other_counts(tables, of)?;
            }
            if let Some(position) = self.recorded.get_mut(&of) {
                position.is_new = false;
                position.is_stored = true;
            }
        }
        Ok(())
    }

    /// Ends the sessions with another shard count, which other recorders may have. Otherwise both would record the same
    /// guilds.
    fn end_other_counts(&self, tables: &mut impl Tables, of: BotShard) -> Result<(), Error> {
        if of.bot_id.is_none() {
            return Ok(());
        }
        for stored in tables.positions()? {
            let is_other =
                bot_shard(&stored).is_some_and(|stored| stored.bot_id == of.bot_id && stored.shard.1 != of.shard.1);
            if is_other && stored.owner != self.owner {
                tables.put_position(&GatewaySession { owner: self.owner, session_id: None, ..stored })?;
            }
        }
        Ok(())
    }

    fn row(&self, of: BotShard, position: Option<&Position>) -> GatewaySession {
        let (shard_id, shard_count) = of.shard;
        GatewaySession {
            bot_id: of.bot_id.map_or_else(|| UNKNOWN.to_owned(), |bot_id| bot_id.to_string()),
            shard_count: shard_count.into(),
            shard_id: shard_id.into(),
            owner: self.owner,
            intents: position.and_then(|position| i64::try_from(position.intents?).ok()),
            resume_url: position.and_then(|position| position.resume_url.clone()),
            session_id: position.map(|position| position.session_id.to_string()),
            sequence: position.map_or(0, |position| i64::try_from(position.sequence).unwrap_or(i64::MAX)),
        }
    }
}

/// Stands for an unknown bot.
const UNKNOWN: &str = "0";

/// Returns the only bot that has sessions.
fn only_bot(stored: &[GatewaySession]) -> Option<UserId> {
    let mut bots = stored.iter().filter_map(|stored| bot_shard(stored)?.bot_id);
    let bot_id = bots.next()?;
    bots.all(|other| other == bot_id).then_some(bot_id)
}

fn bot_shard(stored: &GatewaySession) -> Option<BotShard> {
    let shard = (u32::try_from(stored.shard_id).ok()?, u32::try_from(stored.shard_count).ok()?);
    Some(BotShard { bot_id: stored.bot_id.parse().ok(), shard })
}

fn position(stored: &GatewaySession) -> Option<(BotShard, Position)> {
    let position = Position {
        intents: stored.intents.and_then(|intents| u64::try_from(intents).ok()),
        is_new: false,
        is_resuming: false,
        is_stored: true,
        sequence: u64::try_from(stored.sequence).ok()?,
        session_id: stored.session_id.as_deref()?.into(),
        resume_url: stored.resume_url.clone(),
    };
    Some((bot_shard(stored)?, position))
}
