//! The matrices of a Xylo chip: input channels to hidden neurons, hidden to hidden, hidden to output.

use crate::RouterError;
use crate::draft::Draft;
use crate::error::{check_field, check_memory, neuron};
use crate::kinds::Kind;
use crate::kinds::rows::{self, Row};
use crate::weights::Scales;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::{format, vec};
use chip::{ChipSpec, IdealRow, IdealSynapse, Program, Source, XYLO_HIDDEN, XYLO_OUTPUT, XyloLimits, XyloShifts};

/// The matrices of a program.
pub(crate) struct Matrices<'a> {
    pub(crate) limits: XyloLimits,
    pub(crate) rows: &'a [IdealRow],
    pub(crate) shifts: XyloShifts,
}

impl<'a> Kind<'a> for Matrices<'a> {
    /// Checks the limits of the chip and shifts the weights.
    fn follow(
        &self,
        spec: &'a ChipSpec,
        program: &'a Program,
        scales: Option<&mut Scales<'_>>,
    ) -> Result<Draft<'a>, RouterError> {
        let Self { limits, rows, shifts } = *self;
        let chip = || "the chip".to_string();
        check_memory("input channels", program.input_count as usize, limits.input_channels, chip)?;
        if let Some(output) = program.cores.iter().find(|core| core.address.core == XYLO_OUTPUT) {
            check_memory("output neurons", output.neuron_count as usize, limits.output_neurons, chip)?;
        }
        for (name, shift) in [("input", shifts.input), ("recurrent", shifts.recurrent), ("output", shifts.output)] {
            let place = || format!("the {name} matrix");
            check_field("weight shift", shift.into(), limits.weight_shift_max.into(), place)?;
        }
        let mut draft = rows::follow(spec, program, rows.iter().map(Row::from), scales)?;
        check_rows(limits, program, rows)?;
        for (row, packed) in rows.iter().filter(|row| !row.synapses.is_empty()).zip(&mut draft.rows) {
            let shift = shifts.of(row.source, row.destination);
            if shift > 0 {
                // At most 8 bits of weight and a shift of at most 8: nothing is lost, unless mismatch makes a weight
                // larger.
                let (low, high) = (i32::from(i16::MIN), i32::from(i16::MAX));
                let shifted = |weight: i16| (i32::from(weight) << shift).clamp(low, high) as i16;
                let all = packed.synapses.iter().map(|s| IdealSynapse { weight: shifted(s.weight), ..*s });
                packed.synapses = Cow::Owned(all.collect());
            }
        }
        Ok(draft)
    }
}

/// Checks where rows go and how many synapses and neurons they use.
fn check_rows(limits: XyloLimits, program: &Program, rows: &[IdealRow]) -> Result<(), RouterError> {
    let hidden = program.cores.iter().find(|core| core.address.core == XYLO_HIDDEN);
    let hidden = hidden.map_or(0, |core| core.neuron_count as usize);
    let (low, high) = limits.weights();
    let (mut fan_out, mut fan_in) = (vec![0; hidden], vec![0; hidden]);
    let (mut targets, mut sources) = (vec![false; hidden], vec![false; hidden]);
    for row in rows {
        let (origin, destination) = (row.source, row.destination);
        if row.delay_ticks != 1 {
            return Err(RouterError::XyloDelay { origin, destination, delay_ticks: row.delay_ticks });
        }
        for synapse in &row.synapses {
            let target = neuron(destination, synapse.neuron.index());
            if !(low..=high).contains(&synapse.weight) {
                return Err(RouterError::XyloWeight { target, weight: synapse.weight, low, high });
            }
            // A neuron that is not in use is refused when the row is packed.
            if let Some(count) = fan_in.get_mut(synapse.neuron.index()).filter(|_| destination.core == XYLO_HIDDEN) {
                *count += 1;
            }
        }
        match origin {
            Source::Input(_) if destination.core == XYLO_HIDDEN => {
                for synapse in &row.synapses {
                    if let Some(target) = targets.get_mut(synapse.neuron.index()) {
                        *target = true;
                    }
                }
            }
            Source::Neuron(from) if from.core.core == XYLO_HIDDEN && destination.core == XYLO_HIDDEN => {
                fan_out[from.neuron.index()] += row.synapses.len();
            }
            Source::Neuron(from) if from.core.core == XYLO_HIDDEN => {
                sources[from.neuron.index()] |= !row.synapses.is_empty();
            }
            Source::Input(_) | Source::Neuron(_) => return Err(RouterError::XyloWay { origin, destination }),
        }
    }
    for (index, &used) in fan_out.iter().enumerate() {
        check_memory("recurrent synapses", used, limits.hidden_fan_out, || format!("hidden neuron {index}"))?;
    }
    if let Some(limit) = limits.hidden_fan_in {
        for (index, &used) in fan_in.iter().enumerate() {
            check_memory("incoming synapses", used, limit, || format!("hidden neuron {index}"))?;
        }
    }
    let layer = || String::from("the hidden layer");
    let count = |flags: &[bool]| flags.iter().filter(|flag| **flag).count();
    check_memory("neurons with input synapses", count(&targets), limits.input_targets.unwrap_or(hidden), layer)?;
    check_memory("neurons with output synapses", count(&sources), limits.output_sources.unwrap_or(hidden), layer)
}
