//! Invites of guilds.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports that an invite was created. It has no uses yet.
///
/// It changes nothing before the first [`InvitesListed`] of the guild.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InviteCreated {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The code, which is the end of the invite's link.
    pub code: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The user who created it. `None` if nobody did, as for the invite of a widget.
    pub inviter_id: Option<UserId>,
    /// After how many uses it ends. `None` or 0 if it has no limit.
    pub max_uses: Option<u64>,
}

/// Reports all invites of a guild, with their uses. The bot asks Discord for them at each join, and Mocha concludes which invite
/// was used.
///
/// Mocha compares the list with the one before, and counts the joins of people between the two. They used one invite if the uses
/// of this invite rose by their number, and those of no other invite rose. If no uses rose, they used up the one invite that is
/// missing from the list, if their number is the rest of its uses. In all other cases the invite is unknown.
///
/// Two errors that cancel each other out cannot be seen: a join that the bot missed, and a join without an invite.
///
/// A list that is older than another recorded one of the guild changes nothing. The first list of a guild is only compared with
/// later ones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvitesListed {
    /// When the bot asked for the list, and not when it got the answer. Joins that arrive later count for the next list.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The invites, in any order. If a code is listed twice, the last one counts.
    pub invites: Vec<ListedInvite>,
}

/// An invite in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedInvite {
    /// The code, which is the end of the invite's link.
    pub code: String,
    /// The user who created it. `None` if nobody did, as for the vanity link and the invite of a widget.
    pub inviter_id: Option<UserId>,
    /// Whether it is the guild's vanity link. Discord has its uses in an answer of its own.
    pub is_vanity: bool,
    /// After how many uses it ends. `None` or 0 if it has no limit.
    pub max_uses: Option<u64>,
    /// How often it was used.
    pub uses: u64,
}

impl InviteCreated {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        check(&self.code)?;
        limit(self.max_uses)
    }

    /// Returns the event without its user, if the user is hidden.
    pub(crate) fn without(&self, is_hidden: impl Fn(UserId) -> bool) -> Self {
        let mut event = self.clone();
        event.inviter_id = event.inviter_id.filter(|user_id| !is_hidden(*user_id));
        event
    }
}

impl InvitesListed {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        for invite in &self.invites {
            check(&invite.code)?;
            number("uses", invite.uses)?;
            limit(invite.max_uses)?;
        }
        Ok(())
    }

    /// Returns the event without hidden users. Their invites stay.
    pub(crate) fn without(&self, is_hidden: impl Fn(UserId) -> bool) -> Self {
        let mut event = self.clone();
        for invite in &mut event.invites {
            invite.inviter_id = invite.inviter_id.filter(|user_id| !is_hidden(*user_id));
        }
        event
    }
}

fn check(code: &str) -> Result<(), Invalid> {
    const FIELD: &str = "code";
    valid::text(Field(FIELD), code)?;
    if code.is_empty() || code.len() > 256 {
        return Err(Invalid { field: FIELD, reason: "must have 1 to 256 bytes" });
    }
    Ok(())
}

fn limit(max_uses: Option<u64>) -> Result<(), Invalid> {
    number("max_uses", max_uses.unwrap_or_default())
}

fn number(field: &'static str, number: u64) -> Result<(), Invalid> {
    valid::count(Field(field), number).map(drop)
}

impl From<InviteCreated> for Event {
    fn from(event: InviteCreated) -> Self {
        Self::InviteCreated(event)
    }
}

impl From<InvitesListed> for Event {
    fn from(event: InvitesListed) -> Self {
        Self::InvitesListed(event)
    }
}
