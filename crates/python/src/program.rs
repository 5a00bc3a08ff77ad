//! Mapping: a network on a chip, as a program with its report.

use crate::chip::Chip;
use crate::error::PythonError;
use crate::network::Network;
use ::chip::ChipSpec;
use mapper::{Mapping, MappingReport};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use session::Board;
use std::path::PathBuf;

/// What a chip holds of a network, ready to run.
///
/// Made by :func:`map` and :meth:`load`.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Program {
    pub(crate) board: Board,
    /// None of a program that was read from a file.
    report: Option<MappingReport>,
}

/// What one value of an option is called in a file of a network.
fn option(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.extract::<bool>() {
        Ok(on) if value.get_type().name()? == "bool" => Ok(if on { "on" } else { "off" }.into()),
        _ => Ok(value.str()?.to_string()),
    }
}

/// Map a network onto the chip that it was read for.
///
/// Parameters
/// ----------
/// network : Network
/// **options : str, bool or float
///     As the table `[mapping]` of a network file: ``over_full="prune"``, ``placement="optimised"``,
///     ``max_weight_error=0.05``, ...
///
/// Returns
/// -------
/// Program
///
/// Raises
/// ------
/// MappingError
///     The chip cannot hold the network; `resource` names the limit, `ways_out` what can be done about it.
/// ValueError
///     There is no such option, or it has no such value.
#[pyfunction]
#[pyo3(signature = (network, **options))]
pub(crate) fn map(py: Python<'_>, network: &Network, options: Option<&Bound<'_, PyDict>>) -> PyResult<Program> {
    let mut asked = network.options.clone();
    for (key, value) in options.into_iter().flatten() {
        let key: String = key.extract()?;
        asked.set(&key, &option(&value)?).map_err(PythonError::Value)?;
    }
    if asked.die != mapper::DieChoice::None {
        let reason = "`die`: mapping for one die is not to be had from Python yet; `quenched map --die N` maps so";
        return Err(PythonError::Value(reason.into()).into());
    }
    let (wish, spec) = (&network.wish, &network.spec);
    let made = py.detach(|| {
        asked.read_placement(|file| formats::placement::load(file.as_ref()))?;
        asked.read_activity(|file| {
            let (neurons, channels) = formats::activity::load(file.as_ref(), wish)?;
            Ok::<_, PythonError>(mapper::SpikeCounts { neurons, channels })
        })?;
        let refused =
            |error| PythonError::Mapping { ways: mapper::ways_out(wish, spec, &asked, &error), error: Box::new(error) };
        let Mapping { program, symbols, report, .. } = mapper::map(wish, spec, &asked).map_err(refused)?;
        let board = Board::new(ChipSpec::clone(spec), program, symbols)?;
        Ok::<_, PythonError>(Program { board, report: Some(report) })
    })?;
    Ok(made)
}

#[pymethods]
impl Program {
    /// The program of a file, as `quenched map --out` and :meth:`save` write it.
    ///
    /// Parameters
    /// ----------
    /// path : path
    /// chip : Chip
    ///     The chip that it was made for.
    ///
    /// Raises
    /// ------
    /// FileError
    ///     The file is damaged, or of another version.
    /// RunError
    ///     It was made for another chip.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, chip: &Chip) -> Result<Self, PythonError> {
        let board = py.detach(|| {
            let (program, symbols) = formats::program::load(&path)?;
            Ok::<_, PythonError>(Board::new(ChipSpec::clone(&chip.spec), program, symbols)?)
        })?;
        Ok(Self { board, report: None })
    }

    /// Write it to a file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<(), PythonError> {
        py.detach(|| formats::program::save(&path, self.board.program(), self.board.symbols()))?;
        Ok(())
    }

    /// Names and sizes of its populations.
    #[getter]
    fn populations(&self) -> Vec<(String, u32)> {
        self.board.symbols().populations.iter().map(|population| (population.name.clone(), population.size)).collect()
    }

    /// Names and channels of its inputs; channels are numbered through all of them.
    #[getter]
    fn inputs(&self) -> Vec<(String, u32)> {
        self.board.symbols().inputs.iter().map(|input| (input.name.clone(), input.channels)).collect()
    }

    /// Its chip, with the clock that the network brings.
    #[getter]
    fn chip(&self) -> Chip {
        Chip { spec: self.board.spec().clone().into() }
    }

    /// What the chip does not hold as it was asked for.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        crate::run::lines(self.report.iter().flat_map(|report| report.warnings.iter()))
    }

    /// The report of the mapping as JSON, as `quenched map --json` has it; none of a program that was loaded.
    #[getter]
    fn _report(&self) -> PyResult<Option<String>> {
        let text = self.report.as_ref().map(serde_json::to_string).transpose();
        text.map_err(|error| PythonError::Value(error.to_string()).into())
    }

    fn __repr__(&self) -> String {
        let neurons: u64 = self.populations().iter().map(|(_, size)| u64::from(*size)).sum();
        let cores = self.board.program().cores.len();
        format!("Program({neurons} neurons in {cores} cores of {:?})", self.board.spec().name)
    }
}
