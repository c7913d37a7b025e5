//! The catalogue generates the page in `docs` that lists every table and column.

use std::{env, fmt::Write as _, fs, path::Path};

use mocha_schema::catalogue::{ARCHIVE, Class, Column, Kept, TABLES, Table};

const INTRODUCTION: &str = "\
# Schema

Every table and column of a Mocha file. The eight tables of the original (`guilds`, `users`,
`channels`, `members`, `message_events`, `voice_events`, `member_events` and `presence_events`) keep
their names and columns, so your own queries keep working. The other tables are Mocha's own and may
change with a migration.

Ids are decimal TEXT in the eight tables and in `voice_intervals`, and INTEGER in roll-ups. Columns
that end in `_ms` are unix milliseconds, other times are unix seconds, and a `day` is the number of
days since 1970 in UTC. *Identifying* columns hold a user's id or name, *derived* ones say something
about a user, and *plain* ones do neither.

This page is made from the catalogue in `mocha-schema`.
";

const ARCHIVED: &str = "
## The archive

An archive (feature `archive`) keeps events in Parquet files, one for each table, guild and month:
`messages/guild_id=81384788765712384/month=2024-05/part-0.parquet`. This is version 1 of their
schema, and the files have the version in their metadata as `mocha.schema_version`. Ids are INT64,
times are TIMESTAMP in milliseconds and UTC, truth values are BOOLEAN, and a NULL means that the
value is unknown. Rows are sorted by the last column, then by their ID. They stay until their user
is erased in the archive, or the file is deleted.
";

fn page() -> Result<String, std::fmt::Error> {
    let mut page = INTRODUCTION.to_owned();
    let mut tables: Vec<&Table> = TABLES.iter().collect();
    tables.sort_by_key(|table| table.name);
    for table in tables {
        write!(page, "\n## `{}`\n\nHolds {}.\n{}\n\n", table.name, table.purpose, kept(table.kept))?;
        columns(&mut page, table.columns)?;
    }
    page.push_str(ARCHIVED);
    for table in ARCHIVE {
        write!(page, "\n### `{}`\n\nKeeps the rows of `{}`.\n\n", table.folder, table.table)?;
        columns(&mut page, table.columns)?;
    }
    Ok(page)
}

fn columns(page: &mut String, columns: &[Column]) -> std::fmt::Result {
    writeln!(page, "| column | holds | class |\n|---|---|---|")?;
    for column in columns {
        let class = match column.class {
            Class::Derived => "derived",
            Class::Identifying => "identifying",
            _ => "plain",
        };
        writeln!(page, "| `{}` | {} | {class} |", column.name, column.purpose)?;
    }
    Ok(())
}

fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Events => "A retention policy deletes its old rows.",
        Kept::Member => "A row is deleted when the member leaves.",
        Kept::Rollups => "Its rows stay when their events are deleted.",
        Kept::Tombstone => "Its rows stay after the erasure that created them.",
        Kept::User => "A row is deleted when the user is erased.",
        _ => "Its rows stay as long as the file.",
    }
}

#[test]
fn the_page_is_current() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.md");
    let page = page()?;
    if env::var_os("MOCHA_WRITE_SCHEMA_PAGE").is_some() {
        fs::write(&path, &page)?;
    }
    let written = fs::read_to_string(&path)?;
    assert_eq!(page, written, "write it with MOCHA_WRITE_SCHEMA_PAGE=1 cargo test -p mocha-schema --test schema_page");
    Ok(())
}
