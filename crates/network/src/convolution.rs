//! Convolutions unrolled into connections.
//!
//! A kernel moves over the rows and columns of the senders, and every place of it is a receiver: cross-correlation, as
//! PyTorch and NIR have it. Values count channels first, columns fastest.

use fx::Weight;

/// A convolution of values in channels, rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Channels, rows and columns of the senders.
    pub input: [u32; 3],
    /// Channels of the receivers.
    pub channels: u32,
    /// Rows and columns of the kernel.
    pub kernel: [u32; 2],
    /// Steps from one place of the kernel to the next, along rows and columns; at least 1.
    pub stride: [u32; 2],
    /// Rows and columns of silence around the senders, on each side.
    pub padding: [u32; 2],
    /// Distance of neighbours within the kernel; at least 1.
    pub dilation: [u32; 2],
    /// Groups of channels that hear each other only; at least 1, and they divide the channels of both ends.
    pub groups: u32,
}

impl Convolution {
    /// A kernel that moves by single steps, without padding.
    pub const fn new(input: [u32; 3], channels: u32, kernel: [u32; 2]) -> Self {
        Self { input, channels, kernel, stride: [1; 2], padding: [0; 2], dilation: [1; 2], groups: 1 }
    }

    /// Channels of the senders that a channel of the receivers hears; none if the groups do not divide both ends.
    pub const fn heard(&self) -> Option<u32> {
        let divides = self.groups > 0
            && self.input[0].is_multiple_of(self.groups)
            && self.channels.is_multiple_of(self.groups)
            && self.input[0] >= self.groups
            && self.channels >= self.groups;
        if divides { Some(self.input[0] / self.groups) } else { None }
    }

    /// Weights of the kernels: by channel of the receivers, channel that it hears, row, column.
    pub fn weights(&self) -> Option<u64> {
        let [rows, columns] = self.kernel.map(u64::from);
        let each = rows.checked_mul(columns)?;
        u64::from(self.channels).checked_mul(u64::from(self.heard()?))?.checked_mul(each)
    }

    /// Channels, rows and columns of the receivers; none if the kernel has no place among the senders, or the groups do
    /// not divide the channels.
    pub fn output(&self) -> Option<[u32; 3]> {
        self.heard()?;
        let length = |axis: usize| {
            let reach = u64::from(self.dilation[axis]).checked_mul(u64::from(self.kernel[axis].checked_sub(1)?))? + 1;
            let length = u64::from(self.input[axis + 1]) + 2 * u64::from(self.padding[axis]);
            let places = length.checked_sub(reach)?.checked_div(u64::from(self.stride[axis]))? + 1;
            u32::try_from(places).ok()
        };
        Some([self.channels, length(0)?, length(1)?])
    }

    /// The connections that there are at most: as many as without any padding.
    pub fn connections_max(&self) -> Option<u64> {
        let [channels, rows, columns] = self.output()?.map(u64::from);
        let receivers = channels.checked_mul(rows)?.checked_mul(columns)?;
        let [rows, columns] = self.kernel.map(u64::from);
        receivers.checked_mul(u64::from(self.heard()?))?.checked_mul(rows)?.checked_mul(columns)
    }

