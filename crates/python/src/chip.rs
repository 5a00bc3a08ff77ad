//! Chips: limits, parameters and where each number comes from.

use crate::die::Die;
use crate::error::PythonError;
use ::chip::{ChipSpec, Fact};
use device_models::{DieParameters, MismatchSetting};
use disorder::Die as Draw;
use pyo3::prelude::*;
use pyo3::types::PyDict;
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

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
    ///
    /// Returns
    /// -------
    /// Die
    #[pyo3(signature = (number = 0, *, seed = 1, cv = None))]
    fn die(&self, number: u32, seed: u64, cv: Option<f64>) -> Result<Die, PythonError> {
        let setting =
            MismatchSetting { scale_to_cv: cv.map(|cv| decimal("cv", cv)).transpose()?, ..MismatchSetting::default() };
        let draw = Draw { root_seed: seed, id: DieId(number) };
        let parameters = DieParameters::new(&self.spec, draw, setting)
            .map_err(|error| PythonError::Value(format!("chip `{}`: {error}", self.spec.name)))?;
        Ok(Die { spec: self.spec.clone(), parameters: Arc::new(parameters), number: Some(number), seed, cv })
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
    fn nominal(&self) -> Die {
        let parameters = Arc::new(DieParameters::nominal());
        Die { spec: self.spec.clone(), parameters, number: None, seed: 0, cv: None }
    }

    /// Its limits and parameters, with the evidence of each number, for a notebook.
    fn _repr_html_(&self) -> String {
        let (chips, cores, neurons) = self.shape();
        let rows = self.spec.parameters.iter().map(|(name, parameter)| {
            let cv = parameter.mismatch.as_ref().map_or_else(String::new, |m| m.cv.quantity.to_string());
            let nominal = &parameter.nominal;
            let cells = [
                name.clone(),
                nominal.quantity.to_string(),
                nominal.evidence.name().into(),
                nominal.source.clone(),
                cv,
                parameter.summary.clone(),
            ];
            let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
            format!("<tr>{cells}</tr>")
        });
        format!(
            "<b>{}</b>: {}<br>{chips} x {cores} cores of {neurons} neurons; core models {}\
             <details><summary>{} parameters</summary><table><tr><th>parameter</th><th>nominal</th><th>evidence</th>\
             <th>source</th><th>CV</th><th></th></tr>{}</table></details>",
            escape(&self.spec.name),
            escape(&self.spec.summary),
            escape(&self.models().join(", ")),
            self.spec.parameters.len(),
            rows.collect::<String>()
        )
    }

    fn __repr__(&self) -> String {
        let (chips, cores, neurons) = self.shape();
        format!("Chip({:?}: {chips} x {cores} cores of {neurons} neurons)", self.spec.name)
    }
}
