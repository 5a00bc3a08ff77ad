//! Opening a file for reading.
//!
//! Owns the one way in which a reader comes to the bytes of a path: plain files, and what came in on standard input,
//! whose name is `-`. A device can be endless, a pipe or a socket may never answer, and a folder has no bytes; they are
//! refused before a byte is read, and a pipe before it is opened, because opening one waits for its other end. Who
//! pipes something in says so by the name, and waits for its end.

use crate::error::{Action, FormatError};
use std::fs::{File, FileType};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The name of standard input, where a file is read; a file of this name is `./-`.
pub const STANDARD_INPUT: &str = "-";

/// Bytes of standard input, at most.
const INPUT_BYTES_MAX: u64 = 1 << 32;

/// Opens the plain file at `path` for reading; a symbolic link is followed. `-` is standard input, which is read to its
/// end the first time, and is the same each time.
///
/// # Errors
/// There is no such file, it may not be read, or it is a folder, a device, a pipe or a socket. Standard input cannot be
/// read, or has more than 4 GiB.
pub fn open(path: &Path) -> Result<File, FormatError> {
    let io = |error| FormatError::io(path, Action::Read, &error);
    if path.as_os_str() == STANDARD_INPUT {
        return standard_input();
    }
    plain(path, std::fs::metadata(path).map_err(io)?.file_type())?;
    let file = File::open(path).map_err(io)?;
    // What was opened may be another file than what was looked at.
    let metadata = file.metadata().map_err(io)?;
    plain(path, metadata.file_type())?;
    crate::output::note_read(path, &metadata);
    Ok(file)
}

/// What came in on standard input, as a file without a name: readers seek, and some look at a file twice.
fn standard_input() -> Result<File, FormatError> {
    static GIVEN: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let wrong = |reason: String| FormatError::Io { file: "standard input".into(), action: Action::Read, reason };
    let given = GIVEN.get_or_init(|| {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes);
        match read {
            Err(error) => Err(error.to_string()),
            Ok(_) if bytes.len() as u64 > INPUT_BYTES_MAX => {
                Err("it has more than 4 GiB: save it in a file first".into())
            }
            Ok(_) => Ok(bytes),
        }
    });
    let bytes = given.as_ref().map_err(|reason| wrong(reason.clone()))?;
    let file = || {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        file.rewind()?;
        Ok(file)
    };
    file().map_err(|error: std::io::Error| wrong(format!("it cannot be kept in a temporary file: {error}")))
}

/// Refuses what is no plain file.
fn plain(path: &Path, kind: FileType) -> Result<(), FormatError> {
    let reason = match special(kind) {
        None => return Ok(()),
        Some("directory") => "this is a directory".into(),
        Some(what) => format!("this is a {what}, and only plain files are read: save what it gives in a file first"),
    };
    Err(FormatError::Io { file: path.display().to_string(), action: Action::Read, reason })
}

/// What a file is, if it is no plain one.
pub(crate) fn special(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("pipe");
        }
        if kind.is_socket() {
            return Some("socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("device");
        }
    }
    Some("special file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn plain_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, b"abc").unwrap();
        let mut text = String::new();
        open(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
    }

    #[test]
    fn what_is_no_plain_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let message = |path: &Path| open(path).unwrap_err().message();
        assert_eq!(message(dir.path()), "cannot be read: this is a directory");
        assert_eq!(message(&dir.path().join("b")), "cannot be read: there is no such file or directory");
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_sockets_are_refused_also_behind_links() {
        let dir = tempfile::tempdir().unwrap();
        let message = |path: &Path| open(path).unwrap_err().message();
        let device =
            "cannot be read: this is a device, and only plain files are read: save what it gives in a file first";
        assert_eq!(message(Path::new("/dev/zero")), device);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        assert_eq!(message(&link), device);
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(message(&socket).starts_with("cannot be read: this is a socket"), "{}", message(&socket));
    }
}
