//! What a caller can do wrong. Each variant says whether the session can go on.

use device_models::DeviceModelError;
use emulator::EmulatorError;
use mapper::MapperError;
use std::ops::Range;
use thiserror::Error;
use units::{CoreAddress, NeuronId};

/// Why a program cannot be loaded, or a session not do what it is asked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The program cannot run on this chip and die, or an event cannot be sent. A session goes on as if the event had
    /// never been sent.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// The network does not fit the chip. There is no board then.
    #[error(transparent)]
    Mapper(#[from] Box<MapperError>),
    /// The die cannot be made. There is no session then.
    #[error(transparent)]
    Die(#[from] DeviceModelError),
    /// The program brings a clock that the chip does not take. There is no board then.
    #[error(transparent)]
    Clock(#[from] chip::ClockError),
    /// The program was made for another chip. There is no board then.
    #[error("the program was made for the chip `{program}` and cannot run on `{chip}`: load it with its own chip")]
    OtherChip {
        /// The chip that the program names.
        program: String,
        /// The chip that was given.
        chip: String,
    },
    /// The names do not fit the program. There is no board then.
    #[error("the names of the program do not fit it: {what}; make the program again from its network")]
    Symbols {
        /// What does not fit.
        what: String,
    },
    /// A population that the program does not have. The session goes on.
    #[error("the program has no population `{name}`")]
    UnknownPopulation {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// An input group that the program does not have. The session goes on.
    #[error("the program has no input group `{name}`")]
    UnknownInput {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Events were to be made single spikes, on a channel that carries something else. The session goes on; the events
    /// before have been sent.
    #[error("input channel {input} carries levels or numbers, which cannot be made single spikes")]
    NoSpikes {
        /// The channel.
        input: u32,
    },
    /// A channel that an input group does not have. The session goes on.
    #[error("input group `{name}` has {channels} channels, counted from 0, and none with the number {index}")]
    UnknownChannel {
        /// The input group.
        name: String,
        /// The channel asked for.
        index: u32,
        /// Channels of the group.
        channels: u32,
    },
    /// A projection that the program does not have. The session goes on.
    #[error("the program has no projection `{name}`")]
    UnknownProjection {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Neurons that a population does not have. The session goes on.
    #[error("population `{name}` has {size} neurons, counted from 0; {} to {} are not all among them", range.start, range.end)]
    NeuronRange {
        /// The population.
        name: String,
        /// The neurons asked for.
        range: Range<u32>,
        /// Neurons of the population.
        size: u32,
    },
    /// A circuit that the program does not use. The session goes on.
    #[error("core {core} of the program has no neuron {neuron} in use")]
    UnknownNeuron {
        /// Index of the core in the program.
        core: usize,
        /// The neuron.
        neuron: NeuronId,
    },
    /// A quantity that the neurons do not have. The session goes on.
    #[error("{whose} has no quantity `{name}`; there are: {}", known.join(", "))]
    UnknownQuantity {
        /// Whose it would be: a population or a core.
        whose: String,
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A quantity of a neuron that is recorded already. The session goes on.
    #[error("{label} is recorded already: ask for each quantity of a neuron once")]
    ProbedTwice {
        /// Which.
        label: String,
    },
    /// A quantity that is chosen when others have been read already. The session goes on.
    #[error("{label} is asked for after {samples} samples were taken: choose probes first, or clear the readings")]
    ProbedLate {
        /// Which.
        label: String,
        /// Samples taken.
        samples: usize,
    },
    /// A projection whose routes are also those of others, so that it cannot be switched alone. The session goes on as
    /// before.
    #[error(
        "projection `{projection}` shares its routes with {}: the chip sends one event for all of them from each of \
         their neurons to {core}; switch them together, or none of them",
        ticked(shared)
    )]
    SharedRoutes {
        /// The projection asked for.
        projection: String,
        /// Those that would be switched with it.
        shared: Vec<String>,
        /// A core that they reach together.
        core: CoreAddress,
    },
}

impl From<MapperError> for SessionError {
    fn from(error: MapperError) -> Self {
        Self::Mapper(Box::new(error))
    }
}

/// Names as they stand in messages.
fn ticked(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
