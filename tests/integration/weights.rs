//! Weights as they were asked for and as a program makes them: the report says the difference, all of it.

use crate::support::quantity;
use chip::{ChipSpec, CoreModel, SynapseSign, Values, canonical_unit};
use fx::Weight;
use mapper::{
    DecodedConnection, MapperError, MapperOptions, Mapping, OverFull, ProjectionReport, SmallWeights, WeightGoal,
    decode, map,
};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use session::{Activity, Board};
use std::collections::{BTreeMap, BTreeSet};
use units::Tick;
use warnings::Kind;

const UNIT: f64 = (1u32 << Weight::FRACTION_BITS) as f64;

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap_or_else(|e| panic!("{e}"))
}

/// A small generator, so that a case is its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

fn population(name: String, size: u32, model: CoreModel) -> Population {
    Population { name, size, model, parameters: BTreeMap::new() }
}

/// Kinds of synapse of either sign that a model takes: for weights above and below 0.
fn kinds(spec: &ChipSpec, random: &mut Random, model: CoreModel) -> SynapseChoice {
    let mut pick = |sign: SynapseSign| {
        let fits = |kind: &&chip::SynapseType| {
            let is_whole = kind.kinetics.shift() == chip::PLAIN_SHIFT;
            (kind.sign == sign || kind.sign == SynapseSign::Signed) && model.takes(kind) && is_whole
        };
        let all: Vec<_> = spec.synapses.iter().filter(fits).collect();
        all[random.below(all.len() as u32) as usize].name.clone()
    };
    SynapseChoice { excitatory: pick(SynapseSign::Excitatory), inhibitory: pick(SynapseSign::Inhibitory) }
}

/// Populations and channels with weights over many orders of magnitude, each pair of ends joined at most once.
fn random_network(spec: &ChipSpec, seed: u64) -> Network {
    let mut random = Random(seed);
    let models: Vec<CoreModel> = spec.models.iter().copied().filter(|model| *model != CoreModel::Rate).collect();
    let mut model = || models[random.below(models.len() as u32) as usize];
    let populations = [model(), model()].into_iter().enumerate();
    let mut network = Network {
        clock: None,
        populations: populations.map(|(i, model)| population(format!("p{i}"), 20, model)).collect(),
        inputs: vec![InputGroup::of_host("in", 15)],
        projections: Vec::new(),
    };
    for (pre, post) in [(Endpoint::Input(0), 0), (Endpoint::Population(0), 0), (Endpoint::Population(0), 1)] {
        let synapse = kinds(spec, &mut random, network.populations[post].model);
        let (bits, tail) = (6 + random.below(16), random.below(3));
        let mut list = Vec::new();
        for (from, to) in (0..network.size_of(pre).unwrap()).flat_map(|from| (0..20).map(move |to| (from, to))) {
            if random.below(3) == 0 {
                let magnitude = random.below(1 << bits) >> (random.below(1 + 5 * tail));
                let sign = if random.below(4) == 0 { -1 } else { 1 };
                list.push((from, to, Weight::from_bits(magnitude as i32 * sign)));
            }
        }
        let connections = Connections::from_list(network.size_of(pre).unwrap(), list);
        let mask = Mask::all(connections.len());
        let name = format!("x{}", network.projections.len());
        network.projections.push(Projection {
            name,
            pre,
            post,
            synapse,
            connections,
            mask,
            delay_ticks: 1,
            weight_format: WeightFormat::default(),
        });
    }
    network
}

/// What counts as 1 at neurons of a population, in the unit of the report.
fn level(spec: &ChipSpec, model: CoreModel) -> f64 {
    let level = spec.level(model);
    level.value_in(canonical_unit(level.unit.dimension())).unwrap().to_string().parse().unwrap()
}

