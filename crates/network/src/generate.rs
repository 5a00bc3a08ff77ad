//! Seeded generators of connections.
//!
//! Every receiver draws from a stream of its own, addressed by seed, projection name and receiver, with a fixed number
//! of words a trial. Adding a receiver therefore changes no other receiver's connections, and changing the law of the
//! weights changes no connection. A part of a group draws as the whole does: a receiver has its stream, and a sender
//! its sign, by its place in the group. Adding a sender changes a receiver's connections only where the new sender is
//! among them. Two projections that shall differ need different names.

use crate::law::address;
use crate::{
    Connections, Distance, Endpoint, Falling, Law, Mask, Network, NetworkError, Projection, SynapseChoice, WeightFormat,
};
use disorder::{Distribution, Key, Purpose, uniform_below};
use fx::{Rounding, Weight, narrow};
use rand::Rng;
use std::ops::Range;
use std::sync::Arc;

/// Who is joined to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Each receiver hears exactly this many different senders, all equally likely.
    ///
    /// The time taken grows with the fan-in, not with the number of senders; for a fan-in near that number,
    /// [`Pattern::AllToAll`] with a [`Mask::fraction`] is faster.
    FanIn(u32),
    /// Each sender and receiver are joined with the probability `per_65536 / 65536`, each pair for itself.
    Probability {
        /// The probability in units of 1/65536; from 65536 on, all are joined.
        per_65536: u32,
    },
    /// Each receiver hears every sender.
    AllToAll,
    /// Receiver `i` hears sender `i`.
    OneToOne,
    /// Senders and receivers stand on one ring, and each receiver hears its nearest neighbours; with some of them
    /// replaced by any others, a small world (Watts and Strogatz, Nature 393, 1998).
    Ring {
        /// Neighbours that are heard on each side. A fan-in is twice this, rewired or not.
        each_side: u32,
        /// The probability that a neighbour is replaced by a sender that is not heard yet, in units of 1/65536.
        rewired_per_65536: u32,
    },
    /// What falls with the distance of sender and receiver, each pair for itself.
    Distance(Distance),
    /// Each receiver hears exactly this many different senders, and of these exactly the share that is inhibitory, to
    /// nearest; which senders are inhibitory, and how much stronger, is said by [`Signs::PerSender`] (Brunel, Journal
    /// of Computational Neuroscience 8, 2000).
    Balanced {
        /// Senders that each receiver hears.
        fan_in: u32,
    },
}

/// The law of the weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weights {
    /// All the same.
    Constant(Weight),
    /// Uniform from `mean - spread` to `mean + spread`, over all numbers of the format.
    Uniform {
        /// The middle.
        mean: Weight,
        /// Half the width; its sign does not matter.
        spread: Weight,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: Weight,
        /// The standard deviation; its sign does not matter.
        spread: Weight,
    },
    /// A mean times a factor of some family.
    Family {
        /// The mean.
        mean: Weight,
        /// Family and coefficient of variation of the factor.
        distribution: Arc<Distribution>,
    },
}

impl Weights {
    /// Weight number `index` of those that `owner` draws for `what`: a function of these three and the seed alone.
    pub fn draw_for(&self, seed: u64, owner: &str, what: &str, index: u64) -> Weight {
        Weight::from_bits(narrow(self.law().draw(address(seed, owner, what).slot(index).first_word())))
    }

    /// The same as a law of whole numbers of the format's last place.
    fn law(&self) -> Law {
        let bits = |weight: &Weight| i64::from(weight.to_bits());
        match self {
            Self::Constant(weight) => Law::Constant(bits(weight)),
            Self::Uniform { mean, spread } => {
                let (mean, spread) = (bits(mean), bits(spread).abs());
                Law::Uniform { low: mean - spread, high: mean + spread }
            }
            Self::Normal { mean, spread } => Law::Normal { mean: bits(mean), deviation: bits(spread).abs() },
            Self::Family { mean, distribution } => {
                Law::Family { mean: bits(mean), distribution: Arc::clone(distribution) }
            }
        }
    }
}

/// How many weights are inhibitory, and how strong they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inhibition {
    /// Share of inhibitory senders or connections, in units of 1/65536.
    pub per_65536: u32,
    /// An inhibitory weight has this many times the magnitude drawn; [`Weight::ONE`] for balanced magnitudes.
    pub strength: Weight,
}

