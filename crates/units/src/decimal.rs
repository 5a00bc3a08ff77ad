//! Exact decimal numbers: what a user writes in a file, before any rounding.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An exact decimal number, `mantissa * 10^exponent`, as written in a file.
///
/// Two spellings of one number (`1.50`, `1.5`) are equal: the mantissa carries no trailing zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decimal {
    mantissa: i64,
    exponent: i16,
}

/// Why a decimal could not be read or turned into bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// The text is not a decimal number such as `-12.5` or `3e-12`.
    #[error("not a decimal number; write digits with an optional point and exponent, such as `12.5` or `3e-12`")]
    Syntax,
    /// `nan` or `inf`: no physical quantity has this value.
    #[error("`nan` and `inf` are not numbers that a chip can have")]
    NotFinite,
    /// More digits, or a larger exponent, than a decimal here can hold.
    #[error("at most 18 significant digits and exponents from -300 to 300 are kept")]
    Range,
    /// The value does not fit the fixed-point format that was asked for.
    #[error("the value does not fit a signed {bits}-bit number with {fraction_bits} fraction bits")]
    Overflow {
        /// Width of the format asked for.
        bits: u32,
        /// Its fraction bits.
        fraction_bits: u32,
    },
}

const EXPONENT_MAX: i32 = 300;

impl Decimal {
    /// The number 0.
    pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// The number `mantissa * 10^exponent`.
    pub const fn new(mantissa: i64, exponent: i16) -> Self {
        let (mut m, mut e) = (mantissa, exponent);
        if m == 0 {
            return Self::ZERO;
        }
        while m % 10 == 0 {
            m /= 10;
            e += 1;
        }
        Self { mantissa: m, exponent: e }
    }

    /// The number `value`.
    pub const fn integer(value: i64) -> Self {
        Self::new(value, 0)
    }

    /// The digits, without trailing zeros.
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// The power of ten that scales [`Decimal::mantissa`].
    pub const fn exponent(self) -> i16 {
        self.exponent
    }

    /// -1, 0 or 1.
    pub const fn signum(self) -> i64 {
        self.mantissa.signum()
    }

    /// This number times `10^shift`, exactly.
    #[must_use]
    pub const fn scaled(self, shift: i16) -> Self {
        if self.mantissa == 0 { Self::ZERO } else { Self { mantissa: self.mantissa, exponent: self.exponent + shift } }
    }

    /// The nearest fixed-point number with `fraction_bits` fraction bits (at most 62), as bits in an `i64`;
    /// ties go to the even neighbour. The error is therefore at most half a unit in the last place.
    pub fn to_bits(self, fraction_bits: u32) -> Result<i64, DecimalError> {
        self.over_to_bits(Self::integer(1), fraction_bits)
    }

    /// This number divided by `divisor`, rounded once as in [`Decimal::to_bits`]: two numbers of one ratio give the
    /// same bits, whatever their size.
    ///
    /// # Panics
    /// If `divisor` is 0, or with more than 62 fraction bits.
    pub fn over_to_bits(self, divisor: Self, fraction_bits: u32) -> Result<i64, DecimalError> {
        let overflow = DecimalError::Overflow { bits: 64, fraction_bits };
        assert!(fraction_bits <= 62, "a 64-bit format has at most 62 fraction bits here, asked for {fraction_bits}");
        assert!(divisor.mantissa != 0, "division by zero");
        if self.mantissa == 0 {
            return Ok(0);
        }
        let (numerator, below) = (u128::from(self.mantissa.unsigned_abs()) << fraction_bits, divisor.mantissa);
        let (mut quotient, mut rest) = divide(numerator, below.unsigned_abs());
        let power = i32::from(self.exponent) - i32::from(divisor.exponent);
        let bits = if power >= 0 {
            // Long division, one decimal place after the other.
            for _ in 0..power {
                let (digit, left) = divide(rest * 10, below.unsigned_abs());
                quotient = quotient.checked_mul(10).map(|q| q + digit).filter(|q| *q < 1 << 126).ok_or(overflow)?;
                rest = left;
            }
            let twice = (2 * rest).cmp(&u128::from(below.unsigned_abs()));
            quotient + u128::from(twice.is_gt() || twice.is_eq() && quotient % 2 == 1)
        } else {
            divide_by_power_of_ten(quotient, rest != 0, power.unsigned_abs())
        };
        let bits = i64::try_from(bits).map_err(|_| overflow)?;
        Ok(if (self.mantissa < 0) != (below < 0) { -bits } else { bits })
    }
}

