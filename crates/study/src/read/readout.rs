//! The readout of a study file.
//!
//! Owns `[readout]`: its filter, its features, its synapses and parameters on the chip, copies, penalties and
//! calibration. It deliberately trains nothing.

use super::Reader;
use crate::seen::{Seen, SeenOf};
use crate::spec::{CalibrationSettings, ChipReadout, ReadoutSettings};
use crate::values::{at_least, penalty, time, time_or_none};
use chip::CoreModel;
use formats::document::{Table, Value};
use mapper::{Copies, ReadoutStrategy};
use network::SynapseChoice;
use readout::Ridge;
use units::{Decimal, Quantity, Unit};

/// Keys of `[readout]`.
pub(super) const KEYS: &[&str] = &[
    "on_chip",
    "strategy",
    "penalty_min",
    "float_penalties",
    "filter",
    "features",
    "parts",
    "swing",
    "synapse",
    "parameters",
    "neurons_min",
    "copies",
    "drain",
    "bias_period",
    "penalties",
    "calibration",
];
/// Parts of a stimulus: more would make more features than any data set has stimuli for.
const PARTS_MAX: u32 = 1000;
const CALIBRATION: &[&str] = &["samples", "iterations", "tolerance"];

/// A list of penalties.
fn penalties(value: &Value<'_>) -> Option<Vec<f64>> {
    let all = value.array()?;
    if all.is_empty() {
        return value.reject("penalties", "give at least one penalty, or leave the key out");
    }
    all.iter().map(penalty).collect()
}

impl Reader<'_> {
    pub(super) fn readout(&self, table: &Table<'_>, model: CoreModel) -> Option<ReadoutSettings> {
        const STRATEGIES: [(&str, ReadoutStrategy); 2] =
            [("split", ReadoutStrategy::Split), ("keep", ReadoutStrategy::Keep)];
        let on_chip = table.required("on_chip");
        let strategy = table.optional_with("strategy", |v| v.one_of("a strategy", &STRATEGIES));
        let float_penalties = table.optional_with("float_penalties", |v| penalties(&v));
        let filter = table.optional_with("filter", |v| time(&v));
        let swing = table.optional_with("swing", |v| {
            let value: f64 = v.read()?;
            if value > 0.0 { Some(value) } else { v.reject("swing", "the swing must be above 0") }
        });
        let what = table.optional_with("features", |v| v.one_of("features of a whole stimulus", &SeenOf::NAMES));
        let parts = table.optional_with("parts", |v| {
            let parts = at_least(&v, 1)?;
            if parts <= PARTS_MAX {
                Some(parts)
            } else {
                v.reject("parts", format!("there are {PARTS_MAX} parts at most"))
            }
        });
        let synapse = table.optional_with("synapse", |v| self.synapse(&v));
        let parameters = table.optional_with("parameters", |v| self.parameters(&v));
        let chip = self.chip_readout(table);
        let none = || SynapseChoice { excitatory: String::new(), inhibitory: String::new() };
        let (on_chip, synapse): (bool, Option<SynapseChoice>) = (on_chip?, synapse?);
        if on_chip && synapse.is_none() {
            return table
                .reject("readout-synapse", "a readout on the chip needs `synapse = { excitatory, inhibitory }`");
        }
        Some(ReadoutSettings {
            on_chip,
            strategy: strategy?.unwrap_or(ReadoutStrategy::Split),
            seen: {
                let usual = match (on_chip, model.is_graded()) {
                    (true, _) => Seen::ON_CHIP,
                    (false, false) => Seen::SPIKES,
                    (false, true) => Seen::LEVELS,
                };
                Seen { what: what?.unwrap_or(usual.what), parts: parts?.unwrap_or(usual.parts) }
            },
            float_penalties: float_penalties?.unwrap_or_else(|| {
                if model.is_graded() { Ridge::default().penalties } else { Ridge::of_spikes().penalties }
            }),
            filter: filter?.unwrap_or(Quantity::new(Decimal::integer(20), Unit::MILLISECOND)),
            synapse: synapse.unwrap_or_else(none),
            parameters: parameters?.unwrap_or_default(),
            swing: swing?.unwrap_or(0.5),
            chip: chip?,
        })
    }

    /// What a readout on the chip may take there.
    fn chip_readout(&self, table: &Table<'_>) -> Option<ChipReadout> {
        let usual = ChipReadout::default();
        let neurons_min = table.optional_with("neurons_min", |v| at_least(&v, 1));
        let copies = table.optional_with("copies", |v| {
            if v.is_string() {
                return v.one_of("a number of copies", &[("fill", Copies::Fill)]);
            }
            at_least(&v, 1).map(Copies::Number)
        });
        let drain = table.optional_with("drain", |v| time_or_none(&v));
        let bias_period = table.optional_with("bias_period", |v| at_least(&v, 1));
        let penalties = table.optional_with("penalties", |v| penalties(&v));
        let calibration = table.optional_with("calibration", |v| {
            let table = v.table(CALIBRATION)?;
            let usual = CalibrationSettings::default();
            let samples = table.optional_with("samples", |v| at_least(&v, 1));
            let iterations = table.optional_with("iterations", |v| at_least(&v, 1));
            let tolerance = table.optional_with("tolerance", |v| {
                let value: f64 = v.read()?;
                if value > 0.0 { Some(value) } else { v.reject("tolerance", "the tolerance must be above 0") }
            });
            Some(CalibrationSettings {
                samples: samples?,
                iterations: iterations?.unwrap_or(usual.iterations),
                tolerance: tolerance?.unwrap_or(usual.tolerance),
            })
        });
        Some(ChipReadout {
            neurons_min: neurons_min?.unwrap_or(usual.neurons_min),
            copies: copies?.unwrap_or(usual.copies),
            drain: drain?.unwrap_or(usual.drain),
            bias_period: bias_period?.unwrap_or(usual.bias_period),
            penalties: penalties?.unwrap_or(usual.penalties),
            calibration: calibration?,
        })
    }
}
