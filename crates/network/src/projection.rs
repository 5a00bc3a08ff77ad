//! Connections between two groups, with a mask for those that were taken away.

use crate::law::{Law, address};
use crate::{Endpoint, Mask};
use chip::WeightSigns;
use fx::{Rounding, Weight, shift_right};
use rand::Rng;
use std::ops::Range;

/// The last place of the law of a delay, in bits of a tick.
pub const DELAY_FRACTION_BITS: u32 = 16;

/// The kinds of synapse, by their names on the chip, that a projection uses for each sign of weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynapseChoice {
    /// For weights above 0.
    pub excitatory: String,
    /// For weights below 0.
    pub inhibitory: String,
}

/// One connection, as [`Connections::iter`] yields it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Sending neuron or channel.
    pub pre: u32,
    /// Receiving neuron.
    pub post: u32,
    /// Weight, in the voltage unit of the chip's threshold (mV, or 1 = the threshold).
    pub weight: Weight,
}

/// Sparse connections in rows by sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Row `i` is `starts[i]..starts[i + 1]`; one longer than the number of senders.
    starts: Vec<u64>,
    post: Vec<u32>,
    weight: Vec<Weight>,
    /// Ticks of each connection, where they are not all the projection's.
    delay: Option<Vec<u16>>,
}

impl Connections {
    /// Connections of `pre_count` senders from a list, which is sorted by sender and receiver; several connections
    /// between the same two neurons stay separate.
    ///
    /// # Panics
    /// If a sender is not below `pre_count`.
    pub fn from_list(pre_count: u32, mut list: Vec<(u32, u32, Weight)>) -> Self {
        list.sort_by_key(|&(pre, post, weight)| (pre, post, weight.to_bits()));
        let post = list.iter().map(|c| c.1).collect();
        let weight = list.iter().map(|c| c.2).collect();
        Self { starts: starts(pre_count, list.iter().map(|c| c.0)), post, weight, delay: None }
    }

    /// The same, with a delay in ticks for each connection. Delays are as they are wished for: 0 is less than half a
    /// tick, and no chip has it.
    ///
    /// # Panics
    /// If a sender is not below `pre_count`.
    pub fn from_delayed_list(pre_count: u32, mut list: Vec<(u32, u32, Weight, u16)>) -> Self {
        list.sort_by_key(|&(pre, post, weight, delay)| (pre, post, weight.to_bits(), delay));
        let post = list.iter().map(|c| c.1).collect();
        let weight = list.iter().map(|c| c.2).collect();
        let delay = list.iter().map(|c| c.3).collect();
        Self { starts: starts(pre_count, list.iter().map(|c| c.0)), post, weight, delay: Some(delay) }
    }

    /// Connections from rows that are there already: `starts` has one entry more than there are senders, begins
    /// with 0, never falls and ends with the common length of `post` and `weight`.
    ///
    /// # Panics
    /// If the three do not fit together.
    pub fn from_rows(starts: Vec<u64>, post: Vec<u32>, weight: Vec<Weight>) -> Self {
        assert_eq!(post.len(), weight.len(), "one weight a target");
        assert!(starts.first() == Some(&0) && starts.is_sorted(), "row starts begin with 0 and never fall");
        assert_eq!(starts.last().copied(), Some(post.len() as u64), "the last row ends with the last target");
        Self { starts, post, weight, delay: None }
    }

    /// The same connections with these delays in ticks, in their order; see [`Connections::from_delayed_list`].
    ///
    /// # Panics
    /// If there is not one delay a connection.
    #[must_use]
    pub fn with_delays(self, delays: Vec<u16>) -> Self {
        assert_eq!(delays.len(), self.post.len(), "one delay a connection");
        Self { delay: Some(delays), ..self }
    }

    /// The same connections with each weight as `change` makes it of the one that there is; none if that is none of one.
    pub fn with_weights(&self, change: impl Fn(Weight) -> Option<Weight>) -> Option<Self> {
        let weight = self.weight.iter().map(|weight| change(*weight)).collect::<Option<_>>()?;
        Some(Self { weight, ..self.clone() })
    }

    /// The delay of each connection in ticks, in order; none: they all have that of their projection.
    pub fn delays(&self) -> Option<&[u16]> {
        self.delay.as_deref()
    }

    /// Number of senders.
    pub fn row_count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Number of connections.
    pub fn len(&self) -> usize {
        self.post.len()
    }

