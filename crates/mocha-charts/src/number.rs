//! Conversions between number types, in one place.

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a picture need not be exact")]
pub(crate) const fn float(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a picture need not be exact")]
pub(crate) const fn real(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "it saturates, and NaN is zero")]
pub(crate) const fn pixel(value: f64) -> i32 {
    value as i32
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, and NaN is zero"
)]
pub(crate) const fn pixels(value: f64) -> usize {
    value as usize
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, and NaN is zero"
)]
pub(crate) const fn whole(value: f64) -> u64 {
    value as u64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a picture need not be exact")]
pub(crate) const fn single(value: f64) -> f32 {
    value as f32
}
