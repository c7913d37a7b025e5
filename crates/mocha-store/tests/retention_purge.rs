//! Deletion of a guild.

mod support;

use std::{ops::ControlFlow, time::Duration};

use diesel::connection::SimpleConnection;
use mocha_schema::{GuildId, PresenceStatus, VoiceState};
use mocha_store::{
    Error, Event, Keep, Retained, RetentionPolicy, Rollup, Store,
    event::{ChannelRemoved, GuildRemoved, GuildSeen, HistoryRead, MemberSeen, MessageSent, VoiceStateChanged},
};
use support::*;

const DAY: i64 = 86_400_000;
const OTHER: u64 = 999_000_111;

/// Creates a store with two months of a guild, and of another one with the same users.
fn filled() -> Result<Store, Box<dyn std::error::Error + Send + Sync>> {
    let store = store()?;
    let mut events = vec![guild(0, 5), channel(0, 20, Some("general")), joined(0, 40, 0), joined(0, 41, 0)];
    for day in 0..60 {
        let (ms, number) = (day * DAY, u64::try_from(day)?);
        events.extend([message(ms, 1000 + number, 20, 40), voice(ms, 41, Some(22)), voice(ms + 60_000, 41, None)]);
        events.push(presence(ms, 40, PresenceStatus::Online, Some(&day.to_string())));
        events.push(in_other(message(ms, 5000 + number, OTHER + 1, 40)));
        events.push(in_other(voice(ms + 120_000, 41, Some(OTHER + 2))));
        events.push(in_other(voice(ms + 180_000, 41, None)));
    }
    events.extend([left(59 * DAY, 40), voice(59 * DAY + 1_000_000, 41, Some(22))]);
    events.push(ChannelRemoved { at: at(59 * DAY), channel_id: id(22), guild_id: id(GUILD) }.into());
    events.push(in_other(joined(59 * DAY, 41, 0)));
    for (guild_id, channel_id) in [(GUILD, 20), (OTHER, OTHER + 1)] {
        let (guild_id, channel_id) = (id(guild_id), id(channel_id));
        events.push(HistoryRead { at: at(59 * DAY), before: id(1000), channel_id, from: None, guild_id }.into());
    }
    record(&store, events)?;
    store.write(|conn| conn.batch_execute(&format!("INSERT INTO unheard_guilds VALUES ('{GUILD}'), ('{OTHER}')")))?;
    store.write(|conn| {
        conn.batch_execute(&format!("INSERT INTO member_roles VALUES ({GUILD}, 7, 41), ({OTHER}, 7, 41)"))
    })?;
    for guild in [GUILD, OTHER] {
        store.count_awards(id(guild), std::time::Duration::from_hours(1))?;
        store.write(|conn| {
            conn.batch_execute(&format!(
                "INSERT INTO command_uses VALUES ({guild}, 1, 20, 41, 'rank', {0});
                 INSERT INTO ended_boosts VALUES ({guild}, 41, {0}, {0});
                 INSERT INTO invited_members VALUES ({guild}, 41, {0} * 1000, 'a', 42, 0);
                 INSERT INTO invites VALUES ({guild}, 'a', 41, 0, 1, NULL, NULL, {0} * 1000);
                 INSERT INTO level_guilds VALUES ({guild});
                 INSERT INTO point_balances VALUES ({guild}, 41, 100);
                 INSERT INTO reported_levels VALUES ({guild}, 41, 1);
                 INSERT INTO message_addressees VALUES ({guild}, 1, 42, 41, 20, NULL, {0});
                 INSERT INTO reactions VALUES ({guild}, 1, 41, '5', NULL, 20, NULL, {0})",
                at(59 * DAY).timestamp()
            ))
        })?;
    }
    Ok(store)
}

fn in_other(event: Event) -> Event {
    let guild_id = id(OTHER);
    match event {
        Event::GuildSeen(event) => GuildSeen { guild_id, ..event }.into(),
        Event::MemberJoined(event) => Event::MemberJoined(MemberSeen { guild_id, ..event }),
        Event::MessageSent(event) => MessageSent { guild_id, ..event }.into(),
        Event::VoiceStateChanged(event) => VoiceStateChanged { guild_id, state: VoiceState::default(), ..event }.into(),
        event => event,
    }
}

