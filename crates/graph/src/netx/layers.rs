//! Layers unrolled into connections.

use super::Place;
use crate::GraphError;
use fx::Weight;
use network::Convolution;
use std::fmt;

/// Most values of a layer: more than a chip has neurons.
pub(super) const VALUES_MAX: usize = 1 << 20;
/// Most connections into a layer: more than the synapse memories of a chip hold.
const CONNECTIONS_MAX: usize = 1 << 24;
/// The largest weight that is read.
const WEIGHT_MAX: i64 = 1 << 10;

/// Channels, rows and columns of the values of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape(pub(super) [usize; 3]);

impl Shape {
    /// Values without rows and columns.
    pub(super) const fn line(count: usize) -> Self {
        Self([count, 1, 1])
    }

    /// All of them.
    pub(super) fn count(self) -> usize {
        self.0.iter().product()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [channels, rows, columns] = self.0;
        if [rows, columns] == [1, 1] { write!(f, "{channels}") } else { write!(f, "{channels} x {rows} x {columns}") }
    }
}

/// The connections into a layer, and what they are in words.
pub(super) struct Unrolled {
    /// Sender, receiver and weight, without those of weight 0.
    pub(super) connections: Vec<(u32, u32, Weight)>,
    pub(super) words: String,
}

/// How many values a dense layer of `shape` hears, by its weights.
pub(super) fn dense_columns(place: Place<'_>, shape: Shape) -> Result<usize, GraphError> {
    let array = weights(place)?;
    let rows = shape.count();
    let values = array.values.len();
    let fits = values > 0 && values.is_multiple_of(rows) && (array.shape.len() < 2 || array.shape[0] == rows as u64);
    if !fits {
        let reason = format!("its shape is {:?}, but a row for each of {rows} neurons is needed", array.shape);
        return Err(place.wrong("weight", reason));
    }
    let columns = values / rows;
    if columns > VALUES_MAX {
        let what = format!("the number of values that layer {} hears", place.index);
        return Err(GraphError::TooMuch { what, value: columns as u64, limit: VALUES_MAX as u64 });
    }
    Ok(columns)
}

/// The field `weight`.
fn weights(place: Place<'_>) -> Result<&formats::nir::NirArray, GraphError> {
    if place.layer.groups.iter().any(|group| group == "weight") {
        return Err(place.wrong("weight", "complex weights, which resonators have, are not read"));
    }
    place.layer.numbers.get("weight").ok_or_else(|| place.wrong("weight", "it is missing"))
}

/// Every value of the layer before to every neuron, in rows by neuron.
pub(super) fn dense(place: Place<'_>, from: Shape, to: Shape) -> Result<Unrolled, GraphError> {
    let columns = dense_columns(place, to)?;
    if columns != from.count() {
        let reason = format!("it has {columns} weights a neuron, and the layer before {} values", from.count());
        return Err(place.wrong("weight", reason));
    }
    limit(place, columns.saturating_mul(to.count()))?;
    let all = place.whole("weight", weights(place)?, (-WEIGHT_MAX, WEIGHT_MAX))?;
    let mut connections = Vec::new();
    for (at, weight) in all.into_iter().enumerate().filter(|(_, weight)| *weight != 0) {
        connections.push(((at % columns) as u32, (at / columns) as u32, whole(weight)));
    }
    let words = format!("{} connections", connections.len());
    Ok(Unrolled { connections, words })
}

/// Two lengths of a field: of rows, and of columns; one number is both.
fn pair(place: Place<'_>, field: &str, range: (i64, i64), default: u32) -> Result<[u32; 2], GraphError> {
    match place.field(field, range)?.as_deref() {
        None => Ok([default; 2]),
        Some([both]) => Ok([*both as u32; 2]),
        Some([rows, columns]) => Ok([*rows as u32, *columns as u32]),
        Some(others) => Err(place.wrong(field, format!("it has {} numbers; 1 or 2 are read", others.len()))),
    }
}

