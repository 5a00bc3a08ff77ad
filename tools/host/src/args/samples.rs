//! The arguments that say how samples of a user are read.

use super::values::{from_to, parse_format, parse_sensor, time};
use super::{Beginning, ClapArgs, RunLength};
use formats::sensor::{Columns, Sensor, SensorFormat, TimeUnit};
use std::path::PathBuf;
use units::Quantity;

/// How the files of a set are read.
#[derive(ClapArgs, Debug)]
pub(crate) struct SampleArgs {
    /// Only the first N samples
    #[arg(long, value_name = "N", value_parser = from_to::<1, 1_000_000_000>, allow_negative_numbers = true)]
    pub(crate) limit: Option<u32>,

    /// Which node of NIRData is the input: NODE or NODE:KEY
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,

    /// How long a step lasts in a recording, such as 1ms: an event of time t is of step floor(t / bin). The length of a
    /// step of the graph if that is a time; without it, networks of other kinds go by the ticks of the chip
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    pub(crate) bin: Option<Quantity>,

    /// The files are arrays (.npy, or `x` of an .npz) with a row a step and a column a channel. Graphs of trained nets
    /// take arrays so without this
    #[arg(long, conflicts_with_all = ["sensor", "format", "columns"])]
    pub(crate) raster: bool,

    /// The sensor that was recorded: columns x rows of pixels (34x34), or a number of channels. The channel of an event
    /// is (polarity, y, x). Not needed where files say it
    #[arg(long, value_name = "SIZE", value_parser = parse_sensor)]
    pub(crate) sensor: Option<Sensor>,

    /// Format of the recordings, where their first bytes and names do not tell it
    #[arg(long, value_name = "NAME", value_parser = parse_format)]
    pub(crate) format: Option<&'static SensorFormat>,

    /// What the columns of texts or arrays are, in their order: `t,x,y,p`, `address,time`; `-` is skipped
    #[arg(long, value_name = "NAMES")]
    pub(crate) columns: Option<Columns>,

    /// Unit of the times of texts or arrays: s, ms, us or ns
    #[arg(long, value_name = "UNIT")]
    pub(crate) time_unit: Option<TimeUnit>,

    /// Bits of the clock of texts or arrays whose times start again from 0
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=48))]
    pub(crate) clock_bits: Option<u32>,

    /// Sort recordings whose events are not in the order of time, instead of refusing them
    #[arg(long)]
    pub(crate) sort_events: bool,

    /// The time in a recording that is its beginning: a time (1.5s), or `first` for that of its first event
    #[arg(long, value_name = "TIME|first")]
    pub(crate) from: Option<Beginning>,

    /// One spike for all events of a channel in a step, instead of as many as there are events
    #[arg(long)]
    pub(crate) binary: bool,
}

impl SampleArgs {
    /// The first of these flags that was given.
    fn first(&self) -> Option<&'static str> {
        let given = [
            ("--limit", self.limit.is_some()),
            ("--node", self.node.is_some()),
            ("--bin", self.bin.is_some()),
            ("--raster", self.raster),
            ("--sensor", self.sensor.is_some()),
            ("--format", self.format.is_some()),
            ("--columns", self.columns.is_some()),
            ("--time-unit", self.time_unit.is_some()),
            ("--clock-bits", self.clock_bits.is_some()),
            ("--sort-events", self.sort_events),
            ("--from", self.from.is_some()),
            ("--binary", self.binary),
        ];
        given.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    }
}

/// Samples by which a mapping is judged.
#[derive(ClapArgs, Debug)]
#[command(next_help_heading = "Rates of samples")]
pub(crate) struct RateArgs {
    /// Show these samples to the network without the limits of a chip and to the nominal chip, and print how often each
    /// population spikes before and after; with the cause where one lost its spikes. A set as `quenched score` takes
    /// it, labels are not needed; or one sample
    #[arg(long, value_name = "SET", conflicts_with = "calibrate")]
    pub(crate) rates: Option<PathBuf>,

    /// The same, and find for each population a factor with which it spikes as often as it should: of the weights onto
    /// it, or of its threshold where these are whole numbers. What is written is the mapping with these factors
    #[arg(long, value_name = "SET")]
    pub(crate) calibrate: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) how: SampleArgs,

    #[command(flatten)]
    pub(crate) length: RunLength,
}

impl RateArgs {
    /// The samples that are named.
    pub(crate) fn set(&self) -> Option<&PathBuf> {
        self.rates.as_ref().or(self.calibrate.as_ref())
    }

    /// The first flag that says how samples are shown.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let RunLength { ticks, time, steps } = &self.length;
        let of_length = [("--ticks", ticks.is_some()), ("--time", time.is_some()), ("--steps", steps.is_some())];
        self.how.first().or_else(|| of_length.iter().find(|(_, given)| *given).map(|(flag, _)| *flag))
    }
}
