//! Programs that were mapped for a die, as they run on it.

use crate::support::{fact, quantity};
use chip::{ChipSpec, Fact, FaultSpec, InputEvent, MismatchSpec};
use device_models::{DieParameters, MismatchSetting};
use disorder::{Die, Family};
use mapper::{DieChoice, KnownDie, MapperOptions, Mapping, map};
use network::Network;
use session::{Activity, Board};
use std::sync::Arc;
use units::{DieId, InputId, Tick};

const NETWORK: &str = r#"
    format = "quenched-network"
    version = 1
    input = [{ name = "in", channels = 12 }]
    population = [{ name = "a", size = 60, model = "lif" }, { name = "b", size = 40, model = "lif" }]
    [[projection]]
    name = "drive"
    pre = "in"
    post = "a"
    synapse = "AMPA"
    connect = "all-to-all"
    weight = { low = "0.5 1", high = "2 1" }
    [[projection]]
    name = "on"
    pre = "a"
    post = "b"
    synapse = "AMPA"
    connect = { fixed-fan-in = 20 }
    weight = "0.5 1"
"#;

fn network(spec: &ChipSpec) -> Network {
    formats::network::read(NETWORK, "network", ".".as_ref(), spec).unwrap()
}

/// DYNAP-SE2, whose gains do not differ: weights are those of the connections.
fn whole() -> ChipSpec {
    let mut spec = formats::chip::shipped("dynapse2").unwrap();
    let gains = spec.parameters.iter_mut().filter(|(name, _)| name.starts_with("gain"));
    gains.for_each(|(_, parameter)| parameter.mismatch.as_mut().unwrap().cv.quantity = quantity("0 %"));
    spec
}

/// A number with a source that the chip has.
fn sourced(text: &str) -> Fact {
    Fact { source: "rockpool-mismatch".into(), ..fact(text) }
}

fn broken() -> ChipSpec {
    let faults = FaultSpec {
        dead_neuron: Some(sourced("0.1 1")),
        hot_neuron: Some(sourced("0.1 1")),
        dead_synapse: Some(sourced("0.2 1")),
        stuck_synapse: Some(sourced("0.1 1")),
        ..FaultSpec::default()
    };
    ChipSpec { faults: Some(faults), ..whole() }
}

fn die(spec: &ChipSpec, id: u32) -> DieParameters {
    DieParameters::new(spec, Die { root_seed: 3, id: DieId(id) }, MismatchSetting::default()).unwrap()
}

/// A die with the faults of the chip, and nothing else that differs.
fn alike(spec: &ChipSpec, id: u32) -> DieParameters {
    let setting = MismatchSetting { scale_to_cv: Some(units::Decimal::ZERO), ..MismatchSetting::default() };
    DieParameters::new(spec, Die { root_seed: 3, id: DieId(id) }, setting).unwrap()
}

fn mapped(spec: &ChipSpec, die: &DieParameters) -> Mapping {
    let known = KnownDie { name: "it".into(), parameters: Arc::new(die.clone()) };
    map(&network(spec), spec, &MapperOptions { die: DieChoice::Known(known), ..MapperOptions::default() }).unwrap()
}

/// Spikes by population and neuron, and what the run warns of another die.
fn run(spec: &ChipSpec, mapping: Mapping, die: &DieParameters) -> (Vec<Vec<u64>>, bool) {
    let board = Board::load(spec.clone(), mapping).unwrap();
    let mut session = board.on(die).unwrap();
    for step in 0..100u64 {
        let channel = InputId((step * 7 % 12) as u32);
        let event = InputEvent { tick: Tick(step * 1000), channel, payload: 1 };
        session.send(event.channel, event.tick, event.payload).unwrap();
    }
    let mut activity = Activity::new(&board);
    session.run_until(Tick(120_000), &mut activity);
    let in_use = session.faults_in_use();
    assert!(in_use.is_none_or(|faults| board.symbols().die.is_none() || faults.named().iter().all(|(_, n)| *n == 0)));
    let warned = session.warnings(&[]).to_string().contains("was made for it");
    (activity.populations().iter().map(|population| population.events.clone()).collect(), warned)
}

