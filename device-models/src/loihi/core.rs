//! A Loihi core as the event kernel sees it: deliveries, steps, sleep, and the way from a chip file to its parameters.
//!
//! Neurons are kept in blocks of [`BLOCK`]. A step visits the blocks that something reached or whose last step changed
//! anything, and a core without such a block sleeps; a step of a block at rest would change nothing, send nothing and
//! overflow nothing, so none of this can be seen in the results.
//!
//! What arrives is summed by lane, one lane a kind of synapse that the program uses:
//! - register 0 counts spikes: the number of an event multiplies the weight, whatever its sign;
//! - register 1 takes messages: the number of an event multiplies the weight with its sign, and sums wrap in 32 bits;
//! - register 2 takes draws of noise, for cores that have noise (see [`NoiseSettings`]).
//!
//! Weights of a kind share an exponent: that of the core, plus that of the kind where it names a parameter for it (its
//! gain). Where it is negative, the sum of everything that arrives in the step by that lane is rounded down once.
//! Connections that round apart therefore need kinds apart.

use super::configuration::Configuration;
use super::{LoihiParameters, LoihiRules, LoihiState, Overflows, Register, StepOutput, step};
use crate::clocked::{Clocked, Step, StepModel};
use crate::{
    CoreParameters, Cut, DeviceModelError, DieParameters, Digest, Emission, EventCore, InputLayout, Lane,
    PackedSynapse, ProbeKind,
};
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreProgram, Kinetics, SynapseSign, SynapseType};
use serde::{Deserialize, Serialize};
use units::NeuronId;

/// Neurons that are stepped together.
pub const BLOCK: usize = 64;

/// Rows with fewer synapses than this mark the block of each; longer ones mark every block from the first to the last.
const SHORT_ROW: usize = 16;

/// The register that counts spikes.
const SPIKES: u8 = 0;
/// The register that takes draws of noise, which is the last.
const DRAWS: u8 = 2;

/// The model of this module.
#[derive(Clone, Copy, Debug)]
pub struct Loihi;

/// A core of Loihi neurons.
pub type LoihiCore = Clocked<Loihi>;

/// Parameters of a core, block by block.
#[derive(Clone, Debug)]
pub struct LoihiCoreParameters {
    layout: InputLayout,
    made: Configuration,
}

/// The neurons of a core, block by block.
#[derive(Clone, Debug)]
pub struct LoihiNeurons {
    blocks: Vec<LoihiState>,
    /// By block, of its last step. A block that rests had a last step in which nothing happened.
    outputs: Vec<StepOutput>,
    /// By block: 1 if something reached it, or if its last step changed anything.
    awake: Vec<u8>,
    overflows: Overflows,
}

/// The neurons of a core between two steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoihiCoreState {
    /// Currents.
    pub u: Vec<i32>,
    /// Voltages.
    pub v: Vec<i32>,
    /// Remaining steps of refractory periods.
    pub refractory: Vec<i32>,
    /// By block of neurons: 1 if a step could change anything.
    pub awake: Vec<u8>,
}

impl CoreParameters for LoihiCoreParameters {
    /// A kind with a gain has a lane of its own; draws of noise have none.
    fn lane(_core: &CoreProgram, index: u8, kind: &SynapseType) -> Option<(Lane, bool)> {
        let Kinetics::Register { index: register @ 0..=DRAWS } = kind.kinetics else { return None };
        let scaled = kind.gain.is_some().then_some(index);
        let lane = Lane::Register { index: register, scaled };
        (register < DRAWS || scaled.is_none()).then_some((lane, kind.sign == SynapseSign::Inhibitory))
    }

    fn takes_messages(lane: Lane) -> bool {
        matches!(lane, Lane::Register { index, .. } if index > SPIKES)
    }

    /// A parameter is read as a whole number after mismatch: rounded to nearest, and kept within the range of its
    /// register. So mismatch on a decay is programmed heterogeneity within its 12 bits.
    fn build(
        spec: &ChipSpec,
        core: &CoreProgram,
        layout: InputLayout,
        die: &DieParameters,
    ) -> Result<Self, DeviceModelError> {
        Ok(Self { made: Configuration::new(spec, core, &layout, die, BLOCK)?, layout })
    }

    fn layout(&self) -> &InputLayout {
        &self.layout
    }

    fn digest(&self) -> u64 {
        self.made.digest
    }
}

