//! The neurons of a layer: their constants and states in blocks, and the update of one block.

use super::{CURRENTS_MAX, XyloRules};
use crate::saturation::{Cut, Saturations};
use alloc::vec;
use alloc::vec::Vec;

/// Neurons that are updated together. A layer is padded to whole blocks with neurons that never change.
pub const BLOCK: usize = 32;

/// The place of the membrane among the probes of a layer, and of its first current.
pub(super) const V_MEM: usize = 0;
pub(super) const I_SYN: usize = V_MEM + 1;

/// Flags of blocks that are looked at together.
const FLAGS: usize = 8;

/// What the neurons of a layer are: everything that no step changes. The dashes of the currents of a block lie side by
/// side, all first ones, then all second ones, as the currents themselves do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Constants {
    count: usize,
    currents: usize,
    dash_syn: Vec<i16>,
    dash_mem: Vec<i16>,
    threshold: Vec<i16>,
    bias: Vec<i16>,
}

/// The constants of one neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Neuron {
    /// Decay shift of the membrane, 0 to 15.
    pub(super) dash_mem: u8,
    /// Decay shift of each synaptic current, 0 to 15; 0 for a current that the layer does not have.
    pub(super) dash_syn: [u8; CURRENTS_MAX],
    /// Threshold. One that is not positive makes the neuron fire to the cap in each step in which it is reached.
    pub(super) threshold: i16,
    /// Constant input of the membrane.
    pub(super) bias: i16,
}

impl Constants {
    /// `count` neurons with `currents` (1 or 2) synaptic currents each.
    pub(super) fn new(count: usize, currents: usize, neurons: impl Iterator<Item = Neuron>) -> Self {
        let padded = count.next_multiple_of(BLOCK);
        let mut constants = Self {
            count,
            currents,
            dash_syn: vec![0; padded * currents],
            dash_mem: vec![0; padded],
            // Padding rests at 0 and must not fire.
            threshold: vec![i16::MAX; padded],
            bias: vec![0; padded],
        };
        for (neuron, p) in neurons.enumerate() {
            for (current, &dash) in p.dash_syn.iter().take(currents).enumerate() {
                constants.dash_syn[place(currents, neuron, current)] = dash.into();
            }
            constants.dash_mem[neuron] = p.dash_mem.into();
            constants.threshold[neuron] = p.threshold;
            constants.bias[neuron] = p.bias;
        }
        constants
    }

    /// Neurons.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Currents of a neuron.
    pub(super) const fn currents(&self) -> usize {
        self.currents
    }

    /// Blocks of neurons, the last one padded.
    pub(super) const fn blocks(&self) -> usize {
        self.count.div_ceil(BLOCK)
    }

    /// Threshold of a neuron.
    pub(super) fn threshold(&self, neuron: usize) -> i16 {
        self.threshold[neuron]
    }

    /// The constants of a neuron.
    pub(super) fn neuron(&self, neuron: usize) -> Neuron {
        let dash =
            |current| if current < self.currents { self.dash_syn[place(self.currents, neuron, current)] } else { 0 };
        Neuron {
            dash_mem: self.dash_mem[neuron] as u8,
            dash_syn: core::array::from_fn(|current| dash(current) as u8),
            threshold: self.threshold[neuron],
            bias: self.bias[neuron],
        }
    }
}

/// The states of the neurons of a layer, and which of its blocks have to be looked at.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    i_syn: Vec<i16>,
    v_mem: Vec<i16>,
    /// 1 if anything was delivered to the block, or if its last update was not its last.
    awake: Vec<u8>,
    /// Whether no block is awake.
    at_rest: bool,
    /// Numbers that were cut at the end of their range.
    pub(super) saturations: Saturations,
}

impl Layer {
    /// The neurons of `constants`, all states 0.
    pub(super) fn new(constants: &Constants) -> Self {
        let blocks = constants.blocks();
        let mut layer = Self {
            i_syn: vec![0; blocks * BLOCK * constants.currents],
            v_mem: vec![0; blocks * BLOCK],
            awake: vec![0; blocks.next_multiple_of(FLAGS)],
            at_rest: true,
            saturations: Saturations::default(),
        };
        layer.wake_all();
        layer
    }

