//! The Heidelberg data sets, SHD and SSC (Cramer et al., IEEE Trans. Neural Netw. Learn. Syst. 33, 2022), in HDF5: the
//! datasets `spikes/times` (seconds) and `spikes/units` (channels), each with a list of any length for each sample, and
//! `labels` with its class.
//!
//! Lists of any length lie in global heaps (HDF5 File Format Specification, III.E), which the reader of HDF5 knows for
//! texts alone; they are followed here, within the bytes of the file. Times are rounded to microseconds.

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::{Options, Recording, SensorProblem};
use crate::error::{FormatError, FormatErrors};
use crate::text::read_bytes;
use hdf5_pure::{Dataset, Datatype, DatatypeByteOrder, File};
use std::path::Path;

/// Most bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Most bytes of a dataset of references or labels, or of a chunk of one.
const DATASET_BYTES_MAX: u64 = 1 << 26;
/// Bytes of a reference to a list: its length (4), address (8) and number (4).
const REFERENCE_BYTES: u64 = 16;

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let all = Recordings::of(bytes.rest(FILE_BYTES_MAX)?, bytes.file())?;
    let sample = match events.options().sample {
        Some(sample) if sample < all.count => sample,
        Some(sample) => return Err(bytes.wrong(SensorProblem::UnknownSample { sample, count: all.count }).into()),
        None if all.count == 1 => 0,
        None => return Err(bytes.wrong(SensorProblem::NoSample { count: all.count }).into()),
    };
    all.collect(sample, events)
}

/// The recordings of one file.
#[derive(Clone, Debug)]
pub struct Recordings {
    name: String,
    file: File,
    has_labels: bool,
    count: u64,
}

impl Recordings {
    /// The recordings of the file at `path`; none if it is a file of HDF5 that holds something else.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Option<Self>, FormatErrors> {
        let name = path.display().to_string();
        let bytes = read_bytes(path, FILE_BYTES_MAX)?;
        let reader = Reader { name: &name };
        let file = File::from_bytes(bytes).map_err(|error| reader.wrong("/", error))?;
        match file.dataset("spikes/times") {
            Ok(_) => Ok(Some(Self::new(file, &name)?)),
            Err(_) => Ok(None),
        }
    }

    fn of(bytes: Vec<u8>, name: &str) -> Result<Self, FormatError> {
        let reader = Reader { name };
        let file = File::from_bytes(bytes).map_err(|error| reader.wrong("/", error))?;
        Self::new(file, name)
    }

    fn new(file: File, name: &str) -> Result<Self, FormatError> {
        let reader = Reader { name };
        let (times, units) = (reader.dataset(&file, "spikes/times")?, reader.dataset(&file, "spikes/units")?);
        let count = reader.rows("spikes/times", &times)?;
        let found = reader.rows("spikes/units", &units)?;
        if found != count {
            let reason = format!("it has {found} samples, but `spikes/times` has {count}");
            return Err(reader.wrong("spikes/units", reason));
        }
        let labels = file.dataset("labels").ok();
        if let Some(labels) = &labels {
            reader.fits("labels", labels)?;
        }
        Ok(Self { name: name.into(), has_labels: labels.is_some(), file, count })
    }

    /// Samples.
    pub fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The class of each sample, if the file has them.
    ///
    /// # Errors
    /// They cannot be read, or are not one for each sample.
    pub fn labels(&self) -> Result<Option<Vec<i64>>, FormatError> {
        let reader = Reader { name: &self.name };
        if !self.has_labels {
            return Ok(None);
        }
        let labels = reader.dataset(&self.file, "labels")?;
        let found = reader.rows("labels", &labels)?;
        if found != self.count {
            return Err(reader.wrong("labels", format!("it has {found} labels for {} samples", self.count)));
        }
        Ok(Some(labels.read_i64_rows(0, found).map_err(|error| reader.wrong("labels", error))?))
    }

    /// Recording number `sample`.
    ///
    /// # Errors
    /// There is none, it is damaged, or as [`super::load`].
    pub fn recording(&self, sample: usize, options: &Options) -> Result<Recording, FormatErrors> {
        let sample = sample as u64;
        if sample >= self.count {
            let problem = SensorProblem::UnknownSample { sample, count: self.count };
            return Err(FormatError::Sensor { file: self.name.clone(), problem }.into());
        }
        let mut events = Collector::new(&self.name, options);
        self.collect(sample, &mut events)?;
        Ok(events.finish(super::format::HEIDELBERG)?)
    }

    /// Hands the events of a sample to `events`.
    fn collect(&self, sample: u64, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
        let reader = Reader { name: &self.name };
        events.expect(Holds::Addresses)?;
        let list = |path| reader.list(&self.file, path, &reader.dataset(&self.file, path)?, sample);
        let (times, units) = (list("spikes/times")?, list("spikes/units")?);
        if times.len() != units.len() {
            let reason = format!("sample {sample} has {} channels for {} times", units.len(), times.len());
            return Err(reader.wrong("spikes/units", reason).into());
        }
        if self.has_labels {
            let label = reader
                .dataset(&self.file, "labels")?
                .read_i64_rows(sample, 1)
                .map_err(|error| reader.wrong("labels", error))?;
            if let Some(label) = label.first() {
                events.label(*label);
            }
        }
        for (index, (time, unit)) in times.into_iter().zip(units).enumerate() {
            let microseconds = (time * 1e6 + 0.5).floor();
            if !(0.0..1e18).contains(&microseconds) {
                let problem = SensorProblem::NoTime { event: index, time: time.to_string() };
                return Err(FormatError::Sensor { file: self.name.clone(), problem }.into());
            }
            events.address(None, microseconds as u64, unit as i64)?;
        }
        Ok(())
    }
}

