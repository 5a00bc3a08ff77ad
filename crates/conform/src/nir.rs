//! Replay of `nir-golden/1`: small graphs as their frameworks ran them, each with the rule of every node of neurons.
//!
//! A case is a graph (`NAME.nir`), its description (`NAME.json`), and its input with the spikes and membranes that a
//! framework gave (`NAME.npz`). The graph is read and mapped onto the chip `ideal` as any user's is, under the rule of
//! the description, and runs there. Spikes must agree cell for cell; voltages, currents and values at outputs within
//! 1e-5 of what was recorded, relative to 1 or to their size if that is more. These stand in the comparison in units of
//! 2^-16, and one that agrees stands as recorded.
//!
//! A description with a field `fault` stands for a file that must be refused: the replay is whether it is, and by what.

use crate::arrays::Arrays;
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::outcome::{Comparison, Recorded, RecordedTrace};
use crate::read::MAX_STEPS;
use device_models::DieParameters;
use emulator::{Each, Spike};
use formats::nir::NirGraph;
use formats::raster::Raster;
use graph::{Graph, GraphError, Options, Steps};
use mapper::MapperOptions;
use serde_json::Value;
use session::Board;
use std::path::Path;
use units::Tick;

/// How far a number may be off, relative to 1 or to its size.
const TOLERANCE: f64 = 1e-5;
/// Fraction bits of numbers in a comparison.
const SHOWN_BITS: u32 = 16;

/// Whether a description without a field `format` is one of these.
pub(crate) fn is_one(fields: &Fields<'_>) -> bool {
    fields.get("nir_version").is_some() && fields.get("neurons").is_some() || is_bad(fields)
}

/// Whether it stands for a file that must be refused.
fn is_bad(fields: &Fields<'_>) -> bool {
    fields.get("fault").is_some() && fields.get("expected").is_some()
}

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let path = case.path.with_extension("nir");
    if is_bad(&fields) {
        return refusal(&fields, &path);
    }
    let arrays = case.arrays()?;
    let steps = fields.count("T", MAX_STEPS)?;
    let of_graph = |error: GraphError| case.refused("the graph", error);
    let of_input = |error: String| case.refused("the array `x`", error);
    let input = Raster::load(&case.path.with_extension("npz")).map_err(|error| of_input(error.to_string()))?;
    if input.steps != steps {
        return Err(of_input(format!("it has {} rows for {steps} steps", input.steps)));
    }
    let options = options(&fields, input.numbers)?;
    let file = NirGraph::open(&path).map_err(|error| of_graph(error.into()))?;
    let graph = Graph::new(&file, &options).map_err(of_graph)?;
    let spec = formats::chip::shipped("ideal").map_err(|error| case.refused("the chip `ideal`", error))?;
    let net = graph.steps(&spec).map_err(of_graph)?;
    let board = Board::map(spec, &net.network, &MapperOptions::default());
    let board = board.map_err(|error| case.refused("the mapping", error))?;
    let run = Run::new(case, &board, &net, &input, steps)?;

    let mut comparison = Comparison::default();
    for (index, built) in net.built.iter().enumerate() {
        let node = &built.node;
        let width = built.gain_in.len();
        if let Some(recorded) = counts(&arrays, &format!("z__{node}"), steps, width)? {
            let got = run.spikes[index].clone();
            comparison.traces.push(trace(node, "z", format!("z__{node}"), width, recorded, got, 8));
        }
        for (quantity, got) in [("i", &run.currents[index]), ("v", &run.voltages[index])] {
            let key = format!("{quantity}__{node}");
            if let Some(recorded) = numbers(&arrays, &key, steps, width)? {
                let (expected, got) = compared(&recorded, got);
                comparison.traces.push(trace(node, quantity, key, width, expected, got, 32));
            }
        }
    }
    for output in &net.outputs {
        let key = format!("out__{}", output.name);
        let width = net.built[output.population].gain_in.len();
        if let Some(recorded) = numbers(&arrays, &key, steps, width)? {
            let got: Vec<f64> = if output.spikes {
                run.spikes[output.population].iter().map(|spikes| f64::from(*spikes)).collect()
            } else {
                run.voltages[output.population].clone()
            };
            let (expected, got) = compared(&recorded, &got);
            comparison.traces.push(trace(&output.name, "out", key, width, expected, got, 32));
        }
    }
    if comparison.traces.is_empty() {
        let missing = "no array `z__NODE`, `v__NODE`, `i__NODE` or `out__NODE` of a node of the graph".to_owned();
        return Err(ConformError::Incomplete { file: fields.file().to_owned(), missing });
    }
    if run.saturations > 0 {
        comparison.notes.push(format!("{} saturations", run.saturations));
    }
    Ok(comparison)
}

