//! What a run did.

use crate::Chain;
use chip::Source;
use emulator::{LossCause, Observer, Spike};
use session::{Recording, Session};
use std::ops::Range;
use units::{NeuronId, Tick};

/// Events that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When they were sent.
    pub tick: Tick,
    /// Who sent them.
    pub source: Source,
    /// Why they did not arrive.
    pub cause: LossCause,
    /// How many.
    pub count: u64,
}

/// What a run did: all that it sent and lost, the readings of its probes, and the chain of its states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The state every so many ticks.
    pub chain: Chain,
    /// Spikes and changes of output, in order of tick, core and neuron.
    pub spikes: Vec<Spike>,
    /// Losses, in the order in which they happened.
    pub losses: Vec<Loss>,
    /// When the probes of the session were read.
    pub sampled: Vec<Tick>,
    /// What they read.
    pub states: Vec<Recording>,
}

/// One thing of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A spike or change of output.
    Spike(Spike),
    /// A loss.
    Loss(Loss),
    /// A reading of a probe: tick, core, neuron, quantity, bits.
    State(Tick, usize, NeuronId, String, i64),
}

impl Item {
    /// When it happened.
    pub const fn tick(&self) -> Tick {
        match self {
            Self::Spike(spike) => spike.tick,
            Self::Loss(loss) => loss.tick,
            Self::State(tick, ..) => *tick,
        }
    }
}

/// The first difference of two records, by what they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDifference {
    /// The ticks of the first interval after which the chains differ; `None` if they do not.
    pub interval: Option<Range<Tick>>,
    /// The first thing that differs, in the first record and in the second; `None` in both if only states differ that
    /// nobody read.
    pub items: [Option<Item>; 2],
}

/// Keeps what is sent and lost.
#[derive(Default)]
struct Watch {
    spikes: Vec<Spike>,
    losses: Vec<Loss>,
}

impl Observer for Watch {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.spikes.push(Spike { tick, core, neuron, value });
    }

    fn lose(&mut self, tick: Tick, source: Source, cause: LossCause, count: u64) {
        self.losses.push(Loss { tick, source, cause, count });
    }
}

impl Record {
    /// Runs `session` to `end` and records it, with a link of the chain every `every` ticks and one more at the end if
    /// that is in between.
    pub fn of(session: &mut Session, end: Tick, every: u64) -> Self {
        let mut chain = Chain::new(session.now(), every);
        let mut watch = Watch::default();
        while session.now() < end {
            session.run_until(chain.next_end().min(end), &mut watch);
            chain.push(session.digest());
        }
        let Watch { spikes, losses } = watch;
        Self { chain, spikes, losses, sampled: session.sampled().to_vec(), states: session.recordings().to_vec() }
    }

    /// The first difference from `other`, a record of the same ticks and probes; `None` if there is none.
    pub fn first_difference(&self, other: &Self) -> Option<RecordDifference> {
        let firsts = [
            first(&self.spikes, &other.spikes).map(|pair| pair.map(|item| item.copied().map(Item::Spike))),
            first(&self.losses, &other.losses).map(|pair| pair.map(|item| item.copied().map(Item::Loss))),
            self.first_state(other),
        ];
        let tick = |pair: &[Option<Item>; 2]| pair.iter().flatten().map(Item::tick).min();
        let items = firsts.into_iter().flatten().min_by_key(tick);
        let interval = self.chain.first_difference(&other.chain);
        (items.is_some() || interval.is_some())
            .then(|| RecordDifference { interval, items: items.unwrap_or([None, None]) })
    }

    fn first_state(&self, other: &Self) -> Option<[Option<Item>; 2]> {
        let pairs = self.states.iter().zip(&other.states);
        let differing = pairs.filter_map(|(one, two)| {
            let sample = one.bits.iter().zip(&two.bits).position(|(a, b)| a != b)?;
            let item = |recording: &Recording| {
                let probe = &recording.probe;
                let (quantity, bits) = (probe.kind.name.clone(), recording.bits[sample]);
                Some(Item::State(self.sampled[sample], probe.core, probe.neuron, quantity, bits))
            };
            Some((sample, [item(one), item(two)]))
        });
        differing.min_by_key(|(sample, _)| *sample).map(|(_, items)| items)
    }
}

/// The first elements in which two lists differ; one is missing where its list has ended.
fn first<'a, T: PartialEq>(one: &'a [T], two: &'a [T]) -> Option<[Option<&'a T>; 2]> {
    let length = one.len().max(two.len());
    (0..length).map(|index| [one.get(index), two.get(index)]).find(|[a, b]| a != b)
}
