//! Reads a Parquet file that the archive wrote.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use parquet::{
    column::reader::ColumnReader,
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        metadata::FileMetaData,
        reader::{FileReader as _, SerializedFileReader},
    },
    schema::{parser::parse_message_type, types::SchemaDescriptor},
};

use crate::{
    Error, ErrorKind, Partition,
    batch::{Batch, READ_ROWS, Row, Values},
    encode::{GUILD, MONTH, Summary, TABLE, VERSION},
    layout::{Layout, SCHEMA_VERSION},
};

/// The rows of a file in their order, some thousands in memory.
pub(crate) struct Decoder {
    /// One reader for each column of the current group.
    columns: Vec<ColumnReader>,
    layout: &'static Layout,
    /// The rows of the current group that were not read yet.
    left: usize,
    next_group: usize,
    path: PathBuf,
    reader: SerializedFileReader<File>,
}

impl Decoder {
    /// Opens the file of a partition, and refuses a file that is not what the archive writes there.
    pub(crate) fn open(path: &Path, partition: &Partition) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::io(path, "cannot be read", error))?;
        let reader = SerializedFileReader::new(file).map_err(|error| {
            Error::with_source(
                ErrorKind::Foreign,
                format!("{} is no Parquet file, or is cut off", path.display()),
                error,
            )
        })?;
        check(path, partition, reader.metadata().file_metadata())?;
        Ok(Self {
            columns: Vec::new(),
            layout: partition.layout,
            left: 0,
            next_group: 0,
            path: path.to_owned(),
            reader,
        })
    }

    /// Returns the next rows; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, Error> {
        self.read().map_err(|error| {
            Error::with_source(ErrorKind::Damaged, format!("{} cannot be read to its end", self.path.display()), error)
        })
    }

    /// Returns the sums over all rows.
    pub(crate) fn summary(mut self) -> Result<Summary, Error> {
        let mut summary = Summary::new(self.layout);
        while let Some(batch) = self.next()? {
            summary.add(&batch);
        }
        Ok(summary)
    }

    fn read(&mut self) -> Result<Option<Batch>, ParquetError> {
        while self.left == 0 {
            if self.next_group >= self.reader.num_row_groups() {
                return Ok(None);
            }
            let group = self.reader.get_row_group(self.next_group)?;
            let columns = 0..self.layout.columns.len();
            self.columns = columns.map(|column| group.get_column_reader(column)).collect::<Result<_, _>>()?;
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            self.next_group += 1;
        }
        let len = self.left.min(READ_ROWS);
        let columns = self.columns.iter_mut().map(|column| read_column(column, len)).collect::<Result<_, _>>()?;
        self.left -= len;
        Ok(Some(Batch::of(self.layout, columns, len)))
    }

    /// Calls `each` with the numbers of one column, and reads no other.
    pub(crate) fn numbers(self, column: usize, mut each: impl FnMut(i64)) -> Result<(), Error> {
        let Self { path, reader, .. } = self;
        let mut scan = || {
            for group in 0..reader.num_row_groups() {
                let group = reader.get_row_group(group)?;
                let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
                let mut column = group.get_column_reader(column)?;
                while left > 0 {
                    let len = left.min(READ_ROWS);
                    if let Values::Numbers(values) = read_column(&mut column, len)? {
                        values.into_iter().flatten().for_each(&mut each);
                    }
                    left -= len;
                }
            }
            Ok::<_, ParquetError>(())
        };
        scan().map_err(|error| {
            Error::with_source(ErrorKind::Damaged, format!("{} cannot be read to its end", path.display()), error)
        })
    }
}

/// A position in the rows of a file.
pub(crate) struct Cursor {
    batch: Batch,
    decoder: Decoder,
    index: usize,
}

impl Cursor {
    pub(crate) fn new(decoder: Decoder) -> Self {
        Self { batch: Batch::new(decoder.layout), decoder, index: 0 }
    }

    /// Returns the current row; `None` after the last one.
    pub(crate) fn row(&mut self) -> Result<Option<Row<'_>>, Error> {
        while self.index >= self.batch.len() {
            let Some(batch) = self.decoder.next()? else { return Ok(None) };
            (self.batch, self.index) = (batch, 0);
        }
        Ok(Some(Row { batch: &self.batch, index: self.index }))
    }

    /// Goes on to the next row.
    pub(crate) fn step(&mut self) {
        self.index += 1;
    }
}

