//! Properties of all charts, for any values and names: they are drawn, and their texts stay inside and do not overlap.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::SqliteConnection;
use mocha_schema::{GuildId, UserId};
use mocha_stats::{
    ActiveMembers, ActiveMembersAnswer, Growth, GrowthAnswer, GuildReport, GuildReportAnswer, HeatMap, HeatMapAnswer,
    Leaderboard, LeaderboardAnswer, LevelCurve, MemberCard, MemberCardAnswer, MemberRetention, MemberRetentionAnswer,
    MemberReturn, MemberReturnAnswer, MembersSince, MembersSinceAnswer, MessageSeries, MessageSeriesAnswer,
    OnlineSeries, OnlineSeriesAnswer, Period, VoiceHeatMap, VoiceHeatMapAnswer, VoiceOccupancy, VoiceOccupancyAnswer,
    VoiceSeries, VoiceSeriesAnswer, Window,
};
use proptest::{collection::vec, prelude::*};

use crate::{
    Chart, Level, Profile, Theme,
    fixture::{MONDAY, TestResult, seeded},
    scene::{Area, Shape},
};

/// Answers whose values the tests replace.
struct Answers {
    active: ActiveMembersAnswer,
    board: LeaderboardAnswer,
    card: MemberCardAnswer,
    days: MessageSeriesAnswer,
    growth: GrowthAnswer,
    heat_map: HeatMapAnswer,
    members_since: MembersSinceAnswer,
    messages: MessageSeriesAnswer,
    occupancy: VoiceOccupancyAnswer,
    online: OnlineSeriesAnswer,
    retention: MemberRetentionAnswer,
    report: GuildReportAnswer,
    returned: MemberReturnAnswer,
    voice: VoiceSeriesAnswer,
    voice_board: LeaderboardAnswer,
    voice_heat_map: VoiceHeatMapAnswer,
}

static ANSWERS: LazyLock<Vec<Answers>> = LazyLock::new(|| {
    let load = || -> TestResult<Vec<Answers>> {
        let mut conn = seeded()?;
        let hours = [0, 1, 2, 30, 24 * 40, 10_000];
        hours.into_iter().map(|hours| answers(&mut conn, hours)).collect()
    };
    load().unwrap()
});

/// Returns answers about this many hours, by hour. The leaderboard has the people who wrote in one hour and in the one before.
fn answers(conn: &mut SqliteConnection, hours: i64) -> TestResult<Answers> {
    let (guild, monday) = (GuildId::try_from(1)?, DateTime::<Utc>::from_timestamp(MONDAY, 0).ok_or("no such time")?);
    let (ten, hour) = (monday + TimeDelta::hours(10), TimeDelta::hours(1));
    let window = Window::between(monday - TimeDelta::hours(hours), monday)?;
    let by = Period::Hour;
    let joins = MemberRetention::of(guild).within(window).now(monday);
    Ok(Answers {
        active: ActiveMembers::of(guild).within(window).load(conn)?,
        card: MemberCard::of(guild, UserId::try_from(20)?, monday + TimeDelta::hours(20)).load(conn)?,
        report: GuildReport::of(guild, window).load(conn)?,
        days: MessageSeries::of(guild).within(window).load(conn)?,
        occupancy: VoiceOccupancy::of(guild).within(window).load(conn)?,
        online: OnlineSeries::of(guild).within(window).by(by).load(conn)?,
        members_since: MembersSince::of(guild).within(window).by(by).load(conn)?,
        retention: joins.load(conn)?,
        returned: MemberReturn::of(guild).within(window).now(monday).load(conn)?,
        voice_heat_map: VoiceHeatMap::of(guild).load(conn)?,
        board: Leaderboard::messages(guild).within(Window::between(ten, ten + hour)?).compare().load(conn)?,
        growth: Growth::of(guild).within(window).by(by).load(conn)?,
        heat_map: HeatMap::of(guild).load(conn)?,
        messages: MessageSeries::of(guild).within(window).by(by).load(conn)?,
        voice: VoiceSeries::of(guild).within(window).by(by).load(conn)?,
        voice_board: Leaderboard::voice(guild).load(conn)?,
    })
}

/// Returns small, common and extreme values.
fn value() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..20_u64, 0..1_000_000_u64, any::<u64>(), Just(u64::MAX)]
}

/// Returns names in many scripts, with excess marks, with control characters, and wider than any picture.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        "[а-я]{1,20}",
        "[\u{5d0}-\u{5ea} 0-9]{1,20}",
        "[\u{621}-\u{64a}\u{300}-\u{36f}]{1,60}",
        "[一-龥]{1,30}",
        "[<>&\"'\u{0}-\u{1f}\u{202a}-\u{202e}]{1,10}",
        "[\u{1f300}-\u{1f6ff}\u{200d}\u{fe0f}]{1,30}",
        Just("W".repeat(5_000)),
    ]
}

