//! `quenched score`: a labelled set on many dies.

mod json;
mod text;

use crate::args::{ForDie, ScoreArgs};
use crate::commands::load::{Loaded, LoadedGraph, load};
use crate::commands::samples;
use crate::errors::HostError;
use crate::output::{print_json, warn};
use crate::outputs::{Done, Outputs};
use crate::progress::progress;
use budget::Estimate;
use formats::csv;
use score::{
    Deciding, DieScore, DrawnDies, LabelledSet, NamedOutput, Rule, ScoreError, Scoring, SetOptions, Setting, Showing,
    Source, notices,
};
use session::Board;
use std::num::NonZeroUsize;
use units::Decimal;
use warnings::Warnings;

/// Bytes of a die: the mismatch of its parameters, its sessions and its line of the table.
const DIE_BYTES: u64 = 4096;
/// Bytes of a decision, and of the place where it waits for its turn.
const DECISION_BYTES: u64 = 512;

/// Dies with one setting of their mismatch, and what they made of the set.
struct Block {
    /// The CV that was asked for; none: as in the chip file.
    cv: Option<Decimal>,
    /// Whether one die stands for all, because nothing differs between them.
    alike: bool,
    scores: Vec<DieScore>,
}

/// What is known when all was shown.
struct Result<'a> {
    args: &'a ScoreArgs,
    board: &'a Board,
    set: &'a LabelledSet,
    output: String,
    /// Neurons of the output.
    outputs: u32,
    rule: Rule,
    blocks: Vec<Block>,
    warnings: Warnings,
}

/// `quenched score`.
pub(crate) fn run(args: &ScoreArgs, quiet: bool) -> std::result::Result<(), HostError> {
    let mut outputs = Outputs::new(args.json);
    let set = &args.set;
    outputs.reads([&set.data, &args.what.network].into_iter().chain(&set.labels))?;
    let file = args.csv.as_ref().map(|path| outputs.file("--csv", path)).transpose()?;
    outputs.give_up_on_interrupt();
    let is_graph = crate::commands::load::is_graph(&args.what.network)?;
    let source = Source::open(&set.data, set.labels.as_deref(), set.how.node.as_deref(), set.how.raster || is_graph)?;
    args.what.allowance().check(&estimate(args, &source))?;
    let loaded = load(&args.what, is_graph && source.has_numbers()?, &for_die(args))?;
    let of_mapping = loaded.report.as_ref().map(|report| report.warnings.clone()).unwrap_or_default();
    let (output, outputs_count, rule) = output(args, &loaded)?;
    let options = SetOptions {
        outputs: outputs_count,
        classes: (!set.classes.is_empty()).then(|| set.classes.clone()),
        threads: threads(args),
        ..samples::options(&set.how, &loaded)?
    };
    let ticks = samples::ticks(&args.length, &loaded.spec, options.row)?;
    let (of_origin, origin) = (loaded.origin_text(), loaded.origin_json());
    let board = loaded.board(&args.what.network)?;
    let settings = settings(args, &board)?;
    let labelled = source.read(&options)?;
    outputs.reads_all_so_far()?;
    let samples = labelled.samples.len() as u64;
    let shown: u64 = settings.iter().map(|(_, setting)| setting.dies.len() as u64 * samples).sum();
    let bar = progress(shown, "{pos} of {len} samples", quiet);
    let mut result = Result {
        args,
        board: &board,
        set: &labelled,
        output,
        outputs: outputs_count,
        rule,
        blocks: Vec::new(),
        warnings: of_mapping,
    };
    let multiple = samples::multiple(&set.how);
    let mut found = Vec::new();
    for (cv, Setting { spec, dies, alike }) in settings {
        let board = board.with_spec(spec);
        let scoring = Scoring {
            board: &board,
            set: &labelled,
            output: &result.output,
            rule,
            showing: Showing { ticks, multiple, trial: args.trial, threads: threads(args) },
        };
        let scores = scoring.run(&dies, || bar.inc(1))?;
        let name = set.data.display().to_string();
        found.push((cv, notices((&labelled, &name), &scores, (&result.output, rule), multiple)));
        result.blocks.push(Block { cv, alike, scores });
    }
    bar.finish_and_clear();
    result.warnings.extend(of_all(&found));
    let denied = args.what.deny_warnings && !result.warnings.is_empty();
    if let Some(file) = file {
        outputs.write(file, decisions(&result).as_bytes())?;
    }
    // What is an error leaves no files.
    let done = if denied { Done::default() } else { outputs.commit()? };
    if args.json {
        let mut value = json::of(&result, &done.files);
        if let Some((key, origin)) = origin {
            value[key] = origin;
        }
        print_json(&value)?;
    } else {
        done.print(&format!("{of_origin}{}{}", text::of(&result), done.text()))?;
    }
    warn(&result.warnings, args.json, args.what.deny_warnings)
}

