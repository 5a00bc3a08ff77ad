//! The neurons of a trained readout, added to a network.
//!
//! A linear readout has a weight for each class and feature; a class is a sum over all neurons of the reservoir, and a
//! neuron of the chip has room for a few of them. [`ReadoutStrategy::Split`] deals the inputs of a class to as many
//! neurons as it takes, whose spikes the host adds up; [`ReadoutStrategy::Keep`] gives a class one neuron with its
//! most useful inputs. Either way the readout is an ordinary population with an ordinary projection: [`crate::map`]
//! places it behind the populations that are there already, in cores of its own, so that neither circuits nor slots
//! nor weights of the reservoir change.
//!
//! A readout is planned first ([`ReadoutPlan::new`]), which says how many neurons a class gets, and then added to the
//! network at some scale of its weights ([`ReadoutPlan::attach`]); the scale may depend on the number of neurons.
//!
//! This module deliberately trains nothing and knows no feature: what the weights mean, which scale suits the circuits
//! and which parameters keep them in the linear part of their range is the caller's.

mod deal;
mod misfit;
mod trim;

use crate::sharing::Sharing;
use crate::{CoreSharing, MapperError, MapperOptions, board, kinds, placement};
use chip::{ChipSpec, CoreModel, Values};
use fx::Weight;
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use misfit::ReadoutMisfit;
pub use trim::{Trim, TrimMeans, Trimmed};

/// How often a readout is on the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// So many times, at least once.
    Number(u32),
    /// As often as it fits the cores that one copy needs.
    Fill,
}

/// How the inputs of a class share neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadoutStrategy {
    /// All inputs: a class gets as many neurons as it takes, and as many as every other class.
    ///
    /// The inputs of a class, sorted by weight, are dealt to its neurons in turns, back and forth, so that each neuron
    /// gets its share of excitation and of inhibition and all of them work around the same point. Where the covariance
    /// of the features is known, inputs then change places until the sums of the neurons vary as little as they can:
    /// what cancels over all inputs of a class cancels in each of its neurons.
    Split,
    /// One neuron a class, with the inputs whose weight times spread is largest, as many as it has room for.
    Keep,
}

/// A trained readout that is to run on the chip.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadoutWish {
    /// Name of the population of readout neurons, of its projection, and (with `_bias`) of its bias input.
    pub name: String,
    /// Name of the population whose neurons are the features.
    pub population: String,
    /// Trained weights: for each class one a neuron.
    pub weights: Vec<Vec<f64>>,
    /// One constant a class, in units of weight times feature; empty for none.
    ///
    /// Unless all are 0, an input channel is added on which the host must send [`ReadoutWish::bias_events`] events
    /// where a feature of value 1 would be.
    pub bias: Vec<f64>,
    /// Events on the bias channel that stand for a feature of value 1; above 0.
    pub bias_events: f64,
    /// Mean of each feature, of which every neuron has what its own inputs bring in taken away by its bias; empty:
    /// none.
    pub means: Vec<f64>,
    /// Covariance of the features, row after row, by which [`ReadoutStrategy::Split`] deals inputs so that the neurons
    /// of a class vary alike; empty: not known.
    pub covariance: Vec<f64>,
    /// Standard deviation of each feature, for [`ReadoutStrategy::Keep`]; empty: all equal.
    pub spreads: Vec<f64>,
    /// How inputs share neurons.
    pub strategy: ReadoutStrategy,
    /// Neurons that share the inputs of a class with [`ReadoutStrategy::Split`], at least; 1 or more.
    pub neurons_min: u32,
    /// How often the whole readout is there. Copies have the same inputs and weights, dealt to circuits of their own,
    /// each copy otherwise, whose spikes are added like those of all neurons of a class.
    pub copies: Copies,
    /// Synaptic weight (in the network's weight unit) of a trained weight of 1, for the plan: how many inputs a class
    /// has, as weights that round to 0 are none. Above 0.
    pub scale: f64,
    /// Kinds of synapse.
    pub synapse: SynapseChoice,
    /// Ticks between a spike of the reservoir and its arrival.
    pub delay_ticks: u16,
    /// Parameters of the readout neurons: time constant, threshold, and a drive that keeps them in their linear range.
    pub parameters: BTreeMap<String, Values>,
}

