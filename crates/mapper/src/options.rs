//! The options of a mapping as text: one table with name, values and meaning of each.
//!
//! Flags of the command line, keys of the table `[mapping]` in network and study files, and the lines of the
//! documentation all come from [`OPTIONS`]; a test holds that every field of [`MapperOptions`] is in it.

use crate::{
    Activity, CoreSharing, DieChoice, MapperOptions, OverFull, Placing, PruneBy, Scale, SmallWeights, WeightGoal,
    WeightsFor,
};

/// What an option can be.
#[derive(Clone, Copy, Debug)]
pub enum OptionValues {
    /// One of these names, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// A number of at least 0, or as many percent.
    Number,
    /// A whole number from 1.
    Count,
    /// One of these names, each with what it means, or the path of a file.
    ChoiceOrFile(&'static [(&'static str, &'static str)]),
    /// `none`, the number of a die, or the path of a file that describes one.
    Die,
    /// The path of a file that ends in one of these.
    File(&'static [&'static str]),
}

/// An option of a mapping.
pub struct OptionInfo {
    /// Its key in files.
    pub key: &'static str,
    /// Its flag, without the dashes before it: the key with `-` for `_`.
    pub flag: &'static str,
    /// The key and the flag that it had in earlier releases; both are still understood.
    pub former: Option<[&'static str; 2]>,
    /// What it can be.
    pub values: OptionValues,
    /// What it is for, in a line.
    pub doc: &'static str,
    /// What holds if it is not given.
    pub default: &'static str,
    set: fn(&mut MapperOptions, &str) -> bool,
}

impl OptionInfo {
    /// The option with this key, or that had it.
    pub fn find(key: &str) -> Option<&'static Self> {
        OPTIONS.iter().find(|option| option.key == key || option.former.is_some_and(|[former, _]| former == key))
    }

    /// Sets the option to what `text` says.
    ///
    /// # Errors
    /// What it can be, if that is none of it.
    pub fn set(&self, options: &mut MapperOptions, text: &str) -> Result<(), String> {
        if (self.set)(options, text) {
            return Ok(());
        }
        Err(format!("`{}` is {}, not `{text}`", self.key, self.possible()))
    }

    /// What it can be, in words.
    pub fn possible(&self) -> String {
        match self.values {
            OptionValues::Choice(choices) => names(choices),
            OptionValues::ChoiceOrFile(choices) => format!("{} or a file of places (`.csv`)", names(choices)),
            OptionValues::File(endings) => {
                let endings: Vec<String> = endings.iter().map(|ending| format!("`{ending}`")).collect();
                format!("the path of a file ending in {}", endings.join(" or "))
            }
            OptionValues::Number => "a number of at least 0, or percent (`0.05` or `5 %`)".into(),
            OptionValues::Count => "a whole number from 1 to 65535".into(),
            OptionValues::Die => "`none`, the number of a die, or a measured die (`.csv` or `.npz`)".into(),
        }
    }
}

/// The names of choices in words.
fn names(choices: &[(&str, &str)]) -> String {
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.join(" or ")
}

/// A choice with its names.
trait Named: Sized + Copy + 'static {
    const ALL: &'static [(&'static str, Self)];

    fn named(text: &str, into: &mut Self) -> bool {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.is_some_and(|(_, value)| {
            *into = *value;
            true
        })
    }
}

/// The names of a choice once, for the reader and for the table.
macro_rules! named {
    ($($list:ident: $choice:ident { $($name:literal => $variant:ident, $doc:literal;)* })*) => {$(
        impl Named for $choice {
            const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),*];
        }

        const $list: OptionValues = OptionValues::Choice(&[$(($name, $doc)),*]);
    )*};
}

named! {
    OVER_FULL: OverFull {
        "error" => Error, "refuse the network";
        "prune" => Prune, "take the connections away that matter least and report them as lost";
        "split" => Split, "share the work of a neuron out to several, where that is the same network";
        "join" => Join, "join 2, 4, 8, ... circuits to one neuron (BrainScaleS-2)";
    }
    PRUNE_BY: PruneBy {
        "weight" => Weight, "the size of its weight";
        "activity" => Activity, "its weight times the spikes of its source, as the option `activity` has them";
    }
    SMALL_WEIGHTS: SmallWeights {
        "nearest" => Nearest, "the nearest weight that the core can make, 0 included";
        "keep" => Keep, "the nearest weight that is not 0, so that no connection goes";
    }
    WEIGHT_GOAL: WeightGoal {
        "rms" => Rms, "the root mean square of the errors";
        "relative" => Relative, "the root mean square of the errors, each relative to its weight";
        "max" => Max, "the largest error";
    }
    WEIGHTS_FOR: WeightsFor {
        "kept" => Kept, "those that are mapped";
        "all" => All, "those that are removed or pruned too, so that the others get the weights that they would have beside them";
    }
    CORE_SHARING: CoreSharing {
        "on" => On, "wherever the chip lets them, if nothing gets worse by it or no fresh core is left";
        "off" => Off, "every population starts with a fresh core";
    }
    SCALE: Scale {
        "none" => None, "weights are taken as they are, and other numbers are refused";
        "auto" => Auto, "one factor a layer, for weights, thresholds and biases";
    }
}

