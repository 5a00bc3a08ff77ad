//! A recorded network of a Xylo as a network for a chip of the family.

use super::{CaseNetwork, events};
use crate::arrays::UINT8;
use crate::case::Case;
use crate::error::ConformError;
use crate::read::narrow;
use crate::xylo::MAX_STEPS;
use crate::xylo::network::{Network as Recorded, read};
use chip::{ChipSpec, CoreModel, Kinetics, Source, Values, XYLO_HIDDEN, XYLO_OUTPUT};
use device_models::xylo::INPUT_CAP;
use fx::Weight;
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;

/// Names of the matrices, and the fields of their synapses and shifts.
const MATRICES: [(&str, &str, &str); 3] = [
    ("input", "synapses_in", "weight_shift_in"),
    ("recurrent", "synapses_rec", "weight_shift_rec"),
    ("output", "synapses_out", "weight_shift_out"),
];

/// Synapses by matrix and current, with their stored weights and the shift of these.
type Matrices = BTreeMap<(usize, u8), Vec<(u32, u32, i32, i32)>>;

/// The smallest shipped chip with the currents that a case uses.
pub(super) fn chip_of(case: &Case) -> Result<&'static str, ConformError> {
    let recorded = read(&case.fields())?;
    Ok(if uses_second_current(&recorded) { "xylo-audio3" } else { "xylo-imu" })
}

/// Whether any synapse feeds the second current of its neuron.
fn uses_second_current(recorded: &Recorded) -> bool {
    recorded.rows().any(|(row, _)| row.synapses.iter().any(|synapse| synapse.synapse > 0))
}

/// The network of a case, for `chip`.
pub(super) fn network(case: &Case, chip: &ChipSpec) -> Result<CaseNetwork, ConformError> {
    let fields = case.fields();
    let recorded = read(&fields)?;
    let steps = fields.count("n_steps", MAX_STEPS)?;
    let profile = recorded.rules.profile();
    if !chip.models.contains(&CoreModel::Xylo) || chip.rules.as_ref().is_none_or(|rules| rules.profile != profile) {
        let reason = format!("it follows the rules `{profile}`, and chip `{}` has others", chip.name);
        let field = if fields.get("rules").is_some() { "rules" } else { "format" };
        return Err(case.not_held(field, reason));
    }
    if let Some(neuron) = recorded.aliases().iter().position(|aliases| !aliases.is_empty()) {
        let reason = "a network has no word for neurons whose spikes count as those of others";
        return Err(case.not_held(format!("aliases[{neuron}]"), reason));
    }
    let mut populations = Vec::new();
    for (layer, name) in [(XYLO_HIDDEN, "hidden"), (XYLO_OUTPUT, "output")] {
        let Some(core) = recorded.core(layer) else { continue };
        let core = &recorded.program.cores[core];
        // A current that no synapse feeds needs no parameter.
        let there = core.parameters.iter().filter(|(name, _)| chip.parameters.contains_key(*name));
        populations.push(Population {
            name: name.to_owned(),
            size: core.neuron_count,
            model: CoreModel::Xylo,
            parameters: there.map(|(name, all)| (name.clone(), shared(all))).collect(),
        });
    }
    let inputs = if recorded.inputs == 0 { vec![] } else { vec![InputGroup::of_host("input", recorded.inputs as u32)] };
    let projections = projections(case, &recorded, chip)?;
    let arrays = case.arrays()?;
    let shape = [Some(steps), Some(recorded.inputs)];
    let input = arrays.read("arrays.input", "input", UINT8, &shape, "a row per step, a column per channel")?;
    let input = narrow(&arrays, "input", &input)?;
    let mut notes = Vec::new();
    let cut = input.iter().filter(|count| **count > INPUT_CAP as i32).count();
    if cut > 0 {
        notes.push(format!("{cut} input counts above {INPUT_CAP} are cut to it"));
    }
    let sent = events(&input, recorded.inputs.max(1), 0, chip.step_ticks(), |count| count.min(INPUT_CAP as i32));
    let events = sent.collect();
    Ok(CaseNetwork { network: Network { clock: None, populations, inputs, projections }, steps, events, notes })
}

