//! A graph without graphs within it, each edge once, and every name checked.
//!
//! A node of an inner graph is called `OUTER.INNER`. An edge to an inner graph leads to its `Input`, one from it comes
//! from its `Output`; both stay as nodes that pass on what they get.

use crate::GraphError;
use formats::nir::{NirGraph, NirNode};
use std::collections::{BTreeMap, BTreeSet};

/// The parameters of nodes by name, and edges in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    pub(crate) nodes: BTreeMap<String, NirNode>,
    /// Pairs of names that exist.
    pub(crate) edges: Vec<(String, String)>,
    /// Inputs and outputs of inner graphs.
    pub(crate) inner: BTreeSet<String>,
    /// Edges that stand more than once.
    pub(crate) duplicates: usize,
}

impl Flat {
    /// Resolves the graphs within `graph`.
    ///
    /// # Errors
    /// An edge to a node that does not exist, and an inner graph that does not have one `Input` and one `Output`.
    pub(crate) fn new(graph: &NirGraph) -> Result<Self, GraphError> {
        let mut flat = Self::default();
        flat.add(graph, "")?;
        let mut seen = BTreeSet::new();
        let all = flat.edges.len();
        flat.edges.retain(|edge| seen.insert(edge.clone()));
        flat.duplicates = all - flat.edges.len();
        Ok(flat)
    }

    fn add(&mut self, graph: &NirGraph, prefix: &str) -> Result<(), GraphError> {
        let full = |name: &str| format!("{prefix}{name}");
        for (name, node) in &graph.nodes {
            match &node.graph {
                Some(inner) => self.add(inner, &format!("{}.", full(name)))?,
                None => {
                    if !prefix.is_empty() && matches!(node.kind.as_str(), "Input" | "Output") {
                        self.inner.insert(full(name));
                    }
                    if self.nodes.insert(full(name), node.clone()).is_some() {
                        return Err(GraphError::Name { node: full(name) });
                    }
                }
            }
        }
        for (from, to) in &graph.edges {
            let from = end(graph, prefix, from, "Output", (from, to))?;
            let to = end(graph, prefix, to, "Input", (&from, to))?;
            self.edges.push((from, to));
        }
        Ok(())
    }
}

/// The node that an edge means by `name`: the one called so, or the `kind` of the graph that is called so.
fn end(
    graph: &NirGraph,
    prefix: &str,
    name: &str,
    kind: &'static str,
    edge: (&str, &str),
) -> Result<String, GraphError> {
    let Some(node) = graph.nodes.get(name) else {
        return Err(GraphError::EdgeToNothing {
            from: edge.0.into(),
            to: edge.1.into(),
            missing: name.into(),
            graph: prefix.trim_end_matches('.').into(),
            known: graph.nodes.keys().cloned().collect(),
        });
    };
    let place = format!("{prefix}{name}");
    let Some(inner) = &node.graph else { return Ok(place) };
    let doors: Vec<&String> = inner.nodes.iter().filter(|(_, node)| node.kind == kind).map(|(name, _)| name).collect();
    match &doors[..] {
        [door] => Ok(format!("{place}.{door}")),
        several => Err(GraphError::Doors { graph: place, kind, count: several.len() }),
    }
}
