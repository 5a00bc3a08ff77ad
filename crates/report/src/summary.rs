//! Result rows put in order: tasks, settings of a task, the scores of all dies under a setting.

use crate::compare::{Units, interval_of};
use crate::score::ScoreFormat;
use statistics::Estimate;
use std::borrow::Cow;
use study::{Axis, Row, Scale, StageName};

/// Where a score was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Readout in floating point on the host.
    Float,
    /// The same, trained for what a readout on the chip sees of the reservoir.
    Chain,
    /// Readout with the chip's weights, on the host.
    Quantised,
    /// Readout mapped onto the chip.
    OnChip,
    /// The same with every readout neuron trimmed on the die.
    Calibrated,
    /// The same read out with weights that were fitted to what the neurons of the die did.
    InTheLoop,
}

impl Stage {
    /// All stages, in the order in which a readout goes through them.
    pub const ALL: [Self; 6] =
        [Self::Float, Self::Chain, Self::Quantised, Self::OnChip, Self::Calibrated, Self::InTheLoop];

    /// As written in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Chain => "chain",
            Self::Quantised => "quantised",
            Self::OnChip => "on chip",
            Self::Calibrated => "calibrated",
            Self::InTheLoop => "in the loop",
        }
    }

    /// As written above a figure.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Float => "Float readout on the host",
            Self::Chain => "Host, trained for the chip's chain",
            Self::Quantised => "Quantised readout on the host",
            Self::OnChip => "Readout on the chip",
            Self::Calibrated => "Readout calibrated on the die",
            Self::InTheLoop => "Readout fitted in the loop",
        }
    }

    /// What it is, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Float => "readout in floating point on the host",
            Self::Chain => "the same, trained for what a readout on the chip sees",
            Self::Quantised => "its weights rounded to the chip's",
            Self::OnChip => "mapped onto the chip's own neurons",
            Self::Calibrated => "each readout neuron trimmed on the die",
            Self::InTheLoop => "weights fitted to what the neurons of the die did",
        }
    }

    /// As it ends a sentence on a score.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Float => "with the float readout",
            Self::Chain => "on the host, trained for the chip's chain",
            Self::Quantised => "with the quantised readout",
            Self::OnChip => "on chip",
            Self::Calibrated => "on chip, calibrated",
            Self::InTheLoop => "on chip, fitted in the loop",
        }
    }

    /// The score of `row` at this stage.
    pub fn score(self, row: &Row) -> Option<f64> {
        let of_chip = |name| row.on_chip.as_ref().and_then(|on_chip| on_chip.stage(name)).map(|stage| stage.score);
        match self {
            Self::Float => Some(row.score_float),
            Self::Chain => of_chip(StageName::Chain),
            Self::Quantised => row.score_quantised,
            Self::OnChip => row.score_on_chip,
            Self::Calibrated => of_chip(StageName::Calibrated),
            Self::InTheLoop => of_chip(StageName::InTheLoop),
        }
    }
}

/// The scores of several dies under one setting, at one stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean over the dies.
    pub mean: f64,
    /// Sample standard deviation between dies; none for a single die.
    pub sd: Option<f64>,
    /// Worst score.
    pub worst: f64,
    /// The die that has it (the first, if several do).
    pub worst_die: u32,
    /// Best score.
    pub best: f64,
}

impl Spread {
    /// Of `(die, score)`; `None` if there is none.
    fn of(scores: &[(u32, f64)], higher_is_better: bool) -> Option<Self> {
        let &(first_die, first) = scores.first()?;
        let count = scores.len() as f64;
        // Identical dies must show no spread, so the mean is taken of the differences from the first one.
        let mean = first + scores.iter().map(|(_, s)| s - first).sum::<f64>() / count;
        let squares = scores.iter().map(|(_, s)| (s - mean) * (s - mean)).sum::<f64>();
        let better = |a: f64, b: f64| if higher_is_better { a > b } else { a < b };
        let mut spread = Self { mean, sd: None, worst: first, worst_die: first_die, best: first };
        for &(die, score) in scores {
            if better(spread.worst, score) {
                (spread.worst, spread.worst_die) = (score, die);
            }
            if better(score, spread.best) {
                spread.best = score;
            }
        }
        spread.sd = (scores.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        Some(spread)
    }
}

/// All dies under one setting of one task.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// A value on each axis of the task.
    pub values: Vec<&'a str>,
    /// The dies of all networks, by network and number.
    pub rows: Vec<&'a Row>,
    /// What intervals are taken over.
    pub(crate) units: Units,
}

impl<'a> Setting<'a> {
    /// Those dies that have this value too.
    fn with(&self, axis: &Axis, value: &'a str) -> Self {
        let rows = self.rows.iter().copied().filter(|row| row.point.get(axis) == Some(value)).collect();
        Self { values: self.values.iter().copied().chain([value]).collect(), rows, units: self.units }
    }

