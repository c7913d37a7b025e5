//! Ids like Discord's.

use std::num::NonZeroU64;

use mocha_schema::{GuildId, MessageId};

/// The start of 2015 and of Discord's time, in unix milliseconds.
const EPOCH_MS: i64 = 1_420_070_400_000;

const TIME_SHIFT: u32 = 22;
const WORKER_SHIFT: u32 = 12;

/// Ids of the first two hours of Discord's time, which no real user has.
pub(crate) const FIRST_GUILD: u64 = 3_600_000 << TIME_SHIFT;
pub(crate) const FIRST_USER: u64 = 7_200_000 << TIME_SHIFT;

/// The distance between the ids of two guilds or users.
pub(crate) const STEP: u64 = 1 << TIME_SHIFT;

/// Returns the id with this number, or 1 if it is zero.
pub(crate) fn id<Id: From<NonZeroU64>>(number: u64) -> Id {
    NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN).into()
}

/// Makes the ids of a guild's messages from their times. They are unique and increase, even within a millisecond.
#[derive(Clone, Debug)]
pub(crate) struct MessageIds {
    last_ms: u64,
    sequence: u64,
    worker: u64,
}

impl MessageIds {
    pub(crate) fn of(guild_id: GuildId) -> Self {
        // Up to 1,024 guilds that were created in different milliseconds have different ids.
        Self { last_ms: 0, sequence: 0, worker: (guild_id.get() >> TIME_SHIFT) & 0x3ff }
    }

    pub(crate) fn next(&mut self, at_ms: i64) -> MessageId {
        let ms = u64::try_from(at_ms.saturating_sub(EPOCH_MS)).unwrap_or(0);
        if ms > self.last_ms {
            (self.last_ms, self.sequence) = (ms, 0);
        } else {
            self.sequence += 1;
            // If the ids of a millisecond are used up, those of the next one follow.
            if self.sequence >> WORKER_SHIFT != 0 {
                (self.last_ms, self.sequence) = (self.last_ms + 1, 0);
            }
        }
        id((self.last_ms << TIME_SHIFT) | (self.worker << WORKER_SHIFT) | self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_increase_within_a_millisecond_and_when_the_clock_stands() {
        let mut ids = MessageIds::of(id(5 << 22));
        let mut last = ids.next(EPOCH_MS + 9);
        assert_eq!(last.get(), (9 << 22) | (5 << 12));
        for n in 0..10_000 {
            let next = ids.next(EPOCH_MS + 9 + n / 5_000);
            assert!(next > last);
            last = next;
        }
        assert!(ids.next(0) > last);
    }
}