/// A file that must be refused, or be accepted with a word about it.
fn refusal(fields: &Fields<'_>, path: &Path) -> Result<Comparison, ConformError> {
    let accepted = fields.text("expected")?.contains("accept with a warning");
    let read = NirGraph::open(path).map_err(GraphError::from);
    let read = read.and_then(|file| Graph::new(&file, &Options::default()));
    let (got, why) = match &read {
        Err(error) => ("refused", error.to_string()),
        Ok(graph) if accepted && !graph.notes().is_empty() => ("refused", graph.notes().join("; ")),
        Ok(_) => ("accepted", String::new()),
    };
    let fact = Recorded {
        quantity: "refused".to_owned(),
        field: "fault".to_owned(),
        values: 1,
        expected: "refused".to_owned(),
        got: got.to_owned(),
    };
    Ok(Comparison { facts: vec![fact], notes: vec![why], ..Comparison::default() })
}

/// The rules of a description.
fn options(fields: &Fields<'_>, numbers: bool) -> Result<Options, ConformError> {
    let dt = fields.get("dt").and_then(Value::as_f64).ok_or_else(|| fields.wrong("dt", "a number of seconds"))?;
    let mut options = Options::default();
    (options.step, options.numbers) = (Some(dt), numbers);
    let neurons = fields.object("neurons")?;
    for node in neurons.names() {
        let rule = neurons.object(node)?;
        let mut set = |field: &str, word: &str| {
            options.set(&format!("{node}.{field}={word}")).map_err(|error| rule.wrong(field, error.to_string()))
        };
        let text = |name: &str| rule.get(name).and_then(Value::as_str);
        for (name, field, words) in [
            ("a", "integration", &[("1-dt/tau", "euler"), ("exp(-dt/tau)", "exact")][..]),
            ("g", "gain", &[][..]),
            ("gi", "gain-in", &[][..]),
            ("v_leak", "v-leak", &[][..]),
            ("i_leak", "i-leak", &[][..]),
            ("v_uses", "v-uses", &[][..]),
            ("compare", "compare", &[][..]),
            ("reset", "reset", &[][..]),
            ("reset_when", "reset-when", &[][..]),
            ("floor", "floor", &[][..]),
            ("v0", "v-start", &[][..]),
            ("i0", "i-start", &[][..]),
        ] {
            let Some(word) = text(name) else { continue };
            let known = words.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
            set(field, known.unwrap_or(word))?;
        }
        match (text("spikes"), rule.get("max_spikes").and_then(Value::as_u64)) {
            (Some("multi"), Some(most)) => set("spikes", &most.to_string())?,
            (Some(word), _) => set("spikes", word)?,
            (None, _) => {}
        }
    }
    let pair = |value: &Value| -> Option<(String, String)> {
        let [from, to] = value.as_array()?.as_slice() else { return None };
        Some((from.as_str()?.to_owned(), to.as_str()?.to_owned()))
    };
    let late: Option<Vec<_>> = fields.list("delayed_edges")?.iter().map(pair).collect();
    options.late_edges = Some(late.ok_or_else(|| fields.wrong("delayed_edges", "a list of pairs of names"))?);
    Ok(options)
}

/// What a run gave: by population, a row a step.
struct Run {
    spikes: Vec<Vec<i32>>,
    currents: Vec<Vec<f64>>,
    voltages: Vec<Vec<f64>>,
    saturations: u64,
}

