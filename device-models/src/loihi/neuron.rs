//! State and one step of the neurons of a core.
//!
//! State is a structure of arrays and a step is two plain loops over slices, written without branches so that the
//! compiler can vectorise them. Registers are the 32-bit words of the simulators; narrower ones are wrapped or clipped
//! within.

use super::noise::NoiseTarget;
use super::parameters::{LoihiParameters, Wrap};
use alloc::vec;
use alloc::vec::Vec;

/// A register whose overflows are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Register {
    /// The synaptic accumulator, `q0`.
    Accumulator = 1,
    /// The current, `current`.
    Current = 2,
    /// Current plus bias, `u2`.
    BiasedCurrent = 4,
    /// The voltage, where it saturates at a fixed width or leaves 32 bits. Clipping at the `vmin` and `vmax` of a core
    /// is what they are for, and does not count.
    Voltage = 8,
}

impl Register {
    /// All of them, in the order of a step.
    pub const ALL: [Register; 4] =
        [Register::Accumulator, Register::Current, Register::BiasedCurrent, Register::Voltage];

    /// The name that nengo-loihi's warnings use.
    pub const fn name(self) -> &'static str {
        match self {
            Register::Accumulator => "q0",
            Register::Current => "current",
            Register::BiasedCurrent => "u2",
            Register::Voltage => "v",
        }
    }
}

/// How many neurons overflowed, by register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overflows {
    counts: [u32; 4],
}

impl Overflows {
    /// Neurons whose register overflowed.
    pub fn count(&self, register: Register) -> u32 {
        self.counts[(register as u8).trailing_zeros() as usize]
    }

    /// True if no register overflowed.
    pub fn is_empty(&self) -> bool {
        self.counts == [0; 4]
    }

    /// Adds the counts of another step or core; saturates.
    pub fn add(&mut self, other: &Overflows) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine = mine.saturating_add(theirs);
        }
    }
}

/// `sign(x) * ((|x| * kept) >> 12)` without a 64-bit product: the low 12 bits of |x| are multiplied apart.
#[inline(always)]
fn decayed(x: i32, kept: u32) -> i32 {
    let magnitude = x.unsigned_abs();
    // At most 2^31, as |x| is and kept is 4096 at most; `wrapping` only says that there is nothing to check.
    let product = (magnitude >> 12).wrapping_mul(kept).wrapping_add((magnitude & 0xfff).wrapping_mul(kept) >> 12);
    let sign = x >> 31;
    (product as i32 ^ sign).wrapping_sub(sign)
}

/// A sum, and -1 if it left 32 bits, else 0.
#[inline(always)]
fn sum(a: i32, b: i32) -> (i32, i32) {
    let sum = a.wrapping_add(b);
    (sum, ((a ^ sum) & (b ^ sum)) >> 31)
}

/// -1 for true and 0 for false, as vector comparisons have it.
#[inline(always)]
fn mask(condition: bool) -> i32 {
    -i32::from(condition)
}

/// Registers of the neurons of a core. All start at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoihiState {
    /// Current.
    pub u: Vec<i32>,
    /// Voltage.
    pub v: Vec<i32>,
    /// Steps for which the voltage is still held at 0.
    pub refractory: Vec<i32>,
}

impl LoihiState {
    /// All registers 0.
    pub fn new(neurons: usize) -> Self {
        LoihiState { u: vec![0; neurons], v: vec![0; neurons], refractory: vec![0; neurons] }
    }
}

/// What the last step said about each neuron.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepOutput {
    /// 1, 0, or -1 (ternary neurons only).
    pub spikes: Vec<i8>,
    /// Registers that overflowed, as a sum of [`Register`] values.
    pub overflowed: Vec<u8>,
    /// Voltages before their reset.
    pub crossed: Vec<i32>,
}

impl StepOutput {
    /// Room for a core.
    pub fn new(neurons: usize) -> Self {
        StepOutput { spikes: vec![0; neurons], overflowed: vec![0; neurons], crossed: vec![0; neurons] }
    }

