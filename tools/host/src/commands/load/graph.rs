//! Graphs of trained nets: read, given the rules of a simulator, and made into a network for the chip.

use crate::args::MapChoice;
use crate::errors::HostError;
use chip::ChipSpec;
use formats::nir::NirGraph;
use graph::{Graph, GraphError, Steps};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use warnings::{Kind, Warnings};

/// A graph, and the network that it became.
pub(crate) struct LoadedGraph {
    pub(crate) graph: Graph,
    pub(crate) steps: Steps,
    like: &'static str,
    /// Whether its simulator counts steps, which have no length then.
    counts_steps: bool,
}

/// Whether the file at `path` is one.
pub(crate) fn is_graph(path: &Path) -> Result<bool, HostError> {
    Ok(is_hdf5(path)? && !formats::netx::recognise(path)?)
}

/// Whether the file at `path` is a net of lava-dl, which is HDF5 as well.
pub(crate) fn is_net(path: &Path) -> Result<bool, HostError> {
    Ok(is_hdf5(path)? && formats::netx::recognise(path)?)
}

fn is_hdf5(path: &Path) -> Result<bool, HostError> {
    Ok(!path.is_dir() && formats::text::read_head(path, 8)?.starts_with(b"\x89HDF\r\n\x1a\n"))
}

/// Reads the graph that the command line names, for `spec`.
pub(super) fn load(what: &MapChoice, spec: &ChipSpec, numbers: bool) -> Result<LoadedGraph, HostError> {
    load_for(what, spec, what.graph.step_seconds(), numbers)
}

/// The same with steps of a stated length on the chip.
pub(super) fn load_for(
    what: &MapChoice,
    spec: &ChipSpec,
    step_time: Option<f64>,
    numbers: bool,
) -> Result<LoadedGraph, HostError> {
    let wrong = |error: GraphError| match error {
        GraphError::File(error) => HostError::from(error),
        error => HostError::Graph { file: what.network.display().to_string(), error: Box::new(error) },
    };
    let options = what.graph.options(numbers).map_err(wrong)?;
    let file = NirGraph::open(&what.network)?;
    let graph = Graph::new(&file, &options).map_err(wrong)?;
    let steps = graph.on(spec, step_time).map_err(wrong)?;
    let counts_steps = options.like.counts_steps();
    Ok(LoadedGraph { graph, steps, like: options.like.name(), counts_steps })
}

impl LoadedGraph {
    /// Seconds that a step stands for, if its simulator counts time and not steps.
    pub(crate) fn step_seconds(&self) -> Option<f64> {
        (!self.counts_steps).then(|| self.graph.dt())
    }

    /// Whether its inputs take numbers and not spikes.
    pub(crate) fn takes_numbers(&self) -> bool {
        self.graph.inputs().any(|(_, _, numbers)| numbers)
    }

    /// What the chip does not do as the graph says, and what is odd about it.
    pub(crate) fn warnings(&self) -> Warnings {
        let mut warnings = Warnings::default();
        for note in self.graph.notes().iter().chain(&self.steps.notes) {
            // A note begins with what it is about.
            let (place, text) = note.split_once(": ").unwrap_or(("graph", note));
            warnings.push(Kind::Graph, place, text);
        }
        if self.steps.resolution > RESOLUTION_MAX {
            warnings.push(
                Kind::Graph,
                "graph",
                format!(
                    "its smallest threshold is so small beside its weights that a step rounds a voltage by up to {:.1e} \
                     of it: spikes nearer to the threshold may differ",
                    self.steps.resolution
                ),
            );
        }
        warnings
    }

    /// What was read and assumed, in lines.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "graph: steps of {} as its file counts time, by the rules `{}`{}\n",
            self.graph.dt(),
            self.like,
            if self.steps.network.clock.is_some() {
                format!(", exactly; a step is {} ticks", self.steps.step_ticks)
            } else {
                format!(", as near as the chip comes; a step is {} ticks", self.steps.step_ticks)
            }
        );
        let late: Vec<String> = self.graph.late_edges().map(|(from, to)| format!("{from} -> {to}")).collect();
        if !late.is_empty() {
            let _ = writeln!(text, "  late by a step: {}", late.join(", "));
        }
        if self.graph.duplicates() > 0 {
            let _ = writeln!(text, "  edges that stand more than once, and count once: {}", self.graph.duplicates());
        }
        for scale in &self.steps.scales {
            let _ = writeln!(text, "  {scale}");
        }
        let mut last = String::new();
        for (node, kind, rule) in self.graph.rules() {
            let words: Vec<String> = rule.words().map(|(field, word)| format!("{field}={word}")).collect();
            let words = words.join(" ");
            let shown = if words == last { "as the node before" } else { &words };
            let _ = writeln!(text, "  {node} ({}): {shown}", kind.name());
            last = words;
        }
        for output in &self.steps.outputs {
            let built = &self.steps.built[output.population];
            let what = if output.spikes { "spikes" } else { "voltages" };
            let _ = writeln!(text, "  output `{}`: {what} of `{}`, shape {:?}", output.name, built.node, built.shape);
        }
        text
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        let nodes = self.graph.rules().map(|(node, kind, rule)| {
            let words: serde_json::Map<String, Value> = rule.words().map(|(f, w)| (f.to_owned(), json!(w))).collect();
            json!({ "node": node, "type": kind.name(), "rule": words })
        });
        let outputs = self.steps.outputs.iter().map(|output| {
            let built = &self.steps.built[output.population];
            json!({
                "name": output.name,
                "population": built.node,
                "of": if output.spikes { "spikes" } else { "voltages" },
                "shape": built.shape,
            })
        });
        json!({
            "like": self.like,
            "dt": self.graph.dt(),
            "exact": self.steps.network.clock.is_some(),
            "step_ticks": self.steps.step_ticks,
            "late_edges": self.graph.late_edges().map(|(from, to)| json!([from, to])).collect::<Vec<_>>(),
            "duplicate_edges": self.graph.duplicates(),
            "nodes": nodes.collect::<Vec<_>>(),
            "outputs": outputs.collect::<Vec<_>>(),
            "scales": self.steps.scales,
            "resolution": self.steps.resolution,
        })
    }
}

/// A step that rounds a voltage by more than this, relative to the smallest threshold, is warned about.
const RESOLUTION_MAX: f64 = 1e-6;
