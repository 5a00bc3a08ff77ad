//! Rounding by name, on raw integers.
//!
//! The functions here are the only places where bits are dropped outside of [`crate::step`]; every method
//! of a format comes down to one of them.

use core::cmp::Ordering;

/// What becomes of a value between two neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// To the lower neighbour.
    Floor,
    /// To the upper neighbour.
    Ceil,
    /// To the neighbour nearer to 0.
    TowardZero,
    /// To the nearest; halfway goes up: floor(x + 1/2).
    HalfUp,
    /// To the nearest; halfway goes to the even neighbour.
    HalfEven,
    /// To the nearest; halfway goes to the neighbour further from 0.
    HalfAway,
}

impl Rounding {
    /// Every rule.
    pub const ALL: [Self; 6] =
        [Self::Floor, Self::Ceil, Self::TowardZero, Self::HalfUp, Self::HalfEven, Self::HalfAway];

    /// Whether a value that lies between `floor` and `floor + 1` goes up. `rest` compares its distance from `floor`
    /// with one half.
    #[inline]
    const fn goes_up(self, negative: bool, floor_is_odd: bool, rest: Ordering) -> bool {
        let tie = match self {
            Self::Floor => return false,
            Self::Ceil => return true,
            Self::TowardZero => return negative,
            Self::HalfUp => true,
            Self::HalfEven => floor_is_odd,
            Self::HalfAway => !negative,
        };
        match rest {
            Ordering::Less => false,
            Ordering::Equal => tie,
            Ordering::Greater => true,
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// The signed integers that can be rounded: `i8` to `i128`. Use it through the functions of this crate.
pub trait Integer: Copy + Ord + sealed::Sealed {
    /// See [`shift_right`].
    #[doc(hidden)]
    fn shift_right(self, bits: u32, rounding: Rounding) -> Self;
    /// See [`divide`].
    #[doc(hidden)]
    fn divide(self, divisor: Self, rounding: Rounding) -> Self;
    /// The same number in the widest type.
    #[doc(hidden)]
    fn widen(self) -> i128;
    /// The nearest number of this type.
    #[doc(hidden)]
    fn saturate(value: i128) -> Self;
}

macro_rules! integer {
    ($($signed:ident $unsigned:ident),*) => {$(
        impl sealed::Sealed for $signed {}

        impl Integer for $signed {
            #[inline]
            fn shift_right(self, bits: u32, rounding: Rounding) -> Self {
                if bits == 0 {
                    return self;
                }
                // The floor, and what it leaves: self = floor * 2^bits + rest with 0 <= rest < 2^bits.
                let floor = self >> bits.min($signed::BITS - 1);
                let (exact, rest) = if bits <= $signed::BITS {
                    let rest = (self as $unsigned) & ($unsigned::MAX >> ($signed::BITS - bits));
                    (rest == 0, rest.cmp(&(1 << (bits - 1))))
                } else {
                    (self == 0, if self < 0 { Ordering::Greater } else { Ordering::Less })
                };
                floor + Self::from(!exact && rounding.goes_up(self < 0, floor & 1 == 1, rest))
            }

            #[inline]
            fn divide(self, divisor: Self, rounding: Rounding) -> Self {
                let Some(truncated) = self.checked_div(divisor) else {
                    assert!(divisor != 0, "division by zero");
                    return Self::MAX; // MIN / -1 is the only quotient that does not fit
                };
                let remainder = self % divisor;
                if remainder == 0 {
                    return truncated;
                }
                let negative = (self < 0) != (divisor < 0);
                let floor = truncated - Self::from(negative);
                // The distance from the quotient nearer to zero, in units of the divisor; compared without doubling.
                let from_zero = remainder.unsigned_abs();
                let toward_zero = from_zero.cmp(&(divisor.unsigned_abs() - from_zero));
                let rest = if negative { toward_zero.reverse() } else { toward_zero };
                floor + Self::from(rounding.goes_up(negative, floor & 1 != 0, rest))
            }

            #[inline]
            fn widen(self) -> i128 {
                self as i128
            }

            #[inline]
            fn saturate(value: i128) -> Self {
                value.clamp(Self::MIN as i128, Self::MAX as i128) as Self
            }
        }
    )*};
}

integer!(i8 u8, i16 u16, i32 u32, i64 u64, i128 u128);

/// `value / 2^bits`, rounded. Any `bits` is fine: what lies beyond the width of the type is rounded like the rest.
/// The result always fits.
#[inline]
pub fn shift_right<T: Integer>(value: T, bits: u32, rounding: Rounding) -> T {
    value.shift_right(bits, rounding)
}

/// `dividend / divisor`, rounded. `MIN / -1`, the one quotient that does not fit, saturates to `MAX`.
///
/// # Panics
/// If `divisor` is 0.
#[inline]
pub fn divide<T: Integer>(dividend: T, divisor: T, rounding: Rounding) -> T {
    dividend.divide(divisor, rounding)
}

/// `value` in another width; what does not fit becomes the largest or smallest number of that width.
#[inline]
pub fn narrow<To: Integer>(value: impl Integer) -> To {
    To::saturate(value.widen())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether `result` is `n / d` rounded by `rule`: the definition of each rule, over the rationals.
    fn is_rounded(result: i128, n: i128, d: i128, rule: Rounding) -> bool {
        let (n, d) = if d < 0 { (-n, -d) } else { (n, d) };
        let off = n - result * d; // how far the exact value lies above the result, in units of 1 / d
        match rule {
            Rounding::Floor => 0 <= off && off < d,
            Rounding::Ceil => -d < off && off <= 0,
            Rounding::TowardZero => off.abs() < d && off.signum() * n.signum() >= 0,
            Rounding::HalfUp => -d <= 2 * off && 2 * off < d,
            Rounding::HalfEven => (2 * off).abs() < d || (2 * off).abs() == d && result % 2 == 0,
            Rounding::HalfAway => (2 * off).abs() < d || (2 * off).abs() == d && off.signum() * n.signum() < 0,
        }
    }

    #[test]
    fn every_quotient_of_8_bits() {
        for (n, d) in (i8::MIN..=i8::MAX).flat_map(|n| (i8::MIN..=i8::MAX).map(move |d| (n, d))) {
            for rule in Rounding::ALL {
                if d == 0 || (n, d) == (i8::MIN, -1) {
                    continue;
                }
                let result = divide(n, d, rule);
                assert!(is_rounded(result.into(), n.into(), d.into(), rule), "{n} / {d} {rule:?}: {result}");
            }
        }
    }

    #[test]
    fn every_shift_of_8_and_16_bits() {
        for rule in Rounding::ALL {
            for bits in 0..20 {
                for v in i8::MIN..=i8::MAX {
                    let result = shift_right(v, bits, rule);
                    assert!(is_rounded(result.into(), v.into(), 1 << bits, rule), "{v} >> {bits} {rule:?}: {result}");
                }
                for v in i16::MIN..=i16::MAX {
                    let result = shift_right(v, bits, rule);
                    assert!(is_rounded(result.into(), v.into(), 1 << bits, rule), "{v} >> {bits} {rule:?}: {result}");
                }
            }
        }
    }

    #[test]
    fn narrowing_keeps_what_fits_and_saturates_the_rest() {
        for v in i16::MIN..=i16::MAX {
            assert_eq!(i16::from(narrow::<i8>(v)), v.clamp(-128, 127));
            assert_eq!(narrow::<i128>(v), i128::from(v));
        }
        assert_eq!(narrow::<i64>(i128::MIN), i64::MIN);
        assert_eq!(narrow::<i32>(i64::MAX), i32::MAX);
    }

    #[test]
    fn the_one_quotient_that_does_not_fit_saturates() {
        for rule in Rounding::ALL {
            assert_eq!(divide(i8::MIN, -1, rule), i8::MAX);
            assert_eq!(divide(i64::MIN, -1, rule), i64::MAX);
            assert_eq!(divide(i128::MIN, -1, rule), i128::MAX);
        }
    }

    #[test]
    #[should_panic(expected = "division by zero")]
    fn division_by_zero_panics() {
        divide(1, 0, Rounding::Floor);
    }

    /// An integer of any magnitude, so that small values and ties are not rare.
    fn any_size() -> impl Strategy<Value = i64> {
        (any::<i64>(), 0u32..64).prop_map(|(v, bits)| v >> bits)
    }

    proptest! {
        #[test]
        fn wider_types_follow_the_definitions(n in any_size(), d in any_size(), bits in 0u32..64) {
            for rule in Rounding::ALL {
                let shifted = shift_right(n, bits, rule);
                prop_assert!(is_rounded(shifted.into(), n.into(), 1 << bits, rule), "{n} >> {bits} {rule:?}: {shifted}");
                prop_assert_eq!(shift_right(i128::from(n), bits, rule), i128::from(shifted));
                let small = n as i32;
                prop_assert!(is_rounded(shift_right(small, bits, rule).into(), small.into(), 1 << bits, rule));
                if d != 0 && (n, d) != (i64::MIN, -1) {
                    let quotient = divide(n, d, rule);
                    prop_assert!(is_rounded(quotient.into(), n.into(), d.into(), rule), "{n} / {d} {rule:?}: {quotient}");
                    prop_assert_eq!(divide(i128::from(n), i128::from(d), rule), i128::from(quotient));
                }
                if d as i32 != 0 && (small, d as i32) != (i32::MIN, -1) {
                    let quotient = divide(small, d as i32, rule);
                    prop_assert!(is_rounded(quotient.into(), small.into(), (d as i32).into(), rule));
                }
            }
        }
    }
}
