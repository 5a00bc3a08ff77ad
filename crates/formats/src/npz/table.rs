//! Arrays as columns: of records, which have names, or of rows, which have not.

use super::ArrayProblem;
use super::header::{Header, Number, every, layout, numbers};

/// A column of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its numbers.
    pub values: Values,
}

/// The numbers of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Whole numbers.
    Whole {
        /// The numbers.
        values: Vec<i64>,
        /// Bits of the type in the file if it has no sign: what counts up in it starts again from 0 after as many.
        unsigned_bits: Option<u32>,
    },
    /// Decimal numbers.
    Decimal(Vec<f64>),
}

impl Values {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::Whole { values, .. } => values.len(),
            Self::Decimal(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn of(descr: &str, numbers: impl ExactSizeIterator<Item = Number>) -> Result<Self, ArrayProblem> {
        let (kind, size, _) = layout(descr).ok_or_else(|| no_numbers(descr))?;
        if kind == 'f' {
            let decimal = |number| if let Number::Float(value) = number { value } else { f64::NAN };
            return Ok(Self::Decimal(numbers.map(decimal).collect()));
        }
        let mut values = Vec::with_capacity(numbers.len());
        for (index, number) in numbers.enumerate() {
            let Number::Integer(value) = number else { return Err(no_numbers(descr)) };
            let (low, high) = (i64::MIN.into(), i64::MAX.into());
            values.push(i64::try_from(value).map_err(|_| ArrayProblem::OutOfRange { index, value, low, high })?);
        }
        Ok(Self::Whole { values, unsigned_bits: (kind == 'u').then_some(8 * size as u32) })
    }
}

fn no_numbers(descr: &str) -> ArrayProblem {
    ArrayProblem::Type { found: descr.into(), needed: "numbers or records of numbers" }
}

/// The columns of the npy file `bytes`.
pub(super) fn columns(bytes: &[u8]) -> Result<Vec<Column>, ArrayProblem> {
    let (header, data) = Header::read(bytes)?;
    let shape = || ArrayProblem::Shape { found: header.shape.clone(), needed: "one dimension, or two".into() };
    let stride = header.element_size().ok_or_else(|| no_numbers(&header.descr))? as usize;
    if !header.fields.is_empty() {
        if header.shape.len() != 1 {
            return Err(shape());
        }
        let named = header.fields.iter().filter(|field| !field.name.is_empty());
        return named
            .map(|field| {
                let numbers = every(&field.descr, data, field.at, stride).ok_or_else(|| no_numbers(&field.descr))?;
                Ok(Column { name: field.name.clone(), values: Values::of(&field.descr, numbers)? })
            })
            .collect();
    }
    let column = |numbers: Result<Values, ArrayProblem>| Ok(Column { name: String::new(), values: numbers? });
    match header.shape[..] {
        [_] => {
            let numbers = numbers(&header.descr, data).ok_or_else(|| no_numbers(&header.descr))?;
            Ok(vec![column(Values::of(&header.descr, numbers))?])
        }
        [rows, count] if count <= u64::from(u8::MAX) => {
            let (rows, count) = (rows as usize, count as usize);
            (0..count)
                .map(|index| {
                    let numbers = if header.column_order {
                        let part = &data[index * rows * stride..(index + 1) * rows * stride];
                        every(&header.descr, part, 0, stride).map(Numbers::Together)
                    } else {
                        every(&header.descr, data, index * stride, count * stride).map(Numbers::Apart)
                    };
                    column(Values::of(&header.descr, numbers.ok_or_else(|| no_numbers(&header.descr))?))
                })
                .collect()
        }
        _ => Err(shape()),
    }
}

/// The numbers of a column, which lie together or apart.
enum Numbers<A, B> {
    Together(A),
    Apart(B),
}

impl<A: ExactSizeIterator<Item = Number>, B: ExactSizeIterator<Item = Number>> Iterator for Numbers<A, B> {
    type Item = Number;

    fn next(&mut self) -> Option<Number> {
        match self {
            Self::Together(numbers) => numbers.next(),
            Self::Apart(numbers) => numbers.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Together(numbers) => numbers.size_hint(),
            Self::Apart(numbers) => numbers.size_hint(),
        }
    }
}

impl<A: ExactSizeIterator<Item = Number>, B: ExactSizeIterator<Item = Number>> ExactSizeIterator for Numbers<A, B> {}
