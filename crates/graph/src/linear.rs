//! What lies between neurons: sums of products, unrolled into a weight and a delay for each pair of ends.

use crate::GraphError;
use crate::node::{Convolution, Node, Pool};
use crate::shape::{Shapes, input_of, output_of, pooled, zeros};
use std::collections::BTreeMap;

/// Most entries of all maps of a graph: what 2 GiB hold.
pub(crate) const ENTRIES_MAX: usize = 1 << 26;

/// One product of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Whose value is multiplied.
    pub(crate) column: u32,
    /// Steps by which it is late.
    pub(crate) steps: u32,
    pub(crate) factor: f64,
}

/// A linear map: for each value that it gives, the products that are summed.
pub(crate) type Map = Vec<Vec<Entry>>;

/// The map that gives what it gets, `steps` later.
pub(crate) fn identity(count: usize, steps: u32) -> Map {
    (0..count as u32).map(|column| vec![Entry { column, steps, factor: 1.0 }]).collect()
}

/// What a linear node does besides its map: constants that it adds.
pub(crate) struct Linear {
    pub(crate) map: Map,
    pub(crate) bias: Option<Vec<f64>>,
}

/// `outer` after `inner`. Products of one end and delay are added up, in the order of the inner map.
pub(crate) fn compose(outer: &Map, inner: &Map) -> Result<Map, GraphError> {
    let mut total = 0usize;
    let mut rows = Vec::with_capacity(outer.len());
    for row in outer {
        // Most often a row only picks one of the inner map.
        if let [Entry { column, steps: 0, factor: 1.0 }] = row[..] {
            rows.push(inner[column as usize].clone());
        } else {
            let mut sums: BTreeMap<(u32, u32), f64> = BTreeMap::new();
            for first in row {
                for second in &inner[first.column as usize] {
                    let steps = first.steps.saturating_add(second.steps);
                    *sums.entry((second.column, steps)).or_insert(0.0) += first.factor * second.factor;
                }
            }
            rows.push(sums.into_iter().map(|((column, steps), factor)| Entry { column, steps, factor }).collect());
        }
        total += rows.last().map_or(0, Vec::len);
        limit(total)?;
    }
    Ok(rows)
}

/// Adds `map` to `sum`.
pub(crate) fn add(sum: &mut Map, map: &Map) {
    for (row, other) in sum.iter_mut().zip(map) {
        let mut sums: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        for entry in row.iter().chain(other) {
            *sums.entry((entry.column, entry.steps)).or_insert(0.0) += entry.factor;
        }
        *row = sums.into_iter().map(|((column, steps), factor)| Entry { column, steps, factor }).collect();
    }
}

/// The same map, `steps` later.
pub(crate) fn later(map: &Map, steps: u32) -> Map {
    let later = |entry: &Entry| Entry { steps: entry.steps.saturating_add(steps), ..*entry };
    map.iter().map(|row| row.iter().map(later).collect()).collect()
}

/// Refuses more entries than are built.
pub(crate) fn limit(entries: usize) -> Result<(), GraphError> {
    if entries <= ENTRIES_MAX {
        return Ok(());
    }
    let what = "the number of connections, with convolutions and pools unrolled,".to_owned();
    Err(GraphError::TooMuch { what, value: entries as u64, limit: ENTRIES_MAX as u64 })
}

/// The map of a node that is no neuron, which gets values of shape `from`. `dt` is the length of a step in seconds.
pub(crate) fn of(name: &str, node: &Node, from: &[u64], shapes: &Shapes, dt: f64) -> Result<Linear, GraphError> {
    let count = from.iter().product::<u64>() as usize;
    let plain = |map| Linear { map, bias: None };
    Ok(match node {
        Node::Weights { rows, columns, weight, bias } => {
            limit(rows.saturating_mul(*columns))?;
            let row = |values: &[f64]| -> Vec<Entry> {
                let entries = values.iter().enumerate().filter(|(_, factor)| **factor != 0.0);
                entries.map(|(column, factor)| Entry { column: column as u32, steps: 0, factor: *factor }).collect()
            };
            Linear { map: weight.chunks_exact(*columns).map(row).collect(), bias: Some(bias.clone()) }
        }
        Node::Scale(values) => {
            let factor = |n: usize| values[if values.len() == 1 { 0 } else { n }];
            plain((0..count).map(|n| vec![Entry { column: n as u32, steps: 0, factor: factor(n) }]).collect())
        }
        Node::Delay(values) => {
            let steps = |n: usize| steps(name, values[if values.len() == 1 { 0 } else { n }], dt);
            let row = |n: usize| Ok(vec![Entry { column: n as u32, steps: steps(n)?, factor: 1.0 }]);
            plain((0..count).map(row).collect::<Result<_, GraphError>>()?)
        }
        Node::Convolution(convolution) => {
            let [channels, rows, columns] = input_of(name, convolution, from)?;
            convolved(name, convolution, [channels, rows, columns])?
        }
        Node::Pool(pool) => {
            // What it gives has as many channels as what it gets.
            let channels = shapes[name][0] as usize;
            let [rows, columns] = match from[..] {
                [.., rows, columns] => [rows as usize, columns as usize],
                _ => [1, count],
            };
            plain(pool_map(name, pool, [channels, rows, columns])?)
        }
        Node::Input(_) | Node::Output | Node::Flatten | Node::Neurons(_) => plain(identity(count, 0)),
    })
}

