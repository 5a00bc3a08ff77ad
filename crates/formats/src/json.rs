//! JSON files with a format and a version, as this workspace writes them.
//!
//! Owns how one is checked and read, with the place of what is wrong. It deliberately knows no schema: what a file says
//! is a type of its caller.

use crate::document::Format;
use crate::error::{FormatError, FormatErrors, Place, Problem};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The first two entries of every file.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// Reads `text`, which came from `file` (used in errors only).
///
/// # Errors
/// It is no JSON or was cut off; it is of another format or version, `format.version` being the only one that is read;
/// an entry is missing or has another type.
pub fn read<T: DeserializeOwned>(text: &str, file: &str, format: Format) -> Result<T, FormatErrors> {
    let wrong = |error: serde_json::Error| FormatErrors::from(problem(text, file, &error));
    let at = |word: &str, problem| {
        let start = text.find(&format!("\"{word}\"")).unwrap_or(0);
        FormatErrors::from(FormatError::text(Place::new(file, text, start..start + word.len() + 2, ""), problem))
    };
    let head: Head = serde_json::from_str(text).map_err(wrong)?;
    let Format { name: expected, version: supported } = format;
    if head.format != expected {
        return Err(at("format", Problem::WrongFormat { expected, found: head.format }));
    }
    let found = head.version;
    if found > supported {
        return Err(at("version", Problem::NewerVersion { format: expected, found, supported }));
    }
    if found < supported {
        let message = format!("this file has version {found} of `{expected}`, and version {supported} is needed");
        let help = "make it again with this release of quenched, or use the release that made it".into();
        return Err(at("version", Problem::Reading { message, help }));
    }
    serde_json::from_str(text).map_err(wrong)
}

/// What the parser complains about, at its place.
fn problem(text: &str, file: &str, error: &serde_json::Error) -> FormatError {
    let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let start = line + error.column().saturating_sub(1);
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    // A number or word that is cut off is no EOF to the parser.
    let is_cut = error.is_eof() || (error.is_syntax() && start + 1 >= text.len());
    let problem = match is_cut {
        true => Problem::CutOff,
        false => Problem::Reading { message: format!("not as needed: {what}"), help: "make the file again".into() },
    };
    FormatError::text(Place::new(file, text, start..start, ""), problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { name: "example", version: 2 };

    #[derive(Debug, Deserialize, PartialEq)]
    struct Example {
        size: u32,
    }

    #[track_caller]
    fn refused(text: &str) -> String {
        read::<Example>(text, "a.json", FORMAT).unwrap_err().to_string()
    }

    #[test]
    fn other_formats_versions_and_types_are_refused_with_their_place() {
        let text = "{\n  \"format\": \"example\",\n  \"version\": 2,\n  \"size\": 3\n}\n";
        assert_eq!(read(text, "a.json", FORMAT), Ok(Example { size: 3 }));
        let other = refused(&text.replace("\"example\"", "\"sample\""));
        assert!(other.starts_with("a.json:2:3: this is a `sample` file, but a `example` file is needed"), "{other}");
        assert!(refused(&text.replace("2,", "3,")).starts_with("a.json:3:3: this file has version 3"));
        let old = refused(&text.replace("2,", "1,"));
        assert!(old.starts_with("a.json:3:3: this file has version 1 of `example`, and version 2 is needed"), "{old}");
        let wrong = refused(&text.replace(": 3", ": \"x\""));
        assert!(wrong.starts_with("a.json:4:13: not as needed: invalid type: string \"x\", expected u32"), "{wrong}");
        assert!(refused(&text.replace("size", "sise")).contains("missing field `size`"));
        for end in [0, 5, 30, text.len() - 3] {
            assert!(refused(&text[..end]).contains("it was cut off"), "{end}");
        }
        assert!(refused(&text.replace("3\n}\n", "0.")).contains("a.json:4:12: the file ends within a line"));
        assert!(refused("[1]").contains("a.json:1:"), "{}", refused("[1]"));
    }
}
