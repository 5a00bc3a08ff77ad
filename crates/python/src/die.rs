//! Dies: the frozen values of their parameters as arrays.

use crate::chip::float;
use crate::error::PythonError;
use ::chip::ChipSpec;
use device_models::DieParameters;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use std::sync::Arc;
use units::{CoreAddress, NeuronId};

/// A die of a chip; `die["tau_mem"]` are the values of a parameter, in the unit of the chip file, shape
/// (cores, neurons).
///
/// Made by :meth:`Chip.die` and :meth:`Chip.nominal`.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Die {
    pub(crate) spec: Arc<ChipSpec>,
    pub(crate) parameters: Arc<DieParameters>,
    /// None of the nominal chip.
    pub(crate) number: Option<u32>,
    pub(crate) seed: u64,
    pub(crate) cv: Option<f64>,
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

    /// Its number; None of the nominal chip.
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
        let (cores, neurons) = (self.spec.cores_per_chip(), self.spec.neurons_per_core());
        if cores.saturating_mul(neurons) > VALUES_MAX {
            let reason = format!("chip `{}` has {cores} cores of {neurons} neurons, too many values", self.spec.name);
            return Err(PythonError::Value(reason).into());
        }
        // A factor has 32 fraction bits; 2^32 is exact.
        let factor = |core, neuron| {
            let factor = self.parameters.factor(name, CoreAddress::new(0, core), NeuronId(neuron));
            factor.to_bits() as f64 / 4_294_967_296.0
        };
        let all = (0..cores as u16).flat_map(|core| (0..neurons as u16).map(move |neuron| factor(core, neuron)));
        PyArray1::from_iter(py, all).reshape([cores, neurons])
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
        match (self.number, self.cv) {
            (None, _) => format!("Die(nominal {name:?})"),
            (Some(number), None) => format!("Die({number} of {name:?}, seed {})", self.seed),
            (Some(number), Some(cv)) => format!("Die({number} of {name:?}, seed {}, cv {cv})", self.seed),
        }
    }
}

impl Die {
    fn parameter(&self, name: &str) -> Result<&::chip::ParameterSpec, PythonError> {
        let known = || self.spec.parameters.keys().cloned().collect();
        self.spec.parameters.get(name).ok_or_else(|| PythonError::unknown("parameter", name, known()))
    }
}
