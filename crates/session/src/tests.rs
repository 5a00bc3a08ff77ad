//! Sessions from outside: what a user can ask, and how wrong questions are answered.

use crate::{Activity, Board, Multiple, Session, SessionError};
use chip::InputEvent;
use device_models::DieParameters;
use emulator::Spike;
use mapper::{MapperOptions, Mapping};
use proptest::prelude::*;
use units::{InputId, NeuronAddress, NeuronId, Tick};

/// Two populations and two inputs; `drive` and `extra` reach `a` from the same input, `on` goes from `a` to `b`.
const NETWORK: &str = r#"
format = "quenched-network"
version = 1

[[input]]
name = "in"
channels = 2

[[input]]
name = "other"
channels = 1

[[population]]
name = "a"
size = 3
model = "lif"

[[population]]
name = "b"
size = 2
model = "lif"

[[projection]]
name = "drive"
pre = "in"
post = "a"
synapse = "delta"
connect = "all-to-all"
weight = "8 mV"

[[projection]]
name = "extra"
pre = "in"
post = "a"
synapse = "delta"
connect = "all-to-all"
weight = "4 mV"

[[projection]]
name = "apart"
pre = "other"
post = "a"
synapse = "delta"
connect = "all-to-all"
weight = "30 mV"

[[projection]]
name = "on"
pre = "a"
post = "b"
synapse = "delta"
connect = "all-to-all"
weight = "30 mV"
"#;

fn mapping() -> (chip::ChipSpec, Mapping) {
    let spec = formats::chip::shipped("ideal").unwrap();
    let network = formats::network::read(NETWORK, "network", std::path::Path::new("."), &spec).unwrap();
    let mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap();
    (spec, mapping)
}

fn board() -> Board {
    let (spec, mapping) = mapping();
    Board::load(spec, mapping).unwrap()
}

fn session() -> Session {
    board().on(&DieParameters::nominal()).unwrap()
}

fn event(tick: u64, channel: u32) -> InputEvent {
    InputEvent { tick: Tick(tick), channel: InputId(channel), payload: 1 }
}

fn events() -> Vec<InputEvent> {
    (0..60).flat_map(|i| [event(i * 97 % 4000, (i % 3) as u32), event(i * 31, 2)]).collect()
}

/// Runs all events; spikes by population and index.
fn run(session: &mut Session, end: u64) -> Vec<Spike> {
    let mut spikes = Vec::new();
    session.send_all(events(), session.now()..Tick(end)).unwrap();
    session.run_until(Tick(end), &mut spikes);
    spikes
}

#[test]
fn names_lead_to_circuits_and_back() {
    let board = board();
    assert_eq!(board.population("b"), Ok(1));
    for (population, size) in [(0, 3), (1, 2)] {
        for index in 0..size {
            let (core, neuron) = board.place(population, index).unwrap();
            assert_eq!(board.member(core, neuron), Some((population, index)));
        }
        assert_eq!(board.place(population, size), None);
    }
    assert_eq!(board.place(2, 0), None);
    assert_eq!(board.channel("other", 0), Ok(InputId(2)));
    let text = |error: SessionError| error.to_string();
    assert_eq!(text(board.population("c").unwrap_err()), "the program has no population `c`");
    assert_eq!(text(board.channel("out", 0).unwrap_err()), "the program has no input group `out`");
    assert!(text(board.channel("in", 2).unwrap_err()).contains("has 2 channels, counted from 0, and none with the"));
}

#[test]
fn activity_is_what_the_spikes_say() {
    let mut session = session();
    let board = session.board().clone();
    let (mut activity, mut spikes) = (Activity::new(&board), Vec::<Spike>::new());
    session.send_all(events(), Tick(0)..Tick(4000)).unwrap();
    activity.begin_part();
    session.run_until(Tick(1500), &mut (&mut activity, &mut spikes));
    activity.begin_part();
    session.run_until(Tick(4000), &mut (&mut activity, &mut spikes));
    assert!(spikes.len() > 10, "{}", spikes.len());
    for (index, population) in activity.populations().iter().enumerate() {
        let of = |s: &&Spike| board.member(s.core, s.neuron).unwrap().0 == index;
        let (all, early) =
            (spikes.iter().filter(of).count(), spikes.iter().filter(of).filter(|s| s.tick.0 < 1500).count());
        assert_eq!((population.total(), population.parts[0]), (all as u64, early as u64), "{}", population.name);
        assert_eq!(population.parts.iter().sum::<u64>(), population.total());
        assert_eq!(population.silent(), 0);
    }
}

