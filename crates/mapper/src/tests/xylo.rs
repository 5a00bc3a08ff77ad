//! Networks on a Xylo chip: what fits to the last neuron and synapse, and what a program decodes to.

use crate::testing::*;
use crate::*;
use chip::{CoreModel, RouterSpec, Routing, Values, XyloSpec};
use fx::Weight;
use network::{Endpoint, Network, Population, SynapseChoice};
use proptest::prelude::*;
use std::collections::BTreeMap;

const IN: Endpoint = Endpoint::Input(0);

fn population(name: &str, size: u32) -> Population {
    Population { model: CoreModel::Xylo, ..lif(name, size) }
}

/// Channels, and populations `p0`, `p1`, ... of the given sizes.
fn network(channels: u32, sizes: &[u32]) -> Network {
    let populations = sizes.iter().enumerate().map(|(i, size)| population(&format!("p{i}"), *size)).collect();
    Network { clock: None, populations, inputs: vec![input("in", channels)], projections: Vec::new() }
}

/// A whole number as a weight.
fn whole(number: i32) -> Weight {
    weight(number << 20)
}

/// Adds connections through `i_syn`.
fn connect(network: &mut Network, pre: Endpoint, post: usize, list: Vec<(u32, u32, Weight)>) {
    let name = format!("x{}", network.projections.len());
    let mut wish = projection(network, &name, pre, post, list);
    wish.synapse = SynapseChoice { excitatory: "i_syn".into(), inhibitory: "i_syn".into() };
    network.projections.push(wish);
}

fn with(change: impl FnOnce(&mut XyloSpec)) -> ChipSpec {
    let mut spec = xylo();
    match &mut spec.router {
        RouterSpec::Xylo(router) => change(router),
        _ => panic!("not a Xylo chip"),
    }
    spec
}

