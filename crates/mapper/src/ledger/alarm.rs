//! What of the books is worth a warning.

use crate::report::{MappingLoss, ProjectionReport};
use crate::wish::Wish;
use crate::{DieReport, Limit, level};
use std::collections::BTreeMap;
use warnings::{Kind, Warnings};

/// An error of a projection's weights, relative to their root mean square, that is worth a warning.
const ERROR_MAX: f64 = 0.05;

/// A root mean square of a projection's weights, in units of the grid on which networks hold them, below which the
/// rounding to that grid is worth a warning: it is 0.05 % of it, or more.
const GRID_MIN: f64 = 1000.0;

/// Weights that are not those asked for, and connections that are not on the board, by projection.
/// With a die in mind, weights are those that it makes of them.
pub(super) fn warnings(
    wish: &Wish<'_>,
    projections: &[ProjectionReport],
    losses: &[MappingLoss],
    die: Option<&DieReport>,
) -> Warnings {
    let mut warnings = Warnings::default();
    for (index, projection) in projections.iter().enumerate() {
        let of_weights = match die {
            None => weights(projection),
            Some(die) => weights_on_die(die, index),
        };
        if let Some(text) = of_weights {
            warnings.push(Kind::Weights, projection.name.clone(), text);
        }
        if let Some(text) = grid(wish, index, projection) {
            warnings.push(Kind::WeightGrid, projection.name.clone(), text);
        }
        if projection.lost > 0 {
            let losses = losses.iter().filter(|loss| loss.projection == index);
            warnings.push(Kind::Connections, projection.name.clone(), lost(projection, losses));
        }
    }
    warnings
}

fn weights_on_die(die: &DieReport, projection: usize) -> Option<String> {
    let error = die.projections[projection].in_mind;
    (error > ERROR_MAX).then(|| {
        format!(
            "its weights are off by {:.2} % of their root mean square on {}; a core makes few weights, and a slot changes \
             them: bring those of a core closer together, choose another goal of their search, or give the populations \
             cores of their own",
            100.0 * error,
            die.name
        )
    })
}

fn weights(projection: &ProjectionReport) -> Option<String> {
    let ProjectionReport { kept, rounded, weights, .. } = projection;
    let changed = weights.grew + weights.shrank + rounded;
    if weights.rms_error_relative <= ERROR_MAX && changed == 0 {
        return None;
    }
    let mut text =
        format!("its weights are off by {:.2} % of their root mean square", 100.0 * weights.rms_error_relative);
    if let Some(first) = &weights.first_change {
        text += &format!(
            ", and {changed} of {} changed by more than 2 x ({} grew, {} shrank, {rounded} became 0): the first is {} \
             to {}, which asks for {} and gets {}",
            kept + rounded,
            weights.grew,
            weights.shrank,
            first.pre,
            first.post,
            short(first.asked),
            short(first.got)
        );
    }
    text += "; a core makes few weights: bring those of a core closer together, choose another goal of their search, \
             or give the populations cores of their own";
    Some(text)
}

/// Weights so far below the nominal threshold that the grid of networks is coarse for them. Models without an analog
/// threshold have whole numbers as weights, or numbers as they stand, and need no warning.
fn grid(wish: &Wish<'_>, index: usize, projection: &ProjectionReport) -> Option<String> {
    let model = wish.network.populations[wish.network.projections[index].post].model;
    model.threshold()?;
    let units = projection.weights.rms / level::of(wish.spec, model) / super::real(1);
    if units == 0.0 || units >= GRID_MIN {
        return None;
    }
    Some(format!(
        "its weights have a root mean square of {} units of 2^-20 of the nominal threshold, and networks hold weights in \
         whole units: what was written may be off by {:.2} % of it; give weights, thresholds and drives that are larger \
         by one factor",
        short(units),
        100.0 * 0.5 / units
    ))
}

/// Six digits.
pub(crate) fn short(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

fn lost<'a>(projection: &ProjectionReport, losses: impl Iterator<Item = &'a MappingLoss>) -> String {
    let mut counts: BTreeMap<Limit, u64> = BTreeMap::new();
    losses.for_each(|loss| *counts.entry(loss.cause).or_default() += 1);
    let why: Vec<String> = counts.iter().map(|(limit, count)| format!("{count} since {}", limit.info().why)).collect();
    let asked = projection.wished - projection.masked - projection.zero;
    format!("{} of {asked} connections are not on the board, {}", projection.lost, why.join(" and "))
}
