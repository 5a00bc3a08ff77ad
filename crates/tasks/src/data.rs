//! Signals, and the two kinds of data that tasks are made of.

use crate::stimulus::{scaled, to_f64};
use crate::{TaskError, TsData, TsRegression};
use fx::Real;

/// Samples of one or more analog channels, one frame after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    channels: usize,
    values: Vec<Real>,
}

/// The values from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The smallest value.
    pub min: Real,
    /// The largest value.
    pub max: Real,
}

impl Signal {
    /// A signal from frames that lie one after another in `values`, each with one value a channel.
    ///
    /// # Panics
    /// Without channels, or if `values` does not consist of whole frames.
    pub fn new(channels: usize, values: Vec<Real>) -> Self {
        assert!(
            channels > 0 && values.len().is_multiple_of(channels),
            "{} values in {channels} channels",
            values.len()
        );
        Self { channels, values }
    }

    /// Number of channels.
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// Number of frames.
    pub const fn len(&self) -> usize {
        self.values.len() / self.channels
    }

    /// Whether there is no frame.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values of all channels at frame `index`.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn frame(&self, index: usize) -> &[Real] {
        &self.values[index * self.channels..(index + 1) * self.channels]
    }

    /// The frames in order.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = &[Real]> {
        self.values.chunks_exact(self.channels)
    }
}

/// The range of each channel over all frames; none if there is no frame.
fn ranges<'a>(mut frames: impl Iterator<Item = &'a [Real]>) -> Option<Vec<Range>> {
    let mut ranges: Vec<Range> = frames.next()?.iter().map(|&v| Range { min: v, max: v }).collect();
    for frame in frames {
        for (range, &value) in ranges.iter_mut().zip(frame) {
            range.min = range.min.min(value);
            range.max = range.max.max(value);
        }
    }
    Some(ranges)
}

/// Every which utterance of a class, or series with a number, in the training file is set aside for validation.
const VALIDATION_EVERY: usize = 3;

/// One time series with the class it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// The samples.
    pub signal: Signal,
    /// Index of its class.
    pub class: usize,
}

/// Utterances to be assigned to classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// Number of channels of every utterance.
    pub channels: usize,
    /// Labels of the classes.
    pub classes: Vec<String>,
    /// Utterances to train on.
    pub train: Vec<Utterance>,
    /// Utterances to choose a penalty by.
    pub validation: Vec<Utterance>,
    /// Utterances to score.
    pub test: Vec<Utterance>,
}

impl Classification {
    /// The classification that a training and a test file describe. The third, sixth, ... training utterance of each
    /// class, in the order of the file, becomes a validation utterance.
    ///
    /// # Errors
    /// [`TaskError::DifferentData`] if the files have different channels or classes, [`TaskError::FewUtterances`] if
    /// no class has three training utterances.
    pub fn from_ts(train: TsData, test: TsData) -> Result<Self, TaskError> {
        let different = |what, train: String, test: String| TaskError::DifferentData { what, train, test };
        if train.channels != test.channels {
            return Err(different("numbers of channels", train.channels.to_string(), test.channels.to_string()));
        }
        if train.classes != test.classes {
            return Err(different("classes", train.classes.join(" "), test.classes.join(" ")));
        }
        let mut seen = vec![0; train.classes.len()];
        let (mut fitted, mut validation) = (Vec::new(), Vec::new());
        for utterance in train.utterances {
            let count: &mut usize = &mut seen[utterance.class];
            *count += 1;
            let part = if count.is_multiple_of(VALIDATION_EVERY) { &mut validation } else { &mut fitted };
            part.push(utterance);
        }
        if validation.is_empty() {
            return Err(TaskError::FewUtterances { least: VALIDATION_EVERY });
        }
        let (channels, classes) = (train.channels, train.classes);
        Ok(Self { channels, classes, train: fitted, validation, test: test.utterances })
    }

    /// All utterances: training, validation, test. Their positions here are the ids that encoders draw by.
    pub fn utterances(&self) -> impl Iterator<Item = &Utterance> + Clone {
        self.train.iter().chain(&self.validation).chain(&self.test)
    }

    /// The range of each channel over training and validation utterances: test utterances must not scale an input.
    pub fn input_ranges(&self) -> Vec<Range> {
        let frames = self.train.iter().chain(&self.validation).flat_map(|u| u.signal.frames());
        ranges(frames).expect("a classification has training utterances, and utterances have frames")
    }

