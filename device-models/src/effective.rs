//! What a core makes of its parameters: what was asked for, times the factor of the die, on the grid of the core.
//!
//! Owns the answer to "what is left of the mismatch": a refractory period is a whole number of steps, a register a
//! whole number, and a spread that is small beside the grid is gone. The way from a value to the integers of a step is
//! that of the cores ([`Reader`], [`Factors`]); nothing is computed here in another way.

use crate::parameters::Reader;
use crate::period::exact_ms;
use crate::{DeviceModelError, DieParameters, Factors};
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{Bound, ChipSpec, CoreProgram, Measure, Reading};
use core::fmt;
use fx::{Real, Rounding, Weight, Wide, math, shift_right};
use units::Quantity;

/// On what a parameter is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// Whole steps of clocked cores, of this length.
    Steps(Quantity),
    /// Whole ticks of this length.
    Ticks(Quantity),
    /// Whole numbers of a register.
    Register,
    /// A share that is lost in a step, in 16 bits.
    Leak,
    /// A fixed-point number with this many fraction bits.
    Bits(u32),
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(step) => write!(f, "steps of {step}"),
            Self::Ticks(tick) => write!(f, "ticks of {tick}"),
            Self::Register => f.write_str("whole numbers"),
            Self::Leak => f.write_str("16 bits a step"),
            Self::Bits(bits) => write!(f, "2^-{bits}"),
        }
    }
}

/// One parameter of the neurons of a core, in its canonical unit; a level of a membrane in what counts as 1 in the core
/// ([`ChipSpec::level`] and [`ChipSpec::core_scale`]).
#[derive(Clone, Debug)]
pub struct Effective {
    /// Its name.
    pub parameter: String,
    /// What it is kept on.
    pub grid: Grid,
    /// What was asked for.
    pub asked: Vec<Real>,
    /// The same times the factor of the die.
    pub value: Vec<Real>,
    /// The same as the core uses it.
    pub used: Vec<Real>,
}

/// The parameters of `core` that differ from circuit to circuit on `die`, as far as the core reads them.
///
/// # Errors
/// As a core that is built: values that it cannot use.
pub fn effective(spec: &ChipSpec, core: &CoreProgram, die: &DieParameters) -> Result<Vec<Effective>, DeviceModelError> {
    values_of(spec, core, die, &die.mismatched().collect())
}

/// The parameters of `core` on `die` that are among `names`, as far as the core reads them.
pub(crate) fn values_of(
    spec: &ChipSpec,
    core: &CoreProgram,
    die: &DieParameters,
    names: &BTreeSet<&str>,
) -> Result<Vec<Effective>, DeviceModelError> {
    let reader = Reader::new(spec, core, die)?;
    let mut all: Vec<Effective> = Vec::new();
    for reading in core.model.readings(&spec.synapses) {
        let known = all.iter().any(|other| other.parameter == reading.parameter);
        if known || !names.contains(reading.parameter) {
            continue;
        }
        let resolved = reader.required(reading.parameter)?;
        let (grid, used) = used(&reader, &reading, &resolved.value)?;
        let parameter = reading.parameter.to_string();
        all.push(Effective { parameter, grid, asked: resolved.asked, value: resolved.value, used });
    }
    Ok(all)
}

