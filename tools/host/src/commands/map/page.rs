//! `quenched map --html`: the page of a mapping.

use crate::commands::explain::{explain, refused};
use crate::commands::floor::filled;
use crate::commands::load::Loaded;
use crate::errors::HostError;
use mapper::{CoreUse, MappingReport, WeightPairs};
use report::{FloorCell, FloorLink, MappingPage, MappingTable, WeightPlot};
use std::path::Path;
use units::CoreAddress;

/// Connections that the plots show, about; of more, those of some neurons.
const CONNECTIONS: usize = 60_000;

/// The page of what `file` holds.
pub(super) fn html(loaded: &Loaded, file: &Path) -> Result<String, HostError> {
    let explained = explain(loaded, file)?;
    let floor = explained.floor();
    let name = |address: CoreAddress| (address.chip.0, address.core.0);
    let links = floor.links.iter().map(|link| FloorLink {
        from: name(link.from),
        to: name(link.to),
        words: link.words,
        weight: link.hops,
    });
    let weights = explained.weights(CONNECTIONS).map_err(|error| refused(file, error))?;
    let report = loaded.report.as_ref();
    let page = MappingPage {
        title: format!("{} on {}", file.display(), loaded.spec.name),
        lead: lead(loaded, floor.cores.len()),
        version: env!("CARGO_PKG_VERSION").into(),
        warnings: report.map_or_else(Vec::new, |report| report.warnings.iter().map(warning).collect()),
        cores_per_chip: floor.cores_per_chip,
        cells: floor.cores.iter().map(cell).collect(),
        links: links.collect(),
        weights: weights.iter().map(|pairs| plot(pairs, report)).collect(),
        tables: report.map_or_else(|| vec![uses(&floor.cores)], tables),
    };
    Ok(page.html())
}

fn warning(warning: &warnings::Warning) -> String {
    format!("{}: {}", warning.place, warning.text)
}

fn lead(loaded: &Loaded, cores: usize) -> String {
    let neurons: u32 = loaded.program.cores.iter().map(|core| core.neuron_count - core.off.len() as u32).sum();
    let place = format!("{neurons} neurons in {cores} cores");
    match &loaded.report {
        None => format!("A saved program: {place}."),
        Some(report) => {
            let rounded: u64 = report.projections.iter().map(|projection| projection.rounded).sum();
            let (kept, lost) = (report.kept(), report.losses.len());
            format!("{place}; {kept} connections are kept, {rounded} rounded to 0 and {lost} lost.")
        }
    }
}

fn cell(core: &CoreUse) -> FloorCell {
    let uses = core.resources.iter().map(|(name, of)| format!("{name}: {of}"));
    let parts = core.parts.iter().map(ToString::to_string);
    let tip: Vec<String> = [core.address.to_string()].into_iter().chain(parts.take(8)).chain(uses).collect();
    FloorCell {
        chip: core.address.chip.0,
        core: core.address.core.0,
        share: core.fullest().map(|(_, percent)| percent as f64 / 100.0),
        label: filled(core),
        tip: tip.join("\n"),
    }
}

fn plot(pairs: &WeightPairs, report: Option<&MappingReport>) -> WeightPlot {
    let of = report.and_then(|report| report.projections.iter().find(|p| p.name == pairs.projection));
    let off = of.map_or_else(String::new, |p| format!("off by {:.2} %", 100.0 * p.weights.rms_error_relative));
    let note = if pairs.one_of > 1 { format!("{off}, 1 neuron in {}", pairs.one_of) } else { off };
    WeightPlot { title: pairs.projection.clone(), unit: pairs.unit.clone(), pairs: pairs.pairs.clone(), note }
}

fn tables(report: &MappingReport) -> Vec<MappingTable> {
    let table =
        |table: mapper::ReportTable| MappingTable { title: table.title.into(), names: table.names, rows: table.rows };
    report.tables().into_iter().map(table).collect()
}

/// What the cores of a saved program use.
fn uses(cores: &[CoreUse]) -> MappingTable {
    let names =
        cores.first().map_or_else(Vec::new, |core| core.resources.iter().map(|(name, _)| name.clone()).collect());
    let header = [vec!["core".to_string(), "holds".into()], names].concat();
    let row = |core: &CoreUse| {
        let parts: Vec<String> = core.parts.iter().map(ToString::to_string).collect();
        let uses = core.resources.iter().map(|(_, of)| of.to_string()).collect();
        [vec![core.address.to_string(), parts.join(", ")], uses].concat()
    };
    MappingTable { title: "Cores".into(), names: 2, rows: [header].into_iter().chain(cores.iter().map(row)).collect() }
}
