//! The kinds of router, one module each: what each decides in a mapping, and the one place that picks the kind.

mod axon;
mod crossbar;
mod ideal;
mod rows;
pub(crate) mod tag_cam;
mod xylo;

use crate::cuts::{self, Refusal};
use crate::decode::DecodedConnection;
use crate::gains::Gain;
use crate::ledger::Ledger;
use crate::memory::{Visit, Word};
use crate::optimise::{self, Judge, Loads, Nets};
use crate::placement::{self, Packing, Placement};
use crate::report::{AxonUse, CrossbarUse, MappingReport, MemoryUse, Use, XyloReport};
use crate::sharing::Sharing;
use crate::split::Crowded;
use crate::wish::Wish;
use crate::{MapperError, MapperOptions};
use chip::{ChipSpec, Program, RouterSpec, Routing, Source, Values, XYLO_OUTPUT};
use network::Network;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use units::CoreAddress;

pub(crate) use axon::resource_limit as axon_resource;
pub use xylo::XyloMisfit;

/// What a kind of router decides in a mapping, and what it tells the rest of the mapper.
pub(crate) trait Kind {
    /// Refuses boards that a program of this kind cannot describe.
    fn check_board(&self, _spec: &ChipSpec) -> Result<(), MapperError> {
        Ok(())
    }

    /// Places every neuron: first fit in the order of the network, where a kind has no rule of its own.
    fn place(
        &self,
        network: &Network,
        spec: &ChipSpec,
        options: &MapperOptions,
        sharing: Sharing,
    ) -> Result<Placement, MapperError> {
        placement::place(network, spec, options, sharing, self.packing(), &[])
    }

    /// A judge of limits that depend on which neurons sit together, for placements that are searched; its parts are the
    /// cores of a board in their order. An inner none: there are no such limits; an outer one: neurons have no choice.
    fn limits<'a>(&'a self, _spec: &ChipSpec, _network: &'a Network, _nets: &'a Nets) -> Option<Judge<'a>> {
        Some(None)
    }

    /// What neurons take of a memory of their core that counts like its circuits, for placements that are searched: as
    /// the neurons sit `now`, each in the core of that number, of so many; or at least. None: there is no such memory.
    fn loads(&self, _network: &Network, _nets: &Nets, _now: Option<(&[u32], usize)>) -> Option<Loads> {
        None
    }

    /// Hops that a message takes between two cores of a board, 0 within one.
    fn hops(&self, spec: &ChipSpec, a: CoreAddress, b: CoreAddress) -> u64 {
        optimise::hops_of_chips(spec.chip_count(), a, b)
    }

    /// The same kind with so many circuits joined to each neuron of a population; none: the chip joins none.
    fn joined(&self, _circuits: &[u32]) -> Option<Box<dyn Kind>> {
        None
    }

    /// What keeps populations apart that could share a core, where a kind has no rule of its own for placing them.
    fn packing(&self) -> Packing {
        Packing::SameWeights
    }

    /// Delays that a projection can have, in ticks.
    fn delays(&self) -> RangeInclusive<u16> {
        1..=1
    }

    /// Delays beside one tick that the connections into a core can have; none: any within [`Kind::delays`].
    fn delays_per_core(&self) -> Option<usize> {
        None
    }

    /// Whether a weight of a signed kind of synapse can itself be negative.
    fn has_negative_weights(&self) -> bool {
        true
    }

    /// Whether a projection can state how its weights are stored.
    fn has_weight_formats(&self) -> bool {
        false
    }

    /// Whether the weights of a projection can count a power of two.
    fn has_weight_scales(&self) -> bool {
        false
    }

    /// Whether parameters in units of the weights are brought to whole numbers with them.
    fn scales_parameters(&self, _options: &MapperOptions) -> bool {
        false
    }

    /// Synapses of both signs that a neuron has room for; none: no limit.
    fn synapses_per_neuron(&self) -> Option<usize> {
        None
    }

    /// Whether the mapping can have a die in mind: neurons can sit in any circuit of their core.
    fn knows_dies(&self) -> bool {
        true
    }

    /// Whether it chooses the slot that a synapse lies in among the numbered ones of its neuron.
    fn chooses_slots(&self) -> bool {
        false
    }

    /// Synapses that a circuit has room for; none: no limit.
    fn synapses_per_circuit(&self) -> Option<usize> {
        self.synapses_per_neuron()
    }

    /// The connections that matter least to the limit which a mapping was refused for; none: pruning does not help it.
    fn prune(&self, _refusal: &Refusal<'_>) -> Vec<cuts::Place> {
        Vec::new()
    }

    /// The neurons that send to more than they can, as far as `error` is about that; copies of them may help.
    fn crowded(&self, _network: &Network, _error: &MapperError) -> Vec<Crowded> {
        Vec::new()
    }

    /// Fills the memories, and books every connection as kept or lost.
    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError>;
}

