//! Numbers of 16 bits (IEEE 754 binary16), which trained nets are saved in to save room.

use hdf5_pure::{Datatype, DatatypeByteOrder};

/// Whether elements of this type are such numbers, and then whether the low byte comes first.
pub(super) fn order(kind: &Datatype) -> Option<bool> {
    match kind {
        Datatype::FloatingPoint { size: 2, byte_order, .. } => match byte_order {
            DatatypeByteOrder::LittleEndian => Some(true),
            DatatypeByteOrder::BigEndian => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The numbers in `bytes`.
pub(super) fn values(bytes: &[u8], low_first: bool) -> Vec<f64> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let word = |pair: &[u8; 2]| if low_first { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    pairs.iter().map(|pair| value(word(pair))).collect()
}

/// The number with these bits: sign, 5 bits of exponent, 10 of fraction.
fn value(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (bits >> 10 & 0x1f, f64::from(bits & 0x3ff));
    let power = |exponent: i32| f64::from_bits(((1023 + exponent) as u64) << 52);
    sign * match exponent {
        0 => fraction * power(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1024.0 + fraction) * power(i32::from(exponent) - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_hand() {
        let cases = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 6.103_515_625e-5),
            (0xfc00, f64::NEG_INFINITY),
        ];
        for (bits, number) in cases {
            assert_eq!(value(bits), number, "{bits:#x}");
        }
        assert!(value(0x7e00).is_nan());
        assert_eq!(values(&[0x00, 0x3c, 0x00], true), [1.0]);
        assert_eq!(values(&[0x3c, 0x00], false), [1.0]);
    }
}
