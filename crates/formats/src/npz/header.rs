//! The npy header (NumPy Enhancement Proposal 1, versions 1 to 3) and the elements after it.

use super::ArrayProblem;

/// What an npy header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Type of the elements, as NumPy spells it: `<i4`.
    pub(super) descr: String,
    /// The fields of elements that are records; none otherwise.
    pub(super) fields: Vec<Field>,
    /// Whether the first index runs fastest.
    pub(super) column_order: bool,
    /// Length along each axis.
    pub(super) shape: Vec<u64>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name; empty if it only fills up.
    pub(super) name: String,
    /// Its type, as NumPy spells it.
    pub(super) descr: String,
    /// Where it lies in the record.
    pub(super) at: usize,
    /// Its bytes.
    pub(super) size: usize,
}

/// An element of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Of an integer type or `bool`.
    Integer(i128),
    /// Of a float type.
    Float(f64),
}

const fn wrong(what: &'static str) -> ArrayProblem {
    ArrayProblem::Header { what }
}

impl Header {
    /// The header of the npy file `bytes`, and the bytes of its elements, as many as shape and type need.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), ArrayProblem> {
        let cut = wrong("it was cut off");
        let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else { return Err(wrong("its magic is missing")) };
        let (version, rest) = rest.split_at_checked(2).ok_or(cut.clone())?;
        let (len, rest) = match version {
            [1, _] => {
                let (len, rest) = rest.split_first_chunk::<2>().ok_or(cut.clone())?;
                (usize::from(u16::from_le_bytes(*len)), rest)
            }
            [2 | 3, _] => {
                let (len, rest) = rest.split_first_chunk::<4>().ok_or(cut.clone())?;
                (u32::from_le_bytes(*len) as usize, rest)
            }
            _ => return Err(wrong("its version is unknown")),
        };
        let (text, data) = rest.split_at_checked(len).ok_or(cut)?;
        let text = std::str::from_utf8(text).map_err(|_| wrong("it is no text"))?;
        let header = Scanner(text).header().ok_or(wrong("it is no description of a plain array of numbers"))?;
        let known = header.element_size();
        let needed = header.shape.iter().try_fold(known.unwrap_or(1), |product, n| product.checked_mul(*n));
        let found = data.len() as u64;
        match needed {
            Some(needed) if needed == found || known.is_none() => Ok((header, data)),
            needed => Err(ArrayProblem::Size { needed: needed.unwrap_or(u64::MAX), found }),
        }
    }

    /// Bytes of an element, if it is a number or a record of numbers.
    pub(super) fn element_size(&self) -> Option<u64> {
        match self.fields.last() {
            Some(last) => Some((last.at + last.size) as u64),
            None => layout(&self.descr).map(|(_, size, _)| size as u64),
        }
    }
}

