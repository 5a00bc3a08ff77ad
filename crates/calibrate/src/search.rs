//! The search for the factors: one population after the other, from the inputs on.

use crate::{CalibrateError, Factor, Layer, compare, scaled};
use chip::{ChipSpec, Endpoint};
use device_models::DieParameters;
use mapper::{MapperOptions, Mapping};
use network::Network;
use score::{LabelledSet, Showing, activity};
use session::{Board, PopulationActivity};

/// A population whose spikes are as many as wished to within one in so many is left as it is.
const NEAR_ENOUGH: u64 = 50;

/// What is mapped, and what it should do.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The wish.
    pub network: &'a Network,
    /// The chip.
    pub spec: &'a ChipSpec,
    /// How it is mapped.
    pub options: &'a MapperOptions,
    /// What is shown to the nominal chip.
    pub set: &'a LabelledSet,
    /// How.
    pub showing: &'a Showing,
    /// What each population does without limits.
    pub wished: &'a [PopulationActivity],
}

/// A network with its factors.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The network as it is mapped.
    pub network: Network,
    /// Its mapping.
    pub mapping: Mapping,
    /// Its populations.
    pub layers: Vec<Layer>,
}

impl Search<'_> {
    /// How often populations spike as the network is mapped.
    ///
    /// # Errors
    /// The network does not fit the chip, or the samples cannot be shown.
    pub fn measure(&self) -> Result<Vec<Layer>, CalibrateError> {
        let (mapping, mapped) = self.map(self.network)?;
        Ok(compare(self.network, &mapping.report, self.wished, &mapped))
    }

    /// Finds the factors; `done` is told the name of each population that is settled.
    ///
    /// Populations are settled from the inputs on, each with those before it as they are then. The number of spikes is
    /// taken to grow with the factor, and the factor is found by halving; of all that were tried, the one with the
    /// nearest number is taken, and none if that is no nearer. In loops, a population is settled before what it hears
    /// last is, and so a calibrated loop can still differ.
    ///
    /// # Errors
    /// As [`Search::measure`].
    pub fn calibrate(&self, done: impl Fn(&str)) -> Result<Calibrated, CalibrateError> {
        let (mut mapping, mapped) = self.map(self.network)?;
        let mut layers = compare(self.network, &mapping.report, self.wished, &mapped);
        let mut network = self.network.clone();
        let mut last = mapped;
        for population in from_inputs(&network) {
            let name = &self.network.populations[population].name;
            let Some(layer) = layers.iter_mut().find(|layer| layer.population == *name) else { continue };
            let spikes = |of: &[PopulationActivity]| total(of, name);
            let mut best = (spikes(&last).abs_diff(layer.wished), Factor::ONE, None);
            let (mut low, mut high) = if spikes(&last) < layer.wished {
                (Factor::ONE.0, Factor::MAX.0 + 1)
            } else {
                (Factor::MIN.0 - 1, Factor::ONE.0)
            };
            while layer.wished > 0 && best.0 * NEAR_ENOUGH > layer.wished && high - low > 1.max(low / 64) {
                let factor = Factor(low + (high - low) / 2);
                // What does not fit counts as too large.
                let tried = scaled(&network, self.spec, self.options, population, factor)
                    .and_then(|network| self.map(&network).ok().map(|tried| (network, tried)));
                let too_many = match tried {
                    None => true,
                    Some((network, (mapping, activity))) => {
                        let found = spikes(&activity);
                        let off = found.abs_diff(layer.wished);
                        if off < best.0 {
                            best = (off, factor, Some((network, mapping, activity)));
                        }
                        found > layer.wished
                    }
                };
                if too_many { high = factor.0 } else { low = factor.0 }
            }
            if let (_, factor, Some((with_factor, its_mapping, its_activity))) = best {
                (network, mapping, last) = (with_factor, its_mapping, its_activity);
                layer.factor = factor;
            }
            done(name);
        }
        for layer in &mut layers {
            let of = last.iter().find(|one| one.name == layer.population);
            layer.calibrated = of.map(PopulationActivity::total);
            layer.calibrated_silent = of.map(PopulationActivity::silent);
        }
        Ok(Calibrated { network, mapping, layers })
    }

    /// `network` on the nominal chip.
    fn map(&self, network: &Network) -> Result<(Mapping, Vec<PopulationActivity>), CalibrateError> {
        let mapping = mapper::map(network, self.spec, self.options)?;
        let board = Board::load(self.spec.clone(), mapping.clone())?;
        let found = activity(&board, &DieParameters::nominal(), self.set, self.showing)?;
        Ok((mapping, found))
    }
}

fn total(activity: &[PopulationActivity], name: &str) -> u64 {
    activity.iter().find(|one| one.name == name).map_or(0, PopulationActivity::total)
}

/// The populations by how many projections lie between them and an input at least; those of equal distance in their
/// order, those that no input reaches at the end.
fn from_inputs(network: &Network) -> Vec<usize> {
    let mut distance = vec![usize::MAX; network.populations.len()];
    loop {
        let mut changed = false;
        for projection in &network.projections {
            let before = match projection.pre {
                Endpoint::Input(_) => 0,
                Endpoint::Population(pre) => distance[pre],
            };
            let post = &mut distance[projection.post];
            if before.saturating_add(1) < *post {
                *post = before + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut order: Vec<usize> = (0..distance.len()).collect();
    order.sort_by_key(|&population| (distance[population], population));
    order
}
