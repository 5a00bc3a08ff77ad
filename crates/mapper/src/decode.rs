//! A program read back: which connections it really makes.
//!
//! Reading uses the memories alone, as the chip does: an event is sent to every core that an SRAM word names, and
//! every CAM word there that holds its tag is a synapse. A tag that two sources of a core shared by mistake would show
//! up as connections that nobody asked for. On a crossbar chip likewise, an event is passed on by every driver of its
//! bus that it selects, and drives every synapse there that holds its label. How each kind of router is read stands
//! beside how it is filled; nothing here is shared with the router that runs the program.

use crate::gains::{Factors, at};
use crate::memory::Stored;
use crate::placement::Names;
use crate::{MapperError, Placement, kinds};
use chip::{ChipSpec, CoreProgram, Program, Segment, Source};
use network::{Endpoint, Network};
use units::{InputId, NeuronAddress, NeuronId, Quantity};

/// A connection that a program makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecodedConnection {
    /// Where it starts: population or input group.
    pub pre: Endpoint,
    /// Sending neuron or channel.
    pub pre_index: u32,
    /// Index of the population where it ends.
    pub post: usize,
    /// Receiving neuron.
    pub post_index: u32,
    /// Index of the synapse kind in the chip spec.
    pub synapse: u8,
    /// The weight in units of 2^-20, as the program makes it: never negative for a kind with a fixed sign.
    pub weight: i64,
    /// Ticks between sending and arrival.
    pub delay_ticks: u16,
}

/// The connections that `program` makes on a chip like `spec`, sorted. `placement` and `network` give the ends their
/// names, and say which gains were asked for: a weight is what the synapse holds times what the mapper has made of the
/// gain of its kind.
///
/// # Errors
/// [`MapperError::Foreign`] if the program uses a circuit or channel that the placement or network does not have.
pub fn decode(
    program: &Program,
    placement: &Placement,
    network: &Network,
    spec: &ChipSpec,
) -> Result<Vec<DecodedConnection>, MapperError> {
    let names = placement.names();
    let asked = |core: &CoreProgram, neuron: u32, parameter: &str| {
        let address = NeuronAddress { core: core.address, neuron: NeuronId(neuron as u16) };
        let (population, index) = names.neuron(address)?;
        at(network.populations.get(population)?.parameters.get(parameter)?, index)
    };
    let gains = Factors::of(spec, &program.cores, asked)?;
    let ends = Ends { cores: &program.cores, names: &names, network, gains };
    let mut connections = Vec::new();
    kinds::read(program, &mut |stored| {
        let mut connection = ends.connection(stored)?;
        // What a copy hears its neuron hears as well, and what it sends its neuron sends.
        if placement.original(connection.post).is_some() {
            return Ok(());
        }
        if let Endpoint::Population(population) = connection.pre
            && let Some(original) = placement.original(population)
        {
            (connection.pre, connection.pre_index) = (Endpoint::Population(original.population), original.index);
        }
        connections.push(connection);
        Ok(())
    })?;
    let mut connections = kinds::joined(program, spec, connections);
    connections.sort_unstable();
    Ok(connections)
}

/// The value of a parameter that `program` gives to each neuron of a population, in the order of its neurons: nominal
/// where it states none. None if `spec` has no such parameter.
pub fn decode_parameter(
    program: &Program,
    placement: &Placement,
    spec: &ChipSpec,
    population: usize,
    name: &str,
) -> Option<Vec<Quantity>> {
    let nominal = spec.parameters.get(name)?.nominal.quantity;
    let of_segment = |segment: &Segment| {
        let core = program.cores.iter().find(|core| core.address == segment.core);
        let values = core.and_then(|core| core.parameters.get(name));
        let circuits = segment.first_circuit..segment.first_circuit + segment.count;
        circuits.map(|circuit| values.and_then(|values| at(values, circuit)).unwrap_or(nominal)).collect::<Vec<_>>()
    };
    Some(placement.segments(population).iter().flat_map(of_segment).collect())
}

/// What the ends of connections are called.
struct Ends<'a> {
    /// The cores of the program.
    cores: &'a [CoreProgram],
    names: &'a Names,
    network: &'a Network,
    gains: Factors,
}

impl Ends<'_> {
    /// The connection that a synapse makes.
    fn connection(&self, stored: Stored) -> Result<DecodedConnection, MapperError> {
        let Stored { source, core: index, neuron, synapse, weight, delay_ticks, .. } = stored;
        let foreign = |what: String| MapperError::Foreign { what };
        let (pre, pre_index) = match source {
            Source::Neuron(address) => self
                .names
                .neuron(address)
                .map(|(population, index)| (Endpoint::Population(population), index))
                .ok_or_else(|| foreign(address.to_string()))?,
            Source::Input(input) => {
                channel(self.network, input).ok_or_else(|| foreign(format!("input channel {input}")))?
            }
        };
        let core = &self.cores[index];
        let target = NeuronAddress { core: core.address, neuron };
        let (post, post_index) = self.names.neuron(target).ok_or_else(|| foreign(target.to_string()))?;
        let gain = self.gains.get(index, synapse, neuron.index());
        let weight = gain.of(weight << core.weight_exponent);
        Ok(DecodedConnection { pre, pre_index, post, post_index, synapse, weight, delay_ticks })
    }
}

/// The group and index of an input channel.
pub(crate) fn channel(network: &Network, input: InputId) -> Option<(Endpoint, u32)> {
    let mut index = input.0;
    for (group, wish) in network.inputs.iter().enumerate() {
        match index.checked_sub(wish.channels) {
            None => return Some((Endpoint::Input(group), index)),
            Some(rest) => index = rest,
        }
    }
    None
}
