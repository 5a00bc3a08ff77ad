//! Slow, independent references: what the emulator must equal bit for bit.
//!
//! [`Oracle`] runs a program as its memories stand there, tick by tick, event by event, neuron by neuron, in 128-bit
//! integers: no packed row, no lane, no queue of buckets, no sleeping core, no saturating shortcut. Clocked
//! cores are stepped in every tick that is a multiple of the chip's step. The built integer parameters of a core are
//! taken as given ([`LifNeuron`], [`AnalogNeuron`], [`RateUnit`]); whether these are right is tested apart, against
//! floating point ([`float`]). It deliberately shares no code with the emulator, the router or the core models.

mod analog;
mod core_state;
pub mod cuba;
pub mod dpi;
pub mod float;
pub mod flows;
pub mod graph;
mod intervals;
pub mod loihi;
mod routing;
mod slots;
pub mod xylo;

pub use analog::{AnalogCurrent, AnalogNeuron, Rate};
pub use core_state::{CoreOracle, Current, Factor, LifNeuron, RateUnit};
pub use intervals::Intervals;
pub use routing::{Arrival, Sent};
pub use slots::{DieOracle, Slot};

use chip::{ChipSpec, Program, Source};
use std::collections::BTreeMap;
use units::{InputId, NeuronAddress, NeuronId, Quantity, Unit};

/// What a run counts; the same meanings as in the router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spikes or graded events.
    pub spikes: u64,
    /// Events that sources sent.
    pub sent: u64,
    /// Broadcasts that reached a synapse.
    pub delivered: u64,
    /// Broadcasts that nobody answered.
    pub unmatched: u64,
    /// Events that left the board.
    pub off_board: u64,
    /// Broadcasts in cores that are not in use.
    pub unused_core: u64,
    /// Synapses that an event went through.
    pub synaptic_operations: u64,
    /// States that were cut.
    pub saturations: u64,
}

/// A spike, or a change of a graded output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OracleSpike {
    /// When.
    pub tick: u64,
    /// Index of the core in the program.
    pub core: usize,
    /// The neuron.
    pub neuron: u16,
    /// 1, or the new level.
    pub value: i128,
}

/// A program with its state.
pub struct Oracle<'a> {
    spec: &'a ChipSpec,
    program: &'a Program,
    die: Option<DieOracle<'a>>,
    /// State of each core.
    pub cores: Vec<CoreOracle>,
    arrivals: BTreeMap<u64, Vec<Arrival>>,
    inputs: BTreeMap<u64, BTreeMap<InputId, i128>>,
    now: u64,
    /// What happened.
    pub counts: Counts,
}

impl<'a> Oracle<'a> {
    /// `program` with the given parameters, one entry a core.
    pub fn new(spec: &'a ChipSpec, program: &'a Program, cores: Vec<CoreOracle>) -> Self {
        assert_eq!(cores.len(), program.cores.len());
        let (arrivals, inputs) = (BTreeMap::new(), BTreeMap::new());
        Self { spec, program, die: None, cores, arrivals, inputs, now: 0, counts: Counts::default() }
    }

    /// The same with the weights of a die.
    #[must_use]
    pub fn on_die(self, die: DieOracle<'a>) -> Self {
        Self { die: Some(die), ..self }
    }

    /// An event of `input` for `tick`; events of one channel for one tick add up.
    pub fn send(&mut self, input: InputId, tick: u64, payload: i128) {
        *self.inputs.entry(tick).or_default().entry(input).or_default() += payload;
    }

    /// Every tick before `end`, one by one.
    pub fn run_until(&mut self, end: u64) -> Vec<OracleSpike> {
        let mut spikes = Vec::new();
        while self.now < end {
            self.step(&mut spikes);
            self.now += 1;
        }
        spikes
    }

    fn step(&mut self, spikes: &mut Vec<OracleSpike>) {
        let tick = self.now;
        for (input, payload) in self.inputs.remove(&tick).unwrap_or_default() {
            // An event sent for this tick behaves as if its source had spiked one tick earlier.
            if payload != 0 {
                self.emit(Source::Input(input), payload, i128::from(tick) - 1);
            }
        }
        for arrival in self.arrivals.remove(&tick).unwrap_or_default() {
            self.counts.synaptic_operations += arrival.operations;
            self.cores[arrival.core].receive(arrival.neuron, arrival.kind, arrival.weight * arrival.payload);
        }
        let mut sent = Vec::new();
        let step = self.spec.step.as_ref().map_or(1, |step| {
            let ms = |q: Quantity| q.to_bits(Unit::MILLISECOND, 32).expect("steps of tests have few digits");
            u64::try_from(ms(step.quantity) / ms(self.spec.tick.quantity)).expect("times are positive")
        });
        for (index, core) in self.cores.iter_mut().enumerate() {
            if self.program.cores[index].model.is_clocked() && !tick.is_multiple_of(step) {
                continue;
            }
            let (emissions, cuts) = core.step(self.spec, tick, step);
            self.counts.saturations += cuts;
            for (neuron, value, payload) in emissions {
                spikes.push(OracleSpike { tick, core: index, neuron, value });
                let core = self.program.cores[index].address;
                sent.push((Source::Neuron(NeuronAddress { core, neuron: NeuronId(neuron) }), payload));
            }
        }
        self.counts.spikes += sent.len() as u64;
        for (source, payload) in sent {
            self.emit(source, payload, i128::from(tick));
        }
    }

    /// Sends an event of `source` that happened at `tick` (which is -1 for inputs of tick 0).
    fn emit(&mut self, source: Source, payload: i128, tick: i128) {
        let sent = routing::follow(self.spec, self.program, self.die.as_ref(), source, payload);
        let times = sent.times;
        self.counts.sent += sent.events * times;
        self.counts.delivered += sent.delivered * times;
        self.counts.unmatched += sent.unmatched * times;
        self.counts.off_board += sent.off_board * times;
        self.counts.unused_core += sent.unused_core * times;
        for (delay, arrival) in sent.arrivals {
            let at = u64::try_from(tick + i128::from(delay)).expect("delays are at least 1");
            self.arrivals.entry(at).or_default().push(arrival);
        }
    }
}
