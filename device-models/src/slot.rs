//! Weights of synapse slots on a die.
//!
//! A slot is the circuit that holds one synapse. Where the hardware numbers them, as CAM words do, the number is the
//! address of the slot's disorder. Where it does not, as on the ideal router, the address is what the synapse is: a
//! rank among the synapses of a neuron would move whenever another one is added.

use crate::{DeviceModelError, DieParameters, SynapseFault};
use chip::Source;
use disorder::{Key, Purpose};
use fx::{Real, Rounding, narrow, shift_right};
use units::{CoreAddress, NeuronAddress, NeuronId};

/// A synapse onto some neuron, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SynapseContent {
    /// Where its events come from.
    pub source: Source,
    /// Ticks from its source.
    pub delay_ticks: u16,
    /// Index of its kind in the chip spec.
    pub kind: u8,
    /// Which one, if several agree in all of this: from the smallest weight on.
    pub occurrence: u32,
}

impl SynapseContent {
    /// The number of its slot among those of its neuron: a hash of the content. Two of a neuron's 65,536 synapses
    /// share one, and so their disorder, with probability 2^-33.
    pub fn slot(&self) -> u64 {
        let root = Key::new(0, Purpose::Mismatch);
        let source = match self.source {
            Source::Input(input) => root.slot(input.0.into()).name("input"),
            Source::Neuron(NeuronAddress { core, neuron }) => root.core(core).neuron(neuron).name("neuron"),
        };
        let kind = u64::from(self.delay_ticks) << 40 | u64::from(self.kind) << 32 | u64::from(self.occurrence);
        Key::new(source.first_word(), Purpose::Mismatch).slot(kind).name("synapse").first_word()
    }
}

impl DieParameters {
    /// A weight times the factor of its slot, to the nearest weight, ties to even, kept within 16 bits; and whether
    /// it had to be.
    ///
    /// # Errors
    /// A negative factor, which a family without a cut can have.
    pub fn weigh(
        &self,
        weight: i32,
        core: CoreAddress,
        neuron: NeuronId,
        slot: u64,
    ) -> Result<(i16, bool), DeviceModelError> {
        let factor = self.weight_factor(core, neuron, slot);
        if factor < Real::ZERO {
            return Err(DeviceModelError::NegativeWeightFactor { target: NeuronAddress { core, neuron }, factor });
        }
        Ok(scale_weight(weight, factor))
    }
}

/// One slot of a die: what it makes of a code. For who decides what to write where; the router follows the same rule
/// when it weighs a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotOnDie {
    fault: Option<SynapseFault>,
    flips: u16,
    factor: Real,
    bits: u32,
}

impl SlotOnDie {
    /// The slot `number` of a neuron, whose memory holds `bits` bits.
    ///
    /// # Errors
    /// A negative factor, which a family without a cut can have.
    pub fn new(
        die: &DieParameters,
        (core, neuron, number): (CoreAddress, NeuronId, u64),
        bits: u32,
    ) -> Result<Self, DeviceModelError> {
        // The sign of a factor does not depend on the weight.
        die.weigh(1, core, neuron, number)?;
        Ok(Self {
            fault: die.synapse_fault(core, neuron, number),
            flips: die.flipped_bits(core, neuron, number) & (((1u32 << bits) - 1) as u16),
            factor: die.weight_factor(core, neuron, number),
            bits,
        })
    }

    /// Whether it is broken: what is written to it does not matter.
    pub const fn is_broken(&self) -> bool {
        self.fault.is_some()
    }

    /// Whether it does what is written: whole, with no bit that flips and a factor of exactly 1.
    pub fn is_nominal(&self) -> bool {
        self.fault.is_none() && self.flips == 0 && self.factor == Real::ONE
    }

    /// Whether a bit of it reads as the opposite of what was written.
    pub const fn flips(&self) -> bool {
        self.flips != 0
    }

    /// The factor of its weights.
    pub const fn factor(&self) -> Real {
        self.factor
    }

    /// Its weight in steps when `written` is written, where `steps` is what a code stands for.
    pub fn weight(&self, written: u16, steps: impl Fn(u16) -> i32) -> i16 {
        let read = match self.fault {
            Some(SynapseFault::Dead) => return 0,
            Some(SynapseFault::Stuck) => steps(((1u32 << self.bits) - 1) as u16),
            None => steps(written ^ self.flips),
        };
        scale_weight(read, self.factor).0
    }
}

