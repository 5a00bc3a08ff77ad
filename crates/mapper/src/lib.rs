//! Network and chip to program, with a report of everything kept and lost.
//!
//! This crate owns the decisions of a mapping: which neuron sits in which circuit ([`Placement`]), which tag each
//! source carries, what every CAM and SRAM word holds, and how real weights become the few that a core can make
//! ([`Codebook`]). The network is read and never changed; the result is a [`Program`] and a [`MappingReport`] that
//! accounts for every connection of the wish. [`decode`] reads a program back and finds exactly what the report says
//! was kept. [`ReadoutPlan`] adds the neurons of a trained readout to a network, so that one call of [`map`]
//! places, quantises and reports them like everything else.
//!
//! Whether a program fits its chip is not for the mapper to say: every mapping ends with the check of the router and of
//! the cores, so that a program that is mapped can be loaded.
//!
//! It deliberately emulates nothing and reads no file. Floats appear in the search for weight codes and in the
//! report; they use only `+ - * /` and `sqrt` in a fixed order, so that a program is the same bytes on every machine.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chip = formats::chip::shipped("ideal")?;
//! let network = r#"
//!     format = "quenched-network"
//!     version = 1
//!     input = [{ name = "in", channels = 1 }]
//!     population = [{ name = "p", size = 4, model = "lif" }]
//!     [[projection]]
//!     name = "drive"
//!     pre = "in"
//!     post = "p"
//!     synapse = "delta"
//!     connect = "all-to-all"
//!     weight = "25 mV"
//! "#;
//! let network = formats::network::read(network, "network", ".".as_ref(), &chip)?;
//! let mapping = quenched_mapper::map(&network, &chip, &quenched_mapper::MapperOptions::default())?;
//! assert_eq!((mapping.program.cores.len(), mapping.report.projections[0].kept), (1, 4));
//! let kept = quenched_mapper::decode(&mapping.program, &mapping.placement, &network, &chip)?;
//! assert_eq!(kept.len(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! # How it decides
//! * **Placement** is first fit in the order of the network: core after core, chip after chip. Nothing is moved to
//!   shorten routes, so neighbours in the network are neighbours on the board, and a population added at the end moves
//!   no other. With [`Placing::Optimised`] neurons are dealt to cores so that few cores hear each source.
//! * **Cores** are shared by populations of one model, wherever the chip lets them: with parameters of each neuron they
//!   may differ in these, elsewhere they must agree. A core of a tag and CAM chip, or of a crossbar chip, also has one
//!   set of weight currents: populations keep apart there while there are fresh cores, if their largest weights are
//!   more than a factor of 2 apart. [`CoreSharing::Off`] starts every population with a fresh core; sharing never takes
//!   more cores than that, and never refuses what that maps.
//! * **Axon chips** (Loihi) split a population evenly over as few cores as obey all limits. The weights of a projection
//!   onto a core have a power of two of their own.
//! * **Crossbar chips** (BrainScaleS-2) give each input channel the bus with most room, each source a label, and each
//!   kind of synapse as many rows of a bus as its fullest column needs; weights are multiples of one current a core.
//! * **Xylo** has one hidden and one output layer, each a core that all populations share: those that send nothing and
//!   receive from populations alone are read out, all others are hidden.
//! * **A die** that is in mind ([`DieChoice`]) decides which circuit of its core a neuron gets, which slot a synapse
//!   lies in and with which code; what is broken on it stays empty.
//! * **Chips** stand in the smallest square that holds the board, filled row by row: two chips side by side, four as
//!   two by two.
//! * **Tags** are compared in the cores that hear them, so a tag must be unique there and nowhere else. Each pair of
//!   source and destination chip gets the lowest tag that is free in all cores it reaches on that chip.
//! * **Weights** take the nearest value that the core can make, 0 included: a connection that is nearest to 0 takes no
//!   word and is counted as rounded to 0. With [`SmallWeights::Keep`] it takes the nearest value that is not 0.
//! * **Weight 0** in the wish takes no word and is counted apart.

mod board;
mod choice;
mod cuts;
mod decode;
mod delays;
mod die;
mod energy;
mod error;
mod explain;
mod fit;
mod gains;
mod join;
mod judge;
mod kinds;
mod ledger;
mod level;
mod limits;
mod memory;
mod optimise;
pub mod options;
mod parameters;
mod placement;
mod readout;
mod report;
mod sharing;
mod shortage;
mod split;
mod sums;
mod symbols;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod ways;
mod wish;

