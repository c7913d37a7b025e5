//! A guild with its members and their home channels.

use mocha_schema::{GuildId, UserId};

use crate::{channel::Channels, dice::Dice, member, snowflake::MessageIds};

/// The initial size of a guild.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) members: u64,
    /// The percentage of members who only read.
    pub(crate) readers_percent: u64,
    pub(crate) text_channels: u16,
    pub(crate) voice_channels: u16,
}

/// A current or former member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) memberships: u32,
    pub(crate) present: bool,
    /// The number of the user.
    pub(crate) number: u64,
    /// The number of the current voice session among all of the guild's, or `None`.
    pub(crate) voice: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Guild {
    pub(crate) channels: Channels,
    pub(crate) id: GuildId,
    pub(crate) message_ids: MessageIds,
    pub(crate) people: Vec<Person>,
    /// The current members, without bots.
    pub(crate) present: Vec<usize>,
    pub(crate) voice_sessions: u32,
    bots: Vec<u64>,
    readers_percent: u64,
    /// The members at home in each text channel, the most active first. The busiest channel comes first.
    homes: Vec<Vec<usize>>,
}

impl Guild {
    /// Creates a guild that has only bots.
    pub(crate) fn new(guild_id: GuildId, size: Size) -> Self {
        // The first users are bots. A guild has some of them.
        let bots = (0..BOTS).filter(|bot| size.members > bot * 200 || (guild_id.get() >> 22) % BOTS == *bot);
        Self {
            bots: bots.collect(),
            channels: Channels::new(guild_id, size.text_channels, size.voice_channels),
            id: guild_id,
            homes: vec![Vec::new(); usize::from(size.text_channels)],
            message_ids: MessageIds::of(guild_id),
            people: Vec::new(),
            present: Vec::new(),
            readers_percent: size.readers_percent,
            voice_sessions: 0,
        }
    }

    pub(crate) fn bots(&self) -> &[u64] {
        &self.bots
    }

    /// Makes the user with this number a member, who may get home channels.
    pub(crate) fn enter(&mut self, dice: &mut Dice, number: u64) -> usize {
        let person = self.people.len();
        self.people.push(Person { memberships: 1, number, present: true, voice: None });
        self.settle(dice, person);
        person
    }

    /// Makes a former member a member again.
    pub(crate) fn reenter(&mut self, dice: &mut Dice, person: usize) {
        if let Some(who) = self.people.get_mut(person) {
            who.memberships += 1;
            who.present = true;
            self.settle(dice, person);
        }
    }

    fn settle(&mut self, dice: &mut Dice, person: usize) {
        self.present.push(person);
        if dice.percent(self.readers_percent) {
            return;
        }
        for _ in 0..dice.zipf(MAX_HOMES) {
            let Some(home) = dice.rank(self.homes.len()).and_then(|channel| self.homes.get_mut(channel)) else {
                return;
            };
            if !home.contains(&person) {
                let place = dice.below(u64::try_from(home.len() + 1).unwrap_or(1));
                home.insert(usize::try_from(place).unwrap_or(0), person);
            }
        }
    }

    pub(crate) fn leave(&mut self, person: usize) {
        if let Some(who) = self.people.get_mut(person) {
            who.present = false;
        }
        self.present.retain(|other| *other != person);
        self.homes.iter_mut().for_each(|home| home.retain(|other| *other != person));
    }

    pub(crate) fn is_present(&self, person: usize) -> bool {
        self.people.get(person).is_some_and(|who| who.present)
    }

    /// Picks a text channel. Busier channels are more likely.
    pub(crate) fn text_channel(&self, dice: &mut Dice) -> usize {
        dice.rank(self.homes.len()).unwrap_or(0)
    }

    /// Picks a member at home in the channel. More active members are more likely.
    pub(crate) fn talker(&self, dice: &mut Dice, channel: usize) -> Option<usize> {
        let home = self.homes.get(channel)?;
        home.get(dice.rank(home.len())?).copied()
    }

    pub(crate) fn user_id(&self, person: usize) -> Option<UserId> {
        self.people.get(person).map(|who| member::user_id(who.number))
    }

    /// Returns the bot that listens in the channel.
    pub(crate) fn bot(&self, channel: usize) -> UserId {
        member::user_id(self.bots.get(channel % self.bots.len().max(1)).copied().unwrap_or(0))
    }
}

/// The number of users that are bots.
pub(crate) const BOTS: u64 = 4;

/// The largest number of home channels of a member.
const MAX_HOMES: u64 = 3;
