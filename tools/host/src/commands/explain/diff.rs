//! `quenched explain --diff`: how two programs differ.

use super::{plural, table};
use mapper::Difference;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// The differences as JSON.
pub(super) fn json(difference: &Difference) -> Value {
    let mut value = json!(difference);
    value["equal"] = json!(difference.is_none());
    value
}

/// The differences as text; `first` and `second` are the files.
pub(super) fn text(difference: &Difference, first: &Path, second: &Path) -> String {
    let d = difference;
    let mut text = format!("1: {}\n2: {}\n\n", first.display(), second.display());
    if d.is_none() {
        return text
            + "Nothing differs: neurons have the same circuits, synapses the same weights, and sources the same words.\n\n";
    }
    let rows = [
        ("cores in use", d.cores.0.to_string(), d.cores.1.to_string()),
        ("neurons of one only", d.neurons_of_one.0.to_string(), d.neurons_of_one.1.to_string()),
        ("synapses of one only", d.synapses_of_one.0.to_string(), d.synapses_of_one.1.to_string()),
        ("words of one only", d.words_of_one.0.to_string(), d.words_of_one.1.to_string()),
    ];
    let rows = rows.into_iter().map(|(name, one, other)| vec![name.to_string(), one, other]).collect();
    let _ = writeln!(
        text,
        "{}\n{} of both: {} moved to another circuit\n{} of both: {} changed the weight",
        table(&["", "1", "2"], rows, &[0]),
        plural(d.neurons, "neuron"),
        d.moved,
        plural(d.same + d.changed, "synapse"),
        d.changed
    );
    let first_of = |shown: usize, all: u64| if (shown as u64) < all { ", the first" } else { "" };
    if !d.first_moved.is_empty() {
        let rows = d.first_moved.iter().map(|m| vec![m.name.clone(), m.from.to_string(), m.to.to_string()]).collect();
        let more = first_of(d.first_moved.len(), d.moved);
        let _ = write!(text, "\nMoved{more}:\n{}", table(&["neuron", "1", "2"], rows, &[0, 1, 2]));
    }
    if !d.first_synapses.is_empty() {
        let weight = |weight: Option<f64>| weight.map_or_else(|| "-".into(), |weight| format!("{weight:.5}"));
        let rows = d
            .first_synapses
            .iter()
            .map(|s| vec![s.target.clone(), s.source.clone(), s.synapse.clone(), weight(s.first), weight(s.second)]);
        let more = first_of(d.first_synapses.len(), d.changed + d.synapses_of_one.0 + d.synapses_of_one.1);
        let header = ["to", "from", "synapse", "1", "2"];
        let _ = write!(text, "\nSynapses{more}:\n{}", table(&header, rows.collect(), &[0, 1, 2]));
    }
    if !d.first_words.is_empty() {
        let rows = d.first_words.iter().map(|w| vec![w.source.clone(), w.program.to_string(), w.word.clone()]);
        let more = first_of(d.first_words.len(), d.words_of_one.0 + d.words_of_one.1);
        let _ = write!(text, "\nWords{more}:\n{}", table(&["from", "of", "to"], rows.collect(), &[0, 2]));
    }
    text + "\n"
}
