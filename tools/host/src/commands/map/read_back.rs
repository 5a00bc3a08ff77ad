//! The graph of a trained net with the weights that its program has.

use crate::commands::load::{Loaded, not_mapped};
use crate::errors::HostError;
use crate::{ReadBack, ReadBackError};
use chip::{ChipSpec, CoreModel, Program, SynapseSign};
use device_models::xylo::{HIDDEN_CAP, OUTPUT_CAP};
use graph::{Graph, Steps, XyloGraph, XyloRegisters};
use mapper::Placement;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use units::Quantity;

impl ReadBack {
    /// How the file is to be read, in lines; empty where there is nothing to be said of it.
    pub(super) fn text(&self) -> String {
        if self.options.is_empty() {
            return String::new();
        }
        let mut text = format!("\nThe graph of `--nir` is read with: {}\n", self.options.join(" "));
        if !self.unsaid.is_empty() {
            text.push_str("What the chip does and that graph does not:\n");
            self.unsaid.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        text
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> Value {
        json!({ "options": self.options, "unsaid": self.unsaid })
    }
}

/// The NIR file with the connections that the program of `loaded` makes.
pub(super) fn nir(loaded: &Loaded, file: &Path) -> Result<ReadBack, HostError> {
    let (Some(graph), Some(placement)) = (&loaded.graph, &loaded.placement) else {
        return Err(HostError::Usage {
            message: format!("{}: only a graph can be written as one", file.display()),
            help: Some("`--nir` writes the graph of a NIR file".into()),
        });
    };
    of((&graph.graph, &graph.steps), (&loaded.spec, &loaded.program, placement)).map_err(|error| match error {
        ReadBackError::Mapper(error) => not_mapped(file, Vec::new(), error),
        ReadBackError::Graph(error) => HostError::Graph { file: file.display().to_string(), error: Box::new(error) },
    })
}

/// The graph, which became the network of `steps`, with the connections that its program makes.
pub(crate) fn of(
    (graph, steps): (&Graph, &Steps),
    (spec, program, placement): (&ChipSpec, &Program, &Placement),
) -> Result<ReadBack, ReadBackError> {
    let network = &steps.network;
    let connections = mapper::decode(program, placement, network, spec)?;
    let ends = network.projections.iter().enumerate().map(|(index, p)| ((p.pre, p.post), index));
    let projections: BTreeMap<_, usize> = ends.collect();
    let got: Vec<graph::Got> = connections
        .iter()
        .filter_map(|connection| {
            let sign = spec.synapses[usize::from(connection.synapse)].sign;
            let weight = if sign == SynapseSign::Inhibitory { -connection.weight } else { connection.weight };
            let index = projections.get(&(connection.pre, connection.post))?;
            Some((*index, connection.pre_index, connection.post_index, weight))
        })
        .collect();
    if program.cores.iter().any(|core| core.model == CoreModel::Xylo) {
        let held = registers(steps, (spec, program, placement));
        let XyloGraph { file, options, unsaid } = graph.read_back_xylo(steps, &got, &held)?;
        return Ok(ReadBack { bytes: file.to_bytes(), options, unsaid });
    }
    let written = graph.read_back(steps, &got)?;
    Ok(ReadBack { bytes: written.to_bytes(), options: Vec::new(), unsaid: Vec::new() })
}

/// What the neurons of each population hold on a Xylo.
fn registers(steps: &Steps, (spec, program, placement): (&ChipSpec, &Program, &Placement)) -> Vec<XyloRegisters> {
    let of = |population: usize| {
        let register = |name: &str| -> Vec<i16> {
            let held = mapper::decode_parameter(program, placement, spec, population, name);
            let whole = |value: Quantity| value.value.to_bits(0).ok().and_then(|bits| i16::try_from(bits).ok());
            held.unwrap_or_default().into_iter().map(|value| whole(value).expect("a register has 16 bits")).collect()
        };
        let shifts = |name: &str| register(name).into_iter().map(|dash| dash as u8).collect();
        let core = placement.segments(population).first().map(|segment| segment.core.core);
        let spikes_max = if core == Some(chip::XYLO_OUTPUT) { OUTPUT_CAP } else { HIDDEN_CAP };
        XyloRegisters {
            dash_mem: shifts("dash_mem"),
            dash_syn: shifts("dash_syn"),
            threshold: register("threshold"),
            bias: register("bias"),
            spikes_max: spikes_max.into(),
        }
    };
    (0..steps.network.populations.len()).map(of).collect()
}