/// A reader of the one Python literal that a header is: a dictionary with the three known keys in any order.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn eat(&mut self, token: &str) -> bool {
        self.0 = self.0.trim_start();
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn string(&mut self) -> Option<&'a str> {
        let quote = if self.eat("'") { '\'' } else { self.eat("\"").then_some('"')? };
        let (text, rest) = self.0.split_once(quote)?;
        self.0 = rest;
        (!text.contains('\\')).then_some(text)
    }

    fn integer(&mut self) -> Option<u64> {
        self.0 = self.0.trim_start();
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits.parse().ok()
    }

    fn shape(&mut self) -> Option<Vec<u64>> {
        let mut shape = Vec::new();
        if !self.eat("(") {
            return None;
        }
        while !self.eat(")") {
            shape.push(self.integer()?);
            if !self.eat(",") {
                return self.eat(")").then_some(shape);
            }
        }
        Some(shape)
    }

    fn header(&mut self) -> Option<Header> {
        let (mut descr, mut column_order, mut shape) = (None, None, None);
        if !self.eat("{") {
            return None;
        }
        while !self.eat("}") {
            let key = self.string()?;
            if !self.eat(":") {
                return None;
            }
            let is_new = match key {
                "descr" => descr.replace(self.descr()?).is_none(),
                "fortran_order" => {
                    let value = self.eat("True");
                    if !value && !self.eat("False") {
                        return None;
                    }
                    column_order.replace(value).is_none()
                }
                "shape" => shape.replace(self.shape()?).is_none(),
                _ => false,
            };
            if !is_new {
                return None;
            }
            if !self.eat(",") {
                if !self.eat("}") {
                    return None;
                }
                break;
            }
        }
        let (descr, fields) = descr?;
        Some(Header { descr, fields, column_order: column_order?, shape: shape? })
    }

    /// A type: its name, or the list of the fields of a record.
    fn descr(&mut self) -> Option<(String, Vec<Field>)> {
        self.0 = self.0.trim_start();
        if !self.0.starts_with('[') {
            return Some((self.string()?.to_string(), Vec::new()));
        }
        let (before, mut fields, mut at) = (self.0, Vec::new(), 0usize);
        self.eat("[");
        while !self.eat("]") {
            if !self.eat("(") {
                return None;
            }
            let name = self.string()?;
            if !self.eat(",") {
                return None;
            }
            let descr = self.string()?;
            // A shape would follow here: fields that are arrays are no numbers.
            if !self.eat(")") {
                return None;
            }
            let (name, size) = match layout(descr) {
                Some((_, size, _)) => (name, size),
                // Bytes that bring the next field to its place.
                None => ("", descr.strip_prefix("|V")?.parse::<u16>().ok()?.into()),
            };
            fields.push(Field { name: name.into(), descr: descr.into(), at, size });
            at = at.checked_add(size)?;
            if !self.eat(",") && !self.0.trim_start().starts_with(']') {
                return None;
            }
        }
        let text = before[..before.len() - self.0.len()].to_string();
        (at > 0).then_some((text, fields))
    }
}

/// Kind of number (`i`, `u`, `b`, `f`), size in bytes, and whether the most significant byte comes first.
pub(super) fn layout(descr: &str) -> Option<(char, usize, bool)> {
    let mut chars = descr.chars();
    let order = chars.next()?;
    let kind = chars.next()?;
    let size: usize = chars.as_str().parse().ok()?;
    let fits = match kind {
        'i' | 'u' => matches!(size, 1 | 2 | 4 | 8),
        'b' => size == 1,
        'f' => matches!(size, 4 | 8),
        _ => false,
    };
    let is_order = match order {
        '<' | '>' => true,
        '|' => size == 1,
        _ => false,
    };
    (fits && is_order).then_some((kind, size, order == '>'))
}

/// The elements in `data`, which has a whole number of them; `None` if `descr` is no type of numbers.
pub(super) fn numbers(descr: &str, data: &[u8]) -> Option<impl ExactSizeIterator<Item = Number>> {
    let (_, size, _) = layout(descr)?;
    every(descr, data, 0, size)
}

/// The numbers of type `descr` that lie at byte `at` of each `stride` bytes of `data`; `None` if it is no such type, or
/// does not fit.
pub(super) fn every(
    descr: &str,
    data: &[u8],
    at: usize,
    stride: usize,
) -> Option<impl ExactSizeIterator<Item = Number>> {
    let (kind, size, big_endian) = layout(descr)?;
    if stride < at + size {
        return None;
    }
    Some(data.chunks_exact(stride).map(move |chunk| {
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&chunk[at..at + size]);
        if big_endian {
            bytes[..size].reverse();
        }
        let bits = u64::from_le_bytes(bytes);
        match kind {
            'f' if size == 4 => Number::Float(f64::from(f32::from_bits(bits as u32))),
            'f' => Number::Float(f64::from_bits(bits)),
            'i' => {
                let shift = 64 - 8 * size as u32;
                Number::Integer(i128::from((bits << shift) as i64 >> shift))
            }
            _ => Number::Integer(i128::from(bits)),
        }
    }))
}