/// Returns the number of the guild's rows in each table with a guild column.
fn rows_by_table(store: &Store, guild: u64) -> Result<Vec<(String, String)>, Error> {
    let tables = "SELECT name AS line FROM sqlite_schema \
                  WHERE type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(sqlite_schema.name) WHERE name = 'guild_id')";
    let mut tables = lines(store, tables)?;
    tables.retain(|table| !NOT_HISTORY.contains(&table.as_str()));
    let mut rows = vec![(
        "guilds".to_owned(),
        lines(store, &format!("SELECT count(*) || '' AS line FROM guilds WHERE id = '{guild}'"))?.join(" "),
    )];
    for table in tables {
        let count = format!("SELECT count(*) || '' AS line FROM {table} WHERE guild_id IN ('{guild}', {guild})");
        let count = lines(store, &count)?.join(" ");
        rows.push((table, count));
    }
    Ok(rows)
}

/// Tables with a `guild_id` whose rows stay when the guild is deleted.
const NOT_HISTORY: [&str; 1] = ["tombstones"];

fn rows_of_other(store: &Store) -> Result<Vec<String>, Error> {
    let mut rows = dump(store)?;
    rows.retain(|row| row.contains(&OTHER.to_string()));
    Ok(rows)
}

fn verify(store: &Store) -> TestResult {
    for rollup in Rollup::ALL {
        assert_eq!(store.verify(rollup).run()?.differences, [], "{rollup}");
    }
    Ok(())
}

#[test]
fn a_purge_deletes_every_row_of_the_guild_and_none_of_others() -> TestResult {
    let store = filled()?;
    let rows = rows_by_table(&store, GUILD)?;
    // Otherwise the test would prove nothing.
    assert!(rows.len() > 13);
    for (table, rows) in rows {
        assert_ne!(rows, "0", "{table}");
    }
    // Roll-ups of deleted events are deleted too.
    store
        .apply_retention_at(&RetentionPolicy::default().messages(Keep::Days(30)), at(59 * DAY))
        .on_progress(|_| ControlFlow::Continue(()))
        .run()?;
    let other = rows_of_other(&store)?;
    let all = dump(&store)?.len();

    let purged = store.purge_guild(id(GUILD)).run()?;
    assert!(purged.complete);
    for (table, rows) in rows_by_table(&store, GUILD)? {
        assert_eq!(rows, "0", "{table}");
    }
    assert_eq!(rows_of_other(&store)?, other);
    let left = dump(&store)?.len();
    // The count leaves out roll-up rows that triggers deleted.
    assert!(usize::try_from(purged.rows)? <= all - left && purged.rows > 0, "{purged:?} of {all} left {left}");
    assert_eq!(lines(&store, "SELECT id AS line FROM users ORDER BY 1")?, ["40", "41"]);
    verify(&store)?;
    assert_eq!(store.purge_guild(id(GUILD)).run()?.rows, 0);
    Ok(())
}

#[test]
fn an_interrupted_purge_leaves_correct_roll_ups_and_continues() -> TestResult {
    let store = filled()?;
    // More events than fit into one batch.
    let events = (0..400).map(|number| message(30 * DAY + 1000, 10_000 + number, 20, 40));
    record(&store, events)?;
    let mut runs = 0;
    loop {
        let purged = store.purge_guild(id(GUILD)).on_progress(|_| ControlFlow::Break(())).run()?;
        verify(&store)?;
        runs += 1;
        if purged.rows == 0 || runs > 100 {
            break;
        }
    }
    assert!((3..100).contains(&runs), "{runs}");
    for (table, rows) in rows_by_table(&store, GUILD)? {
        assert_eq!(rows, "0", "{table}");
    }
    Ok(())
}

fn retain(store: &Store, keep: Keep, now_ms: i64) -> Result<Retained, Error> {
    let forever = Keep::Forever;
    let retention = RetentionPolicy::default().messages(forever).voice(forever).members(forever).presences(forever);
    store.apply_retention_at(&retention.gone_guilds(keep), at(now_ms)).run()
}

