//! What a run is given: lists of events, recordings of sensors, folders of them.

use crate::args::RunArgs;
use crate::errors::HostError;
use chip::InputEvent;
use formats::sensor::Order;
use session::Board;
use std::path::{Path, PathBuf};

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

/// The events of a list or of a recording.
pub(super) fn events(args: &RunArgs, board: &Board, path: &Path) -> Result<Vec<InputEvent>, HostError> {
    let channels = board.program().input_count;
    let Some(sensor) = args.sensor else {
        return Ok(formats::events::load_inputs(path, channels)?);
    };
    if sensor.addresses() > channels {
        return Err(HostError::Usage {
            message: format!(
                "a sensor of {sensor} has {} addresses, but the network has {channels} input channels",
                sensor.addresses()
            ),
            help: Some("give the network an input channel for each address of the sensor".into()),
        });
    }
    let order = if args.sort_events { Order::Sort } else { Order::Required };
    let events = formats::sensor::load(path, sensor, order)?;
    let tick = board.spec().tick.quantity;
    Ok(formats::sensor::to_inputs(&events, tick, None).expect("the tick of a chip is a time"))
}
