//! The rules by which simulators step a graph: what its file leaves open.
//!
//! A graph states differential equations. Simulators differ in how they are integrated, what an input is worth, when a
//! voltage is a spike, what a spike does and when, where voltages start, and which edge of a loop is late. Each of
//! these is a field with a few words; a preset ([`Like`]) is a choice of all of them for a simulator. The words and
//! their meanings are those of the corpus `nir-golden` (docs/formats/nir.md).

use crate::GraphError;
use crate::node::NeuronKind;

/// How a state decays in a step of length dt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integration {
    /// By 1 - dt/tau.
    Euler,
    /// By exp(-dt/tau).
    Exact,
}

/// What an input is worth to a voltage; a is what is left of a voltage in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gain {
    /// (1 - a) r.
    LeakR,
    /// 1 - a.
    Leak,
    /// dt r.
    DtR,
    /// dt.
    Dt,
    /// 1.
    One,
    /// a.
    Keep,
    /// r.
    R,
}

/// What an input is worth to a current; ai is what is left of a current in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GainIn {
    /// (1 - ai) w_in.
    LeakW,
    /// ai.
    Keep,
    /// 1.
    One,
    /// w_in.
    W,
}

/// What a spike does to the voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTo {
    /// It is 0.
    Zero,
    /// It is `v_reset`.
    Value,
    /// It loses the threshold, once a spike.
    Subtract,
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetWhen {
    /// In the step of the spike.
    Same,
    /// In the next step, after its input (which is lost, unless the threshold is subtracted).
    Next,
    /// In the next step, before its input.
    NextBefore,
    /// In the step of the spike; a voltage that is still above the threshold loses it once more ahead of the next
    /// comparison.
    SameAgain,
}

/// Where a state starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At 0.
    Zero,
    /// At `v_leak`.
    Leak,
    /// At `v_reset`.
    Reset,
}

/// Which edge of a loop is late by a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The one that closes the loop, into the neurons that the input reaches first.
    Into,
    /// The one that leaves the neurons of the loop.
    OutOf,
}

/// The rule of a node of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How states decay.
    pub integration: Integration,
    /// What an input is worth to the voltage.
    pub gain: Gain,
    /// What an input is worth to the current, of neurons that have one.
    pub gain_in: GainIn,
    /// Whether the voltage decays to `v_leak`, or else to 0.
    pub v_leak: bool,
    /// Whether the current decays to `v_leak` too.
    pub i_leak: bool,
    /// Whether the current before the step drives the voltage.
    pub old_current: bool,
    /// Whether a voltage at the threshold is a spike.
    pub at_threshold: bool,
    /// What a spike does.
    pub reset: ResetTo,
    /// When.
    pub when: ResetWhen,
    /// Most spikes of a step; none: as many as the voltage has thresholds.
    pub spikes_max: Option<u32>,
    /// Whether no voltage is below minus the threshold.
    pub floor: bool,
    /// Where voltages start.
    pub v_start: Start,
    /// Where currents start.
    pub i_start: Start,
}

/// A simulator whose rules a preset takes over, or a plain way to integrate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Like {
    /// Forward Euler steps of the equations as the format states them.
    #[default]
    Euler,
    /// Exact steps of the same.
    Exact,
    /// snnTorch, with the reset that is its default: by subtraction, in the next step.
    SnnTorch,
    /// Norse.
    Norse,
    /// sinabs: times are in steps.
    Sinabs,
    /// SpikingJelly.
    SpikingJelly,
    /// Rockpool's LIF neurons.
    Rockpool,
    /// Spyx, whose spikes come a step late.
    Spyx,
    /// lava-dl's CUBA neurons.
    Lava,
    /// The neurons of a Xylo chip, as far as numbers without their rounding can be them.
    Xylo,
}

impl Like {
    /// Every preset.
    pub const ALL: [Self; 10] = [
        Self::Euler,
        Self::Exact,
        Self::SnnTorch,
        Self::Norse,
        Self::Sinabs,
        Self::SpikingJelly,
        Self::Rockpool,
        Self::Spyx,
        Self::Lava,
        Self::Xylo,
    ];