impl LoihiCoreParameters {
    /// The rules of the chip.
    pub const fn rules(&self) -> &LoihiRules {
        &self.made.rules
    }

    fn blocks(&self) -> &[LoihiParameters] {
        &self.made.blocks
    }
}

impl StepModel for Loihi {
    type Sum = i32;
    type Parameters = LoihiCoreParameters;
    type State = LoihiNeurons;
    type Saved = LoihiCoreState;

    fn initial(parameters: &LoihiCoreParameters) -> LoihiNeurons {
        LoihiNeurons {
            blocks: parameters.made.initial.clone(),
            outputs: parameters.blocks().iter().map(|block| StepOutput::new(block.neurons())).collect(),
            awake: vec![1; parameters.blocks().len()],
            overflows: Overflows::default(),
        }
    }

    fn reset(parameters: &LoihiCoreParameters, neurons: &mut LoihiNeurons) {
        let overflows = neurons.overflows;
        *neurons = LoihiNeurons { overflows, ..Self::initial(parameters) };
    }

    #[inline]
    fn deliver(
        parameters: &LoihiCoreParameters,
        neurons: &mut LoihiNeurons,
        sums: &mut [i32],
        row: &[PackedSynapse],
        payload: i32,
    ) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else { return };
        let (lanes, stride) = (&parameters.made.lanes[..], parameters.layout.stride());
        // Sums of messages wrap; those of spikes are bounded by the router.
        if payload == 1 {
            for synapse in row {
                let sum = &mut sums[synapse.target()];
                *sum = sum.wrapping_add(synapse.weight());
            }
        } else {
            for synapse in row {
                let times = if lanes[synapse.target() / stride].counts { payload.wrapping_abs() } else { payload };
                let sum = &mut sums[synapse.target()];
                *sum = sum.wrapping_add(synapse.weight().wrapping_mul(times));
            }
        }
        if lanes.len() > 1 {
            for synapse in row {
                neurons.awake[synapse.target() % stride / BLOCK] = 1;
            }
        } else if row.len() < SHORT_ROW {
            for synapse in row {
                neurons.awake[synapse.target() / BLOCK] = 1;
            }
        } else {
            // A row is sorted by target. Waking a block in between that nothing reached does no harm.
            neurons.awake[first.target() / BLOCK..=last.target() / BLOCK].fill(1);
        }
    }

    fn step(parameters: &LoihiCoreParameters, neurons: &mut LoihiNeurons, out: Step<'_, i32>) -> bool {
        let LoihiNeurons { blocks, outputs, awake, overflows } = neurons;
        let number = out.now.0 / parameters.made.step_ticks + 1;
        let stride = parameters.layout.stride();
        for (index, (block, (state, output))) in
            parameters.blocks().iter().zip(blocks.iter_mut().zip(outputs)).enumerate()
        {
            if awake[index] == 0 {
                continue;
            }
            let (first, count) = (index * BLOCK, block.neurons());
            let (mut input, mut draws) = ([0; BLOCK], [0; BLOCK]);
            for (lane, sums) in parameters.made.lanes.iter().zip(out.sums.chunks_mut(stride)) {
                let arrived = &mut sums[first..first + count];
                match lane.shift {
                    Some(shift) => add_scaled(&mut input, arrived, shift),
                    None => draws[..count].copy_from_slice(arrived),
                }
                arrived.fill(0);
            }
            let summary = step(block, state, number, &input[..count], Some(&draws[..count]), output);
            awake[index] = u8::from(!summary.quiet);
            if summary.spikes > 0 {
                let spikes = output.spikes.iter().enumerate().filter(|(_, spike)| **spike != 0);
                out.emissions.extend(spikes.map(|(n, &spike)| Emission {
                    neuron: NeuronId((first + n) as u16),
                    value: spike.into(),
                    payload: spike.into(),
                }));
            }
            if !summary.overflows.is_empty() {
                overflows.add(&summary.overflows);
                let all = Register::ALL.map(|r| u64::from(summary.overflows.count(r))).iter().sum::<u64>();
                let place = output.overflowed.iter().position(|registers| *registers != 0).unwrap_or(0);
                out.saturations.add(all, || Cut::state(first + place, 3));
            }
        }
        awake.contains(&1)
    }

    /// The current u, the voltage v, the remaining steps of the refractory period, and the registers that overflowed in
    /// the last step, as a sum of [`Register`] values. The voltage is what the chip's probe shows by the rules of the
    /// core ([`LoihiRules::probed_voltage`]).
    fn probes(_parameters: &LoihiCoreParameters, _spec: &ChipSpec) -> Vec<ProbeKind> {
        let pure = |name| ProbeKind::new(name, "1", 0);
        vec![pure("u"), pure("v"), ProbeKind::new("refractory", "step", 0), pure("overflows")]
    }

    fn probe(core: &LoihiCore, index: usize, neuron: usize) -> i64 {
        let (block, place) = (neuron / BLOCK, neuron % BLOCK);
        let (state, output) = (&core.state().blocks[block], &core.state().outputs[block]);
        i64::from(match index {
            0 => state.u[place],
            1 => {
                let crossed = (output.spikes[place] != 0).then_some(output.crossed[place]);
                let parameters = core.parameters();
                let period = u16::try_from(parameters.blocks()[block].period[place]).unwrap_or(u16::MAX);
                parameters.rules().probed_voltage(state.v[place], crossed, period)
            }
            2 => state.refractory[place],
            3 => output.overflowed[place].into(),
            _ => panic!("quantity {index} of a Loihi neuron, which has 4"),
        })
    }

    /// Overflows by register.
    fn counters(neurons: &LoihiNeurons) -> Vec<(&'static str, u64)> {
        Register::ALL.iter().map(|r| (r.name(), u64::from(neurons.overflows.count(*r)))).collect()
    }

    fn save(_parameters: &LoihiCoreParameters, neurons: &LoihiNeurons) -> LoihiCoreState {
        let of = |get: fn(&LoihiState) -> &Vec<i32>| neurons.blocks.iter().flat_map(get).copied().collect();
        LoihiCoreState {
            u: of(|state| &state.u),
            v: of(|state| &state.v),
            refractory: of(|state| &state.refractory),
            awake: neurons.awake.clone(),
        }
    }

    fn can_have_arrived(parameters: &LoihiCoreParameters, lane: usize, sum: i32) -> bool {
        use crate::clocked::Sum;
        parameters.layout.takes_messages(lane) || sum.can_have_arrived()
    }

    fn fits(parameters: &LoihiCoreParameters, saved: &LoihiCoreState) -> bool {
        let LoihiCoreState { u, v, refractory, awake } = saved;
        let longest = i32::from(u16::MAX);
        [u, v, refractory].iter().all(|list| list.len() == parameters.layout.neuron_count())
            && awake.len() == parameters.blocks().len()
            && awake.iter().all(|a| *a <= 1)
            && refractory.iter().all(|r| (0..=longest).contains(r))
    }

    fn load(parameters: &LoihiCoreParameters, neurons: &mut LoihiNeurons, saved: &LoihiCoreState) {
        for (index, (state, block)) in neurons.blocks.iter_mut().zip(parameters.blocks()).enumerate() {
            let range = index * BLOCK..index * BLOCK + block.neurons();
            state.u.copy_from_slice(&saved.u[range.clone()]);
            state.v.copy_from_slice(&saved.v[range.clone()]);
            state.refractory.copy_from_slice(&saved.refractory[range]);
        }
        neurons.awake.copy_from_slice(&saved.awake);
    }

    fn digest_neurons(neurons: &LoihiNeurons, digest: &mut Digest) {
        for state in &neurons.blocks {
            for value in state.u.iter().chain(&state.v).chain(&state.refractory) {
                digest.push(*value as u64);
            }
        }
    }
}

/// Adds what a lane took in, in units of the weight step, as the rules want it: shifted left, or right with one
/// rounding down of each sum.
fn add_scaled(sums: &mut [i32], arrived: &[i32], shift: i32) {
    let both = sums.iter_mut().zip(arrived);
    if shift >= 0 {
        both.for_each(|(sum, arrived)| *sum = sum.wrapping_add(arrived.wrapping_shl(shift.unsigned_abs())));
    } else {
        both.for_each(|(sum, arrived)| *sum = sum.wrapping_add(arrived >> shift.unsigned_abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_rounded_down_once() {
        let (arrived, mut sums) = ([7, -7, 8, i32::MIN], [0; 4]);
        add_scaled(&mut sums, &arrived, -3);
        assert_eq!(sums, [0, -1, 1, i32::MIN >> 3]);
        add_scaled(&mut sums, &[1, 1, -1, 1], 6);
        assert_eq!(sums, [64, 63, -63, (i32::MIN >> 3) + 64]);
    }
}
