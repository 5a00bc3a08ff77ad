//! What the text of an argument can stand for.

use disorder::{Centre, Family};
use formats::output::STANDARD_OUTPUT;
use formats::sensor::{FORMATS, Sensor, SensorFormat};
use formats::suggestion;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use units::{Decimal, Dimension, Quantity};

/// How often something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    /// At every so many ticks.
    Ticks(u64),
    /// After so much time.
    Time(Quantity),
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u64>() {
            Ok(0) => Err("there is no sample at every 0th tick: give 1 or more".into()),
            Ok(ticks) => Ok(Self::Ticks(ticks)),
            Err(_) => time(text).map(Self::Time),
        }
    }
}

/// A die: one of those that a seed numbers, or one that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhichDie {
    /// Drawn, with this number.
    Number(u32),
    /// As this file says.
    File(PathBuf),
}

impl FromStr for WhichDie {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.ends_with(".csv") || text.ends_with(".npz") {
            return Ok(Self::File(text.into()));
        }
        count(text).map(Self::Number).map_err(|why| format!("{why}, or a measured die (a file ending in .csv or .npz)"))
    }
}

impl fmt::Display for WhichDie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::File(file) => file.display().fmt(f),
        }
    }
}

impl WhichDie {
    /// As JSON has it: a number, or the name of a file.
    pub(crate) fn json(&self) -> serde_json::Value {
        match self {
            Self::Number(number) => (*number).into(),
            Self::File(file) => file.display().to_string().into(),
        }
    }
}

/// The time in an input that is tick 0 of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// That of the first event.
    First,
    /// A time.
    Time(Quantity),
    /// A number of ticks.
    Ticks(u64),
}

impl FromStr for Beginning {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "first" => Ok(Self::First),
            text => match text.parse() {
                Ok(ticks) => Ok(Self::Ticks(ticks)),
                Err(_) => time(text).map(Self::Time).map_err(|why| format!("{why}, a number of ticks, or `first`")),
            },
        }
    }
}

/// A picture to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FigureFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: FigureKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FigureKind {
    Svg,
    Html,
}

impl FromStr for FigureFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        if text == STANDARD_OUTPUT {
            return Ok(Self { path, kind: FigureKind::Svg });
        }
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => FigureKind::Svg,
            Some("html" | "htm") => FigureKind::Html,
            _ => return Err("a figure is a file that ends in .svg or .html, or `-` for standard output".into()),
        };
        Ok(Self { path, kind })
    }
}

/// A length of time, longer than 0, with its unit: `5ms`, `0.5 s`.
pub(super) fn time(text: &str) -> Result<Quantity, String> {
    // The unit is the letters at the end; those of an exponent stand before a digit.
    let digits = text.trim_end_matches(char::is_alphabetic);
    if digits.len() == text.len() {
        return Err("a time has a unit, such as 5ms".into());
    }
    let spelt = format!("{} {}", digits.trim_end(), &text[digits.len()..]);
    let refused = |why: String| format!("{why}; write a time with its unit, such as 5ms");
    let time: Quantity = spelt.parse().map_err(|error: units::QuantityError| refused(error.to_string()))?;
    match time.unit.dimension() {
        Dimension::Time if time.value.signum() > 0 => Ok(time),
        Dimension::Time => Err(refused(format!("{time} is not longer than 0"))),
        _ => Err(refused(format!("{time} is no time"))),
    }
}

/// A whole number that is not negative.
pub(super) fn count<T: TryFrom<u128> + Copy>(text: &str) -> Result<T, String> {
    within(text, 0, u128::MAX)
}

/// A whole number from `LOW` to `HIGH`.
pub(super) fn from_to<const LOW: u128, const HIGH: u128>(text: &str) -> Result<u32, String> {
    within(text, LOW, HIGH)
}

fn within<T: TryFrom<u128> + Copy>(text: &str, low: u128, high: u128) -> Result<T, String> {
    let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("a whole number is needed, such as 100".into());
    }
    // More digits than any type has are more than any type holds.
    let value = digits.parse::<u128>().unwrap_or(u128::MAX);
    if sign == "-" && value > 0 {
        return Err("a number below 0 is impossible here".into());
    }
    if !(low..=high).contains(&value) {
        return Err(format!("{value} is not in {low}..={high}"));
    }
    let bits = 8 * size_of::<T>();
    T::try_from(value).map_err(|_| format!("the largest number here is {}", u128::MAX >> (128 - bits)))
}

/// The length of a tick.
pub(super) fn parse_tick(text: &str) -> Result<Quantity, String> {
    time(text)
}

/// A coefficient of variation: an exact decimal that is not negative.
pub(super) fn parse_cv(text: &str) -> Result<Decimal, String> {
    let cv: Decimal = text.parse().map_err(|error: units::DecimalError| error.to_string())?;
    if cv.signum() < 0 {
        return Err("a coefficient of variation is a standard deviation over a mean and cannot be negative".into());
    }
    Ok(cv)
}

/// A value for every parameter, or `NAME=VALUE` for the one of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForParameter<T> {
    /// The parameter; all of them if there is none.
    pub(crate) name: Option<String>,
    /// The value.
    pub(crate) value: T,
}

