//! A graph as a network of steps: every neuron in the steps of its simulator, on a chip with the core model `cuba-lif`.
//!
//! A node of neurons is a population, an `Input` a group of channels. What lies between them becomes connections with a
//! weight and a delay each. A graph passes values through all its layers within a step; here layers act one after the
//! other in ticks of that step, each at its phase, and what is late arrives in the next step. A value at an `Output`
//! that is not just the spikes of some neurons is a population of its own that sums and sends nothing.
//!
//! A core holds one constant of a neuron that counts from the start, and one that counts from a later step. Further
//! ones come as spikes of one neuron that spikes in every step, each over a connection that is as late as its constant.

use crate::graph::{Graph, OutputSource};
use crate::linear::{Entry, Map};
use crate::rule::Rule;
use crate::step::{Stepped, registers};
use crate::{GraphError, NeuronKind};
use chip::{ChipSpec, Clock, CoreModel, Endpoint, Kinetics, PLAIN_SHIFT, Values, canonical_unit};
use fx::Weight;
use network::{Connections, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;
use units::{Decimal, Quantity, Unit};

/// Largest weight of a population as its core holds it: one unit of its last place is then a part in 2^30.
const WEIGHT_MAX: f64 = 1024.0;
/// Largest level of a population as its core holds it.
const LEVEL_MAX: f64 = 4_194_304.0;

/// What the host reads of a graph at one of its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The node.
    pub name: String,
    /// Index of the population that gives its values.
    pub population: usize,
    /// Whether these are the spikes of the population, or else its voltages.
    pub spikes: bool,
}

/// A population that came from a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    /// The node; that of an output for a population that only sums.
    pub node: String,
    /// What its neurons are; none: sums.
    pub kind: Option<NeuronKind>,
    /// The shape of its neurons, the last axis fastest.
    pub shape: Vec<u64>,
    /// Its rule.
    pub rule: Option<Rule>,
    /// Ticks by which its steps are later than those of the chip.
    pub phase: u32,
    /// Levels of its core are those of the graph times 2 to this.
    pub scale: i32,
    /// What an input of 1 is worth to each neuron, besides its weight: weights of the network are products with it.
    pub gain_in: Vec<f64>,
}

/// A graph as a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// The network, with its clock.
    pub network: Network,
    /// Its populations.
    pub built: Vec<Built>,
    /// What the host reads.
    pub outputs: Vec<Output>,
    /// Ticks of a step.
    pub step_ticks: u32,
    /// Half the last place of a voltage, relative to the smallest threshold: what rounding can do in one step.
    pub resolution: f64,
    /// What the chip does not do as the graph says, a sentence each.
    pub notes: Vec<String>,
    /// How weights and thresholds became those of the chip, a line a population.
    pub scales: Vec<String>,
}

/// What the population is called whose neuron spikes in every step, if no node is called so.
const EVERY_STEP: &str = "every-step";

/// What a population is built of.
struct Part<'a> {
    name: String,
    kind: Option<NeuronKind>,
    shape: Vec<u64>,
    rule: Option<Rule>,
    steps: Vec<Stepped>,
    /// By source of the graph: the map from it.
    from: &'a BTreeMap<String, Map>,
    /// By neuron: constants, with the step from which they count.
    bias: &'a [BTreeMap<u32, f64>],
    phase: u32,
    sends_voltage: bool,
}

/// The names of a chip's kinds of synapse for spikes and for numbers.
struct Kinds {
    spikes: String,
    numbers: String,
}

impl Kinds {
    fn of(spec: &ChipSpec) -> Option<Self> {
        let named =
            |kinetics: &Kinetics| spec.synapses.iter().find(|s| s.kinetics == *kinetics).map(|s| s.name.clone());
        Some(Self {
            spikes: named(&Kinetics::Slice { shift: PLAIN_SHIFT })?,
            numbers: named(&Kinetics::Number { shift: PLAIN_SHIFT })?,
        })
    }
}