/// Returns each chart. The values and the names are repeated as often as needed.
fn charts(answers: &Answers, values: &[u64], names: &[String]) -> Vec<Chart<'static>> {
    let at = |index: usize| values[index % values.len()];
    let user = |index: usize| UserId::try_from(u64::try_from(index).unwrap() + 1).unwrap();
    let name = |user: UserId| names.get(usize::try_from(user.get()).unwrap() % (names.len() + 1)).cloned();
    let rows = values.len() - 1;

    let mut board = answers.board.clone();
    let (entry, previous) = (board.entries[0], board.entries[0].previous.unwrap());
    board.entries = vec![entry; rows];
    for (index, entry) in board.entries.iter_mut().enumerate() {
        (entry.rank, entry.value, entry.user_id) = (at(index + 1), at(index), user(index));
        let mut before = previous;
        before.rank = at(index + 2);
        entry.previous = (index % 3 > 0).then_some(before);
        entry.level = (at(2) % 2 == 0).then(|| LevelCurve::mee6().progress(at(index)));
    }
    (board.total, board.user_count) = (at(0), at(1).max(u64::try_from(rows).unwrap()));

    let mut voice_board = answers.voice_board.clone();
    voice_board.entries = vec![voice_board.entries[0]; rows];
    for (index, entry) in voice_board.entries.iter_mut().enumerate() {
        (entry.rank, entry.value, entry.user_id) = (at(index + 1), at(index), user(index));
    }
    voice_board.user_count = at(1).max(u64::try_from(rows).unwrap());

    let mut growth = answers.growth.clone();
    for (index, period) in growth.periods.iter_mut().enumerate() {
        (period.joins, period.leaves) = (at(index), at(index + 1));
        period.members = (at(0) % 2 == 0 || index % 2 == 0).then_some(at(index + 2));
    }
    (growth.joins, growth.members) = (at(0), Some(at(1)));

    let mut heat_map = answers.heat_map.clone();
    for (index, hour) in heat_map.hours.iter_mut().flatten().enumerate() {
        *hour = at(index);
    }

    let mut messages = answers.messages.clone();
    for (index, period) in messages.periods.iter_mut().enumerate() {
        period.written.messages = at(index);
    }
    messages.written.messages = at(0);
    let mut before = messages.clone();
    before.periods.reverse();
    before.periods.truncate(rows);

    let mut voice = answers.voice.clone();
    let time = |index| Duration::from_millis(at(index));
    for (index, period) in voice.periods.iter_mut().enumerate() {
        (period.observed, period.assumed) = (time(index), time(index + 1));
        period.voice_time = period.observed.saturating_add(period.assumed);
    }
    (voice.observed, voice.assumed, voice.voice_time) = (time(0), time(1), time(0).saturating_add(time(1)));

    let mut card = answers.card.clone();
    let profile = Profile::new(names.first().cloned().unwrap_or_default());
    let profile = if at(0) % 2 == 0 { profile.level(Level::new(at(0), at(1), at(2))) } else { profile };
    let profile = if at(1) % 2 == 0 { profile.picture(&picture()).unwrap() } else { profile };
    for (index, period) in card.messages.periods.iter_mut().enumerate() {
        period.written.messages = at(index);
    }
    (card.statistics.written.messages, card.statistics.voice.voice_time) = (at(0), time(1));
    (card.statistics.active_days, card.current_streak) = (at(2), None);
    let mut report = answers.report.clone();
    report.messages = messages.clone();
    let overview = &mut report.overview;
    (overview.voice_time.value, overview.voice_time.previous) = (time(1), Some(time(2)));
    let compared = [&mut overview.messages, &mut overview.active_members, &mut overview.joins];
    for (index, compared) in compared.into_iter().enumerate() {
        (compared.value, compared.previous) = (at(index), (at(index) % 3 > 0).then_some(at(index + 1)));
    }
    overview.members = overview.members.filter(|_| at(0) % 2 == 0);
    let mut report = Chart::report(&report, &profile, name);

    let mut charts = vec![
        Chart::member_card(&card, &profile),
        Chart::leaderboard(&board, name),
        Chart::leaderboard(&voice_board, name),
        Chart::growth(&growth),
        Chart::heat_map(&heat_map),
        Chart::messages(&messages),
        Chart::messages_compared(&messages, &before),
        Chart::voice(&voice),
    ];
    charts.append(&mut report);
    charts.append(&mut charts_of_activity(answers, values));
    charts
}

