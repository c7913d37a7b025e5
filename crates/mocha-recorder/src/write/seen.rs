//! Until when each shard was heard.

use mocha_schema::RecorderState;

use crate::{Error, backend::Tables, voice::Shard};

/// Notes for each shard when it was last heard, in unix milliseconds, and that the recorder stops, if so.
pub(super) fn note(
    tables: &mut impl Tables,
    started_at_ms: i64,
    heard: impl Iterator<Item = (Shard, i64)>,
    stop: bool,
) -> Result<(), Error> {
    for ((shard_id, shard_count), seen_at_ms) in heard {
        tables.put_recorder_state(&RecorderState {
            shard_count: shard_count.into(),
            shard_id: shard_id.into(),
            started_at_ms,
            seen_at_ms,
            stopped_at_ms: stop.then_some(seen_at_ms),
        })?;
    }
    Ok(())
}
