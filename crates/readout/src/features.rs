//! Features: what a linear readout sees of a reservoir.
//!
//! Features are fed event by event and sampled at chosen ticks, so their cost is a few operations an event and a
//! sample, never a tick. A sample at tick `t` includes the events of tick `t`: it is taken *after* the tick.
//! Events must come in the order of their ticks, and never at or before a tick that was already sampled.

use crate::{Matrix, ReadoutError, Rows};

/// A state vector with one entry a neuron that is driven by events.
pub trait Features {
    /// Number of neurons, and of entries of a row.
    fn width(&self) -> usize;

    /// Neuron `neuron` sends an event in tick `tick`: a spike (`value` 1), or a change of a graded output by `value`
    /// units of 2^-16.
    ///
    /// # Panics
    /// If the neuron is not below [`Features::width`], or the tick was already sampled.
    fn spike(&mut self, tick: u64, neuron: usize, value: i32);

    /// Writes the state after tick `tick` to `row`.
    ///
    /// # Panics
    /// If `row` is not [`Features::width`] long, or the tick lies before the last sampled one.
    fn sample(&mut self, tick: u64, row: &mut [f64]);

    /// Forgets everything; the next event or sample is at `first_tick` or later.
    fn restart(&mut self, first_tick: u64);
}

/// Asserts that `tick` was not sampled yet.
#[track_caller]
fn check_event(tick: u64, open_from: u64) {
    assert!(tick >= open_from, "event at tick {tick}, but everything before tick {open_from} was already sampled");
}

/// Asserts that a sample fits and does not run backwards.
#[track_caller]
fn check_sample(tick: u64, open_from: u64, row: &[f64], width: usize) {
    assert_eq!(row.len(), width, "entries of a sample");
    assert!(tick + 1 >= open_from, "sample at tick {tick}, but everything before tick {open_from} was already sampled");
}

/// Spikes of each neuron since the previous sample (or the restart), up to and including the sampled tick.
#[derive(Clone, Debug)]
pub struct SpikeCounts {
    counts: Vec<i64>,
    per_tick: bool,
    open_from: u64,
}

impl SpikeCounts {
    /// Plain counts of `neurons` neurons.
    pub fn new(neurons: usize) -> Self {
        Self { counts: vec![0; neurons], per_tick: false, open_from: 0 }
    }

    /// Counts divided by the length of their window in ticks: mean rates in spikes a tick.
    pub fn per_tick(neurons: usize) -> Self {
        Self { per_tick: true, ..Self::new(neurons) }
    }
}

impl Features for SpikeCounts {
    fn width(&self) -> usize {
        self.counts.len()
    }

    fn spike(&mut self, tick: u64, neuron: usize, value: i32) {
        check_event(tick, self.open_from);
        self.counts[neuron] += i64::from(value);
    }

    fn sample(&mut self, tick: u64, row: &mut [f64]) {
        check_sample(tick, self.open_from, row, self.width());
        let window = tick + 1 - self.open_from;
        let divisor = if self.per_tick && window > 0 { window as f64 } else { 1.0 };
        for (entry, count) in row.iter_mut().zip(&mut self.counts) {
            *entry = *count as f64 / divisor;
            *count = 0;
        }
        self.open_from = tick + 1;
    }

    fn restart(&mut self, first_tick: u64) {
        self.counts.fill(0);
        self.open_from = first_tick;
    }
}

/// Spike trains through one exponential filter: in each tick `x = x * decay + spikes of the tick`.
///
/// All neurons share the filter, so that the filter cannot add heterogeneity of its own. States are decayed when
/// they are needed, by `decay^k` from repeated squaring; sampling changes no state, so extra samples change no bit
/// of the others.
#[derive(Clone, Debug)]
pub struct FilteredSpikes {
    /// `decay^(2^i)`.
    squares: [f64; 64],
    /// State of each neuron just after the tick of its last event.
    state: Vec<f64>,
    last: Vec<u64>,
    open_from: u64,
}

