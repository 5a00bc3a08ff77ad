//! Replay of `xylo-golden-1`: the network as a program of a chip with layers and matrices, run on the kernel.
//!
//! Compared are all arrays over time, the lists of events, the final states, and type, shape and SHA-256 of each array
//! as the description states them. The input of a case is there twice, as an array and as a list of events; the array
//! is replayed and the list is compared with it, so that damage to the input shows as that and not only by what it
//! does.

pub(crate) mod network;
mod record;
#[cfg(test)]
mod tests;

use crate::arrays::{Array, Arrays, Element};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::outcome::{Comparison, Recorded, RecordedTrace};
use crate::read::bounded;
use device_models::xylo::{INPUT_CAP, XyloRules};
use network::Network;
use record::Record;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Most steps of a case.
pub(crate) const MAX_STEPS: usize = 1 << 24;

/// An array that a case can have. The order is that in which a step computes them.
struct Kind {
    key: &'static str,
    layer: Layer,
    element: Element,
    bits: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Input,
    Hidden,
    Output,
    Core,
}

impl Layer {
    const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Hidden => "hidden",
            Self::Output => "output",
            Self::Core => "core",
        }
    }

    const fn size(self, network: &Network) -> usize {
        match self {
            Self::Input => network.inputs,
            Self::Hidden => network.hidden,
            Self::Output => network.output,
            Self::Core => 1,
        }
    }
}

const KINDS: [Kind; 9] = [
    kind("input", Layer::Input, Element::U8),
    kind("i_syn", Layer::Hidden, Element::I16),
    kind("i_syn2", Layer::Hidden, Element::I16),
    kind("v_mem", Layer::Hidden, Element::I16),
    kind("spikes", Layer::Hidden, Element::U8),
    kind("i_syn_out", Layer::Output, Element::I16),
    kind("v_mem_out", Layer::Output, Element::I16),
    kind("spikes_out", Layer::Output, Element::U8),
    kind("hibernation", Layer::Core, Element::U8),
];

const fn kind(key: &'static str, layer: Layer, element: Element) -> Kind {
    let bits = match element {
        Element::U8 => 8,
        _ => 16,
    };
    Kind { key, layer, element, bits }
}

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let network = network::read(&fields)?;
    let steps = fields.count("n_steps", MAX_STEPS)?;
    bounded(&fields, "n_hidden", steps, network.hidden)?;
    bounded(&fields, "n_out", steps, network.output)?;
    let arrays = case.arrays()?;

    let mut comparison = Comparison::default();
    for kind in KINDS.iter().filter(|kind| recorded(&fields, kind, &network)) {
        if kind.key == "hibernation" && network.rules == XyloRules::V1 {
            let (file, field) = (fields.file().to_owned(), fields.path("arrays.hibernation"));
            return Err(ConformError::Unsupported { file, field, what: "a flag that rules v1 do not have".to_owned() });
        }
        let array = read(&arrays, kind, &network, steps)?;
        describe(&mut comparison.facts, &fields, kind, &array)?;
        comparison.traces.push(RecordedTrace {
            population: kind.layer.name().to_owned(),
            quantity: kind.key.to_owned(),
            key: kind.key.to_owned(),
            columns: array.shape.get(1).copied().unwrap_or(1),
            bits: kind.bits,
            expected: array.values.iter().map(|&value| value as i32).collect(),
            got: Vec::new(),
        });
    }
    unknown_arrays(&fields)?;

    let record = Record::new(network, comparison.traces[0].expected.clone(), steps);
    let record = record.map_err(|error| case.refused("network", error))?;
    for trace in comparison.traces[1..].iter_mut().filter(|trace| !trace.expected.is_empty()) {
        trace.got = record.array(&trace.key);
    }
    let cut = comparison.traces[0].expected.iter().filter(|count| **count > INPUT_CAP as i32).count();
    if cut > 0 {
        comparison.notes.push(format!("{cut} input counts above {INPUT_CAP} were cut to it"));
    }
    listed_input(&fields, &mut comparison.traces[0], steps)?;
    for (name, spikes) in [("hidden_events", "spikes"), ("output_events", "spikes_out")] {
        compare_events(&mut comparison.facts, &fields, name, &record.events(spikes))?;
    }
    compare_finals(&mut comparison.facts, &fields, &record)?;
    comparison.facts.extend(record.resumed());
    comparison.explain = Some(Box::new(move |row, layer, neuron| record.arrivals(row, layer, neuron)));
    Ok(comparison)
}

/// Whether a case has an array: its field `arrays` lists it, or there is no such field and all are there. The input is
/// always needed.
fn recorded(fields: &Fields<'_>, kind: &Kind, network: &Network) -> bool {
    match fields.object("arrays") {
        Ok(listed) => kind.key == "input" || listed.get(kind.key).is_some(),
        Err(_) => kind.key != "hibernation" || network.rules == XyloRules::V2,
    }
}

/// Refuses arrays that are listed but that this replay does not know.
fn unknown_arrays(fields: &Fields<'_>) -> Result<(), ConformError> {
    if fields.get("arrays").is_none() {
        return Ok(());
    }
    let listed = fields.object("arrays")?;
    match listed.names().find(|name| KINDS.iter().all(|kind| kind.key != *name)) {
        None => Ok(()),
        Some(name) => Err(ConformError::Unsupported {
            file: fields.file().to_owned(),
            field: listed.path(name),
            what: format!("the array '{name}'"),
        }),
    }
}

