//! From analog samples to events. `docs/concepts/encoder.md` describes the same for users.
//!
//! A sample is held for some ticks. While it is held, each of the `K` spike trains of its channel has the rate that
//! its tuning curve gives the value. The curves are triangles whose centres divide the channel's range evenly and
//! whose feet stand on the neighbouring centres, so at most two trains of a channel are active and their activities
//! add up to 1. With `K = 2` this is an ON/OFF pair, with `K = 1` a single train whose rate rises with the value.
//!
//! All arithmetic is in integers; rates are exact decimals until they become a fraction of one spike a tick with 62
//! fraction bits.

use crate::{Range, Signal, TaskError};
use disorder::{Key, Purpose, chance};
use fx::{Fraction, Real};
use rand::Rng;
use units::{Decimal, Dimension, InputId, Quantity, Tick, Unit};

/// When a train with a given rate spikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SpikePattern {
    /// Evenly: a phase advances by the rate each tick, and the train spikes when it passes 1. Initial phases are
    /// spread by the golden ratio, so that trains do not spike together.
    #[default]
    Deterministic,
    /// At random and independently in each tick, with the rate as probability, from streams that are addressed by
    /// seed, utterance and train.
    Poisson,
}

/// Options of an [`Encoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderOptions {
    /// Ticks for which a sample is held, at least 1.
    pub ticks_per_sample: u32,
    /// Spike trains a channel, at least 1.
    pub trains_per_channel: u32,
    /// When trains spike.
    pub pattern: SpikePattern,
    /// Rate of a train whose tuning curve is 0, such as `0 Hz`.
    pub rate_min: Quantity,
    /// Rate of a train whose tuning curve is 1, such as `200 Hz`; at most one spike a tick.
    pub rate_max: Quantity,
}

impl Default for EncoderOptions {
    /// An ON/OFF pair of deterministic trains a channel, 0 to 200 Hz, 20 ticks a sample: of 2, 4 and 6 trains, the
    /// pair did best on Japanese Vowels with 256 integrate-and-fire neurons.
    fn default() -> Self {
        let hertz = |value| Quantity::new(Decimal::integer(value), unit("Hz"));
        Self {
            ticks_per_sample: 20,
            trains_per_channel: 2,
            pattern: SpikePattern::Deterministic,
            rate_min: hertz(0),
            rate_max: hertz(200),
        }
    }
}

/// A spike for an input channel of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpikeEvent {
    /// When it is delivered, from 0 at the start of the signal.
    pub tick: Tick,
    /// The input channel: `analog channel * K + train`.
    pub input: InputId,
}

/// An encoded signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikeTrain {
    /// The spikes, ordered by tick, then input.
    pub events: Vec<SpikeEvent>,
    /// Length of the signal.
    pub ticks: u64,
    /// Values outside the range of their channel, which were taken for its nearer end.
    pub clamped: u64,
}

/// Turns analog samples into spikes. Nothing is carried over from one signal to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoder {
    ticks_per_sample: u32,
    trains: usize,
    pattern: SpikePattern,
    /// Spikes a tick at activity 0, and what activity 1 adds.
    rate_floor: Fraction,
    rate_span: Fraction,
    ranges: Vec<Range>,
    seed: u64,
}

/// 2^62 divided by the golden ratio, to nearest and odd.
const GOLDEN: u64 = 0x278d_de6e_5fd2_9f05;

/// More input channels than any chip has; keeps `channel * K + train` within an id.
const INPUTS_MAX: u64 = 1 << 24;
const TICKS_PER_SAMPLE_MAX: u64 = 1 << 24;