/// Holds every number of a projection's report to the wish and to what was read back.
fn check(spec: &ChipSpec, network: &Network, mapping: &Mapping, found: &[DecodedConnection], index: usize) {
    let (projection, report) = (&network.projections[index], &mapping.report.projections[index]);
    let ends = |c: &DecodedConnection| {
        (c.pre == projection.pre && c.post == projection.post).then_some((c.pre_index, c.post_index))
    };
    let read: BTreeMap<(u32, u32), &DecodedConnection> = found.iter().filter_map(|c| Some((ends(c)?, c))).collect();
    let lost: BTreeSet<(u32, u32)> =
        mapping.report.losses.iter().filter(|l| l.projection == index).map(|l| (l.pre, l.post)).collect();
    let level = level(spec, network.populations[projection.post].model);
    let (mut zero, mut kept, mut rounded, mut grew, mut shrank) = (0, 0, 0, 0, 0);
    let (mut squares, mut errors, mut largest) = (0.0, 0.0, 0.0f64);
    let mut first = None;
    let mut sums = vec![(0.0, 0.0); network.populations[projection.post].size as usize];
    for c in projection.kept() {
        let (asked, ends) = (f64::from(c.weight.to_bits()), (c.pre, c.post));
        if asked == 0.0 {
            zero += 1;
            continue;
        }
        sums[c.post as usize].0 += asked;
        if lost.contains(&ends) {
            assert!(!read.contains_key(&ends), "what is lost is not there");
            continue;
        }
        let got = read.get(&ends).map_or(0.0, |c| c.weight.abs() as f64);
        sums[c.post as usize].1 += got * asked.signum();
        let off = (got - asked.abs()).abs();
        (squares, errors, largest) = (squares + asked * asked, errors + off * off, largest.max(off / asked.abs()));
        let changed = got > 2.0 * asked.abs() || 2.0 * got < asked.abs();
        match got {
            0.0 => rounded += 1,
            _ => kept += 1,
        }
        grew += u64::from(got > 2.0 * asked.abs());
        shrank += u64::from(got > 0.0 && 2.0 * got < asked.abs());
        if changed && first.is_none() {
            first = Some((c.pre, c.post));
        }
    }
    let ProjectionReport { weights, .. } = report;
    assert_eq!((report.zero, report.kept, report.rounded, report.lost), (zero, kept, rounded, lost.len() as u64));
    assert_eq!((weights.grew, weights.shrank), (grew, shrank), "{report:?}");
    assert_eq!(weights.first_change.map(|c| (c.pre, c.post)), first);
    let count = (kept + rounded).max(1) as f64;
    let same = |found: f64, expected: f64| {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-9), "{found} {expected}: {report:?}");
    };
    same(weights.rms, (squares / count).sqrt() / UNIT * level);
    same(weights.rms_error, (errors / count).sqrt() / UNIT * level);
    same(weights.rms_error_relative, if squares > 0.0 { (errors / squares).sqrt() } else { 0.0 });
    same(weights.largest_change, largest);
    assert_eq!(weights.sqnr_db.is_some(), errors > 0.0);
    if let Some(db) = weights.sqnr_db {
        assert!((db - 10.0 * (squares / errors).log10()).abs() < 1e-6, "{db}");
    }
    let changes = sums.iter().map(|(before, after): &(f64, f64)| before - after);
    same(
        weights.sum_rms_change,
        (changes.clone().map(|c| c * c).sum::<f64>() / sums.len() as f64).sqrt() / UNIT * level,
    );
    let most = changes.map(f64::abs).fold(0.0, f64::max) / UNIT * level;
    same(weights.sum_most_changed.map_or(0.0, |sum| (sum.before - sum.after).abs()), most);
    // What the report says, the warnings say.
    let warned = |kind| mapping.report.warnings.iter().any(|w| w.kind == kind && w.place == projection.name);
    assert_eq!(warned(Kind::Weights), weights.rms_error_relative > 0.05 || grew + shrank + rounded > 0);
    assert_eq!(warned(Kind::Connections), !lost.is_empty());
}

