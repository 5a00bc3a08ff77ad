//! The broken circuits of a die, for `quenched die`.

use chip::ChipSpec;
use device_models::{DieParameters, NeuronFault, SynapseFault};
use serde_json::{Value, json};
use std::fmt::Write;
use units::{CoreAddress, NeuronId};

/// Broken circuits that are named in text; all are in JSON.
const NAMED_MAX: usize = 12;

/// The broken circuits of some cores.
#[derive(Default)]
pub(crate) struct Faults {
    /// Neurons looked at.
    neurons: u64,
    /// Slots looked at; none on a router whose slots have no numbers.
    slots: u64,
    kinds: [Kind; 5],
}

/// One kind of fault.
#[derive(Default)]
struct Kind {
    key: &'static str,
    what: &'static str,
    /// `core/neuron` or `core/neuron/slot`.
    places: Vec<String>,
}

impl Faults {
    /// Those of the circuits given as (core, neuron), with their synapse slots where the hardware numbers them. `None`
    /// if nothing can be broken.
    pub(crate) fn of(spec: &ChipSpec, die: &DieParameters, circuits: &[(u16, u16)]) -> Option<Self> {
        if !die.has_faults() {
            return None;
        }
        let slots = spec.router.numbered_slots();
        let kind = |key, what| Kind { key, what, places: Vec::new() };
        let [mut dead, mut hot] = [kind("dead_neurons", "dead neurons"), kind("hot_neurons", "hot neurons")];
        let [mut gone, mut stuck] = [kind("dead_slots", "dead slots"), kind("stuck_slots", "stuck slots")];
        let mut flipped = kind("flipped_slots", "slots with flipped bits");
        for &(c, n) in circuits {
            let (core, neuron) = (CoreAddress::new(0, c), NeuronId(n));
            match die.neuron_fault(core, neuron) {
                Some(NeuronFault::Dead) => dead.places.push(format!("{c}/{n}")),
                Some(NeuronFault::Hot) => hot.places.push(format!("{c}/{n}")),
                None => {}
            }
            for slot in 0..slots {
                let place = || format!("{c}/{n}/{slot}");
                match die.synapse_fault(core, neuron, slot) {
                    Some(SynapseFault::Dead) => gone.places.push(place()),
                    Some(SynapseFault::Stuck) => stuck.places.push(place()),
                    None if die.flipped_bits(core, neuron, slot) != 0 => flipped.places.push(place()),
                    None => {}
                }
            }
        }
        let neurons = circuits.len() as u64;
        Some(Self { neurons, slots: slots * neurons, kinds: [dead, hot, gone, stuck, flipped] })
    }

    pub(crate) fn as_text(&self) -> String {
        let mut text = format!("\nFaults (core/neuron/slot), of {} neurons", self.neurons);
        let _ = match self.slots {
            0 => writeln!(text, "; synapses have no fixed slots here, `quenched run` counts their faults"),
            slots => writeln!(text, " and {slots} synapse slots"),
        };
        let shown = if self.slots == 0 { 2 } else { self.kinds.len() };
        for Kind { what, places, .. } in &self.kinds[..shown] {
            let named = places.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(" ");
            let more = if places.len() > NAMED_MAX { " .." } else { "" };
            let line = format!("  {what:<24}{:>6}  {named}{more}", places.len());
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    pub(crate) fn as_json(&self) -> Value {
        let kinds = self.kinds.iter().map(|kind| (kind.key.to_string(), json!(kind.places)));
        let mut all = serde_json::Map::from_iter(kinds);
        all.insert("neurons".into(), self.neurons.into());
        all.insert("slots".into(), self.slots.into());
        all.into()
    }
}