/// Where the sign of a weight comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// From the law of the weights.
    AsDrawn,
    /// From its sender (Dale's principle): the magnitude drawn, negative for inhibitory senders.
    ///
    /// The inhibitory senders are spread evenly over their group, sender `j` being one if `(j + 1) f` passes a whole
    /// number that `j f` does not: the first `n` hold `f n` of them for every `n`, to within one, and all projections
    /// of a group agree on them.
    PerSender(Inhibition),
    /// From a throw of its own: the magnitude drawn, negative with the share's probability.
    PerConnection(Inhibition),
}

/// A projection to be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionSpec {
    /// Its name, which also selects its random streams.
    pub name: String,
    /// Where it starts.
    pub pre: Endpoint,
    /// The senders within `pre`; none: all of them.
    pub pre_part: Option<Range<u32>>,
    /// Index of the population where it ends.
    pub post: usize,
    /// The receivers within `post`; none: all of them.
    pub post_part: Option<Range<u32>>,
    /// Who is joined to whom.
    pub pattern: Pattern,
    /// The law of the weights.
    pub weights: Weights,
    /// The signs of the weights.
    pub signs: Signs,
    /// Whether a neuron may hear itself; of no matter unless the projection is recurrent.
    pub self_connections: bool,
    /// Kinds of synapse.
    pub synapse: SynapseChoice,
    /// Ticks between a spike and its arrival, at least 1.
    pub delay_ticks: u16,
}

