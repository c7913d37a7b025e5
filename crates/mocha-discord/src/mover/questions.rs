//! Every question, to compare the answers of two stores.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId};
use mocha_stats::{
    Activation, ActiveMembers, Activities, AnyConnection, Boosters, Bots, ChannelGroup, Channels, Commands,
    Conversations, Error, FirstReplies, Growth, GuildOverview, GuildVoice, HeatMap, Invites, Leaderboard,
    MemberRetention, MemberStatistics, MessageSeries, OnlineSeries, Period, PresenceTime, Reactions, RoleActivity,
    Tenure, ThreadAnswers, VoiceChannels, VoiceFilter, VoiceNow, VoiceOccupancy, VoiceSeries, Weights, Window,
    documented::{GuildLeaderboard, UserStatistics, VoiceActivity},
};

/// The guild, member and channels that the questions are about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) channels: Vec<ChannelId>,
    pub(super) guild_id: GuildId,
    pub(super) now: DateTime<Utc>,
    pub(super) user_id: UserId,
}

/// Asks a question. The answer is a text, so that answers of different kinds can be compared.
pub(super) type Ask = fn(&mut AnyConnection<'_>, &Subject, Window) -> Result<String, Error>;

pub(super) const QUESTIONS: [(&str, Ask); 52] = [
    ("messages", |conn, about, window| show(Leaderboard::messages(about.guild_id).within(window).load(conn))),
    ("words", |conn, about, window| {
        show(Leaderboard::words(about.guild_id).within(window).bots(Bots::Include).load(conn))
    }),
    ("members", |conn, about, window| {
        show(Leaderboard::messages(about.guild_id).current_members().within(window).load(conn))
    }),
    ("commands", |conn, about, window| show(Commands::of(about.guild_id).within(window).load(conn))),
    ("conversations", |conn, about, window| show(Conversations::of(about.guild_id).within(window).load(conn))),
    ("first replies", |conn, about, window| show(FirstReplies::of(about.guild_id).within(window).load(conn))),
    ("thread answers", |conn, about, window| show(ThreadAnswers::of(about.guild_id).within(window).load(conn))),
    ("invites", |conn, about, window| show(Invites::of(about.guild_id).within(window).load(conn))),
    ("reactions", |conn, about, window| show(Reactions::of(about.guild_id).within(window).load(conn))),
    ("boosters", |conn, about, window| show(Boosters::of(about.guild_id).within(window).load(conn))),
    ("roles", |conn, about, window| {
        show(RoleActivity::of(Leaderboard::messages(about.guild_id).within(window)).load(conn))
    }),
    ("some channels", |conn, about, window| show(some_channels(about).within(window).load(conn))),
    ("compared", |conn, about, window| show(Leaderboard::messages(about.guild_id).compare().within(window).load(conn))),
    ("active days", |conn, about, window| show(Leaderboard::active_days(about.guild_id).within(window).load(conn))),
    ("active days in some channels", |conn, about, window| {
        show(Leaderboard::active_days(about.guild_id).only_channels(&about.channels).within(window).load(conn))
    }),
    ("score", |conn, about, window| show(Leaderboard::score(about.guild_id, weights()).within(window).load(conn))),
    ("voice time", |conn, about, window| show(Leaderboard::voice_time(about.guild_id).within(window).load(conn))),
    ("voice time in some channels", |conn, about, window| {
        show(Leaderboard::voice_time(about.guild_id).only_channels(&about.channels).within(window).load(conn))
    }),
    ("voice sessions", |conn, about, window| {
        show(Leaderboard::voice_sessions(about.guild_id).within(window).load(conn))
    }),
    ("voice board in company", |conn, about, window| {
        show(Leaderboard::voice(about.guild_id).filter(in_company()).within(window).load(conn))
    }),
    ("channels", |conn, about, window| show(Channels::of(about.guild_id).within(window).load(conn))),
    ("quiet channels", |conn, about, window| {
        show(Channels::of(about.guild_id).within(window).include_inactive().load(conn))
    }),
    ("categories", |conn, about, window| show(categories(about).within(window).load(conn))),
    ("active members", |conn, about, window| show(ActiveMembers::of(about.guild_id).within(window).load(conn))),
    ("active in voice", |conn, about, window| show(active_in_voice(about).within(window).load(conn))),
    ("heat map", |conn, about, window| show(HeatMap::of(about.guild_id).within(window).load(conn))),
    ("user heat map", |conn, about, window| {
        show(HeatMap::of(about.guild_id).user(about.user_id).within(window).load(conn))
    }),
    ("series", |conn, about, window| show(MessageSeries::of(about.guild_id).within(window).load(conn))),
    ("user series", |conn, about, window| {
        show(MessageSeries::of(about.guild_id).user(about.user_id).by(Period::Hour).within(window).load(conn))
    }),
    ("user days", |conn, about, window| {
        show(MessageSeries::of(about.guild_id).user(about.user_id).within(window).load(conn))
    }),
    ("member", |conn, about, window| {
        show(MemberStatistics::of(about.guild_id, about.user_id).now(about.now).within(window).load(conn))
    }),
    ("overview", |conn, about, window| show(GuildOverview::of(about.guild_id).within(window).load(conn))),
    ("growth", |conn, about, window| show(Growth::of(about.guild_id).within(window).load(conn))),
    ("retention", |conn, about, window| {
        show(MemberRetention::of(about.guild_id).now(about.now).within(window).load(conn))
    }),
    ("stay", |conn, about, window| show(Tenure::of(about.guild_id).within(window).load(conn))),
    ("activation", |conn, about, window| show(Activation::of(about.guild_id).now(about.now).within(window).load(conn))),
    ("presence", |conn, about, window| show(PresenceTime::of(about.guild_id).within(window).load(conn))),
    ("online", |conn, about, window| show(OnlineSeries::of(about.guild_id).within(window).load(conn))),
    ("activities", |conn, about, window| show(Activities::of(about.guild_id).within(window).load(conn))),
    ("voice", |conn, about, window| show(Leaderboard::voice(about.guild_id).within(window).load(conn))),
    ("voice in some channels", |conn, about, window| {
        show(
            Leaderboard::voice(about.guild_id)
                .filter(VoiceFilter::new().only_channels(&about.channels))
                .within(window)
                .load(conn),
        )
    }),
    ("voice channels", |conn, about, window| show(VoiceChannels::of(about.guild_id).within(window).load(conn))),
    ("guild voice", |conn, about, window| show(GuildVoice::of(about.guild_id).within(window).load(conn))),
    ("user voice", |conn, about, window| {
        show(GuildVoice::of(about.guild_id).user(about.user_id).within(window).load(conn))
    }),
    ("voice in company", |conn, about, window| {
        show(GuildVoice::of(about.guild_id).user(about.user_id).within(window).filter(in_company()).load(conn))
    }),
    ("voice now", |conn, about, _| show(VoiceNow::of(about.guild_id).load(conn))),
    ("occupancy", |conn, about, window| show(VoiceOccupancy::of(about.guild_id).within(window).load(conn))),
    ("voice series", |conn, about, window| show(VoiceSeries::of(about.guild_id).within(window).load(conn))),
    ("user voice series", |conn, about, window| {
        show(VoiceSeries::of(about.guild_id).user(about.user_id).by(Period::Hour).within(window).load(conn))
    }),
    ("user", |conn, about, window| show(UserStatistics::of(about.guild_id, about.user_id).within(window).load(conn))),
    ("guild log", |conn, about, window| show(GuildLeaderboard::of(about.guild_id).within(window).load(conn))),
    ("voice log", |conn, about, window| show(VoiceActivity::of(about.guild_id).within(window).load(conn))),
];

fn categories(about: &Subject) -> Channels {
    Channels::of(about.guild_id).by(ChannelGroup::Category)
}

fn active_in_voice(about: &Subject) -> ActiveMembers {
    ActiveMembers::of(about.guild_id).including_voice()
}

fn some_channels(about: &Subject) -> Leaderboard {
    let first = about.channels.get(..1).unwrap_or_default();
    Leaderboard::messages(about.guild_id).exclude_channels(first)
}

fn weights() -> Weights {
    Weights::new().balances(1).awards(3).messages(10).words(1).voice_minutes(2)
}

fn in_company() -> VoiceFilter {
    VoiceFilter::new().exclude_alone().exclude_afk()
}

fn show<T: std::fmt::Debug>(answer: Result<T, Error>) -> Result<String, Error> {
    answer.map(|answer| format!("{answer:?}"))
}
