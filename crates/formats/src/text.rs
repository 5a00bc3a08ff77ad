//! Reading whole text files.

use crate::error::{Action, FormatError};
use std::io::Read;
use std::path::Path;

/// The largest text file that is read, in bytes: events of long runs are the largest.
pub const TEXT_BYTES_MAX: u64 = 1 << 30;

/// The bytes of the file at `path`.
///
/// # Errors
/// The file cannot be read, or has more than `limit` bytes.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, FormatError> {
    let io = |error| FormatError::io(path, Action::Read, &error);
    let file = crate::open(path)?;
    let size = file.metadata().map_err(io)?.len();
    let too_large = |size| FormatError::TooLarge { file: path.display().to_string(), size, limit };
    if size > limit {
        return Err(too_large(size));
    }
    // The file may grow while it is read.
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

/// The first bytes of the file at `path`, at most `count`.
///
/// # Errors
/// The file cannot be read.
pub fn read_head(path: &Path, count: u64) -> Result<Vec<u8>, FormatError> {
    let mut head = Vec::new();
    crate::open(path)?
        .take(count)
        .read_to_end(&mut head)
        .map_err(|error| FormatError::io(path, Action::Read, &error))?;
    Ok(head)
}

/// The text of the file at `path`.
///
/// # Errors
/// The file cannot be read, is larger than [`TEXT_BYTES_MAX`], or is no UTF-8.
pub fn read_text(path: &Path) -> Result<String, FormatError> {
    text_of(read_bytes(path, TEXT_BYTES_MAX)?, path)
}

/// `bytes`, which were read from `path`, as text, without the byte order mark that some editors put in front.
pub(crate) fn text_of(bytes: Vec<u8>, path: &Path) -> Result<String, FormatError> {
    let (file, size) = (path.display().to_string(), bytes.len() as u64);
    if size > TEXT_BYTES_MAX {
        return Err(FormatError::TooLarge { file, size, limit: TEXT_BYTES_MAX });
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|error| FormatError::NotText { file, offset: error.utf8_error().valid_up_to() })?;
    // Editors of some systems put a byte order mark in front, which is no part of the text.
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        let message = |e: FormatError| e.to_string().replace(&*dir.path().to_string_lossy(), "DIR");
        assert_eq!(
            message(read_text(&path).unwrap_err()),
            "DIR/a.toml: cannot be read: there is no such file or directory"
        );
        std::fs::write(&path, b"ab\xff").unwrap();
        assert_eq!(message(read_text(&path).unwrap_err()), "DIR/a.toml: not a text file: byte 2 is no UTF-8");
        std::fs::write(&path, "\u{feff}ab\u{feff}").unwrap();
        assert_eq!(read_text(&path).unwrap(), "ab\u{feff}");
        std::fs::write(&path, b"ab\xff").unwrap();
        let error = message(read_bytes(&path, 2).unwrap_err());
        assert_eq!(error, "DIR/a.toml: 3 bytes are too many: at most 2 are read");
        assert_eq!(read_bytes(&path, 3).unwrap(), b"ab\xff");
        assert!(message(read_text(dir.path()).unwrap_err()).starts_with("DIR: cannot be read: "));
    }
}
