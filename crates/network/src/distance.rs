//! Neurons with places: connections that fall with distance.
//!
//! Senders and receivers stand on grids that cover the same area, row by row, so that groups of different sizes can be
//! neighbours. Distances are in spacings of the receivers' grid. Everything is integers: a distance is a ratio of whole
//! numbers, to nearest in 2^-32; its square root, and what falls with it, are rounded to nearest by name.

use fx::math::{exp_neg, sqrt};
use fx::{Fraction, Real, Rounding};

/// Rows and columns of a grid; a line is one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows, at least 1.
    pub rows: u32,
    /// Columns, at least 1.
    pub columns: u32,
}

impl Grid {
    /// A line of so many places.
    pub const fn line(places: u32) -> Self {
        Self { rows: 1, columns: places }
    }

    /// Places of the grid.
    pub fn places(self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }
}

/// How something falls with the distance d, from 1 at 0; `width` is in spacings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Falloff {
    /// exp(-d^2 / (2 width^2)).
    Gaussian,
    /// exp(-d / width).
    Exponential,
    /// 1 up to the width, and 0 beyond.
    Step,
}

/// What falls with the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Falling {
    /// The probability that two neurons are joined, from this one at distance 0, in units of 1/65536.
    Probability(u32),
    /// The weight that is drawn; all neurons are joined that are near enough for one in 2^-20 of it.
    Weight,
}

/// Connections that fall with the distance of their neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distance {
    /// Where the receivers stand.
    pub receivers: Grid,
    /// Where the senders stand.
    pub senders: Grid,
    /// Whether the edges of the area are joined: a ring, or a torus.
    pub wraps: bool,
    /// How it falls.
    pub falloff: Falloff,
    /// How far; above 0.
    pub width: Real,
    /// No neurons are joined that are further apart than this.
    pub reach: Option<Real>,
    /// What falls.
    pub of: Falling,
}

impl Distance {
    /// What is left of 1 at the distance of two places; none beyond the reach.
    pub fn left(&self, sender: u32, receiver: u32) -> Option<Fraction> {
        let squared = self.squared(sender, receiver);
        let within = |limit: Real| squared <= limit.mul(limit, Rounding::HalfEven);
        if self.reach.is_some_and(|reach| !within(reach)) {
            return None;
        }
        Some(match self.falloff {
            Falloff::Gaussian => {
                let ratio = squared.div(self.width, Rounding::HalfEven).div(self.width, Rounding::HalfEven);
                exp_neg(Real::from_bits(ratio.to_bits() >> 1))
            }
            Falloff::Exponential => exp_neg(sqrt(squared).div(self.width, Rounding::HalfEven)),
            Falloff::Step if within(self.width) => Fraction::ONE,
            Falloff::Step => Fraction::ZERO,
        })
    }

    /// The squared distance of two places, which saturates.
    fn squared(&self, sender: u32, receiver: u32) -> Real {
        let (s, r) = (self.senders, self.receivers);
        let rows = self.along(sender / s.columns, receiver / r.columns, (s.rows, r.rows));
        let columns = self.along(sender % s.columns, receiver % r.columns, (s.columns, r.columns));
        rows.mul(rows, Rounding::HalfEven).add_sat(columns.mul(columns, Rounding::HalfEven))
    }

    /// The distance along an axis with so many places of senders and receivers. Both stand in the middle of equal
    /// shares of it.
    fn along(&self, sender: u32, receiver: u32, (senders, receivers): (u32, u32)) -> Real {
        let [sender, receiver, senders, receivers] = [sender, receiver, senders, receivers].map(i64::from);
        // In units of 1 / (2 senders) of a spacing of the receivers.
        let apart = ((2 * receiver + 1) * senders - (2 * sender + 1) * receivers).abs();
        let around = 2 * senders * receivers;
        let apart = if self.wraps { apart.min(around - apart) } else { apart };
        Real::from_ratio(apart, 2 * senders)
    }
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "the closed forms")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(falloff: Falloff, width: i64, grids: [Grid; 2], wraps: bool) -> Distance {
        let [senders, receivers] = grids;
        let width = Real::from_integer(width);
        Distance { receivers, senders, wraps, falloff, width, reach: None, of: Falling::Weight }
    }

    fn number(fraction: Fraction) -> f64 {
        fraction.to_bits() as f64 / Fraction::ONE.to_bits() as f64
    }

    proptest! {
        #[test]
        fn it_falls_as_the_closed_form(
            (rows, columns, times) in (1u32..6, 1u32..9, 1u32..4), (a, b) in (0u32..1000, 0u32..1000), wraps: bool, width in 1i64..5,
        ) {
            let receivers = Grid { rows, columns };
            let senders = Grid { rows: rows * times, columns };
            let (a, b) = (a % senders.places() as u32, b % receivers.places() as u32);
            // The place of each in spacings of the receivers.
            let row = [(f64::from(a / columns) + 0.5) / f64::from(times), f64::from(b / columns) + 0.5];
            let column = [f64::from(a % columns), f64::from(b % columns)];
            let apart = |[x, y]: [f64; 2], around: u32| {
                let apart = (x - y).abs();
                if wraps { apart.min(f64::from(around) - apart) } else { apart }
            };
            let squared = apart(row, rows).powi(2) + apart(column, columns).powi(2);
            let (w, d) = (width as f64, squared.sqrt());
            for (falloff, expected) in [
                (Falloff::Gaussian, (-squared / (2.0 * w * w)).exp()),
                (Falloff::Exponential, (-d / w).exp()),
            ] {
                let distance = of(falloff, width, [senders, receivers], wraps);
                let found = number(distance.left(a, b).unwrap());
                prop_assert!((found - expected).abs() < 1e-7, "{falloff:?}: {found} is not {expected}");
            }
        }

        #[test]
        fn it_is_the_same_both_ways((rows, columns) in (1u32..6, 1u32..9), (a, b) in (0u32..1000, 0u32..1000), wraps: bool) {
            let grid = Grid { rows, columns };
            let (a, b) = (a % grid.places() as u32, b % grid.places() as u32);
            let distance = of(Falloff::Exponential, 2, [grid, grid], wraps);
            prop_assert_eq!(distance.left(a, b), distance.left(b, a));
            prop_assert_eq!(distance.left(a, a), Some(Fraction::ONE));
        }
    }

    #[test]
    fn reach_and_step_end_at_their_distance() {
        let line = Grid::line(10);
        let step = of(Falloff::Step, 3, [line, line], false);
        let ends = |distance: &Distance| [3, 4].map(|to| distance.left(0, to).map(number));
        assert_eq!(ends(&step), [Some(1.0), Some(0.0)]);
        let near = Distance { reach: Some(Real::from_integer(3)), falloff: Falloff::Gaussian, ..step };
        assert_eq!(ends(&near).map(|left| left.is_some()), [true, false]);
        // On a ring, the last is the neighbour of the first.
        let ring = Distance { wraps: true, ..step };
        assert_eq!([7, 6].map(|to| ring.left(0, to).map(number)), [Some(1.0), Some(0.0)]);
    }
}
