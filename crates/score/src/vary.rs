//! Chips with other mismatch than their file says: of which only some parameters differ between circuits, or single
//! numbers are replaced.

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

/// What of a parameter is replaced.
#[derive(Clone, Debug, PartialEq)]
pub enum Replacement {
    /// Its nominal value.
    Nominal(Quantity),
    /// Its mismatch; none: it has none. Without a family it keeps the one that it has, or is log-normal.
    Mismatch(Option<(Option<Family>, Decimal)>),
}

/// `spec` with other numbers of some parameters, or other mismatch of [`WEIGHTS`].
///
/// # Errors
/// The chip has no such parameter, or cannot have such a number.
pub fn replace(spec: &ChipSpec, changes: &[(String, Replacement)]) -> Result<ChipSpec, ScoreError> {
    let mut made = spec.clone();
    let fact = |quantity| Fact { quantity, source: SOURCE.into(), evidence: Evidence::Assumed };
    let mismatch = |own: Option<MismatchSpec>, asked: Option<(Option<Family>, Decimal)>, usual: Family| {
        let (family, cv) = asked?;
        let cv = fact(Quantity::number(cv));
        let family = family.or(own.as_ref().map(|own| own.family)).unwrap_or(usual);
        Some(match own {
            Some(own) => MismatchSpec { family, cv, ..own },
            None => {
                let truncation = Some((fact(Quantity::number(TRUNCATION.0)), fact(Quantity::number(TRUNCATION.1))));
                MismatchSpec { family, cv, truncation, shares: None, correlation: None }
            }
        })
    };
    for (name, change) in changes {
        match (made.parameters.get_mut(name), change) {
            (Some(parameter), Replacement::Nominal(value)) => parameter.nominal = fact(*value),
            (Some(parameter), Replacement::Mismatch(asked)) => {
                parameter.mismatch = mismatch(parameter.mismatch.take(), *asked, Family::LogNormal);
            }
            (None, Replacement::Mismatch(asked)) if name == WEIGHTS => {
                made.weight_mismatch = mismatch(made.weight_mismatch.take(), *asked, Family::Normal);
            }
            (None, _) => {
                let mut known: Vec<String> = spec.parameters.keys().cloned().collect();
                known.push(WEIGHTS.to_owned());
                return Err(ScoreError::UnknownParameter { name: name.clone(), chip: made.name, known });
            }
        }
    }
    made.sources.insert(SOURCE.into(), "Asked for by who runs this".into());
    match chip::validate(&made).first() {
        None => Ok(made),
        Some(broken) => Err(ScoreError::Chip {
            chip: made.name.clone(),
            path: broken.path.clone(),
            message: broken.message.clone(),
        }),
    }
}

/// Whether what runs on one of two chips runs in the same way on a die of the other: they differ in nothing but
/// mismatch, faults and noise, which are of the die, and in where their numbers come from.
pub fn differ_in_disorder_only(a: &ChipSpec, b: &ChipSpec) -> bool {
    let bare = |spec: &ChipSpec| {
        let mut spec = ChipSpec { weight_mismatch: None, faults: None, noise: None, ..spec.clone() };
        spec.sources.clear();
        spec.parameters.values_mut().for_each(|parameter| parameter.mismatch = None);
        spec
    };
    bare(a) == bare(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_numbers_are_replaced() {
        let spec = formats::chip::shipped("dynapse2").unwrap();
        let cv = |text: &str| Replacement::Mismatch(Some((None, text.parse().unwrap())));
        let name = cvs(&spec)[0].0.clone();
        let made =
            replace(&spec, &[(name.clone(), cv("0.5")), (WEIGHTS.to_owned(), Replacement::Mismatch(None))]).unwrap();
        assert_eq!(cvs(&made)[0], (name.clone(), "0.5".to_owned()));
        assert_eq!(made.mismatch_of(&name).unwrap().family, spec.mismatch_of(&name).unwrap().family);
        assert!(made.weight_mismatch.is_none() && differ_in_disorder_only(&made, &spec));
        let slower = Replacement::Nominal("30 ms".parse().unwrap());
        let slower = replace(&spec, &[("tau_mem".to_owned(), slower)]).unwrap();
        assert!(!differ_in_disorder_only(&slower, &spec));
        let refused = |name: &str, change| replace(&spec, &[(name.to_owned(), change)]).unwrap_err().to_string();
        assert!(refused("tau_mme", cv("0.5")).contains("no parameter `tau_mme`"));
        assert!(refused("tau_mem", cv("-1")).contains("tau_mem"), "{}", refused("tau_mem", cv("-1")));
        assert!(refused("tau_mem", Replacement::Nominal("30 mV".parse().unwrap())).contains("tau_mem"));
    }

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
