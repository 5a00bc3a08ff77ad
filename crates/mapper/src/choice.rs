//! What a caller can choose of a mapping, as types; their names in files and flags are in [`crate::options`].

use crate::{DieChoice, KnownDie, SpikeCounts};
use chip::NeuronPlace;
use std::sync::Arc;

/// What to do where a network needs more of something than the chip has; [`crate::LIMITS`] says what each does at each
/// limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverFull {
    /// Refuse the mapping.
    #[default]
    Error,
    /// Take the connections away that matter least ([`PruneBy`]) and report them as lost.
    Prune,
    /// Share the work of a neuron out to several.
    Split,
    /// Join neighbouring circuits to one neuron (BrainScaleS-2).
    Join,
}

impl OverFull {
    /// Its name, as options have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Prune => "prune",
            Self::Split => "split",
            Self::Join => "join",
        }
    }
}

/// How much a connection matters where some must go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PruneBy {
    /// As much as its weight is large.
    #[default]
    Weight,
    /// As much as its weight times the spikes of its source ([`Activity`]) is large.
    Activity,
}

/// How often each source sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// Nobody knows: all alike.
    #[default]
    Unknown,
    /// As the spikes of this file say. It is for the caller to read it ([`MapperOptions::read_activity`]).
    File(String),
    /// As counted.
    Counted(Arc<SpikeCounts>),
}

/// What to do with a weight that is nearer to 0 than to any weight that the core can make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmallWeights {
    /// Take the nearest weight that the core can make, which is 0: the connection takes no word.
    #[default]
    Nearest,
    /// Take the nearest weight that is not 0: every connection stays, and small weights grow.
    Keep,
}

/// What the search for the weights that a core can make is to keep small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightGoal {
    /// The root mean square of the differences.
    #[default]
    Rms,
    /// The root mean square of the differences over the weights asked for.
    Relative,
    /// The largest difference.
    Max,
}

/// Which connections the weights of a core are chosen for, where they share them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightsFor {
    /// Those that are mapped.
    #[default]
    Kept,
    /// Those that a mask takes away too: all others then get the weights that they would have beside them, and what was
    /// removed is all that differs.
    All,
}

/// Whether populations may sit in one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CoreSharing {
    /// Populations share a core wherever the chip lets them and nothing gets worse by it.
    #[default]
    On,
    /// Every population starts with a fresh core.
    Off,
}

/// What to do with weights that a chip of whole numbers cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Take weights as they are.
    #[default]
    None,
    /// Multiply the weights of a matrix, and what they are compared with, by one factor.
    Auto,
}

/// Which neuron sits in which core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Placing {
    /// First fit in the order of the network.
    #[default]
    Order,
    /// As a search for little traffic between cores finds it, if that is better than the order of the network.
    Optimised,
    /// As this file says. It is for the caller to read it ([`MapperOptions::read_placement`]).
    File(String),
    /// As given: every neuron once.
    Given(Arc<Vec<NeuronPlace>>),
}

/// Choices of a mapping. The default is the strictest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapperOptions {
    /// Networks that need more than there is.
    pub over_full: OverFull,
    /// What goes first where connections must go.
    pub prune_by: PruneBy,
    /// How often each source sends: what [`PruneBy::Activity`] and a placement that is searched weigh sources by.
    pub activity: Activity,
    /// Weights near 0.
    pub small_weights: SmallWeights,
    /// What the search for weights keeps small.
    pub weight_goal: WeightGoal,
    /// Which connections weights are chosen for.
    pub weights_for: WeightsFor,
    /// The largest error of a projection's weights, as a part of the root mean square of those asked for, that is
    /// not refused; none: any.
    pub max_weight_error: Option<f64>,
    /// Populations in one core.
    pub core_sharing: CoreSharing,
    /// Weights beyond the numbers of the chip.
    pub scale: Scale,
    /// Chips that the board really has; none: as many as the chip's board can have.
    pub chips: Option<u16>,
    /// Neurons on cores.
    pub placement: Placing,
    /// The die that the mapping is for.
    pub die: DieChoice,
}

impl MapperOptions {
    /// Has `read` read the file of the placement, if one is asked for.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_placement<E>(&mut self, read: impl FnOnce(&str) -> Result<Vec<NeuronPlace>, E>) -> Result<(), E> {
        if let Placing::File(path) = &self.placement {
            self.placement = Placing::Given(Arc::new(read(path)?));
        }
        Ok(())
    }

    /// Has `find` find the die, if one is asked for by its number or its file.
    ///
    /// # Errors
    /// As `find`.
    pub fn find_die<E>(&mut self, find: impl FnOnce(&DieChoice) -> Result<KnownDie, E>) -> Result<(), E> {
        if let DieChoice::Number(_) | DieChoice::File(_) = self.die {
            self.die = DieChoice::Known(find(&self.die)?);
        }
        Ok(())
    }

    /// Has `read` read the file of the activity, if one is given.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_activity<E>(&mut self, read: impl FnOnce(&str) -> Result<SpikeCounts, E>) -> Result<(), E> {
        if let Activity::File(path) = &self.activity {
            self.activity = Activity::Counted(Arc::new(read(path)?));
        }
        Ok(())
    }
}
