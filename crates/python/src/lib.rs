//! quenched for Python: a thin face of the libraries.
//!
//! Owns the classes of the module `quenched._native`, the arrays that go in and out, and the exceptions that errors
//! become. It deliberately decides nothing: what a chip, a mapping or a run is, is said by the crates below. What is
//! pleasant for Python (events of any form, tables, plots) is made of this in Python, in the package `quenched`.

mod chip;
mod die;
mod error;
mod estimator;
mod network;
mod program;
mod run;
mod score;
mod simulator;
mod study;
mod watch;

use pyo3::prelude::*;
use std::ffi::OsString;

/// The command `quenched` with these words, the name of the program first; returns its exit status.
#[pyfunction]
fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| host::run(words))
}

/// A file to begin with, with comments.
///
/// Parameters
/// ----------
/// what : {"chip", "network", "study"}
///
/// Returns
/// -------
/// str
///     The text of the file; it is whole as it is.
///
/// Raises
/// ------
/// UnknownNameError
///     There is no such template.
#[pyfunction]
fn template(what: &str) -> Result<&'static str, error::PythonError> {
    let known = ["chip", "network", "study"].map(String::from).to_vec();
    host::template(what).ok_or_else(|| error::PythonError::unknown("template", what, known))
}

/// ``did you mean `x`?``, or all that there are after `otherwise`.
#[pyfunction]
fn suggestion(name: &str, known: Vec<String>, otherwise: &str) -> Option<String> {
    formats::suggestion(name, &known, otherwise)
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<chip::Chip>()?;
    module.add_class::<die::Die>()?;
    module.add_class::<network::Network>()?;
    module.add_class::<program::Program>()?;
    module.add_class::<run::Run>()?;
    module.add_class::<simulator::Simulator>()?;
    module.add_class::<study::Study>()?;
    module.add_class::<study::Results>()?;
    module.add_function(wrap_pyfunction!(network::from_nir, module)?)?;
    module.add_function(wrap_pyfunction!(program::map, module)?)?;
    module.add_function(wrap_pyfunction!(run::run_many, module)?)?;
    module.add_class::<estimator::Reservoir>()?;
    module.add_class::<score::Block>()?;
    module.add_class::<score::Scores>()?;
    module.add_function(wrap_pyfunction!(score::score, module)?)?;
    module.add_function(wrap_pyfunction!(score::yield_share, module)?)?;
    module.add_function(wrap_pyfunction!(suggestion, module)?)?;
    module.add_function(wrap_pyfunction!(template, module)?)?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    error::add(module)
}
