//! `quenched check`: files that are read, and what is wrong with them.

use crate::args::CheckArgs;
use crate::commands::load::{is_graph, is_net};
use crate::errors::HostError;
use crate::output::{print, print_json};
use budget::Allowance;
use formats::nir::NirGraph;
use formats::text::{read_head, read_text};
use mapper::MapperOptions;
use serde_json::{Value, json};
use std::path::Path;

/// Bytes by which a container, or HDF5, is known.
const HEAD: u64 = 64;

/// What a file is, if nothing is wrong with it.
struct Found {
    kind: &'static str,
    /// What it holds, in some words.
    holds: String,
}

/// `quenched check`.
pub(crate) fn run(args: &CheckArgs) -> Result<(), HostError> {
    let checked: Vec<_> = args.files.iter().map(|path| (path, of(path, &args.chip))).collect();
    let failed = checked.iter().filter(|(_, found)| found.is_err()).count();
    if args.json {
        let each: Vec<Value> = checked
            .iter()
            .map(|(path, found)| match found {
                Ok(Found { kind, holds }) => json!({ "file": path, "kind": kind, "holds": holds, "ok": true }),
                Err(error) => {
                    let mut value = error.as_json();
                    value["file"] = json!(path);
                    value["ok"] = json!(false);
                    value
                }
            })
            .collect();
        print_json(&json!({ "files": each, "failed": failed }))?;
    } else {
        for (path, found) in &checked {
            match found {
                Ok(Found { kind, holds }) => print(&format!("{}: {kind}, {holds}\n", path.display()))?,
                Err(error) => print(&format!("{}\n", error.render(false)))?,
            }
        }
    }
    if failed > 0 { Err(HostError::Check { failed, files: checked.len() }) } else { Ok(()) }
}

/// Reads the file at `path`, whatever it is; a network for `chip`.
fn of(path: &Path, chip: &str) -> Result<Found, HostError> {
    let head = read_head(path, HEAD)?;
    if formats::container::is_container(&head) {
        let (program, symbols) = formats::program::load(path)?;
        let holds = format!("for chip `{}`, of {} populations", program.chip, symbols.populations.len());
        return Ok(Found { kind: "program", holds });
    }
    if is_graph(path)? {
        let graph = NirGraph::open(path)?;
        return Ok(Found { kind: "graph", holds: format!("{} nodes, {} edges", graph.nodes.len(), graph.edges.len()) });
    }
    if is_net(path)? {
        let net = formats::netx::NetxFile::open(path)?;
        return Ok(Found { kind: "net of lava-dl", holds: format!("{} layers", net.layers.len()) });
    }
    if let Some(case) = conform::case_at(path)? {
        let case = conform::Case::open(&case)?;
        return Ok(Found { kind: "golden case", holds: format!("`{}` of format {}", case.name, case.format) });
    }
    let name = path.display().to_string();
    let text = read_text(path)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    match format_of(&text) {
        Some("quenched-chip") => {
            let spec = formats::chip::read(&text, &name)?;
            let neurons = spec.chip_count() * spec.cores_per_chip() * spec.neurons_per_core();
            let cores = spec.chip_count() * spec.cores_per_chip();
            Ok(Found { kind: "chip", holds: format!("`{}`, {cores} cores, {neurons} neurons", spec.name) })
        }
        Some("quenched-network") => {
            let spec = formats::chip::resolve(chip)?;
            let mut options = MapperOptions::default();
            let mut set = |key: &str, value: &str| options.set(key, value);
            let network = formats::network::read_with(&text, &name, directory, &spec, Allowance::Usual, &mut set)?;
            let neurons: u64 = network.populations.iter().map(|population| u64::from(population.size)).sum();
            let connections: usize = network.projections.iter().map(|projection| projection.connections.len()).sum();
            let holds = format!("{neurons} neurons, {connections} connections, read for chip `{}`", spec.name);
            Ok(Found { kind: "network", holds })
        }
        Some("quenched-study") => {
            let study = study::read(&text, &name, directory)?;
            Ok(Found { kind: "study", holds: format!("`{}`, {} runs", study.title, study.run_count()) })
        }
        other => Err(HostError::Usage {
            message: match other {
                Some(other) => format!("{name}: `{other}` is no format that is known here"),
                None => format!("{name}: no line `format = \"...\"` says what this file is"),
            },
            help: Some(
                "formats are \"quenched-chip\", \"quenched-network\" and \"quenched-study\"; `quenched new` begins one"
                    .into(),
            ),
        }),
    }
}

/// What a TOML file says that it is, found without reading it whole: what is wrong elsewhere is for its reader to say.
fn format_of(text: &str) -> Option<&str> {
    let says = |line: &'_ str| {
        let value = line.trim().strip_prefix("format")?.trim_start().strip_prefix('=')?.trim();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split(quote).next().map(str::len)
    };
    let line = text.lines().find(|line| says(line).is_some())?;
    let start = line.find(['"', '\''])? + 1;
    line.get(start..start + says(line)?)
}

#[cfg(test)]
mod tests {
    use super::format_of;

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(format_of("# format = \"x\"\n\nformat = \"quenched-chip\" # so\n"), Some("quenched-chip"));
        assert_eq!(format_of("format='quenched-study'"), Some("quenched-study"));
        assert_eq!(format_of("formats = \"a\"\nformat = 3\nformat = \"\""), Some(""));
        assert_eq!(format_of("version = 1"), None);
    }
}