/// Quotient and remainder. Most divisors are 1, which needs no division.
const fn divide(numerator: u128, divisor: u64) -> (u128, u128) {
    if divisor == 1 { (numerator, 0) } else { (numerator / divisor as u128, numerator % divisor as u128) }
}

/// `numerator / 10^power`, to nearest, ties to even, without ever building the power, which is at least 1. With `more`,
/// the numerator is by less than 1 larger than it says.
fn divide_by_power_of_ten(numerator: u128, more: bool, power: u32) -> u128 {
    // floor(floor(a / b) / c) = floor(a / (b c)), so the quotient may be taken one digit at a time; what was cut
    // off is kept as "more or less than, or exactly, half a unit".
    let mut quotient = numerator;
    let mut last_digit = 0;
    let mut below_zero = !more; // all digits cut off before the last one were 0
    for _ in 0..power {
        below_zero &= last_digit == 0;
        last_digit = quotient % 10;
        quotient /= 10;
        if quotient == 0 && last_digit == 0 {
            return 0;
        }
    }
    let up = match last_digit.cmp(&5) {
        core::cmp::Ordering::Greater => true,
        core::cmp::Ordering::Less => false,
        core::cmp::Ordering::Equal => !below_zero || quotient % 2 == 1,
    };
    quotient + u128::from(up)
}

impl Ord for Decimal {
    /// By value, exactly.
    fn cmp(&self, other: &Self) -> Ordering {
        // Zero has no leading digit, so it is settled by its sign.
        if self.signum() != other.signum() || self.mantissa == 0 {
            return self.signum().cmp(&other.signum());
        }
        let leading = |d: &Self| i32::from(d.exponent) + d.mantissa.unsigned_abs().ilog10() as i32;
        // Equal leading places: the exponents then differ by fewer than 19 places, and 37 digits fit 128 bits.
        let common = self.exponent.min(other.exponent);
        let scaled = |d: &Self| u128::from(d.mantissa.unsigned_abs()) * 10u128.pow((d.exponent - common) as u32);
        let magnitudes = leading(self).cmp(&leading(other)).then_with(|| scaled(self).cmp(&scaled(other)));
        if self.mantissa < 0 { magnitudes.reverse() } else { magnitudes }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `[+-]digits[.digits][(e|E)[+-]digits]`; single underscores between digits are allowed, as in TOML.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, body) = match text.as_bytes() {
            [b'-', ..] => (true, &text[1..]),
            [b'+', ..] => (false, &text[1..]),
            _ => (false, text),
        };
        if body.eq_ignore_ascii_case("nan") || body.eq_ignore_ascii_case("inf") {
            return Err(DecimalError::NotFinite);
        }
        let (digits, exponent) = match body.find(['e', 'E']) {
            Some(at) => (&body[..at], parse_exponent(&body[at + 1..])?),
            None => (body, 0),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let mut mantissa: i64 = 0;
        let mut power = exponent;
        for (part, step) in [(Some(whole), 0), (fraction, 1)] {
            let Some(part) = part else { continue };
            let mut previous = b'_';
            for byte in part.bytes() {
                match byte {
                    b'0'..=b'9' => {
                        let digit = i64::from(byte - b'0');
                        // Trailing zeros beyond the 18th digit cost nothing: they are kept in the exponent.
                        match mantissa.checked_mul(10).and_then(|m| m.checked_add(digit)) {
                            Some(next) if next < 1_000_000_000_000_000_000 => {
                                mantissa = next;
                                power -= step;
                            }
                            _ if digit == 0 => power += 1 - step,
                            _ => return Err(DecimalError::Range),
                        }
                    }
                    b'_' if previous != b'_' => {}
                    _ => return Err(DecimalError::Syntax),
                }
                previous = byte;
            }
            if previous == b'_' {
                return Err(DecimalError::Syntax);
            }
        }
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        if power.abs() > EXPONENT_MAX {
            return Err(DecimalError::Range);
        }
        let power = i16::try_from(power).map_err(|_| DecimalError::Range)?;
        Ok(Self::new(if negative { -mantissa } else { mantissa }, power))
    }
}

fn parse_exponent(text: &str) -> Result<i32, DecimalError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    let value: i32 = digits.parse().map_err(|_| DecimalError::Range)?;
    if value > EXPONENT_MAX {
        return Err(DecimalError::Range);
    }
    Ok(if negative { -value } else { value })
}

