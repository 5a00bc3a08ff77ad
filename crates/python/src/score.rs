//! A labelled set on many dies: what `quenched score` does, with arrays in and out.

use crate::chip::decimal;
use crate::die::Die;
use crate::error::PythonError;
use crate::network::OfGraph;
use crate::program::Program;
use crate::run::{board_of, events, lines, threads};
use crate::watch::watched;
use ::score::{
    Deciding, DieScore, DrawnDies, LabelledSet, Rule, Sample, Scoring, Setting, Showing, confusion, mean_over_dies,
    notices,
};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use session::{Board, Multiple};
use statistics::{Better, LEVEL, wilson, yields::yield_of};
use std::sync::Arc;
use units::DieId;

/// Dies with one setting of their mismatch, and what they made of a set.
#[pyclass(frozen, module = "quenched._native")]
pub(crate) struct Block {
    cv: Option<f64>,
    alike: bool,
    /// What the dies are called: their numbers, or their places in a list.
    names: Vec<u32>,
    scores: Vec<DieScore>,
    set: Arc<LabelledSet>,
    outputs: u32,
}

/// What every die made of a set.
#[pyclass(frozen, module = "quenched._native", get_all)]
pub(crate) struct Scores {
    blocks: Vec<Py<Block>>,
    classes: Vec<String>,
    labels: Vec<u32>,
    output: String,
    decide: &'static str,
    warnings: Vec<String>,
}

/// The dies that are asked: drawn ones, or a list.
#[derive(FromPyObject)]
pub(crate) enum Dies {
    Drawn(Vec<u32>),
    Listed(Vec<Py<Die>>),
}

/// The dies of one setting.
struct Asked {
    cv: Option<f64>,
    board: Board,
    names: Vec<u32>,
    setting: Setting,
}

/// Every setting that is asked for.
fn settings(
    program: &Program,
    dies: &Dies,
    cvs: &[Option<f64>],
    drawn: DrawnDies<'_>,
) -> Result<Vec<Asked>, PythonError> {
    let numbers = match dies {
        Dies::Drawn(numbers) => numbers,
        Dies::Listed(dies) => {
            let mut parameters = Vec::with_capacity(dies.len());
            for die in dies {
                let die = die.get();
                board_of(program, die)?;
                parameters.push(match drawn.noise {
                    Some(trial) => (*die.parameters)
                        .clone()
                        .with_noise(&die.spec, trial)
                        .map_err(|error| PythonError::Value(format!("chip `{}`: {error}", die.spec.name)))?,
                    None => (*die.parameters).clone(),
                });
            }
            let spec = program.board.spec().clone();
            let setting = Setting { spec, dies: parameters, alike: false };
            let names = (0..dies.len() as u32).collect();
            return Ok(vec![Asked { cv: None, board: program.board.clone(), names, setting }]);
        }
    };
    let board = &program.board;
    drawn.check(board)?;
    let mut all = Vec::with_capacity(cvs.len());
    for cv in cvs {
        let setting = drawn.at(board, cv.map(|cv| decimal("cv", cv)).transpose()?)?;
        let names = numbers[..setting.dies.len()].to_vec();
        all.push(Asked { cv: *cv, board: board.with_spec(setting.spec.clone()), names, setting });
    }
    Ok(all)
}

/// Shows every sample to every die of every setting.
#[pyfunction]
#[pyo3(signature = (program, samples, labels, *, dies, cvs, seed, vary, faults, noise, output, decide, classes, lengths,
                    ticks, binary, trial, threads_max, progress))]
