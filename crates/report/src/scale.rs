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

impl Scale {
    /// The tightest scale of about `marks` steps, or fewer, that covers `low` to `high`. A single value gets room
    /// on both sides.
    pub(crate) fn covering(low: f64, high: f64, marks: usize) -> Self {
        let (low, high) = if high > low {
            (low, high)
        } else {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.05 };
            (low - room, low + room)
        };
        let raw = (high - low) / marks as f64;
        let mut exponent = 0;
        while power_of_ten(exponent + 1) <= raw && exponent < 22 {
            exponent += 1;
        }
        while power_of_ten(exponent) > raw && exponent > -22 {
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
        if self.exponent < 0 { multiple / power_of_ten(-self.exponent) } else { multiple * power_of_ten(self.exponent) }
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
    pub(crate) fn decimals(&self) -> usize {
        usize::try_from(-self.exponent).unwrap_or(0)
    }
}

/// `10^exponent`, the nearest f64 for exponents from -22 to 22 (no library function: those differ between platforms).
fn power_of_ten(exponent: i32) -> f64 {
    let magnitude = (0..exponent.unsigned_abs()).fold(1.0, |product, _| product * 10.0);
    if exponent < 0 { 1.0 / magnitude } else { magnitude }
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
}
