//! Four currents for thousands of weights: the best codebook of a core.
//!
//! A CAM word switches any subset of the core's few weight currents on, and the weight is their sum: four currents
//! make 16 weights, one of them 0. Which currents serve the weights of a core best is a small clustering problem with
//! tied centres. It is solved by alternation, as k-means is (Lloyd, IEEE Trans. Inf. Theory 28, 1982): each weight
//! takes the nearest of the sums; then the currents are the non-negative least-squares solution for these choices. The
//! result depends on the start, so several fixed starts compete, and the one with the least squared error wins.
//!
//! Weights enter as exact integers; sums over them are exact. Only the few-by-few least-squares problem uses floats,
//! with `+ - * /` in a fixed order.

use crate::SmallWeights;

/// The largest sum of currents, so that every weight of the core fits 16 bits with sign.
const SUM_MAX: i64 = i16::MAX as i64;

/// The largest exponent of a core's weights.
const EXPONENT_MAX: u8 = 20;

/// Rounds of the alternation at most; it mostly stands still after 10 to 20.
const ROUNDS_MAX: usize = 100;

/// A set of currents to start from.
struct Start {
    /// Each current over the next smaller one.
    ratio: f64,
    /// A further factor on the largest.
    top: f64,
    /// The sum of all over the largest weight.
    sum: f64,
}

const fn start(ratio: f64, top: f64, sum: f64) -> Start {
    Start { ratio, top, sum }
}

/// Doubling currents suit weights without gaps; close ones suit weights about a mean; three close ones and a large one
/// suit two groups or a long tail.
const STARTS: [Start; 12] = [
    start(2.0, 1.0, 1.0),
    start(2.0, 1.0, 0.8),
    start(1.8, 1.0, 1.0),
    start(1.8, 1.0, 0.8),
    start(1.6, 1.0, 1.0),
    start(1.3, 1.0, 1.0),
    start(1.3, 1.0, 0.8),
    start(2.0, 0.6, 1.0),
    start(1.4, 2.0, 1.0),
    start(1.3, 3.0, 1.0),
    start(1.3, 2.0, 0.8),
    start(1.5, 2.0, 0.9),
];

/// The weight currents of a core and the weights that they can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codebook {
    currents: Vec<i16>,
    exponent: u8,
    /// Every code with its sum of currents: by sum, of equal sums only the lowest code; code 0 first.
    levels: Vec<(i64, u8)>,
}

impl Codebook {
    /// The best currents for `magnitudes` (weights without sign, in units of 2^-20), of which there are `weight_bits`.
    /// Weights that are 0 do not count.
    ///
    /// For random weights of common families the root mean square error with four currents is at most 2 % of the
    /// largest weight where 0 may stand for small weights or where weights keep away from 0, and at most 2.4 % where
    /// weights crowd about 0 and all are kept (15 weights for the range from 0 to 1 cannot do better than 2.03 %). It
    /// is 0 if there are no more different weights than currents, as far as 15 bits hold them.
    ///
    /// # Panics
    /// If `weight_bits` is not from 1 to 8.
    pub fn fit(magnitudes: &[u32], weight_bits: usize, small_weights: SmallWeights) -> Self {
        assert!((1..=8).contains(&weight_bits), "a CAM word has 1 to 8 weight bits");
        let weights = Weights::new(magnitudes);
        let Some(&largest) = weights.distinct.last() else {
            return Self::new(vec![0; weight_bits], 0);
        };
        if weights.distinct.len() <= weight_bits {
            let mut currents: Vec<f64> = weights.distinct.iter().map(|&w| f64::from(w)).collect();
            currents.resize(weight_bits, 0.0);
            return Self::rounded(&currents);
        }
        let candidates = STARTS.map(|Start { ratio, top, sum }| {
            let mut currents = vec![1.0];
            (1..weight_bits).for_each(|i| currents.push(currents[i - 1] * ratio));
            currents[weight_bits - 1] *= top;
            let scale = f64::from(largest) * sum / currents.iter().sum::<f64>();
            let mut currents: Vec<f64> = currents.iter().map(|c| c * scale).collect();
            for _ in 0..ROUNDS_MAX {
                let next = improved(&currents, &weights, small_weights);
                if next == currents {
                    break;
                }
                currents = next;
            }
            // A current that least squares left unused serves the smallest weights instead.
            currents.iter_mut().filter(|c| **c == 0.0).for_each(|c| *c = f64::from(weights.distinct[0]));
            let codebook = Self::rounded(&currents);
            (codebook.square_error(&weights, small_weights), codebook)
        });
        candidates.into_iter().min_by_key(|(error, _)| *error).expect("there are starts").1
    }

