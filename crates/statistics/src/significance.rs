//! Which of many tasks differ, corrected for how many there are, under whatever dependence they have.
//!
//! Two corrections: step-down max-T with random signs (Westfall and Young, Resampling-Based Multiple Testing, 1993;
//! algorithm of Ge, Dudoit and Speed, Test 12, 2003), which bounds the chance of a single false claim and uses the
//! dependence that the tasks have; and Benjamini and Yekutieli (Annals of Statistics 29, 2001), which bounds the
//! expected share of false claims under any dependence. The sign of a unit turns in all its tasks together, so that
//! nothing is assumed of how these depend on each other; what is assumed is that a unit's differences are symmetric
//! about 0 where there is no effect.

use crate::StatisticsError;
use crate::draw::key_of;
use crate::error::{check_count, check_finite, check_share, check_size};
use rand::Rng;
use std::fmt::{Display, Formatter};

/// Units up to which all signs are tried: 4096 ways.
pub const EXACT_MAX: usize = 12;
/// Signs drawn for more units; the signs as they are count as one more.
const SAMPLES: usize = 4999;
/// A statistic this much below another, relatively, is equal to it but for rounding.
const TIE: f64 = 1e-12;

/// What a test of signs says of each task.
#[derive(Clone, Debug, PartialEq)]
pub struct SignFlips {
    /// Mean difference of each task.
    pub means: Vec<f64>,
    /// Two-sided p-value of each task alone.
    pub p: Vec<f64>,
    /// The same corrected for all tasks by step-down max-T.
    pub adjusted: Vec<f64>,
    /// Units.
    pub units: usize,
    /// The smallest p-value that so many units can have.
    pub p_min: f64,
    /// Whether all signs were tried, rather than a sample of them.
    pub exact: bool,
}

/// Tests the differences of several units (networks) in several tasks, `differences[unit][task]`, for a mean of 0.
///
/// The statistic of a task is the squared t of its differences, written as (sum d)^2 / (n sum d^2), which turns with it
/// and has no pole; it is 0 for a task without any difference.
///
/// # Errors
/// [`StatisticsError::TooFew`] with a single unit or without a task, [`StatisticsError::Size`] if units differ in their
/// number of tasks, [`StatisticsError::NotFinite`].
pub fn sign_flips(differences: &[Vec<f64>]) -> Result<SignFlips, StatisticsError> {
    let units = differences.len();
    check_count("units", units, 2)?;
    let tasks = differences[0].len();
    check_count("tasks", tasks, 1)?;
    for unit in differences {
        check_size("tasks of a unit", unit.len(), tasks)?;
    }
    check_finite("differences", differences.iter().flatten())?;
    // Scaled to the largest of its task, so that no square overflows or vanishes.
    let largest = |task: usize| differences.iter().fold(0.0f64, |most, unit| most.max(unit[task].abs()));
    let scales: Vec<f64> = (0..tasks).map(largest).collect();
    let scaled = |unit: &Vec<f64>| {
        let over = |(value, scale): (&f64, &f64)| if *scale > 0.0 { value / scale } else { 0.0 };
        unit.iter().zip(&scales).map(over).collect::<Vec<_>>()
    };
    let table: Vec<Vec<f64>> = differences.iter().map(scaled).collect();
    let squares: Vec<f64> =
        (0..tasks).map(|task| table.iter().fold(0.0, |sum, unit| sum + unit[task] * unit[task])).collect();
    let flips = Flips { table, squares };
    let observed = flips.statistics(|_| false);
    let mut order: Vec<usize> = (0..tasks).collect();
    // Equal ones in the order of tasks: the sort is stable.
    order.sort_by(|a, b| observed[*b].total_cmp(&observed[*a]));

    let exact = units <= EXACT_MAX;
    let mut counts = Counts { alone: vec![0; tasks], steps: vec![0; tasks] };
    let all = if exact {
        let all = 1usize << units;
        (0..all).for_each(|signs| counts.add(&observed, &order, &flips.statistics(|unit| signs >> unit & 1 == 1)));
        all
    } else {
        let mut stream = key_of("signs", differences.iter().flatten()).stream();
        counts.add(&observed, &order, &observed);
        for _ in 0..SAMPLES {
            let signs: Vec<u64> = (0..units.div_ceil(64)).map(|_| stream.next_u64()).collect();
            counts.add(&observed, &order, &flips.statistics(|unit| signs[unit / 64] >> (unit % 64) & 1 == 1));
        }
        SAMPLES + 1
    };
    let share = |count: usize| count as f64 / all as f64;
    let mut adjusted = vec![0.0; tasks];
    let mut most = 0.0f64;
    for (step, task) in order.iter().enumerate() {
        most = most.max(share(counts.steps[step]));
        adjusted[*task] = most;
    }
    let mean = |task: usize| differences.iter().fold(0.0, |sum, unit| sum + unit[task]) / units as f64;
    Ok(SignFlips {
        means: (0..tasks).map(mean).collect(),
        p: counts.alone.iter().map(|count| share(*count)).collect(),
        adjusted,
        units,
        // All signs turned is as far from 0 as none.
        p_min: if exact { 2.0 / all as f64 } else { 1.0 / all as f64 },
        exact,
    })
}

