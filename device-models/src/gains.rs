//! What the gain of a kind of synapse can be set to on a chip with a table of bias currents.

use crate::dpi::bias::{Bias, BiasCode, COARSE_COUNT};
use alloc::vec::Vec;
use chip::{ChipSpec, SynapseType};
use units::Unit;

/// The currents that the gain of a kind of synapse can have, in fA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainCurrents {
    /// What the chip file says it is.
    pub nominal: i64,
    /// Every current above 0 that a code of its bias makes, from small to large, each once.
    pub settable: Vec<i64>,
}

/// The currents of the gain of `kind`; `None` if its circuit has no bias with a table.
pub fn gain_currents(spec: &ChipSpec, kind: &SynapseType) -> Option<GainCurrents> {
    let [_, _, name] = kind.gate?.parameters();
    let bias = Bias::of(name)?;
    let nominal = spec.parameters.get(name)?.nominal.quantity.value_in(Unit::PICOAMPERE).ok()?;
    let nominal = nominal.scaled(3).to_bits(0).ok().filter(|current| *current > 0)?;
    let codes = (0..COARSE_COUNT).flat_map(|coarse| (0..=u8::MAX).map(move |fine| BiasCode { coarse, fine }));
    let mut settable: Vec<i64> = codes.filter_map(|code| bias.current_of(code)).filter(|c| *c > 0).collect();
    settable.sort_unstable();
    settable.dedup();
    Some(GainCurrents { nominal, settable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn gains_of_gates_have_the_currents_of_their_bias() {
        let mut spec = crate::testing::spec();
        let mut kind = spec.synapses[2].clone();
        assert_eq!(gain_currents(&spec, &kind), None, "no gate");
        kind.gate = Some(chip::SynapseGate::Ampa);
        assert_eq!(gain_currents(&spec, &kind), None, "no such current on the chip");
        let mut parameter = spec.parameters["tau_mem"].clone();
        parameter.nominal.quantity = "8.688 nA".parse().unwrap();
        spec.parameters.insert("i_gain_ampa".to_string(), parameter);
        let currents = gain_currents(&spec, &kind).unwrap();
        assert_eq!(currents.nominal, 8_688_000);
        assert!(currents.settable.windows(2).all(|pair| pair[0] < pair[1]) && currents.settable.len() > 1000);
    }
}
