//! Users.

use mocha_recorder::event::{GlobalName, UserSeen};
use mocha_schema::UserId;

use crate::{ResourceType, Translation, translation::text};

/// The part of a user that Mocha records.
#[derive(Clone, Debug)]
pub struct User<'a> {
    /// The hash of the avatar.
    pub avatar: Option<String>,
    /// Whether Discord marks the user as a bot.
    pub bot: bool,
    /// The four digits of a name of the older kind. Discord sends 0 for names of the newer kind.
    pub discriminator: u16,
    /// The name that the user chose for all servers. `None` if the user has none.
    pub global_name: Option<&'a str>,
    /// The name, without digits.
    pub name: &'a str,
    /// The user.
    pub user_id: UserId,
}

impl Translation {
    /// Adds a user.
    pub fn user(&mut self, user: &User<'_>) {
        if !self.wants(ResourceType::USER) {
            return;
        }
        let User { avatar, bot, discriminator, global_name, name, user_id } = user;
        self.push(UserSeen {
            at: self.at(),
            avatar: avatar.clone(),
            bot: *bot,
            discriminator: (*discriminator != 0).then(|| format!("{discriminator:04}")),
            global_name: GlobalName::from(global_name.map(text)),
            name: text(name),
            user_id: *user_id,
        });
    }
}
