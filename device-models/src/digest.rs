//! A chained 64-bit hash over integers, to tell runs and programs apart.

/// A chain over 64-bit words: equal for equal sequences, on every platform, and different after any change of a word
/// or of their order (up to a chance of 2^-64). It guards against accidents, not against attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// The empty chain.
    pub const fn new() -> Self {
        Self(0x6a09_e667_f3bc_c908)
    }

    /// A chain that goes on from `value`.
    pub const fn resume(value: u64) -> Self {
        Self(value)
    }

    /// Appends a word.
    #[inline]
    pub const fn push(&mut self, word: u64) {
        // A multiplication by an odd number and an xor-shift are bijections: two chains that differ once differ after
        // any common words.
        let x = (self.0 ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        self.0 = x ^ (x >> 32);
    }

    /// The chain so far.
    pub const fn value(self) -> u64 {
        self.0
    }
}
