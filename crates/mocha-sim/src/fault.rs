//! Faults: a server's events, broken as Discord, networks and machines break them.

use chrono::{DateTime, Utc};
use mocha_schema::UserId;
use mocha_store::{Event, Frame};

use crate::laboratory::Laboratory;

/// What happens to a bot, one after the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// The machine's wall clock is set, by so many milliseconds.
    ClockSet(i64),
    /// The process dies: what was not flushed is lost.
    Crash,
    /// An event arrives, and nobody says from which gateway frame.
    Deliver(Event),
    /// Everything delivered so far is made sure of.
    Flush,
    /// A user is erased, while the next steps happen.
    Forget(UserId),
    /// The process does not run for so many milliseconds. The monotonic clock stands still if the machine sleeps.
    Freeze {
        /// Whether the machine sleeps; otherwise only the process stands still.
        asleep: bool,
        /// How long.
        ms: i64,
    },
    /// Somebody takes the lock of the file, so that nothing is committed and the queue fills.
    Lock,
    /// So many milliseconds pass.
    Pass(i64),
    /// The events of a gateway frame arrive.
    Receive(Frame, Vec<Event>),
    /// Events that the recorder refused. [`play`](crate::play()) says so; it does nothing with one.
    Refused(Vec<Event>),
    /// The process starts.
    Start,
    /// The process is stopped cleanly.
    Stop,
    /// The lock of the file is free again.
    Unlock,
}

/// What a resumed connection does to the order of what it delivers late.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// The order in which it happened.
    #[default]
    Kept,
    /// Events of different people change places; those of one person keep their order.
    KeptByPerson,
    /// Any order.
    Lost,
}

/// How often which fault happens; each rate in thousandths of the events, and zero unless set.
///
/// # Examples
///
/// ```
/// use mocha_sim::{Faults, Server, Step};
///
/// let server = Server::new(3).days(1).members(20);
/// let events: Vec<_> = server.events().collect();
/// let steps = Faults::default().apply(1, &events, server.end());
/// // Without faults: it starts, all is delivered, and in the end is made sure of.
/// assert_eq!(steps.len(), events.len() + 3);
/// let steps = Faults { crashes: 100, ..Faults::default() }.apply(1, &events, server.end());
/// assert!(steps.contains(&Step::Crash));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
pub struct Faults {
    /// What was missed is delivered within one millisecond after a connection is resumed.
    pub bursts: bool,
    /// The machine's clock is set by seconds to hours, ahead or back.
    pub clock_steps: u64,
    /// The process dies and is started again later.
    pub crashes: u64,
    /// A frame is never delivered, and nobody notices.
    pub drops: u64,
    /// An event is delivered again, at once or after some others.
    pub duplicates: u64,
    /// A user is erased.
    pub erasures: u64,
    /// Everything is made sure of. No fault; but what comes between two of these is lost in a crash.
    pub flushes: u64,
    /// Events come with their frames' places in the gateway session. Without, with the times at which they arrived.
    pub frames: bool,
    /// The process or the whole machine stands still. A connection survives it for less than a minute.
    pub freezes: u64,
    /// Discord sends a guild again though nothing was wrong.
    pub guild_creates: u64,
    /// Heartbeats are acknowledged while a connection is there. Only with `frames`.
    pub heartbeats: bool,
    /// Nothing is heard for a while and nobody notices, until a new session begins. Only with `frames`.
    pub holes: u64,
    /// Somebody holds the lock of the file for some frames. Only with `frames`.
    pub locks: u64,
    /// The guild cannot be reached for a while, and is then told again.
    pub outages: u64,
    /// What a resumed connection does to the order.
    pub order: Order,
    /// Steps say how much time passes, for a recorder with a clock of its own.
    pub passing: bool,
    /// The connection breaks and is resumed: what was missed is delivered late.
    pub resumes: u64,
    /// A leave is delivered again with the time of the second arrival; in thousandths of the leaves.
    pub second_leaves: u64,
    /// The connection breaks and a new session begins: what was missed stays missed.
    pub sessions: u64,
    /// The process is stopped cleanly and started again later.
    pub stops: u64,
    /// A member leaves and no event says so; in thousandths of the leaves.
    pub unheard_leaves: u64,
}

impl Faults {
    /// Breaks the events, which are in order of time and all before the end; the same seed breaks them in the same way.
    ///
    /// The last steps are that the connection is there again, that the guild is seen at the end, and a flush.
    #[must_use]
    pub fn apply(&self, seed: u64, events: &[Event], end: DateTime<Utc>) -> Vec<Step> {
        self.apply_to_shards(seed, &[events], end)
    }

    /// Breaks the events of several guilds, each of which is on a shard of its own. Crashes hit all shards, and other faults one.
    #[must_use]
    pub fn apply_to_shards(&self, seed: u64, guilds: &[&[Event]], end: DateTime<Utc>) -> Vec<Step> {
        let mut laboratory = Laboratory::new(*self, seed, guilds.len());
        let mut next: Vec<_> = guilds.iter().map(|events| events.iter().peekable()).collect();
        loop {
            let times = next.iter_mut().map(|events| events.peek().map(|event| event.at()));
            let first = (0..).zip(times).filter_map(|(guild, at)| Some((at?, guild))).min();
            let Some((_, guild)) = first else { break };
            let events: Option<&mut std::iter::Peekable<_>> = next.get_mut(guild);
            if let Some(event) = events.and_then(Iterator::next) {
                laboratory.happen(guild, event);
            }
        }
        laboratory.finish(end)
    }
}