/// Where to find the readout in the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadoutPlaces {
    /// Index of the population of readout neurons.
    pub population: usize,
    /// For each class its neurons in that population; the output of a class is the sum of their spikes.
    pub neurons: Vec<Vec<u32>>,
    /// The input channel of the bias, if there is one.
    pub bias_channel: Option<u32>,
}

/// What one class got.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// Inputs whose trained weight is not 0; a bias counts as one of them.
    pub wanted: u64,
    /// Inputs with a synapse.
    pub kept: u64,
    /// Inputs that did not fit.
    pub dropped: u64,
    /// Inputs whose weight, once scaled, is less than half a unit of the weight format (2^-20).
    pub vanished: u64,
    /// Sum of squared weights of the inputs without a synapse, over that of all.
    pub squared_weight_lost: f64,
    /// The same with each weight times the spread of its feature: the share of the output's variance that is lost, for
    /// uncorrelated features.
    pub variance_lost: f64,
}

/// What it costs to put a readout on the chip, before the weights are quantised: that is in the mapping report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadoutReport {
    /// Each class.
    pub classes: Vec<ClassReport>,
    /// Neurons of a class, those of all copies counted.
    pub neurons_per_class: u32,
    /// Copies of the readout.
    pub copies: u32,
    /// Readout neurons.
    pub neurons: u32,
    /// Synapses of all readout neurons, those of the bias counted; on a tag and CAM chip each is a CAM word.
    pub synapses: u64,
    /// Synapses of the readout neuron that has most.
    pub synapses_max: u64,
    /// Synapses that a neuron has room for; none: no limit.
    pub synapses_limit: Option<u64>,
}

/// A readout that fits a network and its chip: how its inputs share neurons is settled.
pub struct ReadoutPlan<'a> {
    network: &'a Network,
    wish: &'a ReadoutWish,
    /// Population of the features, and its size.
    features: (usize, u32),
    /// Synapses that a neuron has room for; none: no limit.
    limit: Option<usize>,
    /// Neurons that share the inputs of a class.
    parts: usize,
    /// Copies of them.
    copies: usize,
    /// All neurons.
    neurons: u32,
}

impl<'a> ReadoutPlan<'a> {
    /// Plans the neurons of the readout `wish` over a population of `network`.
    ///
    /// # Errors
    /// [`MapperError`] if the readout does not fit its features or the cores that the network leaves.
    pub fn new(
        network: &'a Network,
        spec: &ChipSpec,
        wish: &'a ReadoutWish,
        options: &MapperOptions,
    ) -> Result<Self, MapperError> {
        network.validate()?;
        board::check(spec)?;
        let router = kinds::of(spec)?;
        let features = check_shape(network, wish)?;
        let classes = scaled(wish, wish.scale)?;
        let limit = router.synapses_per_neuron();
        let parts = match wish.strategy {
            ReadoutStrategy::Split => {
                let room = room(limit, wish);
                let needed = classes.iter().map(|inputs| inputs.len().div_ceil(room)).max().unwrap_or(1);
                needed.max(wish.neurons_min as usize).max(1)
            }
            ReadoutStrategy::Keep => 1,
        };
        let sharing = options.core_sharing == CoreSharing::On;
        let used_cores = router.place(network, spec, options, Sharing { on: sharing, apart: None })?.cores().len();
        let free_cores = placement::board_cores(spec, options) - used_cores;
        let copies = match wish.copies {
            Copies::Number(number) => number.max(1) as usize,
            Copies::Fill => {
                let (one, core) = (classes.len() * parts, spec.neurons_per_core());
                (one.div_ceil(core) * core / one.max(1)).max(1)
            }
        };
        let neurons = check_room(spec, wish, free_cores, parts.saturating_mul(copies), sharing)?;
        Ok(Self { network, wish, features, limit, parts, copies, neurons })
    }

