//! The mapping report, as numbers and as text.

use crate::testing::*;
use crate::*;
use network::{Inhibition, Network, Recurrence, ReservoirSpec, Signs, Weights, reservoir};
use std::collections::BTreeMap;

/// 256 neurons, 16 channels, 8 of them and 50 neurons to each neuron, a fifth inhibitory.
fn wish(recurrence: Recurrence) -> Network {
    let normal = |mean: i32, spread: i32| Weights::Normal { mean: weight(mean << 16), spread: weight(spread << 16) };
    let spec = ReservoirSpec {
        neurons: 256,
        channels: 16,
        input_fan_in: 8,
        input_weights: normal(10, 2),
        input_signs: Signs::PerConnection(Inhibition { per_65536: 0, strength: weight(1 << 20) }),
        input_synapse: ampa_gaba(),
        recurrent_fan_in: 50,
        recurrent_weights: normal(4, 1),
        inhibition: Inhibition { per_65536: 13107, strength: weight(3 << 20) },
        recurrent_synapse: ampa_gaba(),
        recurrence,
        delay_ticks: 1,
        parameters: BTreeMap::new(),
    };
    reservoir(&spec, 1).unwrap()
}

fn report(recurrence: Recurrence) -> MappingReport {
    map(&wish(recurrence), &tag_cam(), &MapperOptions::default()).unwrap().report
}

