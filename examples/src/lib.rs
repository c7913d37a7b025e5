//! What the examples are made of: reports in text, and the replay of recorded gateway traffic.

pub mod names;
pub mod render;
pub mod replay;
