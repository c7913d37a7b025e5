//! Reads a trace, which has one JSON frame in each line, plain or compressed with zstd.

use std::{
    borrow::Cow,
    fmt,
    io::{self, BufRead, BufReader, Cursor, Read},
};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeSeed as _};
use serde_json::value::RawValue;
use twilight_model::gateway::event::{DispatchEventWithTypeDeserializer, Event, EventType};

/// The first bytes of every zstd file.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The opcode of frames with an event. Other frames keep the connection alive.
const DISPATCH: u8 = 0;

/// The lines of a trace.
pub struct Trace<'a> {
    line: Vec<u8>,
    lines: Box<dyn BufRead + 'a>,
    number: u64,
}

impl fmt::Debug for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("number", &self.number).finish_non_exhaustive()
    }
}

/// A received frame.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    /// The event. `None` if Mocha does not record it.
    pub(super) event: Option<Event>,
    /// When it was received.
    pub(super) received_at: DateTime<Utc>,
    /// The text of the frame.
    pub(super) text: &'a str,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    frame: &'a RawValue,
    received_at: i64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    d: Option<&'a RawValue>,
    op: u8,
    #[serde(borrow)]
    t: Option<Cow<'a, str>>,
}

impl<'a> Trace<'a> {
    /// Starts to read. The first bytes show whether the trace is compressed.
    ///
    /// # Errors
    ///
    /// Returns an error if reading fails.
    pub fn new(mut reader: impl Read + 'a) -> io::Result<Self> {
        let mut start = Vec::new();
        reader.by_ref().take(4).read_to_end(&mut start)?;
        let compressed = start == ZSTD_MAGIC;
        let whole = Cursor::new(start).chain(reader);
        let lines: Box<dyn BufRead + 'a> = if compressed {
            Box::new(BufReader::new(zstd::Decoder::new(whole)?))
        } else {
            Box::new(BufReader::new(whole))
        };
        Ok(Self { line: Vec::new(), lines, number: 0 })
    }

    /// Returns the next line and its number from 1, or `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        self.number += 1;
        let length = self.lines.read_until(b'\n', &mut self.line)?;
        Ok((length > 0).then_some((self.number, self.line.as_slice())))
    }

    /// Returns the number of lines that were read or tried.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }
}

impl<'a> Frame<'a> {
    /// Reads a line. Events for which `wants` returns `false` are skipped.
    pub(super) fn parse(line: &'a [u8], wants: impl Fn(EventType) -> bool) -> anyhow::Result<Self> {
        let line: Line<'_> = serde_json::from_slice(line).context("no frame")?;
        let received_at = DateTime::from_timestamp_millis(line.received_at).context("`received_at` is out of range")?;
        let text = line.frame.get();
        let Envelope { d, op, t } = serde_json::from_str(text).context("not a gateway frame")?;
        if op != DISPATCH {
            return Ok(Self { event: None, received_at, text });
        }
        let (Some(name), Some(data)) = (t, d) else { bail!("an event without a name or without data") };
        // twilight does not know every event of Discord, and Mocha does not record every event of twilight.
        if !EventType::try_from(name.as_ref()).is_ok_and(wants) {
            return Ok(Self { event: None, received_at, text });
        }
        let event = DispatchEventWithTypeDeserializer::new(&name)
            .deserialize(&mut serde_json::Deserializer::from_str(data.get()))
            .with_context(|| format!("the data of {name} is invalid"))?;
        Ok(Self { event: Some(event.into()), received_at, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn plain_and_compressed_traces_have_the_same_lines() -> TestResult {
        let text = b"one\ntwo\n\nlast";
        for bytes in [text.to_vec(), zstd::encode_all(text.as_slice(), 0)?] {
            let mut trace = Trace::new(bytes.as_slice())?;
            let mut lines = Vec::new();
            while let Some((number, line)) = trace.next_line()? {
                lines.push((number, String::from_utf8(line.to_vec())?));
            }
            let expected = [(1, "one\n"), (2, "two\n"), (3, "\n"), (4, "last")];
            assert_eq!(lines, expected.map(|(number, line)| (number, line.to_owned())));
        }
        Ok(())
    }

    #[test]
    fn a_short_trace_can_be_read() -> TestResult {
        for text in ["", "a"] {
            let mut trace = Trace::new(text.as_bytes())?;
            assert_eq!(
                trace.next_line()?.map(|(_, line)| line.to_vec()),
                Some(text.into()).filter(|_| !text.is_empty())
            );
        }
        Ok(())
    }

    #[test]
    fn unrecorded_frames_have_no_event_and_broken_frames_are_errors() -> TestResult {
        let parse =
            |line: &str| Frame::parse(line.as_bytes(), |kind| kind == EventType::GuildDelete).map(|frame| frame.event);
        let kept = parse(r#"{"received_at":1,"frame":{"t":"GUILD_DELETE","s":1, "op":0,"d":{"id":"1"}}}"#)?;
        assert_eq!(kept.map(|event| event.kind()), Some(EventType::GuildDelete));
        for passed_over in [
            r#"{"received_at":1,"frame":{"t":"TYPING_START","s":1,"op":0,"d":{}}}"#,
            r#"{"received_at":1,"frame":{"t":"NEWER_THAN_TWILIGHT","s":1,"op":0,"d":{}}}"#,
            r#"{"received_at":1,"frame":{"t":null,"s":null,"op":11,"d":null}}"#,
        ] {
            assert_eq!(parse(passed_over)?, None, "{passed_over}");
        }
        for broken in [
            "",
            "{}",
            r#"{"received_at":1,"frame":{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"#,
            r#"{"received_at":1,"frame":{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"0"}}}"#,
            r#"{"received_at":1,"frame":{"t":null,"s":1,"op":0,"d":{"id":"1"}}}"#,
            r#"{"received_at":9223372036854775807,"frame":{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"1"}}}"#,
        ] {
            assert!(parse(broken).is_err(), "{broken}");
        }
        Ok(())
    }
}
