//! The homogeneous network that was tuned: of the settings of `[tune]`, the one that is best on validation data.
//!
//! Owns the choice. All tasks of a stimulus share one setting, as all networks and series do, and nothing of the test
//! part is looked at; what stands at an end of its grid is said, because the best may lie beyond, but where the score
//! is flat. It deliberately runs nothing: a study has run every setting.

use crate::axis::{AXES, Axis, Role, Scale, number};
use crate::{Point, Row, StudyError};
use warnings::{Kind, Warnings};

/// The best setting of a homogeneous network for the tasks of a stimulus, or for one task.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned<'a> {
    /// The task, or the stimulus of several.
    pub task: &'a str,
    /// The values of the other axes (recurrence), for which this one was chosen.
    pub given: Vec<(&'static Axis, &'a str)>,
    /// The setting: the axes of `[tune]` with their values.
    pub setting: Vec<(&'static Axis, &'a str)>,
    /// The axes whose best value is the first or last of several numbers, with that value and all that were tried.
    pub at_edge: Vec<(&'static Axis, &'a str, Vec<&'a str>)>,
    /// Its rows, one for each task, series and network.
    pub rows: Vec<&'a Row>,
}

/// What becomes of a study whose tuned network is best at the end of its grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edge {
    /// A warning says so.
    #[default]
    Warn,
    /// There are no results.
    Error,
}

impl Edge {
    /// Both, as study files name them.
    pub const NAMES: [(&'static str, Self); 2] = [("warn", Self::Warn), ("error", Self::Error)];
}

/// The share of a score by which the last step to the end of a grid must better it for the best to be said to lie
/// there: what has no effect, or none any more, is nothing to look beyond.
const FLAT: f64 = 0.005;

/// The tasks of one stimulus go together.
fn group_of(task: &str) -> &str {
    task.split_once('/').map_or(task, |(stimulus, _)| stimulus)
}

/// The values of a point on the axes that are, or are not, over keys of the study's file.
fn values(point: &Point, over_keys: bool) -> Vec<(&'static Axis, &str)> {
    let is_listed = |axis: &Axis| AXES.iter().any(|listed| listed.axis == *axis);
    point.values().filter(|(axis, _)| axis.role == Role::Condition && is_listed(axis) != over_keys).collect()
}

/// A value on each of some axes.
type Values<'a> = Vec<(&'static Axis, &'a str)>;

/// What is chosen for: a task or stimulus, and values of the other axes; and all settings of it with their rows.
struct Search<'a> {
    task: &'a str,
    given: Values<'a>,
    settings: Vec<(Values<'a>, Vec<&'a Row>)>,
}

/// The best settings of the rows of a search, one for each stimulus, or task, and value of the other axes. Settings
/// without a score on validation data cannot be chosen.
pub fn tuned(rows: &[Row]) -> Vec<Tuned<'_>> {
    let mut all: Vec<Search<'_>> = Vec::new();
    for row in rows {
        let (task, given, setting) = (group_of(row.point.task()), values(&row.point, false), values(&row.point, true));
        let known = all.iter().position(|search| search.task == task && search.given == given);
        let place = known.unwrap_or_else(|| {
            all.push(Search { task, given, settings: Vec::new() });
            all.len() - 1
        });
        let settings = &mut all[place].settings;
        match settings.iter_mut().find(|(known, _)| *known == setting) {
            Some((_, rows)) => rows.push(row),
            None => settings.push((setting, vec![row])),
        }
    }
    all.into_iter().filter_map(Search::best).collect()
}

/// The mean score on validation data, if every row has one.
fn on_validation(rows: &[&Row]) -> Option<f64> {
    let scores: Option<Vec<f64>> = rows.iter().map(|row| row.score_validation).collect();
    scores.map(|scores| scores.iter().sum::<f64>() / scores.len() as f64)
}

