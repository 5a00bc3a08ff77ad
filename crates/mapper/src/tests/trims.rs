//! Readouts with copies, dealt by covariance, and trimmed.

use super::readouts::{network, wish};
use crate::testing::*;
use crate::*;
use network::Network;

/// A readout of four classes over 200 neurons with a bias, mapped onto `spec`.
fn mapped(spec: &ChipSpec, spoil: impl Fn(&mut ReadoutWish)) -> (Network, ReadoutPlaces, Mapping) {
    let mut wish = wish(4, 200, ReadoutStrategy::Split);
    wish.bias = vec![0.7, -0.3, 0.2, 0.5];
    spoil(&mut wish);
    let options = MapperOptions::default();
    let (network, places, _) = ReadoutPlan::new(&network(200), spec, &wish, &options).unwrap().attach(0.25).unwrap();
    let mapping = map_with_readout(&network, &places, spec, &options).unwrap();
    (network, places, mapping)
}

/// What the bias channel brings every readout neuron, and how many words that takes, read back from the memories.
fn biases(network: &Network, places: &ReadoutPlaces, mapping: &Mapping, spec: &ChipSpec) -> Vec<(f64, usize)> {
    let mut biases = vec![(0.0, 0); network.populations[places.population].size as usize];
    for c in decode(&mapping.program, &mapping.placement, network, spec).unwrap() {
        if c.post == places.population && matches!(c.pre, network::Endpoint::Input(_)) {
            let sign =
                if spec.synapses[usize::from(c.synapse)].sign == chip::SynapseSign::Inhibitory { -1.0 } else { 1.0 };
            let bias = &mut biases[c.post_index as usize];
            bias.0 += sign * c.weight as f64 / f64::from(1 << 20);
            bias.1 += 1;
        }
    }
    biases
}

#[test]
fn copies_fill_the_cores_of_one_and_have_its_weights_dealt_otherwise() {
    let spec = tag_cam();
    let (network, places, mapping) = mapped(&spec, |wish| wish.copies = Copies::Fill);
    // 200 inputs and a bias take 4 neurons a class: 16 of 256 circuits.
    assert_eq!(network.populations[places.population].size, 256);
    assert_eq!(places.neurons[1], (64..128).collect::<Vec<_>>());
    let all = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
    let of = |neuron: u32| {
        let own = all.iter().filter(move |c| c.post == places.population && c.post_index == neuron);
        own.filter(|c| matches!(c.pre, network::Endpoint::Population(_))).map(|c| (c.pre_index, c.synapse, c.weight))
    };
    let sorted = |neurons: std::ops::Range<u32>| {
        let mut inputs: Vec<_> = neurons.flat_map(of).collect();
        inputs.sort_unstable();
        inputs
    };
    for copy in 1..16 {
        let (first, own) = (64, 64 + 4 * copy);
        assert_eq!(sorted(first..first + 4), sorted(own..own + 4), "copy {copy} has the weights of its class");
        assert_ne!(sorted(first..first + 1), sorted(own..own + 1), "copy {copy} is dealt as the first is");
    }
    let (_, places, _) = mapped(&spec, |wish| (wish.copies, wish.neurons_min) = (Copies::Number(2), 9));
    assert_eq!(places.neurons[0].len(), 18);
}

/// Two features of which one spikes when the other does not cancel in their class, and so they should in one of its
/// neurons.
#[test]
fn what_cancels_in_a_class_cancels_in_its_neurons() {
    let (base, mut wish) = (network(40), wish(1, 40, ReadoutStrategy::Split));
    wish.neurons_min = 4;
    wish.weights = vec![(0..40).map(|i| 1.0 + f64::from(i / 2) / 20.0).collect()];
    let covariance = |i: usize, j: usize| match (i / 2 == j / 2, i == j) {
        (true, true) => 1.0,
        (true, false) => -1.0,
        _ => 0.0,
    };
    let variances = |covariance: Vec<f64>| {
        let wish = ReadoutWish { covariance, ..wish.clone() };
        let options = MapperOptions::default();
        let plan = ReadoutPlan::new(&base, &tag_cam(), &wish, &options).unwrap();
        let (grown, _, _) = plan.attach(1.0).unwrap();
        let readout = grown.projections.iter().find(|p| p.name == "readout").unwrap();
        let mut sums = vec![[0.0; 20]; 4];
        let mut counts = [0; 4];
        for c in readout.kept() {
            let sign = if c.pre % 2 == 0 { 1.0 } else { -1.0 };
            sums[c.post as usize][c.pre as usize / 2] += sign * f64::from(c.weight.to_bits()) / f64::from(1 << 20);
            counts[c.post as usize] += 1;
        }
        assert_eq!(counts, [10; 4]);
        sums.iter().flatten().map(|sum| sum * sum).sum::<f64>()
    };
    let blind = variances(Vec::new());
    let known = variances((0..1600).map(|at| covariance(at / 40, at % 40)).collect());
    assert!(blind > 1.0 && known < 0.05 * blind, "{known} of {blind}");
}

