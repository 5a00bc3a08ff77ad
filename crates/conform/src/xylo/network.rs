//! The network of a case: fields of the description as a program, and a chip with room for it.

use crate::error::ConformError;
use crate::fields::{Fields, shorten, whole};
use crate::machine::number;
use crate::read::MAX_NEURONS;
use chip::{
    ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, Routing, Source, Values, XYLO_HIDDEN,
    XYLO_OUTPUT, XyloShifts, XyloSpec,
};
use device_models::xylo::{CURRENTS_MAX, DASH_MAX, XyloRules};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use units::{ChipId, CoreAddress, CoreId, Decimal, InputId, NeuronAddress, NeuronId, Quantity};

const I8: RangeInclusive<i64> = i8::MIN as i64..=i8::MAX as i64;
const I16: RangeInclusive<i64> = i16::MIN as i64..=i16::MAX as i64;
const DASH: RangeInclusive<i64> = 0..=DASH_MAX as i64;

/// Most neurons of a layer: a neuron id has 16 bits.
const MAX_LAYER: usize = 1 << 16;
/// The largest shift that a case can give a matrix: one more leaves nothing of a weight in 16 bits.
const SHIFT_MAX: u8 = 15;
/// The largest shift that a chip can have: 8 bits of weight shifted by it fill 16.
const CHIP_SHIFT_MAX: u8 = 8;
/// Bits of a weight before its shift.
const WEIGHT_BITS: i64 = 8;
/// Synapses of a hidden neuron in a case: two onto every neuron of a full layer.
const FAN_OUT: i64 = 2 * MAX_LAYER as i64;

/// A case as what the kernel runs.
pub(crate) struct Network {
    pub(super) spec: ChipSpec,
    pub(crate) program: Program,
    /// The connections of the program, and the shifts of their matrices.
    rows: Vec<IdealRow>,
    shifts: XyloShifts,
    aliases: Vec<Vec<NeuronId>>,
    pub(crate) rules: XyloRules,
    pub(super) has_bias: bool,
    /// Input channels.
    pub(crate) inputs: usize,
    /// Hidden neurons.
    pub(crate) hidden: usize,
    /// Output neurons.
    pub(super) output: usize,
    /// Synaptic currents of a hidden neuron, of those that have most.
    pub(super) currents: usize,
}

impl Network {
    /// Index of a layer in the program; none if it has no neurons.
    pub(crate) fn core(&self, layer: CoreId) -> Option<usize> {
        self.program.cores.iter().position(|core| core.address.core == layer)
    }

    /// By hidden neuron: those whose spikes its own count as too.
    pub(crate) fn aliases(&self) -> &[Vec<NeuronId>] {
        &self.aliases
    }

    /// The connections: rows, and the shift of a row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&IdealRow, u8)> {
        self.rows.iter().map(|row| (row, self.shifts.of(row.source, row.destination)))
    }
}

