//! The core by itself: the tick at hand, limits, and what it holds between ticks.

use super::closed_form::Base;
use super::predict::{Outlook, near_outlook, next_look, outlook};
use super::*;
use crate::testing::{core, parameter, spec};
use crate::{DeviceModelError, DieParameters, EventCore, InputLayout};
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use chip::{ChipSpec, CoreModel, CoreProgram};
use proptest::prelude::*;
use std::format;
use units::Tick;

/// Voltage units in bits.
const ONE: i64 = 1 << VOLTAGE_BITS;

fn chip() -> ChipSpec {
    let mut spec = spec();
    spec.models.push(CoreModel::AnalogLif);
    for (name, nominal) in
        [("adaptation", "0 mV"), ("tau_adaptation", "100 ms"), ("v_reset", "0 mV"), ("v_initial", "0 mV")]
    {
        spec.parameters.insert(name.to_owned(), parameter(nominal));
    }
    spec.tick = crate::testing::fact("0.1 ms");
    spec
}

fn built_for(spec: &ChipSpec, program: &CoreProgram) -> Result<AnalogLifParameters, DeviceModelError> {
    let layout = InputLayout::new(spec, program, &[true, true, true, true, false])?;
    AnalogLifParameters::build(spec, program, layout, &DieParameters::nominal())
}

fn built(parameters: &[(&str, &str)]) -> AnalogLifParameters {
    built_for(&chip(), &core(CoreModel::AnalogLif, 1, parameters)).unwrap_or_else(|e| panic!("{e}"))
}

/// One neuron with the synapses of the test chip.
struct Single(AnalogLifCore);

impl Single {
    fn new(parameters: &[(&str, &str)]) -> Self {
        let mut single = Self(AnalogLifCore::new(built(parameters)));
        assert_eq!(single.0.next_wake(Tick(0)), Tick(0), "a new core is advanced at tick 0");
        single.0.advance(Tick(0));
        single
    }

    /// An event of weight `weight` (in 2^-10 mV) through a kind.
    fn receive(&mut self, kind: u8, weight: i16) {
        let synapse = self.0.parameters().layout().pack(kind, 0, weight).unwrap();
        self.0.deliver(&[synapse], 1);
    }

    /// Ticks of the spikes before `end`, with nothing more arriving.
    fn spikes_until(&mut self, end: u64) -> Vec<u64> {
        let mut ticks = Vec::new();
        while self.0.next_wake(Tick(0)) < Tick(end) {
            let now = self.0.next_wake(Tick(0));
            if !self.0.advance(now).is_empty() {
                ticks.push(now.0);
            }
        }
        ticks
    }

    fn membrane(&self, at: u64) -> f64 {
        self.0.membrane(NeuronId(0), Tick(at)) as f64 / ONE as f64
    }
}

#[test]
fn constant_drive_gives_a_regular_train() {
    // 20 ms ln(30 / 10) = 21.97 ms to threshold, 2 ms refractory; ticks of 0.1 ms.
    let mut neuron = Single::new(&[("drive", "30 mV")]);
    assert_eq!(neuron.spikes_until(1000), [220, 460, 700, 940]);
    assert_eq!(neuron.0.refractory_end(NeuronId(0)), Tick(960));
    assert_eq!(neuron.membrane(950), 0.0);
}

#[test]
fn a_crossing_far_ahead_is_found_at_once() {
    // The level is 4 units of 2^-32 mV above threshold, half a unit is rounded: 20 ms ln(20 2^32 / 4.5) = 473.45 ms.
    let mut neuron = Single::new(&[("drive", "20.000000001 mV")]);
    assert_eq!(neuron.spikes_until(1_000_000)[0], 4735);
    // The rounded membrane reaches a level that is exactly the threshold: 20 ms ln(20 2^33) = 517.4 ms.
    let mut neuron = Single::new(&[("drive", "20 mV")]);
    let first = neuron.spikes_until(1_000_000)[0];
    assert_eq!(first, 5174);
    let mut neuron = Single::new(&[("drive", "19.9999999 mV")]);
    assert_eq!(neuron.spikes_until(u64::MAX), [0u64; 0]);
    assert_eq!(neuron.0.next_wake(Tick(0)), Tick::NEVER);
}

