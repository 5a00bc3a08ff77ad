//! Groups of numbers of a chip file, each number stated once.
//!
//! [`section!`] takes one statement a number: its key, in which form it stands in the file, what sort of number it is,
//! the values that it can have and why no others, and what it means. From it follow the struct of a spec, the reading
//! of it from a file, the rules about counts, the plain numbers of its limits, and tables of `docs/formats/chip.md`.

use super::Fact;
use alloc::{format, string::String, vec::Vec};
use core::ops::RangeInclusive;
use units::Unit;

/// What sort of number an entry is, and so which rule judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A whole number that is not negative.
    Count,
    /// An interval of whole numbers.
    Interval,
    /// A probability, or a share of a whole.
    Share,
    /// A coefficient of variation.
    Cv,
    /// A number that is not negative, with decimal places.
    Amount,
}

/// What there is to be known of a number before it has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its key in a chip file.
    pub key: &'static str,
    /// What sort of number it is.
    pub sort: Sort,
    /// Whether a chip file may leave it out.
    pub optional: bool,
    /// The values that it can have.
    pub range: RangeInclusive<i64>,
    /// Why it cannot be larger.
    pub reason: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

impl Number {
    /// Whether `count` is one of its values.
    pub fn holds(&self, count: u64) -> bool {
        i64::try_from(count).is_ok_and(|count| self.range.contains(&count))
    }
}

/// A number with the value that a chip gives it.
#[derive(Clone, Debug)]
pub struct Stated<'a> {
    /// Which number.
    pub number: &'static Number,
    /// Its path in the table of the group: the key, or `key.low` and `key.high` for the ends of an interval.
    pub path: String,
    /// The value.
    pub fact: &'a Fact,
}

/// What takes the numbers of a group from a file. Each method is called once for its key; it gives `None` after it has
/// noted what is wrong.
pub trait NumberReader {
    /// A number that must be there.
    fn required(&mut self, key: &'static str) -> Option<Fact>;
    /// A number that may be absent.
    fn optional(&mut self, key: &'static str) -> Option<Option<Fact>>;
    /// The lowest and the highest value of an interval that must be there.
    fn interval(&mut self, key: &'static str) -> Option<(Fact, Fact)>;
}

/// A group of numbers.
pub trait Section: Sized {
    /// Its numbers, in the order of the file.
    const NUMBERS: &'static [Number];

    /// Takes every number from `reader`, so that all that is wrong is noted; `None` if anything is.
    fn read(reader: &mut dyn NumberReader) -> Option<Self>;

    /// The numbers that are there, with their values, in the order of [`Section::NUMBERS`].
    fn stated(&self) -> Vec<Stated<'_>>;
}

/// The form in which a number stands in a file.
pub(crate) trait Slot: Sized {
    const OPTIONAL: bool;

    fn read(reader: &mut dyn NumberReader, key: &'static str) -> Option<Self>;

    fn state<'a>(&'a self, number: &'static Number, all: &mut Vec<Stated<'a>>);
}

impl Slot for Fact {
    const OPTIONAL: bool = false;

    fn read(reader: &mut dyn NumberReader, key: &'static str) -> Option<Self> {
        reader.required(key)
    }

    fn state<'a>(&'a self, number: &'static Number, all: &mut Vec<Stated<'a>>) {
        all.push(Stated { number, path: number.key.into(), fact: self });
    }
}

impl Slot for Option<Fact> {
    const OPTIONAL: bool = true;

    fn read(reader: &mut dyn NumberReader, key: &'static str) -> Option<Self> {
        reader.optional(key)
    }

    fn state<'a>(&'a self, number: &'static Number, all: &mut Vec<Stated<'a>>) {
        all.extend(self.as_ref().map(|fact| Stated { number, path: number.key.into(), fact }));
    }
}

impl Slot for (Fact, Fact) {
    const OPTIONAL: bool = false;

    fn read(reader: &mut dyn NumberReader, key: &'static str) -> Option<Self> {
        reader.interval(key)
    }

