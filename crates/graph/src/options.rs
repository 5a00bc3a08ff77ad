//! What a graph leaves open, as a user states it.

use crate::GraphError;
use crate::graph::late_of;
use crate::node::{NeuronKind, Node};
use crate::order::Edge;
use crate::rule::{FIELDS, Late, Like, Rule};
use std::collections::BTreeMap;

/// How a graph is to be run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The simulator whose rules hold where nothing else is said.
    pub like: Like,
    /// Length of a step in seconds; none: that of the simulator.
    pub step: Option<f64>,
    /// Whether inputs send numbers instead of spikes.
    pub numbers: bool,
    /// Which edge of a loop is late; none: that of the simulator.
    late: Option<Late>,
    /// The edges that are late by a step; none: found.
    pub late_edges: Option<Vec<Edge>>,
    /// Words of fields of the rules: for all nodes (no name) or one.
    fields: Vec<(Option<String>, String, String)>,
}

impl Options {
    /// The rules of a simulator, and nothing else.
    pub fn of(like: Like) -> Self {
        Self { like, ..Self::default() }
    }

    /// Length of a step in seconds.
    pub fn dt(&self) -> f64 {
        self.step.unwrap_or(self.like.dt())
    }

    pub(crate) fn late(&self) -> Late {
        self.late.unwrap_or(self.like.late())
    }

    pub(crate) fn late_spikes(&self) -> bool {
        self.like.late_spikes()
    }

    /// Steps that the spikes of a neuron take to a node, which is one of neurons or an output.
    pub(crate) fn steps_to(&self, is_neurons: bool) -> u32 {
        let late = if is_neurons { self.like.late_spikes() } else { self.like.late_output() };
        late.into()
    }

    /// Says which edge of a loop is late: `into` or `out-of`.
    ///
    /// # Errors
    /// Another word.
    pub fn set_late(&mut self, word: &str) -> Result<(), GraphError> {
        self.late = Some(late_of(word).ok_or_else(|| GraphError::Option {
            option: "--late".into(),
            reason: format!("`{word}` is not a choice; there are into, out-of"),
        })?);
        Ok(())
    }

    /// Sets a field of the rules: `FIELD=WORD` for all nodes that have it, `NODE.FIELD=WORD` for one.
    ///
    /// # Errors
    /// It is neither, there is no such field, or it cannot be that word.
    pub fn set(&mut self, text: &str) -> Result<(), GraphError> {
        let wrong = |reason: String| GraphError::Option { option: format!("--rule {text}"), reason };
        // Words such as `>=` have an equal sign of their own.
        let Some((name, word)) = text.split_once('=') else {
            return Err(wrong("write FIELD=WORD, or NODE.FIELD=WORD for one node".into()));
        };
        let is_field = |name: &str| FIELDS.iter().any(|field| field.name == name);
        let (node, field) = match name.rsplit_once('.') {
            Some((node, field)) if is_field(field) => (Some(node.to_owned()), field),
            _ => (None, name),
        };
        Like::Euler.rule(NeuronKind::Lif).set(field, word).map_err(|error| match error {
            GraphError::Option { reason, .. } => wrong(reason),
            other => other,
        })?;
        self.fields.push((node, field.to_owned(), word.to_owned()));
        Ok(())
    }

    /// Refuses nodes that are named and do not exist.
    pub(crate) fn check(&self, nodes: &BTreeMap<String, Node>) -> Result<(), GraphError> {
        for (node, field, word) in &self.fields {
            let Some(node) = node else { continue };
            if !matches!(nodes.get(node), Some(Node::Neurons(_))) {
                let known: Vec<&str> = nodes
                    .iter()
                    .filter(|(_, node)| matches!(node, Node::Neurons(_)))
                    .map(|(name, _)| name.as_str())
                    .collect();
                let reason = format!("there is no node `{node}` of neurons; there are {}", known.join(", "));
                return Err(GraphError::Option { option: format!("--rule {node}.{field}={word}"), reason });
            }
        }
        if !(self.dt() > 0.0 && self.dt() <= 1e6) {
            let reason = format!("{} s is no length of a step", self.dt());
            return Err(GraphError::Option { option: "--dt".into(), reason });
        }
        Ok(())
    }

    /// The rule of a node.
    pub(crate) fn rule(&self, name: &str, kind: NeuronKind) -> Result<Rule, GraphError> {
        let mut rule = self.like.rule(kind);
        for (node, field, word) in &self.fields {
            if node.as_ref().is_none_or(|node| node == name) {
                rule.set(field, word)?;
            }
        }
        Ok(rule)
    }
}
