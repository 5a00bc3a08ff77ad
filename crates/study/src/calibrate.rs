//! The two numbers an output that turn spikes of a readout back into the trained output.
//!
//! A readout neuron of a chip answers with a rate: its resting rate plus a slope times the trained output, each
//! different from circuit to circuit. The host undoes that with a line for each output, fitted by least squares to
//! the trained outputs on the training part of the task. The same is done for quantised weights, so that the stages
//! differ in nothing else.

use readout::{Matrix, Rows};

/// `value = offset + slope x raw`, an output at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Calibration {
    lines: Vec<(f64, f64)>,
}

impl Calibration {
    /// The line of every output that predicts `wanted` from `raw` best. Predicting, rather than inverting the
    /// answer of the circuit, keeps an output that hardly follows its target from drowning the others in noise; one
    /// that never changes is read as the mean of its target.
    pub(crate) fn fit(raw: Rows<'_>, wanted: Rows<'_>) -> Self {
        let line = |output| {
            let count = raw.rows() as f64;
            let mean = |rows: Rows<'_>| rows.column(output).sum::<f64>() / count;
            let (raw_mean, wanted_mean) = (mean(raw), mean(wanted));
            let (mut covariance, mut variance) = (0.0, 0.0);
            for (r, w) in raw.column(output).zip(wanted.column(output)) {
                covariance += (r - raw_mean) * (w - wanted_mean);
                variance += (r - raw_mean) * (r - raw_mean);
            }
            let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
            (wanted_mean - slope * raw_mean, slope)
        };
        Self { lines: (0..wanted.columns()).map(line).collect() }
    }

    /// The outputs that `raw` stands for.
    pub(crate) fn apply(&self, raw: Rows<'_>) -> Matrix {
        let mut outputs = Matrix::zeros(raw.rows(), raw.columns());
        for (i, row) in raw.iter().enumerate() {
            for ((output, value), (offset, slope)) in outputs.row_mut(i).iter_mut().zip(row).zip(&self.lines) {
                *output = offset + slope * value;
            }
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_undone() {
        let wanted = Matrix::from_vec(4, 2, vec![0.0, 1.0, 1.0, -1.0, 2.0, 0.5, 3.0, 0.0]);
        let raw: Vec<f64> = wanted.all().iter().flat_map(|row| [5.0 + 2.0 * row[0], 1.0 - 4.0 * row[1]]).collect();
        let raw = Matrix::from_vec(4, 2, raw);
        let outputs = Calibration::fit(raw.all(), wanted.all()).apply(raw.all());
        for (got, expected) in outputs.data().iter().zip(wanted.data()) {
            assert!((got - expected).abs() < 1e-12, "{outputs:?}");
        }
    }

    #[test]
    fn an_output_that_says_nothing_is_read_as_its_mean() {
        let wanted = Matrix::from_vec(2, 1, vec![1.0, 2.0]);
        let raw = Matrix::from_vec(2, 1, vec![7.0, 7.0]);
        assert_eq!(Calibration::fit(raw.all(), wanted.all()).apply(raw.all()).data(), &[1.5, 1.5]);
    }
}
