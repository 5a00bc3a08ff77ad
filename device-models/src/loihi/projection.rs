//! Synapses between two groups of neurons: delays, payloads and the exponent of a connection.

use super::error::LoihiError;
use super::rules::{ExponentRule, LoihiRules};
use alloc::vec;
use alloc::vec::Vec;

/// One synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Synapse {
    /// The neuron or input channel that sends.
    pub pre: u32,
    /// Additional steps until it arrives.
    pub delay: u32,
    /// The neuron that receives.
    pub post: u32,
    /// What [`LoihiRules::synaptic_weight`] says.
    pub weight: i32,
}

/// Properties that the synapses of a projection share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectionSettings {
    /// Neurons or channels that send.
    pub pre: usize,
    /// Neurons that receive.
    pub post: usize,
    /// Exponent of the connection, -31 to 31 (the chip has -8 to 7); read only if the rules apply it to the sum.
    pub exponent: i8,
    /// True if payloads are multiplied with weights; otherwise any payload but 0 counts as 1.
    pub graded: bool,
    /// Steps from sending to arriving without delay: [`LoihiRules::input_latency`] or
    /// [`LoihiRules::spike_latency`], at most 255.
    pub latency: u8,
}

/// A projection and what is on its way through it.
///
/// What arrives in a step is kept in a ring of accumulators, a slot per step ahead. Slots that nothing was sent to cost
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    pre: usize,
    post: usize,
    graded: bool,
    latency: usize,
    /// Right shift of each sum; 0 if weights carry the exponent.
    floor_shift: u32,
    rows: Vec<u32>,
    targets: Vec<Target>,
    ring: Vec<i32>,
    occupied: Vec<bool>,
    head: usize,
    /// Sums of the step that is being sent, by delay, before the shift.
    sums: Vec<i32>,
    summed: Vec<bool>,
}

/// Receiving end of a synapse, with its weight shifted left where the exponent is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    post: u32,
    weight: i32,
    delay: u8,
}

impl Projection {
    /// Builds a projection. Synapses may come in any order; two between the same neurons both count.
    ///
    /// # Errors
    /// [`LoihiError`] for a delay beyond [`LoihiRules::delay_max`], a neuron that does not exist, or an exponent
    /// outside -31..=31.
    pub fn new(rules: &LoihiRules, settings: &ProjectionSettings, synapses: &[Synapse]) -> Result<Self, LoihiError> {
        let exponent = match rules.exponent {
            ExponentRule::EachSynapse => 0,
            ExponentRule::Sum => settings.exponent,
        };
        if !(-31..=31).contains(&exponent) {
            let value = exponent.into();
            return Err(LoihiError::Setting { parameter: "weight exponent", value, least: -31, most: 31 });
        }
        for (index, synapse) in synapses.iter().enumerate() {
            let endpoint =
                |end, index_of: u32, count| LoihiError::Endpoint { synapse: index, end, index: index_of, count };
            if synapse.pre as usize >= settings.pre {
                return Err(endpoint("pre", synapse.pre, settings.pre));
            }
            if synapse.post as usize >= settings.post {
                return Err(endpoint("post", synapse.post, settings.post));
            }
            if synapse.delay > u32::from(rules.delay_max) {
                return Err(LoihiError::Delay { synapse: index, delay: synapse.delay, most: rules.delay_max });
            }
        }
        let mut sorted = synapses.to_vec();
        sorted.sort();
        let mut rows = vec![0; settings.pre + 1];
        for synapse in &sorted {
            rows[synapse.pre as usize + 1] += 1;
        }
        for row in 1..rows.len() {
            rows[row] += rows[row - 1];
        }
        // A left shift commutes with the sum, even where it wraps; a right shift does not.
        let left = u32::from(exponent.max(0).unsigned_abs());
        let floor_shift = u32::from(exponent.min(0).unsigned_abs());
        let delays = sorted.iter().map(|synapse| synapse.delay).max().unwrap_or(0) as usize + 1;
        let slots = usize::from(settings.latency) + delays;
        let sums = if floor_shift == 0 { 0 } else { delays };
        Ok(Projection {
            pre: settings.pre,
            post: settings.post,
            graded: settings.graded,
            latency: settings.latency.into(),
            floor_shift,
            rows,
            targets: sorted
                .iter()
                .map(|s| Target { post: s.post, weight: s.weight.wrapping_shl(left), delay: s.delay as u8 })
                .collect(),
            ring: vec![0; slots * settings.post],
            occupied: vec![false; slots],
            head: 0,
            sums: vec![0; sums * settings.post],
            summed: vec![false; sums],
        })
    }

