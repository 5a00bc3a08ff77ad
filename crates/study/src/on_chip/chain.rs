//! The reservoir's spikes as a readout on the chip sees them: through its synapse, its membrane and the host.
//!
//! A membrane is a filter below its threshold. Readout neurons are driven above it, are reset at every spike, and their
//! rate follows the current of the synapse within an interval between two spikes; their membrane keeps nothing.
//!
//! A readout that is trained on spikes through the host's filter alone is trained for another kernel than the one that
//! its weights act through. Here every spike passes the exponentials of the chain one after the other, with the chip's
//! nominal time constants: a spike of step t reaches the synapse in step t + 1 and the membrane in step t + 2, as it
//! does in the clocked cores. Each stage has a gain of 1, so that a train of r spikes a step settles at r. What comes
//! out is sampled through the host's filter, or is the mean over a stimulus and what it leaves behind.
//!
//! The chain is linear: it has no threshold, no reset and no mismatch.

use readout::Features;

/// What each stage of a chain keeps in a step; 0 for one that is not there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chain {
    /// The current of a synapse; none for one that steps the membrane itself.
    pub(crate) synapse: Option<f64>,
    /// The membrane.
    pub(crate) membrane: f64,
    /// The filter of the host; none: the mean over the window.
    pub(crate) filter: Option<f64>,
}

/// Features through a chain.
pub(crate) struct ChainFeatures {
    chain: Chain,
    /// Spikes of this step, and of the last.
    spikes: Vec<f64>,
    last: Vec<f64>,
    current: Vec<f64>,
    membrane: Vec<f64>,
    output: Vec<f64>,
    /// Steps that are over.
    now: u64,
}

impl ChainFeatures {
    pub(crate) fn new(neurons: usize, chain: Chain) -> Self {
        let zeros = || vec![0.0; neurons];
        Self { chain, spikes: zeros(), last: zeros(), current: zeros(), membrane: zeros(), output: zeros(), now: 0 }
    }

    /// Brings everything to the end of step `end - 1`.
    fn advance(&mut self, end: u64) {
        if end > self.now {
            simd::dispatch(Advance { features: self, end });
        }
    }
}

/// See [`ChainFeatures::advance`].
struct Advance<'a> {
    features: &'a mut ChainFeatures,
    end: u64,
}

impl simd::Kernel for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let ChainFeatures { chain, spikes, last, current, membrane, output, now } = self.features;
        let Chain { synapse, membrane: keep, filter } = *chain;
        for _ in *now..self.end {
            for ((v, i), last) in membrane.iter_mut().zip(&mut *current).zip(&*last) {
                let input = match synapse {
                    Some(keep) => std::mem::replace(i, *i * keep + *last * (1.0 - keep)),
                    None => *last,
                };
                *v = *v * keep + input * (1.0 - keep);
            }
            match filter {
                Some(keep) => {
                    output.iter_mut().zip(&*membrane).for_each(|(y, v)| *y = *y * keep + v * (1.0 - keep));
                }
                None => output.iter_mut().zip(&*membrane).for_each(|(y, v)| *y += v),
            }
            std::mem::swap(last, spikes);
            spikes.fill(0.0);
        }
        *now = self.end;
    }
}

impl Features for ChainFeatures {
    fn width(&self) -> usize {
        self.output.len()
    }

    fn spike(&mut self, tick: u64, neuron: usize, value: i32) {
        assert!(tick >= self.now, "step {tick} is over");
        self.advance(tick);
        self.spikes[neuron] += f64::from(value);
    }

    fn sample(&mut self, tick: u64, row: &mut [f64]) {
        self.advance(tick + 1);
        let window = if self.chain.filter.is_some() { 1.0 } else { (tick + 1) as f64 };
        row.iter_mut().zip(&self.output).for_each(|(entry, y)| *entry = y / window);
    }

    fn restart(&mut self, first_tick: u64) {
        for state in [&mut self.spikes, &mut self.last, &mut self.current, &mut self.membrane, &mut self.output] {
            state.fill(0.0);
        }
        self.now = first_tick;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(chain: Chain, spikes: &[u64], samples: &[u64]) -> Vec<f64> {
        let mut features = ChainFeatures::new(1, chain);
        let mut rows = Vec::new();
        let mut next = spikes.iter().peekable();
        for sample in samples {
            while let Some(tick) = next.next_if(|tick| *tick <= sample) {
                features.spike(*tick, 0, 1);
            }
            let mut row = [0.0];
            features.sample(*sample, &mut row);
            rows.push(row[0]);
        }
        rows
    }

    /// The difference of two exponentials, from the sum over all ways through the two stages.
    #[test]
    fn a_spike_becomes_the_convolution_of_the_stages() {
        let (b, a) = (0.9f64, 0.95f64);
        let chain = Chain { synapse: Some(b), membrane: a, filter: Some(0.0) };
        let rows = response(chain, &[3], &[3, 4, 5, 6, 20]);
        let power = |x: f64, n: u64| (0..n).fold(1.0, |product, _| product * x);
        let expected = |step: u64| {
            let since = step.checked_sub(5);
            let ways = since.map_or(0.0, |n| (0..=n).map(|k| power(b, k) * power(a, n - k)).sum());
            ways * (1.0 - a) * (1.0 - b)
        };
        for (row, step) in rows.iter().zip([3, 4, 5, 6, 20]) {
            assert!((row - expected(step)).abs() < 1e-15, "{step}: {row} {}", expected(step));
        }
    }

    #[test]
    fn a_steady_train_settles_at_its_rate_and_a_drained_window_holds_every_spike() {
        let all: Vec<u64> = (0..2000).collect();
        let filtered = Chain { synapse: Some(0.9), membrane: 0.95, filter: Some(0.95) };
        assert!((response(filtered, &all, &[1999])[0] - 1.0).abs() < 1e-9);
        let mean = Chain { synapse: None, membrane: 0.5, filter: None };
        let rows = response(mean, &[0, 7, 7, 9], &[99]);
        assert!((rows[0] - 0.04).abs() < 1e-12, "{rows:?}");
        assert!(response(mean, &[0, 7, 7, 9], &[9])[0] < 0.4, "the last spike is still under way");
    }
}
