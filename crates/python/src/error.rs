//! The exceptions of the package, with the fields that errors have.

use formats::{FormatError, FormatErrors};
use graph::GraphError;
use mapper::{Limit, MapperError, Shortage, WayOut};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use score::ScoreError;
use session::SessionError;
use thiserror::Error;

create_exception!(quenched, QuenchedError, PyException, "Anything that this package refuses.");
create_exception!(
    quenched,
    FileError,
    QuenchedError,
    "Something is wrong with a file or a text. `errors`: a dict for each, with file, line, column, message and help."
);
create_exception!(
    quenched,
    MappingError,
    QuenchedError,
    "The chip cannot hold the network. `resource`: the limit that is met, in words; `needed` and `limit`: how much of it \
     the network needs and the chip has; `where`: the neuron, population, projection or core. Each is None where it is \
     not known. `ways_out`: what can be done about it, each a dict with what to do and what is lost."
);
create_exception!(quenched, RunError, QuenchedError, "A program or a study cannot run as it was asked to.");
create_exception!(
    quenched,
    UnknownNameError,
    QuenchedError,
    "There is nothing of this name. `name`: the name; `known`: the names that there are."
);

/// Why something was refused.
#[derive(Debug, Error)]
pub(crate) enum PythonError {
    /// Something is wrong with a file or a text.
    #[error(transparent)]
    Files(#[from] FormatErrors),
    /// A graph of a trained net is not one, or cannot be what is asked of it.
    #[error("{file}: {error}")]
    Graph {
        /// Its file.
        file: String,
        /// Why.
        error: GraphError,
    },
    /// The chip cannot hold the network.
    #[error("{error}")]
    Mapping {
        /// Why.
        error: Box<MapperError>,
        /// What can be done about it.
        ways: Vec<WayOut>,
    },
    /// Something else is wrong with a file.
    #[error("{file}: {message}")]
    File {
        /// The file.
        file: String,
        /// What.
        message: String,
    },
    /// A program cannot run as it was asked to.
    #[error(transparent)]
    Run(#[from] SessionError),
    /// A set cannot be shown, or dies not be had.
    #[error("{}", with_help(.0))]
    Score(Box<ScoreError>),
    /// A study cannot run.
    #[error(transparent)]
    Study(Box<study::StudyError>),
    /// There is nothing of this name.
    #[error("there is no {what} `{name}`{help}")]
    Unknown {
        /// What it would be.
        what: &'static str,
        /// The name.
        name: String,
        /// What is there.
        known: Vec<String>,
        /// ``; did you mean `x`?``, or nothing.
        help: String,
    },
    /// A value that cannot be used.
    #[error("{0}")]
    Value(String),
}

impl PythonError {
    /// That there is no `what` called `name`.
    pub(crate) fn unknown(what: &'static str, name: &str, known: Vec<String>) -> Self {
        let help = formats::suggestion(name, &known, "there are").map_or_else(String::new, |help| format!("; {help}"));
        Self::Unknown { what, name: name.into(), known, help }
    }
}

/// The error of a set with what to do, where flags of the command are arguments.
fn with_help(error: &ScoreError) -> String {
    let arguments = |text: String| {
        let mut parts = text.split("`--");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| match part.split_once('`') {
            Some((flag, rest)) => match flag.split_once(' ') {
                Some((flag, value)) => format!("{text}`{}={value}`{rest}", flag.replace('-', "_")),
                None => format!("{text}`{}`{rest}", flag.replace('-', "_")),
            },
            None => format!("{text}`--{part}"),
        })
    };
    let help = error.help().map_or_else(String::new, |help| format!("; {help}"));
    arguments(format!("{error}{help}"))
}

impl From<ScoreError> for PythonError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Files(errors) => Self::Files(errors),
            ScoreError::Session { error, .. } => Self::Run(error),
            ScoreError::UnknownParameter { name, known, .. } => Self::unknown("parameter", &name, known),
            ScoreError::UnknownOutput { name, known } => Self::unknown("population", &name, known),
            error => Self::Score(Box::new(error)),
        }
    }
}

impl From<FormatError> for PythonError {
    fn from(error: FormatError) -> Self {
        Self::Files(error.into())
    }
}

impl From<PythonError> for PyErr {
    fn from(error: PythonError) -> Self {
        let text = error.to_string();
        let plain = match &error {
            PythonError::Files(_) | PythonError::Graph { .. } | PythonError::File { .. } => FileError::new_err(text),
            PythonError::Mapping { .. } => MappingError::new_err(text),
            PythonError::Run(_) | PythonError::Study(_) => RunError::new_err(text),
            PythonError::Unknown { .. } => UnknownNameError::new_err(text),
            PythonError::Value(_) | PythonError::Score(_) => pyo3::exceptions::PyValueError::new_err(text),
        };
        // An exception whose fields cannot be set is still the exception.
        Python::attach(|py| fields(py, &error, plain.value(py))).map_or_else(|failed| failed, |()| plain)
    }
}

/// Gives the exception the fields of the error.
fn fields(py: Python<'_>, error: &PythonError, exception: &Bound<'_, PyAny>) -> PyResult<()> {
    match error {
        PythonError::Files(errors) => {
            let all = PyList::empty(py);
            for error in errors.iter() {
                let one = PyDict::new(py);
                one.set_item("file", error.file())?;
                one.set_item("line", error.place().map(|place| place.line))?;
                one.set_item("column", error.place().map(|place| place.column))?;
                one.set_item("message", error.message())?;
                one.set_item("help", error.help())?;
                all.append(one)?;
            }
            exception.setattr("errors", all)
        }
        PythonError::Graph { file, error } => exception.setattr("errors", one_error(py, file, &error.to_string())?),
        PythonError::File { file, message } => exception.setattr("errors", one_error(py, file, message)?),
        PythonError::Mapping { error, ways } => {
            exception.setattr("resource", Limit::of(error).map(|limit| limit.info().name))?;
            let Shortage { needed, limit, place } = error.shortage();
            exception.setattr("needed", needed)?;
            exception.setattr("limit", limit)?;
            exception.setattr("where", place)?;
            let all = PyList::empty(py);
            for way in ways {
                let one = PyDict::new(py);
                one.set_item("what", &way.what)?;
                one.set_item("loss", way.loss.as_ref().map(ToString::to_string))?;
                all.append(one)?;
            }
            exception.setattr("ways_out", all)
        }
        PythonError::Unknown { name, known, .. } => {
            exception.setattr("name", name)?;
            exception.setattr("known", known)
        }
        PythonError::Run(_) | PythonError::Study(_) | PythonError::Score(_) | PythonError::Value(_) => Ok(()),
    }
}

/// The list of one error without a place in its file.
fn one_error<'py>(py: Python<'py>, file: &str, message: &str) -> PyResult<Bound<'py, PyList>> {
    let one = PyDict::new(py);
    one.set_item("file", file)?;
    one.set_item("line", py.None())?;
    one.set_item("column", py.None())?;
    one.set_item("message", message)?;
    one.set_item("help", py.None())?;
    PyList::new(py, [one])
}

/// Adds the exceptions to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("QuenchedError", py.get_type::<QuenchedError>())?;
    module.add("FileError", py.get_type::<FileError>())?;
    module.add("MappingError", py.get_type::<MappingError>())?;
    module.add("RunError", py.get_type::<RunError>())?;
    module.add("UnknownNameError", py.get_type::<UnknownNameError>())
}
