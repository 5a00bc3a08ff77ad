//! One factor a population: how it changes the wish.

use chip::{ChipSpec, CoreModel, Values};
use fx::Weight;
use mapper::{MapperOptions, Scale};
use network::{Network, WeightFormat};
use std::fmt;
use units::{Decimal, Quantity};

/// How much stronger what a population hears is made, relative to its threshold: a number of 64ths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor(pub u16);

impl Factor {
    /// Nothing is changed.
    pub const ONE: Self = Self(64);
    /// The smallest that is tried: an eighth.
    pub const MIN: Self = Self(8);
    /// The largest that is tried: eight.
    pub const MAX: Self = Self(512);

    /// As a number, exactly.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 64.0
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.value())
    }
}

/// The register that is lowered in neurons of `model` to have them hear more; none: weights onto them are raised. So it
/// is too where the mapper brings both to whole numbers, because registers are real numbers until then.
pub fn lowered(model: CoreModel, options: &MapperOptions) -> Option<&'static str> {
    let free = |register: &&str| options.scale == Scale::Auto && model.scales_with_weights(register);
    model.facts().threshold_register.filter(|register| !free(register))
}

/// `network` with population number `population` hearing `factor` times as much, relative to its threshold: its
/// register of [`lowered`] divided by the factor, or else the weights onto it multiplied. Constant drives
/// stay as they are. None if a weight or threshold would be beyond its format, or if its weights have a stated format,
/// which is to be kept.
pub fn scaled(
    network: &Network,
    spec: &ChipSpec,
    options: &MapperOptions,
    population: usize,
    factor: Factor,
) -> Option<Network> {
    let mut network = network.clone();
    let wished = &mut network.populations[population];
    match lowered(wished.model, options) {
        Some(register) => {
            let nominal = || spec.parameters.get(register).map(|parameter| Values::Shared(parameter.nominal.quantity));
            let values = wished.parameters.get(register).cloned().or_else(nominal)?;
            let divided = |quantity: Quantity| {
                let whole = quantity.value.to_bits(0).ok()?;
                let value = (i64::from(whole) * 64 + i64::from(factor.0) / 2) / i64::from(factor.0);
                Some(Quantity { value: Decimal::integer(value.max(1)), ..quantity })
            };
            let values = match values {
                Values::Shared(quantity) => Values::Shared(divided(quantity)?),
                Values::PerNeuron(all) => Values::PerNeuron(all.into_iter().map(divided).collect::<Option<_>>()?),
            };
            wished.parameters.insert(register.into(), values);
        }
        None => {
            for projection in network.projections.iter_mut().filter(|projection| projection.post == population) {
                if projection.weight_format != WeightFormat::default() {
                    return None;
                }
                let times = |weight: Weight| {
                    let wide = i64::from(weight.to_bits()) * i64::from(factor.0);
                    // To the nearest, halves away from 0: no sign is favoured.
                    let rounded = (wide.abs() + 32) / 64 * wide.signum();
                    i32::try_from(rounded).ok().map(Weight::from_bits)
                };
                projection.connections = projection.connections.with_weights(times)?;
            }
        }
    }
    Some(network)
}
