//! Weights that are coarse enough: what all inputs of a neuron bring at once must fit its accumulators.
//!
//! The rule is the router's ([`router::arrivals_max`], [`router::is_sum`], [`router::sum_max`]), over the accumulators
//! that the core will have ([`InputLayout`]); here it chooses the scale of a core's weights before anything is written.

use crate::MapperError;
use crate::wish::{Link, Wish};
use chip::CoreProgram;
use device_models::InputLayout;
use network::Endpoint;
use std::collections::BTreeMap;

/// Makes the scales of cores coarser, one step after the other, until all sums fit.
///
/// `weigh` is the weight of a connection, without its sign and in steps of its core's scale; `coarser` is the next
/// scale, if there is one. Events of the host wait `input_latency` ticks more than their projection says.
///
/// # Errors
/// [`MapperError::Sums`] for a neuron whose inputs add up to too much at the coarsest scale.
pub(crate) fn settle<S, L: Iterator<Item = Link>>(
    wish: &Wish<'_>,
    scales: &mut [S],
    input_latency: u16,
    links: impl Fn() -> L,
    weigh: impl Fn(&S, &Link) -> u32,
    coarser: impl Fn(&S) -> Option<S>,
) -> Result<(), MapperError> {
    let layouts = layouts(wish, links())?;
    let limit = router::sum_max(wish.spec);
    let times: Vec<Times> = wish.network.projections.iter().map(|p| Times::new(wish, p, input_latency)).collect();
    let mut open = vec![true; scales.len()];
    while open.contains(&true) {
        let place = |layout: &InputLayout| vec![0u64; layout.lanes().len() * layout.stride()];
        let mut sums: Vec<Vec<u64>> =
            layouts.iter().zip(&open).map(|(l, open)| if *open { place(l) } else { Vec::new() }).collect();
        // The connection with which the sum of its accumulator first became too large.
        let mut excess: Vec<Option<(Link, usize)>> = vec![None; scales.len()];
        for link in links().filter(|link| open[link.core]) {
            let Some(times) = times[link.projection].of(&link) else { continue };
            let layout = &layouts[link.core];
            let packed = layout.pack(link.kind, usize::from(link.circuit), 1);
            let target = packed.expect("the layout has every kind that is in use").target();
            if !router::is_sum(layout, target) {
                continue;
            }
            let sum = &mut sums[link.core][target];
            *sum = sum.saturating_add(u64::from(weigh(&scales[link.core], &link)).saturating_mul(times));
            if *sum > limit && excess[link.core].is_none() {
                excess[link.core] = Some((link, target));
            }
        }
        for (core, excess) in excess.into_iter().enumerate() {
            let Some((link, target)) = excess else {
                open[core] = false;
                continue;
            };
            scales[core] = coarser(&scales[core]).ok_or_else(|| {
                let population = wish.network.projections[link.projection].post;
                MapperError::Sums {
                    population: wish.network.populations[population].name.clone(),
                    index: link.post,
                    needed: sums[core][target],
                    limit,
                }
            })?;
        }
    }
    Ok(())
}

/// How often a synapse of some projection adds its weight before the sum is used; none: sums have no bound.
struct Times {
    step_ticks: u64,
    latency: u16,
    /// With a delay that ends with a step, and with another one.
    whole: Option<u64>,
    other: Option<u64>,
}

impl Times {
    fn new(wish: &Wish<'_>, projection: &network::Projection, input_latency: u16) -> Self {
        let model = |population: usize| wish.network.populations[population].model;
        let (from, latency) = match projection.pre {
            Endpoint::Input(_) => (None, input_latency),
            Endpoint::Population(population) => (Some(model(population)), 0),
        };
        let times = |delay_ticks| router::arrivals_max(wish.spec, from, model(projection.post), delay_ticks);
        Self { step_ticks: wish.spec.step_ticks(), latency, whole: times(1), other: times(2) }
    }

    fn of(&self, link: &Link) -> Option<u64> {
        let beyond = u64::from(link.delay) + u64::from(self.latency) - 1;
        if beyond.is_multiple_of(self.step_ticks) { self.whole } else { self.other }
    }
}

/// The largest weight with which the inputs of every neuron of each core fit its accumulators, if a neuron keeps at
/// most `rows` of them, by core; `None` where sums have no bound.
pub(crate) fn weight_max(wish: &Wish<'_>, rows: &[usize]) -> Vec<Option<u64>> {
    let mut fan_in: Vec<Vec<u64>> = wish.cores.iter().map(|core| vec![0; core.neuron_count as usize]).collect();
    let mut most_times = vec![None; wish.cores.len()];
    for (index, projection) in wish.network.projections.iter().enumerate() {
        let times = Times::new(wish, projection, 0);
        for link in wish.links(index).filter(Link::is_wanted) {
            fan_in[link.core][usize::from(link.circuit)] += 1;
            most_times[link.core] = times.of(&link).max(most_times[link.core]);
        }
    }
    let most = |((fan_in, rows), times): ((&Vec<u64>, &usize), Option<u64>)| {
        let inputs = fan_in.iter().copied().max().unwrap_or(0).min(*rows as u64);
        Some(router::sum_max(wish.spec) / (inputs.max(1) * times?))
    };
    fan_in.iter().zip(rows).zip(most_times).map(most).collect()
}

/// The accumulators that each core has for these connections.
fn layouts(wish: &Wish<'_>, links: impl Iterator<Item = Link>) -> Result<Vec<InputLayout>, MapperError> {
    let mut used = vec![vec![false; wish.spec.synapses.len()]; wish.cores.len()];
    for link in links {
        used[link.core][usize::from(link.kind)] = true;
    }
    let layout = |(core, used): (usize, &Vec<bool>)| {
        let placed = &wish.cores[core];
        let program = CoreProgram {
            address: placed.address,
            model: wish.network.populations[placed.parts[0].population].model,
            neuron_count: placed.neuron_count,
            parameters: BTreeMap::new(),
            weight_exponent: 0,
            off: Vec::new(),
            circuits: Vec::new(),
        };
        InputLayout::new(wish.spec, &program, used).map_err(|error| wish.refused(placed.address, error))
    };
    used.iter().enumerate().map(layout).collect()
}
