//! Size equivalence: how large a network without mismatch must be to do as well as one with it.
//!
//! Owns which networks are compared, and the plot. The match and its interval are those of
//! [`statistics::match_size()`]; outside the sizes that were tried only the side is known. It deliberately judges
//! nothing.

use super::Plot;
use crate::chart::{Axis, Interval, Line, Panel, Points};
use crate::scale::Scale;
use crate::series::Series;
use crate::summary::{Setting, Stage, TaskResults, number};
use formats::csv::line;
use statistics::{Better, LEVEL, MatchedSize, Size, SizeScores, match_size};
use std::collections::BTreeMap;

/// The key whose values are sizes.
const NEURONS: &str = "reservoir.neurons";

/// The size that matches one of the networks with mismatch.
struct Match {
    /// Value on the axis of sizes.
    size: f64,
    found: MatchedSize,
}

/// What is compared in one series, but for the sizes.
struct Matched<'a> {
    words: String,
    series: &'a Series<'a>,
    all: Vec<Match>,
}

/// Sentences and the plot; nothing of a study without sizes, or of a single network.
pub(crate) fn sizes(task: &TaskResults<'_>) -> Option<(Vec<String>, Plot)> {
    let axis = task.axes.iter().position(|axis| axis.axis.key == NEURONS && axis.values.len() > 1)?;
    let along = Some(task.horizontal()).filter(|along| *along != axis)?;
    let (low, high) = (*task.axes[along].values.first()?, *task.axes[along].values.last()?);
    let series = Series::of(task);
    let mut groups: BTreeMap<Vec<&str>, Matched<'_>> = BTreeMap::new();
    for one in &series {
        let (Some(from), Some(to)) = (one.setting(task, low), one.setting(task, high)) else { continue };
        let others: Vec<&str> =
            (0..task.axes.len()).filter(|i| ![axis, along].contains(i)).map(|i| to.values[i]).collect();
        let homogeneous: Option<Vec<SizeScores>> = task.axes[axis]
            .values
            .iter()
            .map(|size| {
                let mut values = from.values.clone();
                values[axis] = size;
                Some(SizeScores { size: number(size) as u32, scores: by_network(task.setting(&values)?)? })
            })
            .collect();
        let better = if task.higher_is_better { Better::Larger } else { Better::Smaller };
        let Ok(found) = match_size(&homogeneous?, &by_network(to)?, better, LEVEL) else { continue };
        let words: Vec<String> = (0..task.axes.len())
            .filter(|i| ![axis, along].contains(i))
            .map(|i| task.axes[i].axis.words(to.values[i]))
            .collect();
        let group =
            groups.entry(others).or_insert_with(|| Matched { words: words.join(", "), series: one, all: vec![] });
        group.all.push(Match { size: number(to.values[axis]), found });
    }
    if groups.is_empty() {
        return None;
    }
    let words = |value: &str| task.axes[along].axis.words(value);
    let sentence = |group: &Matched<'_>, one: &Match| {
        let place = if group.words.is_empty() { String::new() } else { format!(", {}", group.words) };
        format!(
            "A network of {} neurons at {}{place} does as well as one at {} of {}.",
            one.size,
            words(high),
            words(low),
            one.found
        )
    };
    let sentences = groups.values().flat_map(|group| group.all.iter().map(move |one| sentence(group, one))).collect();
    Some((sentences, plot(task, groups.values(), [&words(low), &words(high)])))
}

/// The mean score of each network under a setting.
fn by_network(setting: &Setting<'_>) -> Option<Vec<f64>> {
    let mut all: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for row in &setting.rows {
        all.entry(row.point.unit(&study::NETWORK)).or_default().push(Stage::Float.score(row)?);
    }
    Some(all.values().map(|scores| scores.iter().sum::<f64>() / scores.len() as f64).collect())
}

