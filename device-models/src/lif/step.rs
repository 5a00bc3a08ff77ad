//! The step itself, block by block, written so that the compiler turns every inner loop into vector code.
//!
//! A block is a fixed-size array, its loops have no branch, and what is rare (a spike, a saturation) is only marked in
//! the loop and looked up afterwards. The lanes of a core are 32 bits wide where its parameters bound the sum of the
//! step, and 64 bits elsewhere; see [`Width`].

use super::intervals::Intervals;
use super::parameters::LaneParameters;
use super::{LifNeurons, LifParameters};
use crate::clocked::Step;
use crate::{CoreParameters, Cut, Emission, Factors};
use alloc::vec::Vec;
use fx::step::{STATE_MAX, mul_shift};
use units::NeuronId;

/// Neurons that are advanced together.
pub(super) const BLOCK: usize = 32;

type Block<T = i32> = [T; BLOCK];

/// A lane in which the input of a step is summed exactly.
trait Width: Copy + Default + core::ops::Add<Output = Self> + core::ops::Sub<Output = Self> {
    /// A state or a constant input.
    fn of(value: i32) -> Self;
    /// `value * mantissa / 2^(15 + shift)`, to nearest, halves up.
    fn product(value: i32, mantissa: i32, shift: i32) -> Self;
    /// The sum of a delta lane in bits, cut at `limit` before the shift if that is what keeps the lane from
    /// overflowing.
    fn shifted(sum: i32, limit: i32, exponent: u32) -> Self;
    /// The sum kept within the range of a state, and whether it had to be cut.
    fn saturate(self) -> (i32, bool);
}

impl Width for i32 {
    #[inline(always)]
    fn of(value: i32) -> Self {
        value
    }

    #[inline(always)]
    fn product(value: i32, mantissa: i32, shift: i32) -> Self {
        mul_shift(value, mantissa, shift as u32)
    }

    #[inline(always)]
    fn shifted(sum: i32, limit: i32, exponent: u32) -> Self {
        sum.clamp(-limit, limit) << exponent
    }

    #[inline(always)]
    fn saturate(self) -> (i32, bool) {
        let kept = self.clamp(-STATE_MAX, STATE_MAX);
        (kept, kept != self)
    }
}

impl Width for i64 {
    #[inline(always)]
    fn of(value: i32) -> Self {
        value.into()
    }

    #[inline(always)]
    fn product(value: i32, mantissa: i32, shift: i32) -> Self {
        let bits = 15 + shift;
        let half = if bits == 0 { 0 } else { 1 << (bits - 1) };
        (i64::from(value) * i64::from(mantissa) + half) >> bits
    }

    #[inline(always)]
    fn shifted(sum: i32, _limit: i32, exponent: u32) -> Self {
        i64::from(sum) << exponent
    }

    #[inline(always)]
    fn saturate(self) -> (i32, bool) {
        let kept = self.clamp(-i64::from(STATE_MAX), i64::from(STATE_MAX));
        (kept as i32, kept != self)
    }
}

/// Advances the neurons by one step. Returns whether a bit of the state changed, which is looked at only if nothing
/// arrived.
#[inline(always)]
pub(super) fn advance(p: &LifParameters, neurons: &mut LifNeurons, step: &mut Step<'_, i32>) -> bool {
    match p.narrow_limit() {
        Some(limit) => advance_in::<i32>(p, neurons, step, limit),
        None => advance_in::<i64>(p, neurons, step, 0),
    }
}

#[inline(always)]
fn advance_in<S: Width>(p: &LifParameters, neurons: &mut LifNeurons, step: &mut Step<'_, i32>, limit: i32) -> bool {
    let is_delta = |lane: &LaneParameters| matches!(lane, LaneParameters::Delta);
    let has_delta = p.lanes().iter().any(is_delta);
    let has_other = !p.lanes().iter().all(is_delta);
    match (step.touched, has_delta, has_other) {
        (true, true, false) => advance_blocks::<S, true, false, false>(p, neurons, step, limit),
        (true, true, true) => advance_blocks::<S, true, true, false>(p, neurons, step, limit),
        (true, false, _) => advance_blocks::<S, false, true, false>(p, neurons, step, limit),
        (false, _, false) => advance_blocks::<S, false, false, true>(p, neurons, step, limit),
        (false, _, true) => advance_blocks::<S, false, true, true>(p, neurons, step, limit),
    }
}

/// The parameters of the membranes of one block.
struct Membranes<'a> {
    leak: &'a Block,
    drive: &'a Block,
    threshold: &'a Block,
    /// Shift of the leak.
    shift: i32,
    /// See [`Width::shifted`].
    limit: i32,
    /// Shift of delta sums.
    exponent: u32,
}

