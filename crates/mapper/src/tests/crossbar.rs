//! Crossbar chips: what fits exactly, what does not, and that a program read back is the network.

use super::roundtrip::random;
use crate::testing::*;
use crate::*;
use chip::{BusEvent, CrossbarCore, RouterSpec, Routing, SynapseSign};
use network::{Endpoint, Network};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use units::{CoreAddress, NeuronAddress, NeuronId};

const P0: Endpoint = Endpoint::Population(0);
const IN: Endpoint = Endpoint::Input(0);

/// A population of `size` and `channels` input channels with these connections; weights in 1/16.
fn fed(size: u32, channels: u32, list: impl IntoIterator<Item = (u32, u32, i32)>) -> Network {
    let mut network = Network {
        clock: None,
        populations: vec![lif("p", size)],
        inputs: vec![input("in", channels)],
        projections: Vec::new(),
    };
    let list = list.into_iter().map(|(pre, post, w)| (pre, post, weight(w << 16))).collect();
    network.projections.push(projection(&network, "in", IN, 0, list));
    network
}

/// The same from the population onto itself.
fn recurrent(size: u32, list: impl IntoIterator<Item = (u32, u32, i32)>) -> Network {
    let mut network = fed(size, 1, []);
    let list = list.into_iter().map(|(pre, post, w)| (pre, post, weight(w << 16))).collect();
    network.projections[0] = projection(&network, "rec", P0, 0, list);
    network
}

fn mapped(network: &Network) -> Mapping {
    map(network, &crossbar(), &MapperOptions::default()).unwrap()
}

fn refused(network: &Network) -> String {
    map(network, &crossbar(), &MapperOptions::default()).unwrap_err().to_string()
}

fn pruned(network: &Network) -> Mapping {
    let options = MapperOptions { over_full: OverFull::Prune, ..MapperOptions::default() };
    map(network, &crossbar(), &options).unwrap()
}

fn memories(mapping: &Mapping) -> &[CrossbarCore] {
    match &mapping.program.routing {
        Routing::Crossbar { cores, .. } => cores,
        _ => panic!("a crossbar chip was asked for"),
    }
}

/// Rows and sources by bus of the first core.
fn uses(mapping: &Mapping) -> (Vec<u64>, Vec<(u64, u64)>) {
    let array = mapping.report.cores[0].crossbar.clone().unwrap();
    assert!(array.rows.iter().all(|rows| rows.limit == Some(64) && rows.used <= 64));
    let sources = array.sources.iter().map(|s| (s.used, s.limit.unwrap()));
    (array.rows.iter().map(|rows| rows.used).collect(), sources.collect())
}

/// Every connection of the wish, with the weight that the report's current makes of it.
#[track_caller]
fn check(network: &Network, spec: &ChipSpec, options: &MapperOptions) -> Mapping {
    let mapping = map(network, spec, options).unwrap();
    let currents: BTreeMap<CoreAddress, i64> =
        mapping.report.cores.iter().map(|c| (c.address, (c.weights.currents[0] * f64::from(1 << 20)) as i64)).collect();
    let mut lost: BTreeMap<(usize, u32, u32, i64), u32> = BTreeMap::new();
    for loss in &mapping.report.losses {
        let bits = (loss.weight * f64::from(1 << 20)) as i64;
        *lost.entry((loss.projection, loss.pre, loss.post, bits)).or_default() += 1;
    }
    let mut expected = Vec::new();
    for (index, projection) in network.projections.iter().enumerate() {
        for c in projection.kept().filter(|c| c.weight.to_bits() != 0) {
            let bits = i64::from(c.weight.to_bits());
            if let Some(count) = lost.get_mut(&(index, c.pre, c.post, bits)).filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            let current = currents[&mapping.placement.address(projection.post, c.post).unwrap().core];
            // Of all codes the nearest; of two equally near the larger.
            let code = (0..64).min_by_key(|code| ((code * current).abs_diff(bits.abs()), -code)).unwrap();
            if code == 0 {
                continue;
            }
            expected.push(DecodedConnection {
                pre: projection.pre,
                pre_index: c.pre,
                post: projection.post,
                post_index: c.post,
                synapse: u8::from(bits < 0),
                weight: code * current,
                delay_ticks: 1,
            });
        }
    }
    assert!(lost.values().all(|count| *count == 0), "every loss is a connection of the wish");
    expected.sort_unstable();
    assert_eq!(decode(&mapping.program, &mapping.placement, network, spec).unwrap(), expected);
    assert_eq!(mapping.report.kept(), expected.len() as u64);
    for p in &mapping.report.projections {
        assert_eq!(p.wished, p.masked + p.zero + p.kept + p.rounded + p.lost, "{p:?}");
    }
    fits(spec, &mapping);
    mapping
}

