//! History that is moved between a file and a database.

use std::{
    collections::BTreeMap,
    error::Error,
    io::{BufRead as _, BufReader, Write as _},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
};

use chrono::TimeDelta;
use diesel::{QueryableByName, RunQueryDsl as _, connection::SimpleConnection as _, sql_query, sql_types::Text};
use mocha_discord::{
    AnyStore, Clock, ErrorKind, Event, GuildId, Keep, Moved, Mover, PgStore, RetentionPolicy, Store,
    event::{
        GuildSeen, InvitesListed, ListedInvite, MessageAddressed, MessageSent, ReactionAdded, ReactionRemoved,
        RepliedTo,
    },
    models::{Emoji, catalogue::TABLES},
    stats::{Leaderboard, LevelCurve, LevelUps, Weights},
};
use mocha_sim::Server;
use mocha_test_postgres::Database;

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// The names of the variables by which the process that is killed gets its file and its database.
const FILE: &str = "MOCHA_TEST_FILE";
const URL: &str = "MOCHA_TEST_URL";

fn open(path: &Path) -> TestResult<Store> {
    Ok(Store::builder().clock(Clock::Events).open(path)?)
}

fn connect(url: &str) -> TestResult<PgStore> {
    Ok(PgStore::builder().clock(Clock::Events).connect(url)?)
}

/// Two servers that share members.
fn servers() -> [Server; 2] {
    let server = |seed: u64, guild: u64| {
        let id = GuildId::try_from(guild << 22).expect("the number is not zero");
        Server::new(seed)
            .guild(id)
            .days(40)
            .members(30)
            .messages_per_day(60)
            .voice_sessions_per_day(6)
            .presences_per_day(20)
    };
    [server(1, 1), server(2, 50)]
}

fn record(store: &Store, events: impl IntoIterator<Item = Event>) -> TestResult {
    let recorder = store.recorder()?;
    for event in events {
        recorder.record_blocking(event)?;
    }
    recorder.flush()?;
    recorder.shutdown()?;
    Ok(())
}

/// A reaction to every tenth of the messages, by the author of the message before it. Each has one of two emoji.
fn reactions(events: &[Event]) -> Vec<ReactionAdded> {
    let messages: Vec<&MessageSent> = events
        .iter()
        .filter_map(|event| match event {
            Event::MessageSent(message) => Some(message),
            _ => None,
        })
        .collect();
    let emoji = [
        Emoji::Unicode("\u{1f44d}".to_owned()),
        Emoji::Custom { id: 7.try_into().expect("not zero"), name: Some("party".to_owned()) },
    ];
    let pairs = messages.iter().zip(messages.iter().skip(1)).step_by(10);
    let pairs = pairs.filter(|(before, message)| before.guild_id == message.guild_id);
    pairs
        .zip(emoji.iter().cycle())
        .map(|((before, message), emoji)| ReactionAdded {
            at: message.at,
            author_id: Some(message.user_id),
            channel_id: message.channel_id,
            emoji: emoji.clone(),
            guild_id: message.guild_id,
            message_id: message.message_id,
            user_id: before.user_id,
        })
        .collect()
}

/// The messages with a reaction, as replies to a message of the user who reacted.
fn replies(events: &[Event]) -> impl Iterator<Item = Event> {
    reactions(events).into_iter().map(|reaction| {
        let ReactionAdded { at, author_id, channel_id, guild_id, message_id, user_id, .. } = reaction;
        let reply = Some(RepliedTo { message_id: 900.try_into().expect("not zero"), user_id });
        let user_id = author_id.expect("each has one");
        MessageAddressed { at, channel_id, guild_id, mentions: Vec::new(), message_id, reply, user_id }.into()
    })
}

