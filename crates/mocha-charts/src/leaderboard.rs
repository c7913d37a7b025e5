//! Bars of the people who did most.

use mocha_schema::UserId;
use mocha_stats::{LeaderboardAnswer, Measure, Rank};
use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    header::{Header, SMALL, STRONG},
    number::{float, pixels, real},
    scene::{Area, Scene},
    text::Style,
    texts::{Counted, Texts, fill},
    theme::ON_MEDAL,
    unit::{Unit, counted, grouped, ranks},
    user_names::UserNames,
};

/// No picture has room for more rows.
const MAX_ROWS: usize = 100;
const ROW: f64 = 22.0;
const TALLEST_ROW: f64 = 34.0;
const NAME: Style = Style::regular(15.0);
const FIRST_NAME: Style = Style::semi_bold(15.0);
const GAP: f64 = 10.0;
/// The radius of the disc behind the first three ranks.
const DISC: f64 = 10.0;

#[derive(Clone, Debug)]
pub(crate) struct Bars {
    measure: Measure,
    rows: Vec<Row>,
    total: u64,
    /// The number of people on the board, including those that the answer does not list.
    user_count: u64,
}

#[derive(Clone, Debug)]
struct Row {
    level: Option<u64>,
    moved: Option<Moved>,
    name: String,
    rank: u64,
    value: u64,
}

/// How a rank changed since the previous window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Moved {
    Down(u64),
    New,
    Not,
    Up(u64),
}

impl Bars {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &LeaderboardAnswer, names: &impl UserNames) -> Self {
        let row = |entry: &Rank| Row {
            level: entry.level.map(|progress| progress.level),
            moved: answer.previous.map(|_| moved(entry)),
            name: name_or_id(entry.user_id, names),
            rank: entry.rank,
            value: entry.value,
        };
        Self {
            measure: answer.measure,
            rows: answer.entries.iter().take(MAX_ROWS).map(row).collect(),
            total: answer.total,
            user_count: answer.user_count,
        }
    }

    /// Whether the values are voice time.
    pub(crate) fn is_of_voice(&self) -> bool {
        self.measure == Measure::VoiceTime
    }

    fn unit(&self) -> Unit {
        if self.is_of_voice() { Unit::Time } else { Unit::Count }
    }

    fn summary(&self, texts: &Texts) -> String {
        let noun: Option<&Counted> = match self.measure {
            Measure::ActiveDays => Some(&texts.active_days),
            Measure::Attachments => Some(&texts.attachments),
            Measure::Characters => Some(&texts.characters),
            Measure::Messages => Some(&texts.messages),
            Measure::Score(_) => Some(&texts.points),
            Measure::VoiceSessions => Some(&texts.voice_sessions),
            Measure::Words => Some(&texts.words),
            _ => None,
        };
        let total = match (self.unit(), noun) {
            (Unit::Time, _) => fill(&texts.in_voice, &Unit::Time.exact(self.total, texts)),
            (unit, None) => unit.exact(self.total, texts),
            (_, Some(noun)) => counted(self.total, noun, texts),
        };
        format!("{total} · {}", counted(self.user_count, &texts.people, texts))
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let texts = scene.texts;
        if self.rows.is_empty() {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_people);
        }
        let area = header.draw(scene, &self.summary(texts), &[]);
        let fitting = pixels(area.height() / ROW).max(1);
        // If not everybody is shown, the last row becomes a line that says how many are missing.
        let everybody = self.user_count <= u64::try_from(fitting.min(self.rows.len())).unwrap_or(u64::MAX);
        let listed = if everybody || self.rows.len() < fitting { fitting } else { fitting.saturating_sub(1).max(1) };
        let rows: Vec<&Row> = self.rows.iter().take(listed).collect();
        let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let rest = self.user_count.saturating_sub(shown);
        let room = if rest > 0 { area.height() - ROW } else { area.height() };
        let height = (room / real(rows.len())).min(TALLEST_ROW);
        let columns = Columns::of(scene, area, &rows, self.unit());
        let greatest = rows.iter().map(|row| row.value).max().unwrap_or_default();
        for (index, row) in rows.iter().enumerate() {
            let top = area.top + real(index) * height;
            let part = if greatest == 0 { 0.0 } else { float(row.value) / float(greatest) };
            self.draw_row(scene, &columns, row, (top, height), part);
        }
        if rest > 0 {
            let y = area.top + real(rows.len()) * height + ROW / 2.0;
            let more = fill(&texts.more, &grouped(rest, texts));
            let (width, color) = (area.right - columns.name, scene.palette.muted);
            scene.text(&more, (columns.name, y), HPos::Left, (SMALL, width), color);
        }
    }

    fn draw_row(&self, scene: &mut Scene<'_>, columns: &Columns, row: &Row, (top, height): (f64, f64), part: f64) {
        let (palette, texts, y) = (scene.palette, scene.texts, top + height / 2.0);
        draw_rank(scene, columns, row, (y, height));
        let width = columns.bar - columns.name - GAP;
        scene.text(&row.name, (columns.name, y), HPos::Left, (row.name_style(), width), palette.text);
        let half = (height * 0.34).min(10.0);
        let track = Area { left: columns.bar, top: y - half, right: columns.bar_end, bottom: y + half };
        // Even the smallest value has a visible bar.
        let least = if row.value == 0 { 0.0 } else { 2.0 };
        let end = track.left + (track.width() * part).max(least);
        if track.width() > 0.0 {
            let color = if row.is_first_three() { palette.accent } else { palette.calm };
            scene.bar(Area { right: end, ..track }, color);
        }
        let value = row.value_text(self.unit(), texts);
        let at = if track.width() > 0.0 { end + VALUE_GAP } else { columns.bar };
        scene.text(&value, (at, y), HPos::Left, (row.value_style(), columns.value_width), palette.text);
        if let Some((text, color)) = row.moved.and_then(|moved| moved.text(scene)) {
            scene.text(&text, (columns.right, y), HPos::Right, (SMALL, f64::INFINITY), color);
        }
    }
}

