//! A square for each day, a column for each week.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use chrono_tz::Tz;
use mocha_stats::MessageSeriesAnswer;
use plotters_backend::text_anchor::HPos;

use crate::{
    header::{Header, SMALL},
    number::{pixels, real},
    scene::{Area, Scene},
    shades::Shades,
    unit::{Unit, counted},
};

/// A column is at least so wide: 53 fit into the narrowest picture.
const LEAST: f64 = 4.0;
/// The height of the line of months, and of the line that explains the colours.
const LINE: f64 = 22.0;

#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    days: BTreeMap<NaiveDate, u64>,
    zone: Option<Tz>,
}

impl Calendar {
    /// Reads what the chart needs from an answer.
    pub(crate) fn of(answer: &MessageSeriesAnswer) -> Self {
        let mut days = BTreeMap::new();
        for period in &answer.periods {
            let day: &mut u64 = days.entry(period.start.date_naive()).or_default();
            *day = day.saturating_add(period.written.messages);
        }
        Self { days, zone: answer.periods.first().map(|period| period.start.timezone()) }
    }

    pub(crate) const fn zone(&self) -> Option<Tz> {
        self.zone
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        let names = scene.widest(texts.weekdays.iter().map(String::as_str), SMALL).min(scene.width / 6.0) + 8.0;
        let room = scene.width - 2.0 * crate::header::MARGIN - names;
        let weeks = self.weeks(pixels(room / LEAST).max(1));
        let shown = || {
            weeks.iter().flat_map(|week| week.iter_days().take(7)).filter_map(|day| Some((day, *self.days.get(&day)?)))
        };
        let shades = Shades::of(shown().map(|(_, messages)| messages));
        if shades.is_empty() {
            let area = header.draw(scene, "", &[]);
            return scene.nothing(area, &texts.no_messages);
        }
        let total = shown().fold(0, |sum: u64, (_, messages)| sum.saturating_add(messages));
        let area = header.draw(scene, &counted(total, &texts.messages, texts), &[]);
        let grid = Area { left: area.left + names, top: area.top + LINE, bottom: area.bottom - LINE, ..area };
        let height = (grid.height() / 7.0).min(36.0);
        let width = (grid.width() / real(weeks.len())).min(2.0 * height);
        // In a low picture the names of all rows would overlap.
        let named = if height < SMALL.size { 2 } else { 1 };
        for (day, name) in texts.weekdays.iter().enumerate().filter(|(day, _)| day.is_multiple_of(named)) {
            let y = grid.top + (real(day) + 0.5) * height;
            scene.text(name, (area.left, y), HPos::Left, (SMALL, names), palette.muted);
        }
        let gap = if width.min(height) < 6.0 { 0.5 } else { 1.0 };
        for (column, week) in weeks.iter().enumerate() {
            for (row, day) in week.iter_days().take(7).enumerate() {
                let Some(messages) = self.days.get(&day) else { continue };
                let (left, top) = (grid.left + real(column) * width, grid.top + real(row) * height);
                let cell =
                    Area { left: left + gap, top: top + gap, right: left + width - gap, bottom: top + height - gap };
                scene.rect(cell, shades.color(scene, *messages));
            }
        }
        draw_months(scene, grid, width, &weeks);
        shades.draw_scale(
            scene,
            Area { top: area.bottom - LINE, left: grid.left, ..area },
            Unit::Count,
            &texts.messages_unit,
        );
    }

    /// Returns the Mondays of the last weeks, at most so many.
    fn weeks(&self, most: usize) -> Vec<NaiveDate> {
        let (Some((first, _)), Some((last, _))) = (self.days.first_key_value(), self.days.last_key_value()) else {
            return Vec::new();
        };
        let monday = |day: NaiveDate| day.week(Weekday::Mon).checked_first_day().unwrap_or(day);
        let (first, last) = (monday(*first), monday(*last));
        let earlier = std::iter::successors(Some(last), |week| week.checked_sub_days(Days::new(7)));
        let mut weeks: Vec<NaiveDate> = earlier.take_while(|week| *week >= first).take(most).collect();
        weeks.reverse();
        weeks
    }
}

/// Writes each month above its first whole week.
fn draw_months(scene: &mut Scene<'_>, grid: Area, width: f64, weeks: &[NaiveDate]) {
    let (texts, color) = (scene.texts, scene.palette.muted);
    let mut free = grid.left;
    let mut before = None;
    for (column, week) in weeks.iter().enumerate() {
        let month = week.month0();
        let is_new = before != Some(month);
        before = Some(month);
        // If only the end of a month is shown, it has no name unless there is room for the next
        // month's name beside it.
        let soon = column == 0 && weeks.iter().take(3).any(|other| other.month0() != month);
        let x = grid.left + real(column) * width;
        let Some(name) = usize::try_from(month).ok().and_then(|month| texts.months.get(month)) else { continue };
        if !is_new || soon || x < free {
            continue;
        }
        let written = scene.text(name, (x, grid.top - LINE / 2.0), HPos::Left, (SMALL, grid.right - x), color);
        free = x + written + 6.0;
    }
}
