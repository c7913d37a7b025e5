//! Presences: status and activities.

use mocha_adapter::{Activity as RecordedActivity, Presence as RecordedPresence, Translation};
use mocha_schema::PresenceStatus;
use twilight_model::gateway::{
    payload::incoming::PresenceUpdate,
    presence::{Activity, Presence, Status},
};

use crate::{convert, translate::Translate};

impl Translate for PresenceUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(changed) = self;
        out.presence(convert::id(changed.guild_id), &presence(changed));
    }
}

/// Returns the part of a presence that Mocha records.
pub(crate) fn presence(presence: &Presence) -> RecordedPresence<'_> {
    let Presence {
        activities,
        status,
        // Only the id is used. Discord may omit everything else, and a missing `bot` would count as false.
        user,
        guild_id: _, // Read by the callers.
        // The devices of the member, which Mocha does not store.
        client_status: _,
    } = presence;
    RecordedPresence {
        activity: RecordedActivity::main(activities.iter().map(activity)),
        status: match status {
            Status::DoNotDisturb => PresenceStatus::Dnd,
            Status::Idle => PresenceStatus::Idle,
            Status::Invisible | Status::Offline => PresenceStatus::Offline,
            Status::Online => PresenceStatus::Online,
        },
        user_id: convert::id(user.id()),
    }
}

fn activity(activity: &Activity) -> RecordedActivity<'_> {
    let Activity {
        kind,
        // For a custom status this is Discord's name for it. The user's text is in `state`.
        name,
        // Details of the activity, which Mocha does not store.
        details: _,
        details_url: _,
        emoji: _,
        party: _,
        secrets: _,
        state: _,
        state_url: _,
        url: _,
        // The start. Mocha counts from the arrival of the event instead.
        created_at: _,
        timestamps: _,
        // Appearance and data of the application, which Mocha does not use.
        application_id: _,
        assets: _,
        buttons: _,
        flags: _,
        id: _,
        instance: _,
        status_display_type: _,
    } = activity;
    RecordedActivity { kind: (*kind).into(), name }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use diesel::{QueryDsl, RunQueryDsl};
    use mocha_recorder::{
        Clock, Event,
        event::{Activity, PresenceChanged},
    };
    use mocha_schema::{PresenceStatus, schema::presence_events};
    use mocha_store::Store;
    use twilight_model::gateway::Intents;

    use crate::{Adapter, ResourceType, frames, translate::translate};

    fn expected(status: PresenceStatus, activity: Option<(u8, &str)>) -> Result<Event, mocha_schema::IdError> {
        Ok(Event::PresenceChanged(PresenceChanged {
            activity: activity.map(|(kind, name)| Activity { kind, name: name.into() }),
            at: frames::arrival(),
            guild_id: frames::GUILD.try_into()?,
            status,
            user_id: frames::ANNA.try_into()?,
        }))
    }

    #[test]
    fn other_activities_are_preferred_to_a_custom_status() -> frames::TestResult {
        let context = frames::context().with(ResourceType::PRESENCE);
        assert_eq!(
            frames::translate_with("presence_update", context)?,
            [expected(PresenceStatus::Dnd, Some((2, "Spotify")))?]
        );
        Ok(())
    }

    #[test]
    fn the_text_of_a_custom_status_is_not_recorded() -> frames::TestResult {
        let context = frames::context().with(ResourceType::PRESENCE);
        let event = frames::parse_changed("presence_update", |frame| {
            if let Some(activities) = frame["d"]["activities"].as_array_mut() {
                activities.truncate(1);
            }
        })?;
        assert_eq!(translate(&event, &context), [expected(PresenceStatus::Dnd, Some((4, "Custom Status")))?]);
        Ok(())
    }

    #[test]
    fn every_status_is_translated() -> frames::TestResult {
        let context = frames::context().with(ResourceType::PRESENCE);
        for (word, status) in [
            ("dnd", PresenceStatus::Dnd),
            ("idle", PresenceStatus::Idle),
            ("invisible", PresenceStatus::Offline),
            ("offline", PresenceStatus::Offline),
            ("online", PresenceStatus::Online),
        ] {
            let event = frames::parse_changed("presence_update", |frame| {
                frame["d"]["activities"] = serde_json::json!([]);
                frame["d"]["status"] = word.into();
            })?;
            assert_eq!(translate(&event, &context), [expected(status, None)?], "{word}");
        }
        Ok(())
    }

    #[test]
    fn the_status_is_recorded_if_the_name_of_the_activity_is_odd() -> frames::TestResult {
        let store = Store::builder().clock(Clock::Events).open_in_memory()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::builder(recorder.clone(), Intents::all()).resources(ResourceType::all()).build();
        let names = ["\0", "a\0b", &"x".repeat(5_000), &"\u{1f3b5}".repeat(5_000)];
        for (number, name) in (0..).zip(names) {
            let event = frames::parse_changed("presence_update", |frame| {
                frame["d"]["activities"] = serde_json::json!([{"name": name, "type": 0, "id": "1", "created_at": 1}]);
            })?;
            adapter.update_at(&event, frames::arrival() + TimeDelta::seconds(number))?;
        }
        recorder.flush()?;
        let rows: Vec<(Option<PresenceStatus>, Option<String>)> = store.read(|conn| {
            let columns = (presence_events::status, presence_events::activity_name);
            presence_events::table.select(columns).order(presence_events::created_at).load(conn)
        })?;
        let expected = [String::new(), "ab".into(), "x".repeat(4096), "\u{1f3b5}".repeat(1024)];
        assert_eq!(rows, expected.map(|name| (Some(PresenceStatus::Dnd), Some(name))));
        Ok(())
    }

    #[test]
    fn presences_are_excluded_by_default() -> frames::TestResult {
        assert_eq!(frames::translate("presence_update")?, []);
        Ok(())
    }
}
