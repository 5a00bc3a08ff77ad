//! The rules of a chip file: a profile by its name, and options by their names, each a word.

use super::rules::{
    BiasRule, DecayRule, ExponentRule, LoihiRules, ParameterRule, ProbeRule, RefractoryRule, RegisterRule, ResetRule,
    ThresholdRule, VoltageRule, WeightRule,
};
use crate::rules::{RuleOption, RulesError, width};
use chip::RulesSpec;

/// The profiles that a chip file can name.
pub const PROFILES: [&str; 3] = ["loihi-lava", "loihi-nengo", "loihi-brian2"];

const REGISTER_WORDS: &[&str] = &["unlimited", "wrap-once-N", "modulo-N"];
const DECAY_WORDS: &[&str] = &["plus-one", "as-given", "as-given-to-4096"];

/// Every option, in the order of a step. What the words mean is in `docs/formats/chip.md`.
pub const OPTIONS: [RuleOption; 14] = [
    ("weights", &["clip-and-floor", "round-symmetric", "towards-zero"]),
    ("weight_exponent", &["sum", "each-synapse"]),
    ("input_latency", &["same-step", "next-step"]),
    ("accumulator", REGISTER_WORDS),
    ("current_decay", DECAY_WORDS),
    ("current", REGISTER_WORDS),
    ("biased_current", REGISTER_WORDS),
    ("voltage_decay", DECAY_WORDS),
    ("voltage", &["unlimited", "clip-N", "core-limits"]),
    ("threshold", &[">", ">="]),
    ("reset", &["zero", "subtract"]),
    ("refractory", &["none", "hold-voltage"]),
    ("probe", &["voltage", "before-reset", "refractory-counter"]),
    ("parameters", &["chip", "words"]),
];

impl LoihiRules {
    /// The rules of a chip file.
    ///
    /// # Errors
    /// [`RulesError`] for a profile, an option or a word that does not exist.
    pub fn from_spec(spec: &RulesSpec) -> Result<Self, RulesError> {
        let mut rules = Self::profile(&spec.profile).ok_or_else(|| RulesError::profile(&spec.profile, &PROFILES))?;
        for (option, word) in &spec.options {
            rules.choose(option, word)?;
        }
        Ok(rules)
    }

