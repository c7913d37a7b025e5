//! Members: repeated joins that do not count, and lists that reveal unnoticed leaves.

mod support;

use diesel::{QueryDsl, RunQueryDsl, SelectableHelper, connection::SimpleConnection};
use mocha_schema::{MemberEvent, schema::member_events};
use mocha_store::{
    Event, Store,
    event::{GuildAvailable, GuildOutage, GuildRemoved, MemberSeen, MembersListed, ShardChanged, ShardStatus},
};
use proptest::prelude::*;
use support::*;

/// Returns a member list in one piece, like that of `GUILD_CREATE`.
fn listed(ms: i64, member_count: u64, users: &[u64]) -> Event {
    let (user_ids, member_count) = (users.iter().copied().map(id).collect(), Some(member_count));
    let (at, guild_id) = (at(ms), id(GUILD));
    MembersListed { at, chunk_count: 1, chunk_index: 0, guild_id, member_count, nonce: None, user_ids }.into()
}

/// Returns a chunk of a requested member list.
fn chunk(ms: i64, (chunk_index, chunk_count): (u32, u32), nonce: Option<&str>, users: &[u64]) -> Event {
    let (at, guild_id, user_ids) = (at(ms), id(GUILD), users.iter().copied().map(id).collect());
    let nonce = nonce.map(Into::into);
    MembersListed { at, chunk_count, chunk_index, guild_id, member_count: None, nonce, user_ids }.into()
}

fn ready(ms: i64) -> Event {
    ShardChanged { at: at(ms), shard_count: 1, shard_id: 0, status: ShardStatus::Ready }.into()
}

fn seen(ms: i64, user: u64) -> Event {
    member(ms, user, -9_000_000).into()
}

/// Returns the events of a guild with three known members.
fn three() -> [Event; 5] {
    [guild(0, 3), seen(0, 40), seen(0, 41), seen(0, 42), listed(0, 3, &[40, 41, 42])]
}

fn members(store: &Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(store, "SELECT user_id AS line FROM members ORDER BY user_id")
}

/// Returns the log of joins and leaves. Inferred leaves are marked.
fn log(store: &Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(
        store,
        "SELECT event_type || ' ' || user_id || ' ' || coalesce(member_count, '?') \
         || CASE WHEN id LIKE '%:inferred' THEN ' inferred' ELSE '' END AS line \
         FROM member_events ORDER BY created_at, user_id",
    )
}

fn count(store: &Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(store, "SELECT member_count || '' AS line FROM guilds")
}

#[test]
fn a_join_of_a_known_member_does_not_count() -> TestResult {
    let store = store()?;
    let mut events = three().to_vec();
    for hour in 1..5 {
        let ms = hour * 3_600_000;
        events.extend([joined(ms, 41, -9_000_000), joined(ms, 42, ms), joined(ms + 10, 42, ms)]);
    }
    record(&store, events)?;
    assert_eq!((log(&store)?, count(&store)?), (Vec::new(), vec!["3".into()]));
    assert_eq!(members(&store)?, ["40", "41", "42"]);
    Ok(())
}

#[test]
fn a_join_of_a_known_member_after_a_gap_counts() -> TestResult {
    let gaps: [fn(i64) -> Event; 3] = [
        ready,
        |ms| GuildOutage { at: at(ms), guild_id: id(GUILD) }.into(),
        |ms| GuildRemoved { at: at(ms), guild_id: id(GUILD) }.into(),
    ];
    for gap in gaps {
        for (seen_again, moves) in [(None, 2), (Some(seen(2000, 41)), 0), (Some(seen(2000, 42)), 2)] {
            let store = store()?;
            let _running = store.recorder()?;
            record(&store, three().into_iter().chain([gap(1000)]).chain(seen_again.clone()))?;
            record(&store, [joined(3_600_000, 41, 3_600_000), joined(3_700_000, 41, 3_700_000)])?;
            assert_eq!(log(&store)?.len(), moves, "{seen_again:?}");
        }
    }
    // A new program has a gap before its start.
    let store = store()?;
    record(&store, three())?;
    record(&store, [joined(3_600_000, 41, 3_600_000)])?;
    assert_eq!(log(&store)?, ["leave 41 ? inferred", "join 41 4"]);
    Ok(())
}

/// Bert leaves and joins again while the bot is down. Discord says when the new membership began.
#[test]
fn a_newer_membership_in_a_list_shows_a_leave_and_a_join() -> TestResult {
    let back = |ms, joined_ms| Event::MemberSeen(member(ms, 41, joined_ms));
    let list = |ms, joined_ms| {
        [ready(ms), guild(ms, 3), seen(ms, 40), back(ms, joined_ms), seen(ms, 42), listed(ms, 3, &[40, 41, 42])]
    };
    let store = store()?;
    record(&store, three())?;
    for ms in [7_200_000, 7_300_000] {
        record(&store, list(ms, 3_600_500))?;
        assert_eq!(log(&store)?, ["leave 41 ? inferred", "join 41 ?"]);
        assert_eq!((members(&store)?.len(), count(&store)?), (3, vec!["3".into()]));
    }
    let times = lines(&store, "SELECT DISTINCT created_at || '' AS line FROM member_events")?;
    assert_eq!(times, [at(3_600_000).timestamp().to_string()]);
    // The same join, told later by an event of its own, and the end of the new membership.
    record(&store, [joined(7_400_000, 41, 3_600_500), left(7_500_000, 41)])?;
    assert_eq!(log(&store)?, ["leave 41 ? inferred", "join 41 ?", "leave 41 2"]);
    Ok(())
}

