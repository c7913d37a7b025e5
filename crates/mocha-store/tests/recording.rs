//! Every kind of event is recorded once, in its tables.

mod support;

use diesel::connection::SimpleConnection;
use mocha_schema::PresenceStatus::{Dnd, Online};
use mocha_store::{
    Event,
    event::{ChannelRemoved, GuildRemoved, MemberSeen, MessageContent, MessageEmbedded, MessageSent},
};
use support::*;

#[test]
fn a_message_creates_its_parent_rows_and_later_events_complete_them() -> TestResult {
    let store = store()?;
    record(&store, [message(1000, 30, 20, 40)])?;
    assert_eq!(lines(&store, "SELECT id || ' ' || coalesce(name, '?') AS line FROM guilds")?, ["10 ?"]);
    assert_eq!(
        lines(
            &store,
            "SELECT id || user_id || character_count || word_count || has_embed || created_at AS line FROM message_events"
        )?,
        ["304012311700000001"]
    );
    record(&store, [guild(0, 7), channel(0, 20, Some("general")), user(0, 40, "ferris")])?;
    let named = "SELECT g.name || ' ' || g.member_count || ' ' || c.name || ' ' || u.username AS line FROM guilds g, channels c, users u";
    // These events are older than the created rows, but have the first names.
    assert_eq!(lines(&store, named)?, ["Rust 7 general ferris"]);
    Ok(())
}

#[test]
fn an_event_from_before_the_last_change_changes_nothing() -> TestResult {
    let store = store()?;
    let events = [
        guild(0, 7),
        channel(0, 20, Some("general")),
        user(0, 40, "ferris"),
        joined(1000, 41, 1000),
        message(2000, 30, 20, 40),
        presence(3000, 40, Online, Some("chess")),
        voice(4000, 40, Some(21)),
        voice(9000, 40, None),
        presence(9500, 40, Dnd, None),
        left(10_000, 41),
    ];
    let recorder = store.recorder()?;
    record(&store, events.clone())?;
    let (before, stats) = (dump(&store)?, recorder.stats());
    assert_eq!((stats.written, stats.duplicate, stats.pending), (10, 0, 0));
    record(&store, events)?;
    assert_eq!(dump(&store)?, before);
    let stats = recorder.stats();
    assert_eq!((stats.queued, stats.written, stats.duplicate, stats.rejected), (20, 10, 10, 0));
    Ok(())
}

#[test]
fn an_unknown_name_leaves_the_known_one() -> TestResult {
    let store = store()?;
    record(&store, [channel(0, 20, Some("general")), channel(5000, 20, None)])?;
    assert_eq!(lines(&store, "SELECT name AS line FROM channels")?, ["general"]);
    Ok(())
}

#[test]
fn an_older_event_does_not_undo_a_newer_one() -> TestResult {
    let store = store()?;
    record(&store, [user(5000, 40, "new"), user(1000, 40, "old"), guild(9000, 8), guild(2000, 7)])?;
    assert_eq!(lines(&store, "SELECT username AS line FROM users")?, ["new"]);
    assert_eq!(lines(&store, "SELECT member_count || '' AS line FROM guilds")?, ["8"]);
    Ok(())
}

#[test]
fn deleted_guilds_and_channels_keep_their_rows() -> TestResult {
    let store = store()?;
    let _running = store.recorder()?;
    record(&store, [guild(0, 2), channel(0, 20, Some("general")), message(1, 30, 20, 40), voice(1000, 40, Some(20))])?;
    record(&store, [ChannelRemoved { at: at(5000), channel_id: id(20), guild_id: id(GUILD) }.into()])?;
    record(&store, [GuildRemoved { at: at(6000), guild_id: id(GUILD) }.into()])?;
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["1"]);
    assert_eq!(lines(&store, "SELECT channel_id || ' ' || gone_at AS line FROM gone_channels")?, ["20 1700000005"]);
    assert_eq!(lines(&store, "SELECT guild_id || ' ' || gone_at AS line FROM guild_states")?, ["10 1700000006"]);
    assert_eq!(lines(&store, "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'")?, ["4000"]);
    // The guild and the channel come back.
    record(&store, [guild(7000, 2), channel(7000, 20, Some("general"))])?;
    assert_eq!(lines(&store, "SELECT 'gone' AS line FROM guild_states WHERE gone_at IS NOT NULL")?, [""; 0]);
    assert_eq!(lines(&store, "SELECT 'gone' AS line FROM gone_channels")?, [""; 0]);
    Ok(())
}

/// Returns the log of joins and leaves.
fn log(store: &mocha_store::Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(
        store,
        "SELECT event_type || ' ' || user_id || ' ' || coalesce(member_count, '?') AS line FROM member_events ORDER BY created_at",
    )
}

#[test]
fn a_join_of_a_member_does_not_count() -> TestResult {
    let store = store()?;
    record(&store, [guild(0, 100), member(0, 40, -9_000_000).into(), joined(5000, 40, -9_000_000)])?;
    assert_eq!(log(&store)?, [""; 0]);
    Ok(())
}

#[test]
fn a_join_that_is_delivered_again_counts_once() -> TestResult {
    let store = store()?;
    // Discord delivers the join of user 40 three times, and that of user 41 after a message of theirs.
    record(&store, [guild(0, 100), joined(5000, 40, 5000), joined(5400, 40, 5400), joined(90_000, 40, 5000)])?;
    record(&store, [member(20_000, 41, 19_000).into(), joined(20_100, 41, 19_000)])?;
    assert_eq!(log(&store)?, ["join 40 101", "join 41 102"]);
    Ok(())
}

