//! Dies: the frozen values of their parameters as arrays.

use crate::chip::float;
use crate::error::PythonError;
use ::chip::ChipSpec;
use device_models::{DieParameters, NeuronFault};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use units::{CoreAddress, NeuronId};

/// A die of a chip; `die["tau_mem"]` are the values of a parameter, in the unit of the chip file, shape
/// (cores, neurons).
///
/// Made by :meth:`Chip.die`, :meth:`Chip.nominal`, :meth:`Chip.die_from` and :meth:`Chip.load_die`.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Die {
    pub(crate) spec: Arc<ChipSpec>,
    pub(crate) parameters: Arc<DieParameters>,
    /// None of the nominal chip, and of a measured die.
    pub(crate) number: Option<u32>,
    pub(crate) seed: u64,
    pub(crate) cv: Option<f64>,
    /// The file of a measured die.
    pub(crate) source: Option<String>,
}

/// Values of one parameter at most: circuits of a chip.
const VALUES_MAX: usize = 1 << 24;

#[pymethods]
impl Die {
    /// Its chip.
    #[getter]
    fn chip(&self) -> crate::chip::Chip {
        crate::chip::Chip { spec: self.spec.clone() }
    }

    /// Its number; None of the nominal chip and of a measured die.
    #[getter]
    const fn number(&self) -> Option<u32> {
        self.number
    }

    /// The root of the dies that it is one of.
    #[getter]
    const fn seed(&self) -> u64 {
        self.seed
    }

    /// The coefficient of variation that mismatch is scaled to; None: as in the chip file.
    #[getter]
    const fn cv(&self) -> Option<f64> {
        self.cv
    }

    /// Names of the parameters that differ between its circuits.
    #[getter]
    fn mismatched(&self) -> Vec<String> {
        self.parameters.mismatched().map(String::from).collect()
    }

    /// The unit of a parameter, as chip files spell it.
    fn unit(&self, name: &str) -> Result<String, PythonError> {
        Ok(self.parameter(name)?.nominal.quantity.unit.to_string())
    }

    /// What the circuits of its first chip multiply a parameter by, shape (cores, neurons); 1 where nothing differs.
    ///
    /// Raises
    /// ------
    /// UnknownNameError
    ///     The chip has no such parameter.
    fn factors<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.parameter(name)?;
        let (cores, neurons) = self.circuits()?;
        // A factor has 32 fraction bits; 2^32 is exact.
        let factor = |core, neuron| {
            let factor = self.parameters.factor(name, CoreAddress::new(0, core), NeuronId(neuron));
            factor.to_bits() as f64 / 4_294_967_296.0
        };
        let all = (0..cores as u16).flat_map(|core| (0..neurons as u16).map(move |neuron| factor(core, neuron)));
        PyArray1::from_iter(py, all).reshape([cores, neurons])
    }

    /// How circuits of its first chip are broken: 0 whole, 1 dead, 2 hot, shape (cores, neurons).
    #[getter]
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u8>>> {
        let (cores, neurons) = self.circuits()?;
        let fault = |core, neuron| match self.parameters.neuron_fault(CoreAddress::new(0, core), NeuronId(neuron)) {
            None => 0,
            Some(NeuronFault::Dead) => 1,
            Some(NeuronFault::Hot) => 2,
        };
        let all = (0..cores as u16).flat_map(|core| (0..neurons as u16).map(move |neuron| fault(core, neuron)));
        PyArray1::from_iter(py, all).reshape([cores, neurons])
    }

    /// Write it as a measured die: all factors and faults of its circuits and slots.
    ///
    /// Parameters
    /// ----------
    /// path : path
    ///     Ends in ``.csv`` or ``.npz``; :meth:`Chip.load_die` reads it.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     The name has another ending, or the board has too many circuits.
    /// FileError
    ///     The file cannot be written.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<(), PythonError> {
        let spec = &self.spec;
        let (chips, cores, neurons) = (spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core());
        let count = chips.saturating_mul(cores).saturating_mul(neurons);
        let most = formats::measured::CIRCUITS_MAX;
        if count > most {
            let reason = format!("chip `{}` has {count} circuits; at most {most} are written at once", spec.name);
            return Err(PythonError::Value(reason));
        }
        let is_array = match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => false,
            Some("npz") => true,
            _ => return Err(PythonError::Value(format!("{}: a die is a file .csv or .npz", path.display()))),
        };
        py.detach(|| {
            let core = |chip, core| (0..neurons as u16).map(move |n| (CoreAddress::new(chip, core), NeuronId(n)));
            let of_chip = |chip| (0..cores as u16).flat_map(move |index| core(chip, index));
            let circuits: Vec<_> = (0..chips as u16).flat_map(of_chip).collect();
            let tables = formats::measured::tables(spec, &self.parameters, &circuits);
            let bytes = match is_array {
                true => formats::measured::write_npz(&tables),
                false => formats::measured::write_csv(&tables).into_bytes(),
            };
            std::fs::write(&path, bytes)
                .map_err(|error| PythonError::File { file: path.display().to_string(), message: error.to_string() })
        })
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let nominal = float(self.parameter(name)?.nominal.quantity.value);
        let factors = self.factors(py, name)?;
        let mut values = factors.readwrite();
        values.as_array_mut().mapv_inplace(|factor| nominal * factor);
        drop(values);
        Ok(factors)
    }

    fn __repr__(&self) -> String {
        let name = &self.spec.name;
        if let Some(source) = &self.source {
            return format!("Die(of {name:?}, measured: {source})");
        }
        match (self.number, self.cv) {
            (None, _) => format!("Die(nominal {name:?})"),
            (Some(number), None) => format!("Die({number} of {name:?}, seed {})", self.seed),
            (Some(number), Some(cv)) => format!("Die({number} of {name:?}, seed {}, cv {cv})", self.seed),
        }
    }
}

impl Die {
    /// Cores of a chip and neurons of a core, if these are not too many for an array.
    fn circuits(&self) -> Result<(usize, usize), PythonError> {
        let (cores, neurons) = (self.spec.cores_per_chip(), self.spec.neurons_per_core());
        if cores.saturating_mul(neurons) > VALUES_MAX {
            let name = &self.spec.name;
            let reason = format!(
                "chip `{name}` has {cores} cores of {neurons} neurons; an array of all of them has at most {VALUES_MAX} \
                 values"
            );
            return Err(PythonError::Value(reason));
        }
        Ok((cores, neurons))
    }

    /// What it is called in a program that is made for it, as the command calls it.
    pub(crate) fn name(&self) -> String {
        match (self.number, &self.source) {
            (_, Some(source)) => format!("the die of {source}"),
            (None, None) => "the nominal chip".into(),
            (Some(number), None) => {
                let cv = self.cv.map_or_else(String::new, |cv| format!(" at CV {cv}"));
                format!("die {number} of seed {}{cv}", self.seed)
            }
        }
    }

    fn parameter(&self, name: &str) -> Result<&::chip::ParameterSpec, PythonError> {
        let known = || self.spec.parameters.keys().cloned().collect();
        self.spec.parameters.get(name).ok_or_else(|| PythonError::unknown("parameter", name, known()))
    }
}
