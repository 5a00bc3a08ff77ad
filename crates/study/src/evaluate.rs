//! One run of the plan, from stimuli to three scores.

use crate::axis::Conditions;
use crate::mechanism::Mechanism;
use crate::on_chip::OnChip;
use crate::prepare::{Goal, Prepared};
use crate::record::{FeatureMap, record};
use crate::results::digest;
use crate::{Point, Realised, Row, StudyError};
use device_models::{DieParameters, MismatchSetting, realised_mismatch};
use disorder::Die;
use fx::Real;
use mapper::MapperError;
use readout::{FilteredSpikes, Fit, Levels, LinearReadout, Matrix, ReadoutError, Ridge, SpikeCounts, Trial, metrics};

use session::{Session, SessionError};
use tasks::Metric;
use units::{DieId, InputId};
use warnings::Kind;

/// What a run is about.
pub(crate) struct Run<'a> {
    pub(crate) point: &'a Point,
    pub(crate) conditions: &'a Conditions,
    pub(crate) prepared: &'a Prepared,
}

/// The emulations of one run, which have different noise.
#[derive(Clone, Copy)]
enum Emulation {
    /// The reservoir alone, whose features the readout is trained and scored on.
    Reservoir,
    /// The reservoir with its readout on the chip.
    Readout,
}

impl Run<'_> {
    /// Runs the task and scores it: a row for each of the tasks that share the run.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, StudyError> {
        let die = self.die_parameters(Emulation::Reservoir)?;
        let prepared = self.prepared;
        let mut session = prepared.board.on(&die).map_err(|e| self.session_error(e))?;
        let (features, spikes) = self.record(&mut session, &prepared.features, None)?;
        let features_digest = digest_of(&features);
        let fit = self.train(&features)?;
        let outputs = self.apply(&fit.readout, &features)?;

        let (counters, mut warnings) = (session.counters(), session.warnings(&[]));
        let mut saturations = counters.saturations;
        let (mut quantised, mut on_chip) = (None, None);
        if self.conditions.readout.on_chip {
            let die = self.die_parameters(Emulation::Readout)?;
            let OnChip { weights, raw, session, of_mapping } = self.on_chip(&die, &features, &fit.readout)?;
            saturations += session.counters().saturations;
            warnings.extend(of_mapping);
            warnings.extend(session.warnings(&[]));
            quantised = Some(self.calibrated_scores(&self.apply(&weights, &features)?, &outputs)?);
            on_chip = Some(self.calibrated_scores(&raw, &outputs)?);
        }
        if spikes == 0 {
            let text = "the reservoir did not spike: its features are all 0";
            warnings.push(Kind::Silent, crate::reservoir::POPULATION, text);
        }
        let realised = self.realised(&die)?;
        let mechanism = self.mechanism(&features)?;
        let float = self.scores(&outputs)?;
        let validation = self.validation_scores(&fit)?;
        let conditions = self.conditions;
        let row = |(index, id): (usize, &String)| Row {
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
            score_quantised: quantised.as_ref().map(|scores: &Vec<f64>| scores[index]),
            score_on_chip: on_chip.as_ref().map(|scores: &Vec<f64>| scores[index]),
            mismatch: realised.clone(),
            penalty: self.penalty(&fit, index),
            participation_ratio: mechanism.as_ref().map(|m| m.participation_ratio),
            alignment: mechanism.as_ref().and_then(|m| m.alignments.get(index).copied()),
            rate_hz: prepared.rate_hz(spikes, conditions.reservoir.neurons),
            spikes,
            synaptic_operations: counters.synaptic_operations,
            events_lost: counters.losses.total(),
            saturations,
            digest: features_digest.clone(),
            warnings: warnings.clone(),
        };
        Ok(prepared.ids.iter().enumerate().map(row).collect())
    }

    fn die_parameters(&self, emulation: Emulation) -> Result<DieParameters, StudyError> {
        let Conditions { seeds, network, cv, faults, noise, .. } = *self.conditions;
        let spec = &self.conditions.chip.spec;
        let die = Die { root_seed: seeds.dies_of(network), id: DieId(self.conditions.die) };
        // Numbers of dies are counted from 0: the second die of each is far away from all of them.
        let second = Die { id: DieId(u32::MAX - self.conditions.die), ..die };
        let deviates_from = self.conditions.swap.iter().map(|name| (name.clone(), second)).collect();
        let own = self.conditions.mismatch.clone();
        let setting = MismatchSetting { scale_to_cv: cv, without_faults: !faults, deviates_from, ..own };
        let die = DieParameters::new(spec, die, setting);
        let die = if noise { die.and_then(|die| die.with_noise(spec, emulation as u64)) } else { die };
        die.map_err(|error| StudyError::Die { point: self.point.clone(), error })
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

    pub(crate) fn record(
        &self,
        session: &mut Session,
        map: &FeatureMap,
        clock: Option<InputId>,
    ) -> Result<(Matrix, u64), StudyError> {
        let (stimuli, count) = (&self.prepared.stimuli, map.count);
        let recorded = match &self.prepared.goal {
            _ if self.prepared.graded => record(session, stimuli, clock, map, &mut Levels::new(count), true),
            Goal::Classes(_) => record(session, stimuli, clock, map, &mut SpikeCounts::per_tick(count), false),
            Goal::Targets(_) => {
                let filter = FilteredSpikes::new(count, self.prepared.filter_decay);
                record(session, stimuli, clock, map, &mut filter.map_err(|e| self.readout_error(e))?, false)
            }
        };
        recorded.map_err(|e| self.session_error(e))
    }

    pub(crate) fn train(&self, features: &Matrix) -> Result<Fit, StudyError> {
        let ridge = match self.prepared.goal {
            Goal::Classes(_) => Ridge::classifier(),
            Goal::Targets(_) => Ridge::default(),
        };
        let least = self.conditions.task.penalty_min;
        let penalties = ridge.penalties.iter().copied().filter(|penalty| *penalty >= least).collect();
        let ridge = Ridge { penalties, ..ridge };
        ridge.fit(features, self.prepared.goal.targets(), &self.prepared.split).map_err(|e| self.readout_error(e))
    }

    pub(crate) fn apply(&self, readout: &LinearReadout, features: &Matrix) -> Result<Matrix, StudyError> {
        readout.apply(features.all()).map_err(|e| self.readout_error(e))
    }

    /// The score of the outputs on the test part, one a task.
    pub(crate) fn scores(&self, outputs: &Matrix) -> Result<Vec<f64>, StudyError> {
        let test = self.prepared.split.test_rows();
        let rows = outputs.slice(test.clone());
        let scores = match &self.prepared.goal {
            Goal::Classes(classes) => metrics::accuracy(rows, &classes.of_row[test]).map(|share| vec![share]),
            Goal::Targets(targets) => match self.prepared.metric {
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
            Goal::Targets(targets) => {
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

    pub(crate) fn mapping_error(&self, error: MapperError) -> StudyError {
        StudyError::Mapping { point: self.point.clone(), error }
    }

    pub(crate) fn session_error(&self, error: SessionError) -> StudyError {
        StudyError::Session { point: self.point.clone(), error }
    }

    pub(crate) fn readout_error(&self, error: ReadoutError) -> StudyError {
        StudyError::Readout { point: self.point.clone(), error }
    }
}

/// The digest of all values, bit by bit.
fn digest_of(features: &Matrix) -> String {
    let bytes: Vec<u8> = features.data().iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
    digest(&bytes)
}
