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
//! At tick 0 this is done for every neuron. (Delta synapses of a refractory neuron do nothing, so that one without
//! currents is not even looked at.) These ticks are part of the model: rounding happens there and nowhere else, so a
//! run that is cut into pieces, resumed or probed in between has the same bits. A neuron spikes at the first tick at
//! which an evaluation tick by tick from its last such tick would find it at threshold (`predict`).
//!
//! # Noise
//! In a run with `event_threshold_cv` every interval between two spikes of a neuron has a threshold of its own: that of
//! the run times a factor ([`crate::Noise::event_threshold_factor`]), rounded to nearest, ties to even, and kept within
//! the range of states. The first interval begins with tick 0, each further one with the end of the refractory period
//! of the spike before it, so that the state tells the threshold. A neuron whose reset is at its new threshold spikes
//! as early as it may. Broken neurons stay as they are.
//!
//! # Numbers
//! Voltages and currents are integers with 32 fraction bits in units of the nominal threshold, times a power of two
//! where the thresholds of the core are far from that ([`chip::ChipSpec::core_scale`]), kept within +-512 such units
//! (counted when it acts); decays have 62 fraction bits and are good to 2^-48 ([`fx::exp2`]), transfers have 44;
//! products and sums are exact in 128 bits; round is floor(x + 1/2). Time constants are at most 2^40 ticks.
//!
//! # Cost
//! A synapse that an event goes through costs one evaluation of its neuron and one bound of its next crossing; a silent
//! neuron costs nothing, and a tick without events does not exist. The bound after an event is a rough one, because
//! most are overtaken by the next event; when one falls due, a better one or the crossing itself takes its place.
//!
//! # Parameters
//! `tau_mem`, `v_threshold`, `t_refractory`; optional and 0 where the chip has none: `v_reset`, `drive`, `v_initial`,
//! `adaptation` (what a spike adds to the adaptation current) with `tau_adaptation`; and of each kind of synapse in use
//! those that the chip file names for it.

/// Calls a method with the number of currents of each neuron as a constant, so that loops over them unroll.
macro_rules! with_currents {
    ($core:ident.$method:ident($($argument:expr),*)) => {
        match $core.parameters.current_count() {
            0 => $core.$method::<0>($($argument),*),
            1 => $core.$method::<1>($($argument),*),
            2 => $core.$method::<2>($($argument),*),
            3 => $core.$method::<3>($($argument),*),
            4 => $core.$method::<4>($($argument),*),
            5 => $core.$method::<5>($($argument),*),
            count => unreachable!("{count} currents of a neuron"),
        }
    };
}
const _: () = assert!(chip::CURRENTS_MAX + 1 == 5, "the currents of synapses and that of adaptation are all there");

mod closed_form;
mod event_core;
mod parameters;
mod pending;
mod predict;

pub use closed_form::{Current, Decay, Membrane, TRANSFER_BITS, Transfer};
pub use event_core::AnalogLifState;
pub use parameters::{AnalogLifParameters, LaneUse};
pub use pending::Pending;

use crate::{CoreParameters, Cut, Emission, Saturations, ThresholdNoise};
use alloc::sync::Arc;
use alloc::vec::Vec;
use closed_form::Base;
use fx::{Rounding, shift_right};
use parameters::GAIN_FRACTION;
use predict::{Outlook, near_outlook, next_look, outlook};
use units::NeuronId;

/// Fraction bits of voltages and currents.
pub const VOLTAGE_BITS: u32 = 32;
/// States are kept within plus and minus this: 512 voltage units.
pub const STATE_MAX: i64 = 1 << (VOLTAGE_BITS + 9);
/// Fraction bits that a weight lacks.
const WEIGHT_SHIFT: u32 = VOLTAGE_BITS - fx::Weight::FRACTION_BITS;

/// Neurons of a word of `touched`.
const BLOCK: usize = Pending::BLOCK;

/// A neuron at its last event.
#[derive(Clone, Copy, Debug, Default)]
struct Neuron {
    /// The tick that its state is of.
    base: u64,
    /// Up to this tick the membrane stays at reset.
    free: u64,
    v: i64,
    /// Of the interval that begins or began at `free`.
    threshold: i64,
}

/// A core of asynchronous LIF neurons.
///
/// State lies neuron by neuron, not quantity by quantity as in the clocked cores: an event needs all of one neuron.
#[derive(Clone, Debug)]
pub struct AnalogLifCore {
    parameters: Arc<AnalogLifParameters>,
    neurons: Vec<Neuron>,
    /// The currents of a neuron side by side.
    currents: Vec<i64>,
    /// How thresholds change within a run, if they do.
    threshold_noise: Option<ThresholdNoise>,
    /// The sums of this tick, one array a lane, one after the other; all 0 between ticks.
    accumulators: Vec<i32>,
    /// By accumulator: something arrived there in this tick.
    touched: Vec<u32>,
    pending: Pending,
    next: u64,
    /// Tick 0 is over.
    started: bool,
    spikes: Vec<Emission>,
    saturations: Saturations,
    /// Neurons brought to the tick of the last advance.
    updated: usize,
}

