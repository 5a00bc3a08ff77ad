//! Replay of `nengo-loihi-golden/1`: networks of nengo-loihi's emulator.

use crate::arrays::{Array, Arrays, INDEX, INT8, INT32};
use crate::case::Case;
use crate::clocked::Group;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::nengo_use::{SynapseUse, compare_use};
use crate::outcome::{Arrival, Comparison, Fact};
use crate::read::{
    MAX_NEURONS, MAX_STEPS, bounded, compare_group, compare_stats, narrow, rows, something_recorded, within,
};
use device_models::loihi::{
    AxonRow, AxonTable, AxonTableLayout, Bias, LoihiParameters, LoihiRules, NeuronSettings, NoiseSettings, NoiseTarget,
    Register, Threshold,
};
use serde_json::Value;

/// Where spikes come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Input(usize),
    Block(usize),
}

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
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) synapses: usize,
    /// Target axon of each sender, -1 for none.
    pub(crate) targets: Vec<i32>,
    rows: Vec<Option<AxonRow>>,
}

/// The whole case.
struct Model {
    inputs: Vec<(String, usize, Vec<i32>)>,
    blocks: Vec<Group>,
    synapses: Vec<Synapses>,
    axons: Vec<Axons>,
}

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let rules = LoihiRules::nengo();
    let fields = case.fields();
    let arrays = case.arrays()?;
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

    let mut model = Model { inputs: Vec::new(), blocks: Vec::new(), synapses: Vec::new(), axons: Vec::new() };
    for input in fields.objects("inputs")? {
        let (name, channels) = (unique(&input)?, input.count("n", MAX_NEURONS)?);
        let (key, spikes) = rows(&arrays, &input, "spikes", INT8, (steps, channels))?;
        within(&arrays, &key, &spikes, 0..=1, "0 or 1")?;
        model.inputs.push((name, channels, narrow(&arrays, &key, &spikes)?));
    }
    let blocks = fields.objects("blocks")?;
    for block in &blocks {
        let name = unique(block)?;
        model.blocks.push(core(case, &arrays, &rules, block, &name, steps)?);
    }
    let synapses = fields.objects("synapses")?;
    for fields in &synapses {
        let name = unique(fields)?;
        model.synapses.push(synapse_group(case, &arrays, fields, name, &model.blocks)?);
    }
    for axons in fields.objects("axons")? {
        let name = unique(&axons)?;
        model.axons.push(axon_group(case, &arrays, &axons, name, &model)?);
    }
    let draws = noise_draws(&arrays, &fields, steps, &model.blocks)?;

    let events = model.run(steps, draws.as_deref());
    let mut comparison = Comparison::default();
    for (block, group) in blocks.iter().zip(&model.blocks) {
        compare_group(&mut comparison, &arrays, block, steps, group)?;
    }
    compare_events(&mut comparison, &fields, &events)?;
    for (index, block) in blocks.iter().enumerate() {
        let neurons = model.blocks[index].neurons();
        compare_use(&mut comparison, block, index, neurons, &model.synapses, &model.axons)?;
    }
    for (fields, synapses) in synapses.iter().zip(&model.synapses) {
        synapses.memory.compare(&mut comparison, fields)?;
    }
    compare_stats(&mut comparison, &fields)?;
    something_recorded(case, &comparison)?;
    comparison.explain = Some(Box::new(move |row, block, neuron| model.arrivals(row, block, neuron)));
    Ok(comparison)
}

/// A block: one core.
fn core(
    case: &Case,
    arrays: &Arrays,
    rules: &LoihiRules,
    fields: &Fields<'_>,
    name: &str,
    steps: usize,
) -> Result<Group, ConformError> {
    let neurons = fields.count("n", MAX_NEURONS)?;
    bounded(fields, "n", steps, neurons)?;
    let params = fields.object("params")?;
    let list = |name: &str| -> Result<Vec<i32>, ConformError> {
        let key = params.text(name)?;
        let array = arrays.read(&params.path(name), key, INT32, &[Some(neurons)], "a value per compartment")?;
        narrow(arrays, key, &array)
    };
    let word = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let limit = |name| Ok::<_, ConformError>(fields.integer(name, word.clone())? as i32);
    let enabled: Vec<bool> = list("enable_noise")?.iter().map(|&on| on != 0).collect();
    let target = match fields.integer_or("noise_at_membrane", 0..=1, 0)? {
        0 => NoiseTarget::Current,
        _ => NoiseTarget::Membrane,
    };
    let noise = NoiseSettings {
        enabled: &enabled,
        exponent: fields.integer_or("noise_exp", word.clone(), 0)? as i32,
        offset: fields.integer_or("noise_offset", word.clone(), 0)? as i32,
        target,
    };
    let settings = NeuronSettings {
        decay_u: &list("decay_u")?,
        decay_v: &list("decay_v")?,
        threshold: Threshold::Binary(&list("vth")?),
        bias: Bias::Scaled(&list("bias")?),
        refractory: &list("refract_delay")?,
        voltage_limits: Some((limit("vmin")?, limit("vmax")?)),
        noise: Some(noise),
        reset: None,
    };
    let parameters = LoihiParameters::new(rules, &settings).map_err(|e| case.refused(name, e))?;
    Ok(Group::new(name, parameters))
}

