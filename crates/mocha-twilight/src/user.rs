//! Users.

use mocha_store::{Event, event::UserSeen};
use twilight_model::{
    gateway::payload::incoming::UserUpdate,
    user::{CurrentUser, DiscriminatorDisplay, User},
};

use crate::{
    ResourceType, convert,
    translate::{Context, Translate},
};

impl Translate for UserUpdate {
    fn translate(&self, context: &Context, events: &mut Vec<Event>) {
        let Self(user) = self;
        push_current(user, context, events);
    }
}

/// The bot itself.
pub(crate) fn push_current(user: &CurrentUser, context: &Context, events: &mut Vec<Event>) {
    if !context.wants(ResourceType::USER) {
        return;
    }
    let CurrentUser {
        avatar,
        bot,
        discriminator,
        id,
        name,
        // Looks; nothing is counted by them.
        accent_color: _,
        banner: _,
        global_name: _,
        // Nobody else's business.
        email: _,
        flags: _,
        locale: _,
        mfa_enabled: _,
        premium_type: _,
        public_flags: _,
        verified: _,
    } = user;
    let seen = UserSeen {
        at: context.at,
        avatar: avatar.map(|hash| hash.to_string()),
        bot: *bot,
        discriminator: digits(*discriminator),
        name: convert::text(name),
        user_id: convert::id(*id),
    };
    events.push(seen.into());
}

/// Somebody.
pub(crate) fn push(user: &User, context: &Context, events: &mut Vec<Event>) {
    if context.wants(ResourceType::USER) {
        events.push(seen(user, context).into());
    }
}

/// What is kept of a user.
pub(crate) fn seen(user: &User, context: &Context) -> UserSeen {
    let User {
        avatar,
        bot,
        discriminator,
        id,
        name,
        // Looks; nothing is counted by them.
        accent_color: _,
        avatar_decoration: _,
        avatar_decoration_data: _,
        banner: _,
        global_name: _,
        primary_guild: _,
        // Nobody else's business.
        email: _,
        flags: _,
        locale: _,
        mfa_enabled: _,
        premium_type: _,
        public_flags: _,
        verified: _,
        // Discord's own messages; nobody sends them in a guild.
        system: _,
    } = user;
    UserSeen {
        at: context.at,
        avatar: avatar.map(|hash| hash.to_string()),
        bot: *bot,
        discriminator: digits(*discriminator),
        name: convert::text(name),
        user_id: convert::id(*id),
    }
}

/// The four digits after a name; those whose name is of the newer kind, without digits, have zero.
fn digits(discriminator: u16) -> Option<String> {
    (discriminator != 0).then(|| DiscriminatorDisplay::new(discriminator).to_string())
}

#[cfg(test)]
mod tests {
    use mocha_store::Event;

    use crate::{ResourceType, frames};

    #[test]
    fn a_changed_user_is_the_bot_itself() -> frames::TestResult {
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
    fn users_can_be_left_out() -> frames::TestResult {
        let context = frames::context().without(ResourceType::USER);
        assert_eq!(frames::translate_with("user_update", context)?, []);
        Ok(())
    }
}
