//! The hibernation flag: whether a chip had nothing to do.

/// The hibernation flag of a chip under rules V2, followed from step to step from the first on.
///
/// A chip without biases says that nothing was delivered and nothing changed in this step. A chip with biases, be they
/// all 0, says that nothing is delivered in this step and that neither was anything delivered, nor did anything change,
/// in the step before; its flag is therefore false in the first step. (The maker's simulator forgets the step before at
/// each call of `evolve`; here nothing is forgotten, so that two half runs are one run.)
///
/// The flag belongs to no layer: it looks at both, and at channels that reach neither. Whoever runs a chip and wants it
/// gives what each step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XyloHibernation {
    has_bias: bool,
    /// Whether nothing was delivered and nothing changed in the last step.
    quiet: bool,
}

impl XyloHibernation {
    /// Before the first step of a chip that has biases or not.
    pub const fn new(has_bias: bool) -> Self {
        Self { has_bias, quiet: false }
    }

    /// The flag of the next step. `delivered`: an input channel has a spike in it, or a hidden neuron had one in the
    /// step before, whether a synapse takes them up or not. `changed`: it changes a layer, see
    /// [`super::XyloLayerCore::changed`].
    pub const fn step(&mut self, delivered: bool, changed: bool) -> bool {
        let before = self.quiet;
        self.quiet = !delivered && !changed;
        if self.has_bias { before && !delivered } else { self.quiet }
    }
}
