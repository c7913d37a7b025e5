//! Voice: how long people were connected, where and when, from `voice_intervals`.
//!
//! Every question scans the intervals once, through a [`Scope`](scope::Scope), and folds the time
//! that counts.

mod board;
mod channels;
mod company;
mod filter;
mod guild;
mod heat_map;
mod interval;
mod now;
mod occupancy;
mod scope;
mod series;
mod sessions;
mod total;
#[cfg(test)]
pub(crate) mod truth;

pub(crate) use self::board::{VoiceBoard, each_voice_day};
pub(crate) use self::channels::by_time;
pub(crate) use self::interval::{ASSUMED_TAIL_MS, VoiceTime};
pub(crate) use self::scope::each_stay;
pub(crate) use self::total::{PartOf, VoicePart, VoiceScan};
pub use self::{
    channels::{ChannelVoice, VoiceChannels, VoiceChannelsAnswer},
    filter::{Assumed, VoiceFilter, VoiceStateFilter},
    guild::{GuildVoice, GuildVoiceAnswer},
    heat_map::{VoiceHeatMap, VoiceHeatMapAnswer},
    interval::ASSUMED_TAIL,
    now::{InVoice, VoiceNow, VoiceNowAnswer},
    occupancy::{OccupancyStep, VoiceOccupancy, VoiceOccupancyAnswer, VoicePeak},
    series::{VoicePeriod, VoiceSeries, VoiceSeriesAnswer},
    sessions::VoiceSessions,
};
