//! What the scores of a study mean and how they are written. Which task has which metric is said by `tasks`.

use statistics::Estimate;

/// How the scores of one metric are written, and what they mean in words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreFormat {
    /// Name in result rows (`accuracy`).
    pub name: &'static str,
    /// Unit behind a value and on an axis; empty for a pure number.
    pub unit: &'static str,
    /// What one unit of difference is called (`points`).
    pub difference_unit: &'static str,
    /// Printed value = stored value times this.
    pub factor: f64,
    /// Decimals of a printed value.
    pub decimals: usize,
    /// The least and the largest value that there is, before the factor.
    pub range: (f64, f64),
    /// What it is, in a sentence or two, with its formula.
    pub definition: &'static str,
}

const METRICS: [ScoreFormat; 4] = [
    ScoreFormat {
        name: "accuracy",
        unit: "%",
        difference_unit: "points",
        factor: 100.0,
        decimals: 1,
        range: (0.0, 1.0),
        definition: "Share of test examples whose class the readout names correctly: correct / all, in percent. \
                     Differences between accuracies are in percentage points. Higher is better.",
    },
    ScoreFormat {
        name: "memory capacity",
        unit: "",
        difference_unit: "",
        factor: 1.0,
        decimals: 2,
        range: (0.0, f64::INFINITY),
        definition: "Sum over the delays k = 1, 2, ... of the squared correlation between the input k steps ago and \
                     the readout trained to reproduce it (Jaeger, GMD report 152, 2002). It counts how many past \
                     inputs can be recovered linearly; the number of neurons is its upper bound. Higher is better.",
    },
    ScoreFormat {
        name: "information capacity",
        unit: "",
        difference_unit: "",
        factor: 1.0,
        decimals: 2,
        range: (0.0, f64::INFINITY),
        definition: "Sum over products of Legendre polynomials of past inputs of the part that a linear readout without \
                     penalty can make of the states, where that exceeds what chance gives (Dambre et al., Scientific \
                     Reports 2, 514, 2012). The rank of the states is its upper bound, but for chance; results.csv has \
                     rank, threshold, chance and the sum of each degree. Higher is better.",
    },
    ScoreFormat {
        name: "nrmse",
        unit: "",
        difference_unit: "",
        factor: 1.0,
        decimals: 3,
        range: (0.0, f64::INFINITY),
        definition: "Normalised root mean square error: the RMS difference between readout and target over the \
                     standard deviation of the target. 0 is perfect, 1 is as good as always answering the mean. \
                     Lower is better.",
    },
];

const OTHER: ScoreFormat = ScoreFormat {
    name: "",
    unit: "",
    difference_unit: "",
    factor: 1.0,
    decimals: 3,
    range: (f64::NEG_INFINITY, f64::INFINITY),
    definition: "A score of this study's own.",
};

impl ScoreFormat {
    /// The format of the metric that result rows call `name`; a plain number with three decimals if it is not known
    /// here.
    pub fn of(name: &str) -> Self {
        METRICS.into_iter().find(|m| m.name == name).unwrap_or(OTHER)
    }

    /// `value` as a number without its unit.
    pub fn number(&self, value: f64) -> String {
        let text = format!("{:.*}", self.decimals, value * self.factor);
        if is_zero(&text) { text.trim_start_matches('-').into() } else { text }
    }

    /// `value` with its unit.
    pub fn value(&self, value: f64) -> String {
        spaced(&self.number(value), self.unit)
    }

    /// A difference of two values, with its sign and unit.
    pub fn difference(&self, difference: f64) -> String {
        let number = self.number(difference);
        let signed = match number.strip_prefix('-') {
            Some(magnitude) => format!("\u{2212}{magnitude}"),
            None if !is_zero(&number) => format!("+{number}"),
            None => number,
        };
        spaced(&signed, self.difference_unit)
    }

    /// The estimate of a mean score, its interval cut where there are no such scores: of few units it reaches beyond,
    /// and what cannot be is no part of what it is to hold.
    pub fn possible(&self, estimate: Estimate) -> Estimate {
        let (least, largest) = self.range;
        Estimate { low: estimate.low.max(least), high: estimate.high.min(largest), ..estimate }
    }

    /// The interval of an estimate, in brackets: `(95 %: 0.3 to 1.2, n = 3 networks)`.
    pub fn interval(&self, estimate: &Estimate) -> String {
        let (low, high) = (self.number(estimate.low), self.number(estimate.high));
        format!("(95 %: {low} to {high}, n = {} {})", estimate.n, estimate.unit)
    }

    /// The size of a difference or a spread, with the unit of differences.
    pub fn amount(&self, size: f64) -> String {
        spaced(&self.number(size), self.difference_unit)
    }

    /// Title of an axis or a table of this metric, whose name in the rows is `name`.
    pub fn label(&self, name: &str) -> String {
        if self.unit.is_empty() { name.into() } else { format!("{name} ({})", self.unit) }
    }
}

fn is_zero(number: &str) -> bool {
    number.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'))
}

fn spaced(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.into() } else { format!("{number} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_unit_and_sign() {
        let accuracy = ScoreFormat::of("accuracy");
        assert_eq!(accuracy.value(0.9734), "97.3 %");
        assert_eq!(accuracy.difference(-0.004), "\u{2212}0.4 points");
        assert_eq!(accuracy.difference(0.0101), "+1.0 points");
        assert_eq!(accuracy.difference(0.0), "0.0 points");
        assert_eq!(accuracy.difference(-0.000_01), "0.0 points");
        assert_eq!(accuracy.difference(0.000_01), "0.0 points");
        assert_eq!(accuracy.amount(0.0123), "1.2 points");
        assert_eq!(accuracy.label("accuracy"), "accuracy (%)");
        let memory = ScoreFormat::of("memory capacity");
        assert_eq!(memory.value(31.256), "31.26");
        assert_eq!(memory.difference(-1.0), "\u{2212}1.00");
        assert_eq!(ScoreFormat::of("my score").value(0.25), "0.250");
    }

    #[test]
    fn no_interval_of_a_mean_holds_what_cannot_be() {
        let tree = statistics::Tree::from_rows(&[(vec![0], 0.99), (vec![1], 0.9)]).unwrap();
        let mean = statistics::bootstrap::mean(&tree, "networks", statistics::LEVEL).unwrap();
        assert!(mean.high > 1.0 && mean.low > 0.0, "{mean}");
        let cut = ScoreFormat::of("accuracy").possible(mean.clone());
        assert_eq!((cut.low, cut.high, cut.value), (mean.low, 1.0, mean.value));
        assert_eq!(ScoreFormat::of("nrmse").possible(mean.clone()), mean);
        let below = Estimate { low: -0.2, ..mean.clone() };
        assert_eq!(ScoreFormat::of("nrmse").possible(below.clone()).low, 0.0);
        assert_eq!(ScoreFormat::of("my score").possible(below.clone()), below);
    }
}
