//! A tag and CAM program read back, by SRAM words, hops, tags and CAM words.

use crate::MapperError;
use crate::decode::{DecodedConnection, Ends};
use chip::{CamWord, InputRoute, Source, SramWord, TagCamCore};
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, NeuronAddress, NeuronId, Tag};

/// The connections that the memories make.
pub(crate) fn decode(
    cores: &[TagCamCore],
    inputs: &[InputRoute],
    positions: &[(i8, i8)],
    ends: &Ends<'_>,
) -> Result<Vec<DecodedConnection>, MapperError> {
    let addresses: Vec<CoreAddress> = ends.cores.iter().map(|core| core.address).collect();
    let listeners: Vec<_> = cores.iter().map(listeners).collect();
    let mut events = Vec::new();
    broadcasts(&addresses, cores, inputs, positions, |source, core, tag| events.push((source, core, tag)));
    let mut connections = Vec::new();
    for (source, core, tag) in events {
        for &(neuron, word) in listeners[core].get(&tag).into_iter().flatten() {
            let currents = cores[core].weight_currents.iter().enumerate();
            let on = currents.filter(|(bit, _)| word.weight_bits >> bit & 1 == 1);
            let weight: i64 = on.map(|(_, current)| i64::from(*current)).sum();
            // A code that the core does not have selects no delay; the router refuses such a word.
            let delay = cores[core].delay_ticks(word.delay).unwrap_or(1);
            connections.push(ends.connection(source, addresses[core], neuron, word.synapse, weight, delay)?);
        }
    }
    Ok(connections)
}

/// Every broadcast of a tag in a core: from which source, in which core (as an index into `addresses`).
pub(super) fn broadcasts(
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
fn listeners(core: &TagCamCore) -> BTreeMap<Tag, Vec<(NeuronId, CamWord)>> {
    let mut listeners: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (neuron, words) in core.cam.iter().enumerate() {
        for word in words {
            listeners.entry(word.tag).or_default().push((NeuronId(neuron as u16), *word));
        }
    }
    listeners
}