/// Draws a rank, on a disc if it is one of the first three.
fn draw_rank(scene: &mut Scene<'_>, columns: &Columns, row: &Row, (y, height): (f64, f64)) {
    let (palette, rank) = (scene.palette, ranks(row.rank, scene.texts));
    let medal = usize::try_from(row.rank).ok().and_then(|rank| palette.medals.get(rank.checked_sub(1)?));
    let at = (columns.rank, y);
    if let Some(medal) = medal {
        scene.circle(at, DISC.min(height / 2.0 - 1.0), *medal);
        scene.text(&rank, at, HPos::Center, (STRONG, f64::INFINITY), ON_MEDAL);
    } else {
        scene.text(&rank, at, HPos::Center, (SMALL, f64::INFINITY), palette.muted);
    }
}

/// The space between a bar and its value.
const VALUE_GAP: f64 = 6.0;

/// The positions of the columns.
struct Columns {
    /// The middle of the ranks.
    rank: f64,
    name: f64,
    bar: f64,
    /// The end of the longest bar.
    bar_end: f64,
    value_width: f64,
    right: f64,
}

impl Columns {
    fn of(scene: &Scene<'_>, area: Area, rows: &[&Row], unit: Unit) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let rank = widest(&mut rows.iter().map(|row| scene.measure(&ranks(row.rank, scene.texts), STRONG)));
        let rank = rank.max(2.0 * DISC);
        let moved = rows.iter().filter_map(|row| row.moved?.text(scene));
        let moved = widest(&mut moved.map(|(text, _)| scene.measure(&text, SMALL) + GAP));
        let value = |row: &&Row| scene.measure(&row.value_text(unit, scene.texts), row.value_style());
        let value_width = widest(&mut rows.iter().map(value)).min(area.width() * 0.4) + 1.0;
        let name = area.left + rank + GAP;
        let bar_end = area.right - moved - value_width - VALUE_GAP;
        let names = rows.iter().map(|row| scene.measure(&row.name, row.name_style()) + 1.0);
        let bar = name + widest(&mut names.into_iter()).min((bar_end - name) * 0.5) + GAP;
        Self { rank: area.left + rank / 2.0, name, bar, bar_end, value_width, right: area.right }
    }
}

impl Row {
    const fn is_first_three(&self) -> bool {
        self.rank <= 3
    }

    const fn name_style(&self) -> Style {
        if self.is_first_three() { FIRST_NAME } else { NAME }
    }

    /// The value, and the level if there is one.
    fn value_text(&self, unit: Unit, texts: &Texts) -> String {
        let value = unit.exact(self.value, texts);
        let level = self.level.map(|level| fill(&texts.level, &ranks(level, texts)));
        [Some(value), level].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    const fn value_style(&self) -> Style {
        if self.is_first_three() { STRONG } else { SMALL }
    }
}

impl Moved {
    fn text(self, scene: &Scene<'_>) -> Option<(String, BackendColor)> {
        let (palette, texts) = (scene.palette, scene.texts);
        match self {
            Self::Down(by) => Some((format!("▼ {}", ranks(by, texts)), palette.bad)),
            Self::New => Some((texts.new.clone(), palette.muted)),
            Self::Not => None,
            Self::Up(by) => Some((format!("▲ {}", ranks(by, texts)), palette.good)),
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

/// Returns the name that the caller gives, or the id if there is none.
fn name_or_id(user_id: UserId, names: &impl UserNames) -> String {
    names.user_name(user_id).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| user_id.to_string())
}