#[test]
fn events_outside_the_run_are_counted() {
    let mut session = session();
    let left_out = session.send_all([event(1, 0), event(5, 0), event(9, 0)], Tick(2)..Tick(9)).unwrap();
    assert_eq!((left_out.before, left_out.after), (1, 1));
    let error = session.send_all([event(1, 3)], Tick(0)..Tick(9)).unwrap_err();
    assert_eq!(error.to_string(), "input channel 3 does not exist: the program has 3");
}

/// What a list asks for is taken as far as it can be, and every event of it is accounted for.
#[test]
fn events_are_taken_as_far_as_they_fit() {
    let several = |tick, channel, payload| InputEvent { tick: Tick(tick), channel: InputId(channel), payload };
    let list = [
        several(0, 0, 1),
        several(3, 0, 250),
        several(3, 0, 3),
        several(3, 0, 9),
        several(3, 1, 300),
        several(9, 0, 1),
    ];
    let of = |multiple| {
        let mut session = session();
        let taken = session.take_all(list, Tick(1)..Tick(9), multiple).unwrap();
        session.run_until(Tick(9), &mut ());
        (taken, session.counters().inputs)
    };
    let (taken, inputs) = of(Multiple::Count);
    assert_eq!((taken.read, taken.before, taken.after, taken.used), (6, 1, 1, 4));
    assert_eq!((taken.merged, taken.capped, taken.unconnected, inputs), (2, 7 + 45, 0, 2 * 255));
    let (taken, inputs) = of(Multiple::Binary);
    assert_eq!((taken.used, taken.merged, taken.capped, inputs), (4, 2, 0, 2));
    // What has no room at all is not used.
    let full = [several(3, 0, 255), several(3, 0, 1)];
    let taken = session().take_all(full, Tick(0)..Tick(9), Multiple::Count).unwrap();
    assert_eq!((taken.read, taken.used, taken.merged, taken.capped), (2, 1, 0, 1));
    let wrong = |event| session().take_all([event], Tick(0)..Tick(9), Multiple::Binary).unwrap_err().to_string();
    assert_eq!(wrong(several(1, 3, 1)), "input channel 3 does not exist: the program has 3");
    assert_eq!(wrong(several(1, 0, -1)), "input channel 0 would have -1 spikes in tick 1; it can have from 0 to 255");
}

#[test]
fn probes_are_read_at_their_ticks_and_change_nothing() {
    let (mut plain, mut probed) = (session(), session());
    probed.probe_population("b", None, "v").unwrap();
    probed.probe(0, NeuronId(1), "v").unwrap();
    probed.sample_every(7);
    assert_eq!(run(&mut plain, 3000), run(&mut probed, 3000));
    assert_eq!(plain.digest(), probed.digest());
    assert_eq!(probed.sampled().iter().map(|t| t.0).collect::<Vec<_>>(), (0..3000).step_by(7).collect::<Vec<_>>());
    assert_eq!(probed.recordings().iter().map(|r| r.bits.len()).collect::<Vec<_>>(), [429; 3]);
    assert_eq!(probed.recordings()[1].probe.member, Some((1, 1)));
    // Read by hand, in a run that stops there.
    let (mut by_hand, read) = (session(), &probed.recordings()[0]);
    by_hand.send_all(events(), Tick(0)..Tick(3000)).unwrap();
    for (tick, bits) in probed.sampled().iter().zip(&read.bits) {
        by_hand.run_until(tick.after(1), &mut ());
        assert_eq!(by_hand.emulator().core(read.probe.core).probe(0, read.probe.neuron, *tick), *bits, "tick {tick}");
    }
}

