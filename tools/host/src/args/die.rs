//! The arguments that name a die, and those of `quenched die`.

use super::values::{WhichDie, count, parse_cv};
use clap::Args as ClapArgs;
use std::path::PathBuf;
use units::Decimal;

/// Which die, and how much mismatch.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct DieChoice {
    /// Seed of the study that the die belongs to
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Number of the die, or a measured die (.csv or .npz, see docs/formats/measured-die.md)
    #[arg(long, value_name = "N|FILE", default_value = "0", allow_negative_numbers = true)]
    pub(crate) die: WhichDie,

    /// Scale the mismatch of the whole chip so that its reference parameter has this CV (0.2 is 20 %); 0 is the
    /// nominal chip. As in the chip file if not given
    #[arg(long, value_name = "X", value_parser = parse_cv, allow_negative_numbers = true)]
    pub(crate) cv: Option<Decimal>,

    /// Leave out the faults of the chip file: no circuit is broken. Scaling the mismatch does not touch them
    #[arg(long)]
    pub(crate) no_faults: bool,
}

/// The die that a mapping is for, if it is for one.
#[derive(ClapArgs, Clone, Debug)]
#[command(next_help_heading = "The die that the mapping is for")]
pub(crate) struct ForDie {
    /// The die that the mapping is for: its number, or a measured die (.csv or .npz). Broken circuits and slots stay
    /// empty, slow neurons get slow circuits, codes are chosen for their slots; the report tells what that gains. The
    /// mapping is for any die if not given here or in the file
    #[arg(long, value_name = "N|FILE", allow_negative_numbers = true)]
    pub(crate) die: Option<WhichDie>,

    /// Seed of the study that the die belongs to
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Scale the mismatch of the whole chip so that its reference parameter has this CV; as in the chip file if not
    /// given
    #[arg(long, value_name = "X", value_parser = parse_cv, allow_negative_numbers = true)]
    pub(crate) cv: Option<Decimal>,

    /// Leave out the faults of the chip file
    #[arg(long)]
    pub(crate) no_faults: bool,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched die --chip dynapse2 --seed 1 --die 3
  quenched die --chip dynapse2 --die 3 --out die-3.csv       the die as a file, for `map --die` and `run --die`
  quenched die --chip dynapse2 --cv 0.2 --core 0 --csv die.csv")]
pub(crate) struct DieArgs {
    /// Name of a shipped chip, or path of a chip file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) chip: String,

    #[command(flatten)]
    pub(crate) which: DieChoice,

    /// Only this core; all cores of one chip if not given
    #[arg(long, value_name = "N", value_parser = count::<u16>, allow_negative_numbers = true)]
    pub(crate) core: Option<u16>,

    /// Only this parameter, with its histogram; may be given several times. All parameters if not given
    #[arg(long = "parameter", value_name = "NAME")]
    pub(crate) parameters: Vec<String>,

    /// Also show the values as cores use them, rounded to steps, ticks and registers, and the CV that is left
    #[arg(long)]
    pub(crate) effective: bool,

    /// The core model that uses them; the first of the chip if not given
    #[arg(long, value_name = "MODEL", requires = "effective")]
    pub(crate) model: Option<String>,

    /// Also write every value to this file, one line a neuron
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Also write the die to this file, factors and faults of all chips of the board (or of the one core): .csv or
    /// .npz. It can be given as a die
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Print JSON instead of tables and histograms
    #[arg(long)]
    pub(crate) json: bool,
}
