//! The catalogue: every task with its formula, where it comes from, and what others score on it.

use crate::{Classification, Series, TaskError, TsData, japanese_vowels, series};
use std::borrow::Cow;

/// How a task is scored. The `readout` crate has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Share of utterances assigned to their class.
    Accuracy,
    /// Root mean squared error over the standard deviation of the target.
    Nrmse,
    /// Sum over delays of the squared correlation between delayed input and output.
    MemoryCapacity,
}

impl Metric {
    /// The name, as tables print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Nrmse => "nrmse",
            Self::MemoryCapacity => "memory capacity",
        }
    }

    /// Whether a larger score is a better one.
    pub const fn higher_is_better(self) -> bool {
        match self {
            Self::Accuracy | Self::MemoryCapacity => true,
            Self::Nrmse => false,
        }
    }
}

/// A score that another system reaches, to judge one's own by.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The system.
    pub system: Cow<'static, str>,
    /// Its mean score in the metric of the task.
    pub score: f64,
    /// Standard deviation over repetitions; none if there was only one, or it was not said.
    pub deviation: Option<f64>,
}

/// What a task is, without its data.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskInfo {
    /// Short name, unique in the catalogue.
    pub id: Cow<'static, str>,
    /// Name in words.
    pub title: Cow<'static, str>,
    /// What goes in and what should come out.
    pub formula: Cow<'static, str>,
    /// Where it comes from.
    pub citation: Cow<'static, str>,
    /// How it is scored.
    pub metric: Metric,
    /// Scores of others.
    pub references: Cow<'static, [Reference]>,
}

/// The data of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskData {
    /// Utterances with classes.
    Classification(Classification),
    /// One long series with targets.
    Series(Series),
}

/// A task with its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What it is.
    pub info: TaskInfo,
    /// Its data.
    pub data: TaskData,
}

/// Options of the generated tasks; what is not given is the default of the task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskOptions {
    /// Root seed of the input. Tasks with recorded data ignore it.
    pub seed: u64,
    /// Samples at the start that are neither trained on nor scored.
    pub washout: Option<usize>,
    /// Samples to train on.
    pub train: Option<usize>,
    /// Samples to choose a penalty by.
    pub validation: Option<usize>,
    /// Samples to score.
    pub test: Option<usize>,
    /// Longest delay of the memory capacity, in samples.
    pub delays: Option<usize>,
}

const fn esn(system: &'static str, score: f64, deviation: f64) -> Reference {
    Reference { system: Cow::Borrowed(system), score, deviation: Some(deviation) }
}