#[test]
fn events_of_a_tick_are_summed_before_the_threshold_is_tested() {
    let mut neuron = Single::new(&[("drive", "0 mV")]);
    neuron.receive(0, 25 << 10);
    neuron.receive(0, -(6 << 10));
    assert!(neuron.0.advance(Tick(1)).is_empty());
    assert_eq!(neuron.membrane(1), 19.0);
    // An inhibitory event in the tick of a crossing prevents the spike.
    let mut neuron = Single::new(&[("drive", "30 mV")]);
    neuron.receive(0, -1024);
    assert!(neuron.0.advance(Tick(220)).is_empty());
    assert!(neuron.spikes_until(260)[0] > 220);
}

#[test]
fn a_refractory_neuron_loses_steps_and_keeps_currents() {
    let mut neuron = Single::new(&[("drive", "0 mV"), ("tau_up", "10 ms")]);
    neuron.receive(0, 30 << 10);
    assert_eq!(neuron.0.advance(Tick(5)).len(), 1);
    neuron.receive(0, 10 << 10);
    neuron.receive(2, 4 << 10);
    assert!(neuron.0.advance(Tick(24)).is_empty());
    assert_eq!((neuron.membrane(24), neuron.membrane(25)), (0.0, 0.0));
    assert_eq!(neuron.0.current(0, NeuronId(0), Tick(24)), 4 * ONE);
    // From the end of the period on the membrane follows what is left of the current: 4 mV tau_mem/tau_up.
    let left = 4.0 * (-0.1f64 / 10.0).exp();
    let expected = |ms: f64| left * 2.0 * ((-ms / 20.0).exp() - (-ms / 10.0).exp());
    assert!((neuron.membrane(125) - expected(10.0)).abs() < 1e-8, "{} {}", neuron.membrane(125), expected(10.0));
    // In the last tick of the period it is refractory no more.
    neuron.receive(0, 30 << 10);
    assert_eq!(neuron.0.advance(Tick(126)).len(), 1);
    neuron.receive(0, 30 << 10);
    assert_eq!(neuron.0.advance(Tick(146)).len(), 1);
}

#[test]
fn adaptation_stretches_the_intervals_and_dies_away() {
    let mut neuron = Single::new(&[("drive", "30 mV"), ("adaptation", "20 mV")]);
    let spikes = neuron.spikes_until(20_000);
    let intervals: Vec<u64> = spikes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(spikes[0], 220);
    assert!(intervals[0] > 250 && intervals.windows(2).take(3).all(|pair| pair[0] <= pair[1]), "{intervals:?}");
    // Without jump there is no such current.
    assert_eq!(built(&[("adaptation", "0 mV")]).current_count(), 2);
    assert_eq!(built(&[("adaptation", "1 mV")]).current_count(), 3);
}

#[test]
fn a_reset_at_threshold_fires_as_often_as_it_may() {
    for (period, expected) in [("0 ms", [0, 1, 2, 3]), ("0.1 ms", [0, 1, 2, 3]), ("0.3 ms", [0, 3, 6, 9])] {
        let parameters = [("v_reset", "20 mV"), ("v_initial", "20 mV"), ("drive", "25 mV"), ("t_refractory", period)];
        let mut neuron = Single(AnalogLifCore::new(built(&parameters)));
        assert_eq!(neuron.spikes_until(10)[..4], expected, "{period}");
    }
}

#[test]
fn the_smallest_tick_keeps_time_constants() {
    let mut spec = chip();
    spec.tick = crate::testing::fact("0.000001 ms");
    let program = core(CoreModel::AnalogLif, 1, &[("drive", "30 mV")]);
    let mut neuron = Single(AnalogLifCore::new(built_for(&spec, &program).unwrap()));
    // 20 ms ln 3 = 21.972245773362196 ms in ticks of 1 ns.
    assert_eq!(neuron.spikes_until(30_000_000), [21_972_246]);
}

