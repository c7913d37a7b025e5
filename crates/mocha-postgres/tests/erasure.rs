//! Users are erased, exported and opted out as in the SQLite store.
#![cfg(feature = "libpq")]

mod support;

use mocha_recorder::{
    Event,
    event::{InvitesListed, ListedInvite, MessageAddressed, ReactionAdded, RepliedTo},
};
use mocha_schema::{
    Emoji,
    catalogue::{Person, TABLES},
};
use mocha_test_postgres::Database;
use support::{TestResult, embedded, guild, id, joined, message, record, store, user, voice};

fn rows_about(database: &Database, user: u64) -> Vec<String> {
    let about = TABLES.iter().filter_map(|table| {
        let column = if table.person? == Person::Own { "id" } else { "user_id" };
        let other = table.second_person().map(|other| format!(" OR {other} = {user}")).unwrap_or_default();
        Some((table.name, format!("SELECT count(*) FROM {} WHERE {column} = {user}{other}", table.name)))
    });
    about
        .map(|(name, sql)| (name, database.execute(&sql)))
        .filter(|(_, rows)| rows != "0")
        .map(|(name, rows)| format!("{name} {rows}"))
        .collect()
}

fn reacted(message: u64, user: u64, author: u64) -> Event {
    ReactionAdded {
        at: support::at(0),
        author_id: Some(id(author)),
        channel_id: id(11),
        emoji: Emoji::Unicode("\u{1f44d}".to_owned()),
        guild_id: id(1),
        message_id: id(message),
        user_id: id(user),
    }
    .into()
}

fn replied(message: u64, user: u64, addressee: u64) -> Event {
    MessageAddressed {
        at: support::at(0),
        channel_id: id(11),
        guild_id: id(1),
        mentions: vec![id(addressee)],
        message_id: id(message),
        reply: Some(RepliedTo { message_id: id(1), user_id: id(addressee) }),
        user_id: id(user),
    }
    .into()
}

#[test]
fn reactions_and_replies_that_an_erased_user_gave_or_received_are_gone() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let all = || {
        let replied = [replied(5, 40, 41), replied(6, 41, 40), replied(7, 42, 43)];
        [reacted(1, 40, 41), reacted(2, 41, 40), reacted(3, 41, 42), reacted(4, 42, 42)].into_iter().chain(replied)
    };
    record(&store, all())?;
    let mut json = Vec::new();
    store.export_user(id(40)).write_to(&mut json)?;
    assert_eq!(String::from_utf8(json)?.matches("emoji_name").count(), 2);
    let receipt = store.forget_user(id(40)).run()?;
    let removed = receipt.removed.iter().find(|removed| removed.table == "reactions").map(|removed| removed.rows);
    assert_eq!(removed, Some(2));
    record(&store, all())?;
    assert_eq!(rows_about(&database, 40), [""; 0]);
    assert!(store.opt_out_user(id(41)).in_guild(id(1)).run()?.rows_gone);
    record(&store, all())?;
    assert_eq!(rows_about(&database, 41), [""; 0]);
    assert_eq!(database.execute("SELECT string_agg(message_id::TEXT, ' ') FROM reactions"), "4");
    assert_eq!(database.execute("SELECT string_agg(message_id::TEXT, ' ') FROM message_addressees"), "7");
    Ok(())
}

fn listed(ms: i64, uses: [u64; 2]) -> Event {
    let invites = [("a", 40), ("b", 41)].into_iter().zip(uses).map(|((code, inviter), uses)| {
        let inviter_id = Some(id(inviter));
        ListedInvite { code: code.to_owned(), inviter_id, is_vanity: false, max_uses: None, uses }
    });
    InvitesListed { at: support::at(ms), guild_id: id(1), invites: invites.collect() }.into()
}

#[test]
fn invites_of_an_erased_user_and_joins_by_them_are_gone() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let all = || {
        [
            listed(10, [0, 0]),
            joined(20, 1, 42),
            listed(21, [1, 0]),
            joined(30, 1, 40),
            listed(31, [1, 1]),
            joined(40, 1, 43),
            listed(41, [1, 2]),
        ]
    };
    record(&store, all())?;
    let joins =
        "SELECT string_agg(user_id || ' ' || code || ' ' || inviter_id, ', ' ORDER BY user_id) FROM invited_members";
    assert_eq!(database.execute(joins), "40 b 41, 42 a 40, 43 b 41");
    assert!(store.forget_user(id(40)).run()?.rows_gone);
    record(&store, all())?;
    assert_eq!(rows_about(&database, 40), [""; 0]);
    assert_eq!(database.execute(joins), "43 b 41");
    assert_eq!(database.execute("SELECT string_agg(code, ' ') FROM invites"), "b");
    Ok(())
}

