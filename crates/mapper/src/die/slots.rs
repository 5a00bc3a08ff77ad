//! Which synapse of a neuron lies in which slot, and with which code.

use super::assign::assign;

/// What a synapse gets in a slot, of which code; none: it is nearest to 0 there and takes none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    /// The code.
    pub(crate) code: Option<u8>,
    /// What comes of it, in units of 2^-20.
    pub(crate) effective: f64,
}

impl Choice {
    /// The best of some `codes` for `wanted`, where `of_code` is what comes of one: of equally near ones the first. A
    /// synapse of nothing counts as one of them if it `may_go`.
    pub(crate) fn best(
        wanted: f64,
        codes: impl Iterator<Item = u8>,
        of_code: impl Fn(u8) -> f64,
        may_go: bool,
    ) -> Self {
        let mut best: Option<Self> = may_go.then_some(Self { code: None, effective: 0.0 });
        for code in codes {
            let effective = of_code(code);
            let distance = |value: f64| (value - wanted).abs();
            if best.is_none_or(|best| distance(effective) < distance(best.effective)) {
                best = Some(Self { code: Some(code), effective });
            }
        }
        best.unwrap_or(Self { code: None, effective: 0.0 })
    }
}

/// The slot of each of `synapses` synapses, all different, out of `slots`, and what it gets there: the least sum of
/// squares of what they are off by. `choice` is what synapse i gets in slot j, and `wanted` what it asks for.
///
/// There must be no fewer slots than synapses.
pub(crate) fn deal(wanted: &[f64], slots: usize, choice: impl Fn(usize, usize) -> Choice) -> Vec<(usize, Choice)> {
    let table: Vec<Choice> = (0..wanted.len() * slots).map(|at| choice(at / slots, at % slots)).collect();
    let cost = |synapse: usize, slot: usize| {
        let off = table[synapse * slots + slot].effective - wanted[synapse];
        off * off
    };
    let dealt = assign(wanted.len(), slots, cost);
    dealt.into_iter().enumerate().map(|(synapse, slot)| (slot, table[synapse * slots + slot])).collect()
}
