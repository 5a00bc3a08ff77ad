//! Trained readouts on readout neurons.

use crate::testing::*;
use crate::*;
use network::{Endpoint, Network};
use std::collections::BTreeMap;

/// A reservoir of `size` neurons on a ring, in its own cores.
pub(super) fn network(size: u32) -> Network {
    let mut network = Network { populations: vec![lif("reservoir", size)], ..Network::default() };
    let list =
        (0..size).flat_map(|i| (1..20).map(move |k| (i, (i + k * 5) % size, weight((k as i32) << 16)))).collect();
    network.projections = vec![projection(&network, "rec", Endpoint::Population(0), 0, list)];
    network
}

/// Normal-ish weights of both signs.
pub(super) fn wish(classes: usize, size: u32, strategy: ReadoutStrategy) -> ReadoutWish {
    let mut dice = Dice(3);
    let mut normal = || (0..6).map(|_| f64::from(dice.below(1 << 20)) / f64::from(1 << 20) - 0.5).sum::<f64>();
    ReadoutWish {
        name: "readout".into(),
        population: "reservoir".into(),
        weights: (0..classes).map(|_| (0..size).map(|_| normal()).collect()).collect(),
        bias: Vec::new(),
        bias_events: 1.0,
        means: Vec::new(),
        covariance: Vec::new(),
        spreads: Vec::new(),
        strategy,
        neurons_min: 1,
        copies: Copies::Number(1),
        scale: 0.25,
        synapse: ampa_gaba(),
        delay_ticks: 1,
        parameters: BTreeMap::from([("tau_mem".into(), shared("50 ms"))]),
    }
}

fn attach_to(
    network: &Network,
    spec: &ChipSpec,
    wish: &ReadoutWish,
    options: &MapperOptions,
) -> Result<(Network, ReadoutPlaces, ReadoutReport), MapperError> {
    ReadoutPlan::new(network, spec, wish, options)?.attach(wish.scale)
}

fn attach(network: &Network, wish: &ReadoutWish) -> (Network, ReadoutPlaces, ReadoutReport) {
    attach_to(network, &tag_cam(), wish, &MapperOptions::default()).unwrap()
}

/// Synaptic weights of every readout neuron, by feature.
fn rows(network: &Network, layout: &ReadoutPlaces) -> Vec<BTreeMap<u32, f64>> {
    let mut rows = vec![BTreeMap::new(); network.populations[layout.population].size as usize];
    let projection = network.projections.iter().find(|p| p.name == "readout").unwrap();
    for c in projection.kept() {
        assert_eq!(rows[c.post as usize].insert(c.pre, f64::from(c.weight.to_bits()) / f64::from(1 << 20)), None);
    }
    rows
}

#[test]
fn nine_classes_are_split_over_thirty_six_neurons() {
    let (base, wish) = (network(256), wish(9, 256, ReadoutStrategy::Split));
    let (network, layout, report) = attach(&base, &wish);
    assert_eq!((report.neurons, report.neurons_per_class, report.synapses), (36, 4, 9 * 256));
    assert_eq!((report.synapses_max, report.synapses_limit), (64, Some(64)));
    assert_eq!(layout.neurons.len(), 9);
    assert_eq!((layout.population, layout.bias_channel), (1, None));
    let rows = rows(&network, &layout);
    for (class, neurons) in layout.neurons.iter().enumerate() {
        assert_eq!(neurons, &(4 * class as u32..4 * class as u32 + 4).collect::<Vec<_>>());
        // The neurons of a class together have its weights, each once.
        let mut all = BTreeMap::new();
        neurons.iter().for_each(|n| all.extend(rows[*n as usize].clone()));
        assert_eq!(all.len(), 256);
        for (feature, synaptic) in all {
            assert!((synaptic - 0.25 * wish.weights[class][feature as usize]).abs() <= 0.5 / f64::from(1 << 20));
        }
        // Each has its share of excitation and of inhibition.
        let sums = |sign: f64| {
            neurons
                .iter()
                .map(move |n| (*n, sign))
                .map(|(n, sign)| rows[n as usize].values().map(|w| (sign * w).max(0.0)).sum::<f64>())
                .collect::<Vec<_>>()
        };
        for sums in [sums(1.0), sums(-1.0)] {
            let mean = sums.iter().sum::<f64>() / 4.0;
            assert!(sums.iter().all(|s| (s - mean).abs() < 0.03 * mean), "{sums:?}");
        }
        let report = report.classes[class];
        assert_eq!((report.wanted, report.kept, report.dropped, report.vanished), (256, 256, 0, 0));
        assert_eq!((report.squared_weight_lost, report.variance_lost), (0.0, 0.0));
    }
    let keep = MapperOptions { small_weights: SmallWeights::Keep, ..MapperOptions::default() };
    let mapping = map(&network, &tag_cam(), &keep).unwrap();
    assert_eq!(mapping.report.cores[1].synapses.max, 64);
    assert!(mapping.report.cores[1].weights.rms_error_relative < 0.024);
}

