//! Chaotic systems, solved with the classical Runge-Kutta method of fourth order.
//!
//! Owns the equations, their steps and starts, and nothing of normalisation. Only `+ - * /` in a fixed order, so that
//! the samples are the same bits on every machine. A chaotic solution is not the solution of the equation for its
//! start beyond some tens of Lyapunov times, whoever solves it; it is one with a start nearby.

use disorder::{Key, Purpose, uniform_below};
use std::collections::VecDeque;

/// A number from `low` up to `high`, from one word.
fn between(stream: &mut impl rand::Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * (uniform_below(stream, 1 << 32) as f64 / (1u64 << 32) as f64)
}

/// A system of three equations, and how it is sampled.
struct Flow {
    name: &'static str,
    slope: fn([f64; 3]) -> [f64; 3],
    /// Each coordinate of the start is drawn between these.
    start: [(f64, f64); 3],
    /// Step of the solver, in time units.
    step: f64,
    /// Steps from one sample to the next.
    steps: usize,
    /// Samples that are thrown away, in which the start is forgotten.
    transient: usize,
}

/// E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130: sigma 10, rho 28, beta 8/3.
const LORENZ: Flow = Flow {
    name: "lorenz",
    slope: |[x, y, z]| [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z],
    start: [(-5.0, 5.0), (-5.0, 5.0), (20.0, 30.0)],
    step: 0.01,
    steps: 2,
    transient: 2500,
};

/// O. E. Roessler, Phys. Lett. A 57 (1976) 397: a = b = 0.2, c = 5.7.
const ROESSLER: Flow = Flow {
    name: "roessler",
    slope: |[x, y, z]| [-y - z, x + 0.2 * y, 0.2 + z * (x - 5.7)],
    start: [(-4.0, 4.0), (-4.0, 4.0), (0.0, 0.1)],
    step: 0.02,
    steps: 10,
    transient: 2500,
};

impl Flow {
    /// The first coordinate of `count` samples.
    fn samples(&self, seed: u64, count: usize) -> Vec<f64> {
        self.states(seed, count).into_iter().map(|[x, ..]| x).collect()
    }

    /// All coordinates of `count` samples.
    fn states(&self, seed: u64, count: usize) -> Vec<[f64; 3]> {
        let mut stream = Key::new(seed, Purpose::Task).name(self.name).stream();
        let mut at = self.start.map(|(low, high)| between(&mut stream, low, high));
        let mut samples = Vec::with_capacity(count);
        for sample in 0..self.transient + count {
            if sample >= self.transient {
                samples.push(at);
            }
            for _ in 0..self.steps {
                at = advanced(at, self.step, self.slope);
            }
        }
        samples
    }
}

