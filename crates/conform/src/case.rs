//! A golden case as it lies on disk, and which replay it belongs to.

use crate::arrays::Arrays;
use crate::error::ConformError;
use crate::fields::{Fields, HEAD};
use crate::outcome::Comparison;
use crate::read::CONVENTIONS;
use crate::{braille, brian, chip_trace, dynapsim, lava, nengo, nir, xylo};
use formats::FormatError;
use serde_json::{Map, Value};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most bytes of a description that are read.
const MAX_DESCRIPTION_BYTES: u64 = 1 << 28;

/// A format.
struct Format {
    /// The content of the field `format`.
    name: &'static str,
    /// Replays a case of it.
    replay: fn(&Case) -> Result<Comparison, ConformError>,
    /// Lists of the fields that its description can have besides those of [`HEAD`].
    fields: &'static [&'static [&'static str]],
}

/// The formats that are replayed.
const REPLAYS: &[Format] = &[
    Format { name: "neuro-golden/1", replay: lava::replay, fields: &[lava::CASE, CONVENTIONS] },
    Format { name: "nengo-loihi-golden/1", replay: nengo::replay, fields: &[nengo::CASE, CONVENTIONS] },
    Format { name: "brian2loihi-golden/1", replay: brian::replay, fields: &[brian::CASE, CONVENTIONS] },
    Format { name: "hw-trace/1", replay: chip_trace::replay, fields: &[chip_trace::CASE, CONVENTIONS] },
    Format { name: "xylo-golden-1", replay: xylo::replay, fields: &[XYLO] },
    Format { name: "dynapsim-golden-1", replay: dynapsim::replay, fields: &[DYNAPSIM] },
    Format { name: "nir-braille-golden/1", replay: braille::replay, fields: &[BRAILLE] },
    Format { name: NIR, replay: nir::replay, fields: &[NIR_FIELDS] },
];

/// The format of graphs, whose descriptions do not name it.
const NIR: &str = "nir-golden/1";

/// Fields of `nir-golden/1`; what is not read says where a case is from.
const NIR_FIELDS: &[&str] = &[
    "nir_version",
    "framework",
    "version",
    "with_versions",
    "how",
    "native",
    "dt",
    "numerics",
    "neurons",
    "delayed_edges",
    "T",
    "arrays",
    "numpy_reference",
    "differing_under_other_rules",
    "fault",
    "expected",
    "nir_1_0_8",
];

/// Fields of `xylo-golden-1`; `index` and `attempt` number a case among those that its recorder made.
const XYLO: &[&str] = &[
    "n_in",
    "n_hidden",
    "n_out",
    "n_steps",
    "rules",
    "synapses_in",
    "synapses_rec",
    "synapses_out",
    "weight_shift_in",
    "weight_shift_rec",
    "weight_shift_out",
    "dash_mem",
    "dash_mem_out",
    "dash_syn",
    "dash_syn_out",
    "threshold",
    "threshold_out",
    "has_bias",
    "bias",
    "bias_out",
    "aliases",
    "arrays",
    "input_events",
    "hidden_events",
    "output_events",
    "final_i_syn",
    "final_i_syn2",
    "final_v_mem",
    "final_i_syn_out",
    "final_v_mem_out",
    "index",
    "attempt",
];

/// Fields of `dynapsim-golden-1`; the last four say how its recorder made the case.
const DYNAPSIM: &[&str] = &["n", "n_steps", "dt", "Iscale", "arrays", "spike_events", "float64_reference", "index"];

/// Fields of `nir-braille-golden/1`; `classes` and `input_source` are for people.
const BRAILLE: &[&str] = &[
    "nir_file",
    "dt",
    "reset",
    "steps",
    "n_in",
    "n_hidden",
    "n_out",
    "label",
    "hidden",
    "out_counts_snntorch_rule",
    "classes",
    "input_source",
];

/// The contents of the field `format` that are known.
pub const FORMATS: &[&str] = &[
    "neuro-golden/1",
    "nengo-loihi-golden/1",
    "brian2loihi-golden/1",
    "hw-trace/1",
    "xylo-golden-1",
    "dynapsim-golden-1",
    "nir-braille-golden/1",
    NIR,
];

/// A description that has been read and whose format is known. Its arrays are read when the replay asks for them.
pub struct Case {
    /// The `.json` file.
    pub path: PathBuf,
    /// What the case calls itself, or the stem of its file name.
    pub name: String,
    /// Its format, one of [`FORMATS`].
    pub format: &'static str,
    file: String,
    known: &'static Format,
    description: Map<String, Value>,
}

impl Case {
    /// Reads a description.
    ///
    /// # Errors
    /// [`ConformError`] if it cannot be read, is no JSON object or has a format that is not in [`FORMATS`].
    pub fn open(path: &Path) -> Result<Self, ConformError> {
        let file = path.display().to_string();
        let bytes = read_limited(path, MAX_DESCRIPTION_BYTES)?;
        let description: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|e| ConformError::NotJson {
            file: file.clone(),
            line: e.line(),
            column: e.column(),
            reason: e.to_string(),
        })?;
        let fields = Fields::root(&file, &description);
        let found = if fields.get("format").is_none() && nir::is_one(&fields) { NIR } else { fields.text("format")? };
        let Some(known) = REPLAYS.iter().find(|known| known.name == found) else {
            return Err(ConformError::UnknownFormat { found: found.to_owned(), formats: FORMATS.join(", "), file });
        };
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let name = fields.get("name").and_then(Value::as_str).map_or(stem, str::to_owned);
        Ok(Case { path: path.to_owned(), name, format: known.name, file, known, description })
    }

