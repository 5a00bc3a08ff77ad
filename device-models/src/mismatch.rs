//! The mismatch of a chip under a setting: which parameter has how much of it, of which family, and from which die.
//!
//! It owns the setting and how it is read together with a chip file. Factors of circuits are looked up by
//! [`crate::DieParameters`]; what a core makes of them is the business of its model.

use crate::DeviceModelError;
use crate::parameters::{number, pure};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{ChipSpec, MismatchSpec, WEIGHTS};
use disorder::{Centre, Die, Distribution, Family, Shares, correlated};
use fx::{Real, Rounding, divide, narrow};
use units::{CoreAddress, Decimal, NeuronId};

/// How much mismatch, of which family, and whose. The default is what the chip file says. Parameters are named as in
/// the chip file; those of synapse slots together are [`WEIGHTS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MismatchSetting {
    /// Scales every CV of the chip by one factor, so that the CV of its reference parameter becomes this number. 0
    /// makes all devices nominal.
    pub scale_to_cv: Option<Decimal>,
    /// CVs of single parameters, in place of those that follow from the chip file and the scale.
    pub cvs: BTreeMap<String, Decimal>,
    /// The parameters whose devices differ: all others are nominal, but for those with a CV of their own in `cvs`.
    /// Every parameter with mismatch, if there is no such set.
    pub only: Option<BTreeSet<String>>,
    /// Replaces the family of every mismatch.
    pub family: Option<Family>,
    /// Families of single parameters, in place of that.
    pub families: BTreeMap<String, Family>,
    /// Mean (or median) 1 and the CV are those of what the truncation leaves ([`Distribution::realised`]), and not of
    /// the family before it is cut.
    pub realised: Option<Centre>,
    /// Parameters whose deviates are those of another die. What is correlated with one of them follows it; faults and
    /// noise stay those of the die. It is what the pick-and-freeze designs of sensitivity analysis need: with B as the
    /// source of one parameter of A, the two dies differ in that parameter alone.
    pub deviates_from: BTreeMap<String, Die>,
    /// Leaves out the faults of the chip file. Scaling does not touch them: a broken circuit is broken at any CV.
    pub without_faults: bool,
}

impl MismatchSetting {
    /// The parameters that it names.
    fn names(&self) -> impl Iterator<Item = &String> {
        let only = self.only.iter().flatten();
        self.cvs.keys().chain(only).chain(self.families.keys()).chain(self.deviates_from.keys())
    }

    /// Whether every parameter that it names has mismatch.
    fn check(&self, spec: &ChipSpec) -> Result<(), DeviceModelError> {
        self.names().try_for_each(|name| check_name(spec, name))
    }
}

/// Whether the chip has mismatch of `name`.
pub(crate) fn check_name(spec: &ChipSpec, name: &str) -> Result<(), DeviceModelError> {
    let known: Vec<String> = known(spec).collect();
    if known.iter().any(|other| other == name) {
        return Ok(());
    }
    let exists = name == WEIGHTS || spec.parameters.contains_key(name);
    Err(DeviceModelError::NoMismatchOf { chip: spec.name.clone(), parameter: name.to_string(), exists, known })
}

/// The parameters of a chip with mismatch.
fn known(spec: &ChipSpec) -> impl Iterator<Item = String> {
    let parameters = spec.parameters.iter().filter(|(_, parameter)| parameter.mismatch.is_some());
    parameters.map(|(name, _)| name.clone()).chain(spec.weight_mismatch.is_some().then(|| WEIGHTS.to_string()))
}

/// The mismatch of one parameter, ready to use.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    pub(crate) distribution: Distribution,
    /// The CV that was asked for.
    pub(crate) cv: Real,
    shares: Shares,
    correlation: Option<Correlation>,
}

/// Correlation with the deviate of another parameter.
#[derive(Clone, Debug)]
struct Correlation {
    with: String,
    shares: Shares,
    rho: Real,
}

/// Which die the deviates of each parameter are of.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    pub(crate) die: Die,
    pub(crate) others: BTreeMap<String, Die>,
}

impl Sources {
    fn of(&self, parameter: &str) -> &Die {
        self.others.get(parameter).unwrap_or(&self.die)
    }
}

impl Mismatch {
    /// The factor of `parameter` in one circuit.
    pub(crate) fn factor(&self, parameter: &str, from: &Sources, core: CoreAddress, neuron: NeuronId) -> Real {
        let own = from.of(parameter).deviate(parameter, &self.shares, core, neuron);
        let z = match &self.correlation {
            None => own,
            Some(other) => {
                let deviate = from.of(&other.with).deviate(&other.with, &other.shares, core, neuron);
                correlated(other.rho, deviate, own).expect("the correlation was checked when the die was made")
            }
        };
        self.distribution.factor(z)
    }

    /// The factor of the weight of one slot.
    pub(crate) fn slot_factor(&self, from: &Sources, core: CoreAddress, neuron: NeuronId, slot: u64) -> Real {
        self.distribution.factor(from.of(WEIGHTS).slot_deviate(WEIGHTS, &self.shares, core, neuron, slot))
    }
}

/// The mismatch of all parameters of a chip, and of its weights.
pub(crate) type AllMismatch = (BTreeMap<String, Mismatch>, Option<Mismatch>);