    fn state<'a>(&'a self, number: &'static Number, all: &mut Vec<Stated<'a>>) {
        for (end, fact) in [("low", &self.0), ("high", &self.1)] {
            all.push(Stated { number, path: format!("{}.{end}", number.key), fact });
        }
    }
}

/// A plain number as limits have it. Panics if the fact is none of this width: `validate` refuses such a spec.
pub(crate) trait Plain<S> {
    fn plain(slot: &S) -> Self;
}

macro_rules! plain_counts {
    ($($width:ty)*) => {$(
        impl Plain<Fact> for $width {
            fn plain(fact: &Fact) -> Self {
                let count = fact.count().and_then(|count| Self::try_from(count).ok());
                count.expect("a validated spec has whole, non-negative limits")
            }
        }
    )*};
}
plain_counts!(u8 u16 u32 usize);

impl<T: Plain<Fact>> Plain<Option<Fact>> for Option<T> {
    fn plain(slot: &Option<Fact>) -> Self {
        slot.as_ref().map(T::plain)
    }
}

impl Plain<(Fact, Fact)> for (i8, i8) {
    fn plain((low, high): &(Fact, Fact)) -> Self {
        let whole = |fact: &Fact| {
            let value = fact.quantity.value_in(Unit::ONE).ok().and_then(|value| value.to_bits(0).ok());
            value.and_then(|value| i8::try_from(value).ok()).expect("a validated spec has small whole exponents")
        };
        (whole(low), whole(high))
    }
}

/// States a group of numbers; see the module. `limits NAME` also gives the struct of the plain numbers of all entries
/// with a `=> width`, and `derived` adds to it what a method of the spec computes from several.
macro_rules! section {
    (
        $(#[$meta:meta])*
        struct $spec:ident {
            $($key:ident: $slot:ty, $sort:ident, $range:expr, $reason:literal, $meaning:literal;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $spec {
            $(#[doc = $meaning] pub $key: $slot,)*
        }

        impl $crate::spec::Section for $spec {
            const NUMBERS: &'static [$crate::spec::Number] = &[
                $($crate::spec::Number {
                    key: stringify!($key),
                    sort: $crate::spec::Sort::$sort,
                    optional: <$slot as $crate::spec::section::Slot>::OPTIONAL,
                    range: $range,
                    reason: $reason,
                    meaning: $meaning,
                },)*
            ];

            fn read(reader: &mut dyn $crate::spec::NumberReader) -> Option<Self> {
                use $crate::spec::section::Slot;
                // Every entry is read before the first `?`, so that all errors are found.
                $(let $key = <$slot>::read(reader, stringify!($key));)*
                Some(Self { $($key: $key?,)* })
            }

            fn stated(&self) -> ::alloc::vec::Vec<$crate::spec::Stated<'_>> {
                use $crate::spec::section::Slot;
                let mut all = ::alloc::vec::Vec::new();
                let mut numbers = Self::NUMBERS.iter();
                $(if let Some(number) = numbers.next() {
                    self.$key.state(number, &mut all);
                })*
                all
            }
        }
    };
    (
        $(#[$meta:meta])*
        struct $spec:ident, limits $limits:ident {
            $($key:ident: $slot:ty $(=> $plain:ty)?, $sort:ident, $range:expr, $reason:literal, $meaning:literal;)*
        }
        $(derived {
            $($derived:ident: $type:ty, $method:ident, $what:literal;)*
        })?
    ) => {
        section! {
            $(#[$meta])*
            struct $spec {
                $($key: $slot, $sort, $range, $reason, $meaning;)*
            }
        }

        impl $spec {
            /// The sizes as plain numbers. Panics if the spec was not validated.
            pub fn limits(&self) -> $limits {
                use $crate::spec::section::Plain;
                $limits {
                    $($($key: <$plain>::plain(&self.$key),)?)*
                    $($($derived: self.$method(),)*)?
                }
            }
        }

        #[doc = concat!("[`", stringify!($spec), "`] as plain numbers.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $limits {
            $($(#[doc = $meaning] pub $key: $plain,)?)*
            $($(#[doc = $what] pub $derived: $type,)*)?
        }
    };
}
pub(crate) use section;
