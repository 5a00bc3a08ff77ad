//! Intervals of a mean, a paired difference, a ratio and a quantile over nested units.
//!
//! The unit of inference is that of the top level: what was drawn anew most rarely (a network with all its dies). A
//! unit counts as the mean of its parts, so that one with more dies does not count more. From [`UNITS_MIN`] top-level
//! units on the interval is a studentised bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
//! chapter 12) that draws units with replacement at every level (Davison and Hinkley, Bootstrap Methods and their
//! Application, 1997, 3.8); with fewer it is Student's t over their means. Draws are addressed by the data: the same
//! data have the same interval.
//!
//! It deliberately does not know crossed designs: what all units share (tasks, samples) is fixed, and the interval says
//! nothing of other such; or it is made the top level itself.

use crate::StatisticsError;
use crate::distribution::student_point;
use crate::draw::key_of;
use crate::error::{check_count, check_finite, check_resampled, check_share};
use crate::estimate::{Estimate, Method};
use crate::share::at_least;
use crate::tree::{Node, Tree};
use disorder::uniform_below;
use rand::Rng;

/// Top-level units below which intervals go by Student's t: of fewer, the resamples are too few and too often all
/// alike.
pub const UNITS_MIN: usize = 6;
/// Resamples: with one more, both ends of an interval of 95 % are single ones of them.
const RESAMPLES: usize = 1999;

/// The mean of `tree` over its top-level units, which are called `unit` in the plural.
///
/// # Errors
/// [`StatisticsError::TooFew`] with a single top-level unit, [`StatisticsError::NotFinite`], [`StatisticsError::Range`]
/// for a level outside 0 to 1.
pub fn mean(tree: &Tree<f64>, unit: &str, level: f64) -> Result<Estimate, StatisticsError> {
    tree.check_finite("values")?;
    interval(&tree.map(|value| [value, 1.0]), unit, level)
}

/// The mean of the first less the second of each pair, over top-level units.
///
/// # Errors
/// As [`mean`].
pub fn paired_difference(tree: &Tree<(f64, f64)>, unit: &str, level: f64) -> Result<Estimate, StatisticsError> {
    mean(&tree.map(|(first, second)| first - second), unit, level)
}

/// The mean of the first over the mean of the second of each pair, over top-level units.
///
/// # Errors
/// As [`mean`]; [`StatisticsError::Denominator`] if the interval of the mean of the second holds 0.
pub fn ratio(tree: &Tree<(f64, f64)>, unit: &str, level: f64) -> Result<Estimate, StatisticsError> {
    let denominator = mean(&tree.map(|pair| pair.1), unit, level)?;
    if denominator.holds(0.0) {
        return Err(StatisticsError::Denominator { mean: denominator.value });
    }
    tree.map(|pair| pair.0).check_finite("values")?;
    interval(&tree.map(|(above, below)| [above, below]), unit, level)
}

/// A mean of numerators over a mean of denominators, with its standard error by linearisation: each unit moves the
/// ratio r by (a - r b) / mean(b).
#[derive(Clone, Copy)]
struct Pivot {
    value: f64,
    error: f64,
}

fn pivot(units: &[[f64; 2]]) -> Pivot {
    let n = units.len() as f64;
    // From the first unit on, so that equal ones have exactly no spread.
    let first = units[0];
    let mean = |k: usize| first[k] + units.iter().fold(0.0, |sum, unit| sum + (unit[k] - first[k])) / n;
    let below = mean(1);
    let value = mean(0) / below;
    let square = |sum: f64, unit: &[f64; 2]| {
        let moved = (unit[0] - value * unit[1]) / below;
        sum + moved * moved
    };
    Pivot { value, error: (units.iter().fold(0.0, square) / (n * (n - 1.0))).sqrt() }
}

/// The mean of a unit over its parts, each the mean over its own.
fn mean_of(node: &Node<[f64; 2]>) -> [f64; 2] {
    match node {
        Node::Leaf(value) => *value,
        Node::Group(parts) => mean_over(parts.iter().map(mean_of), parts.len()),
    }
}

