//! A document for Discord's review: which data is stored because of which intents.

use std::fmt;

use mocha_schema::catalogue::{Class, Kept, Source, TABLES, Table};

use crate::{Intents, Statistic};

/// Describes which data a bot with these intents stores, why, and for how long.
///
/// Discord's review of privileged intents asks for it.
///
/// [`Display`](fmt::Display) writes a Markdown document that you can submit. It has the purpose and the intents of each
/// statistic, each table and column with personal data, retention, security, and what users can request. It is made from
/// [`TABLES`]. It does not know your settings: add your retention policy, how you protect the machine, and what the bot does
/// with the data outside of Mocha.
///
/// ```
/// use mocha_adapter::{DataInventory, Intents};
///
/// let inventory = DataInventory::new(Intents::GUILDS | Intents::GUILD_MESSAGES);
/// let text = inventory.to_string();
/// assert!(text.contains("`message_events`"));
/// assert!(!text.contains("`presence_events`"));
/// // Without the privileged intent Mocha does not know how long messages are.
/// assert!(!text.contains("`character_count`"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DataInventory {
    intents: Intents,
}

impl DataInventory {
    /// Creates the inventory of a bot that connects with these intents.
    #[must_use]
    pub const fn new(intents: Intents) -> Self {
        Self { intents }
    }

    /// Returns the statistics that the intents allow, in the order of [`Statistic::ALL`].
    pub fn statistics(self) -> impl Iterator<Item = Statistic> {
        Statistic::ALL.into_iter().filter(move |statistic| self.intents.contains(statistic.intents()))
    }

    /// Returns `true` if the bot receives the data that fills the table or the column.
    fn receives(self, source: Source) -> bool {
        source == Source::Recorder
            || source == Source::Guilds && self.intents.contains(Intents::GUILDS)
            || self.statistics().any(|statistic| sources(statistic).contains(&source))
    }

    /// Returns the tables of the section that the bot fills.
    fn tables(self, section: Section) -> impl Iterator<Item = &'static Table> {
        TABLES
            .iter()
            .filter(move |table| Section::of(table) == section)
            .filter(move |table| table.sources.iter().any(|source| self.receives(*source)))
    }

    fn write_statistics(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Purposes and intents\n")?;
        if self.statistics().next().is_none() {
            return writeln!(f, "The bot has no intent that a statistic needs.\n");
        }
        for statistic in self.statistics() {
            let (title, purpose, need) = describe(statistic);
            writeln!(f, "### {title}\n\n* Purpose: {purpose}.")?;
            if statistic == Statistic::Messages && !self.intents.contains(Intents::MESSAGE_CONTENT) {
                writeln!(f, "{WITHOUT_CONTENT}")?;
            }
            writeln!(f, "* Intents: {}.", names(statistic.intents()))?;
            let privileged = statistic.intents() & Intents::PRIVILEGED;
            if !privileged.is_empty() {
                writeln!(f, "* Why {} is needed: {need}.", names(privileged))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn retention(self, table: &Table) -> &'static str {
        let section = Section::of(table);
        match table.kept {
            Kept::Events => {
                "deleted after the period that the operator sets for events; without one, kept until erased"
            }
            Kept::Member if self.intents.contains(Intents::GUILD_MEMBERS) => "deleted when the user leaves the server",
            Kept::Member => "kept until the user is erased, because Discord does not tell the bot that members leave",
            Kept::Rollups if section == Section::Impersonal => {
                "deleted after the period that the operator sets for roll-ups; without one, as long as the database"
            }
            Kept::Rollups => {
                "deleted after the period that the operator sets for roll-ups; without one, kept until erased"
            }
            Kept::Tombstone => "as long as the database, so that the user is not recorded again",
            Kept::User => "kept until the user is erased",
            _ => "as long as the database",
        }
    }

    /// Writes a table with its columns of personal data that the bot fills.
    fn write_table(self, table: &Table, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### `{}`\n\n* Content: {}.", table.name, table.purpose)?;
        for (class, what) in [(Class::Identifying, "Identifies the user"), (Class::Derived, "Describes the user")] {
            let columns = table.columns.iter().filter(|column| column.class == class);
            let columns = columns.filter(|column| column.source.is_none_or(|source| self.receives(source)));
            let columns: Vec<_> = columns.map(|column| format!("`{}` ({})", column.name, column.purpose)).collect();
            if !columns.is_empty() {
                writeln!(f, "* {what}: {}.", columns.join("; "))?;
            }
        }
        writeln!(f, "* Retention: {}.\n", self.retention(table))
    }
}

impl fmt::Display for DataInventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Data inventory\n")?;
        writeln!(
            f,
            "The bot stores the data below in one SQLite database, with the library Mocha, to compute statistics of Discord"
        )?;
        writeln!(
            f,
            "servers. It never stores the text of messages. Tables and columns that are not listed hold no data about"
        )?;
        writeln!(f, "individual users.\n")?;
        self.write_statistics(f)?;
        writeln!(f, "## Personal data\n")?;
        for table in self.tables(Section::Personal) {
            self.write_table(table, f)?;
        }
        writeln!(f, "## Records of erased users\n")?;
        writeln!(
            f,
            "If a user is erased or opts out, the bot keeps a keyed hash of the user ID. Without it the user would be"
        )?;
        writeln!(f, "recorded again when old events are delivered again, or when a backup is restored.\n")?;
        for table in self.tables(Section::Erasure) {
            self.write_table(table, f)?;
        }
        writeln!(f, "## Data that is not about individual users\n")?;
        for table in self.tables(Section::Impersonal) {
            writeln!(f, "* `{}`: {}. Retention: {}.", table.name, table.purpose, self.retention(table))?;
        }
        f.write_str(REQUESTS)
    }
}

