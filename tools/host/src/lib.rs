//! The command `quenched`: reads arguments and files, calls the libraries, prints.
//!
//! It is a library so that the Python package can bring the same command; a program has no use for it.
//!
//! This package owns the command line (`args`), what each command prints (`commands`) and how errors look
//! (`errors`). It is the only one of the workspace that prints, handles signals and ends the process. It deliberately
//! computes nothing itself: whatever a command shows comes from a library that can be called without it.
//!
//! Exit status: 0 for success, 1 for a failure, 2 for a wrong command line, 130 after Ctrl-C.

mod args;
mod commands;
mod errors;
mod output;
mod outputs;
mod progress;

use args::{Args, Command};
use clap::Parser;
use errors::HostError;
use std::ffi::OsString;

/// Runs the command that `words` say, the name of the program first, and returns the exit status. Help, the version and
/// a wrong command line end the process, and so does Ctrl-C.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    let args = match Args::try_parse_from(&words) {
        Ok(args) => args,
        Err(error) => wrong_command_line(&error, &words),
    };
    let json = args.command.json();
    if let Err(error) = choose_vectors() {
        output::error(&error, json);
        return error.exit_code();
    }
    let outcome = match args.command {
        Command::Study(study) => commands::study::run(&study, args.quiet),
        Command::Report(report) => commands::report::run(&report),
        Command::Chips(chips) => commands::chip::list(&chips),
        Command::Chip(chip) => commands::chip::show(&chip),
        Command::Die(die) => commands::die::run(&die),
        Command::Map(map) => commands::map::run(&map, args.quiet),
        Command::Explain(explain) => commands::explain::run(&explain),
        Command::Run(run) => commands::run::run(&run, args.quiet),
        Command::Lockstep(lockstep) => commands::lockstep::run(&lockstep, args.quiet),
        Command::Score(score) => commands::score::run(&score, args.quiet),
        Command::Plot(plot) => commands::plot::run(&plot),
        Command::Tasks(tasks) => commands::tasks::run(&tasks),
        Command::Conform(conform) => commands::conform::run(&conform, args.quiet),
        Command::New(new) => commands::new::run(&new),
        Command::Check(check) => commands::check::run(&check),
        Command::Completions(completions) => commands::manual::completions(&completions),
        Command::Manual(manual) => commands::manual::run(&manual),
    };
    match outcome {
        Ok(()) => 0,
        // Whoever read the output has enough of it (`quenched chips | head -1`): nothing went wrong.
        Err(HostError::OutputClosed) => 0,
        Err(error) => {
            output::error(&error, json);
            error.exit_code()
        }
    }
}

/// Keeps to the vectors that the variable `QUENCHED_SIMD` allows, if it is set.
fn choose_vectors() -> Result<(), HostError> {
    let Some(value) = std::env::var_os("QUENCHED_SIMD").filter(|value| !value.is_empty()) else { return Ok(()) };
    let name = value.to_string_lossy();
    let Some(level) = simd::Level::from_name(&name) else {
        let names = simd::Level::ALL.map(|level| format!("`{}`", level.name())).join(", ");
        let message = format!("the environment variable QUENCHED_SIMD is `{name}`, which names no vectors");
        let help = Some(format!("set it to one of {names}, or to nothing for the widest of the processor"));
        return Err(HostError::Usage { message, help });
    };
    simd::limit(level);
    Ok(())
}

/// The template of a `chip`, a `network` or a `study`, with comments; `None` for other words.
pub fn template(what: &str) -> Option<&'static str> {
    use clap::ValueEnum;
    args::Template::from_str(what, false).ok().map(args::Template::text)
}

/// A graph as a program has it.
#[derive(Clone, Debug)]
pub struct ReadBack {
    /// The NIR file.
    pub bytes: Vec<u8>,
    /// By what it is to be read, as arguments of the command; none: by those that its graph was read by.
    pub options: Vec<String>,
    /// What the chip does and the file does not say.
    pub unsaid: Vec<String>,
}

/// Why a program cannot be read back as a graph.
#[derive(Debug, thiserror::Error)]
pub enum ReadBackError {
    /// The program was not made from the network of the graph.
    #[error(transparent)]
    Mapper(#[from] mapper::MapperError),
    /// A graph has no word for what the program does.
    #[error(transparent)]
    Graph(#[from] graph::GraphError),
}

/// The graph `graph`, which became the network of `steps`, with the connections that its program makes.
///
/// # Errors
/// The program is of another network, or does what a graph has no word for.
pub fn read_back(
    (graph, steps): (&graph::Graph, &graph::Steps),
    (spec, program, placement): (&chip::ChipSpec, &chip::Program, &mapper::Placement),
) -> Result<ReadBack, ReadBackError> {
    commands::map::read_back::of((graph, steps), (spec, program, placement))
}

/// What the page of a study says of its chip.
pub fn chip_section(spec: &chip::ChipSpec) -> report::ChipSection {
    commands::study::chip_section(spec)
}

/// Help, the version, or what is wrong with the command line.
fn wrong_command_line(error: &clap::Error, words: &[OsString]) -> ! {
    // Who asks for JSON finds JSON, although the arguments could not be read.
    if error.use_stderr() && words.iter().any(|word| word == "--json") {
        let text = error.render().to_string();
        let message = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
        let error = HostError::Usage { message: message.into(), help: None };
        let _ = output::print_json(&error.as_json());
    }
    error.exit()
}
