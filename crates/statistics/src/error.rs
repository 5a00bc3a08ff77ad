//! Why something cannot be said.

use thiserror::Error;

/// Why data say nothing, or a question cannot be put. All are errors of what was handed over; nothing was changed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// A value is NaN or infinite.
    #[error("{what}: value {index} is {value}; leave out what did not run, and say how often that was")]
    NotFinite {
        /// What was looked at.
        what: &'static str,
        /// The first such value, counted from 0 in the order of the data.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Fewer than the method needs.
    #[error("{what}: {found} given, and at least {needed} are needed")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// More than can be worked through.
    #[error("{what}: {found} asked for, and at most {limit} are worked through; ask for fewer")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Two things that belong together have different sizes.
    #[error("{what}: {found} given where {expected} are needed")]
    Size {
        /// Which size.
        what: &'static str,
        /// What it should be.
        expected: usize,
        /// What it is.
        found: usize,
    },
    /// A number is outside its range.
    #[error("{what} {value}: it must lie within {low} and {high}")]
    Range {
        /// Which number.
        what: &'static str,
        /// The number.
        value: f64,
        /// The least that is allowed, or what it must exceed.
        low: f64,
        /// The most that is allowed, or what it must stay below.
        high: f64,
    },
    /// Something does not vary, and what was asked is relative to its variation.
    #[error("{what}: all values are {value}; what does not vary has no shares, ranks or alignment")]
    Constant {
        /// What does not vary.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The same unit stands twice in a table of nested units.
    #[error("unit {path:?} stands twice; number repetitions as a level of their own")]
    Duplicate {
        /// The numbers of the unit, from the top level on.
        path: Vec<u64>,
    },
    /// Nested units are not equally many everywhere.
    #[error(
        "level {level} (0 is the top): a unit with {found} parts beside one with {expected}; components of variance \
         need as many everywhere: leave out what is in excess, and say so"
    )]
    Unbalanced {
        /// The level of the units.
        level: usize,
        /// Parts of the first unit.
        expected: usize,
        /// Parts of another one.
        found: usize,
    },
    /// The denominator of a ratio is not clearly different from 0.
    #[error("the denominator of the ratio is {mean}, with 0 within its interval: compare differences instead")]
    Denominator {
        /// Its mean.
        mean: f64,
    },
    /// The input of a capacity is not what its targets are orthogonal for.
    #[error(
        "the input is not independent and uniform between -1 and 1: the mean of {what} is {mean:.3}, and chance gives at \
         most {limit:.3}; capacities need an input of their own"
    )]
    Input {
        /// Which moment.
        what: String,
        /// Its mean, which should be 0.
        mean: f64,
        /// What chance hardly exceeds: six standard errors.
        limit: f64,
    },
    /// Importance sampling has seen too little to claim a probability.
    #[error(
        "the failing dies weigh as much as {effective:.1} of them, and {needed} are needed for a claim: draw more dies, or \
         move the proposal nearer to where dies begin to fail ({failing} of {dies} failed)"
    )]
    TooFewEffective {
        /// Effective number of failing dies.
        effective: f64,
        /// What a claim needs.
        needed: usize,
        /// Failing dies.
        failing: usize,
        /// Dies drawn.
        dies: usize,
    },
}

/// Refuses a NaN or an infinity.
pub(crate) fn check_finite<'a>(
    what: &'static str,
    values: impl IntoIterator<Item = &'a f64>,
) -> Result<(), StatisticsError> {
    match values.into_iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, value)) => Err(StatisticsError::NotFinite { what, index, value: *value }),
    }
}

/// Refuses fewer than `needed`.
pub(crate) fn check_count(what: &'static str, found: usize, needed: usize) -> Result<(), StatisticsError> {
    if found < needed { Err(StatisticsError::TooFew { what, found, needed }) } else { Ok(()) }
}

/// Refuses sizes that do not belong together.
pub(crate) fn check_size(what: &'static str, found: usize, expected: usize) -> Result<(), StatisticsError> {
    if found != expected { Err(StatisticsError::Size { what, expected, found }) } else { Ok(()) }
}

/// Refuses a level of which a tail is less than one of so many resamples.
pub(crate) fn check_resampled(level: f64, resamples: usize) -> Result<(), StatisticsError> {
    check_share("level", level)?;
    let high = 1.0 - 2.0 / (resamples + 1) as f64;
    if level > high { Err(StatisticsError::Range { what: "level", value: level, low: 0.0, high }) } else { Ok(()) }
}

/// Refuses a level or share that does not lie between 0 and 1.
pub(crate) fn check_share(what: &'static str, value: f64) -> Result<(), StatisticsError> {
    // Written so that a NaN is refused too.
    if value > 0.0 && value < 1.0 { Ok(()) } else { Err(StatisticsError::Range { what, value, low: 0.0, high: 1.0 }) }
}
