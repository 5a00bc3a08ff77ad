//! What a mapping used, kept and lost, as plain data.

use crate::{DieReport, Limit, Traffic};
use chip::PlacementKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use units::CoreAddress;
use warnings::Warnings;

/// How much of something is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// How many are in use.
    pub used: u64,
    /// How many there are; none: no limit.
    pub limit: Option<u64>,
}

/// How much of a memory the neurons of a core use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryUse {
    /// Words of all neurons together.
    pub total: u64,
    /// Words of the neuron that uses most.
    pub max: u64,
    /// Mean over the neurons in use.
    pub mean: f64,
    /// Words that a neuron has; none: no limit.
    pub limit: Option<u64>,
}

impl Use {
    /// `used` of `limit`.
    pub(crate) fn of(used: usize, limit: usize) -> Self {
        Self { used: used as u64, limit: Some(limit as u64) }
    }
}

impl MemoryUse {
    /// The use of a memory by neurons that take `words` each.
    pub(crate) fn of(words: &[u64], limit: Option<u64>) -> Self {
        let total = words.iter().sum();
        let mean = if words.is_empty() { 0.0 } else { total as f64 / words.len() as f64 };
        Self { total, max: words.iter().copied().max().unwrap_or(0), mean, limit }
    }
}

/// How the weights of a projection are stored in a core with axons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxonGroupReport {
    /// The projection.
    pub projection: String,
    /// `mixed`, `excitatory` or `inhibitory`.
    pub signs: String,
    /// Bits of a weight, the sign of a mixed one included.
    pub bits: u8,
    /// Power of two that a mantissa is multiplied by.
    pub exponent: i8,
    /// Lowest and highest mantissa.
    pub mantissas: (i32, i32),
    /// Distance of two mantissas.
    pub mantissa_step: i32,
}

/// Use of the memories of a core with axons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxonUse {
    /// Senders that the core hears, each once a projection.
    pub input_axons: Use,
    /// Cores that its neurons reach, each once a neuron and projection.
    pub output_axons: Use,
    /// Synapse memory in bits.
    pub synapse_bits: Use,
    /// The formats of its weights, one a projection that reaches it.
    pub groups: Vec<AxonGroupReport>,
}

/// Use of the synapse array of a core on a crossbar chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossbarUse {
    /// Neuron circuits, of which a neuron can have several.
    pub circuits: Use,
    /// Synapse drivers.
    pub drivers: Use,
    /// Synapse rows, by bus.
    pub rows: Vec<Use>,
    /// Sources on each bus, which all cores share; the limit is what the labels of its groups of drivers tell apart.
    pub sources: Vec<Use>,
}

/// Neurons of one population in a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PopulationRange {
    /// Name of the population.
    pub population: String,
    /// Its first neuron in this core.
    pub first_index: u32,
    /// How many follow, this one counted.
    pub count: u32,
}

/// How well a core makes the weights asked for. All in the unit of the chip's threshold (mV or 1) unless
/// relative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightReport {
    /// The step of the core's weights.
    pub step: f64,
    /// The core-wide weight currents, lowest code bit first; on a crossbar chip the one that codes are multiples of.
    /// None on a chip without them.
    pub currents: Vec<f64>,
    /// The largest weight asked for, without sign.
    pub largest: f64,
    /// Root mean square of the differences between weights asked for and got, over the connections kept and those
    /// rounded to 0.
    pub rms_error: f64,
    /// The largest of these differences.
    pub max_error: f64,
    /// `rms_error / largest`; 0 if there is no weight.
    pub rms_error_relative: f64,
    /// `max_error / largest`; 0 if there is no weight.
    pub max_error_relative: f64,
    /// The gains that were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<GainReport>,
}

/// A gain that the mapping has changed, so that a kind of synapse shares the weights of its core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GainReport {
    /// The kind of synapse.
    pub synapse: String,
    /// The parameter that holds its gain.
    pub parameter: String,
    /// What the gain asked for was multiplied with; the weights that the synapses hold were divided by it.
    pub factor: f64,
}

impl WeightReport {
    /// The same where what counted as 1 is `level`.
    pub(crate) fn times(mut self, level: f64) -> Self {
        for number in [&mut self.step, &mut self.largest, &mut self.rms_error, &mut self.max_error] {
            *number *= level;
        }
        self.currents.iter_mut().for_each(|current| *current *= level);
        self
    }
}