/// All tasks that quenched brings along. Reference scores of echo-state networks were measured with ReservoirPy 0.4.2
/// (float64, connectivity 0.1), each with the lengths that its comment names.
pub static CATALOGUE: [TaskInfo; 4] = [
    TaskInfo {
        id: Cow::Borrowed("japanese-vowels"),
        title: Cow::Borrowed("Japanese Vowels: who of nine speakers says /ae/"),
        formula: Cow::Borrowed("12 LPC cepstrum coefficients x 7-29 frames -> one of 9 speakers; 270 + 370 utterances"),
        citation: Cow::Borrowed(
            "M. Kudo, J. Toyama and M. Shimbo. (1999). \"Multidimensional Curve Classification Using Passing-Through \
             Regions\". Pattern Recognition Letters, Vol. 20, No. 11--13, pages 1103--1111. Data: UCI Machine Learning \
             Repository, https://doi.org/10.24432/C5NS47, CC BY 4.0",
        ),
        metric: Metric::Accuracy,
        references: Cow::Borrowed(
            // All 270 training utterances.
            &[
                esn("echo-state network, N = 100, last state and mean state", 0.990, 0.003),
                Reference {
                    system: Cow::Borrowed("linear classifier on the channel means"),
                    score: 0.873,
                    deviation: None,
                },
            ],
        ),
    },
    TaskInfo {
        id: Cow::Borrowed("narma10"),
        title: Cow::Borrowed("NARMA-10: a nonlinear moving average of ten steps"),
        formula: Cow::Borrowed(
            "y(t+1) = 0.3 y(t) + 0.05 y(t) sum_{i=0..9} y(t-i) + 1.5 u(t-9) u(t) + 0.1, u uniform in [0, 0.5); \
             u(t) -> y(t+1)",
        ),
        citation: Cow::Borrowed(
            "A. F. Atiya and A. G. Parlos. (2000). \"New Results on Recurrent Network Training: Unifying the \
             Algorithms and Accelerating Convergence\". IEEE Transactions on Neural Networks 11(3), 697-709",
        ),
        metric: Metric::Nrmse,
        references: Cow::Borrowed(
            // Washout 200, train 4000, test 2000; ten seeds.
            &[
                esn("echo-state network, N = 100, spectral radius 0.9, input 0.1", 0.290, 0.014),
                esn("echo-state network, N = 500, spectral radius 0.8, input 0.2", 0.143, 0.013),
                Reference { system: Cow::Borrowed("shift register (linear memory)"), score: 0.40, deviation: None },
            ],
        ),
    },
    TaskInfo {
        id: Cow::Borrowed("mackey-glass"),
        title: Cow::Borrowed("Mackey-Glass, delay 17, one step ahead"),
        formula: Cow::Borrowed(
            "dx/dt = 0.2 x(t-17) / (1 + x(t-17)^10) - 0.1 x(t), sampled once a time unit; x(t) - mean -> x(t+1) - mean",
        ),
        citation: Cow::Borrowed(
            "M. C. Mackey and L. Glass. (1977). \"Oscillation and chaos in physiological control systems\". Science \
             197(4300), 287-289",
        ),
        metric: Metric::Nrmse,
        references: Cow::Borrowed(
            // 1000 samples discarded, train 3000, ten seeds; spectral radius 0.95, input 1, leak 0.3, bias 0.2.
            &[esn("echo-state network, N = 100", 1.56e-3, 1.6e-4), esn("echo-state network, N = 500", 2.47e-4, 2.6e-5)],
        ),
    },
    TaskInfo {
        id: Cow::Borrowed("memory-capacity"),
        title: Cow::Borrowed("Linear memory capacity"),
        formula: Cow::Borrowed("MC = sum_k corr(u(t-k), o_k(t))^2, k = 1, 2, ..., u uniform in [-0.8, 0.8]"),
        citation: Cow::Borrowed("H. Jaeger. (2001). \"Short term memory in echo state networks\". GMD Report 152"),
        metric: Metric::MemoryCapacity,
        references: Cow::Borrowed(
            // 8000 samples each to train and to test, delays up to twice the number of units; five and two seeds.
            &[
                Reference {
                    system: Cow::Borrowed("echo-state network (tanh), N = 100, spectral radius 0.95, input 0.1"),
                    score: 26.3,
                    deviation: None,
                },
                Reference {
                    system: Cow::Borrowed("echo-state network (tanh), N = 500, spectral radius 0.95, input 0.1"),
                    score: 46.3,
                    deviation: None,
                },
            ],
        ),
    },
];

/// The entry of the catalogue with this id.
fn info(id: &str) -> Option<&'static TaskInfo> {
    CATALOGUE.iter().find(|info| info.id == id)
}

/// The task with id `id`.
///
/// # Errors
/// [`TaskError::UnknownTask`], and whatever the task's own constructor refuses.
pub fn task(id: &str, options: &TaskOptions) -> Result<Task, TaskError> {
    match id {
        "japanese-vowels" => {
            let TaskOptions { seed: _, washout, train, validation, test, delays } = *options;
            refuse(
                "japanese-vowels",
                [
                    ("washout", washout),
                    ("train", train),
                    ("validation", validation),
                    ("test", test),
                    ("delays", delays),
                ],
            )?;
            Task::japanese_vowels()
        }
        "narma10" => Task::narma10(options),
        "mackey-glass" => Task::mackey_glass(options),
        "memory-capacity" => Task::memory_capacity(options),
        _ => {
            let known = CATALOGUE.iter().filter_map(|info| match info.id {
                Cow::Borrowed(id) => Some(id),
                Cow::Owned(_) => None,
            });
            Err(TaskError::UnknownTask { id: id.into(), known: known.collect() })
        }
    }
}

/// Refuses options that a task does not have: a setting without effect would be a silent mistake.
fn refuse<const N: usize>(task: &'static str, options: [(&'static str, Option<usize>); N]) -> Result<(), TaskError> {
    match options.into_iter().find(|(_, value)| value.is_some()) {
        Some((option, _)) => Err(TaskError::UnusedOption { task, option }),
        None => Ok(()),
    }
}

impl Task {
    fn new(id: &'static str, data: TaskData) -> Self {
        Self { info: info(id).expect("every constructor has an entry in the catalogue").clone(), data }
    }

    /// Japanese Vowels, with the data that quenched brings along.
    ///
    /// # Errors
    /// [`TaskError::Bundle`] if the program was built from a damaged source tree.
    pub fn japanese_vowels() -> Result<Self, TaskError> {
        Ok(Self::new("japanese-vowels", TaskData::Classification(japanese_vowels::classification()?)))
    }

