//! Noise within a run: events that are late, weights that differ from event to event, and which part of a run it is.
//!
//! A run without such noise has nothing of this. Noise is a function of the event's address (source, tick, part), and a
//! delivery keeps the first two, so nothing but the parts has to be remembered here. Thresholds that change within a
//! run are the cores' own; here is only the part that they are told. Which models have which noise is checked here too:
//! what a core would leave out is refused.

use crate::EmulatorError;
use alloc::vec;
use alloc::vec::Vec;
use chip::{Program, Source};
use device_models::{Cut, CutQuantity, Event, Noise, PackedSynapse, scale_weight};
use router::RowView;
use units::{CoreAddress, NeuronId, Tick};

/// Weights of an event that were cut: how many, and the first.
pub(crate) struct WeightCuts {
    pub(crate) count: u64,
    pub(crate) first: Option<Cut>,
}

/// The noise within a run.
#[derive(Clone, Debug)]
pub(crate) struct EventNoise {
    noise: Noise,
    /// The parts of the run (see [`crate::Emulator::set_part`]) of which events can still be on their way, each with
    /// its first tick; the last is the present one.
    parts: Vec<(Tick, u64)>,
    /// Room for a row with the weights of one event.
    row: Vec<PackedSynapse>,
}

impl EventNoise {
    /// The noise within a run that `noise` asks for; `None` if it asks for none.
    pub(crate) fn new(noise: Option<&Noise>) -> Option<Self> {
        let noise = noise.filter(|noise| changes_events(noise) || noise.has_event_thresholds())?;
        Some(Self { noise: noise.clone(), parts: vec![(Tick(0), 0)], row: Vec::new() })
    }

    /// The present part.
    pub(crate) fn part(&self) -> u64 {
        self.parts[self.parts.len() - 1].1
    }

    /// The parts of which something can still be on its way, each with its first tick.
    pub(crate) fn parts(&self) -> &[(Tick, u64)] {
        &self.parts
    }

    /// Takes over saved parts; `false`, with nothing changed, if no run up to tick `now` can have had them.
    #[must_use]
    pub(crate) fn restore_parts(&mut self, parts: &[(Tick, u64)], now: Tick) -> bool {
        let fits = parts.last().is_some_and(|(begins, _)| *begins <= now)
            && parts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if fits {
            self.parts = parts.to_vec();
        }
        fits
    }

    /// Part `part` begins with tick `now`. Events that take up to `reach` ticks may still be those of earlier parts.
    pub(crate) fn begin_part(&mut self, part: u64, now: Tick, reach: u64) {
        self.parts.retain(|(begins, _)| *begins < now);
        self.parts.push((now, part));
        // A part is over when all that was sent before the next one began has arrived.
        let over = self.parts.windows(2).take_while(|pair| pair[1].0.0.saturating_add(reach) < now.0).count();
        self.parts.drain(..over);
    }

    /// Ticks start anew, in the present part.
    pub(crate) fn restart(&mut self) {
        self.parts = vec![(Tick(0), self.part())];
    }

    /// The event that `source` sent in tick `sent`.
    fn event(&self, source: Source, sent: Tick) -> Event {
        let part = self.parts[self.parts.partition_point(|(begins, _)| *begins <= sent).saturating_sub(1)].1;
        match source {
            Source::Input(input) => self.noise.input_event(part, sent, input),
            Source::Neuron(address) => self.noise.neuron_event(part, sent, address.core, address.neuron),
        }
    }

    /// Ticks by which the event that `source` sends in tick `sent` is late at all of its destinations.
    pub(crate) fn late(&self, source: Source, sent: Tick) -> u64 {
        if self.noise.jitter_ticks() == 0 { 0 } else { self.noise.delay(self.event(source, sent)).into() }
    }

    /// Whether each event has weights of its own.
    #[inline]
    pub(crate) const fn has_weights(&self) -> bool {
        self.noise.has_event_weights()
    }

    /// Hands `deliver` the row with the weights of each of the `times` events that `source` sent in tick `sent`.
    /// Returns the weights that had to be cut at the end of 16 bits.
    pub(crate) fn rows(
        &mut self,
        (source, sent): (Source, Tick),
        times: u32,
        row: RowView<'_>,
        (core, stride): (CoreAddress, usize),
        mut deliver: impl FnMut(&[PackedSynapse]),
    ) -> WeightCuts {
        let event = self.event(source, sent);
        let mut cuts = WeightCuts { count: 0, first: None };
        for repeat in 0..times {
            self.row.clear();
            for (synapse, &slot) in row.synapses.iter().zip(row.slots) {
                let neuron = NeuronId((synapse.target() % stride) as u16);
                let factor = self.noise.event_weight_factor(event, repeat, core, neuron, slot);
                let (weight, cut) = scale_weight(synapse.weight(), factor);
                if cut {
                    cuts.count += 1;
                    cuts.first.get_or_insert(Cut { neuron, quantity: CutQuantity::Weight });
                }
                self.row.push(PackedSynapse::new(synapse.target() as u16, weight));
            }
            deliver(&self.row);
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
const fn changes_events(noise: &Noise) -> bool {
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
