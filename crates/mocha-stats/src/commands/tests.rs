use std::{cmp::Reverse, collections::BTreeMap};

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::{
    Period,
    fixture::{MONDAY, TestResult, insert_command_use},
    random,
    test_file::{File, empty},
};

const TEN_WEEKS: i64 = 70 * 86_400;

/// A use: guild, user, name and second.
type Use = (u64, u64, &'static str, i64);

fn uses() -> impl Strategy<Value = Vec<Use>> {
    let name = prop::sample::select(["rank", "stats", "stats voice"].as_slice());
    let one = (random::guild(), random::user(), name, MONDAY..MONDAY + TEN_WEEKS);
    prop::collection::vec(one, 0..20)
}

fn insert(conn: &mut File, uses: &[Use]) -> TestResult {
    for ((guild, user, name, second), number) in uses.iter().zip(1..) {
        insert_command_use(conn, *guild, number, *user, name, *second)?;
    }
    Ok(())
}

/// The uses that count, one by one.
fn counted<'a>(
    uses: &'a [Use],
    scope: &'a Scope,
    from: i64,
) -> impl Iterator<Item = (u64, &'static str, i64)> + Clone + 'a {
    let counts = move |(guild, user, name, second): &&Use| {
        *guild == scope.guild.get()
            && scope.user.is_none_or(|only| only.get() == *user)
            && scope.command.as_ref().is_none_or(|only| only == name)
            && random::holds(scope.window, second * 1000)
            && *second >= from
    };
    uses.iter().filter(counts).map(|(_, user, name, second)| (*user, *name, *second))
}

/// Keys by their number of values, most first.
fn by_count<K: Ord + Copy>(keys: impl Iterator<Item = K>) -> Vec<(K, u64)> {
    let mut counts: BTreeMap<K, u64> = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    let mut counts: Vec<(K, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|count| Reverse(count.1));
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_answers_are_what_plain_rust_counts(
        uses in uses(), window in random::window(TEN_WEEKS), zone in random::zone(),
        command in prop::option::of(prop::sample::select(["rank", "stats", "none"].as_slice())),
        user in prop::option::of(random::user()), horizon in prop::option::of(0..70_i64),
        period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice())
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &uses).unwrap();
        let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
        conn.execute(format!("UPDATE horizons SET messages_from = {from}")).unwrap();
        let mut question = Commands::of(random::GUILD.try_into().unwrap()).within(window);
        let mut series = CommandSeries::of(random::GUILD.try_into().unwrap()).within(window).by(period).zone(zone);
        if let Some(command) = command {
            (question, series) = (question.command(command), series.command(command));
        }
        if let Some(user) = user {
            let user = user.try_into().unwrap();
            (question, series) = (question.user(user), series.user(user));
        }
        let mut scope = Scope { window, ..Scope::of(random::GUILD.try_into().unwrap()) };
        scope.command = command.map(str::to_owned);
        scope.user = user.map(|user| user.try_into().unwrap());
        let counted = counted(&uses, &scope, from);

        let answer = question.load(&mut conn).unwrap();
        let all = u64::try_from(counted.clone().count()).unwrap();
        let found: Vec<_> = answer.users.iter().map(|user| (user.user_id.get(), user.uses)).collect();
        prop_assert_eq!(found, by_count(counted.clone().map(|one| one.0)));
        let found: Vec<_> = answer.commands.iter().map(|command| (command.name.as_str(), command.uses)).collect();
        prop_assert_eq!(found, by_count(counted.clone().map(|one| one.1)));
        for command in &answer.commands {
            let users = by_count(counted.clone().filter(|one| one.1 == command.name).map(|one| one.0));
            prop_assert_eq!(command.user_count, u64::try_from(users.len()).unwrap());
        }
        prop_assert_eq!(answer.uses, all);

        let answer = series.load(&mut conn).unwrap();
        prop_assert_eq!((answer.uses, answer.periods.iter().map(|period| period.uses).sum::<u64>()), (all, all));
        for (place, row) in answer.periods.iter().enumerate() {
            let next = answer.periods.get(place + 1).map(|next| next.start.to_utc());
            let inside = |second: i64| {
                let at = DateTime::from_timestamp(second, 0).unwrap();
                row.start.to_utc() <= at && next.is_none_or(|next| at < next)
            };
            let own = counted.clone().filter(|one| inside(one.2)).count();
            prop_assert_eq!(row.uses, u64::try_from(own).unwrap());
        }
    }
}
