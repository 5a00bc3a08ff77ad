//! Reading: from the bytes of a file to the spikes or values of each sample of each observable.
//!
//! A file is a group of type `NIRGraphData`, with `nodes/NAME/observables/KEY`, each of type `TimeGriddedData` (an
//! array of samples, steps and neurons, with the length of a step) or `EventData` (the neuron and the time of each
//! event, filled up to the longest sample). No observable gets a meaning here, and no labels are read: the format has
//! none.

use crate::error::FormatError;
use crate::nir::Reader;
use crate::text::read_bytes;
use hdf5_pure::{AttrValue, DType, File, Group};
use std::collections::BTreeMap;
use std::path::Path;

/// Most bytes of a file, of a dataset, and of all of them.
const BYTES_MAX: u64 = 1 << 30;
/// The attribute that says what a group is.
const TYPE: &str = "__type__";

/// What a file holds: observables by node and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NirData {
    /// Observables by node, then by their own name.
    pub nodes: BTreeMap<String, BTreeMap<String, Observable>>,
}

/// What was observed at a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Observable {
    /// Values at the steps of a grid.
    Grid {
        /// Steps of each sample.
        steps: usize,
        /// Neurons.
        neurons: usize,
        /// Length of a step in seconds.
        dt: f64,
        /// The samples, each with a row a step.
        samples: Vec<Vec<f64>>,
        /// Whether the values are stored as whole numbers.
        whole: bool,
    },
    /// Events in time.
    Events {
        /// Neurons.
        neurons: u32,
        /// End of the samples in seconds.
        t_max: f64,
        /// By sample, the time of each event in seconds and its neuron, in the order of the file.
        samples: Vec<Vec<(f64, u32)>>,
    },
}

impl NirData {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`FormatError::Io`] and [`FormatError::TooLarge`] if it cannot be read; else as [`NirData::from_bytes`].
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Self::from_bytes(read_bytes(path, BYTES_MAX)?, &path.display().to_string())
    }

    /// Reads the file in `bytes`; `name` stands for it in errors.
    ///
    /// # Errors
    /// [`FormatError::Object`] with the object that is missing, damaged, too large or of another kind.
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, FormatError> {
        let mut reader = Reader { name, left: BYTES_MAX, most: BYTES_MAX, nodes: 0 };
        if !hdf5_pure::is_hdf5_bytes(&bytes) {
            return Err(reader.wrong("/", "it is no HDF5 file, which NIRData is"));
        }
        let file = File::from_bytes(bytes).map_err(|error| reader.wrong("/", error))?;
        let root = file.root();
        let kind = kind(&reader, &root, "/").map_err(|_| {
            reader.wrong("/", "it has no attribute `__type__`; data for a graph are a file of type `NIRGraphData`")
        })?;
        if kind != "NIRGraphData" {
            return Err(reader.wrong("/", format_args!("its `__type__` is `{kind}`, but `NIRGraphData` is needed")));
        }
        let nodes = root.group("nodes").map_err(|error| reader.wrong("/nodes", error))?;
        let mut data = Self::default();
        for node in nodes.groups().map_err(|error| reader.wrong("/nodes", error))? {
            let place = format!("/nodes/{node}/observables");
            let wrong = |reader: &Reader<'_>, error| reader.wrong(&place, error);
            let found = nodes.group(&node).and_then(|node| node.group("observables"));
            let observables = found.map_err(|error| wrong(&reader, error))?;
            let mut all = BTreeMap::new();
            for key in observables.groups().map_err(|error| wrong(&reader, error))? {
                let group = observables.group(&key).map_err(|error| wrong(&reader, error))?;
                all.insert(key.clone(), observable(&mut reader, &group, &format!("{place}/{key}"))?);
            }
            data.nodes.insert(node, all);
        }
        Ok(data)
    }
}

/// The attribute `name` of a group, if it has it.
fn attribute(reader: &Reader<'_>, group: &Group, place: &str, name: &str) -> Result<Option<AttrValue>, FormatError> {
    Ok(group.attrs().map_err(|error| reader.wrong(place, error))?.remove(name))
}

/// What a group says that it is.
fn kind(reader: &Reader<'_>, group: &Group, place: &str) -> Result<String, FormatError> {
    let kind = attribute(reader, group, place, TYPE)?;
    let kind = kind.as_ref().and_then(AttrValue::as_str).map(str::to_owned);
    kind.ok_or_else(|| reader.wrong(place, "it has no attribute `__type__`"))
}

