//! The file of a real community: fifteen years of chat, from a folder that is not part of the repository.

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};
use mocha_sim::recorded_folder;
use mocha_store::{
    Event,
    event::{GlobalName, GuildSeen, MemberSeen, MessageContent, MessageSent, UserSeen, VoiceStateChanged},
};

use crate::{Failure, File, file::file, is_test};

/// The name of the real community's file.
pub const EVENTS: &str = "events-2005-2019.csv.zst";

/// Half a day before the last message.
const NOW: i64 = 1_577_786_841;

/// The number of lines in a test.
const TEST_LINES: usize = 20_000;

/// A member who is silent for this long counts as disconnected.
const SILENCE_SECONDS: i64 = 6 * 3_600;

/// Returns `irc.db` in this folder, and creates it from the [`recorded_folder`] if it is missing. Returns `None` if the data is
/// missing.
///
/// The chat channel c becomes the text channel 2c + 1 and the voice channel 2c + 2. Joining it connects to voice, and leaving
/// it disconnects. Users are members from their first line on.
///
/// # Errors
///
/// Returns an error if the data cannot be read or the file cannot be written.
pub fn irc(folder: &Path) -> Result<Option<File>, Failure> {
    irc_with(folder, "irc", |event| Ok(vec![event]))
}

/// Creates the file with this name, with other events in place of each event.
pub(crate) fn irc_with(
    folder: &Path,
    name: &str,
    mut instead: impl FnMut(Event) -> Result<Vec<Event>, Failure> + 'static,
) -> Result<Option<File>, Failure> {
    let data = recorded_folder();
    if !data.join(EVENTS).exists() {
        return Ok(None);
    }
    let (name, lines) = if is_test() { (format!("{name}-test"), TEST_LINES) } else { (name.to_owned(), usize::MAX) };
    let path = file(folder, &name, || {
        let mut irc = Irc::new(&data)?;
        let lines = BufReader::new(zstd::Decoder::new(fs::File::open(data.join(EVENTS))?)?).lines().take(lines);
        let events = lines.flat_map(move |line| {
            let events = line.map_err(Failure::from).and_then(|line| irc.events(&line));
            let (events, error) = events.map_or_else(|error| (Vec::new(), Some(error)), |events| (events, None));
            events.into_iter().map(Ok).chain(error.map(Err))
        });
        Ok(Box::new(events.flat_map(move |event| match event.and_then(&mut instead) {
            Ok(events) => events.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })))
    })?;
    let now = DateTime::from_timestamp(NOW, 0).ok_or("no such time")?;
    Ok(Some(File { guild_id: guild_id()?, now, path, small_guild_id: None }))
}

/// Returns the users of the real community that are bots.
///
/// # Errors
///
/// Returns an error if the folder does not say so.
pub fn recorded_bots(folder: &Path) -> Result<HashSet<u64>, Failure> {
    let bots = fs::read_to_string(folder.join("bots.txt"))?;
    Ok(bots.split(',').map(|bot| bot.trim().parse()).collect::<Result<_, _>>()?)
}

fn guild_id() -> Result<GuildId, Failure> {
    Ok(GuildId::try_from(1 << 22)?)
}

/// The state after the lines that were read.
struct Irc {
    bots: HashSet<u64>,
    hour: i64,
    lines: u64,
    seen: HashSet<u64>,
    /// The voice channel of each user, and the time of the user's last line.
    voice: HashMap<u64, (u64, i64)>,
}

impl Irc {
    fn new(data: &Path) -> Result<Self, Failure> {
        Ok(Self { bots: recorded_bots(data)?, hour: 0, lines: 0, seen: HashSet::new(), voice: HashMap::new() })
    }

    /// Records a line: `second,kind,channel,user`, followed by `characters,words` for messages.
    fn events(&mut self, line: &str) -> Result<Vec<Event>, Failure> {
        let mut fields = line.split(',');
        let mut next = || fields.next().ok_or_else(|| format!("a line is too short: {line}"));
        let (second, kind): (i64, &str) = (next()?.parse()?, next()?);
        let (channel, user): (u64, u64) = (next()?.parse()?, next()?.parse()?);
        let at = DateTime::from_timestamp(second, 0).ok_or("no such time")?;
        let mut events = Vec::new();
        if self.lines == 0 {
            let (guild_id, name) = (guild_id()?, "IRC".to_owned());
            let member_count = Some(0);
            events.push(GuildSeen { afk_channel_id: None, at, guild_id, icon: None, member_count, name }.into());
        }
        self.lines += 1;
        self.silent_leave(second, at, &mut events)?;
        if self.seen.insert(user) {
            events.extend(self.arrival(user, at)?);
        }
        match kind {
            "m" | "a" => {
                let content =
                    MessageContent { characters: next()?.parse()?, words: next()?.parse()?, ..Default::default() };
                if let Some((_, heard)) = self.voice.get_mut(&user) {
                    *heard = second;
                }
                events.push(
                    MessageSent {
                        at,
                        channel_id: ChannelId::try_from(2 * channel + 1)?,
                        content: Some(content),
                        guild_id: guild_id()?,
                        kind: 0,
                        message_id: ((u64::try_from(second)? << 32) | self.lines).try_into()?,
                        user_id: user_id(user)?,
                    }
                    .into(),
                );
            }
            "j" => {
                self.voice.insert(user, (channel, second));
                events.push(voice(user, Some(channel), at)?);
            }
            "l" => {
                // A user who has moved to another channel stays in voice.
                if self.voice.get(&user).is_some_and(|(there, _)| *there == channel) {
                    self.voice.remove(&user);
                    events.push(voice(user, None, at)?);
                }
            }
            _ => return Err(format!("a line of unknown kind: {line}").into()),
        }
        Ok(events)
    }

    fn arrival(&self, user: u64, at: DateTime<Utc>) -> Result<[Event; 2], Failure> {
        let (bot, user_id) = (self.bots.contains(&user), user_id(user)?);
        let name = format!("user{user}");
        let seen =
            UserSeen { at, avatar: None, bot, discriminator: None, global_name: GlobalName::Unknown, name, user_id };
        let (guild_id, joined_at) = (guild_id()?, Some(at));
        let member = MemberSeen { at, guild_id, joined_at, nickname: None, premium_since: None, roles: None, user_id };
        Ok([seen.into(), Event::MemberJoined(member)])
    }

    /// Disconnects silent users, once an hour.
    fn silent_leave(&mut self, second: i64, at: DateTime<Utc>, events: &mut Vec<Event>) -> Result<(), Failure> {
        if second / 3_600 == self.hour {
            return Ok(());
        }
        self.hour = second / 3_600;
        let silent = |heard: i64| second - heard > SILENCE_SECONDS;
        let mut gone: Vec<u64> =
            self.voice.iter().filter(|(_, (_, heard))| silent(*heard)).map(|(user, _)| *user).collect();
        gone.sort_unstable();
        for user in gone {
            self.voice.remove(&user);
            events.push(voice(user, None, at)?);
        }
        Ok(())
    }
}

fn user_id(user: u64) -> Result<UserId, Failure> {
    Ok(UserId::try_from(user + 1)?)
}

fn voice(user: u64, channel: Option<u64>, at: DateTime<Utc>) -> Result<Event, Failure> {
    let channel_id = channel.map(|channel| ChannelId::try_from(2 * channel + 2)).transpose()?;
    let (guild_id, user_id) = (guild_id()?, user_id(user)?);
    Ok(VoiceStateChanged { at, channel_id, guild_id, state: VoiceState::default(), user_id }.into())
}
