//! A chart, and how it looks.

use std::ops::RangeInclusive;

use mocha_schema::UserId;
use mocha_stats::{GrowthAnswer, HeatMapAnswer, LeaderboardAnswer, MessageSeriesAnswer, VoiceSeriesAnswer};

use crate::{
    Error, Theme, growth::Growth, heat_map::Squares, leaderboard::Bars, messages::Messages, scene::Scene, text::Fonts,
    voice::Voice,
};

/// In points.
const WIDTHS: RangeInclusive<u32> = 320..=2_000;
const HEIGHTS: RangeInclusive<u32> = 200..=2_000;
const SCALES: RangeInclusive<u32> = 1..=4;

/// A chart of one answer: dark, 800 by 450 points and two pixels to a point, until told otherwise.
///
/// It takes what it needs out of the answer. Its own words are English; dates are in the zone of the answer.
///
/// Names and titles may be anything: of each the first 200 letters are looked at, and what has no room is cut and ends with an
/// ellipsis. Control characters become U+FFFD, marks that turn the direction of text are taken out. Arabic and Hebrew run
/// from right to left, and letters join as their script asks for. What no font has is drawn as a box.
///
/// A chart of nothing says so. One of thousands of periods keeps each peak.
///
/// # Examples
///
/// ```
/// use chrono::TimeDelta;
/// use mocha_charts::Chart;
/// use mocha_schema::GuildId;
/// use mocha_stats::{MessageSeries, Window};
///
/// # mod fixture { include!("fixture.rs"); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
/// let week = Window::between(monday, monday + TimeDelta::days(7))?;
/// let answer = MessageSeries::of(GuildId::try_from(1)?).within(week).load(&mut conn)?;
/// let png = Chart::messages(&answer).title("Messages of the week").size(400, 300).scale(1).png()?;
/// // Width and height are in the file's first chunk.
/// assert_eq!((&png[16..20], &png[20..24]), (&400_u32.to_be_bytes()[..], &300_u32.to_be_bytes()[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a chart does nothing until it is written"]
pub struct Chart<'f> {
    content: Content,
    fonts: Vec<&'f [u8]>,
    height: u32,
    scale: u32,
    subtitle: Option<String>,
    theme: Theme,
    title: String,
    width: u32,
}

#[derive(Clone, Debug)]
enum Content {
    Bars(Bars),
    Growth(Growth),
    Messages(Messages),
    Squares(Box<Squares>),
    Voice(Voice),
}

impl<'f> Chart<'f> {
    fn new(content: Content, title: &str) -> Self {
        Self {
            content,
            fonts: Vec::new(),
            height: 450,
            scale: 2,
            subtitle: None,
            theme: Theme::Dark,
            title: title.to_owned(),
            width: 800,
        }
    }

    /// Bars of who did most, as many as there is room for; the others are counted in a last line.
    ///
    /// `name` says what somebody is called, and is asked for a hundred at most; who has no name is called by the id. If the answer has the window
    /// before ([`compare`](mocha_stats::Leaderboard::compare)), each row tells how many ranks up or down it went.
    pub fn leaderboard(answer: &LeaderboardAnswer, name: impl Fn(UserId) -> Option<String>) -> Self {
        Self::new(Content::Bars(Bars::of(answer, name)), "Leaderboard")
    }

    /// Bars of who was in voice longest, as [`leaderboard`](Self::leaderboard).
    pub fn voice_leaderboard(answer: &LeaderboardAnswer, name: impl Fn(UserId) -> Option<String>) -> Self {
        Self::new(Content::Bars(Bars::of_voice(answer, name)), "Time in voice")
    }

    /// A line of messages over time.
    pub fn messages(answer: &MessageSeriesAnswer) -> Self {
        Self::new(Content::Messages(Messages::of(answer, None)), "Messages")
    }

