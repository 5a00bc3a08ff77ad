//! Who watches a run, and what there is to see.

use crate::LossCause;
use alloc::vec::Vec;
use chip::Source;
use router::RowView;
use units::{NeuronId, Tick};

/// Watches a run. Every method does nothing unless it is written, and costs nothing then.
///
/// Calls come in the order of a tick: everything that arrives (`deliver`), then core after core what it sends (`emit`,
/// `lose`) and that it was advanced (`advance`). Losses of input channels come with what arrives. An observer cannot
/// change a run.
pub trait Observer {
    /// A neuron of core `core` (index into the program's cores) spiked: `value` is the number of its spikes, which is 1
    /// unless its model can spike several times in a tick; or a graded unit changed its output: `value` is the new
    /// level, with 16 fraction bits.
    #[inline]
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        let _ = (tick, core, neuron, value);
    }

    /// An event reached a row of synapses.
    #[inline]
    fn deliver(&mut self, arrival: &Arrival<'_>) {
        let _ = arrival;
    }

    /// Core `core` was brought to the end of tick `tick`, which touched `neurons` of its neurons.
    #[inline]
    fn advance(&mut self, tick: Tick, core: usize, neurons: usize) {
        let _ = (tick, core, neurons);
    }

    /// Events that `source` sent in tick `tick` will not arrive.
    #[inline]
    fn lose(&mut self, tick: Tick, source: Source, cause: LossCause, count: u64) {
        let _ = (tick, source, cause, count);
    }

    /// Whether [`Observer::deliver`] wants to be called; otherwise nobody looks up where events come from.
    #[inline]
    fn wants_arrivals(&self) -> bool {
        false
    }
}

/// An event that reached a row of synapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// When.
    pub tick: Tick,
    /// Who sent it.
    pub source: Source,
    /// When it was sent.
    pub sent: Tick,
    /// The number of spikes, or the change of a level in units of 2^-16.
    pub payload: i32,
    /// The row: where it ends and what its synapses weigh. Noise of single events is not in these weights.
    pub row: RowView<'a>,
}

/// Watches nothing.
impl Observer for () {}

/// A spike as a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spike {
    /// When.
    pub tick: Tick,
    /// Index of the core in the program.
    pub core: usize,
    /// The neuron.
    pub neuron: NeuronId,
    /// The number of spikes, or the new output level of a graded unit with 16 fraction bits.
    pub value: i32,
}

/// Keeps every spike, in order of tick, core and neuron.
impl Observer for Vec<Spike> {
    #[inline]
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.push(Spike { tick, core, neuron, value });
    }
}

/// Hands every spike to a function.
pub struct Each<F: FnMut(Spike)>(pub F);

impl<F: FnMut(Spike)> Observer for Each<F> {
    #[inline]
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        (self.0)(Spike { tick, core, neuron, value });
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    #[inline]
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        (**self).emit(tick, core, neuron, value);
    }

    #[inline]
    fn deliver(&mut self, arrival: &Arrival<'_>) {
        (**self).deliver(arrival);
    }

    #[inline]
    fn advance(&mut self, tick: Tick, core: usize, neurons: usize) {
        (**self).advance(tick, core, neurons);
    }

    #[inline]
    fn lose(&mut self, tick: Tick, source: Source, cause: LossCause, count: u64) {
        (**self).lose(tick, source, cause, count);
    }

    #[inline]
    fn wants_arrivals(&self) -> bool {
        (**self).wants_arrivals()
    }
}

/// An observer that may not be there.
impl<O: Observer> Observer for Option<O> {
    #[inline]
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        if let Some(observer) = self {
            observer.emit(tick, core, neuron, value);
        }
    }

    #[inline]
    fn deliver(&mut self, arrival: &Arrival<'_>) {
        if let Some(observer) = self {
            observer.deliver(arrival);
        }
    }

    #[inline]
    fn advance(&mut self, tick: Tick, core: usize, neurons: usize) {
        if let Some(observer) = self {
            observer.advance(tick, core, neurons);
        }
    }

    #[inline]
    fn lose(&mut self, tick: Tick, source: Source, cause: LossCause, count: u64) {
        if let Some(observer) = self {
            observer.lose(tick, source, cause, count);
        }
    }

    #[inline]
    fn wants_arrivals(&self) -> bool {
        self.as_ref().is_some_and(Observer::wants_arrivals)
    }
}

/// Two observers of one run.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.0.emit(tick, core, neuron, value);
        self.1.emit(tick, core, neuron, value);
    }

    #[inline]
    fn deliver(&mut self, arrival: &Arrival<'_>) {
        self.0.deliver(arrival);
        self.1.deliver(arrival);
    }

    #[inline]
    fn advance(&mut self, tick: Tick, core: usize, neurons: usize) {
        self.0.advance(tick, core, neurons);
        self.1.advance(tick, core, neurons);
    }

    #[inline]
    fn lose(&mut self, tick: Tick, source: Source, cause: LossCause, count: u64) {
        self.0.lose(tick, source, cause, count);
        self.1.lose(tick, source, cause, count);
    }

    #[inline]
    fn wants_arrivals(&self) -> bool {
        self.0.wants_arrivals() || self.1.wants_arrivals()
    }
}
