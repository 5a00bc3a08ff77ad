//! What a Xylo holds as a graph: its integers as nodes of the type `CubaLIF`, for the rules [`Like::Xylo`].
//!
//! A decay by a shift of `dash` bits is an Euler step with tau = dt 2^dash, a threshold is itself, and the constant
//! input of a membrane is what it rests at, divided by 2^dash. What nodes have no word for is in
//! [`XyloGraph::options`], if the reader here has one, or else in [`XyloGraph::unsaid`].

use super::{Got, array, node};
use crate::build::Steps;
use crate::graph::Graph;
use crate::{GraphError, Like};
use chip::CoreModel;
use formats::nir::NirGraph;
use fx::Weight;

/// What the neurons of a population are on a Xylo, a value a neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyloRegisters {
    /// Decay shift of the membrane, in bits.
    pub dash_mem: Vec<u8>,
    /// Decay shift of the synaptic current, in bits; at least 1.
    pub dash_syn: Vec<u8>,
    /// Threshold; above 0.
    pub threshold: Vec<i16>,
    /// Constant input of the membrane in a step.
    pub bias: Vec<i16>,
    /// Most spikes of a neuron in a step.
    pub spikes_max: u32,
}

/// A Xylo as a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct XyloGraph {
    /// The nodes and edges.
    pub file: NirGraph,
    /// By what the reader here runs it, as arguments of the command.
    pub options: Vec<String>,
    /// What the chip does and the graph does not, a sentence each.
    pub unsaid: Vec<String>,
}

impl Graph {
    /// This graph as a Xylo has it. `steps` is the network that was mapped; `got` are the connections of the program in
    /// units of 2^-20 of its integers, each with the index of a projection between the same ends; `registers` are those
    /// of each population.
    ///
    /// # Errors
    /// Matrices of more than 2^24 weights.
    pub fn read_back_xylo(
        &self,
        steps: &Steps,
        got: &[Got],
        registers: &[XyloRegisters],
    ) -> Result<XyloGraph, GraphError> {
        let mut file = NirGraph::default();
        let like = Like::Xylo;
        let mut options = vec![format!("--like {}", like.name())];
        if self.dt != like.dt() {
            options.push(format!("--dt {:e}", self.dt));
        }
        let most = like.rule(crate::NeuronKind::CubaLif).spikes_max;
        for (built, own) in steps.built.iter().zip(registers) {
            file.nodes.insert(built.node.clone(), own.node(self.dt));
            if most != Some(own.spikes_max) {
                options.push(format!("--rule {}.spikes={}", built.node, own.spikes_max));
            }
        }
        let unit = |_: usize, _: usize| f64::from(1 << Weight::FRACTION_BITS);
        // What a membrane gets in each step is in its node.
        self.connect(&mut file, steps, got, unit, |_| Vec::new())?;
        Ok(XyloGraph { file, options, unsaid: unsaid(registers) })
    }
}

impl XyloRegisters {
    /// The neurons as a node, in steps of `dt`.
    fn node(&self, dt: f64) -> formats::nir::NirNode {
        let power = |dash: &u8| 2f64.powi(i32::from(*dash));
        let each = |values: Vec<f64>| array(&[values.len() as u64], values);
        let tau = |dashes: &[u8]| each(dashes.iter().map(|dash| dt * power(dash)).collect());
        let same = |value: f64| each(vec![value; self.threshold.len()]);
        let rest = self.bias.iter().zip(&self.dash_mem).map(|(bias, dash)| f64::from(*bias) * power(dash));
        node(
            "CubaLIF",
            vec![
                ("tau_mem", tau(&self.dash_mem)),
                ("tau_syn", tau(&self.dash_syn)),
                ("r", same(1.0)),
                ("w_in", same(1.0)),
                ("v_leak", each(rest.collect())),
                ("v_reset", same(0.0)),
                ("v_threshold", each(self.threshold.iter().map(|threshold| f64::from(*threshold)).collect())),
            ],
        )
    }
}

/// What neurons with these registers do that no node says.
fn unsaid(registers: &[XyloRegisters]) -> Vec<String> {
    let largest = |dashes: fn(&XyloRegisters) -> &Vec<u8>| registers.iter().flat_map(dashes).copied().max();
    let (mem, syn) = (largest(|own| &own.dash_mem).unwrap_or(0), largest(|own| &own.dash_syn).unwrap_or(0));
    let of_current = 1u64 << syn;
    let input_cap = CoreModel::Xylo.facts().input_cap;
    let of_membrane = (1u64 << mem) * (1 + of_current);
    vec![
        format!(
            "what a current or membrane v loses in a step is v >> dash, rounded down and at least 1 above 0, and in the \
             graph v 2^-dash: less than 1 apart in a step, so that between spikes a current is less than {of_current} \
             and a membrane less than {of_membrane} from the graph's"
        ),
        "currents and membranes end at -32768 and 32767, one synapse after the other, and those of the graph nowhere"
            .to_owned(),
        format!("an input channel brings at most {input_cap} spikes in a step, and in the graph as many as are sent"),
    ]
}
