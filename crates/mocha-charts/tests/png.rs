//! Pixels are where values say.

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use mocha_charts::{Chart, Theme};
use mocha_schema::{GuildId, UserId};
use mocha_stats::{HeatMap, Leaderboard, MessageSeries, Window};

#[path = "../src/fixture.rs"]
mod fixture;

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const ACCENT: [u8; 3] = [0x58, 0x65, 0xf2];
const TRACK: [u8; 3] = [0xf2, 0xf3, 0xf5];

struct Picture {
    bytes: Vec<u8>,
    width: usize,
}

impl Picture {
    /// What a chart in light colours shows at one pixel to a point.
    fn of(chart: Chart<'_>) -> TestResult<Self> {
        let file = chart.theme(Theme::Light).scale(1).png()?;
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or("too large")?];
        let frame = reader.next_frame(&mut bytes)?;
        assert_eq!((frame.width, frame.height, frame.color_type), (800, 450, png::ColorType::Rgb));
        Ok(Self { bytes, width: usize::try_from(frame.width)? })
    }

    fn row(&self, y: usize) -> impl Iterator<Item = [u8; 3]> + '_ {
        let bytes = self.bytes.chunks_exact(self.width * 3).nth(y).unwrap_or_default();
        bytes.chunks_exact(3).filter_map(|pixel| pixel.try_into().ok())
    }

    /// How many pixels of a row have this colour.
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
    // Three rows of forty points below the header.
    let bars = [94, 134, 174].map(|y| (picture.count(y, ACCENT), picture.count(y, TRACK)));
    let whole = bars[0].0;
    assert!(whole > 300 && bars[0].1 == 0, "{bars:?}");
    assert!(bars[1].0.abs_diff(whole / 2) <= 1 && bars[1].1.abs_diff(whole / 2) <= 1, "{bars:?}");
    assert_eq!(bars[2], (0, whole));
    Ok(())
}

#[test]
fn squares_are_where_hours_are() -> TestResult {
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
    let (monday, sunday) = (filled(90).ok_or("no square")?, filled(375).ok_or("no square")?);
    assert!(monday.0 < 60 && monday.1 < 90, "{monday:?}");
    assert!(sunday.0 > 740 && sunday.1 > 770, "{sunday:?}");
    assert_eq!(filled(230), None);
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
    let xs: Vec<usize> = (120..400).filter_map(line).collect();
    assert!(xs.len() > 250 && xs.is_sorted_by(|higher, lower| higher >= lower), "{xs:?}");
    Ok(())
}

#[test]
fn every_bundled_script_leaves_ink() -> TestResult {
    let mut conn = fixture::seeded()?;
    let board = Leaderboard::messages(GuildId::try_from(1)?).limit(1).load(&mut conn)?;
    let dark = |name: &str| -> TestResult<usize> {
        let chart = Chart::leaderboard(&board, |_| Some(name.to_owned()));
        let picture = Picture::of(chart)?;
        Ok((74..114).map(|y| picture.row(y).take(130).filter(|pixel| pixel.iter().all(|c| *c < 0x60)).count()).sum())
    };
    // The rank is there without a name; a zero-width joiner is none that can be seen.
    let none = dark("\u{200d}")?;
    for name in
        ["Ferris", "Жук", "Ελλάς", "عربي", "עברית", "ไทย", "हिन्दी", "日本語", "中文", "한국어", "🐱🎉", "\u{10FFFD}"]
    {
        assert!(dark(name)? > none + 10, "{name}: {} and {none}", dark(name)?);
    }
    Ok(())
}
