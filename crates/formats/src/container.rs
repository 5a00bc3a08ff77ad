//! The container of binary files: a header that says what follows, then the content, in postcard's wire format.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `QUENCHED` |
//! | 8 | 2 | version of the container, 1 |
//! | 10 | 2 | version of the content |
//! | 12 | 12 | kind of content, ASCII, filled up with spaces |
//! | 24 | 8 | length of the content in bytes |
//! | 32 | 32 | BLAKE3 of the 32 bytes before and of the content |
//! | 64 | length | the content |
//!
//! All numbers are little-endian. Nothing is decoded before length and digest are right, so damage of any kind is one
//! clear error. A digest is no signature, and a file made on purpose can hold a content that contradicts itself: who
//! loads a program or a state checks it again. Sizes that a content claims are never allocated before its bytes are
//! seen. This module deliberately does not know what it carries.

use crate::error::FormatError;
use crate::output::write_atomic;
use crate::text::read_bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use thiserror::Error;

const MAGIC: &[u8; 8] = b"QUENCHED";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 64;
const DIGEST_OFFSET: usize = 32;

/// The largest container that is read, in bytes.
pub const CONTAINER_BYTES_MAX: u64 = 1 << 34;

/// Whether `bytes` begin as a container does, of whatever kind and however damaged.
pub fn is_container(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What a container holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name: at most 12 ASCII characters, without spaces.
    pub name: &'static str,
    /// Version of the content; any change of a type that it is made of is a new version.
    pub version: u16,
}

impl Kind {
    /// The name as it stands in the file.
    fn field(self) -> [u8; 12] {
        let mut field = [b' '; 12];
        assert!(self.name.is_ascii() && !self.name.contains(' '), "kinds have plain names, this is `{}`", self.name);
        field[..self.name.len()].copy_from_slice(self.name.as_bytes());
        field
    }
}

/// What is wrong with a container.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContainerProblem {
    /// The file does not start with the magic.
    #[error("this is no binary file of quenched")]
    Magic,
    /// The file ends within its header.
    #[error("the file ends after {found} bytes, within its header of {HEADER_BYTES}: it was cut off")]
    Header {
        /// Bytes of the file.
        found: usize,
    },
    /// The container has a later version.
    #[error("container version {found} is later than {VERSION}, the latest that can be read")]
    Version {
        /// Version of the file.
        found: u16,
    },
    /// The file holds something else.
    #[error("this file holds a {found}, but a {expected} is needed")]
    Kind {
        /// What is needed.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// The content has another version.
    #[error("this {kind} has version {found}, but version {supported} is needed")]
    ContentVersion {
        /// The kind.
        kind: &'static str,
        /// Version of the file.
        found: u16,
        /// The version that can be read.
        supported: u16,
    },
    /// The file is shorter or longer than its header says.
    #[error("the header announces {announced} bytes of content, but {found} follow: the file was cut off or added to")]
    Length {
        /// Bytes announced.
        announced: u64,
        /// Bytes there.
        found: u64,
    },
    /// The bytes were changed.
    #[error("the digest does not match: the file is damaged")]
    Digest,
    /// The content is not what its header says, although its digest is right.
    #[error("the content is no {kind}, although its digest is right")]
    Content {
        /// The kind.
        kind: &'static str,
    },
}

impl ContainerProblem {
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::Magic | Self::Kind { .. } => return None,
            Self::Version { .. } => "use a newer release of quenched".into(),
            Self::ContentVersion { kind, .. } => {
                format!("make the {kind} again with this release, or use the release that wrote it")
            }
            Self::Header { .. } | Self::Length { .. } | Self::Digest | Self::Content { .. } => {
                "copy or make the file again".into()
            }
        })
    }
}

/// `content` in a container.
pub fn encode<T: Serialize>(kind: Kind, content: &T) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes[10..12].copy_from_slice(&kind.version.to_le_bytes());
    bytes[12..24].copy_from_slice(&kind.field());
    let mut bytes = postcard::to_extend(content, bytes).expect("plain data is always serialised");
    let length = (bytes.len() - HEADER_BYTES) as u64;
    bytes[24..DIGEST_OFFSET].copy_from_slice(&length.to_le_bytes());
    let digest = digest(&bytes);
    bytes[DIGEST_OFFSET..HEADER_BYTES].copy_from_slice(digest.as_bytes());
    bytes
}

/// The content of a container.
///
/// # Errors
/// What the container is instead of an undamaged one of this kind and version.
pub fn decode<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, ContainerProblem> {
    let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    if !bytes.starts_with(&MAGIC[..bytes.len().min(8)]) {
        return Err(ContainerProblem::Magic);
    }
    if bytes.len() < HEADER_BYTES {
        return Err(ContainerProblem::Header { found: bytes.len() });
    }
    if word(8) > VERSION {
        return Err(ContainerProblem::Version { found: word(8) });
    }
    let content = &bytes[HEADER_BYTES..];
    let announced = u64::from_le_bytes(bytes[24..DIGEST_OFFSET].try_into().expect("8 bytes"));
    let found = content.len() as u64;
    if announced != found {
        return Err(ContainerProblem::Length { announced, found });
    }
    if digest(bytes).as_bytes() != &bytes[DIGEST_OFFSET..HEADER_BYTES] {
        return Err(ContainerProblem::Digest);
    }
    if bytes[12..24] != kind.field() {
        let found = String::from_utf8_lossy(&bytes[12..24]).trim_end().to_string();
        return Err(ContainerProblem::Kind { expected: kind.name, found });
    }
    if word(10) != kind.version {
        let (found, supported) = (word(10), kind.version);
        return Err(ContainerProblem::ContentVersion { kind: kind.name, found, supported });
    }
    match postcard::take_from_bytes(content) {
        Ok((content, [])) => Ok(content),
        _ => Err(ContainerProblem::Content { kind: kind.name }),
    }
}

