//! The step itself: state, one neuron after the other.
//!
//! Currents are 64-bit integers in units of 2^-28 of the neuron's dark current I0. A product is exact, in 128 bits, and
//! rounded once where a line says so: `round` is floor(x + 1/2), `trunc` is toward zero. The equations are in the
//! documentation of the module above.

use super::circuit::{DpiForm, Filter, Membrane};
use super::{CURRENT_MAX, LOG_UNIT, ONE};
use crate::{Cut, Saturations};
use alloc::vec;
use alloc::vec::Vec;
use chip::SynapseGate;
use core::mem::take;
use fx::power::{LOG2_BITS, exp2, log2};
use serde::{Deserialize, Serialize};

/// The synapses of one sort, neuron by neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Synapses {
    pub(super) gate: SynapseGate,
    pub(super) filters: Vec<Filter>,
}

/// The state of a core between two steps, neuron by neuron. Currents are bits with 28 fraction bits, in units of each
/// neuron's dark current.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DpiState {
    /// Synaptic currents; one list a gate.
    pub synapses: Vec<Vec<i64>>,
    /// Adaptation currents.
    pub adaptation: Vec<i64>,
    /// Membrane currents, after a reset.
    pub membrane: Vec<i64>,
    /// log2 of the membrane currents in units of the dark current, before a reset; 40 fraction bits.
    pub log: Vec<i64>,
    /// Spikes of the last step.
    pub spikes: Vec<i32>,
    /// Steps in which the input will still be cut off.
    pub refractory: Vec<i32>,
}

impl DpiState {
    pub(super) fn new(neurons: usize, groups: usize) -> Self {
        Self {
            synapses: vec![vec![ONE; neurons]; groups],
            adaptation: vec![ONE; neurons],
            membrane: vec![ONE; neurons],
            log: vec![0; neurons],
            spikes: vec![0; neurons],
            refractory: vec![0; neurons],
        }
    }

    pub(super) fn reset(&mut self) {
        self.synapses.iter_mut().for_each(|list| list.fill(ONE));
        self.adaptation.fill(ONE);
        self.membrane.fill(ONE);
        self.log.fill(0);
        self.spikes.fill(0);
        self.refractory.fill(0);
    }
}

/// The exact product, shifted right by `bits`, to nearest: floor(a b / 2^bits + 1/2).
#[inline(always)]
fn round(a: i64, b: i64, bits: u32) -> i128 {
    (i128::from(a) * i128::from(b) + (1i128 << (bits - 1))) >> bits
}

/// `value` from `low` up to the largest current; counts what is cut above.
#[inline(always)]
fn bounded(value: i128, low: i64, saturations: &mut u64) -> i64 {
    if value > i128::from(CURRENT_MAX) {
        *saturations += 1;
        CURRENT_MAX
    } else if value < i128::from(low) {
        low
    } else {
        value as i64
    }
}

/// One step of the one synapse of the combined form: it is charged in every step, by the dark current at least.
#[inline(always)]
fn combined(current: i64, input: i64, filter: &Filter, saturations: &mut u64) -> i64 {
    let jump = bounded(round(input, filter.jump, 36), filter.floor, saturations);
    bounded(round(current, filter.decay, 62) + i128::from(jump), 0, saturations)
}

/// One step of a filter that pulses charge only when they come, and the less the fuller it is.
#[inline(always)]
fn gated(current: i64, input: i64, filter: &Filter, saturations: &mut u64) -> i64 {
    let mut next = round(current, filter.decay, 62);
    if input > 0 {
        let weight = bounded(round(input, filter.scale, 32), 0, saturations);
        let full = i128::from(current) + i128::from(filter.gain);
        let short = i128::from(weight) + i128::from(filter.gain) - i128::from(current);
        let saturating = (i128::from(current) * short / full) as i64; // trunc
        let linear = (i128::from(weight) * (i128::from(current) + i128::from(filter.linear)) / full) as i64; // trunc
        let charge =
            i128::from(filter.saturating) * i128::from(saturating) + i128::from(filter.charge) * i128::from(linear);
        next += (charge + (1 << 39)) >> 40;
    }
    bounded(next, ONE, saturations)
}

/// What the synapses of a neuron do to its membrane in this step.
#[derive(Default)]
struct Drive {
    input: i64,
    leak: i64,
}

