//! The search for the best codebook: a small clustering problem with tied centres.
//!
//! It is solved by alternation, as k-means is (Lloyd, IEEE Trans. Inf. Theory 28, 1982): each weight takes the nearest
//! of the sums; then the currents are the non-negative least-squares solution for these choices. The result depends on
//! the start, so many fixed starts compete; the best of them are then improved by small steps of the currents, as the
//! goal itself judges them, which finds what least squares cannot see (the largest difference, and neighbours that the
//! alternation stops before).
//!
//! Kinds of synapse with a gain of their own are groups: the weights of a group are a factor times the sums. A factor
//! that may move is the least-squares solution too, in turns with the currents.
//!
//! Only the few-by-few least-squares problem and the judging use floats, with `+ - * /` in a fixed order.

use super::codebook::{Codebook, levels};
use crate::fit::Group;
use crate::{SmallWeights, WeightGoal};

/// Rounds of the alternation at most; it mostly stands still after 10 to 20.
const ROUNDS_MAX: usize = 100;

/// How many of the best starts are improved by small steps.
const POLISHED: usize = 4;

/// Starts besides those that are listed.
const SPREAD: usize = 24;

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

/// Steps of a sequence that fills a cube evenly, one a current.
const STRIDES: [f64; 8] = [0.8567, 0.7339, 0.6287, 0.5386, 0.4614, 0.3952, 0.3386, 0.2901];

/// Currents, and the factor of each group on their sums.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) currents: Vec<f64>,
    pub(super) factors: Vec<f64>,
}

/// What is searched for.
pub(super) struct Search {
    groups: Vec<Group>,
    weight_bits: usize,
    small_weights: SmallWeights,
    goal: WeightGoal,
}

impl Search {
    /// The currents for `groups`.
    ///
    /// # Panics
    /// If `weight_bits` is not from 1 to 8.
    pub(super) fn new(groups: Vec<Group>, weight_bits: usize, small_weights: SmallWeights, goal: WeightGoal) -> Self {
        assert!((1..=8).contains(&weight_bits), "a CAM word has 1 to 8 weight bits");
        Self { groups, weight_bits, small_weights, goal }
    }

    /// The best codebook where each group has its factor, and its error.
    pub(super) fn fixed(&self, factors: &[f64]) -> (f64, Codebook) {
        // The weights as the synapses hold them.
        let held = self.groups.iter().zip(factors).flat_map(|(g, f)| g.values().iter().map(move |w| f64::from(*w) / f));
        let mut held: Vec<f64> = held.collect();
        held.sort_by(f64::total_cmp);
        held.dedup();
        if held.len() <= self.weight_bits {
            held.resize(self.weight_bits, 0.0);
            return self.judged(&held, factors);
        }
        let starts = self.starts(held[held.len() - 1]).map(|currents| Point { currents, factors: factors.to_vec() });
        let found = self.best(starts.collect(), &vec![false; factors.len()]);
        let judged = found.iter().map(|point| self.judged(&self.used(&point.currents, held[0]), factors));
        judged.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are starts")
    }

    /// The best currents and factors, where the factors of the groups that are `free` may move.
    pub(super) fn moving(&self, free: &[bool]) -> (f64, Point) {
        let largest = self.groups.iter().map(Group::largest).max().unwrap_or(0);
        let factor = |(group, free): (&Group, &bool)| match (free, group.largest()) {
            (true, own) if own > 0 => f64::from(own) / f64::from(largest),
            _ => 1.0,
        };
        let factors: Vec<f64> = self.groups.iter().zip(free).map(factor).collect();
        let held = self.groups.iter().zip(&factors).map(|(group, factor)| f64::from(group.largest()) / factor);
        let starts = self.starts(held.fold(0.0, f64::max)).map(|currents| Point { currents, factors: factors.clone() });
        let found = self.best(starts.collect(), free);
        let judged = found.into_iter().map(|point| (self.error(&point), point));
        judged.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are starts")
    }

    /// Number of weights, each as the goal weights it.
    pub(super) fn share(&self) -> f64 {
        if self.goal == WeightGoal::Max {
            return 1.0;
        }
        self.groups.iter().map(|group| group.moments((0, group.values().len())).0).sum()
    }

