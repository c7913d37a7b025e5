//! Rows in memory, column by column.

use std::cmp::Ordering;

use crate::{ColumnKind, layout::Layout};

/// The number of rows that are read from a file at once.
pub(crate) const READ_ROWS: usize = 8_192;

/// Rows of one archived table, column by column.
///
/// Ids, times, numbers and truth values are numbers here: times are unix milliseconds, truth values
/// 0 or 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    columns: Vec<Values>,
    layout: &'static Layout,
    len: usize,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Values {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
}

/// A value of a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cell {
    /// The value of every kind of column but [`ColumnKind::Text`].
    Number(Option<i64>),
    /// A text.
    Text(Option<String>),
}

/// The sort key of a row: its time, and its identity among the rows of a guild at that time.
/// Numbers are in order of their value. Texts are in order of their length in bytes, then of their
/// bytes. The digits of a number that is compared with a text are ordered like a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key<'a> {
    pub(crate) time: i64,
    id: Id<'a>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Id<'a> {
    Number(i64),
    Text(&'a str),
}

/// A row of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) index: usize,
}

impl Batch {
    /// Creates a batch without rows.
    #[must_use]
    pub fn new(layout: &'static Layout) -> Self {
        let columns = layout.columns.iter().map(|column| match column.kind {
            ColumnKind::Text => Values::Texts(Vec::new()),
            _ => Values::Numbers(Vec::new()),
        });
        Self { columns: columns.collect(), layout, len: 0 }
    }

    pub(crate) fn of(layout: &'static Layout, columns: Vec<Values>, len: usize) -> Self {
        Self { columns, layout, len }
    }

    /// Returns the table.
    #[must_use]
    pub fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a row. Cells are in the order of the layout's columns; a cell that is missing or of
    /// another kind than its column is NULL.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut cells = cells.into_iter();
        for column in &mut self.columns {
            match (column, cells.next()) {
                (Values::Numbers(values), Some(Cell::Number(value))) => values.push(value),
                (Values::Texts(values), Some(Cell::Text(value))) => values.push(value),
                (Values::Numbers(values), _) => values.push(None),
                (Values::Texts(values), _) => values.push(None),
            }
        }
        self.len += 1;
    }

    /// Adds a copy of a row of another batch of the same table.
    pub(crate) fn push_row(&mut self, row: Row<'_>) {
        for (to, from) in self.columns.iter_mut().zip(&row.batch.columns) {
            match (to, from) {
                (Values::Numbers(to), Values::Numbers(from)) => to.push(from.get(row.index).copied().flatten()),
                (Values::Texts(to), Values::Texts(from)) => to.push(from.get(row.index).cloned().flatten()),
                (Values::Numbers(to), Values::Texts(_)) => to.push(None),
                (Values::Texts(to), Values::Numbers(_)) => to.push(None),
            }
        }
        self.len += 1;
    }

    pub(crate) fn clear(&mut self) {
        for column in &mut self.columns {
            match column {
                Values::Numbers(values) => values.clear(),
                Values::Texts(values) => values.clear(),
            }
        }
        self.len = 0;
    }

    pub(crate) fn columns(&self) -> &[Values] {
        &self.columns
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len).map(|index| Row { batch: self, index })
    }
}

impl<'a> Row<'a> {
    /// Returns the number in a column.
    pub(crate) fn number(self, column: usize) -> Option<i64> {
        match self.batch.columns.get(column) {
            Some(Values::Numbers(values)) => values.get(self.index).copied().flatten(),
            _ => None,
        }
    }

    /// Returns the text in a column.
    pub(crate) fn text(self, column: usize) -> Option<&'a str> {
        match self.batch.columns.get(column) {
            Some(Values::Texts(values)) => values.get(self.index).and_then(Option::as_deref),
            _ => None,
        }
    }

    /// Returns the number in the column with this name.
    pub(crate) fn named(self, column: &str) -> Option<i64> {
        self.batch.layout.position(column).and_then(|position| self.number(position))
    }

    pub(crate) fn time(self) -> i64 {
        self.number(self.batch.layout.time).unwrap_or(0)
    }

    pub(crate) fn key(self) -> Key<'a> {
        let (number, text) = self.batch.layout.key;
        let id = match number.and_then(|column| self.number(column)) {
            Some(number) => Id::Number(number),
            None => Id::Text(text.and_then(|column| self.text(column)).unwrap_or_default()),
        };
        Key { time: self.time(), id }
    }

    /// Returns whether all values are equal.
    pub(crate) fn equals(self, other: Row<'_>) -> bool {
        self.batch.columns.iter().zip(&other.batch.columns).all(|pair| match pair {
            (Values::Numbers(one), Values::Numbers(two)) => one.get(self.index) == two.get(other.index),
            (Values::Texts(one), Values::Texts(two)) => one.get(self.index) == two.get(other.index),
            _ => false,
        })
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time).then_with(|| match (self.id, other.id) {
            (Id::Number(one), Id::Number(two)) => one.cmp(&two),
            (Id::Text(one), Id::Text(two)) => order(one, two),
            (Id::Number(one), Id::Text(two)) => order(&one.to_string(), two),
            (Id::Text(one), Id::Number(two)) => order(one, &two.to_string()),
        })
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn order(one: &str, two: &str) -> Ordering {
    one.len().cmp(&two.len()).then_with(|| one.cmp(two))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message;

    fn batch(ids: &[&str]) -> Batch {
        let mut batch = Batch::new(&message::LAYOUT);
        for id in ids {
            let number = id.parse().ok();
            let text = number.is_none().then(|| (*id).to_owned());
            let mut row = vec![Cell::Number(Some(1)), Cell::Number(number), Cell::Text(text)];
            row.resize(message::LAYOUT.columns.len(), Cell::Number(Some(0)));
            batch.push(row);
        }
        batch
    }

    #[test]
    fn keys_are_in_the_order_of_sqlite() {
        // The order of `octet_length(id), id`.
        let batch = batch(&["9", "é", "10", "100", "a-b", "99999"]);
        let keys: Vec<Key<'_>> = batch.rows().map(Row::key).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        let order: Vec<_> =
            sorted.iter().map(|key| keys.iter().position(|other| other == key).unwrap_or(usize::MAX)).collect();
        assert_eq!(order, [0, 2, 1, 3, 4, 5]);
    }

    #[test]
    fn a_copied_row_equals_its_origin() {
        let from = batch(&["7", "x"]);
        let mut to = Batch::new(&message::LAYOUT);
        for row in from.rows() {
            to.push_row(row);
        }
        assert_eq!(from, to);
        let row = |batch, index| Row { batch, index };
        assert!(row(&from, 1).equals(row(&to, 1)));
        assert!(!row(&from, 0).equals(row(&to, 1)));
    }
}
