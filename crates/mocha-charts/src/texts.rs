//! The words of charts, for translation.

/// The words that charts write: titles, legends, months, weekdays, units.
///
/// The default is English. Change the fields that you want to translate and pass the result to
/// [`Chart::texts`](crate::Chart::texts). In most fields `{}` stands for a number, a name or a date.
///
/// # Examples
///
/// ```
/// use mocha_charts::{Counted, Texts};
///
/// let mut german = Texts::default();
/// german.messages = Counted::new("{} Nachricht", "{} Nachrichten");
/// german.more = "und {} weitere".to_owned();
/// german.weekdays = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"].map(str::to_owned);
/// german.day_month = "{day}. {month}".to_owned();
/// (german.thousands, german.decimal) = (".".to_owned(), ",".to_owned());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Texts {
    /// The title of a leaderboard.
    pub leaderboard_title: String,
    /// The title of a leaderboard of voice time.
    pub voice_leaderboard_title: String,
    /// The title of a chart of messages over time.
    pub messages_title: String,
    /// The title of a chart of joins and leaves.
    pub growth_title: String,
    /// The title of a chart of when the present members joined.
    pub members_since_title: String,
    /// The title of a heat map.
    pub heat_map_title: String,
    /// The title of a chart of voice time.
    pub voice_title: String,
    /// The title of a heat map of voice time.
    pub voice_heat_map_title: String,
    /// The title of a chart of active members.
    pub active_title: String,
    /// The title of a chart of who stayed by the week of joining.
    pub retention_title: String,
    /// The title of a chart of who came back by the week of joining.
    pub returned_title: String,
    /// The title of a chart of how many were in voice at once.
    pub occupancy_title: String,
    /// The title of a chart of how many were online at once.
    pub online_title: String,

    /// A number of messages.
    pub messages: Counted,
    /// A number of people on a leaderboard.
    pub people: Counted,
    /// A number of people who were active.
    pub active_people: Counted,
    /// A number of members.
    pub members: Counted,
    /// A number of days.
    pub days: Counted,
    /// A number of days on which somebody was active.
    pub active_days: Counted,
    /// A number of messages that have attachments.
    pub attachments: Counted,
    /// A number of characters.
    pub characters: Counted,
    /// A score.
    pub points: Counted,
    /// A number of voice sessions.
    pub voice_sessions: Counted,
    /// A number of words.
    pub words: Counted,
    /// A duration in voice.
    pub in_voice: String,
    /// The people who are not shown on a leaderboard.
    pub more: String,
    /// The mark of a person who was not on the leaderboard of the previous window.
    pub new: String,

    /// The title of the panel that shows the number of members.
    pub members_panel: String,
    /// The title of the panel that shows joins and leaves.
    pub changes_panel: String,
    /// The title of the panel that shows joins of the present members.
    pub joins_panel: String,
    /// The mark of numbers that lack those who left since.
    pub lower_bound: String,
    /// The legend of joins.
    pub joined: String,
    /// The legend of leaves.
    pub left: String,
    /// The legend of joins minus leaves.
    pub net: String,
    /// The legend of voice time that was observed.
    pub observed: String,
    /// The legend of voice time that was assumed.
    pub assumed: String,
    /// The legend of a period of which the chart shows only a part.
    pub incomplete: String,
    /// The unit of a heat map.
    pub messages_unit: String,
    /// The unit of a heat map of voice time.
    pub voice_unit: String,
    /// The legend of members who were active on a day.
    pub daily: String,
    /// The legend of members who were active in the seven days up to a day.
    pub weekly: String,
    /// The legend of members who were active in the thirty days up to a day.
    pub monthly: String,
    /// The title of the panel of the part of a month's active members who were active on a day.
    pub stickiness_panel: String,
    /// The legend of how many were there on average.
    pub average: String,
    /// The legend of how many were there at most.
    pub most: String,
    /// How many were there at most.
    pub peak: String,
    /// The part of members who stayed their first week.
    pub first_week: String,
    /// A rank.
    pub rank: String,
    /// The people among whom somebody has a rank.
    pub of_people: String,
    /// A level.
    pub level: String,
    /// A number of points towards a level.
    pub xp: String,
    /// The label of a streak of active days.
    pub streak: String,
    /// The label of active days, or of active members.
    pub active: String,
    /// The label of a number of members.
    pub members_unit: String,
    /// A day after that of joining, by its number.
    pub day_number: String,
    /// A week after joining, by its number.
    pub week_number: String,

    /// The text of an empty leaderboard.
    pub no_people: String,
    /// The text of a chart without messages.
    pub no_messages: String,
    /// The text of a chart without joins and leaves.
    pub no_changes: String,
    /// The text of a chart without voice time.
    pub no_voice: String,
    /// The text of a chart without active members.
    pub no_active: String,
    /// The text of a chart without joins.
    pub no_joins: String,
    /// The text of a chart without members who were online.
    pub no_online: String,

    /// The dates of a window without an end.
    pub since: String,
    /// The dates of a window without a start.
    pub until: String,
    /// The dates of a window without a start and an end.
    pub all_time: String,
    /// The weekdays, Monday first, in at most four letters.
    pub weekdays: [String; 7],
    /// The months, January first, in at most four letters.
    pub months: [String; 12],
    /// The format of a date without its year, from `{day}` and `{month}`.
    pub day_month: String,
    /// The format of a month, from `{month}` and `{year}`.
    pub month_year: String,
    /// The format of a date, from `{day}`, `{month}` and `{year}`.
    pub date: String,

    /// A number of hours.
    pub hours: String,
    /// A number of minutes.
    pub minutes: String,
    /// A number of seconds.
    pub seconds: String,
    /// A number of percent.
    pub percent: String,
    /// The suffixes of a thousand, a million, a billion and a trillion.
    pub suffixes: [String; 4],
    /// The separator of groups of three digits.
    pub thousands: String,
    /// The separator before the fraction of a number.
    pub decimal: String,
}