/// The tick to look at a neuron again that had this outlook in tick `now`.
#[inline]
const fn look_after(now: u64, outlook: Outlook) -> u64 {
    match outlook {
        Outlook::Never => u64::MAX,
        Outlook::Below(ticks) => now.saturating_add(ticks).saturating_add(1),
    }
}

/// `value` kept within the range of states.
#[inline]
fn saturate(value: i128, count: &mut Saturations, cut: impl FnOnce() -> Cut) -> i64 {
    let narrow = value as i64;
    if i128::from(narrow) == value && (-STATE_MAX..=STATE_MAX).contains(&narrow) {
        return narrow;
    }
    count.add(1, cut);
    if value < 0 { -STATE_MAX } else { STATE_MAX }
}

impl AnalogLifCore {
    /// The threshold of a neuron in the interval that begins with tick `free`.
    fn threshold_from(&self, n: usize, free: u64) -> i64 {
        let of_run = self.parameters.membranes()[n].threshold;
        self.threshold_noise.as_ref().map_or(of_run, |noise| noise.of_interval(n, free, of_run, STATE_MAX))
    }

    fn clear_inputs(&mut self) {
        self.accumulators.fill(0);
        self.touched.fill(0);
    }

    fn advance_with<const N: usize>(&mut self, now: u64) {
        self.spikes.clear();
        self.updated = 0;
        let blocks = self.parameters.layout().stride() / BLOCK;
        for group in 0..self.pending.groups() {
            let within = self.pending.blocks_of(group);
            let untouched = |lane: &[u32]| lane[within.clone()].iter().fold(0, |all, word| all | word) == 0;
            if self.started && self.pending.is_later(group, now) && self.touched.chunks(blocks).all(untouched) {
                continue;
            }
            within.for_each(|block| self.advance_block::<N>(block, now));
            self.pending.settle_group(group);
        }
        self.started = true;
        self.next = self.pending.least();
    }

    #[inline]
    fn advance_block<const N: usize>(&mut self, block: usize, now: u64) {
        let blocks = self.parameters.layout().stride() / BLOCK;
        let mut reached = 0;
        for word in self.touched.iter_mut().skip(block).step_by(blocks) {
            reached |= core::mem::take(word);
        }
        if !self.started {
            // Every neuron of the block that is in use.
            let used = (self.neurons.len() - block * BLOCK).min(BLOCK);
            reached = u32::MAX >> (BLOCK - used);
        }
        let mut visited = reached | self.pending.due(block, now);
        while visited != 0 {
            let bit = visited.trailing_zeros();
            visited &= visited - 1;
            let neuron = block * BLOCK + bit as usize;
            let pending = if reached >> bit & 1 == 1 { None } else { self.look::<N>(neuron, now) };
            let pending = pending.unwrap_or_else(|| self.update::<N>(neuron, now));
            self.pending.set(neuron, pending);
        }
        self.pending.settle(block);
    }

    /// Brings a neuron to tick `now`, in steps 1 to 3 of the module, and returns when to look at it next.
    #[inline(always)]
    fn update<const N: usize>(&mut self, n: usize, now: u64) -> u64 {
        let refractory = now < self.neurons[n].free;
        if N == 0 && refractory {
            return self.ignore(n);
        }
        self.updated += 1;
        let parameters = &*self.parameters;
        let (membrane, constants) = (&parameters.membranes()[n], parameters.currents_of::<N>(n));
        let mut neuron = self.neurons[n];
        let mut currents;
        if neuron.base < neuron.free {
            (neuron, currents) = self.at(n, now);
        } else {
            // The same without the refractory period, which is over for most.
            let (v, i) = (neuron.v, self.saved(n));
            let base = Base { membrane, threshold: neuron.threshold, currents: constants, v, i };
            let point = base.after(now.saturating_sub(neuron.base));
            (neuron.base, neuron.v, currents) = (now, point.v, point.i);
        }
        let mut v = i128::from(neuron.v);
        let exponent = u32::from(parameters.weight_exponent()) + WEIGHT_SHIFT;
        let (mut place, stride) = (n, parameters.layout().stride());
        for lane in parameters.lanes() {
            let sum = core::mem::take(&mut self.accumulators[place]);
            place += stride;
            if sum == 0 {
                continue;
            }
            // 32 bits and at most 32 more.
            let sum = i64::from(sum) << exponent;
            match lane {
                LaneUse::Current(k) => {
                    let current = currents[*k].saturating_add(sum);
                    // Currents are read after the membrane and the refractory period.
                    currents[*k] = saturate(current.into(), &mut self.saturations, || Cut::state(n, k + 2));
                }
                _ if refractory => {}
                LaneUse::Delta => v += i128::from(sum),
                LaneUse::ScaledDelta(gains) => {
                    let kept = saturate(sum.into(), &mut self.saturations, || Cut::input(n));
                    let product = i128::from(kept) * i128::from(gains[n]);
                    v += shift_right(product, GAIN_FRACTION, Rounding::HalfUp);
                }
            }
        }
        neuron.v = if refractory { membrane.reset } else { saturate(v, &mut self.saturations, || Cut::state(n, 0)) };
        let spikes = !refractory && neuron.v >= neuron.threshold;
        if spikes {
            neuron.v = membrane.reset;
            neuron.free = now.saturating_add(membrane.refractory);
            if self.threshold_noise.is_some() {
                neuron.threshold = self.threshold_from(n, neuron.free);
            }
            if let (Some(jump), Some(current)) = (parameters.adaptation().get(n), currents.last_mut()) {
                let stepped = i128::from(*current) + i128::from(*jump);
                *current = saturate(stepped, &mut self.saturations, || Cut::state(n, N + 1));
            }
            self.spikes.push(Emission { neuron: NeuronId(n as u16), value: 1, payload: 1 });
        }
        self.neurons[n] = neuron;
        for (saved, current) in self.currents[n * N..(n + 1) * N].iter_mut().zip(currents) {
            *saved = current;
        }
        if refractory || spikes {
            return self.bound_after::<N>(n);
        }
        let base = Base { membrane, threshold: neuron.threshold, currents: constants, v: neuron.v, i: currents };
        look_after(now, near_outlook(&base, neuron.v, &currents))
    }

