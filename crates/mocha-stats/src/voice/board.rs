//! Voice time and sessions of each user, for leaderboards.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use super::{PartOf, VoiceFilter, VoiceScan, VoiceStateFilter, interval::VoiceTime, scope::Scope, total::VoiceRead};
use crate::{Bots, Error, Window, channel_filter::Resolved, database::Source, per_user::PerUser};

/// Voice time and sessions of one user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserVoice {
    pub(crate) sessions: u64,
    pub(crate) time: VoiceTime,
}

impl UserVoice {
    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    fn add(&mut self, Self { sessions, time }: Self) {
        self.sessions = self.sessions.saturating_add(sessions);
        self.time.add(time);
    }
}

/// Voice of each user in a guild.
#[derive(Debug)]
pub(crate) struct VoiceBoard {
    pub(crate) data_since: Option<DateTime<Utc>>,
    /// `None` if single intervals of the window's end are not kept any longer.
    pub(crate) open_sessions: Option<u64>,
    pub(crate) rounded_to_days: bool,
    /// In order of user id.
    pub(crate) users: Vec<(UserId, UserVoice)>,
}

impl VoiceBoard {
    /// Reads the time that the filter and the channels let through, and all sessions. Call it in a
    /// transaction.
    pub(crate) fn load(
        conn: &mut dyn Source,
        guild: GuildId,
        bots: Bots,
        filter: &VoiceFilter,
        channels: &mut Resolved<'_>,
        window: Window,
    ) -> Result<Self, Error> {
        let scope = Scope { filter: filter.clone().bots(bots), guild, user: None, window };
        let mut users = PerUser::new(UserVoice::add);
        let needs_channels = !channels.is_open();
        let VoiceRead { horizon, mut open, rounded_to_days, .. } =
            scope.each_part(conn, PartOf::Anything, needs_channels, |part| {
                let time = if channels.counts(part.channel) { part.time } else { VoiceTime::default() };
                users.add(part.user, UserVoice { sessions: part.sessions, time });
            })?;
        let scan = VoiceScan { bots, channels: false, guild, state: VoiceStateFilter::All, user: None, window };
        open.extend(scan.leave_after_end(conn)?);
        let known = window.passed_ms().is_none_or(|ms| ms >= horizon.voice_from.saturating_mul(1000));
        let open_sessions = known.then(|| u64::try_from(open.len()).unwrap_or(u64::MAX));
        let data_since = scope.data_since(horizon);
        Ok(Self { data_since, open_sessions, rounded_to_days, users: users.finish() })
    }
}

