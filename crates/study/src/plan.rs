//! The plan of a study: its runs in order, each a point with its conditions.
//!
//! The plan is the product of all sweeps, from tasks to dies. It deliberately runs nothing and prepares nothing.

use crate::StudySpec;
use crate::axis::{Axis, AxisValue, Conditions, DIE, NETWORK, Part, Role, SERIES, Sweep, TASK, axis, axis_of, number};
use crate::spec::Arm;
use mapper::WeightsFor;
use network::Recurrence;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeSet;
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

    /// The values of the axes that are compared: without the task and the units.
    pub fn setting(&self) -> impl DoubleEndedIterator<Item = (&'static Axis, &str)> {
        self.values().filter(|(axis, _)| axis.role == Role::Condition)
    }

    /// The same point of another task: of one of those that share a run.
    #[must_use]
    pub fn of_task(mut self, id: &str) -> Self {
        self.values.iter_mut().filter(|(axis, _)| **axis == TASK).for_each(|(_, name)| *name = id.to_owned());
        self
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
        self.unit(&DIE)
    }

    /// The number on an axis of units; 0 if the point names none.
    pub fn unit(&self, axis: &Axis) -> u32 {
        self.get(axis).and_then(|number| number.parse().ok()).unwrap_or(0)
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

impl<'de> Deserialize<'de> for Point {
    /// From such a map, in its order.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Point;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value for the key of each axis")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Point, A::Error> {
                let mut point = Point::default();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    point = point.with(axis_of(&key, &[&value]), &value);
                }
                Ok(point)
            }
        }
        deserializer.deserialize_map(Values)
    }
}

/// A point with what its runs depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) point: Point,
    pub(crate) conditions: Conditions,
    /// Index of its program.
    pub(crate) program: usize,
    /// The first program of its task, series and network, with which controls are made.
    pub(crate) first: bool,
    /// A setting that a homogeneous network is tuned over.
    pub(crate) tuning: bool,
}

/// All runs of a study.
pub(crate) struct Plan {
    /// What is prepared once and shared by the runs that name it: points of the axes that change the program.
    pub(crate) programs: Vec<Planned>,
    /// For each program, the number of its first run, and then that of all runs.
    first: Vec<usize>,
    /// The axes in which the runs of one program differ, without the dies.
    sweeps: Vec<Sweep>,
    dies: u32,
}

impl Plan {
    /// Number of runs.
    pub(crate) fn run_count(&self) -> usize {
        self.first.last().copied().unwrap_or(0)
    }

    /// The first die at the highest CV of the first program, or of the last setting where none has a CV.
    pub(crate) fn drawn(&self) -> Option<Planned> {
        let program = self.programs.first().filter(|program| !program.tuning)?;
        let cv = |planned: &Planned| planned.point.get(axis("cv")?).and_then(number);
        settings(program, &self.sweeps)
            .map(|setting| setting.with(&DIE, &AxisValue::die(0)))
            .filter(|setting| setting.conditions.swap.is_empty())
            .reduce(|a, b| if cv(&b) >= cv(&a) { b } else { a })
    }

    /// Run `index`: those of one program are behind each other, dies change fastest. It is made when it is asked for,
    /// because a study may have very many.
    pub(crate) fn run(&self, index: usize) -> Planned {
        let program = self.first.partition_point(|first| *first <= index) - 1;
        let mut rest = index - self.first[program];
        for setting in settings(&self.programs[program], &self.sweeps) {
            let dies = dies_of(&setting.conditions, self.dies) as usize;
            if rest < dies {
                let die = u32::try_from(rest).expect("dies are counted in 32 bits");
                return setting.with(&DIE, &AxisValue::die(die));
            }
            rest -= dies;
        }
        unreachable!("run {index} is one of the {} of the plan", self.run_count())
    }
}