#[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
pub(crate) fn score(
    py: Python<'_>,
    program: &Program,
    samples: Vec<PyReadonlyArray2<'_, i64>>,
    labels: Vec<String>,
    dies: Dies,
    cvs: Vec<Option<f64>>,
    seed: u64,
    vary: Vec<String>,
    faults: bool,
    noise: bool,
    output: Option<&str>,
    decide: Option<&str>,
    classes: Option<Vec<String>>,
    lengths: Vec<Option<u64>>,
    ticks: Option<u64>,
    binary: bool,
    trial: u64,
    threads_max: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Scores> {
    let rule = |name: &str| {
        let known = || Rule::ALL.iter().map(|rule| rule.name().to_owned()).collect();
        let found = Rule::ALL.into_iter().find(|rule| rule.name() == name);
        found.ok_or_else(|| PythonError::unknown("rule to decide by", name, known()))
    };
    let of_graph = program.graph().map(OfGraph::outputs).unwrap_or_default();
    let deciding = Deciding::find(program.board.symbols(), &of_graph, output, decide.map(rule).transpose()?);
    let Deciding { population, neurons, rule } = deciding.map_err(PythonError::from)?;
    let sample = |(index, (array, ticks)): (usize, (&PyReadonlyArray2<'_, i64>, &Option<u64>))| {
        let name = format!("sample {index}");
        let events = events(array).map_err(|error| PythonError::Value(format!("{name}: {error}")))?;
        Ok(Sample { name, label: 0, events, ticks: *ticks, before: 0, skipped: 0 })
    };
    let samples = samples.iter().zip(&lengths).enumerate().map(sample).collect::<Result<Vec<_>, PythonError>>()?;
    let set = LabelledSet::new(samples, &labels, classes.as_deref(), neurons).map_err(PythonError::from)?;
    let numbers = if let Dies::Drawn(numbers) = &dies { &numbers[..] } else { &[] };
    let noise = noise.then_some(trial);
    let drawn = DrawnDies { seed, numbers, vary: &vary, without_faults: !faults, noise };
    let asked = settings(program, &dies, &cvs, drawn)?;
    let multiple = if binary { Multiple::Binary } else { Multiple::Count };
    let showing = Showing { ticks, multiple, trial, threads: threads(threads_max) };
    let all = asked.iter().map(|asked| asked.setting.dies.len() * set.samples.len()).sum();
    let shown = watched(py, all, progress.as_ref(), |watch| {
        let mut shown = Vec::with_capacity(asked.len());
        for asked in &asked {
            let (board, output) = (&asked.board, &population[..]);
            let scoring = Scoring { board, set: &set, output, rule, showing };
            match scoring.run_while(&asked.setting.dies, || watch.one_more(), &|| watch.goes_on())? {
                Some(scores) => shown.push(scores),
                None => break,
            }
        }
        Ok::<_, ::score::ScoreError>(shown)
    })?;
    let shown = shown.map_err(PythonError::from)?;
    let (set, mut blocks, mut warnings) = (Arc::new(set), Vec::new(), Vec::new());
    for (Asked { cv, names, setting, .. }, scores) in asked.into_iter().zip(shown) {
        let found = notices((&set, "samples"), &scores, (&population, rule), multiple);
        for line in lines(found.iter()) {
            if !warnings.contains(&line) {
                warnings.push(line);
            }
        }
        let block = Block { cv, alike: setting.alike, names, scores, set: set.clone(), outputs: neurons };
        blocks.push(Py::new(py, block)?);
    }
    Ok(Scores {
        blocks,
        classes: set.classes.clone(),
        labels: set.samples.iter().map(|sample| sample.label).collect(),
        output: population,
        decide: rule.name(),
        warnings,
    })
}

/// Columns of numbers, one a sample of each die.
type Columns<'py> =
    (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<bool>>, Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u64>>);

#[pymethods]
impl Block {
    #[getter]
    const fn cv(&self) -> Option<f64> {
        self.cv
    }

    #[getter]
    const fn alike(&self) -> bool {
        self.alike
    }

    #[getter]
    fn dies(&self) -> Vec<u32> {
        self.names.clone()
    }

    /// Of each sample of each die: the class that was decided (-1: none), whether another had as much for it, spikes of
    /// the output, and of all neurons.
    fn outcomes<'py>(&self, py: Python<'py>) -> Columns<'py> {
        let all = || self.scores.iter().flat_map(|die| &die.outcomes);
        (
            PyArray1::from_iter(py, all().map(|outcome| outcome.decision.class.map_or(-1, i64::from))),
            PyArray1::from_iter(py, all().map(|outcome| outcome.decision.tie)),
            PyArray1::from_iter(py, all().map(|outcome| outcome.output_spikes)),
            PyArray1::from_iter(py, all().map(|outcome| outcome.spikes)),
        )
    }

    /// What each die reached, a dict a die.
    fn of_dies<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let set = &self.set;
        let of_die = |(name, die): (&u32, &DieScore)| {
            let one = PyDict::new(py);
            let (correct, count) = (die.correct(set), die.outcomes.len());
            let (low, high) = wilson(correct, count, LEVEL);
            one.set_item("die", name)?;
            one.set_item("accuracy", die.accuracy(set))?;
            one.set_item("low", low)?;
            one.set_item("high", high)?;
            for (key, value) in [
                ("correct", correct as u64),
                ("samples", count as u64),
                ("ties", die.ties() as u64),
                ("undecided", die.undecided() as u64),
                ("spikes", die.total(|outcome| outcome.spikes)),
                ("output_spikes", die.total(|outcome| outcome.output_spikes)),
                ("synaptic_operations", die.total(|outcome| outcome.synaptic_operations)),
                ("saturations", die.total(|outcome| outcome.saturations)),
                ("overflows", die.total(|outcome| outcome.overflows)),
                ("events_lost", die.total(|outcome| outcome.events_lost)),
            ] {
                one.set_item(key, value)?;
            }
            Ok(one)
        };
        self.names.iter().zip(&self.scores).map(of_die).collect()
    }

    /// Mean accuracy over dies, their standard deviation, and the interval of the mean (95 %, Student's t).
    fn over_dies(&self) -> (f64, Option<f64>, Option<(f64, f64)>) {
        let accuracies: Vec<f64> = self.scores.iter().map(|die| die.accuracy(&self.set)).collect();
        if accuracies.is_empty() {
            return (f64::NAN, None, None);
        }
        let over = mean_over_dies(&accuracies);
        (over.mean, over.sd, over.interval)
    }

    /// How often samples of each label (row) were decided as each class (column); the last column: not at all.
    fn confusion<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u64>>> {
        let matrix = confusion(&self.set, self.outputs, &self.scores);
        let (rows, columns) = (matrix.len(), self.outputs as usize + 1);
        PyArray1::from_iter(py, matrix.into_iter().flatten()).reshape([rows, columns])
    }
}

/// What a yield is: share, low and high end of its interval, dies that pass, all dies, the best and the worst with
/// their scores.
type Yield = (f64, f64, f64, usize, usize, (u32, f64), (u32, f64));

/// The share of dies whose score is at least, or at most, what is required, with the interval of Clopper and Pearson.
#[pyfunction]
#[pyo3(signature = (dies, scores, require, *, at_most = false, level = LEVEL))]
pub(crate) fn yield_share(
    dies: Vec<u32>,
    scores: Vec<f64>,
    require: f64,
    at_most: bool,
    level: f64,
) -> Result<Yield, PythonError> {
    let better = if at_most { Better::Smaller } else { Better::Larger };
    let all: Vec<(DieId, f64)> = dies.into_iter().map(DieId).zip(scores).collect();
    let found = yield_of(&all, require, better, level).map_err(|error| PythonError::Value(error.to_string()))?;
    let statistics::yields::Yield { share, reached, best, worst } = found;
    Ok((share.value, share.low, share.high, reached, share.n, (best.0.0, best.1), (worst.0.0, worst.1)))
}
