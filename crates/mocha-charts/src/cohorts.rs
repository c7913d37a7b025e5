//! A triangle of cohorts: a row for each week of joining, a column for each week after it.

use chrono::DateTime;
use chrono_tz::Tz;
use mocha_stats::{FirstWeek, MemberRetentionAnswer, MemberReturnAnswer, ReturnDay};
use plotters_backend::text_anchor::HPos;

use crate::{
    dates,
    header::{Header, SMALL, STRONG},
    number::{float, pixels, real},
    scene::{Area, Scene},
    texts::{Texts, fill},
    theme::between,
    unit::{Unit, counted, ranks},
};

const ROW: f64 = 18.0;
const TALLEST_ROW: f64 = 28.0;
const LEAST_COLUMN: f64 = 12.0;
const WIDEST_COLUMN: f64 = 64.0;
/// The height of the line of weeks.
const LINE: f64 = 20.0;
const GAP: f64 = 10.0;
/// The share of the colour in a cell of one percent.
const FAINTEST: f64 = 0.12;

#[derive(Clone, Debug)]
pub(crate) struct Cohorts {
    kind: Kind,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Kind {
    Returned(Vec<ReturnDay>),
    Stayed(FirstWeek),
}

#[derive(Clone, Debug)]
struct Row {
    start: DateTime<Tz>,
    joined: u64,
    /// How many of them are counted in each later week.
    weeks: Vec<u64>,
}

impl Cohorts {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &MemberRetentionAnswer) -> Self {
        let row = |cohort: &mocha_stats::Cohort| Row {
            start: cohort.start,
            joined: cohort.joined,
            weeks: cohort.stayed.clone(),
        };
        Self { kind: Kind::Stayed(answer.first_week), rows: answer.cohorts.iter().map(row).collect() }
    }

    /// Reads what the chart needs from an answer.
    pub(crate) fn of_returned(answer: &MemberReturnAnswer) -> Self {
        let row = |cohort: &mocha_stats::ReturnCohort| Row {
            start: cohort.start,
            joined: cohort.joined,
            weeks: cohort.returned.clone(),
        };
        Self { kind: Kind::Returned(answer.days.clone()), rows: answer.cohorts.iter().map(row).collect() }
    }

    pub(crate) fn zone(&self) -> Option<Tz> {
        self.rows.first().map(|row| row.start.timezone())
    }

    pub(crate) fn title<'t>(&self, texts: &'t Texts) -> &'t str {
        match self.kind {
            Kind::Returned(_) => &texts.returned_title,
            Kind::Stayed(_) => &texts.retention_title,
        }
    }

    fn summary(&self, texts: &Texts) -> String {
        let joined = |joined| counted(joined, &texts.people, texts);
        match &self.kind {
            Kind::Returned(days) => {
                let known = days.iter().filter(|day| day.joined > 0);
                let day = |day: &ReturnDay| {
                    fill(&texts.day_number, &day.day.to_string()) + " " + &percent(day.returned, day.joined, texts)
                };
                known.map(day).collect::<Vec<_>>().join(" · ")
            }
            Kind::Stayed(week) if week.joined > 0 => {
                fill(&texts.first_week, &percent(week.stayed, week.joined, texts)) + " · " + &joined(week.joined)
            }
            Kind::Stayed(_) => joined(self.rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.joined))),
        }
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        if self.rows.iter().all(|row| row.joined == 0) {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_joins);
        }
        let area = header.draw(scene, &self.summary(texts), &[]);
        let fitting = pixels((area.height() - LINE) / ROW).max(1);
        let rows = self.rows.get(self.rows.len().saturating_sub(fitting)..).unwrap_or_default();
        let height = ((area.height() - LINE) / real(rows.len())).min(TALLEST_ROW);
        let dates: Vec<String> = rows.iter().map(|row| dates::day_month(row.start, texts)).collect();
        let joined: Vec<String> = rows.iter().map(|row| ranks(row.joined, texts)).collect();
        let quarter = area.width() / 4.0;
        let date_width = scene.widest(dates.iter().map(String::as_str), SMALL).min(quarter);
        let joined_width = scene.widest(joined.iter().map(String::as_str), STRONG).min(quarter);
        let grid = Area { left: area.left + date_width + joined_width + 2.0 * GAP, top: area.top + LINE, ..area };
        let weeks = rows.iter().map(|row| row.weeks.len()).max().unwrap_or_default();
        let columns = weeks.min(pixels(grid.width() / LEAST_COLUMN));
        let width = (grid.width() / real(columns.max(1))).min(WIDEST_COLUMN);
        let has_texts = width >= scene.measure(&percent(1, 1, texts), SMALL) + 4.0;
        draw_weeks(scene, grid, width, columns);
        for (index, ((row, date), joined)) in rows.iter().zip(&dates).zip(&joined).enumerate() {
            let top = grid.top + real(index) * height;
            let y = top + height / 2.0;
            scene.text(date, (area.left, y), HPos::Left, (SMALL, date_width + 1.0), palette.muted);
            let right = grid.left - GAP;
            scene.text(joined, (right, y), HPos::Right, (STRONG, joined_width + 1.0), palette.text);
            for (week, count) in row.weeks.iter().take(columns).enumerate().filter(|_| row.joined > 0) {
                let left = grid.left + real(week) * width;
                let cell =
                    Area { left: left + 1.0, top: top + 1.0, right: left + width - 1.0, bottom: top + height - 1.0 };
                let part = float(*count) / float(row.joined);
                let shade = FAINTEST + (1.0 - FAINTEST) * part;
                let color =
                    if *count == 0 { palette.panel } else { between(palette.background, palette.accent, shade) };
                scene.rect(cell, color);
                if has_texts {
                    let text = percent(*count, row.joined, texts);
                    scene.text(&text, cell.middle(), HPos::Center, (SMALL, width), palette.text_on(color));
                }
            }
        }
    }
}

/// Writes the numbers of the weeks above their columns.
fn draw_weeks(scene: &mut Scene<'_>, grid: Area, width: f64, columns: usize) {
    let (texts, color, y) = (scene.texts, scene.palette.muted, grid.top - LINE / 2.0);
    let mut free = f64::NEG_INFINITY;
    for week in 0..columns {
        let number = (week + 1).to_string();
        // The first says what the numbers are.
        let label = if week == 0 { fill(&texts.week_number, &number) } else { number };
        let half = scene.measure(&label, SMALL) / 2.0;
        let middle = grid.left + (real(week) + 0.5) * width;
        let x = middle.max(grid.left + half);
        if x - half >= free && x + half <= scene.width {
            scene.text(&label, (x, y), HPos::Center, (SMALL, f64::INFINITY), color);
            free = x + half + 6.0;
        }
    }
}

fn percent(part: u64, whole: u64, texts: &Texts) -> String {
    let percent = (float(part) / float(whole) * 100.0).round();
    Unit::Percent.exact(crate::number::whole(percent), texts)
}