impl Encoder {
    /// An encoder for signals with one channel a range, on a chip with ticks of length `tick`. Ranges come from the
    /// training part ([`crate::Classification::input_ranges`], [`crate::Series::input_ranges`]); `seed` is used by
    /// random patterns only.
    ///
    /// # Errors
    /// [`TaskError::EncoderOption`] for a count outside its limits, [`TaskError::Unit`] for a rate that is no
    /// frequency or a tick that is no time, [`TaskError::Rate`] for rates below 0, above one spike a tick, or the
    /// wrong way round, and [`TaskError::Range`] for a range that ends before it begins.
    pub fn new(options: &EncoderOptions, tick: Quantity, ranges: Vec<Range>, seed: u64) -> Result<Self, TaskError> {
        let trains = u64::from(options.trains_per_channel);
        for (option, value, most) in [
            ("channels", ranges.len() as u64, INPUTS_MAX),
            ("trains_per_channel", trains, INPUTS_MAX / (ranges.len() as u64).max(1)),
            ("ticks_per_sample", u64::from(options.ticks_per_sample), TICKS_PER_SAMPLE_MAX),
        ] {
            if !(1..=most).contains(&value) {
                return Err(TaskError::EncoderOption { option, value, most });
            }
        }
        if let Some(channel) = ranges.iter().position(|r| r.min > r.max) {
            let Range { min, max } = ranges[channel];
            return Err(TaskError::Range { channel, min, max });
        }
        let rate_floor = rate_per_tick("rate_min", options.rate_min, tick)?;
        let rate_top = rate_per_tick("rate_max", options.rate_max, tick)?;
        if rate_top < rate_floor {
            return Err(TaskError::Rate { option: "rate_max", rate: options.rate_max, tick });
        }
        Ok(Self {
            ticks_per_sample: options.ticks_per_sample,
            trains: options.trains_per_channel as usize,
            pattern: options.pattern,
            rate_floor,
            rate_span: rate_top.sub_sat(rate_floor),
            ranges,
            seed,
        })
    }

    /// Number of input channels of the chip that this encoder drives.
    pub const fn inputs(&self) -> usize {
        self.ranges.len() * self.trains
    }

    /// Ticks for which a sample is held.
    pub const fn ticks_per_sample(&self) -> u32 {
        self.ticks_per_sample
    }

    /// The spikes of `signal`, which starts at tick 0. Its sample `s` drives ticks `s * ticks_per_sample` up to, not
    /// including, `(s + 1) * ticks_per_sample`. Random patterns draw by the number of the utterance, so that every
    /// utterance has its own spikes, whatever came before; others do not depend on it.
    ///
    /// # Errors
    /// [`TaskError::Channels`] if the signal does not have one channel a range.
    pub fn encode(&self, utterance: u32, signal: &Signal) -> Result<SpikeTrain, TaskError> {
        if signal.channels() != self.ranges.len() {
            return Err(TaskError::Channels { expected: self.ranges.len(), found: signal.channels() });
        }
        let mut clamped = 0;
        let mut rates = vec![Fraction::ZERO; self.inputs()];
        let mut events = Vec::new();
        let mut source = match self.pattern {
            SpikePattern::Deterministic => Source::Phases((1..=self.inputs() as u64).map(initial_phase).collect()),
            SpikePattern::Poisson => {
                let key = Key::new(self.seed, Purpose::Task).name("encoder");
                let stream = |train| key.slot(u64::from(utterance) << 32 | train).stream();
                Source::Streams((0..self.inputs() as u64).map(stream).collect())
            }
        };
        let mut tick = 0;
        for frame in signal.frames() {
            for ((&value, range), rates) in frame.iter().zip(&self.ranges).zip(rates.chunks_exact_mut(self.trains)) {
                clamped += u64::from(value < range.min || value > range.max);
                self.set_rates(value, *range, rates);
            }
            for _ in 0..self.ticks_per_sample {
                source.spikes(&rates, |input| {
                    events.push(SpikeEvent { tick: Tick(tick), input: InputId(input as u32) });
                });
                tick += 1;
            }
        }
        Ok(SpikeTrain { events, ticks: tick, clamped })
    }

    /// The rates of one channel's trains for a value.
    fn set_rates(&self, value: Real, range: Range, rates: &mut [Fraction]) {
        let (lower, share) = position(value, range, rates.len());
        let rate = |activity| self.rate_floor.add_sat(self.rate_span.mul_nearest(activity));
        rates.fill(self.rate_floor);
        match rates {
            [only] => *only = rate(share),
            _ => {
                rates[lower] = rate(Fraction::ONE.sub_sat(share));
                rates[lower + 1] = rate(share);
            }
        }
    }
}

