//! The formats of recordings: one table, from which detection, `--format` and the documentation follow.

use super::bytes::Bytes;
use super::collect::Collector;
use super::{Options, SensorProblem};
use super::{aedat2, aedat3, aedat4, arrays, dat, es, evt2, evt3, hdf5, orchard, prophesee, slayer, text};
use crate::error::{FormatError, FormatErrors};
use std::fmt;
use std::path::Path;

/// Bytes at the beginning of a file that may tell its format: the header lines of cameras are long.
const HEAD_BYTES: usize = 1 << 16;

/// A format of recordings.
pub struct SensorFormat {
    /// What `--format` calls it.
    pub name: &'static str,
    /// What the names of its files end in, without the dot.
    pub extensions: &'static [&'static str],
    /// What it is, in a line.
    pub what: &'static str,
    /// Whether a file that begins so is certainly one.
    magic: fn(&[u8]) -> bool,
    /// Which options say something about it.
    takes: &'static [&'static str],
    read: fn(&mut Bytes<'_>, &mut Collector<'_>) -> Result<(), FormatErrors>,
}

/// What texts and arrays do not say themselves.
const TABLE: &[&str] = &["--columns", "--time-unit", "--clock-bits"];
const NOTHING: &[&str] = &[];

/// What `--format` calls the Heidelberg data sets.
pub(super) const HEIDELBERG: &str = "shd";

const fn never(_: &[u8]) -> bool {
    false
}

/// Every format that is read. The first whose first bytes fit is taken, else the first whose extension does.
pub static FORMATS: &[SensorFormat] = &[
    SensorFormat {
        name: "bs2",
        extensions: &["bs2", "bin"],
        what: "N-MNIST and N-Caltech101 (.bin), and SLAYER's copies of them (.bs2): 40 bits an event",
        magic: never,
        takes: NOTHING,
        read: orchard::read,
    },
    SensorFormat {
        name: "bs1",
        extensions: &["bs1"],
        what: "SLAYER, channels: 40 bits an event",
        magic: never,
        takes: NOTHING,
        read: slayer::read_bs1,
    },
    SensorFormat {
        name: "bs3",
        extensions: &["bs3"],
        what: "SLAYER, large sensors: 56 bits an event",
        magic: never,
        takes: NOTHING,
        read: slayer::read_bs3,
    },
    SensorFormat {
        name: "aedat2",
        extensions: &["aedat", "aedat2"],
        what: "AEDAT 2.0 of jAER: DVS128 or DAVIS, as the header says; DVS128 if it says nothing",
        magic: |head| head.starts_with(b"#!AER-DAT2.0"),
        takes: NOTHING,
        read: aedat2::read,
    },
    SensorFormat {
        name: "aedat2-davis",
        extensions: &[],
        what: "AEDAT 2.0 whose header does not say that it is from a DAVIS",
        magic: never,
        takes: NOTHING,
        read: aedat2::read_davis,
    },
    SensorFormat {
        name: "aedat3",
        extensions: &["aedat3"],
        what: "AEDAT 3.1 of cAER, as in DVS-Gesture",
        magic: |head| head.starts_with(b"#!AER-DAT3"),
        takes: NOTHING,
        read: aedat3::read,
    },
    SensorFormat {
        name: "aedat4",
        extensions: &["aedat4"],
        what: "AEDAT 4.0 of DV: packets as they are, in LZ4 or in Zstandard",
        magic: |head| head.starts_with(b"#!AER-DAT4"),
        takes: NOTHING,
        read: aedat4::read,
    },
    SensorFormat {
        name: "evt2",
        extensions: &[],
        what: "Prophesee RAW with EVT 2.0",
        magic: |head| prophesee::encoding(head) == Some("2.0"),
        takes: NOTHING,
        read: evt2::read,
    },
    SensorFormat {
        name: "evt3",
        extensions: &[],
        what: "Prophesee RAW with EVT 3.0",
        magic: |head| prophesee::encoding(head) == Some("3.0"),
        takes: NOTHING,
        read: evt3::read,
    },
    SensorFormat {
        name: "raw",
        extensions: &["raw"],
        what: "Prophesee RAW, encoded as its header says",
        magic: |head| prophesee::encoding(head).is_some(),
        takes: NOTHING,
        read: prophesee::read,
    },
    SensorFormat {
        name: "dat",
        extensions: &["dat"],
        what: "Prophesee DAT, as in N-CARS and the automotive data sets",
        magic: dat::is_dat,
        takes: NOTHING,
        read: dat::read,
    },
    SensorFormat {
        name: "es",
        extensions: &["es"],
        what: "Event Stream 2: DVS and ATIS",
        magic: |head| head.starts_with(es::MAGIC),
        takes: NOTHING,
        read: es::read,
    },
    SensorFormat {
        name: "npz",
        extensions: &["npz"],
        what: "numpy: arrays t, x, y, p or t, id; or one array of records, as tonic's",
        magic: |head| head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06"),
        takes: TABLE,
        read: arrays::read_npz,
    },
    SensorFormat {
        name: "npy",
        extensions: &["npy"],
        what: "numpy: an array of records, as tonic's, or of rows with `--columns`",
        magic: |head| head.starts_with(b"\x93NUMPY"),
        takes: TABLE,
        read: arrays::read_npy,
    },
    SensorFormat {
        name: HEIDELBERG,
        extensions: &["h5", "hdf5"],
        what: "Heidelberg data sets (SHD, SSC) in HDF5: one of its samples",
        magic: |head| head.starts_with(b"\x89HDF\r\n\x1a\n"),
        takes: &["--sample"],
        read: hdf5::read,
    },
    SensorFormat {
        name: "text",
        extensions: &["csv", "tsv", "txt", "aer"],
        what: "a line an event, separated by commas, tabs, semicolons or blanks; columns named, or time and address",
        magic: never,
        takes: TABLE,
        read: text::read,
    },
];

