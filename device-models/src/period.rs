//! Times as whole numbers of ticks or steps, by one rule for all cores that count them.

use crate::DeviceModelError;
use crate::parameters::Reader;
use alloc::vec::Vec;
use fx::{Real, Rounding, Wide, shift_right};
use units::{Decimal, Quantity, Unit};

/// `time` in ms, to all 96 fraction bits: at ticks of 1 us and less, a [`Real`] would leave only 22 good bits.
pub(crate) fn exact_ms(time: Quantity) -> Option<Wide> {
    let decimal: Decimal = time.value_in(Unit::MILLISECOND).ok()?;
    let power = 10i128.checked_pow(u32::from(decimal.exponent().unsigned_abs()))?;
    if decimal.exponent() < 0 {
        return Some(Wide::from_ratio(decimal.mantissa().into(), power));
    }
    Some(Wide::from_ratio(power.checked_mul(decimal.mantissa().into())?, 1))
}

/// How many `units` (in ms) a time is, to the nearest whole number; one halfway between two is rounded up, as far as
/// the 2^-32 ms tell to which times are kept. `None` from 2^31 on.
pub(crate) fn periods(time: Real, unit: Wide) -> Option<u64> {
    // The time is known to half a unit in its last place: what reaches the half with that is halfway.
    let most = Wide::from_bits((2 * i128::from(time.to_bits()) + 1) << (Wide::FRACTION_BITS - Real::FRACTION_BITS - 1));
    let ratio = most.div_trunc(unit);
    let whole = shift_right(ratio.to_bits().max(0), Wide::FRACTION_BITS, Rounding::HalfUp);
    (ratio != Wide::MAX).then_some(whole as u64)
}

impl Reader<'_> {
    /// Parameter `name` of every neuron as whole numbers of `unit`, which is in ms ([`periods`]), at most `limit`.
    pub(crate) fn periods(&self, name: &str, unit: Wide, limit: u64) -> Result<Vec<u64>, DeviceModelError> {
        let resolved = self.parameter(name)?;
        let whole = resolved.value.iter().enumerate().map(|(n, time)| {
            periods(*time, unit).filter(|count| *count <= limit).ok_or_else(|| DeviceModelError::TooLarge {
                target: self.neuron(n),
                parameter: name.into(),
                value: *time,
                limit: unit.mul_trunc(Wide::from_integer(limit.min(i32::MAX as u64) as i32)).to_real_nearest(),
            })
        });
        whole.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decimal times over decimal units: nearest, and up where they are exactly halfway, whether or not either has a
    /// binary form.
    #[test]
    fn periods_are_rounded_as_decimals_are() {
        for unit in ["0.1 ms", "1 us", "1 ms", "8 ns", "3 us", "0.125 ms"] {
            let unit: Quantity = unit.parse().expect("a time");
            let ms = exact_ms(unit).expect("a short decimal");
            for tenths in 0..400i64 {
                let value = Decimal::new(unit.value.mantissa() * tenths, unit.value.exponent() - 1);
                let time = Real::from_quantity(Quantity::new(value, unit.unit), Unit::MILLISECOND).expect("short");
                let expected = ((tenths + 5) / 10) as u64;
                assert_eq!(periods(time, ms), Some(expected), "{tenths} tenths of {unit}");
            }
        }
        assert_eq!(periods(Real::from_integer(-3), Wide::ONE), Some(0));
        assert_eq!(periods(Real::MAX, Wide::ONE.scale(-10)), None);
    }
}
