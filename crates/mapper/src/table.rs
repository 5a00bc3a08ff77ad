//! The mapping report as text.

use crate::limits::LIMITS;
use crate::report::{
    CopyReport, JoinedReport, MappingReport, MemoryUse, PlacementReport, PopulationRange, Use, XyloReport,
};
use crate::{DieReport, Traffic};
use chip::PlacementKind;
use std::fmt;

use ReportTable as Table;

/// A table of a report: rows of cells, of which columns of names are left-aligned and the others right-aligned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTable {
    /// What it tells.
    pub title: &'static str,
    /// How many columns, from the left, hold names.
    pub names: usize,
    /// The header, then the rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(names: usize, header: &[&str]) -> Self {
        Self { title: "", names, rows: vec![header.iter().map(|cell| (*cell).into()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            for (column, (cell, w)) in row.iter().zip(&widths).enumerate() {
                if column < self.names {
                    write!(f, "  {cell:<w$}")?;
                } else {
                    write!(f, "  {cell:>w$}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(f, "{}/{limit}", self.used),
            None => self.used.fmt(f),
        }
    }
}

impl fmt::Display for MemoryUse {
    /// Most, limit and mean a neuron.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = Use { used: self.max, limit: self.limit };
        write!(f, "{most} (mean {:.1})", self.mean)
    }
}

impl fmt::Display for PopulationRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}..{}", self.population, self.first_index, self.first_index + self.count)
    }
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Populations of a core that a table names; JSON has all.
const HELD_MAX: usize = 4;