/// A list of the two invites of a server before its events and one right after each join. Joins use the invites in turn.
fn with_invites(events: Vec<Event>) -> Vec<Event> {
    let mut uses = [0; 2];
    let list = |at, guild_id, uses: [u64; 2]| -> Event {
        let invites = ["tea", "coffee"].into_iter().zip(uses).map(|(code, uses)| ListedInvite {
            code: code.to_owned(),
            inviter_id: 7.try_into().ok(),
            is_vanity: false,
            max_uses: None,
            uses,
        });
        InvitesListed { at, guild_id, invites: invites.collect() }.into()
    };
    let first = events.iter().find_map(|event| Some(list(event.at(), event.guild_id()?, uses)));
    let mut all = Vec::from_iter(first);
    for (number, event) in events.into_iter().enumerate() {
        let joined = match &event {
            Event::MemberJoined(joined) => Some((joined.at, joined.guild_id)),
            _ => None,
        };
        all.push(event);
        if let Some((at, guild_id)) = joined {
            let used = uses.get_mut(number % 2);
            *used.expect("there are two") += 1;
            all.push(list(at, guild_id, uses));
        }
    }
    all
}

/// A file with everything: two servers and an empty one, events that retention deleted, somebody who opted out, and an open voice session.
fn filled(path: &Path) -> TestResult<Store> {
    let store = open(path)?;
    for server in servers() {
        store.count_awards(server.guild_id(), std::time::Duration::from_mins(1))?;
    }
    for server in servers() {
        let points = (1..=30).map(|user| (user.try_into().expect("the number is not zero"), user * 1_000));
        assert_eq!(store.set_point_balances(server.guild_id(), points)?.set, 30);
        let board = Leaderboard::score(server.guild_id(), Weights::new().balances(1));
        let level_ups = LevelUps::of(board, LevelCurve::mee6()).report_existing();
        assert_eq!(store.write(|conn| level_ups.take(conn))?.len(), 30);
    }
    let mut events: Vec<Event> = servers().iter().flat_map(|server| with_invites(server.events().collect())).collect();
    events.sort_by_key(Event::at);
    let reactions: Vec<Event> =
        servers().iter().flat_map(|server| reactions(&server.events().collect::<Vec<_>>())).map(Event::from).collect();
    events.extend(reactions);
    events
        .extend(servers().iter().flat_map(|server| replies(&server.events().collect::<Vec<_>>()).collect::<Vec<_>>()));
    events.sort_by_key(Event::at);
    // Nobody wrote there yet.
    let (at, name) = (events.last().ok_or("no event")?.at(), "empty".to_owned());
    let guild_id = GuildId::try_from(99 << 22)?;
    events.push(GuildSeen { afk_channel_id: None, at, guild_id, icon: None, member_count: None, name }.into());
    let last = events.last().ok_or("no event")?.at();
    record(&store, events)?;
    let retention = RetentionPolicy::default().messages(Keep::Days(25)).voice(Keep::Days(20)).members(Keep::Days(22));
    store.apply_retention_at(&retention, last).run()?;
    let user = lines(&store, "SELECT user_id AS line FROM message_events ORDER BY id LIMIT 1")?;
    let _receipt = store.opt_out_user(user.first().ok_or("no message")?.parse()?).run()?;
    Ok(store)
}

fn lines(store: &Store, sql: &str) -> TestResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let lines: Vec<Line> = store.read(|conn| sql_query(sql).load(conn))?;
    Ok(lines.into_iter().map(|line| line.line).collect())
}

/// All rows of the tables whose content does not depend on when a file was written.
fn dump(store: &Store) -> TestResult<BTreeMap<&'static str, Vec<String>>> {
    let others =
        ["generations", "mocha_migrations", "packed_quarters", "recorder_batches", "tombstone_keys", "watermarks"];
    let mut dump = BTreeMap::new();
    for table in TABLES.iter().filter(|table| !others.contains(&table.name)) {
        let columns = table.columns.iter().map(|column| format!("quote({})", column.name)).collect::<Vec<_>>();
        let rows = format!("SELECT {} AS line FROM {} ORDER BY 1", columns.join(" || ' ' || "), table.name);
        dump.insert(table.name, lines(store, &rows)?);
    }
    Ok(dump)
}

