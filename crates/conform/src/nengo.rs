//! Replay of `nengo-loihi-golden/1`: networks of nengo-loihi's emulator.

use crate::arrays::{Array, Arrays, INDEX, INT8, INT32};
use crate::axons::{AxonTable, AxonTableLayout};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::loihi::{Group, Input, Network, Sender, Synapse, Wire};
use crate::nengo_use::{SynapseUse, compare_use};
use crate::outcome::{Comparison, Recorded};
use crate::read::{
    CONVENTIONS, MAX_NEURONS, MAX_STEPS, bounded, compare_group, compare_stats, conventions, narrow, rows,
    something_recorded, within,
};
use crate::wish::Names;
use device_models::loihi::Register;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields of the description.
pub(crate) const CASE: &[&str] = &[
    "steps",
    "inputs",
    "blocks",
    "synapses",
    "axons",
    "noise_draws",
    "overflow_events",
    "n_overflow_events",
    "stats",
    "warnings",
    "refractory",
];
const INPUT: &[&str] = &["name", "n", "spikes"];
const BLOCK: &[&str] = &[
    "name",
    "n",
    "vmin",
    "vmax",
    "noise_exp",
    "noise_offset",
    "noise_at_membrane",
    "params",
    "traces",
    "validate",
    "utilization",
];
const PARAMS: &[&str] = &["decay_u", "decay_v", "vth", "bias", "refract_delay", "enable_noise"];
const SYNAPSES: &[&str] = &[
    "name",
    "block",
    "n_axons",
    "pop_type",
    "w",
    "idx",
    "ptr",
    "n_atoms",
    "axon_to_weight",
    "base",
    "cfg",
    "bits",
    "learning",
];
const AXONS: &[&str] = &["name", "source", "synapse", "target", "atom"];

/// Most synapses of all axons of a case together, each sender having those of its row.
const MAX_SYNAPSES: usize = 1 << 27;

/// A group of synapses on a block.
pub(crate) struct Synapses {
    pub(crate) name: String,
    pub(crate) block: usize,
    pub(crate) axons: usize,
    pub(crate) population_type: u8,
    pub(crate) table: AxonTable,
    pub(crate) memory: SynapseUse,
}

/// What the spikes of a source do to a group of synapses.
pub(crate) struct Axons {
    pub(crate) source: Sender,
    pub(crate) synapses: usize,
    /// Target axon of each sender, -1 for none.
    pub(crate) targets: Vec<i32>,
}

/// What a case holds besides its neurons and their connections.
pub(crate) struct Tables {
    synapses: Vec<Synapses>,
    axons: Vec<Axons>,
}

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let (fields, arrays) = (case.fields(), case.arrays()?);
    let (network, steps, tables) = read(case, &arrays)?;
    let mut comparison = Comparison::default();
    let replayed = network.run(case, steps, &mut comparison)?;
    let groups = &replayed.network.groups;
    let blocks = fields.objects("blocks")?;
    for (block, both) in blocks.iter().zip(groups.iter().zip(&replayed.registers)) {
        compare_group(&mut comparison, &arrays, block, steps, both)?;
    }
    compare_events(&mut comparison, &fields, &replayed.overflow_events(steps))?;
    for (index, block) in blocks.iter().enumerate() {
        compare_use(&mut comparison, block, index, groups[index].neurons, &tables.synapses, &tables.axons)?;
    }
    for (fields, synapses) in fields.objects("synapses")?.iter().zip(&tables.synapses) {
        synapses.memory.compare(&mut comparison, fields)?;
    }
    compare_stats(&mut comparison, &fields)?;
    something_recorded(case, &comparison)?;
    comparison.explain = Some(Box::new(move |row, block, neuron| replayed.arrivals(row, block, neuron)));
    Ok(comparison)
}

