//! A card of a member or of a server: numbers, and messages over time.

use std::time::Duration;

use mocha_stats::{Compared, GuildReportAnswer, MemberCardAnswer};
use plotters_backend::{BackendColor, text_anchor::HPos};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    Profile,
    header::{Header, SMALL},
    messages::Messages,
    number::{float, pixels, real},
    scene::{Area, Scene},
    text::Style,
    texts::{Texts, fill},
    unit::{Unit, change, counted, grouped, milliseconds, ranks},
};

/// The diameter of the picture.
const PICTURE: f64 = 64.0;
const INITIAL: Style = Style::semi_bold(30.0);
const VALUE: Style = Style::semi_bold(18.0);
/// The height of a row of numbers.
const TILE: f64 = 46.0;
const LEAST_TILE: f64 = 92.0;
/// The height of the bar of a level.
const BAR: f64 = 16.0;
/// The least height of a chart of messages. A lower one would show nothing.
const LEAST_CHART: f64 = 60.0;
const GAP: f64 = 8.0;

#[derive(Clone, Debug)]
pub(crate) struct Card {
    kind: Kind,
    messages: Messages,
    profile: Profile,
}

#[derive(Clone, Debug)]
enum Kind {
    Guild {
        active: Compared,
        joins: Compared,
        leaves: Compared,
        members: Option<Compared>,
        messages: Compared,
        voice_time: Compared<Duration>,
    },
    Member {
        active_days: u64,
        messages: u64,
        place: Option<(u64, u64)>,
        streak: u64,
        voice_time: Duration,
    },
}

/// A number on a card.
struct Tile {
    value: String,
    label: String,
    change: Option<(String, BackendColor)>,
}

impl Card {
    /// Reads what the card needs from an answer.
    pub(crate) fn of_member(answer: &MemberCardAnswer, profile: &Profile) -> Self {
        let statistics = &answer.statistics;
        let kind = Kind::Member {
            active_days: statistics.active_days,
            messages: statistics.written.messages,
            place: profile.place.or_else(|| statistics.messages_place.map(|place| (place.rank, place.total))),
            streak: answer.current_streak.map_or(0, |streak| streak.days),
            voice_time: statistics.voice.voice_time,
        };
        Self { kind, messages: Messages::of(&answer.messages), profile: profile.clone() }
    }

    /// Reads what the card needs from an answer.
    pub(crate) fn of_guild(answer: &GuildReportAnswer, profile: &Profile) -> Self {
        let overview = &answer.overview;
        let kind = Kind::Guild {
            active: overview.active_members,
            joins: overview.joins,
            leaves: overview.leaves,
            members: overview.members,
            messages: overview.messages,
            voice_time: overview.voice_time,
        };
        let mut messages = Messages::of(&answer.messages);
        if let Some(before) = &answer.messages_before {
            messages = messages.compared_with(before);
        }
        Self { kind, messages, profile: profile.clone() }
    }

    pub(crate) fn title(&self) -> &str {
        &self.profile.name
    }

    pub(crate) fn zone(&self) -> Option<chrono_tz::Tz> {
        self.messages.zone()
    }

    fn summary(&self, texts: &Texts) -> String {
        let place = match self.kind {
            Kind::Member { place: Some((rank, total)), .. } => Some(
                fill(&texts.rank, &ranks(rank, texts))
                    + " "
                    + &fill(&texts.of_people, &counted(total, &texts.people, texts)),
            ),
            _ => None,
        };
        let level = self.profile.level.map(|level| {
            let points =
                format!("{} / {}", Unit::Count.exact(level.points, texts), Unit::Count.exact(level.needed, texts));
            format!("{} · {}", fill(&texts.level, &ranks(level.number, texts)), fill(&texts.xp, &points))
        });
        place.into_iter().chain(level).collect::<Vec<_>>().join(" · ")
    }

