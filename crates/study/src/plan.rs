//! The plan of a study: its runs in order, each a point with its conditions.
//!
//! The plan is the product of all sweeps, from tasks to dies. It deliberately runs nothing and prepares nothing.

use crate::StudySpec;
use crate::axis::{Axis, AxisValue, Conditions, DIE, Part, Sweep, TASK};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;

/// The place of a run in its study: a value of every axis, in the order of the plan.
///
/// Its text is what a run is called: it depends on the values alone, not on where they stand in the lists of the study,
/// and no two runs of a study share it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    values: Vec<(&'static Axis, String)>,
}

impl Point {
    /// The point with one more value.
    pub fn with(mut self, axis: &'static Axis, name: impl ToString) -> Self {
        self.values.push((axis, name.to_string()));
        self
    }

    /// All axes with their values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = (&'static Axis, &str)> {
        self.values.iter().map(|(axis, name)| (*axis, name.as_str()))
    }

    /// The values of the axes that a study file lists: without the task and the die.
    pub fn setting(&self) -> impl DoubleEndedIterator<Item = (&'static Axis, &str)> {
        self.values().filter(|(axis, _)| !(**axis == TASK || **axis == DIE))
    }

    /// The value on `axis`, if the point has it.
    pub fn get(&self, axis: &Axis) -> Option<&str> {
        self.values().find(|(known, _)| *known == axis).map(|(_, name)| name)
    }

    /// Id of the task; empty if the point names none.
    pub fn task(&self) -> &str {
        self.get(&TASK).unwrap_or_default()
    }

    /// Number of the die; 0 if the point names none.
    pub fn die(&self) -> u32 {
        self.get(&DIE).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

impl fmt::Display for Point {
    /// ``task `narma10`, recurrence full, CV 0.2, die 3``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (axis, name)) in self.values().enumerate() {
            let quote = if *axis == TASK { "`" } else { "" };
            write!(f, "{}{} {quote}{name}{quote}", if i > 0 { ", " } else { "" }, axis.label)?;
        }
        Ok(())
    }
}

impl Serialize for Point {
    /// A map from key to value.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (axis, name) in self.values() {
            map.serialize_entry(axis.key, name)?;
        }
        map.end()
    }
}

/// A point with what its runs depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) point: Point,
    pub(crate) conditions: Conditions,
    /// Index of its program.
    pub(crate) program: usize,
}

/// All runs of a study.
pub(crate) struct Plan {
    /// What is prepared once and shared by the runs that name it: points of the axes that change the program.
    pub(crate) programs: Vec<Planned>,
    /// The axes in which the runs of one program differ, without the dies.
    sweeps: Vec<Sweep>,
    dies: usize,
}

impl Plan {
    /// Runs of each program.
    pub(crate) fn runs_per_program(&self) -> usize {
        self.sweeps.iter().map(|sweep| sweep.values.len()).product::<usize>() * self.dies
    }

    /// Number of runs.
    pub(crate) fn run_count(&self) -> usize {
        self.programs.len() * self.runs_per_program()
    }

    /// Run `index`: those of one program are behind each other, dies change fastest. It is made when it is asked for,
    /// because a study may have very many.
    pub(crate) fn run(&self, index: usize) -> Planned {
        let per_program = self.runs_per_program();
        let mut run = self.programs[index / per_program].clone();
        let mut rest = index % per_program;
        let die = AxisValue::die(u32::try_from(rest % self.dies).expect("dies are counted in 32 bits"));
        rest /= self.dies;
        let mut values = Vec::new();
        for sweep in self.sweeps.iter().rev() {
            values.push((sweep.axis, &sweep.values[rest % sweep.values.len()]));
            rest /= sweep.values.len();
        }
        for (axis, value) in values.into_iter().rev().chain([(&DIE, &die)]) {
            run = run.with(axis, value);
        }
        run
    }
}

impl Planned {
    /// The same with one more value.
    fn with(mut self, axis: &'static Axis, value: &AxisValue) -> Self {
        self.point = self.point.with(axis, value.name());
        value.set(&mut self.conditions);
        self
    }
}

impl StudySpec {
    /// The tasks as values of their axis.
    fn task_sweep(&self) -> Sweep {
        let tasks = self.tasks.iter().enumerate().map(|(index, task)| AxisValue::task(index, &task.id));
        Sweep { axis: &TASK, values: tasks.collect() }
    }

