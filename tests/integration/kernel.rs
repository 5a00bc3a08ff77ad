//! The event kernel: time, order, input checks, sleeping, muting, digests.

use crate::cores::recipes;
use crate::oracles::probe;
use crate::support::{Case, Recipe, TICKS, quantity, test_chip};
use chip::{CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, RouterSpec, Routing, Source, Values};
use device_models::{DieParameters, EventCore};
use emulator::{Each, Emulator, EmulatorError, Spike};
use proptest::prelude::*;
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Tick};

const LIF: CoreAddress = CoreAddress::new(0, 0);
const RATE: CoreAddress = CoreAddress::new(0, 1);

/// Two LIF neurons and two rate units, without mismatch and constant input. Channel 0 reaches both neurons and channel
/// 1 both units; neuron 0 reaches neuron 1 after 3 ticks, unit 0 reaches unit 1 after 2.
fn small() -> (chip::ChipSpec, Program) {
    let core = |address, model, parameters: &[(&str, &str)]| CoreProgram {
        address,
        model,
        neuron_count: 2,
        parameters: parameters.iter().map(|(n, v)| ((*n).to_owned(), Values::Shared(quantity(v)))).collect(),
        weight_exponent: 12,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let lif = [
        ("v_threshold", "10 mV"),
        ("drive", "0 mV"),
        ("v_initial", "0 mV"),
        ("v_reset", "0 mV"),
        ("t_refractory", "2 ms"),
    ];
    let to = |neuron, synapse, weight| IdealSynapse { neuron: NeuronId(neuron), synapse, weight };
    let row = |source, destination, delay_ticks, synapses| IdealRow { source, destination, delay_ticks, synapses };
    let from = |core, neuron| Source::Neuron(NeuronAddress { core, neuron: NeuronId(neuron) });
    let rows = vec![
        row(Source::Input(InputId(0)), LIF, 1, vec![to(0, 0, 2560)]),
        row(Source::Input(InputId(0)), LIF, 4, vec![to(1, 0, 1280)]),
        row(Source::Input(InputId(1)), RATE, 1, vec![to(0, 8, 256), to(1, 8, -256)]),
        row(from(LIF, 0), LIF, 3, vec![to(1, 0, 1280)]),
        row(from(RATE, 0), RATE, 2, vec![to(1, 8, 128)]),
    ];
    let cores =
        vec![core(LIF, CoreModel::Lif, &lif), core(RATE, CoreModel::Rate, &[("drive", "0 mV"), ("leak", "1 1")])];
    let spec = test_chip(RouterSpec::Ideal);
    (spec.clone(), Program { chip: spec.name, clock: None, cores, input_count: 2, routing: Routing::Ideal(rows) })
}

fn emulator() -> Emulator {
    let (spec, program) = small();
    Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap()
}

fn spike(tick: u64, neuron: u16) -> Spike {
    Spike { tick: Tick(tick), core: 0, neuron: NeuronId(neuron), value: 1 }
}

#[test]
fn delays_count_from_the_tick_of_the_spike() {
    let mut emulator = emulator();
    emulator.send(InputId(0), Tick(5), 1).unwrap();
    let mut spikes = Vec::new();
    emulator.run_until(Tick(100), &mut spikes);
    // 10 mV at tick 5 makes neuron 0 spike at once; 5 mV at tick 5 + 3 and 5 mV at tick 5 + 4 - 1 make neuron 1 spike.
    assert_eq!(spikes, [spike(5, 0), spike(8, 1)]);
}

/// What a neuron sent in one run reaches in another what it reached in the first, whether it waits for a while or not.
#[test]
fn spikes_of_another_run_are_passed_on() {
    for now in [0, 5] {
        let mut emulator = emulator();
        emulator.run_until(Tick(now), &mut ());
        emulator.send(InputId(0), Tick(8), 1).unwrap();
        emulator.pass_on(0, NeuronId(0), Tick(5), 2).unwrap();
        let mut spikes = Vec::new();
        emulator.run_until(Tick(9), &mut spikes);
        // Twice 5 mV at tick 5 + 3. Neuron 0 spikes at tick 8 because of its own input, and not before.
        assert_eq!(spikes, [spike(8, 0), spike(8, 1)], "passed on at tick {now}");
        let refused = emulator.pass_on(0, NeuronId(0), Tick(8), 1).unwrap_err();
        let expected = "what chip 0 core 0 neuron 0 sent in tick 8 cannot be passed on: the emulation is at tick 9";
        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn refractory_neurons_lose_their_input() {
    let mut emulator = emulator();
    for tick in [5, 6, 7, 8] {
        emulator.send(InputId(0), Tick(tick), 1).unwrap();
    }
    let mut ticks = Vec::new();
    emulator.run_until(Tick(100), &mut Each(|s: Spike| ticks.extend((s.neuron.0 == 0).then_some(s.tick.0))));
    assert_eq!(ticks, [5, 7], "what arrives as the period of two steps ends counts, what arrives within it is lost");
}

#[test]
fn idle_time_costs_nothing() {
    let mut emulator = emulator();
    emulator.run_until(Tick(1_000_000_000), &mut ());
    let settled = emulator.counters().neuron_updates;
    assert!(settled < 100, "{settled} updates before all cores slept");
    emulator.run_until(Tick(u64::MAX / 2), &mut ());
    assert_eq!(emulator.counters().neuron_updates, settled);
    let late = Tick(u64::MAX - 1);
    emulator.send(InputId(0), late, 1).unwrap();
    let mut spikes = Vec::new();
    emulator.run_until(Tick::NEVER, &mut spikes);
    assert_eq!(spikes, [spike(late.0, 0)]);
}

/// An asynchronous core does not advance a neuron that nothing happens to, though others of its core are busy.
#[test]
fn asynchronous_neurons_are_updated_one_by_one() {
    let mut case = Recipe { cores: 1, asynchronous: true, ..rich(false) }.build();
    let neurons = u64::from(case.program.cores[0].neuron_count);
    let counters = run(&mut case).counters().clone();
    assert!(counters.spikes > 50 && counters.synaptic_operations > 1000, "{counters:?}");
    let most = neurons + counters.synaptic_operations + counters.spikes;
    assert!((neurons..=most).contains(&counters.neuron_updates), "{counters:?}");
    assert!(counters.neuron_updates < neurons * TICKS / 2, "{counters:?}");
}

#[test]
fn a_graded_change_is_sent_once_and_a_resting_network_sleeps() {
    let mut emulator = emulator();
    emulator.send(InputId(1), Tick(0), 1 << 16).unwrap();
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(1_000_000), &mut spikes);
    // 256/256 times 1 (in mV bits: 1.0) for unit 0, and -1 for unit 1, which hears half of tanh(1) from tick 2 on.
    let level = |x: f64| (x.tanh() * 65536.0).round() as i32;
    let found: Vec<_> = spikes.iter().map(|s| (s.tick.0, s.neuron.0, s.value)).collect();
    let second = -1.0 + 0.5 * f64::from(level(1.0)) / 65536.0;
    assert_eq!(found, [(0, 0, level(1.0)), (0, 1, level(-1.0)), (2, 1, level(second))]);
    assert_eq!(probe(&emulator, &small().0, 1, NeuronId(1), "y"), i64::from(level(second)));
    assert!(emulator.counters().neuron_updates < 100);
}

/// Sends and returns the error, with the digest as witness that nothing was sent.
#[track_caller]
fn check_refused(emulator: &mut Emulator, input: u32, tick: u64, payload: i32, expected: &str) {
    let before = emulator.snapshot();
    let error = emulator.send(InputId(input), Tick(tick), payload).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(emulator.snapshot(), before, "nothing may have been sent");
}

#[test]
fn wrong_events_are_refused() {
    let mut emulator = emulator();
    emulator.run_until(Tick(10), &mut ());
    let e = &mut emulator;
    let late = "an event of input channel 0 for tick 9 cannot be sent: the emulation is at tick 10";
    check_refused(e, 0, 9, 1, late);
    let never = "an event of input channel 0 for tick 18446744073709551615 cannot be sent: the emulation is at tick 10";
    check_refused(e, 0, u64::MAX, 1, never);
    check_refused(e, 2, 10, 1, "input channel 2 does not exist: the program has 2");
    check_refused(e, 0, 10, -1, "input channel 0 would have -1 spikes in tick 10; it can have from 0 to 255");
    e.send(InputId(0), Tick(10), 200).unwrap();
    e.send(InputId(0), Tick(10), 55).unwrap();
    check_refused(e, 0, 10, 1, "input channel 0 would have 256 spikes in tick 10; it can have from 0 to 255");
    e.send(InputId(0), Tick(11), 255).unwrap();
    e.send(InputId(1), Tick(10), 1 << 24).unwrap();
    let level = "the level of input channel 1 would become 16777217 (units of 2^-16), beyond +-16777216";
    check_refused(e, 1, 12, 1, level);
    e.send(InputId(1), Tick(12), -(1 << 24)).unwrap();
}

#[test]
fn a_foreign_fabric_is_refused() {
    let (spec, mut program) = small();
    let fabric = emulator().fabric().clone();
    assert!(Emulator::with_fabric(&spec, &program, fabric.clone(), &DieParameters::nominal()).is_ok());
    program.cores[0].neuron_count = 1;
    let error = Emulator::with_fabric(&spec, &program, fabric, &DieParameters::nominal()).unwrap_err();
    assert_eq!(error, EmulatorError::ForeignFabric);
}

fn run(case: &mut Case) -> Emulator {
    let mut emulator = case.emulator();
    emulator.run_until(Tick(TICKS), &mut ());
    emulator
}

/// A recipe that exercises everything: both models, bursts, silence, saturation.
fn rich(tag_cam: bool) -> Recipe {
    let (extreme, asynchronous) = (tag_cam, false);
    Recipe { seed: 5, tag_cam, cores: 4, neurons: 40, fan_out: 12, inputs: 6, events: 60, extreme, asynchronous }
}

#[test]
fn runs_have_the_same_bits_everywhere() {
    let digest = |tag_cam, asynchronous| {
        let mut case = Recipe { asynchronous, ..rich(tag_cam) }.build();
        let emulator = run(&mut case);
        let c = emulator.counters();
        format!(
            "{:016x} {} spikes {} operations {} saturations {} lost",
            emulator.digest(),
            c.spikes,
            c.synaptic_operations,
            c.saturations,
            c.losses.total()
        )
    };
    let found = [digest(false, false), digest(true, false), digest(false, true)];
    let ideal = "75ff0eff26d24ac6 3546 spikes 73755 operations 16 saturations 0 lost";
    let tag_cam = "43eb41799807d3b3 5443 spikes 17592 operations 12121 saturations 8648 lost";
    let asynchronous = "262183924d50394f 3492 spikes 72075 operations 15 saturations 0 lost";
    assert_eq!(found, [ideal, tag_cam, asynchronous]);
}

#[test]
fn random_programs_reach_every_part() {
    let (mut narrow, mut wide, mut saturated, mut lost, mut unmatched, mut slept, mut graded) = (0, 0, 0, 0, 0, 0, 0);
    for seed in 0..12 {
        let recipe = Recipe { seed, extreme: seed % 2 == 1, ..rich(seed % 3 == 0) };
        let mut case = recipe.build();
        let mut emulator = case.emulator();
        let mut spikes: Vec<Spike> = Vec::new();
        emulator.run_until(Tick(TICKS), &mut spikes);
        for (index, core) in case.program.cores.iter().enumerate() {
            if let device_models::Core::Lif(core) = emulator.core(index) {
                *(if core.parameters().is_narrow() { &mut narrow } else { &mut wide }) += 1;
            }
            graded += spikes.iter().filter(|s| s.core == index && core.model == CoreModel::Rate).count();
        }
        let all: u64 = case.program.cores.iter().map(|core| u64::from(core.neuron_count)).sum();
        saturated += emulator.counters().saturations;
        lost += emulator.counters().losses.total();
        unmatched += emulator.counters().unmatched_broadcasts;
        slept += u64::from(emulator.counters().neuron_updates < all * TICKS);
    }
    let found = [narrow, wide, saturated, lost, unmatched, slept, graded as u64];
    assert!(found.iter().all(|count| *count > 0), "narrow, wide, saturated, lost, unmatched, slept, graded: {found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_in_pieces_is_a_straight_run(recipe in recipes(false), pieces in prop::collection::vec(1..90u64, 1..9)) {
        let mut case = recipe.build();
        let mut emulator = case.emulator();
        let mut end = 0;
        for piece in pieces {
            end += piece;
            emulator.run_until(Tick(end.min(TICKS)), &mut ());
            emulator.run_until(Tick(end.min(TICKS) / 2), &mut ());
        }
        emulator.run_until(Tick(TICKS), &mut ());
        let straight = run(&mut case);
        prop_assert_eq!(emulator.digest(), straight.digest());
        prop_assert_eq!(emulator.counters(), straight.counters());
    }

    #[test]
    fn a_reset_emulator_is_a_new_one(recipe in recipes(true)) {
        let mut case = recipe.build();
        let mut emulator = run(&mut case);
        emulator.reset();
        for &(input, tick, payload) in &case.events {
            emulator.send(input, tick, payload).unwrap();
        }
        emulator.run_until(Tick(TICKS), &mut ());
        let once = run(&mut case);
        prop_assert_eq!(emulator.digest(), once.digest());
        prop_assert_eq!(emulator.counters().spikes, 2 * once.counters().spikes);
        prop_assert_eq!(emulator.counters().losses.total(), 2 * once.counters().losses.total());
    }

    #[test]
    fn the_order_of_sending_does_not_matter(recipe in recipes(false)) {
        let mut case = recipe.build();
        let first = run(&mut case);
        // The same events again, last one first. A level may now leave its range on the way, so spikes only.
        case.events.reverse();
        let mut emulator = Emulator::new(&case.spec, &case.program, &case.die).unwrap();
        let refused = case.events.iter().filter(|(i, t, p)| emulator.send(*i, *t, *p).is_err()).count();
        prop_assume!(refused == 0);
        emulator.run_until(Tick(TICKS), &mut ());
        prop_assert_eq!(emulator.digest(), first.digest());
    }

    /// Muting the recurrent routes equals weights of 0 in them; unmuting brings them back. On an asynchronous core it
    /// does not: an event of weight 0 is an event, at which a state is rounded.
    #[test]
    fn muted_routes_are_absent_ones(recipe in recipes(false)) {
        let mut case = Recipe { asynchronous: false, ..recipe }.build();
        let mut muted = case.emulator();
        muted.mute(|origin, _| matches!(origin, Source::Neuron(_)));
        muted.run_until(Tick(TICKS), &mut ());
        let state = |emulator: &Emulator| {
            let cores = (0..case.program.cores.len()).map(|i| emulator.core(i).save());
            cores.collect::<Vec<_>>()
        };
        let mut removed = case.program.clone();
        let Routing::Ideal(rows) = &mut removed.routing else { unreachable!() };
        // A synapse of weight 0 keeps the lane of its kind in use, so that states can be compared.
        for row in rows.iter_mut().filter(|row| matches!(row.source, Source::Neuron(_))) {
            row.synapses.iter_mut().for_each(|s| s.weight = 0);
        }
        let mut without = Emulator::new(&case.spec, &removed, &case.die).unwrap();
        for &(input, tick, payload) in &case.events {
            without.send(input, tick, payload).unwrap();
        }
        without.run_until(Tick(TICKS), &mut ());
        prop_assert_eq!(muted.counters().spikes, without.counters().spikes);
        prop_assert_eq!(state(&muted), state(&without));
        let mut back = case.emulator();
        back.mute(|_, _| true);
        back.mute(|_, _| false);
        back.run_until(Tick(TICKS), &mut ());
        prop_assert_eq!(back.digest(), run(&mut case).digest());
    }
}