#[test]
fn states_saturate_and_are_counted() {
    let mut neuron = Single::new(&[("drive", "0 mV")]);
    for _ in 0..40 {
        neuron.receive(2, i16::MAX);
        neuron.receive(0, i16::MIN + 1);
    }
    neuron.0.advance(Tick(3));
    assert_eq!(neuron.0.current(0, NeuronId(0), Tick(3)), STATE_MAX);
    assert_eq!(neuron.membrane(3), -512.0);
    assert_eq!(neuron.0.take_saturations(), 2);
    assert_eq!(neuron.0.take_saturations(), 0);
}

fn refusal(parameters: &[(&str, &str)]) -> String {
    built_for(&chip(), &core(CoreModel::AnalogLif, 1, parameters)).unwrap_err().to_string()
}

#[test]
fn what_the_numbers_cannot_hold_is_refused() {
    let beyond = |name: &str, value: &str, limit: &str| {
        format!("chip 0 core 0 neuron 0: `{name}` = {value} is beyond what the core can hold, which is {limit}")
    };
    let needs = |name: &str, value: &str, demand: &str| {
        format!("chip 0 core 0 neuron 0: `{name}` = {value}: core model `analog-lif` needs a value {demand}")
    };
    let cases = [
        (("v_threshold", "513 mV"), needs("v_threshold", "513 mV", "above 0 and below 512 mV")),
        (("drive", "-513 mV"), needs("drive", "-513 mV", "from -512 to 512 mV")),
        (("tau_mem", "0 ms"), needs("tau_mem", "0 ms", "above 0 (at least 2^-32 ms)")),
        (("t_refractory", "-1 ms"), needs("t_refractory", "-1 ms", "at least 0")),
        (("tau_mem", "2000000000 ms"), beyond("tau_mem", "2000000000", "2621440")),
        (("gain_step", "65536 1"), beyond("gain_step", "65536", "65536")),
        (("gain_up", "70000 1"), beyond("gain_up", "70000", "32768")),
    ];
    for ((name, value), message) in cases {
        let found = refusal(&[(name, value)]);
        assert_eq!(found, message);
    }
    let mut spec = chip();
    spec.parameters.remove("tau_adaptation");
    let program = core(CoreModel::AnalogLif, 1, &[("adaptation", "1 mV")]);
    let missing = built_for(&spec, &program).unwrap_err().to_string();
    assert!(missing.contains("no parameter `tau_adaptation`"), "{missing}");
    let mut program = core(CoreModel::AnalogLif, 1, &[]);
    program.weight_exponent = 21;
    assert!(matches!(built_for(&chip(), &program), Err(DeviceModelError::WeightExponent { exponent: 21, .. })));
}

/// A change of base, free, v and currents.
type Change<'a> = &'a dyn Fn(&mut Vec<u64>, &mut Vec<u64>, &mut Vec<i64>, &mut Vec<i64>);

#[test]
fn only_states_of_such_a_core_are_restored() {
    let mut neuron = Single::new(&[("drive", "0 mV"), ("adaptation", "1 mV")]);
    neuron.receive(0, 30 << 10);
    neuron.receive(2, 1 << 10);
    neuron.0.advance(Tick(7));
    let good = neuron.0.save();
    let mut other = Single::new(&[("drive", "0 mV"), ("adaptation", "1 mV")]);
    assert!(other.0.restore(&good));
    assert_eq!(other.0.save(), good);
    let refused = |change: &dyn Fn(&mut AnalogLifState)| {
        let mut bad = good.clone();
        change(&mut bad);
        let mut fresh = AnalogLifCore::new(neuron.0.parameters().clone());
        let before = fresh.save();
        assert!(!fresh.restore(&bad), "{bad:?}");
        assert_eq!(fresh.save(), before, "a refused state changes nothing");
    };
    let parts = |state: &mut AnalogLifState, change: Change<'_>| {
        let AnalogLifState { base, free, v, currents, .. } = state;
        change(base, free, v, currents);
    };
    refused(&|s| parts(s, &|base, _, _, _| base.push(0)));
    refused(&|s| parts(s, &|_, free, _, _| free[0] = 28));
    refused(&|s| parts(s, &|_, free, v, _| (free[0], v[0]) = (0, 20 * ONE)));
    refused(&|s| parts(s, &|_, _, v, _| v[0] = ONE));
    refused(&|s| parts(s, &|_, _, _, currents| currents[0] = STATE_MAX + 1));
    refused(&|s| parts(s, &|_, _, _, currents| currents.truncate(2)));
    refused(&|s| s.started = false);
}