impl fmt::Display for Decimal {
    /// Plain digits for everyday sizes (`0.05`, `1500`), scientific notation beyond (`5e-13`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = alloc::format!("{}", self.mantissa.unsigned_abs());
        let count = digits.len() as i32;
        let exponent = i32::from(self.exponent);
        if exponent >= 0 && count + exponent <= 9 {
            write!(f, "{sign}{digits}{:0<1$}", "", exponent as usize)
        } else if exponent < 0 && count + exponent > 0 {
            let (whole, fraction) = digits.split_at((count + exponent) as usize);
            write!(f, "{sign}{whole}.{fraction}")
        } else if exponent < 0 && count + exponent > -4 {
            write!(f, "{sign}0.{:0<1$}{digits}", "", (-(count + exponent)) as usize)
        } else {
            let (first, rest) = digits.split_at(1);
            let power = exponent + count - 1;
            if rest.is_empty() { write!(f, "{sign}{first}e{power}") } else { write!(f, "{sign}{first}.{rest}e{power}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let got = match text.parse::<Decimal>() {
            Ok(d) => d.to_string(),
            Err(e) => e.to_string(),
        };
        assert!(got.starts_with(expected), "{text}: {got}");
    }

    #[test]
    fn text_is_read_exactly() {
        check("0", "0");
        check("-0.0", "0");
        check("1.50", "1.5");
        check("+20", "20");
        check("0.001", "0.001");
        check("5e-13", "5e-13");
        check("1_000.25", "1000.25");
        check("-3.2E4", "-32000");
        check("123456789012", "1.23456789012e11");
        check("100000000000000000000", "1e20");
    }

    #[test]
    fn wrong_text_is_refused() {
        for text in ["", "-", ".5", "5.", "1e", "1e+", "0x10", "1__0", "_1", "1_", "ten", "1 ms", "--1"] {
            check(text, "not a decimal number");
        }
        check("nan", "`nan` and `inf`");
        check("-inf", "`nan` and `inf`");
        check("1e301", "at most 18 significant digits");
        check("1234567890123456789", "at most 18 significant digits");
    }

    #[test]
    fn bits_round_to_nearest_even() {
        let bits = |text: &str, f| text.parse::<Decimal>().unwrap().to_bits(f);
        assert_eq!(bits("0.5", 0), Ok(0));
        assert_eq!(bits("1.5", 0), Ok(2));
        assert_eq!(bits("-2.5", 0), Ok(-2));
        assert_eq!(bits("2.500001", 0), Ok(3));
        assert_eq!(bits("0.25", 1), Ok(0));
        assert_eq!(bits("1e-30", 62), Ok(0));
        assert_eq!(bits("1e-300", 62), Ok(0));
        assert_eq!(bits("3", 62), Err(DecimalError::Overflow { bits: 64, fraction_bits: 62 }));
        assert_eq!(bits("1e19", 0), Err(DecimalError::Overflow { bits: 64, fraction_bits: 0 }));
    }

    proptest! {
        #[test]
        fn display_reads_back(mantissa in any::<i32>(), exponent in -40i16..40) {
            let d = Decimal::new(i64::from(mantissa), exponent);
            prop_assert_eq!(d.to_string().parse::<Decimal>(), Ok(d));
        }

        /// Against the same numbers written over one power of ten.
        #[test]
        fn order_is_by_value(a in any::<i32>(), b in any::<i32>(), i in 0u32..12, j in 0u32..12) {
            let wide = |m: i32, e: u32| i128::from(m) * 10i128.pow(e);
            let exact = |m: i32, e: u32| Decimal::new(i64::from(m), e as i16 - 6);
            prop_assert_eq!(exact(a, i).cmp(&exact(b, j)), wide(a, i).cmp(&wide(b, j)));
        }

        /// Against a 128-bit division, where one fits.
        #[test]
        fn bits_equal_wide_division(mantissa in any::<i32>(), places in 0u32..12, fraction_bits in 0u32..30) {
            let d = Decimal::new(i64::from(mantissa), -(places as i16));
            let (n, p) = (i128::from(mantissa) << fraction_bits, 10i128.pow(places));
            let (q, r) = (n.div_euclid(p), n.rem_euclid(p));
            let expected = match (2 * r).cmp(&p) {
                core::cmp::Ordering::Less => q,
                core::cmp::Ordering::Greater => q + 1,
                core::cmp::Ordering::Equal => q + (q & 1),
            };
            prop_assert_eq!(d.to_bits(fraction_bits).map(i128::from), Ok(expected));
        }
    }
}
