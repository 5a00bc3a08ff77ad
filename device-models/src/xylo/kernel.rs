//! A layer as a core of an event kernel.

use super::firing::{Hidden, Output};
use super::layer::{BLOCK, Layer, Neuron};
use super::{XyloError, XyloGroup, XyloLayerParameters, XyloSpikes};
use crate::{CoreState, DeviceModelError, Digest, Emission, PackedSynapse, ProbeKind};
use alloc::vec::Vec;
use units::{CoreAddress, NeuronId};

/// Synapses of a row for each block of the layer from which on it costs less to wake all blocks than to find out which.
const WAKE_ALL: usize = 2;

/// The hidden or the output layer of a Xylo chip: parameters and state.
///
/// The kernel delivers in the order of Xylo: input channels, then the spikes of the last step by neuron. It keeps the
/// spikes on their way, so the state is currents and membranes alone.
#[derive(Clone, Debug)]
pub struct XyloLayerCore {
    parameters: XyloLayerParameters,
    neurons: Neurons,
    emissions: Vec<Emission>,
}

#[derive(Clone, Debug)]
enum Neurons {
    Hidden(Hidden),
    Output(Output),
}

impl XyloLayerCore {
    /// A layer with all currents and membranes at 0, and without aliases.
    pub fn new(parameters: XyloLayerParameters) -> Self {
        let currents = parameters.layout().lanes().len();
        let neurons = parameters.neurons().iter().map(|n| Neuron {
            dash_mem: n.dash_mem,
            dash_syn: &n.dash_syn,
            threshold: n.threshold,
            bias: n.bias,
        });
        let layer = Layer::new(parameters.neurons().len(), currents, neurons);
        let neurons = match parameters.group() {
            XyloGroup::Output => Neurons::Output(Output::new(layer)),
            _ => Neurons::Hidden(Hidden::new(layer, parameters.neurons().iter().map(|n| &n.aliases[..]))),
        };
        Self { parameters, neurons, emissions: Vec::new() }
    }

    /// Gives each hidden neuron the neurons to whose counts its spikes are added; an empty list means none at all. An
    /// output layer passes over it. The layer is in its initial state afterwards.
    ///
    /// # Errors
    /// Another number of lists than neurons, or an alias that is no neuron of the layer; nothing is changed then.
    pub fn set_aliases(&mut self, core: CoreAddress, aliases: &[Vec<NeuronId>]) -> Result<(), DeviceModelError> {
        if self.parameters.group() == XyloGroup::Output || aliases.is_empty() {
            return Ok(());
        }
        let count = self.parameters.neurons().len();
        let failed = |error| Err(DeviceModelError::Xylo { core, error });
        if aliases.len() != count {
            return failed(XyloError::AliasLists { found: aliases.len(), count });
        }
        for (neuron, list) in aliases.iter().enumerate() {
            if let Some(alias) = list.iter().map(|a| u32::from(a.0)).find(|a| *a as usize >= count) {
                return failed(XyloError::Alias { neuron, alias, count });
            }
        }
        let mut parameters = self.parameters.clone();
        for (neuron, list) in parameters.neurons.iter_mut().zip(aliases) {
            neuron.aliases = list.iter().map(|a| u32::from(a.0)).collect();
        }
        *self = Self::new(parameters);
        Ok(())
    }

    /// Its parameters.
    pub const fn parameters(&self) -> &XyloLayerParameters {
        &self.parameters
    }

    const fn layer(&self) -> &Layer {
        match &self.neurons {
            Neurons::Hidden(hidden) => &hidden.layer,
            Neurons::Output(output) => &output.layer,
        }
    }

    fn layer_mut(&mut self) -> &mut Layer {
        match &mut self.neurons {
            Neurons::Hidden(hidden) => &mut hidden.layer,
            Neurons::Output(output) => &mut output.layer,
        }
    }

