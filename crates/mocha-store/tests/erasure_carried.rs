//! Erasures that are copied from another file.

mod support;

use mocha_store::{Store, event::MessageSent};
use support::{GUILD, TestResult, id, later, lines, message, record};

const OTHER_GUILD: u64 = 11;
const PERSON: u64 = 40;

/// Returns a message of the user in the guild, later than the erasures of a test.
fn message_in(guild: u64, number: u64) -> MessageSent {
    let mocha_store::Event::MessageSent(sent) = message(later(0), number, 20 + guild, PERSON) else { unreachable!() };
    MessageSent { guild_id: id(guild), ..sent }
}

fn apply(store: &Store, folder: &std::path::Path) -> Result<usize, mocha_store::Error> {
    store.reapply_erasures_from(folder.join("other.db")).run()
}

/// Erases the user in another file first and then in this one, each time in a guild or in all.
fn erased(folder: &std::path::Path, there: Option<u64>, here: Option<u64>) -> TestResult<Store> {
    for (name, guild) in [("other.db", there), ("stats.db", here)] {
        let erasure = Store::open(folder.join(name))?.forget_user(id(PERSON));
        let erasure = match guild {
            Some(guild) => erasure.in_guild(id(guild)),
            None => erasure,
        };
        assert!(erasure.run()?.is_complete());
    }
    Ok(Store::open(folder.join("stats.db"))?)
}

#[test]
fn an_older_erasure_under_another_key_does_not_erase_a_user_who_came_back() -> TestResult {
    for (there, here) in [(None, None), (Some(GUILD), Some(GUILD)), (Some(GUILD), None)] {
        let folder = tempfile::tempdir()?;
        let store = erased(folder.path(), there, here)?;
        record(&store, [message_in(GUILD, 1).into()])?;
        assert_eq!(apply(&store, folder.path())?, 0, "{there:?} {here:?}");
        assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["1"]);
    }
    Ok(())
}

#[test]
fn an_older_erasure_everywhere_spares_the_guild_that_erased_later() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = erased(folder.path(), None, Some(GUILD))?;
    record(&store, [message_in(GUILD, 1).into(), message_in(OTHER_GUILD, 2).into()])?;
    assert_eq!(apply(&store, folder.path())?, 1);
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["1"]);
    assert_eq!(lines(&store, "SELECT id AS line FROM users")?, [PERSON.to_string()]);
    Ok(())
}

#[test]
fn a_newer_erasure_under_another_key_erases() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    assert!(store.forget_user(id(PERSON)).run()?.is_complete());
    record(&store, [message_in(GUILD, 1).into()])?;
    let other = Store::open(folder.path().join("other.db"))?;
    assert!(other.opt_out_user(id(PERSON)).run()?.is_complete());
    assert_eq!(apply(&store, folder.path())?, 1);
    assert!(store.is_opted_out(id(PERSON), Some(id(GUILD)))?);
    Ok(())
}
