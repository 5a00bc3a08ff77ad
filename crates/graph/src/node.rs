//! What the nodes of a graph are: their types, their parameters, and how many values they give.

use crate::GraphError;
use formats::nir::{NirArray, NirNode};
use std::fmt::Display;

/// Every type of node.
pub(crate) const KINDS: [&str; 18] = [
    "Input",
    "Output",
    "Affine",
    "Linear",
    "Scale",
    "Conv1d",
    "Conv2d",
    "SumPool2d",
    "AvgPool2d",
    "Flatten",
    "Delay",
    "Threshold",
    "I",
    "LI",
    "IF",
    "LIF",
    "CubaLI",
    "CubaLIF",
];

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// What the host sends; of an inner graph, what it gets.
    Input(Vec<u64>),
    /// What the host gets; of an inner graph, what it gives.
    Output,
    /// Weights, and a bias a row.
    Weights { rows: usize, columns: usize, weight: Vec<f64>, bias: Vec<f64> },
    /// A factor each.
    Scale(Vec<f64>),
    /// A convolution.
    Convolution(Convolution),
    /// Sums or means over windows.
    Pool(Pool),
    /// One axis instead of several.
    Flatten,
    /// Seconds by which values are late.
    Delay(Vec<f64>),
    /// Neurons.
    Neurons(Neurons),
}

/// Two numbers of a convolution or pool: along rows and columns.
pub(crate) type Pair = [usize; 2];

/// How a convolution continues its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// By this many zeros on both sides.
    Zeros(Pair),
    /// So that the output has the size of the input; an odd one stands at the end.
    Same,
}

/// A cross-correlation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    /// Axes of its input besides the channels: 1 or 2.
    pub(crate) axes: usize,
    /// Channels out, channels in of a group, rows, columns.
    pub(crate) shape: [usize; 4],
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Vec<f64>,
    pub(crate) stride: Pair,
    pub(crate) dilation: Pair,
    pub(crate) padding: Padding,
    pub(crate) groups: usize,
    /// Rows and columns of its input, if the file says so.
    pub(crate) input: Option<Pair>,
}

/// Windows over which channels are summed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pool {
    pub(crate) kernel: Pair,
    pub(crate) stride: Pair,
    pub(crate) padding: Pair,
    /// Whether sums are divided by the size of the window.
    pub(crate) mean: bool,
}

/// The types of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeuronKind {
    /// 1 where its input is above a threshold.
    Threshold,
    /// An integrator.
    I,
    /// A leaky integrator.
    Li,
    /// An integrator that spikes.
    If,
    /// A leaky integrator that spikes.
    Lif,
    /// A leaky integrator of a current.
    CubaLi,
    /// A leaky integrator of a current that spikes.
    CubaLif,
}

impl NeuronKind {
    /// The spelling in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threshold => "Threshold",
            Self::I => "I",
            Self::Li => "LI",
            Self::If => "IF",
            Self::Lif => "LIF",
            Self::CubaLi => "CubaLI",
            Self::CubaLif => "CubaLIF",
        }
    }

    /// Whether it spikes.
    pub const fn spikes(self) -> bool {
        !matches!(self, Self::I | Self::Li | Self::CubaLi)
    }

    /// Whether it has a synaptic current.
    pub const fn has_current(self) -> bool {
        matches!(self, Self::CubaLi | Self::CubaLif)
    }

    /// Whether its voltage leaks.
    pub const fn leaks(self) -> bool {
        matches!(self, Self::Li | Self::Lif | Self::CubaLi | Self::CubaLif)
    }
}

/// Neurons with their parameters, each one value, or one a neuron.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Neurons {
    pub(crate) kind: NeuronKind,
    /// The shape that the parameters have; none if they are single values.
    pub(crate) shape: Option<Vec<u64>>,
    /// Seconds; of `CubaLIF` that of the membrane.
    pub(crate) tau: Vec<f64>,
    pub(crate) tau_syn: Vec<f64>,
    pub(crate) r: Vec<f64>,
    pub(crate) v_leak: Vec<f64>,
    pub(crate) v_threshold: Vec<f64>,
    pub(crate) v_reset: Vec<f64>,
    pub(crate) w_in: Vec<f64>,
}

