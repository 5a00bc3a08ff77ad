//! Dense data sets: arrays of several samples with a row a step, and the label of each sample.
//!
//! Owns what such a file is: an `.npz` with an array of samples (named as that of one sample is: see [`crate::raster`])
//! and one of labels (`y`, `labels`, `targets`, `label`), or an `.npy` of samples whose labels lie elsewhere.

use crate::error::FormatError;
use crate::npz::{ArrayProblem, Npz};
use crate::raster::{self, Raster};
use crate::text::read_bytes;
use std::path::Path;

/// Names of the array of labels, in the order in which they are looked for.
const LABELS: [&str; 4] = ["y", "labels", "targets", "label"];
/// What is needed of the array of samples.
const NEEDED: &str = "axes of samples, of time and of channels";

/// The samples of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Rasters {
    /// The samples, all of one size.
    pub samples: Vec<Raster>,
    /// The label of each sample, if the file has labels.
    pub labels: Option<Vec<String>>,
}

impl Rasters {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, holds no array of samples of three or more axes, values that are no counts,
    /// or not one label for each sample.
    pub fn load(path: &Path) -> Result<Self, FormatError> {
        let file = path.display().to_string();
        let bytes = read_bytes(path, crate::npz::ARRAY_BYTES_MAX)?;
        if bytes.starts_with(b"\x93NUMPY") {
            let array = raster::numbers_of_npy(&bytes, &file)?;
            return Ok(Self { samples: split(array, &file, "")?, labels: None });
        }
        let npz = Npz::from_bytes(bytes, &file)?;
        let names: Vec<String> = npz.names().filter(|name| !LABELS.contains(name)).map(str::to_owned).collect();
        let name = raster::name_of(&npz, &names, &file)?;
        let samples = split(raster::numbers_of(&npz, &name)?, &file, &name)?;
        let Some(of_labels) = LABELS.iter().find(|name| npz.has(name)) else {
            return Ok(Self { samples, labels: None });
        };
        let labels = npz.array::<i64>(of_labels)?;
        if labels.data.len() != samples.len() || labels.shape.iter().filter(|length| **length != 1).count() > 1 {
            let problem =
                ArrayProblem::Shape { found: labels.shape, needed: format!("[{}], a label a sample", samples.len()) };
            return Err(FormatError::Array { file, array: (*of_labels).into(), problem });
        }
        Ok(Self { samples, labels: Some(labels.data.iter().map(i64::to_string).collect()) })
    }
}

/// The samples of an array, whose first axis counts them.
fn split((shape, values, numbers): raster::Numbers, file: &str, name: &str) -> Result<Vec<Raster>, FormatError> {
    let wrong = |shape| {
        let problem = ArrayProblem::Shape { found: shape, needed: NEEDED.into() };
        FormatError::Array { file: file.into(), array: name.into(), problem }
    };
    let &[_, ref of_sample @ ..] = &shape[..] else { return Err(wrong(shape)) };
    let size: u64 = of_sample.iter().product();
    if of_sample.len() < 2 || values.is_empty() {
        return Err(wrong(shape));
    }
    raster::check_counts(&values, numbers, file, name)?;
    let (steps, width) = (of_sample[0] as usize, (size / of_sample[0]) as usize);
    let sample = |values: &[f64]| Raster { steps, width, numbers, values: values.to_vec() };
    Ok(values.chunks_exact(size as usize).map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{npy, npz};

    fn load(bytes: &[u8]) -> Result<Rasters, FormatError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.npz");
        std::fs::write(&path, bytes).unwrap();
        Rasters::load(&path)
    }

    #[test]
    fn samples_and_labels_are_read() {
        let x = npy("|u1", "(2, 2, 1, 2)", &[1, 0, 0, 2, 3, 0, 0, 4]);
        let set = load(&npz(&[("x", &x), ("y", &npy("<i2", "(2,)", &[7, 0, 1, 0]))])).unwrap();
        assert_eq!(set.labels, Some(vec!["7".to_owned(), "1".to_owned()]));
        let second = Raster { steps: 2, width: 2, numbers: false, values: vec![3.0, 0.0, 0.0, 4.0] };
        assert_eq!((set.samples.len(), &set.samples[1]), (2, &second));
        assert_eq!(load(&x).unwrap(), Rasters { labels: None, ..set });
    }

    #[test]
    fn what_is_no_set_is_refused() {
        let refused = |bytes: &[u8], text: &str| {
            let error = load(bytes).unwrap_err().to_string();
            assert!(error.contains(text), "{text}: {error}");
        };
        let x = npy("|u1", "(2, 1, 2)", &[1, 0, 0, 2]);
        refused(&npz(&[("x", &x), ("labels", &npy("|u1", "(3,)", &[0, 1, 2]))]), "`labels`: its shape is [3], but [2]");
        refused(&npz(&[("y", &npy("|u1", "(1,)", &[0]))]), "array `x`: there is no such array");
        refused(&npz(&[("x", &x), ("y", &npy("<f4", "(1,)", &[0; 4]))]), "`y`: its elements have the type `<f4`");
        refused(&npy("|u1", "(2, 2)", &[1, 0, 0, 2]), "axes of samples, of time and of channels");
        refused(&npy("|u1", "(0, 2, 2)", &[]), "axes of samples, of time and of channels");
        refused(&npy("|i1", "(1, 1, 1)", &[255]), "element 0 is -1, outside the range from 0 to 255");
    }
}
