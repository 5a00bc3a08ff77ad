//! `quenched tasks`: the catalogue, a task of it, and what one's own data hold.

use crate::args::TasksArgs;
use crate::commands::{indented, plot};
use crate::errors::HostError;
use crate::output::{print, print_json};
use crate::outputs::Outputs;
use formats::csv;
use formats::suggestion;
use report::{RunFigure, TimeSpan, Trace, text_table};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use tasks::{Entry, Recording, Stimulus, Target, TaskData, TaskOptions, TemporalTask};

/// Samples that are drawn and written if nothing else is said.
const SAMPLES: usize = 400;

/// `quenched tasks`.
pub(crate) fn run(args: &TasksArgs) -> Result<(), HostError> {
    match (&args.task, &args.series) {
        (None, _) => list(args),
        (Some(file), None) if file.ends_with(".ts") => data_set(Path::new(file), args),
        (Some(function), Some(series)) => own(function, series, args),
        (Some(id), None) => one(id, args),
    }
}

/// The entries that are asked for.
fn asked(args: &TasksArgs) -> Result<Vec<&'static Entry>, HostError> {
    let known = |what: &str, name: &Option<String>, known: Vec<String>| match name {
        Some(name) if !known.contains(name) => Err(HostError::Usage {
            message: format!("there is no {what} `{name}`"),
            help: suggestion(
                name,
                &known,
                &format!("there are {}", if what == "family" { "families" } else { "stimuli" }),
            ),
        }),
        _ => Ok(()),
    };
    known("stimulus", &args.stimulus, Stimulus::ALL.iter().map(|s| s.name().into()).collect())?;
    let mut families: Vec<String> = Vec::new();
    for task in TemporalTask::all() {
        if families.last().is_none_or(|last| last != task.function.family()) {
            families.push(task.function.family().into());
        }
    }
    families.sort_unstable();
    families.dedup();
    known("family", &args.family, families)?;
    let fits = |entry: &&Entry| match entry.temporal() {
        Some(task) => {
            args.stimulus.as_ref().is_none_or(|name| name == task.stimulus.name())
                && args.family.as_ref().is_none_or(|name| name == task.function.family())
        }
        None => args.stimulus.is_none() && args.family.is_none(),
    };
    let entries: Vec<&Entry> = tasks::entries().filter(fits).collect();
    if entries.is_empty() {
        let message = "this stimulus has no task of this family".into();
        return Err(HostError::Usage {
            message,
            help: Some("leave out `--stimulus` or `--family` to see which go together".into()),
        });
    }
    Ok(entries)
}

fn list(args: &TasksArgs) -> Result<(), HostError> {
    let entries = asked(args)?;
    if args.json {
        return print_json(&entries.iter().map(|entry| as_json(entry)).collect());
    }
    if args.stimulus.is_some() || args.family.is_some() {
        let rows = entries
            .iter()
            .map(|entry| {
                let target = entry.temporal().map_or("", |task| task.function.formula());
                let marked = if entry.info.solved_statically.is_some() { "static" } else { "" };
                vec![entry.info.id.to_string(), target.into(), marked.into()]
            })
            .collect();
        let table = text_table(&["id", "target, s the shift", ""].map(String::from), rows, &[0, 1, 2]);
        return print(&format!("{table}\n{} tasks; `static`: no memory is needed.\n", entries.len()));
    }
    let mut text = String::from("Benchmarks, with scores of others\n");
    let own = entries.iter().filter(|entry| entry.temporal().is_none());
    let rows = own.map(|entry| vec![entry.info.id.to_string(), entry.info.title.to_string()]).collect();
    text += &text_table(&["id", "task"].map(String::from), rows, &[0, 1]);
    text += "\nTemporal tasks: STIMULUS/FUNCTION/shift+N\n";
    let rows = TemporalTask::by_stimulus()
        .map(|(stimulus, tasks)| {
            let functions = tasks.chunk_by(|a, b| a.function == b.function).map(|group| group[0].function.name());
            let functions = functions.collect::<Vec<_>>().join(" ");
            vec![stimulus.name().into(), tasks.len().to_string(), functions]
        })
        .collect();
    text += &text_table(&["stimulus", "tasks", "functions"].map(String::from), rows, &[0, 2]);
    let _ = writeln!(
        text,
        "\n{} tasks. `--stimulus NAME` and `--family NAME` list ids, `quenched tasks ID` shows a task.",
        entries.len()
    );
    print(&text)
}

fn as_json(entry: &Entry) -> Value {
    let info = &entry.info;
    let references: Vec<Value> = info
        .references
        .iter()
        .map(|r| json!({ "system": r.system, "score": r.score, "deviation": r.deviation }))
        .collect();
    let temporal = entry.temporal();
    json!({
        "id": info.id,
        "title": info.title,
        "formula": info.formula,
        "source": info.citation,
        "metric": info.metric.name(),
        "stimulus": temporal.map(|task| task.stimulus.name()),
        "family": temporal.map(|task| task.function.family()),
        "function": temporal.map(|task| task.function.name()),
        "shift": temporal.map(|task| task.shift),
        "reach": temporal.map(|task| task.function.reach(task.shift)).map(|(back, ahead)| json!([back, ahead])),
        "static": info.solved_statically.is_some(),
        "static_because": info.solved_statically,
        "options": entry.options,
        "references": references,
    })
}

