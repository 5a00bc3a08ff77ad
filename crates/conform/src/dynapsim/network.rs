//! A recorded network of DynapSim as a chip and a program.
//!
//! The circuits are those of core model `dpi` in its combined form, with parameters of their own in every neuron: the
//! recorded numbers as decimals, which the core rounds to 2^-32 of a pA, pF or mV. What a program cannot hold as it was
//! recorded is said another way, with the same meaning:
//!
//! - Weights are floats. They are cut into slices of 16 bits, one kind of synapse each ([`device_models::slices`]).
//! - Inputs are floats too, a sum for each neuron and step. They are sent byte by byte: each neuron has a channel for
//!   each byte of a positive and of a negative input that occurs, whose one synapse has the weight of the byte.
//! - A refractory period is a recorded number of steps. It becomes a pulse that ends half a step before that number is
//!   over, because a period lasts as many steps as begin before its end.
//! - DynapSim knows the charge that a pulse leaves in a synapse, 1 - exp(-t/tau), from an exp that was rounded to 24
//!   bits. For a pulse of 1 us and a time constant of 50 ms that is off by up to 0.15 %, more than everything else
//!   together. The pulse that leaves just that charge stands in its place.

use crate::arrays::{Arrays, INT32};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::machine::{Channels, Machine, Probe, ideal_chip, number, parameter, slice_kinds};
use crate::read::{MAX_NEURONS, MAX_STEPS, bounded, within};
use chip::{ChipSpec, CoreModel, CoreProgram, Fact, IdealRow, IdealSynapse, Program, Source, SynapseGate, Values};
use device_models::slices::{FRACTION_BITS, split};
use std::collections::BTreeMap;
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Quantity};

/// Most steps of a refractory period.
const REFRACTORY_MAX: i64 = 1 << 30;
/// Shortest step in seconds: what makes a refractory period of some steps still fits the formats of the core.
const SHORTEST_STEP: f64 = 1e-9;
/// The core of the program.
const CORE: CoreAddress = CoreAddress::new(0, 0);
/// From here on a number does not fit the formats of the core, in the units that it computes in.
const TOO_LARGE: f64 = 2_147_483_647.0;

/// Recorded parameters that are those of the core: of the chip, of the case, and their unit. A current of the last list
/// is the dark current if it is smaller.
const PARAMETERS: [(&str, &str, &str); 12] = [
    ("i_dark", "Io", "A"),
    ("kappa_n", "kappa_n", "1"),
    ("kappa_p", "kappa_p", "1"),
    ("u_t", "Ut", "V"),
    ("v_cutoff", "Vth", "V"),
    ("i_threshold", "Ispkthr", "A"),
    ("i_dc", "Idc", "A"),
    ("c_mem", "C_mem", "F"),
    ("c_syn", "C_syn", "F"),
    ("c_ahp", "C_ahp", "F"),
    ("c_pulse", "C_pulse", "F"),
    ("c_pulse_ahp", "C_pulse_ahp", "F"),
];
const NOT_BELOW_DARK: [(&str, &str); 6] = [
    ("i_tau_mem", "Itau_mem"),
    ("i_gain_mem", "Igain_mem"),
    ("i_tau_syn", "Itau_syn"),
    ("i_gain_syn", "Igain_syn"),
    ("i_tau_ahp", "Itau_ahp"),
    ("i_gain_ahp", "Igain_ahp"),
];
/// The circuits that make pulses, and the filter that each charges.
const PULSES: [(&str, &str, &str); 2] = [("pulse", "syn", "i_pulse"), ("pulse_ahp", "ahp", "i_pulse_ahp")];

