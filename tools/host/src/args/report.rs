//! The command line of `quenched report`.
//!
//! Owns its flags. It deliberately reads no file.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched report quenched-out                        the page anew, in quenched-out/report.html
  quenched report quenched-out --open                 and show it
  quenched report quenched-out --out page.html        in a file of its own

The page is made of results.csv, controls.csv, tuning.csv and manifest.json alone. With the release
that ran the study it is the same, byte for byte, as the page that the study wrote.")]
pub(crate) struct ReportArgs {
    /// The directory that `quenched study --out` named
    pub(crate) dir: PathBuf,

    /// The page to write; DIR/report.html if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Show the page in the browser
    #[arg(long)]
    pub(crate) open: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
