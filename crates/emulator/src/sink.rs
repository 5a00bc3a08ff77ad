//! Where spikes go.

use alloc::vec::Vec;
use units::{NeuronId, Tick};

/// Receives every spike of a run, in order of tick, core and neuron.
pub trait Sink {
    /// A neuron of core `core` (index into the program's cores) spiked: `value` is the number of its spikes, which is 1
    /// except on Xylo; or a rate unit changed its output: `value` is the new level, with 16 fraction bits.
    fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32);
}

/// Drops everything.
impl Sink for () {
    #[inline]
    fn spike(&mut self, _: Tick, _: usize, _: NeuronId, _: i32) {}
}

/// A spike as a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spike {
    /// When.
    pub tick: Tick,
    /// Index of the core in the program.
    pub core: usize,
    /// The neuron.
    pub neuron: NeuronId,
    /// The number of spikes, or the new output level of a rate unit with 16 fraction bits.
    pub value: i32,
}

/// Keeps everything.
impl Sink for Vec<Spike> {
    #[inline]
    fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.push(Spike { tick, core, neuron, value });
    }
}

/// Hands every spike to a function.
pub struct Each<F: FnMut(Spike)>(pub F);

impl<F: FnMut(Spike)> Sink for Each<F> {
    #[inline]
    fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        (self.0)(Spike { tick, core, neuron, value });
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    #[inline]
    fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        (**self).spike(tick, core, neuron, value);
    }
}
