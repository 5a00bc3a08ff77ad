//! BrainScaleS-2 in the emulator: the way of an event over buses, drivers and labels; programs that do not fit; mapped
//! networks against the oracle and against the mapper's own reading.

use crate::runs::assert_equal_oracle;
use crate::support::{Case, Random, die};
use chip::{
    BusEvent, BusInput, ChipSpec, CoreModel, CoreProgram, CrossbarCore, Program, RouterSpec, Routing, SynapseCell,
    SynapseDriver, SynapseRow,
};
use emulator::{LossCause, Spike};
use fx::Weight;
use mapper::{CoreSharing, MapperOptions, Mapping, OverFull, decode, map};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use proptest::prelude::*;
use router::Fabric;
use std::collections::BTreeMap;
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Tick};

/// The chip with ticks of a step of `lif`: nothing here is about finer ones.
fn spec() -> ChipSpec {
    let mut spec = formats::chip::shipped("brainscales2").unwrap_or_else(|e| panic!("{e}"));
    spec.tick.quantity = spec.step.as_ref().expect("`lif` has a step").quantity;
    spec
}

#[test]
fn the_chip_has_the_limits_of_the_hardware() {
    for name in ["brainscales2", "brainscales2-uncalibrated"] {
        let spec = formats::chip::shipped(name).unwrap();
        assert_eq!((spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core()), (1, 2, 256));
        let RouterSpec::Crossbar(router) = &spec.router else { panic!("BrainScaleS-2 has a crossbar") };
        let limits = router.limits();
        assert_eq!((limits.synapse_rows, limits.buses, limits.rows_per_bus()), (256, 4, 64));
        assert_eq!((limits.label_count(), limits.weight_max(), limits.row_select_bits), (64, 63, 5));
        // Eight event outputs of 32 columns; i and i + 4 share bus i.
        let buses: Vec<usize> = (0..8).map(|output| limits.bus_of_column(32 * output + 31)).collect();
        assert_eq!(buses, [0, 1, 2, 3, 0, 1, 2, 3]);
        assert_eq!((limits.fixed_row_select(0), limits.fixed_row_select(255)), (0, 7 << 2));
        assert!(limits.can_send(255, 3, 31) && !limits.can_send(255, 3, 27) && !limits.can_send(255, 2, 31));
    }
}

fn row(row: u8, synapse: u8, cells: &[(u16, u8, u8)]) -> SynapseRow {
    let cell = |&(neuron, label, weight): &(u16, u8, u8)| SynapseCell { column: NeuronId(neuron), label, weight };
    SynapseRow { row, synapse, cells: cells.iter().map(cell).collect() }
}

fn event(bus: u8, row_select: u8, label: u8) -> BusEvent {
    BusEvent { bus, row_select, label }
}