/// The same with parts drawn with replacement at every level.
fn resampled_mean(node: &Node<[f64; 2]>, stream: &mut impl Rng) -> [f64; 2] {
    match node {
        Node::Leaf(value) => *value,
        Node::Group(parts) => {
            let drawn = (0..parts.len()).map(|_| resampled_mean(draw(parts, stream), stream));
            mean_over(drawn, parts.len())
        }
    }
}

fn draw<'a, T>(parts: &'a [Node<T>], stream: &mut impl Rng) -> &'a Node<T> {
    &parts[uniform_below(stream, parts.len() as u64) as usize]
}

/// From the first value on, so that the mean of equal ones is exactly theirs.
fn mean_over(mut values: impl Iterator<Item = [f64; 2]>, count: usize) -> [f64; 2] {
    let first = values.next().unwrap_or_default();
    let sums = values.fold([0.0; 2], |sum, value| [sum[0] + (value[0] - first[0]), sum[1] + (value[1] - first[1])]);
    [first[0] + sums[0] / count as f64, first[1] + sums[1] / count as f64]
}

/// The mean of `tree` over its top-level units with the interval of Student's t over their means, however many they
/// are.
///
/// # Errors
/// As [`mean`].
pub fn student_mean(tree: &Tree<f64>, unit: &str, level: f64) -> Result<Estimate, StatisticsError> {
    tree.check_finite("values")?;
    Ok(student(&tree.map(|value| [value, 1.0]), unit, level)?.0)
}

/// The interval by Student's t, and the standard error.
fn student(tree: &Tree<[f64; 2]>, unit: &str, level: f64) -> Result<(Estimate, f64), StatisticsError> {
    check_share("level", level)?;
    check_count("top-level units", tree.len(), 2)?;
    let units: Vec<[f64; 2]> = tree.top().iter().map(mean_of).collect();
    let Pivot { value, error } = pivot(&units);
    let half = student_point((1.0 - level) / 2.0, (tree.len() - 1) as f64) * error;
    let (low, high, n, unit) = (value - half, value + half, tree.len(), unit.to_owned());
    // Finite values can have a spread that is not.
    check_finite("bounds of the interval", [&low, &high])?;
    Ok((Estimate { value, low, high, n, unit, level, method: Method::Student }, error))
}

fn interval(tree: &Tree<[f64; 2]>, unit: &str, level: f64) -> Result<Estimate, StatisticsError> {
    let (estimate, error) = student(tree, unit, level)?;
    if tree.len() < UNITS_MIN || error == 0.0 || check_resampled(level, RESAMPLES).is_err() {
        return Ok(estimate);
    }
    let leaves: Vec<f64> = tree.leaves().into_iter().flatten().collect();
    let mut stream = key_of("bootstrap", &leaves).stream();
    let mut pivots: Vec<f64> = (0..RESAMPLES).map(|_| studentised(tree.top(), estimate.value, &mut stream)).collect();
    pivots.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = (estimate.value - upper(&pivots, tail) * error, estimate.value - lower(&pivots, tail) * error);
    // A tail that small is all resamples without spread: they say nothing.
    if !(low.is_finite() && high.is_finite()) {
        return Ok(estimate);
    }
    Ok(Estimate { low, high, method: Method::Studentised, ..estimate })
}

/// The distance of a resample in its own standard errors.
fn studentised(top: &[Node<[f64; 2]>], value: f64, stream: &mut impl Rng) -> f64 {
    let units: Vec<[f64; 2]> = (0..top.len()).map(|_| resampled_mean(draw(top, stream), stream)).collect();
    let resample = pivot(&units);
    let distance = resample.value - value;
    if distance == 0.0 { 0.0 } else { distance / resample.error }
}

