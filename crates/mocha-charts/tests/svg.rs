//! An SVG is well-formed, and its texts are those of the answer.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::{Europe::Berlin, UTC};
use mocha_charts::{Chart, Counted, ErrorKind, Texts};
use mocha_schema::{GuildId, UserId};
use mocha_stats::{Growth, HeatMap, Leaderboard, MessageSeries, VoiceSeries, Window};

#[path = "../src/fixture.rs"]
mod fixture;

use fixture::TestResult;

/// Returns the texts of a document as a reader sees them.
fn texts(svg: &str) -> Result<Vec<String>, roxmltree::Error> {
    let document = roxmltree::Document::parse(svg)?;
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    Ok(texts.filter_map(|node| Some(node.text()?.trim().to_owned())).collect())
}

#[test]
fn names_are_escaped_and_users_without_a_name_have_their_id() -> TestResult {
    let mut conn = fixture::seeded()?;
    let board = Leaderboard::messages(GuildId::try_from(1)?).load(&mut conn)?;
    let name = |user_id: UserId| fixture::name(user_id).map(str::to_owned);
    let svg = Chart::leaderboard(&board, name).title("\u{0}<&>").svg()?;
    assert!(svg.contains("&lt;b&gt;Жук &amp; 日本&lt;/b&gt;"), "{svg}");
    let texts = texts(&svg)?;
    for text in ["\u{FFFD}<&>", "Ferris", "<b>Жук & 日本</b>", "100", "6 messages · 3 people"] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
    }
    Ok(())
}

#[test]
fn boards_count_the_people_they_do_not_show() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let mut board = Leaderboard::messages(guild).load(&mut conn)?;
    board.entries = vec![board.entries[0]; 10_000];
    board.user_count = 12_000;
    let mut voice = Leaderboard::voice(guild).load(&mut conn)?;
    voice.entries = vec![voice.entries[0]; 10_000];
    voice.user_count = 12_000;
    let name = |_| Some("Ferris".to_owned());
    for chart in [Chart::leaderboard(&board, name), Chart::leaderboard(&voice, name)] {
        let texts = texts(&chart.svg()?)?;
        let shown = texts.iter().filter(|text| *text == "Ferris").count();
        assert!((10..20).contains(&shown), "{shown}");
        let rest = format!("and 11,{:03} more", 1_000 - shown);
        assert!(texts.contains(&rest), "{rest}: {texts:?}");
    }
    // The limit of the question leaves people out as well.
    voice.entries.truncate(3);
    let few = texts(&Chart::leaderboard(&voice, name).svg()?)?;
    assert!(few.contains(&"and 11,997 more".to_owned()), "{few:?}");
    Ok(())
}

#[test]
fn a_name_that_is_cut_is_followed_by_an_ellipsis_in_its_own_direction() -> TestResult {
    let mut conn = fixture::seeded()?;
    let board = Leaderboard::messages(GuildId::try_from(1)?).limit(1).load(&mut conn)?;
    let shown = |name: &str| -> TestResult<String> {
        let chart = Chart::leaderboard(&board, |_| Some(name.to_owned()));
        let found = texts(&chart.svg()?)?.into_iter().find(|text| text.contains('…'));
        Ok(found.ok_or("the name is cut")?)
    };
    assert!(shown(&"long name ".repeat(20))?.ends_with('…'));
    // U+202B to U+202C is right to left as a whole, so that its end is on the left.
    let hebrew = shown(&"אבגד הוזח ".repeat(20))?;
    assert!(hebrew.starts_with("\u{202B}אבגד") && hebrew.ends_with("…\u{202C}"), "{hebrew:?}");
    Ok(())
}

