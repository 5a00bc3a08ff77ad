//! Leaky integrate-and-fire neurons in double precision, by the same exact propagators.

/// A neuron in physical units: ms, and the voltage unit of its threshold.
#[derive(Clone, Debug)]
pub struct FloatNeuron {
    /// Membrane time constant.
    pub tau_mem: f64,
    /// Threshold.
    pub threshold: f64,
    /// Where a spike leaves the membrane.
    pub reset: f64,
    /// Level that constant input leads to.
    pub drive: f64,
    /// Refractory period in steps.
    pub refractory_steps: u32,
    /// Currents.
    pub currents: Vec<FloatCurrent>,
    /// The membrane.
    pub v: f64,
    /// Remaining steps of the refractory period.
    pub r: u32,
}

/// An exponential current.
#[derive(Clone, Debug)]
pub struct FloatCurrent {
    /// Time constant asked for.
    pub tau_asked: f64,
    /// Real time constant.
    pub tau: f64,
    /// Gain, negative for an inhibitory kind.
    pub gain: f64,
    /// The current.
    pub i: f64,
}

impl FloatCurrent {
    /// What part of the old current reaches the membrane within `dt`: the solution of both equations, without
    /// cancellation where the two time constants are close.
    pub fn coupling(&self, dt: f64, tau_mem: f64) -> f64 {
        let d = dt / self.tau - dt / tau_mem;
        let mean = if d == 0.0 { 1.0 } else { d.exp_m1() / d };
        self.gain * dt / self.tau_asked * (-dt / self.tau).exp() * mean
    }
}

impl FloatNeuron {
    /// One step of `dt` in which the membrane is stepped by `delta` and current k by `jumps[k]`. Returns whether it
    /// spikes.
    pub fn step(&mut self, dt: f64, delta: f64, jumps: &[f64]) -> bool {
        let waits = self.r > 1;
        if self.r > 0 {
            self.v = self.reset + if waits { 0.0 } else { delta };
            self.r -= 1;
        } else {
            let decay = (-dt / self.tau_mem).exp();
            let driven: f64 = self.currents.iter().map(|c| c.coupling(dt, self.tau_mem) * c.i).sum();
            self.v = self.v * decay + self.drive * -(-dt / self.tau_mem).exp_m1() + driven + delta;
        }
        for (current, jump) in self.currents.iter_mut().zip(jumps) {
            current.i = current.i * (-dt / current.tau).exp() + jump;
        }
        let spikes = !waits && self.v >= self.threshold;
        if spikes {
            self.v = self.reset;
            self.r = self.refractory_steps;
        }
        spikes
    }
}
