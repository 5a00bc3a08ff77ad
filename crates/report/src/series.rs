//! The series of a figure: what is drawn in one colour, and how it looks.
//!
//! One axis of a task is the horizontal one of its figures; a series is a value on each of the others.

use crate::chart::Marker;
use crate::summary::{AxisValues, Setting, TaskResults};
use study::Scale;

/// Colours of series.
const COLOURS: [&str; 4] = ["--full", "--removed", "--kept-1", "--kept-2"];
const MARKERS: [Marker; COLOURS.len()] = [Marker::Circle, Marker::Diamond, Marker::Square, Marker::Square];
/// Classes of the swatches of a legend, as the style sheet of the page calls them.
const SWATCHES: [&str; COLOURS.len()] = ["", " diamond", " square", " square"];

/// A value on every axis but the horizontal one.
pub(crate) struct Series<'a> {
    /// Values on all axes; that on the horizontal one is of any of its settings.
    values: Vec<&'a str>,
    /// Index of the horizontal axis.
    horizontal: usize,
    /// The values that tell series apart, in short.
    pub(crate) name: String,
    /// All values in words.
    pub(crate) words: String,
    /// Which colour and marker it has.
    look: usize,
}

impl<'a> Series<'a> {
    /// The series of a task, in the order of its settings.
    pub(crate) fn of(task: &TaskResults<'a>) -> Vec<Self> {
        let horizontal = task.horizontal();
        let others = || (0..task.axes.len()).filter(|i| *i != horizontal);
        let mut telling: Vec<usize> = others().filter(|i| task.axes[*i].values.len() > 1).collect();
        if telling.is_empty() {
            telling = others().take(1).collect();
        }
        let mut all: Vec<Self> = Vec::new();
        for Setting { values, .. } in &task.settings {
            if all.iter().any(|known| others().all(|i| known.values[i] == values[i])) {
                continue;
            }
            let look = match telling[..] {
                [one] => look(&task.axes[one], values[one]),
                _ => all.len(),
            };
            all.push(Self {
                values: values.clone(),
                horizontal,
                name: telling.iter().map(|i| values[*i]).collect::<Vec<_>>().join(", "),
                words: words(task, values, others()).collect::<Vec<_>>().join(", "),
                look: look % COLOURS.len(),
            });
        }
        all
    }

    /// The setting of this series at a value of the horizontal axis.
    pub(crate) fn setting<'t>(&self, task: &'t TaskResults<'a>, at: &str) -> Option<&'t Setting<'a>> {
        let mut values = self.values.clone();
        *values.get_mut(self.horizontal)? = at;
        task.setting(&values)
    }

    /// Its colour, the same in every figure.
    pub(crate) fn colour(&self) -> String {
        format!("var({})", COLOURS[self.look])
    }

    pub(crate) fn marker(&self) -> Marker {
        MARKERS[self.look]
    }

    pub(crate) fn swatch(&self) -> &'static str {
        SWATCHES[self.look]
    }
}

/// The values on some axes of a task in words.
pub(crate) fn words(
    task: &TaskResults<'_>,
    values: &[&str],
    axes: impl Iterator<Item = usize>,
) -> impl Iterator<Item = String> {
    axes.map(|i| task.axes[i].axis.words(values[i]))
}

/// Values with a place of their own have the first looks, whatever else is there; others share the rest in turn.
fn look(axis: &AxisValues<'_>, value: &str) -> usize {
    let known = match axis.axis.scale {
        Scale::Names(known) => known,
        Scale::Numbers => &[],
    };
    known.iter().position(|name| *name == value).unwrap_or_else(|| {
        let place = axis.values.iter().filter(|v| !known.contains(v)).take_while(|v| **v != value).count();
        known.len() + place % COLOURS.len().saturating_sub(known.len()).max(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{point, rows};
    use study::Row;

    /// The looks of the series of one task, whose rows are edited first.
    fn series(edit: impl Fn(usize, &mut Row)) -> Vec<(String, String, usize)> {
        let mut rows: Vec<Row> = rows().into_iter().filter(|row| row.point.task() == "memory-capacity").collect();
        rows.iter_mut().enumerate().for_each(|(i, row)| edit(i, row));
        let task = &TaskResults::group(&rows)[0];
        Series::of(task).into_iter().map(|s| (s.name, s.words, s.look)).collect()
    }

    fn expected(series: &[(&str, &str, usize)]) -> Vec<(String, String, usize)> {
        series.iter().map(|(name, words, look)| (name.to_string(), words.to_string(), *look)).collect()
    }

    #[test]
    fn values_with_a_place_of_their_own_keep_their_look() {
        let recurrence = |kinds: &'static [&'static str]| {
            series(move |i, row| {
                let kind = kinds[i % kinds.len()];
                row.point = point(&[("task", "x"), ("recurrence", kind), ("cv", "0.1"), ("die", "0")]);
            })
        };
        assert_eq!(
            recurrence(&["0.5", "removed", "0.2"]),
            expected(&[
                ("0.5", "0.5 of recurrence kept", 2),
                ("removed", "recurrence removed", 1),
                ("0.2", "0.2 of recurrence kept", 3)
            ])
        );
        assert_eq!(recurrence(&["removed"]), expected(&[("removed", "recurrence removed", 1)]));
    }

    #[test]
    fn several_axes_make_a_series_of_each_combination() {
        let both = series(|i, row| {
            let (recurrence, family) = (["full", "removed"][i % 2], ["normal", "gamma"][i / 2 % 2]);
            let values = [("task", "x"), ("recurrence", recurrence), ("family", family), ("cv", "0.1"), ("die", "0")];
            row.point = point(&values);
        });
        assert_eq!(
            both,
            expected(&[
                ("full, normal", "full recurrence, normal mismatch", 0),
                ("full, gamma", "full recurrence, gamma mismatch", 1),
                ("removed, normal", "recurrence removed, normal mismatch", 2),
                ("removed, gamma", "recurrence removed, gamma mismatch", 3),
            ])
        );
        let family = series(|i, row| {
            let values = [("task", "x"), ("recurrence", "full"), ("family", ["normal", "gamma"][i % 2]), ("cv", "0.1")];
            row.point = point(&values);
        });
        let words = ["full recurrence, normal mismatch", "full recurrence, gamma mismatch"];
        assert_eq!(family, expected(&[("normal", words[0], 0), ("gamma", words[1], 1)]), "only the family tells");
    }
}
