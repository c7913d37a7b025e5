//! Claims of shards, which return the gateway sessions to resume.

use mocha_recorder::{Error, ShardClaim, StoredSession};

use crate::Adapter;

impl Adapter {
    /// Takes the shard over, and returns the gateway session that the last run of the program recorded.
    ///
    /// [`Runner`](crate::gateway::Runner) does this by itself. In your own loop:
    ///
    /// 1. Claim the shard before it connects.
    /// 2. Pass the session to `twilight_gateway::ConfigBuilder::session` and its URL to `resume_url`.
    /// 3. Request all types of events, and give each its [place](crate::Delivery::in_session). Without the events that Mocha
    ///    does not use, the next event would look as if some were missing.
    /// 4. If the number of the first delivered event is higher than the session's plus one, Discord no longer has the events
    ///    in between. Do not record the event, and start the shard without a session.
    /// 5. When the program stops, close the connection with `CloseFrame::RESUME`.
    ///
    /// The adapter must know its shard, or it returns `None`. It must know its user too, unless the file has the sessions of
    /// one bot only. [`Recorder::claim_shard`](mocha_recorder::Recorder::claim_shard) says when there is a session, and what
    /// happens if several processes claim one shard. The call blocks; in an async program use `claim_async`.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Recorder::claim_shard`](mocha_recorder::Recorder::claim_shard).
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::{Intents, ShardId};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder().open_in_memory()?;
    /// let adapter = Adapter::builder(store.recorder()?, Intents::GUILDS).shard(ShardId::ONE).build();
    /// let stored = adapter.claim()?;
    /// assert!(stored.is_none(), "the file is new");
    /// # Ok(())
    /// # }
    /// ```
    pub fn claim(&self) -> Result<Option<StoredSession>, Error> {
        let Some(claim) = self.shard_claim() else { return Ok(None) };
        Ok(self.resuming(self.recorder().claim_shard(claim)?))
    }

    /// Claims like [`claim`](Self::claim), and waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Recorder::claim_shard`](mocha_recorder::Recorder::claim_shard).
    #[cfg(feature = "tokio")]
    pub async fn claim_async(&self) -> Result<Option<StoredSession>, Error> {
        let Some(claim) = self.shard_claim() else { return Ok(None) };
        Ok(self.resuming(self.recorder().claim_shard_async(claim).await?))
    }

    fn shard_claim(&self) -> Option<ShardClaim> {
        let shard = self.shard()?;
        let claim = ShardClaim::new(shard.number(), shard.total(), self.intents().bits());
        Some(self.current_user().map_or(claim, |bot_id| claim.of_bot(bot_id)))
    }

    /// Takes the bot's user from the session, because Discord sends no READY after a resume.
    fn resuming(&self, stored: Option<StoredSession>) -> Option<StoredSession> {
        if let Some(stored) = &stored {
            self.set_current_user(stored.bot_id);
        }
        stored
    }
}
