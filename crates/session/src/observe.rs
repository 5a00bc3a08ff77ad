//! Observers of a run.

use emulator::Sink;
use units::{NeuronId, Tick};

/// Two observers, one after the other.
pub struct Both<'a, A, B>(pub &'a mut A, pub &'a mut B);

impl<A: Sink, B: Sink> Sink for Both<'_, A, B> {
    #[inline]
    fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.0.spike(tick, core, neuron, value);
        self.1.spike(tick, core, neuron, value);
    }
}