/// Sizes without mismatch against those with it that they match.
fn plot<'a>(task: &TaskResults<'_>, groups: impl Iterator<Item = &'a Matched<'a>>, [low, high]: [&str; 2]) -> Plot {
    let groups: Vec<&Matched<'_>> = groups.collect();
    let tried = groups.iter().flat_map(|group| &group.all).map(|one| one.found.tried).next().unwrap_or((0, 1));
    let (first, last) = (f64::from(tried.0), f64::from(tried.1));
    let scale = Scale::covering(0.0, last * 1.1, 5);
    let axis = |with: &str| Axis { scale, title: format!("neurons, {with}"), marks: None, margin: 0.0 };
    let mut panel =
        Panel { title: "Networks that do equally well".into(), x: axis(high), y: axis(low), ..Panel::default() };
    panel.lines.push(Line { colour: "var(--grid)".into(), places: vec![(0.0, 0.0), (last, last)], label: None });
    let mut data = line(["series", "neurons", "matches", "low", "high"]);
    // Where nothing is known but the side, the end of what was tried is drawn, and the tip says more.
    let drawn = |size: &Size| match size {
        Size::AtMost(_) => first,
        Size::At(size) => *size,
        Size::Above(_) => last * 1.1,
    };
    for (k, group) in groups.iter().enumerate() {
        let colour = group.series.colour();
        let mut points = Points { colour: colour.clone(), marker: group.series.marker(), places: vec![], tips: vec![] };
        for one in &group.all {
            // Series that match the same sizes stand beside each other.
            let x = one.size + last * 0.012 * (k as f64 - (groups.len() - 1) as f64 / 2.0);
            let (low, high) = (drawn(&one.found.low), drawn(&one.found.high));
            panel.intervals.push(Interval { colour: colour.clone(), x, low, high });
            points.places.push((x, drawn(&one.found.size)));
            points.tips.push(format!("{}\n{} neurons match {}", group.words, one.size, one.found));
            let sizes = [&one.found.size, &one.found.low, &one.found.high].map(ToString::to_string);
            data.push_str(&line([group.words.clone(), one.size.to_string()].into_iter().chain(sizes)));
        }
        panel.points.push(points);
    }
    Plot::of_panel(format!("{}-sizes", task.task), &panel, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};
    use study::Row;

    /// Networks without mismatch score 1 / neurons, those with it as one of twice the size.
    fn study(networks: u32) -> Vec<Row> {
        let mut all = Vec::new();
        for network in 0..networks {
            for neurons in ["25", "50", "100", "200"] {
                for cv in ["0", "1"] {
                    let mut row = rows()[0].clone();
                    let network = network.to_string();
                    row.point = point(&[
                        ("task", "x"),
                        ("network", &network),
                        (NEURONS, neurons),
                        ("recurrence", "full"),
                        ("cv", cv),
                        ("die", "0"),
                    ]);
                    let noise = 1.0 + 0.001 * f64::from(row.point.unit(&study::NETWORK));
                    let twice = if cv == "1" { 0.5 } else { 1.0 };
                    (row.higher_is_better, row.metric) = (false, "nrmse".into());
                    row.score_float = twice * noise / number(neurons);
                    all.push(row);
                }
            }
        }
        all
    }

    #[test]
    fn a_network_of_twice_the_size_matches() {
        let rows = study(4);
        let (sentences, plot) = sizes(&TaskResults::group(&rows)[0]).expect("sizes");
        assert_eq!(sentences.len(), 4, "{sentences:?}");
        assert!(
            sentences[1].starts_with(
                "A network of 50 neurons at CV 1, full recurrence does as well as one at CV 0 of 100 neurons (95 %: "
            ),
            "{sentences:?}"
        );
        assert!(sentences[3].contains("of above 200 neurons"), "{sentences:?}");
        assert_eq!((plot.svg.matches("<title>").count(), plot.data.lines().count()), (4, 5));
        let single = study(1);
        assert!(sizes(&TaskResults::group(&single)[0]).is_none(), "nothing follows from one network");
    }
}
