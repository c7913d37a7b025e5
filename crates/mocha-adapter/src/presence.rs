//! Presences: status and activities.

use mocha_recorder::event::{Activity as RecordedActivity, PresenceChanged, PresencesListed};
use mocha_schema::{GuildId, PresenceStatus, UserId};

use crate::{Intents, ResourceType, Translation, translation::text};

/// The part of a presence that Mocha records.
#[derive(Clone, Copy, Debug)]
pub struct Presence<'a> {
    /// The [main](Activity::main) activity.
    pub activity: Option<Activity<'a>>,
    /// The status.
    pub status: PresenceStatus,
    /// The user.
    pub user_id: UserId,
}

/// The part of an activity that Mocha records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Activity<'a> {
    /// Discord's type of the activity.
    pub kind: u8,
    /// The name. For a custom status this is Discord's name for it, not the user's text.
    pub name: &'a str,
}

impl Activity<'_> {
    /// Discord's type of a custom status.
    const CUSTOM: u8 = 4;

    /// Returns the first activity that is not a custom status, or else the custom status.
    ///
    /// ```
    /// use mocha_adapter::Activity;
    ///
    /// let [status, game] = [(4, "Custom Status"), (0, "Chess")].map(|(kind, name)| Activity { kind, name });
    /// assert_eq!(Activity::main([status, game]), Some(game));
    /// assert_eq!(Activity::main([status]), Some(status));
    /// ```
    #[must_use]
    pub fn main(activities: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut custom = None;
        for activity in activities {
            if activity.kind != Self::CUSTOM {
                return Some(activity);
            }
            custom = custom.or(Some(activity));
        }
        custom
    }
}

/// The largest guild whose presences Discord lists. In larger guilds it lists only the bot and the members in voice.
const MOST_MEMBERS: u64 = 75_000;

impl Translation {
    /// Adds the presence of a member.
    pub fn presence(&mut self, guild_id: GuildId, presence: &Presence<'_>) {
        if !self.wants(ResourceType::PRESENCE) {
            return;
        }
        let Presence { activity, status, user_id } = *presence;
        let activity = activity.map(|Activity { kind, name }| RecordedActivity { kind, name: text(name) });
        self.push(PresenceChanged { activity, at: self.at(), guild_id, status, user_id });
    }

    /// Adds the list of members who are not offline in a `GUILD_CREATE`.
    pub(crate) fn presences_listed<'a>(
        &mut self,
        guild_id: GuildId,
        member_count: Option<u64>,
        presences: impl IntoIterator<Item = Presence<'a>>,
    ) {
        if !self.wants(ResourceType::PRESENCE) {
            return;
        }
        let mut user_ids = Vec::new();
        for presence in presences {
            user_ids.push(presence.user_id);
            self.presence(guild_id, &presence);
        }
        let is_complete = self.context().intents.contains(Intents::GUILD_PRESENCES)
            && member_count.is_some_and(|member_count| member_count <= MOST_MEMBERS);
        self.push(PresencesListed { at: self.at(), guild_id, is_complete, user_ids });
    }
}
