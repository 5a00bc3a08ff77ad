//! Replay of `xylo-golden-1` on `device_models::xylo`.
//!
//! Compared are all arrays over time, the lists of events, the final states, and type, shape and SHA-256 of each array
//! as the description states them. The input of a case is there twice, as an array and as a list of events; the array
//! is replayed and the list is compared with it, so that damage to the input shows as that and not only by what it
//! does.

mod network;
#[cfg(test)]
mod tests;

use crate::arrays::{Array, Arrays, Element};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::outcome::{Arrival, Comparison, Fact, Trace};
use device_models::xylo::{INPUT_CAP, XyloCore, XyloMatrix, XyloParameters, XyloRules, XyloSpikes};
use serde_json::json;
use sha2::{Digest, Sha256};

/// A recorded final state: its name, its length, and what the replay ended with.
type Final<'a> = (&'a str, usize, &'a dyn Fn(usize) -> i16);

/// Most steps of a case.
const MAX_STEPS: usize = 1 << 24;

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

    fn size(self, parameters: &XyloParameters) -> usize {
        match self {
            Self::Input => parameters.input_count,
            Self::Hidden => parameters.hidden.len(),
            Self::Output => parameters.output.len(),
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
    let parameters = network::read(&fields)?;
    let steps = fields.count("n_steps", MAX_STEPS)?;
    let mut core = XyloCore::new(&parameters).map_err(|e| case.refused("network", e))?;
    let arrays = case.arrays()?;

    let mut comparison = Comparison::default();
    for kind in KINDS.iter().filter(|kind| recorded(&fields, kind, &parameters)) {
        if kind.key == "hibernation" && parameters.rules == XyloRules::V1 {
            let (file, field) = (fields.file().to_owned(), fields.path("arrays.hibernation"));
            return Err(ConformError::Unsupported { file, field, what: "a flag that rules v1 do not have".to_owned() });
        }
        let array = read(&arrays, kind, &parameters, steps)?;
        describe(&mut comparison.facts, &fields, kind, &array)?;
        comparison.traces.push(Trace {
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

    let run = run(&mut core, &mut comparison.traces, steps, parameters.input_count);
    comparison.notes.extend(run.cut_note());
    listed_input(&fields, &mut comparison.traces[0], steps)?;
    for (name, got) in [("hidden_events", &run.hidden), ("output_events", &run.output)] {
        compare_events(&mut comparison.facts, &fields, name, got)?;
    }
    compare_finals(&mut comparison.facts, &fields, &parameters, &core)?;
    comparison.explain = Some(Box::new(move |row, layer, neuron| arrivals(&parameters, &run, row, layer, neuron)));
    Ok(comparison)
}

/// Whether a case has an array: its field `arrays` lists it, or there is no such field and all are there. The input is
/// always needed.
fn recorded(fields: &Fields<'_>, kind: &Kind, parameters: &XyloParameters) -> bool {
    match fields.object("arrays") {
        Ok(listed) => kind.key == "input" || listed.get(kind.key).is_some(),
        Err(_) => kind.key != "hibernation" || parameters.rules == XyloRules::V2,
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

fn read(arrays: &Arrays, kind: &Kind, parameters: &XyloParameters, steps: usize) -> Result<Array, ConformError> {
    let field = format!("arrays.{}", kind.key);
    let get = |shape: &[Option<usize>], why| arrays.read(&field, kind.key, &[kind.element], shape, why);
    if kind.layer == Layer::Core {
        return get(&[Some(steps)], "a value per step");
    }
    let exact = [Some(steps), Some(kind.layer.size(parameters))];
    let why = "a row per step, a column per channel or neuron";
    if kind.key == "i_syn2" && parameters.currents == 1 {
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
fn describe(facts: &mut Vec<Fact>, fields: &Fields<'_>, kind: &Kind, array: &Array) -> Result<(), ConformError> {
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
            facts.push(Fact { quantity: name.to_owned(), field, values: 1, expected: expected.to_string(), got });
        }
    }
    Ok(())
}

/// Spikes with their steps, sorted by step and source.
type Events = Vec<(usize, XyloSpikes)>;

/// What a replay saw.
#[derive(Default)]
struct Run {
    input: Events,
    hidden: Events,
    output: Events,
}

impl Run {
    fn cut_note(&self) -> Option<String> {
        let cut = self.input.iter().filter(|(_, spikes)| spikes.count > INPUT_CAP).count();
        (cut > 0).then(|| format!("{cut} input counts above {INPUT_CAP} were cut to it"))
    }
}

/// Runs the core on the recorded input, which is the first trace, and fills in what it did.
fn run(core: &mut XyloCore, traces: &mut [Trace], steps: usize, channels: usize) -> Run {
    let mut run = Run::default();
    let mut input = Vec::new();
    for step in 0..steps {
        let counts = &traces[0].expected[step * channels..(step + 1) * channels];
        let spiking = (0..).zip(counts).filter(|(_, count)| **count > 0);
        input.clear();
        input.extend(spiking.map(|(source, &count)| XyloSpikes { source, count: count as u32 }));
        let done = core.step(&input).expect("channels in order, as many as the core has");
        let (hidden, output, hibernating) = (done.hidden.to_vec(), done.output.to_vec(), done.hibernating);
        for trace in &mut traces[1..] {
            let columns = if trace.expected.is_empty() { 0 } else { trace.columns };
            match trace.key.as_str() {
                "i_syn" => trace.got.extend((0..columns).map(|n| i32::from(core.i_syn(n, 0)))),
                "i_syn2" => trace.got.extend((0..columns).map(|n| i32::from(core.i_syn(n, 1)))),
                "v_mem" => trace.got.extend((0..columns).map(|n| i32::from(core.v_mem(n)))),
                "spikes" => trace.got.extend(dense(&hidden, columns)),
                "i_syn_out" => trace.got.extend((0..columns).map(|n| i32::from(core.i_syn_out(n)))),
                "v_mem_out" => trace.got.extend((0..columns).map(|n| i32::from(core.v_mem_out(n)))),
                "spikes_out" => trace.got.extend(dense(&output, columns)),
                _ => trace.got.push(i32::from(hibernating.unwrap_or(false))),
            }
        }
        for (events, spikes) in [(&mut run.input, &input), (&mut run.hidden, &hidden), (&mut run.output, &output)] {
            events.extend(spikes.iter().map(|&spikes| (step, spikes)));
        }
    }
    run
}

fn dense(spikes: &[XyloSpikes], columns: usize) -> Vec<i32> {
    let mut row = vec![0; columns];
    for spikes in spikes {
        row[spikes.source as usize] = spikes.count as i32;
    }
    row
}

/// Fills in the input as the list of events has it; as the array has it if there is no list. The list may hold counts
/// that were already cut to the cap.
fn listed_input(fields: &Fields<'_>, trace: &mut Trace, steps: usize) -> Result<(), ConformError> {
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
fn compare_events(facts: &mut Vec<Fact>, fields: &Fields<'_>, name: &str, got: &Events) -> Result<(), ConformError> {
    if fields.get(name).is_none() {
        return Ok(());
    }
    let expected = events(fields, name)?;
    let event = |&(step, s): &(usize, XyloSpikes)| [step as i64, i64::from(s.source), i64::from(s.count)];
    let got: Vec<[i64; 3]> = got.iter().map(event).collect();
    let show = |event: Option<&[i64]>| event.map_or_else(|| "no event".to_owned(), |event| format!("{event:?}"));
    let length = expected.len().max(got.len());
    let first = (0..length).find(|&at| expected.get(at).map(Vec::as_slice) != got.get(at).map(|e| e.as_slice()));
    facts.push(match first {
        None => Fact {
            quantity: name.to_owned(),
            field: fields.path(name),
            values: length as u64,
            expected: format!("{length} events"),
            got: format!("{length} events"),
        },
        Some(at) => Fact {
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
fn compare_finals(
    facts: &mut Vec<Fact>,
    fields: &Fields<'_>,
    parameters: &XyloParameters,
    core: &XyloCore,
) -> Result<(), ConformError> {
    let (hidden, output) = (parameters.hidden.len(), parameters.output.len());
    let i_syn = |n| core.i_syn(n, 0);
    let i_syn2 = |n| core.i_syn(n, 1);
    let v_mem = |n| core.v_mem(n);
    let i_syn_out = |n| core.i_syn_out(n);
    let v_mem_out = |n| core.v_mem_out(n);
    let finals: [Final<'_>; 5] = [
        ("final_i_syn", hidden, &i_syn),
        ("final_i_syn2", hidden, &i_syn2),
        ("final_v_mem", hidden, &v_mem),
        ("final_i_syn_out", output, &i_syn_out),
        ("final_v_mem_out", output, &v_mem_out),
    ];
    for (name, count, state) in finals {
        if fields.get(name).is_none() {
            continue;
        }
        let absent = name == "final_i_syn2" && parameters.currents == 1 && fields.list(name)?.is_empty();
        let count = if absent { 0 } else { count };
        let expected = network::integers(fields, name, count, &(i16::MIN.into()..=i16::MAX.into()))?;
        let got: Vec<i64> = (0..count).map(|n| i64::from(state(n))).collect();
        let (field, expected, got) = match expected.iter().zip(&got).position(|(e, g)| e != g) {
            None => (fields.path(name), "equal".to_owned(), "equal".to_owned()),
            Some(at) => (format!("{}[{at}]", fields.path(name)), expected[at].to_string(), got[at].to_string()),
        };
        facts.push(Fact { quantity: "final states".to_owned(), field, values: count as u64, expected, got });
    }
    Ok(())
}

/// The spikes that reach a neuron in a step.
fn arrivals(parameters: &XyloParameters, run: &Run, row: usize, layer: &str, neuron: usize) -> Vec<Arrival> {
    let of_row = |events: &Events, row: usize| -> Vec<XyloSpikes> {
        let start = events.partition_point(|(step, _)| *step < row);
        events[start..].iter().take_while(|(step, _)| *step == row).map(|&(_, spikes)| spikes).collect()
    };
    let hidden = row.checked_sub(1).map_or_else(Vec::new, |before| of_row(&run.hidden, before));
    let input = of_row(&run.input, row);
    let sources: &[(&str, &str, &XyloMatrix, &[XyloSpikes], usize)] = match layer {
        "hidden" => &[
            ("synapses_in", "input", &parameters.input_weights, &input, row),
            ("synapses_rec", "hidden", &parameters.recurrent_weights, &hidden, row.saturating_sub(1)),
        ],
        "output" => &[("synapses_out", "hidden", &parameters.output_weights, &hidden, row.saturating_sub(1))],
        _ => &[],
    };
    let mut arrivals = Vec::new();
    for &(via, source, matrix, spikes, sent) in sources {
        for synapse in matrix.synapses.iter().filter(|synapse| synapse.post as usize == neuron) {
            let Ok(at) = spikes.binary_search_by_key(&synapse.pre, |s| s.source) else { continue };
            arrivals.push(Arrival {
                via: format!("{via} (current {})", synapse.current),
                source: source.to_owned(),
                index: synapse.pre as usize,
                sent,
                payload: i64::from(spikes[at].count),
                weight: i64::from((i32::from(synapse.weight) << matrix.shift) as i16),
            });
        }
    }
    arrivals
}
