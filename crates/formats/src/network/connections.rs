//! Who is joined to whom: a pattern to be drawn, or a list.

use super::delays::listed;
use super::ends::End;
use crate::document::{Format, Value};
use crate::error::{FormatError, FormatErrors, Problem};
use crate::list::{FieldError, Schema, integer};
use crate::npz::{ArrayProblem, Npz};
use crate::text::read_text;
use chip::canonical_unit;
use fx::Weight;
use network::{Connections, Pattern};
use std::path::Path;
use units::{Decimal, DecimalError, Quantity};

/// What the key `connect` says.
pub(super) enum Connect {
    /// Drawn from the seed.
    Drawn(Pattern),
    /// Listed in a file.
    Listed(String),
}

/// `"all-to-all"`, `"one-to-one"`, `{ fixed-fan-in = 32 }`, `{ probability = 0.1 }` or `{ list = "file.csv" }`.
pub(super) fn read_connect(value: &Value<'_>) -> Option<Connect> {
    if value.is_string() {
        let patterns = [("all-to-all", Pattern::AllToAll), ("one-to-one", Pattern::OneToOne)];
        return value.one_of("a pattern of connections without a number", &patterns).map(Connect::Drawn);
    }
    let table = value.table(&["fixed-fan-in", "probability", "list"])?;
    let rules: Vec<&str> = ["fixed-fan-in", "probability", "list"].into_iter().filter(|k| table.has(k)).collect();
    match rules[..] {
        ["fixed-fan-in"] => table.required("fixed-fan-in").map(|k| Connect::Drawn(Pattern::FanIn(k))),
        ["probability"] => {
            let per_65536 = table.required_with("probability", |v| super::weights::read_fraction(&v))?;
            Some(Connect::Drawn(Pattern::Probability { per_65536 }))
        }
        ["list"] => table.required("list").map(Connect::Listed),
        _ => value.reject("one-pattern", "say exactly one of `fixed-fan-in`, `probability` and `list`"),
    }
}

const LIST: Schema = Schema {
    format: Format { name: "quenched-connections", version: 1 },
    columns: "pre,post,weight,delay",
    optional: 1,
};

/// What a 1 in a list stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListUnits {
    /// Exactly.
    pub(super) weight: Quantity,
    /// What counts as 1 in the number format, of the same dimension.
    pub(super) level: Quantity,
    /// In ticks.
    pub(super) delay: u16,
}

/// Reads the list at `path` for these ends (`pre`, `post`); it counts from the first member of each that is meant.
pub(super) fn read_list(path: &Path, ends: [&End; 2], units: ListUnits) -> Result<Connections, FormatErrors> {
    let sizes = ends.map(End::count);
    let mut list = if path.extension().is_some_and(|e| e == "npz") {
        from_npz(path, sizes, units)?
    } else {
        from_csv(&read_text(path)?, &path.display().to_string(), sizes, units)?
    };
    let [pre, post] = ends.map(|end| end.members().start);
    for link in &mut list {
        (link.0, link.1) = (link.0 + pre, link.1 + post);
    }
    let has_delays = list.first().is_some_and(|link| link.3.is_some());
    Ok(if has_delays {
        let delayed = list.into_iter().map(|(pre, post, weight, delay)| (pre, post, weight, delay.unwrap_or(1)));
        Connections::from_delayed_list(ends[0].size, delayed.collect())
    } else {
        let links = list.into_iter().map(|(pre, post, weight, _)| (pre, post, weight));
        Connections::from_list(ends[0].size, links.collect())
    })
}

/// Sender, receiver, weight, and the delay if the list has delays.
type Link = (u32, u32, Weight, Option<u16>);

pub(super) fn from_csv(text: &str, file: &str, sizes: [u32; 2], units: ListUnits) -> Result<Vec<Link>, FormatErrors> {
    LIST.read(text, file, |fields| {
        let ends = [integer(fields, 0, 0, sizes[0] - 1)?, integer(fields, 1, 0, sizes[1] - 1)?];
        let number = |index: usize| -> Result<Decimal, FieldError> {
            fields[index].parse().map_err(|error| (index, Problem::Decimal(error)))
        };
        let weight = units.times(number(2)?).map_err(|error| (2, Problem::Decimal(error)))?;
        if fields.len() < 4 {
            return Ok((ends[0], ends[1], weight, None));
        }
        let wrong = |message| (3, Problem::Rule { rule: "delays-are-whole-ticks", message });
        let delay = listed(number(3)?, units.delay).map_err(wrong)?;
        Ok((ends[0], ends[1], weight, Some(delay)))
    })
}