/// The network of `graph` for `spec`.
///
/// # Errors
/// A chip without such neurons, and what the formats of its cores cannot hold.
pub(crate) fn steps(graph: &Graph, spec: &ChipSpec) -> Result<Steps, GraphError> {
    let not_here = || GraphError::Option {
        option: "--chip".into(),
        reason: format!(
            "chip `{}` has no core model `cuba-lif`, which takes the steps of a simulator; `ideal` has",
            spec.name
        ),
    };
    let kinds = Kinds::of(spec).filter(|_| spec.models.contains(&CoreModel::CubaLif)).ok_or_else(not_here)?;
    let (nothing, one) = (BTreeMap::new(), [BTreeMap::from([(0, 1.0)])]);
    let mut parts = parts(graph);
    let own = parts.len();
    if parts.iter().any(|part| part.further().next().is_some()) {
        let mut name = EVERY_STEP.to_owned();
        while parts.iter().any(|part| part.name == name) || graph.inputs().any(|(input, ..)| input == name) {
            name.push('-');
        }
        parts.push(Part::every_step(name, &nothing, &one));
    }
    let depth = parts.iter().map(|part| part.phase + 1).max().unwrap_or(1);
    // A power of two, so that a tick is a decimal.
    let step_ticks = depth.next_power_of_two();
    let mut network = Network { clock: Some(clock(graph.dt, step_ticks)?), ..Network::default() };
    for (name, size, _) in graph.inputs() {
        network.inputs.push(InputGroup::of_host(name, size));
    }
    let mut built = Vec::new();
    let mut smallest = f64::INFINITY;
    for part in &parts {
        let (population, made) = part.population(spec)?;
        if part.kind.is_some_and(NeuronKind::spikes) {
            let one = 2f64.powi(made.scale);
            let least = part.steps.iter().map(|s| s.threshold.abs() * one).fold(f64::INFINITY, f64::min);
            smallest = smallest.min(least);
        }
        network.populations.push(population);
        built.push(made);
    }
    for (post, (part, made)) in parts.iter().zip(&built).enumerate() {
        for (source, map) in part.from {
            let (pre, numbers, from_phase) = graph.source(source, |name| parts.iter().position(|p| p.name == name));
            let from_phase = from_phase.map(|index: usize| parts[index].phase);
            let synapse = if numbers { &kinds.numbers } else { &kinds.spikes };
            let delay = |entry: &Entry| {
                let steps = i64::from(entry.steps) * i64::from(step_ticks);
                // An event of the host arrives in its own tick with a delay of 1.
                let ticks = steps + i64::from(part.phase) - from_phase.map_or(-1, i64::from);
                u16::try_from(ticks).ok().filter(|ticks| *ticks > 0).ok_or_else(|| GraphError::Chip {
                    node: part.name.clone(),
                    reason: format!("a delay of {} steps is {ticks} ticks, more than {}", entry.steps, u16::MAX),
                })
            };
            let mut list = Vec::with_capacity(map.iter().map(Vec::len).sum());
            for (n, row) in map.iter().enumerate() {
                let one = made.gain_in[n] * 2f64.powi(made.scale) * f64::from(1 << Weight::FRACTION_BITS);
                for entry in row {
                    let bits = (entry.factor * one).round();
                    if !bits.is_finite() {
                        let reason = format!("a weight of {} times {} is no number", entry.factor, made.gain_in[n]);
                        return Err(GraphError::Chip { node: part.name.clone(), reason });
                    }
                    let weight = Weight::from_bits(bits as i32);
                    list.push((entry.column, n as u32, weight, delay(entry)?));
                }
            }
            let senders = network.size_of(pre).expect("sources are ends of the network");
            let connections = Connections::from_delayed_list(senders, list);
            network.projections.push(projection(source, &part.name, (pre, post), synapse, connections));
        }
    }
    if let Some(clock) = parts.get(own) {
        for (post, (part, made)) in parts.iter().zip(&built).enumerate() {
            let late = |(n, steps, value): (usize, u32, f64)| {
                let ticks = i64::from(steps) * i64::from(step_ticks) + i64::from(part.phase);
                let delay = u16::try_from(ticks).map_err(|_| GraphError::Chip {
                    node: part.name.clone(),
                    reason: format!("a bias that is {steps} steps late is {ticks} ticks late, more than {}", u16::MAX),
                })?;
                let one = made.gain_in[n] * 2f64.powi(made.scale) * f64::from(1 << Weight::FRACTION_BITS);
                Ok((0, n as u32, Weight::from_bits((value * one).round() as i32), delay))
            };
            let list: Vec<_> = part.further().map(late).collect::<Result<_, GraphError>>()?;
            if !list.is_empty() {
                let (from, to) = (&clock.name, &part.name);
                let connections = Connections::from_delayed_list(1, list);
                network.projections.push(projection(
                    from,
                    to,
                    (Endpoint::Population(own), post),
                    &kinds.spikes,
                    connections,
                ));
            }
        }
    }
    let outputs = graph.outputs.iter().map(|(name, output)| {
        let node = match output {
            OutputSource::Neurons(node) => node,
            OutputSource::Sum { .. } => name,
        };
        let population = parts.iter().position(|part| part.name == *node).expect("an output is a population");
        Output { name: name.clone(), population, spikes: parts[population].kind.is_some_and(NeuronKind::spikes) }
    });
    let outputs = outputs.collect();
    let resolution = 2f64.powi(-33) / smallest;
    Ok(Steps { network, built, outputs, step_ticks, resolution, notes: Vec::new(), scales: Vec::new() })
}

