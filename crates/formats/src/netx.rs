//! Files of lava-dl's network exchange (netx): the layers of a trained net for Loihi, in HDF5.
//!
//! Owns the way from the bytes of a `.net` file, as SLAYER's `export_hdf5` writes it, to its layers in their order,
//! each with its type, its numbers and the numbers of its neurons. Whatever a file holds, the answer is layers or an
//! error that names the object; sizes are checked before anything of that size is allocated.
//!
//! It deliberately gives no layer a meaning: which types there are and which numbers they need is the business of who
//! asks (`graph::netx`). What stands beside the group `layer` is no part of the exchange and not read.

use crate::error::FormatError;
use crate::nir::{NirArray, Reader};
use crate::text::read_bytes;
use hdf5_pure::{DType, File, Group};
use std::collections::BTreeMap;
use std::path::Path;

/// Most bytes of a file, and of all of its datasets.
const BYTES_MAX: u64 = 1 << 28;
/// Most bytes of a dataset.
const DATASET_BYTES_MAX: u64 = 1 << 27;
/// Most layers of a file.
const LAYERS_MAX: usize = 1 << 10;
/// The group of the neurons of a layer.
const NEURON: &str = "neuron";

/// A net.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetxFile {
    /// Its layers, from the input on.
    pub layers: Vec<NetxLayer>,
}

/// A layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetxLayer {
    /// Its type, such as `dense`.
    pub kind: String,
    /// What it has of numbers, by name.
    pub numbers: BTreeMap<String, NirArray>,
    /// Groups in it besides `neuron`: `weight`, where weights are complex.
    pub groups: Vec<String>,
    /// Its neurons, if it has any.
    pub neuron: Option<NetxNeuron>,
}

/// The neurons of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetxNeuron {
    /// Their type, such as `CUBA`.
    pub kind: String,
    /// What they have of numbers, by name; truth values are 0 and 1.
    pub numbers: BTreeMap<String, NirArray>,
}

/// Whether the HDF5 file at `path` is a net: it has a group `layer`, and no `node`, as a NIR graph has.
///
/// # Errors
/// The file cannot be read.
pub fn recognise(path: &Path) -> Result<bool, FormatError> {
    let bytes = read_bytes(path, BYTES_MAX)?;
    if !hdf5_pure::is_hdf5_bytes(&bytes) {
        return Ok(false);
    }
    Ok(File::from_bytes(bytes).is_ok_and(|file| file.group("/layer").is_ok() && file.group("/node").is_err()))
}

impl NetxFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`FormatError::Io`] and [`FormatError::TooLarge`] if it cannot be read; else as [`NetxFile::from_bytes`].
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Self::from_bytes(read_bytes(path, BYTES_MAX)?, &path.display().to_string())
    }

    /// Reads the file in `bytes`; `name` stands for it in errors.
    ///
    /// # Errors
    /// [`FormatError::Object`] with the object that is missing, damaged, too large or of another kind.
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, FormatError> {
        let mut reader = Reader { name, left: BYTES_MAX, most: DATASET_BYTES_MAX, nodes: 0 };
        if !hdf5_pure::is_hdf5_bytes(&bytes) {
            return Err(reader.wrong("/", "it is no HDF5 file, which a net of lava-dl is"));
        }
        let file = File::from_bytes(bytes).map_err(|error| reader.wrong("/", error))?;
        let root = file.group("/layer").map_err(|error| reader.wrong("/layer", error))?;
        let names = root.groups().map_err(|error| reader.wrong("/layer", error))?;
        if names.is_empty() || names.len() > LAYERS_MAX {
            let reason = format_args!("it has {} layers; from 1 to {LAYERS_MAX} are read", names.len());
            return Err(reader.wrong("/layer", reason));
        }
        // Layers are called by their numbers, whichever order the file has them in.
        let layers = (0..names.len()).map(|index| {
            let path = format!("/layer/{index}");
            let group = root.group(&index.to_string()).map_err(|_| {
                let all = names.join(", ");
                reader.wrong(&path, format_args!("it is missing; layers count from 0, and the file has {all}"))
            })?;
            layer(&mut reader, &group, &path)
        });
        let layers = layers.collect::<Result<_, _>>()?;
        Ok(Self { layers })
    }
}

fn layer(reader: &mut Reader<'_>, group: &Group, path: &str) -> Result<NetxLayer, FormatError> {
    let count = |names: Result<Vec<String>, _>| names.map_or(0, |names: Vec<String>| names.len());
    if count(group.datasets()) + count(group.groups()) == 0 {
        let reason = "it is empty: SLAYER writes nothing of a recurrent layer (`Recurrent`, `KWTA`), so that its weights \
                      are in no file";
        return Err(reader.wrong(path, reason));
    }
    let kind = reader.text(group, path, "type")?;
    let numbers = numbers(reader, group, path)?;
    let mut groups = group.groups().map_err(|error| reader.wrong(path, error))?;
    let has_neuron = groups.iter().any(|name| name == NEURON);
    groups.retain(|name| name != NEURON);
    groups.sort_unstable();
    let neuron = if has_neuron {
        let place = format!("{path}/{NEURON}");
        let group = group.group(NEURON).map_err(|error| reader.wrong(&place, error))?;
        let kind = reader.text(&group, &place, "type")?;
        Some(NetxNeuron { kind, numbers: self::numbers(reader, &group, &place)? })
    } else {
        None
    };
    Ok(NetxLayer { kind, numbers, groups, neuron })
}

/// The datasets of numbers of a group, all but its `type`.
fn numbers(reader: &mut Reader<'_>, group: &Group, path: &str) -> Result<BTreeMap<String, NirArray>, FormatError> {
    let names = group.datasets().map_err(|error| reader.wrong(path, error))?;
    let mut numbers = BTreeMap::new();
    for name in names.into_iter().filter(|name| name != "type") {
        let dataset = reader.dataset(group, path, &name)?;
        let place = format!("{path}/{name}");
        let array = match dataset.dtype().map_err(|error| reader.wrong(&place, error))? {
            // How h5py writes truth values.
            DType::Enum(words) if words == ["FALSE", "TRUE"] => {
                let shape = reader.fits(&place, &dataset, DATASET_BYTES_MAX)?;
                let bytes = dataset.read_raw().map_err(|error| reader.wrong(&place, error))?;
                let count = shape.iter().fold(1u64, |count, &n| count.saturating_mul(n));
                if bytes.len() as u64 != count {
                    let reason = format_args!("its truth values have {} bytes, not {count}", bytes.len());
                    return Err(reader.wrong(&place, reason));
                }
                NirArray { shape, values: bytes.into_iter().map(f64::from).collect() }
            }
            kind => reader.numbers(&place, &dataset, kind)?,
        };
        numbers.insert(name, array);
    }
    Ok(numbers)
}