/// What reads the arrays of a case.
pub(super) struct Reader<'a> {
    case: &'a Case,
    fields: Fields<'a>,
    pub(super) arrays: Arrays,
    pub(super) steps: usize,
    pub(super) neurons: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(case: &'a Case) -> Result<Self, ConformError> {
        let fields = case.fields();
        let steps = fields.integer("n_steps", 1..=MAX_STEPS as i64)? as usize;
        let neurons = fields.count("n", MAX_NEURONS)?;
        bounded(&fields, "n", steps, neurons)?;
        bounded(&fields, "n", neurons, neurons)?;
        Ok(Self { case, fields, arrays: case.arrays()?, steps, neurons })
    }

    pub(super) fn per_neuron(&self, key: &str) -> Result<Vec<f64>, ConformError> {
        self.arrays.floats("format", key, &[Some(self.neurons)], "a value per neuron")
    }

    /// The network, what it is sent, and the quantities `probes` to read.
    ///
    /// # Errors
    /// [`ConformError`] for what is missing, misshapen, or too large for a program.
    pub(super) fn machine(&self, probes: &[&'static str]) -> Result<Machine, ConformError> {
        let (dt, scale) = (self.number("dt")?, self.number("Iscale")?);
        if dt < SHORTEST_STEP {
            return Err(self.refused("dt", format!("{dt:e} s is too short to be replayed; a step has at least 1 ns")));
        }
        let values = self.parameters(dt)?;
        let mut spec = chip(self.quantity("dt", dt, "s")?, &values);
        spec.parameters.insert("i_scale".to_owned(), parameter(fact(self.quantity("Iscale", scale, "A")?)));
        let (channels, mut rows) = self.inputs()?;
        rows.extend(self.connections()?);
        rows.sort_unstable_by_key(|row| (row.source, row.destination));
        let core = CoreProgram {
            address: CORE,
            model: CoreModel::Dpi,
            neuron_count: self.neurons as u32,
            parameters: values.into_iter().map(|(name, list)| (name, Values::PerNeuron(list))).collect(),
            weight_exponent: 0,
            off: Vec::new(),
            circuits: Vec::new(),
        };
        let program = Program {
            chip: spec.name.clone(),
            clock: None,
            cores: vec![core],
            input_count: channels.count as u32,
            routing: rows.into(),
        };
        let probes = probes.iter().map(|&quantity| Probe { core: 0, quantity }).collect();
        Ok(Machine { spec, program, inputs: vec![channels], probes, steps: self.steps })
    }

    /// The error of what does not fit a program.
    pub(super) fn refused(&self, part: &str, reason: impl ToString) -> ConformError {
        self.case.refused(part, reason)
    }

    /// `value`, which is called `key`, in `unit`, as a decimal.
    fn quantity(&self, key: &str, value: f64, unit: &str) -> Result<Quantity, ConformError> {
        let canonical = match unit {
            "A" | "F" => 1e12,
            "V" | "s" => 1e3,
            _ => 1.0,
        };
        if value.abs() * canonical >= TOO_LARGE {
            return Err(self.refused(key, format!("{value:e} is too large to be replayed")));
        }
        format!("{value:e} {unit}").parse().map_err(|error| self.refused(key, error))
    }

    /// A positive number of the description.
    fn number(&self, key: &str) -> Result<f64, ConformError> {
        let value = self.fields.get(key).and_then(serde_json::Value::as_f64).filter(|v| *v > 0.0 && v.is_finite());
        value.ok_or_else(|| self.fields.wrong(key, "a number above 0"))
    }

    /// The parameters of the core, neuron by neuron, with a step of `dt` seconds.
    fn parameters(&self, dt: f64) -> Result<BTreeMap<String, Vec<Quantity>>, ConformError> {
        let mut all = BTreeMap::new();
        let mut add = |name: &str, key: &str, values: &[f64], unit: &str| {
            let values = values.iter().map(|value| self.quantity(key, *value, unit));
            all.insert(name.to_owned(), values.collect::<Result<Vec<_>, _>>()?);
            Ok(())
        };
        for (name, key, unit) in PARAMETERS {
            add(name, key, &self.per_neuron(key)?, unit)?;
        }
        let dark = self.per_neuron("Io")?;
        let above_dark = |key: &str| -> Result<Vec<f64>, ConformError> {
            Ok(self.per_neuron(key)?.iter().zip(&dark).map(|(value, dark)| value.max(*dark)).collect())
        };
        // An adaptation is never below the dark current, so that a weight below 0 does what one of 0 does.
        let weights = self.per_neuron("Iw_ahp")?.iter().map(|weight| weight.max(0.0)).collect::<Vec<_>>();
        add("i_w_ahp", "Iw_ahp", &weights, "A")?;
        for (name, key) in NOT_BELOW_DARK {
            add(name, key, &above_dark(key)?, "A")?;
        }
        let (u_t, cutoff) = (self.per_neuron("Ut")?, self.per_neuron("Vth")?);
        let (kappa_n, kappa_p) = (self.per_neuron("kappa_n")?, self.per_neuron("kappa_p")?);
        for (pulse, filter, name) in PULSES {
            let key = format!("I{pulse}");
            let (charge, current) = (self.per_neuron(&format!("C_{pulse}"))?, self.per_neuron(&key)?);
            let (capacitance, tau) = (self.per_neuron(&format!("C_{filter}"))?, above_dark(&format!("Itau_{filter}"))?);
            let rounded = |n: usize| {
                let kappa = (kappa_n[n] + kappa_p[n]) / 2.0;
                let (tau, length) = (u_t[n] / kappa * capacitance[n] / tau[n], cutoff[n] * charge[n] / current[n]);
                current[n] * rounding(length / tau)
            };
            let currents: Vec<f64> = (0..self.neurons).map(rounded).collect();
            add(name, &key, &currents, "A")?;
        }
        // A pulse of V C / I: C counts steps, and I is what makes 1 pF of them last one step.
        let why = "a number of steps per neuron";
        let steps = self.arrays.read("format", "refractory_steps", INT32, &[Some(self.neurons)], why)?;
        within(&self.arrays, "refractory_steps", &steps, 0..=REFRACTORY_MAX, "from 0 to 2^30")?;
        let length = |steps: &i64| if *steps == 0 { 1e-7 } else { *steps as f64 - 0.5 };
        let lengths: Vec<f64> = steps.values.iter().map(|steps| length(steps) * 1e-12).collect();
        add("c_refractory", "refractory_steps", &lengths, "F")?;
        let currents: Vec<f64> = cutoff.iter().map(|v| v * 1e-12 / dt).collect();
        add("i_refractory", "Vth", &currents, "A")?;
        Ok(all)
    }

    /// An array of numbers with [`FRACTION_BITS`] fraction bits; `why` says what its shape means.
    fn fixed(&self, key: &str, shape: (usize, usize), why: &str) -> Result<Vec<i64>, ConformError> {
        let values = self.arrays.floats("format", key, &[Some(shape.0), Some(shape.1)], why)?;
        let bits = |value: &f64| {
            fixed(*value).ok_or_else(|| self.refused(key, format!("{value:e} is too large to be replayed")))
        };
        values.iter().map(bits).collect()
    }

    /// The synapses of each neuron: a spike acts in the next step.
    fn connections(&self) -> Result<Vec<IdealRow>, ConformError> {
        let why = "[pre, post]; the form with four gates is not replayed";
        let weights = self.fixed("w_rec", (self.neurons, self.neurons), why)?;
        let mut rows = Vec::new();
        for (pre, weights) in weights.chunks_exact(self.neurons).enumerate() {
            let mut synapses = Vec::new();
            for (post, &weight) in weights.iter().enumerate() {
                let slices = split(weight).ok_or_else(|| {
                    self.refused("w_rec", format!("the weight from neuron {pre} to {post} is too large to be replayed"))
                })?;
                let slices = slices.iter().enumerate().filter(|(_, slice)| **slice != 0);
                synapses.extend(slices.map(|(kind, &slice)| synapse(post, kind, slice)));
            }
            let source = Source::Neuron(NeuronAddress { core: CORE, neuron: NeuronId(pre as u16) });
            rows.push(IdealRow { source, destination: CORE, delay_ticks: 1, synapses });
        }
        rows.retain(|row| !row.synapses.is_empty());
        Ok(rows)
    }

    /// The recorded inputs as bytes on channels, and where the channels go.
    fn inputs(&self) -> Result<(Channels, Vec<IdealRow>), ConformError> {
        let input = self.fixed("input", (self.steps, self.neurons), "a row per step, a column per neuron")?;
        let bytes = |value: i64| value.unsigned_abs().to_le_bytes().into_iter().enumerate().filter(|(_, b)| *b != 0);
        // By neuron, sign and byte.
        let mut channels = BTreeMap::new();
        for (at, &value) in input.iter().enumerate() {
            for (byte, _) in bytes(value) {
                channels.insert((at % self.neurons, value < 0, byte), 0);
            }
        }
        let count = channels.len();
        bounded(&self.fields, "n", self.steps, count)?;
        let mut routes = Vec::new();
        for (index, ((neuron, negative, byte), channel)) in channels.iter_mut().enumerate() {
            *channel = index;
            let weight = if byte % 2 == 0 { 1 } else { 256 };
            routes.push(IdealRow {
                source: Source::Input(InputId(index as u32)),
                destination: CORE,
                delay_ticks: 1,
                synapses: vec![synapse(*neuron, byte / 2, if *negative { -weight } else { weight })],
            });
        }
        let mut rows = vec![0; self.steps * count];
        for (at, &value) in input.iter().enumerate() {
            let (step, neuron) = (at / self.neurons, at % self.neurons);
            for (byte, payload) in bytes(value) {
                rows[step * count + channels[&(neuron, value < 0, byte)]] = i32::from(payload);
            }
        }
        Ok((Channels { first: 0, count, rows }, routes))
    }
}

