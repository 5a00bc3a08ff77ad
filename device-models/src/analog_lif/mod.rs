//! Leaky integrate-and-fire neurons without a time step: between events they follow a closed form.
//!
//! # Equations
//! Those of [`crate::lif`], with one more current that a spike of the neuron itself steps and that is subtracted
//! (spike-triggered adaptation):
//!
//! ```text
//! tau_mem dv/dt = drive - v + tau_mem sum_k sign_k gain_k i_k / tau'_k        tau_k di_k/dt = -i_k
//! ```
//!
//! They are linear, so from the state (v0, i_k) at one tick the state d ticks later is (Rotter and Diesmann, Biological
//! Cybernetics 81, 1999; Brette, Neural Computation 18, 2006, for the event-driven use)
//!
//! ```text
//! E_x(d) = exp(-d/tau_x)
//! i_k(d) = round(i_k E_k(d))
//! v(d)   = drive + round((v0 - drive) E_mem(d) + sum_k sign_k i_k P_k(d))
//! P_k(d) = gain_k / (tau'_k |D|) (E_slow(d) - E_fast(d))        D = 1/tau_k - 1/tau_mem
//! ```
//!
//! with slow and fast the slower and the faster of membrane and current. A difference of two nearly equal decays would
//! cancel; where the two time constants are within one part in 45 the same function is computed as
//!
//! ```text
//! P_k(d) = gain_k / tau'_k E_slow(d) d phi(|D| d)        phi(w) = (1 - exp(-w)) / w
//! ```
//!
//! which has no special case at equal constants. A transfer P_k is off by less than 2^-46 of its coefficient, plus
//! 2^-44; the coefficient is at most 45 times the gain times the ratio of time constants real and asked for.
//!
//! # A tick
//! At a tick t in which something arrives for a neuron, or at which its closed form is at threshold:
//!
//! 1. v and i_k are brought to t and rounded once; the membrane of a neuron in its refractory period is v_reset. If the
//!    period ended since the last such tick, the neuron is first brought to that end, from where v starts at v_reset.
//! 2. All that arrived in t is added: i_k = sat(i_k + jump_k), and unless the neuron is refractory v = sat(v + delta).
//!    Sums are exact, so their order cannot matter, and they are complete before the next step: an inhibitory event in
//!    the tick of a crossing can prevent the spike.
//! 3. If the neuron is not refractory and v >= v_threshold, it spikes: v = v_reset, the adaptation current takes its
//!    jump, and until tick t + t_refractory the neuron is refractory. In that tick it is so no more, but a neuron
//!    spikes once a tick at most.
//!
//! At tick 0 this is done for every neuron. These ticks are part of the model: rounding happens there and nowhere else,
//! so a run that is cut into pieces, resumed or probed in between has the same bits. A neuron spikes at the first tick
//! at which an evaluation tick by tick from its last such tick would find it at threshold (`predict`).
//!
//! # Numbers
//! Voltages and currents are integers with 32 fraction bits, kept within +-512 voltage units (counted when it acts);
//! decays have 62 fraction bits and are good to 2^-48 ([`fx::exp2`]), transfers have 44; products and sums are exact
//! in 128 bits; round is floor(x + 1/2). Time constants are at most 2^40 ticks.
//!
//! # Cost
//! A synapse that an event goes through costs one evaluation of its neuron and one bound of its next crossing; a silent
//! neuron costs nothing, and a tick without events does not exist. A bound that falls due is replaced by the crossing
//! itself, which is searched for only then: most are overtaken by the next event.
//!
//! # Parameters
//! `tau_mem`, `v_threshold`, `t_refractory`; optional and 0 where the chip has none: `v_reset`, `drive`, `v_initial`,
//! `adaptation` (what a spike adds to the adaptation current) with `tau_adaptation`; and of each kind of synapse in use
//! those that the chip file names for it.

mod closed_form;
mod parameters;
mod pending;
mod predict;

pub use closed_form::{Coupling, Current, Decay, Membrane, TRANSFER_BITS};
pub use parameters::{AnalogLifParameters, LaneUse};

use crate::layout::Lane;
use crate::probe::{current_name, voltage_unit};
use crate::{CoreState, Digest, Emission, PackedSynapse, ProbeKind};
use alloc::vec;
use alloc::vec::Vec;
use chip::ChipSpec;
use closed_form::{Base, CURRENTS};
use fx::{Rounding, narrow, shift_right};
use parameters::GAIN_FRACTION;
use pending::{BLOCK, Pending};
use predict::{Outlook, first_crossing, outlook};
use units::{NeuronId, Tick};

