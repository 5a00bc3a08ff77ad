//! What a reset does, what is refused, and how far states are from exact ones.

use super::{CubaCore, CubaParameters, CubaState, FRACTION_BITS};
use crate::testing::{core, parameter, spec};
use crate::{ClockedState, CoreParameters, DeviceModelError, DieParameters, EventCore, InputLayout};
use crate::{PackedSynapse, slices};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, CoreProgram, Kinetics, RulesSpec, SynapseSign, SynapseType, Values};
use fx::Real;
use proptest::prelude::*;
use units::{Decimal, NeuronId, Quantity, Tick};

const ONE: i64 = 1 << FRACTION_BITS;
const RESETS: [&str; 3] = ["zero", "subtract", "subtract-ahead"];

/// A chip whose neurons have a kind of synapse a slice.
fn chip(options: &[(&str, &str)]) -> ChipSpec {
    let options: BTreeMap<_, _> = options.iter().map(|(name, word)| (name.to_string(), word.to_string())).collect();
    let names = ["keep_current", "gain_current", "keep_voltage", "gain_voltage", "v_threshold", "bias"];
    ChipSpec {
        models: vec![CoreModel::CubaLif],
        synapses: slices::SHIFTS
            .map(|shift| SynapseType {
                name: alloc::format!("slice_{shift}"),
                sign: SynapseSign::Signed,
                kinetics: Kinetics::Slice { shift },
                gain: None,
                gate: None,
            })
            .into(),
        rules: Some(RulesSpec { profile: "cuba-snntorch".to_owned(), options }),
        parameters: names.map(|name| (name.to_owned(), parameter("0 1"))).into(),
        mismatch_reference: None,
        ..spec()
    }
}

/// A number of which 12 decimal places are kept, which its units of 2^-32 come back from.
fn quantity(bits: i64) -> Quantity {
    let scaled = (i128::from(bits) * 1_000_000_000_000 + (1 << 31)) >> 32;
    Quantity::number(Decimal::new(scaled as i64, -12))
}

fn program(parameters: &[(&str, i64)]) -> CoreProgram {
    let values = parameters.iter().map(|(name, bits)| ((*name).to_owned(), Values::Shared(quantity(*bits))));
    CoreProgram { parameters: values.collect(), weight_exponent: 0, ..core(CoreModel::CubaLif, 1, &[]) }
}

fn build(spec: &ChipSpec, program: &CoreProgram) -> Result<CubaCore, DeviceModelError> {
    let layout = InputLayout::new(spec, program, &[true; 4])?;
    Ok(CubaCore::new(CubaParameters::build(spec, program, layout, &DieParameters::nominal())?))
}

/// A neuron with the given factors of current and voltage and a threshold of 1.
fn neuron(reset: &str, keep: (i64, i64), gain: (i64, i64)) -> CubaCore {
    let parameters = [
        ("keep_current", keep.0),
        ("gain_current", gain.0),
        ("keep_voltage", keep.1),
        ("gain_voltage", gain.1),
        ("v_threshold", ONE),
    ];
    build(&chip(&[("reset", reset)]), &program(&parameters)).unwrap()
}

/// A step into which `x` arrives, in units of 2^-32; whether the neuron spiked.
fn step(core: &mut CubaCore, x: i64) -> bool {
    let layout = core.parameters().layout().clone();
    let slices = slices::split(x).expect("a number that slices hold");
    let row: Vec<PackedSynapse> = (0..4).map(|kind| layout.pack(kind, 0, slices[usize::from(kind)]).unwrap()).collect();
    core.deliver(&row, 1);
    !core.advance(Tick(0)).is_empty()
}

fn current(core: &CubaCore) -> i64 {
    core.probe(0, NeuronId(0), Tick(0))
}

fn voltage(core: &CubaCore) -> i64 {
    core.probe(1, NeuronId(0), Tick(0))
}

/// Voltages in halves, and spikes, for inputs in halves, of a neuron that keeps half of its voltage and nothing of its
/// current.
fn run(reset: &str, input: &[i64]) -> Vec<(i64, bool)> {
    let mut core = neuron(reset, (0, ONE / 2), (ONE, ONE));
    input
        .iter()
        .map(|x| {
            let spike = step(&mut core, x * ONE / 2);
            assert_eq!(current(&core), x * ONE / 2);
            (voltage(&core) / (ONE / 2), spike)
        })
        .collect()
}