    /// The neurons whose register overflowed in the last step, in ascending order.
    pub fn overflowed_neurons(&self, register: Register) -> impl Iterator<Item = usize> {
        let bit = register as u8;
        self.overflowed.iter().enumerate().filter(move |(_, flags)| *flags & bit != 0).map(|(neuron, _)| neuron)
    }
}

/// What a step says about the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepSummary {
    /// Neurons that spiked, with either sign.
    pub spikes: u32,
    /// Overflows of this step.
    pub overflows: Overflows,
    /// True if the core may sleep: until input arrives or a bias is changed, further steps would change nothing, send
    /// nothing and overflow nothing.
    pub quiet: bool,
}

/// Advances all neurons of a core by one step.
///
/// `number` counts steps from 1 (it matters for a periodic reset only). `input` holds the synaptic accumulators of
/// this step, `draws` one draw of noise per neuron, uniform in -127..=127; it is read only if
/// [`LoihiParameters::has_noise`], and None stands for zeros. `output` is overwritten.
///
/// # Panics
/// If a slice does not have the length of the core.
pub fn step(
    parameters: &LoihiParameters,
    state: &mut LoihiState,
    number: u64,
    input: &[i32],
    draws: Option<&[i32]>,
    output: &mut StepOutput,
) -> StepSummary {
    let n = parameters.neurons();
    assert!(input.len() == n, "accumulators for {} neurons on a core of {n}", input.len());
    assert!(state.u.len() == n && state.v.len() == n && state.refractory.len() == n, "state of another core");
    let lengths = [output.spikes.len(), output.overflowed.len(), output.crossed.len()];
    assert!(lengths == [n; 3], "output of another core");

    let mut changed = 0;
    if parameters.reset.is_some_and(|reset| number % reset.interval == reset.offset % reset.interval) {
        changed = state.u.iter().chain(&state.v).fold(0, |any, x| any | x);
        state.u.fill(0);
        state.v.fill(0);
    }
    let noise = parameters.noise.as_ref();
    assert!(draws.is_none_or(|draws| draws.len() == n), "draws for other neurons than the {n} of the core");
    let draw = |i: usize| draws.map_or(0, |draws| draws[i]);
    let at = |target| noise.filter(|noise| noise.target == target);
    // The loops without noise are instantiated apart, so that they stay plain arithmetic.
    let (moved, first, second) = match at(NoiseTarget::Current) {
        Some(noise) => to_current(parameters, state, input, output, |i| noise.amount(i, draw(i))),
        None => to_current(parameters, state, input, output, |_| 0),
    };
    changed |= moved;
    let (moved, spikes, third, fourth) = match at(NoiseTarget::Membrane) {
        Some(noise) => to_voltage(parameters, state, output, |i| noise.amount(i, draw(i))),
        None => to_voltage(parameters, state, output, |_| 0),
    };
    changed |= moved;

    let counts = [first, second, third, fourth];
    let overflows = Overflows { counts };
    let still = changed == 0 && spikes == 0 && overflows.is_empty() && noise.is_none();
    // A periodic reset changes nothing only if there is nothing to reset.
    let quiet = still && (parameters.reset.is_none() || state.u.iter().chain(&state.v).all(|&x| x == 0));
    StepSummary { spikes, overflows, quiet }
}

/// Synapses to current. Returns 0 if there was no input and no current changed, and how many accumulators and currents
/// overflowed.
fn to_current(
    parameters: &LoihiParameters,
    state: &mut LoihiState,
    input: &[i32],
    output: &mut StepOutput,
    noise: impl Fn(usize) -> i32,
) -> (i32, u32, u32) {
    let wraps = (parameters.accumulator_shift, parameters.accumulator, parameters.current);
    current_loop(input, &parameters.kept_u, &mut state.u, &mut output.overflowed, wraps, noise)
}

