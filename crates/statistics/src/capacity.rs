//! Information processing capacity: what of its past input, and which products of it, a network holds.
//!
//! The input is independent and uniform between -1 and 1. Targets are products of Legendre polynomials of delayed
//! inputs, which are orthogonal; the capacity of one is the part of it that a linear readout without penalty can make
//! of the states, over the same rows. Over all targets the capacities add up to the number of linearly independent
//! states, if these fade in time and carry no noise (Dambre, Verstraeten, Schrauwen and Massar, Scientific Reports 2,
//! 514, 2012).
//!
//! Of T rows, r states reach a capacity of about r / T by chance: what does not exceed the threshold counts as 0, and
//! what of the sum is chance all the same is said. It owns the targets up to the degrees and delays asked for: how far
//! those are from all is seen in the sum beside the rank.

use crate::StatisticsError;
use crate::distribution::chi_square_point;
use crate::error::{check_count, check_finite, check_share, check_size};
use crate::mechanism::Spectrum;
use readout::{Matrix, Rows};

/// Targets that are tried at most.
pub const TARGETS_MAX: usize = 200_000;
/// Targets that are worked through at a time.
const BATCH: usize = 64;
/// Rows a state that capacities need: with fewer, chance fills them.
const ROWS_A_STATE: usize = 10;

/// Which targets are tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// The longest delay of each total degree, from degree 1 on: `[50, 20, 5]` tries products of degree 3 up to delay
    /// 5. A delay of 0 is the input that leads to the state of the same row.
    pub max_delays: Vec<usize>,
    /// The probability with which a target that the states do not hold at all counts nevertheless, such as 1e-4.
    pub chance: f64,
}

/// One factor of a target: a Legendre polynomial of an input so many rows ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Rows ago.
    pub delay: usize,
    /// Degree of the polynomial, at least 1.
    pub degree: usize,
}

/// A target that the states hold, and how much of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// The factors, by rising delay.
    pub terms: Vec<Term>,
    /// The part held, from 0 to 1.
    pub value: f64,
}

/// What all targets come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacities {
    /// Targets above the threshold, by degree, then in the order of their delays.
    pub held: Vec<Capacity>,
    /// Sum of the held capacities of each total degree, from degree 1 on; degree 1 is the linear memory.
    pub by_degree: Vec<f64>,
    /// Sum of all held capacities.
    pub total: f64,
    /// What of the sum is chance: (1 - C) r / (T - 1 - r) of each held target C.
    pub by_chance: f64,
    /// The numerical rank r of the states, which the sum cannot exceed but for chance.
    pub rank: usize,
    /// Rows T that were used: all but as many as the longest delay.
    pub rows: usize,
    /// What a capacity must exceed to count.
    pub threshold: f64,
    /// Targets tried.
    pub targets: usize,
}