    /// The mean at `stage` with its interval; none of a single unit, or if a die has no such score.
    pub fn estimate(&self, stage: Stage) -> Option<Estimate> {
        let leaf = |row: &&'a Row| Some((self.units.path(row), stage.score(row)?));
        let estimate = interval_of(&self.rows.iter().map(leaf).collect::<Option<Vec<_>>>()?, self.units)?;
        Some(ScoreFormat::of(&self.rows.first()?.metric).possible(estimate))
    }

    /// The spread of the dies at `stage`; `None` if a die has no such score.
    pub fn spread(&self, stage: Stage) -> Option<Spread> {
        let scores: Option<Vec<_>> = self.rows.iter().map(|r| Some((r.point.die(), stage.score(r)?))).collect();
        Spread::of(&scores?, self.rows.first()?.higher_is_better)
    }
}

/// An axis with the values that a task was run with.
#[derive(Clone, Debug)]
pub struct AxisValues<'a> {
    /// The axis.
    pub axis: &'static Axis,
    /// Its values: numbers rising, names in the order of the rows.
    pub values: Vec<&'a str>,
}

/// All results of one task.
#[derive(Clone, Debug)]
pub struct TaskResults<'a> {
    /// Task id.
    pub task: &'a str,
    /// Name of its metric, as in the rows.
    pub metric_name: &'a str,
    /// How the metric is written.
    pub metric: ScoreFormat,
    /// Whether a larger score is a better one.
    pub higher_is_better: bool,
    /// What its runs differ in, besides the die; the last axis changes fastest.
    pub axes: Vec<AxisValues<'a>>,
    /// The settings, in the order of the axes.
    pub settings: Vec<Setting<'a>>,
    /// Stages at which every die has a score.
    pub stages: Vec<Stage>,
    /// What intervals are taken over.
    pub(crate) units: Units,
}

impl<'a> TaskResults<'a> {
    /// The tasks of `rows`, in the order in which they first appear.
    pub fn group(rows: &'a [Row]) -> Vec<Self> {
        distinct(rows.iter().map(|r| r.point.task()))
            .into_iter()
            .map(|task| Self::of(task, rows.iter().filter(|r| r.point.task() == task).collect()))
            .collect()
    }

    fn of(task: &'a str, rows: Vec<&'a Row>) -> Self {
        let axes: Vec<AxisValues<'a>> = rows
            .first()
            .map_or_else(Vec::new, |row| row.point.setting().map(|(axis, _)| AxisValues::of(axis, &rows)).collect());
        let units = Units::of(&rows);
        let mut settings = vec![Setting { values: Vec::new(), rows: rows.clone(), units }];
        for AxisValues { axis, values } in &axes {
            settings =
                settings.iter().flat_map(|setting| values.iter().map(|value| setting.with(axis, value))).collect();
        }
        settings.retain(|setting| !setting.rows.is_empty());
        for setting in &mut settings {
            setting.rows.sort_by_key(|r| units.path(r));
        }
        let stages = Stage::ALL.into_iter().filter(|s| rows.iter().all(|r| s.score(r).is_some())).collect();
        let metric_name = rows.first().map_or("", |r| r.metric.as_str());
        Self {
            task,
            metric_name,
            metric: ScoreFormat::of(metric_name),
            higher_is_better: rows.first().is_none_or(|r| r.higher_is_better),
            axes,
            settings,
            stages,
            units,
        }
    }

    /// The setting with these values, one an axis.
    pub fn setting(&self, values: &[&str]) -> Option<&Setting<'a>> {
        self.settings.iter().find(|s| s.values == values)
    }

    /// Index of the axis that figures have as their horizontal one: the last of numbers that has several values, or
    /// else the last of numbers, or else the last.
    pub fn horizontal(&self) -> usize {
        let numbers = |several: bool| {
            self.axes.iter().rposition(|a| a.axis.scale == Scale::Numbers && (a.values.len() > 1 || !several))
        };
        numbers(true).or_else(|| numbers(false)).unwrap_or(self.axes.len().saturating_sub(1))
    }

    /// The last stage that every die reached, of a readout that is on the chip whole.
    pub fn last_stage(&self) -> Stage {
        self.stages.iter().rev().copied().find(|stage| *stage != Stage::InTheLoop).unwrap_or(Stage::Float)
    }

    /// What a setting has the most of: `3 networks of 8 dies`.
    pub fn copies(&self) -> String {
        let most = |key: fn(&Row) -> u32| {
            let of = |s: &Setting<'_>| distinct(s.rows.iter().map(|row| key(row))).len();
            self.settings.iter().map(of).max().unwrap_or(0)
        };
        let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let networks = most(|row| row.point.unit(&study::NETWORK));
        let series = most(|row| row.point.unit(&study::SERIES));
        let dies = plural(most(|row| row.point.die()), "die", "dies");
        let of_networks = if networks > 1 { format!("{networks} networks of {dies}") } else { dies };
        if series > 1 { format!("{series} series, {of_networks}") } else { of_networks }
    }
}

