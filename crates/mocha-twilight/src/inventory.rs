//! What is stored because of which intents, for who has to account for it.

use std::fmt;

use mocha_store::privacy::{Class, Kept, LEDGER, Source, Table};
use twilight_model::gateway::Intents;

use crate::Statistic;

/// Which data a bot with these intents stores, what for, and for how long: what Discord's yearly review of privileged intents asks.
///
/// It is made from the ledger of the file, [`LEDGER`], and [`Display`](fmt::Display) writes it as Markdown: a section for each
/// statistic that the intents allow, and in it each table with its columns that tell of people. Printing is the caller's. What the bot does
/// with the answers, and what it stores outside Mocha, is the author's to add.
///
/// ```
/// use mocha_twilight::DataInventory;
/// use twilight_model::gateway::Intents;
///
/// let inventory = DataInventory::new(Intents::GUILDS | Intents::GUILD_MESSAGES);
/// let text = inventory.to_string();
/// assert!(text.contains("message_events"));
/// assert!(!text.contains("presence_events"));
/// // Without the privileged intent nothing tells how long messages are.
/// assert!(!text.contains("character_count"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DataInventory {
    intents: Intents,
}

impl DataInventory {
    /// The inventory of a bot that connects with these intents.
    #[must_use]
    pub const fn new(intents: Intents) -> Self {
        Self { intents }
    }

    /// What the intents allow to be told, in the order of [`Statistic::ALL`].
    pub fn statistics(self) -> impl Iterator<Item = Statistic> {
        Statistic::ALL.into_iter().filter(move |statistic| self.intents.contains(statistic.intents()))
    }

    /// Whether the bot hears what the data is made of.
    fn hears(self, source: Source) -> bool {
        source == Source::Recorder
            || source == Source::Guilds && self.intents.contains(Intents::GUILDS)
            || self.statistics().any(|statistic| sources(statistic).contains(&source))
    }
}

impl fmt::Display for DataInventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for statistic in self.statistics() {
            let intents: Vec<_> = statistic.intents().iter_names().map(|(name, _)| format!("`{name}`")).collect();
            writeln!(f, "## {statistic:?}\n\nBy {}.\n", intents.join(", "))?;
            for source in sources(statistic) {
                let content = *source == Source::MessageContent;
                let fills = |table: &&Table| {
                    table.sources.contains(source)
                        || content && table.columns.iter().any(|column| column.source == Some(*source))
                };
                for table in LEDGER.iter().filter(fills).filter(|table| tells_of_people(table)) {
                    write_table(table, *source, f)?;
                }
            }
            writeln!(f)?;
        }
        writeln!(f, "## Of no person\n")?;
        for table in LEDGER.iter().filter(|table| !tells_of_people(table)) {
            if table.sources.iter().any(|source| self.hears(*source)) {
                writeln!(f, "* `{}`: {}. Kept {}.", table.name, table.purpose, kept(table.kept))?;
            }
        }
        writeln!(f, "\n## Of who was forgotten\n")?;
        for table in LEDGER.iter().filter(|table| table.kept == Kept::Tombstone) {
            write_table(table, Source::Recorder, f)?;
        }
        writeln!(f, "\n## On request\n")?;
        writeln!(f, "* a person's rows as JSON: `Store::export_user`")?;
        writeln!(f, "* all of them erased, in the file and in backups made afterwards: `Store::forget_user`")?;
        writeln!(f, "* and nothing recorded any more: `Store::opt_out_user`")
    }
}

/// A table with the columns that are filled, by class.
fn write_table(table: &Table, of: Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "* `{}`: {}. Kept {}.", table.name, table.purpose, kept(table.kept))?;
    for (class, what) in [(Class::Identifying, "who"), (Class::Derived, "what they did")] {
        let columns = table.columns.iter().filter(|column| column.class == class);
        let columns = columns.filter(|column| match column.source {
            None => of != Source::MessageContent,
            Some(source) => source == of,
        });
        let columns: Vec<_> = columns.map(|column| format!("`{}` ({})", column.name, column.purpose)).collect();
        if !columns.is_empty() {
            writeln!(f, "  * {what}: {}", columns.join(", "))?;
        }
    }
    Ok(())
}

/// What a statistic is made of.
const fn sources(statistic: Statistic) -> &'static [Source] {
    match statistic {
        Statistic::Growth | Statistic::Members => &[Source::Members],
        Statistic::MessageContent => &[Source::MessageContent],
        Statistic::Messages => &[Source::Messages],
        Statistic::Presence => &[Source::Presence],
        Statistic::Voice => &[Source::Voice],
    }
}

fn tells_of_people(table: &Table) -> bool {
    table.columns.iter().any(|column| column.class != Class::Plain)
}

const fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Events => "for ever, or until the retention of events if one is set",
        Kept::Member => "while the person is a member",
        Kept::Rollups => "until the retention of roll-ups, if one is set",
        Kept::Tombstone => "as long as the file, so that nobody is recorded against their will",
        Kept::User => "until the person is erased",
        _ => "as long as the file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, table: &Table) -> bool {
        text.contains(&format!("* `{}`:", table.name))
    }

    #[test]
    fn with_all_intents_every_table_and_column_of_people_is_told() {
        let text = DataInventory::new(Intents::all()).to_string();
        for table in LEDGER {
            assert!(names(&text, table), "{}:\n{text}", table.name);
            for column in table.columns.iter().filter(|column| column.class != Class::Plain) {
                assert!(text.contains(&format!("`{}` ({})", column.name, column.purpose)), "{}", column.name);
            }
        }
    }

    #[test]
    fn without_an_intent_its_data_is_not_told() {
        for (intent, table) in [
            (Intents::GUILD_MEMBERS, "members"),
            (Intents::GUILD_MESSAGES, "message_events"),
            (Intents::GUILD_PRESENCES, "presence_events"),
            (Intents::GUILD_VOICE_STATES, "voice_intervals"),
        ] {
            let text = DataInventory::new(Intents::all() - intent).to_string();
            let without = LEDGER.iter().filter(|other| !names(&text, other)).map(|other| other.name);
            assert!(without.clone().any(|name| name == table), "{table}");
            // Each is told by one intent alone, but for users.
            assert!(names(&text, LEDGER.iter().find(|table| table.name == "users").expect("a table of users")));
        }
        let nothing = DataInventory::new(Intents::empty());
        assert_eq!(nothing.statistics().count(), 0);
        assert!(!nothing.to_string().contains("`users`"));
    }
}
