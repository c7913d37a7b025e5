//! Reproducible traffic of simulated Discord servers with the right answers, for Mocha's tests, benches and examples.
//!
//! * A [`Server`] returns its events as a stream of [`Event`](mocha_store::Event)s, in order of time.
//! * A [`Community`] has many guilds and millions of messages, and makes them fast.
//! * [`messages`] makes only messages.
//! * A [`Reference`] reads such a stream and computes the right answers.
//!
//! ```
//! use mocha_sim::{Reference, Server};
//!
//! let server = Server::new(7).days(2).members(50).messages_per_day(200);
//! let mut reference = Reference::new(server.guild_id());
//! for event in server.events() {
//!     reference.observe(&event);
//! }
//! assert!(reference.messages_by_user().values().map(|totals| totals.messages).sum::<u64>() > 200);
//! assert!(server.events().eq(server.events()));
//! ```

mod channel;
mod community;
mod delivery;
mod dice;
mod fault;
mod judge;
mod laboratory;
mod link;
mod member;
mod message;
mod names;
mod play;
mod presence;
mod recorded;
mod reference;
mod rhythm;
mod server;
mod snowflake;
mod stage;
mod traffic;
mod voice;
mod world;

pub use self::{
    community::{Community, CommunityGuild, CommunityTraffic},
    fault::{Faults, Order, Step},
    judge::{Found, Session, VoiceActivity, judge},
    message::{Messages, messages},
    play::{Clocks, play, play_on},
    recorded::recorded_folder,
    reference::{MessageTotals, Reference, VoiceTotals},
    server::Server,
    stage::Stage,
    traffic::Traffic,
    world::World,
};
