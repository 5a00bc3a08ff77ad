//! A layer as a core of an event kernel.

use super::firing::{Hidden, Output};
use super::layer::{BLOCK, Layer, Neuron};
use super::{XyloError, XyloGroup, XyloLayerParameters, XyloSpikes};
use crate::{CoreParameters, DeviceModelError, Digest, Emission, EventCore, PackedSynapse, ProbeKind};
use alloc::sync::Arc;
use alloc::vec::Vec;
use chip::{ChipSpec, Routing};
use serde::{Deserialize, Serialize};
use units::{CoreAddress, NeuronId, Tick};

/// Synapses of a row for each block of the layer from which on it costs less to wake all blocks than to find out which.
const WAKE_ALL: usize = 2;

/// The hidden or the output layer of a Xylo chip: parameters and state.
///
/// The kernel delivers in the order of Xylo: input channels, then the spikes of the last step by neuron. It keeps the
/// spikes on their way, so the state is currents and membranes alone.
#[derive(Clone, Debug)]
pub struct XyloLayerCore {
    parameters: Arc<XyloLayerParameters>,
    neurons: Neurons,
    emissions: Vec<Emission>,
}

#[derive(Clone, Debug)]
enum Neurons {
    Hidden(Hidden),
    Output(Output),
}

impl XyloLayerCore {
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
        let mut parameters = (*self.parameters).clone();
        for (neuron, list) in parameters.neurons.iter_mut().zip(aliases) {
            neuron.aliases = list.iter().map(|a| u32::from(a.0)).collect();
        }
        *self = Self::new(parameters);
        Ok(())
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
}

/// A layer between two ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct XyloLayerState {
    /// Synaptic currents, all of neuron 0 first.
    pub i_syn: Vec<i16>,
    /// Membranes.
    pub v_mem: Vec<i16>,
}

impl EventCore for XyloLayerCore {
    type Parameters = XyloLayerParameters;
    type State = XyloLayerState;

    fn new(parameters: impl Into<Arc<XyloLayerParameters>>) -> Self {
        let parameters = parameters.into();
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

    fn parameters(&self) -> &Arc<XyloLayerParameters> {
        &self.parameters
    }

    /// The aliases of hidden neurons.
    fn wire(&mut self, address: CoreAddress, routing: &Routing) -> Result<(), DeviceModelError> {
        match routing {
            Routing::Xylo { aliases, .. } => self.set_aliases(address, aliases),
            _ => Ok(()),
        }
    }

    /// Adds the weights in `row`, times the number of spikes in `count`, to the currents of the neurons, one after the
    /// other, cut at the ends of 16 bits.
    #[inline]
    fn deliver(&mut self, row: &[PackedSynapse], count: i32) {
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
    fn advance(&mut self, _now: Tick) -> &[Emission] {
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

    #[inline]
    fn next_wake(&self, now: Tick) -> Tick {
        if self.layer().is_at_rest() { Tick::NEVER } else { now.after(1) }
    }

    /// Numbers cut at the end of their range since the last call; see [`super::XyloCore::take_saturations`].
    #[inline]
    fn take_saturations(&mut self) -> u64 {
        self.layer_mut().take_saturations()
    }

    /// The membrane and each synaptic current.
    fn probes(&self, _spec: &ChipSpec) -> Vec<ProbeKind> {
        let names = ["v_mem", "i_syn", "i_syn2"];
        names[..=self.parameters.layout().lanes().len()].iter().map(|name| ProbeKind::new(*name, "1", 0)).collect()
    }

    fn probe(&self, index: usize, neuron: NeuronId, _now: Tick) -> i64 {
        match index {
            0 => self.v_mem(neuron).into(),
            current => self.i_syn(neuron, current - 1).into(),
        }
    }

    fn reset(&mut self) {
        match &mut self.neurons {
            Neurons::Hidden(hidden) => hidden.reset(),
            Neurons::Output(output) => output.reset(),
        }
    }

    fn digest_state(&self, digest: &mut Digest) {
        let layer = self.layer();
        for value in layer.save_i_syn().into_iter().chain(layer.save_v_mem()) {
            digest.push(value as u64);
        }
    }

    fn save(&self) -> XyloLayerState {
        XyloLayerState { i_syn: self.layer().save_i_syn(), v_mem: self.layer().save_v_mem() }
    }

    /// Any numbers of 16 bits are a state.
    fn restore(&mut self, state: &XyloLayerState) -> bool {
        let XyloLayerState { i_syn, v_mem } = state;
        let layer = self.layer();
        let fits = v_mem.len() == layer.count() && i_syn.len() == layer.count() * layer.currents();
        if fits {
            self.reset();
            self.layer_mut().load(i_syn, v_mem);
        }
        fits
    }
}
