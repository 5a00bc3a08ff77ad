//! Which part of a network a refusal is about, so that who has its file can point at it.

use super::MapperError;

/// A part of a network, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// An input group.
    Input(&'a str),
    /// A population.
    Population(&'a str),
    /// A projection.
    Projection(&'a str),
}

impl MapperError {
    /// The part of the network that has to change, the first if there are several; `None` if it is the whole, or what
    /// is wrong is no part of the network.
    pub fn subject(&self) -> Option<Subject<'_>> {
        Some(match self {
            Self::OverFull { error, .. } => return error.subject(),
            Self::SynapseSign { projection, .. }
            | Self::SynapseModel { projection, .. }
            | Self::SliceOfWeight { projection, .. }
            | Self::ModelPair { projection, .. }
            | Self::Delay { projection, .. }
            | Self::WeightRange { projection, .. }
            | Self::WeightFormat { projection, .. } => Subject::Projection(projection),
            Self::Model { population, .. }
            | Self::Joined { population, .. }
            | Self::BoardFull { population, .. }
            | Self::UnknownParameter { population, .. }
            | Self::UnreadParameter { population, .. }
            | Self::ParameterUnit { population, .. }
            | Self::ParameterValue { population, .. }
            | Self::ParameterRange { population, .. }
            | Self::PerNeuron { population, .. }
            | Self::CoreMemory { population, .. }
            | Self::Sums { population, .. }
            | Self::FanIn { population, .. }
            | Self::RowFanIn { population, .. }
            | Self::FanOut { population, .. }
            | Self::Hops { population, .. } => Subject::Population(population),
            Self::Core { populations, .. } | Self::BusRows { populations, .. } => {
                Subject::Population(populations.first()?)
            }
            Self::InputModels { input, .. } => Subject::Input(input),
            _ => return None,
        })
    }
}
