//! The eight tables have exactly the columns, defaults, keys and indexes of the TypeScript original.

mod sql;

use diesel::prelude::*;
use sql::{Failure, lines, migrated};

/// Columns in order: name, type, `!` if NULL is refused, default, primary key.
const COLUMNS: [(&str, &[&str]); 8] = [
    (
        "channels",
        &[
            "id TEXT ! pk",
            "guild_id TEXT !",
            "name TEXT",
            "type INTEGER !",
            "parent_id TEXT",
            "position INTEGER",
            "created_at INTEGER !",
            "updated_at INTEGER !",
        ],
    ),
    (
        "guilds",
        &[
            "id TEXT ! pk",
            "name TEXT",
            "icon TEXT",
            "member_count INTEGER",
            "created_at INTEGER !",
            "updated_at INTEGER !",
        ],
    ),
    (
        "member_events",
        &[
            "id TEXT ! pk",
            "guild_id TEXT !",
            "user_id TEXT !",
            "event_type TEXT !",
            "member_count INTEGER",
            "created_at INTEGER !",
        ],
    ),
    (
        "members",
        &[
            "id TEXT ! pk",
            "guild_id TEXT !",
            "user_id TEXT !",
            "nickname TEXT",
            "joined_at INTEGER",
            "premium_since INTEGER",
            "created_at INTEGER !",
            "updated_at INTEGER !",
        ],
    ),
    (
        "message_events",
        &[
            "id TEXT ! pk",
            "guild_id TEXT !",
            "channel_id TEXT !",
            "user_id TEXT !",
            "message_type INTEGER =0",
            "has_attachment INTEGER =false",
            "has_embed INTEGER =false",
            "character_count INTEGER =0",
            "word_count INTEGER =0",
            "created_at INTEGER !",
        ],
    ),
    (
        "presence_events",
        &[
            "id TEXT ! pk",
            "guild_id TEXT !",
            "user_id TEXT !",
            "status TEXT",
            "activity_type INTEGER",
            "activity_name TEXT",
            "created_at INTEGER !",
        ],
    ),
    (
        "users",
        &[
            "id TEXT ! pk",
            "username TEXT",
            "discriminator TEXT",
            "avatar TEXT",
            "bot INTEGER =false",
            "created_at INTEGER !",
            "updated_at INTEGER !",
        ],
    ),
    (
        "voice_events",
        &[
            "id TEXT ! pk",
            "guild_id TEXT !",
            "channel_id TEXT",
            "user_id TEXT !",
            "event_type TEXT !",
            "session_start INTEGER",
            "session_end INTEGER",
            "duration INTEGER =0",
            "muted INTEGER =false",
            "deafened INTEGER =false",
            "created_at INTEGER !",
        ],
    ),
];

/// Indexes with table, name and columns, in order of table and name, without Mocha's own `idx_member_events_user_time`.
const INDEXES: [&str; 20] = [
    "channels idx_channels_guild_id (guild_id)",
    "channels idx_channels_type (type)",
    "guilds idx_guilds_created_at (created_at)",
    "member_events idx_member_events_guild_time (guild_id, created_at)",
    "member_events idx_member_events_type_time (event_type, created_at)",
    "members idx_members_guild_id (guild_id)",
    "members idx_members_joined_at (joined_at)",
    "members idx_members_user_id (user_id)",
    "message_events idx_message_events_channel_time (channel_id, created_at)",
    "message_events idx_message_events_guild_time (guild_id, created_at)",
    "message_events idx_message_events_guild_user (guild_id, user_id)",
    "message_events idx_message_events_user_time (user_id, created_at)",
    "presence_events idx_presence_events_guild_time (guild_id, created_at)",
    "presence_events idx_presence_events_status (status)",
    "presence_events idx_presence_events_user_time (user_id, created_at)",
    "users idx_users_bot (bot)",
    "voice_events idx_voice_events_channel_time (channel_id, created_at)",
    "voice_events idx_voice_events_guild_time (guild_id, created_at)",
    "voice_events idx_voice_events_session (session_start, session_end)",
    "voice_events idx_voice_events_user_time (user_id, created_at)",
];

const FOREIGN_KEYS: [&str; 6] = [
    "channels.guild_id -> guilds.id ON DELETE CASCADE",
    "members.guild_id -> guilds.id ON DELETE CASCADE",
    "members.user_id -> users.id ON DELETE CASCADE",
    "message_events.channel_id -> channels.id ON DELETE CASCADE",
    "message_events.guild_id -> guilds.id ON DELETE CASCADE",
    "message_events.user_id -> users.id ON DELETE CASCADE",
];

/// Runs a query for each of the eight tables, where `?1` stands for the table's name, and returns all lines.
fn facts(conn: &mut SqliteConnection, sql: &str) -> QueryResult<Vec<String>> {
    let mut facts = Vec::new();
    for (table, _) in COLUMNS {
        facts.extend(lines(conn, &sql.replace("?1", &format!("'{table}'")))?);
    }
    Ok(facts)
}

#[test]
fn columns_are_as_specified() -> Result<(), Failure> {
    let mut conn = migrated()?;
    for (table, expected) in COLUMNS {
        let columns = lines(
            &mut conn,
            &format!(
                "SELECT name || ' ' || type || iif(\"notnull\", ' !', '') || ifnull(' =' || dflt_value, '')
                     || iif(pk, ' pk', '') AS line
                 FROM pragma_table_info('{table}') ORDER BY cid"
            ),
        )?;
        assert_eq!(columns, expected, "{table}");
    }
    Ok(())
}

#[test]
fn indexes_are_as_specified() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let indexes = facts(
        &mut conn,
        "SELECT ?1 || ' ' || i.name || iif(i.\"unique\", ' unique', '') || iif(i.partial, ' partial', '') || ' ('
             || (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(i.name)) || ')' AS line
         FROM pragma_index_list(?1) i WHERE i.origin = 'c' AND i.name <> 'idx_member_events_user_time' ORDER BY i.name",
    )?;
    assert_eq!(indexes, INDEXES);
    Ok(())
}

#[test]
fn the_primary_key_is_the_only_other_index() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let others = facts(&mut conn, "SELECT ?1 || ' ' || origin AS line FROM pragma_index_list(?1) WHERE origin <> 'c'")?;
    assert_eq!(others, COLUMNS.map(|(table, _)| format!("{table} pk")));
    Ok(())
}

#[test]
fn foreign_keys_are_as_specified() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let keys = facts(
        &mut conn,
        "SELECT ?1 || '.' || \"from\" || ' -> ' || \"table\" || '.' || \"to\" || ' ON DELETE ' || on_delete AS line
         FROM pragma_foreign_key_list(?1) ORDER BY \"from\"",
    )?;
    assert_eq!(keys, FOREIGN_KEYS);
    Ok(())
}
