//! What a run counts. Nothing that is lost is lost silently.

use alloc::vec::Vec;
use device_models::Cut;
use serde::{Deserialize, Serialize};
use units::Tick;

/// Why an event did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LossCause {
    /// Its hop led to a place of the board where there is no chip.
    OffBoard,
    /// It reached a chip, but a core of its mask is not in use, so there is nobody to hear it.
    UnusedCore,
    /// Its input channel had sent as many in the same tick already as the chip counts.
    InputCap,
}

impl LossCause {
    /// Every cause, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::OffBoard, Self::UnusedCore, Self::InputCap];

    /// Name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OffBoard => "off board",
            Self::UnusedCore => "unused core",
            Self::InputCap => "input cap",
        }
    }
}

/// Events lost, by cause and by the core that sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// One row a core of the program, then one for the input channels.
    rows: Vec<[u64; LossCause::ALL.len()]>,
}

impl Losses {
    /// A table of zeros for a program with `core_count` cores.
    pub fn new(core_count: usize) -> Self {
        Self { rows: alloc::vec![[0; LossCause::ALL.len()]; core_count + 1] }
    }

    /// Adds `count` losses of events sent by `core` (index into the program's cores), or by the host if `None`.
    pub fn add(&mut self, core: Option<usize>, cause: LossCause, count: u64) {
        let row = core.unwrap_or(self.rows.len() - 1);
        self.rows[row][cause as usize] += count;
    }

    /// Losses of events sent by `core`, or by the host if `None`.
    pub fn of(&self, core: Option<usize>, cause: LossCause) -> u64 {
        self.rows[core.unwrap_or(self.rows.len() - 1)][cause as usize]
    }

    /// Losses by one cause.
    pub fn by_cause(&self, cause: LossCause) -> u64 {
        self.rows.iter().map(|row| row[cause as usize]).sum()
    }

    /// Number of cores of the program.
    pub fn core_count(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// All losses.
    pub fn total(&self) -> u64 {
        self.rows.iter().flatten().sum()
    }
}

/// A number that was cut at the end of its format, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSaturation {
    /// The tick.
    pub tick: Tick,
    /// Index of the core in the program.
    pub core: u32,
    /// Which number of the core.
    pub cut: Cut,
}

/// What a run counts.
///
/// An event is sent once for each destination that its source names (a row of the ideal router, an SRAM word, a host
/// event), and then broadcast in one or several cores. Each broadcast ends as delivered, unmatched or lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Events that input channels were given.
    pub inputs: u64,
    /// Spikes, or changes of a graded output.
    pub spikes: u64,
    /// Events sent: one for each destination of each input and spike.
    pub events_sent: u64,
    /// Broadcasts that reached at least one synapse, counted on arrival.
    pub events_delivered: u64,
    /// Broadcasts that no CAM word of the core answered, counted when sent.
    pub unmatched_broadcasts: u64,
    /// Synapses that an event went through, counted on arrival.
    pub synaptic_operations: u64,
    /// Times that a state, or an input before its gain, had to be cut at the end of its format.
    pub saturations: u64,
    /// The first of them, where the model of the core knows which it was.
    pub first_saturation: Option<FirstSaturation>,
    /// Neurons advanced: all of a clocked core in a step, unless it sleeps; of an asynchronous core those that
    /// something reached and did not leave as they were, or that crossed their threshold.
    pub neuron_updates: u64,
    /// Events that did not arrive, counted when sent.
    pub losses: Losses,
}

impl Counters {
    /// Whether a run can have counted this much, so that it can go on counting.
    pub fn are_plausible(&self) -> bool {
        let counts = [
            self.inputs,
            self.spikes,
            self.events_sent,
            self.events_delivered,
            self.unmatched_broadcasts,
            self.synaptic_operations,
            self.saturations,
            self.neuron_updates,
        ];
        // A machine that counts 2^32 a second needs 18 years to come here.
        let most = 1 << 62;
        let lost = self.losses.rows.iter().flatten().try_fold(0u64, |sum, count| sum.checked_add(*count));
        counts.iter().all(|count| *count <= most) && lost.is_some_and(|lost| lost <= most)
    }

    /// All zero, for a program with `core_count` cores.
    pub fn new(core_count: usize) -> Self {
        Self { losses: Losses::new(core_count), ..Self::default() }
    }

    /// Counts what core `core` (index into the program) cut in `tick`. `first` tells the first of it.
    #[inline]
    pub fn saturate(&mut self, tick: Tick, core: usize, count: u64, first: impl FnOnce() -> Option<Cut>) {
        if count == 0 {
            return;
        }
        self.saturations += count;
        if self.first_saturation.is_none() {
            self.first_saturation = first().map(|cut| FirstSaturation { tick, core: core as u32, cut });
        }
    }
}
