//! `quenched explain --core`: what fills a core, and who costs most.

use super::{CORES_MAX, listed, refused, table};
use crate::errors::HostError;
use mapper::{CoreContents, Explained, Sender};
use std::fmt::Write;
use std::path::Path;
use units::CoreAddress;

/// What fills the core at `address`.
pub(super) fn contents(
    explained: &Explained<'_>,
    address: CoreAddress,
    file: &Path,
) -> Result<CoreContents, HostError> {
    let cores = &explained.program().cores;
    let Ok(index) = cores.binary_search_by_key(&address, |core| core.address) else {
        let used: Vec<String> = cores.iter().map(|c| format!("{}.{}", c.address.chip, c.address.core)).collect();
        return Err(HostError::Usage {
            message: format!("{}: {address} is not in use", file.display()),
            help: Some(format!("cores in use are {}", listed(&used, CORES_MAX))),
        });
    };
    explained.core(index).map_err(|error| refused(file, error))
}

/// The same as text.
pub(super) fn text(contents: &CoreContents) -> String {
    let core = &contents.core;
    let parts: Vec<String> = core.parts.iter().map(ToString::to_string).collect();
    let mut text = format!("{} (`{}`) holds {}\n", core.address, core.model, listed(&parts, CORES_MAX));
    if let Some((name, percent)) = core.fullest() {
        let _ = writeln!(text, "fullest: {name}, {percent} %");
    }
    let resources = core.resources.iter().map(|(name, of)| vec![name.clone(), of.to_string()]).collect();
    let _ = write!(text, "\n{}", table(&["resource", "used"], resources, &[0]));
    if contents.groups.is_empty() {
        return text + "\nIt hears nobody.\n\n";
    }
    let row = |sender: &Sender| {
        let numbers = [sender.sources, sender.synapses, sender.neurons].map(|number| number.to_string());
        [vec![sender.name.clone()], numbers.to_vec()].concat()
    };
    let header = ["hears", "sources", "synapses", "neurons that hear it"];
    let _ = write!(text, "\n{}", table(&header, contents.groups.iter().map(row).collect(), &[0]));
    let dearest = contents.dearest.iter().map(|s| format!("{} ({} synapses)", s.name, s.synapses));
    let _ = writeln!(text, "\nThe sources that cost most: {}.\n", dearest.collect::<Vec<_>>().join(", "));
    text
}
