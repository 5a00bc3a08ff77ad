//! What the kernel did with a case, as the recording names it.

use super::network::Network;
use crate::machine::{Channels, Machine, Probe, Run};
use crate::outcome::{Arrival, Recorded};
use chip::{Source, XYLO_HIDDEN, XYLO_OUTPUT};
use device_models::xylo::XyloHibernation;
use emulator::EmulatorError;
use units::CoreId;

/// The run of a network on its input.
pub(super) struct Record {
    network: Network,
    /// Counts by step and channel.
    input: Vec<i32>,
    steps: usize,
    /// The probes of the run, in the order of its rows.
    probes: Vec<(CoreId, &'static str)>,
    run: Run,
}

impl Record {
    /// Runs `network` for `steps` steps on `input`, which has a row per step.
    ///
    /// # Errors
    /// [`EmulatorError`] if the kernel cannot hold the network.
    pub(super) fn new(network: Network, input: Vec<i32>, steps: usize) -> Result<Self, EmulatorError> {
        // The kernel has a second current only where a synapse feeds one.
        let second = network.rows().any(|(row, _)| row.synapses.iter().any(|synapse| synapse.synapse == 1));
        let mut probes = Vec::new();
        for layer in [XYLO_HIDDEN, XYLO_OUTPUT] {
            let Some(core) = network.core(layer) else { continue };
            for quantity in ["i_syn", "i_syn2", "v_mem", "changed"] {
                if quantity != "i_syn2" || (second && layer == XYLO_HIDDEN) {
                    probes.push((layer, Probe { core, quantity }));
                }
            }
        }
        let (layers, probes): (Vec<_>, Vec<_>) = probes.into_iter().unzip();
        let machine = Machine {
            spec: network.spec.clone(),
            program: network.program.clone(),
            inputs: vec![Channels { first: 0, count: network.inputs, rows: input.clone() }],
            probes,
            steps,
        };
        let run = machine.run()?;
        let probes = layers.into_iter().zip(machine.probes.iter().map(|probe| probe.quantity)).collect();
        Ok(Self { network, input, steps, probes, run })
    }

    /// The network that ran.
    pub(super) const fn network(&self) -> &Network {
        &self.network
    }

    /// The array `key` of the recording as the run has it.
    pub(super) fn array(&self, key: &str) -> Vec<i32> {
        match key {
            "hibernation" => self.hibernation(),
            "spikes" => self.spikes(XYLO_HIDDEN).to_vec(),
            "spikes_out" => self.spikes(XYLO_OUTPUT).to_vec(),
            "i_syn_out" => self.states(XYLO_OUTPUT, "i_syn"),
            "v_mem_out" => self.states(XYLO_OUTPUT, "v_mem"),
            "i_syn" => self.states(XYLO_HIDDEN, "i_syn"),
            "i_syn2" => self.states(XYLO_HIDDEN, "i_syn2"),
            _ => self.states(XYLO_HIDDEN, "v_mem"),
        }
    }

    /// The last row of an array.
    pub(super) fn last(&self, key: &str) -> Vec<i32> {
        self.row(&self.array(key), self.steps - 1).to_vec()
    }

    /// The spikes of a layer as `[step, neuron, count]`.
    pub(super) fn events(&self, key: &str) -> Vec<[i64; 3]> {
        let all = self.array(key);
        let columns = (all.len() / self.steps).max(1);
        let spiking = all.iter().enumerate().filter(|(_, count)| **count > 0);
        spiking.map(|(at, &count)| [(at / columns) as i64, (at % columns) as i64, count.into()]).collect()
    }

    /// How the run that was cut in two by a snapshot differs from the straight one.
    pub(super) fn resumed(&self) -> Option<Recorded> {
        self.run.resumed_difference()
    }

    /// The spikes that reach a neuron of a layer in a step.
    pub(super) fn arrivals(&self, step: usize, layer: &str, neuron: usize) -> Vec<Arrival> {
        let destination = match layer {
            "hidden" => XYLO_HIDDEN,
            "output" => XYLO_OUTPUT,
            _ => return Vec::new(),
        };
        let mut arrivals = Vec::new();
        for (row, shift) in self.network.rows().filter(|(row, _)| row.destination.core == destination) {
            let (via, source, index, sent, spikes) = match row.source {
                Source::Input(input) => ("synapses_in", "input", input.index(), Some(step), &self.input[..]),
                Source::Neuron(from) => {
                    let via = if destination == XYLO_OUTPUT { "synapses_out" } else { "synapses_rec" };
                    (via, "hidden", from.neuron.index(), step.checked_sub(1), self.spikes(XYLO_HIDDEN))
                }
            };
            let Some(sent) = sent.filter(|sent| self.row(spikes, *sent)[index] > 0) else { continue };
            for synapse in row.synapses.iter().filter(|synapse| synapse.neuron.index() == neuron) {
                arrivals.push(Arrival {
                    via: format!("{via} (current {})", synapse.synapse),
                    source: source.to_owned(),
                    index,
                    sent,
                    payload: self.row(spikes, sent)[index].into(),
                    weight: i64::from(synapse.weight) << shift,
                });
            }
        }
        arrivals
    }

    /// One row of an array.
    fn row<'a, T>(&self, all: &'a [T], step: usize) -> &'a [T] {
        let columns = all.len() / self.steps;
        &all[step * columns..][..columns]
    }

    /// Counts by step and neuron.
    fn spikes(&self, layer: CoreId) -> &[i32] {
        self.network.core(layer).map_or(&[], |core| &self.run.emitted[core])
    }

    fn read(&self, layer: CoreId, quantity: &'static str) -> Option<&[i64]> {
        let place = self.probes.iter().position(|probe| *probe == (layer, quantity))?;
        Some(&self.run.rows[place])
    }

    /// A quantity of 16 bits by step and neuron. A current that nothing feeds stays 0.
    fn states(&self, layer: CoreId, quantity: &'static str) -> Vec<i32> {
        match self.read(layer, quantity) {
            Some(read) => read.iter().map(|&value| value as i32).collect(),
            None => vec![0; self.spikes(layer).len()],
        }
    }

    /// The flag of each step.
    fn hibernation(&self) -> Vec<i32> {
        let hidden = self.spikes(XYLO_HIDDEN);
        let changes = [XYLO_HIDDEN, XYLO_OUTPUT].map(|layer| self.read(layer, "changed").unwrap_or_default());
        let spiking = |all: &[i32], step| self.row(all, step).iter().any(|count| *count > 0);
        let mut flag = XyloHibernation::new(self.network.has_bias);
        let one = |step: usize| {
            let delivered = spiking(&self.input, step) || (step > 0 && spiking(hidden, step - 1));
            let changed = changes.iter().any(|all| self.row(all, step).contains(&1));
            flag.step(delivered, changed).into()
        };
        (0..self.steps).map(one).collect()
    }
}
