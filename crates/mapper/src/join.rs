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
    let network = job.network;
    let mut circuits = vec![1; network.populations.len()];
    let mut reason = String::new();
    loop {
        let Some(router) = job.router.joined(&circuits) else {
            return map(job).map_err(|error| refused(OverFull::Join, error));
        };
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
                joined: spelled(network, &circuits, &reason),
                certificate: certificate(job, *all),
            });
        }
        let Some(population) = wider(network, job.spec.router.joined_circuits_max(), &circuits, &error) else {
            return Err(refused(OverFull::Join, error));
        };
        circuits[population] *= 2;
        reason = error.to_string();
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

/// How many circuits each neuron of which population takes, and what asked for them last.
fn spelled(network: &Network, circuits: &[u32], reason: &str) -> String {
    let each = network.populations.iter().zip(circuits).map(|(population, count)| {
        let all = u64::from(population.size) * u64::from(*count);
        format!("`{}` takes {count} for each of {} neurons, {all} in all", population.name, population.size)
    });
    format!("{} (the last were joined because {reason})", each.collect::<Vec<_>>().join(", "))
}

/// Whether any mapping could do it: each synapse takes a place of its own in the rows of a circuit.
fn certificate(job: &Job<'_>, circuits: u64) -> String {
    let rows = job.router.synapses_per_circuit().unwrap_or(1) as u64;
    let (mut least, mut synapses) = (0u64, 0u64);
    for (index, population) in job.network.populations.iter().enumerate() {
        let mut fan_in = vec![0u64; population.size as usize];
        for projection in job.network.projections.iter().filter(|projection| projection.post == index) {
            let wanted = projection.kept().filter(|connection| connection.weight.to_bits() != 0);
            wanted.for_each(|connection| fan_in[connection.post as usize] += 1);
        }
        least += fan_in.iter().map(|count| count.div_ceil(rows).max(1)).sum::<u64>();
        synapses += fan_in.iter().sum::<u64>();
    }
    if least <= circuits {
        return "this is what the mapping needs, and no proof that no other would do: lower the fan-in, or run the \
                network in parts".into();
    }
    let places = rows * circuits;
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
