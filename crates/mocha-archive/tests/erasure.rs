//! Erasures and exports reach the archive, and erased users do not come back.

mod support;

use mocha_archive::Archive;
use mocha_schema::UserId;
use support::*;

fn user_with_most(store: &mocha_store::Store) -> TestResult<UserId> {
    let most = "SELECT user_id AS line FROM message_events GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    Ok(lines(store, most)?.first().ok_or("nobody wrote")?.parse()?)
}

#[test]
fn no_file_holds_the_user_and_the_receipt_says_which_did() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 21)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    let user = user_with_most(&store)?;
    execute(
        &store,
        &format!(
            "INSERT INTO member_events (id, guild_id, user_id, event_type, created_at)
             SELECT 'join:{user}', min(guild_id), '{user}', 'join', 1706000000 FROM message_events"
        ),
    )?;
    archive.add(&store)?;
    let is_of_user = |row: &String| row.contains(&format!("'{user}'"));
    let (of_user, others): (Vec<_>, Vec<_>) = events(&store)?.into_iter().partition(is_of_user);
    let mut json = Vec::new();
    let exported = archive.export_user(&store, user, None, &mut json)?;
    let json: serde_json::Value = serde_json::from_slice(&json)?;
    let tables = json["archive"].as_object().ok_or("no tables")?;
    let archived: usize = tables.values().filter_map(|rows| rows.as_array()).map(Vec::len).sum();
    assert_eq!(archived, of_user.len());
    assert!(exported > u64::try_from(archived)?, "{exported}");
    assert_eq!(json["archive"]["messages"][0]["user_id"], user.to_string());

    let erased = archive.erase(store.forget_user(user))?;
    assert!(erased.is_complete());
    assert_eq!(erased.archive.rows(), u64::try_from(of_user.len())?);
    assert!(erased.archive.files.iter().any(|file| file.table == "messages" && file.month.to_string() == "2024-02"));
    let mut tables: Vec<&str> = erased.archive.files.iter().map(|file| file.table).collect();
    tables.dedup();
    assert_eq!(tables, ["messages", "voice", "voice_log", "members", "presences"]);
    assert_eq!(sound(&archive)?, u64::try_from(others.len())?);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert!(events(&new)? == others, "other rows changed, or some are left");
    let mut json = Vec::new();
    assert_eq!(archive.export_user(&store, user, None, &mut json)?, 0);
    // Once more there is nothing to do.
    assert_eq!(archive.forget_user(user, None)?.files, []);
    Ok(())
}

#[test]
fn a_tombstone_keeps_a_restoration_from_bringing_the_user_back() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 22)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    let user = user_with_most(&store)?;
    let others: Vec<String> = events(&store)?.into_iter().filter(|row| !row.contains(&format!("'{user}'"))).collect();
    // The archive was on another disk, so the erasure did not reach it.
    let receipt = store.forget_user(user).run()?;
    assert!(receipt.is_complete());
    execute(&store, "DELETE FROM message_events")?;
    let restored = archive.restore(&store).run()?;
    assert!(restored.withheld > 0);
    assert!(events(&store)? == others, "the user is back, or others are not");
    Ok(())
}

#[test]
fn an_erasure_in_one_guild_leaves_the_archives_of_others() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 23)?;
    let other = server(24).guild(id(1 << 40));
    record(&store, other.events())?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    let user = user_with_most(&store)?;
    let erased = archive.erase(store.forget_user(user).in_guild(other.guild_id()))?;
    assert!(erased.archive.files.iter().all(|file| file.guild_id == other.guild_id()));
    assert!(erased.archive.rows() > 0);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert_eq!(events(&new)?, events(&store)?);
    Ok(())
}

#[test]
fn an_erasure_goes_past_a_damaged_file_and_names_it() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 25)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    let user = user_with_most(&store)?;
    let name = format!("messages/guild_id={}/month=2024-01/part-0.parquet", server(25).guild_id());
    std::fs::write(archive.folder().join(&name), "PAR1")?;
    let erased = archive.erase(store.forget_user(user))?;
    assert!(!erased.is_complete() && erased.store.is_complete());
    assert!(erased.archive.problems.len() == 1 && erased.archive.problems[0].to_string().contains(&name));
    assert!(erased.archive.files.iter().any(|file| file.table == "messages"));
    Ok(())
}
