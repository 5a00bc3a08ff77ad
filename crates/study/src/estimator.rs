//! A reservoir whose readouts are kept: trained once, and asked of stimuli that come later.
//!
//! Owns the way from a study of one setting to readouts of each of its dies, and from new stimuli to the outputs of
//! every stage. How a reservoir is made, a readout trained, mapped and calibrated is that of every study; it
//! deliberately scores nothing.

use crate::engine::{Stopped, run_all};
use crate::evaluate::{RESERVOIR, Run};
use crate::on_chip::FittedReadout;
use crate::plan::Planned;
use crate::prepare::{Prepared, prepare, test_stimuli};
use crate::record::Stimulus;
use crate::spec::{OwnContent, TaskSettings};
use crate::{RunOptions, StudyError, StudySpec, check};
use readout::{LinearReadout, Matrix};
use std::sync::Arc;
use units::DieId;
use warnings::Warnings;

/// A reservoir on some dies, with the readouts that were trained for each of them.
pub struct Estimator {
    prepared: Prepared,
    /// One a die.
    dies: Vec<(Planned, Fitted)>,
}

/// The readouts of a die.
struct Fitted {
    float: LinearReadout,
    on_chip: Option<FittedReadout>,
    warnings: Warnings,
}

/// What the readouts of a die say of some stimuli.
#[derive(Clone, Debug, PartialEq)]
pub struct DieOutputs {
    /// The die.
    pub die: DieId,
    /// By stage, a row a stimulus and a column a class, or a single one of numbers. The first is `float`, the readout
    /// of the host; those that follow have the names of [`crate::StageName`].
    pub stages: Vec<(&'static str, Matrix)>,
}

impl Estimator {
    /// Trains the readouts of every die of `study`, whose one task has own data with an output for each stimulus. What
    /// that task would score is of no consequence.
    ///
    /// # Errors
    /// [`StudyError::NoEstimator`] for another study; else as [`crate::run`].
    pub fn fit(study: &StudySpec, options: &RunOptions<'_>) -> Result<Self, StudyError> {
        let refused = |found: String| Err(StudyError::NoEstimator { found });
        let plan = study.plan();
        let [program] = &plan.programs[..] else {
            return refused(format!("this has {} programs", plan.programs.len()));
        };
        check(program)?;
        match program.conditions.task.own.as_ref().map(|own| &own.content) {
            Some(OwnContent::Classes(..) | OwnContent::Numbers(..)) => {}
            Some(OwnContent::Series(_)) => return refused("this has a series".into()),
            None => return refused(format!("`{}` is a task of the catalogue", program.conditions.task.id)),
        }
        if program.conditions.noise {
            return refused("this has noise, which would be that of other stimuli".into());
        }
        let runs: Vec<Planned> = (0..plan.run_count()).map(|index| plan.run(index)).collect();
        if (1..runs.len()).any(|index| runs[index].conditions.die <= runs[index - 1].conditions.die) {
            return refused("this compares several".into());
        }
        let prepared = prepare(program)?;
        let fit = |index: usize| fit(&prepared, &runs[index]);
        let fitted = run_all(&vec![0; runs.len()], options, fit).map_err(|stopped| match stopped {
            Stopped::Cancelled(done) => StudyError::Interrupted { done, runs: runs.len() },
            Stopped::Failed(error) => error,
        })?;
        Ok(Self { prepared, dies: runs.into_iter().zip(fitted).collect() })
    }

    /// Whether outputs are classes, and not numbers.
    pub const fn is_classifier(&self) -> bool {
        matches!(self.prepared.goal, crate::prepare::Goal::Classes(_))
    }

    /// Dies that it was trained on: one where nothing sets them apart.
    pub const fn dies(&self) -> usize {
        self.dies.len()
    }

    /// What is not as it was asked for, each once.
    pub fn warnings(&self) -> Warnings {
        let mut all = self.prepared.records.warnings.clone();
        for (_, fitted) in &self.dies {
            for warning in &fitted.warnings {
                if !all.iter().any(|known| known == warning) {
                    all.push(warning.kind, warning.place.clone(), warning.text.clone());
                }
            }
        }
        all
    }

