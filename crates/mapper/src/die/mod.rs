//! A mapping with one die in mind: away from broken circuits and slots, slow neurons on slow circuits, codes chosen for
//! the slots that they lie in.
//!
//! Owns what a mapping knows of its die ([`DieChoice`], [`OnDie`]), which circuit each neuron of a core gets
//! ([`seat()`]), what slots make of codes ([`slots`]), and the account of what all of that gained against a mapping
//! that does not know the die ([`DieReport`]). It deliberately draws nothing and reads no file: a die is found by
//! whoever asks for one, and what it does to a weight is the router's rule.

mod assign;
mod misfit;
mod parameters;
mod report;
mod seat;
pub(crate) mod slots;
mod table;

use crate::gains::Factor;
use crate::placement::PlacedCore;
use crate::wish::{Link, Wish};
use chip::ChipSpec;
use device_models::DieParameters;
use std::sync::Arc;
use units::{CoreAddress, NeuronId};

pub use misfit::DieMisfit;
pub(crate) use parameters::{refuses_values, share};
pub(crate) use report::Account;
pub use report::{DieError, DieReport, OnBroken};
pub(crate) use seat::seat;

/// A die that was found.
#[derive(Clone, Debug)]
pub struct KnownDie {
    /// What its user calls it.
    pub name: String,
    /// Its circuits.
    pub parameters: Arc<DieParameters>,
}

/// Two are the same if they are the same object under the same name.
impl PartialEq for KnownDie {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.parameters, &other.parameters)
    }
}

/// The die that a mapping has in mind.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DieChoice {
    /// None: the mapping is for any die.
    #[default]
    None,
    /// The die of this number, of those that a seed numbers. It is for the caller to find it
    /// ([`crate::MapperOptions::find_die`]).
    Number(u32),
    /// The die that this file describes. It is for the caller to read it.
    File(String),
    /// This one.
    Known(KnownDie),
}

/// The die that a mapping is judged on, and whether it knows it.
#[derive(Clone, Copy)]
pub(crate) struct OnDie<'a> {
    pub(crate) name: &'a str,
    pub(crate) die: &'a DieParameters,
    /// Whether the mapping makes its choices for this die; otherwise it makes those that it makes without one.
    pub(crate) in_mind: bool,
}

impl OnDie<'_> {
    /// What the gain of a kind of synapse in a circuit is of the gain asked for; 1 where kinds have no gain.
    pub(crate) fn gain(&self, wish: &Wish<'_>, link: &Link) -> f64 {
        let core = &wish.cores[link.core];
        let model = wish.network.populations[core.parts[0].population].model;
        let parameter = wish.spec.synapses[usize::from(link.kind)].gain.as_deref().filter(|_| model.facts().gains);
        parameter.map_or(1.0, |name| real(self.die.factor(name, core.address, NeuronId(link.circuit)).to_bits()))
    }

    /// What one step of a synapse is on this die, in units of 2^-20: `2^exponent` times the factor on its kind, times
    /// its gain.
    pub(crate) fn unit(&self, wish: &Wish<'_>, link: &Link, exponent: u8, factor: Factor) -> f64 {
        f64::from(1u32 << exponent) * factor.real() * self.gain(wish, link)
    }
}

/// The circuits of a core that are not broken on `die`, in order.
pub(crate) fn whole_circuits<'a>(
    die: &'a DieParameters,
    spec: &ChipSpec,
    core: CoreAddress,
) -> impl Iterator<Item = u32> + 'a {
    let circuits = 0..crate::kinds::neurons(spec, core) as u32;
    circuits.filter(move |circuit| die.neuron_fault(core, NeuronId(*circuit as u16)).is_none())
}

/// The circuits of a core in use that hold no neuron: they are switched off.
pub(crate) fn gaps(core: &PlacedCore) -> Vec<NeuronId> {
    let mut is_used = vec![false; core.neuron_count as usize];
    for part in &core.parts {
        is_used[part.first_circuit as usize..(part.first_circuit + part.count) as usize].fill(true);
    }
    (0..core.neuron_count).zip(is_used).filter(|(_, used)| !used).map(|(circuit, _)| NeuronId(circuit as u16)).collect()
}

/// The number of these bits, of which 32 are a fraction.
pub(crate) fn real(bits: i64) -> f64 {
    bits as f64 / 4_294_967_296.0
}
