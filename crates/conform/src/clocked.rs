//! The step loop of a replay: groups of Loihi neurons joined by projections.
//!
//! Nothing here knows a file format. A replay builds the groups and wires, runs them, and takes the recorded registers.

use crate::outcome::{Arrival, Overflow};
use device_models::loihi::{
    LoihiParameters, LoihiState, Overflows, Projection, Register, StepOutput, StepSummary, step,
};

/// What an input emits: a row of payloads per step, 0 for none.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) channels: usize,
    pub(crate) rows: Vec<i32>,
}

/// Neurons that are advanced together, and everything that they did.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) parameters: LoihiParameters,
    pub(crate) state: LoihiState,
    pub(crate) u: Vec<i32>,
    pub(crate) v: Vec<i32>,
    pub(crate) s: Vec<i32>,
    pub(crate) overflows: Overflows,
    /// Row and neuron of the first overflow of each register.
    first_overflows: [Option<(usize, usize)>; Register::ALL.len()],
    output: StepOutput,
    accumulators: Vec<i32>,
}

impl Group {
    pub(crate) fn new(name: &str, parameters: LoihiParameters) -> Self {
        let n = parameters.neurons();
        Group {
            name: name.to_owned(),
            state: LoihiState::new(n),
            u: Vec::new(),
            v: Vec::new(),
            s: Vec::new(),
            overflows: Overflows::default(),
            first_overflows: Default::default(),
            output: StepOutput::new(n),
            accumulators: vec![0; n],
            parameters,
        }
    }

    pub(crate) fn neurons(&self) -> usize {
        self.parameters.neurons()
    }

    /// The accumulators of the step to come.
    pub(crate) fn accumulators(&mut self) -> &mut [i32] {
        &mut self.accumulators
    }

    /// Advances by one step, records it and clears the accumulators.
    pub(crate) fn step(&mut self, row: usize, draws: Option<&[i8]>) -> StepSummary {
        let number = row as u64 + 1;
        let summary = step(&self.parameters, &mut self.state, number, &self.accumulators, draws, &mut self.output);
        self.accumulators.fill(0);
        self.u.extend_from_slice(&self.state.u);
        self.v.extend_from_slice(&self.state.v);
        self.s.extend(self.output.spikes.iter().map(|&s| i32::from(s)));
        if !summary.overflows.is_empty() {
            self.overflows.add(&summary.overflows);
            for (first, register) in self.first_overflows.iter_mut().zip(Register::ALL) {
                *first = first.or_else(|| Some((row, self.output.overflowed_neurons(register).next()?)));
            }
        }
        summary
    }

    /// Neurons that spiked in the last step.
    pub(crate) fn spiked(&self) -> impl Iterator<Item = (u32, i32)> {
        events(&self.s[self.s.len().saturating_sub(self.neurons())..])
    }

    /// The registers that overflowed, in the order of computation.
    pub(crate) fn overflowed(&self) -> impl Iterator<Item = Overflow> {
        let first = Register::ALL.into_iter().zip(self.first_overflows);
        first.filter_map(|(register, first)| {
            let (row, neuron) = first?;
            Some(Overflow {
                population: self.name.clone(),
                register: register.name().to_owned(),
                count: self.overflows.count(register).into(),
                row,
                neuron,
            })
        })
    }
}

/// The elements of a row that are not 0, with their position.
fn events(row: &[i32]) -> impl Iterator<Item = (u32, i32)> {
    row.iter().enumerate().filter(|(_, payload)| **payload != 0).map(|(index, &payload)| (index as u32, payload))
}

/// Where a wire begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Input(usize),
    Group(usize),
}

/// A projection in its place.
pub(crate) struct Wire {
    pub(crate) name: String,
    pub(crate) from: Sender,
    pub(crate) to: usize,
    pub(crate) latency: usize,
    pub(crate) graded: bool,
    pub(crate) projection: Projection,
}

/// A whole network.
pub(crate) struct Network {
    pub(crate) inputs: Vec<Input>,
    pub(crate) groups: Vec<Group>,
    pub(crate) wires: Vec<Wire>,
}

impl Network {
    /// Runs `steps` steps.
    pub(crate) fn run(&mut self, steps: usize) {
        for row in 0..steps {
            for wire in &mut self.wires {
                if let Sender::Input(index) = wire.from {
                    let input = &self.inputs[index];
                    wire.projection.send(events(&input.rows[row * input.channels..][..input.channels]));
                }
            }
            for wire in &self.wires {
                wire.projection.collect(self.groups[wire.to].accumulators());
            }
            for group in &mut self.groups {
                group.step(row, None);
            }
            for wire in &mut self.wires {
                if let Sender::Group(index) = wire.from {
                    wire.projection.send(self.groups[index].spiked());
                }
                wire.projection.advance();
            }
        }
    }

    /// The events that reached a neuron in a row.
    pub(crate) fn arrivals(&self, row: usize, population: &str, neuron: usize) -> Vec<Arrival> {
        let mut out = Vec::new();
        for wire in self.wires.iter().filter(|wire| self.groups[wire.to].name == population) {
            let (source, count, rows) = match wire.from {
                Sender::Input(index) => {
                    let input = &self.inputs[index];
                    (&input.name, input.channels, &input.rows)
                }
                Sender::Group(index) => {
                    let group = &self.groups[index];
                    (&group.name, group.neurons(), &group.s)
                }
            };
            for pre in 0..count {
                for (weight, delay) in wire.projection.between(pre, neuron) {
                    let Some(sent) = row.checked_sub(wire.latency + delay) else { continue };
                    let payload = rows[sent * count + pre];
                    if payload != 0 {
                        out.push(Arrival {
                            via: wire.name.clone(),
                            source: source.clone(),
                            index: pre,
                            sent,
                            payload: if wire.graded { payload.into() } else { 1 },
                            weight: weight.into(),
                        });
                    }
                }
            }
        }
        out
    }
}
