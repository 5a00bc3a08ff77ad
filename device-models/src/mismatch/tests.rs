//! Settings parameter by parameter: CVs, families, realised moments, and deviates of another die.

use crate::testing::{CORE, fact, mismatched, spec};
use crate::{DieParameters, MismatchSetting};
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{ChipSpec, WEIGHTS};
use disorder::{Centre, Die, Family};
use fx::Real;
use units::{DieId, NeuronId};

const NAMES: [&str; 7] = ["gain_step", "gain_up", "t_refractory", "tau_down", "tau_mem", "tau_up", "v_threshold"];

fn a() -> Die {
    Die { root_seed: 1, id: DieId(3) }
}

fn b() -> Die {
    Die { root_seed: 1, id: DieId(4) }
}

fn die(spec: &ChipSpec, setting: MismatchSetting) -> DieParameters {
    DieParameters::new(spec, a(), setting).unwrap()
}

fn factors(die: &DieParameters, parameter: &str) -> Vec<Real> {
    (0..300).map(|n| die.factor(parameter, CORE, NeuronId(n))).collect()
}

fn slots(die: &DieParameters) -> Vec<Real> {
    (0..50).map(|slot| die.weight_mismatch(CORE, NeuronId(1), slot)).collect()
}

/// The parameters whose factors are not those of `other`.
fn differing(die: &DieParameters, other: &DieParameters) -> Vec<&'static str> {
    NAMES.into_iter().filter(|name| factors(die, name) != factors(other, name)).collect()
}

fn with_weights() -> ChipSpec {
    let mut spec = spec();
    spec.weight_mismatch = mismatched("1 1", "0.1 1").mismatch;
    spec
}

#[test]
fn single_parameters_have_cvs_and_families_of_their_own() {
    let spec = with_weights();
    let plain = die(&spec, MismatchSetting::default());
    let cvs = [("tau_mem".to_owned(), "0.5".parse().unwrap())].into();
    let own = die(&spec, MismatchSetting { cvs, ..MismatchSetting::default() });
    assert_eq!(differing(&own, &plain), ["tau_mem"]);
    assert_eq!(own.distribution("tau_mem").unwrap().1, Real::from_ratio(1, 2));
    let to_half = MismatchSetting { scale_to_cv: Some("0.5".parse().unwrap()), ..MismatchSetting::default() };
    assert_eq!(factors(&own, "tau_mem"), factors(&die(&spec, to_half.clone()), "tau_mem"));

    let families = [("tau_up".to_owned(), Family::Gamma), (WEIGHTS.to_owned(), Family::Uniform)].into();
    let gamma = die(&spec, MismatchSetting { families, ..MismatchSetting::default() });
    assert_eq!(differing(&gamma, &plain), ["tau_up"]);
    assert_ne!(slots(&gamma), slots(&plain));

    // A CV by name stands beside the scale of the others.
    let cvs = [("tau_mem".to_owned(), "0".parse().unwrap())].into();
    let both = die(&spec, MismatchSetting { cvs, ..to_half.clone() });
    assert_eq!(differing(&both, &die(&spec, to_half)), ["tau_mem"]);
    assert!(factors(&both, "tau_mem").iter().all(|factor| *factor == Real::ONE));
}

#[test]
fn all_but_some_can_be_nominal() {
    let spec = with_weights();
    let (plain, nominal) = (die(&spec, MismatchSetting::default()), DieParameters::nominal());
    let only = |names: &[&str]| MismatchSetting {
        only: Some(names.iter().map(ToString::to_string).collect()),
        ..MismatchSetting::default()
    };
    let two = die(&spec, only(&["tau_mem", "gain_up"]));
    assert_eq!(differing(&two, &nominal), ["gain_up", "tau_mem"]);
    assert_eq!(factors(&two, "tau_mem"), factors(&plain, "tau_mem"), "the same draw");
    assert!(slots(&two).iter().all(|factor| *factor == Real::ONE));
    assert_eq!(slots(&die(&spec, only(&[WEIGHTS]))), slots(&plain));
    assert_eq!(differing(&die(&spec, only(&[])), &nominal), [""; 0]);
    // One that has a CV of its own has it.
    let cvs = [("tau_up".to_owned(), "0.3".parse().unwrap())].into();
    assert_eq!(differing(&die(&spec, MismatchSetting { cvs, ..only(&[]) }), &nominal), ["tau_up"]);
}

/// The two dies of a pick-and-freeze design, and what lies between them.
#[test]
fn a_parameter_can_have_the_deviates_of_another_die() {
    let spec = with_weights();
    let plain = die(&spec, MismatchSetting::default());
    let other = DieParameters::new(&spec, b(), MismatchSetting::default()).unwrap();
    assert_eq!(differing(&plain, &other), NAMES);
    for name in NAMES {
        let deviates_from = [(name.to_owned(), b())].into();
        let mixed = die(&spec, MismatchSetting { deviates_from, ..MismatchSetting::default() });
        assert_eq!(differing(&mixed, &plain), [name]);
        assert_eq!(factors(&mixed, name), factors(&other, name));
        assert_eq!((slots(&mixed), mixed.die()), (slots(&plain), a()));
        let later = plain.clone().with_deviates_from(&spec, name, b()).unwrap();
        assert_eq!(differing(&later, &mixed), [""; 0]);
    }
    let mixed = plain.clone().with_deviates_from(&spec, WEIGHTS, b()).unwrap();
    assert_eq!((slots(&mixed), differing(&mixed, &plain)), (slots(&other), Vec::new()));
    // Another die under the same setting is that die, and what was borrowed stays borrowed.
    assert_eq!((differing(&plain.on_die(b()), &other), slots(&plain.on_die(b()))), (Vec::new(), slots(&other)));
    let borrowed = other.clone().with_deviates_from(&spec, "tau_mem", a()).unwrap().on_die(a());
    assert_eq!(differing(&borrowed, &plain), [""; 0]);
}

