//! An axon program read back, by the axons that each source points to.

use crate::MapperError;
use crate::memory::{Code, Label, Stored, Visit, Word};
use chip::{AxonCore, AxonTarget, CoreProgram, HostAxon, Source};
use fx::Weight;
use units::NeuronAddress;

/// The synapses of the memories.
pub(crate) fn read(
    programs: &[CoreProgram],
    cores: &[AxonCore],
    inputs: &[HostAxon],
    input_latency: u8,
    visit: Visit<'_>,
) -> Result<(), MapperError> {
    let mut send = |source, target: AxonTarget, latency: u8| {
        let what = || MapperError::Foreign { what: format!("input axon {} of {}", target.axon, target.core) };
        let core = programs.binary_search_by_key(&target.core, |c| c.address).map_err(|_| what())?;
        let memory = cores.get(core).ok_or_else(what)?;
        let weight_exponent = programs[core].weight_exponent;
        let axon = memory.input_axons.get(target.axon as usize).ok_or_else(what)?;
        let group = memory.groups.get(usize::from(axon.group)).ok_or_else(what)?;
        let delay_ticks = group.delay.saturating_add(1 + u16::from(latency));
        // The exponent of the core comes on top.
        let shift = i64::from(group.exponent) + i64::from(Weight::FRACTION_BITS) - i64::from(weight_exponent);
        let shift = u32::try_from(shift).ok().filter(|shift| *shift < i64::BITS / 2).ok_or_else(what)?;
        for s in &axon.synapses {
            visit(Stored {
                source,
                core,
                neuron: s.neuron,
                synapse: s.synapse,
                code: Code::Axon { axon: target.axon, mantissa: s.weight, exponent: group.exponent },
                weight: i64::from(s.weight) << shift,
                delay_ticks,
            })?;
        }
        Ok::<_, MapperError>(())
    };
    for (source, target) in targets(programs, cores, inputs) {
        send(source, target, if matches!(source, Source::Input(_)) { input_latency } else { 0 })?;
    }
    Ok(())
}

/// Where each source sends.
pub(crate) fn words(programs: &[CoreProgram], cores: &[AxonCore], inputs: &[HostAxon], visit: &mut dyn FnMut(Word)) {
    for (source, AxonTarget { core, axon }) in targets(programs, cores, inputs) {
        visit(Word { source, chip: core.chip, cores: vec![core.core], label: Label::Axon(axon), hops: None });
    }
}

/// The input axons that sources point to.
fn targets<'a>(
    programs: &'a [CoreProgram],
    cores: &'a [AxonCore],
    inputs: &'a [HostAxon],
) -> impl Iterator<Item = (Source, AxonTarget)> + 'a {
    let hosts = inputs.iter().map(|host| (Source::Input(host.input), host.target));
    let neurons = programs.iter().zip(cores).flat_map(|(program, memory)| {
        let source = |neuron| Source::Neuron(NeuronAddress { core: program.address, neuron });
        memory.output_axons.iter().map(move |axon| (source(axon.neuron), axon.target))
    });
    hosts.chain(neurons)
}
