//! What is chosen once for all dies of a program, on a chip without mismatch: the penalty of the chip's readout, and
//! the rate at which its neurons rest.
//!
//! Penalties are tried with an emulated readout: trained on the training rows, mapped, run on the nominal chip, and
//! judged on the validation rows. Few weight bits and counting noise ask for larger penalties than a host does.

use super::Job;
use super::trim::Trimming;
use crate::StudyError;
use crate::calibrate::Calibration;
use crate::record::{Drive, play};
use device_models::DieParameters;
use readout::{Matrix, Split, metrics::argmax};

/// What was chosen on the nominal chip.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nominal {
    /// The penalty of each output.
    pub(crate) penalties: Vec<f64>,
    /// Where readout neurons rest; none without calibration.
    pub(crate) rest: Option<Rest>,
}

/// How readout neurons of the nominal chip answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rest {
    /// Their mean rate over the calibration samples, in spikes a step.
    pub(crate) rate: f64,
    /// By how much it rises with the level at which they rest, in spikes a step for what counts as 1.
    pub(crate) slope: f64,
}

/// A step of the level at rest, as a share of the drive, that is small against it and large against the rounding of
/// weights.
const PROBE: f64 = 0.1;

/// A squared error that is larger by this share is hardly worse.
const GRACE: f64 = 0.02;

/// How far the penalty of an output may be below the one that is best for all.
const APART: f64 = 4.0;

/// How one penalty did on the validation rows.
struct Tried {
    penalty: f64,
    /// The squared error of each output over the variance of its target.
    errors: Vec<f64>,
    misclassified: usize,
}

impl Job<'_> {
    /// Chooses on the nominal chip.
    pub(crate) fn nominal(&self) -> Result<Nominal, StudyError> {
        let die = DieParameters::nominal();
        let stimuli = self.until(self.split.fitted_rows().end);
        let mut session = self.board.on(&die).map_err(|e| self.session_error(e))?;
        let mut rows = [self.chain_rows()];
        play(&mut session, &stimuli, Drive::default(), self.drain(), &mut rows).map_err(|e| self.session_error(e))?;
        let [rows] = rows;
        let (features, _) = rows.finish();
        let all = self.goal.targets();
        let targets = Matrix::from_vec(
            features.rows(),
            all.columns(),
            all.slice(0..features.rows()).iter().flatten().copied().collect(),
        );
        let training = Split { validation: 0, test: 0, ..*self.split };
        let mut tried = Vec::new();
        let mut penalties = self.settings.chip.penalties.clone();
        penalties.retain(|penalty| *penalty >= self.penalty_min);
        if penalties.is_empty() {
            penalties.push(self.penalty_min);
        }
        penalties.sort_by(f64::total_cmp);
        let mut last = None;
        for penalty in penalties {
            let trained = self.train(&features, &targets, &training, &vec![penalty; targets.columns()])?;
            let mapped = self.map(features.slice(training.training_rows()), &trained)?;
            let board = mapped.load(self, mapped.mapping.clone())?;
            let mut session = board.on(&die).map_err(|e| self.session_error(e))?;
            let neurons = self.readout_rows(&mut session, &stimuli, &mapped.map, mapped.drive())?;
            let raw = mapped.sums(&neurons);
            let wanted = self.apply(&trained, &features)?;
            let wanted = self.centred(&wanted);
            let fitted = training.training_rows();
            let lines = Calibration::fit(raw.slice(fitted.clone()), wanted.slice(fitted));
            tried.push(self.judge(penalty, &lines.apply(raw.all()), &targets));
            last = Some(mapped);
        }
        let rest = match (&self.settings.chip.calibration, last) {
            (Some(settings), Some(mapped)) => {
                let by = PROBE * self.drive.ok_or(StudyError::NoDrive)?;
                let trimming = Trimming::new(self, &mapped, settings)?;
                Some(trimming.rest(self, &mapped, &die, by)?)
            }
            _ => None,
        };
        Ok(Nominal { penalties: choose(&tried, self.are_classes()), rest })
    }

    /// How `outputs` did on the validation rows.
    fn judge(&self, penalty: f64, outputs: &Matrix, targets: &Matrix) -> Tried {
        let rows = self.split.validation_rows();
        let targets = self.centred(targets);
        let (outputs, targets) = (outputs.slice(rows.clone()), targets.slice(rows));
        let wrong = |(output, target): &(&[f64], &[f64])| argmax(output) != argmax(target);
        let misclassified = outputs.iter().zip(targets.iter()).filter(wrong).count();
        let of_output = |output: usize| {
            let target = targets.column(output);
            let mean = target.clone().sum::<f64>() / targets.rows() as f64;
            let (mut error, mut variance) = (0.0, 0.0);
            for (o, t) in outputs.column(output).zip(target) {
                error += (o - t) * (o - t);
                variance += (t - mean) * (t - mean);
            }
            if variance > 0.0 { error / variance } else { 0.0 }
        };
        Tried { penalty, errors: (0..targets.columns()).map(of_output).collect(), misclassified }
    }

    /// Where only differences between outputs count, what they have in common is no target.
    pub(super) fn centred(&self, outputs: &Matrix) -> Matrix {
        if self.are_classes() { super::centre_rows(outputs) } else { outputs.clone() }
    }
}

