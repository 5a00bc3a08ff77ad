//! The formats, each a newtype over one type of `fixed`, with arithmetic that names its rounding.

use crate::round::{Rounding, divide, narrow, shift_right};
use fixed::types::extra::{U20, U32, U62};
use fixed::{FixedI32, FixedI64};
use thiserror::Error;
use units::{Decimal, DecimalError, Quantity, QuantityError, Unit};

/// Why a number could not be brought into a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FxError {
    /// The quantity has another dimension than the one that is needed here.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The number is too large. Write it in a larger unit, or make it smaller.
    #[error("{value} does not fit the format {format}, which holds numbers between -{limit} and {limit}")]
    OutOfRange {
        /// The number.
        value: Decimal,
        /// The format it was meant for.
        format: &'static str,
        /// The first power of two that the format cannot hold.
        limit: i64,
    },
}

macro_rules! format {
    ($(#[$doc:meta])* $name:ident($inner:ident<$fraction:ident>) = $bits:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner<$fraction>);

        impl $name {
            /// The number 0.
            pub const ZERO: Self = Self($inner::ZERO);
            /// The number 1.
            pub const ONE: Self = Self($inner::ONE);
            /// The largest number; what is too large saturates to it.
            pub const MAX: Self = Self($inner::MAX);
            /// The smallest number; what is too small saturates to it.
            pub const MIN: Self = Self($inner::MIN);
            /// Bits after the binary point.
            pub const FRACTION_BITS: u32 = $inner::<$fraction>::FRAC_NBITS;

            /// The number with these bits.
            #[inline]
            pub const fn from_bits(bits: $bits) -> Self {
                Self($inner::from_bits(bits))
            }

            /// The bits.
            #[inline]
            pub const fn to_bits(self) -> $bits {
                self.0.to_bits()
            }

            /// The number `value`; saturates.
            pub const fn from_integer(value: i64) -> Self {
                let bits = (value as i128) << Self::FRACTION_BITS;
                if bits > $bits::MAX as i128 {
                    Self::MAX
                } else if bits < $bits::MIN as i128 {
                    Self::MIN
                } else {
                    Self::from_bits(bits as $bits)
                }
            }

            /// `numerator / denominator`, to nearest, ties to even; saturates.
            ///
            /// # Panics
            /// If `denominator` is 0.
            pub fn from_ratio(numerator: i64, denominator: i64) -> Self {
                let wide = i128::from(numerator) << Self::FRACTION_BITS;
                Self::from_bits(narrow(divide(wide, i128::from(denominator), Rounding::HalfEven)))
            }

            /// The decimal, to nearest, ties to even: off by at most half a unit in the last place.
            ///
            /// # Errors
            /// [`FxError::OutOfRange`] if it does not fit; nothing that a user writes saturates in silence.
            pub fn from_decimal(value: Decimal) -> Result<Self, FxError> {
                let limit = 1 << ($bits::BITS - 1 - Self::FRACTION_BITS);
                let out_of_range = FxError::OutOfRange { value, format: stringify!($name), limit };
                match value.to_bits(Self::FRACTION_BITS) {
                    Ok(bits) => bits.try_into().map(Self::from_bits).map_err(|_| out_of_range),
                    Err(DecimalError::Overflow { .. }) => Err(out_of_range),
                    Err(other) => Err(FxError::Quantity(other.into())),
                }
            }

            /// The quantity as a number of `unit`, to nearest, ties to even.
            ///
            /// # Errors
            /// If the quantity has another dimension than `unit`, or does not fit.
            pub fn from_quantity(quantity: Quantity, unit: Unit) -> Result<Self, FxError> {
                Self::from_decimal(quantity.value_in(unit)?)
            }

            /// How many times `unit` the quantity is, to nearest, ties to even.
            ///
            /// # Errors
            /// As [`Self::from_quantity`].
            ///
            /// # Panics
            /// If `unit` is 0 of something.
            pub fn from_quotient(quantity: Quantity, unit: Quantity) -> Result<Self, FxError> {
                let limit = 1 << ($bits::BITS - 1 - Self::FRACTION_BITS);
                let out_of_range = FxError::OutOfRange { value: quantity.value, format: stringify!($name), limit };
                match quantity.over_to_bits(unit, Self::FRACTION_BITS) {
                    Ok(bits) => bits.try_into().map(Self::from_bits).map_err(|_| out_of_range),
                    Err(QuantityError::Decimal(DecimalError::Overflow { .. })) => Err(out_of_range),
                    Err(other) => Err(FxError::Quantity(other)),
                }
            }

            /// The sum; saturates.
            #[inline]
            #[must_use]
            pub const fn add_sat(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().saturating_add(other.to_bits()))
            }

            /// The difference; saturates.
            #[inline]
            #[must_use]
            pub const fn sub_sat(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().saturating_sub(other.to_bits()))
            }

            /// The negative; the negative of [`Self::MIN`] saturates to [`Self::MAX`].
            #[inline]
            #[must_use]
            pub const fn neg_sat(self) -> Self {
                Self::from_bits(self.to_bits().saturating_neg())
            }

            /// The magnitude; that of [`Self::MIN`] saturates to [`Self::MAX`].
            #[inline]
            #[must_use]
            pub const fn abs(self) -> Self {
                Self::from_bits(self.to_bits().saturating_abs())
            }

            /// The product, rounded once by `rounding`; saturates.
            #[inline]
            #[must_use]
            pub fn mul(self, other: Self, rounding: Rounding) -> Self {
                let exact = i128::from(self.to_bits()) * i128::from(other.to_bits());
                Self::from_bits(narrow(shift_right(exact, Self::FRACTION_BITS, rounding)))
            }

            /// The product, rounded down; saturates.
            #[inline]
            #[must_use]
            pub fn mul_floor(self, other: Self) -> Self {
                self.mul(other, Rounding::Floor)
            }

            /// The product, to nearest, ties to even; saturates.
            #[inline]
            #[must_use]
            pub fn mul_nearest(self, other: Self) -> Self {
                self.mul(other, Rounding::HalfEven)
            }

            /// The quotient, rounded once by `rounding`; saturates.
            ///
            /// # Panics
            /// If `divisor` is 0.
            #[inline]
            #[must_use]
            pub fn div(self, divisor: Self, rounding: Rounding) -> Self {
                let wide = i128::from(self.to_bits()) << Self::FRACTION_BITS;
                Self::from_bits(narrow(divide(wide, i128::from(divisor.to_bits()), rounding)))
            }

            /// The quotient, rounded down; saturates.
            ///
            /// # Panics
            /// If `divisor` is 0.
            #[inline]
            #[must_use]
            pub fn div_floor(self, divisor: Self) -> Self {
                self.div(divisor, Rounding::Floor)
            }

            /// The quotient, to nearest, ties to even; saturates.
            ///
            /// # Panics
            /// If `divisor` is 0.
            #[inline]
            #[must_use]
            pub fn div_nearest(self, divisor: Self) -> Self {
                self.div(divisor, Rounding::HalfEven)
            }

            /// The number as an integer, rounded by `rounding`.
            pub fn to_integer(self, rounding: Rounding) -> i64 {
                shift_right(i64::from(self.to_bits()), Self::FRACTION_BITS, rounding)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

format! {
    /// A synaptic weight: 11 integer and 20 fraction bits, in the level of its neurons that counts as 1.
    Weight(FixedI32<U20>) = i32
}
format! {
    /// A physical value in a canonical unit (ms, mV, 1): 31 integer and 32 fraction bits.
    Real(FixedI64<U32>) = i64
}
format! {
    /// A number from -2 to 2 with 62 fraction bits: decays and other per-step factors before they are rounded to the
    /// width of a core.
    Fraction(FixedI64<U62>) = i64
}

impl Weight {
    /// The same number as a [`Real`]; exact.
    pub const fn to_real(self) -> Real {
        Real::from_bits((self.to_bits() as i64) << (Real::FRACTION_BITS - Self::FRACTION_BITS))
    }
}

impl Real {
    /// The nearest weight, ties to even; saturates.
    pub fn to_weight_nearest(self) -> Weight {
        let bits = shift_right(self.to_bits(), Self::FRACTION_BITS - Weight::FRACTION_BITS, Rounding::HalfEven);
        Weight::from_bits(narrow(bits))
    }

    /// The same number as a [`Fraction`]; exact from -2 to 2, and saturates beyond.
    pub fn to_fraction_sat(self) -> Fraction {
        Fraction::from_bits(narrow(i128::from(self.to_bits()) << (Fraction::FRACTION_BITS - Self::FRACTION_BITS)))
    }

    /// The product with a fraction, to nearest, ties to even; saturates.
    #[must_use]
    pub fn mul_fraction_nearest(self, factor: Fraction) -> Self {
        Self::from_bits(mul_mixed(self, factor, Fraction::FRACTION_BITS))
    }
}

impl Fraction {
    /// The nearest [`Real`], ties to even.
    pub fn to_real_nearest(self) -> Real {
        Real::from_bits(shift_right(self.to_bits(), Self::FRACTION_BITS - Real::FRACTION_BITS, Rounding::HalfEven))
    }

    /// The product with a real number, to nearest, ties to even; saturates.
    #[must_use]
    pub fn mul_real_nearest(self, factor: Real) -> Self {
        Self::from_bits(mul_mixed(factor, self, Real::FRACTION_BITS))
    }

    /// `numerator / denominator` with the full precision of a fraction, to nearest, ties to even; saturates.
    /// Time steps over time constants keep 62 fraction bits in this way, and not 32.
    ///
    /// # Panics
    /// If `denominator` is 0.
    pub fn from_reals(numerator: Real, denominator: Real) -> Self {
        Self::from_ratio(numerator.to_bits(), denominator.to_bits())
    }
}

/// The exact product of both, shifted right by `bits` to nearest.
fn mul_mixed(a: Real, b: Fraction, bits: u32) -> i64 {
    narrow(shift_right(i128::from(a.to_bits()) * i128::from(b.to_bits()), bits, Rounding::HalfEven))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};

    #[test]
    fn constants_of_the_formats() {
        let mut text = String::new();
        macro_rules! line {
            ($name:ident) => {
                text += &std::format!(
                    "{}: {} fraction bits, 1 = {:#x}, from {} to {}\n",
                    stringify!($name),
                    $name::FRACTION_BITS,
                    $name::ONE.to_bits(),
                    $name::MIN,
                    $name::MAX
                );
            };
        }
        line!(Weight);
        line!(Real);
        line!(Fraction);
        assert_eq!(
            text,
            "\
Weight: 20 fraction bits, 1 = 0x100000, from -2048 to 2047.999999
Real: 32 fraction bits, 1 = 0x100000000, from -2147483648 to 2147483647.9999999998
Fraction: 62 fraction bits, 1 = 0x4000000000000000, from -2 to 1.9999999999999999998
"
        );
    }

    /// Every pair of 8-bit patterns, placed so that products fall on, beside and between halves.
    #[test]
    fn products_and_quotients_of_8_bits() {
        let reference = |n: i128, bits: u32, rule| narrow::<i32>(shift_right(n, bits, rule));
        for (a, b) in (-128..128).flat_map(|a: i32| (-128..128).map(move |b: i32| (a, b))) {
            let (x, y) = (Weight::from_bits(a << 9), Weight::from_bits(b << 9));
            let exact = i128::from(a * b); // 2 fraction bits above the last place
            for rule in Rounding::ALL {
                assert_eq!(x.mul(y, rule).to_bits(), reference(exact, 2, rule), "{x} * {y} {rule:?}");
            }
            assert_eq!(x.mul_floor(y), x.mul(y, Rounding::Floor));
            assert_eq!(x.mul_nearest(y), x.mul(y, Rounding::HalfEven));
            if b != 0 {
                let (x, y) = (Weight::from_bits(a), Weight::from_bits(b << 20));
                for rule in Rounding::ALL {
                    assert_eq!(x.div(y, rule).to_bits(), divide(a, b, rule), "{x} / {y} {rule:?}");
                }
                assert_eq!(x.div_floor(y), x.div(y, Rounding::Floor));
                assert_eq!(x.div_nearest(y), x.div(y, Rounding::HalfEven));
            }
        }
    }

    /// Every 16-bit pattern through every unary method, against integer definitions.
    #[test]
    fn unary_methods_on_16_bits() {
        for bits in i64::from(i16::MIN)..=i64::from(i16::MAX) {
            let real = Real::from_bits(bits << 24); // -128 to 128 in steps of 2^-8
            assert_eq!(real.to_integer(Rounding::Floor), bits.div_euclid(256));
            assert_eq!(real.to_integer(Rounding::HalfUp), (bits + 128).div_euclid(256));
            assert_eq!(real.neg_sat().to_bits(), -(bits << 24));
            assert_eq!(real.abs().to_bits(), bits.abs() << 24);
            assert_eq!(real.to_weight_nearest().to_real(), real);
            // The largest fraction is so close to 2 that it rounds back to 2.
            let fits = (-512..=512).contains(&bits);
            assert_eq!(real.to_fraction_sat().to_real_nearest() == real, fits, "{real}");
            assert_eq!(Real::from_integer(bits).to_integer(Rounding::Ceil), bits);
            // Twelve bits are dropped on the way to a weight: ties are every 4096th pattern here.
            let fine = Real::from_bits(bits);
            let (floor, rest) = (bits.div_euclid(4096), bits.rem_euclid(4096));
            let up = rest > 2048 || rest == 2048 && floor % 2 != 0;
            assert_eq!(i64::from(fine.to_weight_nearest().to_bits()), floor + i64::from(up));
        }
    }

    #[test]
    fn what_does_not_fit_saturates() {
        assert_eq!(Weight::from_integer(3000), Weight::MAX);
        assert_eq!(Weight::from_integer(-3000), Weight::MIN);
        assert_eq!(Fraction::from_integer(2), Fraction::MAX);
        assert_eq!(Fraction::from_integer(-2), Fraction::MIN);
        assert_eq!(Real::from_integer(i64::MIN), Real::MIN);
        assert_eq!(Real::MIN.neg_sat(), Real::MAX);
        assert_eq!(Real::MIN.abs(), Real::MAX);
        assert_eq!(Real::MAX.add_sat(Real::from_bits(1)), Real::MAX);
        assert_eq!(Real::MIN.sub_sat(Real::from_bits(1)), Real::MIN);
        assert_eq!(Real::MAX.mul_nearest(Real::MIN), Real::MIN);
        assert_eq!(Real::MIN.div_floor(Real::from_bits(-1)), Real::MAX);
        assert_eq!(Real::MAX.to_weight_nearest(), Weight::MAX);
        assert_eq!(Real::from_integer(-7).to_fraction_sat(), Fraction::MIN);
        assert_eq!(Fraction::ONE.mul_real_nearest(Real::from_integer(100)), Fraction::MAX);
        assert_eq!(Weight::from_ratio(i64::MAX, 1), Weight::MAX);
        assert_eq!(Fraction::from_reals(Real::from_integer(-9), Real::ONE), Fraction::MIN);
    }

    #[test]
    fn decimals_become_the_nearest_bits_or_an_error() {
        let real = |text: &str| Real::from_decimal(text.parse().unwrap());
        assert_eq!(real("0.1").unwrap().to_bits(), 429_496_730);
        assert_eq!(real("-1.5").unwrap(), Real::from_ratio(-3, 2));
        assert_eq!(
            real("2147483648").unwrap_err().to_string(),
            "2.147483648e9 does not fit the format Real, which holds numbers between -2147483648 and 2147483648"
        );
        assert!(real("-2147483647.5").is_ok());
        assert!(real("1e30").is_err());
        let weight = Weight::from_decimal("2048".parse().unwrap()).unwrap_err().to_string();
        assert!(weight.starts_with("2048 does not fit the format Weight"), "{weight}");
        assert!(Fraction::from_decimal("2".parse().unwrap()).is_err());

        let quantity = |text: &str, unit| Real::from_quantity(text.parse().unwrap(), unit);
        assert_eq!(quantity("0.02 s", Unit::MILLISECOND), Ok(Real::from_integer(20)));
        assert_eq!(
            quantity("20 mV", Unit::MILLISECOND).unwrap_err().to_string(),
            "this is a voltage, but a time is needed here"
        );
    }

    #[test]
    #[should_panic(expected = "division by zero")]
    fn a_ratio_to_zero_panics() {
        Real::from_ratio(1, 0);
    }

    proptest! {
        /// Against 128-bit integers, at full width.
        #[test]
        fn arithmetic_is_exact_and_rounded_once(a in any::<i64>(), b in any::<i64>(), cut in 0u32..63) {
            let (a, b) = (a >> cut, b >> (62 - cut));
            let (x, y) = (Real::from_bits(a), Real::from_bits(b));
            let clamp = |v: i128| v.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            let product = i128::from(a) * i128::from(b);
            prop_assert_eq!(x.add_sat(y).to_bits(), clamp(i128::from(a) + i128::from(b)));
            prop_assert_eq!(x.sub_sat(y).to_bits(), clamp(i128::from(a) - i128::from(b)));
            prop_assert_eq!(x.mul_floor(y).to_bits(), clamp(product.div_euclid(1 << 32)));
            if b != 0 {
                let n = i128::from(a) << 32;
                let (q, r) = (n / i128::from(b), n % i128::from(b));
                let floor = q - i128::from(r != 0 && (r < 0) != (b < 0));
                prop_assert_eq!(x.div_floor(y).to_bits(), clamp(floor));
                prop_assert_eq!(Real::from_ratio(a, b), x.div_nearest(y));
            }
            // A real number times a fraction, whichever way it is written.
            let f = Fraction::from_bits(b);
            let exact = shift_right(product, 62, Rounding::HalfEven);
            prop_assert_eq!(x.mul_fraction_nearest(f).to_bits(), clamp(exact));
            prop_assert_eq!(f.mul_real_nearest(x).to_bits(), clamp(shift_right(product, 32, Rounding::HalfEven)));
        }

        #[test]
        fn conversions_lose_at_most_half_a_unit(bits in any::<i64>()) {
            let fraction = Fraction::from_bits(bits);
            let back = fraction.to_real_nearest().to_fraction_sat();
            prop_assert!((i128::from(back.to_bits()) - i128::from(bits)).abs() <= 1 << 29);
            let weight = Weight::from_bits(bits as i32);
            prop_assert_eq!(weight.to_real().to_weight_nearest(), weight);
        }
    }
}
