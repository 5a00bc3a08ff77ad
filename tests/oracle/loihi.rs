//! Loihi neurons by the rules of three simulators, one after the other, in 128-bit integers.
//!
//! Restated from the published behaviour of Lava (fixed point), nengo-loihi and Brian2Loihi, not from the device model:
//! each simulator is a function of its own here, where the device model has one step with named options.

/// Which simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simulator {
    /// lava-nc 0.10, tag `fixed_pt`.
    Lava,
    /// nengo-loihi 1.1, emulator.
    Nengo,
    /// Brian2Loihi 0.5.
    Brian,
}

/// A neuron: parameters as mantissas, and registers.
#[derive(Clone, Copy, Debug)]
pub struct LoihiNeuron {
    /// Decay of the current.
    pub decay_u: i128,
    /// Decay of the voltage.
    pub decay_v: i128,
    /// Threshold mantissa.
    pub threshold: i128,
    /// Constant input of a step.
    pub bias: i128,
    /// Refractory period in steps.
    pub refractory: i128,
    /// Current.
    pub u: i128,
    /// Voltage.
    pub v: i128,
    /// Steps for which the voltage is held.
    pub held: i128,
}

/// `sign(x) floor(|x| share / 4096)`.
fn kept(x: i128, share: i128) -> i128 {
    x.signum() * (x.abs() * share / 4096)
}

/// Two's complement in `bits` bits.
fn wrapped(x: i128, bits: u32) -> i128 {
    let span = 1i128 << bits;
    let low = x.rem_euclid(span);
    if low >= span / 2 { low - span } else { low }
}

impl LoihiNeuron {
    /// One step. `arrived` is the sum of the weights that arrived, in units of the threshold mantissa times 2^-20, as
    /// mapped weights are counted. Returns whether the neuron spiked.
    pub fn step(&mut self, simulator: Simulator, arrived: i128) -> bool {
        // Weights of these simulators are whole after their exponent; Lava rounds the sum down.
        let sum = arrived.div_euclid(1 << 20);
        match simulator {
            Simulator::Lava => {
                let mut u = kept(self.u, 4095 - self.decay_u) + 64 * sum;
                if u > 1 << 23 {
                    u -= 1 << 24;
                } else if u <= -(1 << 23) {
                    u += 1 << 24;
                }
                let most = (1 << 23) - 1;
                self.u = u;
                self.v = (kept(self.v, 4096 - self.decay_v) + u + self.bias).clamp(-most, most);
            }
            Simulator::Nengo => {
                assert_eq!(arrived % (1 << 20), 0, "weights of nengo-loihi are whole");
                self.u = wrapped(kept(self.u, 4095 - self.decay_u) + wrapped(64 * sum, 22), 24);
                let u2 = wrapped(self.u + self.bias, 24);
                self.v = (kept(self.v, 4096 - self.decay_v) + u2).clamp(0, (1 << 23) - 1);
                if self.held > 0 {
                    self.v = 0;
                }
            }
            Simulator::Brian => {
                assert_eq!(arrived % (1 << 20), 0, "weights of Brian2Loihi are whole");
                self.u = kept(self.u, 4096 - self.decay_u) + 64 * sum;
                self.v = if self.held > 0 { 0 } else { kept(self.v, 4096 - self.decay_v) + self.u + self.bias };
            }
        }
        let spiked = self.v > 64 * self.threshold;
        if spiked {
            self.v = 0;
            self.held = if simulator == Simulator::Lava { 0 } else { self.refractory };
        }
        self.held = (self.held - 1).max(0);
        spiked
    }
}