    /// Number of runs: the product of the values of all axes, tasks and dies among them.
    pub fn run_count(&self) -> usize {
        let lengths = self.sweeps.iter().map(|sweep| sweep.values.len());
        lengths.chain([self.tasks.len(), self.dies as usize]).fold(1, usize::saturating_mul)
    }

    /// The runs in order.
    pub(crate) fn plan(&self) -> Plan {
        let start = Planned { point: Point::default(), conditions: self.base.clone(), program: 0 };
        let tasks = self.task_sweep();
        let of = |part| self.sweeps.iter().filter(move |sweep| sweep.axis.part == part);
        let mut programs = [&tasks].into_iter().chain(of(Part::Program)).fold(vec![start], product);
        for (index, program) in programs.iter_mut().enumerate() {
            program.program = index;
        }
        Plan { programs, sweeps: of(Part::Die).cloned().collect(), dies: self.dies as usize }
    }
}

/// Every point with every value, the values changing fastest.
fn product(points: Vec<Planned>, sweep: &Sweep) -> Vec<Planned> {
    let with = |planned: &Planned, value: &AxisValue| planned.clone().with(sweep.axis, value);
    points.iter().flat_map(|planned| sweep.values.iter().map(|value| with(planned, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn study(find: &str, replace: &str) -> StudySpec {
        assert!(crate::DEFAULT.contains(find), "{find}");
        let text = crate::DEFAULT.replacen(find, replace, 1).replacen("dies = 8", "dies = 2", 1);
        crate::read(&text, "test.toml", Path::new("")).unwrap_or_else(|e| panic!("{e}"))
    }

    fn runs(study: &StudySpec) -> Vec<Planned> {
        let plan = study.plan();
        (0..plan.run_count()).map(|index| plan.run(index)).collect()
    }

    #[test]
    fn runs_are_the_product_of_all_axes_in_order() {
        let study = study("cv = [0, 0.1, 0.2, 0.5]", "cv = [0.1, 0]");
        let plan = study.plan();
        let names: Vec<String> = runs(&study).iter().map(|run| run.point.to_string()).collect();
        assert_eq!((names.len(), plan.run_count()), (study.run_count(), study.run_count()));
        assert_eq!(
            names[..5],
            [
                "task `japanese-vowels`, recurrence full, CV 0.1, die 0",
                "task `japanese-vowels`, recurrence full, CV 0.1, die 1",
                "task `japanese-vowels`, recurrence full, CV 0, die 0",
                "task `japanese-vowels`, recurrence full, CV 0, die 1",
                "task `japanese-vowels`, recurrence removed, CV 0.1, die 0",
            ]
        );
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "no two runs share a name");
        let programs: Vec<String> = plan.programs.iter().map(|program| program.point.to_string()).collect();
        assert_eq!(
            programs[..2],
            ["task `japanese-vowels`, recurrence full", "task `japanese-vowels`, recurrence removed"]
        );
        for run in &runs(&study) {
            let program = &plan.programs[run.program];
            assert!(run.point.to_string().starts_with(&program.point.to_string()));
            assert_eq!(
                (run.conditions.task, run.conditions.recurrence),
                (program.conditions.task, program.conditions.recurrence)
            );
            assert_eq!(run.conditions.die, run.point.die());
        }
    }

    #[test]
    fn a_name_does_not_depend_on_the_other_values() {
        let names =
            |study: StudySpec| -> BTreeSet<String> { runs(&study).iter().map(|run| run.point.to_string()).collect() };
        let (few, many) = (study("[0, 0.1, 0.2, 0.5]", "[0.5, 0.1]"), study("[0, 0.1, 0.2, 0.5]", "[0.1, 0.2, 0.5]"));
        assert!(names(few).is_subset(&names(many)));
    }

    /// A list makes an axis of what was one setting of all runs.
    #[test]
    fn a_setting_with_several_values_is_an_axis() {
        let one = study("cv =", "family = \"gamma\"\ncv =");
        assert!(runs(&one).iter().all(|run| run.conditions.family == Some(disorder::Family::Gamma)));
        assert!(runs(&one).iter().all(|run| run.point.setting().all(|(axis, _)| axis.key != "family")));
        let two = study("cv =", "family = [\"gamma\", \"normal\"]\ncv =");
        assert_eq!((two.run_count(), two.plan().programs.len()), (2 * one.run_count(), one.plan().programs.len()));
        let points: Vec<String> = runs(&two).iter().map(|run| run.point.to_string()).collect();
        assert_eq!(points[8], "task `japanese-vowels`, recurrence full, family normal, CV 0, die 0");
    }
}