#[test]
fn words_of_the_bias_move_and_no_others() {
    let spec = tag_cam();
    let (network, places, mapping) = mapped(&spec, |_| {});
    let trim = Trim::find(&mapping, &network, &places, &ampa_gaba(), 20.0, &spec).unwrap();
    assert_eq!(*trim.means(), TrimMeans::Words);
    let before = biases(&network, &places, &mapping, &spec);
    let by: Vec<f64> = (0..before.len()).map(|n| 0.6 * (n as f64 - 7.0)).collect();
    let mut moved = mapping.clone();
    let trimmed = trim.shift(&mut moved.program, &spec, &by);
    let after = biases(&network, &places, &moved, &spec);
    for (n, (wanted, got)) in by.iter().zip(&trimmed).enumerate() {
        let level = 20.0 * (after[n].0 - before[n].0);
        assert!((level - got.by).abs() < 1e-3, "{n}: the memories say {level}, not {}", got.by);
        // The finest weight of the core is worth about 1.
        assert!((wanted - got.by).abs() < 1.0 && !got.short, "{n}: {wanted} {got:?}");
    }
    let others = |mapping: &Mapping| {
        let mut all = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
        all.retain(|c| c.pre != network::Endpoint::Input(0));
        all
    };
    assert_eq!(others(&mapping), others(&moved));
}

#[test]
fn a_neuron_without_a_free_word_says_so() {
    let spec = tag_cam();
    // 63 inputs a neuron and one word for the bias: nothing is free.
    let full = |wish: &mut ReadoutWish| {
        for row in &mut wish.weights {
            row.iter_mut().enumerate().for_each(|(i, w)| *w = if i < 189 { w.signum() * (0.5 + w.abs()) } else { 0.0 });
        }
    };
    let (network, places, mapping) = mapped(&spec, full);
    let trim = Trim::find(&mapping, &network, &places, &ampa_gaba(), 20.0, &spec).unwrap();
    let mut moved = mapping.clone();
    let trimmed = trim.shift(&mut moved.program, &spec, &[500.0; 12]);
    assert!(trimmed.iter().all(|trimmed| trimmed.short && trimmed.by < 400.0), "{trimmed:?}");
    assert!(biases(&network, &places, &moved, &spec).iter().all(|(_, words)| *words == 1));
}

#[test]
fn parameters_of_single_circuits_are_moved_in_codes_within_their_range() {
    let mut spec = crossbar();
    let threshold = spec.parameters.get_mut("v_threshold").unwrap();
    threshold.range = Some((fact("0.5"), fact("2.5")));
    threshold.trim_codes = Some(fact("11"));
    let (network, places, mapping) = mapped(&spec, |_| {});
    let trim = Trim::find(&mapping, &network, &places, &ampa_gaba(), 20.0, &spec).unwrap();
    assert_eq!(*trim.means(), TrimMeans::Parameter("v_threshold".into()));
    let size = network.populations[places.population].size as usize;
    let mut moved = mapping.clone();
    // A level that rises by 0.3 is a threshold that falls to 0.7, of which 0.7 is a code.
    let by: Vec<f64> = (0..size).map(|n| [0.3, -0.28, 9.0, 0.0][n % 4]).collect();
    let trimmed = trim.shift(&mut moved.program, &spec, &by);
    for (n, got) in trimmed.iter().enumerate() {
        let (expected, short) = [(0.3, false), (-0.3, false), (0.5, true), (0.0, false)][n % 4];
        assert!((got.by - expected).abs() < 1e-6 && got.short == short, "{n}: {got:?}");
    }
    assert_eq!(moved.program.routing, mapping.program.routing);
}

#[test]
fn what_cannot_be_trimmed_is_refused() {
    let refused = |spec: &ChipSpec, spoil: &dyn Fn(&mut ReadoutWish)| {
        let (network, places, mapping) = mapped(spec, spoil);
        Trim::find(&mapping, &network, &places, &ampa_gaba(), 20.0, spec).unwrap_err().to_string()
    };
    let crossbar = refused(&crossbar(), &|_| {});
    assert!(crossbar.contains("no parameter of their own"), "{crossbar}");
    let no_bias = refused(&tag_cam(), &|wish| wish.bias.clear());
    assert!(no_bias.contains("bias channel"), "{no_bias}");
}
