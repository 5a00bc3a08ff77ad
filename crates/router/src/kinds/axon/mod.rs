//! Axons (Loihi): an output axon names a core and an input axon there, which points to a list of synapses.
//!
//! The memories are checked against the limits of the chip, and followed once: lists of one source, core and delay come
//! to one row. The counting of the synapse memory is in [`memory`].

pub(crate) mod memory;

use crate::RouterError;
use crate::draft::{Draft, check_used, used_core};
use crate::error::{check_count, check_field, check_memory, neuron};
use crate::kinds::Kind;
use crate::kinds::rows::{self, Row};
use crate::weights::Scales;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use chip::{
    AxonCore, AxonLimits, AxonTarget, ChipSpec, CoreProgram, HostAxon, IdealSynapse, Program, Source, SynapseGroup,
};
use units::{CoreAddress, NeuronAddress};

/// Places of the weight format that one unit of a Loihi weight is worth.
const UNIT_EXPONENT: i64 = 20;

/// The memories of a program.
pub(crate) struct Axons<'a> {
    pub(crate) limits: AxonLimits,
    pub(crate) cores: &'a [AxonCore],
    pub(crate) inputs: &'a [HostAxon],
    pub(crate) input_latency: u8,
}

impl<'a> Kind<'a> for Axons<'a> {
    fn follow(
        &self,
        spec: &'a ChipSpec,
        program: &'a Program,
        scales: Option<&mut Scales<'_>>,
    ) -> Result<Draft<'a>, RouterError> {
        check_count("the board", self.cores.len(), program.cores.len())?;
        for (memory, core) in self.cores.iter().zip(&program.cores) {
            self.check_core(memory, core)?;
        }
        // Lists that differ in their power of two stay apart.
        let mut rows: BTreeMap<(Source, CoreAddress, u16, u8), Cow<'a, [IdealSynapse]>> = BTreeMap::new();
        let mut send = |source, target: AxonTarget, latency: u8| {
            let core = used_core(program, target.core)?;
            let memory = &self.cores[core];
            let (destination, axon, count) = (target.core, target.axon, memory.input_axons.len());
            let unknown = RouterError::UnknownAxon { origin: source, destination, axon, count };
            let axon = memory.input_axons.get(axon as usize).ok_or(unknown)?;
            // One step is what every spike takes.
            let group = &memory.groups[usize::from(axon.group)];
            let delay = group.delay.saturating_add(1 + u16::from(latency));
            rows.entry((source, target.core, delay, shift(group, &program.cores[core])))
                .and_modify(|row| row.to_mut().extend_from_slice(&axon.synapses))
                .or_insert(Cow::Borrowed(&axon.synapses));
            Ok::<_, RouterError>(())
        };
        for host in self.inputs {
            send(Source::Input(host.input), host.target, self.input_latency)?;
        }
        for (memory, core) in self.cores.iter().zip(&program.cores) {
            for axon in &memory.output_axons {
                let address = NeuronAddress { core: core.address, neuron: axon.neuron };
                check_used(program, address)?;
                send(Source::Neuron(address), axon.target, 0)?;
            }
        }
        let rows = rows.into_iter().map(|((source, core, delay, shift), mut synapses)| {
            if !synapses.is_sorted() {
                synapses.to_mut().sort_unstable();
            }
            Row { key: (source, core, delay), synapses, shift }
        });
        rows::follow(spec, program, rows, scales)
    }
}

/// Places by which the mantissas of `group` are shifted to the left in the sums of `core`; the check says that this is
/// not negative.
fn shift(group: &SynapseGroup, core: &CoreProgram) -> u8 {
    (i64::from(group.exponent) + UNIT_EXPONENT - i64::from(core.weight_exponent)) as u8
}

impl Axons<'_> {
    /// Checks what one core holds.
    fn check_core(&self, memory: &AxonCore, core: &CoreProgram) -> Result<(), RouterError> {
        let (limits, place) = (&self.limits, || core.address.to_string());
        let (low, high) = limits.weight_exponent;
        let exponent = i64::from(core.weight_exponent) - UNIT_EXPONENT;
        if !(i64::from(low)..=i64::from(high)).contains(&exponent) {
            return Err(RouterError::WeightExponent { core: core.address, exponent, low, high });
        }
        check_memory("input axons", memory.input_axons.len(), limits.input_axons, place)?;
        check_memory("output axons", memory.output_axons.len(), limits.output_axons, place)?;
        for (index, group) in memory.groups.iter().enumerate() {
            let place = || format!("synapse group {index} of {}", core.address);
            check_field("delay", group.delay.into(), limits.delay_max.into(), place)?;
            if !(1..=limits.weight_bits).contains(&group.bits) {
                let (value, limit) = (group.bits.into(), limits.weight_bits.into());
                return Err(RouterError::FieldTooWide { what: "weight bits", place: place(), value, limit });
            }
            let group_exponent = i64::from(group.exponent);
            if !(exponent..=i64::from(high)).contains(&group_exponent) {
                let (core, low) = (core.address, exponent as i8);
                return Err(RouterError::WeightExponent { core, exponent: group_exponent, low, high });
            }
        }
        for (index, axon) in memory.input_axons.iter().enumerate() {
            let place = || format!("input axon {index} of {}", core.address);
            let group = memory.groups.get(usize::from(axon.group));
            let last = memory.groups.len() as i64 - 1;
            let group = group.ok_or_else(|| RouterError::FieldTooWide {
                what: "synapse group",
                place: place(),
                value: axon.group.into(),
                limit: last,
            })?;
            let (range, step) = (memory::weight_range(group.signs), memory::weight_step(group.bits, group.signs));
            let shift = shift(group, core);
            for synapse in &axon.synapses {
                let weight = synapse.weight;
                if !range.contains(&weight) || !weight.unsigned_abs().is_multiple_of(step) {
                    return Err(RouterError::AxonWeight {
                        target: neuron(core.address, synapse.neuron.index()),
                        weight,
                        low: *range.start(),
                        high: *range.end(),
                        step,
                    });
                }
                if i16::try_from(i64::from(weight) << shift).is_err() {
                    let (target, exponent) = (neuron(core.address, synapse.neuron.index()), group.exponent);
                    return Err(RouterError::AxonSpread { target, weight, exponent, least: exponent - shift as i8 });
                }
            }
            if group.dense {
                let mut neurons: Vec<_> = axon.synapses.iter().map(|synapse| synapse.neuron).collect();
                neurons.sort_unstable();
                if let Some(twice) = neurons.windows(2).find(|pair| pair[0] == pair[1]) {
                    let what = "the place of a neuron in a dense list";
                    return Err(RouterError::Twice { what, place: format!("{}, {}", place(), twice[0]) });
                }
            }
        }
        check_memory(
            "synapse bits",
            synapse_bits(limits, memory, core.neuron_count) as usize,
            limits.synapse_bits,
            place,
        )
    }
}

/// Synapse memory that a core of `neurons` neurons takes, in bits. Every axon must name a group that exists.
pub fn synapse_bits(limits: &AxonLimits, memory: &AxonCore, neurons: u32) -> u64 {
    let lists = memory.input_axons.iter().map(|axon| {
        let group = &memory.groups[usize::from(axon.group)];
        memory::list_bits(limits, group, neurons, axon.synapses.len() as u64)
    });
    lists.fold(0, u64::saturating_add)
}
