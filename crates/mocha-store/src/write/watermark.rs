//! Up to which day the sums of months and of all time are filled.

use diesel::prelude::*;
use mocha_schema::schema::watermarks;

use crate::Event;

const DAY_MS: i64 = 86_400_000;

/// The newest of what the roll-ups count, in unix milliseconds, and the days that the file was told of.
///
/// The sums of coarse roll-ups are filled day by day, each day once, when a newer one has begun: adding to them with each
/// event would take as long as all else. What comes late is added to them by the triggers, which takes longer; so the
/// watermark follows what is recorded, and not the clock, so that imported events are not all late.
#[derive(Debug)]
pub(super) struct Watermark {
    messages_ms: i64,
    messages_to: i64,
    voice_ms: i64,
    voice_to: i64,
}

impl Default for Watermark {
    fn default() -> Self {
        Self { messages_ms: i64::MIN, messages_to: 0, voice_ms: i64::MIN, voice_to: 0 }
    }
}

impl Watermark {
    pub(super) fn notice(&mut self, event: &Event) {
        let newest = match event {
            Event::MessageSent(_) => &mut self.messages_ms,
            Event::VoiceSnapshot(_) | Event::VoiceStateChanged(_) => &mut self.voice_ms,
            _ => return,
        };
        *newest = event.at().timestamp_millis().max(*newest);
    }

    /// Raises it in the file to the day of the newest event, if that is not to come.
    pub(super) fn rise(&mut self, conn: &mut SqliteConnection, now_ms: i64) -> QueryResult<()> {
        let day = |newest_ms: i64| newest_ms.min(now_ms).div_euclid(DAY_MS);
        let (messages_to, voice_to) = (day(self.messages_ms), day(self.voice_ms));
        if messages_to > self.messages_to {
            diesel::update(watermarks::table.filter(watermarks::messages_to.lt(messages_to)))
                .set(watermarks::messages_to.eq(messages_to))
                .execute(conn)?;
            self.messages_to = messages_to;
        }
        if voice_to > self.voice_to {
            diesel::update(watermarks::table.filter(watermarks::voice_to.lt(voice_to)))
                .set(watermarks::voice_to.eq(voice_to))
                .execute(conn)?;
            self.voice_to = voice_to;
        }
        Ok(())
    }

    /// The transaction was undone: what the file was told is not known.
    pub(super) fn forget(&mut self) {
        (self.messages_to, self.voice_to) = (0, 0);
    }
}