/// The mismatch of `spec` under `setting`.
pub(crate) fn read(spec: &ChipSpec, setting: &MismatchSetting) -> Result<AllMismatch, DeviceModelError> {
    setting.check(spec)?;
    let scale = setting.scale_to_cv.map(|cv| Scale::new(spec, cv)).transpose()?;
    let mut reader = Reader { spec, setting, scale, known: Vec::new() };
    let mut mismatch = BTreeMap::new();
    for (name, parameter) in &spec.parameters {
        if let Some(found) = &parameter.mismatch {
            mismatch.insert(name.clone(), reader.read(name, found)?);
        }
    }
    let weights = spec.weight_mismatch.as_ref().map(|found| reader.read(WEIGHTS, found)).transpose()?;
    Ok((mismatch, weights))
}

/// The factor `target / reference` by which every CV is scaled, kept as two numbers so that it is rounded once.
#[derive(Clone, Copy)]
struct Scale {
    target: Real,
    reference: Real,
}

impl Scale {
    fn new(spec: &ChipSpec, target: Decimal) -> Result<Self, DeviceModelError> {
        let name = spec.mismatch_reference.as_deref().unwrap_or("mismatch_reference");
        let target = number(name, Real::from_decimal(target))?;
        let reference = spec.reference_cv().unwrap_or(Decimal::ZERO);
        let reference = number(name, Real::from_decimal(reference))?;
        if reference <= Real::ZERO && target != Real::ZERO {
            return Err(DeviceModelError::NothingToScale { chip: spec.name.clone() });
        }
        Ok(Self { target, reference })
    }

    fn apply(self, cv: Real) -> Real {
        if self.target == Real::ZERO {
            return Real::ZERO;
        }
        let product = i128::from(cv.to_bits()) * i128::from(self.target.to_bits());
        Real::from_bits(narrow(divide(product, i128::from(self.reference.to_bits()), Rounding::HalfEven)))
    }
}

/// What a distribution is made from.
type Asked = (Family, Real, Option<(Real, Real)>);

/// What reads the mismatch of a chip under a setting.
struct Reader<'a> {
    spec: &'a ChipSpec,
    setting: &'a MismatchSetting,
    scale: Option<Scale>,
    /// Those that were made already: parameters of a chip often share one, and it takes a search.
    known: Vec<(Asked, Distribution)>,
}

impl Reader<'_> {
    fn read(&mut self, name: &str, found: &MismatchSpec) -> Result<Mismatch, DeviceModelError> {
        let failed = |error| DeviceModelError::Mismatch { parameter: name.to_string(), error };
        let cv = self.cv(name, found)?;
        let family = self.setting.families.get(name).copied().or(self.setting.family).unwrap_or(found.family);
        let truncation = match &found.truncation {
            // A window around exactly 1 would be no restriction, and one that excludes 1 no reason to refuse a nominal
            // die.
            Some((low, high)) if cv != Real::ZERO => Some((pure(name, low)?, pure(name, high)?)),
            _ => None,
        };
        let correlation = match &found.correlation {
            None => None,
            Some(c) => {
                let other = self.spec.parameters.get(&c.with).ok_or_else(|| {
                    DeviceModelError::CorrelatedWithNothing { parameter: name.to_string(), with: c.with.clone() }
                })?;
                let shares = other.mismatch.as_ref().map_or(Ok(Shares::CIRCUIT), |m| read_shares(&c.with, m))?;
                let rho = pure(name, &c.rho)?;
                correlated(rho, Real::ZERO, Real::ZERO).map_err(failed)?;
                Some(Correlation { with: c.with.clone(), shares, rho })
            }
        };
        let asked = (family, cv, truncation);
        let distribution = match self.known.iter().find(|(other, _)| *other == asked) {
            Some((_, distribution)) => distribution.clone(),
            None => {
                let made = match self.setting.realised {
                    None => Distribution::new(family, cv, truncation),
                    Some(centre) => Distribution::realised(family, cv, truncation, centre),
                };
                let made = made.map_err(failed)?;
                self.known.push((asked, made.clone()));
                made
            }
        };
        Ok(Mismatch { distribution, cv, shares: read_shares(name, found)?, correlation })
    }

    /// The CV of a parameter under the setting.
    fn cv(&self, name: &str, found: &MismatchSpec) -> Result<Real, DeviceModelError> {
        if let Some(own) = self.setting.cvs.get(name) {
            return number(name, Real::from_decimal(*own));
        }
        if self.setting.only.as_ref().is_some_and(|only| !only.contains(name)) {
            return Ok(Real::ZERO);
        }
        let cv = pure(name, &found.cv)?;
        Ok(self.scale.map_or(cv, |scale| scale.apply(cv)))
    }
}

fn read_shares(name: &str, mismatch: &MismatchSpec) -> Result<Shares, DeviceModelError> {
    let Some(shares) = &mismatch.shares else { return Ok(Shares::CIRCUIT) };
    Shares::new(pure(name, &shares.die)?, pure(name, &shares.core)?, pure(name, &shares.circuit)?)
        .map_err(|error| DeviceModelError::Mismatch { parameter: name.to_string(), error })
}

#[cfg(test)]
mod tests;
