//! Axes over keys of a study's file: `[axes]`, with a list of values for each dotted path; and `[tune]`, the same for
//! the settings that a homogeneous network is tuned over.
//!
//! Owns which combinations of values a study is read with. It deliberately judges no value: each combination is set in
//! the document, and the document read as if it had stood there.

use super::{Set, keys};
use crate::Edge;
use crate::axis::{AXES, Axis, AxisValue, over_key, scale_of};
use formats::FormatErrors;
use formats::document::{Document, Entry, Value};

/// One combination of values, of `[axes]` or of `[tune]`.
#[derive(Clone, Default)]
pub(super) struct Combination {
    /// A setting that a homogeneous network is tuned over.
    pub(super) tuning: bool,
    pub(super) values: Vec<ArmValue>,
}

impl Combination {
    /// The table of the file that it is of.
    pub(super) const fn table(&self) -> &'static str {
        if self.tuning { "tune" } else { "axes" }
    }
}

/// A value of an axis over a key, and which element of its list it is.
#[derive(Clone)]
pub(super) struct ArmValue {
    pub(super) axis: &'static Axis,
    pub(super) value: AxisValue,
    pub(super) index: usize,
}

/// Keys that make no axis: those that count what is drawn, and those that have lists of their own.
const NO_AXES: [&str; 12] = [
    "format", "version", "title", "axes", "tune", "blame", "require", "controls", "networks", "series", "dies", "task",
];

/// Combinations that a study may have at most: each is read for itself.
const COMBINATIONS_MAX: usize = 10_000;

/// Every combination of the values of `[axes]`, the last axis changing fastest, one without a value if there is none;
/// then every one of `[tune]`, if it is there.
///
/// # Errors
/// What is wrong with the two tables; what else is wrong is found when a combination is read.
pub(super) fn combinations(document: Document<'_>, sets: &[Set]) -> Result<Vec<Combination>, FormatErrors> {
    let all = {
        let root = document.root(&keys());
        let axes = root.optional_with("axes", |v| products(&v, sets, None));
        let tune = root.optional_with("tune", |v| products(&v, sets, Some(EDGE)));
        axes.zip(tune).map(|(axes, tune)| {
            let of = |tuning| move |values| Combination { tuning, values };
            let axes = axes.unwrap_or_else(|| vec![Vec::new()]).into_iter().map(of(false));
            axes.chain(tune.into_iter().flatten().map(of(true))).collect::<Vec<_>>()
        })
    };
    if all.is_some() && document.has_errors() {
        // The same will be found, with all that follows from it, when the study is read.
        return Ok(vec![Combination::default()]);
    }
    document.finish(all)
}

/// What becomes of a best value of `[tune]` at the end of its grid.
pub(super) fn edge(tune: &Value<'_>) -> Option<Edge> {
    let entries = tune.open_table()?.entries();
    let edge = entries.iter().find(|entry| entry.name == EDGE);
    edge.map_or(Some(Edge::default()), |entry| entry.value.one_of("what an edge is", &Edge::NAMES))
}

/// The key of `[tune]` that is no axis.
const EDGE: &str = "edge";

/// Every combination of the values of a table of axes; `no_axis` is a key of it that is none.
fn products(table: &Value<'_>, sets: &[Set], no_axis: Option<&str>) -> Option<Vec<Vec<ArmValue>>> {
    let entries = table.open_table()?.entries();
    let axes: Vec<_> =
        entries.iter().filter(|entry| Some(&*entry.name) != no_axis).map(|entry| axis(entry, sets)).collect();
    let axes = axes.into_iter().collect::<Option<Vec<_>>>()?;
    if axes.is_empty() {
        return table.reject("not-empty", "give at least one key with a list of values, or leave the table out");
    }
    let count = axes.iter().map(Vec::len).fold(1, usize::saturating_mul);
    if count > COMBINATIONS_MAX {
        let most = format!("{count} combinations of values, and {COMBINATIONS_MAX} at most: give fewer values");
        return table.reject("axes", most);
    }
    let with = |all: Vec<Vec<ArmValue>>, axis: &Vec<ArmValue>| {
        all.iter().flat_map(|one| axis.iter().map(|value| [&one[..], std::slice::from_ref(value)].concat())).collect()
    };
    Some(axes.iter().fold(vec![Vec::new()], with))
}

/// The values of one axis.
fn axis(entry: &Entry<'_>, sets: &[Set]) -> Option<Vec<ArmValue>> {
    let (key, value) = (entry.name.as_str(), &entry.value);
    let top = key.split(['.', '[']).next().unwrap_or_default();
    if AXES.iter().any(|listed| listed.axis.key == top) {
        return value.reject("axes", format!("`{top}` is an axis of its own: give the list to the key `{top}`"));
    }
    if NO_AXES.contains(&key) || !keys().contains(&top) {
        return value.reject("axes", format!("`{key}` is no key that runs can differ in, such as `reservoir.neurons`"));
    }
    if sets.iter().any(|(set, _)| set == key) {
        return value.reject("axes", format!("`{key}` is an axis of this study and cannot be set to one value"));
    }
    let elements = value.array()?;
    if elements.is_empty() {
        return value.reject("not-empty", "give at least one value, or leave the axis out");
    }
    let names: Vec<String> = elements.iter().map(Value::scalar).collect::<Option<_>>()?;
    if let Some((at, name)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return elements[at].reject("value-once", format!("{name} stands here twice; give each value once"));
    }
    let axis = over_key(key, scale_of(&names.iter().map(String::as_str).collect::<Vec<_>>()));
    let of = |(index, name): (usize, &String)| ArmValue { axis, value: AxisValue::key(name), index };
    Some(names.iter().enumerate().map(of).collect())
}
