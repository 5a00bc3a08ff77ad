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

mod network;

use crate::arrays::Element;
use crate::case::Case;
use crate::error::ConformError;
use crate::machine::Run;
use crate::outcome::{Comparison, Recorded};
use device_models::dpi::UNIT_BITS;
use fx::power::LOG2_BITS;
use network::Reader;
use std::fmt::Write as _;

/// Largest relative error of a membrane current.
const TOLERANCE: f64 = 1e-3;
/// ln 2.
const LN2: f64 = std::f64::consts::LN_2;
/// What is read of each neuron: membrane, its logarithm before a reset, synapse and adaptation.
const PROBES: [&str; 4] = ["i_mem", "log2_mem", "i_combined", "i_ahp"];

/// Replays a case.
pub(crate) fn replay(case: &Case) -> Result<Comparison, ConformError> {
    let reader = Reader::new(case)?;
    let machine = reader.machine(&PROBES)?;
    let recorded = Recording::read(&reader)?;
    let run = machine.run().map_err(|error| reader.refused("the network", error))?;
    let mut comparison = compare(&recorded, &Recording::replayed(&run, &reader.per_neuron("Io")?));
    comparison.facts.extend(run.resumed_difference());
    if run.counters.saturations > 0 {
        comparison.notes.push(format!("{} currents were cut at their largest value", run.counters.saturations));
    }
    Ok(comparison)
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
    /// What the [`PROBES`] of a run say, whose neurons have the given dark currents (A).
    fn replayed(run: &Run, darks: &[f64]) -> Self {
        let neurons = darks.len();
        let currents = |rows: &[i64]| -> Vec<f64> {
            let unit = (1i64 << UNIT_BITS) as f64;
            rows.iter().zip(darks.iter().cycle()).map(|(bits, dark)| *bits as f64 / unit * dark).collect()
        };
        let [imem, log, isyn, iahp] = [0, 1, 2, 3].map(|probe| &run.rows[probe]);
        Self {
            neurons,
            spikes: run.emitted[0].iter().map(|spikes| i64::from(*spikes)).collect(),
            imem: currents(imem),
            vmem: log.iter().map(|log| *log as f64 / (1i64 << LOG2_BITS) as f64 * LN2).collect(),
            isyn: currents(isyn),
            iahp: currents(iahp),
        }
    }

    fn read(reader: &Reader<'_>) -> Result<Self, ConformError> {
        let shape = [Some(reader.steps), Some(reader.neurons)];
        let why = "a row per step, a column per neuron";
        let spikes = reader.arrays.read("format", "spikes", &[Element::U8], &shape, why)?.values;
        let read = |key| reader.arrays.floats("format", key, &shape, why);
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
        Recorded {
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
