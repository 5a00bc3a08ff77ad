//! Ends of projections: groups by their names, or parts of them.

use crate::document::Value;
use crate::error::Problem;
use network::{Endpoint, Network};
use std::ops::Range;

/// An end, and the members of it that are meant.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) endpoint: Endpoint,
    /// Size of the whole group.
    pub(super) size: u32,
    /// None: all of them.
    pub(super) part: Option<Range<u32>>,
}

impl End {
    /// The members that are meant.
    pub(super) fn members(&self) -> Range<u32> {
        self.part.clone().unwrap_or(0..self.size)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.members().len() as u32
    }
}

/// The receivers: `"P"`, `"P[0..40]"` or `"P[3]"`.
pub(super) fn receivers(value: &Value<'_>, network: &Network) -> Option<End> {
    let populations = network.populations.iter().enumerate();
    let all = populations.map(|(i, p)| (p.name.as_str(), Endpoint::Population(i))).collect();
    end(value, network, "a population of this network", all)
}

/// The senders: a population or an input, or a part of one.
pub(super) fn senders(value: &Value<'_>, network: &Network) -> Option<End> {
    let populations = network.populations.iter().enumerate().map(|(i, p)| (p.name.as_str(), Endpoint::Population(i)));
    let inputs = network.inputs.iter().enumerate().map(|(i, g)| (g.name.as_str(), Endpoint::Input(i)));
    end(value, network, "a population or an input of this network", populations.chain(inputs).collect())
}

fn end(value: &Value<'_>, network: &Network, what: &str, known: Vec<(&str, Endpoint)>) -> Option<End> {
    const RULE: &str = "parts-are-there";
    let text: String = value.read()?;
    let find = |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, endpoint)| *endpoint);
    // A name may itself look like a part.
    let (name, part) = match text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
        Some((name, part)) if find(&text).is_none() => (name, Some(part)),
        _ => (text.as_str(), None),
    };
    let Some(endpoint) = find(name) else {
        let known = known.iter().map(|(name, _)| (*name).to_string()).collect();
        value.report(Problem::UnknownName { what: what.into(), name: name.into(), known });
        return None;
    };
    let size = network.size_of(endpoint).expect("the end exists");
    let Some(part) = part else { return Some(End { endpoint, size, part: None }) };
    let Some(range) = range(part) else {
        return value.reject(RULE, "a part is `NAME[3]` or `NAME[0..40]`, of which the last number is left out");
    };
    if range.is_empty() || range.end > u64::from(size) {
        let message = format!("`{name}` has the members 0 to {}, and a part holds at least one of them", size - 1);
        return value.reject(RULE, message);
    }
    Some(End { endpoint, size, part: Some(range.start as u32..range.end as u32) })
}

/// `3` or `0..40`.
fn range(text: &str) -> Option<Range<u64>> {
    let number = |text: &str| text.trim().parse::<u32>().ok().map(u64::from);
    match text.split_once("..") {
        Some((start, end)) => Some(number(start)?..number(end)?),
        None => number(text).map(|only| only..only + 1),
    }
}