fn mapped(network: &Network, spec: &ChipSpec) -> Mapping {
    map(network, spec, &MapperOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(network: &Network, spec: &ChipSpec, expected: &str) {
    let error = map(network, spec, &MapperOptions::default()).unwrap_err().to_string();
    assert_eq!(error, expected);
}

/// Hidden `p0` with input, and output `p1` that hears neuron 0 of it.
fn layers(hidden: u32, outputs: u32) -> Network {
    let mut network = network(1, &[hidden, outputs]);
    connect(&mut network, IN, 0, vec![(0, 0, whole(1))]);
    connect(&mut network, Endpoint::Population(0), 1, (0..outputs).map(|n| (0, n, whole(1))).collect());
    network
}

#[test]
fn layers_fill_to_the_last_neuron() {
    let full = mapped(&layers(1000, 8), &xylo());
    assert_eq!(full.program.cores.iter().map(|c| c.neuron_count).collect::<Vec<_>>(), [1000, 8]);
    let report = full.report.xylo.expect("a Xylo chip");
    assert_eq!(
        (report.hidden_neurons.to_string(), report.output_neurons.to_string()),
        ("1000/1000".into(), "8/8".into())
    );
    refused(
        &layers(1001, 8),
        &xylo(),
        "population `p0` of 1001 neurons makes 1001 hidden neurons, but the chip has 1000; use fewer neurons",
    );
    refused(
        &layers(1000, 9),
        &xylo(),
        "population `p1` of 9 neurons makes 9 output neurons, but the chip has 8; use fewer, or let the population \
         send or receive input: one that sends nothing and receives from hidden neurons only is read out",
    );
    let mut shared = network(1, &[600, 400]);
    connect(&mut shared, IN, 0, vec![(0, 0, whole(1))]);
    connect(&mut shared, IN, 1, vec![(0, 0, whole(1))]);
    assert_eq!(mapped(&shared, &xylo()).program.cores.len(), 1, "both are hidden");
    shared.populations[1].size = 401;
    refused(
        &shared,
        &xylo(),
        "population `p1` of 401 neurons makes 1001 hidden neurons, but the chip has 1000; use fewer neurons",
    );
}

#[test]
fn populations_that_only_listen_to_hidden_neurons_are_read_out() {
    // p0 feeds p1, p1 feeds itself, p2 hears both, p3 hears the input as well, p4 hears nothing.
    let mut wish = network(2, &[3, 4, 5, 6, 7]);
    let p = Endpoint::Population;
    for (pre, post) in [(IN, 0), (p(0), 1), (p(1), 1), (p(0), 2), (p(1), 2), (p(0), 3), (IN, 3)] {
        connect(&mut wish, pre, post, vec![(0, 0, whole(1))]);
    }
    let mapping = mapped(&wish, &xylo());
    let place = |population| {
        let address = mapping.placement.address(population, 0).unwrap();
        (address.core.core.0, address.neuron.0)
    };
    assert_eq!([0, 1, 2, 3, 4].map(place), [(0, 0), (0, 3), (1, 0), (0, 7), (0, 13)]);
    assert_eq!(mapping.program.cores.iter().map(|c| c.neuron_count).collect::<Vec<_>>(), [20, 5]);
    let parts: Vec<_> = mapping.report.cores.iter().map(|c| c.parts.len()).collect();
    assert_eq!(parts, [4, 1]);
}

#[test]
fn channels_and_fan_out_fit_to_the_last() {
    let mut wish = network(16, &[80]);
    let fan = |n: u32| (0..n).map(|post| (79, post, whole(1))).collect::<Vec<_>>();
    connect(&mut wish, Endpoint::Population(0), 0, fan(64));
    let report = mapped(&wish, &xylo()).report.xylo.expect("a Xylo chip");
    assert_eq!(
        (report.hidden_fan_out.to_string(), report.input_channels.to_string()),
        ("64/64".into(), "16/16".into())
    );
    let mut over = wish.clone();
    over.inputs[0].channels = 17;
    refused(&over, &xylo(), "the input groups in have 17 channels, but the chip has 16; join channels");
    wish.projections.clear();
    connect(&mut wish, Endpoint::Population(0), 0, fan(65));
    refused(
        &wish,
        &xylo(),
        "neuron 79 of `p0` sends 65 synapses to hidden neurons, but can send 64; reduce its fan-out",
    );
    // What is masked needs no synapse.
    wish.projections[0].mask = network::Mask::none(65);
    let mapping = mapped(&wish, &xylo());
    assert_eq!((mapping.report.kept(), mapping.report.freed.synapses), (0, 65));
}

#[test]
fn expansion_neurons_fit_to_the_last() {
    let spec = with(|r| (r.input_targets, r.output_sources) = (Some(fact("4")), Some(fact("3"))));
    let build = |targets: u32, sources: u32| {
        let mut wish = network(2, &[10, 2]);
        connect(&mut wish, IN, 0, (0..targets).flat_map(|n| [(0, n, whole(1)), (1, n, whole(2))]).collect());
        connect(&mut wish, Endpoint::Population(0), 1, (0..sources).map(|n| (9 - n, n % 2, whole(1))).collect());
        wish
    };
    let report = mapped(&build(4, 3), &spec).report.xylo.expect("a Xylo chip");
    assert_eq!((report.input_targets.to_string(), report.output_sources.to_string()), ("4/4".into(), "3/3".into()));
    refused(
        &build(5, 3),
        &spec,
        "5 hidden neurons receive input, but 4 can; the first too many is neuron 4 of `p0`; connect fewer of them",
    );
    refused(
        &build(4, 4),
        &spec,
        "4 hidden neurons send to output neurons, but 3 can; the first too many is neuron 9 of `p0`; connect fewer of \
         them",
    );
}

#[test]
fn each_matrix_takes_the_smallest_shift_that_fits() {
    let keep = MapperOptions { small_weights: SmallWeights::Keep, ..MapperOptions::default() };
    let shift_with = |options: &MapperOptions, weights: &[Weight]| {
        let mut wish = network(1, &[20]);
        connect(&mut wish, IN, 0, weights.iter().zip(0..).map(|(w, n)| (0, n, *w)).collect());
        let mapping = map(&wish, &xylo(), options).unwrap();
        let Routing::Xylo { rows, shifts, .. } = &mapping.program.routing else { panic!("a Xylo chip") };
        assert_eq!((shifts.recurrent, shifts.output), (0, 0));
        (shifts.input, rows[0].synapses.iter().map(|s| s.weight).collect::<Vec<_>>())
    };
    let shift = |weights: &[Weight]| shift_with(&MapperOptions::default(), weights);
    assert_eq!(shift(&[whole(127), whole(-128), whole(3)]), (0, vec![127, -128, 3]));
    assert_eq!(shift(&[whole(128), whole(-128)]), (1, vec![64, -64]));
    assert_eq!(shift(&[whole(-129), whole(7)]), (1, vec![-65, 4]), "halves away from 0");
    // 254 is 127 times 2; 255 would be 128, and the next that can be had is 256.
    assert_eq!(shift(&[whole(254)]), (1, vec![127]));
    assert_eq!(shift(&[whole(255)]), (2, vec![64]));
    assert_eq!(shift(&[whole(2032), whole(16)]), (4, vec![127, 1]));
    assert_eq!(shift_with(&keep, &[whole(2047), whole(1)]), (5, vec![64, 1]), "no weight disappears");
    let strict = with(|r| r.weight_shift_max = fact("0"));
    let mut wish = network(1, &[2]);
    connect(&mut wish, IN, 0, vec![(0, 1, whole(-129))]);
    refused(
        &wish,
        &strict,
        "projection `x0`: weight -129 from 0 to 1 does not fit: with the largest shift the chip holds 128 of this \
         sign; scale the weights and thresholds down together",
    );
}

/// Synapses of input channels and of hidden neurons count, those onto output neurons do not.
#[test]
fn fan_in_fits_to_the_last() {
    let narrow = with(|r| r.hidden_fan_in = Some(fact("3")));
    let mut wish = network(2, &[4, 1]);
    connect(&mut wish, IN, 0, vec![(0, 2, whole(1)), (1, 2, whole(1))]);
    connect(&mut wish, Endpoint::Population(0), 0, vec![(3, 2, whole(1))]);
    connect(&mut wish, Endpoint::Population(0), 1, (0..4).map(|pre| (pre, 0, whole(1))).collect());
    let of = |spec| mapped(&wish, spec).report.xylo.expect("a Xylo chip").hidden_fan_in;
    assert_eq!(of(&narrow).to_string(), "3/3");
    assert_eq!((of(&xylo()).used, of(&xylo()).limit), (3, None));
    let mut over = wish.clone();
    connect(&mut over, Endpoint::Population(0), 0, vec![(2, 2, whole(1))]);
    refused(
        &over,
        &narrow,
        "neuron 2 of `p0` receives 4 synapses from input channels and hidden neurons, but can receive 3; reduce its \
         fan-in",
    );
    assert!(map(&over, &xylo(), &MapperOptions::default()).is_ok());
}

#[test]
fn what_the_weights_lose_is_reported() {
    let mut wish = network(1, &[3]);
    connect(&mut wish, IN, 0, vec![(0, 0, whole(301)), (0, 1, whole(-512)), (0, 2, whole(1))]);
    let drop = MapperOptions { small_weights: SmallWeights::Nearest, ..MapperOptions::default() };
    let mapping = map(&wish, &xylo(), &drop).unwrap();
    // A shift of 2: 301 becomes 300, and 1 becomes 0.
    let weights = &mapping.report.cores[0].weights;
    assert_eq!((weights.step, weights.largest), (1.0, 512.0));
    assert_eq!(decoded(&mapping, &wish), [(0, 300 << 20), (1, -512 << 20)]);
    let keep = MapperOptions { small_weights: SmallWeights::Keep, ..MapperOptions::default() };
    assert_eq!(decoded(&map(&wish, &xylo(), &keep).unwrap(), &wish), [(0, 300 << 20), (1, -512 << 20), (2, 4 << 20)]);
}

/// The receivers and weights of a program.
fn decoded(mapping: &Mapping, network: &Network) -> Vec<(u32, i64)> {
    let all = decode(&mapping.program, &mapping.placement, network, &xylo()).unwrap();
    all.into_iter().map(|connection| (connection.post_index, connection.weight)).collect()
}

#[test]
fn neurons_of_a_shared_layer_keep_their_parameters() {
    let mut wish = network(1, &[2, 3]);
    connect(&mut wish, IN, 1, vec![(0, 0, whole(1))]);
    let values = |list: &[&str]| Values::PerNeuron(list.iter().map(|v| fact(v).quantity).collect());
    wish.populations[0].parameters = BTreeMap::from([("threshold".to_string(), shared("7"))]);
    wish.populations[1].parameters = BTreeMap::from([("dash_mem".to_string(), values(&["1", "2", "3"]))]);
    let parameters = &mapped(&wish, &xylo()).program.cores[0].parameters;
    assert_eq!(parameters["threshold"], values(&["7", "7", "1000", "1000", "1000"]));
    assert_eq!(parameters["dash_mem"], values(&["4", "4", "1", "2", "3"]));
    wish.populations[1].parameters = wish.populations[0].parameters.clone();
    assert_eq!(mapped(&wish, &xylo()).program.cores[0].parameters["threshold"], shared("7"));
    wish.populations[1].parameters.insert("dash_mem".into(), shared("16"));
    assert!(map(&wish, &xylo(), &MapperOptions::default()).is_err());
}

#[test]
fn other_models_and_delays_are_refused() {
    let mut wish = layers(2, 1);
    wish.populations[1].model = CoreModel::Lif;
    assert!(matches!(map(&wish, &xylo(), &MapperOptions::default()), Err(MapperError::Model { .. })));
    let mut wish = layers(2, 1);
    wish.projections[0].delay_ticks = 2;
    refused(&wish, &xylo(), "projection `x0`: a delay of 2 ticks; chip `xylo-test` has a delay of 1 tick only");
}

/// The multiple of `1 << shift` nearest to `bits`, halves away from 0.
fn rounded(bits: i64, shift: u8) -> i64 {
    let step = 1_i64 << (20 + shift);
    let nearest = (bits.abs() + step / 2) / step * step;
    nearest * bits.signum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn programs_decode_to_the_kept_network(seed: u64) {
        let mut dice = Dice(seed);
        let mut wish = network(1 + dice.below(16), &[1 + dice.below(30), 1 + dice.below(30), 1 + dice.below(8)]);
        let p = Endpoint::Population;
        for (pre, post) in [(IN, 0), (IN, 1), (p(0), 0), (p(0), 1), (p(1), 0), (p(0), 2), (p(1), 2)] {
            let (senders, receivers) = (wish.size_of(pre).unwrap(), wish.populations[post].size);
            let size = [1, 100, 2000][dice.below(3) as usize];
            let list = (0..dice.below(60)).map(|_| {
                let magnitude = (dice.below(size) as i32) << 20;
                let sign = if dice.below(2) == 0 { -1 } else { 1 };
                (dice.below(senders), dice.below(receivers), weight(magnitude * sign))
            });
            let list = list.collect();
            connect(&mut wish, pre, post, list);
            if post < 2 && dice.below(2) == 0 {
                wish.projections.last_mut().unwrap().synapse.inhibitory = "i_syn2".into();
            }
        }
        let mapping = mapped(&wish, &with(|r| r.hidden_fan_out = fact("1000")));
        let Routing::Xylo { shifts, .. } = &mapping.program.routing else { panic!("a Xylo chip") };
        let mut expected = Vec::new();
        for projection in &wish.projections {
            let shift = match (projection.pre, projection.post) {
                (_, 2) => shifts.output,
                (Endpoint::Input(_), _) => shifts.input,
                _ => shifts.recurrent,
            };
            for c in projection.kept().filter(|c| rounded(c.weight.to_bits().into(), shift) != 0) {
                let bits = i64::from(c.weight.to_bits());
                let second = bits < 0 && projection.synapse.inhibitory == "i_syn2";
                expected.push(DecodedConnection {
                    pre: projection.pre,
                    pre_index: c.pre,
                    post: projection.post,
                    post_index: c.post,
                    synapse: u8::from(second),
                    weight: rounded(bits, shift),
                    delay_ticks: 1,
                });
            }
        }
        expected.sort_unstable();
        prop_assert_eq!(decode(&mapping.program, &mapping.placement, &wish, &xylo()).unwrap(), expected);
        let report = mapping.report.xylo.as_ref().unwrap();
        prop_assert_eq!(report.matrices.iter().map(|m| m.synapses).sum::<u64>(), mapping.report.kept());
    }
}
