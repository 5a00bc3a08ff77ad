//! The arguments that name a die, and those of `quenched die`.

use super::values::{ForParameter, WhichDie, count, parse_centre, parse_cv, parse_cvs, parse_families, parse_sources};
use clap::Args as ClapArgs;
use device_models::MismatchSetting;
use disorder::{Centre, Die, Family};
use std::collections::BTreeMap;
use std::path::PathBuf;
use units::{Decimal, DieId};

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

/// Which die, and how much mismatch of each parameter.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct DieSetting {
    /// Seed of the study that the die belongs to
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Number of the die, or a measured die (.csv or .npz, see docs/formats/measured-die.md)
    #[arg(long, value_name = "N|FILE", default_value = "0", allow_negative_numbers = true)]
    pub(crate) die: WhichDie,

    /// Scale the mismatch of the whole chip so that its reference parameter has this CV (0.2 is 20 %); 0 is the
    /// nominal chip. As in the chip file if not given. NAME=X is the CV of one parameter (or of `weights`), whatever
    /// the others have; may be given several times
    #[arg(long = "cv", value_name = "[NAME=]X", value_parser = parse_cvs, allow_negative_numbers = true)]
    pub(crate) cvs: Vec<ForParameter<Decimal>>,

    /// Only these parameters differ from device to device, and those with a CV of their own; all others are nominal
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Family of every mismatch, or of one parameter; may be given several times. As in the chip file if not given
    #[arg(long = "family", value_name = "[NAME=]FAMILY", value_parser = parse_families)]
    pub(crate) families: Vec<ForParameter<Family>>,

    /// CVs are those of what the truncation leaves, with mean or median 1, instead of those before it cuts
    #[arg(long, value_name = "mean|median", value_parser = parse_centre)]
    pub(crate) realised: Option<Centre>,

    /// A parameter with the deviates of another die of the same seed; may be given several times
    #[arg(long, value_name = "NAME=N", value_parser = parse_sources)]
    pub(crate) deviates_from: Vec<(String, u32)>,

    /// Leave out the faults of the chip file: no circuit is broken. Scaling the mismatch does not touch them
    #[arg(long)]
    pub(crate) no_faults: bool,
}

impl DieSetting {
    /// The CV of the reference parameter, if it is given.
    pub(crate) fn cv(&self) -> Option<Decimal> {
        self.cvs.iter().find(|cv| cv.name.is_none()).map(|cv| cv.value)
    }

    /// The CV of one parameter, if it has one of its own.
    pub(crate) fn cv_of(&self, parameter: &str) -> Option<Decimal> {
        self.cvs.iter().find(|cv| cv.name.as_deref() == Some(parameter)).map(|cv| cv.value)
    }

    /// The first flag that changes how a die is drawn.
    pub(crate) fn drawing(&self) -> Option<&'static str> {
        let flags = [
            ("--cv", !self.cvs.is_empty()),
            ("--only", !self.only.is_empty()),
            ("--family", !self.families.is_empty()),
            ("--realised", self.realised.is_some()),
            ("--deviates-from", !self.deviates_from.is_empty()),
            ("--no-faults", self.no_faults),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    /// What the flags come to, or the flag that says two things of one parameter.
    pub(crate) fn mismatch(&self) -> Result<MismatchSetting, String> {
        let (scale_to_cv, cvs) = split("--cv", &self.cvs)?;
        let (family, families) = split("--family", &self.families)?;
        let mut deviates_from = BTreeMap::new();
        for (name, number) in &self.deviates_from {
            let die = Die { root_seed: self.seed, id: DieId(*number) };
            if deviates_from.insert(name.clone(), die).is_some() {
                return Err(twice("--deviates-from", Some(name)));
            }
        }
        let only = (!self.only.is_empty()).then(|| self.only.iter().cloned().collect());
        let (realised, without_faults) = (self.realised, self.no_faults);
        Ok(MismatchSetting { scale_to_cv, cvs, only, family, families, realised, deviates_from, without_faults })
    }
}

/// What is given for all parameters, and for single ones.
fn split<T: Copy>(flag: &str, given: &[ForParameter<T>]) -> Result<(Option<T>, BTreeMap<String, T>), String> {
    let (mut of_all, mut of_one) = (None, BTreeMap::new());
    for ForParameter { name, value } in given {
        let before = match name {
            None => of_all.replace(*value),
            Some(name) => of_one.insert(name.clone(), *value),
        };
        if before.is_some() {
            return Err(twice(flag, name.as_ref()));
        }
    }
    Ok((of_all, of_one))
}

fn twice(flag: &str, name: Option<&String>) -> String {
    let of = name.map_or_else(String::new, |name| format!(" for `{name}`"));
    format!("`{flag}` is given twice{of}")
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
  quenched die --chip dynapse2 --cv 0.2 --core 0 --csv die.csv
  quenched die --chip dynapse2 --cv 0.5 --realised mean      a CV of 0.5 of the devices, not of what was cut
  quenched die --chip dynapse2 --only tau_mem --cv tau_mem=0.5 --family tau_mem=gamma")]
pub(crate) struct DieArgs {
    /// Name of a shipped chip, or path of a chip file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) chip: String,

    #[command(flatten)]
    pub(crate) which: DieSetting,

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
