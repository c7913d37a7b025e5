//! Gathers events from an archive and a database, for exact answers about any time.

use std::ops::RangeInclusive;

use mocha_schema::GuildId;
use mocha_store::Store;

use crate::{
    Archive, Database, Error, LAYOUTS, Month, Restored, Source as _, Span,
    database::Connection as _,
    parents::Parents,
    restore::{raise_watermarks, restore},
    source::partitions_of,
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
        store: &impl Database,
        guild_id: GuildId,
        months: RangeInclusive<Month>,
        into: &Store,
    ) -> Result<Restored, Error> {
        let (known, erasures) = store.read(|conn| {
            let failed = |error| Error::database("reading about a guild failed", error);
            Ok((conn.known(guild_id).map_err(failed)?, conn.erasures().map_err(failed)?))
        })?;
        into.write(|conn| known.insert(conn))?;
        let (mut parents, mut gathered) = (Parents::default(), Restored::default());
        // First the store, whose rows are newer if both have one.
        for layout in LAYOUTS {
            let partitions = store.read(|conn| partitions_of(conn, layout, guild_id, None))?;
            for partition in partitions.into_iter().filter(|partition| months.contains(&partition.month)) {
                store.read(|conn| {
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
