//! Calibration on a die: the level at which each readout neuron rests is moved until its mean rate is that of a nominal
//! one.
//!
//! It sees what a person with the die sees: counts of spikes while a part of the training data is played. A neuron is
//! moved by a share of what the nominal slope asks for, several times, because its own slope is not known.

use super::Job;
use super::mapped::Mapped;
use super::nominal::Rest;
use crate::StudyError;
use crate::record::{Drive, Reservoir, Rows, Stimulus, Taken, first_tick, play};
use crate::spec::CalibrationSettings;
use crate::tape::Tape;
use device_models::DieParameters;
use mapper::{Mapping, Trim, Trimmed};
use readout::SpikeCounts;

/// The share of the way to the rate at rest that a move is meant to make.
const SHARE: f64 = 0.8;

/// A slope that was seen counts within this factor of the nominal one.
const SLOPES: f64 = 5.0;

/// What is known of one neuron on its way to its rate.
#[derive(Clone, Copy, Debug)]
struct Search {
    /// Its slope, from the last move that said something of it.
    slope: f64,
    /// The longest move, and where all moves have led.
    most: f64,
    at: f64,
    /// Its rate before the last move.
    rate: f64,
    /// The highest place that was too low, and the lowest that was too high.
    low: f64,
    high: f64,
}

impl Search {
    /// A neuron of which nothing is known, on a chip with this `drive`.
    const fn new(rest: Rest, drive: f64) -> Self {
        Self { slope: rest.slope, most: drive, at: 0.0, rate: 0.0, low: f64::NEG_INFINITY, high: f64::INFINITY }
    }

    /// The next move of a neuron that spikes at `rate` after it was moved by `by`. A neuron that is far off, silent
    /// or spiking as fast as it can, says nothing of its slope: its moves become longer, until it is known to be
    /// between two places, and then go to their middle.
    fn next(&mut self, rate: f64, by: f64, rest: Rest) -> f64 {
        self.at += by;
        let seen = (rate - self.rate) / by;
        if by != 0.0 && self.rate > 0.0 && rate > 0.0 && seen > 0.0 {
            self.slope = seen.clamp(rest.slope / SLOPES, rest.slope * SLOPES);
        }
        self.rate = rate;
        if rate < rest.rate {
            self.low = self.low.max(self.at);
        } else {
            self.high = self.high.min(self.at);
        }
        let mut wanted = SHARE * (rest.rate - rate) / self.slope;
        let is_lost = rate < rest.rate / 4.0 || rate > 2.0 * rest.rate;
        if is_lost && by * wanted > 0.0 && wanted.abs() < 2.0 * by.abs() {
            self.most *= 2.0;
            wanted = 2.0 * by;
        }
        let middle = (self.low + self.high) / 2.0 - self.at;
        if is_lost && middle.is_finite() && self.low < self.high { middle } else { wanted.clamp(-self.most, self.most) }
    }
}

/// What is played to calibrate, and what the neurons are moved with.
pub(super) struct Trimming {
    trim: Trim,
    stimuli: Vec<Stimulus>,
    /// Samples or utterances among them, without those that wash out.
    samples: usize,
    /// Steps of emulated time of one run through them, washout and drain counted.
    steps: u64,
    iterations: u32,
}

/// What calibration came to.
pub(super) struct Trimmings {
    /// The program with every neuron where it was moved to.
    pub(super) mapping: Mapping,
    /// What the last move of each neuron came to.
    pub(super) last: Vec<Trimmed>,
    /// Samples that were played, in all iterations.
    pub(super) samples: u64,
    /// The steps that it took.
    pub(super) steps: u64,
}

impl Trimming {
    pub(super) fn new(job: &Job<'_>, mapped: &Mapped, settings: &CalibrationSettings) -> Result<Self, StudyError> {
        let level_of_weight = job.tau_steps / f64::from(job.settings.chip.bias_period);
        let trim = Trim::find(
            &mapped.mapping,
            &mapped.network,
            &mapped.places,
            &job.settings.synapse,
            level_of_weight,
            job.spec,
        )
        .map_err(|e| job.mapping_error(e))?;
        let fitted = job.split.fitted_rows();
        let usual = (fitted.len() / 3).max(1);
        let samples = settings.samples.map_or(usual, |samples| samples as usize).clamp(1, fitted.len().max(1));
        let stimuli: Vec<Stimulus> = if job.counts() {
            // Evenly among the stimuli, which may be sorted by class.
            let chosen = (0..samples).map(|i| fitted.start + i * fitted.len() / samples);
            chosen.map(|index| job.stimuli[index].clone()).collect()
        } else {
            // From the end of the washout on, counted between two samples.
            let ends = |stimulus: &Stimulus| {
                let last = stimulus.samples[fitted.start + samples - 1];
                let first = fitted.start.checked_sub(1).map(|index| stimulus.samples[index]);
                first.into_iter().chain([last]).collect::<Vec<_>>()
            };
            let cut = |stimulus: &Stimulus| {
                let samples = ends(stimulus);
                let end = first_tick(samples.last().map_or(0, |last| last + 1), job.spec.step_ticks());
                let events = stimulus.events.iter().copied().filter(|event| event.tick < end).collect();
                Stimulus { part: stimulus.part, events, samples }
            };
            job.stimuli.iter().map(cut).collect()
        };
        let played = |stimulus: &Stimulus| stimulus.samples.last().map_or(0, |last| last + 1) + job.drain();
        let steps = stimuli.iter().map(played).sum();
        Ok(Self { trim, stimuli, samples, steps, iterations: settings.iterations })
    }