/// What a network for a chip calls things, where it names them after the fields of a case.
pub(crate) const NAMES: Names = Names {
    groups: "blocks[]",
    wires: "axons[]",
    weight: "synapse",
    parameters: &[
        ("decay_u", "params.decay_u"),
        ("decay_v", "params.decay_v"),
        ("v_threshold", "params.vth"),
        ("bias_mantissa", "params.bias"),
        ("refractory", "params.refract_delay"),
        (NOISE, "params.enable_noise"),
        ("v_min", "vmin"),
        ("v_max", "vmax"),
    ],
};

/// The network of a case, its number of steps, and what it holds besides.
pub(crate) fn read(case: &Case, arrays: &Arrays) -> Result<(Network, usize, Tables), ConformError> {
    let fields = case.fields();
    let (spec, rules) = conventions(&fields, "loihi-nengo", &[CONVENTIONS, &["refractory"]].concat(), &[])?;
    let steps = fields.integer("steps", 0..=MAX_STEPS as i64)? as usize;
    let mut names: Vec<String> = Vec::new();
    let mut unique = |fields: &Fields<'_>| -> Result<String, ConformError> {
        let name = fields.text("name")?;
        if names.iter().any(|other| other == name) {
            return Err(fields.wrong("name", "a name that nothing else has"));
        }
        names.push(name.to_owned());
        Ok(name.to_owned())
    };

    let mut network = Network { rules: spec, inputs: Vec::new(), groups: Vec::new(), wires: Vec::new() };
    for input in fields.objects("inputs")? {
        input.only(&[INPUT])?;
        let (name, channels) = (unique(&input)?, input.count("n", MAX_NEURONS)?);
        let (key, spikes) = rows(arrays, &input, "spikes", INT8, (steps, channels))?;
        within(arrays, &key, &spikes, 0..=1, "0 or 1")?;
        network.inputs.push(Input { name, channels, rows: narrow(arrays, &key, &spikes)? });
    }
    for block in &fields.objects("blocks")? {
        let name = unique(block)?;
        network.groups.push(core(arrays, block, name, steps)?);
    }
    let mut tables = Tables { synapses: Vec::new(), axons: Vec::new() };
    for fields in &fields.objects("synapses")? {
        let name = unique(fields)?;
        tables.synapses.push(synapse_group(case, arrays, fields, name, &network.groups)?);
    }
    for axons in fields.objects("axons")? {
        let name = unique(&axons)?;
        let (axons, mut wire) = axon_group(case, arrays, &axons, &name, &network, &tables)?;
        wire.latency = match axons.source {
            Sender::Input(_) => rules.input_latency.into(),
            Sender::Group(_) => rules.spike_latency.into(),
        };
        tables.axons.push(axons);
        network.wires.push(wire);
    }
    noise_draws(arrays, &fields, steps, &mut network.groups)?;
    Ok((network, steps, tables))
}

/// A block: one core.
fn core(arrays: &Arrays, fields: &Fields<'_>, name: String, steps: usize) -> Result<Group, ConformError> {
    fields.only(&[BLOCK])?;
    let neurons = fields.count("n", MAX_NEURONS)?;
    bounded(fields, "n", steps, neurons)?;
    let params = fields.object("params")?;
    params.only(&[PARAMS])?;
    let list = |name: &str| -> Result<Vec<i32>, ConformError> {
        let key = params.text(name)?;
        let array = arrays.read(&params.path(name), key, INT32, &[Some(neurons)], "a value per compartment")?;
        narrow(arrays, key, &array)
    };
    let word = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let limit = |name| Ok::<_, ConformError>(vec![fields.integer(name, word.clone())? as i32; neurons]);
    let or_0 = |name, range| Ok::<_, ConformError>(vec![fields.integer_or(name, range, 0)? as i32; neurons]);
    let parameters = BTreeMap::from([
        ("decay_u", list("decay_u")?),
        ("decay_v", list("decay_v")?),
        ("v_threshold", list("vth")?),
        ("bias_mantissa", list("bias")?),
        ("refractory", list("refract_delay")?),
        ("v_min", limit("vmin")?),
        ("v_max", limit("vmax")?),
        (NOISE, list("enable_noise")?.iter().map(|&on| i32::from(on != 0)).collect()),
        ("noise_exponent", or_0("noise_exp", word.clone())?),
        ("noise_offset", or_0("noise_offset", word.clone())?),
        ("noise_at_membrane", or_0("noise_at_membrane", 0..=1)?),
    ]);
    Ok(Group { name, neurons, parameters, draws: None })
}

