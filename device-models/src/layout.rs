//! Where the inputs of a core are summed, and the packed synapse that points there.
//!
//! A core keeps one *lane* of accumulators for each kind of synapse that its program uses; a lane has one place for
//! each neuron, padded to whole vectors. A synapse names its place by one 16-bit index over all lanes, so that a
//! delivery is a single addition and a kind that nobody uses costs neither memory nor time.

use crate::{DeviceModelError, any};
use alloc::vec::Vec;
use chip::{
    CURRENTS_MAX, ChipSpec, CoreModel, CoreProgram, Kinetics, PLACES_MAX, SynapseGate, SynapseSign, SynapseType,
};

/// A synapse as a core reads it: accumulator index in the low half, signed weight in the high half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct PackedSynapse(u32);

impl PackedSynapse {
    /// The synapse that adds `weight` at accumulator `target`.
    #[inline]
    pub const fn new(target: u16, weight: i16) -> Self {
        Self((weight as u16 as u32) << 16 | target as u32)
    }

    /// Index of the accumulator, as its model places it (see [`crate::CoreParameters::place`]).
    #[inline]
    pub const fn target(self) -> usize {
        (self.0 & 0xffff) as usize
    }

    /// The weight, in units of the core's weight step.
    #[inline]
    pub const fn weight(self) -> i32 {
        self.0 as i32 >> 16
    }
}

/// What the accumulators of a lane feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Membrane steps of every delta synapse without a gain parameter; inhibitory weights are negative here.
    Delta,
    /// Membrane steps of one kind of delta synapse with a gain parameter; inhibitory weights are negative here.
    ScaledDelta {
        /// Index of the kind in the chip spec.
        kind: u8,
    },
    /// Jumps of the synaptic current of one kind.
    Current {
        /// Index of the kind in the chip spec.
        kind: u8,
        /// Whether the current is subtracted from the membrane's input.
        inhibitory: bool,
    },
    /// The synapse circuit of a log-domain neuron.
    Gate {
        /// Which one.
        gate: SynapseGate,
        /// A weight of 1 is worth 2 to this, in units of 2^-32, before the weight exponent of the core.
        shift: u8,
    },
    /// The graded input of rate units through every kind without a gain parameter.
    Graded,
    /// The input of rate units outside their tanh, through every kind without a gain parameter.
    Linear,
    /// The graded input of rate units, inside or outside the tanh, through one kind with a gain parameter.
    ScaledGraded {
        /// Index of the kind in the chip spec.
        kind: u8,
    },
    /// The input of a neuron in a step, with a weight of its own.
    Slice {
        /// A weight of 1 is worth 2 to this, in units of 2^-32, before the weight exponent of the core.
        shift: u8,
    },
    /// The same, of events that carry numbers in units of 2^-20.
    Number {
        /// See [`Lane::Slice`].
        shift: u8,
    },
    /// The integers that arrive at an input register of digital neurons; inhibitory weights are negative here.
    Register {
        /// Which register.
        index: u8,
        /// The kind in the chip spec that alone feeds this lane, because its gain is the power of two that multiplies
        /// its sum; `None` for all kinds without a gain parameter.
        scaled: Option<u8>,
    },
}

/// The accumulators of one core: which lanes, how wide, and which lane each kind of synapse uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputLayout {
    model: CoreModel,
    neuron_count: usize,
    stride: usize,
    lanes: Vec<Lane>,
    /// By kind of the chip spec: its lane, and whether its weights are negated on the way in.
    kinds: Vec<Option<(u8, bool)>>,
}