impl ProjectionSpec {
    /// Draws the connections between two groups of `network`, all of them kept.
    ///
    /// # Errors
    /// If `network` does not have the two ends, a fan-in exceeds the number of senders, groups of different sizes are
    /// to be joined one to one or as a ring, or a grid does not have a place for each neuron.
    pub fn generate(&self, network: &Network, seed: u64) -> Result<Projection, NetworkError> {
        let size = |endpoint| {
            let unknown = || NetworkError::UnknownEndpoint { projection: self.name.clone(), endpoint };
            network.size_of(endpoint).ok_or_else(unknown)
        };
        let (pre_size, post_size) = (size(self.pre)?, size(Endpoint::Population(self.post))?);
        let part = |part: &Option<Range<u32>>, size| part.clone().unwrap_or(0..size);
        let (senders, receivers) = (part(&self.pre_part, pre_size), part(&self.post_part, post_size));
        for (part, size) in [(&senders, pre_size), (&receivers, post_size)] {
            if part.start > part.end || part.end > size {
                let (projection, index, size) = (self.name.clone(), part.end.into(), size.into());
                return Err(NetworkError::OutOfRange { projection, what: "part", index, size });
            }
        }
        let count = senders.end - senders.start;
        // The sender that each receiver must not hear.
        let excludes_itself = !self.self_connections && self.pre == Endpoint::Population(self.post);
        let excludes = |post| excludes_itself && senders.contains(&post);
        let available = count.saturating_sub(u32::from(receivers.clone().any(excludes)));
        let receiver_count = receivers.end - receivers.start;
        match self.pattern {
            Pattern::FanIn(wanted) if wanted > available => {
                return Err(NetworkError::FanIn { name: self.name.clone(), wanted, available });
            }
            Pattern::OneToOne if count != receiver_count => {
                let (name, senders, receivers) = (self.name.clone(), count, receiver_count);
                return Err(NetworkError::OneToOne { name, senders, receivers });
            }
            Pattern::Ring { each_side, .. } => self.check_ring(each_side, count, receiver_count)?,
            Pattern::Distance(distance) => self.check_grids(&distance, count, receiver_count)?,
            _ => {}
        }
        let pools = match self.pattern {
            Pattern::Balanced { fan_in } => self.pools(fan_in, senders.clone(), receivers.clone().any(excludes))?,
            _ => Vec::new(),
        };
        let key = Key::new(seed, Purpose::Initialisation).name(&self.name);
        let law = self.weights.law();
        let mut draws = Vec::new();
        let mut heard_by = vec![0; count as usize]; // the last receiver, plus 1
        for post in receivers.clone() {
            let mut stream = key.slot(u64::from(post)).stream();
            let excluded = excludes(post).then_some(post);
            let weigh = |pre, words| self.weight(&law, pre, words);
            let mut join = |pre, weight| draws.push((pre, post, weight));
            let mut hear = |place: u32| std::mem::replace(&mut heard_by[place as usize], post + 1) != post + 1;
            match self.pattern {
                Pattern::FanIn(wanted) => {
                    let mut found = 0;
                    while found < wanted {
                        let place = pick(stream.next_u64(), count);
                        let words = Words::next(&mut stream);
                        if hear(place) && excluded != Some(senders.start + place) {
                            join(senders.start + place, weigh(senders.start + place, words));
                            found += 1;
                        }
                    }
                }
                Pattern::Balanced { .. } => {
                    for (members, wanted) in &pools {
                        let mut found = 0;
                        while found < *wanted {
                            let pre = members[pick(stream.next_u64(), members.len() as u32) as usize];
                            let words = Words::next(&mut stream);
                            if hear(pre - senders.start) && excluded != Some(pre) {
                                join(pre, weigh(pre, words));
                                found += 1;
                            }
                        }
                    }
                }
                Pattern::Ring { each_side, rewired_per_65536 } => {
                    let place = post - receivers.start;
                    let sides = |apart: u32| [(place + count - apart) % count, (place + apart) % count];
                    let neighbours = (1..=each_side).flat_map(sides);
                    let mut moved = Vec::new();
                    for neighbour in neighbours {
                        let is_moved = uniform_below(&mut stream, 65536) < u64::from(rewired_per_65536);
                        let words = Words::next(&mut stream);
                        if is_moved {
                            moved.push(words);
                        } else {
                            hear(neighbour);
                            join(senders.start + neighbour, weigh(senders.start + neighbour, words));
                        }
                    }
                    // What is replaced can be any sender that is not heard, its old place among them.
                    for words in moved {
                        loop {
                            let place = pick(stream.next_u64(), count);
                            if excluded != Some(senders.start + place) && hear(place) {
                                join(senders.start + place, weigh(senders.start + place, words));
                                break;
                            }
                        }
                    }
                }
                Pattern::Distance(distance) => {
                    for pre in senders.clone() {
                        let throw = stream.next_u64() >> 32;
                        let words = Words::next(&mut stream);
                        let left = distance.left(pre - senders.start, post - receivers.start);
                        let Some(left) = left.filter(|_| excluded != Some(pre)) else { continue };
                        match distance.of {
                            Falling::Probability(per_65536) => {
                                let of_2_32 = u128::from(per_65536) << 16;
                                let share = (of_2_32 * left.to_bits() as u128) >> fx::Fraction::FRACTION_BITS;
                                if u128::from(throw) < share {
                                    join(pre, weigh(pre, words));
                                }
                            }
                            Falling::Weight => {
                                let weight = weigh(pre, words).to_real();
                                let weight = weight.mul_fraction_nearest(left).to_weight_nearest();
                                if weight != Weight::ZERO {
                                    join(pre, weight);
                                }
                            }
                        }
                    }
                }
                Pattern::Probability { per_65536 } => {
                    for pre in senders.clone() {
                        let joined = uniform_below(&mut stream, 65536) < u64::from(per_65536);
                        let words = Words::next(&mut stream);
                        if joined && excluded != Some(pre) {
                            join(pre, weigh(pre, words));
                        }
                    }
                }
                Pattern::AllToAll => {
                    for pre in senders.clone() {
                        let words = Words::next(&mut stream);
                        if excluded != Some(pre) {
                            join(pre, weigh(pre, words));
                        }
                    }
                }
                Pattern::OneToOne => {
                    let pre = senders.start + (post - receivers.start);
                    if excluded != Some(pre) {
                        join(pre, weigh(pre, Words::next(&mut stream)));
                    }
                }
            }
        }
        let connections = by_sender(pre_size, &draws);
        Ok(Projection {
            name: self.name.clone(),
            pre: self.pre,
            post: self.post,
            synapse: self.synapse.clone(),
            mask: Mask::all(connections.len()),
            connections,
            delay_ticks: self.delay_ticks,
            weight_format: WeightFormat::default(),
        })
    }

    /// Refuses a ring that is none.
    fn check_ring(&self, each_side: u32, senders: u32, receivers: u32) -> Result<(), NetworkError> {
        let name = || self.name.clone();
        if senders != receivers {
            return Err(NetworkError::Ring { name: name(), senders, receivers });
        }
        let most = senders.saturating_sub(1) / 2;
        if each_side > most {
            return Err(NetworkError::RingSides { name: name(), wanted: each_side, size: senders, most });
        }
        Ok(())
    }

    /// Refuses grids that do not have a place for each neuron.
    fn check_grids(&self, distance: &Distance, senders: u32, receivers: u32) -> Result<(), NetworkError> {
        for (end, grid, members) in
            [("senders", distance.senders, senders), ("receivers", distance.receivers, receivers)]
        {
            let (rows, columns, places) = (grid.rows, grid.columns, grid.places());
            if places != u64::from(members) {
                return Err(NetworkError::Grid { name: self.name.clone(), end, rows, columns, places, members });
            }
        }
        Ok(())
    }

