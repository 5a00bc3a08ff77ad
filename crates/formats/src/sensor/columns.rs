//! What the columns of texts and arrays are, by the names that people give them.

use std::fmt;
use std::str::FromStr;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Times; with their unit, if the name has it.
    Time(Option<TimeUnit>),
    /// Column of the pixel.
    X,
    /// Row of the pixel.
    Y,
    /// Polarity: 1 for rising light, 0 or -1 for falling.
    Polarity,
    /// Number of a channel, or an address of any sensor.
    Address,
    /// Something else.
    Other,
}

/// A unit of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

/// Names of columns.
const NAMES: &[(&str, Column)] = &[
    ("t", Column::Time(None)),
    ("ts", Column::Time(None)),
    ("time", Column::Time(None)),
    ("times", Column::Time(None)),
    ("timestamp", Column::Time(None)),
    ("timestamps", Column::Time(None)),
    ("x", Column::X),
    ("col", Column::X),
    ("column", Column::X),
    ("y", Column::Y),
    ("row", Column::Y),
    ("p", Column::Polarity),
    ("pol", Column::Polarity),
    ("polarity", Column::Polarity),
    ("polarities", Column::Polarity),
    ("on", Column::Polarity),
    ("address", Column::Address),
    ("addresses", Column::Address),
    ("addr", Column::Address),
    ("channel", Column::Address),
    ("channels", Column::Address),
    ("ch", Column::Address),
    ("id", Column::Address),
    ("ids", Column::Address),
    ("unit", Column::Address),
    ("units", Column::Address),
    ("neuron", Column::Address),
    ("neurons", Column::Address),
    ("-", Column::Other),
];

/// Units, the exponent of ten that makes microseconds of them, and their names.
const UNITS: &[(TimeUnit, i32, &[&str])] = &[
    (TimeUnit::Nanoseconds, -3, &["ns", "nsec", "nanoseconds"]),
    (TimeUnit::Microseconds, 0, &["us", "usec", "\u{b5}s", "\u{3bc}s", "microseconds"]),
    (TimeUnit::Milliseconds, 3, &["ms", "msec", "milliseconds"]),
    (TimeUnit::Seconds, 6, &["s", "sec", "seconds"]),
];

impl TimeUnit {
    /// The exponent of ten that makes microseconds of it.
    pub(super) fn exponent(self) -> i32 {
        UNITS.iter().find(|(unit, ..)| *unit == self).map_or(0, |(_, exponent, _)| *exponent)
    }
}

impl FromStr for TimeUnit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        let found = UNITS.iter().find(|(_, _, names)| names.contains(&text.as_str()));
        found.map(|(unit, ..)| *unit).ok_or_else(|| format!("`{text}` is no unit of time: s, ms, us or ns"))
    }
}

impl Column {
    /// What a column called `name` holds: a word of the table in any case, and for times a unit after it, as in `t_us`,
    /// `Time [ms]` or `timestamp(s)`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches(['"', '\'']).to_lowercase();
        let known = |word: &str| NAMES.iter().find(|(known, _)| *known == word).map(|(_, column)| *column);
        if let Some(column) = known(name.trim()) {
            return Some(column);
        }
        let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        match (known(words.next()?)?, words.next(), words.next()) {
            (Self::Time(_), Some(unit), None) => Some(Self::Time(Some(unit.parse().ok()?))),
            (column, Some("addr" | "address" | "coordinate"), None) => Some(column),
            (column, None, None) => Some(column),
            _ => None,
        }
    }
}

/// The columns of a text or of rows, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// These columns: one of times, and either one of addresses or x, y and polarity, each once.
    ///
    /// # Errors
    /// What is missing, or there twice.
    pub(super) fn new(columns: Vec<Column>) -> Result<Self, String> {
        let count = |kind: &str, is: fn(&Column) -> bool| match columns.iter().filter(|column| is(column)).count() {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(format!("two columns hold {kind}")),
        };
        let time = count("times", |column| matches!(column, Column::Time(_)))?;
        let address = count("addresses", |column| *column == Column::Address)?;
        let place = [
            count("x", |column| *column == Column::X)?,
            count("y", |column| *column == Column::Y)?,
            count("polarities", |column| *column == Column::Polarity)?,
        ];
        match (time, address, place) {
            (false, ..) => Err("no column holds times".into()),
            (true, false, [true, true, true]) | (true, true, [false, false, false]) => Ok(Self(columns)),
            (true, true, _) => Err("one column holds addresses, and others parts of a place".into()),
            (true, false, _) => Err("events need addresses, or x, y and polarity".into()),
        }
    }

    /// What column `index` holds.
    pub(super) fn at(&self, index: usize) -> Column {
        self.0.get(index).copied().unwrap_or(Column::Other)
    }

    pub(super) fn position(&self, is: impl Fn(Column) -> bool) -> Option<usize> {
        self.0.iter().position(|column| is(*column))
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether events have addresses, and not places.
    pub(super) fn have_addresses(&self) -> bool {
        self.0.contains(&Column::Address)
    }

    /// The unit of the times, if the name of their column says it.
    pub(super) fn time_unit(&self) -> Option<TimeUnit> {
        self.0.iter().find_map(|column| if let Column::Time(unit) = column { *unit } else { None })
    }
}

impl FromStr for Columns {
    type Err = String;

    /// Reads `t,x,y,p` or `address,time`.
    fn from_str(text: &str) -> Result<Self, String> {
        let column = |name: &str| {
            Column::named(name).ok_or_else(|| {
                format!("`{}` is no column: t, x, y, p, address, or `-` for one that is skipped", name.trim())
            })
        };
        Self::new(text.split(',').map(column).collect::<Result<_, _>>()?)
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, column) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            f.write_str(match column {
                Column::Time(_) if self.have_addresses() => "time",
                Column::Time(_) => "t",
                Column::X => "x",
                Column::Y => "y",
                Column::Polarity => "p",
                Column::Address => "address",
                Column::Other => "-",
            })?;
        }
        Ok(())
    }
}

/// A decimal number, exactly: its digits and the exponent of ten that they are multiplied with.
pub(super) fn decimal(text: &str) -> Option<(i128, i32)> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    // 30 digits are less than 2^127, and more than any clock has.
    if all().count() == 0 || all().count() > 30 || !all().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = all().fold(0i128, |value, byte| 10 * value + i128::from(byte - b'0'));
    Some((sign * value, i32::from(exponent) - fraction.len() as i32))
}

/// `digits` * 10^`exponent` as a whole number, to nearest, halves up; and whether it is one.
pub(super) fn whole((digits, exponent): (i128, i32)) -> Option<(i128, bool)> {
    let power = |n: u32| 10i128.checked_pow(n);
    if exponent >= 0 {
        return if digits == 0 { Some((0, true)) } else { Some((digits.checked_mul(power(exponent as u32)?)?, true)) };
    }
    let Some(divisor) = power(exponent.unsigned_abs()) else { return Some((0, digits == 0)) };
    let (floor, rest) = (digits.div_euclid(divisor), digits.rem_euclid(divisor));
    Some((floor + i128::from(rest >= divisor - rest), rest == 0))
}
