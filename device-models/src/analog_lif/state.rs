//! What of a core is seen from outside between two ticks: its neurons, probes and digests, and states that are saved
//! and restored.

use super::{AnalogLifCore, Neuron, STATE_MAX, VOLTAGE_BITS};
use crate::layout::Lane;
use crate::probe::{current_name, voltage_unit};
use crate::{CoreState, Digest, ProbeKind};
use alloc::vec;
use alloc::vec::Vec;
use chip::ChipSpec;
use units::{NeuronId, Tick};

impl AnalogLifCore {
    /// Membrane of a neuron after tick `at`, which is not before the last tick of the core, as bits with 32 fraction
    /// bits.
    ///
    /// # Panics
    /// If the core does not have that neuron.
    pub fn membrane(&self, neuron: NeuronId, at: Tick) -> i64 {
        with_currents!(self.membrane_at(self.index(neuron), at.0)).clamp(-STATE_MAX, STATE_MAX)
    }

    /// Current `current` (see [`super::AnalogLifParameters::currents`]) of a neuron after tick `at`, as bits with 32
    /// fraction bits.
    ///
    /// # Panics
    /// If the core does not have that neuron or current.
    pub fn current(&self, current: usize, neuron: NeuronId, at: Tick) -> i64 {
        with_currents!(self.current_at(current, self.index(neuron), at.0))
    }

    fn membrane_at<const N: usize>(&self, n: usize, at: u64) -> i64 {
        self.at::<N>(n, at).0.v
    }

    fn current_at<const N: usize>(&self, current: usize, n: usize, at: u64) -> i64 {
        self.at::<N>(n, at).1[current]
    }

    /// Threshold of a neuron in its present interval, as bits with 32 fraction bits; beyond all states for one that is
    /// broken.
    ///
    /// # Panics
    /// If the core does not have that neuron.
    pub fn threshold(&self, neuron: NeuronId) -> i64 {
        self.neurons[self.index(neuron)].threshold
    }

    /// The tick at which the refractory period of a neuron ends, or ended.
    ///
    /// # Panics
    /// If the core does not have that neuron.
    pub fn refractory_end(&self, neuron: NeuronId) -> Tick {
        Tick(self.neurons[self.index(neuron)].free)
    }

    fn index(&self, neuron: NeuronId) -> usize {
        let count = self.neurons.len();
        assert!(neuron.index() < count, "neuron {neuron} of a core with {count}");
        neuron.index()
    }

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

    /// The earliest bound of a crossing, from the state alone: a run that looked at its neurons since their last events
    /// knows better ones.
    pub fn wake_of_state(&self) -> Tick {
        let bounds = (0..self.neurons.len()).map(|n| with_currents!(self.bound_after(n)));
        if self.started { bounds.min().map_or(Tick::NEVER, Tick) } else { Tick(0) }
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
