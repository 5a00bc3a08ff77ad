//! A recorded network of Loihi neurons as a network for a chip of the same rules.

use super::{CaseNetwork, Names, check_name, events, values};
use crate::case::Case;
use crate::error::ConformError;
use crate::loihi::{Group, Network as Recorded, Sender, Wire};
use crate::read::CONVENTIONS;
use chip::{ChipSpec, CoreModel, InputEvent, Values, WeightSigns};
use device_models::loihi::{BiasRule, LoihiRules, ParameterRule, SignMode, limits};
use fx::Weight;
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::{BTreeMap, BTreeSet};

/// Bits by which the chip shifts what arrives, and thresholds: a weight of 1 in a network adds 64.
const CHIP_SHIFT: u8 = 6;

/// Whether a value of a parameter changes nothing, so that a chip need not have it.
type Inert = fn(i32) -> bool;

/// What a case is turned into a network with.
struct Reader<'a> {
    case: &'a Case,
    chip: &'a ChipSpec,
    names: &'a Names,
    /// Of the recording, and of the chip.
    own: LoihiRules,
    of_chip: LoihiRules,
}

/// The network of a recording of so many steps.
pub(super) fn network(
    case: &Case,
    (recorded, steps): (&Recorded, usize),
    chip: &ChipSpec,
    (names, notes): (&Names, Vec<String>),
) -> Result<CaseNetwork, ConformError> {
    let (own, of_chip) = rules(case, recorded, chip, names)?;
    let reader = Reader { case, chip, names, own, of_chip };
    let (mut inputs, mut sent): (Vec<InputGroup>, Vec<InputEvent>) = (Vec::new(), Vec::new());
    let mut first = 0;
    for (index, input) in recorded.inputs.iter().enumerate() {
        check_name(case, format!("inputs[{index}].name"), &input.name)?;
        inputs.push(InputGroup::of_host(&input.name, input.channels as u32));
        // Whatever is heard of a payload is that it is not 0: see `check_payloads`.
        sent.extend(events(&input.rows, input.channels, first, chip.step_ticks(), |_| 1));
        first += input.channels as u32;
    }
    sent.sort_unstable();
    let mut populations = Vec::new();
    for (index, group) in recorded.groups.iter().enumerate() {
        check_name(case, names.of_group(index, "name"), &group.name)?;
        let (name, size) = (group.name.clone(), group.neurons as u32);
        let parameters = reader.parameters(index, group)?;
        populations.push(Population { name, size, model: CoreModel::Loihi, parameters });
    }
    let mut projections: Vec<Projection> = Vec::new();
    let mut rounded = vec![BTreeSet::new(); populations.len()];
    for (index, wire) in recorded.wires.iter().enumerate() {
        check_name(case, names.of_wire(index, "name"), &wire.name)?;
        if projections.iter().any(|other| other.name == wire.name) {
            let reason = format!("two connections are called `{}`, and projections have names of their own", wire.name);
            return Err(case.not_held(names.of_wire(index, "name"), reason));
        }
        projections.push(reader.projection(index, wire, recorded)?);
        reader.check_rounding(index, wire, &mut rounded[wire.to])?;
    }
    Ok(CaseNetwork { network: Network { clock: None, populations, inputs, projections }, steps, events: sent, notes })
}

