//! `quenched explain`: a program in the words of its network.

mod core;
mod diff;
mod neuron;

use crate::args::{ExplainArgs, ForDie, MapChoice};
use crate::commands::floor;
use crate::commands::load::{self, Loaded, load_on, not_mapped};
use crate::errors::HostError;
use crate::output::{print, print_json, warn};
use mapper::{Difference, Explained};
use report::text_table;
use serde_json::{Value, json};
use session::Board;
use std::path::Path;
use warnings::{Kind, Warnings};

/// `quenched explain`.
pub(crate) fn run(args: &ExplainArgs) -> Result<(), HostError> {
    let loaded = load::load(&args.what, false, &for_die(args))?;
    let warnings = loaded.report.as_ref().map(|report| report.warnings.clone()).unwrap_or_default();
    let file = args.what.network.as_path();
    check(&loaded, file)?;
    let explained = explain(&loaded, file)?;
    let die = neuron::die(args, &loaded.spec)?;
    let other_die = die.as_ref().and_then(|(_, die)| {
        let made_for = loaded.symbols.die.as_ref()?;
        let is_other = made_for.fingerprint != die.fingerprint(&loaded.spec, &loaded.program);
        is_other.then(|| format!("the program was made for {}, and this is another die", made_for.name))
    });
    let mut shown = Warnings::default();
    other_die.into_iter().for_each(|text| shown.push(Kind::OtherDie, explained.program().chip.clone(), text));
    let (mut text, mut value) = (String::new(), json!({ "chip": explained.program().chip }));
    if let Some(other) = &args.diff {
        // The other is read as the first is, for the same chip.
        let what = MapChoice {
            network: other.clone(),
            chip: args.what.chip.clone(),
            graph: args.what.graph.clone(),
            mapping: args.what.mapping.clone(),
            deny_warnings: args.what.deny_warnings,
            allow_large: args.what.allow_large,
        };
        let second = second(&what, &loaded, &for_die(args))?;
        check(&second, other)?;
        let second = explain(&second, other)?;
        let difference = Difference::of(&explained, &second).map_err(|error| refused(file, error))?;
        text.push_str(&diff::text(&difference, file, other));
        value["difference"] = diff::json(&difference);
    }
    let mut neurons = Vec::new();
    for name in &args.neuron {
        let account = neuron::account(&explained, name, file)?;
        let circuit = die.as_ref().map(|die| neuron::circuit(&explained, die, &account));
        text.push_str(&neuron::text(&account, circuit.as_ref()));
        neurons.push(neuron::json(&account, circuit.as_ref()));
    }
    let mut cores = Vec::new();
    for name in &args.core {
        let contents = core::contents(&explained, name.0, file)?;
        text.push_str(&core::text(&contents));
        cores.push(json!(contents));
    }
    if neurons.is_empty() && cores.is_empty() && args.diff.is_none() {
        let plan = explained.floor();
        text.push_str(&whole(&explained));
        text.push('\n');
        text.push_str(&floor::text(&plan));
        value["populations"] = populations(&explained);
        value["floor"] = json!(plan);
    }
    if !neurons.is_empty() {
        value["neurons"] = json!(neurons);
    }
    if !cores.is_empty() {
        value["cores"] = json!(cores);
    }
    if args.json {
        print_json(&value)?
    } else {
        if !shown.is_empty() {
            text.push_str(&format!("\n{shown}"));
        }
        print(&text)?
    }
    warn(&shown, args.json, args.what.deny_warnings)?;
    // What is not as asked for stands in the report of `quenched map`; here only who denies it is told.
    warn(&warnings, args.what.deny_warnings, args.what.deny_warnings)
}

/// How dies are drawn if the network names one; the flag `--die` only shows one.
fn for_die(args: &ExplainArgs) -> ForDie {
    ForDie { die: None, seed: args.seed, cv: args.cv, no_faults: args.no_faults }
}

/// The other program of a comparison: on the chip of the first, if none is named.
fn second(what: &MapChoice, first: &Loaded, die: &ForDie) -> Result<Loaded, HostError> {
    match &what.chip[..] {
        [] => load_on(what, first.spec.clone(), false, die),
        _ => load::load(what, false, die),
    }
}

/// Refuses programs that the chip does not take: what is explained can run.
pub(crate) fn check(loaded: &Loaded, file: &Path) -> Result<(), HostError> {
    match &loaded.report {
        Some(_) => Ok(()),
        None => {
            let Loaded { spec, program, symbols, .. } = loaded;
            let board = Board::new(spec.clone(), program.clone(), symbols.clone());
            board.map(|_| ()).map_err(|error| load::refused(file, error))
        }
    }
}

/// What tells of `loaded`, whose file is `file`.
pub(crate) fn explain<'a>(loaded: &'a Loaded, file: &Path) -> Result<Explained<'a>, HostError> {
    let made_of = loaded.split.as_deref().or(loaded.mapped()).zip(loaded.report.as_ref());
    Explained::new(&loaded.program, &loaded.symbols, &loaded.spec, made_of).map_err(|error| refused(file, error))
}

pub(crate) fn refused(file: &Path, error: mapper::MapperError) -> HostError {
    not_mapped(file, Vec::new(), error)
}

/// The whole program in a few lines.
fn whole(explained: &Explained<'_>) -> String {
    let (program, symbols) = (explained.program(), explained.symbols());
    let synapses: u64 = symbols.projections.iter().map(|projection| projection.synapses).sum();
    let neurons: u32 = symbols.populations.iter().map(|population| population.size).sum();
    let rows = symbols.populations.iter().enumerate().map(|(index, population)| {
        let cores: Vec<String> = symbols.segments_of(index).map(|s| s.core.to_string()).collect();
        vec![population.name.clone(), population.size.to_string(), listed(&cores, CORES_MAX)]
    });
    format!(
        "a program for chip `{}`: {} in {}, {} and {}\n\n{}",
        program.chip,
        plural(neurons.into(), "neuron"),
        plural(program.cores.len() as u64, "core"),
        plural(program.input_count.into(), "input channel"),
        plural(synapses, "connection"),
        table(&["population", "neurons", "cores"], rows.collect(), &[0, 2])
    )
}

fn populations(explained: &Explained<'_>) -> Value {
    let symbols = explained.symbols();
    let of = symbols.populations.iter().enumerate().map(|(index, population)| {
        let cores: Vec<Value> = symbols.segments_of(index).map(|s| json!([s.core.chip, s.core.core])).collect();
        json!({ "name": population.name, "neurons": population.size, "cores": cores })
    });
    of.collect()
}

/// Cores, or populations, that are named in a row.
const CORES_MAX: usize = 4;

/// Names in a row; of more than `most` only the first.
fn listed(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 if names.is_empty() => "-".into(),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn table(header: &[&str], rows: Vec<Vec<String>>, left: &[usize]) -> String {
    text_table(&header.iter().map(|name| (*name).to_string()).collect::<Vec<_>>(), rows, left)
}

/// `1 core`, `2 cores`.
fn plural(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