impl<'a> Search<'a> {
    /// The best setting; of equal ones the first.
    fn best(self) -> Option<Tuned<'a>> {
        let higher = self.settings[0].1[0].higher_is_better;
        let scored = self.settings.iter().enumerate().filter_map(|(at, (_, rows))| Some((at, on_validation(rows)?)));
        let (at, score) = scored.reduce(|a, b| if b.1 != a.1 && (b.1 > a.1) == higher { b } else { a })?;
        let (setting, rows) = self.settings[at].clone();
        let at_edge = setting.iter().filter_map(|(axis, value)| self.edge(axis, value, &setting, score)).collect();
        Some(Tuned { task: self.task, given: self.given, setting, at_edge, rows })
    }

    /// The value of the `best` setting on an axis with all that were tried, if it is the first or last of several
    /// numbers and the score is not flat there: the value beside it alone does worse by more than [`FLAT`].
    fn edge(
        &self,
        axis: &'static Axis,
        value: &'a str,
        best: &Values<'a>,
        score: f64,
    ) -> Option<(&'static Axis, &'a str, Vec<&'a str>)> {
        let mut tried: Vec<&str> = Vec::new();
        for (_, other) in self.settings.iter().flat_map(|(setting, _)| setting).filter(|(own, _)| *own == axis) {
            if !tried.contains(other) {
                tried.push(other);
            }
        }
        let place = |value: &&str| number(value).unwrap_or(f64::MAX);
        tried.sort_by(|a, b| place(a).total_cmp(&place(b)));
        let at = tried.iter().position(|other| *other == value)?;
        let is_end = axis.scale == Scale::Numbers && tried.len() > 1 && (at == 0 || at + 1 == tried.len());
        if !is_end {
            return None;
        }
        let beside = if at == 0 { tried[1] } else { tried[at - 1] };
        let moved =
            best.iter().map(|(own, value)| (*own, if *own == axis { beside } else { *value })).collect::<Vec<_>>();
        let of_beside = self.settings.iter().find(|(setting, _)| *setting == moved);
        let is_flat = of_beside
            .and_then(|(_, rows)| on_validation(rows))
            .is_some_and(|other| (other - score).abs() <= FLAT * score.abs());
        (!is_flat).then_some((axis, value, tried))
    }
}