/// Where a value lies between the centres of `trains` tuning curves: the centre below it, and its distance from that
/// centre as a fraction of the spacing. A value beyond the range counts as the nearer end; in a range without extent
/// it lies in the middle. The single curve of `trains = 1` has its foot at the lower end and its centre at the upper.
fn position(value: Real, range: Range, trains: usize) -> (usize, Fraction) {
    let segments = trains.max(2) as i128 - 1;
    let extent = i128::from(range.max.to_bits()) - i128::from(range.min.to_bits());
    let (offset, extent) = if extent == 0 {
        (1, 2)
    } else {
        (i128::from(value.clamp(range.min, range.max).to_bits()) - i128::from(range.min.to_bits()), extent)
    };
    // The upper end belongs to the last segment.
    let lower = (offset * segments / extent).min(segments - 1);
    // Below 2^65 as bits, so the shift by 62 stays below 2^127.
    let rest = offset * segments - lower * extent;
    let share = (rest << Fraction::FRACTION_BITS) / extent;
    (lower as usize, Fraction::from_bits(share as i64))
}

/// What makes trains spike, tick after tick.
enum Source<R> {
    /// A phase below 1 for each train.
    Phases(Vec<Fraction>),
    /// A random stream for each train, of which every tick takes one word, whatever the rate.
    Streams(Vec<R>),
}

impl<R: Rng> Source<R> {
    /// Calls `spike` with each train that spikes in this tick, in order.
    fn spikes(&mut self, rates: &[Fraction], mut spike: impl FnMut(usize)) {
        match self {
            Self::Phases(phases) => {
                for (train, (phase, rate)) in phases.iter_mut().zip(rates).enumerate() {
                    // Phase and rate are at most 1, so the sum cannot saturate.
                    *phase = phase.add_sat(*rate);
                    if *phase >= Fraction::ONE {
                        *phase = phase.sub_sat(Fraction::ONE);
                        spike(train);
                    }
                }
            }
            Self::Streams(streams) => {
                for (train, (stream, rate)) in streams.iter_mut().zip(rates).enumerate() {
                    if chance(stream.next_u64(), *rate) {
                        spike(train);
                    }
                }
            }
        }
    }
}

/// The phase of train `number` (from 1) at the start of a signal: multiples of the golden ratio modulo 1 are spread
/// evenly however many there are (Weyl 1916), and neighbouring trains are far apart.
fn initial_phase(number: u64) -> Fraction {
    let mask = (1 << Fraction::FRACTION_BITS) - 1;
    Fraction::from_bits((GOLDEN.wrapping_mul(number) & mask) as i64)
}

fn unit(spelling: &str) -> Unit {
    spelling.parse().expect("a unit that the units crate lists")
}

/// Spikes a tick, as a fraction from 0 to 1, rounded once.
fn rate_per_tick(option: &'static str, rate: Quantity, tick: Quantity) -> Result<Fraction, TaskError> {
    if rate.unit.dimension() != Dimension::Frequency {
        return Err(TaskError::Unit { option, value: rate, needed: "a frequency, such as `200 Hz`" });
    }
    let no_time = TaskError::Unit { option: "tick", value: tick, needed: "a time above 0, such as `1 ms`" };
    if tick.unit.dimension() != Dimension::Time || tick.value.signum() <= 0 {
        return Err(no_time);
    }
    let out_of_range = TaskError::Rate { option, rate, tick };
    let (Ok(hertz), Ok(seconds)) = (rate.value_in(unit("Hz")), tick.value_in(Unit::SECOND)) else {
        return Err(out_of_range);
    };
    let digits = hertz.mantissa().checked_mul(seconds.mantissa()).ok_or(out_of_range.clone())?;
    let product = Decimal::new(digits, hertz.exponent() + seconds.exponent());
    match Fraction::from_decimal(product) {
        Ok(spikes) if (Fraction::ZERO..=Fraction::ONE).contains(&spikes) => Ok(spikes),
        _ => Err(out_of_range),
    }
}

/// A change of a graded input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GradedEvent {
    /// When it is delivered, from 0 at the start of the signal.
    pub tick: Tick,
    /// The input channel: the analog channel.
    pub input: InputId,
    /// New level less old level, in units of 2^-16; never 0.
    pub change: i32,
}

/// A signal encoded for rate units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradedTrain {
    /// The changes, ordered by tick, then input.
    pub events: Vec<GradedEvent>,
    /// Length of the signal.
    pub ticks: u64,
    /// Values outside the range from -16384 to 16384 (short of either end by 2^-16), which were taken for its nearer
    /// end.
    pub clamped: u64,
}

