//! Every question, to be asked in a row.

use chrono::{DateTime, Utc, Weekday};
use chrono_tz::Europe::Berlin;
use mocha_schema::{ChannelId, GuildId, RoleId, UserId};

use crate::{
    Activation, ActiveMembers, Activities, Boosters, Bots, ChannelGroup, Channels, CommandSeries, Commands,
    Conversations, Database, Error, FirstReplies, Growth, GuildOverview, GuildReport, GuildVoice, HeatMap, Invites,
    Leaderboard, MemberCard, MemberRetention, MemberReturn, MemberSegments, MemberStatistics, MembersSince,
    MessageSeries, OnlineSeries, Period, PresenceTime, Reactions, RoleActivity, RoleMembers, Tenure, ThreadAnswers,
    VoiceChannels, VoiceFilter, VoiceHeatMap, VoiceNow, VoiceOccupancy, VoiceSeries, Weights, Window,
    documented::{GuildLeaderboard, UserStatistics, VoiceActivity},
    fixture::MONDAY,
};

pub(crate) type Load = fn(&mut dyn Database, GuildId, Window) -> Result<String, Error>;

/// Every question. Its answer is a text, so that answers of different kinds can be compared.
pub(crate) const QUESTIONS: [(&str, Load); 79] = [
    ("messages", |conn, guild, window| show(Leaderboard::messages(guild).within(window).load(conn))),
    ("words", |conn, guild, window| show(Leaderboard::words(guild).within(window).bots(Bots::Include).load(conn))),
    ("members", |conn, guild, window| show(Leaderboard::messages(guild).current_members().within(window).load(conn))),
    ("with a role", |conn, guild, window| {
        show(Leaderboard::messages(guild).only_roles(&roles()).within(window).load(conn))
    }),
    ("voice without a role", |conn, guild, window| {
        show(Leaderboard::voice(guild).exclude_roles(&roles()[..1]).within(window).load(conn))
    }),
    ("roles", |conn, guild, window| show(RoleActivity::of(Leaderboard::messages(guild).within(window)).load(conn))),
    ("role members", |conn, guild, _| show(RoleMembers::of(guild).load(conn))),
    ("some channels", |conn, guild, window| show(some_channels(guild).within(window).load(conn))),
    ("compared", |conn, guild, window| show(Leaderboard::messages(guild).compare().within(window).load(conn))),
    ("active days", |conn, guild, window| show(Leaderboard::active_days(guild).within(window).load(conn))),
    ("active days in some channels", |conn, guild, window| {
        show(Leaderboard::active_days(guild).only_channels(&channels()).within(window).load(conn))
    }),
    ("active days in a zone", |conn, guild, window| {
        show(Leaderboard::active_days(guild).zone(Berlin).within(window).load(conn))
    }),
    ("score", |conn, guild, window| show(Leaderboard::score(guild, weights()).within(window).load(conn))),
    ("score with multipliers", |conn, guild, window| show(multiplied(guild).within(window).load(conn))),
    ("voice time", |conn, guild, window| show(Leaderboard::voice_time(guild).within(window).load(conn))),
    ("voice time in some channels", |conn, guild, window| {
        show(Leaderboard::voice_time(guild).only_channels(&channels()).within(window).load(conn))
    }),
    ("voice sessions", |conn, guild, window| show(Leaderboard::voice_sessions(guild).within(window).load(conn))),
    ("voice board in company", |conn, guild, window| {
        show(Leaderboard::voice(guild).filter(in_company()).within(window).load(conn))
    }),
    ("channels", |conn, guild, window| show(Channels::of(guild).within(window).load(conn))),
    ("quiet channels", |conn, guild, window| show(Channels::of(guild).within(window).include_inactive().load(conn))),
    ("categories", |conn, guild, window| show(categories(guild).within(window).load(conn))),
    ("active members", |conn, guild, window| show(ActiveMembers::of(guild).within(window).load(conn))),
    ("active in voice", |conn, guild, window| show(active_in_voice(guild).within(window).load(conn))),
    ("active members in a zone", |conn, guild, window| {
        show(active_in_voice(guild).zone(Berlin).within(window).load(conn))
    }),
    ("heat map", |conn, guild, window| show(HeatMap::of(guild).within(window).load(conn))),
    ("user heat map", |conn, guild, window| show(HeatMap::of(guild).user(user()).within(window).load(conn))),
    ("series", |conn, guild, window| show(MessageSeries::of(guild).within(window).load(conn))),
    ("user series", |conn, guild, window| {
        show(MessageSeries::of(guild).user(user()).by(Period::Hour).within(window).load(conn))
    }),
    ("user days", |conn, guild, window| show(MessageSeries::of(guild).user(user()).within(window).load(conn))),
    ("channel heat map", |conn, guild, window| {
        show(HeatMap::of(guild).only_channels(&channels()).within(window).load(conn))
    }),
    ("channel series", |conn, guild, window| {
        show(MessageSeries::of(guild).only_channels(&channels()).within(window).load(conn))
    }),
    ("channel hours", |conn, guild, window| {
        show(MessageSeries::of(guild).only_channels(&channels()).by(Period::Hour).within(window).load(conn))
    }),
    ("hours in other channels", |conn, guild, window| {
        show(MessageSeries::of(guild).exclude_channels(&channels()).by(Period::Hour).within(window).load(conn))
    }),
    ("member", |conn, guild, window| show(MemberStatistics::of(guild, user()).now(until()).within(window).load(conn))),
    ("member in a zone", |conn, guild, window| {
        show(MemberStatistics::of(guild, user()).now(until()).zone(Berlin).within(window).load(conn))
    }),
    ("member card", |conn, guild, _| show(MemberCard::of(guild, user(), until()).zone(Berlin).load(conn))),
    ("report", |conn, guild, window| show(GuildReport::of(guild, window).load(conn))),
    ("overview", |conn, guild, window| show(GuildOverview::of(guild).within(window).load(conn))),
    ("growth", |conn, guild, window| show(Growth::of(guild).within(window).load(conn))),
    ("retention", |conn, guild, window| show(MemberRetention::of(guild).now(until()).within(window).load(conn))),
    ("stay", |conn, guild, window| show(Tenure::of(guild).within(window).load(conn))),
    ("activation", |conn, guild, window| show(Activation::of(guild).now(until()).within(window).load(conn))),
    ("return", |conn, guild, window| {
        show(MemberReturn::of(guild).on_days(&[0]).now(until()).within(window).load(conn))
    }),
    ("return in a zone", |conn, guild, window| {
        show(MemberReturn::of(guild).on_days(&[0]).now(until()).zone(Berlin).within(window).load(conn))
    }),
    ("segments", |conn, guild, _| show(MemberSegments::of(guild, until()).load(conn))),
    ("segments in a zone", |conn, guild, _| show(MemberSegments::of(guild, until()).zone(Berlin).load(conn))),
    ("presence", |conn, guild, window| show(PresenceTime::of(guild).within(window).load(conn))),
    ("online", |conn, guild, window| show(OnlineSeries::of(guild).within(window).load(conn))),
    ("activities", |conn, guild, window| show(Activities::of(guild).within(window).load(conn))),
    ("user presence", |conn, guild, window| show(PresenceTime::of(guild).user(user()).within(window).load(conn))),
    ("user activities", |conn, guild, window| show(Activities::of(guild).user(user()).within(window).load(conn))),
    ("members since", |conn, guild, window| show(MembersSince::of(guild).within(window).load(conn))),
    ("commands", |conn, guild, window| show(Commands::of(guild).within(window).load(conn))),
    ("user command", |conn, guild, window| {
        show(Commands::of(guild).user(user()).command("rank").within(window).load(conn))
    }),
    ("command series", |conn, guild, window| show(CommandSeries::of(guild).within(window).load(conn))),
    ("conversations", |conn, guild, window| show(Conversations::of(guild).within(window).load(conn))),
    ("user conversations", |conn, guild, window| {
        show(Conversations::of(guild).user(user()).only_channels(&channels()).within(window).load(conn))
    }),
    ("first replies", |conn, guild, window| show(FirstReplies::of(guild).within(window).load(conn))),
    ("thread answers", |conn, guild, window| show(ThreadAnswers::of(guild).within(window).load(conn))),
    ("invites", |conn, guild, window| show(Invites::of(guild).within(window).load(conn))),
    ("invited user", |conn, guild, window| {
        show(Invites::of(guild).invited(user()).bots(Bots::Include).within(window).load(conn))
    }),
    ("reactions", |conn, guild, window| show(Reactions::of(guild).within(window).load(conn))),
    ("reactions in some channels", |conn, guild, window| {
        show(Reactions::of(guild).only_channels(&channels()).bots(Bots::Include).within(window).load(conn))
    }),
    ("boosters", |conn, guild, window| show(Boosters::of(guild).within(window).load(conn))),
    ("voice", |conn, guild, window| show(Leaderboard::voice(guild).within(window).load(conn))),
    ("voice in some channels", |conn, guild, window| {
        show(Leaderboard::voice(guild).filter(VoiceFilter::new().only_channels(&channels())).within(window).load(conn))
    }),
    ("voice channels", |conn, guild, window| show(VoiceChannels::of(guild).within(window).load(conn))),
    ("guild voice", |conn, guild, window| show(GuildVoice::of(guild).within(window).load(conn))),
    ("user voice", |conn, guild, window| show(GuildVoice::of(guild).user(user()).within(window).load(conn))),
    ("voice in company", |conn, guild, window| {
        show(GuildVoice::of(guild).user(user()).within(window).filter(in_company()).load(conn))
    }),
    ("voice now", |conn, guild, _| show(VoiceNow::of(guild).load(conn))),
    ("occupancy", |conn, guild, window| show(VoiceOccupancy::of(guild).within(window).load(conn))),
    ("voice series", |conn, guild, window| show(VoiceSeries::of(guild).within(window).load(conn))),
    ("user voice series", |conn, guild, window| {
        show(VoiceSeries::of(guild).user(user()).by(Period::Hour).within(window).load(conn))
    }),
    ("voice heat map", |conn, guild, window| show(VoiceHeatMap::of(guild).within(window).load(conn))),
    ("user voice heat map", |conn, guild, window| show(VoiceHeatMap::of(guild).user(user()).within(window).load(conn))),
    ("user", |conn, guild, window| show(UserStatistics::of(guild, user()).within(window).load(conn))),
    ("guild log", |conn, guild, window| show(GuildLeaderboard::of(guild).within(window).load(conn))),
    ("voice log", |conn, guild, window| show(VoiceActivity::of(guild).within(window).load(conn))),
];

