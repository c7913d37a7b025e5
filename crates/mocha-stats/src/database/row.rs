//! A row of numbers, from either database.

use crate::Error;

/// The most columns that a statement has.
const WIDTH: usize = 8;

/// A row of numbers. It is small, because some questions read hundreds of thousands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    /// NULL is 0 here.
    cells: [i64; WIDTH],
    /// A bit of each column that is not NULL, the first one's lowest.
    known: u8,
}

impl Row {
    /// Sets the next columns to these.
    pub(super) fn fill<E>(
        &mut self,
        count: usize,
        mut cell: impl FnMut(usize) -> Result<Option<i64>, E>,
    ) -> Result<(), E> {
        for (place, own) in self.cells.iter_mut().enumerate().take(count) {
            if let Some(number) = cell(place)? {
                *own = number;
                self.known |= 1 << place;
            }
        }
        Ok(())
    }

    /// The number in a column; `None` if it is NULL.
    pub(crate) fn optional(&self, column: usize) -> Option<i64> {
        self.cells.get(column).copied().filter(|_| self.known >> column & 1 == 1)
    }

    /// The number in a column.
    pub(crate) fn number(&self, column: usize) -> Result<i64, Error> {
        self.optional(column).ok_or_else(|| Error::row("a number is NULL".into()))
    }

    /// A count or a sum of what is never negative. A database where it is gives an error and not a
    /// wrong number.
    pub(crate) fn count(&self, column: usize) -> Result<u64, Error> {
        let number = self.number(column)?;
        u64::try_from(number).map_err(|_| Error::row(format!("{number} is negative and cannot be a count")))
    }

    /// Whether a condition holds.
    pub(crate) fn flag(&self, column: usize) -> Result<bool, Error> {
        Ok(self.number(column)? != 0)
    }

    /// An id.
    pub(crate) fn id<T: TryFrom<u64>>(&self, column: usize) -> Result<T, Error> {
        let number = self.number(column)?;
        let id = u64::try_from(number).ok().and_then(|number| T::try_from(number).ok());
        id.ok_or_else(|| Error::row(format!("{number} is not an id")))
    }

    /// An id; `None` if the column is 0 or NULL, which stand for what nobody knows.
    pub(crate) fn optional_id<T: TryFrom<u64>>(&self, column: usize) -> Result<Option<T>, Error> {
        if self.optional(column).unwrap_or(0) == 0 { Ok(None) } else { self.id(column).map(Some) }
    }
}

/// A text, and the numbers beside it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) row: Row,
}
