//! What nengo-loihi says about the resources of a core: `bits`, `utilization` and `validate`.

use crate::arrays::Array;
use crate::error::ConformError;
use crate::fields::Fields;
use crate::loihi::Sender;
use crate::nengo::{Axons, Synapses};
use crate::outcome::{Comparison, Recorded};
use device_models::loihi::limits::{
    AXON_BASE_MAX, COMPARTMENTS, CoreUse, INPUT_AXONS, OUTPUT_AXONS, SYNAPSE_BITS, SynapseFormat, WEIGHT_EXPONENT,
    output_axon_slots,
};
use std::collections::BTreeSet;

/// The fields of `cfg`, which are those of nengo-loihi; some say nothing about memory and are not read.
const CFG: &[&str] = &[
    "weight_limit_mant",
    "weight_limit_exp",
    "weight_exp",
    "disc_max_weight",
    "learning_cfg",
    "tag_bits",
    "delay_bits",
    "weight_bits",
    "reuse_synapse_data",
    "n_synapses",
    "idx_offset",
    "idx_mult",
    "skip_bits",
    "idx_bits",
    "synapse_type",
    "fanout_type",
    "compression",
    "stdp_cfg",
    "ignore_delay",
];

/// What a group of synapses takes of a core.
pub(crate) struct SynapseUse {
    bits: Option<u64>,
    exponent: Option<i64>,
    /// What the validator would refuse.
    violation: Option<String>,
    /// Weights that no mantissa of 9 bits gives.
    others: usize,
}

impl SynapseUse {
    /// Reads the optional object `cfg`.
    pub(crate) fn new(fields: &Fields<'_>, atoms: &[i32], row_starts: &[i64]) -> Result<Self, ConformError> {
        if fields.get("cfg").is_none() {
            return Ok(SynapseUse { bits: None, exponent: None, violation: None, others: 0 });
        }
        let cfg = fields.object("cfg")?;
        cfg.only(&[CFG])?;
        let code = |name, most| cfg.integer(name, -1..=most);
        let exponent = cfg.integer("weight_exp", -64..=64)?;
        let compression = cfg.integer("compression", 0..=3)?;
        let format = SynapseFormat {
            weight_bits_code: code("weight_bits", 255)?.max(0) as u8,
            index_bits_code: code("idx_bits", 255)?.max(0) as u8,
            delay_bits: code("delay_bits", 255)?.max(0) as u8,
            tag_bits: code("tag_bits", 255)?.max(0) as u8,
            dense: compression == 3,
            group: cfg.integer("n_synapses", 0..=65_535)? as u32 + 1,
        };
        let mut violation = None;
        let (least, most) = WEIGHT_EXPONENT;
        let ranges = [
            ("weight_exp", i64::from(least)..=i64::from(most)),
            ("weight_bits", 1..=7),
            ("idx_bits", 0..=7),
            ("delay_bits", 0..=7),
            ("tag_bits", 0..=3),
            ("fanout_type", 1..=3),
            ("idx_offset", 0..=15),
            ("idx_mult", 0..=15),
        ];
        for (name, range) in ranges {
            // The first five are there; of the others, one that is left out is 0, as in nengo-loihi.
            let value = cfg.integer_or(name, i64::MIN..=i64::MAX, 0)?;
            if !range.contains(&value) {
                violation = Some(format!("{name} is {value}, not {} to {}", range.start(), range.end()));
            }
        }
        // A set of weights is the rows of all its atoms, one after the other.
        let mut bits = Some(0);
        let mut row = 0usize;
        for &atoms in atoms {
            let end = row.saturating_add(usize::try_from(atoms).unwrap_or(0));
            if let (Some(&from), Some(&to)) = (row_starts.get(row), row_starts.get(end)) {
                let weights = u64::try_from(to.saturating_sub(from)).unwrap_or(0);
                bits = bits.zip(format.memory_bits(weights)).map(|(sum, set): (u64, u64)| sum.saturating_add(set));
            }
            row = end;
        }
        if !matches!(compression, 0 | 3) {
            bits = None;
        }
        Ok(SynapseUse { bits, exponent: Some(exponent), violation, others: 0 })
    }

    /// Counts weights that no mantissa of 9 bits gives. The emulator adds them all the same, so they are worth a note
    /// only.
    pub(crate) fn with_weights(mut self, weights: &Array) -> Self {
        if let Some(exponent) = self.exponent {
            // The exponent is -64 to 64 and a weight has 64 bits at most: nothing here reaches the ends of 128.
            let shift = 6 + exponent;
            let (up, down) = (1i128 << shift.max(0), 1i128 << (-shift).max(0));
            let is_given = |weight: i64| {
                let mantissas = i128::from(weight) * down;
                mantissas % up == 0 && (-256..=255).contains(&(mantissas / up))
            };
            self.others = weights.values.iter().filter(|&&weight| !is_given(weight)).count();
        }
        self
    }

    /// Takes the bases of the axons into account.
    pub(crate) fn with_bases(mut self, bases: Vec<i32>, population_type: u8) -> Self {
        if let Some(base) = bases.iter().find(|base| !(-1..=AXON_BASE_MAX).contains(*base)) {
            self.violation = Some(format!("the base {base} of an axon is not -1 to {AXON_BASE_MAX}"));
        }
        if let Some(base) = bases.iter().find(|&&base| population_type == 16 && base >= 0 && base % 4 != 0) {
            self.violation = Some(format!("the base {base} of a pop16 axon is no multiple of 4"));
        }
        self
    }

