//! `quenched score`: a labelled set on many dies.

mod json;
mod text;

use crate::args::{ForDie, ScoreArgs};
use crate::commands::load::{Loaded, load};
use crate::commands::samples;
use crate::errors::HostError;
use crate::output::{print_json, warn};
use crate::outputs::{Done, Outputs};
use crate::progress::progress;
use budget::Estimate;
use chip::{ChipSpec, Endpoint, WEIGHTS};
use device_models::{DeviceModelError, DieParameters, MismatchSetting};
use disorder::Die;
use formats::csv;
use formats::suggestion;
use score::{DieScore, LabelledSet, Rule, Scoring, SetOptions, Showing, Source, notices, vary};
use session::Board;
use std::num::NonZeroUsize;
use units::{Decimal, DieId};
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
    let shown: u64 = settings.iter().map(|setting| setting.dies.len() as u64 * samples).sum();
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
    for Setting { cv, spec, dies, alike } in settings {
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

fn usage(message: String, help: impl Into<String>) -> HostError {
    HostError::Usage { message, help: Some(help.into()) }
}

/// The population that decides, how many neurons it has, and by which rule.
fn output(args: &ScoreArgs, loaded: &Loaded) -> std::result::Result<(String, u32, Rule), HostError> {
    let symbols = &loaded.symbols;
    let known: Vec<String> = symbols.populations.iter().map(|population| population.name.clone()).collect();
    let of_graph: Vec<(&str, &str, bool)> = loaded
        .graph
        .iter()
        .flat_map(|graph| &graph.steps.outputs)
        .map(|output| {
            let population =
                &loaded.graph.as_ref().expect("it has outputs").steps.network.populations[output.population];
            (output.name.as_str(), population.name.as_str(), output.spikes)
        })
        .collect();
    let name = match &args.output {
        Some(name) => match of_graph.iter().find(|(node, ..)| node == name) {
            Some((_, population, _)) if !known.contains(name) => (*population).to_owned(),
            _ => name.clone(),
        },
        None => {
            let sends =
                |population: usize| symbols.projections.iter().any(|p| p.pre == Endpoint::Population(population));
            let ends =
                (0..known.len()).filter(|population| !sends(*population)).map(|population| known[population].as_str());
            let candidates: Vec<&str> =
                if of_graph.is_empty() { ends.collect() } else { of_graph.iter().map(|(_, name, _)| *name).collect() };
            let [one] = candidates[..] else {
                return Err(usage(
                    format!("{}: it is not plain which population decides", args.what.network.display()),
                    format!("name it with `--output`: {}", known.join(", ")),
                ));
            };
            one.to_owned()
        }
    };
    let Some(population) = symbols.population(&name) else {
        return Err(HostError::Usage {
            message: format!("`--output {name}`: there is no such population"),
            help: suggestion(&name, &known, "there are"),
        });
    };
    let spikes = of_graph.iter().find(|(_, population, _)| *population == name).is_none_or(|(.., spikes)| *spikes);
    let rule = args.decide.unwrap_or(if spikes { Rule::Count } else { Rule::Last });
    if !spikes && !rule.is_by_voltage() {
        return Err(usage(
            format!("`--decide {}`: the output `{name}` is a voltage and never spikes", rule.name()),
            "decide by `membrane` or `membrane-max`, or name a population that spikes with `--output`",
        ));
    }
    Ok((name, symbols.populations[population].size, rule))
}

/// A setting of the mismatch, and the dies that have it.
struct Setting {
    cv: Option<Decimal>,
    spec: ChipSpec,
    dies: Vec<DieParameters>,
    alike: bool,
}

/// Every setting that the command line asks for.
fn settings(args: &ScoreArgs, board: &Board) -> std::result::Result<Vec<Setting>, HostError> {
    check_vary(args, board)?;
    let cvs: Vec<Option<Decimal>> =
        if args.cv.is_empty() { vec![None] } else { args.cv.iter().copied().map(Some).collect() };
    cvs.into_iter().map(|cv| setting(args, board, cv)).collect()
}

/// How the die is drawn that a network says it is mapped for.
fn for_die(args: &ScoreArgs) -> ForDie {
    let cv = if args.vary.is_empty() { args.cv.first().copied() } else { None };
    ForDie { die: None, seed: args.seed, cv, no_faults: args.no_faults }
}

/// Refuses parameters that nothing on the board reads: all dies would be alike, for a reason that nobody sees.
fn check_vary(args: &ScoreArgs, board: &Board) -> std::result::Result<(), HostError> {
    let spec = board.spec();
    let mut read: Vec<String> = board
        .program()
        .cores
        .iter()
        .flat_map(|core| core.model.readings(&spec.synapses))
        .map(|reading| reading.parameter.to_string())
        .collect();
    read.sort();
    read.dedup();
    match args.vary.iter().find(|name| spec.parameters.contains_key(*name) && !read.contains(name)) {
        None => Ok(()),
        Some(name) => Err(usage(
            format!("`--vary {name}`: no core of this program reads `{name}`"),
            format!("its cores read {}; there are also `{WEIGHTS}`", read.join(", ")),
        )),
    }
}

fn setting(args: &ScoreArgs, board: &Board, cv: Option<Decimal>) -> std::result::Result<Setting, HostError> {
    let varied = !args.vary.is_empty();
    let spec = if varied { vary(board.spec(), &args.vary, cv)? } else { board.spec().clone() };
    let setting = MismatchSetting {
        scale_to_cv: cv.filter(|_| !varied),
        without_faults: args.no_faults,
        ..MismatchSetting::default()
    };
    let device = |error: DeviceModelError| match error {
        DeviceModelError::NothingToScale { .. } => usage(
            format!("chip `{}`: {error}", spec.name),
            "`--vary PARAMETER --cv X` gives one parameter, or `weights`, a mismatch of its own",
        ),
        error => HostError::Device { chip: spec.name.clone(), error: Box::new(error) },
    };
    let die = |id: u32| {
        let die = DieParameters::new(&spec, Die { root_seed: args.seed, id: DieId(id) }, setting.clone())?;
        if args.noise { die.with_noise(&spec, args.trial) } else { Ok(die) }
    };
    let first = die(0).map_err(device)?;
    let differs =
        cv.is_none_or(|cv| cv.signum() != 0) && (first.mismatched().next().is_some() || first.has_weight_mismatch());
    let alike = !differs && !first.has_faults() && !args.noise;
    let count = if alike { 1 } else { args.dies };
    let dies = (0..count).map(die).collect::<std::result::Result<_, _>>().map_err(device)?;
    Ok(Setting { cv, dies, alike, spec })
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