struct Flips {
    /// Differences by unit and task, each task scaled.
    table: Vec<Vec<f64>>,
    /// Sums of squares of each task, which no sign changes.
    squares: Vec<f64>,
}

impl Flips {
    fn statistics(&self, is_turned: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut sums = vec![0.0; self.squares.len()];
        for (unit, values) in self.table.iter().enumerate() {
            let sign = if is_turned(unit) { -1.0 } else { 1.0 };
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += sign * value);
        }
        let of = |(sum, square): (&f64, &f64)| if *square > 0.0 { sum * sum / square } else { 0.0 };
        sums.iter().zip(&self.squares).map(of).collect()
    }
}

/// How often signs reached what was seen: each task alone, and by steps the largest of a task and all smaller ones.
struct Counts {
    alone: Vec<usize>,
    steps: Vec<usize>,
}

impl Counts {
    fn add(&mut self, observed: &[f64], order: &[usize], found: &[f64]) {
        let mut most = 0.0f64;
        for (step, task) in order.iter().enumerate().rev() {
            let bar = observed[*task] * (1.0 - TIE);
            most = most.max(found[*task]);
            self.alone[*task] += usize::from(found[*task] >= bar);
            self.steps[step] += usize::from(most >= bar);
        }
    }
}

/// p-values corrected by Benjamini and Yekutieli: claims at or below a threshold are false in at most that share of
/// them, on average, under any dependence.
///
/// # Errors
/// [`StatisticsError::TooFew`] without a p-value; [`StatisticsError::Range`] for one outside 0 to 1.
pub fn benjamini_yekutieli(p: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    check_count("p-values", p.len(), 1)?;
    if let Some(value) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatisticsError::Range { what: "p-value", value: *value, low: 0.0, high: 1.0 });
    }
    let count = p.len() as f64;
    let harmonic = (1..=p.len()).fold(0.0, |sum, i| sum + 1.0 / i as f64);
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut adjusted, mut least) = (vec![0.0; p.len()], 1.0f64);
    for (rank, index) in order.iter().enumerate().rev() {
        least = least.min(p[*index] * count * harmonic / (rank + 1) as f64);
        adjusted[*index] = least;
    }
    Ok(adjusted)
}

/// Whether a smaller or a larger score is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Errors.
    Smaller,
    /// Accuracies, capacities.
    Larger,
}

impl Better {
    /// Whether `a` is better than `b`.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Smaller => a < b,
            Self::Larger => a > b,
        }
    }
}

/// How many tasks a change improves, each claim holding for all claims together.
#[derive(Clone, Debug, PartialEq)]
pub struct TasksImproved {
    /// Tasks.
    pub tasks: usize,
    /// Tasks whose mean over units is better, significant or not.
    pub better_on_average: usize,
    /// Tasks that improve, with no false claim at all at the level.
    pub improved: usize,
    /// Tasks that become worse, the same.
    pub worse: usize,
    /// Tasks that improve, with at most a share of 1 - level of false claims on average (Benjamini and Yekutieli).
    pub improved_by_share: usize,
    /// Tasks that become worse, the same.
    pub worse_by_share: usize,
    /// The level.
    pub level: f64,
    /// The test.
    pub test: SignFlips,
    /// What the units are, in the plural.
    pub unit: String,
}

