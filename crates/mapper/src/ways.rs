//! Ways out of a refusal: what other options would make of the same network, found by trying them.

use crate::DieMisfit;
use crate::options::{OptionInfo, OptionValues};
use crate::{Limit, MapperError, MapperOptions, MappingReport, Placing, XyloMisfit, map};
use chip::ChipSpec;
use network::Network;
use serde::Serialize;

/// Connections up to which the ways out are tried; of larger networks they are named without their loss.
const TRIED_MAX: usize = 2_000_000;

/// The same where each try searches for placements, and pruning does so many times.
const SEARCHED_MAX: usize = 20_000;

/// Something that helps against a refusal, or would have to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WayOut {
    /// The option of the mapping, by its key; none if it is the network that has to change.
    pub option: Option<&'static str>,
    /// What to set it to.
    pub value: Option<&'static str>,
    /// What to do, or what the option does.
    pub what: String,
    /// What is lost by it, in words; none if it was not tried.
    pub loss: Option<String>,
}

/// At most three ways out of `error`, which `network` met on `spec` with `options`; those that are options were tried,
/// and are refused themselves unless they stand here. Where trying takes long (large networks, and less large ones
/// whose placement is searched), what the table of the limits promises stands here without its loss.
pub fn ways_out(network: &Network, spec: &ChipSpec, options: &MapperOptions, error: &MapperError) -> Vec<WayOut> {
    let error = error.refusal();
    let connections: usize = network.projections.iter().map(|projection| projection.connections.len()).sum();
    let mut ways: Vec<WayOut> = Vec::new();
    let is_searched = options.placement == Placing::Optimised && connections > SEARCHED_MAX;
    for (key, value) in candidates(error) {
        let Some((value, what)) = meaning(key, value) else { continue };
        let mut other = options.clone();
        if other.set(key, value).is_err() || other == *options {
            continue;
        }
        let loss = if connections > TRIED_MAX || is_searched && key == "over_full" {
            None
        } else if is_searched && other.placement == Placing::Optimised {
            // What was searched for in vain is not found by a second search.
            continue;
        } else {
            match map(network, spec, &other) {
                Ok(mapping) => Some(loss(&mapping.report)),
                Err(_) => continue,
            }
        };
        ways.push(WayOut { option: Some(key), value: Some(value), what: what.into(), loss });
    }
    ways.extend(by_hand(error));
    // Which chip, and what it loses, the table of several chips tells.
    if Limit::of(error).is_some_and(|limit| limit != Limit::Sums) {
        let what = format!("choose a chip with more than `{}` has; `quenched map` compares several", spec.name);
        ways.push(WayOut { option: None, value: None, what, loss: None });
    }
    ways.truncate(3);
    ways
}

/// Options that may help against an error, with the values to try: those without a loss come first.
fn candidates(error: &MapperError) -> Vec<(&'static str, &'static str)> {
    let over_full = Limit::of(error).map_or(Vec::new(), |limit| limit.info().helpers());
    let ways = |way: &str| over_full.iter().filter(|name| **name == way).map(|name| ("over_full", *name)).collect();
    let [join, split, prune]: [Vec<_>; 3] = ["join", "split", "prune"].map(ways);
    [join, split, others(error), prune].concat()
}

/// The others of them.
fn others(error: &MapperError) -> Vec<(&'static str, &'static str)> {
    match error {
        MapperError::Die(DieMisfit::Slots { .. }) => vec![("over_full", "prune"), ("die", "none")],
        MapperError::Die(DieMisfit::Circuits { .. }) => vec![("die", "none")],
        MapperError::FanIn { .. } | MapperError::RowFanIn { .. } | MapperError::BusRows { .. } => {
            vec![("core_sharing", "off"), ("placement", "optimised")]
        }
        MapperError::Tags { .. } | MapperError::FanOut { .. } | MapperError::CoreMemory { .. } => {
            // A placement that has been added to the options may keep together what hears the same sources.
            let orders = OptionInfo::find("placement").map(|option| option.values);
            let orders = match orders {
                Some(OptionValues::Choice(choices) | OptionValues::ChoiceOrFile(choices)) => {
                    choices.iter().map(|(name, _)| ("placement", *name)).collect()
                }
                _ => Vec::new(),
            };
            [orders, vec![("core_sharing", "off")]].concat()
        }
        MapperError::BoardFull { .. } => vec![("core_sharing", "on")],
        MapperError::WeightError { .. } => {
            vec![
                ("weight_goal", "rms"),
                ("weight_goal", "relative"),
                ("core_sharing", "off"),
                ("max_weight_error", "1"),
            ]
        }
        MapperError::Xylo(XyloMisfit::NotWhole { .. }) => vec![("scale", "auto")],
        _ => Vec::new(),
    }
}

/// A value of an option, with what it means.
fn meaning(key: &'static str, value: &'static str) -> Option<(&'static str, &'static str)> {
    let option = OptionInfo::find(key)?;
    match option.values {
        OptionValues::Choice(choices) | OptionValues::ChoiceOrFile(choices) => {
            choices.iter().find(|(name, _)| *name == value).copied()
        }
        OptionValues::File(_) | OptionValues::Number | OptionValues::Count | OptionValues::Die => {
            Some((value, option.doc))
        }
    }
}

/// What is lost in a mapping, in words.
fn loss(report: &MappingReport) -> String {
    let wanted: u64 = report.projections.iter().map(|p| p.kept + p.rounded + p.lost).sum();
    let worst = report.worst_projection().map_or(0.0, |p| p.weights.rms_error_relative);
    let lost = match report.losses.len() as u64 {
        0 => "no connection is lost".into(),
        lost => format!("{lost} of {wanted} connections are lost ({:.1} %)", share(lost, wanted)),
    };
    format!("{lost}, and weights are off by {:.2} % at most in a projection", 100.0 * worst)
}

fn share(part: u64, of: u64) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

/// What has to change in the network, with the loss that the error itself tells.
fn by_hand(error: &MapperError) -> Option<WayOut> {
    let way = |what: String, loss: String| WayOut { option: None, value: None, what, loss: Some(loss) };
    match error {
        MapperError::Tags { need, .. } => {
            let (sources, lost) = (need.too_many(), need.lost_at_least);
            let share = share(lost, need.connections);
            Some(way(
                format!("mask the connections of {sources} or more of these sources onto chip {}", need.chip),
                format!("at least {lost} of {} connections onto the chip ({share:.1} %)", need.connections),
            ))
        }
        MapperError::FanIn { limit, needed, .. } | MapperError::RowFanIn { limit, needed, .. } => Some(way(
            format!("spread its {needed} inputs over {} neurons", needed.div_ceil(*limit)),
            "what one neuron sums is summed in parts, each with a threshold of its own".into(),
        )),
        MapperError::BoardFull { missing, neurons, .. } => Some(way(
            format!("make the populations smaller by {missing} neurons, or use a chip with more"),
            format!("{:.1} % of this population", share(u64::from(*missing), u64::from(*neurons))),
        )),
        _ => None,
    }
}