/// A delay in steps: to nearest, ties to even.
fn steps(name: &str, delay: f64, dt: f64) -> Result<u32, GraphError> {
    let steps = delay / dt;
    let floor = steps.floor();
    let rest = steps - floor;
    let is_odd = floor % 2.0 != 0.0;
    let whole = if rest > 0.5 || rest == 0.5 && is_odd { floor + 1.0 } else { floor };
    if whole <= f64::from(u16::MAX) {
        return Ok(whole as u32);
    }
    let reason = format!("{delay} s are {whole} steps of {dt} s, more than the {} that are kept", u16::MAX);
    Err(GraphError::Field { node: name.into(), field: "delay".into(), reason })
}

fn convolved(name: &str, convolution: &Convolution, [_, rows, columns]: [usize; 3]) -> Result<Linear, GraphError> {
    let Convolution { shape: [out, inner, height, width], weight, stride, dilation, groups, .. } = convolution;
    let [[top, _], [left, _]] = zeros(convolution);
    let [down, across] = output_of(name, convolution, [rows, columns])?;
    limit(out.saturating_mul(down * across).saturating_mul(inner * height * width))?;
    let per_group = out / groups;
    let mut map = Vec::with_capacity(out * down * across);
    for channel in 0..*out {
        let first = channel / per_group * inner;
        for y in 0..down {
            for x in 0..across {
                let mut row = Vec::new();
                for from in 0..*inner {
                    for (dy, dx) in (0..*height).flat_map(|dy| (0..*width).map(move |dx| (dy, dx))) {
                        let place =
                            |at: usize, stride: usize, step: usize, dilation: usize, zeros: usize, end: usize| {
                                (at * stride + step * dilation).checked_sub(zeros).filter(|at| *at < end)
                            };
                        let (Some(source_y), Some(source_x)) = (
                            place(y, stride[0], dy, dilation[0], top, rows),
                            place(x, stride[1], dx, dilation[1], left, columns),
                        ) else {
                            continue;
                        };
                        let factor = weight[((channel * inner + from) * height + dy) * width + dx];
                        if factor != 0.0 {
                            let column = (((first + from) * rows + source_y) * columns + source_x) as u32;
                            row.push(Entry { column, steps: 0, factor });
                        }
                    }
                }
                map.push(row);
            }
        }
    }
    let bias = convolution.bias.iter().flat_map(|bias| std::iter::repeat_n(*bias, down * across)).collect();
    Ok(Linear { map, bias: Some(bias) })
}

fn pool_map(name: &str, pool: &Pool, [channels, rows, columns]: [usize; 3]) -> Result<Map, GraphError> {
    let [down, across] = pooled(name, pool, [rows, columns])?;
    let window = pool.kernel[0] * pool.kernel[1];
    limit(channels.saturating_mul(down * across).saturating_mul(window))?;
    let factor = if pool.mean { 1.0 / window as f64 } else { 1.0 };
    let along = |at: usize, axis: usize, end: usize| {
        let first = at * pool.stride[axis];
        (first..first + pool.kernel[axis])
            .filter_map(move |place| place.checked_sub(pool.padding[axis]).filter(|place| *place < end))
    };
    let mut map = Vec::with_capacity(channels * down * across);
    for channel in 0..channels {
        for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
            let entries = along(y, 0, rows).flat_map(|row| along(x, 1, columns).map(move |column| (row, column)));
            let entry =
                |(row, column)| Entry { column: ((channel * rows + row) * columns + column) as u32, steps: 0, factor };
            map.push(entries.map(entry).collect());
        }
    }
    Ok(map)
}
