//! Generated series: NARMA-10, Mackey-Glass, memory and information capacity.
//!
//! Inputs are drawn in integers from addressed streams, so the first samples are the same whatever the length (unless
//! a longer NARMA-10 input diverges and is replaced; and but for the mean that Mackey-Glass subtracts, which is that of
//! the samples before the test part).
//! Everything after that is `+ - * /` in a fixed order.

use crate::stimulus::{from_f64, mackey_glass as mackey_glass_samples, to_f64};
use crate::{Series, Signal, Stimulus, TaskError, TaskOptions};
use disorder::{Key, Purpose, uniform_below};
use fx::Real;

/// Values that the targets of one task may fill: 800 MB.
const VALUES_MAX: usize = 100_000_000;

/// Length of the parts of a series.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) washout: usize,
    pub(crate) train: usize,
    pub(crate) validation: usize,
    pub(crate) test: usize,
}

/// The names of the parts, as options have them: neither trained on nor scored, trained on, to choose a penalty by, and
/// scored.
pub(crate) const NAMES: [&str; 4] = ["washout", "train", "validation", "test"];

impl Lengths {
    /// The lengths that `options` ask for, or else the `default` ones.
    pub(crate) fn new(task: &str, options: &TaskOptions, default: Self, targets: usize) -> Result<Self, TaskError> {
        let lengths = Self {
            washout: options.count("washout").unwrap_or(default.washout),
            train: options.count("train").unwrap_or(default.train),
            validation: options.count("validation").unwrap_or(default.validation),
            test: options.count("test").unwrap_or(default.test),
        };
        for (option, value, least, why) in
            [("train", lengths.train, 1, ""), ("test", lengths.test, 2, ", because a score needs a target that varies")]
        {
            if value < least {
                return Err(TaskError::TooSmall { task: task.into(), option, value, least, why });
            }
        }
        let parts = [lengths.washout, lengths.train, lengths.validation, lengths.test];
        let samples = parts.into_iter().fold(0, usize::saturating_add);
        if samples.saturating_mul(targets) > VALUES_MAX {
            return Err(TaskError::TooLarge { task: task.into(), samples, targets, limit: VALUES_MAX });
        }
        Ok(lengths)
    }

    /// The lengths of one's own series, which `options` have all.
    pub(crate) fn own(first: Option<&String>, options: &TaskOptions, targets: usize) -> Result<Self, TaskError> {
        let Some(task) = first else { return Err(TaskError::OtherStimulus { ids: Vec::new() }) };
        Self::new(task, options, Self { washout: 0, train: 0, validation: 0, test: 0 }, targets)
    }

    pub(crate) const fn total(self) -> usize {
        self.washout + self.train + self.validation + self.test
    }

    fn series(self, input: Vec<Real>, target_names: Vec<String>, targets: Vec<f64>) -> Series {
        let Self { washout, train, validation, test } = self;
        Series { input: Signal::new(1, input), target_names, targets, washout, train, validation, test }
    }
}

/// How many input sequences of NARMA-10 are tried.
const NARMA_ATTEMPTS: u64 = 1000;
/// A series that gets here does not come back. Of 160 sequences of up to 200,000 samples, those that stayed finite
/// never passed 1.21.
const NARMA_LIMIT: f64 = 1.5;

pub(crate) fn narma10(options: &TaskOptions) -> Result<Series, TaskError> {
    let default = Lengths { washout: 200, train: 3200, validation: 800, test: 2000 };
    let lengths = Lengths::new("narma10", options, default, 1)?;
    let (input, targets) = narma10_input(options.seed, lengths.total())?;
    Ok(lengths.series(input, vec!["y(t + 1)".into()], targets))
}

/// Independent multiples of 2^-32 in [0, 1/2), and what NARMA-10 makes of them.
pub(crate) fn narma10_input(seed: u64, count: usize) -> Result<(Vec<Real>, Vec<f64>), TaskError> {
    // Attempt 0 is the first stream of the seed; a diverging one is replaced whole, so that u stays uniform.
    for attempt in 0..NARMA_ATTEMPTS {
        let mut stream = Key::new(seed, Purpose::Task).name("narma10").slot(attempt).stream();
        let input: Vec<Real> =
            (0..count).map(|_| Real::from_bits(uniform_below(&mut stream, 1 << 31) as i64)).collect();
        let values: Vec<f64> = input.iter().map(|u| to_f64(*u)).collect();
        if let Some(targets) = narma10_response(&values) {
            return Ok((input, targets));
        }
    }
    Err(TaskError::Diverged { task: "narma10".into(), attempts: NARMA_ATTEMPTS })
}