fn read(arrays: &Arrays, kind: &Kind, network: &Network, steps: usize) -> Result<Array, ConformError> {
    let field = format!("arrays.{}", kind.key);
    let get = |shape: &[Option<usize>], why| arrays.read(&field, kind.key, &[kind.element], shape, why);
    if kind.layer == Layer::Core {
        return get(&[Some(steps)], "a value per step");
    }
    let exact = [Some(steps), Some(kind.layer.size(network))];
    let why = "a row per step, a column per channel or neuron";
    if kind.key == "i_syn2" && network.currents == 1 {
        // The simulator records nothing of currents that are not there; zeros are as good.
        if let Ok(empty) = get(&[None, None], why)
            && empty.values.is_empty()
        {
            return Ok(empty);
        }
    }
    get(&exact, why)
}

/// Compares an array with what the description says about it.
fn describe(facts: &mut Vec<Recorded>, fields: &Fields<'_>, kind: &Kind, array: &Array) -> Result<(), ConformError> {
    let Some(listed) = fields.get("arrays").and_then(|arrays| arrays.get(kind.key)) else { return Ok(()) };
    let bytes: Vec<u8> = match kind.element {
        Element::U8 => array.values.iter().map(|&value| value as u8).collect(),
        _ => array.values.iter().flat_map(|&value| (value as i16).to_le_bytes()).collect(),
    };
    let dtype = if kind.element == Element::U8 { "uint8" } else { "int16" };
    for (name, got) in [
        ("dtype", format!("\"{dtype}\"")),
        ("shape", format!("{:?}", array.shape).replace(' ', "")),
        ("sha256", format!("\"{:x}\"", Sha256::digest(&bytes))),
    ] {
        if let Some(expected) = listed.get(name) {
            let field = format!("arrays.{}.{name}", kind.key);
            facts.push(Recorded { quantity: name.to_owned(), field, values: 1, expected: expected.to_string(), got });
        }
    }
    Ok(())
}

/// Fills in the input as the list of events has it; as the array has it if there is no list. The list may hold counts
/// that were already cut to the cap.
fn listed_input(fields: &Fields<'_>, trace: &mut RecordedTrace, steps: usize) -> Result<(), ConformError> {
    trace.got = trace.expected.clone();
    if fields.get("input_events").is_none() {
        return Ok(());
    }
    trace.got.fill(0);
    let columns = trace.columns;
    for (index, event) in events(fields, "input_events")?.iter().enumerate() {
        let &[step, channel, count] = event.as_slice() else { unreachable!("events have three parts") };
        if step as usize >= steps || channel as usize >= columns {
            let expected = format!("an event of one of {steps} steps and {columns} channels");
            return Err(network::wrong(fields, &format!("input_events[{index}]"), &json!(event), &expected));
        }
        let got = &mut trace.got[step as usize * columns + channel as usize];
        *got = got.saturating_add(count as i32);
    }
    for (got, &expected) in trace.got.iter_mut().zip(&trace.expected) {
        if *got == INPUT_CAP as i32 && expected > *got {
            *got = expected;
        }
    }
    Ok(())
}

/// A list of `[step, id, count]`.
fn events(fields: &Fields<'_>, name: &str) -> Result<Vec<Vec<i64>>, ConformError> {
    network::lists(fields, name, None, 3..=3, &(0..=i64::from(u32::MAX >> 1)))
}

/// Compares a list of events, event by event, with the spikes of the replay.
fn compare_events(
    facts: &mut Vec<Recorded>,
    fields: &Fields<'_>,
    name: &str,
    got: &[[i64; 3]],
) -> Result<(), ConformError> {
    if fields.get(name).is_none() {
        return Ok(());
    }
    let expected = events(fields, name)?;
    let show = |event: Option<&[i64]>| event.map_or_else(|| "no event".to_owned(), |event| format!("{event:?}"));
    let length = expected.len().max(got.len());
    let first = (0..length).find(|&at| expected.get(at).map(Vec::as_slice) != got.get(at).map(|e| e.as_slice()));
    facts.push(match first {
        None => Recorded {
            quantity: name.to_owned(),
            field: fields.path(name),
            values: length as u64,
            expected: format!("{length} events"),
            got: format!("{length} events"),
        },
        Some(at) => Recorded {
            quantity: name.to_owned(),
            field: format!("{}[{at}]", fields.path(name)),
            values: length as u64,
            expected: show(expected.get(at).map(Vec::as_slice)),
            got: show(got.get(at).map(|event| event.as_slice())),
        },
    });
    Ok(())
}

/// Compares the final states.
fn compare_finals(facts: &mut Vec<Recorded>, fields: &Fields<'_>, record: &Record) -> Result<(), ConformError> {
    for state in ["i_syn", "i_syn2", "v_mem", "i_syn_out", "v_mem_out"] {
        let name = &format!("final_{state}");
        if fields.get(name).is_none() {
            continue;
        }
        // The simulator records nothing of currents that are not there.
        let absent = state == "i_syn2" && record.network().currents == 1 && fields.list(name)?.is_empty();
        let got = if absent { Vec::new() } else { record.last(state) };
        let expected = network::integers(fields, name, got.len(), &(i16::MIN.into()..=i16::MAX.into()))?;
        let values = got.len() as u64;
        let (field, expected, got) = match expected.iter().zip(&got).position(|(e, g)| *e != i64::from(*g)) {
            None => (fields.path(name), "equal".to_owned(), "equal".to_owned()),
            Some(at) => (format!("{}[{at}]", fields.path(name)), expected[at].to_string(), got[at].to_string()),
        };
        facts.push(Recorded { quantity: "final states".to_owned(), field, values, expected, got });
    }
    Ok(())
}