/// What a core holds, in a cell.
fn held(parts: &[PopulationRange]) -> String {
    let shown = joined(parts.iter().take(HELD_MAX).map(PopulationRange::to_string));
    match parts.len().saturating_sub(HELD_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

impl MappingReport {
    /// The tables of the report, in the order in which it is printed.
    pub fn tables(&self) -> Vec<ReportTable> {
        let named = |title, table: Option<Table>| table.map(|table| Table { title, ..table });
        let tables = [
            named("Cores", Some(self.cores_table())),
            named("Axons", self.axons_table()),
            named("Formats of weights", self.formats_table()),
            named("Synapse arrays", self.crossbar_table()),
            named("Weights of cores", Some(self.weights_table())),
            named("Gains", self.gains_table()),
            named("Projections", Some(self.projections_table())),
            named("Errors of weights", Some(self.errors_table())),
            named("On the die", self.die.as_ref().map(DieReport::table)),
            named("Limits of the chip", self.xylo.as_ref().map(XyloReport::limits_table)),
            named("Matrices", self.xylo.as_ref().map(XyloReport::matrices_table)),
        ];
        tables.into_iter().flatten().filter(|table| table.rows.len() > 1).collect()
    }

    fn cores_table(&self) -> Table {
        let mut table = Table::new(
            2,
            &["core", "holds", "neurons", "synapses a neuron", "SRAM words", "tags", "rms error", "max error"],
        );
        let dash = || "-".to_string();
        for core in &self.cores {
            table.row([
                core.address.to_string(),
                held(&core.parts),
                core.neurons.to_string(),
                core.synapses.to_string(),
                core.sram.as_ref().map_or_else(dash, |sram| Use { used: sram.max, limit: sram.limit }.to_string()),
                core.tags.as_ref().map_or_else(dash, Use::to_string),
                percent(core.weights.rms_error_relative),
                percent(core.weights.max_error_relative),
            ]);
        }
        table
    }

    /// Memories of cores with axons; `None` on chips without.
    fn axons_table(&self) -> Option<Table> {
        let mut table = Table::new(2, &["core", "holds", "input axons", "output axons", "synapse bits"]);
        for core in &self.cores {
            let axons = core.axons.as_ref()?;
            let uses = [axons.input_axons, axons.output_axons, axons.synapse_bits].map(|of| of.to_string());
            let names = [core.address.to_string(), held(&core.parts)];
            table.row(names.into_iter().chain(uses));
        }
        Some(table)
    }

    /// How cores with axons store their weights; `None` on chips without.
    fn formats_table(&self) -> Option<Table> {
        let mut table = Table::new(3, &["core", "projection", "signs", "bits", "exponent", "mantissas", "step"]);
        for core in &self.cores {
            for group in &core.axons.as_ref()?.groups {
                let (low, high) = group.mantissas;
                let numbers = [group.bits.to_string(), group.exponent.to_string(), format!("{low}..{high}")];
                let names = [core.address.to_string(), group.projection.clone(), group.signs.clone()];
                table.row(names.into_iter().chain(numbers).chain([group.mantissa_step.to_string()]));
            }
        }
        (table.rows.len() > 1).then_some(table)
    }

    /// Arrays of a crossbar chip; `None` on chips without.
    fn crossbar_table(&self) -> Option<Table> {
        let joins = !self.joined.is_empty();
        let circuits = if joins { &["circuits"][..] } else { &[] };
        let columns = [&["core", "holds"], circuits, &["drivers", "rows by bus", "sources by bus"]].concat();
        let mut table = Table::new(2, &columns);
        for core in &self.cores {
            let array = core.crossbar.as_ref()?;
            let by_bus = |uses: &[Use]| joined(uses.iter().map(Use::to_string));
            let uses = [array.drivers.to_string(), by_bus(&array.rows), by_bus(&array.sources)];
            let names = [core.address.to_string(), held(&core.parts)];
            let circuits = joins.then(|| array.circuits.to_string());
            table.row(names.into_iter().chain(circuits).chain(uses));
        }
        Some(table)
    }

    fn weights_table(&self) -> Table {
        let mut table = Table::new(2, &["core", "weight currents", "step", "largest weight", "rms error", "max error"]);
        for core in self.cores.iter().filter(|core| core.synapses.total > 0) {
            let w = &core.weights;
            let currents = joined(w.currents.iter().map(|c| format!("{c:.5}")));
            table.row([
                core.address.to_string(),
                if currents.is_empty() { "-".into() } else { currents },
                format!("{:.2e}", w.step),
                format!("{:.5}", w.largest),
                format!("{:.5}", w.rms_error),
                format!("{:.5}", w.max_error),
            ]);
        }
        table
    }

    fn projections_table(&self) -> Table {
        let mut table = Table::new(
            3,
            &["projection", "from", "to", "wished", "masked", "weight 0", "kept", "rounded to 0", "lost"],
        );
        for p in &self.projections {
            let counts = [p.wished, p.masked, p.zero, p.kept, p.rounded, p.lost].map(|count| count.to_string());
            table.row([p.name.clone(), p.pre.clone(), p.post.clone()].into_iter().chain(counts));
        }
        table
    }

    /// How well the weights of projections are met.
    fn errors_table(&self) -> Table {
        let mut table = Table::new(
            1,
            &[
                "projection",
                "off by",
                "SQNR",
                "largest",
                "grew",
                "shrank",
                "clipped",
                "became 0",
                "sums off by",
                "most",
            ],
        );
        for p in self.projections.iter().filter(|p| p.kept + p.rounded > 0) {
            let w = &p.weights;
            let most = w.sum_most_changed.map_or_else(
                || "-".into(),
                |sum| format!("neuron {}: {:.5}, asked {:.5}", sum.post, sum.after, sum.before),
            );
            table.row([
                p.name.clone(),
                percent(w.rms_error_relative),
                w.sqnr_db.map_or_else(|| "exact".into(), |db| format!("{db:.1} dB")),
                percent(w.largest_change),
                w.grew.to_string(),
                w.shrank.to_string(),
                w.clipped.to_string(),
                p.rounded.to_string(),
                format!("{:.5}", w.sum_rms_change),
                most,
            ]);
        }
        table
    }

    /// Gains that the mapping has changed; `None` if there are none.
    fn gains_table(&self) -> Option<Table> {
        let mut table = Table::new(3, &["core", "synapse", "gain", "factor"]);
        for core in &self.cores {
            for gain in &core.weights.gains {
                let names = [core.address.to_string(), gain.synapse.clone(), gain.parameter.clone()];
                table.row(names.into_iter().chain([format!("{}", gain.factor)]));
            }
        }
        (table.rows.len() > 1).then_some(table)
    }
}

impl fmt::Display for PlacementReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Traffic { pairs, hops } = self.traffic;
        write!(f, "placement {}: every source once is {pairs} messages between cores, {hops} hops", self.kind.name())?;
        match (self.kind, self.in_order) {
            (PlacementKind::Order, _) => f.write_str("; no better one was found"),
            (_, Some(order)) => write!(f, "; in the order of the network {} and {}", order.pairs, order.hops),
            (_, None) => f.write_str("; in the order of the network there is no room"),
        }
    }
}

