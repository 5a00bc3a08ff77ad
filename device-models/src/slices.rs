//! Weights wider than a synapse: a number in several synapses, each with its own power of two.
//!
//! A synapse holds a weight of 16 bits, and all weights of a core share one exponent. Where that is too coarse, as for
//! weights that a simulator computes with as floats, a chip offers the same input through several kinds of synapse with
//! the kinetics `slice` ([`chip::Kinetics::Slice`]), which differ in `shift` alone: a spike adds its weight times
//! 2^shift, in units of 2^-32. A connection is then one synapse of each kind, and its weight
//!
//! ```text
//! w = 2^-32 (s0 + 2^16 s1 + 2^32 s2 + 2^48 s3)        with shifts of 0, 16, 32 and 48
//! ```
//!
//! where the slices are integers of 16 bits with sign ([`split`]), and one that is 0 needs no synapse. Each kind in use
//! is a lane of accumulators of its own, of 64 bits, which no program can fill; the lanes of a neuron are added once a
//! step in 128 bits. What arrives is therefore exact, whatever the order, and is cut only where it exceeds 64 bits in
//! the end.
//!
//! A number can be sent in the same way: a channel a byte, with payloads of 0 to 255, into slices with weights of 1 and
//! 256 ([`SHIFTS`] are two bytes apart).
//!
//! This module owns the slices of a number and their sum. It deliberately knows no chip and no core: which kinds there
//! are is in a chip file, and what is done with a sum is a matter of the core ([`crate::dpi`], [`crate::cuba`]).

use fx::narrow;

/// Fraction bits of a sum of slices.
pub const FRACTION_BITS: u32 = chip::SLICE_FRACTION_BITS;

/// The largest shift of a kind of synapse.
pub const SHIFT_MAX: u8 = chip::SLICE_SHIFT_MAX;

/// Shifts that lay the slices of [`split`] side by side.
pub const SHIFTS: [u8; 4] = [0, 16, 32, 48];

/// The slices of `value`, with the [`SHIFTS`]; `None` beyond what they hold, which is 2^63 - 2^47 - 2^31 - 2^15 - 1
/// and -2^63 - 2^47 - 2^31 - 2^15 at most (so any negative number).
pub fn split(value: i64) -> Option<[i16; SHIFTS.len()]> {
    let mut rest = i128::from(value);
    let slices = SHIFTS.map(|_| {
        // The low 16 bits as a number with sign; what that takes too much, the next slice gives back.
        let slice = rest as i16;
        rest = (rest - i128::from(slice)) >> 16;
        slice
    });
    (rest == 0).then_some(slices)
}

/// The sum of `lanes`, each what arrived through a lane and its shift; saturates at the ends of 64 bits.
#[inline]
pub(crate) fn sum(lanes: impl Iterator<Item = (i64, u32)>) -> i64 {
    // A lane of a saved state may hold up to 2^56, with a shift of 48 and a weight exponent of 20.
    narrow(lanes.fold(0i128, |sum, (arrived, shift)| sum.saturating_add(i128::from(arrived) << shift)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(slices: [i16; 4]) -> i64 {
        sum(slices.iter().zip(SHIFTS).map(|(slice, shift)| (i64::from(*slice), shift.into())))
    }

    #[test]
    fn slices_by_hand() {
        assert_eq!(split(0), Some([0; 4]));
        assert_eq!(split(0x7fff), Some([0x7fff, 0, 0, 0]));
        assert_eq!(split(0x8000), Some([-0x8000, 1, 0, 0]), "half of the range is one of the next slice, less half");
        assert_eq!(split(-1), Some([-1, 0, 0, 0]));
        assert_eq!(split(i64::MIN), Some([0, 0, 0, i16::MIN]));
        let largest = 0x7fff_7fff_7fff_7fff;
        assert_eq!(split(largest), Some([i16::MAX; 4]));
        assert_eq!([split(largest + 1), split(i64::MAX)], [None; 2]);
    }

    #[test]
    fn what_is_too_much_saturates() {
        let lanes = |arrived: i64| (0..3).map(move |_| (arrived, 68));
        assert_eq!(sum(lanes(1 << 56)), i64::MAX);
        assert_eq!(sum(lanes(-(1 << 56))), i64::MIN);
        assert_eq!(sum([(1 << 56, 20), (-(1 << 56), 20), (7, 0)].into_iter()), 7, "sums are exact before they are cut");
    }

    proptest! {
        #[test]
        fn a_number_is_the_sum_of_its_slices(value in i64::MIN..0x7fff_7fff_7fff_8000) {
            prop_assert_eq!(split(value).map(joined), Some(value));
        }
    }
}
