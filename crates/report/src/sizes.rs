//! How large a homogeneous network must be to do as well as a heterogeneous one, where size is an axis of a study.
//!
//! Owns the sentence; the match and its interval are those of [`statistics::match_size`]. It deliberately takes
//! networks as units alone: of one network of a size nothing follows for others.

use crate::summary::{Setting, Stage, TaskResults, number};
use statistics::{Better, LEVEL, SizeScores, match_size};
use std::collections::BTreeMap;
use study::NETWORK;

/// The axis of sizes.
const SIZE: &str = "reservoir.neurons";
/// The axis of heterogeneity.
const MISMATCH: &str = "cv";

/// For each value of the other axes, which homogeneous size matches each heterogeneous one; homogeneous is CV 0, and
/// heterogeneous the largest CV of the study.
pub(crate) fn findings(task: &TaskResults<'_>) -> Vec<String> {
    let place = |key: &str| task.axes.iter().position(|axis| axis.axis.key == key);
    let (Some(size), Some(cv)) = (place(SIZE), place(MISMATCH)) else { return Vec::new() };
    let cvs = &task.axes[cv].values;
    let (Some(&none), Some(&most)) = (cvs.first(), cvs.last()) else { return Vec::new() };
    if number(none) != 0.0 || number(most) == 0.0 || task.axes[size].values.len() < 2 {
        return Vec::new();
    }
    // One setting stands for all that differ from it in size and mismatch alone.
    let first = &task.axes[size].values[0];
    let heads = task.settings.iter().filter(|setting| setting.values[size] == *first && setting.values[cv] == none);
    heads.filter_map(|head| sentence(task, head, (size, cv), (none, most))).collect()
}

fn sentence(
    task: &TaskResults<'_>,
    head: &Setting<'_>,
    (size, cv): (usize, usize),
    (none, most): (&str, &str),
) -> Option<String> {
    let scores = |neurons: &str, mismatch: &str| {
        let mut values = head.values.clone();
        (values[size], values[cv]) = (neurons, mismatch);
        task.setting(&values).map(by_network)
    };
    let sizes = &task.axes[size].values;
    let homogeneous: Vec<SizeScores> = sizes
        .iter()
        .map(|neurons| Some(SizeScores { size: neurons.parse().ok()?, scores: scores(neurons, none)? }))
        .collect::<Option<_>>()?;
    let better = if task.higher_is_better { Better::Larger } else { Better::Smaller };
    let matched: Vec<String> = sizes
        .iter()
        .filter_map(|neurons| {
            let found = match_size(&homogeneous, &scores(neurons, most)?, better, LEVEL).ok()?;
            Some(format!("{neurons} as {found}"))
        })
        .collect();
    if matched.is_empty() {
        return None;
    }
    let others = (0..task.axes.len()).filter(|axis| *axis != size && *axis != cv);
    let with: Vec<String> = crate::series::words(task, &head.values, others).collect();
    let with: String = with.iter().map(|words| format!(", {words}")).collect();
    Some(format!(
        "Heterogeneous networks (CV {most}{with}) do as well, in {}, as homogeneous ones of another size: {}.",
        task.metric_name,
        matched.join("; ")
    ))
}

/// The mean score of each network.
fn by_network(setting: &Setting<'_>) -> Vec<f64> {
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for row in &setting.rows {
        let Some(score) = Stage::Float.score(row) else { continue };
        let (sum, count) = sums.entry(row.point.unit(&NETWORK)).or_default();
        *sum += score;
        *count += 1.0;
    }
    sums.into_values().map(|(sum, count)| sum / count).collect()
}

#[cfg(test)]
mod tests {
    use crate::example::rows;
    use crate::{Beside, findings};
    use study::{NETWORK, Point, Row, TASK, axis};

    /// Six networks of each size; a heterogeneous one is worth half as many neurons again.
    fn study(networks: u32) -> Vec<Row> {
        let mut all = Vec::new();
        for neurons in [25u32, 50, 100, 200] {
            for cv in ["0", "0.5"] {
                for network in 0..networks {
                    let mut row = rows()[0].clone();
                    row.point = Point::default()
                        .with(&TASK, "narma10")
                        .with(&NETWORK, network)
                        .with(axis("reservoir.neurons").unwrap(), neurons)
                        .with(axis("recurrence").unwrap(), "full")
                        .with(axis("cv").unwrap(), cv)
                        .with(axis("die").unwrap(), 0);
                    let worth = f64::from(neurons) * if cv == "0" { 1.0 } else { 1.5 };
                    row.score_float = 1.0 - worth / 400.0 + 0.002 * f64::from((network * 7 + neurons) % 5);
                    (row.score_quantised, row.score_on_chip, row.higher_is_better) = (None, None, false);
                    row.metric = "nrmse".into();
                    all.push(row);
                }
            }
        }
        all
    }

    #[test]
    fn the_size_that_matches_is_said_with_its_interval() {
        let all = findings(&study(6), Beside::default());
        let found = all[0]
            .findings
            .iter()
            .find(|f| f.starts_with("Heterogeneous networks (CV 0.5, full recurrence) do as well"));
        let found = found.unwrap_or_else(|| panic!("{all:#?}"));
        assert!(found.contains("in nrmse, as homogeneous ones of another size: 25 as 3"), "{found}");
        assert!(found.contains("; 50 as 7") && found.contains("; 100 as 1"), "{found}");
        assert!(found.contains("200 as above 200 neurons") && found.contains("n = 6 networks"), "{found}");
    }

    #[test]
    fn of_one_network_nothing_is_said() {
        let all = findings(&study(1), Beside::default());
        assert!(all[0].findings.iter().all(|f| !f.contains("do as well")), "{all:#?}");
    }
}
