//! Echo-state networks of `rate` units: random recurrent weights of a given spectral radius.
//!
//! The spectral radius needs floats. They are f64 with `+ - * /` and `sqrt` in a fixed order, which IEEE 754 rounds
//! alike everywhere, so the network is still the same bits on every machine.
#![allow(clippy::float_arithmetic, reason = "the spectral radius of a matrix; portable operations only")]

use crate::generate::{Inhibition, Pattern, ProjectionSpec, Signs, Weights};
use crate::reservoir::Recurrence;
use crate::{Connections, Endpoint, InputGroup, Network, NetworkError, Population, SynapseChoice};
use chip::{CoreModel, Values};
use fx::Weight;
use std::collections::BTreeMap;

/// An echo-state network (Jaeger, GMD report 148, 2001).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoStateSpec {
    /// Rate units.
    pub units: u32,
    /// Input channels.
    pub channels: u32,
    /// Probability of a recurrent connection, in units of 1/65536. A unit may hear itself.
    pub connectivity_per_65536: u32,
    /// Spectral radius of all recurrent weights, before any is pruned.
    pub spectral_radius: Weight,
    /// Magnitude of the input weights; every unit hears every channel, with a random sign.
    pub input_scale: Weight,
    /// Input weights are normal with mean 0 and that standard deviation instead, so that no two units hear alike.
    pub input_normal: bool,
    /// How many of the recurrent connections are there.
    pub recurrence: Recurrence,
    /// The kind of synapse, which must be graded and signed.
    pub synapse: String,
    /// Ticks between a change of an output and its arrival.
    pub delay_ticks: u16,
    /// Parameters of the units.
    pub parameters: BTreeMap<String, Values>,
}

/// The network of `spec`: input group and projection `input`, population `reservoir`, projection `recurrent`.
///
/// Recurrent weights are normal with mean 0, then scaled together; the spectral radius is met to within 0.1 %, and the
/// rounding of each weight to 2^-20.
///
/// # Errors
/// If a group is empty, or the weights drawn have no spectral radius to scale (too few connections).
pub fn echo_state(spec: &EchoStateSpec, seed: u64) -> Result<Network, NetworkError> {
    let mut network = Network {
        clock: None,
        populations: vec![Population {
            name: "reservoir".into(),
            size: spec.units,
            model: CoreModel::Rate,
            parameters: spec.parameters.clone(),
        }],
        inputs: vec![InputGroup::of_host("input", spec.channels)],
        projections: Vec::new(),
    };
    let half = Inhibition { per_65536: 32768, strength: Weight::ONE };
    let input = ProjectionSpec {
        name: "input".into(),
        pre: Endpoint::Input(0),
        pre_part: None,
        post: 0,
        post_part: None,
        pattern: Pattern::AllToAll,
        weights: match spec.input_normal {
            true => Weights::Normal { mean: Weight::ZERO, spread: spec.input_scale },
            false => Weights::Constant(spec.input_scale),
        },
        signs: if spec.input_normal { Signs::AsDrawn } else { Signs::PerConnection(half) },
        self_connections: true,
        synapse: SynapseChoice { excitatory: spec.synapse.clone(), inhibitory: spec.synapse.clone() },
        delay_ticks: spec.delay_ticks,
    };
    let recurrent = ProjectionSpec {
        name: "recurrent".into(),
        pre: Endpoint::Population(0),
        pattern: Pattern::Probability { per_65536: spec.connectivity_per_65536 },
        weights: Weights::Normal { mean: Weight::ZERO, spread: Weight::ONE },
        signs: Signs::AsDrawn,
        ..input.clone()
    };
    let mut recurrent = recurrent.generate(&network, seed)?;
    recurrent.connections = scaled(&recurrent.connections, spec, &recurrent.name)?;
    spec.recurrence.apply(&mut recurrent, seed);
    network.projections = vec![input.generate(&network, seed)?, recurrent];
    network.validate()?;
    Ok(network)
}

