//! Faults of Discord, networks and machines in the events of a server.

use chrono::{DateTime, Utc};
use mocha_schema::UserId;
use mocha_store::{Event, Frame};

use crate::laboratory::Laboratory;

/// One step of what happens to a bot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// The machine's wall clock is set ahead by this many milliseconds, or back if the number is negative.
    ClockSet(i64),
    /// The process dies. Events that were not flushed may be lost.
    Crash,
    /// An event arrives without its gateway frame.
    Deliver(Event),
    /// The recorder flushes everything that was delivered so far.
    Flush,
    /// A user is erased during the next steps.
    Forget(UserId),
    /// The process does not run for this many milliseconds. The monotonic clock stands still if the machine sleeps.
    Freeze {
        /// Whether the machine sleeps. Otherwise only the process is frozen.
        asleep: bool,
        /// The duration in milliseconds.
        ms: i64,
    },
    /// Another connection takes the write lock of the file, so nothing is committed and the queue fills.
    Lock,
    /// This many milliseconds pass.
    Pass(i64),
    /// The events of a gateway frame arrive.
    Receive(Frame, Vec<Event>),
    /// The recorder refused events. [`play`](crate::play()) returns this step, and ignores it in its input.
    Refused(Vec<Event>),
    /// The process starts.
    Start,
    /// The process is stopped cleanly.
    Stop,
    /// The write lock of the file is free again.
    Unlock,
}

/// The order in which a resumed connection delivers missed events.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// The original order.
    #[default]
    Kept,
    /// Events of different users change places. Those of one user keep their order.
    KeptByPerson,
    /// Any order.
    Lost,
}

/// The rates of faults. A rate is in thousandths of the events unless it says otherwise. The default is no fault.
///
/// # Examples
///
/// ```
/// use mocha_sim::{Faults, Server, Step};
///
/// let server = Server::new(3).days(1).members(20);
/// let events: Vec<_> = server.events().collect();
/// let steps = Faults::default().apply(1, &events, server.end());
/// // Without faults the process starts, every event is delivered, the guild is seen at the end, and a flush follows.
/// assert_eq!(steps.len(), events.len() + 3);
/// let steps = Faults { crashes: 100, ..Faults::default() }.apply(1, &events, server.end());
/// assert!(steps.contains(&Step::Crash));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
pub struct Faults {
    /// A resumed connection delivers all missed events within one millisecond.
    pub bursts: bool,
    /// The machine's clock is set ahead or back by seconds to hours.
    pub clock_steps: u64,
    /// The process dies and is started again later.
    pub crashes: u64,
    /// A frame is never delivered, without any sign.
    pub drops: u64,
    /// An event is delivered again, at once or after some others.
    pub duplicates: u64,
    /// A user is erased.
    pub erasures: u64,
    /// The recorder flushes. This is not a fault, but a crash loses events since the last flush.
    pub flushes: u64,
    /// Events come with the places of their frames in the gateway session. Otherwise they have only their arrival times.
    pub frames: bool,
    /// The process or the whole machine is frozen. A connection survives this for less than a minute.
    pub freezes: u64,
    /// Discord sends a guild again without a reason.
    pub guild_creates: u64,
    /// Heartbeats are acknowledged while a connection is up. Only with `frames`.
    pub heartbeats: bool,
    /// Nothing arrives for a while, without any sign, until a new session begins. Only with `frames`. If time passes, not before
    /// the first acknowledged heartbeat, because a bot cannot notice silence before.
    pub holes: u64,
    /// Another connection holds the write lock of the file for some frames. Only with `frames`.
    pub locks: u64,
    /// The guild is unavailable for a while, and is then sent again.
    pub outages: u64,
    /// The order in which a resumed connection delivers missed events.
    pub order: Order,
    /// The steps contain the time that passes, for a recorder with a clock of its own.
    pub passing: bool,
    /// The connection breaks and is resumed. Missed events are delivered late.
    pub resumes: u64,
    /// A leave is delivered again with the time of the second arrival. In thousandths of the leaves.
    pub second_leaves: u64,
    /// The connection breaks and a new session begins. Missed events are lost.
    pub sessions: u64,
    /// The process is stopped cleanly and started again later.
    pub stops: u64,
    /// A member leaves without an event. In thousandths of the leaves.
    pub unheard_leaves: u64,
}

impl Faults {
    /// Applies the faults to events, which are in order of time and before the end. The same seed gives the same steps.
    ///
    /// The last steps bring the connection back, send the guild once more, and flush.
    #[must_use]
    pub fn apply(&self, seed: u64, events: &[Event], end: DateTime<Utc>) -> Vec<Step> {
        self.apply_to_shards(seed, &[events], end)
    }

    /// Applies the faults to the events of several guilds, each on its own shard. A crash hits all shards, any other fault one.
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
