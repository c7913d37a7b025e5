//! The pixels of a PNG match the values of its answer.

use std::{error::Error, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_charts::{Chart, Theme};
use mocha_schema::{GuildId, UserId};
use mocha_stats::{HeatMap, Leaderboard, MessageSeries, VoiceSeries, Window};

#[path = "../src/fixture.rs"]
mod fixture;

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const ACCENT: [u8; 3] = [0x58, 0x65, 0xf2];

struct Picture {
    bytes: Vec<u8>,
    width: usize,
}

impl Picture {
    /// Draws a chart in light colours with one pixel to a point.
    fn of(chart: Chart<'_>) -> TestResult<Self> {
        let file = chart.theme(Theme::Light).scale(1).png()?;
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or("too large")?];
        let frame = reader.next_frame(&mut bytes)?;
        assert_eq!((frame.width, frame.height, frame.color_type), (560, 350, png::ColorType::Rgb));
        Ok(Self { bytes, width: usize::try_from(frame.width)? })
    }

    fn row(&self, y: usize) -> impl Iterator<Item = [u8; 3]> + '_ {
        let bytes = self.bytes.chunks_exact(self.width * 3).nth(y).unwrap_or_default();
        bytes.chunks_exact(3).filter_map(|pixel| pixel.try_into().ok())
    }

    /// Returns how many pixels of a row have this colour.
    fn count(&self, y: usize, color: [u8; 3]) -> usize {
        self.row(y).filter(|pixel| *pixel == color).count()
    }
}

fn nobody(_: UserId) -> Option<String> {
    None
}

#[test]
fn bars_are_as_long_as_values_say() -> TestResult {
    let mut conn = fixture::seeded()?;
    let mut board = Leaderboard::messages(GuildId::try_from(1)?).load(&mut conn)?;
    for (entry, value) in board.entries.iter_mut().zip([u64::MAX, u64::MAX / 2, 0]) {
        entry.value = value;
    }
    let picture = Picture::of(Chart::leaderboard(&board, nobody))?;
    // Three rows of 34 points below the header.
    let bars = [98, 132, 166].map(|y| picture.count(y, ACCENT));
    assert!(bars[0] > 250 && bars[1].abs_diff(bars[0] / 2) <= 1 && bars[2] == 0, "{bars:?}");
    Ok(())
}

/// Returns the darkest pixels from one column to another in some rows.
fn ink(picture: &Picture, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> usize {
    let dark = |pixel: &[u8; 3]| pixel.iter().all(|channel| *channel < 0x60);
    rows.map(|y| picture.row(y).skip(columns.start).take(columns.len()).filter(dark).count()).sum()
}

#[test]
fn a_value_stands_at_the_end_of_its_bar() -> TestResult {
    let mut conn = fixture::seeded()?;
    let mut board = Leaderboard::messages(GuildId::try_from(1)?).load(&mut conn)?;
    for (entry, value) in board.entries.iter_mut().zip([400_000, 200_000, 100_000]) {
        entry.value = value;
    }
    let picture = Picture::of(Chart::leaderboard(&board, nobody))?;
    for y in [98, 132, 166] {
        let end = picture.row(y).enumerate().filter(|(_, pixel)| *pixel == ACCENT).map(|(x, _)| x).last();
        let end = end.ok_or("no bar")?;
        let after = ink(&picture, y - 6..y + 6, end + 4..end + 60);
        let beyond = ink(&picture, y - 6..y + 6, end + 70..560);
        assert!(after > 50 && beyond == 0, "{y}: {after} and {beyond}");
    }
    Ok(())
}

#[test]
fn a_partial_period_is_hatched() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let monday: DateTime<Utc> = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    let mut filled = |hours: i64| -> TestResult<Vec<usize>> {
        let window = Window::between(monday, monday + TimeDelta::hours(hours))?;
        let mut answer = VoiceSeries::of(guild).within(window).load(&mut conn)?;
        let hour = Duration::from_hours(1);
        for period in &mut answer.periods {
            (period.voice_time, period.observed) = (hour, hour);
        }
        (answer.voice_time, answer.observed) = (3 * hour, 3 * hour);
        let picture = Picture::of(Chart::voice(&answer))?;
        let middle: Vec<[u8; 3]> = picture.row(250).collect();
        // Each third of the plane has one column.
        Ok([56, 220, 390].map(|x| middle[x..x + 150].iter().filter(|pixel| **pixel == ACCENT).count()).to_vec())
    };
    let (whole, cut) = (filled(72)?, filled(60)?);
    assert!(whole.iter().all(|pixels| *pixels > 40), "{whole:?}");
    assert_eq!(cut[..2], whole[..2]);
    assert!(cut[2] < whole[2] / 2, "{cut:?}");
    Ok(())
}

