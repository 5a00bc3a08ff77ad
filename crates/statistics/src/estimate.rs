//! A number with its interval, as findings print it.
//!
//! It owns the rule that no finding appears without interval and n, and that an interval which holds 0 is no finding.

use std::fmt::{Display, Formatter, Result};

/// The level of intervals and tests, where nothing else is said.
pub const LEVEL: f64 = 0.95;

/// Decimal places that a number has at most.
const PLACES_MAX: usize = 12;

/// How an interval was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Student's t over the top-level units.
    Student,
    /// Nested bootstrap, studentised over the top-level units.
    Studentised,
    /// Nested bootstrap, percentiles.
    Percentile,
    /// Two values of the sample itself, by the binomial distribution.
    OrderStatistics,
    /// Clopper and Pearson.
    ClopperPearson,
    /// Chi-square and modified large samples.
    Variance,
    /// Importance sampling, on the scale of logarithms.
    Importance,
}

impl Method {
    /// Words for a table of methods.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Student => "t over units",
            Self::Studentised => "studentised nested bootstrap",
            Self::Percentile => "percentiles of a bootstrap",
            Self::OrderStatistics => "order statistics",
            Self::ClopperPearson => "Clopper and Pearson",
            Self::Variance => "chi-square, modified large samples",
            Self::Importance => "importance sampling, on logarithms",
        }
    }
}

/// A number that was estimated, with what is known of it. As text: `0.93 (95 %: 0.91 to 0.95, n = 6 networks)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate, in the unit of the data.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// How many top-level units it rests on.
    pub n: usize,
    /// What these are, in the plural: `networks`.
    pub unit: String,
    /// The probability with which such intervals hold what they are of.
    pub level: f64,
    /// How the interval was found.
    pub method: Method,
}

impl Estimate {
    /// Whether the interval holds `value`.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The estimate of a difference as a finding: a text of its own where the interval holds 0.
    pub fn difference(&self) -> Difference<'_> {
        Difference(self)
    }

    /// The estimate with both bounds multiplied by `factor`, such as 100 for percents.
    ///
    /// # Panics
    /// If `factor` is not above 0.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        assert!(factor > 0.0, "{factor} would turn the interval over");
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor, ..self.clone() }
    }

    /// `95 %: 0.91 to 0.95, n = 6 networks`.
    fn interval(&self, places: Option<usize>) -> String {
        let level = number(self.level * 100.0, Some(places_of(self.level * 100.0)));
        let (low, high) = (number(self.low, places), number(self.high, places));
        format!("{level} %: {low} to {high}, n = {} {}", self.n, self.unit)
    }

    /// Decimal places at which the interval is a few units wide; more where a bound beside 0 would look like 0. None if
    /// the interval is a point.
    fn places(&self) -> Option<usize> {
        let width = self.high - self.low;
        if !(width > 0.0 && width.is_finite()) {
            return None;
        }
        let (mut places, mut unit) = (0, 1.0);
        while places < PLACES_MAX && width < 2.5 * unit {
            places += 1;
            unit /= 10.0;
        }
        let seems_0 = |bound: f64, places: usize| bound != 0.0 && is_zero(&format!("{bound:.places$}"));
        while places < PLACES_MAX && (seems_0(self.low, places) || seems_0(self.high, places)) {
            places += 1;
        }
        Some(places)
    }
}

/// Places that a level in percent needs: 95, 99.9.
fn places_of(percent: f64) -> usize {
    (0..4)
        .find(|places| (format!("{percent:.places$}").parse::<f64>().unwrap_or(0.0) - percent).abs() < 1e-9)
        .unwrap_or(4)
}

/// Whether a printed number is 0.
fn is_zero(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '-' | '0' | '.'))
}

/// A number with so many places, or as many as tell it apart from all others; never `-0`.
fn number(value: f64, places: Option<usize>) -> String {
    let text = match places {
        Some(places) => format!("{value:.places$}"),
        None => format!("{value}"),
    };
    if is_zero(&text) { text.trim_start_matches('-').to_owned() } else { text }
}

impl Display for Estimate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let places = self.places();
        write!(f, "{} ({})", number(self.value, places), self.interval(places))
    }
}

/// The text of a difference; see [`Estimate::difference`].
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a>(&'a Estimate);

impl Display for Difference<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.holds(0.0) {
            true => write!(f, "no difference seen ({})", self.0.interval(self.0.places())),
            false => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, low: f64, high: f64) -> Estimate {
        Estimate { value, low, high, n: 6, unit: "networks".into(), level: LEVEL, method: Method::Student }
    }

    #[track_caller]
    fn check(value: f64, low: f64, high: f64, expected: &str) {
        assert_eq!(of(value, low, high).difference().to_string(), expected);
    }

    #[test]
    fn findings_have_interval_and_n() {
        check(-0.029, -0.033, -0.025, "-0.029 (95 %: -0.033 to -0.025, n = 6 networks)");
        check(0.005, -0.01, 0.02, "no difference seen (95 %: -0.01 to 0.02, n = 6 networks)");
        check(512.0, 401.2, 640.0, "512 (95 %: 401 to 640, n = 6 networks)");
        check(0.5, 0.0, 1.0, "no difference seen (95 %: 0.0 to 1.0, n = 6 networks)");
    }

    /// A bound beside 0 does not look like 0, and 0 has no sign.
    #[test]
    fn zero_is_told_from_what_is_near_it() {
        check(0.2, 0.0003, 0.4, "0.2000 (95 %: 0.0003 to 0.4000, n = 6 networks)");
        check(-0.001, -0.3, 0.3, "no difference seen (95 %: -0.3 to 0.3, n = 6 networks)");
        assert_eq!(of(-0.001, -0.3, 0.3).to_string(), "0.0 (95 %: -0.3 to 0.3, n = 6 networks)");
        check(0.0, 0.0, 0.0, "no difference seen (95 %: 0 to 0, n = 6 networks)");
        check(0.25, 0.25, 0.25, "0.25 (95 %: 0.25 to 0.25, n = 6 networks)");
    }

    #[test]
    fn levels_and_percents() {
        let estimate = Estimate { level: 0.999, ..of(0.5, 0.25, 0.75) };
        assert_eq!(estimate.times(100.0).to_string(), "50 (99.9 %: 25 to 75, n = 6 networks)");
    }

    #[test]
    #[should_panic(expected = "turn the interval over")]
    fn a_negative_factor_is_refused() {
        let _ = of(0.5, 0.25, 0.75).times(-1.0);
    }
}