    /// Frames of the longest utterance.
    pub fn frames_max(&self) -> usize {
        self.utterances().map(|u| u.signal.len()).max().unwrap_or(0)
    }
}

/// Series that each have a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// Number of channels of every series.
    pub channels: usize,
    /// The series: those to train on, then those to choose a penalty by, then those to score.
    pub signals: Vec<Signal>,
    /// The number of each.
    pub targets: Vec<f64>,
    /// Series to train on.
    pub train: usize,
    /// Series to choose a penalty by.
    pub validation: usize,
    /// Series to score.
    pub test: usize,
}

/// Scales each channel so that its range goes from -1 to 1; a channel that does not vary becomes 0.
fn scale(signal: &mut Signal, ranges: &[Range]) {
    for (value, range) in signal.values.iter_mut().zip(ranges.iter().cycle()) {
        let (low, high) = (to_f64(range.min), to_f64(range.max));
        let half = (high - low) / 2.0;
        *value = if half > 0.0 { scaled(to_f64(*value), low, half) } else { Real::ZERO };
    }
}

impl Regression {
    /// The regression that a training and a test file describe. The third, sixth, ... training series, in the order of
    /// the file, is set aside for validation. Each channel is scaled, so that those of the training file go from -1 to
    /// 1.
    ///
    /// # Errors
    /// [`TaskError::DifferentData`] if the files have different channels, [`TaskError::FewSeries`] for fewer than three
    /// training series or fewer than two to score.
    pub fn from_ts(train: TsRegression, test: TsRegression) -> Result<Self, TaskError> {
        if train.channels != test.channels {
            let (train, test) = (train.channels.to_string(), test.channels.to_string());
            return Err(TaskError::DifferentData { what: "numbers of channels", train, test });
        }
        // A score is relative to how much the targets vary.
        for (part, found, least) in
            [("training", train.signals.len(), VALIDATION_EVERY), ("test", test.signals.len(), 2)]
        {
            if found < least {
                return Err(TaskError::FewSeries { part, found, least });
            }
        }
        let pairs = train.signals.into_iter().zip(train.targets).enumerate();
        let (validation, fitted): (Vec<_>, Vec<_>) =
            pairs.partition(|(index, _)| (index + 1).is_multiple_of(VALIDATION_EVERY));
        let (channels, counts) = (train.channels, [fitted.len(), validation.len(), test.signals.len()]);
        let own = fitted.into_iter().chain(validation).map(|(_, pair)| pair);
        let (signals, targets) = own.chain(test.signals.into_iter().zip(test.targets)).unzip();
        let [train, validation, test] = counts;
        let mut made = Self { channels, signals, targets, train, validation, test };
        let ranges = made.input_ranges();
        made.signals.iter_mut().for_each(|signal| scale(signal, &ranges));
        Ok(made)
    }

    /// The range of each channel over training and validation series: test series must not scale an input.
    pub fn input_ranges(&self) -> Vec<Range> {
        let frames = self.signals[..self.train + self.validation].iter().flat_map(Signal::frames);
        ranges(frames).expect("a regression has training series, and series have frames")
    }
}

/// One long input with the outputs that are wanted at each of its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The input; one frame a sample.
    pub input: Signal,
    /// What each target is, such as `u(t - 3)`.
    pub target_names: Vec<String>,
    /// The targets: one row a sample, one column a name. The row of a sample is wanted after the sample was seen.
    pub targets: Vec<f64>,
    /// Samples at the start that are neither trained on nor scored.
    pub washout: usize,
    /// Samples to train on, after the washout.
    pub train: usize,
    /// Samples to choose a penalty by, after those.
    pub validation: usize,
    /// Samples to score, after those.
    pub test: usize,
}

impl Series {
    /// The range of each channel over the samples up to the end of the validation part: test samples must not scale
    /// an input.
    pub fn input_ranges(&self) -> Vec<Range> {
        let seen = self.washout + self.train + self.validation;
        ranges(self.input.frames().take(seen)).expect("a series has training samples")
    }

    /// The targets of sample `index`.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn target(&self, index: usize) -> &[f64] {
        let columns = self.target_names.len();
        &self.targets[index * columns..(index + 1) * columns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read_ts, read_ts_regression};

