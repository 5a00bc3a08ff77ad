//! Circuits that are joined to one neuron for more synapse rows (`join`).
//!
//! A population gets twice as many circuits a neuron whenever one of its neurons is what the rows do not suffice for,
//! and the network is mapped again, until it fits or the chip has no more circuits. All neurons of a population are of
//! one size, so that they stay alike.

use crate::cuts::refused;
use crate::report::JoinedReport;
use crate::{Job, MapperError, Mapping, OverFull};
use network::Network;

/// Maps with `map`, and with as many circuits a neuron as the rows ask for.
pub(crate) fn map(
    job: &Job<'_>,
    map: impl Fn(&Job<'_>) -> Result<Mapping, MapperError>,
) -> Result<Mapping, MapperError> {
    let most = job.spec.router.joined_circuits_max();
    if job.router.joined(&[]).is_none() {
        return map(job).map_err(|error| refused(OverFull::Join, error));
    }
    let rows = job.router.synapses_per_circuit().unwrap_or(usize::MAX) as u64;
    let needs: Vec<Need> = (0..job.network.populations.len()).map(|index| Need::of(job.network, index)).collect();
    let count = |synapses: u64| synapses.div_ceil(rows).next_power_of_two().min(1 << most.ilog2()) as u32;
    // Neurons of both signs in one array need rows for the most of each; what is certain is the need of each neuron.
    let likely: Vec<u32> = needs.iter().map(|need| count(need.positive + need.negative)).collect();
    let certain: Vec<u32> = needs.iter().map(|need| count(need.fan_in.iter().copied().max().unwrap_or(0))).collect();
    let wide = grow(job, &map, likely.clone(), &needs, rows);
    match wide {
        Err(MapperError::Joined { .. }) if likely != certain => grow(job, &map, certain, &needs, rows),
        result => result,
    }
}

/// What the neurons of a population receive.
struct Need {
    /// By neuron.
    fan_in: Vec<u64>,
    /// The most that are above 0, and below.
    positive: u64,
    negative: u64,
}

impl Need {
    fn of(network: &Network, population: usize) -> Self {
        let mut signs = vec![[0u64; 2]; network.populations[population].size as usize];
        for projection in network.projections.iter().filter(|projection| projection.post == population) {
            for connection in projection.kept().filter(|connection| connection.weight.to_bits() != 0) {
                signs[connection.post as usize][usize::from(connection.weight.to_bits() < 0)] += 1;
            }
        }
        let most = |sign: usize| signs.iter().map(|signs| signs[sign]).max().unwrap_or(0);
        Self { fan_in: signs.iter().map(|[a, b]| a + b).collect(), positive: most(0), negative: most(1) }
    }
}

/// Maps with these `circuits` a neuron by population, and with more while the rows ask for them.
fn grow(
    job: &Job<'_>,
    map: &impl Fn(&Job<'_>) -> Result<Mapping, MapperError>,
    mut circuits: Vec<u32>,
    needs: &[Need],
    rows: u64,
) -> Result<Mapping, MapperError> {
    let (network, most) = (job.network, job.spec.router.joined_circuits_max());
    let mut reason = None;
    loop {
        let router = job.router.joined(&circuits).expect("the chip joins circuits");
        let error = match map(&Job { router: &*router, ..*job }) {
            Ok(mut mapping) => {
                mapping.report.joined = report(network, &circuits);
                return Ok(mapping);
            }
            Err(error) => error,
        };
        if let MapperError::BoardFull { population, missing, circuits: all, .. } = &error
            && circuits.iter().any(|count| *count > 1)
        {
            let own = network.populations.iter().position(|p| p.name == *population).map_or(1, |p| circuits[p]);
            return Err(MapperError::Joined {
                population: population.clone(),
                missing: u64::from(*missing) * u64::from(own),
                circuits: *all,
                joined: spelled(network, &circuits, reason),
                certificate: certificate(needs, rows, *all),
            });
        }
        let Some(population) = wider(network, most, &circuits, &error) else {
            return Err(refused(OverFull::Join, error));
        };
        circuits[population] *= 2;
        reason = Some(error);
    }
}

/// The population that needs more rows and can have twice as many.
fn wider(network: &Network, most: usize, circuits: &[u32], error: &MapperError) -> Option<usize> {
    let names: &[String] = match error {
        MapperError::RowFanIn { population, .. } => std::slice::from_ref(population),
        MapperError::BusRows { populations, .. } => populations,
        _ => return None,
    };
    let called = |name: &String| network.populations.iter().position(|population| population.name == *name);
    names.iter().filter_map(called).find(|population| circuits[*population] as usize * 2 <= most)
}

/// How many circuits each neuron of which population takes, and what asked for the last of them.
fn spelled(network: &Network, circuits: &[u32], reason: Option<MapperError>) -> String {
    let each = network.populations.iter().zip(circuits).map(|(population, count)| {
        let all = u64::from(population.size) * u64::from(*count);
        format!("`{}` takes {count} for each of {} neurons, {all} in all", population.name, population.size)
    });
    let reason = reason.map_or_else(String::new, |error| format!(" (the last were joined because {error})"));
    format!("{}{reason}", each.collect::<Vec<_>>().join(", "))
}

/// Whether any mapping could do it: each synapse takes a place of its own in the rows of a circuit.
fn certificate(needs: &[Need], rows: u64, circuits: u64) -> String {
    let fan_in = || needs.iter().flat_map(|need| &need.fan_in);
    let least: u64 = fan_in().map(|count| count.div_ceil(rows).max(1)).sum();
    if least <= circuits {
        return "this is what the mapping needs, and no proof that no other would do: lower the fan-in, or run the \
                network in parts"
            .into();
    }
    let (synapses, places) = (fan_in().sum::<u64>(), rows * circuits);
    format!(
        "no mapping can do it: a synapse takes one of the {rows} rows of a circuit, so that the {synapses} synapses need \
         at least {least} circuits (the board has {circuits}, with places for {places} synapses); run the network in at \
         least {} parts, one after the other",
        least.div_ceil(circuits)
    )
}

/// What was joined, for the report.
fn report(network: &Network, circuits: &[u32]) -> Vec<JoinedReport> {
    let joined = network.populations.iter().zip(circuits).filter(|(_, count)| **count > 1);
    let of = |(population, count): (&network::Population, &u32)| JoinedReport {
        population: population.name.clone(),
        neurons: population.size,
        circuits_per_neuron: *count,
    };
    joined.map(of).collect()
}