impl SensorFormat {
    /// The format called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Whether its files are texts, which may as well be lists of events.
    pub fn is_text(&self) -> bool {
        self.name == "text"
    }

    /// Whether all that `options` say can say something about it.
    pub(super) fn accepts(&self, options: &Options) -> Result<(), SensorProblem> {
        let given = [
            ("--columns", options.columns.is_some()),
            ("--time-unit", options.time_unit.is_some()),
            ("--clock-bits", options.clock_bits.is_some()),
            ("--sample", options.sample.is_some()),
        ];
        match given.into_iter().find(|(option, is_given)| *is_given && !self.takes.contains(option)) {
            Some((option, _)) => Err(SensorProblem::Needless { option, format: self.name }),
            None => Ok(()),
        }
    }

    pub(super) fn read(&self, bytes: &mut Bytes<'_>, collector: &mut Collector<'_>) -> Result<(), FormatErrors> {
        (self.read)(bytes, collector)
    }
}

impl fmt::Debug for SensorFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SensorFormat").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for SensorFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The format that a file is of by its first bytes, or else by what its name ends in.
fn of(head: &[u8], file: &Path) -> Option<&'static SensorFormat> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let by_bytes = FORMATS.iter().find(|format| (format.magic)(head));
    by_bytes.or_else(|| {
        let extension = extension?;
        FORMATS.iter().find(|format| format.extensions.contains(&extension.as_str()))
    })
}

/// The format of the file that `bytes` begin.
pub(super) fn find(bytes: &mut Bytes<'_>) -> Result<&'static SensorFormat, FormatError> {
    let file = bytes.file();
    let found = of(bytes.peek(HEAD_BYTES)?, Path::new(file));
    found.ok_or_else(|| {
        let extensions = FORMATS.iter().flat_map(|format| format.extensions).map(|e| format!(".{e}"));
        let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let extensions = extensions.collect::<Vec<_>>().join(", ");
        bytes.wrong(SensorProblem::UnknownFormat { extensions, formats: formats.join(", ") })
    })
}

/// The format of the recording at `path`; none if neither its first bytes nor its name tell one, or if it is a text
/// that does not name the columns of a recording: a list of input events, or something else.
///
/// # Errors
/// The file cannot be read.
pub fn recognise(path: &Path) -> Result<Option<&'static SensorFormat>, FormatError> {
    let name = path.display().to_string();
    let mut bytes = Bytes::new(crate::open(path)?, &name);
    let head = bytes.peek(HEAD_BYTES)?;
    let is_aer = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("aer"));
    Ok(of(head, path).filter(|format| !format.is_text() || is_aer || text::names_columns(head)))
}