/// A program under every combination of the values of `sweeps`, the last one changing fastest; the settings that a
/// homogeneous network is tuned over are without mismatch.
fn settings<'a>(program: &'a Planned, sweeps: &'a [Sweep]) -> impl Iterator<Item = Planned> + 'a {
    let sweeps = if program.tuning { &[][..] } else { sweeps };
    let count: usize = sweeps.iter().map(|sweep| sweep.values.len()).product();
    (0..count).map(move |index| {
        let mut each = count;
        let value = |sweep: &'a Sweep| {
            each /= sweep.values.len();
            (sweep.axis, &sweep.values[index / each % sweep.values.len()])
        };
        sweeps.iter().map(value).fold(program.clone(), |setting, (axis, value)| setting.with(axis, value))
    })
}

/// How many of `dies` dies differ: all, or one where nothing sets them apart.
fn dies_of(conditions: &Conditions, dies: u32) -> u32 {
    let nominal = conditions.cv.is_some_and(|cv| cv.signum() == 0);
    let broken = conditions.faults && conditions.chip.spec.faults.is_some();
    if nominal && !broken && !conditions.noise { dies.min(1) } else { dies }
}

impl Planned {
    /// The same with one more value.
    fn with(mut self, axis: &'static Axis, value: &AxisValue) -> Self {
        self.point = self.point.with(axis, value.name());
        value.set(&mut self.conditions);
        self
    }
}

/// The keys of a reservoir that say how strong its recurrent connections are, and nothing else.
const STRENGTHS: [&str; 2] = ["reservoir.recurrent_weight", "reservoir.spectral_radius"];

impl Planned {
    /// What a setting that a homogeneous network is tuned over shares with those that are the same network: where
    /// recurrence is removed its strength is of no effect, and one run stands for all. None for other programs, and
    /// where the chip's weights are those of the whole network.
    fn alike(&self) -> Option<Vec<(&'static str, String)>> {
        let is_same = self.tuning
            && self.conditions.recurrence == Recurrence::Removed
            && self.conditions.mapping.weights_for == WeightsFor::Kept;
        let values = self.point.values().filter(|(axis, _)| !STRENGTHS.contains(&axis.key));
        is_same.then(|| values.map(|(axis, value)| (axis.key, value.to_owned())).collect())
    }
}

impl StudySpec {
    /// Number of runs.
    pub fn run_count(&self) -> usize {
        self.plan().run_count()
    }

    /// Number of runs at most, without making the plan of a study that may be far too large.
    pub(crate) fn run_bound(&self) -> usize {
        let tasks: usize = self.arms.iter().filter(|arm| !arm.tuning).map(|arm| arm.tasks.len()).sum();
        let lengths = self.sweeps.iter().map(|sweep| sweep.values.len());
        lengths
            .chain([tasks, self.series as usize, self.networks as usize, self.dies as usize])
            .fold(1, usize::saturating_mul)
    }

    /// The runs in order.
    pub(crate) fn plan(&self) -> Plan {
        let of = |part| self.sweeps.iter().filter(move |sweep| sweep.axis.part == part);
        let mut programs: Vec<Planned> = self
            .tasks_of_arms()
            .flat_map(|(arm, task)| {
                let task = AxisValue::task(&arm.tasks[task]);
                // What is only looked for needs no measures of its states.
                let mechanism = arm.base.mechanism && !arm.tuning;
                let start = Planned {
                    point: Point::default(),
                    conditions: Conditions { mechanism, ..arm.base.clone() },
                    program: 0,
                    first: false,
                    tuning: arm.tuning,
                };
                let start = start.with(&TASK, &task);
                let series = if start.conditions.task.is_drawn() { self.series } else { self.series.min(1) };
                let series = Sweep { axis: &SERIES, values: (0..series).map(AxisValue::series).collect() };
                let networks = Sweep { axis: &NETWORK, values: (0..self.networks).map(AxisValue::network).collect() };
                let units = [&series, &networks].into_iter().fold(vec![start], product);
                let arms = units
                    .into_iter()
                    .map(|unit| arm.values.iter().fold(unit, |unit, (axis, value)| unit.with(axis, value)));
                of(Part::Program).fold(arms.collect(), product)
            })
            .collect();
        let mut seen = BTreeSet::new();
        programs.retain(|program| program.alike().is_none_or(|alike| seen.insert(alike)));
        let sweeps: Vec<Sweep> = of(Part::Die).cloned().collect();
        let mut first = vec![0];
        let mut known: BTreeSet<[String; 3]> = BTreeSet::new();
        for (index, program) in programs.iter_mut().enumerate() {
            program.program = index;
            let value = |axis| program.point.get(axis).unwrap_or_default().to_owned();
            program.first = known.insert([value(&TASK), value(&SERIES), value(&NETWORK)]);
            let runs: usize = settings(program, &sweeps).map(|s| dies_of(&s.conditions, self.dies) as usize).sum();
            first.push(first[index] + runs);
        }
        Plan { programs, first, sweeps, dies: self.dies }
    }