impl InputLayout {
    /// The layout of `core` when the kinds of synapse in `used` (indices into the chip spec) have connections.
    ///
    /// # Errors
    /// A kind whose kinetics the core's model does not have, more than [`CURRENTS_MAX`] currents, or more
    /// accumulators than 16 bits can name.
    pub fn new(spec: &ChipSpec, core: &CoreProgram, used: &[bool]) -> Result<Self, DeviceModelError> {
        let neuron_count = core.neuron_count as usize;
        let stride = chip::stride(neuron_count);
        let in_use = |index: usize| used.get(index).copied().unwrap_or(false);
        let kinds_in_use = spec.synapses.iter().enumerate().filter(|(index, _)| in_use(*index)).map(|(_, kind)| kind);
        let mut lanes = any::fixed_lanes(core, kinds_in_use);
        let mut kinds = Vec::with_capacity(spec.synapses.len());
        for (index, kind) in spec.synapses.iter().enumerate() {
            if !in_use(index) {
                kinds.push(None);
                continue;
            }
            let Some((lane, negate)) = any::lane(core, index as u8, kind) else {
                let (core, kind, model) = (core.address, kind.name.clone(), core.model);
                return Err(DeviceModelError::Kinetics { core, kind, model });
            };
            let position = lanes.iter().position(|l| *l == lane).unwrap_or_else(|| {
                lanes.push(lane);
                lanes.len() - 1
            });
            kinds.push(Some((position as u8, negate)));
        }
        let currents = lanes.iter().filter(|l| matches!(l, Lane::Current { .. })).count();
        if currents > CURRENTS_MAX {
            return Err(DeviceModelError::TooManyCurrents { core: core.address, currents });
        }
        if chip::places(neuron_count, lanes.len()) > PLACES_MAX {
            return Err(DeviceModelError::TooManyAccumulators { core: core.address, neuron_count, lanes: lanes.len() });
        }
        Ok(Self { model: core.model, neuron_count, stride, lanes, kinds })
    }

    /// The equations of the core.
    pub const fn model(&self) -> CoreModel {
        self.model
    }

    /// Neurons in use.
    pub const fn neuron_count(&self) -> usize {
        self.neuron_count
    }

    /// Neurons with padding: the distance between the accumulators of one neuron in two lanes.
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// The lanes, in order.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Whether events that reach lane `lane` carry a number with a sign, which multiplies weights, instead of a number
    /// of spikes. Sums of such a lane wrap, as any number can arrive.
    ///
    /// # Panics
    /// If there is no such lane.
    pub fn takes_messages(&self, lane: usize) -> bool {
        any::takes_messages(self.model, self.lanes[lane])
    }

    /// The packed form of a synapse of kind `kind` onto `neuron`; `None` if the kind was not declared as used, or if
    /// the weight cannot be negated (-32768 of an inhibitory kind, whose weights are not negative anyway).
    ///
    /// # Panics
    /// If `neuron` is not below [`InputLayout::neuron_count`].
    pub fn pack(&self, kind: u8, neuron: usize, weight: i16) -> Option<PackedSynapse> {
        assert!(neuron < self.neuron_count, "neuron {neuron} of a core with {}", self.neuron_count);
        let (lane, negate) = (*self.kinds.get(usize::from(kind))?)?;
        let weight = if negate { weight.checked_neg()? } else { weight };
        let target = any::place(self, usize::from(lane), neuron);
        Some(PackedSynapse::new(target as u16, weight))
    }
}

/// The lane of a kind of synapse of leaky integrate-and-fire neurons, and whether its weights are negated.
pub(crate) fn integrator_lane(kind: u8, synapse: &SynapseType) -> Option<(Lane, bool)> {
    let inhibitory = synapse.sign == SynapseSign::Inhibitory;
    match (&synapse.kinetics, &synapse.gain) {
        (Kinetics::Delta, None) => Some((Lane::Delta, inhibitory)),
        (Kinetics::Delta, Some(_)) => Some((Lane::ScaledDelta { kind }, inhibitory)),
        (Kinetics::Exponential { .. }, _) => Some((Lane::Current { kind, inhibitory }, false)),
        _ => None,
    }
}

/// The lane of a kind of synapse that feeds an input register of digital neurons with `registers` of them, and whether
/// its weights are negated.
pub(crate) fn register_lane(registers: u8, synapse: &SynapseType) -> Option<(Lane, bool)> {
    match (&synapse.kinetics, &synapse.gain) {
        (&Kinetics::Register { index }, None) if index < registers => {
            Some((Lane::Register { index, scaled: None }, synapse.sign == SynapseSign::Inhibitory))
        }
        _ => None,
    }
}