/// The number that attribute `name` of a group is.
fn number(reader: &Reader<'_>, group: &Group, place: &str, name: &str) -> Result<f64, FormatError> {
    let value = attribute(reader, group, place, name)?;
    let value = value.and_then(|value| value.as_f64().or_else(|| value.as_i64().map(|whole| whole as f64)));
    value.ok_or_else(|| reader.wrong(place, format_args!("it has no attribute `{name}` that is a number")))
}

fn observable(reader: &mut Reader<'_>, group: &Group, place: &str) -> Result<Observable, FormatError> {
    match kind(reader, group, place)?.as_str() {
        "TimeGriddedData" => grid(reader, group, place),
        "EventData" => events(reader, group, place),
        other => {
            let reason =
                format_args!("its `__type__` is `{other}`; read are `TimeGriddedData` and `EventData` without values");
            Err(reader.wrong(place, reason))
        }
    }
}

/// The numbers of a dataset, its shape, and whether they are stored as whole numbers.
fn array(
    reader: &mut Reader<'_>,
    group: &Group,
    place: &str,
    name: &str,
) -> Result<(Vec<usize>, Vec<f64>, bool), FormatError> {
    let dataset = reader.dataset(group, place, name)?;
    let path = format!("{place}/{name}");
    let kind = dataset.dtype().map_err(|error| reader.wrong(&path, error))?;
    let whole = !matches!(kind, DType::F32 | DType::F64 | DType::Other(_));
    let array = reader.numbers(&path, &dataset, kind)?;
    Ok((array.shape.iter().map(|length| *length as usize).collect(), array.values, whole))
}

fn grid(reader: &mut Reader<'_>, group: &Group, place: &str) -> Result<Observable, FormatError> {
    let dt = number(reader, group, place, "dt")?;
    let (shape, values, whole) = array(reader, group, place, "data")?;
    let &[_, steps, neurons] = &shape[..] else {
        let reason = format_args!("its shape is {shape:?}, but [samples, steps, neurons] is needed");
        return Err(reader.wrong(&format!("{place}/data"), reason));
    };
    if values.is_empty() {
        return Err(reader.wrong(&format!("{place}/data"), "it is empty"));
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        let reason = format_args!("element {index} is {}, which is no number that can be used", values[index]);
        return Err(reader.wrong(&format!("{place}/data"), reason));
    }
    if !(dt > 0.0 && dt.is_finite()) {
        return Err(reader.wrong(place, format_args!("its `dt` is {dt}, but a step is longer than 0")));
    }
    let samples = values.chunks_exact(steps * neurons).map(<[f64]>::to_vec).collect();
    Ok(Observable::Grid { steps, neurons, dt, samples, whole })
}

fn events(reader: &mut Reader<'_>, group: &Group, place: &str) -> Result<Observable, FormatError> {
    let (neurons, t_max) = (number(reader, group, place, "n_neurons")?, number(reader, group, place, "t_max")?);
    if !(neurons >= 1.0 && neurons <= f64::from(u32::MAX)) {
        return Err(reader.wrong(place, format_args!("its `n_neurons` is {neurons}")));
    }
    let (shape, neuron, _) = array(reader, group, place, "idx")?;
    let (of_times, times, _) = array(reader, group, place, "time")?;
    let &[count, most] = &shape[..] else {
        let reason = format_args!("its shape is {shape:?}, but [samples, events] is needed");
        return Err(reader.wrong(&format!("{place}/idx"), reason));
    };
    if of_times != shape {
        let reason = format_args!("its shape is {of_times:?}, but `idx` has {shape:?}");
        return Err(reader.wrong(&format!("{place}/time"), reason));
    }
    let mut samples = vec![Vec::new(); count];
    for (at, (&neuron, &time)) in neuron.iter().zip(&times).enumerate() {
        let (sample, event) = (at / most, at % most);
        let filled = neuron == -1.0 && (time.is_nan() || time == f64::INFINITY);
        let is_neuron = (0.0..neurons.floor()).contains(&neuron) && neuron.fract() == 0.0;
        if filled {
            continue;
        }
        if !is_neuron {
            let reason =
                format_args!("event {event} of sample {sample} is of neuron {neuron}, and there are {neurons}");
            return Err(reader.wrong(&format!("{place}/idx"), reason));
        }
        if !(time >= 0.0 && time.is_finite()) {
            let reason = format_args!("event {event} of sample {sample} is at {time} s");
            return Err(reader.wrong(&format!("{place}/time"), reason));
        }
        samples[sample].push((time, neuron as u32));
    }
    Ok(Observable::Events { neurons: neurons as u32, t_max, samples })
}
#[cfg(test)]
mod tests;