/// The penalty of each output.
///
/// Classes share one: of those with at most one more misclassified row than the best has, the one with the least
/// squared error, as on the host. Each other output has the largest that does hardly worse than the best, because on
/// a die weights that cancel each other to many digits are lost, but none that is below the one with the least error
/// over all outputs by more than [`APART`]: all share the few weights of a core, where weights for very different
/// penalties do not fit beside each other.
fn choose(tried: &[Tried], are_classes: bool) -> Vec<f64> {
    let outputs = tried.first().map_or(0, |tried| tried.errors.len());
    let best = |error: &dyn Fn(&Tried) -> f64, is_good: &dyn Fn(&&Tried) -> bool, grace: f64| {
        let least = tried.iter().filter(is_good).map(error).fold(f64::INFINITY, f64::min);
        let near = tried.iter().filter(is_good).filter(|tried| error(tried) <= least * (1.0 + grace));
        near.map(|tried| tried.penalty).fold(0.0, f64::max)
    };
    let total = |tried: &Tried| tried.errors.iter().sum::<f64>();
    if are_classes {
        let fewest = tried.iter().map(|tried| tried.misclassified).min().unwrap_or(0);
        return vec![best(&total, &|tried| tried.misclassified <= fewest + 1, 0.0); outputs];
    }
    let shared = best(&total, &|_| true, 0.0);
    let of_output =
        |output: usize| best(&|tried| tried.errors[output], &|tried| tried.penalty >= shared / APART, GRACE);
    (0..outputs).map(of_output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(penalty: f64, errors: &[f64], misclassified: usize) -> Tried {
        Tried { penalty, errors: errors.to_vec(), misclassified }
    }

    #[test]
    fn classes_share_the_least_error_with_one_row_of_grace() {
        let all = [tried(0.25, &[2.0, 2.0], 3), tried(1.0, &[1.0, 1.0], 4), tried(4.0, &[0.5, 0.5], 5)];
        assert_eq!(choose(&all, true), [1.0, 1.0]);
    }

    #[test]
    fn outputs_have_penalties_of_their_own_but_none_far_below_the_best_for_all() {
        let all = [
            tried(0.25, &[0.50, 0.10], 0),
            tried(4.0, &[0.40, 0.30], 0),
            tried(16.0, &[0.402, 0.31], 0),
            tried(64.0, &[0.9, 0.9], 0),
        ];
        // 0.25 is best for both together.
        assert_eq!(choose(&all, false), [16.0, 0.25]);
        let all = &all[1..];
        let lower = [tried(0.25, &[9.0, 0.10], 0)];
        let all: Vec<Tried> = lower.into_iter().chain(all.iter().map(|t| tried(t.penalty, &t.errors, 0))).collect();
        assert_eq!(choose(&all, false), [16.0, 4.0], "0.25 is more than a factor of 4 below");
    }
}
