//! A graph on a chip whose neurons are its own: as near as its circuits or registers come to the graph's.
//!
//! A chip that does not take the steps of a simulator has equations and registers of its own. What they have in common
//! with a graph is taken over: time constants, thresholds by way of the weights, constant inputs, delays; and each
//! population has a scale of its own, because only weights relative to the threshold matter to a neuron. What a chip
//! cannot do as the graph says is a note.
//!
//! * **Analog neurons** (`lif`, `analog-lif`): weights in units of the threshold, as the charge that one spike brings
//!   to the membrane. `CubaLIF` sits behind exponential synapses with its time constant; `LIF` and `IF` behind steps of
//!   the membrane, or the chip's own synapses where it has no others.
//! * **Loihi**: decays in units of 1/4096, and one factor for weights, threshold and bias of a population, with which
//!   the largest weight is as large as the format of the chip allows.
//! * **Xylo**: decays by shifts, weights as the charge that one spike brings to the membrane, and thresholds and biases
//!   as they are: the mapper brings those of a layer to whole numbers (`--scale auto`).

use crate::build::{Built, Output, Steps};
use crate::graph::{Graph, OutputSource, Unit};
use crate::linear::{Entry, Map};
use crate::rule::{ResetTo, ResetWhen};
use crate::step::Stepped;
use crate::{GraphError, NeuronKind};
use chip::{ChipSpec, CoreModel, Endpoint, Kinetics, Values, canonical_unit};
use fx::Weight;
use network::{Connections, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;
use units::{Decimal, Quantity, Unit as PhysicalUnit};

/// Largest weight of a network, as a number.
const WEIGHT_MAX: f64 = 2032.0;
/// Largest threshold mantissa that is chosen on Loihi: half of the register, so that voltages have room above it.
const MANTISSA_MAX: f64 = 65_535.0;
/// Most ticks of a step.
const TICKS_MAX: f64 = 1e9;
/// Levels of a Loihi neuron in a unit of a weight or of a threshold mantissa.
const LOIHI_UNIT: f64 = 64.0;

/// What a spike is worth and which parameters a neuron has, on a chip of some kind.
struct Target<'a> {
    spec: &'a ChipSpec,
    model: CoreModel,
    /// Seconds that a step takes on the chip.
    step_time: f64,
    dt: f64,
    notes: Vec<String>,
    scales: Vec<String>,
}

/// The network of `graph` for `spec`, whose first core model that is none of a simulator's steps it takes.
///
/// # Errors
/// Nodes and delays that the chip does not have, inputs that are numbers, and levels beyond its registers.
pub(crate) fn on_chip(graph: &Graph, spec: &ChipSpec, step_time: Option<f64>) -> Result<Steps, GraphError> {
    let known = |model: &&CoreModel| {
        matches!(model, CoreModel::Lif | CoreModel::AnalogLif | CoreModel::Loihi | CoreModel::Xylo)
    };
    let model = *spec.models.iter().find(known).ok_or_else(|| GraphError::Option {
        option: "--chip".into(),
        reason: format!("chip `{}` has no core model that takes a graph", spec.name),
    })?;
    let step_time = step_time.unwrap_or(graph.dt);
    let mut target = Target { spec, model, step_time, dt: graph.dt, notes: Vec::new(), scales: Vec::new() };
    let step_ticks = target.ticks_of_step()?;
    let mut network = Network::default();
    for (name, size, numbers) in graph.inputs() {
        if numbers {
            let reason = "it sends numbers, and a chip takes spikes; encode them, or run on `ideal`".into();
            return Err(GraphError::Chip { node: name.into(), reason });
        }
        network.inputs.push(InputGroup::of_host(name, size));
    }
    let mut built = Vec::new();
    for unit in &graph.units {
        let (population, scale) = target.population(unit)?;
        network.populations.push(population);
        built.push(Built {
            node: unit.name.clone(),
            kind: Some(unit.neurons.kind),
            shape: unit.shape.clone(),
            rule: Some(unit.rule),
            phase: 0,
            scale: 0,
            gain_in: scale,
        });
    }
    for (post, unit) in graph.units.iter().enumerate() {
        for (source, map) in &unit.from {
            let (pre, _, _) = graph.source(source, |name| graph.units.iter().position(|unit| unit.name == name));
            let projection =
                target.projection(unit, &built[post].gain_in, (source, pre, post), map, &network, step_ticks)?;
            network.projections.push(projection);
        }
    }
    let mut outputs = Vec::new();
    for (name, output) in &graph.outputs {
        match output {
            OutputSource::Neurons(node) => {
                let population = graph.units.iter().position(|unit| unit.name == *node).expect("outputs are nodes");
                outputs.push(Output { name: name.clone(), population, spikes: true });
            }
            OutputSource::Sum { .. } => target.notes.push(format!(
                "output `{name}` is a sum of what nodes send, which no neuron of chip `{}` is: read the neurons before it",
                spec.name
            )),
        }
    }
    Ok(Steps { network, built, outputs, step_ticks, resolution: 0.0, notes: target.notes, scales: target.scales })
}

