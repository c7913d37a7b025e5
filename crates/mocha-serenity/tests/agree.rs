//! The adapters for serenity and twilight record the same events for the same frames.
#![expect(clippy::indexing_slicing, reason = "indexing a JSON value never panics here: a missing field is null")]

use std::{error::Error, fs, path::Path, sync::LazyLock};

use chrono::{DateTime, Utc};
use mocha_serenity::{ResourceType, Shard};
use mocha_store::{Event as Recorded, Recorder, Store};
use proptest::prelude::*;
use serde::de::DeserializeSeed as _;
use serde_json::{Value, json};
use serenity::model::{event::Event as SerenityEvent, gateway::GatewayIntents, id::UserId};
use twilight_model::{
    gateway::{
        Intents, ShardId,
        event::{DispatchEventWithTypeDeserializer, Event as TwilightEvent},
    },
    id::Id,
};

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const BOT: u64 = 80_000_000_000_000_001;

/// Both adapters, with the same settings.
struct Adapters {
    serenity: mocha_serenity::Adapter,
    twilight: mocha_twilight::Adapter,
}

impl Adapters {
    fn new(recorder: &Recorder, intents: Intents, resources: ResourceType) -> Self {
        let serenity = GatewayIntents::from_bits_retain(intents.bits());
        let serenity = mocha_serenity::Adapter::builder(recorder.clone(), serenity)
            .current_user(UserId::new(BOT))
            .resources(resources)
            .shard(Shard::ONE)
            .build();
        let twilight = mocha_twilight::Adapter::builder(recorder.clone(), intents)
            .current_user(Id::new(BOT))
            .resources(resources)
            .shard(ShardId::ONE)
            .build();
        Self { serenity, twilight }
    }

    /// Returns what the adapters record for a frame.
    fn translate(&self, frame: &Value) -> TestResult<[Vec<Recorded>; 2]> {
        let at: DateTime<Utc> = DateTime::from_timestamp_millis(1_795_341_600_250).ok_or("a time")?;
        let serenity = self.serenity.translate(&serenity_event(frame)?, at);
        let twilight = self.twilight.translate(&twilight_event(frame)?, at);
        let has_lists = frame["t"] == "GUILD_CREATE" || frame["t"] == "GUILD_MEMBERS_CHUNK";
        Ok([serenity, twilight].map(|events| if has_lists { sorted(events) } else { events }))
    }
}

fn serenity_event(frame: &Value) -> TestResult<SerenityEvent> {
    let event = serde_json::from_value(json!({ "t": frame["t"], "d": frame["d"] }))?;
    // serenity reads a guild with an outage as an event of an unknown type, and the removal of an emoji too: Discord sends it
    // without fields that a reaction has.
    let is_unknown = frame["d"]["unavailable"] == true || frame["t"] == "MESSAGE_REACTION_REMOVE_EMOJI";
    match event {
        SerenityEvent::Unknown(event) if !is_unknown => Err(format!("serenity cannot read it: {event:?}").into()),
        event => Ok(event),
    }
}

fn twilight_event(frame: &Value) -> TestResult<TwilightEvent> {
    let (kind, data) = (frame["t"].as_str().ok_or("a frame without a type")?, frame["d"].to_string());
    let event =
        DispatchEventWithTypeDeserializer::new(kind).deserialize(&mut serde_json::Deserializer::from_str(&data))?;
    Ok(event.into())
}