#[test]
fn read_back_weights_differ_from_the_wish_only_as_the_report_counts() {
    let mut gains = 0;
    for name in ["dynapse2", "brainscales2", "brainscales2-uncalibrated", "ideal", "ideal-mismatched"] {
        let spec = shipped(name);
        for seed in 0..30 {
            let mut random = Random(seed ^ 0xabcd);
            let mut pick = |count| random.below(count) as usize;
            let options = MapperOptions {
                over_full: OverFull::Prune,
                small_weights: [SmallWeights::Nearest, SmallWeights::Keep][pick(2)],
                weight_goal: [WeightGoal::Rms, WeightGoal::Relative, WeightGoal::Max][pick(3)],
                ..MapperOptions::default()
            };
            let network = random_network(&spec, seed);
            let mapping = map(&network, &spec, &options).unwrap_or_else(|e| panic!("{name}, seed {seed}: {e}"));
            let found = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
            (0..network.projections.len()).for_each(|index| check(&spec, &network, &mapping, &found, index));
            gains += mapping.report.cores.iter().map(|core| core.weights.gains.len()).sum::<usize>();
            // The largest error is a limit that is just met; less is refused by name.
            let worst = mapping.report.worst_projection().unwrap();
            let error = worst.weights.rms_error_relative;
            let limited =
                |limit| map(&network, &spec, &MapperOptions { max_weight_error: Some(limit), ..options.clone() });
            assert!(limited(error).is_ok());
            if error > 0.0 {
                let refused = limited(error * 0.99).unwrap_err();
                assert!(matches!(&refused, MapperError::WeightError { projection, .. } if *projection == worst.name));
                assert!(refused.to_string().contains("off by"), "{refused}");
            }
        }
    }
    assert!(gains > 5, "{gains}");
}

/// One neuron with a weak excitatory synapse beside strong inhibitory ones.
fn weak_and_strong(model: CoreModel, weak: f64, strong: &[f64]) -> Network {
    let weight = |value: f64| Weight::from_bits((value * UNIT).round() as i32);
    let projection = |name: &str, pre, list: Vec<(u32, u32, Weight)>| {
        let connections = Connections::from_list(list.len() as u32, list);
        let (mask, synapse) =
            (Mask::all(connections.len()), SynapseChoice { excitatory: "AMPA".into(), inhibitory: "GABA".into() });
        Projection {
            name: name.into(),
            pre,
            post: 0,
            synapse,
            connections,
            mask,
            delay_ticks: 1,
            weight_format: WeightFormat::default(),
        }
    };
    let mut network = Network {
        clock: None,
        populations: vec![population("n".into(), 1, model)],
        inputs: vec![InputGroup::of_host("weak", 1), InputGroup::of_host("strong", strong.len().max(1) as u32)],
        projections: vec![projection("weak", Endpoint::Input(0), vec![(0, 0, weight(weak))])],
    };
    if !strong.is_empty() {
        let list = (0..).zip(strong).map(|(pre, strong)| (pre, 0, weight(-strong))).collect();
        network.projections.push(projection("strong", Endpoint::Input(1), list));
    }
    network
}

/// Spikes of the neuron, if the weak channel sends every millisecond and the strong ones never.
fn spikes(network: &Network, spec: &ChipSpec) -> u64 {
    let board = Board::map(spec.clone(), network, &MapperOptions::default()).unwrap();
    let mut session = board.on(&device_models::DieParameters::nominal()).unwrap();
    let channel = board.channel("weak", 0).unwrap();
    (0..500).for_each(|ms| session.send(channel, Tick(ms * 1000), 1).unwrap());
    let mut activity = Activity::new(&board);
    session.run_until(Tick(500_000), &mut activity);
    activity.populations().iter().map(|population| population.total()).sum()
}