/// Every best value at the end of its grid: a warning, or all of them an error.
pub(crate) fn judge(all: &[Tuned<'_>], edge: Edge, warnings: &mut Warnings) -> Result<(), StudyError> {
    let mut found = Warnings::default();
    warn(all, &mut found);
    if edge == Edge::Error && !found.is_empty() {
        let each: Vec<String> = found.iter().map(|warning| format!("{}: {}", warning.place, warning.text)).collect();
        return Err(StudyError::Edge { found: each.join("\n") });
    }
    warnings.extend(found);
    Ok(())
}

/// Warns of every best value at the end of its grid.
fn warn(all: &[Tuned<'_>], warnings: &mut Warnings) {
    for Tuned { task, given, at_edge, .. } in all {
        let given: String = given.iter().map(|(axis, value)| format!(", {}", axis.words(value))).collect();
        for (axis, value, tried) in at_edge {
            let text = format!(
                "the homogeneous network of task `{task}`{given} is best with {value}, at the end of {}: the best may lie beyond, \
                 so give more values",
                tried.join(", ")
            );
            warnings.push(Kind::Study, format!("[tune] {}", axis.key), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::{NETWORK, TASK, axis, over_key};

    /// Rows of a search over two keys, with the validation error that `error` gives.
    fn rows(error: impl Fn(&str, f64, f64) -> f64) -> Vec<Row> {
        let mut rows = Vec::new();
        for task in ["lorenz/recall/shift+1", "lorenz/recall/shift+2", "narma10"] {
            for network in 0..2 {
                for leak in ["0.1", "0.3", "1"] {
                    for scale in ["0.5", "2", "10"] {
                        let [x, y] = [leak, scale].map(|v| v.parse::<f64>().unwrap());
                        let mut row = crate::notice::example(task);
                        row.score_validation = Some(error(task, x, y));
                        row.point = Point::default()
                            .with(&TASK, task)
                            .with(&NETWORK, network)
                            .with(over_key("reservoir.parameters.leak", Scale::Numbers), leak)
                            .with(over_key("reservoir.input_scale", Scale::Numbers), scale)
                            .with(axis("recurrence").unwrap(), "full");
                        (row.higher_is_better, row.score_float) = (false, x + y);
                        rows.push(row);
                    }
                }
            }
        }
        rows
    }

    #[test]
    fn tasks_of_a_stimulus_share_the_setting_that_is_best_on_validation() {
        // Alone, the second task of Lorenz would choose another leak.
        let rows = rows(|task, x, y| match task {
            "lorenz/recall/shift+1" => 10.0 * (x - 0.3).abs() + (y - 2.0).abs(),
            "lorenz/recall/shift+2" => (x - 1.0).abs() + (y - 2.0).abs(),
            _ => y + 0.002 * x,
        });
        let all = tuned(&rows);
        assert_eq!(all.iter().map(|t| t.task).collect::<Vec<_>>(), ["lorenz", "narma10"]);
        let values = |t: &Tuned<'_>| t.setting.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>();
        assert_eq!(values(&all[0]), ["0.3", "2"]);
        assert_eq!((all[0].at_edge.len(), all[0].rows.len()), (0, 4), "two tasks of two networks");
        assert!(all[0].rows.iter().all(|row| row.score_float == 2.3));
        assert_eq!(all[0].given, [(axis("recurrence").unwrap(), "full")]);

        // Leaks do almost as well as each other: the first is taken, and no other is asked for.
        assert_eq!(values(&all[1]), ["0.1", "0.5"]);
        let mut warnings = Warnings::default();
        warn(&all, &mut warnings);
        let first = "warning: [tune] reservoir.input_scale: the homogeneous network of task `narma10`, full recurrence is best \
                     with 0.5, at the end of 0.5, 2, 10: the best may lie beyond, so give more values\n";
        assert_eq!(warnings.to_string(), first);

        let mut judged = Warnings::default();
        assert!(judge(&all, Edge::Warn, &mut judged).is_ok() && judged == warnings);
        let error = judge(&all, Edge::Error, &mut Warnings::default()).unwrap_err().to_string();
        assert!(
            error.starts_with("[tune] reservoir.input_scale: the homogeneous network of task `narma10`"),
            "{error}"
        );
        assert!(judge(&all[..1], Edge::Error, &mut Warnings::default()).is_ok(), "inside its grid");
    }

    /// More leak remembers less of one sample ago; the less of two, the worse.
    #[test]
    fn an_edge_is_an_error_where_a_study_says_so() {
        use crate::RunOptions;
        use std::sync::atomic::AtomicBool;
        let text = |edge: &str| {
            format!(
                "format = \"quenched-study\"\nversion = 1\nchip = \"ideal\"\nmodel = \"rate\"\ncv = [0]\n\
                 [reservoir]\nneurons = 10\nconnectivity = 0.5\nspectral_radius = 0.5\ninput_scale = 0.5\nsynapse = \"graded\"\n\
                 [readout]\non_chip = false\n[tune]\n{edge}\"reservoir.parameters.leak\" = [\"0.02 1\", \"0.05 1\"]\n\
                 [[task]]\nid = \"uniform/recall/shift+1\"\nsample = \"1 ms\"\ntrain = 200\ntest = 50\n"
            )
        };
        let run = |edge: &str| {
            let study = crate::read(&text(edge), "x.toml", "".as_ref()).map_err(|errors| errors.to_string())?;
            let cancel = AtomicBool::new(false);
            let options = RunOptions { threads: None, cancel: &cancel, progress: &|_| {} };
            crate::run(&study, &options).map_err(|error| error.to_string())
        };
        let warned = run("").unwrap();
        assert_eq!(warned.manifest.warnings.iter().filter(|warning| warning.kind == Kind::Study).count(), 1);
        assert_eq!(run("edge = \"warn\"\n").unwrap().csv(), warned.csv());
        let error = run("edge = \"error\"\n").unwrap_err();
        assert!(error.contains("is best with 0.05 1, at the end of 0.02 1, 0.05 1"), "{error}");
        let error = run("edge = \"eror\"\n").unwrap_err();
        assert!(error.contains("x.toml:15:8") && error.contains("did you mean `error`?"), "{error}");
    }

    #[test]
    fn without_validation_nothing_is_chosen() {
        let mut rows = rows(|_, x, _| x);
        rows.iter_mut().filter(|row| row.point.task() == "narma10").for_each(|row| row.score_validation = None);
        assert_eq!(tuned(&rows).len(), 1);
        assert!(tuned(&[]).is_empty());
    }
}
