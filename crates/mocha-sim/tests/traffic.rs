//! With any settings, simulated traffic is possible on a real server.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Timelike};
use mocha_sim::{Reference, Server};
use mocha_store::Event;
use proptest::prelude::*;

/// Returns servers of every kind, even without members, channels or days.
fn servers() -> impl Strategy<Value = Server> {
    let people = (any::<u64>(), 0..6_u32, 0..120_u32);
    let places = (0..14_u16, 0..7_u16);
    let rates = (0..400_u32, 0..80_u32, 0..100_u32);
    (people, places, rates).prop_map(|((seed, days, members), (texts, voices), (messages, sessions, presences))| {
        Server::new(seed)
            .days(days)
            .members(members)
            .text_channels(texts)
            .voice_channels(voices)
            .messages_per_day(messages)
            .voice_sessions_per_day(sessions)
            .presences_per_day(presences)
    })
}

/// Checks that only members act, and that only members in voice leave voice.
fn check_presence(server: Server) -> Result<(), TestCaseError> {
    let (mut users, mut members, mut voice) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for event in server.events() {
        match event {
            Event::UserSeen(user) => {
                users.insert(user.user_id);
            }
            Event::MemberSeen(member) | Event::MemberJoined(member) => {
                prop_assert!(users.contains(&member.user_id));
                prop_assert!(members.insert(member.user_id), "{member:?} joined twice");
                prop_assert!(member.joined_at <= Some(member.at));
            }
            Event::MemberLeft(member) => {
                prop_assert!(!voice.contains_key(&member.user_id), "{member:?} left the server while in voice");
                prop_assert!(members.remove(&member.user_id), "{member:?} left without being a member");
            }
            Event::MessageSent(message) => prop_assert!(members.contains(&message.user_id)),
            Event::PresenceChanged(presence) => prop_assert!(members.contains(&presence.user_id)),
            Event::VoiceSnapshot(snapshot) => {
                for there in snapshot.voices {
                    prop_assert!(members.contains(&there.user_id));
                    prop_assert!(voice.insert(there.user_id, (there.channel_id, there.state)).is_none());
                }
            }
            Event::VoiceStateChanged(state) => {
                prop_assert!(members.contains(&state.user_id));
                let before = voice.remove(&state.user_id);
                prop_assert!(
                    before.is_some() || state.channel_id.is_some(),
                    "{state:?} left voice without being in it"
                );
                if let Some(channel_id) = state.channel_id {
                    voice.insert(state.user_id, (channel_id, state.state));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn events_are_in_order_of_time_and_before_the_end(server in servers()) {
        let mut last = DateTime::UNIX_EPOCH;
        for event in server.events() {
            prop_assert!(event.at() >= last, "{event:?} after {last}");
            last = event.at();
        }
        // A server of zero days still has the first events of the connection.
        prop_assert!(last < server.end().max(server.end() + TimeDelta::milliseconds(1)));
    }

    #[test]
    fn a_seed_makes_the_same_events_again(server in servers()) {
        prop_assert!(server.events().eq(server.events()));
    }

    #[test]
    fn only_members_leave(server in servers()) {
        check_presence(server)?;
    }

    #[test]
    fn message_ids_contain_the_time_and_never_repeat(server in servers()) {
        let mut last = 0;
        for event in server.events() {
            let Event::MessageSent(message) = event else { continue };
            let id = message.message_id.get();
            prop_assert!(id > last);
            last = id;
            prop_assert_eq!(i64::try_from(id >> 22)? + 1_420_070_400_000, message.at.timestamp_millis());
        }
    }

    #[test]
    fn channels_are_sent_before_their_events(server in servers()) {
        let mut channels = BTreeMap::new();
        for event in server.events() {
            match event {
                Event::ChannelSeen(channel) => {
                    prop_assert!(channel.parent_id.is_none_or(|parent| channels.contains_key(&parent)));
                    prop_assert_eq!(channels.insert(channel.channel_id, channel.kind), None);
                }
                Event::ChannelRemoved(channel) => prop_assert_eq!(channels.remove(&channel.channel_id), Some(11)),
                Event::MessageSent(message) => {
                    prop_assert!(matches!(channels.get(&message.channel_id), Some(0 | 11)));
                }
                Event::VoiceStateChanged(voice) => {
                    prop_assert!(voice.channel_id.is_none_or(|channel| channels.get(&channel) == Some(&2)));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_totals_of_the_reference_agree(server in servers()) {
        let mut reference = Reference::new(server.guild_id());
        let (mut counted, mut joins, mut leaves, mut members) = (0, 0, 0, 0);
        for event in server.events() {
            reference.observe(&event);
            match event {
                Event::MessageSent(message) => counted += u64::from([0, 19, 20, 23].contains(&message.kind)),
                Event::MemberSeen(_) => members += 1,
                Event::MemberJoined(_) => joins += 1,
                Event::MemberLeft(_) => leaves += 1,
                _ => {}
            }
        }
        let by_user = reference.messages_by_user();
        prop_assert_eq!(by_user.values().map(|totals| totals.messages).sum::<u64>(), counted);
        prop_assert_eq!(reference.messages().values().map(|totals| totals.messages).sum::<u64>(), counted);
        prop_assert_eq!((reference.joins(), reference.leaves()), (joins, leaves));
        prop_assert_eq!(u64::try_from(reference.members().len())? + leaves, members + joins);

        // One more hour adds an hour to each member in voice, and nothing to other members.
        let talkers = reference.in_voice();
        let (end, later) = (server.end(), server.end() + TimeDelta::hours(1));
        let (until_end, until_later) = (reference.voice_until(end), reference.voice_until(later));
        for (user_id, later) in &until_later {
            let added = later.voice_ms() - until_end.get(user_id).map_or(0, mocha_sim::VoiceTotals::voice_ms);
            prop_assert_eq!(added, if talkers.contains(user_id) { 3_600_000 } else { 0 });
        }
    }

    #[test]
    fn an_event_that_is_delivered_twice_counts_once(server in servers()) {
        let mut once = Reference::new(server.guild_id());
        let mut twice = once.clone();
        for event in server.events() {
            once.observe(&event);
            twice.observe(&event);
            twice.observe(&event);
        }
        prop_assert_eq!(format!("{once:?}"), format!("{twice:?}"));
    }
}

/// Ten years are long enough for members to leave before a planned leave, and to return.
#[test]
fn only_members_leave_in_ten_years() -> Result<(), TestCaseError> {
    check_presence(Server::new(5).days(3_650).members(100).messages_per_day(0).voice_sessions_per_day(20))
}

/// Every case that is hard for statistics happens within a month.
#[test]
fn a_month_has_every_hard_case() {
    let server = Server::new(1).presences_per_day(50);
    let (mut kinds, mut over_midnight, mut moves, mut mutes, mut returns) = (BTreeSet::new(), 0, 0, 0, 0);
    let (mut voice, mut gone, mut evening, mut night) = (BTreeMap::new(), BTreeSet::new(), 0, 0);
    for event in server.events() {
        kinds.insert(format!("{event:?}").split('(').next().unwrap_or_default().to_owned());
        match event {
            Event::MemberLeft(member) => {
                gone.insert(member.user_id);
            }
            Event::MemberJoined(member) => returns += u32::from(gone.contains(&member.user_id)),
            Event::MessageSent(message) => {
                evening += u32::from(message.at.hour() == 20);
                night += u32::from(message.at.hour() == 4);
            }
            Event::VoiceStateChanged(now) => {
                if let Some((channel_id, at)) = voice.remove(&now.user_id) {
                    over_midnight += u32::from(now.at.date_naive() > DateTime::date_naive(&at));
                    moves += u32::from(now.channel_id.is_some_and(|channel| channel != channel_id));
                }
                mutes += u32::from(now.state.is_muted());
                if let Some(channel_id) = now.channel_id {
                    voice.insert(now.user_id, (channel_id, now.at));
                }
            }
            _ => {}
        }
    }
    assert_eq!(kinds.len(), 12, "{kinds:?}");
    assert!(!kinds.contains("GuildRemoved") && !kinds.contains("GuildOutage"));
    assert!(
        over_midnight > 20 && moves > 50 && mutes > 100 && returns > 0,
        "{over_midnight} {moves} {mutes} {returns}"
    );
    assert!(evening > 8 * night && night > 50, "{evening} {night}");
}
