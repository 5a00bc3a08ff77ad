//! One run of the plan, from stimuli to three scores.

use crate::axis::Conditions;
use crate::mechanism::Mechanism;
use crate::on_chip::{Job, Nominal};
use crate::prepare::{Goal, Prepared};
use crate::record::{Drive, Rows, Stimulus, Taken, play};
use crate::results::{OnChipRow, StageScore, digest};
use crate::{Capacity, Point, Realised, Row, Seen, SeenOf, StageName, StudyError};
use device_models::{DieParameters, MismatchSetting, realised_mismatch};
use disorder::Die;
use fx::Real;
use readout::{Fit, LinearReadout, Matrix, ReadoutError, Ridge, Trial, metrics};
use session::{Session, SessionError};
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use tasks::Metric;
use units::DieId;
use warnings::Kind;

/// What a run is about.
pub(crate) struct Run<'a> {
    pub(crate) point: &'a Point,
    pub(crate) conditions: &'a Conditions,
    pub(crate) prepared: &'a Prepared,
}

/// Scores on the test and on the validation part, and what a capacity is made of.
type FloatScores = (Vec<f64>, Option<Vec<f64>>, Option<Capacity>);

/// The emulations of one run have different noise; this is the one that features are taken from.
pub(crate) const RESERVOIR: u64 = 0;

