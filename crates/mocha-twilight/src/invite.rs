//! Invites of guilds.

use mocha_adapter::Translation;
use twilight_model::gateway::payload::incoming::InviteCreate;

use crate::{convert, translate::Translate};

impl Translate for InviteCreate {
    fn translate(&self, out: &mut Translation) {
        let Self {
            code,
            guild_id,
            inviter,
            max_uses,
            // Mocha finds the end of an invite in the next list.
            max_age: _,
            // A new invite has no uses.
            uses: _,
            // The time of the arrival can be compared with the times of lists.
            created_at: _,
            // Where the invite leads, which Mocha does not store.
            channel_id: _,
            target_user_type: _,
            target_user: _,
            temporary: _,
        } = self;
        let inviter_id = inviter.as_ref().map(|inviter| convert::id(inviter.id));
        out.invite_created(convert::id(*guild_id), code, inviter_id, Some(*max_uses));
    }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::event::InviteCreated;
    use serde_json::Value;

    use crate::{ResourceType, frames, translate::translate};

    #[test]
    fn a_new_invite_is_recorded_if_the_bot_asks() -> frames::TestResult {
        assert_eq!(frames::translate("invite_create")?, []);
        let created = InviteCreated {
            at: frames::arrival(),
            code: "s9XhGZ".to_owned(),
            guild_id: frames::GUILD.try_into()?,
            inviter_id: Some(frames::ANNA.try_into()?),
            max_uses: Some(5),
        };
        let context = || frames::context().with(ResourceType::INVITE);
        assert_eq!(frames::translate_with("invite_create", context())?, [created.clone().into()]);
        // Nobody created the invite of a widget.
        let of_widget = frames::parse_changed("invite_create", |frame| {
            if let Value::Object(data) = &mut frame["d"] {
                data.remove("inviter");
            }
        })?;
        assert_eq!(translate(&of_widget, &context()), [InviteCreated { inviter_id: None, ..created }.into()]);
        Ok(())
    }
}
