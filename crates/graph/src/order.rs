//! Which edges are late, and in which order nodes act within a step.

use crate::GraphError;
use crate::flat::Flat;
use crate::node::Node;
use crate::rule::Late;
use std::collections::{BTreeMap, BTreeSet};

/// An edge, by the names of its ends.
pub(crate) type Edge = (String, String);

/// The edges that are late by a step: with them cut, the graph has no loop through neurons.
///
/// Depth first from the inputs, in the order of names: an edge back to a node that leads to it closes a loop. With
/// [`Late::OutOf`] the edges that leave the neurons of that loop are late in its place.
pub(crate) fn late_edges(flat: &Flat, nodes: &BTreeMap<String, Node>, late: Late) -> BTreeSet<Edge> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in &flat.edges {
        next.entry(from).or_default().push(to);
    }
    next.values_mut().for_each(|targets| targets.sort_unstable());
    let is_input = |name: &&String| matches!(nodes[*name], Node::Input(_)) && !flat.inner.contains(*name);
    let (inputs, others): (Vec<&String>, Vec<&String>) = nodes.keys().partition(is_input);
    let mut state: BTreeMap<&str, bool> = BTreeMap::new();
    let mut edges = BTreeSet::new();
    for start in inputs.into_iter().chain(others) {
        if state.contains_key(start.as_str()) {
            continue;
        }
        // The nodes on the way here, each with how many of its edges were followed.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        state.insert(start, true);
        while let Some((node, followed)) = way.last_mut() {
            let target = next.get(node).and_then(|targets| targets.get(*followed)).copied();
            let node = *node;
            *followed += 1;
            match target {
                None => {
                    state.insert(node, false);
                    way.pop();
                }
                Some(target) => match state.get(target) {
                    None => {
                        state.insert(target, true);
                        way.push((target, 0));
                    }
                    Some(true) => {
                        let first = way.iter().position(|(name, _)| *name == target).unwrap_or(0);
                        let ring: Vec<&str> = way[first..].iter().map(|(name, _)| *name).chain([target]).collect();
                        if let Some((from, to)) = cut(&ring, nodes, late) {
                            edges.insert((from.to_owned(), to.to_owned()));
                        }
                    }
                    Some(false) => {}
                },
            }
        }
    }
    edges
}

/// The edge of a ring that is late; none if it has no neurons. A ring begins and ends with the node that it was reached
/// by.
fn cut<'a>(ring: &[&'a str], nodes: &BTreeMap<String, Node>, late: Late) -> Option<(&'a str, &'a str)> {
    let is_neuron = |name: &&str| matches!(nodes[*name], Node::Neurons(_));
    let edges = || ring.windows(2).map(|pair| (pair[0], pair[1]));
    let last_neuron = edges().rfind(|(from, _)| is_neuron(from))?;
    match late {
        Late::OutOf => Some(last_neuron),
        Late::Into => ring.windows(2).map(|pair| (pair[0], pair[1])).next_back(),
    }
}

/// The nodes so that each stands behind those that it gets something from within a step.
///
/// # Errors
/// A loop without a late edge.
pub(crate) fn topological<'a>(
    names: impl Iterator<Item = &'a str> + Clone,
    edges: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<Vec<&'a str>, GraphError> {
    let mut waiting: BTreeMap<&str, usize> = names.clone().map(|name| (name, 0)).collect();
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges {
        *waiting.entry(to).or_insert(0) += 1;
        next.entry(from).or_default().push(to);
    }
    let mut ready: BTreeSet<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::new();
    while let Some(name) = ready.pop_first() {
        waiting.remove(name);
        order.push(name);
        for to in next.get(name).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(to) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(to);
                }
            }
        }
    }
    if waiting.is_empty() {
        return Ok(order);
    }
    // What is left holds a ring, and nodes behind it; going back along what holds one up ends in the ring.
    let mut ring = Vec::new();
    let mut at = *waiting.keys().next().expect("a node is left");
    while !ring.contains(&at) {
        ring.push(at);
        at = waiting
            .keys()
            .find(|name| next.get(**name).is_some_and(|targets| targets.contains(&at)))
            .copied()
            .unwrap_or(at);
    }
    let first = ring.iter().position(|name| *name == at).unwrap_or(0);
    let mut nodes: Vec<String> = ring[first..].iter().rev().map(|name| (*name).to_owned()).collect();
    nodes.extend(nodes.first().cloned());
    Err(GraphError::Loop { nodes })
}