/// The same values, as one where all agree.
fn shared(values: &Values) -> Values {
    match values {
        Values::PerNeuron(all) if all.windows(2).all(|pair| pair[0] == pair[1]) && !all.is_empty() => {
            Values::Shared(all[0])
        }
        other => other.clone(),
    }
}

/// The matrices, a projection for each of the currents that they feed.
fn projections(case: &Case, recorded: &Recorded, chip: &ChipSpec) -> Result<Vec<Projection>, ConformError> {
    let mut all = Matrices::new();
    // The layers of neurons are what they are by their projections, also those without a synapse.
    let is_there = |layer| recorded.core(layer).is_some();
    let ends = [recorded.inputs > 0 && is_there(XYLO_HIDDEN), false, is_there(XYLO_HIDDEN) && is_there(XYLO_OUTPUT)];
    for (matrix, _) in ends.iter().enumerate().filter(|(_, there)| **there) {
        all.insert((matrix, 0), Vec::new());
    }
    for (row, shift) in recorded.rows() {
        let (matrix, pre) = match row.source {
            Source::Input(input) => (0, input.0),
            Source::Neuron(address) if row.destination.core == XYLO_OUTPUT => (2, address.neuron.0.into()),
            Source::Neuron(address) => (1, address.neuron.0.into()),
        };
        let mut before: BTreeMap<(u16, u8), i16> = BTreeMap::new();
        for synapse in &row.synapses {
            // They saturate one after the other, and a program has them by their weights.
            let last = before.insert((synapse.neuron.0, synapse.synapse), synapse.weight);
            if last.is_some_and(|last| last > synapse.weight) {
                let post = synapse.neuron;
                let reason =
                    format!("the synapses from {pre} to {post} saturate in this order, and a chip has them by weight");
                return Err(case.not_held(MATRICES[matrix].1, reason));
            }
            let list = all.entry((matrix, synapse.synapse)).or_default();
            list.push((
                pre,
                synapse.neuron.0.into(),
                synapse.weight.into(),
                i32::from(shift) + Weight::FRACTION_BITS as i32,
            ));
        }
    }
    let name = |(matrix, current): (usize, u8)| {
        let current = if current > 0 { "-2" } else { "" };
        format!("{}{current}", MATRICES[matrix].0)
    };
    let output = usize::from(is_there(XYLO_HIDDEN));
    all.into_iter()
        .map(|(key, list)| {
            let (matrix, current) = key;
            let kind = |kind: &&chip::SynapseType| kind.kinetics == Kinetics::Register { index: current };
            let Some(kind) = chip.synapses.iter().find(kind).map(|kind| kind.name.clone()) else {
                let reason = format!("neurons of chip `{}` have one synaptic current", chip.name);
                return Err(case.not_held(MATRICES[matrix].1, reason));
            };
            let (pre, senders) = match matrix {
                0 => (Endpoint::Input(0), recorded.inputs),
                _ => (Endpoint::Population(0), recorded.hidden),
            };
            let scale = super::scale(list.iter().map(|(.., weight, shift)| (*weight, *shift)));
            let weights = list.into_iter().map(|(pre, post, weight, shift)| {
                let bits = super::bits(weight, shift - i32::from(scale));
                bits.map(|bits| (pre, post, Weight::from_bits(bits))).ok_or_else(|| {
                    let shift = shift - Weight::FRACTION_BITS as i32;
                    let reason = format!(
                        "it makes {weight} times 2^{shift} of a weight, and weights of a network are below 2^21"
                    );
                    case.not_held(MATRICES[matrix].2, reason)
                })
            });
            let connections = Connections::from_list(senders as u32, weights.collect::<Result<_, _>>()?);
            Ok(Projection {
                name: name(key),
                pre,
                post: if matrix == 2 { output } else { 0 },
                synapse: SynapseChoice { excitatory: kind.clone(), inhibitory: kind },
                mask: Mask::all(connections.len()),
                connections,
                delay_ticks: 1,
                weight_format: WeightFormat { scale, ..WeightFormat::default() },
            })
        })
        .collect()
}