/// What files of activity end in.
const ACTIVITY_ENDINGS: &[&str] = &[".csv"];

/// Every option of a mapping.
pub const OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "over_full",
        flag: "over-full",
        former: Some(["over_fan_in", "over-fan-in"]),
        values: OVER_FULL,
        doc: "What to do where the network needs more of something than the chip has",
        default: "error",
        set: |options, text| Named::named(text, &mut options.over_full),
    },
    OptionInfo {
        key: "prune_by",
        flag: "prune-by",
        former: None,
        values: PRUNE_BY,
        doc: "What says how much a connection matters, where `over_full = prune` takes some away",
        default: "weight",
        set: |options, text| Named::named(text, &mut options.prune_by),
    },
    OptionInfo {
        key: "activity",
        flag: "activity",
        former: None,
        values: OptionValues::File(ACTIVITY_ENDINGS),
        doc: "Spikes of a run of the same network: how often each source sends, for `prune_by` and `placement`",
        default: "all sources send alike",
        set: |options, text| {
            let is_file = ACTIVITY_ENDINGS.iter().any(|ending| text.ends_with(ending) && text.len() > ending.len());
            if is_file {
                options.activity = Activity::File(text.into());
            }
            is_file
        },
    },
    OptionInfo {
        key: "small_weights",
        flag: "small-weights",
        former: None,
        values: SMALL_WEIGHTS,
        doc: "What becomes of a weight that is nearer to 0 than to any weight that the core can make",
        default: "nearest",
        set: |options, text| Named::named(text, &mut options.small_weights),
    },
    OptionInfo {
        key: "weight_goal",
        flag: "weight-goal",
        former: None,
        values: WEIGHT_GOAL,
        doc: "What the search for the weights of a core keeps small",
        default: "rms",
        set: |options, text| Named::named(text, &mut options.weight_goal),
    },
    OptionInfo {
        key: "weights_for",
        flag: "weights-for",
        former: None,
        values: WEIGHTS_FOR,
        doc: "Which connections the weights of a core are chosen for, where all of a core share them (DYNAP-SE2)",
        default: "kept",
        set: |options, text| Named::named(text, &mut options.weights_for),
    },
    OptionInfo {
        key: "max_weight_error",
        flag: "max-weight-error",
        former: None,
        values: OptionValues::Number,
        doc: "Refuse a mapping with a larger error of a projection's weights, as a part of their root mean square",
        default: "any",
        set: |options, text| {
            let error = part(text);
            options.max_weight_error = error.or(options.max_weight_error);
            error.is_some()
        },
    },
    OptionInfo {
        key: "core_sharing",
        flag: "core-sharing",
        former: None,
        values: CORE_SHARING,
        doc: "Whether populations may sit in one core",
        default: "on",
        set: |options, text| Named::named(text, &mut options.core_sharing),
    },
    OptionInfo {
        key: "scale",
        flag: "scale",
        former: None,
        values: SCALE,
        doc: "Whether a chip of whole numbers (Xylo) may bring real weights to whole ones",
        default: "none",
        set: |options, text| Named::named(text, &mut options.scale),
    },
    OptionInfo {
        key: "chips",
        flag: "chips",
        former: None,
        values: OptionValues::Count,
        doc: "How many chips of the board may be used",
        default: "all",
        set: |options, text| match text.parse::<u16>() {
            Ok(chips) if chips > 0 => {
                options.chips = Some(chips);
                true
            }
            _ => false,
        },
    },
    OptionInfo {
        key: "placement",
        flag: "placement",
        former: None,
        values: OptionValues::ChoiceOrFile(&[
            ("order", "first fit in the order of the network"),
            ("optimised", "as little traffic between cores as a search finds"),
        ]),
        doc: "Which neuron sits in which core",
        default: "order",
        set: |options, text| {
            let placement = match text {
                "order" => Placing::Order,
                "optimised" => Placing::Optimised,
                // What is no name is a file, but a slip of the pen is not.
                file if file.ends_with(".csv") => Placing::File(file.into()),
                _ => return false,
            };
            options.placement = placement;
            true
        },
    },
    OptionInfo {
        key: "die",
        flag: "die",
        former: None,
        values: OptionValues::Die,
        doc: "The die that the mapping is for: away from its broken circuits, codes for its slots",
        default: "none",
        set: |options, text| {
            options.die = match (text, text.parse::<u32>()) {
                ("none", _) => DieChoice::None,
                // A sign or a blank is a slip of the pen.
                (_, Ok(number)) if text.bytes().all(|byte| byte.is_ascii_digit()) => DieChoice::Number(number),
                (file, _) if file.ends_with(".csv") || file.ends_with(".npz") => DieChoice::File(file.into()),
                _ => return false,
            };
            true
        },
    },
];

/// A part of something, as a number or in percent.
fn part(text: &str) -> Option<f64> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let part = number.parse::<f64>().ok()? / whole;
    (part >= 0.0 && part.is_finite()).then_some(part)
}

