//! The chart builder.

use std::ops::RangeInclusive;

use chrono_tz::Tz;
use mocha_stats::{
    ActiveMembersAnswer, GrowthAnswer, GuildReportAnswer, HeatMapAnswer, LeaderboardAnswer, MemberCardAnswer,
    MemberRetentionAnswer, MemberReturnAnswer, MembersSinceAnswer, MessageSeriesAnswer, OnlineSeriesAnswer,
    VoiceHeatMapAnswer, VoiceOccupancyAnswer, VoiceSeriesAnswer,
};

use crate::{
    Error, Profile, Texts, Theme, active::Active, calendar::Calendar, card::Card, cohorts::Cohorts, crowd::Crowd,
    dates::Scope, growth::Growth, header::Header, heat_map::Squares, leaderboard::Bars, messages::Messages,
    scene::Scene, text::Fonts, user_names::UserNames, voice::Voice,
};

/// In points.
const WIDTHS: RangeInclusive<u32> = 320..=2_000;
const HEIGHTS: RangeInclusive<u32> = 200..=2_000;
const SCALES: RangeInclusive<u32> = 1..=4;

/// Draws one answer as a picture.
///
/// By default the picture has the size at which Discord shows it: 560 by 350 points, with three pixels to a point so that it is
/// sharp on every screen. The default theme is dark, and the texts are English.
///
/// The header has a title, then the name of the server, the dates of the window and the time zone, then the totals. Add the name with
/// [`guild_name`](Self::guild_name). A period of which the window covers only a part is dashed or hatched, so that today does not
/// look like a drop. A chart without data says so, and a chart of thousands of periods keeps each peak.
///
/// Names and titles may contain anything. Only the first 200 letters are used, and text without room is cut with an ellipsis. Control
/// characters become U+FFFD, and marks that change the direction of text are removed. Arabic and Hebrew run from right to
/// left. A character that no font has is drawn as a box.
///
/// The same answer and the same options give the same bytes on every machine.
///
/// # Examples
///
/// ```
/// use chrono::TimeDelta;
/// use mocha_charts::Chart;
/// use mocha_schema::GuildId;
/// use mocha_stats::{MessageSeries, Window};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
/// let week = Window::between(monday, monday + TimeDelta::days(7))?;
/// let answer = MessageSeries::of(GuildId::try_from(1)?).within(week).load(&mut conn)?;
/// let png = Chart::messages(&answer).guild_name("Rust Café").size(400, 300).scale(1).png()?;
/// // The first chunk of the file has the width and the height.
/// assert_eq!((&png[16..20], &png[20..24]), (&400_u32.to_be_bytes()[..], &300_u32.to_be_bytes()[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a chart does nothing until `png` or `svg` is called"]
pub struct Chart<'f> {
    content: Content,
    fonts: Vec<&'f [u8]>,
    guild_name: String,
    height: u32,
    scale: u32,
    scope: Scope,
    subtitle: Option<String>,
    texts: Texts,
    theme: Theme,
    title: Option<String>,
    width: u32,
    zone: Option<Tz>,
}

#[derive(Clone, Debug)]
enum Content {
    Active(Active),
    Bars(Bars),
    Calendar(Calendar),
    Card(Box<Card>),
    Cohorts(Cohorts),
    Crowd(Crowd),
    Growth(Growth),
    Messages(Messages),
    Squares(Box<Squares>),
    Voice(Voice),
}

impl<'f> Chart<'f> {
    fn new(content: Content, scope: Scope) -> Self {
        Self {
            content,
            fonts: Vec::new(),
            guild_name: String::new(),
            height: 350,
            scale: 3,
            scope,
            subtitle: None,
            texts: Texts::default(),
            theme: Theme::Dark,
            title: None,
            width: 560,
            zone: None,
        }
    }

