//! The trained readout on the chip: trained for its chain, mapped, calibrated on the die, and read back by the host.
//!
//! The way of a readout has stages, each with outputs and with what it cost ([`Stage`]): the chip's weights in the
//! host's arithmetic, mapped blind, calibrated on the die, and in the loop. What is chosen once a program, on a chip
//! without mismatch, is a [`Nominal`]; what follows is made on a die ([`Job::stages`]).
//!
//! This module deliberately scores nothing and reads no file; what a task wants of outputs is for its caller.

mod chain;
mod mapped;
mod nominal;
mod stages;
#[cfg(test)]
mod tests;
mod trim;

pub(crate) use nominal::Nominal;
pub(crate) use stages::FittedReadout;
pub use stages::{Calibration, Cost, StageName};

use crate::axis::Conditions;
use crate::prepare::{Goal, decay};
use crate::record::{Drive, FeatureMap, Rows, Stimulus, Taken, play};
use crate::spec::ReadoutSettings;
use crate::{Point, StudyError};
use chain::{Chain, ChainFeatures};
use chip::{ChipSpec, CoreModel, Kinetics};
use mapper::{MapperError, MapperOptions};
use network::Network;
use readout::{Features, FilteredSpikes, LinearReadout, Matrix, ReadoutError, Ridge, SpikeCounts, Split};
use session::{Board, Session, SessionError};
use units::{Decimal, Quantity, Unit};

/// A readout that is to run on the chip, and what it is for.
pub(crate) struct Job<'a> {
    /// What errors name.
    pub(crate) point: &'a Point,
    pub(crate) spec: &'a ChipSpec,
    pub(crate) model: CoreModel,
    pub(crate) mapping: &'a MapperOptions,
    pub(crate) settings: &'a ReadoutSettings,
    /// The smallest penalty that may be chosen.
    pub(crate) penalty_min: f64,
    /// The reservoir without readout, its population, and its program.
    pub(crate) network: &'a Network,
    pub(crate) population: &'a FeatureMap,
    pub(crate) board: &'a Board,
    pub(crate) stimuli: &'a [Stimulus],
    pub(crate) goal: &'a Goal,
    pub(crate) split: &'a Split,
    /// Where readout neurons work: their time constant in steps, and their drive if it is above 0.
    pub(crate) tau_steps: f64,
    pub(crate) drive: Option<f64>,
    /// What the host's filter keeps in a step.
    pub(crate) filter_decay: f64,
    /// Steps that a classification counts on after a stimulus.
    pub(crate) drain: u64,
}

