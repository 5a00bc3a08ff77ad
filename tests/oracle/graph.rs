//! A graph of a trained net, stated again: node by node, in doubles, as the corpus of such graphs words a step.

use std::collections::{BTreeMap, BTreeSet};

/// The rule and the parameters of one neuron.
#[derive(Clone, Debug)]
pub struct GraphNeuron {
    /// What is left of the current in a step; none: no current.
    pub keep_current: Option<f64>,
    /// Factor of the input of the current.
    pub gain_current: f64,
    /// What is left of the voltage in a step.
    pub keep_voltage: f64,
    /// Factor of what drives the voltage.
    pub gain_voltage: f64,
    /// What is added to the voltage in a step.
    pub rest: f64,
    /// Threshold; none: it sends its voltage.
    pub threshold: Option<f64>,
    /// Where a spike sets the voltage; none: it subtracts the threshold.
    pub reset: Option<f64>,
    /// Whether the threshold itself is a spike.
    pub at_threshold: bool,
    /// Whether there are as many spikes as thresholds.
    pub several: bool,
    /// Whether the reset takes place in the next step, after its input.
    pub later: bool,
}

/// A node.
#[derive(Clone, Debug)]
pub enum GraphNode {
    /// What is given.
    Input,
    /// Rows of weights, and a bias each.
    Weights(Vec<Vec<f64>>, Vec<f64>),
    /// A factor each.
    Scale(Vec<f64>),
    /// Steps by which each value is late.
    Delay(Vec<usize>),
    /// Passes on what it gets.
    Output,
    /// Neurons.
    Neurons(Vec<GraphNeuron>),
}

/// A graph with the edges that are late.
#[derive(Clone, Debug)]
pub struct GraphOracle {
    /// Nodes by name.
    pub nodes: BTreeMap<String, GraphNode>,
    /// Edges.
    pub edges: BTreeSet<(String, String)>,
    /// Those of them that bring the value of the step before.
    pub late: BTreeSet<(String, String)>,
}

/// What a node gave in one step, and how near a voltage came to a threshold.
#[derive(Clone, Debug, Default)]
pub struct GraphStep {
    /// By node: what it sends.
    pub sent: BTreeMap<String, Vec<f64>>,
    /// By node of neurons: voltages as they are carried on.
    pub voltages: BTreeMap<String, Vec<f64>>,
    /// The smallest distance of a voltage from its threshold.
    pub margin: f64,
}

impl GraphOracle {
    /// Runs the graph on an input with a row a step.
    pub fn run(&self, input: &[Vec<f64>], width: impl Fn(&str) -> usize) -> Vec<GraphStep> {
        let order = self.order();
        let mut steps: Vec<GraphStep> = Vec::new();
        let mut states: BTreeMap<&str, Vec<(f64, f64, f64)>> = BTreeMap::new();
        let mut histories: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
        for row in input {
            let mut now = GraphStep { margin: f64::INFINITY, ..GraphStep::default() };
            for name in &order {
                let mut x = vec![0.0; width(name)];
                for (from, _) in self.edges.iter().filter(|(_, to)| to == *name) {
                    let late = self.late.contains(&(from.clone(), (*name).clone()));
                    let values = if late { steps.last().map(|last| &last.sent[from]) } else { now.sent.get(from) };
                    for (sum, value) in x.iter_mut().zip(values.into_iter().flatten()) {
                        *sum += value;
                    }
                }
                let sent = match &self.nodes[*name] {
                    GraphNode::Input => row.clone(),
                    GraphNode::Output => x,
                    GraphNode::Weights(rows, bias) => rows
                        .iter()
                        .zip(bias)
                        .map(|(row, bias)| row.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + bias)
                        .collect(),
                    GraphNode::Scale(factors) => factors.iter().zip(&x).map(|(factor, x)| factor * x).collect(),
                    GraphNode::Delay(delays) => {
                        let history = histories.entry(name).or_default();
                        history.push(x);
                        let old = |(n, delay): (usize, &usize)| match history.len().checked_sub(1 + delay) {
                            Some(at) => history[at][n],
                            None => 0.0,
                        };
                        delays.iter().enumerate().map(old).collect()
                    }
                    GraphNode::Neurons(neurons) => {
                        let state = states.entry(name).or_insert_with(|| vec![(0.0, 0.0, 0.0); neurons.len()]);
                        let mut sent = Vec::new();
                        for (neuron, (state, x)) in neurons.iter().zip(state.iter_mut().zip(x)) {
                            sent.push(neuron.step(state, x, &mut now.margin));
                        }
                        now.voltages.insert((*name).clone(), state.iter().map(|state| state.1).collect());
                        sent
                    }
                };
                now.sent.insert((*name).clone(), sent);
            }
            steps.push(now);
        }
        steps
    }

    /// The nodes in an order in which each stands behind what it gets within a step.
    fn order(&self) -> Vec<&String> {
        let mut order: Vec<&String> = Vec::new();
        while order.len() < self.nodes.len() {
            let ready = self.nodes.keys().find(|name| {
                let now = self.edges.iter().filter(|edge| edge.1 == **name && !self.late.contains(*edge));
                let mut sources = now.map(|(from, _)| from);
                !order.contains(name) && sources.all(|from| order.contains(&from))
            });
            order.push(ready.expect("a loop has a late edge"));
        }
        order
    }
}

impl GraphNeuron {
    /// A step of current, voltage and spikes of the last step; what is sent.
    fn step(&self, (current, voltage, last): &mut (f64, f64, f64), x: f64, margin: &mut f64) -> f64 {
        let mut drive = x;
        if let Some(keep) = self.keep_current {
            *current = keep * *current + self.gain_current * x;
            drive = *current;
        }
        let mut v = self.keep_voltage * *voltage + self.gain_voltage * drive + self.rest;
        let Some(threshold) = self.threshold else {
            *voltage = v;
            return v;
        };
        let reset = |v: f64, z: f64| if z == 0.0 { v } else { self.reset.unwrap_or(v - z * threshold) };
        if self.later {
            v = reset(v, *last);
        }
        let count = if self.several { (v / threshold).floor().max(1.0) } else { 1.0 };
        // Near a multiple of the threshold the count is near to another one.
        let levels = if self.several { (v / threshold).round().max(1.0) } else { 1.0 };
        *margin = margin.min((v - levels * threshold).abs());
        let z = if v > threshold || self.at_threshold && v >= threshold { count } else { 0.0 };
        if !self.later {
            v = reset(v, z);
        }
        (*voltage, *last) = (v, z);
        z
    }
}