#[test]
fn a_member_who_comes_back_within_a_minute_joined_twice() -> TestResult {
    let store = store()?;
    let events =
        [guild(0, 100), joined(1000, 40, 1000), left(11_000, 40), joined(41_000, 40, 41_000), left(100_000, 40)];
    for _ in 0..2 {
        record(&store, events.clone())?;
        assert_eq!(log(&store)?, ["join 40 101", "leave 40 100", "join 40 101", "leave 40 100"]);
    }
    Ok(())
}

#[test]
fn a_leave_that_is_delivered_again_counts_once() -> TestResult {
    let store = store()?;
    record(&store, [guild(0, 100), joined(5000, 40, 5000), left(60_000, 40), left(60_100, 40)])?;
    // A reconnect delivers both again.
    record(&store, [joined(61_000, 40, 5000), left(61_001, 40)])?;
    assert_eq!(log(&store)?, ["join 40 101", "leave 40 100"]);
    assert_eq!(lines(&store, "SELECT id AS line FROM members")?, [""; 0]);
    Ok(())
}

#[test]
fn a_member_who_comes_back_has_two_memberships() -> TestResult {
    let store = store()?;
    let events = [
        joined(5000, 40, 5000),
        left(60_000, 40),
        joined(90_000, 40, 90_000),
        left(95_000, 40),
        // A leave of a member whose join was never seen.
        left(96_000, 41),
        left(96_000 + 7_200_000, 41),
    ];
    record(&store, events.clone())?;
    let expected = ["join 40 ?", "leave 40 ?", "join 40 ?", "leave 40 ?", "leave 41 ?", "leave 41 ?"];
    assert_eq!(log(&store)?, expected);
    record(&store, events)?;
    assert_eq!(log(&store)?, expected);
    Ok(())
}

#[test]
fn a_message_from_before_the_leave_makes_no_member() -> TestResult {
    let store = store()?;
    record(&store, [joined(5000, 40, 5000), left(60_000, 40)])?;
    record(&store, [Event::MemberSeen(MemberSeen { nickname: Some("late".into()), ..member(59_000, 40, 5000) })])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM members")?, [""; 0]);
    Ok(())
}

#[test]
fn a_presence_is_a_row_only_when_it_changes() -> TestResult {
    let store = store()?;
    record(
        &store,
        [
            presence(0, 40, Online, None),
            presence(1000, 40, Online, None),
            presence(2000, 40, Online, Some("chess")),
            presence(3000, 40, Dnd, Some("chess")),
        ],
    )?;
    let rows = "SELECT status || ' ' || coalesce(activity_name, '-') AS line FROM presence_events ORDER BY created_at";
    assert_eq!(lines(&store, rows)?, ["online -", "online chess", "dnd chess"]);
    Ok(())
}

#[test]
fn several_presences_in_one_second_are_recorded_once_each() -> TestResult {
    let store = store()?;
    let events = [presence(200, 40, Online, None), presence(500, 40, Online, None), presence(800, 40, Dnd, None)];
    for _ in 0..2 {
        record(&store, events.clone())?;
        assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM presence_events")?, ["2"]);
    }
    Ok(())
}

#[test]
fn a_deleted_member_row_is_written_again_when_the_member_is_seen() -> TestResult {
    let store = store()?;
    let _running = store.recorder()?;
    record(&store, [member(0, 40, 0).into()])?;
    store.write(|conn| conn.batch_execute("DELETE FROM members"))?;
    record(&store, [member(1000, 40, 0).into()])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM members")?, ["10:40"]);
    Ok(())
}

#[test]
fn a_message_with_an_absurd_time_does_not_move_the_clock() -> TestResult {
    let store = store()?;
    let _running = store.recorder()?;
    let years = 90 * 365 * 86_400_000;
    record(&store, [voice(0, 40, Some(20)), message(years, 1, 20, 41), voice(60_000, 40, None)])?;
    assert_eq!(lines(&store, "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'")?, ["60000"]);
    Ok(())
}

#[test]
fn a_late_embed_is_added_to_its_message() -> TestResult {
    let store = store()?;
    let content = |has_embed| Some(MessageContent { characters: 12, has_attachment: false, has_embed, words: 3 });
    let sent = |message, content| -> Event {
        let (at, channel_id, guild_id, user_id) = (at(0), id(20), id(GUILD), id(40));
        MessageSent { at, channel_id, content, guild_id, kind: 0, message_id: id(message), user_id }.into()
    };
    let embedded =
        |message| -> Event { MessageEmbedded { at: at(500), guild_id: id(GUILD), message_id: id(message) }.into() };
    // The last message is unknown, because it was sent during a gap.
    let updates = [1, 1, 2, 3, 4].map(embedded);
    record(&store, [sent(1, content(false)), sent(2, content(true)), sent(3, None)].into_iter().chain(updates))?;
    let rows = lines(&store, "SELECT id || ' ' || coalesce(has_embed, '?') AS line FROM message_events ORDER BY id")?;
    assert_eq!(rows, ["1 1", "2 1", "3 ?"]);
    let sums = "SELECT messages || ' ' || characters || ' ' || embeds AS line FROM message_days";
    assert_eq!(lines(&store, sums)?, ["3 24 2"]);
    store.write(|conn| conn.batch_execute("DELETE FROM message_events"))?;
    assert_eq!(lines(&store, sums)?, [""; 0]);
    Ok(())
}