/// BLAKE3 of everything but the digest itself.
fn digest(bytes: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..DIGEST_OFFSET]).update(&bytes[HEADER_BYTES..]);
    hasher.finalize()
}

/// Writes `content` to `path`, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write<T: Serialize>(path: &Path, kind: Kind, content: &T) -> Result<(), FormatError> {
    write_atomic(path, &encode(kind, content))
}

/// Reads the content of the container at `path`.
///
/// # Errors
/// The file cannot be read, is damaged, or holds something else.
pub fn read<T: DeserializeOwned>(path: &Path, kind: Kind) -> Result<T, FormatError> {
    let bytes = read_bytes(path, CONTAINER_BYTES_MAX)?;
    decode(kind, &bytes).map_err(|problem| FormatError::Container { file: path.display().to_string(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KIND: Kind = Kind { name: "test", version: 3 };
    type Content = (String, Vec<Vec<u32>>, Option<i64>);

    fn content() -> Content {
        ("abc".into(), vec![vec![1, 2, 300_000], vec![], vec![7]], Some(-5))
    }

    fn decoded(bytes: &[u8]) -> Result<Content, ContainerProblem> {
        decode(KIND, bytes)
    }

    /// A container with a content of its own making and a right digest.
    fn sealed(content: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let mut bytes = encode(KIND, &());
        bytes.extend_from_slice(content);
        bytes[24..32].copy_from_slice(&(content.len() as u64).to_le_bytes());
        change(&mut bytes);
        let digest = *digest(&bytes).as_bytes();
        bytes[32..64].copy_from_slice(&digest);
        bytes
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = encode(KIND, &content());
        assert_eq!(&bytes[..24], b"QUENCHED\x01\x00\x03\x00test        ");
        assert_eq!(decoded(&bytes), Ok(content()));
        assert_eq!(encode(KIND, &content()), bytes);
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = encode(KIND, &content());
        for length in 0..bytes.len() {
            let error = decoded(&bytes[..length]).unwrap_err();
            let expected = if length < 64 {
                ContainerProblem::Header { found: length }
            } else {
                let (announced, found) = (bytes.len() as u64 - 64, length as u64 - 64);
                ContainerProblem::Length { announced, found }
            };
            assert_eq!(error, expected, "{length}");
        }
    }

    #[test]
    fn what_is_something_else_says_what() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(decoded(bytes).unwrap_err().to_string(), expected);
        check(b"format = \"quenched-chip\"", "this is no binary file of quenched");
        check(
            &encode(Kind { name: "snapshot", version: 3 }, &content()),
            "this file holds a snapshot, but a test is needed",
        );
        check(
            &encode(Kind { name: "test", version: 4 }, &content()),
            "this test has version 4, but version 3 is needed",
        );
        check(&sealed(b"", |b| b[8] = 2), "container version 2 is later than 1, the latest that can be read");
        // Content left over, and none at all.
        let mut long = postcard::to_allocvec(&content()).unwrap();
        long.push(0);
        check(&sealed(&long, |_| {}), "the content is no test, although its digest is right");
        check(&sealed(&[], |_| {}), "the content is no test, although its digest is right");
    }

    /// A right digest over a content that claims 2^60 elements: refused without asking for their memory.
    #[test]
    fn claimed_sizes_are_not_allocated() {
        let claim: Vec<u8> = postcard::to_allocvec(&(1u64 << 60)).unwrap();
        for prefix in [&[][..], &[0][..], &[0, 1][..]] {
            let content = [prefix, &claim, &[1, 2, 3]].concat();
            assert_eq!(decoded(&sealed(&content, |_| {})), Err(ContainerProblem::Content { kind: "test" }));
        }
    }

    proptest! {
        #[test]
        fn changed_bytes_are_noticed(at in 0usize..90, value: u8) {
            let mut bytes = encode(KIND, &content());
            let at = at % bytes.len();
            prop_assume!(bytes[at] != value);
            bytes[at] = value;
            prop_assert!(decoded(&bytes).is_err());
        }

        /// Bytes of any kind, sealed with a right digest: a value or an error, never a panic.
        #[test]
        fn hostile_content_is_refused_or_harmless(content: Vec<u8>) {
            if let Ok(value) = decoded(&sealed(&content, |_| {})) {
                prop_assert_eq!(decoded(&encode(KIND, &value)), Ok(value));
            }
        }

        #[test]
        fn hostile_files_are_refused(bytes: Vec<u8>) {
            prop_assert!(decoded(&bytes).is_err());
        }
    }
}
