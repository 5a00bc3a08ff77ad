//! The part of FlatBuffers ("FlatBuffer Internals") that AEDAT 4 needs: tables, their fields, vectors and texts.
//!
//! A buffer starts with the place of its root table; a table with the place of its list of fields. All numbers are
//! little endian, and whatever they claim, nothing outside the buffer is looked at: what does not fit is `None`.

/// A table in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    buffer: &'a [u8],
    at: usize,
    fields: usize,
}

fn bytes<const N: usize>(buffer: &[u8], at: usize) -> Option<[u8; N]> {
    buffer.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn long(buffer: &[u8], at: usize) -> Option<u32> {
    bytes(buffer, at).map(u32::from_le_bytes)
}

fn word(buffer: &[u8], at: usize) -> Option<u16> {
    bytes(buffer, at).map(u16::from_le_bytes)
}

impl<'a> Table<'a> {
    /// The root of `buffer`, which does not start with its size.
    pub(super) fn root(buffer: &'a [u8]) -> Option<Self> {
        let at = long(buffer, 0)? as usize;
        let back = i32::from_le_bytes(bytes(buffer, at)?);
        let fields = usize::try_from(i64::try_from(at).ok()? - i64::from(back)).ok()?;
        word(buffer, fields)?;
        Some(Self { buffer, at, fields })
    }

    /// Where field `index` lies; none if the table leaves it out.
    fn field(&self, index: usize) -> Option<usize> {
        let entry = 4 + 2 * index;
        if entry + 2 > usize::from(word(self.buffer, self.fields)?) {
            return None;
        }
        match word(self.buffer, self.fields + entry)? {
            0 => None,
            offset => self.at.checked_add(offset.into()),
        }
    }

    /// Field `index`, a number of 32 bits.
    pub(super) fn int(&self, index: usize) -> Option<i32> {
        bytes(self.buffer, self.field(index)?).map(i32::from_le_bytes)
    }

    /// Field `index`, a number of 64 bits.
    pub(super) fn long(&self, index: usize) -> Option<i64> {
        bytes(self.buffer, self.field(index)?).map(i64::from_le_bytes)
    }

    /// Field `index`, a vector of elements of `size` bytes, and where it lies in the buffer.
    pub(super) fn vector(&self, index: usize, size: usize) -> Option<(usize, &'a [u8])> {
        let field = self.field(index)?;
        let at = field.checked_add(long(self.buffer, field)? as usize)?;
        let length = (long(self.buffer, at)? as usize).checked_mul(size)?;
        let start = at + 4;
        Some((start, self.buffer.get(start..start.checked_add(length)?)?))
    }

    /// Whether the table has field `index`.
    pub(super) fn has(&self, index: usize) -> bool {
        self.field(index).is_some()
    }
}
