//! Clocked cores whose step has several ticks: when they act, what they keep in between, what they refuse.

use crate::cores::recipes;
use crate::oracles::probe;
use crate::runs::{assert_cut_changes_nothing, assert_equal_oracle};
use crate::support::{Case, Recipe, TICKS, fact, test_chip};
use chip::{CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, RouterSpec, Routing, Source};
use device_models::{Core, CoreState, DieParameters};
use emulator::{Emulator, Snapshot, Spike};
use proptest::prelude::*;
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Tick};

/// The case of `recipe` on a chip whose step is `step` ticks of 1 ms. Weights stay moderate: sums of several ticks
/// and the largest weights together are more than a core takes.
fn stepped(recipe: &Recipe, step: u64) -> Case {
    let mut case = Recipe { extreme: false, ..recipe.clone() }.build();
    case.spec.step = Some(fact(&format!("{step} ms")));
    case
}

fn rich(tag_cam: bool) -> Recipe {
    Recipe {
        seed: 8,
        tag_cam,
        cores: 4,
        neurons: 40,
        fan_out: 12,
        inputs: 6,
        events: 60,
        extreme: false,
        asynchronous: true,
    }
}

/// Both side by side, compared after each of `ends`, whether it lies between steps or not.
fn check_oracle(case: &mut Case, ends: &[u64]) -> Vec<Spike> {
    let mut emulator = case.emulator();
    let mut oracle = case.oracle(&emulator);
    assert_equal_oracle(&mut emulator, &mut oracle, ends)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stepped_cores_equal_the_oracle(
        recipe in recipes(false), step in 2..9u64, mut ends in prop::collection::vec(0..=TICKS, 1..9),
    ) {
        ends.sort_unstable();
        let mut case = stepped(&recipe, step);
        let spikes = check_oracle(&mut case, &ends);
        let clocked = |s: &&Spike| case.program.cores[s.core].model.is_clocked();
        let all = spikes.iter().filter(clocked).all(|s| s.tick.0.is_multiple_of(step));
        prop_assert!(all, "spikes of clocked cores carry the tick of their step");
    }

    #[test]
    fn stepped_cores_behind_tags_equal_the_oracle(recipe in recipes(true), step in 2..9u64) {
        check_oracle(&mut stepped(&recipe, step), &[0, 1, 2, 5, 31, 90, 181, TICKS]);
    }

    #[test]
    fn a_cut_between_steps_changes_nothing(recipe in recipes(false), step in 2..9u64, at in 0..TICKS) {
        assert_cut_changes_nothing(&mut stepped(&recipe, step), 0, at);
    }
}

#[test]
fn a_step_of_five_ticks_is_cut_everywhere() {
    let mut case = stepped(&rich(false), 5);
    let mut held = 0;
    for at in 0..40 {
        assert_cut_changes_nothing(&mut case, 0, at);
        let mut emulator = case.emulator();
        emulator.run_until(Tick(at), &mut ());
        held += (0..case.program.cores.len()).filter(|core| emulator.core(*core).is_touched()).count();
    }
    assert!(held > 20, "cores should hold input between their steps: {held} did");
}

#[test]
fn a_step_of_one_tick_is_the_default() {
    for tag_cam in [false, true] {
        let (mut with, mut without) = (stepped(&rich(tag_cam), 1), rich(tag_cam).build());
        let run = |case: &mut Case| {
            let mut emulator = case.emulator();
            emulator.run_until(Tick(TICKS), &mut ());
            emulator.snapshot()
        };
        assert_eq!(run(&mut with), run(&mut without));
    }
}

/// With delays of as many steps, finer ticks under the same step change nothing but the numbers of the ticks.
#[test]
fn finer_ticks_leave_clocked_cores_alone() {
    let clocked = Recipe { asynchronous: false, ..rich(true) };
    let (mut coarse, mut fine) = (clocked.build(), clocked.build());
    (fine.spec.tick, fine.spec.step) = (fact("1 us"), Some(fact("1 ms")));
    fine.events.iter_mut().for_each(|(_, tick, _)| tick.0 *= 1000);
    // A delay is a number of ticks: the tick that every event takes, and whole steps beyond it.
    if let (Routing::TagCam { cores, .. }, RouterSpec::TagCam(router)) =
        (&mut fine.program.routing, &mut fine.spec.router)
    {
        router.delay_max = Some(fact("9000 1"));
        cores.iter_mut().flat_map(|core| &mut core.delays).for_each(|delay| *delay = (*delay - 1) * 1000 + 1);
    }
    // A step of several ticks takes no more spikes of a channel than one tick did; both take the same events.
    let (mut one, mut other) = (coarse.emulator(), fine.emulator());
    assert_eq!(coarse.events.len(), fine.events.len());
    let (mut spikes, mut finer) = (Vec::<Spike>::new(), Vec::<Spike>::new());
    one.run_until(Tick(TICKS), &mut spikes);
    other.run_until(Tick(TICKS * 1000), &mut finer);
    finer.iter_mut().for_each(|s| s.tick.0 /= 1000);
    assert!(spikes.len() > 1000);
    assert_eq!(spikes, finer);
    assert_eq!(one.counters().neuron_updates, other.counters().neuron_updates, "no more work is done");
}

