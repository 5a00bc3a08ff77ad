//! The stages of a readout on a die, and what each cost.

use super::mapped::Mapped;
use super::nominal::Nominal;
use super::trim::{Trimming, Trimmings};
use super::{Job, to_f64};
use crate::StudyError;
use crate::calibrate::Calibration as Lines;
use crate::record::{Drive, Reservoir, Stimulus};
use crate::tape::Tape;
use device_models::DieParameters;
use mapper::Mapping;
use readout::{LinearReadout, Matrix, Ridge, Rows, Split};
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

impl StageName {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Quantised => "quantised",
            Self::OnChip => "on_chip",
            Self::Calibrated => "calibrated",
            Self::InTheLoop => "in_the_loop",
        }
    }
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

/// A readout that was made for a die: trained, mapped, and moved to where its neurons have their rate.
pub(crate) struct Made {
    trained: LinearReadout,
    mapped: Mapped,
    trimmed: Option<Trimmings>,
}

/// What the neurons of a readout did, a row a row of features.
pub(crate) struct Played {
    blind: Matrix,
    calibrated: Option<Matrix>,
}

/// What of a readout was fitted to what its neurons did on the training part.
pub(crate) struct FittedReadout {
    made: Made,
    quantised: Lines,
    blind: Lines,
    calibrated: Option<FittedNeurons>,
}

/// The same of calibrated neurons.
struct FittedNeurons {
    /// A line a neuron, to its share of the output.
    neurons: Lines,
    /// A line an output.
    outputs: Lines,
    /// Weights of the neurons.
    refit: LinearReadout,
}

/// What is to be said of runs.
#[derive(Default)]
pub(crate) struct Said {
    saturations: u64,
    warnings: Warnings,
}

impl Said {
    fn add(&mut self, session: &Session) {
        self.saturations += session.counters().saturations;
        self.warnings.extend(session.warnings(&[]));
    }
}

impl FittedReadout {
    /// What the neurons do on `die` while `stimuli` are played.
    pub(crate) fn play(
        &self,
        job: &Job<'_>,
        die: &dyn Fn(u64) -> Result<DieParameters, StudyError>,
        stimuli: &[Stimulus],
    ) -> Result<Played, StudyError> {
        let said = &mut Said::default();
        let (blind, tape) = job.blind(&self.made.mapped, die, stimuli, said)?;
        let calibrated = job.calibrated(&self.made, die, stimuli, said, tape.as_ref())?;
        Ok(Played { blind, calibrated })
    }

    /// The outputs of every stage, from the features of the chain and what the neurons did.
    pub(crate) fn outputs(
        &self,
        job: &Job<'_>,
        features: &Matrix,
        played: &Played,
    ) -> Result<Vec<(StageName, Matrix)>, StudyError> {
        let Made { trained, mapped, .. } = &self.made;
        let shares = mapped.shares(job, features)?;
        let mut all = vec![
            (StageName::Chain, job.apply(trained, features)?),
            (StageName::Quantised, self.quantised.apply(mapped.sums(&shares).all())),
            (StageName::OnChip, self.blind.apply(mapped.sums(&played.blind).all())),
        ];
        if let (Some(fitted), Some(neurons)) = (&self.calibrated, &played.calibrated) {
            let own = fitted.neurons.apply(neurons.all());
            all.push((StageName::Calibrated, fitted.outputs.apply(mapped.sums(&own).all())));
            all.push((StageName::InTheLoop, job.apply(&fitted.refit, neurons)?));
        }
        Ok(all)
    }
}

