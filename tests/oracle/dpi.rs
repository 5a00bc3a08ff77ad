//! One log-domain neuron, stated twice more: in 128-bit integers as the documentation of the core gives the numbers,
//! and in double precision as the papers give the equations.
//!
//! The integer one shares the functions of `fx` with the core (exp of 128 bits for constants, ln and exp2 of a step),
//! whose errors are proved there, and nothing else.

use chip::SynapseGate;
use fx::power::{exp2, log2};
use fx::{Rounding, Wide, shift_right};

/// A filter: capacitance (pF), leak and gain current (pA).
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// pF.
    pub c: f64,
    /// pA.
    pub tau: f64,
    /// pA.
    pub gain: f64,
}

/// A neuron: currents in pA, capacitances in pF, voltages in mV. Every number is a multiple of 2^-20, so that both
/// statements and the core start from the same one.
#[derive(Clone, Debug)]
pub struct DpiSettings {
    /// Step in ms.
    pub dt: f64,
    /// Dark current.
    pub dark: f64,
    /// Slope factor.
    pub kappa: f64,
    /// Thermal voltage.
    pub u_t: f64,
    /// End of pulses.
    pub v: f64,
    /// The membrane.
    pub membrane: Filter,
    /// The adaptation.
    pub adaptation: Filter,
    /// Capacitance and current of pulses.
    pub pulse: (f64, f64),
    /// Of those of the adaptation.
    pub pulse_ahp: (f64, f64),
    /// Threshold.
    pub threshold: f64,
    /// Constant input.
    pub dc: f64,
    /// Weight of the adaptation.
    pub w_ahp: f64,
    /// NMDA gate.
    pub nmda: f64,
    /// Current of an input of 1.
    pub scale: f64,
    /// Gated steps after a spike.
    pub refractory: i32,
    /// Synapses.
    pub gates: Vec<(SynapseGate, Filter)>,
}

/// State of a neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct DpiState<T> {
    /// One a gate.
    pub synapses: Vec<T>,
    /// Adaptation.
    pub ahp: T,
    /// Membrane, after a reset.
    pub mem: T,
    /// Logarithm of the membrane before a reset: log2 in the integers, ln in floats.
    pub log: T,
    /// Spikes of the last step.
    pub spikes: i32,
    /// Gated steps to come.
    pub refractory: i32,
}

/// The number as [`Wide`]; exact.
pub fn wide(x: f64) -> Wide {
    assert_eq!(x * 1_048_576.0, (x * 1_048_576.0).trunc(), "{x} is no multiple of 2^-20");
    Wide::from_bits(((x * 1_048_576.0) as i128) << 76)
}

fn to(x: Wide, bits: u32) -> i128 {
    shift_right(x.to_bits(), 96 - bits, Rounding::HalfEven)
}

const ONE: i128 = 1 << 28;

fn halves_up(x: i128, bits: u32) -> i128 {
    (x + (1 << (bits - 1))).div_euclid(1 << bits)
}

fn limit(x: i128, low: i128) -> i128 {
    x.clamp(low, 1 << 56)
}

impl DpiSettings {
    fn combined(&self) -> bool {
        matches!(self.gates[..], [(SynapseGate::Combined, _)])
    }

    fn filter_step(
        &self,
        (i, x): (i128, i128),
        f: &Filter,
        pulse: (f64, f64),
        unit: f64,
        b: &str,
        floor: bool,
    ) -> i128 {
        let (dark, tau_current) = (wide(self.dark), wide(f.tau).max(wide(self.dark)));
        let gain = wide(f.gain).max(dark);
        let tau = wide(self.u_t).div_trunc(wide(self.kappa)).mul_trunc(wide(f.c)).div_trunc(tau_current);
        let length = wide(self.v).mul_trunc(wide(pulse.0)).div_trunc(wide(pulse.1));
        let decay = to(wide(self.dt).div_trunc(tau).neg().exp(), 62);
        let lost = Wide::ONE.sub_sat(length.div_trunc(tau).neg().exp());
        let charge = lost.mul_trunc(gain).div_trunc(tau_current);
        let unit = wide(unit).div_trunc(dark);
        if self.combined() {
            let jump = halves_up(x * to(charge.mul_trunc(unit), 32), 36);
            let jump = if floor { limit(jump, to(lost, 28)) } else { jump };
            return limit(halves_up(i * decay, 62) + jump, if floor { 0 } else { ONE });
        }
        let mut next = halves_up(i * decay, 62);
        if x > 0 {
            let b = Wide::from_text(b);
            let ratio = gain.div_trunc(dark);
            let w = limit(halves_up(x * to(unit, 28), 32), 0);
            let g = to(ratio, 28);
            let full = i + g;
            let first = i * (w + g - i) / full;
            let second = w * (i + to(ratio.mul_trunc(Wide::ONE.sub_sat(b)), 28)) / full;
            next += halves_up(to(b.mul_trunc(length).div_trunc(tau), 40) * first + to(charge, 40) * second, 40);
        }
        limit(next, ONE)
    }