fn synapse_group(
    case: &Case,
    arrays: &Arrays,
    fields: &Fields<'_>,
    name: String,
    blocks: &[Group],
) -> Result<Synapses, ConformError> {
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
        compartments: blocks[block].neurons(),
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
    name: String,
    model: &Model,
) -> Result<Axons, ConformError> {
    let from = fields.text("source")?;
    let input = model.inputs.iter().position(|(name, ..)| name == from).map(Source::Input);
    let block = || model.blocks.iter().position(|block| block.name == from).map(Source::Block);
    let source = input.or_else(block).ok_or_else(|| fields.wrong("source", "the name of an input or a block"))?;
    let senders = match source {
        Source::Input(index) => model.inputs[index].1,
        Source::Block(index) => model.blocks[index].neurons(),
    };
    let to = fields.text("synapse")?;
    let synapses = model
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
    let mut rows = Vec::with_capacity(senders);
    for (sender, (&target, &atom)) in targets.iter().zip(&atoms).enumerate() {
        rows.push(match target {
            ..0 => None,
            _ => model.synapses[synapses]
                .table
                .row(target.into(), atom.into())
                .map_err(|e| case.refused(format!("{name}, sender {sender}"), e))?,
        });
    }
    Ok(Axons { name, source, synapses, targets, rows })
}

/// The recorded draws, a row per step; None if no block has noise.
fn noise_draws(
    arrays: &Arrays,
    fields: &Fields<'_>,
    steps: usize,
    blocks: &[Group],
) -> Result<Option<Vec<i8>>, ConformError> {
    let columns = blocks.iter().map(Group::neurons).sum();
    if fields.get("noise_draws").is_none() {
        return match blocks.iter().any(|block| block.parameters.has_noise()) {
            false => Ok(None),
            true => Err(fields.wrong("noise_draws", "the key of the recorded draws, because a block has noise")),
        };
    }
    let (key, array) = rows(arrays, fields, "noise_draws", INT8, (steps, columns))?;
    within(arrays, &key, &array, -127..=127, "a draw from -127 to 127")?;
    Ok(Some(array.values.iter().map(|&draw| draw as i8).collect()))
}

impl Model {
    /// Runs all steps; returns (row, register) of each overflow, once per row and register.
    fn run(&mut self, steps: usize, draws: Option<&[i8]>) -> Vec<(usize, Register)> {
        let columns: usize = self.blocks.iter().map(Group::neurons).sum();
        let mut events = Vec::new();
        let mut hits = Vec::new();
        for row in 0..steps {
            if let Some(before) = row.checked_sub(1) {
                for axons in &self.axons {
                    // Read first, delivered after: the block that receives may be the source itself.
                    let (senders, spikes) = self.spikes(axons.source);
                    let fired = spikes[before * senders..][..senders].iter().zip(&axons.rows);
                    hits.extend(fired.filter(|(spike, _)| **spike != 0).filter_map(|(_, row)| *row));
                    let synapses = &self.synapses[axons.synapses];
                    let accumulators = self.blocks[synapses.block].accumulators();
                    for hit in hits.drain(..) {
                        synapses.table.deliver(hit, accumulators);
                    }
                }
            }
            let mut start = row * columns;
            let mut registers = [false; Register::ALL.len()];
            for block in &mut self.blocks {
                let end = start + block.neurons();
                let summary = block.step(row, draws.map(|draws| &draws[start..end]));
                start = end;
                for (seen, register) in registers.iter_mut().zip(Register::ALL) {
                    *seen |= summary.overflows.count(register) > 0;
                }
            }
            let raised = Register::ALL.into_iter().zip(registers).filter(|(_, seen)| *seen);
            events.extend(raised.map(|(register, _)| (row, register)));
        }
        events
    }

    /// Number of senders and all spikes of a source.
    fn spikes(&self, source: Source) -> (usize, &[i32]) {
        match source {
            Source::Input(index) => (self.inputs[index].1, &self.inputs[index].2),
            Source::Block(index) => (self.blocks[index].neurons(), &self.blocks[index].s),
        }
    }

    /// The events that reached a compartment in a row.
    fn arrivals(&self, row: usize, block: &str, neuron: usize) -> Vec<Arrival> {
        let Some(sent) = row.checked_sub(1) else { return Vec::new() };
        let mut out = Vec::new();
        for axons in &self.axons {
            let synapses = &self.synapses[axons.synapses];
            if self.blocks[synapses.block].name != block {
                continue;
            }
            let (senders, spikes) = self.spikes(axons.source);
            let source = match axons.source {
                Source::Input(index) => &self.inputs[index].0,
                Source::Block(index) => &self.blocks[index].name,
            };
            for (index, hit) in axons.rows.iter().enumerate().filter(|(i, _)| spikes[sent * senders + i] != 0) {
                for (_, weight) in hit.iter().flat_map(|&hit| synapses.table.targets(hit)).filter(|t| t.0 == neuron) {
                    let (via, source) = (format!("{} to {}", axons.name, synapses.name), source.clone());
                    out.push(Arrival { via, source, index, sent, payload: 1, weight: weight.into() });
                }
            }
        }
        out
    }
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
        comparison.facts.push(Fact { quantity: "overflow_events".to_owned(), field, values: 1, expected, got });
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
