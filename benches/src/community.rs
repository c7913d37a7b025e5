//! The file of a simulated community.

use std::path::Path;

use chrono::TimeDelta;
use mocha_sim::Community;

use crate::{Failure, File, file::file, is_test};

const SEED: u64 = 1;

/// The number of messages of a large guild and five hundred small ones in a year.
const MESSAGES: u32 = 5_000_000;
const DAYS: u32 = 365;
const SMALL_GUILDS: u16 = 500;

/// The number of messages in a test.
const TEST_MESSAGES: u32 = 20_000;
const TEST_DAYS: u32 = 40;
const TEST_SMALL_GUILDS: u16 = 20;

/// Returns `community-5000000.db` in this folder, and creates it if it is missing, which takes some minutes and two gigabytes.
///
/// A test creates a small file.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
///
pub fn community(folder: &Path) -> Result<File, Failure> {
    let (messages, days, small_guilds) =
        if is_test() { (TEST_MESSAGES, TEST_DAYS, TEST_SMALL_GUILDS) } else { (MESSAGES, DAYS, SMALL_GUILDS) };
    let community = Community::new(SEED).messages(messages).days(days).small_guilds(small_guilds);
    let path = file(folder, &format!("community-{messages}"), || Ok(Box::new(community.events().map(Ok))))?;
    let mut guilds = community.guilds().map(|guild| guild.guild_id);
    let guild_id = guilds.next().ok_or("a community has a large guild")?;
    let now = community.end() - TimeDelta::minutes(503);
    Ok(File { guild_id, now, path, small_guild_id: guilds.next() })
}