/// The rules of a recording and of the chip, which must be the same in all that a step does.
fn rules(
    case: &Case,
    recorded: &Recorded,
    chip: &ChipSpec,
    names: &Names,
) -> Result<(LoihiRules, LoihiRules), ConformError> {
    let own = LoihiRules::from_spec(&recorded.rules).expect("a recording names rules that exist");
    let profile = &recorded.rules.profile;
    let of_chip = chip.rules.as_ref().filter(|_| chip.models.contains(&CoreModel::Loihi));
    let of_chip = of_chip.and_then(|rules| Some((&rules.profile, LoihiRules::from_spec(rules).ok()?)));
    let Some((of_profile, of_chip)) = of_chip else {
        let reason = format!("it is of neurons by the rules `{profile}`, and chip `{}` has none", chip.name);
        return Err(case.not_held("format", reason));
    };
    let mut asked = LoihiRules { parameters: of_chip.parameters, ..own };
    // Periods of one step are none.
    let group = recorded
        .groups
        .iter()
        .position(|group| group.parameters.get("refractory").is_some_and(|r| r.iter().any(|r| *r > 1)));
    if group.is_none() {
        asked.refractory = of_chip.refractory;
    }
    if asked == of_chip {
        return Ok((own, of_chip));
    }
    let fields = case.fields();
    let departs = |name: &&&str| {
        let mut rules = of_chip;
        fields.text(name).is_ok_and(|word| rules.choose(name, word).is_ok() && rules != of_chip)
    };
    if profile == of_profile
        && let Some(name) = CONVENTIONS.iter().find(departs)
    {
        let reason = format!(
            "the rules of chip `{}` are others: state `{name}` in the table `[rules]` of a chip file",
            chip.name
        );
        return Err(case.not_held(fields.path(name), reason));
    }
    match group {
        Some(group) if (LoihiRules { refractory: of_chip.refractory, ..asked }) == of_chip => {
            let reason = format!("by the rules of chip `{}` neurons have no refractory period", chip.name);
            Err(case.not_held(names.of_group(group, "refractory"), reason))
        }
        _ => {
            let reason = format!("it follows the rules `{profile}`, and those of chip `{}` are others", chip.name);
            Err(case.not_held("format", reason))
        }
    }
}

