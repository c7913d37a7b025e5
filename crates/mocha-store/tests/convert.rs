//! Files of the TypeScript original's code are converted into new ones.

mod support;

use std::{fs, path::Path};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{ErrorKind, Store};
use support::*;

/// The earliest tables of the code.
const FIRST: &str = "
    CREATE TABLE guilds (id text PRIMARY KEY NOT NULL, name text, icon text, owner_id text, member_count integer,
        created_at integer, updated_at integer);
    CREATE TABLE users (id text PRIMARY KEY NOT NULL, username text, discriminator text, avatar text, bot integer,
        created_at integer, updated_at integer);
    CREATE TABLE channels (id text PRIMARY KEY NOT NULL, guild_id text, name text, type integer, parent_id text,
        created_at integer);
    CREATE TABLE members (id text PRIMARY KEY NOT NULL, guild_id text, user_id text, nick text, joined_at integer,
        left_at integer, roles text, created_at integer);
    CREATE TABLE message_events (id text PRIMARY KEY NOT NULL, guild_id text, channel_id text, user_id text, content text,
        attachment_count integer, embed_count integer, timestamp integer, created_at integer);
    CREATE TABLE voice_events (id text PRIMARY KEY NOT NULL, guild_id text, channel_id text, user_id text, action text,
        duration integer, timestamp integer, created_at integer);
    CREATE TABLE member_events (id text PRIMARY KEY NOT NULL, guild_id text, user_id text, action text, roles text,
        timestamp integer, created_at integer);
    CREATE TABLE presence_events (id text PRIMARY KEY NOT NULL, guild_id text, user_id text, status text, activity text,
        activity_type integer, timestamp integer, created_at integer);
    INSERT INTO guilds VALUES ('10', 'G', NULL, '40', 2, 1700000000, 1700000000);
    INSERT INTO users VALUES ('40', 'anna', '0', NULL, 0, 1700000000, 1700000000);
    INSERT INTO channels VALUES ('20', '10', 'c', 0, NULL, 1700000000);
    INSERT INTO members VALUES ('a', '10', '40', 'Anna', 1700000000, NULL, '[]', 1700000000),
        ('b', '10', '41', NULL, 1700000000, 1700000100, '[]', 1700000000);
    INSERT INTO message_events VALUES ('30', '10', '20', '40', 'two  wörds', 1, 0, 1700000060, 1700000100),
        ('31', '10', '20', '40', NULL, 0, 0, 1700000061, 1700000100), ('32', '10', '20', NULL, 'x', 0, 0, 1700000062, 0);
    INSERT INTO voice_events VALUES ('v1', '10', '21', '40', 'join', 0, 1700000000, 0),
        ('v2', '10', '21', '40', 'leave', 600000, 1700000600, 0);
    INSERT INTO member_events VALUES ('m1', '10', '40', 'join', NULL, 1700000000, 0);
";

/// The latest tables, with other names: only messages and guilds.
const LAST: &str = "
    CREATE TABLE guild (id text PRIMARY KEY NOT NULL, createdAt integer, updatedAt integer, name text, icon text, ownerId text,
        memberCount integer);
    CREATE TABLE messageevent (timestamp integer, createdAt integer, id text PRIMARY KEY NOT NULL, guildId text, channelId text,
        userId text, content text, attachmentCount integer, embedCount integer);
    INSERT INTO guild VALUES ('10', 1700000000, 1700000000, 'G', NULL, '40', 7);
    INSERT INTO messageevent VALUES (1700000060, 0, '30', '10', '20', '40', 'hello', 0, 2);
";

fn old(path: &Path, sql: &str) -> TestResult {
    SqliteConnection::establish(path.to_str().ok_or("path")?)?.batch_execute(sql)?;
    Ok(())
}

#[test]
fn the_first_tables_of_the_code_are_converted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("old.db"), folder.path().join("new/stats.db"));
    old(&from, FIRST)?;
    let before = fs::read(&from)?;
    let refused = Store::open(&from).expect_err("its tables differ from the documented ones");
    assert!(refused.kind() == &ErrorKind::NotMocha && refused.to_string().contains("convert"), "{refused}");
    let converted = Store::convert(&from, &to)?;
    let of = |name| converted.tables.iter().find(|table| table.name == name).map(|table| (table.rows, table.skipped));
    assert_eq!((of("members"), of("message_events")), (Some((1, 1)), Some((2, 1))));
    assert_eq!(fs::read(&from)?, before);
    let store = Store::open(&to)?;
    let messages = lines(
        &store,
        "SELECT id || ' ' || created_at || ' ' || coalesce(character_count, '-') || ' ' || coalesce(word_count, '-') || ' ' || \
         has_attachment AS line FROM message_events ORDER BY id",
    )?;
    assert_eq!(messages, ["30 1700000060 10 2 1", "31 1700000061 - - 0"]);
    let joins = lines(&store, "SELECT event_type || ' ' || created_at AS line FROM member_events")?;
    assert_eq!(joins, ["join 1700000000"]);
    assert_eq!(lines(&store, "SELECT id || ' ' || nickname AS line FROM members")?, ["10:40 Anna"]);
    let voice = lines(&store, "SELECT user_id || ' ' || (ended_at_ms - started_at_ms) AS line FROM voice_intervals")?;
    assert_eq!(voice, ["40 600000"]);
    assert!(store.check().run()?.is_ok());
    Ok(())
}

#[test]
fn the_last_tables_of_the_code_are_converted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("old.db"), folder.path().join("new.db"));
    old(&from, LAST)?;
    Store::convert(&from, &to)?;
    let store = Store::open(&to)?;
    let message = "SELECT id || ' ' || character_count || ' ' || has_embed AS line FROM message_events";
    assert_eq!(lines(&store, message)?, ["30 5 1"]);
    assert_eq!(lines(&store, "SELECT name || ' ' || member_count AS line FROM guilds")?, ["G 7"]);
    Ok(())
}

#[test]
fn a_refused_conversion_leaves_no_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("old.db"), folder.path().join("new.db"));
    old(&from, "CREATE TABLE jokes (x)")?;
    assert_eq!(Store::convert(&from, &to).expect_err("no table of the original").kind(), &ErrorKind::NotMocha);
    let documented = folder.path().join("documented.db");
    old(&documented, include_str!("original.sql"))?;
    assert_eq!(Store::convert(&documented, &to).expect_err("it opens in place").kind(), &ErrorKind::NotMocha);
    fs::write(&to, "precious")?;
    let first = folder.path().join("first.db");
    old(&first, FIRST)?;
    assert_eq!(Store::convert(&first, &to).expect_err("it exists").kind(), &ErrorKind::Io);
    assert_eq!(fs::read(&to)?, b"precious");
    assert!(Store::convert(folder.path().join("missing.db"), folder.path().join("other.db")).is_err());
    assert_eq!(fs::read_dir(folder.path())?.count(), 4);
    Ok(())
}