    /// Each task with each arm that has it, the arms of a task behind each other.
    fn tasks_of_arms(&self) -> impl Iterator<Item = (&Arm, usize)> {
        let most = self.arms.iter().map(|arm| arm.tasks.len()).max().unwrap_or(0);
        (0..most).flat_map(move |task| {
            self.arms.iter().filter(move |arm| task < arm.tasks.len()).map(move |arm| (arm, task))
        })
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
    use std::path::Path;

    fn study(find: &str, replace: &str) -> StudySpec {
        assert!(crate::DEFAULT.contains(find), "{find}");
        let text = crate::DEFAULT.replacen(find, replace, 1).replacen("networks = 3", "networks = 1", 1);
        crate::read(&text, "test.toml", Path::new("")).unwrap_or_else(|e| panic!("{e}"))
    }

    fn runs(study: &StudySpec) -> Vec<Planned> {
        let plan = study.plan();
        (0..plan.run_count()).map(|index| plan.run(index)).collect()
    }

    #[test]
    fn runs_are_the_product_of_all_axes_in_order() {
        let mut study = study("cv = [0, 0.2, 0.5]", "cv = [0.1, 0]");
        study.set_networks(2);
        let plan = study.plan();
        let names: Vec<String> = runs(&study).iter().map(|run| run.point.to_string()).collect();
        assert_eq!((names.len(), plan.run_count()), (study.run_count(), study.run_count()));
        // Where there is no mismatch, all dies are one.
        assert_eq!(
            names[..4],
            [
                "task `japanese-vowels`, series 0, network 0, recurrence full, CV 0.1, die 0",
                "task `japanese-vowels`, series 0, network 0, recurrence full, CV 0.1, die 1",
                "task `japanese-vowels`, series 0, network 0, recurrence full, CV 0, die 0",
                "task `japanese-vowels`, series 0, network 0, recurrence removed, CV 0.1, die 0",
            ]
        );
        assert_eq!(names.len(), 2 * 2 * 2 * 3, "tasks, networks, recurrence; two dies and one");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "no two runs share a name");
        let programs: Vec<String> = plan.programs.iter().map(|program| program.point.to_string()).collect();
        assert_eq!(
            programs[1..3],
            [
                "task `japanese-vowels`, series 0, network 0, recurrence removed",
                "task `japanese-vowels`, series 0, network 1, recurrence full"
            ]
        );
        for run in &runs(&study) {
            let program = &plan.programs[run.program];
            assert!(run.point.to_string().starts_with(&program.point.to_string()));
            assert_eq!(run.conditions.task.id, run.point.task());
            assert_eq!(run.conditions.recurrence, program.conditions.recurrence);
            assert_eq!((run.conditions.network, run.conditions.die), (run.point.unit(&NETWORK), run.point.die()));
        }
    }

    /// Without recurrent connections their strength has no effect: one run stands for all.
    #[test]
    fn tuning_runs_what_is_the_same_network_once() {
        let text = crate::shipped("heterogeneity").unwrap();
        let tuned = |text: &str, recurrence: &str| {
            let study = crate::read(text, "test.toml", Path::new("")).unwrap_or_else(|e| panic!("{e}"));
            let is_meant =
                |run: &&Planned| run.tuning && run.point.get(axis("recurrence").unwrap()) == Some(recurrence);
            runs(&study).iter().filter(is_meant).filter(|run| run.point.task() == "lorenz").count()
        };
        let of = |text: &str| ["full", "removed"].map(|recurrence| tuned(text, recurrence));
        let [full, removed] = of(text);
        let radii =
            text.lines().find(|line| line.starts_with("\"reservoir.spectral_radius")).unwrap().split(',').count();
        assert!(full > 0 && full == radii * removed, "{full} {removed}");
        // The weights of the chip are those of the whole network: another network each.
        let whole = text.replacen("[mismatch]", "[mapping]\nweights_for = \"all\"\n[mismatch]", 1);
        assert_eq!(of(&whole), [full, full]);
    }

