//! A working format of 128 bits, for building tables and parameters.

use crate::format::{Fraction, Real};
use crate::round::{Rounding, narrow, shift_right};

/// A number with 31 integer and 96 fraction bits, for intermediate results that must not lose what a [`Real`] or a
/// [`Fraction`] will keep.
///
/// Products, quotients and square roots are truncated toward zero, so that each is off by less than 2^-96 and
/// f(-x) = -f(x). What is too large saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wide(i128);

impl Wide {
    /// The number 0.
    pub const ZERO: Self = Self(0);
    /// The number 1.
    pub const ONE: Self = Self(1 << Self::FRACTION_BITS);
    /// The largest number.
    pub const MAX: Self = Self(i128::MAX);
    /// The smallest number; the negative of [`Self::MAX`].
    pub const MIN: Self = Self(-i128::MAX);
    /// Bits after the binary point.
    pub const FRACTION_BITS: u32 = 96;

    /// The number with these bits.
    pub const fn from_bits(bits: i128) -> Self {
        Self(if bits == i128::MIN { -i128::MAX } else { bits })
    }

    /// The bits.
    pub const fn to_bits(self) -> i128 {
        self.0
    }

    /// The number `value`; exact.
    pub const fn from_integer(value: i32) -> Self {
        Self::from_bits((value as i128) << Self::FRACTION_BITS)
    }

    /// `numerator / denominator`, truncated; saturates.
    ///
    /// # Panics
    /// If `denominator` is 0.
    pub const fn from_ratio(numerator: i128, denominator: i128) -> Self {
        // The quotient of two numbers is that of their bits.
        Self::from_bits(numerator).div_trunc(Self::from_bits(denominator))
    }

    /// The decimal number `text`, such as `-1.25e-3`, for constants as papers print them; up to 38 digits in all.
    ///
    /// # Panics
    /// If the text is anything else: when the crate is built, if it stands in a constant.
    pub const fn from_text(text: &str) -> Self {
        let bytes = text.as_bytes();
        let negative = !bytes.is_empty() && bytes[0] == b'-';
        let (mut digits, mut places, mut point, mut i) = (0i128, 0i32, false, negative as usize);
        while i < bytes.len() && bytes[i] != b'e' {
            if bytes[i] == b'.' {
                assert!(!point, "a number has one point");
                point = true;
            } else {
                assert!(bytes[i].is_ascii_digit(), "a digit is expected");
                digits = digits * 10 + (bytes[i] - b'0') as i128;
                places += point as i32;
            }
            i += 1;
        }
        if i < bytes.len() {
            let negative_exponent = bytes[i + 1] == b'-';
            i += 1 + negative_exponent as usize;
            let mut exponent = 0;
            while i < bytes.len() {
                assert!(bytes[i].is_ascii_digit(), "a digit is expected");
                exponent = exponent * 10 + (bytes[i] - b'0') as i32;
                i += 1;
            }
            places -= if negative_exponent { -exponent } else { exponent };
        }
        let magnitude = if places >= 0 {
            Self::from_ratio(digits, 10i128.pow(places as u32))
        } else {
            Self::from_ratio(digits * 10i128.pow(places.unsigned_abs()), 1)
        };
        if negative { magnitude.neg() } else { magnitude }
    }

    /// The same number, but for [`Real::MIN`], which becomes [`Self::MIN`], 2^-96 away.
    pub const fn from_real(value: Real) -> Self {
        Self::from_bits((value.to_bits() as i128) << (Self::FRACTION_BITS - Real::FRACTION_BITS))
    }

    /// The same number.
    pub const fn from_fraction(value: Fraction) -> Self {
        Self((value.to_bits() as i128) << (Self::FRACTION_BITS - Fraction::FRACTION_BITS))
    }

    /// The nearest [`Real`], ties to even.
    pub fn to_real_nearest(self) -> Real {
        Real::from_bits(narrow(shift_right(self.0, Self::FRACTION_BITS - Real::FRACTION_BITS, Rounding::HalfEven)))
    }

    /// The nearest [`Fraction`], ties to even; saturates beyond -2 and 2.
    pub fn to_fraction_nearest(self) -> Fraction {
        let bits = shift_right(self.0, Self::FRACTION_BITS - Fraction::FRACTION_BITS, Rounding::HalfEven);
        Fraction::from_bits(narrow(bits))
    }

    /// The sum; saturates.
    #[must_use]
    pub const fn add_sat(self, other: Self) -> Self {
        Self::from_bits(self.0.saturating_add(other.0))
    }

    /// The difference; saturates.
    #[must_use]
    pub const fn sub_sat(self, other: Self) -> Self {
        Self::from_bits(self.0.saturating_sub(other.0))
    }

