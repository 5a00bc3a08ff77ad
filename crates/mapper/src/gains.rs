//! Gains: what the weights of a kind of synapse are multiplied with in a core.
//!
//! Where a chip has a gain for a kind of synapse, a weight is what the synapse holds times that gain. The mapper may
//! multiply the gain that the network asks for (or the nominal one) by a factor and divide the weights by it: the
//! product is the weight asked for, and kinds whose weights differ by orders of magnitude share the few weights that a
//! core can hold. A core model whose gain is not a plain factor on weights ([`chip::ModelFacts::gains`]) keeps its own.

use crate::MapperError;
use chip::{ChipSpec, CoreProgram, Values};
use units::{Decimal, Quantity, Unit};

/// An exact positive factor on weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factor {
    numerator: i128,
    denominator: i128,
}

impl Factor {
    /// No change.
    pub(crate) const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `value / asked`; `None` if that is no positive number, or has too many digits.
    fn ratio(value: Decimal, asked: Decimal) -> Option<Self> {
        if value == asked {
            return Some(Self::ONE);
        }
        let shift = i32::from(value.exponent()) - i32::from(asked.exponent());
        let power = |digits: i32| 10i128.checked_pow(digits.max(0) as u32);
        let numerator = i128::from(value.mantissa()).checked_mul(power(shift)?)?;
        let denominator = i128::from(asked.mantissa()).checked_mul(power(-shift)?)?;
        let fits = |n: i128| n != 0 && n.unsigned_abs() < 1 << 80;
        let same_sign = (numerator > 0) == (denominator > 0);
        (fits(numerator) && fits(denominator) && same_sign)
            .then(|| Self { numerator: numerator.abs(), denominator: denominator.abs() })
    }

    /// `weight` times this, to nearest, halves away from 0.
    pub(crate) fn of(self, weight: i64) -> i64 {
        if self == Self::ONE {
            return weight;
        }
        let exact = i128::from(weight.unsigned_abs()) * self.numerator;
        let nearest = (2 * exact + self.denominator) / (2 * self.denominator);
        i64::try_from(nearest).unwrap_or(i64::MAX) * weight.signum()
    }
}

/// The factors of a program that is read back, by core, kind of synapse and neuron.
pub(crate) struct Factors(Vec<Vec<Vec<Factor>>>);

impl Factors {
    /// The factors of `cores`, where `asked` is the value of a parameter that the network asks for in a neuron of a
    /// core, if it asks for any.
    pub(crate) fn of(
        spec: &ChipSpec,
        cores: &[CoreProgram],
        asked: impl Fn(&CoreProgram, u32, &str) -> Option<Quantity>,
    ) -> Result<Self, MapperError> {
        let of_kind = |core: &CoreProgram, parameter: Option<&String>| {
            let Some(parameter) = parameter.filter(|_| core.model.facts().gains) else { return Ok(Vec::new()) };
            let nominal = spec.parameters.get(parameter).map(|p| p.nominal.quantity);
            let found = core.parameters.get(parameter);
            let factor = |neuron: u32| {
                let asked = asked(core, neuron, parameter).or(nominal);
                let found = found.map_or(nominal, |values| at(values, neuron));
                factor(found, asked).ok_or_else(|| MapperError::Foreign {
                    what: format!("gain `{parameter}` of neuron {neuron} of {}", core.address),
                })
            };
            (0..core.neuron_count).map(factor).collect()
        };
        let of_core = |core| spec.synapses.iter().map(|kind| of_kind(core, kind.gain.as_ref())).collect();
        Ok(Self(cores.iter().map(of_core).collect::<Result<_, _>>()?))
    }

    /// The factor of a kind of synapse in a neuron.
    pub(crate) fn get(&self, core: usize, kind: u8, neuron: usize) -> Factor {
        self.0[core].get(usize::from(kind)).and_then(|kind| kind.get(neuron)).copied().unwrap_or(Factor::ONE)
    }
}

/// The value of a neuron, if there is one.
pub(crate) fn at(values: &Values, neuron: u32) -> Option<Quantity> {
    match values {
        Values::Shared(value) => Some(*value),
        Values::PerNeuron(all) => all.get(neuron as usize).copied(),
    }
}

/// What the gain `found` is of the gain `asked`.
fn factor(found: Option<Quantity>, asked: Option<Quantity>) -> Option<Factor> {
    if found == asked {
        return Some(Factor::ONE);
    }
    let pure = |gain: Option<Quantity>| gain?.value_in(Unit::ONE).ok();
    Factor::ratio(pure(found)?, pure(asked)?)
}
