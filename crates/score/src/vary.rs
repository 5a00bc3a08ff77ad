//! Chips of which only some parameters differ between circuits.

use crate::ScoreError;
use chip::{ChipSpec, Evidence, Fact, MismatchSpec, WEIGHTS};
use disorder::Family;
use units::{Decimal, Quantity};

/// Key of the source of numbers that are asked for here.
const SOURCE: &str = "asked-for";
/// What a parameter without mismatch of its own is multiplied by at least and at most, so that nothing changes its
/// sign.
const TRUNCATION: (Decimal, Decimal) = (Decimal::new(1, -2), Decimal::integer(3));

/// `spec` with mismatch of the parameters `names` only, or of [`WEIGHTS`]: of CV `cv`, or else of that of the chip
/// file. The others have none. A parameter that has no mismatch in the chip file gets a log-normal one, weights a
/// normal one, kept between 0.01 and 3.
///
/// # Errors
/// The chip has no such parameter, or no mismatch of it where no CV is given.
pub fn vary(spec: &ChipSpec, names: &[String], cv: Option<Decimal>) -> Result<ChipSpec, ScoreError> {
    let mut known: Vec<String> = spec.parameters.keys().cloned().collect();
    known.push(WEIGHTS.to_owned());
    let mut spec = spec.clone();
    for name in names {
        if !known.contains(name) {
            return Err(ScoreError::UnknownParameter { name: name.clone(), chip: spec.name, known });
        }
        if cv.is_none() && spec.mismatch_of(name).is_none() {
            return Err(ScoreError::NoMismatch { name: name.clone(), chip: spec.name });
        }
    }
    let fact = |value| Fact { quantity: Quantity::number(value), source: SOURCE.into(), evidence: Evidence::Assumed };
    let alone = |mismatch: Option<MismatchSpec>, name: &str, family: Family| {
        let varies = names.iter().any(|wanted| wanted == name);
        match (mismatch, varies, cv) {
            // With a CV of 0 the shares and draws of the others stay as they are.
            (Some(mismatch), false, _) => Some(MismatchSpec { cv: fact(Decimal::ZERO), ..mismatch }),
            (Some(mismatch), true, Some(cv)) => Some(MismatchSpec { cv: fact(cv), ..mismatch }),
            (None, true, Some(cv)) => Some(MismatchSpec {
                family,
                cv: fact(cv),
                truncation: Some((fact(TRUNCATION.0), fact(TRUNCATION.1))),
                shares: None,
                correlation: None,
            }),
            (mismatch, ..) => mismatch,
        }
    };
    for (name, parameter) in &mut spec.parameters {
        parameter.mismatch = alone(parameter.mismatch.take(), name, Family::LogNormal);
    }
    // A parameter of that name would be meant, and not the weights.
    if !spec.parameters.contains_key(WEIGHTS) {
        spec.weight_mismatch = alone(spec.weight_mismatch.take(), WEIGHTS, Family::Normal);
    }
    spec.sources.insert(SOURCE.into(), "Asked for on the command line".into());
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cvs(spec: &ChipSpec) -> Vec<(String, String)> {
        let of =
            |name: &str| spec.mismatch_of(name).map(|found| (name.to_owned(), found.cv.quantity.value.to_string()));
        let names = spec.parameters.keys().map(String::as_str).chain([WEIGHTS]);
        names.filter_map(of).filter(|(_, cv)| cv != "0").collect()
    }

    #[test]
    fn only_what_is_named_differs() {
        let spec = formats::chip::shipped("dynapse2").unwrap();
        assert!(cvs(&spec).len() > 1);
        let name = cvs(&spec)[0].0.clone();
        let own = vary(&spec, std::slice::from_ref(&name), None).unwrap();
        assert_eq!(cvs(&own), cvs(&spec)[..1]);
        let scaled = vary(&spec, std::slice::from_ref(&name), Some("0.5".parse().unwrap())).unwrap();
        assert_eq!(cvs(&scaled), [(name, "0.5".to_owned())]);
    }

    #[test]
    fn a_chip_without_mismatch_can_be_given_some() {
        let spec = formats::chip::shipped("loihi-lava").unwrap();
        assert!(cvs(&spec).is_empty());
        let names = ["v_threshold".to_owned(), WEIGHTS.to_owned()];
        let varied = vary(&spec, &names, Some("0.1".parse().unwrap())).unwrap();
        assert_eq!(cvs(&varied), names.map(|name| (name, "0.1".to_owned())));
    }

    #[test]
    fn what_cannot_differ_is_refused() {
        let spec = formats::chip::shipped("ideal").unwrap();
        let refused = |name: &str| vary(&spec, &[name.to_owned()], None).unwrap_err().to_string();
        assert_eq!(refused("colour"), "chip `ideal` has no parameter `colour`");
        assert!(refused("v_threshold").contains("has no mismatch of `v_threshold`"), "{}", refused("v_threshold"));
    }
}
