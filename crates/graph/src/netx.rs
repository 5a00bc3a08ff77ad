//! Nets of lava-dl as networks for a Loihi chip.
//!
//! A net is a list of layers, each of which hears the one before: `input` and `flatten`, which have no neurons, and
//! `dense`, `conv` and `pool`, which have those of their field `neuron`. All numbers are the integers of the chip, so
//! that nothing is scaled. Values of a layer count as in the file, channels first, the last axis fastest.
//!
//! What a layer means is what lava-dl makes of it: neurons as `netx` reads them (`du` is `iDecay - 1`, a bias has the
//! exponent 6), convolutions as SLAYER and PyTorch compute them (`netx` mirrors the kernel because Lava does), pools as
//! SLAYER has them, one kernel for every channel. The delays of a layer are those of its axons, by channel or neuron,
//! as it was trained; `netx` reads past them. What a network for the chip cannot be is refused by layer and field.

mod layers;

use crate::GraphError;
use chip::{ChipSpec, CoreModel, Values};
use formats::netx::{NetxFile, NetxLayer, NetxNeuron};
use formats::nir::NirArray;
use fx::Weight;
use layers::{Shape, Unrolled};
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;
use units::{Decimal, Quantity};

/// The rules whose neurons these are.
const PROFILE: &str = "loihi-lava";
/// Types of neurons that are read; lava-dl has both names for one.
const NEURONS: [&str; 2] = ["CUBA", "LOIHI"];
/// The exponent of biases.
const BIAS_EXPONENT: i64 = 6;
/// The longest delay of an axon, in steps.
const DELAY_MAX: i64 = 62;
/// Numbers of neurons that matter in training only, or that others say again.
const UNREAD: [&str; 6] = ["scaleRho", "tauRho", "theta", "scaleGrad", "tauGrad", "wgtExp"];
/// Numbers of layers that others say again.
const SAID_AGAIN: [&str; 5] = ["inFeatures", "outFeatures", "inChannels", "outChannels", "kernelSize"];

/// Why layers of a type are not read.
fn unread(kind: &str) -> String {
    let why = match kind {
        "average" => {
            "it gives the mean of the spikes of neurons, a number, which no neuron of the chip sends; `netx` does not \
             read it either: leave it out, and take the means of the spikes of the layer before"
        }
        "concat" => "neither SLAYER nor `netx` has such a layer, so that nothing says which layers it joins",
        "unpool" | "convT" => "`netx` has no such layer",
        _ => "input, flatten, dense, conv and pool are",
    };
    format!("layers of type `{kind}` are not read: {why}")
}

/// A net as a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netx {
    /// The network; its populations are called `layer-N` as in the file.
    pub network: Network,
    /// Layers in words, in the order of the file.
    pub layers: Vec<String>,
    /// What was not read: the layer, and what of it.
    pub notes: Vec<(String, String)>,
}

/// What spikes go through on their way to the next layer.
struct Before {
    endpoint: Endpoint,
    shape: Shape,
    /// Steps that the spikes of each value take besides the one that all take.
    delays: Vec<u16>,
    /// The layer that the delays are of, until another hears them.
    delayed: Option<usize>,
}

/// Where a message points to.
#[derive(Clone, Copy)]
struct Place<'a> {
    index: usize,
    layer: &'a NetxLayer,
}

