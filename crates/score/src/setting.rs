//! Dies that a set is shown to, with one setting of their mismatch.

use crate::{ScoreError, vary};
use chip::ChipSpec;
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use session::Board;
use units::{Decimal, DieId};

/// The dies that are asked for, whatever their mismatch is scaled to.
#[derive(Clone, Copy, Debug)]
pub struct DrawnDies<'a> {
    /// Root of all dies.
    pub seed: u64,
    /// Their numbers.
    pub numbers: &'a [u32],
    /// The parameters that alone differ; none: all that differ in the chip file.
    pub vary: &'a [String],
    /// Without the faults of the chip file.
    pub without_faults: bool,
    /// With the noise of the chip file in this trial; none: without.
    pub noise: Option<u64>,
}

/// Dies with one setting of their mismatch.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The chip that they are dies of.
    pub spec: ChipSpec,
    /// The dies; the first alone where they are alike.
    pub dies: Vec<DieParameters>,
    /// Whether one die stands for all, because nothing differs between them.
    pub alike: bool,
}

impl DrawnDies<'_> {
    /// Refuses parameters that nothing on the board reads: all dies would be alike, for a reason that nobody sees.
    ///
    /// # Errors
    /// [`ScoreError::Unread`].
    pub fn check(&self, board: &Board) -> Result<(), ScoreError> {
        let spec = board.spec();
        let cores = board.program().cores.iter();
        let readings = cores.flat_map(|core| core.model.readings(&spec.synapses));
        let mut read: Vec<String> = readings.map(|reading| reading.parameter.to_string()).collect();
        read.sort();
        read.dedup();
        match self.vary.iter().find(|name| spec.parameters.contains_key(*name) && !read.contains(name)) {
            None => Ok(()),
            Some(name) => Err(ScoreError::Unread { name: name.clone(), read }),
        }
    }

    /// The dies of the chip of `board` with mismatch of CV `cv`; none: as in the chip file.
    ///
    /// # Errors
    /// A chip or parameter without mismatch, or one that it does not have.
    pub fn at(&self, board: &Board, cv: Option<Decimal>) -> Result<Setting, ScoreError> {
        let varied = !self.vary.is_empty();
        let spec = if varied { vary(board.spec(), self.vary, cv)? } else { board.spec().clone() };
        let setting = MismatchSetting {
            scale_to_cv: cv.filter(|_| !varied),
            without_faults: self.without_faults,
            ..MismatchSetting::default()
        };
        let die = |id: u32| {
            let die = DieParameters::new(&spec, Die { root_seed: self.seed, id: DieId(id) }, setting.clone())?;
            match self.noise {
                Some(trial) => die.with_noise(&spec, trial),
                None => Ok(die),
            }
        };
        let made = |numbers: &[u32]| {
            let dies = numbers.iter().map(|id| die(*id)).collect::<Result<Vec<_>, _>>();
            dies.map_err(|error| ScoreError::Device { chip: spec.name.clone(), error: Box::new(error) })
        };
        let first = made(&self.numbers[..self.numbers.len().min(1)])?;
        let is_alike = |first: &DieParameters| {
            let mismatched = first.mismatched().next().is_some() || first.has_weight_mismatch();
            let differs = cv.is_none_or(|cv| cv.signum() != 0) && mismatched;
            !differs && !first.has_faults() && self.noise.is_none()
        };
        let alike = first.first().is_some_and(is_alike);
        let dies = if alike { first } else { made(self.numbers)? };
        Ok(Setting { spec, dies, alike })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mapper::MapperOptions;
    use network::Network;

    const NETWORK: &str = r#"
format = "quenched-network"
version = 1
[[input]]
name = "in"
channels = 1
[[population]]
name = "a"
size = 2
[[projection]]
name = "p"
pre = "in"
post = "a"
connect = "all-to-all"
weight = "0.5 threshold"
"#;

    fn board(chip: &str) -> Board {
        let spec = formats::chip::shipped(chip).unwrap();
        let network: Network = formats::network::read(NETWORK, "n", std::path::Path::new("."), &spec).unwrap();
        Board::map(spec, &network, &MapperOptions::default()).unwrap()
    }

    #[test]
    fn one_die_stands_for_dies_that_are_alike() {
        let drawn = DrawnDies { seed: 1, numbers: &[4, 7], vary: &[], without_faults: true, noise: None };
        let ids = |setting: Setting| setting.dies.iter().map(|die| die.die().id.0).collect::<Vec<_>>();
        let differ = drawn.at(&board("dynapse2"), Some("0.2".parse().unwrap())).unwrap();
        assert!(!differ.alike);
        assert_eq!(ids(differ), [4, 7]);
        let alike = drawn.at(&board("dynapse2"), Some(Decimal::ZERO)).unwrap();
        assert!(alike.alike);
        assert_eq!(ids(alike), [4]);
        assert!(drawn.at(&board("ideal"), None).unwrap().alike);
    }

    #[test]
    fn what_cannot_differ_is_refused() {
        let board = board("ideal");
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let at = |vary: &[String], cv| {
            let drawn = DrawnDies { seed: 1, numbers: &[0], vary, without_faults: false, noise: None };
            drawn.check(&board).and_then(|()| drawn.at(&board, cv)).unwrap_err().to_string()
        };
        let cv = Some("0.1".parse().unwrap());
        assert!(at(&[], cv).contains("chip `ideal`"), "{}", at(&[], cv));
        assert!(at(&names(&["colour"]), cv).contains("no parameter `colour`"));
        let unread = board.spec().parameters.keys().find(|name| {
            let vary = names(&[name.as_str()]);
            DrawnDies { seed: 1, numbers: &[0], vary: &vary, without_faults: false, noise: None }.check(&board).is_err()
        });
        let unread = unread.expect("no core model reads all parameters of the chip");
        assert!(at(&names(&[unread.as_str()]), cv).contains("no core of this program reads"));
    }
}
