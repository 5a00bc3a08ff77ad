//! A readout on the chip: the wish for the mapper, its scale, and the weights that every neuron got.

use super::Job;
use crate::StudyError;
use crate::record::{Drive, FeatureMap};
use mapper::{Mapping, ReadoutPlaces, ReadoutPlan, ReadoutWish, decode, map_with_readout};
use network::{Endpoint, Network};
use readout::{LinearReadout, Matrix};
use session::Board;
use units::InputId;

/// A readout that is mapped with its reservoir.
pub(super) struct Mapped {
    pub(super) network: Network,
    pub(super) mapping: Mapping,
    pub(super) places: ReadoutPlaces,
    /// The output of every readout neuron.
    pub(super) output_of: Vec<usize>,
    /// The weights of the features in every readout neuron, as the chip has them.
    pub(super) weights: Matrix,
    bias_period: u64,
    /// One column a readout neuron.
    pub(super) map: FeatureMap,
}

impl Mapped {
    /// What drives its neurons beside the stimuli: the channel of the bias.
    pub(super) fn drive(&self) -> Drive<'static> {
        let clock = self.places.bias_channel.map(|channel| (InputId(channel), self.bias_period));
        Drive { clock, ..Drive::default() }
    }

    /// The sums over the neurons of each output.
    pub(super) fn sums(&self, neurons: &Matrix) -> Matrix {
        let mut sums = Matrix::zeros(neurons.rows(), self.places.neurons.len());
        for (i, row) in neurons.all().iter().enumerate() {
            let sums = sums.row_mut(i);
            row.iter().zip(&self.output_of).for_each(|(value, output)| sums[*output] += value);
        }
        sums
    }

    /// What every neuron is to say of `features`: its share of the output in the host's arithmetic.
    pub(super) fn shares(&self, job: &Job<'_>, features: &Matrix) -> Result<Matrix, StudyError> {
        let zeros = vec![0.0; self.weights.rows()];
        let shares = LinearReadout::new(self.weights.clone(), zeros).map_err(|e| job.readout_error(e))?;
        job.apply(&shares, features)
    }

    /// Synapses of all readout neurons, those of the bias counted; on a tag and CAM chip each is a CAM word.
    pub(super) fn synapses(&self, job: &Job<'_>, mapping: &Mapping) -> Result<u64, StudyError> {
        let made = decode(&mapping.program, &mapping.placement, &self.network, job.spec);
        let made = made.map_err(|e| job.mapping_error(e))?;
        Ok(made.iter().filter(|connection| connection.post == self.places.population).count() as u64)
    }

    pub(super) fn load(&self, job: &Job<'_>, mapping: Mapping) -> Result<Board, StudyError> {
        Board::load(job.spec.clone(), mapping).map_err(|e| job.session_error(e))
    }
}

