//! Who reads which parameter of a chip, and what a program may therefore ask for.
//!
//! A core model reads the parameters of its table; a kind of synapse reads those that the chip file names in it. Chip
//! files, networks and programs are all held to the readings: [`ChipSpec::readings`] for the nominal values,
//! [`ChipSpec::allowed`] for the values that a core is asked for.

use crate::demand::{Bound, Demand, Joined, Measure, Parameter};
use crate::models::CoreModel;
use crate::spec::{ChipSpec, Kinetics, ParameterSpec, RulesSpec, SynapseGate, SynapseType};
use alloc::{string::String, string::ToString, vec::Vec};
use core::fmt;
use thiserror::Error;
use units::{Quantity, QuantityError};

/// Who reads a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBy<'a> {
    /// A core model.
    Model(CoreModel),
    /// A kind of synapse.
    Kind {
        /// Its index in [`ChipSpec::synapses`].
        index: usize,
        /// Its name.
        name: &'a str,
        /// The entry of the kind that says so, such as `kinetics.tau`.
        entry: &'static str,
    },
}

impl fmt::Display for ReadBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(model) => write!(f, "core model `{model}`"),
            Self::Kind { name, .. } => write!(f, "synapse kind `{name}`"),
        }
    }
}

/// What one reader demands of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// The parameter.
    pub parameter: &'a str,
    /// Who reads it.
    pub by: ReadBy<'a>,
    /// What it measures.
    pub measure: Measure,
    /// The values that the reader can use.
    pub bound: Bound,
    /// Whether a chip may lack it; it then counts as 0.
    pub optional: bool,
    /// What joined circuits make of it.
    pub joined: Joined,
}

/// `parameter` as `by` reads it.
const fn of_table<'a>(parameter: &Parameter, by: ReadBy<'a>) -> Reading<'a> {
    let Parameter { name, measure, bound, optional, joined, .. } = *parameter;
    Reading { parameter: name, by, measure, bound, optional, joined }
}

/// What `model` reads for itself, with the circuits of the gates that `synapses` name if it has any.
fn of_model(model: CoreModel, synapses: &[SynapseType]) -> impl Iterator<Item = Reading<'_>> {
    let facts = model.facts();
    let in_use = move |gate: &SynapseGate| facts.gates && synapses.iter().any(|kind| kind.gate == Some(*gate));
    let gates = SynapseGate::ALL.into_iter().filter(in_use).flat_map(SynapseGate::circuit);
    facts.parameters.iter().chain(gates).map(move |parameter| of_table(parameter, ReadBy::Model(model)))
}

/// What the kind of synapse with this index reads for neurons of one of `models`.
fn of_kind<'a>(index: usize, kind: &'a SynapseType, models: &[CoreModel]) -> Vec<Reading<'a>> {
    let by = |entry| ReadBy::Kind { index, name: &kind.name, entry };
    let read = |parameter, entry, measure| {
        let bound = Bound::Positive;
        // Every circuit has synaptic currents of its own, which add up.
        Reading { parameter, by: by(entry), measure, bound, optional: false, joined: Joined::Mean }
    };
    let mut all = Vec::new();
    match &kind.kinetics {
        Kinetics::Exponential { tau } => all.push(read(tau, "kinetics.tau", Measure::Time)),
        Kinetics::Register { index: register } => {
            let of_registers = models.iter().flat_map(|model| model.facts().register_parameters);
            let own = of_registers.filter(|(number, _)| number == register);
            all.extend(own.map(|(_, parameter)| of_table(parameter, by("kinetics.index"))));
        }
        Kinetics::Delta | Kinetics::Graded | Kinetics::Linear | Kinetics::Slice { .. } | Kinetics::Number { .. } => {}
    }
    if let Some(gain) = kind.gain.as_ref().filter(|_| models.iter().any(|model| model.facts().gains)) {
        all.push(read(gain, "gain", Measure::Pure));
    }
    all
}

impl CoreModel {
    /// Whether the neurons of a core share `parameter` even where a chip has parameters of each neuron.
    pub fn is_core_wide(self, parameter: &str) -> bool {
        self.facts().parameters.iter().any(|fact| fact.core_wide && fact.name == parameter)
    }

    /// Whether `parameter` is in units of the weights, so that both can be multiplied by one factor.
    pub fn scales_with_weights(self, parameter: &str) -> bool {
        self.facts().parameters.iter().any(|fact| fact.with_weights && fact.name == parameter)
    }