impl Run<'_> {
    /// Runs the task and scores it: a row for each of the tasks that share the run.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, StudyError> {
        let die = self.die_parameters(RESERVOIR)?;
        let prepared = self.prepared;
        let mut session = prepared.board.on(&die).map_err(|e| self.session_error(e))?;
        let job = self.conditions.readout.on_chip.then(|| self.job());
        let (features, spikes, chain) = self.record(&mut session, job.as_ref(), &prepared.stimuli)?;
        let features_digest = digest_of(&features);
        let fit = self.train(&features)?;
        let (counters, mut warnings) = (session.counters(), session.warnings(&[]));
        let mut saturations = counters.saturations;
        // The scores of each stage, one a task, with what it cost; and what is the same for all tasks.
        let (mut stages, mut penalties, mut calibration) = (Vec::new(), Vec::new(), None);
        if let Some((job, chain)) = job.as_ref().zip(chain) {
            let nominal = self.nominal(job)?;
            let of_die = |trial| self.die_parameters(trial);
            let (_, on_chip) = job.stages(&of_die, &chain, &nominal)?;
            saturations += on_chip.saturations;
            warnings.extend(on_chip.warnings);
            for stage in &on_chip.stages {
                stages.push((stage.name, self.scores(&stage.outputs)?, stage.cost));
            }
            (penalties, calibration) = (nominal.penalties.clone(), on_chip.calibration);
        }
        let on_chip = |index: usize| {
            let of_stage = |(name, scores, cost): &(StageName, Vec<f64>, _)| StageScore {
                name: *name,
                score: scores[index],
                cost: *cost,
            };
            let (penalties, calibration) = (penalties.clone(), calibration);
            job.is_some().then(|| OnChipRow { stages: stages.iter().map(of_stage).collect(), penalties, calibration })
        };
        if spikes == 0 {
            let text = "the reservoir did not spike: its features are all 0";
            warnings.push(Kind::Silent, crate::reservoir::POPULATION, text);
        }
        let realised = self.realised(&die)?;
        let mechanism = self.mechanism(&features)?;
        let (float, validation, capacity) = self.float_scores(&features, &fit)?;
        let conditions = self.conditions;
        let row = |(index, id): (usize, &String)| {
            let on_chip = on_chip(index);
            let score_of = |name| on_chip.as_ref().and_then(|row| row.stage(name)).map(|stage| stage.score);
            let (score_quantised, score_on_chip) = (score_of(StageName::Quantised), score_of(StageName::OnChip));
            Row {
                chip: conditions.chip.spec.name.clone(),
                chip_digest: digest(conditions.chip.text.as_bytes()),
                model: conditions.model.name().into(),
                seeds: conditions.seeds,
                point: self.point.clone().of_task(id),
                metric: prepared.metric_name().into(),
                higher_is_better: prepared.higher_is_better(),
                neurons: conditions.reservoir.neurons,
                score_validation: validation.as_ref().map(|scores| scores[index]),
                score_float: float[index],
                score_quantised,
                score_on_chip,
                on_chip,
                mismatch: realised.clone(),
                penalty: self.penalty(&fit, index),
                participation_ratio: mechanism.as_ref().map(|m| m.participation_ratio),
                alignment: mechanism.as_ref().and_then(|m| m.alignments.get(index).copied()),
                capacity: capacity.clone(),
                rate_match: None,
                rate_hz: prepared.rate_hz(spikes, conditions.reservoir.neurons),
                spikes,
                synaptic_operations: counters.synaptic_operations,
                events_lost: counters.losses.total(),
                saturations,
                digest: features_digest.clone(),
                warnings: warnings.clone(),
            }
        };
        Ok(prepared.ids.iter().enumerate().map(row).collect())
    }

    pub(crate) fn die_parameters(&self, trial: u64) -> Result<DieParameters, StudyError> {
        die_parameters(self.point, self.conditions, trial)
    }

    /// What the mismatch of the die comes to over the neurons of the reservoir. Where rounding leaves nothing of one,
    /// the session warns.
    fn realised(&self, die: &DieParameters) -> Result<Vec<Realised>, StudyError> {
        let Conditions { chip, .. } = self.conditions;
        let cores = &self.prepared.board.program().cores;
        let all = realised_mismatch(&chip.spec, cores, die);
        let all = all.map_err(|error| StudyError::Die { point: self.point.clone(), error })?;
        Ok(all.into_iter().filter(|one| one.drawn.sd != Real::ZERO).map(Realised::of).collect())
    }

    /// What the readout on the chip is made from.
    pub(crate) fn job(&self) -> Job<'_> {
        let (conditions, prepared) = (self.conditions, self.prepared);
        Job {
            point: self.point,
            spec: &conditions.chip.spec,
            model: conditions.model,
            mapping: &conditions.mapping,
            settings: &conditions.readout,
            penalty_min: conditions.task.penalty_min,
            network: &prepared.network,
            population: &prepared.features,
            board: &prepared.board,
            stimuli: &prepared.stimuli,
            goal: &prepared.goal,
            split: &prepared.split,
            tau_steps: prepared.readout_tau_steps,
            drive: prepared.readout_drive,
            filter_decay: prepared.filter_decay,
            drain: prepared.drain_steps,
        }
    }

    /// What all dies of the program share; the first run that asks finds it, and others wait.
    pub(crate) fn nominal(&self, job: &Job<'_>) -> Result<Arc<Nominal>, StudyError> {
        let mut shared = self.prepared.nominal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(nominal) = &*shared {
            return Ok(Arc::clone(nominal));
        }
        let nominal = Arc::new(job.nominal()?);
        *shared = Some(Arc::clone(&nominal));
        Ok(nominal)
    }

    /// The features of the host's readout while `stimuli` are played, the spikes of the reservoir, and what a readout
    /// on the chip sees of them.
    pub(crate) fn record(
        &self,
        session: &mut Session,
        job: Option<&Job<'_>>,
        stimuli: &[Stimulus],
    ) -> Result<(Matrix, u64, Option<Matrix>), StudyError> {
        let (prepared, count) = (self.prepared, self.prepared.features.count);
        // At every sample of a series, states; of whole stimuli what the study asks for.
        let each = Seen { what: SeenOf::States, parts: 1 };
        let seen = if prepared.goal.is_per_stimulus() { self.conditions.readout.seen } else { each };
        let features = seen.features(count, prepared.graded, prepared.filter_decay);
        let features = features.map_err(|e| self.readout_error(e))?;
        let rows = Rows::new(&prepared.board, &prepared.features, features, Taken::AtSamples, prepared.graded);
        let mut all: Vec<_> = [rows].into_iter().chain(job.map(Job::chain_rows)).collect();
        let drain = job.map_or(0, Job::drain);
        play(session, stimuli, Drive::default(), drain, &mut all).map_err(|e| self.session_error(e))?;
        let mut all = all.into_iter().map(Rows::finish);
        let (features, spikes) = all.next().expect("the host has features");
        Ok((seen.joined(features), spikes, all.next().map(|(chain, _)| chain)))
    }

    pub(crate) fn train(&self, features: &Matrix) -> Result<Fit, StudyError> {
        let ridge = match self.prepared.goal {
            Goal::Classes(_) => Ridge::classifier(),
            Goal::Numbers(_) | Goal::Targets(_) => Ridge::default(),
        };
        let ridge = Ridge { penalties: self.conditions.readout.float_penalties.clone(), ..ridge };
        ridge.fit(features, self.prepared.goal.targets(), &self.prepared.split).map_err(|e| self.readout_error(e))
    }

    pub(crate) fn apply(&self, readout: &LinearReadout, features: &Matrix) -> Result<Matrix, StudyError> {
        readout.apply(features.all()).map_err(|e| self.readout_error(e))
    }

    /// The scores of a readout on the host, one a task, on the test part and on the validation part; an information
    /// capacity is one of the states, and has no readout.
    pub(crate) fn float_scores(&self, features: &Matrix, fit: &Fit) -> Result<FloatScores, StudyError> {
        if self.prepared.metric != Metric::InformationCapacity {
            let outputs = self.apply(&fit.readout, features)?;
            return Ok((self.scores(&outputs)?, self.validation_scores(fit)?, None));
        }
        let input: Vec<f64> = self.prepared.goal.targets().all().column(0).collect();
        let targets = &self.conditions.task.capacity;
        let of = |rows: Range<usize>| Capacity::of(features.slice(rows.clone()), &input[rows], targets);
        let (total, capacity) = of(self.prepared.split.test_rows())
            .map_err(|error| StudyError::Capacity { point: self.point.clone(), error })?;
        // What a setting is chosen by has no need of as many samples; where there are too few for any, none is chosen.
        let fitted = of(self.prepared.split.fitted_rows()).ok();
        Ok((vec![total], fitted.map(|(total, _)| vec![total]), Some(capacity)))
    }

    /// The squared correlation of each output with its target, on the test part.
    pub(crate) fn correlations(&self) -> Result<Vec<f64>, StudyError> {
        let die = self.die_parameters(RESERVOIR)?;
        let mut session = self.prepared.board.on(&die).map_err(|e| self.session_error(e))?;
        let (features, ..) = self.record(&mut session, None, &self.prepared.stimuli)?;
        let outputs = self.apply(&self.train(&features)?.readout, &features)?;
        let (test, targets) = (self.prepared.split.test_rows(), self.prepared.goal.targets());
        let shares = metrics::squared_correlation(outputs.slice(test.clone()), targets.slice(test));
        shares.map_err(|e| self.readout_error(e))
    }

    /// The score of the outputs on the test part, one a task.
    pub(crate) fn scores(&self, outputs: &Matrix) -> Result<Vec<f64>, StudyError> {
        let test = self.prepared.split.test_rows();
        let rows = outputs.slice(test.clone());
        let scores = match &self.prepared.goal {
            Goal::Classes(classes) => metrics::accuracy(rows, &classes.of_row[test]).map(|share| vec![share]),
            Goal::Numbers(targets) | Goal::Targets(targets) => match self.prepared.metric {
                Metric::MemoryCapacity => {
                    metrics::memory_capacity(rows, targets.slice(test), 0.0).map(|capacity| vec![capacity.total])
                }
                _ => metrics::nrmse(rows, targets.slice(test)).and_then(|all| self.by_task(all)),
            },
        };
        scores.map_err(|e| self.readout_error(e))
    }

    /// The scores of all targets by task: each its own, or the mean of those of the one task.
    fn by_task(&self, scores: Vec<f64>) -> Result<Vec<f64>, ReadoutError> {
        if self.prepared.ids.len() > 1 { Ok(scores) } else { metrics::mean_score(&scores).map(|mean| vec![mean]) }
    }

    /// The scores on the validation part of readouts that were trained on the training part alone, by which settings
    /// may be chosen: nothing of the test part is in them. None where nothing was validated. Of a memory capacity it
    /// is the sum of 1 - NMSE where that is above 0, which is the squared correlation but for what the penalty takes.
    pub(crate) fn validation_scores(&self, fit: &Fit) -> Result<Option<Vec<f64>>, StudyError> {
        let rows = self.prepared.split.validation_rows();
        let trial = |penalty: f64| fit.trials.iter().find(|trial| trial.penalty == penalty);
        match &self.prepared.goal {
            Goal::Classes(_) => {
                let right = |trial: &Trial| 1.0 - trial.misclassified as f64 / rows.len() as f64;
                Ok(fit.penalties.first().and_then(|penalty| trial(*penalty)).map(|trial| vec![right(trial)]))
            }
            Goal::Numbers(targets) | Goal::Targets(targets) => {
                let validated = targets.slice(rows);
                let nmse = |(target, penalty): (usize, &f64)| {
                    let error = trial(*penalty)?.squared_errors.as_ref()?[target];
                    let count = validated.rows() as f64;
                    let mean = validated.column(target).sum::<f64>() / count;
                    let variance = validated.column(target).map(|y| (y - mean) * (y - mean)).sum::<f64>();
                    (variance > 0.0).then(|| error / variance)
                };
                let all: Option<Vec<f64>> = fit.penalties.iter().enumerate().map(nmse).collect();
                let by_metric = |all: Vec<f64>| match self.prepared.metric {
                    Metric::MemoryCapacity => Ok(vec![all.iter().map(|nmse| (1.0 - nmse).max(0.0)).sum()]),
                    _ => self.by_task(all.into_iter().map(f64::sqrt).collect()),
                };
                all.map(by_metric).transpose().map_err(|e| self.readout_error(e))
            }
        }
    }

    /// The penalty that a task's readout was fitted with; the mean over its targets if it has several.
    fn penalty(&self, fit: &Fit, index: usize) -> f64 {
        if self.prepared.ids.len() > 1 {
            return fit.penalties[index];
        }
        fit.penalties.iter().sum::<f64>() / fit.penalties.len() as f64
    }

    /// What the states of the test part say of why the scores are what they are, if the study asks for it.
    fn mechanism(&self, features: &Matrix) -> Result<Option<Mechanism>, StudyError> {
        if !self.conditions.mechanism {
            return Ok(None);
        }
        let test = self.prepared.split.test_rows();
        let measured = Mechanism::of(features.slice(test.clone()), self.prepared.goal.targets().slice(test));
        measured.map(Some).map_err(|error| StudyError::Mechanism { point: self.point.clone(), error })
    }

    pub(crate) fn session_error(&self, error: SessionError) -> StudyError {
        StudyError::Session { point: self.point.clone(), error }
    }

    pub(crate) fn readout_error(&self, error: ReadoutError) -> StudyError {
        StudyError::Readout { point: self.point.clone(), error }
    }
}

/// The die of a run, in trial `trial`.
pub(crate) fn die_parameters(point: &Point, conditions: &Conditions, trial: u64) -> Result<DieParameters, StudyError> {
    let Conditions { seeds, network, cv, faults, noise, .. } = *conditions;
    let spec = &conditions.chip.spec;
    let die = Die { root_seed: seeds.dies_of(network), id: DieId(conditions.die) };
    // Numbers of dies are counted from 0: the second die of each is far away from all of them.
    let second = Die { id: DieId(u32::MAX - conditions.die), ..die };
    let deviates_from = conditions.swap.iter().map(|name| (name.clone(), second)).collect();
    let own = conditions.mismatch.clone();
    let setting = MismatchSetting { scale_to_cv: cv, without_faults: !faults, deviates_from, ..own };
    let die = DieParameters::new(spec, die, setting);
    let die = if noise { die.and_then(|die| die.with_noise(spec, trial)) } else { die };
    die.map_err(|error| StudyError::Die { point: point.clone(), error })
}

/// The digest of all values, bit by bit.
fn digest_of(features: &Matrix) -> String {
    let bytes: Vec<u8> = features.data().iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
    digest(&bytes)
}

#[cfg(test)]
mod tests;