/// A chip of log-domain neurons with a step of `dt` and one kind of synapse a slice.
fn chip(dt: Quantity, values: &BTreeMap<String, Vec<Quantity>>) -> ChipSpec {
    let mut spec = ideal_chip(CoreModel::Dpi);
    spec.tick = fact(dt);
    spec.synapses = slice_kinds(Some(SynapseGate::Combined));
    spec.parameters = values.iter().map(|(name, list)| (name.clone(), parameter(fact(list[0])))).collect();
    spec
}

/// A recorded number as a chip has it.
fn fact(quantity: Quantity) -> Fact {
    Fact { quantity, ..number(1) }
}

/// The synapse of kind `kind`, which is the place of a slice in [`slice_kinds`].
fn synapse(neuron: usize, kind: usize, weight: i16) -> IdealSynapse {
    IdealSynapse { neuron: NeuronId(neuron as u16), synapse: kind as u8, weight }
}

/// The factor of the current of a pulse whose length is `ratio` time constants, with which it leaves the charge
/// 1 - exp(-ratio) as it is if exp is rounded to 24 bits.
fn rounding(ratio: f64) -> f64 {
    let left = (-ratio).exp() as f32;
    if left.is_nan() || left <= f32::MIN_POSITIVE {
        return 1.0; // nothing is left to be rounded, or it is refused for another reason
    }
    // No charge at all: a pulse that leaves a hundredth of a thousandth of what the rounding takes.
    let rounded = (-f64::from(left).ln()).max(0.5f64.powi(36));
    ratio / rounded
}

/// `value` with [`FRACTION_BITS`] fraction bits, to nearest; `None` from 2^31 on.
fn fixed(value: f64) -> Option<i64> {
    let scaled = (value * (1u64 << FRACTION_BITS) as f64).round_ties_even();
    (value.abs() < TOO_LARGE).then_some(scaled as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_leaves_the_charge_that_the_recorded_simulator_knows() {
        for ratio in [2e-8f64, 6e-8, 2e-5, 1e-3, 0.3, 10.0, 200.0] {
            let recorded = 1.0 - f64::from((-ratio).exp() as f32);
            let charge = -(-ratio / rounding(ratio)).exp_m1();
            assert!((charge - recorded).abs() < 2e-11, "{ratio}: {charge} and {recorded}");
        }
    }

    #[test]
    fn inputs_have_32_fraction_bits() {
        assert_eq!(fixed(-1.5), Some(-3 << 31));
        assert_eq!(fixed(0.5f64.powi(33)), Some(0), "ties to even");
        assert_eq!(fixed(-TOO_LARGE), None);
    }
}
