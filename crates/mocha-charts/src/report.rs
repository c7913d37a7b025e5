//! The pictures of a report.

use mocha_schema::UserId;
use mocha_stats::GuildReportAnswer;

use crate::{Chart, Profile, user_names::UserNames};

impl Chart<'_> {
    /// Returns the pictures of a report, in the order in which a bot posts them: the card of the server, the members who wrote
    /// most, those who were in voice longest, growth, and the busiest hours. Charts without data are left out, but the card never
    /// is.
    ///
    /// `names` is the same as for [`leaderboard`](Self::leaderboard).
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use chrono_tz::Tz;
    /// use mocha_charts::{Chart, Profile};
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::GuildReport;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let report = GuildReport::last_week(GuildId::try_from(1)?, Tz::UTC, monday + TimeDelta::days(7))?.load(&mut conn)?;
    /// let name = |user: UserId| fixture::name(user).map(str::to_owned);
    /// let pictures = Chart::report(&report, &Profile::new("Rust Café"), name);
    /// assert_eq!(pictures.len(), 5);
    /// assert!(pictures[0].png()?.starts_with(b"\x89PNG"));
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "leaderboards take names by value, too")]
    pub fn report(answer: &GuildReportAnswer, profile: &Profile, names: impl UserNames) -> Vec<Self> {
        let GuildReportAnswer { growth, heat_map, speakers, writers, zone, .. } = answer;
        let moves = growth.joins > 0 || growth.leaves > 0;
        let mut charts = vec![Self::guild_card(answer, profile)];
        charts.extend(
            (!writers.entries.is_empty()).then(|| Self::leaderboard(writers, |user: UserId| names.user_name(user))),
        );
        charts.extend(
            (!speakers.entries.is_empty()).then(|| Self::leaderboard(speakers, |user: UserId| names.user_name(user))),
        );
        charts.extend(moves.then(|| Self::growth(growth)));
        charts.extend((heat_map.messages > 0).then(|| Self::heat_map(heat_map)));
        let named = charts.into_iter().enumerate().map(|(index, chart)| {
            // The card has the name as its title.
            let chart = if index == 0 { chart } else { chart.guild_name(&profile.name) };
            chart.zone(*zone)
        });
        named.collect()
    }
}
