//! Replay of `dynapsim-golden-1`: one network of Rockpool's DynapSim, which computes in 32-bit floats. It owns the
//! combined form, which is what releases of Rockpool have; for the form with four gates there is nothing to replay.
//!
//! Floats and fixed point cannot agree bit for bit, so this comparison is another kind than that of the other formats.
//! A case passes if
//! - until the first row in which any spike differs, no membrane current is off by more than 1e-3 of itself, and in
//!   that row the same holds before resets (which the recorded voltages tell);
//! - and each spike that differs there comes one row later in the other trace (or would, after the last row). In a row
//!   with several spikes of a neuron, their number may be off by one: it is the logarithm of the membrane current,
//!   rounded up.
//!
//! After a spike has moved, everything that it reaches differs, and a recurrent network goes its own way: later rows
//! are not compared. How far they go, how far currents were off and which spikes moved is said in the notes.

use crate::arrays::{Arrays, Element, INT32};
use crate::case::Case;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::outcome::{Comparison, Fact};
use crate::read::{MAX_NEURONS, MAX_STEPS, bounded, within};
use device_models::dpi::{DpiBank, DpiCircuits, DpiNeuron, DpiPrecision, DpiPulse, DpiStage, INPUT_BITS, UNIT_BITS};
use fx::power::LOG2_BITS;
use fx::{Rounding, Wide, narrow, shift_right};
use std::fmt::Write as _;

/// Largest relative error of a membrane current.
const TOLERANCE: f64 = 1e-3;
/// ln 2.
const LN2: f64 = std::f64::consts::LN_2;
/// Most steps of a refractory period.
const REFRACTORY_MAX: i64 = 1 << 30;

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let fields = case.fields();
    let steps = fields.integer("n_steps", 1..=MAX_STEPS as i64)? as usize;
    let neurons = fields.count("n", MAX_NEURONS)?;
    bounded(&fields, "n", steps, neurons)?;
    bounded(&fields, "n", neurons, neurons)?;
    let arrays = case.arrays()?;
    let reader = Reader { case, fields, arrays, steps, neurons };
    let (mut bank, darks) = reader.circuits()?;
    let rows = reader.weights()?;
    let input = reader.fixed("input", (steps, neurons), "a row per step, a column per neuron")?;
    let recorded = Recording::read(&reader)?;

    let mut replayed = Recording::new(neurons);
    let mut sums = vec![vec![0i64; neurons]];
    let currents = |bits: &[i64]| -> Vec<f64> {
        bits.iter().zip(&darks).map(|(b, dark)| *b as f64 / (1i64 << UNIT_BITS) as f64 * dark).collect()
    };
    for step in 0..steps {
        let mut wide: Vec<i128> = input[step * neurons..][..neurons].iter().map(|x| i128::from(*x)).collect();
        for (pre, &count) in bank.spikes().iter().enumerate().filter(|(_, count)| **count > 0) {
            for &(post, weight) in &rows[pre] {
                wide[post] += i128::from(count) * i128::from(weight);
            }
        }
        sums[0].iter_mut().zip(&wide).for_each(|(sum, wide)| *sum = narrow(*wide));
        bank.advance(&sums);
        replayed.spikes.extend(bank.spikes().iter().map(|s| i64::from(*s)));
        replayed.imem.extend(currents(bank.membranes()));
        replayed.vmem.extend(bank.voltages().iter().map(|log| *log as f64 / (1i64 << LOG2_BITS) as f64 * LN2));
        replayed.isyn.extend(currents(bank.synapses(0)));
        replayed.iahp.extend(currents(bank.adaptations()));
    }
    let mut comparison = compare(&recorded, &replayed);
    if let Some(count) = Some(bank.take_saturations()).filter(|count| *count > 0) {
        comparison.notes.push(format!("{count} currents were cut at their largest value"));
    }
    Ok(comparison)
}

/// What reads the arrays of a case.
struct Reader<'a> {
    case: &'a Case,
    fields: Fields<'a>,
    arrays: Arrays,
    steps: usize,
    neurons: usize,
}