/// Both arrays, 40 neurons each. On bus 1 of the first, driver 3 hears row selects that end in 1 and driver 4 all; on
/// bus 1 of the second, driver 4 hears only its own address.
fn board() -> Program {
    let driver = |bus, index, select_mask, rows| SynapseDriver { bus, index, select_mask, rows };
    let core = |index| CoreProgram {
        address: CoreAddress::new(0, index),
        model: CoreModel::Lif,
        neuron_count: 40,
        parameters: BTreeMap::new(),
        weight_exponent: 12,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let mut events = vec![None; 40];
    events[33] = Some(event(1, 0b00101, 7));
    events[0] = Some(event(0, 0b00011, 7));
    let first = CrossbarCore {
        weight_current: 100,
        drivers: vec![
            driver(1, 3, 1, vec![row(0, 0, &[(0, 7, 5), (1, 8, 6)]), row(1, 1, &[(0, 7, 1)])]),
            driver(1, 4, 0, vec![row(1, 0, &[(2, 7, 63)])]),
        ],
        events: events.clone(),
    };
    let second = CrossbarCore {
        weight_current: 1,
        drivers: vec![driver(1, 4, 31, vec![row(0, 0, &[(39, 7, 2)])])],
        events: vec![None; 40],
    };
    let input = |channel, event| BusInput { input: InputId(channel), event };
    let inputs = vec![input(0, event(1, 4, 7)), input(1, event(1, 1, 8)), input(1, event(2, 1, 8))];
    let routing = Routing::Crossbar { cores: vec![first, second], inputs };
    Program { chip: "brainscales2".to_owned(), clock: None, cores: vec![core(0), core(1)], input_count: 3, routing }
}

/// What a source reaches, as text: `core [place:weight]`; places of the second kind start at 48.
fn reach(fabric: &Fabric, source: usize) -> String {
    let rows = fabric.routes_of(source).map(|route| {
        let row = fabric.row(fabric.routes()[route].row);
        let synapses: Vec<String> = row.synapses.iter().map(|s| format!("{}:{}", s.target(), s.weight())).collect();
        format!("core {} [{}]", row.core, synapses.join(" "))
    });
    let t = fabric.traffic(source);
    rows.chain([format!("sent {} unmatched {}", t.sent, t.unmatched)]).collect::<Vec<_>>().join("; ")
}

#[test]
fn events_follow_bus_driver_row_and_label() {
    let fabric = Fabric::build(&spec(), &board()).unwrap();
    let neuron = |n| fabric.neuron_source(0, NeuronId(n));
    let channel = |c| fabric.input_source(InputId(c));
    let second = fabric.layout(0).stride();
    // Row select 5 ends in 1, so both drivers pass it on; it is not 4, so the second array is silent.
    let expected = format!("core 0 [0:500 2:6300 {second}:100]; sent 1 unmatched 1");
    assert_eq!(reach(&fabric, neuron(33)), expected);
    assert_eq!(reach(&fabric, neuron(0)), "sent 1 unmatched 2", "nobody is on bus 0");
    assert_eq!(reach(&fabric, neuron(1)), "sent 0 unmatched 0", "a neuron without an event");
    // Row select 4 does not end in 1.
    assert_eq!(reach(&fabric, channel(0)), "core 0 [2:6300]; core 1 [39:2]; sent 1 unmatched 0");
    assert_eq!(reach(&fabric, channel(1)), "core 0 [1:600]; sent 2 unmatched 3");
    assert_eq!(reach(&fabric, channel(2)), "sent 0 unmatched 0");
}

#[test]
fn programs_that_do_not_fit_are_refused() {
    type Change = fn(&mut Vec<CrossbarCore>, &mut Vec<BusInput>);
    let cases: &[(Change, &str)] = &[
        (|c, _| c[0].drivers[0].bus = 4, "bus 4 of chip 0 core 0 does not fit: the limit is 3"),
        (|c, _| c[0].drivers[0].index = 32, "driver 32 of chip 0 core 0 does not fit: the limit is 31"),
        (|c, _| c[0].drivers[0].select_mask = 32, "select mask 32 of chip 0 core 0 does not fit: the limit is 31"),
        (
            |c, _| c[0].drivers[0].rows[0].row = 2,
            "row 2 of chip 0 core 0, bus 1, driver 3, row 2 does not fit: the limit is 1",
        ),
        (
            |c, _| c[0].drivers[0].rows[1].row = 0,
            "row of chip 0 core 0, bus 1, driver 3, row 0 is given twice; a program fills each place once",
        ),
        (|c, _| c[0].drivers[1].index = 3, "row of chip 0 core 0, bus 1, driver 3, row 1 is given twice"),
        (
            |c, _| c[0].drivers[0].rows[0].cells[1].column = NeuronId(0),
            "column of chip 0 core 0, bus 1, driver 3, row 0, 0 is given twice",
        ),
        (
            |c, _| c[0].drivers[0].rows[0].cells[1].weight = 64,
            "weight code 64 of chip 0 core 0, bus 1, driver 3, row 0 does not fit: the limit is 63",
        ),
        (
            |c, _| c[0].drivers[0].rows[0].cells[1].label = 64,
            "label 64 of chip 0 core 0, bus 1, driver 3, row 0 does not fit: the limit is 63",
        ),
        (
            |c, _| c[0].weight_current = 521,
            "chip 0 core 0 neuron 2: weight code 63 makes 32823, more than 32767; lower the weight current of the core",
        ),
        (|c, _| c[1].weight_current = -1, "negative weight current -1 of chip 0 core 1 does not fit"),
        (|c, _| c[0].drivers[0].rows[0].cells[1].column = NeuronId(40), "chip 0 core 0 neuron 40 is not in use"),
        (|c, _| c[0].drivers[0].rows[0].synapse = 2, "chip 0 core 0 neuron 1 has a synapse of kind 2"),
        (|c, _| c.truncate(1), "the board: 1 memories given for 2 users"),
        (|c, _| c[1].events.truncate(39), "chip 0 core 1: 39 memories given for 40 users"),
        (
            |c, _| c[0].events[33] = Some(event(2, 5, 7)),
            "chip 0 core 0 neuron 33 sends on bus 2 with row select 5, but its event output sends on bus 1 with row \
             selects 4 to 7",
        ),
        (
            |c, _| c[0].events[33] = Some(event(1, 8, 7)),
            "chip 0 core 0 neuron 33 sends on bus 1 with row select 8, but",
        ),
        (|c, _| c[0].events[33] = Some(event(1, 5, 64)), "label 64 of chip 0 core 0 neuron 33 does not fit"),
        (|_, i| i[0].input = InputId(3), "input channel 3 does not exist: the program has 3"),
        (|_, i| i[0].event.row_select = 32, "row select 32 of input channel 0 does not fit: the limit is 31"),
    ];
    for (change, expected) in cases {
        let mut program = board();
        let Routing::Crossbar { cores, inputs } = &mut program.routing else { unreachable!() };
        change(cores, inputs);
        let error = Fabric::build(&spec(), &program).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
    let mut program = board();
    program.routing = Routing::Ideal(Vec::new());
    let error = Fabric::build(&spec(), &program).unwrap_err().to_string();
    assert_eq!(
        error,
        "the program has routing for rows of synapses, but chip `brainscales2` has a crossbar; map the network for this \
         chip"
    );
}

/// What a random network is like.
#[derive(Clone, Copy, Debug)]
struct Recipe {
    seed: u64,
    model: CoreModel,
    neurons: u32,
    channels: u32,
    fan_in: u32,
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let sizes = (1u32..257, 1u32..400, 1u32..60);
    (any::<u64>(), any::<bool>(), sizes).prop_map(|(seed, clocked, (neurons, channels, fan_in))| {
        let model = if clocked { CoreModel::Lif } else { CoreModel::AnalogLif };
        Recipe { seed, model, neurons, channels, fan_in }
    })
}

/// Two populations, one a half; input strong enough that they spike.
fn network(recipe: Recipe) -> Network {
    let mut random = Random::new(recipe.seed);
    let population = |name: &str| Population {
        name: name.to_owned(),
        size: recipe.neurons,
        model: recipe.model,
        parameters: BTreeMap::new(),
    };
    let mut projection = |name: &str, pre: Endpoint, post: usize, senders: u32, most: u32| {
        let mut list = Vec::new();
        for target in 0..recipe.neurons {
            for _ in 0..recipe.fan_in {
                let size = (1 + random.below(most << 16)) as i32;
                let weight = Weight::from_bits(if random.below(4) == 0 { -size } else { size });
                list.push((random.below(senders), target, weight));
            }
        }
        let connections = Connections::from_list(senders, list);
        Projection {
            name: name.to_owned(),
            pre,
            post,
            synapse: SynapseChoice { excitatory: "excitatory".to_owned(), inhibitory: "inhibitory".to_owned() },
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: 1,
            weight_format: WeightFormat::default(),
        }
    };
    let projections = vec![
        projection("in", Endpoint::Input(0), 0, recipe.channels, 900),
        projection("recurrent", Endpoint::Population(0), 0, recipe.neurons, 200),
        projection("on", Endpoint::Population(0), 1, recipe.neurons, 700),
        projection("back", Endpoint::Population(1), 0, recipe.neurons, 200),
    ];
    let inputs = vec![InputGroup::of_host("in", recipe.channels)];
    Network { clock: None, populations: vec![population("a"), population("b")], inputs, projections }
}

fn mapped(network: &Network, spec: &ChipSpec) -> Mapping {
    // A population an array, so that events cross between them.
    let (over_full, core_sharing) = (OverFull::Prune, CoreSharing::Off);
    let options = MapperOptions { over_full, core_sharing, ..MapperOptions::default() };
    map(network, spec, &options).unwrap_or_else(|e| panic!("{e}"))
}

/// The connections of the packed rows: sender, receiver, weight without sign in units of 2^-20.
fn packed(fabric: &Fabric, program: &Program) -> Vec<(usize, NeuronAddress, i64)> {
    let mut all = Vec::new();
    for source in 0..fabric.source_count() {
        for route in fabric.routes_of(source) {
            let row = fabric.row(fabric.routes()[route].row);
            let core = &program.cores[row.core];
            let stride = fabric.layout(row.core).stride();
            all.extend(row.synapses.iter().map(|s| {
                let neuron = NeuronId((s.target() % stride) as u16);
                let weight = i64::from(s.weight().unsigned_abs()) << core.weight_exponent;
                (source, NeuronAddress { core: core.address, neuron }, weight)
            }));
        }
    }
    all.sort_unstable();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_router_follows_what_the_mapper_reads(recipe in recipes()) {
        let (spec, network) = (spec(), network(recipe));
        let Mapping { program, placement, report, .. } = mapped(&network, &spec);
        let fabric = Fabric::build(&spec, &program).unwrap();
        let read = decode(&program, &placement, &network, &spec).unwrap();
        prop_assert_eq!(report.kept(), read.len() as u64);
        let source = |c: &mapper::DecodedConnection| match c.pre {
            Endpoint::Input(_) => fabric.input_source(InputId(c.pre_index)),
            Endpoint::Population(p) => {
                let address = placement.address(p, c.pre_index).unwrap();
                fabric.neuron_source(usize::from(address.core.core.0), address.neuron)
            }
        };
        let end = |c: &mapper::DecodedConnection| placement.address(c.post, c.post_index).unwrap();
        let mut expected: Vec<_> = read.iter().map(|c| (source(c), end(c), c.weight)).collect();
        expected.sort_unstable();
        prop_assert_eq!(packed(&fabric, &program), expected);
    }

    #[test]
    fn mapped_networks_equal_the_oracle(recipe in recipes()) {
        let small = Recipe { neurons: 1 + recipe.neurons % 70, fan_in: 1 + recipe.fan_in % 20, ..recipe };
        let (spec, network) = (spec(), network(small));
        let program = mapped(&network, &spec).program;
        let mut random = Random::new(recipe.seed ^ 0x5eed);
        let events = (0..300).map(|_| (InputId(random.below(small.channels)), Tick(random.below(60).into()), 1));
        let mut case = Case { die: die(&spec, 3), spec, program, events: events.collect() };
        let mut emulator = case.emulator();
        let mut oracle = case.oracle(&emulator);
        assert_equal_oracle(&mut emulator, &mut oracle, &[1, 2, 9, 40, 90]);
        prop_assert_eq!(emulator.counters().losses.by_cause(LossCause::UnusedCore), 0);
    }
}

#[test]
fn the_random_networks_spike() {
    for model in [CoreModel::Lif, CoreModel::AnalogLif] {
        check_that_it_spikes(Recipe { seed: 5, model, neurons: 50, channels: 100, fan_in: 15 });
    }
}

fn check_that_it_spikes(recipe: Recipe) {
    let spec = spec();
    let program = mapped(&network(recipe), &spec).program;
    let mut random = Random::new(1);
    let events = (0..300).map(|_| (InputId(random.below(100)), Tick(random.below(60).into()), 1)).collect();
    let mut case = Case { die: die(&spec, 3), spec, program, events };
    let mut emulator = case.emulator();
    let mut spikes: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(90), &mut spikes);
    for core in 0..2 {
        let count = spikes.iter().filter(|spike| spike.core == core).count();
        assert!((20..50 * 45).contains(&count), "core {core}: {count} spikes");
    }
}

/// The chip with few rows, so that neurons need several circuits.
fn few_rows() -> ChipSpec {
    let mut spec = spec();
    let RouterSpec::Crossbar(router) = &mut spec.router else { panic!("a crossbar") };
    for (number, value) in [(&mut router.drivers_per_bus, 3), (&mut router.synapse_rows, 24)] {
        number.quantity = units::Quantity::new(units::Decimal::integer(value), units::Unit::ONE);
    }
    spec
}

fn joined(network: &Network, spec: &ChipSpec) -> Mapping {
    let options = MapperOptions { over_full: OverFull::Join, ..MapperOptions::default() };
    map(network, spec, &options).unwrap_or_else(|e| panic!("{e}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    /// Neurons of several circuits hear the synapses of all their columns, and are what their circuits make of them.
    #[test]
    fn joined_networks_equal_the_oracle(recipe in recipes()) {
        let small = Recipe { neurons: 2 + recipe.neurons % 20, fan_in: 5 + recipe.fan_in % 4, ..recipe };
        let (spec, network) = (few_rows(), network(small));
        let Mapping { program, placement, report, .. } = joined(&network, &spec);
        prop_assert!(!report.joined.is_empty() && report.losses.is_empty(), "{}", report);
        prop_assert_eq!(decode(&program, &placement, &network, &spec).unwrap().len() as u64, report.kept());
        let die = die(&spec, 3);
        for core in &program.cores {
            let effective = device_models::effective(&spec, core, &die).unwrap();
            let of = |name: &str| effective.iter().find(|e| e.parameter == name).unwrap();
            let real = |value: fx::Real| value.to_bits() as f64 / 2f64.powi(32);
            let factor = |name: &str, circuit: u16| real(die.factor(name, core.address, NeuronId(circuit)));
            for (n, own) in core.circuits.iter().enumerate() {
                let all = || own.first.0..own.first.0 + own.count;
                let count = f64::from(own.count);
                // Conductances add up beside as much capacitance; a current decays as those of its circuits on average.
                let tau = 10e-3 * count / all().map(|c| 1.0 / factor("tau_mem", c)).sum::<f64>();
                let syn = 10e-3 * all().map(|c| factor("tau_syn_exc", c)).sum::<f64>() / count;
                let threshold = real(of("v_threshold").asked[n]) * factor("v_threshold", own.first.0);
                for (name, wanted) in [("tau_mem", tau), ("tau_syn_exc", syn), ("v_threshold", threshold)] {
                    let found = real(of(name).value[n]);
                    prop_assert!((found - wanted).abs() <= 1e-8 * wanted.abs().max(1e-1), "{} {}: {} {}", name, n, found, wanted);
                }
            }
        }
        let mut random = Random::new(recipe.seed ^ 0x5eed);
        let events = (0..300).map(|_| (InputId(random.below(small.channels)), Tick(random.below(60).into()), 1));
        let mut case = Case { die, spec, program, events: events.collect() };
        let mut emulator = case.emulator();
        let mut oracle = case.oracle(&emulator);
        assert_equal_oracle(&mut emulator, &mut oracle, &[1, 2, 9, 40, 90]);
    }
}

/// Circuits that a core does not have, that two neurons share, or that the chip cannot join.
#[test]
fn wrong_circuits_are_refused() {
    let network = network(Recipe { seed: 1, model: CoreModel::AnalogLif, neurons: 6, channels: 9, fan_in: 6 });
    let spec = few_rows();
    let program = joined(&network, &spec).program;
    type Change = fn(&mut Program);
    let changes: [(Change, &str); 6] = [
        (|p| p.cores[0].circuits[0].count = 9, "is made of 9 circuits from circuit 0 on; a neuron has 1 to 8"),
        (|p| p.cores[0].circuits[0].count = 0, "is made of 0 circuits"),
        (|p| p.cores[0].circuits[1].first = NeuronId(0), "from the first free one"),
        (|p| p.cores[0].circuits.last_mut().unwrap().first = NeuronId(255), "and the core has 256"),
        (|p| _ = p.cores[0].circuits.pop(), "circuits of neurons"),
        (|p| p.cores[0].circuits.last_mut().unwrap().count = 1, "a circuit that belongs to no neuron"),
    ];
    for (change, part) in changes {
        let mut wrong = program.clone();
        change(&mut wrong);
        let error = Fabric::build(&spec, &wrong).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