    fn ts(classes: &str, channels: usize, utterances: &[&str]) -> TsData {
        let header = format!("@dimensions {channels}\n@classLabel true {classes}\n@data\n");
        read_ts(header + &utterances.join("\n") + "\n", "x.ts").unwrap()
    }

    #[test]
    fn every_third_utterance_of_a_class_validates() {
        let train = ts("a b", 1, &["1:a", "2:b", "3:a", "4:a", "5:b", "6:a", "7:a", "8:a", "9:b"]);
        let test = ts("a b", 1, &["-100:b"]);
        let data = Classification::from_ts(train, test).unwrap();
        let values = |part: &[Utterance]| -> Vec<i64> {
            part.iter().map(|u| u.signal.frame(0)[0].to_bits() >> Real::FRACTION_BITS).collect()
        };
        assert_eq!(values(&data.validation), [4, 8, 9]);
        assert_eq!(values(&data.train), [1, 2, 3, 5, 6, 7]);
        assert_eq!(data.utterances().count(), 10);
        assert_eq!(data.frames_max(), 1);
        let range = Range { min: Real::from_integer(1), max: Real::from_integer(9) };
        assert_eq!(data.input_ranges(), [range], "the test part does not scale");
    }

    #[test]
    fn files_of_different_data_sets_are_refused() {
        let usual = || ts("a b", 1, &["1:a", "1:a", "1:a"]);
        let error = |train, test| Classification::from_ts(train, test).unwrap_err().to_string();
        assert!(error(usual(), ts("a c", 1, &["1:a"])).ends_with("different classes: a b and a c"));
        assert!(error(usual(), ts("a b", 2, &["1:1:a"])).ends_with("different numbers of channels: 1 and 2"));
        assert!(error(ts("a b", 1, &["1:a", "1:b", "1:b"]), usual()).starts_with("no class has the 3"));
    }

    #[test]
    fn every_third_series_with_a_number_validates() {
        let file = |rows: &str| {
            read_ts_regression(format!("@dimensions 1\n@targetLabel true\n@data\n{rows}"), "x.ts").unwrap()
        };
        let train = || file("1:10\n2:20\n3:30\n4:40\n");
        let data = Regression::from_ts(train(), file("-7:1\n8:2\n")).unwrap();
        assert_eq!(data.targets, [10.0, 20.0, 40.0, 30.0, 1.0, 2.0]);
        assert_eq!((data.train, data.validation, data.test), (3, 1, 2));
        // 1 to 4 became -1 to 1, and -7 lies beyond.
        assert_eq!(data.input_ranges(), [Range { min: Real::from_integer(-1), max: Real::ONE }]);
        let third = data.signals[4].frame(0)[0].to_bits() - Real::from_ratio(-19, 3).to_bits();
        assert!(third.abs() <= 1, "{:?}", data.signals[4]);
        let flat = Regression::from_ts(file("5:1\n5:2\n5:3\n"), file("5:1\n9:2\n")).unwrap();
        assert!(flat.signals.iter().all(|signal| signal.frame(0) == [Real::ZERO]));
        let error = |train, test| Regression::from_ts(train, test).unwrap_err().to_string();
        assert_eq!(error(file("1:1\n1:2\n"), train()), "2 training series with a number, and 3 are needed");
        assert_eq!(error(train(), file("1:1\n")), "1 test series with a number, and 2 are needed");
        let two = read_ts_regression("@dimensions 2\n@targetLabel true\n@data\n1:1:1\n1:2:2\n", "x.ts").unwrap();
        assert_eq!(error(train(), two), "training and test data have different numbers of channels: 1 and 2");
    }

    #[test]
    fn a_series_scales_by_what_it_may_see() {
        let values = [5, -1, 2, 3, 99].map(Real::from_integer).to_vec();
        let input = Signal::new(1, values);
        let targets = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let target_names = vec!["a".into(), "b".into()];
        let series = Series { input, target_names, targets, washout: 1, train: 2, validation: 1, test: 1 };
        assert_eq!(series.input_ranges(), [Range { min: Real::from_integer(-1), max: Real::from_integer(5) }]);
        assert_eq!(series.target(3), &[6.0, 7.0]);
    }

    #[test]
    #[should_panic(expected = "3 values in 2 channels")]
    fn half_a_frame_is_refused() {
        Signal::new(2, vec![Real::ZERO; 3]);
    }
}
