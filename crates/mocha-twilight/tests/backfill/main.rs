//! Reads the history of a fake guild over real connections.
#![expect(clippy::indexing_slicing, reason = "indexing a JSON value never panics here: a missing field is null")]

mod history;
mod killed;

use std::{collections::BTreeMap, ops::ControlFlow, time::Duration};

use diesel::prelude::*;
use mocha_schema::schema::{channel_histories, channels, user_names};
use mocha_store::{Keep, RetentionPolicy, Store};
use mocha_twilight::{
    Adapter,
    backfill::{BackfillErrorKind, BackfillOutcome},
};
use twilight_model::{gateway::Intents, id::Id};

use crate::history::{
    ANNA, Bot, GUILD, HIDDEN, TEXT, TestResult, channel, check_spans, expected, history, id, message, messages,
};

#[tokio::test]
async fn channels_threads_and_archived_threads_are_read_to_their_beginning() -> TestResult {
    let bot = Bot::start(history()).await?;
    let store = Store::builder().open_in_memory()?;
    let report = bot.backfill(&store)?.before(Id::new(id(1_000_000))).run().await?;
    store.recorder()?.flush_async().await?;
    assert_eq!(messages(&store)?, expected(&history()));
    assert_eq!((report.messages(), report.channels.len()), (380, 7));
    assert_eq!(report.count(BackfillOutcome::Complete), 7);
    assert_eq!(report.to_string(), "380 messages from 7 channels and threads");
    let (named, global): (i64, Vec<Option<String>>) = store.read(|conn| {
        let named = channels::table.filter(channels::name.is_not_null()).count().get_result(conn)?;
        QueryResult::Ok((named, user_names::table.select(user_names::global_name).distinct().load(conn)?))
    })?;
    assert_eq!((named, global), (8, vec![Some("Anna".into())]));

    // A second run asks each channel once for what is new, and one message is.
    let pages = bot.pages();
    bot.rest.change_history(|history| {
        history.messages.entry(TEXT).or_default().insert(id(1_500_000), message(TEXT, 1_500_000));
    });
    let again = bot.backfill(&store)?.before(Id::new(id(2_000_000))).run().await?;
    store.recorder()?.flush_async().await?;
    assert_eq!((again.messages(), bot.pages() - pages, messages(&store)?.len()), (1, 7, 381));
    Ok(())
}

#[tokio::test]
async fn a_range_between_two_ids_is_read_and_later_the_rest() -> TestResult {
    let bot = Bot::start(history()).await?;
    let store = Store::builder().open_in_memory()?;
    let range = bot.backfill(&store)?.channels([Id::new(TEXT)]).after(Id::new(id(99))).before(Id::new(id(200)));
    let report = range.run().await?;
    store.recorder()?.flush_async().await?;
    assert_eq!((report.messages(), messages(&store)?.len()), (100, 100));
    assert!(messages(&store)?.keys().all(|id| (self::id(100)..self::id(200)).contains(&id.parse().unwrap_or(0))));

    // Messages that were read are not requested again.
    let rest = bot.backfill(&store)?.channels([Id::new(TEXT)]).run().await?;
    store.recorder()?.flush_async().await?;
    assert_eq!((rest.messages(), messages(&store)?.len()), (150, 250));
    let spans: Vec<(i64, i64)> = store.read(|conn| {
        channel_histories::table.select((channel_histories::from_id, channel_histories::before_id)).load(conn)
    })?;
    assert!(matches!(spans.as_slice(), [(0, _)]), "the larger span replaces the smaller one: {spans:?}");
    Ok(())
}