/// The filled memories, and what they use.
pub(crate) struct Image {
    pub(crate) routing: Routing,
    /// Weight exponent of each core in use.
    pub(crate) exponents: Vec<u8>,
    /// One entry a core in use.
    pub(crate) cores: Vec<CoreMemories>,
    pub(crate) xylo: Option<XyloReport>,
    /// Parameters of each core in use, where they are not those of its populations.
    pub(crate) parameters: Option<Vec<BTreeMap<String, Values>>>,
}

impl Image {
    /// Rows, of which cores have no memories to tell of.
    pub(crate) fn of_rows(routing: Routing, exponents: Vec<u8>) -> Self {
        let cores = exponents.iter().map(|_| CoreMemories::default()).collect();
        Self { routing, exponents, cores, xylo: None, parameters: None }
    }
}

/// What a core has and uses beyond what every kind has; the default is nothing.
#[derive(Default)]
pub(crate) struct CoreMemories {
    /// Neurons that it has; none: as many as every core of the chip.
    pub(crate) neurons: Option<usize>,
    /// Synapses that a neuron has room for, whatever their sign; none: no limit.
    pub(crate) synapses: Option<usize>,
    pub(crate) sram: Option<MemoryUse>,
    pub(crate) tags: Option<Use>,
    pub(crate) axons: Option<AxonUse>,
    pub(crate) crossbar: Option<CrossbarUse>,
    /// The currents that its weights are made of, in units of its step.
    pub(crate) currents: Vec<i16>,
    /// The gains that are not those asked for.
    pub(crate) gains: Vec<Gain>,
}

/// The kind of the router of `spec`, which obeys the rules of a chip.
pub(crate) fn of(spec: &ChipSpec) -> Result<Box<dyn Kind>, MapperError> {
    Ok(match &spec.router {
        RouterSpec::Ideal => Box::new(ideal::Rows),
        RouterSpec::TagCam(router) => Box::new(tag_cam::Memories { limits: router.limits() }),
        RouterSpec::Axon(router) => Box::new(axon::Axons::new(spec, router.limits())?),
        RouterSpec::Xylo(router) => Box::new(xylo::Matrices { limits: router.limits() }),
        RouterSpec::Crossbar(router) => Box::new(crossbar::Arrays { limits: router.limits(), joined: Vec::new() }),
    })
}

/// Every synapse of the memories of `program` that a source reaches.
pub(crate) fn read(program: &Program, visit: Visit<'_>) -> Result<(), MapperError> {
    let all = &program.cores;
    match &program.routing {
        Routing::Ideal(rows) => rows::read(all, rows, |_| 0, visit),
        Routing::TagCam { cores, inputs, positions } => tag_cam::read(all, cores, inputs, positions, visit),
        Routing::Axon { cores, inputs, input_latency } => axon::read(all, cores, inputs, *input_latency, visit),
        Routing::Xylo { rows, shifts, .. } => xylo::read(all, rows, *shifts, visit),
        Routing::Crossbar { cores, inputs } => crossbar::read(all, cores, inputs, visit),
    }
}

/// Every place that a source of `program` sends to.
pub(crate) fn words(program: &Program, visit: &mut dyn FnMut(Word)) {
    let all = &program.cores;
    match &program.routing {
        Routing::Ideal(rows) | Routing::Xylo { rows, .. } => rows::words(rows, visit),
        Routing::TagCam { cores, inputs, positions } => tag_cam::words(all, cores, inputs, positions, visit),
        Routing::Axon { cores, inputs, .. } => axon::words(all, cores, inputs, visit),
        Routing::Crossbar { cores, inputs } => crossbar::words(all, cores, inputs, visit),
    }
}