/// Below this value are not more than `tail` of the sorted values.
pub(crate) fn lower(sorted: &[f64], tail: f64) -> f64 {
    let rank = ((sorted.len() + 1) as f64 * tail + 1e-9).floor() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Above this value are not more than `tail` of the sorted values.
pub(crate) fn upper(sorted: &[f64], tail: f64) -> f64 {
    let rank = ((sorted.len() + 1) as f64 * tail + 1e-9).floor() as usize;
    sorted[sorted.len() - rank.clamp(1, sorted.len())]
}

/// The value below which a `share` of all leaves lies, each weighing as its units do (the inverse of the empirical
/// distribution: Hyndman and Fan, The American Statistician 50, 1996, type 1).
///
/// The interval of plain values is that of order statistics, which holds for every distribution (David and Nagaraja,
/// Order Statistics, 2003, 7.1); that of nested ones is the percentiles of a nested bootstrap.
///
/// # Errors
/// As [`mean`]; [`StatisticsError::TooFew`] too with how many values such a quantile needs, or [`UNITS_MIN`] units.
pub fn quantile(tree: &Tree<f64>, share: f64, unit: &str, level: f64) -> Result<Estimate, StatisticsError> {
    check_share("level", level)?;
    check_share("share of a quantile", share)?;
    tree.check_finite("values")?;
    let mut leaves = Vec::new();
    weigh(tree.root(), 1.0, &mut leaves);
    let tail = (1.0 - level) / 2.0;
    let of = |value, low, high, method| {
        let unit = unit.to_owned();
        Estimate { value, low, high, n: tree.len(), unit, level, method }
    };
    let value = weighted_quantile(&mut leaves, share);
    if tree.depth() == 1 {
        let sorted: Vec<f64> = leaves.iter().map(|leaf| leaf.0).collect();
        let (low, high) = order_statistics(sorted.len(), share, tail)?;
        return Ok(of(value, sorted[low], sorted[high], Method::OrderStatistics));
    }
    check_count("top-level units", tree.len(), UNITS_MIN)?;
    check_resampled(level, RESAMPLES)?;
    let mut stream = key_of("quantile", &tree.leaves()).stream();
    let resample = |_| {
        leaves.clear();
        weigh_resampled(tree.root(), 1.0, &mut stream, &mut leaves);
        weighted_quantile(&mut leaves, share)
    };
    let mut found: Vec<f64> = (0..RESAMPLES).map(resample).collect();
    found.sort_by(f64::total_cmp);
    Ok(of(value, lower(&found, tail), upper(&found, tail), Method::Percentile))
}

fn weigh(node: &Node<f64>, weight: f64, leaves: &mut Vec<(f64, f64)>) {
    match node {
        Node::Leaf(value) => leaves.push((*value, weight)),
        Node::Group(parts) => parts.iter().for_each(|part| weigh(part, weight / parts.len() as f64, leaves)),
    }
}

fn weigh_resampled(node: &Node<f64>, weight: f64, stream: &mut impl Rng, leaves: &mut Vec<(f64, f64)>) {
    match node {
        Node::Leaf(value) => leaves.push((*value, weight)),
        Node::Group(parts) => {
            for _ in 0..parts.len() {
                weigh_resampled(draw(parts, stream), weight / parts.len() as f64, stream, leaves);
            }
        }
    }
}

/// Sorts the leaves; the first at which their weights reach `share`.
fn weighted_quantile(leaves: &mut [(f64, f64)], share: f64) -> f64 {
    leaves.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut reached = 0.0;
    for (value, weight) in &*leaves {
        reached += weight;
        // Sums of weights such as 1/3 may miss a share by rounding.
        if reached >= share - 1e-12 {
            return *value;
        }
    }
    leaves[leaves.len() - 1].0
}

/// The first rank from 1 to `count` from which on `is` holds, or one more than `count`.
fn first_rank(count: usize, is: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, count + 1);
    while low < high {
        let middle = low.midpoint(high);
        if is(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The indices of the two of `count` sorted values between which the quantile lies.
fn order_statistics(count: usize, share: f64, tail: f64) -> Result<(usize, usize), StatisticsError> {
    // The value of rank r lies at or below the quantile if r or more of all values do, which is less likely the larger
    // r.
    let low = first_rank(count, |rank| at_least(rank, count, share) < 1.0 - tail) - 1;
    let high = first_rank(count, |rank| at_least(rank, count, share) <= tail);
    match low >= 1 && high <= count {
        true => Ok((low - 1, high - 1)),
        false => {
            let is_enough = |n: &usize| at_least(1, *n, share) >= 1.0 - tail && at_least(*n, *n, share) <= tail;
            let needed = (count + 1..100_000).find(is_enough).unwrap_or(100_000);
            Err(StatisticsError::TooFew { what: "values for the interval of such a quantile", found: count, needed })
        }
    }
}

#[cfg(test)]
mod tests;
