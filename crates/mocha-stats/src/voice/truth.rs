//! Random voice, and the users in voice at each tick, in plain Rust.

use std::{cmp::Reverse, ops::Add, time::Duration};

use chrono::DateTime;
use mocha_schema::{ChannelId, VoiceInterval, VoiceState};
use proptest::prelude::*;

use super::{ASSUMED_TAIL, Assumed, ChannelVoice, VoiceFilter, VoiceStateFilter};
use crate::{
    Window,
    fixture::{MONDAY, TestResult, insert_interval, interval, value},
    random,
    test_file::File,
};

const DAY_MS: i64 = 86_400_000;
const CHANNELS: [u64; 3] = [2, 10, 100];

/// A user's stay in a channel, in ticks since the origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) guild: u64,
    pub(crate) user: u64,
    pub(crate) channel: Option<u64>,
    start: i64,
    end: Option<i64>,
    seen: i64,
    state: VoiceState,
    assumed: bool,
}

/// All voice, in ticks of this many milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    afk: Option<u64>,
    pub(crate) origin_ms: i64,
    pub(crate) talks: Vec<Talk>,
    pub(crate) tick_ms: i64,
    ticks: i64,
}

/// A user at a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct There<'a> {
    pub(crate) talk: &'a Talk,
    pub(crate) tick: i64,
    pub(crate) assumed: bool,
}

impl Voice {
    pub(crate) fn insert(&self, conn: &mut File) -> TestResult {
        random::insert_users(conn)?;
        for talk in &self.talks {
            let (start, end) = (self.at(talk.start), talk.end.map(|end| self.at(end)));
            // A closed one is cut at midnight.
            let mut from = start;
            while end.is_none_or(|end| from < end) {
                let midnight = from - from.rem_euclid(DAY_MS) + DAY_MS;
                let to = end.map(|end| end.min(midnight));
                let row = interval(talk.guild, talk.user, talk.channel, from, to)?;
                let row = VoiceInterval {
                    seen_at_ms: to.unwrap_or(self.at(talk.seen)),
                    session_started_at_ms: start,
                    state: talk.state,
                    assumed: talk.assumed,
                    ..row
                };
                insert_interval(conn, row)?;
                let Some(to) = to else { break };
                from = to;
            }
        }
        for guild in [random::GUILD, random::OTHER_GUILD] {
            let afk = self.afk.filter(|_| guild == random::GUILD).map(|afk| format!("'{afk}'"));
            conn.execute(format!("INSERT INTO guild_states VALUES ('{guild}', {}, NULL)", value(afk)))?;
        }
        Ok(())
    }

    pub(crate) fn at(&self, tick: i64) -> i64 {
        self.origin_ms + tick * self.tick_ms
    }

    /// The ticks of a window; all edges lie on ticks.
    pub(crate) fn ticks(&self, window: Window) -> impl Iterator<Item = i64> {
        (-3..self.ticks + 3).filter(move |tick| random::holds(window, self.at(*tick)))
    }

    /// Returns the first tick after a stay.
    fn end(&self, window: Window, talk: &Talk) -> i64 {
        let tail_ms = i64::try_from(ASSUMED_TAIL.as_millis()).unwrap();
        let tail = if window.end().is_some() { tail_ms / self.tick_ms } else { 0 };
        talk.end.unwrap_or(talk.seen + tail)
    }

    pub(crate) fn goes_on_at_the_end_of(&self, window: Window, talk: &Talk) -> bool {
        match window.end() {
            None => talk.end.is_none(),
            Some(end) => {
                let end = end.timestamp_millis();
                self.at(talk.start) <= end && end < self.at(self.end(window, talk))
            }
        }
    }