    /// Whether there is no connection.
    pub fn is_empty(&self) -> bool {
        self.post.is_empty()
    }

    /// Targets and weights of sender `pre`.
    pub fn row(&self, pre: u32) -> (&[u32], &[Weight]) {
        let range = self.row_range(pre);
        (&self.post[range.clone()], &self.weight[range])
    }

    /// The indices of the connections of sender `pre`, as a [`Mask`] counts them.
    pub fn row_range(&self, pre: u32) -> Range<usize> {
        self.starts[pre as usize] as usize..self.starts[pre as usize + 1] as usize
    }

    /// All connections, in order: the index of a connection in this sequence is its index in a [`Mask`].
    pub fn iter(&self) -> impl Iterator<Item = Connection> + '_ {
        (0..self.row_count() as u32).flat_map(move |pre| {
            let (post, weight) = self.row(pre);
            post.iter().zip(weight).map(move |(&post, &weight)| Connection { pre, post, weight })
        })
    }
}

/// Row starts for these senders, sorted.
fn starts(pre_count: u32, senders: impl Iterator<Item = u32>) -> Vec<u64> {
    let mut starts = vec![0u64; pre_count as usize + 1];
    for pre in senders {
        starts[pre as usize + 1] += 1;
    }
    for i in 0..pre_count as usize {
        starts[i + 1] += starts[i];
    }
    starts
}

/// Connections from one group to one population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Name, for reports.
    pub name: String,
    /// Where it starts.
    pub pre: Endpoint,
    /// Index of the population where it ends.
    pub post: usize,
    /// Kinds of synapse.
    pub synapse: SynapseChoice,
    /// The connections that were wished for.
    pub connections: Connections,
    /// The connections that are wanted of these; a connection that is masked out takes no resource of a chip.
    pub mask: Mask,
    /// Ticks between a spike and its arrival, at least 1; of connections without a delay of their own.
    pub delay_ticks: u16,
    /// How a chip with formats of weights is to store them.
    pub weight_format: WeightFormat,
}

/// How a chip that has several formats of weights is to store those of a projection; what is not said is chosen by the
/// mapper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeightFormat {
    /// Which signs the synapses may have.
    pub signs: Option<WeightSigns>,
    /// Bits of a weight, the sign of a mixed one included.
    pub bits: Option<u8>,
    /// Power of two that the stored weights are multiplied by.
    pub exponent: Option<i8>,
}

impl WeightFormat {
    /// Whether everything is left to the mapper.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }
}

impl Projection {
    /// The connections that the mask keeps, in order.
    pub fn kept(&self) -> impl Iterator<Item = Connection> + '_ {
        self.connections.iter().enumerate().filter(|(i, _)| self.mask.keeps(*i)).map(|(_, c)| c)
    }

    /// Ticks between a spike and its arrival through connection `index`.
    pub fn delay_of(&self, index: usize) -> u16 {
        self.connections.delays().map_or(self.delay_ticks, |delays| delays[index])
    }

    /// Draws a delay for each connection from `law`, whose numbers are of 2^-[`DELAY_FRACTION_BITS`] ticks, to the
    /// nearest tick. A delay depends on the seed, the name of the projection, the two ends, and which of several
    /// connections between them it is; what is below 0 counts as 0.
    ///
    /// # Errors
    /// How many of the delays are too long for 16 bits.
    pub fn draw_delays(&mut self, law: &Law, seed: u64) -> Result<(), usize> {
        let address = address(seed, &self.name, "delay");
        let mut delays = Vec::with_capacity(self.connections.len());
        let (mut too_long, mut last, mut stream) = (0, None, address.stream());
        for c in self.connections.iter() {
            if last.replace((c.pre, c.post)) != Some((c.pre, c.post)) {
                stream = address.slot(u64::from(c.pre) << 32 | u64::from(c.post)).stream();
            }
            let drawn = i128::from(law.draw(stream.next_u64()));
            let ticks = shift_right(drawn, DELAY_FRACTION_BITS, Rounding::HalfEven).max(0);
            too_long += usize::from(ticks > i128::from(u16::MAX));
            delays.push(ticks as u16);
        }
        if too_long > 0 {
            return Err(too_long);
        }
        self.connections = std::mem::take(&mut self.connections).with_delays(delays);
        Ok(())
    }

    /// Masks out every connection.
    pub fn remove_all(&mut self) {
        self.mask = Mask::none(self.connections.len());
    }
}
