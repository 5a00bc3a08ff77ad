//! The parameters of a core, and the checks that they pass before a core is made of them.

use super::error::NEURON_LIMIT;
use super::{CURRENTS_MAX, DASH_MAX, SHIFT_MAX, XyloError, XyloGroup, XyloMatrixId, XyloRules};
use alloc::vec::Vec;

/// Parameters of a hidden neuron.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XyloHidden {
    /// Decay shift of the membrane, 0 to 15.
    pub dash_mem: u8,
    /// Decay shift of each synaptic current, 0 to 15; those of currents that the core does not have are not used.
    pub dash_syn: [u8; CURRENTS_MAX],
    /// Threshold. One that is not positive makes the neuron fire to the cap in each step in which it is reached.
    pub threshold: i16,
    /// Constant input; 0 where the core has no biases.
    pub bias: i16,
    /// Neurons to whose counts its spikes are added, in this order.
    pub aliases: Vec<u32>,
}

/// Parameters of an output neuron, which has one synaptic current.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XyloOutput {
    /// Decay shift of the membrane, 0 to 15.
    pub dash_mem: u8,
    /// Decay shift of the synaptic current, 0 to 15.
    pub dash_syn: u8,
    /// Threshold.
    pub threshold: i16,
    /// Constant input; 0 where the core has no biases.
    pub bias: i16,
}

/// A synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XyloSynapse {
    /// The channel or hidden neuron at which it starts.
    pub pre: u32,
    /// The neuron at which it ends.
    pub post: u32,
    /// The synaptic current that it feeds: 0 or 1 of a hidden neuron, 0 of an output neuron.
    pub current: u8,
    /// The weight, before the shift of the matrix.
    pub weight: i8,
}

/// A weight matrix. The order of synapses with the same `pre` is the order of delivery, which saturation makes visible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XyloMatrix {
    /// Every weight is shifted left by this: 0 to 15 here, 0 to 7 on the chips.
    pub shift: u8,
    /// The synapses. Two between the same ends are two synapses.
    pub synapses: Vec<XyloSynapse>,
}

/// Everything that a core is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyloParameters {
    /// Version of the rules.
    pub rules: XyloRules,
    /// Number of input channels.
    pub input_count: usize,
    /// Synaptic currents of each hidden neuron: 1 or 2.
    pub currents: usize,
    /// Whether the core has biases; only under rules V2. A core that has biases reports hibernation one step late, even
    /// if all of them are 0.
    pub has_bias: bool,
    /// Hidden neurons, in order.
    pub hidden: Vec<XyloHidden>,
    /// Output neurons, in order.
    pub output: Vec<XyloOutput>,
    /// From input channels to hidden neurons.
    pub input_weights: XyloMatrix,
    /// From hidden neurons to hidden neurons.
    pub recurrent_weights: XyloMatrix,
    /// From hidden neurons to output neurons.
    pub output_weights: XyloMatrix,
}

impl XyloParameters {
    /// Checks every value against its range and every id against what there is.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn validate(&self) -> Result<(), XyloError> {
        if !(1..=CURRENTS_MAX).contains(&self.currents) {
            return Err(XyloError::CurrentCount { found: self.currents });
        }
        for (layer, found) in [(XyloGroup::Hidden, self.hidden.len()), (XyloGroup::Output, self.output.len())] {
            if found > NEURON_LIMIT {
                return Err(XyloError::TooManyNeurons { layer, found, limit: NEURON_LIMIT });
            }
        }
        if self.has_bias && self.rules == XyloRules::V1 {
            return Err(XyloError::BiasInV1);
        }
        for (neuron, p) in self.hidden.iter().enumerate() {
            self.neuron(XyloGroup::Hidden, neuron, p.bias, p.dash_syn[..self.currents].iter().chain([&p.dash_mem]))?;
            if let Some(&alias) = p.aliases.iter().find(|&&a| a as usize >= self.hidden.len()) {
                return Err(XyloError::Alias { neuron, alias, count: self.hidden.len() });
            }
        }
        for (neuron, p) in self.output.iter().enumerate() {
            self.neuron(XyloGroup::Output, neuron, p.bias, [&p.dash_syn, &p.dash_mem].into_iter())?;
        }
        let (input, hidden, output) = (
            (XyloGroup::Input, self.input_count),
            (XyloGroup::Hidden, self.hidden.len()),
            (XyloGroup::Output, self.output.len()),
        );
        matrix(XyloMatrixId::Input, &self.input_weights, input, hidden, self.currents)?;
        matrix(XyloMatrixId::Recurrent, &self.recurrent_weights, hidden, hidden, self.currents)?;
        matrix(XyloMatrixId::Output, &self.output_weights, hidden, output, 1)
    }

    fn neuron<'a>(
        &self,
        layer: XyloGroup,
        neuron: usize,
        bias: i16,
        mut dashes: impl Iterator<Item = &'a u8>,
    ) -> Result<(), XyloError> {
        if let Some(&dash) = dashes.find(|&&d| d > DASH_MAX) {
            return Err(XyloError::Dash { layer, neuron, dash });
        }
        if bias != 0 && !self.has_bias {
            return Err(XyloError::UnusedBias { layer, neuron, bias });
        }
        Ok(())
    }
}

fn matrix(
    matrix: XyloMatrixId,
    weights: &XyloMatrix,
    (from, pre_count): (XyloGroup, usize),
    (to, post_count): (XyloGroup, usize),
    currents: usize,
) -> Result<(), XyloError> {
    if weights.shift > SHIFT_MAX {
        return Err(XyloError::Shift { matrix, shift: weights.shift });
    }
    if u32::try_from(weights.synapses.len()).is_err() {
        return Err(XyloError::TooManySynapses { matrix, found: weights.synapses.len() });
    }
    for (index, synapse) in weights.synapses.iter().enumerate() {
        if synapse.pre as usize >= pre_count {
            return Err(XyloError::Pre { matrix, index, layer: from, pre: synapse.pre, count: pre_count });
        }
        if synapse.post as usize >= post_count {
            return Err(XyloError::Post { matrix, index, layer: to, post: synapse.post, count: post_count });
        }
        if usize::from(synapse.current) >= currents {
            return Err(XyloError::Current { matrix, index, current: synapse.current, count: currents });
        }
    }
    Ok(())
}