#[test]
fn nothing_of_an_erased_user_is_left_or_comes_back() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    support::count_awards(&store, 1, std::time::Duration::from_secs(1))?;
    let _running = store.recorder()?;
    // So many that they need several transactions.
    let messages = || (0..1200).map(|n| message(n, 1000 + n.unsigned_abs(), 1 + n.unsigned_abs() % 2, 40));
    let other = || [guild(0, 1, 7), user(0, 41, "other", false), joined(1, 1, 41), message(5, 20, 1, 41)];
    let own = || [user(0, 40, "mira", false), joined(0, 1, 40), voice(10, 1, 40, Some(11)), voice(5000, 1, 40, None)];
    record(&store, messages().chain(own()).chain(other()).chain([voice(6000, 1, 40, Some(11))]))?;
    assert_eq!(store.set_point_balances(id(1), [(id(40), 7)])?.set, 1);
    database.execute("INSERT INTO reported_levels VALUES (1, 40, 2)");
    let everything = "SELECT (SELECT sum(messages) FROM message_quarters), (SELECT sum(messages) FROM message_totals),
        (SELECT count(*) FROM voice_totals), (SELECT count(*) FROM voice_intervals)";
    assert_eq!(database.execute(everything), "1201|1201|1|2");

    let mut json = Vec::new();
    assert!(store.export_user(id(40)).write_to(&mut json)? > 1200);
    let json = String::from_utf8(json)?;
    assert!(json.contains("\"username\" : \"mira\"") && !json.contains("other"), "{json}");

    let receipt = store.forget_user(id(40)).run()?;
    assert!(receipt.rows_gone && !receipt.opted_out);
    let removed = |table| receipt.removed.iter().find(|removed| removed.table == table).map(|removed| removed.rows);
    assert_eq!(
        (removed("message_events"), removed("users"), removed("voice_intervals")),
        (Some(1200), Some(1), Some(2))
    );
    assert_eq!((removed("point_balances"), removed("reported_levels")), (Some(1), Some(1)));
    assert_eq!(rows_about(&database, 40), [""; 0]);
    assert_eq!(database.execute(everything), "1|1|0|0");

    // Neither this recorder nor another one records the same events again.
    record(&store, messages().chain(own()).chain([embedded(9, 1000, 1)]))?;
    let another = support::store(database.url())?;
    record(&another, messages().chain(own()))?;
    assert_eq!(rows_about(&database, 40), [""; 0]);
    // Later events of the user count again.
    let later = chrono::Utc::now().timestamp_millis() - support::START + 3_600_000;
    record(&store, [message(later, 5000, 1, 40)])?;
    assert_eq!(database.execute(everything), "2|2|0|0");
    Ok(())
}

#[test]
fn an_erasure_in_one_guild_leaves_the_others() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    record(&store, [message(0, 30, 1, 40), message(0, 31, 2, 40)])?;
    let _receipt = store.forget_user(id(40)).in_guild(id(1)).run()?;
    assert_eq!(
        database.execute("SELECT guild_id, messages, (SELECT count(*) FROM users) FROM message_totals"),
        "2|1|1"
    );
    let _receipt = store.forget_user(id(40)).in_guild(id(2)).run()?;
    assert_eq!(rows_about(&database, 40), [""; 0]);
    Ok(())
}

#[test]
fn an_opt_out_stands_until_it_is_taken_back() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = store(database.url())?;
    let other = support::store(database.url())?;
    let running = other.recorder()?;
    record(&other, [message(0, 29, 1, 41)])?;
    assert!(store.opt_out_user(id(40)).run()?.opted_out);
    let later = chrono::Utc::now().timestamp_millis() - support::START + 3_600_000;
    record(&other, [message(later, 30, 1, 40)])?;
    assert_eq!(running.stats().withheld, 1);
    assert!(store.is_opted_out(id(40), None)? && store.opt_in_user(id(40), None)?);
    assert!(!store.is_opted_out(id(40), None)? && !store.opt_in_user(id(40), None)?);
    record(&other, [message(later + 1, 31, 1, 40)])?;
    assert_eq!(database.execute("SELECT id FROM message_events WHERE user_id = 40"), "31");
    Ok(())
}
