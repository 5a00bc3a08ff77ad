//! The die that a command line asks for: its parameters, and the words for them.
//!
//! It owns the way from flags to a die, for every command that takes one. What is shown of a die is not decided here.

use crate::args::{DieChoice, DieSetting, WhichDie};
use crate::commands::die::number;
use crate::errors::HostError;
use chip::ChipSpec;
use device_models::{DeviceModelError, DieParameters, MismatchSetting};
use disorder::Die;
use serde_json::{Value, json};
use std::fmt::Display;
use units::DieId;

/// The parameters of the die that `which` names.
pub(crate) fn parameters_of(spec: &ChipSpec, which: &DieChoice) -> Result<DieParameters, HostError> {
    let drawing = if which.cv.is_some() { Some("--cv") } else { which.no_faults.then_some("--no-faults") };
    let without_faults = which.no_faults;
    let setting = MismatchSetting { scale_to_cv: which.cv, without_faults, ..MismatchSetting::default() };
    make(spec, which.seed, &which.die, drawing, setting)
}

/// The same for the flags of `quenched die`.
pub(super) fn parameters_under(spec: &ChipSpec, which: &DieSetting) -> Result<DieParameters, HostError> {
    let setting =
        which.mismatch().map_err(|message| HostError::Usage { message, help: Some("give it once".into()) })?;
    make(spec, which.seed, &which.die, which.drawing(), setting)
}

/// The die `die` of a seed under `setting`; `drawing` is a flag that no measured die can follow.
fn make(
    spec: &ChipSpec,
    seed: u64,
    die: &WhichDie,
    drawing: Option<&str>,
    setting: MismatchSetting,
) -> Result<DieParameters, HostError> {
    let device = |error: DeviceModelError| HostError::Device { chip: spec.name.clone(), error: Box::new(error) };
    match die {
        WhichDie::Number(number) => {
            DieParameters::new(spec, Die { root_seed: seed, id: DieId(*number) }, setting).map_err(device)
        }
        WhichDie::File(file) => {
            if let Some(flag) = drawing {
                return Err(HostError::Usage {
                    message: format!(
                        "{}: `{flag}` changes how a die is drawn, and this one was measured",
                        file.display()
                    ),
                    help: Some("leave it out, or give the number of a die".into()),
                });
            }
            let measured = formats::measured::load(file, spec)?;
            // Runs with noise, and the sources of networks, have an address of their own.
            DieParameters::measured(spec, Die { root_seed: seed, id: DieId(0) }, measured).map_err(device)
        }
    }
}

/// What a die is called in a program that is made for it.
pub(crate) fn name_of(which: &DieChoice) -> String {
    let number = match &which.die {
        WhichDie::Number(number) => number,
        WhichDie::File(file) => return format!("the die of {}", file.display()),
    };
    let cv = which.cv.map_or_else(String::new, |cv| format!(" at CV {cv}"));
    let faults = if which.no_faults { " without faults" } else { "" };
    format!("die {number} of seed {}{cv}{faults}", which.seed)
}

/// The CV that is asked for a parameter whose chip file says `of_file`.
pub(super) fn cv_asked(spec: &ChipSpec, which: &DieSetting, parameter: &str, of_file: f64) -> f64 {
    if let Some(own) = which.cv_of(parameter) {
        return number(own);
    }
    if !which.only.is_empty() && !which.only.iter().any(|name| name == parameter) {
        return 0.0;
    }
    match (which.cv(), spec.reference_cv()) {
        (Some(cv), Some(reference)) => of_file * (number(cv) / number(reference)),
        _ => of_file,
    }
}

/// How the mismatch of a drawn die is set.
pub(super) fn in_words(which: &DieSetting) -> String {
    let mut words = match which.cv() {
        Some(cv) => format!("mismatch scaled to CV {cv}"),
        None => "mismatch as in the chip file".into(),
    };
    if let Some(centre) = which.realised {
        words += &format!(" with realised {centre} 1");
    }
    if !which.only.is_empty() {
        words += &format!(", only {}", which.only.join(", "));
    }
    let of = |name: &Option<String>| name.as_ref().map_or_else(String::new, |name| format!("{name} "));
    for cv in which.cvs.iter().filter(|cv| cv.name.is_some()) {
        words += &format!(", {}at CV {}", of(&cv.name), cv.value);
    }
    for family in &which.families {
        words += &format!(", {}{}", of(&family.name), family.value);
    }
    for (name, number) in &which.deviates_from {
        words += &format!(", {name} of die {number}");
    }
    words
}

/// The same as JSON: what is given by name, and for all others.
pub(super) fn as_json(which: &DieSetting) -> Value {
    let named = |name: &Option<String>, value: &dyn Display| Some((name.clone()?, json!(value.to_string())));
    let cvs: serde_json::Map<String, Value> = which.cvs.iter().filter_map(|cv| named(&cv.name, &cv.value)).collect();
    let families: serde_json::Map<String, Value> =
        which.families.iter().filter_map(|family| named(&family.name, &family.value)).collect();
    let family = which.families.iter().find(|family| family.name.is_none()).map(|family| family.value.name());
    let sources: serde_json::Map<String, Value> =
        which.deviates_from.iter().map(|(name, number)| (name.clone(), json!(number))).collect();
    json!({
        "cvs": cvs,
        "only": (!which.only.is_empty()).then_some(&which.only),
        "family": family,
        "families": families,
        "realised": which.realised.map(|centre| centre.name()),
        "deviates_from": sources,
    })
}
