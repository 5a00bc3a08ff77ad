//! `quenched run`: a network on a die.

use crate::args::RunArgs;
use crate::commands::die::parameters_of;
use crate::commands::faults::in_use;
use crate::commands::map::{Mapped, map};
use crate::commands::plot;
use crate::commands::probe::Recorder;
use crate::errors::HostError;
use crate::output::{print, print_json};
use chip::{CoreModel, whole_multiple};
use device_models::DieParameters;
use emulator::{Each, Emulator, EmulatorError, LossCause, Snapshot, Spike};
use formats::container::Kind;
use formats::events::{InputEvent, SpikeEvent};
use formats::sensor::Order;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mapper::EnergyItem;
use report::{RunFigure, SpikeGroup, TimeSpan, sparkline, text_table};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use units::{NeuronAddress, Tick, Unit};

/// The kind of container of a snapshot. Its version rises whenever [`Snapshot`] changes.
const SNAPSHOT: Kind = Kind { name: "snapshot", version: 3 };

/// Parts of a run whose activity is shown one by one, and between which progress is shown.
const PARTS: u64 = 20;

/// What the neurons of one population did.
struct Activity {
    name: String,
    model: CoreModel,
    /// Spikes or changes of output, of each neuron.
    events: Vec<u64>,
    /// The same of all neurons, in each part of the run.
    parts: Vec<u64>,
    /// Tick and neuron of each, if a picture is asked for.
    drawn: Vec<(u64, u32)>,
}

