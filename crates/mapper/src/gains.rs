//! Gains: what the weights of a kind of synapse are multiplied with in a core.
//!
//! Where a chip has a gain for a kind of synapse, a weight is what the synapse holds times that gain. The mapper may
//! multiply the gain that the network asks for (or the nominal one) by a factor and divide the weights by it: the
//! product is the weight asked for, and kinds whose weights differ by orders of magnitude share the few weights that a
//! core can hold. A core model whose gain is not a plain factor on weights ([`chip::ModelFacts::gains`]) keeps its own.

use crate::MapperError;
use crate::placement::PlacedCore;
use crate::report::GainReport;
use chip::{ChipSpec, CoreProgram, Values};
use device_models::gain_currents;
use network::Network;
use std::collections::BTreeMap;
use units::{Decimal, Quantity, Unit};

/// The largest factor on a gain whose circuit has no bias with a table.
///
/// Such a chip says nothing of how far its gains go, but by the range of the parameter, which holds as well. The number
/// is chosen, and only divides the work: what the gains of strong kinds are not raised by, those of weak kinds are
/// lowered by, which shortens the range of their inputs. It is the largest power of two below the 170 of the one table
/// there is (DYNAP-SE2) by a safe factor of two, so that an unknown circuit is not taken for a better one; a power of
/// two loses no digits.
const FACTOR_MAX: f64 = 64.0;

/// Factors have as many digits as numbers below this: six.
const DIGITS: f64 = 1e6;

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

    /// It, as a float.
    pub(crate) fn real(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
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

/// A gain of a core that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gain {
    /// The parameter.
    parameter: String,
    /// What was asked for is multiplied with this.
    factor: Decimal,
}

impl Gain {
    /// The factor as the weights have it.
    pub(crate) fn factor(&self) -> Factor {
        Factor::ratio(self.factor, Decimal::integer(1)).expect("a factor has few digits")
    }

    /// Whether it is the gain of a kind of synapse.
    pub(crate) fn is_of(&self, spec: &ChipSpec, kind: u8) -> bool {
        spec.synapses[usize::from(kind)].gain.as_ref() == Some(&self.parameter)
    }

    /// It, as plain data.
    pub(crate) fn report(&self, spec: &ChipSpec) -> GainReport {
        let kinds = spec.synapses.iter().filter(|kind| kind.gain.as_ref() == Some(&self.parameter));
        GainReport {
            synapse: kinds.map(|kind| kind.name.as_str()).collect::<Vec<_>>().join(", "),
            parameter: self.parameter.clone(),
            factor: self.factor.to_string().parse().unwrap_or(0.0),
        }
    }
}

/// `parameters` of a core, with its gains changed.
pub(crate) fn applied(
    mut parameters: BTreeMap<String, Values>,
    gains: &[Gain],
    spec: &ChipSpec,
) -> BTreeMap<String, Values> {
    for gain in gains {
        let asked = parameters.get(&gain.parameter).cloned();
        let asked = asked.unwrap_or_else(|| Values::Shared(spec.parameters[&gain.parameter].nominal.quantity));
        let times = |asked: Quantity| times(asked, gain.factor).expect("checked when the gain was chosen");
        let changed = match asked {
            Values::Shared(asked) => Values::Shared(times(asked)),
            Values::PerNeuron(asked) => Values::PerNeuron(asked.into_iter().map(times).collect()),
        };
        parameters.insert(gain.parameter.clone(), changed);
    }
    parameters
}

/// `asked` times `factor`, exactly; `None` if that has too many digits.
fn times(asked: Quantity, factor: Decimal) -> Option<Quantity> {
    let mantissa = asked.value.mantissa().checked_mul(factor.mantissa())?;
    // What a file can hold: 18 digits.
    let value = Decimal::new(mantissa, asked.value.exponent().checked_add(factor.exponent())?);
    (mantissa.unsigned_abs() < 10u64.pow(18)).then_some(Quantity { value, ..asked })
}

/// A gain of a core that the mapper may change.
pub(crate) struct Means<'a> {
    /// The parameter.
    pub(crate) parameter: &'a str,
    /// The values that the populations of the core ask for.
    asked: Vec<Quantity>,
    /// The factors that the biases of the chip can make, from small to large; empty: any.
    settable: Vec<f64>,
    spec: &'a ChipSpec,
    model: chip::CoreModel,
}