    /// Recorded data are one series, however many are asked for.
    #[test]
    fn only_what_is_drawn_has_several_series() {
        let study = study("dies = 2", "series = 3\ndies = 2");
        let series = |id: &str| {
            let of = runs(&study).into_iter().filter(|run| run.point.task() == id).map(|run| run.point.unit(&SERIES));
            of.collect::<BTreeSet<_>>().len()
        };
        assert_eq!((series("japanese-vowels"), series("memory-capacity")), (1, 3));
    }

    /// What could be a die with a fault, or another trial, is no copy of die 0.
    #[test]
    fn dies_at_cv_0_are_run_where_they_differ() {
        let nominal = |edit: fn(&mut StudySpec)| {
            let mut study = study("cv = [0, 0.2, 0.5]", "cv = [0]");
            study.arms.iter_mut().for_each(|arm| arm.tasks.truncate(1));
            edit(&mut study);
            study.run_count()
        };
        assert_eq!(nominal(|_| {}), 2);
        assert_eq!(nominal(|study| study.arms[0].base.noise = true), 4);
        assert_eq!(nominal(|study| study.arms[0].base.cv = None), 2, "the axis says 0");
    }

    #[test]
    fn any_key_of_the_file_can_be_an_axis() {
        let axes = "[axes]\n\"reservoir.neurons\" = [50, 100]\n\"task[1].train\" = [200, 400]\n\"readout.filter\" = [\"5 ms\"]\n[reservoir]";
        let study = study("[reservoir]", axes);
        assert_eq!((study.arms.len(), study.run_count()), (4, 4 * self::study("", "").run_count()));
        for run in runs(&study) {
            let value =
                |key: &str| run.point.values().find(|(axis, _)| axis.key == key).map(|(_, value)| value.to_owned());
            assert_eq!(value("reservoir.neurons"), Some(run.conditions.reservoir.neurons.to_string()));
            if run.point.task() == "memory-capacity" {
                assert_eq!(value("task[1].train"), Some(run.conditions.task.counts["train"].to_string()));
            }
            assert_eq!(run.conditions.readout.filter.to_string(), "5 ms");
        }
        let point = runs(&study)[0].point.to_string();
        let names = "reservoir.neurons 50, task[1].train 200, readout.filter 5 ms, recurrence full, CV 0, die 0";
        assert_eq!(point, format!("task `japanese-vowels`, series 0, network 0, {names}"));
    }

    #[test]
    fn a_name_does_not_depend_on_the_other_values() {
        let names =
            |study: StudySpec| -> BTreeSet<String> { runs(&study).iter().map(|run| run.point.to_string()).collect() };
        let (few, many) = (study("[0, 0.2, 0.5]", "[0.5, 0.1]"), study("[0, 0.2, 0.5]", "[0.1, 0.2, 0.5]"));
        assert!(names(few).is_subset(&names(many)));
    }

    /// A list makes an axis of what was one setting of all runs.
    #[test]
    fn a_setting_with_several_values_is_an_axis() {
        let one = study("cv =", "family = \"gamma\"\ncv =");
        assert!(runs(&one).iter().all(|run| run.conditions.mismatch.family == Some(disorder::Family::Gamma)));
        assert!(runs(&one).iter().all(|run| run.point.setting().all(|(axis, _)| axis.key != "family")));
        let two = study("cv =", "family = [\"gamma\", \"normal\"]\ncv =");
        assert_eq!((two.run_count(), two.plan().programs.len()), (2 * one.run_count(), one.plan().programs.len()));
        let points: Vec<String> = runs(&two).iter().map(|run| run.point.to_string()).collect();
        assert_eq!(
            points[5],
            "task `japanese-vowels`, series 0, network 0, recurrence full, family normal, CV 0, die 0"
        );
    }
}