/// What a run gave.
struct Outcome {
    emulator: Emulator,
    activity: Vec<Activity>,
    spikes: Vec<SpikeEvent>,
    recorder: Recorder,
    from: Tick,
    /// Broken circuits in use, by kind; empty if the die has no faults.
    faults: Vec<(&'static str, u64)>,
}

impl Outcome {
    /// Ticks of the run.
    fn ticks(&self) -> u64 {
        self.emulator.now().0 - self.from.0
    }
}

/// `quenched run`.
pub(crate) fn run(args: &RunArgs, quiet: bool) -> Result<(), HostError> {
    let mapped = map(&args.what)?;
    let mut die = parameters_of(&mapped.spec, &args.which)?;
    if args.noise {
        die = die
            .with_noise(&mapped.spec, args.trial)
            .map_err(|error| HostError::Device { chip: mapped.spec.name.clone(), error: Box::new(error) })?;
    }
    let ticks = ticks(args, &mapped)?;
    let emulator = emulator(args, &mapped, &die)?;
    let faults = in_use(&mapped.mapping.program, &die, emulator.fabric().weight_changes());
    let outcome = Outcome { faults, ..emulate(args, &mapped, emulator, ticks, quiet)? };
    let mut written = Vec::new();
    if let Some(path) = &args.spikes {
        formats::output::write_atomic(path, formats::events::write_spikes(&outcome.spikes).as_bytes())?;
        written.push(path.display().to_string());
    }
    if let Some(path) = &args.traces {
        let (ticks, recordings) = (outcome.recorder.ticks(), outcome.recorder.recordings());
        let text = formats::traces::write_traces(ticks, recordings);
        formats::output::write_atomic(path, text.as_bytes())?;
        written.push(path.display().to_string());
    }
    if let Some(file) = &args.plot {
        plot::write(file, &figure(args, &mapped, &outcome))?;
        written.push(file.path.display().to_string());
    }
    if let Some(path) = &args.save_snapshot {
        formats::container::write(path, SNAPSHOT, &outcome.emulator.snapshot())?;
        written.push(path.display().to_string());
    }
    if args.json {
        print_json(&as_json(args, &mapped, &outcome, &written))?;
    } else {
        print(&as_text(args, &mapped, &outcome, &written))?;
    }
    match outcome.emulator.counters().saturations {
        count if count > 0 && args.strict => Err(HostError::Strict { count }),
        _ => Ok(()),
    }
}

fn emulator(args: &RunArgs, mapped: &Mapped, die: &DieParameters) -> Result<Emulator, HostError> {
    let (spec, program) = (&mapped.spec, &mapped.mapping.program);
    let refused = |file: &Path, error| HostError::Emulator { file: file.display().to_string(), error: Box::new(error) };
    match &args.resume {
        None => Emulator::new(spec, program, die).map_err(|error| refused(&args.what.network, error)),
        Some(path) => {
            let snapshot: Snapshot = formats::container::read(path, SNAPSHOT)?;
            Emulator::resume(spec, program, die, &snapshot).map_err(|error| match error {
                EmulatorError::Snapshot { .. } => refused(path, error),
                _ => refused(&args.what.network, error),
            })
        }
    }
}

/// How many ticks to run.
fn ticks(args: &RunArgs, mapped: &Mapped) -> Result<u64, HostError> {
    let (time, tick) = match (args.length.ticks, args.length.time) {
        (Some(ticks), _) => return Ok(ticks),
        (None, time) => (time.expect("one of both is required"), mapped.spec.tick.quantity),
    };
    whole_multiple(time, tick).ok_or_else(|| HostError::Usage {
        message: format!(
            "--time {time} is not a whole number of the ticks of chip `{}`, {tick} each",
            mapped.spec.name
        ),
        help: Some("choose a multiple, or give --ticks".into()),
    })
}

fn emulate(
    args: &RunArgs,
    mapped: &Mapped,
    mut emulator: Emulator,
    ticks: u64,
    quiet: bool,
) -> Result<Outcome, HostError> {
    let (network, program) = (&mapped.network, &mapped.mapping.program);
    let (from, end) = (emulator.now(), emulator.now().after(ticks));
    let mut recorder = Recorder::new(args, mapped, &emulator, ticks)?;
    if let Some(path) = &args.input {
        // Events before this run were sent by the run that was saved, events after it are for the one that goes on.
        for event in inputs(args, mapped, path)? {
            if event.tick >= from && event.tick < end {
                emulator.send(event.channel, event.tick, event.payload).map_err(|error| HostError::Emulator {
                    file: path.display().to_string(),
                    error: Box::new(error),
                })?;
            }
        }
    }
    let mut activity: Vec<Activity> = network
        .populations
        .iter()
        .map(|p| {
            let (name, events) = (p.name.clone(), vec![0; p.size as usize]);
            Activity { name, model: p.model, events, parts: vec![], drawn: vec![] }
        })
        .collect();
    let mut spikes = Vec::new();
    let parts = PARTS.min(ticks);
    let bar = progress(parts, quiet);
    for part in 1..=parts {
        activity.iter_mut().for_each(|a| a.parts.push(0));
        let until = from.after((u128::from(ticks) * u128::from(part) / u128::from(parts)) as u64);
        let mut sink = Each(|spike: Spike| {
            let neuron = NeuronAddress { core: program.cores[spike.core].address, neuron: spike.neuron };
            if let Some((population, index)) = mapped.mapping.placement.neuron(neuron) {
                let activity = &mut activity[population];
                // A digital neuron can spike several times in a tick.
                let times = if activity.model.is_graded() { 1 } else { spike.value.unsigned_abs().into() };
                activity.events[index as usize] += times;
                *activity.parts.last_mut().expect("this part was begun") += times;
                if args.plot.is_some() {
                    activity.drawn.push((spike.tick.0, index));
                }
            }
            if args.spikes.is_some() {
                spikes.push(SpikeEvent { tick: spike.tick, neuron, value: spike.value });
            }
        });
        // Running in pieces is the same run, so looking at the state in between changes nothing.
        while let Some(tick) = recorder.due(emulator.now()).filter(|tick| *tick < until) {
            emulator.run_until(tick.after(1), &mut sink);
            recorder.sample(&emulator, tick);
        }
        emulator.run_until(until, &mut sink);
        bar.set_position(part);
    }
    bar.finish_and_clear();
    Ok(Outcome { emulator, activity, spikes, recorder, from, faults: Vec::new() })
}

/// The events of a list or of a recording.
fn inputs(args: &RunArgs, mapped: &Mapped, path: &Path) -> Result<Vec<InputEvent>, HostError> {
    let channels = mapped.mapping.program.input_count;
    let Some(sensor) = args.sensor else {
        return Ok(formats::events::load_inputs(path, channels)?);
    };
    if sensor.addresses() > channels {
        return Err(HostError::Usage {
            message: format!(
                "a sensor of {sensor} has {} addresses, but the network has {channels} input channels",
                sensor.addresses()
            ),
            help: Some("give the network an input channel for each address of the sensor".into()),
        });
    }
    let order = if args.sort_events { Order::Sort } else { Order::Required };
    let events = formats::sensor::load(path, sensor, order)?;
    let tick = mapped.spec.tick.quantity;
    Ok(formats::sensor::to_inputs(&events, tick, None).expect("the tick of a chip is a time"))
}

/// The picture of a run.
fn figure(args: &RunArgs, mapped: &Mapped, outcome: &Outcome) -> RunFigure {
    let file = &args.what.network;
    let network = file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into());
    let group =
        |a: &Activity| SpikeGroup { name: a.name.clone(), neurons: a.events.len() as u32, spikes: a.drawn.clone() };
    let tick_seconds = plot::tick_seconds(&mapped.spec);
    RunFigure {
        title: format!("{network} on die {} of {}, seed {}", args.which.die, mapped.spec.name, args.which.seed),
        time: TimeSpan { first: outcome.from.0, end: outcome.emulator.now().0, tick_seconds },
        raster: Some(outcome.activity.iter().map(group).collect()),
        traces: outcome.recorder.traces(),
    }
}