/// The network that a case describes.
pub(crate) fn read(fields: &Fields<'_>) -> Result<Network, ConformError> {
    let count = |name, most: usize| fields.integer(name, 0..=most as i64).map(|n| n as usize);
    let inputs = count("n_in", MAX_NEURONS)?;
    let (hidden, output) = (count("n_hidden", MAX_LAYER)?, count("n_out", MAX_LAYER)?);
    let rules = rules(fields)?;
    let has_bias = fields.flag_or("has_bias", false)?;
    if has_bias && rules == XyloRules::V1 {
        return Err(fields.wrong("has_bias", "false: rules V1 have no biases; use rules V2, or clear it"));
    }

    let dash_syn = lists(fields, "dash_syn", Some(hidden), 1..=CURRENTS_MAX, &DASH)?;
    // A neuron with one current on a core whose neurons have two has a second one that nothing feeds.
    let currents: Vec<usize> = dash_syn.iter().map(Vec::len).collect();
    let most_currents = currents.iter().copied().max().unwrap_or(1);
    let mut hidden_values = layer(fields, "", hidden, has_bias, &dash_syn)?;
    if most_currents > 1 {
        let second = dash_syn.iter().map(|dashes| dashes.get(1).copied().unwrap_or(0));
        hidden_values.insert("dash_syn2".to_owned(), values(second));
    }
    // Output neurons have one current. Simulators take more dashes, of currents that nothing can feed.
    let dash_syn_out = lists(fields, "dash_syn_out", Some(output), 1..=CURRENTS_MAX, &DASH)?;
    let output_values = layer(fields, "_out", output, has_bias, &dash_syn_out)?;
    let aliases = match fields.get("aliases") {
        None => Vec::new(),
        Some(_) => lists(fields, "aliases", Some(hidden), 0..=usize::MAX, &below(hidden))?,
    };

    let input = |pre| Source::Input(InputId(pre));
    let neuron = |pre| {
        let (core, neuron) = (address(XYLO_HIDDEN), NeuronId(pre as u16));
        Source::Neuron(NeuronAddress { core, neuron })
    };
    let one = vec![1; output];
    let [into, among, out] = [
        matrix(fields, "in", inputs, &currents, &input, XYLO_HIDDEN)?,
        matrix(fields, "rec", hidden, &currents, &neuron, XYLO_HIDDEN)?,
        matrix(fields, "out", hidden, &one, &neuron, XYLO_OUTPUT)?,
    ];
    let core = |layer, count, parameters| CoreProgram {
        address: address(layer),
        model: CoreModel::Xylo,
        neuron_count: count as u32,
        parameters,
        weight_exponent: 20,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let layers = [(XYLO_HIDDEN, hidden, hidden_values), (XYLO_OUTPUT, output, output_values)];
    let spec = spec(rules, inputs, hidden.max(output), output);
    let shifts = XyloShifts { input: into.shift, recurrent: among.shift, output: out.shift };
    let rows = [into.rows, among.rows, out.rows].concat();
    let aliases: Vec<Vec<NeuronId>> =
        aliases.iter().map(|list| list.iter().map(|&a| NeuronId(a as u16)).collect()).collect();
    Ok(Network {
        program: Program {
            chip: spec.name.clone(),
            clock: None,
            cores: layers
                .into_iter()
                .filter(|(_, count, _)| *count > 0)
                .map(|(layer, count, values)| core(layer, count, values))
                .collect(),
            input_count: inputs as u32,
            routing: Routing::matrices(rows.clone(), shifts, aliases.clone()),
        },
        spec,
        rows,
        shifts,
        aliases,
        rules,
        has_bias,
        inputs,
        hidden,
        output,
        currents: most_currents,
    })
}

/// A chip of the family with limits as wide as the kernel has.
fn spec(rules: XyloRules, inputs: usize, neurons: usize, outputs: usize) -> ChipSpec {
    let mut spec = formats::chip::shipped("xylo-audio2").expect("a shipped chip is valid");
    let size = |count: usize| number(count.max(1) as i64);
    spec.geometry.neurons_per_core = size(neurons);
    let router = XyloSpec {
        input_channels: size(inputs),
        output_neurons: size(outputs),
        hidden_fan_out: number(FAN_OUT),
        hidden_fan_in: None,
        input_targets: None,
        output_sources: None,
        weight_bits: number(WEIGHT_BITS),
        weight_shift_max: number(CHIP_SHIFT_MAX.into()),
    };
    spec.router = router.into();
    if let Some(chosen) = &mut spec.rules {
        chosen.profile = rules.profile().to_owned();
    }
    spec
}

const fn address(core: CoreId) -> CoreAddress {
    CoreAddress { chip: ChipId(0), core }
}

/// The parameters of a layer: the fields of the description whose names end in `suffix`.
fn layer(
    fields: &Fields<'_>,
    suffix: &str,
    count: usize,
    has_bias: bool,
    dash_syn: &[Vec<i64>],
) -> Result<BTreeMap<String, Values>, ConformError> {
    let list = |name: &str, range| integers(fields, &format!("{name}{suffix}"), count, range);
    let mut parameters = BTreeMap::from([
        ("dash_syn".to_owned(), values(dash_syn.iter().map(|dashes| dashes[0]))),
        ("dash_mem".to_owned(), values(list("dash_mem", &DASH)?)),
        ("threshold".to_owned(), values(list("threshold", &I16)?)),
    ]);
    // A core without biases has none, whatever the description says about them.
    if has_bias {
        parameters.insert("bias".to_owned(), values(list("bias", &I16)?));
    }
    Ok(parameters)
}

fn values(all: impl IntoIterator<Item = i64>) -> Values {
    Values::PerNeuron(all.into_iter().map(|value| Quantity::number(Decimal::integer(value))).collect())
}

/// The field `rules` (`v1` or `v2`), else the module of the simulator that the case was made with, else version 2.
fn rules(fields: &Fields<'_>) -> Result<XyloRules, ConformError> {
    match fields.get("rules").map(|_| fields.text("rules")).transpose()? {
        Some("v1") => Ok(XyloRules::V1),
        Some("v2") => Ok(XyloRules::V2),
        Some(_) => Err(fields.wrong("rules", "v1 or v2")),
        None => match fields.get("made_by").and_then(Value::as_str) {
            Some(made_by) if made_by.contains("module v1") => Ok(XyloRules::V1),
            _ => Ok(XyloRules::V2),
        },
    }
}

/// A weight matrix: its rows, the synapses of each in their order, and their shift.
struct Matrix {
    rows: Vec<IdealRow>,
    shift: u8,
}

/// A weight matrix: `synapses_in` and `weight_shift_in`, and so on. `currents`: synaptic currents by target neuron.
fn matrix(
    fields: &Fields<'_>,
    name: &str,
    pre_count: usize,
    currents: &[usize],
    source: &dyn Fn(u32) -> Source,
    destination: CoreId,
) -> Result<Matrix, ConformError> {
    let shift = fields.integer(&format!("weight_shift_{name}"), 0..=i64::from(SHIFT_MAX))? as u8;
    let name = format!("synapses_{name}");
    let mut rows: BTreeMap<u32, Vec<IdealSynapse>> = BTreeMap::new();
    for (index, value) in fields.list(&name)?.iter().enumerate() {
        let row = value.as_array().filter(|row| row.len() == 4);
        let row =
            row.ok_or_else(|| wrong(fields, &format!("{name}[{index}]"), value, "[pre, post, current, weight]"))?;
        let part = |at: usize, range: &RangeInclusive<i64>| {
            integer(&row[at], range, || (fields, format!("{name}[{index}][{at}]")))
        };
        let pre = part(0, &below(pre_count))?;
        let post = part(1, &below(currents.len()))?;
        let current = part(2, &below(currents[post as usize]))?;
        let weight = stored(part(3, &I8)? as i8, shift);
        let synapse = IdealSynapse { neuron: NeuronId(post as u16), synapse: current as u8, weight };
        rows.entry(pre as u32).or_default().push(synapse);
    }
    let destination = address(destination);
    let row = |(pre, synapses)| IdealRow { source: source(pre), destination, delay_ticks: 1, synapses };
    Ok(Matrix { rows: rows.into_iter().map(row).collect(), shift: shift.min(CHIP_SHIFT_MAX) })
}

/// The weight that a chip stores for `weight` in a matrix with `shift`: beyond the largest shift of a chip, the bits of
/// the shifted weight, which wraps at 16 bits, that this shift leaves to be stored.
fn stored(weight: i8, shift: u8) -> i16 {
    let lost = shift.saturating_sub(CHIP_SHIFT_MAX);
    (weight << lost).into()
}

/// A list of `count` integers within `range`.
pub(super) fn integers(
    fields: &Fields<'_>,
    name: &str,
    count: usize,
    range: &RangeInclusive<i64>,
) -> Result<Vec<i64>, ConformError> {
    let list = fields.list(name)?;
    if list.len() != count {
        return Err(fields.wrong(name, format!("a list of {count} integers, not of {}", list.len())));
    }
    list.iter()
        .enumerate()
        .map(|(index, value)| integer(value, range, || (fields, format!("{name}[{index}]"))))
        .collect()
}

/// A list (of `count` entries) of lists, each with a length within `lengths`, of integers within `range`.
pub(super) fn lists(
    fields: &Fields<'_>,
    name: &str,
    count: Option<usize>,
    lengths: RangeInclusive<usize>,
    range: &RangeInclusive<i64>,
) -> Result<Vec<Vec<i64>>, ConformError> {
    let outer = fields.list(name)?;
    if let Some(count) = count.filter(|&count| count != outer.len()) {
        return Err(fields.wrong(name, format!("a list of {count} lists, not of {}", outer.len())));
    }
    let inner = |(index, value): (usize, &Value)| {
        let path = format!("{name}[{index}]");
        let list = value.as_array().filter(|list| lengths.contains(&list.len())).ok_or_else(|| {
            let expected = match (lengths.start(), lengths.end()) {
                (a, b) if a == b => format!("a list of {a} integers"),
                (a, &usize::MAX) => format!("a list of at least {a} integers"),
                (a, b) => format!("a list of {a} to {b} integers"),
            };
            wrong(fields, &path, value, &expected)
        })?;
        list.iter().enumerate().map(|(at, value)| integer(value, range, || (fields, format!("{path}[{at}]")))).collect()
    };
    outer.iter().enumerate().map(inner).collect()
}

/// An integer within `range`; `place` is only asked if it is none.
fn integer<'a>(
    value: &Value,
    range: &RangeInclusive<i64>,
    place: impl FnOnce() -> (&'a Fields<'a>, String),
) -> Result<i64, ConformError> {
    whole(value).filter(|integer| range.contains(integer)).ok_or_else(|| {
        let (fields, path) = place();
        let expected = if range.is_empty() {
            "absent: there is nothing that it could name".to_owned()
        } else {
            format!("an integer from {} to {}", range.start(), range.end())
        };
        wrong(fields, &path, value, &expected)
    })
}

fn below(count: usize) -> RangeInclusive<i64> {
    0..=count as i64 - 1
}

/// The error that says what a field, given by its full path, must be.
pub(super) fn wrong(fields: &Fields<'_>, field: &str, value: &Value, expected: &str) -> ConformError {
    ConformError::WrongField {
        file: fields.file().to_owned(),
        field: field.to_owned(),
        found: shorten(value),
        expected: expected.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CHIP_SHIFT_MAX, SHIFT_MAX, stored};

    #[test]
    fn a_stored_weight_has_the_shifted_value() {
        for weight in i8::MIN..=i8::MAX {
            for shift in 0..=SHIFT_MAX {
                let wrapped = (i32::from(weight) << shift) as i16;
                let chip = i32::from(stored(weight, shift)) << shift.min(CHIP_SHIFT_MAX);
                assert_eq!(chip, i32::from(wrapped), "{weight} << {shift}");
                assert!((-128..=127).contains(&stored(weight, shift)));
            }
        }
    }
}
