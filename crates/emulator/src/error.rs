//! What a caller can do wrong. Each variant says whether the run can go on after it: there is none yet, or nothing was
//! sent and the emulator is as it was.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use chip::CoreModel;
use device_models::DeviceModelError;
use router::RouterError;
use thiserror::Error;
use units::{CoreAddress, NeuronAddress, Tick};

/// Why a program cannot be run, or an event not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The connections of the program are wrong.
    /// There is no run yet.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The parameters of a core are wrong.
    /// There is no run yet.
    #[error(transparent)]
    Core(#[from] DeviceModelError),
    /// A fabric was given that was not built from this program.
    /// There is no run yet.
    #[error("the fabric was built from another program; build it from the one that is to be run")]
    ForeignFabric,
    /// An event for a channel that the program does not have.
    /// Nothing is sent; the run can go on.
    #[error("input channel {input} does not exist: the program has {count}")]
    UnknownInput {
        /// The channel.
        input: u32,
        /// Channels of the program.
        count: usize,
    },
    /// An event for a tick that is over, or for the tick that stands for "never".
    /// Nothing is sent; the run can go on.
    #[error("an event of input channel {input} for tick {tick} cannot be sent: the emulation is at tick {now}")]
    OutOfTime {
        /// The channel.
        input: u32,
        /// The tick asked for.
        tick: Tick,
        /// The next tick that will be processed.
        now: Tick,
    },
    /// What a neuron sent in another run was to be passed on in a tick that is over.
    /// Nothing is sent; the run can go on.
    #[error("what {neuron} sent in tick {tick} cannot be passed on: the emulation is at tick {now}")]
    PassedOn {
        neuron: NeuronAddress,
        /// The tick asked for.
        tick: Tick,
        /// The next tick that will be processed.
        now: Tick,
    },
    /// A channel that drives spiking neurons was given a negative number of spikes, or too many in one tick.
    /// Nothing is sent; the run can go on.
    #[error("input channel {input} would have {spikes} spikes in tick {tick}; it can have from 0 to {limit}")]
    SpikeCount {
        /// The channel.
        input: u32,
        tick: Tick,
        /// Spikes in that tick, with those sent before.
        spikes: i64,
        /// Most spikes of a channel in a tick.
        limit: i32,
    },
    /// A channel that drives spiking neurons was given too many spikes in one step of several ticks.
    /// Nothing is sent; the run can go on.
    #[error(
        "input channel {input} would have {spikes} spikes in the step that ends with tick {step_end}; it can have from \
         0 to {limit}"
    )]
    SpikesPerStep {
        /// The channel.
        input: u32,
        /// The last tick of the step: a multiple of the chip's step.
        step_end: Tick,
        /// Spikes in that step, with those sent before.
        spikes: i64,
        /// Most spikes of a channel in a step.
        limit: i32,
    },
    /// The level of a channel that drives rate units would leave its range.
    /// Nothing is sent; the run can go on.
    #[error("the level of input channel {input} would become {level} (units of 2^-16), beyond +-{limit}")]
    Level {
        /// The channel.
        input: u32,
        /// The level after this event.
        level: i64,
        /// Largest magnitude of a level.
        limit: i32,
    },
    /// The messages of a channel in one tick add up to more than 32 bits hold.
    /// Nothing is sent; the run can go on.
    #[error("the messages of input channel {input} for tick {tick} add up to {total}, which 32 bits do not hold")]
    Message {
        /// The channel.
        input: u32,
        tick: Tick,
        /// The sum.
        total: i64,
    },
    /// Noise of the weights of each event, on a core that keeps a sum of all events.
    /// There is no run yet.
    #[error(
        "{core} runs the model `{model}`, whose inputs are changes of a level that add up; weights that differ from \
         event to event would make them drift: run it without noise, or without `event_weight_cv`"
    )]
    GradedEventNoise { core: CoreAddress, model: CoreModel },
    /// Noise of events, on a core that adds them up in an order that is part of its rules, and counts them first.
    /// There is no run yet.
    #[error(
        "{core} runs the model `{model}`, whose chip counts the spikes of a step and adds them up in a fixed order; late \
         spikes and weights that differ from event to event have no place in its rules: run it without noise, or \
         without `event_weight_cv` and `event_jitter_ticks`"
    )]
    OrderedEventNoise { core: CoreAddress, model: CoreModel },
    /// Thresholds that change within a run, on a core whose model has none of that.
    /// There is no run yet.
    #[error(
        "{core} runs the model `{model}`, which has no threshold that changes within a run: run it without noise, or \
         without `event_threshold_cv`, or use the model `lif` or `analog-lif`"
    )]
    ThresholdNoise { core: CoreAddress, model: CoreModel },
    /// A snapshot does not belong to this program and die, or is damaged.
    /// There is no run yet.
    #[error("the snapshot cannot be resumed: {what}")]
    Snapshot {
        /// What does not fit.
        what: &'static str,
    },
}