fn progress(parts: u64, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(parts), target);
    let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {percent} %, {eta} left");
    bar.set_style(style.expect("the template is valid").progress_chars("━╸ "));
    bar
}

/// Length of a tick and of the run, in seconds.
fn seconds(mapped: &Mapped, ticks: u64) -> f64 {
    // Whole numbers as long as possible, so that a tenth of a second reads 0.1 s.
    let tick = mapped.spec.tick.quantity.value_in(Unit::MICROSECOND).ok();
    let tick: f64 = tick.and_then(|t| t.to_string().parse().ok()).unwrap_or(0.0);
    tick * ticks as f64 / 1e6
}

fn as_text(args: &RunArgs, mapped: &Mapped, outcome: &Outcome, written: &[String]) -> String {
    let length = seconds(mapped, outcome.ticks());
    let mismatch = match args.which.cv {
        Some(cv) => format!("mismatch scaled to CV {cv}"),
        None => "mismatch as in the chip file".into(),
    };
    let noise = if args.noise { format!(", noise of trial {}", args.trial) } else { String::new() };
    let mut text = format!(
        "{} on die {} of chip `{}`, seed {}, {mismatch}{noise}\nticks {} to {}, {length} s\n\n",
        args.what.network.display(),
        args.which.die,
        mapped.spec.name,
        args.which.seed,
        outcome.from,
        outcome.emulator.now()
    );
    let rows = outcome
        .activity
        .iter()
        .map(|a| {
            let rate = |events: u64| if length > 0.0 { format!("{:.1}", events as f64 / length) } else { "-".into() };
            let total: u64 = a.events.iter().sum();
            let mean = if length > 0.0 { total as f64 / a.events.len() as f64 / length } else { 0.0 };
            let parts: Vec<f64> = a.parts.iter().map(|&events| events as f64).collect();
            vec![
                a.name.clone(),
                a.model.name().into(),
                a.events.len().to_string(),
                total.to_string(),
                format!("{mean:.1}"),
                rate(a.events.iter().copied().min().unwrap_or(0)),
                rate(a.events.iter().copied().max().unwrap_or(0)),
                a.events.iter().filter(|&&events| events == 0).count().to_string(),
                sparkline(&parts),
            ]
        })
        .collect();
    let header =
        ["population", "model", "neurons", "spikes", "Hz mean", "lowest", "highest", "silent", "spikes over time"];
    text.push_str(&text_table(&header.map(String::from), rows, &[0, 1, 8]));
    text.push('\n');
    if !outcome.recorder.is_empty() && args.traces.is_none() && args.plot.is_none() {
        text.push_str(&outcome.recorder.table());
        text.push('\n');
    }
    for (name, count) in counters(outcome) {
        let _ = writeln!(text, "  {name:<40}{count:>14}");
    }
    for (name, count) in &outcome.faults {
        let _ = writeln!(text, "  {:<40}{count:>14}", format!("broken: {name}"));
    }
    let cut = outcome.emulator.fabric().weight_changes().saturated;
    if cut > 0 {
        let _ = writeln!(text, "  {:<40}{cut:>14}", "weights of the die cut at 16 bits");
    }
    let cost = cost(mapped, outcome);
    if !cost.is_empty() {
        let total: f64 = cost.iter().map(|item| item.total_j).sum();
        let sources: BTreeSet<&str> = cost.iter().map(|item| item.source.as_str()).collect();
        let sources = sources.into_iter().collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "\n  energy, by the prices of {sources}: {:.3} uJ", total * 1e6);
    }
    let _ = writeln!(text, "\ndigest {:016x}", outcome.emulator.digest());
    if !written.is_empty() {
        text.push_str("\nWritten:\n");
        written.iter().for_each(|file| {
            let _ = writeln!(text, "  {file}");
        });
    }
    text
}