    /// What the readouts of every die say of the stimuli that `data` scores; what it trains on must be what this was
    /// trained on, because that scales them. Dies are in the order of the study.
    ///
    /// # Errors
    /// The data do not fit, or as [`crate::run`].
    pub fn outputs(&self, data: OwnContent, options: &RunOptions<'_>) -> Result<Vec<DieOutputs>, StudyError> {
        let Some((first, _)) = self.dies.first() else { return Ok(Vec::new()) };
        let mut conditions = first.conditions.clone();
        let task = &*conditions.task;
        let own = task.own.clone().map(|own| crate::OwnData { content: data, ..own });
        conditions.task = Arc::new(TaskSettings { own, ..task.clone() });
        let stimuli = test_stimuli(&conditions)?;
        let of_die = |index: usize| {
            let (planned, fitted) = &self.dies[index];
            outputs(&self.prepared, planned, fitted, &stimuli)
        };
        run_all(&vec![0; self.dies.len()], options, of_die).map_err(|stopped| match stopped {
            Stopped::Cancelled(done) => StudyError::Interrupted { done, runs: self.dies.len() },
            Stopped::Failed(error) => error,
        })
    }
}

/// Trains the readouts of one die.
fn fit(prepared: &Prepared, planned: &Planned) -> Result<Fitted, StudyError> {
    let run = Run { point: &planned.point, conditions: &planned.conditions, prepared };
    let die = run.die_parameters(RESERVOIR)?;
    let mut session = prepared.board.on(&die).map_err(|e| run.session_error(e))?;
    let job = planned.conditions.readout.on_chip.then(|| run.job());
    let (features, spikes, chain) = run.record(&mut session, job.as_ref(), &prepared.stimuli)?;
    let float = run.train(&features)?.readout;
    let mut warnings = session.warnings(&[]);
    if spikes == 0 && !prepared.graded {
        let text = "the reservoir did not spike: its features are all 0";
        warnings.push(warnings::Kind::Silent, crate::reservoir::POPULATION, text);
    }
    let mut on_chip = None;
    if let Some((job, chain)) = job.as_ref().zip(chain) {
        let nominal = run.nominal(job)?;
        let (fitted, stages) = job.stages(&|trial| run.die_parameters(trial), &chain, &nominal)?;
        warnings.extend(stages.warnings);
        on_chip = Some(fitted);
    }
    Ok(Fitted { float, on_chip, warnings })
}

/// What the readouts of one die say of `stimuli`.
fn outputs(
    prepared: &Prepared,
    planned: &Planned,
    fitted: &Fitted,
    stimuli: &[Stimulus],
) -> Result<DieOutputs, StudyError> {
    let run = Run { point: &planned.point, conditions: &planned.conditions, prepared };
    let die = run.die_parameters(RESERVOIR)?;
    let mut session = prepared.board.on(&die).map_err(|e| run.session_error(e))?;
    let job = fitted.on_chip.as_ref().map(|_| run.job());
    let (features, _, chain) = run.record(&mut session, job.as_ref(), stimuli)?;
    let mut stages = vec![("float", run.apply(&fitted.float, &features)?)];
    if let (Some(job), Some(chain), Some(on_chip)) = (&job, chain, &fitted.on_chip) {
        let played = on_chip.play(job, &|trial| run.die_parameters(trial), stimuli)?;
        let all = on_chip.outputs(job, &chain, &played)?;
        stages.extend(all.into_iter().map(|(name, outputs)| (name.name(), outputs)));
    }
    Ok(DieOutputs { die: die.die().id, stages })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OwnData;
    use readout::metrics;
    use std::fmt::Write;
    use std::num::NonZeroUsize;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;
    use tasks::TsData;

    const STUDY: &str = r#"
format = "quenched-study"
version = 1
chip = "dynapse2"
cv = [0.3]
dies = 2
[reservoir]
neurons = 64
input_fan_in = 4
recurrent_fan_in = 4
input_inhibitory = 0
recurrent_inhibitory = 0.5
input_weight = 0.5
recurrent_weight = 0.1
synapse = { excitatory = "AMPA", inhibitory = "GABA" }
[encoder]
kind = "poisson"
trains_per_channel = 4
rate_max = "400 Hz"
[readout]
on_chip = true
drain = "20 ms"
parameters = { drive = "2.5 1" }
copies = "fill"
calibration = { samples = 6 }
synapse = { excitatory = "AMPA", inhibitory = "GABA" }
[[task]]
id = "level"
sample = "20 ms"
train_file = "train.ts"
test_file = "test.ts"
"#;

    /// Two classes that differ in which channel is high, and not always by much.
    fn data(count: usize) -> String {
        let mut text = String::from("@dimensions 2\n@classLabel true a b\n@data\n");
        for i in 0..count {
            let (label, [x, y]) = if i % 2 == 0 { ("a", [0.6, 0.4]) } else { ("b", [0.4, 0.6]) };
            let [x, y] = [x - 0.05 * (i % 7) as f64, y - 0.05 * (i % 5) as f64];
            writeln!(text, "{x},{x},{x}:{y},{y},{y}:{label}").unwrap();
        }
        text
    }

    fn study(directory: &Path) -> StudySpec {
        std::fs::write(directory.join("train.ts"), data(24)).unwrap();
        std::fs::write(directory.join("test.ts"), data(10)).unwrap();
        crate::read(STUDY, "study.toml", directory).unwrap_or_else(|e| panic!("{e}"))
    }

    fn content(study: &StudySpec) -> OwnContent {
        let OwnData { content, .. } = study.tasks()[0].own.clone().unwrap();
        content
    }

    /// What an estimator says of the stimuli that a study scores is what the study scores.
    #[test]
    fn outputs_have_the_scores_of_the_study() {
        let directory = tempfile::tempdir().unwrap();
        let study = study(directory.path());
        let cancel = AtomicBool::new(false);
        let on = |threads| RunOptions { threads: NonZeroUsize::new(threads), cancel: &cancel, progress: &|_| {} };
        let estimator = Estimator::fit(&study, &on(1)).unwrap();
        let outputs = estimator.outputs(content(&study), &on(1)).unwrap();
        assert_eq!(Estimator::fit(&study, &on(2)).unwrap().outputs(content(&study), &on(2)).unwrap(), outputs);
        let rows = crate::run(&study, &on(1)).unwrap().rows;
        let labels: Vec<usize> = (0..10).map(|i| i % 2).collect();
        assert!(estimator.is_classifier());
        assert_eq!(outputs.len(), 2);
        for (row, outputs) in rows.iter().zip(&outputs) {
            let names: Vec<&str> = outputs.stages.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["float", "chain", "quantised", "on_chip", "calibrated", "in_the_loop"]);
            let scores: Vec<f64> =
                outputs.stages.iter().map(|(_, outputs)| metrics::accuracy(outputs.all(), &labels).unwrap()).collect();
            let on_chip = row.on_chip.as_ref().unwrap().stages.iter().map(|stage| stage.score);
            let expected: Vec<f64> = [row.score_float].into_iter().chain(on_chip).collect();
            assert_eq!(scores, expected);
            assert!(scores[0] > 0.7, "{scores:?}");
        }
        // A part of the stimuli has a part of the outputs: none sees another.
        let OwnContent::Classes(train, test) = content(&study) else { panic!("they are classes") };
        let few = TsData { utterances: test.utterances[..4].to_vec(), ..test };
        let of_few = estimator.outputs(OwnContent::Classes(train, few), &on(1)).unwrap();
        for ((_, few), (_, all)) in of_few[1].stages.iter().zip(&outputs[1].stages) {
            assert_eq!(few.data(), &all.data()[..few.data().len()]);
        }
    }

    #[test]
    fn other_studies_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let cancel = AtomicBool::new(false);
        let options = RunOptions { threads: None, cancel: &cancel, progress: &|_| {} };
        let refused = |study: &StudySpec| Estimator::fit(study, &options).err().unwrap().to_string();
        let own = study(directory.path());
        let several = crate::read(&STUDY.replace("[0.3]", "[0.1, 0.3]"), "s", directory.path()).unwrap();
        assert!(refused(&several).ends_with("this compares several"), "{}", refused(&several));
        assert!(refused(&crate::default_study()).contains("programs"));
        cancel.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(refused(&own), "interrupted after 0 of 2 runs");
    }
}