/// A projection between two nodes through one kind of synapse.
fn projection(
    from: &str,
    to: &str,
    (pre, post): (Endpoint, usize),
    synapse: &str,
    connections: Connections,
) -> Projection {
    Projection {
        name: format!("{from} -> {to}"),
        pre,
        post,
        synapse: SynapseChoice { excitatory: synapse.to_owned(), inhibitory: synapse.to_owned() },
        mask: Mask::all(connections.len()),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    }
}

/// The populations of a graph, in the order of their steps.
fn parts(graph: &Graph) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for unit in &graph.units {
        parts.push(Part {
            name: unit.name.clone(),
            kind: Some(unit.neurons.kind),
            shape: unit.shape.clone(),
            rule: Some(unit.rule),
            steps: (0..unit.count()).map(|n| unit.neurons.step(n, &unit.rule, graph.dt)).collect(),
            from: &unit.from,
            bias: &unit.bias,
            phase: unit.depth,
            sends_voltage: graph.is_heard(&unit.name),
        });
    }
    for (name, output) in &graph.outputs {
        if let OutputSource::Sum { shape, from, bias, depth } = output {
            let count = shape.iter().product::<u64>() as usize;
            parts.push(Part {
                name: name.clone(),
                kind: None,
                shape: shape.clone(),
                rule: None,
                steps: vec![SUM; count],
                from,
                bias,
                phase: *depth,
                sends_voltage: false,
            });
        }
    }
    parts
}

/// The clock of steps of `dt` seconds.
fn clock(dt: f64, step_ticks: u32) -> Result<Clock, GraphError> {
    let wrong = || GraphError::Option {
        option: "--dt".into(),
        reason: format!("{dt} s is no length of a step that can be kept"),
    };
    // The shortest decimal that is this number.
    let step: Decimal = format!("{dt:e}").parse().map_err(|_| wrong())?;
    // 1/2^n = 5^n/10^n.
    let places = step_ticks.trailing_zeros();
    let tick = 5i64.checked_pow(places).and_then(|factor| step.mantissa().checked_mul(factor)).ok_or_else(wrong)?;
    let tick = Decimal::new(tick, step.exponent() - places as i16);
    Ok(Clock { tick: Quantity::new(tick, Unit::SECOND), step: Quantity::new(step, Unit::SECOND) })
}

/// A neuron whose voltage is what arrives in its step.
const SUM: Stepped = Stepped {
    keep_current: 0.0,
    gain_in: 1.0,
    keep_voltage: 0.0,
    gain: 1.0,
    rest_current: 0.0,
    rest_voltage: 0.0,
    threshold: 1.0,
    reset: 0.0,
    v_initial: 0.0,
    i_initial: 0.0,
};

impl<'a> Part<'a> {
    /// A neuron that spikes in every step, because its constant of 1 reaches its threshold.
    fn every_step(name: String, from: &'a BTreeMap<String, Map>, bias: &'a [BTreeMap<u32, f64>]) -> Self {
        let rule = Rule { at_threshold: true, ..crate::Like::Euler.rule(NeuronKind::If) };
        let (kind, rule, shape, steps) = (Some(NeuronKind::If), Some(rule), vec![1], vec![SUM]);
        Self { name, kind, shape, rule, steps, from, bias, phase: 0, sends_voltage: false }
    }

    /// What the core of neuron `n` holds itself: the constant that counts from the start, and the first that counts
    /// from a later step, with that step.
    fn held(&self, n: usize) -> (f64, (u32, f64)) {
        let late = self.bias[n].iter().find(|(steps, _)| **steps > 0);
        (self.bias[n].get(&0).copied().unwrap_or(0.0), late.map_or((0, 0.0), |(steps, value)| (*steps, *value)))
    }

    /// The other constants: neuron, step from which it counts, value.
    fn further(&self) -> impl Iterator<Item = (usize, u32, f64)> {
        let late = |(n, own): (usize, &'a BTreeMap<u32, f64>)| {
            own.range(1..).skip(1).map(move |(steps, value)| (n, *steps, *value))
        };
        self.bias.iter().enumerate().flat_map(late)
    }

