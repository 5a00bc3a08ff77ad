//! The parameters of the circuits of a die: asked for, times a frozen factor.
//!
//! Three things meet here: what a program asks for (or the nominal value), the mismatch that the chip file gives to
//! that parameter, and the deviates of a die. The deviates depend on the die and the address of the circuit only, so
//! two settings of the mismatch (another CV, another family) see the same die, stretched.

use crate::DeviceModelError;
use crate::faults::{FaultRates, NeuronFault};
use crate::measured::Measured;
use crate::mismatch::{Mismatch, MismatchSetting, Sources, check_name, read};
use crate::noise::Noise;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use chip::{
    ChipSpec, CoreProgram, Fact, Joined, ParameterSpec, Reading, Values, WEIGHT_EXPONENT_MAX, WEIGHTS, canonical_unit,
};
use disorder::{Die, Distribution};
use fx::{FxError, Real, Rounding, Wide};
use units::{CoreAddress, Decimal, NeuronAddress, NeuronId, Quantity, Unit};

/// What a die makes of its chip: mismatch factors, faults, and the noise of a run if one was asked for. Nothing is
/// stored but distributions and probabilities: every value can be asked for, in any order.
#[derive(Clone, Debug)]
pub struct DieParameters {
    pub(crate) sources: Sources,
    mismatch: BTreeMap<String, Mismatch>,
    weights: Option<Mismatch>,
    pub(crate) faults: FaultRates,
    pub(crate) noise: Option<Noise>,
    /// Tables that take the place of all that is drawn.
    pub(crate) measured: Option<Arc<Measured>>,
}

impl DieParameters {
    /// The die `die` of the chip `spec` under `setting`.
    ///
    /// # Errors
    /// Impossible mismatch (see [`disorder::Distribution::new`], [`disorder::Distribution::realised`],
    /// [`disorder::Shares::new`]), a correlation with an unknown parameter, a CV other than 0 asked of a chip whose
    /// reference parameter has no mismatch, or a setting that names a parameter without mismatch.
    pub fn new(spec: &ChipSpec, die: Die, setting: MismatchSetting) -> Result<Self, DeviceModelError> {
        let (mismatch, weights) = read(spec, &setting)?;
        let faults = match &spec.faults {
            Some(faults) if !setting.without_faults => FaultRates::new(spec, faults)?,
            _ => FaultRates::NONE,
        };
        let sources = Sources { die, others: setting.deviates_from };
        Ok(Self { sources, mismatch, weights, faults, noise: None, measured: None })
    }

    /// Another die under the same setting, without noise: the same as a new one, but nothing is read and searched for
    /// again. A parameter whose deviates are those of a third die keeps them. A die that was measured stays what it
    /// is.
    #[must_use]
    pub fn on_die(&self, die: Die) -> Self {
        let sources = Sources { die, others: self.sources.others.clone() };
        Self { sources, noise: None, ..self.clone() }
    }

    /// The same die, but with the deviates of `parameter` of the die `source` ([`MismatchSetting::deviates_from`]).
    ///
    /// # Errors
    /// The chip has no mismatch of it.
    pub fn with_deviates_from(
        mut self,
        spec: &ChipSpec,
        parameter: &str,
        source: Die,
    ) -> Result<Self, DeviceModelError> {
        check_name(spec, parameter)?;
        self.sources.others.insert(parameter.to_string(), source);
        Ok(self)
    }

    /// The same die in one run: with the noise of the chip file, drawn for trial number `trial`.
    ///
    /// # Errors
    /// The chip has no noise, or a CV of it is impossible.
    pub fn with_noise(self, spec: &ChipSpec, trial: u64) -> Result<Self, DeviceModelError> {
        let noise = Noise::new(spec, self.die(), trial)?;
        Ok(Self { noise: Some(noise), ..self })
    }

    /// The noise of the run, if it has any.
    pub const fn noise(&self) -> Option<&Noise> {
        self.noise.as_ref()
    }

    /// A die without mismatch and faults: every factor is 1.
    pub const fn nominal() -> Self {
        Self {
            sources: Sources { die: Die { root_seed: 0, id: units::DieId(0) }, others: BTreeMap::new() },
            mismatch: BTreeMap::new(),
            weights: None,
            faults: FaultRates::NONE,
            noise: None,
            measured: None,
        }
    }

    /// Which die.
    pub const fn die(&self) -> Die {
        self.sources.die
    }

