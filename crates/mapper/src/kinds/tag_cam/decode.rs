//! A tag and CAM program read back, by SRAM words, hops, tags and CAM words.

use crate::MapperError;
use crate::memory::{Code, Label, Stored, Visit, Word};
use chip::{CamWord, CoreProgram, InputRoute, Source, SramWord, TagCamCore};
use std::collections::{BTreeMap, BTreeSet};
use units::{ChipId, CoreAddress, CoreId, NeuronAddress, NeuronId, Tag};

/// The synapses of the memories.
pub(crate) fn read(
    programs: &[CoreProgram],
    cores: &[TagCamCore],
    inputs: &[InputRoute],
    positions: &[(i8, i8)],
    visit: Visit<'_>,
) -> Result<(), MapperError> {
    let addresses = addresses(programs);
    let listeners: Vec<_> = cores.iter().map(listeners).collect();
    let mut events = Vec::new();
    broadcasts(&addresses, cores, inputs, positions, |source, core, tag| events.push((source, core, tag)));
    for (source, core, tag) in events {
        for &(neuron, slot, word) in listeners[core].get(&tag).into_iter().flatten() {
            let currents = cores[core].weight_currents.iter().enumerate();
            let on = currents.filter(|(bit, _)| word.weight_bits >> bit & 1 == 1);
            visit(Stored {
                source,
                core,
                neuron,
                synapse: word.synapse,
                code: Code::Cam { slot, tag, bits: word.weight_bits },
                weight: on.map(|(_, current)| i64::from(*current)).sum(),
                // A code that the core does not have selects no delay; the router refuses such a word.
                delay_ticks: cores[core].delay_ticks(word.delay).unwrap_or(1),
            })?;
        }
    }
    Ok(())
}

/// Where each source sends.
pub(crate) fn words(
    programs: &[CoreProgram],
    cores: &[TagCamCore],
    inputs: &[InputRoute],
    positions: &[(i8, i8)],
    visit: &mut dyn FnMut(Word),
) {
    let listeners = |mask: u16| (0..16).filter(|core| mask >> core & 1 == 1).map(CoreId).collect();
    for (program, core) in programs.iter().zip(cores) {
        for (neuron, words) in core.sram.iter().enumerate() {
            let source = Source::Neuron(NeuronAddress { core: program.address, neuron: NeuronId(neuron as u16) });
            for word in words {
                let Some(chip) = destination(positions, program.address.chip, word) else { continue };
                let hops = u32::from(word.hop_x.unsigned_abs()) + u32::from(word.hop_y.unsigned_abs());
                let (chip, label) = (ChipId(chip as u16), Label::Tag(word.tag));
                visit(Word { source, chip, cores: listeners(word.core_mask), label, hops: Some(hops) });
            }
        }
    }
    for route in inputs {
        for event in &route.events {
            let (cores, label) = (listeners(event.core_mask), Label::Tag(event.tag));
            visit(Word { source: Source::Input(route.input), chip: event.chip, cores, label, hops: None });
        }
    }
}

/// Tags that each core hears.
pub(crate) fn tags_heard(
    addresses: &[CoreAddress],
    cores: &[TagCamCore],
    inputs: &[InputRoute],
    positions: &[(i8, i8)],
) -> Vec<usize> {
    let mut heard = vec![BTreeSet::new(); addresses.len()];
    broadcasts(addresses, cores, inputs, positions, |_, core, tag| {
        heard[core].insert(tag);
    });
    heard.iter().map(BTreeSet::len).collect()
}

fn addresses(programs: &[CoreProgram]) -> Vec<CoreAddress> {
    programs.iter().map(|core| core.address).collect()
}

/// Every broadcast of a tag in a core: from which source, in which core (as an index into `addresses`).
fn broadcasts(
    addresses: &[CoreAddress],
    cores: &[TagCamCore],
    inputs: &[InputRoute],
    positions: &[(i8, i8)],
    mut visit: impl FnMut(Source, usize, Tag),
) {
    let mut broadcast = |source, chip: usize, core_mask: u16, tag| {
        let hears = |a: &CoreAddress| a.chip.index() == chip && core_mask >> a.core.0 & 1 == 1;
        (0..addresses.len()).filter(|i| hears(&addresses[*i])).for_each(|i| visit(source, i, tag));
    };
    for (address, core) in addresses.iter().zip(cores) {
        for (neuron, words) in core.sram.iter().enumerate() {
            let source = Source::Neuron(NeuronAddress { core: *address, neuron: NeuronId(neuron as u16) });
            for word in words {
                // An event that leaves the board reaches nobody.
                let Some(chip) = destination(positions, address.chip, word) else { continue };
                broadcast(source, chip, word.core_mask, word.tag);
            }
        }
    }
    for route in inputs {
        for event in &route.events {
            broadcast(Source::Input(route.input), event.chip.index(), event.core_mask, event.tag);
        }
    }
}

/// The chip that an SRAM word of `chip` names.
fn destination(positions: &[(i8, i8)], chip: ChipId, word: &SramWord) -> Option<usize> {
    let wide = |(x, y): (i8, i8)| (i16::from(x), i16::from(y));
    let (x, y) = wide(*positions.get(chip.index())?);
    let (hop_x, hop_y) = wide((word.hop_x, word.hop_y));
    positions.iter().position(|p| wide(*p) == (x + hop_x, y + hop_y))
}

/// CAM words of a core by tag.
fn listeners(core: &TagCamCore) -> BTreeMap<Tag, Vec<(NeuronId, u16, CamWord)>> {
    let mut listeners: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (neuron, words) in core.cam.iter().enumerate() {
        for (slot, word) in words.iter().enumerate() {
            listeners.entry(word.tag).or_default().push((NeuronId(neuron as u16), core.slot(neuron, slot), *word));
        }
    }
    listeners
}
