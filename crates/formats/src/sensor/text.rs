//! Events as text: a line an event, its fields separated by commas, tabs, semicolons or blanks. Empty lines and those
//! that start with `#` are skipped.
//!
//! What the columns are, the first line says (`t,x,y,p`, in any order and by any of the names of [`super::columns`];
//! a `#` may stand before it), or `--columns`. Without names, two columns are time and address, and four are t, x, y
//! and p; where that cannot be but another usual order can, the file is refused with both readings, and never turned
//! over silently. Numbers are decimal; a negative address in a column that is named as one is a mark and no event.

use super::bytes::Bytes;
use super::collect::{Collector, Holds};
use super::columns::{Column, Columns, TimeUnit, decimal, whole};
use super::{Options, Order, SensorProblem};
use crate::error::{FormatError, FormatErrors, Place, Problem};
use crate::list::lines;
use crate::text::{TEXT_BYTES_MAX, text_of};
use std::ops::Range;
use std::path::Path;

/// What columns without names are taken for, and what they may be instead.
const UNNAMED: &[(&str, &[&str])] = &[("time,address", &["address,time"]), ("t,x,y,p", &["x,y,p,t", "x,y,t,p"])];

pub(super) fn read(bytes: &mut Bytes<'_>, events: &mut Collector<'_>) -> Result<(), FormatErrors> {
    let raw = bytes.rest(TEXT_BYTES_MAX)?;
    let text = Text { text: &text_of(raw, Path::new(bytes.file()))?, file: bytes.file() };
    let options = events.options();
    let head = text.head(options)?;
    let (columns, is_guess) = match (&options.columns, &head.columns) {
        (Some(columns), _) => (columns.clone(), false),
        (None, Some(columns)) => (columns.clone(), false),
        (None, None) => match text.unnamed(&head)? {
            Some(columns) => (columns, true),
            // There is no event, so that it does not matter.
            None => (columns_of("time,address"), false),
        },
    };
    let layout = Layout { unit: options.time_unit.or(columns.time_unit()), separator: head.separator, columns };
    events.expect(layout.holds())?;
    let first = head.data;
    if is_guess && options.order == Order::Sort {
        // Sorting would hide that the first column is no time.
        if let Err(wrong) = text.tried(options, &layout, first.clone())
            && let Some(wrong) = text.readings(options, &layout, first.clone(), &wrong)
        {
            return Err(wrong.into());
        }
    }
    match text.events(events, &layout, first.clone(), !is_guess) {
        Err(wrong) if is_guess => Err(text.readings(options, &layout, first, &wrong).unwrap_or(wrong).into()),
        result => Ok(result?),
    }
}

/// Whether a text that begins with `head` names the columns of a recording in its first line.
pub(super) fn names_columns(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let text = head.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    named(first.trim().trim_start_matches('#')).is_some_and(|columns| columns.is_ok())
}

fn columns_of(names: &str) -> Columns {
    names.parse().expect("the names are those of columns")
}

/// The columns that a line names, and whether they are those of events; none if it holds numbers, or no name of a time.
fn named(line: &str) -> Option<Result<Columns, String>> {
    let names: Vec<&str> = Separator::of(line).split(line).collect();
    let is_time = |name: &&str| matches!(Column::named(name), Some(Column::Time(_)));
    if names.iter().any(|name| decimal(name).is_some()) || !names.iter().any(is_time) {
        return None;
    }
    Some(Columns::new(names.iter().map(|name| Column::named(name).unwrap_or(Column::Other)).collect()))
}

/// What stands between fields.
#[derive(Clone, Copy)]
enum Separator {
    Char(char),
    Blanks,
}

impl Separator {
    /// That of a line.
    fn of(line: &str) -> Self {
        [',', ';', '\t'].into_iter().find(|c| line.trim().contains(*c)).map_or(Self::Blanks, Self::Char)
    }

    /// The fields of a line, without the blanks around them.
    fn split(self, line: &str) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Char(c) => Box::new(line.split(c).map(str::trim)),
            Self::Blanks => Box::new(line.split_ascii_whitespace()),
        }
    }
}

/// What the lines before the first event say.
struct Head {
    columns: Option<Columns>,
    separator: Separator,
    /// From the first event on.
    data: Range<usize>,
}

/// How lines are read.
struct Layout {
    separator: Separator,
    columns: Columns,
    unit: Option<TimeUnit>,
}

impl Layout {
    fn holds(&self) -> Holds {
        if self.columns.have_addresses() { Holds::Addresses } else { Holds::Pixels }
    }

