//! Times between messages.

use std::time::Duration;

/// Returns when a message was sent, or a thread created, in unix milliseconds. Discord's ids have it.
pub(crate) fn sent_ms(id: u64) -> i64 {
    const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;
    // 42 bits remain, so it always fits.
    i64::try_from(id >> 22).map_or(i64::MAX, |ms| ms + DISCORD_EPOCH_MS)
}

/// Returns the milliseconds from one id's time to another's, and 0 if that is earlier.
pub(crate) fn waited_ms(from: u64, to: u64) -> u64 {
    u64::try_from(sent_ms(to) - sent_ms(from)).unwrap_or(0)
}

/// Returns the shortest of the times, in milliseconds, within which so many percent lie.
pub(crate) fn within(times: &mut [u64], percent: usize) -> Option<Duration> {
    times.sort_unstable();
    let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(place).copied().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_says_when_its_message_was_sent() {
        // The example in Discord's documentation.
        assert_eq!(sent_ms(175_928_847_299_117_063), 1_462_015_105_796);
        assert_eq!(waited_ms(175_928_847_299_117_063, 175_928_847_299_117_063 + (7 << 22)), 7);
        assert_eq!(waited_ms(u64::MAX, 1), 0);
    }

    proptest! {
        #[test]
        fn the_time_is_the_shortest_within_which_enough_lie(
            mut times in prop::collection::vec(0..9_u64, 0..12), percent in 1..=100_usize
        ) {
            let enough = |limit: &u64| times.iter().filter(|time| *time <= limit).count() * 100 >= percent * times.len();
            let expected = times.iter().copied().filter(enough).min().map(Duration::from_millis);
            prop_assert_eq!(within(&mut times, percent), expected);
        }
    }
}
