//! `schema.rs` declares exactly the tables, columns and keys of a migrated file.

mod sql;

use diesel::{
    Column, Table, debug_query,
    query_builder::QueryFragment,
    sql_types::{HasSqlType, SqlType, is_nullable},
    sqlite::{Sqlite, SqliteType},
};
use mocha_schema::schema::{
    active_months, award_days, award_spans, award_totals, bots, channel_histories, channels, command_uses,
    ended_boosts, gateway_sessions, gone_channels, guild_states, guilds, horizons, invited_members, invites,
    level_guilds, member_days, member_events, member_roles, members, message_addressees, message_days, message_events,
    message_months, message_quarters, message_thirds, message_totals, mocha_migrations, packed_quarters,
    point_balances, presence_events, reactions, recorder_states, reported_levels, tombstone_keys, tombstones,
    unheard_guilds, user_names, users, voice_channel_days, voice_channel_months, voice_days, voice_events,
    voice_intervals, voice_months, voice_totals, watermarks,
};
use sql::{Failure, lines, migrated};

/// Whether Diesel's type of a column allows NULL.
trait Nullability {
    const MARK: &'static str;
}

impl Nullability for is_nullable::IsNullable {
    const MARK: &'static str = "";
}

impl Nullability for is_nullable::NotNull {
    const MARK: &'static str = " !";
}

/// The columns of a table, in order, as Diesel's types declare them.
trait Columns {
    fn facts() -> Vec<String>;
}

/// Returns the name, the affinity, and `!` if NULL is refused.
fn fact<C>() -> String
where
    C: Column,
    C::SqlType: SqlType<IsNull: Nullability>,
    Sqlite: HasSqlType<C::SqlType>,
{
    let affinity = match <Sqlite as HasSqlType<C::SqlType>>::metadata(&mut ()) {
        SqliteType::Binary => "BLOB",
        SqliteType::Text => "TEXT",
        SqliteType::Integer | SqliteType::Long | SqliteType::SmallInt => "INTEGER",
        other => panic!("{}: no column should have the type {other:?}", C::NAME),
    };
    format!("{} {affinity}{}", C::NAME, <<C::SqlType as SqlType>::IsNull as Nullability>::MARK)
}

/// Implements [`Columns`] for tuples.
macro_rules! columns {
    ($($column:ident)+) => {
        impl<$($column),+> Columns for ($($column,)+)
        where
            $($column: Column, $column::SqlType: SqlType<IsNull: Nullability>, Sqlite: HasSqlType<$column::SqlType>,)+
        {
            fn facts() -> Vec<String> {
                vec![$(fact::<$column>()),+]
            }
        }
    };
}

columns!(A B);
columns!(A);
columns!(A B C);
columns!(A B C D);
columns!(A B C D E);
columns!(A B C D E F);
columns!(A B C D E F G);
columns!(A B C D E F G H);
columns!(A B C D E F G H I);
columns!(A B C D E F G H I J);
columns!(A B C D E F G H I J K);
columns!(A B C D E F G H I J K L);
columns!(A B C D E F G H I J K L M);
columns!(A B C D E F G H I J K L M N);
columns!(A B C D E F G H I J K L M N O);

/// A table of `schema.rs`: its name in SQL, its columns and its key.
struct Declared {
    columns: Vec<String>,
    key: Vec<String>,
    name: String,
}

fn declared<T>(table: &T) -> Declared
where
    T: Table<AllColumns: Columns, PrimaryKey: QueryFragment<Sqlite>> + QueryFragment<Sqlite>,
{
    let key = names(&table.primary_key());
    Declared { columns: T::AllColumns::facts(), key, name: names(table).concat() }
}

/// Returns the last parts of the names that a piece of SQL lists.
fn names(fragment: &impl QueryFragment<Sqlite>) -> Vec<String> {
    let sql = debug_query::<Sqlite, _>(fragment).to_string();
    let listed = sql.split(" -- ").next().unwrap_or_default().split(", ");
    listed.filter_map(|name| Some(name.trim_matches(['(', ')', '`']).rsplit("`.`").next()?.to_owned())).collect()
}

/// Returns all declared tables, in order of name.
fn all() -> Vec<Declared> {
    vec![
        declared(&active_months::table),
        declared(&award_days::table),
        declared(&award_spans::table),
        declared(&award_totals::table),
        declared(&bots::table),
        declared(&channel_histories::table),
        declared(&channels::table),
        declared(&command_uses::table),
        declared(&ended_boosts::table),
        declared(&gateway_sessions::table),
        declared(&gone_channels::table),
        declared(&guild_states::table),
        declared(&guilds::table),
        declared(&horizons::table),
        declared(&invited_members::table),
        declared(&invites::table),
        declared(&level_guilds::table),
        declared(&member_days::table),
        declared(&member_events::table),
        declared(&member_roles::table),
        declared(&members::table),
        declared(&message_addressees::table),
        declared(&message_days::table),
        declared(&message_events::table),
        declared(&message_months::table),
        declared(&message_quarters::table),
        declared(&message_thirds::table),
        declared(&message_totals::table),
        declared(&mocha_migrations::table),
        declared(&packed_quarters::table),
        declared(&point_balances::table),
        declared(&presence_events::table),
        declared(&reactions::table),
        declared(&recorder_states::table),
        declared(&reported_levels::table),
        declared(&tombstone_keys::table),
        declared(&tombstones::table),
        declared(&unheard_guilds::table),
        declared(&user_names::table),
        declared(&users::table),
        declared(&voice_channel_days::table),
        declared(&voice_channel_months::table),
        declared(&voice_days::table),
        declared(&voice_events::table),
        declared(&voice_intervals::table),
        declared(&voice_months::table),
        declared(&voice_totals::table),
        declared(&watermarks::table),
    ]
}

#[test]
fn every_table_is_declared_once() -> Result<(), Failure> {
    let names: Vec<_> = all().into_iter().map(|table| table.name).collect();
    let in_the_file =
        lines(&mut migrated()?, "SELECT name AS line FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    assert_eq!(names, in_the_file);
    // The list above has to contain every `table!`.
    let sources = [
        include_str!("../src/schema.rs"),
        include_str!("../src/schema/community.rs"),
        include_str!("../src/schema/rollups.rs"),
    ];
    assert_eq!(sources.concat().matches("diesel::table! {").count(), names.len());
    Ok(())
}

#[test]
fn columns_match_the_file() -> Result<(), Failure> {
    let mut conn = migrated()?;
    for Declared { columns, name, .. } in all() {
        let in_the_file = lines(
            &mut conn,
            &format!(
                "SELECT name || ' ' || type || iif(\"notnull\", ' !', '') AS line FROM pragma_table_info('{name}')
                 ORDER BY cid"
            ),
        )?;
        assert_eq!(columns, in_the_file, "{name}");
    }
    Ok(())
}

#[test]
fn primary_keys_match_the_file() -> Result<(), Failure> {
    let mut conn = migrated()?;
    for Declared { key, name, .. } in all() {
        let sql = format!("SELECT name AS line FROM pragma_table_info('{name}') WHERE pk ORDER BY pk");
        assert_eq!(key, lines(&mut conn, &sql)?, "{name}");
    }
    Ok(())
}
