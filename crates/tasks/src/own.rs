//! Tasks of one's own data: a series with its targets, or with functions of the catalogue, and series with a number
//! each.
//!
//! Owns which samples of one's own series are trained on and scored, and how its inputs are scaled. It deliberately
//! reads no file: columns of numbers are handed in.

use crate::series::Lengths;
use crate::stimulus::to_f64;
use crate::temporal::{made, own_name};
use crate::{
    Function, Metric, Recording, Regression, Series, Signal, Task, TaskData, TaskError, TaskInfo, TaskOptions,
    TsRegression,
};
use fx::Real;
use std::borrow::Cow;

/// One's own series, with what should come out.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnSeries {
    /// The name of each input, and its samples.
    pub inputs: Vec<(String, Vec<Real>)>,
    /// What should come out.
    pub targets: OwnTargets,
}

/// What should come out of one's own series.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnTargets {
    /// Columns: a name, and the value that is wanted after each sample was seen.
    Columns(Vec<(String, Vec<Real>)>),
    /// Functions of the catalogue, of the only input, with their shifts.
    Functions(Vec<(Function, i32)>),
}

/// Samples of the washout at most, where it is not given.
const WASHOUT_MAX: usize = 200;

/// The lengths of all parts for `samples` samples: what `options` do not say follows from these. A tenth, and at most
/// 200, washes out, but `back` at least; a quarter is scored; of the rest a fifth chooses the penalty.
fn lengths(options: &TaskOptions, samples: usize, back: usize) -> TaskOptions {
    let given = |name, usual| options.count(name).unwrap_or(usual);
    let washout = given("washout", (samples / 10).min(WASHOUT_MAX).max(back));
    let test = given("test", samples / 4);
    let rest = samples.saturating_sub(washout).saturating_sub(test);
    let (train, validation) = (given("train", rest - rest / 5), given("validation", rest / 5));
    [("washout", washout), ("train", train), ("validation", validation), ("test", test)]
        .into_iter()
        .fold(options.clone(), |all, (name, count)| all.with(name, count))
}

impl OwnSeries {
    /// The targets by name, such as `flow` or `recall/shift+5`.
    pub fn target_names(&self) -> Vec<String> {
        match &self.targets {
            OwnTargets::Columns(columns) => columns.iter().map(|(name, _)| name.clone()).collect(),
            OwnTargets::Functions(wanted) => {
                wanted.iter().map(|(function, shift)| own_name(*function, *shift)).collect()
            }
        }
    }

    /// The series with its targets. Each input is scaled to -1 to 1 by the samples before the test part. Lengths that
    /// `options` do not say follow from the number of samples.
    ///
    /// # Errors
    /// [`TaskError::OtherStimulus`] without a target, or for functions of several inputs;
    /// [`TaskError::ColumnLength`]; [`TaskError::ShortSeries`]; else as [`crate::temporal_series`].
    pub fn series(&self, options: &TaskOptions) -> Result<Series, TaskError> {
        let Some((_, first)) = self.inputs.first() else { return Err(TaskError::OtherStimulus { ids: Vec::new() }) };
        match &self.targets {
            OwnTargets::Functions(wanted) => match &self.inputs[..] {
                [(_, only)] => own_series(only.clone(), wanted, options),
                all => Err(TaskError::OtherStimulus { ids: all.iter().map(|(name, _)| name.clone()).collect() }),
            },
            OwnTargets::Columns(targets) => {
                for (column, values) in self.inputs.iter().chain(targets) {
                    if values.len() != first.len() {
                        let (column, expected, found) = (column.clone(), first.len(), values.len());
                        return Err(TaskError::ColumnLength { column, expected, found });
                    }
                }
                self.of_columns(targets, &lengths(options, first.len(), 0), first.len())
            }
        }
    }

    fn of_columns(
        &self,
        targets: &[(String, Vec<Real>)],
        options: &TaskOptions,
        found: usize,
    ) -> Result<Series, TaskError> {
        let names = self.target_names();
        let parts = Lengths::own(names.first(), options, names.len())?;
        let needed = parts.total();
        if found < needed {
            return Err(TaskError::ShortSeries { needed, found });
        }
        let seen = parts.washout + parts.train + parts.validation;
        let scaled = |(_, values): &(String, Vec<Real>)| Recording::own(values.clone()).scaled_by(seen).input;
        let inputs: Vec<Vec<Real>> = self.inputs.iter().map(scaled).collect();
        let frames = (0..needed).flat_map(|t| inputs.iter().map(move |input| input[t])).collect();
        let rows = (0..needed).flat_map(|t| targets.iter().map(move |(_, column)| to_f64(column[t]))).collect();
        let Lengths { washout, train, validation, test } = parts;
        let input = Signal::new(inputs.len(), frames);
        Ok(Series { input, target_names: names, targets: rows, washout, train, validation, test })
    }
}

