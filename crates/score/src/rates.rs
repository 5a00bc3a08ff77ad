//! How often the neurons of a program spike when a set is shown to it.

use crate::{LabelledSet, Sample, ScoreError};
use device_models::DieParameters;
use session::{Activity, Board, Multiple, PopulationActivity, Session, SessionError, in_order};
use std::num::NonZeroUsize;
use units::Tick;

/// How samples are shown, whatever is counted then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Showing {
    /// Ticks that each sample is shown for; none: as long as it is.
    pub ticks: Option<u64>,
    /// What several events of a channel in a step are.
    pub multiple: Multiple,
    /// Number of the run, for the sources of the network.
    pub trial: u64,
    /// Threads; none: one a processor.
    pub threads: Option<NonZeroUsize>,
}

impl Showing {
    /// Ticks for which `sample` is shown.
    ///
    /// # Errors
    /// Nothing says how long it is.
    pub(crate) fn ticks_of(&self, sample: &Sample) -> Result<u64, ScoreError> {
        self.ticks.or(sample.ticks).ok_or_else(|| ScoreError::Set {
            file: sample.name.clone(),
            reason: "nothing says how long it is shown".into(),
            help: Some("give `--steps`, `--time` or `--ticks`".into()),
        })
    }
}

/// Spikes of each neuron of each population of `board` over all samples of `set`, each shown to `die` from the initial
/// state.
///
/// # Errors
/// The die cannot be made, a sample cannot be sent, or nothing says how long it is.
pub fn activity(
    board: &Board,
    die: &DieParameters,
    set: &LabelledSet,
    showing: &Showing,
) -> Result<Vec<PopulationActivity>, ScoreError> {
    let of_die = |error| ScoreError::Session { what: format!("die {}", die.die().id.0), error };
    let mut session = board.on(die).map_err(of_die)?;
    session.set_sources(die.die().root_seed, showing.trial);
    let shown = in_order(set.samples.len(), showing.threads, |index| {
        one(board, session.clone(), &set.samples[index], index as u64, showing)
    });
    let mut total = Activity::new(board).into_populations();
    for of_sample in shown {
        for (sum, population) in total.iter_mut().zip(of_sample?) {
            sum.events.iter_mut().zip(population.events).for_each(|(sum, events)| *sum += events);
        }
    }
    Ok(total)
}

fn one(
    board: &Board,
    mut session: Session,
    sample: &Sample,
    part: u64,
    showing: &Showing,
) -> Result<Vec<PopulationActivity>, ScoreError> {
    let refused = |error: SessionError| ScoreError::Session { what: sample.name.clone(), error };
    let end = Tick(showing.ticks_of(sample)?);
    session.set_part(part);
    session.take_all(sample.events.iter().copied(), Tick(0)..end, showing.multiple).map_err(refused)?;
    let mut activity = Activity::new(board);
    session.run_until(end, &mut activity);
    Ok(activity.into_populations())
}
