//! What a page can ask.

use serde::Deserialize;

/// A question, as `{ "ask": "show", "setting": { ... } }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Which chips are offered, with their sizes and where their numbers are from.
    Chips,
    /// The values of a parameter in all circuits of a die.
    Die {
        /// Of which the chip, the die and its mismatch count.
        setting: Setting,
        /// The parameter, by its name in the chip file.
        parameter: String,
    },
    /// A run: what goes in, what the reservoir does, its score, and the files that reproduce it.
    Show {
        /// The run.
        setting: Setting,
    },
    /// Which runs make the curve of scores over mismatch.
    Curve {
        /// Of which chip, seed and neurons count.
        setting: Setting,
        /// Dies of each point.
        dies: u32,
    },
    /// The score of one of these runs.
    Score {
        /// As for the curve.
        setting: Setting,
        /// As for the curve.
        dies: u32,
        /// Its number.
        run: usize,
    },
}

/// What the controls of a page say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// A chip that is offered.
    pub chip: String,
    /// Root of everything that is drawn: network, dies, input.
    pub seed: u64,
    /// Number of the die.
    pub die: u32,
    /// Coefficient of variation of the mismatch, as a decimal.
    pub cv: String,
    /// What is left of the recurrent connections.
    pub recurrence: Kept,
    /// Neurons of the reservoir.
    pub neurons: u32,
}

/// What is left of the recurrent connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// All of them.
    Full,
    /// Half of them.
    Half,
    /// None of them.
    Removed,
}

impl Kept {
    /// All of these.
    pub const ALL: [Self; 3] = [Self::Full, Self::Half, Self::Removed];

    /// As a study file has it.
    pub const fn in_study(self) -> &'static str {
        match self {
            Self::Full => "\"full\"",
            Self::Half => "0.5",
            Self::Removed => "\"removed\"",
        }
    }
}
