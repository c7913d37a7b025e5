//! The roll-ups: sums that the triggers of the file keep, held against what they are sums of, and made anew.

mod difference;
mod rebuild;
mod slice;
mod statement;
mod verify;

use std::fmt;

pub use self::{
    difference::{Counted, Difference, MemberSums, MessageSums, Sums, VoiceSums},
    rebuild::Rebuilt,
    slice::Progress,
    verify::Verification,
};

/// A table of sums that triggers keep, so that it is right at each commit, whoever writes.
///
/// [`Store::verify`](crate::Store::verify) says whether it is, and [`Store::rebuild`](crate::Store::rebuild) mends it.
/// It can only be wrong if somebody wrote to it, or replaced rows (`INSERT OR REPLACE`) over a connection without
/// `PRAGMA recursive_triggers`, which all connections of the store have.
///
/// Months are thirty days each, their thirds ten. They have what lies before a watermark, which the recorder raises day by day: what
/// comes later they do not have yet. They are summed up from days, and totals from months; packed quarters of an hour are those of whole
/// months. Days and quarters are counted from the events. All days are UTC's.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Rollup {
    /// `active_months`: on which days of thirty somebody wrote a message, two, or more. It is compared day by day, in
    /// [`MessageSums::messages`], where 3 is three or more.
    ActiveMonths,
    /// `member_days`: joins and leaves by day, those of bots apart.
    MemberDays,
    /// `message_days`: messages by day, author and channel.
    MessageDays,
    /// `message_months`: the sums of `message_days` by thirty days.
    MessageMonths,
    /// `message_quarters`: messages by quarter of an hour, those of bots apart.
    MessageQuarters,
    /// `message_thirds`: the sums of `message_days` by ten days.
    MessageThirds,
    /// `message_totals`: the sums of `message_months` by author and channel.
    MessageTotals,
    /// `packed_quarters`: whole months of `message_quarters`, a row each. It is compared by quarter of an hour.
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
    /// All of them, each before those that are sums of it: the order in which to rebuild.
    pub const ALL: [Self; 13] = [
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
    ];

    /// The table's name in the file.
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
        match self {
            Self::ActiveMonths => "active_months",
            Self::MemberDays => "member_days",
            Self::MessageDays => "message_days",
            Self::MessageMonths => "message_months",
            Self::MessageQuarters => "message_quarters",
            Self::MessageThirds => "message_thirds",
            Self::MessageTotals => "message_totals",
            Self::PackedQuarters => "packed_quarters",
            Self::VoiceChannelDays => "voice_channel_days",
            Self::VoiceChannelMonths => "voice_channel_months",
            Self::VoiceDays => "voice_days",
            Self::VoiceMonths => "voice_months",
            Self::VoiceTotals => "voice_totals",
        }
    }
}

impl fmt::Display for Rollup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table())
    }
}