/// Sorts the events of a frame with lists, because serenity keeps lists in hash maps.
fn sorted(mut events: Vec<Recorded>) -> Vec<Recorded> {
    for event in &mut events {
        match event {
            Recorded::MembersListed(listed) => listed.user_ids.sort_unstable(),
            Recorded::PresencesListed(listed) => listed.user_ids.sort_unstable(),
            Recorded::VoiceSnapshot(snapshot) => snapshot.voices.sort_unstable_by_key(|voice| voice.user_id),
            _ => {}
        }
    }
    // A user comes right before its membership.
    events.sort_by_key(|event| match event {
        Recorded::ChannelSeen(channel) => (1, channel.channel_id.get()),
        Recorded::UserSeen(user) => (2, user.user_id.get()),
        Recorded::MemberSeen(member) => (2, member.user_id.get()),
        Recorded::MembersListed(_) => (3, 0),
        Recorded::VoiceSnapshot(_) => (4, 0),
        Recorded::PresenceChanged(presence) => (5, presence.user_id.get()),
        Recorded::PresencesListed(_) => (6, 0),
        _ => (0, 0),
    });
    events
}

/// Returns the recorded frames, which the tests of the adapter for twilight use too.
fn frames() -> TestResult<Vec<(String, Value)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mocha-twilight/tests/frames");
    let mut frames = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a file without a name")?;
        frames.push((name.to_owned(), serde_json::from_str(&fs::read_to_string(&path)?)?));
    }
    frames.sort_by(|(first, _), (second, _)| first.cmp(second));
    Ok(frames)
}

#[test]
fn both_adapters_record_the_same_events_for_each_recorded_frame() -> TestResult {
    let recorder = Store::builder().open_in_memory()?.recorder()?;
    for intents in [Intents::all(), Intents::GUILDS, Intents::GUILDS | Intents::GUILD_MESSAGES] {
        for resources in [ResourceType::default(), ResourceType::all(), ResourceType::empty()] {
            let adapters = Adapters::new(&recorder, intents, resources);
            for (name, frame) in frames()? {
                let [serenity, twilight] = adapters.translate(&frame).map_err(|error| format!("{name}: {error}"))?;
                assert_eq!(serenity, twilight, "{name} with {intents:?} and {resources:?}");
            }
        }
    }
    Ok(())
}

/// Answers to commands have no frame of their own.
#[test]
fn both_adapters_attribute_answers_to_the_same_user() -> TestResult {
    let recorder = Store::builder().open_in_memory()?.recorder()?;
    let adapters = Adapters::new(&recorder, Intents::all(), ResourceType::all());
    let user = json!({ "id": "7", "username": "anna", "discriminator": "0", "avatar": null });
    let metadata = |kind: u8| {
        json!({
            "id": "5", "type": kind, "user": user, "authorizing_integration_owners": {}, "interacted_message_id": "8",
            "triggering_interaction_metadata":
                { "id": "4", "type": 2, "user": user, "authorizing_integration_owners": {} },
        })
    };
    let old = json!({ "id": "5", "type": 2, "name": "roll", "user": user });
    let webhook = frames()?.into_iter().find(|(name, _)| name == "message_webhook").ok_or("a frame")?.1;
    for name in ["MESSAGE_CREATE", "MESSAGE_UPDATE"] {
        for message_kind in [0, 20, 23] {
            for metadata in [None, Some(metadata(2)), Some(metadata(3)), Some(metadata(5))] {
                for (is_follow_up, has_old) in [(false, false), (false, true), (true, false), (true, true)] {
                    let mut frame = webhook.clone();
                    frame["t"] = name.into();
                    frame["d"]["type"] = message_kind.into();
                    if let Some(mut metadata) = metadata.clone() {
                        if is_follow_up {
                            metadata["original_response_message_id"] = "6".into();
                        }
                        frame["d"]["interaction_metadata"] = metadata;
                    }
                    if has_old {
                        frame["d"]["interaction"] = old.clone();
                    }
                    let [serenity, twilight] = adapters.translate(&frame)?;
                    assert_eq!(serenity, twilight, "{frame}");
                }
            }
        }
    }
    Ok(())
}

/// Changes the values of a frame as random numbers say.
struct Changes<I>(I);

impl<I: Iterator<Item = u64>> Changes<I> {
    fn number(&mut self) -> u64 {
        self.0.next().unwrap_or(0)
    }