#[test]
fn the_most_useful_inputs_are_kept() {
    let mut wish = wish(3, 200, ReadoutStrategy::Keep);
    let (grown, layout, report) = attach(&network(200), &wish);
    assert_eq!((report.neurons, report.synapses, layout.neurons.len()), (3, 3 * 64, 3));
    for (class, row) in rows(&grown, &layout).iter().enumerate() {
        let weights = &wish.weights[class];
        let square = |keep: &dyn Fn(u32) -> bool| -> f64 {
            weights.iter().enumerate().filter(|(i, _)| keep(*i as u32)).map(|(_, w)| w * w).sum()
        };
        let smallest = row.keys().map(|i| weights[*i as usize].abs()).fold(f64::MAX, f64::min);
        let left_out = (0..200).filter(|i| !row.contains_key(i)).map(|i| weights[i as usize].abs());
        assert!(left_out.fold(0.0, f64::max) <= smallest + 1e-5, "the largest are kept");
        let class = report.classes[class];
        assert_eq!((class.wanted, class.kept, class.dropped), (200, 64, 136));
        let lost = square(&|i| !row.contains_key(&i)) / square(&|_| true);
        assert!((class.squared_weight_lost - lost).abs() < 1e-12);
        assert!((0.05..0.4).contains(&lost), "{lost}");
    }
    // Features that vary count, and those that do not are left out.
    wish.spreads = (0..200).map(|i| if i < 70 { 2.0 } else { 1e-9 }).collect();
    let (grown, layout, report) = attach(&network(200), &wish);
    assert!(rows(&grown, &layout).iter().all(|row| row.keys().all(|i| *i < 70)));
    assert!(report.classes.iter().all(|c| c.variance_lost < 0.02 && c.squared_weight_lost > 0.5));
}

#[test]
fn a_bias_is_an_input_channel() {
    let mut wish = wish(2, 126, ReadoutStrategy::Split);
    wish.bias = vec![3.0, 0.0];
    wish.bias_events = 10.0;
    let mut base = network(126);
    base.inputs.push(input("in", 7));
    let (grown, layout, report) = attach(&base, &wish);
    // 126 inputs fill two neurons of 63, each with one word for the bias.
    assert_eq!((report.neurons_per_class, report.synapses_max, layout.bias_channel), (2, 64, Some(7)));
    let bias: Vec<_> = grown.projections.last().unwrap().kept().map(|c| (c.post, c.weight.to_bits())).collect();
    let share = (3.0 / 10.0 * 0.25 / 2.0 * f64::from(1 << 20)) as i32;
    assert!(bias.iter().all(|(post, bits)| *post < 2 && (bits - share).abs() <= 1), "{bias:?}");
    assert_eq!(bias.len(), 2);
    assert_eq!((report.classes[0].kept, report.classes[1].kept), (127, 126));
    assert_eq!(report.synapses, 2 * 126 + 2);
    map(&grown, &tag_cam(), &MapperOptions::default()).unwrap();
    // One input more takes a third neuron, of both classes.
    let mut more = self::wish(2, 127, ReadoutStrategy::Split);
    more.bias = vec![0.0, -1.0];
    assert_eq!(attach(&network(127), &more).2.neurons_per_class, 3);
    more.bias = vec![0.0, 0.0];
    let (_, layout, report) = attach(&network(127), &more);
    assert_eq!((report.neurons_per_class, layout.bias_channel), (2, None));
}

#[test]
fn weights_that_vanish_are_counted() {
    let mut wish = wish(1, 4, ReadoutStrategy::Split);
    wish.weights = vec![vec![0.5, 0.0, 1e-7, -0.5]];
    let (grown, layout, report) = attach(&network(4), &wish);
    assert_eq!(rows(&grown, &layout)[0].len(), 2);
    let class = report.classes[0];
    assert_eq!((class.wanted, class.kept, class.dropped, class.vanished), (3, 2, 0, 1));
    assert!(class.squared_weight_lost > 0.0 && class.squared_weight_lost < 1e-12);
}