impl Job<'_> {
    /// Maps a readout of the chain's features, of which `fitted` are those of the training part.
    pub(super) fn map(&self, fitted: readout::Rows<'_>, trained: &LinearReadout) -> Result<Mapped, StudyError> {
        let wish = self.wish(fitted, trained);
        // How many neurons share an output does not depend on the scale of the weights, but the scale on it.
        let plan = ReadoutPlan::new(self.network, self.spec, &wish, self.mapping).map_err(|e| self.mapping_error(e))?;
        let scale = self.scale(&wish, plan.neurons_per_class())?;
        let (network, places, _) = plan.attach(scale).map_err(|e| self.mapping_error(e))?;
        let mapping =
            map_with_readout(&network, &places, self.spec, self.mapping).map_err(|e| self.mapping_error(e))?;
        let size = network.populations[places.population].size as usize;
        let mut output_of = vec![0; size];
        for (output, neurons) in places.neurons.iter().enumerate() {
            neurons.iter().for_each(|neuron| output_of[*neuron as usize] = output);
        }
        let reservoir = network.population(&wish.population).map(Endpoint::Population);
        let mut weights = Matrix::zeros(size, fitted.columns());
        let made = decode(&mapping.program, &mapping.placement, &network, self.spec);
        for connection in made.map_err(|e| self.mapping_error(e))? {
            if connection.post == places.population && Some(connection.pre) == reservoir {
                let sign = match self.spec.synapses[usize::from(connection.synapse)].sign {
                    chip::SynapseSign::Inhibitory => -1.0,
                    chip::SynapseSign::Excitatory | chip::SynapseSign::Signed => 1.0,
                };
                let row = weights.row_mut(connection.post_index as usize);
                row[connection.pre_index as usize] += sign * connection.weight as f64;
            }
        }
        let map = FeatureMap { population: places.population, feature_of: (0..size).collect(), count: size };
        Ok(Mapped {
            network,
            mapping,
            places,
            output_of,
            weights,
            bias_period: u64::from(self.settings.chip.bias_period),
            map,
        })
    }

    /// The readout as the mapper wants it. Every output has a scale of its own, at which the 99th percentile of its
    /// size over the training data is 1: the host undoes it with the output's line, and no output drowns beside a
    /// larger one.
    fn wish(&self, fitted: readout::Rows<'_>, trained: &LinearReadout) -> ReadoutWish {
        let mut weights: Vec<Vec<f64>> = trained.weights.all().iter().map(<[f64]>::to_vec).collect();
        if self.are_classes() {
            // No decision changes, and excitation balances inhibition.
            centre_columns(&mut weights);
        }
        let (means, spreads) = moments(fitted);
        let product = |row: &[f64], features: &[f64]| row.iter().zip(features).map(|(w, x)| w * x).sum::<f64>();
        for row in &mut weights {
            // What the mean features bring in is taken away again, so that neurons work around their drive.
            let mean = product(row, &means);
            let mut sizes: Vec<f64> = fitted.iter().map(|features| (product(row, features) - mean).abs()).collect();
            sizes.sort_by(f64::total_cmp);
            let largest = sizes[(sizes.len() - 1) * 99 / 100];
            if largest > 0.0 {
                row.iter_mut().for_each(|weight| *weight /= largest);
            }
        }
        let largest = weights.iter().flatten().fold(0.0, |most: f64, w| most.max(w.abs()));
        let (settings, chip) = (self.settings, &self.settings.chip);
        ReadoutWish {
            name: "readout".into(),
            population: crate::reservoir::POPULATION.into(),
            bias: Vec::new(),
            bias_events: 1.0 / f64::from(chip.bias_period),
            weights,
            covariance: covariance(fitted, &means),
            means,
            spreads,
            strategy: settings.strategy,
            neurons_min: chip.neurons_min,
            copies: chip.copies,
            // For a start: the largest weight becomes 1.
            scale: if largest > 0.0 { 1.0 / largest } else { 1.0 },
            synapse: settings.synapse.clone(),
            delay_ticks: 1,
            parameters: settings.parameters.clone(),
        }
    }

    /// Synaptic weight of a weight of 1 of the wish, so that the input of a readout neuron stays within `swing` of its
    /// drive for 99 % of the training data if its inputs are an even share of those of the output.
    fn scale(&self, wish: &ReadoutWish, neurons_per_output: u32) -> Result<f64, StudyError> {
        let drive = self.drive.ok_or(StudyError::NoDrive)?;
        // A train of r spikes a step through weights w holds a leaky membrane at r w tau / step. No single spike shall
        // move a membrane by more than the drive, however quiet the reservoir is.
        let scale = self.settings.swing * drive * f64::from(neurons_per_output) / self.tau_steps;
        Ok(scale.min(wish.scale * drive))
    }
}

/// Subtracts from each weight the mean over all outputs.
fn centre_columns(weights: &mut [Vec<f64>]) {
    let outputs = weights.len() as f64;
    for feature in 0..weights.first().map_or(0, Vec::len) {
        let mean = weights.iter().map(|row| row[feature]).sum::<f64>() / outputs;
        weights.iter_mut().for_each(|row| row[feature] -= mean);
    }
}

/// The covariance of the features, row after row.
fn covariance(rows: readout::Rows<'_>, means: &[f64]) -> Vec<f64> {
    let mut centred = Matrix::new(means.len());
    for row in rows.iter() {
        centred.push_row(&row.iter().zip(means).map(|(x, mean)| x - mean).collect::<Vec<_>>());
    }
    centred.all().gram().data().iter().map(|sum| sum / rows.rows() as f64).collect()
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