    fn one_of<T: Clone>(&mut self, values: &[T]) -> Option<T> {
        let length = u64::try_from(values.len().max(1)).unwrap_or(1);
        values.get(usize::try_from(self.number() % length).unwrap_or(0)).cloned()
    }

    fn text(&mut self) -> String {
        let parts = ["a", "Zoë", "\u{1f980}", "  ", "\0", "\n", "___hidden___", "#", "x y z"];
        (0..self.number() % 4).filter_map(|_| self.one_of(&parts)).collect()
    }

    fn time(&mut self) -> String {
        let ms = i64::try_from(1_420_070_400_000 + self.number() % 2_000_000_000_000).unwrap_or(0);
        let time: DateTime<Utc> = DateTime::from_timestamp_millis(ms).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
    }

    fn change(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.change(key, value);
                }
            }
            Value::Array(items) => {
                if matches!(key, "members" | "channels" | "threads" | "voice_states" | "presences") {
                    let kept = usize::try_from(self.number() % 4).unwrap_or(0);
                    items.truncate(kept);
                }
                for item in items {
                    self.change(key, item);
                }
            }
            _ if self.number().is_multiple_of(3) => self.replace(key, value),
            _ => {}
        }
    }

    fn replace(&mut self, key: &str, value: &mut Value) {
        let changed = match key {
            "id" if value.as_str().is_some_and(|id| id.parse::<u64>().is_ok()) => self.id(),
            "channel_id" | "user_id" | "guild_id" | "parent_id" | "afk_channel_id" if value.is_string() => self.id(),
            "nick" | "global_name" => {
                let texts = [Value::Null, "Ann".into(), self.text().into()];
                self.one_of(&texts).unwrap_or_default()
            }
            "name" | "username" | "content" => self.text().into(),
            "discriminator" => format!("{:04}", self.number() % 10_000).into(),
            "status" => self.one_of(&["dnd", "idle", "invisible", "offline", "online"]).into(),
            "joined_at" | "timestamp" | "premium_since" if value.is_string() => self.time().into(),
            "position" => (self.number() % 500).into(),
            _ if value.is_boolean() && key != "unavailable" => self.number().is_multiple_of(2).into(),
            _ => return,
        };
        *value = changed;
    }

    fn id(&mut self) -> Value {
        (self.number() % (1 << 62) + 1).to_string().into()
    }
}

proptest! {
    #[test]
    fn both_adapters_record_the_same_events_for_random_frames(
        frame in any::<prop::sample::Index>(),
        numbers in prop::collection::vec(any::<u64>(), 400),
        intents in any::<u64>(),
        resources in any::<u64>(),
    ) {
        let recorder = recorder();
        let adapters =
            Adapters::new(&recorder, Intents::from_bits_truncate(intents), ResourceType::from_bits_truncate(resources));
        let (name, mut frame) = frame.get(&FRAMES).clone();
        let mut changes = Changes(numbers.into_iter());
        if name == "guild_create" {
            frame["d"]["member_count"] = (changes.number() % 100_000).into();
        }
        changes.change("d", &mut frame["d"]);
        if name == "channel_update_obfuscated" {
            // serenity does not know the flag. Discord sends it with this name.
            frame["d"]["name"] = "___hidden___".into();
        }
        let translated = adapters.translate(&frame);
        prop_assert!(translated.is_ok(), "{name}: {:?}: {frame}", translated.err());
        let [serenity, twilight] = translated.unwrap_or_default();
        prop_assert_eq!(serenity, twilight, "{}: {}", name, frame);
    }
}

static FRAMES: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| frames().expect("frames"));

/// Returns one recorder for all cases: a translation records nothing.
fn recorder() -> Recorder {
    static STORE: LazyLock<Store> = LazyLock::new(|| Store::builder().open_in_memory().expect("a store"));
    STORE.recorder().expect("a recorder")
}