/// A far-fetched state may be restored, but it does no harm: no panic, and time goes on.
#[test]
fn a_state_from_the_future_does_no_harm() {
    let mut neuron = Single::new(&[("drive", "30 mV")]);
    let mut state = neuron.0.save();
    let AnalogLifState { base, free, .. } = &mut state;
    (base[0], free[0]) = (u64::MAX - 1, u64::MAX - 1);
    assert!(neuron.0.restore(&state));
    for tick in [1, 2, 1 << 40, u64::MAX - 1] {
        neuron.receive(2, 100);
        neuron.0.advance(Tick(tick));
    }
}

/// A random neuron at rest constants that are close, equal or far apart; times in ticks of 0.1 ms.
fn any_state() -> impl Strategy<Value = (AnalogLifParameters, i64, [i64; 3])> {
    let tau = || prop_oneof![Just("2 ms"), Just("2.0000001 ms"), Just("2.03 ms"), Just("0.4 ms"), Just("9 ms")];
    let drive = prop_oneof![Just("0 mV"), Just("19.9 mV"), Just("20 mV"), Just("20.01 mV"), Just("50 mV")];
    let current = || prop_oneof![Just(0i64), -60 * ONE..60 * ONE, -ONE..ONE, -9i64..9];
    (
        tau(),
        tau(),
        tau(),
        tau(),
        drive,
        prop_oneof![-50 * ONE..20 * ONE, 20 * ONE - 1000..20 * ONE],
        [current(), current(), current()],
    )
        .prop_map(|(mem, up, down, adaptation, drive, v, i)| {
            let parameters = [
                ("tau_mem", mem),
                ("tau_up", up),
                ("tau_down", down),
                ("tau_adaptation", adaptation),
                ("adaptation", "1 mV"),
                ("drive", drive),
            ];
            (built(&parameters), v, i)
        })
}

/// The only neuron of a core with this state.
fn base<const N: usize>(p: &AnalogLifParameters, v: i64, i: [i64; N]) -> Base<'_, N> {
    let membrane = &p.membranes()[0];
    Base { membrane, threshold: membrane.threshold, currents: p.currents_of(0), v, i }
}

/// What the core finds when it looks again and again.
fn first_crossing<const N: usize>(base: &Base<'_, N>) -> Option<u64> {
    let mut now = 0;
    loop {
        match next_look(base, now)? {
            next if next == now => return Some(now),
            next => now = next,
        }
    }
}

/// A neuron whose time constants are as far apart as they may be, close to threshold, its currents near balance: the
/// largest slopes and bends that there are.
fn steep_state() -> impl Strategy<Value = (AnalogLifParameters, i64, [i64; 2])> {
    let constants = prop_oneof![Just(("131072 ms", "1 ms", 131_072)), Just(("400000 ms", "2 ms", 200_000))];
    (constants, 0u32..40, 0i64..400, prop_oneof![Just(0i64), -ONE / 1000..ONE / 1000]).prop_map(
        |((mem, fast, ratio), gap, share, up)| {
            let parameters = [("tau_mem", mem), ("tau_up", fast), ("tau_down", fast), ("drive", "50 mV")];
            // At 100 hundredths, inhibition takes away what the drive brings.
            let down = 30 * ONE / ratio * share / 100;
            (built(&parameters), 20 * ONE - (1 << gap), [up, down])
        },
    )
}