/// `DELTA`: the membrane's loop reads the lane of plain delta synapses. `OTHER`: there are lanes of other kinds, whose
/// input is collected before that loop. `QUIET`: nothing arrived, so that sums are 0 and changes are looked for.
#[inline(always)]
fn advance_blocks<S: Width, const DELTA: bool, const OTHER: bool, const QUIET: bool>(
    p: &LifParameters,
    neurons: &mut LifNeurons,
    step: &mut Step<'_, i32>,
    limit: i32,
) -> bool {
    let LifNeurons { v, refractory, currents, intervals } = neurons;
    let (accumulators, spikes, saturations) = (&mut *step.sums, &mut *step.emissions, &mut *step.saturations);
    let thresholds = intervals.as_ref().map_or(p.threshold(), Intervals::thresholds);
    let exponent = u32::from(p.weight_exponent());
    let stride = p.layout().stride();
    let delta_lane = p.lanes().iter().position(|l| matches!(l, LaneParameters::Delta)).unwrap_or(0);
    let mut no_sums = [0; BLOCK];
    let mut marks = [0; BLOCK];
    let mut changes = 0;
    // Slices of one common length: inside the loop no index needs a check.
    let count = stride / BLOCK;
    let (v_blocks, refractory_blocks) = (blocks_mut(v, count), blocks_mut(refractory, count));
    let (leak, drive, threshold) =
        (blocks(p.leak().mantissas(), count), blocks(p.drive(), count), blocks(thresholds, count));
    for b in 0..count {
        let first = b * BLOCK;
        // What drives the membranes through the step, and what steps them at its end.
        let (mut input, mut jumps) = ([S::default(); BLOCK], [S::default(); BLOCK]);
        if OTHER {
            let mut current = 0;
            for (l, lane) in p.lanes().iter().enumerate() {
                let sums = block_mut(accumulators, l * stride + first);
                match lane {
                    LaneParameters::Delta => {}
                    LaneParameters::ScaledDelta(gain) => {
                        if !QUIET {
                            let (cuts, neuron) = scaled_delta(sums, gain, first, exponent, &mut jumps);
                            saturations.add(cuts, || Cut::input(first + neuron));
                        }
                    }
                    LaneParameters::Current(c) => {
                        let i = block_mut(currents, current * stride + first);
                        current += 1;
                        drive_by(i, &c.coupling, c.inhibitory, first, &mut input);
                        let (cuts, neuron, changed) = decay::<QUIET>(i, sums, &c.leak, first, exponent);
                        // The currents are read after the membrane and the refractory period.
                        saturations.add(cuts, || Cut::state(first + neuron, current + 1));
                        changes |= changed;
                    }
                }
            }
        }
        let membranes = Membranes {
            leak: &leak[b],
            drive: &drive[b],
            threshold: &threshold[b],
            shift: p.leak().shift(),
            limit,
            exponent,
        };
        let sums = if DELTA { block_mut(accumulators, delta_lane * stride + first) } else { &mut no_sums };
        let (v, refractory) = (&mut v_blocks[b], &mut refractory_blocks[b]);
        let (rare, changed) =
            advance_membranes::<S, DELTA, OTHER, QUIET>(&membranes, v, refractory, sums, [&input, &jumps], &mut marks);
        changes |= changed;
        if rare != 0 {
            let (cuts, neuron) = collect(&marks, first, spikes);
            saturations.add(cuts, || Cut::state(neuron, 0));
        }
    }
    for spike in spikes.iter() {
        let n = spike.neuron.index();
        v[n] = p.reset()[n];
        refractory[n] = p.refractory_steps()[n];
    }
    changes != 0
}

/// The first `count` blocks of `values`.
fn blocks(values: &[i32], count: usize) -> &[Block] {
    &values.as_chunks().0[..count]
}

/// The first `count` blocks of `values`.
fn blocks_mut(values: &mut [i32], count: usize) -> &mut [Block] {
    &mut values.as_chunks_mut().0[..count]
}

/// The block of `values` that begins at `first`.
#[inline(always)]
fn block(values: &[i32], first: usize) -> &Block {
    values[first..].first_chunk().expect("arrays are padded to whole blocks")
}

/// The block of `values` that begins at `first`.
#[inline(always)]
fn block_mut(values: &mut [i32], first: usize) -> &mut Block {
    values[first..].first_chunk_mut().expect("arrays are padded to whole blocks")
}

/// Mark of a neuron that spiked.
const SPIKED: i32 = 1;
/// Mark of a neuron whose membrane was cut.
const CUT: i32 = 2;

/// All bits set if `condition` holds.
#[inline(always)]
fn mask(condition: bool) -> i32 {
    -i32::from(condition)
}

