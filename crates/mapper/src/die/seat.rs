//! Which circuit of its core each neuron gets.
//!
//! A placement says which core a neuron sits in; within a core all whole circuits are open to it. Where the cores of a
//! chip share a parameter of which the network asks for one value each, neurons that are to be slow get circuits that
//! are slow on the die. Otherwise those circuits stay free that are furthest from what is asked for. Neurons that ask
//! for the same keep the order of the network.

use super::assign::assign;
use super::parameters::{best_shared, factor, felt, number, wanted};
use super::{OnDie, whole_circuits};
use crate::DieMisfit;
use crate::placement::{PlacedCore, Placement, Segment};
use crate::{Job, MapperError};
use chip::Values;
use network::Network;
use std::collections::BTreeMap;
use units::{CoreAddress, NeuronId};

/// Pairs of neurons and circuits of a core beyond which they are sorted and not searched.
const PAIRS_MAX: usize = 1 << 21;

/// How often the value that a core shares and the circuits of its neurons are fitted to each other.
const ROUNDS: usize = 4;

/// What a missing synapse slot costs, beside which relative errors are nothing.
const MISSING_SLOT: f64 = 1e6;

/// A neuron of a core: population, index.
type Neuron = (usize, u32);

/// `placement` with the neurons of each core on its whole circuits, as is best on the die.
///
/// # Errors
/// A core with fewer whole circuits than neurons.
pub(crate) fn seat(job: &Job<'_>, placement: &Placement, on: OnDie<'_>, best: bool) -> Result<Placement, MapperError> {
    let needs = Needs::of(job, on);
    let felt = felt(job.network, job.spec, on.die);
    let mut places: Vec<Vec<(CoreAddress, u32)>> = Vec::new();
    for population in &job.network.populations {
        places.push(vec![(CoreAddress::new(0, 0), 0); population.size as usize]);
    }
    for core in placement.cores() {
        let circuits: Vec<u32> = whole_circuits(on.die, job.spec, core.address).collect();
        let neurons: Vec<Neuron> = core.parts.iter().flat_map(members).collect();
        if circuits.len() < neurons.len() {
            let all = crate::kinds::neurons(job.spec, core.address);
            return Err(DieMisfit::Circuits {
                die: on.name.into(),
                core: core.address,
                needed: neurons.len(),
                whole: circuits.len(),
                circuits: all,
            }
            .into());
        }
        let task = Task { job, on, core: &core, circuits, neurons, needs: &needs, felt: &felt };
        let chosen = if best { task.choose() } else { (0..task.neurons.len()).collect() };
        for (&(population, index), choice) in task.neurons.iter().zip(chosen) {
            places[population][index as usize] = (core.address, task.circuits[choice]);
        }
    }
    Ok(Placement::of_places(&places))
}

fn members(part: &Segment) -> impl Iterator<Item = Neuron> {
    let population = part.population;
    (part.first_index..part.first_index + part.count).map(move |index| (population, index))
}

/// Synapse slots that neurons need and circuits have, where slots can be broken.
struct Needs {
    /// By population and index; empty where it does not matter.
    wanted: Vec<Vec<u32>>,
    slots: u64,
}

impl Needs {
    fn of(job: &Job<'_>, on: OnDie<'_>) -> Self {
        if !job.router.chooses_slots() || !on.die.has_synapse_faults() {
            return Self { wanted: Vec::new(), slots: 0 };
        }
        Self { wanted: fan_in(job.network), slots: job.spec.router.numbered_slots() }
    }

    fn of_neuron(&self, (population, index): Neuron) -> u32 {
        self.wanted.get(population).map_or(0, |of| of[index as usize])
    }

    /// Whole slots of a circuit.
    fn whole(&self, on: OnDie<'_>, core: CoreAddress, circuit: u32) -> u32 {
        let is_whole = |slot: &u64| on.die.synapse_fault(core, NeuronId(circuit as u16), *slot).is_none();
        (0..self.slots).filter(is_whole).count() as u32
    }
}

/// Connections onto each neuron that masks keep and that are not 0.
fn fan_in(network: &Network) -> Vec<Vec<u32>> {
    let mut fan_in: Vec<Vec<u32>> = network.populations.iter().map(|p| vec![0; p.size as usize]).collect();
    for projection in &network.projections {
        for connection in projection.kept().filter(|connection| connection.weight.to_bits() != 0) {
            fan_in[projection.post][connection.post as usize] += 1;
        }
    }
    fan_in
}

/// One core.
struct Task<'a> {
    job: &'a Job<'a>,
    on: OnDie<'a>,
    core: &'a PlacedCore,
    circuits: Vec<u32>,
    neurons: Vec<Neuron>,
    needs: &'a Needs,
    felt: &'a [Vec<String>],
}

/// A parameter that the core shares and of which each neuron wants a value.
struct Shared {
    /// By neuron.
    wanted: Vec<f64>,
    /// By circuit of the task.
    factors: Vec<f64>,
}

impl Shared {
    /// What circuit `circuit` costs neuron `neuron`, if the core has `value`.
    fn cost(&self, value: f64, neuron: usize, circuit: usize) -> f64 {
        match self.wanted[neuron] {
            0.0 => 0.0,
            wanted => square(value * self.factors[circuit] / wanted - 1.0),
        }
    }
}

fn square(x: f64) -> f64 {
    x * x
}