    /// Neurons that share the inputs of a class, in each copy.
    pub const fn neurons_per_class(&self) -> u32 {
        self.parts as u32
    }

    /// The network with the neurons of the readout, behind everything that is there. `scale` is the synaptic weight (in
    /// the network's weight unit) of a trained weight of 1.
    ///
    /// The circuits and slots of everything else stay what they are without the readout, and so do its weights if
    /// [`crate::map_with_readout`] finds the readout a core of its own.
    ///
    /// # Errors
    /// [`ReadoutMisfit::Number`] or [`ReadoutMisfit::Weight`] for a scale that no weight can have.
    pub fn attach(&self, scale: f64) -> Result<(Network, ReadoutPlaces, ReadoutReport), MapperError> {
        let Self { network, wish, features: (features, size), limit, parts, copies, neurons } = *self;
        let (classes, room) = (scaled(wish, scale)?, room(limit, wish));
        let has_bias = wish.has_bias();
        let (mut inputs, mut biases, mut reports) = (Vec::new(), Vec::new(), Vec::new());
        let mut words = vec![0u64; neurons as usize];
        for (class, scaled) in classes.iter().enumerate() {
            let constant = wish.bias.get(class).copied().unwrap_or(0.0) / parts as f64;
            let mut kept = BTreeSet::new();
            let mut bias_kept = false;
            for copy in 0..copies {
                let dealt = match wish.strategy {
                    ReadoutStrategy::Split => deal::deal(scaled, (parts, copy), &wish.covariance, size as usize),
                    ReadoutStrategy::Keep => vec![most_useful(scaled, room, &wish.spreads)],
                };
                for (part, members) in dealt.iter().enumerate() {
                    let neuron = ((class * copies + copy) * parts + part) as u32;
                    inputs.extend(members.iter().map(|input| (input.feature, neuron, input.weight)));
                    kept.extend(members.iter().map(|input| input.feature));
                    let mean = |input: &Input| {
                        wish.means
                            .get(input.feature as usize)
                            .map_or(0.0, |mean| wish.weights[class][input.feature as usize] * mean)
                    };
                    let bias = (constant - members.iter().map(mean).sum::<f64>()) / wish.bias_events * scale;
                    let bias = if has_bias { to_weight(wish, class, || "bias".into(), bias)? } else { Weight::ZERO };
                    if bias != Weight::ZERO {
                        biases.push((0, neuron, bias));
                        bias_kept = true;
                    }
                    words[neuron as usize] += members.len() as u64 + u64::from(bias != Weight::ZERO);
                }
            }
            reports.push(class_report(wish, class, scaled.len() as u64, &kept, bias_kept));
        }

        let mut grown = network.clone();
        let population = grown.populations.len();
        // The equations of the reservoir; rate units have no readout neurons, which the mapping then says.
        let model = grown.populations[features].model;
        let model = if model.is_graded() { CoreModel::Lif } else { model };
        grown.populations.push(Population {
            name: wish.name.clone(),
            size: neurons,
            model,
            parameters: wish.parameters.clone(),
        });
        let project = |name: &str, pre, connections: Connections| Projection {
            name: name.into(),
            pre,
            post: population,
            synapse: wish.synapse.clone(),
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: wish.delay_ticks,
            weight_format: WeightFormat::default(),
        };
        let connections = Connections::from_list(size, inputs);
        grown.projections.push(project(&wish.name, Endpoint::Population(features), connections));
        let bias_channel = has_bias.then(|| {
            let (name, group) = (format!("{}_bias", wish.name), grown.inputs.len());
            let connections = Connections::from_list(1, biases);
            grown.projections.push(project(&name, Endpoint::Input(group), connections));
            grown.inputs.push(InputGroup::of_host(name, 1));
            grown.first_channel(group)
        });
        grown.validate()?;
        let per_class = parts * copies;
        let of_class = |class: usize| (0..per_class).map(|n| (class * per_class + n) as u32).collect();
        let layout = ReadoutPlaces { population, neurons: (0..classes.len()).map(of_class).collect(), bias_channel };
        let report = ReadoutReport {
            classes: reports,
            neurons_per_class: per_class as u32,
            copies: copies as u32,
            neurons,
            synapses: words.iter().sum(),
            synapses_max: words.iter().copied().max().unwrap_or(0),
            synapses_limit: limit.map(|words| words as u64),
        };
        Ok((grown, layout, report))
    }
}

