//! What a sample costs: the metrics of NeuroBench (Yik et al., Nature Communications 16, 2025) by what the emulator
//! counts, and energy by the prices of the chip file.
//!
//! `docs/concepts/cost.md` has each definition and where it differs from that of a tool for dense layers. This module
//! holds no price and no rule of any chip.

use crate::DieScore;
use chip::{ChipSpec, Kinetics, Program, Routing};
use mapper::EnergyItem;
use session::Board;

/// Costs of a program, and of a sample on one die: means over all samples.
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
    /// Steps of a sample; none where some neurons act without steps.
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
    /// Energy of a sample; empty if the chip file states no price. Its counts are of all samples.
    pub energy: Vec<EnergyItem>,
    /// Joules of a sample; none without prices.
    pub energy_j: Option<f64>,
}

/// The costs of the program of `board`, and of the samples that a die was shown.
pub fn cost(board: &Board, die: &DieScore) -> Cost {
    let (spec, symbols) = (board.spec(), board.symbols());
    let neurons: u64 = symbols.populations.iter().map(|population| u64::from(population.size)).sum();
    let size = |end| match end {
        chip::Endpoint::Population(index) => u64::from(symbols.populations[index].size),
        chip::Endpoint::Input(index) => u64::from(symbols.inputs[index].channels),
    };
    let pairs: u64 = symbols.projections.iter().map(|p| size(p.pre) * size(chip::Endpoint::Population(p.post))).sum();
    let connections: u64 = symbols.projections.iter().map(|projection| projection.synapses).sum();
    let synapses = board.fabric().synapse_count() as u64;
    let samples = die.outcomes.len().max(1) as f64;
    let mean = |sum: u64| sum as f64 / samples;
    let clocked = (0..symbols.populations.len()).all(|at| board.model_of(at).is_some_and(|model| model.is_clocked()));
    let steps = clocked.then(|| mean(die.total(|outcome| outcome.ticks)) / spec.step_ticks() as f64);
    let active = mean(die.total(|outcome| outcome.active));
    let operations = mean(die.total(|outcome| outcome.synaptic_operations));
    let (numbers, spikes) = sorts(spec, board.program());
    let energy = mapper::energy(
        spec,
        &[
            ("synaptic_operation", die.total(|outcome| outcome.synaptic_operations)),
            ("neuron_update", die.total(|outcome| outcome.neuron_updates)),
            ("spike", die.total(|outcome| outcome.spikes)),
            ("event_sent", die.total(|outcome| outcome.events_sent)),
        ],
    );
    let joules = energy.iter().map(|item| item.total_j).sum::<f64>() / samples;
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
        neuron_updates: mean(die.total(|outcome| outcome.neuron_updates)),
        spikes: mean(die.total(|outcome| outcome.spikes)),
        events_sent: mean(die.total(|outcome| outcome.events_sent)),
        energy_j: (!energy.is_empty()).then_some(joules),
        energy,
    }
}

/// Whether synapses of a program take numbers, and whether some take spikes.
fn sorts(spec: &ChipSpec, program: &Program) -> (bool, bool) {
    let Routing::Ideal(rows) = &program.routing else { return (false, true) };
    let is_number =
        |kind: u8| matches!(spec.synapses[usize::from(kind)].kinetics, Kinetics::Number { .. } | Kinetics::Graded);
    let mut found = (false, false);
    for synapse in rows.iter().flat_map(|row| &row.synapses) {
        if is_number(synapse.synapse) { found.0 = true } else { found.1 = true }
    }
    found
}
