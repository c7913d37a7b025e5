//! The archived threads of a channel.

use std::sync::Arc;

use chrono::SecondsFormat;
use twilight_model::channel::{Channel, ChannelType, thread::ThreadsListing};

use super::{
    BackfillError, Reading,
    request::{self, Failure},
};
use crate::convert;

/// The most threads that Discord returns at once.
const PAGE: u64 = 100;

/// A list of archived threads.
#[derive(Clone, Copy, Debug)]
enum Archive {
    /// Private threads that the bot is a member of.
    Joined,
    Private,
    Public,
}

impl Reading<'_> {
    /// Returns the archived threads that the bot may see, the newest first, each once.
    pub(super) async fn archived_threads(&self, channel: &Channel) -> Result<Vec<Channel>, BackfillError> {
        let mut threads = match channel.kind {
            ChannelType::GuildText
            | ChannelType::GuildAnnouncement
            | ChannelType::GuildForum
            | ChannelType::GuildMedia => self.archive(channel, Archive::Public).await?.unwrap_or_default(),
            _ => Vec::new(),
        };
        if channel.kind == ChannelType::GuildText {
            // Only a bot that may manage threads sees all private ones.
            let private = match self.archive(channel, Archive::Private).await? {
                None => self.archive(channel, Archive::Joined).await?,
                private => private,
            };
            threads.extend(private.unwrap_or_default());
        }
        Ok(threads)
    }

    /// Returns a list of archived threads. `None` if the bot may not see it.
    async fn archive(&self, channel: &Channel, archive: Archive) -> Result<Option<Vec<Channel>>, BackfillError> {
        let mut found: Vec<Channel> = Vec::new();
        loop {
            let page = match request::retry(async || self.page_of(channel, archive, found.last()).await).await {
                Err(Failure::Forbidden | Failure::Gone) => return Ok(None),
                page => page?,
            };
            let known = found.len();
            for thread in page.threads {
                if !found.iter().any(|known| known.id == thread.id) {
                    found.push(thread);
                }
            }
            // A page without a new thread would be asked for again.
            if !page.has_more.unwrap_or(false) || found.len() == known {
                return Ok(Some(found));
            }
        }
    }

    async fn page_of(
        &self,
        channel: &Channel,
        archive: Archive,
        last: Option<&Channel>,
    ) -> Result<ThreadsListing, Failure> {
        let http = Arc::clone(&self.backfill.http);
        let archived = last.and_then(|thread| thread.thread_metadata.as_ref());
        // twilight does not escape the `+` of a time zone, so the time is written with a `Z`.
        let before = archived.map(|metadata| convert::time(metadata.archive_timestamp));
        let before = before.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true));
        let response = match archive {
            Archive::Joined => {
                let request = http.joined_private_archived_threads(channel.id).limit(PAGE);
                match last {
                    Some(last) => request.before(last.id).await?,
                    None => request.await?,
                }
            }
            Archive::Private => {
                let request = http.private_archived_threads(channel.id).limit(PAGE);
                match &before {
                    Some(before) => request.before(before).await?,
                    None => request.await?,
                }
            }
            Archive::Public => {
                let request = http.public_archived_threads(channel.id).limit(PAGE);
                match &before {
                    Some(before) => request.before(before).await?,
                    None => request.await?,
                }
            }
        };
        Ok(response.model().await?)
    }
}