impl<'a> AxisValues<'a> {
    fn of(axis: &'static Axis, rows: &[&'a Row]) -> Self {
        let mut values = distinct(rows.iter().filter_map(|r| r.point.get(axis)));
        if axis.scale == Scale::Numbers {
            values.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
        Self { axis, values }
    }
}

/// The value of a row as a number; text that is none (as that of the chip's own mismatch) sorts last.
pub(crate) fn number(value: &str) -> f64 {
    study::number(value).unwrap_or(f64::MAX)
}

/// The rows with those of tasks that share a run put together: one row with their mean scores, whose task is called
/// `lorenz (96 tasks)`. Where no tasks share a run, these are the rows as they are.
pub fn condensed(rows: &[Row]) -> Cow<'_, [Row]> {
    let shares = |a: &Row, b: &Row| {
        family(a.point.task()).is_some_and(|own| family(b.point.task()) == Some(own))
            && a.point.clone().of_task("") == b.point.clone().of_task("")
    };
    if !rows.windows(2).any(|pair| shares(&pair[0], &pair[1])) {
        return Cow::Borrowed(rows);
    }
    let together = |group: &[Row]| {
        let [first, rest @ ..] = group else { unreachable!("chunks are not empty") };
        let mut row = first.clone();
        if let (Some(family), false) = (family(first.point.task()), rest.is_empty()) {
            let mean = |of: fn(&Row) -> Option<f64>| {
                let all: Option<Vec<f64>> = group.iter().map(of).collect();
                all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
            };
            row.point = row.point.of_task(&format!("{family} ({} tasks)", group.len()));
            row.score_validation = mean(|row| row.score_validation);
            row.score_float = mean(|row| Some(row.score_float)).unwrap_or(f64::NAN);
            row.score_quantised = mean(|row| row.score_quantised);
            row.score_on_chip = mean(|row| row.score_on_chip);
            row.alignment = mean(|row| row.alignment);
            if let Some(on_chip) = &mut row.on_chip {
                for stage in &mut on_chip.stages {
                    let name = stage.name;
                    let scores = group.iter().filter_map(|row| Some(row.on_chip.as_ref()?.stage(name)?.score));
                    stage.score = scores.sum::<f64>() / group.len() as f64;
                }
            }
        }
        row
    };
    Cow::Owned(rows.chunk_by(shares).map(together).collect())
}

/// The stimulus of a task of the catalogue, which others share: what stands before the first slash.
pub(crate) fn family(task: &str) -> Option<&str> {
    task.split_once('/').map(|(family, _)| family)
}

/// The different values, in the order in which they first appear.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::rows;

    #[test]
    fn spread_against_hand_calculation() {
        let s = Spread::of(&[(0, 2.0), (1, 4.0), (2, 9.0)], true).unwrap();
        assert_eq!((s.mean, s.worst, s.worst_die, s.best), (5.0, 2.0, 0, 9.0));
        assert_eq!(s.sd, Some(13f64.sqrt()));
        let lower = Spread::of(&[(0, 2.0), (1, 4.0), (2, 9.0)], false).unwrap();
        assert_eq!((lower.worst, lower.worst_die, lower.best), (9.0, 2, 2.0));
        assert_eq!(Spread::of(&[(7, 0.1)], true).unwrap().sd, None);
        assert!(Spread::of(&[], true).is_none());
    }

    #[test]
    fn identical_dies_have_no_spread() {
        let scores: Vec<(u32, f64)> = (0..7).map(|die| (die, 0.1)).collect();
        let s = Spread::of(&scores, true).unwrap();
        assert_eq!((s.mean, s.sd), (0.1, Some(0.0)));
    }

    #[test]
    fn settings_are_ordered_whatever_the_order_of_the_rows() {
        let mut shuffled = rows();
        shuffled.reverse();
        let tasks = TaskResults::group(&shuffled);
        assert_eq!(tasks.iter().map(|t| t.task).collect::<Vec<_>>(), ["memory-capacity", "japanese-vowels"]);
        assert_eq!(tasks[1].axes[1].values, ["0", "0.1", "0.2", "0.5"]);
        assert_eq!(tasks[1].copies(), "8 dies");
        assert!(tasks[1].settings.iter().all(|s| s.rows.iter().map(|r| r.point.die()).eq(0..8)));
    }

    #[test]
    fn a_stage_that_a_die_lacks_is_left_out() {
        let mut some = rows();
        some[3].score_on_chip = None;
        let tasks = TaskResults::group(&some);
        assert_eq!(tasks[0].stages, [Stage::Float, Stage::Quantised]);
        assert_eq!(tasks[1].stages, [Stage::Float, Stage::Quantised, Stage::OnChip]);
    }
}
