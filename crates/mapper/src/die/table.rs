//! What a mapping gained by knowing its die, as text.

use super::{DieError, DieReport, OnBroken};
use crate::table::{ReportTable, percent};
use std::fmt;

impl DieReport {
    /// Root mean squares of what is off on the die, without and with it in mind.
    pub(crate) fn table(&self) -> ReportTable {
        let mut table = ReportTable::new(2, &["on the die", "", "blind", "in mind"]);
        let blind = |error: &DieError| error.blind.map_or("-".into(), percent);
        for error in &self.projections {
            table.row(["weights".into(), error.name.clone(), blind(error), percent(error.in_mind)]);
        }
        for error in &self.parameters {
            table.row(["parameter".into(), error.name.clone(), blind(error), percent(error.in_mind)]);
        }
        if self.parameters.len() > 1 {
            let error = &self.all_parameters;
            table.row(["parameters".into(), "all".into(), blind(error), percent(error.in_mind)]);
        }
        let mut count = |what: &str, place: &str, of: fn(&OnBroken) -> u64| {
            let blind = self.blind.as_ref().map_or("-".into(), |on| of(on).to_string());
            table.row([what.into(), place.into(), blind, of(&self.in_mind).to_string()]);
        };
        count("neurons", "on broken circuits", |on| on.neurons);
        count("synapses", "in broken slots", |on| on.synapses);
        table
    }
}

impl fmt::Display for DieReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, broken_circuits, broken_slots, .. } = self;
        writeln!(
            f,
            "Mapped for {name}, what is above as the program holds it. Broken: {broken_circuits} circuits of the cores in \
             use, {broken_slots} slots of the circuits in use."
        )?;
        if let Some(reason) = &self.blind_refused {
            writeln!(f, "Without the die in mind it is refused: {reason}")?;
        }
        write!(f, "\n{}", self.table())
    }
}
