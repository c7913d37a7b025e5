#![doc = include_str!("../README.md")]

mod axis;
mod bitmap;
mod chart;
mod error;
#[cfg(test)]
mod fixture;
mod frame;
mod growth;
mod heat_map;
mod leaderboard;
mod messages;
mod number;
mod render;
mod scene;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod trace;
mod voice;

pub use self::{
    chart::Chart,
    error::{Error, ErrorKind},
    theme::Theme,
};
