//! Weights of a die, faults and noise in running programs: against the oracle, resumed, and where nothing may move.

use crate::cores::recipes;
use crate::oracles::probe;
use crate::runs::{assert_cut_changes_nothing, assert_equal_oracle};
use crate::support::{Case, Recipe, TICKS, fact, quantity, test_chip};
use chip::{
    ChipSpec, CoreModel, CoreProgram, FaultSpec, IdealRow, IdealSynapse, MismatchSpec, NoiseSpec, Program, RouterSpec,
    Routing, Source, Values,
};
use conformance::{DieOracle, Slot};
use device_models::{DieParameters, MismatchSetting, SynapseContent, SynapseFault};
use disorder::{Die, Family};
use emulator::{Emulator, Snapshot, Spike};
use proptest::prelude::*;
use router::Fabric;
use std::collections::BTreeMap;
use std::sync::Arc;
use units::{CoreAddress, DieId, InputId, NeuronId, Tick};

/// Gives a chip weight mismatch, faults and noise.
fn vary(spec: &mut ChipSpec) {
    spec.weight_mismatch = Some(MismatchSpec {
        family: Family::Gamma,
        cv: fact("0.4 1"),
        truncation: None,
        shares: None,
        correlation: None,
    });
    spec.faults = Some(FaultSpec {
        dead_neuron: Some(fact("0.05 1")),
        hot_neuron: Some(fact("0.03 1")),
        dead_synapse: Some(fact("0.1 1")),
        stuck_synapse: Some(fact("0.02 1")),
        weight_bit_flip: Some(fact("0.03 1")),
        weight_bits: (spec.router == RouterSpec::Ideal).then(|| fact("16 1")),
    });
    spec.noise = Some(NoiseSpec {
        run_threshold_cv: Some(fact("0.05 1")),
        run_weight_cv: Some(fact("0.1 1")),
        event_weight_cv: None,
        event_threshold_cv: None,
        event_jitter_ticks: Some(fact("4 1")),
        ..NoiseSpec::default()
    });
}

fn die(spec: &ChipSpec, id: u32) -> DieParameters {
    DieParameters::new(spec, Die { root_seed: 7, id: DieId(id) }, MismatchSetting::default()).unwrap()
}

/// A random case on a varied chip.
fn build(recipe: &Recipe) -> Case {
    // Stuck and flipped weights would leave the sums of extreme programs without bounds.
    let mut case = Recipe { extreme: false, ..recipe.clone() }.build();
    vary(&mut case.spec);
    case.die = die(&case.spec, 3);
    case
}

/// The die of a case as the oracle asks for it.
fn answers(die: &DieParameters) -> DieOracle<'_> {
    let number = |slot| match slot {
        Slot::Hardware(number) => number,
        Slot::Content { source, kind, delay, occurrence } => {
            SynapseContent { source, kind, delay_ticks: delay, occurrence: occurrence as u32 }.slot()
        }
    };
    DieOracle {
        factor: Box::new(move |core, n, slot| die.weight_factor(core, n, number(slot)).to_bits().into()),
        broken: Box::new(move |core, n, slot| {
            die.synapse_fault(core, n, number(slot)).map(|fault| fault == SynapseFault::Stuck)
        }),
        flips: Box::new(move |core, n, slot| die.flipped_bits(core, n, number(slot))),
        bits: die.stored_weight_bits(),
    }
}

fn check_oracle(recipe: &Recipe) {
    let mut case = build(recipe);
    let mut emulator = case.emulator();
    let mut oracle = case.oracle(&emulator).on_die(answers(&case.die));
    assert_equal_oracle(&mut emulator, &mut oracle, &[1, 40, 181, TICKS]);
}

/// A run with noise, straight and from a snapshot.
fn check_resume(recipe: &Recipe, at: u64) {
    let mut case = build(recipe);
    case.spec.noise.as_mut().unwrap().event_weight_cv =
        case.program.cores.iter().all(|core| core.model == CoreModel::Lif).then(|| fact("0.3 1"));
    case.die = die(&case.spec, 3).with_noise(&case.spec, 5).unwrap();
    assert_cut_changes_nothing(&mut case, 2, at);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dies_of_ideal_programs_equal_the_oracle(recipe in recipes(false)) {
        check_oracle(&recipe);
    }

    #[test]
    fn dies_of_tag_cam_programs_equal_the_oracle(recipe in recipes(true)) {
        check_oracle(&recipe);
    }

    #[test]
    fn resuming_with_noise_is_going_on(recipe in recipes(false), at in 0..TICKS) {
        check_resume(&recipe, at);
    }

    #[test]
    fn resuming_spikes_with_weights_of_their_own_is_going_on(recipe in recipes(true), at in 0..TICKS) {
        check_resume(&Recipe { cores: 1, events: 20, ..recipe }, at);
    }
}