impl<'a> Means<'a> {
    /// The gain of synapses of `kind` in `core`, if it has one that may be changed.
    pub(crate) fn new(network: &Network, spec: &'a ChipSpec, core: &PlacedCore, kind: u8) -> Option<Self> {
        let model = network.populations[core.parts[0].population].model;
        let kind = &spec.synapses[usize::from(kind)];
        let parameter = kind.gain.as_deref().filter(|_| model.facts().gains)?;
        let nominal = spec.parameters.get(parameter)?.nominal.quantity;
        let mut asked = Vec::new();
        for part in &core.parts {
            match network.populations[part.population].parameters.get(parameter) {
                None => asked.push(nominal),
                Some(Values::Shared(value)) => asked.push(*value),
                Some(Values::PerNeuron(all)) => {
                    asked.extend_from_slice(&all[part.first_index as usize..][..part.count as usize]);
                }
            }
        }
        // A gain of 0 switches its synapses off, whatever it is multiplied with.
        asked.dedup();
        let values = asked.iter().map(|value| number(*value));
        if values.clone().any(|value| value.is_none_or(|value| value <= 0.0)) {
            return None;
        }
        let settable = gain_currents(spec, kind).map_or_else(Vec::new, |currents| {
            // What is asked for is nominal times some number, and so is the current that stands for it.
            let largest = values.flatten().fold(0.0, f64::max) / number(nominal).unwrap_or(1.0);
            let nearest = |current: f64| {
                let off = |c: &&i64| (**c as f64 - current).abs();
                *currents.settable.iter().min_by(|a, b| off(a).total_cmp(&off(b))).expect("a bias has codes") as f64
            };
            let base = nearest(currents.nominal as f64 * largest);
            currents.settable.iter().map(|current| *current as f64 / base).collect()
        });
        Some(Self { parameter, asked, settable, spec, model })
    }

    /// The largest factor that the gain can have.
    pub(crate) fn most(&self) -> f64 {
        let nearest = self.nearest(self.settable.last().copied().unwrap_or(FACTOR_MAX));
        nearest.map_or(1.0, |(_, factor)| factor)
    }

    /// The gain nearest to `factor` times what is asked for that the chip can have, with its exact factor; `None` if
    /// none but what is asked for can be had.
    pub(crate) fn nearest(&self, factor: f64) -> Option<(Gain, f64)> {
        let allowed = self.spec.allowed(self.model, self.parameter)?;
        let fits = |factor: &Decimal| {
            let fits = |asked: &Quantity| times(*asked, *factor).is_some_and(|value| allowed.check(value).is_ok());
            self.asked.iter().all(fits)
        };
        // Of settable factors the nearest that fits; of any, the furthest from 1 that fits.
        let mut wanted: Vec<f64> = if self.settable.is_empty() {
            (0..16).map(|step| 1.0 + (factor - 1.0) * f64::from(16 - step) / 16.0).collect()
        } else {
            self.settable.clone()
        };
        if !self.settable.is_empty() {
            let off = |f: &f64| if *f > factor { f / factor } else { factor / f };
            wanted.sort_by(|a, b| off(a).total_cmp(&off(b)));
        }
        let (exact, rounded) = wanted.into_iter().filter_map(decimal).find(|(exact, _)| fits(exact))?;
        (exact != Decimal::integer(1)).then(|| (Gain { parameter: self.parameter.to_owned(), factor: exact }, rounded))
    }
}

/// A pure number as a float.
fn number(value: Quantity) -> Option<f64> {
    value.value_in(Unit::ONE).ok()?.to_string().parse().ok()
}

/// `factor` to [`DIGITS`] digits, and what that is.
fn decimal(factor: f64) -> Option<(Decimal, f64)> {
    if !(1e-9..1e9).contains(&factor) {
        return None;
    }
    let (mut mantissa, mut exponent) = (factor, 0i16);
    while mantissa < DIGITS / 10.0 {
        (mantissa, exponent) = (mantissa * 10.0, exponent - 1);
    }
    while mantissa >= DIGITS {
        (mantissa, exponent) = (mantissa / 10.0, exponent + 1);
    }
    let exact = Decimal::new((mantissa + 0.5) as i64, exponent);
    Some((exact, exact.to_string().parse().ok()?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use chip::CoreModel;

    #[test]
    fn a_gain_without_a_table_is_raised_up_to_the_bound_or_the_end_of_its_range() {
        let most = |range: Option<(&str, &str)>| {
            let mut spec = testing::tag_cam();
            let mut gain = spec.parameters["leak"].clone();
            gain.range = range.map(|(low, high)| (testing::fact(low), testing::fact(high)));
            spec.parameters.insert("gain".into(), gain);
            spec.synapses[0].gain = Some("gain".into());
            let asked = vec![Quantity::new(Decimal::integer(1), Unit::ONE)];
            Means { parameter: "gain", asked, settable: Vec::new(), spec: &spec, model: CoreModel::Lif }.most()
        };
        assert_eq!(most(None), FACTOR_MAX);
        assert_eq!(most(Some(("0", "1000"))), FACTOR_MAX);
        let ranged = most(Some(("0", "10")));
        assert!((5.0..=10.0).contains(&ranged), "{ranged}");
        assert_eq!(most(Some(("0", "1"))), 1.0);
    }
}