    /// The currents of a neuron at its last event.
    #[inline]
    fn saved<const N: usize>(&self, n: usize) -> [i64; N] {
        core::array::from_fn(|k| self.currents[n * N + k])
    }

    /// What arrives for a refractory neuron without currents: nothing of it changes, nor when to look at it next.
    fn ignore(&mut self, n: usize) -> u64 {
        for sums in self.accumulators.chunks_exact_mut(self.parameters.layout().stride()) {
            sums[n] = 0;
        }
        self.pending.tick(n)
    }

    /// A neuron as a base of its closed form.
    #[inline]
    fn base<const N: usize>(&self, n: usize, v: i64, i: [i64; N]) -> Base<'_, N> {
        let (membrane, threshold) = (&self.parameters.membranes()[n], self.neurons[n].threshold);
        Base { membrane, threshold, currents: self.parameters.currents_of(n), v, i }
    }

    /// The neuron at its last event, or at the end of its refractory period if that lies between then and `now`.
    #[inline]
    fn rolled<const N: usize>(&self, n: usize, now: u64) -> (Neuron, [i64; N]) {
        let neuron = self.neurons[n];
        let saved = self.saved(n);
        if neuron.base < neuron.free && neuron.free <= now {
            let i = self.base(n, neuron.v, saved).currents_after(neuron.free - neuron.base);
            (Neuron { base: neuron.free, ..neuron }, i)
        } else {
            (neuron, saved)
        }
    }

    /// The neuron at tick `now`, before anything that arrives then.
    fn at<const N: usize>(&self, n: usize, now: u64) -> (Neuron, [i64; N]) {
        let (neuron, i) = self.rolled(n, now);
        let base = self.base(n, neuron.v, i);
        let ticks = now.saturating_sub(neuron.base);
        if now < neuron.free {
            (Neuron { base: now, ..neuron }, base.currents_after(ticks))
        } else {
            let point = base.after(ticks);
            (Neuron { base: now, v: point.v, ..neuron }, point.i)
        }
    }

    /// A tick before which the neuron, untouched, does not spike.
    fn bound_after<const N: usize>(&self, n: usize) -> u64 {
        let first = self.neurons[n].base.saturating_add(1);
        let free = self.neurons[n].free.max(self.neurons[n].base);
        let (neuron, i) = self.rolled(n, free);
        let base: Base<'_, N> = self.base(n, neuron.v, i);
        if neuron.v >= base.threshold {
            // Reset is at threshold: the next spike comes as early as it may.
            return first.max(free);
        }
        look_after(neuron.base, outlook(&base, neuron.v, &i))
    }

    /// When to look at a neuron again that is looked at in tick `now` although nothing reached it; `None` if it spikes
    /// now.
    fn look<const N: usize>(&self, n: usize, now: u64) -> Option<u64> {
        let (neuron, i) = self.rolled(n, now);
        if now < neuron.free {
            // Only a state that no run reaches is looked at so early.
            return Some(neuron.free);
        }
        let base: Base<'_, N> = self.base(n, neuron.v, i);
        match next_look(&base, now.saturating_sub(neuron.base)) {
            Some(ticks) => {
                let tick = neuron.base.saturating_add(ticks);
                (tick > now).then_some(tick)
            }
            None => Some(u64::MAX),
        }
    }

    /// Bounds the next crossing of every neuron. Bounds only: those that are due already are replaced by better ones
    /// when the core is advanced next, as they were in the run that a restored state is from.
    fn predict_all(&mut self) {
        for group in 0..self.pending.groups() {
            for block in self.pending.blocks_of(group) {
                for n in block * BLOCK..self.neurons.len().min((block + 1) * BLOCK) {
                    let pending = with_currents!(self.bound_after(n));
                    self.pending.set(n, pending);
                }
                self.pending.settle(block);
            }
            self.pending.settle_group(group);
        }
        self.next = self.pending.least();
    }
}

#[cfg(test)]
mod tests;