const CORE: CoreAddress = CoreAddress::new(0, 0);

fn to(neuron: u16, synapse: u8, weight: i16) -> IdealSynapse {
    IdealSynapse { neuron: NeuronId(neuron), synapse, weight }
}

/// One core; each list of synapses is a row of an input channel.
fn program(neuron_count: u32, rows: &[(u32, u16, &[IdealSynapse])]) -> Program {
    let value = |(name, text): (&str, &str)| (name.to_owned(), Values::Shared(quantity(text)));
    let parameters = [
        ("v_threshold", "10 mV"),
        ("drive", "0 mV"),
        ("v_initial", "0 mV"),
        ("v_reset", "0 mV"),
        ("t_refractory", "0 ms"),
    ]
    .map(value);
    let core = CoreProgram {
        address: CORE,
        model: CoreModel::Lif,
        neuron_count,
        parameters: BTreeMap::from(parameters),
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let rows = rows.iter().map(|(input, delay_ticks, synapses)| IdealRow {
        source: Source::Input(InputId(*input)),
        destination: CORE,
        delay_ticks: *delay_ticks,
        synapses: synapses.to_vec(),
    });
    let input_count =
        1 + rows.clone().filter_map(|r| if let Source::Input(i) = r.source { Some(i.0) } else { None }).max().unwrap();
    Program {
        chip: "test".to_owned(),
        clock: None,
        cores: vec![core],
        input_count,
        routing: Routing::Ideal(rows.collect()),
    }
}

/// A chip without mismatch, on which only what `change` sets varies.
fn plain(change: impl FnOnce(&mut ChipSpec)) -> ChipSpec {
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.parameters.values_mut().for_each(|p| p.mismatch = None);
    spec.mismatch_reference = None;
    change(&mut spec);
    spec
}

/// The weights that channel `input` has on die `id`, in the order of their targets, by row.
fn weights(spec: &ChipSpec, program: &Program, id: u32, input: u32) -> Vec<Vec<i32>> {
    let shared = Arc::new(Fabric::build(spec, program).unwrap());
    let fabric = shared.on_die(spec, program, &die(spec, id)).unwrap_or_else(|e| panic!("{e}"));
    let rows = fabric.routes_of(fabric.input_source(InputId(input))).map(|r| fabric.row(fabric.routes()[r].row));
    rows.map(|row| row.synapses.iter().map(|s| s.weight()).collect()).collect()
}

fn mismatched() -> ChipSpec {
    plain(|spec| {
        vary(spec);
        (spec.faults, spec.noise) = (None, None);
    })
}

#[test]
fn a_synapse_that_is_added_moves_no_other() {
    let spec = mismatched();
    let before = weights(&spec, &program(2, &[(0, 1, &[to(0, 0, 1000), to(1, 0, 1000)])]), 0, 0);
    assert_ne!(before[0][0], before[0][1], "every slot has a factor of its own");
    // More synapses of other channels, kinds, delays and targets, and more neurons.
    let many = program(
        5,
        &[
            (0, 1, &[to(0, 0, 1000), to(0, 4, 300), to(1, 0, 1000), to(4, 0, 7)]),
            (0, 3, &[to(0, 0, 1000)]),
            (1, 1, &[to(0, 0, 1000), to(1, 0, 1000)]),
        ],
    );
    let after = weights(&spec, &many, 0, 0);
    let delta = |row: &[i32]| row.iter().copied().filter(|w| *w > 300).collect::<Vec<_>>();
    assert_eq!(delta(&after[0])[..2], before[0][..]);
    assert_ne!(after[1][0], before[0][0], "another delay is another synapse");
    assert_ne!(weights(&spec, &many, 0, 1)[0], before[0], "another source too");
    assert_ne!(weights(&spec, &many, 1, 0)[0], after[0], "and another die");
}

#[test]
fn rows_in_another_order_are_the_same_program() {
    let spec = mismatched();
    let (a, b) = (to(0, 0, 1000), to(0, 0, 2000));
    let all = |rows: &[(u32, u16, &[IdealSynapse])]| {
        let mut all = weights(&spec, &program(1, rows), 0, 0).concat();
        all.sort_unstable();
        all
    };
    let expected = all(&[(0, 1, &[a, b])]);
    assert_eq!(all(&[(0, 1, &[b, a])]), expected);
    assert_eq!(all(&[(0, 1, &[a]), (0, 1, &[b])]), expected);
    assert_eq!(all(&[(0, 1, &[b]), (0, 1, &[a])]), expected);
}

#[test]
fn a_die_that_changes_no_weight_shares_the_fabric() {
    let spec = plain(|_| {});
    let program = program(1, &[(0, 1, &[to(0, 0, 1)])]);
    let fabric = Arc::new(Fabric::build(&spec, &program).unwrap());
    let emulator = Emulator::with_fabric(&spec, &program, fabric.clone(), &die(&spec, 0)).unwrap();
    assert!(Arc::ptr_eq(&fabric, emulator.fabric()));
    let varied = mismatched();
    let other = Emulator::with_fabric(&varied, &program, fabric.clone(), &die(&varied, 0)).unwrap();
    assert!(!Arc::ptr_eq(&fabric, other.fabric()) && other.fabric().weight_changes().synapses == 1);
}

/// The chip with one certain fault.
fn certain(change: impl FnOnce(&mut FaultSpec)) -> ChipSpec {
    let mut faults = FaultSpec::default();
    change(&mut faults);
    plain(|spec| spec.faults = Some(faults))
}

#[test]
fn broken_slots_have_the_weights_of_their_faults() {
    // Kinds 0 signed, 1 inhibitory (negative in its lane), 4 excitatory.
    let program = program(1, &[(0, 1, &[to(0, 0, -5), to(0, 1, 3), to(0, 4, 6)])]);
    let sure = || Some(fact("1 1"));
    let check = |spec: ChipSpec, mut expected: [i32; 3]| {
        let mut found = weights(&spec, &program, 0, 0).concat();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    };
    check(certain(|f| f.dead_synapse = sure()), [0, 0, 0]);
    check(certain(|f| f.stuck_synapse = sure()), [32767, -32767, 32767]);
    check(certain(|f| (f.stuck_synapse, f.weight_bits) = (sure(), Some(fact("4 1")))), [7, -7, 7]);
    check(certain(|f| (f.dead_synapse, f.stuck_synapse) = (sure(), sure())), [0, 0, 0]);
    // Four bits, all flipped: -5 = 1011 reads 0100, and of a fixed sign 011 reads 100 and 110 reads 001.
    check(certain(|f| (f.weight_bit_flip, f.weight_bits) = (sure(), Some(fact("4 1")))), [4, -4, 1]);
    let narrow = certain(|f| (f.weight_bit_flip, f.weight_bits) = (sure(), Some(fact("3 1"))));
    let fabric = Arc::new(Fabric::build(&narrow, &program).unwrap());
    let error = fabric.on_die(&narrow, &program, &die(&narrow, 0)).unwrap_err().to_string();
    let text = "weight -5 does not fit the 3 bits of a stored weight, -4 to 3; scale the weights down, or correct \
                `faults.weight_bits`";
    assert!(error.ends_with(text), "{error}");
}

#[test]
fn weights_that_are_cut_are_counted() {
    let spec = mismatched();
    let synapses: Vec<_> = (0..50).map(|n| to(n, 0, 30_000)).collect();
    let program = program(50, &[(0, 1, &synapses)]);
    let emulator = Emulator::new(&spec, &program, &die(&spec, 0)).unwrap();
    let cut = weights(&spec, &program, 0, 0)[0].iter().filter(|w| **w == 32767).count() as u64;
    assert!((10..40).contains(&cut));
    assert_eq!(emulator.fabric().weight_changes().saturated, cut);
}

fn jittery(ticks: &str, cv: Option<&str>) -> ChipSpec {
    plain(|spec| {
        let noise =
            NoiseSpec { event_jitter_ticks: Some(fact(ticks)), event_weight_cv: cv.map(fact), ..NoiseSpec::default() };
        spec.noise = Some(noise);
    })
}

/// Ticks of the spikes of a neuron that an input makes spike at once, for an event every ten ticks.
fn arrivals(spec: &ChipSpec, trial: u64, part: u64) -> Vec<u64> {
    let program = program(1, &[(0, 1, &[to(0, 0, 20_000)])]);
    let die = die(spec, 0).with_noise(spec, trial).unwrap();
    let mut emulator = Emulator::new(spec, &program, &die).unwrap();
    emulator.set_part(part);
    (0..200).for_each(|i| emulator.send(InputId(0), Tick(10 * i), 1).unwrap());
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(2100), &mut spikes);
    spikes.iter().map(|s| s.tick.0).collect()
}

