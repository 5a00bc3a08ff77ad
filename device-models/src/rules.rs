//! The rules that a chip file can name, whichever digital model they are for.
//!
//! A digital core takes its rules from a profile and from options, each a name with a word ([`chip::RulesSpec`]). This
//! module owns the list of all of them ([`SETS`]) and how what is not in it is refused. It deliberately does not know
//! what a word means: that is a matter of each model.

use crate::{loihi, xylo};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use thiserror::Error;

/// An option of a chip file: its name and the words that it can be. `N` in a word stands for a width of 2 to 31 bits.
pub type RuleOption = (&'static str, &'static [&'static str]);

/// The profiles of a model, and the options in which a chip can depart from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// Names of profiles; none is in two sets.
    pub profiles: &'static [&'static str],
    /// Options.
    pub options: &'static [RuleOption],
}

/// All rules.
pub const SETS: [RuleSet; 2] = [
    RuleSet { profiles: &loihi::PROFILES, options: &loihi::OPTIONS },
    RuleSet { profiles: &xylo::PROFILES, options: &[] },
];

/// What is wrong with the rules of a chip file. Correct the name and read the file again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RulesError {
    /// There is no such profile.
    #[error("there are no rules `{profile}`; there are {}", profiles.join(", "))]
    Profile {
        /// The name.
        profile: String,
        /// The names that there are.
        profiles: &'static [&'static str],
    },
    /// There is no such option.
    #[error("there is no option `{option}` of digital rules; there are {}", names(options).join(", "))]
    Option {
        /// The name.
        option: String,
        /// The options that there are.
        options: &'static [RuleOption],
    },
    /// An option cannot be that word.
    #[error("`{word}` is not a choice for `{option}`; there are {}", words.join(", "))]
    Word {
        /// The option.
        option: String,
        /// The word.
        word: String,
        /// What it can be.
        words: &'static [&'static str],
    },
}

impl RulesError {
    /// The error of a profile that is not one of `profiles`.
    pub(crate) fn profile(profile: &str, profiles: &'static [&'static str]) -> Self {
        Self::Profile { profile: profile.to_string(), profiles }
    }

    /// The error of an option that is not one of `options`, or of a word that is not one of its.
    pub(crate) fn choice(option: &str, word: &str, options: &'static [RuleOption]) -> Self {
        let option = option.to_string();
        match options.iter().find(|(name, _)| *name == option) {
            Some((_, words)) => Self::Word { option, word: word.to_string(), words },
            None => Self::Option { option, options },
        }
    }
}

fn names(options: &[RuleOption]) -> Vec<&'static str> {
    options.iter().map(|(name, _)| *name).collect()
}

/// The width at the end of a word that starts with `start`, which is an `N` in the list of words.
pub(crate) fn width(word: &str, start: &str) -> Option<u8> {
    word.strip_prefix(start)?.parse().ok().filter(|bits| (2..=31).contains(bits))
}

/// Whether `word` is one of `words`.
pub fn is_choice(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| match known.strip_suffix('N') {
        Some(start) => width(word, start).is_some(),
        None => word == *known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_a_number_of_bits() {
        let words = ["unlimited", "modulo-N"];
        for (word, fits) in [("unlimited", true), ("modulo-2", true), ("modulo-31", true), ("modulo-1", false)] {
            assert_eq!(is_choice(word, &words), fits, "{word}");
        }
        for word in ["", "N", "modulo-", "modulo-N", "modulo-32", "unlimited-4"] {
            assert!(!is_choice(word, &words), "{word}");
        }
    }

    #[test]
    fn no_profile_is_in_two_sets() {
        let mut profiles: Vec<_> = SETS.iter().flat_map(|set| set.profiles).collect();
        let count = profiles.len();
        profiles.sort_unstable();
        profiles.dedup();
        assert_eq!(profiles.len(), count);
    }
}
