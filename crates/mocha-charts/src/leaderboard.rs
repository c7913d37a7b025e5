//! Bars of who did most.

use mocha_schema::UserId;
use mocha_stats::{LeaderboardAnswer, Measure, Rank};
use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    frame::{SMALL, frame},
    number::{Unit, counted, float, grouped, pixels, ranks, real},
    scene::{Area, Scene},
};

/// No picture has room for more.
const MAX_ROWS: usize = 100;
const ROW: f64 = 26.0;
const TALLEST_ROW: f64 = 40.0;
const TEXT: f64 = 14.0;
const GAP: f64 = 12.0;

#[derive(Clone, Debug)]
pub(crate) struct Bars {
    /// How many are on the board, also those who are not listed.
    users: u64,
    rows: Vec<Row>,
    subtitle: String,
    unit: Unit,
}

#[derive(Clone, Debug)]
struct Row {
    moved: Option<Moved>,
    name: String,
    rank: u64,
    value: u64,
}

/// How somebody's rank changed since the window before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Moved {
    Down(u64),
    New,
    Not,
    Up(u64),
}

impl Bars {
    pub(crate) fn of(answer: &LeaderboardAnswer, name: impl Fn(UserId) -> Option<String>) -> Self {
        let (unit, one, many) = match answer.measure {
            Measure::ActiveDays => (Unit::Count, "active day", "active days"),
            Measure::Attachments => (Unit::Count, "message with attachments", "messages with attachments"),
            Measure::Characters => (Unit::Count, "character", "characters"),
            Measure::Messages => (Unit::Count, "message", "messages"),
            Measure::Score(_) => (Unit::Count, "point", "points"),
            Measure::VoiceSessions => (Unit::Count, "voice session", "voice sessions"),
            Measure::VoiceTime => (Unit::Time, "in voice", "in voice"),
            Measure::Words => (Unit::Count, "word", "words"),
            _ => (Unit::Count, "", ""),
        };
        let what = if answer.total == 1 { one } else { many };
        let row = |entry: &Rank| Row {
            moved: answer.previous.map(|_| moved(entry)),
            name: named(entry.user_id, &name),
            rank: entry.rank,
            value: entry.value,
        };
        Self {
            users: answer.user_count,
            rows: answer.entries.iter().take(MAX_ROWS).map(row).collect(),
            subtitle: subtitle(unit, answer.total, what, answer.user_count),
            unit,
        }
    }

    pub(crate) fn of_voice(answer: &LeaderboardAnswer, name: impl Fn(UserId) -> Option<String>) -> Self {
        let rows = answer.entries.iter().take(MAX_ROWS).map(|entry| Row {
            moved: None,
            name: named(entry.user_id, &name),
            rank: entry.rank,
            value: entry.value,
        });
        let rows: Vec<Row> = rows.collect();
        // How many the limit left out is not known.
        let users = u64::try_from(answer.entries.len()).unwrap_or(u64::MAX);
        let subtitle = format!("{} in voice", Unit::Time.exact(answer.total));
        Self { users, rows, subtitle, unit: Unit::Time }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, title: &str, subtitle: Option<&str>) {
        let area = frame(scene, title, subtitle.unwrap_or(&self.subtitle), &[]);
        if self.rows.is_empty() {
            return scene.nothing(area, "Nobody yet");
        }
        let fitting = pixels(area.height() / ROW).max(1);
        // The last row gives way to a line that says how many are not shown.
        let all = self.users <= u64::try_from(fitting.min(self.rows.len())).unwrap_or(u64::MAX);
        let listed = if all || self.rows.len() < fitting { fitting } else { fitting.saturating_sub(1).max(1) };
        let rows: Vec<&Row> = self.rows.iter().take(listed).collect();
        let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let rest = self.users.saturating_sub(shown);
        let room = if rest > 0 { area.height() - ROW } else { area.height() };
        let height = (room / real(rows.len())).min(TALLEST_ROW);
        let columns = Columns::of(scene, area, &rows, self.unit);
        let greatest = rows.iter().map(|row| row.value).max().unwrap_or_default();
        for (index, row) in rows.iter().enumerate() {
            let top = area.top + real(index) * height;
            let part = if greatest == 0 { 0.0 } else { float(row.value) / float(greatest) };
            self.draw_row(scene, &columns, row, (top, height), part);
        }
        if rest > 0 {
            let y = area.top + real(rows.len()) * height + ROW / 2.0;
            let more = format!("and {} more", grouped(rest));
            let (width, color) = (area.right - columns.name, scene.palette.muted);
            scene.text(&more, (columns.name, y), HPos::Left, (SMALL, width), color);
        }
    }

