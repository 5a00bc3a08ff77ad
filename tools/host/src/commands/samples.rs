//! Samples of a user for a network: how their files are read, and how long each is shown.

use crate::args::{Beginning, RunLength, SampleArgs};
use crate::commands::load::Loaded;
use crate::errors::HostError;
use chip::{ChipSpec, whole_multiple};
use formats::sensor::{Options, Order};
use score::{Recordings, SetOptions};
use session::Multiple;
use units::{Decimal, Quantity, Unit};

/// What several events of a channel in a step are.
pub(crate) const fn multiple(how: &SampleArgs) -> Multiple {
    if how.binary { Multiple::Binary } else { Multiple::Count }
}

fn usage(message: String, help: impl Into<String>) -> HostError {
    HostError::Usage { message, help: Some(help.into()) }
}

/// How the samples are read for a program. Its outputs and their classes are the caller's to say.
pub(crate) fn options(how: &SampleArgs, loaded: &Loaded) -> Result<SetOptions, HostError> {
    let spec = &loaded.spec;
    let graph = loaded.graph.as_ref();
    let of_graph = graph.and_then(|graph| graph.step_seconds()).and_then(length);
    let channels = loaded.program.input_count;
    let certain = how.sensor.is_some() || how.format.is_some() || how.columns.is_some();
    let options = Options {
        sensor: how.sensor,
        channels: Some(channels),
        order: if how.sort_events { Order::Sort } else { Order::Required },
        format: how.format,
        columns: how.columns.clone(),
        time_unit: how.time_unit,
        clock_bits: how.clock_bits,
        sample: None,
    };
    let from = match how.from {
        Some(Beginning::Ticks(_)) => {
            return Err(usage(
                "`--from` is a time of the recordings here, and not a number of ticks".into(),
                "give a time with its unit, such as 5ms, or `first`",
            ));
        }
        Some(Beginning::Time(time)) => Some(time),
        Some(Beginning::First) | None => None,
    };
    let recordings = Recordings { options, from, from_first: how.from == Some(Beginning::First), certain };
    Ok(SetOptions {
        channels,
        outputs: 1,
        tick: spec.tick.quantity,
        row: graph.map_or(spec.step_ticks(), |graph| u64::from(graph.steps.step_ticks)),
        bin: how.bin.or(of_graph),
        needs_bin: graph.is_some(),
        steps: graph.is_some(),
        numbers: graph.is_some_and(|graph| graph.takes_numbers()),
        recordings,
        classes: None,
        limit: how.limit.map(|limit| limit as usize),
        threads: None,
    })
}

/// `seconds` in whole femtoseconds, as far as these go.
fn length(seconds: f64) -> Option<Quantity> {
    let femtoseconds = (seconds * 1e15).round();
    (1.0..9e18)
        .contains(&femtoseconds)
        .then(|| Quantity { value: Decimal::integer(femtoseconds as i64), unit: Unit::FEMTOSECOND })
}

/// How long each sample is shown; none: as long as its file says. A step takes `row` ticks.
pub(crate) fn ticks(length: &RunLength, spec: &ChipSpec, row: u64) -> Result<Option<u64>, HostError> {
    let time = length.time.map(|time| {
        let tick = spec.tick.quantity;
        whole_multiple(time, tick).ok_or_else(|| {
            usage(
                format!("--time {time} is not a whole number of the ticks of chip `{}`, {tick} each", spec.name),
                "choose a multiple, or give --ticks",
            )
        })
    });
    Ok(length.ticks.or(length.steps.map(|steps| steps.saturating_mul(row))).or(time.transpose()?))
}
