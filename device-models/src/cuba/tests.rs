//! What a reset does, what is refused, and how far states are from exact ones.

use super::{CubaCore, CubaParameters, CubaState, FRACTION_BITS};
use crate::testing::{core, parameter, spec};
use crate::{ClockedState, CoreParameters, DeviceModelError, DieParameters, EventCore, InputLayout};
use crate::{PackedSynapse, slices};
use alloc::borrow::ToOwned;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, CoreProgram, Kinetics, SynapseSign, SynapseType, Values};
use fx::Real;
use proptest::prelude::*;
use units::{Decimal, NeuronId, Quantity, Tick};

const ONE: i64 = 1 << FRACTION_BITS;
/// To zero, by subtraction, and by subtraction ahead: `reset_rule` and `reset_time`.
const RESETS: [(i64, i64); 3] = [(0, 0), (1, 0), (1, 3)];

/// A chip whose neurons have a kind of synapse a slice.
fn chip() -> ChipSpec {
    // A time constant is not 0; chips that have neurons with one state it.
    let facts = CoreModel::CubaLif.facts().parameters.iter().filter(|fact| fact.name != "tau_leak");
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
        parameters: facts.map(|fact| (fact.name.to_owned(), parameter("0 1"))).collect(),
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

/// The neurons of a model library for Brian2Lava, in double precision: v <- (v + w s)(1 - d) + (n + bias) d, reset
/// where v > threshold, d = dt/tau of each neuron of the die.
#[test]
fn time_constants_make_neurons_under_an_analog_input() {
    let mut spec = chip();
    let kind = |name: &str, kinetics| SynapseType { name: name.to_owned(), kinetics, ..spec.synapses[0].clone() };
    spec.synapses =
        vec![kind("spikes", Kinetics::Slice { shift: 12 }), kind("numbers", Kinetics::Number { shift: 12 })];
    spec.parameters.insert("tau_leak".to_owned(), crate::testing::mismatched("20 ms", "0.5 1"));
    let die = crate::MismatchSetting::default();
    let die = DieParameters::new(&spec, disorder::Die { root_seed: 1, id: units::DieId(0) }, die).unwrap();
    let (threshold, bias, reset) = (ONE, ONE * 9 / 10, -ONE / 8);
    let values =
        [("leak_rule", ONE), ("gain_current", ONE), ("bias", bias), ("v_threshold", threshold), ("v_reset", reset)];
    let program = CoreProgram { neuron_count: 6, ..program(&values) };
    let layout = InputLayout::new(&spec, &program, &[true; 2]).unwrap();
    let mut core = CubaCore::new(CubaParameters::build(&spec, &program, layout, &die).unwrap());
    let one = |bits: i64| bits as f64 / ONE as f64;
    let d = |n: u16| 1.0 / (20.0 * one(die.factor("tau_leak", program.address, NeuronId(n)).to_bits()));
    let (mut v, mut fired) = ([0.0; 6], 0);
    for step in 0..300i32 {
        // A number in units of 2^-20, and every seventh step a spike. With their shift, a weight of
        // 2^14 is 1/64.
        let number = ((step * 7919) % 2001 - 800) << 16;
        let spike = i32::from(step % 7 == 0);
        for n in 0..6 {
            let layout = core.parameters().layout();
            let [spikes, numbers] =
                [(0, 30_000), (1, 1 << 14)].map(|(kind, weight)| layout.pack(kind, n, weight).unwrap());
            if spike == 1 {
                core.deliver(&[spikes], 1);
            }
            core.deliver(&[numbers], number);
        }
        let sent = core.advance(Tick(0)).len();
        fired += sent;
        let mut expected = 0;
        for (n, v) in v.iter_mut().enumerate() {
            let d = d(n as u16);
            let weight = 30_000.0 * 4096.0 / ONE as f64;
            let input = f64::from(number) / f64::from(1 << 20) / 64.0;
            *v = (*v + weight * f64::from(spike)) * (1.0 - d) + (input + one(bias)) * d;
            if *v > one(threshold) {
                (*v, expected) = (one(reset), expected + 1);
            }
            let found = one(core.probe(1, NeuronId(n as u16), Tick(0)));
            assert!((found - *v).abs() < 1e-6, "step {step}, neuron {n}: {found}, not {v}");
        }
        assert_eq!(sent, expected, "step {step}");
    }
    assert!(fired > 3, "{fired} spikes");
    // Without the rule the time constant is not even read, and with it it is needed.
    spec.parameters.remove("tau_leak");
    let layout = InputLayout::new(&spec, &program, &[true; 2]).unwrap();
    let error = CubaParameters::build(&spec, &program, layout, &DieParameters::nominal()).unwrap_err().to_string();
    assert!(error.starts_with("the chip has no parameter `tau_leak`, which the model `cuba-lif` needs"), "{error}");
}

/// A neuron with the given factors of current and voltage and a threshold of 1.
fn neuron((rule, time): (i64, i64), keep: (i64, i64), gain: (i64, i64)) -> CubaCore {
    let parameters = [
        ("keep_current", keep.0),
        ("gain_current", gain.0),
        ("keep_voltage", keep.1),
        ("gain_voltage", gain.1),
        ("v_threshold", ONE),
        ("reset_rule", rule * ONE),
        ("reset_time", time * ONE),
    ];
    build(&chip(), &program(&parameters)).unwrap()
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
fn run(reset: (i64, i64), input: &[i64]) -> Vec<(i64, bool)> {
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
    assert_eq!(run(RESETS[0], &[2, 2, 6, 0]), [(2, false), (0, true), (0, true), (0, false)]);
    assert_eq!(run(RESETS[1], &[2, 2, 8, 0]), [(2, false), (1, true), (6, true), (1, true)]);
    // 8 - 2 is still above 2: the next step is 3 - 2, no spike, and gets its 2 back; that is above 2 again.
    assert_eq!(run(RESETS[2], &[8, 0, 0]), [(6, true), (3, false), (1, false)]);
    // 14 - 2 = 12: then 6 - 2 = 4 spikes, and nothing more is subtracted.
    assert_eq!(run(RESETS[2], &[14, 0]), [(12, true), (4, true)]);
}

/// The voltage in halves and the spikes of a neuron with a threshold of 1, which keeps half of its voltage, for inputs
/// in halves.
fn with(rules: &[(&str, i64)], input: &[i64]) -> Vec<(i64, i64)> {
    let factors = [("gain_current", ONE), ("keep_voltage", ONE / 2), ("gain_voltage", ONE), ("v_threshold", ONE)];
    let rules = rules.iter().map(|(name, value)| (*name, value * ONE / 2));
    let parameters: Vec<_> = factors.into_iter().chain(rules).collect();
    let mut core = build(&chip(), &program(&parameters)).unwrap();
    input
        .iter()
        .map(|x| {
            step(&mut core, x * ONE / 2);
            (voltage(&core) / (ONE / 2), core.probe(2, NeuronId(0), Tick(0)))
        })
        .collect()
}

#[test]
fn rules_by_hand() {
    // Parameters are in halves: 2 is a 1.
    assert_eq!(with(&[], &[2, 3]), [(2, 0), (0, 1)], "at the threshold is not above it");
    assert_eq!(with(&[("fires_at", 2)], &[2]), [(0, 1)]);
    assert_eq!(with(&[("v_reset", -1)], &[4]), [(-1, 1)]);
    assert_eq!(with(&[("more_spikes", 4), ("reset_rule", 2)], &[5, 20]), [(1, 2), (14, 3)], "at most 3");
    // The reset of the next step, after and before its input: 4 / 2 + 3 = 5 becomes 0, or 0 / 2 + 3.
    assert_eq!(with(&[("reset_time", 2)], &[4, 3, 1]), [(4, 1), (0, 0), (1, 0)]);
    assert_eq!(with(&[("reset_time", 4)], &[4, 3, 1]), [(4, 1), (3, 1), (1, 0)]);
    assert_eq!(with(&[("reset_time", 2), ("reset_rule", 2)], &[8, 0]), [(8, 1), (2, 0)]);
    assert_eq!(with(&[("floor_rule", 2)], &[-9, 0]), [(-2, 0), (-1, 0)]);
    assert_eq!(with(&[("current_rule", 2)], &[2, 0]), [(0, 0), (2, 0)], "the current of the step before");
    assert_eq!(with(&[("rest_voltage", 1), ("v_initial", 2)], &[0, 0]), [(2, 0), (2, 0)]);
    assert_eq!(with(&[("bias", 1), ("bias_late", 1), ("late_steps", 4)], &[0; 3]), [(1, 0), (1, 0), (0, 1)]);
    assert_eq!(with(&[("output_rule", 4)], &[9]), [(9, 0)], "what sends nothing never spikes");
}

#[test]
fn more_spikes_than_the_register_holds_are_counted_as_cut() {
    let most = i64::from(chip::registers::MORE_SPIKES_MAX);
    let parameters = [
        ("gain_current", ONE),
        ("gain_voltage", ONE),
        ("v_threshold", ONE / 4),
        ("more_spikes", most * ONE),
        ("reset_rule", ONE),
    ];
    for (thresholds, spikes, cuts) in [(7, 7, 0), (most + 1, most + 1, 0), (most + 9, most + 1, 1)] {
        let mut core = build(&chip(), &program(&parameters)).unwrap();
        step(&mut core, thresholds * ONE / 4 + 1);
        assert_eq!((core.probe(2, NeuronId(0), Tick(0)), core.take_saturations()), (spikes, cuts), "{thresholds}");
    }
}

#[test]
fn a_voltage_is_sent_as_a_number_while_it_is_not_0() {
    let parameters = [("gain_current", ONE), ("gain_voltage", ONE), ("output_rule", ONE)];
    let mut core = build(&chip(), &program(&parameters)).unwrap();
    let layout = core.parameters().layout().clone();
    let row = [layout.pack(1, 0, 3).unwrap()];
    core.deliver(&row, 1);
    let sent: Vec<i32> = core.advance(Tick(0)).iter().map(|emission| emission.payload).collect();
    // 3 units of 2^-16 are 48 of 2^-20.
    assert_eq!(sent, [48]);
    assert!(core.advance(Tick(1)).is_empty());
}

#[test]
fn numbers_multiply_weights_and_are_rounded_once() {
    let mut spec = chip();
    spec.synapses[1].kinetics = Kinetics::Number { shift: 12 };
    let parameters = [("gain_current", ONE), ("gain_voltage", ONE), ("output_rule", 2 * ONE)];
    let mut core = build(&spec, &program(&parameters)).unwrap();
    let layout = core.parameters().layout().clone();
    assert_eq!([0, 1].map(|lane| layout.takes_messages(lane)), [false, true]);
    // 7 units of 2^-20 times -1.5, and two numbers whose halves of a unit of 2^-32 add up.
    for (weight, number) in [(7, -3 << 19), (1, 1 << 7), (1, 1 << 7)] {
        core.deliver(&[layout.pack(1, 0, weight).unwrap()], number);
    }
    core.advance(Tick(0));
    assert_eq!(voltage(&core), -(21 << 11) + 1);
}

#[test]
fn states_saturate_and_are_counted() {
    let mut core = neuron(RESETS[1], (0, ONE / 2), (ONE, ONE));
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
    let mut core = neuron(RESETS[0], (ONE / 2, ONE / 2), (ONE, ONE));
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
    let mut core = neuron(RESETS[0], (ONE / 2, ONE / 2), (ONE, ONE));
    assert!(step(&mut core, 4 * ONE));
    let saved = core.save();
    let refused = |change: fn(&mut CubaState)| {
        let mut state: ClockedState<CubaState, i64> = saved.clone();
        change(&mut state.neurons);
        assert!(!core.clone().restore(&state), "{state:?}");
    };
    refused(|s| s.spikes[0] = 2);
    refused(|s| s.steps = 2);
    refused(|s| s.steps = 0);
    refused(|s| s.spikes.clear());
    refused(|s| s.current.push(0));
    assert!(core.restore(&saved));
}

#[test]
fn impossible_cores_are_refused() {
    let text = |spec: &ChipSpec| build(spec, &program(&[])).unwrap_err().to_string();
    let spec = chip();
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
    let mut core = neuron(RESETS[0], (keep, 0), (ONE, ONE / 4));
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
