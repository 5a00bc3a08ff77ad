//! The `.ts` text format of time series classification and regression, as the UEA, UCR and Monash archives use it.
//!
//! ```text
//! # comment
//! @problemName JapaneseVowels
//! @dimensions 12
//! @classLabel true 1 2 3
//! @data
//! 1.86,1.89:-0.2,-0.19: ... :1
//! ```
//!
//! One line an utterance: channels separated by `:`, samples of a channel by `,`, the class label last; with
//! `@targetLabel true` in place of `@classLabel` a number. Lengths may differ between utterances, not between channels.
//! What stands before the first line with an `@` is a description of the data. Time stamps and missing values are
//! refused.
//! The format does not say how many utterances there are, so a file that is cut off exactly between two lines cannot
//! be told from a complete one.

use crate::{FileProblem, Signal, TaskError, Utterance};
use fx::Real;
use std::collections::BTreeSet;
use units::Decimal;

/// What a `.ts` file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsData {
    /// Name of the data set, empty if the file has none.
    pub name: String,
    /// Number of channels of every utterance.
    pub channels: usize,
    /// Labels of the classes, in the order of the header.
    pub classes: Vec<String>,
    /// The utterances in the order of the file, at least one.
    pub utterances: Vec<Utterance>,
}

/// What a `.ts` file with a number for each series holds.
#[derive(Clone, Debug, PartialEq)]
pub struct TsRegression {
    /// Name of the data set, empty if the file has none.
    pub name: String,
    /// Number of channels of every series.
    pub channels: usize,
    /// The series in the order of the file, at least one.
    pub signals: Vec<Signal>,
    /// The number that belongs to each.
    pub targets: Vec<f64>,
}

/// What stands at the end of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    /// The label of a class.
    #[default]
    Class,
    /// A number.
    Target,
}

/// The header lines that the format has; upper and lower case are the same.
pub(crate) const KEYS: [&str; 11] = [
    "@problemName",
    "@timeStamps",
    "@missing",
    "@univariate",
    "@dimension",
    "@dimensions",
    "@equalLength",
    "@seriesLength",
    "@targetLabel",
    "@classLabel",
    "@data",
];

/// Limits that no sensible file meets, so that a hostile header cannot ask for memory.
const CHANNELS_MAX: usize = 1 << 20;

/// Reads a `.ts` file of a classification from its bytes (or text); `name` is what errors call it. Decimals become
/// fixed-point numbers without passing through a float, to nearest.
///
/// # Errors
/// [`TaskError::File`] with line and column of the first thing that is wrong.
pub fn read_ts(bytes: impl AsRef<[u8]>, name: &str) -> Result<TsData, TaskError> {
    let Reader { header, signals, classes, .. } = read_as(Last::Class, bytes.as_ref(), name)?;
    let utterances = signals.into_iter().zip(classes).map(|(signal, class)| Utterance { signal, class }).collect();
    let channels = header.channels.unwrap_or(1);
    Ok(TsData { name: header.name, channels, classes: header.classes.unwrap_or_default(), utterances })
}

/// Reads a `.ts` file of a regression, as [`read_ts`] reads one of a classification. Targets are the floats next to
/// their decimals.
///
/// # Errors
/// [`TaskError::File`] with line and column of the first thing that is wrong.
pub fn read_ts_regression(bytes: impl AsRef<[u8]>, name: &str) -> Result<TsRegression, TaskError> {
    let Reader { header, signals, targets, .. } = read_as(Last::Target, bytes.as_ref(), name)?;
    Ok(TsRegression { name: header.name, channels: header.channels.unwrap_or(1), signals, targets })
}

/// Whether a `.ts` file is of a regression: its header says which it is, and without a word on targets it is a
/// classification.
pub fn is_ts_regression(text: &str) -> bool {
    let says_so = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_ascii_lowercase);
        words.next().as_deref() == Some("@targetlabel") && words.next().as_deref() == Some("true")
    };
    text.lines().take_while(|line| !line.to_ascii_lowercase().starts_with("@data")).any(says_so)
}

fn read_as(last: Last, bytes: &[u8], name: &str) -> Result<Reader, TaskError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
            return Err(TaskError::File { file: name.into(), line, column, problem: FileProblem::NotText });
        }
    };
    let mut line_number = 0;
    let mut lines = text.split_inclusive('\n').inspect(|_| line_number += 1);
    let mut reader = Reader { header: Header { last, ..Header::default() }, ..Reader::default() };
    let result = reader.read(&mut lines);
    drop(lines);
    match result {
        Ok(()) => Ok(reader),
        Err(Problem { column, problem }) => {
            Err(TaskError::File { file: name.into(), line: line_number.max(1), column: column + 1, problem })
        }
    }
}

/// A problem and where it is in its line, in bytes from 0.
struct Problem {
    column: usize,
    problem: FileProblem,
}

