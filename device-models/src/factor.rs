//! Factors of a step as 16-bit multipliers.

use alloc::vec::Vec;
use fx::step::{MULTIPLIER_END, STATE_MAX};
use fx::{Rounding, Wide, narrow, shift_right};

/// One non-negative factor a neuron, `mantissa / 2^(15 + shift)`; all neurons of a core share the shift, so that a loop
/// over neurons has one.
///
/// The largest factor sets the shift and is then known to 16 bits. The relative error of a factor is at most 2^-16
/// times the ratio of the largest factor to it, unless the largest is below 2^-15: then the absolute error of every
/// factor is at most 2^-31.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    mantissas: Vec<i32>,
    shift: i32,
}

impl Factors {
    /// Shifts run from this to its negative: factors up to 2^16 are possible.
    pub const SHIFT_MAX: i32 = 15;

    /// The factors in `values`, each rounded to nearest, padded with zeros to `len`. `None` if one of them is negative,
    /// or 2^16 or more.
    pub fn new(values: &[Wide], len: usize) -> Option<Self> {
        let largest = values.iter().copied().max().unwrap_or(Wide::ZERO);
        if values.iter().any(|v| *v < Wide::ZERO) {
            return None;
        }
        let fits = |shift: &i32| scaled(largest, *shift) < i64::from(MULTIPLIER_END);
        let shift = (-Self::SHIFT_MAX..=Self::SHIFT_MAX).rev().find(fits)?;
        let mut mantissas: Vec<i32> = values.iter().map(|v| narrow(scaled(*v, shift))).collect();
        mantissas.resize(len, 0);
        Some(Self { mantissas, shift })
    }

    /// The multipliers, neuron by neuron, with padding.
    pub fn mantissas(&self) -> &[i32] {
        &self.mantissas
    }

    /// The common shift, from -15 to 15; negative only if a factor is 2 or more.
    pub const fn shift(&self) -> i32 {
        self.shift
    }

    /// A bound on the magnitude of a factor times a state.
    pub(crate) fn product_max(&self) -> i64 {
        let largest = self.mantissas.iter().copied().max().unwrap_or(0);
        ((i64::from(STATE_MAX) * i64::from(largest)) >> (15 + self.shift)) + 1
    }
}

/// `value * 2^(15 + shift)`, to nearest, ties to even.
fn scaled(value: Wide, shift: i32) -> i64 {
    narrow(shift_right(value.to_bits(), (Wide::FRACTION_BITS as i32 - 15 - shift) as u32, Rounding::HalfEven))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(value: f64) -> Wide {
        Wide::from_bits((value * 2f64.powi(60)) as i128 * (1 << 36))
    }

    #[test]
    fn the_largest_factor_uses_all_bits() {
        for (largest, shift) in [(1.0, 0), (1.999, 0), (2.0, -1), (3.9, -1), (0.04877, 5), (1e-7, 15), (65_000.0, -15)]
        {
            let factors = Factors::new(&[wide(largest), wide(largest / 3.0)], 4).unwrap();
            assert_eq!(factors.shift(), shift, "{largest}");
            let value = |n: usize| f64::from(factors.mantissas()[n]) / 2f64.powi(15 + shift);
            assert!((value(0) / largest - 1.0).abs() <= 2f64.powi(-16) || shift == 15);
            assert!((value(1) * 3.0 / largest - 1.0).abs() <= 3.0 * 2f64.powi(-16) || shift == 15);
            assert_eq!(factors.mantissas()[2..], [0, 0]);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(Factors::new(&[wide(-0.001)], 1), None);
        assert_eq!(Factors::new(&[wide(65_536.0)], 1), None);
    }
}