/// The capacities of `states`, one row for each value of `input`, from -1 to 1. Rows of a washout are left out by the
/// caller; the first rows, up to the longest delay, are here.
///
/// # Errors
/// [`StatisticsError::Size`] unless there are as many inputs as rows, [`StatisticsError::TooFew`] without a degree or
/// with less than ten rows a state, [`StatisticsError::TooMany`] for more than [`TARGETS_MAX`] targets,
/// [`StatisticsError::Input`] for an input that is not independent and uniform, as far as the means of its polynomials
/// and of the product of two neighbours show, [`StatisticsError::Range`] for an input beyond -1 to 1 or a chance
/// outside 0 to 1, [`StatisticsError::NotFinite`], [`StatisticsError::Constant`].
pub fn capacities(states: Rows<'_>, input: &[f64], targets: &Targets) -> Result<Capacities, StatisticsError> {
    check_share("chance", targets.chance)?;
    check_size("values of the input", input.len(), states.rows())?;
    check_finite("input", input)?;
    if let Some(value) = input.iter().find(|value| value.abs() > 1.0) {
        return Err(StatisticsError::Range { what: "input", value: *value, low: -1.0, high: 1.0 });
    }
    check_count("degrees", targets.max_delays.len(), 1)?;
    let longest = targets.max_delays.iter().fold(0, |most, delay| most.max(*delay));
    let needed = longest.saturating_add(ROWS_A_STATE.saturating_mul(states.columns()).max(2));
    check_count("rows, less the longest delay", states.rows(), needed)?;
    let products = products(targets)?;
    let spectrum = Spectrum::of(states.slice(longest..states.rows()))?;
    let (rank, rows) = (spectrum.rank(), states.rows() - longest);
    let threshold = chi_square_point(targets.chance, rank as f64) / rows as f64;
    let polynomials = Polynomials::new(input, targets.max_delays.len());
    polynomials.check_independent(targets.max_delays.len())?;
    let mut held = Vec::new();
    for batch in products.chunks(BATCH) {
        let mut table = Matrix::zeros(rows, batch.len());
        for (column, terms) in batch.iter().enumerate() {
            for row in 0..rows {
                let of = |product: f64, term: &Term| product * polynomials.at(term.degree, row + longest - term.delay);
                table.row_mut(row)[column] = terms.iter().fold(1.0, of);
            }
        }
        let powers = spectrum.powers(table.all());
        for (column, terms) in batch.iter().enumerate() {
            let value = powers.all().column(column).fold(0.0, |sum, power| sum + power).min(1.0);
            if value > threshold {
                held.push(Capacity { terms: terms.clone(), value });
            }
        }
    }
    let mut by_degree = vec![0.0; targets.max_delays.len()];
    for capacity in &held {
        by_degree[degree(&capacity.terms) - 1] += capacity.value;
    }
    let spare = (rows - 1).saturating_sub(rank).max(1) as f64;
    let chance = |sum: f64, capacity: &Capacity| sum + (1.0 - capacity.value) * rank as f64 / spare;
    Ok(Capacities {
        total: by_degree.iter().fold(0.0, |sum, part| sum + part),
        by_chance: held.iter().fold(0.0, chance),
        held,
        by_degree,
        rank,
        rows,
        threshold,
        targets: products.len(),
    })
}

fn degree(terms: &[Term]) -> usize {
    terms.iter().map(|term| term.degree).sum()
}

/// All products of each total degree, up to its longest delay.
fn products(targets: &Targets) -> Result<Vec<Vec<Term>>, StatisticsError> {
    let mut found = Vec::new();
    for (index, longest) in targets.max_delays.iter().enumerate() {
        extend(&mut found, &mut Vec::new(), index + 1, 0, *longest)?;
    }
    Ok(found)
}

/// Adds all products that begin with `terms`, with `left` degrees to give to delays from `from` up to `longest`.
fn extend(
    found: &mut Vec<Vec<Term>>,
    terms: &mut Vec<Term>,
    left: usize,
    from: usize,
    longest: usize,
) -> Result<(), StatisticsError> {
    if left == 0 {
        if found.len() == TARGETS_MAX {
            return Err(StatisticsError::TooMany { what: "targets", found: TARGETS_MAX + 1, limit: TARGETS_MAX });
        }
        found.push(terms.clone());
        return Ok(());
    }
    for delay in from..=longest {
        for degree in 1..=left {
            terms.push(Term { delay, degree });
            extend(found, terms, left - degree, delay + 1, longest)?;
            terms.pop();
        }
    }
    Ok(())
}

/// Legendre polynomials of each input, by degree.
struct Polynomials(Vec<Vec<f64>>);

impl Polynomials {
    fn new(input: &[f64], degrees: usize) -> Self {
        let mut of: Vec<Vec<f64>> = vec![vec![1.0; input.len()], input.to_vec()];
        for n in 1..degrees {
            // Bonnet's recurrence: (n + 1) P_n+1 = (2 n + 1) x P_n - n P_n-1.
            let n_f = n as f64;
            let next = |(i, x): (usize, &f64)| ((2.0 * n_f + 1.0) * x * of[n][i] - n_f * of[n - 1][i]) / (n_f + 1.0);
            of.push(input.iter().enumerate().map(next).collect());
        }
        Self(of)
    }