    /// What `fields` are, in words.
    fn told(&self, fields: &[&str]) -> String {
        let parts = fields.iter().enumerate().filter_map(|(index, field)| {
            let name = match self.columns.at(index) {
                Column::Time(_) => "time",
                Column::X => "x",
                Column::Y => "y",
                Column::Polarity => "polarity",
                Column::Address => "address",
                Column::Other => return None,
            };
            Some(format!("{name} {field}"))
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

struct Text<'a> {
    text: &'a str,
    file: &'a str,
}

impl<'a> Text<'a> {
    fn wrong(&self, span: Range<usize>, problem: Problem) -> FormatError {
        FormatError::text(Place::new(self.file, self.text, span, ""), problem)
    }

    /// What the lines before the first event say.
    fn head(&self, options: &Options) -> Result<Head, FormatError> {
        let mut columns = None;
        for line in lines(self.text) {
            let content = self.text[line.clone()].trim();
            if content.is_empty() {
                continue;
            }
            if let Some(comment) = content.strip_prefix('#') {
                // A comment names the columns only if every word of it does.
                if let Some(Ok(found)) = named(comment.trim())
                    && (0..found.len()).all(|index| found.at(index) != Column::Other)
                {
                    columns = Some(found);
                }
                continue;
            }
            let separator = Separator::of(content);
            let first = separator.split(content).next().unwrap_or_default();
            if decimal(first).is_some() || columns.is_some() && named(content).is_none() {
                return Ok(Head { columns, separator, data: line.start..self.text.len() });
            }
            if first.eq_ignore_ascii_case("tick") {
                let message = "this is a list of input events, whose times are ticks, and no recording".into();
                let help = "leave `--sensor`, `--format` and `--columns` out".into();
                return Err(self.wrong(line, Problem::Reading { message, help }));
            }
            match named(content) {
                Some(Ok(found)) => columns = Some(found),
                Some(Err(why)) => return Err(self.unnamed_columns(line, &why)),
                None if options.columns.is_some() => (),
                None => return Err(self.unnamed_columns(line, "no column holds times")),
            }
            // The separator of the lines of events is that of the first of them.
            let after = (line.end..self.text.len()).find(|at| self.text.as_bytes()[*at] == b'\n');
            let data = after.map_or(self.text.len(), |at| at + 1)..self.text.len();
            let event = self.text[data.clone()].lines().find(|line| {
                let line = line.trim();
                !line.is_empty() && !line.starts_with('#')
            });
            return Ok(Head { columns, separator: Separator::of(event.unwrap_or_default()), data });
        }
        Ok(Head { columns, separator: Separator::Blanks, data: self.text.len()..self.text.len() })
    }

    fn unnamed_columns(&self, line: Range<usize>, why: &str) -> FormatError {
        let message = format!("these are no columns of a recording: {why}");
        let help =
            "name a time (t, ts, time, timestamp), and x, y and p, or an address (address, channel, id); or give \
                    `--columns t,x,y,p`, where `-` is skipped"
                .into();
        self.wrong(line, Problem::Reading { message, help })
    }

    /// What columns without names are taken for; nothing if there is no line.
    fn unnamed(&self, head: &Head) -> Result<Option<Columns>, FormatError> {
        let Some(line) = lines(self.text).find(|line| line.start >= head.data.start && !line.is_empty()) else {
            return Ok(None);
        };
        let count = head.separator.split(&self.text[line.clone()]).count();
        match UNNAMED.iter().map(|(names, _)| columns_of(names)).find(|columns| columns.len() == count) {
            Some(columns) => Ok(Some(columns)),
            None => {
                let message = format!("this line has {count} fields, and nothing says what they are");
                let help = "name them in their order, such as `--columns t,x,y,p`; `-` is skipped".into();
                Err(self.wrong(line, Problem::Reading { message, help }))
            }
        }
    }

    /// Whether the events could be read, with times that do not fall.
    fn tried(&self, options: &Options, layout: &Layout, from: Range<usize>) -> Result<(), FormatError> {
        let options = Options { order: Order::Required, ..options.clone() };
        let mut trial = Collector::new(self.file, &options);
        trial.expect(layout.holds())?;
        self.events(&mut trial, layout, from, true)
    }

    /// If the events could be read in another usual order of their columns: the error that tells both.
    fn readings(
        &self,
        options: &Options,
        layout: &Layout,
        from: Range<usize>,
        wrong: &FormatError,
    ) -> Option<FormatError> {
        let FormatError::Text { place, problem } = wrong else { return None };
        if matches!(problem, Problem::CutOff | Problem::FieldCount { .. }) {
            return None;
        }
        let taken = layout.columns.to_string();
        let (_, others) = UNNAMED.iter().find(|(names, _)| *names == taken)?;
        let (separator, unit) = (layout.separator, layout.unit);
        let mut other = others.iter().map(|names| Layout { separator, columns: columns_of(names), unit });
        let other = other.find(|other| self.tried(options, other, from.clone()).is_ok())?;
        let fields: Vec<&str> = layout.separator.split(&place.excerpt).collect();
        let names = &other.columns;
        let message = format!(
            "this cannot be `{taken}`, but the whole text can be `{names}`: the one makes {} of this line ({}), the other \
             {}",
            layout.told(&fields),
            wrong.message(),
            other.told(&fields)
        );
        let help = format!("say what the columns are: `--columns {names}`");
        let place = Place { column: 1, span: 0..place.excerpt.len(), ..(**place).clone() };
        Some(FormatError::Text { place: Box::new(place), problem: Problem::Reading { message, help } })
    }

    /// Reads every line of `from`; with `has_marks`, a negative address is a mark and no event.
    fn events(
        &self,
        events: &mut Collector<'_>,
        layout: &Layout,
        from: Range<usize>,
        has_marks: bool,
    ) -> Result<(), FormatError> {
        let columns = &layout.columns;
        let position = |is: fn(Column) -> bool| columns.position(is);
        let time_at = position(|c| matches!(c, Column::Time(_))).expect("columns have one of times");
        let place_at = [Column::X, Column::Y, Column::Polarity].map(|wanted| columns.position(|c| c == wanted));
        let address_at = position(|c| c == Column::Address);
        let mut fields: Vec<&str> = Vec::with_capacity(columns.len());
        for line in lines(&self.text[from.clone()]) {
            let line = from.start + line.start..from.start + line.end;
            let content = self.text[line.clone()].trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            fields.clear();
            fields.extend(layout.separator.split(content));
            if fields.len() != columns.len() {
                let problem = Problem::FieldCount { expected: columns.len(), found: fields.len() };
                return Err(self.wrong(line, problem));
            }
            let field = |index: usize| (fields[index], self.span(fields[index]));
            let time = self.time(field(time_at), layout.unit)?;
            let result = match address_at {
                Some(index) => match self.number(field(index))? {
                    address if address < 0 && has_marks => {
                        events.skip("marks (negative addresses)", 1);
                        continue;
                    }
                    address => {
                        let time = events.follow(time);
                        events.address(None, time, address)
                    }
                },
                None => {
                    let mut place = [0; 3];
                    for (value, index) in place.iter_mut().zip(place_at) {
                        *value = self.number(field(index.expect("places are whole")))?;
                    }
                    if place[2] == -1 {
                        place[2] = 0;
                    }
                    let time = events.follow(time);
                    events.pixel(None, time, place)
                }
            };
            if let Err(FormatError::Sensor { problem, .. }) = result {
                return Err(self.placed(problem, &fields, (time_at, address_at, place_at)));
            }
            result?;
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            return Err(self.wrong(self.text.len()..self.text.len(), Problem::CutOff));
        }
        Ok(())
    }

    /// The bytes of a field, which is a part of the text.
    fn span(&self, field: &str) -> Range<usize> {
        let start = field.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + field.len()
    }

    /// What is wrong with an event, at its place.
    fn placed(
        &self,
        problem: SensorProblem,
        fields: &[&str],
        (time_at, address_at, place_at): (usize, Option<usize>, [Option<usize>; 3]),
    ) -> FormatError {
        match problem {
            SensorProblem::OutOfOrder { time_us, previous_us, .. } => {
                self.wrong(self.span(fields[time_at]), Problem::TimeOutOfOrder { time_us, previous_us })
            }
            SensorProblem::Outside { what, value, count, .. } => {
                let at = match what {
                    "x" => place_at[0],
                    "y" => place_at[1],
                    "p" => place_at[2],
                    _ => address_at,
                };
                let (value, low, high) = (value.to_string(), "0".into(), count.saturating_sub(1).to_string());
                self.wrong(self.span(fields[at.unwrap_or(time_at)]), Problem::OutOfRange { value, low, high })
            }
            problem => FormatError::Sensor { file: self.file.into(), problem },
        }
    }

    /// A field as a whole number.
    fn number(&self, (field, span): (&str, Range<usize>)) -> Result<i64, FormatError> {
        if field.eq_ignore_ascii_case("true") || field.eq_ignore_ascii_case("false") {
            return Ok(field.eq_ignore_ascii_case("true").into());
        }
        let value = decimal(field).and_then(whole).filter(|(_, is_whole)| *is_whole).map(|(value, _)| value);
        value.and_then(|value| i64::try_from(value).ok()).ok_or_else(|| {
            let found = if field.is_empty() { "nothing" } else { "text" };
            self.wrong(span, Problem::WrongType { expected: "a whole number", found })
        })
    }

    /// A field as a time in microseconds.
    fn time(&self, (field, span): (&str, Range<usize>), unit: Option<TimeUnit>) -> Result<u64, FormatError> {
        let Some((digits, exponent)) = decimal(field) else {
            let found = if field.is_empty() { "nothing" } else { "text" };
            return Err(self.wrong(span, Problem::WrongType { expected: "a whole number", found }));
        };
        let time = whole((digits, exponent.saturating_add(unit.map_or(0, TimeUnit::exponent))));
        let (Some((time, is_whole)), false) = (time, digits < 0) else {
            let (value, low, high) = (field.into(), "0".into(), u64::MAX.to_string());
            return Err(self.wrong(span, Problem::OutOfRange { value, low, high }));
        };
        if !is_whole && unit.is_none() {
            let message = format!("a time of {field} has a fraction, but times are in microseconds");
            let help = "if they have another unit, say which: `--time-unit s` (or ms, us, ns)".into();
            return Err(self.wrong(span, Problem::Reading { message, help }));
        }
        u64::try_from(time).map_err(|_| {
            let (value, low, high) = (field.into(), "0".into(), u64::MAX.to_string());
            self.wrong(span, Problem::OutOfRange { value, low, high })
        })
    }
}
