//! The graph of a trained net with the weights that its program has.

use crate::commands::load::{Loaded, not_mapped};
use crate::errors::HostError;
use chip::{CoreModel, SynapseSign};
use device_models::xylo::{HIDDEN_CAP, OUTPUT_CAP};
use graph::{XyloGraph, XyloRegisters};
use mapper::Placement;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use units::Quantity;

/// A graph as a program has it.
pub(super) struct ReadBack {
    /// The NIR file.
    pub(super) bytes: Vec<u8>,
    /// By what it is to be read, as arguments of the command; none: by those that its graph was read by.
    options: Vec<String>,
    /// What the chip does and the file does not say.
    unsaid: Vec<String>,
}

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
    let usage = |message: &str| HostError::Usage {
        message: format!("{}: {message}", file.display()),
        help: Some("`--nir` writes the graph of a NIR file".into()),
    };
    let (Some(graph), Some(placement)) = (&loaded.graph, &loaded.placement) else {
        return Err(usage("only a graph can be written as one"));
    };
    let network = &graph.steps.network;
    let refused = |error| not_mapped(file, Vec::new(), error);
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
    let wrong = |error| HostError::Graph { file: file.display().to_string(), error: Box::new(error) };
    if loaded.program.cores.iter().any(|core| core.model == CoreModel::Xylo) {
        let held = registers(loaded, placement);
        let XyloGraph { file, options, unsaid } = graph.read_back_xylo(&got, &held).map_err(wrong)?;
        return Ok(ReadBack { bytes: file.to_bytes(), options, unsaid });
    }
    let written = graph.read_back(&got).map_err(wrong)?;
    Ok(ReadBack { bytes: written.to_bytes(), options: Vec::new(), unsaid: Vec::new() })
}

/// What the neurons of each population hold on a Xylo.
fn registers(loaded: &Loaded, placement: &Placement) -> Vec<XyloRegisters> {
    let of = |population: usize| {
        let register = |name: &str| -> Vec<i16> {
            let held = mapper::decode_parameter(&loaded.program, placement, &loaded.spec, population, name);
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
    let populations = &loaded.graph.as_ref().expect("a graph is read back").steps.network.populations;
    (0..populations.len()).map(of).collect()
}