    /// The excitatory and the inhibitory ones of `senders`, and how many of each a receiver hears.
    fn pools(&self, fan_in: u32, senders: Range<u32>, excludes: bool) -> Result<Vec<(Vec<u32>, u32)>, NetworkError> {
        let per_65536 = match self.signs {
            Signs::PerSender(inhibition) => inhibition.per_65536.min(65536),
            Signs::AsDrawn | Signs::PerConnection(_) => 0,
        };
        let (inhibitory, excitatory): (Vec<u32>, Vec<u32>) = senders.partition(|pre| is_inhibitory(*pre, per_65536));
        let of_inhibitory = ((u64::from(fan_in) * u64::from(per_65536) + (1 << 15)) >> 16) as u32;
        let pools = [("excitatory", excitatory, fan_in - of_inhibitory), ("inhibitory", inhibitory, of_inhibitory)];
        for (what, members, wanted) in &pools {
            let available = (members.len() as u32).saturating_sub(u32::from(excludes));
            if *wanted > available {
                let name = format!("{}, {what} senders", self.name);
                return Err(NetworkError::FanIn { name, wanted: *wanted, available });
            }
        }
        Ok(pools.into_iter().map(|(_, members, wanted)| (members, wanted)).collect())
    }

    /// The weight of a connection from `pre`.
    fn weight(&self, law: &Law, pre: u32, words: Words) -> Weight {
        let drawn = Weight::from_bits(narrow(law.draw(words.weight)));
        let signed = |is_inhibitory, inhibition: Inhibition| {
            if is_inhibitory {
                drawn.abs().mul(inhibition.strength.abs(), Rounding::HalfEven).neg_sat()
            } else {
                drawn.abs()
            }
        };
        match self.signs {
            Signs::AsDrawn => drawn,
            Signs::PerSender(inhibition) => signed(is_inhibitory(pre, inhibition.per_65536.min(65536)), inhibition),
            Signs::PerConnection(inhibition) => signed(words.sign >> 48 < u64::from(inhibition.per_65536), inhibition),
        }
    }
}

/// Whether sender `pre` is one of the inhibitory ones, spread evenly; see [`Signs::PerSender`].
fn is_inhibitory(pre: u32, per_65536: u32) -> bool {
    let passed = |senders: u64| (senders * u64::from(per_65536)) >> 16;
    passed(u64::from(pre) + 1) > passed(u64::from(pre))
}

/// The random words of one trial; always as many, whether they are used or not.
#[derive(Clone, Copy)]
struct Words {
    sign: u64,
    weight: u64,
}

impl Words {
    fn next(stream: &mut impl Rng) -> Self {
        Self { sign: stream.next_u64(), weight: stream.next_u64() }
    }
}

/// One of `count` senders, equally likely to within 2^-32, so that one more sender changes the pick with probability
/// `1 / (count + 1)`, and then to the new one.
///
/// It is what reservoir sampling keeps of the senders in turn: sender `j` replaces the one kept with probability
/// `1 / (j + 1)`. The next to do so after `kept` is found directly, since it is at least `m` with probability
/// `(kept + 1) / m` (the jump of Lamping and Veach, arXiv 1406.2294).
fn pick(word: u64, count: u32) -> u32 {
    let (mut state, mut kept) = (word, 0);
    loop {
        let fraction = (state >> 32) + 1; // of 2^32
        match u32::try_from(((u64::from(kept) + 1) << 32) / fraction) {
            Ok(next) if next < count => kept = next,
            _ => return kept,
        }
        // The multiplier and increment of Knuth's MMIX; the upper half of the state is used.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    }
}

/// Connections sorted by receiver, sorted by sender. There are too many to compare them with each other.
fn by_sender(senders: u32, draws: &[(u32, u32, Weight)]) -> Connections {
    let mut starts = vec![0u64; senders as usize + 1];
    for &(pre, ..) in draws {
        starts[pre as usize + 1] += 1;
    }
    for i in 0..senders as usize {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let (mut posts, mut weights) = (vec![0; draws.len()], vec![Weight::ZERO; draws.len()]);
    for &(pre, post, weight) in draws {
        let place = next[pre as usize] as usize;
        (posts[place], weights[place]) = (post, weight);
        next[pre as usize] += 1;
    }
    Connections::from_rows(starts, posts, weights)
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "moments of what was drawn")]
mod tests;
