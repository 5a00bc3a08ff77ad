//! Values and what can be read from them.

use super::{Document, Table};
use crate::error::{Place, Problem};
use std::ops::Range;
use toml::de::DeValue;
use units::{Decimal, Quantity, QuantityError, Unit};

/// A value of the file.
#[derive(Clone)]
pub struct Value<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) value: &'d DeValue<'d>,
    pub(super) span: Range<usize>,
    pub(super) path: String,
}

/// An entry of a table whose keys are the user's own names.
#[derive(Clone)]
pub struct Entry<'d> {
    /// The key.
    pub name: String,
    /// The value.
    pub value: Value<'d>,
}

/// What can be read from a value.
pub trait FromValue<'d>: Sized {
    /// Reads `value`; `None` if that is not possible, after an error was noted.
    fn from_value(value: &Value<'d>) -> Option<Self>;
}

impl<'d> Value<'d> {
    /// Dotted path of the value.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where the value stands.
    pub(crate) fn place(&self) -> Place {
        Place::new(&self.document.file, self.document.text, self.span.clone(), &self.path)
    }

    /// Reads the value as a `T`; `None` after noting an error.
    pub fn read<T: FromValue<'d>>(&self) -> Option<T> {
        T::from_value(self)
    }

    /// Whether this is a table.
    pub fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// Whether this is an array.
    pub fn is_array(&self) -> bool {
        self.value.is_array()
    }

    /// Whether this is a string.
    pub fn is_string(&self) -> bool {
        self.value.is_str()
    }

    /// A single value as text, without the quotes of a string: for keys whose values another crate reads.
    pub fn scalar(&self) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.to_string()),
            DeValue::Float(number) => Some(number.to_string()),
            DeValue::Boolean(truth) => Some(truth.to_string()),
            _ => self.wrong_type("a single value"),
        }
    }

    /// The entries of a table of options, each handed to `set` with its value as text; what that refuses is noted in
    /// its place.
    pub fn options(&self, mut set: impl FnMut(&str, &str) -> Result<(), String>) -> Option<()> {
        let each = |entry: Entry<'d>| match set(&entry.name, &entry.value.scalar()?) {
            Ok(()) => Some(()),
            Err(message) => entry.value.reject("mapping-options", message),
        };
        // All are read, so that all mistakes are found.
        let all: Vec<Option<()>> = self.open_table()?.entries().into_iter().map(each).collect();
        all.into_iter().collect()
    }

    /// The value as a table that may have the keys `known`. Others are noted as errors.
    pub fn table(&self, known: &[&str]) -> Option<Table<'d>> {
        Some(self.open_table()?.with_keys(known.iter().copied()))
    }

    /// The value as a table whose keys are the user's own names; see [`Table::entries`].
    pub fn open_table(&self) -> Option<Table<'d>> {
        match self.value {
            DeValue::Table(table) => Some(self.document.table(table, &self.path, self.span.clone())),
            _ => self.wrong_type("a table"),
        }
    }

    /// The elements of an array.
    pub fn array(&self) -> Option<Vec<Value<'d>>> {
        let DeValue::Array(array) = self.value else { return self.wrong_type("an array") };
        let element = |(index, value): (usize, &'d toml::Spanned<DeValue<'d>>)| Value {
            document: self.document,
            value: value.get_ref(),
            span: value.span(),
            path: format!("{}[{index}]", self.path),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    /// A string that names one of `choices`; `what` is what it names, with its article (`a core model`).
    pub fn one_of<T: Copy>(&self, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let name = self.read::<String>()?;
        let found = choices.iter().find(|(choice, _)| *choice == name).map(|(_, value)| *value);
        if found.is_none() {
            let known = choices.iter().map(|(choice, _)| choice.to_string()).collect();
            self.report(Problem::UnknownName { what: what.into(), name, known });
        }
        found
    }

    /// Notes an error at this value.
    pub fn report(&self, problem: Problem) {
        self.document.note(self.span.clone(), &self.path, problem);
    }

    /// Notes a broken rule at this value; always `None`, so that a reading function can end with it.
    pub fn reject<T>(&self, rule: &'static str, message: impl Into<String>) -> Option<T> {
        self.report(Problem::Rule { rule, message: message.into() });
        None
    }

    fn wrong_type<T>(&self, expected: &'static str) -> Option<T> {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a decimal number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.report(Problem::WrongType { expected, found });
        None
    }
}

