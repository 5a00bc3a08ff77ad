//! The whole state of an emulator between two ticks, as plain data.

mod waiting;

use crate::clock::due;
use crate::noise::EventNoise;
use crate::queue::Delivery;
use crate::{Emulator, EmulatorError};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, Program};
use device_models::{Core, CoreState, DieParameters, Digest};
use router::{Counters, FirstSaturation, LEVEL_MAX, SPIKES_PER_TICK_MAX};
use serde::{Deserialize, Serialize};
use units::{InputId, Tick};
use waiting::Waiting;

/// Version of the snapshot: a change of what it holds raises it, unless all that could be held before reads the same.
const VERSION: u32 = 6;

/// The state of an emulator between two ticks. A run that is resumed from it goes on exactly as the one it was taken
/// from.
///
/// It holds no connection and no parameter: to resume it, the same chip, program and die are needed, and their hashes
/// are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    fabric: u64,
    parameters: u64,
    now: Tick,
    chain: u64,
    cores: Vec<CoreState>,
    wake: Vec<Tick>,
    deliveries: Vec<(Tick, Delivery)>,
    inputs: Vec<(Tick, InputId, i32)>,
    levels: Vec<i64>,
    step_ticks: u64,
    sent: Vec<(Tick, InputId, i32)>,
    muted: Vec<bool>,
    counters: Counters,
    noise: Option<NoiseState>,
}

/// What a run with noise within it has besides: which noise, and which parts, each with its first tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NoiseState {
    digest: u64,
    parts: Vec<(Tick, u64)>,
}

impl NoiseState {
    fn of(noise: &EventNoise) -> Self {
        Self { digest: noise.digest(), parts: noise.parts().to_vec() }
    }
}

impl Snapshot {
    /// The tick at which it was taken.
    pub const fn now(&self) -> Tick {
        self.now
    }
}

