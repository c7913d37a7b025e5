//! The day up to which the roll-ups of months and of all time are filled.

use crate::{
    Error, Event,
    backend::{Tables, Watermarks},
};

const DAY_MS: i64 = 86_400_000;

/// The number of days that a replay adds at once. Questions read the days above a watermark one by one.
pub(super) const REPLAYED_DAYS: i64 = 10;

/// The times of the newest events that roll-ups count, in unix milliseconds, and the days up to
/// which the watermarks were raised.
///
/// Roll-ups of long periods are filled once for each day, when a newer day has begun, because
/// updating them with each event would double the time of recording. Triggers add late events to
/// them, which takes longer. The watermark follows the recorded events and not the clock. Otherwise
/// every event of an import would be late.
///
/// A replay goes through many days in a second. Members who write every day would be added to the
/// same rows each time, so several days are added at once.
#[derive(Debug)]
pub(super) struct Watermark {
    messages_ms: i64,
    /// The time of the message that was the newest before, or of the second newest.
    messages_before_ms: i64,
    messages_to: i64,
    voice_ms: i64,
    voice_to: i64,
}

impl Default for Watermark {
    fn default() -> Self {
        Self { messages_ms: i64::MIN, messages_before_ms: i64::MIN, messages_to: 0, voice_ms: i64::MIN, voice_to: 0 }
    }
}

impl Watermark {
    pub(super) fn notice(&mut self, event: &Event) {
        let at_ms = event.at().timestamp_millis();
        match event {
            Event::MessageSent(_) => {
                self.messages_before_ms = at_ms.min(self.messages_ms).max(self.messages_before_ms);
                self.messages_ms = at_ms.max(self.messages_ms);
            }
            Event::VoiceSnapshot(_) | Event::VoiceStateChanged(_) => self.voice_ms = at_ms.max(self.voice_ms),
            _ => {}
        }
    }

    /// Returns the time that a replay of messages has reached. Their times may be days apart, so each of them
    /// counts except the newest, because a damaged digit may put one far off.
    pub(super) const fn replayed_to_ms(&self) -> i64 {
        self.messages_before_ms
    }

    /// Raises the watermarks to the day of the newest event if they rise by this many days at least,
    /// unless that day is in the future.
    pub(super) fn rise(&mut self, tables: &mut impl Tables, now_ms: i64, days: i64) -> Result<(), Error> {
        let day = |newest_ms: i64| newest_ms.min(now_ms).div_euclid(DAY_MS);
        let higher = |day: i64, than: i64| (day >= than.saturating_add(days)).then_some(day);
        let to = Watermarks {
            messages_to: higher(day(self.messages_ms), self.messages_to),
            voice_to: higher(day(self.voice_ms), self.voice_to),
        };
        if to == Watermarks::default() {
            return Ok(());
        }
        tables.raise_watermarks(to)?;
        self.messages_to = to.messages_to.unwrap_or(self.messages_to);
        self.voice_to = to.voice_to.unwrap_or(self.voice_to);
        Ok(())
    }

    /// Forgets how far the watermarks were raised, because the transaction was rolled back.
    pub(super) fn forget(&mut self) {
        (self.messages_to, self.voice_to) = (0, 0);
    }
}