impl Target<'_> {
    /// Ticks of a step of the graph.
    fn ticks_of_step(&self) -> Result<u32, GraphError> {
        let tick = seconds(self.spec.tick.quantity);
        let ticks = (self.step_time / tick).round();
        let off = (ticks * tick - self.step_time).abs();
        if (1.0..=TICKS_MAX).contains(&ticks) && off <= 1e-9 * self.step_time {
            return Ok(ticks as u32);
        }
        let reason = format!(
            "a step of {} s is not a whole number, from 1 to {TICKS_MAX}, of the ticks of chip `{}`, {} each",
            self.step_time, self.spec.name, self.spec.tick.quantity
        );
        Err(GraphError::Option { option: "--step-time".into(), reason })
    }

    /// The population of a node, and what a weight of 1 is worth to each of its neurons in the network.
    fn population(&mut self, unit: &Unit) -> Result<(Population, Vec<f64>), GraphError> {
        let node = || unit.name.clone();
        let spec = self.spec;
        if !unit.neurons.kind.spikes() || unit.neurons.kind == NeuronKind::Threshold {
            let reason = format!(
                "a neuron of type {} sends or needs numbers, which chip `{}` does not have; `ideal` has",
                unit.neurons.kind.name(),
                spec.name
            );
            return Err(GraphError::Chip { node: node(), reason });
        }
        let steps: Vec<Stepped> = (0..unit.count()).map(|n| unit.neurons.step(n, &unit.rule, self.dt)).collect();
        if let Some(n) = steps.iter().position(|step| step.threshold <= 0.0) {
            let reason = format!("neuron {n} has a threshold of {}, and on a chip it is above 0", steps[n].threshold);
            return Err(GraphError::Chip { node: node(), reason });
        }
        // The charge that an input of 1 brings to the membrane.
        let charges: Vec<f64> = steps.iter().map(|s| s.gain * s.gain_in / (1.0 - s.keep_current)).collect();
        let (parameters, scale) = match self.model {
            CoreModel::Loihi => self.loihi(unit, &steps)?,
            CoreModel::Xylo => self.xylo(unit, &steps)?,
            _ => self.analog(unit, &steps, &charges)?,
        };
        let rule = unit.rule;
        let own = match self.model {
            CoreModel::Loihi => (ResetTo::Zero, false),
            CoreModel::Xylo => (ResetTo::Subtract, true),
            _ => (ResetTo::Value, false),
        };
        let resets_alike = rule.reset == own.0 || rule.reset != ResetTo::Subtract && own.0 != ResetTo::Subtract;
        if !resets_alike || rule.when != ResetWhen::Same {
            self.notes.push(format!(
                "node `{}`: neurons of chip `{}` reset {} in the step of the spike, and those of the graph by another \
                 rule",
                unit.name,
                spec.name,
                if own.0 == ResetTo::Subtract { "by subtraction" } else { "to a value" }
            ));
        }
        if rule.spikes_max != Some(1) && !own.1 {
            self.notes.push(format!("node `{}`: neurons of chip `{}` spike once a step at most", unit.name, spec.name));
        }
        let (name, size, model) = (node(), unit.count() as u32, self.model);
        Ok((Population { name, size, model, parameters }, scale))
    }

    /// A parameter of all neurons: one value each where the chip has that, or the mean.
    fn values(&mut self, unit: &Unit, name: &str, values: &[f64], of: impl Fn(f64) -> Quantity) -> Option<Values> {
        let parameter = self.spec.parameters.get(name)?;
        let first = values[0];
        if values.iter().all(|value| *value == first) {
            return Some(Values::Shared(of(first)));
        }
        let core_wide = self.model.is_core_wide(name);
        if self.spec.parameters_per_neuron && !core_wide {
            return Some(Values::PerNeuron(values.iter().map(|value| of(*value)).collect()));
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let (low, high) = values.iter().fold((first, first), |(low, high), v| (low.min(*v), high.max(*v)));
        let unit_name = canonical_unit(parameter.nominal.quantity.unit.dimension());
        self.notes.push(format!(
            "node `{}`: neurons share `{name}` on chip `{}`, so that all have the mean, {}, of values from {low:.4} to \
             {high:.4} {unit_name}",
            unit.name,
            self.spec.name,
            of(mean)
        ));
        Some(Values::Shared(of(mean)))
    }

    fn analog(
        &mut self,
        unit: &Unit,
        steps: &[Stepped],
        charges: &[f64],
    ) -> Result<(BTreeMap<String, Values>, Vec<f64>), GraphError> {
        let mut parameters = BTreeMap::new();
        let stretch = self.step_time / self.dt;
        let neurons = &unit.neurons;
        let of_each = |values: &[f64]| -> Vec<f64> {
            (0..steps.len()).map(|n| values[if values.len() == 1 { 0 } else { n }] * stretch * 1e3).collect()
        };
        let milliseconds = |value: f64| quantity(value, PhysicalUnit::MILLISECOND);
        if neurons.kind.leaks() {
            let values = of_each(&neurons.tau);
            let values = self.values(unit, "tau_mem", &values, milliseconds);
            parameters.extend(values.map(|values| ("tau_mem".to_owned(), values)));
        } else {
            self.notes.push(format!(
                "node `{}`: its neurons do not leak, and those of chip `{}` do, with their own `tau_mem`",
                unit.name, self.spec.name
            ));
        }
        for inhibitory in [false, true] {
            let Some(kind) = self.synapse(neurons.kind, inhibitory) else { continue };
            let Kinetics::Exponential { tau } = &self.spec.synapses[kind].kinetics else { continue };
            let tau = tau.clone();
            if neurons.kind.has_current() {
                let values = of_each(&neurons.tau_syn);
                let values = self.values(unit, &tau, &values, milliseconds);
                parameters.extend(values.map(|values| (tau, values)));
            } else if !inhibitory {
                self.notes.push(format!(
                    "node `{}`: an input steps its membrane, and on chip `{}` it comes through a synapse that decays \
                     with `{tau}`",
                    unit.name, self.spec.name
                ));
            }
        }
        let nominal = self.spec.level(self.model);
        let level = |value: f64| {
            let unit = canonical_unit(nominal.unit.dimension());
            let one: f64 = nominal.value_in(unit).ok().and_then(|v| v.to_string().parse().ok()).unwrap_or(1.0);
            quantity(value * one, unit)
        };
        let drive = |n: usize, step: &Stepped| {
            let lost = 1.0 - step.keep_voltage;
            if lost > 0.0 { constant(unit, n, step) / lost / step.threshold } else { 0.0 }
        };
        let drive: Vec<f64> = steps.iter().enumerate().map(|(n, step)| drive(n, step)).collect();
        if drive.iter().any(|drive| *drive != 0.0) {
            match self.values(unit, "drive", &drive, level) {
                Some(values) => {
                    parameters.insert("drive".to_owned(), values);
                }
                None => self.notes.push(format!(
                    "node `{}`: its constant input is lost, because chip `{}` has no `drive`",
                    unit.name, self.spec.name
                )),
            }
        }
        let resets: Vec<f64> = steps.iter().map(|step| step.reset / step.threshold).collect();
        if resets.iter().any(|reset| *reset != 0.0) {
            match self.values(unit, "v_reset", &resets, level) {
                Some(values) => {
                    parameters.insert("v_reset".to_owned(), values);
                }
                None => self.notes.push(format!(
                    "node `{}`: its `v_reset` is lost, because chip `{}` has none",
                    unit.name, self.spec.name
                )),
            }
        }
        let scale: Vec<f64> = charges.iter().zip(steps).map(|(charge, step)| charge / step.threshold).collect();
        let (low, high) = scale.iter().fold((scale[0], scale[0]), |(low, high), s| (low.min(*s), high.max(*s)));
        let shown = if low == high { format!("{low:.4}") } else { format!("{low:.4} to {high:.4}") };
        self.scales.push(format!("{}: weights times {shown}, in units of the chip's threshold", unit.name));
        Ok((parameters, scale))
    }

    fn loihi(&mut self, unit: &Unit, steps: &[Stepped]) -> Result<(BTreeMap<String, Values>, Vec<f64>), GraphError> {
        let number = |value: f64| quantity(value.round(), PhysicalUnit::ONE);
        let gains: Vec<f64> = steps.iter().map(|step| step.gain * step.gain_in).collect();
        let weight = largest(unit, &gains);
        let threshold = steps.iter().map(|step| step.threshold).fold(0.0, f64::max);
        let most = MANTISSA_MAX / threshold;
        // As large as the registers of thresholds allow; the largest weight is then a mantissa of 254 times a power of
        // 2.
        let mut factor = if weight > 0.0 { 254.0 / weight } else { most };
        while factor > most {
            factor /= 2.0;
        }
        while factor * 2.0 <= most && weight * factor * 2.0 <= WEIGHT_MAX {
            factor *= 2.0;
        }
        let least = steps.iter().map(|step| step.threshold * factor).fold(f64::INFINITY, f64::min);
        if least < 1.0 {
            let reason =
                format!("its thresholds are too small beside its weights: they become {least:.3} of a register");
            return Err(GraphError::Chip { node: unit.name.clone(), reason });
        }
        let lost = |keep: f64| ((1.0 - keep) * 4096.0).clamp(0.0, 4096.0);
        let of = |value: &dyn Fn(&Stepped) -> f64| -> Vec<f64> { steps.iter().map(value).collect() };
        let mut parameters = BTreeMap::new();
        let bias: Vec<f64> =
            steps.iter().enumerate().map(|(n, step)| constant(unit, n, step) * factor * LOIHI_UNIT).collect();
        let peak = bias.iter().map(|bias| bias.abs()).fold(0.0, f64::max);
        let exponent = (0..=chip::registers::BIAS_EXPONENT_MAX)
            .find(|exponent| peak / 2f64.powi(*exponent) <= f64::from(chip::registers::BIAS_MANTISSA_MAX))
            .ok_or_else(|| GraphError::Chip {
                node: unit.name.clone(),
                reason: format!("a constant input of {peak:.0} is beyond the registers of Loihi"),
            })?;
        let mut lists = vec![
            ("decay_u", of(&|step| lost(step.keep_current))),
            ("decay_v", of(&|step| lost(step.keep_voltage))),
            ("v_threshold", of(&|step| step.threshold * factor)),
        ];
        if peak > 0.0 {
            lists.push(("bias_mantissa", bias.iter().map(|bias| bias / 2f64.powi(exponent)).collect()));
            lists.push(("bias_exponent", vec![f64::from(exponent); steps.len()]));
        }
        for (name, values) in lists {
            let rounded: Vec<f64> = values.iter().map(|value| value.round()).collect();
            let rounded = self.within_range(unit, name, rounded);
            if let Some(values) = self.values(unit, name, &rounded, number) {
                parameters.insert(name.to_owned(), values);
            }
        }
        self.scales.push(format!("{}: weights, thresholds and biases times {factor:.4}", unit.name));
        Ok((parameters, gains.iter().map(|gain| gain * factor).collect()))
    }

    /// Values kept within what the chip allows, with a note if one is not.
    fn within_range(&mut self, unit: &Unit, name: &str, values: Vec<f64>) -> Vec<f64> {
        let number = |fact: &chip::Fact| fact.quantity.value.to_string().parse::<f64>().ok();
        let range = self.spec.parameters.get(name).and_then(|parameter| parameter.range.as_ref());
        let Some((low, high)) = range.and_then(|(low, high)| Some((number(low)?, number(high)?))) else {
            return values;
        };
        let kept: Vec<f64> = values.iter().map(|value| value.clamp(low, high)).collect();
        let cut = kept.iter().zip(&values).filter(|(kept, value)| kept != value).count();
        if cut > 0 {
            self.notes.push(format!(
                "node `{}`: {cut} values of `{name}` are beyond the {low} to {high} of chip `{}`, and kept within",
                unit.name, self.spec.name
            ));
        }
        kept
    }

    fn xylo(&mut self, unit: &Unit, steps: &[Stepped]) -> Result<(BTreeMap<String, Values>, Vec<f64>), GraphError> {
        let number = |value: f64| quantity(value, PhysicalUnit::ONE);
        let shift = |keep: f64| {
            let lost = 1.0 - keep;
            if lost >= 1.0 { 0.0 } else { (-lost.log2()).round().clamp(0.0, f64::from(chip::registers::DASH_MAX)) }
        };
        let of = |value: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..steps.len()).map(value).collect() };
        let bias = of(&|n| constant(unit, n, &steps[n]));
        // A current decays after it has taken its input: with a shift of 0 nothing would ever reach the membrane.
        let dash_syn = of(&|n| shift(steps[n].keep_current).max(1.0));
        if steps.iter().any(|step| step.keep_current == 0.0) {
            self.notes.push(format!(
                "node `{}`: an input steps its membrane, and on chip `{}` it comes through a current that halves in \
                 each step",
                unit.name, self.spec.name
            ));
        }
        if !unit.neurons.kind.leaks() {
            self.notes.push(format!(
                "node `{}`: its neurons do not leak, and membranes of chip `{}` lose at least 1 in each step",
                unit.name, self.spec.name
            ));
        }
        // A spike of weight 1 brings 1/2 + 1/4 + .. of it to the membrane with a shift of 1, and 2^dash - 1 with any.
        let gains = of(&|n| {
            let charge = steps[n].gain * steps[n].gain_in / (1.0 - steps[n].keep_current);
            charge / (2f64.powi(dash_syn[n] as i32) - 1.0)
        });
        let mut lists = vec![
            ("dash_mem", of(&|n| shift(steps[n].keep_voltage))),
            ("dash_syn", dash_syn),
            ("threshold", of(&|n| steps[n].threshold)),
        ];
        if bias.iter().any(|bias| *bias != 0.0) {
            lists.push(("bias", bias));
        }
        let mut parameters = BTreeMap::new();
        for (name, values) in lists {
            if let Some(values) = self.values(unit, name, &values, number) {
                parameters.insert(name.to_owned(), values);
            }
        }
        Ok((parameters, gains))
    }

    /// The kind of synapse for inputs of this sign onto neurons of this kind.
    fn synapse(&self, kind: NeuronKind, inhibitory: bool) -> Option<usize> {
        let delta = |s: &chip::SynapseType| matches!(s.kinetics, Kinetics::Delta) && self.model.takes(s);
        let wanted = if kind.has_current() { None } else { self.spec.synapses.iter().position(delta) };
        wanted.or_else(|| self.spec.default_synapse(self.model, inhibitory))
    }

    fn projection(
        &self,
        unit: &Unit,
        scale: &[f64],
        (source, pre, post): (&str, Endpoint, usize),
        map: &Map,
        network: &Network,
        step_ticks: u32,
    ) -> Result<Projection, GraphError> {
        let name = |inhibitory| {
            self.synapse(unit.neurons.kind, inhibitory).map(|kind| self.spec.synapses[kind].name.clone()).ok_or_else(
                || {
                    let reason = format!("chip `{}` has no kind of synapse for it", self.spec.name);
                    GraphError::Chip { node: unit.name.clone(), reason }
                },
            )
        };
        let synapse = SynapseChoice { excitatory: name(false)?, inhibitory: name(true)? };
        // On chips with steps of their own, an event takes the chip's shortest time, and a late edge is no later: the
        // step of a loop is the time that its events take.
        let late = |entry: &Entry| u32::from(self.closes_loop(entry, pre));
        let delay = |entry: &Entry| {
            let ticks = u64::from(entry.steps - late(entry).min(entry.steps)) * u64::from(step_ticks);
            u16::try_from(ticks.max(1)).map_err(|_| GraphError::Chip {
                node: unit.name.clone(),
                reason: format!("a delay of {} steps is {ticks} ticks, more than {}", entry.steps, u16::MAX),
            })
        };
        let mut list = Vec::with_capacity(map.iter().map(Vec::len).sum());
        for (n, row) in map.iter().enumerate() {
            let one = scale[n] * f64::from(1 << Weight::FRACTION_BITS);
            for entry in row {
                list.push((entry.column, n as u32, entry.factor * one, delay(entry)?));
            }
        }
        // Registers of whole numbers can be beyond the weights of a network, which then count a power of two.
        let most = if self.model == CoreModel::Xylo { WeightFormat::SCALE_MAX } else { 0 };
        let part = |bits: f64, power: u8| bits / 2f64.powi(power.into());
        let fits = |power: &u8| list.iter().all(|(.., bits, _)| part(*bits, *power).abs() < f64::from(i32::MAX));
        let power = (0..=most).find(fits).ok_or_else(|| {
            let largest = list.iter().fold(0.0f64, |most, (.., bits, _)| most.max(bits.abs()));
            let largest = largest / f64::from(1 << Weight::FRACTION_BITS);
            let reason = format!("a weight of {largest} thresholds is beyond the numbers of a network");
            GraphError::Chip { node: unit.name.clone(), reason }
        })?;
        let weight = |bits: f64| Weight::from_bits(part(bits, power).round() as i32);
        let list: Vec<_> = list.into_iter().map(|(pre, post, bits, delay)| (pre, post, weight(bits), delay)).collect();
        let senders = network.size_of(pre).expect("sources are ends of the network");
        let first = list.first().map_or(1, |(.., delay)| *delay);
        let alike = list.iter().all(|(.., delay)| *delay == first);
        let connections = if alike {
            Connections::from_list(
                senders,
                list.into_iter().map(|(pre, post, weight, _)| (pre, post, weight)).collect(),
            )
        } else {
            Connections::from_delayed_list(senders, list)
        };
        Ok(Projection {
            name: format!("{source} -> {}", unit.name),
            pre,
            post,
            synapse,
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: if alike { first } else { 1 },
            weight_format: WeightFormat { scale: power, ..WeightFormat::default() },
        })
    }

    /// Whether the one step of this entry is that of a loop, which the chip's own delay stands for.
    fn closes_loop(&self, entry: &Entry, pre: Endpoint) -> bool {
        entry.steps > 0 && matches!(pre, Endpoint::Population(_))
    }
}

