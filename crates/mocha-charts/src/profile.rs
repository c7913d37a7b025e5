//! The subject of a card.

use mocha_stats::LevelProgress;

use crate::{Error, picture::Picture};

/// The subject of a card: a member or a server, with a name, and a picture, a level and a place if
/// there are some.
///
/// # Examples
///
/// ```
/// use mocha_charts::{Level, Profile};
///
/// # fn avatar() -> Vec<u8> {
/// #     let mut file = Vec::new();
/// #     let mut encoder = png::Encoder::new(&mut file, 1, 1);
/// #     encoder.set_color(png::ColorType::Rgb);
/// #     encoder.write_header().unwrap().write_image_data(&[255, 0, 0]).unwrap();
/// #     file
/// # }
/// let profile = Profile::new("Ferris").picture(&avatar())?.level(Level::new(12, 340, 500));
/// assert!(Profile::new("Ferris").picture(b"no picture").unwrap_err().is_invalid_input());
/// # Ok::<(), mocha_charts::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a profile does nothing until a card takes it"]
pub struct Profile {
    pub(crate) level: Option<Level>,
    pub(crate) name: String,
    pub(crate) picture: Option<Picture>,
    pub(crate) place: Option<(u64, u64)>,
}

/// A level, and how far somebody has come towards the next one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level {
    pub(crate) needed: u64,
    pub(crate) number: u64,
    pub(crate) points: u64,
}

impl Profile {
    /// Creates a profile with this name, without a picture, a level and a place.
    pub fn new(name: impl Into<String>) -> Self {
        Self { level: None, name: name.into(), picture: None, place: None }
    }

    /// Adds an avatar or an icon from a PNG file of at most 1,024 by 1,024 pixels, as Discord's CDN
    /// returns it for an address that ends with `.png?size=256`.
    ///
    /// It is drawn as a disc. The first frame of an animated file is used. Without a picture a card shows the first letter of the
    /// name.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `picture`: the bytes are no PNG file, or the picture is too large.
    pub fn picture(mut self, file: &[u8]) -> Result<Self, Error> {
        self.picture = Some(Picture::decode(file)?);
        Ok(self)
    }

    /// Adds a level: one of an entry of a leaderboard ([`Leaderboard::levels`](mocha_stats::Leaderboard::levels)), one that
    /// [`LevelCurve::progress`](mocha_stats::LevelCurve::progress) returns, or your own.
    pub fn level(mut self, level: impl Into<Level>) -> Self {
        self.level = Some(level.into());
        self
    }

    /// Sets the place of a member: its rank, and how many members are on the board. By default a card shows the place by
    /// messages. Set the place on the board of points if the card shows a level.
    pub const fn place(mut self, rank: u64, members: u64) -> Self {
        self.place = Some((rank, members));
        self
    }
}

impl Level {
    /// Creates a level, with the points since it was reached, and the points from it to the next one.
    #[must_use]
    pub const fn new(number: u64, points: u64, needed: u64) -> Self {
        Self { needed, number, points }
    }
}

impl From<LevelProgress> for Level {
    fn from(progress: LevelProgress) -> Self {
        Self::new(progress.level, progress.points, progress.needed)
    }
}
