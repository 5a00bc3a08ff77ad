//! What the network calls the parts of its program.

use crate::{MappingReport, Placement};
use chip::{InputSymbol, PlacementKind, PopulationSymbol, ProjectionSymbol, Symbols};
use network::Network;

/// The symbols of the program of `network`, whose neurons sit where `placement` says.
pub(crate) fn of(network: &Network, placement: &Placement, kind: PlacementKind, report: &MappingReport) -> Symbols {
    let populations = network.populations.iter();
    let segments = (0..network.populations.len()).flat_map(|population| placement.segments(population));
    let inputs = network.inputs.iter();
    let projections = network.projections.iter().zip(&report.projections);
    Symbols {
        populations: populations
            .map(|p| PopulationSymbol { name: p.name.clone(), size: p.size, copy_of: None })
            .collect(),
        placement: kind,
        segments: segments.copied().collect(),
        inputs: inputs
            .map(|group| {
                let (name, source) = (group.name.clone(), group.source.clone());
                InputSymbol { name, channels: group.channels, source }
            })
            .collect(),
        projections: projections
            .map(|(projection, report)| {
                let (name, pre, post) = (projection.name.clone(), projection.pre, projection.post);
                ProjectionSymbol { name, pre, post, synapses: report.kept }
            })
            .collect(),
        die: None,
    }
}
