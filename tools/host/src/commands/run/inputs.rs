//! What a run is given: lists of events, recordings of sensors, folders of them.

use super::account::Account;
use crate::args::{Beginning, RunArgs};
use crate::commands::load::{LoadedCase, is_graph};
use crate::errors::HostError;
use chip::{InputEvent, whole_multiple};
use formats::raster::Raster;
use formats::sensor::{Options, Order, Recording, Sensor};
use session::{Board, Multiple, Session, SessionError};
use std::path::{Path, PathBuf};
use units::{Decimal, Quantity, Tick, Unit};

/// Events as a run gets them, and what is known of their file.
pub(super) struct Input {
    events: Vec<InputEvent>,
    account: Account,
}

/// What a run is given.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    Nothing,
    /// A file, and the ticks of a row if it is a dense one.
    File(&'a PathBuf, Option<u64>),
    /// The input that was recorded with the network.
    Recorded(&'a LoadedCase),
}

impl Given<'_> {
    /// Its file, if the command line names one.
    pub(super) fn file(&self) -> Option<&PathBuf> {
        match self {
            Given::File(path, _) => Some(path),
            Given::Nothing | Given::Recorded(_) => None,
        }
    }
}

/// The input that was recorded with a network.
pub(super) fn recorded(case: &LoadedCase) -> Input {
    let mut account = Account::of_list(&case.archive, case.events.len());
    account.first = case.events.iter().map(|event| event.tick).min();
    Input { account, events: case.events.clone() }
}

/// The files that `paths` name: themselves, and what is in a folder, in the order of names.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, HostError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = formats::folder::files(path)?;
        if inside.is_empty() {
            return Err(HostError::Usage {
                message: format!("`--input {}`: there is no file in this folder", path.display()),
                help: Some("give a folder whose files are inputs; folders within it are not looked into".into()),
            });
        }
        files.append(&mut inside);
    }
    Ok(files)
}

/// What is to be known of dense inputs before a run: how long they are, and of what.
pub(super) struct Dense {
    pub(super) steps: usize,
    pub(super) numbers: bool,
}

/// By input: whether it is a dense one.
pub(super) fn dense(args: &RunArgs, inputs: &[PathBuf]) -> Result<Vec<Option<Dense>>, HostError> {
    let given = &args.events;
    let asked = given.raster || given.sensor.is_none() && given.format.is_none() && given.columns.is_none();
    let taken = asked && (given.raster || is_graph(&args.what.network)?);
    let dense = |path: &PathBuf| {
        if !taken || !given.raster && !formats::raster::recognise(path)? {
            return Ok(None);
        }
        let Raster { steps, numbers, .. } = Raster::load(path)?;
        Ok(Some(Dense { steps, numbers }))
    };
    inputs.iter().map(dense).collect()
}

/// Reads a dense input; a row takes `row` ticks.
fn raster(board: &Board, path: &Path, row: u64) -> Result<Input, HostError> {
    let raster = Raster::load(path)?;
    let channels = board.program().input_count;
    let usage = |message: String, help: &str| HostError::Usage { message, help: Some(help.into()) };
    if raster.width != channels as usize {
        return Err(usage(
            format!("{}: a row has {} values, but there are {channels} input channels", path.display(), raster.width),
            "give an array with a row a step and a column a channel",
        ));
    }
    let events = raster.events(row).map_err(|error| {
        usage(format!("{}: {error}", path.display()), "scale the numbers and the weights of the first layer")
    })?;
    Ok(Input { account: Account::of_list(path, events.len()), events })
}

