//! Who is joined to whom: a pattern to be drawn, or a list.

use super::delays::listed;
use super::ends::End;
use super::patterns::{ConvolutionEntry, DistanceEntry, read_balanced, read_convolution, read_distance, read_ring};
use crate::document::{Format, Value};
use crate::error::{FormatError, FormatErrors, Problem};
use crate::list::{FieldError, Schema, integer};
use crate::npz::{Array, ArrayProblem, Npz, npy_array};
use crate::text::{read_bytes, read_text};
use chip::canonical_unit;
use fx::Weight;
use network::{Connections, Pattern, Signs};
use std::path::Path;
use units::{Decimal, DecimalError, Quantity};

/// What the key `connect` says.
pub(super) enum Connect {
    /// Drawn from the seed.
    Drawn(Pattern),
    /// Drawn, with signs of its own.
    Balanced(Pattern, Signs),
    /// Drawn by distance, on grids.
    Near(DistanceEntry),
    /// A kernel over the senders.
    Convolved(ConvolutionEntry),
    /// Listed in a file.
    Listed(String),
}

/// The tables that `connect` can be, by the key that each has.
const TABLES: [&str; 7] = ["fixed-fan-in", "probability", "list", "ring", "distance", "balanced", "convolution"];

/// `"all-to-all"`, `"one-to-one"`, or a table with one of [`TABLES`].
pub(super) fn read_connect(value: &Value<'_>) -> Option<Connect> {
    if value.is_string() {
        let patterns = [("all-to-all", Pattern::AllToAll), ("one-to-one", Pattern::OneToOne)];
        return value.one_of("a pattern of connections without a number", &patterns).map(Connect::Drawn);
    }
    let open = value.open_table()?;
    if open.has("ring") && TABLES.iter().filter(|key| open.has(key)).count() == 1 {
        return read_ring(value).map(Connect::Drawn);
    }
    let table = value.table(&TABLES)?;
    let rules: Vec<&str> = TABLES.into_iter().filter(|key| table.has(key)).collect();
    match rules[..] {
        ["fixed-fan-in"] => table.required("fixed-fan-in").map(|k| Connect::Drawn(Pattern::FanIn(k))),
        ["probability"] => {
            let per_65536 = table.required_with("probability", |v| super::weights::read_fraction(&v))?;
            Some(Connect::Drawn(Pattern::Probability { per_65536 }))
        }
        ["list"] => table.required("list").map(Connect::Listed),
        ["distance"] => table.required_with("distance", |v| read_distance(&v)).map(Connect::Near),
        ["balanced"] => {
            let (pattern, signs) = table.required_with("balanced", |v| read_balanced(&v))?;
            Some(Connect::Balanced(pattern, signs))
        }
        ["convolution"] => table.required_with("convolution", |v| read_convolution(&v)).map(Connect::Convolved),
        _ => value.reject("one-pattern", format!("say exactly one of `{}`", TABLES.join("`, `"))),
    }
}

/// Lists of weights in the parts that a chip with axons stores.
const PARTS: Schema = Schema {
    format: Format { name: "quenched-connections", version: 1 },
    columns: "pre,post,mantissa,exponent,delay",
    optional: 1,
};

/// Mantissas, with their sign, and exponents that any chip with axons can store.
const MANTISSAS: (i64, i64) = (-256, 255);
const EXPONENTS: (i64, i64) = (-8, 7);

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
pub(super) fn read_list(path: &Path, ends: [&End; 2], units: ListUnits) -> Result<List, FormatErrors> {
    let sizes = ends.map(End::count);
    let (mut list, exponent) = if path.extension().is_some_and(|e| e == "npz") {
        from_npz(path, sizes, units)?
    } else {
        from_csv(&read_text(path)?, &path.display().to_string(), sizes, units)?
    };
    let [pre, post] = ends.map(|end| end.members().start);
    for link in &mut list {
        (link.0, link.1) = (link.0 + pre, link.1 + post);
    }
    let has_delays = list.first().is_some_and(|link| link.3.is_some());
    let connections = if has_delays {
        let delayed = list.into_iter().map(|(pre, post, weight, delay)| (pre, post, weight, delay.unwrap_or(1)));
        Connections::from_delayed_list(ends[0].size, delayed.collect())
    } else {
        let links = list.into_iter().map(|(pre, post, weight, _)| (pre, post, weight));
        Connections::from_list(ends[0].size, links.collect())
    };
    Ok(List { connections, stored: exponent })
}