    /// The spelling on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Euler => "euler",
            Self::Exact => "exact",
            Self::SnnTorch => "snntorch",
            Self::Norse => "norse",
            Self::Sinabs => "sinabs",
            Self::SpikingJelly => "spikingjelly",
            Self::Rockpool => "rockpool",
            Self::Spyx => "spyx",
            Self::Lava => "lava",
            Self::Xylo => "xylo",
        }
    }

    /// The length of a step in seconds, where the simulator has a default or counts times in steps.
    pub const fn dt(self) -> f64 {
        match self {
            Self::SnnTorch | Self::SpikingJelly | Self::Lava => 1e-4,
            Self::Sinabs | Self::Spyx => 1.0,
            Self::Euler | Self::Exact | Self::Norse | Self::Rockpool | Self::Xylo => 1e-3,
        }
    }

    /// Whether the simulator counts times in steps, so that a step has no length of its own.
    pub const fn counts_steps(self) -> bool {
        matches!(self, Self::Sinabs | Self::Spyx)
    }

    /// Which edge of a loop is late.
    pub const fn late(self) -> Late {
        match self {
            Self::SnnTorch => Late::OutOf,
            _ => Late::Into,
        }
    }

    /// Whether spikes reach every neuron that hears them a step late, so that no loop needs a late edge.
    pub const fn late_spikes(self) -> bool {
        matches!(self, Self::Spyx | Self::Xylo)
    }

    /// Whether outputs have them a step late as well.
    pub const fn late_output(self) -> bool {
        matches!(self, Self::Spyx)
    }

    /// The rule of nodes of this kind.
    pub const fn rule(self, kind: NeuronKind) -> Rule {
        let integrates = matches!(kind, NeuronKind::If | NeuronKind::I);
        let base = Rule {
            integration: Integration::Euler,
            gain: if integrates { Gain::DtR } else { Gain::LeakR },
            gain_in: GainIn::LeakW,
            v_leak: true,
            i_leak: false,
            old_current: false,
            at_threshold: false,
            reset: ResetTo::Value,
            when: ResetWhen::Same,
            spikes_max: Some(1),
            floor: false,
            v_start: Start::Zero,
            i_start: Start::Zero,
        };
        let one = if integrates { Gain::One } else { base.gain };
        match self {
            Self::Euler => base,
            Self::Exact => Rule { integration: Integration::Exact, ..base },
            Self::SnnTorch => Rule { gain: one, reset: ResetTo::Subtract, when: ResetWhen::Next, ..base },
            Self::Norse => Rule {
                gain: match kind {
                    NeuronKind::Lif | NeuronKind::Li => Gain::Leak,
                    _ => one,
                },
                i_leak: kind.has_current(),
                reset: ResetTo::Zero,
                v_start: if integrates { Start::Zero } else { Start::Leak },
                i_start: Start::Leak,
                ..base
            },
            Self::Sinabs => Rule {
                integration: Integration::Exact,
                gain: Gain::One,
                v_leak: false,
                at_threshold: true,
                reset: ResetTo::Subtract,
                spikes_max: None,
                floor: matches!(kind, NeuronKind::If),
                ..base
            },
            Self::SpikingJelly => Rule { at_threshold: true, v_start: Start::Reset, ..base },
            Self::Rockpool => Rule {
                integration: Integration::Exact,
                gain: Gain::One,
                gain_in: GainIn::Keep,
                v_leak: false,
                at_threshold: true,
                reset: ResetTo::Subtract,
                spikes_max: None,
                ..base
            },
            Self::Spyx => {
                Rule { gain: Gain::One, gain_in: GainIn::One, v_leak: false, reset: ResetTo::Subtract, ..base }
            }
            Self::Lava => Rule { gain: one, v_leak: false, reset: ResetTo::Zero, ..base },
            // A decay by 2^-dash is an Euler step, and the constant input of a membrane its rest.
            Self::Xylo => Rule {
                gain: Gain::One,
                gain_in: GainIn::Keep,
                at_threshold: true,
                reset: ResetTo::Subtract,
                spikes_max: Some(XYLO_SPIKES_MAX),
                ..base
            },
        }
    }
}

/// Most spikes of a hidden neuron of Xylo in a step.
const XYLO_SPIKES_MAX: u32 = chip::CoreModel::Xylo.facts().spikes_max as u32;

/// A field of a rule: its name, its words, and how a word is taken over.
pub struct Field {
    /// The name, as in files.
    pub name: &'static str,
    /// The words that it can be; a number stands for any.
    pub words: &'static [&'static str],
    /// What it says, in a line.
    pub summary: &'static str,
    set: fn(&mut Rule, &str) -> bool,
    get: fn(&Rule) -> String,
}

/// A field whose words stand for values of one part of a rule.
macro_rules! field {
    ($name:literal, $summary:literal, $part:ident: $($word:literal => $value:expr),* $(,)?) => {
        Field {
            name: $name,
            words: &[$($word),*],
            summary: $summary,
            set: |rule, word| match word {
                $($word => { rule.$part = $value; true })*
                _ => false,
            },
            get: |rule| match rule.$part {
                $(value if value == $value => $word.to_owned(),)*
                _ => String::new(),
            },
        }
    };
}