/// A task of the catalogue.
fn one(id: &str, args: &TasksArgs) -> Result<(), HostError> {
    let entry = tasks::entry(id)?;
    let info = &entry.info;
    let mut text = format!("{}: {}\n\n", info.id, info.title);
    let mut part = |name: &str, value: &str| {
        let _ = write!(text, "  {name}\n{}", indented(value, 4, 100));
    };
    part("formula", &info.formula);
    part("scored by", info.metric.name());
    if let Some(task) = entry.temporal() {
        let (back, ahead) = task.function.reach(task.shift);
        part("defined", &format!("from sample {back}; the last {ahead} samples of a recording have no target"));
    }
    part("static", info.solved_statically.unwrap_or("a layer without memory is not known to solve it"));
    for reference in info.references.iter() {
        let deviation = reference.deviation.map_or(String::new(), |deviation| format!(" +- {deviation}"));
        part("reference", &format!("{}{deviation}: {}", reference.score, reference.system));
    }
    part("source", &info.citation);
    let shown = if args.plot.is_some() || args.csv.is_some() { Some(samples(entry, args)?) } else { None };
    finish(&text, as_json(entry), shown, args)
}

/// A stimulus and a target, to be shown.
struct Shown {
    title: String,
    /// Names of input and targets.
    names: Vec<String>,
    /// First sample: the washout of a benchmark is not shown.
    first: usize,
    /// Input and targets of each sample; none where a target is not defined.
    rows: Vec<Vec<Option<f64>>>,
}

fn of_recording(title: String, target_name: String, recording: &Recording, target: &Target) -> Shown {
    let channels: Vec<&[fx::Real]> = recording.channels().collect();
    let row = |t: usize| {
        let input = channels.iter().map(|channel| Some(float(channel[t])));
        input.chain([target.at(t)]).collect()
    };
    let rows = (0..recording.input.len()).map(row).collect();
    let names = match channels.len() {
        1 => vec!["u".into()],
        several => (0..several).map(|channel| format!("u_{channel}")).collect(),
    };
    Shown { title, names: [names, vec![target_name]].concat(), first: 0, rows }
}

fn float(value: fx::Real) -> f64 {
    value.to_bits() as f64 / (1u64 << fx::Real::FRACTION_BITS) as f64
}

fn samples(entry: &Entry, args: &TasksArgs) -> Result<Shown, HostError> {
    let id = entry.info.id.to_string();
    if let Some(task) = entry.temporal() {
        let count = args.samples.map_or(SAMPLES, |samples| samples as usize);
        let recording = task.stimulus.record(args.seed, count)?;
        let target = task.target(&recording)?;
        return Ok(of_recording(id.clone(), id, &recording, &target));
    }
    match tasks::task(&id, &TaskOptions::new(args.seed))?.data {
        TaskData::Series(series) => {
            let first = series.washout;
            let count = args.samples.map_or(SAMPLES, |samples| samples as usize).min(series.input.len() - first);
            let row = |t: usize| {
                let input = series.input.frame(t).iter().map(|u| float(*u));
                input.chain(series.target(t).iter().copied()).map(Some).collect()
            };
            let rows = (first..first + count).map(row).collect();
            let names = std::iter::once("u".into()).chain(series.target_names.iter().cloned()).collect();
            Ok(Shown { title: id, names, first, rows })
        }
        TaskData::Classification(_) | TaskData::Regression(_) => Err(HostError::Usage {
            message: format!("`{id}` is a set of utterances: `--plot` and `--csv` show series"),
            help: None,
        }),
    }
}

/// A function of a series of one's own.
fn own(function: &str, file: &Path, args: &TasksArgs) -> Result<(), HostError> {
    let (function, shift) = tasks::function_and_shift(function)?;
    let column = formats::series::load_column(file, args.column.as_deref())?;
    let mut input = column.values;
    input.truncate(args.samples.map_or(usize::MAX, |samples| samples as usize));
    let count = input.len();
    let recording = Recording::own(input).scaled_by(count);
    let target = function.target(&recording, shift)?;
    let id = format!("own/{}/shift{shift:+}", function.name());
    let text = format!(
        "{id}: of `{}` in {}\n\n  {count} samples, scaled to -1 to 1; {} of them have a target: {}\n",
        column.name,
        file.display(),
        target.defined.len(),
        function.formula(),
    );
    let value = json!({
        "id": id, "file": file.display().to_string(), "column": column.name, "samples": count,
        "defined": [target.defined.start, target.defined.end], "formula": function.formula(),
    });
    finish(&text, value, Some(of_recording(id.clone(), id, &recording, &target)), args)
}