/// Tells `f` the milliseconds of each user on each day in UTC that the filter and the channels let through, in no order. A day
/// may come several times. Call it in a transaction.
pub(crate) fn each_voice_day(
    conn: &mut dyn Source,
    (guild, bots): (GuildId, Bots),
    filter: &VoiceFilter,
    channels: &mut Resolved<'_>,
    window: Window,
    mut f: impl FnMut(UserId, i64, u64),
) -> Result<VoiceRead, Error> {
    let scope = Scope { filter: filter.clone().bots(bots), guild, user: None, window };
    let read = scope.each_part(conn, PartOf::Day, true, |part| {
        let ms = filter.counted_ms(part.time);
        if ms > 0 && channels.counts(part.channel) {
            f(part.user, part.day, ms);
        }
    })?;
    Ok(VoiceRead { data_since: scope.data_since(read.horizon), ..read })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use chrono::{Datelike, Weekday};
    use mocha_schema::VoiceEventType;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Leaderboard, Rank, VoiceDetails, VoiceTotals, Weights,
        fixture::TestResult,
        random::{self, LogEntry},
        test_file::empty,
        voice::truth,
    };

    /// The same in plain Rust, tick by tick.
    fn expected(
        filter: &VoiceFilter,
        limit: Option<usize>,
        window: Window,
        voice: &truth::Voice,
        log: &[LogEntry],
    ) -> TestResult<(Vec<Rank>, u64, u64, VoiceTotals)> {
        let counts = |guild: u64, user| guild == random::GUILD && random::counts(filter.bots, user);
        let leaves: Vec<_> = log
            .iter()
            .filter(|event| counts(event.guild, event.user) && event.kind == VoiceEventType::Leave)
            .filter(|event| random::holds(window, event.second * 1000))
            .collect();
        let there: Vec<_> = voice.ticks(window).flat_map(|tick| voice.counted(window, filter, tick)).collect();
        let mut entries = Vec::new();
        let users = there.iter().map(|there| there.talk.user).chain(leaves.iter().map(|event| event.user));
        for user in users.collect::<BTreeSet<u64>>() {
            let own: Vec<_> = there.iter().filter(|there| there.talk.user == user).copied().collect();
            let (observed, assumed) = voice.time(&own);
            let voice_ms = u64::try_from(truth::by_policy(filter.assumed, observed, assumed).as_millis())?;
            let sessions = leaves.iter().filter(|event| event.user == user).count().try_into()?;
            if voice_ms > 0 || sessions > 0 {
                let user_id = user.try_into()?;
                let voice = Some(VoiceDetails { observed, assumed, sessions });
                entries.push(Rank { rank: 0, user_id, value: voice_ms, previous: None, level: None, voice });
            }
        }
        let times: Vec<u64> = entries.iter().map(|entry| entry.value).collect();
        for entry in &mut entries {
            entry.rank = u64::try_from(times.iter().filter(|time| **time > entry.value).count())? + 1;
        }
        entries.sort_by_key(|entry| entry.rank);
        let users = entries.len().try_into()?;
        entries.truncate(limit.unwrap_or(usize::MAX));
        let (observed, assumed) = voice.time(&there);
        let open: BTreeSet<u64> = voice
            .talks
            .iter()
            .filter(|talk| counts(talk.guild, talk.user) && voice.goes_on_at_the_end_of(window, talk))
            .map(|talk| talk.user)
            .collect();
        let open_sessions = Some(open.len().try_into()?);
        Ok((entries, users, times.iter().sum(), VoiceTotals { observed, assumed, open_sessions }))
    }

    proptest! {
        #[test]
        fn the_answer_matches_plain_rust(
            (voice, window) in truth::voice(), log in random::voice_log(3600), filter in truth::filter(),
            limit in random::limit()
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            random::insert_voice_log(&mut conn, &log).unwrap();
            let question = Leaderboard::voice(random::GUILD.try_into().unwrap()).within(window).bots(filter.bots).filter(filter.clone());
            let question = match limit {
                Some(limit) => question.limit(limit),
                None => question,
            };
            let answer = question.load(&mut conn).unwrap();
            let got = (answer.entries, answer.user_count, answer.total, answer.voice.unwrap());
            prop_assert_eq!(got, expected(&filter, limit, window, &voice, &log).unwrap());
            prop_assert_eq!((answer.data_since, answer.window, answer.rounded_to_days), (None, window, false));
        }

        #[test]
        fn minutes_of_each_weekday_have_its_factor(
            (voice, window) in truth::voice(), filter in truth::filter(), percents in [0..300_u32, 0..300, 0..300, 0..300]
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Sun];
            let mut question = Leaderboard::score(random::GUILD.try_into().unwrap(), Weights::new().voice_minutes(3));
            question = question.within(window).bots(filter.bots).filter(filter.clone());
            for (day, percent) in days.into_iter().zip(percents) {
                question = question.multiply_weekdays(&[day], percent);
            }
            let mut parts = BTreeMap::<u64, u64>::new();
            for tick in voice.ticks(window) {
                let there = voice.counted(window, &filter, tick);
                let day = DateTime::from_timestamp_millis(voice.at(tick)).unwrap().weekday();
                let percent = days.iter().position(|own| *own == day).map_or(100, |place| u64::from(percents[place]));
                for there in there {
                    let (observed, assumed) = voice.time(&[there]);
                    let ms = u64::try_from(truth::by_policy(filter.assumed, observed, assumed).as_millis()).unwrap();
                    *parts.entry(there.talk.user).or_default() += ms * percent;
                }
            }
            let expected: BTreeMap<u64, u64> =
                parts.into_iter().map(|(user, parts)| (user, parts / 60_000 * 3 / 100)).filter(|(_, points)| *points > 0).collect();
            let answer = question.load(&mut conn).unwrap();
            let got: BTreeMap<u64, u64> = answer.entries.iter().map(|entry| (entry.user_id.get(), entry.value)).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