/// Of two correlated parameters, the one follows the source of the other, and its own part follows its own.
#[test]
fn correlations_follow_the_source() {
    let mut spec = spec();
    let correlation = Some(chip::Correlation { with: "tau_mem".to_owned(), rho: fact("0.8 1") });
    spec.parameters.get_mut("gain_up").and_then(|p| p.mismatch.as_mut()).unwrap().correlation = correlation;
    let plain = die(&spec, MismatchSetting::default());
    let of = |name: &str| plain.clone().with_deviates_from(&spec, name, b()).unwrap();
    assert_eq!(differing(&of("tau_mem"), &plain), ["gain_up", "tau_mem"]);
    assert_eq!(differing(&of("gain_up"), &plain), ["gain_up"]);
    let all = of("tau_mem").with_deviates_from(&spec, "gain_up", b()).unwrap();
    assert_eq!(factors(&all, "gain_up"), factors(&plain.on_die(b()), "gain_up"));
}

#[test]
fn realised_moments_are_those_after_the_truncation() {
    let mut spec = spec();
    for parameter in spec.parameters.values_mut().filter_map(|p| p.mismatch.as_mut()) {
        parameter.truncation = Some((fact("0.1 1"), fact("3 1")));
    }
    let setting = |cv: &str, realised| MismatchSetting {
        cvs: [("tau_mem".to_owned(), cv.parse().unwrap())].into(),
        realised,
        ..MismatchSetting::default()
    };
    let [plain, mean, median] =
        [None, Some(Centre::Mean), Some(Centre::Median)].map(|centre| die(&spec, setting("0.6", centre)));
    let moments = |die: &DieParameters| die.distribution("tau_mem").unwrap().0.moments();
    let close =
        |x: Real, y: &str| x.sub_sat(Real::from_decimal(y.parse().unwrap()).unwrap()).abs() < Real::from_ratio(1, 1000);
    assert!(close(moments(&plain).cv().unwrap(), "0.5354"), "{:?}", moments(&plain));
    assert!(close(moments(&mean).cv().unwrap(), "0.6") && close(moments(&mean).mean, "1"));
    assert!(close(moments(&median).cv().unwrap(), "0.6") && moments(&median).mean > Real::from_ratio(11, 10));
    // The same draw, in the same order.
    let order = |die: &DieParameters| {
        let (factors, mut order) = (factors(die, "tau_mem"), (0..300).collect::<Vec<usize>>());
        order.sort_by_key(|i| factors[*i]);
        order
    };
    assert_eq!(order(&plain), order(&mean));
    assert_eq!(order(&mean), order(&die(&spec, setting("0.2", Some(Centre::Mean)))));
    let error = DieParameters::new(&spec, a(), setting("0.9", Some(Centre::Mean))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "mismatch of `tau_mem`: log-normal factors between 0.1 and 3 with mean 1 have a CV of at most 0.773, but 0.9 is \
         asked for; ask for less, widen the truncation, or choose another family"
    );
    // A nominal die has nothing to realise, not even where 1 is cut off.
    spec.parameters.values_mut().filter_map(|p| p.mismatch.as_mut()).for_each(|m| {
        m.truncation = Some((fact("2 1"), fact("3 1")));
    });
    let nominal = MismatchSetting { only: Some([].into()), realised: Some(Centre::Mean), ..MismatchSetting::default() };
    assert_eq!(differing(&die(&spec, nominal), &DieParameters::nominal()), [""; 0]);
}

#[test]
fn names_without_mismatch_are_refused() {
    let spec = spec();
    let error = |setting| DieParameters::new(&spec, a(), setting).unwrap_err().to_string();
    let list = "those with mismatch are gain_step, gain_up, t_refractory, tau_down, tau_mem, tau_up, v_threshold";
    let name = |name: &str| name.to_owned();
    let unknown: String = ["chip `unit` has no parameter `tau_men`; ", list].concat();
    let nominal: String = ["chip `unit` has no mismatch of `drive`; ", list].concat();
    let setting = MismatchSetting::default;
    assert_eq!(error(MismatchSetting { only: Some([name("tau_men")].into()), ..setting() }), unknown);
    assert_eq!(error(MismatchSetting { cvs: [(name("drive"), units::Decimal::ZERO)].into(), ..setting() }), nominal);
    assert_eq!(error(MismatchSetting { families: [(name("drive"), Family::Gamma)].into(), ..setting() }), nominal);
    assert_eq!(error(MismatchSetting { deviates_from: [(name("tau_men"), b())].into(), ..setting() }), unknown);
    assert!(
        error(MismatchSetting { only: Some([name(WEIGHTS)].into()), ..setting() }).contains("no mismatch of `weights`")
    );
    let plain = die(&spec, setting());
    assert_eq!(plain.with_deviates_from(&spec, "drive", b()).unwrap_err().to_string(), nominal);
    let mut bare = spec.clone();
    bare.parameters.values_mut().for_each(|p| p.mismatch = None);
    let only = MismatchSetting { only: Some([name("tau_mem")].into()), ..setting() };
    assert_eq!(
        DieParameters::new(&bare, a(), only).unwrap_err().to_string(),
        "chip `unit` has no mismatch of `tau_mem`; nothing of it has mismatch"
    );
}
