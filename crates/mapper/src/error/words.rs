//! Parts of the sentences of errors.

use crate::ledger::alarm::short;
use crate::report::WeightChange;
use chip::SynapseSign;

pub(super) fn change(first: &Option<WeightChange>) -> String {
    first.map_or_else(String::new, |c| {
        format!(" ({} to {} asks for {} and gets {})", c.pre, c.post, short(c.asked), short(c.got))
    })
}

pub(crate) fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

pub(super) fn others(helpers: &[&str]) -> String {
    if helpers.is_empty() { String::new() } else { format!("; {} can", helpers.join(", ")) }
}

pub(super) fn shared(groups: usize) -> String {
    if groups == 1 {
        String::new()
    } else {
        format!(", as the rows of the bus are shared out to {groups} groups of sources")
    }
}

pub(super) fn effect(sign: SynapseSign) -> &'static str {
    match sign {
        SynapseSign::Excitatory => "only adds",
        SynapseSign::Inhibitory => "only subtracts",
        SynapseSign::Signed => "sums weight currents that are never negative",
    }
}