impl Problem {
    fn at(column: usize, problem: FileProblem) -> Self {
        Self { column, problem }
    }
}

#[derive(Default)]
struct Header {
    last: Last,
    seen: Vec<&'static str>,
    name: String,
    channels: Option<usize>,
    classes: Option<Vec<String>>,
}

#[derive(Default)]
struct Reader {
    header: Header,
    signals: Vec<Signal>,
    /// Of each series, if there are classes.
    classes: Vec<usize>,
    /// Of each series, if there are targets.
    targets: Vec<f64>,
}

impl Reader {
    fn read<'a>(&mut self, lines: &mut impl Iterator<Item = &'a str>) -> Result<(), Problem> {
        let content = |line: &'a str| line.trim_end();
        let skipped = |line: &str| line.is_empty() || line.starts_with('#');
        let mut in_data = false;
        for line in lines.by_ref() {
            // Prose, such as the archives put before the header.
            let described = self.header.seen.is_empty() && !line.starts_with('@');
            if !described && !skipped(content(line)) && self.header.line(content(line))? {
                in_data = true;
                break;
            }
        }
        if !in_data {
            return Err(Problem::at(0, FileProblem::MissingHeader { key: "@data" }));
        }
        for line in lines {
            let complete = line.ends_with('\n');
            let line = content(line);
            if skipped(line) {
                continue;
            }
            let read = self.header.utterance(line).and_then(|(signal, column, label)| {
                match self.header.last {
                    Last::Class => self.classes.push(self.header.class(column, label)?),
                    Last::Target => self.targets.push(target(column, label)?),
                }
                Ok(signal)
            });
            self.signals.push(read.map_err(|p| if complete { p } else { cut_off(line, p) })?);
        }
        if self.signals.is_empty() {
            return Err(Problem::at(0, FileProblem::NoUtterance));
        }
        Ok(())
    }
}

/// An incomplete last line is explained as such, unless its problem is one that more text could not cure.
fn cut_off(line: &str, found: Problem) -> Problem {
    match found.problem {
        FileProblem::MissingValue | FileProblem::TooLarge { .. } => found,
        FileProblem::Number { error, .. } if error != units::DecimalError::Syntax => found,
        problem => Problem::at(line.len(), FileProblem::CutOff { problem: Box::new(problem) }),
    }
}

