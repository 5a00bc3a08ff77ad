//! How large a network may be: refused with the estimate before any of it is drawn.

use super::Reader;
use crate::document::Document;
use crate::error::Problem;
use budget::{Allowance, CONNECTION_BYTES, Estimate, NEURON_BYTES, OverBudget};
use network::{Pattern, Population, ProjectionSpec};
use std::cell::Cell;

/// What a network of these numbers takes of memory from its file to its run: itself, its program, its compiled rows and
/// its state on a die. What it is mapped with comes and goes, and is within the same bytes.
///
/// The estimate names `connect` as the number to lower the connections with.
pub fn estimate(neurons: u64, connections: u64) -> Estimate {
    of(neurons, connections, "connect")
}

fn of(neurons: u64, connections: u64, lower: &str) -> Estimate {
    let mut estimate = Estimate::default();
    estimate.memory(format!("{neurons} neurons"), neurons.into(), NEURON_BYTES, "size");
    estimate.memory(format!("{connections} connections"), connections.into(), CONNECTION_BYTES, lower);
    estimate
}

impl Reader<'_> {
    /// Refuses what no mapping could place. That all fits is still for the mapper to find out.
    pub(super) fn check_board(&self, document: &Document<'_>, populations: &[Population]) -> bool {
        let circuits = self.circuits();
        let mut sum = 0;
        for (index, population) in populations.iter().enumerate() {
            sum += u64::from(population.size);
            if sum > circuits {
                let message = format!(
                    "with these {} neurons the network has {sum}, but a board of chip `{}` has at most {circuits}",
                    population.size, self.chip.name
                );
                let problem = Problem::Rule { rule: "neurons-fit-the-board", message };
                document.report(&format!("population[{index}].size"), problem);
                return false;
            }
            if let Err(error) = self.size.add_neurons(population.size) {
                document.report(&format!("population[{index}].size"), Problem::Budget(error));
                return false;
            }
        }
        true
    }

    /// Neuron circuits of a board.
    pub(super) fn circuits(&self) -> u64 {
        let sizes = [self.chip.chip_count(), self.chip.cores_per_chip(), self.chip.neurons_per_core()];
        sizes.iter().map(|n| *n as u64).product()
    }
}

/// The network that was read so far.
pub(super) struct Size {
    allowance: Allowance,
    neurons: Cell<u64>,
    connections: Cell<u64>,
}

impl Size {
    pub(super) const fn new(allowance: Allowance) -> Self {
        Self { allowance, neurons: Cell::new(0), connections: Cell::new(0) }
    }

    /// Takes `count` neurons more, or refuses them.
    pub(super) fn add_neurons(&self, count: u32) -> Result<(), OverBudget> {
        self.neurons.set(self.neurons.get() + u64::from(count));
        self.check("size")
    }

    /// Takes the connections of a projection between so many senders and receivers, or refuses them. Of a probability
    /// every pair counts, since each is visited; of what falls with distance as well.
    pub(super) fn add_connections(
        &self,
        spec: &ProjectionSpec,
        (senders, receivers): (u32, u32),
    ) -> Result<(), OverBudget> {
        let (senders, receivers) = (u64::from(senders), u64::from(receivers));
        let (per_receiver, lower) = match spec.pattern {
            Pattern::FanIn(count) => (u64::from(count).min(senders), "fixed-fan-in"),
            Pattern::Balanced { fan_in } => (u64::from(fan_in).min(senders), "fan-in"),
            Pattern::Ring { each_side, .. } => ((2 * u64::from(each_side)).min(senders), "ring"),
            Pattern::OneToOne => (1, "size"),
            Pattern::AllToAll | Pattern::Probability { .. } | Pattern::Distance(_) => (senders, "size"),
        };
        self.add_links(receivers * per_receiver, lower)
    }

    /// Takes so many connections, or refuses them; `lower` is the number that decides how many there are.
    pub(super) fn add_links(&self, count: u64, lower: &str) -> Result<(), OverBudget> {
        self.connections.set(self.connections.get().saturating_add(count));
        self.check(lower)
    }

    fn check(&self, lower: &str) -> Result<(), OverBudget> {
        self.allowance.check(&of(self.neurons.get(), self.connections.get(), lower))
    }
}
