//! The broken circuits that a program uses.

use crate::Session;
use chip::CoreProgram;
use device_models::NeuronFault;

/// What is broken on a die of that which a program uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultsInUse {
    /// Neurons that never spike.
    pub dead_neurons: u64,
    /// Neurons that spike without cause.
    pub hot_neurons: u64,
    /// Synapses without effect.
    pub dead_synapses: u64,
    /// Synapses stuck at the largest weight.
    pub stuck_synapses: u64,
    /// Synapses that read other bits than were written.
    pub flipped_synapses: u64,
}

impl FaultsInUse {
    /// Each count with its name.
    pub fn named(&self) -> [(&'static str, u64); 5] {
        [
            ("dead neurons", self.dead_neurons),
            ("hot neurons", self.hot_neurons),
            ("dead synapses", self.dead_synapses),
            ("stuck synapses", self.stuck_synapses),
            ("synapses with flipped bits", self.flipped_synapses),
        ]
    }
}

impl Session {
    /// What is broken of that which the program uses; `None` if nothing can be broken on this die.
    pub fn faults_in_use(&self) -> Option<FaultsInUse> {
        let (die, weights) = (self.die(), self.emulator().fabric().weight_changes());
        if !die.has_faults() {
            return None;
        }
        let count = |fault| {
            let broken = |core: &CoreProgram| {
                let circuits = (0..core.neuron_count as usize).map(|neuron| core.sender(neuron));
                // What is switched off does no harm.
                let circuits = circuits.filter(|circuit| core.off.binary_search(circuit).is_err());
                circuits.filter(|&circuit| die.neuron_fault(core.address, circuit) == Some(fault)).count()
            };
            self.board().program().cores.iter().map(broken).sum::<usize>() as u64
        };
        Some(FaultsInUse {
            dead_neurons: count(NeuronFault::Dead),
            hot_neurons: count(NeuronFault::Hot),
            dead_synapses: weights.dead,
            stuck_synapses: weights.stuck,
            flipped_synapses: weights.flipped,
        })
    }
}
