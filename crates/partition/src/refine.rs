//! Moves of single vertices, the best first, each at most once a pass; a pass is taken back to where it was best.
//!
//! Boards are filled to the last circuit, so that a move mostly needs a second one that makes room for it: a part may
//! be filled beyond its limit by one vertex, and while one is, the only moves are out of it.

use crate::dice::mixed;
use crate::state::State;
use std::collections::BinaryHeap;

/// How a pass searches.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    /// Moves without a better state after which a pass ends.
    pub(crate) patience: usize,
    /// Most passes.
    pub(crate) passes: usize,
    /// Decides between equal moves.
    pub(crate) seed: u64,
    /// The work at which no further pass is begun.
    pub(crate) work: u64,
}

/// The part that `vertex` is best moved to, and what that gains. `full`: parts that a vertex more would fill beyond
/// their limit count too.
fn best(state: &State<'_>, vertex: usize, full: bool) -> Option<(i64, usize)> {
    let own = state.part(vertex);
    let mut found: Option<(i64, usize)> = None;
    for (part, gain) in state.gains(vertex).enumerate() {
        let is_more = part != own && found.is_none_or(|(most, _)| gain > most) && state.may(part, vertex);
        if is_more && (state.has_room(part, vertex) || full && !state.is_over(part)) {
            found = Some((gain, part));
        }
    }
    found
}

/// The best move out of a part that is too full, into one with room.
fn relief(state: &State<'_>, part: usize, locked: &[bool], seed: u64) -> Option<(usize, usize)> {
    let mut found: Option<((i64, u64), usize, usize)> = None;
    let first = state.members(part).iter().map(|vertex| *vertex as usize).find(|vertex| !locked[*vertex])?;
    // Parts that are full to the last are the rule: they are left out once, not for each vertex.
    let light = state.members(part).iter().map(|v| *v as usize).filter(|v| !locked[*v]);
    let light = light.min_by_key(|vertex| state.graph.weight(*vertex).iter().sum::<u64>()).unwrap_or(first);
    let open: Vec<usize> = (0..state.parts.len()).filter(|to| *to != part && state.may(*to, first)).collect();
    let open: Vec<usize> = open.into_iter().filter(|to| !state.is_over(*to) && state.has_room(*to, light)).collect();
    for vertex in state.members(part).iter().map(|vertex| *vertex as usize).filter(|vertex| !locked[*vertex]) {
        for &to in &open {
            let key = (state.gain(vertex, to), mixed(seed ^ vertex as u64));
            if found.is_none_or(|(most, ..)| key > most) && state.has_room(to, vertex) {
                found = Some((key, vertex, to));
            }
        }
    }
    found.map(|(_, vertex, to)| (vertex, to))
}

/// Moves vertices out of parts that are too full until none is, or nothing can be moved.
pub(crate) fn balance(state: &mut State<'_>, seed: u64) {
    let mut locked = vec![false; state.graph.len()];
    while let Some((vertex, to)) = state.over().into_iter().find_map(|part| relief(state, part, &locked, seed)) {
        locked[vertex] = true;
        state.shift(vertex, to);
        state.raised.clear();
    }
}

/// Passes until one changes nothing for the better.
pub(crate) fn refine(state: &mut State<'_>, search: Search) {
    for pass in 0..search.passes {
        if state.work > search.work || !improve(state, search, mixed(search.seed.wrapping_add(pass as u64))) {
            break;
        }
    }
}

/// One pass; whether anything became better.
fn improve(state: &mut State<'_>, search: Search, seed: u64) -> bool {
    let count = state.graph.len();
    let mut locked = vec![false; count];
    let mut keys = vec![i64::MIN; count];
    let mut heap: BinaryHeap<(i64, u64, u32)> = BinaryHeap::new();
    let tie = |vertex: usize| mixed(seed ^ vertex as u64);
    state.raised.clear();
    let borders = (0..count).filter(|vertex| state.is_at_border(*vertex));
    for (vertex, (gain, _)) in borders.filter_map(|vertex| Some((vertex, best(state, vertex, true)?))) {
        keys[vertex] = gain;
        heap.push((gain, tie(vertex), vertex as u32));
    }
    let start = (state.excess(), state.cost());
    let (mut least, mut kept) = (start, 0);
    let mut moves: Vec<(u32, u32)> = Vec::new();
    let mut over = state.over();
    while moves.len() - kept <= search.patience {
        let next = if let Some(part) = over.first() {
            relief(state, *part, &locked, seed)
        } else {
            loop {
                let Some((key, _, vertex)) = heap.pop() else { break None };
                let vertex = vertex as usize;
                if locked[vertex] || key != keys[vertex] {
                    continue;
                }
                match best(state, vertex, true) {
                    Some((gain, to)) if gain >= key => break Some((vertex, to)),
                    Some((gain, _)) => {
                        keys[vertex] = gain;
                        heap.push((gain, tie(vertex), vertex as u32));
                    }
                    None => {}
                }
            }
        };
        let Some((vertex, to)) = next else { break };
        let from = state.part(vertex);
        locked[vertex] = true;
        state.shift(vertex, to);
        moves.push((vertex as u32, from as u32));
        over.retain(|part| state.is_over(*part));
        if state.is_over(to) && !over.contains(&to) {
            over.push(to);
        }
        let now = (state.excess(), state.cost());
        if now < least {
            (least, kept) = (now, moves.len());
        }
        let mut raised = std::mem::take(&mut state.raised);
        for (vertex, part) in raised.drain(..) {
            let vertex = vertex as usize;
            if locked[vertex] {
                continue;
            }
            let gain = match part as usize {
                part if part < state.parts.len() => {
                    if part == state.part(vertex) || !state.may(part, vertex) {
                        continue;
                    }
                    state.gain(vertex, part)
                }
                _ => match best(state, vertex, true) {
                    Some((gain, _)) => gain,
                    None => continue,
                },
            };
            if gain > keys[vertex] {
                keys[vertex] = gain;
                heap.push((gain, tie(vertex), vertex as u32));
            }
        }
        state.raised = raised;
    }
    for (vertex, from) in moves.drain(kept..).rev() {
        state.shift(vertex as usize, from as usize);
    }
    state.raised.clear();
    least < start
}