/// Counts a program against the limits of its chip, from the memories alone.
fn fits(spec: &ChipSpec, mapping: &Mapping) {
    let RouterSpec::Crossbar(router) = &spec.router else { panic!() };
    let limits = router.limits();
    let Routing::Crossbar { cores, inputs } = &mapping.program.routing else { panic!() };
    let mut events: Vec<BusEvent> = inputs.iter().map(|i| i.event).collect();
    for (core, placed) in cores.iter().zip(&mapping.program.cores) {
        let mut rows = BTreeSet::new();
        for driver in &core.drivers {
            assert!(usize::from(driver.bus) < limits.buses && usize::from(driver.index) < limits.drivers_per_bus);
            for row in &driver.rows {
                assert!(usize::from(row.row) < limits.rows_per_driver && !row.cells.is_empty());
                assert!(rows.insert((driver.bus, driver.index, row.row)), "a row is used twice");
                assert!(row.cells.is_sorted_by_key(|cell| cell.column));
                assert!(row.cells.windows(2).all(|w| w[0].column != w[1].column), "a column holds two synapses");
                assert!(
                    row.cells
                        .iter()
                        .all(|c| usize::from(c.label) < limits.label_count() && (1..64).contains(&c.weight))
                );
            }
        }
        assert!(rows.len() <= limits.synapse_rows);
        for (column, event) in core.events.iter().enumerate() {
            let Some(event) = event else { continue };
            assert!(limits.can_send(column, event.bus, event.row_select), "{event:?} of {} {column}", placed.address);
            events.push(*event);
        }
    }
    let count = events.len();
    assert!(events.iter().all(|e| usize::from(e.row_select) < 1 << limits.row_select_bits));
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), count, "two sources send the same event");
}

#[test]
fn a_column_is_filled_exactly() {
    // 256 synapses of one sign, and 128 of each.
    let one_sign = fed(1, 256, (0..256).map(|i| (i, 0, 1 + i as i32 % 63)));
    let both = fed(1, 256, (0..256).map(|i| (i, 0, if i % 2 == 0 { 9 } else { -4 })));
    for network in [one_sign, both] {
        let mapping = check(&network, &crossbar(), &MapperOptions::default());
        assert_eq!(uses(&mapping), (vec![64; 4], vec![(64, 64); 4]));
        assert_eq!(mapping.report.cores[0].weights.max_error, 0.0, "codes are met exactly");
        assert_eq!(mapping.report.cores[0].synapses.limit, Some(256));
    }
    insta::assert_snapshot!(
        refused(&fed(2, 257, (0..257).map(|i| (i, 1, 1)))),
        @"neuron 1 of `p` (chip 0 core 0 neuron 1) needs 257 synapses, but its column has 256 rows; reduce its fan-in, or let the mapper prune it or join circuits"
    );
    // What the mask takes away, and weights of 0, take no row.
    let mut network = fed(1, 300, (0..300).map(|i| (i, 0, i32::from(i < 256))));
    assert_eq!(mapped(&network).report.projections[0].zero, 44);
    network.projections[0] = projection(&network, "in", IN, 0, (0..300).map(|i| (i, 0, weight(1))).collect());
    network.projections[0].mask = network::Mask::none(300);
    let mapping = mapped(&network);
    assert_eq!((mapping.report.kept(), mapping.report.freed.synapses), (0, 300));
}

#[test]
fn an_array_is_filled_exactly() {
    let all = |size: u32| (0..size).flat_map(move |post| (0..size).map(move |pre| (pre, post, 1 + (pre % 7) as i32)));
    let mapping = check(&recurrent(256, all(256)), &crossbar(), &MapperOptions::default());
    assert_eq!((mapping.report.kept(), uses(&mapping)), (65536, (vec![64; 4], vec![(64, 64); 4])));
    // On the whole chip each neuron can hear half of it: 128 sources a bus, in two groups.
    let half =
        (0..512).flat_map(|post| (0..512).filter(move |pre| (pre / 4 + post) % 2 == 0).map(move |pre| (pre, post, 5)));
    let mapping = check(&recurrent(512, half), &crossbar(), &MapperOptions::default());
    assert_eq!((mapping.report.kept(), uses(&mapping)), (512 * 256, (vec![64; 4], vec![(128, 128); 4])));
    assert!(memories(&mapping).iter().all(|core| core.drivers.iter().all(|d| d.select_mask == 1)));
}