/// What the models of the cores count besides, by name, over all cores: overflows of registers.
fn overflows(emulator: &Emulator) -> Vec<(&'static str, u64)> {
    let mut all: Vec<(&str, u64)> = Vec::new();
    for (name, count) in (0..emulator.fabric().core_count()).flat_map(|index| emulator.core(index).counters()) {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += count,
            None => all.push((name, count)),
        }
    }
    all
}

/// What the run costs by the prices of the chip.
fn cost(mapped: &Mapped, outcome: &Outcome) -> Vec<EnergyItem> {
    let c = outcome.emulator.counters();
    mapper::energy(
        &mapped.spec,
        &[
            ("synaptic_operation", c.synaptic_operations),
            ("neuron_update", c.neuron_updates),
            ("spike", c.spikes),
            ("event_sent", c.events_sent),
        ],
    )
}

/// What the emulator counted, in words.
fn counters(outcome: &Outcome) -> Vec<(String, u64)> {
    let c = outcome.emulator.counters();
    let mut all: Vec<(String, u64)> = [
        ("input events", c.inputs),
        ("spikes or changes of output", c.spikes),
        ("events sent", c.events_sent),
        ("events delivered", c.events_delivered),
        ("broadcasts that no synapse answered", c.unmatched_broadcasts),
        ("synaptic operations", c.synaptic_operations),
        ("neuron updates", c.neuron_updates),
        ("states cut at the end of their format", c.saturations),
    ]
    .map(|(name, count)| (name.to_string(), count))
    .into();
    let overflows = overflows(&outcome.emulator).into_iter();
    all.extend(overflows.map(|(register, count)| (format!("overflows of {register}"), count)));
    all.extend(LossCause::ALL.map(|cause| (format!("events lost: {}", cause.name()), c.losses.by_cause(cause))));
    all
}

fn as_json(args: &RunArgs, mapped: &Mapped, outcome: &Outcome, written: &[String]) -> Value {
    let populations: Vec<Value> = outcome
        .activity
        .iter()
        .map(|a| json!({ "name": a.name, "model": a.model.name(), "spikes": a.events }))
        .collect();
    let c = outcome.emulator.counters();
    let overflows = overflows(&outcome.emulator).into_iter();
    let overflows = serde_json::Map::from_iter(overflows.map(|(register, count)| (register.to_string(), json!(count))));
    let lost = LossCause::ALL.map(|cause| (cause.name().replace(' ', "_"), json!(c.losses.by_cause(cause))));
    json!({
        "chip": mapped.spec.name,
        "seed": args.which.seed,
        "die": args.which.die,
        "cv": args.which.cv.map(|cv| cv.to_string()),
        "noise": args.noise.then(|| json!({ "trial": args.trial })),
        "faults": (!outcome.faults.is_empty()).then(|| {
            let counts = outcome.faults.iter().map(|(name, count)| (name.replace(' ', "_"), json!(count)));
            Value::from(serde_json::Map::from_iter(counts))
        }),
        "weights_cut": outcome.emulator.fabric().weight_changes().saturated,
        "from_tick": outcome.from.0,
        "to_tick": outcome.emulator.now().0,
        "seconds": seconds(mapped, outcome.ticks()),
        "populations": populations,
        "probes": outcome.recorder.as_json(),
        "counters": {
            "inputs": c.inputs,
            "spikes": c.spikes,
            "events_sent": c.events_sent,
            "events_delivered": c.events_delivered,
            "unmatched_broadcasts": c.unmatched_broadcasts,
            "synaptic_operations": c.synaptic_operations,
            "neuron_updates": c.neuron_updates,
            "saturations": c.saturations,
            "lost": serde_json::Map::from_iter(lost),
        },
        "overflows": (!overflows.is_empty()).then_some(overflows),
        "energy": cost(mapped, outcome),
        "digest": format!("{:016x}", outcome.emulator.digest()),
        "files": written,
    })
}