struct Reader<'a> {
    name: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, object: &str, reason: impl ToString) -> FormatError {
        FormatError::Object { file: self.name.into(), object: object.into(), reason: reason.to_string() }
    }

    fn dataset(&self, file: &File, path: &str) -> Result<Dataset, FormatError> {
        file.dataset(path).map_err(|error| {
            self.wrong(path, format!("{error}; a recording in HDF5 has `spikes/times` and `spikes/units`"))
        })
    }

    /// Samples of a dataset of lists.
    fn rows(&self, path: &str, dataset: &Dataset) -> Result<u64, FormatError> {
        match self.fits(path, dataset)?[..] {
            [rows] => Ok(rows),
            ref shape => Err(self.wrong(path, format!("its shape is {shape:?}, but one dimension is needed"))),
        }
    }

    /// The shape of a dataset that is not too large to be read.
    fn fits(&self, path: &str, dataset: &Dataset) -> Result<Vec<u64>, FormatError> {
        let wrong = |error| self.wrong(path, error);
        let shape = dataset.shape().map_err(wrong)?;
        let chunk = dataset.chunk_shape().map_err(wrong)?.unwrap_or_default();
        let size = dataset.element_size().map_err(wrong)?.max(REFERENCE_BYTES);
        let bytes = |shape: &[u64]| shape.iter().fold(size, |bytes, &n| bytes.saturating_mul(n));
        if bytes(&shape).max(bytes(&chunk)) > DATASET_BYTES_MAX {
            let parts = format!("shape {shape:?}, chunks {chunk:?}, elements of {size} bytes");
            return Err(self.wrong(path, format!("{parts}: more than the {DATASET_BYTES_MAX} bytes that are read")));
        }
        Ok(shape)
    }

    /// The list of one sample.
    fn list(&self, file: &File, path: &str, dataset: &Dataset, sample: u64) -> Result<Vec<f64>, FormatError> {
        let kind = dataset.datatype().map_err(|error| self.wrong(path, error))?;
        let Datatype::VariableLength { is_string: false, base_type, .. } = kind else {
            return Err(self.wrong(path, "its elements are no lists of numbers"));
        };
        let number = Number::of(&base_type).ok_or_else(|| {
            self.wrong(path, "the elements of its lists are no numbers of 1 to 8 bytes, little endian")
        })?;
        let raw = dataset.read_raw_rows(sample, 1).map_err(|error| self.wrong(path, error))?;
        let superblock = file.superblock();
        let outside = || self.wrong(path, format!("the list of sample {sample} lies outside of the file"));
        if (superblock.offset_size, superblock.length_size) != (8, 8) || raw.len() as u64 != REFERENCE_BYTES {
            return Err(self.wrong(path, "its addresses have no 64 bits"));
        }
        let long = |at: usize| u32::from_le_bytes(raw[at..at + 4].try_into().expect("4 bytes"));
        let (length, index) = (long(0) as usize, long(12));
        if length == 0 {
            return Ok(Vec::new());
        }
        let address = u64::from_le_bytes(raw[4..12].try_into().expect("8 bytes"));
        let object = heap_object(file.as_bytes(), address, index).ok_or_else(outside)?;
        let list = object.get(..length.checked_mul(number.size).ok_or_else(outside)?).ok_or_else(outside)?;
        Ok(list.chunks_exact(number.size).map(|bytes| number.read(bytes)).collect())
    }
}