/// One step of the classical Runge-Kutta method.
fn advanced(at: [f64; 3], h: f64, slope: fn([f64; 3]) -> [f64; 3]) -> [f64; 3] {
    let moved = |by: f64, along: [f64; 3]| std::array::from_fn(|i| at[i] + by * along[i]);
    let k1 = slope(at);
    let k2 = slope(moved(h / 2.0, k1));
    let k3 = slope(moved(h / 2.0, k2));
    let k4 = slope(moved(h, k3));
    std::array::from_fn(|i| at[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// x of the Lorenz system, a sample each 0.02 time units.
pub(crate) fn lorenz(seed: u64, count: usize) -> Vec<f64> {
    LORENZ.samples(seed, count)
}

/// x, y and z of the same solution, less their means and over their standard deviations on the attractor: 0, 0, 23.55
/// and 7.92, 9.01, 8.62 (4000 starts of 35 time units each).
pub(crate) fn lorenz_xyz(seed: u64, count: usize) -> [Vec<f64>; 3] {
    let states = LORENZ.states(seed, count);
    let scaled = |axis: usize, mean: f64, sd: f64| states.iter().map(|state| (state[axis] - mean) / sd).collect();
    [scaled(0, 0.0, 7.92), scaled(1, 0.0, 9.01), scaled(2, 23.55, 8.62)]
}

/// x of the Roessler system, a sample each 0.2 time units.
pub(crate) fn roessler(seed: u64, count: usize) -> Vec<f64> {
    ROESSLER.samples(seed, count)
}

/// Steps of the solver a time unit.
const STEPS_PER_UNIT: usize = 10;
/// Time units before the first sample, in which the constant past is forgotten.
const TRANSIENT: usize = 1000;

/// x of the Mackey-Glass equation with a delay of `delay` time units, a sample each time unit.
///
/// The constant past decides which piece of the attractor is seen: it is drawn from 1.1 to 1.3, away from the fixed
/// point at 1, from the stream `name` of the seed.
pub(crate) fn mackey_glass(name: &str, delay: usize, seed: u64, count: usize) -> Vec<f64> {
    let past = between(&mut Key::new(seed, Purpose::Task).name(name).stream(), 0.0, 1.0);
    let mut samples = mackey_glass_samples(delay, 1.1 + 0.2 * past, TRANSIENT + count);
    samples.drain(..TRANSIENT);
    samples
}

/// `count` values of x, one a time unit, after a constant past.
///
/// Classical fourth-order Runge-Kutta with a step of 1/10. The delayed value at half a step comes from cubic Hermite
/// interpolation of the stored values and slopes, which keeps the fourth order (Bellen & Zennaro, Numerical Methods
/// for Delay Differential Equations, 2003).
fn mackey_glass_samples(delay: usize, past: f64, count: usize) -> Vec<f64> {
    let delay_steps = delay * STEPS_PER_UNIT;
    const H: f64 = 1.0 / STEPS_PER_UNIT as f64;
    let slope = |x: f64, delayed: f64| {
        let (squared, fourth) = (delayed * delayed, delayed * delayed * delayed * delayed);
        0.2 * delayed / (1.0 + fourth * fourth * squared) - 0.1 * x
    };
    // (x, dx/dt) at each step of the last delay, oldest first; the past has slope 0.
    let mut history = VecDeque::from(vec![(past, 0.0); delay_steps]);
    let mut x = past;
    let mut samples = Vec::with_capacity(count);
    for step in 0..count * STEPS_PER_UNIT {
        if step % STEPS_PER_UNIT == 0 {
            samples.push(x);
        }
        let (x0, s0) = history[0];
        let k1 = slope(x, x0);
        history.push_back((x, k1));
        history.pop_front();
        let (x1, s1) = history[0];
        // At time 0 the slope jumps; the piece before it still ends flat.
        let s1 = if step + 1 == delay_steps { 0.0 } else { s1 };
        let middle = (x0 + x1) / 2.0 + H / 8.0 * (s0 - s1);
        let k2 = slope(x + H / 2.0 * k1, middle);
        let k3 = slope(x + H / 2.0 * k2, middle);
        let k4 = slope(x + H * k3, x1);
        x += H / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Halving the step would change the fourth digit of the error if the order were lower: compare with a slow
    /// solver of second order (Heun) at a hundredth of the step.
    #[test]
    fn mackey_glass_solves_its_equation() {
        for delay in [17, 30] {
            let (steps, h) = (1000, 0.001);
            let mut x = vec![1.2f64; delay * steps + 1];
            let slope = |x: f64, delayed: f64| 0.2 * delayed / (1.0 + delayed.powi(10)) - 0.1 * x;
            for i in 0..100 * steps {
                let now = x[i + delay * steps];
                let k1 = slope(now, x[i]);
                let k2 = slope(now + h * k1, x[i + 1]);
                x.push(now + h / 2.0 * (k1 + k2));
            }
            let fast = mackey_glass_samples(delay, 1.2, 101);
            for (unit, value) in fast.iter().enumerate() {
                let reference = x[(unit + delay) * steps];
                assert!((value - reference).abs() < 2e-6, "{delay} {unit}: {value} {reference}");
            }
        }
    }

    /// A step cut in sixteen gives the same for a time unit of Lorenz (0.9 Lyapunov times) and 60 of Roessler
    /// (4 of them), and the difference falls as the fourth power of the step.
    #[test]
    fn flows_are_solved_to_fourth_order() {
        for (flow, time, bound) in [(LORENZ, 1.0, 2e-3), (ROESSLER, 60.0, 2e-3)] {
            let end = |cut: usize| {
                let steps = (time / flow.step) as usize * cut;
                (0..steps).fold([1.0, 2.0, 10.0], |at, _| advanced(at, flow.step / cut as f64, flow.slope))
            };
            let fine = end(16);
            let error = |cut| end(cut).iter().zip(fine).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            let (coarse, half) = (error(1), error(2));
            assert!(coarse < bound, "{} {coarse}", flow.name);
            assert!((10.0..24.0).contains(&(coarse / half)), "{}: falls by {}, not 16", flow.name, coarse / half);
        }
    }

    /// The largest Lyapunov exponent: 0.906 of Lorenz (J. C. Sprott, Chaos and Time-Series Analysis, 2003), 0.071 of
    /// Roessler (the same); over 2000 and 20,000 time units.
    #[test]
    fn neighbours_part_as_published() {
        for (flow, time, published, bound) in [(LORENZ, 2000.0, 0.906, 0.02), (ROESSLER, 20_000.0, 0.0714, 0.005)] {
            const APART: f64 = 1e-7;
            let run = |at, steps| (0..steps).fold(at, |at, _| advanced(at, flow.step, flow.slope));
            let mut one = run([1.0, 2.0, 10.0], 10_000);
            let mut other = [one[0] + APART, one[1], one[2]];
            let (mut sum, rounds) = (0.0, time as usize);
            let steps = (1.0 / flow.step) as usize;
            for round in 0..rounds + 20 {
                (one, other) = (run(one, steps), run(other, steps));
                let gap: [f64; 3] = std::array::from_fn(|i| other[i] - one[i]);
                let size = gap.iter().map(|g| g * g).sum::<f64>().sqrt();
                // The first rounds turn the gap into the direction that grows.
                sum += if round >= 20 { (size / APART).ln() } else { 0.0 };
                other = std::array::from_fn(|i| one[i] + gap[i] * APART / size);
            }
            let exponent = sum / rounds as f64;
            assert!((exponent - published).abs() < bound, "{}: {exponent}", flow.name);
        }
    }
}