use chip::{ChipSpec, CoreProgram, DieSymbol, PlacementKind, Program, Symbols};
use network::Network;
use sharing::Sharing;

pub use choice::{
    Activity, CoreSharing, MapperOptions, OverFull, Placing, PruneBy, Scale, SmallWeights, WeightGoal, WeightsFor,
};
pub use decode::{DecodedConnection, decode, decode_parameter};
pub use die::{DieChoice, DieError, DieMisfit, DieReport, KnownDie, OnBroken};
pub use energy::{EnergyItem, energy};
pub use error::{MapperError, Subject};
pub use explain::{
    CopyAccount, CoreContents, CoreLink, CoreUse, Difference, Explained, FloorPlan, Incoming, Moved, NeuronAccount,
    NumberedWord, Outgoing, Sender, SynapseChange, WeightPairs,
};
pub use kinds::{
    XyloMisfit,
    tag_cam::Codebook,
    tag_cam::{TagNeed, TagSet},
};
pub use limits::{Answer, LIMITS, Limit, LimitInfo, markdown as limits_table};
pub use memory::{Code, Label, Stored, Word};
pub use optimise::{SpikeCounts, Traffic};
pub use placement::{Placement, Segment};
pub use readout::{
    ClassReport, Copies, ReadoutMisfit, ReadoutPlaces, ReadoutPlan, ReadoutReport, ReadoutStrategy, ReadoutWish, Trim,
    TrimMeans, Trimmed,
};
pub use report::{
    AxonGroupReport, AxonUse, CopyReport, CoreReport, CrossbarUse, FreedResources, GainReport, JoinedReport,
    MappingLoss, MappingReport, MemoryUse, PlacementReport, PopulationRange, ProjectionReport, ProjectionWeights,
    ShiftReport, SumChange, Use, WeightChange, WeightReport, XyloReport,
};
pub use shortage::Shortage;
pub use table::ReportTable;
pub use ways::{WayOut, ways_out};

/// A finished mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// What is loaded into the board.
    pub program: Program,
    /// Which neuron sits where.
    pub placement: Placement,
    /// What was used, kept and lost.
    pub report: MappingReport,
    /// What the network calls the parts of the program.
    pub symbols: Symbols,
    /// The network with the copies of neurons that were mapped ([`OverFull::Split`]), each a population of its own
    /// after those of the network, as the report and the symbols have them; none: the network itself.
    pub split: Option<Box<Network>>,
}

/// Maps `network` onto a board of chips like `spec`.
///
/// # Errors
/// [`MapperError`], for the first thing that the chip cannot hold: nothing is left out that the options do not allow
/// to be left out.
pub fn map(network: &Network, spec: &ChipSpec, options: &MapperOptions) -> Result<Mapping, MapperError> {
    map_apart(network, spec, options, None, None)
}

/// As [`map`]; a placement that is searched ([`Placing::Optimised`]) makes the traffic small that sources cause which
/// send as often as `counts` says.
///
/// # Errors
/// As [`map`].
pub fn map_counted(
    network: &Network,
    spec: &ChipSpec,
    options: &MapperOptions,
    counts: &SpikeCounts,
) -> Result<Mapping, MapperError> {
    map_apart(network, spec, options, None, Some(counts))
}

/// Maps a network with the neurons of a readout ([`ReadoutPlan::attach`]), which share no core with others while there
/// are fresh ones: what they listen to keeps the weights that it had when they were trained.
///
/// # Errors
/// As [`map`].
pub fn map_with_readout(
    network: &Network,
    readout: &ReadoutPlaces,
    spec: &ChipSpec,
    options: &MapperOptions,
) -> Result<Mapping, MapperError> {
    map_apart(network, spec, options, Some(readout.population), None)
}

/// What is mapped onto what.
struct Job<'a> {
    network: &'a Network,
    spec: &'a ChipSpec,
    router: &'a dyn kinds::Kind,
    options: &'a MapperOptions,
    counts: Option<&'a SpikeCounts>,
    die: Option<die::OnDie<'a>>,
    /// What is not in `network` because a limit left no room for it.
    cuts: &'a cuts::Cuts,
}

impl<'a> Job<'a> {
    /// How much connections matter.
    fn ranks(&self) -> cuts::Ranks<'a> {
        cuts::Ranks::new(self.options.prune_by, self.counts)
    }

    /// Cores as the options have them shared.
    fn sharing(&self, apart: Option<usize>) -> Sharing {
        Sharing { on: self.options.core_sharing == CoreSharing::On, apart }
    }
}