/// What a `.ts` file holds.
fn data_set(path: &Path, args: &TasksArgs) -> Result<(), HostError> {
    if args.plot.is_some() || args.csv.is_some() {
        let message = "`--plot` and `--csv` show series of the catalogue and columns, not data sets".into();
        return Err(HostError::Usage { message, help: None });
    }
    let (text, name) = (formats::text::read_text(path)?, path.display().to_string());
    let lengths = |signals: &[&tasks::Signal]| {
        let of = signals.iter().map(|signal| signal.len());
        (of.clone().min().unwrap_or(0), of.max().unwrap_or(0))
    };
    if tasks::is_ts_regression(&text) {
        let data = tasks::read_ts_regression(&text, &name)?;
        let (shortest, longest) = lengths(&data.signals.iter().collect::<Vec<_>>());
        let (low, high) =
            data.targets.iter().fold((f64::MAX, f64::MIN), |(low, high), &target| (low.min(target), high.max(target)));
        let (channels, count) = (data.channels, data.signals.len());
        let text = format!(
            "{name}: a regression{}\n\n  {count} series of {channels} channels, {shortest} to {longest} samples; targets \
             {low} to {high}\n",
            titled(&data.name)
        );
        let value = json!({
            "file": name, "name": data.name, "kind": "regression", "channels": channels, "series": count,
            "samples": [shortest, longest], "targets": [low, high],
        });
        return if args.json { print_json(&value) } else { print(&text) };
    }
    let data = tasks::read_ts(&text, &name)?;
    let (shortest, longest) = lengths(&data.utterances.iter().map(|u| &u.signal).collect::<Vec<_>>());
    let members = |class: usize| data.utterances.iter().filter(|u| u.class == class).count();
    let rows = data.classes.iter().enumerate().map(|(i, class)| vec![class.clone(), members(i).to_string()]).collect();
    let text = format!(
        "{name}: a classification{}\n\n  {} utterances of {} channels, {shortest} to {longest} samples\n\n{}",
        titled(&data.name),
        data.utterances.len(),
        data.channels,
        text_table(&["class", "utterances"].map(String::from), rows, &[0])
    );
    let classes: Vec<Value> =
        data.classes.iter().enumerate().map(|(i, class)| json!({ "class": class, "utterances": members(i) })).collect();
    let value = json!({
        "file": name, "name": data.name, "kind": "classification", "channels": data.channels,
        "series": data.utterances.len(), "samples": [shortest, longest], "classes": classes,
    });
    if args.json { print_json(&value) } else { print(&text) }
}

fn titled(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(", {name}") }
}

/// Writes what is asked for, and prints the report.
fn finish(text: &str, value: Value, shown: Option<Shown>, args: &TasksArgs) -> Result<(), HostError> {
    let mut outputs = Outputs::new(args.json);
    outputs.reads(&args.series)?;
    let figure = args.plot.as_ref().map(|plot| outputs.file("--plot", &plot.path)).transpose()?;
    let table = args.csv.as_ref().map(|path| outputs.file("--csv", path)).transpose()?;
    outputs.give_up_on_interrupt();
    if let Some(shown) = shown {
        if let Some((id, plot)) = figure.zip(args.plot.as_ref()) {
            outputs.write(id, plot::text(plot.kind, &drawn(&shown)).as_bytes())?;
        }
        if let Some(id) = table {
            outputs.write(id, written(&shown).as_bytes())?;
        }
    }
    let done = outputs.commit()?;
    if args.json { print_json(&value) } else { done.print(&format!("{text}{}", done.text())) }
}

fn written(shown: &Shown) -> String {
    let names = std::iter::once("sample").chain(shown.names.iter().map(String::as_str));
    let mut text = csv::line(names);
    for (t, row) in shown.rows.iter().enumerate() {
        let values = row.iter().map(|value| value.map_or(String::new(), |value| value.to_string()));
        text += &csv::line(std::iter::once((shown.first + t).to_string()).chain(values));
    }
    text
}

/// One plot of the stimulus and one of the first targets.
fn drawn(shown: &Shown) -> RunFigure {
    let trace = |column: usize| {
        let values = shown.rows.iter().enumerate();
        let samples = values.filter_map(|(t, row)| Some(((shown.first + t) as u64, row[column]?))).collect();
        let (population, neuron) = if column == 0 { ("stimulus", 0) } else { ("target", column as u32 - 1) };
        Trace {
            population: population.into(),
            neuron,
            quantity: shown.names[column].clone(),
            unit: "1".into(),
            samples,
        }
    };
    // Memory capacity has a hundred targets; a few tell what they are like.
    const TARGETS_DRAWN: usize = 4;
    let drawn = shown.names.len().min(1 + TARGETS_DRAWN);
    let left_out = shown.names.len() - drawn;
    let title = match left_out {
        0 => shown.title.clone(),
        more => format!("{} ({more} more targets are not drawn)", shown.title),
    };
    let first = shown.first as u64;
    let time = TimeSpan { first, end: first + shown.rows.len() as u64, tick_seconds: None };
    RunFigure { title, time, raster: None, traces: (0..drawn).map(trace).collect() }
}