    /// The distribution of the factors of `parameter` (or [`WEIGHTS`]) and the CV that was asked for it; `None` for a
    /// parameter without mismatch, and on a die that was measured.
    pub fn distribution(&self, parameter: &str) -> Option<(&Distribution, Real)> {
        let weights = self.weights.as_ref().filter(|_| parameter == WEIGHTS);
        self.mismatch.get(parameter).or(weights).map(|found| (&found.distribution, found.cv))
    }

    /// The parameters that have mismatch, in order of their names.
    pub fn mismatched(&self) -> impl Iterator<Item = &str> {
        let measured = self.measured.iter().flat_map(|measured| &measured.names);
        self.mismatch.keys().chain(measured).map(String::as_str)
    }

    /// The factor of `parameter` in one circuit: mean 1 over circuits and dies, exactly 1 for a parameter without
    /// mismatch.
    pub fn factor(&self, parameter: &str, core: CoreAddress, neuron: NeuronId) -> Real {
        if let Some(measured) = &self.measured {
            return measured.factor(parameter, core, neuron);
        }
        let Some(found) = self.mismatch.get(parameter) else { return Real::ONE };
        found.factor(parameter, &self.sources, core, neuron)
    }

    /// The frozen mismatch factor of the weight of one synapse slot, of mean 1; exactly 1 on a chip whose weights have
    /// none. `slot` is what numbers the slots of a neuron; its router says how.
    pub fn weight_mismatch(&self, core: CoreAddress, neuron: NeuronId, slot: u64) -> Real {
        if let Some(measured) = &self.measured {
            return measured.slot(core, neuron, slot).factor.unwrap_or(Real::ONE);
        }
        let Some(found) = &self.weights else { return Real::ONE };
        found.slot_factor(&self.sources, core, neuron, slot)
    }

    /// Whether weights have mismatch.
    pub fn has_weight_mismatch(&self) -> bool {
        self.weights.is_some() || self.measured.as_ref().is_some_and(|measured| measured.has_weights)
    }
}

/// A pure number of the chip file.
pub(crate) fn pure(name: &str, fact: &Fact) -> Result<Real, DeviceModelError> {
    number(name, Real::from_quantity(fact.quantity, Unit::ONE))
}

pub(crate) fn number(name: &str, value: Result<Real, FxError>) -> Result<Real, DeviceModelError> {
    value.map_err(|error| DeviceModelError::Number { parameter: name.to_string(), error })
}

/// One parameter of a core, neuron by neuron: in its canonical unit, a level of a membrane in what counts as 1 in the
/// core ([`ChipSpec::level`] and [`ChipSpec::core_scale`]).
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// What the program asked for, or the nominal value.
    pub(crate) asked: Vec<Real>,
    /// The same times the factor of the die.
    pub(crate) value: Vec<Real>,
}

/// What reads the parameters of one core.
pub(crate) struct Reader<'a> {
    pub(crate) spec: &'a ChipSpec,
    pub(crate) core: &'a CoreProgram,
    pub(crate) die: &'a DieParameters,
    /// What counts as 1 in levels is that of the chip times two to this.
    pub(crate) scale: i8,
}

impl<'a> Reader<'a> {
    /// What reads the parameters of `core`, once it is certain that the program sets only parameters that the chip has,
    /// in the way that it has them, and a weight exponent that the core has; those of digital cores their rules check.
    pub(crate) fn new(
        spec: &'a ChipSpec,
        core: &'a CoreProgram,
        die: &'a DieParameters,
    ) -> Result<Self, DeviceModelError> {
        let reader = Self { spec, core, die, scale: spec.core_scale(core) };
        reader.check_asked()?;
        if !core.model.facts().digital {
            reader.check_weight_exponent()?;
        }
        Ok(reader)
    }

    /// Checks what the core is asked for: only parameters that the chip has, in the way that it has them, and only
    /// values that their readers can use. [`ChipSpec::allowed`] is the judge, of a nominal value as of one that the
    /// program sets.
    fn check_asked(&self) -> Result<(), DeviceModelError> {
        let core = self.core.address;
        for (parameter, values) in &self.core.parameters {
            let unknown = || DeviceModelError::UnknownParameter { core, parameter: parameter.clone() };
            let allowed = self.spec.allowed(self.core.model, parameter).ok_or_else(unknown)?;
            let asked = match values {
                Values::Shared(value) => core::slice::from_ref(value),
                Values::PerNeuron(_) if !self.spec.parameters_per_neuron => {
                    return Err(DeviceModelError::SharedParameter { core, parameter: parameter.clone() });
                }
                Values::PerNeuron(list) => {
                    let (found, expected) = (list.len(), self.core.neuron_count as usize);
                    if found != expected {
                        let parameter = parameter.clone();
                        return Err(DeviceModelError::ParameterLength { core, parameter, found, expected });
                    }
                    list
                }
            };
            for (n, value) in asked.iter().enumerate() {
                allowed.check(*value).map_err(|refusal| DeviceModelError::Refused {
                    target: self.neuron(n),
                    parameter: parameter.clone(),
                    value: *value,
                    refusal,
                })?;
            }
        }
        for Reading { parameter, .. } in self.core.model.readings(&self.spec.synapses) {
            if self.core.parameters.contains_key(parameter) {
                continue;
            }
            let Some(allowed) = self.spec.allowed(self.core.model, parameter) else { continue };
            allowed.check_nominal().map_err(|refusal| DeviceModelError::Refused {
                target: self.neuron(0),
                parameter: parameter.to_string(),
                value: allowed.nominal(),
                refusal,
            })?;
        }
        Ok(())
    }

