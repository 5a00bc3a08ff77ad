//! The wish: what a user wants to run, before it meets a chip.
//!
//! This crate owns populations, projections with their masks, input groups, and seeded generators of common
//! connection patterns. A network is never changed into its own mapping: the mapper reads it and writes a program
//! and a report.
//!
//! It deliberately knows no chip, no limit and no file. Weights are exact fixed-point numbers, so that a network
//! is the same bits on every machine; the one place with floats, the spectral radius of echo states, uses only
//! `+ - * /` and `sqrt` in a fixed order.
//!
//! ```
//! use fx::Weight;
//! use quenched_network::{Connections, Mask};
//!
//! // From two senders: (sender, receiver, weight).
//! let all = Connections::from_list(2, vec![(0, 3, Weight::from_bits(5)), (1, 0, Weight::from_bits(-2))]);
//! assert_eq!((all.len(), all.row(0).0), (2, &[3][..]));
//! assert_eq!(Mask::all(all.len()).kept_count(), 2);
//! ```
#![deny(clippy::float_arithmetic)]

mod convolution;
mod distance;
mod echo_state;
mod generate;
mod law;
mod mask;
mod projection;
mod reservoir;

use chip::{CoreModel, EventSource, Values};
use std::collections::BTreeMap;
use thiserror::Error;

pub use chip::Endpoint;
pub use convolution::Convolution;
pub use distance::{Distance, Falling, Falloff, Grid};
pub use echo_state::{EchoStateSpec, RecurrentWeights, echo_state, spectral_radius};
pub use generate::{Inhibition, Pattern, ProjectionSpec, Signs, Weights};
pub use law::Law;
pub use mask::Mask;
pub use projection::{Connection, Connections, DELAY_FRACTION_BITS, Projection, SynapseChoice, WeightFormat};
pub use reservoir::{Recurrence, ReservoirSpec, reservoir};

/// A group of neurons with the same equations and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    /// Name, unique in the network.
    pub name: String,
    /// Number of neurons, at least 1.
    pub size: u32,
    /// Their equations.
    pub model: CoreModel,
    /// Wanted parameter values; what is not here is the chip's nominal value.
    pub parameters: BTreeMap<String, Values>,
}

/// A group of channels through which the host sends events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputGroup {
    /// Name, unique in the network.
    pub name: String,
    /// Number of channels.
    pub channels: u32,
    /// What it sends by itself; none: only what the host sends.
    pub source: Option<EventSource>,
}

impl InputGroup {
    /// A group that sends nothing by itself.
    pub fn of_host(name: impl Into<String>, channels: u32) -> Self {
        Self { name: name.into(), channels, source: None }
    }
}

/// The whole wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Groups of neurons. Mappers place them in this order.
    pub populations: Vec<Population>,
    /// Groups of input channels. Channel ids count through the groups in this order.
    pub inputs: Vec<InputGroup>,
    /// Connections.
    pub projections: Vec<Projection>,
    /// The clock that it brings along, which ticks of delays are of; none: that of the chip.
    pub clock: Option<chip::Clock>,
}

/// What is wrong with a network. All of these are errors of the caller, to be fixed in the network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Two populations or two input groups share a name.
    #[error("the name `{name}` is used twice; give each population and input group its own")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A population or input group has no member.
    #[error("`{name}` has no neuron or channel; give it at least one or remove it")]
    Empty {
        /// The name.
        name: String,
    },
    /// The source of an input group has not one train for all channels or one for each, or an impossible one.
    #[error("input `{name}`: its source has {trains} trains for {channels} channels, or an impossible one among them")]
    Source {
        /// The input group.
        name: String,
        /// Trains of its source.
        trains: usize,
        /// Its channels.
        channels: u32,
    },
    /// A projection ends at something that does not exist.
    #[error("projection `{projection}` refers to {endpoint:?}, which this network does not have")]
    UnknownEndpoint {
        /// The projection.
        projection: String,
        /// The end.
        endpoint: Endpoint,
    },
    /// A projection's rows or targets do not fit its two ends.
    #[error("projection `{projection}`: {what} {index} is outside its end of size {size}")]
    OutOfRange {
        /// The projection.
        projection: String,
        /// `row` or `target`.
        what: &'static str,
        /// The offending index.
        index: u64,
        /// Size of that end.
        size: u64,
    },
    /// A mask does not have one bit a connection.
    #[error("projection `{projection}` has {connections} connections, but a mask of {bits} bits")]
    MaskLength {
        /// The projection.
        projection: String,
        /// Bits of its mask.
        bits: usize,
        /// Its connections.
        connections: usize,
    },
    /// A generator was asked for more connections than there are sources.
    #[error("{name}: fan-in {wanted} asked for, but there are only {available} sources")]
    FanIn {
        /// What was to be generated.
        name: String,
        /// Fan-in asked for.
        wanted: u32,
        /// Sources there are.
        available: u32,
    },
    /// A generator was to join two groups one to one, but they differ in size.
    #[error("{name}: one to one, but there are {senders} senders and {receivers} receivers")]
    OneToOne {
        /// What was to be generated.
        name: String,
        /// Senders.
        senders: u32,
        /// Receivers.
        receivers: u32,
    },
    /// A ring was to be made of two groups of different sizes.
    #[error("{name}: a ring, but there are {senders} senders and {receivers} receivers; it needs as many of each")]
    Ring {
        /// What was to be generated.
        name: String,
        /// Senders.
        senders: u32,
        /// Receivers.
        receivers: u32,
    },
    /// A ring was to join more neighbours than it has.
    #[error("{name}: {wanted} neighbours on each side asked for, but a ring of {size} has {most}")]
    RingSides {
        /// What was to be generated.
        name: String,
        /// Neighbours on each side asked for.
        wanted: u32,
        /// Neurons of the ring.
        size: u32,
        /// The most.
        most: u32,
    },
    /// A grid does not have a place for each neuron.
    #[error("{name}: a grid of {rows} x {columns} has {places} places, but there are {members} {end}")]
    Grid {
        /// What was to be generated.
        name: String,
        /// `senders` or `receivers`.
        end: &'static str,
        /// Rows of the grid.
        rows: u32,
        /// Columns of the grid.
        columns: u32,
        /// Places of the grid.
        places: u64,
        /// Members of that end.
        members: u32,
    },
    /// Random weights could not be scaled to the spectral radius asked for.
    #[error(
        "{name}: the weights drawn have a spectral radius that is 0, or too small to be scaled to {wanted}; use a \
         higher connectivity or another seed"
    )]
    SpectralRadius {
        /// What was to be generated.
        name: String,
        /// The radius asked for.
        wanted: fx::Weight,
    },
    /// Balanced weights of which none was drawn, or that are more than their format holds.
    #[error(
        "{name}: no recurrent weights were drawn, or with a gain of {gain} some are more than a weight can be; use a \
         higher connectivity or more units, or a smaller gain"
    )]
    Balanced {
        /// What was to be generated.
        name: String,
        /// The gain asked for.
        gain: fx::Weight,
    },
    /// A parameter list has another length than its population.
    #[error("population `{name}`: parameter `{parameter}` has {found} values for {size} neurons")]
    ParameterLength {
        /// The population.
        name: String,
        /// The parameter.
        parameter: String,
        /// Values given.
        found: usize,
        /// Neurons.
        size: u32,
    },
}

