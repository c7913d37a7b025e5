//! The library behind the examples: reports as text, and the replay of recorded gateway traffic.

pub mod render;
pub mod replay;
