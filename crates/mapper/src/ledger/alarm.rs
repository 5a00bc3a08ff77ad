//! What of the books is worth a warning.

use crate::report::{ConnectionLoss, MappingLoss, ProjectionReport};
use warnings::{Kind, Warnings};

/// An error of a projection's weights, relative to their root mean square, that is worth a warning.
const ERROR_MAX: f64 = 0.05;

/// Weights that are not those asked for, and connections that are not on the board, by projection.
pub(super) fn warnings(projections: &[ProjectionReport], losses: &[MappingLoss]) -> Warnings {
    let mut warnings = Warnings::default();
    for (index, projection) in projections.iter().enumerate() {
        if let Some(text) = weights(projection) {
            warnings.push(Kind::Weights, projection.name.clone(), text);
        }
        if projection.lost > 0 {
            let losses = losses.iter().filter(|loss| loss.projection == index);
            warnings.push(Kind::Connections, projection.name.clone(), lost(projection, losses));
        }
    }
    warnings
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

/// Six digits.
pub(crate) fn short(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

fn lost<'a>(projection: &ProjectionReport, losses: impl Iterator<Item = &'a MappingLoss>) -> String {
    let causes = losses.map(|loss| loss.cause);
    let (mut words, mut rows) = (0u64, 0u64);
    causes.for_each(|cause| match cause {
        ConnectionLoss::FanIn => words += 1,
        ConnectionLoss::Rows => rows += 1,
    });
    let mut why = Vec::new();
    if words > 0 {
        why.push(format!("{words} because their neurons have no more CAM words"));
    }
    if rows > 0 {
        why.push(format!("{rows} because the rows of their kind on the bus of their source are full"));
    }
    let asked = projection.wished - projection.masked - projection.zero;
    format!(
        "{} of {asked} connections are not on the board, {}; larger weights came first: reduce the fan-in",
        projection.lost,
        why.join(" and ")
    )
}
