//! An axon program read back, by the axons that each source points to.

use crate::MapperError;
use crate::decode::{DecodedConnection, Ends};
use chip::{AxonCore, AxonTarget, HostAxon, Source};
use fx::Weight;
use units::NeuronAddress;

/// The connections that the memories make.
pub(crate) fn decode(
    cores: &[AxonCore],
    inputs: &[HostAxon],
    input_latency: u8,
    ends: &Ends<'_>,
) -> Result<Vec<DecodedConnection>, MapperError> {
    let mut connections = Vec::new();
    let mut send = |source, target: AxonTarget, latency: u8| {
        let what = || MapperError::Foreign { what: format!("input axon {} of {}", target.axon, target.core) };
        let core = ends.cores.binary_search_by_key(&target.core, |c| c.address).map_err(|_| what())?;
        let memory = cores.get(core).ok_or_else(what)?;
        let weight_exponent = ends.cores[core].weight_exponent;
        let axon = memory.input_axons.get(target.axon as usize).ok_or_else(what)?;
        let group = memory.groups.get(usize::from(axon.group)).ok_or_else(what)?;
        let delay = group.delay.saturating_add(1 + u16::from(latency));
        // The exponent of the core comes on top.
        let shift = i64::from(group.exponent) + i64::from(Weight::FRACTION_BITS) - i64::from(weight_exponent);
        let shift = u32::try_from(shift).ok().filter(|shift| *shift < i64::BITS / 2).ok_or_else(what)?;
        for s in &axon.synapses {
            let weight = i64::from(s.weight) << shift;
            connections.push(ends.connection(source, target.core, s.neuron, s.synapse, weight, delay)?);
        }
        Ok::<_, MapperError>(())
    };
    for host in inputs {
        send(Source::Input(host.input), host.target, input_latency)?;
    }
    for (program, memory) in ends.cores.iter().zip(cores) {
        for axon in &memory.output_axons {
            let source = Source::Neuron(NeuronAddress { core: program.address, neuron: axon.neuron });
            send(source, axon.target, 0)?;
        }
    }
    Ok(connections)
}
