//! How well weights are met: sums over whole numbers, so that the order of bookings cannot matter.

use super::real;
use crate::report::{ProjectionWeights, SumChange, WeightChange};
use crate::wish::Link;
use fx::power::{LOG2_BITS, log2};

/// Where a weight changed: sender, receiver, weight asked for and got, both with their sign in units of 2^-20.
type Change = (u32, u32, i64, i64);

/// The weights of one projection, in units of 2^-20.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    connections: u64,
    asked_squares: u128,
    error_squares: u128,
    /// The largest difference over the weight asked for: both of them.
    largest_change: (u64, u64),
    grew: u64,
    shrank: u64,
    clipped: u64,
    first_change: Option<Change>,
    /// By receiver: the sum asked for and got.
    sums: Vec<(i64, i64)>,
}

impl Met {
    /// Nothing yet, for `receivers` neurons.
    pub(super) fn new(receivers: u32) -> Self {
        Self { sums: vec![(0, 0); receivers as usize], ..Self::default() }
    }

    /// Adds a wanted connection to the sum of its receiver.
    pub(super) fn ask(&mut self, link: &Link) {
        self.sums[link.post as usize].0 += link.weight;
    }

    /// Adds a connection that got `got`, without sign.
    pub(super) fn add(&mut self, link: &Link, got: u64) {
        let asked = link.asked();
        let error = got.abs_diff(asked);
        self.connections += 1;
        self.asked_squares += u128::from(asked) * u128::from(asked);
        self.error_squares += u128::from(error) * u128::from(error);
        let (most, of) = self.largest_change;
        if of == 0 || u128::from(error) * u128::from(of) > u128::from(most) * u128::from(asked) {
            self.largest_change = (error, asked);
        }
        let signed = i64::try_from(got).unwrap_or(i64::MAX) * link.weight.signum();
        self.sums[link.post as usize].1 += signed;
        let (grew, shrank) = (got > 2 * asked, 2 * got < asked);
        self.grew += u64::from(grew);
        self.shrank += u64::from(shrank && got > 0);
        if grew || shrank {
            let change = (link.pre, link.post, link.weight, signed);
            self.first_change = Some(self.first_change.map_or(change, |first| first.min(change)));
        }
    }

    /// Counts a weight that is beyond the largest of its core.
    pub(super) fn clip(&mut self) {
        self.clipped += 1;
    }

    /// Them, where what counts as 1 is `level`.
    pub(super) fn report(&self, level: f64) -> ProjectionWeights {
        let real = |bits: i64| real(bits) * level;
        let root = |squares: u128| (squares as f64 / self.connections.max(1) as f64).sqrt() / UNIT * level;
        let (rms, rms_error) = (root(self.asked_squares), root(self.error_squares));
        let (error, asked) = self.largest_change;
        let change = |(pre, post, asked, got): Change| WeightChange { pre, post, asked: real(asked), got: real(got) };
        let changes = self.sums.iter().map(|(before, after)| before.abs_diff(*after));
        let squares = changes.clone().fold(0.0, |sum, change| sum + change as f64 * change as f64);
        let mut most: Option<(u64, usize)> = None;
        for (post, change) in changes.enumerate() {
            if change > most.map_or(0, |(change, _)| change) {
                most = Some((change, post));
            }
        }
        let sum = |(_, post): (u64, usize)| SumChange {
            post: post as u32,
            before: real(self.sums[post].0),
            after: real(self.sums[post].1),
        };
        ProjectionWeights {
            rms,
            rms_error,
            rms_error_relative: if rms > 0.0 { rms_error / rms } else { 0.0 },
            sqnr_db: (self.error_squares > 0).then(|| decibels(self.asked_squares as f64 / self.error_squares as f64)),
            largest_change: if asked == 0 { 0.0 } else { error as f64 / asked as f64 },
            grew: self.grew,
            shrank: self.shrank,
            clipped: self.clipped,
            first_change: self.first_change.map(change),
            sum_rms_change: (squares / self.sums.len().max(1) as f64).sqrt() / UNIT * level,
            sum_most_changed: most.map(sum),
        }
    }
}

/// Units of a weight of 1.
const UNIT: f64 = (1u32 << fx::Weight::FRACTION_BITS) as f64;

/// `10 log10(ratio)` of a positive ratio, by whole numbers: the same on every machine.
fn decibels(ratio: f64) -> f64 {
    let (mut mantissa, mut exponent) = (ratio, 0.0);
    while mantissa >= 2.0 {
        (mantissa, exponent) = (mantissa / 2.0, exponent + 1.0);
    }
    while mantissa < 1.0 {
        (mantissa, exponent) = (mantissa * 2.0, exponent - 1.0);
    }
    const BITS: u32 = 52;
    let fraction = log2((mantissa * (1u64 << BITS) as f64) as u64) - (i64::from(BITS) << LOG2_BITS);
    10.0 * LOG10_2 * (exponent + fraction as f64 / (1u64 << LOG2_BITS) as f64)
}

/// log10(2).
const LOG10_2: f64 = std::f64::consts::LOG10_2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decibels_are_those_of_the_logarithm() {
        for ratio in [1e-9, 0.3, 1.0, 1.5, 2.0, 3.0, 1e3, 7.25e17] {
            assert!((decibels(ratio) - 10.0 * f64::log10(ratio)).abs() < 1e-9, "{ratio}");
        }
    }
}