/// Reads a list or a recording, or a dense input whose rows take some ticks.
pub(super) fn read(args: &RunArgs, board: &Board, path: &Path, row: Option<u64>) -> Result<Input, HostError> {
    if let Some(row) = row {
        return raster(board, path, row);
    }
    let given = &args.events;
    let is_recording = given.sensor.is_some() || given.format.is_some() || given.columns.is_some();
    let mut input = if is_recording || formats::sensor::recognise(path)?.is_some() {
        recording(args, board, path)?
    } else {
        let events = formats::events::load_inputs(path, board.program().input_count)?;
        Input { account: Account::of_list(path, events.len()), events }
    };
    if let Some(beginning) = list_beginning(args, board, &input)? {
        let before = input.events.len();
        input.events.retain(|event| event.tick >= beginning);
        for event in &mut input.events {
            event.tick = Tick(event.tick.0 - beginning.0);
        }
        input.account.before_beginning += (before - input.events.len()) as u64;
    }
    input.account.has_beginning = given.from.is_some();
    input.account.first = input.events.iter().map(|event| event.tick).min();
    Ok(input)
}

/// The tick of the input that becomes tick 0. The beginning of a recording that is a time has been taken off already.
fn list_beginning(args: &RunArgs, board: &Board, input: &Input) -> Result<Option<Tick>, HostError> {
    let is_list = input.account.recording.is_none();
    let spec = board.spec();
    Ok(match args.events.from {
        Some(Beginning::Ticks(ticks)) => Some(Tick(ticks)),
        Some(Beginning::First) if is_list => input.events.iter().map(|event| event.tick).min(),
        Some(Beginning::Time(time)) if is_list => {
            let tick = spec.tick.quantity;
            let ticks = whole_multiple(time, tick).ok_or_else(|| HostError::Usage {
                message: format!(
                    "--from {time} is not a whole number of the ticks of chip `{}`, {tick} each",
                    spec.name
                ),
                help: Some("the times of an event list are ticks: choose a multiple, or give a number of ticks".into()),
            })?;
            Some(Tick(ticks))
        }
        _ => None,
    })
}

fn recording(args: &RunArgs, board: &Board, path: &Path) -> Result<Input, HostError> {
    let (given, channels) = (&args.events, board.program().input_count);
    let fits = |sensor: Sensor| match sensor.addresses() > channels {
        false => Ok(()),
        true => Err(HostError::Usage {
            message: format!(
                "a sensor of {sensor} has {} addresses, but the network has {channels} input channels",
                sensor.addresses()
            ),
            help: Some("give the network an input channel for each address of the sensor".into()),
        }),
    };
    given.sensor.map_or(Ok(()), fits)?;
    let options = Options {
        sensor: given.sensor,
        channels: Some(channels),
        order: if given.sort_events { Order::Sort } else { Order::Required },
        format: given.format,
        columns: given.columns.clone(),
        time_unit: given.time_unit,
        clock_bits: given.clock_bits,
        sample: given.sample,
    };
    let mut recording = formats::sensor::load(path, &options)?;
    fits(recording.sensor)?;
    let sensor_events = std::mem::take(&mut recording.events);
    let from = match given.from {
        Some(Beginning::Time(time)) => Some(time),
        Some(Beginning::First) => sensor_events.iter().map(|event| event.time_us).min().map(microseconds),
        _ => None,
    };
    let tick = board.spec().tick.quantity;
    let (events, before) =
        formats::sensor::to_inputs(&sensor_events, tick, from).map_err(|error| HostError::Usage {
            message: format!("`--from`: {error}"),
            help: Some("give a time of the recording, such as 1.5s".into()),
        })?;
    let Recording { sensor, format, skipped, wraps, label, .. } = recording;
    let mut account = Account::of_list(path, sensor_events.len());
    account.before_beginning = before;
    account.recording = Some(super::account::Of { format, sensor, skipped, wraps, label, sample: given.sample });
    Ok(Input { events, account })
}

fn microseconds(time: u64) -> Quantity {
    Quantity { value: Decimal::integer(i64::try_from(time).unwrap_or(i64::MAX)), unit: Unit::MICROSECOND }
}

/// Sends what falls into the next `ticks` ticks, and returns the account of it.
pub(super) fn send(args: &RunArgs, session: &mut Session, input: Input, ticks: u64) -> Result<Account, SessionError> {
    let (from, mut account) = (session.now(), input.account);
    let multiple = if args.events.binary { Multiple::Binary } else { Multiple::Count };
    account.run = (from, from.after(ticks));
    account.taken = session.take_all(input.events, from..from.after(ticks), multiple)?;
    Ok(account)
}
