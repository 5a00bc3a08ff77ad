//! Names, and where the numbers come from.

use super::{Findings, synapse_path};
use crate::spec::{ChipSpec, Evidence};
use alloc::{collections::BTreeSet, format, string::ToString};

pub(super) fn names_are_plain(spec: &ChipSpec, findings: &mut Findings) {
    let mut check = |path, name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            findings.add(path, format!("`{name}` is not a name: use ASCII letters, digits, `_` and `-`"));
        }
    };
    check("name".to_string(), &spec.name);
    for (index, synapse) in spec.synapses.iter().enumerate() {
        check(synapse_path(index, "name"), &synapse.name);
    }
    for name in spec.parameters.keys() {
        check(format!("parameters.{name}"), name);
    }
}

pub(super) fn sources_exist(spec: &ChipSpec, findings: &mut Findings) {
    for (path, fact) in spec.facts() {
        if fact.evidence != Evidence::Unstated && !spec.sources.contains_key(&fact.source) {
            findings.add_wrong_name(format!("{path}.source"), "a key of `sources`", &fact.source, spec.sources.keys());
        }
    }
}

pub(super) fn sources_are_used(spec: &ChipSpec, findings: &mut Findings) {
    let used: BTreeSet<&str> = spec.facts().iter().map(|(_, fact)| fact.source.as_str()).collect();
    for (key, citation) in &spec.sources {
        let path = format!("sources.{key}");
        if citation.trim().is_empty() {
            findings.add(path, format!("source `{key}` says nothing: cite what was read, and where"));
        } else if !used.contains(key.as_str()) {
            findings.add(path, format!("no number refers to source `{key}`: remove it, or name it where it was used"));
        }
    }
}