/// `weight` times `factor`, to the nearest, ties to even, kept within 16 bits; and whether it had to be.
pub fn scale_weight(weight: i32, factor: Real) -> (i16, bool) {
    let product = i128::from(weight) * i128::from(factor.to_bits());
    let rounded: i64 = narrow(shift_right(product, Real::FRACTION_BITS, Rounding::HalfEven));
    let kept = rounded.clamp(i16::MIN.into(), i16::MAX.into());
    (kept as i16, kept != rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chip::Source::{Input, Neuron};
    use std::collections::BTreeSet;
    use units::InputId;

    #[test]
    fn weights_are_rounded_once_to_even_and_cut() {
        let half = Real::from_ratio(1, 2);
        for (weight, factor, expected) in [
            (5, half, (2, false)),
            (7, half, (4, false)),
            (-5, half, (-2, false)),
            (-7, half, (-4, false)),
            (0, Real::MAX, (0, false)),
            (100, Real::from_ratio(1004, 1000), (100, false)),
            (100, Real::from_ratio(1006, 1000), (101, false)),
            (32767, Real::ONE, (32767, false)),
            (32767, Real::from_ratio(1001, 1000), (32767, true)),
            (-32767, Real::from_integer(2), (-32768, true)),
            (i32::MAX, Real::MAX, (32767, true)),
        ] {
            assert_eq!(scale_weight(weight, factor), expected, "{weight} {factor}");
        }
    }

    #[test]
    fn every_part_of_a_content_chooses_another_slot() {
        let neuron = |core, n| Neuron(NeuronAddress { core: CoreAddress::new(0, core), neuron: NeuronId(n) });
        let mut slots = BTreeSet::new();
        for source in [Input(InputId(0)), Input(InputId(1)), neuron(0, 0), neuron(0, 1), neuron(1, 0)] {
            for (delay_ticks, kind, occurrence) in [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1), (1, 0, 2)] {
                slots.insert(SynapseContent { source, delay_ticks, kind, occurrence }.slot());
            }
        }
        assert_eq!(slots.len(), 25);
    }

    fn die(cv: Option<&str>, family: Option<disorder::Family>) -> DieParameters {
        let mut spec = crate::testing::spec();
        spec.weight_mismatch = crate::testing::mismatched("1 1", "0.1 1").mismatch;
        let die = disorder::Die { root_seed: 3, id: units::DieId(1) };
        let scale_to_cv = cv.map(|cv| cv.parse().unwrap());
        let setting = crate::MismatchSetting { scale_to_cv, family, ..crate::MismatchSetting::default() };
        DieParameters::new(&spec, die, setting).unwrap()
    }

    const CORE: CoreAddress = CoreAddress::new(0, 0);

    /// Factors of 100 slots of each of 200 neurons, in units of 2^-20.
    fn factors(die: &DieParameters) -> std::vec::Vec<i64> {
        let slots = (0..200).flat_map(|n| (0..100u64).map(move |slot| (NeuronId(n), slot)));
        slots.map(|(n, slot)| die.weight_factor(CORE, n, slot).to_bits() >> 12).collect()
    }

    /// The mean of the products of the deviations of two series from 1, as 2^-40.
    fn covariance(a: &[i64], b: &[i64]) -> i64 {
        let one = 1 << 20;
        a.iter().zip(b).map(|(a, b)| (a - one) * (b - one)).sum::<i64>() / a.len() as i64
    }

    #[test]
    fn factors_have_the_spread_of_the_file_and_are_independent() {
        let all = factors(&die(None, None));
        let mean = all.iter().sum::<i64>() / 20_000;
        // CV 0.1: 104,858 in these units; standard error 741.
        assert!((mean - (1 << 20)).abs() < 6 * 741, "{mean}");
        let square = 104_858i64 * 104_858;
        let variance = covariance(&all, &all);
        assert!((variance - square).abs() * 100 < 6 * square, "{variance} instead of {square}");
        // Neighbouring slots, and equal slots of neighbouring neurons: standard error of a correlation 0.0071.
        for distance in [1, 100] {
            let shared = covariance(&all[distance..], &all[..20_000 - distance]);
            assert!(shared.abs() * 1000 < 43 * square, "{shared} at {distance}");
        }
    }

    #[test]
    fn scaling_stretches_the_same_die() {
        assert!(factors(&die(Some("0"), None)).iter().all(|factor| *factor == 1 << 20));
        // The reference parameter has CV 0.2: "to CV 0.4" doubles all of them.
        let (narrow, wide) = (factors(&die(None, None)), factors(&die(Some("0.4"), None)));
        let order = |all: &[i64]| {
            let mut order: std::vec::Vec<usize> = (0..all.len()).collect();
            order.sort_by_key(|i| (all[*i], *i));
            order
        };
        let (a, b) = (order(&narrow), order(&wide));
        assert!(a.iter().zip(&b).filter(|(a, b)| a == b).count() > 19_000, "ties apart, ranks stay");
        let ratio = covariance(&wide, &wide) * 10 / covariance(&narrow, &narrow);
        assert!((37..46).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_negative_factor_is_refused() {
        let die = die(Some("2"), Some(disorder::Family::Normal));
        let refused = (0..200).find_map(|slot| die.weigh(100, CORE, NeuronId(0), slot).err());
        let text = std::string::ToString::to_string(&refused.expect("CV 1 of a normal family"));
        assert!(text.contains("the mismatch factor of a weight is -"), "{text}");
    }

    /// Layout version 1: a change of this text changes the weights of every die, in debug and release alike.
    #[test]
    fn slots_and_factors_of_layout_1() {
        let content = SynapseContent { source: Input(InputId(3)), delay_ticks: 2, kind: 1, occurrence: 0 };
        let die = die(None, None);
        let factors: std::vec::Vec<_> =
            (0..3).map(|slot| std::format!("{:09x}", die.weight_factor(CORE, NeuronId(5), slot).to_bits())).collect();
        assert_eq!(
            std::format!("{:016x} {}", content.slot(), factors.join(" ")),
            "b524bbdf085a1ca8 0ea82ec73 0d53770ac 12225109e"
        );
    }
}