#[tokio::test]
async fn a_run_that_ends_early_continues_where_it_stopped() -> TestResult {
    let all = {
        let bot = Bot::start(history()).await?;
        bot.reads(&Store::builder().open_in_memory()?).await?;
        bot.pages()
    };
    let bot = Bot::start(history()).await?;
    let store = Store::builder().open_in_memory()?;
    let mut runs = 0;
    loop {
        runs += 1;
        let mut pages = 0;
        let run = bot.backfill(&store)?.before(Id::new(id(1_000_000))).on_progress(move |_| {
            pages += 1;
            if pages == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if !run.run().await?.stopped {
            break;
        }
        assert!(runs < 100, "no run gets further");
    }
    store.recorder()?.flush_async().await?;
    assert_eq!(messages(&store)?, expected(&history()));
    assert_eq!(bot.pages(), all, "no page is read twice");
    assert!(runs > 3, "{runs}");
    Ok(())
}

#[tokio::test]
async fn history_from_before_the_horizon_is_not_read_and_the_report_says_so() -> TestResult {
    let bot = Bot::start(history()).await?;
    let all = {
        let store = Store::builder().open_in_memory()?;
        assert_eq!(bot.reads(&store).await?.horizon, None);
        bot.pages()
    };
    let store = Store::builder().open_in_memory()?;
    let first = i64::try_from((id(0) >> 22) + 1_420_070_400_000)?;
    let now = chrono::DateTime::from_timestamp_millis(first + 11 * 86_400_000).ok_or("a time")?;
    // The first message is of the midnight ten days before, so the next day's are kept.
    store.apply_retention_at(&RetentionPolicy::default().messages(Keep::Days(10)), now).run()?;
    let report = bot.reads(&store).await?;
    let horizon = report.horizon.ok_or("a horizon")?;
    assert_eq!(horizon.timestamp_millis(), first + 86_400_000);
    let kept: BTreeMap<_, _> =
        expected(&history()).into_iter().filter(|(message, _)| message.parse().unwrap_or(0) >= id(24 * 60)).collect();
    assert_eq!((messages(&store)?, report.messages()), (kept, 100));
    let line = "100 messages from 7 channels and threads, nothing read from before 2018-03-02 as retention deletes it";
    assert_eq!(report.to_string(), line);
    assert_eq!(report.count(BackfillOutcome::Complete), 7);
    let pages = bot.pages() - all;
    assert!(pages < all, "{pages} of {all} pages were requested");
    // A range that begins later is read from there.
    let later = bot.backfill(&store)?.after(Id::new(id(24 * 60))).run().await?;
    assert_eq!(later.horizon, None);
    Ok(())
}

/// A kill leaves the file at its last commit.
#[tokio::test]
async fn a_killed_run_continues_from_the_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("stats.db");
    for pages in 1..12 {
        let bot = Bot::start(history()).await?;
        let store = Store::open(&file)?;
        let mut left = pages;
        let run = bot.backfill(&store)?.on_progress(move |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        run.run().await?;
        // Some of the pages are in the queue, and some in the file.
        store.recorder()?.abort();
        check_spans(&file)?;
    }
    let bot = Bot::start(history()).await?;
    let store = Store::open(&file)?;
    bot.reads(&store).await?;
    assert_eq!(messages(&store)?, expected(&history()));
    Ok(())
}

#[tokio::test]
async fn failures_that_pass_are_tried_again_and_others_end_the_run() -> TestResult {
    let mut history = history();
    history.failures = Some((1, 503));
    let bot = Bot::start(history).await?;
    let store = Store::builder().open_in_memory()?;
    assert_eq!(bot.reads(&store).await?.messages(), 380);
    bot.rest.change_history(|history| history.failures = Some((1_000, 401)));
    let error = bot.backfill(&store)?.run().await.err().ok_or("the token is refused")?;
    assert_eq!(*error.kind(), BackfillErrorKind::Http);
    Ok(())
}

#[tokio::test]
async fn channels_without_permission_are_reported_and_read_later() -> TestResult {
    let mut history = history();
    history.channels.push(channel(HIDDEN, 0, None));
    history.forbidden.insert(HIDDEN);
    history.unreadable.insert(TEXT);
    let bot = Bot::start(history).await?;
    let store = Store::builder().open_in_memory()?;
    let report = bot.reads(&store).await?;
    assert_eq!((report.count(BackfillOutcome::NoHistory), report.count(BackfillOutcome::Forbidden)), (1, 1));
    assert_eq!(report.messages(), 130);

    bot.rest.change_history(|history| history.unreadable.clear());
    let report = bot.reads(&store).await?;
    assert_eq!((report.count(BackfillOutcome::NoHistory), report.messages()), (0, 250));
    Ok(())
}

/// Backfill and live recording of the same messages, in either order.
#[tokio::test]
async fn messages_count_once_with_those_that_were_recorded_live() -> TestResult {
    let bot = Bot::start(history()).await?;
    let (first, last) = (Store::builder().open_in_memory()?, Store::builder().open_in_memory()?);
    let live = |store: &Store| -> TestResult {
        let adapter = Adapter::new(store.recorder()?, Intents::GUILDS | Intents::GUILD_MESSAGES);
        for number in 200..250 {
            let mut message = message(TEXT, number);
            message["guild_id"] = GUILD.to_string().into();
            let message = serde_json::from_value(message)?;
            adapter.update(&twilight_model::gateway::event::Event::MessageCreate(Box::new(message)))?;
        }
        Ok(())
    };
    live(&first)?;
    bot.reads(&first).await?;
    bot.reads(&last).await?;
    live(&last)?;
    last.recorder()?.flush_async().await?;
    for store in [&first, &last] {
        assert_eq!(messages(store)?, expected(&history()));
    }
    Ok(())
}

#[tokio::test]
async fn erased_users_are_not_read_again() -> TestResult {
    let bot = Bot::start(history()).await?;
    let store = Store::builder().open_in_memory()?;
    bot.reads(&store).await?;
    assert!(store.opt_out_user(ANNA.try_into()?).run()?.rows_gone);
    let left = messages(&store)?;
    store.write(|conn| diesel::delete(channel_histories::table).execute(conn))?;
    bot.reads(&store).await?;
    assert_eq!(messages(&store)?, left);
    assert!(left.len() < 380);
    Ok(())
}

#[tokio::test]
async fn a_recorder_that_was_shut_down_ends_the_run() -> TestResult {
    let bot = Bot::start(history()).await?;
    let store = Store::builder().open_in_memory()?;
    let backfill = bot.backfill(&store)?;
    store.recorder()?.shutdown()?;
    let error = tokio::time::timeout(Duration::from_secs(10), backfill.run()).await?.err().ok_or("it was shut down")?;
    assert_eq!(*error.kind(), BackfillErrorKind::Recorder);
    Ok(())
}
