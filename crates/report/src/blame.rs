//! Which parameter is to blame for what differs between dies.
//!
//! Owns the sentence on it. The shares of variance and their intervals are those of [`statistics::sobol`], from the
//! dies of the axis [`BLAME`]; it deliberately draws nothing.

use crate::summary::{Setting, Stage, TaskResults};
use statistics::sobol::{Design, VarianceShare, VarianceShares};
use statistics::{Estimate, LEVEL, StatisticsError};
use study::{BLAME, BLAME_ALL, BLAME_NONE, Row};

/// The shares of variance of the parameters that a study lists, at a stage, or why there are none; nothing if it lists
/// none. One sentence for each value of the other axes.
pub(crate) fn blame(task: &TaskResults<'_>, stage: Stage) -> Vec<String> {
    let Some(axis) = task.axes.iter().position(|axis| *axis.axis == BLAME) else { return Vec::new() };
    let others = |setting: &&Setting<'_>| setting.values[axis] == BLAME_NONE;
    task.settings.iter().filter(others).filter_map(|setting| sentence(task, axis, setting, stage)).collect()
}

/// The shares of variance of the parameters at a stage, one for each value of the other axes that has enough dies.
pub(crate) fn shares_of(task: &TaskResults<'_>, stage: Stage) -> Vec<(String, VarianceShares)> {
    let Some(axis) = task.axes.iter().position(|axis| *axis.axis == BLAME) else { return Vec::new() };
    let own = task.settings.iter().filter(|setting| setting.values[axis] == BLAME_NONE);
    own.filter_map(|own| Some((crate::findings::place(task, own), shares(task, axis, own, stage)?.ok()?))).collect()
}

/// The shares of variance of a design; nothing if some of its dies were not run.
fn shares(
    task: &TaskResults<'_>,
    axis: usize,
    own: &Setting<'_>,
    stage: Stage,
) -> Option<Result<VarianceShares, StatisticsError>> {
    let named = task.axes[axis].values.iter().copied().filter(|name| ![BLAME_NONE, BLAME_ALL].contains(name));
    let names: Vec<&str> = named.collect();
    let setting = |name: &str| {
        let mut values = own.values.clone();
        let place = task.axes[axis].values.iter().position(|value| *value == name)?;
        values[axis] = task.axes[axis].values[place];
        task.setting(&values)
    };
    let all: Vec<&Setting<'_>> =
        [BLAME_NONE, BLAME_ALL].into_iter().chain(names.iter().copied()).map(setting).collect::<Option<_>>()?;
    // A row of the design is a die of a network.
    let mut results = Vec::new();
    for row in &own.rows {
        let path = task.units.path(row);
        for setting in &all {
            let same = |other: &&&Row| task.units.path(other) == path;
            results.push(stage.score(setting.rows.iter().find(same)?)?);
        }
    }
    let design = Design::new(0, names.len(), own.rows.len());
    Some(design.and_then(|design| design.shares(&results, &names, LEVEL)))
}

/// Whether one parameter is to blame: it has the largest share beyond doubt, and one by itself.
fn verdict(shares: &VarianceShares) -> String {
    match shares.leader {
        // What acts through others only is no cause by itself.
        Some(leader) if shares.shares[leader].first.low <= 0.0 => {
            format!("`{}` takes part in the most, and none is to blame alone", shares.shares[leader].name)
        }
        Some(leader) => format!("`{}` is to blame", shares.shares[leader].name),
        None => "no single parameter is to blame beyond doubt".into(),
    }
}

