//! Passes frames of the gateway through the adapter into a store.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mocha_store::{Clock, Store};
use mocha_twilight::Adapter;
use serde::de::DeserializeSeed;
use serde_json::Value;
use twilight_model::gateway::{
    Intents,
    event::{DispatchEventWithTypeDeserializer, Event},
};

fuzz_target!(|bytes: &[u8]| {
    let store = Store::builder().clock(Clock::Events).readers(1).open_in_memory().expect("a store in memory");
    let recorder = store.recorder().expect("the recorder of a new store");
    let adapter = Adapter::new(recorder.clone(), Intents::all());
    for frame in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().map_while(Result::ok) {
        let Some(kind) = frame.get("t").and_then(Value::as_str) else { continue };
        let data = frame.get("d").map(Value::to_string).unwrap_or_default();
        let event =
            DispatchEventWithTypeDeserializer::new(kind).deserialize(&mut serde_json::Deserializer::from_str(&data));
        if let Ok(event) = event {
            // Invalid values are refused with the name of the field.
            if let Err(error) = adapter.update(&Event::from(event)) {
                assert!(error.is_invalid_input(), "{error}");
            }
        }
    }
    recorder.flush().expect("a store in memory can be written");
    let stats = recorder.stats();
    assert_eq!((stats.rejected, stats.pending, stats.dropped), (0, 0, 0), "{:?}", stats.last_error);
    let report = store.check().run().expect("the store can be checked");
    assert!(report.is_ok(), "{report}");
});
