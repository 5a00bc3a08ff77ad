//! Studies: run with progress and Ctrl-C, and their results as texts that Python makes tables of.

use crate::error::PythonError;
use crate::watch::watched;
use ::study::{Progress, RunOptions, StudyError, StudyResult, StudySpec};
use pyo3::prelude::*;
use report::{Beside, Page};
use std::path::{Path, PathBuf};

/// A study that was read.
#[pyclass(frozen, module = "quenched._native")]
pub(crate) struct Study {
    pub(crate) spec: StudySpec,
}

/// What a study found.
#[pyclass(frozen, module = "quenched._native")]
pub(crate) struct Results {
    result: StudyResult,
}

/// Keys with their values, in the order of the dict.
pub(crate) type Sets = Vec<(String, String)>;

#[pymethods]
impl Study {
    #[new]
    #[pyo3(signature = (study, *, set = Vec::new()))]
    fn new(py: Python<'_>, study: PathBuf, set: Sets) -> Result<Self, PythonError> {
        let spec = py.detach(|| match study.to_str().and_then(::study::shipped) {
            Some(text) => ::study::read_with(text, &study.display().to_string(), Path::new(""), &set),
            None => ::study::load_with(&study, &set),
        })?;
        Ok(Self { spec })
    }

    /// The study that a text describes.
    #[staticmethod]
    #[pyo3(signature = (text, *, set = Vec::new(), directory = PathBuf::new(), name = "study"))]
    fn from_toml(text: &str, set: Sets, directory: PathBuf, name: &str) -> Result<Self, PythonError> {
        Ok(Self { spec: ::study::read_with(text, name, &directory, &set)? })
    }

    /// The names of the shipped studies.
    #[staticmethod]
    fn names() -> Vec<&'static str> {
        ::study::shipped_names().collect()
    }

    /// Its title.
    #[getter]
    fn title(&self) -> &str {
        &self.spec.title
    }

    /// How many runs it has.
    #[getter]
    fn runs(&self) -> usize {
        self.spec.run_count()
    }

    /// A smaller version that says the same with less certainty: one network of two dies, fewer settings and samples.
    fn quick(&self) -> Self {
        let mut spec = self.spec.clone();
        spec.quicken();
        Self { spec }
    }

    /// Runs it, telling a callable how many runs are done, of how many.
    fn run(&self, py: Python<'_>, threads: Option<usize>, progress: Option<Py<PyAny>>) -> PyResult<Results> {
        let outcome = watched(py, self.runs(), progress.as_ref(), |watch| {
            let tell = |now: Progress| watch.tell(now.done, now.all);
            let options = RunOptions { threads: crate::run::threads(threads), cancel: &watch.stop, progress: &tell };
            ::study::run(&self.spec, &options)
        })?;
        Ok(Results { result: outcome.map_err(PythonError::from)? })
    }

    fn __repr__(&self) -> String {
        format!("Study({:?}, {} runs)", self.spec.title, self.runs())
    }
}

impl From<StudyError> for PythonError {
    fn from(error: StudyError) -> Self {
        Self::Study(Box::new(error))
    }
}

#[pymethods]
impl Results {
    /// `results.csv`, `controls.csv` and `tuning.csv`, the last two if there are such rows.
    #[getter]
    fn tables(&self) -> (String, Option<String>, Option<String>) {
        (self.result.csv(), self.result.controls_csv(), self.result.tuning_csv())
    }

    /// `manifest.json`.
    #[getter]
    fn manifest(&self) -> String {
        self.result.manifest_json()
    }

    /// The table that the command prints.
    #[getter]
    fn text(&self) -> String {
        report::terminal_table(&self.result.rows)
    }

    /// Task by task, what was found.
    #[getter]
    fn findings(&self) -> Vec<(String, Vec<String>)> {
        let all = report::findings(&self.result.rows, Beside::from(&self.result));
        all.into_iter().map(|task| (task.task, task.findings)).collect()
    }

    /// What is not as the study asks for.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        crate::run::lines(self.result.manifest.warnings.iter())
    }

    /// The page, as the command writes it.
    fn page(&self, py: Python<'_>) -> Result<String, PythonError> {
        let manifest = &self.result.manifest;
        py.detach(|| {
            let spec = formats::chip::read(&manifest.chip_file, &manifest.chip)?;
            Ok(Page { result: &self.result, chip: &host::chip_section(&spec) }.html())
        })
    }
}