    /// One step in integers; `inputs` with 32 fraction bits.
    pub fn step(&self, s: &mut DpiState<i128>, inputs: &[i64]) {
        let dark = wide(self.dark);
        let of = |current: f64| to(wide(current).div_trunc(dark), 28);
        let leak_ratio = wide(self.membrane.tau).max(dark).div_trunc(dark);
        let (tau, gain) = (to(leak_ratio, 28), of(self.membrane.gain.max(self.dark)));
        let (mut input, mut leak) = (of(self.dc), tau);
        for (k, (gate, filter)) in self.gates.iter().enumerate() {
            let x = i128::from(inputs[k]);
            s.synapses[k] = self.filter_step((s.synapses[k], x), filter, self.pulse, self.scale, "0.95", true);
            let i = s.synapses[k];
            match gate {
                SynapseGate::Combined | SynapseGate::Ampa => input += i,
                SynapseGate::Nmda => input += i * s.mem / (s.mem + of(self.nmda)),
                SynapseGate::Gaba => leak += i,
                SynapseGate::Shunt => input -= i,
            }
        }
        let spikes = i128::from(s.spikes) << 32;
        s.ahp = self.filter_step((s.ahp, spikes), &self.adaptation, self.pulse_ahp, self.w_ahp, "0.75", false);
        leak += s.ahp;
        let input = if s.refractory > 0 { ONE } else { (input - leak).max(ONE) };
        let pull = (gain * (input - leak) - s.mem * (tau + s.ahp)) / (s.mem + gain);
        let c = wide(self.dt).mul_trunc(wide(self.kappa)).mul_trunc(dark);
        let c = c.div_trunc(wide(self.u_t).mul_trunc(wide(self.membrane.c)));
        let power = to(wide(self.kappa).div_trunc(wide(self.kappa).add_sat(Wide::ONE)), 32);
        let feedback = i128::from(exp2(halves_up(s.log * power, 32) as i64, 28));
        let rate = limit(halves_up(leak * to(c.div_trunc(leak_ratio), 62), 50), 0);
        let growth = halves_up(rate * pull + feedback * to(c, 40), 28);
        s.mem = limit(s.mem + halves_up(s.mem * growth, 40), ONE);
        s.log = i128::from(log2(s.mem as u64)) - (28 << 40);
        let above = s.log - (i128::from(log2(of(self.threshold) as u64)) - (28 << 40));
        // ln 2 to 62 places, cut.
        s.spikes = if above > 0 {
            (above * 3_196_577_161_300_663_914 + (1 << 102) - 1).div_euclid(1 << 102) as i32
        } else {
            0
        };
        s.refractory = (s.refractory - 1).max(0);
        if s.spikes > 0 {
            (s.mem, s.refractory) = (ONE, self.refractory);
        }
    }

    /// A neuron at rest, in integers.
    pub fn initial(&self) -> DpiState<i128> {
        DpiState { synapses: vec![ONE; self.gates.len()], ahp: ONE, mem: ONE, log: 0, spikes: 0, refractory: 0 }
    }

    /// One step in double precision, as the equations stand in the papers; currents in units of the dark current.
    pub fn step_in_floats(&self, s: &mut DpiState<f64>, inputs: &[f64]) {
        let i0 = self.dark;
        let tau = |current: f64, c: f64| self.u_t / self.kappa * c / current;
        let charged = |i: f64, w: f64, f: &Filter, pulse: (f64, f64), b: f64| {
            let (leak, gain) = (f.tau.max(i0), f.gain.max(i0));
            let (constant, length) = (tau(leak, f.c), self.v * pulse.0 / pulse.1);
            let (decay, lost) = ((-self.dt / constant).exp(), -(-length / constant).exp_m1());
            if self.combined() {
                return (decay, lost, gain / leak * w);
            }
            if w <= 0.0 {
                return (decay, 0.0, 0.0);
            }
            let r = b * gain / (i + gain);
            let jump = (1.0 - r) * lost * gain / leak * w + r * i * length / constant * (w / gain + 1.0 - i / gain);
            (decay, 1.0, jump)
        };
        let (mut input, mut gaba) = (self.dc, 0.0);
        let mem = s.mem * i0;
        for (k, (gate, filter)) in self.gates.iter().enumerate() {
            let i = s.synapses[k] * i0;
            let (decay, lost, end) = charged(i, inputs[k] * self.scale, filter, self.pulse, 0.95);
            let i = if self.combined() { i * decay + lost * end.max(i0) } else { (i * decay + lost * end).max(i0) };
            s.synapses[k] = i / i0;
            match gate {
                SynapseGate::Combined | SynapseGate::Ampa => input += i,
                SynapseGate::Nmda => input += i / (1.0 + self.nmda / mem),
                SynapseGate::Gaba => gaba = i,
                SynapseGate::Shunt => input -= i,
            }
        }
        let i = s.ahp * i0;
        let (decay, lost, end) = charged(i, self.w_ahp * f64::from(s.spikes), &self.adaptation, self.pulse_ahp, 0.75);
        let ahp = (i * decay + lost * end).max(i0);
        s.ahp = ahp / i0;
        let (leak_tau, gain) = (self.membrane.tau.max(i0), self.membrane.gain.max(i0));
        let leak = leak_tau + gaba + ahp;
        let input = if s.refractory > 0 { i0 } else { (input - leak).max(i0) };
        let vmem = self.u_t / self.kappa * s.log;
        let feedback = i0 * (self.kappa * self.kappa / (self.kappa + 1.0) * vmem / self.u_t).exp();
        let f = feedback / leak * (mem + gain);
        let pull = gain / leak_tau * (input - leak) + f - mem * (1.0 + ahp / leak_tau);
        let next = (mem + mem / (tau(leak, self.membrane.c) * (mem + gain)) * pull * self.dt).max(i0);
        s.mem = next / i0;
        s.log = s.mem.ln();
        s.spikes = (next / self.threshold).ln().ceil().max(0.0) as i32;
        s.refractory = (s.refractory - 1).max(0);
        if s.spikes > 0 {
            (s.mem, s.refractory) = (1.0, self.refractory);
        }
    }
}
