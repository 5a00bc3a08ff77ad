//! The trained net of a case: found, read from its NIR file, and built as programs for the rules of one simulator.
//!
//! A layer is a core of `cuba-lif` neurons. Its weights are cut into slices of 16 bits, one kind of synapse each
//! ([`device_models::slices`]), and the factors of its neurons, which have 32 bits after the point, are handed over as
//! decimals that are rounded back to them.

use super::Rules;
use crate::case::Case;
use crate::error::ConformError;
use crate::machine::{Channels, Machine, Probe, ideal_chip, number, parameter, slice_kinds};
use chip::{CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, Source, Values};
use device_models::slices::{FRACTION_BITS, split};
use formats::FormatError;
use formats::nir::{NirArray, NirGraph, NirNode};
use std::path::{Component, Path, PathBuf};
use units::{CoreAddress, Decimal, InputId, NeuronAddress, NeuronId, Quantity};

/// Folders above the one of the case that are searched for the NIR file.
const FOLDERS_UP: usize = 4;
/// Most folders that the name of a NIR file may have, itself included.
const PARTS_MAX: usize = 16;
/// Largest magnitude of a number of a net: 2^15 of them add up without reaching the ends of 64 bits, where sums
/// saturate.
const LARGEST: f64 = 65_536.0;
/// Places of the decimals that hand over a number: enough to tell units of 2^-32 apart, and few enough for a number of
/// [`LARGEST`] size.
const PLACES: u32 = 12;
/// The core of a program.
const CORE: CoreAddress = CoreAddress::new(0, 0);
/// Parameters of a neuron, in the order of [`Neuron`].
const PARAMETERS: [&str; 5] = ["keep_current", "gain_current", "keep_voltage", "gain_voltage", "v_threshold"];
/// Types of nodes that are weights.
const WEIGHTS: [&str; 2] = ["Affine", "Linear"];

/// Weights and biases, in the units of [`FRACTION_BITS`].
struct Affine {
    /// A row per receiving neuron.
    weights: Vec<i64>,
    columns: usize,
    bias: Vec<i64>,
}

impl Affine {
    /// The synapses of sender `pre`.
    fn synapses(&self, pre: usize) -> Vec<IdealSynapse> {
        let weights = self.weights.iter().skip(pre).step_by(self.columns).enumerate();
        let mut synapses = Vec::new();
        for (post, &weight) in weights {
            let slices = split(weight).expect("no number of a net is beyond what slices hold");
            let slices = slices.iter().enumerate().filter(|(_, slice)| **slice != 0);
            let neuron = NeuronId(post as u16);
            synapses.extend(slices.map(|(kind, &weight)| IdealSynapse { neuron, synapse: kind as u8, weight }));
        }
        synapses
    }
}

/// A neuron: its [`PARAMETERS`], in units of 2^-32.
type Neuron = [i64; PARAMETERS.len()];

/// One layer as a program: what reaches it from outside, its neurons, and what reaches it from itself.
struct Layer<'a> {
    forward: &'a Affine,
    neurons: &'a [Neuron],
    recurrent: Option<&'a Affine>,
}

impl Layer<'_> {
    /// The layer under `rules`, with a raster as its input, whose spikes count once. Its spikes are what is read.
    fn machine(&self, input: &[i64], rules: Rules) -> Machine {
        let (channels, count) = (self.forward.columns, self.neurons.len());
        let mut spec = ideal_chip(CoreModel::CubaLif);
        spec.synapses = slice_kinds(None);
        let mut lists: Vec<(&str, Vec<i64>)> = PARAMETERS
            .into_iter()
            .enumerate()
            .map(|(at, name)| (name, self.neurons.iter().map(|neuron| neuron[at]).collect()))
            .collect();
        lists.push(("bias", self.forward.bias.clone()));
        lists.extend(self.recurrent.map(|recurrent| ("bias_late", recurrent.bias.clone())));
        let one = 1i64 << FRACTION_BITS;
        let late = ("late_steps", i64::from(rules.late_recurrent_bias));
        lists.extend(rules.reset.into_iter().chain([late]).map(|(name, rule)| (name, vec![rule * one; count])));
        spec.parameters = lists.iter().map(|(name, _)| ((*name).to_owned(), parameter(number(0)))).collect();
        let parameters = lists.into_iter().map(|(name, list)| {
            let values = list.into_iter().map(|bits| Quantity::number(decimal(bits))).collect();
            (name.to_owned(), Values::PerNeuron(values))
        });

        let row = |source, synapses| IdealRow { source, destination: CORE, delay_ticks: 1, synapses };
        let inputs = (0..channels).map(|pre| row(Source::Input(InputId(pre as u32)), self.forward.synapses(pre)));
        let mut rows: Vec<IdealRow> = inputs.collect();
        if let Some(recurrent) = self.recurrent {
            rows.extend((0..count).map(|pre| {
                let source = Source::Neuron(NeuronAddress { core: CORE, neuron: NeuronId(pre as u16) });
                row(source, recurrent.synapses(pre))
            }));
        }
        rows.retain(|row| !row.synapses.is_empty());
        let core = CoreProgram {
            address: CORE,
            model: CoreModel::CubaLif,
            neuron_count: count as u32,
            parameters: parameters.collect(),
            weight_exponent: 0,
            off: Vec::new(),
            circuits: Vec::new(),
        };
        Machine {
            program: Program {
                chip: spec.name.clone(),
                clock: None,
                cores: vec![core],
                input_count: channels as u32,
                routing: rows.into(),
            },
            spec,
            inputs: vec![Channels {
                first: 0,
                count: channels,
                rows: input.iter().map(|spikes| i32::from(*spikes != 0)).collect(),
            }],
            probes: vec![Probe { core: 0, quantity: "spikes" }],
            steps: input.len() / channels,
        }
    }
}