#[test]
fn a_guild_is_deleted_some_days_after_the_bot_was_removed_from_it() -> TestResult {
    let store = filled()?;
    let gone_ms = 60 * DAY;
    assert_eq!(retain(&store, Keep::Days(0), gone_ms)?.guilds, 0);
    record(&store, [GuildRemoved { at: at(gone_ms), guild_id: id(GUILD) }.into()])?;
    let (other, all) = (rows_of_other(&store)?, dump(&store)?);
    assert_eq!(retain(&store, Keep::Forever, gone_ms + 1000 * DAY)?.guilds, 0);
    assert_eq!(retain(&store, Keep::Days(30), gone_ms + 30 * DAY - 1000)?.guilds, 0);
    assert_eq!(dump(&store)?, all);

    let retained = retain(&store, Keep::Days(30), gone_ms + 30 * DAY)?;
    assert!(retained.complete);
    assert_eq!(retained.guilds, 1);
    assert_eq!(retained.rows(), retained.guild_rows);
    for (table, rows) in rows_by_table(&store, GUILD)? {
        assert_eq!(rows, "0", "{table}");
    }
    assert_eq!(rows_of_other(&store)?, other);
    Ok(())
}

#[test]
fn more_days_than_dates_exist_keep_for_ever() -> TestResult {
    let store = filled()?;
    record(&store, [GuildRemoved { at: at(60 * DAY), guild_id: id(GUILD) }.into()])?;
    let all = dump(&store)?;
    let (days, progress) = (Keep::Days(u32::MAX), |_: Retained| ControlFlow::Continue(()));
    let retention = RetentionPolicy::default().messages(days).voice(days).members(days).presences(days);
    let retention = retention.rollups(days).gone_guilds(days);
    for now in [at(1000 * DAY), chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC] {
        assert_eq!(store.apply_retention_at(&retention, now).on_progress(progress).run()?.rows(), 0);
    }
    assert_eq!(dump(&store)?, all);
    Ok(())
}

#[test]
fn a_guild_that_comes_back_in_time_loses_nothing() -> TestResult {
    let store = filled()?;
    record(&store, [GuildRemoved { at: at(60 * DAY), guild_id: id(GUILD) }.into(), guild(61 * DAY, 6)])?;
    let all = dump(&store)?;
    assert_eq!(retain(&store, Keep::Days(0), 1000 * DAY)?.rows(), 0);
    assert_eq!(dump(&store)?, all);
    Ok(())
}

#[test]
fn a_guild_that_comes_back_during_its_deletion_keeps_the_rest() -> TestResult {
    let store = filled()?;
    let events = (0..400).map(|number| message(30 * DAY + 1000, 10_000 + number, 20, 40));
    record(&store, events)?;
    record(&store, [GuildRemoved { at: at(60 * DAY), guild_id: id(GUILD) }.into()])?;
    let retention = RetentionPolicy::default().messages(Keep::Forever).gone_guilds(Keep::Days(0));
    let back = || store.write(|conn| conn.batch_execute("UPDATE guild_states SET gone_at = NULL"));
    let mut came_back = Ok(());
    let retained = store
        .apply_retention_at(&retention, at(100 * DAY))
        .on_progress(|_| {
            came_back = back();
            ControlFlow::Continue(())
        })
        .run()?;
    came_back?;
    assert_eq!((retained.guilds, retained.complete), (0, true));
    assert!(retained.guild_rows > 0);
    assert_ne!(lines(&store, "SELECT count(*) || '' AS line FROM message_events WHERE guild_id = '10'")?, ["0"]);
    assert_eq!(lines(&store, "SELECT name AS line FROM guilds WHERE id = '10'")?, ["Rust"]);
    verify(&store)
}

#[test]
fn purging_an_unknown_guild_is_no_error() -> TestResult {
    let store = Store::builder().busy_timeout(Duration::from_secs(1)).open_in_memory()?;
    let purged = store.purge_guild(GuildId::try_from(5)?).run()?;
    assert!(purged.complete && purged.rows == 0);
    Ok(())
}
