//! A die: where the deviates of its circuits come from.

use crate::error::DisorderError;
use crate::key::{Key, Purpose};
use crate::normal::normal_deviate;
use fx::{Real, Wide};
use units::{CoreAddress, DieId, NeuronId};

/// How the variance of a parameter is split between what a whole chip has in common (a corner), what a core has in
/// common, and what each circuit has for itself. The shares add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    die: Level,
    core: Level,
    circuit: Level,
}

/// One level: its share of the variance, and the share of the standard deviation that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    share: Real,
    scale: Real,
}

impl Level {
    fn new(level: &'static str, share: Real) -> Result<Self, DisorderError> {
        if share < Real::ZERO {
            return Err(DisorderError::NegativeShare { level, share });
        }
        Ok(Self { share, scale: fx::math::sqrt(share) })
    }

    /// The part of this level in the deviate, from the first word of its stream; nothing is drawn for a share of 0.
    fn part(self, key: Key) -> Real {
        if self.share == Real::ZERO { Real::ZERO } else { self.scale.mul_nearest(normal_deviate(key.first_word())) }
    }
}

impl Shares {
    /// Everything in the circuit: circuits are independent.
    pub const CIRCUIT: Self = Self {
        die: Level { share: Real::ZERO, scale: Real::ZERO },
        core: Level { share: Real::ZERO, scale: Real::ZERO },
        circuit: Level { share: Real::ONE, scale: Real::ONE },
    };

    /// The given shares of the variance.
    ///
    /// # Errors
    /// If one of them is negative or their sum is further than 2^-20 from 1.
    pub fn new(die: Real, core: Real, circuit: Real) -> Result<Self, DisorderError> {
        let shares = Self {
            die: Level::new("die", die)?,
            core: Level::new("core", core)?,
            circuit: Level::new("circuit", circuit)?,
        };
        let sum = die.add_sat(core).add_sat(circuit);
        if sum.sub_sat(Real::ONE).abs() > Real::from_bits(Real::ONE.to_bits() >> 20) {
            return Err(DisorderError::ShareSum { sum });
        }
        Ok(shares)
    }

    /// The share of the die.
    pub const fn die(&self) -> Real {
        self.die.share
    }

    /// The share of the core.
    pub const fn core(&self) -> Real {
        self.core.share
    }

    /// The share of the circuit.
    pub const fn circuit(&self) -> Real {
        self.circuit.share
    }
}

/// A manufactured copy of a chip, or of each chip of a board. It holds nothing but the address of its disorder: every
/// value can be asked for in any order, any number of times, and is always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Die {
    /// The seed of the whole study.
    pub root_seed: u64,
    /// Which die of the study.
    pub id: DieId,
}

impl Die {
    /// The address of the mismatch of `parameter` on this die; see [`Key`] for cores, neurons and slots.
    pub const fn key(&self, parameter: &str) -> Key {
        Key::new(self.root_seed, Purpose::Mismatch).die(self.id).name(parameter)
    }

    /// The unit-normal deviate of `parameter` in one circuit: the weighted sum of a deviate of its chip, one of its
    /// core and one of its own. On a board of several chips each chip is its own piece of silicon, with a corner of its
    /// own.
    ///
    /// Each level has its own stream and takes one word of it; a level with share 0 takes none.
    pub fn deviate(&self, parameter: &str, shares: &Shares, core: CoreAddress, neuron: NeuronId) -> Real {
        let key = self.key(parameter);
        self.wider(parameter, shares, core).add_sat(shares.circuit.part(key.core(core).neuron(neuron)))
    }

    /// The same for one synapse slot of a neuron, which is a circuit of its own: `slot` is its number in the hardware,
    /// or any other number that belongs to it alone.
    pub fn slot_deviate(
        &self,
        parameter: &str,
        shares: &Shares,
        core: CoreAddress,
        neuron: NeuronId,
        slot: u64,
    ) -> Real {
        let key = self.key(parameter).core(core).neuron(neuron).slot(slot);
        self.wider(parameter, shares, core).add_sat(shares.circuit.part(key))
    }

    /// What all circuits of a core have in common: the parts of its chip and of itself.
    fn wider(&self, parameter: &str, shares: &Shares, core: CoreAddress) -> Real {
        let key = self.key(parameter);
        shares.die.part(key.slot(u64::from(core.chip.0))).add_sat(shares.core.part(key.core(core)))
    }
}

