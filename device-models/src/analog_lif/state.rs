//! What of a core is seen from outside between two ticks: probes, digests, and states that are saved and restored.

use super::{AnalogLifCore, Neuron, STATE_MAX, VOLTAGE_BITS};
use crate::layout::Lane;
use crate::probe::{current_name, voltage_unit};
use crate::{CoreState, Digest, ProbeKind};
use alloc::vec;
use alloc::vec::Vec;
use chip::ChipSpec;
use units::{NeuronId, Tick};

impl AnalogLifCore {
    /// What can be read of a neuron: the membrane, the ticks of its refractory period that are to come, one current a
    /// kind of exponential synapse in use, and the adaptation current if the chip has one.
    pub fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind> {
        let unit = voltage_unit(spec);
        let mut all = vec![ProbeKind::new("v", unit.as_str(), VOLTAGE_BITS), ProbeKind::new("refractory", "tick", 0)];
        let kinds = self.parameters.layout().lanes().iter().filter_map(|lane| match lane {
            Lane::Current { kind, .. } => Some(current_name(spec, *kind)),
            _ => None,
        });
        all.extend(kinds.map(|name| ProbeKind::new(name, unit.as_str(), VOLTAGE_BITS)));
        if all.len() < self.parameters.current_count() + 2 {
            all.push(ProbeKind::new("i_adaptation", unit.as_str(), VOLTAGE_BITS));
        }
        all
    }

    /// Quantity `index` (in the order of [`AnalogLifCore::probes`]) of a neuron at the end of tick `now`.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    pub fn probe(&self, index: usize, neuron: NeuronId, now: Tick) -> i64 {
        match index {
            0 => self.membrane(neuron, now),
            1 => self.refractory_end(neuron).0.saturating_sub(now.0).min(i64::MAX as u64) as i64,
            current => self.current(current - 2, neuron, now),
        }
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        for neuron in &self.neurons {
            for word in [neuron.base, neuron.free, neuron.v as u64] {
                digest.push(word);
            }
        }
        self.currents.iter().for_each(|i| digest.push(*i as u64));
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        debug_assert!(self.touched.iter().all(|t| *t == 0), "states are saved between ticks");
        CoreState::AnalogLif {
            base: self.neurons.iter().map(|n| n.base).collect(),
            free: self.neurons.iter().map(|n| n.free).collect(),
            v: self.neurons.iter().map(|n| n.v).collect(),
            currents: self.currents.clone(),
            started: self.started,
        }
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core: wrong lengths, states
    /// that saturation excludes, a refractory period that is too long, or a membrane that should have spiked.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        let CoreState::AnalogLif { base, free, v, currents, started } = state else { return false };
        let count = self.neurons.len();
        // Where thresholds change, another part of the run can have set one below the membrane since its last event.
        let noisy = self.threshold_noise.is_some();
        let in_range = |x: &i64| (-STATE_MAX..=STATE_MAX).contains(x);
        let possible = |n: usize| {
            let membrane = &self.parameters.membranes()[n];
            free[n] <= base[n].saturating_add(membrane.refractory)
                && (v[n] == membrane.reset || (base[n] >= free[n] && (v[n] < membrane.threshold || !*started || noisy)))
                && (*started || (base[n] == 0 && free[n] == 0))
        };
        let fits = [base.len(), free.len(), v.len()].iter().all(|len| *len == count)
            && currents.len() == self.currents.len()
            && v.iter().chain(currents).all(in_range)
            && (0..count).all(possible);
        if fits {
            self.reset();
            for n in 0..count {
                let threshold = self.threshold_from(n, free[n]);
                self.neurons[n] = Neuron { base: base[n], free: free[n], v: v[n], threshold };
            }
            self.currents.copy_from_slice(currents);
            self.started = *started;
            if self.started {
                self.predict_all();
            }
        }
        fits
    }
}
