//! A graph with its meaning: neurons, and what reaches each of them from where.

use crate::flat::Flat;
use crate::linear::{self, Entry, Map};
use crate::node::{Neurons, Node};
use crate::order::{Edge, late_edges, topological};
use crate::rule::{Late, Rule};
use crate::shape::{Shapes, infer};
use crate::{GraphError, NeuronKind, Options};
use chip::Endpoint;
use formats::nir::{NirGraph, NirNode};
use std::collections::{BTreeMap, BTreeSet};

/// A node of neurons.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) neurons: Neurons,
    pub(crate) rule: Rule,
    pub(crate) shape: Vec<u64>,
    /// By source (a node of neurons or an input): the map from what it sends to what arrives.
    pub(crate) from: BTreeMap<String, Map>,
    /// By neuron: constants, with the step from which they count.
    pub(crate) bias: Vec<BTreeMap<u32, f64>>,
    /// Layers of neurons before it within a step.
    pub(crate) depth: u32,
}

impl Unit {
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product::<u64>() as usize
    }
}

/// What an output gives.
#[derive(Clone, Debug)]
pub(crate) enum OutputSource {
    /// What these neurons send.
    Neurons(String),
    /// A sum.
    Sum { shape: Vec<u64>, from: BTreeMap<String, Map>, bias: Vec<BTreeMap<u32, f64>>, depth: u32 },
}

/// Outputs by name.
type Outputs = Vec<(String, OutputSource)>;

/// A graph whose nodes have a meaning under the rules of a simulator.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Length of a step in seconds.
    pub(crate) dt: f64,
    /// Name, shape, and whether numbers are sent.
    inputs: Vec<(String, Vec<u64>, bool)>,
    /// In an order in which they act within a step.
    pub(crate) units: Vec<Unit>,
    pub(crate) outputs: Outputs,
    late: BTreeSet<Edge>,
    duplicates: usize,
    /// What is odd, in words.
    notes: Vec<String>,
    /// Nodes of neurons as the file has them.
    files: BTreeMap<String, NirNode>,
}

/// What reaches a node, by source, and as constants.
struct Reach {
    from: BTreeMap<String, Map>,
    bias: Vec<BTreeMap<u32, f64>>,
}

/// Nodes and edges while they become a [`Graph`].
struct Builder<'a> {
    flat: &'a Flat,
    nodes: &'a BTreeMap<String, Node>,
    shapes: &'a Shapes,
    late: &'a BTreeSet<Edge>,
    options: &'a Options,
    /// Products so far.
    entries: usize,
}

impl Graph {
    /// The graph in `file` under the rules that `options` choose.
    ///
    /// # Errors
    /// [`GraphError`], with the node and the field.
    pub fn new(file: &NirGraph, options: &Options) -> Result<Self, GraphError> {
        let flat = Flat::new(file)?;
        let read = |(name, node): (&String, _)| Ok((name.clone(), Node::read(name, node)?));
        let nodes: BTreeMap<String, Node> = flat.nodes.iter().map(read).collect::<Result<_, GraphError>>()?;
        if flat.edges.is_empty() {
            return Err(GraphError::NoEdges { nodes: nodes.len() });
        }
        let is = |kind: fn(&Node) -> bool| nodes.iter().any(|(name, node)| kind(node) && !flat.inner.contains(name));
        if !is(|node| matches!(node, Node::Input(_))) {
            return Err(GraphError::NoDoor { kind: "Input", what: "reaches" });
        }
        if !is(|node| matches!(node, Node::Output)) {
            return Err(GraphError::NoDoor { kind: "Output", what: "leaves" });
        }
        options.check(&nodes)?;
        let shapes = infer(&flat, &nodes)?;
        let late = match &options.late_edges {
            Some(edges) => stated(edges, &flat)?,
            None if options.late_spikes() => BTreeSet::new(),
            None => late_edges(&flat, &nodes, options.late()),
        };
        let mut builder = Builder { flat: &flat, nodes: &nodes, shapes: &shapes, late: &late, options, entries: 0 };
        let (units, outputs) = builder.units()?;
        let is_input = |name: &&String| matches!(nodes[*name], Node::Input(_)) && !flat.inner.contains(*name);
        let inputs = nodes.keys().filter(is_input).map(|name| (name.clone(), shapes[name].clone(), options.numbers));
        let inputs = inputs.collect();
        let notes = notes(&units);
        let files = units.iter().map(|unit| (unit.name.clone(), flat.nodes[&unit.name].clone())).collect();
        Ok(Self { dt: options.dt(), inputs, units, outputs, late, duplicates: flat.duplicates, notes, files })
    }