    /// Draws a bar for each person on a leaderboard of any measure, as many as there is room for. A last line counts the others.
    ///
    /// `names` is the answer of [`Names`](mocha_stats::Names), or a function that returns the name of a user and is called at
    /// most a hundred times. A user without a name is shown by id. If the answer has the previous window
    /// ([`compare`](mocha_stats::Leaderboard::compare)), each row shows how many ranks the person moved. If it has levels
    /// ([`levels`](mocha_stats::Leaderboard::levels)), each row shows the level behind the points.
    ///
    /// ```
    /// use mocha_charts::Chart;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, LevelCurve, Names, Weights};
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let guild = GuildId::try_from(1)?;
    /// let board = Leaderboard::messages(guild).limit(10).load(&mut conn)?;
    /// let names = Names::of(guild).users(board.entries.iter().map(|entry| entry.user_id)).load(&mut conn)?;
    ///
    /// let svg = Chart::leaderboard(&board, &names).svg()?;
    /// assert_eq!(svg, Chart::leaderboard(&board, |user| names.users.get(&user).cloned()).svg()?);
    ///
    /// let score = Leaderboard::score(guild, Weights::new().messages(100)).levels(LevelCurve::mee6());
    /// assert!(Chart::leaderboard(&score.load(&mut conn)?, &names).svg()?.contains("300 · level 2"));
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "functions are passed by value, and an answer by reference")]
    pub fn leaderboard(answer: &LeaderboardAnswer, names: impl UserNames) -> Self {
        Self::new(Content::Bars(Bars::of(answer, &names)), Scope::of(answer.window, answer.data_since))
    }

    /// Draws a line of messages over time. The peak and the last value are labelled.
    pub fn messages(answer: &MessageSeriesAnswer) -> Self {
        let scope = Scope::of(answer.window, answer.data_since);
        Self::new(Content::Messages(Messages::of(answer)), scope)
    }

    /// Draws a line of messages over time, and behind it a dashed line of the previous window.
    ///
    /// For `previous`, ask the same question [`within`](mocha_stats::MessageSeries::within) the window's
    /// [`previous`](mocha_stats::Window::previous). Both lines begin at the left. The legend names the previous window by its
    /// dates.
    pub fn messages_compared(answer: &MessageSeriesAnswer, previous: &MessageSeriesAnswer) -> Self {
        let scope = Scope::of(answer.window, answer.data_since);
        Self::new(Content::Messages(Messages::of(answer).compared_with(previous)), scope)
    }

    /// Draws two panels: a line of members, and below it columns of joins and leaves with a line of their difference.
    ///
    /// The axis of members does not start at zero. The panel of members is left out if no count is known.
    pub fn growth(answer: &GrowthAnswer) -> Self {
        let scope = Scope::of(answer.window, answer.data_since);
        Self::new(Content::Growth(Growth::of(answer)), scope)
    }

    /// Draws when the present members joined, as growth from before Mocha recorded it.
    ///
    /// It is drawn like [`growth`](Self::growth), with a title and a summary that say that members who left since are missing.
    pub fn members_since(answer: &MembersSinceAnswer) -> Self {
        Self::new(Content::Growth(Growth::of_present(answer)), Scope::of(answer.window, None))
    }

    /// Draws a square for each weekday and hour, with a stronger colour for more messages.
    ///
    /// Hours without messages have a colour of their own. The others are divided into five steps of equal size by their number
    /// of messages, so one busy hour does not make the others look empty. The answer does not have its time zone: pass the zone
    /// of the question to [`zone`](Self::zone).
    pub fn heat_map(answer: &HeatMapAnswer) -> Self {
        Self::new(Content::Squares(Box::new(Squares::of(answer))), Scope::of(answer.window, answer.data_since))
    }

    /// Draws a square for each weekday and hour, with a stronger colour for more time in voice.
    ///
    /// The colours are those of [`heat_map`](Self::heat_map). The answer does not have its time zone: pass the zone of the
    /// question to [`zone`](Self::zone).
    pub fn voice_heat_map(answer: &VoiceHeatMapAnswer) -> Self {
        Self::new(Content::Squares(Box::new(Squares::of_voice(answer))), Scope::of(answer.window, answer.data_since))
    }

    /// Draws a square for each day and a column for each week, as a calendar of a member's or a server's year.
    ///
    /// Ask the series by day. A year fits into every width. If the series is longer, only the last weeks that fit are drawn.
    /// The default height is 200 points.
    ///
    /// ```
    /// use chrono_tz::Tz;
    /// use mocha_charts::Chart;
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::{MessageSeries, Window};
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # let now = chrono::DateTime::from_timestamp(fixture::MONDAY + 3_600, 0).ok_or("no such time")?;
    /// let year = Window::last_days(365, Tz::UTC, now)?;
    /// let series = MessageSeries::of(GuildId::try_from(1)?).user(UserId::try_from(20)?).within(year).load(&mut conn)?;
    /// assert!(Chart::calendar(&series).title("Ferris").svg()?.contains("3 messages"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn calendar(answer: &MessageSeriesAnswer) -> Self {
        let scope = Scope::of(answer.window, answer.data_since);
        Self::new(Content::Calendar(Calendar::of(answer)), scope).size(560, 200)
    }

    /// Draws a card of a member, as the answer to `/rank`: picture, name, rank and level, then messages, voice time, streak and active
    /// days of the last days, and messages day by day.
    ///
    /// The default size is 560 by 280 points.
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_charts::{Chart, Level, Profile};
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::MemberCard;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let now = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")? + TimeDelta::hours(20);
    /// let card = MemberCard::of(GuildId::try_from(1)?, UserId::try_from(20)?, now).load(&mut conn)?;
    /// let profile = Profile::new("Ferris").level(Level::new(3, 120, 300));
    /// let svg = Chart::member_card(&card, &profile).guild_name("Rust Café").svg()?;
    /// assert!(svg.contains("#1 of 3 people · level 3 · 120 / 300 XP"), "{svg}");
    ///
    /// // The place by messages becomes that by points.
    /// let svg = Chart::member_card(&card, &profile.place(2, 5)).svg()?;
    /// assert!(svg.contains("#2 of 5 people · level 3"), "{svg}");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "rank card")]
    pub fn member_card(answer: &MemberCardAnswer, profile: &Profile) -> Self {
        let scope = Scope::of(answer.messages.window, answer.messages.data_since);
        Self::new(Content::Card(Box::new(Card::of_member(answer, profile))), scope).size(560, 280)
    }

    /// Draws a card of a server, as the answer to `/server`: picture and name, then messages, voice time, active members, members,
    /// joins and leaves with their change since the window before, and messages day by day.
    #[doc(alias = "server card")]
    pub fn guild_card(answer: &GuildReportAnswer, profile: &Profile) -> Self {
        let scope = Scope::of(answer.overview.window, answer.overview.data_since);
        Self::new(Content::Card(Box::new(Card::of_guild(answer, profile))), scope)
    }

    /// Draws how many members were active each day, and in the seven and thirty days up to it, and below it the stickiness: the
    /// part of the month's active members who were there on the day.
    ///
    /// The answer does not have its time zone: pass the zone of the question to [`zone`](Self::zone).
    #[doc(alias("DAU", "WAU", "MAU"))]
    pub fn active_members(answer: &ActiveMembersAnswer) -> Self {
        Self::new(Content::Active(Active::of(answer)), Scope::of(answer.window, answer.data_since))
    }

    /// Draws a row for each week in which members joined, with the part of them who stayed one week, two weeks, and so on.
    ///
    /// Only the last weeks that fit are drawn.
    pub fn retention(answer: &MemberRetentionAnswer) -> Self {
        Self::new(Content::Cohorts(Cohorts::of(answer)), Scope::of(answer.window, answer.data_since))
    }

    /// Draws a row for each week in which members joined, with the part of them who wrote or talked in the next week, in the week
    /// after it, and so on.
    ///
    /// Only the last weeks that fit are drawn.
    pub fn returned(answer: &MemberReturnAnswer) -> Self {
        Self::new(Content::Cohorts(Cohorts::of_returned(answer)), Scope::of(answer.window, answer.data_since))
    }

    /// Draws how many were in voice at once: the average of each step, and on top of it the most.
    ///
    /// The times are written in the time zone that [`zone`](Self::zone) sets.
    pub fn occupancy(answer: &VoiceOccupancyAnswer) -> Self {
        Self::new(Content::Crowd(Crowd::of_voice(answer)), Scope::of(answer.window, answer.data_since))
    }

    /// Draws how many were online at once: the average of each period, and on top of it the most.
    pub fn online(answer: &OnlineSeriesAnswer) -> Self {
        Self::new(Content::Crowd(Crowd::of_online(answer)), Scope::of(answer.window, answer.data_since))
    }

    /// Draws columns of voice time over time. Assumed time is stacked on observed time.
    pub fn voice(answer: &VoiceSeriesAnswer) -> Self {
        let scope = Scope::of(answer.window, answer.data_since);
        Self::new(Content::Voice(Voice::of(answer)), scope)
    }

    /// Sets the title. The default names the chart, for example `Messages`.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the name of the server, which is written below the title. The default is none.
    #[doc(alias = "server_name")]
    pub fn guild_name(mut self, name: impl Into<String>) -> Self {
        self.guild_name = name.into();
        self
    }

    /// Sets the line above the chart. The default is the totals of the answer.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// Sets the time zone in which the header writes the dates of a leaderboard, a heat map or active members, and in which
    /// [`occupancy`](Self::occupancy) writes its times. The default is UTC.
    ///
    /// It changes no numbers. The other charts use the time zone of their answer.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = Some(zone);
        self
    }

    /// Sets the texts, for other languages than English.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Sets the colours. The default is [`Theme::Dark`].
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Sets the width and the height in points, 320 to 2,000 and 200 to 2,000. The default is 560 by 350.
    pub const fn size(mut self, width: u32, height: u32) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Sets the number of pixels to a point, 1 to 4. The default is 3: 560 by 350 points become 1,680 by 1,050 pixels.
    pub const fn scale(mut self, scale: u32) -> Self {
        self.scale = scale;
        self
    }

    /// Adds a TrueType or OpenType font, for scripts that the bundled fonts lack.
    ///
    /// Each character is drawn with the first font that has it: first those that were added, in this order, then the bundled ones. An
    /// SVG is shown in the fonts of its viewer.
    pub fn font(mut self, file: &'f [u8]) -> Self {
        self.fonts.push(file);
        self
    }

    /// Returns the picture as a PNG file in RGB.
    ///
    /// Takes tens of milliseconds on one core. Needs three bytes of memory for each pixel, and the file. Does not block.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `width`, `height`, `scale` or `font`.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        self.draw(|scene| scene.png(self.scale))
    }

    /// Returns the picture as an SVG document with as many pixels as the PNG.
    ///
    /// Text stays text. It is shown in Noto Sans if the viewer has that font, and otherwise in another one, whose letters may be
    /// wider.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `width`, `height`, `scale` or `font`.
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
        let (palette, texts) = (self.theme.palette(), &self.texts);
        let mut scene = Scene { fonts: &fonts, height, palette, shapes: Vec::new(), texts, width };
        let dates = self.dates();
        let title = self.title.as_deref().unwrap_or_else(|| self.content.title(texts));
        let header = Header {
            dates: &dates,
            guild_name: &self.guild_name,
            inset: 0.0,
            subtitle: self.subtitle.as_deref(),
            title,
        };
        match &self.content {
            Content::Active(chart) => chart.draw(&mut scene, &header),
            Content::Calendar(chart) => chart.draw(&mut scene, &header),
            Content::Card(chart) => chart.draw(&mut scene, &header),
            Content::Cohorts(chart) => chart.draw(&mut scene, &header),
            Content::Crowd(chart) => chart.draw(&mut scene, &header, self.zone.unwrap_or_default()),
            Content::Bars(chart) => chart.draw(&mut scene, &header),
            Content::Growth(chart) => chart.draw(&mut scene, &header),
            Content::Messages(chart) => chart.draw(&mut scene, &header),
            Content::Squares(chart) => chart.draw(&mut scene, &header),
            Content::Voice(chart) => chart.draw(&mut scene, &header),
        }
        write(&scene)
    }

    /// Returns the dates of the window and the time zone.
    fn dates(&self) -> String {
        let given = self.content.zone().or(self.zone);
        let zone = given.unwrap_or_default();
        let (dates, has_dates) = self.scope.dates(zone, &self.texts);
        // The hours of a heat map and the days of active members are in a zone that the answer does not have.
        let is_known = given.is_some() || !matches!(self.content, Content::Active(_) | Content::Squares(_));
        if is_known && (has_dates || self.content.has_hours()) {
            format!("{dates} · {}", zone.name().replace('_', " "))
        } else {
            dates
        }
    }
}

