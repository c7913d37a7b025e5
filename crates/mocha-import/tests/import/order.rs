//! Imports and the live recorder give the same file in any order.

use crate::export::{ANNA, GUILD, TEXT, TestResult, export, id, message, rows, store, verified, write};
use mocha_import::Import;
use mocha_store::{
    Store,
    event::{MessageContent, MessageSent},
};
use proptest::prelude::*;
use serde_json::Value;

/// Where messages come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// An export with raw content.
    Raw,
    /// An export with changed content.
    Changed,
    /// The live recorder of a bot without the message content intent.
    Live,
    /// The live recorder of a bot with the intent.
    LiveWithContent,
}

impl Source {
    const fn knows_content(self) -> bool {
        matches!(self, Self::Raw | Self::LiveWithContent)
    }

    /// Records messages, which have the numbers of their seconds as text.
    fn record(self, store: &Store, seconds: &[u64]) -> TestResult {
        let recorder = store.recorder()?;
        match self {
            Self::Raw | Self::Changed => {
                let folder = tempfile::tempdir()?;
                let path = folder.path().join("export.json");
                let messages: Vec<Value> =
                    seconds.iter().map(|seconds| message(*seconds, author(*seconds), &seconds.to_string())).collect();
                write(&path, &export(&messages))?;
                let report = Import::new(recorder.clone()).raw_content(self.knows_content()).run([&path])?;
                assert_eq!((report.taken(), report.failed().count()), (u64::try_from(seconds.len())?, 0), "{report}");
            }
            Self::Live | Self::LiveWithContent => {
                for seconds in seconds {
                    let characters = u32::try_from(seconds.to_string().len())?;
                    let content = MessageContent { characters, has_attachment: false, has_embed: false, words: 1 };
                    let ms = i64::try_from((id(*seconds) >> 22) + 1_420_070_400_000)?;
                    recorder.record(MessageSent {
                        at: chrono::DateTime::from_timestamp_millis(ms).ok_or("a time")?,
                        channel_id: TEXT.try_into()?,
                        content: self.knows_content().then_some(content),
                        guild_id: GUILD.try_into()?,
                        kind: 0,
                        message_id: id(*seconds).try_into()?,
                        user_id: author(*seconds).try_into()?,
                    })?;
                }
            }
        }
        recorder.flush()?;
        assert_eq!(recorder.stats().rejected, 0);
        Ok(())
    }
}

const fn author(seconds: u64) -> u64 {
    ANNA + seconds % 3
}

fn sources() -> impl Strategy<Value = Vec<(Source, Vec<u64>)>> {
    let source =
        prop_oneof![Just(Source::Raw), Just(Source::Changed), Just(Source::Live), Just(Source::LiveWithContent)];
    // Some hours apart, so that there are several days.
    let seconds = prop::collection::vec((0_u64..30).prop_map(|number| number * 20_000), 0..20);
    prop::collection::vec((source, seconds), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn known_content_replaces_unknown_content_in_any_order(sources in sources()) {
        let store = store().expect("a store");
        for (source, seconds) in &sources {
            source.record(&store, seconds).expect("recorded");
        }
        let mut expected: Vec<(String, Option<i32>)> = Vec::new();
        for number in (0..30).map(|number| number * 20_000) {
            let mut with = sources.iter().filter(|(_, seconds)| seconds.contains(&number)).peekable();
            if with.peek().is_some() {
                let is_known = with.any(|(source, _)| source.knows_content());
                let characters = i32::try_from(number.to_string().len()).expect("a number");
                expected.push((id(number).to_string(), is_known.then_some(characters)));
            }
        }
        expected.sort_unstable();
        let mut found: Vec<_> = rows(&store).expect("rows").into_iter().map(|row| (row.0, row.4)).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
        prop_assert!(verified(&store).expect("verified"));
    }
}