impl Job<'_> {
    /// The chain of a readout neuron with the chip's nominal time constants, or those that the study asks for. Two
    /// kinds of synapse that differ count as one with their mean time constant. The membrane of a neuron whose drive
    /// is above its threshold is no filter: it forgets at every spike, and the rate follows the current.
    pub(crate) fn chain(&self) -> Chain {
        let step = self.spec.step();
        let value = |name: &str| {
            let asked = self.settings.parameters.get(name).map(|values| values.get(0));
            asked.or(self.spec.parameters.get(name).map(|parameter| parameter.nominal.quantity))
        };
        let choice = &self.settings.synapse;
        let taus = [&choice.excitatory, &choice.inhibitory].map(|name| {
            let kind = &self.spec.synapses[self.spec.synapse_index(name)?];
            match &kind.kinetics {
                Kinetics::Exponential { tau } => value(tau),
                _ => None,
            }
        });
        let synapse = match taus {
            [Some(a), Some(b)] => Some((decay(step, a) + decay(step, b)) / 2.0),
            [one, other] => one.or(other).map(|tau| decay(step, tau)),
        };
        let level = self.spec.level(self.model);
        let threshold =
            value("v_threshold").and_then(|threshold| threshold.over_to_bits(level, 32).ok()).map(from_bits);
        let fires = self.drive.is_some_and(|drive| drive > threshold.unwrap_or(1.0));
        let membrane = value("tau_mem").filter(|_| !fires).map_or(0.0, |tau| decay(step, tau));
        let filter = (!self.counts()).then_some(self.filter_decay);
        Chain { synapse, membrane, filter }
    }

    /// Whether outputs are counts over a whole stimulus, and not filtered spikes at every sample.
    fn counts(&self) -> bool {
        self.goal.is_per_stimulus()
    }

    /// Whether only differences between outputs count.
    fn are_classes(&self) -> bool {
        matches!(self.goal, Goal::Classes(_))
    }

    /// Steps that are counted on after a stimulus.
    pub(crate) fn drain(&self) -> u64 {
        if self.counts() { self.drain } else { 0 }
    }

    fn taken(&self) -> Taken {
        if self.counts() { Taken::Drained } else { Taken::AtSamples }
    }

    /// What takes the rows that the chip's readout is trained on while the reservoir runs.
    pub(crate) fn chain_rows(&self) -> Rows<'_> {
        let features = Box::new(ChainFeatures::new(self.population.count, self.chain()));
        Rows::new(self.board, self.population, features, self.taken(), false)
    }

    /// The rows of readout neurons, one column each, over `stimuli`.
    fn readout_rows(
        &self,
        session: &mut Session,
        stimuli: &[Stimulus],
        map: &FeatureMap,
        drive: Drive<'_>,
    ) -> Result<Matrix, StudyError> {
        let features: Box<dyn Features> = if self.counts() {
            Box::new(SpikeCounts::per_tick(map.count))
        } else {
            Box::new(FilteredSpikes::new(map.count, self.filter_decay).map_err(|e| self.readout_error(e))?)
        };
        let mut rows = [Rows::new(session.board(), map, features, self.taken(), false)];
        play(session, stimuli, drive, self.drain(), &mut rows).map_err(|e| self.session_error(e))?;
        let [rows] = rows;
        Ok(rows.finish().0)
    }

    /// The part of the stimuli that has the rows up to `end`.
    fn until(&self, end: usize) -> Vec<Stimulus> {
        if self.counts() {
            return self.stimuli[..end].to_vec();
        }
        self.stimuli.iter().map(|s| Stimulus { samples: s.samples[..end].to_vec(), ..s.clone() }).collect()
    }

    /// A readout of the chain's features for each output with its penalty, fitted on the rows that `split` trains on.
    fn train(
        &self,
        features: &Matrix,
        targets: &Matrix,
        split: &Split,
        penalties: &[f64],
    ) -> Result<LinearReadout, StudyError> {
        let mut weights = Matrix::zeros(targets.columns(), features.columns());
        let mut bias = vec![0.0; targets.columns()];
        let mut different = penalties.to_vec();
        different.sort_by(f64::total_cmp);
        different.dedup();
        for penalty in different {
            let ridge = Ridge { penalties: vec![penalty], ..Ridge::default() };
            let fit = ridge.fit(features, targets, split).map_err(|e| self.readout_error(e))?;
            for output in (0..bias.len()).filter(|output| penalties[*output] == penalty) {
                weights.row_mut(output).copy_from_slice(fit.readout.weights.row(output));
                bias[output] = fit.readout.bias[output];
            }
        }
        LinearReadout::new(weights, bias).map_err(|e| self.readout_error(e))
    }

    fn apply(&self, readout: &LinearReadout, features: &Matrix) -> Result<Matrix, StudyError> {
        readout.apply(features.all()).map_err(|e| self.readout_error(e))
    }

    fn mapping_error(&self, error: MapperError) -> StudyError {
        StudyError::Mapping { point: self.point.clone(), error }
    }

    fn session_error(&self, error: SessionError) -> StudyError {
        StudyError::Session { point: self.point.clone(), error }
    }

    fn readout_error(&self, error: ReadoutError) -> StudyError {
        StudyError::Readout { point: self.point.clone(), error }
    }
}

/// The rows with their means subtracted.
fn centre_rows(outputs: &Matrix) -> Matrix {
    let mut centred = outputs.clone();
    for i in 0..centred.rows() {
        let row = centred.row_mut(i);
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|value| *value -= mean);
    }
    centred
}

/// The time constant of readout neurons in steps, and their drive if it is above 0.
pub(crate) fn readout_operating_point(conditions: &Conditions) -> (f64, Option<f64>) {
    let value = |name: &str, unit_of: fn(Quantity) -> Option<Decimal>| {
        let asked = conditions.readout.parameters.get(name).map(|values| values.get(0));
        let nominal = conditions.chip.spec.parameters.get(name).map(|p| p.nominal.quantity);
        asked.or(nominal).and_then(unit_of).map(to_f64)
    };
    let in_ms = |q: Quantity| q.value_in(Unit::MILLISECOND).ok();
    let step = in_ms(conditions.chip.spec.step()).map_or(1.0, to_f64);
    let tau = value("tau_mem", |q| q.value_in(Unit::MILLISECOND).ok()).unwrap_or(0.0);
    // In what counts as 1, as weights are.
    let level = conditions.chip.spec.level(conditions.model);
    let asked = conditions.readout.parameters.get("drive").map(|values| values.get(0));
    let drive = asked.or_else(|| conditions.chip.spec.parameters.get("drive").map(|p| p.nominal.quantity));
    let drive = drive.and_then(|drive| drive.over_to_bits(level, 32).ok()).map(from_bits);
    (tau / step, drive.filter(|d| *d > 0.0))
}

fn from_bits(bits: i64) -> f64 {
    bits as f64 / 4_294_967_296.0
}

/// A decimal as the nearest number with 32 fraction bits; all that is needed here, and the same everywhere.
pub(crate) fn to_f64(value: Decimal) -> f64 {
    value.to_bits(32).map_or(0.0, from_bits)
}