impl Reader<'_> {
    fn row_per_step(&self, key: &str) -> Result<Vec<f64>, ConformError> {
        let shape = [Some(self.steps), Some(self.neurons)];
        self.arrays.floats("format", key, &shape, "a row per step, a column per neuron")
    }

    fn per_neuron(&self, key: &str) -> Result<Vec<f64>, ConformError> {
        self.arrays.floats("format", key, &[Some(self.neurons)], "a value per neuron")
    }

    /// A parameter of every neuron, in units of 10^-`places`.
    fn parameter(&self, key: &str, places: u32) -> Result<Vec<Wide>, ConformError> {
        let values = self.per_neuron(key)?;
        values.iter().map(|value| self.wide(key, *value, places)).collect()
    }

    /// `value` in units of 10^-`places`, exact to 2^-96.
    fn wide(&self, key: &str, value: f64, places: u32) -> Result<Wide, ConformError> {
        wide(value, places).ok_or_else(|| self.case.refused(key, format!("{value:e} is too large to be replayed")))
    }

    /// A positive number of the description, in units of 10^-`places`.
    fn number(&self, key: &str, places: u32) -> Result<Wide, ConformError> {
        let value = self.fields.get(key).and_then(serde_json::Value::as_f64).filter(|v| *v > 0.0 && v.is_finite());
        self.wide(key, value.ok_or_else(|| self.fields.wrong(key, "a number above 0"))?, places)
    }

    /// An array of numbers with [`INPUT_BITS`] fraction bits; `why` says what its shape means.
    fn fixed(&self, key: &str, shape: (usize, usize), why: &str) -> Result<Vec<i64>, ConformError> {
        let values = self.arrays.floats("format", key, &[Some(shape.0), Some(shape.1)], why)?;
        let bits = |value: &f64| {
            let bits = self.wide(key, *value, 0)?.to_bits();
            Ok(narrow(shift_right(bits, Wide::FRACTION_BITS - INPUT_BITS, Rounding::HalfEven)))
        };
        values.iter().map(bits).collect()
    }

    /// By sender, the receivers with their weights.
    fn weights(&self) -> Result<Vec<Vec<(usize, i64)>>, ConformError> {
        let why = "[pre, post]; the form with four gates is not replayed";
        let weights = self.fixed("w_rec", (self.neurons, self.neurons), why)?;
        let row = |row: &[i64]| row.iter().copied().enumerate().filter(|(_, weight)| *weight != 0).collect();
        Ok(weights.chunks_exact(self.neurons).map(row).collect())
    }

    /// The neurons, and their dark currents in A.
    fn circuits(&self) -> Result<(DpiBank, Vec<f64>), ConformError> {
        const PICO: u32 = 12;
        const MILLI: u32 = 3;
        let stages = |part: &str| -> Result<Vec<DpiStage>, ConformError> {
            let capacitances = self.parameter(&format!("C_{part}"), PICO)?;
            let taus = self.parameter(&format!("Itau_{part}"), PICO)?;
            let gains = self.parameter(&format!("Igain_{part}"), PICO)?;
            let parts = capacitances.into_iter().zip(taus).zip(gains);
            Ok(parts.map(|((capacitance, i_tau), i_gain)| DpiStage { capacitance, i_tau, i_gain }).collect())
        };
        let pulses = |part: &str| -> Result<Vec<DpiPulse>, ConformError> {
            let capacitances = self.parameter(&format!("C_{part}"), PICO)?;
            let currents = self.parameter(&format!("I{part}"), PICO)?;
            Ok(capacitances
                .into_iter()
                .zip(currents)
                .map(|(capacitance, current)| DpiPulse { capacitance, current })
                .collect())
        };
        let (membrane, adaptation, synapse) = (stages("mem")?, stages("ahp")?, stages("syn")?);
        let (pulse, pulse_ahp) = (pulses("pulse")?, pulses("pulse_ahp")?);
        let (dark, kappa_n, kappa_p) =
            (self.parameter("Io", PICO)?, self.parameter("kappa_n", 0)?, self.parameter("kappa_p", 0)?);
        let (u_t, v_cutoff) = (self.parameter("Ut", MILLI)?, self.parameter("Vth", MILLI)?);
        let (threshold, dc, w_ahp) =
            (self.parameter("Ispkthr", PICO)?, self.parameter("Idc", PICO)?, self.parameter("Iw_ahp", PICO)?);
        let why = "a number of steps per neuron";
        let refractory = self.arrays.read("format", "refractory_steps", INT32, &[Some(self.neurons)], why)?;
        within(&self.arrays, "refractory_steps", &refractory, 0..=REFRACTORY_MAX, "from 0 to 2^30")?;
        let scale = self.number("Iscale", PICO)?;
        let neuron = |n: usize| DpiNeuron {
            i_dark: dark[n],
            kappa: kappa_n[n].add_sat(kappa_p[n]).scale(-1),
            u_t: u_t[n],
            v_cutoff: v_cutoff[n],
            membrane: membrane[n],
            adaptation: adaptation[n],
            pulse: pulse[n],
            pulse_ahp: pulse_ahp[n],
            i_threshold: threshold[n],
            i_dc: dc[n],
            i_w_ahp: w_ahp[n],
            i_nmda_gate: Wide::ZERO, // the combined form has none
            i_scale: scale,
            refractory_steps: refractory.values[n] as i32,
        };
        let neurons: Vec<DpiNeuron> = (0..self.neurons).map(neuron).collect();
        let circuits = DpiCircuits::combined((self.number("dt", MILLI)?, DpiPrecision::Single), &neurons, synapse)
            .map_err(|(n, error)| self.case.refused(format!("neuron {n}"), error))?;
        Ok((DpiBank::new(circuits), self.per_neuron("Io")?))
    }
}