#[test]
fn neurons_send_on_the_bus_of_their_column() {
    // 65 neurons of one bus onto one neuron: both outputs that share it, and both halves.
    let on_bus_1: Vec<u32> = (0..512).filter(|n| (n % 256) / 32 % 4 == 1).collect();
    assert_eq!(on_bus_1.len(), 128);
    let onto = |count: usize| recurrent(512, on_bus_1[..count].iter().map(|pre| (*pre, 300, 1)));
    let mapping = check(&onto(64), &crossbar(), &MapperOptions::default());
    assert_eq!(memories(&mapping)[1].drivers.len(), 32);
    insta::assert_snapshot!(
        refused(&onto(65)),
        @"chip 0 core 1: the sources of bus 1 need 33 synapse rows (33 of `AMPA` for neuron 300 of `p`), but have 32, as the rows of the bus are shared out to 2 groups of sources; the synapses of a row have one sign, and the bus of a neuron is fixed by its column: reduce these connections, or let the mapper prune them or join circuits"
    );
    let mapping = pruned(&onto(65));
    assert_eq!((mapping.report.kept(), mapping.report.lost_by(Limit::Rows)), (64, 1));
}

#[test]
fn a_row_has_one_sign() {
    // One neuron fills all rows with one sign, so that there is none left for the other sign of its neighbour.
    let list = |last: i32| (0..256).map(|i| (i, 0, 3)).chain([(0, 1, last)]).collect::<Vec<_>>();
    mapped(&fed(2, 256, list(2)));
    insta::assert_snapshot!(
        refused(&fed(2, 256, list(-2))),
        @"chip 0 core 0: the sources of bus 0 need 65 synapse rows (64 of `AMPA` for neuron 0 of `p`, 1 of `GABA` for neuron 1 of `p`), but have 64; the synapses of a row have one sign, and the bus of a neuron is fixed by its column: reduce these connections, or let the mapper prune them or join circuits"
    );
    let loses = |last| {
        let mapping = pruned(&fed(2, 256, list(last)));
        mapping.report.losses.iter().map(|l| (l.post, l.cause)).collect::<Vec<_>>()
    };
    assert_eq!(loses(-2), [(1, Limit::Rows)], "the smaller weight goes");
    assert_eq!(loses(-9), [(0, Limit::Rows)]);
}

#[test]
fn over_full_neurons_lose_their_smallest_weights() {
    // 300 channels onto one neuron; two weights are nearest to 0, and the 42 smallest of the others go.
    let mapping = pruned(&fed(1, 300, (0..300).map(|i| (i, 0, 1 + i as i32))));
    assert_eq!((mapping.report.kept(), mapping.report.lost_by(Limit::Rows)), (256, 42));
    assert_eq!(mapping.report.projections[0].rounded, 2);
    assert!(mapping.report.losses.iter().all(|l| l.weight < 51.0 / 16.0), "{:?}", mapping.report.losses);
    let text = mapping.report.to_string();
    assert!(text.contains("LOST: 42 connections, since the rows of their kind on the bus of"), "{text}");
}

#[test]
fn channels_spread_over_the_buses() {
    // 784 channels, each onto two of 100 neurons.
    let network = fed(100, 784, (0..784).flat_map(|i| [(i, i % 100, 1), (i, (i * 7 + 3) % 100, 2)]));
    let mapping = check(&network, &crossbar(), &MapperOptions::default());
    assert_eq!(uses(&mapping).1, [(196, 256); 4]);
    // One source more than there are events: 64 labels times 32 row selects on each of 4 buses.
    let all = |count: u32| fed(256, count, (0..count).map(|i| (i, i % 256, 1)));
    check(&all(8192), &crossbar(), &MapperOptions::default());
    insta::assert_snapshot!(
        refused(&all(8193)),
        @"bus 0 carries 2049 sources, but labels and row selects tell at most 2048 apart; use fewer input channels"
    );
}

/// Every neuron of the chip is a source, so that each bus has two full groups, and a few channels want in: the groups
/// are evened out until the rows of smaller ones suffice.
#[test]
fn few_channels_fit_beside_a_full_chip() {
    let mut dice = Dice(7);
    let mut network = fed(512, 4, (0..4).flat_map(|i| (0..512).map(move |n| (i, n, 40))));
    let list = (0..512u32).flat_map(|post| (0..120).map(move |_| post)).map(|post| {
        let magnitude = 10 + dice.below(50) as i32;
        (dice.below(512), post, weight(if dice.below(5) == 0 { -magnitude } else { magnitude } << 16))
    });
    let list = list.collect();
    network.projections.push(projection(&network, "own", Endpoint::Population(0), 0, list));
    let mapping = check(&network, &crossbar(), &MapperOptions::default());
    assert_eq!(uses(&mapping).1.iter().map(|bus| bus.0).sum::<u64>(), 516);
}

#[test]
fn neurons_fill_the_chip_exactly() {
    assert_eq!(mapped(&fed(512, 1, [])).program.cores.len(), 2);
    assert!(refused(&fed(513, 1, [])).contains("lacks 1 circuits: 0 of the board's 512 are free"));
}

