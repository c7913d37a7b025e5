//! The pages of a channel's history.

use std::{ops::ControlFlow, sync::Arc};

use mocha_recorder::event::HistoryRead;
use mocha_schema::ChannelId;
use twilight_model::{
    channel::{Channel, Message},
    gateway::{event::Event, payload::incoming::MessageCreate},
    id::{Id, marker::ChannelMarker},
};

use super::{
    BackfillError, BackfillOutcome, ChannelReport, Reading, Span, message_id,
    request::{self, Failure},
};
use crate::convert;

/// The most messages that Discord returns at once.
const PAGE: u16 = 100;

impl Reading<'_> {
    /// Reads a channel or thread. Breaks if the closure ended the run.
    pub(super) async fn channel(&mut self, channel: &Channel) -> Result<ControlFlow<()>, BackfillError> {
        let channel_id = convert::id(channel.id);
        let mut report =
            ChannelReport { channel_id, messages: 0, outcome: BackfillOutcome::Unfinished, refused_pages: 0 };
        let read = self.pages(channel, &mut report).await;
        report.outcome = match read {
            Ok(outcome) => outcome,
            Err(Stop::Failed(Failure::Forbidden)) => BackfillOutcome::Forbidden,
            Err(Stop::Failed(Failure::Gone)) => BackfillOutcome::Gone,
            Err(Stop::Failed(failure)) => return Err(failure.into()),
            Err(Stop::Error(error)) => return Err(error),
        };
        self.report.channels.push(report);
        Ok(if self.report.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Reads from the top of the range to its bottom, past what earlier runs read.
    async fn pages(&mut self, channel: &Channel, report: &mut ChannelReport) -> Result<BackfillOutcome, Stop> {
        let spans = self.spans.get(&report.channel_id).cloned().unwrap_or_default();
        let mut cursor = below(&spans, self.range.before);
        while cursor > self.range.from {
            let page = self.page(channel.id, Some(cursor)).await?;
            let lowest = page.iter().map(|message| message.id.get()).min();
            if lowest.is_none() && report.messages == 0 && !self.has_readable_history(channel).await? {
                return Ok(BackfillOutcome::NoHistory);
            }
            // A page cannot begin above the cursor, or this would never end.
            cursor = below(&spans, lowest.map_or(0, |lowest| lowest.min(cursor - 1))).max(self.range.from);
            let is_new = |message: &Message| {
                let id = message.id.get();
                id >= self.range.from && !spans.iter().any(|span| (span.from..span.before).contains(&id))
            };
            let new = page.into_iter().filter(is_new).collect();
            self.record_page(new, Span { before: self.range.before, from: cursor }, report).await?;
            self.report.stopped = (self.backfill.on_progress)(report).is_break();
            if self.report.stopped && cursor > self.range.from {
                return Ok(BackfillOutcome::Unfinished);
            }
        }
        Ok(BackfillOutcome::Complete)
    }

    /// Records the new messages of a page, and which span of the channel is recorded then.
    async fn record_page(
        &self,
        new: Vec<Message>,
        read: Span,
        report: &mut ChannelReport,
    ) -> Result<(), BackfillError> {
        let (adapter, guild) = (&self.backfill.adapter, self.backfill.guild);
        let at = adapter.recorder().now();
        let mut events = Vec::new();
        for mut message in new {
            // Discord omits it here.
            message.guild_id = Some(guild);
            events.extend(
                adapter.translate(&Event::MessageCreate(Box::new(MessageCreate { channel_type: None, message })), at),
            );
            report.messages += 1;
        }
        if let Some(before) = message_id(read.before) {
            let (channel_id, from): (ChannelId, _) = (report.channel_id, message_id(read.from));
            events.push(HistoryRead { at, before, channel_id, from, guild_id: convert::id(guild) }.into());
        }
        if !self.record(events).await? {
            report.refused_pages += 1;
        }
        Ok(())
    }

    /// Returns the newest messages, or the newest below an id.
    async fn page(&self, channel: Id<ChannelMarker>, before: Option<u64>) -> Result<Vec<Message>, Failure> {
        let http = Arc::clone(&self.backfill.http);
        request::retry(async || {
            let messages = http.channel_messages(channel);
            let response = match before.and_then(Id::new_checked) {
                Some(before) => messages.before(before).limit(PAGE).await?,
                None => messages.limit(1).await?,
            };
            Ok(response.models().await?)
        })
        .await
    }

    /// Returns `false` if Discord returns no message at all, although somebody wrote in the channel.
    async fn has_readable_history(&self, channel: &Channel) -> Result<bool, Failure> {
        Ok(channel.last_message_id.is_none() || !self.page(channel.id, None).await?.is_empty())
    }
}

/// Returns the id below which to continue: `id`, or the bottom of the spans that were read from there on.
fn below(spans: &[Span], mut id: u64) -> u64 {
    while let Some(span) = spans.iter().find(|span| span.from < id && id <= span.before) {
        id = span.from;
    }
    id
}

/// Why the reading of a channel ends early.
enum Stop {
    Error(BackfillError),
    Failed(Failure),
}

impl From<BackfillError> for Stop {
    fn from(error: BackfillError) -> Self {
        Self::Error(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_were_read_are_skipped_at_once() {
        let span = |from, before| Span { before, from };
        let spans = [span(50, 60), span(0, 10), span(60, 90), span(55, 70)];
        for (id, next) in [(100, 100), (90, 50), (91, 91), (65, 50), (50, 50), (51, 50), (11, 11), (10, 0), (0, 0)] {
            assert_eq!(below(&spans, id), next, "{id}");
        }
    }
}
