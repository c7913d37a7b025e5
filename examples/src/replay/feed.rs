//! Records a trace in a store.

use std::{fmt, num::NonZeroU64};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use mocha_discord::GuildId;
use mocha_discord::twilight::Adapter;
use mocha_discord::{
    Error, Recorder,
    event::{ShardChanged, ShardStatus},
};
use twilight_model::gateway::{Intents, event::Event};

use super::{
    delivery::Deliveries,
    trace::{Frame, Trace},
};

/// The numbers of a replay.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Played {
    /// The number of lines that could not be read.
    pub broken: u64,
    /// The number of frames that were delivered again.
    pub delivered_again: u64,
    /// The number of frames, including those that Mocha does not record.
    pub frames: u64,
    /// The number of times that the recorder was killed.
    pub kills: u64,
    /// The first guild in the trace.
    pub guild_id: Option<GuildId>,
    /// The times at which the first and the last frame were received.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// A line that could not be read, or whose data does not fit into a file.
#[derive(Debug)]
pub struct BrokenLine {
    /// The number of the line, from 1.
    pub number: u64,
    /// The reason.
    pub reason: anyhow::Error,
}

impl fmt::Display for BrokenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {:#}", self.number, self.reason)
    }
}

/// Records a whole trace and waits until it is stored. `recorder` returns the recorder of a store. Broken lines are passed to `on_broken` and skipped.
///
/// After every `kill_every` frames the recorder is stopped right after a commit, as in a crash, and started again. The gateway
/// session then resumes, because the trace has no gap.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn feed(
    mut trace: Trace<'_>,
    recorder: impl Fn() -> Result<Recorder, Error>,
    kill_every: Option<NonZeroU64>,
    mut on_broken: impl FnMut(&BrokenLine),
) -> anyhow::Result<Played> {
    // Traces are recorded with all intents.
    let start = || -> Result<_, Error> {
        let recorder = recorder()?;
        Ok((Adapter::new(recorder.clone(), Intents::all()), recorder))
    };
    let (mut adapter, mut recorder) = start()?;
    let mut deliveries = Deliveries::default();
    let mut played = Played::default();
    let mut broken = 0;
    let mut report = |number, reason| {
        broken += 1;
        on_broken(&BrokenLine { number, reason });
    };
    loop {
        let (number, line) = match trace.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                // The file is cut off or damaged, so the rest cannot be read.
                report(trace.number(), anyhow::Error::new(error).context("the rest of the trace cannot be read"));
                break;
            }
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let frame = match Frame::parse(line, |kind| Adapter::EVENT_TYPES.contains(&kind)) {
            Ok(frame) => frame,
            Err(reason) => {
                report(number, reason);
                continue;
            }
        };
        played.saw(&frame);
        let Some(event) = &frame.event else { continue };
        if !deliveries.is_new(frame.text, matches!(event, Event::Ready(_))) {
            played.delivered_again += 1;
            continue;
        }
        match adapter.update_at_blocking(event, frame.received_at) {
            Err(error) if error.is_invalid_input() => report(number, error.into()),
            result => result.with_context(|| format!("line {number} could not be recorded"))?,
        }
        if kill_every.is_some_and(|every| played.frames % every == 0) {
            recorder.flush().context("the trace could not be written")?;
            recorder.abort();
            (adapter, recorder) = start()?;
            let status = ShardStatus::Resumed;
            recorder.record_blocking(ShardChanged { at: frame.received_at, shard_count: 1, shard_id: 0, status })?;
            played.kills += 1;
        }
    }
    played.broken = broken;
    recorder.shutdown().context("the trace could not be written")?;
    Ok(played)
}

impl Played {
    fn saw(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        // After a reconnect a frame may have an older time than the one before it.
        let at = frame.received_at;
        self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        if self.guild_id.is_none() {
            self.guild_id = frame.event.as_ref().and_then(Event::guild_id).map(|id| id.into_nonzero().into());
        }
    }
}