/// Object `index` of the global heap at `address`.
fn heap_object(file: &[u8], address: u64, index: u32) -> Option<&[u8]> {
    let heap = file.get(usize::try_from(address).ok()?..)?;
    let long = |bytes: &[u8], at: usize| Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?));
    if !heap.starts_with(b"GCOL\x01") {
        return None;
    }
    let heap = heap.get(..usize::try_from(long(heap, 8)?).ok()?)?;
    let mut at = 16usize;
    loop {
        let head = heap.get(at..at.checked_add(16)?)?;
        let found = u16::from_le_bytes([head[0], head[1]]);
        let size = usize::try_from(long(head, 8)?).ok()?;
        let start = at + 16;
        if u32::from(found) == index && found != 0 {
            return heap.get(start..start.checked_add(size)?);
        }
        // Object 0 is the free space at the end.
        if found == 0 {
            return None;
        }
        at = start.checked_add(size.checked_next_multiple_of(8)?)?;
    }
}

/// A type of numbers.
struct Number {
    size: usize,
    kind: Kind,
}

enum Kind {
    Float,
    Signed,
    Unsigned,
}

impl Number {
    fn of(datatype: &Datatype) -> Option<Self> {
        Some(match datatype {
            Datatype::FloatingPoint {
                size: size @ (2 | 4 | 8), byte_order: DatatypeByteOrder::LittleEndian, ..
            } => Self { size: *size as usize, kind: Kind::Float },
            Datatype::FixedPoint {
                size: size @ (1 | 2 | 4 | 8),
                byte_order: DatatypeByteOrder::LittleEndian,
                layout,
                ..
            } => Self { size: *size as usize, kind: if layout.signed { Kind::Signed } else { Kind::Unsigned } },
            _ => return None,
        })
    }

    fn read(&self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide[..self.size].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        match (&self.kind, self.size) {
            (Kind::Float, 2) => half(bits as u16),
            (Kind::Float, 4) => f32::from_bits(bits as u32).into(),
            (Kind::Float, _) => f64::from_bits(bits),
            (Kind::Unsigned, _) => bits as f64,
            (Kind::Signed, size) => {
                let shift = 64 - 8 * size as u32;
                ((bits << shift) as i64 >> shift) as f64
            }
        }
    }
}

/// A number of IEEE 754's 16 bits.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 0x1f, f64::from(bits & 0x3ff));
    let power = |n: i32| if n < 0 { 1.0 / f64::from(1u32 << -n) } else { f64::from(1u32 << n) };
    let size = match exponent {
        0 => fraction * power(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * power(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}