/// The section of the document that a table belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Section {
    Erasure,
    Impersonal,
    Personal,
}

impl Section {
    fn of(table: &Table) -> Self {
        match table.kept {
            Kept::Tombstone => Self::Erasure,
            _ if table.columns.iter().any(|column| column.class != Class::Plain) => Self::Personal,
            _ => Self::Impersonal,
        }
    }
}

const REQUESTS: &str = "
## Access, erasure and objection

The operator of the bot answers requests with functions of Mocha:

* Access: all rows about the user are exported as JSON (`Store::export_user`).
* Erasure: all rows about the user are deleted, the user's values are subtracted from all roll-ups, and the deleted data is
  overwritten in the file (`Store::forget_user`). A backup that was made before still has the data. When it is restored over the
  database, the user is erased from it again.
* Objection: the user is erased and not recorded any more (`Store::opt_out_user`).

## Security

* The database is a local file. It is not accessible over a network.
* On Unix systems Mocha creates it so that only its owner can read and write it.
* Mocha does not encrypt the file.
";

const WITHOUT_CONTENT: &str = "* Characters, words, attachments and embeds are counted only of messages whose content Discord \
                               sends without a privileged intent: the bot's own, and those that mention the bot.";

/// Returns the title, the purpose, and the reason for a privileged intent if the statistic needs one.
const fn describe(statistic: Statistic) -> (&'static str, &'static str, &'static str) {
    match statistic {
        Statistic::Commands => ("Commands", "to count uses of the bot's commands by command, user and time", ""),
        Statistic::Conversations => (
            "Conversations",
            "to count which members reply to each other and mention each other, and to measure the time until a reply",
            "",
        ),
        Statistic::Growth => (
            "Growth of servers",
            "to show how many members joined and left a server in a day, week or month",
            "Discord sends joins and leaves of members only with this intent",
        ),
        Statistic::Invites => (
            "Invites",
            "to find the invite that a new member used, and to count the members whom each member invited",
            "Discord sends joins and leaves of members only with this intent",
        ),
        Statistic::Members => (
            "Members",
            "to list current members by name in answers, and to show how long members stay",
            "Discord sends joins, leaves and changed nicknames of members only with this intent",
        ),
        Statistic::MessageContent => (
            "Size of messages",
            "to count characters and words, and messages with attachments and embeds. The text is measured when a message \
             arrives and is then discarded",
            "without it Discord sends most messages without their text, attachments and embeds",
        ),
        Statistic::Messages => ("Messages", "to count messages by author, channel and time", ""),
        Statistic::Presence => (
            "Presence",
            "to show how many members are online at which time, and which activities they have",
            "Discord sends online status and activities only with this intent",
        ),
        Statistic::Reactions => (
            "Reactions",
            "to count reactions to messages by the user who reacted, the author of the message, the message and the emoji",
            "",
        ),
        Statistic::Roles => (
            "Roles",
            "to list and count members by role, and to show what the members with a role did together",
            "Discord sends the roles of members, and when members leave, only with this intent",
        ),
        Statistic::Voice => {
            ("Voice", "to measure time in voice by user, channel and state, such as muted or streaming", "")
        }
    }
}

