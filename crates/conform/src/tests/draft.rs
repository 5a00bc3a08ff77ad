//! Writing cases, good and bad ones.

use formats::npz::{Npz, archive};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A case in memory; `write` puts it into a folder that lives as long as the draft.
pub(super) struct Draft {
    pub(super) json: Value,
    /// Content of each `.npy` entry, by key.
    pub(super) arrays: BTreeMap<String, Vec<u8>>,
    folder: tempfile::TempDir,
}

impl Draft {
    pub(super) fn new(json: Value) -> Self {
        Draft { json, arrays: BTreeMap::new(), folder: tempfile::tempdir().unwrap() }
    }

    /// A case of the repository.
    pub(super) fn golden(name: &str) -> Self {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/loihi").join(name))
    }

    /// The case at `path`, whose extension does not matter.
    pub(super) fn read(path: &Path) -> Self {
        let json = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        let mut draft = Draft::new(json);
        let npz = Npz::open(&path.with_extension("npz")).unwrap();
        draft.arrays.extend(npz.names().map(|key| (key.to_owned(), npz.file(key).unwrap())));
        draft
    }

    pub(super) fn int32(&mut self, key: &str, shape: &[usize], values: &[i64]) {
        self.array(key, "<i4", shape, values.iter().flat_map(|&v| i32::try_from(v).unwrap().to_le_bytes()).collect());
    }

    pub(super) fn int64(&mut self, key: &str, shape: &[usize], values: &[i64]) {
        self.array(key, "<i8", shape, values.iter().flat_map(|&v| v.to_le_bytes()).collect());
    }

    pub(super) fn int8(&mut self, key: &str, shape: &[usize], values: &[i64]) {
        self.array(key, "|i1", shape, values.iter().flat_map(|&v| i8::try_from(v).unwrap().to_le_bytes()).collect());
    }

    pub(super) fn array(&mut self, key: &str, descr: &str, shape: &[usize], data: Vec<u8>) {
        assert_eq!(shape.iter().product::<usize>() * descr[2..].parse::<usize>().unwrap(), data.len(), "{key}");
        self.arrays.insert(key.to_owned(), npy(descr, false, shape, &data));
    }

    /// Flips a bit of an array's data.
    pub(super) fn flip(&mut self, key: &str, element: usize, size: usize, bit: usize) {
        let data = self.data(key);
        let bytes = self.arrays.get_mut(key).unwrap();
        bytes[data + element * size + bit / 8] ^= 1 << (bit % 8);
    }

    /// Where an array's data begins.
    pub(super) fn data(&self, key: &str) -> usize {
        let bytes = &self.arrays[key];
        10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))
    }

    /// Elements of `size` bytes in an array.
    pub(super) fn elements(&self, key: &str, size: usize) -> usize {
        (self.arrays[key].len() - self.data(key)) / size
    }

    /// Changes a field of the description, which need not be there yet.
    pub(super) fn set(&mut self, pointer: &str, value: Value) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match self.json.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
            parent => parent[name] = value,
        }
    }

    /// Writes the two files and returns the path of the description.
    pub(super) fn write(&self) -> PathBuf {
        let path = self.folder.path().join("case.json");
        std::fs::write(&path, self.json.to_string()).unwrap();
        std::fs::write(path.with_extension("npz"), zip(&self.arrays)).unwrap();
        path
    }

    /// The folder that it is written to.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The bytes of a `.npy` file.
pub(super) fn npy(descr: &str, fortran: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let comma = if shape.len() == 1 { "," } else { "" };
    let list: Vec<_> = shape.iter().map(ToString::to_string).collect();
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({}{comma}), }}", list.join(", "));
    let padded = format!("{header:<width$}\n", width = (10 + header.len()).div_ceil(64) * 64 - 10 + 63);
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((padded.len() as u16).to_le_bytes());
    out.extend(padded.as_bytes());
    out.extend(data);
    out
}

/// A zip archive of stored entries.
pub(super) fn zip(arrays: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    archive(arrays.iter().map(|(key, bytes)| (key.as_str(), bytes.as_slice())))
}
