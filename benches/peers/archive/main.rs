//! Archives a store and prints the store's leaderboards, for `peers/archive/run.sh` to compare.
//!
//! Arguments: a store's file (`-` for the real messages, or simulated ones without them) and a folder
//! to work in. With `--bench` it takes all messages, otherwise a few as a test. It prints a line for
//! each guild and user: guild, user, messages; then it prints the path of the archive on standard
//! error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "another program reads it")]

use std::path::{Path, PathBuf};

use mocha_archive::Archive;
use mocha_benches::{Failure, irc, single_and_double};
use mocha_schema::{GuildId, schema::guilds};
use mocha_stats::{Bots, Leaderboard};
use mocha_store::{Maintenance, Store};

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [file, folder] = &args[..] else { return Err("arguments: FILE FOLDER".into()) };
    let folder = Path::new(folder);
    let file = match file.as_str() {
        "-" => match irc(folder)? {
            Some(file) => file.path,
            None => single_and_double(folder)?.into_iter().next().ok_or("no file")?.path,
        },
        file => PathBuf::from(file),
    };
    let store = Store::builder().maintenance(Maintenance::off()).open(file)?;
    let archive = Archive::open(folder.join("archive"))?;
    archive.add(&store)?;
    let guilds: Vec<GuildId> = store.read(|conn| {
        use diesel::{QueryDsl as _, RunQueryDsl as _};
        guilds::table.select(guilds::id).order(guilds::id).load(conn)
    })?;
    for guild in guilds {
        let board = store.read(|conn| Leaderboard::messages(guild).bots(Bots::Exclude).load(conn))?;
        for entry in board.entries {
            println!("{guild},{},{}", entry.user_id, entry.value);
        }
    }
    eprintln!("{}", archive.folder().display());
    Ok(())
}
