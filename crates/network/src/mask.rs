//! Which connections of a projection are wanted.

use bitvec::vec::BitVec;
use disorder::Key;

/// One bit a connection: kept or masked out. Starts with all kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    bits: BitVec,
}

impl Mask {
    /// Keeps all of `len` connections.
    pub fn all(len: usize) -> Self {
        Self { bits: BitVec::repeat(true, len) }
    }

    /// Keeps none of `len` connections.
    pub fn none(len: usize) -> Self {
        Self { bits: BitVec::repeat(false, len) }
    }

    /// Keeps a fraction `kept_per_65536 / 65536` of `len` connections: exactly that many, rounded to nearest, chosen
    /// without replacement by the stream of `key`. A smaller fraction under the same key keeps a subset of a larger
    /// one, so that a sweep over pruning removes one connection after the other.
    pub fn fraction(len: usize, kept_per_65536: u32, key: Key) -> Self {
        let kept = ((len as u64 * u64::from(kept_per_65536.min(65536)) + 32768) >> 16) as usize;
        let mut order: Vec<(u64, usize)> = (0..len).map(|i| (key.slot(i as u64).first_word(), i)).collect();
        order.sort_unstable();
        let mut mask = Self::none(len);
        for &(_, i) in &order[..kept] {
            mask.bits.set(i, true);
        }
        mask
    }

    /// Whether connection `index` is wanted.
    #[inline]
    pub fn keeps(&self, index: usize) -> bool {
        self.bits[index]
    }

    /// No longer keeps connection `index`.
    pub fn remove(&mut self, index: usize) {
        self.bits.set(index, false);
    }

    /// Number of connections, kept or not.
    pub fn len(&self) -> usize {
        self.bits.len()
    }

    /// Whether the projection has no connection at all.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Number of connections kept.
    pub fn kept_count(&self) -> usize {
        self.bits.count_ones()
    }
}