/// The parameter that says which neurons have noise.
const NOISE: &str = "noise";

fn synapse_group(
    case: &Case,
    arrays: &Arrays,
    fields: &Fields<'_>,
    name: String,
    blocks: &[Group],
) -> Result<Synapses, ConformError> {
    fields.only(&[SYNAPSES])?;
    let target = fields.text("block")?;
    let block = blocks
        .iter()
        .position(|block| block.name == target)
        .ok_or_else(|| fields.wrong("block", "the name of a block"))?;
    if fields.flag_or("learning", false)? {
        return Err(ConformError::Unsupported {
            file: fields.file().to_owned(),
            field: fields.path("learning"),
            what: "learning, which draws random numbers that are not recorded".to_owned(),
        });
    }
    let axons = fields.count("n_axons", MAX_NEURONS)?;
    let population_type = match fields.integer("pop_type", 0..=32)? {
        value @ (0 | 16 | 32) => value as u8,
        _ => return Err(fields.wrong("pop_type", "0, 16 or 32")),
    };
    let list = |field: &str, length: Option<usize>| -> Result<(String, Array), ConformError> {
        let key = fields.text(field)?;
        let why = "a flat list; idx is as long as w, axon_to_weight and base have a value per axon";
        Ok((key.to_owned(), arrays.read(&fields.path(field), key, INDEX, &[length], why)?))
    };
    let words = |(key, array): (String, Array)| narrow(arrays, &key, &array);
    let optional = |field: &str| match fields.get(field) {
        None => Ok(None),
        Some(_) => list(field, Some(axons)).and_then(words).map(Some),
    };
    let weights = list("w", None)?;
    let indices = words(list("idx", Some(weights.1.values.len()))?)?;
    let row_starts = list("ptr", None)?.1.values;
    let atoms = words(list("n_atoms", None)?)?;
    let memory = SynapseUse::new(fields, &atoms, &row_starts)?.with_weights(&weights.1);
    let weights = words(weights)?;
    let (axon_sets, bases) = (optional("axon_to_weight")?, optional("base")?);
    let layout = AxonTableLayout {
        compartments: blocks[block].neurons,
        axons,
        weights: &weights,
        indices: &indices,
        row_starts: &row_starts,
        atoms: &atoms,
        axon_sets: axon_sets.as_deref(),
        bases: bases.as_deref(),
    };
    let table = AxonTable::new(&layout).map_err(|e| case.refused(&name, e))?;
    let memory = memory.with_bases(bases.unwrap_or_default(), population_type);
    Ok(Synapses { name, block, axons, population_type, table, memory })
}

