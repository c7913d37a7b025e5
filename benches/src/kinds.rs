//! The file of the real community with kinds of events that chat logs lack.

use std::{collections::HashMap, path::Path, time::Duration};

use mocha_schema::{ChannelId, Emoji, MessageId, RoleId, UserId};
use mocha_store::{
    Clock, Event, Store,
    event::{
        ChannelSeen, CommandUsed, InvitesListed, ListedInvite, MemberSeen, MessageAddressed, MessageSent,
        ReactionAdded, RepliedTo,
    },
};

use crate::{Failure, File, irc::irc_with};

/// The numbers of different commands, emoji, roles and inviters.
const COMMANDS: u64 = 12;
const EMOJI: u64 = 40;
const ROLES: u64 = 8;
const INVITERS: u64 = 20;

/// The number of users with a balance of points, which is about the number of users.
const BALANCES: u64 = 35_000;

/// One of this many messages is a reply, mentions a user, follows a reaction, uses a command, or starts a thread.
const REPLY: u64 = 4;
const MENTION: u64 = 10;
const REACTION: u64 = 5;
const COMMAND: u64 = 50;
const THREAD: u64 = 500;

const AWARD_SPAN: Duration = Duration::from_mins(1);

/// Returns `irc-kinds.db` in this folder, and creates it if it is missing. Returns `None` if the data is missing.
///
/// It has all events of [`irc`](crate::irc()). Replies, mentions, reactions, uses of commands, threads, roles and invites are added
/// by fixed rules. Awards are counted by minute, and each member has a balance of points.
///
/// # Errors
///
/// Returns an error if the data cannot be read or the file cannot be written.
pub fn irc_with_kinds(folder: &Path) -> Result<Option<File>, Failure> {
    let mut added = Added::default();
    let Some(file) = irc_with(folder, "irc-kinds", move |event| added.around(event))? else { return Ok(None) };
    let store = Store::builder().clock(Clock::Events).open(&file.path)?;
    store.count_awards(file.guild_id, AWARD_SPAN)?;
    let balances = (1..=BALANCES).map(|user| Ok((UserId::try_from(user)?, user * 7 % 10_000)));
    let _report = store.set_point_balances(file.guild_id, balances.collect::<Result<Vec<_>, Failure>>()?)?;
    Ok(Some(file))
}

/// The earlier events that the rules need.
#[derive(Default)]
struct Added {
    joins: u64,
    /// The last message of each channel.
    last: HashMap<ChannelId, MessageSent>,
    messages: u64,
    /// The thread of each channel without an answer, with its starter.
    threads: HashMap<ChannelId, (ChannelId, UserId)>,
}

impl Added {
    /// Returns the event with those that are added to it.
    fn around(&mut self, event: Event) -> Result<Vec<Event>, Failure> {
        match event {
            Event::MemberJoined(member) => self.joined(member),
            Event::MessageSent(message) => self.sent(message),
            event => Ok(vec![event]),
        }
    }

    fn joined(&mut self, member: MemberSeen) -> Result<Vec<Event>, Failure> {
        self.joins += 1;
        let MemberSeen { at, guild_id, user_id, .. } = member;
        let first = 1 + user_id.get() % ROLES;
        let roles = [first, 1 + first % ROLES].into_iter().map(role).collect::<Result<_, _>>()?;
        let invites = (0..INVITERS)
            .map(|inviter| {
                // The invites are used in turn.
                let uses = (self.joins + INVITERS - 1 - inviter) / INVITERS;
                let inviter_id = Some(UserId::try_from(1 + inviter)?);
                Ok(ListedInvite { code: format!("code{inviter}"), inviter_id, is_vanity: false, max_uses: None, uses })
            })
            .collect::<Result<_, Failure>>()?;
        let joined = Event::MemberJoined(MemberSeen { roles: Some(roles), ..member });
        Ok(vec![joined, Event::InvitesListed(InvitesListed { at, guild_id, invites })])
    }

    fn sent(&mut self, message: MessageSent) -> Result<Vec<Event>, Failure> {
        self.messages += 1;
        let is_one_of = |many| self.messages.is_multiple_of(many);
        let MessageSent { at, channel_id, guild_id, message_id, user_id, .. } = message;
        let mut events = vec![message.into()];
        if let Some(before) = self.last.insert(channel_id, message).filter(|before| before.user_id != user_id) {
            let mentions = if is_one_of(MENTION) { vec![before.user_id] } else { Vec::new() };
            let reply =
                is_one_of(REPLY).then_some(RepliedTo { message_id: before.message_id, user_id: before.user_id });
            if reply.is_some() || !mentions.is_empty() {
                events.push(MessageAddressed { at, channel_id, guild_id, mentions, message_id, reply, user_id }.into());
            }
            if is_one_of(REACTION) {
                let emoji = Emoji::Unicode(format!("emoji{}", self.messages / REACTION % EMOJI));
                let (author_id, message_id) = (Some(before.user_id), before.message_id);
                events.push(ReactionAdded { at, author_id, channel_id, emoji, guild_id, message_id, user_id }.into());
            }
        }
        if is_one_of(COMMAND) {
            let name = format!("command{}", self.messages / COMMAND % COMMANDS);
            let interaction_id = message_id.get().try_into()?;
            events.push(CommandUsed { at, channel_id, guild_id, interaction_id, name, user_id }.into());
        }
        if let Some(&(thread, starter)) = self.threads.get(&channel_id)
            && starter != user_id
        {
            self.threads.remove(&channel_id);
            events.push(MessageSent { channel_id: thread, message_id: beside(message_id, 1)?, ..message }.into());
        }
        if is_one_of(THREAD) {
            events.extend(self.thread(message)?);
        }
        Ok(events)
    }

    /// Starts a thread from a message, with a first message by the same author.
    fn thread(&mut self, message: MessageSent) -> Result<[Event; 2], Failure> {
        let MessageSent { at, channel_id, guild_id, message_id, user_id, .. } = message;
        let thread = ChannelId::try_from(message_id.get())?;
        self.threads.insert(channel_id, (thread, user_id));
        let (kind, parent_id) = (11, Some(channel_id));
        let seen = ChannelSeen { at, channel_id: thread, guild_id, kind, name: None, parent_id, position: None };
        let first = MessageSent { channel_id: thread, message_id: beside(message_id, 2)?, ..message };
        Ok([seen.into(), first.into()])
    }
}

fn role(number: u64) -> Result<RoleId, Failure> {
    Ok(RoleId::try_from(number << 22)?)
}

/// Returns an id of the same second that no line of the data has.
fn beside(id: MessageId, number: u64) -> Result<MessageId, Failure> {
    Ok(MessageId::try_from(id.get() | (number << 28))?)
}
