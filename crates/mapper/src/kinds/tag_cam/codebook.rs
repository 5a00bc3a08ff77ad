//! Four currents for thousands of weights: the codebook of a core.
//!
//! A CAM word switches any subset of the core's few weight currents on, and the weight is their sum: four currents
//! make 16 weights, one of them 0. Which currents serve the weights of a core best is found in [`search`].

use super::search::{Point, Search};
use crate::fit::Group;
use crate::{SmallWeights, WeightGoal};

/// The largest sum of currents, so that every weight of the core fits 16 bits with sign.
const SUM_MAX: i64 = i16::MAX as i64;

/// The largest exponent of a core's weights.
const EXPONENT_MAX: u8 = 20;

/// The weight currents of a core and the weights that they can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codebook {
    currents: Vec<i16>,
    exponent: u8,
    /// Every code with its sum of currents: by sum, of equal sums only the lowest code; code 0 first.
    levels: Vec<(i64, u8)>,
}

impl Codebook {
    /// The best currents for `magnitudes` (weights without sign, in units of 2^-20), of which there are `weight_bits`,
    /// as `goal` judges them. Weights that are 0 do not count.
    ///
    /// For random weights of common families the root mean square error with four currents is at most 2 % of the
    /// largest weight where 0 may stand for small weights or where weights keep away from 0, and at most 2.4 % where
    /// weights crowd about 0 and all are kept (15 weights for the range from 0 to 1 cannot do better than 2.03 %). It
    /// is 0 if there are no more different weights than currents, as far as 15 bits hold them.
    ///
    /// # Panics
    /// If `weight_bits` is not from 1 to 8.
    pub fn fit(magnitudes: &[u32], weight_bits: usize, small_weights: SmallWeights, goal: WeightGoal) -> Self {
        let groups = vec![Group::new(magnitudes, goal, false)];
        Search::new(groups, weight_bits, small_weights, goal).fixed(&[1.0]).1
    }

    /// The codebook of these currents, in units of `2^exponent` of 2^-20.
    fn new(currents: Vec<i16>, exponent: u8) -> Self {
        let levels = levels(&currents, 0, |sum, current| sum + i64::from(current));
        Self { currents, exponent, levels }
    }

    /// The codebook of the whole currents nearest to `currents`, with the finest step. A current above 0 stays above 0:
    /// otherwise small weights beside a large one could only become as large as that.
    pub(super) fn rounded(currents: &[f64]) -> Self {
        Self::stepped(currents, 0)
    }

    /// The same with steps of `2^least` at the finest.
    fn stepped(currents: &[f64], least: u8) -> Self {
        for exponent in least..=EXPONENT_MAX {
            let step = f64::from(1u32 << exponent);
            let nearest = |c: &f64| ((c / step + 0.5).floor() as i64).max(i64::from(*c > 0.0));
            let whole: Vec<i64> = currents.iter().map(nearest).collect();
            if whole.iter().sum::<i64>() <= SUM_MAX {
                let whole = whole.into_iter().map(|c| i16::try_from(c).expect("none is larger than their sum"));
                return Self::new(whole.collect(), exponent);
            }
        }
        unreachable!("8 currents of at most 2^32 units fit 16 bits in steps of 2^20")
    }

    /// The currents, in units of `2^exponent` of 2^-20, smallest code bit first.
    pub fn currents(&self) -> &[i16] {
        &self.currents
    }

    /// The step of the currents, as a power of two of 2^-20.
    pub fn exponent(&self) -> u8 {
        self.exponent
    }

    /// The weight of `code`, in units of 2^-20.
    pub fn weight(&self, code: u8) -> u64 {
        let sum: i64 = self.currents.iter().enumerate().map(|(i, c)| i64::from(*c) * i64::from((code >> i) & 1)).sum();
        (sum as u64) << self.exponent
    }

    /// The weight of `code`, in steps.
    pub(super) fn steps(&self, code: u8) -> u32 {
        (self.weight(code) >> self.exponent) as u32
    }

    /// What is beyond the largest weight: twice that weight and half of its distance to the next, in units of 2^-21.
    pub(super) fn twice_end(&self) -> u64 {
        let from_top = |index: usize| self.levels.iter().rev().nth(index).map_or(0, |(sum, _)| *sum as u64);
        (3 * from_top(0) - from_top(1)) << self.exponent
    }

