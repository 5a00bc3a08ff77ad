//! What a mapping gained by knowing its die.

use super::parameters::{factor, felt, number, wanted};
use super::{OnDie, whole_circuits};
use crate::wish::{Link, Wish};
use chip::{Program, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use units::NeuronId;

/// How far something is off on the die.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DieError {
    /// A projection, or a parameter of neurons.
    pub name: String,
    /// The root mean square of what is off, as a part of what is asked for: of a projection, of the root mean square of
    /// its weights; of a parameter, of each neuron's own value.
    pub in_mind: f64,
    /// The same of a mapping that does not know the die; none if that is refused.
    pub blind: Option<f64>,
}

/// What sits on broken circuits and slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnBroken {
    /// Neurons on circuits that never spike, or spike without cause.
    pub neurons: u64,
    /// Synapses in slots that are dead or stuck.
    pub synapses: u64,
}

/// A mapping on the die that it was made for, beside one that was made without knowing it. Weights and parameters are
/// what the die makes of them; a connection without a synapse has the weight 0, and a neuron on a broken circuit is off
/// by all that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DieReport {
    /// What its user calls the die.
    pub name: String,
    /// The hash of what its circuits are in the cores of the program, in hexadecimal digits.
    pub fingerprint: String,
    /// Circuits of the cores in use that are broken.
    pub broken_circuits: u64,
    /// Slots of the circuits in use that are broken; 0 where the hardware does not number them.
    pub broken_slots: u64,
    /// What is on broken ones all the same.
    pub in_mind: OnBroken,
    /// What a mapping that does not know the die puts on broken ones; none if it is refused.
    pub blind: Option<OnBroken>,
    /// Why such a mapping is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_refused: Option<String>,
    /// Weights, by projection.
    pub projections: Vec<DieError>,
    /// Parameters that neurons feel, by name.
    pub parameters: Vec<DieError>,
    /// All of these parameters together.
    pub all_parameters: DieError,
}

impl DieReport {
    /// The projection that is furthest off.
    pub fn worst_projection(&self) -> Option<&DieError> {
        let mut all = self.projections.iter();
        let first = all.next()?;
        Some(all.fold(first, |worst, next| if next.in_mind > worst.in_mind { next } else { worst }))
    }

    /// Enters what a mapping that does not know the die comes to.
    pub(crate) fn compare(&mut self, blind: Result<Option<Self>, String>) {
        match blind {
            Ok(Some(blind)) => {
                self.blind = Some(blind.in_mind);
                let enter = |own: &mut Vec<DieError>, other: Vec<DieError>| {
                    for error in own {
                        error.blind = other.iter().find(|other| other.name == error.name).map(|other| other.in_mind);
                    }
                };
                // Projections may share a name; they stand in one order.
                for (own, other) in self.projections.iter_mut().zip(blind.projections) {
                    own.blind = Some(other.in_mind);
                }
                enter(&mut self.parameters, blind.parameters);
                self.all_parameters.blind = Some(blind.all_parameters.in_mind);
            }
            Ok(None) => {}
            Err(reason) => self.blind_refused = Some(reason),
        }
    }
}

/// Sums of squares of what was asked for and of what is off.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    asked: f64,
    off: f64,
    count: u64,
}

/// What becomes of weights on a die, while a mapping is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    projections: Vec<Sums>,
    on_broken: u64,
}

impl Account {
    /// Nothing yet, for so many projections.
    pub(crate) fn new(projections: usize) -> Self {
        Self { projections: vec![Sums::default(); projections], on_broken: 0 }
    }

    /// Books a connection that comes to `effective` on the die, in units of 2^-20 and without its sign.
    pub(crate) fn add(&mut self, link: &Link, effective: f64) {
        let asked = f64::from(link.magnitude());
        let sums = &mut self.projections[link.projection];
        sums.asked += asked * asked;
        sums.off += (effective - asked) * (effective - asked);
        sums.count += 1;
    }

    /// Counts a synapse in a broken slot.
    pub(crate) fn add_broken(&mut self) {
        self.on_broken += 1;
    }

