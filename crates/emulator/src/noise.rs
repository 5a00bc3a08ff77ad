//! Noise within a run: events that are late, weights that differ from event to event, and which part of a run it is.
//!
//! A run without such noise has nothing of this. A run with noise of its events keeps its deliveries here instead of in
//! the queue, because each must remember which spike it belongs to: its noise is a function of that address, so nothing
//! but the list of deliveries has to be saved. Thresholds that change within a run are the cores' own; here is only the
//! part that they are told. Which models have which noise is checked here too: what a core would leave out is refused.

use crate::EmulatorError;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use chip::Program;
use device_models::{Event, Noise, PackedSynapse, scale_weight};
use router::RowView;
use serde::{Deserialize, Serialize};
use units::{CoreAddress, InputId, NeuronId, Tick};

/// A row of synapses that an event will reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NoisyDelivery {
    pub(crate) row: u32,
    pub(crate) payload: i32,
    /// [`Event::to_bits`].
    pub(crate) event: u64,
}

/// The noise within a run, and what is on its way.
#[derive(Clone, Debug)]
pub(crate) struct EventNoise {
    noise: Noise,
    /// Which part of the run this is; see [`crate::Emulator::set_part`].
    pub(crate) part: u64,
    /// By core of the program.
    addresses: Vec<CoreAddress>,
    pub(crate) waiting: BTreeMap<Tick, Vec<NoisyDelivery>>,
    row: Vec<PackedSynapse>,
}

impl EventNoise {
    /// The noise within a run that `noise` asks for; `None` if it asks for none.
    pub(crate) fn new(noise: Option<&Noise>, program: &Program) -> Option<Self> {
        let noise = noise.filter(|noise| changes_events(noise) || noise.has_event_thresholds())?;
        let addresses = program.cores.iter().map(|core| core.address).collect();
        Some(Self { noise: noise.clone(), part: 0, addresses, waiting: BTreeMap::new(), row: Vec::new() })
    }

    /// Whether events are late or have weights of their own, so that they must be kept here.
    pub(crate) const fn changes_events(&self) -> bool {
        changes_events(&self.noise)
    }

    /// The spikes of `input` for `tick`, and by how much they are late.
    pub(crate) fn input(&self, tick: Tick, input: InputId) -> (Event, u64) {
        let event = self.noise.input_event(self.part, tick, input);
        (event, self.noise.delay(event).into())
    }

    /// The spike of a neuron in `tick`, and by how much it is late.
    pub(crate) fn neuron(&self, tick: Tick, core: usize, neuron: NeuronId) -> (Event, u64) {
        let event = self.noise.neuron_event(self.part, tick, self.addresses[core], neuron);
        (event, self.noise.delay(event).into())
    }

    pub(crate) fn push(&mut self, tick: Tick, delivery: NoisyDelivery) {
        self.waiting.entry(tick).or_default().push(delivery);
    }

    /// The next tick for which something waits; [`Tick::NEVER`] if nothing does.
    pub(crate) fn next(&self) -> Tick {
        self.waiting.first_key_value().map_or(Tick::NEVER, |(tick, _)| *tick)
    }

    /// Takes the deliveries of `tick` out.
    pub(crate) fn take(&mut self, tick: Tick) -> Vec<NoisyDelivery> {
        self.waiting.remove(&tick).unwrap_or_default()
    }

    /// Hands `deliver` the rows of a delivery with the weights of each of its events, and how often each counts.
    /// Returns the number of weights that had to be cut at the end of 16 bits.
    pub(crate) fn rows(
        &mut self,
        row: RowView<'_>,
        stride: usize,
        delivery: NoisyDelivery,
        mut deliver: impl FnMut(&[PackedSynapse], i32),
    ) -> u64 {
        if !self.noise.has_event_weights() {
            deliver(row.synapses, delivery.payload);
            return 0;
        }
        let (event, core) = (Event::from_bits(delivery.event), self.addresses[row.core]);
        let mut cuts = 0;
        for repeat in 0..delivery.payload.unsigned_abs() {
            self.row.clear();
            for (synapse, &slot) in row.synapses.iter().zip(row.slots) {
                let neuron = NeuronId((synapse.target() % stride) as u16);
                let factor = self.noise.event_weight_factor(event, repeat, core, neuron, slot);
                let (weight, cut) = scale_weight(synapse.weight(), factor);
                cuts += u64::from(cut);
                self.row.push(PackedSynapse::new(synapse.target() as u16, weight));
            }
            deliver(&self.row, 1);
        }
        cuts
    }

    /// Most ticks by which an event is late.
    pub(crate) const fn jitter_ticks(&self) -> u16 {
        self.noise.jitter_ticks()
    }

    /// A hash of all that decides the noise within a run, for snapshots.
    pub(crate) fn digest(&self) -> u64 {
        self.noise.event_digest()
    }
}

/// Whether events are late or have weights of their own.
pub(crate) const fn changes_events(noise: &Noise) -> bool {
    noise.has_event_weights() || noise.jitter_ticks() > 0
}

/// Refuses noise within a run that a core of `program` would leave out, or that its model cannot have.
pub(crate) fn check(noise: &Noise, program: &Program) -> Result<(), EmulatorError> {
    for core in &program.cores {
        let (core, model) = (core.address, core.model);
        let has = model.facts().noise;
        if noise.has_event_weights() && model.is_graded() {
            return Err(EmulatorError::GradedEventNoise { core, model });
        }
        if noise.has_event_weights() && !has.event_weights || noise.jitter_ticks() > 0 && !has.late_events {
            return Err(EmulatorError::OrderedEventNoise { core, model });
        }
        if noise.has_event_thresholds() && !has.event_thresholds {
            return Err(EmulatorError::ThresholdNoise { core, model });
        }
    }
    Ok(())
}
