#![doc = include_str!("../README.md")]

mod active;
mod axis;
mod bitmap;
mod calendar;
mod card;
mod chart;
mod cohorts;
mod crowd;
mod dates;
mod error;
#[cfg(test)]
mod fixture;
mod growth;
mod header;
mod heat_map;
mod label;
mod leaderboard;
mod messages;
mod number;
mod picture;
mod plane;
mod profile;
mod render;
mod report;
mod scene;
mod shades;
#[cfg(test)]
mod tests;
mod text;
mod texts;
mod theme;
mod trace;
mod unit;
mod user_names;
mod voice;

pub use self::{
    chart::Chart,
    error::{Error, ErrorKind},
    profile::{Level, Profile},
    texts::{Counted, Texts},
    theme::Theme,
    user_names::UserNames,
};