/// A text for one thing and a text for another number of them. `{}` stands for the number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted {
    /// The text if the number is one.
    pub one: String,
    /// The text for any other number. Use a form that fits many in a language that has several.
    pub other: String,
}

impl Counted {
    /// Creates it from the text for one and the text for any other number.
    pub fn new(one: impl Into<String>, other: impl Into<String>) -> Self {
        Self { one: one.into(), other: other.into() }
    }

    /// Returns the text for `value`, which is written as `number`.
    pub(crate) fn with(&self, value: u64, number: &str) -> String {
        fill(if value == 1 { &self.one } else { &self.other }, number)
    }
}

/// Puts `value` into a text.
pub(crate) fn fill(text: &str, value: &str) -> String {
    text.replace("{}", value)
}

impl Default for Texts {
    /// Returns the English texts.
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            leaderboard_title: text("Leaderboard"),
            voice_leaderboard_title: text("Time in voice"),
            messages_title: text("Messages"),
            growth_title: text("Growth"),
            members_since_title: text("Today's members, by when they joined"),
            heat_map_title: text("Busiest hours"),
            voice_title: text("Voice activity"),
            voice_heat_map_title: text("Busiest hours in voice"),
            active_title: text("Active members"),
            retention_title: text("Members who stayed"),
            returned_title: text("Members who came back"),
            occupancy_title: text("In voice at once"),
            online_title: text("Online at once"),
            messages: Counted::new("{} message", "{} messages"),
            people: Counted::new("{} person", "{} people"),
            active_people: Counted::new("{} active person", "{} active people"),
            members: Counted::new("{} member", "{} members"),
            days: Counted::new("{} day", "{} days"),
            active_days: Counted::new("{} active day", "{} active days"),
            attachments: Counted::new("{} message with attachments", "{} messages with attachments"),
            characters: Counted::new("{} character", "{} characters"),
            points: Counted::new("{} point", "{} points"),
            voice_sessions: Counted::new("{} voice session", "{} voice sessions"),
            words: Counted::new("{} word", "{} words"),
            in_voice: text("{} in voice"),
            more: text("and {} more"),
            new: text("new"),
            members_panel: text("Members"),
            changes_panel: text("Joined and left"),
            joins_panel: text("Joined"),
            lower_bound: text("without those who left since"),
            joined: text("joined"),
            left: text("left"),
            net: text("net"),
            observed: text("observed"),
            assumed: text("assumed"),
            incomplete: text("incomplete"),
            messages_unit: text("messages"),
            voice_unit: text("in voice"),
            daily: text("day"),
            weekly: text("7 days"),
            monthly: text("30 days"),
            stickiness_panel: text("Of 30 days' people, active on the day"),
            average: text("average"),
            most: text("most"),
            peak: text("peak {}"),
            first_week: text("{} stayed the first week"),
            rank: text("#{}"),
            of_people: text("of {}"),
            level: text("level {}"),
            xp: text("{} XP"),
            streak: text("streak"),
            active: text("active"),
            members_unit: text("members"),
            day_number: text("day {}"),
            week_number: text("week {}"),
            no_people: text("Nobody is on this board yet"),
            no_messages: text("No messages in this time"),
            no_changes: text("Nobody joined or left in this time"),
            no_voice: text("Nobody was in voice in this time"),
            no_active: text("Nobody was active in this time"),
            no_joins: text("Nobody joined in this time"),
            no_online: text("Nobody was online in this time"),
            since: text("since {}"),
            until: text("until {}"),
            all_time: text("all time"),
            weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(text),
            months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].map(text),
            day_month: text("{day} {month}"),
            month_year: text("{month} {year}"),
            date: text("{day} {month} {year}"),
            hours: text("{} h"),
            minutes: text("{} min"),
            seconds: text("{} s"),
            percent: text("{}%"),
            suffixes: ["K", "M", "B", "T"].map(text),
            thousands: text(","),
            decimal: text("."),
        }
    }
}