    /// What a core of this model reads on a chip with these kinds of synapse: its own parameters, then those of the
    /// kinds that act on its neurons.
    pub fn readings(self, synapses: &[SynapseType]) -> Vec<Reading<'_>> {
        // A kind of a model with gates has the circuit of its gate, and nothing else is read.
        let kinds = synapses.iter().enumerate().filter(|(_, kind)| !self.facts().gates && self.takes(kind));
        of_model(self, synapses).chain(kinds.flat_map(|(index, kind)| of_kind(index, kind, &[self]))).collect()
    }
}

impl ChipSpec {
    /// Everything that the core models and the kinds of synapse of this chip read.
    pub fn readings(&self) -> Vec<Reading<'_>> {
        let models = self.models.iter().flat_map(|model| of_model(*model, &self.synapses));
        let kinds = self.synapses.iter().enumerate().flat_map(|(index, kind)| of_kind(index, kind, &self.models));
        models.chain(kinds).collect()
    }

    /// What a core of `model` may be asked for as its `parameter`; `None` if the chip has no such parameter.
    pub fn allowed<'a>(&'a self, model: CoreModel, parameter: &str) -> Option<Allowed<'a>> {
        let spec = self.parameters.get(parameter)?;
        let mut readings = model.readings(&self.synapses);
        readings.retain(|reading| reading.parameter == parameter);
        if self.rules.as_ref().is_some_and(RulesSpec::has_words) {
            for reading in &mut readings {
                reading.bound = reading.bound.in_words();
            }
        }
        let readings = readings.into_iter().map(|reading| (reading, self.level_of(&reading))).collect();
        Some(Allowed { spec, readings })
    }
}

/// What a core may be asked for as one of its parameters.
#[derive(Clone, Debug)]
pub struct Allowed<'a> {
    spec: &'a ParameterSpec,
    /// Each with what counts as 1 in it, if that is not the canonical unit.
    readings: Vec<(Reading<'a>, Option<Quantity>)>,
}

impl Allowed<'_> {
    /// Whether the core reads the parameter at all.
    pub fn is_read(&self) -> bool {
        !self.readings.is_empty()
    }

    /// The value by design.
    pub const fn nominal(&self) -> Quantity {
        self.spec.nominal.quantity
    }

    /// The lowest and the highest number of the register that holds it, if it is a register.
    pub fn register(&self) -> Option<(i32, i32)> {
        self.readings.iter().find_map(|(reading, _)| reading.bound.register())
    }

    /// Judges a value that a network or a program asks for.
    ///
    /// # Errors
    /// It has not the dimension of the nominal value, is none that a reader can use, or lies outside the range that
    /// the chip file gives.
    pub fn check(&self, value: Quantity) -> Result<(), Refusal> {
        let unit = self.spec.nominal.quantity.unit;
        let number = value.value_in(unit)?;
        self.check_bounds(value)?;
        let Some((low, high)) = &self.spec.range else { return Ok(()) };
        if low.quantity.value_in(unit)? <= number && number <= high.quantity.value_in(unit)? {
            return Ok(());
        }
        Err(Refusal::Range { low: low.quantity, high: high.quantity })
    }

    /// Judges the nominal value, as a chip file has it.
    ///
    /// # Errors
    /// It is none that a reader can use.
    pub fn check_nominal(&self) -> Result<(), Refusal> {
        let nominal = self.spec.nominal.quantity;
        for (reading, _) in &self.readings {
            reading.check_dimension(nominal)?;
        }
        self.check_bounds(nominal)
    }

    fn check_bounds(&self, value: Quantity) -> Result<(), Refusal> {
        self.readings.iter().try_for_each(|(reading, level)| {
            let unusable = |demand| Refusal::Unusable { reader: reading.by.to_string(), demand };
            reading.bound.admits(value, *level).map_err(unusable)
        })
    }
}

impl Reading<'_> {
    /// Whether `value` has a dimension that the reader can use.
    ///
    /// # Errors
    /// It has not.
    pub fn check_dimension(&self, value: Quantity) -> Result<(), QuantityError> {
        let (found, possible) = (value.unit.dimension(), self.measure.dimensions());
        if possible.contains(&found) { Ok(()) } else { Err(QuantityError::Dimension { found, expected: possible[0] }) }
    }
}

/// Why a core cannot have a value of a parameter. Nothing was built; ask for another value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The value measures something else.
    #[error(transparent)]
    Unit(#[from] QuantityError),
    /// A reader cannot use the value.
    #[error("{reader} needs a value {demand}")]
    Unusable {
        /// Who reads it: ``core model `lif` ``.
        reader: String,
        /// What the value must be.
        demand: Demand,
    },
    /// The chip file does not let programs ask for it.
    #[error("the chip lets programs ask for {low} to {high}")]
    Range {
        /// The lowest value.
        low: Quantity,
        /// The highest value.
        high: Quantity,
    },
}
