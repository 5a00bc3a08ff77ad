//! Thresholds that differ from one interval between spikes to the next.
//!
//! This module owns how the threshold of an interval is found from where it begins. When that is, the core models say:
//! for them a spike ends one interval, and the next begins with the end of the refractory period.

use super::Noise;
use fx::{Real, Rounding, narrow, shift_right};
use units::{CoreAddress, NeuronId, Tick};

/// The thresholds of the neurons of one core, as far as they change within a run. Nothing runs along: a threshold can
/// be asked for again at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdNoise {
    noise: Noise,
    core: CoreAddress,
    part: u64,
}

impl ThresholdNoise {
    /// That of core `core` in part 0 of the run that `noise` is of; `None` if its thresholds stay the same.
    pub(crate) fn new(noise: Option<&Noise>, core: CoreAddress) -> Option<Self> {
        let noise = noise.filter(|noise| noise.has_event_thresholds())?;
        Some(Self { noise: noise.clone(), core, part: 0 })
    }

    /// Has thresholds from now on be those of part `part` of the run.
    pub(crate) const fn set_part(&mut self, part: u64) {
        self.part = part;
    }

    /// The threshold of neuron `neuron` in the interval that begins with tick `begins`: `threshold`, which is its
    /// threshold in this run, times the factor of the interval, rounded to nearest, ties to even, and kept within
    /// plus and minus `limit`, which is as far as states go. A threshold beyond that is one of a broken neuron, and
    /// stays.
    pub(crate) fn of_interval(&self, neuron: usize, begins: u64, threshold: i64, limit: i64) -> i64 {
        if !(-limit..=limit).contains(&threshold) {
            return threshold;
        }
        let neuron = NeuronId(neuron as u16);
        let factor = self.noise.event_threshold_factor(self.part, Tick(begins), self.core, neuron);
        let product = i128::from(threshold) * i128::from(factor.to_bits());
        let rounded: i64 = narrow(shift_right(product, Real::FRACTION_BITS, Rounding::HalfEven));
        rounded.clamp(-limit, limit)
    }
}
