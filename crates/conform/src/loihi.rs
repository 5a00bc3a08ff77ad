//! A recorded network of Loihi neurons as a program, and what its neurons did when the kernel ran it.
//!
//! Nothing here knows a file format. A replay describes groups of neurons and the wires between them; [`Network::run`]
//! puts the groups onto cores and the wires into rows, and reads every register. A wire whose sums are rounded down
//! gets a kind of synapse of its own for each delay, because a core rounds what arrives in a step once a kind.

use crate::case::Case;
use crate::error::ConformError;
use crate::machine::{Channels, Machine, Probe, Run, ideal_chip, number, parameter};
use crate::outcome::{Arrival, Comparison, Overflow};
use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Kinetics, Program, RulesSpec, Source, SynapseSign,
    SynapseType, Values,
};
use device_models::DeviceModelError;
use device_models::loihi::{LoihiRules, Register, WeightFormat};
use emulator::EmulatorError;
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, Decimal, InputId, NeuronAddress, NeuronId, Quantity};

/// Neurons of a core are a multiple of this, except those of the last core of a group.
const CORE_STEP: usize = 64;
/// Places for sums that a core has for all its kinds of synapse.
const CORE_PLACES: usize = 1 << 16;
/// Kinds of synapse that a program can name.
const KINDS_MAX: usize = 1 << 8;
/// Weights are stored in 16 bits; a larger one is a pair, of which the second counts this many powers of two more.
const PAIR_EXPONENT: i32 = 16;

/// What an input emits: a row of payloads per step, 0 for none.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) channels: usize,
    pub(crate) rows: Vec<i32>,
}

/// Neurons that are described together.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) neurons: usize,
    /// Values of each neuron, by the names that the core model gives its parameters.
    pub(crate) parameters: BTreeMap<&'static str, Vec<i32>>,
    /// Draws of noise, a row per step; none if no neuron has noise.
    pub(crate) draws: Option<Vec<i32>>,
}

impl Group {
    /// Whether its spikes have a sign.
    fn is_ternary(&self) -> bool {
        self.parameters.contains_key(LOWER_THRESHOLD)
    }
}

/// The parameter that makes neurons ternary.
const LOWER_THRESHOLD: &str = "v_threshold_low";

/// Where a wire begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Input(usize),
    Group(usize),
}

/// One synapse of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Synapse {
    /// The neuron or channel that sends.
    pub(crate) pre: u32,
    /// Steps until it arrives, beyond the latency of the wire.
    pub(crate) delay: u32,
    /// The neuron that receives.
    pub(crate) post: u32,
    /// What an event adds, before the exponent of the wire.
    pub(crate) weight: i32,
}

/// A connection.
pub(crate) struct Wire {
    pub(crate) name: String,
    pub(crate) from: Sender,
    pub(crate) to: usize,
    /// Steps from sending to arriving; at least 1 from a group.
    pub(crate) latency: usize,
    /// Whether payloads multiply weights; otherwise any payload but 0 counts as 1.
    pub(crate) graded: bool,
    /// Power of two that multiplies what arrives in a step with one delay, rounded down.
    pub(crate) exponent: i32,
    /// How the chip stores the weights; none if the recording does not say.
    pub(crate) format: Option<WeightFormat>,
    /// In order.
    pub(crate) synapses: Vec<Synapse>,
}

impl Wire {
    /// The synapses of one sender.
    fn of(&self, pre: usize) -> &[Synapse] {
        let from = self.synapses.partition_point(|s| (s.pre as usize) < pre);
        let to = self.synapses.partition_point(|s| s.pre as usize <= pre);
        &self.synapses[from..to]
    }
}

/// A network, before it is run.
pub(crate) struct Network {
    pub(crate) rules: RulesSpec,
    pub(crate) inputs: Vec<Input>,
    pub(crate) groups: Vec<Group>,
    pub(crate) wires: Vec<Wire>,
}

/// What the neurons of a group did: a row per step.
#[derive(Default)]
pub(crate) struct Registers {
    pub(crate) u: Vec<i32>,
    pub(crate) v: Vec<i32>,
    pub(crate) s: Vec<i32>,
    /// Registers that overflowed, by neuron, as a sum of [`Register`] values.
    overflows: Vec<i32>,
}