/// Advances all neurons by one step. `inputs`: one list a group of synapses, 32 fraction bits, in units of the scale
/// current. Returns whether any bit of the state changed.
pub(super) fn advance(
    form: DpiForm,
    (groups, membranes): (&[Synapses], &[Membrane]),
    state: &mut DpiState,
    inputs: &[Vec<i64>],
    saturations: &mut Saturations,
) -> bool {
    let mut changed = false;
    for (n, m) in membranes.iter().enumerate() {
        let mut cuts = 0;
        let imem = state.membrane[n];
        let mut drive = Drive::default();
        for (k, group) in groups.iter().enumerate() {
            let (old, input) = (state.synapses[k][n], inputs[k][n]);
            let new = match form {
                DpiForm::Combined => combined(old, input, &group.filters[n], &mut cuts),
                DpiForm::FourGates => gated(old, input, &group.filters[n], &mut cuts),
            };
            // The places of the probes of the model.
            saturations.add(take(&mut cuts), || Cut::state(n, 3 + k));
            state.synapses[k][n] = new;
            changed |= new != old;
            match group.gate {
                SynapseGate::Combined | SynapseGate::Ampa => drive.input += new,
                SynapseGate::Nmda => {
                    let full = i128::from(imem) + i128::from(m.nmda_gate);
                    drive.input += (i128::from(new) * i128::from(imem) / full) as i64; // trunc
                }
                SynapseGate::Gaba => drive.leak += new,
                SynapseGate::Shunt => drive.input -= new,
            }
        }

        // Adaptation follows the spikes of the step before, like every synapse.
        let (old, spikes) = (state.adaptation[n], state.spikes[n]);
        let iahp = match form {
            DpiForm::Combined => {
                let jump = round(i64::from(spikes) << 32, m.adaptation.jump, 36);
                bounded(round(old, m.adaptation.decay, 62) + jump, ONE, &mut cuts)
            }
            DpiForm::FourGates => gated(old, i64::from(spikes) << 32, &m.adaptation, &mut cuts),
        };
        saturations.add(take(&mut cuts), || Cut::state(n, 1));
        state.adaptation[n] = iahp;
        changed |= iahp != old;

        let adapted = m.tau + iahp;
        let leak = adapted + drive.leak;
        let refractory = state.refractory[n];
        let input = if refractory == 0 { (drive.input + m.dc - leak).max(ONE) } else { ONE };
        // A weighted mean of two currents, so it fits.
        let pull = i128::from(m.gain) * i128::from(input - leak) - i128::from(imem) * i128::from(adapted);
        let pull = (pull / (i128::from(imem) + i128::from(m.gain))) as i64; // trunc
        let rate = bounded(round(leak, m.rate, 50), 0, &mut cuts);
        let feedback = exp2(round(state.log[n], m.feedback_power, 32) as i64, super::UNIT_BITS);
        let growth = i128::from(rate) * i128::from(pull) + i128::from(feedback) * i128::from(m.feedback_rate);
        // With the largest growth a membrane cannot but saturate.
        let growth = ((growth + (1 << 27)) >> 28).clamp(-GROWTH_MAX, GROWTH_MAX);
        let step = (i128::from(imem) * growth + (1 << 39)) >> 40;
        let next = bounded(i128::from(imem) + step, ONE, &mut cuts);
        saturations.add(take(&mut cuts), || Cut::state(n, 0));

        let log = log2(next as u64) - LOG_UNIT;
        changed |= log != state.log[n];
        state.log[n] = log;
        let fired = spike_count(log - m.threshold);
        state.spikes[n] = fired;
        (state.membrane[n], state.refractory[n]) =
            if fired > 0 { (ONE, m.refractory_steps) } else { (next, (refractory - 1).max(0)) };
        changed |= fired != 0 || spikes != 0 || refractory != 0 || state.membrane[n] != imem;
    }
    changed
}

/// Largest growth of a membrane in a step, in units of itself, 40 fraction bits.
const GROWTH_MAX: i128 = 1 << (28 + 40);

/// ceil(log2 ratio x ln 2), one spike an e-fold above the threshold; 0 at and below it.
#[inline(always)]
fn spike_count(log_ratio: i64) -> i32 {
    /// ln 2 with 62 fraction bits, rounded down.
    const LN2: i64 = 3_196_577_161_300_663_914;
    const BITS: u32 = LOG2_BITS + 62;
    if log_ratio <= 0 {
        return 0;
    }
    ((i128::from(log_ratio) * i128::from(LN2) + ((1i128 << BITS) - 1)) >> BITS) as i32
}
