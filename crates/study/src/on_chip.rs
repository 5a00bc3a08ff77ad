//! The trained readout on the chip: mapped, run, and read back by the host.
//!
//! This module owns what a readout is on the chip: the wish for the mapper, its scale, the weights that it got, its
//! outputs. It deliberately trains nothing; that is done on the features, before ([`crate::evaluate`]).

use crate::StudyError;
use crate::axis::Conditions;
use crate::calibrate::Calibration;
use crate::evaluate::Run;
use crate::prepare::Goal;
use crate::record::FeatureMap;
use crate::spec::ReadoutSettings;
use device_models::DieParameters;
use mapper::{ReadoutPlan, ReadoutWish, decode, map_with_readout};
use network::Endpoint;
use readout::{LinearReadout, Matrix};
use session::{Board, Session};
use units::{Decimal, InputId, Unit};
use warnings::Warnings;

/// What running the readout on the chip gave.
pub(crate) struct OnChip {
    /// The weights that the chip got, as a readout without bias.
    pub(crate) weights: LinearReadout,
    /// The outputs of its neurons.
    pub(crate) raw: Matrix,
    /// The session after the run.
    pub(crate) session: Session,
    /// What the mapping of the readout does not represent as it was asked for.
    pub(crate) of_mapping: Warnings,
}

impl Run<'_> {
    /// Maps the readout onto the chip and runs the task once more.
    pub(crate) fn on_chip(
        &self,
        die: &DieParameters,
        features: &Matrix,
        trained: &LinearReadout,
    ) -> Result<OnChip, StudyError> {
        let (spec, prepared) = (&self.conditions.chip.spec, self.prepared);
        let options = self.conditions.mapping.clone();
        // How many neurons share an output does not depend on the scale of the weights, but the scale on it.
        let wish = self.wish(features, trained);
        let plan = ReadoutPlan::new(&prepared.network, spec, &wish, &options).map_err(|e| self.mapping_error(e))?;
        let scale = self.scale(features, &wish, plan.neurons_per_class())?;
        let (network, layout, _) = plan.attach(scale).map_err(|e| self.mapping_error(e))?;
        let mapping = map_with_readout(&network, &layout, spec, &options).map_err(|e| self.mapping_error(e))?;

        let outputs = layout.neurons.len();
        let size = network.populations[layout.population].size;
        let mut output_of = vec![0; size as usize];
        for (output, neurons) in layout.neurons.iter().enumerate() {
            for neuron in neurons {
                output_of[*neuron as usize] = output;
            }
        }
        let reservoir = network.population(&wish.population).map(Endpoint::Population);
        let mut weights = Matrix::zeros(outputs, features.columns());
        for connection in
            decode(&mapping.program, &mapping.placement, &network, spec).map_err(|e| self.mapping_error(e))?
        {
            if connection.post == layout.population && Some(connection.pre) == reservoir {
                let sign = match spec.synapses[usize::from(connection.synapse)].sign {
                    chip::SynapseSign::Inhibitory => -1.0,
                    chip::SynapseSign::Excitatory | chip::SynapseSign::Signed => 1.0,
                };
                let row = weights.row_mut(output_of[connection.post_index as usize]);
                row[connection.pre_index as usize] += sign * connection.weight as f64;
            }
        }
        let weights = LinearReadout::new(weights, vec![0.0; outputs]).map_err(|e| self.readout_error(e))?;

        let clock = layout.bias_channel.map(InputId);
        let map = FeatureMap { population: layout.population, feature_of: output_of, count: outputs };
        let of_mapping = mapping.report.warnings.clone();
        let board = Board::load(spec.clone(), mapping).map_err(|e| self.session_error(e))?;
        let mut session = board.on(die).map_err(|e| self.session_error(e))?;
        let (raw, _) = self.record(&mut session, &map, clock)?;
        Ok(OnChip { weights, raw, session, of_mapping })
    }

    /// The readout as the mapper wants it, at scale 1.
    fn wish(&self, features: &Matrix, trained: &LinearReadout) -> ReadoutWish {
        let settings: &ReadoutSettings = &self.conditions.readout;
        let fitted = features.slice(self.prepared.split.fitted_rows());
        let mut weights: Vec<Vec<f64>> = trained.weights.all().iter().map(<[f64]>::to_vec).collect();
        if matches!(self.prepared.goal, Goal::Classes(_)) {
            centre_columns(&mut weights);
        }
        let (means, spreads) = moments(fitted);
        // For a start: the largest weight becomes 1.
        let largest = weights.iter().flatten().fold(0.0, |most: f64, w| most.max(w.abs()));
        let scale = if largest > 0.0 { 1.0 / largest } else { 1.0 };
        ReadoutWish {
            name: "readout".into(),
            population: crate::reservoir::POPULATION.into(),
            // What the mean features bring in is taken away again, so that neurons work around their drive.
            bias: weights.iter().map(|row| -row.iter().zip(&means).map(|(w, x)| w * x).sum::<f64>()).collect(),
            bias_events: 1.0 / self.per_step(),
            weights,
            spreads,
            strategy: settings.strategy,
            scale,
            synapse: settings.synapse.clone(),
            delay_ticks: 1,
            parameters: settings.parameters.clone(),
        }
    }

    /// Synaptic weight of a trained weight of 1, so that the net input of a readout neuron stays within `swing` of its
    /// drive for 99 % of the training data.
    fn scale(&self, features: &Matrix, wish: &ReadoutWish, neurons_per_output: u32) -> Result<f64, StudyError> {
        let fitted = features.slice(self.prepared.split.fitted_rows());
        let mut sizes = Vec::with_capacity(fitted.rows() * wish.weights.len());
        for row in fitted.iter() {
            for (weights, bias) in wish.weights.iter().zip(&wish.bias) {
                sizes.push((weights.iter().zip(row).map(|(w, x)| w * x).sum::<f64>() + bias).abs());
            }
        }
        sizes.sort_by(f64::total_cmp);
        let largest = sizes[(sizes.len() - 1) * 99 / 100];
        let drive = self.prepared.readout_drive.ok_or(StudyError::NoDrive)?;
        // A train of r spikes a step through weights w holds a leaky membrane at r w tau / step.
        let input = largest * self.per_step() * self.prepared.readout_tau_steps / f64::from(neurons_per_output);
        // The scale of the wish makes the largest weight 1; no single spike shall move a membrane by more than the
        // drive, however quiet the reservoir is.
        let most = wish.scale * drive;
        Ok(if input > 0.0 { (self.conditions.readout.swing * drive / input).min(most) } else { most })
    }

    /// Spikes a step that stand for a feature of value 1.
    fn per_step(&self) -> f64 {
        match self.prepared.goal {
            Goal::Classes(_) => 1.0,
            // A filtered train of rate r settles at r / (1 - decay).
            Goal::Targets(_) => 1.0 - self.prepared.filter_decay,
        }
    }

    pub(crate) fn calibrated_scores(&self, raw: &Matrix, wanted: &Matrix) -> Result<Vec<f64>, StudyError> {
        let fitted = self.prepared.split.fitted_rows();
        // Where only differences between outputs count, what they have in common is no target.
        let centred;
        let wanted = if matches!(self.prepared.goal, Goal::Classes(_)) {
            centred = centre_rows(wanted);
            &centred
        } else {
            wanted
        };
        let calibration = Calibration::fit(raw.slice(fitted.clone()), wanted.slice(fitted));
        self.scores(&calibration.apply(raw.all()))
    }
}

