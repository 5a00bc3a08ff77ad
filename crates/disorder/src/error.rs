//! What can be wrong with a description of disorder.

use crate::distribution::Centre;
use crate::family::Family;
use fx::Real;
use thiserror::Error;

/// Why a description of disorder was refused. Nothing has been drawn when one of these is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DisorderError {
    /// A coefficient of variation below 0.
    #[error("a coefficient of variation is a standard deviation over a mean and cannot be negative, but this is {cv}")]
    NegativeCv {
        /// The coefficient of variation.
        cv: Real,
    },
    /// A coefficient of variation above [`crate::Distribution::CV_MAX`].
    #[error("coefficients of variation up to {limit} are supported, but this is {cv}; was a percentage meant?")]
    CvTooLarge {
        /// The coefficient of variation.
        cv: Real,
        /// The largest one.
        limit: Real,
    },
    /// The lower end of a truncation is not below the upper one.
    #[error("a truncation goes from a lower to a higher factor, but this one goes from {low} to {high}")]
    TruncationOrder {
        /// The lower end.
        low: Real,
        /// The upper end.
        high: Real,
    },
    /// Less than 2^-40 of all factors lie within the truncation.
    #[error(
        "practically no {} factor with mean 1 and CV {cv} lies between {low} and {high}; widen the truncation",
        family.name()
    )]
    TruncationExcludesAll {
        /// The family.
        family: Family,
        /// Its coefficient of variation.
        cv: Real,
        /// The lower end.
        low: Real,
        /// The upper end.
        high: Real,
    },
    /// A family that does not have the CV after its truncation.
    #[error(
        "{} factors between {low} and {high} with {} 1 have a CV of at most {most}, but {cv} is asked for; ask for \
         less, widen the truncation, or choose another family",
        family.name(), centre.name()
    )]
    NotRealisable {
        /// The family.
        family: Family,
        /// What is 1.
        centre: Centre,
        /// The CV asked for.
        cv: Real,
        /// The lower end of the truncation.
        low: Real,
        /// The upper end.
        high: Real,
        /// The largest CV, rounded down to thousandths.
        most: Real,
    },
    /// A share of the variance below 0.
    #[error("the share of the variance of the {level} cannot be negative, but is {share}")]
    NegativeShare {
        /// `die`, `core` or `circuit`.
        level: &'static str,
        /// The share.
        share: Real,
    },
    /// Shares of the variance that do not add up to 1 within 2^-20.
    #[error("the shares of die, core and circuit must add up to 1, but add up to {sum}")]
    ShareSum {
        /// Their sum.
        sum: Real,
    },
    /// A correlation outside -1 to 1.
    #[error("a correlation lies between -1 and 1, but this is {rho}")]
    Correlation {
        /// The correlation.
        rho: Real,
    },
}
