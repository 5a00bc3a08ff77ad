//! Equal runs have equal records, and a change is found where it first acts.

use crate::{Item, Record, first_difference};
use chip::{InputEvent, Routing};
use mapper::{MapperOptions, Mapping};
use proptest::prelude::*;
use session::{Board, Session};
use units::{InputId, Tick};

const NETWORK: &str = r#"
format = "quenched-network"
version = 1
seed = 3

[[input]]
name = "in"
channels = 4

[[population]]
name = "a"
size = 6
model = "lif"

[[projection]]
name = "drive"
pre = "in"
post = "a"
synapse = "delta"
connect = { fixed-fan-in = 2 }
weight = { low = "5 mV", high = "25 mV" }

[[projection]]
name = "on"
pre = "a"
post = "a"
synapse = "fast"
connect = { fixed-fan-in = 3 }
weight = { low = "2 mV", high = "9 mV" }
"#;

/// The program, after `change`.
fn board(change: impl FnOnce(&mut Mapping)) -> Board {
    let spec = formats::chip::shipped("ideal").unwrap();
    let network = formats::network::read(NETWORK, "network", std::path::Path::new("."), &spec).unwrap();
    let mut mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap();
    change(&mut mapping);
    Board::load(spec, mapping).unwrap()
}

/// A session with events of all channels.
fn session(board: &Board) -> Session {
    let mut session = board.on(&device_models::DieParameters::nominal()).unwrap();
    let event = |i: u64| InputEvent { tick: Tick(i * 37 % 1000), channel: InputId((i % 4) as u32), payload: 1 };
    session.send_all((0..120).map(event), Tick(0)..Tick(1000)).unwrap();
    session
}

/// Adds 1 to the weight of synapse `synapse` of row `row`, and returns whether it exists.
fn heavier(mapping: &mut Mapping, row: usize, synapse: usize) -> bool {
    let Routing::Ideal(rows) = &mut mapping.program.routing else { panic!("the ideal chip has rows") };
    let synapse = rows.get_mut(row).and_then(|row| row.synapses.get_mut(synapse));
    synapse.map(|synapse| synapse.weight -= 1).is_some()
}

#[test]
fn equal_runs_are_equal() {
    let board = board(|_| ());
    let record = |every| {
        let mut session = session(&board);
        session.probe_population("a", None, "v").unwrap();
        Record::of(&mut session, Tick(1000), every)
    };
    let (one, two) = (record(64), record(64));
    assert_eq!(one, two);
    assert_eq!(one.first_difference(&two), None);
    assert!(one.spikes.len() > 20 && one.chain.links().len() == 16, "{} spikes", one.spikes.len());
    assert_eq!(one.spikes, record(7).spikes, "how often the state is hashed changes nothing");
    assert_eq!(first_difference(&session(&board), &session(&board), Tick(1000)), None);
}

#[test]
fn a_difference_is_told_in_words() {
    let (one, two) = (board(|_| ()), board(|mapping| assert!(heavier(mapping, 0, 0))));
    let found = first_difference(&session(&one), &session(&two), Tick(1000)).unwrap();
    let text = found.to_string();
    assert!(text.starts_with("first difference: tick ") && text.contains(" (a["), "{text}");
    assert!(text.contains("arrived in the second run:\n    input channel 0 sent in tick "), "{text}");
}

#[test]
fn an_input_that_one_run_lacks_is_found_where_it_arrives() {
    let board = board(|_| ());
    let (one, mut two) = (session(&board), session(&board));
    two.send(InputId(1), Tick(500), 2).unwrap();
    let found = first_difference(&one, &two, Tick(1000)).unwrap();
    assert_eq!(found.tick, Tick(500));
    let payloads = |run: usize| found.arrivals[run].iter().map(|arrived| i64::from(arrived.payload)).sum::<i64>();
    assert_eq!(payloads(1) - payloads(0), 2);
}

#[test]
fn records_differ_where_their_first_item_does() {
    let (one, two) = (board(|_| ()), board(|mapping| assert!(heavier(mapping, 0, 0))));
    let record = |board: &Board, probed: bool| {
        let mut session = session(board);
        if probed {
            session.probe_population("a", None, "v").unwrap();
        }
        Record::of(&mut session, Tick(1000), 1)
    };
    let found = first_difference(&session(&one), &session(&two), Tick(1000)).unwrap();
    let difference = record(&one, true).first_difference(&record(&two, true)).unwrap();
    let interval = difference.interval.unwrap();
    assert!(interval.contains(&found.tick), "{interval:?} holds tick {}", found.tick);
    let [Some(Item::State(tick, core, neuron, quantity, bits)), Some(_)] = &difference.items else {
        panic!("{:?}", difference.items)
    };
    assert_eq!((*tick, *core, Some(*neuron), &**quantity), (found.tick, found.core, found.neuron, &*found.quantity));
    assert_eq!(*bits, found.values[0]);
    assert!(record(&one, false).first_difference(&record(&two, false)).unwrap().interval.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A changed weight is found at its first effect: in the first tick at whose end the states differ, with an event
    /// among the arrivals that crossed the changed synapse.
    #[test]
    fn a_changed_weight_is_found_at_its_first_effect(row in 0usize..9, synapse in 0usize..3) {
        let mut changed = true;
        let (one, two) = (board(|_| ()), board(|mapping| changed = heavier(mapping, row, synapse)));
        let (mut one, mut two) = (session(&one), session(&two));
        let found = first_difference(&one, &two, Tick(1000));
        let differ = |tick: &u64| {
            one.run_until(Tick(tick + 1), &mut ());
            two.run_until(Tick(tick + 1), &mut ());
            one.digest() != two.digest()
        };
        prop_assert_eq!(found.as_ref().map(|found| found.tick), (0..1000).find(differ).map(Tick));
        if let Some(found) = found {
            prop_assert!(changed);
            let weights = |run: usize| found.arrivals[run].iter().map(|a| (a.source, a.sent, a.weight)).collect::<Vec<_>>();
            prop_assert_ne!(weights(0), weights(1), "the changed synapse is among those that an event crossed");
            prop_assert_eq!(weights(0).len(), weights(1).len());
        }
    }
}