/// One core in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoreReport {
    /// Which core.
    pub address: CoreAddress,
    /// Name of its equations.
    pub model: String,
    /// What sits in it.
    pub parts: Vec<PopulationRange>,
    /// Neuron circuits.
    pub neurons: Use,
    /// Synapses; on a tag and CAM chip each is a CAM word, on a crossbar chip a row of the neuron's column.
    pub synapses: MemoryUse,
    /// SRAM words, the monitor's not counted; none on a chip without them.
    pub sram: Option<MemoryUse>,
    /// Tags that this core listens to; none on a chip without them.
    pub tags: Option<Use>,
    /// Axons and synapse memory; none on a chip without them.
    pub axons: Option<AxonUse>,
    /// Drivers, rows and labels; none on a chip without them.
    pub crossbar: Option<CrossbarUse>,
    /// Its weights.
    pub weights: WeightReport,
}

/// The connections of one projection: `wished = masked + zero + kept + rounded + lost`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectionReport {
    /// Its name.
    pub name: String,
    /// Name of the senders.
    pub pre: String,
    /// Name of the receivers.
    pub post: String,
    /// Connections of the wish.
    pub wished: u64,
    /// Taken away by the mask.
    pub masked: u64,
    /// Of weight 0: they take no word and do nothing.
    pub zero: u64,
    /// On the board.
    pub kept: u64,
    /// Nearer to 0 than to any weight that their core can make: they take no word and do nothing.
    pub rounded: u64,
    /// Wanted, but not on the board.
    pub lost: u64,
    /// How well the weights are met of those kept and of those rounded to 0.
    pub weights: ProjectionWeights,
}

/// How well the weights of a projection are met: over the connections that are on the board and those that were rounded
/// to 0, but not over those lost. In the network's weight unit unless relative.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectionWeights {
    /// Root mean square of the weights asked for.
    pub rms: f64,
    /// Root mean square of the differences between asked and got.
    pub rms_error: f64,
    /// `rms_error / rms`; 0 if there is no weight.
    pub rms_error_relative: f64,
    /// Signal to quantisation noise: `20 log10(rms / rms_error)` in decibels; none if no weight is off.
    pub sqnr_db: Option<f64>,
    /// The largest difference over the weight asked for; 1 where one became 0.
    pub largest_change: f64,
    /// Weights that are more than twice as large as asked for.
    pub grew: u64,
    /// Weights that are less than half as large, but not 0.
    pub shrank: u64,
    /// Weights beyond the largest that their core can make, by more than half of its distance to the next.
    pub clipped: u64,
    /// The first, by sender and receiver, that grew, shrank or became 0.
    pub first_change: Option<WeightChange>,
    /// Root mean square, over the receivers, of what the sum of their weights changed by; lost connections count as 0.
    pub sum_rms_change: f64,
    /// The receiver whose sum changed most; none if no sum changed.
    pub sum_most_changed: Option<SumChange>,
}

/// A weight that is not the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightChange {
    /// Sending neuron or channel.
    pub pre: u32,
    /// Receiving neuron.
    pub post: u32,
    /// The weight asked for, with its sign.
    pub asked: f64,
    /// The weight that it got; 0 if it has no synapse.
    pub got: f64,
}

/// The sum of the weights of a projection onto one neuron.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SumChange {
    /// Receiving neuron.
    pub post: u32,
    /// As asked for.
    pub before: f64,
    /// As it is on the board.
    pub after: f64,
}

/// A connection that the mapping could not keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappingLoss {
    /// Index into [`MappingReport::projections`].
    pub projection: usize,
    /// Sending neuron or channel.
    pub pre: u32,
    /// Receiving neuron.
    pub post: u32,
    /// The weight asked for, with its sign.
    pub weight: f64,
    /// Why.
    pub cause: Limit,
}

/// What the connections that masks took away would have needed, beyond what the others need, if none of them had been
/// rounded to 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreedResources {
    /// Synapses; on a tag and CAM chip CAM words.
    pub synapses: u64,
    /// SRAM words.
    pub sram_words: u64,
    /// Tags, counted in each core that would have heard them.
    pub tags: u64,
}