#[test]
fn the_line_to_a_partial_period_is_dashed() -> TestResult {
    let (mut conn, guild) = (fixture::seeded()?, GuildId::try_from(1)?);
    let monday: DateTime<Utc> = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    let mut line = |hours: i64| -> TestResult<(usize, usize)> {
        let window = Window::between(monday, monday + TimeDelta::hours(hours))?;
        let mut answer = MessageSeries::of(guild).within(window).load(&mut conn)?;
        for period in &mut answer.periods {
            period.written.messages = 10;
        }
        answer.written.messages = 30;
        let picture = Picture::of(Chart::messages(&answer))?;
        // The line is level, so the row that has most of it has all of it.
        let row = (85..330).max_by_key(|y| picture.count(*y, ACCENT)).ok_or("no line")?;
        let pixels: Vec<[u8; 3]> = picture.row(row).collect();
        let count = |from: usize| pixels[from..from + 100].iter().filter(|pixel| **pixel == ACCENT).count();
        // Between the first and the second, and between the second and the third value.
        Ok((count(160), count(330)))
    };
    assert_eq!(line(72)?, (100, 100));
    let (solid, dashed) = line(60)?;
    assert!(solid == 100 && (20..80).contains(&dashed), "{solid} and {dashed}");
    Ok(())
}

#[test]
fn squares_are_at_their_weekday_and_hour() -> TestResult {
    let mut conn = fixture::seeded()?;
    let mut answer = HeatMap::of(GuildId::try_from(1)?).load(&mut conn)?;
    answer.hours = [[0; 24]; 7];
    // Monday at midnight, and Sunday before it.
    (answer.hours[0][0], answer.hours[6][23]) = (7, 7);
    let picture = Picture::of(Chart::heat_map(&answer))?;
    let filled = |y: usize| {
        let xs: Vec<usize> = picture.row(y).enumerate().filter(|(_, pixel)| *pixel == ACCENT).map(|(x, _)| x).collect();
        xs.first().copied().zip(xs.last().copied())
    };
    let (monday, sunday) = (filled(95).ok_or("no square")?, filled(280).ok_or("no square")?);
    assert!(monday.0 < 60 && monday.1 < 75, "{monday:?}");
    assert!(sunday.0 > 515 && sunday.1 > 535, "{sunday:?}");
    assert_eq!(filled(180), None);
    Ok(())
}

#[test]
fn lines_rise_with_values() -> TestResult {
    let mut conn = fixture::seeded()?;
    let end: DateTime<Utc> = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    let window = Window::between(end - TimeDelta::days(100), end)?;
    let mut answer = MessageSeries::of(GuildId::try_from(1)?).within(window).load(&mut conn)?;
    for (period, messages) in answer.periods.iter_mut().zip(0..) {
        period.written.messages = messages;
    }
    let picture = Picture::of(Chart::messages(&answer))?;
    let line = |y: usize| picture.row(y).position(|pixel| pixel == ACCENT);
    let xs: Vec<usize> = (110..325).filter_map(line).collect();
    assert!(xs.len() > 180 && xs.is_sorted_by(|higher, lower| higher >= lower), "{xs:?}");
    Ok(())
}

#[test]
fn every_bundled_script_is_drawn() -> TestResult {
    let mut conn = fixture::seeded()?;
    let board = Leaderboard::messages(GuildId::try_from(1)?).limit(1).load(&mut conn)?;
    let dark = |name: &str| -> TestResult<usize> {
        let chart = Chart::leaderboard(&board, |_| Some(name.to_owned()));
        let picture = Picture::of(chart)?;
        Ok(ink(&picture, 82..115, 40..130))
    };
    // A name of only a zero-width joiner is invisible.
    let none = dark("\u{200d}")?;
    for name in
        ["Ferris", "Жук", "Ελλάς", "عربي", "עברית", "ไทย", "हिन्दी", "日本語", "中文", "한국어", "🐱🎉", "\u{10FFFD}"]
    {
        assert!(dark(name)? > none + 10, "{name}: {} and {none}", dark(name)?);
    }
    Ok(())
}