    /// Adds inputs to currents: pairs of a place (see [`place`]) and the sum of equal weights, in the order in
    /// which they are cut at the end of the range. Every block of which any is raised must be woken.
    ///
    /// Adding a weight several times with saturation is the same as adding its multiple once: all of the additions go
    /// in one direction.
    #[inline]
    pub(super) fn add(&mut self, currents: usize, inputs: impl Iterator<Item = (usize, i32)>) {
        for (place, input) in inputs {
            let current = &mut self.i_syn[place];
            let sum = i32::from(*current) + input;
            *current = saturate(sum);
            if i32::from(*current) != sum {
                self.saturations.add(1, || {
                    let (neuron, current) = at_place(currents, place);
                    Cut::state(neuron, I_SYN + current)
                });
            }
        }
    }

    /// A synaptic current; 0 if the neuron does not have it.
    pub(super) fn i_syn(&self, constants: &Constants, neuron: usize, current: usize) -> i16 {
        if current < constants.currents { self.i_syn[place(constants.currents, neuron, current)] } else { 0 }
    }

    /// A membrane.
    pub(super) fn v_mem(&self, neuron: usize) -> i16 {
        self.v_mem[neuron]
    }

    /// A membrane, to be changed by spikes.
    pub(super) fn v_mem_mut(&mut self, neuron: usize) -> &mut i16 {
        &mut self.v_mem[neuron]
    }

    /// Takes over states, of which there must be as many as neurons (and currents, all of neuron 0 first).
    pub(super) fn load(&mut self, constants: &Constants, i_syn: &[i16], v_mem: &[i16]) {
        let Constants { count, currents, .. } = *constants;
        for (neuron, of_neuron) in i_syn.chunks_exact(currents).enumerate() {
            for (current, &value) in of_neuron.iter().enumerate() {
                self.i_syn[place(currents, neuron, current)] = value;
            }
        }
        self.v_mem[..count].copy_from_slice(v_mem);
        self.wake_all();
    }

    /// The currents, all of neuron 0 first.
    pub(super) fn save_i_syn(&self, constants: &Constants) -> Vec<i16> {
        let currents = constants.currents;
        (0..constants.count).flat_map(|n| (0..currents).map(move |k| self.i_syn[place(currents, n, k)])).collect()
    }

    /// The membranes.
    pub(super) fn save_v_mem(&self, constants: &Constants) -> Vec<i16> {
        self.v_mem[..constants.count].to_vec()
    }

    /// All states 0.
    pub(super) fn clear(&mut self) {
        self.i_syn.fill(0);
        self.v_mem.fill(0);
        self.wake_all();
    }

    /// Has every block updated in the next step. This is always right: at rest an update changes nothing.
    pub(super) fn wake_all(&mut self) {
        let blocks = self.v_mem.len() / BLOCK;
        self.awake[..blocks].fill(1);
        self.at_rest = blocks == 0;
    }

    /// Has a block updated in this step, if it has not had its turn, or in the next.
    pub(super) fn wake(&mut self, block: usize) {
        self.awake[block] = 1;
        self.at_rest = false;
    }

    /// Whether no block is awake.
    pub(super) const fn is_at_rest(&self) -> bool {
        self.at_rest
    }

    /// Updates the blocks that are awake, in order, and hands those in which a membrane reaches its threshold (or which
    /// `turn` has woken) to `turn`, with the neurons that do as bits. Whether anything changed, resets after spikes
    /// not counted.
    pub(super) fn advance(
        &mut self,
        constants: &Constants,
        rules: XyloRules,
        mut turn: impl FnMut(&mut Self, usize, u32),
    ) -> bool {
        if self.at_rest {
            return false;
        }
        let (mut any_changed, mut any_awake) = (false, false);
        let mut from = 0;
        while let Some(block) = self.next_awake(from) {
            from = block + 1;
            let changed = match rules {
                XyloRules::V1 => self.update::<false>(constants, block),
                XyloRules::V2 => self.update::<true>(constants, block),
            };
            let firing = self.firing(constants, block);
            turn(self, block, firing);
            let awake = changed || firing != 0;
            self.awake[block] = u8::from(awake);
            any_awake |= awake;
            any_changed |= changed;
        }
        self.at_rest = !any_awake;
        any_changed
    }

