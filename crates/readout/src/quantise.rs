//! Rounding a trained readout to a few weight levels, to see on the host what that costs.
//!
//! A chip offers levels (subset sums of a core's weight currents, for example) that a common factor can scale. Here
//! the levels are plain numbers: which of them a chip has, and which core holds which output, is the mapper's
//! business. Weights that a mapper decided on are scored by putting them into a [`LinearReadout`] as they are.

use crate::{LinearReadout, Matrix, ReadoutError};

/// Which weights share one factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// All: outputs stay comparable with one another, as the argmax of a classification needs on one core.
    #[default]
    Shared,
    /// Each output has its own, as when every output sits on a core of its own or is a separate target.
    EachOutput,
}

/// A readout whose weights are levels times factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// Index of the level of each weight, output after output.
    pub codes: Vec<u16>,
    /// The factor of each output.
    pub scales: Vec<f64>,
    /// The readout with the rounded weights. Biases are not rounded: the host (or a constant drive) adds them.
    pub readout: LinearReadout,
    /// Root mean square of the change of the weights, relative to the root mean square of the weights.
    pub relative_error: f64,
}

/// The signed levels `-(2^(bits-1) - 1) ..= 2^(bits-1) - 1` of a sign-magnitude weight: 15 levels at 4 bits.
///
/// # Panics
/// If `bits` is not from 2 to 16.
pub fn uniform_levels(bits: u32) -> Vec<f64> {
    assert!((2..=16).contains(&bits), "{bits} bits; from 2 to 16 are supported");
    let largest = (1i32 << (bits - 1)) - 1;
    (-largest..=largest).map(f64::from).collect()
}

/// Rounds every weight of `readout` to the nearest level times a factor (halfway: the lower level).
///
/// The factor is the best of a thousand, made better by alternation: nearest levels for a factor, then the best factor
/// for these levels (Lloyd, IEEE Trans. Inf. Theory 28, 1982), until the squared error falls no more.
///
/// # Errors
/// [`ReadoutError::Levels`] unless the levels are finite, rise strictly and are not all 0;
/// [`ReadoutError::Size`] for more than 65,536 of them; [`ReadoutError::NotFinite`] for a NaN or infinite weight.
pub fn quantise(readout: &LinearReadout, levels: &[f64], scale: Scale) -> Result<Quantised, ReadoutError> {
    const LEVELS_MAX: usize = 1 << 16;
    if let Some(index) = (0..levels.len()).find(|&i| !levels[i].is_finite() || i > 0 && levels[i] <= levels[i - 1]) {
        return Err(ReadoutError::Levels { index });
    }
    if levels.iter().all(|l| *l == 0.0) {
        return Err(ReadoutError::Levels { index: 0 });
    }
    if levels.len() > LEVELS_MAX {
        return Err(ReadoutError::Size { what: "weight levels", expected: LEVELS_MAX, found: levels.len() });
    }
    let readout = LinearReadout::new(readout.weights.clone(), readout.bias.clone())?;
    let weights = readout.weights.data();
    let group = match scale {
        Scale::Shared => weights.len(),
        Scale::EachOutput => readout.features(),
    };
    let mut codes = Vec::with_capacity(weights.len());
    let mut rounded = Vec::with_capacity(weights.len());
    let mut scales = Vec::with_capacity(readout.outputs());
    for part in weights.chunks(group.max(1)) {
        let fit = fit_scale(part, levels);
        scales.extend(std::iter::repeat_n(fit.scale, part.len() / readout.features().max(1)));
        rounded.extend(fit.codes.iter().map(|&code| levels[usize::from(code)] * fit.scale));
        codes.extend(fit.codes);
    }
    let squares = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |sum, v| sum + v * v);
    let change = squares(&mut weights.iter().zip(&rounded).map(|(w, r)| w - r));
    let size = squares(&mut weights.iter().copied());
    let relative_error = if size == 0.0 { change.sqrt() } else { (change / size).sqrt() };
    let weights = Matrix::from_vec(readout.outputs(), readout.features(), rounded);
    Ok(Quantised { codes, scales, readout: LinearReadout::new(weights, readout.bias)?, relative_error })
}