    /// The codebook of these currents, in units of `2^exponent` of 2^-20.
    fn new(currents: Vec<i16>, exponent: u8) -> Self {
        let levels = levels(&currents, 0, |sum, current| sum + i64::from(current));
        Self { currents, exponent, levels }
    }

    /// The codebook of the whole currents nearest to `currents`, with the finest step. A current above 0 stays above 0:
    /// otherwise small weights beside a large one could only become as large as that.
    fn rounded(currents: &[f64]) -> Self {
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

    /// The same currents with a step of twice the size; none above `2^20`.
    pub(super) fn coarser(&self) -> Option<Self> {
        let step = f64::from(1u32 << self.exponent);
        let currents: Vec<f64> = self.currents.iter().map(|c| f64::from(*c) * step).collect();
        (self.exponent < EXPONENT_MAX).then(|| Self::stepped(&currents, self.exponent + 1))
    }

    /// The code nearest to `magnitude`; of two equally near, the smaller weight. `None` if that is 0 and
    /// `small_weights` drops such weights.
    pub fn code(&self, magnitude: u32, small_weights: SmallWeights) -> Option<u8> {
        let levels = match small_weights {
            SmallWeights::Keep if self.levels.len() > 1 => &self.levels[1..],
            _ => &self.levels[..],
        };
        let distance = |sum: i64| ((sum as u64) << self.exponent).abs_diff(u64::from(magnitude));
        let next = levels.partition_point(|(sum, _)| (*sum as u64) << self.exponent < u64::from(magnitude));
        let near = [next.checked_sub(1), Some(next)].into_iter().flatten().filter_map(|i| levels.get(i));
        let (_, code) = near.min_by_key(|(sum, _)| distance(*sum)).expect("there is at least code 0");
        (*code != 0).then_some(*code)
    }

    fn square_error(&self, weights: &Weights, small_weights: SmallWeights) -> u128 {
        let mut total = 0;
        for (index, &w) in weights.distinct.iter().enumerate() {
            let error = u128::from(self.weight(self.code(w, small_weights).unwrap_or(0)).abs_diff(u64::from(w)));
            total += error * error * u128::from(weights.counts[index + 1] - weights.counts[index]);
        }
        total
    }
}

/// All codes with their sums, by sum; of equal sums the lowest code stays.
fn levels<C: Copy, S: Copy + PartialOrd>(currents: &[C], zero: S, add: impl Fn(S, C) -> S) -> Vec<(S, u8)> {
    let sum = |code: usize| {
        let on = currents.iter().enumerate().filter(|(i, _)| code >> i & 1 == 1);
        on.fold(zero, |sum, (_, current)| add(sum, *current))
    };
    let mut levels: Vec<(S, u8)> = (0..1usize << currents.len()).map(|code| (sum(code), code as u8)).collect();
    levels.sort_by(|a, b| a.partial_cmp(b).expect("currents are finite"));
    levels.dedup_by(|next, level| next.0 == level.0);
    levels
}

/// The weights of a core, sorted, with running counts and sums.
struct Weights {
    distinct: Vec<u32>,
    /// How many weights are smaller than distinct weight `i`; one longer.
    counts: Vec<u64>,
    /// Their sum.
    sums: Vec<u64>,
}

impl Weights {
    fn new(magnitudes: &[u32]) -> Self {
        let mut sorted: Vec<u32> = magnitudes.iter().copied().filter(|w| *w > 0).collect();
        sorted.sort_unstable();
        let (mut distinct, mut counts, mut sums) = (Vec::new(), vec![0], vec![0]);
        for group in sorted.chunk_by(|a, b| a == b) {
            distinct.push(group[0]);
            counts.push(counts.last().expect("starts with 0") + group.len() as u64);
            sums.push(sums.last().expect("starts with 0") + u64::from(group[0]) * group.len() as u64);
        }
        Self { distinct, counts, sums }
    }
}

/// The currents after one round: nearest codes, then least squares.
fn improved(currents: &[f64], weights: &Weights, small_weights: SmallWeights) -> Vec<f64> {
    let all = levels(currents, 0.0, |sum, current| sum + current);
    let levels = match small_weights {
        SmallWeights::Keep if all.len() > 1 => &all[1..],
        _ => &all[..],
    };
    // Normal equations: each code stands for the weights between the midpoints to its neighbours.
    let size = currents.len();
    let (mut gram, mut right) = (vec![vec![0.0; size]; size], vec![0.0; size]);
    let mut first = 0;
    for (index, &(sum, code)) in levels.iter().enumerate() {
        let end = match levels.get(index + 1) {
            Some((next, _)) => {
                let midpoint = (sum + next) / 2.0;
                weights.distinct.partition_point(|w| f64::from(*w) <= midpoint)
            }
            None => weights.distinct.len(),
        };
        let count = (weights.counts[end] - weights.counts[first]) as f64;
        let total = (weights.sums[end] - weights.sums[first]) as f64;
        first = end;
        for i in (0..size).filter(|i| code >> i & 1 == 1) {
            right[i] += total;
            for j in (0..size).filter(|j| code >> j & 1 == 1) {
                gram[i][j] += count;
            }
        }
    }
    non_negative_least_squares(&gram, &right).unwrap_or_else(|| currents.to_vec())
}

/// The `x >= 0` with the least `x' G x / 2 - r' x`. There are few unknowns, so every set of them that may be above 0 is
/// tried: the best feasible solution of these is the optimum. `None` if no set has a unique solution.
fn non_negative_least_squares(gram: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let size = right.len();
    let everything = (1usize << size) - 1;
    let mut best: Option<(f64, Vec<f64>)> = None;
    for set in (1..=everything).rev() {
        let members: Vec<usize> = (0..size).filter(|i| set >> i & 1 == 1).collect();
        let Some(solution) = solve(gram, right, &members).filter(|x| x.iter().all(|v| *v >= 0.0)) else { continue };
        // At a solution of the normal equations the objective is -r' x / 2.
        let gain: f64 = members.iter().zip(&solution).map(|(&i, x)| right[i] * x).sum();
        if best.as_ref().is_none_or(|(most, _)| gain > *most) {
            let mut x = vec![0.0; size];
            members.iter().zip(&solution).for_each(|(&i, v)| x[i] = *v);
            best = Some((gain, x));
        }
        if set == everything {
            break; // the free optimum is feasible, so it is the optimum
        }
    }
    best.map(|(_, x)| x)
}

/// Solves `G x = r` for the unknowns in `members` by elimination with row pivots; `None` if they are not independent.
fn solve(gram: &[Vec<f64>], right: &[f64], members: &[usize]) -> Option<Vec<f64>> {
    let size = members.len();
    let mut rows: Vec<Vec<f64>> =
        members.iter().map(|&i| members.iter().map(|&j| gram[i][j]).chain([right[i]]).collect()).collect();
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        // Entries are counts, so what is left of a dependent row is rounding, far below 1.
        if rows[column][column].abs() < 1e-6 {
            return None;
        }
        let (done, rest) = rows.split_at_mut(column + 1);
        let pivot = &done[column];
        for row in rest {
            let factor = row[column] / pivot[column];
            for k in column..=size {
                row[k] -= factor * pivot[k];
            }
        }
    }
    let mut x = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| rows[row][k] * x[k]).sum();
        x[row] = (rows[row][size] - known) / rows[row][row];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    const KEEP: SmallWeights = SmallWeights::Keep;

    /// Root mean square error over the largest weight.
    fn relative_rms(magnitudes: &[u32], small_weights: SmallWeights) -> f64 {
        let codebook = Codebook::fit(magnitudes, 4, small_weights);
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
            let codebook = Codebook::fit(&set, 4, KEEP);
            for m in set {
                assert_eq!(codebook.weight(codebook.code(m, KEEP).unwrap()), u64::from(m));
            }
        }
    }

    #[test]
    fn small_weights_stay_small_beside_a_large_one() {
        let large = 13_000_000;
        let set: Vec<u32> = (0..70).map(|i| 40 + 3 * i).chain([large, large - 999]).collect();
        let codebook = Codebook::fit(&set, 4, KEEP);
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
                let codebook = Codebook::fit(&set, bits, policy);
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
        let nothing = Codebook::fit(&[0, 0], 4, KEEP);
        assert_eq!((nothing.currents(), nothing.code(5, KEEP)), (&[0; 4][..], None));
        let large = Codebook::fit(&[1 << 31; 3], 4, KEEP);
        assert_eq!(large.weight(large.code(1 << 31, KEEP).unwrap()), 1 << 31);
        let tiny = Codebook::fit(&[1, 1 << 31], 1, KEEP);
        assert_eq!(tiny.code(1, KEEP), Some(1), "a weight that is not 0 is kept");
        assert_eq!(tiny.code(1, SmallWeights::Nearest), None);
    }

    #[test]
    fn least_squares_never_uses_a_negative_current() {
        // Free solution of the first: (-1, 2).
        let cases = [
            ([[1.0, 1.0], [1.0, 2.0]], [1.0, 3.0], [0.0, 1.5]),
            ([[2.0, 0.0], [0.0, 4.0]], [1.0, 8.0], [0.5, 2.0]),
            ([[1.0, 1.0], [1.0, 1.0]], [2.0, 2.0], [0.0, 2.0]),
        ];
        for (gram, right, expected) in cases {
            let gram: Vec<Vec<f64>> = gram.iter().map(|row| row.to_vec()).collect();
            assert_eq!(non_negative_least_squares(&gram, &right), Some(expected.to_vec()));
        }
    }
}
