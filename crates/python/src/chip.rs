//! Chips: limits, parameters and where each number comes from.

use crate::die::Die;
use crate::error::PythonError;
use ::chip::{ChipSpec, Fact};
use device_models::{DieParameters, MismatchSetting};
use disorder::{Die as Draw, Family};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use score::Replacement;
use std::path::PathBuf;
use std::sync::Arc;
use units::{Decimal, DieId, Quantity, Unit};

/// A chip as data: limits, core models, parameters, and where each number comes from.
///
/// Parameters
/// ----------
/// chip : str
///     Name of a shipped chip (see :meth:`names`), or path of a chip file.
///
/// Raises
/// ------
/// FileError
///     There is no such chip, or something is wrong with the file; `errors` has file, line and column.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Chip {
    pub(crate) spec: Arc<ChipSpec>,
}

/// The nearest float of an exact number.
pub(crate) fn float(value: Decimal) -> f64 {
    value.to_string().parse().expect("a decimal prints as a number")
}

/// Seconds of a time.
fn seconds(fact: &Fact) -> f64 {
    fact.quantity.value_in(Unit::SECOND).map_or(f64::NAN, float)
}

/// A number as a file would say it: the shortest text of the float.
pub(crate) fn decimal(what: &str, value: f64) -> Result<Decimal, PythonError> {
    let text = value.to_string();
    text.parse().map_err(|_| PythonError::Value(format!("`{what}` is {text}, which is no number that a chip can have")))
}

/// What of a parameter is replaced, as Python says it.
#[derive(FromPyObject)]
enum Change {
    /// A nominal value.
    Nominal(String),
    /// Mismatch: its family, and its CV.
    Mismatch(Option<String>, f64),
}

/// The family of a name.
fn family_of(name: &str) -> Result<Family, PythonError> {
    let known = || Family::ALL.iter().map(|family| family.name().to_owned()).collect();
    let found = Family::ALL.into_iter().find(|family| family.name() == name);
    found.ok_or_else(|| PythonError::unknown("family of mismatch", name, known()))
}

impl Chip {
    /// That it has no such die.
    fn refused(&self, error: &device_models::DeviceModelError) -> PythonError {
        PythonError::Value(format!("chip `{}`: {error}", self.spec.name))
    }
}

#[pymethods]
impl Chip {
    #[new]
    fn new(py: Python<'_>, chip: &str) -> Result<Self, PythonError> {
        let spec = py.detach(|| formats::chip::resolve(chip))?;
        Ok(Self { spec: Arc::new(spec) })
    }

    /// The chip that a text describes, as a chip file does.
    ///
    /// Parameters
    /// ----------
    /// text : str
    ///     The chip in TOML.
    /// name : str
    ///     What errors call the text.
    #[staticmethod]
    #[pyo3(signature = (text, name = "chip"))]
    fn from_toml(text: &str, name: &str) -> Result<Self, PythonError> {
        Ok(Self { spec: Arc::new(formats::chip::read(text, name)?) })
    }

