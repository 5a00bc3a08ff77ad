//! Weights, projections and axons by the book.

use crate::loihi::*;
use proptest::collection::vec as list;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

/// The weights of each rule against a literal transcription, exhaustively.
#[test]
fn weights_by_the_book() {
    let floor = |x: f64| x.floor();
    let even = |x: f64| x.round_ties_even();
    for sign in [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory] {
        for bits in 0..=8u8 {
            for exponent in -8..=7i8 {
                let format = WeightFormat { bits, sign, exponent };
                let mixed = i32::from(sign == SignMode::Mixed);
                let lost = 2f64.powi(8 - i32::from(bits) + mixed);
                for w in -300..=300i32 {
                    let x = f64::from(w);
                    let lava = match sign {
                        SignMode::Mixed => floor(x.clamp(-256.0, 255.0) / lost) * lost,
                        SignMode::Excitatory => floor(x.clamp(0.0, 255.0) / lost) * lost,
                        SignMode::Inhibitory => -(floor((-x).clamp(0.0, 255.0) / lost) * lost),
                    };
                    if bits > 0 {
                        assert_eq!(LoihiRules::lava().synaptic_weight(w, format), Ok(lava as i32), "{format:?} {w}");
                    }

                    let m = (256.0 / lost - 1.0).max(0.0);
                    let mut y = even(x / lost).clamp(-m, m);
                    let scale = lost * 2f64.powi(exponent.into());
                    if scale < 1.0 {
                        y = (even(y * scale) / scale).clamp(-m, m);
                    }
                    let nengo = floor(y * scale) * 64.0;
                    if bits > 0 {
                        assert_eq!(LoihiRules::nengo().synaptic_weight(w, format), Ok(nengo as i32), "{format:?} {w}");
                    }

                    let (least, most) = sign.range(WeightRule::TowardsZero);
                    let brian = LoihiRules::brian().synaptic_weight(w, format);
                    if (least..=most).contains(&w) {
                        let act = floor((x / lost).trunc() * lost * 2f64.powi(6 + i32::from(exponent)) / 64.0) * 64.0;
                        let limit = 2f64.powi(21) - 64.0;
                        assert_eq!(brian, Ok(act.clamp(-limit, limit) as i32), "{format:?} {w}");
                    } else {
                        let rule = WeightRule::TowardsZero;
                        assert_eq!(brian, Err(LoihiError::Weight { weight: w, least, most, rule }));
                    }
                }
            }
        }
    }
    assert_eq!(SignMode::of(&[]), SignMode::Excitatory);
    assert_eq!(SignMode::of(&[0, -1]), SignMode::Inhibitory);
    assert_eq!(SignMode::of(&[1, 0, -1]), SignMode::Mixed);
}

#[test]
fn weight_formats_that_do_not_exist() {
    let sign = SignMode::Mixed;
    for (bits, exponent) in [(0, 0), (9, 0), (8, -9), (8, 8)] {
        let format = WeightFormat { bits, sign, exponent };
        let result = LoihiRules::nengo().synaptic_weight(1, format);
        assert!(matches!(result, Err(LoihiError::Setting { .. })), "{format:?}: {result:?}");
        let lenient = LoihiRules::brian().synaptic_weight(1, format);
        assert_eq!(lenient.ok(), (bits == 0).then_some(0), "{format:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A projection against a table of everything that is due.
    #[test]
    fn projections_by_the_book(
        synapses in list((0..6u32, 0..64u32, 0..4u32, -256..256i32), 0..60),
        events in list(list((0..6u32, -128..128i32), 0..5), 1..30),
        exponent in -8..=7i8,
        graded in any::<bool>(),
        latency in 0..3u8,
        per_synapse in any::<bool>(),
    ) {
        let rules = match per_synapse {
            true => LoihiRules { exponent: ExponentRule::EachSynapse, ..LoihiRules::lava() },
            false => LoihiRules::lava(),
        };
        let synapses: Vec<_> =
            synapses.iter().map(|&(pre, delay, post, weight)| Synapse { pre, delay, post, weight }).collect();
        let settings = ProjectionSettings { pre: 6, post: 4, exponent, graded, latency };
        let mut projection = Projection::new(&rules, &settings, &synapses).unwrap();
        prop_assert_eq!(projection.synapses(), synapses.len());
        let mut due: BTreeMap<(usize, u32), i64> = BTreeMap::new();
        for t in 0..events.len() + 70 {
            let sent = events.get(t).cloned().unwrap_or_default();
            // The shift floors the sum of a step, delay by delay.
            let mut sums: BTreeMap<(u32, u32), i64> = BTreeMap::new();
            for &(pre, payload) in sent.iter().filter(|(_, payload)| *payload != 0) {
                let payload = if graded { i64::from(payload) } else { 1 };
                for s in synapses.iter().filter(|s| s.pre == pre) {
                    *sums.entry((s.delay, s.post)).or_default() += i64::from(s.weight) * payload;
                }
            }
            for ((delay, post), sum) in sums {
                let shifted = match (per_synapse, exponent) {
                    (true, _) => sum,
                    (_, 0..) => sum << exponent,
                    _ => sum.div_euclid(1 << -exponent),
                };
                *due.entry((t + usize::from(latency) + delay as usize, post)).or_default() += shifted;
            }
            projection.send(sent);
            let mut arrived = [0; 4];
            projection.collect(&mut arrived);
            projection.advance();
            for post in 0..4 {
                let expected = due.remove(&(t, post)).unwrap_or(0);
                prop_assert_eq!(i64::from(arrived[post as usize]), expected, "step {}, neuron {}", t, post);
            }
        }
        prop_assert!(due.is_empty());
        prop_assert!(projection.is_idle());
    }

    /// Rows by the book: numpy's `q[base + idx] += w`, where a repeated index keeps the last weight.
    #[test]
    fn axons_by_the_book(
        sets in list(list(list((0..8i32, -100..100i32), 0..6), 2), 1..4),
        axons in list((0..4usize, -1..5i32), 1..6),
        spikes in list((0..6usize, 0..2i64), 0..20),
    ) {
        let sets: Vec<_> = sets;
        let rows: Vec<_> = sets.iter().flatten().collect();
        let (mut row_starts, mut indices, mut weights) = (vec![0i64], vec![], vec![]);
        for row in &rows {
            indices.extend(row.iter().map(|pair| pair.0));
            weights.extend(row.iter().map(|pair| pair.1));
            row_starts.push(weights.len() as i64);
        }
        let axon_sets: Vec<i32> = axons.iter().map(|&(set, _)| (set % sets.len()) as i32).collect();
        let bases: Vec<i32> = axons.iter().map(|&(_, base)| base).collect();
        let table = AxonTable::new(&AxonTableLayout {
            compartments: 12,
            axons: axons.len(),
            weights: &weights,
            indices: &indices,
            row_starts: &row_starts,
            atoms: &vec![2; sets.len()],
            axon_sets: Some(&axon_sets),
            bases: Some(&bases),
        })
        .unwrap();
        let (mut got, mut expected) = ([0; 12], [0; 12]);
        for &(axon, atom) in &spikes {
            let axon = axon % axons.len();
            if let Some(row) = table.row(axon as i64, atom).unwrap() {
                table.deliver(row, &mut got);
            }
            if bases[axon] >= 0 {
                let before = expected;
                for &(index, weight) in &sets[axon_sets[axon] as usize][atom as usize] {
                    let at = (bases[axon] + index) as usize;
                    expected[at] = before[at] + weight;
                }
            }
        }
        prop_assert_eq!(got, expected);
    }
}
