//! The catalogue: every task with its formula, where it comes from, and what others score on it.

use crate::{Classification, Regression, Series, TaskError, TemporalTask, TsData, japanese_vowels, series, temporal};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How a task is scored. The `readout` crate has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Share of utterances assigned to their class.
    Accuracy,
    /// Root mean squared error over the standard deviation of the target.
    Nrmse,
    /// Sum over delays of the squared correlation between delayed input and output.
    MemoryCapacity,
    /// Sum over orthogonal targets of the part that a linear readout without penalty can make of the states.
    InformationCapacity,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accuracy, Self::Nrmse, Self::MemoryCapacity, Self::InformationCapacity];

    /// The name, as tables print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Nrmse => "nrmse",
            Self::MemoryCapacity => "memory capacity",
            Self::InformationCapacity => "information capacity",
        }
    }

    /// Whether a larger score is a better one.
    pub const fn higher_is_better(self) -> bool {
        match self {
            Self::Accuracy | Self::MemoryCapacity | Self::InformationCapacity => true,
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
    /// Why a layer without memory solves it, which therefore says little of dynamics; none if that is not known.
    pub solved_statically: Option<&'static str>,
}

/// The data of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskData {
    /// Utterances with classes.
    Classification(Classification),
    /// Series with a number each.
    Regression(Regression),
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

/// What may be chosen of a generated task: the seed of its input, and counts by name. What is not given is the default
/// of the task; which counts it has is said by its [`Entry`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskOptions {
    /// Root seed of the input. Tasks with recorded data ignore it.
    pub seed: u64,
    counts: BTreeMap<String, usize>,
}

impl TaskOptions {
    /// Every count as the task has it.
    pub fn new(seed: u64) -> Self {
        Self { seed, counts: BTreeMap::new() }
    }

    /// The same options with another count.
    pub fn with(mut self, name: &str, count: usize) -> Self {
        self.counts.insert(name.into(), count);
        self
    }

    /// The names of the counts that were given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.counts.keys().map(String::as_str)
    }

    /// The count that was given for `name`.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.counts.get(name).copied()
    }
}

/// A task that quenched brings along: all that is stated of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub info: TaskInfo,
    /// The counts that [`TaskOptions`] may hold for it: none if its data are recorded.
    pub options: &'static [&'static str],
    make: Make,
}

/// How the data of an entry come about.
#[derive(Clone, Debug)]
enum Make {
    Own(fn(&TaskOptions) -> Result<TaskData, TaskError>),
    Temporal(TemporalTask),
}

const fn esn(system: &'static str, score: f64, deviation: f64) -> Reference {
    Reference { system: Cow::Borrowed(system), score, deviation: Some(deviation) }
}

/// All tasks that quenched brings along. Reference scores of echo-state networks were measured with ReservoirPy 0.4.2
/// (float64, connectivity 0.1), each with the lengths that its comment names.
pub static CATALOGUE: &[Entry] = &[
    Entry {
        info: TaskInfo {
            id: Cow::Borrowed("japanese-vowels"),
            title: Cow::Borrowed("Japanese Vowels: who of nine speakers says /ae/"),
            formula: Cow::Borrowed(
                "12 LPC cepstrum coefficients x 7-29 frames -> one of 9 speakers; 270 + 370 utterances",
            ),
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
                    esn("256 random tanh units without memory, on the 24 counts of input spikes", 0.959, 0.006),
                ],
            ),
            solved_statically: Some(
                "256 random tanh units without memory reach 95.9 % (standard deviation 0.6 % over five draws) on the \
                 24 counts of input spikes of an utterance",
            ),
        },
        options: &[],
        make: Make::Own(|_| Ok(TaskData::Classification(japanese_vowels::classification()?))),
    },
    Entry {
        info: TaskInfo {
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
            solved_statically: None,
        },
        options: &series::NAMES,
        make: Make::Own(|options| Ok(TaskData::Series(series::narma10(options)?))),
    },
    Entry {
        info: TaskInfo {
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
                &[
                    esn("echo-state network, N = 100", 1.56e-3, 1.6e-4),
                    esn("echo-state network, N = 500", 2.47e-4, 2.6e-5),
                ],
            ),
            solved_statically: None,
        },
        options: &series::NAMES,
        make: Make::Own(|options| Ok(TaskData::Series(series::mackey_glass(options)?))),
    },
    Entry {
        info: TaskInfo {
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
            solved_statically: None,
        },
        options: &["washout", "train", "validation", "test", "delays"],
        make: Make::Own(|options| Ok(TaskData::Series(series::memory_capacity(options)?))),
    },
    Entry {
        info: TaskInfo {
            id: Cow::Borrowed("information-capacity"),
            title: Cow::Borrowed("Information processing capacity"),
            formula: Cow::Borrowed(
                "sum over products z of Legendre polynomials of u(t-k) of 1 - min_w mean((z - w x)^2) / mean(z^2) where that \
                 exceeds a threshold, over the T test samples, u independent, uniform in [-1, 1)",
            ),
            citation: Cow::Borrowed(
                "J. Dambre, D. Verstraeten, B. Schrauwen and S. Massar. (2012). \"Information processing capacity of \
                 dynamical systems\". Scientific Reports 2:514",
            ),
            metric: Metric::InformationCapacity,
            references: Cow::Borrowed(
                // 60,000 samples, products up to degree 5; spectral radius 0.9.
                &[
                    Reference {
                        system: Cow::Borrowed("echo-state network (tanh), N = 50, input 0.1 (rank 50)"),
                        score: 50.1,
                        deviation: None,
                    },
                    Reference {
                        system: Cow::Borrowed("echo-state network (tanh), N = 50, input 0.5 (rank 50)"),
                        score: 46.7,
                        deviation: None,
                    },
                ],
            ),
            solved_statically: None,
        },
        options: &series::NAMES,
        make: Make::Own(|options| Ok(TaskData::Series(series::information_capacity(options)?))),
    },
];

