//! The tables of Mocha's database for Diesel: ids, times, `table!`s, row models and the migrations.
//!
//! The database is a SQLite file or, with the feature `postgres`, a schema on a PostgreSQL server. Both have the same tables.
//!
//! The eight tables hold guilds, users, channels, members and, in four event tables, most events. Mocha's own tables hold
//! roll-ups, other events and the state of the recorder. Use this crate for your own Diesel queries; `mocha-stats` uses it too.
//!
//! ```
//! use chrono::DateTime;
//! use diesel::prelude::*;
//! use mocha_schema::{Guild, GuildId, NewGuild, schema::guilds};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let mut conn = SqliteConnection::establish(":memory:")?;
//! mocha_schema::migrate(&mut conn)?;
//!
//! let at = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
//! let id = GuildId::try_from(81_384_788_765_712_384)?;
//! diesel::insert_into(guilds::table)
//!     .values(&NewGuild { id, name: Some("Rust"), icon: None, member_count: Some(3), created_at: at.into(), updated_at: at.into() })
//!     .execute(&mut conn)?;
//!
//! let guild: Guild = guilds::table.find(id).select(Guild::as_select()).get_result(&mut conn)?;
//! assert_eq!(guild.name.as_deref(), Some("Rust"));
//! assert_eq!(guild.created_at, at);
//! # Ok(())
//! # }
//! ```

pub mod catalogue;
mod channel;
mod channel_history;
mod command_use;
#[cfg(feature = "postgres")]
mod distribute;
mod emoji;
mod ended_boost;
mod error;
mod gateway_session;
mod guild;
mod guild_state;
mod id;
mod invite;
mod member;
mod member_event;
mod message_addressee;
mod message_event;
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
mod presence_event;
mod reaction;
mod recorder_state;
pub mod schema;
mod text;
mod time;
mod user;
mod user_name;
mod voice_event;
mod voice_interval;

pub use self::{
    channel::{Channel, ChannelChange, NewChannel},
    channel_history::ChannelHistory,
    command_use::{CommandUse, NewCommandUse},
    emoji::Emoji,
    ended_boost::{EndedBoost, NewEndedBoost},
    error::{Error, ErrorKind},
    gateway_session::GatewaySession,
    guild::{Guild, GuildChange, NewGuild},
    guild_state::{GoneChannel, GuildState},
    id::{ChannelId, EmojiId, GuildId, IdError, InteractionId, MessageId, RoleId, Snowflake, UserId},
    invite::{Invite, InvitedMember},
    member::{Member, MemberChange, NewMember, member_id},
    member_event::{MemberEvent, MemberEventChange, MemberEventType, NewMemberEvent},
    message_addressee::{MessageAddressee, NewMessageAddressee},
    message_event::{COUNTED_MESSAGE_TYPES, MessageEvent, MessageEventChange, NewMessageEvent},
    migrations::{APPLICATION_ID, EARLIER_VERSIONS, MIGRATIONS, Migrations, check_version, migrate},
    presence_event::{NewPresenceEvent, PresenceEvent, PresenceEventChange, PresenceStatus},
    reaction::{NewReaction, Reaction},
    recorder_state::RecorderState,
    time::{EVENTS_END, MAX_SECONDS, TimeError, UnixSeconds, UnixTime, check_time},
    user::{NewUser, User, UserChange},
    user_name::{NewUserName, UserName},
    voice_event::{NewVoiceEvent, VoiceEvent, VoiceEventChange, VoiceEventType},
    voice_interval::{VoiceInterval, VoiceState},
};

#[cfg(feature = "postgres")]
pub use self::distribute::distribute_postgres;
#[cfg(feature = "postgres")]
pub use self::postgres::{OLDEST_POSTGRES, POSTGRES_MIGRATIONS, PostgresMigrations, migrate_postgres};

/// Tests the example in README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
