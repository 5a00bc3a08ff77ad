//! What a run costs: the metrics of NeuroBench (Yik et al., Nature Communications 16, 2025) by what the emulator
//! counts, and energy and time by the prices of the chip file.
//!
//! `docs/concepts/cost.md` has each definition and where it differs from that of a tool for dense layers. This module
//! holds no price and no rule of any chip.

use crate::DieScore;
use chip::{Endpoint, HOP_OPERATIONS};
use mapper::EnergyItem;
use session::{Board, Hops, Latency};
use units::CoreAddress;

/// What was counted in some runs of a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// Runs.
    pub runs: u64,
    /// Spikes of all neurons.
    pub spikes: u64,
    /// Events that reached a synapse.
    pub synaptic_operations: u64,
    /// Updates of neurons.
    pub neuron_updates: u64,
    /// Events that neurons and inputs sent.
    pub events_sent: u64,
    /// Ticks with a spike, of all neurons together.
    pub active: u64,
    /// Ticks.
    pub ticks: u64,
    /// How long each run took; empty where that is not known.
    pub latencies: Vec<Latency>,
    /// Hops of each run; empty where the chip file does not say where cores lie.
    pub hops: Vec<Hops>,
}

impl From<&DieScore> for Counted {
    fn from(die: &DieScore) -> Self {
        Self {
            runs: die.outcomes.len() as u64,
            spikes: die.total(|outcome| outcome.spikes),
            synaptic_operations: die.total(|outcome| outcome.synaptic_operations),
            neuron_updates: die.total(|outcome| outcome.neuron_updates),
            events_sent: die.total(|outcome| outcome.events_sent),
            active: die.total(|outcome| outcome.active),
            ticks: die.total(|outcome| outcome.ticks),
            latencies: die.outcomes.iter().filter_map(|outcome| outcome.latency.clone()).collect(),
            hops: die.outcomes.iter().filter_map(|outcome| outcome.hops.clone()).collect(),
        }
    }
}

/// How long a run takes: the mean over runs, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanLatency {
    /// All of its steps.
    pub total_s: f64,
    /// What of it cores wait for each other.
    pub barrier_s: f64,
    /// The longest step of any run.
    pub longest_step_s: f64,
    /// How long each core of the program works on what it sends, and on what it receives.
    pub cores_s: Vec<(f64, f64)>,
}

/// Hops of events between tiles along rows and along columns, and what these cost: the mean over runs.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanHops {
    /// Hops along rows, and along columns.
    pub hops: [f64; 2],
    /// Joules of all hops; none if some of them have no price.
    pub energy_j: Option<f64>,
    /// By core that sent, in the order of the program.
    pub cores: Vec<CoreHops>,
}

/// Hops of the events that a core sent.
#[derive(Clone, Debug, PartialEq)]
pub struct CoreHops {
    /// The core.
    pub core: CoreAddress,
    /// As [`MeanHops::hops`].
    pub hops: [f64; 2],
    /// As [`MeanHops::energy_j`].
    pub energy_j: Option<f64>,
}

/// Costs of a program, and of a run of it: means over all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Neurons.
    pub neurons: u64,
    /// Synapses in the program.
    pub synapses: u64,
    /// Bytes that the weights of the synapses take, at the bits that a synapse of the chip stores.
    pub footprint: u64,
    /// Share of all pairs of neurons that projections could connect which have no synapse.
    pub connection_sparsity: f64,
    /// Steps of a run; none where some neurons act without steps.
    pub steps: Option<f64>,
    /// Share of neurons and steps without a spike.
    pub activation_sparsity: Option<f64>,
    /// Operations of a machine that leaves nothing out: every pair in every step.
    pub dense: Option<f64>,
    /// Operations with a number; none where numbers and spikes meet, which are counted together.
    pub effective_macs: Option<f64>,
    /// Operations with a spike.
    pub effective_acs: Option<f64>,
    /// All operations.
    pub operations: f64,
    /// Updates of neurons.
    pub neuron_updates: f64,
    /// Spikes.
    pub spikes: f64,
    /// Events that neurons and inputs sent.
    pub events_sent: f64,
    /// Energy; empty if the chip file states no price. Its counts are of all runs.
    pub energy: Vec<EnergyItem>,
    /// Joules of a run; none without prices.
    pub energy_j: Option<f64>,
    /// How far its events go; none where that is not known.
    pub hops: Option<MeanHops>,
    /// How long a run takes; none where that is not known.
    pub latency: Option<MeanLatency>,
}