/// `drawn` with all weights multiplied by the factor that gives them the spectral radius of `spec`.
fn scaled(drawn: &Connections, spec: &EchoStateSpec, name: &str) -> Result<Connections, NetworkError> {
    let mut rows = vec![vec![0.0; spec.units as usize]; spec.units as usize];
    for c in drawn.iter() {
        rows[c.post as usize][c.pre as usize] = f64::from(c.weight.to_bits());
    }
    let unit = f64::from(Weight::ONE.to_bits());
    let found = spectral_radius(&rows) / unit;
    let error = || NetworkError::SpectralRadius { name: name.into(), wanted: spec.spectral_radius };
    if found <= 0.0 {
        return Err(error());
    }
    let factor = f64::from(spec.spectral_radius.to_bits()) / unit / found;
    let scale = |weight: Weight| {
        let bits = (f64::from(weight.to_bits()) * factor).round();
        let fits = bits.abs() <= f64::from(i32::MAX);
        if fits { Ok(Weight::from_bits(bits as i32)) } else { Err(error()) }
    };
    let list = drawn.iter().map(|c| Ok((c.pre, c.post, scale(c.weight)?))).collect::<Result<_, _>>()?;
    Ok(Connections::from_list(spec.units, list))
}

/// Squarings of the matrix: powers up to 2^16.
const SQUARINGS: u32 = 16;

/// The spectral radius of a square matrix (the largest magnitude of its eigenvalues, real or complex), given by rows.
///
/// By Gelfand's formula, it is the limit of `|A^m|^(1/m)`. Squaring reaches m = 2^16 in 16 products of matrices, scaled
/// to norm 1 each time so that nothing overflows. The result is at most 0.1 % off if the norms of the powers stay
/// within a factor of e^65 of the radius' powers, as they do for matrices of any use; 100 x 100 matrices of known
/// complex spectrum are met to 3 in 10^5. The time grows with the cube of the size: below 0.1 s at
/// 100, several seconds at 1000.
///
/// The result is 0 for nilpotent matrices and for an empty one, and NaN if an entry is NaN or infinite.
///
/// # Panics
/// If the rows are not as long as there are rows.
pub fn spectral_radius(rows: &[Vec<f64>]) -> f64 {
    let size = rows.len();
    assert!(rows.iter().all(|row| row.len() == size), "a spectral radius needs a square matrix");
    let mut power: Vec<f64> = rows.concat();
    if power.iter().any(|v| !v.is_finite()) {
        return f64::NAN;
    }
    let mut radius = 1.0;
    for squarings in 0..=SQUARINGS {
        let norm = frobenius_norm(&power);
        if norm == 0.0 {
            return 0.0;
        }
        // The norm of a power counts as its root: |A^m| = |B^2| |B'^2|^... with B scaled to norm 1 after each squaring.
        radius *= (0..squarings).fold(norm, |root, _| root.sqrt());
        if squarings < SQUARINGS {
            power.iter_mut().for_each(|v| *v /= norm);
            power = squared(&power, size);
        }
    }
    radius
}

/// Square root of the sum of squares, scaled so that squares neither overflow nor vanish.
fn frobenius_norm(matrix: &[f64]) -> f64 {
    let largest = matrix.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = matrix.iter().map(|v| (v / largest) * (v / largest)).sum();
    largest * sum.sqrt()
}

/// The matrix times itself; each entry is summed in the order of its inner index.
fn squared(matrix: &[f64], size: usize) -> Vec<f64> {
    let mut product = vec![0.0; size * size];
    for (row, out) in matrix.chunks_exact(size).zip(product.chunks_exact_mut(size)) {
        for (factor, inner) in row.iter().zip(matrix.chunks_exact(size)) {
            for (sum, v) in out.iter_mut().zip(inner) {
                *sum += factor * v;
            }
        }
    }
    product
}

#[cfg(test)]
mod tests;