/// The loop of [`to_current`]. All slices are arguments of a function that is not inlined: only so does the compiler
/// know that they do not overlap.
#[inline(never)]
fn current_loop(
    input: &[i32],
    kept: &[u32],
    u: &mut [i32],
    flags: &mut [u8],
    (shift, accumulator, current): (u32, Wrap, Wrap),
    noise: impl Fn(usize) -> i32,
) -> (i32, u32, u32) {
    let n = input.len();
    let (kept, u, flags) = (&kept[..n], &mut u[..n], &mut flags[..n]);
    let (mut changed, mut first, mut second) = (0, 0, 0);
    for i in 0..n {
        let shifted = input[i].wrapping_shl(shift);
        let arrived = shifted.wrapping_add(noise(i));
        let q = accumulator.apply(arrived);
        let q_lost = mask((q ^ arrived) | (shifted.wrapping_shr(shift) ^ input[i]) != 0);
        let (raw, beyond) = sum(decayed(u[i], kept[i]), q);
        let new = current.apply(raw);
        let u_lost = mask(new != raw) | beyond;
        changed |= (new ^ u[i]) | input[i];
        u[i] = new;
        flags[i] = ((q_lost & Register::Accumulator as i32) | (u_lost & Register::Current as i32)) as u8;
        first += (q_lost & 1) as u32;
        second += (u_lost & 1) as u32;
    }
    (changed, first, second)
}

/// Current to voltage and spikes. Returns 0 if no register changed, the number of spikes, and how many biased currents
/// and voltages overflowed.
fn to_voltage(
    parameters: &LoihiParameters,
    state: &mut LoihiState,
    output: &mut StepOutput,
    noise: impl Fn(usize) -> i32,
) -> (i32, u32, u32, u32) {
    let (v, refractory) = (&mut state.v[..], &mut state.refractory[..]);
    let StepOutput { spikes, overflowed, crossed } = output;
    voltage_loop(parameters, &state.u, v, refractory, spikes, overflowed, crossed, noise)
}

/// The loop of [`to_voltage`]; see [`current_loop`] for its form.
#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "slices in a struct are not known to be apart")]
fn voltage_loop(
    parameters: &LoihiParameters,
    u: &[i32],
    v: &mut [i32],
    refractory: &mut [i32],
    spikes: &mut [i8],
    flags: &mut [u8],
    crossed: &mut [i32],
    noise: impl Fn(usize) -> i32,
) -> (i32, u32, u32, u32) {
    let n = u.len();
    let (spikes, flags, crossed) = (&mut spikes[..n], &mut flags[..n], &mut crossed[..n]);
    let (v, refractory) = (&mut v[..n], &mut refractory[..n]);
    let (kept, bias, period) = (&parameters.kept_v[..n], &parameters.bias[..n], &parameters.refractory[..n]);
    let (high, low) = (&parameters.high[..n], &parameters.low[..n]);
    let (floor, ceiling) = (parameters.voltage_floor, parameters.voltage_ceiling);
    let (biased_current, saturates) = (parameters.biased_current, mask(parameters.voltage_saturates));
    let (subtracts, equals) = (mask(parameters.subtracts), parameters.equals);
    let (mut changed, mut count, mut third, mut fourth) = (0, 0, 0, 0);
    for i in 0..n {
        let (biased, beyond) = sum(u[i], bias[i]);
        let raw = biased.wrapping_add(noise(i));
        let u2 = biased_current.apply(raw);
        let u2_lost = mask(u2 != raw) | beyond;
        let (raw, beyond) = sum(decayed(v[i], kept[i]), u2);
        let clipped = raw.max(floor).min(ceiling);
        let v_lost = (mask(clipped != raw) & saturates) | beyond;
        let free = clipped & !mask(refractory[i] > 0);
        let (up, down) = (mask(free > high[i]), mask(free < low[i]));
        let fired = up | down;
        let excess = free.wrapping_sub((up & (high[i] + equals)) | (down & low[i].wrapping_sub(equals)));
        let new = (free & !fired) | (excess & fired & subtracts);
        let left = (((period[i] & fired) | (refractory[i] & !fired)) - 1).max(0);
        changed |= (new ^ v[i]) | (left ^ refractory[i]);
        v[i] = new;
        crossed[i] = free;
        refractory[i] = left;
        spikes[i] = (down - up) as i8;
        flags[i] |= ((u2_lost & Register::BiasedCurrent as i32) | (v_lost & Register::Voltage as i32)) as u8;
        count += (fired & 1) as u32;
        third += (u2_lost & 1) as u32;
        fourth += (v_lost & 1) as u32;
    }
    (changed, count, third, fourth)
}