#[test]
fn the_header_has_the_server_the_dates_and_the_time_zone() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let context = |chart: Chart<'_>| -> TestResult<String> {
        // After the title.
        Ok(texts(&chart.guild_name("Rust Café").svg()?)?.get(1..4).ok_or("no header")?.join(" "))
    };
    let monday: NaiveDate = "2026-10-19".parse()?;
    let week = Window::week(monday, Berlin)?;
    let series = MessageSeries::of(guild).within(week).zone(Berlin).load(&mut conn)?;
    assert_eq!(context(Chart::messages(&series))?, "Rust Café · 19 Oct – 25 Oct 2026 · Europe/Berlin");
    let board = Leaderboard::messages(guild).within(week).load(&mut conn)?;
    let chart = Chart::leaderboard(&board, |_| None);
    // The week of Berlin begins on Sunday in UTC.
    assert_eq!(context(chart.clone())?, "Rust Café · 18 Oct – 25 Oct 2026 · UTC");
    assert_eq!(context(chart.zone(Berlin))?, "Rust Café · 19 Oct – 25 Oct 2026 · Europe/Berlin");
    let all = Leaderboard::messages(guild).load(&mut conn)?;
    assert_eq!(context(Chart::leaderboard(&all, |_| None))?, "Rust Café · all time");
    let hours = HeatMap::of(guild).load(&mut conn)?;
    assert_eq!(context(Chart::heat_map(&hours))?, "Rust Café · all time");
    assert_eq!(context(Chart::heat_map(&hours).zone(Berlin))?, "Rust Café · all time · Europe/Berlin");
    Ok(())
}

#[test]
fn the_previous_window_is_named_by_its_dates() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let week = Window::week("2026-10-19".parse()?, Berlin)?;
    let mut load = |window| MessageSeries::of(guild).within(window).zone(Berlin).load(&mut conn);
    let (now, before) = (load(week)?, load(week.previous().ok_or("a week has a previous one")?)?);
    let texts = texts(&Chart::messages_compared(&now, &before).svg()?)?;
    assert!(texts.contains(&"12 Oct – 18 Oct".to_owned()), "{texts:?}");
    Ok(())
}

#[test]
fn the_peak_and_the_last_value_are_labelled() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let week = Window::week("2026-10-19".parse()?, UTC)?;
    let mut series = MessageSeries::of(guild).within(week).load(&mut conn)?;
    for (period, messages) in series.periods.iter_mut().zip([101, 203, 1_307, 205, 307, 401, 509]) {
        period.written.messages = messages;
    }
    let texts = texts(&Chart::messages(&series).svg()?)?;
    let has = |text: &str| texts.iter().any(|found| found == text);
    assert!(has("1,307") && has("509") && !has("401"), "{texts:?}");
    Ok(())
}

#[test]
fn a_chart_without_data_says_so() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    // There are periods, but nothing happened in them.
    let year = Window::between("2025-01-01T00:00:00Z".parse()?, "2026-01-01T00:00:00Z".parse()?)?;
    let messages = MessageSeries::of(guild).within(year).load(&mut conn)?;
    assert_eq!(messages.periods.len(), 365);
    let english = Texts::default();
    let charts = vec![
        (Chart::messages(&messages), &english.no_messages),
        (Chart::messages_compared(&messages, &messages), &english.no_messages),
        (Chart::heat_map(&HeatMap::of(guild).within(year).load(&mut conn)?), &english.no_messages),
        (Chart::voice(&VoiceSeries::of(guild).within(year).load(&mut conn)?), &english.no_voice),
        (Chart::growth(&Growth::of(guild).within(year).load(&mut conn)?), &english.no_changes),
        (Chart::leaderboard(&Leaderboard::messages(guild).within(year).load(&mut conn)?, |_| None), &english.no_people),
    ];
    for (chart, text) in charts {
        let texts = texts(&chart.svg()?)?;
        assert!(texts.contains(text), "{text}: {texts:?}");
        // Besides it there are only the title and the dates.
        assert_eq!(texts.len(), 3, "{texts:?}");
    }
    Ok(())
}