    /// The first block from `block` on that is awake.
    fn next_awake(&self, mut block: usize) -> Option<usize> {
        while block < self.awake.len() {
            if block.is_multiple_of(FLAGS) && self.awake[block..block + FLAGS] == [0; FLAGS] {
                block += FLAGS;
            } else if self.awake[block] == 0 {
                block += 1;
            } else {
                return Some(block);
            }
        }
        None
    }

    /// Advances the currents and membranes of a block by one step, up to the comparison with the threshold. Whether a
    /// current decayed, or the change of a membrane was not 0. (In V2 a membrane that is pressed against the end of its
    /// range counts as changing, as it does for the chip.)
    ///
    /// Loops are kept apart by the width of their numbers, so that those in 16 bits run over whole vectors.
    fn update<const V2: bool>(&mut self, constants: &Constants, block: usize) -> bool {
        let mut total = [0_i32; BLOCK];
        let mut change = 0_i16;
        let currents = block * constants.currents..(block + 1) * constants.currents;
        let i_syn = &mut self.i_syn.as_chunks_mut::<BLOCK>().0[currents.clone()];
        let dash_syn = &constants.dash_syn.as_chunks::<BLOCK>().0[currents];
        for (i_syn, dash) in i_syn.iter_mut().zip(dash_syn) {
            for n in 0..BLOCK {
                let lost = decay(i_syn[n], dash[n]);
                i_syn[n] -= lost;
                change |= lost;
            }
            for n in 0..BLOCK {
                total[n] += i32::from(i_syn[n]);
            }
        }
        let v_mem = &mut self.v_mem.as_chunks_mut::<BLOCK>().0[block];
        let dash = &constants.dash_mem.as_chunks::<BLOCK>().0[block];
        let mut lost = [0_i16; BLOCK];
        for n in 0..BLOCK {
            lost[n] = decay(v_mem[n], dash[n]);
        }
        // Numbers that are cut are seldom: whether there is any is found out on the way, how many only then.
        let (mut cut, mut first) = (0, None);
        if V2 {
            let bias = &constants.bias.as_chunks::<BLOCK>().0[block];
            let before = *v_mem;
            let mut step = [0_i16; BLOCK];
            let mut any_cut = 0_i32;
            for n in 0..BLOCK {
                total[n] += i32::from(lost[n].wrapping_neg());
                step[n] = saturate(total[n]);
                any_cut |= total[n] ^ i32::from(step[n]);
            }
            let mut any_cut = i16::from(any_cut != 0);
            for n in 0..BLOCK {
                let biased = step[n].saturating_add(bias[n]);
                let v = v_mem[n].saturating_add(biased);
                any_cut |= (biased ^ step[n].wrapping_add(bias[n])) | (v ^ v_mem[n].wrapping_add(biased));
                v_mem[n] = v;
                change |= biased;
            }
            if any_cut != 0 {
                for n in 0..BLOCK {
                    let biased = step[n].checked_add(bias[n]);
                    let v = before[n].checked_add(step[n].saturating_add(bias[n]));
                    let cuts = [total[n] != i32::from(step[n]), biased.is_none(), v.is_none()];
                    let cuts = cuts.map(u64::from).iter().sum::<u64>();
                    first = first.or((cuts > 0).then_some(n));
                    cut += cuts;
                }
            }
        } else {
            let mut any_cut = 0_i32;
            for n in 0..BLOCK {
                let before = v_mem[n];
                total[n] += i32::from(before) - i32::from(lost[n]);
                v_mem[n] = saturate(total[n]);
                any_cut |= total[n] ^ i32::from(v_mem[n]);
                change |= before ^ v_mem[n];
            }
            if any_cut != 0 {
                let is_cut = |(total, v): (&i32, &i16)| *total != i32::from(*v);
                first = total.iter().zip(&*v_mem).position(is_cut);
                cut = total.iter().zip(&*v_mem).map(|both| u64::from(is_cut(both))).sum();
            }
        }
        // What is cut on the way to a membrane (its change, and that with the bias) is named after the membrane.
        self.saturations.add(cut, || Cut::state(block * BLOCK + first.unwrap_or(0), V_MEM));
        change != 0
    }