impl FilteredSpikes {
    /// A filter for `neurons` neurons whose state is multiplied by `decay` each tick.
    ///
    /// For a time constant `tau`, `decay` is `exp(-tick / tau)`; the caller computes it, portably if bits matter.
    ///
    /// # Errors
    /// [`ReadoutError::Decay`] unless `0 <= decay < 1`.
    pub fn new(neurons: usize, decay: f64) -> Result<Self, ReadoutError> {
        if !(0.0..1.0).contains(&decay) {
            return Err(ReadoutError::Decay { value: decay });
        }
        let mut squares = [decay; 64];
        for i in 1..64 {
            squares[i] = squares[i - 1] * squares[i - 1];
        }
        Ok(Self { squares, state: vec![0.0; neurons], last: vec![0; neurons], open_from: 0 })
    }

    /// `decay^ticks`.
    fn power(&self, ticks: u64) -> f64 {
        let (mut left, mut product) = (ticks, 1.0);
        while left != 0 {
            product *= self.squares[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        product
    }
}

impl Features for FilteredSpikes {
    fn width(&self) -> usize {
        self.state.len()
    }

    fn spike(&mut self, tick: u64, neuron: usize, value: i32) {
        check_event(tick, self.open_from);
        let decayed = self.state[neuron] * self.power(tick - self.last[neuron]);
        self.state[neuron] = decayed + f64::from(value);
        self.last[neuron] = tick;
    }

    fn sample(&mut self, tick: u64, row: &mut [f64]) {
        check_sample(tick, self.open_from, row, self.width());
        for (i, entry) in row.iter_mut().enumerate() {
            *entry = self.state[i] * self.power(tick - self.last[i]);
        }
        self.open_from = tick + 1;
    }

    fn restart(&mut self, first_tick: u64) {
        self.state.fill(0.0);
        self.last.fill(first_tick);
        self.open_from = first_tick;
    }
}

/// Graded outputs of rate units: the sum of all changes so far, in units of 1 (events carry units of 2^-16).
#[derive(Clone, Debug)]
pub struct Levels {
    levels: Vec<i64>,
    open_from: u64,
}

impl Levels {
    /// Outputs of `neurons` units, all 0 at first.
    pub fn new(neurons: usize) -> Self {
        Self { levels: vec![0; neurons], open_from: 0 }
    }
}

impl Features for Levels {
    fn width(&self) -> usize {
        self.levels.len()
    }

    fn spike(&mut self, tick: u64, neuron: usize, value: i32) {
        check_event(tick, self.open_from);
        self.levels[neuron] += i64::from(value);
    }

    fn sample(&mut self, tick: u64, row: &mut [f64]) {
        check_sample(tick, self.open_from, row, self.width());
        for (entry, &level) in row.iter_mut().zip(&self.levels) {
            *entry = level as f64 / 65536.0;
        }
        self.open_from = tick + 1;
    }

    fn restart(&mut self, first_tick: u64) {
        self.levels.fill(0);
        self.open_from = first_tick;
    }
}

/// Graded outputs of rate units, each averaged over the ticks since the previous sample (or the restart), the sampled
/// one included, in units of 1.
#[derive(Clone, Debug)]
pub struct MeanLevels {
    levels: Vec<i64>,
    /// Sum of the outputs after each tick of the window, up to `until`.
    sums: Vec<i128>,
    /// The first tick that is not in the sum, for each unit.
    until: Vec<u64>,
    open_from: u64,
}

impl MeanLevels {
    /// Mean outputs of `neurons` units, all 0 at first.
    pub fn new(neurons: usize) -> Self {
        Self { levels: vec![0; neurons], sums: vec![0; neurons], until: vec![0; neurons], open_from: 0 }
    }

    /// Adds the ticks before `end` to the sum of a unit.
    fn add_until(&mut self, neuron: usize, end: u64) {
        self.sums[neuron] += i128::from(self.levels[neuron]) * i128::from(end - self.until[neuron]);
        self.until[neuron] = end;
    }
}

impl Features for MeanLevels {
    fn width(&self) -> usize {
        self.levels.len()
    }

    fn spike(&mut self, tick: u64, neuron: usize, value: i32) {
        check_event(tick, self.open_from);
        self.add_until(neuron, tick);
        self.levels[neuron] += i64::from(value);
    }

    fn sample(&mut self, tick: u64, row: &mut [f64]) {
        check_sample(tick, self.open_from, row, self.width());
        let window = tick + 1 - self.open_from;
        for (neuron, entry) in row.iter_mut().enumerate() {
            self.add_until(neuron, tick + 1);
            // An empty window has the output itself.
            let (sum, ticks) = if window > 0 { (self.sums[neuron], window) } else { (self.levels[neuron].into(), 1) };
            *entry = sum as f64 / (ticks as f64 * 65536.0);
            self.sums[neuron] = 0;
        }
        self.open_from = tick + 1;
    }

    fn restart(&mut self, first_tick: u64) {
        self.levels.fill(0);
        self.sums.fill(0);
        self.until.fill(first_tick);
        self.open_from = first_tick;
    }
}

/// Features with a list of ticks at which to sample them: a sink for a run that does not stop in between.
#[derive(Clone, Debug)]
pub struct Recorder<F> {
    features: F,
    sample_ticks: Vec<u64>,
    rows: Matrix,
}

impl<F: Features> Recorder<F> {
    /// Samples `features` after each of `sample_ticks`.
    ///
    /// # Panics
    /// If the ticks do not rise.
    pub fn new(features: F, sample_ticks: Vec<u64>) -> Self {
        assert!(sample_ticks.is_sorted_by(|a, b| a < b), "ticks to sample at must rise");
        let rows = Matrix::new(features.width());
        Self { features, sample_ticks, rows }
    }

    /// An event; see [`Features::spike`]. Events after the last sampled tick have no effect.
    pub fn spike(&mut self, tick: u64, neuron: usize, value: i32) {
        while let Some(&due) = self.sample_ticks.get(self.rows.rows())
            && due < tick
        {
            self.features.sample(due, self.rows.push_zeros());
        }
        if self.rows.rows() < self.sample_ticks.len() {
            self.features.spike(tick, neuron, value);
        }
    }

    /// Takes the samples that are left and returns all of them, one a row.
    pub fn finish(mut self) -> Matrix {
        for &due in &self.sample_ticks[self.rows.rows()..] {
            self.features.sample(due, self.rows.push_zeros());
        }
        self.rows
    }
}

/// The last ticks of `parts` equal parts of the ticks `0..ticks`: the sample ticks of an utterance in segments.
/// Part `i` is `floor(i * ticks / parts) .. floor((i + 1) * ticks / parts)`.
///
/// # Panics
/// If there are fewer ticks than parts, or no part.
pub fn part_ends(ticks: u64, parts: u32) -> Vec<u64> {
    assert!(parts > 0 && ticks >= u64::from(parts), "{ticks} ticks in {parts} parts");
    let end = |i: u32| (u128::from(i) * u128::from(ticks) / u128::from(parts)) as u64 - 1;
    (1..=parts).map(end).collect()
}

/// Means of each column over `parts` equal parts of `rows`, one part after another in one row of
/// `parts * rows.columns()` entries.
///
/// Part `i` is rows `floor(i * n / parts) .. floor((i + 1) * n / parts)`; when that is empty (fewer rows than
/// parts), it is the row at its start.
///
/// # Errors
/// [`ReadoutError::Empty`] if there is no row or no part.
pub fn part_means(rows: Rows<'_>, parts: usize) -> Result<Vec<f64>, ReadoutError> {
    let count = rows.rows();
    if count == 0 || parts == 0 {
        return Err(ReadoutError::Empty { what: if count == 0 { "rows to average" } else { "parts" } });
    }
    let mut means = vec![0.0; parts * rows.columns()];
    for part in 0..parts {
        let start = part * count / parts;
        let end = ((part + 1) * count / parts).max(start + 1);
        let mean = &mut means[part * rows.columns()..(part + 1) * rows.columns()];
        for row in rows.slice(start..end).iter() {
            mean.iter_mut().zip(row).for_each(|(m, x)| *m += x);
        }
        mean.iter_mut().for_each(|m| *m /= (end - start) as f64);
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(features: impl Features, ticks: &[u64], events: &[(u64, usize, i32)]) -> Matrix {
        let mut recorder = Recorder::new(features, ticks.to_vec());
        events.iter().for_each(|&(tick, neuron, value)| recorder.spike(tick, neuron, value));
        recorder.finish()
    }

    #[test]
    fn counts_belong_to_their_window() {
        let events = [(0, 0, 1), (3, 1, 1), (3, 1, 1), (4, 0, 1), (9, 0, 1), (12, 0, 1)];
        let rows = record(SpikeCounts::new(2), &[3, 9], &events);
        assert_eq!(rows.data(), &[1.0, 2.0, 2.0, 0.0]);
        let rates = record(SpikeCounts::per_tick(2), &[3, 9], &events);
        assert_eq!(rates.data(), &[0.25, 0.5, 2.0 / 6.0, 0.0]);
    }

    #[test]
    fn levels_keep_their_value() {
        let rows = record(Levels::new(1), &[0, 5, 6], &[(0, 0, 32768), (6, 0, -65536)]);
        assert_eq!(rows.data(), &[0.5, 0.5, -0.5]);
    }

    #[test]
    fn levels_are_averaged_over_their_window() {
        // 0, 0.5, 0.5, 0.5 | 0.5, -0.5 | -0.5
        let rows = record(MeanLevels::new(1), &[3, 5, 6], &[(1, 0, 32768), (5, 0, -65536)]);
        assert_eq!(rows.data(), &[0.375, 0.0, -0.5]);
        let mut means = MeanLevels::new(1);
        means.spike(2, 0, 65536);
        means.restart(10);
        means.spike(11, 0, 65536);
        let mut row = [0.0];
        means.sample(11, &mut row);
        assert_eq!(row, [0.5], "nothing is left of what was before");
    }

    #[test]
    fn a_filter_decays_once_a_tick_after_a_spike() {
        let rows = record(FilteredSpikes::new(1, 0.5).unwrap(), &[0, 1, 2, 5], &[(1, 0, 1), (2, 0, 1)]);
        assert_eq!(rows.data(), &[0.0, 1.0, 1.5, 1.5 / 8.0]);
        let zero = record(FilteredSpikes::new(1, 0.0).unwrap(), &[1, 2], &[(1, 0, 3)]);
        assert_eq!(zero.data(), &[3.0, 0.0]);
    }

    #[test]
    fn restart_forgets_and_moves_the_start() {
        let mut counts = SpikeCounts::per_tick(1);
        let mut filtered = FilteredSpikes::new(1, 0.5).unwrap();
        let mut row = [0.0];
        counts.spike(2, 0, 1);
        filtered.spike(2, 0, 1);
        counts.restart(100);
        filtered.restart(100);
        counts.spike(101, 0, 1);
        filtered.spike(101, 0, 1);
        counts.sample(103, &mut row);
        assert_eq!(row, [0.25]);
        filtered.sample(103, &mut row);
        assert_eq!(row, [0.25]);
    }

    #[test]
    fn a_decay_outside_its_range_is_refused() {
        for value in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(FilteredSpikes::new(1, value), Err(ReadoutError::Decay { .. })), "{value}");
        }
    }

    #[test]
    #[should_panic(expected = "already sampled")]
    fn an_event_before_a_sample_is_refused() {
        let mut counts = SpikeCounts::new(1);
        counts.sample(5, &mut [0.0]);
        counts.spike(5, 0, 1);
    }

    #[test]
    fn parts_cover_everything_once() {
        assert_eq!(part_ends(10, 3), [2, 5, 9]);
        assert_eq!(part_ends(3, 3), [0, 1, 2]);
        let rows = Matrix::from_vec(5, 1, vec![1.0, 3.0, 5.0, 7.0, 9.0]);
        assert_eq!(part_means(rows.all(), 2).unwrap(), [2.0, 7.0]);
        assert_eq!(part_means(rows.slice(0..1), 3).unwrap(), [1.0, 1.0, 1.0]);
        assert!(part_means(rows.slice(0..0), 3).is_err());
        assert!(part_means(rows.all(), 0).is_err());
    }

    proptest! {
        /// Against a filter that is advanced tick by tick: the same up to a few roundings a tick.
        #[test]
        fn lazy_decay_equals_stepping(
            gaps in prop::collection::vec(0u64..50, 1..60), decay in 0.0f64..0.9999, every in 1u64..40,
        ) {
            let mut tick = 0;
            let spikes: Vec<u64> = gaps.iter().map(|gap| { tick += gap; tick }).collect();
            let samples: Vec<u64> = (0..=tick / every).map(|i| i * every).collect();
            let events: Vec<_> = spikes.iter().map(|&t| (t, 0, 1)).collect();
            let rows = record(FilteredSpikes::new(1, decay).unwrap(), &samples, &events);
            let mut x = 0.0;
            for t in 0..=tick {
                x = x * decay + spikes.iter().filter(|&&s| s == t).count() as f64;
                if t % every == 0 {
                    let got = rows.row((t / every) as usize)[0];
                    prop_assert!((got - x).abs() <= 5e-16 * (tick + 1) as f64 * (1.0 + x), "{got} {x}");
                }
            }
        }

        /// Samples in between change no bit of the last one.
        #[test]
        fn sampling_changes_nothing(gaps in prop::collection::vec(1u64..9, 1..30), every in 1u64..20) {
            let mut tick = 0;
            let events: Vec<_> = gaps.iter().map(|gap| { tick += gap; (tick, 0, 1) }).collect();
            let filter = FilteredSpikes::new(1, 0.93).unwrap();
            let mut samples: Vec<u64> = (0..tick).step_by(every as usize).collect();
            samples.push(tick);
            let many = record(filter.clone(), &samples, &events);
            let once = record(filter, &[tick], &events);
            prop_assert_eq!(many.row(many.rows() - 1), once.row(0));
        }

        /// Against the outputs themselves, sampled after every tick.
        #[test]
        fn means_are_those_of_the_levels(
            events in prop::collection::vec((0u64..5, -70_000i32..70_000), 1..40), every in 1u64..15,
        ) {
            let mut tick = 0;
            let events: Vec<_> = events.iter().map(|(gap, value)| { tick += gap; (tick, 0, *value) }).collect();
            let ends: Vec<u64> = (1..=tick / every + 1).map(|i| i * every - 1).collect();
            let ticks: Vec<u64> = (0..=*ends.last().unwrap()).collect();
            let all = record(Levels::new(1), &ticks, &events);
            let means = record(MeanLevels::new(1), &ends, &events);
            for (row, window) in all.data().chunks(every as usize).enumerate() {
                let mean = window.iter().sum::<f64>() / every as f64;
                prop_assert!((means.row(row)[0] - mean).abs() < 1e-9);
            }
        }

        #[test]
        fn part_ends_are_even(ticks in 1u64..10_000, parts in 1u32..50) {
            prop_assume!(ticks >= u64::from(parts));
            let ends = part_ends(ticks, parts);
            prop_assert_eq!(ends.len(), parts as usize);
            prop_assert_eq!(*ends.last().unwrap(), ticks - 1);
            let mut start = 0;
            for end in ends {
                let length = end + 1 - start;
                prop_assert!(length >= ticks / u64::from(parts) && length <= ticks / u64::from(parts) + 1);
                start = end + 1;
            }
        }
    }
}