    /// Returns all users in the guild's voice at a tick, whether they count or not.
    fn there(&self, window: Window, tick: i64) -> impl Iterator<Item = There<'_>> {
        self.talks
            .iter()
            .filter(move |talk| talk.guild == random::GUILD && talk.start <= tick && tick < self.end(window, talk))
            .map(move |talk| {
                let assumed = talk.assumed || (talk.end.is_none() && tick >= talk.seen);
                There { talk, tick, assumed }
            })
    }

    /// The users among them who count, observed or assumed.
    pub(crate) fn counted(&self, window: Window, filter: &VoiceFilter, tick: i64) -> Vec<There<'_>> {
        let in_state = |state: VoiceState| match filter.state {
            VoiceStateFilter::All => true,
            VoiceStateFilter::Deafened => state.self_deaf || state.server_deaf,
            VoiceStateFilter::Hearing => !(state.self_deaf || state.server_deaf),
            VoiceStateFilter::Muted => state.self_mute || state.server_mute,
            VoiceStateFilter::Streaming => state.stream,
            VoiceStateFilter::Video => state.video,
            VoiceStateFilter::Talking => {
                let VoiceState { server_mute, server_deaf, self_mute, self_deaf, stream: _, video: _, suppress } =
                    state;
                ![server_mute, server_deaf, self_mute, self_deaf, suppress].contains(&true)
            }
        };
        let left_out = |channel: u64| {
            let named = filter.channels.without.iter().any(|id| id.get() == channel);
            named || (filter.exclude_afk && self.afk == Some(channel))
        };
        let chosen = |channel: Option<u64>| match &filter.channels.only {
            Some(only) => only.iter().any(|id| Some(id.get()) == channel),
            None => true,
        };
        let company = |talk: &Talk| {
            self.there(window, tick).any(|other| {
                let person = !random::is_bot(other.talk.user) && other.talk.user != talk.user;
                person && talk.channel.is_some() && other.talk.channel == talk.channel
            })
        };
        self.there(window, tick)
            .filter(|there| random::counts(filter.bots, there.talk.user) && in_state(there.talk.state))
            .filter(|there| chosen(there.talk.channel) && !there.talk.channel.is_some_and(left_out))
            .filter(|there| !filter.exclude_alone || company(there.talk))
            .collect()
    }

    /// Observed and assumed time.
    pub(crate) fn time(&self, there: &[There<'_>]) -> (Duration, Duration) {
        let tick = Duration::from_millis(self.tick_ms.cast_unsigned());
        let sum = |assumed| there.iter().filter(|there| there.assumed == assumed).map(|_| tick).sum();
        (sum(false), sum(true))
    }

    pub(crate) fn by_channel(&self, assumed: Assumed, there: &[There<'_>]) -> Vec<ChannelVoice> {
        let mut channels = Vec::new();
        for channel in CHANNELS.into_iter().map(Some).chain([None]) {
            let own: Vec<There<'_>> = there.iter().filter(|there| there.talk.channel == channel).copied().collect();
            let (observed, assumed_time) = self.time(&own);
            let channel_id = channel.map(|channel| ChannelId::try_from(channel).unwrap());
            let voice_time = by_policy(assumed, observed, assumed_time);
            channels.push(ChannelVoice { channel_id, voice_time, observed, assumed: assumed_time });
        }
        channels.retain(|channel| !channel.voice_time.is_zero());
        channels.sort_by_key(|channel| Reverse(channel.voice_time));
        channels
    }
}

pub(crate) fn by_policy<T: Add<Output = T>>(policy: Assumed, observed: T, assumed: T) -> T {
    match policy {
        Assumed::Include => observed + assumed,
        Assumed::Exclude => observed,
        Assumed::Only => assumed,
    }
}

pub(crate) fn of_policy(assumed: Assumed, there: &There<'_>) -> bool {
    by_policy(assumed, u64::from(!there.assumed), u64::from(there.assumed)) > 0
}

fn state() -> impl Strategy<Value = VoiceState> {
    let on = || prop::bool::weighted(0.15);
    (on(), on(), on(), on(), on(), on(), on()).prop_map(
        |(server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress)| VoiceState {
            server_mute,
            server_deaf,
            self_mute,
            self_deaf,
            stream,
            video,
            suppress,
        },
    )
}

fn channel() -> impl Strategy<Value = u64> {
    prop::sample::select(CHANNELS.as_slice())
}

pub(crate) fn filter() -> impl Strategy<Value = VoiceFilter> {
    use VoiceStateFilter::{All, Deafened, Hearing, Muted, Streaming, Talking, Video};
    let states = [All, All, All, All, All, Talking, Talking, Deafened, Hearing, Muted, Streaming, Video];
    let assumed = [Assumed::Include, Assumed::Include, Assumed::Exclude, Assumed::Only];
    let channels = || prop::option::weighted(0.3, prop::collection::vec(channel(), 1..3));
    let (state, assumed) = (prop::sample::select(states.to_vec()), prop::sample::select(assumed.to_vec()));
    (random::bots(), state, assumed, prop::bool::weighted(0.3), any::<bool>(), [channels(), channels()]).prop_map(
        |(bots, state, assumed, exclude_afk, exclude_alone, [only, without])| {
            let mut filter = VoiceFilter::new().bots(bots).state(state).assumed(assumed);
            if exclude_afk {
                filter = filter.exclude_afk();
            }
            if exclude_alone {
                filter = filter.exclude_alone();
            }
            let ids = |ids: Vec<u64>| ids.into_iter().map(|id| id.try_into().unwrap()).collect::<Vec<ChannelId>>();
            if let Some(only) = only {
                filter = filter.only_channels(&ids(only));
            }
            filter.exclude_channels(&ids(without.unwrap_or_default()))
        },
    )
}

/// Voice of some minutes or less, and a window around it.
pub(crate) fn voice() -> impl Strategy<Value = (Voice, Window)> {
    prop::sample::select([1, 250, 60_000_i64].as_slice()).prop_flat_map(|tick_ms| voice_of(MONDAY * 1000, tick_ms, 40))
}

/// Voice of so many ticks from an origin on, and a window around it.
pub(crate) fn voice_of(origin_ms: i64, tick_ms: i64, ticks: i64) -> impl Strategy<Value = (Voice, Window)> {
    let end = prop::option::weighted(0.7, 1..ticks);
    let channel = prop::option::weighted(0.9, channel());
    let who = (random::guild(), random::any_user(), channel);
    let talk = (who, 0..ticks, end, 0..ticks, state(), prop::bool::weighted(0.2)).prop_map(
        move |((guild, user, channel), start, length, confirmed, state, assumed)| {
            // Closed intervals do not lie across midnight.
            let midnight = (start * tick_ms / DAY_MS + 1) * DAY_MS / tick_ms;
            let end = length.map(|length| (start + length).min(ticks).min(midnight));
            Talk { guild, user, channel, start, end, seen: (start + confirmed).min(ticks), state, assumed }
        },
    );
    let talks = prop::collection::vec(talk, 0..15).prop_map(|talks| {
        let mut kept: Vec<Talk> = Vec::new();
        for talk in talks {
            // At most one open interval a user and guild, as the file demands.
            let clash = |other: &Talk| {
                let same = (other.guild, other.user) == (talk.guild, talk.user);
                same && (other.start == talk.start || (other.end, talk.end) == (None, None))
            };
            if !kept.iter().any(clash) {
                kept.push(talk);
            }
        }
        kept
    });
    let voice = (talks, prop::option::of(self::channel())).prop_map(move |(talks, afk)| Voice {
        afk,
        origin_ms,
        talks,
        tick_ms,
        ticks,
    });
    (voice, window(origin_ms, tick_ms, ticks))
}

/// A window whose edges lie on ticks.
fn window(origin_ms: i64, tick_ms: i64, ticks: i64) -> impl Strategy<Value = Window> {
    let instant = (-2..ticks + 2)
        .prop_map(move |tick| DateTime::from_timestamp_millis(origin_ms + tick * tick_ms).unwrap())
        .boxed();
    prop_oneof![
        1 => Just(Window::all()),
        1 => instant.clone().prop_map(|start| Window::since(start).unwrap()),
        1 => instant.clone().prop_map(|end| Window::until(end).unwrap()),
        4 => (instant.clone(), instant).prop_map(|(a, b)| Window::between(a.min(b), a.max(b)).unwrap()),
    ]
}

/// Sessions as a recorder writes them, of users in [`random::GUILD`], and a window around them.
/// They are cut where channel or state change, and sometimes where nothing changes, as at midnight.
pub(crate) fn history() -> impl Strategy<Value = (Vec<VoiceInterval>, Window)> {
    const TICKS: i64 = 40;
    // The pause before it, 0 if the session goes on; its length, channel and state.
    let pause = prop_oneof![4 => Just(0), 1 => 1..5_i64];
    let part = (pause, 1..5_i64, prop_oneof![2 => Just(2), 1 => channel()], any::<bool>());
    let person = (prop::collection::vec(part, 1..8), prop::bool::weighted(0.7));
    let users: Vec<u64> = random::USERS.iter().map(|user| user.0).collect();
    let people = prop::collection::hash_map(prop::sample::select(users), person, 0..4).prop_map(|people| {
        let mut history = Vec::new();
        for (user, (parts, open)) in people {
            let (mut now, mut session, last) = (MONDAY * 1000, MONDAY * 1000, parts.len() - 1);
            for (number, (pause, length, channel, self_mute)) in parts.into_iter().enumerate() {
                if pause > 0 {
                    now += pause;
                    session = now;
                }
                let end = (number < last || !open).then_some(now + length);
                history.push(VoiceInterval {
                    seen_at_ms: now + length,
                    session_started_at_ms: session,
                    state: VoiceState { self_mute, ..VoiceState::default() },
                    ..interval(random::GUILD, user, Some(channel), now, end).unwrap()
                });
                now += length;
            }
        }
        history
    });
    (people, window(MONDAY * 1000, 1, TICKS))
}

pub(crate) fn insert_history(conn: &mut File, history: &[VoiceInterval]) -> TestResult {
    random::insert_users(conn)?;
    history.iter().try_for_each(|interval| insert_interval(conn, *interval))
}