    /// Takes another choice for one option.
    ///
    /// # Errors
    /// [`RulesError::Option`] or [`RulesError::Word`]; the rules are then as they were.
    pub fn choose(&mut self, option: &str, word: &str) -> Result<(), RulesError> {
        let wrong = || RulesError::choice(option, word, &OPTIONS);
        match option {
            "weights" => {
                self.weights = match word {
                    "clip-and-floor" => WeightRule::ClipAndFloor,
                    "round-symmetric" => WeightRule::RoundSymmetric,
                    "towards-zero" => WeightRule::TowardsZero,
                    _ => return Err(wrong()),
                }
            }
            "weight_exponent" => {
                // The accumulator is shifted by the chip's 6 bits where weights do not carry them.
                (self.exponent, self.accumulator_shift) = match word {
                    "sum" => (ExponentRule::Sum, 6),
                    "each-synapse" => (ExponentRule::EachSynapse, 0),
                    _ => return Err(wrong()),
                }
            }
            "input_latency" => {
                self.input_latency = match word {
                    "same-step" => 0,
                    "next-step" => 1,
                    _ => return Err(wrong()),
                }
            }
            "accumulator" => self.accumulator = register(word).ok_or_else(wrong)?,
            "current" => self.current = register(word).ok_or_else(wrong)?,
            "biased_current" => self.biased_current = register(word).ok_or_else(wrong)?,
            "current_decay" => self.current_decay = decay(word).ok_or_else(wrong)?,
            "voltage_decay" => self.voltage_decay = decay(word).ok_or_else(wrong)?,
            "voltage" => {
                self.voltage = match (word, width(word, "clip-")) {
                    ("unlimited", _) => VoltageRule::Unlimited,
                    ("core-limits", _) => VoltageRule::CoreLimits,
                    (_, Some(bits)) => VoltageRule::Symmetric { bits },
                    _ => return Err(wrong()),
                }
            }
            "refractory" => {
                self.refractory = match word {
                    "none" => RefractoryRule::None,
                    "hold-voltage" => RefractoryRule::HoldVoltage,
                    _ => return Err(wrong()),
                }
            }
            "threshold" => {
                self.threshold = match word {
                    ">" => ThresholdRule::Above,
                    ">=" => ThresholdRule::AtOrAbove,
                    _ => return Err(wrong()),
                }
            }
            "reset" => {
                self.reset = match word {
                    "zero" => ResetRule::Zero,
                    "subtract" => ResetRule::Subtract,
                    _ => return Err(wrong()),
                }
            }
            "parameters" => {
                self.parameters = match word {
                    "chip" => ParameterRule::Chip,
                    "words" => ParameterRule::Words,
                    _ => return Err(wrong()),
                }
            }
            "probe" => {
                self.probe = match word {
                    "voltage" => ProbeRule::Voltage,
                    "before-reset" => ProbeRule::BeforeReset,
                    "refractory-counter" => ProbeRule::RefractoryCounter,
                    _ => return Err(wrong()),
                }
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// By how much the thresholds of a program are shifted to the scale of these rules: on the chip they are mantissas,
    /// of which some simulators want 64 times as many.
    pub(super) const fn threshold_scale(&self) -> u32 {
        match self.parameters {
            ParameterRule::Chip => 6 - self.threshold_shift as u32,
            ParameterRule::Words => 0,
        }
    }

    /// Whether the bias is read as mantissa and exponent.
    pub(super) fn has_bias_exponent(&self) -> bool {
        self.bias == BiasRule::MantissaExponent
    }
}

fn register(word: &str) -> Option<RegisterRule> {
    if word == "unlimited" {
        return Some(RegisterRule::Unlimited);
    }
    let once = width(word, "wrap-once-").map(|bits| RegisterRule::WrapOnce { bits });
    once.or_else(|| width(word, "modulo-").map(|bits| RegisterRule::Modulo { bits }))
}

fn decay(word: &str) -> Option<DecayRule> {
    Some(match word {
        "plus-one" => DecayRule { unity: 4096, offset: 1, largest: 4095 },
        "as-given" => DecayRule { unity: 4096, offset: 0, largest: 4095 },
        "as-given-to-4096" => DecayRule { unity: 4096, offset: 0, largest: 4096 },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;

    fn spec(profile: &str, options: &[(&str, &str)]) -> RulesSpec {
        let options: BTreeMap<_, _> = options.iter().map(|(n, w)| (n.to_string(), w.to_string())).collect();
        RulesSpec { profile: profile.to_string(), options }
    }

    /// The words of one profile put on another make it the same, in everything that a word can say.
    #[test]
    fn options_turn_one_profile_into_another() {
        let words = [
            ("weights", "towards-zero"),
            ("weight_exponent", "each-synapse"),
            ("input_latency", "same-step"),
            ("accumulator", "unlimited"),
            ("current_decay", "as-given-to-4096"),
            ("current", "unlimited"),
            ("biased_current", "unlimited"),
            ("voltage_decay", "as-given-to-4096"),
            ("voltage", "unlimited"),
            ("refractory", "hold-voltage"),
            ("probe", "voltage"),
            ("threshold", ">"),
            ("reset", "zero"),
            ("parameters", "chip"),
        ];
        let made = LoihiRules::from_spec(&spec("loihi-lava", &words)).unwrap();
        let wanted = LoihiRules::brian();
        // Delays are a limit of the router, and the form of the bias is not a rule of the step.
        assert_eq!(LoihiRules { bias: wanted.bias, delay_max: wanted.delay_max, ..made }, wanted);
        for profile in PROFILES {
            assert_eq!(LoihiRules::from_spec(&spec(profile, &[])).ok(), LoihiRules::profile(profile));
        }
    }

    #[test]
    fn every_listed_word_is_a_choice_and_nothing_else_is() {
        for (option, words) in OPTIONS {
            for word in words {
                let word = word.replace('N', "24");
                assert_eq!(LoihiRules::lava().choose(option, &word), Ok(()), "{option} {word}");
            }
            for word in ["", "no", "modulo-1", "modulo-32", "clip-", "wrap-once-x"] {
                assert!(LoihiRules::lava().choose(option, word).is_err(), "{option} {word}");
            }
        }
    }

    #[test]
    fn wrong_names_say_what_there_is() {
        let text = |profile, options: &[_]| LoihiRules::from_spec(&spec(profile, options)).unwrap_err().to_string();
        assert_eq!(text("lava", &[]), "there are no rules `lava`; there are loihi-lava, loihi-nengo, loihi-brian2");
        assert_eq!(
            text("loihi-lava", &[("decay", "none")]),
            "there is no option `decay` of digital rules; there are weights, weight_exponent, input_latency, \
             accumulator, current_decay, current, biased_current, voltage_decay, voltage, threshold, reset, \
             refractory, probe, parameters"
        );
        assert_eq!(
            text("loihi-lava", &[("current", "modulo-40")]),
            "`modulo-40` is not a choice for `current`; there are unlimited, wrap-once-N, modulo-N"
        );
    }
}