/// Returns the charts of activity and of joins.
fn charts_of_activity(answers: &Answers, values: &[u64]) -> Vec<Chart<'static>> {
    let at = |index: usize| values[index % values.len()];
    let time = |index| Duration::from_millis(at(index));
    let mut active = answers.active.clone();
    for (index, day) in active.days.iter_mut().enumerate() {
        (day.daily, day.weekly, day.monthly) = (at(index), at(index + 1), at(index + 2));
    }
    active.user_count = at(0);

    let mut days = answers.days.clone();
    for (index, period) in days.periods.iter_mut().enumerate() {
        period.written.messages = at(index);
    }

    let mut occupancy = answers.occupancy.clone();
    for (index, step) in occupancy.steps.iter_mut().enumerate() {
        (step.max_user_count, step.voice_time) = (at(index), time(index + 1));
    }
    let mut online = answers.online.clone();
    for (index, period) in online.periods.iter_mut().enumerate() {
        (period.max_user_count, period.online_time) = (at(index), time(index + 1));
    }

    let (mut retention, mut returned) = (answers.retention.clone(), answers.returned.clone());
    for (index, cohort) in retention.cohorts.iter_mut().enumerate() {
        cohort.joined = at(index);
        cohort.stayed.iter_mut().enumerate().for_each(|(week, stayed)| *stayed = at(index + week).min(at(index)));
    }
    retention.first_week.joined = at(0);
    retention.first_week.stayed = at(1).min(at(0));
    for (index, cohort) in returned.cohorts.iter_mut().enumerate() {
        cohort.joined = at(index);
        cohort.returned.iter_mut().enumerate().for_each(|(week, returned)| *returned = at(index + week).min(at(index)));
    }
    for (index, day) in returned.days.iter_mut().enumerate() {
        (day.joined, day.returned) = (at(index), at(index + 1).min(at(index)));
    }

    let mut members_since = answers.members_since.clone();
    for (index, period) in members_since.periods.iter_mut().enumerate() {
        (period.joined, period.members) = (at(index), at(index + 1));
    }
    members_since.members = at(0);

    let mut voice_heat_map = answers.voice_heat_map.clone();
    for (index, hour) in voice_heat_map.hours.iter_mut().flatten().enumerate() {
        *hour = time(index);
    }
    voice_heat_map.voice_time = time(0);

    vec![
        Chart::active_members(&active),
        Chart::calendar(&days),
        Chart::occupancy(&occupancy),
        Chart::online(&online),
        Chart::members_since(&members_since),
        Chart::retention(&retention),
        Chart::returned(&returned),
        Chart::voice_heat_map(&voice_heat_map),
    ]
}

/// Returns a PNG file of some pixels.
fn picture() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 40, 30);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[90; 3_600]).unwrap();
    file
}

/// Returns each text and its area.
fn texts(chart: &Chart<'_>) -> TestResult<Vec<(String, Area)>> {
    let texts = chart.draw(|scene| {
        let texts = scene.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some((text.words.clone(), text.area(scene.fonts))),
            _ => None,
        });
        Ok(texts.collect())
    })?;
    Ok(texts)
}

fn overlap(one: Area, other: Area) -> bool {
    let across = one.right.min(other.right) - one.left.max(other.left);
    let down = one.bottom.min(other.bottom) - one.top.max(other.top);
    across > 0.5 && down > 0.5
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn texts_stay_inside_and_do_not_overlap(
        answers in 0..6_usize, values in vec(value(), 1..40), names in vec(name(), 0..20), title in name(),
        width in 320..1_000_u32, height in 200..700_u32,
    ) {
        for (number, chart) in charts(&ANSWERS[answers], &values, &names).into_iter().enumerate() {
            let texts = texts(&chart.title(&title).guild_name(&title).size(width, height)).unwrap();
            for (index, (text, area)) in texts.iter().enumerate() {
                prop_assert!(area.left >= 0.0 && area.top >= 0.0, "chart {number}, {text:?} at {area:?}");
                prop_assert!(
                    area.right <= f64::from(width) && area.bottom <= f64::from(height),
                    "chart {number}, {text:?} at {area:?}"
                );
                for (other, beside) in &texts[..index] {
                    prop_assert!(!overlap(*area, *beside), "chart {number}, {text:?} {area:?} and {other:?} {beside:?}");
                }
            }
        }
    }

    #[test]
    fn every_picture_is_drawn(
        answers in 0..6_usize, values in vec(value(), 1..40), names in vec(name(), 0..20),
        width in 320..600_u32, height in 200..400_u32, light in any::<bool>(),
    ) {
        for chart in charts(&ANSWERS[answers], &values, &names) {
            let chart = chart.size(width, height).scale(1).theme(if light { Theme::Light } else { Theme::Dark });
            let png = chart.png().unwrap();
            prop_assert_eq!(&png[16..20], &width.to_be_bytes()[..]);
            let svg = chart.svg().unwrap();
            prop_assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
        }
    }
}
