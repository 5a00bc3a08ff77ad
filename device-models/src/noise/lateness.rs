//! By how many ticks an event is late: the laws of jitter.
//!
//! This module owns how one address becomes one lateness. Which address that is, and that no event is early, the noise
//! says; the most is a number of the chip.

use crate::parameters::pure;
use crate::{DeviceModelError, Digest};
use chip::NoiseSpec;
use disorder::{Key, normal_deviate, uniform_below};
use fx::{Real, Rounding, Wide};

/// The law of lateness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lateness {
    /// Each number of ticks up to the most is as likely.
    Uniform,
    /// Median and standard deviation in ticks; what would be early is in time.
    Normal { median: Real, sd: Real },
    /// Median in ticks, and the logarithm of what one standard deviation multiplies it with.
    LogNormal { median: Real, log_fold: Real },
}

impl Lateness {
    /// The law that a chip file states.
    pub(super) fn new(noise: &NoiseSpec) -> Result<Self, DeviceModelError> {
        let Some(median) = &noise.event_jitter_median else { return Ok(Self::Uniform) };
        let median = pure("event_jitter_median", median)?;
        if let Some(sd) = &noise.event_jitter_sd {
            return Ok(Self::Normal { median, sd: pure("event_jitter_sd", sd)? });
        }
        let fold = noise.event_jitter_fold.as_ref().map_or(Ok(Real::ONE), |fold| pure("event_jitter_fold", fold))?;
        let log_fold = Wide::from_real(fold.max(Real::ONE)).ln().unwrap_or(Wide::ZERO).to_real_nearest();
        Ok(Self::LogNormal { median, log_fold })
    }

    /// The ticks of the event with address `key`, from 0 to `most`.
    pub(super) fn ticks(self, key: Key, most: u16) -> u16 {
        let exact = match self {
            Self::Uniform => return uniform_below(&mut key.stream(), u64::from(most) + 1) as u16,
            Self::Normal { median, sd } => median.add_sat(sd.mul_nearest(normal_deviate(key.first_word()))),
            Self::LogNormal { median, log_fold } => {
                let exponent = log_fold.mul_nearest(normal_deviate(key.first_word()));
                Wide::from_real(median).mul_trunc(Wide::from_real(exponent).exp()).to_real_nearest()
            }
        };
        exact.to_integer(Rounding::HalfUp).clamp(0, most.into()) as u16
    }

    /// Appends the law to a hash, which stays what it was where lateness is uniform.
    pub(super) fn digest(self, digest: &mut Digest) {
        let (kind, numbers) = match self {
            Self::Uniform => return,
            Self::Normal { median, sd } => (1, [median, sd]),
            Self::LogNormal { median, log_fold } => (2, [median, log_fold]),
        };
        digest.push(kind);
        numbers.iter().for_each(|number| digest.push(number.to_bits() as u64));
    }
}