    const fn check_weight_exponent(&self) -> Result<(), DeviceModelError> {
        let (core, exponent) = (self.core.address, self.core.weight_exponent);
        if exponent > WEIGHT_EXPONENT_MAX {
            return Err(DeviceModelError::WeightExponent { core, exponent });
        }
        Ok(())
    }

    /// By how many bits a core with an analog threshold shifts its weights to the left: from 0 to 20, because its scale
    /// is at most the exponent, and negative only for small ones.
    pub(crate) const fn weight_shift(&self) -> u8 {
        (self.core.weight_exponent as i8 - self.scale) as u8
    }

    /// A level of the core as the errors of a chip have it: in what counts as 1 on the chip.
    pub(crate) fn unscaled(&self, level: Real) -> Real {
        Wide::from_real(level).scale(self.scale.into()).to_real_nearest()
    }

    /// The gains of a kind and the name to blame if they are impossible; 1 for a kind without gain.
    pub(crate) fn gains(&self, kind: u8) -> Result<(String, Vec<Wide>), DeviceModelError> {
        let kind = &self.spec.synapses[usize::from(kind)];
        match &kind.gain {
            Some(name) => {
                let values = self.parameter(name)?.value;
                Ok((name.clone(), values.into_iter().map(Wide::from_real).collect()))
            }
            None => Ok((kind.name.clone(), alloc::vec![Wide::ONE; self.core.neuron_count as usize])),
        }
    }

    /// The step of clocked cores in ms.
    pub(crate) fn step(&self) -> Result<Real, DeviceModelError> {
        number("step", Real::from_quantity(self.spec.step(), Unit::MILLISECOND))
    }

    /// The tick in ms.
    pub(crate) fn tick(&self) -> Result<Real, DeviceModelError> {
        number("tick", Real::from_quantity(self.spec.tick.quantity, Unit::MILLISECOND))
    }

    /// Parameter `name` of every neuron, as the table of core models has it: 0 if it is optional and the chip lacks it,
    /// and above 0 on this die if it must be.
    pub(crate) fn parameter(&self, name: &str) -> Result<Resolved, DeviceModelError> {
        let readings = self.core.model.readings(&self.spec.synapses);
        let mut own = readings.iter().filter(|reading| reading.parameter == name).peekable();
        let optional = own.peek().is_some_and(|reading| reading.optional);
        let positive = own.any(|reading| reading.bound.is_positive());
        if optional && !positive && !self.spec.parameters.contains_key(name) {
            let zeros = alloc::vec![Real::ZERO; self.core.neuron_count as usize];
            return Ok(Resolved { asked: zeros.clone(), value: zeros });
        }
        let resolved = self.required(name)?;
        match resolved.value.iter().position(|value| positive && *value <= Real::ZERO) {
            None => Ok(resolved),
            Some(n) => {
                let (parameter, value) = (name.to_string(), resolved.value[n]);
                Err(DeviceModelError::NotPositive { target: self.neuron(n), parameter, value })
            }
        }
    }

    /// Parameter `name` of every neuron, which the chip must have.
    pub(crate) fn required(&self, name: &str) -> Result<Resolved, DeviceModelError> {
        let parameter = self.spec.parameters.get(name).ok_or_else(|| DeviceModelError::MissingParameter {
            parameter: name.to_string(),
            model: self.core.model,
        })?;
        self.read(name, parameter)
    }

    /// The firing threshold of every neuron, which changes from run to run if the run has noise: the value with
    /// mismatch is multiplied by the factor of the trial and rounded once more. Whatever these make of it is a
    /// threshold.
    pub(crate) fn threshold(&self, name: &str) -> Result<Resolved, DeviceModelError> {
        let mut resolved = self.required(name)?;
        if let Some(noise) = &self.die.noise {
            for (n, value) in resolved.value.iter_mut().enumerate() {
                *value = value.mul_nearest(noise.threshold_factor(self.core.address, self.core.sender(n)));
            }
        }
        Ok(resolved)
    }