/// The grid of a reading, and `values` on it.
fn used(reader: &Reader<'_>, reading: &Reading<'_>, values: &[Real]) -> Result<(Grid, Vec<Real>), DeviceModelError> {
    let (spec, model) = (reader.spec, reader.core.model);
    let integrates = model.threshold().is_some();
    if reading.bound.register().is_some() {
        let whole = reader.whole(reading.parameter)?;
        return Ok((Grid::Register, whole.into_iter().map(|number| Real::from_integer(number.into())).collect()));
    }
    if integrates && reading.measure == Measure::Time && reading.bound == Bound::NotNegative {
        let unit = if model.is_clocked() { spec.step() } else { spec.tick.quantity };
        let exact = exact_ms(unit).unwrap_or(Wide::from_real(reader.tick()?));
        let periods = reader.periods(reading.parameter, exact, i32::MAX as u64)?;
        let time = |count: u64| exact.mul_trunc(Wide::from_integer(count as i32)).to_real_nearest();
        let grid = if model.is_clocked() { Grid::Steps(unit) } else { Grid::Ticks(unit) };
        return Ok((grid, periods.into_iter().map(time).collect()));
    }
    if (integrates || model.is_graded()) && model.is_clocked() && reading.measure == Measure::Time {
        let step = reader.step()?;
        let leak = |tau: &Real| Wide::from_fraction(math::one_minus_exp_neg_ratio(step, *tau));
        let leaks: Vec<Wide> = values.iter().map(leak).collect();
        if let Some(factors) = Factors::new(&leaks, leaks.len()) {
            return Ok((Grid::Leak, factors.mantissas().iter().map(|m| tau_of(*m, factors.shift(), step)).collect()));
        }
    }
    if integrates && model.is_clocked() && reading.measure == Measure::Level {
        let lost = Real::FRACTION_BITS - Weight::FRACTION_BITS;
        let kept = |value: &Real| Real::from_bits(shift_right(value.to_bits(), lost, Rounding::HalfEven) << lost);
        return Ok((Grid::Bits(Weight::FRACTION_BITS), values.iter().map(kept).collect()));
    }
    Ok((Grid::Bits(Real::FRACTION_BITS), values.to_vec()))
}

/// The time constant of a leak: -step / ln(1 - leak); 0 if all is lost in a step.
fn tau_of(mantissa: i32, shift: i32, step: Real) -> Real {
    let leak = Wide::from_integer(mantissa).scale(-15 - shift);
    match Wide::ONE.sub_sat(leak).ln() {
        Some(rate) if rate < Wide::ZERO => Wide::from_real(step).div_trunc(rate.neg()).to_real_nearest(),
        Some(_) => Real::MAX,
        None => Real::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{core, spec};
    use crate::{LifParameters, MismatchSetting};
    use chip::CoreModel;
    use disorder::Die;
    use units::DieId;

    /// What is told is what the core is built from.
    #[test]
    fn effective_values_are_those_of_the_core() {
        let spec = spec();
        let die = Die { root_seed: 3, id: DieId(1) };
        let die = DieParameters::new(&spec, die, MismatchSetting::default()).unwrap();
        let program = core(CoreModel::Lif, 60, &[]);
        let layout = crate::InputLayout::new(&spec, &program, &[false; 5]).unwrap();
        let built = <LifParameters as crate::CoreParameters>::build(&spec, &program, layout, &die).unwrap();
        let all = effective(&spec, &program, &die).unwrap();
        let of = |name: &str| all.iter().find(|e| e.parameter == name).unwrap();
        for n in 0..60 {
            let steps = of("t_refractory").used[n];
            assert_eq!(steps, Real::from_integer(built.refractory_steps()[n].into()), "1 ms a step");
            assert_eq!(of("v_threshold").used[n].to_bits() >> 12, i64::from(built.threshold()[n]));
            let (tau, used) = (of("tau_mem").value[n].to_bits() as f64, of("tau_mem").used[n].to_bits() as f64);
            assert!((used / tau - 1.0).abs() < 1e-4, "{used} {tau}");
        }
        assert!(all.iter().all(|e| e.parameter != "drive"), "it has no mismatch");
        let texts: Vec<String> =
            ["t_refractory", "tau_mem", "v_threshold", "gain_up"].map(|n| of(n).grid.to_string()).into();
        assert_eq!(texts, ["steps of 1 ms", "16 bits a step", "2^-20", "2^-32"]);
        let analog = effective(&spec, &core(CoreModel::AnalogLif, 60, &[]), &die).unwrap();
        assert_eq!(analog.iter().find(|e| e.parameter == "t_refractory").unwrap().grid.to_string(), "ticks of 1 ms");
    }
}