/// A number that an input channel sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberEvent {
    /// When it is delivered, from 0 at the start of the signal.
    pub tick: Tick,
    /// The input channel: the analog channel.
    pub input: InputId,
    /// The number, in units of 2^-20; never 0.
    pub number: i32,
}

/// A signal encoded for neurons that take numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberTrain {
    /// The numbers, ordered by tick, then input.
    pub events: Vec<NumberEvent>,
    /// Length of the signal.
    pub ticks: u64,
    /// Values of samples outside the range from -2048 to 2048, which were taken for its nearer end.
    pub clamped: u64,
}

/// The signal as changes of graded inputs, one input an analog channel: at the first of the `ticks_per_sample` ticks
/// of each sample, what its value, rounded to 16 fraction bits (halfway up), differs from the one before. All inputs
/// are 0 before the first sample. Values are not scaled.
///
/// # Errors
/// [`TaskError::EncoderOption`] if `ticks_per_sample` is 0 or the signal has too many channels.
pub fn graded(signal: &Signal, ticks_per_sample: u32) -> Result<GradedTrain, TaskError> {
    let held = check_held(signal, ticks_per_sample)?;
    // The change from one end to the other just fits an i32.
    const LEVEL_MAX: i64 = (1 << 30) - 1;
    const DROPPED_BITS: u32 = Real::FRACTION_BITS - 16;
    let mut levels = vec![0i64; signal.channels()];
    let mut train = GradedTrain { events: Vec::new(), ticks: signal.len() as u64 * held, clamped: 0 };
    for (sample, frame) in signal.frames().enumerate() {
        for (channel, (value, level)) in frame.iter().zip(&mut levels).enumerate() {
            let rounded = fx::shift_right(value.to_bits(), DROPPED_BITS, fx::Rounding::HalfUp);
            let new = rounded.clamp(-LEVEL_MAX, LEVEL_MAX);
            train.clamped += u64::from(new != rounded);
            if new != *level {
                let (tick, input) = (Tick(sample as u64 * held), InputId(channel as u32));
                train.events.push(GradedEvent { tick, input, change: (new - *level) as i32 });
                *level = new;
            }
        }
    }
    Ok(train)
}

/// The signal as numbers, one input an analog channel: in each of the `ticks_per_sample` ticks of a sample its value,
/// rounded to 20 fraction bits (halfway up). Values are not scaled.
///
/// # Errors
/// As [`graded`].
pub fn numbers(signal: &Signal, ticks_per_sample: u32) -> Result<NumberTrain, TaskError> {
    let held = check_held(signal, ticks_per_sample)?;
    const DROPPED_BITS: u32 = Real::FRACTION_BITS - 20;
    const NUMBER_MAX: i64 = i32::MAX as i64;
    let mut train = NumberTrain { events: Vec::new(), ticks: signal.len() as u64 * held, clamped: 0 };
    for (sample, frame) in signal.frames().enumerate() {
        let rounded = frame.iter().map(|value| fx::shift_right(value.to_bits(), DROPPED_BITS, fx::Rounding::HalfUp));
        let numbers: Vec<i64> = rounded.collect();
        train.clamped += numbers.iter().filter(|number| number.abs() > NUMBER_MAX).count() as u64;
        for tick in 0..held {
            for (channel, number) in numbers.iter().enumerate().filter(|(_, number)| **number != 0) {
                let (tick, input) = (Tick(sample as u64 * held + tick), InputId(channel as u32));
                let number = (*number).clamp(-NUMBER_MAX, NUMBER_MAX) as i32;
                train.events.push(NumberEvent { tick, input, number });
            }
        }
    }
    Ok(train)
}

/// The ticks of a sample, if there are some and not too many, and the channels are not too many either.
fn check_held(signal: &Signal, ticks_per_sample: u32) -> Result<u64, TaskError> {
    let (channels, held) = (signal.channels() as u64, u64::from(ticks_per_sample));
    for (option, value, most) in [("channels", channels, INPUTS_MAX), ("ticks_per_sample", held, TICKS_PER_SAMPLE_MAX)]
    {
        if !(1..=most).contains(&value) {
            return Err(TaskError::EncoderOption { option, value, most });
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests;
