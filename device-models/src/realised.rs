//! What the mismatch of a die comes to over the circuits that a program uses: mean, CV and skewness of each parameter,
//! as drawn and as the cores use it.
//!
//! The CV of a distribution is not that of a few hundred circuits, and less than either is left where a core keeps a
//! parameter on a coarse grid. A study that compares conditions has to state the last of the three. The values are
//! those of [`crate::effective`]; nothing is drawn or rounded here in another way.

use crate::effective::values_of;
use crate::{DeviceModelError, DieParameters, Effective};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Joined};
use disorder::Moments;
use fx::Real;
use units::NeuronId;

/// The mismatch of one parameter over the neurons of a program on a die.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealisedMismatch {
    /// The parameter.
    pub parameter: String,
    /// Neurons whose core reads it; those that are switched off do not count.
    pub neurons: usize,
    /// Moments of their factors, as the die has them.
    pub drawn: Moments,
    /// Moments of what their cores use, over what they would use without mismatch: after rounding to the grid of a core
    /// and to the ends of a register. Neurons that would use 0 do not count; `None` if all would.
    pub left: Option<Moments>,
    /// Whether any core uses anything else than it would without mismatch.
    pub acts: bool,
}

impl RealisedMismatch {
    /// Whether there is mismatch of which nothing is left: factors differ from 1, and no core computes with anything
    /// but nominal values. A refractory period of one step does that, and so does a drive of 0.
    pub fn rounds_away(&self) -> bool {
        !self.acts && (self.drawn.sd != Real::ZERO || self.drawn.mean != Real::ONE)
    }
}

/// The mismatch of every parameter that differs on `die` and that a core of a program reads, over all of its `cores`,
/// in order of the names. Weights of synapses are not among them.
///
/// # Errors
/// As a core that is built: values that it cannot use.
pub fn realised_mismatch(
    spec: &ChipSpec,
    cores: &[CoreProgram],
    die: &DieParameters,
) -> Result<Vec<RealisedMismatch>, DeviceModelError> {
    let names: BTreeSet<&str> = die.mismatched().collect();
    let nominal = DieParameters::nominal();
    let mut all: BTreeMap<String, Sample> = BTreeMap::new();
    for core in cores {
        let joined: BTreeMap<&str, Joined> =
            core.model.readings(&spec.synapses).iter().map(|reading| (reading.parameter, reading.joined)).collect();
        let on_die = values_of(spec, core, die, &names)?;
        let by_design = values_of(spec, core, &nominal, &names)?;
        for (on_die, by_design) in on_die.iter().zip(&by_design) {
            let joined = joined.get(on_die.parameter.as_str()).copied().unwrap_or(Joined::Sender);
            let factor = |n| die.neuron_factor(&on_die.parameter, joined, core, n);
            all.entry(on_die.parameter.clone()).or_default().add(core, on_die, by_design, factor);
        }
    }
    Ok(all.into_iter().filter_map(|(parameter, sample)| sample.finish(parameter)).collect())
}

/// Factors of one parameter.
#[derive(Default)]
struct Sample {
    drawn: Vec<Real>,
    left: Vec<Real>,
    acts: bool,
}

impl Sample {
    fn add(&mut self, core: &CoreProgram, on_die: &Effective, by_design: &Effective, factor: impl Fn(usize) -> Real) {
        for (n, (used, nominal)) in on_die.used.iter().zip(&by_design.used).enumerate() {
            if core.off.binary_search(&NeuronId(n as u16)).is_ok() {
                continue;
            }
            self.drawn.push(factor(n));
            self.acts |= used != nominal;
            if *nominal != Real::ZERO {
                self.left.push(used.div_nearest(*nominal));
            }
        }
    }

