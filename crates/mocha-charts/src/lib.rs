#![doc = include_str!("../README.md")]

mod axis;
mod bitmap;
mod chart;
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
mod plane;
mod render;
mod scene;
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
    texts::{Counted, Texts},
    theme::Theme,
    user_names::UserNames,
};