    /// Compares the field `bits`.
    pub(crate) fn compare(&self, comparison: &mut Comparison, fields: &Fields<'_>) -> Result<(), ConformError> {
        if let (Some(exponent), 1..) = (self.exponent, self.others) {
            comparison.notes.push(format!(
                "{}: {} weights are no mantissa of -256 to 255 times 2^{}",
                fields.text("name")?,
                self.others,
                6 + exponent
            ));
        }
        if fields.get("bits").is_none() {
            return Ok(());
        }
        let expected = fields.integer("bits", 0..=i64::MAX)?;
        match self.bits {
            Some(bits) => comparison.facts.push(Recorded {
                quantity: "bits".to_owned(),
                field: fields.path("bits"),
                values: 1,
                expected: expected.to_string(),
                got: bits.to_string(),
            }),
            None => comparison.notes.push(format!("{} is not compared: cfg does not say how", fields.path("bits"))),
        }
        Ok(())
    }
}

/// Compares `utilization` and `validate` of a block.
pub(crate) fn compare_use(
    comparison: &mut Comparison,
    fields: &Fields<'_>,
    block: usize,
    compartments: usize,
    synapses: &[Synapses],
    axons: &[Axons],
) -> Result<(), ConformError> {
    let own = || synapses.iter().filter(|group| group.block == block);
    // A case does not say how many output axons were declared, only where they lead: at least to every target that
    // occurs, and at most one for each sender or each axon of the target.
    let (mut least, mut most) = (0, 0);
    for group in axons.iter().filter(|group| group.source == Sender::Group(block)) {
        let target = &synapses[group.synapses];
        let distinct: BTreeSet<_> = group.targets.iter().filter(|&&target| target >= 0).collect();
        least += output_axon_slots(distinct.len() as u64, target.population_type);
        most += output_axon_slots(group.targets.len().max(target.axons) as u64, target.population_type);
    }
    let input_axons: usize = own().map(|group| group.axons).sum();
    let synapse_bits = own().map(|group| group.memory.bits).try_fold(0u64, |sum, bits| Some(sum.saturating_add(bits?)));

    let mut output_axons = least;
    if fields.get("utilization").is_some() {
        let used = fields.object("utilization")?;
        used.only(&[&["compartments", "in-axons", "out-axons", "synapses"]])?;
        for (name, got, limit) in [
            ("compartments", Some(compartments as u64), COMPARTMENTS),
            ("in-axons", Some(input_axons as u64), INPUT_AXONS),
            ("out-axons", Some(least), OUTPUT_AXONS),
            ("synapses", synapse_bits, SYNAPSE_BITS),
        ] {
            if used.get(name).is_none() {
                continue;
            }
            let pair: Vec<Option<u64>> = used.list(name)?.iter().map(serde_json::Value::as_u64).collect();
            let [Some(recorded), Some(recorded_limit)] = pair[..] else {
                return Err(used.wrong(name, "[used, limit]"));
            };
            let mut got = got;
            if name == "out-axons" && (least..=most).contains(&recorded) {
                output_axons = recorded;
                got = Some(recorded);
            }
            let Some(got) = got else {
                comparison.notes.push(format!("{} is not compared: cfg does not say how", used.path(name)));
                continue;
            };
            comparison.facts.push(Recorded {
                quantity: "utilization".to_owned(),
                field: used.path(name),
                values: 1,
                expected: format!("{recorded} of {recorded_limit}"),
                got: format!("{got} of {limit}"),
            });
        }
    }

    let Some(recorded) = fields.get("validate") else { return Ok(()) };
    let totals = CoreUse {
        compartments: compartments as u64,
        input_axons: input_axons as u64,
        output_axons,
        synapse_bits: synapse_bits.unwrap_or(0),
    };
    let excess = totals.excess();
    let refusal = excess
        .map(|e| format!("{} ({}) exceeded max ({})", e.resource, e.used, e.limit))
        .or_else(|| own().find_map(|group| group.memory.violation.clone()));
    let (expected, got) = match (recorded.as_bool(), recorded.as_str(), &refusal) {
        (Some(true), _, None) => ("true".to_owned(), "true".to_owned()),
        (Some(true), _, Some(refusal)) => ("true".to_owned(), refusal.clone()),
        (_, Some(text), None) => (text.to_owned(), "true".to_owned()),
        (_, Some(text), Some(refusal)) => {
            // The wording is nengo-loihi's own; what counts is the resource and the two numbers.
            let said = match excess {
                Some(e) => {
                    let text = text.to_lowercase();
                    text.contains(e.resource)
                        && text.contains(&e.used.to_string())
                        && text.contains(&e.limit.to_string())
                }
                None => true,
            };
            (text.to_owned(), if said { text.to_owned() } else { refusal.clone() })
        }
        _ => return Err(fields.wrong("validate", "true or the text of an error")),
    };
    comparison.facts.push(Recorded {
        quantity: "validate".to_owned(),
        field: fields.path("validate"),
        values: 1,
        expected,
        got,
    });
    Ok(())
}