    /// Inputs: name, channels, and whether numbers are sent.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, u32, bool)> {
        self.inputs.iter().map(|(name, shape, numbers)| (name.as_str(), shape.iter().product::<u64>() as u32, *numbers))
    }

    /// Length of a step in seconds.
    pub const fn dt(&self) -> f64 {
        self.dt
    }

    /// Edges that are late by a step, as pairs of nodes.
    pub fn late_edges(&self) -> impl Iterator<Item = (&str, &str)> {
        self.late.iter().map(|(from, to)| (from.as_str(), to.as_str()))
    }

    /// Edges that stand more than once and count once.
    pub const fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// What is odd about the graph, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Nodes of neurons with their rules, in the order in which they act within a step.
    pub fn rules(&self) -> impl Iterator<Item = (&str, NeuronKind, &Rule)> {
        self.units.iter().map(|unit| (unit.name.as_str(), unit.neurons.kind, &unit.rule))
    }

    /// Nodes of neurons as the file has them.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&String, &NirNode)> {
        self.files.iter()
    }

    /// Whether the neurons of `unit` send to others.
    pub(crate) fn is_heard(&self, unit: &str) -> bool {
        let by_outputs = self.outputs.iter().any(|(_, output)| match output {
            OutputSource::Sum { from, .. } => from.contains_key(unit),
            OutputSource::Neurons(_) => false,
        });
        by_outputs || self.units.iter().any(|other| other.from.contains_key(unit))
    }

    /// The end of a network that a source is, and whether it sends numbers; of neurons, the index that `population`
    /// has for them.
    pub(crate) fn source(
        &self,
        name: &str,
        population: impl Fn(&str) -> Option<usize>,
    ) -> (Endpoint, bool, Option<usize>) {
        if let Some(index) = self.inputs.iter().position(|(input, ..)| input == name) {
            return (Endpoint::Input(index), self.inputs[index].2, None);
        }
        let index = population(name).expect("a source is an input or a node of neurons");
        let unit = self.units.iter().find(|unit| unit.name == name).expect("a source is a node of neurons");
        (Endpoint::Population(index), !unit.neurons.kind.spikes(), Some(index))
    }
}

/// The edges that an option states.
fn stated(edges: &[Edge], flat: &Flat) -> Result<BTreeSet<Edge>, GraphError> {
    for edge in edges {
        if !flat.edges.contains(edge) {
            let known: Vec<String> = flat.edges.iter().map(|(from, to)| format!("{from}:{to}")).collect();
            let reason = format!("there is no edge `{}:{}`; there are {}", edge.0, edge.1, known.join(", "));
            return Err(GraphError::Option { option: "--late-edge".into(), reason });
        }
    }
    Ok(edges.iter().cloned().collect())
}

/// What is odd about neurons.
fn notes(units: &[Unit]) -> Vec<String> {
    let mut notes = Vec::new();
    for Unit { name, neurons, rule, .. } in units {
        let spikes = neurons.kind.spikes() && neurons.kind != NeuronKind::Threshold;
        let low = neurons.v_threshold.iter().filter(|threshold| **threshold <= 0.0).count();
        if spikes && low > 0 {
            notes.push(format!(
                "node `{name}`: {low} of its thresholds are not above 0, so that its neurons spike in every step in \
                 which nothing holds them back"
            ));
        }
        if spikes && !rule.v_leak && neurons.v_leak.iter().any(|leak| *leak != 0.0) {
            notes.push(format!("node `{name}`: its `v_leak` is not 0, and the rule takes no notice of it"));
        }
    }
    notes
}