/// `y(t + 1)` for each `u(t)`, from rest (`y` and `u` are 0 before the first sample); none if it diverges.
pub(crate) fn narma10_response(input: &[f64]) -> Option<Vec<f64>> {
    let mut y = vec![0.0; 10]; // y(-9) ..= y(0), then y(1), ...
    for t in 0..input.len() {
        let recent = &y[t..t + 10];
        let now = recent[9];
        let sum = recent.iter().fold(0.0, |sum, v| sum + v);
        let delayed = if t >= 9 { input[t - 9] } else { 0.0 };
        let next = 0.3 * now + 0.05 * now * sum + 1.5 * delayed * input[t] + 0.1;
        if next >= NARMA_LIMIT {
            return None;
        }
        y.push(next);
    }
    y.drain(..10);
    Some(y)
}

pub(crate) fn mackey_glass(options: &TaskOptions) -> Result<Series, TaskError> {
    let default = Lengths { washout: 200, train: 2400, validation: 600, test: 2000 };
    let lengths = Lengths::new("mackey-glass", options, default, 1)?;
    let samples = lengths.total();
    let x = mackey_glass_samples("mackey-glass", 17, options.seed, samples + 1);
    let seen = lengths.washout + lengths.train + lengths.validation;
    let mean = x[..seen].iter().fold(0.0, |sum, v| sum + v) / seen as f64;
    // Targets are the rounded values of the input one step on, so that both are the same series.
    let centred: Vec<Real> = x.iter().map(|v| from_f64(v - mean)).collect();
    let targets = centred[1..].iter().map(|v| to_f64(*v)).collect();
    Ok(lengths.series(centred[..samples].to_vec(), vec!["x(t + 1)".into()], targets))
}

pub(crate) fn memory_capacity(options: &TaskOptions) -> Result<Series, TaskError> {
    const TASK: &str = "memory-capacity";
    let delays = options.count("delays").unwrap_or(100);
    if delays == 0 {
        return Err(TaskError::TooSmall { task: TASK.into(), option: "delays", value: 0, least: 1, why: "" });
    }
    let default = Lengths { washout: 200.max(delays), train: 4000, validation: 1000, test: 4000 };
    let lengths = Lengths::new(TASK, options, default, delays)?;
    if lengths.washout < delays {
        let (value, why) = (lengths.washout, ", the longest delay, because u(t - k) must exist");
        return Err(TaskError::TooSmall { task: TASK.into(), option: "washout", value, least: delays, why });
    }
    // 0.8 rounded down to a multiple of 2^-32; the range is symmetric.
    const AMPLITUDE: i64 = ((8u64 << Real::FRACTION_BITS) / 10) as i64;
    let mut stream = Key::new(options.seed, Purpose::Task).name(TASK).stream();
    let draw = |_| Real::from_bits(uniform_below(&mut stream, 2 * AMPLITUDE as u64 + 1) as i64 - AMPLITUDE);
    let input: Vec<Real> = (0..lengths.total()).map(draw).collect();
    let mut targets = Vec::with_capacity(input.len() * delays);
    for t in 0..input.len() {
        // Before the first sample there was none: 0, in rows that the washout takes away.
        targets.extend((1..=delays).map(|k| t.checked_sub(k).map_or(0.0, |past| to_f64(input[past]))));
    }
    let names = (1..=delays).map(|k| format!("u(t - {k})")).collect();
    Ok(lengths.series(input, names, targets))
}

