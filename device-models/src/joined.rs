//! Circuits that are joined to one neuron: what their factors together do to a parameter of it.
//!
//! Membranes that are joined are one node: capacitances and conductances add up. The circuits of a neuron are set
//! alike, each to its share of the capacitance of a single circuit, and so the time constant of the neuron is the total
//! capacitance over the sum of their conductances, the harmonic mean of what they would have alone. Synaptic currents
//! add up, and a synapse decays as its own circuit does; a neuron has one current of a kind, which decays as they do on
//! average. Of several circuits one fires, and what belongs to firing (threshold, reset, refractory period, and whether
//! it is dead or hot) is its own. Which parameter follows which rule is in the tables of `chip` ([`Joined`]).

use crate::DieParameters;
use alloc::vec::Vec;
use chip::{Circuits, CoreProgram, Joined};
use fx::{Real, Rounding, divide, narrow};
use units::NeuronId;

impl DieParameters {
    /// The factor of `parameter` in neuron `neuron` of `core`: of its circuit, or what its joined circuits make of
    /// theirs after the rule `joined`, to nearest with ties to even.
    pub fn neuron_factor(&self, parameter: &str, joined: Joined, core: &CoreProgram, neuron: usize) -> Real {
        let Circuits { first, count } = core.circuits_of(neuron);
        let of = |circuit: u16| self.factor(parameter, core.address, NeuronId(circuit));
        if count == 1 || joined == Joined::Sender {
            return of(first.0);
        }
        let factors: Vec<Real> = (first.0..first.0 + count).map(of).collect();
        match joined {
            Joined::Sender => factors[0],
            Joined::Mean => mean(&factors),
            Joined::HarmonicMean => harmonic_mean(&factors),
        }
    }
}

fn mean(factors: &[Real]) -> Real {
    let sum: i128 = factors.iter().map(|factor| i128::from(factor.to_bits())).sum();
    Real::from_bits(narrow(divide(sum, factors.len() as i128, Rounding::HalfEven)))
}

/// The harmonic mean of positive factors; of others the least, which whoever reads it refuses.
fn harmonic_mean(factors: &[Real]) -> Real {
    let least = factors.iter().copied().min().unwrap_or(Real::ONE);
    if least <= Real::ZERO {
        return least;
    }
    // A factor has 32 fraction bits, its reciprocal 64 here: at most 2^96, and there are at most 2^16 of them.
    let sum: i128 =
        factors.iter().map(|factor| divide(1 << 96, i128::from(factor.to_bits()), Rounding::HalfEven)).sum();
    Real::from_bits(narrow(divide((factors.len() as i128) << 96, sum, Rounding::HalfEven)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MismatchSetting;
    use crate::testing::{core, spec};
    use chip::CoreModel;
    use disorder::Die;
    use units::DieId;

    fn real(value: f64) -> Real {
        Real::from_bits((value * 2f64.powi(32)) as i64)
    }

    #[test]
    fn means_are_those_of_the_textbook() {
        for factors in [&[1.0, 1.0][..], &[0.5, 2.0], &[0.1, 3.0, 1.25], &[0.9, 0.9, 1.1, 1.3, 0.7, 0.75, 1.0, 1.01]] {
            let all: Vec<Real> = factors.iter().map(|factor| real(*factor)).collect();
            let close = |found: Real, wanted: f64| {
                let found = found.to_bits() as f64 / 2f64.powi(32);
                assert!((found - wanted).abs() < 1e-9, "{factors:?}: {found}, not {wanted}");
            };
            let count = factors.len() as f64;
            close(mean(&all), factors.iter().sum::<f64>() / count);
            close(harmonic_mean(&all), count / factors.iter().map(|factor| 1.0 / factor).sum::<f64>());
        }
        assert_eq!(harmonic_mean(&[Real::ONE; 7]), Real::ONE);
        assert_eq!(harmonic_mean(&[Real::ONE, Real::ZERO]), Real::ZERO, "for the reader to refuse");
        assert_eq!(harmonic_mean(&[Real::from_bits(1); 3]), Real::from_bits(1), "nothing overflows");
    }

    /// A neuron of several circuits has the factors of these circuits, wherever it stands among the neurons.
    #[test]
    fn a_joined_neuron_is_made_of_its_circuits() {
        let spec = spec();
        let die = DieParameters::new(&spec, Die { root_seed: 5, id: DieId(2) }, MismatchSetting::default()).unwrap();
        let circuits =
            [(0, 1), (2, 2), (4, 4), (11, 1)].map(|(first, count)| Circuits { first: NeuronId(first), count });
        let program = CoreProgram { circuits: circuits.to_vec(), ..core(CoreModel::Lif, 4, &[]) };
        let own = |circuit: u16| die.factor("tau_mem", program.address, NeuronId(circuit));
        let of = |joined, neuron| die.neuron_factor("tau_mem", joined, &program, neuron);
        assert_eq!(of(Joined::HarmonicMean, 0), own(0), "one circuit is itself");
        assert_eq!(of(Joined::HarmonicMean, 1), harmonic_mean(&[own(2), own(3)]));
        assert_eq!(of(Joined::Mean, 2), mean(&[own(4), own(5), own(6), own(7)]));
        assert_eq!((of(Joined::Sender, 2), of(Joined::Mean, 3)), (own(4), own(11)));
        let neurons: Vec<Option<u16>> = (0..13).map(|c| program.neuron_of(NeuronId(c)).map(|n| n.0)).collect();
        let none = None;
        let expected =
            [Some(0), none, Some(1), Some(1), Some(2), Some(2), Some(2), Some(2), none, none, none, Some(3), none];
        assert_eq!(neurons, expected);
    }
}
