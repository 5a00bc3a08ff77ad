//! How far off weights are that take the nearest of some levels: the measure that the searches of codebooks and scales
//! make small.
//!
//! Weights enter as exact integers, sorted and with running sums, so that a set of levels is judged in the time of a
//! few look-ups. Floats use `+ - * /` in a fixed order.

use crate::WeightGoal;

/// Weights that are judged together, without sign and above 0.
pub(crate) struct Group {
    values: Vec<u32>,
    /// By value: number, sum and sum of squares of all weights below it, each weighted as the goal says; one longer.
    sums: Vec<[f64; 3]>,
    /// What a difference counts for the largest.
    scale: f64,
    goal: WeightGoal,
}

impl Group {
    /// `magnitudes` under `goal`; zeros do not count. Where there are other groups, each counts by its own root mean
    /// square, so that none hides behind larger ones.
    pub(crate) fn new(magnitudes: &[u32], goal: WeightGoal, has_others: bool) -> Self {
        let mut sorted: Vec<u32> = magnitudes.iter().copied().filter(|w| *w > 0).collect();
        sorted.sort_unstable();
        let squares: u128 = sorted.iter().map(|w| u128::from(*w) * u128::from(*w)).sum();
        let rms = (squares as f64 / sorted.len().max(1) as f64).sqrt();
        let scale = if has_others && rms > 0.0 { 1.0 / rms } else { 1.0 };
        let (mut values, mut sums) = (Vec::new(), vec![[0.0; 3]]);
        let mut total = [0.0; 3];
        for equal in sorted.chunk_by(|a, b| a == b) {
            let (value, count) = (f64::from(equal[0]), equal.len() as f64);
            let share = match goal {
                WeightGoal::Rms | WeightGoal::Max => count * scale * scale,
                WeightGoal::Relative => count / (value * value),
            };
            total = [total[0] + share, total[1] + share * value, total[2] + share * value * value];
            values.push(equal[0]);
            sums.push(total);
        }
        Self { values, sums, scale, goal }
    }

    /// The different weights, from small to large.
    pub(crate) fn values(&self) -> &[u32] {
        &self.values
    }

    /// The largest weight; 0 if there is none.
    pub(crate) fn largest(&self) -> u32 {
        self.values.last().copied().unwrap_or(0)
    }

    /// The ranges of weights that are nearest to each of `levels`, which are sorted; of two levels equally near it is
    /// the lower one.
    pub(crate) fn cells(&self, levels: impl ExactSizeIterator<Item = f64> + Clone) -> Vec<(usize, usize)> {
        let mut first = 0;
        let last = levels.len().saturating_sub(1);
        let next = levels.clone().skip(1).map(Some).chain([None]);
        let cell = |(index, (level, next)): (usize, (f64, Option<f64>))| {
            let end = match next.filter(|_| index < last) {
                Some(next) => {
                    let middle = (level + next) / 2.0;
                    first + self.values[first..].partition_point(|w| f64::from(*w) <= middle)
                }
                None => self.values.len(),
            };
            let cell = (first, end);
            first = end;
            cell
        };
        levels.zip(next).enumerate().map(cell).collect()
    }

    /// Number and sum of a range of weights, each weighted as the goal says.
    pub(crate) fn moments(&self, (first, end): (usize, usize)) -> (f64, f64) {
        let (low, high) = (self.sums[first], self.sums[end]);
        (high[0] - low[0], high[1] - low[1])
    }

    /// The error of the weights, if each takes the nearest of `levels`, which are sorted: a sum of squares, or the
    /// square of the largest difference.
    pub(crate) fn error(&self, levels: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
        let mut error = 0.0;
        for (level, (first, end)) in levels.clone().zip(self.cells(levels)) {
            if first == end {
                continue;
            }
            if self.goal == WeightGoal::Max {
                let off = |index: usize| (f64::from(self.values[index]) - level).abs() * self.scale;
                error = max(error, max(off(first), off(end - 1)));
            } else {
                let (low, high) = (self.sums[first], self.sums[end]);
                let cell = (high[2] - low[2]) - 2.0 * level * (high[1] - low[1]) + level * level * (high[0] - low[0]);
                error += max(cell, 0.0);
            }
        }
        if self.goal == WeightGoal::Max { error * error } else { error }
    }

    /// Errors of several groups together.
    pub(crate) fn joined(goal: WeightGoal, errors: impl Iterator<Item = f64>) -> f64 {
        errors.fold(0.0, |all, error| if goal == WeightGoal::Max { max(all, error) } else { all + error })
    }
}

fn max(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    /// The error, weight by weight.
    fn slow(magnitudes: &[u32], goal: WeightGoal, levels: &[f64]) -> f64 {
        let off = |w: u32| levels.iter().map(|l| (f64::from(w) - l).abs()).fold(f64::INFINITY, f64::min);
        let all = magnitudes.iter().filter(|w| **w > 0).map(|w| (off(*w), f64::from(*w)));
        match goal {
            WeightGoal::Rms => all.map(|(off, _)| off * off).sum(),
            WeightGoal::Relative => all.map(|(off, w)| off * off / w / w).sum(),
            WeightGoal::Max => all.map(|(off, _)| off * off).fold(0.0, f64::max),
        }
    }

    #[test]
    fn the_fast_measure_is_the_slow_one() {
        let mut dice = Dice(5);
        for round in 0..200 {
            let magnitudes: Vec<u32> = (0..1 + dice.below(60)).map(|_| dice.below(1 << (1 + round % 30))).collect();
            let mut levels: Vec<f64> = (0..1 + dice.below(20)).map(|_| f64::from(dice.below(1 << 30))).collect();
            levels.sort_by(f64::total_cmp);
            for goal in [WeightGoal::Rms, WeightGoal::Relative, WeightGoal::Max] {
                let (fast, slow) = (
                    Group::new(&magnitudes, goal, false).error(levels.iter().copied()),
                    slow(&magnitudes, goal, &levels),
                );
                assert!((fast - slow).abs() <= 1e-6 * slow.max(1.0), "{goal:?}: {fast} {slow}");
            }
        }
    }
}
