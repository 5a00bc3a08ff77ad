//! Addressed streams: a random value is a function of what it is for, never of when it was drawn.

use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use units::{CoreAddress, DieId, NeuronId};

/// What a stream is for. Purposes never share a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Device-to-device mismatch, frozen in a die.
    Mismatch = 1,
    /// Change between runs of one die.
    RunNoise = 2,
    /// Fluctuation within a run.
    TemporalNoise = 3,
    /// Dead, stuck and hot circuits.
    Fault = 4,
    /// Stimuli, targets and encoders.
    Task = 5,
    /// Networks: connections, weights, initial states.
    Initialisation = 6,
    /// Statistics of results: resamples, sampled tests, designs of points.
    Inference = 7,
}

/// The address of a random value: all fields together select a stream.
///
/// Layout version 1. A change of the layout changes every die and is a break of numerics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    root: u64,
    purpose: Purpose,
    die: u64,
    core: u64,
    neuron: u64,
    slot: u64,
    name: u64,
}

/// Stands for "no core" or "no neuron": a value of the whole die or the whole core.
const NONE: u64 = u64::MAX;

impl Key {
    /// The key of a value that belongs to no die, core, neuron or slot.
    pub const fn new(root_seed: u64, purpose: Purpose) -> Self {
        Self { root: root_seed, purpose, die: NONE, core: NONE, neuron: NONE, slot: NONE, name: 0 }
    }

    /// The same key for one die.
    #[must_use]
    pub const fn die(self, die: DieId) -> Self {
        Self { die: die.0 as u64, ..self }
    }

    /// The same key for one core.
    #[must_use]
    pub const fn core(self, core: CoreAddress) -> Self {
        Self { core: ((core.chip.0 as u64) << 16) | core.core.0 as u64, ..self }
    }

    /// The same key for one neuron.
    #[must_use]
    pub const fn neuron(self, neuron: NeuronId) -> Self {
        Self { neuron: neuron.0 as u64, ..self }
    }

    /// The same key for one slot, connection, trial or other running number.
    #[must_use]
    pub const fn slot(self, slot: u64) -> Self {
        Self { slot, ..self }
    }

