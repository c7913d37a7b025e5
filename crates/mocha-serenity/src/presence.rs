//! Presences: status and activities.

use mocha_adapter::{Activity, Presence as RecordedPresence};
use mocha_schema::PresenceStatus;
use serenity::model::{gateway::Presence, user::OnlineStatus};

use crate::convert;

/// Returns the part of a presence that Mocha records.
pub(crate) fn presence(presence: &Presence) -> RecordedPresence<'_> {
    let activities = presence.activities.iter();
    RecordedPresence {
        activity: Activity::main(
            activities.map(|activity| Activity { kind: activity.kind.into(), name: &activity.name }),
        ),
        status: match presence.status {
            OnlineStatus::DoNotDisturb => PresenceStatus::Dnd,
            OnlineStatus::Idle => PresenceStatus::Idle,
            OnlineStatus::Online => PresenceStatus::Online,
            // `Invisible` and `Offline`. A status that serenity adds later says nothing about presence.
            _ => PresenceStatus::Offline,
        },
        user_id: convert::id(presence.user.id),
    }
}