/// Maps with the placement that `options` ask for.
fn map_apart(
    network: &Network,
    spec: &ChipSpec,
    options: &MapperOptions,
    apart: Option<usize>,
    counts: Option<&SpikeCounts>,
) -> Result<Mapping, MapperError> {
    network.validate()?;
    let spec = &spec.at_clock(network.clock.as_ref())?;
    board::check(spec)?;
    let router = kinds::of(spec)?;
    router.check_board(spec)?;
    placement::check_models(network, spec)?;
    let counts = match &options.activity {
        Activity::Unknown => counts,
        Activity::Counted(counted) => counts.or(Some(&**counted)),
        Activity::File(file) => return Err(MapperError::ActivityUnread { file: file.clone() }),
    };
    if options.prune_by == PruneBy::Activity && counts.is_none() {
        return Err(MapperError::NoActivity);
    }
    let job = Job { network, spec, router: &*router, options, counts, die: None, cuts: cuts::Cuts::NONE };
    let known = match &options.die {
        DieChoice::None => return placed(&job, apart),
        DieChoice::Known(known) => known,
        DieChoice::Number(number) => return Err(DieMisfit::Unknown { die: number.to_string() }.into()),
        DieChoice::File(file) => return Err(DieMisfit::Unknown { die: file.clone() }.into()),
    };
    let on = die::OnDie { name: &known.name, die: &known.parameters, in_mind: true };
    if !router.knows_dies() && (on.die.mismatched().next().is_some() || on.die.has_faults() || on.die.changes_weights())
    {
        return Err(
            DieMisfit::Router { chip: spec.name.clone(), router: spec.router.name(), die: on.name.into() }.into()
        );
    }
    let mut mapping = placed(&Job { die: Some(on), ..job }, apart)?;
    // What it would be without: the same options, but for what is judged on the die.
    let options = MapperOptions { die: DieChoice::None, max_weight_error: None, ..options.clone() };
    let blind = die::OnDie { in_mind: false, ..on };
    let blind = placed(&Job { die: Some(blind), options: &options, ..job }, apart);
    if let Some(report) = &mut mapping.report.die {
        report.compare(blind.map(|blind| blind.report.die).map_err(|error| error.to_string()));
    }
    Ok(mapping)
}

/// Maps with the placement, and the way at limits, that the options of `job` ask for.
fn placed(job: &Job<'_>, apart: Option<usize>) -> Result<Mapping, MapperError> {
    let options = job.options;
    let place = |job: &Job<'_>, searches: bool| match (&options.placement, apart) {
        (Placing::Order, _) => in_order(job, apart),
        (Placing::Optimised, None) if !searches => in_order(job, None),
        (Placing::Optimised, None) => optimise::map(job),
        (Placing::Optimised, Some(readout)) => optimise::map_with_readout(job, readout),
        (Placing::Given(places), _) => optimise::map_given(job, places),
        (Placing::File(path), _) => Err(MapperError::PlacementUnread { file: path.clone() }),
    };
    match options.over_full {
        OverFull::Error => place(job, true),
        OverFull::Prune => cuts::map(job, place),
        OverFull::Split => split::map(job, |job| place(job, true)),
        OverFull::Join => join::map(job, |job| place(job, true)),
    }
}

/// Maps in the order of the network. What populations need together in one core may not fit where each alone does, so
/// that a network that is refused with shared cores has a second try without: sharing refuses nothing.
fn in_order(job: &Job<'_>, apart: Option<usize>) -> Result<Mapping, MapperError> {
    let map = |sharing: Sharing| {
        let placement = job.router.place(job.network, job.spec, job.options, sharing)?;
        fill(job, placement, PlacementKind::Order)
    };
    let sharing = job.sharing(apart);
    match map(sharing) {
        Err(error) if sharing.on && job.network.populations.len() > 1 => {
            map(Sharing { on: false, apart }).map_err(|_| error)
        }
        mapped => mapped,
    }
}