/// The connections of a list.
pub(super) struct List {
    pub(super) connections: Connections,
    /// What it says of how they are stored, if it has mantissas and exponents.
    pub(super) stored: Option<Stored>,
}

/// What mantissas and exponents say of how weights are stored: exactly, and with which exponent, if they have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) exponent: Option<i8>,
    /// The power of two that the weights of the list count.
    pub(super) scale: u8,
}

impl Stored {
    /// Of weights with these exponents; weights count 2^scale, so that those of the largest exponent are numbers.
    fn of(exponents: impl Iterator<Item = i64> + Clone) -> Self {
        let first = exponents.clone().next();
        let exponent = first.filter(|first| exponents.clone().all(|exponent| exponent == *first));
        // A mantissa below 2^8 in size stays below 2048 with 3 bits more.
        let scale = exponents.max().map_or(0, |largest| (largest - 3).max(0));
        Self { exponent: exponent.map(|exponent| exponent as i8), scale: scale as u8 }
    }

    /// The weight of a mantissa and an exponent, in the range of both.
    fn weight(self, mantissa: i64, exponent: i64) -> Weight {
        let shift = i64::from(Weight::FRACTION_BITS) + exponent - i64::from(self.scale);
        Weight::from_bits((mantissa << shift) as i32)
    }
}

/// Sender, receiver, weight, and the delay if the list has delays.
type Link = (u32, u32, Weight, Option<u16>);

/// A list, and what it says of how its weights are stored.
type Links = (Vec<Link>, Option<Stored>);

pub(super) fn from_csv(text: &str, file: &str, sizes: [u32; 2], units: ListUnits) -> Result<Links, FormatErrors> {
    let header = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    if header.split(',').any(|column| column.trim() == "mantissa") {
        return from_parts(text, file, sizes, units);
    }
    let links = LIST.read(text, file, |fields| {
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
    });
    Ok((links?, None))
}

