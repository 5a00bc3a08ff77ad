//! The kinds of router, one module each: what each decides in a mapping, and the one place that picks the kind.

mod axon;
mod crossbar;
mod ideal;
mod rows;
pub(crate) mod tag_cam;
mod xylo;

use crate::decode::{DecodedConnection, Ends};
use crate::gains::Gain;
use crate::ledger::Ledger;
use crate::optimise::{self, Judge, Nets};
use crate::placement::{self, Packing, Placement};
use crate::report::{AxonUse, CrossbarUse, MemoryUse, Use, XyloReport};
use crate::sharing::Sharing;
use crate::wish::Wish;
use crate::{MapperError, MapperOptions};
use chip::{ChipSpec, Program, RouterSpec, Routing, Values};
use network::Network;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use units::CoreAddress;

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
        placement::place(network, spec, options, sharing, self.packing())
    }

    /// A judge of limits that depend on which neurons sit together, for placements that are searched; its parts are the
    /// cores of a board in their order. An inner none: there are no such limits; an outer one: neurons have no choice.
    fn limits<'a>(&'a self, _spec: &ChipSpec, _network: &'a Network, _nets: &'a Nets) -> Option<Judge<'a>> {
        Some(None)
    }

    /// Hops that a message takes between two cores of a board, 0 within one.
    fn hops(&self, spec: &ChipSpec, a: CoreAddress, b: CoreAddress) -> u64 {
        optimise::hops_of_chips(spec.chip_count(), a, b)
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

    /// Whether parameters in units of the weights are brought to whole numbers with them.
    fn scales_parameters(&self, _options: &MapperOptions) -> bool {
        false
    }

    /// Synapses of both signs that a neuron has room for; none: no limit.
    fn synapses_per_neuron(&self) -> Option<usize> {
        None
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
        RouterSpec::Crossbar(router) => Box::new(crossbar::Arrays { limits: router.limits() }),
    })
}

/// The connections that the memories of `program` make.
pub(crate) fn decode(
    program: &Program,
    ends: &Ends<'_>,
    spec: &ChipSpec,
) -> Result<Vec<DecodedConnection>, MapperError> {
    match &program.routing {
        Routing::Ideal(rows) => ideal::decode(rows, ends, spec),
        Routing::TagCam { cores, inputs, positions } => tag_cam::decode(cores, inputs, positions, ends),
        Routing::Axon { cores, inputs, input_latency } => axon::decode(cores, inputs, *input_latency, ends),
        Routing::Xylo { rows, shifts, .. } => xylo::decode(rows, *shifts, ends),
        Routing::Crossbar { cores, inputs } => crossbar::decode(cores, inputs, ends),
    }
}