impl XyloReport {
    fn limits_table(&self) -> Table {
        let mut table = Table::new(1, &["limit", "used"]);
        for (name, used) in [
            ("input channels", self.input_channels),
            ("hidden neurons", self.hidden_neurons),
            ("output neurons", self.output_neurons),
            ("recurrent synapses of a hidden neuron", self.hidden_fan_out),
            ("synapses onto a hidden neuron", self.hidden_fan_in),
            ("hidden neurons with input", self.input_targets),
            ("hidden neurons that are read out", self.output_sources),
        ] {
            table.row([name.to_string(), used.to_string()]);
        }
        table
    }

    fn matrices_table(&self) -> Table {
        let mut table = Table::new(1, &["matrix", "synapses", "scale", "weight shift"]);
        for matrix in &self.matrices {
            let numbers = [matrix.synapses.to_string(), format!("{:.6}", matrix.scale), matrix.shift.to_string()];
            table.row([matrix.matrix.clone()].into_iter().chain(numbers));
        }
        table
    }
}

impl fmt::Display for XyloReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.limits_table())?;
        self.matrices_table().fmt(f)
    }
}

impl fmt::Display for MappingReport {
    /// Tables of cores, weights (errors relative to the core's largest weight, then in the weight unit), projections
    /// (errors relative to the root mean square of their weights, changes relative to the single weight), and sentences
    /// on what was pruned and lost.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chip, chips, board_cores, input_channels, .. } = self;
        writeln!(f, "chip {chip}: chips {chips}, cores {board_cores}, input channels {input_channels}")?;
        if let Some(placement) = &self.placement {
            writeln!(f, "{placement}")?;
        }
        writeln!(f)?;
        writeln!(f, "{}", self.cores_table())?;
        if let Some(table) = self.axons_table() {
            writeln!(f, "{table}")?;
        }
        if let Some(table) = self.formats_table() {
            writeln!(f, "{table}")?;
        }
        if let Some(table) = self.crossbar_table() {
            writeln!(f, "{table}")?;
        }
        writeln!(f, "{}", self.weights_table())?;
        if let Some(table) = self.gains_table() {
            writeln!(f, "{table}")?;
        }
        writeln!(f, "{}", self.projections_table())?;
        writeln!(f, "{}", self.errors_table())?;
        if let Some(die) = &self.die {
            writeln!(f, "{die}")?;
        }
        if let Some(xylo) = &self.xylo {
            writeln!(f, "{xylo}")?;
        }
        let masked: u64 = self.projections.iter().map(|p| p.masked).sum();
        if masked > 0 {
            let freed = &self.freed;
            writeln!(
                f,
                "Masks take {masked} connections away; that frees {} synapses, {} SRAM words and {} tags.",
                freed.synapses, freed.sram_words, freed.tags
            )?;
        }
        for JoinedReport { population, neurons, circuits_per_neuron } in &self.joined {
            writeln!(f, "JOINED: each of the {neurons} neurons of `{population}` is {circuits_per_neuron} circuits.")?;
        }
        if !self.copies.is_empty() {
            let (copies, neurons): (u32, _) = (self.copies.iter().map(|own| own.copies).sum(), self.copies.len());
            let of = |own: &CopyReport| format!("`{}[{}]`", own.population, own.index);
            let names = joined(self.copies.iter().take(HELD_MAX).map(of));
            let more = if neurons > HELD_MAX { ", ..." } else { "" };
            writeln!(
                f,
                "SPLIT: {copies} copies of {neurons} neurons, which serve a part of their targets: {names}{more}."
            )?;
        }
        if self.losses.is_empty() {
            return writeln!(f, "No connection was lost.");
        }
        for info in LIMITS {
            match self.lost_by(info.limit) {
                0 => {}
                count => writeln!(f, "LOST: {count} connections, since {}.", info.why)?,
            }
        }
        Ok(())
    }
}