impl Network {
    /// Number of neurons or channels at `endpoint`; `None` if the network does not have it.
    pub fn size_of(&self, endpoint: Endpoint) -> Option<u32> {
        match endpoint {
            Endpoint::Population(i) => self.populations.get(i).map(|p| p.size),
            Endpoint::Input(i) => self.inputs.get(i).map(|g| g.channels),
        }
    }

    /// The index of the population called `name`.
    pub fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|p| p.name == name)
    }

    /// The id of the first channel of input group `index`; the others follow.
    pub fn first_channel(&self, index: usize) -> u32 {
        self.inputs[..index].iter().map(|g| g.channels).sum()
    }

    /// Number of neurons in all populations.
    pub fn neuron_count(&self) -> u64 {
        self.populations.iter().map(|p| u64::from(p.size)).sum()
    }

    /// Whether a projection is recurrent: it starts and ends in the same population.
    pub fn is_recurrent(&self, projection: &Projection) -> bool {
        projection.pre == Endpoint::Population(projection.post)
    }

    /// Checks names, sizes and ends.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order populations, inputs, projections.
    pub fn validate(&self) -> Result<(), NetworkError> {
        let groups = self.populations.iter().map(|p| (&p.name, p.size));
        let groups = groups.chain(self.inputs.iter().map(|g| (&g.name, g.channels)));
        let mut names = std::collections::BTreeSet::new();
        for (name, size) in groups {
            if size == 0 {
                return Err(NetworkError::Empty { name: name.clone() });
            }
            if !names.insert(name) {
                return Err(NetworkError::DuplicateName { name: name.clone() });
            }
        }
        for population in &self.populations {
            for (parameter, values) in &population.parameters {
                if let Values::PerNeuron(all) = values
                    && all.len() != population.size as usize
                {
                    return Err(NetworkError::ParameterLength {
                        name: population.name.clone(),
                        parameter: parameter.clone(),
                        found: all.len(),
                        size: population.size,
                    });
                }
            }
        }
        for InputGroup { name, channels, source } in &self.inputs {
            if let Some(source) = source.as_ref().filter(|source| !source.fits(*channels)) {
                let (name, trains, channels) = (name.clone(), source.trains.len(), *channels);
                return Err(NetworkError::Source { name, trains, channels });
            }
        }
        for projection in &self.projections {
            self.validate_projection(projection)?;
        }
        Ok(())
    }

    fn validate_projection(&self, projection: &Projection) -> Result<(), NetworkError> {
        let size = |endpoint| {
            self.size_of(endpoint)
                .ok_or_else(|| NetworkError::UnknownEndpoint { projection: projection.name.clone(), endpoint })
        };
        let (pre, post) = (size(projection.pre)?, size(Endpoint::Population(projection.post))?);
        let out_of_range = |what, index, size| NetworkError::OutOfRange {
            projection: projection.name.clone(),
            what,
            index,
            size: u64::from(size),
        };
        let rows = projection.connections.row_count();
        if rows != pre as usize {
            return Err(out_of_range("row", rows as u64, pre));
        }
        let (bits, connections) = (projection.mask.len(), projection.connections.len());
        if bits != connections {
            return Err(NetworkError::MaskLength { projection: projection.name.clone(), bits, connections });
        }
        match projection.connections.iter().find(|c| c.post >= post) {
            Some(c) => Err(out_of_range("target", u64::from(c.post), post)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
