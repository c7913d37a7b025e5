//! The answers about a recorded file match the reference.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId};
use mocha_sim::{MessageTotals, Reference, Server};
use mocha_stats::{
    Bots, Channels, ChannelsAnswer, Growth, GrowthAnswer, Leaderboard, LeaderboardAnswer, VoiceChannels,
    VoiceChannelsAnswer, Window,
};
use mocha_store::{Clock, Store};
use proptest::prelude::*;

/// Returns small servers, some without bots, channels or voice.
fn servers() -> impl Strategy<Value = Server> {
    let people = (any::<u64>(), 0..12_u32, 0..150_u32);
    let places = (0..10_u16, 0..6_u16);
    let rates = (0..300_u32, 0..100_u32, 0..60_u32);
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

/// Returns the reference and the end of the window, right after the last event. Members count as present in voice only until
/// they were last confirmed.
fn record(store: &Store, server: Server) -> Result<(Reference, DateTime<Utc>), mocha_store::Error> {
    let recorder = store.recorder()?;
    let (mut reference, mut end) = (Reference::new(server.guild_id()), server.end());
    for event in server.events() {
        reference.observe(&event);
        end = event.at() + chrono::TimeDelta::milliseconds(1);
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    let stats = recorder.stats();
    assert_eq!((stats.rejected, stats.dropped), (0, 0), "{stats:?}");
    Ok((reference, end))
}

struct Answers {
    channels: ChannelsAnswer,
    growth: GrowthAnswer,
    /// Leaderboards by messages, characters and words.
    messages: [LeaderboardAnswer; 3],
    voice: LeaderboardAnswer,
    voice_channels: VoiceChannelsAnswer,
}

fn ask(store: &Store, guild_id: GuildId, window: Window, bots: Bots) -> Result<Answers, mocha_store::Error> {
    store.read(|conn| -> Result<_, mocha_stats::Error> {
        Ok(Answers {
            channels: Channels::of(guild_id).within(window).bots(bots).load(conn)?,
            growth: Growth::of(guild_id).within(window).load(conn)?,
            messages: [
                Leaderboard::messages(guild_id).within(window).bots(bots).load(conn)?,
                Leaderboard::characters(guild_id).within(window).bots(bots).load(conn)?,
                Leaderboard::words(guild_id).within(window).bots(bots).load(conn)?,
            ],
            voice: Leaderboard::voice(guild_id).within(window).bots(bots).load(conn)?,
            voice_channels: VoiceChannels::of(guild_id).within(window).bots(bots).load(conn)?,
        })
    })
}

/// Compares all answers about the accounts that the policy counts.
fn compare(answers: &Answers, reference: &Reference, end: DateTime<Utc>, bots: Bots) {
    let counted = |user_id: UserId| match bots {
        Bots::Exclude => !reference.is_bot(user_id),
        Bots::Include => true,
        Bots::Only => reference.is_bot(user_id),
    };

    let expected: BTreeMap<UserId, MessageTotals> =
        reference.messages_by_user().into_iter().filter(|(user_id, _)| counted(*user_id)).collect();
    let values = [
        |totals: &MessageTotals| totals.messages,
        |totals: &MessageTotals| totals.characters,
        |totals: &MessageTotals| totals.words,
    ];
    for (board, value) in answers.messages.iter().zip(values) {
        let got: BTreeMap<UserId, u64> = board.entries.iter().map(|entry| (entry.user_id, entry.value)).collect();
        let expected: BTreeMap<UserId, u64> = expected.iter().map(|(user, totals)| (*user, value(totals))).collect();
        assert_eq!(board.total, expected.values().sum::<u64>());
        assert_eq!(got, expected.into_iter().filter(|(_, value)| *value > 0).collect());
    }

    let mut expected = BTreeMap::<ChannelId, (u64, u64)>::new();
    let mut people = BTreeSet::new();
    for ((channel_id, user_id), totals) in reference.messages().iter().filter(|((_, user_id), _)| counted(*user_id)) {
        let (messages, users) = expected.entry(*channel_id).or_default();
        *messages += totals.messages;
        *users += 1;
        people.insert(*user_id);
    }
    let got: BTreeMap<_, _> = answers
        .channels
        .channels
        .iter()
        .map(|channel| (channel.channel_id, (channel.messages, channel.user_count)))
        .collect();
    assert_eq!(got, expected);
    assert_eq!(usize::try_from(answers.channels.user_count), Ok(people.len()));

    let voice = reference.voice_until(end);
    let expected: BTreeMap<UserId, (u64, u64)> = voice
        .iter()
        .filter(|(user_id, _)| counted(**user_id))
        .map(|(user_id, totals)| (*user_id, (totals.voice_ms(), totals.sessions)))
        .collect();
    let got: BTreeMap<_, _> = answers
        .voice
        .entries
        .iter()
        .map(|entry| (entry.user_id, (entry.value, entry.voice.map_or(0, |voice| voice.sessions))))
        .collect();
    assert_eq!(got, expected);
    let open = reference.in_voice().into_iter().filter(|user_id| counted(*user_id)).count();
    assert_eq!(answers.voice.voice.and_then(|voice| voice.open_sessions), u64::try_from(open).ok());

    let mut expected = BTreeMap::<Option<ChannelId>, Duration>::new();
    for (channel_id, ms) in
        voice.iter().filter(|(user_id, _)| counted(**user_id)).flat_map(|(_, totals)| &totals.channels)
    {
        *expected.entry(Some(*channel_id)).or_default() += Duration::from_millis(*ms);
    }
    let got: BTreeMap<_, _> =
        answers.voice_channels.channels.iter().map(|channel| (channel.channel_id, channel.voice_time)).collect();
    assert_eq!(got, expected);

    assert_eq!((answers.growth.joins, answers.growth.leaves), (reference.joins(), reference.leaves()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn answers_are_those_of_the_reference(server in servers()) {
        let store = Store::builder().clock(Clock::Events).open_in_memory()?;
        let (reference, end) = record(&store, server)?;
        let window = Window::last(chrono::TimeDelta::days(400), end)?;
        for bots in [Bots::Exclude, Bots::Include, Bots::Only] {
            compare(&ask(&store, server.guild_id(), window, bots)?, &reference, end, bots);
        }
    }

    #[test]
    fn recording_the_same_events_again_changes_nothing(server in servers()) {
        let store = Store::builder().clock(Clock::Events).open_in_memory()?;
        for _ in 0..2 {
            let (reference, end) = record(&store, server)?;
            let window = Window::last(chrono::TimeDelta::days(400), end)?;
            let answers = ask(&store, server.guild_id(), window, Bots::Include)?;
            compare(&answers, &reference, end, Bots::Include);
        }
    }

    #[test]
    fn two_servers_in_one_file_do_not_mix(server in servers()) {
        let store = Store::builder().clock(Clock::Events).open_in_memory()?;
        let other = server.guild(GuildId::try_from(server.guild_id().get() + (1 << 22))?);
        for server in [server, other] {
            let (reference, end) = record(&store, server)?;
            let window = Window::last(chrono::TimeDelta::days(400), end)?;
            let answers = ask(&store, server.guild_id(), window, Bots::Exclude)?;
            compare(&answers, &reference, end, Bots::Exclude);
        }
    }
}