impl Registers {
    /// The registers of `group` that overflowed, in the order of computation.
    pub(crate) fn overflowed<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = Overflow> + 'a {
        Register::ALL.into_iter().filter_map(|register| {
            let hit = |flags: &&i32| **flags & register as i32 != 0;
            let first = self.overflows.iter().position(|flags| hit(&flags))?;
            Some(Overflow {
                population: group.name.clone(),
                register: register.name().to_owned(),
                count: self.overflows.iter().filter(hit).count() as u64,
                row: first / group.neurons,
                neuron: first % group.neurons,
            })
        })
    }
}

/// A network that was run.
pub(crate) struct Replayed {
    pub(crate) network: Network,
    /// By group.
    pub(crate) registers: Vec<Registers>,
}

/// A kind of synapse: the register that it feeds, its power of two, and which of several with the same.
type Kind = (u8, i32, usize);

/// Register of a core that counts spikes whatever their sign, that takes messages with a sign, and that takes draws.
const SPIKES: u8 = 0;
const MESSAGES: u8 = 1;
const DRAWS: u8 = 2;

/// A part of a group, on a core of its own.
struct Part {
    group: usize,
    neurons: std::ops::Range<usize>,
}

/// Where everything lies.
struct Layout {
    /// Every kind, by its index in the chip.
    kinds: BTreeMap<Kind, u8>,
    /// By wire and delay of a wire that is rounded: which of the kinds with its exponent.
    slots: BTreeMap<(usize, u32), usize>,
    /// By core.
    parts: Vec<Part>,
    /// By group: its first core, and the neurons of each of its cores but the last.
    places: Vec<(usize, usize)>,
}

impl Network {
    /// Runs `steps` steps and reads every register; `comparison` learns if a resumed run is another one.
    ///
    /// # Errors
    /// What the core model refuses, with the group and the neuron; more roundings of one group than there are kinds of
    /// synapse.
    pub(crate) fn run(self, case: &Case, steps: usize, comparison: &mut Comparison) -> Result<Replayed, ConformError> {
        let layout = self.layout(case)?;
        let (inputs, routing) = self.connect(&layout);
        let cores = layout.parts.iter().enumerate().map(|(core, part)| self.core(core, part)).collect();
        let machine = Machine {
            spec: self.chip(&layout),
            program: Program {
                chip: "replay".to_owned(),
                clock: None,
                cores,
                input_count: inputs.iter().map(|channels| channels.count as u32).sum(),
                routing: routing.into(),
            },
            inputs,
            probes: (0..layout.parts.len())
                .flat_map(|core| ["u", "v", "overflows"].map(|quantity| Probe { core, quantity }))
                .collect(),
            steps,
        };
        let run = machine.run().map_err(|error| self.refused(case, &layout, error))?;
        comparison.facts.extend(run.resumed_difference());
        Ok(Replayed { registers: self.registers(&layout, run, steps), network: self })
    }

    /// Which core holds which neurons, and which kinds of synapse there are.
    fn layout(&self, case: &Case) -> Result<Layout, ConformError> {
        let mut kinds: Vec<BTreeSet<Kind>> = vec![BTreeSet::new(); self.groups.len()];
        let mut slots = BTreeMap::new();
        for (index, wire) in self.wires.iter().enumerate() {
            let (register, kinds) = (self.register(wire), &mut kinds[wire.to]);
            if wire.exponent < 0 {
                for delay in wire.synapses.iter().map(|synapse| synapse.delay).collect::<BTreeSet<_>>() {
                    let slot = kinds.iter().filter(|kind| (kind.0, kind.1) == (register, wire.exponent)).count();
                    kinds.insert((register, wire.exponent, slot));
                    slots.insert((index, delay), slot);
                }
            } else {
                let exponents = wire.synapses.iter().flat_map(|s| pair(s.weight, wire.exponent)).map(|(_, e)| e);
                kinds.extend(exponents.map(|exponent| (register, exponent, 0)));
            }
        }
        for (group, kinds) in self.groups.iter().zip(&mut kinds) {
            kinds.extend(group.draws.iter().map(|_| (DRAWS, 0, 0)));
        }
        let mut layout = Layout { kinds: BTreeMap::new(), slots, parts: Vec::new(), places: Vec::new() };
        let all: BTreeSet<Kind> = kinds.iter().flatten().copied().collect();
        if all.len() > KINDS_MAX {
            return Err(case.refused(
                "connections",
                format!(
                    "its connections with negative exponents have {} delays to round apart on one population; at most \
                     {KINDS_MAX} are replayed",
                    all.len()
                ),
            ));
        }
        layout.kinds = all.into_iter().zip(0..=u8::MAX).collect();
        for (group, kinds) in kinds.iter().enumerate() {
            let each = CORE_PLACES / kinds.len().max(1) / CORE_STEP * CORE_STEP;
            layout.places.push((layout.parts.len(), each));
            let neurons = self.groups[group].neurons;
            let parts = (0..neurons).step_by(each).map(|first| first..(first + each).min(neurons));
            layout.parts.extend(parts.map(|neurons| Part { group, neurons }));
        }
        Ok(layout)
    }

