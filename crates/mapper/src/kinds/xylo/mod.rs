//! A Xylo chip: which population is hidden and which is output, and the matrices between them.
//!
//! A population that sends nothing and receives from populations alone is read out: it goes to the output layer (core
//! 1). All others are hidden (core 0). Populations share a layer one after the other, in the order of the network.
//!
//! Weights are integers of 8 bits, times one power of two for each of the three matrices: the smallest with which the
//! largest weight fits. A weight of the network is in units of the registers, so that whole numbers from -128 to 127
//! are kept as they are. Real numbers are refused, or brought to whole ones together with the thresholds and biases of
//! their layer ([`scale`]).

mod error;
mod prune;
mod scale;
mod usage;

use crate::cuts::{Place, Refusal};
use crate::kinds::rows::{self, join};
use crate::kinds::{CoreMemories, Image, Kind};
use crate::ledger::Ledger;
use crate::memory::Visit;
use crate::optimise::{Judge, Nets};
use crate::placement::{Placement, Segment};
use crate::sharing::Sharing;
use crate::split::{self, Crowded};
use crate::wish::{Link, Wish};
use crate::{MapperError, MapperOptions, Scale, SmallWeights};
use chip::{
    ChipSpec, CoreProgram, IdealRow, Routing, Source, SynapseSign, XYLO_HIDDEN, XYLO_OUTPUT, XyloLimits, XyloShifts,
};
use fx::Weight;
use network::{Endpoint, Network};
use scale::{Factors, mantissa};
use units::{ChipId, CoreAddress};

pub use error::XyloMisfit;

/// The weight exponent of both layers: weights are whole numbers.
const EXPONENT: u8 = Weight::FRACTION_BITS as u8;

/// Names of the matrices, in the order of [`XyloShifts`].
const MATRICES: [&str; 3] = ["input", "recurrent", "output"];

/// Names of the layers.
const LAYERS: [&str; 2] = ["hidden", "output"];

/// Matrices of these sizes.
pub(crate) struct Matrices {
    pub(crate) limits: XyloLimits,
}

impl Kind for Matrices {
    fn place(
        &self,
        network: &Network,
        spec: &ChipSpec,
        _: &MapperOptions,
        _: Sharing,
    ) -> Result<Placement, MapperError> {
        place(network, spec, self.limits)
    }

    /// Layers are cores, and which layer a neuron belongs to follows from its projections.
    fn limits<'a>(&'a self, _: &ChipSpec, _: &'a Network, _: &'a Nets) -> Option<Judge<'a>> {
        None
    }

    fn has_weight_scales(&self) -> bool {
        true
    }

    fn scales_parameters(&self, options: &MapperOptions) -> bool {
        options.scale == Scale::Auto
    }

    /// The order of its neurons is that of its events, and the chips with it are digital: their dies are alike.
    fn knows_dies(&self) -> bool {
        false
    }

    fn prune(&self, refusal: &Refusal<'_>) -> Vec<Place> {
        prune::places(refusal)
    }

    /// Recurrent synapses of a hidden neuron: those onto neurons that are not read out.
    fn crowded(&self, network: &Network, error: &MapperError) -> Vec<Crowded> {
        if !matches!(error, MapperError::Xylo(XyloMisfit::FanOut { .. })) {
            return Vec::new();
        }
        let (outputs, most) = (outputs(network), self.limits.hidden_fan_out);
        split::crowded(network, most, |projection, _| !outputs[projection.post])
    }

    fn map(&self, wish: &Wish<'_>, options: &MapperOptions, ledger: &mut Ledger) -> Result<Image, MapperError> {
        let limits = self.limits;
        let (rows, shifts, factors) = map(wish, limits, options, ledger)?;
        let channels = wish.network.inputs.iter().map(|group| group.channels).sum();
        let report = usage::report(wish, limits, channels, &rows, (shifts, factors));
        let core = |core: &crate::placement::PlacedCore| CoreMemories {
            neurons: (core.address.core == XYLO_OUTPUT).then_some(limits.output_neurons),
            ..CoreMemories::default()
        };
        Ok(Image {
            // The network has no word for aliases.
            routing: Routing::Xylo { rows, shifts, aliases: Vec::new() },
            exponents: vec![EXPONENT; wish.cores.len()],
            cores: wish.cores.iter().map(core).collect(),
            xylo: Some(report),
            parameters: Some(scale::parameters_of(wish, factors, options.scale)),
        })
    }
}

/// The synapses of `rows`.
pub(crate) fn read(
    programs: &[CoreProgram],
    rows: &[IdealRow],
    shifts: XyloShifts,
    visit: Visit<'_>,
) -> Result<(), MapperError> {
    rows::read(programs, rows, |row| shifts.of(row.source, row.destination), visit)
}

/// The name of the matrix from `source` into a layer, as the report calls it.
pub(crate) fn matrix_name(source: Source, destination: CoreAddress) -> &'static str {
    let matrix = match source {
        _ if destination.core == XYLO_OUTPUT => 2,
        Source::Input(_) => 0,
        Source::Neuron(_) => 1,
    };
    MATRICES[matrix]
}

