//! Golden cases as networks: what a recording describes, in the words of a network for a chip.
//!
//! A replay makes a program of its own, on a chip without limits. Here the same description becomes a
//! [`network::Network`], which the mapper puts onto a chip of the same rules as it does with any other, and the input
//! of the recording becomes a list of events. Weights, parameters and delays are taken exactly, or the case is refused
//! by the name of the field that a network, or that chip, has no word for ([`ConformError::NotHeld`]). Whether the
//! network fits the chip is the business of the mapper.

mod loihi;
mod xylo;

use crate::case::Case;
use crate::error::ConformError;
use crate::find::find;
use crate::{brian, lava, nengo};
use chip::{ChipSpec, InputEvent};
use network::Network;
use std::path::{Path, PathBuf};

/// A case as a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNetwork {
    /// Its populations carry the names that they have in the traces of a comparison.
    pub network: Network,
    /// Steps that were recorded.
    pub steps: usize,
    /// Its input, in ticks of the chip.
    pub events: Vec<InputEvent>,
    /// What a reader should know although nothing of it is lost, such as weights that the simulator clips.
    pub notes: Vec<String>,
}

/// What the fields of a format are called, where a refusal names one. `[]` stands for the index of a group or wire.
pub(crate) struct Names {
    /// The object of a group.
    pub(crate) groups: &'static str,
    /// The object of a wire.
    pub(crate) wires: &'static str,
    /// The field of a wire that makes its weights too large or too fine.
    pub(crate) weight: &'static str,
    /// Parameters of the core model, and their fields in the object of a group.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
}

impl Names {
    /// The path of what `parameter` of a group is called.
    fn of_group(&self, group: usize, parameter: &str) -> String {
        let field = self.parameters.iter().find(|(name, _)| *name == parameter).map_or(parameter, |(_, field)| field);
        path(self.groups, group, field)
    }

    /// The path of a field of a wire.
    fn of_wire(&self, wire: usize, field: &str) -> String {
        path(self.wires, wire, field)
    }
}

fn path(object: &str, index: usize, field: &str) -> String {
    match object {
        "" => field.to_owned(),
        object => format!("{}.{field}", object.replace("[]", &format!("[{index}]"))),
    }
}

/// Formats that are read as networks.
pub const NETWORK_FORMATS: [&str; 4] =
    ["neuro-golden/1", "nengo-loihi-golden/1", "brian2loihi-golden/1", "xylo-golden-1"];

/// The description that `path` stands for, if it is a golden case: a `.json` file, the `.npz` file beside one, or a
/// folder with a single one. Other files, which may be networks of another form, are none.
///
/// # Errors
/// A folder that cannot be read, or holds no case or several.
pub fn case_at(path: &Path) -> Result<Option<PathBuf>, ConformError> {
    if path.is_dir() {
        let mut found = find(path)?;
        return match (found.pop(), found.len()) {
            (None, _) => {
                Err(ConformError::NoCase { path: path.display().to_string(), formats: NETWORK_FORMATS.join(", ") })
            }
            (Some(one), 0) => Ok(Some(one.path)),
            (Some(last), others) => {
                let first = found.first().unwrap_or(&last).path.display().to_string();
                Err(ConformError::SeveralCases { path: path.display().to_string(), count: others + 1, first })
            }
        };
    }
    let is = |extension: &str| path.extension().is_some_and(|e| e == extension);
    let description = path.with_extension("json");
    Ok((is("json") || is("npz") && description.is_file()).then_some(description))
}

/// The shipped chip whose rules a case follows.
///
/// # Errors
/// The case is of a format that is not read as a network, or its description is damaged.
pub fn chip_of(case: &Case) -> Result<&'static str, ConformError> {
    Ok(match case.format {
        "neuro-golden/1" => "loihi-lava",
        "nengo-loihi-golden/1" => "loihi-nengo",
        "brian2loihi-golden/1" => "loihi-brian2",
        "xylo-golden-1" => xylo::chip_of(case)?,
        _ => return Err(no_network(case)),
    })
}

