//! The arguments of `quenched tasks`.

use super::FigureFile;
use super::values::{count, from_to};
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched tasks                                             the catalogue, a line a stimulus
  quenched tasks --stimulus lorenz --family legendre         ids and formulas
  quenched tasks --json                                      everything of every task
  quenched tasks lorenz/legendre-3/shift+5                   one task
  quenched tasks lorenz/legendre-3/shift+5 --plot out.svg    its stimulus and its target
  quenched tasks channel-28db/equalisation/shift+2 --csv out.csv --samples 1000
  quenched tasks product-2/shift+5 --series mine.csv --column flow --csv out.csv
  quenched tasks heart-rate.ts                               what a data set holds

A shift counts samples into the past: at sample t a target of shift+5 speaks of u(t - 5), one of
shift-5 of u(t + 5). Samples without a target, which lack a past or a future, have an empty field.")]
pub(crate) struct TasksArgs {
    /// Id of a task, function and shift for a series of one's own, or a data set (.ts)
    #[arg(value_name = "ID|FILE.ts")]
    pub(crate) task: Option<String>,

    /// Only the tasks of this stimulus
    #[arg(long, value_name = "NAME", conflicts_with = "task")]
    pub(crate) stimulus: Option<String>,

    /// Only the tasks of this family of functions
    #[arg(long, value_name = "NAME", conflicts_with = "task")]
    pub(crate) family: Option<String>,

    /// A series of one's own in place of a stimulus: CSV, .npy or .npz
    #[arg(long, value_name = "FILE", requires = "task")]
    pub(crate) series: Option<PathBuf>,

    /// The column of the series; not needed if there is one only
    #[arg(long, value_name = "NAME", requires = "series")]
    pub(crate) column: Option<String>,

    /// Draw stimulus and target as a picture (.svg) or page (.html)
    #[arg(long, value_name = "FIGURE", requires = "task")]
    pub(crate) plot: Option<FigureFile>,

    /// Write stimulus and target to this file, a line a sample
    #[arg(long, value_name = "FILE", requires = "task")]
    pub(crate) csv: Option<PathBuf>,

    /// Samples to draw and write: 400 if not given, or all of one's own series
    #[arg(long, value_name = "N", value_parser = from_to::<1, 10_000_000>, allow_negative_numbers = true)]
    pub(crate) samples: Option<u32>,

    /// Seed of the stimulus
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