impl Header {
    /// Reads a line of the header; true if it is `@data` and the header is complete.
    fn line(&mut self, line: &str) -> Result<bool, Problem> {
        if !line.starts_with('@') {
            return Err(Problem::at(0, FileProblem::NotHeader));
        }
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or_default();
        let Some(&key) = KEYS.iter().find(|k| k.eq_ignore_ascii_case(word)) else {
            return Err(Problem::at(0, FileProblem::UnknownHeader { key: word.into() }));
        };
        if self.seen.contains(&key) {
            return Err(Problem::at(0, FileProblem::RepeatedHeader { key: key.into() }));
        }
        self.seen.push(key);
        let rest: Vec<&str> = words.collect();
        let column = rest.first().map_or(line.len(), |first| first.as_ptr() as usize - line.as_ptr() as usize);
        let wrong = |needed| {
            let problem = FileProblem::HeaderValue { key: key.into(), value: rest.join(" "), needed };
            Err(Problem::at(column, problem))
        };
        let switch = |wanted: &[&str]| rest.len() == 1 && wanted.iter().any(|w| w.eq_ignore_ascii_case(rest[0]));
        match key {
            "@problemName" => self.name = rest.join(" "),
            "@timeStamps" if !switch(&["false"]) => {
                return wrong("`false`: samples with time stamps are not supported");
            }
            "@targetLabel" if self.last == Last::Class && !switch(&["false"]) => {
                return wrong("`false`: classes are needed here, not a number for each series");
            }
            "@targetLabel" if self.last == Last::Target && !switch(&["true"]) => {
                return wrong("`true`: a number for each series is needed here");
            }
            "@classLabel" if self.last == Last::Target && switch(&["false"]) => {}
            "@classLabel" if self.last == Last::Target => {
                return wrong("`false`: a number for each series is needed here, not classes");
            }
            "@missing" | "@univariate" | "@equalLength" if !switch(&["true", "false"]) => {
                return wrong("`true` or `false`");
            }
            "@univariate" if switch(&["true"]) => self.set_channels(1, column)?,
            "@dimension" | "@dimensions" => match rest[..] {
                [count] => match count.parse() {
                    Ok(count) if (1..=CHANNELS_MAX).contains(&count) => self.set_channels(count, column)?,
                    _ => return wrong("a number of channels from 1 to 1048576"),
                },
                _ => return wrong("a number of channels from 1 to 1048576"),
            },
            "@classLabel" => match rest.split_first() {
                Some((known, labels)) if known.eq_ignore_ascii_case("true") && !labels.is_empty() => {
                    if labels.iter().collect::<BTreeSet<_>>().len() != labels.len() {
                        return wrong("`true` and the labels of all classes, each once");
                    }
                    self.classes = Some(labels.iter().map(|l| (*l).to_owned()).collect());
                }
                _ => return wrong("`true` and the labels of all classes, each once"),
            },
            "@data" => {
                if self.last == Last::Class && self.classes.is_none() {
                    return Err(Problem::at(0, FileProblem::MissingHeader { key: "@classLabel" }));
                }
                if self.last == Last::Target && !self.seen.contains(&"@targetLabel") {
                    return Err(Problem::at(0, FileProblem::MissingHeader { key: "@targetLabel" }));
                }
                if self.channels.is_none() {
                    return Err(Problem::at(0, FileProblem::MissingHeader { key: "@dimensions" }));
                }
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }

    /// `@univariate true` and `@dimensions` both say the number of channels, and must say the same.
    fn set_channels(&mut self, count: usize, column: usize) -> Result<(), Problem> {
        match self.channels.replace(count) {
            Some(before) if before != count => {
                let value = format!("{count} after {before}");
                let needed = "the same number of channels as `@univariate` says";
                let key = "@dimensions".into();
                Err(Problem::at(column, FileProblem::HeaderValue { key, value, needed }))
            }
            _ => Ok(()),
        }
    }

    /// The class with a label, which stands at `column`.
    fn class(&self, column: usize, label: &str) -> Result<usize, Problem> {
        let classes = self.classes.as_deref().unwrap_or_default();
        let unknown = || FileProblem::UnknownClass { label: shorten(label), known: classes.join(", ") };
        classes.iter().position(|class| class == label).ok_or_else(|| Problem::at(column, unknown()))
    }

    /// Reads the line of an utterance: its samples, and what stands last, with its column.
    fn utterance<'a>(&self, line: &'a str) -> Result<(Signal, usize, &'a str), Problem> {
        let expected = self.channels.unwrap_or(1);
        let mut channels: Vec<Vec<Real>> = Vec::new();
        let mut parts = line.split(':').peekable();
        let mut column = 0;
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                // Where channels are missing, what stands in place of the label says little.
                if channels.len() != expected {
                    let problem = FileProblem::ChannelCount { expected, found: channels.len() };
                    return Err(Problem::at(column, problem));
                }
                return Ok((interleave(&channels), column, part.trim()));
            }
            if channels.len() == expected {
                let found = line.split(':').count() - 1;
                return Err(Problem::at(column, FileProblem::ChannelCount { expected, found }));
            }
            let values =
                read_channel(part, channels.len() + 1).map_err(|p| Problem::at(column + p.column, p.problem))?;
            if let Some(first) = channels.first()
                && first.len() != values.len()
            {
                let (channel, expected, found) = (channels.len() + 1, first.len(), values.len());
                return Err(Problem::at(column, FileProblem::ChannelLength { channel, expected, found }));
            }
            channels.push(values);
            column += part.len() + 1;
        }
        unreachable!("a split has at least one part")
    }
}

/// The target in `text`, which stands at `column`.
fn target(column: usize, text: &str) -> Result<f64, Problem> {
    if text == "?" {
        return Err(Problem::at(column, FileProblem::MissingValue));
    }
    // What a decimal is, is said in one place; a float has more digits than samples have, for small targets.
    let wrong = |error| Problem::at(column, FileProblem::Number { text: shorten(text), error });
    let decimal: Decimal = text.parse().map_err(wrong)?;
    let value = text.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| Problem::at(column, FileProblem::TooLarge { value: decimal }))
}

/// The values of one channel, separated by commas.
fn read_channel(text: &str, channel: usize) -> Result<Vec<Real>, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::at(0, FileProblem::EmptyChannel { channel }));
    }
    let mut values = Vec::new();
    let mut column = 0;
    for item in text.split(',') {
        let start = column + (item.len() - item.trim_start().len());
        let number = item.trim();
        if number == "?" {
            return Err(Problem::at(start, FileProblem::MissingValue));
        }
        let value: Decimal =
            number.parse().map_err(|error| Problem::at(start, FileProblem::Number { text: shorten(number), error }))?;
        let value = Real::from_decimal(value).map_err(|_| Problem::at(start, FileProblem::TooLarge { value }))?;
        values.push(value);
        column += item.len() + 1;
    }
    Ok(values)
}

/// Frames from channels of equal length.
fn interleave(channels: &[Vec<Real>]) -> Signal {
    let frames = channels.first().map_or(0, Vec::len);
    let values = (0..frames).flat_map(|frame| channels.iter().map(move |channel| channel[frame])).collect();
    Signal::new(channels.len(), values)
}

/// The text, or its beginning: an error message is not the place for a whole line of data.
fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 24;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests;
