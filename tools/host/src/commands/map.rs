//! `quenched map`: a network onto a chip, or what a program holds.

pub(crate) mod losses;
mod page;
mod rates;
pub(crate) mod read_back;

use crate::args::{MapArgs, WhichDie};
use crate::commands::explain::{check, explain};
use crate::commands::load::{Loaded, refused};
use crate::commands::{compare, floor};
use crate::errors::HostError;
use crate::output::{print_json, warn};
use crate::outputs::{Done, Outputs};
use chip::{Endpoint, PlacementKind, Symbols};
use report::text_table;
use serde_json::{Value, json};
use session::Board;
use std::collections::BTreeSet;
use std::fmt::Write;
use units::CoreAddress;

/// `quenched map`.
pub(crate) fn run(args: &MapArgs, quiet: bool) -> Result<(), HostError> {
    if args.what.chip.len() > 1 {
        return compare::run(args);
    }
    let mut outputs = Outputs::new(args.json);
    outputs.reads([&args.what.network].into_iter().chain(args.rates.set()))?;
    if let Some(WhichDie::File(file)) = &args.for_die.die {
        outputs.reads([file])?;
    }
    let out = args.out.as_ref().map(|path| outputs.file("--out", path)).transpose()?;
    let html = args.html.as_ref().map(|path| outputs.file("--html", path)).transpose()?;
    let nir = args.nir.as_ref().map(|path| outputs.file("--nir", path)).transpose()?;
    outputs.give_up_on_interrupt();
    let (loaded, rates) = rates::load_with(args, quiet)?;
    // A network has met its chip when it was mapped; a program meets it now.
    check(&loaded, &args.what.network)?;
    let page = html.map(|file| Ok::<_, HostError>((file, page::html(&loaded, &args.what.network)?))).transpose()?;
    let plan = (!args.json).then(|| Ok::<_, HostError>(floor::text(&explain(&loaded, &args.what.network)?.floor())));
    let plan = plan.transpose()?.unwrap_or_default();
    let graph_file =
        nir.map(|file| Ok::<_, HostError>((file, read_back::nir(&loaded, &args.what.network)?))).transpose()?;
    let (of_origin, origin) = (loaded.origin_text(), loaded.origin_json());
    let Loaded { spec, program, symbols, report, .. } = loaded;
    outputs.reads_all_so_far()?;
    let warnings = report.as_ref().map(|report| report.warnings.clone()).unwrap_or_default();
    let encoded = |program, symbols| out.map(|out| (out, formats::program::encode(program, symbols)));
    let (mut json, text, encoded) = match report {
        Some(report) => {
            let value = losses::report(&report, args.all_losses);
            let of_rates = rates.as_ref().map_or_else(String::new, |rates| format!("\n{}", rates.text()));
            (json!({ "report": value }), format!("{of_origin}{report}{of_rates}"), encoded(&program, &symbols))
        }
        None => {
            let board = Board::new(spec, program, symbols).map_err(|error| refused(&args.what.network, error))?;
            let encoded = encoded(board.program(), board.symbols());
            (json!({ "contents": as_json(&board) }), as_text(&board), encoded)
        }
    };
    let deny = args.what.deny_warnings;
    if let Some((out, bytes)) = encoded {
        outputs.write(out, &bytes)?;
    }
    if let Some((file, page)) = page {
        outputs.write(file, page.as_bytes())?;
    }
    if let Some((file, graph)) = &graph_file {
        outputs.write(*file, &graph.bytes)?;
    }
    let denied = deny && !warnings.is_empty();
    // What is an error leaves no file.
    let done = if denied { Done::default() } else { outputs.commit()? };
    if args.json {
        let mut written = done.files.iter();
        json["program"] = json!(out.and_then(|_| written.next()));
        if html.is_some() {
            json["page"] = json!(written.next());
        }
        if nir.is_some() {
            json["nir"] = json!(written.next());
        }
        if let Some((_, graph)) = &graph_file {
            json["nir_reading"] = graph.json();
        }
        if let Some(rates) = &rates {
            json["rates"] = rates.json();
        }
        if let Some((key, origin)) = origin {
            json[key] = origin;
        }
        print_json(&json)?;
        return warn(&warnings, true, deny);
    }
    let shown = if warnings.is_empty() { String::new() } else { format!("\n{warnings}") };
    let reading = graph_file.as_ref().map_or_else(String::new, |(_, graph)| graph.text());
    done.print(&format!("{}\n\n{plan}{shown}{reading}{}", text.trim_end(), done.text()))?;
    warn(&warnings, false, deny)
}