    /// The same key for one named parameter, task or part.
    #[must_use]
    pub const fn name(self, name: &str) -> Self {
        // FNV-1a: names are short, and what matters is that it never changes.
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            i += 1;
        }
        Self { name: hash, ..self }
    }

    /// The stream of this key.
    pub fn stream(self) -> Xoshiro256PlusPlus {
        let words = [self.root, self.purpose as u64, self.die, self.core, self.neuron, self.slot, self.name];
        // Two lanes with different constants: 128 bits, so that even 2^40 keys do not collide.
        let (mut a, mut b) = (0x243f_6a88_85a3_08d3u64, 0x1319_8a2e_0370_7344u64);
        for word in words {
            a = mix(a ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
            b = mix(b.wrapping_add(word).wrapping_mul(0xd6e8_feb8_6659_fd93));
        }
        let mut seed = [0u8; 32];
        for (chunk, word) in seed.chunks_exact_mut(8).zip([mix(a), mix(b), mix(a ^ b.rotate_left(32)), mix(!a ^ b)]) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Xoshiro256PlusPlus::from_seed(seed)
    }

    /// The first 64 bits of the stream.
    pub fn first_word(self) -> u64 {
        self.stream().next_u64()
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every input bit reaches every output bit.
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::string::String;
    use std::vec::Vec;

    const BASE: Key = Key::new(7, Purpose::Mismatch).die(DieId(1)).core(CoreAddress::new(0, 2)).neuron(NeuronId(3));

    /// Layout version 1. If this text changes, every die changes: that is a break of numerics, and must be announced.
    #[test]
    fn first_words_of_layout_1() {
        let mut text = String::new();
        for (what, key) in [
            ("root 0", Key::new(0, Purpose::Mismatch)),
            ("root 7", Key::new(7, Purpose::Mismatch)),
            ("noise", Key::new(7, Purpose::RunNoise)),
            ("die 1", Key::new(7, Purpose::Mismatch).die(DieId(1))),
            ("core 0.2", Key::new(7, Purpose::Mismatch).die(DieId(1)).core(CoreAddress::new(0, 2))),
            ("neuron 3", BASE),
            ("slot 4", BASE.slot(4)),
            ("tau_mem", BASE.name("tau_mem")),
        ] {
            let mut stream = key.stream();
            text += &std::format!("{what}: {:016x} {:016x}\n", stream.next_u64(), stream.next_u64());
        }
        assert_eq!(
            text,
            "\
root 0: b0003065636c1ace 75d1823f5eecfc5f
root 7: 6d9545d7a2a34e44 6c00db1e11ea7bd7
noise: e5dbe7e0a4362005 b6de81efdec582a2
die 1: b506faafc3ae626c ee1df89e72270b33
core 0.2: ad84ac946baf3097 2cd94215118dd76c
neuron 3: fe42b3b3a0ac3b17 943e527f8c916310
slot 4: b79ecc5f847bb711 635833b8fb2ca67b
tau_mem: 143b5c1dfbeef450 0889e90a21a1a7e5
"
        );
    }

    /// Keys that differ from `BASE` in one field, each in several values.
    fn neighbours() -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::from([Key::new(7, Purpose::Mismatch)]);
        for i in 0..50u16 {
            keys.push(BASE.die(DieId(u32::from(i) + 2)));
            keys.push(BASE.core(CoreAddress::new(i + 1, 2)));
            keys.push(BASE.core(CoreAddress::new(0, i + 3)));
            keys.push(BASE.neuron(NeuronId(i + 4)));
            keys.push(BASE.slot(u64::from(i)));
            keys.push(BASE.name(&std::format!("parameter_{i}")));
            keys.push(Key { root: u64::from(i) + 8, ..BASE });
        }
        let purposes = [
            Purpose::RunNoise,
            Purpose::TemporalNoise,
            Purpose::Fault,
            Purpose::Task,
            Purpose::Initialisation,
            Purpose::Inference,
        ];
        keys.extend(purposes.map(|purpose| Key { purpose, ..BASE }));
        keys
    }

    #[test]
    fn every_field_chooses_another_stream() {
        let keys = neighbours();
        let words: BTreeSet<u64> = keys.iter().chain([&BASE]).map(|key| key.first_word()).collect();
        assert_eq!(words.len(), keys.len() + 1);
    }

    /// The same number in two fields is not the same key, and "none" is not 0.
    #[test]
    fn fields_do_not_stand_for_each_other() {
        let key = Key::new(1, Purpose::Task);
        let keys = [
            key,
            key.die(DieId(0)),
            key.core(CoreAddress::new(0, 0)),
            key.neuron(NeuronId(0)),
            key.slot(0),
            key.die(DieId(5)),
            key.core(CoreAddress::new(0, 5)),
            key.core(CoreAddress::new(5, 0)),
            key.neuron(NeuronId(5)),
            key.slot(5),
            key.name(""),
            key.name("5"),
        ];
        let words: BTreeSet<u64> = keys.iter().map(|key| key.first_word()).collect();
        assert_eq!(words.len(), keys.len());
    }

    /// Streams of neighbouring keys share no bits: the distance of their words is that of independent ones.
    #[test]
    fn neighbouring_streams_are_independent() {
        let base: Vec<u64> = words(BASE);
        let (mut distance, mut bits) = (0u32, 0u32);
        for key in neighbours() {
            for (a, b) in base.iter().zip(words(key)) {
                distance += (a ^ b).count_ones();
                bits += 64;
            }
        }
        // 356 x 8 words of 64 bits: half of them differ, with a standard deviation of 0.12 %.
        let share = f64::from(distance) / f64::from(bits);
        assert!((share - 0.5).abs() < 0.005, "{share}");
    }

    fn words(key: Key) -> Vec<u64> {
        let mut stream = key.stream();
        (0..8).map(|_| stream.next_u64()).collect()
    }

    /// First words over a chip: every bit is fair, alone and together with the same bit of the next neuron.
    #[test]
    fn first_words_are_fair_over_neurons() {
        const COUNT: u16 = 20_000;
        let key = Key::new(3, Purpose::Mismatch).die(DieId(0)).core(CoreAddress::new(0, 0)).name("gain");
        let words: Vec<u64> = (0..COUNT).map(|n| key.neuron(NeuronId(n)).first_word()).collect();
        // Six standard deviations of a fair coin.
        let limit = 6.0 * 0.5 * f64::from(COUNT).sqrt();
        for bit in 0..64 {
            let ones: u64 = words.iter().map(|w| w >> bit & 1).sum();
            let changes: u64 = words.windows(2).map(|w| (w[0] ^ w[1]) >> bit & 1).sum();
            for count in [ones, changes] {
                assert!((count as f64 - f64::from(COUNT) / 2.0).abs() < limit, "bit {bit}: {count} of {COUNT}");
            }
        }
    }
}
