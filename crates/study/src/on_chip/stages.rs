//! The stages of a readout on a die, and what each cost.

use super::mapped::Mapped;
use super::nominal::Nominal;
use super::trim::{Trimming, Trimmings};
use super::{Job, to_f64};
use crate::StudyError;
use crate::calibrate::Calibration as Lines;
use crate::record::{Drive, Reservoir};
use crate::tape::Tape;
use device_models::DieParameters;
use mapper::Mapping;
use readout::{Matrix, Ridge, Rows, Split};
use serde::{Deserialize, Serialize};
use session::Session;
use units::Unit;
use warnings::Warnings;

/// A stage on the way of a readout to a die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StageName {
    /// Trained for the chain of the chip, with weights as trained, in the host's arithmetic.
    Chain,
    /// With the weights that the chip has, in the host's arithmetic, on the same features.
    Quantised,
    /// Mapped, and run on the die as it is; a line an output.
    OnChip,
    /// With every readout neuron trimmed on the die, and a line a neuron.
    Calibrated,
    /// The same run, read out with weights that were fitted to what the neurons of this die did.
    InTheLoop,
}

/// What a stage takes beside its training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Circuits of the readout.
    pub circuits: u64,
    /// Its synapses, those of the bias counted; on a tag and CAM chip each is a CAM word.
    pub synapses: u64,
    /// Samples or utterances that were played on this die before those that are scored, every time counted.
    pub samples: u64,
    /// How long that took, in seconds of emulated time.
    pub seconds: f64,
}

/// What calibration did to the readout neurons of a die.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibration {
    /// All of them.
    pub neurons: u32,
    /// Those that never spiked on the training data afterwards.
    pub silent: u32,
    /// Those that spike, but for want of room (a free word, or the end of a range) not at their rate.
    pub no_room: u32,
    /// Other ones whose rate is still off by more than the tolerance.
    pub off_rate: u32,
}

impl Calibration {
    /// Neurons that did not reach their rate.
    pub const fn failed(&self) -> u32 {
        self.silent + self.no_room + self.off_rate
    }
}

/// What a stage gives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// Which.
    pub(crate) name: StageName,
    /// The outputs, one row a row of features.
    pub(crate) outputs: Matrix,
    /// What it took.
    pub(crate) cost: Cost,
}

/// Everything that the readout of a die gives.
pub(crate) struct Stages {
    /// In order.
    pub(crate) stages: Vec<Stage>,
    /// What calibration did, if there was one.
    pub(crate) calibration: Option<Calibration>,
    /// States that were cut, in all scored runs.
    pub(crate) saturations: u64,
    /// What is not as it was asked for.
    pub(crate) warnings: Warnings,
}

