//! How the inputs of a core are kept, as far as limits of a chip follow from it.
//!
//! A core keeps one lane of sums for each kind of synapse, with one place for each of its neurons. Which lane belongs
//! to which kind is the business of `device-models`; the numbers are here, because a chip that is valid must also run.

/// The lanes of a core are padded to a multiple of this many neurons, so that inner loops run over whole vectors.
pub const STRIDE_STEP: usize = 32;

/// Exponential synaptic currents that a neuron can have.
pub const CURRENTS_MAX: usize = 4;

/// Fraction bits of a sum of slices of weights.
pub const SLICE_FRACTION_BITS: u32 = 32;

/// The largest shift of a slice of a weight.
pub const SLICE_SHIFT_MAX: u8 = 48;

/// The shift of weights that are no slices: they have 20 fraction bits.
pub const PLAIN_SHIFT: u8 = (SLICE_FRACTION_BITS - fx::Weight::FRACTION_BITS) as u8;

/// Places of a core that a synapse can name.
pub const PLACES_MAX: usize = 1 << 16;

/// The largest exponent of the weights of a core of analog values, whose weights are units of 2^-20 times 2 to it.
pub const WEIGHT_EXPONENT_MAX: u8 = 20;

/// The least and the largest power of two that weights in a synapse memory are multiplied by.
pub const AXON_EXPONENTS: (i8, i8) = (-8, 7);

/// Neurons of a core with padding: the distance between two lanes.
pub const fn stride(neurons: usize) -> usize {
    neurons.next_multiple_of(STRIDE_STEP)
}

/// Places that `lanes` lanes of `neurons` neurons take. The core has at most [`PLACES_MAX`].
pub const fn places(neurons: usize, lanes: usize) -> usize {
    stride(neurons).saturating_mul(lanes)
}
