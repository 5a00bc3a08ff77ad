//! Spiking reservoirs: one input group, one population, random input and recurrent connections.

use crate::generate::{Inhibition, Pattern, ProjectionSpec, Signs, Weights};
use crate::{Endpoint, InputGroup, Mask, Network, NetworkError, Population, Projection, SynapseChoice};
use chip::{CoreModel, Values};
use disorder::{Key, Purpose};
use std::collections::BTreeMap;

/// How much of a recurrent projection is there. The connections of the wish are the same for all three: only the mask
/// differs, and so nothing else in the network changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recurrence {
    /// All of it.
    #[default]
    Full,
    /// A fraction of the connections; a smaller fraction keeps some of those of a larger one.
    Pruned {
        /// The fraction kept, in units of 1/65536.
        kept_per_65536: u32,
    },
    /// None of it.
    Removed,
}

impl Recurrence {
    /// Masks `projection`, choosing by seed and by the projection's name.
    pub fn apply(self, projection: &mut Projection, seed: u64) {
        let len = projection.connections.len();
        projection.mask = match self {
            Self::Full => Mask::all(len),
            Self::Removed => Mask::none(len),
            Self::Pruned { kept_per_65536 } => {
                let name = format!("{} mask", projection.name);
                Mask::fraction(len, kept_per_65536, Key::new(seed, Purpose::Initialisation).name(&name))
            }
        };
    }
}

/// A reservoir of `lif` neurons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservoirSpec {
    /// Neurons.
    pub neurons: u32,
    /// Input channels.
    pub channels: u32,
    /// Input channels that each neuron hears.
    pub input_fan_in: u32,
    /// Weights of the input connections.
    pub input_weights: Weights,
    /// Signs of the input connections.
    pub input_signs: Signs,
    /// Kinds of synapse of the input connections.
    pub input_synapse: SynapseChoice,
    /// Other neurons that each neuron hears.
    pub recurrent_fan_in: u32,
    /// Weights of the recurrent connections.
    pub recurrent_weights: Weights,
    /// Which neurons are inhibitory, and how strong they are.
    pub inhibition: Inhibition,
    /// Kinds of synapse of the recurrent connections.
    pub recurrent_synapse: SynapseChoice,
    /// How many of the recurrent connections are there.
    pub recurrence: Recurrence,
    /// Ticks between a spike and its arrival.
    pub delay_ticks: u16,
    /// Parameters of the neurons.
    pub parameters: BTreeMap<String, Values>,
}

/// The network of `spec`: input group and projection `input`, population `reservoir`, projection `recurrent`.
///
/// # Errors
/// If a fan-in is larger than the number of channels, or of other neurons.
pub fn reservoir(spec: &ReservoirSpec, seed: u64) -> Result<Network, NetworkError> {
    let mut network = Network {
        clock: None,
        populations: vec![Population {
            name: "reservoir".into(),
            size: spec.neurons,
            model: CoreModel::Lif,
            parameters: spec.parameters.clone(),
        }],
        inputs: vec![InputGroup::of_host("input", spec.channels)],
        projections: Vec::new(),
    };
    let input = ProjectionSpec {
        name: "input".into(),
        pre: Endpoint::Input(0),
        pre_part: None,
        post: 0,
        post_part: None,
        pattern: Pattern::FanIn(spec.input_fan_in),
        weights: spec.input_weights.clone(),
        signs: spec.input_signs,
        self_connections: false,
        synapse: spec.input_synapse.clone(),
        delay_ticks: spec.delay_ticks,
    };
    let recurrent = ProjectionSpec {
        name: "recurrent".into(),
        pre: Endpoint::Population(0),
        pattern: Pattern::FanIn(spec.recurrent_fan_in),
        weights: spec.recurrent_weights.clone(),
        signs: Signs::PerSender(spec.inhibition),
        synapse: spec.recurrent_synapse.clone(),
        ..input.clone()
    };
    let mut recurrent = recurrent.generate(&network, seed)?;
    spec.recurrence.apply(&mut recurrent, seed);
    network.projections = vec![input.generate(&network, seed)?, recurrent];
    network.validate()?;
    Ok(network)
}