/// A net of one hidden layer with recurrent weights and one output layer.
pub(super) struct Net {
    input: Affine,
    hidden: Vec<Neuron>,
    recurrent: Affine,
    readout: Affine,
    output: Vec<Neuron>,
}

impl Net {
    /// Reads the net at `path`, which must have `inputs` inputs, `hidden` hidden neurons and `outputs` outputs.
    pub(super) fn open(path: &Path, dt: f64, [inputs, hidden, outputs]: [usize; 3]) -> Result<Self, ConformError> {
        let graph = NirGraph::open(path).map_err(|error| match error {
            FormatError::TooLarge { file, size, limit } => ConformError::TooLarge { file, size, limit },
            FormatError::Object { file, object, reason } => ConformError::Net { file, object, reason },
            other => {
                ConformError::Net { file: path.display().to_string(), object: "/".into(), reason: other.message() }
            }
        })?;
        let reader = Reader { file: path.display().to_string(), graph: &graph, dt };
        let [source] = reader.of_kind(&["Input"], graph.nodes.keys().map(String::as_str))?;
        let [first] = reader.of_kind(&WEIGHTS, graph.successors(source))?;
        let [layer] = reader.of_kind(&["CubaLIF"], graph.successors(first))?;
        let back = |name: &&str| graph.successors(name).contains(&layer);
        let (loops, onward): (Vec<_>, Vec<_>) = graph.successors(layer).into_iter().partition(back);
        let [recurrent] = reader.of_kind(&WEIGHTS, loops)?;
        let [readout] = reader.of_kind(&WEIGHTS, onward)?;
        let [last] = reader.of_kind(&["CubaLIF"], graph.successors(readout))?;
        Ok(Net {
            input: reader.affine(first, hidden, inputs)?,
            hidden: reader.neurons(layer, hidden)?,
            recurrent: reader.affine(recurrent, hidden, hidden)?,
            readout: reader.affine(readout, outputs, hidden)?,
            output: reader.neurons(last, outputs)?,
        })
    }

    /// The hidden layer with an input that has a row per step.
    pub(super) fn hidden(&self, input: &[i64], rules: Rules) -> Machine {
        let layer = Layer { forward: &self.input, neurons: &self.hidden, recurrent: Some(&self.recurrent) };
        layer.machine(input, rules)
    }

    /// The output layer with the spikes of the hidden one as its input.
    pub(super) fn output(&self, hidden: &[i64], rules: Rules) -> Machine {
        Layer { forward: &self.readout, neurons: &self.output, recurrent: None }.machine(hidden, rules)
    }
}

/// Takes a graph apart.
struct Reader<'a> {
    file: String,
    graph: &'a NirGraph,
    dt: f64,
}

impl<'a> Reader<'a> {
    fn wrong(&self, object: impl Into<String>, reason: impl Into<String>) -> ConformError {
        ConformError::Net { file: self.file.clone(), object: object.into(), reason: reason.into() }
    }

    /// The one node among `names` that has one of the types `kinds`.
    fn of_kind(&self, kinds: &[&str], names: impl IntoIterator<Item = &'a str>) -> Result<[&'a str; 1], ConformError> {
        let is = |name: &&str| self.graph.nodes.get(*name).is_some_and(|node| kinds.contains(&node.kind.as_str()));
        let found: Vec<_> = names.into_iter().filter(is).collect();
        <[&str; 1]>::try_from(found).map_err(|found| {
            let kinds = kinds.join(" or ");
            let chain = "a net must be Input, weights, CubaLIF with weights to itself, weights, CubaLIF";
            self.wrong("/node/edges", format!("{} nodes of type {kinds} where one is needed: {chain}", found.len()))
        })
    }

