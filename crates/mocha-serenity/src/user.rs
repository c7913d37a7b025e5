//! Users.

use mocha_adapter::User as RecordedUser;
use serenity::model::user::User;

use crate::convert;

/// Returns the part of a user that Mocha records.
pub(crate) fn user(user: &User) -> RecordedUser<'_> {
    RecordedUser {
        avatar: user.avatar.map(|hash| hash.to_string()),
        bot: user.bot,
        discriminator: user.discriminator.map_or(0, Into::into),
        global_name: user.global_name.as_deref(),
        name: &user.name,
        user_id: convert::id(user.id),
    }
}
