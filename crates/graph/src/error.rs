//! What is wrong with a graph, or with what is asked of it.

use formats::FormatError;
use thiserror::Error;

/// What is wrong with a graph. Each names the node, and the field if it is one; nothing of the graph is used then.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]
pub enum GraphError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FormatError),
    /// Two nodes have one name once inner graphs are resolved.
    #[error("node `{node}`: two nodes are called so, one of them in an inner graph; rename one")]
    Name { node: String },
    /// An edge begins or ends at a node that does not exist.
    #[error(
        "edge `{from}` -> `{to}`{}: there is no node `{missing}`; there are {}",
        if graph.is_empty() { String::new() } else { format!(" of the inner graph `{graph}`") },
        known.join(", ")
    )]
    EdgeToNothing {
        from: String,
        to: String,
        missing: String,
        /// The inner graph whose edge it is; empty for the outer one.
        graph: String,
        known: Vec<String>,
    },
    /// An inner graph that an edge leads to, or comes from, does not have exactly one door of this kind.
    #[error("node `{graph}`: an edge uses this inner graph, which has {count} nodes of type {kind}; it must have one")]
    Doors { graph: String, kind: &'static str, count: usize },
    /// A type of node that is not known.
    #[error("node `{node}`: there is no type of node `{kind}`; there are {}", known.join(", "))]
    Kind { node: String, kind: String, known: Vec<&'static str> },
    /// A parameter that a node needs is not there.
    #[error("node `{node}`, field `{field}`: it is missing, and a node of type {kind} needs it")]
    Missing { node: String, field: &'static str, kind: String },
    /// A parameter is not what it must be.
    #[error("node `{node}`, field `{field}`: {reason}")]
    Field { node: String, field: String, reason: String },
    /// What a node gives is not what the next one takes.
    #[error("edge `{from}` -> `{to}`: `{from}` gives {gives} values, but `{to}` takes {takes}")]
    Sizes { from: String, to: String, gives: u64, takes: u64 },
    /// A node whose size nothing says.
    #[error("node `{node}`: nothing says how many values it has: no edge from an Input leads to it")]
    Unreached { node: String },
    /// There is no edge at all.
    #[error("the graph has no edges, so that nothing joins its {nodes} nodes")]
    NoEdges { nodes: usize },
    /// There is no node of this type.
    #[error("the graph has no node of type {kind}, so that nothing {what} it")]
    NoDoor { kind: &'static str, what: &'static str },
    /// A loop without a neuron: values would depend on themselves within a step.
    #[error("the nodes {} are a loop with neither a neuron nor a late edge in it; a loop needs a neuron", nodes.join(" -> "))]
    Loop { nodes: Vec<String> },
    /// A field of a layer of lava-dl is missing, wrong, or nothing that a network for the chip can be.
    #[error("layer {layer}, field `{field}`: {reason}")]
    Layer { layer: usize, field: String, reason: String },
    /// More than is read.
    #[error("{what} is {value}, more than the {limit} that are built")]
    TooMuch { what: String, value: u64, limit: u64 },
    /// An option is not what it must be.
    #[error("{option}: {reason}")]
    Option { option: String, reason: String },
    /// The chip cannot be what the graph asks for.
    #[error("node `{node}`: {reason}")]
    Chip { node: String, reason: String },
}
