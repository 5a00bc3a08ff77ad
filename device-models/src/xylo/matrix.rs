//! A weight matrix as the step reads it: packed rows.

use super::XyloMatrix;
use super::layer::{BLOCK, Layer};
use alloc::vec;
use alloc::vec::Vec;

/// A synapse in four bytes: place of its current in the layer in the low 24 bits, weight in the high 8.
#[derive(Clone, Copy, Debug, Default)]
struct Packed(u32);

/// Rows of packed synapses, one a source, in the order of delivery.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    shift: u32,
    /// Where the synapses of each source start, and where its blocks do; then the ends of the last.
    starts: Vec<(u32, u32)>,
    synapses: Vec<Packed>,
    /// The blocks of neurons that a source reaches: to wake them costs less than to look at each synapse for it.
    blocks: Vec<u16>,
}

impl Rows {
    /// The rows of a matrix from `pre_count` sources into `layer`. The matrix must have been validated.
    pub(super) fn new(matrix: &XyloMatrix, pre_count: usize, layer: &Layer) -> Self {
        let mut starts = vec![0_u32; pre_count + 1];
        for synapse in &matrix.synapses {
            starts[synapse.pre as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut synapses = vec![Packed::default(); matrix.synapses.len()];
        let mut targets = vec![0_u16; matrix.synapses.len()];
        for synapse in &matrix.synapses {
            let place = layer.place(synapse.post as usize, usize::from(synapse.current));
            debug_assert!(place < 1 << 24, "place {place}");
            let weight = effective(synapse.weight, matrix.shift) as u8;
            let at = next[synapse.pre as usize] as usize;
            next[synapse.pre as usize] += 1;
            synapses[at] = Packed(u32::from(weight) << 24 | place as u32);
            targets[at] = (synapse.post as usize / BLOCK) as u16;
        }
        let mut blocks = Vec::new();
        let mut both = Vec::with_capacity(starts.len());
        for (pre, &start) in starts.iter().enumerate() {
            both.push((start, blocks.len() as u32));
            if let Some(&end) = starts.get(pre + 1) {
                let row = &mut targets[start as usize..end as usize];
                row.sort_unstable();
                let first = blocks.len();
                for &mut block in row {
                    if blocks.len() == first || blocks.last() != Some(&block) {
                        blocks.push(block);
                    }
                }
            }
        }
        blocks.shrink_to_fit();
        Self { shift: matrix.shift.into(), starts: both, synapses, blocks }
    }

    /// Number of sources.
    pub(super) fn source_count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Delivers `count` spikes of `source`.
    pub(super) fn deliver(&self, source: usize, count: u32, layer: &mut Layer) {
        let ((start, first_block), (end, end_block)) = (self.starts[source], self.starts[source + 1]);
        for &block in &self.blocks[first_block as usize..end_block as usize] {
            layer.wake(block.into());
        }
        let factor = (count << self.shift) as i32;
        let synapses = self.synapses[start as usize..end as usize].iter();
        layer.add(synapses.map(|s| ((s.0 & 0xff_ffff) as usize, (s.0 as i32 >> 24) * factor)));
    }
}

/// A weight of which nothing is lost to the wrap at 16 bits when it is shifted left, with the same result as `weight`:
/// a shift of more than 8 leaves fewer than 8 bits of it, of which the highest becomes the sign.
fn effective(weight: i8, shift: u8) -> i8 {
    let lost = shift.saturating_sub(8);
    weight << lost >> lost
}

#[cfg(test)]
mod tests {
    use super::effective;

    #[test]
    fn an_effective_weight_has_the_same_shifted_value_and_does_not_wrap() {
        for weight in i8::MIN..=i8::MAX {
            for shift in 0..=15 {
                let wrapped = (i32::from(weight) << shift) as i16;
                assert_eq!(i32::from(effective(weight, shift)) << shift, i32::from(wrapped), "{weight} << {shift}");
            }
        }
    }
}