#[test]
fn a_reservoir_as_text() {
    insta::assert_snapshot!(report(Recurrence::Full), @r"
    chip tag-cam: chips 1/4, cores 1/16, input channels 16

      core           holds             neurons  synapses a neuron  SRAM words      tags  rms error  max error
      chip 0 core 0  reservoir 0..256  256/256  58/64 (mean 58.0)         1/3  272/2048     1.49 %    19.04 %

      core           weight currents                        step  largest weight  rms error  max error
      chip 0 core 0  0.17651, 0.58875, 0.10175, 0.22992  6.10e-5         1.35485    0.02015    0.25793

      projection  from       to         wished  masked  weight 0   kept  rounded to 0  lost
      input       input      reservoir    2048       0         0   2048             0     0
      recurrent   reservoir  reservoir   12800       0         0  12791             9     0

      projection  off by     SQNR   largest  grew  shrank  clipped  became 0  sums off by                                most
      input       3.96 %  28.0 dB   11.10 %     0       0        0         0      0.07397  neuron 159: 4.87469, asked 5.10209
      recurrent   4.65 %  26.7 dB  100.00 %     0       0       42         9      0.12383  neuron 120: 3.55542, asked 3.15137

    No connection was lost.
    ");
}

#[test]
fn a_pruned_reservoir_with_losses_as_text() {
    let spec = with_router(tag_cam(), |r| r.cam_words_per_neuron = fact("24"));
    let options = MapperOptions {
        over_full: OverFull::Prune,
        small_weights: SmallWeights::Nearest,
        chips: Some(1),
        ..MapperOptions::default()
    };
    let network = wish(Recurrence::Pruned { kept_per_65536: 16384 });
    insta::assert_snapshot!(map(&network, &spec, &options).unwrap().report, @r"
    chip tag-cam: chips 1/1, cores 1/4, input channels 16

      core           holds             neurons  synapses a neuron  SRAM words      tags  rms error  max error
      chip 0 core 0  reservoir 0..256  256/256  24/24 (mean 20.3)         1/3  272/2048     1.50 %    13.87 %

      core           weight currents                        step  largest weight  rms error  max error
      chip 0 core 0  0.19708, 0.26044, 0.52002, 0.12469  6.10e-5         1.27976    0.01925    0.17752

      projection  from       to         wished  masked  weight 0  kept  rounded to 0  lost
      input       input      reservoir    2048       0         0  2048             0     0
      recurrent   reservoir  reservoir   12800    9600         0  3139             0    61

      projection  off by     SQNR  largest  grew  shrank  clipped  became 0  sums off by                                 most
      input       2.87 %  30.8 dB   9.71 %     0       0        0         0      0.05203   neuron 161: 4.79352, asked 4.91805
      recurrent   4.79 %  26.4 dB  82.80 %     0       0        5         0      0.16802  neuron 161: -0.39478, asked 0.80335

    Masks take 9600 connections away; that frees 9600 synapses, 0 SRAM words and 0 tags.
    LOST: 61 connections, since their neurons have no more CAM words, and larger weights came first.
    ");
}

#[test]
fn an_ideal_chip_as_text() {
    insta::assert_snapshot!(map(&wish(Recurrence::Full), &ideal(), &MapperOptions::default()).unwrap().report, @r"
    chip ideal-test: chips 2/4, cores 6/16, input channels 16

      core           holds               neurons  synapses a neuron  SRAM words  tags  rms error  max error
      chip 0 core 0  reservoir 0..50       50/50     58 (mean 58.0)           -     -     0.00 %     0.00 %
      chip 0 core 1  reservoir 50..100     50/50     58 (mean 58.0)           -     -     0.00 %     0.00 %
      chip 0 core 2  reservoir 100..150    50/50     58 (mean 58.0)           -     -     0.00 %     0.00 %
      chip 0 core 3  reservoir 150..200    50/50     58 (mean 58.0)           -     -     0.00 %     0.00 %
      chip 1 core 0  reservoir 200..250    50/50     58 (mean 58.0)           -     -     0.00 %     0.00 %
      chip 1 core 1  reservoir 250..256     6/50     58 (mean 58.0)           -     -     0.00 %     0.00 %

      core           weight currents     step  largest weight  rms error  max error
      chip 0 core 0  -                6.10e-5         1.28699    0.00002    0.00003
      chip 0 core 1  -                6.10e-5         1.27976    0.00002    0.00003
      chip 0 core 2  -                6.10e-5         1.35485    0.00002    0.00003
      chip 0 core 3  -                6.10e-5         1.33080    0.00002    0.00003
      chip 1 core 0  -                6.10e-5         1.28032    0.00002    0.00003
      chip 1 core 1  -                6.10e-5         1.09855    0.00002    0.00003

      projection  from       to         wished  masked  weight 0   kept  rounded to 0  lost
      input       input      reservoir    2048       0         0   2048             0     0
      recurrent   reservoir  reservoir   12800       0         0  12800             0     0

      projection  off by     SQNR  largest  grew  shrank  clipped  became 0  sums off by                               most
      input       0.00 %  91.4 dB   0.01 %     0       0        0         0      0.00005  neuron 85: 4.86945, asked 4.86958
      recurrent   0.00 %  87.3 dB   0.08 %     0       0        0         0      0.00012  neuron 27: 4.31006, asked 4.31037

    No connection was lost.
    ");
}

#[test]
fn removed_recurrence_frees_what_it_took() {
    // What a mask frees is counted before weights are rounded.
    let keep = MapperOptions { small_weights: SmallWeights::Keep, ..MapperOptions::default() };
    let report = |recurrence| map(&wish(recurrence), &tag_cam(), &keep).unwrap().report;
    let (full, removed) = (report(Recurrence::Full), report(Recurrence::Removed));
    assert_eq!(full.freed, FreedResources::default());
    let used = |r: &MappingReport| {
        let core = &r.cores[0];
        (core.synapses.total, core.sram.unwrap().total, core.tags.unwrap().used)
    };
    let (before, after) = (used(&full), used(&removed));
    assert_eq!(after, (256 * 8, 0, 16));
    let freed = removed.freed;
    assert_eq!(
        (freed.synapses, freed.sram_words, freed.tags),
        (before.0 - after.0, before.1 - after.1, before.2 - after.2)
    );
    assert_eq!((removed.projections[1].masked, removed.projections[1].kept), (256 * 50, 0));
    // Masked connections do not spoil the weights of those that are there.
    assert!(removed.cores[0].weights.largest < full.cores[0].weights.largest);

    let ideal = map(&wish(Recurrence::Removed), &ideal(), &MapperOptions::default()).unwrap().report;
    assert_eq!(ideal.freed, FreedResources { synapses: 256 * 50, sram_words: 0, tags: 0 });
}

#[test]
fn weights_are_met_within_two_percent() {
    let weights = &report(Recurrence::Full).cores[0].weights;
    assert!(weights.rms_error_relative < 0.02, "{}", weights.rms_error_relative);
    assert!(weights.max_error_relative < 0.2);
    assert!((weights.rms_error / weights.largest - weights.rms_error_relative).abs() < 1e-15);
    let ideal = map(&wish(Recurrence::Full), &ideal(), &MapperOptions::default()).unwrap().report;
    for core in &ideal.cores {
        // 16 bits with sign and a step that may be up to twice as coarse as needed: half a step in 2^14.
        assert!(core.weights.max_error_relative <= 0.5 / 16384.0);
    }
}

#[test]
fn synaptic_operations_follow_rates() {
    let report = report(Recurrence::Full);
    let rates = |pairs: &[(&str, f64)]| pairs.iter().map(|(name, rate)| (name.to_string(), *rate)).collect();
    let (recurrent, rounded) = (report.projections[1].kept, report.projections[1].rounded);
    assert_eq!(recurrent + rounded, 256 * 50);
    let expected = 20.0 * recurrent as f64 + 100.0 * (256 * 8) as f64;
    assert_eq!(report.synaptic_operations_hz(&rates(&[("reservoir", 20.0), ("input", 100.0)])), expected);
    assert_eq!(report.synaptic_operations_hz(&rates(&[])), 0.0);
}