    pub(crate) fn draw(&self, scene: &mut Scene<'_>, header: &Header<'_>) {
        let (palette, texts) = (scene.palette, scene.texts);
        let header = Header { inset: PICTURE + 14.0, ..*header };
        let mut area = header.draw(scene, &self.summary(texts), &[]);
        self.draw_picture(scene, area.left);
        area.top += GAP;
        if let Some(level) = self.profile.level {
            let track = Area { top: area.top, bottom: area.top + 8.0, ..area };
            let part = if level.needed == 0 { 1.0 } else { (float(level.points) / float(level.needed)).min(1.0) };
            scene.bar(track, palette.panel);
            scene.bar(Area { right: track.left + track.width() * part, ..track }, palette.accent);
            area.top += BAR;
        }
        area.top = self.draw_tiles(scene, area) + GAP;
        if area.height() >= LEAST_CHART {
            self.messages.draw_plane(scene, area);
        }
    }

    /// Draws the picture, or the first letter of the name.
    fn draw_picture(&self, scene: &mut Scene<'_>, left: f64) {
        let (at, radius) = ((left + PICTURE / 2.0, crate::header::MARGIN - 1.0 + PICTURE / 2.0), PICTURE / 2.0);
        if let Some(picture) = &self.profile.picture {
            return scene.disc(at, radius, picture);
        }
        scene.circle(at, radius, scene.palette.calm);
        let initial = self.profile.name.trim().graphemes(true).next().unwrap_or_default().to_uppercase();
        scene.text(&initial, at, HPos::Center, (INITIAL, PICTURE - 12.0), scene.palette.text);
    }

    /// Draws as many rows of numbers as fit, and returns where they end.
    fn draw_tiles(&self, scene: &mut Scene<'_>, area: Area) -> f64 {
        let tiles = self.tiles(scene);
        let fitting = pixels(area.width() / LEAST_TILE).max(1);
        let rows = tiles.len().div_ceil(fitting).max(1);
        let columns = tiles.len().div_ceil(rows);
        let width = area.width() / real(columns);
        let shown = rows.min(pixels(area.height() / TILE).max(1));
        let (text, muted) = (scene.palette.text, scene.palette.muted);
        for (index, tile) in tiles.iter().take(shown * columns).enumerate() {
            let left = area.left + real(index % columns) * width;
            let y = area.top + real(index / columns) * TILE + 12.0;
            let room = width - GAP;
            let value = scene.text(&tile.value, (left, y), HPos::Left, (VALUE, room), text);
            if let Some((change, color)) = &tile.change
                && value + GAP + scene.measure(change, SMALL) <= room
            {
                scene.text(change, (left + value + 6.0, y + 1.5), HPos::Left, (SMALL, f64::INFINITY), *color);
            }
            scene.text(&tile.label, (left, y + 19.0), HPos::Left, (SMALL, room), muted);
        }
        area.top + real(shown) * TILE
    }

    fn tiles(&self, scene: &Scene<'_>) -> Vec<Tile> {
        let texts = scene.texts;
        let tile = |value: String, label: &str| Tile { value, label: label.to_owned(), change: None };
        let count = |value: u64| Unit::Count.exact(value, texts);
        match self.kind {
            Kind::Member { active_days, messages, streak, voice_time, .. } => vec![
                tile(count(messages), &texts.messages_unit),
                tile(Unit::Time.exact(milliseconds(voice_time), texts), &texts.voice_unit),
                tile(counted(streak, &texts.days, texts), &texts.streak),
                tile(counted(active_days, &texts.days, texts), &texts.active),
            ],
            Kind::Guild { active, joins, leaves, members, messages, voice_time } => {
                let compared = |now: u64, before: Option<u64>, unit: Unit, label: &str| {
                    let change = before.and_then(|before| {
                        let color = if now < before { scene.palette.bad } else { scene.palette.good };
                        Some((change(before, now, texts)?, color))
                    });
                    Tile { value: unit.exact(now, texts), label: label.to_owned(), change }
                };
                let number = |value: Compared, label: &str| compared(value.value, value.previous, Unit::Count, label);
                let (voice, voice_before) = (milliseconds(voice_time.value), voice_time.previous.map(milliseconds));
                let members = members.map(|members| number(members, &texts.members_unit));
                let mut tiles = vec![
                    number(messages, &texts.messages_unit),
                    compared(voice, voice_before, Unit::Time, &texts.voice_unit),
                    number(active, &texts.active),
                ];
                tiles.extend(members);
                tiles.push(tile(format!("+{}", grouped(joins.value, texts)), &texts.joined));
                tiles.push(tile(format!("−{}", grouped(leaves.value, texts)), &texts.left));
                tiles
            }
        }
    }
}