    /// NARMA-10. Defaults: washout 200, train 3200, validation 800, test 2000.
    ///
    /// # Errors
    /// [`TaskError::TooSmall`], [`TaskError::TooLarge`] or [`TaskError::UnusedOption`] for options that make no sense.
    pub fn narma10(options: &TaskOptions) -> Result<Self, TaskError> {
        refuse("narma10", [("delays", options.delays)])?;
        Ok(Self::new("narma10", TaskData::Series(series::narma10(options)?)))
    }

    /// Mackey-Glass with delay 17, one step ahead. Defaults: washout 200, train 2400, validation 600, test 2000.
    ///
    /// # Errors
    /// [`TaskError::TooSmall`], [`TaskError::TooLarge`] or [`TaskError::UnusedOption`] for options that make no sense.
    pub fn mackey_glass(options: &TaskOptions) -> Result<Self, TaskError> {
        refuse("mackey-glass", [("delays", options.delays)])?;
        Ok(Self::new("mackey-glass", TaskData::Series(series::mackey_glass(options)?)))
    }

    /// Linear memory capacity. Defaults: delays 1 to 100, washout 200, train 4000, validation 1000, test 4000.
    ///
    /// # Errors
    /// [`TaskError::TooSmall`] or [`TaskError::TooLarge`] for options that make no sense.
    pub fn memory_capacity(options: &TaskOptions) -> Result<Self, TaskError> {
        Ok(Self::new("memory-capacity", TaskData::Series(series::memory_capacity(options)?)))
    }

    /// A classification of a user's own data, scored by accuracy.
    ///
    /// # Errors
    /// As [`Classification::from_ts`].
    pub fn classification(id: &str, train: TsData, test: TsData) -> Result<Self, TaskError> {
        let title = if train.name.is_empty() { id.to_owned() } else { train.name.clone() };
        let data = Classification::from_ts(train, test)?;
        let formula = format!("{} channels -> one of {} classes", data.channels, data.classes.len());
        let info = TaskInfo {
            id: Cow::Owned(id.to_owned()),
            title: Cow::Owned(title),
            formula: Cow::Owned(formula),
            citation: Cow::Borrowed("own data"),
            metric: Metric::Accuracy,
            references: Cow::Borrowed(&[]),
        };
        Ok(Self { info, data: TaskData::Classification(data) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_ts;

    #[test]
    fn every_entry_can_be_made_and_is_complete() {
        for entry in &CATALOGUE {
            let made = task(&entry.id, &TaskOptions::default()).unwrap();
            assert_eq!(&made.info, entry);
            assert!(!entry.formula.is_empty() && !entry.citation.is_empty() && !entry.references.is_empty());
            assert_eq!(CATALOGUE.iter().filter(|other| other.id == entry.id).count(), 1);
        }
    }

    #[test]
    fn wrong_ids_and_options_are_refused() {
        let error = |id, options: TaskOptions| task(id, &options).unwrap_err().to_string();
        let usual = TaskOptions::default();
        assert_eq!(
            error("narma-10", usual),
            "there is no task `narma-10`; known tasks are japanese-vowels, narma10, mackey-glass, memory-capacity"
        );
        let delays = TaskOptions { delays: Some(3), ..usual };
        assert_eq!(error("narma10", delays), "task `narma10` takes no option `delays`");
        assert_eq!(error("mackey-glass", delays), "task `mackey-glass` takes no option `delays`");
        let train = TaskOptions { train: Some(3), seed: 5, ..usual };
        assert_eq!(error("japanese-vowels", train), "task `japanese-vowels` takes no option `train`");
    }

    #[test]
    fn own_data_become_a_task() {
        let text = "@problemName Mine\n@dimensions 2\n@classLabel true a b\n@data\n1:2:a\n1:2:a\n1:2:a\n3:4:b\n";
        let data = || read_ts(text, "mine.ts").unwrap();
        let mine = Task::classification("mine", data(), data()).unwrap();
        assert_eq!((&*mine.info.id, &*mine.info.title), ("mine", "Mine"));
        assert_eq!(mine.info.formula, "2 channels -> one of 2 classes");
    }

    #[test]
    fn metrics_know_their_direction() {
        let all = [Metric::Accuracy, Metric::Nrmse, Metric::MemoryCapacity];
        assert_eq!(all.map(Metric::name), ["accuracy", "nrmse", "memory capacity"]);
        assert_eq!(all.map(Metric::higher_is_better), [true, false, true]);
    }
}