impl ReadoutWish {
    fn has_bias(&self) -> bool {
        self.bias.iter().chain(&self.means).any(|b| *b != 0.0)
    }
}

/// Inputs that a neuron with `limit` synapses has room for. A bias takes a synapse of every neuron, so that it shifts
/// all of them alike.
fn room(limit: Option<usize>, wish: &ReadoutWish) -> usize {
    limit.map_or(usize::MAX, |synapses| synapses.saturating_sub(usize::from(wish.has_bias())).max(1))
}

/// An input of a class with its synaptic weight.
#[derive(Clone, Copy, Debug)]
struct Input {
    feature: u32,
    weight: Weight,
}

/// The population of the features and its size, if the wish has the shape that it needs.
fn check_shape(network: &Network, wish: &ReadoutWish) -> Result<(usize, u32), ReadoutMisfit> {
    let Some(features) = network.population(&wish.population) else {
        return Err(ReadoutMisfit::Population {
            readout: wish.name.clone(),
            population: wish.population.clone(),
            known: network.populations.iter().map(|p| p.name.clone()).collect(),
        });
    };
    let size = network.populations[features].size;
    let check = |what: String, found: usize, expected: usize| {
        if found == expected {
            return Ok(());
        }
        Err(ReadoutMisfit::Shape { readout: wish.name.clone(), what, found, expected })
    };
    let classes = wish.weights.len();
    check("classes".into(), classes, classes.max(1))?;
    for (class, row) in wish.weights.iter().enumerate() {
        check(format!("weights of class {class}"), row.len(), size as usize)?;
    }
    if !wish.bias.is_empty() {
        check("biases".into(), wish.bias.len(), classes)?;
    }
    if !wish.means.is_empty() {
        check("means".into(), wish.means.len(), size as usize)?;
    }
    if !wish.covariance.is_empty() {
        check("entries of the covariance".into(), wish.covariance.len(), (size as usize).pow(2))?;
    }
    if !wish.spreads.is_empty() {
        check("spreads".into(), wish.spreads.len(), size as usize)?;
    }
    Ok((features, size))
}

/// The synaptic weights of every class; what rounds to 0 is left out.
fn scaled(wish: &ReadoutWish, scale: f64) -> Result<Vec<Vec<Input>>, ReadoutMisfit> {
    let number = |what, value: f64, is_fine: bool| {
        if is_fine {
            return Ok(());
        }
        Err(ReadoutMisfit::Number { readout: wish.name.clone(), what, value })
    };
    number("scale", scale, scale.is_finite() && scale > 0.0)?;
    if wish.has_bias() {
        number("bias_events", wish.bias_events, wish.bias_events.is_finite() && wish.bias_events > 0.0)?;
    }
    for (what, values) in [("mean", &wish.means), ("covariance", &wish.covariance)] {
        for value in values {
            number(what, *value, value.is_finite())?;
        }
    }
    for spread in &wish.spreads {
        number("spread", *spread, spread.is_finite() && *spread >= 0.0)?;
    }
    let input = |class: usize, feature: usize, trained: f64| {
        let weight = to_weight(wish, class, || format!("weight {feature}"), trained * scale)?;
        Ok(Input { feature: feature as u32, weight })
    };
    let class = |(class, row): (usize, &Vec<f64>)| {
        let inputs = row.iter().enumerate().map(|(feature, trained)| input(class, feature, *trained));
        let inputs = inputs.filter(|i| i.as_ref().map_or(true, |i| i.weight != Weight::ZERO));
        inputs.collect::<Result<Vec<_>, _>>()
    };
    wish.weights.iter().enumerate().map(class).collect()
}

