//! The bytes of a recording, as a stream that knows where it is.
//!
//! Owns reading in pieces: no more is held than a buffer and what a reader asks for, and no claim of a file about its
//! own length is believed before the bytes are there. Every error says at which byte it happened.

use super::SensorProblem;
use crate::error::{Action, FormatError};
use std::io::Read;
use std::path::Path;

/// Bytes that are taken from the file at a time, and the longest line of a header.
const PIECE: usize = 1 << 16;

/// A file that is read from its beginning to its end.
pub(super) struct Bytes<'a> {
    file: &'a str,
    source: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were taken.
    taken: usize,
    /// Bytes of the file before the buffer.
    before: u64,
    ended: bool,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(source: impl Read + 'a, file: &'a str) -> Self {
        Self { file, source: Box::new(source), buffer: Vec::new(), taken: 0, before: 0, ended: false }
    }

    /// Name of the file, for errors.
    pub(super) const fn file(&self) -> &'a str {
        self.file
    }

    /// Where the next byte lies in the file.
    pub(super) const fn offset(&self) -> u64 {
        self.before + self.taken as u64
    }

    /// An error of this file.
    pub(super) fn wrong(&self, problem: SensorProblem) -> FormatError {
        FormatError::Sensor { file: self.file.into(), problem }
    }

    /// Something that contradicts itself at byte `offset`.
    pub(super) fn damaged(&self, offset: u64, what: impl Into<String>) -> FormatError {
        self.wrong(SensorProblem::Damaged { offset, what: what.into() })
    }

    /// The next bytes, at least `count` of them if the file has them. They are not taken.
    pub(super) fn peek(&mut self, count: usize) -> Result<&[u8], FormatError> {
        if self.buffer.len() - self.taken < count && !self.ended {
            self.buffer.drain(..self.taken);
            self.before += self.taken as u64;
            self.taken = 0;
            let wanted = count.max(PIECE) - self.buffer.len();
            let read = self.source.by_ref().take(wanted as u64).read_to_end(&mut self.buffer);
            let read = read.map_err(|error| FormatError::io(Path::new(self.file), Action::Read, &error))?;
            self.ended = read < wanted;
        }
        Ok(&self.buffer[self.taken..])
    }

    /// The next record of `N` bytes; none at the end of the file.
    ///
    /// # Errors
    /// The file ends within the record.
    #[inline]
    pub(super) fn record<const N: usize>(&mut self) -> Result<Option<[u8; N]>, FormatError> {
        let ahead = self.peek(N)?;
        if let Some(record) = ahead.first_chunk::<N>() {
            let record = *record;
            self.taken += N;
            return Ok(Some(record));
        }
        match ahead.len() {
            0 => Ok(None),
            left => Err(self.cut_off(self.offset(), N as u64, left as u64)),
        }
    }

    /// The next `N` bytes, which must be there.
    pub(super) fn fields<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        self.record()?.ok_or_else(|| self.cut_off(self.offset(), N as u64, 0))
    }

    fn cut_off(&self, offset: u64, size: u64, left: u64) -> FormatError {
        self.wrong(SensorProblem::CutOff { offset, size, left })
    }

    /// The next line, without its end, if the file goes on with `mark`: a line of a header.
    pub(super) fn line(&mut self, mark: &[u8]) -> Result<Option<String>, FormatError> {
        if !self.peek(mark.len())?.starts_with(mark) {
            return Ok(None);
        }
        let ahead = self.peek(PIECE)?;
        let Some(end) = ahead.iter().take(PIECE).position(|byte| *byte == b'\n') else {
            let at = self.offset();
            return Err(self.damaged(at, "a line of its header does not end"));
        };
        let line = String::from_utf8_lossy(&ahead[..end]).trim_end_matches('\r').to_string();
        self.taken += end + 1;
        Ok(Some(line))
    }

    /// The next `size` bytes, which must be there.
    pub(super) fn block(&mut self, size: u64) -> Result<Vec<u8>, FormatError> {
        let (offset, mut block) = (self.offset(), Vec::new());
        while (block.len() as u64) < size {
            let wanted = (size - block.len() as u64).min(PIECE as u64) as usize;
            let ahead = self.peek(wanted)?;
            let part = ahead.len().min(wanted);
            if part == 0 {
                return Err(self.cut_off(offset, size, block.len() as u64));
            }
            block.extend_from_slice(&ahead[..part]);
            self.taken += part;
        }
        Ok(block)
    }

    /// Goes over the next `size` bytes, which must be there.
    pub(super) fn skip(&mut self, size: u64) -> Result<(), FormatError> {
        let (offset, mut left) = (self.offset(), size);
        while left > 0 {
            let part = self.peek(1)?.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if part == 0 {
                return Err(self.cut_off(offset, size, size - left));
            }
            self.taken += part;
            left -= part as u64;
        }
        Ok(())
    }

    /// All that is left, at most `limit` bytes.
    pub(super) fn rest(&mut self, limit: u64) -> Result<Vec<u8>, FormatError> {
        let mut rest = self.peek(0)?.to_vec();
        self.taken += rest.len();
        let room = (limit + 1).saturating_sub(rest.len() as u64);
        let read = self.source.by_ref().take(room).read_to_end(&mut rest);
        read.map_err(|error| FormatError::io(Path::new(self.file), Action::Read, &error))?;
        let size = rest.len() as u64;
        if size > limit { Err(FormatError::TooLarge { file: self.file.into(), size, limit }) } else { Ok(rest) }
    }
}
