//! The command lines of what comes before the work: templates, checks, completions and manual pages.
//!
//! Owns their flags. It deliberately reads no file.

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// What there is a template of.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// A chip of one's own
    Chip,
    /// A network, which fits several chips
    Network,
    /// A study
    Study,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched new network my-net.toml
  quenched new study > my-study.toml
  quenched new chip my-chip.toml && quenched chip my-chip.toml

Each is whole as it is: `quenched check` finds nothing wrong with it, and it can be run.")]
pub(crate) struct NewArgs {
    /// What to begin
    pub(crate) what: Template,

    /// The file to write, which must not be there yet; standard output if not given
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched check my-chip.toml my-study.toml
  quenched check my-net.toml --chip dynapse2
  quenched check my-net.toml --chip my-chip.toml --json
  generate-network | quenched check -

Files are known by what they hold: chips, networks, studies, programs, graphs of trained nets (NIR),
nets of lava-dl, golden cases. All errors of a file are reported, with line and column. Whether a
network fits its chip is said by `quenched map`.")]
pub(crate) struct CheckArgs {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Chip whose names and units the networks among them use: a shipped one or a chip file
    #[arg(long, value_name = "NAME|FILE", default_value = "ideal")]
    pub(crate) chip: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched completions bash > ~/.local/share/bash-completion/completions/quenched
  quenched completions zsh > ~/.zfunc/_quenched
  quenched completions fish > ~/.config/fish/completions/quenched.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched manual | man -l -                       the page of the command
  quenched manual --out ~/.local/share/man/man1    a page for it and for each of its commands")]
pub(crate) struct ManualArgs {
    /// Directory for a page of each command; without it the page of `quenched` goes to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