    /// The neurons of a block whose membrane is at or above its threshold, one bit each.
    fn firing(&self, constants: &Constants, block: usize) -> u32 {
        let v_mem = &self.v_mem.as_chunks::<BLOCK>().0[block];
        let threshold = &constants.threshold.as_chunks::<BLOCK>().0[block];
        // Asking first whether there is any takes a few vector instructions; there seldom is.
        let any = v_mem.iter().zip(threshold).fold(false, |any, (v, threshold)| any | (v >= threshold));
        if !any {
            return 0;
        }
        v_mem.iter().zip(threshold).rev().fold(0, |bits, (v, threshold)| bits << 1 | u32::from(v >= threshold))
    }
}

/// Where a current of a neuron lies in a layer whose neurons have `currents` of them.
pub(crate) const fn place(currents: usize, neuron: usize, current: usize) -> usize {
    (neuron / BLOCK * currents + current) * BLOCK + neuron % BLOCK
}

/// The neuron and its current that lie at a [`place`].
const fn at_place(currents: usize, place: usize) -> (usize, usize) {
    let block = place / BLOCK;
    (block / currents * BLOCK + place % BLOCK, block % currents)
}

/// What a state loses in a step: `x / 2^dash` rounded down, but at least 1 if `x` is positive.
#[inline]
fn decay(x: i16, dash: i16) -> i16 {
    // A negative x shifts to -1 or less, which is never below x itself, so the other operand matters only from 0 up.
    x.wrapping_shr(dash as u32).max(x.min(1))
}

#[inline]
fn saturate(x: i32) -> i16 {
    x.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decay_is_the_rule_for_every_state_and_dash() {
        for dash in 0..16_i16 {
            for x in i16::MIN..=i16::MAX {
                let shifted = i32::from(x).div_euclid(1 << dash);
                let expected = if shifted == 0 { i32::from(x.signum()) } else { shifted };
                assert_eq!(i32::from(decay(x, dash)), expected, "{x} >> {dash}");
                let rest = i32::from(x) - expected;
                assert!(rest.abs() < i32::from(x).abs() || x == 0, "{x} with dash {dash} does not come closer to 0");
            }
        }
    }

    #[test]
    fn a_place_names_its_neuron_and_current() {
        for currents in [1, CURRENTS_MAX] {
            for neuron in [0, 1, BLOCK - 1, BLOCK, 5 * BLOCK + 7] {
                for current in 0..currents {
                    assert_eq!(at_place(currents, place(currents, neuron, current)), (neuron, current));
                }
            }
        }
    }

    #[test]
    fn what_is_cut_first_is_named() {
        let constants = Constants::new(40, 2, core::iter::repeat_n(Neuron::default(), 40));
        for rules in [XyloRules::V1, XyloRules::V2] {
            let mut layer = Layer::new(&constants);
            let inputs = [(7, 0, 100), (33, 1, 40_000), (2, 0, -40_000)];
            layer.add(2, inputs.map(|(neuron, current, input)| (place(2, neuron, current), input)).into_iter());
            assert_eq!(layer.saturations.take_first(), Some(Cut::state(33, I_SYN + 1)));
            assert_eq!(layer.saturations.take(), 2);
            let mut v_mem = [0; 40];
            (v_mem[35], v_mem[36]) = (i16::MAX, i16::MAX);
            let slow = Constants::new(
                40,
                1,
                core::iter::repeat_n(Neuron { dash_mem: 15, dash_syn: [15; 2], ..Neuron::default() }, 40),
            );
            let mut layer = Layer::new(&slow);
            let mut i_syn = [0; 40];
            (i_syn[35], i_syn[36]) = (1000, 2000);
            layer.load(&slow, &i_syn, &v_mem);
            layer.advance(&slow, rules, |_, _, _| ());
            assert_eq!(layer.saturations.take_first(), Some(Cut::state(35, V_MEM)), "{rules:?}");
            assert_eq!(layer.saturations.take(), 2, "{rules:?}");
        }
    }

    #[test]
    fn next_awake_finds_exactly_the_blocks_that_are_awake() {
        for blocks in [1, 7, 8, 9, 40] {
            let mut layer = Layer::new(&Constants::new(blocks * BLOCK, 1, core::iter::empty()));
            for step in 1..5 {
                for block in 0..blocks {
                    layer.awake[block] = u8::from(block % step == 0);
                }
                let mut found = Vec::new();
                let mut from = 0;
                while let Some(block) = layer.next_awake(from) {
                    found.push(block);
                    from = block + 1;
                }
                assert_eq!(found, (0..blocks).step_by(step).collect::<Vec<_>>());
            }
        }
    }
}