/// Every field of a rule, in the order of a step.
pub const FIELDS: [Field; 13] = [
    field!("integration", "how states decay in a step", integration:
        "euler" => Integration::Euler, "exact" => Integration::Exact),
    field!("gain", "what an input is worth to a voltage; a is what is left of one in a step", gain:
        "(1-a)*r" => Gain::LeakR, "(1-a)" => Gain::Leak, "dt*r" => Gain::DtR, "dt" => Gain::Dt, "1" => Gain::One,
        "a" => Gain::Keep, "r" => Gain::R),
    field!("gain-in", "what an input is worth to a current; ai is what is left of one in a step", gain_in:
        "(1-ai)*w_in" => GainIn::LeakW, "ai" => GainIn::Keep, "1" => GainIn::One, "w_in" => GainIn::W),
    field!("v-leak", "whether a voltage decays to `v_leak`, or else to 0", v_leak: "use" => true, "no" => false),
    field!("i-leak", "whether a current decays to `v_leak`, or else to 0", i_leak: "use" => true, "no" => false),
    field!("v-uses", "which current drives the voltage of a step", old_current: "new" => false, "old" => true),
    field!("compare", "which voltages are spikes, compared with the threshold", at_threshold:
        ">" => false, ">=" => true),
    field!("reset", "what a spike does to the voltage", reset:
        "zero" => ResetTo::Zero, "value" => ResetTo::Value, "subtract" => ResetTo::Subtract),
    field!("reset-when", "when it does", when:
        "same" => ResetWhen::Same, "next" => ResetWhen::Next, "next_before" => ResetWhen::NextBefore,
        "same_again" => ResetWhen::SameAgain),
    Field {
        name: "spikes",
        words: &["single", "multi", "N"],
        summary: "most spikes of a step; `multi`: as many as the voltage has thresholds",
        set: |rule, word| {
            rule.spikes_max = match word {
                "single" => Some(1),
                "multi" => None,
                number => match number.parse() {
                    Ok(most @ 1..=32_767) => Some(most),
                    _ => return false,
                },
            };
            true
        },
        get: |rule| match rule.spikes_max {
            None => "multi".into(),
            Some(1) => "single".into(),
            Some(most) => most.to_string(),
        },
    },
    field!("floor", "the lowest voltage after a reset", floor: "none" => false, "-v_threshold" => true),
    field!("v-start", "where voltages start", v_start:
        "zero" => Start::Zero, "v_leak" => Start::Leak, "v_reset" => Start::Reset),
    field!("i-start", "where currents start", i_start:
        "zero" => Start::Zero, "v_leak" => Start::Leak, "v_reset" => Start::Reset),
];

impl Rule {
    /// Sets the field `name` to `word`.
    ///
    /// # Errors
    /// There is no such field, or it cannot be that word.
    pub fn set(&mut self, name: &str, word: &str) -> Result<(), GraphError> {
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            let known: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            let reason = format!("there is no such field of a rule; there are {}", known.join(", "));
            return Err(GraphError::Option { option: name.into(), reason });
        };
        if (field.set)(self, word) {
            return Ok(());
        }
        let reason = format!("`{word}` is not a choice; there are {}", field.words.join(", "));
        Err(GraphError::Option { option: name.into(), reason })
    }

    /// Every field with its word.
    pub fn words(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        FIELDS.iter().map(|field| (field.name, (field.get)(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [NeuronKind; 7] = [
        NeuronKind::Threshold,
        NeuronKind::I,
        NeuronKind::Li,
        NeuronKind::If,
        NeuronKind::Lif,
        NeuronKind::CubaLi,
        NeuronKind::CubaLif,
    ];

    #[test]
    fn a_rule_is_what_its_words_say() {
        for (like, kind) in Like::ALL.iter().flat_map(|like| KINDS.map(|kind| (like, kind))) {
            let rule = like.rule(kind);
            let mut again = Like::Euler.rule(NeuronKind::Lif);
            for (name, word) in rule.words() {
                again.set(name, &word).unwrap();
            }
            assert_eq!(again, rule, "{} {}", like.name(), kind.name());
        }
    }

    #[test]
    fn every_word_is_a_choice_of_its_own_and_nothing_else_is() {
        for field in &FIELDS {
            let mut made = Vec::new();
            for word in field.words {
                let mut rule = Like::Euler.rule(NeuronKind::Lif);
                rule.set(field.name, &word.replace('N', "7")).unwrap();
                assert!(!made.contains(&rule), "{} {word}", field.name);
                made.push(rule);
            }
        }
        let text = |name, word| Like::Euler.rule(NeuronKind::Lif).set(name, word).unwrap_err().to_string();
        assert_eq!(text("reset", "0"), "reset: `0` is not a choice; there are zero, value, subtract");
        assert_eq!(text("spikes", "0"), "spikes: `0` is not a choice; there are single, multi, N");
        assert!(
            text("rest", "zero").starts_with("rest: there is no such field of a rule; there are integration, gain,")
        );
    }
}