    /// The connections with a weight other than 0 as sender, receiver and weight, in the order of receivers.
    ///
    /// # Panics
    /// If there are not as many weights as [`Convolution::weights`] says.
    pub fn unroll(&self, weights: &[Weight]) -> Vec<(u32, u32, Weight)> {
        assert_eq!(Some(weights.len() as u64), self.weights(), "a weight for each place of each kernel");
        let mut all = Vec::new();
        let (Some([channels, rows, columns]), Some(heard)) = (self.output(), self.heard()) else { return all };
        let place =
            |[channel, row, column]: [u32; 3], [_, rows, columns]: [u32; 3]| (channel * rows + row) * columns + column;
        let per_group = self.channels / self.groups;
        for channel in 0..channels {
            let first = channel / per_group * heard;
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let post = place([channel, row, column], [channels, rows, columns]);
                for inner in 0..heard {
                    for y in 0..self.kernel[0] {
                        let Some(from_row) = self.source(0, row, y) else { continue };
                        for x in 0..self.kernel[1] {
                            let Some(from_column) = self.source(1, column, x) else { continue };
                            let kernel = place([channel * heard + inner, y, x], [0, self.kernel[0], self.kernel[1]]);
                            let weight = weights[kernel as usize];
                            if weight != Weight::ZERO {
                                all.push((place([first + inner, from_row, from_column], self.input), post, weight));
                            }
                        }
                    }
                }
            }
        }
        all
    }

    /// The row (axis 0) or column (axis 1) of the senders that a place of the kernel hears, if it is there.
    fn source(&self, axis: usize, at: u32, kernel: u32) -> Option<u32> {
        let place = u64::from(at) * u64::from(self.stride[axis]) + u64::from(kernel) * u64::from(self.dilation[axis]);
        let place = place.checked_sub(u64::from(self.padding[axis]))?;
        u32::try_from(place).ok().filter(|place| *place < self.input[axis + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(convolution: &Convolution) -> Vec<Weight> {
        (1..=convolution.weights().unwrap() as i32).map(Weight::from_bits).collect()
    }

    #[test]
    fn a_kernel_without_stride_is_counted_in_closed_form() {
        let plain = Convolution::new([2, 5, 7], 3, [3, 2]);
        assert_eq!((plain.output(), plain.weights()), (Some([3, 3, 6]), Some(36)));
        assert_eq!(plain.unroll(&weights(&plain)).len(), 3 * 3 * 6 * 2 * 3 * 2);
        // Of a kernel of 3 with padding 1, the places at both ends lack one.
        let same = Convolution { padding: [1, 1], ..Convolution::new([1, 5, 7], 1, [3, 3]) };
        assert_eq!(same.output(), Some([1, 5, 7]));
        assert_eq!(same.unroll(&weights(&same)).len(), (3 * 5 - 2) * (3 * 7 - 2));
        // Groups of one channel each.
        let pool = Convolution { stride: [2, 2], groups: 4, ..Convolution::new([4, 6, 6], 4, [2, 2]) };
        let all = pool.unroll(&weights(&pool));
        assert_eq!((pool.output(), all.len()), (Some([4, 3, 3]), 4 * 36));
        assert!(all.iter().all(|(pre, post, _)| pre / 36 == post / 9));
    }

    #[test]
    fn what_has_no_place_has_no_output() {
        let plain = Convolution::new([2, 5, 7], 3, [3, 2]);
        for wrong in [
            Convolution { kernel: [6, 2], ..plain },
            Convolution { kernel: [0, 2], ..plain },
            Convolution { stride: [0, 1], ..plain },
            Convolution { dilation: [3, 1], ..plain },
            Convolution { groups: 2, ..plain },
            Convolution { groups: 0, ..plain },
        ] {
            assert_eq!(wrong.output(), None, "{wrong:?}");
        }
    }

    proptest! {
        /// Against the definition: the sum over the kernel at each receiver.
        #[test]
        fn unrolled_it_is_the_sum_over_its_kernel(
            (rows, columns) in (1u32..7, 1u32..7),
            (kernel_rows, kernel_columns) in (1u32..4, 1u32..4),
            (stride, padding, dilation) in (1u32..4, 0u32..3, 1u32..3),
            (groups, inner, outer) in (1u32..3, 1u32..3, 1u32..3),
            values in proptest::collection::vec(-9i64..9, 4 * 36),
        ) {
            let c = Convolution {
                input: [groups * inner, rows, columns],
                channels: groups * outer,
                kernel: [kernel_rows, kernel_columns],
                stride: [stride, 1],
                padding: [padding, 1],
                dilation: [1, dilation],
                groups,
            };
            let Some([channels, out_rows, out_columns]) = c.output() else { return Ok(()) };
            let w = weights(&c);
            let mut sums = vec![0i64; (channels * out_rows * out_columns) as usize];
            for (pre, post, weight) in c.unroll(&w) {
                sums[post as usize] += values[pre as usize] * i64::from(weight.to_bits());
            }
            let input = |channel: u32, row: i64, column: i64| {
                let inside = (0..i64::from(rows)).contains(&row) && (0..i64::from(columns)).contains(&column);
                if inside { values[(channel as i64 * i64::from(rows) + row) as usize * columns as usize + column as usize] } else { 0 }
            };
            for (at, found) in sums.iter().enumerate() {
                let at = at as u32;
                let (channel, row, column) = (at / (out_rows * out_columns), at / out_columns % out_rows, at % out_columns);
                let mut sum = 0;
                for i in 0..inner {
                    for y in 0..kernel_rows {
                        for x in 0..kernel_columns {
                            let from_row = i64::from(row * stride + y) - i64::from(padding);
                            let from_column = i64::from(column + x * dilation) - 1;
                            let at = ((channel * inner + i) * kernel_rows + y) * kernel_columns + x;
                            let weight = i64::from(w[at as usize].to_bits());
                            sum += weight * input(channel / outer * inner + i, from_row, from_column);
                        }
                    }
                }
                prop_assert_eq!(*found, sum);
            }
        }
    }
}