/// What a program holds.
fn as_text(board: &Board) -> String {
    let (program, symbols) = (board.program(), board.symbols());
    let mut text = format!(
        "a program for chip `{}`, which takes it: {} cores, {} input channels, {} synapses\n",
        program.chip,
        program.cores.len(),
        program.input_count,
        board.fabric().synapse_count()
    );
    if symbols.placement != PlacementKind::Order {
        let _ = writeln!(text, "placement {}", symbols.placement.name());
    }
    if let Some(die) = &symbols.die {
        let _ = writeln!(text, "made for {}", die.name);
    }
    let table = |header: &[&str], rows: Vec<Vec<String>>, left: &[usize]| {
        let header: Vec<String> = header.iter().map(|name| (*name).to_string()).collect();
        if rows.is_empty() { String::new() } else { format!("\n{}", text_table(&header, rows, left)) }
    };
    let inputs = symbols.inputs.iter().map(|input| vec![input.name.clone(), input.channels.to_string()]);
    let populations = symbols.populations.iter().enumerate().map(|(index, population)| {
        let cores: Vec<String> = cores(symbols, index).iter().map(ToString::to_string).collect();
        let model = board.model_of(index).map_or("", |model| model.name());
        vec![population.name.clone(), model.into(), population.size.to_string(), cores.join(", ")]
    });
    let projections = symbols.projections.iter().map(|projection| {
        let post = symbols.populations[projection.post].name.clone();
        vec![projection.name.clone(), sender(board, projection.pre).into(), post, projection.synapses.to_string()]
    });
    let _ = write!(
        text,
        "{}{}{}",
        table(&["input", "channels"], inputs.collect(), &[0]),
        table(&["population", "model", "neurons", "cores"], populations.collect(), &[0, 1, 3]),
        table(&["projection", "from", "to", "synapses"], projections.collect(), &[0, 1, 2]),
    );
    text
}

/// The cores with neurons of a population, each once.
fn cores(symbols: &Symbols, population: usize) -> Vec<CoreAddress> {
    let mut cores: Vec<CoreAddress> = symbols.segments_of(population).map(|segment| segment.core).collect();
    let mut seen = BTreeSet::new();
    cores.retain(|core| seen.insert(*core));
    cores
}

fn as_json(board: &Board) -> Value {
    let (program, symbols) = (board.program(), board.symbols());
    let populations = symbols.populations.iter().enumerate().map(|(index, population)| {
        json!({
            "name": population.name,
            "model": board.model_of(index).map(|model| model.name()),
            "neurons": population.size,
            "cores": cores(symbols, index).iter().map(|core| json!([core.chip, core.core])).collect::<Vec<_>>(),
        })
    });
    let inputs = symbols.inputs.iter().map(|input| json!({ "name": input.name, "channels": input.channels }));
    let projections = symbols.projections.iter().map(|projection| {
        json!({
            "name": projection.name,
            "pre": sender(board, projection.pre),
            "post": symbols.populations[projection.post].name,
            "synapses": projection.synapses,
        })
    });
    json!({
        "chip": program.chip,
        "placement": symbols.placement.name(),
        "die": symbols.die.as_ref().map(|die| json!({ "name": die.name, "fingerprint": format!("{:016x}", die.fingerprint) })),
        "cores": program.cores.len(),
        "input_channels": program.input_count,
        "synapses": board.fabric().synapse_count(),
        "inputs": inputs.collect::<Vec<_>>(),
        "populations": populations.collect::<Vec<_>>(),
        "projections": projections.collect::<Vec<_>>(),
    })
}

/// The name of the senders of a projection.
fn sender(board: &Board, pre: Endpoint) -> &str {
    match pre {
        Endpoint::Population(index) => &board.symbols().populations[index].name,
        Endpoint::Input(index) => &board.symbols().inputs[index].name,
    }
}