    /// The negative; exact.
    #[must_use]
    pub const fn neg(self) -> Self {
        Self(-self.0)
    }

    /// The magnitude; exact.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// This number times `2^power`; bits that fall off below are truncated toward zero; saturates.
    #[must_use]
    pub const fn scale(self, power: i32) -> Self {
        let magnitude = self.0.unsigned_abs();
        if power < 0 {
            let bits = power.unsigned_abs();
            with_sign(self.0 < 0, if bits < 128 { magnitude >> bits } else { 0 })
        } else if magnitude == 0 {
            Self::ZERO
        } else if magnitude.leading_zeros() as i32 > power {
            with_sign(self.0 < 0, magnitude << power)
        } else {
            with_sign(self.0 < 0, u128::MAX)
        }
    }

    /// The product, truncated; saturates.
    #[must_use]
    pub const fn mul_trunc(self, other: Self) -> Self {
        const LOW: u128 = u64::MAX as u128;
        let (a, b) = (self.0.unsigned_abs(), other.0.unsigned_abs());
        let (ah, al, bh, bl) = (a >> 64, a & LOW, b >> 64, b & LOW);
        let (cross_a, cross_b) = (ah * bl, al * bh);
        let middle = ((al * bl) >> 64) + (cross_a & LOW) + (cross_b & LOW);
        let high = ah * bh + (cross_a >> 64) + (cross_b >> 64) + (middle >> 64);
        // The product is high * 2^128 + (middle mod 2^64) * 2^64 + ...; of it everything above 2^96 is kept.
        let kept = if high >> 95 == 0 { (high << 32) | ((middle & LOW) >> 32) } else { u128::MAX };
        with_sign((self.0 < 0) != (other.0 < 0), kept)
    }

    /// The quotient, truncated; saturates.
    ///
    /// # Panics
    /// If `divisor` is 0.
    #[must_use]
    pub const fn div_trunc(self, divisor: Self) -> Self {
        assert!(divisor.0 != 0, "division by zero");
        let (a, b) = (self.0.unsigned_abs(), divisor.0.unsigned_abs());
        let (mut quotient, mut rest) = (a / b, a % b);
        // Long division, as many binary places at once as the remainder leaves room for (at least one).
        let mut places = Self::FRACTION_BITS;
        while places > 0 {
            let zeros = rest.leading_zeros();
            let step = if zeros < places { zeros } else { places };
            if quotient.leading_zeros() <= step {
                quotient = u128::MAX;
                break;
            }
            rest <<= step;
            quotient = (quotient << step) | (rest / b);
            rest %= b;
            places -= step;
        }
        with_sign((self.0 < 0) != (divisor.0 < 0), quotient)
    }

    /// The square root, truncated to within 2^-95; 0 for negative numbers.
    #[must_use]
    pub const fn sqrt(self) -> Self {
        if self.0 <= 0 {
            return Self::ZERO;
        }
        // 64 bits of the root from the integer root, then one step of Newton's, which doubles them.
        let shift = self.0.leading_zeros() & !1;
        let root = ((self.0 as u128) << shift).isqrt();
        // value = bits * 2^-96, so its root is sqrt(bits * 2^shift) * 2^(-48 - shift / 2).
        let guess = Self((root as i128) << 48).scale(-(shift as i32) / 2);
        Self(guess.add_sat(self.div_trunc(guess)).0 >> 1)
    }
}

