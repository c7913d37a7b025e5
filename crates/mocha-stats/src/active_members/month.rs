//! The days of a month on which somebody was active.

/// The days of a month of the roll-ups.
const DAYS: i64 = 30;

/// The lower bit of each day.
const EACH_DAY: u64 = u64::MAX / 3;

/// On which days of a month somebody was active, each with up to three messages. Two bits are a day, the first one's lowest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ActiveMonth {
    /// The lower bit of each day on which it was.
    active: u64,
    /// The messages of each day, of which 3 is three or more.
    messages: u64,
    pub(super) month: i64,
}

/// A day on which somebody was active.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ActiveOn {
    pub(super) day: i64,
    /// How many messages, of which 3 is three or more.
    pub(super) messages: u64,
}

impl ActiveMonth {
    /// As the roll-up has it.
    pub(super) const fn of(month: i64, messages: u64) -> Self {
        Self { active: (messages | messages >> 1) & EACH_DAY, messages, month }
    }

    /// A day, with so many messages or none.
    pub(super) fn of_day(day: i64, messages: u64) -> Self {
        let bit = day.rem_euclid(DAYS) * 2;
        Self { active: 1 << bit, messages: messages.min(3) << bit, month: day.div_euclid(DAYS) }
    }

    /// What else there was in the same month.
    pub(super) fn add(&mut self, other: Self) {
        self.active |= other.active;
        let mut days = other.messages;
        while days != 0 {
            let bit = days.trailing_zeros() & !1;
            let sum = (self.messages >> bit & 3) + (days >> bit & 3);
            self.messages = self.messages & !(3 << bit) | sum.min(3) << bit;
            days &= !(3 << bit);
        }
    }

    /// The days, in order.
    pub(super) fn days(self) -> impl Iterator<Item = ActiveOn> {
        let mut left = self.active;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(self.on(bit))
        })
    }

    /// How many messages there are at least: three of a day that has more.
    pub(super) fn messages(self) -> u64 {
        let count = |bits: u64| u64::from((bits & EACH_DAY).count_ones());
        count(self.messages) + 2 * count(self.messages >> 1)
    }

    /// The first day.
    pub(super) fn first(self) -> Option<i64> {
        Some(self.days().next()?.day)
    }

    /// The last day.
    pub(super) fn last(self) -> Option<i64> {
        let bit = self.active.checked_ilog2()?;
        Some(self.on(bit).day)
    }

    fn on(self, bit: u32) -> ActiveOn {
        let day = self.month.saturating_mul(DAYS).saturating_add(i64::from(bit / 2));
        ActiveOn { day, messages: self.messages >> bit & 3 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_added_is_there(parts in prop::collection::vec((0..30_i64, 0..6_u64), 1..40), month in 0..700_i64) {
            let mut added = ActiveMonth::of_day(month * 30 + parts[0].0, parts[0].1);
            for (day, messages) in &parts[1..] {
                added.add(ActiveMonth::of_day(month * 30 + day, *messages));
            }
            let mut expected = BTreeMap::<i64, u64>::new();
            for (day, messages) in parts {
                *expected.entry(month * 30 + day).or_default() += messages;
            }
            let days: Vec<(i64, u64)> = added.days().map(|active| (active.day, active.messages)).collect();
            prop_assert_eq!(&days, &expected.iter().map(|(day, messages)| (*day, (*messages).min(3))).collect::<Vec<_>>());
            prop_assert_eq!(added.last(), days.last().map(|day| day.0));
            prop_assert_eq!(added.messages(), days.iter().map(|day| day.1).sum::<u64>());
            // Who only talked is not in the roll-up.
            let wrote = ActiveMonth::of(month, added.messages).days().map(|active| (active.day, active.messages));
            prop_assert_eq!(wrote.collect::<Vec<_>>(), days.into_iter().filter(|day| day.1 > 0).collect::<Vec<_>>());
        }
    }
}