#[test]
fn late_events_arrive_within_the_budget() {
    let spec = jittery("3 1", None);
    let first = arrivals(&spec, 0, 0);
    assert_eq!(first.len(), 200);
    let late: Vec<u64> = first.iter().zip(0..).map(|(tick, i)| tick - 10 * i).collect();
    for delay in 0..4 {
        let count = late.iter().filter(|d| **d == delay).count();
        // 50 with a standard deviation of 6.1.
        assert!((14..87).contains(&count), "{count} events are {delay} ticks late");
    }
    assert!(late.iter().all(|d| *d < 4));
    assert_eq!(first, arrivals(&spec, 0, 0), "the same trial is the same run");
    assert_ne!(first, arrivals(&spec, 1, 0));
    assert_ne!(first, arrivals(&spec, 0, 1));
    assert_eq!(arrivals(&jittery("0 1", None), 0, 0), (0..200).map(|i| 10 * i).collect::<Vec<u64>>());
}

#[test]
fn events_have_weights_of_their_own() {
    // A membrane that is stepped from rest by 2 mV a time, far below its threshold.
    let spec = jittery("0 1", Some("0.2 1"));
    let program = program(1, &[(0, 1, &[to(0, 0, 2048)])]);
    let step = |trial, tick, count| {
        let die = die(&spec, 0).with_noise(&spec, trial).unwrap();
        let mut emulator = Emulator::new(&spec, &program, &die).unwrap();
        emulator.send(InputId(0), Tick(tick), count).unwrap();
        emulator.run_until(Tick(tick + 1), &mut ());
        assert_eq!(emulator.counters().synaptic_operations, count as u64);
        probe(&emulator, &spec, 0, NeuronId(0), "v")
    };
    let steps: Vec<i64> = (0..100).map(|tick| step(0, tick, 1)).collect();
    let mean = steps.iter().sum::<i64>() / 100;
    // 2 mV; standard error 0.04.
    assert!((mean - (2 << 20)).abs() < (1 << 18), "{mean}");
    assert!(steps.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(step(0, 7, 1), steps[7]);
    assert_ne!(step(1, 7, 1), steps[7]);
    // Two spikes of one tick have two weights.
    assert_ne!(step(0, 3, 2), 2 * steps[3]);
}

#[test]
fn noise_is_off_unless_a_run_asks_for_it() {
    for tag_cam in [false, true] {
        let recipe = Recipe {
            seed: 5,
            tag_cam,
            cores: 4,
            neurons: 40,
            fan_out: 12,
            inputs: 6,
            events: 60,
            extreme: false,
            asynchronous: false,
        };
        let run = |noise: bool| {
            let mut case = recipe.build();
            if noise {
                vary(&mut case.spec);
                (case.spec.weight_mismatch, case.spec.faults) = (None, None);
                case.die = die(&case.spec, 5);
            } else {
                case.die = die(&case.spec, 5);
            }
            let mut emulator = case.emulator();
            emulator.run_until(Tick(TICKS), &mut ());
            emulator.digest()
        };
        assert_eq!(run(false), run(true));
    }
}

#[test]
fn levels_cannot_have_weights_of_their_own() {
    let recipe = Recipe {
        seed: 1,
        tag_cam: false,
        cores: 2,
        neurons: 4,
        fan_out: 3,
        inputs: 2,
        events: 4,
        extreme: false,
        asynchronous: false,
    };
    let mut case = recipe.build();
    case.spec.noise = Some(NoiseSpec { event_weight_cv: Some(fact("0.1 1")), ..NoiseSpec::default() });
    let noisy = die(&case.spec, 0).with_noise(&case.spec, 0).unwrap();
    let error = Emulator::new(&case.spec, &case.program, &noisy).unwrap_err().to_string();
    assert!(error.contains("runs the model `rate`, whose inputs are changes of a level that add up"), "{error}");
}

#[test]
fn snapshots_of_other_noise_are_refused() {
    let spec = jittery("3 1", None);
    let program = program(1, &[(0, 1, &[to(0, 0, 20_000)])]);
    let with = |trial| die(&spec, 0).with_noise(&spec, trial).unwrap();
    let mut emulator = Emulator::new(&spec, &program, &with(0)).unwrap();
    (0..4).for_each(|tick| emulator.send(InputId(0), Tick(tick), 1).unwrap());
    emulator.run_until(Tick(1), &mut ());
    let snapshot = emulator.snapshot();
    let refusal = |die: &DieParameters, snapshot: &Snapshot| {
        Emulator::resume(&spec, &program, die, snapshot).map(|_| ()).unwrap_err().to_string()
    };
    let other = "the snapshot cannot be resumed: it was taken from a run with other noise";
    assert_eq!(refusal(&with(1), &snapshot), other);
    assert_eq!(refusal(&die(&spec, 0), &snapshot), other);
    let mut value = serde_json::to_value(&snapshot).unwrap();
    let mut refused = |waiting: serde_json::Value| {
        value["deliveries"] = serde_json::json!([waiting]);
        refusal(&with(0), &serde_json::from_value(value.clone()).unwrap())
    };
    let nowhere = "the snapshot cannot be resumed: an event waits for a time or a row that does not exist";
    let unsent = "the snapshot cannot be resumed: it holds an event that could not have been sent";
    let event = |row: u32, payload: i32, source: u32, sent: u32| serde_json::json!({ "row": row, "payload": payload, "source": source, "sent": sent });
    for (tick, event, text) in [
        (3, event(9, 1, 0, 0), nowhere),
        (9, event(0, 1, 0, 0), nowhere),
        (3, event(0, 256, 0, 0), unsent),
        (3, event(0, 0, 0, 0), unsent),
        (3, event(0, 1, 7, 0), unsent),
        // Neither from the tick that comes nor by a way that takes no time.
        (3, event(0, 1, 0, 1), unsent),
        // A neuron that has no such row.
        (3, event(0, 1, 1, 0), unsent),
    ] {
        assert_eq!(refused(serde_json::json!([tick, event])), text, "{tick}: {event}");
    }
    // The row takes 1 tick, and an event is at most 3 ticks late.
    let mut fine = serde_json::to_value(&snapshot).unwrap();
    fine["deliveries"] = serde_json::json!([[3, event(0, 1, 0, 0)]]);
    assert!(Emulator::resume(&spec, &program, &with(0), &serde_json::from_value(fine).unwrap()).is_ok());
}

/// Late events of hundreds of ticks cannot all coincide, so no run is refused for it; if they do, the sum
/// ends at what an accumulator holds, and that is counted.
#[test]
fn late_events_that_could_overflow_a_sum_are_held_back_and_counted() {
    let synapses: Vec<_> = (0..90).map(|_| to(0, 0, 30_000)).collect();
    let program = program(1, &[(0, 1, &synapses)]);
    let run = |ticks| {
        let spec = jittery(ticks, None);
        let noisy = die(&spec, 0).with_noise(&spec, 0).unwrap();
        Emulator::new(&spec, &program, &noisy).map(|_| ()).map_err(|error| error.to_string())
    };
    for ticks in ["1 1", "3 1", "30 1", "1000 1", "65535 1"] {
        assert_eq!(run(ticks), Ok(()), "{ticks}");
    }
    // 90 x 30000 x 255 x 4 is more than 2^31: what a channel sends in four ticks, all late by what is left to the last.
    let spec = jittery("3 1", None);
    let mut cut = 0;
    for trial in 0..3000 {
        let noisy = die(&spec, 0).with_noise(&spec, trial).unwrap();
        let mut emulator = Emulator::new(&spec, &program, &noisy).unwrap();
        (0..4).for_each(|tick| emulator.send(InputId(0), Tick(tick), 255).unwrap());
        emulator.run_until(Tick(10), &mut ());
        let first = emulator.counters().first_saturation.expect("a membrane is beyond its range at once");
        let input = first.cut.quantity == device_models::CutQuantity::Input;
        assert!(!input || first.tick == Tick(3), "only there can all four arrive before any other");
        cut += u64::from(input);
    }
    // One trial in 256.
    assert!((2..40).contains(&cut), "{cut}");
}