    /// Its currents as reals, in units of 2^-20, beside `factors`.
    pub(super) fn point(&self, factors: &[f64]) -> Point {
        let step = f64::from(1u32 << self.exponent);
        Point { currents: self.currents.iter().map(|c| f64::from(*c) * step).collect(), factors: factors.to_vec() }
    }

    /// The codes with the weights that they make, in units of 2^-20: by weight, code 0 first.
    pub(super) fn levels(&self) -> impl Iterator<Item = (u64, u8)> + '_ {
        self.levels.iter().map(|(sum, code)| ((*sum as u64) << self.exponent, *code))
    }

    /// The same currents with a step of twice the size; none above `2^20`.
    pub(super) fn coarser(&self) -> Option<Self> {
        (self.exponent < EXPONENT_MAX).then(|| self.no_finer(self.exponent + 1))
    }

    /// The same currents with a step of `2^least` or more.
    pub(super) fn no_finer(&self, least: u8) -> Self {
        if self.exponent >= least {
            return self.clone();
        }
        let step = f64::from(1u32 << self.exponent);
        let currents: Vec<f64> = self.currents.iter().map(|c| f64::from(*c) * step).collect();
        Self::stepped(&currents, least)
    }

    /// The code nearest to `magnitude`; of two equally near, the smaller weight. `None` if that is 0.
    pub fn code(&self, magnitude: u32, small_weights: SmallWeights) -> Option<u8> {
        let levels: Vec<_> = self.levels().collect();
        nearest(&levels, magnitude, small_weights)
    }
}

/// The code nearest to `magnitude` among `levels`, sorted weights with their codes, code 0 first; of two equally near,
/// the smaller weight. `None` if that is 0, or if there is nothing else.
pub(super) fn nearest(levels: &[(u64, u8)], magnitude: u32, small_weights: SmallWeights) -> Option<u8> {
    let levels = match small_weights {
        SmallWeights::Keep if levels.len() > 1 => &levels[1..],
        _ => levels,
    };
    let next = levels.partition_point(|(weight, _)| *weight < u64::from(magnitude));
    let near = [next.checked_sub(1), Some(next)].into_iter().flatten().filter_map(|i| levels.get(i));
    let (_, code) = near.min_by_key(|(weight, _)| weight.abs_diff(magnitude.into())).expect("there is at least code 0");
    (*code != 0).then_some(*code)
}

