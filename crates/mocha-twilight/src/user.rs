//! Users.

use mocha_adapter::{Translation, User as RecordedUser};
use twilight_model::{
    gateway::payload::incoming::UserUpdate,
    user::{CurrentUser, User},
};

use crate::{convert, translate::Translate};

impl Translate for UserUpdate {
    fn translate(&self, out: &mut Translation) {
        let Self(user) = self;
        out.user(&current(user));
    }
}

/// Returns the part of the bot's own user that Mocha records.
pub(crate) fn current(user: &CurrentUser) -> RecordedUser<'_> {
    let CurrentUser {
        avatar,
        bot,
        discriminator,
        global_name,
        id,
        name,
        // Appearance, which Mocha does not use.
        accent_color: _,
        banner: _,
        // Private data, which Mocha does not store.
        email: _,
        flags: _,
        locale: _,
        mfa_enabled: _,
        premium_type: _,
        public_flags: _,
        verified: _,
    } = user;
    RecordedUser {
        avatar: avatar.map(|hash| hash.to_string()),
        bot: *bot,
        discriminator: *discriminator,
        global_name: global_name.as_deref(),
        name,
        user_id: convert::id(*id),
    }
}

/// Returns the part of a user that Mocha records.
pub(crate) fn user(user: &User) -> RecordedUser<'_> {
    let User {
        avatar,
        bot,
        discriminator,
        global_name,
        id,
        name,
        // Appearance, which Mocha does not use.
        accent_color: _,
        avatar_decoration: _,
        avatar_decoration_data: _,
        banner: _,
        primary_guild: _,
        // Private data, which Mocha does not store.
        email: _,
        flags: _,
        locale: _,
        mfa_enabled: _,
        premium_type: _,
        public_flags: _,
        verified: _,
        // Marks Discord's own user, which sends no messages in guilds.
        system: _,
    } = user;
    RecordedUser {
        avatar: avatar.map(|hash| hash.to_string()),
        bot: *bot,
        discriminator: *discriminator,
        global_name: global_name.as_deref(),
        name,
        user_id: convert::id(*id),
    }
}

#[cfg(test)]
mod tests {
    use mocha_recorder::Event;

    use crate::{ResourceType, frames};

    #[test]
    fn a_user_update_records_the_bots_user() -> frames::TestResult {
        let events = frames::translate("user_update")?;
        let [Event::UserSeen(user)] = events.as_slice() else { return Err(format!("{events:?}").into()) };
        assert_eq!(user.at, frames::arrival());
        assert_eq!(user.avatar.as_deref(), Some("a_0123456789abcdef0123456789abcdef"));
        assert!(user.bot);
        assert_eq!(user.discriminator.as_deref(), Some("0042"));
        assert_eq!((user.user_id.get(), user.name.as_str()), (frames::BOT, "mocha"));
        Ok(())
    }

    #[test]
    fn users_can_be_excluded() -> frames::TestResult {
        let context = frames::context().without(ResourceType::USER);
        assert_eq!(frames::translate_with("user_update", context)?, []);
        Ok(())
    }
}
