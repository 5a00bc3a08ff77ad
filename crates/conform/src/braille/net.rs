//! The trained net of a case: found, read from its NIR file, and run by the rules of one simulator.

use crate::case::Case;
use crate::error::ConformError;
use device_models::cuba::{CubaLayer, CubaNeuron, FRACTION_BITS, Rule};
use formats::FormatError;
use formats::nir::{NirArray, NirGraph, NirNode};
use std::path::{Component, Path, PathBuf};

/// Folders above the one of the case that are searched for the NIR file.
const FOLDERS_UP: usize = 4;
/// Most folders that the name of a NIR file may have, itself included.
const PARTS_MAX: usize = 16;
/// Largest magnitude of a number of a net: 2^15 of them add up without reaching the ends of 64 bits, where sums
/// saturate.
const LARGEST: f64 = 65_536.0;
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
    /// Adds what `spikes` cause.
    fn add(&self, spikes: impl Iterator<Item = bool> + Clone, sums: &mut [i64]) {
        for ((sum, row), bias) in sums.iter_mut().zip(self.weights.chunks(self.columns)).zip(&self.bias) {
            let arrived = row.iter().zip(spikes.clone()).filter(|(_, spike)| *spike).map(|(weight, _)| weight);
            *sum = arrived.fold(sum.saturating_add(*bias), |sum, weight| sum.saturating_add(*weight));
        }
    }
}

/// A net of one hidden layer with recurrent weights and one output layer.
pub(super) struct Net {
    input: Affine,
    hidden: Vec<CubaNeuron>,
    recurrent: Affine,
    readout: Affine,
    output: Vec<CubaNeuron>,
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

    /// Spikes of the hidden layer, a row per step, for an input with a row per step.
    pub(super) fn hidden(&self, input: &[i64], rule: Rule) -> Vec<i32> {
        let mut layer = CubaLayer::new(rule.reset, self.hidden.clone());
        let mut raster = vec![0; if rule.late { self.hidden.len() } else { 0 }];
        for (step, row) in input.chunks(self.input.columns).enumerate() {
            let mut sums = vec![0; self.hidden.len()];
            self.input.add(row.iter().map(|&spike| spike != 0), &mut sums);
            if step > 0 || rule.recurrent_at_first {
                self.recurrent.add(layer.spikes().iter().copied(), &mut sums);
            }
            raster.extend(layer.step(&sums).iter().map(|&spike| i32::from(spike)));
        }
        raster.truncate(input.len() / self.input.columns * self.hidden.len());
        raster
    }

    /// Spikes of the output layer for the spikes of the hidden one.
    pub(super) fn output(&self, hidden: &[i64], rule: Rule) -> Vec<i32> {
        let mut layer = CubaLayer::new(rule.reset, self.output.clone());
        let mut raster = Vec::new();
        for row in hidden.chunks(self.readout.columns) {
            let mut sums = vec![0; self.output.len()];
            self.readout.add(row.iter().map(|&spike| spike != 0), &mut sums);
            raster.extend(layer.step(&sums).iter().map(|&spike| i32::from(spike)));
        }
        raster
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

    fn neurons(&self, name: &str, count: usize) -> Result<Vec<CubaNeuron>, ConformError> {
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
            Ok(CubaNeuron {
                keep_current: fixed(1.0 - syn),
                gain_current: fixed(w_in[at] * syn),
                keep_voltage: fixed(1.0 - mem),
                gain_voltage: fixed(r[at] * mem),
                threshold: fixed(threshold[at]),
            })
        };
        (0..count).map(neuron).collect()
    }
}

/// A number of magnitude [`LARGEST`] at most, in the units of the neurons.
fn fixed(x: f64) -> i64 {
    (x * (1u64 << FRACTION_BITS) as f64).round() as i64
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
