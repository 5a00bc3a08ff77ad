//! `quenched map`: a network onto a chip.

use crate::args::{MapArgs, MapChoice, OverFanIn};
use crate::errors::HostError;
use crate::output::{print, print_json};
use chip::ChipSpec;
use mapper::{MapperError, MapperOptions, Mapping};
use network::Network;
use serde_json::json;

/// A network, the chip it was read for, and how it was mapped.
pub(crate) struct Mapped {
    pub(crate) spec: ChipSpec,
    pub(crate) network: Network,
    pub(crate) mapping: Mapping,
}

/// `quenched map`.
pub(crate) fn run(args: &MapArgs) -> Result<(), HostError> {
    let mapped = map(&args.what)?;
    if let Some(path) = &args.out {
        formats::program::save(path, &mapped.mapping.program)?;
    }
    let report = &mapped.mapping.report;
    let written = args.out.as_ref().map(|path| path.display().to_string());
    if args.json {
        return print_json(&json!({ "report": report, "program": written }));
    }
    let written = written.map_or_else(String::new, |path| format!("\nWritten:\n  {path}\n"));
    print(&format!("{}\n{written}", report.to_string().trim_end()))
}

/// Reads and maps what the command line names.
pub(crate) fn map(what: &MapChoice) -> Result<Mapped, HostError> {
    let spec = formats::chip::resolve(&what.chip)?;
    let network = formats::network::load(&what.network, &spec)?;
    let options = MapperOptions {
        over_fan_in: match what.over_fan_in {
            OverFanIn::Error => mapper::OverFanIn::Error,
            OverFanIn::Prune => mapper::OverFanIn::Prune,
        },
        ..MapperOptions::default()
    };
    let mapping = mapper::map(&network, &spec, &options).map_err(|error| HostError::Mapper {
        file: what.network.display().to_string(),
        help: help(&error),
        error: Box::new(error),
    })?;
    Ok(Mapped { spec, network, mapping })
}

/// What the command line offers against an error.
fn help(error: &MapperError) -> Option<String> {
    match error {
        MapperError::FanIn { .. } | MapperError::RowFanIn { .. } | MapperError::BusRows { .. } => {
            Some("`--over-fan-in prune` keeps the largest weights and reports the others as lost".into())
        }
        _ => None,
    }
}