/// A die that differs in its broken circuits alone does what a whole chip does, spike for spike, once the mapping keeps
/// away from them; a mapping that does not know it loses spikes.
#[test]
fn a_network_runs_on_a_broken_die_as_on_a_whole_one() {
    let (whole, broken) = (whole(), broken());
    let nominal = DieParameters::nominal();
    let (clean, _) = run(&whole, map(&network(&whole), &whole, &MapperOptions::default()).unwrap(), &nominal);
    assert!(clean.iter().all(|population| population.iter().sum::<u64>() > 100), "{clean:?}");
    for id in 0..3 {
        let die = alike(&broken, id);
        let (aware, warned) = run(&broken, mapped(&broken, &die), &die);
        assert_eq!(aware, clean, "die {id}");
        assert!(!warned);
        let (blind, _) = run(&broken, map(&network(&broken), &broken, &MapperOptions::default()).unwrap(), &die);
        assert_ne!(blind, clean, "die {id}");
    }
}

#[test]
fn a_program_for_another_die_is_warned_of_and_one_for_the_same_is_not() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    let (own, other) = (die(&spec, 1), die(&spec, 2));
    assert!(!run(&spec, mapped(&spec, &own), &own).1);
    assert!(run(&spec, mapped(&spec, &own), &other).1);
    // The same circuits from a file are the same die.
    let mapping = mapped(&spec, &own);
    let circuits: Vec<_> = mapping
        .program
        .cores
        .iter()
        .flat_map(|core| (0..256).map(|neuron| (core.address, units::NeuronId(neuron))))
        .collect();
    let tables = formats::measured::tables(&spec, &own, &circuits);
    let read = formats::measured::read_csv(&formats::measured::write_csv(&tables), "f", &spec).unwrap();
    let measured = DieParameters::measured(&spec, own.die(), read).unwrap();
    let (spikes, warned) = run(&spec, mapping.clone(), &measured);
    assert_eq!((spikes, warned), (run(&spec, mapping, &own).0, false));
}

/// What the report says of weights on the die is what the connections of the die have.
#[test]
fn the_report_tells_the_weights_of_the_die() {
    let mut spec = whole();
    let cv = sourced("0.3 1");
    let family = Family::LogNormal;
    spec.weight_mismatch = Some(MismatchSpec { family, cv, truncation: None, shares: None, correlation: None });
    spec.faults = broken().faults;
    for id in 0..3 {
        let die = die(&spec, id);
        let mapping = mapped(&spec, &die);
        let (placement, report) = (mapping.placement.clone(), mapping.report.die.clone().unwrap());
        let wish = &network(&spec).projections[0];
        let board = Board::load(spec.clone(), mapping).unwrap();
        let session = board.on(&die).unwrap();
        let fabric = session.emulator().fabric();
        let (mut off, mut asked) = (0.0, 0.0);
        let mut got = std::collections::BTreeMap::new();
        for channel in 0..12u32 {
            for route in &fabric.routes()[fabric.routes_of(fabric.input_source(InputId(channel)))] {
                let row = fabric.row(route.row);
                let step = f64::from(1u32 << board.program().cores[row.core].weight_exponent);
                for synapse in row.synapses {
                    let neuron = synapse.target() % fabric.layout(row.core).stride();
                    let address = board.address(row.core, units::NeuronId(neuron as u16));
                    let (_, index) = placement.neuron(address).unwrap();
                    got.insert((channel, index), f64::from(synapse.weight()) * step);
                }
            }
        }
        for connection in wish.kept() {
            let weight = f64::from(connection.weight.to_bits());
            let found = got.get(&(connection.pre, connection.post)).copied().unwrap_or(0.0);
            (off, asked) = (off + (found - weight) * (found - weight), asked + weight * weight);
        }
        let error = (off / asked).sqrt();
        let told = report.projections[0].in_mind;
        assert!((error - told).abs() < 1e-9 && told < report.projections[0].blind.unwrap(), "{error} {told}");
    }
}