/// Functions of one's own series, scaled to -1 to 1 by the samples before the test part. The series must be as long as
/// the parts ask for, and what the targets need after them; parts that `options` do not say follow from its length.
///
/// # Errors
/// As [`crate::temporal_series`], and [`TaskError::ShortSeries`].
pub fn own_series(values: Vec<Real>, wanted: &[(Function, i32)], options: &TaskOptions) -> Result<Series, TaskError> {
    let names = wanted.iter().map(|(function, shift)| format!("own/{}", own_name(*function, *shift))).collect();
    let reaches = || wanted.iter().map(|(function, shift)| function.reach(*shift));
    let back = reaches().map(|(back, _)| back).max().unwrap_or(0);
    let ahead = reaches().map(|(_, ahead)| ahead).max().unwrap_or(0);
    let options = lengths(options, values.len().saturating_sub(ahead), back);
    made(names, wanted, &options, |needed, seen| {
        let found = values.len();
        if found < needed {
            return Err(TaskError::ShortSeries { needed, found });
        }
        let mut input = values;
        input.truncate(needed);
        Ok(Recording::own(input).scaled_by(seen))
    })
}

impl Task {
    /// A series of a user's own, scored by NRMSE.
    ///
    /// # Errors
    /// As [`OwnSeries::series`].
    pub fn own_series(id: &str, own: &OwnSeries, options: &TaskOptions) -> Result<Self, TaskError> {
        let series = own.series(options)?;
        let inputs: Vec<&str> = own.inputs.iter().map(|(name, _)| name.as_str()).collect();
        let Series { washout, train, validation, test, .. } = series;
        let parts = format!("washout {washout}, train {train}, validation {validation}, test {test}");
        let formula = format!("{} -> {}; {parts}", inputs.join(", "), own.target_names().join(", "));
        Ok(Self { info: own_info(id, id.into(), formula), data: TaskData::Series(series) })
    }

    /// A regression of a user's own data: series with a number each, scored by NRMSE.
    ///
    /// # Errors
    /// As [`Regression::from_ts`].
    pub fn regression(id: &str, train: TsRegression, test: TsRegression) -> Result<Self, TaskError> {
        let title = if train.name.is_empty() { id.to_owned() } else { train.name.clone() };
        let data = Regression::from_ts(train, test)?;
        let formula = format!("{} channels -> a number; NRMSE over {} series", data.channels, data.test);
        Ok(Self { info: own_info(id, title, formula), data: TaskData::Regression(data) })
    }
}

fn own_info(id: &str, title: String, formula: String) -> TaskInfo {
    TaskInfo {
        id: Cow::Owned(id.to_owned()),
        title: Cow::Owned(title),
        formula: Cow::Owned(formula),
        citation: Cow::Borrowed("own data"),
        metric: Metric::Nrmse,
        references: Cow::Borrowed(&[]),
        solved_statically: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(of: impl Fn(i64) -> i64) -> Vec<Real> {
        (0..200).map(|t| Real::from_integer(of(t))).collect()
    }

    fn own(targets: OwnTargets) -> OwnSeries {
        OwnSeries { inputs: vec![("a".into(), column(|t| t)), ("b".into(), column(|t| t % 5))], targets }
    }

    #[test]
    fn columns_are_inputs_and_targets_and_parts_follow_from_their_length() {
        let of = own(OwnTargets::Columns(vec![("y".into(), column(|t| 3 * t)), ("z".into(), column(|_| 1))]));
        let series = of.series(&TaskOptions::new(1)).unwrap();
        assert_eq!((series.washout, series.train, series.validation, series.test), (20, 104, 26, 50));
        assert_eq!((series.input.channels(), series.input.len(), series.target(7)), (2, 200, &[21.0, 1.0][..]));
        // Samples 0 to 149 are from -1 to 1, and the rest goes beyond.
        assert_eq!(series.input.frame(0)[0], Real::from_integer(-1));
        assert_eq!(series.input.frame(149)[0], Real::ONE);
        assert!(series.input.frame(199)[0] > Real::ONE && series.input.frame(199)[1] == Real::ONE);
        let fewer = of.series(&TaskOptions::new(1).with("train", 40).with("validation", 10).with("test", 30)).unwrap();
        assert_eq!((fewer.washout, fewer.input.len()), (20, 100));
    }

    #[test]
    fn what_makes_no_task_is_refused() {
        let error = |own: &OwnSeries, options: TaskOptions| own.series(&options).unwrap_err().to_string();
        let plain = || TaskOptions::new(1);
        let mut of = own(OwnTargets::Columns(vec![("y".into(), column(|t| t))]));
        let long = error(&of, plain().with("train", 300));
        assert_eq!(long, "the series has 200 samples, but 396 are needed: ask for shorter parts");
        of.inputs[1].1.pop();
        assert_eq!(error(&of, plain()), "column `b` has 199 samples, but the first input has 200");
        let functions = own(OwnTargets::Functions(vec![(Function::Recall, 1)]));
        assert!(error(&functions, plain()).ends_with("are of a and b"));
        assert!(error(&own(OwnTargets::Columns(Vec::new())), plain()).ends_with("there is none"));
    }

    #[test]
    fn functions_leave_room_for_what_they_need() {
        let mut of = own(OwnTargets::Functions(vec![(Function::Recall, 60), (Function::Prediction, -8)]));
        of.inputs.pop();
        let series = of.series(&TaskOptions::new(1)).unwrap();
        assert_eq!((series.washout, series.test, series.input.len()), (60, 48, 192));
        assert_eq!(of.target_names(), ["recall/shift+60", "prediction/shift-8"]);
    }
}