/// The costs of the program of `board`, and of its runs.
pub fn cost(board: &Board, counted: &Counted) -> Cost {
    let (spec, symbols) = (board.spec(), board.symbols());
    let neurons: u64 = symbols.populations.iter().map(|population| u64::from(population.size)).sum();
    let size = |end| match end {
        Endpoint::Population(index) => u64::from(symbols.populations[index].size),
        Endpoint::Input(index) => u64::from(symbols.inputs[index].channels),
    };
    let pairs: u64 = symbols.projections.iter().map(|p| size(p.pre) * size(Endpoint::Population(p.post))).sum();
    let connections: u64 = symbols.projections.iter().map(|projection| projection.synapses).sum();
    let synapses = board.fabric().synapse_count() as u64;
    let runs = counted.runs.max(1) as f64;
    let mean = |sum: u64| sum as f64 / runs;
    let clocked = (0..symbols.populations.len()).all(|at| board.model_of(at).is_some_and(|model| model.is_clocked()));
    let steps = clocked.then(|| mean(counted.ticks) / spec.step_ticks() as f64);
    let active = mean(counted.active);
    let operations = mean(counted.synaptic_operations);
    let (numbers, spikes) = sorts(board);
    let mut counts = vec![
        ("synaptic_operation", counted.synaptic_operations),
        ("neuron_update", counted.neuron_updates),
        ("spike", counted.spikes),
        ("event_sent", counted.events_sent),
    ];
    // Hops that some runs did not count would be too few beside the rest.
    let has_hops = counted.runs > 0 && counted.hops.len() as u64 == counted.runs;
    if has_hops {
        let total = counted.hops.iter().map(Hops::total).fold([0; 2], |all, own| [all[0] + own[0], all[1] + own[1]]);
        counts.extend(HOP_OPERATIONS.into_iter().zip(total));
    }
    let energy = mapper::energy(spec, &counts);
    let joules = energy.iter().map(|item| item.total_j).sum::<f64>() / runs;
    Cost {
        neurons,
        synapses,
        footprint: (synapses * u64::from(spec.stored_weight_bits())).div_ceil(8),
        connection_sparsity: if pairs == 0 { 0.0 } else { 1.0 - connections.min(pairs) as f64 / pairs as f64 },
        steps,
        activation_sparsity: steps.map(|steps| match neurons as f64 * steps {
            0.0 => 0.0,
            all => 1.0 - active / all,
        }),
        dense: steps.map(|steps| pairs as f64 * steps),
        effective_macs: (!(numbers && spikes)).then_some(if numbers { operations } else { 0.0 }),
        effective_acs: (!(numbers && spikes)).then_some(if numbers { 0.0 } else { operations }),
        operations,
        neuron_updates: mean(counted.neuron_updates),
        spikes: mean(counted.spikes),
        events_sent: mean(counted.events_sent),
        energy_j: (!energy.is_empty()).then_some(joules),
        hops: has_hops.then(|| hops(board, &counted.hops, &energy)),
        latency: latency(&counted.latencies),
        energy,
    }
}

/// Hops of runs by core, at the prices of `energy`.
fn hops(board: &Board, of_runs: &[Hops], energy: &[EnergyItem]) -> MeanHops {
    let price = |name: &str| energy.iter().find(|item| item.operation == name).map(|item| item.each_j);
    let prices = HOP_OPERATIONS.map(price);
    let joules = |hops: [f64; 2]| Some(hops[0] * prices[0]? + hops[1] * prices[1]?);
    let mean = |of: &dyn Fn(&Hops) -> [u64; 2]| {
        let sums = of_runs.iter().map(of).fold([0; 2], |all: [u64; 2], own| [all[0] + own[0], all[1] + own[1]]);
        sums.map(|sum| sum as f64 / of_runs.len() as f64)
    };
    let core = |(index, core): (usize, &chip::CoreProgram)| {
        let hops = mean(&|run| run.cores[index]);
        CoreHops { core: core.address, hops, energy_j: joules(hops) }
    };
    let hops = mean(&Hops::total);
    let cores = board.program().cores.iter().enumerate().map(core).collect();
    MeanHops { hops, energy_j: joules(hops), cores }
}

fn latency(of_runs: &[Latency]) -> Option<MeanLatency> {
    const PER_SECOND: f64 = 1e12;
    let longest = of_runs.iter().map(|latency| latency.longest_ps).max()?;
    let mean =
        |of: &dyn Fn(&Latency) -> u64| of_runs.iter().map(of).sum::<u64>() as f64 / of_runs.len() as f64 / PER_SECOND;
    let core = |core: usize| (mean(&|latency| latency.cores_ps[core].0), mean(&|latency| latency.cores_ps[core].1));
    Some(MeanLatency {
        total_s: mean(&|latency| latency.total_ps),
        barrier_s: mean(&|latency| latency.barrier_ps),
        cores_s: (0..of_runs[0].cores_ps.len()).map(core).collect(),
        longest_step_s: longest as f64 / PER_SECOND,
    })
}

/// Whether synapses of a program take numbers, and whether some take spikes.
fn sorts(board: &Board) -> (bool, bool) {
    let fabric = board.fabric();
    let mut found = (false, false);
    for route in fabric.routes() {
        let row = fabric.row(route.row);
        let layout = fabric.layout(row.core);
        let graded = board.program().cores[row.core].model.is_graded();
        for synapse in row.synapses {
            let is_number = graded || layout.takes_messages(synapse.target() / layout.stride());
            if is_number { found.0 = true } else { found.1 = true }
        }
    }
    found
}