    fn node(&self, name: &str) -> &'a NirNode {
        &self.graph.nodes[name]
    }

    /// The numbers `part` of a node, which must have the shape `shape`; None if there are none.
    fn numbers(&self, name: &str, part: &str, shape: &[u64]) -> Result<Option<&'a [f64]>, ConformError> {
        let Some(NirArray { shape: found, values }) = self.node(name).numbers.get(part) else { return Ok(None) };
        let object = || format!("/node/nodes/{name}/{part}");
        if found != shape {
            return Err(self.wrong(object(), format!("its shape is {found:?}; the case needs {shape:?}")));
        }
        match values.iter().position(|x| !(-LARGEST..=LARGEST).contains(x)) {
            None => Ok(Some(values)),
            Some(at) => {
                Err(self.wrong(object(), format!("element {at} is {}; at most {LARGEST} is replayed", values[at])))
            }
        }
    }

    fn needed(&self, name: &str, part: &str, shape: &[u64]) -> Result<&'a [f64], ConformError> {
        let missing = || self.wrong(format!("/node/nodes/{name}/{part}"), "it is missing");
        self.numbers(name, part, shape)?.ok_or_else(missing)
    }

    fn affine(&self, name: &str, rows: usize, columns: usize) -> Result<Affine, ConformError> {
        let weights = self.needed(name, "weight", &[rows as u64, columns as u64])?;
        let bias = match self.node(name).kind.as_str() {
            "Affine" => self.needed(name, "bias", &[rows as u64])?.iter().map(|&b| fixed(b)).collect(),
            _ => vec![0; rows],
        };
        Ok(Affine { weights: weights.iter().map(|&w| fixed(w)).collect(), columns, bias })
    }

    fn neurons(&self, name: &str, count: usize) -> Result<Vec<Neuron>, ConformError> {
        let shape = [count as u64];
        let list = |part| self.needed(name, part, &shape);
        let (tau_syn, tau_mem, r) = (list("tau_syn")?, list("tau_mem")?, list("r")?);
        let (w_in, threshold) = (list("w_in")?, list("v_threshold")?);
        for part in ["v_leak", "v_reset"] {
            if let Some(at) = self.numbers(name, part, &shape)?.and_then(|list| list.iter().position(|&x| x != 0.0)) {
                let object = format!("/node/nodes/{name}/{part}");
                return Err(self.wrong(object, format!("element {at} is not 0, which is not replayed")));
            }
        }
        let share = |part: &str, tau: f64, at: usize| match self.dt / tau {
            share if share > 0.0 && share <= 1.0 => Ok(share),
            _ => {
                let object = format!("/node/nodes/{name}/{part}");
                Err(self
                    .wrong(object, format!("element {at} is {tau} s; it must be the step of {} s or more", self.dt)))
            }
        };
        let neuron = |at: usize| {
            let (syn, mem) = (share("tau_syn", tau_syn[at], at)?, share("tau_mem", tau_mem[at], at)?);
            Ok([1.0 - syn, w_in[at] * syn, 1.0 - mem, r[at] * mem, threshold[at]].map(fixed))
        };
        (0..count).map(neuron).collect()
    }
}

/// A number of magnitude [`LARGEST`] at most, in units of 2^-32.
fn fixed(x: f64) -> i64 {
    (x * (1u64 << FRACTION_BITS) as f64).round() as i64
}

/// A decimal that is rounded to `bits` units of 2^-32.
fn decimal(bits: i64) -> Decimal {
    let scaled = i128::from(bits) * 10i128.pow(PLACES);
    let nearest = (scaled + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
    Decimal::new(fx::narrow(nearest), -(PLACES as i16))
}

/// Where the NIR file `named` of a case is: as it is named or without its first folders, in the folder of the case or
/// one above it, or in a folder `nir` in one of these. None if it is in none of these places.
pub(super) fn find(case: &Case, named: &str) -> Option<PathBuf> {
    let parts: Vec<_> = Path::new(named).components().filter(|part| *part != Component::CurDir).collect();
    // A case has no say over files elsewhere.
    let plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    if !plain || !(1..=PARTS_MAX).contains(&parts.len()) {
        return None;
    }
    let folder = std::path::absolute(&case.path).ok()?;
    let folders = folder.ancestors().skip(1).take(1 + FOLDERS_UP);
    let places = folders.flat_map(|folder| [folder.to_owned(), folder.join("nir")]);
    let tails: Vec<PathBuf> = (0..parts.len()).map(|from| parts[from..].iter().collect()).collect();
    places
        .flat_map(|place| tails.iter().map(move |tail| place.join(tail)).collect::<Vec<_>>())
        .find(|path| path.is_file())
}