/// The deviate of a parameter whose correlation with another one of the same circuit is `rho`, from the deviate of that
/// one and its own: rho z_other + sqrt(1 - rho^2) z_own. It has unit variance again.
///
/// # Errors
/// If `rho` is not between -1 and 1.
pub fn correlated(rho: Real, other: Real, own: Real) -> Result<Real, DisorderError> {
    if rho.abs() > Real::ONE {
        return Err(DisorderError::Correlation { rho });
    }
    let rho = Wide::from_real(rho);
    let rest = Wide::ONE.sub_sat(rho.mul_trunc(rho)).sqrt();
    Ok(rho.mul_trunc(Wide::from_real(other)).add_sat(rest.mul_trunc(Wide::from_real(own))).to_real_nearest())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{correlation, deviates, float, real, sample_moments};
    use std::collections::BTreeMap;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn shares(die: &str, core: &str, circuit: &str) -> Shares {
        Shares::new(real(die), real(core), real(circuit)).unwrap()
    }

    /// All deviates of a little board, drawn in the given order of parameters.
    fn board(parameters: &[&str], cores: u16, neurons: u16) -> BTreeMap<(String, u16, u16), Real> {
        let die = Die { root_seed: 5, id: DieId(9) };
        let shares = shares("0.25", "0.25", "0.5");
        let mut all = BTreeMap::new();
        for parameter in parameters {
            for (core, neuron) in (0..cores).flat_map(|c| (0..neurons).map(move |n| (c, n))) {
                let z = die.deviate(parameter, &shares, CoreAddress::new(0, core), NeuronId(neuron));
                all.insert((parameter.to_string(), core, neuron), z);
            }
        }
        all
    }

    #[test]
    fn growing_a_chip_changes_no_other_value() {
        let small = board(&["tau", "gain"], 2, 4);
        let large = board(&["leak", "gain", "offset", "tau"], 3, 7);
        assert!(small.iter().all(|(address, z)| large[address] == *z));
        // And everything that is new differs from everything else.
        let mut values: Vec<_> = large.values().collect();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 4 * 3 * 7);
    }

    #[test]
    fn first_deviates_of_a_die() {
        let mut text = String::new();
        for ((name, core, neuron), z) in board(&["gain", "tau"], 2, 2) {
            text += &std::format!("{name} {core}.{neuron}: {z}\n");
        }
        assert_eq!(
            text,
            "\
gain 0.0: 1.5508149771
gain 0.1: -0.4125736316
gain 1.0: -0.4592727048
gain 1.1: 0.0713618314
tau 0.0: -0.9712383386
tau 0.1: -0.9629626267
tau 1.0: 1.2222121358
tau 1.1: 0.8179273263
"
        );
    }

    /// Two circuits of one core share the parts of die and core, circuits of two cores that of the die, and so on.
    #[test]
    fn shares_are_shares_of_the_variance() {
        let shares = shares("0.2", "0.3", "0.5");
        let sample = |parameter: &str, core: CoreAddress, neuron: u16| -> Vec<Real> {
            (0..20_000)
                .map(|id| Die { root_seed: 1, id: DieId(id) }.deviate(parameter, &shares, core, NeuronId(neuron)))
                .collect()
        };
        let one = sample("tau", CoreAddress::new(0, 0), 0);
        let found = sample_moments(&one);
        assert!(found.mean.abs() < 0.03 && (found.deviation - 1.0).abs() < 0.02, "{found:?}");
        for (what, other, expected) in [
            ("same core", sample("tau", CoreAddress::new(0, 0), 1), 0.5),
            ("other core", sample("tau", CoreAddress::new(0, 1), 0), 0.2),
            ("other chip of the board", sample("tau", CoreAddress::new(1, 0), 0), 0.0),
            ("other parameter", sample("gain", CoreAddress::new(0, 0), 0), 0.0),
        ] {
            // The standard error is at most 0.007.
            let found = correlation(&one, &other);
            assert!((found - expected).abs() < 0.025, "{what}: {found}");
        }
        let other_die: Vec<Real> = one[1..].to_vec();
        assert!(correlation(&one[1..], &[&other_die[1..], &one[..1]].concat()).abs() < 0.025);
    }

    #[test]
    fn a_level_without_share_moves_nothing() {
        let die = Die { root_seed: 3, id: DieId(0) };
        let (core, neuron) = (CoreAddress::new(0, 1), NeuronId(2));
        let own = normal_deviate(die.key("tau").core(core).neuron(neuron).first_word());
        assert_eq!(die.deviate("tau", &Shares::CIRCUIT, core, neuron), own);
        assert_eq!(die.deviate("tau", &shares("0", "0", "1"), core, neuron), own);
        let whole = shares("1", "0", "0");
        let corner = die.deviate("tau", &whole, core, neuron);
        assert_eq!(die.deviate("tau", &whole, CoreAddress::new(0, 3), NeuronId(77)), corner);
        assert_ne!(corner, own);
    }

    #[test]
    fn wrong_shares_are_refused() {
        let error = |die, core, circuit| Shares::new(real(die), real(core), real(circuit)).unwrap_err().to_string();
        assert_eq!(
            error("0.5", "-0.25", "0.75"),
            "the share of the variance of the core cannot be negative, but is -0.25"
        );
        assert_eq!(
            error("0.5", "0.5", "0.5"),
            "the shares of die, core and circuit must add up to 1, but add up to 1.5"
        );
        assert!(error("0", "0", "0.999").starts_with("the shares"));
        // Thirds do not add up to 1 exactly, and need not.
        let third = Real::from_ratio(1, 3);
        let shares = Shares::new(third, third, third).unwrap();
        assert_eq!((shares.die(), shares.core(), shares.circuit()), (third, third, third));
    }

    #[test]
    fn correlated_parameters() {
        let (other, own) = (deviates("other", 100_000), deviates("own", 100_000));
        for rho in ["-1", "-0.6", "0", "0.3", "0.95", "1"] {
            let rho = real(rho);
            let z: Vec<Real> = other.iter().zip(&own).map(|(a, b)| correlated(rho, *a, *b).unwrap()).collect();
            let (found, spread) = (correlation(&other, &z), sample_moments(&z).deviation);
            assert!((found - float(rho)).abs() < 0.013 && (spread - 1.0).abs() < 0.01, "{rho}: {found}, {spread}");
        }
        let (a, b) = (other[0], own[0]);
        assert_eq!(correlated(Real::ONE, a, b), Ok(a));
        assert_eq!(correlated(Real::ZERO, a, b), Ok(b));
        assert_eq!(
            correlated(real("1.25"), a, b).unwrap_err().to_string(),
            "a correlation lies between -1 and 1, but this is 1.25"
        );
        assert!(correlated(Real::MIN, a, b).is_err());
    }
}
