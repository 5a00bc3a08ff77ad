//! The command line of `quenched study`.
//!
//! Owns its flags and what can be done with a study that has begun. It deliberately reads no file.

use super::values::{count, from_to};
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  quenched study                              the default study
  quenched study --quick --out first-look     a small one, in a directory of its own
  quenched study my-study.toml --dies 32      a study file, with more dies
  quenched study --set reservoir.neurons=64   a key of the file with another value
  quenched study resume quenched-out          go on with one that was stopped
  quenched study my-study.toml --shard 2/7    a part of the runs; `merge` puts them together
  quenched study my-study.toml --print-sbatch 7 > job.sh     the same for SLURM

The same study gives the same results.csv, byte for byte, on any machine, with any number of
threads, in any number of shards, straight or stopped and resumed. Runs are kept in DIR/runs as
soon as they are done, until the results are written: what is stopped loses the runs under way.")]
pub(crate) struct StudyArgs {
    /// What to do with a study that has begun
    #[command(subcommand)]
    pub(crate) action: Option<StudyAction>,

    /// Study file, or the name of a study that is shipped; the default study if there is none
    #[arg(value_name = "FILE|NAME")]
    pub(crate) file: Option<PathBuf>,

    /// A smaller version of the study, for a first look: two dies, fewer settings and samples
    #[arg(long)]
    pub(crate) quick: bool,

    /// Directory for results.csv, manifest.json and report.html
    #[arg(long, value_name = "DIR", default_value = "quenched-out")]
    pub(crate) out: PathBuf,

    /// Seed of everything that is drawn, instead of the study's
    #[arg(long, value_name = "N", value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// Networks for each setting, instead of the study's
    #[arg(long, value_name = "N", value_parser = from_to::<1, 1_000_000>, allow_negative_numbers = true)]
    pub(crate) networks: Option<u32>,

    /// Dies for each network, instead of the study's
    #[arg(long, value_name = "N", value_parser = from_to::<1, 1_000_000>, allow_negative_numbers = true)]
    pub(crate) dies: Option<u32>,

    /// Another value for a key of the study's file, such as readout.filter='50 ms'; `task.train` is meant
    /// for all tasks, `task[0].train` for the first
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) sets: Vec<(String, String)>,

    /// Make only a part of the runs, and keep them in DIR/runs: I/N, counted from 1, or `slurm` for what the
    /// variables of a SLURM array say
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<String>,

    /// Throw away the runs of a study that was stopped in the same directory
    #[arg(long)]
    pub(crate) restart: bool,

    /// Print a script that runs this study as a SLURM array of N jobs, and run nothing
    #[arg(long, value_name = "N", value_parser = from_to::<1, 100_000>, allow_negative_numbers = true)]
    pub(crate) print_sbatch: Option<u32>,

    #[command(flatten)]
    pub(crate) how: StudyHow,
}

/// How a study is run and shown.
#[derive(ClapArgs, Debug)]
pub(crate) struct StudyHow {
    /// Threads; all processors if not given
    #[arg(long, value_name = "N", value_parser = from_to::<1, 1024>, allow_negative_numbers = true)]
    pub(crate) threads: Option<u32>,

    /// Fail if anything is not represented as it was asked for: every line of `warnings` is an error then
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    /// Go on although the estimate of memory or time is beyond what is taken unasked
    #[arg(long)]
    pub(crate) allow_large: bool,

    /// Also write the figure of each task as a picture of its own, TASK.svg
    #[arg(long)]
    pub(crate) figures: bool,

    /// Show the page in the browser when it is written
    #[arg(long)]
    pub(crate) open: bool,

    /// Print the summary as JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with a study that has begun.
#[derive(Subcommand, Debug)]
pub(crate) enum StudyAction {
    /// Make the runs that are missing, and write the results
    Resume(BegunArgs),
    /// Put the runs of all shards together, and write the results
    Merge(BegunArgs),
    /// Say how many runs are done, by shard
    Status(StatusArgs),
}

/// A study that has begun.
#[derive(ClapArgs, Debug)]
pub(crate) struct BegunArgs {
    /// The directory that `--out` named
    pub(crate) dir: PathBuf,

    #[command(flatten)]
    pub(crate) how: StudyHow,
}

/// A study whose state is asked for.
#[derive(ClapArgs, Debug)]
pub(crate) struct StatusArgs {
    /// The directory that `--out` named
    pub(crate) dir: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl StudyArgs {
    /// Whether the result is printed as JSON.
    pub(crate) const fn json(&self) -> bool {
        match &self.action {
            None => self.how.json,
            Some(StudyAction::Resume(begun) | StudyAction::Merge(begun)) => begun.how.json,
            Some(StudyAction::Status(status)) => status.json,
        }
    }
}

/// `KEY=VALUE`.
fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().into(), value.trim().into())),
        _ => Err("write a key of the study's file, `=` and its value, such as reservoir.neurons=64".into()),
    }
}
