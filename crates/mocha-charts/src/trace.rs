//! Reduces many values to as many as there are pixels.

use crate::number::real;

/// A group of neighbouring values, drawn as one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Knot {
    /// The middle of the indexes.
    pub(crate) at: f64,
    pub(crate) greatest: f64,
    pub(crate) least: f64,
    pub(crate) mean: f64,
}

/// Groups the values into at most as many knots as there are columns of pixels.
pub(crate) fn knots(values: &[f64], columns: usize) -> Vec<Knot> {
    let together = values.len().div_ceil(columns.max(1)).max(1);
    let knot = |(number, values): (usize, &[f64])| Knot {
        at: real(number * together) + real(values.len() - 1) / 2.0,
        greatest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        least: values.iter().copied().fold(f64::INFINITY, f64::min),
        mean: values.iter().sum::<f64>() / real(values.len()),
    };
    values.chunks(together).enumerate().map(knot).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values_are_not_grouped() {
        let knots = knots(&[3.0, 5.0], 10);
        assert_eq!(knots.iter().map(|knot| (knot.at, knot.mean)).collect::<Vec<_>>(), [(0.0, 3.0), (1.0, 5.0)]);
    }

    proptest! {
        #[test]
        fn no_peak_is_lost_and_no_column_has_two_knots(
            values in prop::collection::vec(0.0..1e19_f64, 0..3_000), columns in 1..800_usize
        ) {
            let knots = knots(&values, columns);
            prop_assert!(knots.len() <= columns);
            let peak = values.iter().copied().fold(0.0, f64::max);
            prop_assert!(knots.is_empty() || knots.iter().any(|knot| knot.greatest >= peak));
            prop_assert!(knots.iter().all(|knot| knot.least <= knot.greatest));
            prop_assert!(knots.is_sorted_by(|one, next| one.at < next.at));
            prop_assert!(knots.last().is_none_or(|knot| knot.at <= real(values.len() - 1)));
        }
    }
}