    fn finish(self, parameter: String) -> Option<RealisedMismatch> {
        let (neurons, drawn) = (self.drawn.len(), Moments::of(&self.drawn)?);
        Some(RealisedMismatch { parameter, neurons, drawn, left: Moments::of(&self.left), acts: self.acts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MismatchSetting;
    use crate::testing::{core, spec};
    use chip::CoreModel;
    use disorder::{Centre, Die};
    use units::DieId;

    fn of<'a>(all: &'a [RealisedMismatch], name: &str) -> &'a RealisedMismatch {
        all.iter().find(|found| found.parameter == name).unwrap()
    }

    fn float(x: Real) -> f64 {
        x.to_bits() as f64 / 2f64.powi(32)
    }

    fn die(cv: &str) -> DieParameters {
        let setting = MismatchSetting {
            scale_to_cv: Some(cv.parse().unwrap()),
            realised: Some(Centre::Mean),
            ..MismatchSetting::default()
        };
        DieParameters::new(&spec(), Die { root_seed: 3, id: DieId(1) }, setting).unwrap()
    }

    #[test]
    fn what_is_left_of_what_was_drawn() {
        let (spec, die) = (spec(), die("0.2"));
        let programs = [core(CoreModel::Lif, 600, &[]), core(CoreModel::Lif, 400, &[("tau_mem", "5 ms")])];
        let all = realised_mismatch(&spec, &programs, &die).unwrap();
        let names: Vec<&str> = all.iter().map(|found| found.parameter.as_str()).collect();
        assert_eq!(
            names,
            ["gain_step", "gain_up", "t_refractory", "tau_down", "tau_mem", "tau_up", "v_threshold"],
            "all that a `lif` core reads and that has mismatch"
        );
        // The time constants differ between the cores; their factors do not know that.
        let tau = of(&all, "tau_mem");
        let (mean, cv) = (float(tau.drawn.mean), float(tau.drawn.cv().unwrap()));
        // Standard errors of 1000 circuits: 0.006 and 0.005, though the two cores have the same address here.
        assert!(tau.neurons == 1000 && (mean - 1.0).abs() < 0.03 && (cv - 0.2).abs() < 0.02, "{tau:?}");
        let left = tau.left.unwrap();
        assert!((float(left.mean) / mean - 1.0).abs() < 1e-3 && (float(left.sd) - float(tau.drawn.sd)).abs() < 1e-3);
        assert!(tau.acts && !tau.rounds_away());
        // Two steps: most of the mismatch of a refractory period goes, but not all.
        let refractory = of(&all, "t_refractory");
        assert!(refractory.acts && float(refractory.left.unwrap().sd) != float(refractory.drawn.sd));
    }

    #[test]
    fn mismatch_that_rounds_away_is_told() {
        let spec = spec();
        let program = core(CoreModel::Lif, 500, &[("t_refractory", "1 ms")]);
        let all = realised_mismatch(&spec, core::slice::from_ref(&program), &die("0.1")).unwrap();
        let refractory = of(&all, "t_refractory");
        assert!(refractory.rounds_away() && !refractory.acts, "{refractory:?}");
        assert_eq!(refractory.left, Some(Moments::ONE));
        assert!((float(refractory.drawn.sd) - 0.1).abs() < 0.01, "it was drawn all the same");
        // At half a step it is there, and so it is without a step.
        let wide = realised_mismatch(&spec, core::slice::from_ref(&program), &die("0.5")).unwrap();
        assert!(of(&wide, "t_refractory").acts);
        // A value of 0 has none, whatever its factor.
        let zero = core(CoreModel::Lif, 500, &[("t_refractory", "0 ms")]);
        let all = realised_mismatch(&spec, &[zero], &die("0.5")).unwrap();
        assert!(of(&all, "t_refractory").rounds_away() && of(&all, "t_refractory").left.is_none());
        // Nothing drawn, nothing rounded away.
        let none = realised_mismatch(&spec, &[program], &die("0")).unwrap();
        assert!(none.iter().all(|found| !found.rounds_away() && !found.acts && found.drawn == Moments::ONE));
    }

    #[test]
    fn neurons_that_are_off_do_not_count() {
        let (spec, die) = (spec(), die("0.2"));
        let mut program = core(CoreModel::Lif, 100, &[]);
        let whole = realised_mismatch(&spec, core::slice::from_ref(&program), &die).unwrap();
        program.off = (50..100).map(NeuronId).collect();
        let half = realised_mismatch(&spec, &[program], &die).unwrap();
        assert_eq!((of(&whole, "tau_mem").neurons, of(&half, "tau_mem").neurons), (100, 50));
        assert_ne!(of(&whole, "tau_mem").drawn, of(&half, "tau_mem").drawn);
        assert_eq!(realised_mismatch(&spec, &[], &die), Ok(Vec::new()));
    }
}
