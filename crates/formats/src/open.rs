//! Opening a file for reading.
//!
//! Owns the one way in which a reader comes to the bytes of a path: plain files only. A device can be endless, a pipe
//! or a socket may never answer, and a folder has no bytes; they are refused before a byte is read, and a pipe before
//! it is opened, because opening one waits for its other end.

use crate::error::{Action, FormatError};
use std::fs::{File, FileType};
use std::path::Path;

/// Opens the plain file at `path` for reading; a symbolic link is followed.
///
/// # Errors
/// There is no such file, it may not be read, or it is a folder, a device, a pipe or a socket.
pub fn open(path: &Path) -> Result<File, FormatError> {
    let io = |error| FormatError::io(path, Action::Read, &error);
    plain(path, std::fs::metadata(path).map_err(io)?.file_type())?;
    let file = File::open(path).map_err(io)?;
    // What was opened may be another file than what was looked at.
    let metadata = file.metadata().map_err(io)?;
    plain(path, metadata.file_type())?;
    crate::output::note_read(path, &metadata);
    Ok(file)
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