    /// Adds the weights in `row`, times the number of spikes in `count`, to the currents of the neurons, one after the
    /// other, cut at the ends of 16 bits.
    #[inline]
    pub fn deliver(&mut self, row: &[PackedSynapse], count: i32) {
        let layer = self.layer_mut();
        let currents = layer.currents();
        if row.len() >= layer.count().div_ceil(BLOCK) * WAKE_ALL {
            layer.wake_all();
        } else {
            for synapse in row {
                // One or two currents: no division.
                layer.wake((synapse.target() / BLOCK) >> (currents - 1));
            }
        }
        layer.add(row.iter().map(|s| (s.target(), s.weight() * count)));
    }

    /// Makes a step and returns the neurons that spiked, each with its number of spikes.
    pub fn advance(&mut self) -> &[Emission] {
        let rules = self.parameters.rules();
        let spikes = match &mut self.neurons {
            Neurons::Hidden(hidden) => {
                hidden.clear_spikes();
                hidden.advance(rules);
                &hidden.spikes
            }
            Neurons::Output(output) => {
                output.advance(rules);
                &output.spikes
            }
        };
        let emission = |s: &XyloSpikes| {
            let count = s.count as i32;
            Emission { neuron: NeuronId(s.source as u16), value: count, payload: count }
        };
        self.emissions.clear();
        let sends = |s: &&XyloSpikes| !self.parameters.is_dead(s.source as usize);
        self.emissions.extend(spikes.iter().filter(sends).map(emission));
        &self.emissions
    }

    /// Whether another step without input could change the state or emit a spike.
    #[inline]
    pub const fn is_awake(&self) -> bool {
        !self.layer().is_at_rest()
    }

    /// Numbers cut at the end of their range since the last call; see [`super::XyloCore::take_saturations`].
    #[inline]
    pub fn take_saturations(&mut self) -> u64 {
        self.layer_mut().take_saturations()
    }

    /// A synaptic current after the last step; 0 if the neuron does not have it.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn i_syn(&self, neuron: NeuronId, current: usize) -> i16 {
        self.layer().i_syn(neuron.index(), current)
    }

    /// A membrane after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn v_mem(&self, neuron: NeuronId) -> i16 {
        self.layer().v_mem(neuron.index())
    }

    /// What can be read of a neuron: the membrane and each synaptic current.
    pub fn probes(&self) -> Vec<ProbeKind> {
        let names = ["v_mem", "i_syn", "i_syn2"];
        names[..=self.parameters.layout().lanes().len()].iter().map(|name| ProbeKind::new(*name, "1", 0)).collect()
    }

    /// Quantity `index` (in the order of [`XyloLayerCore::probes`]) of a neuron.
    ///
    /// # Panics
    /// If there is no such quantity, or the core does not use that neuron.
    pub fn probe(&self, index: usize, neuron: NeuronId) -> i64 {
        match index {
            0 => self.v_mem(neuron).into(),
            current => self.i_syn(neuron, current - 1).into(),
        }
    }

    /// All currents and membranes back to 0.
    pub fn reset(&mut self) {
        match &mut self.neurons {
            Neurons::Hidden(hidden) => hidden.reset(),
            Neurons::Output(output) => output.reset(),
        }
    }

    /// Appends the state to a hash.
    pub fn digest_state(&self, digest: &mut Digest) {
        let layer = self.layer();
        for value in layer.save_i_syn().into_iter().chain(layer.save_v_mem()) {
            digest.push(value as u64);
        }
    }

    /// The state between two ticks.
    pub fn save(&self) -> CoreState {
        CoreState::Xylo { i_syn: self.layer().save_i_syn(), v_mem: self.layer().save_v_mem() }
    }

    /// Takes over a saved state; `false`, with nothing changed, if it is not one of such a layer: wrong lengths. Any
    /// numbers of 16 bits are a state.
    #[must_use]
    pub fn restore(&mut self, state: &CoreState) -> bool {
        let CoreState::Xylo { i_syn, v_mem } = state else { return false };
        let layer = self.layer();
        let fits = v_mem.len() == layer.count() && i_syn.len() == layer.count() * layer.currents();
        if fits {
            self.reset();
            self.layer_mut().load(i_syn, v_mem);
        }
        fits
    }
}