/// A list whose weights are mantissas and exponents.
fn from_parts(text: &str, file: &str, sizes: [u32; 2], units: ListUnits) -> Result<Links, FormatErrors> {
    let all = PARTS.read(text, file, |fields| {
        let ends = [integer(fields, 0, 0, sizes[0] - 1)?, integer(fields, 1, 0, sizes[1] - 1)?];
        let mantissa = integer(fields, 2, MANTISSAS.0, MANTISSAS.1)?;
        let exponent = integer(fields, 3, EXPONENTS.0, EXPONENTS.1)?;
        let delay = match fields.get(4) {
            None => None,
            Some(text) => {
                let number: Decimal = text.parse().map_err(|error| (4, Problem::Decimal(error)))?;
                let wrong = |message| (4, Problem::Rule { rule: "delays-are-whole-ticks", message });
                Some(listed(number, units.delay).map_err(wrong)?)
            }
        };
        Ok((ends, mantissa, exponent, delay))
    })?;
    let stored = Stored::of(all.iter().map(|(_, _, exponent, _)| *exponent));
    let link = |([pre, post], mantissa, exponent, delay): ([u32; 2], i64, i64, Option<u16>)| {
        (pre, post, stored.weight(mantissa, exponent), delay)
    };
    Ok((all.into_iter().map(link).collect(), Some(stored)))
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

    /// The weights that numbers of a file stand for: whole ones, or else floats. `wrong` makes an error of a problem.
    fn weights(
        self,
        whole: Result<Vec<i64>, FormatError>,
        floats: impl FnOnce() -> Result<Vec<f64>, FormatError>,
        wrong: impl Fn(ArrayProblem) -> FormatErrors,
    ) -> Result<Vec<Weight>, FormatErrors> {
        let most = || super::weights::most(self.level);
        let too_large = |index, weight| wrong(ArrayProblem::WeightTooLarge { index, weight, most: most() });
        match whole {
            Ok(numbers) => {
                let weight = |(index, number): (usize, &i64)| {
                    let product = self.times(Decimal::integer(*number));
                    product.map_err(|_| too_large(index, format!("{number} times {}", self.weight)))
                };
                numbers.iter().enumerate().map(weight).collect()
            }
            Err(FormatError::Array { problem: ArrayProblem::Type { .. }, .. }) => {
                let numbers = floats()?;
                let Some(factor) = self.float_factor() else {
                    return Err(wrong(ArrayProblem::FloatUnit { unit: self.weight.to_string() }));
                };
                let weight = |(index, number): (usize, &f64)| {
                    // A power of two changes no digit; where 1 counts as 1, this is the nearest weight, ties to even.
                    let bits = (number * factor * f64::from(1u32 << Weight::FRACTION_BITS)).round_ties_even();
                    let fits = bits.abs() <= f64::from(i32::MAX);
                    if fits { Ok(Weight::from_bits(bits as i32)) } else { Err(too_large(index, number.to_string())) }
                };
                numbers.iter().enumerate().map(weight).collect()
            }
            Err(error) => Err(error.into()),
        }
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

/// The weights of a kernel.
pub(super) struct Kernel {
    /// Channels, channels that each hears, rows and columns.
    pub(super) shape: [u32; 4],
    pub(super) weights: Vec<Weight>,
}

/// Reads a kernel: a `.npy` file, or the array `weight` of an `.npz` file, of four dimensions, or of two (rows and
/// columns of a single kernel).
pub(super) fn read_kernel(path: &Path, units: ListUnits) -> Result<Kernel, FormatErrors> {
    let file = path.display().to_string();
    let is_archive = path.extension().is_some_and(|e| e == "npz");
    let array = if is_archive { "weight" } else { "" };
    let wrong = |problem| FormatErrors::from(FormatError::Array { file: file.clone(), array: array.into(), problem });
    let (shape, weights) = if is_archive {
        let npz = Npz::open(path)?;
        let whole = npz.array::<i64>("weight");
        let shape = npz.layout("weight")?.1;
        (shape, units.weights(whole.map(data), || npz.array("weight").map(data), wrong)?)
    } else {
        let bytes = read_bytes(path, crate::npz::ARRAY_BYTES_MAX)?;
        let shape = crate::npz::npy_layout(&bytes, &file)?.1;
        let floats = || npy_array(&bytes, &file).map(data);
        (shape, units.weights(npy_array(&bytes, &file).map(data), floats, wrong)?)
    };
    let needed = || "[channels, channels that each hears, rows, columns]".to_owned();
    let lengths: Option<Vec<u32>> = shape.iter().map(|length| u32::try_from(*length).ok()).collect();
    match lengths.as_deref() {
        Some(&[rows, columns]) => Ok(Kernel { shape: [1, 1, rows, columns], weights }),
        Some(&[channels, heard, rows, columns]) => Ok(Kernel { shape: [channels, heard, rows, columns], weights }),
        _ => Err(wrong(ArrayProblem::Shape { found: shape, needed: needed() })),
    }
}

fn data<T>(array: Array<T>) -> Vec<T> {
    array.data
}

fn from_npz(path: &Path, sizes: [u32; 2], units: ListUnits) -> Result<Links, FormatErrors> {
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
    let (weights, stored) = if npz.has("mantissa") || npz.has("exponent") {
        if npz.has("weight") {
            let what = "a list has either `weight`, or `mantissa` and `exponent`";
            return Err(wrong("weight", ArrayProblem::Unsupported { what }));
        }
        let part = |name: &str, (low, high): (i64, i64)| -> Result<Vec<i64>, FormatErrors> {
            let numbers: Vec<i64> = npz.vector_of(name, pre.len() as u64)?;
            match numbers.iter().position(|number| !(low..=high).contains(number)) {
                None => Ok(numbers),
                Some(index) => {
                    let (value, low, high) = (numbers[index].into(), low.into(), high.into());
                    Err(wrong(name, ArrayProblem::OutOfRange { index, value, low, high }))
                }
            }
        };
        let (mantissas, exponents) = (part("mantissa", MANTISSAS)?, part("exponent", EXPONENTS)?);
        let stored = Stored::of(exponents.iter().copied());
        let both = mantissas.iter().zip(&exponents);
        (both.map(|(mantissa, exponent)| stored.weight(*mantissa, *exponent)).collect(), Some(stored))
    } else {
        let whole = npz.vector_of::<i64>("weight", pre.len() as u64);
        let floats = || npz.vector_of::<f64>("weight", pre.len() as u64);
        (units.weights(whole, floats, |problem| wrong("weight", problem))?, None)
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
    Ok((links.map(|(index, ((pre, post), weight))| (pre, post, weight, delay(index))).collect(), stored))
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::WeightFormat;

    /// Sender, receiver, weight, and ticks.
    type Part = (u32, u32, f64, u16);

    /// Weights and format of a list for Loihi, as CSV.
    fn parts(csv: &str, more: &str) -> Result<(Vec<Part>, WeightFormat), String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("parts.csv"), csv).unwrap();
        let text = format!(
            "format = \"quenched-network\"\nversion = 1\ninput = [{{ name = \"in\", channels = 3 }}]\n\
             population = [{{ name = \"p\", size = 2 }}]\n[[projection]]\nname = \"x\"\npre = \"in\"\npost = \"p\"\n\
             connect = {{ list = \"parts.csv\" }}\n{more}\n"
        );
        let chip = crate::chip::shipped("loihi-lava").unwrap();
        let network =
            crate::network::read(&text, "net.toml", dir.path(), &chip).map_err(|errors| errors.to_string())?;
        let projection = &network.projections[0];
        let real = |weight: Weight| f64::from(weight.to_bits()) / f64::from(1 << 20);
        let all = projection.connections.iter().enumerate();
        Ok((
            all.map(|(at, c)| (c.pre, c.post, real(c.weight), projection.delay_of(at))).collect(),
            projection.weight_format,
        ))
    }

    #[test]
    fn mantissas_and_exponents_are_weights() {
        let one = "weight = \"1 1\"";
        let (links, format) = parts("pre,post,mantissa,exponent,delay\n0,1,120,-3,1\n2,0,-256,-3,5\n", one).unwrap();
        assert_eq!(links, [(0, 1, 15.0, 1), (2, 0, -32.0, 5)]);
        assert_eq!((format.exponent, format.scale, format.exact), (Some(-3), 0, true));
        // Beyond 2048 they count a power of two.
        let (links, format) = parts("pre,post,mantissa,exponent\n0,1,255,7\n2,0,-256,6\n", one).unwrap();
        assert_eq!(links, [(0, 1, 255.0 * 8.0, 1), (2, 0, -256.0 * 4.0, 1)]);
        assert_eq!((format.exponent, format.scale, format.exact), (None, 4, true));
        for (csv, more, words) in [
            ("0,1,256,0", one, "parts.csv:2:5: 256"),
            ("0,1,1,8", one, "parts.csv:2:7: 8"),
            ("0,1,1.5,0", one, "parts.csv:2:5:"),
            ("0,1,1", one, "parts.csv:2:"),
            (
                "0,1,1,0",
                "weight = \"2 1\"",
                "net.toml:10:10: `projection[0].weight`: a list of mantissas has the weights themselves",
            ),
            (
                "0,1,1,0",
                "weight = \"1 1\"\nweight_format = { bits = 8 }",
                "net.toml:11:17: `projection[0].weight_format`: the list says itself",
            ),
        ] {
            let found = parts(&format!("pre,post,mantissa,exponent\n{csv}\n"), more).unwrap_err();
            assert!(found.contains(words), "{found}\n is not: {words}");
        }
    }
}
