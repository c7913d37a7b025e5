//! Members, joins and leaves.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};
use mocha_store::{
    Event,
    event::{GlobalName, MemberLeft, MemberSeen, UserSeen},
};

use crate::{
    names, snowflake,
    traffic::{Action, Membership, Traffic, time},
};

const DAY_MS: i64 = 86_400_000;

/// A current or former member. The member's number is the position in the list.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) bot: bool,
    pub(crate) memberships: u32,
    pub(crate) present: bool,
    pub(crate) user_id: UserId,
    /// The voice channel, or `None`.
    pub(crate) voice: Option<(ChannelId, VoiceState)>,
    pub(crate) voice_sessions: u32,
}

/// Returns the id of the user with this number.
pub(crate) fn user_id(number: u64) -> UserId {
    snowflake::id(snowflake::FIRST_USER.saturating_add(number.saturating_mul(snowflake::STEP)))
}

/// Returns the user with this number as a member of a guild.
pub(crate) fn introduce(
    number: u64,
    bot: bool,
    guild_id: GuildId,
    at: DateTime<Utc>,
    joined_ms: i64,
) -> (UserSeen, MemberSeen) {
    let bot_name = usize::try_from(number).ok().and_then(|index| names::BOTS.get(index)).filter(|_| bot);
    let name = bot_name.map_or_else(|| names::user(number), ToString::to_string);
    let nickname = (number % 5 == 2).then(|| format!("{name} {number}"));
    let (joined_at, user_id) = (Some(time(joined_ms)), user_id(number));
    (
        UserSeen { at, avatar: None, bot, discriminator: None, global_name: GlobalName::Unknown, name, user_id },
        MemberSeen { at, guild_id, joined_at, nickname, premium_since: None, roles: None, user_id },
    )
}

impl Traffic {
    /// Adds the initial members of a server, who joined in the year before.
    pub(crate) fn found(&mut self) {
        let members = self.server.members;
        let bots = members.min(members / 50 + 1);
        for number in 0..members {
            let person = self.new_person(number < bots);
            let joined_ms = self.now_ms - self.dice.ms_between(1, 365 * DAY_MS);
            self.enter(person, joined_ms, Event::MemberSeen);
        }
    }

    fn new_person(&mut self, bot: bool) -> usize {
        let person = self.people.len();
        let user_id = user_id(u64::try_from(person).unwrap_or(u64::MAX));
        self.people.push(Person { bot, memberships: 0, present: false, user_id, voice: None, voice_sessions: 0 });
        person
    }

    /// Makes a user a member, and returns an event of this kind.
    fn enter(&mut self, person: usize, joined_ms: i64, event: fn(MemberSeen) -> Event) {
        let place = self.dice.below(u64::try_from(self.present.len() + 1).unwrap_or(1));
        let Some(who) = self.people.get_mut(person) else { return };
        who.memberships += 1;
        who.present = true;
        let bot = who.bot;
        if bot {
            self.present_bots.push(person);
        } else {
            self.present.insert(usize::try_from(place).unwrap_or(0), person);
        }

        let number = u64::try_from(person).unwrap_or(u64::MAX);
        let (user, member) = introduce(number, bot, self.server.guild_id, self.now(), joined_ms);
        self.emit(user);
        self.emit(event(member));
    }

    /// A new user joins. In one of twelve cases a former member returns. Half of them do not stay.
    pub(crate) fn join(&mut self) {
        let gone: Vec<usize> = if self.dice.below(12) == 0 {
            (0..).zip(&self.people).filter(|(_, who)| !who.present).map(|(person, _)| person).collect()
        } else {
            Vec::new()
        };
        let person = self.dice.pick(&gone).unwrap_or_else(|| self.new_person(false));
        self.enter(person, self.now_ms, Event::MemberJoined);
        self.greet(person);
        if self.dice.percent(50) {
            let stay_minutes = i64::try_from(self.dice.zipf(60 * 24 * 60)).unwrap_or(1);
            let number = self.people.get(person).map_or(0, |who| who.memberships);
            self.plan(self.now_ms + stay_minutes * 60_000, Action::Leave(Some(Membership { number, person })));
        }
    }

    pub(crate) fn leave_somebody(&mut self) {
        let Some(person) = self.dice.pick(&self.present) else { return };
        let number = self.people.get(person).map_or(0, |who| who.memberships);
        self.leave(Membership { number, person });
    }

    pub(crate) fn leave(&mut self, Membership { number, person }: Membership) {
        let Some(who) = self.people.get(person).filter(|who| who.present && who.memberships == number) else { return };
        let user_id = who.user_id;
        self.disconnect(person);
        if let Some(who) = self.people.get_mut(person) {
            who.present = false;
        }
        self.present.retain(|present| *present != person);
        let (at, guild_id) = (self.now(), self.server.guild_id);
        self.emit(MemberLeft { at, guild_id, user_id });
    }
}