    /// The outermost object of the description.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::root(&self.file, &self.description)
    }

    /// The archive beside the description.
    pub(crate) fn arrays(&self) -> Result<Arrays, ConformError> {
        Arrays::open(&self.path.with_extension("npz"))
    }

    /// Refuses a field that the format of this case does not know.
    pub(crate) fn check_fields(&self) -> Result<(), ConformError> {
        self.fields().only(&[&[HEAD], self.known.fields].concat())
    }

    /// The error of a field that a network for a chip has no word for, or that chip no room.
    pub(crate) fn not_held(&self, field: impl Into<String>, reason: impl Into<String>) -> ConformError {
        ConformError::NotHeld { file: self.file.clone(), field: field.into(), reason: reason.into() }
    }

    /// The error of a device model that refuses a part of this case.
    pub(crate) fn refused(&self, part: impl Into<String>, reason: impl ToString) -> ConformError {
        ConformError::Rule { file: self.file.clone(), part: part.into(), reason: reason.to_string() }
    }
}

/// Replays a case and returns everything recorded beside everything replayed; see [`Comparison::outcome`].
///
/// # Errors
/// [`ConformError`] if the case is damaged, has a field that its format does not know, or asks for something that is
/// not replayed.
pub fn replay(case: &Case) -> Result<Comparison, ConformError> {
    case.check_fields()?;
    (case.known.replay)(case)
}

/// The bytes of a file of at most `limit` bytes.
fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, ConformError> {
    let file = path.display().to_string();
    let refused = |e: std::io::Error| ConformError::io(path, &e);
    let handle = formats::open(path).map_err(|error| match (std::fs::metadata(path), error) {
        (Err(error), _) => refused(error),
        (Ok(_), FormatError::Io { reason, .. }) => ConformError::Io { file: file.clone(), reason },
        (Ok(_), other) => ConformError::Io { file: file.clone(), reason: other.message() },
    })?;
    let mut bytes = Vec::new();
    handle.take(limit + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > limit {
        let size = std::fs::metadata(path).map_or(bytes.len() as u64, |m| m.len());
        return Err(ConformError::TooLarge { file, size, limit });
    }
    Ok(bytes)
}
