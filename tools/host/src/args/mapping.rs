//! The flags that say how a network is mapped: one for each option of the mapper, made from its table.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};
use mapper::MapperOptions;
use mapper::options::{OPTIONS, OptionInfo, OptionValues};

/// The flags that were given, with their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct MappingFlags {
    given: Vec<(&'static str, String)>,
}

impl MappingFlags {
    /// The first flag that was given, with its dashes.
    pub(crate) fn first(&self) -> Option<String> {
        let option = OptionInfo::find(self.given.first()?.0)?;
        Some(format!("--{}", option.flag))
    }

    /// Sets in `options` what was given: a flag beats a key of the file.
    pub(crate) fn apply(&self, options: &mut MapperOptions) {
        for (key, value) in &self.given {
            options.set(key, value).expect("the parser took only what the option can be");
        }
    }
}

impl FromArgMatches for MappingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |option: &OptionInfo| Some((option.key, matches.get_one::<String>(option.key)?.clone()));
        Ok(Self { given: flags().filter_map(given).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for MappingFlags {
    fn augment_args(command: Command) -> Command {
        flags().map(flag).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The options whose flags are made here. That of the die has companions of its own, and means more where a network
/// also runs.
fn flags() -> impl Iterator<Item = &'static OptionInfo> {
    OPTIONS.iter().filter(|option| !matches!(option.values, OptionValues::Die))
}

/// The flag of an option.
fn flag(option: &'static OptionInfo) -> Arg {
    let values = match option.values {
        // What else it can be than these names cannot be listed, so all of it stands in the text.
        OptionValues::ChoiceOrFile(_) | OptionValues::File(_) => format!(": {}", option.possible()),
        _ => String::new(),
    };
    let help = format!("{}{values}; `{}` if not given here or in the file", option.doc, option.default);
    let arg = Arg::new(option.key).long(option.flag).help(help);
    let arg = match option.former {
        Some([_, flag]) => arg.alias(flag),
        None => arg,
    };
    match option.values {
        OptionValues::Choice(choices) => {
            let value = |(name, doc): &(&'static str, &'static str)| PossibleValue::new(*name).help(*doc);
            let names = choices.iter().map(value);
            arg.value_name("CHOICE").value_parser(PossibleValuesParser::new(names))
        }
        OptionValues::ChoiceOrFile(_) => arg.value_name("CHOICE|FILE").value_parser(checked(option)),
        OptionValues::File(_) => arg.value_name("FILE").value_parser(checked(option)),
        OptionValues::Number => arg.value_name("X").allow_negative_numbers(true).value_parser(checked(option)),
        OptionValues::Die => arg.value_name("N|FILE").value_parser(checked(option)),
        OptionValues::Count => arg.value_name("N").allow_negative_numbers(true).value_parser(checked(option)),
    }
}

/// The text of a value that the option can have.
fn checked(option: &'static OptionInfo) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
    move |text: &str| option.set(&mut MapperOptions::default(), text).map(|()| text.to_owned())
}