/// `value` as a weight, to nearest, halves away from 0.
fn to_weight(wish: &ReadoutWish, class: usize, what: impl Fn() -> String, value: f64) -> Result<Weight, ReadoutMisfit> {
    let bits = (value * f64::from(1u32 << Weight::FRACTION_BITS)).round();
    if bits >= f64::from(i32::MIN) && bits <= f64::from(i32::MAX) {
        return Ok(Weight::from_bits(bits as i32));
    }
    Err(ReadoutMisfit::Weight { readout: wish.name.clone(), what: what(), class, value })
}

/// The neurons of the readout, if there are cores for them. Where populations `share` cores, the mapping finds out
/// whether there are circuits.
fn check_room(
    spec: &ChipSpec,
    wish: &ReadoutWish,
    free_cores: usize,
    parts: usize,
    share: bool,
) -> Result<u32, ReadoutMisfit> {
    let (classes, neurons_per_core) = (wish.weights.len(), spec.neurons_per_core());
    let neurons = classes * parts;
    let needed_cores = neurons.div_ceil(neurons_per_core);
    match u32::try_from(neurons) {
        Ok(neurons) if share || needed_cores <= free_cores => Ok(neurons),
        _ => Err(ReadoutMisfit::Full {
            readout: wish.name.clone(),
            classes,
            parts,
            neurons,
            needed_cores,
            free_cores,
            neurons_per_core,
        }),
    }
}

/// The `room` inputs with the largest weight times spread; of equal ones the first.
fn most_useful(inputs: &[Input], room: usize, spreads: &[f64]) -> Vec<Input> {
    let use_of = |input: &Input| {
        f64::from(input.weight.to_bits()).abs() * spreads.get(input.feature as usize).copied().unwrap_or(1.0)
    };
    let mut sorted = inputs.to_vec();
    sorted.sort_by(|a, b| use_of(b).total_cmp(&use_of(a)));
    sorted.truncate(room);
    sorted
}

fn class_report(wish: &ReadoutWish, class: usize, scaled: u64, kept: &BTreeSet<u32>, bias_kept: bool) -> ClassReport {
    let row = &wish.weights[class];
    let has_bias = wish.bias.get(class).is_some_and(|b| *b != 0.0) || wish.means.iter().any(|m| *m != 0.0);
    let wanted = row.iter().filter(|w| **w != 0.0).count() as u64;
    // Sums over all inputs and over those without a synapse.
    let lost = |value: &dyn Fn(usize) -> f64| {
        let (mut all, mut lost) = (0.0, 0.0);
        for feature in 0..row.len() {
            let square = value(feature) * value(feature);
            all += square;
            lost += if kept.contains(&(feature as u32)) { 0.0 } else { square };
        }
        if all > 0.0 { lost / all } else { 0.0 }
    };
    ClassReport {
        wanted: wanted + u64::from(has_bias),
        kept: kept.len() as u64 + u64::from(bias_kept),
        dropped: scaled - kept.len() as u64,
        vanished: wanted - scaled + u64::from(has_bias && !bias_kept),
        squared_weight_lost: lost(&|feature| row[feature]),
        variance_lost: lost(&|feature| row[feature] * wish.spreads.get(feature).copied().unwrap_or(1.0)),
    }
}
