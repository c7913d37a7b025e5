//! The same events give the same rows as in the SQLite store, however they are cut into batches.
#![cfg(feature = "libpq")]

mod support;

use std::time::Duration;

use mocha_postgres::PgStore;
use mocha_recorder::{
    Clock, Event,
    event::{
        CommandUsed, InviteCreated, InvitesListed, ListedInvite, MemberLeft, MemberSeen, MessageAddressed,
        PresenceChanged, PresencesListed, ReactionAdded, ReactionRemoved, ReactionsCleared, RepliedTo, RoleRemoved,
        RolesListed, VoiceSnapshot,
    },
};
use mocha_schema::{Emoji, PresenceStatus};
use mocha_store::Store;
use mocha_test_postgres::Database;
use support::{TestResult, at, embedded, guild, id, joined, message, record, same::assert_same, user, voice};

/// Numbers that look random: a linear congruential generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Few people in two guilds, so that much happens to each in one batch. Some time passes midnight.
fn events(seed: u64) -> Vec<Event> {
    let mut dice = Dice(seed);
    let mut ms = 0;
    let mut events = vec![guild(0, 1, 7), guild(0, 2, 7), user(0, 43, "helper", true)];
    for number in 0..400 {
        ms += match dice.roll(5) {
            0 => 0,
            1 => 400,
            2 => 1_000,
            3 => 90_000,
            _ => 2_000_000,
        };
        let (place, who) = (1 + dice.roll(2), 40 + dice.roll(4));
        let status = if dice.roll(2) == 0 { PresenceStatus::Online } else { PresenceStatus::Idle };
        let (guild_id, user_id) = (id(place), id(who));
        let emoji = if dice.roll(2) == 0 {
            Emoji::Unicode("\u{1f44d}".to_owned())
        } else {
            Emoji::Custom { id: id(7), name: (dice.roll(2) == 0).then(|| "party".to_owned()) }
        };
        let event = match dice.roll(29) {
            0..4 => voice(ms, place, who, Some(place * 10 + dice.roll(2))),
            4 | 5 => voice(ms, place, who, None),
            6 => VoiceSnapshot { at: at(ms), guild_id, voices: Vec::new() }.into(),
            7 | 8 => PresenceChanged { activity: None, at: at(ms), guild_id, status, user_id }.into(),
            9 => PresencesListed { at: at(ms), guild_id, is_complete: true, user_ids: vec![user_id] }.into(),
            10 | 26 => joined(ms, place, who),
            11 => MemberLeft { at: at(ms), guild_id, user_id }.into(),
            12 => RoleRemoved { at: at(ms), guild_id, role_id: id(5 + dice.roll(3)) }.into(),
            13 => RolesListed { at: at(ms), guild_id, role_ids: vec![id(5 + dice.roll(3)), id(5)] }.into(),
            14 | 15 => {
                let roles = (0..dice.roll(3)).map(|_| id(5 + dice.roll(3))).collect();
                let (joined_at, nickname) = (None, None);
                let premium_since = (dice.roll(2) == 0).then(|| at(1_000 * i64::try_from(dice.roll(3)).unwrap_or(0)));
                MemberSeen { at: at(ms), guild_id, joined_at, nickname, premium_since, roles: Some(roles), user_id }
                    .into()
            }
            16 | 17 => {
                let (channel_id, interaction_id) = (id(place * 10), id(1 + dice.roll(50)));
                CommandUsed { at: at(ms), channel_id, guild_id, interaction_id, name: "rank".into(), user_id }.into()
            }
            18 | 19 => {
                let (channel_id, message_id) = (id(place * 10), id(1000 + dice.roll(number + 1)));
                let author_id = (dice.roll(2) == 0).then(|| id(40 + dice.roll(4)));
                ReactionAdded { at: at(ms), author_id, channel_id, emoji, guild_id, message_id, user_id }.into()
            }
            20 if dice.roll(4) > 0 => {
                let message_id = id(1000 + dice.roll(number + 1));
                ReactionRemoved { at: at(ms), emoji, guild_id, message_id, user_id }.into()
            }
            20 => {
                let (emoji, message_id) = ((dice.roll(2) == 0).then_some(emoji), id(1000 + dice.roll(number + 1)));
                ReactionsCleared { at: at(ms), emoji, guild_id, message_id }.into()
            }
            21 | 22 => {
                let reply =
                    (dice.roll(2) == 0).then(|| RepliedTo { message_id: id(900), user_id: id(40 + dice.roll(4)) });
                let mentions = (0..dice.roll(3)).map(|_| id(40 + dice.roll(4))).collect();
                let (channel_id, message_id) = (id(place * 10), id(1000 + dice.roll(number + 1)));
                let at = at(ms);
                MessageAddressed { at, channel_id, guild_id, mentions, message_id, reply, user_id }.into()
            }
            23 | 24 => {
                let invites = (0..dice.roll(4)).map(|number| ListedInvite {
                    code: format!("code-{number}"),
                    inviter_id: (dice.roll(3) > 0).then(|| id(40 + dice.roll(4))),
                    is_vanity: number == 2,
                    max_uses: Some(dice.roll(3)),
                    uses: dice.roll(3),
                });
                let invites = invites.collect();
                InvitesListed { at: at(ms), guild_id, invites }.into()
            }
            25 => {
                let code = format!("code-{}", dice.roll(4));
                let max_uses = (dice.roll(2) == 0).then_some(1);
                InviteCreated { at: at(ms), code, guild_id, inviter_id: Some(user_id), max_uses }.into()
            }
            27 => embedded(ms, 1000 + dice.roll(number + 1), place),
            _ => message(ms, 1000 + number, place, who),
        };
        if dice.roll(6) == 0 {
            // Discord delivers it twice.
            events.push(event.clone());
        }
        events.push(event);
    }
    events
}

#[test]
fn random_events_give_the_same_rows_in_any_batches() -> TestResult {
    for seed in 0..3 {
        for batch_len in [1, 7, 4_096] {
            let Some(database) = Database::create() else { return Ok(()) };
            let sqlite = Store::builder().clock(Clock::Events).open_in_memory()?;
            let postgres =
                support::connect(PgStore::builder().batch_len(batch_len).clock(Clock::Events), database.url())?;
            for guild_id in [1, 2] {
                if support::count_awards(&postgres, guild_id, Duration::from_mins(15))? {
                    sqlite.count_awards(id(guild_id), Duration::from_mins(15))?;
                }
            }
            let events = events(seed);
            let (first, rest) = events.split_at(250);
            for events in [first, rest] {
                // Another recorder remembers nothing.
                let recorder = sqlite.recorder()?;
                let running = postgres.recorder()?;
                for event in events {
                    recorder.record(event.clone())?;
                }
                recorder.shutdown()?;
                record(&postgres, events.iter().cloned())?;
                assert_eq!(running.stats().rejected, 0);
                running.shutdown()?;
            }
            assert_same(&sqlite, &database).map_err(|error| format!("seed {seed}, {batch_len} a batch: {error}"))?;
            assert_eq!(postgres.verify()?, [], "seed {seed}, {batch_len} a batch");
        }
    }
    Ok(())
}
