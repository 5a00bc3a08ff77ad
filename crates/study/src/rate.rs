//! Mismatch that leaves the firing rate where it was: input weights of a condition scaled until its networks spike as
//! often as without mismatch.
//!
//! Owns the search: one factor for each task and combination of the values of all other axes, found on the training
//! part of the first series, over all networks of the study, on dies that are in no row of results. It deliberately
//! scores nothing, and does not know what becomes of a factor that changes more than the rate; that is what the
//! arm without one is for.

use crate::axis::{Conditions, RateArm, Role};
use crate::evaluate::Run;
use crate::plan::Planned;
use crate::prepare::{Prepared, prepare};
use crate::record::{Drive, Rows, Stimulus, Taken, play};
use crate::spec::Wiring;
use crate::{Point, Row, StudyError};
use readout::SpikeCounts;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use warnings::{Kind, Warnings};

/// What the input weights of a condition were scaled by, for which rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RateMatch {
    /// Input weights are this often as large.
    pub factor: f64,
    /// The mean rate of all networks without mismatch over the training part, in Hz of emulated time.
    pub wanted_hz: f64,
    /// The mean rate of all networks with it, on the dies that it was found on.
    pub reached_hz: f64,
}

/// Dies of each network that a factor is found on, counted from [`FIRST_DIE`].
const DIES: u32 = 2;
/// Numbers of dies are counted from 0, and second dies from the end: these are neither.
const FIRST_DIE: u32 = 1 << 31;
/// Emulations of a die have different noise; these are in no row.
const TRIAL: u64 = u64::MAX;
/// Factors that are tried at most.
const TRIES: usize = 8;
/// A rate that is off by no more is reached.
const TOLERANCE: f64 = 0.01;
/// Factors from its inverse to this are tried.
const FACTOR_MAX: f64 = 8.0;
/// Programs that are kept for other dies of the same condition and network.
const PROGRAMS: usize = 4;

/// What is made once and shared by those who wait for it.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// The factors of a study, each found when its first run asks.
pub(crate) struct Matching {
    networks: u32,
    found: Mutex<BTreeMap<String, Slot<RateMatch>>>,
    programs: Mutex<VecDeque<(String, Slot<Arc<Prepared>>)>>,
}

/// A run with other input weights than those of its program.
pub(crate) struct Matched {
    conditions: Conditions,
    prepared: Arc<Prepared>,
    rate: RateMatch,
    /// What its rows do not represent as the study asks.
    warnings: Warnings,
}

/// Locks what no thread leaves half done.
fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what is in a slot, or makes it while others wait.
fn take<T: Clone>(slot: &Slot<T>, make: impl FnOnce() -> Result<T, StudyError>) -> Result<T, StudyError> {
    let mut place = lock(slot);
    if let Some(made) = &*place {
        return Ok(made.clone());
    }
    let made = make()?;
    *place = Some(made.clone());
    Ok(made)
}

impl Matched {
    /// The rows of the run.
    pub(crate) fn rows(&self, point: &Point) -> Result<Vec<Row>, StudyError> {
        let mut rows = Run { point, conditions: &self.conditions, prepared: &self.prepared }.rows()?;
        for row in &mut rows {
            row.rate_match = Some(self.rate);
            row.warnings.extend(self.warnings.clone());
        }
        Ok(rows)
    }
}

impl Matching {
    /// For a study of so many networks.
    pub(crate) fn new(networks: u32) -> Self {
        Self { networks, found: Mutex::default(), programs: Mutex::default() }
    }

    /// What a run of a matched condition is; none if its rate is as it comes. Without mismatch it is as its program has
    /// it, with a factor of 1.
    pub(crate) fn of(&self, run: &Planned, prepared: &Arc<Prepared>) -> Result<Option<Matched>, StudyError> {
        if run.conditions.rate == RateArm::Free {
            return Ok(None);
        }
        let condition = name(&run.point, |role| role != Role::Unit);
        let slot = Arc::clone(lock(&self.found).entry(condition.clone()).or_default());
        let rate = take(&slot, || self.find(run))?;
        let conditions = scaled(&run.conditions, rate.factor);
        let mut warnings = Warnings::default();
        let off = (rate.reached_hz - rate.wanted_hz).abs();
        if off > TOLERANCE * rate.wanted_hz {
            let RateMatch { factor, wanted_hz, reached_hz } = rate;
            let text = format!(
                "the firing rate was matched to {reached_hz:.2} Hz only, not to the {wanted_hz:.2} Hz without mismatch, with input \
                 weights times {factor:.3}"
            );
            warnings.push(Kind::Study, "rate", text);
        }
        if rate.factor == 1.0 {
            return Ok(Some(Matched { conditions, prepared: Arc::clone(prepared), rate, warnings }));
        }
        let program = format!("{condition}, {}", name(&run.point, |role| role == Role::Unit));
        let own = take(&self.program(program), || {
            Ok(Arc::new(prepare(&Planned { conditions: conditions.clone(), ..run.clone() })?))
        })?;
        warnings.extend(own.records.warnings.clone());
        Ok(Some(Matched { conditions, prepared: own, rate, warnings }))
    }

    /// The slot of a program, which goes when others come.
    fn program(&self, name: String) -> Slot<Arc<Prepared>> {
        let mut programs = lock(&self.programs);
        if let Some((_, slot)) = programs.iter().find(|(known, _)| *known == name) {
            return Arc::clone(slot);
        }
        let slot = Slot::default();
        programs.push_back((name, Arc::clone(&slot)));
        if programs.len() > PROGRAMS {
            programs.pop_front();
        }
        slot
    }

