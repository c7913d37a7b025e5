//! Reads an export as a stream: one message is in memory at a time.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
};

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::format::{Channel, Guild};

/// The reason why a file was not imported, or not to its end. The messages before the fault stay
/// imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is damaged or truncated.
    #[error("the file is damaged or truncated: {0}")]
    Damaged(#[source] serde_json::Error),
    /// The file is an export of direct messages, which Mocha does not record.
    #[error("the file is an export of direct messages")]
    DirectMessages,
    /// An id in the header is invalid.
    #[error("`{field}` is not an id: {value:?}")]
    InvalidId {
        /// The field.
        field: &'static str,
        /// The value that was found.
        value: String,
    },
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is not an export in JSON.
    #[error("the file is not a JSON export of a channel: {0}")]
    NotAnExport(String),
}

/// The part of a document before the messages.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) channel: Channel,
    pub(crate) guild: Guild,
}

/// Receives what a document contains, in its order.
pub(crate) trait Sink {
    /// Ends the reading.
    type Stop: From<FileError>;

    /// Receives the header, before any message.
    fn header(&mut self, header: Header) -> Result<(), Self::Stop>;

    /// Receives a message, as JSON.
    fn message(&mut self, json: &str) -> Result<(), Self::Stop>;
}

/// Reads a document.
pub(crate) fn read<S: Sink>(reader: impl Read, sink: &mut S) -> Result<(), S::Stop> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    skip_mark(&mut reader).map_err(FileError::Io)?;
    if let Some(found) = other_format(reader.fill_buf().map_err(FileError::Io)?) {
        return Err(FileError::NotAnExport(found.into()).into());
    }
    let mut reading = Reading { channel: None, guild: None, has_messages: false, sink, stop: None };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let outcome = Root(&mut reading).deserialize(&mut json).and_then(|()| json.end());
    let Reading { has_messages, stop, .. } = reading;
    match (stop, outcome) {
        (Some(stop), _) => Err(stop),
        (None, Ok(())) if has_messages => Ok(()),
        (None, Ok(())) => Err(FileError::NotAnExport("it has no `messages`".into()).into()),
        (None, Err(error)) => Err(failure(error, has_messages).into()),
    }
}

fn failure(error: serde_json::Error, has_messages: bool) -> FileError {
    match error.classify() {
        serde_json::error::Category::Io => FileError::Io(error.into()),
        // Before the messages nothing shows that this is an export.
        _ if has_messages => FileError::Damaged(error),
        _ => FileError::NotAnExport(error.to_string()),
    }
}

/// Skips the mark with which some programs begin a text file.
fn skip_mark(reader: &mut impl BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

/// Returns what a file is that begins like this, if it is one of those that are mistaken for an export in JSON.
fn other_format(beginning: &[u8]) -> Option<&'static str> {
    Some(match beginning {
        [] => "it is empty",
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => "it is compressed, so unpack it first",
        [b'<', ..] => "it is HTML, so export as JSON",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is in UTF-16, so convert it to UTF-8 first",
        _ => return None,
    })
}

struct Reading<'a, S: Sink> {
    channel: Option<Channel>,
    guild: Option<Guild>,
    has_messages: bool,
    sink: &'a mut S,
    stop: Option<S::Stop>,
}

impl<S: Sink> Reading<'_, S> {
    /// Keeps why the sink stopped, because the error of the parser is only a text.
    fn check<E: serde::de::Error>(&mut self, result: Result<(), S::Stop>) -> Result<(), E> {
        result.map_err(|stop| {
            self.stop = Some(stop);
            E::custom("stopped")
        })
    }
}

struct Root<'a, 'b, S: Sink>(&'a mut Reading<'b, S>);

impl<'de, S: Sink> DeserializeSeed<'de> for Root<'_, '_, S> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Root<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(reading) = self;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "guild" => reading.guild = Some(map.next_value()?),
                "channel" => reading.channel = Some(map.next_value()?),
                "messages" => {
                    let (Some(guild), Some(channel)) = (reading.guild.take(), reading.channel.take()) else {
                        return Err(A::Error::custom("`messages` come before `guild` and `channel`"));
                    };
                    reading.has_messages = true;
                    let begun = reading.sink.header(Header { channel, guild });
                    reading.check(begun)?;
                    map.next_value_seed(Messages(reading))?;
                }
                _ => {
                    let IgnoredAny = map.next_value()?;
                }
            }
        }
        Ok(())
    }
}

struct Messages<'a, 'b, S: Sink>(&'a mut Reading<'b, S>);

impl<'de, S: Sink> DeserializeSeed<'de> for Messages<'_, '_, S> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Messages<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<(), A::Error> {
        let Self(reading) = self;
        while let Some(message) = messages.next_element::<Box<RawValue>>()? {
            let taken = reading.sink.message(message.get());
            reading.check(taken)?;
        }
        Ok(())
    }
}
