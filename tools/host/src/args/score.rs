//! The arguments of `quenched score`.

use super::values::{count, from_to, parse_cv};
use super::{ClapArgs, MapChoice, RunLength, SampleArgs};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use score::Rule;
use std::path::PathBuf;
use units::Decimal;

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched score net.toml --chip dynapse2 --data test.csv --time 300ms --dies 20 --require 0.9
  quenched score net.nir --chip ideal --like sinabs --data test.csv --sensor 34x34 --bin 1ms --steps 300
  quenched score net.nir --chip ideal --like snntorch --data test.npz --decide membrane
  quenched score net.nir --chip ideal --like norse --data test.h5 --labels y.npy --csv decisions.csv
  quenched score spyx_shd.nir --chip ideal --like spyx --data shd_test.h5 --bin 10ms --steps 100
  quenched score net.toml --chip loihi-lava --data test/ --sensor 34x34 --binary --steps 300 \\
      --vary weights --vary v_threshold --cv 0.1 --cv 0.3 --dies 20

A set is a list (CSV with the columns file,label) or a folder with one, a folder of files for each class, an archive
(.npz) with `x` [samples, steps, channels] and `y`, a .ts file, a Heidelberg data set (HDF5: SHD, SSC), or NIRData
(HDF5) with `--labels`.
docs/concepts/score.md says what is counted, docs/formats/labelled.md how sets look.
The result is the same, byte for byte, with any number of threads. Ctrl-C stops; nothing is written then.")]
pub(crate) struct ScoreArgs {
    #[command(flatten)]
    pub(crate) length: RunLength,

    /// Dies that are shown the set. Without anything that differs between dies, one is
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_to::<1, 1_000_000>,
        allow_negative_numbers = true)]
    pub(crate) dies: u32,

    /// Seed of the dies
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Scale the mismatch of the whole chip so that its reference parameter has this CV (0.2 is 20 %); with `--vary`,
    /// the CV of what it names. Several times: a table each. As in the chip file if not given
    #[arg(long, value_name = "X", value_parser = parse_cv, allow_negative_numbers = true)]
    pub(crate) cv: Vec<Decimal>,

    /// Only this parameter has mismatch, or only `weights`; may be given several times. One without mismatch in the
    /// chip file gets what `--cv` says
    #[arg(long, value_name = "PARAMETER")]
    pub(crate) vary: Vec<String>,

    /// Leave out the faults of the chip file: no circuit is broken. Scaling the mismatch does not touch them
    #[arg(long)]
    pub(crate) no_faults: bool,

    /// With the noise of the chip file, between runs and within them; each sample has its own
    #[arg(long)]
    pub(crate) noise: bool,

    /// Number of the run, for its noise and the sources of its network
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) trial: u64,

    /// How output neurons decide: by the most spikes (`count`), the first spike (`first`), the highest voltage at the
    /// end (`membrane`) or of all steps (`membrane-max`). `count` if not given, `membrane` if the output of a graph
    /// is a voltage
    #[arg(long, value_name = "RULE", value_parser = rule())]
    pub(crate) decide: Option<Rule>,

    /// The population that decides, neuron i for class i. The output of a graph, or the only population that sends to
    /// no other, if not given
    #[arg(long, value_name = "POPULATION")]
    pub(crate) output: Option<String>,

    /// The accuracy that is asked of a die, from 0 to 1: the share of dies that reach it is their yield
    #[arg(long, value_name = "ACCURACY", value_parser = share, allow_negative_numbers = true)]
    pub(crate) require: Option<f64>,

    /// Threads; all processors if not given
    #[arg(long, value_name = "N", value_parser = from_to::<1, 1024>, allow_negative_numbers = true)]
    pub(crate) threads: Option<u32>,

    /// Also write every decision to this file, a line for each sample of each die
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) what: MapChoice,

    #[command(flatten)]
    pub(crate) set: SetArgs,
}

/// The set, and how its files are read.
#[derive(ClapArgs, Debug)]
#[command(next_help_heading = "The labelled set")]
pub(crate) struct SetArgs {
    /// The labelled set: a list of files, a folder, .npz, .ts, SHD or NIRData; see below
    #[arg(long, value_name = "SET")]
    pub(crate) data: PathBuf,

    /// Labels of a set that has none: an array (.npy), or CSV with the column `label`
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,

    /// Names of the classes in the order of the output neurons. Labels that are whole numbers need none; other labels
    /// are taken in the order of the alphabet if not given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) classes: Vec<String>,

    #[command(flatten)]
    pub(crate) how: SampleArgs,
}

fn rule() -> impl TypedValueParser<Value = Rule> {
    let names = Rule::ALL.map(|rule| PossibleValue::new(rule.name()).help(rule.words()));
    PossibleValuesParser::new(names).map(|name: String| {
        Rule::ALL.into_iter().find(|rule| rule.name() == name).expect("only names of rules are possible")
    })
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "an accuracy is a share from 0 to 1, such as 0.9".to_owned())
}
