//! Looks up the rows that a batch needs for all its events at once, and takes the batch's first locks.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool},
};
use mocha_recorder::{Event, Person, backend::LastPresence};
use mocha_schema::{
    ChannelId, GuildId, RoleId, User, UserId, UserName, VoiceInterval,
    schema::{channels, guilds, user_names, users},
};

/// Rows of the events of a batch.
#[derive(Debug, Default)]
pub(super) struct LookAhead {
    /// Channels that have a row.
    pub(super) channels: HashSet<(GuildId, ChannelId)>,
    pub(super) generation: Option<Generation>,
    /// Guilds that have a row.
    pub(super) guilds: HashSet<GuildId>,
    /// The last intervals of people, until an operation changes them.
    pub(super) intervals: HashMap<Person, Option<VoiceInterval>>,
    /// Names of users that were looked up. `None` for those without a row.
    pub(super) names: HashMap<UserId, Option<UserName>>,
    /// People with presences in this batch. The recorder remembers most of them, so they are looked up together once it asks
    /// for one.
    pub(super) named_in_presences: HashSet<Person>,
    /// The same, of people with roles.
    pub(super) named_in_roles: HashSet<Person>,
    /// The same, of people with changes of voice.
    pub(super) named_in_voice: HashSet<Person>,
    /// The last presences of people, until they are asked for or others come.
    pub(super) presences: HashMap<Person, Option<LastPresence>>,
    /// Roles of people that were looked up.
    pub(super) roles: HashMap<Person, BTreeSet<RoleId>>,
    /// Users that were looked up. `None` for those without a row.
    pub(super) users: HashMap<UserId, Option<User>>,
}

/// The users, channels and guilds that the events name.
#[derive(Debug, Default)]
struct Named {
    channels: BTreeSet<ChannelId>,
    /// Whether each user is a bot, according to the last event about the user.
    flags: HashMap<UserId, bool>,
    guilds: BTreeSet<GuildId>,
    presences: HashSet<Person>,
    roles: HashSet<Person>,
    users: BTreeSet<UserId>,
    voices: HashSet<Person>,
}

impl LookAhead {
    /// Locks what the batch locks first, and looks up rows.
    ///
    /// A user that turns out to be a bot changes what triggers count, so that batch has to be alone. This has to be known
    /// before the lock, because two batches that find out later would wait for each other.
    pub(super) fn load<'e>(conn: &mut PgConnection, events: impl Iterator<Item = &'e Event>) -> QueryResult<Self> {
        let named = Named::of(events);
        let mut found: HashMap<UserId, Option<User>> = named.users.iter().map(|id| (*id, None)).collect();
        if !named.users.is_empty() {
            let ids: Vec<UserId> = named.users.iter().copied().collect();
            for user in users::table.filter(users::id.eq_any(ids)).select(User::as_select()).load(conn)? {
                found.insert(user.id, Some(user));
            }
        }
        let is_bot = |id: &UserId| found.get(id).and_then(Option::as_ref).and_then(|user| user.bot).unwrap_or(false);
        let is_alone = named.flags.iter().any(|(id, flag)| is_bot(id) != *flag);
        let generation = Some(lock_generation(conn, is_alone)?);
        let mut ahead = Self { generation, users: found, ..Self::default() };
        if !named.flags.is_empty() {
            ahead.names = named.flags.keys().map(|id| (*id, None)).collect();
            let ids: Vec<UserId> = named.flags.keys().copied().collect();
            for name in user_names::table.filter(user_names::id.eq_any(ids)).select(UserName::as_select()).load(conn)? {
                ahead.names.insert(name.id, Some(name));
            }
        }
        if !named.guilds.is_empty() {
            let ids: Vec<GuildId> = named.guilds.iter().copied().collect();
            // Citus locks rows on one server at a time. The ids are in order.
            for ids in ids.chunks(if ahead.is_distributed() { 1 } else { ids.len() }) {
                let locked: Vec<GuildId> = guilds::table
                    .filter(guilds::id.eq_any(ids))
                    .select(guilds::id)
                    .order(guilds::id)
                    .for_no_key_update()
                    .load(conn)?;
                ahead.guilds.extend(locked);
            }
        }
        if !named.channels.is_empty() {
            let ids: Vec<ChannelId> = named.channels.into_iter().collect();
            let rows: Vec<(GuildId, ChannelId)> = channels::table
                .filter(channels::id.eq_any(ids))
                .select((channels::guild_id, channels::id))
                .load(conn)?;
            ahead.channels.extend(rows);
        }
        ahead.named_in_presences = named.presences;
        ahead.named_in_roles = named.roles;
        ahead.named_in_voice = named.voices;
        Ok(ahead)
    }

    /// Returns whether Citus distributes the tables.
    pub(super) fn is_distributed(&self) -> bool {
        self.generation.is_some_and(|generation| generation.is_distributed)
    }

    /// Splits people into groups that one statement can look up. With Citus a group has the people of one guild, because only
    /// their rows are on one server.
    pub(super) fn lookups(&self, people: HashSet<Person>) -> Vec<Vec<Person>> {
        if !self.is_distributed() {
            return vec![people.into_iter().collect()];
        }
        let mut guilds: HashMap<GuildId, Vec<Person>> = HashMap::new();
        for person in people {
            guilds.entry(person.guild_id).or_default().push(person);
        }
        guilds.into_values().collect()
    }
}