    /// The factor of a condition: the secant through the last two, or half way between one that is too small and one
    /// that is too large where that leaves them.
    fn find(&self, run: &Planned) -> Result<RateMatch, StudyError> {
        let mut nominal = run.conditions.clone();
        nominal.cv = Some(units::Decimal::ZERO);
        let wanted_hz = self.rate(run, &nominal, 1.0, 1)?;
        let is_nominal = run.conditions.cv.is_some_and(|cv| cv.signum() == 0);
        if is_nominal || wanted_hz == 0.0 {
            return Ok(RateMatch { factor: 1.0, wanted_hz, reached_hz: wanted_hz });
        }
        search(wanted_hz, |factor| self.rate(run, &run.conditions, factor, DIES))
    }

    /// The mean rate of all networks under a condition, with input weights times `factor`, on so many dies.
    fn rate(&self, run: &Planned, conditions: &Conditions, factor: f64, dies: u32) -> Result<f64, StudyError> {
        let mut sum = 0.0;
        for network in 0..self.networks {
            let conditions = Conditions { network, series: 0, ..scaled(conditions, factor) };
            let program = Planned { conditions: conditions.clone(), ..run.clone() };
            let prepared = prepare(&program)?;
            for die in FIRST_DIE..FIRST_DIE + dies {
                let conditions = Conditions { die, ..conditions.clone() };
                sum += training_rate(&Run { point: &run.point, conditions: &conditions, prepared: &prepared })?;
            }
        }
        Ok(sum / f64::from(self.networks * dies))
    }
}

/// The factor for which `rate` is the wanted one, as nearly as it was found.
fn search(wanted_hz: f64, mut rate: impl FnMut(f64) -> Result<f64, StudyError>) -> Result<RateMatch, StudyError> {
    let (mut low, mut high) = (1.0 / FACTOR_MAX, FACTOR_MAX);
    let mut best: Option<RateMatch> = None;
    let mut last: Option<(f64, f64)> = None;
    let mut factor = 1.0;
    for _ in 0..TRIES {
        let reached_hz = rate(factor)?;
        let off = |found: &RateMatch| (found.reached_hz - wanted_hz).abs();
        let found = RateMatch { factor, wanted_hz, reached_hz };
        if best.as_ref().is_none_or(|best| off(&found) < off(best)) {
            best = Some(found);
        }
        if off(&found) <= TOLERANCE * wanted_hz {
            break;
        }
        if reached_hz < wanted_hz {
            low = factor;
        } else {
            high = factor;
        }
        // More input is taken to mean more spikes; without a second point, as many more.
        let secant = match last {
            Some((before, rate)) if rate != reached_hz => {
                factor + (wanted_hz - reached_hz) * (factor - before) / (reached_hz - rate)
            }
            _ if reached_hz > 0.0 => factor * wanted_hz / reached_hz,
            _ => 2.0 * factor,
        };
        last = Some((factor, reached_hz));
        // Millionths: what the weights of a network can be read back from.
        let next = if secant > low && secant < high { secant } else { (low + high) / 2.0 };
        factor = (next * 1e6 + 0.5).floor() / 1e6;
    }
    Ok(best.expect("one factor was tried at least"))
}

/// The same conditions with input weights times `factor`.
fn scaled(conditions: &Conditions, factor: f64) -> Conditions {
    let mut conditions = conditions.clone();
    if factor != 1.0
        && let Wiring::Spiking(wiring) = &mut Arc::make_mut(&mut conditions.task).wiring
    {
        let weight = crate::on_chip::to_f64(wiring.input_weight) * factor;
        wiring.input_weight = format!("{weight:.9}").parse().expect("a number");
    }
    conditions
}

/// The mean rate of a reservoir over the training part, in Hz.
fn training_rate(run: &Run<'_>) -> Result<f64, StudyError> {
    let prepared = run.prepared;
    let end = prepared.split.fitted_rows().end;
    let stimuli: Vec<Stimulus> = match prepared.goal.is_per_stimulus() {
        true => prepared.stimuli[..end].to_vec(),
        false => {
            let cut = |s: &Stimulus| Stimulus { samples: s.samples[..end].to_vec(), ..s.clone() };
            prepared.stimuli.iter().map(cut).collect()
        }
    };
    let die = run.die_parameters(TRIAL)?;
    let mut session = prepared.board.on(&die).map_err(|e| run.session_error(e))?;
    let counts = Box::new(SpikeCounts::new(prepared.features.count));
    let mut rows = [Rows::new(&prepared.board, &prepared.features, counts, Taken::AtSamples, false)];
    play(&mut session, &stimuli, Drive::default(), 0, &mut rows).map_err(|e| run.session_error(e))?;
    let [rows] = rows;
    let steps: u64 = stimuli.iter().filter_map(|s| s.samples.last()).map(|last| last + 1).sum();
    Ok(prepared.rate_over(rows.finish().1, run.conditions.reservoir.neurons, steps))
}

/// A point by its values on the axes with some roles.
fn name(point: &Point, wanted: impl Fn(Role) -> bool) -> String {
    let values: Vec<String> = point
        .values()
        .filter(|(axis, _)| wanted(axis.role))
        .map(|(axis, value)| format!("{} {value}", axis.key))
        .collect();
    values.join(", ")
}

#[cfg(test)]
mod tests;