    /// Synapses.
    pub fn synapses(&self) -> usize {
        self.targets.len()
    }

    /// True if nothing is on its way.
    pub fn is_idle(&self) -> bool {
        !self.occupied.contains(&true)
    }

    /// Adds what arrives in the present step to `accumulators`.
    ///
    /// # Panics
    /// If there is not one accumulator per receiving neuron.
    pub fn collect(&self, accumulators: &mut [i32]) {
        assert!(accumulators.len() == self.post, "{} accumulators for {} neurons", accumulators.len(), self.post);
        if self.occupied[self.head] {
            let slot = &self.ring[self.head * self.post..][..self.post];
            for (accumulator, arrived) in accumulators.iter_mut().zip(slot) {
                *accumulator = accumulator.wrapping_add(*arrived);
            }
        }
    }

    /// Sends all events of the present step, as (neuron or channel, payload). An event with payload 0 is none. Must be
    /// called once per step at most: a connection with a negative exponent rounds the sum of the whole step. With a
    /// latency of 0 it must come before [`Projection::collect`].
    ///
    /// # Panics
    /// If an event comes from a neuron that does not exist.
    pub fn send(&mut self, events: impl IntoIterator<Item = (u32, i32)>) {
        for (pre, payload) in events {
            let payload = match (payload, self.graded) {
                (0, _) => continue,
                (payload, true) => payload,
                (_, false) => 1,
            };
            let row = self.rows[pre as usize] as usize..self.rows[pre as usize + 1] as usize;
            for target in &self.targets[row] {
                let delay = usize::from(target.delay);
                let (values, used, slot) = if self.floor_shift == 0 {
                    let slots = self.occupied.len();
                    (&mut self.ring, &mut self.occupied, (self.head + self.latency + delay) % slots)
                } else {
                    (&mut self.sums, &mut self.summed, delay)
                };
                used[slot] = true;
                let sum = &mut values[slot * self.post + target.post as usize];
                *sum = sum.wrapping_add(target.weight.wrapping_mul(payload));
            }
        }
        for delay in 0..self.summed.len() {
            if core::mem::take(&mut self.summed[delay]) {
                let slot = (self.head + self.latency + delay) % self.occupied.len();
                self.occupied[slot] = true;
                let sums = &mut self.sums[delay * self.post..][..self.post];
                for (arriving, sum) in self.ring[slot * self.post..][..self.post].iter_mut().zip(sums) {
                    *arriving = arriving.wrapping_add(core::mem::take(sum) >> self.floor_shift);
                }
            }
        }
    }

    /// Ends the step.
    pub fn advance(&mut self) {
        if core::mem::take(&mut self.occupied[self.head]) {
            self.ring[self.head * self.post..][..self.post].fill(0);
        }
        self.head = (self.head + 1) % self.occupied.len();
    }

    /// Effective weight and delay of the synapses from one neuron to another, for explanations: (weight, delay), the
    /// weight before a right shift of the sum.
    pub fn between(&self, pre: usize, post: usize) -> impl Iterator<Item = (i32, usize)> {
        let row = if pre < self.pre { self.rows[pre] as usize..self.rows[pre + 1] as usize } else { 0..0 };
        self.targets[row]
            .iter()
            .filter(move |target| target.post as usize == post)
            .map(|target| (target.weight, target.delay.into()))
    }
}