fn names(intents: Intents) -> String {
    intents.iter_names().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the data that fills the tables of a statistic.
const fn sources(statistic: Statistic) -> &'static [Source] {
    match statistic {
        Statistic::Commands => &[Source::Commands],
        Statistic::Conversations => &[Source::Conversations],
        Statistic::Growth | Statistic::Members | Statistic::Roles => &[Source::Members],
        Statistic::Invites => &[Source::Invites],
        Statistic::MessageContent => &[Source::MessageContent],
        Statistic::Messages => &[Source::Messages],
        Statistic::Presence => &[Source::Presence],
        Statistic::Reactions => &[Source::Reactions],
        Statistic::Voice => &[Source::Voice],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, table: &Table) -> bool {
        text.contains(&format!("### `{}`\n", table.name)) || text.contains(&format!("* `{}`:", table.name))
    }

    #[test]
    fn with_all_intents_every_table_and_every_personal_column_is_listed() {
        let text = DataInventory::new(Intents::all()).to_string();
        for table in TABLES {
            assert!(has(&text, table), "{}:\n{text}", table.name);
            for column in table.columns.iter().filter(|column| column.class != Class::Plain) {
                assert!(text.contains(&format!("`{}` ({})", column.name, column.purpose)), "{}", column.name);
            }
        }
    }

    #[test]
    fn without_an_intent_its_data_is_not_listed() {
        for (intent, table) in [
            (Intents::GUILD_MEMBERS, "member_events"),
            (Intents::GUILD_MESSAGES, "message_events"),
            (Intents::GUILD_MESSAGE_REACTIONS, "reactions"),
            (Intents::GUILD_PRESENCES, "presence_events"),
            (Intents::GUILD_VOICE_STATES, "voice_intervals"),
        ] {
            let text = DataInventory::new(Intents::all() - intent).to_string();
            let without = TABLES.iter().filter(|other| !has(&text, other)).map(|other| other.name);
            assert!(without.clone().any(|name| name == table), "{table}");
            // Several intents fill the table of users.
            assert!(has(&text, TABLES.iter().find(|table| table.name == "users").expect("a table of users")));
        }
        let text = DataInventory::new(Intents::all() - Intents::MESSAGE_CONTENT).to_string();
        assert!(!text.contains("`character_count`") && text.contains("those that mention the bot"));
        let nothing = DataInventory::new(Intents::empty());
        assert_eq!(nothing.statistics().count(), 0);
        assert!(!nothing.to_string().contains("`users`"));
    }

    /// Messages and voice events contain members too. Without the intent the bot does not receive that they left.
    #[test]
    fn members_without_their_intent_are_listed_as_kept() {
        for (intents, retention) in [
            (Intents::GUILD_MEMBERS, "deleted when the user leaves the server"),
            (
                Intents::GUILD_MESSAGES,
                "kept until the user is erased, because Discord does not tell the bot that members leave",
            ),
        ] {
            let text = DataInventory::new(Intents::GUILDS | intents).to_string();
            let (_, members) = text.split_once("### `members`").expect("they are listed");
            let (members, _) = members.split_once("\n\n###").expect("other tables follow");
            assert!(members.ends_with(&format!("* Retention: {retention}.")), "{members}");
        }
    }

    #[test]
    fn the_document_has_all_sections() {
        let text =
            DataInventory::new(Intents::GUILDS | Intents::GUILD_VOICE_STATES | Intents::GUILD_MEMBERS).to_string();
        let headings: Vec<_> = text.lines().filter(|line| line.starts_with("## ")).collect();
        let expected = [
            "## Purposes and intents",
            "## Personal data",
            "## Records of erased users",
            "## Data that is not about individual users",
            "## Access, erasure and objection",
            "## Security",
        ];
        assert_eq!(headings, expected);
        assert!(text.contains("`server_mute` (whether a moderator muted the user, to compute time muted)"));
        assert!(text.contains(
            "* Why `GUILD_MEMBERS` is needed: Discord sends joins and leaves of members only with this intent."
        ));
        // Each table is listed once, and no sentence ends twice.
        for table in TABLES {
            let lines = text.lines().filter(|line| *line == format!("### `{}`", table.name));
            assert!(lines.count() <= 1, "{}", table.name);
        }
        assert!(!text.contains("..") && !text.contains("Of "), "{text}");
    }
}