impl Netx {
    /// The network of `file`, for `chip`.
    ///
    /// # Errors
    /// [`GraphError::Layer`] with the layer and field that is missing, wrong, or nothing that a network for this chip
    /// can be; [`GraphError::TooMuch`] for more neurons or connections than are built.
    pub fn new(file: &NetxFile, chip: &ChipSpec) -> Result<Self, GraphError> {
        let is_lava = chip.rules.as_ref().is_some_and(|rules| rules.profile == PROFILE);
        if !is_lava || !chip.models.contains(&CoreModel::Loihi) {
            let option = format!("chip `{}`", chip.name);
            let reason =
                format!("a net of lava-dl is for a chip with the rules `{PROFILE}`, as the chip `{PROFILE}` has");
            return Err(GraphError::Option { option, reason });
        }
        let mut net = Self { network: Network::default(), layers: Vec::new(), notes: Vec::new() };
        let mut before: Option<Before> = None;
        for (index, layer) in file.layers.iter().enumerate() {
            let place = Place { index, layer };
            before = Some(match layer.kind.as_str() {
                "input" => net.input(place, before)?,
                "flatten" => net.flatten(place, before)?,
                "dense" | "conv" | "pool" => net.neurons(place, before, chip)?,
                other => return Err(place.wrong("type", unread(other))),
            });
        }
        let last = before.and_then(|before| before.delayed);
        if let Some(index) = last {
            let text = "its delays are of spikes that leave the net, which nothing hears: they come undelayed";
            net.notes.push((format!("layer {index}"), text.to_owned()));
        }
        if net.network.populations.is_empty() {
            let reason = "the net has no layer with neurons, so that there is nothing to run".to_owned();
            return Err(GraphError::Option { option: "layer".to_owned(), reason });
        }
        Ok(net)
    }

    /// The group of channels of a net with values of `shape`.
    fn channels(&mut self, shape: Shape) -> Before {
        self.network.inputs.push(InputGroup::of_host("input", shape.count() as u32));
        Before { endpoint: Endpoint::Input(0), shape, delays: Vec::new(), delayed: None }
    }

    fn input(&mut self, place: Place<'_>, before: Option<Before>) -> Result<Before, GraphError> {
        if before.is_some() {
            return Err(place.wrong("type", "only the first layer is an input"));
        }
        if place.layer.neuron.is_some() {
            let reason = "an input layer with neurons takes numbers as their biases, and a network takes events: export the \
                          net without it, or give its spikes as the input";
            return Err(place.wrong("neuron", reason));
        }
        for field in ["weight", "bias"] {
            if place.layer.numbers.contains_key(field) {
                return Err(place.wrong(field, "an input layer without neurons has none"));
            }
        }
        let shape = place.shape()?;
        self.layers.push(format!("{} input: {shape}", place.index));
        Ok(self.channels(shape))
    }

    fn flatten(&mut self, place: Place<'_>, before: Option<Before>) -> Result<Before, GraphError> {
        let Some(before) = before else {
            return Err(place.wrong("type", "there is nothing before it that it could flatten"));
        };
        let shape = Shape::line(before.shape.count());
        if place.layer.numbers.contains_key("shape") && place.shape()?.count() != shape.count() {
            let reason = format!("the layer before has {} values", shape.count());
            return Err(place.wrong("shape", reason));
        }
        self.layers.push(format!("{} flatten: {shape}", place.index));
        // Delays by channel were spread over the neurons when they were read.
        Ok(Before { shape, ..before })
    }

    fn neurons(&mut self, place: Place<'_>, before: Option<Before>, chip: &ChipSpec) -> Result<Before, GraphError> {
        let shape = place.shape()?;
        let before = match before {
            Some(before) => before,
            // Nets of dense layers are often exported without an input.
            None if place.layer.kind == "dense" => {
                let columns = layers::dense_columns(place, shape)?;
                self.channels(Shape::line(columns))
            }
            None => return Err(place.wrong("type", "the net has no input layer that says what it gets")),
        };
        let Unrolled { connections, words } = match place.layer.kind.as_str() {
            "dense" => layers::dense(place, before.shape, shape)?,
            "conv" => layers::convolution(place, before.shape, shape)?,
            _ => layers::pool(place, before.shape, shape)?,
        };
        let Some(neuron) = &place.layer.neuron else {
            let reason =
                "it is missing: lava-dl then takes neurons without a threshold or a leak, which the chip has not";
            return Err(place.wrong("neuron", reason));
        };
        self.notes(place, neuron);
        let parameters = place.parameters(neuron, shape, chip)?;
        let post = self.network.populations.len();
        let name = format!("layer-{}", place.index);
        let size = shape.count() as u32;
        self.network.populations.push(Population { name: name.clone(), size, model: CoreModel::Loihi, parameters });
        let senders = before.shape.count() as u32;
        let connections = match before.delays.iter().find(|delay| **delay != before.delays[0]) {
            None => Connections::from_list(senders, connections),
            Some(_) => {
                let late =
                    |(pre, post, weight): (u32, u32, Weight)| (pre, post, weight, 1 + before.delays[pre as usize]);
                Connections::from_delayed_list(senders, connections.into_iter().map(late).collect())
            }
        };
        let kind = chip.default_synapse(CoreModel::Loihi, false).map(|kind| chip.synapses[kind].name.clone());
        let Some(kind) = kind else {
            let reason = format!("chip `{}` has no synapse for neurons of these rules", chip.name);
            return Err(place.wrong("type", reason));
        };
        self.network.projections.push(Projection {
            name: format!("to-{name}"),
            pre: before.endpoint,
            post,
            synapse: SynapseChoice { excitatory: kind.clone(), inhibitory: kind },
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: 1 + before.delays.first().copied().unwrap_or(0),
            weight_format: WeightFormat::default(),
        });
        let delays = place.delays(shape)?;
        let delayed = delays.iter().any(|delay| *delay > 0).then_some(place.index);
        let late = if delayed.is_some() { ", with delays" } else { "" };
        self.layers.push(format!("{} {}: {shape}, {words}{late}", place.index, place.layer.kind));
        Ok(Before { endpoint: Endpoint::Population(post), shape, delays, delayed })
    }