#[test]
fn a_newer_time_of_joining_is_no_return_of_a_member_who_was_known_or_of_the_same_minute() -> TestResult {
    let back = |ms, joined_ms| Event::MemberSeen(member(ms, 41, joined_ms));
    for later in [
        // Nothing was missed.
        vec![back(3_600_000, 3_000_000)],
        // The times are a minute apart at most.
        vec![ready(3_600_000), back(3_600_000, -9_000_000 + 60_000)],
        // The membership begins in the future.
        vec![ready(3_600_000), back(3_600_000, 9_000_000)],
        // An older membership, and one of which Discord does not say when it began.
        vec![ready(3_600_000), back(3_600_000, -9_900_000)],
        vec![ready(3_600_000), MemberSeen { joined_at: None, ..member(3_600_000, 41, 0) }.into()],
    ] {
        let store = store()?;
        record(&store, three().into_iter().chain(later.clone()))?;
        assert_eq!((members(&store)?.len(), log(&store)?), (3, Vec::new()), "{later:?}");
    }
    Ok(())
}

#[test]
fn a_join_after_a_leave_counts_even_if_an_older_event_is_delivered_again() -> TestResult {
    let store = store()?;
    let again = [left(5000, 41), seen(0, 41), joined(600_000, 41, 600_000)];
    record(&store, three().into_iter().chain(again))?;
    assert_eq!(log(&store)?, ["leave 41 2", "join 41 3"]);
    Ok(())
}

#[test]
fn a_complete_list_reveals_unnoticed_leaves() -> TestResult {
    let store = store()?;
    record(&store, three())?;
    let later = [ready(9_000), guild(9_500, 1), seen(9_500, 40), listed(9_500, 1, &[40]), listed(9_600, 1, &[40, 40])];
    for _ in 0..2 {
        record(&store, later.clone())?;
        assert_eq!(log(&store)?, ["leave 41 1 inferred", "leave 42 1 inferred"]);
        assert_eq!((members(&store)?, count(&store)?), (vec!["40".into()], vec!["1".into()]));
    }
    // Inferred leaves have the list's time and count in that day's leaves.
    let times = lines(&store, "SELECT DISTINCT created_at || '' AS line FROM member_events")?;
    assert_eq!(times, [at(9_500).timestamp().to_string()]);
    assert_eq!(lines(&store, "SELECT leaves || '' AS line FROM member_days")?, ["2"]);
    // A member can join again.
    record(&store, [joined(20_000, 41, 20_000)])?;
    assert_eq!(log(&store)?.last().map(String::as_str), Some("join 41 2"));
    assert_eq!(members(&store)?, ["40", "41"]);
    Ok(())
}

#[test]
fn an_incomplete_list_changes_nothing() -> TestResult {
    for later in [
        // The list of a large guild, or of a bot without the intent.
        vec![listed(9_000, 3, &[40])],
        // One member is listed twice, and another one is missing.
        vec![listed(9_000, 3, &[40, 40, 41])],
        vec![chunk(9_000, (0, 2), None, &[40]), chunk(9_001, (1, 2), None, &[41])],
        // The same half of an answer twice, and halves of two answers.
        vec![guild(8_000, 2), chunk(9_000, (0, 2), None, &[40, 41]), chunk(9_001, (0, 2), None, &[40, 41])],
        vec![guild(8_000, 2), chunk(9_000, (0, 2), Some("a"), &[40]), chunk(9_001, (1, 2), Some("b"), &[41])],
        // A new session began between the chunks.
        vec![guild(8_000, 2), chunk(9_000, (0, 2), None, &[40]), ready(9_001), chunk(9_002, (1, 2), None, &[41])],
        // The list is older than the member count in the file.
        vec![guild(20_000, 2), chunk(9_000, (0, 1), None, &[40, 41])],
    ] {
        let store = store()?;
        record(&store, three().into_iter().chain(later.clone()))?;
        assert_eq!((members(&store)?.len(), log(&store)?), (3, Vec::new()), "{later:?}");
    }
    Ok(())
}

#[test]
fn an_older_list_does_not_remove_later_members() -> TestResult {
    let store = store()?;
    record(&store, [guild(0, 1), seen(0, 40), joined(60_000, 41, 60_000), listed(30_000, 1, &[40])])?;
    assert_eq!((members(&store)?, log(&store)?), (vec!["40".into(), "41".into()], vec!["join 41 2".into()]));
    Ok(())
}