fn sentence(task: &TaskResults<'_>, axis: usize, own: &Setting<'_>, stage: Stage) -> Option<String> {
    let place = crate::findings::place(task, own);
    let shares = match shares(task, axis, own, stage)? {
        Ok(shares) => shares,
        Err(error) => return Some(format!("Which parameter is to blame {place}: {error}.")),
    };
    let percent = |e: &Estimate| format!("{:.0} % ({:.0} to {:.0})", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high);
    let one = |share: &VarianceShare| {
        format!("{} {}, with others {}", share.name, percent(&share.first), percent(&share.total))
    };
    let mut shown: Vec<&VarianceShare> = shares.shares.iter().collect();
    shown.sort_by(|a, b| b.total.value.total_cmp(&a.total.value));
    let verdict = verdict(&shares);
    Some(format!(
        "Between dies {place}, {} {} has a standard deviation of {}; of the variance (95 %, n = {} dies): {}: {verdict}.",
        task.metric_name,
        stage.words(),
        task.metric.amount(shares.variance.sqrt()),
        own.rows.len(),
        shown.into_iter().map(one).collect::<Vec<_>>().join("; "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};

    /// Forty dies whose score is 3 x + y of two independent parameters, or those of the second die.
    fn design(dies: u32) -> Vec<Row> {
        let draw = |die: u32, which: u32| {
            let word = (die * 4 + which).wrapping_mul(2_654_435_761).wrapping_mul(2_246_822_519) ^ 0x9e37_79b9;
            f64::from((word ^ word >> 15).wrapping_mul(0x85eb_ca6b) >> 8) / f64::from(1u32 << 24)
        };
        let mut all = Vec::new();
        for swap in ["none", "all", "tau_mem", "gain"] {
            for die in 0..dies {
                let mut row = rows()[0].clone();
                row.point = point(&[("task", "x"), ("cv", "0.2"), ("blame", swap), ("die", &die.to_string())]);
                let x = draw(die, u32::from(["all", "tau_mem"].contains(&swap)));
                let y = draw(die, 2 + u32::from(["all", "gain"].contains(&swap)));
                (row.score_float, row.score_quantised, row.score_on_chip) = (0.3 * x + 0.1 * y, None, None);
                all.push(row);
            }
        }
        all
    }

    #[test]
    fn the_parameter_of_the_largest_share_is_named() {
        let rows = design(400);
        let tasks = TaskResults::group(&rows);
        let text = blame(&tasks[0], Stage::Float);
        assert_eq!(text.len(), 1);
        assert!(
            text[0].starts_with("Between dies at CV 0.2 with no mismatch exchanged, accuracy with the float"),
            "{text:?}"
        );
        assert!(
            text[0].contains("of the variance (95 %, n = 400 dies): tau_mem ") && text[0].contains("; gain "),
            "{text:?}"
        );
        assert!(text[0].ends_with(": `tau_mem` is to blame."), "{text:?}");
    }

    /// Three parameters of which the first leads, with the lower end of its share alone.
    fn led(low: f64, leader: Option<usize>) -> String {
        let estimate = |value: f64, low: f64| Estimate {
            value,
            low,
            high: 1.0,
            n: 256,
            unit: "dies".into(),
            level: LEVEL,
            method: statistics::Method::Percentile,
        };
        let share =
            |name: &str| VarianceShare { name: name.into(), first: estimate(0.1, low), total: estimate(0.8, 0.7) };
        verdict(&VarianceShares { shares: vec![share("a"), share("b")], variance: 1.0, mean: 0.0, leader })
    }

    #[test]
    fn what_acts_through_others_only_is_not_to_blame_alone() {
        assert_eq!(led(0.02, Some(1)), "`b` is to blame");
        assert_eq!(led(-0.02, Some(1)), "`b` takes part in the most, and none is to blame alone");
        assert_eq!(led(0.02, None), "no single parameter is to blame beyond doubt");
    }

    #[test]
    fn too_few_dies_are_told() {
        let rows = design(8);
        let text = blame(&TaskResults::group(&rows)[0], Stage::Float);
        assert!(text[0].starts_with("Which parameter is to blame at CV 0.2"), "{text:?}");
        assert!(text[0].contains("32"), "{text:?}");
    }
}
