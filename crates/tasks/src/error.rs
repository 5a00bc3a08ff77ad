//! Everything that can be wrong with a task, a data file or an encoder.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use thiserror::Error;
use units::{Decimal, DecimalError, Quantity};

/// Why a task, a data set or an encoder could not be made. Each is an error of the caller's options or file; nothing
/// was changed, and the call can be repeated after the cause is removed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No task has this id.
    #[error("there is no task `{id}`; {}", help.as_deref().unwrap_or("`quenched tasks` lists those that there are"))]
    UnknownTask {
        /// The id that was asked for.
        id: String,
        /// Which one may be meant.
        help: Option<String>,
    },
    /// No function has this name, or the shift cannot be read.
    #[error("`{text}` is not a function and a shift: {help}")]
    UnknownFunction {
        text: String,
        /// What there is.
        help: String,
    },
    /// Targets of one series are of different stimuli, or there is no target.
    #[error("the targets of a series need one stimulus, but {}", if ids.is_empty() { "there is none".into() } else { format!("are of {}", ids.join(" and ")) })]
    OtherStimulus {
        /// Two tasks that differ.
        ids: Vec<String>,
    },
    /// A recording without symbols has none to equalise.
    #[error("equalisation needs the symbols that were sent: only the stimuli `channel-...` have them")]
    NoSymbols,
    /// A function of a channel that the recording does not have.
    #[error(
        "the function needs channel {channel}, counted from 0, but the recording has {channels}: only the stimuli \
             `...-xyz` have several"
    )]
    NoChannel {
        /// The channel.
        channel: u8,
        /// How many there are.
        channels: usize,
    },
    /// One's own series is too short for the parts that are asked for.
    #[error("the series has {found} samples, but {needed} are needed: ask for shorter parts")]
    ShortSeries {
        /// Washout, training, validation, test, and what targets need after them.
        needed: usize,
        found: usize,
    },
    /// The task has no such option.
    #[error("task `{task}` takes no option `{option}`")]
    UnusedOption { task: String, option: String },
    /// An option of a task is too small.
    #[error("task `{task}`: `{option}` is {value}, but must be at least {least}{why}")]
    TooSmall {
        task: String,
        option: &'static str,
        value: usize,
        /// The least that works.
        least: usize,
        /// The reason, starting with a separator, or nothing.
        why: &'static str,
    },
    /// The task would need more numbers than are sensible to keep in memory.
    #[error("task `{task}`: {samples} samples with {targets} targets each are more than the {limit} values kept")]
    TooLarge {
        task: String,
        /// Samples asked for.
        samples: usize,
        /// Targets a sample.
        targets: usize,
        /// Values kept at most.
        limit: usize,
    },
    /// No stable series was found. Up to 200,000 samples, no more than four of five sequences diverge.
    #[error("task `{task}`: {attempts} input sequences in a row diverged; use a shorter series or another seed")]
    Diverged {
        task: String,
        /// Sequences tried.
        attempts: u64,
    },
    /// A data file is wrong.
    #[error("{file}:{line}:{column}: {problem}")]
    File {
        /// Name of the file, as the caller gave it.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// Column in bytes, counted from 1.
        column: usize,
        /// What is wrong there.
        problem: FileProblem,
    },
    /// The training and the test file are not of one data set.
    #[error("training and test data have different {what}: {train} and {test}")]
    DifferentData {
        /// What differs.
        what: &'static str,
        /// In the training file.
        train: String,
        /// In the test file.
        test: String,
    },
    /// Every training utterance is needed for training, so that none is left to choose a penalty by.
    #[error("no class has the {least} training utterances of which one can be set aside for validation")]
    FewUtterances {
        /// Utterances of one class that are needed.
        least: usize,
    },
    /// Too few series with a number to train and to score.
    #[error("{found} {part} series with a number, and {least} are needed")]
    FewSeries {
        /// `training` or `test`.
        part: &'static str,
        found: usize,
        /// The fewest.
        least: usize,
    },
    /// Columns of one's own series have different lengths.
    #[error("column `{column}` has {found} samples, but the first input has {expected}")]
    ColumnLength { column: String, expected: usize, found: usize },
    /// The bundled data are damaged: the program was built from an incomplete source tree.
    #[error("the bundled data `{name}` are damaged; rebuild from a complete source tree")]
    Bundle {
        /// The bundled file.
        name: &'static str,
    },
    /// An encoder needs at least one of something.
    #[error("encoder: `{option}` must be from 1 to {most}, not {value}")]
    EncoderOption {
        option: &'static str,
        value: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// A rate is outside what a train of one spike a tick can carry.
    #[error(
        "encoder: {option} = {rate} at a tick of {tick}; rates go from 0 Hz to one spike a tick, the lower one first"
    )]
    Rate {
        /// `rate_min` or `rate_max`.
        option: &'static str,
        rate: Quantity,
        /// Length of a tick.
        tick: Quantity,
    },
    /// A rate is not a frequency, or the tick not a time.
    #[error("encoder: {option} = {value} must be {needed}")]
    Unit {
        /// `rate_min`, `rate_max` or `tick`.
        option: &'static str,
        /// What was given.
        value: Quantity,
        /// What is needed, such as `a frequency, such as 200 Hz`.
        needed: &'static str,
    },
    /// A range ends before it begins.
    #[error("encoder: the range of channel {channel} ends at {max}, before it begins at {min}")]
    Range {
        channel: usize,
        /// Its lower end.
        min: fx::Real,
        /// Its upper end.
        max: fx::Real,
    },
    /// The signal has another number of channels than the encoder.
    #[error("encoder: the signal has {found} channels, the encoder {expected}")]
    Channels {
        /// Channels of the encoder.
        expected: usize,
        /// Channels of the signal.
        found: usize,
    },
}