fn user() -> UserId {
    20.try_into().unwrap()
}

/// Three weeks after Monday.
fn until() -> DateTime<Utc> {
    DateTime::from_timestamp(MONDAY + 21 * 86_400, 0).unwrap()
}

fn categories(guild: GuildId) -> Channels {
    Channels::of(guild).by(ChannelGroup::Category)
}

fn active_in_voice(guild: GuildId) -> ActiveMembers {
    ActiveMembers::of(guild).including_voice()
}

fn channels() -> [ChannelId; 2] {
    [1000, 3000].map(|id| id.try_into().unwrap())
}

fn roles() -> [RoleId; 2] {
    [71, 72].map(|id| id.try_into().unwrap())
}

fn some_channels(guild: GuildId) -> Leaderboard {
    Leaderboard::messages(guild).exclude_channels(&[2000.try_into().unwrap()])
}

pub(crate) fn weights() -> Weights {
    Weights::new().awards(3).balances(1).messages(10).words(1).voice_minutes(2)
}

fn multiplied(guild: GuildId) -> Leaderboard {
    let board = Leaderboard::score(guild, weights()).multiply_channels(&channels(), 150);
    board.multiply_roles(&roles(), 300).multiply_weekdays(&[Weekday::Mon, Weekday::Sat], 200)
}

fn in_company() -> VoiceFilter {
    VoiceFilter::new().exclude_alone().exclude_afk()
}

fn show<T: std::fmt::Debug>(answer: Result<T, Error>) -> Result<String, Error> {
    answer.map(|answer| format!("{answer:?}"))
}
