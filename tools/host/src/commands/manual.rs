//! `quenched completions` and `quenched manual`: what shells and `man` know of the command line, made of its statement.

use crate::args::{Args, CompletionsArgs, ManualArgs};
use crate::errors::HostError;
use crate::output::print_bytes;
use crate::outputs::Outputs;
use clap::{Command, CommandFactory};

/// `quenched completions`.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), HostError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "quenched", &mut script);
    print_bytes(&script)
}

/// `quenched manual`.
pub(crate) fn run(args: &ManualArgs) -> Result<(), HostError> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let Some(directory) = &args.out else { return print_bytes(&page(command)?) };
    let mut pages = Vec::new();
    collect(&command, "quenched", &mut pages)?;
    let mut outputs = Outputs::new(false);
    outputs.give_up_on_interrupt();
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    outputs.folder(directory, &names)?;
    for (name, page) in &pages {
        outputs.write_in_folder(name, page)?;
    }
    let done = outputs.commit()?;
    done.print(done.text().trim_start())
}

/// The pages of `command`, whose page is called `name`, and of all commands below it.
fn collect(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), HostError> {
    pages.push((format!("{name}.1"), page(command.clone())?));
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    below.into_iter().try_for_each(|below| collect(below, &format!("{name}-{}", below.get_name()), pages))
}

/// The page of one command.
fn page(command: Command) -> Result<Vec<u8>, HostError> {
    let mut text = Vec::new();
    let man = clap_mangen::Man::new(command).date("").source(concat!("quenched ", env!("CARGO_PKG_VERSION")));
    man.render(&mut text).map_err(|error| HostError::Output { reason: error.to_string() })?;
    Ok(text)
}
