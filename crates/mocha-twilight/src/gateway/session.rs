//! The gateway session of a shard, as far as the recorder took its frames.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use mocha_recorder::StoredSession;
use mocha_schema::UserId;
use twilight_gateway::{ConfigBuilder, Session, Shard, queue::Queue};

/// How far a session is recorded, and how far the bot has its events.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The last frame that the bot received.
    handed: Option<Session>,
    /// Whether the next frame is the first one of a connection.
    is_first: bool,
    /// The last frame that the recorder took.
    recorded: Option<Session>,
}

impl Progress {
    /// Begins with a session of the file.
    pub(super) fn of(stored: &StoredSession) -> Self {
        let session = Session::new(stored.sequence, stored.session_id.clone());
        Self { handed: None, is_first: true, recorded: Some(session) }
    }

    pub(super) const fn recorded(&self) -> Option<&Session> {
        self.recorded.as_ref()
    }

    /// The recorder took the frame with this number.
    pub(super) fn record(&mut self, session_id: &str, sequence: u64) {
        // After a resume some frames may be delivered again.
        let known = self.recorded.as_ref().filter(|known| known.id() == session_id);
        if known.is_none_or(|known| known.sequence() < sequence) {
            self.recorded = Some(Session::new(sequence, session_id.to_owned()));
        }
    }

    /// Returns whether the bot receives the frame with this number for the first time.
    pub(super) fn hand(&mut self, session_id: &str, sequence: u64) -> bool {
        let known = self.handed.as_ref().filter(|known| known.id() == session_id);
        if known.is_some_and(|known| known.sequence() >= sequence) {
            return false;
        }
        self.handed = Some(Session::new(sequence, session_id.to_owned()));
        true
    }

    /// The connection ended.
    pub(super) const fn disconnected(&mut self) {
        self.is_first = true;
    }

    /// Returns the number of frames that are missing before this one: Discord no longer had them when the session was
    /// resumed.
    pub(super) fn missing_before(&mut self, session_id: &str, sequence: u64) -> u64 {
        if !std::mem::take(&mut self.is_first) {
            return 0;
        }
        let recorded = self.recorded.as_ref().filter(|recorded| recorded.id() == session_id);
        recorded.map_or(0, |recorded| sequence.saturating_sub(recorded.sequence().saturating_add(1)))
    }

    /// The session is over.
    pub(super) fn end(&mut self) {
        self.is_first = true;
        self.recorded = None;
    }
}

/// Returns the same shard without a connection. It resumes this session, or begins a new one.
pub(super) fn restarted<Q: Queue + Clone>(shard: &Shard<Q>, session: Option<(Session, Option<String>)>) -> Shard<Q> {
    let mut config = ConfigBuilder::from(shard.config().clone());
    if let Some((session, resume_url)) = session {
        config = config.session(session);
        if let Some(url) = resume_url {
            config = config.resume_url(url);
        }
    }
    Shard::with_config(shard.id(), config.build())
}

/// Returns the bot's user id, which is the first part of its token.
pub(super) fn bot_of(token: &str) -> Option<UserId> {
    let token = token.strip_prefix("Bot ").unwrap_or(token);
    let id = STANDARD_NO_PAD.decode(token.split('.').next()?.trim_end_matches('=')).ok()?;
    str::from_utf8(&id).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_bot() {
        let bot = UserId::try_from(80_351_110_224_678_912).ok();
        assert_eq!(bot_of("Bot ODAzNTExMTAyMjQ2Nzg5MTI.abcdef.x-y_z"), bot);
        assert_eq!(bot_of("ODAzNTExMTAyMjQ2Nzg5MTI=.abcdef.x-y_z"), bot);
        for other in ["", "Bot token", "Bot.x.y", "bW9jaGE.x.y"] {
            assert_eq!(bot_of(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_first_frame_of_a_connection_shows_a_gap() {
        let mut progress = Progress { is_first: true, recorded: Some(Session::new(7, "s".into())), handed: None };
        assert_eq!(progress.missing_before("s", 10), 2);
        assert_eq!(progress.missing_before("s", 20), 0, "the second frame");
        for (session, sequence) in [("s", 8), ("s", 3), ("another", 20)] {
            progress.disconnected();
            assert_eq!(progress.missing_before(session, sequence), 0, "{session} {sequence}");
        }
    }

    #[test]
    fn the_bot_receives_each_frame_once() {
        let mut progress = Progress::default();
        assert!(progress.hand("s", 1) && progress.hand("s", 3));
        assert!(!progress.hand("s", 2) && !progress.hand("s", 3));
        assert!(progress.hand("s", 4) && progress.hand("t", 1));
    }
}
