//! Seeded generators of connections.
//!
//! Every receiver draws from a stream of its own, addressed by seed, projection name and receiver, with a fixed number
//! of words a trial. Adding a receiver therefore changes no other receiver's connections, and changing the law of the
//! weights changes no connection. Adding a sender changes a receiver's connections only where the new sender is among
//! them. Two projections that shall differ need different names.

use crate::{Connections, Endpoint, Mask, Network, NetworkError, Projection, SynapseChoice, WeightFormat};
use disorder::{Key, Purpose, normal_deviate, uniform_below};
use fx::{Rounding, Weight, narrow, shift_right};
use rand::Rng;

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
}

/// The law of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Index of the population where it ends.
    pub post: usize,
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
    /// If `network` does not have the two ends, a fan-in exceeds the number of senders, or groups of different sizes
    /// are to be joined one to one.
    pub fn generate(&self, network: &Network, seed: u64) -> Result<Projection, NetworkError> {
        let size = |endpoint| {
            let unknown = || NetworkError::UnknownEndpoint { projection: self.name.clone(), endpoint };
            network.size_of(endpoint).ok_or_else(unknown)
        };
        let (senders, receivers) = (size(self.pre)?, size(Endpoint::Population(self.post))?);
        // The sender that each receiver must not hear.
        let excludes_itself = !self.self_connections && self.pre == Endpoint::Population(self.post);
        let available = senders.saturating_sub(u32::from(excludes_itself));
        match self.pattern {
            Pattern::FanIn(wanted) if wanted > available => {
                return Err(NetworkError::FanIn { name: self.name.clone(), wanted, available });
            }
            Pattern::OneToOne if senders != receivers => {
                return Err(NetworkError::OneToOne { name: self.name.clone(), senders, receivers });
            }
            _ => {}
        }
        let key = Key::new(seed, Purpose::Initialisation).name(&self.name);
        let mut draws = Vec::new();
        let mut heard_by = vec![0; senders as usize]; // the last receiver, plus 1
        for post in 0..receivers {
            let mut stream = key.slot(u64::from(post)).stream();
            let excluded = excludes_itself.then_some(post);
            let mut join = |pre, words| draws.push((pre, post, self.weight(pre, words)));
            match self.pattern {
                Pattern::FanIn(wanted) => {
                    let mut found = 0;
                    while found < wanted {
                        let pre = pick(stream.next_u64(), senders);
                        let words = Words::next(&mut stream);
                        let is_new = std::mem::replace(&mut heard_by[pre as usize], post + 1) != post + 1;
                        if is_new && excluded != Some(pre) {
                            join(pre, words);
                            found += 1;
                        }
                    }
                }
                Pattern::Probability { per_65536 } => {
                    for pre in 0..senders {
                        let joined = uniform_below(&mut stream, 65536) < u64::from(per_65536);
                        let words = Words::next(&mut stream);
                        if joined && excluded != Some(pre) {
                            join(pre, words);
                        }
                    }
                }
                Pattern::AllToAll => {
                    for pre in 0..senders {
                        let words = Words::next(&mut stream);
                        if excluded != Some(pre) {
                            join(pre, words);
                        }
                    }
                }
                Pattern::OneToOne if excluded.is_none() => join(post, Words::next(&mut stream)),
                Pattern::OneToOne => {}
            }
        }
        let connections = by_sender(senders, &draws);
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

    /// The weight of a connection from `pre`.
    fn weight(&self, pre: u32, words: Words) -> Weight {
        let drawn = match self.weights {
            Weights::Constant(weight) => weight,
            Weights::Uniform { mean, spread } => {
                let spread = i64::from(spread.to_bits()).abs();
                let above_lowest = (u128::from(words.weight) * (2 * spread as u128 + 1)) >> 64;
                Weight::from_bits(narrow(i64::from(mean.to_bits()) - spread + above_lowest as i64))
            }
            Weights::Normal { mean, spread } => {
                let deviate = normal_deviate(words.weight);
                let exact = i128::from(deviate.to_bits()) * i128::from(spread.abs().to_bits());
                mean.add_sat(Weight::from_bits(narrow(shift_right(exact, 32, Rounding::HalfEven))))
            }
        };
        let signed = |is_inhibitory, inhibition: Inhibition| {
            if is_inhibitory {
                drawn.abs().mul(inhibition.strength.abs(), Rounding::HalfEven).neg_sat()
            } else {
                drawn.abs()
            }
        };
        match self.signs {
            Signs::AsDrawn => drawn,
            Signs::PerSender(inhibition) => {
                let passed = |senders: u32| (u64::from(senders) * u64::from(inhibition.per_65536.min(65536))) >> 16;
                signed(passed(pre + 1) > passed(pre), inhibition)
            }
            Signs::PerConnection(inhibition) => signed(words.sign >> 48 < u64::from(inhibition.per_65536), inhibition),
        }
    }
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
