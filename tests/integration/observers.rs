//! What an observer is shown is what happened: every count of the run, and of each arrival the event that it was.

use crate::cores::recipes;
use crate::noise::build;
use crate::support::{Recipe, TICKS, fact};
use chip::{NoiseSpec, Source};
use emulator::{Arrival, Emulator, LossCause, Observer, Spike};
use proptest::prelude::*;
use router::Losses;
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, NeuronAddress, NeuronId, Tick};

/// Counts everything again, and keeps what it takes to tell which events arrived.
struct Watcher<'a> {
    cores: &'a [CoreAddress],
    spikes: Vec<Spike>,
    emitted: BTreeSet<(Source, Tick)>,
    arrived: Vec<(Source, Tick, Tick, i32, usize)>,
    synapses: u64,
    updates: u64,
    losses: BTreeMap<(Option<usize>, LossCause), u64>,
}

impl Observer for Watcher<'_> {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.spikes.push(Spike { tick, core, neuron, value });
        self.emitted.insert((Source::Neuron(NeuronAddress { core: self.cores[core], neuron }), tick));
    }

    fn deliver(&mut self, arrival: &Arrival<'_>) {
        let Arrival { tick, source, sent, payload, row } = *arrival;
        self.synapses += row.synapses.len() as u64;
        self.arrived.push((source, sent, tick, payload, row.core));
    }

    fn advance(&mut self, _: Tick, _: usize, neurons: usize) {
        self.updates += neurons as u64;
    }

    fn lose(&mut self, _: Tick, source: Source, cause: LossCause, count: u64) {
        let core = match source {
            Source::Input(_) => None,
            Source::Neuron(address) => self.cores.iter().position(|core| *core == address.core),
        };
        *self.losses.entry((core, cause)).or_default() += count;
    }

    fn wants_arrivals(&self) -> bool {
        true
    }
}

fn noise(recipe: &Recipe) -> NoiseSpec {
    NoiseSpec {
        event_jitter_ticks: recipe.seed.is_multiple_of(2).then(|| fact("5 1")),
        event_weight_cv: recipe.seed.is_multiple_of(3).then(|| fact("0.3 1")),
        ..NoiseSpec::default()
    }
}

fn check(recipe: &Recipe) {
    let mut case = build(recipe, noise(recipe), 3);
    let jitter = if recipe.seed.is_multiple_of(2) { 5 } else { 0 };
    let (mut watched, mut alone) = (case.emulator(), case.emulator());
    let cores: Vec<CoreAddress> = case.program.cores.iter().map(|core| core.address).collect();
    let mut watcher = Watcher {
        cores: &cores,
        spikes: Vec::new(),
        emitted: BTreeSet::new(),
        arrived: Vec::new(),
        synapses: 0,
        updates: 0,
        losses: BTreeMap::new(),
    };
    watched.run_until(Tick(TICKS), &mut watcher);
    let mut spikes: Vec<Spike> = Vec::new();
    alone.run_until(Tick(TICKS), &mut spikes);
    assert_eq!(watched.snapshot(), alone.snapshot(), "watching changes nothing");
    assert_eq!(watcher.spikes, spikes);
    let counters = watched.counters();
    let times = |payload: &i32, core: usize| {
        if case.program.cores[core].model.is_graded() { 1 } else { *payload as u64 }
    };
    let delivered: u64 = watcher.arrived.iter().map(|(.., payload, core)| times(payload, *core)).sum();
    assert_eq!(delivered, counters.events_delivered);
    assert_eq!(watcher.updates, counters.neuron_updates);
    let mut losses = Losses::new(cores.len());
    watcher.losses.iter().for_each(|((core, cause), count)| losses.add(*core, *cause, *count));
    assert_eq!(losses, counters.losses);
    let sent: BTreeSet<(Source, Tick)> =
        case.events.iter().map(|(input, tick, _)| (Source::Input(*input), *tick)).chain(watcher.emitted).collect();
    for (source, tick, arrived, _, core) in &watcher.arrived {
        assert!(sent.contains(&(*source, *tick)), "{source:?} sent nothing in tick {tick}");
        let host = u64::from(matches!(source, Source::Input(_)));
        let age = arrived.0 - tick.0 + host;
        assert!(
            age >= 1 && age <= u64::from(watched.fabric().delay_max()) + jitter,
            "{source:?} to core {core}: {age}"
        );
    }
}

/// A part that begins while events are on their way: they stay what they were, also in a run that is resumed then.
fn check_part_in_flight(recipe: &Recipe, at: u64) {
    let noise = NoiseSpec {
        event_jitter_ticks: Some(fact("9 1")),
        event_weight_cv: Some(fact("0.5 1")),
        ..NoiseSpec::default()
    };
    let mut case = build(recipe, noise, 1);
    let mut straight = case.emulator();
    straight.run_until(Tick(at), &mut ());
    straight.set_part(7);
    let mut resumed = Emulator::resume(&case.spec, &case.program, &case.die, &straight.snapshot()).unwrap();
    for part in [7, 8] {
        straight.set_part(part);
        resumed.set_part(part);
        let until = straight.now().after(3);
        straight.run_until(until, &mut ());
        resumed.run_until(until, &mut ());
    }
    straight.run_until(Tick(TICKS), &mut ());
    resumed.run_until(Tick(TICKS), &mut ());
    assert_eq!(resumed.snapshot(), straight.snapshot());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_observer_sees_what_is_counted(recipe in recipes(false)) {
        check(&recipe);
    }

    #[test]
    fn an_observer_sees_what_is_counted_and_lost_on_a_board(recipe in recipes(true)) {
        check(&recipe);
    }

    #[test]
    fn a_part_that_begins_leaves_alone_what_is_on_its_way(recipe in recipes(true), at in 0..TICKS - 10) {
        check_part_in_flight(&recipe, at);
    }
}