/// A layer whose kernel moves over rows and columns: `lead` kernels, each over `heard` channels; `groups` as a
/// convolution has them. Of a pool, one kernel serves every channel.
fn moved(
    place: Place<'_>,
    (from, to): (Shape, Shape),
    [lead, heard, groups]: [usize; 3],
) -> Result<Unrolled, GraphError> {
    let array = weights(place)?;
    // A last axis of length 1 is that of time.
    let axes = match &array.shape[..] {
        [axes @ .., 1] if axes.len() == 4 => axes,
        axes => axes,
    };
    let (rows, columns) = match *axes {
        [first, second, rows, columns] if first == lead as u64 && second == heard as u64 => (rows, columns),
        _ => {
            let shape = &array.shape;
            let reason = format!(
                "its shape is {shape:?}, but [{lead}, {heard}, rows, columns] is needed after the layer before"
            );
            return Err(place.wrong("weight", reason));
        }
    };
    let length = |length: u64| u32::try_from(length).unwrap_or(u32::MAX);
    let all = (1, VALUES_MAX as i64);
    let convolution = Convolution {
        input: from.0.map(|length| length as u32),
        channels: to.0[0] as u32,
        kernel: [length(rows), length(columns)],
        stride: pair(place, "stride", all, 1)?,
        padding: pair(place, "padding", (0, VALUES_MAX as i64), 0)?,
        dilation: pair(place, "dilation", all, 1)?,
        groups: groups as u32,
    };
    let Some(output) = convolution.output() else {
        let reason =
            format!("its kernel of {rows} x {columns} has no place among the values of the layer before, {from}");
        return Err(place.wrong("weight", reason));
    };
    if output.map(|length| length as usize) != to.0 {
        let output = Shape(output.map(|length| length as usize));
        let reason = format!("it says {to}, but kernel, stride, padding and dilation make {output} of {from}");
        return Err(place.wrong("shape", reason));
    }
    limit(place, convolution.connections_max().map_or(usize::MAX, |most| most as usize))?;
    let kernel: Vec<Weight> = place.whole("weight", array, (-WEIGHT_MAX, WEIGHT_MAX))?.into_iter().map(whole).collect();
    let kernels = if lead == to.0[0] { kernel } else { kernel.repeat(to.0[0]) };
    let connections = convolution.unroll(&kernels);
    let words = format!("{} connections of a kernel of {rows} x {columns}", connections.len());
    Ok(Unrolled { connections, words })
}

/// A convolution.
pub(super) fn convolution(place: Place<'_>, from: Shape, to: Shape) -> Result<Unrolled, GraphError> {
    let groups = match place.field("groups", (1, VALUES_MAX as i64))?.as_deref() {
        None => 1,
        Some([groups]) => *groups as usize,
        Some(others) => return Err(place.wrong("groups", format!("it has {} numbers, not 1", others.len()))),
    };
    let [channels, ..] = from.0;
    if !channels.is_multiple_of(groups) || !to.0[0].is_multiple_of(groups) {
        let reason = format!("{groups} groups do not divide {channels} channels before and {} here", to.0[0]);
        return Err(place.wrong("groups", reason));
    }
    moved(place, (from, to), [to.0[0], channels / groups, groups])
}

/// A pool: one kernel for every channel.
pub(super) fn pool(place: Place<'_>, from: Shape, to: Shape) -> Result<Unrolled, GraphError> {
    if from.0[0] != to.0[0] {
        let reason = format!("a pool has the channels of the layer before: {}, not {}", from.0[0], to.0[0]);
        return Err(place.wrong("shape", reason));
    }
    moved(place, (from, to), [1, 1, to.0[0]])
}

fn whole(weight: i64) -> Weight {
    Weight::from_bits((weight << Weight::FRACTION_BITS) as i32)
}

/// Refuses more connections than are built.
fn limit(place: Place<'_>, connections: usize) -> Result<(), GraphError> {
    if connections <= CONNECTIONS_MAX {
        return Ok(());
    }
    let what = format!("the number of connections into layer {}", place.index);
    Err(GraphError::TooMuch { what, value: connections as u64, limit: CONNECTIONS_MAX as u64 })
}