    /// The register that `wire` feeds.
    fn register(&self, wire: &Wire) -> u8 {
        match wire.from {
            // The spikes of these neurons have a sign, which only a graded connection hears.
            Sender::Group(group) if self.groups[group].is_ternary() && !wire.graded => SPIKES,
            _ => MESSAGES,
        }
    }

    /// The chip: its kinds of synapse, rules and parameters.
    fn chip(&self, layout: &Layout) -> ChipSpec {
        let mut spec = ideal_chip(CoreModel::Loihi);
        let exponent = |exponent: i32| format!("exponent {exponent}");
        let mut kinds: Vec<_> = layout.kinds.iter().collect();
        kinds.sort_by_key(|(_, index)| **index);
        for (&(index, power, slot), _) in kinds {
            spec.parameters.insert(exponent(power), parameter(number(power.into())));
            spec.synapses.push(SynapseType {
                name: format!("register {index}, exponent {power}, {slot}"),
                sign: SynapseSign::Signed,
                kinetics: Kinetics::Register { index },
                gain: (index != DRAWS).then(|| exponent(power)),
                gate: None,
            });
        }
        for name in self.groups.iter().flat_map(|group| group.parameters.keys()) {
            // What a group does not give is 0; a threshold below all voltages is none.
            let none = if *name == LOWER_THRESHOLD { i32::MIN >> rules(&self.rules).threshold_shift } else { 0 };
            spec.parameters.entry((*name).to_owned()).or_insert_with(|| parameter(number(none.into())));
        }
        spec.rules = Some(self.rules.clone());
        spec
    }

    fn core(&self, core: usize, part: &Part) -> CoreProgram {
        let group = &self.groups[part.group];
        let quantity = |value: &i32| Quantity::number(Decimal::integer((*value).into()));
        let values = |all: &[i32]| match all {
            [first, rest @ ..] if rest.iter().all(|value| value == first) => Values::Shared(quantity(first)),
            _ => Values::PerNeuron(all.iter().map(quantity).collect()),
        };
        let parameters = group.parameters.iter();
        CoreProgram {
            address: address(core),
            model: CoreModel::Loihi,
            neuron_count: part.neurons.len() as u32,
            parameters: parameters
                .map(|(name, all)| ((*name).to_owned(), values(&all[part.neurons.clone()])))
                .collect(),
            // Weights are what is added, so the shift of the core and that of the step must come to nothing.
            weight_exponent: 14 + rules(&self.rules).accumulator_shift,
            off: Vec::new(),
            circuits: Vec::new(),
        }
    }