impl TaskError {
    /// No task has this id: which one is most like it.
    pub(crate) fn unknown_task(id: &str) -> Self {
        let ids = crate::catalogue::ids();
        let near = ids.map(|known| (strsim::damerau_levenshtein(id, &known), known)).min();
        // A third of the letters wrong is still a slip of the hand; more is another word.
        let near = near.filter(|(distance, known)| 3 * distance <= known.len());
        Self::UnknownTask { id: id.into(), help: near.map(|(_, known)| format!("did you mean `{known}`?")) }
    }

    /// Whether the message begins with the name of the task.
    pub const fn names_task(&self) -> bool {
        matches!(
            self,
            Self::UnusedOption { .. } | Self::TooSmall { .. } | Self::TooLarge { .. } | Self::Diverged { .. }
        )
    }
}

/// What is wrong at one place of a data file.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The bytes are not UTF-8 text.
    #[error("not text (invalid UTF-8); is this the data file?")]
    NotText,
    /// A header line is missing.
    #[error("the header has no `{key}` line; is the file complete?")]
    MissingHeader {
        /// The line.
        key: &'static str,
    },
    /// A header line is not known.
    #[error("unknown header line `{key}`; a .ts file has {}", crate::ts::KEYS.join(", "))]
    UnknownHeader {
        /// The line.
        key: String,
    },
    /// A header line appears twice.
    #[error("`{key}` appears twice")]
    RepeatedHeader {
        /// The line.
        key: String,
    },
    /// The value of a header line is wrong.
    #[error("`{key}` is `{value}`, but must be {needed}")]
    HeaderValue {
        /// The line.
        key: String,
        value: String,
        /// What it must be.
        needed: &'static str,
    },
    /// Something other than a header line or a comment before `@data`.
    #[error("expected a header line (`@...`) or a comment (`#...`) before `@data`")]
    NotHeader,
    /// A number cannot be read.
    #[error("`{text}`: {error}")]
    Number {
        text: String,
        /// Why not.
        error: DecimalError,
    },
    /// A number is too large for the fixed-point format of samples.
    #[error("{value} is too large: samples go from -2147483648 to 2147483647")]
    TooLarge {
        /// The number.
        value: Decimal,
    },
    /// A value is missing (`?`).
    #[error("missing value (`?`); fill it in or leave the utterance out")]
    MissingValue,
    /// A channel has no value at all.
    #[error("channel {channel} has no value")]
    EmptyChannel {
        /// The channel, counted from 1.
        channel: usize,
    },
    /// The channels of one utterance have different lengths.
    #[error("channel {channel} has {found} values, but channel 1 of this utterance has {expected}")]
    ChannelLength {
        /// The channel, counted from 1.
        channel: usize,
        /// Values of channel 1.
        expected: usize,
        /// Values of this one.
        found: usize,
    },
    /// An utterance has the wrong number of channels.
    #[error("{found} channels before the last field, but the data set has {expected}")]
    ChannelCount {
        /// Channels of the data set.
        expected: usize,
        /// Channels of this utterance.
        found: usize,
    },
    /// A class label is not in the header.
    #[error("unknown class `{label}`; the classes are {known}")]
    UnknownClass {
        label: String,
        /// Labels of the header.
        known: String,
    },
    /// The file ends within an utterance.
    #[error("the file ends in the middle of an utterance ({problem}); it seems to be cut off")]
    CutOff {
        /// What the incomplete utterance lacks.
        problem: Box<FileProblem>,
    },
    /// There is no utterance.
    #[error("no utterance after `@data`")]
    NoUtterance,
}
