//! What weights become on chips with axons: integers that they hold, the nearest numbers otherwise, and stated formats.

use crate::testing::*;
use crate::*;
use chip::{CoreModel, WeightSigns};
use network::{Endpoint, InputGroup, Network, Population, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;

/// One projection with these weights, in units of 2^-20, from channel 0 onto a neuron each.
fn wish(weights: &[i64], weight_format: WeightFormat) -> Network {
    let population = Population {
        name: "p".into(),
        size: weights.len() as u32,
        model: CoreModel::Loihi,
        parameters: BTreeMap::new(),
    };
    let inputs = vec![InputGroup::of_host("in", 1)];
    let mut network = Network { clock: None, populations: vec![population], inputs, projections: Vec::new() };
    let list = weights.iter().zip(0..).map(|(bits, post)| (0, post, weight(i32::try_from(*bits).unwrap())));
    let mut all = projection(&network, "x", Endpoint::Input(0), 0, list.collect());
    all.synapse = SynapseChoice { excitatory: "box".into(), inhibitory: "box".into() };
    all.weight_format = weight_format;
    network.projections.push(all);
    network
}

/// The weights that a chip makes of these, and its format: signs, bits, exponent.
fn made(chip: &str, weights: &[i64], format: WeightFormat) -> (Vec<i64>, (String, u8, i8)) {
    let spec = formats::chip::shipped(chip).unwrap();
    let network = wish(weights, format);
    let options = MapperOptions { small_weights: SmallWeights::Nearest, ..MapperOptions::default() };
    let mapping = map(&network, &spec, &options).unwrap_or_else(|error| panic!("{chip}: {error}"));
    let mut all = vec![0; weights.len()];
    for connection in decode(&mapping.program, &mapping.placement, &network, &spec).unwrap() {
        all[connection.post_index as usize] = connection.weight;
    }
    let group = &mapping.report.cores[0].axons.as_ref().unwrap().groups[0];
    (all, (group.signs.clone(), group.bits, group.exponent))
}

const UNIT: i64 = 1 << 20;

#[test]
fn integers_that_the_chip_holds_stay_as_they_are() {
    // Weights in units of 2^-20 over `unit`; chips; signs and exponent.
    for (weights, unit, chips, signs, exponent) in [
        (vec![-256, 2], UNIT, "lava brian2", "mixed", 0),
        (vec![-254, 254, 2, -2], UNIT, "lava nengo brian2", "mixed", 0),
        (vec![255, 1], UNIT, "lava nengo brian2", "excitatory", 0),
        (vec![-255, -1], UNIT, "lava nengo brian2", "inhibitory", 0),
        (vec![-256, -1], UNIT, "brian2", "inhibitory", 0),
        (vec![4, 8, 100], UNIT, "lava nengo brian2", "excitatory", 0),
        (vec![510, 4], UNIT, "lava nengo brian2", "excitatory", 1),
        (vec![-2048, 2032, 16], UNIT, "lava", "mixed", 3),
        (vec![-1016, 8], UNIT, "lava nengo brian2", "mixed", 2),
        (vec![2040, 8], UNIT, "lava nengo brian2", "excitatory", 3),
        (vec![127, -1], UNIT, "lava nengo brian2", "mixed", -1),
        (vec![-128, 1, 3], UNIT, "lava brian2", "mixed", -1),
        (vec![255, 3], UNIT / 256, "lava", "excitatory", -8),
        (vec![-255, -3], UNIT / 4, "lava", "inhibitory", -2),
    ] {
        let weights: Vec<i64> = weights.iter().map(|weight| weight * unit).collect();
        for chip in chips.split(' ') {
            let expected = (weights.clone(), (signs.to_owned(), 8, exponent));
            assert_eq!(made(&format!("loihi-{chip}"), &weights, WeightFormat::default()), expected, "{chip}");
        }
    }
}

#[test]
fn other_weights_become_the_nearest_with_least_error() {
    let free = WeightFormat::default();
    let of = |chip, weights: &[i64]| {
        let weights: Vec<i64> = weights.iter().map(|weight| weight * UNIT).collect();
        made(chip, &weights, free).0.into_iter().map(|weight| weight as f64 / UNIT as f64).collect::<Vec<_>>()
    };
    assert_eq!(of("loihi-lava", &[255, -1]), [254.0, -2.0]);
    assert_eq!(of("loihi-lava", &[-255, 2]), [-256.0, 2.0]);
    assert_eq!(of("loihi-nengo", &[-256, 2]), [-254.0, 2.0]);
    // One weight a little beyond is cut before all others become coarser.
    let mut many: Vec<i64> = (1..=255).collect();
    many.push(256);
    let got = of("loihi-lava", &many);
    assert_eq!((got[0], got[254], got[255]), (1.0, 255.0, 255.0));
    // 0 is a weight like any other.
    let (weights, _) = made("loihi-lava", &[-100 * UNIT, 3 * UNIT / 10], free);
    assert_eq!((weights[0], (weights[1] - 3 * UNIT / 10).abs() <= UNIT / 2), (-100 * UNIT, true), "{weights:?}");
    let (weights, format) = made("loihi-lava", &[3 * UNIT / 10, 100 * UNIT, 1000 * UNIT], free);
    assert_eq!((weights, format.2), (vec![0, 100 * UNIT, 1000 * UNIT], 2));
}

#[test]
fn stated_formats_are_obeyed_or_refused() {
    let state = |signs, bits, exponent| WeightFormat { signs, bits, exponent, ..WeightFormat::default() };
    let mixed = Some(WeightSigns::Mixed);
    let of = |weights: &[i64], format| {
        let weights: Vec<i64> = weights.iter().map(|weight| weight * UNIT).collect();
        let (got, format) = made("loihi-lava", &weights, format);
        (got.into_iter().map(|weight| weight / UNIT).collect::<Vec<_>>(), format)
    };
    let named = |signs: &str, bits, exponent| (signs.to_owned(), bits, exponent);
    assert_eq!(of(&[255, 3], state(mixed, None, Some(0))), (vec![254, 4], named("mixed", 8, 0)));
    assert_eq!(of(&[255, 3], state(None, None, Some(2))), (vec![256, 4], named("excitatory", 8, 2)));
    // Four bits, one of them the sign: steps of 32.
    assert_eq!(of(&[200, -100, 10], state(None, Some(4), Some(0))), (vec![192, -96, 0], named("mixed", 4, 0)));
    // What lies beyond is the last that can be had.
    assert_eq!(of(&[300, 3], state(None, None, Some(0))), (vec![255, 3], named("excitatory", 8, 0)));
    // Weights that count a power of two are larger than a network could write them.
    let scaled = |scale| WeightFormat { scale, ..WeightFormat::default() };
    assert_eq!(of(&[255, 3], scaled(4)), (vec![4080, 48], named("excitatory", 8, 4)));
    let exact = WeightFormat { exact: true, ..WeightFormat::default() };
    assert_eq!(of(&[510, 4], exact), (vec![510, 4], named("excitatory", 8, 1)));

    let refused = |chip: &str, weights: &[i64], format, expected: &str| {
        let weights: Vec<i64> = weights.iter().map(|weight| weight * UNIT).collect();
        let spec = formats::chip::shipped(chip).unwrap();
        let error = map(&wish(&weights, format), &spec, &MapperOptions::default()).unwrap_err().to_string();
        assert!(error.contains("projection `x`") && error.contains(expected), "{error}");
    };
    refused("loihi-lava", &[510, 1], exact, "its weights are");
    refused("loihi-lava", &[1], scaled(11), "with a scale of 0 to 10, not 11");
    refused("loihi-lava", &[1], state(None, Some(9), None), "weights of 1 to 8 bits, not 9");
    refused("loihi-lava", &[1], state(None, Some(0), None), "weights of 1 to 8 bits, not 0");
    refused("loihi-lava", &[1], state(None, None, Some(8)), "from -8 to 7, not 8");
    refused("loihi-nengo", &[1], state(None, None, Some(-8)), "from -7 to 7, not -8");
    refused("loihi-lava", &[1, -1], state(Some(WeightSigns::Excitatory), None, None), "the weight -1 from 0 to 1");
    refused("loihi-lava", &[1, -1], state(Some(WeightSigns::Inhibitory), None, None), "the weight 1 from 0 to 0");

    // A chip without such formats has nothing to state.
    let spec = ideal();
    let mut network =
        Network { clock: None, populations: vec![lif("p", 1)], inputs: vec![input("in", 1)], projections: Vec::new() };
    let mut all = projection(&network, "x", Endpoint::Input(0), 0, vec![(0, 0, weight(1 << 20))]);
    all.weight_format = state(None, Some(8), None);
    network.projections.push(all);
    let error = map(&network, &spec, &MapperOptions::default()).unwrap_err().to_string();
    assert!(error.contains("chip `ideal-test` has one format of weights"), "{error}");
    network.projections[0].weight_format = scaled(1);
    let error = map(&network, &spec, &MapperOptions::default()).unwrap_err().to_string();
    assert!(error.contains("chip `ideal-test` has weights with a scale of 0 to 0, not 1"), "{error}");
}