    /// The report, without the mapping that does not know the die.
    pub(crate) fn report(&self, wish: &Wish<'_>, program: &Program, on: OnDie<'_>) -> DieReport {
        let name = |at: usize| wish.network.projections[at].name.clone();
        let projection = |(at, sums): (usize, &Sums)| {
            let relative = if sums.asked > 0.0 { (sums.off / sums.asked).sqrt() } else { 0.0 };
            DieError { name: name(at), in_mind: relative, blind: None }
        };
        let (parameters, neurons) = parameters(wish, program, on);
        let root = |sums: &Sums| (sums.off / sums.count.max(1) as f64).sqrt();
        let all = parameters.values().fold(Sums::default(), |all, own| Sums {
            asked: 0.0,
            off: all.off + own.off,
            count: all.count + own.count,
        });
        let broken = |core: &crate::placement::PlacedCore| {
            let whole = whole_circuits(on.die, wish.spec, core.address).count();
            (crate::kinds::neurons(wish.spec, core.address) - whole) as u64
        };
        DieReport {
            name: on.name.into(),
            fingerprint: format!("{:016x}", on.die.fingerprint(wish.spec, program)),
            broken_circuits: wish.cores.iter().map(broken).sum(),
            broken_slots: broken_slots(wish, on),
            in_mind: OnBroken { neurons, synapses: self.on_broken },
            blind: None,
            blind_refused: None,
            projections: self.projections.iter().enumerate().map(projection).collect(),
            all_parameters: DieError { name: "all".into(), in_mind: root(&all), blind: None },
            parameters: parameters
                .iter()
                .map(|(name, sums)| DieError { name: name.clone(), in_mind: root(sums), blind: None })
                .collect(),
        }
    }
}

/// Dead and stuck slots of the circuits that hold neurons.
fn broken_slots(wish: &Wish<'_>, on: OnDie<'_>) -> u64 {
    if !on.die.has_synapse_faults() {
        return 0;
    }
    let slots = wish.spec.router.numbered_slots();
    let mut broken = 0;
    for core in &wish.cores {
        for circuit in core.parts.iter().flat_map(|part| part.first_circuit..part.first_circuit + part.count) {
            let is_broken = |slot: &u64| on.die.synapse_fault(core.address, NeuronId(circuit as u16), *slot).is_some();
            broken += (0..slots).filter(is_broken).count() as u64;
        }
    }
    broken
}

/// What the parameters of neurons are off by, and how many neurons sit on broken circuits.
fn parameters(wish: &Wish<'_>, program: &Program, on: OnDie<'_>) -> (BTreeMap<String, Sums>, u64) {
    let felt = felt(wish.network, wish.spec, on.die);
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    let mut on_broken = 0;
    for (core, memory) in wish.cores.iter().zip(&program.cores) {
        for part in &core.parts {
            let population = &wish.network.populations[part.population];
            let neurons = (part.first_index..part.first_index + part.count).zip(part.first_circuit..);
            for (index, circuit) in neurons {
                let is_broken = on.die.neuron_fault(core.address, NeuronId(circuit as u16)).is_some();
                on_broken += u64::from(is_broken);
                for name in &felt[part.population] {
                    let asked = wanted(population, wish.spec, name, index);
                    let held = match memory.parameters.get(name) {
                        Some(Values::Shared(value)) => *value,
                        Some(Values::PerNeuron(all)) => all[circuit as usize],
                        None => wish.spec.parameters[name].nominal.quantity,
                    };
                    let (asked, held) = (number(asked), number(held));
                    // Of nothing there is no part.
                    if asked == 0.0 {
                        continue;
                    }
                    let off = held * factor(on.die, name, core.address, circuit) / asked - 1.0;
                    let off = if is_broken { 1.0 } else { off };
                    let sums = sums.entry(name.clone()).or_default();
                    (sums.off, sums.count) = (sums.off + off * off, sums.count + 1);
                }
            }
        }
    }
    (sums, on_broken)
}
