//! The graph of a trained net with the weights that its program has.

use crate::commands::load::Loaded;
use crate::errors::HostError;
use chip::{CoreModel, SynapseSign};
use std::collections::BTreeMap;
use std::path::Path;

/// The bytes of a NIR file with the connections that the program of `loaded` makes.
pub(super) fn nir(loaded: &Loaded, file: &Path) -> Result<Vec<u8>, HostError> {
    let usage = |message: &str| HostError::Usage {
        message: format!("{}: {message}", file.display()),
        help: Some("`--nir` writes the graph of a NIR file".into()),
    };
    let (Some(graph), Some(placement)) = (&loaded.graph, &loaded.placement) else {
        return Err(usage("only a graph can be written as one"));
    };
    if loaded.program.cores.iter().any(|core| core.model == CoreModel::Xylo) {
        return Err(HostError::Usage {
            message: format!(
                "{}: no node of NIR says what a Xylo computes: its states decay by shifts that lose at least 1 a step, \
                 saturate at 16 bits, and neurons spike up to 31 times in a step",
                file.display()
            ),
            help: Some("`--out` writes its program; the graph that was mapped is the nearest that NIR can say".into()),
        });
    }
    let network = &graph.steps.network;
    let refused = |error: mapper::MapperError| HostError::Mapper {
        file: file.display().to_string(),
        ways: Vec::new(),
        error: Box::new(error),
    };
    let connections = mapper::decode(&loaded.program, placement, network, &loaded.spec).map_err(refused)?;
    let ends = network.projections.iter().enumerate().map(|(index, p)| ((p.pre, p.post), index));
    let projections: BTreeMap<_, usize> = ends.collect();
    let got: Vec<graph::Got> = connections
        .iter()
        .filter_map(|connection| {
            let sign = loaded.spec.synapses[usize::from(connection.synapse)].sign;
            let weight = if sign == SynapseSign::Inhibitory { -connection.weight } else { connection.weight };
            let index = projections.get(&(connection.pre, connection.post))?;
            Some((*index, connection.pre_index, connection.post_index, weight))
        })
        .collect();
    let written = graph
        .read_back(&got)
        .map_err(|error| HostError::Graph { file: file.display().to_string(), error: Box::new(error) })?;
    Ok(written.to_bytes())
}
