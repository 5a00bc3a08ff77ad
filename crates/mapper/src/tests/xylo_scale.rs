//! Real weights on a Xylo chip: refused, or brought to whole numbers with the thresholds and biases of their layer.

use crate::testing::*;
use crate::*;
use chip::{CoreModel, Values};
use network::{Endpoint, Network, Population, SynapseChoice};

const AUTO: MapperOptions = with(Scale::Auto);
const NONE: MapperOptions = with(Scale::None);

const fn with(scale: Scale) -> MapperOptions {
    MapperOptions {
        over_full: OverFull::Error,
        prune_by: PruneBy::Weight,
        activity: Activity::Unknown,
        small_weights: SmallWeights::Nearest,
        weight_goal: WeightGoal::Rms,
        weights_for: WeightsFor::Kept,
        max_weight_error: None,
        core_sharing: CoreSharing::On,
        scale,
        chips: None,
        placement: Placing::Order,
        die: DieChoice::None,
    }
}

/// Four channels onto `hidden` neurons, recurrent among them, and onto two that are read out; weights by matrix.
fn net(hidden: u32, mut weigh: impl FnMut(usize) -> f64, threshold: Option<&str>) -> Network {
    let population = |name: &str, size| Population { model: CoreModel::Xylo, ..lif(name, size) };
    let populations = vec![population("h", hidden), population("o", 2)];
    let mut network = Network { clock: None, populations, inputs: vec![input("in", 4)], projections: Vec::new() };
    if let Some(threshold) = threshold {
        for population in &mut network.populations {
            population.parameters.insert("threshold".into(), shared(threshold));
        }
    }
    let ends = [(Endpoint::Input(0), 0), (Endpoint::Population(0), 0), (Endpoint::Population(0), 1)];
    for (matrix, (pre, post)) in ends.into_iter().enumerate() {
        let (senders, receivers) = (network.size_of(pre).unwrap(), network.populations[post].size);
        let list = (0..senders).flat_map(|pre| (0..receivers).map(move |post| (pre, post)));
        let list = list.map(|(pre, post)| (pre, post, weight((weigh(matrix) * f64::from(1 << 20)).round() as i32)));
        let list: Vec<_> = list.collect();
        let mut all = projection(&network, &format!("x{matrix}"), pre, post, list);
        all.synapse = SynapseChoice { excitatory: "i_syn".into(), inhibitory: "i_syn".into() };
        network.projections.push(all);
    }
    network
}

/// Normal deviates, near enough.
fn normal(dice: &mut Dice) -> f64 {
    (0..12).map(|_| f64::from(dice.below(1 << 30)) / f64::from(1 << 30)).sum::<f64>() - 6.0
}

/// Root mean square error of each matrix, as a part of the root mean square of its weights, from the program itself.
fn errors(network: &Network, mapping: &Mapping) -> Vec<f64> {
    let scales = &mapping.report.xylo.as_ref().unwrap().matrices;
    let decoded = decode(&mapping.program, &mapping.placement, network, &xylo()).unwrap();
    let of = |matrix: usize| {
        let projection = &network.projections[matrix];
        let (mut errors, mut squares) = (0.0, 0.0);
        for asked in projection.kept() {
            let is = |c: &&DecodedConnection| {
                (c.pre, c.pre_index, c.post, c.post_index) == (projection.pre, asked.pre, projection.post, asked.post)
            };
            let got = decoded.iter().find(is).map_or(0.0, |c| c.weight as f64 / scales[matrix].scale);
            let asked = f64::from(asked.weight.to_bits());
            errors += (got - asked) * (got - asked);
            squares += asked * asked;
        }
        (errors / squares).sqrt()
    };
    (0..3).map(of).collect()
}