/// Advances the membranes of a block and marks each neuron. Returns the marks of all neurons together, and something
/// other than 0 if a state changed (under `QUIET`).
///
/// What it writes are references of their own and not fields of a struct: only then does the compiler know that they do
/// not overlap, and vectorises without checking that first.
///
/// In the last step of its refractory period a membrane is at reset, and what steps it at the end of that step counts.
#[inline(always)]
fn advance_membranes<S: Width, const DELTA: bool, const OTHER: bool, const QUIET: bool>(
    p: &Membranes<'_>,
    v: &mut Block,
    refractory: &mut Block,
    sums: &mut Block,
    [input, jumps]: [&Block<S>; 2],
    marks: &mut Block,
) -> (i32, i32) {
    let (mut rare, mut changes) = (0, 0);
    for i in 0..BLOCK {
        let free = refractory[i] <= 0;
        let moved = v[i] - mul_shift(v[i], p.leak[i], p.shift as u32) + p.drive[i];
        let mut sum = S::of(if free { moved } else { v[i] });
        if OTHER {
            sum = sum + if free { input[i] } else { S::default() } + jumps[i];
        }
        if DELTA {
            sum = sum + S::shifted(sums[i], p.limit, p.exponent);
            sums[i] = 0;
        }
        let (kept, cut) = sum.saturate();
        // A refractory membrane stays where the spike put it, which is at reset.
        let waits = mask(refractory[i] > 1);
        let new = if refractory[i] > 1 { v[i] } else { kept };
        let mark = ((mask(new >= p.threshold[i]) & SPIKED) | (mask(cut) & CUT)) & !waits;
        marks[i] = mark;
        rare |= mark;
        if QUIET {
            changes |= (new ^ v[i]) | refractory[i];
        }
        v[i] = new;
        refractory[i] = (refractory[i] - 1).max(0);
    }
    (rare, changes)
}

/// Appends the spikes among `marks` and returns the number of saturations and the neuron of the first.
#[inline(always)]
fn collect(marks: &Block, first: usize, spikes: &mut Vec<Emission>) -> (u64, usize) {
    let mut spiked = bits_of(marks, SPIKED);
    // At most one a place, so that what is reserved is enough and nothing grows inside the loop.
    spikes.reserve(BLOCK);
    while spiked != 0 {
        let neuron = NeuronId(first as u16 + spiked.trailing_zeros() as u16);
        spikes.push(Emission { neuron, value: 1, payload: 1 });
        spiked &= spiked - 1;
    }
    let cut = bits_of(marks, CUT);
    (cut.count_ones().into(), first + cut.trailing_zeros() as usize % BLOCK)
}

/// One bit a place: whether it has `mark`, a single bit.
#[inline(always)]
fn bits_of(marks: &Block, mark: i32) -> u32 {
    let mut bits = 0;
    for (i, marks) in marks.iter().enumerate() {
        bits |= u32::from(marks & mark != 0) << i;
    }
    bits
}

/// Adds the input through delta synapses with a gain to `jumps`. The sum saturates before its gain; returns how often,
/// and where in the block first.
#[inline(always)]
fn scaled_delta<S: Width>(
    sums: &mut Block,
    gain: &Factors,
    first: usize,
    exponent: u32,
    jumps: &mut Block<S>,
) -> (u64, usize) {
    let mantissas = block(gain.mantissas(), first);
    let shift = gain.shift();
    let limit = STATE_MAX >> exponent;
    let (mut cuts, mut left) = (0, 0);
    for i in 0..BLOCK {
        let kept = sums[i].clamp(-limit, limit);
        let cut = kept != sums[i];
        cuts += i32::from(cut);
        left = left.max(mask(cut) & (BLOCK - i) as i32);
        sums[i] = 0;
        jumps[i] = jumps[i] + S::product(kept << exponent, mantissas[i], shift);
    }
    (cuts as u64, BLOCK - left as usize)
}

/// Adds what the old currents of a block bring to the membranes in this step to `input`.
#[inline(always)]
fn drive_by<S: Width>(i: &Block, coupling: &Factors, inhibitory: bool, first: usize, input: &mut Block<S>) {
    let mantissas = block(coupling.mantissas(), first);
    let shift = coupling.shift();
    if inhibitory {
        for n in 0..BLOCK {
            input[n] = input[n] - S::product(i[n], mantissas[n], shift);
        }
    } else {
        for n in 0..BLOCK {
            input[n] = input[n] + S::product(i[n], mantissas[n], shift);
        }
    }
}

/// Moves the currents of a block on by one step and adds the jumps of this tick. Returns how many were cut, where in
/// the block first, and something other than 0 if one changed (under `QUIET`).
#[inline(always)]
fn decay<const QUIET: bool>(
    i: &mut Block,
    sums: &mut Block,
    leak: &Factors,
    first: usize,
    exponent: u32,
) -> (u64, usize, i32) {
    let mantissas = block(leak.mantissas(), first);
    let shift = leak.shift() as u32;
    // A jump of twice the range saturates any current, and three times the range fits 32 bits.
    let limit = (2 * STATE_MAX) >> exponent;
    // `left`: how many places from the first cut to the end of the block.
    let (mut cuts, mut left, mut changes) = (0, 0, 0);
    for n in 0..BLOCK {
        let mut new = i[n] - mul_shift(i[n], mantissas[n], shift);
        if QUIET {
            changes |= new ^ i[n];
            i[n] = new;
        } else {
            new += sums[n].clamp(-limit, limit) << exponent;
            sums[n] = 0;
            i[n] = new.clamp(-STATE_MAX, STATE_MAX);
            let cut = new != i[n];
            cuts += i32::from(cut);
            left = left.max(mask(cut) & (BLOCK - n) as i32);
        }
    }
    (cuts as u64, BLOCK - left as usize, changes)
}