/// The number of this sign and magnitude; saturates.
const fn with_sign(negative: bool, magnitude: u128) -> Wide {
    let bits = if magnitude > i128::MAX as u128 { i128::MAX } else { magnitude as i128 };
    Wide(if negative { -bits } else { bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Products and quotients of whole numbers and their 2^-32nds, which 128 bits can check.
    #[track_caller]
    fn check(a: i64, b: i64) {
        let (x, y) = (Wide::from_real(Real::from_bits(a)), Wide::from_real(Real::from_bits(b)));
        let exact = i128::from(a) * i128::from(b); // 64 fraction bits
        let expected = if exact.abs() >> 95 == 0 { exact << 32 } else { i128::MAX * exact.signum() };
        assert_eq!(x.mul_trunc(y).to_bits(), expected, "{a} * {b}");
        if b == 0 {
            return;
        }
        // q = a / b truncated to 96 places, if |a| - |q b| is from 0 to one place of b: in units of 2^-32, place by
        // place.
        let q = x.div_trunc(y).to_bits();
        let (mut expected, mut rest) =
            (i128::from(a.unsigned_abs() / b.unsigned_abs()), i128::from(a.unsigned_abs() % b.unsigned_abs()));
        for _ in 0..96 {
            rest *= 2;
            let bit = i128::from(rest >= i128::from(b.unsigned_abs()));
            expected = expected.saturating_mul(2).saturating_add(bit);
            rest -= bit * i128::from(b.unsigned_abs());
        }
        assert_eq!(q.abs(), expected, "{a} / {b}");
        assert!(q == 0 || (q < 0) == ((a < 0) != (b < 0)));
    }

    #[test]
    fn products_and_quotients_at_the_edges() {
        let edges = [0, 1, -1, 2, 3, 1 << 32, -(1 << 32), (1 << 32) + 1, i64::MAX, -i64::MAX, 1 << 62];
        for (a, b) in edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))) {
            check(a, b);
        }
        assert_eq!(Wide::MAX.mul_trunc(Wide::MIN), Wide::MIN);
        assert_eq!(Wide::MIN.div_trunc(Wide::from_bits(-1)), Wide::MAX);
        assert_eq!(Wide::MAX.div_trunc(Wide::MAX), Wide::ONE);
        assert_eq!(Wide::MAX.div_trunc(Wide::MIN), Wide::from_integer(-1));
        assert_eq!(Wide::from_bits(i128::MIN), Wide::MIN);
    }

    #[test]
    fn scaling_truncates_and_saturates() {
        assert_eq!(Wide::from_bits(-7).scale(-1), Wide::from_bits(-3));
        assert_eq!(Wide::from_bits(-7).scale(-200), Wide::ZERO);
        assert_eq!(Wide::from_bits(-7).scale(2), Wide::from_bits(-28));
        assert_eq!(Wide::from_bits(-7).scale(500), Wide::MIN);
        assert_eq!(Wide::ZERO.scale(500), Wide::ZERO);
        assert_eq!(Wide::ONE.scale(30).scale(1), Wide::MAX);
    }

    #[test]
    fn constants_are_read_as_printed() {
        let check = |text: &str, numerator: i128, denominator: i128| {
            assert_eq!(Wide::from_text(text), Wide::from_ratio(numerator, denominator), "{text}");
        };
        check("5", 5, 1);
        check("-0.425", -425, 1000);
        check("1.25e2", 125, 1);
        check("1.25e4", 12_500, 1);
        check("2.5e-3", 25, 10_000);
        check("2.04426310338993978564e-15", 204_426_310_338_993_978_564, 10i128.pow(35));
    }

    #[test]
    #[should_panic(expected = "a digit is expected")]
    fn other_text_is_refused() {
        Wide::from_text("1.5x");
    }

    #[test]
    fn roots_of_squares_are_exact_to_the_last_bits() {
        for i in 1..2000i128 {
            let x = Wide::from_ratio(i * i, 64);
            let off = x.sqrt().to_bits() - Wide::from_ratio(i, 8).to_bits();
            assert!(off.abs() <= 2, "sqrt({i}^2 / 64) is off by {off}");
        }
        assert_eq!(Wide::from_integer(-1).sqrt(), Wide::ZERO);
        assert_eq!(Wide::from_bits(1).sqrt(), Wide::ONE.scale(-48));
    }

    proptest! {
        #[test]
        fn products_and_quotients(a in any::<i64>(), b in any::<i64>(), i in 0u32..64, j in 0u32..64) {
            check(a.max(-i64::MAX) >> i, b.max(-i64::MAX) >> j);
        }

        /// Full width: (a / b) b and sqrt(a)^2 lead back to a, up to what the truncations allow.
        #[test]
        fn inverses_lead_back(a in any::<i128>(), b in any::<i128>(), i in 1u32..127, j in 1u32..64) {
            let (a, b) = (Wide::from_bits(a >> i), Wide::from_bits((b >> j) | 1));
            let q = a.div_trunc(b);
            if q.abs() < Wide::MAX {
                let off = a.sub_sat(q.mul_trunc(b)).abs();
                prop_assert!(off <= b.abs().scale(-95).add_sat(Wide::from_bits(2)), "{off:?}");
            }
            let root = a.abs().sqrt();
            let off = root.mul_trunc(root).sub_sat(a.abs()).abs();
            prop_assert!(off <= root.scale(-93).add_sat(Wide::from_bits(4)), "{off:?}");
        }

        #[test]
        fn conversions_there_and_back(bits in any::<i64>()) {
            prop_assert_eq!(Wide::from_real(Real::from_bits(bits)).to_real_nearest(), Real::from_bits(bits));
            prop_assert_eq!(Wide::from_fraction(Fraction::from_bits(bits)).to_fraction_nearest(), Fraction::from_bits(bits));
        }
    }
}