/// All codes with their sums, by sum; of equal sums the lowest code stays.
pub(super) fn levels<C: Copy, S: Copy + PartialOrd>(currents: &[C], zero: S, add: impl Fn(S, C) -> S) -> Vec<(S, u8)> {
    let sum = |code: usize| {
        let on = currents.iter().enumerate().filter(|(i, _)| code >> i & 1 == 1);
        on.fold(zero, |sum, (_, current)| add(sum, *current))
    };
    let mut levels: Vec<(S, u8)> = (0..1usize << currents.len()).map(|code| (sum(code), code as u8)).collect();
    levels.sort_by(|a, b| a.partial_cmp(b).expect("currents are finite"));
    levels.dedup_by(|next, level| next.0 == level.0);
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    const KEEP: SmallWeights = SmallWeights::Keep;

    /// Root mean square error over the largest weight.
    fn relative_rms(magnitudes: &[u32], small_weights: SmallWeights) -> f64 {
        let codebook = Codebook::fit(magnitudes, 4, small_weights, WeightGoal::Rms);
        let error = |m: u32| codebook.weight(codebook.code(m, small_weights).unwrap_or(0)) as f64 - f64::from(m);
        let sum: f64 = magnitudes.iter().map(|&m| error(m) * error(m)).sum();
        (sum / magnitudes.len() as f64).sqrt() / f64::from(*magnitudes.iter().max().unwrap())
    }

    fn sets(count: usize, seed: u64) -> Vec<(&'static str, Vec<u32>)> {
        let mut dice = Dice(seed);
        let mut uniform = || f64::from(dice.below(1 << 30)) / f64::from(1 << 30);
        let unit = f64::from(1 << 20);
        let mut set = |draw: &mut dyn FnMut(&mut dyn FnMut() -> f64) -> f64| -> Vec<u32> {
            (0..count).map(|_| (draw(&mut uniform).abs() * unit) as u32 + 1).collect()
        };
        let normal = |u: &mut dyn FnMut() -> f64| (0..12).map(|_| u()).sum::<f64>() - 6.0;
        vec![
            ("normal", set(&mut |u| normal(u))),
            ("uniform", set(&mut |u| u())),
            ("offset normal", set(&mut |u| 1.0 + 0.3 * normal(u))),
            ("exponential", set(&mut |u| -(1.0 - u()).ln())),
            ("two groups", set(&mut |u| if u() < 0.8 { 1.0 + 0.2 * normal(u) } else { 4.5 + 0.9 * normal(u) })),
            ("log-normal", set(&mut |u| (0.5 * normal(u)).exp())),
        ]
    }

    #[test]
    fn random_weights_are_met_within_the_stated_error() {
        for (count, seed) in [(118, 1), (118, 2), (411, 3), (411, 4), (1891, 5)] {
            for (name, set) in sets(count, seed) {
                let crowds_about_0 = ["normal", "uniform", "exponential"].contains(&name);
                let (keep, drop) = (relative_rms(&set, KEEP), relative_rms(&set, SmallWeights::Nearest));
                assert!(drop <= 0.02, "{count} {name}: {drop}");
                assert!(keep <= if crowds_about_0 { 0.024 } else { 0.02 }, "{count} {name}: {keep}");
                assert!(drop <= keep + 1e-4, "{count} {name}: with one more weight, {drop} against {keep}");
            }
        }
    }

    #[test]
    fn few_or_doubling_weights_are_met_exactly() {
        let binary: Vec<u32> = (1..16).map(|code| code * 3000).collect();
        for set in [vec![7], vec![123_456; 9], vec![1, 5, 5, 1000, 32_000 << 8], vec![100, 200, 300], binary] {
            // `rounded` keeps 15 bits of the sum, and these need no more.
            assert!(relative_rms(&set, KEEP) < 1e-4, "{set:?}");
        }
        for set in [vec![4096, 8192, 12288, 50 * 4096], (1..16).map(|code| code << 12).collect()] {
            let codebook = Codebook::fit(&set, 4, KEEP, WeightGoal::Rms);
            for m in set {
                assert_eq!(codebook.weight(codebook.code(m, KEEP).unwrap()), u64::from(m));
            }
        }
    }

    #[test]
    fn small_weights_stay_small_beside_a_large_one() {
        let large = 13_000_000;
        let set: Vec<u32> = (0..70).map(|i| 40 + 3 * i).chain([large, large - 999]).collect();
        let codebook = Codebook::fit(&set, 4, KEEP, WeightGoal::Rms);
        let step = 1 << codebook.exponent();
        for &m in &set {
            assert!(codebook.weight(codebook.code(m, KEEP).unwrap()).abs_diff(u64::from(m)) <= 2 * step, "{m}");
        }
    }

    #[test]
    fn codes_are_the_nearest_of_all() {
        let mut dice = Dice(8);
        for bits in 1..=8 {
            let set: Vec<u32> = (0..300).map(|_| dice.below(1 << (10 + bits))).collect();
            for policy in [KEEP, SmallWeights::Nearest] {
                let codebook = Codebook::fit(&set, bits, policy, WeightGoal::Rms);
                assert_eq!(codebook.currents().len(), bits);
                let sum: i64 = codebook.currents().iter().map(|c| i64::from(*c)).sum();
                assert!((1..=i64::from(i16::MAX)).contains(&sum));
                for &m in &set {
                    let distance = |code: u8| codebook.weight(code).abs_diff(u64::from(m));
                    let allowed = |code: &u8| codebook.weight(*code) > 0 || policy == SmallWeights::Nearest;
                    let codes = (0..=u8::MAX >> (8 - bits)).filter(allowed);
                    let best = codes.map(distance).min().unwrap();
                    assert_eq!(codebook.code(m, policy).map_or(u64::from(m), distance), best);
                }
            }
        }
    }

    #[test]
    fn nothing_and_everything_fit() {
        let nothing = Codebook::fit(&[0, 0], 4, KEEP, WeightGoal::Rms);
        assert_eq!((nothing.currents(), nothing.code(5, KEEP)), (&[0; 4][..], None));
        let large = Codebook::fit(&[1 << 31; 3], 4, KEEP, WeightGoal::Rms);
        assert_eq!(large.weight(large.code(1 << 31, KEEP).unwrap()), 1 << 31);
        let tiny = Codebook::fit(&[1, 1 << 31], 1, KEEP, WeightGoal::Rms);
        assert_eq!(tiny.code(1, KEEP), Some(1), "a weight that is not 0 is kept");
        assert_eq!(tiny.code(1, SmallWeights::Nearest), None);
    }
}