#[test]
fn resets_by_hand() {
    // At the threshold is not above it: 2 halves do not spike.
    assert_eq!(run("zero", &[2, 2, 6, 0]), [(2, false), (0, true), (0, true), (0, false)]);
    assert_eq!(run("subtract", &[2, 2, 8, 0]), [(2, false), (1, true), (6, true), (1, true)]);
    // 8 - 2 is still above 2: the next step is 3 - 2, no spike, and gets its 2 back; that is above 2 again.
    assert_eq!(run("subtract-ahead", &[8, 0, 0]), [(6, true), (3, false), (1, false)]);
    // 14 - 2 = 12: then 6 - 2 = 4 spikes, and nothing more is subtracted.
    assert_eq!(run("subtract-ahead", &[14, 0]), [(12, true), (4, true)]);
}

#[test]
fn a_voltage_at_the_threshold_is_a_spike_if_the_rules_say_so() {
    let parameters = [("gain_current", ONE), ("gain_voltage", ONE), ("v_threshold", ONE)];
    for (word, below, at) in [(">", false, false), (">=", false, true)] {
        let mut core = build(&chip(&[("threshold", word), ("reset", "zero")]), &program(&parameters)).unwrap();
        assert_eq!([ONE - 1, ONE, ONE + 1].map(|x| step(&mut core, x)), [below, at, true], "{word}");
    }
}

#[test]
fn biases_and_late_spikes_are_rules() {
    let mut spec = chip(&[("recurrent_bias", "after-first-step"), ("reset", "zero"), ("spike_probe", "step-before")]);
    spec.parameters.insert("bias_recurrent".to_owned(), parameter("0 1"));
    let parameters = [
        ("gain_current", ONE),
        ("gain_voltage", ONE),
        ("v_threshold", ONE),
        ("bias", ONE / 4),
        ("bias_recurrent", ONE),
    ];
    let mut core = build(&spec, &program(&parameters)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let spike = !core.advance(Tick(0)).is_empty();
        seen.push((current(&core), spike, core.probe(2, NeuronId(0), Tick(0))));
    }
    let both = ONE + ONE / 4;
    assert_eq!(seen, [(ONE / 4, false, 0), (both, true, 0), (both, true, 1)]);
}

#[test]
fn states_saturate_and_are_counted() {
    let mut core = neuron("subtract", (0, ONE / 2), (ONE, ONE));
    let most = 0x7fff_7fff_7fff_7fff;
    for _ in 0..3 {
        step(&mut core, most);
    }
    assert_eq!(core.take_saturations(), 2, "half of the range and all of it are too much");
    step(&mut core, i64::MIN);
    step(&mut core, i64::MIN);
    assert_eq!(voltage(&core), i64::MIN);
    assert!(core.take_saturations() > 0);
}

#[test]
fn a_core_without_input_falls_asleep() {
    let mut core = neuron("zero", (ONE / 2, ONE / 2), (ONE, ONE));
    step(&mut core, ONE / 2);
    let steps = (0..200).find(|_| {
        core.advance(Tick(0));
        !core.is_awake()
    });
    assert!(steps.is_some(), "the state comes to rest");
    let rest = core.save();
    core.advance(Tick(0));
    assert_eq!(core.save(), rest);
}

#[test]
fn states_that_no_run_can_have_are_refused() {
    let mut core = neuron("zero", (ONE / 2, ONE / 2), (ONE, ONE));
    assert!(step(&mut core, 4 * ONE));
    let saved = core.save();
    let refused = |change: fn(&mut CubaState)| {
        let mut state: ClockedState<CubaState, i64> = saved.clone();
        change(&mut state.neurons);
        assert!(!core.clone().restore(&state), "{state:?}");
    };
    refused(|s| s.voltage[0] = 1);
    refused(|s| s.started = false);
    refused(|s| s.before = vec![]);
    refused(|s| s.current.push(0));
    assert!(core.restore(&saved));
}