struct ScaleFit {
    codes: Vec<u16>,
    scale: f64,
}

/// Factors that are tried, as equal parts of the widest sensible one, and steps from the best of them at most.
const FACTORS: u32 = 1000;
const STEPS: u32 = 32;

fn fit_scale(weights: &[f64], levels: &[f64]) -> ScaleFit {
    let largest = |values: &[f64]| values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    // Beyond it the outermost level would pass the largest weight.
    let widest = largest(weights) / largest(levels);
    let sorted = Sorted::new(weights);
    let (mut best_scale, mut least) = (widest, sorted.assess(levels, widest).0);
    for part in 1..FACTORS {
        let scale = widest * (f64::from(part) / f64::from(FACTORS));
        let error = sorted.assess(levels, scale).0;
        if error < least {
            (best_scale, least) = (scale, error);
        }
    }
    for _ in 0..STEPS {
        let scale = sorted.assess(levels, best_scale).1;
        let error = sorted.assess(levels, scale).0;
        // A factor below 0 would turn rising levels into falling ones; it arises only when no level has the sign of
        // the weights.
        if !(error < least && scale > 0.0) {
            break;
        }
        (best_scale, least) = (scale, error);
    }
    let codes = weights.iter().map(|w| nearest(levels, best_scale, *w) as u16).collect();
    ScaleFit { codes, scale: best_scale }
}

/// The index of the level nearest to `w` when all are multiplied by `scale`; halfway, the lower one.
fn nearest(levels: &[f64], scale: f64, w: f64) -> usize {
    let above = levels.partition_point(|level| level * scale < w).min(levels.len() - 1);
    let below = above.saturating_sub(1);
    let distance = |i: usize| (w - levels[i] * scale).abs();
    if distance(below) <= distance(above) { below } else { above }
}

/// Weights in rising order with the sums of all beginnings: which weights go to a level is then two positions, and a
/// step costs the levels, not the weights.
struct Sorted {
    weights: Vec<f64>,
    /// Entry `i` is the sum of the first `i` weights.
    sums: Vec<f64>,
    squares: f64,
}

impl Sorted {
    fn new(weights: &[f64]) -> Self {
        let mut weights = weights.to_vec();
        weights.sort_by(f64::total_cmp);
        let mut sums = vec![0.0];
        let mut squares = 0.0;
        for w in &weights {
            sums.push(sums[sums.len() - 1] + w);
            squares += w * w;
        }
        Self { weights, sums, squares }
    }

