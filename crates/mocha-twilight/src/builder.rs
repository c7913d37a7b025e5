//! The settings of an adapter.

use mocha_recorder::Recorder;
use twilight_model::{
    gateway::{Intents, ShardId},
    id::{Id, marker::UserMarker},
};

use crate::{Adapter, ResourceType};

/// Builds an [`Adapter`]. Created by [`Adapter::builder`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `build` is called"]
pub struct AdapterBuilder {
    pub(crate) current_user: Option<Id<UserMarker>>,
    pub(crate) intents: Intents,
    pub(crate) recorder: Recorder,
    pub(crate) resources: ResourceType,
    pub(crate) shard: Option<ShardId>,
}

impl AdapterBuilder {
    /// Sets the bot's own user. Default: the user in `READY`, the first event of every new connection.
    ///
    /// You need it only to [resume](Adapter::claim) if the file has the sessions of several bots. Without
    /// [`Intents::MESSAGE_CONTENT`] Discord sends content only for the bot's own messages and for messages that mention the
    /// bot. The adapter recognizes these messages by the user.
    pub const fn current_user(mut self, user: Id<UserMarker>) -> Self {
        self.current_user = Some(user);
        self
    }

    /// Sets what is recorded. Default: everything except [`ResourceType::CONVERSATION`],
    /// [`ResourceType::INVITE`], [`ResourceType::PRESENCE`], [`ResourceType::REACTION`] and [`ResourceType::ROLE`].
    pub const fn resources(mut self, resources: ResourceType) -> Self {
        self.resources = resources;
        self
    }

    /// Sets the shard whose events the adapter receives. For several shards see [`Adapter::for_shard`].
    ///
    /// Discord does not say which connection ended or resumed. Without the shard the adapter notices only new connections.
    /// Members in voice then count as present until the new connection, instead of until they were last confirmed.
    pub const fn shard(mut self, shard: ShardId) -> Self {
        self.shard = Some(shard);
        self
    }

    /// Builds the adapter.
    #[must_use]
    pub fn build(self) -> Adapter {
        Adapter::from_builder(self)
    }
}