impl Entry {
    /// The product that the task is; none if it is not one.
    pub const fn temporal(&self) -> Option<&TemporalTask> {
        match &self.make {
            Make::Temporal(task) => Some(task),
            Make::Own(_) => None,
        }
    }
}

/// The entries of the temporal tasks.
static TEMPORAL: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |task: &TemporalTask| {
        let info = TaskInfo {
            id: Cow::Owned(task.to_string()),
            title: Cow::Owned(format!("{} of {}, shift {:+}", task.function.name(), task.stimulus.name(), task.shift)),
            formula: Cow::Owned(task.formula()),
            citation: Cow::Borrowed(task.stimulus.citation()),
            metric: Metric::Nrmse,
            references: Cow::Borrowed(&[]),
            solved_statically: task.static_because(),
        };
        Entry { info, options: &series::NAMES, make: Make::Temporal(*task) }
    };
    TemporalTask::all().iter().map(entry).collect()
});

/// Every entry: those of [`CATALOGUE`], then a temporal task each.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    CATALOGUE.iter().chain(TEMPORAL.iter())
}

/// All ids, in the order of [`entries`].
pub fn ids() -> impl Iterator<Item = Cow<'static, str>> {
    entries().map(|entry| entry.info.id.clone())
}

/// The entry with this id.
///
/// # Errors
/// [`TaskError::UnknownTask`], which names the one that is most like it.
pub fn entry(id: &str) -> Result<&'static Entry, TaskError> {
    if let Some(entry) = CATALOGUE.iter().find(|entry| entry.info.id == id) {
        return Ok(entry);
    }
    let id = TemporalTask::find(id)?.to_string();
    TEMPORAL.iter().find(|entry| entry.info.id == id).ok_or_else(|| TaskError::unknown_task(&id))
}

/// The task with id `id`.
///
/// # Errors
/// [`TaskError::UnknownTask`]; [`TaskError::UnusedOption`] for a count that the task does not have, because a setting
/// without effect would be a silent mistake; and whatever the task's own constructor refuses.
pub fn task(id: &str, options: &TaskOptions) -> Result<Task, TaskError> {
    let entry = entry(id)?;
    if let Some(option) = options.counts.keys().find(|name| !entry.options.contains(&name.as_str())) {
        return Err(TaskError::UnusedOption { task: id.into(), option: option.clone() });
    }
    let data = match &entry.make {
        Make::Own(make) => make(options)?,
        Make::Temporal(one) => TaskData::Series(temporal::series(&[*one], options)?),
    };
    Ok(Task { info: entry.info.clone(), data })
}

impl Task {
    /// Several temporal tasks of one stimulus, a target each; a single one is [`task`].
    ///
    /// # Errors
    /// As [`temporal::series`].
    pub fn temporal(tasks: &[TemporalTask], options: &TaskOptions) -> Result<Self, TaskError> {
        let series = temporal::series(tasks, options)?;
        // What is not there has been refused.
        let stimulus = tasks[0].stimulus;
        let mut functions: Vec<String> = tasks.iter().map(|task| task.function.name()).collect();
        functions.dedup();
        let info = TaskInfo {
            id: Cow::Borrowed(stimulus.name()),
            title: Cow::Owned(format!("{} tasks of `{}`", tasks.len(), stimulus.name())),
            formula: Cow::Owned(format!("{}; targets: {}", stimulus.formula(), functions.join(", "))),
            citation: Cow::Borrowed(stimulus.citation()),
            metric: Metric::Nrmse,
            references: Cow::Borrowed(&[]),
            solved_statically: None,
        };
        Ok(Self { info, data: TaskData::Series(series) })
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
            solved_statically: None,
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
        for Entry { info, options, .. } in CATALOGUE {
            let made = task(&info.id, &TaskOptions::default()).unwrap();
            assert_eq!(&made.info, info);
            assert!(!info.formula.is_empty() && !info.citation.is_empty() && !info.references.is_empty());
            assert_eq!(CATALOGUE.iter().filter(|other| other.info.id == info.id).count(), 1);
            for option in *options {
                let large = TaskOptions::new(0).with(option, usize::MAX);
                assert!(task(&info.id, &large).is_err(), "`{option}` of `{}` has no effect", info.id);
            }
        }
    }

    #[test]
    fn wrong_ids_and_options_are_refused() {
        let error = |id, options: TaskOptions| task(id, &options).unwrap_err().to_string();
        let usual = TaskOptions::default;
        assert_eq!(error("narma-10", usual()), "there is no task `narma-10`; did you mean `narma10`?");
        let delays = || usual().with("delays", 3);
        assert_eq!(error("narma10", delays()), "task `narma10` takes no option `delays`");
        assert_eq!(error("mackey-glass", delays()), "task `mackey-glass` takes no option `delays`");
        let train = TaskOptions::new(5).with("train", 3);
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
        let all = [Metric::Accuracy, Metric::Nrmse, Metric::MemoryCapacity, Metric::InformationCapacity];
        assert_eq!(all.map(Metric::name), ["accuracy", "nrmse", "memory capacity", "information capacity"]);
        assert_eq!(all.map(Metric::higher_is_better), [true, false, true, true]);
    }
}
