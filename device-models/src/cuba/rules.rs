//! What simulators of trained nets do differently, as the rules of a chip file say it.

use crate::rules::{RuleOption, RulesError};
use chip::RulesSpec;

/// What a spike does to the voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The voltage is 0 after the step of the spike.
    Zero,
    /// The threshold is subtracted in the step of the spike.
    Subtract,
    /// As snnTorch subtracts. A voltage that is still a spike after its reset loses the threshold within the next step,
    /// before it is compared; if it then spikes, nothing more is subtracted, and if it does not, it gets
    /// it back.
    SubtractAhead,
}

/// The profiles that a chip file can name.
pub const PROFILES: &[&str] = &["cuba-snntorch", "cuba-norse", "cuba-spyx"];

/// Every option of a chip file with its words, in the order of a step.
pub const OPTIONS: &[RuleOption] = &[
    ("recurrent_bias", &["every-step", "after-first-step"]),
    ("threshold", &[">", ">="]),
    ("reset", &["zero", "subtract", "subtract-ahead"]),
    ("spike_probe", &["this-step", "step-before"]),
];

/// The rules of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CubaRules {
    /// Whether the recurrent bias counts in the first step, in which nothing can have spiked before.
    pub recurrent_at_first: bool,
    /// Whether a voltage at the threshold is a spike; one above it always is.
    pub at_threshold: bool,
    /// What a spike does.
    pub reset: Reset,
    /// Whether the probe of the spikes shows those of the step before. What neurons send is not late.
    pub late_probe: bool,
}

impl CubaRules {
    /// The rules of the profile `name`, if there is one.
    pub fn profile(name: &str) -> Option<Self> {
        let same_step = |reset| Self { reset, recurrent_at_first: true, at_threshold: false, late_probe: false };
        match name {
            "cuba-snntorch" => Some(same_step(Reset::SubtractAhead)),
            "cuba-norse" => Some(Self { recurrent_at_first: false, ..same_step(Reset::Zero) }),
            "cuba-spyx" => Some(Self { late_probe: true, ..same_step(Reset::Subtract) }),
            _ => None,
        }
    }

    /// The rules of a chip file.
    ///
    /// # Errors
    /// [`RulesError`] for a profile, an option or a word that does not exist.
    pub fn from_spec(spec: &RulesSpec) -> Result<Self, RulesError> {
        let mut rules = Self::profile(&spec.profile).ok_or_else(|| RulesError::profile(&spec.profile, PROFILES))?;
        for (option, word) in &spec.options {
            match (option.as_str(), word.as_str()) {
                ("recurrent_bias", "every-step") => rules.recurrent_at_first = true,
                ("recurrent_bias", "after-first-step") => rules.recurrent_at_first = false,
                ("threshold", ">") => rules.at_threshold = false,
                ("threshold", ">=") => rules.at_threshold = true,
                ("reset", "zero") => rules.reset = Reset::Zero,
                ("reset", "subtract") => rules.reset = Reset::Subtract,
                ("reset", "subtract-ahead") => rules.reset = Reset::SubtractAhead,
                ("spike_probe", "this-step") => rules.late_probe = false,
                ("spike_probe", "step-before") => rules.late_probe = true,
                _ => return Err(RulesError::choice(option, word, OPTIONS)),
            }
        }
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;

    fn read(profile: &str, options: &[(&str, &str)]) -> Result<CubaRules, RulesError> {
        let options: BTreeMap<_, _> = options.iter().map(|(n, w)| (n.to_string(), w.to_string())).collect();
        CubaRules::from_spec(&RulesSpec { profile: profile.to_string(), options })
    }

    #[test]
    fn options_turn_one_profile_into_another() {
        let words = [("recurrent_bias", "every-step"), ("reset", "subtract"), ("spike_probe", "step-before")];
        assert_eq!(read("cuba-norse", &words), read("cuba-spyx", &[]));
        for profile in PROFILES {
            assert_eq!(read(profile, &[]).ok(), CubaRules::profile(profile));
        }
    }

    #[test]
    fn every_listed_word_is_a_choice_and_nothing_else_is() {
        for (option, words) in OPTIONS {
            let made: alloc::vec::Vec<_> =
                words.iter().map(|word| read("cuba-snntorch", &[(option, word)]).unwrap()).collect();
            assert!((1..made.len()).all(|i| !made[..i].contains(&made[i])), "{option}: {made:?}");
        }
        let text = |profile, options: &[_]| read(profile, options).unwrap_err().to_string();
        assert_eq!(text("norse", &[]), "there are no rules `norse`; there are cuba-snntorch, cuba-norse, cuba-spyx");
        assert_eq!(
            text("cuba-norse", &[("bias", "none")]),
            "there is no option `bias` of digital rules; there are recurrent_bias, threshold, reset, spike_probe"
        );
        assert_eq!(
            text("cuba-norse", &[("reset", "none")]),
            "`none` is not a choice for `reset`; there are zero, subtract, subtract-ahead"
        );
    }
}