#[test]
fn gaussian_weights_fit_within_two_percent_or_are_refused() {
    let mut scaled = 0;
    for (seed, size, threshold) in
        [(1, 0.1, Some("1")), (2, 0.1, Some("0.7")), (3, 0.1, Some("1.5")), (4, 0.02, Some("0.25")), (5, 0.1, None)]
    {
        let mut dice = Dice(seed);
        let network = net(40, |_| size * normal(&mut dice), threshold);
        match map(&network, &xylo(), &AUTO) {
            Ok(mapping) => {
                let errors = errors(&network, &mapping);
                assert!(errors.iter().all(|error| *error < 0.02), "{errors:?}");
                scaled += 1;
            }
            // Thresholds of 1000 leave weights of 0.1 hardly four steps.
            Err(error) => {
                assert_eq!(threshold, None, "{error}");
                assert!(error.to_string().contains("of the hidden layer"), "{error}");
                let allowed = MapperOptions { max_weight_error: Some(0.2), ..AUTO };
                let errors = errors(&network, &map(&network, &xylo(), &allowed).unwrap());
                assert!(errors.iter().any(|error| (0.02..0.2).contains(error)), "{errors:?}");
            }
        }
        let error = map(&network, &xylo(), &NONE).unwrap_err().to_string();
        assert!(error.contains("whole"), "{error}");
    }
    assert_eq!(scaled, 4);
}

/// Thresholds of a program, by core.
fn thresholds(mapping: &Mapping) -> Vec<Values> {
    mapping.program.cores.iter().map(|core| core.parameters["threshold"].clone()).collect()
}

#[test]
fn powers_of_two_come_out_exactly() {
    // A network of whole numbers, and the same over a power of two with its thresholds.
    for power in [1, 4, 7] {
        let scale = f64::from(1 << power);
        let mut whole = Dice(7);
        let network = net(20, |_| f64::from(whole.below(255)) - 127.0, Some("640"));
        let mut real = Dice(7);
        let small = net(20, |_| (f64::from(real.below(255)) - 127.0) / scale, Some(&(640.0 / scale).to_string()));
        let (kept, scaled) = (map(&network, &xylo(), &AUTO).unwrap(), map(&small, &xylo(), &AUTO).unwrap());
        assert_eq!(kept.program.routing, scaled.program.routing);
        assert_eq!(thresholds(&kept), thresholds(&scaled));
        assert!(scaled.report.xylo.unwrap().matrices.iter().all(|matrix| matrix.scale == scale));
        assert!(kept.report.xylo.unwrap().matrices.iter().all(|matrix| matrix.scale == 1.0));
    }
}

#[test]
fn integers_are_the_same_with_and_without_scaling() {
    let mut dice = Dice(3);
    let network = net(10, |_| f64::from(dice.below(200)) - 100.0, None);
    let of = |options| map(&network, &xylo(), options).unwrap().program.routing;
    assert_eq!(of(&AUTO), of(&NONE));
}

#[test]
fn what_cannot_be_scaled_is_refused_in_words() {
    let mut dice = Dice(9);
    // A threshold of 30000 beside weights of 0.01 leaves no room at all.
    let network = net(10, |_| 0.01 * normal(&mut dice), Some("30000"));
    let error = map(&network, &xylo(), &AUTO).unwrap_err().to_string();
    assert!(error.contains("at most 1.09") && error.contains("`max_weight_error`"), "{error}");
    let network = net(10, |_| 0.01 * normal(&mut dice), None);
    let error = map(&network, &xylo(), &NONE).unwrap_err().to_string();
    assert!(error.contains("no whole number") && error.contains("`scale` = `auto`"), "{error}");
    // Real thresholds are for scaled mappings alone.
    let network = net(2, |_| 1.0, Some("0.5"));
    assert!(map(&network, &xylo(), &NONE).is_err());
    assert_eq!(thresholds(&map(&network, &xylo(), &AUTO).unwrap()), [shared("1"), shared("1")]);
    // A unit that a threshold does not have.
    let network = net(2, |_| 0.5, Some("1 mV"));
    assert!(map(&network, &xylo(), &AUTO).unwrap_err().to_string().contains("threshold"));
}