    /// The names of the shipped chips.
    #[staticmethod]
    fn names() -> Vec<&'static str> {
        formats::chip::shipped_names().collect()
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.spec.name
    }

    /// What it is, in a sentence.
    #[getter]
    fn summary(&self) -> &str {
        &self.spec.summary
    }

    /// Its core models; the first is that of populations that name none.
    #[getter]
    fn models(&self) -> Vec<&'static str> {
        self.spec.models.iter().map(|model| model.name()).collect()
    }

    /// Seconds of a tick, the resolution of time.
    #[getter]
    fn tick(&self) -> f64 {
        seconds(&self.spec.tick)
    }

    /// Ticks of a step of clocked cores.
    #[getter]
    fn step_ticks(&self) -> u64 {
        self.spec.step_ticks()
    }

    /// How many chips, cores of a chip, and neurons of a core there are.
    #[getter]
    fn shape(&self) -> (usize, usize, usize) {
        (self.spec.chip_count(), self.spec.cores_per_chip(), self.spec.neurons_per_core())
    }

    /// Names of its kinds of synapse.
    #[getter]
    fn synapses(&self) -> Vec<&str> {
        self.spec.synapses.iter().map(|synapse| synapse.name.as_str()).collect()
    }

    /// Its parameters by name: value, unit, summary, evidence and source of the nominal value, CV and family of the
    /// mismatch (None where there is none).
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for (name, parameter) in &self.spec.parameters {
            let one = PyDict::new(py);
            let nominal = &parameter.nominal;
            one.set_item("value", float(nominal.quantity.value))?;
            one.set_item("unit", nominal.quantity.unit.to_string())?;
            one.set_item("summary", &parameter.summary)?;
            one.set_item("evidence", nominal.evidence.name())?;
            one.set_item("source", &nominal.source)?;
            let mismatch = parameter.mismatch.as_ref();
            let cv = mismatch.and_then(|m| m.cv.quantity.value_in(Unit::ONE).ok()).map(float);
            one.set_item("cv", cv)?;
            one.set_item("family", mismatch.map(|m| m.family.name()))?;
            all.set_item(name, one)?;
        }
        Ok(all)
    }

    /// One of its dies: mismatch that is drawn once and then frozen.
    ///
    /// Parameters
    /// ----------
    /// number : int
    ///     Its number; any program has the same die under the same number and seed.
    /// seed : int
    ///     Root of all dies.
    /// cv : float, optional
    ///     Coefficient of variation that the mismatch is scaled to; as in the chip file if not given.
    /// faults : bool
    ///     With the broken circuits of the chip file.
    ///
    /// Returns
    /// -------
    /// Die
    #[pyo3(signature = (number = 0, *, seed = 1, cv = None, faults = true))]
    pub(crate) fn die(&self, number: u32, seed: u64, cv: Option<f64>, faults: bool) -> Result<Die, PythonError> {
        let setting = MismatchSetting {
            scale_to_cv: cv.map(|cv| decimal("cv", cv)).transpose()?,
            without_faults: !faults,
            ..MismatchSetting::default()
        };
        let draw = Draw { root_seed: seed, id: DieId(number) };
        let parameters = DieParameters::new(&self.spec, draw, setting).map_err(|error| self.refused(&error))?;
        let parameters = Arc::new(parameters);
        Ok(Die { spec: self.spec.clone(), parameters, number: Some(number), seed, cv, source: None })
    }

    /// The ticks of a time.
    ///
    /// Parameters
    /// ----------
    /// time : str
    ///     A quantity with its unit, such as ``"100 ms"``.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     This is no time, or not a whole number of ticks.
    fn ticks(&self, time: &str) -> Result<u64, PythonError> {
        let wrong = |reason: String| PythonError::Value(format!("`{time}`: {reason}"));
        let quantity: Quantity = time.parse().map_err(|error: units::QuantityError| wrong(error.to_string()))?;
        let tick = self.spec.tick.quantity;
        ::chip::whole_multiple(quantity, tick).ok_or_else(|| {
            wrong(format!("this is not a whole number of the ticks of chip `{}`, {tick} each", self.spec.name))
        })
    }

    /// The chip without any mismatch.
    pub(crate) fn nominal(&self) -> Die {
        let parameters = Arc::new(DieParameters::nominal());
        Die { spec: self.spec.clone(), parameters, number: None, seed: 0, cv: None, source: None }
    }

    /// All numbers of the chip: path in its file, value with unit, evidence, source.
    #[getter]
    fn _numbers(&self) -> Vec<(String, String, String, String)> {
        let section = host::chip_section(&self.spec);
        section.numbers.into_iter().map(|n| (n.path, n.value, n.evidence, n.source)).collect()
    }

    /// Its kinds of synapse that excite and inhibit neurons of its first core model.
    fn _kinds(&self) -> Result<(&str, &str), PythonError> {
        let kind = |inhibits| {
            let model = *self.spec.models.first()?;
            Some(self.spec.synapses[self.spec.default_synapse(model, inhibits)?].name.as_str())
        };
        kind(false).zip(kind(true)).ok_or_else(|| {
            PythonError::Value(format!("chip `{}` has no kinds of synapse of both signs; name them", self.spec.name))
        })
    }

    /// What the grades of evidence mean, from the best to the weakest.
    #[getter]
    fn _evidence(&self) -> Vec<(String, String)> {
        host::chip_section(&self.spec).evidence
    }

    /// The mismatch of weights: CV and family; none if there is none.
    #[getter]
    fn weight_mismatch(&self) -> Option<(f64, &'static str)> {
        let mismatch = self.spec.weight_mismatch.as_ref()?;
        Some((float(mismatch.cv.quantity.value_in(Unit::ONE).ok()?), mismatch.family.name()))
    }

    /// The chip with mismatch of some parameters only, or of ``"weights"``.
    ///
    /// Parameters
    /// ----------
    /// *names : str
    /// cv : float, optional
    ///     Their coefficient of variation; that of the chip file if not given.
    ///
    /// Returns
    /// -------
    /// Chip
    ///
    /// Raises
    /// ------
    /// UnknownNameError
    ///     The chip has no such parameter.
    /// ValueError
    ///     The file of the chip has no mismatch of it, and no `cv` is given.
    #[pyo3(signature = (*names, cv = None))]
    fn only(&self, names: Vec<String>, cv: Option<f64>) -> Result<Self, PythonError> {
        let cv = cv.map(|cv| decimal("cv", cv)).transpose()?;
        Ok(Self { spec: Arc::new(score::vary(&self.spec, &names, cv)?) })
    }

    /// The chip with other numbers: a nominal value as text, or mismatch as a family (or none) and a CV, or none.
    fn _replace(&self, changes: Vec<(String, Option<Change>)>) -> Result<Self, PythonError> {
        let read = |(name, change): (String, Option<Change>)| {
            let change = match change {
                None => Replacement::Mismatch(None),
                Some(Change::Nominal(text)) => {
                    Replacement::Nominal(text.parse().map_err(|error: units::QuantityError| {
                        PythonError::Value(format!(
                            "`{name}`: `{text}` is no value with a unit, such as \"20 ms\": {error}"
                        ))
                    })?)
                }
                Some(Change::Mismatch(family, cv)) => Replacement::Mismatch(Some((
                    family.map(|family| family_of(&family)).transpose()?,
                    decimal("cv", cv)?,
                ))),
            };
            Ok((name, change))
        };
        let changes = changes.into_iter().map(read).collect::<Result<Vec<_>, PythonError>>()?;
        Ok(Self { spec: Arc::new(score::replace(&self.spec, &changes)?) })
    }

    /// A measured die: factors and faults of single circuits and slots, from a file.
    ///
    /// Parameters
    /// ----------
    /// path : path
    ///     A measured die (``.csv`` or ``.npz``), as :meth:`Die.save` writes it.
    /// seed : int
    ///     Root of the noise of its runs.
    ///
    /// Raises
    /// ------
    /// FileError
    ///     Something is wrong with the file.
    #[pyo3(signature = (path, *, seed = 1))]
    pub(crate) fn load_die(&self, py: Python<'_>, path: PathBuf, seed: u64) -> Result<Die, PythonError> {
        let parameters = py.detach(|| {
            let measured = formats::measured::load(&path, &self.spec)?;
            let die = Draw { root_seed: seed, id: DieId(0) };
            DieParameters::measured(&self.spec, die, measured).map_err(|error| self.refused(&error))
        })?;
        Ok(Die {
            spec: self.spec.clone(),
            parameters: Arc::new(parameters),
            number: None,
            seed,
            cv: None,
            source: Some(path.display().to_string()),
        })
    }

    fn __repr__(&self) -> String {
        let (chips, cores, neurons) = self.shape();
        format!("Chip({:?}: {chips} x {cores} cores of {neurons} neurons)", self.spec.name)
    }
}
