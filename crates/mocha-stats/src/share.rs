//! Parts of a whole.

/// From 0 to 1; 0 if there is nothing.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a share need not be exact")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