fn for_parameter<T>(text: &str, parse: fn(&str) -> Result<T, String>) -> Result<ForParameter<T>, String> {
    match text.split_once('=') {
        Some(("", _)) => Err("a name goes before the `=`, as in tau_mem=0.5".into()),
        Some((name, value)) => Ok(ForParameter { name: Some(name.into()), value: parse(value)? }),
        None => Ok(ForParameter { name: None, value: parse(text)? }),
    }
}

/// `0.5` or `tau_mem=0.5`.
pub(super) fn parse_cvs(text: &str) -> Result<ForParameter<Decimal>, String> {
    for_parameter(text, parse_cv)
}

/// `gamma` or `tau_mem=gamma`.
pub(super) fn parse_families(text: &str) -> Result<ForParameter<Family>, String> {
    for_parameter(text, |name| named(name, &Family::ALL, Family::name))
}

/// `tau_mem=4`.
pub(super) fn parse_sources(text: &str) -> Result<(String, u32), String> {
    let found = for_parameter(text, count::<u32>)?;
    let name = found.name.ok_or("the parameter and the number of the die are needed, as in tau_mem=4")?;
    Ok((name, found.value))
}

/// `mean` or `median`.
pub(super) fn parse_centre(text: &str) -> Result<Centre, String> {
    named(text, &Centre::ALL, Centre::name)
}

/// The one of `all` that is spelt `text`.
fn named<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let known: Vec<String> = all.iter().map(|one| name(*one).to_string()).collect();
    match all.iter().find(|one| name(**one) == text) {
        Some(one) => Ok(*one),
        None => Err(suggestion(text, &known, "possible are").unwrap_or_default()),
    }
}

/// The size of a sensor: `34x34` or `64`.
pub(super) fn parse_sensor(text: &str) -> Result<Sensor, String> {
    let wrong = || format!("`{text}` is not a size such as 34x34 (columns x rows) or 64 (channels), from 1 to 65535");
    let number = |text: &str| text.parse::<u16>().ok().filter(|n| *n > 0).ok_or_else(wrong);
    match text.split_once('x') {
        Some((width, height)) => Ok(Sensor::Pixels { width: number(width)?, height: number(height)? }),
        None => Ok(Sensor::Channels(number(text)?.into())),
    }
}

/// A format of recordings by its name.
pub(super) fn parse_format(text: &str) -> Result<&'static SensorFormat, String> {
    SensorFormat::named(text).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        format!("`{text}` is no format of recordings: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_begins_at_a_time_a_tick_or_the_first_event() {
        assert_eq!("first".parse(), Ok(Beginning::First));
        assert_eq!("0".parse(), Ok(Beginning::Ticks(0)));
        assert_eq!("1.5s".parse(), Ok(Beginning::Time("1.5 s".parse().expect("a quantity"))));
        for wrong in ["", "last", "-1", "-1s", "5 mV"] {
            assert!(wrong.parse::<Beginning>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_die_is_a_number_or_a_file() {
        assert_eq!("3".parse(), Ok(WhichDie::Number(3)));
        assert_eq!("3.csv".parse(), Ok(WhichDie::File("3.csv".into())));
        assert_eq!("a/die.npz".parse(), Ok(WhichDie::File("a/die.npz".into())));
        for wrong in ["", "-1", "die", "die.txt", "4294967296"] {
            assert!(wrong.parse::<WhichDie>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn intervals_are_ticks_or_times() {
        let time = |text: &str| Ok(Interval::Time(text.parse().expect("a quantity")));
        assert_eq!("3".parse(), Ok(Interval::Ticks(3)));
        assert_eq!("5ms".parse(), time("5 ms"));
        assert_eq!("0.5 s".parse(), time("0.5 s"));
        assert_eq!("1e-3s".parse(), time("1e-3 s"));
        for wrong in ["", "0", "-1", "ms", "0ms", "-1ms", "5 mV", "5m s", "5 parsecs", "nan s", "1.5", "\u{b5}"] {
            assert!(wrong.parse::<Interval>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_say_what_is_wrong_with_them() {
        assert_eq!((count("0"), count("+7"), count("-0")), (Ok(0u64), Ok(7), Ok(0)));
        assert_eq!((count("18446744073709551615"), from_to::<1, 9>("9")), (Ok(u64::MAX), Ok(9)));
        let wrong = |text: &str| count::<u16>(text).unwrap_err();
        assert_eq!(wrong("-5"), "a number below 0 is impossible here");
        assert_eq!((wrong("65536"), wrong(&"9".repeat(99))), (wrong("70000"), wrong("65536")));
        assert_eq!(wrong("65536"), "the largest number here is 65535");
        for text in ["", "-", "+", "1.5", "1e3", "0x1", " 1", "five", "\u{661}"] {
            assert_eq!(wrong(text), "a whole number is needed, such as 100", "{text}");
        }
        for text in ["0", "10"] {
            assert_eq!(from_to::<1, 9>(text), Err(format!("{text} is not in 1..=9")));
        }
    }

    #[test]
    fn a_figure_is_known_by_its_end() {
        let kind = |text: &str| text.parse::<FigureFile>().map(|file| file.kind);
        assert_eq!((kind("a/b.svg"), kind("b.html")), (Ok(FigureKind::Svg), Ok(FigureKind::Html)));
        assert_eq!(kind("-"), Ok(FigureKind::Svg));
        for wrong in ["", "svg", "a.png", "a.svg.gz", "a."] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