/// Fraction bits of voltages and currents.
pub const VOLTAGE_BITS: u32 = 32;
/// States are kept within plus and minus this: 512 voltage units.
pub const STATE_MAX: i64 = 1 << (VOLTAGE_BITS + 9);
/// Fraction bits that a weight lacks.
const WEIGHT_SHIFT: u32 = VOLTAGE_BITS - fx::Weight::FRACTION_BITS;

/// A neuron at its last event.
#[derive(Clone, Copy, Debug, Default)]
struct Neuron {
    /// The tick that its state is of.
    base: u64,
    /// Up to this tick the membrane stays at reset.
    free: u64,
    v: i64,
}

/// A core of asynchronous LIF neurons: parameters and state.
///
/// State lies neuron by neuron, not quantity by quantity as in the clocked cores: an event needs all of one neuron.
#[derive(Clone, Debug)]
pub struct AnalogLifCore {
    parameters: AnalogLifParameters,
    neurons: Vec<Neuron>,
    /// The currents of a neuron side by side.
    currents: Vec<i64>,
    /// The sums of this tick, one array a lane, one after the other; all 0 between ticks.
    accumulators: Vec<i32>,
    /// By accumulator: something arrived there in this tick.
    touched: Vec<u32>,
    pending: Pending,
    next: u64,
    /// Tick 0 is over.
    started: bool,
    spikes: Vec<Emission>,
    saturations: u64,
    /// Neurons brought to the tick of the last advance.
    updated: usize,
}

/// `value` kept within the range of states.
#[inline]
fn saturate(value: i128, count: &mut u64) -> i64 {
    let kept = value.clamp(-i128::from(STATE_MAX), STATE_MAX.into());
    *count += u64::from(kept != value);
    kept as i64
}

impl AnalogLifCore {
    /// A core in its initial state.
    pub fn new(parameters: AnalogLifParameters) -> Self {
        let (stride, lanes) = (parameters.layout().stride(), parameters.layout().lanes().len());
        let count = parameters.layout().neuron_count();
        let mut core = Self {
            neurons: vec![Neuron::default(); count],
            currents: vec![0; count * parameters.current_count()],
            accumulators: vec![0; stride * lanes],
            touched: vec![0; stride * lanes / BLOCK],
            pending: Pending::new(stride),
            next: 0,
            started: false,
            spikes: Vec::with_capacity(count),
            saturations: 0,
            updated: 0,
            parameters,
        };
        core.reset();
        core
    }

    /// Its parameters.
    pub const fn parameters(&self) -> &AnalogLifParameters {
        &self.parameters
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        for (neuron, v) in self.neurons.iter_mut().zip(self.parameters.initial()) {
            *neuron = Neuron { base: 0, free: 0, v: *v };
        }
        self.currents.fill(0);
        self.clear_inputs();
        self.pending.clear();
        self.started = false;
        self.next = 0;
    }

    fn clear_inputs(&mut self) {
        self.accumulators.fill(0);
        self.touched.fill(0);
    }