/// What the mapper has multiplied the weights from `source` into a core with, where it brings them to whole numbers.
pub(crate) fn scale(report: &MappingReport, source: Source, destination: CoreAddress) -> f64 {
    let matrices = report.xylo.iter().flat_map(|report| &report.matrices);
    let mut of = matrices.filter(|matrix| matrix.matrix == xylo::matrix_name(source, destination));
    of.next().map_or(1.0, |matrix| matrix.scale)
}

/// Ticks that events of the host take beyond what a connection asks for.
pub(crate) fn input_latency(program: &Program) -> u16 {
    match &program.routing {
        Routing::Axon { input_latency, .. } => u16::from(*input_latency),
        _ => 0,
    }
}

/// The connections of `program`, where each synapse makes one of `read`.
pub(crate) fn joined(program: &Program, spec: &ChipSpec, read: Vec<DecodedConnection>) -> Vec<DecodedConnection> {
    match &program.routing {
        Routing::Ideal(_) => ideal::joined(spec, read),
        _ => read,
    }
}

/// The kind that a connection through a synapse of `kind` was asked for with, and by how many bits the weight is
/// shifted; none where a synapse holds the whole weight.
pub(crate) fn slice(program: &Program, spec: &ChipSpec, kind: u8) -> Option<(u8, u8)> {
    match &program.routing {
        Routing::Ideal(_) => ideal::slice(spec, kind),
        _ => None,
    }
}

/// What each core of `program` uses of the memories of its router, by name; of memories of a neuron, what the fullest
/// neuron uses.
pub(crate) fn uses(program: &Program, spec: &ChipSpec) -> Vec<Vec<(String, Use)>> {
    let fullest = |sizes: &mut dyn Iterator<Item = usize>, limit: usize| Use::of(sizes.max().unwrap_or(0), limit);
    let mut uses: Vec<Vec<(String, Use)>> = vec![Vec::new(); program.cores.len()];
    match (&program.routing, &spec.router) {
        (Routing::TagCam { cores, inputs, positions }, RouterSpec::TagCam(router)) => {
            let limits = router.limits();
            let addresses: Vec<_> = program.cores.iter().map(|core| core.address).collect();
            let heard = tag_cam::tags_heard(&addresses, cores, inputs, positions);
            for ((uses, core), heard) in uses.iter_mut().zip(cores).zip(heard) {
                let cam = fullest(&mut core.cam.iter().map(Vec::len), limits.cam_words_per_neuron);
                let sram = fullest(&mut core.sram.iter().map(Vec::len), limits.sram_words_per_neuron);
                let tags = Use::of(heard, limits.tag_count);
                uses.extend([("CAM words".into(), cam), ("SRAM words".into(), sram), ("tags".into(), tags)]);
            }
        }
        (Routing::Axon { cores, .. }, RouterSpec::Axon(router)) => {
            let limits = router.limits();
            for ((uses, core), program) in uses.iter_mut().zip(cores).zip(&program.cores) {
                let AxonUse { input_axons, output_axons, synapse_bits, .. } =
                    axon::uses(&limits, core, program.neuron_count, Vec::new());
                let names = ["input axons", "output axons", "synapse bits"].map(String::from);
                uses.extend(names.into_iter().zip([input_axons, output_axons, synapse_bits]));
            }
        }
        (Routing::Crossbar { cores, .. }, RouterSpec::Crossbar(router)) => {
            let limits = router.limits();
            for (uses, core) in uses.iter_mut().zip(cores) {
                uses.push(("drivers".into(), crossbar::drivers_used(core, limits)));
                uses.extend(
                    (0..limits.buses).map(|bus| (format!("rows of bus {bus}"), crossbar::rows_used(core, bus, limits))),
                );
            }
        }
        // Rows have no memory that could be full, nor have programs whose chip is another.
        _ => {}
    }
    uses
}

/// Neurons that a core has.
pub(crate) fn neurons(spec: &ChipSpec, address: CoreAddress) -> usize {
    match &spec.router {
        RouterSpec::Xylo(router) if address.core == XYLO_OUTPUT => router.limits().output_neurons,
        _ => spec.neurons_per_core(),
    }
}
