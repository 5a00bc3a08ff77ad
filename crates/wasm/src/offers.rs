//! Which chips a page offers, and the operating point of each: a study but for what the controls set.
//!
//! Owns the table of offers. How good an operating point is was measured with `quenched study`; `docs/playground.md`
//! has the command. It deliberately holds no number of a chip: those are in the chip files.

use crate::PlaygroundError;
use chip::ChipSpec;
use serde_json::{Value, json};

/// A chip on the page.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// Its name.
    pub chip: &'static str,
    /// The core model of the reservoir.
    pub model: &'static str,
    /// What follows `neurons = ...` in the table `[reservoir]` of its study.
    pub rest: &'static str,
    /// Neurons of the reservoir: as the page begins, at least, at most.
    pub neurons: [u32; 3],
}

/// All of them, in the order of the page. On BrainScaleS-2 `analog-lif` is nearer to the circuit, which has no steps,
/// and takes four times as long.
pub const OFFERS: &[Offer] = &[
    Offer { chip: "dynapse2", model: "lif", rest: include_str!("offers/dynapse2.toml"), neurons: [96, 32, 256] },
    Offer {
        chip: "brainscales2",
        model: "lif",
        rest: include_str!("offers/brainscales2.toml"),
        neurons: [96, 32, 256],
    },
    Offer {
        chip: "brainscales2-uncalibrated",
        model: "lif",
        rest: include_str!("offers/brainscales2.toml"),
        neurons: [96, 32, 256],
    },
    Offer {
        chip: "ideal-mismatched",
        model: "lif",
        rest: include_str!("offers/ideal-mismatched.toml"),
        neurons: [96, 32, 256],
    },
];

impl Offer {
    /// The offer of the chip called `name`.
    ///
    /// # Errors
    /// It is not offered.
    pub fn of(name: &str) -> Result<&'static Self, PlaygroundError> {
        OFFERS.iter().find(|offer| offer.chip == name).ok_or_else(|| PlaygroundError::Chip {
            found: name.into(),
            known: OFFERS.iter().map(|offer| offer.chip).collect(),
        })
    }

    /// The chip.
    ///
    /// # Errors
    /// Its file is wrong.
    pub fn spec(&self) -> Result<ChipSpec, PlaygroundError> {
        Ok(formats::chip::shipped(self.chip)?)
    }
}

/// What the page shows before anything is chosen.
pub(crate) fn answer() -> Result<Value, PlaygroundError> {
    let chip = |offer: &Offer| {
        let spec = offer.spec()?;
        let [first, least, most] = offer.neurons;
        Ok::<_, PlaygroundError>(json!({
            "name": spec.name,
            "summary": spec.summary,
            "model": offer.model,
            "chips": spec.chip_count(),
            "cores": spec.cores_per_chip(),
            "neurons_per_core": spec.neurons_per_core(),
            "neurons": { "first": first, "least": least, "most": most },
            "mismatch_reference": spec.mismatch_reference,
            "cv_of_file": spec.reference_cv().map(|cv| cv.to_string()),
        }))
    };
    let chips: Vec<Value> = OFFERS.iter().map(chip).collect::<Result<_, _>>()?;
    Ok(json!({ "version": env!("CARGO_PKG_VERSION"), "chips": chips }))
}