/// The network of a case, for `chip`, and its input.
///
/// # Errors
/// [`ConformError`] if the case is damaged, of a format that is not read as a network, follows other rules than those
/// of the chip, or has something that a network cannot say.
pub fn as_network(case: &Case, chip: &ChipSpec) -> Result<CaseNetwork, ConformError> {
    case.check_fields()?;
    let mut notes = Vec::new();
    match case.format {
        "neuro-golden/1" => {
            let (network, steps) = lava::read(case, &case.arrays()?, &mut notes)?;
            loihi::network(case, (&network, steps), chip, (&lava::NAMES, notes))
        }
        "nengo-loihi-golden/1" => {
            let (network, steps, _) = nengo::read(case, &case.arrays()?)?;
            loihi::network(case, (&network, steps), chip, (&nengo::NAMES, notes))
        }
        "brian2loihi-golden/1" => {
            let (network, steps) = brian::read(case, &case.arrays()?, &mut Vec::new())?;
            loihi::network(case, (&network, steps), chip, (&brian::NAMES, notes))
        }
        "xylo-golden-1" => xylo::network(case, chip),
        _ => Err(no_network(case)),
    }
}

fn no_network(case: &Case) -> ConformError {
    let help = if case.format.starts_with("nir-") { "; give its .nir file" } else { "" };
    case.not_held(
        "format",
        format!(
            "cases of `{}` are not read as networks, only those of {}{help}",
            case.format,
            NETWORK_FORMATS.join(", ")
        ),
    )
}

/// The events of an input: one for each value that is not 0, with the payload that `payload` makes of it.
fn events(
    rows: &[i32],
    channels: usize,
    first: u32,
    step_ticks: u64,
    payload: impl Fn(i32) -> i32,
) -> impl Iterator<Item = InputEvent> {
    let sent = rows.iter().enumerate().filter(|(_, value)| **value != 0);
    sent.map(move |(at, &value)| InputEvent {
        tick: units::Tick((at / channels) as u64 * step_ticks),
        channel: units::InputId(first + (at % channels) as u32),
        payload: payload(value),
    })
}

/// `weight` times 2^`shift`, in bits of the weights of a network, if it is one of them.
fn bits(weight: i32, shift: i32) -> Option<i32> {
    let weight = i64::from(weight);
    match shift {
        0..=31 => i32::try_from(weight << shift).ok(),
        -31..0 if weight % (1 << -shift) == 0 => i32::try_from(weight >> -shift).ok(),
        _ => None,
    }
}

/// The smallest scale ([`network::WeightFormat::scale`]) with which weights, each with the shift that makes bits of it,
/// fit; the largest if none does.
fn scale(weights: impl Iterator<Item = (i32, i32)> + Clone) -> u8 {
    let fits = |scale: &u8| weights.clone().all(|(weight, shift)| bits(weight, shift - i32::from(*scale)).is_some());
    (0..network::WeightFormat::SCALE_MAX).find(fits).unwrap_or(network::WeightFormat::SCALE_MAX)
}

/// One value for all neurons where they agree, else one for each.
fn values(all: &[i32]) -> chip::Values {
    let quantity = |value: &i32| units::Quantity::number(units::Decimal::integer((*value).into()));
    match all {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => chip::Values::Shared(quantity(first)),
        _ => chip::Values::PerNeuron(all.iter().map(quantity).collect()),
    }
}

/// Refuses a name that cannot be shown.
fn check_name(case: &Case, field: String, name: &str) -> Result<(), ConformError> {
    if name.is_empty() {
        return Err(case.not_held(field, "a network has no empty names"));
    }
    match chip::hidden_character(name) {
        None => Ok(()),
        Some(hidden) => Err(case.not_held(field, formats::names::refusal(hidden))),
    }
}
