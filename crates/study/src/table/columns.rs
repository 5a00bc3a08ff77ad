//! The columns that every table of results has.
//!
//! Owns their names and their order, a statement each. It deliberately knows no file.

use super::ColumnKind::{Count, Real, Text, Whole};
use super::{Cell, Column, Draft};
use crate::axis::{NETWORK, SERIES};
use crate::{Calibration, Capacity, Cost, OnChipRow, RateMatch, Row, StageName};
use tasks::Metric;

/// A column that every row has a value in.
const fn column(
    name: &'static str,
    kind: super::ColumnKind,
    get: fn(&Row) -> Cell<'_>,
    set: fn(&mut Draft, Cell<'_>),
) -> Column {
    Column { name, kind, optional: false, get, set }
}

/// A column that rows may have nothing in.
const fn perhaps(
    name: &'static str,
    kind: super::ColumnKind,
    get: fn(&Row) -> Cell<'_>,
    set: fn(&mut Draft, Cell<'_>),
) -> Column {
    Column { name, kind, optional: true, get, set }
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

fn score(score: Option<f64>) -> Cell<'static> {
    score.map_or(Cell::Nothing, Cell::Real)
}

/// Columns before those of the axes.
pub(super) const BEFORE: [Column; 8] = [
    column("chip", Text, |row| text(&row.chip), |draft, cell| draft.row.chip = cell.string()),
    column("chip_digest", Text, |row| text(&row.chip_digest), |draft, cell| draft.row.chip_digest = cell.string()),
    column("model", Text, |row| text(&row.model), |draft, cell| draft.row.model = cell.string()),
    column(
        "network_seed",
        Whole,
        |row| Cell::Whole(row.seeds.networks),
        |draft, cell| draft.row.seeds.networks = cell.whole_or_0(),
    ),
    column(
        "die_seed",
        Whole,
        |row| Cell::Whole(row.seeds.dies),
        |draft, cell| draft.row.seeds.dies = cell.whole_or_0(),
    ),
    column(
        "task_seed",
        Whole,
        |row| Cell::Whole(row.seeds.tasks),
        |draft, cell| draft.row.seeds.tasks = cell.whole_or_0(),
    ),
    column("task", Text, |row| text(row.point.task()), |draft, cell| draft.task = cell.string()),
    column(
        "metric",
        Text,
        |row| text(&row.metric),
        |draft, cell| {
            draft.row.metric = cell.string();
            // Whether a larger score is a better one follows from the metric.
            let known = Metric::ALL.into_iter().find(|metric| metric.name() == draft.row.metric);
            draft.row.higher_is_better = known.is_none_or(Metric::higher_is_better);
        },
    ),
];

/// Columns behind those of the axes.
pub(super) const BEHIND: [Column; 38] = [
    column("neurons", Count, |row| Cell::Whole(row.neurons.into()), |draft, cell| draft.row.neurons = cell.count()),
    column(
        "series",
        Count,
        |row| Cell::Whole(row.point.unit(&SERIES).into()),
        |draft, cell| draft.units[0] = cell.count(),
    ),
    column(
        "network",
        Count,
        |row| Cell::Whole(row.point.unit(&NETWORK).into()),
        |draft, cell| draft.units[1] = cell.count(),
    ),
    column("die", Count, |row| Cell::Whole(row.point.die().into()), |draft, cell| draft.units[2] = cell.count()),
    perhaps(
        "score_validation",
        Real,
        |row| score(row.score_validation),
        |draft, cell| draft.row.score_validation = cell.number(),
    ),
    column("score_float", Real, |row| Cell::Real(row.score_float), |draft, cell| draft.row.score_float = cell.real()),
    perhaps(
        "score_quantised",
        Real,
        |row| score(row.score_quantised),
        |draft, cell| draft.row.score_quantised = cell.number(),
    ),
    perhaps(
        "score_on_chip",
        Real,
        |row| score(row.score_on_chip),
        |draft, cell| draft.row.score_on_chip = cell.number(),
    ),
    perhaps(
        "score_chain",
        Real,
        |row| score_of(row, StageName::Chain),
        |draft, cell| draft.stage(StageName::Chain, &cell),
    ),
    perhaps(
        "score_calibrated",
        Real,
        |row| score_of(row, StageName::Calibrated),
        |draft, cell| draft.stage(StageName::Calibrated, &cell),
    ),
    perhaps(
        "score_in_the_loop",
        Real,
        |row| score_of(row, StageName::InTheLoop),
        |draft, cell| draft.stage(StageName::InTheLoop, &cell),
    ),
    perhaps("penalty_on_chip", Text, penalties, |draft, cell| {
        if let Cell::Text(text) = cell {
            draft.on_chip().0 = text.split_whitespace().filter_map(|penalty| penalty.parse().ok()).collect();
        }
    }),
    perhaps(
        "readout_circuits",
        Whole,
        |row| cost(row).map_or(Cell::Nothing, |cost| Cell::Whole(cost.circuits)),
        |draft, cell| {
            draft.cost.circuits = cell.whole_or_0();
            // Every readout on the chip says how many circuits it takes.
            if cell != Cell::Nothing {
                draft.on_chip();
            }
        },
    ),
    perhaps(
        "readout_synapses",
        Whole,
        |row| cost(row).map_or(Cell::Nothing, |cost| Cell::Whole(cost.synapses)),
        |draft, cell| draft.cost.synapses = cell.whole_or_0(),
    ),
    perhaps(
        "calibration_samples",
        Whole,
        |row| calibrated(row).map_or(Cell::Nothing, |cost| Cell::Whole(cost.samples)),
        |draft, cell| draft.cost.samples = cell.whole_or_0(),
    ),
    perhaps(
        "calibration_seconds",
        Real,
        |row| calibrated(row).map_or(Cell::Nothing, |cost| Cell::Real(cost.seconds)),
        |draft, cell| draft.cost.seconds = cell.number().unwrap_or(0.0),
    ),
    perhaps(
        "calibration_silent",
        Count,
        |row| count(row, |c| c.silent),
        |draft, cell| draft.count(&cell, |c| &mut c.silent),
    ),
    perhaps(
        "calibration_no_room",
        Count,
        |row| count(row, |c| c.no_room),
        |draft, cell| draft.count(&cell, |c| &mut c.no_room),
    ),
    perhaps(
        "calibration_off_rate",
        Count,
        |row| count(row, |c| c.off_rate),
        |draft, cell| draft.count(&cell, |c| &mut c.off_rate),
    ),
    column("penalty", Real, |row| Cell::Real(row.penalty), |draft, cell| draft.row.penalty = cell.real()),
    perhaps(
        "participation_ratio",
        Real,
        |row| score(row.participation_ratio),
        |draft, cell| draft.row.participation_ratio = cell.number(),
    ),
    perhaps("alignment", Real, |row| score(row.alignment), |draft, cell| draft.row.alignment = cell.number()),
    column("rate_hz", Real, |row| Cell::Real(row.rate_hz), |draft, cell| draft.row.rate_hz = cell.real()),
    column("spikes", Whole, |row| Cell::Whole(row.spikes), |draft, cell| draft.row.spikes = cell.whole_or_0()),
    column(
        "synaptic_operations",
        Whole,
        |row| Cell::Whole(row.synaptic_operations),
        |draft, cell| draft.row.synaptic_operations = cell.whole_or_0(),
    ),
    column(
        "events_lost",
        Whole,
        |row| Cell::Whole(row.events_lost),
        |draft, cell| draft.row.events_lost = cell.whole_or_0(),
    ),
    column(
        "saturations",
        Whole,
        |row| Cell::Whole(row.saturations),
        |draft, cell| draft.row.saturations = cell.whole_or_0(),
    ),
    column("digest", Text, |row| text(&row.digest), |draft, cell| draft.row.digest = cell.string()),
    column("warnings", Whole, |row| Cell::Whole(row.warnings.len() as u64), |_, _| {}),
    perhaps(
        "rate_factor",
        Real,
        |row| score(row.rate_match.map(|rate| rate.factor)),
        |draft, cell| draft.rate(&cell, |rate| &mut rate.factor),
    ),
    perhaps(
        "rate_wanted_hz",
        Real,
        |row| score(row.rate_match.map(|rate| rate.wanted_hz)),
        |draft, cell| draft.rate(&cell, |rate| &mut rate.wanted_hz),
    ),
    perhaps(
        "rate_reached_hz",
        Real,
        |row| score(row.rate_match.map(|rate| rate.reached_hz)),
        |draft, cell| draft.rate(&cell, |rate| &mut rate.reached_hz),
    ),
    perhaps("capacity_by_degree", Text, by_degree, |draft, cell| {
        if let Cell::Text(text) = cell {
            let sums = text.split_whitespace().filter_map(|sum| sum.parse().ok()).collect();
            draft.row.capacity.get_or_insert_default().by_degree = sums;
        }
    }),
    perhaps(
        "capacity_by_chance",
        Real,
        |row| score(row.capacity.as_ref().map(|capacity| capacity.by_chance)),
        |draft, cell| draft.capacity(&cell, |capacity, cell| capacity.by_chance = cell.real()),
    ),
    perhaps(
        "capacity_rank",
        Whole,
        |row| whole_of(row, |capacity| capacity.rank),
        |draft, cell| draft.capacity(&cell, |capacity, cell| capacity.rank = cell.whole_or_0() as usize),
    ),
    perhaps(
        "capacity_samples",
        Whole,
        |row| whole_of(row, |capacity| capacity.samples),
        |draft, cell| draft.capacity(&cell, |capacity, cell| capacity.samples = cell.whole_or_0() as usize),
    ),
    perhaps(
        "capacity_threshold",
        Real,
        |row| score(row.capacity.as_ref().map(|capacity| capacity.threshold)),
        |draft, cell| draft.capacity(&cell, |capacity, cell| capacity.threshold = cell.real()),
    ),
    perhaps(
        "capacity_targets",
        Whole,
        |row| whole_of(row, |capacity| capacity.targets),
        |draft, cell| draft.capacity(&cell, |capacity, cell| capacity.targets = cell.whole_or_0() as usize),
    ),
];

impl Draft {
    /// Penalties and calibration of the readout on the chip, which the row has.
    fn on_chip(&mut self) -> &mut (Vec<f64>, Option<Calibration>) {
        self.on_chip.get_or_insert_default()
    }

    fn stage(&mut self, name: StageName, cell: &Cell<'_>) {
        self.stages.extend(cell.number().map(|score| (name, score)));
    }

    fn rate(&mut self, cell: &Cell<'_>, field: fn(&mut RateMatch) -> &mut f64) {
        if let Some(value) = cell.number() {
            *field(self.row.rate_match.get_or_insert_default()) = value;
        }
    }

    fn capacity(&mut self, cell: &Cell<'_>, set: fn(&mut Capacity, &Cell<'_>)) {
        if *cell != Cell::Nothing {
            set(self.row.capacity.get_or_insert_default(), cell);
        }
    }

    fn count(&mut self, cell: &Cell<'_>, field: fn(&mut Calibration) -> &mut u32) {
        if *cell != Cell::Nothing {
            *field(self.on_chip().1.get_or_insert_default()) = cell.count();
        }
    }
}

fn score_of(row: &Row, name: StageName) -> Cell<'_> {
    score(row.on_chip.as_ref().and_then(|on_chip| on_chip.stage(name)).map(|stage| stage.score))
}