/// Subtracts from each weight the mean over all outputs.
fn centre_columns(weights: &mut [Vec<f64>]) {
    let outputs = weights.len() as f64;
    for feature in 0..weights.first().map_or(0, Vec::len) {
        let mean = weights.iter().map(|row| row[feature]).sum::<f64>() / outputs;
        for row in &mut *weights {
            row[feature] -= mean;
        }
    }
}

/// The rows with their means subtracted.
fn centre_rows(outputs: &Matrix) -> Matrix {
    let mut centred = outputs.clone();
    for i in 0..centred.rows() {
        let row = centred.row_mut(i);
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        for value in row {
            *value -= mean;
        }
    }
    centred
}

/// Mean and standard deviation of each feature.
fn moments(rows: readout::Rows<'_>) -> (Vec<f64>, Vec<f64>) {
    let count = rows.rows() as f64;
    let moments = |feature| {
        let mean = rows.column(feature).sum::<f64>() / count;
        let variance = rows.column(feature).map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        (mean, variance.sqrt())
    };
    (0..rows.columns()).map(moments).unzip()
}

/// The time constant of readout neurons in steps, and their drive if it is above 0.
pub(crate) fn readout_operating_point(conditions: &Conditions) -> (f64, Option<f64>) {
    let value = |name: &str, unit_of: fn(units::Quantity) -> Option<Decimal>| {
        let asked = conditions.readout.parameters.get(name).map(|values| values.get(0));
        let nominal = conditions.chip.spec.parameters.get(name).map(|p| p.nominal.quantity);
        asked.or(nominal).and_then(unit_of).map(to_f64)
    };
    let in_ms = |q: units::Quantity| q.value_in(Unit::MILLISECOND).ok();
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