impl Task<'_> {
    /// The circuit of each neuron, as an index into the circuits.
    fn choose(&self) -> Vec<usize> {
        let (rows, columns) = (self.neurons.len(), self.circuits.len());
        let shared = self.shared();
        let own = self.own(&shared);
        let lacks = self.lacks();
        let fixed = |row: usize, column: usize| {
            let missing = lacks.as_ref().map_or(0.0, |(needs, has)| f64::from(needs[row].saturating_sub(has[column])));
            own[&self.neurons[row].0][column] + MISSING_SLOT * missing
        };
        let in_order: Vec<usize> = (0..rows).collect();
        let factors: Vec<&Shared> = shared.values().collect();
        let cost = |values: &[f64], row: usize, column: usize| {
            let each = factors.iter().zip(values).map(|(shared, value)| shared.cost(*value, row, column));
            each.fold(fixed(row, column), |sum, cost| sum + cost)
        };
        let sum = |values: &[f64], chosen: &[usize]| {
            chosen.iter().enumerate().map(|(row, column)| cost(values, row, *column)).sum::<f64>()
        };
        let fit = |chosen: &[usize]| -> Vec<f64> {
            let pairs = |shared: &&Shared| {
                let pairs =
                    chosen.iter().enumerate().map(|(row, column)| (shared.wanted[row], shared.factors[*column]));
                best_shared(pairs)
            };
            factors.iter().map(pairs).collect()
        };
        let mut best = in_order;
        let mut values = fit(&best);
        for _ in 0..ROUNDS {
            let found = if rows * columns > PAIRS_MAX {
                self.sorted(&factors, fixed)
            } else {
                assign(rows, columns, |row, column| cost(&values, row, column))
            };
            let found = self.ordered(found, &factors, lacks.as_ref().map(|(needs, _)| &needs[..]));
            let fitted = fit(&found);
            // A tie leaves everything in its order.
            if sum(&fitted, &found) >= sum(&values, &best) {
                break;
            }
            (best, values) = (found, fitted);
        }
        best
    }

    /// Parameters with a value of each neuron on a chip whose cores share it.
    fn shared(&self) -> BTreeMap<String, Shared> {
        let (network, spec) = (self.job.network, self.job.spec);
        let mut shared = BTreeMap::new();
        if spec.parameters_per_neuron {
            return shared;
        }
        for part in &self.core.parts {
            let wish = &network.populations[part.population];
            for name in &self.felt[part.population] {
                if shared.contains_key(name) || !matches!(wish.parameters.get(name), Some(Values::PerNeuron(_))) {
                    continue;
                }
                let want = |(population, index): &Neuron| {
                    number(wanted(&network.populations[*population], spec, name, *index))
                };
                let factors =
                    self.circuits.iter().map(|circuit| factor(self.on.die, name, self.core.address, *circuit));
                let own = Shared { wanted: self.neurons.iter().map(want).collect(), factors: factors.collect() };
                shared.insert(name.clone(), own);
            }
        }
        shared
    }

    /// By population, what each circuit costs a neuron of it for the parameters that it can have as it wants them.
    fn own(&self, shared: &BTreeMap<String, Shared>) -> BTreeMap<usize, Vec<f64>> {
        let of_population = |population: usize| {
            let names: Vec<&String> = self.felt[population].iter().filter(|name| !shared.contains_key(*name)).collect();
            let cost = |circuit: &u32| {
                let off = |name: &&String| square(factor(self.on.die, name, self.core.address, *circuit) - 1.0);
                names.iter().map(off).sum()
            };
            self.circuits.iter().map(cost).collect()
        };
        self.core.parts.iter().map(|part| (part.population, of_population(part.population))).collect()
    }

    /// Slots that neurons need and that circuits have, where that can matter.
    fn lacks(&self) -> Option<(Vec<u32>, Vec<u32>)> {
        (self.needs.slots > 0).then(|| {
            let needs = self.neurons.iter().map(|neuron| self.needs.of_neuron(*neuron)).collect();
            let has = |circuit: &u32| self.needs.whole(self.on, self.core.address, *circuit);
            (needs, self.circuits.iter().map(has).collect())
        })
    }

    /// Circuits for a core that is too large to search: those that cost the first neuron least, sorted by the parameter
    /// that is shared first.
    fn sorted(&self, shared: &[&Shared], fixed: impl Fn(usize, usize) -> f64) -> Vec<usize> {
        let mut circuits: Vec<usize> = (0..self.circuits.len()).collect();
        circuits.sort_by(|a, b| fixed(0, *a).total_cmp(&fixed(0, *b)).then(a.cmp(b)));
        circuits.truncate(self.neurons.len());
        circuits.sort_unstable();
        let mut neurons: Vec<usize> = (0..self.neurons.len()).collect();
        if let Some(shared) = shared.first() {
            circuits.sort_by(|a, b| shared.factors[*a].total_cmp(&shared.factors[*b]).then(a.cmp(b)));
            neurons.sort_by(|a, b| shared.wanted[*a].total_cmp(&shared.wanted[*b]).then(a.cmp(b)));
        }
        let mut chosen = vec![0; neurons.len()];
        neurons.into_iter().zip(circuits).for_each(|(neuron, circuit)| chosen[neuron] = circuit);
        chosen
    }

    /// The same circuits, where neurons that ask for the same have them in their order.
    fn ordered(&self, mut chosen: Vec<usize>, shared: &[&Shared], needs: Option<&[u32]>) -> Vec<usize> {
        let mut alike: BTreeMap<(usize, u32, Vec<u64>), Vec<usize>> = BTreeMap::new();
        for (row, (population, _)) in self.neurons.iter().enumerate() {
            let wanted = shared.iter().map(|shared| shared.wanted[row].to_bits()).collect();
            alike.entry((*population, needs.map_or(0, |needs| needs[row]), wanted)).or_default().push(row);
        }
        for rows in alike.into_values() {
            let mut columns: Vec<usize> = rows.iter().map(|row| chosen[*row]).collect();
            columns.sort_unstable();
            rows.into_iter().zip(columns).for_each(|(row, column)| chosen[row] = column);
        }
        chosen
    }
}
