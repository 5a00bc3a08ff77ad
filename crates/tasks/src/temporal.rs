//! The catalogue of temporal tasks: every sensible product of a stimulus, a function and a shift.
//!
//! An id is `STIMULUS/FUNCTION/shift+N`, such as `lorenz/legendre-3/shift+5`, and stays what it is: another release may
//! add tasks, not change what one means. The tasks of one stimulus share it, sample for sample, so that one emulation
//! and one factorisation serve all of them ([`series`] makes them one [`Series`] with many targets). Shifts of one
//! function are nearly one task: count them by the effective number of tasks, not by their ids.

use crate::series::{self as lengths, Lengths};
use crate::{Function, Recording, Series, Stimulus, Target, TaskError, TaskOptions};
use std::fmt;
use std::sync::LazyLock;

/// A task of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TemporalTask {
    /// What goes in.
    pub stimulus: Stimulus,
    /// What should come out.
    pub function: Function,
    /// How many samples ago what it speaks of was; below 0 it is still to come.
    pub shift: i32,
}

/// Its id.
impl fmt::Display for TemporalTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/shift{:+}", self.stimulus.name(), self.function.name(), self.shift)
    }
}

static TEMPORAL: LazyLock<Vec<TemporalTask>> = LazyLock::new(|| {
    let of_stimulus = |stimulus: Stimulus| {
        let of_function = move |function: Function| {
            function.shifts(stimulus).iter().map(move |&shift| TemporalTask { stimulus, function, shift })
        };
        Function::ALL.into_iter().flat_map(of_function)
    };
    Stimulus::ALL.into_iter().flat_map(of_stimulus).collect()
});

impl TemporalTask {
    /// All of them: those of a stimulus together, then those of a function, shifts rising.
    pub fn all() -> &'static [Self] {
        &TEMPORAL
    }

    /// The tasks of each stimulus.
    pub fn by_stimulus() -> impl Iterator<Item = (Stimulus, &'static [Self])> {
        TEMPORAL.chunk_by(|a, b| a.stimulus == b.stimulus).map(|tasks| (tasks[0].stimulus, tasks))
    }

    /// The task with an id. `legendre-1` is another name of `recall`, and of `prediction` for shifts below 0.
    ///
    /// # Errors
    /// [`TaskError::UnknownTask`] with the id that is most like it.
    pub fn find(id: &str) -> Result<Self, TaskError> {
        let renamed = id.split_once("/legendre-1/").map(|(stimulus, shift)| {
            let function = if shift.starts_with("shift-") { "prediction" } else { "recall" };
            format!("{stimulus}/{function}/{shift}")
        });
        let wanted = renamed.as_deref().unwrap_or(id);
        let found = TEMPORAL.iter().find(|task| task.to_string() == wanted).copied();
        found.ok_or_else(|| TaskError::unknown_task(id))
    }

    /// What goes in and what should come out.
    pub fn formula(&self) -> String {
        format!("{}; target {}, s = {}", self.stimulus.formula(), self.function.formula(), self.shift)
    }

    /// Why a layer without memory solves the task; none if that is not known.
    pub const fn static_because(&self) -> Option<&'static str> {
        if self.function.is_static(self.shift) {
            Some("the target is a function of the sample of the same time")
        } else {
            None
        }
    }

    /// The target of a recording of its stimulus.
    ///
    /// # Errors
    /// As [`Function::target`].
    pub fn target(&self, of: &Recording) -> Result<Target, TaskError> {
        self.function.target(of, self.shift)
    }
}

/// Samples neither trained on nor scored, trained on, to choose a penalty by, and scored, if not chosen otherwise.
const LENGTHS: Lengths = Lengths { washout: 200, train: 3200, validation: 800, test: 2000 };

/// The tasks of one stimulus as one series with a target each, which are named by their ids.
///
/// The stimulus is drawn so far that every sample has its targets where they lie in the future; where they lie in the
/// past, the washout must reach back as far.
///
/// # Errors
/// [`TaskError::OtherStimulus`] for tasks of different stimuli or none at all; [`TaskError::TooSmall`] for a washout
/// shorter than the past that a target needs, and for other lengths that make no sense; [`TaskError::TooLarge`];
/// [`TaskError::Diverged`]; [`TaskError::UnusedOption`] for an option that is no length.
pub fn series(tasks: &[TemporalTask], options: &TaskOptions) -> Result<Series, TaskError> {
    let Some(first) = tasks.first() else { return Err(TaskError::OtherStimulus { ids: Vec::new() }) };
    if let Some(other) = tasks.iter().find(|task| task.stimulus != first.stimulus) {
        return Err(TaskError::OtherStimulus { ids: vec![first.to_string(), other.to_string()] });
    }
    let wanted: Vec<(Function, i32)> = tasks.iter().map(|task| (task.function, task.shift)).collect();
    let names = tasks.iter().map(TemporalTask::to_string).collect();
    made(names, &wanted, options, |count, _| first.stimulus.record(options.seed, count))
}

/// A function of one's own series by name, such as `recall/shift+5`.
pub(crate) fn own_name(function: Function, shift: i32) -> String {
    format!("{}/shift{shift:+}", function.name())
}

/// A series of what `record` gives for a number of samples, of which the first so many are seen before the test part.
pub(crate) fn made(
    names: Vec<String>,
    wanted: &[(Function, i32)],
    options: &TaskOptions,
    record: impl FnOnce(usize, usize) -> Result<Recording, TaskError>,
) -> Result<Series, TaskError> {
    let Some(name) = names.first() else { return Err(TaskError::OtherStimulus { ids: names }) };
    if let Some(option) = options.names().find(|name| !lengths::NAMES.contains(name)) {
        return Err(TaskError::UnusedOption { task: name.clone(), option: option.into() });
    }
    let parts = Lengths::new(name, options, LENGTHS, wanted.len())?;
    let reaches = || wanted.iter().map(|(function, shift)| function.reach(*shift));
    let back = reaches().map(|(back, _)| back).max().unwrap_or(0);
    let ahead = reaches().map(|(_, ahead)| ahead).max().unwrap_or(0);
    if parts.washout < back {
        let why = ", the past that the target needs";
        let (task, value) = (name.clone(), parts.washout);
        return Err(TaskError::TooSmall { task, option: "washout", value, least: back, why });
    }
    let samples = parts.total();
    let recording = record(samples + ahead, parts.washout + parts.train + parts.validation)?;
    let targets: Vec<Target> =
        wanted.iter().map(|(function, shift)| function.target(&recording, *shift)).collect::<Result<_, _>>()?;
    // Where a target does not exist, in rows that the washout takes away, it is 0.
    let rows = (0..samples).flat_map(|t| targets.iter().map(move |target| target.at(t).unwrap_or(0.0))).collect();
    let input = recording.signal(samples);
    let Lengths { washout, train, validation, test } = parts;
    Ok(Series { input, target_names: names, targets: rows, washout, train, validation, test })
}

#[cfg(test)]
mod tests;