fn moved(from: &AnyStore, to: &AnyStore) -> TestResult<Moved> {
    Ok(Mover::new(from, to).run()?)
}

#[test]
fn everything_arrives_and_comes_back() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let file = filled(&folder.path().join("stats.db"))?;
    let server = connect(database.url())?;
    let (from, to) = (AnyStore::from(file.clone()), AnyStore::from(server.clone()));
    let mut steps = 0;
    let first = Mover::new(&from, &to)
        .on_progress(|so_far| {
            steps += 1;
            assert!(so_far.rows <= so_far.total, "{so_far:?}");
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(first.is_complete() && first.odd.is_empty(), "{first:?}");
    assert_eq!((first.guilds, first.answers), (3, 3 * 2 * 52));
    assert!(steps > 20 && first.written > 3_000 && first.rows == first.total, "{steps} {first:?}");
    assert_eq!(server.verify()?, []);
    for table in [
        "invited_members",
        "invites",
        "message_events",
        "message_addressees",
        "message_days",
        "reactions",
        "voice_intervals",
        "tombstones",
        "gateway_sessions",
        "recorder_states",
    ] {
        let here = lines(&file, &format!("SELECT count(*) || '' AS line FROM {table}"))?.concat();
        assert_eq!(database.execute(&format!("SELECT count(*) FROM {table}")), here, "{table}");
    }
    let concluded = "SELECT user_id || '' AS line FROM invited_members WHERE code IS NOT NULL";
    assert!(lines(&file, concluded)?.len() > 3);
    // The triggers of the server counted the same as those of the file.
    let total = "SELECT sum(messages) || ' ' || sum(characters) AS line FROM message_days";
    assert_eq!(database.execute(total), lines(&file, total)?.concat());

    let again = moved(&from, &to)?;
    assert!(again.is_complete() && again.written == 0 && again.deleted == 0, "{again:?}");

    // All guilds back give the same file.
    let back = open(&folder.path().join("back.db"))?;
    let all = moved(&to, &AnyStore::from(back.clone()))?;
    assert!(all.is_complete() && all.odd.is_empty(), "{all:?}");
    for (table, rows) in dump(&file)? {
        // Months and totals are filled up to another day.
        if !["message_months", "message_thirds", "message_totals", "active_months"].contains(&table)
            && !["voice_months", "voice_totals", "voice_channel_months"].contains(&table)
        {
            assert_eq!(dump(&back)?.remove(table).ok_or("no such table")?, rows, "{table}");
        }
    }
    for rollup in mocha_discord::Rollup::ALL {
        assert_eq!(back.verify(rollup).run()?.differences, [], "{rollup}");
    }

    // One guild back gives a file without the other one.
    let one = open(&folder.path().join("one.db"))?;
    let [_, second] = servers();
    let of_one = Mover::new(&to, &AnyStore::from(one.clone())).guild(second.guild_id()).run()?;
    assert!(of_one.is_complete() && of_one.guilds == 1, "{of_one:?}");
    let guilds =
        "SELECT id AS line FROM guilds UNION SELECT guild_id FROM message_events UNION SELECT guild_id FROM members";
    assert_eq!(lines(&one, guilds)?, [second.guild_id().to_string()]);
    Ok(())
}

#[test]
fn events_recorded_meanwhile_come_with_the_next_run() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let file = open(&folder.path().join("stats.db"))?;
    let [server, _] = servers();
    let events: Vec<Event> = server.events().collect();
    let (early, late) = events.split_at(events.len() / 2);
    record(&file, early.iter().cloned())?;
    let reactions = reactions(early);
    record(&file, reactions.iter().cloned().map(Event::from))?;
    let (from, to) = (AnyStore::from(file.clone()), AnyStore::from(connect(database.url())?));
    let recorder = file.recorder()?;
    let mut late = late.iter().cloned();
    let first = Mover::new(&from, &to)
        .on_progress(|_| {
            for event in late.by_ref().take(100) {
                recorder.record_blocking(event).expect("the recorder runs");
            }
            ControlFlow::Continue(())
        })
        .run()?;
    // It is a move of the instant at which it began.
    assert!(first.is_complete(), "{first:?}");
    for event in late {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    let second = moved(&from, &to)?;
    assert!(second.is_complete() && second.written > 100, "{second:?}");
    // A reaction that was taken back since the last run.
    let taken = reactions.first().ok_or("no reaction")?.clone();
    let ReactionAdded { at, emoji, guild_id, message_id, user_id, .. } = taken;
    record(&file, [ReactionRemoved { at, emoji, guild_id, message_id, user_id }.into()])?;
    let third = moved(&from, &to)?;
    assert!(third.is_complete() && third.deleted == 1, "{third:?}");
    assert_eq!(database.execute("SELECT count(*) FROM reactions"), (reactions.len() - 1).to_string());
    assert_eq!(connect(database.url())?.verify()?, []);
    Ok(())
}

#[test]
fn rows_that_the_server_cannot_take_are_reported_and_the_rest_is_compared() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let file = filled(&folder.path().join("stats.db"))?;
    let guild = servers()[0].guild_id();
    let message = lines(&file, &format!(
        "SELECT concat_ws(',', guild_id, channel_id, user_id, created_at) AS line FROM message_events WHERE guild_id = '{guild}' LIMIT 1"
    ))?.concat();
    let [guild, channel, user, at] = message.split(',').collect::<Vec<_>>()[..] else {
        return Err("no message".into());
    };
    let huge = "9223372036854775808";
    file.write(|conn| {
        conn.batch_execute("PRAGMA defer_foreign_keys = ON")?;
        conn.batch_execute(&format!(
            "INSERT INTO message_events VALUES ('{huge}', '{guild}', '{channel}', '{user}', 0, 0, 0, 5, 1, {at});
             INSERT INTO message_events VALUES ('anonymous', '{guild}', '{channel}', '{user}', 0, 0, 0, 5, 1, {at});
             INSERT INTO message_events VALUES ('77', '{guild}', '{channel}', '{user}', 0, 0, 0, 5000000000, 1, {at});
             INSERT INTO message_events VALUES ('78', '{guild}', '{channel}', '{user}', 0, 0, 0, 5, 1, 'then');
             INSERT INTO message_events VALUES ('79', '{guild}', '{channel}', '{user}', 0, 0, 0, 5, 1, 253402300800);
             INSERT INTO guilds VALUES ('{huge}', 'Rust', NULL, 7, 0, 0), ('007', 'Rust', NULL, 7, 0, 0);
             INSERT INTO users VALUES ('{huge}', 'ferris', '0', NULL, 0, 0, 0);
             INSERT INTO voice_events VALUES ('v', '{guild}', '{channel}', '{huge}', 'leave', {at}, {at}, 0, 0, 0, {at});
             INSERT INTO voice_events VALUES ('w', '{huge}', '{channel}', '{user}', 'leave', {at}, {at}, 0, 0, 0, {at});
             INSERT INTO members VALUES ('other id', '{guild}', '{user}0', NULL, NULL, NULL, 0, 0);
             INSERT INTO users VALUES ('{user}0', 'crab', '0', NULL, 0, 0, 0);
             INSERT INTO member_events VALUES ('m', '{guild}', '{user}', x'6a6f696e', 7, {at})"
        ))
    })?;
    let (from, to) = (AnyStore::from(file), AnyStore::from(connect(database.url())?));
    let moved = moved(&from, &to)?;
    assert!(moved.is_complete(), "{moved:?}");
    let odd: BTreeMap<&str, u64> = moved.odd.iter().map(|odd| (odd.table, odd.rows)).collect();
    let expected =
        [("guilds", 2), ("member_events", 1), ("members", 1), ("message_events", 5), ("users", 1), ("voice_events", 2)];
    assert_eq!(odd, BTreeMap::from(expected));
    assert_eq!(database.execute("SELECT count(*) FROM message_events WHERE id IN (77, 78, 79)"), "0");
    Ok(())
}