    /// Refuses an input of which the polynomials, or the products of neighbours, have a mean that chance does not give:
    /// the targets would not be orthogonal, and their capacities would count the same thing twice.
    fn check_independent(&self, degrees: usize) -> Result<(), StatisticsError> {
        let check = |what: String, variance: f64, values: &mut dyn ExactSizeIterator<Item = f64>| {
            let count = values.len() as f64;
            let (mean, limit) = (values.fold(0.0, |sum, x| sum + x) / count, 6.0 * (variance / count).sqrt());
            if mean.abs() > limit { Err(StatisticsError::Input { what, mean, limit }) } else { Ok(()) }
        };
        for degree in 1..=degrees {
            let variance = 1.0 / (2.0 * degree as f64 + 1.0);
            check(
                format!("its Legendre polynomial of degree {degree}"),
                variance,
                &mut self.0[degree].iter().copied(),
            )?;
        }
        let mut neighbours = self.0[1].windows(2).map(|pair| pair[0] * pair[1]);
        check("the product of neighbours".into(), 1.0 / 9.0, &mut neighbours)
    }

    fn at(&self, degree: usize, row: usize) -> f64 {
        self.0[degree][row]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{key_of_seed, normal, uniform};

    fn input(seed: u64, rows: usize) -> Vec<f64> {
        let mut stream = key_of_seed("input", seed).stream();
        (0..rows).map(|_| 2.0 * uniform(&mut stream) - 1.0).collect()
    }

    /// States that are functions of the input up to some delay, after a washout.
    fn states(input: &[f64], of: impl Fn(&dyn Fn(usize) -> f64) -> Vec<f64>) -> Matrix {
        let row = |t: usize| of(&|delay| if delay <= t { input[t - delay] } else { 0.0 });
        let mut states = Matrix::new(row(0).len());
        (0..input.len()).for_each(|t| states.push_row(&row(t)));
        states
    }

    #[test]
    fn a_delay_line_holds_its_delays_and_nothing_else() {
        let u = input(1, 2000);
        let line = states(&u, |u| (0..4).map(u).collect());
        let found = capacities(line.all(), &u, &Targets { max_delays: vec![8, 4], chance: 1e-6 }).unwrap();
        assert_eq!((found.rank, found.rows, found.targets), (4, 1992, 9 + 15));
        let held: Vec<_> = found.held.iter().map(|capacity| capacity.terms.clone()).collect();
        assert_eq!(held, (0..4).map(|delay| vec![Term { delay, degree: 1 }]).collect::<Vec<_>>());
        assert!((found.total - 4.0).abs() < 1e-9 && found.by_degree[1] == 0.0 && found.by_chance < 1e-9, "{found:?}");
    }

    #[test]
    fn products_are_found_where_they_are() {
        let u = input(2, 3000);
        // P_2 of one delay, a product of two: nothing linear.
        let squares = states(&u, |u| vec![1.5 * u(1) * u(1) - 0.5, u(0) * u(2)]);
        let found = capacities(squares.all(), &u, &Targets { max_delays: vec![3, 3], chance: 1e-6 }).unwrap();
        assert_eq!(found.by_degree[0], 0.0);
        let terms: Vec<_> = found.held.iter().map(|capacity| capacity.terms.clone()).collect();
        let one = |delay, degree| Term { delay, degree };
        assert_eq!(terms, [vec![one(0, 1), one(2, 1)], vec![one(1, 2)]]);
        assert!((found.total - 2.0).abs() < 1e-9);
    }

    /// Noiseless rate units, whose memory ends within the delays tried: the capacities add up to the rank within one
    /// percent, with what chance adds and without it.
    #[test]
    fn capacities_of_rate_units_add_up_to_their_rank() {
        let (units, u) = (6, input(3, 20_100));
        let mut stream = key_of_seed("weights", 3).stream();
        let recurrent: Vec<f64> =
            (0..units * units).map(|_| 0.4 * normal(&mut stream) / (units as f64).sqrt()).collect();
        let weights: Vec<f64> = (0..units).map(|_| 0.4 * normal(&mut stream)).collect();
        let (mut x, mut rates) = (vec![0.0; units], Matrix::new(units));
        for u in &u {
            let drive = |i: usize| {
                let inside: f64 = recurrent[i * units..(i + 1) * units].iter().zip(&x).map(|(w, x)| w * x).sum();
                (inside + weights[i] * u + 0.2).tanh()
            };
            x = (0..units).map(drive).collect();
            rates.push_row(&x);
        }
        let targets = Targets { max_delays: vec![40, 14, 7, 4], chance: 1e-4 };
        let found = capacities(rates.slice(100..20_100), &u[100..], &targets).unwrap();
        assert_eq!(found.rank, units);
        for sum in [found.total, found.total - found.by_chance] {
            assert!((sum / units as f64 - 1.0).abs() < 0.01, "{sum} {:?}", found.by_degree);
        }
        // A half of it is no memory: the rest are products.
        assert!(found.by_degree[0] < 4.0 && found.by_degree[1] > 1.0, "{:?}", found.by_degree);
    }

    /// States of noise hold nothing: of 400 targets at 1 %, four are chance, with a standard deviation of two.
    #[test]
    fn the_threshold_keeps_its_level() {
        let (u, mut stream) = (input(5, 2000), key_of_seed("noise", 5).stream());
        let noise = states(&u, |_| vec![0.0; 5]);
        let noise = Matrix::from_vec(2000, 5, noise.data().iter().map(|_| normal(&mut stream)).collect());
        let found = capacities(noise.all(), &u, &Targets { max_delays: vec![20, 26], chance: 0.01 }).unwrap();
        assert!(found.held.len() <= 12 && found.targets == 21 + 27 * 28 / 2, "{} {}", found.held.len(), found.targets);
        assert!(found.threshold > 5.0 / 2000.0);
    }

    #[test]
    fn what_has_no_capacity_is_refused() {
        let u = input(6, 50);
        let line = states(&u, |u| vec![u(0), u(1)]);
        let refused = |rows: usize, u: &[f64], max_delays: &[usize], chance| {
            let targets = Targets { max_delays: max_delays.to_vec(), chance };
            capacities(line.slice(0..rows), u, &targets).unwrap_err()
        };
        assert!(matches!(refused(50, &u[1..], &[2], 1e-4), StatisticsError::Size { .. }));
        assert!(matches!(refused(50, &u, &[], 1e-4), StatisticsError::TooFew { what: "degrees", .. }));
        assert!(matches!(refused(50, &u, &[31], 1e-4), StatisticsError::TooFew { found: 50, needed: 51, .. }));
        assert!(matches!(refused(50, &u, &[usize::MAX], 1e-4), StatisticsError::TooFew { .. }));
        assert!(matches!(refused(50, &u, &[2], 0.0), StatisticsError::Range { what: "chance", .. }));
        assert!(matches!(refused(50, &[1.5; 50], &[2], 1e-4), StatisticsError::Range { what: "input", .. }));
        assert!(matches!(refused(50, &u, &[0, 0, 0, 0, 20, 20, 20], 1e-4), StatisticsError::TooMany { .. }));
        let slow: Vec<f64> = (0..50).map(|t| f64::from(t) / 25.0 - 0.98).collect();
        let error = refused(50, &slow, &[2], 1e-4);
        assert!(error.to_string().contains("the mean of the product of neighbours is 0.3"), "{error}");
        let shifted: Vec<f64> = u.iter().map(|u| (u + 1.0) / 2.0).collect();
        assert!(matches!(refused(50, &shifted, &[2], 1e-4), StatisticsError::Input { .. }));
        let constant = Matrix::from_vec(50, 1, vec![1.0; 50]);
        let targets = Targets { max_delays: vec![2], chance: 1e-4 };
        assert!(matches!(capacities(constant.all(), &u, &targets), Err(StatisticsError::Constant { .. })));
    }
}