impl ListUnits {
    /// `number` times the unit of weights, exactly, then to the nearest weight.
    fn times(self, number: Decimal) -> Result<Weight, DecimalError> {
        let Quantity { value, unit } = self.weight;
        let mantissa = number.mantissa().checked_mul(value.mantissa()).ok_or(DecimalError::Range)?;
        let product = Decimal::new(mantissa, number.exponent() + value.exponent());
        let overflow = DecimalError::Overflow { bits: 32, fraction_bits: Weight::FRACTION_BITS };
        Weight::from_quotient(Quantity::new(product, unit), self.level).map_err(|_| overflow)
    }

    /// What a float is multiplied with, where its unit is the canonical one, or what counts as 1.
    fn float_factor(self) -> Option<f64> {
        let canonical = canonical_unit(self.weight.unit.dimension());
        let [weight, level] = [self.weight, self.level].map(|q| q.value_in(canonical).ok());
        if weight == level {
            return Some(1.0);
        }
        let text = level.filter(|_| weight == Some(Decimal::integer(1)))?.to_string();
        // The nearest float; a level is a decimal of at most 18 digits.
        text.parse().ok().map(|level: f64| 1.0 / level)
    }
}

fn from_npz(path: &Path, sizes: [u32; 2], units: ListUnits) -> Result<Vec<Link>, FormatErrors> {
    let file = path.display().to_string();
    let npz = Npz::open(path)?;
    let wrong = |array: &str, problem| {
        FormatErrors::from(FormatError::Array { file: file.clone(), array: array.into(), problem })
    };
    let pre: Vec<u32> = npz.vector("pre")?;
    let post: Vec<u32> = npz.vector_of("post", pre.len() as u64)?;
    for (array, ends, size) in [("pre", &pre, sizes[0]), ("post", &post, sizes[1])] {
        if let Some(index) = ends.iter().position(|end| *end >= size) {
            let (value, high) = (ends[index].into(), i128::from(size) - 1);
            return Err(wrong(array, ArrayProblem::OutOfRange { index, value, low: 0, high }));
        }
    }
    let too_large = |index, weight| {
        wrong("weight", ArrayProblem::WeightTooLarge { index, weight, most: super::weights::most(units.level) })
    };
    let weights: Vec<Weight> = match npz.vector_of::<i64>("weight", pre.len() as u64) {
        Ok(numbers) => {
            let weight = |(index, number): (usize, &i64)| {
                let product = units.times(Decimal::integer(*number));
                product.map_err(|_| too_large(index, format!("{number} times {}", units.weight)))
            };
            numbers.iter().enumerate().map(weight).collect::<Result<_, _>>()?
        }
        Err(FormatError::Array { problem: ArrayProblem::Type { .. }, .. }) => {
            let numbers: Vec<f64> = npz.vector_of("weight", pre.len() as u64)?;
            let Some(factor) = units.float_factor() else {
                return Err(wrong("weight", ArrayProblem::FloatUnit { unit: units.weight.to_string() }));
            };
            let weight = |(index, number): (usize, &f64)| {
                // A power of two changes no digit; where 1 counts as 1, this is the nearest weight, ties to even.
                let bits = (number * factor * f64::from(1u32 << Weight::FRACTION_BITS)).round_ties_even();
                let fits = bits.abs() <= f64::from(i32::MAX);
                if fits { Ok(Weight::from_bits(bits as i32)) } else { Err(too_large(index, number.to_string())) }
            };
            numbers.iter().enumerate().map(weight).collect::<Result<_, _>>()?
        }
        Err(error) => return Err(error.into()),
    };
    let mut delays = None;
    if npz.has("delay") {
        let numbers: Vec<u32> = npz.vector_of("delay", pre.len() as u64)?;
        let delay = |(index, number): (usize, &u32)| {
            let wrong = |_| {
                let high = i128::from(u16::MAX / units.delay);
                wrong("delay", ArrayProblem::OutOfRange { index, value: (*number).into(), low: 1, high })
            };
            listed(Decimal::integer((*number).into()), units.delay).map_err(wrong)
        };
        delays = Some(numbers.iter().enumerate().map(delay).collect::<Result<Vec<u16>, _>>()?);
    }
    let delay = |index: usize| delays.as_ref().map(|delays| delays[index]);
    let links = pre.into_iter().zip(post).zip(weights).enumerate();
    Ok(links.map(|(index, ((pre, post), weight))| (pre, post, weight, delay(index))).collect())
}
