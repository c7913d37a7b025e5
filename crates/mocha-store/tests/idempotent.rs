//! A history that is delivered a second time changes nothing, with or without a restart in between.

mod support;

use mocha_schema::{PresenceStatus, VoiceState};
use mocha_store::{
    Event,
    event::{
        ChannelRemoved, GuildAvailable, GuildOutage, GuildRemoved, MembersListed, PresencesListed, ShardChanged,
        ShardStatus,
    },
};
use proptest::prelude::*;
use support::*;

fn event(ms: i64) -> impl Strategy<Value = Event> {
    let (user_id, channel_id) = (40..44_u64, 20..23_u64);
    let status = prop_oneof![Just(PresenceStatus::Online), Just(PresenceStatus::Dnd)];
    prop_oneof![
        Just(guild(ms, 100)),
        channel_id.clone().prop_map(move |channel_id| channel(ms, channel_id, Some("general"))),
        (user_id.clone(), "[ab]").prop_map(move |(user_id, name)| user(ms, user_id, &name)),
        (user_id.clone(), 0..3_i64).prop_map(move |(user, ago)| member(ms, user, ms - ago * 7_000_000).into()),
        user_id.clone().prop_map(move |user| joined(ms, user, ms)),
        user_id.clone().prop_map(move |user| left(ms, user)),
        (1..9_u64, channel_id.clone(), user_id.clone())
            .prop_map(move |(n, channel, user)| message(ms, n, channel, user)),
        (user_id.clone(), status, proptest::option::of(Just("chess")))
            .prop_map(move |(user, status, game)| presence(ms, user, status, game)),
        (user_id.clone(), proptest::option::of(channel_id.clone()), any::<bool>()).prop_map(
            move |(user, channel, self_mute)| {
                voice_state(ms, user, channel, VoiceState { self_mute, ..VoiceState::default() })
            }
        ),
        proptest::collection::btree_map(user_id, channel_id.clone(), 0..3)
            .prop_map(move |voices| snapshot(ms, &voices.into_iter().collect::<Vec<_>>())),
        (2..5_u64, proptest::collection::btree_set(40..44_u64, 0..4)).prop_map(move |(count, users)| {
            let user_ids = users.into_iter().map(id).collect();
            let (member_count, nonce) = (Some(count), None);
            MembersListed {
                at: at(ms),
                chunk_count: 1,
                chunk_index: 0,
                guild_id: id(GUILD),
                member_count,
                nonce,
                user_ids,
            }
            .into()
        }),
        (any::<bool>(), proptest::collection::btree_set(40..44_u64, 0..4)).prop_map(move |(is_complete, users)| {
            let user_ids = users.into_iter().map(id).collect();
            PresencesListed { at: at(ms), guild_id: id(GUILD), is_complete, user_ids }.into()
        }),
        Just(GuildAvailable { at: at(ms), guild_id: id(GUILD) }.into()),
        prop_oneof![Just(ShardStatus::Lost), Just(ShardStatus::Ready), Just(ShardStatus::Resumed)]
            .prop_map(move |status| ShardChanged { at: at(ms), shard_count: 1, shard_id: 0, status }.into()),
        Just(GuildOutage { at: at(ms), guild_id: id(GUILD) }.into()),
        Just(GuildRemoved { at: at(ms), guild_id: id(GUILD) }.into()),
        channel_id
            .prop_map(move |gone| ChannelRemoved { at: at(ms), channel_id: id(gone), guild_id: id(GUILD) }.into()),
    ]
}

/// Events whose `Debug` has one line for each.
#[derive(Clone)]
struct History(Vec<Event>);

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|event| write!(f, "\n{event:?}"))
    }
}

/// Generates events that are seconds, minutes or hours apart.
fn history() -> impl Strategy<Value = History> {
    let pause = prop_oneof![1_000..5_000_i64, 60_000..600_000_i64, 3_000_000..9_000_000_i64];
    proptest::collection::vec(pause, 1..40).prop_flat_map(|pauses| {
        let mut ms = 0;
        let mut events = Vec::new();
        for pause in pauses {
            ms += pause;
            events.push(event(ms));
        }
        events.prop_map(History)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_second_delivery_changes_nothing(History(events) in history(), restart in any::<bool>()) {
        let store = store().unwrap();
        let running = (!restart).then(|| store.recorder().unwrap());
        record(&store, events.clone()).unwrap();
        let before = dump(&store).unwrap();
        record(&store, events).unwrap();
        if let Some(recorder) = &running {
            prop_assert_eq!(recorder.stats().rejected, 0);
        }
        let after = dump(&store).unwrap();
        let differs = |rows: &[String], others: &[String]| -> Vec<String> {
            rows.iter().filter(|row| !others.contains(row)).cloned().collect()
        };
        prop_assert_eq!(differs(&after, &before), differs(&before, &after));
    }
}
