//! First parts of a coarse graph: each grows from a seed by what it is joined to most.

use crate::dice::Dice;
use crate::state::{Costs, State};
use crate::{Hypergraph, Parts};

/// Parts of `graph` that grew one after the other, from seeds that follow from `seed`.
///
/// Every vertex begins in the first part of its class; a part takes vertices from there until it has its share. What is
/// too much in the first part is left for the balance.
pub(crate) fn grown<'a>(
    graph: &'a Hypergraph,
    parts: &'a Parts,
    costs: &Costs,
    limits: Vec<u64>,
    seed: u64,
) -> State<'a> {
    let mut dice = Dice(seed);
    let first = |vertex: usize| parts.of_class(graph.class(vertex)).next().expect("checked: each class has parts");
    let part = (0..graph.len()).map(|vertex| first(vertex) as u32).collect();
    let mut state = State::new(graph, parts, costs, limits, part);
    let mut classes: Vec<u32> = (0..graph.len()).map(|vertex| graph.class(vertex)).collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let own: Vec<usize> = parts.of_class(class).collect();
        let vertices: Vec<u32> = state.members(own[0]).to_vec();
        let total: u64 = vertices.iter().map(|vertex| size(&state, *vertex as usize)).sum();
        let mut left = total;
        for (index, &part) in own.iter().enumerate().skip(1) {
            // The share of this part, of what the parts from here on and the first one get.
            let room = |part: &usize| parts.capacity(*part).first().map_or(1, |room| u128::from(*room));
            let open: u128 = own[index..].iter().map(room).sum::<u128>() + room(&own[0]);
            let target = (u128::from(left) * room(&part) / open.max(1)) as u64;
            let mut taken = 0;
            // Beside the last part, so that what is long is cut into pieces without rests between them; or anywhere.
            let beside = own[..index].last().copied().filter(|last| seed & 1 == 0 && *last != own[0]);
            let mut next = pick(&state, own[0], beside, &mut dice);
            while let Some(vertex) = next {
                let weight = size(&state, vertex);
                if taken > 0 && taken + weight > target || !state.has_room(part, vertex) {
                    break;
                }
                taken += weight;
                state.shift(vertex, part);
                state.raised.clear();
                next = pick(&state, own[0], Some(part), &mut dice);
            }
            left -= taken;
        }
    }
    state
}

/// What a vertex counts for when shares are compared: its part of the scarcest resource matters little here, its first
/// one is what parts are made of.
fn size(state: &State<'_>, vertex: usize) -> u64 {
    state.graph.weight(vertex).first().copied().unwrap_or(1)
}

/// The vertex of part `from` that is joined most to `part` and least to what stays; without a part, or if nothing is
/// joined to it, any.
fn pick(state: &State<'_>, from: usize, part: Option<usize>, dice: &mut Dice) -> Option<usize> {
    let members = state.members(from);
    let any = |dice: &mut Dice| (!members.is_empty()).then(|| members[dice.below(members.len())] as usize);
    let Some(part) = part else { return any(dice) };
    let key = |vertex: &u32| {
        let vertex = *vertex as usize;
        let (inner, weight) = (state.attraction(vertex, part), size(state, vertex).max(1) as i64);
        // By weight, so that large clusters are not preferred for being large; nets that would end here count double.
        ((inner + state.gain(vertex, part) / crate::state::UNIT as i64) * 1024 / weight, std::cmp::Reverse(vertex))
    };
    let found = members.iter().filter(|vertex| state.attraction(**vertex as usize, part) > 0).max_by_key(|v| key(v));
    found.map(|vertex| *vertex as usize).or_else(|| any(dice))
}
