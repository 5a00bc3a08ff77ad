//! Thresholds of a LIF core that differ from one interval between spikes to the next.
//!
//! The state of a LIF neuron does not tell when its interval began, so that is kept here, beside the thresholds that
//! follow from it. A core without such noise has nothing of this.

use super::LifParameters;
use crate::{CoreParameters, Emission, ThresholdNoise};
use alloc::vec::Vec;
use fx::step::STATE_MAX;

/// The intervals in which the neurons of a core are.
#[derive(Clone, Debug)]
pub(super) struct Intervals {
    noise: ThresholdNoise,
    /// Ticks of a step.
    step_ticks: u64,
    /// The tick of the step with which the refractory period ends, or tick 0.
    begins: Vec<u64>,
    /// What follows from that, padded to whole blocks as all that a step reads.
    thresholds: Vec<i32>,
}

impl Intervals {
    /// The first intervals, if the thresholds of the core change within a run.
    pub(super) fn new(parameters: &LifParameters) -> Option<Self> {
        let (noise, step_ticks) = parameters.threshold_noise()?.clone();
        let begins = alloc::vec![0; parameters.layout().neuron_count()];
        let mut intervals = Self { noise, step_ticks, begins, thresholds: parameters.threshold().to_vec() };
        intervals.refresh(parameters);
        Some(intervals)
    }

    /// Threshold of each neuron in its interval, in bits, with padding.
    pub(super) fn thresholds(&self) -> &[i32] {
        &self.thresholds
    }

    /// Tick at which the interval of each neuron begins or began.
    pub(super) fn begins(&self) -> &[u64] {
        &self.begins
    }

    /// Back to the first intervals.
    pub(super) fn reset(&mut self, parameters: &LifParameters) {
        self.begins.fill(0);
        self.refresh(parameters);
    }

    /// To the intervals that begin at `begins`, one tick a neuron.
    pub(super) fn restore(&mut self, begins: &[u64], parameters: &LifParameters) {
        self.begins.copy_from_slice(begins);
        self.refresh(parameters);
    }

    /// To the same intervals of another part of the run.
    pub(super) fn set_part(&mut self, part: u64, parameters: &LifParameters) {
        self.noise.set_part(part);
        self.refresh(parameters);
    }

    /// Ends the intervals of neurons that spike in the step of tick `now`.
    pub(super) fn end(&mut self, spikes: &[Emission], now: u64, parameters: &LifParameters) {
        for spike in spikes {
            let n = spike.neuron.index();
            let steps = parameters.refractory_steps()[n] as u64;
            self.begins[n] = now.saturating_add(steps.saturating_mul(self.step_ticks));
            self.find(n, parameters);
        }
    }

    fn refresh(&mut self, parameters: &LifParameters) {
        (0..self.begins.len()).for_each(|n| self.find(n, parameters));
    }

    fn find(&mut self, n: usize, parameters: &LifParameters) {
        let of_run = parameters.threshold()[n].into();
        let threshold = self.noise.of_interval(n, self.begins[n], of_run, STATE_MAX.into());
        self.thresholds[n] = threshold as i32;
    }
}