    /// [`Reader::parameter`] as whole numbers of the register that the table of core models gives it.
    pub(crate) fn whole(&self, name: &str) -> Result<Vec<i32>, DeviceModelError> {
        let readings = self.core.model.readings(&self.spec.synapses);
        let register =
            readings.iter().filter(|reading| reading.parameter == name).find_map(|reading| reading.bound.register());
        self.integers(name, &self.parameter(name)?, register.unwrap_or((i32::MIN, i32::MAX)))
    }

    /// A parameter of a digital core as whole numbers: what was asked for must be one from `low` to `high`; what
    /// mismatch makes of it is rounded to nearest and kept within that range.
    pub(crate) fn integers(
        &self,
        name: &str,
        read: &Resolved,
        (low, high): (i32, i32),
    ) -> Result<Vec<i32>, DeviceModelError> {
        let (least, most) = (Real::from_integer(low.into()), Real::from_integer(high.into()));
        if let Some(n) = read.asked.iter().position(|value| {
            let whole = Real::from_integer(value.to_integer(Rounding::Floor)) == *value;
            !whole || !(least..=most).contains(value)
        }) {
            let (target, parameter, value) = (self.neuron(n), name.to_string(), read.asked[n]);
            return Err(DeviceModelError::NotWhole { target, parameter, value, low, high });
        }
        let whole = |value: &Real| value.to_integer(Rounding::HalfEven).clamp(low.into(), high.into()) as i32;
        Ok(read.value.iter().map(whole).collect())
    }

    /// Puts the values that make a neuron dead or hot in the place of those of broken neurons. Every core model calls
    /// this once, on what holds its neurons back.
    pub(crate) fn break_neurons<T: Copy>(&self, values: &mut [T], dead: T, hot: T) {
        for (n, value) in values.iter_mut().enumerate().take(self.core.neuron_count as usize) {
            // A circuit that is switched off is as one that is dead.
            let is_off = self.core.off.binary_search(&NeuronId(n as u16)).is_ok();
            match self.die.neuron_fault(self.core.address, self.core.sender(n)) {
                _ if is_off => *value = dead,
                None => {}
                Some(NeuronFault::Dead) => *value = dead,
                Some(NeuronFault::Hot) => *value = hot,
            }
        }
    }

    /// The address of neuron `index`, for messages.
    pub(crate) fn neuron(&self, index: usize) -> NeuronAddress {
        NeuronAddress { core: self.core.address, neuron: NeuronId(index as u16) }
    }

    fn read(&self, name: &str, parameter: &ParameterSpec) -> Result<Resolved, DeviceModelError> {
        let readings = self.core.model.readings(&self.spec.synapses);
        let level = readings.iter().find(|reading| reading.parameter == name).and_then(|r| self.spec.level_of(r));
        let unit = canonical_unit(parameter.nominal.quantity.unit.dimension());
        let one = level.unwrap_or(Quantity::new(Decimal::integer(1), unit));
        // A fraction bit less is a level that counts for half.
        let bits = if level.is_some() { fraction_bits(self.scale, Real::FRACTION_BITS) } else { Real::FRACTION_BITS };
        let real = |quantity: Quantity| match bits {
            Real::FRACTION_BITS => number(name, Real::from_quotient(quantity, one)),
            bits => {
                let ratio = quantity.over_to_bits(one, bits);
                number(name, ratio.map(Real::from_bits).map_err(FxError::Quantity))
            }
        };
        let count = self.core.neuron_count as usize;
        let asked: Vec<Real> = match self.core.parameters.get(name) {
            None => alloc::vec![real(parameter.nominal.quantity)?; count],
            Some(Values::Shared(quantity)) => alloc::vec![real(*quantity)?; count],
            Some(Values::PerNeuron(list)) => list.iter().map(|q| real(*q)).collect::<Result<_, _>>()?,
        };
        let joined = readings.iter().find(|reading| reading.parameter == name).map_or(Joined::Sender, |r| r.joined);
        let factor = |n| self.die.neuron_factor(name, joined, self.core, n);
        let value = asked.iter().enumerate().map(|(n, value)| value.mul_nearest(factor(n))).collect();
        Ok(Resolved { asked, value })
    }
}

/// Of `bits` fraction bits of a level of a core with this scale, those that are left where the level of the chip counts
/// as 1.
pub(crate) const fn fraction_bits(scale: i8, bits: u32) -> u32 {
    bits.saturating_add_signed(-(scale as i32))
}

#[cfg(test)]
mod tests;