#[test]
fn a_weak_kind_keeps_its_ratio_to_a_strong_one() {
    let spec = shipped("dynapse2");
    for model in [CoreModel::Lif, CoreModel::AnalogLif] {
        for weak in [0.3, 0.02, 0.003] {
            let strong = [400.0, 900.0, 1500.0, 1650.0, 2000.0].map(|w: f64| (w * weak).min(200.0));
            let network = weak_and_strong(model, weak, &strong);
            let mapping = map(&network, &spec, &MapperOptions::default()).unwrap();
            for projection in &mapping.report.projections {
                assert!(projection.weights.rms_error_relative < 0.02, "{model}, {weak}: {projection:?}");
            }
            assert!(mapping.report.warnings.is_empty(), "{:?}", mapping.report.warnings);
            assert!(!mapping.report.cores[0].weights.gains.is_empty());
            let alone = spikes(&weak_and_strong(model, weak, &[]), &spec);
            let beside = spikes(&network, &spec);
            assert!(alone.abs_diff(beside) <= alone / 50 + 1, "{model}, {weak}: {alone} spikes alone, {beside} beside");
        }
    }
}

#[test]
fn gains_multiply_what_the_network_asks_for_and_keep_to_the_range() {
    let mut spec = shipped("dynapse2");
    let mut network = weak_and_strong(CoreModel::Lif, 0.01, &[4.0, 9.0, 15.0, 16.5, 20.0]);
    let asked = Values::Shared(quantity("2 1"));
    network.populations[0].parameters.insert("gain_ampa".into(), asked);
    let mapping = map(&network, &spec, &MapperOptions::default()).unwrap();
    let gains = &mapping.report.cores[0].weights.gains;
    let gain = gains.iter().find(|gain| gain.parameter == "gain_ampa").unwrap();
    // The gain of the strong kind is raised before that of the weak one is lowered.
    assert!(gains.iter().any(|gain| gain.parameter == "gain_gaba" && gain.factor > 20.0), "{gains:?}");
    let Values::Shared(value) = &mapping.program.cores[0].parameters["gain_ampa"] else { panic!("one value a core") };
    let value: f64 = value.value.to_string().parse().unwrap();
    assert!((value - 2.0 * gain.factor).abs() < 1e-9, "{value} {gain:?}");
    let weak = decode(&mapping.program, &mapping.placement, &network, &spec).unwrap();
    let weak = weak.iter().find(|c| c.pre == Endpoint::Input(0)).unwrap();
    assert!((weak.weight as f64 / UNIT - 0.01).abs() < 0.0002, "{weak:?}");
    // A chip whose gains move by a factor of 2 cannot help: the weight is rounded to 0, and a warning says so.
    let parameter = spec.parameters.get_mut("gain_ampa").unwrap();
    let bound = |text: &str| chip::Fact { quantity: quantity(text), ..parameter.nominal.clone() };
    parameter.range = Some((bound("1 1"), bound("2 1")));
    spec.parameters.get_mut("gain_gaba").unwrap().range = parameter_range(&spec);
    let mapping = map(&network, &spec, &MapperOptions::default()).unwrap();
    assert_eq!((mapping.report.projections[0].kept, mapping.report.projections[0].rounded), (0, 1));
    assert!(mapping.report.warnings.iter().any(|w| w.kind == Kind::Weights && w.place == "weak"));
    // The log-domain model has no gain that is a factor.
    let network = weak_and_strong(CoreModel::Dpi, 0.01, &[4.0, 9.0, 15.0, 16.5, 20.0]);
    let mapping = map(&network, &shipped("dynapse2"), &MapperOptions::default()).unwrap();
    assert!(mapping.report.cores[0].weights.gains.is_empty());
    assert_eq!(mapping.report.projections[0].rounded, 1);
}

fn parameter_range(spec: &ChipSpec) -> Option<(chip::Fact, chip::Fact)> {
    spec.parameters["gain_ampa"].range.clone()
}
