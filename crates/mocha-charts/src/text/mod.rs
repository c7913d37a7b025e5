//! Text: cleaned, measured, shaped and drawn.

mod clean;
mod fonts;
mod raster;
mod shape;

pub(crate) use self::{
    clean::clean,
    fonts::{Fonts, Weight},
    raster::TextStyle,
    shape::Style,
};