impl Job<'_> {
    /// The readout of one die, as it was made and fitted, and all that it gives: `features` are those of its reservoir
    /// through the chain, and `die(trial)` is the die in run number `trial`, which have different noise.
    pub(crate) fn stages(
        &self,
        die: &dyn Fn(u64) -> Result<DieParameters, StudyError>,
        features: &Matrix,
        nominal: &Nominal,
    ) -> Result<(FittedReadout, Stages), StudyError> {
        let whole = Split { train: self.split.train + self.split.validation, validation: 0, ..*self.split };
        let trained = self.train(features, self.goal.targets(), &whole, &nominal.penalties)?;
        let mapped = self.map(features.slice(self.split.fitted_rows()), &trained)?;
        let mut said = Said { warnings: mapped.mapping.report.warnings.clone(), ..Said::default() };
        let (blind, tape) = self.blind(&mapped, die, self.stimuli, &mut said)?;
        let trimmed = match (&self.settings.chip.calibration, nominal.rest) {
            (Some(settings), Some(rest)) => {
                let trimming = Trimming::new(self, &mapped, settings)?;
                Some(trimming.on(self, &mapped, rest, &|trial| die(CALIBRATIONS + trial), tape.as_ref())?)
            }
            _ => None,
        };
        let made = Made { trained, mapped, trimmed };
        let calibrated = self.calibrated(&made, die, self.stimuli, &mut said, tape.as_ref())?;
        let played = Played { blind, calibrated };
        let fitted = self.fit(made, features, &played)?;
        let outputs = fitted.outputs(self, features, &played)?;
        let calibration = self.calibration(&fitted.made, nominal, &played);
        let mut stages = Vec::with_capacity(outputs.len());
        for (name, outputs) in outputs {
            stages.push(Stage { name, outputs, cost: self.cost(&fitted.made, name)? });
        }
        Ok((fitted, Stages { stages, calibration, saturations: said.saturations, warnings: said.warnings }))
    }

    /// What the neurons of a readout as it was mapped do on `die` while `stimuli` are played, and what the reservoir
    /// sent, if that can be played again.
    fn blind(
        &self,
        mapped: &Mapped,
        die: &dyn Fn(u64) -> Result<DieParameters, StudyError>,
        stimuli: &[Stimulus],
        said: &mut Said,
    ) -> Result<(Matrix, Option<Tape>), StudyError> {
        let mut session = self.session(mapped, mapped.mapping.clone(), &die(BLIND)?)?;
        let mut tape = self.tape(&session);
        let reservoir = tape.as_mut().map_or(Reservoir::Emulated, Reservoir::Recorded);
        let drive = Drive { reservoir, ..mapped.drive() };
        let rows = self.readout_rows(&mut session, stimuli, &mapped.map, drive)?;
        said.add(&session);
        let tape = tape.map(|tape| tape.finish(&session)).transpose().map_err(|e| self.session_error(e))?;
        Ok((rows, tape.flatten()))
    }

    /// The same of calibrated neurons, if they were calibrated; what the reservoir sends comes from `tape` if there is
    /// one.
    fn calibrated(
        &self,
        made: &Made,
        die: &dyn Fn(u64) -> Result<DieParameters, StudyError>,
        stimuli: &[Stimulus],
        said: &mut Said,
        tape: Option<&Tape>,
    ) -> Result<Option<Matrix>, StudyError> {
        let Some(trimmed) = &made.trimmed else { return Ok(None) };
        let mut session = self.session(&made.mapped, trimmed.mapping.clone(), &die(CALIBRATED)?)?;
        let drive = Drive { reservoir: tape.map_or(Reservoir::Emulated, Reservoir::Played), ..made.mapped.drive() };
        let rows = self.readout_rows(&mut session, stimuli, &made.mapped.map, drive)?;
        said.add(&session);
        Ok(Some(rows))
    }

    /// Fits what turns the spikes of the readout back into outputs, on the training part.
    fn fit(&self, made: Made, features: &Matrix, played: &Played) -> Result<FittedReadout, StudyError> {
        let fitted = self.split.fitted_rows();
        let wanted = self.centred(&self.apply(&made.trained, features)?);
        let shares = made.mapped.shares(self, features)?;
        let line = |raw: &Matrix| Lines::fit(raw.slice(fitted.clone()), wanted.slice(fitted.clone()));
        let (quantised, blind) = (line(&made.mapped.sums(&shares)), line(&made.mapped.sums(&played.blind)));
        let of_neurons = |played: &Matrix| {
            let neurons = Lines::fit(played.slice(fitted.clone()), shares.slice(fitted.clone()));
            let outputs = line(&made.mapped.sums(&neurons.apply(played.all())));
            // The scored run has the training part too: its rows are what the loop needs.
            Ok::<_, StudyError>(FittedNeurons { neurons, outputs, refit: self.refit(played)? })
        };
        let calibrated = played.calibrated.as_ref().map(of_neurons).transpose()?;
        Ok(FittedReadout { made, quantised, blind, calibrated })
    }

    /// What a stage of a readout takes.
    fn cost(&self, made: &Made, name: StageName) -> Result<Cost, StudyError> {
        let mapped = &made.mapped;
        let synapses = |mapping| mapped.synapses(self, mapping);
        let circuits = mapped.map.count as u64;
        let (samples, seconds) = made
            .trimmed
            .as_ref()
            .map_or((0, 0.0), |trimmed| (trimmed.samples, trimmed.steps as f64 * self.step_seconds()));
        let mapping = made.trimmed.as_ref().map_or(&mapped.mapping, |trimmed| &trimmed.mapping);
        Ok(match name {
            StageName::Chain => Cost::default(),
            StageName::Quantised | StageName::OnChip => {
                Cost { circuits, synapses: synapses(&mapped.mapping)?, ..Cost::default() }
            }
            StageName::Calibrated => Cost { circuits, synapses: synapses(mapping)?, samples, seconds },
            StageName::InTheLoop => {
                let played = self.fitted_steps() as f64 * self.step_seconds();
                let samples = samples + self.split.fitted_rows().len() as u64;
                Cost { circuits, synapses: synapses(mapping)?, samples, seconds: seconds + played }
            }
        })
    }

    /// What calibration came to, if there was one.
    fn calibration(&self, made: &Made, nominal: &Nominal, played: &Played) -> Option<Calibration> {
        let (settings, rest) = (self.settings.chip.calibration.as_ref()?, nominal.rest?);
        let (trimmed, neurons) = (made.trimmed.as_ref()?, played.calibrated.as_ref()?);
        let mut count = Calibration { neurons: made.mapped.map.count as u32, ..Calibration::default() };
        let training = neurons.slice(self.split.fitted_rows());
        for (neuron, last) in trimmed.last.iter().enumerate() {
            let rate = self.mean_rate(training, neuron);
            match () {
                () if rate == 0.0 => count.silent += 1,
                () if (rate - rest.rate).abs() <= settings.tolerance * rest.rate => {}
                () if last.short => count.no_room += 1,
                () => count.off_rate += 1,
            }
        }
        Some(count)
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

    /// Weights that the host fits to what the neurons did on the training part.
    fn refit(&self, neurons: &Matrix) -> Result<LinearReadout, StudyError> {
        let ridge = if self.are_classes() { Ridge::classifier() } else { Ridge::of_spikes() };
        let fit = ridge.fit(neurons, self.goal.targets(), self.split).map_err(|e| self.readout_error(e))?;
        Ok(fit.readout)
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