impl Reader<'_> {
    /// What the chip calls the parameters of a group.
    fn parameters(&self, index: usize, group: &Group) -> Result<BTreeMap<String, Values>, ConformError> {
        let refuse = |name: &str, reason: String| Err(self.case.not_held(self.names.of_group(index, name), reason));
        let mut parameters = BTreeMap::new();
        let chip_form = self.of_chip.parameters == ParameterRule::Chip;
        for (&name, all) in &group.parameters {
            // The name that the chip has for it, its values there, and a value that changes nothing.
            let (name_there, there, inert): (&str, Vec<i32>, Option<Inert>) = match name {
                "v_threshold" if chip_form => match self.thresholds(all) {
                    Ok(mantissas) => (name, mantissas, None),
                    Err(value) => {
                        return refuse(
                            name,
                            format!("a threshold of the chip is 64 times a whole number, not {value}"),
                        );
                    }
                },
                "bias_mantissa" if chip_form => {
                    let zero = vec![0; all.len()];
                    let exponents = group.parameters.get("bias_exponent").unwrap_or(&zero);
                    match self.biases(all, exponents) {
                        Ok((mantissas, exponents)) => {
                            if self.chip.parameters.contains_key("bias_exponent") {
                                parameters.insert("bias_exponent".to_owned(), values(&exponents));
                            }
                            (name, mantissas, Some(|value| value == 0))
                        }
                        Err(value) => return refuse(name, format!("the chip cannot hold a bias of {value}")),
                    }
                }
                // With its mantissa.
                "bias_exponent" if chip_form => continue,
                "v_min" if chip_form => match exponent(all, limits::voltage_floor, 31) {
                    Ok(exponents) => ("v_min_exponent", exponents, None),
                    Err(value) => return refuse(name, format!("the chip has 1 - 2^e, e from 0 to 31, not {value}")),
                },
                "v_max" if chip_form => match exponent(all, limits::voltage_ceiling, 7) {
                    Ok(exponents) => ("v_max_exponent", exponents, None),
                    Err(value) => {
                        return refuse(name, format!("the chip has 2^(9 + 2e) - 1, e from 0 to 7, not {value}"));
                    }
                },
                // No step and one are the same period, and the chip has no 0.
                "refractory" => (name, all.iter().map(|period| (*period).max(1)).collect(), Some(|period| period <= 1)),
                "noise" => (name, all.clone(), Some(|on| on == 0)),
                "noise_exponent" | "noise_offset" | "noise_at_membrane" => (name, all.clone(), Some(|_| true)),
                "u_initial" | "v_initial" => (name, all.clone(), Some(|value| value == 0)),
                _ => (name, all.clone(), None),
            };
            if name == "v_threshold_low" && !self.chip.parameters.contains_key(name) {
                return refuse(name, "its spikes have a sign, and those of the chip's neurons have none".to_owned());
            }
            if name == "noise" && all.contains(&1) {
                return refuse(
                    name,
                    "the draws of a recording are no noise of a die: a network runs without".to_owned(),
                );
            }
            if self.chip.parameters.contains_key(name_there) {
                parameters.insert(name_there.to_owned(), values(&there));
            } else if !inert.is_some_and(|inert| there.iter().all(|value| inert(*value))) {
                return refuse(name, format!("chip `{}` has no parameter `{name_there}`", self.chip.name));
            }
        }
        Ok(parameters)
    }

    /// Thresholds as mantissas, or the first that is none.
    fn thresholds(&self, all: &[i32]) -> Result<Vec<i32>, i32> {
        let shift = CHIP_SHIFT - self.own.threshold_shift.min(CHIP_SHIFT);
        let whole = |value: &i32| if value % (1 << shift) == 0 { Ok(value >> shift) } else { Err(*value) };
        all.iter().map(whole).collect()
    }

    /// Mantissas and exponents of biases within the ranges of the chip, as they stand or with the least exponent that
    /// gives the same number; or the first that has none.
    fn biases(&self, mantissas: &[i32], exponents: &[i32]) -> Result<(Vec<i32>, Vec<i32>), i64> {
        let (m, e) = (self.range("bias_mantissa"), self.range("bias_exponent"));
        let one = |(&mantissa, &exponent): (&i32, &i32)| {
            let bias = match self.own.bias {
                BiasRule::Scaled => i64::from(mantissa),
                BiasRule::MantissaExponent if exponent < 0 => i64::from(mantissa) >> -exponent.max(-31),
                BiasRule::MantissaExponent => {
                    if m.contains(&i64::from(mantissa)) && e.contains(&i64::from(exponent)) {
                        return Ok((mantissa, exponent));
                    }
                    i64::from(mantissa) << exponent.min(31)
                }
            };
            let fits = |exponent: &i64| bias % (1 << exponent) == 0 && m.contains(&(bias >> exponent));
            let exponent = (*e.start()..=*e.end()).filter(|exponent| (0..=31).contains(exponent)).find(fits);
            exponent.map(|exponent| ((bias >> exponent) as i32, exponent as i32)).ok_or(bias)
        };
        mantissas.iter().zip(exponents).map(one).collect()
    }

    /// What a parameter of the chip can be.
    fn range(&self, name: &str) -> std::ops::RangeInclusive<i64> {
        let range = self.chip.parameters.get(name).and_then(|parameter| parameter.range.as_ref());
        let end = |fact: &chip::Fact| fact.quantity.value.to_bits(0).ok();
        range.and_then(|(low, high)| Some(end(low)?..=end(high)?)).unwrap_or(i32::MIN.into()..=i32::MAX.into())
    }

    fn projection(&self, index: usize, wire: &Wire, recorded: &Recorded) -> Result<Projection, ConformError> {
        let field = |name: &str| self.names.of_wire(index, name);
        self.check_payloads(wire, recorded).map_err(|reason| self.case.not_held(field("num_message_bits"), reason))?;
        let (pre, senders) = match wire.from {
            Sender::Input(input) => (Endpoint::Input(input), recorded.inputs[input].channels),
            Sender::Group(group) => (Endpoint::Population(group), recorded.groups[group].neurons),
        };
        // What is added for a weight of 1, in bits of the weights of a network.
        let shift = i32::from(Weight::FRACTION_BITS as u8) + wire.exponent
            - i32::from(CHIP_SHIFT - self.own.accumulator_shift.min(CHIP_SHIFT));
        let scale = super::scale(wire.synapses.iter().map(|synapse| (synapse.weight, shift)));
        let mut list = Vec::with_capacity(wire.synapses.len());
        for synapse in &wire.synapses {
            let Some(bits) = super::bits(synapse.weight, shift - i32::from(scale)) else {
                let reason = format!(
                    "it makes {} times 2^{} of a weight, and weights of a network are below 2^21, with 31 bits together",
                    synapse.weight,
                    shift - Weight::FRACTION_BITS as i32
                );
                return Err(self.case.not_held(field(self.names.weight), reason));
            };
            let delay = u16::try_from(synapse.delay + 1).expect("delays were checked");
            list.push((synapse.pre, synapse.post, Weight::from_bits(bits), delay));
        }
        let delays: BTreeSet<u16> = list.iter().map(|synapse| synapse.3).collect();
        let delay_ticks = delays.first().copied().unwrap_or(1);
        let connections = if delays.len() > 1 {
            Connections::from_delayed_list(senders as u32, list)
        } else {
            Connections::from_list(senders as u32, list.into_iter().map(|(pre, post, w, _)| (pre, post, w)).collect())
        };
        let kind = self.chip.default_synapse(CoreModel::Loihi, false);
        let Some(kind) = kind.map(|kind| self.chip.synapses[kind].name.clone()) else {
            return Err(self.case.not_held(field("post"), format!("chip `{}` has no synapse for it", self.chip.name)));
        };
        Ok(Projection {
            name: wire.name.clone(),
            pre,
            post: wire.to,
            synapse: SynapseChoice { excitatory: kind.clone(), inhibitory: kind },
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks,
            weight_format: WeightFormat { scale, ..wire.format.map_or_else(WeightFormat::default, stored) },
        })
    }

    /// Refuses sums that the simulator rounds otherwise than the chip: each connection and delay by itself, where the
    /// chip rounds down the sum of all that arrives in a step. `rounded` are those of a population that have weights
    /// which are no whole numbers; of one alone the two sums are the same.
    fn check_rounding(
        &self,
        index: usize,
        wire: &Wire,
        rounded: &mut BTreeSet<(usize, u32)>,
    ) -> Result<(), ConformError> {
        let step = 1i64 << wire.exponent.min(0).unsigned_abs().min(40);
        let fractional = wire.synapses.iter().filter(|synapse| i64::from(synapse.weight) % step != 0);
        rounded.extend(fractional.map(|synapse| (index, synapse.delay)));
        if rounded.len() < 2 {
            return Ok(());
        }
        let reason = format!(
            "the simulator rounds the sums of {} connections and delays onto one population each by itself, the chip once",
            rounded.len()
        );
        Err(self.case.not_held(self.names.of_wire(index, "weight_exp"), reason))
    }

    /// A connection that multiplies payloads is one that counts them only where they are all 0 or 1.
    fn check_payloads(&self, wire: &Wire, recorded: &Recorded) -> Result<(), String> {
        let Sender::Input(input) = wire.from else {
            return Ok(());
        };
        match recorded.inputs[input].rows.iter().find(|payload| !(0..=1).contains(*payload)) {
            Some(payload) if wire.graded => {
                Err(format!("a synapse of the chip does not multiply its weight by a payload, such as {payload}"))
            }
            _ => Ok(()),
        }
    }
}

/// The exponents of voltage limits, or the first limit that has none.
fn exponent(all: &[i32], limit: fn(u8) -> Option<i32>, most: u8) -> Result<Vec<i32>, i32> {
    let one = |value: &i32| (0..=most).find(|e| limit(*e) == Some(*value)).map(i32::from).ok_or(*value);
    all.iter().map(one).collect()
}

/// The format of weights in the words of a network.
fn stored(format: device_models::loihi::WeightFormat) -> WeightFormat {
    WeightFormat {
        signs: Some(match format.sign {
            SignMode::Mixed => WeightSigns::Mixed,
            SignMode::Excitatory => WeightSigns::Excitatory,
            SignMode::Inhibitory => WeightSigns::Inhibitory,
        }),
        bits: Some(format.bits),
        exponent: Some(format.exponent),
        ..WeightFormat::default()
    }
}
