//! Round numbers for axes and bins.

/// An axis with a mark at every multiple of a round step; both ends are marks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// 1, 2 or 5: the step is this times `10^exponent`.
    digit: f64,
    exponent: i32,
    /// First and last mark as multiples of the step.
    first: f64,
    last: f64,
}

impl Default for Scale {
    /// From 0 to 1.
    fn default() -> Self {
        Self { digit: 1.0, exponent: 0, first: 0.0, last: 1.0 }
    }
}

impl Scale {
    /// The tightest scale of about `marks` steps, or fewer, that covers `low` to `high`. A single value gets room
    /// on both sides.
    pub(crate) fn covering(low: f64, high: f64, marks: usize) -> Self {
        let (low, high) = (low.clamp(f64::MIN, f64::MAX), high.clamp(f64::MIN, f64::MAX));
        // Ends so far apart that their difference is no number have a distance for each mark.
        let apart = |low: f64, high: f64| high / marks as f64 - low / marks as f64;
        let (low, high) = if apart(low, high) > FINEST.max(low.abs().max(high.abs()) * f64::EPSILON) {
            (low, high)
        } else {
            let room = if low.abs() <= FINEST { 1.0 } else { low.abs() * 0.05 };
            ((low - room).max(f64::MIN), (low + room).min(f64::MAX))
        };
        let raw = apart(low, high);
        let mut exponent = 0;
        while exponent < LARGEST && power_of_ten(exponent + 1) <= raw {
            exponent += 1;
        }
        while exponent > SMALLEST && power_of_ten(exponent) > raw {
            exponent -= 1;
        }
        // 1.0001: a span that is a round number itself must not be pushed to the next step by its last bit.
        let digits = [1.0, 2.0, 5.0].into_iter();
        let (digit, exponent) = digits
            .map(|digit| (digit, exponent))
            .find(|&(digit, exponent)| digit * power_of_ten(exponent) * 1.0001 >= raw)
            .unwrap_or((1.0, exponent + 1));
        let step = digit * power_of_ten(exponent);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        Self { digit, exponent, first, last }
    }

    /// Number of steps.
    pub(crate) fn steps(&self) -> usize {
        (self.last - self.first) as usize
    }

    /// The `i`th mark: the f64 nearest to the decimal number that is printed for it.
    pub(crate) fn mark(&self, i: usize) -> f64 {
        let multiple = (self.first + i as f64) * self.digit;
        let mark = if (-EXACT..0).contains(&self.exponent) {
            multiple / power_of_ten(-self.exponent)
        } else {
            multiple * power_of_ten(self.exponent)
        };
        mark.clamp(f64::MIN, f64::MAX)
    }

    /// Where `value` stands between the first mark (0) and the last (1).
    pub(crate) fn share(&self, value: f64) -> f64 {
        // Halved, no difference is too large.
        (value * 0.5 - self.min() * 0.5) / (self.max() * 0.5 - self.min() * 0.5)
    }

    /// What stands at the `i`th mark.
    pub(crate) fn label(&self, i: usize) -> String {
        let mark = self.mark(i);
        // With as many zeros nobody counts them.
        if self.exponent.abs() < ZEROS { format!("{mark:.*}", self.decimals()) } else { format!("{mark:e}") }
    }

    /// The first mark.
    pub(crate) fn min(&self) -> f64 {
        self.mark(0)
    }

    /// The last mark.
    pub(crate) fn max(&self) -> f64 {
        self.mark(self.steps())
    }

    /// The distance of two marks.
    pub(crate) fn step(&self) -> f64 {
        Self { first: 1.0, ..*self }.mark(0)
    }

    /// Decimals that show every mark exactly.
    fn decimals(&self) -> usize {
        usize::try_from(-self.exponent).unwrap_or(0)
    }
}

/// Values that are no further apart count as one: between them are no round numbers that can be told apart.
const FINEST: f64 = 1e-280;

/// Powers of ten that are numbers: of a step between two marks.
const LARGEST: i32 = 308;
const SMALLEST: i32 = -300;

/// Up to this power of ten, and its inverse, ten has a power that is a whole number of 53 bits.
const EXACT: i32 = 22;

/// Powers of ten from this on are written as such.
const ZEROS: i32 = 15;

/// `10^exponent`, the nearest f64 (read from text, because library functions differ between platforms).
fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().expect("a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(low: f64, high: f64, marks: usize, expected: &str) {
        let s = Scale::covering(low, high, marks);
        let d = s.decimals();
        let text: Vec<String> = (0..=s.steps()).map(|i| format!("{:.d$}", s.mark(i))).collect();
        assert_eq!(text.join(" "), expected);
    }

    #[test]
    fn marks_are_round_and_cover_the_data() {
        check(0.0, 0.5, 5, "0.0 0.1 0.2 0.3 0.4 0.5");
        check(0.0, 1.0, 5, "0.0 0.2 0.4 0.6 0.8 1.0");
        check(91.3, 97.8, 5, "90 92 94 96 98");
        check(0.0012, 0.0031, 4, "0.0010 0.0015 0.0020 0.0025 0.0030 0.0035");
        check(-3.0, 12.0, 4, "-5 0 5 10 15");
        check(1200.0, 8100.0, 4, "0 2000 4000 6000 8000 10000");
        check(20.0, 20.0, 4, "19.0 19.5 20.0 20.5 21.0");
        check(0.0, 0.0, 4, "-1.0 -0.5 0.0 0.5 1.0");
    }

    /// Whatever the ends: few marks, that go up, are numbers and cover them.
    #[test]
    fn any_two_numbers_make_an_axis() {
        let ends = [
            0.0,
            1.0,
            -1.0,
            1e308,
            -1e308,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            1e22,
            1e23,
            1e-23,
            1e15 + 1.0,
            1e15,
            1e300,
            -1e-300,
            0.1,
            123_456_789.0,
        ];
        for low in ends {
            for high in ends {
                let scale = Scale::covering(low, high, 4);
                let marks: Vec<f64> = (0..=scale.steps()).map(|i| scale.mark(i)).collect();
                let context = format!("{low:e} to {high:e}: {marks:?}");
                assert!((1..=8).contains(&scale.steps()), "{context}");
                assert!(marks.is_sorted() && marks.iter().all(|mark| mark.is_finite()), "{context}");
                assert!(scale.min() < scale.max(), "{context}");
                for end in [low, high] {
                    let share = scale.share(end);
                    assert!(high < low || (-0.01..=1.01).contains(&share), "{end} at {share}: {context}");
                }
                assert!((0..=scale.steps()).all(|i| scale.label(i).len() < 30), "{context}");
            }
        }
    }
}
