//! The numbers of a refusal: what was needed, what there is, and where.
//!
//! Owns what a program reads that is told of a refusal by its words; the words are those of [`MapperError`].

use crate::{MapperError, XyloMisfit};

/// What a refusal is about, as far as it is a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shortage {
    /// How much is needed.
    pub needed: Option<u64>,
    /// How much there is.
    pub limit: Option<u64>,
    /// The neuron, population, projection, core or bus.
    pub place: Option<String>,
}

impl MapperError {
    /// Its numbers.
    pub fn shortage(&self) -> Shortage {
        let of = |needed: u64, limit: u64, place: String| Shortage {
            needed: Some(needed),
            limit: Some(limit),
            place: Some(place),
        };
        let neuron = |population: &str, index: u32| format!("neuron {index} of `{population}`");
        let population = |name: &str| format!("population `{name}`");
        let projection = |name: &str| Shortage { place: Some(format!("projection `{name}`")), ..Shortage::default() };
        let at = |name: &str| Shortage { place: Some(population(name)), ..Shortage::default() };
        match self.refusal() {
            Self::FanIn { population, index, limit, needed, .. }
            | Self::RowFanIn { population, index, limit, needed, .. }
            | Self::FanOut { population, index, limit, needed, .. }
            | Self::Hops { population, index, limit, hops: needed, .. }
            | Self::Xylo(
                XyloMisfit::FanOut { population, index, needed, limit }
                | XyloMisfit::FanIn { population, index, needed, limit }
                | XyloMisfit::Expansion { population, index, needed, limit, .. },
            ) => of(*needed as u64, *limit as u64, neuron(population, *index)),
            Self::Sums { population, index, needed, limit } => of(*needed, *limit, neuron(population, *index)),
            Self::Tags { core, needed, limit, .. } => of(*needed as u64, *limit as u64, core.to_string()),
            Self::BusRows { core, bus, needed, limit, .. } => {
                of(*needed as u64, *limit as u64, format!("{core}, bus {bus}"))
            }
            Self::BusSources { bus, needed, limit } => of(*needed as u64, *limit as u64, format!("bus {bus}")),
            Self::CoreDelays { core, needed, limit, .. } => of(*needed as u64, *limit as u64, core.to_string()),
            Self::CoreMemory { population: name, needed, limit, .. } => of(*needed, *limit, population(name)),
            Self::BoardFull { population: name, neurons, missing, .. } => {
                // As many as find a circuit.
                of((*neurons).into(), (neurons - missing).into(), population(name))
            }
            Self::Joined { population: name, missing, circuits, .. } => {
                of(circuits + missing, *circuits, population(name))
            }
            Self::Xylo(XyloMisfit::Layer { population: name, needed, limit, .. }) => {
                of(*needed, *limit as u64, population(name))
            }
            Self::Xylo(XyloMisfit::Inputs { groups, channels, limit }) => {
                of((*channels).into(), *limit as u64, format!("the inputs {}", groups.join(", ")))
            }
            Self::WeightRange { projection: name, limit, .. } => Shortage { limit: Some(*limit), ..projection(name) },
            Self::WeightError { projection: name, .. }
            | Self::WeightFormat { projection: name, .. }
            | Self::UnknownSynapse { projection: name, .. }
            | Self::SynapseSign { projection: name, .. }
            | Self::SynapseModel { projection: name, .. }
            | Self::SliceOfWeight { projection: name, .. }
            | Self::ModelPair { projection: name, .. }
            | Self::Delay { projection: name, .. }
            | Self::Xylo(XyloMisfit::Weight { projection: name, .. } | XyloMisfit::NotWhole { projection: name, .. }) => {
                projection(name)
            }
            Self::Model { population: name, .. }
            | Self::UnknownParameter { population: name, .. }
            | Self::UnreadParameter { population: name, .. }
            | Self::ParameterUnit { population: name, .. }
            | Self::ParameterValue { population: name, .. }
            | Self::ParameterRange { population: name, .. }
            | Self::PerNeuron { population: name, .. } => at(name),
            _ => Shortage::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_refusal_itself() {
        let full = MapperError::BoardFull {
            population: "a".into(),
            neurons: 12,
            missing: 4,
            free: 0,
            circuits: 16,
            memories: false,
            ways: String::new(),
        };
        let expected = Shortage { needed: Some(12), limit: Some(8), place: Some("population `a`".into()) };
        assert_eq!(full.shortage(), expected);
        let over = MapperError::OverFull {
            way: "prune",
            limit: "neurons",
            reason: "",
            helpers: Vec::new(),
            error: Box::new(full),
        };
        assert_eq!(over.shortage(), expected);
        assert_eq!(MapperError::NoActivity.shortage(), Shortage::default());
    }
}