/// The parameters of a node, as it is read.
struct Fields<'a> {
    name: &'a str,
    node: &'a NirNode,
}

/// A shape without leading axes of length 1.
pub(crate) fn trimmed(shape: &[u64]) -> &[u64] {
    let ones = shape.iter().take_while(|length| **length == 1).count();
    &shape[ones..]
}

/// Values in an array of this shape; `None` beyond 64 bits.
pub(crate) fn size(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1u64, |size, length| size.checked_mul(*length))
}

impl<'a> Fields<'a> {
    fn wrong(&self, field: &str, reason: impl Display) -> GraphError {
        GraphError::Field { node: self.name.into(), field: field.into(), reason: reason.to_string() }
    }

    /// A parameter whose numbers are all finite; none if it is not there.
    fn optional(&self, field: &'static str) -> Result<Option<&'a NirArray>, GraphError> {
        let Some(array) = self.node.numbers.get(field) else { return Ok(None) };
        match array.values.iter().position(|value| !value.is_finite()) {
            None => Ok(Some(array)),
            Some(at) => {
                Err(self.wrong(field, format_args!("element {at} is {}, which is no number", array.values[at])))
            }
        }
    }

    fn needed(&self, field: &'static str) -> Result<&'a NirArray, GraphError> {
        let (node, kind) = (self.name.to_owned(), self.node.kind.clone());
        self.optional(field)?.ok_or(GraphError::Missing { node, field, kind })
    }

    /// A whole number of at least `least`, for both axes or for each; `default` if it is not there.
    fn pair(&self, field: &'static str, axes: usize, least: u64, default: Option<usize>) -> Result<Pair, GraphError> {
        let array = match default {
            Some(default) => match self.optional(field)? {
                None => return Ok(if axes == 2 { [default; 2] } else { [if least == 0 { 0 } else { 1 }, default] }),
                Some(array) => array,
            },
            None => self.needed(field)?,
        };
        let whole = |value: f64| {
            let whole = value >= least as f64 && value <= f64::from(1u32 << 24) && value == value.floor();
            if whole {
                Ok(value as usize)
            } else {
                Err(self.wrong(field, format_args!("it is {value}, but must be a whole number of at least {least}")))
            }
        };
        let neutral = usize::from(least > 0);
        match (&array.values[..], axes) {
            ([one], 2) => Ok([whole(*one)?; 2]),
            ([one], _) => Ok([neutral, whole(*one)?]),
            ([first, second], 2) => Ok([whole(*first)?, whole(*second)?]),
            (several, _) => Err(self.wrong(
                field,
                format_args!("it has {} numbers, but one an axis or one for all is needed", several.len()),
            )),
        }
    }

    /// The shape of a node that is an end.
    fn ends(&self) -> Result<Vec<u64>, GraphError> {
        let array = self.needed("shape")?;
        let length = |value: &f64| {
            let whole = *value >= 1.0 && *value <= 9e15 && *value == value.floor();
            if whole {
                Ok(*value as u64)
            } else {
                Err(self.wrong("shape", format_args!("{value} is no length of an axis")))
            }
        };
        array.values.iter().map(length).collect()
    }

    fn weights(&self, has_bias: bool) -> Result<Node, GraphError> {
        let array = self.needed("weight")?;
        // Some writers keep axes of a batch.
        let shape = if array.shape.len() > 2 { trimmed(&array.shape) } else { &array.shape };
        let (rows, columns) = match shape {
            [rows, columns] => (*rows as usize, *columns as usize),
            [columns] if array.shape.len() > 2 => (1, *columns as usize),
            other => return Err(self.wrong("weight", format_args!("its shape is {other:?}, but [out, in] is needed"))),
        };
        if rows == 0 || columns == 0 {
            return Err(
                self.wrong("weight", format_args!("its shape is [{rows}, {columns}], so that it joins nothing"))
            );
        }
        let bias = if has_bias { self.bias(rows)? } else { vec![0.0; rows] };
        Ok(Node::Weights { rows, columns, weight: array.values.clone(), bias })
    }

    /// A bias for each of `count` outputs.
    fn bias(&self, count: usize) -> Result<Vec<f64>, GraphError> {
        let bias = self.needed("bias")?;
        match &bias.values[..] {
            values if values.len() == count => Ok(values.to_vec()),
            [one] if bias.shape.is_empty() => Ok(vec![*one; count]),
            values => Err(self.wrong("bias", format_args!("it has {} values for {count} outputs", values.len()))),
        }
    }

    fn convolution(&self, axes: usize) -> Result<Node, GraphError> {
        let weight = self.needed("weight")?;
        let shape: Vec<usize> = weight.shape.iter().map(|length| *length as usize).collect();
        let shape = match shape[..] {
            [out, channels, columns] if axes == 1 => [out, channels, 1, columns],
            [out, channels, rows, columns] if axes == 2 => [out, channels, rows, columns],
            _ => {
                let axes = if axes == 1 { "[out, in, columns]" } else { "[out, in, rows, columns]" };
                return Err(self.wrong("weight", format_args!("its shape is {:?}, but {axes} is needed", weight.shape)));
            }
        };
        if shape.contains(&0) {
            return Err(self.wrong("weight", format_args!("its shape is {:?}, so that it joins nothing", weight.shape)));
        }
        let padding = match self.node.texts.get("padding").map(String::as_str) {
            None => Padding::Zeros(self.pair("padding", axes, 0, Some(0))?),
            Some("same") => Padding::Same,
            Some("valid") => Padding::Zeros([0; 2]),
            Some(other) => return Err(self.wrong("padding", format_args!("`{other}` is neither `same` nor `valid`"))),
        };
        let (stride, dilation) = (self.pair("stride", axes, 1, Some(1))?, self.pair("dilation", axes, 1, Some(1))?);
        if padding == Padding::Same && stride != [1; 2] {
            return Err(self.wrong("padding", "`same` needs a stride of 1"));
        }
        let [_, groups] = self.pair("groups", 1, 1, Some(1))?;
        if !shape[0].is_multiple_of(groups) {
            return Err(self.wrong("groups", format_args!("{} outputs are not {groups} equal groups", shape[0])));
        }
        let input = match self.optional("input_shape")? {
            None => None,
            Some(_) => Some(self.pair("input_shape", axes, 1, None)?),
        };
        let bias = match self.optional("bias")? {
            None => vec![0.0; shape[0]],
            Some(_) => self.bias(shape[0])?,
        };
        let weight = weight.values.clone();
        Ok(Node::Convolution(Convolution { axes, shape, weight, bias, stride, dilation, padding, groups, input }))
    }

    fn pool(&self, mean: bool) -> Result<Node, GraphError> {
        let kernel = self.pair("kernel_size", 2, 1, None)?;
        let stride = match self.optional("stride")? {
            None => kernel,
            Some(_) => self.pair("stride", 2, 1, None)?,
        };
        let padding = self.pair("padding", 2, 0, Some(0))?;
        Ok(Node::Pool(Pool { kernel, stride, padding, mean }))
    }

    fn neurons(&self, kind: NeuronKind) -> Result<Node, GraphError> {
        let mut shape: Option<(&'static str, Vec<u64>)> = None;
        let mut read = |field: &'static str, default: Option<f64>| -> Result<Vec<f64>, GraphError> {
            let array = match (self.optional(field)?, default) {
                (Some(array), _) => array,
                (None, Some(default)) => return Ok(vec![default]),
                (None, None) => self.needed(field)?,
            };
            let own = trimmed(&array.shape);
            if array.values.is_empty() {
                return Err(self.wrong(field, "it has no value"));
            }
            if array.values.len() > 1 {
                match &shape {
                    None => shape = Some((field, own.to_vec())),
                    Some((other, shape)) if shape != own => {
                        let reason = format!("its shape is {own:?}, but that of `{other}` is {shape:?}");
                        return Err(self.wrong(field, reason));
                    }
                    Some(_) => {}
                }
            }
            Ok(array.values.clone())
        };
        let leaks = kind.leaks();
        let absent = || vec![0.0];
        let tau_name = if kind.has_current() { "tau_mem" } else { "tau" };
        let spikes = kind.spikes();
        let resets = spikes && kind != NeuronKind::Threshold;
        let neurons = Neurons {
            kind,
            tau: if leaks { read(tau_name, None)? } else { vec![1.0] },
            tau_syn: if kind.has_current() { read("tau_syn", None)? } else { vec![1.0] },
            r: if kind == NeuronKind::Threshold { vec![1.0] } else { read("r", None)? },
            v_leak: if leaks { read("v_leak", None)? } else { absent() },
            v_threshold: match kind {
                NeuronKind::Threshold => read("threshold", None)?,
                _ if spikes => read("v_threshold", None)?,
                _ => absent(),
            },
            v_reset: if resets { read("v_reset", Some(0.0))? } else { absent() },
            w_in: if kind.has_current() { read("w_in", Some(1.0))? } else { vec![1.0] },
            shape: None,
        };
        for (field, values) in [(tau_name, &neurons.tau), ("tau_syn", &neurons.tau_syn)] {
            if let Some(at) = values.iter().position(|tau| *tau <= 0.0) {
                let reason = format!("element {at} is {} s, but a time constant is above 0", values[at]);
                return Err(self.wrong(field, reason));
            }
        }
        Ok(Node::Neurons(Neurons { shape: shape.map(|(_, shape)| shape), ..neurons }))
    }
}

impl Node {
    /// The node called `name`.
    ///
    /// # Errors
    /// A type that is not known, and a parameter that is missing, no number or impossible.
    pub(crate) fn read(name: &str, node: &NirNode) -> Result<Self, GraphError> {
        let fields = Fields { name, node };
        match node.kind.as_str() {
            "Input" => Ok(Self::Input(fields.ends()?)),
            "Output" => {
                if node.numbers.contains_key("shape") {
                    fields.ends()?;
                }
                Ok(Self::Output)
            }
            "Affine" => fields.weights(true),
            "Linear" => fields.weights(false),
            "Scale" => Ok(Self::Scale(fields.needed("scale")?.values.clone())),
            "Conv1d" => fields.convolution(1),
            "Conv2d" => fields.convolution(2),
            "SumPool2d" => fields.pool(false),
            "AvgPool2d" => fields.pool(true),
            "Flatten" => Ok(Self::Flatten),
            "Delay" => {
                let delay = fields.needed("delay")?;
                match delay.values.iter().position(|delay| *delay < 0.0) {
                    None => Ok(Self::Delay(delay.values.clone())),
                    Some(at) => {
                        let reason =
                            format!("element {at} is {} s, but nothing arrives before it is sent", delay.values[at]);
                        Err(fields.wrong("delay", reason))
                    }
                }
            }
            "Threshold" => fields.neurons(NeuronKind::Threshold),
            "I" => fields.neurons(NeuronKind::I),
            "LI" => fields.neurons(NeuronKind::Li),
            "IF" => fields.neurons(NeuronKind::If),
            "LIF" => fields.neurons(NeuronKind::Lif),
            "CubaLI" => fields.neurons(NeuronKind::CubaLi),
            "CubaLIF" => fields.neurons(NeuronKind::CubaLif),
            _ => Err(GraphError::Kind { node: name.into(), kind: node.kind.clone(), known: KINDS.to_vec() }),
        }
    }
}
