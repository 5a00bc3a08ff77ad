//! The spikes of each population as wished and as mapped, and why one lost them.

use crate::Factor;
use chip::Endpoint;
use mapper::{MappingReport, ProjectionReport};
use network::Network;
use session::PopulationActivity;
use std::fmt;

/// Spikes of a population over all samples, as wished and as mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name.
    pub population: String,
    /// Its neurons.
    pub neurons: usize,
    /// Spikes that the network has without the limits of a chip.
    pub wished: u64,
    /// Neurons that are silent then.
    pub wished_silent: usize,
    /// Spikes on the nominal chip.
    pub mapped: u64,
    /// Neurons that are silent there.
    pub mapped_silent: usize,
    /// Spikes on the nominal chip with the factors that were found; none if none were looked for.
    pub calibrated: Option<u64>,
    /// Neurons that are silent then.
    pub calibrated_silent: Option<usize>,
    /// Its factor.
    pub factor: Factor,
    /// Why it has less than half of the spikes that were wished; empty if it has more.
    pub causes: Vec<Cause>,
}

/// What can be seen to keep a population from spiking.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// What it hears is silent on the chip, and was not in the wish.
    Unheard {
        /// The projection.
        projection: String,
        /// The senders.
        sender: String,
    },
    /// Weights onto it became 0, or have no place on the chip.
    Gone {
        /// The projection.
        projection: String,
        /// Such weights.
        gone: u64,
        /// All weights that were wanted.
        wanted: u64,
    },
    /// Weights onto it were cut at the largest that its core can make.
    Clipped {
        /// The projection.
        projection: String,
        /// Such weights.
        clipped: u64,
        /// All weights that were wanted.
        wanted: u64,
    },
    /// Weights onto it are not those that were wished.
    Rounded {
        /// The projection.
        projection: String,
        /// Their error relative to their root mean square.
        error: f64,
    },
    /// Its weights are there: it differs in what its neurons do.
    Neurons {
        /// The largest error of weights onto it, relative to their root mean square.
        error: f64,
    },
}

/// Weights that are gone or cut are named as a cause if they are more than one in so many.
const SHARE_NAMED: u64 = 20;
/// Beyond this error, relative to their root mean square, rounded weights are named as a cause.
const ERROR_NAMED: f64 = 0.05;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unheard { projection, sender } => {
                write!(f, "`{sender}`, which it hears by `{projection}`, is silent")
            }
            Self::Gone { projection, gone, wanted } => {
                write!(f, "{gone} of {wanted} weights of `{projection}` became 0 or have no place")
            }
            Self::Clipped { projection, clipped, wanted } => {
                write!(f, "{clipped} of {wanted} weights of `{projection}` were cut at the largest that there is")
            }
            Self::Rounded { projection, error } => {
                write!(f, "weights of `{projection}` are off by {:.1} % of their root mean square", error * 100.0)
            }
            Self::Neurons { error } => write!(
                f,
                "its weights are held within {:.1} %: its neurons, synapses or times are not those of the wish",
                error * 100.0
            ),
        }
    }
}

/// The populations of `network` that spike both in the wish and on the chip, in their order: `wished` is what each did
/// without limits, `mapped` what it did on the nominal chip with the weights that `report` tells of.
pub fn compare(
    network: &Network,
    report: &MappingReport,
    wished: &[PopulationActivity],
    mapped: &[PopulationActivity],
) -> Vec<Layer> {
    let of = |list: &'_ [PopulationActivity], name: &str| {
        list.iter().find(|one| one.name == name).map(|one| (one.total(), one.silent()))
    };
    let mut layers = Vec::new();
    for (index, population) in network.populations.iter().enumerate() {
        let graded = population.model.is_graded();
        let (Some(before), Some(after)) = (of(wished, &population.name), of(mapped, &population.name)) else {
            continue;
        };
        if graded {
            continue;
        }
        let causes = if 2 * after.0 < before.0 {
            causes(network, report, index, |name| {
                of(wished, name).is_some_and(|(spikes, _)| spikes > 0)
                    && of(mapped, name).is_some_and(|(spikes, _)| spikes == 0)
            })
        } else {
            Vec::new()
        };
        layers.push(Layer {
            population: population.name.clone(),
            neurons: population.size as usize,
            wished: before.0,
            wished_silent: before.1,
            mapped: after.0,
            mapped_silent: after.1,
            calibrated: None,
            calibrated_silent: None,
            factor: Factor::ONE,
            causes,
        });
    }
    layers
}

/// Why population number `index` does not spike as it should; `fell_silent` tells whether another did.
fn causes(network: &Network, report: &MappingReport, index: usize, fell_silent: impl Fn(&str) -> bool) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut largest = 0.0f64;
    // The report has the projections of the network, in their order.
    let onto = network.projections.iter().zip(&report.projections).filter(|(projection, _)| projection.post == index);
    for (projection, of_report) in onto {
        let ProjectionReport { masked, zero, rounded, lost, weights, .. } = of_report;
        let name = || of_report.name.clone();
        let wanted = of_report.wished - masked - zero;
        if let Endpoint::Population(pre) = projection.pre
            && pre != index
            && fell_silent(&network.populations[pre].name)
        {
            let sender = network.populations[pre].name.clone();
            causes.push(Cause::Unheard { projection: name(), sender });
        }
        if (rounded + lost) * SHARE_NAMED > wanted {
            causes.push(Cause::Gone { projection: name(), gone: rounded + lost, wanted });
        }
        if weights.clipped * SHARE_NAMED > wanted {
            causes.push(Cause::Clipped { projection: name(), clipped: weights.clipped, wanted });
        }
        if weights.rms_error_relative > ERROR_NAMED {
            causes.push(Cause::Rounded { projection: name(), error: weights.rms_error_relative });
        }
        largest = largest.max(weights.rms_error_relative);
    }
    if causes.is_empty() {
        causes.push(Cause::Neurons { error: largest });
    }
    causes
}