impl Builder<'_> {
    /// The nodes of neurons and the outputs, with what reaches them.
    fn units(&mut self) -> Result<(Vec<Unit>, Outputs), GraphError> {
        let mut reached: BTreeMap<&str, Reach> = BTreeMap::new();
        for (name, node) in self.nodes {
            let is_output = matches!(node, Node::Output) && !self.flat.inner.contains(name);
            if is_output || matches!(node, Node::Neurons(_)) {
                reached.insert(name, self.reach(name)?);
            }
        }
        let is_neurons = |name: &str| matches!(self.nodes[name], Node::Neurons(_));
        let now = |map: &Map| map.iter().flatten().any(|entry| entry.steps == 0);
        let mut edges: Vec<(&str, &str)> = Vec::new();
        for (to, reach) in &reached {
            for (from, _) in reach.from.iter().filter(|(from, map)| is_neurons(from) && now(map)) {
                // The name as the nodes have it, which outlives what reaches them.
                let (from, _) = self.nodes.get_key_value(from).expect("a source is a node");
                edges.push((from, to));
            }
        }
        let order = topological(reached.keys().copied(), edges.iter().copied())?;
        let mut depths: BTreeMap<&str, u32> = BTreeMap::new();
        for name in &order {
            let before = edges.iter().filter(|(_, to)| to == name).map(|(from, _)| depths[from] + 1);
            let depth = before.max().unwrap_or(0);
            depths.insert(name, depth);
        }
        let (mut units, mut outputs) = (Vec::new(), Vec::new());
        for name in order {
            let Reach { from, bias } = reached.remove(name).expect("each is there once");
            let (shape, depth) = (self.shapes[name].clone(), depths[name]);
            match &self.nodes[name] {
                Node::Neurons(neurons) => {
                    let (name, neurons) = (name.to_owned(), neurons.clone());
                    let rule = self.options.rule(&name, neurons.kind)?;
                    neurons.check(&name, &rule, self.options.dt())?;
                    units.push(Unit { name, neurons, rule, shape, from, bias, depth });
                }
                _ => outputs.push((name.to_owned(), self.output(name, Reach { from, bias }, shape, depth))),
            }
        }
        outputs.sort_by(|a, b| a.0.cmp(&b.0));
        Ok((units, outputs))
    }

    /// What the output `name` gives.
    fn output(&self, name: &str, Reach { from, bias }: Reach, shape: Vec<u64>, depth: u32) -> OutputSource {
        let plain = |map: &Map| {
            let own = |(n, row): (usize, &Vec<Entry>)| matches!(row[..], [Entry { column, steps: 0, factor: 1.0 }] if column as usize == n);
            map.iter().enumerate().all(own)
        };
        let mut sources = from.iter();
        match (sources.next(), sources.next()) {
            (Some((source, map)), None)
                if source != name
                    && matches!(self.nodes[source], Node::Neurons(_))
                    && plain(map)
                    && bias.iter().all(BTreeMap::is_empty) =>
            {
                OutputSource::Neurons(source.clone())
            }
            _ => OutputSource::Sum { shape, from, bias, depth },
        }
    }

    /// What reaches the node `to`, back to inputs and neurons.
    fn reach(&mut self, to: &str) -> Result<Reach, GraphError> {
        let count = self.shapes[to].iter().product::<u64>() as usize;
        let is_source = |name: &str| match &self.nodes[name] {
            Node::Neurons(_) => true,
            Node::Input(_) => !self.flat.inner.contains(name),
            _ => false,
        };
        // The nodes between sources and this one.
        let mut between: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = vec![to];
        while let Some(node) = open.pop() {
            for (from, _) in self.flat.edges.iter().filter(|(_, end)| end == node) {
                if !is_source(from) && from != to && between.insert(from) {
                    open.push(from);
                }
            }
        }
        let inside = self
            .flat
            .edges
            .iter()
            .filter(|(from, end)| between.contains(from.as_str()) && between.contains(end.as_str()));
        let edges: Vec<(&str, &str)> = inside.map(|(from, end)| (from.as_str(), end.as_str())).collect();
        let order = topological(between.iter().copied(), edges.iter().copied())?;
        // By node between: the map from what it gives to what reaches this one.
        let mut maps: BTreeMap<&str, Map> = BTreeMap::from([(to, linear::identity(count, 0))]);
        let mut reach = Reach { from: BTreeMap::new(), bias: vec![BTreeMap::new(); count] };
        for node in std::iter::once(to).chain(order.iter().rev().copied()) {
            let Some(map) = maps.remove(node) else { continue };
            let map = if node == to { map } else { self.through(node, &map, &mut reach.bias)? };
            for (from, end) in self.flat.edges.iter().filter(|(_, end)| end == node) {
                let mut steps = u32::from(self.late.contains(&(from.clone(), end.clone())));
                let neurons = matches!(self.nodes[from], Node::Neurons(_));
                if neurons {
                    steps += self.options.steps_to(matches!(self.nodes[to], Node::Neurons(_)));
                }
                let map = linear::later(&map, steps);
                self.entries += map.iter().map(Vec::len).sum::<usize>();
                linear::limit(self.entries)?;
                let slot =
                    if is_source(from) { reach.from.get_mut(from.as_str()) } else { maps.get_mut(from.as_str()) };
                match slot {
                    Some(sum) => linear::add(sum, &map),
                    None if is_source(from) => {
                        reach.from.insert(from.clone(), map);
                    }
                    None => {
                        maps.insert(from, map);
                    }
                }
            }
        }
        Ok(reach)
    }

    /// The map through the node `name`, which `map` stands behind; its constants are added to `bias`.
    fn through(&self, name: &str, map: &Map, bias: &mut [BTreeMap<u32, f64>]) -> Result<Map, GraphError> {
        let from = self.flat.edges.iter().find(|(_, to)| to == name);
        let shape = from.map_or(&[][..], |(from, _)| &self.shapes[from]);
        let own = linear::of(name, &self.nodes[name], shape, self.shapes, self.options.dt())?;
        if let Some(constants) = &own.bias {
            for (row, bias) in map.iter().zip(bias) {
                for entry in row {
                    let constant = entry.factor * constants[entry.column as usize];
                    if constant != 0.0 {
                        *bias.entry(entry.steps).or_insert(0.0) += constant;
                    }
                }
            }
        }
        linear::compose(map, &own.map)
    }
}

/// Which edge of a loop is late, by its word.
pub(crate) fn late_of(word: &str) -> Option<Late> {
    match word {
        "into" => Some(Late::Into),
        "out-of" => Some(Late::OutOf),
        _ => None,
    }
}