/// A weight matrix of a Xylo chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftReport {
    /// `input`, `recurrent` or `output`.
    pub matrix: String,
    /// Its synapses.
    pub synapses: u64,
    /// What its weights, and the thresholds and biases of the layer where it ends, were multiplied by.
    pub scale: f64,
    /// The left shift of its weights.
    pub shift: u8,
}

/// What a mapping uses of the limits of a Xylo chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct XyloReport {
    /// Input channels.
    pub input_channels: Use,
    /// Hidden neurons.
    pub hidden_neurons: Use,
    /// Output neurons.
    pub output_neurons: Use,
    /// Recurrent synapses of the hidden neuron that has most.
    pub hidden_fan_out: Use,
    /// Synapses onto the hidden neuron that receives most.
    pub hidden_fan_in: Use,
    /// Hidden neurons that input channels reach.
    pub input_targets: Use,
    /// Hidden neurons that output neurons listen to.
    pub output_sources: Use,
    /// The matrices.
    pub matrices: Vec<ShiftReport>,
}

/// Everything that a mapping used, kept and lost. [`std::fmt::Display`] prints it as a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappingReport {
    /// Name of the chip.
    pub chip: String,
    /// Chips.
    pub chips: Use,
    /// Cores of the board.
    pub board_cores: Use,
    /// Input channels.
    pub input_channels: u32,
    /// The cores in use, sorted by address.
    pub cores: Vec<CoreReport>,
    /// The projections, in the order of the network.
    pub projections: Vec<ProjectionReport>,
    /// Every connection that was wanted and is not on the board, by projection, sender and receiver.
    pub losses: Vec<MappingLoss>,
    /// What the masks saved.
    pub freed: FreedResources,
    /// The limits of a Xylo chip; none on other chips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xylo: Option<XyloReport>,
    /// What came of a placement that is not simply the order of the network; none: it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<PlacementReport>,
    /// What came of having a die in mind; none: the mapping is for any die.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub die: Option<DieReport>,
    /// The populations whose neurons are several circuits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<JoinedReport>,
    /// The neurons that have copies, each a population of its own in this report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyReport>,
    /// What is not as the network asks for.
    pub warnings: Warnings,
}

/// Neurons that are several circuits each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedReport {
    /// The population.
    pub population: String,
    /// Its neurons.
    pub neurons: u32,
    /// Circuits that are joined to each of them.
    pub circuits_per_neuron: u32,
}

/// A neuron that sends to more than it can, and so has copies that hear the same and serve a part of its targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyReport {
    /// Its population.
    pub population: String,
    /// Its index there.
    pub index: u32,
    /// How many copies it has.
    pub copies: u32,
}

/// Which placement was taken, and how much the cores send to each other under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementReport {
    /// What was taken: `order` if the search found nothing better.
    pub kind: PlacementKind,
    /// Its traffic.
    pub traffic: Traffic,
    /// The traffic in the order of the network; none if neurons do not fit the board in that order.
    pub in_order: Option<Traffic>,
}

impl MappingReport {
    /// The projection with the largest error of its weights, relative to their root mean square; of equal ones the
    /// first.
    pub fn worst_projection(&self) -> Option<&ProjectionReport> {
        let mut projections = self.projections.iter();
        let first = projections.next()?;
        let error = |p: &ProjectionReport| p.weights.rms_error_relative;
        Some(projections.fold(first, |worst, next| if error(next) > error(worst) { next } else { worst }))
    }

    /// Connections on the board.
    pub fn kept(&self) -> u64 {
        self.projections.iter().map(|p| p.kept).sum()
    }

    /// Connections lost for `cause`.
    pub fn lost_by(&self, cause: Limit) -> u64 {
        self.losses.iter().filter(|loss| loss.cause == cause).count() as u64
    }

    /// Synaptic operations per second, if the members of each population and input group send `rates_hz` events per
    /// second on average; a name that is not there is silent. Exact for equal rates within a group, and on average for
    /// rates that do not depend on the fan-out.
    pub fn synaptic_operations_hz(&self, rates_hz: &BTreeMap<String, f64>) -> f64 {
        let rate = |name: &str| rates_hz.get(name).copied().unwrap_or(0.0);
        self.projections.iter().map(|p| p.kept as f64 * rate(&p.pre)).sum()
    }
}
