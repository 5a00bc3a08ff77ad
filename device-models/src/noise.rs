//! Noise: what differs between two runs, or two events, of one and the same die.
//!
//! There is no generator that runs along. A value is a function of its address: seed, die, trial, and then the circuit
//! for what is drawn once a run, the spike (its source and tick) for what is drawn once an event, or the neuron and
//! the end of its refractory period for what is drawn once an interval between spikes. So a run that is resumed, or
//! that another thread computes, has the same noise, and a neuron that is added moves no other value.
//!
//! Factors are log-normal with mean 1: a weight or a threshold never changes its sign by noise.

use crate::parameters::pure;
use crate::{DeviceModelError, Digest};
use chip::{ChipSpec, Fact};
use disorder::{Die, Distribution, Family, Key, Purpose, normal_deviate};
use fx::Real;
use lateness::Lateness;
use units::{CoreAddress, InputId, NeuronId, Tick};

mod lateness;
mod threshold;

pub use threshold::ThresholdNoise;

/// The noise of one run of a die.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noise {
    trial: u64,
    /// Roots of what is drawn for this trial.
    run_root: u64,
    event_root: u64,
    /// Each `None` where nothing changes.
    run_threshold: Option<Distribution>,
    run_weight: Option<Distribution>,
    event_weight: Option<Distribution>,
    event_threshold: Option<Distribution>,
    /// Most ticks by which an event is late.
    jitter_ticks: u16,
    lateness: Lateness,
}

/// A spike with noise of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event(u64);

impl Noise {
    /// The noise of trial `trial` of a die, after the budgets of the chip file.
    ///
    /// # Errors
    /// The chip has none, or a CV is impossible.
    pub(crate) fn new(spec: &ChipSpec, die: Die, trial: u64) -> Result<Self, DeviceModelError> {
        let Some(noise) = &spec.noise else { return Err(DeviceModelError::NoNoise { chip: spec.name.clone() }) };
        let distribution = |name: &str, fact: &Option<Fact>| {
            let cv = fact.as_ref().map_or(Ok(Real::ZERO), |fact| pure(name, fact))?;
            let made = (cv != Real::ZERO).then(|| Distribution::new(Family::LogNormal, cv, None)).transpose();
            made.map_err(|error| DeviceModelError::Mismatch { parameter: name.into(), error })
        };
        let jitter = noise.event_jitter_ticks.as_ref().and_then(Fact::count).unwrap_or(0);
        let root = |purpose| Key::new(die.root_seed, purpose).die(die.id).slot(trial).first_word();
        Ok(Self {
            trial,
            run_root: root(Purpose::RunNoise),
            event_root: root(Purpose::TemporalNoise),
            run_threshold: distribution("run_threshold_cv", &noise.run_threshold_cv)?,
            run_weight: distribution("run_weight_cv", &noise.run_weight_cv)?,
            event_weight: distribution("event_weight_cv", &noise.event_weight_cv)?,
            event_threshold: distribution("event_threshold_cv", &noise.event_threshold_cv)?,
            jitter_ticks: jitter.min(u16::MAX.into()) as u16,
            lateness: Lateness::new(noise)?,
        })
    }

    /// Which trial.
    pub const fn trial(&self) -> u64 {
        self.trial
    }

    /// The factor of the threshold of a neuron in this run.
    pub fn threshold_factor(&self, core: CoreAddress, neuron: NeuronId) -> Real {
        let key = Key::new(self.run_root, Purpose::RunNoise).core(core).neuron(neuron).name("threshold");
        factor(&self.run_threshold, key)
    }

    /// The factor of the weight of a synapse slot in this run.
    pub fn weight_factor(&self, core: CoreAddress, neuron: NeuronId, slot: u64) -> Real {
        let key = Key::new(self.run_root, Purpose::RunNoise).core(core).neuron(neuron).slot(slot).name("weight");
        factor(&self.run_weight, key)
    }

    /// Whether weights change between runs.
    pub const fn has_run_weights(&self) -> bool {
        self.run_weight.is_some()
    }

