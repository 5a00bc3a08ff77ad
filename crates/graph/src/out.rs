//! A network read back as a graph: what a chip really holds, for the tool that the graph came from.
//!
//! Nodes of neurons keep their names and parameters. All that lies between two of them becomes one node of weights,
//! `FROM-to-TO`, whose weights are those of the program in the units of the graph; biases stand with the first weights
//! onto a node. Convolutions are not put together again, and delays have no place in a node of weights. What is written
//! of a chip whose registers are the graph's own numbers is in [`xylo`].

mod xylo;

pub use xylo::{XyloGraph, XyloRegisters};

use crate::GraphError;
use crate::build::Steps;
use crate::graph::{Graph, OutputSource};
use formats::nir::{NirArray, NirGraph, NirNode};
use fx::Weight;
use network::{Network, Projection};
use std::collections::BTreeMap;

/// Most weights of a node, with those that are 0.
const WEIGHTS_MAX: u64 = 1 << 24;

fn array(shape: &[u64], values: Vec<f64>) -> NirArray {
    NirArray { shape: shape.into(), values }
}

/// The field `shape` of a node.
fn shape_of(shape: &[u64]) -> NirArray {
    array(&[shape.len() as u64], shape.iter().map(|length| *length as f64).collect())
}

fn node(kind: &str, numbers: Vec<(&str, NirArray)>) -> NirNode {
    NirNode {
        kind: kind.into(),
        numbers: numbers.into_iter().map(|(name, array)| (name.to_owned(), array)).collect(),
        ..NirNode::default()
    }
}

/// The node that a projection comes from.
fn sender(projection: &Projection) -> &str {
    projection.name.split_once(" -> ").expect("projections are named by their ends").0
}

/// A connection that a program makes: index of the projection's ends, sender, receiver, weight in units of 2^-20.
pub type Got = (usize, u32, u32, i64);

impl Graph {
    /// This graph with the weights of a program. `steps` is the network that was mapped; `got` are the connections of
    /// the program, each with the index of a projection of the network between the same ends.
    ///
    /// # Errors
    /// Delays between neurons that are more than the step of a loop, and matrices of more than 2^24 weights.
    pub fn read_back(&self, steps: &Steps, got: &[Got]) -> Result<NirGraph, GraphError> {
        let populations = &steps.network.populations;
        for projection in &steps.network.projections {
            let (from, to) = (sender(projection), &populations[projection.post].name);
            if !self.is_source(from) {
                let reason = "its biases have delays of their own, which a node of weights has not".to_owned();
                return Err(GraphError::Chip { node: to.clone(), reason });
            }
            if steps.built[projection.post].kind.is_some() && self.has_delays(from, to) {
                let reason = format!("what comes from `{from}` has delays of its own, which a node of weights has not");
                return Err(GraphError::Chip { node: to.clone(), reason });
            }
        }
        let unit = |post: usize, neuron: usize| {
            let built = &steps.built[post];
            2f64.powi(built.scale) * f64::from(1 << Weight::FRACTION_BITS) * built.gain_in[neuron]
        };
        let mut graph = NirGraph::default();
        for (name, file) in self.files() {
            // Parameters of any shape are one value, or one a neuron.
            let mut file = file.clone();
            for array in file.numbers.values_mut().filter(|array| array.values.len() > 1) {
                array.shape = vec![array.values.len() as u64];
            }
            graph.nodes.insert(name.clone(), file);
        }
        self.connect(&mut graph, steps, got, unit, |to| self.bias_of(to))?;
        Ok(graph)
    }

    /// Adds to the nodes of neurons in `graph` inputs, outputs, and the weights `got`; `unit` is what a weight of 1
    /// onto a neuron of a population is there. `bias` are the constants of a node, which stand with the first weights
    /// onto it.
    fn connect(
        &self,
        graph: &mut NirGraph,
        steps: &Steps,
        got: &[Got],
        unit: impl Fn(usize, usize) -> f64,
        bias: impl Fn(&str) -> Vec<f64>,
    ) -> Result<(), GraphError> {
        let Network { projections, populations, .. } = &steps.network;
        for (name, size, _) in self.inputs() {
            graph.nodes.insert(name.into(), node("Input", vec![("shape", shape_of(&[size.into()]))]));
        }
        let mut has_bias: BTreeMap<usize, bool> = BTreeMap::new();
        for (index, projection) in projections.iter().enumerate() {
            let post = projection.post;
            let (to, size) = (&populations[post].name, populations[post].size);
            if steps.built[post].kind.is_none() {
                continue;
            }
            let from = sender(projection);
            let senders = steps.network.size_of(projection.pre).expect("ends exist");
            let count = u64::from(senders) * u64::from(size);
            if count > WEIGHTS_MAX {
                let what = format!("the number of weights from `{from}` to `{to}`, those that are 0 among them,");
                return Err(GraphError::TooMuch { what, value: count, limit: WEIGHTS_MAX });
            }
            let mut weights = vec![0.0; count as usize];
            for (_, pre, post, weight) in got.iter().filter(|got| got.0 == index) {
                let place = *post as usize * senders as usize + *pre as usize;
                weights[place] += *weight as f64 / unit(projection.post, *post as usize);
            }
            let mut numbers = vec![("weight", array(&[size.into(), senders.into()], weights))];
            let first = has_bias.insert(post, true).is_none();
            let bias: Vec<f64> = bias(to);
            let kind = if first && bias.iter().any(|bias| *bias != 0.0) {
                numbers.push(("bias", array(&[size.into()], bias)));
                "Affine"
            } else {
                "Linear"
            };
            let name = format!("{from}-to-{to}");
            graph.nodes.insert(name.clone(), node(kind, numbers));
            graph.edges.push((from.to_owned(), name.clone()));
            graph.edges.push((name, to.clone()));
        }
        for (name, output) in &self.outputs {
            // A sum of its own is read where it is made: only plain outputs are kept.
            if let OutputSource::Neurons(from) = output {
                let size = self.units.iter().find(|unit| unit.name == *from).map_or(0, |unit| unit.count());
                graph.nodes.insert(name.clone(), node("Output", vec![("shape", shape_of(&[size as u64]))]));
                graph.edges.push((from.clone(), name.clone()));
            }
        }
        Ok(())
    }

    /// Constants that reach the neurons of a node.
    fn bias_of(&self, name: &str) -> Vec<f64> {
        let unit = self.units.iter().find(|unit| unit.name == name);
        unit.map_or_else(Vec::new, |unit| unit.bias.iter().map(|bias| bias.values().sum()).collect())
    }

    /// Whether a node sends something.
    fn is_source(&self, name: &str) -> bool {
        self.units.iter().any(|unit| unit.name == name) || self.inputs().any(|(input, ..)| input == name)
    }

    /// Whether something between two nodes is later than the step of a loop.
    fn has_delays(&self, from: &str, to: &str) -> bool {
        let unit = self.units.iter().find(|unit| unit.name == to);
        let map = unit.and_then(|unit| unit.from.get(from));
        let steps = || map.into_iter().flatten().flatten().map(|entry| entry.steps);
        let (low, high) = (steps().min().unwrap_or(0), steps().max().unwrap_or(0));
        low != high || high > 1
    }
}
