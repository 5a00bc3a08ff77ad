//! The part of the ZIP format that npz archives use: one directory at the end, members stored or deflated.
//!
//! After APPNOTE.TXT of PKWARE, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end).

use super::ArrayProblem;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::collections::BTreeSet;
use std::io::Read;

/// A file in the archive, as the central directory describes it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    method: u16,
    crc: u32,
    packed: u32,
    unpacked: u32,
    /// Where its local header starts.
    offset: u32,
}

/// Deflate cannot unpack a byte to more than this.
const DEFLATE_RATIO_MAX: u64 = 1032;

const CUT: ArrayProblem = ArrayProblem::Damaged { what: "an entry points beyond the end of the file" };
const ZIP64: ArrayProblem = ArrayProblem::Unsupported { what: "64-bit sizes (more than 4 GiB)" };

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The members of the archive `bytes`.
pub(super) fn directory(bytes: &[u8]) -> Result<Vec<Member>, ArrayProblem> {
    const END_BYTES: usize = 22;
    // A comment of up to 64 KiB may follow the end of the directory.
    let first = bytes.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
    let last = bytes.len().checked_sub(END_BYTES).ok_or(ArrayProblem::NotAnArchive)?;
    let is_end = |at: usize| {
        bytes[at..].starts_with(b"PK\x05\x06")
            && word(bytes, at + 20).is_some_and(|comment| at + END_BYTES + usize::from(comment) == bytes.len())
    };
    let end = (first..=last).rev().find(|at| is_end(*at)).ok_or(ArrayProblem::NotAnArchive)?;
    let (count, offset) = word(bytes, end + 10).zip(long(bytes, end + 16)).ok_or(CUT)?;
    if count == u16::MAX || offset == u32::MAX {
        return Err(ZIP64);
    }
    let mut members: Vec<Member> = Vec::new();
    let mut names = BTreeSet::new();
    let mut rest = bytes.get(offset as usize..end).ok_or(CUT)?;
    for _ in 0..count {
        let (member, after) = central_entry(rest).ok_or(CUT)??;
        if !names.insert(member.name.clone()) {
            return Err(ArrayProblem::Damaged { what: "two arrays have one name" });
        }
        members.push(member);
        rest = after;
    }
    Ok(members)
}

/// The first entry of a central directory, and the rest of it; `None` if it ends too early.
#[allow(clippy::type_complexity, reason = "the outer level is only for `?`")]
fn central_entry(bytes: &[u8]) -> Option<Result<(Member, &[u8]), ArrayProblem>> {
    if bytes.get(..4)? != b"PK\x01\x02" {
        return Some(Err(ArrayProblem::Damaged { what: "its directory has a wrong entry" }));
    }
    let lengths = [word(bytes, 28)?, word(bytes, 30)?, word(bytes, 32)?].map(usize::from);
    let [name_len, extra_len, comment_len] = lengths;
    let name = bytes.get(46..46 + name_len)?;
    let after = bytes.get(46 + name_len + extra_len + comment_len..)?;
    let member = Member {
        name: String::from_utf8_lossy(name).into_owned(),
        method: word(bytes, 10)?,
        crc: long(bytes, 16)?,
        packed: long(bytes, 20)?,
        unpacked: long(bytes, 24)?,
        offset: long(bytes, 42)?,
    };
    let is_encrypted = word(bytes, 8)? & 1 != 0;
    Some(if is_encrypted {
        Err(ArrayProblem::Unsupported { what: "encryption" })
    } else if [member.packed, member.unpacked, member.offset].contains(&u32::MAX) {
        Err(ZIP64)
    } else {
        Ok((member, after))
    })
}

impl Member {
    /// The unpacked bytes, at most `limit`, with their checksum verified.
    pub(super) fn contents(&self, archive: &[u8], limit: u64) -> Result<Vec<u8>, ArrayProblem> {
        let packed = self.packed(archive).ok_or(CUT)?;
        let unpacked = u64::from(self.unpacked);
        if unpacked > limit {
            return Err(ArrayProblem::TooLarge { bytes: unpacked, limit });
        }
        let wrong_size = ArrayProblem::Damaged { what: "a member has another size than the directory says" };
        let contents = match self.method {
            0 => packed.to_vec(),
            8 if unpacked > (packed.len() as u64).saturating_mul(DEFLATE_RATIO_MAX) => return Err(wrong_size),
            8 => {
                let mut contents = Vec::with_capacity(self.unpacked as usize);
                DeflateDecoder::new(packed)
                    .take(unpacked + 1)
                    .read_to_end(&mut contents)
                    .map_err(|_| ArrayProblem::Damaged { what: "a member cannot be unpacked" })?;
                contents
            }
            _ => return Err(ArrayProblem::Unsupported { what: "a compression other than deflate" }),
        };
        if contents.len() as u64 != unpacked {
            return Err(wrong_size);
        }
        let mut crc = Crc::new();
        crc.update(&contents);
        if crc.sum() != self.crc {
            return Err(ArrayProblem::Damaged { what: "the checksum of a member does not match" });
        }
        Ok(contents)
    }

    /// The packed bytes.
    fn packed<'a>(&self, archive: &'a [u8]) -> Option<&'a [u8]> {
        let local = archive.get(self.offset as usize..)?;
        // Sizes in the local header may be missing or 64 bits wide; only its length matters here.
        if local.get(..4)? != b"PK\x03\x04" {
            return None;
        }
        let start = 30 + usize::from(word(local, 26)?) + usize::from(word(local, 28)?);
        local.get(start..start + self.packed as usize)
    }
}