    /// Whether weights change between events.
    pub const fn has_event_weights(&self) -> bool {
        self.event_weight.is_some()
    }

    /// Whether thresholds change between the intervals from spike to spike.
    pub const fn has_event_thresholds(&self) -> bool {
        self.event_threshold.is_some()
    }

    /// Most ticks by which an event is late.
    pub const fn jitter_ticks(&self) -> u16 {
        self.jitter_ticks
    }

    /// The spikes that `input` is sent for tick `tick` in part `part` of the run.
    pub fn input_event(&self, part: u64, tick: Tick, input: InputId) -> Event {
        let key = Key::new(self.event_root, Purpose::TemporalNoise).name("input").slot(input.0.into());
        event(key, part, tick)
    }

    /// The spike of a neuron in tick `tick` of part `part` of the run.
    pub fn neuron_event(&self, part: u64, tick: Tick, core: CoreAddress, neuron: NeuronId) -> Event {
        event(Key::new(self.event_root, Purpose::TemporalNoise).core(core).neuron(neuron).name("neuron"), part, tick)
    }

    /// The ticks by which a spike is late, at all of its destinations: from 0 to [`Noise::jitter_ticks`].
    pub fn delay(&self, event: Event) -> u16 {
        if self.jitter_ticks == 0 {
            return 0;
        }
        self.lateness.ticks(Key::new(event.0, Purpose::TemporalNoise).name("jitter"), self.jitter_ticks)
    }

    /// The factor of the weight of a slot for one event; `repeat` counts the events that a channel sends for one tick.
    pub fn event_weight_factor(
        &self,
        event: Event,
        repeat: u32,
        core: CoreAddress,
        neuron: NeuronId,
        slot: u64,
    ) -> Real {
        let event = Key::new(event.0, Purpose::TemporalNoise).name("repeat").slot(repeat.into()).first_word();
        let key = Key::new(event, Purpose::TemporalNoise).core(core).neuron(neuron).slot(slot).name("weight");
        factor(&self.event_weight, key)
    }

    /// The factor of the threshold of a neuron in the interval between two of its spikes that begins with tick `begins`
    /// of part `part` of the run.
    pub fn event_threshold_factor(&self, part: u64, begins: Tick, core: CoreAddress, neuron: NeuronId) -> Real {
        let key = Key::new(self.event_root, Purpose::TemporalNoise).core(core).neuron(neuron).name("threshold");
        // The address of an interval is made as that of a spike.
        self.event_threshold.as_ref().map_or(Real::ONE, |d| d.factor(normal_deviate(event(key, part, begins).0)))
    }
}

impl Noise {
    /// A hash of all that decides the noise within a run: equal for runs whose events and intervals have equal noise.
    pub fn event_digest(&self) -> u64 {
        let mut digest = Digest::new();
        digest.push(self.event_root);
        digest.push(self.jitter_ticks.into());
        self.lateness.digest(&mut digest);
        // The family is fixed, so one value tells two spreads apart.
        let spread = |d: &Distribution| d.factor(Real::ONE).to_bits() as u64;
        digest.push(self.event_weight.as_ref().map_or(0, spread));
        // Only if there is some, so that snapshots from before it can be resumed.
        self.event_threshold.iter().for_each(|d| digest.push(spread(d)));
        digest.value()
    }
}

impl Event {
    /// The event as a number, to keep it in a snapshot.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The event of [`Event::to_bits`].
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

fn event(source: Key, part: u64, tick: Tick) -> Event {
    let source = source.first_word();
    let part = Key::new(source, Purpose::TemporalNoise).name("part").slot(part).first_word();
    Event(Key::new(part, Purpose::TemporalNoise).name("tick").slot(tick.0).first_word())
}

fn factor(distribution: &Option<Distribution>, key: Key) -> Real {
    distribution.as_ref().map_or(Real::ONE, |d| d.factor(normal_deviate(key.first_word())))
}

#[cfg(test)]
mod tests;