#[test]
fn all_words_can_be_translated() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let start: DateTime<Utc> = "2026-10-19T05:00:00Z".parse()?;
    let window = Window::between(start, start + TimeDelta::hours(30))?;
    let earlier = window.previous().ok_or("the window has a previous one")?;
    let mut voice = VoiceSeries::of(guild).within(window).load(&mut conn)?;
    let first = &mut voice.periods[0];
    first.assumed = Duration::from_millis(1);
    first.voice_time += first.assumed;
    voice.assumed = first.assumed;
    voice.voice_time += first.assumed;
    let mut board = Leaderboard::messages(guild).within(window).compare().load(&mut conn)?;
    board.user_count = 9;
    let messages = MessageSeries::of(guild).within(window).load(&mut conn)?;
    let before = MessageSeries::of(guild).within(earlier).load(&mut conn)?;
    let charts = vec![
        Chart::leaderboard(&board, |_| Some("7".to_owned())),
        Chart::leaderboard(&Leaderboard::voice(guild).load(&mut conn)?, |_| Some("7".to_owned())),
        Chart::messages_compared(&messages, &before),
        Chart::growth(&Growth::of(guild).within(window).load(&mut conn)?),
        Chart::heat_map(&HeatMap::of(guild).load(&mut conn)?),
        Chart::voice(&voice),
        Chart::voice(&VoiceSeries::of(guild).within(earlier).load(&mut conn)?),
    ];
    for chart in charts {
        let texts = texts(&chart.texts(translated()).svg()?)?;
        let english = |text: &&String| text.chars().any(|c| c.is_ascii_alphabetic()) && !text.contains("UTC");
        assert_eq!(texts.iter().find(english), None, "{texts:?}");
    }
    Ok(())
}

/// Returns texts without a Latin letter.
fn translated() -> Texts {
    let mut texts = Texts::default();
    let words = [
        &mut texts.leaderboard_title,
        &mut texts.voice_leaderboard_title,
        &mut texts.messages_title,
        &mut texts.growth_title,
        &mut texts.heat_map_title,
        &mut texts.voice_title,
        &mut texts.in_voice,
        &mut texts.more,
        &mut texts.new,
        &mut texts.members_panel,
        &mut texts.changes_panel,
        &mut texts.joined,
        &mut texts.left,
        &mut texts.net,
        &mut texts.observed,
        &mut texts.assumed,
        &mut texts.incomplete,
        &mut texts.messages_unit,
        &mut texts.no_voice,
        &mut texts.all_time,
        &mut texts.hours,
        &mut texts.minutes,
        &mut texts.seconds,
    ];
    for word in words {
        "{} слово".clone_into(word);
    }
    for counted in [&mut texts.messages, &mut texts.people, &mut texts.members] {
        *counted = Counted::new("{} слово", "{} слова");
    }
    texts.months = [(); 12].map(|()| "мес".to_owned());
    texts.weekdays = [(); 7].map(|()| "день".to_owned());
    texts
}

#[test]
fn invalid_arguments_are_refused() -> TestResult {
    let mut conn = fixture::seeded()?;
    let chart = Chart::heat_map(&HeatMap::of(GuildId::try_from(1)?).load(&mut conn)?);
    let refused = [
        ("width", chart.clone().size(319, 450)),
        ("height", chart.clone().size(800, 2_001)),
        ("scale", chart.clone().scale(5)),
        ("font", chart.font(b"no font")),
    ];
    for (field, chart) in refused {
        for error in [chart.png().unwrap_err(), chart.svg().unwrap_err()] {
            assert_eq!(error.kind(), &ErrorKind::InvalidInput { field });
        }
    }
    Ok(())
}

#[test]
fn a_long_name_of_a_server_does_not_push_out_the_dates() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let week = Window::week("2026-10-19".parse()?, UTC)?;
    let series = MessageSeries::of(guild).within(week).load(&mut conn)?;
    let chart = Chart::messages(&series).guild_name("long name ".repeat(20)).size(320, 200);
    let texts = texts(&chart.svg()?)?;
    assert!(texts.contains(&"19 Oct – 25 Oct 2026 · UTC".to_owned()), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("long") && text.ends_with('…')), "{texts:?}");
    Ok(())
}