impl<'d> FromValue<'d> for Value<'d> {
    fn from_value(value: &Value<'d>) -> Option<Self> {
        Some(value.clone())
    }
}

impl<'d> FromValue<'d> for String {
    fn from_value(value: &Value<'d>) -> Option<Self> {
        value.value.as_str().map(String::from).or_else(|| value.wrong_type("a string"))
    }
}

impl<'d> FromValue<'d> for bool {
    fn from_value(value: &Value<'d>) -> Option<Self> {
        value.value.as_bool().or_else(|| value.wrong_type("`true` or `false`"))
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl<'d> FromValue<'d> for $integer {
            fn from_value(value: &Value<'d>) -> Option<Self> {
                let DeValue::Integer(number) = value.value else { return value.wrong_type("a whole number") };
                let found = i128::from_str_radix(number.as_str(), number.radix()).ok();
                let found = found.and_then(|n| <$integer>::try_from(n).ok());
                if found.is_none() {
                    value.report(Problem::OutOfRange {
                        value: number.to_string(),
                        low: <$integer>::MIN.to_string(),
                        high: <$integer>::MAX.to_string(),
                    });
                }
                found
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, usize, i8, i32, i64);

impl<'d> FromValue<'d> for Decimal {
    /// The number as written, from its text.
    fn from_value(value: &Value<'d>) -> Option<Self> {
        let parsed = match value.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse(),
            DeValue::Integer(_) => return value.read::<i64>().map(Decimal::integer),
            DeValue::Float(number) => number.as_str().parse(),
            _ => return value.wrong_type("a number"),
        };
        parsed.map_err(|error| value.report(Problem::Decimal(error))).ok()
    }
}

impl<'d> FromValue<'d> for f64 {
    /// The nearest float, for host-side settings that no program depends on; `nan` and `inf` are refused.
    fn from_value(value: &Value<'d>) -> Option<Self> {
        value.read::<Decimal>()?;
        match value.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => value.read::<i32>().map(f64::from),
        }
    }
}

impl<'d> FromValue<'d> for Unit {
    fn from_value(value: &Value<'d>) -> Option<Self> {
        let text = value.read::<String>()?;
        let unit = text.parse().ok();
        if unit.is_none() {
            value.report(Problem::UnknownUnit { unit: text });
        }
        unit
    }
}

impl<'d> FromValue<'d> for Quantity {
    /// `"20 ms"` or `{ value = 20, unit = "ms" }`.
    fn from_value(value: &Value<'d>) -> Option<Self> {
        match value.value {
            DeValue::Table(_) => {
                let table = value.table(&["value", "unit"])?;
                let (number, unit) = (table.required("value"), table.required("unit"));
                Some(Quantity::new(number?, unit?))
            }
            DeValue::String(text) => {
                let problem = match text.parse::<Quantity>() {
                    Ok(quantity) => return Some(quantity),
                    Err(QuantityError::UnknownUnit) => {
                        let unit = text.trim().split_once(' ').map_or("", |(_, unit)| unit.trim());
                        Problem::UnknownUnit { unit: unit.into() }
                    }
                    Err(QuantityError::Decimal(error)) => Problem::Decimal(error),
                    Err(error) => Problem::Quantity(error),
                };
                value.report(problem);
                None
            }
            // A bare number is the likeliest mistake, and what it lacks is the unit.
            DeValue::Integer(_) | DeValue::Float(_) => {
                value.report(Problem::Quantity(QuantityError::MissingUnit));
                None
            }
            _ => value.wrong_type("a quantity such as \"20 ms\""),
        }
    }
}

impl<'d, T: FromValue<'d>> FromValue<'d> for Vec<T> {
    /// Reads every element, so that all errors of an array are found.
    fn from_value(value: &Value<'d>) -> Option<Self> {
        let all: Vec<Option<T>> = value.array()?.iter().map(|v| v.read()).collect();
        all.into_iter().collect()
    }
}