/// One LIF neuron on a chip with steps of 5 ticks; channel 0 reaches it at once, channel 1 two ticks later.
fn single() -> (chip::ChipSpec, Program) {
    let address = CoreAddress::new(0, 0);
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.step = Some(fact("5 ms"));
    let row = |input, delay_ticks| IdealRow {
        source: Source::Input(InputId(input)),
        destination: address,
        delay_ticks,
        synapses: vec![IdealSynapse { neuron: NeuronId(0), synapse: 0, weight: 1000 }],
    };
    let core = CoreProgram {
        address,
        model: CoreModel::Lif,
        neuron_count: 1,
        parameters: [("v_threshold", "10 mV"), ("drive", "0 mV")]
            .map(|(name, value)| (name.to_owned(), chip::Values::Shared(value.parse().unwrap())))
            .into(),
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let routing = Routing::Ideal(vec![row(0, 1), row(1, 3)]);
    let program = Program { chip: spec.name.clone(), clock: None, cores: vec![core], input_count: 2, routing };
    (spec, program)
}

fn single_emulator() -> Emulator {
    let (spec, program) = single();
    Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap()
}

#[test]
fn input_waits_for_the_next_step() {
    let arrived = |emulator: &Emulator| match emulator.core(0).save() {
        CoreState::Lif(state) => state.sums,
        state => panic!("{state:?}"),
    };
    let membrane = |emulator: &Emulator| probe(emulator, &single().0, 0, NeuronId(0), "v");
    for (channel, tick, acts) in [(0, 5, 5), (0, 6, 10), (0, 10, 10), (1, 7, 10), (1, 8, 10), (1, 9, 15)] {
        let mut emulator = single_emulator();
        emulator.send(InputId(channel), Tick(tick), 3).unwrap();
        emulator.run_until(Tick(acts), &mut ());
        let before = membrane(&emulator);
        let reached = tick + if channel == 1 { 2 } else { 0 };
        let waits = if reached == acts { vec![] } else { vec![vec![3000]] };
        assert_eq!(arrived(&emulator), waits, "channel {channel}, tick {tick}");
        emulator.run_until(Tick(acts + 1), &mut ());
        assert!(membrane(&emulator) > before, "channel {channel}, tick {tick}");
        assert_eq!(arrived(&emulator), Vec::<Vec<i32>>::new());
    }
}

#[test]
fn too_many_spikes_in_a_step_are_refused() {
    let mut emulator = single_emulator();
    emulator.send(InputId(0), Tick(6), 200).unwrap();
    emulator.send(InputId(0), Tick(10), 55).unwrap();
    // The next step, and another channel, are free.
    emulator.send(InputId(0), Tick(11), 255).unwrap();
    emulator.send(InputId(1), Tick(6), 255).unwrap();
    let refused = |emulator: &mut Emulator, tick: u64| {
        let before = emulator.snapshot();
        let error = emulator.send(InputId(0), Tick(tick), 1).unwrap_err().to_string();
        assert_eq!(emulator.snapshot(), before, "nothing may have been sent");
        error
    };
    let expected =
        "input channel 0 would have 256 spikes in the step that ends with tick 10; it can have from 0 to 255";
    assert_eq!(refused(&mut emulator, 8), expected);
    // What was delivered already counts, also in a resumed run.
    emulator.run_until(Tick(9), &mut ());
    let (spec, program) = single();
    let mut resumed = Emulator::resume(&spec, &program, &DieParameters::nominal(), &emulator.snapshot()).unwrap();
    assert_eq!(refused(&mut resumed, 9), expected);
    assert_eq!(refused(&mut emulator, 9), expected);
}

#[test]
fn impossible_states_between_steps_are_refused() {
    let (spec, program) = single();
    let mut emulator = single_emulator();
    emulator.send(InputId(0), Tick(6), 3).unwrap();
    emulator.send(InputId(0), Tick(9), 2).unwrap();
    emulator.run_until(Tick(8), &mut ());
    let good = serde_json::to_value(emulator.snapshot()).unwrap();
    let refusal = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        let snapshot: Snapshot = serde_json::from_value(changed).unwrap();
        match Emulator::resume(&spec, &program, &DieParameters::nominal(), &snapshot) {
            Ok(_) => "resumed".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(refusal(&|_| {}), "resumed");
    let check = |change: &dyn Fn(&mut serde_json::Value), expected: &str| {
        assert_eq!(refusal(change), format!("the snapshot cannot be resumed: {expected}"));
    };
    let state = "the state of a core is not one that it can have";
    check(&|s| s["cores"][0]["Lif"]["sums"][0][0] = (1u32 << 30).into(), state);
    check(&|s| s["cores"][0]["Lif"]["sums"][0] = vec![1, 2].into(), state);
    check(&|s| s["cores"][0]["Lif"]["sums"] = vec![vec![1]; 2].into(), state);
    check(&|s| s["wake"][0] = 11.into(), "a core is to be woken between its steps");
    check(&|s| s["wake"][0] = 15.into(), "a core holds input that it should have used");
    check(&|s| s["now"] = 6.into(), "a core holds input that it should have used");
    check(&|s| s["step_ticks"] = 1.into(), "it was taken from a chip whose steps have another number of ticks");
    let unsent = "it holds an event that could not have been sent";
    check(&|s| s["sent"][0][0] = 9.into(), unsent);
    check(&|s| s["sent"][0][2] = 256.into(), unsent);
    check(&|s| s["sent"][0][2] = 1.into(), unsent);
    check(&|s| s["sent"] = serde_json::Value::Array(vec![]), unsent);
    check(&|s| s["inputs"][0][2] = (-1).into(), unsent);
}

#[test]
fn sums_of_a_step_must_fit() {
    let (spec, mut program) = single();
    let mut weight = |input: usize, weight: i16, count: usize| {
        let Routing::Ideal(rows) = &mut program.routing else { unreachable!() };
        rows[input].synapses = vec![IdealSynapse { neuron: NeuronId(0), synapse: 0, weight }; count];
        Emulator::new(&spec, &program, &DieParameters::nominal()).map(drop).map_err(|e| e.to_string())
    };
    weight(1, 1, 1).unwrap();
    weight(0, i16::MAX, 128).unwrap();
    let error = weight(0, i16::MAX, 129).unwrap_err();
    assert!(error.contains("can add up to 1077870975") && error.contains("hold 1073741823"), "{error}");
    // Parts of two steps of a delayed channel can meet in one step: half as many.
    weight(0, 1, 1).unwrap();
    weight(1, i16::MAX, 64).unwrap();
    assert!(weight(1, i16::MAX, 65).unwrap_err().contains("accumulators hold"));
}

/// A hundred thousand neurons on a hundred cores, of which one neuron is woken now and then. It need not be measured:
/// if idle time cost anything, this would not end.
#[test]
fn an_idle_board_costs_nothing() {
    let mut spec = test_chip(RouterSpec::Ideal);
    (spec.tick, spec.step) = (fact("1 us"), Some(fact("1 ms")));
    spec.geometry.neurons_per_core = fact("1000 1");
    spec.geometry.cores_per_chip = fact("104 1");
    let parameters = [("v_threshold", "10 mV"), ("drive", "0 mV"), ("v_initial", "0 mV")]
        .map(|(name, value)| (name.to_owned(), chip::Values::Shared(value.parse().unwrap())));
    let core = |n| CoreProgram {
        address: CoreAddress::new(0, n),
        model: CoreModel::Lif,
        neuron_count: 1000,
        parameters: parameters.clone().into(),
        weight_exponent: 12,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let cores: Vec<CoreProgram> = (0..104).map(core).collect();
    let row = |source, core: usize, delay_ticks| IdealRow {
        source,
        destination: cores[core].address,
        delay_ticks,
        synapses: vec![IdealSynapse { neuron: NeuronId(7), synapse: 0, weight: 4000 }],
    };
    // The input reaches core 70, whose neuron reaches core 103 after the longest delay.
    let middle = NeuronAddress { core: cores[70].address, neuron: NeuronId(7) };
    let rows = vec![row(Source::Input(InputId(0)), 70, 1), row(Source::Neuron(middle), 103, u16::MAX)];
    let program = Program {
        chip: spec.name.clone(),
        clock: None,
        cores: cores.clone(),
        input_count: 1,
        routing: Routing::Ideal(rows),
    };
    let mut emulator = Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap();
    let mut spikes: Vec<Spike> = Vec::new();
    // A million steps, each asked for by itself.
    for step in 1..=1_000_000 {
        emulator.run_until(Tick(step * 1000), &mut spikes);
    }
    let settled = emulator.counters().neuron_updates;
    assert!(settled < 10 * 104_000, "{settled} updates before all cores slept");
    assert!(spikes.is_empty());
    emulator.send(InputId(0), Tick(999_999_999_001), 2).unwrap();
    emulator.run_until(Tick(1_000_000_200_000), &mut spikes);
    let found: Vec<_> = spikes.iter().map(|s| (s.tick.0, s.core, s.neuron.0)).collect();
    // Sent within a step, used in the next; 65.535 ms later it arrives within a step again.
    assert_eq!(found, [(1_000_000_000_000, 70, 7), (1_000_000_066_000, 103, 7)]);
    assert!(matches!(emulator.core(0), Core::Lif(core) if !core.is_awake()));
    assert!(emulator.counters().neuron_updates < settled + 1000 * 300, "only two cores woke");
}