    /// The squared error that the nearest levels leave for a factor, and the factor that is best for these levels.
    fn assess(&self, levels: &[f64], scale: f64) -> (f64, f64) {
        let (mut product, mut square, mut at) = (0.0, 0.0, 0);
        while at < self.weights.len() {
            let code = nearest(levels, scale, self.weights[at]);
            let level = levels[code];
            let end = match levels.get(code + 1) {
                Some(next) => {
                    let middle = (level + next) / 2.0 * scale;
                    // At least this weight, whatever rounding makes of the middle.
                    self.weights.partition_point(|w| *w <= middle).max(at + 1)
                }
                None => self.weights.len(),
            };
            product += level * (self.sums[end] - self.sums[at]);
            square += level * level * (end - at) as f64;
            at = end;
        }
        let error = self.squares - 2.0 * scale * product + scale * scale * square;
        (error, if square > 0.0 { product / square } else { scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readout(outputs: usize, weights: &[f64]) -> LinearReadout {
        let weights = Matrix::from_vec(outputs, weights.len() / outputs.max(1), weights.to_vec());
        LinearReadout::new(weights, vec![0.5; outputs]).unwrap()
    }

    #[test]
    fn weights_on_the_levels_stay() {
        let given = readout(2, &[0.3, -0.7, 0.1, 0.0]);
        let q = quantise(&given, &uniform_levels(4), Scale::Shared).unwrap();
        assert!(q.relative_error < 1e-15, "{}", q.relative_error);
        assert_eq!(q.codes, [10, 0, 8, 7]);
        assert_eq!(q.scales.len(), 2);
        assert_eq!(q.readout.bias, [0.5, 0.5]);
    }

    #[test]
    fn outputs_of_different_size_profit_from_their_own_factor() {
        let given = readout(2, &[100.0, -70.0, 0.1, 0.07]);
        let levels = uniform_levels(3);
        let shared = quantise(&given, &levels, Scale::Shared).unwrap();
        let own = quantise(&given, &levels, Scale::EachOutput).unwrap();
        assert_eq!(shared.readout.weights.row(1), &[0.0, 0.0]);
        assert!(own.readout.weights.row(1).iter().all(|w| *w > 0.05));
        assert!(own.scales[0] > 100.0 * own.scales[1]);
    }

    #[test]
    fn nothing_to_round_is_no_error() {
        let zero = quantise(&readout(1, &[0.0, 0.0]), &uniform_levels(4), Scale::Shared).unwrap();
        assert_eq!((zero.relative_error, zero.readout.weights.data()), (0.0, &[0.0, 0.0][..]));
        let empty = LinearReadout::new(Matrix::zeros(0, 3), vec![]).unwrap();
        assert!(quantise(&empty, &uniform_levels(4), Scale::EachOutput).unwrap().codes.is_empty());
        let wrong_sign = quantise(&readout(1, &[-1.0, -2.0]), &[0.0, 1.0], Scale::Shared).unwrap();
        assert_eq!(wrong_sign.codes, [0, 0]);
    }

    #[test]
    fn levels_that_cannot_be_used_are_refused() {
        let given = readout(1, &[1.0]);
        let index = |levels: &[f64]| match quantise(&given, levels, Scale::Shared) {
            Err(ReadoutError::Levels { index }) => index,
            other => panic!("{other:?}"),
        };
        assert_eq!(index(&[]), 0);
        assert_eq!(index(&[0.0]), 0);
        assert_eq!(index(&[0.0, 1.0, 1.0]), 2);
        assert_eq!(index(&[0.0, f64::NAN]), 1);
        assert!(quantise(&given, &(0..70_000).map(f64::from).collect::<Vec<_>>(), Scale::Shared).is_err());
    }

    proptest! {
        /// No other code of one weight and no factor of a grid does better than what was found.
        #[test]
        fn the_error_is_near_the_best_factor(
            weights in prop::collection::vec(-1.0f64..1.0, 1..60), bits in 2u32..6,
        ) {
            let levels = uniform_levels(bits);
            let q = quantise(&readout(1, &weights), &levels, Scale::Shared).unwrap();
            let error: f64 = weights.iter().zip(q.readout.weights.data()).map(|(w, r)| (w - r) * (w - r)).sum();
            for (w, &code) in weights.iter().zip(&q.codes) {
                let own = (w - levels[usize::from(code)] * q.scales[0]).abs();
                prop_assert!(levels.iter().all(|l| (w - l * q.scales[0]).abs() >= own - 1e-15));
            }
            let largest = weights.iter().fold(0.0, |m: f64, w| m.max(w.abs()));
            let error_of = |scale: f64| -> f64 {
                let distance = |w: &f64| levels.iter().map(|l| (w - l * scale).abs()).fold(f64::INFINITY, f64::min);
                weights.iter().map(|w| distance(w) * distance(w)).sum()
            };
            let widest = largest / levels[levels.len() - 1];
            let best = (1..=500).map(|i| error_of(widest * f64::from(i) / 500.0)).fold(f64::INFINITY, f64::min);
            prop_assert!(error <= best + 1e-12, "{error} against {best}");
        }

        /// More bits never hurt by more than the search can miss.
        #[test]
        fn many_bits_leave_little(weights in prop::collection::vec(-1.0f64..1.0, 2..40)) {
            let q = quantise(&readout(1, &weights), &uniform_levels(12), Scale::Shared).unwrap();
            prop_assert!(q.relative_error < 1e-3, "{}", q.relative_error);
        }
    }
}