    /// The largest power of two by which levels and weights of the neurons can be multiplied.
    fn scale(&self) -> Result<i32, GraphError> {
        let weight = |row: &Vec<Entry>, n: usize| {
            row.iter().map(|entry| (entry.factor * self.steps[n].gain_in).abs()).fold(0.0, f64::max)
        };
        let rows = self.from.values().flat_map(|map| map.iter().enumerate());
        let further = self.further().map(|(n, _, value)| (value * self.steps[n].gain_in).abs());
        let weight = rows.map(|(n, row)| weight(row, n)).chain(further).fold(0.0, f64::max);
        let level = |s: &Stepped| {
            [s.threshold, s.reset, s.v_initial, s.i_initial, s.rest_current, s.rest_voltage]
                .iter()
                .fold(0.0f64, |most, level| most.max(level.abs()))
        };
        let bias =
            self.bias.iter().zip(&self.steps).flat_map(|(bias, step)| bias.values().map(|b| (b * step.gain_in).abs()));
        let level = self.steps.iter().map(level).chain(bias).fold(0.0, f64::max);
        // Beyond this, sums of many small weights would have too little room below the ends of a state.
        let most = chip::registers::SCALE_MAX.min(20);
        let fits = |scale: i32| weight * 2f64.powi(scale) < WEIGHT_MAX && level * 2f64.powi(scale) < LEVEL_MAX;
        (-chip::registers::SCALE_MAX..=most).rev().find(|scale| fits(*scale)).ok_or_else(|| GraphError::Chip {
            node: self.name.clone(),
            reason: format!(
                "weights of {weight} and levels of {level} are beyond the numbers of the core model `cuba-lif`"
            ),
        })
    }

    fn population(&self, spec: &ChipSpec) -> Result<(Population, Built), GraphError> {
        let scale = self.scale()?;
        let one = 2f64.powi(scale);
        let unit = |name: &str| match spec.parameters.get(name) {
            Some(parameter) => canonical_unit(parameter.nominal.quantity.unit.dimension()),
            None => Unit::ONE,
        };
        let mut parameters = BTreeMap::new();
        let mut beyond = None;
        let mut set = |name: &'static str, value: &dyn Fn(usize) -> f64| {
            let large = (0..self.steps.len()).map(value).find(|value| value.is_nan() || value.abs() > LEVEL_MAX);
            beyond = beyond.or(large.map(|value| (name, value)));
            let all: Vec<Quantity> =
                (0..self.steps.len()).map(|n| Quantity::new(decimal(value(n)), unit(name))).collect();
            let values = match all.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other == first) => Values::Shared(*first),
                _ => Values::PerNeuron(all),
            };
            parameters.insert(name.to_owned(), values);
        };
        set("keep_current", &|n| self.steps[n].keep_current);
        set("gain_current", &|_| 1.0);
        set("keep_voltage", &|n| self.steps[n].keep_voltage);
        set("gain_voltage", &|n| self.steps[n].gain);
        set("v_threshold", &|n| self.steps[n].threshold * one);
        set("v_reset", &|n| self.steps[n].reset * one);
        set("v_initial", &|n| self.steps[n].v_initial * one);
        set("i_initial", &|n| self.steps[n].i_initial * one);
        set("rest_current", &|n| self.steps[n].rest_current * one);
        set("rest_voltage", &|n| self.steps[n].rest_voltage * one);
        let input = |n: usize| self.steps[n].gain_in * one;
        set("bias", &|n| self.held(n).0 * input(n));
        set("bias_late", &|n| self.held(n).1.1 * input(n));
        set("late_steps", &|n| f64::from(self.held(n).1.0));
        let spikes = self.kind.is_some_and(NeuronKind::spikes);
        let rule = self.rule.unwrap_or(crate::Like::Euler.rule(NeuronKind::Li));
        for (name, value) in registers(&rule, spikes, self.sends_voltage) {
            set(name, &|_| value as f64);
        }
        set("scale", &|_| f64::from(scale));
        set("phase", &|_| f64::from(self.phase));
        if let Some((name, value)) = beyond {
            let reason = format!("its `{name}` would be {value}, beyond the numbers of the core model `cuba-lif`");
            return Err(GraphError::Chip { node: self.name.clone(), reason });
        }
        let population = Population {
            name: self.name.clone(),
            size: self.steps.len() as u32,
            model: CoreModel::CubaLif,
            parameters,
        };
        let built = Built {
            node: self.name.clone(),
            kind: self.kind,
            shape: self.shape.clone(),
            rule: self.rule,
            phase: self.phase,
            scale,
            gain_in: self.steps.iter().map(|step| step.gain_in).collect(),
        };
        Ok((population, built))
    }
}

/// A number that is at most [`LEVEL_MAX`] in size (others are cut) as a decimal that a core rounds to its nearest unit
/// of 2^-32.
fn decimal(value: f64) -> Decimal {
    /// Places that tell units of 2^-32 apart.
    const PLACES: u32 = 11;
    let units = (value.clamp(-LEVEL_MAX, LEVEL_MAX) * (1u64 << 32) as f64).round() as i128;
    let scaled = units * 10i128.pow(PLACES);
    let nearest = (scaled + (1 << 31)) >> 32;
    Decimal::new(fx::narrow(nearest), -(PLACES as i16))
}