impl Content {
    fn title<'t>(&'t self, texts: &'t Texts) -> &'t str {
        match self {
            Self::Active(_) => &texts.active_title,
            Self::Card(chart) => chart.title(),
            Self::Cohorts(chart) => chart.title(texts),
            Self::Crowd(chart) => chart.title(texts),
            Self::Bars(chart) if chart.is_of_voice() => &texts.voice_leaderboard_title,
            Self::Bars(_) => &texts.leaderboard_title,
            Self::Growth(chart) => chart.title(texts),
            Self::Calendar(_) | Self::Messages(_) => &texts.messages_title,
            Self::Squares(chart) if chart.is_of_voice() => &texts.voice_heat_map_title,
            Self::Squares(_) => &texts.heat_map_title,
            Self::Voice(_) => &texts.voice_title,
        }
    }

    /// Returns the time zone of the answer, if the answer has one.
    fn zone(&self) -> Option<Tz> {
        match self {
            Self::Calendar(chart) => chart.zone(),
            Self::Card(chart) => chart.zone(),
            Self::Cohorts(chart) => chart.zone(),
            Self::Crowd(chart) => chart.zone(),
            Self::Growth(chart) => chart.zone(),
            Self::Messages(chart) => chart.zone(),
            Self::Voice(chart) => chart.zone(),
            Self::Active(_) | Self::Bars(_) | Self::Squares(_) => None,
        }
    }

    /// Whether the time zone matters even if the chart is about all time.
    const fn has_hours(&self) -> bool {
        !matches!(self, Self::Bars(_))
    }
}
