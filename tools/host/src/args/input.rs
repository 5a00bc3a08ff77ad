//! What a run is given, and how it is read.

use super::values::{count, parse_format, parse_sensor};
use super::{Beginning, ClapArgs};
use formats::sensor::{Columns, Sensor, SensorFormat, TimeUnit};
use std::path::PathBuf;

/// Events that a run is given.
#[derive(ClapArgs, Debug)]
pub(crate) struct InputArgs {
    /// Input events: an event list, or a recording of a sensor (AEDAT, Prophesee RAW and DAT, Event Stream, N-MNIST,
    /// SLAYER, tonic and numpy arrays, SHD, CSV and AER text: docs/formats/sensors.md). Several times, or a folder:
    /// one run for each file, those of a folder in the order of their names
    #[arg(long, value_name = "EVENTS|FOLDER")]
    pub(crate) input: Vec<PathBuf>,

    /// The inputs are arrays (.npy, or `x` of an .npz) with a row a step and a column a channel. Graphs of trained nets
    /// take arrays so without this
    #[arg(long, requires = "input", conflicts_with_all = ["sensor", "format", "columns"])]
    pub(crate) raster: bool,

    /// The sensor that was recorded: columns x rows of pixels (34x34), or a number of channels. Not needed where the
    /// file says it
    #[arg(long, value_name = "SIZE", requires = "input", value_parser = parse_sensor)]
    pub(crate) sensor: Option<Sensor>,

    /// Format of the recording, where its first bytes and its name do not tell it
    #[arg(long, value_name = "NAME", requires = "input", value_parser = parse_format)]
    pub(crate) format: Option<&'static SensorFormat>,

    /// What the columns of a text or array are, in their order: `t,x,y,p`, `address,time`; `-` is skipped
    #[arg(long, value_name = "NAMES", requires = "input")]
    pub(crate) columns: Option<Columns>,

    /// Unit of the times of a text or array: s, ms, us or ns; microseconds if neither this nor the name of the column
    /// says more
    #[arg(long, value_name = "UNIT", requires = "input")]
    pub(crate) time_unit: Option<TimeUnit>,

    /// Bits of the clock of a text or array whose times start again from 0
    #[arg(long, value_name = "N", requires = "input", value_parser = clap::value_parser!(u32).range(8..=48))]
    pub(crate) clock_bits: Option<u32>,

    /// Which sample of a file that has several, counted from 0
    #[arg(long, value_name = "N", requires = "input", value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) sample: Option<u64>,

    /// Sort a recording whose events are not in the order of time, instead of refusing it
    #[arg(long, requires = "input")]
    pub(crate) sort_events: bool,

    /// The time in the input that is tick 0: a time (1.5s), a number of ticks, or `first` for that of its first event.
    /// Events before it are left out, and counted
    #[arg(long, value_name = "TIME|first", requires = "input")]
    pub(crate) from: Option<Beginning>,

    /// One spike for all events of a channel in a step of a clocked core, or in a tick of another, instead of as many
    /// as there are events
    #[arg(long, requires = "input")]
    pub(crate) binary: bool,
}
