//! Thresholds that differ from one interval between spikes to the next, worked out anew in every tick.

use std::fmt;
use std::rc::Rc;

/// The factor of a threshold, with 32 fraction bits, in the interval that begins with a tick.
type Ask = Rc<dyn Fn(u64) -> i128>;

/// The interval in which a neuron is, and how its threshold is asked for.
#[derive(Clone)]
pub struct Intervals {
    factor: Ask,
    /// Where states end.
    limit: i128,
    begins: u64,
}

impl Intervals {
    /// The first interval of a neuron whose states end at `limit`.
    pub fn new(limit: i128, factor: impl Fn(u64) -> i128 + 'static) -> Self {
        Self { factor: Rc::new(factor), limit, begins: 0 }
    }

    /// The next interval.
    pub(crate) const fn begin(&mut self, tick: u64) {
        self.begins = tick;
    }

    /// What becomes of the threshold `of_run` in the present interval.
    pub(crate) fn threshold(&self, of_run: i128) -> i128 {
        if of_run.abs() > self.limit {
            // Dead, or hot.
            return of_run;
        }
        let product = of_run * (self.factor)(self.begins);
        let (floor, rest) = (product.div_euclid(1 << 32), product.rem_euclid(1 << 32));
        let half = 1 << 31;
        let up = rest > half || (rest == half && floor % 2 != 0);
        (floor + i128::from(up)).clamp(-self.limit, self.limit)
    }
}

impl fmt::Debug for Intervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interval from tick {}", self.begins)
    }
}