    /// A line of messages over time, and behind it that of the window before, its first period below the first.
    ///
    /// The same question [`within`](mocha_stats::MessageSeries::within) the window's
    /// [`previous`](mocha_stats::Window::previous) answers `previous`.
    pub fn messages_compared(answer: &MessageSeriesAnswer, previous: &MessageSeriesAnswer) -> Self {
        Self::new(Content::Messages(Messages::of(answer, Some(previous))), "Messages")
    }

    /// Columns of who joined and who left, and above them a line of members, where their count is known.
    ///
    /// The axis of members does not start at zero.
    pub fn growth(answer: &GrowthAnswer) -> Self {
        Self::new(Content::Growth(Growth::of(answer)), "Growth")
    }

    /// Squares of when people wrote, by weekday and hour; the fuller the colour, the more messages.
    pub fn heat_map(answer: &HeatMapAnswer) -> Self {
        Self::new(Content::Squares(Box::new(Squares::of(answer))), "When people write")
    }

    /// Columns of voice time over time, assumed time upon that which was observed.
    pub fn voice(answer: &VoiceSeriesAnswer) -> Self {
        Self::new(Content::Voice(Voice::of(answer)), "Voice")
    }

    /// What is written above. The default is a word or two in English.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// What is written below the title. The default are the answer's sums, in English.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// The colours. The default is [`Theme::Dark`].
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Width and height in points, 320 to 2,000 and 200 to 2,000. The default is 800 by 450.
    pub const fn size(mut self, width: u32, height: u32) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Pixels to a point, 1 to 4. The default is 2: 800 by 450 points are a picture of 1600 by 900 pixels.
    pub const fn scale(mut self, scale: u32) -> Self {
        self.scale = scale;
        self
    }

    /// A TrueType or OpenType font to ask for each character before the bundled ones, and after those that were given
    /// earlier: for scripts that they have not. An SVG is shown in the fonts of who looks at it.
    pub fn font(mut self, file: &'f [u8]) -> Self {
        self.fonts.push(file);
        self
    }

    /// The picture as PNG file, in RGB.
    ///
    /// Takes tens of milliseconds of one core, and memory of three bytes to a pixel and the file; blocks nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `width`, `height`, `scale` or `font`.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        self.draw(|scene| scene.png(self.scale))
    }

    /// The picture as SVG document, of as many pixels as the PNG. Text is text: it is shown in Noto Sans where that is
    /// installed, and else in another font of who looks at it, whose letters may be wider.
    ///
    /// # Errors
    ///
    /// As [`png`](Self::png).
    pub fn svg(&self) -> Result<String, Error> {
        self.draw(|scene| scene.svg(self.scale))
    }

    pub(crate) fn draw<T>(&self, write: impl FnOnce(&Scene<'_>) -> Result<T, Error>) -> Result<T, Error> {
        if !WIDTHS.contains(&self.width) {
            return Err(Error::invalid("width", "must be 320 to 2000"));
        }
        if !HEIGHTS.contains(&self.height) {
            return Err(Error::invalid("height", "must be 200 to 2000"));
        }
        if !SCALES.contains(&self.scale) {
            return Err(Error::invalid("scale", "must be 1 to 4"));
        }
        let fonts = Fonts::with(&self.fonts)?;
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let mut scene = Scene { fonts: &fonts, height, palette: self.theme.palette(), shapes: Vec::new(), width };
        let (title, subtitle) = (self.title.as_str(), self.subtitle.as_deref());
        match &self.content {
            Content::Bars(chart) => chart.draw(&mut scene, title, subtitle),
            Content::Growth(chart) => chart.draw(&mut scene, title, subtitle),
            Content::Messages(chart) => chart.draw(&mut scene, title, subtitle),
            Content::Squares(chart) => chart.draw(&mut scene, title, subtitle),
            Content::Voice(chart) => chart.draw(&mut scene, title, subtitle),
        }
        write(&scene)
    }
}