    /// Notes the numbers of a layer that are not read.
    fn notes(&mut self, place: Place<'_>, neuron: &NetxNeuron) {
        let mut note = |field: String| {
            let text = format!("its field `{field}` is not read");
            self.notes.push((format!("layer {}", place.index), text));
        };
        let known = ["shape", "weight", "bias", "delay", "stride", "padding", "dilation", "groups"];
        let layer = place.layer.numbers.keys().map(String::as_str);
        layer.filter(|name| !known.contains(name) && !SAID_AGAIN.contains(name)).for_each(|name| note(name.to_owned()));
        let known = ["iDecay", "vDecay", "vThMant", "refDelay", "gradedSpike", "messageBits"];
        let neuron = neuron.numbers.keys().map(String::as_str);
        let unread = neuron.filter(|name| !known.contains(name) && !UNREAD.contains(name));
        unread.for_each(|name| note(format!("neuron/{name}")));
    }
}

impl Place<'_> {
    fn wrong(&self, field: &str, reason: impl Into<String>) -> GraphError {
        GraphError::Layer { layer: self.index, field: field.to_owned(), reason: reason.into() }
    }

    /// The numbers of a field, which are whole and within `range`.
    fn whole(&self, field: &str, array: &NirArray, (low, high): (i64, i64)) -> Result<Vec<i64>, GraphError> {
        let one = |(at, value): (usize, &f64)| {
            if value.floor() == *value && (low as f64..=high as f64).contains(value) {
                return Ok(*value as i64);
            }
            let reason = format!("its number {at} is {value}; whole numbers from {low} to {high} are needed");
            Err(self.wrong(field, reason))
        };
        array.values.iter().enumerate().map(one).collect()
    }

    /// The numbers of a field of the layer; none if it is not there.
    fn field(&self, field: &str, range: (i64, i64)) -> Result<Option<Vec<i64>>, GraphError> {
        self.layer.numbers.get(field).map(|array| self.whole(field, array, range)).transpose()
    }

    /// The field `shape`: channels, rows and columns, or one length.
    fn shape(&self) -> Result<Shape, GraphError> {
        let Some(lengths) = self.field("shape", (1, layers::VALUES_MAX as i64))? else {
            return Err(self.wrong("shape", "it is missing"));
        };
        let lengths: Vec<usize> = lengths.into_iter().map(|length| length as usize).collect();
        let shape = match lengths[..] {
            [channels] => Shape([channels, 1, 1]),
            [rows, columns] => Shape([1, rows, columns]),
            [channels, rows, columns] => Shape([channels, rows, columns]),
            _ => return Err(self.wrong("shape", format!("it has {} axes; 1 to 3 are read", lengths.len()))),
        };
        let values = lengths.iter().fold(1usize, |all, length| all.saturating_mul(*length));
        if values > layers::VALUES_MAX {
            let what = format!("the number of values of layer {}", self.index);
            return Err(GraphError::TooMuch { what, value: values as u64, limit: layers::VALUES_MAX as u64 });
        }
        Ok(shape)
    }

    /// A number for each neuron of a layer of `shape`: there is one for all, one a channel, or one a neuron.
    fn spread(&self, field: &str, values: Vec<i64>, shape: Shape) -> Result<Vec<i64>, GraphError> {
        let ([channels, ..], neurons) = (shape.0, shape.count());
        match values.len() {
            1 => Ok(vec![values[0]; neurons]),
            count if count == neurons => Ok(values),
            count if count == channels => {
                Ok(values.into_iter().flat_map(|value| std::iter::repeat_n(value, neurons / channels)).collect())
            }
            count => {
                let reason =
                    format!("it has {count} numbers; 1, {channels} (a channel) or {neurons} (a neuron) are read");
                Err(self.wrong(field, reason))
            }
        }
    }

    /// Steps by which the spikes of each neuron are late.
    fn delays(&self, shape: Shape) -> Result<Vec<u16>, GraphError> {
        let Some(delays) = self.field("delay", (0, DELAY_MAX))? else { return Ok(Vec::new()) };
        Ok(self.spread("delay", delays, shape)?.into_iter().map(|delay| delay as u16).collect())
    }

    /// The parameters of the neurons of a layer of `shape`, as `chip` calls them.
    fn parameters(
        &self,
        neuron: &NetxNeuron,
        shape: Shape,
        chip: &ChipSpec,
    ) -> Result<BTreeMap<String, Values>, GraphError> {
        if !NEURONS.contains(&neuron.kind.as_str()) {
            let reason = format!("neurons of type `{}` are not read; {} are", neuron.kind, NEURONS.join(" and "));
            return Err(self.wrong("neuron/type", reason));
        }
        let number = |name: &str, range| -> Result<Option<Vec<i64>>, GraphError> {
            let field = format!("neuron/{name}");
            let Some(array) = neuron.numbers.get(name) else { return Ok(None) };
            self.spread(&field, self.whole(&field, array, range)?, shape).map(Some)
        };
        let needed = |name: &str, range| {
            number(name, range)?.ok_or_else(|| self.wrong(&format!("neuron/{name}"), "it is missing"))
        };
        for name in ["gradedSpike", "messageBits"] {
            if number(name, (0, 32))?.is_some_and(|values| values.iter().any(|value| *value != 0)) {
                let reason = "spikes that carry numbers are not those of the chip's neurons: train with plain spikes";
                return Err(self.wrong(&format!("neuron/{name}"), reason));
            }
        }
        // The chip adds 1 to the decay of a current.
        let decay_u = needed("iDecay", (1, 4096))?.into_iter().map(|decay| decay - 1).collect();
        let mut parameters = BTreeMap::from([
            ("decay_u".to_owned(), values(decay_u)),
            ("decay_v".to_owned(), values(needed("vDecay", (0, 4095))?)),
            ("v_threshold".to_owned(), values(needed("vThMant", (1, (1 << 17) - 1))?)),
        ]);
        let periods = number("refDelay", (0, 63))?.unwrap_or_else(|| vec![1]);
        if periods.iter().any(|period| *period > 1) {
            if !chip.parameters.contains_key("refractory") {
                let reason = format!("neurons of chip `{}` have no refractory period: 1 is none", chip.name);
                return Err(self.wrong("neuron/refDelay", reason));
            }
            parameters.insert("refractory".to_owned(), values(periods.iter().map(|period| (*period).max(1)).collect()));
        }
        if let Some(bias) = self.field("bias", (-4095, 4095))? {
            let bias = self.spread("bias", bias, shape)?;
            parameters.insert("bias_mantissa".to_owned(), values(bias));
            parameters.insert("bias_exponent".to_owned(), values(vec![BIAS_EXPONENT]));
        }
        Ok(parameters)
    }
}

/// One value for all neurons where they agree, else one for each.
fn values(all: Vec<i64>) -> Values {
    let quantity = |value: i64| Quantity::number(Decimal::integer(value));
    match &all[..] {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => Values::Shared(quantity(*first)),
        _ => Values::PerNeuron(all.into_iter().map(quantity).collect()),
    }
}