#[test]
fn impossible_cores_are_refused() {
    let text = |spec: &ChipSpec| build(spec, &program(&[])).unwrap_err().to_string();
    let spec = chip(&[]);
    assert!(text(&ChipSpec { rules: None, ..spec.clone() }).starts_with("the chip has no table `[rules]`"));
    let mut other = spec.clone();
    other.rules = Some(RulesSpec { profile: "loihi-lava".to_owned(), options: BTreeMap::new() });
    assert!(text(&other).starts_with("there are no rules `loihi-lava`; there are cuba-snntorch"));
    let mut other = spec.clone();
    other.synapses[1].kinetics = Kinetics::Slice { shift: slices::SHIFT_MAX + 1 };
    assert!(text(&other).ends_with("which has no synapse with the kinetics of `slice_16`"));
    let mut other = spec.clone();
    other.parameters.remove("gain_voltage");
    assert!(text(&other).starts_with("the chip has no parameter `gain_voltage`, which the model `cuba-lif` needs"));
}

proptest! {
    /// Against the same equations with 64 bits after the point, as long as the spikes must be the same.
    #[test]
    fn errors_stay_within_their_bounds(
        keep in (0..ONE / 100 * 99, 0..ONE / 100 * 99),
        gain in (-2 * ONE..2 * ONE, -2 * ONE..2 * ONE),
        input in proptest::collection::vec(-4 * ONE..4 * ONE, 1..60),
        mode in 0..3usize,
    ) {
        let mut core = neuron(RESETS[mode], keep, gain);
        let number = |x: i64| x as f64 / ONE as f64;
        let most_current = 1.0 / (1.0 - number(keep.0));
        let most_voltage = (1.0 + number(gain.1).abs() * most_current) / (1.0 - number(keep.1));
        let product = |a: i64, x: i128| (i128::from(a) * x) >> FRACTION_BITS;
        let wide = |x: i64| i128::from(x) << FRACTION_BITS;
        // In units of 2^-32; what is left of the finer units is far below the last digit of a bound.
        let off = |state: i64, exact: i128| ((wide(state) - exact) as f64 / ONE as f64).abs() - 1e-6;
        let threshold = wide(ONE);
        let clear = |v: i128| ((v - threshold) as f64 / ONE as f64).abs() > most_voltage + 1.0;
        let (mut i, mut v) = (0i128, 0i128);
        for x in input {
            let owed = i128::from(mode == 2 && v > threshold) * threshold;
            i = product(keep.0, i) + product(gain.0, wide(x));
            v = product(keep.1, v) + product(gain.1, i) - owed;
            prop_assume!(clear(v));
            let spike = v > threshold;
            match mode {
                0 if spike => v = 0,
                0 => (),
                _ => v += owed - i128::from(spike) * threshold,
            }
            prop_assume!(clear(v));
            prop_assert_eq!(step(&mut core, x), spike);
            let (current, voltage) = (off(current(&core), i), off(voltage(&core), v));
            prop_assert!(current <= most_current && voltage <= most_voltage, "{current} {voltage}");
        }
    }

    /// Parameters are handed over as decimals; none of their bits is lost.
    #[test]
    fn a_decimal_of_twelve_places_keeps_every_bit(bits in -(1i64 << 52)..1 << 52) {
        let read = Real::from_quantity(quantity(bits), units::Unit::ONE).map(Real::to_bits);
        prop_assert_eq!(read, Ok(bits));
    }
}

/// The voltage inherits the error of the current: here it keeps nothing, and is still off by more than a unit.
#[test]
fn the_voltage_inherits_the_error_of_the_current() {
    let keep = ONE / 100 * 99;
    let mut core = neuron("zero", (keep, 0), (ONE, ONE / 4));
    let mut exact = 0i128;
    let mut most = 0;
    for time in 0..400 {
        let x = if time == 0 { ONE } else { 0 };
        exact = ((i128::from(keep) * exact) >> FRACTION_BITS) + (i128::from(x) << FRACTION_BITS);
        step(&mut core, x);
        let off = ((i128::from(current(&core)) << FRACTION_BITS) - exact).abs() >> FRACTION_BITS;
        most = most.max(off);
        assert_eq!(voltage(&core), (current(&core) + 2) >> 2);
    }
    assert!((1..100).contains(&most), "{most}");
}