/// The share of tasks that a change improves: `differences[unit][task]` is the score with it less that without.
///
/// # Errors
/// As [`sign_flips`]; [`StatisticsError::Range`] for a level outside 0 to 1.
pub fn tasks_improved(
    differences: &[Vec<f64>],
    better: Better,
    unit: &str,
    level: f64,
) -> Result<TasksImproved, StatisticsError> {
    check_share("level", level)?;
    let test = sign_flips(differences)?;
    let by_share = benjamini_yekutieli(&test.p)?;
    let is_better = |task: usize| better.is_better(test.means[task], 0.0);
    let is_worse = |task: usize| better.is_better(0.0, test.means[task]);
    let count = |is: &dyn Fn(usize) -> bool| (0..test.means.len()).filter(|task| is(*task)).count();
    // 1 - level is not exact: 0.05 itself must count.
    let alpha = 1.0 - level + 1e-12;
    Ok(TasksImproved {
        tasks: test.means.len(),
        better_on_average: count(&is_better),
        improved: count(&|task| test.adjusted[task] <= alpha && is_better(task)),
        worse: count(&|task| test.adjusted[task] <= alpha && is_worse(task)),
        improved_by_share: count(&|task| by_share[task] <= alpha && is_better(task)),
        worse_by_share: count(&|task| by_share[task] <= alpha && is_worse(task)),
        level,
        unit: unit.to_owned(),
        test,
    })
}

impl TasksImproved {
    /// Whether so few units could show anything at all.
    pub fn could_show(&self) -> bool {
        self.test.p_min <= 1.0 - self.level + 1e-12
    }
}