#[test]
fn a_guild_that_is_recorded_into_the_destination_is_left_alone() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let file = filled(&folder.path().join("stats.db"))?;
    let server = connect(database.url())?;
    let (from, to) = (AnyStore::from(file), AnyStore::from(server.clone()));
    assert!(moved(&from, &to)?.is_complete());
    let recorder = server.recorder()?;
    let [first, second] = servers();
    let later = first.start(first.end() + TimeDelta::days(1)).days(1);
    for event in later.events().filter(|event| matches!(event, Event::MessageSent(_))) {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    let everything = "SELECT (SELECT count(*) FROM message_events), (SELECT max(seen_at_ms) FROM recorder_states)";
    let before = database.execute(everything);
    let again = moved(&from, &to)?;
    assert_eq!((again.ahead.as_slice(), again.guilds, again.is_complete()), ([first.guild_id()].as_slice(), 2, false));
    assert_eq!(database.execute(everything), before);
    let other = Mover::new(&from, &to).guild(second.guild_id()).run()?;
    assert!(other.ahead.is_empty(), "{other:?}");
    Ok(())
}

#[test]
fn two_stores_of_one_kind_are_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| Ok::<_, Box<dyn Error>>(AnyStore::from(open(&folder.path().join(name))?));
    let error = Mover::new(&file("a.db")?, &file("b.db")?).run().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "to" });
    Ok(())
}