/// Bounds hold for every tick that they speak of, and a search finds what a scan finds.
fn check_bounds<const N: usize>(base: &Base<'_, N>, from: u64, width: u64) -> Result<(), TestCaseError> {
    let threshold = base.membrane.threshold;
    let scan = (0..1200).find(|d| base.after(*d).v >= threshold);
    prop_assert_eq!(first_crossing(base).filter(|d| *d < 1200), scan);
    let highest = (from..=from + width).map(|d| base.after(d).v).max().unwrap();
    let bound = base.upper_bound(from, from + width);
    prop_assert!(bound >= highest);
    if width == 0 {
        prop_assert_eq!(bound, highest);
    }
    let point = base.after(from);
    if point.v < threshold {
        let next = (from..1500).find(|d| base.after(*d).v >= threshold);
        for bound in [outlook(base, point.v, &point.i), near_outlook(base, point.v, &point.i)] {
            match bound {
                Outlook::Never => prop_assert_eq!(next, None),
                Outlook::Below(ticks) => prop_assert!(next.is_none_or(|next| next > from + ticks)),
            }
        }
    }
    Ok(())
}

/// A gain times a time constant in milliseconds is more than a working number holds.
#[test]
fn a_large_gain_on_a_slow_neuron_reaches_the_threshold() {
    let large = [("tau_mem", "400000 ms"), ("tau_up", "100000 ms"), ("gain_up", "49000 1")];
    let constants = [&large[..], &[("drive", "0 mV"), ("v_threshold", "25 mV")]].concat();
    let mut neuron = Single::new(&constants);
    neuron.receive(2, 1);
    neuron.0.advance(Tick(1));
    let spikes = neuron.spikes_until(10_000_000);
    // 49000 / 1024 mV (slow - fast) 4/3 reaches 25 mV.
    let reached = |t: f64| 49_000.0 / 1024.0 / 3.0 * 4.0 * ((-t / 4e6).exp() - (-t / 1e6).exp()) >= 25.0;
    assert!(!reached(spikes[0] as f64 - 20.0) && reached(spikes[0] as f64 + 20.0), "{spikes:?}");
}

/// A tick of minutes, longer than a working number holds in units of 2^-16 ms.
#[test]
fn a_long_tick_keeps_time_constants() {
    let mut spec = chip();
    spec.tick = crate::testing::fact("100000 ms");
    let slow = ("tau_up", "4000000 ms");
    let parameters = [("drive", "30 mV"), ("tau_mem", "20000000 ms"), slow, ("tau_down", slow.1)];
    let p = built_for(&spec, &core(CoreModel::AnalogLif, 1, &parameters)).unwrap();
    // 20,000 s ln(30/10) = 219.7 ticks.
    assert_eq!(first_crossing(&base(&p, 0, [0; 2])), Some(220));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_hold_and_searches_equal_scans((p, v, i) in any_state(), from in 0u64..300, width in 0u64..60) {
        check_bounds(&base(&p, v, i), from, width)?;
    }

    #[test]
    fn bounds_hold_at_the_ends_of_the_numbers((p, v, i) in steep_state(), from in 0u64..30, width in 0u64..30) {
        check_bounds(&base(&p, v, i), from, width)?;
    }

    /// The transfer against double precision, over all ratios of time constants.
    #[test]
    fn transfers_are_as_exact_as_stated(
        mem in 0.5f64..500.0,
        ratio in prop_oneof![-1e-7f64..1e-7, -0.05f64..0.05, -3f64..3.0],
        d in 0u64..30_000,
    ) {
        let (mem, up) = (format!("{mem:.6} ms"), format!("{:.6} ms", mem * ratio.exp()));
        let p = built(&[("tau_mem", &mem), ("tau_up", &up), ("drive", "0 mV")]);
        let base = base(&p, 0, [ONE, 0]);
        let ms = |text: &str| text[..text.len() - 3].parse::<f64>().unwrap();
        let (mem, up, t) = (ms(&mem), ms(&up), d as f64 * 0.1);
        // The test chip asks for this very constant, so charge and time constant cancel in part.
        let x = t * (1.0 / up - 1.0 / mem).abs();
        let mean = if x < 1e-12 { 1.0 } else { -(-x).exp_m1() / x };
        let exact = t / up * (-t / mem.max(up)).exp() * mean;
        let point = base.after(d);
        prop_assert!((point.v as f64 / ONE as f64 - exact).abs() < 3e-10, "{} {}", point.v as f64 / ONE as f64, exact);
        prop_assert!((point.i[0] as f64 / ONE as f64 - (-t / up).exp()).abs() < 2e-10);
        prop_assert_eq!(point.i[1], 0);
    }
}
