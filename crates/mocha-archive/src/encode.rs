//! Writes a Parquet file.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::{parser::parse_message_type, types::ColumnPath},
};

use crate::{
    Error, Partition,
    batch::{Batch, Row, Values},
    digest::Digest,
    layout::{Layout, SCHEMA_VERSION},
};

/// The number of rows in a group, which is in memory while it is written: some 40 MB at most.
pub(crate) const GROUP_ROWS: usize = 131_072;

/// The keys of a file's key-value metadata.
pub(crate) const VERSION: &str = "mocha.schema_version";
pub(crate) const TABLE: &str = "mocha.table";
pub(crate) const GUILD: &str = "mocha.guild_id";
pub(crate) const MONTH: &str = "mocha.month";

/// A summary of the written rows, to compare with the rows that are read back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Summary {
    pub(crate) digest: Digest,
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) rows: u64,
}

impl Summary {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { digest: Digest::new(layout), first_ms: i64::MAX, last_ms: i64::MIN, rows: 0 }
    }

    pub(crate) fn add(&mut self, batch: &Batch) {
        self.digest.add(batch);
        self.rows += u64::try_from(batch.len()).unwrap_or(u64::MAX);
        if let Some(Values::Numbers(times)) = batch.columns().get(batch.layout().time) {
            for time in times.iter().flatten() {
                self.first_ms = self.first_ms.min(*time);
                self.last_ms = self.last_ms.max(*time);
            }
        }
    }
}

/// A file that is being written. Rows have to come in order.
pub(crate) struct Encoder<'a, W: Write + Send> {
    group: Batch,
    path: &'a Path,
    summary: Summary,
    writer: SerializedFileWriter<W>,
}

impl<'a, W: Write + Send> Encoder<'a, W> {
    /// `path` is named in errors.
    pub(crate) fn new(to: W, path: &'a Path, partition: &Partition) -> Result<Self, Error> {
        let layout = partition.layout;
        let schema = parse_message_type(&layout.schema()).map_err(|error| Error::writing(path, error))?;
        let writer = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties(partition)))
            .map_err(|error| Error::writing(path, error))?;
        Ok(Self { group: Batch::new(layout), path, summary: Summary::new(layout), writer })
    }

    pub(crate) fn push(&mut self, row: Row<'_>) -> Result<(), Error> {
        self.group.push_row(row);
        if self.group.len() >= GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.group.is_empty() {
            return Ok(());
        }
        self.summary.add(&self.group);
        write_group(&mut self.writer, &self.group).map_err(|error| Error::writing(self.path, error))?;
        self.group.clear();
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<(Summary, W), Error> {
        self.flush()?;
        let Self { path, summary, writer, .. } = self;
        let to = writer.into_inner().map_err(|error| Error::writing(path, error))?;
        Ok((summary, to))
    }
}

impl<'a> Encoder<'a, BufWriter<File>> {
    pub(crate) fn create(path: &'a Path, partition: &Partition) -> Result<Self, Error> {
        let file = File::create(path).map_err(|error| Error::io(path, "cannot be made", error))?;
        Self::new(BufWriter::with_capacity(1 << 16, file), path, partition)
    }

    /// Ends the file and waits until the disk has it.
    pub(crate) fn sync(self) -> Result<Summary, Error> {
        let path = self.path;
        let failed = |error| Error::io(path, "cannot be written", error);
        let (summary, to) = self.finish()?;
        let file = to.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(summary)
    }
}

fn properties(partition: &Partition) -> WriterProperties {
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let metadata = vec![
        entry(VERSION, SCHEMA_VERSION.to_string()),
        entry(TABLE, partition.layout.folder.to_owned()),
        entry(GUILD, partition.guild_id.to_string()),
        entry(MONTH, partition.month.to_string()),
    ];
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("mocha-archive version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(metadata))
        // Indexes of pages would take more room in a small file than they save.
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in partition.layout.columns.iter().filter(|column| column.delta) {
        let path = ColumnPath::from(column.name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

fn write_group<W: Write + Send>(writer: &mut SerializedFileWriter<W>, batch: &Batch) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for (column, values) in batch.layout().columns.iter().zip(batch.columns()) {
        let Some(mut out) = group.next_column()? else {
            return Err(ParquetError::General(format!("no column `{}`", column.name)));
        };
        let missing = || ParquetError::General(format!("`{}` is NULL in a row", column.name));
        match (values, out.untyped()) {
            (Values::Numbers(values), ColumnWriter::Int64ColumnWriter(out)) => {
                let present: Vec<i64> = values.iter().flatten().copied().collect();
                let levels = levels(values, column.optional, present.len()).ok_or_else(missing)?;
                out.write_batch(&present, levels.as_deref(), None)?;
            }
            (Values::Numbers(values), ColumnWriter::Int32ColumnWriter(out)) => {
                let present: Result<Vec<i32>, _> = values.iter().flatten().map(|value| i32::try_from(*value)).collect();
                let present = present.map_err(|_| {
                    ParquetError::General(format!("`{}` does not fit into 32 bits in a row", column.name))
                })?;
                let levels = levels(values, column.optional, present.len()).ok_or_else(missing)?;
                out.write_batch(&present, levels.as_deref(), None)?;
            }
            (Values::Numbers(values), ColumnWriter::BoolColumnWriter(out)) => {
                let present: Vec<bool> = values.iter().flatten().map(|value| *value != 0).collect();
                let levels = levels(values, column.optional, present.len()).ok_or_else(missing)?;
                out.write_batch(&present, levels.as_deref(), None)?;
            }
            (Values::Texts(values), ColumnWriter::ByteArrayColumnWriter(out)) => {
                let present: Vec<ByteArray> =
                    values.iter().flatten().map(|text| ByteArray::from(text.as_str())).collect();
                let levels = levels(values, column.optional, present.len()).ok_or_else(missing)?;
                out.write_batch(&present, levels.as_deref(), None)?;
            }
            _ => return Err(ParquetError::General(format!("`{}` has another type", column.name))),
        }
        out.close()?;
    }
    group.close()?;
    Ok(())
}

/// Returns Parquet's definition levels: 1 for a value, 0 for NULL. Fails if a value is missing in a
/// column that needs one.
#[expect(clippy::option_option, reason = "the outer one is the failure, the inner one is Parquet's argument")]
fn levels<T>(values: &[Option<T>], optional: bool, present: usize) -> Option<Option<Vec<i16>>> {
    if optional {
        Some(Some(values.iter().map(|value| i16::from(value.is_some())).collect()))
    } else {
        (present == values.len()).then_some(None)
    }
}
