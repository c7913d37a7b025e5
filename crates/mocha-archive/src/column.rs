//! The columns of archived tables.

/// A column of an archived table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// Whether the store's table may have a value that does not fit.
    pub(crate) checked: bool,
    /// Whether values are written as differences to the value before. It suits ids and times, which
    /// rise.
    pub(crate) delta: bool,
    /// The name in the Parquet files.
    pub name: &'static str,
    /// Whether the value may be NULL, which means unknown.
    pub optional: bool,
    /// The expression that reads it from a row of the store's table.
    pub(crate) sql: &'static str,
    /// The type of the values.
    pub kind: ColumnKind,
}

/// The type of a [`Column`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// BOOLEAN.
    Bool,
    /// INT64: an id of Discord.
    Id,
    /// INT32.
    Int,
    /// INT64: a length of time in milliseconds.
    Millis,
    /// INT64 with the logical type TIMESTAMP in milliseconds, UTC. The store has whole seconds.
    Second,
    /// `BYTE_ARRAY` with the logical type STRING.
    Text,
    /// INT64 with the logical type TIMESTAMP in milliseconds, UTC.
    Time,
}

impl Column {
    const fn new(name: &'static str, sql: &'static str, kind: ColumnKind) -> Self {
        Self { checked: true, delta: false, kind, name, optional: false, sql }
    }

    pub(crate) const fn bool(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, sql, ColumnKind::Bool)
    }

    pub(crate) const fn id(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, sql, ColumnKind::Id)
    }

    pub(crate) const fn int(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, sql, ColumnKind::Int)
    }

    pub(crate) const fn millis(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, sql, ColumnKind::Millis)
    }

    pub(crate) const fn second(name: &'static str, sql: &'static str) -> Self {
        Self { delta: true, ..Self::new(name, sql, ColumnKind::Second) }
    }

    pub(crate) const fn text(name: &'static str, sql: &'static str) -> Self {
        Self::new(name, sql, ColumnKind::Text)
    }

    pub(crate) const fn time(name: &'static str, sql: &'static str) -> Self {
        Self { delta: true, ..Self::new(name, sql, ColumnKind::Time) }
    }

    pub(crate) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The expression gives only values that fit.
    pub(crate) const fn unchecked(self) -> Self {
        Self { checked: false, ..self }
    }

    pub(crate) const fn rising(self) -> Self {
        Self { delta: true, ..self }
    }

    /// Returns the line of the Parquet schema.
    pub(crate) fn schema(&self) -> String {
        let Self { name, .. } = self;
        let repetition = if self.optional { "optional" } else { "required" };
        match self.kind {
            ColumnKind::Bool => format!("{repetition} boolean {name};"),
            ColumnKind::Id | ColumnKind::Millis => format!("{repetition} int64 {name};"),
            ColumnKind::Int => format!("{repetition} int32 {name};"),
            ColumnKind::Second | ColumnKind::Time => format!("{repetition} int64 {name} (TIMESTAMP(MILLIS,true));"),
            ColumnKind::Text => format!("{repetition} binary {name} (UTF8);"),
        }
    }

    /// Returns the expression of the value as the archive has it.
    pub(crate) fn value(&self) -> String {
        let sql = self.sql;
        match self.kind {
            ColumnKind::Id => format!("CAST({sql} AS INTEGER)"),
            ColumnKind::Second => format!("{sql} * 1000"),
            _ => sql.to_owned(),
        }
    }

    /// Returns the condition that the archive can hold the value.
    pub(crate) fn fits(&self) -> String {
        let sql = self.sql;
        if !self.checked {
            return "true".to_owned();
        }
        let fits = match self.kind {
            ColumnKind::Bool => format!("typeof({sql}) = 'integer' AND {sql} IN (0, 1)"),
            ColumnKind::Id => decimal(sql),
            ColumnKind::Int => format!("typeof({sql}) = 'integer' AND {sql} BETWEEN -2147483648 AND 2147483647"),
            ColumnKind::Millis => format!("typeof({sql}) = 'integer'"),
            ColumnKind::Second => format!("typeof({sql}) = 'integer' AND {sql} BETWEEN 0 AND 253402300799"),
            ColumnKind::Text => format!("typeof({sql}) = 'text'"),
            ColumnKind::Time => format!("typeof({sql}) = 'integer' AND {sql} BETWEEN 0 AND 253402300799999"),
        };
        if self.optional { format!("({sql} IS NULL OR {fits})") } else { format!("({fits})") }
    }
}

/// Returns the condition that a text is a plain decimal number from 1 to 2^63 - 1.
pub(crate) fn decimal(sql: &str) -> String {
    format!("{sql} > '0' AND {sql} = CAST(CAST({sql} AS INTEGER) AS TEXT)")
}
