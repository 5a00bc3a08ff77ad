//! From what the controls say to a study: the same one for a run that is shown and for a curve, but for how many runs
//! it has.
//!
//! Owns what may be chosen, and the text of the study, which a person can run with `quenched study`.

use crate::{Kept, Offer, PlaygroundError, Setting};
use units::Decimal;

/// What the study is called, in errors and on the disk of who saves it.
pub(crate) const STUDY_FILE: &str = "playground-study.toml";

/// The mismatch of a curve.
pub(crate) const CVS: [&str; 7] = ["0", "0.1", "0.2", "0.3", "0.5", "0.75", "1"];

/// Dies of each point of a curve, at most.
const DIES_MAX: u32 = 16;

/// The highest number of a die.
const DIE_MAX: u32 = 9999;

/// The largest seed: whole numbers up to it are exact in a page.
const SEED_MAX: u64 = (1 << 53) - 1;

impl Setting {
    /// The chip that it names.
    ///
    /// # Errors
    /// It is not offered.
    pub fn offer(&self) -> Result<&'static Offer, PlaygroundError> {
        Offer::of(&self.chip)
    }

    /// The mismatch that it asks for.
    ///
    /// # Errors
    /// It is no decimal from 0 to 1.
    pub(crate) fn mismatch(&self) -> Result<Decimal, PlaygroundError> {
        let cv: Option<Decimal> = self.cv.parse().ok();
        cv.filter(|cv| (Decimal::ZERO..=Decimal::integer(1)).contains(cv)).ok_or_else(|| PlaygroundError::Range {
            what: "cv",
            found: self.cv.clone(),
            low: 0,
            high: 1,
        })
    }

    /// Checks everything that is a number.
    pub(crate) fn check(&self) -> Result<(), PlaygroundError> {
        let [_, least, most] = self.offer()?.neurons;
        in_range("neurons", self.neurons.into(), least.into(), most.into())?;
        in_range("die", self.die.into(), 0, DIE_MAX.into())?;
        in_range("seed", self.seed, 0, SEED_MAX)?;
        self.mismatch().map(|_| ())
    }

    /// The study whose last run is the one that is asked for: where there is no mismatch, all dies are one.
    ///
    /// # Errors
    /// What is not offered.
    pub(crate) fn study_of_run(&self) -> Result<String, PlaygroundError> {
        let cv = self.mismatch()?.to_string();
        self.study(&[&cv], &[self.recurrence], self.die.saturating_add(1))
    }

    /// The study of the curve: every mismatch and recurrence, on `dies` dies.
    ///
    /// # Errors
    /// What is not offered.
    pub(crate) fn study_of_curve(&self, dies: u32) -> Result<String, PlaygroundError> {
        in_range("dies", dies.into(), 1, DIES_MAX.into())?;
        self.study(&CVS, &Kept::ALL, dies)
    }

    fn study(&self, cvs: &[&str], kept: &[Kept], dies: u32) -> Result<String, PlaygroundError> {
        self.check()?;
        let Offer { chip, model, rest, .. } = self.offer()?;
        let (cvs, kept) = (cvs.join(", "), kept.iter().map(|kept| kept.in_study()).collect::<Vec<_>>().join(", "));
        let Self { seed, neurons, .. } = self;
        Ok(format!(
            "# Made by the playground of quenched {}. Run it with: quenched study {STUDY_FILE}\n\
             format = \"quenched-study\"\nversion = 1\ntitle = \"Playground: {chip}\"\nchip = \"{chip}\"\n\
             model = \"{model}\"\nseed = {seed}\nnetworks = 1\ndies = {dies}\ncv = [{cvs}]\nrecurrence = [{kept}]\n\n\
             [mapping]\nweights_for = \"all\"\n\n[reservoir]\nneurons = {neurons}\n{rest}",
            env!("CARGO_PKG_VERSION")
        ))
    }
}

/// The options of the mapping, which the study and the network file both state: removing recurrence changes no other
/// weight.
pub(crate) const MAPPING: &[(&str, &str)] = &[("weights_for", "all")];

fn in_range(what: &'static str, found: u64, low: u64, high: u64) -> Result<(), PlaygroundError> {
    if (low..=high).contains(&found) {
        return Ok(());
    }
    Err(PlaygroundError::Range { what, found: found.to_string(), low, high })
}