/// `value` times 10^`places`, exact to 2^-96; `None` from 2^31 on.
fn wide(value: f64, places: u32) -> Option<Wide> {
    let magnitude = value.abs() * 10u64.pow(places) as f64;
    if magnitude.is_nan() || magnitude >= 2_147_483_647.0 {
        return None;
    }
    // A float is a mantissa of 53 bits times a power of two.
    let (field, mantissa) = ((value.to_bits() >> 52) & 0x7ff, value.to_bits() & ((1 << 52) - 1));
    let (mantissa, power) = if field == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, field as i64 - 1075) };
    let scaled = i128::from(mantissa) * i128::from(10u64.pow(places));
    let shift = power + i64::from(Wide::FRACTION_BITS);
    let bits = if shift >= 0 { scaled << shift } else { scaled >> shift.unsigned_abs().min(127) };
    Some(Wide::from_bits(if value < 0.0 { -bits } else { bits }))
}

/// Spikes and currents, a row per step.
struct Recording {
    neurons: usize,
    spikes: Vec<i64>,
    imem: Vec<f64>,
    /// Voltages in units of U_t/kappa: logarithms of membrane currents before resets.
    vmem: Vec<f64>,
    isyn: Vec<f64>,
    iahp: Vec<f64>,
}

impl Recording {
    const fn new(neurons: usize) -> Self {
        Self { neurons, spikes: Vec::new(), imem: Vec::new(), vmem: Vec::new(), isyn: Vec::new(), iahp: Vec::new() }
    }

    fn read(reader: &Reader<'_>) -> Result<Self, ConformError> {
        let shape = [Some(reader.steps), Some(reader.neurons)];
        let why = "a row per step, a column per neuron";
        let spikes = reader.arrays.read("format", "spikes", &[Element::U8], &shape, why)?.values;
        let read = |key| reader.row_per_step(key);
        let (kappa_n, kappa_p) = (reader.per_neuron("kappa_n")?, reader.per_neuron("kappa_p")?);
        let (u_t, mut vmem) = (reader.per_neuron("Ut")?, read("vmem")?);
        for (at, voltage) in vmem.iter_mut().enumerate() {
            let n = at % reader.neurons;
            *voltage *= (kappa_n[n] + kappa_p[n]) / 2.0 / u_t[n];
        }
        let (imem, isyn, iahp) = (read("imem")?, read("isyn")?, read("iahp")?);
        Ok(Self { neurons: reader.neurons, spikes, imem, vmem, isyn, iahp })
    }

    /// Neuron `neuron` in `row` and the two rows before it.
    fn around(&self, row: usize, neuron: usize) -> String {
        let mut out = String::new();
        for row in row.saturating_sub(2)..=row {
            let at = row * self.neurons + neuron;
            let _ = write!(
                out,
                "{}row {row}: imem {:.6e} A, vmem {:.6} U_t/kappa, isyn {:.6e} A, iahp {:.6e} A, {} spikes",
                if out.is_empty() { "" } else { "; " },
                self.imem[at],
                self.vmem[at],
                self.isyn[at],
                self.iahp[at],
                self.spikes[at]
            );
        }
        out
    }
}

/// A broken rule.
struct Violation {
    row: usize,
    quantity: &'static str,
    neuron: usize,
    expected: String,
    got: String,
}

/// |got / expected - 1|; 0 if both are 0.
fn relative(expected: f64, got: f64) -> f64 {
    if expected == got { 0.0 } else { (got - expected).abs() / expected.abs() }
}

/// The largest relative error in the first `end` values.
fn largest(expected: &[f64], got: &[f64], end: usize) -> f64 {
    expected.iter().zip(got).take(end).map(|(e, g)| relative(*e, *g)).fold(0.0, f64::max)
}

