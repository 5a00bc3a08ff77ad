//! What a run did as NIRData.

use super::Outcome;
use crate::commands::plot::seconds;
use formats::nir_data::{NodeData, write};

/// The bytes of a file with the spikes of every population, and what probes of whole populations read.
pub(super) fn nir_data(outcome: &Outcome) -> Vec<u8> {
    let (session, board) = (&outcome.session, outcome.session.board());
    let spec = board.spec();
    let in_seconds = |time| seconds(time).unwrap_or(0.0);
    let (tick, step) = (in_seconds(spec.tick.quantity), in_seconds(spec.step()));
    // A net that brings its clock counts in steps, and an event belongs to the end of its step.
    let steps = board.program().clock.map(|_| spec.step_ticks());
    let time = |tick_number: u64| match steps {
        Some(ticks) => (tick_number / ticks + 1) as f64 * step,
        None => tick_number as f64 * tick,
    };
    let symbols = board.symbols();
    let node = |population: &chip::PopulationSymbol| NodeData {
        name: population.name.clone(),
        neurons: population.size,
        ..NodeData::default()
    };
    let mut nodes: Vec<NodeData> = symbols.populations.iter().map(node).collect();
    for spike in &outcome.spikes {
        let core = board.program().cores.binary_search_by_key(&spike.neuron.core, |core| core.address);
        let member = core.ok().and_then(|core| board.member(core, spike.neuron.neuron));
        if let Some((population, index)) = member {
            let times = spike.value.unsigned_abs().max(1) as usize;
            nodes[population].spikes.extend(std::iter::repeat_n((index, time(spike.tick.0)), times));
        }
    }
    let samples = session.sampled().len();
    for (population, node) in nodes.iter_mut().enumerate() {
        let of_it = session.recordings().iter().filter(|r| r.probe.member.is_some_and(|(p, _)| p == population));
        let mut quantities: Vec<(&str, Vec<&session::Recording>)> = Vec::new();
        for recording in of_it {
            let name = recording.probe.kind.name.as_str();
            match quantities.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => all.push(recording),
                None => quantities.push((name, vec![recording])),
            }
        }
        // A grid has a column for each neuron.
        for (name, all) in quantities.into_iter().filter(|(_, all)| all.len() == node.neurons as usize) {
            let row = |sample: usize| all.iter().map(move |recording| value(recording, sample));
            node.grids.push((name.to_owned(), (0..samples).flat_map(row).collect()));
        }
    }
    let t_max = outcome.ticks() as f64 * tick;
    let sampled = session.sampled();
    let every = sampled.get(1).zip(sampled.first()).map_or(step, |(b, a)| (b.0 - a.0) as f64 * tick);
    write(&nodes, every, t_max)
}

fn value(recording: &session::Recording, sample: usize) -> f64 {
    let kind = &recording.probe.kind;
    let scale: f64 = kind.scale.to_string().parse().unwrap_or(1.0);
    recording.bits[sample] as f64 / 2f64.powi(kind.fraction_bits as i32) * scale
}
