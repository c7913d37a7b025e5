//! Text: which characters, in which font, where.

mod clean;
mod fonts;
mod raster;
mod shape;

pub(crate) use self::{clean::clean, fonts::Fonts, raster::TextStyle};
