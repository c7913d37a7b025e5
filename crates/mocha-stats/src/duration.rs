//! Durations in JSON: integers in the unit that the field's name in JSON states.

#![expect(clippy::ref_option, reason = "serde passes a reference to the field")]

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::Compared;

pub(crate) fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    whole_milliseconds(*duration).serialize(serializer)
}

pub(crate) fn weekly_milliseconds<S: Serializer>(
    hours: &[[Duration; 24]; 7],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    hours.map(|day| day.map(whole_milliseconds)).serialize(serializer)
}

pub(crate) fn optional_milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(whole_milliseconds).serialize(serializer)
}

pub(crate) fn compared_milliseconds<S: Serializer>(
    Compared { value, previous }: &Compared<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let (value, previous) = (whole_milliseconds(*value), previous.map(whole_milliseconds));
    Compared { value, previous }.serialize(serializer)
}

pub(crate) fn optional_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs()).serialize(serializer)
}

fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