/// Fills the memories for neurons that have their cores; with a die in mind, in the circuits that are best on it. Where
/// the memories of a chip depend on the circuits, and the best ones do not fit them, any whole ones will do.
fn fill(job: &Job<'_>, placement: Placement, kind: PlacementKind) -> Result<Mapping, MapperError> {
    if let Some(on) = job.die.filter(|on| on.in_mind) {
        if placement.joins() {
            return Err(DieMisfit::Joined { chip: job.spec.name.clone(), die: on.name.into() }.into());
        }
        let best = filled(job, die::seat(job, &placement, on, true)?, kind);
        return best.or_else(|error| filled(job, die::seat(job, &placement, on, false)?, kind).map_err(|_| error));
    }
    filled(job, placement, kind)
}

/// Fills the memories for neurons that have their circuits.
fn filled(job: &Job<'_>, placement: Placement, kind: PlacementKind) -> Result<Mapping, MapperError> {
    let Job { network, spec, router, options, die, .. } = *job;
    let populations = parameters::check(network, spec, router.scales_parameters(options), die.is_some())?;
    let mut wish = wish::Wish::new(network, spec, router, &placement)?.without(job.cuts, job.ranks());
    wish.die = die;
    let mut ledger = ledger::Ledger::new(&wish);
    let kinds::Image { routing, exponents, cores: memories, xylo, parameters } =
        router.map(&wish, options, &mut ledger)?;
    let of_core = |core: &placement::PlacedCore| parameters::of_core(populations, core, spec);
    let parameters: Vec<_> = parameters.unwrap_or_else(|| wish.cores.iter().map(of_core).collect());
    let gains = memories.iter().map(|core| &core.gains[..]);
    let parameters =
        parameters.into_iter().zip(gains).map(|(parameters, gains)| gains::applied(parameters, gains, spec));
    let known = die.filter(|on| on.in_mind).map(|on| on.die);
    let parameters =
        parameters.zip(&wish.cores).map(|(parameters, core)| die::share(parameters, (network, spec, core), known));
    let core = |((core, weight_exponent), parameters): ((&placement::PlacedCore, u8), _)| CoreProgram {
        address: core.address,
        model: network.populations[core.parts[0].population].model,
        neuron_count: core.neuron_count,
        parameters,
        weight_exponent,
        off: die::gaps(core),
        circuits: if placement.joins() { placement.circuits(core) } else { Vec::new() },
    };
    let cores = wish.cores.iter().zip(exponents).zip(parameters).map(core).collect();
    let input_count = network.inputs.iter().map(|g| g.channels).sum();
    let program = Program { chip: spec.name.clone(), clock: network.clock, cores, input_count, routing };
    judge::check(&wish, &program)?;
    let mut report = ledger.report(&wish, &program, options, memories, xylo);
    delays::warn(&wish, router, &mut report.warnings);
    check_weights(&report, options)?;
    check_exact(network, &report)?;
    let mut symbols = symbols::of(network, &placement, kind, &report);
    if let Some(on) = die.filter(|on| on.in_mind) {
        symbols.die = Some(DieSymbol { name: on.name.into(), fingerprint: on.die.fingerprint(spec, &program) });
    }
    Ok(Mapping { program, placement, report, symbols, split: None })
}

/// Refuses weights that were to be exact and are not.
fn check_exact(network: &Network, report: &MappingReport) -> Result<(), MapperError> {
    let both = network.projections.iter().zip(&report.projections);
    let wrong = |(wish, report): &(&network::Projection, &ProjectionReport)| {
        wish.weight_format.exact && report.weights.rms_error_relative > 0.0
    };
    match both.into_iter().find(wrong) {
        None => Ok(()),
        Some((_, ProjectionReport { name, weights, .. })) => Err(MapperError::WeightError {
            projection: name.clone(),
            error: weights.rms_error_relative,
            limit: 0.0,
            first: weights.first_change,
        }),
    }
}

/// Refuses weights that are further off than `options` allow.
fn check_weights(report: &MappingReport, options: &MapperOptions) -> Result<(), MapperError> {
    let (Some(limit), Some(worst)) = (options.max_weight_error, report.worst_projection()) else { return Ok(()) };
    // With a die in mind it is there that weights are to be right.
    if let Some(worst) = report.die.as_ref().and_then(DieReport::worst_projection) {
        let (projection, error) = (worst.name.clone(), worst.in_mind);
        return if error <= limit {
            Ok(())
        } else {
            Err(MapperError::WeightError { projection, error, limit, first: None })
        };
    }
    let error = worst.weights.rms_error_relative;
    if error <= limit {
        return Ok(());
    }
    Err(MapperError::WeightError { projection: worst.name.clone(), error, limit, first: worst.weights.first_change })
}