/// The error of a quantity at a flat position.
type ErrorAt<'a> = &'a dyn Fn(usize) -> f64;

fn compare(recorded: &Recording, replayed: &Recording) -> Comparison {
    let n = recorded.neurons;
    let rows = recorded.spikes.len() / n;
    let other = recorded.spikes.iter().zip(&replayed.spikes).position(|(e, g)| e != g).map(|at| at / n);
    let clean_rows = other.unwrap_or(rows);
    // The membrane before its reset can still be compared in the row in which spikes differ.
    let compared_rows = (clean_rows + 1).min(rows);
    let mut violations = Vec::new();
    let checks: [(&'static str, usize, ErrorAt<'_>); 2] = [
        ("vmem", compared_rows, &|at| (recorded.vmem[at] - replayed.vmem[at]).abs()),
        ("imem", clean_rows, &|at| relative(recorded.imem[at], replayed.imem[at])),
    ];
    for (quantity, end, error) in checks {
        // An error that is no number must not pass as none.
        let far = |at: &usize| error(*at) > TOLERANCE || error(*at).is_nan();
        if let Some(at) = (0..end * n).find(far) {
            let (row, neuron) = (at / n, at % n);
            violations.push(Violation {
                row,
                quantity,
                neuron,
                expected: format!("within {TOLERANCE:.0e} of: {}", recorded.around(row, neuron)),
                got: format!("off by {:.2e}: {}", error(at), replayed.around(row, neuron)),
            });
        }
    }
    let mut moved = Vec::new();
    if let Some(row) = other {
        for neuron in 0..n {
            let at = row * n + neuron;
            if recorded.spikes[at] == replayed.spikes[at] {
                continue;
            }
            if is_shift(recorded, replayed, row, neuron, rows) {
                moved.push(neuron);
                continue;
            }
            let text = |recording: &Recording| {
                let next = recording.spikes.get(at + n).map_or_else(String::new, |s| format!("; row {}: {s}", row + 1));
                format!("{}{next}", recording.around(row, neuron))
            };
            violations.push(Violation {
                row,
                quantity: "spikes",
                neuron,
                expected: text(recorded),
                got: text(replayed),
            });
        }
    }
    violations.sort_by_key(|v| (v.row, v.quantity == "spikes", v.neuron));
    let first = violations.first();
    let fact = |quantity: &str, rows: usize| {
        let broken = first.filter(|v| v.quantity == quantity);
        let place = |v: &Violation| format!("row {}, neuron {}, {quantity}", v.row, v.neuron);
        Fact {
            quantity: quantity.to_owned(),
            field: broken.map_or_else(|| quantity.to_owned(), place),
            values: (rows * n) as u64,
            expected: broken.map_or_else(String::new, |v| v.expected.clone()),
            got: broken.map_or_else(String::new, |v| v.got.clone()),
        }
    };
    let errors = [
        ("imem", &recorded.imem, &replayed.imem),
        ("isyn", &recorded.isyn, &replayed.isyn),
        ("iahp", &recorded.iahp, &replayed.iahp),
    ];
    let errors: Vec<String> =
        errors.iter().map(|(name, e, g)| format!("{name} {:.1e}", largest(e, g, clean_rows * n))).collect();
    let mut notes = vec![format!("largest relative error in {clean_rows} of {rows} rows: {}", errors.join(", "))];
    if let (Some(row), Some(neuron)) = (other, moved.first()) {
        notes.push(format!(
            "in row {row} spikes of {} neurons moved by a step, the first of neuron {neuron}; later rows are not \
             comparable",
            moved.len()
        ));
    }
    let facts = vec![fact("vmem", compared_rows), fact("imem", clean_rows), fact("spikes", compared_rows)];
    Comparison { facts, notes, ..Comparison::default() }
}

/// Whether spikes of `neuron` that differ in `row`, the first that differs, do so by one step, or by one in a row with
/// several.
fn is_shift(recorded: &Recording, replayed: &Recording, row: usize, neuron: usize, rows: usize) -> bool {
    let at = row * recorded.neurons + neuron;
    let (e, g) = (recorded.spikes[at], replayed.spikes[at]);
    let late = if e > g { replayed } else { recorded };
    match e.min(g) {
        0 if row + 1 == rows => true, // it would come after the end
        0 => late.spikes[at + recorded.neurons] > 0,
        _ => e.abs_diff(g) == 1,
    }
}