    /// Adds a row of synapses, each `times` over, to the sums of this tick.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], times: i32) {
        for synapse in row {
            let target = synapse.target();
            self.accumulators[target] += synapse.weight() * times;
            self.touched[target / BLOCK] |= 1 << (target % BLOCK);
        }
    }

    /// Brings every neuron that something reached, or that is at threshold, to tick `now`, and returns the spikes, in
    /// the order of the neurons. It must be called at every tick that [`AnalogLifCore::next_wake`] names.
    pub fn advance(&mut self, now: Tick) -> &[Emission] {
        self.spikes.clear();
        self.updated = 0;
        let blocks = self.parameters.layout().stride() / BLOCK;
        let count = self.neurons.len();
        for block in 0..blocks {
            let mut reached = 0;
            for word in self.touched.iter_mut().skip(block).step_by(blocks) {
                reached |= core::mem::take(word);
            }
            if !self.started {
                // Every neuron of the block that is in use.
                let used = (count - block * BLOCK).min(BLOCK);
                reached = u32::MAX >> (BLOCK - used);
            }
            let due = self.pending.due(block, now.0);
            let mut visited = reached | due;
            if visited == 0 {
                continue;
            }
            while visited != 0 {
                let bit = visited.trailing_zeros();
                visited &= visited - 1;
                let neuron = block * BLOCK + bit as usize;
                let pending = if reached >> bit & 1 == 1 { None } else { self.crossing_after(neuron, now.0) };
                let pending = pending.unwrap_or_else(|| self.update(neuron, now.0));
                self.pending.set(neuron, pending);
            }
            self.pending.refresh(block);
        }
        self.started = true;
        self.next = self.pending.least();
        &self.spikes
    }

    /// When the core must be advanced next although nothing arrives: at the earliest bound of a crossing.
    #[inline]
    pub const fn next_wake(&self) -> Tick {
        if self.started { Tick(self.next) } else { Tick(0) }
    }

    /// Brings a neuron to tick `now`, in steps 1 to 3 of the module, and returns when to look at it next.
    fn update(&mut self, n: usize, now: u64) -> u64 {
        self.updated += 1;
        let (mut neuron, mut currents) = self.at(n, now);
        let count = self.parameters.current_count();
        let refractory = now < neuron.free;
        let membrane = &self.parameters.membranes()[n];
        let exponent = u32::from(self.parameters.weight_exponent()) + WEIGHT_SHIFT;
        let (stride, mut v) = (self.parameters.layout().stride(), i128::from(neuron.v));
        for (lane, sums) in self.parameters.lanes().iter().zip(self.accumulators.chunks_exact_mut(stride)) {
            let sum = core::mem::take(&mut sums[n]);
            if sum == 0 {
                continue;
            }
            let sum = i128::from(sum) << exponent;
            match lane {
                LaneUse::Current(k) => {
                    currents[*k] = saturate(i128::from(currents[*k]) + sum, &mut self.saturations);
                }
                LaneUse::Delta => v += sum,
                LaneUse::ScaledDelta(gains) => {
                    let product = i128::from(saturate(sum, &mut self.saturations)) * i128::from(gains[n]);
                    v += shift_right(product, GAIN_FRACTION, Rounding::HalfUp);
                }
            }
        }
        neuron.v = if refractory { membrane.reset } else { saturate(v, &mut self.saturations) };
        if !refractory && neuron.v >= membrane.threshold {
            neuron.v = membrane.reset;
            neuron.free = now.saturating_add(membrane.refractory);
            if let Some(jump) = self.parameters.adaptation().get(n) {
                let current = &mut currents[count - 1];
                *current = saturate(i128::from(*current) + i128::from(*jump), &mut self.saturations);
            }
            self.spikes.push(Emission { neuron: NeuronId(n as u16), value: 1, payload: 1 });
        }
        self.neurons[n] = neuron;
        let currents = &currents[..count];
        self.currents[n * count..(n + 1) * count].copy_from_slice(currents);
        if now < neuron.free || neuron.v >= membrane.threshold {
            return self.bound_after(n);
        }
        // What `bound_after` comes to here, without looking anything up again.
        let base = Base { membrane, currents: self.parameters.currents(n), v: neuron.v, i: currents };
        match outlook(&base, neuron.v, currents) {
            Outlook::Never => u64::MAX,
            Outlook::Below(ticks) => now.saturating_add(ticks).saturating_add(1),
        }
    }

    /// A neuron as a base of its closed form.
    fn base<'a>(&'a self, n: usize, v: i64, i: &'a [i64]) -> Base<'a> {
        Base { membrane: &self.parameters.membranes()[n], currents: self.parameters.currents(n), v, i }
    }

    /// The neuron at its last event, or at the end of its refractory period if that lies between then and `now`.
    #[inline]
    fn rolled(&self, n: usize, now: u64) -> (Neuron, [i64; CURRENTS]) {
        let (neuron, count) = (self.neurons[n], self.parameters.current_count());
        let saved = &self.currents[n * count..(n + 1) * count];
        if neuron.base < neuron.free && neuron.free <= now {
            let i = self.base(n, neuron.v, saved).currents_after(neuron.free - neuron.base);
            (Neuron { base: neuron.free, ..neuron }, i)
        } else {
            let mut i = [0; CURRENTS];
            i[..count].copy_from_slice(saved);
            (neuron, i)
        }
    }

    /// The neuron at tick `now`, before anything that arrives then.
    #[inline]
    fn at(&self, n: usize, now: u64) -> (Neuron, [i64; CURRENTS]) {
        let (mut neuron, i) = self.rolled(n, now);
        let base = self.base(n, neuron.v, &i[..self.parameters.current_count()]);
        let ticks = now.saturating_sub(neuron.base);
        neuron.base = now;
        if now < neuron.free {
            (neuron, base.currents_after(ticks))
        } else {
            let point = base.after(ticks);
            neuron.v = point.v;
            (neuron, point.i)
        }
    }

    /// A tick before which the neuron, untouched, does not spike.
    fn bound_after(&self, n: usize) -> u64 {
        let first = self.neurons[n].base.saturating_add(1);
        let free = self.neurons[n].free.max(self.neurons[n].base);
        let (neuron, i) = self.rolled(n, free);
        let i = &i[..self.parameters.current_count()];
        let base = self.base(n, neuron.v, i);
        if neuron.v >= base.membrane.threshold {
            // Reset is at threshold: the next spike comes as early as it may.
            return first.max(free);
        }
        match outlook(&base, neuron.v, i) {
            Outlook::Never => u64::MAX,
            Outlook::Below(ticks) => neuron.base.saturating_add(ticks).saturating_add(1),
        }
    }

    /// The tick after `now` at which the neuron, untouched, spikes; `None` if it spikes now.
    fn crossing_after(&self, n: usize, now: u64) -> Option<u64> {
        let (neuron, i) = self.rolled(n, now);
        if now < neuron.free {
            // Only a state that no run reaches is looked at so early.
            return Some(neuron.free);
        }
        let base = self.base(n, neuron.v, &i[..self.parameters.current_count()]);
        match first_crossing(&base, now.saturating_sub(neuron.base)) {
            Some(ticks) => {
                let tick = neuron.base.saturating_add(ticks);
                (tick > now).then_some(tick)
            }
            None => Some(u64::MAX),
        }
    }

    /// Neurons that something reached, or that crossed their threshold, in the last advance.
    #[inline]
    pub const fn updated(&self) -> usize {
        self.updated
    }

    /// Saturations since the last call.
    #[inline]
    pub fn take_saturations(&mut self) -> u64 {
        core::mem::take(&mut self.saturations)
    }

    /// Membrane of a neuron after tick `at`, which is not before the last tick of the core, as bits with 32 fraction
    /// bits.
    ///
    /// # Panics
    /// If the core does not have that neuron.
    pub fn membrane(&self, neuron: NeuronId, at: Tick) -> i64 {
        self.at(self.index(neuron), at.0).0.v.clamp(-STATE_MAX, STATE_MAX)
    }

    /// Current `current` (see [`AnalogLifParameters::currents`]) of a neuron after tick `at`, as bits with 32 fraction
    /// bits.
    ///
    /// # Panics
    /// If the core does not have that neuron or current.
    pub fn current(&self, current: usize, neuron: NeuronId, at: Tick) -> i64 {
        self.at(self.index(neuron), at.0).1[..self.parameters.current_count()][current]
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

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a core: wrong lengths, states
    /// that saturation excludes, a refractory period that is too long, or a membrane that should have spiked.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        let CoreState::AnalogLif { base, free, v, currents, started } = state else { return false };
        let count = self.neurons.len();
        let in_range = |x: &i64| (-STATE_MAX..=STATE_MAX).contains(x);
        let possible = |n: usize| {
            let membrane = &self.parameters.membranes()[n];
            free[n] <= base[n].saturating_add(membrane.refractory)
                && (v[n] == membrane.reset || (base[n] >= free[n] && (v[n] < membrane.threshold || !*started)))
                && (*started || (base[n] == 0 && free[n] == 0))
        };
        let fits = [base.len(), free.len(), v.len()].iter().all(|len| *len == count)
            && currents.len() == self.currents.len()
            && v.iter().chain(currents).all(in_range)
            && (0..count).all(possible);
        if fits {
            self.reset();
            for (n, neuron) in self.neurons.iter_mut().enumerate() {
                *neuron = Neuron { base: base[n], free: free[n], v: v[n] };
            }
            self.currents.copy_from_slice(currents);
            self.started = *started;
            if self.started {
                // Bounds only: those that are due already are replaced by the crossing when the core is advanced next,
                // as they were in the run that the state is from.
                for n in 0..count {
                    let pending = self.bound_after(n);
                    self.pending.set(n, pending);
                }
                (0..self.parameters.layout().stride() / BLOCK).for_each(|block| self.pending.refresh(block));
                self.next = self.pending.least();
            }
        }
        fits
    }
}

/// The membrane of a neuron as a [`fx::Weight`], to nearest.
pub fn membrane_weight(bits: i64) -> fx::Weight {
    fx::Weight::from_bits(narrow(shift_right(bits, WEIGHT_SHIFT, Rounding::HalfUp)))
}

#[cfg(test)]
mod tests;
