//! The roll-ups: tables of totals that triggers maintain, their verification and their rebuilding.

mod difference;
mod rebuild;
mod slice;
mod statement;
mod verify;

use std::fmt;

use mocha_schema::catalogue::{self, Table};

pub use self::{
    difference::{AwardSums, Counted, Difference, MemberSums, MessageSums, Sums, VoiceSums},
    rebuild::Rebuilt,
    slice::RebuildProgress,
    verify::Verification,
};

/// Names a roll-up: a table of totals that triggers maintain, so that it is correct at each commit.
///
/// [`Store::verify`](crate::Store::verify) checks a roll-up, and
/// [`Store::rebuild`](crate::Store::rebuild) repairs it. A roll-up can be wrong only if a program
/// wrote to it, or replaced rows (`INSERT OR REPLACE`) over a connection without `PRAGMA
/// recursive_triggers`. All connections of the store have that setting.
///
/// Months have thirty days each, and thirds of months ten. They are filled up to a watermark, which
/// the recorder raises day by day. Months are computed from days, and totals from months. Packed
/// quarters cover whole months. Days and quarters of an hour are counted from events. All days are
/// in UTC.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Rollup {
    /// `active_months`: the days of thirty on which a user wrote, with one, two, or three and more messages. It is compared day by
    /// day in [`MessageSums::messages`], where 3 means three or more.
    ActiveMonths,
    /// `award_days`: awards by day, user and channel.
    AwardDays,
    /// `award_totals`: the sums of `award_days` by user and channel.
    AwardTotals,
    /// `member_days`: joins and leaves by day, with separate rows for bots.
    MemberDays,
    /// `message_days`: messages by day, author and channel.
    MessageDays,
    /// `message_months`: the sums of `message_days` by thirty days.
    MessageMonths,
    /// `message_quarters`: messages by quarter of an hour, with separate rows for bots.
    MessageQuarters,
    /// `message_thirds`: the sums of `message_days` by ten days.
    MessageThirds,
    /// `message_totals`: the sums of `message_months` by author and channel.
    MessageTotals,
    /// `packed_quarters`: `message_quarters` with one row for each whole month. It is compared by quarter of an hour.
    PackedQuarters,
    /// `voice_channel_days`: voice time by day, user and channel.
    VoiceChannelDays,
    /// `voice_channel_months`: the sums of `voice_channel_days` by thirty days.
    VoiceChannelMonths,
    /// `voice_days`: voice time and sessions by day and user.
    VoiceDays,
    /// `voice_months`: the sums of `voice_days` by thirty days.
    VoiceMonths,
    /// `voice_totals`: the sums of `voice_months` by user.
    VoiceTotals,
}

impl Rollup {
    /// Lists all roll-ups, each before those that are computed from it. Rebuild in this order.
    pub const ALL: [Self; 15] = [
        Self::MessageDays,
        Self::MessageThirds,
        Self::MessageMonths,
        Self::MessageTotals,
        Self::ActiveMonths,
        Self::MessageQuarters,
        Self::PackedQuarters,
        Self::VoiceDays,
        Self::VoiceMonths,
        Self::VoiceTotals,
        Self::VoiceChannelDays,
        Self::VoiceChannelMonths,
        Self::MemberDays,
        Self::AwardDays,
        Self::AwardTotals,
    ];

    /// Returns the name of the table in the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Rollup;
    ///
    /// assert_eq!(Rollup::VoiceDays.table(), "voice_days");
    /// ```
    #[must_use]
    pub const fn table(self) -> &'static str {
        self.entry().name
    }

    /// Returns its entry in the catalogue.
    const fn entry(self) -> &'static Table {
        match self {
            Self::ActiveMonths => &catalogue::ACTIVE_MONTHS,
            Self::AwardDays => &catalogue::AWARD_DAYS,
            Self::AwardTotals => &catalogue::AWARD_TOTALS,
            Self::MemberDays => &catalogue::MEMBER_DAYS,
            Self::MessageDays => &catalogue::MESSAGE_DAYS,
            Self::MessageMonths => &catalogue::MESSAGE_MONTHS,
            Self::MessageQuarters => &catalogue::MESSAGE_QUARTERS,
            Self::MessageThirds => &catalogue::MESSAGE_THIRDS,
            Self::MessageTotals => &catalogue::MESSAGE_TOTALS,
            Self::PackedQuarters => &catalogue::PACKED_QUARTERS,
            Self::VoiceChannelDays => &catalogue::VOICE_CHANNEL_DAYS,
            Self::VoiceChannelMonths => &catalogue::VOICE_CHANNEL_MONTHS,
            Self::VoiceDays => &catalogue::VOICE_DAYS,
            Self::VoiceMonths => &catalogue::VOICE_MONTHS,
            Self::VoiceTotals => &catalogue::VOICE_TOTALS,
        }
    }
}

impl fmt::Display for Rollup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mocha_schema::catalogue::Kept;

    use super::*;

    #[test]
    fn every_roll_up_is_verified_after_the_tables_it_is_made_of() {
        let mut earlier = BTreeSet::new();
        for rollup in Rollup::ALL {
            let sums = rollup.entry().sources_of_sums().filter(|table| table.kept == Kept::Rollups);
            assert!(sums.map(|table| table.name).all(|name| earlier.contains(name)), "{rollup}");
            earlier.insert(rollup.table());
        }
        assert_eq!(earlier, Kept::Rollups.tables().map(|table| table.name).collect());
    }
}