    /// Currents to start from, for weights up to `largest`.
    fn starts(&self, largest: f64) -> impl Iterator<Item = Vec<f64>> + '_ {
        let bits = self.weight_bits;
        let listed = STARTS.iter().map(move |Start { ratio, top, sum }| {
            let mut currents = vec![1.0];
            (1..bits).for_each(|i| currents.push(currents[i - 1] * ratio));
            currents[bits - 1] *= top;
            let scale = largest * sum / currents.iter().sum::<f64>();
            currents.iter().map(|c| c * scale).collect()
        });
        let spread = (1..=SPREAD).map(move |index| {
            let place = |stride: &f64| {
                let place = 0.5 + stride * index as f64;
                let place = place - place.floor();
                largest * 0.7 * (0.01 + place * place)
            };
            STRIDES[..bits].iter().map(place).collect()
        });
        listed.chain(spread)
    }

    /// The best of what the starts lead to.
    fn best(&self, mut points: Vec<Point>, free: &[bool]) -> Vec<Point> {
        points.iter_mut().for_each(|point| self.alternate(point, free));
        let mut judged: Vec<(f64, Point)> = points.into_iter().map(|point| (self.error(&point), point)).collect();
        judged.sort_by(|a, b| a.0.total_cmp(&b.0)); // stable: of equal ones the first start
        let mut best: Vec<Point> = judged.into_iter().take(POLISHED).map(|(_, point)| point).collect();
        let mut polished = best.clone();
        polished.iter_mut().for_each(|point| self.polish(point, free));
        polished.append(&mut best);
        polished
    }

    /// Nearest sums and least squares in turns, until nothing moves.
    fn alternate(&self, point: &mut Point, free: &[bool]) {
        for _ in 0..ROUNDS_MAX {
            let next = self.improved(point, free);
            if next == *point {
                break;
            }
            *point = next;
        }
    }

    /// Small steps, alone and in pairs, as long as one of them makes the error smaller.
    fn polish(&self, point: &mut Point, free: &[bool]) {
        let bits = point.currents.len();
        let moves: Vec<usize> = (0..bits).chain((0..free.len()).filter(|g| free[*g]).map(|g| bits + g)).collect();
        let mut directions: Vec<Vec<(usize, f64)>> = Vec::new();
        for (index, a) in moves.iter().enumerate() {
            directions.extend([1.0, -1.0].map(|sign| vec![(*a, sign)]));
            for b in &moves[index + 1..] {
                directions
                    .extend([(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)].map(|(s, t)| vec![(*a, s), (*b, t)]));
            }
        }
        let mut error = self.error(point);
        let mut size = 0.08;
        // Each size is left when no step helps; the number of steps is bounded in any case.
        let mut left = 400;
        while size > 2e-4 && left > 0 && error > 0.0 {
            let mut moved = false;
            for direction in &directions {
                let mut next = point.clone();
                for &(at, sign) in direction {
                    let value = if at < bits { &mut next.currents[at] } else { &mut next.factors[at - bits] };
                    *value *= 1.0 + sign * size;
                }
                let found = self.error(&next);
                if found < error {
                    (error, *point, moved) = (found, next, true);
                    left -= 1;
                }
            }
            if !moved {
                size /= 2.0;
            }
            left -= 1;
        }
    }

    /// Sorted sums of currents with their codes; without code 0 if that may not be taken.
    fn sums(&self, currents: &[f64]) -> Vec<(f64, u8)> {
        let mut all = levels(currents, 0.0, |sum, current| sum + current);
        if self.small_weights == SmallWeights::Keep && all.len() > 1 {
            all.remove(0);
        }
        all
    }

    fn error(&self, point: &Point) -> f64 {
        let sums = self.sums(&point.currents);
        let of_group = |(group, factor): (&Group, &f64)| group.error(sums.iter().map(|(sum, _)| sum * factor));
        Group::joined(self.goal, self.groups.iter().zip(&point.factors).map(of_group))
    }

    /// The codebook of whole currents, and its error.
    fn judged(&self, currents: &[f64], factors: &[f64]) -> (f64, Codebook) {
        let codebook = Codebook::rounded(currents);
        (self.error(&codebook.point(factors)), codebook)
    }

    /// A current that least squares left unused serves the smallest weights instead.
    fn used(&self, currents: &[f64], smallest: f64) -> Vec<f64> {
        currents.iter().map(|c| if *c == 0.0 { smallest } else { *c }).collect()
    }

    /// The point after one round: nearest sums, then least squares, for the currents and then for the factors.
    fn improved(&self, point: &Point, free: &[bool]) -> Point {
        let sums = self.sums(&point.currents);
        // Normal equations: each code stands for the weights between the midpoints to its neighbours.
        let size = point.currents.len();
        let (mut gram, mut right) = (vec![vec![0.0; size]; size], vec![0.0; size]);
        let mut moments = Vec::with_capacity(self.groups.len());
        for (group, factor) in self.groups.iter().zip(&point.factors) {
            let cells = group.cells(sums.iter().map(|(sum, _)| sum * factor));
            let of_group: Vec<(f64, f64)> = cells.into_iter().map(|cell| group.moments(cell)).collect();
            for (&(_, code), &(count, total)) in sums.iter().zip(&of_group) {
                let (count, total) = (count * factor * factor, total * factor);
                for i in (0..size).filter(|i| code >> i & 1 == 1) {
                    right[i] += total;
                    for j in (0..size).filter(|j| code >> j & 1 == 1) {
                        gram[i][j] += count;
                    }
                }
            }
            moments.push(of_group);
        }
        let currents = non_negative_least_squares(&gram, &right).unwrap_or_else(|| point.currents.clone());
        let mut factors = point.factors.clone();
        let sum_of =
            |code: u8| -> f64 { currents.iter().enumerate().filter(|(i, _)| code >> i & 1 == 1).map(|(_, c)| c).sum() };
        for (group, of_group) in moments.iter().enumerate().filter(|(group, _)| free[*group]) {
            let (mut above, mut below) = (0.0, 0.0);
            for (&(_, code), (count, total)) in sums.iter().zip(of_group) {
                let sum = sum_of(code);
                (above, below) = (above + sum * total, below + sum * sum * count);
            }
            if above > 0.0 && below > 0.0 {
                factors[group] = above / below;
            }
        }
        Point { currents, factors }
    }
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
        // What is left of a dependent row is rounding, far below what stood there.
        if rows[column][column].abs() <= 1e-9 * gram[members[column]][members[column]] {
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

    #[test]
    fn no_other_start_is_much_better() {
        let mut dice = Dice(77);
        let mut stream = Dice(78);
        let mut uniform = || f64::from(1 + stream.below(1 << 20)) / f64::from(1 << 20);
        let mut set = |draw: &mut dyn FnMut(&mut dyn FnMut() -> f64) -> f64| -> Vec<u32> {
            (0..90).map(|_| (draw(&mut uniform).abs() * f64::from(1 << 20)) as u32 + 1).collect()
        };
        let sets = [
            set(&mut |u| (0..12).map(|_| u()).sum::<f64>() - 6.0),
            set(&mut |u| 1.0 + 0.05 * (0..12).map(|_| u()).sum::<f64>()),
            set(&mut |u| -u().ln()),
            set(&mut |u| if u() < 0.8 { u() * 0.1 } else { 2.0 + u() }),
        ];
        for (index, set) in sets.iter().enumerate() {
            for goal in [WeightGoal::Rms, WeightGoal::Relative, WeightGoal::Max] {
                let small_weights = if index % 2 == 0 { SmallWeights::Nearest } else { SmallWeights::Keep };
                let search = Search::new(vec![Group::new(set, goal, false)], 4, small_weights, goal);
                let (found, _) = search.fixed(&[1.0]);
                let largest = f64::from(*set.iter().max().unwrap());
                let mut draw = || largest * 0.6 * f64::from(1 + dice.below(1 << 20)) / f64::from(1 << 20);
                let start = |_| Point { currents: (0..4).map(|_| draw()).collect(), factors: vec![1.0] };
                let others = (0..120).map(start).map(|mut point| {
                    search.alternate(&mut point, &[false]);
                    search.error(&point)
                });
                let best = others.fold(f64::INFINITY, f64::min);
                assert!(found.sqrt() <= 1.07 * best.sqrt(), "set {index}, {goal:?}: {found} {best}");
            }
        }
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