/// Penalties of the outputs, equal ones that follow each other once.
fn penalties(row: &Row) -> Cell<'_> {
    let Some(on_chip) = &row.on_chip else { return Cell::Nothing };
    let mut penalties = on_chip.penalties.clone();
    penalties.dedup();
    Cell::Text(penalties.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
}

/// The cost of the last stage on the chip.
fn cost(row: &Row) -> Option<Cost> {
    let stage = |on_chip: &OnChipRow| {
        on_chip.stage(StageName::Calibrated).or(on_chip.stage(StageName::OnChip)).map(|stage| stage.cost)
    };
    row.on_chip.as_ref().map(|on_chip| stage(on_chip).unwrap_or_default())
}

fn calibrated(row: &Row) -> Option<Cost> {
    row.on_chip.as_ref().and_then(|on_chip| on_chip.stage(StageName::Calibrated)).map(|stage| stage.cost)
}

/// The sums of the degrees of a capacity, with spaces between.
fn by_degree(row: &Row) -> Cell<'_> {
    let Some(capacity) = &row.capacity else { return Cell::Nothing };
    Cell::Text(capacity.by_degree.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
}

fn whole_of(row: &Row, of: fn(&Capacity) -> usize) -> Cell<'_> {
    row.capacity.as_ref().map_or(Cell::Nothing, |capacity| Cell::Whole(of(capacity) as u64))
}

/// What calibration counted.
fn count(row: &Row, of: fn(&Calibration) -> u32) -> Cell<'_> {
    let calibration = row.on_chip.as_ref().and_then(|on_chip| on_chip.calibration.as_ref());
    calibration.map_or(Cell::Nothing, |calibration| Cell::Whole(of(calibration).into()))
}
