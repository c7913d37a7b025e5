//! How far each shard's gateway session is recorded.

use std::{collections::HashMap, sync::Arc};

use mocha_schema::GatewaySession;

use crate::{Error, backend::Tables, recorder::Frame, voice::Shard};

/// The last frame of each shard whose events are all recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    /// The frame that events are recorded from now, and whether it was recorded before.
    current: Option<(Arc<Frame>, bool)>,
    recorded: HashMap<Shard, Position>,
}

#[derive(Clone, Debug)]
struct Position {
    /// Whether the database has it.
    is_stored: bool,
    sequence: u64,
    session_id: Arc<str>,
}

impl Positions {
    pub(super) fn load(tables: &mut impl Tables) -> Result<Self, Error> {
        let recorded = tables.positions()?.into_iter().filter_map(|stored| {
            let shard = (u32::try_from(stored.shard_id).ok()?, u32::try_from(stored.shard_count).ok()?);
            let sequence = u64::try_from(stored.sequence).ok()?;
            Some((shard, Position { is_stored: true, sequence, session_id: stored.session_id.into() }))
        });
        Ok(Self { current: None, recorded: recorded.collect() })
    }

    /// Whether the frame was recorded before: Discord delivers it again.
    pub(super) fn has(&mut self, frame: &Arc<Frame>) -> bool {
        if let Some((current, is_known)) = &self.current
            && Arc::ptr_eq(current, frame)
        {
            return *is_known;
        }
        let is_known = frame.place().is_some_and(|(shard, session_id, sequence)| {
            let recorded = self.recorded.get(&shard);
            recorded.is_some_and(|recorded| recorded.session_id == *session_id && sequence <= recorded.sequence)
        });
        self.current = Some((Arc::clone(frame), is_known));
        is_known
    }

    /// All events of the frame are recorded.
    pub(super) fn passed(&mut self, frame: &Frame) {
        let Some((shard, session_id, sequence)) = frame.place() else { return };
        let session_id = Arc::clone(session_id);
        self.recorded.insert(shard, Position { is_stored: false, sequence, session_id });
    }

    /// Writes down what is new.
    pub(super) fn store(&mut self, tables: &mut impl Tables) -> Result<(), Error> {
        for ((shard_id, shard_count), position) in &mut self.recorded {
            if position.is_stored {
                continue;
            }
            let row = GatewaySession {
                shard_count: (*shard_count).into(),
                shard_id: (*shard_id).into(),
                sequence: i64::try_from(position.sequence).unwrap_or(i64::MAX),
                session_id: position.session_id.to_string(),
            };
            tables.put_position(&row)?;
            position.is_stored = true;
        }
        Ok(())
    }
}
