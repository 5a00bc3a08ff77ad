//! A linear readout: outputs = weights x features + bias.

use crate::solve::dot;
use crate::{Matrix, ReadoutError, Rows};

/// A trained linear map from features to outputs. Weights act on features as they were recorded: whatever a fit
/// subtracted or divided by is folded into weights and bias.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearReadout {
    /// One row an output, one column a feature.
    pub weights: Matrix,
    /// One an output.
    pub bias: Vec<f64>,
}

impl LinearReadout {
    /// A readout from its weights (one row an output) and biases.
    ///
    /// # Errors
    /// [`ReadoutError::Size`] if there is not one bias an output, [`ReadoutError::NotFinite`] for a NaN or infinity.
    pub fn new(weights: Matrix, bias: Vec<f64>) -> Result<Self, ReadoutError> {
        if bias.len() != weights.rows() {
            return Err(ReadoutError::Size { what: "biases", expected: weights.rows(), found: bias.len() });
        }
        weights.all().check_finite("weights", 0)?;
        if let Some(row) = bias.iter().position(|b| !b.is_finite()) {
            return Err(ReadoutError::NotFinite { what: "bias", row, column: 0, value: bias[row] });
        }
        Ok(Self { weights, bias })
    }

    /// Number of outputs.
    pub const fn outputs(&self) -> usize {
        self.weights.rows()
    }

    /// Number of features.
    pub const fn features(&self) -> usize {
        self.weights.columns()
    }

    /// The outputs for each row of features, one row each.
    ///
    /// # Errors
    /// [`ReadoutError::Size`] if the rows do not have one entry a feature, [`ReadoutError::NotFinite`] if an entry
    /// is a NaN or infinity.
    pub fn apply(&self, features: Rows<'_>) -> Result<Matrix, ReadoutError> {
        if features.columns() != self.features() {
            let (expected, found) = (self.features(), features.columns());
            return Err(ReadoutError::Size { what: "features a row", expected, found });
        }
        features.check_finite("features", 0)?;
        Ok(simd::dispatch(Apply { readout: self, features }))
    }
}

/// See [`LinearReadout::apply`].
struct Apply<'a> {
    readout: &'a LinearReadout,
    features: Rows<'a>,
}

impl simd::Kernel for Apply<'_> {
    type Output = Matrix;

    #[inline(always)]
    fn run(self) -> Matrix {
        let Self { readout, features } = self;
        let mut outputs = Matrix::zeros(features.rows(), readout.outputs());
        for (i, row) in features.iter().enumerate() {
            for (output, (weights, bias)) in
                outputs.row_mut(i).iter_mut().zip(readout.weights.all().iter().zip(&readout.bias))
            {
                *output = dot(weights, row) + bias;
            }
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_weighted_sums_plus_bias() {
        let readout = LinearReadout::new(Matrix::from_vec(2, 3, vec![1.0, 2.0, 3.0, 0.0, -1.0, 0.5]), vec![10.0, 0.0]);
        let features = Matrix::from_vec(2, 3, vec![1.0, 1.0, 1.0, 2.0, 0.0, 4.0]);
        assert_eq!(readout.unwrap().apply(features.all()).unwrap().data(), &[16.0, -0.5, 24.0, 2.0]);
    }

    #[test]
    fn wrong_sizes_and_numbers_are_refused() {
        let weights = Matrix::from_vec(1, 2, vec![1.0, 2.0]);
        let error = LinearReadout::new(weights.clone(), vec![]).unwrap_err();
        assert_eq!(error, ReadoutError::Size { what: "biases", expected: 1, found: 0 });
        assert!(LinearReadout::new(weights.clone(), vec![f64::NAN]).is_err());
        assert!(LinearReadout::new(Matrix::from_vec(1, 1, vec![f64::INFINITY]), vec![0.0]).is_err());
        let readout = LinearReadout::new(weights, vec![0.0]).unwrap();
        assert!(readout.apply(Matrix::zeros(1, 3).all()).is_err());
        let error = readout.apply(Matrix::from_vec(2, 2, vec![0.0, 0.0, 0.0, f64::NAN]).all()).unwrap_err();
        assert!(error.to_string().starts_with("features: row 1, column 1 is NaN"), "{error}");
    }
}