/// Refuses a file of another program, of another place in the archive, or of a newer Mocha.
fn check(path: &Path, partition: &Partition, metadata: &FileMetaData) -> Result<(), Error> {
    let name = path.display();
    let value = |key: &str| {
        let entries = metadata.key_value_metadata()?;
        entries.iter().find(|entry| entry.key == key)?.value.as_deref()
    };
    let foreign = |what: String| Error::new(ErrorKind::Foreign, what);
    let version = value(VERSION).and_then(|version| version.parse::<u32>().ok());
    let Some(version) = version else {
        return Err(foreign(format!("{name} was not written by Mocha's archive")));
    };
    if version > SCHEMA_VERSION {
        let context = format!("{name} has version {version} of the schema, and this Mocha reads {SCHEMA_VERSION}");
        return Err(Error::new(ErrorKind::SchemaTooNew, context));
    }
    let expected = [
        (TABLE, partition.layout.folder.to_owned()),
        (GUILD, partition.guild_id.to_string()),
        (MONTH, partition.month.to_string()),
    ];
    for (key, expected) in expected {
        let found = value(key).unwrap_or("nothing");
        if found != expected {
            return Err(foreign(format!("{name} has `{found}` as its {key}, but its place is that of `{expected}`")));
        }
    }
    let layout = partition.layout;
    let schema = parse_message_type(&layout.schema())
        .map_err(|error| Error::with_source(ErrorKind::Foreign, format!("the schema of `{}`", layout.folder), error))?;
    let expected = SchemaDescriptor::new(std::sync::Arc::new(schema));
    if metadata.schema_descr().columns() != expected.columns() {
        return Err(foreign(format!("{name} has other columns than the archive writes")));
    }
    Ok(())
}

/// Reads exactly so many values of a column.
fn read_column(reader: &mut ColumnReader, len: usize) -> Result<Values, ParquetError> {
    let mut levels = Vec::new();
    // Without NULLs there are no levels.
    let (read, values) = match reader {
        ColumnReader::Int64ColumnReader(reader) => {
            let mut present = Vec::with_capacity(len);
            let (rows, ..) = reader.read_records(len, Some(&mut levels), None, &mut present)?;
            (rows, Values::Numbers(spread(&levels, present.into_iter())))
        }
        ColumnReader::Int32ColumnReader(reader) => {
            let mut present = Vec::with_capacity(len);
            let (rows, ..) = reader.read_records(len, Some(&mut levels), None, &mut present)?;
            (rows, Values::Numbers(spread(&levels, present.into_iter().map(i64::from))))
        }
        ColumnReader::BoolColumnReader(reader) => {
            let mut present = Vec::with_capacity(len);
            let (rows, ..) = reader.read_records(len, Some(&mut levels), None, &mut present)?;
            (rows, Values::Numbers(spread(&levels, present.into_iter().map(i64::from))))
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let mut present: Vec<ByteArray> = Vec::with_capacity(len);
            let (rows, ..) = reader.read_records(len, Some(&mut levels), None, &mut present)?;
            let texts: Result<Vec<String>, _> =
                present.iter().map(|bytes| bytes.as_utf8().map(str::to_owned)).collect();
            (rows, Values::Texts(spread(&levels, texts?.into_iter())))
        }
        _ => return Err(ParquetError::General("a column has an unknown type".to_owned())),
    };
    let found = match &values {
        Values::Numbers(values) => values.len(),
        Values::Texts(values) => values.len(),
    };
    if read != len || found != len {
        return Err(ParquetError::General(format!("{read} rows of {len} are there")));
    }
    Ok(values)
}

/// Puts the values where the levels say that there are some.
fn spread<T>(levels: &[i16], mut values: impl Iterator<Item = T>) -> Vec<Option<T>> {
    if levels.is_empty() {
        return values.map(Some).collect();
    }
    levels.iter().map(|level| if *level > 0 { values.next() } else { None }).collect()
}
