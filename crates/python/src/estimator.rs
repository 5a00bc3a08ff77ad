//! A reservoir whose readouts are trained once and asked of other stimuli later: the kernel of the estimators that are
//! written in Python.

use crate::error::PythonError;
use crate::study::Sets;
use crate::watch::watched;
use ::study::{Estimator, OwnContent, RunOptions, StudySpec};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use std::path::PathBuf;

/// A trained reservoir, as a study of own data describes it.
#[pyclass(frozen, module = "quenched._native", name = "_Reservoir")]
pub(crate) struct Reservoir {
    spec: StudySpec,
    estimator: Estimator,
}

/// The outputs of a die: its number, and by stage an array of a row a stimulus.
type DieOutputs<'py> = (u32, Vec<(&'static str, Bound<'py, PyArray2<f64>>)>);

#[pymethods]
impl Reservoir {
    /// Trains the readouts of all dies of the study `text`, whose files lie in `directory`.
    #[new]
    #[pyo3(signature = (text, directory, *, set = Vec::new(), threads = None, progress = None))]
    fn new(
        py: Python<'_>,
        text: &str,
        directory: PathBuf,
        set: Sets,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let read = py.detach(|| ::study::read_with(text, "the settings of the reservoir", &directory, &set));
        let spec = read.map_err(PythonError::from)?;
        let estimator = watched(py, spec.run_count(), progress.as_ref(), |watch| {
            let tell = |now: ::study::Progress| watch.tell(now.done, now.all);
            let threads = crate::run::threads(threads);
            Estimator::fit(&spec, &RunOptions { threads, cancel: &watch.stop, progress: &tell })
        })?;
        let estimator = estimator.map_err(PythonError::from)?;
        Ok(Self { spec, estimator })
    }

    /// What the readouts of every die say of the series of the `.ts` file `text`.
    #[pyo3(signature = (text, *, threads = None))]
    fn outputs<'py>(&self, py: Python<'py>, text: &str, threads: Option<usize>) -> PyResult<Vec<DieOutputs<'py>>> {
        let own = self.spec.tasks().first().and_then(|task| task.own.clone()).map(|own| own.content);
        let data = match own {
            Some(OwnContent::Classes(train, _)) => {
                tasks::read_ts(text, "the series").map(|test| OwnContent::Classes(train, test))
            }
            Some(OwnContent::Numbers(train, _)) => {
                tasks::read_ts_regression(text, "the series").map(|test| OwnContent::Numbers(train, test))
            }
            Some(OwnContent::Series(_)) | None => unreachable!("an estimator has own data of whole stimuli"),
        };
        let data = data.map_err(|error| PythonError::Value(error.to_string()))?;
        let outputs = watched(py, 0, None, |watch| {
            let threads = crate::run::threads(threads);
            self.estimator.outputs(data, &RunOptions { threads, cancel: &watch.stop, progress: &|_| {} })
        })?;
        let of_die = |die: ::study::DieOutputs| {
            let stage = |(name, outputs): (&'static str, readout::Matrix)| {
                let shape = [outputs.rows(), outputs.columns()];
                Ok((name, PyArray1::from_slice(py, outputs.data()).reshape(shape)?))
            };
            Ok((die.die.0, die.stages.into_iter().map(stage).collect::<PyResult<Vec<_>>>()?))
        };
        outputs.map_err(PythonError::from)?.into_iter().map(of_die).collect()
    }

    /// Dies that differ.
    #[getter]
    fn dies(&self) -> usize {
        self.estimator.dies()
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        crate::run::lines(self.estimator.warnings().iter())
    }
}