    /// Mean rates of all readout neurons over the samples, in spikes a step; what the reservoir sends comes from `tape`
    /// if there is one.
    fn rates(
        &self,
        job: &Job<'_>,
        mapped: &Mapped,
        mapping: &Mapping,
        die: &DieParameters,
        tape: Option<&Tape>,
    ) -> Result<Vec<f64>, StudyError> {
        let board = mapped.load(job, mapping.clone())?;
        let mut session = board.on(die).map_err(|e| job.session_error(e))?;
        let taken = if job.counts() { Taken::Drained } else { Taken::AtSamples };
        let counts = Box::new(SpikeCounts::new(mapped.map.count));
        let mut rows = [Rows::new(&board, &mapped.map, counts, taken, false)];
        let drive = Drive { reservoir: tape.map_or(Reservoir::Emulated, Reservoir::Played), ..mapped.drive() };
        play(&mut session, &self.stimuli, drive, job.drain(), &mut rows).map_err(|e| job.session_error(e))?;
        let [rows] = rows;
        let (counts, _) = rows.finish();
        // The first row of a series is its washout.
        let washout = usize::from(!job.counts() && counts.rows() > 1);
        let skipped = if washout > 0 { self.stimuli[0].samples[0] + 1 } else { 0 };
        let steps = (self.steps - skipped) as f64;
        let counted = counts.slice(washout..counts.rows());
        Ok((0..mapped.map.count).map(|neuron| counted.column(neuron).sum::<f64>() / steps).collect())
    }

    /// How neurons of the nominal chip answer, with levels moved by `by` for the slope.
    pub(super) fn rest(
        &self,
        job: &Job<'_>,
        mapped: &Mapped,
        die: &DieParameters,
        by: f64,
    ) -> Result<Rest, StudyError> {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let before = mean(&self.rates(job, mapped, &mapped.mapping, die, None)?);
        let mut moved = mapped.mapping.clone();
        let moves = self.trim.shift(&mut moved.program, job.spec, &vec![by; mapped.map.count]);
        let after = mean(&self.rates(job, mapped, &moved, die, None)?);
        let by = mean(&moves.iter().map(|moved| moved.by).collect::<Vec<_>>());
        let slope = (after - before) / by;
        if before > 0.0 && slope > 0.0 && slope.is_finite() {
            return Ok(Rest { rate: before, slope });
        }
        Err(StudyError::NoRest { point: job.point.clone() })
    }

    /// Moves the neurons of `mapped` on a die, which is `die(trial)` in run number `trial` of the calibration. A `tape`
    /// has what the reservoir sends on it in every run.
    pub(super) fn on(
        &self,
        job: &Job<'_>,
        mapped: &Mapped,
        rest: Rest,
        die: &dyn Fn(u64) -> Result<DieParameters, StudyError>,
        tape: Option<&Tape>,
    ) -> Result<Trimmings, StudyError> {
        let mut mapping = mapped.mapping.clone();
        let drive = job.drive.ok_or(StudyError::NoDrive)?;
        let mut searches = vec![Search::new(rest, drive); mapped.map.count];
        let mut last = vec![Trimmed { by: 0.0, short: false }; mapped.map.count];
        for trial in 0..u64::from(self.iterations) {
            let rates = self.rates(job, mapped, &mapping, &die(trial)?, tape)?;
            let moves = searches
                .iter_mut()
                .zip(&rates)
                .zip(&last)
                .map(|((search, rate), last)| search.next(*rate, last.by, rest));
            last = self.trim.shift(&mut mapping.program, job.spec, &moves.collect::<Vec<_>>());
        }
        let runs = u64::from(self.iterations);
        Ok(Trimmings { mapping, last, samples: runs * self.samples as u64, steps: runs * self.steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neurons with thresholds and gains far from nominal reach their rate within ten moves, silent and saturated ones
    /// too.
    #[test]
    fn neurons_find_their_rate() {
        // Spikes a step of a neuron at rest at a level, above its threshold: a line that saturates at one.
        let answer = |gain: f64, threshold: f64, level: f64| (gain * (level - threshold)).clamp(0.0, 1.0);
        let rest = Rest { rate: 0.08, slope: 0.04 };
        for gain in [0.01, 0.03, 0.04, 0.1, 0.15] {
            for threshold in [-9.0, -2.0, 0.5, 1.0, 3.0, 9.0] {
                let (mut level, mut by) = (2.5, 0.0);
                let mut search = Search::new(rest, 2.5);
                for _ in 0..10 {
                    by = search.next(answer(gain, threshold, level), by, rest);
                    level += by;
                }
                let rate = answer(gain, threshold, level);
                assert!((rate - rest.rate).abs() < 0.2 * rest.rate, "gain {gain}, threshold {threshold}: {rate}");
            }
        }
    }
}