fn axon_group(
    case: &Case,
    arrays: &Arrays,
    fields: &Fields<'_>,
    name: &str,
    network: &Network,
    tables: &Tables,
) -> Result<(Axons, Wire), ConformError> {
    fields.only(&[AXONS])?;
    let from = fields.text("source")?;
    let input = network.inputs.iter().position(|input| input.name == from).map(Sender::Input);
    let block = || network.groups.iter().position(|block| block.name == from).map(Sender::Group);
    let source = input.or_else(block).ok_or_else(|| fields.wrong("source", "the name of an input or a block"))?;
    let senders = match source {
        Sender::Input(index) => network.inputs[index].channels,
        Sender::Group(index) => network.groups[index].neurons,
    };
    let to = fields.text("synapse")?;
    let synapses = tables
        .synapses
        .iter()
        .position(|group| group.name == to)
        .ok_or_else(|| fields.wrong("synapse", "the name of a group of synapses"))?;
    let list = |field: &str| -> Result<Vec<i32>, ConformError> {
        let key = fields.text(field)?;
        let array = arrays.read(&fields.path(field), key, INDEX, &[Some(senders)], "a value per sender")?;
        narrow(arrays, key, &array)
    };
    let (targets, atoms) = (list("target")?, list("atom")?);
    let group = &tables.synapses[synapses];
    let mut all = Vec::new();
    for (sender, (&target, &atom)) in targets.iter().zip(&atoms).enumerate() {
        if target < 0 {
            continue;
        }
        let refused = |e| case.refused(format!("{name}, sender {sender}"), e);
        for (post, weight) in group.table.row(target.into(), atom.into()).map_err(refused)? {
            all.push(Synapse { pre: sender as u32, delay: 0, post, weight });
        }
        let others: usize = network.wires.iter().map(|wire| wire.synapses.len()).sum();
        if all.len() + others > MAX_SYNAPSES {
            let reason = format!("the senders have more than {MAX_SYNAPSES} synapses; make the case smaller");
            return Err(case.refused(name, reason));
        }
    }
    all.sort_unstable();
    let wire = Wire {
        name: format!("{name} to {to}"),
        from: source,
        to: group.block,
        latency: 1,
        graded: false,
        exponent: 0,
        format: None,
        synapses: all,
    };
    Ok((Axons { source, synapses, targets }, wire))
}

/// Gives the blocks that have noise the recorded draws, a row per step.
fn noise_draws(arrays: &Arrays, fields: &Fields<'_>, steps: usize, blocks: &mut [Group]) -> Result<(), ConformError> {
    let has_noise = |block: &Group| block.parameters[NOISE].contains(&1);
    let columns = blocks.iter().map(|block| block.neurons).sum();
    if fields.get("noise_draws").is_none() {
        return match blocks.iter().any(has_noise) {
            false => Ok(()),
            true => Err(fields.wrong("noise_draws", "the key of the recorded draws, because a block has noise")),
        };
    }
    let (key, array) = rows(arrays, fields, "noise_draws", INT8, (steps, columns))?;
    within(arrays, &key, &array, -127..=127, "a draw from -127 to 127")?;
    let mut first = 0;
    for block in blocks {
        if has_noise(block) {
            let rows = array.values.chunks(columns).flat_map(|row| &row[first..first + block.neurons]);
            block.draws = Some(rows.map(|&draw| draw as i32).collect());
        }
        first += block.neurons;
    }
    Ok(())
}

/// The overflow warnings, in the order in which the emulator raises them.
fn compare_events(
    comparison: &mut Comparison,
    fields: &Fields<'_>,
    events: &[(usize, Register)],
) -> Result<(), ConformError> {
    let got: Vec<String> = events
        .iter()
        // The emulator has no warning for the voltage.
        .filter(|(_, register)| *register != Register::Voltage)
        .map(|(row, register)| format!("[{},\"Overflow in {}\"]", row + 1, register.name()))
        .collect();
    let mut fact = |field: String, expected: String, got: String| {
        comparison.facts.push(Recorded { quantity: "overflow_events".to_owned(), field, values: 1, expected, got });
    };
    let total = match fields.get("n_overflow_events") {
        Some(_) => Some(fields.integer("n_overflow_events", 0..=i64::MAX)? as usize),
        None => None,
    };
    if let Some(total) = total {
        fact("n_overflow_events".to_owned(), total.to_string(), got.len().to_string());
    }
    if fields.get("overflow_events").is_some() {
        let recorded = fields.list("overflow_events")?;
        // A recorder may have kept the first events only; then the total tells.
        let compared = if total.is_some_and(|total| total > recorded.len()) { recorded.len() } else { got.len() };
        for at in 0..recorded.len().max(compared) {
            let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "nothing".to_owned());
            let expected = recorded.get(at).map(Value::to_string);
            fact(format!("overflow_events[{at}]"), text(expected.as_ref()), text(got.get(at)));
        }
    }
    Ok(())
}