#[test]
fn delays_and_foreign_programs_are_refused() {
    let mut network = fed(1, 1, [(0, 0, 1)]);
    let Mapping { program, .. } = mapped(&network);
    let error = decode(&program, &Placement::default(), &network, &crossbar()).unwrap_err();
    assert!(matches!(error, MapperError::Foreign { .. }), "{error}");
    network.projections[0].delay_ticks = 2;
    assert!(refused(&network).contains("chip `crossbar` has a delay of 1 tick only"));
    let mut signed = crossbar();
    signed.synapses[0].sign = SynapseSign::Signed;
    let error = map(&network, &signed, &MapperOptions::default()).unwrap_err().to_string();
    assert!(error.contains("rule `rows-have-signs`"), "{error}");
}

#[test]
fn a_small_mapping_as_text() {
    let mut network = fed(40, 6, (0..40).flat_map(|n| [(n % 6, n, 20), ((n + 1) % 6, n, 13)]));
    let list =
        (0..40).flat_map(|n| (1..4).map(move |i| (n, (n * i + 5) % 40, weight(if i == 2 { -70_001 } else { 99_999 }))));
    let recurrent = projection(&network, "recurrent", P0, 0, list.collect());
    network.projections.push(recurrent);
    insta::assert_snapshot!(mapped(&network).report, @r"
    chip crossbar: chips 1/1, cores 1/2, input channels 6

      core           holds    neurons  synapses a neuron  SRAM words  tags  rms error  max error
      chip 0 core 0  p 0..40   40/256   6/256 (mean 5.0)           -     -     0.17 %     0.34 %

      core           holds    drivers             rows by bus           sources by bus
      chip 0 core 0  p 0..40    6/128  4/64, 3/64, 1/64, 1/64  32/64, 8/64, 3/64, 3/64

      core           weight currents     step  largest weight  rms error  max error
      chip 0 core 0  0.03125          6.10e-5         1.25000    0.00216    0.00426

      projection  from  to  wished  masked  weight 0  kept  rounded to 0  lost
      in          in    p       80       0         0    80             0     0
      recurrent   p     p      120       0         0   120             0     0

      projection  off by     SQNR  largest  grew  shrank  clipped  became 0  sums off by                              most
      in          0.00 %    exact   0.00 %     0       0        0         0      0.00000                                 -
      recurrent   3.21 %  29.9 dB   6.38 %     0       0        0         0      0.00438  neuron 1: 0.06250, asked 0.05722

    No connection was lost.
    ");
    // Neurons 0 to 31 are on bus 0, the others on bus 1.
    let event = |n: usize| memories(&mapped(&network))[0].events[n].unwrap();
    assert_eq!((event(31).bus, event(31).row_select, event(32).bus, event(32).row_select), (0, 0, 1, 4));
    assert_eq!(
        mapped(&network).placement.address(0, 33),
        Some(NeuronAddress { core: CoreAddress::new(0, 0), neuron: NeuronId(33) })
    );
}

/// Small arrays: few rows, labels and columns, so that small networks reach every limit.
pub(super) fn narrow() -> ChipSpec {
    let mut spec = crossbar();
    spec.geometry.cores_per_chip = fact("16");
    spec.geometry.neurons_per_core = fact("16");
    let RouterSpec::Crossbar(router) = &mut spec.router else { panic!() };
    router.synapse_rows = fact("24");
    router.buses = fact("2");
    router.drivers_per_bus = fact("6");
    router.label_bits = fact("3");
    router.neuron_label_bits = fact("6");
    router.columns_per_output = fact("4");
    spec
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn programs_decode_to_the_wish(seed: u64) {
        let options = MapperOptions { over_full: OverFull::Prune, ..MapperOptions::default() };
        let sharing = MapperOptions { core_sharing: CoreSharing::On, ..options.clone() };
        let network = random(seed, 90, false);
        check(&network, &crossbar(), &sharing);
        let small = random(seed, 16, false);
        check(&small, &narrow(), &options);
    }
}

#[test]
fn the_random_networks_cover_what_they_should() {
    let (mut losses, mut groups, mut exact) = (0, 0, 0);
    for seed in 0..30 {
        let options = MapperOptions { over_full: OverFull::Prune, ..MapperOptions::default() };
        let mapping = map(&random(seed, 16, false), &narrow(), &options).unwrap();
        losses += mapping.report.lost_by(Limit::Rows);
        groups += memories(&mapping).iter().flat_map(|c| &c.drivers).filter(|d| d.select_mask != 0).count();
        exact += u32::from(mapping.report.losses.is_empty());
    }
    assert!(losses > 0 && groups > 0 && exact > 0, "{losses} {groups} {exact}");
}