impl Run {
    fn new(case: &Case, board: &Board, net: &Steps, input: &Raster, steps: usize) -> Result<Self, ConformError> {
        let channels: u32 = net.network.inputs.iter().map(|group| group.channels).sum();
        if channels as usize != input.width {
            let reason = format!("the input has {} values a step, but the graph takes {channels}", input.width);
            return Err(case.refused("the array `x`", reason));
        }
        let of_session = |error| case.refused("the run", error);
        let mut session = board.on(&DieParameters::nominal()).map_err(of_session)?;
        for built in &net.built {
            for quantity in ["i", "v"] {
                session.probe_population(&built.node, None, quantity).map_err(of_session)?;
            }
        }
        let mut spikes: Vec<Vec<i32>> = net.built.iter().map(|built| vec![0; built.gain_in.len() * steps]).collect();
        let ticks = u64::from(net.step_ticks);
        let mut watch = Each(|spike: Spike| {
            let row = (spike.tick.0 / ticks) as usize;
            if let Some((population, index)) = board.member(spike.core, spike.neuron)
                && net.built[population].kind.is_some_and(graph::NeuronKind::spikes)
            {
                spikes[population][row * net.built[population].gain_in.len() + index as usize] += spike.value;
            }
        });
        let end = Tick(steps as u64 * ticks);
        let events = input.events(ticks).map_err(|error| case.refused("the array `x`", error))?;
        session.run_with(&mut events.into_iter().peekable(), end, &mut watch).map_err(of_session)?;
        let saturations = session.counters().saturations;
        let mut readings = session.recordings().iter();
        let (mut currents, mut voltages) = (Vec::new(), Vec::new());
        for built in &net.built {
            let width = built.gain_in.len();
            for rows in [&mut currents, &mut voltages] {
                let own: Vec<_> = readings.by_ref().take(width).collect();
                rows.push(values(&own, steps));
            }
        }
        Ok(Self { spikes, currents, voltages, saturations })
    }
}

/// What probes of one population read, a row a step.
fn values(recordings: &[&session::Recording], steps: usize) -> Vec<f64> {
    let row = |step: usize| {
        recordings
            .iter()
            .map(move |recording| recording.bits[step] as f64 / 2f64.powi(recording.probe.kind.fraction_bits as i32))
    };
    (0..steps).flat_map(row).collect()
}

/// Counts of spikes, if the case has them.
fn counts(arrays: &Arrays, key: &str, steps: usize, width: usize) -> Result<Option<Vec<i32>>, ConformError> {
    Ok(recorded(arrays, key, steps, width)?.map(|values| values.into_iter().map(|value| value as i32).collect()))
}

/// Numbers, if the case has them.
fn numbers(arrays: &Arrays, key: &str, steps: usize, width: usize) -> Result<Option<Vec<f64>>, ConformError> {
    recorded(arrays, key, steps, width)
}

fn recorded(arrays: &Arrays, key: &str, steps: usize, width: usize) -> Result<Option<Vec<f64>>, ConformError> {
    if !arrays.has(key) {
        return Ok(None);
    }
    let (_, values) = arrays.any(key, steps)?;
    if values.len() == steps * width {
        return Ok(Some(values));
    }
    Err(ConformError::WrongShape {
        file: arrays.file().to_owned(),
        key: key.to_owned(),
        found: format!("{} values", values.len()),
        expected: format!("{steps} rows of {width} values"),
    })
}

/// Recorded and replayed numbers in units of 2^-16; one that is near enough is as recorded.
fn compared(recorded: &[f64], got: &[f64]) -> (Vec<i32>, Vec<i32>) {
    let shown = |value: f64| (value * f64::from(1u32 << SHOWN_BITS)).round() as i32;
    let expected = recorded.iter().map(|value| shown(*value)).collect();
    let near = |(recorded, got): (&f64, &f64)| {
        let off = (recorded - got).abs();
        if off <= TOLERANCE * recorded.abs().max(1.0) {
            return shown(*recorded);
        }
        // What differs must not look the same because both round to one number.
        match shown(*got) {
            same if same == shown(*recorded) => same + if got > recorded { 1 } else { -1 },
            other => other,
        }
    };
    (expected, recorded.iter().zip(got).map(near).collect())
}

fn trace(
    population: &str,
    quantity: &str,
    key: String,
    columns: usize,
    expected: Vec<i32>,
    got: Vec<i32>,
    bits: u32,
) -> RecordedTrace {
    let (population, quantity) = (population.to_owned(), quantity.to_owned());
    RecordedTrace { population, quantity, key, columns, bits, expected, got }
}