impl Named {
    fn of<'e>(events: impl Iterator<Item = &'e Event>) -> Self {
        let mut named = Self::default();
        for event in events {
            named.guilds.extend(event.guild_id());
            match event {
                Event::MemberJoined(event) | Event::MemberSeen(event) => {
                    named.users.insert(event.user_id);
                    if event.roles.is_some() {
                        named.roles.insert(Person { guild_id: event.guild_id, user_id: event.user_id });
                    }
                }
                Event::CommandUsed(event) => {
                    named.users.insert(event.user_id);
                    named.channels.insert(event.channel_id);
                }
                Event::MemberLeft(event) => {
                    named.users.insert(event.user_id);
                }
                Event::MembersListed(event) => named.users.extend(event.user_ids.iter().copied()),
                Event::MessageAddressed(event) => {
                    named.users.insert(event.user_id);
                    named.channels.insert(event.channel_id);
                }
                Event::MessageSent(event) => {
                    named.users.insert(event.user_id);
                    named.channels.insert(event.channel_id);
                }
                Event::PresenceChanged(event) => {
                    named.presences.insert(Person { guild_id: event.guild_id, user_id: event.user_id });
                    named.users.insert(event.user_id);
                }
                Event::ReactionAdded(event) => {
                    named.users.insert(event.user_id);
                    named.channels.insert(event.channel_id);
                }
                Event::UserSeen(event) => {
                    named.users.insert(event.user_id);
                    named.flags.insert(event.user_id, event.bot);
                }
                Event::VoiceSnapshot(event) => {
                    for voice in &event.voices {
                        named.voices.insert(Person { guild_id: event.guild_id, user_id: voice.user_id });
                        named.users.insert(voice.user_id);
                        named.channels.insert(voice.channel_id);
                    }
                }
                Event::VoiceStateChanged(event) => {
                    named.voices.insert(Person { guild_id: event.guild_id, user_id: event.user_id });
                    named.users.insert(event.user_id);
                    named.channels.extend(event.channel_id);
                }
                _ => {}
            }
        }
        named
    }
}

/// The row of `generations`, which a transaction locks first.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub(crate) struct Generation {
    /// Whether Citus distributes the tables.
    #[diesel(sql_type = Bool)]
    pub(crate) is_distributed: bool,
    #[diesel(sql_type = BigInt)]
    pub(crate) number: i64,
}

/// Locks the generation against changes until the transaction ends, and returns it.
pub(crate) fn lock_generation(conn: &mut PgConnection, is_alone: bool) -> QueryResult<Generation> {
    sql_query(if is_alone {
        "SELECT generation AS number, is_distributed() FROM generations WHERE id = 1 FOR UPDATE"
    } else {
        "SELECT generation AS number, is_distributed() FROM generations WHERE id = 1 FOR SHARE"
    })
    .get_result(conn)
}