impl Job<'_> {
    /// The readout of one die: `features` are those of its reservoir through the chain, and `die(trial)` is the die in
    /// run number `trial`, which have different noise.
    pub(crate) fn stages(
        &self,
        die: &dyn Fn(u64) -> Result<DieParameters, StudyError>,
        features: &Matrix,
        nominal: &Nominal,
    ) -> Result<Stages, StudyError> {
        let fitted = self.split.fitted_rows();
        let whole = Split { train: self.split.train + self.split.validation, validation: 0, ..*self.split };
        let trained = self.train(features, self.goal.targets(), &whole, &nominal.penalties)?;
        let outputs = self.apply(&trained, features)?;
        let wanted = self.centred(&outputs);
        let mapped = self.map(features.slice(fitted.clone()), &trained)?;
        let shares = mapped.shares(self, features)?;
        let cost = Cost {
            circuits: mapped.map.count as u64,
            synapses: mapped.synapses(self, &mapped.mapping)?,
            ..Cost::default()
        };
        let line = |raw: &Matrix| Lines::fit(raw.slice(fitted.clone()), wanted.slice(fitted.clone())).apply(raw.all());
        let mut stages = vec![Stage { name: StageName::Chain, outputs, cost: Cost::default() }];
        stages.push(Stage { name: StageName::Quantised, outputs: line(&mapped.sums(&shares)), cost });
        let mut warnings = mapped.mapping.report.warnings.clone();
        let mut saturations = 0;
        let mut run = |session: &mut Session, reservoir: Reservoir<'_>| {
            let drive = Drive { reservoir, ..mapped.drive() };
            let rows = self.readout_rows(session, self.stimuli, &mapped.map, drive)?;
            saturations += session.counters().saturations;
            warnings.extend(session.warnings(&[]));
            Ok::<_, StudyError>(rows)
        };
        let mut session = self.session(&mapped, mapped.mapping.clone(), &die(BLIND)?)?;
        let mut tape = self.tape(&session);
        let blind = run(&mut session, tape.as_mut().map_or(Reservoir::Emulated, Reservoir::Recorded))?;
        let tape = tape.map(|tape| tape.finish(&session)).transpose().map_err(|e| self.session_error(e))?.flatten();
        drop(session);
        stages.push(Stage { name: StageName::OnChip, outputs: line(&mapped.sums(&blind)), cost });
        let mut calibration = None;
        if let (Some(settings), Some(rest)) = (&self.settings.chip.calibration, nominal.rest) {
            let trimming = Trimming::new(self, &mapped, settings)?;
            let Trimmings { mapping, last, samples, steps } =
                trimming.on(self, &mapped, rest, &|trial| die(CALIBRATIONS + trial), tape.as_ref())?;
            let mut session = self.session(&mapped, mapping.clone(), &die(CALIBRATED)?)?;
            let neurons = run(&mut session, tape.as_ref().map_or(Reservoir::Emulated, Reservoir::Played))?;
            let seconds = steps as f64 * self.step_seconds();
            let cost = Cost { synapses: mapped.synapses(self, &mapping)?, samples, seconds, ..cost };
            let lines = Lines::fit(neurons.slice(fitted.clone()), shares.slice(fitted.clone()));
            let own = lines.apply(neurons.all());
            stages.push(Stage { name: StageName::Calibrated, outputs: line(&mapped.sums(&own)), cost });
            // The scored run has the training part too: its rows are what the loop needs.
            let played = self.fitted_steps() as f64 * self.step_seconds();
            let (samples, seconds) = (samples + fitted.len() as u64, seconds + played);
            let outputs = self.refit(&neurons)?;
            stages.push(Stage { name: StageName::InTheLoop, outputs, cost: Cost { samples, seconds, ..cost } });
            let mut count = Calibration { neurons: mapped.map.count as u32, ..Calibration::default() };
            let training = neurons.slice(fitted.clone());
            for (neuron, last) in last.iter().enumerate() {
                let rate = self.mean_rate(training, neuron);
                match () {
                    () if rate == 0.0 => count.silent += 1,
                    () if (rate - rest.rate).abs() <= settings.tolerance * rest.rate => {}
                    () if last.short => count.no_room += 1,
                    () => count.off_rate += 1,
                }
            }
            calibration = Some(count);
        }
        Ok(Stages { stages, calibration, saturations, warnings })
    }

    /// A readout on a die.
    fn session(&self, mapped: &Mapped, mapping: Mapping, die: &DieParameters) -> Result<Session, StudyError> {
        mapped.load(self, mapping)?.on(die).map_err(|e| self.session_error(e))
    }

    /// An empty tape for the reservoir of a readout that is about to run; none where it cannot be played.
    fn tape(&self, session: &Session) -> Option<Tape> {
        let reservoir = session.board().symbols().population(crate::reservoir::POPULATION)?;
        Tape::new(session.board(), reservoir, session.die())
    }

    /// The mean rate of a neuron over rows of its features, in spikes a step; utterances weigh alike here.
    fn mean_rate(&self, rows: Rows<'_>, neuron: usize) -> f64 {
        let mean = rows.column(neuron).sum::<f64>() / rows.rows().max(1) as f64;
        // A filtered train of rate r settles at r / (1 - decay).
        if self.counts() { mean } else { mean * (1.0 - self.filter_decay) }
    }

    /// Outputs from weights that the host fits to what the neurons did on the training part.
    fn refit(&self, neurons: &Matrix) -> Result<Matrix, StudyError> {
        let ridge = if self.are_classes() { Ridge::classifier() } else { Ridge::of_spikes() };
        let fit = ridge.fit(neurons, self.goal.targets(), self.split).map_err(|e| self.readout_error(e))?;
        self.apply(&fit.readout, neurons)
    }

    /// Steps of the training part, washout and drains counted.
    fn fitted_steps(&self) -> u64 {
        let end = self.split.fitted_rows().end;
        let last = |samples: &[u64]| samples.last().map_or(0, |last| last + 1);
        if self.counts() {
            return self.stimuli[..end].iter().map(|stimulus| last(&stimulus.samples) + self.drain()).sum();
        }
        self.stimuli.iter().map(|stimulus| last(&stimulus.samples[..end])).sum()
    }

    fn step_seconds(&self) -> f64 {
        to_f64(self.spec.step().value_in(Unit::SECOND).unwrap_or_default())
    }
}

/// Runs of one die have different noise; the reservoir alone is run 0.
const BLIND: u64 = 1;
const CALIBRATED: u64 = 2;
/// The first run of the calibration.
const CALIBRATIONS: u64 = 3;