    /// The channels with what they send, and all rows.
    fn connect(&self, layout: &Layout) -> (Vec<Channels>, Vec<IdealRow>) {
        let mut inputs: Vec<Channels> = Vec::new();
        let mut add = |count: usize, rows: Vec<i32>| {
            let first = inputs.last().map_or(0, |last| last.first + last.count as u32);
            inputs.push(Channels { first, count, rows });
            first
        };
        // An input has channels for its payloads and others for plain events, as far as these are heard and differ. By
        // input: the first for plain events and the first for payloads.
        let mut channels = Vec::new();
        for (index, input) in self.inputs.iter().enumerate() {
            let heard = |graded: bool| {
                let from = |wire: &&Wire| wire.from == Sender::Input(index) && !wire.synapses.is_empty();
                self.wires.iter().filter(from).any(|wire| wire.graded == graded)
            };
            let plain = input.rows.iter().all(|payload| matches!(payload, 0 | 1));
            let graded = heard(true).then(|| add(input.channels, input.rows.clone()));
            let spikes = heard(false).then(|| match graded {
                Some(first) if plain => first,
                _ => add(input.channels, input.rows.iter().map(|payload| i32::from(*payload != 0)).collect()),
            });
            channels.push((spikes, graded));
        }
        let mut all: Vec<(Source, CoreAddress, u16, IdealSynapse)> = Vec::new();
        for (index, wire) in self.wires.iter().enumerate() {
            let register = self.register(wire);
            for synapse in &wire.synapses {
                let source = match wire.from {
                    Sender::Input(input) => {
                        let (spikes, graded) = channels[input];
                        let first = if wire.graded { graded } else { spikes };
                        Source::Input(InputId(first.expect("a wire with synapses is heard") + synapse.pre))
                    }
                    Sender::Group(group) => Source::Neuron(layout.place(group, synapse.pre as usize)),
                };
                let target = layout.place(wire.to, synapse.post as usize);
                // What is sent to a channel for a step arrives in it through a row with a delay of 1.
                let early = u32::from(matches!(wire.from, Sender::Input(_)));
                let delay = (wire.latency as u32 + synapse.delay + early) as u16;
                let slot = layout.slots.get(&(index, synapse.delay)).copied().unwrap_or(0);
                all.extend(pair(synapse.weight, wire.exponent).map(|(weight, exponent)| {
                    let kind = layout.kinds[&(register, exponent, slot)];
                    (source, target.core, delay, IdealSynapse { neuron: target.neuron, synapse: kind, weight })
                }));
            }
        }
        for (index, group) in self.groups.iter().enumerate() {
            let Some(draws) = &group.draws else { continue };
            let (first, synapse) = (add(group.neurons, draws.clone()), layout.kinds[&(DRAWS, 0, 0)]);
            all.extend((0..group.neurons).map(|n| {
                let NeuronAddress { core, neuron } = layout.place(index, n);
                let source = Source::Input(InputId(first + n as u32));
                (source, core, 1, IdealSynapse { neuron, synapse, weight: 1 })
            }));
        }
        all.sort_unstable();
        let row = |same: &[(Source, CoreAddress, u16, IdealSynapse)]| {
            let (source, destination, delay_ticks, _) = same[0];
            IdealRow { source, destination, delay_ticks, synapses: same.iter().map(|one| one.3).collect() }
        };
        let rows = all.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)).map(row).collect();
        (inputs, rows)
    }

    /// What was read, by group.
    fn registers(&self, layout: &Layout, run: Run, steps: usize) -> Vec<Registers> {
        let mut all: Vec<Registers> = Vec::new();
        let mut parts = run.rows.chunks(3).zip(&run.emitted).zip(&layout.parts);
        for (index, group) in self.groups.iter().enumerate() {
            let empty = || vec![0; steps * group.neurons];
            let mut registers = Registers { u: empty(), v: empty(), s: empty(), overflows: empty() };
            let first = layout.places[index].0;
            let cores = layout.places.get(index + 1).map_or(layout.parts.len(), |next| next.0) - first;
            for ((read, emitted), part) in parts.by_ref().take(cores) {
                let width = part.neurons.len();
                for step in 0..steps {
                    let (to, from) = (step * group.neurons + part.neurons.start, step * width);
                    registers.s[to..to + width].copy_from_slice(&emitted[from..from + width]);
                    let Registers { u, v, overflows, .. } = &mut registers;
                    for (all, read) in [u, v, overflows].into_iter().zip(read) {
                        let both = all[to..to + width].iter_mut().zip(&read[from..from + width]);
                        // Registers have 32 bits.
                        both.for_each(|(value, read)| *value = *read as i32);
                    }
                }
            }
            all.push(registers);
        }
        all
    }

    /// An error of the kernel in the words of the case.
    fn refused(&self, case: &Case, layout: &Layout, error: EmulatorError) -> ConformError {
        let of = |core: CoreAddress| &layout.parts[usize::from(core.chip.0) << 16 | core.core.index()];
        match error {
            EmulatorError::Core(DeviceModelError::NotWhole { target, parameter, value, low, high }) => {
                let part = of(target.core);
                let neuron = part.neurons.start + target.neuron.index();
                let reason = format!("neuron {neuron}: {parameter} is {value}; it must be from {low} to {high}");
                case.refused(&self.groups[part.group].name, reason)
            }
            EmulatorError::Core(DeviceModelError::Loihi { core, error }) => {
                case.refused(&self.groups[of(core).group].name, error)
            }
            other => case.refused("network", other),
        }
    }
}