#[test]
fn distributed_tables_are_refused() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let from = AnyStore::from(open(&folder.path().join("a.db"))?);
    let to = AnyStore::from(connect(database.url())?);
    // As `PgStore::distribute` leaves it.
    database
        .execute("CREATE OR REPLACE FUNCTION is_distributed() RETURNS BOOLEAN LANGUAGE sql STABLE AS 'SELECT true'");
    let error = Mover::new(&from, &to).run().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "to" });
    Ok(())
}

/// The process that is killed runs this. It is no test of its own.
#[test]
fn child() -> TestResult {
    let (Some(path), Ok(url)) = (std::env::var_os(FILE), std::env::var(URL)) else { return Ok(()) };
    let (from, to) = (AnyStore::from(open(Path::new(&path))?), AnyStore::from(connect(&url)?));
    let mut out = std::io::stderr();
    Mover::new(&from, &to)
        .on_progress(|so_far| {
            let is_written = writeln!(out, "written {}", so_far.written).is_ok();
            if is_written { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .run()?;
    Ok(())
}

#[test]
fn a_move_that_is_killed_continues() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let file = filled(&path)?;
    let server = connect(database.url())?;
    let (mut killed, mut written) = (0, 0);
    for steps in [5, 9, 14, 20, 27] {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["child", "--exact", "--nocapture"])
            .env(FILE, &path)
            .env(URL, database.url())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let told = BufReader::new(child.stderr.take().ok_or("its output is piped")?).lines();
        let told: Vec<String> =
            told.map_while(Result::ok).filter(|line| line.starts_with("written ")).take(steps).collect();
        child.kill()?;
        killed += u32::from(!child.wait()?.success());
        let last = told.last().and_then(|line| line.strip_prefix("written ")?.parse::<u64>().ok());
        written += last.unwrap_or_default();
    }
    assert!(killed >= 4 && written > 500, "{killed} {written}");
    let rest = moved(&AnyStore::from(file), &AnyStore::from(server.clone()))?;
    assert!(rest.is_complete() && rest.written < rest.rows, "{rest:?}");
    assert_eq!(server.verify()?, []);
    Ok(())
}
