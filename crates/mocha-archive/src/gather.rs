//! Gathers events from an archive and a store, for exact answers about any time.

use std::ops::RangeInclusive;

use diesel::{prelude::*, sqlite::SqliteConnection};
use mocha_schema::{
    Channel, Guild, GuildId, GuildState, Member, NewChannel, NewGuild, NewMember, NewUser, UnixTime, User, UserId,
    schema::{channels, guild_states, guilds, members, users},
};
use mocha_store::{Store, privacy::Erasures};

use crate::{
    Archive, Error, LAYOUTS, Month, Restored, Source as _, Span,
    parents::Parents,
    restore::{raise_watermarks, restore},
    source::partitions_of,
    write::in_store,
};

impl Archive {
    /// Copies everything that the archive and a store have about a guild in some months, the last
    /// one included, into a new store. Questions to that store are answered from single events,
    /// exactly, also for windows from before the store's horizon: no window is rounded to days, and
    /// growth, presence and company in voice are known.
    ///
    /// The new store has no horizon. It gets the guild with its channels and members as the store
    /// has them now. Events of users who were erased from the store are left out. Ask about windows
    /// within the months; for presences add the month before, because a status counts until the
    /// next one.
    ///
    /// Cost: it reads the files of these months once, and writes some 50,000 rows a second and 260
    /// bytes for each, into memory for a store that was opened in memory. For one window over one
    /// month of a busy guild that is a few seconds: keep the new store as long as there are
    /// questions about it.
    ///
    /// # Errors
    ///
    /// Those of [`restore`](Self::restore), and
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if either store fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::Archive;
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let store = Store::open(folder.path().join("stats.db"))?;
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// let exact = Store::builder().open_in_memory()?;
    /// let months = "2023-11".parse()?..="2023-12".parse()?;
    /// let gathered = archive.gather(&store, 10.try_into()?, months, &exact)?;
    /// assert_eq!(gathered.rows, 0);
    /// // Now ask `exact` as you would ask `store`.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "exact")]
    pub fn gather(
        &self,
        store: &Store,
        guild_id: GuildId,
        months: RangeInclusive<Month>,
        into: &Store,
    ) -> Result<Restored, Error> {
        let known = in_store(store, |conn| {
            Known::load(conn, guild_id).map_err(|error| Error::database("reading about a guild failed", error))
        })?;
        let erasures = in_store(store, |conn| {
            Erasures::load(conn).map_err(|error| Error::database("reading who was erased failed", error))
        })?;
        into.write(|conn| known.insert(conn))?;
        let (mut parents, mut gathered) = (Parents::default(), Restored::default());
        // First the store, whose rows are newer if both have one.
        for layout in LAYOUTS {
            let partitions = in_store(store, |conn| partitions_of(conn, layout, guild_id, None))?;
            for partition in partitions.into_iter().filter(|partition| months.contains(&partition.month)) {
                in_store(store, |conn| {
                    conn.rows(&partition, Span::of(partition.month), &mut |batch| {
                        restore(into, batch, &mut parents, &mut gathered, Some(&erasures))
                    })
                })?;
            }
        }
        let _lock = self.reading()?;
        let wanted = |partition: &crate::Partition| partition.guild_id == guild_id && months.contains(&partition.month);
        for (partition, _) in self.entries(wanted)? {
            let Some(mut decoder) = self.decoder(&partition)? else { continue };
            while let Some(batch) = decoder.next()? {
                restore(into, &batch, &mut parents, &mut gathered, Some(&erasures))?;
            }
        }
        into.write(|conn| known.mark_bots(conn).and_then(|()| raise_watermarks(conn)))?;
        Ok(gathered)
    }
}

/// What a store knows about a guild besides its events.
struct Known {
    bots: Vec<UserId>,
    channels: Vec<Channel>,
    guild: Option<Guild>,
    members: Vec<(Member, User)>,
    state: Option<GuildState>,
}

impl Known {
    fn load(conn: &mut SqliteConnection, guild_id: GuildId) -> QueryResult<Self> {
        Ok(Self {
            bots: users::table.filter(users::bot.eq(true)).select(users::id).load(conn)?,
            channels: channels::table
                .filter(channels::guild_id.eq(guild_id))
                .select(Channel::as_select())
                .load(conn)?,
            guild: guilds::table.find(guild_id).select(Guild::as_select()).get_result(conn).optional()?,
            members: members::table
                .inner_join(users::table)
                .filter(members::guild_id.eq(guild_id))
                .select((Member::as_select(), User::as_select()))
                .load(conn)?,
            state: guild_states::table.find(guild_id).select(GuildState::as_select()).get_result(conn).optional()?,
        })
    }

    fn insert(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        let Self { bots: _, channels, guild, members, state } = self;
        if let Some(guild) = guild {
            let new = NewGuild {
                id: guild.id,
                name: guild.name.as_deref(),
                icon: guild.icon.as_deref(),
                member_count: guild.member_count,
                created_at: guild.created_at.into(),
                updated_at: guild.updated_at.into(),
            };
            diesel::insert_or_ignore_into(guilds::table).values(new).execute(conn)?;
        }
        if let Some(state) = state {
            let GuildState { guild_id, afk_channel_id, gone_at } = state;
            let new = (
                guild_states::guild_id.eq(guild_id),
                guild_states::afk_channel_id.eq(afk_channel_id),
                guild_states::gone_at.eq(gone_at.map(UnixTime::from)),
            );
            diesel::insert_or_ignore_into(guild_states::table).values(new).execute(conn)?;
        }
        for channel in channels {
            let new = NewChannel {
                id: channel.id,
                guild_id: channel.guild_id,
                name: channel.name.as_deref(),
                kind: channel.kind,
                parent_id: channel.parent_id,
                position: channel.position,
                created_at: channel.created_at.into(),
                updated_at: channel.updated_at.into(),
            };
            diesel::insert_or_ignore_into(channels::table).values(new).execute(conn)?;
        }
        for (member, user) in members {
            let new = NewUser {
                id: user.id,
                username: user.username.as_deref(),
                discriminator: user.discriminator.as_deref(),
                avatar: user.avatar.as_deref(),
                bot: user.bot,
                created_at: user.created_at.into(),
                updated_at: user.updated_at.into(),
            };
            diesel::insert_or_ignore_into(users::table).values(new).execute(conn)?;
            let new = NewMember {
                id: &member.id,
                guild_id: member.guild_id,
                user_id: member.user_id,
                nickname: member.nickname.as_deref(),
                joined_at: member.joined_at.map(Into::into),
                premium_since: member.premium_since.map(Into::into),
                created_at: member.created_at.into(),
                updated_at: member.updated_at.into(),
            };
            diesel::insert_or_ignore_into(members::table).values(new).execute(conn)?;
        }
        Ok(())
    }

    /// The archive knows only who was a bot when a file was written.
    fn mark_bots(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        for bot in &self.bots {
            diesel::update(users::table.find(bot)).set(users::bot.eq(true)).execute(conn)?;
        }
        Ok(())
    }
}