impl Layout {
    /// Where a neuron lies.
    fn place(&self, group: usize, neuron: usize) -> NeuronAddress {
        let (first, each) = self.places[group];
        NeuronAddress { core: address(first + neuron / each), neuron: NeuronId((neuron % each) as u16) }
    }
}

fn address(core: usize) -> CoreAddress {
    CoreAddress::new((core >> 16) as u16, core as u16)
}

/// The rules that were chosen, which exist.
fn rules(spec: &RulesSpec) -> LoihiRules {
    LoihiRules::from_spec(spec).expect("a replay names rules that exist")
}

/// A weight as one or two of 16 bits, each with its exponent. Sums wrap in 32 bits, so that the pair is exact whatever
/// the weight.
fn pair(weight: i32, exponent: i32) -> impl Iterator<Item = (i16, i32)> {
    let low = weight as i16;
    let high = (weight.wrapping_sub(low.into()) >> PAIR_EXPONENT) as i16;
    let low = (low != 0 || high == 0).then_some((low, exponent));
    low.into_iter().chain((high != 0).then_some((high, exponent + PAIR_EXPONENT)))
}

impl Replayed {
    /// The events that reached a neuron in a row.
    pub(crate) fn arrivals(&self, row: usize, population: &str, neuron: usize) -> Vec<Arrival> {
        let Network { inputs, groups, wires, .. } = &self.network;
        let mut out = Vec::new();
        for wire in wires.iter().filter(|wire| groups[wire.to].name == population) {
            let (source, count, rows) = match wire.from {
                Sender::Input(index) => (&inputs[index].name, inputs[index].channels, &inputs[index].rows),
                Sender::Group(index) => (&groups[index].name, groups[index].neurons, &self.registers[index].s),
            };
            for pre in 0..count {
                for synapse in wire.of(pre).iter().filter(|synapse| synapse.post as usize == neuron) {
                    let Some(sent) = row.checked_sub(wire.latency + synapse.delay as usize) else { continue };
                    let payload = rows[sent * count + pre];
                    if payload != 0 {
                        out.push(Arrival {
                            via: wire.name.clone(),
                            source: source.clone(),
                            index: pre,
                            sent,
                            payload: if wire.graded { payload.into() } else { 1 },
                            // What is rounded down is the sum, so a negative exponent is not in the weight.
                            weight: synapse.weight.wrapping_shl(wire.exponent.max(0).unsigned_abs()).into(),
                        });
                    }
                }
            }
        }
        out
    }

    /// By step and register, in their order: those that overflowed in any neuron.
    pub(crate) fn overflow_events(&self, steps: usize) -> Vec<(usize, Register)> {
        let mut flags = vec![0; steps];
        for (registers, group) in self.registers.iter().zip(&self.network.groups) {
            for (flags, row) in flags.iter_mut().zip(registers.overflows.chunks(group.neurons)) {
                *flags |= row.iter().fold(0, |any, one| any | one);
            }
        }
        let raised = |(row, flags): (usize, &i32)| {
            let flags = *flags;
            Register::ALL.into_iter().filter(move |r| flags & *r as i32 != 0).map(move |register| (row, register))
        };
        flags.iter().enumerate().flat_map(raised).collect()
    }
}
