//! A layer as a core of the event kernel.

use super::XyloLayerParameters;
use super::firing::Spiking;
use super::layer::{BLOCK, I_SYN, Layer, V_MEM};
use crate::{CoreParameters, Cut, DeviceModelError, Digest, Emission, EventCore, PackedSynapse, ProbeKind};
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
/// spikes on their way, so the state is currents and membranes, and whether the last step changed any.
#[derive(Clone, Debug)]
pub struct XyloLayerCore {
    parameters: Arc<XyloLayerParameters>,
    layer: Layer,
    spiking: Spiking,
    changed: bool,
    emissions: Vec<Emission>,
}

impl XyloLayerCore {
    /// Whether the last step changed the layer: a current decayed, or the change of a membrane was not 0. Resets after
    /// spikes do not count; under rules V2 a membrane that is pressed against the end of its range does.
    pub const fn changed(&self) -> bool {
        self.changed
    }

    /// A synaptic current after the last step; 0 if the neuron does not have it.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn i_syn(&self, neuron: NeuronId, current: usize) -> i16 {
        self.layer.i_syn(&self.parameters.constants, neuron.index(), current)
    }

    /// A membrane after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn v_mem(&self, neuron: NeuronId) -> i16 {
        self.layer.v_mem(neuron.index())
    }
}

/// A layer between two ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct XyloLayerState {
    /// Synaptic currents, all of neuron 0 first.
    pub i_syn: Vec<i16>,
    /// Membranes.
    pub v_mem: Vec<i16>,
    /// See [`XyloLayerCore::changed`].
    pub changed: bool,
}

impl EventCore for XyloLayerCore {
    type Parameters = XyloLayerParameters;
    type State = XyloLayerState;

    fn new(parameters: impl Into<Arc<XyloLayerParameters>>) -> Self {
        let parameters = parameters.into();
        let constants = &parameters.constants;
        let (layer, spiking) = (Layer::new(constants), Spiking::new(constants));
        Self { parameters, layer, spiking, changed: false, emissions: Vec::new() }
    }

    fn parameters(&self) -> &Arc<XyloLayerParameters> {
        &self.parameters
    }

    /// The aliases of hidden neurons.
    fn wire(&mut self, address: CoreAddress, routing: &Routing) -> Result<(), DeviceModelError> {
        match routing.aliases() {
            [] => Ok(()),
            aliases => Arc::make_mut(&mut self.parameters).set_aliases(address, aliases),
        }
    }

    /// Adds the weights in `row`, times the number of spikes in `count`, to the currents of the neurons, one after the
    /// other, cut at the ends of 16 bits.
    #[inline]
    fn deliver(&mut self, row: &[PackedSynapse], count: i32) {
        let Self { parameters, layer, .. } = self;
        let constants = &parameters.constants;
        if row.len() >= constants.blocks() * WAKE_ALL {
            layer.wake_all();
        } else {
            for synapse in row {
                // One or two currents: no division.
                layer.wake((synapse.target() / BLOCK) >> (constants.currents() - 1));
            }
        }
        layer.add(constants.currents(), row.iter().map(|s| (s.target(), s.weight() * count)));
    }

    /// Makes a step and returns the neurons that spiked, each with its number of spikes.
    fn advance(&mut self, _now: Tick) -> &[Emission] {
        let Self { parameters, layer, spiking, changed, emissions } = self;
        let (constants, firing) = (&parameters.constants, &parameters.firing);
        spiking.clear();
        *changed = layer.advance(constants, parameters.rules(), |layer, block, reached| {
            spiking.turns(firing, constants, layer, block, reached);
        });
        spiking.finish();
        emissions.clear();
        let sent = spiking.spikes().filter(|(neuron, _)| !parameters.is_dead(*neuron));
        emissions.extend(sent.map(|(neuron, count)| Emission {
            neuron: NeuronId(neuron as u16),
            value: count.into(),
            payload: count.into(),
        }));
        emissions
    }

    #[inline]
    fn next_wake(&self, now: Tick) -> Tick {
        if self.layer.is_at_rest() { Tick::NEVER } else { now.after(1) }
    }

    /// Times since the last call that a current, a membrane, its change or the count of an alias was cut at the end of
    /// its range. Equal inputs of one source through one synapse in a step are cut at once and count once.
    #[inline]
    fn take_saturations(&mut self) -> u64 {
        self.layer.saturations.take()
    }

    /// Named after the membrane, a current, or the spikes of the neuron that has the alias.
    fn take_first_cut(&mut self) -> Option<Cut> {
        self.layer.saturations.take_first()
    }

    /// The membrane, each synaptic current, and whether the last step changed the layer (see
    /// [`XyloLayerCore::changed`]): 1 or 0, the same for all neurons.
    fn probes(&self, _spec: &ChipSpec) -> Vec<ProbeKind> {
        let names = ["v_mem", "i_syn", "i_syn2"];
        let states = &names[..=self.parameters.layout().lanes().len()];
        states.iter().chain(&["changed"]).map(|name| ProbeKind::new(*name, "1", 0)).collect()
    }

    fn probe(&self, index: usize, neuron: NeuronId, _now: Tick) -> i64 {
        match index {
            V_MEM => self.v_mem(neuron).into(),
            current if current <= self.parameters.layout().lanes().len() => self.i_syn(neuron, current - I_SYN).into(),
            _ => self.changed.into(),
        }
    }

    fn reset(&mut self) {
        self.layer.clear();
        self.spiking.clear();
        self.changed = false;
    }

    fn save(&self) -> XyloLayerState {
        let constants = &self.parameters.constants;
        let (i_syn, v_mem) = (self.layer.save_i_syn(constants), self.layer.save_v_mem(constants));
        XyloLayerState { i_syn, v_mem, changed: self.changed }
    }

    /// Any numbers of 16 bits are a state.
    fn restore(&mut self, state: &XyloLayerState) -> bool {
        let XyloLayerState { i_syn, v_mem, changed } = state;
        let constants = &self.parameters.constants;
        let fits = v_mem.len() == constants.count() && i_syn.len() == constants.count() * constants.currents();
        if fits {
            self.layer.load(constants, i_syn, v_mem);
            self.spiking.clear();
            self.changed = *changed;
        }
        fits
    }

    /// Currents and membranes, from which all that follows comes.
    fn digest_state(&self, digest: &mut Digest) {
        let constants = &self.parameters.constants;
        for value in self.layer.save_i_syn(constants).into_iter().chain(self.layer.save_v_mem(constants)) {
            digest.push(value as u64);
        }
    }
}