#[test]
fn a_run_that_is_stopped_goes_on_as_if_it_had_not_been() {
    let mut straight = session();
    straight.send_all(events(), Tick(0)..Tick(u64::MAX)).unwrap();
    let mut stopped = straight.clone();
    straight.run_until(Tick(20_000), &mut ());
    let asked = std::cell::Cell::new(0);
    let more = || {
        asked.set(asked.get() + 1);
        asked.get() < 3
    };
    assert!(!stopped.run_until_while(Tick(20_000), &mut (), more));
    assert!(Tick(0) < stopped.now() && stopped.now() < Tick(20_000), "{:?}", stopped.now());
    assert!(stopped.run_until_while(Tick(20_000), &mut (), || true));
    assert_eq!((stopped.digest(), stopped.now()), (straight.digest(), straight.now()));
    // What is over already is not asked for.
    assert!(stopped.run_until_while(Tick(20_000), &mut (), || panic!("nothing is left to run")));
}

#[test]
fn wrong_probes_are_refused_with_what_there_is() {
    let mut session = session();
    let refuses = |session: &mut Session, (name, range, quantity), expected: &str| {
        let error = session.probe_population(name, range, quantity).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refuses(&mut session, ("c", None, "v"), "no population `c`");
    refuses(&mut session, ("a", Some(1..4), "v"), "population `a` has 3 neurons");
    refuses(&mut session, ("a", Some(2..2), "v"), "population `a` has 3 neurons");
    refuses(&mut session, ("a", None, "w"), "population `a` has no quantity `w`; there are: v");
    assert!(session.probe(0, NeuronId(3), "v").is_err() && session.probe(2, NeuronId(0), "v").is_err());
    session.probe_population("a", Some(1..2), "v").unwrap();
    refuses(&mut session, ("a", Some(1..2), "v"), "a[1]:v is recorded already");
    session.run_until(Tick(10), &mut ());
    refuses(&mut session, ("a", Some(0..1), "v"), "a[0]:v is asked for after");
    session.clear_recordings();
    session.probe_population("a", Some(0..1), "v").unwrap();
    session.run_until(Tick(20), &mut ());
    assert!(session.recordings().iter().all(|r| r.bits.len() == session.sampled().len()));
}

#[test]
fn a_muted_projection_is_not_heard_until_it_is_unmuted() {
    let mut session = session();
    session.mute(&["on"]).unwrap();
    assert_eq!(session.muted(), ["on"]);
    let spikes = run(&mut session, 2000);
    assert!(!spikes.is_empty() && spikes.iter().all(|s| s.core == 0), "only `a` spikes");
    session.unmute(&["on"]).unwrap();
    assert_eq!(session.muted(), [""; 0]);
    assert!(run(&mut session, 4000).iter().any(|s| s.core == 1), "`b` hears `a` again");
}

#[test]
fn a_projection_that_shares_its_routes_is_not_muted_alone() {
    let mut session = session();
    let before = session.clone();
    let error = session.mute(&["drive"]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("projection `drive` shares its routes with `extra`"), "{text}");
    assert_eq!(session.emulator().muted(), before.emulator().muted());
    session.mute(&["drive", "extra"]).unwrap();
    assert_eq!(session.muted(), ["drive", "extra"]);
    assert!(session.unmute(&["extra"]).is_err(), "nor unmuted");
    let error = session.mute(&["drvie"]).unwrap_err();
    let SessionError::UnknownProjection { known, .. } = error else { panic!("{error}") };
    assert_eq!(known, ["drive", "extra", "apart", "on"]);
}

#[test]
fn single_connections_are_muted_on_top() {
    let mut session = session();
    session.mute(&["apart"]).unwrap();
    session.mute_where(|origin, core| {
        core == 1 && matches!(origin, chip::Source::Neuron(NeuronAddress { neuron: NeuronId(0), .. }))
    });
    assert_eq!(session.muted(), ["apart"], "`on` has two neurons left");
    session.unmute(&["apart"]).unwrap();
    assert_eq!(session.emulator().muted().iter().filter(|muted| **muted).count(), 1);
    session.unmute_where(|_, _| true);
    assert_eq!(session.emulator().muted(), [false; 0]);
}

#[test]
fn a_resumed_session_goes_on_with_what_is_muted() {
    let board = board();
    let mut whole = session();
    whole.mute(&["on"]).unwrap();
    let mut first = whole.clone();
    whole.send_all(events(), Tick(0)..Tick(4000)).unwrap();
    first.send_all(events(), Tick(0)..Tick(1111)).unwrap();
    whole.run_until(Tick(4000), &mut ());
    first.run_until(Tick(1111), &mut ());
    let mut second = board.resume(first.die(), &first.snapshot()).unwrap();
    assert_eq!(second.muted(), ["on"]);
    second.send_all(events(), Tick(1111)..Tick(4000)).unwrap();
    second.run_until(Tick(4000), &mut ());
    assert_eq!(second.digest(), whole.digest());
}

#[test]
fn programs_of_other_chips_and_wrong_names_are_refused() {
    let check = |change: &dyn Fn(&mut Mapping), expected: &str| {
        let (spec, mut mapping) = mapping();
        change(&mut mapping);
        let error = Board::load(spec, mapping).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&|m| m.program.chip = "loihi-lava".into(), "made for the chip `loihi-lava` and cannot run on `ideal`");
    check(&|m| m.symbols.populations[0].size = 4, "`a` has 4 neurons, of which 3 have a circuit");
    check(&|m| m.symbols.segments[1].core.core.0 = 7, "`b` sits in chip 0 core 7, which is not in use");
    check(&|m| m.symbols.segments[1].core = m.symbols.segments[0].core, "of `b` has no circuit of its own");
    check(&|m| m.symbols.segments[1].count = u32::MAX, "of `b` has no circuit of its own");
    check(&|m| m.symbols.segments[1].population = 2, "`b` has 2 neurons, of which 0 have a circuit");
    check(&|m| m.symbols.inputs[0].channels = 3, "have 4 channels, and the program 3");
    check(&|m| m.symbols.inputs[0].name = "b".into(), "the name `b` is used twice");
    let copy = |population, index| Some(chip::Original { population, index });
    let no_copy = "`b` is called a copy of a neuron that is not there";
    check(&|m| m.symbols.populations[1].copy_of = copy(0, 0), no_copy);
    check(&|m| m.symbols.populations[0].copy_of = copy(2, 0), "`a` is called a copy");
    check(&|m| m.symbols.projections[0].post = 2, "projection `drive` has no beginning or no end");
    let (spec, mapping) = mapping();
    assert!(Board::new(spec, mapping.program, chip::Symbols::default()).is_ok(), "a program needs no names");
}

#[test]
fn many_runs_are_the_same_for_any_number_of_threads() {
    let board = board();
    let dies: Vec<DieParameters> = (0..5).map(|id| board.die(3, id).unwrap()).collect();
    let digests = |threads| {
        let run = |mut session: Session| {
            run(&mut session, 500);
            Ok(session.digest())
        };
        board.on_each(&dies, std::num::NonZero::new(threads), run)
    };
    assert_eq!(digests(1), digests(4));
    let start = session();
    let ends = [100, 900, 200];
    let runs = |threads| start.for_each(&ends, std::num::NonZero::new(threads), |mut s, end| run(&mut s, *end).len());
    assert_eq!(runs(1), runs(3));
    assert_eq!(start.now(), Tick(0));
}

proptest! {
    /// Events that are sent as the run goes on are those that are sent ahead of it.
    #[test]
    fn an_iterator_of_events_is_the_list(ticks in prop::collection::vec((0u64..20_000, 0u32..3), 0..60), end in 1u64..20_000) {
        let mut list: Vec<InputEvent> = ticks.into_iter().map(|(tick, channel)| event(tick, channel)).collect();
        list.sort();
        let (mut ahead, mut along) = (session(), session());
        let left_out = ahead.send_all(list.clone(), Tick(0)..Tick(end)).unwrap();
        let (mut one, mut other) = (Vec::<Spike>::new(), Vec::<Spike>::new());
        ahead.run_until(Tick(end), &mut one);
        let mut events = list.into_iter().peekable();
        along.run_with(&mut events, Tick(end), &mut other).unwrap();
        prop_assert_eq!(one, other);
        prop_assert_eq!(ahead.digest(), along.digest());
        prop_assert_eq!(events.count() as u64, left_out.after);
    }
}
