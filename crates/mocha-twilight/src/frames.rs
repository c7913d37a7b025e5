//! Test data: events from JSON frames of Discord, read with twilight's own deserializer.

use std::{error::Error, fs, path::Path};

use chrono::{DateTime, Utc};
use mocha_recorder::Event as StoreEvent;
use serde::de::DeserializeSeed;
use serde_json::Value;
use twilight_model::gateway::{
    Intents, ShardId,
    event::{DispatchEventWithTypeDeserializer, Event},
};

use crate::{ResourceType, translate::Context};

pub(crate) type TestResult = Result<(), Box<dyn Error>>;

// The ids in the frames.
pub(crate) const ANNA: u64 = 90_000_000_000_000_001;
pub(crate) const BERT: u64 = 90_000_000_000_000_002;
pub(crate) const BOT: u64 = 80_000_000_000_000_001;
pub(crate) const CATEGORY: u64 = 70_000_000_000_000_000;
pub(crate) const GUILD: u64 = 60_000_000_000_000_000;
pub(crate) const TEXT: u64 = 70_000_000_000_000_001;
pub(crate) const THREAD: u64 = 70_000_000_000_000_003;
pub(crate) const VOICE: u64 = 70_000_000_000_000_002;

/// Returns the time at which every frame arrives.
pub(crate) fn arrival() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_341_600_250).unwrap_or_default()
}

/// Returns the context of a bot that has every intent and the default resources.
pub(crate) fn context() -> Context {
    Context {
        at: arrival(),
        current_user: BOT.try_into().ok(),
        intents: Intents::all(),
        resources: ResourceType::default(),
        shard: Some(ShardId::ONE),
    }
}

impl Context {
    pub(crate) fn with(self, resource: ResourceType) -> Self {
        Self { resources: self.resources | resource, ..self }
    }

    pub(crate) fn without(self, resource: ResourceType) -> Self {
        Self { resources: self.resources - resource, ..self }
    }
}

/// Translates the frame in `tests/frames/{name}.json`.
pub(crate) fn translate(name: &str) -> Result<Vec<StoreEvent>, Box<dyn Error>> {
    translate_with(name, context())
}

pub(crate) fn translate_with(name: &str, context: Context) -> Result<Vec<StoreEvent>, Box<dyn Error>> {
    Ok(crate::translate::translate(&parse(name)?, &context))
}

/// Returns the event of a frame.
pub(crate) fn parse(name: &str) -> Result<Event, Box<dyn Error>> {
    parse_changed(name, |_| ())
}

/// Changes a frame and returns its event.
pub(crate) fn parse_changed(name: &str, change: impl FnOnce(&mut Value)) -> Result<Event, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames").join(name).with_extension("json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut frame: Value = serde_json::from_str(&text)?;
    change(&mut frame);
    let kind = frame["t"].as_str().ok_or("a frame without a type")?;
    let data = frame["d"].to_string();
    let event =
        DispatchEventWithTypeDeserializer::new(kind).deserialize(&mut serde_json::Deserializer::from_str(&data))?;
    Ok(event.into())
}