/// Whether each population is read out: it sends nothing, and receives something, but no input.
fn outputs(network: &Network) -> Vec<bool> {
    let sends = |population| network.projections.iter().any(|p| p.pre == Endpoint::Population(population));
    let hears = |population, input: bool| {
        network.projections.iter().any(|p| p.post == population && matches!(p.pre, Endpoint::Input(_)) == input)
    };
    (0..network.populations.len()).map(|p| !sends(p) && !hears(p, true) && hears(p, false)).collect()
}

/// Puts every population into its layer.
fn place(network: &Network, spec: &ChipSpec, limits: XyloLimits) -> Result<Placement, MapperError> {
    let mut used = [0u32; 2];
    let mut segments = Vec::new();
    for (population, is_output) in outputs(network).into_iter().enumerate() {
        let (layer, core, limit) = if is_output {
            ("output", XYLO_OUTPUT, limits.output_neurons)
        } else {
            ("hidden", XYLO_HIDDEN, spec.neurons_per_core())
        };
        let wish = &network.populations[population];
        let before = used[usize::from(is_output)];
        let needed = u64::from(before) + u64::from(wish.size);
        if needed > limit as u64 {
            let population = wish.name.clone();
            return Err(XyloMisfit::Layer { population, layer, size: wish.size, needed, limit }.into());
        }
        used[usize::from(is_output)] = needed as u32;
        let core = CoreAddress { chip: ChipId(0), core };
        let part = Segment { population, first_index: 0, count: wish.size, core, first_circuit: before };
        segments.push(if wish.size == 0 { Vec::new() } else { vec![part] });
    }
    Ok(Placement::from_segments(segments))
}

/// The matrix that a connection belongs to.
fn matrix(wish: &Wish<'_>, link: &Link) -> usize {
    match wish.network.projections[link.projection].pre {
        _ if wish.cores[link.core].address.core == XYLO_OUTPUT => 2,
        Endpoint::Input(_) => 0,
        Endpoint::Population(_) => 1,
    }
}

/// The largest weight before the shift, without its sign.
fn weight_max(wish: &Wish<'_>, limits: XyloLimits, link: &Link) -> u32 {
    let (low, high) = limits.weights();
    let signed = wish.spec.synapses[usize::from(link.kind)].sign == SynapseSign::Signed;
    u32::from(if signed && link.weight < 0 { low } else { high }.unsigned_abs())
}

/// The smallest shift of each matrix with which all of its weights fit.
fn fit_shifts(wish: &Wish<'_>, limits: XyloLimits, factors: Factors) -> Result<XyloShifts, MapperError> {
    let mut shifts = [0u8; 3];
    for link in wish.all_links().filter(Link::is_wanted) {
        let matrix = matrix(wish, &link);
        let (shift, factor) = (&mut shifts[matrix], factors.of(matrix));
        let most = weight_max(wish, limits, &link);
        while *shift <= limits.weight_shift_max && mantissa(link.asked(), factor, *shift) > most {
            *shift += 1;
        }
        if *shift > limits.weight_shift_max {
            return Err(XyloMisfit::Weight {
                projection: wish.network.projections[link.projection].name.clone(),
                weight: wish.spelled(&link),
                pre: link.pre,
                post: link.post,
                limit: u64::from(most) << limits.weight_shift_max,
            }
            .into());
        }
    }
    let [input, recurrent, output] = shifts;
    Ok(XyloShifts { input, recurrent, output })
}

/// The matrices, their shifts, and what weights were multiplied by.
fn map(
    wish: &Wish<'_>,
    limits: XyloLimits,
    options: &MapperOptions,
    ledger: &mut Ledger,
) -> Result<(Vec<IdealRow>, XyloShifts, Factors), MapperError> {
    let channels: u32 = wish.network.inputs.iter().map(|group| group.channels).sum();
    if channels as usize > limits.input_channels {
        let groups = wish.network.inputs.iter().map(|group| group.name.clone()).collect();
        return Err(XyloMisfit::Inputs { groups, channels, limit: limits.input_channels }.into());
    }
    let factors = scale::factors(wish, limits, options)?;
    let shifts = fit_shifts(wish, limits, factors)?;
    ledger.free(wish.freed_synapses());
    let mut rows: Vec<IdealRow> = Vec::new();
    for (index, projection) in wish.network.projections.iter().enumerate() {
        for pre in 0..projection.connections.row_count() as u32 {
            let source = wish.source(projection.pre, pre);
            let first_row = rows.len();
            for link in wish.row(index, pre).filter(Link::is_wanted) {
                let destination = wish.cores[link.core].address;
                let (shift, factor) = (shifts.of(source, destination), factors.of(matrix(wish, &link)));
                let weight = match (mantissa(link.asked(), factor, shift), options.small_weights) {
                    (0, SmallWeights::Nearest) => {
                        ledger.round_to_zero(&link);
                        continue;
                    }
                    (0, SmallWeights::Keep) => 1,
                    (weight, _) => weight,
                };
                ledger.keep(&link, scale::weight(weight, factor, shift).round() as u64);
                let synapse = rows::synapse(wish, &link, weight);
                match rows[first_row..].last_mut() {
                    Some(row) => row.synapses.push(synapse),
                    None => rows.push(IdealRow { source, destination, delay_ticks: 1, synapses: vec![synapse] }),
                }
            }
        }
    }
    join(&mut rows);
    usage::check(wish, limits, &rows)?;
    Ok((rows, shifts, factors))
}