#[test]
fn the_reservoir_stays_where_it_is() {
    for size in [256, 600, 1024] {
        let base = network(size);
        let (grown, layout, _) = attach(&base, &wish(5, size, ReadoutStrategy::Split));
        let options = MapperOptions::default();
        let (before, after) = (map(&base, &tag_cam(), &options).unwrap(), map(&grown, &tag_cam(), &options).unwrap());
        assert_eq!(before.placement.segments(0), after.placement.segments(0));
        assert_ne!(after.placement.segments(layout.population), []);
        let decoded = |network: &Network, mapping: &Mapping| {
            let mut all = decode(&mapping.program, &mapping.placement, network, &tag_cam()).unwrap();
            all.retain(|c| c.post == 0);
            all
        };
        assert_eq!(decoded(&base, &before), decoded(&grown, &after), "same synapses, same weights");
        let cores = before.program.cores.len();
        assert_eq!(before.program.cores, after.program.cores[..cores]);
        for (before, after) in before.report.cores.iter().zip(&after.report.cores) {
            assert_eq!((&before.weights, &before.synapses), (&after.weights, &after.synapses));
        }
    }
}

#[test]
fn an_ideal_chip_needs_one_neuron_a_class() {
    let wish = ReadoutWish { delay_ticks: 3, ..wish(4, 300, ReadoutStrategy::Split) };
    let (grown, _, report) = attach_to(&network(300), &ideal(), &wish, &MapperOptions::default()).unwrap();
    assert_eq!((report.neurons, report.synapses_max, report.synapses_limit), (4, 300, None));
    let mapping = map(&grown, &ideal(), &MapperOptions::default()).unwrap();
    assert_eq!(mapping.report.losses, []);
}

#[test]
fn readouts_that_cannot_be_are_refused() {
    let one_chip = MapperOptions { chips: Some(1), core_sharing: CoreSharing::Off, ..MapperOptions::default() };
    let check = |size: u32, spoil: &dyn Fn(&mut ReadoutWish), expected: &str| {
        let mut wish = wish(9, size, ReadoutStrategy::Split);
        spoil(&mut wish);
        let error = attach_to(&network(size), &tag_cam(), &wish, &one_chip).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        1024,
        &|_| {},
        "readout `readout`: 9 classes of 16 neurons each are 144 neurons and need 1 cores of 256, but the network \
         leaves 0; keep only the most useful inputs, or use a larger board",
    );
    check(
        300,
        &|w| w.population = "res".into(),
        "readout `readout`: the network has no population `res`; it has reservoir",
    );
    check(300, &|w| w.weights.clear(), "readout `readout`: classes: 0 given, 1 needed");
    check(300, &|w| w.weights[7].truncate(299), "readout `readout`: weights of class 7: 299 given, 300 needed");
    check(300, &|w| w.bias = vec![1.0; 8], "readout `readout`: biases: 8 given, 9 needed");
    check(300, &|w| w.spreads = vec![1.0], "readout `readout`: spreads: 1 given, 300 needed");
    check(300, &|w| w.scale = 0.0, "readout `readout`: scale is 0; it must be a finite number above 0");
    check(
        300,
        &|w| w.spreads = vec![-1.0; 300],
        "readout `readout`: spread is -1; it must be a finite number of at least 0",
    );
    check(
        300,
        &|w| (w.bias, w.bias_events) = (vec![1.0; 9], f64::NAN),
        "readout `readout`: bias_events is NaN; it must be a finite number above 0",
    );
    check(
        300,
        &|w| w.weights[2][5] = f64::NAN,
        "readout `readout`: weight 5 of class 2 is NaN after scaling; a weight is a finite number from -2048 to 2048, \
         so train without NaN and use a smaller scale",
    );
    check(
        300,
        &|w| w.weights[8][299] = -1e4,
        "readout `readout`: weight 299 of class 8 is -2500 after scaling; a weight is a finite number from -2048 to \
         2048, so train without NaN and use a smaller scale",
    );
    check(
        300,
        &|w| w.name = "reservoir".into(),
        "the name `reservoir` is used twice; give each population and input group its own",
    );
    let fitting =
        attach_to(&network(1024), &tag_cam(), &wish(4, 1024, ReadoutStrategy::Split), &MapperOptions::default());
    assert_eq!(fitting.unwrap().2.neurons, 64);
}
