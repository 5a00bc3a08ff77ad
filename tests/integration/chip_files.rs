//! Chip files: the shipped ones, the one in the documentation, and a user's own, which is as good as a shipped one.

use chip::{ChipSpec, CoreModel, CoreProgram, Evidence, RouterSpec, SynapseType};
use device_models::{DieParameters, InputLayout, MismatchSetting};
use disorder::Die;
use fx::Real;
use units::{CoreAddress, Decimal, DieId, NeuronId};

const DOC: &str = include_str!("../../docs/formats/chip.md");

/// The TOML examples of a page of the documentation.
pub(crate) fn examples(page: &str) -> Vec<&str> {
    page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().expect("split yields one part")).collect()
}

/// Mean and standard deviation of the factors of `parameter` over a die's first core.
fn spread(spec: &ChipSpec, parameter: &str, setting: MismatchSetting) -> (f64, f64) {
    let die = DieParameters::new(spec, Die { root_seed: 1, id: DieId(0) }, setting).expect("the chip can be made");
    let count = spec.neurons_per_core();
    let factor = |n: usize| die.factor(parameter, CoreAddress::new(0, 0), NeuronId(n as u16));
    let factors: Vec<f64> = (0..count).map(|n| factor(n).to_bits() as f64 / Real::ONE.to_bits() as f64).collect();
    let mean = factors.iter().sum::<f64>() / count as f64;
    let variance = factors.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>() / count as f64;
    (mean, variance.sqrt())
}

#[test]
fn dynapse2_has_the_limits_of_the_hardware() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    assert_eq!((spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core()), (4, 4, 256));
    let RouterSpec::TagCam(router) = &spec.router else { panic!("DYNAP-SE2 routes tags") };
    let limits = router.limits();
    assert_eq!((limits.cam_words_per_neuron, limits.sram_words_per_neuron), (64, 3));
    assert_eq!((limits.tag_count, limits.weight_bits, limits.hop_max), (2048, 4, 7));
    let kinds: Vec<&str> = spec.synapses.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(kinds, ["AMPA", "NMDA", "GABA", "SHUNT"]);
    assert_eq!(spec.reference_cv(), Some("0.1".parse().unwrap()));
    // Every parameter that a model reads differs between circuits, but the scale of weights, which is a convention.
    let readings = spec.readings();
    let read = |name: &str| name != "i_scale" && readings.iter().any(|reading| reading.parameter == name);
    for (name, parameter) in &spec.parameters {
        assert_eq!(parameter.mismatch.is_some(), read(name), "{name}");
    }
    // No value of the circuits is claimed to be measured.
    assert!(spec.facts().iter().all(|(_, fact)| fact.evidence != Evidence::Measured));
}

#[test]
fn dies_of_dynapse2_have_the_spread_of_the_file() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    let reference = spec.mismatch_reference.clone().unwrap();
    let (mean, sd) = spread(&spec, &reference, MismatchSetting::default());
    // 256 circuits: standard errors 0.006 and 0.0045; five of them.
    assert!((mean - 1.0).abs() < 0.031 && (sd - 0.1).abs() < 0.023, "{mean} {sd}");
    for parameter in spec.parameters.keys().filter(|p| spec.parameters[*p].mismatch.is_some()) {
        let half = MismatchSetting { scale_to_cv: Some("0.5".parse().unwrap()), ..MismatchSetting::default() };
        let (mean, sd) = spread(&spec, parameter, half);
        // The cut at 0.1 takes a little of the spread and moves the mean up.
        assert!((0.95..1.2).contains(&mean) && (0.38..0.52).contains(&sd), "{parameter}: {mean} {sd}");
    }
}

