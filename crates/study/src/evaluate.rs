//! One run of the plan, from stimuli to three scores.

use crate::axis::Conditions;
use crate::on_chip::OnChip;
use crate::prepare::{Goal, Prepared};
use crate::record::{FeatureMap, record};
use crate::results::digest;
use crate::spec::TaskSettings;
use crate::{Point, Row, StudyError};
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use mapper::MapperError;
use readout::{FilteredSpikes, Fit, Levels, LinearReadout, Matrix, ReadoutError, Ridge, SpikeCounts, metrics};
use session::{Session, SessionError};
use tasks::Metric;
use units::{DieId, InputId};
use warnings::Kind;

/// What a run is about.
pub(crate) struct Run<'a> {
    pub(crate) point: &'a Point,
    pub(crate) conditions: &'a Conditions,
    pub(crate) task: &'a TaskSettings,
    pub(crate) prepared: &'a Prepared,
}

/// The runs of one die, which have different noise.
#[derive(Clone, Copy)]
enum Trial {
    /// The reservoir alone, whose features the readout is trained and scored on.
    Reservoir,
    /// The reservoir with its readout on the chip.
    Readout,
}

impl Run<'_> {
    /// Runs the task and scores it.
    pub(crate) fn row(&self) -> Result<Row, StudyError> {
        let die = self.die_parameters(Trial::Reservoir)?;
        let prepared = self.prepared;
        let mut session = prepared.board.on(&die).map_err(|e| self.session_error(e))?;
        let (features, spikes) = self.record(&mut session, &prepared.features, None)?;
        let fit = self.train(&features)?;
        let outputs = self.apply(&fit.readout, &features)?;

        let (counters, mut warnings) = (session.counters(), session.warnings(&[]));
        let mut saturations = counters.saturations;
        let (mut score_quantised, mut score_on_chip) = (None, None);
        if self.conditions.readout.on_chip {
            let die = self.die_parameters(Trial::Readout)?;
            let OnChip { weights, raw, session, of_mapping } = self.on_chip(&die, &features, &fit.readout)?;
            saturations += session.counters().saturations;
            warnings.extend(of_mapping);
            warnings.extend(session.warnings(&[]));
            score_quantised = Some(self.calibrated_score(&self.apply(&weights, &features)?, &outputs)?);
            score_on_chip = Some(self.calibrated_score(&raw, &outputs)?);
        }
        if spikes == 0 {
            let text = "the reservoir did not spike: its features are all 0";
            warnings.push(Kind::Silent, crate::reservoir::POPULATION, text);
        }
        Ok(Row {
            chip: self.conditions.chip.spec.name.clone(),
            chip_digest: digest(self.conditions.chip.text.as_bytes()),
            model: self.conditions.model.name().into(),
            seed: self.conditions.seed,
            point: self.point.clone(),
            metric: prepared.metric_name().into(),
            higher_is_better: prepared.higher_is_better(),
            neurons: self.conditions.reservoir.neurons,
            score_float: self.score(&outputs)?,
            score_quantised,
            score_on_chip,
            rate_hz: prepared.rate_hz(spikes, self.conditions.reservoir.neurons),
            spikes,
            synaptic_operations: counters.synaptic_operations,
            events_lost: counters.losses.total(),
            saturations,
            warnings,
        })
    }

    fn die_parameters(&self, trial: Trial) -> Result<DieParameters, StudyError> {
        let Conditions { seed, cv, family, faults, noise, .. } = *self.conditions;
        let spec = &self.conditions.chip.spec;
        let die = Die { root_seed: seed, id: DieId(self.conditions.die) };
        let setting = MismatchSetting { scale_to_cv: cv, family, without_faults: !faults };
        let die = DieParameters::new(spec, die, setting);
        let die = if noise { die.and_then(|die| die.with_noise(spec, trial as u64)) } else { die };
        die.map_err(|error| StudyError::Die { point: self.point.clone(), error })
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

    fn train(&self, features: &Matrix) -> Result<Fit, StudyError> {
        let ridge = match self.prepared.goal {
            Goal::Classes(_) => Ridge::classifier(),
            Goal::Targets(_) => Ridge::default(),
        };
        let least = self.task.penalty_min;
        let penalties = ridge.penalties.iter().copied().filter(|penalty| *penalty >= least).collect();
        let ridge = Ridge { penalties, ..ridge };
        ridge.fit(features, self.prepared.goal.targets(), &self.prepared.split).map_err(|e| self.readout_error(e))
    }

    pub(crate) fn apply(&self, readout: &LinearReadout, features: &Matrix) -> Result<Matrix, StudyError> {
        readout.apply(features.all()).map_err(|e| self.readout_error(e))
    }

    /// The score of the outputs on the test part.
    pub(crate) fn score(&self, outputs: &Matrix) -> Result<f64, StudyError> {
        let test = self.prepared.split.test_rows();
        let rows = outputs.slice(test.clone());
        let score = match &self.prepared.goal {
            Goal::Classes(classes) => metrics::accuracy(rows, &classes.of_row[test]),
            Goal::Targets(targets) => match self.prepared.metric {
                Metric::MemoryCapacity => metrics::memory_capacity(rows, targets.slice(test), 0.0).map(|m| m.total),
                _ => metrics::nrmse(rows, targets.slice(test)).and_then(|all| metrics::mean_score(&all)),
            },
        };
        score.map_err(|e| self.readout_error(e))
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