/// What the constants of neuron `n` add to its voltage in each step, once its current has settled.
fn constant(unit: &Unit, n: usize, step: &Stepped) -> f64 {
    let bias: f64 = unit.bias[n].values().sum();
    let input = step.gain_in * bias + step.rest_current;
    let current = if input == 0.0 { 0.0 } else { input / (1.0 - step.keep_current) };
    step.gain * current + step.rest_voltage
}

/// The largest weight onto a node, times what an input of 1 is worth.
fn largest(unit: &Unit, gains: &[f64]) -> f64 {
    let rows = unit.from.values().flat_map(|map| map.iter().enumerate());
    let row = |(n, row): (usize, &Vec<Entry>)| row.iter().map(|e| (e.factor * gains[n]).abs()).fold(0.0, f64::max);
    rows.map(row).fold(0.0, f64::max)
}

fn seconds(time: Quantity) -> f64 {
    let value = time.value_in(PhysicalUnit::SECOND).ok();
    value.and_then(|value| value.to_string().parse().ok()).unwrap_or(0.0)
}

/// A number with twelve significant digits. One that no decimal holds is as large as these are, for the chip to refuse.
fn quantity(value: f64, unit: PhysicalUnit) -> Quantity {
    let value = if value.is_nan() { f64::INFINITY } else { value }.clamp(-1e290, 1e290);
    let value: Decimal = format!("{value:.11e}").parse().unwrap_or(Decimal::ZERO);
    Quantity::new(value, unit)
}