impl MapperOptions {
    /// Sets the option `key` to what `text` says, as a file has it.
    ///
    /// # Errors
    /// The options that there are, or what this one can be.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), String> {
        match OptionInfo::find(key) {
            Some(option) => option.set(self, text),
            None => {
                let known: Vec<&str> = OPTIONS.iter().map(|option| option.key).collect();
                Err(format!("a mapping has no option `{key}`; it has {}", known.join(", ")))
            }
        }
    }
}

/// The table of the options in Markdown, as the documentation has it.
pub fn markdown() -> String {
    let mut text = String::from("| key | flag | values | default | what it is |\n|---|---|---|---|---|\n");
    for option in OPTIONS {
        let values = match option.values {
            OptionValues::Choice(choices) => {
                let all: Vec<String> = choices.iter().map(|(name, doc)| format!("`{name}`: {doc}")).collect();
                all.join("; ")
            }
            OptionValues::ChoiceOrFile(choices) => {
                let all: Vec<String> = choices.iter().map(|(name, doc)| format!("`{name}`: {doc}")).collect();
                format!("{}; a file ending in `.csv`: as it says ([placement.md](placement.md))", all.join("; "))
            }
            OptionValues::File(_) | OptionValues::Number | OptionValues::Count => option.possible(),
            OptionValues::Die => {
                "`none`; a number: that of a die, of those that `--seed` numbers; a file ending in `.csv` or `.npz`: a \
                 measured die ([measured-die.md](measured-die.md))"
                    .into()
            }
        };
        let (key, flag) = (option.key, option.flag);
        text += &format!("| `{key}` | `--{flag}` | {values} | {} | {} |\n", option.default, option.doc);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of the options without an entry in the table does not compile here, or is missed by the count.
    #[test]
    fn every_option_is_in_the_table_and_can_be_set() {
        let MapperOptions {
            over_full: _,
            prune_by: _,
            activity: _,
            small_weights: _,
            weight_goal: _,
            weights_for: _,
            max_weight_error: _,
            core_sharing: _,
            scale: _,
            chips: _,
            placement: _,
            die: _,
        } = MapperOptions::default();
        assert_eq!(OPTIONS.len(), 12);
        for option in OPTIONS {
            assert_eq!(option.flag, option.key.replace('_', "-"));
            let all = match option.values {
                OptionValues::Choice(choices) => choices.iter().map(|(name, _)| *name).collect(),
                OptionValues::Number => vec!["0", "0.05", "1e3"],
                OptionValues::Count => vec!["1", "65535"],
                OptionValues::File(_) => vec!["a.csv", "b.csv"],
                OptionValues::ChoiceOrFile(choices) => choices.iter().map(|(name, _)| *name).chain(["a.csv"]).collect(),
                OptionValues::Die => vec!["none", "0", "17", "a.csv", "b/a.npz"],
            };
            let mut reached = Vec::new();
            for text in &all {
                let mut options = MapperOptions::default();
                options.set(option.key, text).unwrap();
                assert!(!reached.contains(&options), "{} = {text} changes nothing", option.key);
                if *text == option.default {
                    assert_eq!(options, MapperOptions::default(), "{}", option.key);
                }
                reached.push(options);
            }
            for wrong in ["", "-1", "nan", "inf", "sometimes", "ON"] {
                let error = MapperOptions::default().set(option.key, wrong).unwrap_err();
                assert!(error.contains(option.key) && error.contains(wrong), "{error}");
            }
        }
        let (mut former, mut now) = (MapperOptions::default(), MapperOptions::default());
        former.set("over_fan_in", "prune").unwrap();
        now.set("over_full", "prune").unwrap();
        assert_eq!(former, now);
        let error = MapperOptions::default().set("core-sharing", "on").unwrap_err();
        assert!(error.contains("`core-sharing`") && error.contains("core_sharing"), "{error}");
    }

    /// The pages that tell of `[mapping]`, and of the limits, have the very tables.
    #[test]
    fn the_documentation_has_the_table() {
        let options = ("| key | flag |", markdown());
        let limits = ("| chips | limit |", crate::limits::markdown());
        for (page, (head, table)) in
            [("formats/network", &options), ("formats/study", &options), ("over-full", &limits)]
        {
            let path = format!("{}/../../docs/{page}.md", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&path).unwrap();
            if text.contains(table) {
                continue;
            }
            let start = text.find(head).unwrap_or_else(|| panic!("{page}.md has no table of `[mapping]`"));
            let rows = text[start..].split_inclusive('\n').take_while(|line| line.starts_with('|'));
            let end = start + rows.map(str::len).sum::<usize>();
            if std::env::var("MAPPING_TABLE").is_ok_and(|mode| mode == "write") {
                std::fs::write(&path, format!("{}{table}{}", &text[..start], &text[end..])).unwrap();
                continue;
            }
            panic!("{page}.md has another table of the options: run this with MAPPING_TABLE=write\n{table}");
        }
    }
}