    fn draw_row(&self, scene: &mut Scene<'_>, columns: &Columns, row: &Row, (top, height): (f64, f64), part: f64) {
        let (palette, y) = (scene.palette, top + height / 2.0);
        let rank = ranks(row.rank);
        scene.text(&rank, (columns.rank, y), HPos::Right, (TEXT, f64::INFINITY), palette.muted);
        if let Some((text, color)) = row.moved.and_then(|moved| moved.text(scene)) {
            scene.text(&text, (columns.rank + GAP, y), HPos::Left, (SMALL, f64::INFINITY), color);
        }
        let width = columns.bar - columns.name - GAP;
        scene.text(&row.name, (columns.name, y), HPos::Left, (TEXT, width), palette.text);
        let half = (height * 0.32).min(11.0);
        let track = Area { left: columns.bar, top: y - half, right: columns.value - GAP, bottom: y + half };
        if track.width() > 0.0 {
            scene.bar(track, palette.panel);
            // Who did anything has something to see.
            let least = if row.value == 0 { 0.0 } else { 2.0_f64.min(track.width()) };
            scene.bar(Area { right: track.left + (track.width() * part).max(least), ..track }, palette.accent);
        }
        let value = self.unit.exact(row.value);
        scene.text(&value, (columns.right, y), HPos::Right, (TEXT, columns.right - columns.value + 1.0), palette.text);
    }
}

/// Where the columns are.
struct Columns {
    /// The right edge of ranks.
    rank: f64,
    name: f64,
    bar: f64,
    /// The left edge of values.
    value: f64,
    right: f64,
}

impl Columns {
    fn of(scene: &Scene<'_>, area: Area, rows: &[&Row], unit: Unit) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let rank = area.left + widest(&mut rows.iter().map(|row| scene.measure(&ranks(row.rank), TEXT)));
        let moved = rows.iter().filter_map(|row| row.moved?.text(scene));
        let moved = widest(&mut moved.map(|(text, _)| scene.measure(&text, SMALL) + GAP));
        let value = widest(&mut rows.iter().map(|row| scene.measure(&unit.exact(row.value), TEXT)));
        let value = area.right - value.min(area.width() * 0.4);
        let name = rank + moved + GAP;
        let names = rows.iter().map(|row| scene.measure(&crate::text::clean(&row.name), TEXT) + 1.0);
        let bar = name + widest(&mut names.into_iter()).min((value - name) * 0.5) + GAP;
        Self { rank, name, bar, value, right: area.right }
    }
}

impl Moved {
    fn text(self, scene: &Scene<'_>) -> Option<(String, BackendColor)> {
        match self {
            Self::Down(by) => Some((format!("▼ {}", ranks(by)), scene.palette.bad)),
            Self::New => Some(("new".to_owned(), scene.palette.muted)),
            Self::Not => None,
            Self::Up(by) => Some((format!("▲ {}", ranks(by)), scene.palette.good)),
        }
    }
}

fn moved(entry: &Rank) -> Moved {
    match entry.previous.map(|previous| (previous.rank.checked_sub(entry.rank), entry.rank.abs_diff(previous.rank))) {
        None => Moved::New,
        Some((_, 0)) => Moved::Not,
        Some((Some(_), ranks)) => Moved::Up(ranks),
        Some((None, ranks)) => Moved::Down(ranks),
    }
}

/// What the caller calls somebody, or else the id.
fn named(user_id: UserId, name: &impl Fn(UserId) -> Option<String>) -> String {
    name(user_id).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| user_id.to_string())
}

fn subtitle(unit: Unit, total: u64, what: &str, users: u64) -> String {
    format!("{} {what}, {}", unit.exact(total), counted(users, "person", "people"))
}