#[test]
fn interleaved_chunks_of_two_answers_work_during_joins_and_leaves() -> TestResult {
    let store = store()?;
    let later = [
        ready(8_000),
        guild(9_000, 4),
        seen(9_000, 43),
        seen(9_000, 44),
        chunk(9_100, (1, 2), Some("a"), &[40, 43]),
        chunk(9_100, (0, 1), Some("b"), &[40]),
        // A listed member leaves, and another one joins who is in no chunk.
        left(9_200, 43),
        joined(9_300, 45, 9_300),
        chunk(9_400, (0, 2), Some("c"), &[41]),
        chunk(9_500, (0, 2), Some("a"), &[41, 44, 44]),
    ];
    record(&store, three().into_iter().chain(later))?;
    assert_eq!(members(&store)?, ["40", "41", "44", "45"]);
    assert_eq!(log(&store)?, ["leave 42 4 inferred", "leave 43 3", "join 45 4"]);
    Ok(())
}

#[test]
fn a_withheld_member_counts_in_a_list_but_is_not_logged() -> TestResult {
    let store = store()?;
    record(&store, three())?;
    assert!(store.opt_out_user(id(42)).run()?.is_complete());
    record(&store, [guild(9_000, 2), listed(9_000, 2, &[40, 42])])?;
    assert_eq!((members(&store)?, log(&store)?), (vec!["40".into()], vec!["leave 41 2 inferred".into()]));
    // A row that the erasure has not deleted yet goes without a log entry.
    store.write(|conn| {
        conn.batch_execute(
            "INSERT INTO users VALUES ('42', NULL, NULL, NULL, 0, 0, 0); \
             INSERT INTO members VALUES ('10:42', '10', '42', NULL, NULL, NULL, 0, 0)",
        )
    })?;
    record(&store, [guild(12_000, 1), listed(12_000, 1, &[40])])?;
    assert_eq!((members(&store)?, log(&store)?), (vec!["40".into()], vec!["leave 41 2 inferred".into()]));
    Ok(())
}

#[test]
fn a_guild_that_adds_the_bot_again_is_not_gone() -> TestResult {
    let store = store()?;
    let gone = |ms| Event::GuildRemoved(GuildRemoved { at: at(ms), guild_id: id(GUILD) });
    let back = |ms| Event::GuildAvailable(GuildAvailable { at: at(ms), guild_id: id(GUILD) });
    let is_gone = "SELECT (gone_at IS NOT NULL) || '' AS line FROM guild_states";
    record(&store, [gone(10_000), back(5_000)])?;
    assert_eq!(lines(&store, is_gone)?, ["1"]);
    record(&store, [back(20_000)])?;
    assert_eq!(lines(&store, is_gone)?, ["0"]);
    Ok(())
}

#[test]
fn an_inferred_leave_is_marked() -> TestResult {
    let store = store()?;
    record(&store, three().into_iter().chain([left(5_000, 41), listed(9_000, 1, &[40])]))?;
    let entries = store.read(|conn| {
        member_events::table.order(member_events::user_id).select(MemberEvent::as_select()).load::<MemberEvent>(conn)
    })?;
    let inferred: Vec<(u64, bool)> = entries.iter().map(|entry| (entry.user_id.get(), entry.is_inferred())).collect();
    assert_eq!(inferred, [(41, false), (42, true)]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// After a complete list exactly its members are left, in any number of chunks and any order.
    #[test]
    fn after_a_complete_list_members_are_those_in_it(
        before in proptest::collection::btree_set(40..60_u64, 0..12),
        now in proptest::collection::btree_set(40..60_u64, 1..12),
        pieces in 1..5_usize, twice in any::<bool>(), backwards in any::<bool>(),
    ) {
        let store = store().unwrap();
        let len = u64::try_from(before.len()).unwrap();
        let told = before.iter().map(|user| seen(0, *user));
        record(&store, std::iter::once(guild(0, len)).chain(told)).unwrap();
        let now: Vec<u64> = now.into_iter().collect();
        let parts: Vec<&[u64]> = now.chunks(now.len().div_ceil(pieces)).collect();
        let chunk_count = u32::try_from(parts.len()).unwrap();
        let mut chunks: Vec<Event> = Vec::new();
        for (index, part) in (0..).zip(&parts) {
            chunks.extend(part.iter().map(|user| seen(9_000, *user)));
            chunks.push(chunk(9_000, (index, chunk_count), None, part));
        }
        if backwards { chunks.reverse(); }
        if twice { chunks.extend(chunks.clone()); }
        let count = u64::try_from(now.len()).unwrap();
        record(&store, [ready(8_000), guild(8_500, count)].into_iter().chain(chunks)).unwrap();
        let found: Vec<u64> = members(&store).unwrap().iter().map(|user| user.parse().unwrap()).collect();
        prop_assert_eq!(&found, &now);
        let gone = before.iter().filter(|user| !now.contains(user)).map(|user| format!("leave {user} {count} inferred"));
        prop_assert_eq!(log(&store).unwrap(), gone.collect::<Vec<_>>());
    }
}
