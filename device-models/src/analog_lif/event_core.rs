//! The core as an event kernel sees it: what it does when it is called, and what of it is seen from outside between two
//! ticks.

use super::{AnalogLifCore, AnalogLifParameters, BLOCK, Neuron, Pending, STATE_MAX, VOLTAGE_BITS};
use crate::clocked::room;
use crate::layout::Lane;
use crate::probe::current_name;
use crate::{CoreParameters, Cut, Digest, Emission, EventCore, PackedSynapse, ProbeKind, Saturations};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel};
use serde::{Deserialize, Serialize};
use units::{NeuronId, Tick};

/// The neurons of a core, each at its last event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalogLifState {
    /// Ticks of the last events.
    pub base: Vec<u64>,
    /// Ticks at which refractory periods end or ended.
    pub free: Vec<u64>,
    /// Membranes, 32 fraction bits.
    pub v: Vec<i64>,
    /// Currents, 32 fraction bits; those of a neuron side by side.
    pub currents: Vec<i64>,
    /// Whether tick 0 is over.
    pub started: bool,
}

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
}

impl EventCore for AnalogLifCore {
    type Parameters = AnalogLifParameters;
    type State = AnalogLifState;

    fn new(parameters: impl Into<Arc<AnalogLifParameters>>) -> Self {
        let parameters = parameters.into();
        let (stride, lanes) = (parameters.layout().stride(), parameters.layout().lanes().len());
        let count = parameters.layout().neuron_count();
        let mut core = Self {
            neurons: vec![Neuron::default(); count],
            currents: vec![0; count * parameters.current_count()],
            threshold_noise: parameters.threshold_noise().cloned(),
            accumulators: vec![0; stride * lanes],
            touched: vec![0; stride * lanes / BLOCK],
            pending: Pending::new(stride),
            next: 0,
            started: false,
            spikes: Vec::with_capacity(count),
            saturations: Saturations::default(),
            updated: 0,
            parameters,
        };
        core.reset();
        core
    }

    fn parameters(&self) -> &Arc<AnalogLifParameters> {
        &self.parameters
    }

    #[inline]
    fn deliver(&mut self, row: &[PackedSynapse], times: i32) {
        for synapse in row {
            let target = synapse.target();
            self.accumulators[target] += synapse.weight() * times;
            self.touched[target / BLOCK] |= 1 << (target % BLOCK);
        }
    }

    fn deliver_within(&mut self, row: &[PackedSynapse], times: i32, limit: i64) {
        let stride = self.parameters.layout().stride();
        for synapse in row {
            let target = synapse.target();
            let kept = room(self.accumulators[target].into(), synapse.weight(), times, limit);
            self.deliver(core::slice::from_ref(synapse), kept);
            self.saturations.add(u64::from(kept != times), || Cut::input(target % stride));
        }
    }

    /// Every neuron that something reached, or that is at threshold, is brought to tick `now`. It must be called at
    /// every tick that [`EventCore::next_wake`] names, but for [`Tick::NEVER`].
    fn advance(&mut self, now: Tick) -> &[Emission] {
        with_currents!(self.advance_with(now.0));
        &self.spikes
    }

    /// At the earliest bound of a crossing.
    #[inline]
    fn next_wake(&self, _now: Tick) -> Tick {
        if self.started { Tick(self.next) } else { Tick(0) }
    }

    /// The earliest bound of a crossing, from the state alone: a run that looked at its neurons since their last events
    /// knows better ones.
    fn wake_of_state(&self) -> Option<Tick> {
        let bounds = (0..self.neurons.len()).map(|n| with_currents!(self.bound_after(n)));
        Some(if self.started { bounds.min().map_or(Tick::NEVER, Tick) } else { Tick(0) })
    }

    /// Neurons that something reached, or that crossed their threshold; without those whose events met a refractory
    /// neuron without currents.
    #[inline]
    fn updated(&self) -> usize {
        self.updated
    }

    /// The membrane, the ticks of the refractory period that are to come, one current a kind of exponential synapse in
    /// use, and the adaptation current if the chip has one.
    fn probes(&self, spec: &ChipSpec) -> Vec<ProbeKind> {
        let scale = self.parameters.scale();
        let level = |name: String| ProbeKind::level(spec, CoreModel::AnalogLif, scale, name, VOLTAGE_BITS);
        let mut all = vec![level("v".into()), ProbeKind::new("refractory", "tick", 0)];
        let kinds = self.parameters.layout().lanes().iter().filter_map(|lane| match lane {
            Lane::Current { kind, .. } => Some(current_name(spec, *kind)),
            _ => None,
        });
        all.extend(kinds.map(level));
        if all.len() < self.parameters.current_count() + 2 {
            all.push(level("i_adaptation".into()));
        }
        all
    }

    fn probe(&self, index: usize, neuron: NeuronId, now: Tick) -> i64 {
        match index {
            0 => self.membrane(neuron, now),
            1 => self.refractory_end(neuron).0.saturating_sub(now.0).min(i64::MAX as u64) as i64,
            current => self.current(current - 2, neuron, now),
        }
    }

    #[inline]
    fn take_saturations(&mut self) -> u64 {
        self.saturations.take()
    }

    fn take_first_cut(&mut self) -> Option<Cut> {
        self.saturations.take_first()
    }

    fn shortest_interval(&self, neuron: NeuronId) -> u64 {
        self.parameters.membranes()[self.index(neuron)].refractory.max(1)
    }

    fn set_part(&mut self, part: u64) -> bool {
        let Some(noise) = &mut self.threshold_noise else { return false };
        noise.set_part(part);
        for n in 0..self.neurons.len() {
            self.neurons[n].threshold = self.threshold_from(n, self.neurons[n].free);
        }
        if self.started {
            self.predict_all();
        }
        true
    }

    fn reset(&mut self) {
        for n in 0..self.neurons.len() {
            let v = self.parameters.initial()[n];
            self.neurons[n] = Neuron { base: 0, free: 0, v, threshold: self.threshold_from(n, 0) };
        }
        self.currents.fill(0);
        self.clear_inputs();
        self.pending.clear();
        self.started = false;
        self.next = 0;
    }

    fn save(&self) -> AnalogLifState {
        debug_assert!(self.touched.iter().all(|t| *t == 0), "states are saved between ticks");
        AnalogLifState {
            base: self.neurons.iter().map(|n| n.base).collect(),
            free: self.neurons.iter().map(|n| n.free).collect(),
            v: self.neurons.iter().map(|n| n.v).collect(),
            currents: self.currents.clone(),
            started: self.started,
        }
    }

    /// Refused are wrong lengths, states that saturation excludes, a refractory period that is too long, and a membrane
    /// that should have spiked.
    fn restore(&mut self, state: &AnalogLifState) -> bool {
        let AnalogLifState { base, free, v, currents, started } = state;
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

    fn digest_state(&self, digest: &mut Digest) {
        for neuron in &self.neurons {
            for word in [neuron.base, neuron.free, neuron.v as u64] {
                digest.push(word);
            }
        }
        self.currents.iter().for_each(|i| digest.push(*i as u64));
    }
}