impl Emulator {
    /// The state now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            version: VERSION,
            fabric: self.fabric.digest(),
            parameters: self.parameter_digest(),
            now: self.now,
            chain: self.chain.value(),
            cores: self.cores.iter().map(Core::save).collect(),
            wake: self.wake_of_state(),
            deliveries: self.queue.deliveries(self.now).collect(),
            inputs: self.queue.inputs().collect(),
            levels: self.levels.clone(),
            step_ticks: self.step_ticks,
            sent: self.sent.all().collect(),
            muted: self.muted.clone(),
            counters: self.counters.clone(),
            noise: self.noise.as_ref().map(NoiseState::of),
        }
    }

    /// An emulator that goes on where `snapshot` was taken.
    ///
    /// # Errors
    /// As [`Emulator::new`], and [`EmulatorError::Snapshot`] if the snapshot is from another version, program, chip or
    /// die, or does not fit together.
    pub fn resume(
        spec: &ChipSpec,
        program: &Program,
        die: &DieParameters,
        snapshot: &Snapshot,
    ) -> Result<Self, EmulatorError> {
        let wrong = |what| Err(EmulatorError::Snapshot { what });
        let mut emulator = Self::new(spec, program, die)?;
        if snapshot.version != VERSION {
            return wrong("it is from another version of quenched");
        }
        if snapshot.fabric != emulator.fabric.digest() {
            return wrong(if die.changes_weights() {
                "it was taken from another program, or with other weights: another die, setting or trial"
            } else {
                "it was taken from another program"
            });
        }
        if snapshot.step_ticks != emulator.step_ticks {
            return wrong("it was taken from a chip whose steps have another number of ticks");
        }
        if snapshot.parameters != emulator.parameter_digest() {
            return wrong("it was taken from another die, or with other parameters");
        }
        let now = snapshot.now;
        let lengths = snapshot.cores.len() == emulator.cores.len()
            && snapshot.wake.len() == emulator.wake.ticks().len()
            && snapshot.levels.len() == emulator.levels.len()
            && [0, emulator.fabric.routes().len()].contains(&snapshot.muted.len())
            && snapshot.counters.losses.core_count() == emulator.cores.len()
            && emulator.can_have_cut(snapshot.counters.first_saturation, snapshot.counters.saturations);
        if !lengths {
            return wrong("its lists have the wrong lengths");
        }
        if snapshot.wake.iter().any(|tick| *tick < now) {
            return wrong("a core is to be woken in the past");
        }
        let digest = |noise: Option<u64>| noise.unwrap_or(0);
        if digest(snapshot.noise.as_ref().map(|n| n.digest)) != digest(emulator.noise.as_ref().map(EventNoise::digest))
        {
            return wrong("it was taken from a run with other noise");
        }
        if let (Some(noise), Some(saved)) = (&mut emulator.noise, &snapshot.noise) {
            if !noise.restore_parts(&saved.parts, now) {
                return wrong("its parts are not those of a run");
            }
            // Before the cores take over their states, because their thresholds depend on it.
            let part = noise.part();
            emulator.tell_part(part);
        }
        let wake = snapshot.wake.iter().zip(&emulator.clocks);
        for ((core, state), (wake, clock)) in emulator.cores.iter_mut().zip(&snapshot.cores).zip(wake) {
            if !core.restore(state) {
                return wrong("the state of a core is not one that it can have");
            }
            if clock.due(*wake) != *wake {
                return wrong("a core is to be woken between its steps");
            }
            if core.wake_of_state().is_some_and(|tick| tick.max(now) != *wake) {
                return wrong("a core is to be woken at another time than its state says");
            }
            // What arrived in a step is used in its last tick.
            let (step_end, step_begins) = (clock.due(now), clock.has_just_acted(now));
            if core.is_touched() && (step_begins || *wake != step_end) {
                return wrong("a core holds input that it should have used");
            }
        }
        if snapshot.levels.iter().any(|level| level.unsigned_abs() > u64::from(LEVEL_MAX.unsigned_abs())) {
            return wrong("a channel has a level that it cannot have");
        }
        if !snapshot.counters.are_plausible() {
            return wrong("it counts more than a run can");
        }
        emulator.now = now;
        let mut waiting = Waiting::default();
        for &(tick, delivery) in &snapshot.deliveries {
            let near = tick >= now && tick.0 - now.0 <= emulator.queue.reach();
            if !near || delivery.row as usize >= emulator.fabric.row_count() {
                return wrong("an event waits for a time or a row that does not exist");
            }
            if !waiting.takes(&emulator, tick, delivery) {
                return wrong("it holds an event that could not have been sent");
            }
            emulator.queue.push(now, tick, delivery);
        }
        let unsent = || wrong("it holds an event that could not have been sent");
        for &(step_end, input, spikes) in &snapshot.sent {
            let fits = emulator.can_send(input, now, spikes) && step_end >= now;
            if !fits || emulator.step_ticks == 1 || due(step_end, emulator.step_ticks) != step_end {
                return unsent();
            }
            emulator.sent.set(step_end, input, spikes);
        }
        let mut waiting = BTreeMap::new();
        for &(tick, input, payload) in &snapshot.inputs {
            if !emulator.can_send(input, tick, payload) || tick < now {
                return unsent();
            }
            emulator.queue.set_input(tick, input, payload);
            if emulator.step_ticks > 1 && !emulator.is_graded_input(input) {
                *waiting.entry((due(tick, emulator.step_ticks), input)).or_insert(0i64) += i64::from(payload);
            }
        }
        if waiting.iter().any(|((step, input), spikes)| i64::from(emulator.sent.get(*step, *input)) < *spikes) {
            return unsent();
        }
        emulator.wake.restore(&snapshot.wake);
        emulator.levels.clone_from(&snapshot.levels);
        emulator.muted.clone_from(&snapshot.muted);
        emulator.counters = snapshot.counters.clone();
        emulator.chain = Digest::resume(snapshot.chain);
        Ok(emulator)
    }

    /// When each core is due. An asynchronous core may know better than its state tells, because it looked at neurons
    /// since their last events; that is not part of the state, so that a run and a resumed one save the same.
    fn wake_of_state(&self) -> Vec<Tick> {
        let cores = self.cores.iter().zip(self.wake.ticks());
        cores.map(|(core, tick)| core.wake_of_state().map_or(*tick, |of_state| of_state.max(self.now))).collect()
    }

    /// Whether `payload` can be the event of `input` for `tick`.
    fn can_send(&self, input: InputId, tick: Tick, payload: i32) -> bool {
        input.index() < self.levels.len()
            && tick != Tick::NEVER
            && if self.messages.get(input.index()) == Some(&true) {
                true
            } else if self.is_graded_input(input) {
                payload.unsigned_abs() <= LEVEL_MAX.unsigned_abs()
            } else {
                (1..=SPIKES_PER_TICK_MAX).contains(&payload)
            }
    }

    /// Whether `input` drives rate units.
    fn is_graded_input(&self, input: InputId) -> bool {
        self.fabric.input_model(input).is_some_and(CoreModel::is_graded)
    }

    /// Whether `first` can be the first of `count` saturations.
    fn can_have_cut(&self, first: Option<FirstSaturation>, count: u64) -> bool {
        first.is_none_or(|FirstSaturation { core, cut, .. }| {
            let core = self.cores.get(core as usize);
            count > 0 && core.is_some_and(|core| cut.neuron.index() < core.neuron_count())
        })
    }

    /// Hash of the parameters of all cores.
    fn parameter_digest(&self) -> u64 {
        let mut digest = Digest::new();
        for core in &self.cores {
            digest.push(core.parameter_digest());
        }
        digest.value()
    }
}
