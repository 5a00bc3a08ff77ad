//! How a weight is fitted to the bits of a synapse.

use super::error::LoihiError;
use super::rules::{ExponentRule, LoihiRules, WeightRule};

/// Which signs the synapses of a connection may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignMode {
    /// Both; the sign takes one of the weight bits.
    Mixed,
    /// None negative.
    Excitatory,
    /// None positive.
    Inhibitory,
}

impl SignMode {
    /// The mode that Lava chooses when none is given: excitatory if no weight is negative, else inhibitory if none is
    /// positive, else mixed.
    pub fn of(weights: &[i32]) -> Self {
        if weights.iter().all(|&w| w >= 0) {
            SignMode::Excitatory
        } else if weights.iter().all(|&w| w <= 0) {
            SignMode::Inhibitory
        } else {
            SignMode::Mixed
        }
    }

    /// Smallest and largest weight.
    pub const fn range(self, rule: WeightRule) -> (i32, i32) {
        match (self, rule) {
            (SignMode::Excitatory, _) => (0, 255),
            (SignMode::Inhibitory, WeightRule::TowardsZero) => (-256, 0),
            (SignMode::Inhibitory, _) => (-255, 0),
            (SignMode::Mixed, _) => (-256, 255),
        }
    }
}

/// How the synapses of a connection store their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightFormat {
    /// Bits of a weight, 1 to 8, including the sign of a mixed one. [`WeightRule::TowardsZero`] also takes 0, which
    /// leaves nothing of a weight but an inhibitory one of -256.
    pub bits: u8,
    /// Which signs there are.
    pub sign: SignMode,
    /// Power of two that weights are multiplied by, -8 to 7. Not read where the exponent belongs to the sum.
    pub exponent: i8,
}

impl WeightFormat {
    fn check(&self, rules: &LoihiRules) -> Result<(), LoihiError> {
        let least = u8::from(rules.weights != WeightRule::TowardsZero);
        if !(least..=8).contains(&self.bits) {
            let (value, least) = (self.bits.into(), least.into());
            return Err(LoihiError::Setting { parameter: "weight bits", value, least, most: 8 });
        }
        if rules.exponent == ExponentRule::EachSynapse && !(-8..=7).contains(&self.exponent) {
            let value = self.exponent.into();
            return Err(LoihiError::Setting { parameter: "weight exponent", value, least: -8, most: 7 });
        }
        Ok(())
    }

    /// Low bits that a weight does not have.
    fn lost_bits(&self) -> u32 {
        8 - u32::from(self.bits) + u32::from(self.sign == SignMode::Mixed)
    }
}

/// The numbers that a synapse of some format holds as they are written: multiples of a step between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mantissas {
    /// The lowest.
    pub least: i32,
    /// The highest.
    pub most: i32,
    /// Distance of two of them.
    pub step: i32,
}

impl LoihiRules {
    /// The weights that a synapse of this format adds to the accumulator unchanged, but for its power of two: those
    /// that [`LoihiRules::synaptic_weight`] neither clips nor rounds, and that leave nothing behind where each weight
    /// is shifted by itself.
    ///
    /// # Errors
    /// [`LoihiError::Setting`] for a format that does not exist.
    pub fn mantissas(&self, format: WeightFormat) -> Result<Mantissas, LoihiError> {
        format.check(self)?;
        let lost = format.lost_bits();
        let (mut least, mut most) = format.sign.range(self.weights);
        if self.weights == WeightRule::RoundSymmetric {
            let largest = ((1 << (8 - lost)) - 1) << lost;
            (least, most) = (least.max(-largest), most.min(largest));
        }
        let shifted = match self.exponent {
            ExponentRule::EachSynapse => (-format.exponent).max(0).unsigned_abs().into(),
            ExponentRule::Sum => 0,
        };
        if self.weights == WeightRule::TowardsZero {
            // What is clipped after the shift is not held: only the lowest weight with the largest exponent is.
            least = least.max(-(((1 << 21) - 64) >> (6 + format.exponent).max(0)));
        }
        let step = 1 << lost.max(shifted);
        Ok(Mantissas { least: -(-least / step * step), most: most / step * step, step })
    }

    /// What a synapse of this format adds to the accumulator when `weight` is written to it.
    ///
    /// Where the exponent belongs to the sum ([`ExponentRule::Sum`]), it is not in the
    /// result; otherwise the result carries it and the chip's shift by 6.
    ///
    /// # Errors
    /// [`LoihiError::Setting`] for a format that does not exist, [`LoihiError::Weight`] for a weight outside the range
    /// of its sign mode under the one rule that refuses it.
    pub fn synaptic_weight(&self, weight: i32, format: WeightFormat) -> Result<i32, LoihiError> {
        format.check(self)?;
        let (least, most) = format.sign.range(self.weights);
        let lost = format.lost_bits();
        let exponent = i32::from(format.exponent);
        Ok(match self.weights {
            WeightRule::ClipAndFloor => {
                let clipped = weight.clamp(least, most);
                match format.sign {
                    // The magnitude is what is stored, so this rounds towards 0.
                    SignMode::Inhibitory => -((-clipped >> lost) << lost),
                    _ => (clipped >> lost) << lost,
                }
            }
            WeightRule::RoundSymmetric => {
                let most = (1 << (8 - lost)) - 1;
                let mut mantissa = half_even(weight, lost).clamp(-most, most);
                let shift = lost as i32 + exponent;
                if shift >= 0 {
                    mantissa << shift << 6
                } else {
                    // Rounded first: the shift alone would make all weights smaller.
                    let down = shift.unsigned_abs();
                    mantissa = (half_even(mantissa, down) << down).clamp(-most, most);
                    mantissa >> down << 6
                }
            }
            WeightRule::TowardsZero => {
                if !(least..=most).contains(&weight) {
                    return Err(LoihiError::Weight { weight, least, most, rule: self.weights });
                }
                let step = 1 << lost;
                let mantissa = weight / step * step;
                let scaled = if exponent >= 0 { mantissa << exponent } else { mantissa >> -exponent };
                (scaled << 6).clamp(-((1 << 21) - 64), (1 << 21) - 64)
            }
        })
    }
}

/// `x / 2^bits`, rounded to the nearest integer, halves to the even one.
fn half_even(x: i32, bits: u32) -> i32 {
    if bits == 0 {
        return x;
    }
    let floor = x >> bits;
    let rest = x - (floor << bits);
    let half = 1 << (bits - 1);
    floor + i32::from(rest > half || (rest == half && floor & 1 == 1))
}
