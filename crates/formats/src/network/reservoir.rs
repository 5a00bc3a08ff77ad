//! Reservoirs as network files: the way from the settings of a generator to a few lines that draw the same network.
//!
//! Owns the text alone. What it draws is the business of the generator, which the reader of the file calls with the
//! same settings; a test holds the two to each other, bit for bit. It deliberately writes no list of connections.

use chip::{ChipSpec, CoreModel, Values};
use fx::Weight;
use network::{Inhibition, Recurrence, ReservoirSpec, Signs, SynapseChoice, Weights};
use std::fmt::Write;
use units::{Decimal, Quantity};

/// Most digits behind the point of a number that is written.
const DIGITS_MAX: i16 = 16;

/// The network file that gives the network of `spec` and `seed` with neurons of `model`, on `chip`; `mapping` are the
/// options of its table `[mapping]`, by key and value. None if its weights are of a family that a file would have to
/// state by its coefficient of variation, which is not kept.
pub fn write_reservoir(
    spec: &ReservoirSpec,
    model: CoreModel,
    seed: u64,
    chip: &ChipSpec,
    mapping: &[(&str, &str)],
) -> Option<String> {
    let level = chip.level(model);
    let mut text = format!("format = \"quenched-network\"\nversion = 1\nseed = {seed}\n");
    if !mapping.is_empty() {
        text.push_str("\n[mapping]\n");
        for (key, value) in mapping {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
    }
    let _ = write!(text, "\n[[input]]\nname = \"input\"\nchannels = {}\n", spec.channels);
    let _ = write!(
        text,
        "\n[[population]]\nname = \"reservoir\"\nsize = {}\nmodel = {}\n",
        spec.neurons,
        quoted(model.name())
    );
    if !spec.parameters.is_empty() {
        text.push_str("\n[population.parameters]\n");
        for (name, values) in &spec.parameters {
            let value = match values {
                Values::Shared(quantity) => quantity_of(*quantity),
                Values::PerNeuron(all) => {
                    let all: Vec<String> = all.iter().copied().map(quantity_of).collect();
                    format!("[{}]", all.join(", "))
                }
            };
            let _ = writeln!(text, "{name} = {value}");
        }
    }
    let mut projection = |name: &str, pre: &str, fan_in, weights: &Weights, signs, synapse: &SynapseChoice| {
        let SynapseChoice { excitatory, inhibitory } = synapse;
        let _ = write!(
            text,
            "\n[[projection]]\nname = \"{name}\"\npre = \"{pre}\"\npost = \"reservoir\"\n\
             connect = {{ fixed-fan-in = {fan_in} }}\nweight = {}\n{}\
             synapse = {{ excitatory = {}, inhibitory = {} }}\n",
            law(weights, level)?,
            signs_of(signs),
            quoted(excitatory),
            quoted(inhibitory)
        );
        if spec.delay_ticks != 1 {
            let _ = writeln!(text, "delay = {}", spec.delay_ticks);
        }
        Some(())
    };
    projection("input", "input", spec.input_fan_in, &spec.input_weights, spec.input_signs, &spec.input_synapse)?;
    let signs = Signs::PerSender(spec.inhibition);
    let (fan_in, weights) = (spec.recurrent_fan_in, &spec.recurrent_weights);
    projection("recurrent", "reservoir", fan_in, weights, signs, &spec.recurrent_synapse)?;
    match spec.recurrence {
        Recurrence::Full => {}
        Recurrence::Pruned { kept_per_65536 } => {
            let _ = writeln!(text, "keep = {}", fraction(kept_per_65536));
        }
        Recurrence::Removed => text.push_str("removed = true\n"),
    }
    Some(text)
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// A quantity as a file has it, where pure numbers have a unit too.
fn quantity_of(Quantity { value, unit }: Quantity) -> String {
    quoted(&format!("{value} {unit}"))
}

/// The key `inhibitory`, with its line break; nothing where signs are those of the weights.
fn signs_of(signs: Signs) -> String {
    let (Inhibition { per_65536, strength }, per) = match signs {
        Signs::AsDrawn => return String::new(),
        Signs::PerSender(inhibition) => (inhibition, "sender"),
        Signs::PerConnection(inhibition) => (inhibition, "connection"),
    };
    let strength = if strength == Weight::ONE { String::new() } else { format!(", strength = {}", number(strength)) };
    format!("inhibitory = {{ fraction = {}, per = \"{per}\"{strength} }}\n", fraction(per_65536))
}

/// A law of weights of which `level` counts as 1.
fn law(weights: &Weights, level: Quantity) -> Option<String> {
    let quantity = |bits: i64| {
        let weight = Weight::from_bits(i32::try_from(bits).ok()?);
        let reads = |value| Weight::from_quotient(Quantity::new(value, level.unit), level) == Ok(weight);
        let value = shortest(i128::from(bits) * i128::from(level.value.mantissa()), Weight::FRACTION_BITS, |value| {
            reads(value.scaled(level.value.exponent()))
        })?;
        Some(quantity_of(Quantity::new(value.scaled(level.value.exponent()), level.unit)))
    };
    let bits = |weight: &Weight| i64::from(weight.to_bits());
    Some(match weights {
        Weights::Constant(weight) => quantity(bits(weight))?,
        Weights::Uniform { mean, spread } => {
            let (mean, spread) = (bits(mean), bits(spread).abs());
            format!("{{ low = {}, high = {} }}", quantity(mean - spread)?, quantity(mean + spread)?)
        }
        Weights::Normal { mean, spread } => {
            format!("{{ mean = {}, deviation = {} }}", quantity(bits(mean))?, quantity(bits(spread).abs())?)
        }
        Weights::Family { .. } => return None,
    })
}

/// A share in units of 1/65536.
fn fraction(per_65536: u32) -> String {
    let value = shortest(per_65536.into(), 16, |value| value.to_bits(16) == Ok(per_65536.into()));
    value.expect("16 digits are all of it").to_string()
}

/// A weight as a number.
fn number(weight: Weight) -> String {
    let reads = |value| Weight::from_decimal(value) == Ok(weight);
    shortest(weight.to_bits().into(), Weight::FRACTION_BITS, reads).expect("few digits tell weights apart").to_string()
}

/// The decimal of the fewest digits behind the point near `numerator` / 2^`fraction_bits` that `reads` back; none if
/// none does.
fn shortest(numerator: i128, fraction_bits: u32, reads: impl Fn(Decimal) -> bool) -> Option<Decimal> {
    (0..=DIGITS_MAX).find_map(|digits| {
        let scaled = numerator.checked_mul(10i128.pow(digits.unsigned_abs().into()))?;
        let rounded = (scaled + (1 << (fraction_bits - 1))) >> fraction_bits;
        let value = Decimal::new(i64::try_from(rounded).ok()?, -digits);
        reads(value).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::reservoir;
    use std::collections::BTreeMap;

    fn spec(chip: &ChipSpec, recurrence: Recurrence) -> ReservoirSpec {
        let weight = |text: &str| Weight::from_decimal(text.parse().unwrap()).unwrap();
        let synapse = SynapseChoice {
            excitatory: chip.synapses[0].name.clone(),
            inhibitory: chip.synapses.last().unwrap().name.clone(),
        };
        ReservoirSpec {
            neurons: 40,
            channels: 6,
            input_fan_in: 3,
            input_weights: Weights::Uniform { mean: weight("0.3"), spread: weight("0.15") },
            input_signs: Signs::PerConnection(Inhibition { per_65536: 19661, strength: Weight::ONE }),
            input_synapse: synapse.clone(),
            recurrent_fan_in: 7,
            recurrent_weights: Weights::Normal { mean: weight("0.1234567"), spread: weight("0.05") },
            inhibition: Inhibition { per_65536: 12345, strength: weight("1.7") },
            recurrent_synapse: synapse,
            recurrence,
            delay_ticks: 1,
            parameters: BTreeMap::from([("tau_mem".into(), Values::Shared("15 ms".parse().unwrap()))]),
        }
    }

    #[test]
    fn the_file_draws_the_very_network() {
        for name in ["ideal-mismatched", "dynapse2", "brainscales2"] {
            let chip = crate::chip::shipped(name).unwrap();
            let model = chip.models[0];
            let pruned = [1, 30000, 65535].map(|kept_per_65536| Recurrence::Pruned { kept_per_65536 });
            for recurrence in [Recurrence::Full, Recurrence::Removed].into_iter().chain(pruned) {
                let mut spec = spec(&chip, recurrence);
                if name == "brainscales2" {
                    spec.parameters.clear();
                    spec.delay_ticks = 125;
                }
                let mut wanted = reservoir(&spec, 9).unwrap();
                wanted.populations[0].model = model;
                let text = write_reservoir(&spec, model, 9, &chip, &[("weights_for", "all")]).unwrap();
                let mut options = Vec::new();
                let mut set = |key: &str, value: &str| {
                    options.push(format!("{key}={value}"));
                    Ok(())
                };
                let read = crate::network::read_with(
                    &text,
                    "reservoir.toml",
                    "".as_ref(),
                    &chip,
                    budget::Allowance::Usual,
                    &mut set,
                );
                assert_eq!(read.unwrap_or_else(|e| panic!("{text}\n{e}")), wanted, "{name}: {text}");
                assert_eq!(options, ["weights_for=all"]);
            }
        }
    }

    #[test]
    fn numbers_have_the_digits_that_they_need() {
        let chip = crate::chip::shipped("ideal-mismatched").unwrap();
        let text = write_reservoir(&spec(&chip, Recurrence::Full), chip.models[0], 1, &chip, &[]).unwrap();
        assert!(text.contains("fraction = 0.3, per = \"connection\" }"), "{text}");
        assert!(text.contains("strength = 1.7 }") && !text.contains("[mapping]"), "{text}");
        assert_eq!((fraction(1), fraction(32768), fraction(65536)), ("2e-5".into(), "0.5".into(), "1".into()));
    }

    #[test]
    fn what_a_file_cannot_say_is_not_written() {
        let chip = crate::chip::shipped("ideal-mismatched").unwrap();
        let family = disorder::Distribution::new(disorder::Family::LogNormal, fx::Real::ONE, None).unwrap();
        let weights = Weights::Family { mean: Weight::ONE, distribution: std::sync::Arc::new(family) };
        let spec = ReservoirSpec { recurrent_weights: weights, ..spec(&chip, Recurrence::Full) };
        assert_eq!(write_reservoir(&spec, chip.models[0], 1, &chip, &[]), None);
    }
}
