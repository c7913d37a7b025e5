//! The upper part of each chart: the title, the context, the summary and the legend.

use plotters_backend::{BackendColor, text_anchor::HPos};

use crate::{
    number::real,
    scene::{Area, Scene},
    text::Style,
};

pub(crate) const MARGIN: f64 = 16.0;
const TITLE: Style = Style::semi_bold(20.0);
/// Less important text.
pub(crate) const SMALL: Style = Style::regular(13.0);
/// A value beside its bar or its point, and the title of a panel.
pub(crate) const STRONG: Style = Style::semi_bold(13.0);

/// The texts above a chart.
pub(crate) struct Header<'a> {
    /// The dates of the window and the time zone.
    pub(crate) dates: &'a str,
    /// The name of the server, or nothing.
    pub(crate) guild_name: &'a str,
    /// The space for a picture to the left of the header.
    pub(crate) inset: f64,
    pub(crate) subtitle: Option<&'a str>,
    pub(crate) title: &'a str,
}

/// An entry of a legend.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) color: BackendColor,
    pub(crate) mark: Mark,
    pub(crate) name: String,
}

/// The mark before a name in a legend.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    Dashes,
    Dot,
    Hatch,
    Line,
    Ring,
}

impl Key {
    pub(crate) fn new(mark: Mark, color: BackendColor, name: &str) -> Self {
        Self { color, mark, name: name.to_owned() }
    }
}

impl Mark {
    const fn width(self) -> f64 {
        match self {
            Self::Dot | Self::Ring => 8.0,
            Self::Hatch => 11.0,
            Self::Dashes | Self::Line => 20.0,
        }
    }
}

impl Header<'_> {
    /// Draws the header and returns the area below it. The chart's own subtitle replaces `summary`.
    pub(crate) fn draw(&self, scene: &mut Scene<'_>, summary: &str, legend: &[Key]) -> Area {
        let (left, right) = (MARGIN + self.inset, scene.width - MARGIN);
        let (text, muted) = (scene.palette.text, scene.palette.muted);
        scene.text(self.title, (left, MARGIN + 8.0), HPos::Left, (TITLE, right - left), text);
        let y = MARGIN + 31.0;
        // A long name must not push out the dates.
        let room = (right - left - scene.measure(self.dates, SMALL) - DOT).max((right - left) / 4.0);
        let name = scene.text(self.guild_name, (left, y), HPos::Left, (SMALL, room), muted);
        let mut x = left;
        if name > 0.0 {
            scene.text("·", (left + name + DOT / 2.0, y), HPos::Center, (SMALL, DOT), muted);
            x += name + DOT;
        }
        scene.text(self.dates, (x, y), HPos::Left, (SMALL, right - x), muted);
        let y = y + 19.0;
        let summary = self.subtitle.unwrap_or(summary);
        let wanted = scene.measure(summary, SMALL).min((right - left) / 2.0);
        let free = draw_legend(scene, legend, y, (left + wanted + GAP, right));
        scene.text(summary, (left, y), HPos::Left, (SMALL, free - left), text);
        Area { left: MARGIN, top: y + 15.0, right, bottom: scene.height - MARGIN + 4.0 }
    }
}

/// The space of the dot between the name of the server and the dates.
const DOT: f64 = 12.0;
/// The space between two entries.
const GAP: f64 = 14.0;
/// The space between a mark and its name.
const INNER: f64 = 5.0;

/// Draws the legend at the right of a line, and returns where the free space to the left of it ends.
pub(crate) fn draw_legend(scene: &mut Scene<'_>, legend: &[Key], y: f64, (left, right): (f64, f64)) -> f64 {
    let muted = scene.palette.muted;
    let mut free = right;
    for (before, key) in legend.iter().enumerate().rev() {
        // An entry gets what the others to its left do not need, and at least an equal part of what is left.
        let others = legend_width(scene, legend.get(..before).unwrap_or_default());
        let room = (free - left - others).max((free - left) / real(before + 1));
        let room = room - GAP - INNER - key.mark.width();
        let width = scene.text(&key.name, (free, y), HPos::Right, (SMALL, room), muted);
        if width > 0.0 {
            draw_mark(scene, key, (free - width - INNER - key.mark.width(), y));
            free -= width + INNER + key.mark.width() + GAP;
        }
    }
    free
}

/// Returns how wide the legend is if no name is cut.
pub(crate) fn legend_width(scene: &Scene<'_>, legend: &[Key]) -> f64 {
    legend.iter().map(|key| key.mark.width() + INNER + scene.measure(&key.name, SMALL) + GAP).sum()
}

fn draw_mark(scene: &mut Scene<'_>, key: &Key, (x, y): (f64, f64)) {
    let right = x + key.mark.width();
    match key.mark {
        Mark::Dot => scene.circle((x + 4.0, y), 4.0, key.color),
        Mark::Line => scene.line(vec![(x, y), (right, y)], 1.0, key.color),
        Mark::Ring => scene.ring((x + 4.0, y), key.color),
        Mark::Hatch => scene.hatch(Area { left: x, top: y - 5.5, right, bottom: y + 5.5 }, key.color),
        Mark::Dashes => scene.dashes(&[(x, y), (right, y)], 1.5, key.color),
    }
}