/// The input itself is the target: what else is wanted of the states follows from it.
pub(crate) fn information_capacity(options: &TaskOptions) -> Result<Series, TaskError> {
    let default = Lengths { washout: 200, train: 1600, validation: 400, test: 20_000 };
    let lengths = Lengths::new("information-capacity", options, default, 1)?;
    let input = Stimulus::Uniform.record(options.seed, lengths.total())?.input;
    let targets = input.iter().map(|u| to_f64(*u)).collect();
    Ok(lengths.series(input, vec!["u(t)".into()], targets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(seed: u64) -> TaskOptions {
        TaskOptions::new(seed)
    }

    fn values(series: &Series) -> Vec<f64> {
        series.input.frames().map(|frame| to_f64(frame[0])).collect()
    }

    fn mean_and_variance(values: &[f64]) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn narma_follows_its_formula() {
        let series = narma10(&options(1)).unwrap();
        let (u, y) = (values(&series), &series.targets);
        assert_eq!((u.len(), y.len()), (6200, 6200));
        for t in 10..u.len() {
            // Row t holds y(t + 1), so y(t) is one row up.
            let now = y[t - 1];
            let sum: f64 = (0..10).map(|i| y[t - 1 - i]).sum();
            let next = 0.3 * now + 0.05 * now * sum + 1.5 * u[t - 9] * u[t] + 0.1;
            assert!((y[t] - next).abs() < 1e-14, "{t}");
        }
        let (mean, variance) = mean_and_variance(&u);
        assert!((mean - 0.25).abs() < 0.01 && (variance - 0.25 / 12.0).abs() < 0.001);
        assert!(u.iter().all(|u| (0.0..0.5).contains(u)));
    }

    #[test]
    fn a_diverging_narma_input_is_replaced() {
        assert_eq!(narma10_response(&[0.49999; 200]), None);
        assert!(narma10_response(&[0.25; 200]).is_some());
        // Some seeds meet it at the default length; seed 7 is one of them.
        let attempt = |number| {
            let mut stream = Key::new(7, Purpose::Task).name("narma10").slot(number).stream();
            let draw = |_| Real::from_bits(uniform_below(&mut stream, 1 << 31) as i64);
            Signal::new(1, (0..6200).map(draw).collect())
        };
        let series = narma10(&options(7)).unwrap();
        assert_ne!(series.input, attempt(0));
        assert_eq!(series.input, attempt(1));
        assert!(series.targets.iter().all(|y| *y < NARMA_LIMIT));
    }

    #[test]
    fn mackey_glass_is_one_step_ahead_and_on_its_attractor() {
        let series = mackey_glass(&options(3)).unwrap();
        let x = values(&series);
        assert_eq!(x[1..], series.targets[..x.len() - 1]);
        let (mean, variance) = mean_and_variance(&x);
        assert!(mean.abs() < 0.02, "{mean}");
        // Standard deviation of the attractor: 0.226 (a run of 10^6 units).
        assert!((variance.sqrt() - 0.226).abs() < 0.01, "{}", variance.sqrt());
        assert_ne!(x, values(&mackey_glass(&options(4)).unwrap()));
    }

    #[test]
    fn memory_targets_are_delayed_inputs() {
        let series = memory_capacity(&options(5).with("delays", 7)).unwrap();
        let u = values(&series);
        for t in series.washout..u.len() {
            let expected: Vec<f64> = (1..=7).map(|k| u[t - k]).collect();
            assert_eq!(series.target(t), expected);
        }
        assert_eq!((series.target_names[2].as_str(), series.target_names.len()), ("u(t - 3)", 7));
        let (mean, variance) = mean_and_variance(&u);
        assert!(mean.abs() < 0.02 && (variance - 0.64 / 3.0).abs() < 0.005, "{mean} {variance}");
        assert!(u.iter().all(|u| u.abs() <= 0.8) && u.iter().any(|u| u.abs() > 0.799));
    }

    /// A longer series begins with the shorter one, and another seed gives another one.
    #[test]
    fn length_moves_no_sample() {
        for make in [narma10, mackey_glass, memory_capacity, information_capacity] {
            let short = make(&options(9).with("test", 100)).unwrap();
            let long = make(&options(9).with("test", 900)).unwrap();
            let (a, b) = (values(&short), values(&long));
            assert_eq!(a[..], b[..a.len()]);
            assert_eq!(short.targets[..], long.targets[..short.targets.len()]);
            assert_ne!(a, values(&make(&options(10).with("test", 100)).unwrap()));
        }
    }

    /// The first bits, as text: a change here changes every score on these tasks.
    #[test]
    fn first_samples_are_fixed() {
        let first = |series: Series| -> Vec<i64> { series.input.frames().take(3).map(|f| f[0].to_bits()).collect() };
        assert_eq!(first(narma10(&options(0)).unwrap()), NARMA_FIRST);
        assert_eq!(first(mackey_glass(&options(0)).unwrap()), MACKEY_GLASS_FIRST);
        assert_eq!(first(memory_capacity(&options(0)).unwrap()), MEMORY_FIRST);
    }
    const NARMA_FIRST: [i64; 3] = [1209595690, 1034230098, 536675772];
    const MACKEY_GLASS_FIRST: [i64; 3] = [768841456, 522450664, 273721864];
    const MEMORY_FIRST: [i64; 3] = [2351222379, -525096213, -1414376181];

    #[test]
    fn lengths_that_make_no_sense_are_refused() {
        let error = |make: fn(&TaskOptions) -> Result<Series, TaskError>, o| make(&o).unwrap_err().to_string();
        let zero = options(0).with("train", 0);
        assert_eq!(error(narma10, zero), "task `narma10`: `train` is 0, but must be at least 1");
        let one = options(0).with("test", 1);
        assert!(error(mackey_glass, one).starts_with("task `mackey-glass`: `test` is 1, but must be at least 2"));
        let none = options(0).with("delays", 0);
        assert!(error(memory_capacity, none).contains("`delays` is 0"));
        let short = options(0).with("delays", 30).with("washout", 29);
        assert!(error(memory_capacity, short).contains("`washout` is 29, but must be at least 30, the longest delay"));
        let huge = || options(0).with("test", usize::MAX);
        for make in [narma10, mackey_glass, memory_capacity, information_capacity] {
            assert!(error(make, huge()).contains("more than the 100000000 values kept"));
        }
    }
}
