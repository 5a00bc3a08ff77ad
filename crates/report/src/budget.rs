//! What of the variance of a score is between networks, and what between the dies of one.
//!
//! Owns the sentence; components and intervals are those of [`statistics::components`]. A study runs a die once a
//! setting, so that between dies is what noise adds from run to run, too, where a study has noise. It deliberately
//! takes studies of one series alone: networks and series are crossed, for which nested components have no answer.

use crate::findings::place;
use crate::summary::{Setting, Stage, TaskResults};
use statistics::components::{Component, components};
use statistics::{LEVEL, Tree};
use study::{BLAME, NETWORK, SERIES};

/// The components at the largest value of the horizontal axis, for each combination of the others.
pub(crate) fn findings(task: &TaskResults<'_>, stage: Stage) -> Vec<String> {
    let along = task.horizontal();
    let last = task.axes.get(along).and_then(|axis| axis.values.last());
    let there = |setting: &&Setting<'_>| last.is_none_or(|last| setting.values[along] == *last);
    // Where parameters are exchanged, `blame` shares out what is between dies.
    if task.axes.iter().any(|axis| *axis.axis == BLAME) {
        return Vec::new();
    }
    task.settings.iter().filter(there).filter_map(|setting| sentence(task, setting, stage)).collect()
}

fn sentence(task: &TaskResults<'_>, setting: &Setting<'_>, stage: Stage) -> Option<String> {
    if setting.rows.iter().any(|row| row.point.unit(&SERIES) != 0) {
        return None;
    }
    let leaf = |row: &&study::Row| {
        let path = [u64::from(row.point.unit(&NETWORK)), u64::from(row.point.die())];
        Some((path, stage.score(row)?))
    };
    let leaves: Vec<([u64; 2], f64)> = setting.rows.iter().map(leaf).collect::<Option<_>>()?;
    let tree = Tree::from_rows(&leaves).ok()?;
    let found = components(&tree, &["networks", "dies"], LEVEL).ok()?;
    let [networks, dies] = &found[..] else { return None };
    if networks.share + dies.share == 0.0 {
        return None;
    }
    let of = |component: &Component, words: &str| {
        let deviation = component.deviation();
        let share = 100.0 * component.share;
        format!(
            "{share:.0} % is {words} (standard deviation {} {})",
            task.metric.amount(deviation.value),
            task.metric.interval(&deviation)
        )
    };
    Some(format!(
        "Of the variance of {} {} {}, {}, {}.",
        task.metric_name,
        stage.words(),
        place(task, setting),
        of(networks, "between networks"),
        of(dies, "between dies of a network")
    ))
}

#[cfg(test)]
mod tests {
    use crate::example::rows;
    use crate::{Beside, findings};
    use study::{NETWORK, Row, axis};

    /// Networks at 0.5, 0.6, 0.7 with four dies at +-0.01 and +-0.03 of each, at CV 0.5; of `dies` dies at CV 0.
    fn study() -> Vec<Row> {
        let mut all = Vec::new();
        for network in 0..3 {
            for (cv, dies) in [("0", 1), ("0.5", 4)] {
                for die in 0..dies {
                    let mut row = rows()[0].clone();
                    row.point = study::Point::default()
                        .with(&study::TASK, "narma10")
                        .with(&NETWORK, network)
                        .with(axis("cv").unwrap(), cv)
                        .with(axis("die").unwrap(), die);
                    let offset = [-0.03, -0.01, 0.01, 0.03][die as usize];
                    row.score_float = 0.5 + 0.1 * f64::from(network) + if cv == "0" { 0.0 } else { offset };
                    (row.score_quantised, row.score_on_chip) = (None, None);
                    (row.metric, row.higher_is_better) = ("nrmse".into(), false);
                    all.push(row);
                }
            }
        }
        all
    }

    /// Between networks 0.01 - 0.0067 / 4 / 10, within 0.0020 / 3.
    #[test]
    fn variance_is_told_apart() {
        let all = findings(&study(), Beside::default());
        let found: Vec<&String> = all[0].findings.iter().filter(|f| f.starts_with("Of the variance")).collect();
        let [found] = found[..] else { panic!("{all:#?}") };
        let expected = "Of the variance of nrmse with the float readout at CV 0.5, 94 % is between networks (standard deviation 0.099 (95 %: ";
        assert!(found.starts_with(expected), "{found}");
        assert!(
            found.contains("n = 3 networks)), 6 % is between dies of a network (standard deviation 0.026 (95 %: "),
            "{found}"
        );
        assert!(found.ends_with("n = 12 dies))."), "{found}");
    }

    #[test]
    fn unequal_or_single_units_have_no_budget() {
        let mut fewer = study();
        fewer.pop();
        for rows in [fewer, rows()] {
            let all = findings(&rows, Beside::default());
            assert!(all.iter().flat_map(|task| &task.findings).all(|f| !f.starts_with("Of the variance")), "{all:#?}");
        }
    }
}