/// What the dies and their decisions take. How long it takes is shown while it runs.
fn estimate(args: &ScoreArgs, source: &Source) -> Estimate {
    let samples = args.set.how.limit.map_or(source.len(), |limit| source.len().min(limit as usize)) as u128;
    let dies = u128::from(args.dies) * args.cv.len().max(1) as u128;
    let mut estimate = Estimate::default();
    estimate.memory(format!("{dies} dies"), dies, DIE_BYTES, "dies");
    estimate.memory(
        format!("the decisions of {dies} dies of {samples} samples"),
        dies * samples,
        DECISION_BYTES,
        "dies",
    );
    estimate
}

/// The warnings of several settings: those that all have once, the others with their CV.
fn of_all(found: &[(Option<Decimal>, Warnings)]) -> Warnings {
    let mut all = Warnings::default();
    for (cv, warnings) in found {
        for warning in warnings {
            let everywhere = found.iter().all(|(_, others)| others.iter().any(|other| other == warning));
            let of = cv.filter(|_| !everywhere).map_or_else(String::new, |cv| format!(" (CV {cv})"));
            all.push(warning.kind, warning.place.clone(), format!("{}{of}", warning.text));
        }
    }
    all
}

fn threads(args: &ScoreArgs) -> Option<NonZeroUsize> {
    args.threads.and_then(|threads| NonZeroUsize::new(threads as usize))
}

/// The population that decides, how many neurons it has, and by which rule.
fn output(args: &ScoreArgs, loaded: &Loaded) -> std::result::Result<(String, u32, Rule), HostError> {
    let outputs: Vec<NamedOutput<'_>> =
        loaded.graph.iter().flat_map(|graph| graph.steps.outputs.iter().map(|output| named(graph, output))).collect();
    let found = Deciding::find(&loaded.symbols, &outputs, args.output.as_deref(), args.decide);
    let Deciding { population, neurons, rule } = found.map_err(|error| {
        let help = error.help();
        let message = match &error {
            ScoreError::UnknownOutput { name, .. } => format!("`--output {name}`: there is no such population"),
            ScoreError::NoSpikes { output, rule } => {
                format!("`--decide {rule}`: the output `{output}` is a voltage and never spikes")
            }
            error => format!("{}: {error}", args.what.network.display()),
        };
        HostError::Usage { message, help }
    })?;
    Ok((population, neurons, rule))
}

/// What a graph calls an output.
fn named<'a>(graph: &'a LoadedGraph, output: &'a graph::Output) -> NamedOutput<'a> {
    let population = &graph.steps.network.populations[output.population].name;
    NamedOutput { node: &output.name, population, spikes: output.spikes }
}

/// The dies that the command line asks for.
fn drawn<'a>(args: &'a ScoreArgs, numbers: &'a [u32]) -> DrawnDies<'a> {
    let noise = args.noise.then_some(args.trial);
    DrawnDies { seed: args.seed, numbers, vary: &args.vary, without_faults: args.no_faults, noise }
}

/// Every setting that the command line asks for, with its CV.
fn settings(args: &ScoreArgs, board: &Board) -> std::result::Result<Vec<(Option<Decimal>, Setting)>, HostError> {
    let numbers: Vec<u32> = (0..args.dies).collect();
    let drawn = drawn(args, &numbers);
    let refused = |error: ScoreError| {
        let help = error.help();
        match error {
            ScoreError::Unread { ref name, .. } => {
                HostError::Usage { message: format!("`--vary {name}`: {error}"), help }
            }
            ScoreError::Device { chip, error } if help.is_none() => HostError::Device { chip, error },
            ScoreError::Device { .. } => HostError::Usage { message: error.to_string(), help },
            error => error.into(),
        }
    };
    drawn.check(board).map_err(refused)?;
    let cvs: Vec<Option<Decimal>> =
        if args.cv.is_empty() { vec![None] } else { args.cv.iter().copied().map(Some).collect() };
    cvs.into_iter().map(|cv| Ok((cv, drawn.at(board, cv).map_err(refused)?))).collect()
}

/// How the die is drawn that a network says it is mapped for.
fn for_die(args: &ScoreArgs) -> ForDie {
    let cv = if args.vary.is_empty() { args.cv.first().copied() } else { None };
    ForDie { die: None, seed: args.seed, cv, no_faults: args.no_faults }
}

/// Every decision, a line each.
fn decisions(result: &Result<'_>) -> String {
    let header = ["cv", "die", "sample", "label", "decision", "correct", "tie", "output_spikes", "spikes"];
    let mut text = csv::line(header);
    let class = |class: u32| result.set.classes.get(class as usize).cloned().unwrap_or_else(|| class.to_string());
    for block in &result.blocks {
        let cv = block.cv.map_or_else(|| "chip".to_owned(), |cv| cv.to_string());
        for die in &block.scores {
            for (index, (sample, outcome)) in result.set.samples.iter().zip(&die.outcomes).enumerate() {
                text.push_str(&csv::line([
                    cv.clone(),
                    die.die.0.to_string(),
                    sample.name.clone(),
                    class(sample.label),
                    outcome.decision.class.map_or_else(String::new, class),
                    die.is_correct(result.set, index).to_string(),
                    outcome.decision.tie.to_string(),
                    outcome.output_spikes.to_string(),
                    outcome.spikes.to_string(),
                ]));
            }
        }
    }
    text
}