impl Display for TasksImproved {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (n, unit, percent) = (self.test.units, &self.unit, (self.level * 1000.0 + 0.5).floor() / 10.0);
        if !self.could_show() {
            return write!(
                f,
                "n = {n} {unit} cannot show that any of {} tasks differs: the least p-value that they can have is {:.3}",
                self.tasks, self.test.p_min
            );
        }
        if self.improved == 0 && self.worse == 0 {
            return write!(
                f,
                "no difference seen in any of {} tasks ({} better on average; {percent} % for all together, max-T, n = {n} \
                 {unit})",
                self.tasks, self.better_on_average
            );
        }
        write!(
            f,
            "{} of {} tasks improve, {} become worse ({percent} % for all together, max-T, n = {n} {unit})",
            self.improved, self.tasks, self.worse
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{key_of_seed, normal};

    /// Differences of `units` in `tasks` that share two thirds of their variance; the first `shifted` have an effect.
    fn dependent(seed: u64, units: usize, tasks: usize, shifted: usize, effect: f64) -> Vec<Vec<f64>> {
        let mut stream = key_of_seed("differences", seed).stream();
        let mut unit = || {
            let common = normal(&mut stream);
            let own = |task| 1.4 * common + normal(&mut stream) + if task < shifted { effect } else { 0.0 };
            (0..tasks).map(own).collect()
        };
        (0..units).map(|_| unit()).collect()
    }

    /// 400 data sets: at a level of 5 %, 20 false alarms with a standard error of 4.4.
    #[test]
    fn max_t_keeps_its_level_under_dependence() {
        let false_alarms = |units: usize, shifted: usize| {
            let alarm = |seed: &u64| {
                let test = sign_flips(&dependent(*seed, units, 10, shifted, 20.0)).unwrap();
                test.adjusted[shifted..].iter().any(|p| *p <= 0.05)
            };
            (0..400).filter(alarm).count()
        };
        for shifted in [0, 4] {
            let found = false_alarms(8, shifted);
            assert!((3..=35).contains(&found), "{shifted} with an effect: {found} of 400");
        }
    }

    #[test]
    fn sampled_signs_keep_their_level_too() {
        let alarms = (0..60).filter(|seed| sign_flips(&dependent(*seed, 14, 3, 0, 0.0)).unwrap().p[0] <= 0.2).count();
        // 12 with a standard error of 3.1.
        assert!((3..=22).contains(&alarms), "{alarms} of 60");
    }

    #[test]
    fn effects_are_found_where_they_are() {
        let of = tasks_improved(&dependent(3, 10, 6, 2, -8.0), Better::Smaller, "networks", 0.95).unwrap();
        assert_eq!((of.improved, of.worse, of.tasks), (2, 0, 6));
        let text = "2 of 6 tasks improve, 0 become worse (95 % for all together, max-T, n = 10 networks)";
        assert_eq!(of.to_string(), text);
        let other = tasks_improved(&dependent(3, 10, 6, 2, -8.0), Better::Larger, "networks", 0.95).unwrap();
        assert_eq!((other.improved, other.worse), (0, 2));
    }

    /// One task of n equal differences: of all signs, only none and all reach it.
    #[test]
    fn exact_p_values_have_their_closed_form() {
        let test = sign_flips(&vec![vec![0.1, 0.0]; 6]).unwrap();
        assert_eq!((test.p.clone(), test.exact, test.p_min), (vec![2.0 / 64.0, 1.0], true, 2.0 / 64.0));
        assert_eq!(test.adjusted, [2.0 / 64.0, 1.0]);
        // -1, 2, 3: of eight signs, those of sum 4 (here), 6 and their negatives reach |sum| >= 4: 2 (+-4) + 2 (+-6).
        let test = sign_flips(&[vec![-1.0], vec![2.0], vec![3.0]]).unwrap();
        assert_eq!(test.p, [0.5]);
    }

    /// Two equal tasks are one: the correction for dependence costs nothing.
    #[test]
    fn equal_tasks_cost_nothing() {
        let one = dependent(5, 8, 1, 1, 1.5);
        let two: Vec<Vec<f64>> = one.iter().map(|unit| vec![unit[0]; 2]).collect();
        let (one, two) = (sign_flips(&one).unwrap(), sign_flips(&two).unwrap());
        assert_eq!((two.adjusted[0], two.adjusted[1]), (one.p[0], one.p[0]));
    }

    #[test]
    fn few_units_say_that_they_cannot_show_anything() {
        let of = tasks_improved(&vec![vec![1.0; 3]; 4], Better::Larger, "networks", 0.95).unwrap();
        assert_eq!((of.improved, of.could_show()), (0, false));
        let text =
            "n = 4 networks cannot show that any of 3 tasks differs: the least p-value that they can have is 0.125";
        assert_eq!(of.to_string(), text);
        let none = tasks_improved(&vec![vec![0.0; 3]; 8], Better::Larger, "networks", 0.95).unwrap();
        assert!(none.to_string().starts_with("no difference seen in any of 3 tasks (0 better on average"), "{none}");
    }

    /// Values of `scipy.stats.false_discovery_control(p, method='by')`.
    #[test]
    fn benjamini_yekutieli_is_that_of_others() {
        let adjusted = benjamini_yekutieli(&[0.01, 0.04, 0.03, 0.005]).unwrap();
        let expected = [1.0 / 24.0, 1.0 / 12.0, 1.0 / 12.0, 1.0 / 24.0];
        for (found, expected) in adjusted.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(benjamini_yekutieli(&[0.9, 1.0]).unwrap(), [1.0, 1.0]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(matches!(sign_flips(&[vec![1.0]]), Err(StatisticsError::TooFew { found: 1, needed: 2, .. })));
        assert!(matches!(sign_flips(&[vec![], vec![]]), Err(StatisticsError::TooFew { what: "tasks", .. })));
        assert!(matches!(sign_flips(&[vec![1.0], vec![1.0, 2.0]]), Err(StatisticsError::Size { .. })));
        assert!(matches!(sign_flips(&[vec![1.0], vec![f64::NAN]]), Err(StatisticsError::NotFinite { index: 1, .. })));
        assert!(benjamini_yekutieli(&[]).is_err() && benjamini_yekutieli(&[1.5]).is_err());
        assert!(benjamini_yekutieli(&[f64::NAN]).is_err());
    }
}