#[test]
fn the_ideal_chip_has_neither_limits_nor_mismatch() {
    let spec = formats::chip::shipped("ideal").unwrap();
    assert_eq!(spec.router, RouterSpec::Ideal);
    assert!(spec.parameters_per_neuron && spec.parameters.values().all(|p| p.mismatch.is_none()));
    assert!(spec.cores_per_chip() * spec.neurons_per_core() > 1_000_000_000);
    assert_eq!(spec.models, [CoreModel::Lif, CoreModel::Rate, CoreModel::AnalogLif, CoreModel::CubaLif]);
    assert!(spec.facts().iter().all(|(_, fact)| fact.evidence == Evidence::Assumed));
}

#[test]
fn every_model_finds_what_it_needs() {
    for name in formats::chip::shipped_names() {
        let spec = formats::chip::shipped(name).unwrap();
        for model in &spec.models {
            for reading in model.readings(&spec.synapses) {
                let parameter = spec.parameters.get(reading.parameter);
                assert!(reading.optional || parameter.is_some(), "{name}: {model} needs {}", reading.parameter);
                let allowed = spec.allowed(*model, reading.parameter);
                assert!(allowed.is_none_or(|allowed| allowed.check(allowed.nominal()).is_ok()), "{name}: {model}");
            }
        }
    }
}

#[test]
fn a_chip_of_ones_own_works_like_a_shipped_one() {
    let [example] = examples(DOC)[..] else { panic!("the page has one example") };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tiny.toml");
    std::fs::write(&path, example).unwrap();
    let spec = formats::chip::resolve(path.to_str().unwrap()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(spec, formats::chip::read(example, "tiny.toml").unwrap());
    assert_eq!(chip::validate(&spec), []);
    assert_eq!((spec.cores_per_chip(), spec.neurons_per_core()), (2, 32));
    assert_eq!(spec.reference_cv(), Some("0.18".parse().unwrap()));
    // Half of the variance is common to the die: the circuits of one die differ by less.
    let (_, sd) = spread(&spec, "tau_mem", MismatchSetting::default());
    assert!((0.07..0.2).contains(&sd), "{sd}");
    let none = MismatchSetting { scale_to_cv: Some(Decimal::ZERO), ..MismatchSetting::default() };
    assert_eq!(spread(&spec, "tau_mem", none), (1.0, 0.0));
}

/// Whether a core with all neurons and all kinds of synapse in use can be laid out, on the chip of the page with this
/// many neurons and kinds.
fn fits(spec: &ChipSpec) -> bool {
    let core = CoreProgram {
        address: CoreAddress::new(0, 0),
        model: CoreModel::Lif,
        neuron_count: spec.neurons_per_core() as u32,
        parameters: [].into(),
        weight_exponent: 0,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    InputLayout::new(spec, &core, &vec![true; spec.synapses.len()]).is_ok()
}

#[test]
fn a_valid_chip_runs_with_all_of_its_neurons_and_kinds() {
    let [example] = examples(DOC)[..] else { panic!("the page has one example") };
    let valid = |neurons: u32, kinds: usize| {
        let mut spec = formats::chip::read(example, "tiny.toml").unwrap();
        spec.geometry.neurons_per_core.quantity.value = Decimal::integer(neurons.into());
        let kind = spec.synapses[0].clone();
        spec.synapses = (0..kinds).map(|n| SynapseType { name: format!("kind-{n}"), ..kind.clone() }).collect();
        let violations = chip::validate(&spec);
        assert_eq!(violations.is_empty(), fits(&spec), "{neurons} neurons, {kinds} kinds: {violations:?}");
        violations.is_empty()
    };
    // Three lanes of 21840 neurons, padded to a multiple of 32, are 65568 places.
    for (neurons, kinds, expected) in
        [(21824, 3, true), (21840, 3, false), (65536, 1, true), (32768, 2, true), (32769, 2, false), (16384, 4, true)]
    {
        assert_eq!(valid(neurons, kinds), expected, "{neurons} neurons, {kinds} kinds");
    }
}

#[test]
fn the_documentation_lists_every_rule() {
    for rule in chip::RULES {
        assert!(DOC.contains(&format!("| `{}` | {} |", rule.name, rule.summary)), "{}", rule.name);
    }
}
