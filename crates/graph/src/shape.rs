//! How many values each node gives and takes.

use crate::GraphError;
use crate::flat::Flat;
use crate::node::{Convolution, Node, Padding, Pair, Pool, size, trimmed};
use std::collections::BTreeMap;

/// Most values of a node.
pub(crate) const VALUES_MAX: u64 = 1 << 24;

/// The shape of what a node gives, without axes of a batch.
pub(crate) type Shapes = BTreeMap<String, Vec<u64>>;

/// The shape of what each node gives.
///
/// # Errors
/// Sizes that do not fit together, and nodes of which nothing says how many values they have.
pub(crate) fn infer(flat: &Flat, nodes: &BTreeMap<String, Node>) -> Result<Shapes, GraphError> {
    let mut shapes = Shapes::new();
    loop {
        let mut changed = false;
        for (name, node) in nodes {
            if shapes.contains_key(name) {
                continue;
            }
            let from = flat.edges.iter().filter(|(_, to)| to == name).find_map(|(from, _)| shapes.get(from));
            if let Some(shape) = of(name, node, flat.inner.contains(name), from)? {
                let values = size(&shape).unwrap_or(u64::MAX);
                if values > VALUES_MAX {
                    let what = format!("the number of values of node `{name}`");
                    return Err(GraphError::TooMuch { what, value: values, limit: VALUES_MAX });
                }
                shapes.insert(name.clone(), shape);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    if let Some(node) = nodes.keys().find(|name| !shapes.contains_key(*name)) {
        return Err(GraphError::Unreached { node: node.clone() });
    }
    for (from, to) in &flat.edges {
        let gives = size(&shapes[from]).unwrap_or(u64::MAX);
        let takes = match &nodes[to] {
            Node::Weights { columns, .. } => *columns as u64,
            Node::Convolution(convolution) => {
                // The first edge has shown that it fits.
                input_of(to, convolution, &shapes[from])?.iter().map(|length| *length as u64).product()
            }
            Node::Pool(_) => size(&shapes[from]).unwrap_or(u64::MAX),
            _ => size(&shapes[to]).unwrap_or(u64::MAX),
        };
        if gives != takes {
            return Err(GraphError::Sizes { from: from.clone(), to: to.clone(), gives, takes });
        }
    }
    Ok(shapes)
}

/// What a node gives if it gets `from`; none if that is not known yet.
fn of(name: &str, node: &Node, is_inner: bool, from: Option<&Vec<u64>>) -> Result<Option<Vec<u64>>, GraphError> {
    let passed = || from.cloned();
    Ok(match node {
        // The door of an inner graph gives what it gets.
        Node::Input(_) if is_inner => passed(),
        Node::Input(shape) => Some(trimmed(shape).to_vec()),
        Node::Output => passed(),
        Node::Weights { rows, .. } => Some(vec![*rows as u64]),
        Node::Scale(values) | Node::Delay(values) => {
            let Some(from) = from else { return Ok(None) };
            let (given, taken) = (values.len() as u64, size(from).unwrap_or(u64::MAX));
            if given != 1 && given != taken {
                let field = if matches!(node, Node::Scale(_)) { "scale" } else { "delay" };
                let reason = format!("it has {given} values, but the node gets {taken}");
                return Err(GraphError::Field { node: name.into(), field: field.into(), reason });
            }
            passed()
        }
        Node::Convolution(convolution) => match from {
            None => None,
            Some(from) => {
                let [_, rows, columns] = input_of(name, convolution, from)?;
                let [height, width] = output_of(name, convolution, [rows, columns])?;
                let channels = convolution.shape[0] as u64;
                Some(if convolution.axes == 1 {
                    vec![channels, width as u64]
                } else {
                    vec![channels, height as u64, width as u64]
                })
            }
        },
        Node::Pool(pool) => match from {
            None => None,
            Some(from) => {
                let input = channels_of(name, from, 2)?;
                let [height, width] = pooled(name, pool, [input[1], input[2]])?;
                Some(vec![input[0] as u64, height as u64, width as u64])
            }
        },
        Node::Flatten => from.map(|from| vec![size(from).unwrap_or(u64::MAX)]),
        Node::Neurons(neurons) => match (&neurons.shape, from) {
            // The shape of what arrives says more than a flat list of parameters.
            (Some(own), Some(from)) if size(own) == size(from) => Some(from.clone()),
            (Some(own), _) => Some(own.clone()),
            (None, _) => passed(),
        },
    })
}

/// Channels, rows and columns of an array with `axes` axes besides the channels.
fn channels_of(name: &str, shape: &[u64], axes: usize) -> Result<[usize; 3], GraphError> {
    let shape: Vec<usize> = shape.iter().map(|length| *length as usize).collect();
    match (axes, &shape[..]) {
        (1, [channels, columns]) => Ok([*channels, 1, *columns]),
        // A single channel was an axis of length 1.
        (1, [columns]) => Ok([1, 1, *columns]),
        (2, [channels, rows, columns]) => Ok([*channels, *rows, *columns]),
        (2, [rows, columns]) => Ok([1, *rows, *columns]),
        _ => Err(GraphError::Field {
            node: name.into(),
            field: "input".into(),
            reason: format!("it gets an array of shape {shape:?}, but channels and {axes} axes are needed"),
        }),
    }
}

/// Channels, rows and columns of what a convolution gets.
pub(crate) fn input_of(name: &str, convolution: &Convolution, from: &[u64]) -> Result<[usize; 3], GraphError> {
    let wrong = |reason: String| GraphError::Field { node: name.into(), field: "weight".into(), reason };
    let input = channels_of(name, from, convolution.axes)?;
    let channels = convolution.shape[1] * convolution.groups;
    if input[0] != channels {
        return Err(wrong(format!("it is for {channels} channels, but the node gets {}", input[0])));
    }
    if let Some(stated) = convolution.input
        && stated != [input[1], input[2]]
    {
        let reason = format!("it is {stated:?}, but the node gets {:?}", [input[1], input[2]]);
        return Err(GraphError::Field { node: name.into(), field: "input_shape".into(), reason });
    }
    Ok(input)
}

/// Zeros before and after each axis.
pub(crate) fn zeros(convolution: &Convolution) -> [[usize; 2]; 2] {
    match convolution.padding {
        Padding::Zeros(pair) => pair.map(|zeros| [zeros; 2]),
        Padding::Same => {
            let all = |axis: usize| (convolution.shape[2 + axis] - 1) * convolution.dilation[axis];
            [0, 1].map(|axis| [all(axis) / 2, all(axis) - all(axis) / 2])
        }
    }
}

/// Rows and columns of what a convolution gives.
pub(crate) fn output_of(name: &str, convolution: &Convolution, input: Pair) -> Result<Pair, GraphError> {
    let zeros = zeros(convolution);
    let reach = [0, 1].map(|axis| (convolution.shape[2 + axis] - 1) * convolution.dilation[axis] + 1);
    windows(name, "weight", input, zeros, reach, convolution.stride)
}

/// Rows and columns of what a pool gives.
pub(crate) fn pooled(name: &str, pool: &Pool, input: Pair) -> Result<Pair, GraphError> {
    windows(name, "kernel_size", input, pool.padding.map(|zeros| [zeros; 2]), pool.kernel, pool.stride)
}

/// How many windows of `reach` fit along each axis.
fn windows(
    name: &str,
    field: &str,
    input: Pair,
    zeros: [[usize; 2]; 2],
    reach: Pair,
    stride: Pair,
) -> Result<Pair, GraphError> {
    let mut output = [0; 2];
    for axis in 0..2 {
        let length = input[axis] + zeros[axis][0] + zeros[axis][1];
        let Some(rest) = length.checked_sub(reach[axis]) else {
            let reason = format!("a window of {reach:?} does not fit an input of {input:?} with its padding");
            return Err(GraphError::Field { node: name.into(), field: field.into(), reason });
        };
        output[axis] = rest / stride[axis] + 1;
    }
    Ok(output)
}
